//! Transposed sounds have the pitch that was asked for, and nothing that was not in them.

use neume::engine::{Event, Settings, TimedEvent};
use realfft::RealFftPlanner;

use crate::rig::{Rig, at, looped_sine, mono, on, playable};

/// Frames that are analysed.
const FRAMES: usize = 1 << 15;

/// Power by frequency bin, under a Blackman-Harris window (sidelobes at −92 dB).
fn spectrum(samples: &[f32]) -> Vec<f64> {
    let window = |i: usize| {
        let x = std::f64::consts::TAU * i as f64 / FRAMES as f64;
        0.35875 - 0.48829 * x.cos() + 0.14128 * (2.0 * x).cos() - 0.01168 * (3.0 * x).cos()
    };
    let mut input: Vec<f64> = (0..FRAMES).map(|i| f64::from(samples[i]) * window(i)).collect();
    let plan = RealFftPlanner::new().plan_fft_forward(FRAMES);
    let mut output = plan.make_output_vec();
    plan.process(&mut input, &mut output).unwrap();
    output.iter().map(|bin| bin.norm_sqr()).collect()
}

/// The strongest frequency in Hz, between bins, and the power outside of it in dB below it.
fn purity(samples: &[f32]) -> (f64, f64) {
    let power = spectrum(samples);
    let top = (1..power.len() - 1).max_by(|&a, &b| power[a].total_cmp(&power[b])).unwrap();
    let moment = (top - 3..=top + 3).map(|i| i as f64 * power[i]).sum::<f64>();
    let near = (top.saturating_sub(6)..=top + 6).map(|i| power[i]).sum::<f64>();
    let centre = moment / (top - 3..=top + 3).map(|i| power[i]).sum::<f64>();
    let rest = power.iter().sum::<f64>() - near;
    (centre * 48_000.0 / FRAMES as f64, 10.0 * (rest.max(1e-30) / near).log10())
}

#[test]
fn every_transposition_has_its_pitch_and_is_pure() {
    // 480 Hz in a loop whose seam lies on a whole period.
    for semitones in -24i32..=24 {
        let mut rig = Rig::with(playable(looped_sine(10, 1_000, 0.5), 60.0));
        let out = rig.left(&Settings::default(), &[on(0, (60 + semitones) as u8)], FRAMES + 500);
        let (found_hz, rest_db) = purity(&out[500..]);
        let expected_hz = 480.0 * (f64::from(semitones) / 12.0).exp2();
        let cents = 1_200.0 * (found_hz / expected_hz).log2();
        assert!(cents.abs() < 0.5, "{semitones} semitones: {cents} cents off");
        assert!(rest_db < -80.0, "{semitones} semitones: {rest_db} dB of something else");
    }
}

#[test]
fn what_would_fold_back_is_filtered_out() {
    // Each tone lies above half the rate once it is transposed: all that is left of it is an alias.
    for (periods, semitones, limit_db) in [
        (400, 12u8, -60.0),
        (450, 7, -40.0),
        (300, 19, -60.0),
        (200, 24, -60.0),
        (450, 24, -70.0),
        (350, 36, -70.0),
    ] {
        let mut rig = Rig::with(playable(looped_sine(periods, 1_000, 1.0), 60.0));
        let out = rig.left(&Settings::default(), &[on(0, 60 + semitones)], FRAMES + 500);
        let power = out[500..].iter().map(|x| f64::from(x * x)).sum::<f64>() / FRAMES as f64 / 0.5;
        let level_db = 10.0 * power.max(1e-30).log10();
        assert!(level_db < limit_db, "{periods} periods, {semitones} semitones up: {level_db} dB of alias");
    }
}

#[test]
fn the_band_below_is_left_alone() {
    for (hz, semitones) in [(1_000, 1), (10_000, -1), (14_400, -12), (14_400, 1), (4_800, 12), (2_400, 24)] {
        let mut rig = Rig::with(playable(looped_sine(hz / 48, 1_000, 0.5), 60.0));
        let out = rig.left(&Settings::default(), &[on(0, (60 + semitones) as u8)], FRAMES + 500);
        let power = out[500..].iter().map(|x| f64::from(x * x)).sum::<f64>() / FRAMES as f64 / 0.125;
        let level_db = 10.0 * power.log10();
        assert!(level_db.abs() < 0.5, "{hz} Hz by {semitones} semitones: {level_db} dB");
    }
}

#[test]
fn the_wheel_bends_by_its_range_from_its_frame_on() {
    for (range, bend_norm) in [(2.0, 1.0), (12.0, -0.5), (48.0, 0.25)] {
        let settings = Settings { bend_range_semitones: range, ..Settings::default() };
        let mut rig = Rig::with(playable(looped_sine(10, 1_000, 0.5), 60.0));
        let bend = at(1_000, Event::Bend { channel: 0, bend_norm });
        let out = rig.left(&settings, &[on(0, 60), bend], FRAMES + 2_000);
        let straight =
            Rig::with(playable(looped_sine(10, 1_000, 0.5), 60.0)).left(&settings, &[on(0, 60)], 1_100);
        assert_eq!(out[..1_001], straight[..1_001]);
        assert_ne!(out[1_010], straight[1_010]);
        let (found_hz, rest_db) = purity(&out[2_000..]);
        let expected_hz = 480.0 * f64::from(range * bend_norm / 12.0).exp2();
        assert!((1_200.0 * (found_hz / expected_hz).log2()).abs() < 0.5, "{found_hz} is not {expected_hz}");
        assert!(rest_db < -80.0, "{rest_db} dB of something else");
    }
}

#[test]
fn a_wheel_that_midi_calls_centred_leaves_the_pitch_alone() {
    let play = |events: &[TimedEvent]| {
        Rig::with(playable(looped_sine(10, 1_000, 0.5), 60.0)).left(&Settings::default(), events, 2_000)
    };
    let bend_norm = 2.0 * (8_192.0 / 16_383.0) - 1.0;
    assert_eq!(play(&[at(0, Event::Bend { channel: 0, bend_norm }), on(9, 60)]), play(&[on(9, 60)]));
}

#[test]
fn new_notes_start_with_the_wheel_where_it_is() {
    let bend = at(0, Event::Bend { channel: 0, bend_norm: 1.0 });
    let settings = Settings { bend_range_semitones: 12.0, ..Settings::default() };
    let out =
        Rig::with(playable(looped_sine(10, 1_000, 0.5), 60.0)).left(&settings, &[bend, on(4_000, 60)], 8_000);
    let up = Rig::with(playable(looped_sine(10, 1_000, 0.5), 60.0)).left(&settings, &[on(0, 72)], 4_000);
    assert_eq!(out[4_000..], up[..]);
}

#[test]
fn a_seam_in_a_transposed_loop_is_not_heard() {
    // A loop that closes in 37 frames and one of 4,999, both exact in the source.
    for (periods, frames) in [(1, 37), (1, 40), (101, 4_999)] {
        let mut rig = Rig::with(playable(looped_sine(periods, frames, 0.5), 60.0));
        let out = rig.left(&Settings::default(), &[on(0, 55)], FRAMES + 500);
        let (_, rest_db) = purity(&out[500..]);
        assert!(rest_db < -80.0, "a loop of {frames}: {rest_db} dB of something else");
    }
}

#[test]
fn silence_before_and_behind_a_sound_stays_silence() {
    let mut rig = Rig::with(playable(mono(vec![0.0; 500], None), 60.0));
    assert!(rig.left(&Settings::default(), &[on(10, 61)], 2_000).iter().all(|sample| *sample == 0.0));
    assert!(rig.engine.is_silent());
}
