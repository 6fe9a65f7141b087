//! The shipped sound network on sounds made here: what it says must be what was made, at any level and rate.

use neume_models::features::midi_hz;
use neume_models::sound_net::{SoundLabels, SoundNet};
use neume_models::{Error, Families};

/// A tone with the partials of a bowed string, a soft attack and a slow decay.
fn tone(midi: f32, partials: usize, rate_hz: u32, secs: f32) -> Vec<f32> {
    let hz = f64::from(midi_hz(midi));
    let frames = (secs * rate_hz as f32) as usize;
    let partial = |n: usize, time: f64| (std::f64::consts::TAU * hz * n as f64 * time).sin() / n as f64;
    let audible = (1..=partials).filter(|n| hz * (*n as f64) < 0.45 * f64::from(rate_hz)).collect::<Vec<_>>();
    (0..frames)
        .map(|i| {
            let time = i as f64 / f64::from(rate_hz);
            let envelope = (time / 0.02).min(1.0) * (-0.7 * time).exp();
            (0.25 * envelope * audible.iter().map(|&n| partial(n, time)).sum::<f64>()) as f32
        })
        .collect()
}

fn noise(frames: usize) -> Vec<f32> {
    let mut state = 7u32;
    (0..frames)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let white = (state >> 8) as f32 / (1 << 23) as f32 - 1.0;
            0.5 * white * (-(i as f32) / 4_000.0).exp()
        })
        .collect()
}

fn label(mono: &[f32], rate_hz: u32) -> SoundLabels {
    SoundNet::embedded().unwrap().label(mono, rate_hz).unwrap()
}

#[test]
fn the_root_of_a_tone_is_heard_over_seven_octaves() {
    let net = SoundNet::embedded().unwrap();
    for midi in [24.0, 28.0, 33.0, 40.3, 48.0, 55.0, 60.0, 66.6, 72.0, 81.0, 90.0, 96.0, 103.0] {
        let heard = net.label(&tone(midi, 20, 48_000, 1.5), 48_000).unwrap();
        let root = heard.root_midi.unwrap_or_else(|| panic!("{midi}: no root"));
        assert!((root - midi).abs() < 0.25, "{midi}: heard {root} with {}", heard.root_confidence);
    }
}

#[test]
fn the_labels_do_not_hang_on_the_rate() {
    let net = SoundNet::embedded().unwrap();
    let expected = net.label(&tone(57.0, 12, 48_000, 2.0), 48_000).unwrap();
    for rate_hz in [16_000, 22_050, 44_100, 96_000, 192_000] {
        let heard = net.label(&tone(57.0, 12, rate_hz, 2.0), rate_hz).unwrap();
        let (a, b) = (expected.root_midi.unwrap(), heard.root_midi.unwrap());
        assert!((a - b).abs() < 0.05, "{rate_hz} Hz: {a} and {b}");
        assert!((expected.loudness_db - heard.loudness_db).abs() < 0.3, "{rate_hz} Hz");
        assert!(expected.embedding.similarity(&heard.embedding) > 0.95, "{rate_hz} Hz");
    }
}

#[test]
fn level_changes_the_loudness_and_nothing_else() {
    let sound = tone(62.0, 10, 44_100, 1.0);
    let soft: Vec<f32> = sound.iter().map(|s| s * 0.01).collect();
    let (loud, soft) = (label(&sound, 44_100), label(&soft, 44_100));
    assert!((loud.loudness_db - soft.loudness_db - 40.0).abs() < 0.05);
    assert!((loud.root_midi.unwrap() - soft.root_midi.unwrap()).abs() < 0.01);
    assert!((loud.brightness - soft.brightness).abs() < 0.01);
    assert!(loud.embedding.similarity(&soft.embedding) > 0.999);
}

#[test]
fn a_burst_of_noise_has_no_root_and_is_rough() {
    let heard = label(&noise(20_000), 44_100);
    assert_eq!(heard.root_midi, None, "confidence {}", heard.root_confidence);
    assert!(heard.roughness > 0.6, "{}", heard.roughness);
    assert!(heard.brightness > 0.6, "{}", heard.brightness);
}

#[test]
fn more_partials_are_brighter() {
    let dull = label(&tone(50.0, 2, 44_100, 1.5), 44_100).brightness;
    let full = label(&tone(50.0, 40, 44_100, 1.5), 44_100).brightness;
    assert!(full > dull + 0.1, "{dull} and {full}");
}

#[test]
fn probabilities_sum_to_one_and_the_embedding_has_unit_length() {
    let heard = label(&tone(45.0, 8, 44_100, 0.5), 44_100);
    assert!((heard.families.0.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    let length: f32 = heard.embedding.as_slice().iter().map(|v| v * v).sum();
    assert!((length - 1.0).abs() < 1e-4);
    assert!((0.0..=1.0).contains(&heard.root_confidence));
}

#[test]
fn silence_short_sounds_and_nonsense_are_labelled_without_harm() {
    let net = SoundNet::embedded().unwrap();
    for mono in [vec![], vec![0.0; 100_000], vec![f32::NAN; 3_000]] {
        let heard = net.label(&mono, 44_100).unwrap();
        assert_eq!((heard.root_midi, heard.root_confidence, heard.families), (None, 0.0, Families::EVEN));
    }
    for mono in [vec![1.0], vec![1e30, -1e30, f32::INFINITY, 0.5], tone(60.0, 5, 44_100, 0.02)] {
        let heard = net.label(&mono, 44_100).unwrap();
        assert!(heard.families.0.iter().all(|p| p.is_finite()), "{} frames", mono.len());
        assert!(heard.loudness_db.is_finite() && heard.brightness.is_finite());
    }
}

#[test]
fn a_rate_that_no_sound_has_is_refused() {
    let net = SoundNet::embedded().unwrap();
    for rate_hz in [0, 100, 10_000_000] {
        assert!(matches!(net.label(&[0.1; 100], rate_hz), Err(Error::Limit { .. })), "{rate_hz} Hz");
    }
}

#[test]
fn the_same_sound_always_gets_the_same_labels() {
    let sound = tone(52.0, 9, 32_000, 1.0);
    assert_eq!(label(&sound, 32_000), label(&sound, 32_000));
}
