//! The course of sounds, and roots that are in doubt.

use std::sync::atomic::AtomicBool;

use neume_bank::analyse::{analyse, heard_mono};
use neume_bank::decisions::decide;
use neume_bank::scan::{Ears, remembered};
use neume_bank::{Audio, Bank, Course, Decision, Decoded, Progress, Sound, pitch, scan_with};
use neume_models::SoundLabels;

use crate::labels::no_labels;
use crate::scan::Place;
use crate::tone::{harmonic, noise, sine};

fn course(channels: Vec<Vec<f32>>) -> Course {
    let audio = Audio { rate_hz: 48_000, channels };
    let decoded = Decoded { audio, root_midi: None, sustain: None, remark: None };
    analyse(&decoded, &heard_mono(&decoded.audio), &no_labels()).course
}

/// A plucked tone: 0.1 s of silence, a decay of 60 dB a second for 0.9 s, 0.5 s of silence.
fn plucked() -> Vec<f32> {
    let ring = sine(48_000, 440.0, 0.9);
    let ring = ring.iter().enumerate().map(|(i, s)| s * 10f32.powf(-3.0 * i as f32 / 48_000.0));
    std::iter::repeat_n(0.0, 4_800).chain(ring).chain(std::iter::repeat_n(0.0, 24_000)).collect()
}

#[test]
fn silence_decay_and_the_loudness_of_the_attack_are_measured() {
    let heard = course(vec![plucked()]);
    assert!((heard.lead_secs - 0.1).abs() < 0.01, "{heard:?}");
    assert!((heard.decay_secs - 1.0 / 3.0).abs() < 0.02, "{heard:?}");
    // 50 dB under the peak after five sixths of a second.
    assert!((heard.trail_secs - (0.5 + 0.9 - 5.0 / 6.0)).abs() < 0.02, "{heard:?}");
    let held = course(vec![sine(48_000, 997.0, 2.0)]);
    assert!((held.attack_db - (-9.03)).abs() < 0.1, "{held:?}");
    assert!(heard.attack_db < held.attack_db - 3.0, "{heard:?}");
    assert!((held.decay_secs, held.trail_secs) > (1.8, -0.001) && held.trail_secs < 0.01, "{held:?}");
}

#[test]
fn noise_lies_between_the_peaks_of_a_spectrum_and_tones_do_not() {
    let tone = |hz: f32| harmonic(48_000, hz, &[1.0, 0.5, 0.3, 0.2, 0.1, 0.1, 0.1, 0.05], 1.0);
    let mixed = |level: f32| -> Vec<f32> {
        tone(220.0).iter().zip(noise(48_000, 1.0)).map(|(tone, noise)| tone + level * noise).collect()
    };
    for hz in [41.2, 220.0, 1_000.0, 4_000.0] {
        let pure = course(vec![tone(hz)]).noisiness;
        assert!(pure < 0.05, "{hz} Hz: {pure}");
    }
    let steps = [0.0, 0.1, 0.3, 1.0].map(|level| course(vec![mixed(level)]).noisiness);
    assert!(steps.is_sorted() && steps[3] > 0.7, "{steps:?}");
    assert!(course(vec![noise(48_000, 1.0)]).noisiness > 0.85);
    assert_eq!(course(vec![vec![0.0; 4_800]]).noisiness, 0.0);
}

#[test]
fn a_few_samples_have_a_course_too() {
    for samples in [vec![], vec![0.5], vec![0.5; 30], vec![1e-30; 100], vec![f32::MAX / 1e10; 2_000]] {
        let heard = course(vec![samples.clone()]);
        assert!(heard.noisiness.is_finite() && heard.attack_db.is_finite(), "{} samples", samples.len());
        assert!(heard.lead_secs >= 0.0 && heard.trail_secs >= 0.0 && heard.decay_secs >= 0.0);
    }
}

/// Scans one sound with an ear that is sure of what the tracker hears.
fn one(place: &Place) -> Sound {
    let listen = |mono: &[f32], rate_hz: u32| {
        let root_midi = pitch::hear(mono, rate_hz).map(|heard| heard.midi);
        Ok(SoundLabels { root_midi, root_confidence: 0.95, ..no_labels() })
    };
    let ears = Ears { id: 1, listen: &listen };
    let (folder, options) = (place.folder.path(), place.options());
    let bank = scan_with(folder, &options, &ears, &mut |_| {}, &AtomicBool::new(false)).unwrap().bank;
    assert_eq!(bank.sounds.len(), 1);
    bank.sounds[0].clone()
}

#[test]
fn a_sure_ear_that_hears_another_note_marks_the_sound_and_the_composer_decides() {
    let place = Place::new();
    place.tone("Lute A4.wav", 64.2);
    let sound = one(&place);
    let doubt = sound.doubt.expect("A4 is not E4");
    assert!(doubt.told_midi == 69.0 && (doubt.heard_midi - 64.2).abs() < 0.1, "{doubt:?}");
    assert_eq!(sound.profile.root_midi, Some(69.0), "until then the name is believed");
    for (decision, root) in [
        (Some(Decision::Ear), 64.2),
        (Some(Decision::Name), 69.0),
        (Some(Decision::Midi(40.5)), 40.5),
        (None, 69.0),
    ] {
        decide(place.folder.path(), &place.options(), &[sound.id], decision).unwrap();
        let sound = one(&place);
        assert!((sound.profile.root_midi.unwrap() - root).abs() < 0.1, "{decision:?}: {:?}", sound.profile);
        assert_eq!(sound.doubt.is_none(), decision.is_some());
    }
}

#[test]
fn a_decision_that_is_made_while_a_scan_is_under_way_counts_in_it() {
    let place = Place::new();
    place.tone("Lute A4.wav", 64.2);
    place.tone("Lute C5.wav", 63.8);
    let listen =
        |_: &[f32], _: u32| Ok(SoundLabels { root_midi: Some(64.0), root_confidence: 0.95, ..no_labels() });
    let ears = Ears { id: 1, listen: &listen };
    let (folder, options) = (place.folder.path(), place.options());
    let doubts = |bank: &Bank| bank.sounds.iter().filter(|sound| sound.doubt.is_some()).count();
    let mut seen = Vec::new();
    let mut on_progress = |progress: &Progress| {
        let bank = progress.bank();
        let before = doubts(&bank);
        if let Some(sound) = bank.sounds.iter().find(|sound| sound.doubt.is_some()) {
            decide(folder, &options, &[sound.id], Some(Decision::Ear)).unwrap();
        }
        seen.push((before, doubts(&progress.bank())));
    };
    let bank = scan_with(folder, &options, &ears, &mut on_progress, &AtomicBool::new(false)).unwrap().bank;
    assert_eq!((&seen[..], doubts(&bank)), (&[(0, 0), (1, 0), (1, 0)][..], 0));
}

#[test]
fn a_decision_outlives_other_names_and_a_rebuilt_index() {
    let place = Place::new();
    place.tone("Lute A4.wav", 64.2);
    let id = one(&place).id;
    decide(place.folder.path(), &place.options(), &[id], Some(Decision::Ear)).unwrap();
    std::fs::rename(place.path("Lute A4.wav"), place.path("Lute C5.wav")).unwrap();
    std::fs::remove_file(place.index()).unwrap();
    let sound = one(&place);
    assert!(sound.doubt.is_none() && (sound.profile.root_midi.unwrap() - 64.2).abs() < 0.1);
}

#[test]
fn decisions_that_cannot_be_read_are_said_and_never_written_over() {
    let place = Place::new();
    place.tone("Lute A4.wav", 64.2);
    let id = one(&place).id;
    decide(place.folder.path(), &place.options(), &[id], Some(Decision::Ear)).unwrap();
    let roots = place.index().with_extension("roots");
    let whole = std::fs::read_to_string(&roots).unwrap();
    let of_a_newer_neume = whole.replace("ear", "both");
    for unread in ["{\"zz\":\"ear\"}", &whole[..whole.len() / 2], &of_a_newer_neume] {
        std::fs::write(&roots, unread).unwrap();
        let report = place.scan();
        let remark = report.index_remark.expect("it is said");
        assert!(
            report.sounds == 1 && remark.contains(".roots: decisions on roots cannot be read"),
            "{remark}"
        );
        assert_eq!(remark.matches(".roots").count(), 1, "once: {remark}");
        assert!(remembered(place.folder.path(), &place.options()).is_err());
        let refused = decide(place.folder.path(), &place.options(), &[id], None).unwrap_err();
        assert!(refused.to_string().contains("cannot be read"), "{refused}");
        assert_eq!(std::fs::read_to_string(&roots).unwrap(), unread);
    }
    std::fs::write(&roots, &whole).unwrap();
    assert!(one(&place).doubt.is_none());
    std::fs::remove_file(&roots).unwrap();
    assert!(one(&place).doubt.is_some(), "no file decides nothing");
}

#[test]
fn names_that_agree_within_a_semitone_are_not_in_doubt() {
    for (name, midi) in [("Lute A4.wav", 69.3), ("Lute A4.wav", 68.2), ("Lute.wav", 64.0)] {
        let place = Place::new();
        place.tone(name, midi);
        assert_eq!(one(&place).doubt, None, "{name} {midi}");
    }
}
