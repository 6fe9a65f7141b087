//! Signals and sounds for the tests.

use neume_bank::{Audio, Profile, Sound, SoundId, Source};
use neume_models::{Embedding, Families};

/// A sine of half scale.
pub fn sine(rate_hz: u32, frequency_hz: f32, secs: f32) -> Vec<f32> {
    let step = std::f64::consts::TAU * f64::from(frequency_hz) / f64::from(rate_hz);
    (0..(secs * rate_hz as f32) as usize).map(|i| 0.5 * (step * i as f64).sin() as f32).collect()
}

/// One channel of audio.
pub fn mono(rate_hz: u32, samples: Vec<f32>) -> Audio {
    Audio { rate_hz, channels: vec![samples] }
}

/// Frequency by counting rising zero crossings, in Hz.
pub fn crossing_hz(samples: &[f32], rate_hz: u32) -> f32 {
    let crossings: Vec<f32> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < 0.0 && pair[1] >= 0.0)
        .map(|(i, pair)| i as f32 + pair[0] / (pair[0] - pair[1]))
        .collect();
    let (first, last) = (crossings[0], crossings[crossings.len() - 1]);
    rate_hz as f32 * (crossings.len() - 1) as f32 / (last - first)
}

/// Root mean square.
pub fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// An analysed sound of this profile that lies nowhere; its name is its content.
pub fn sound(name: &str, root_midi: Option<f32>, loudness_db: f32, families: Families) -> Sound {
    Sound {
        id: SoundId::of(name.as_bytes()),
        source: Source::File(name.into()),
        name: name.to_string(),
        class: None,
        tags: String::new(),
        rate_hz: 48_000,
        frames: 48_000,
        sustain: None,
        profile: Profile {
            root_midi,
            root_confidence: 1.0,
            loudness_db,
            families,
            brightness: 0.5,
            roughness: 0.5,
            attack_secs: 0.01,
            duration_secs: 1.0,
            embedding: Embedding::from_raw(&[0.0; Embedding::LEN]),
        },
        course: None,
        doubt: None,
        overview: vec![255; Sound::OVERVIEW_LEN],
    }
}

/// Harmonics of these amplitudes, the fundamental first; the sum peaks at half scale or below.
pub fn harmonic(rate_hz: u32, fundamental_hz: f32, amplitudes: &[f32], secs: f32) -> Vec<f32> {
    let total: f32 = amplitudes.iter().sum();
    let mut sum = vec![0.0; (secs * rate_hz as f32) as usize];
    for (n, amplitude) in amplitudes.iter().enumerate() {
        for (sum, s) in sum.iter_mut().zip(sine(rate_hz, fundamental_hz * (n + 1) as f32, secs)) {
            *sum += s * amplitude / total;
        }
    }
    sum
}

/// White noise by a linear congruence, the same every time.
pub fn noise(rate_hz: u32, secs: f32) -> Vec<f32> {
    let mut state = 1u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..(secs * rate_hz as f32) as usize).map(next).map(|s| 0.5 * s).collect()
}
