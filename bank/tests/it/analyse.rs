//! Pitch, loops, loudness and what is told of a root.

use neume_bank::analyse::{analyse, heard_mono};
use neume_bank::names::hints;
use neume_bank::root::Root;
use neume_bank::{Audio, Decoded, Loop, Sound, looping, loudness, pitch};
use neume_models::SoundLabels;

use crate::labels::no_labels;
use crate::tone::{crossing_hz, harmonic, mono, noise, rms, sine};

#[test]
fn the_root_is_heard_from_e0_to_c9_within_a_few_cents() {
    for midi in [16.0f32, 24.0, 33.3, 45.0, 60.0, 69.0, 76.6, 88.0, 100.0, 108.0, 120.0] {
        for rate_hz in [22_050, 44_100, 96_000] {
            let hz = 440.0 * 2f32.powf((midi - 69.0) / 12.0);
            let harmonics: Vec<f32> = (1..12)
                .filter(|&n| hz * (n as f32) < 0.45 * rate_hz as f32)
                .map(|n| 1.0 / n as f32)
                .collect();
            let heard =
                pitch::hear(&harmonic(rate_hz, hz, &harmonics, 0.8), rate_hz).expect("a tone has a pitch");
            let cents = 100.0 * (heard.midi - midi);
            let fine = if hz > 0.1 * rate_hz as f32 { 30.0 } else { 6.0 };
            assert!(cents.abs() < fine, "{midi} at {rate_hz} Hz: {cents} cents");
            assert!(heard.confidence > 0.6, "{midi} at {rate_hz} Hz: {heard:?}");
        }
    }
}

#[test]
fn a_fundamental_far_under_its_harmonics_is_still_the_root() {
    let heard = pitch::hear(&harmonic(48_000, 220.0, &[0.05, 1.0, 0.3, 0.8, 0.2], 1.0), 48_000).unwrap();
    assert!((heard.midi - 57.0).abs() < 0.1, "{heard:?}");
}

#[test]
fn noise_silence_and_a_few_samples_have_no_root() {
    for samples in [noise(48_000, 1.0), vec![0.0; 48_000], vec![0.5; 10], Vec::new()] {
        assert_eq!(pitch::hear(&samples, 48_000), None, "{} samples", samples.len());
    }
}

#[test]
fn what_is_told_outranks_the_ear_and_takes_its_tuning() {
    let heard = |midi, confidence| Root { midi, confidence };
    // (what is heard, the name, a chunk, the root in the end)
    let table: &[(Root, &str, Option<f32>, Option<f32>)] = &[
        (heard(Some(69.1), 0.8), "A4", None, Some(69.1)),
        (heard(Some(57.1), 0.95), "A4", None, Some(69.1)),
        (heard(Some(62.0), 0.99), "A4", None, Some(69.0)),
        (heard(None, 0.9), "A4", None, Some(69.0)),
        (heard(Some(64.2), 0.5), "pad", Some(60.0), Some(60.0)),
        (heard(Some(64.2), 0.95), "pad", Some(60.0), Some(64.2)),
        (heard(Some(48.2), 0.95), "pad", Some(60.0), Some(60.2)),
        (heard(None, 0.85), "snare", Some(60.0), None),
        (heard(None, 0.7), "snare", Some(60.0), Some(60.0)),
        (heard(None, 0.95), "snare", Some(62.0), Some(62.0)),
        (heard(Some(69.2), 0.8), "069_1", None, Some(69.2)),
        (heard(Some(57.2), 0.8), "069_1", None, Some(57.2)),
        (heard(Some(64.0), 0.8), "069_1", None, Some(64.0)),
        (heard(None, 0.8), "069_1", None, None),
    ];
    for (ear, name, chunk, expected) in table {
        let root = ear.told(&hints(std::path::Path::new(name)), *chunk);
        match (root.midi, expected) {
            (Some(midi), Some(expected)) => assert!((midi - expected).abs() < 1e-3, "{name} {ear:?}: {midi}"),
            (midi, expected) => assert_eq!(midi, *expected, "{name} {ear:?}"),
        }
    }
}

#[test]
fn a_name_is_believed_less_where_the_ear_is_unsure_or_hears_another_octave() {
    let told = |midi, confidence| {
        Root { midi, confidence }.told(&hints(std::path::Path::new("A4")), None).confidence
    };
    let confirmed = told(Some(69.1), 0.95);
    for (midi, confidence) in [(Some(69.1), 0.6), (Some(57.1), 0.95), (Some(62.0), 0.95), (None, 0.95)] {
        assert!(told(midi, confidence) < confirmed, "{midi:?} {confidence}");
    }
}

#[test]
fn where_tracker_and_network_differ_the_network_has_the_octave_and_the_tracker_the_tuning() {
    let tracker = |midi, confidence| Some(pitch::Heard { midi, confidence, fundamental: 0.1 });
    let network = |root_midi, root_confidence| SoundLabels { root_midi, root_confidence, ..no_labels() };
    let table = [
        (tracker(57.1, 0.9), network(Some(69.0), 0.6), Some(69.1)),
        (tracker(69.1, 0.9), network(Some(69.3), 0.6), Some(69.12)),
        (tracker(69.1, 1.0), network(Some(69.3), 0.6), Some(69.1)),
        (tracker(62.0, 0.9), network(Some(69.3), 0.6), Some(69.3)),
        (tracker(62.0, 0.95), network(None, 0.6), Some(62.0)),
        (tracker(62.0, 0.6), network(None, 0.6), None),
        (tracker(62.0, 0.95), network(None, 0.95), None),
        (None, network(Some(69.3), 0.6), Some(69.3)),
        (None, network(Some(f32::NAN), 0.6), None),
        (None, network(None, 0.6), None),
    ];
    for (tracker, network, expected) in table {
        let root = Root::heard(tracker, &network);
        assert!((0.0..=0.99).contains(&root.confidence), "{root:?}");
        match (root.midi, expected) {
            (Some(midi), Some(expected)) => {
                assert!((midi - expected).abs() < 1e-3, "{root:?} for {expected}")
            }
            (midi, expected) => assert_eq!(midi, expected),
        }
    }
}

#[test]
fn a_held_tone_gets_a_loop_without_a_click_and_a_decaying_one_none() {
    let mut held = harmonic(44_100, 311.13, &[1.0, 0.5, 0.3, 0.2], 2.0);
    let trembling = |i: usize| 1.0 + 0.1 * (i as f32 / 44_100.0 * 31.0).sin();
    held.iter_mut().enumerate().for_each(|(i, s)| *s *= trembling(i) * (i as f32 / 4_410.0).min(1.0));
    let found = looping::find(&held, 44_100).expect("a held tone has a loop");
    assert!(found.start_frames >= found.crossfade_frames && found.end_frames <= held.len() as u64);
    assert!(found.end_frames - found.start_frames >= 44_100 / 5);
    assert_seamless(&mono(44_100, held.clone()), found, 44_100);
    assert_seamless(&mono(44_100, held.clone()), found, 48_000);

    let decaying: Vec<f32> =
        held.iter().enumerate().map(|(i, s)| s * (-(i as f32) / 20_000.0).exp()).collect();
    assert_eq!(looping::find(&decaying, 44_100), None);
    assert_eq!(looping::find(&held[..8_000], 44_100), None);
    assert_eq!(looping::find(&[0.0; 44_100], 44_100), None);
}

/// Plays the loop three times round; nowhere may the wave jump more than it does in the sound itself.
fn assert_seamless(audio: &Audio, found: Loop, rate_hz: u32) {
    let (ready, sustain) = looping::ready(audio, Some(found), rate_hz);
    let sustain = sustain.expect("the loop is kept");
    let samples = &ready.channels[0];
    assert_eq!(samples.len() as u64, sustain.end_frames);
    let round = &samples[sustain.start_frames as usize..];
    let played: Vec<f32> = samples.iter().chain(round).chain(round).copied().collect();
    let bend = |w: &[f32]| (w[0] - 2.0 * w[1] + w[2]).abs();
    let usual = samples[2_000..samples.len() - 2_000].windows(3).map(bend).fold(0.0, f32::max);
    let worst = played.windows(3).map(bend).fold(0.0, f32::max);
    assert!(worst < 1.25 * usual, "at {rate_hz} Hz: {worst} where {usual} is usual");
}

#[test]
fn a_loop_of_one_period_keeps_its_pitch_at_another_rate() {
    let audio = mono(44_100, sine(44_100, 441.0, 0.2));
    let period = Loop { start_frames: 4_000, end_frames: 4_100, crossfade_frames: 0, is_mirrored: false };
    let (ready, sustain) = looping::ready(&audio, Some(period), 48_000);
    let sustain = sustain.unwrap();
    let round = &ready.channels[0][sustain.start_frames as usize..sustain.end_frames as usize];
    let played: Vec<f32> = round.iter().cycle().take(48_000 * 2).copied().collect();
    let cents = 1_200.0 * (crossing_hz(&played, 48_000) / 441.0).log2();
    assert!(cents.abs() < 1.0, "{cents} cents");
    assert!((rms(&played) - 0.3536).abs() < 0.005);
}

#[test]
fn a_loop_that_turns_back_at_its_end_is_unfolded() {
    let ramp = mono(44_100, (0..100).map(|i| i as f32).collect());
    let turning = Loop { start_frames: 10, end_frames: 14, crossfade_frames: 0, is_mirrored: true };
    assert_eq!(turning.played_frames(), 18);
    let (ready, sustain) = looping::ready(&ramp, Some(turning), 44_100);
    assert_eq!(ready.channels[0][9..], [9.0, 10.0, 11.0, 12.0, 13.0, 12.0, 11.0]);
    let forward = Loop { end_frames: 16, is_mirrored: false, ..turning };
    assert_eq!(sustain, Some(forward));
    for end_frames in [11, 12] {
        let (ready, sustain) = looping::ready(&ramp, Some(Loop { end_frames, ..turning }), 44_100);
        assert_eq!((ready.frames() as u64, sustain.unwrap().end_frames), (end_frames, end_frames));
    }
    let (ready, sustain) = looping::ready(&ramp, Some(turning), 48_000);
    assert_eq!(sustain.unwrap().end_frames, ready.frames() as u64);
}

#[test]
fn a_loop_that_lies_outside_its_sound_is_left_out() {
    let audio = mono(44_100, sine(44_100, 440.0, 0.1));
    for (start_frames, end_frames) in [(0, 4_411), (10, 10), (500, 20), (u64::MAX - 1, u64::MAX)] {
        let wrong = Loop { start_frames, end_frames, crossfade_frames: u64::MAX, is_mirrored: false };
        assert_eq!(looping::ready(&audio, Some(wrong), 44_100), (audio.clone(), None));
    }
}

#[test]
fn a_bass_of_hardly_more_than_its_fundamental_has_its_pitch() {
    let net = neume_models::SoundNet::embedded().unwrap();
    for midi in [16.0f32, 20.0, 24.0, 28.0, 33.0, 38.0] {
        let hz = 440.0 * 2f32.powf((midi - 69.0) / 12.0);
        for partials in [&[1.0][..], &[1.0, 0.05], &[1.0, 0.1, 0.05]] {
            let samples = crate::tone::harmonic(44_100, hz, partials, 2.0);
            let labels = net.label(&samples, 44_100).unwrap();
            let root = Root::heard(pitch::hear(&samples, 44_100), &labels);
            let off = root.midi.map(|found| found - midi);
            assert!(off.is_some_and(|off| off.abs() < 0.2), "{midi} of {partials:?}: {root:?}");
        }
    }
}

#[test]
fn loudness_follows_the_level_at_any_length() {
    // A full-scale sine of 997 Hz in one channel measures -3.01 LUFS.
    let loud = loudness::integrated_db(&mono(48_000, sine(48_000, 997.0, 2.0)));
    assert!((loud - (-3.01 - 6.02)).abs() < 0.1, "{loud}");
    let short = loudness::integrated_db(&mono(48_000, sine(48_000, 997.0, 0.1)));
    assert!((short - (loud - 6.02)).abs() < 0.4, "{short}");
    assert_eq!(loudness::integrated_db(&mono(48_000, vec![0.0; 100])), loudness::SILENCE_DB);
    assert_eq!(loudness::integrated_db(&mono(48_000, Vec::new())), loudness::SILENCE_DB);
}

#[test]
fn attack_lead_and_overview_describe_the_course_of_the_level() {
    let mut samples = vec![0.0; 4_800];
    samples
        .extend(sine(48_000, 440.0, 1.0).iter().enumerate().map(|(i, s)| s * (i as f32 / 24_000.0).min(1.0)));
    let audio = Audio { rate_hz: 48_000, channels: vec![samples.clone(), vec![0.0; samples.len()]] };
    let decoded = Decoded { audio, root_midi: None, sustain: None, remark: None };
    let says = analyse(&decoded, &heard_mono(&decoded.audio), &no_labels());
    assert!((says.attack_secs - 0.35).abs() < 0.02, "{}", says.attack_secs);
    assert!((says.course.lead_secs - 0.1).abs() < 0.01, "{}", says.course.lead_secs);
    assert_eq!(says.overview.len(), Sound::OVERVIEW_LEN);
    assert_eq!((says.overview[0], says.overview[95]), (0, 255));
    assert!((says.root.midi.unwrap() - 69.0).abs() < 0.05);
}

#[test]
fn channels_that_cancel_each_other_are_heard_one_by_one() {
    let left = sine(48_000, 440.0, 0.5);
    let right = left.iter().map(|s| -s).collect();
    assert_eq!(heard_mono(&Audio { rate_hz: 48_000, channels: vec![left.clone(), right] }), left);
}
