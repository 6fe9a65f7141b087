//! The ear against the network that it was made from.

use neume_models::SoundNet;
use neume_models::ear::{EAR, Ear};
use neume_models::excerpt::{FRAMES, RATE_HZ};
use neume_models::features::FeatureMaker;

/// Eight harmonics of 220 Hz that die away.
fn plucked(gain: f32) -> Vec<f32> {
    let at = |i: usize| {
        let secs = i as f64 / f64::from(RATE_HZ);
        let wave = |n: u32| (std::f64::consts::TAU * 220.0 * f64::from(n) * secs).sin() / f64::from(n);
        0.3 * (-1.2 * secs).exp() * (1.0 - (-40.0 * secs).exp()) * (1..9).map(wave).sum::<f64>()
    };
    (0..FRAMES).map(|i| gain * at(i) as f32).collect()
}

/// What the published ear hears in an excerpt.
fn published(excerpt: &[f32]) -> Vec<f32> {
    Ear::from_weights(Ear::PUBLISHED).unwrap().hear(&FeatureMaker::new().timbre(excerpt).seen)
}

/// Every 73rd number that the published weights give for [`plucked`], computed at 32 kHz with PyTorch.
const REFERENCE: [f32; 15] = [
    -0.2135, -0.2195, 0.0629, -0.1032, -0.1409, -0.2311, 4.2813, 1.2499, 1.3762, 1.5277, 1.1436, -0.1761,
    2.4952, -0.2196, 1.8861,
];

#[test]
fn it_hears_what_the_published_network_hears() {
    let heard = published(&plucked(1.0));
    assert_eq!(heard.len(), EAR);
    for (i, (found, wanted)) in heard.iter().step_by(73).zip(REFERENCE).enumerate() {
        assert!((found - wanted).abs() < 0.01, "number {}: {found}, not {wanted}", 73 * i);
    }
}

#[test]
fn the_level_plays_no_part_and_silence_is_heard_as_numbers() {
    let (loud, soft) = (published(&plucked(1.0)), published(&plucked(0.01)));
    let off = loud.iter().zip(&soft).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-3, "{off}");
    let silent = published(&vec![0.0; FRAMES]);
    assert!(silent.iter().all(|v| v.is_finite()));
    assert!(silent.iter().zip(&loud).any(|(a, b)| (a - b).abs() > 1.0));
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let refused = |file: &[u8]| Ear::from_weights(file).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(refused(&[0xff; 100]).contains("weights do not fit"));
    assert!(refused(neume_models::SketchNet::EMBEDDED).contains("`ear.first.weight` is missing"));
    assert!(Ear::from_weights(SoundNet::EMBEDDED).is_ok());
}
