//! The envelope keeps its times at any rate.

use neume::engine::Settings;
use neume::handoff::Pcm;

use crate::rig::{Rig, off, on, playable};

/// The envelope itself: a sound of ones.
fn envelope(settings: &Settings, rate_hz: f32, held_secs: f32, secs: f32) -> Vec<f32> {
    let pcm =
        Pcm { rate_hz, left: vec![1.0; 1_000].into(), right: None, sustain: Some((0, 1_000)), rest: None };
    let mut rig = Rig::at_rate(rate_hz);
    rig.put(0, playable(pcm, 60.0));
    rig.left(settings, &[on(0, 60), off((held_secs * rate_hz) as u32, 60)], (secs * rate_hz) as usize)
}

#[test]
fn segments_last_as_long_as_they_say_at_every_rate() {
    let settings = Settings {
        attack_secs: 0.1,
        decay_secs: 0.2,
        sustain_norm: 0.5,
        release_secs: 0.4,
        ..Settings::default()
    };
    for rate_hz in [8_000.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0] {
        let out = envelope(&settings, rate_hz, 0.5, 1.0);
        let level = |secs: f32| out[(secs * rate_hz) as usize];
        assert_eq!(out[0], 0.0);
        assert!(level(0.098) < 1.0 && level(0.1) > 0.999, "attack at {rate_hz}");
        assert!(level(0.298) > 0.5 && level(0.301) == 0.5, "decay at {rate_hz}");
        assert!(level(0.499) == 0.5);
        // A tenth of the release is 6 dB.
        assert!((level(0.54) / 0.5 - 0.5).abs() < 0.01, "release at {rate_hz}: {}", level(0.54));
        assert!(level(0.89) > 0.0 && level(0.901) == 0.0, "end at {rate_hz}");
    }
}

#[test]
fn an_envelope_never_jumps_and_stays_between_silence_and_full() {
    for (attack_secs, decay_secs, sustain_norm, release_secs, held_secs) in [
        (0.01, 0.01, 0.0, 0.01, 0.5),
        (0.2, 0.0, 0.3, 0.0, 0.1),
        (0.005, 0.5, 0.7, 1.0, 0.02),
        (0.003, 0.0, 1.0, 0.05, 0.3),
    ] {
        let settings =
            Settings { attack_secs, decay_secs, sustain_norm, release_secs, ..Settings::default() };
        let out = envelope(&settings, 48_000.0, held_secs, 2.0);
        assert!(out.iter().all(|level| (0.0..=1.0).contains(level)));
        let steepest = out.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.06, "{settings:?} jumps by {steepest}");
        assert_eq!(out.last(), Some(&0.0));
    }
}

#[test]
fn a_held_note_follows_the_sustain_level() {
    let pcm = Pcm {
        rate_hz: 48_000.0,
        left: vec![1.0; 100].into(),
        right: None,
        sustain: Some((0, 100)),
        rest: None,
    };
    let mut rig = Rig::with(playable(pcm, 60.0));
    let mut out = rig.left(&Settings { sustain_norm: 0.8, ..Settings::default() }, &[on(0, 60)], 9_600);
    out.extend(rig.left(&Settings { sustain_norm: 0.3, ..Settings::default() }, &[], 4_800));
    assert_eq!((out[9_599], out[14_000]), (0.8, 0.3));
    assert!(out[9_600..].windows(2).all(|w| w[1] <= w[0] && w[0] - w[1] < 0.01));
}
