//! The pitch of a recording, by the YIN method (de Cheveigné and Kawahara, 2002): the lag at which the sound
//! resembles itself best.

/// The fundamental in hertz of the frames from `at` on, or `None` where there is no clear period between 40 and
/// 2000 Hz.
pub fn hz(samples: &[f32], rate_hz: f64, at: usize) -> Option<f64> {
    let longest = (rate_hz / 40.0) as usize;
    let shortest = (rate_hz / 2000.0) as usize;
    let frames = &samples[at..at + 3 * longest];
    let differences: Vec<f64> = (0..=longest)
        .map(|lag| (0..2 * longest).map(|i| f64::from(frames[i] - frames[i + lag]).powi(2)).sum())
        .collect();
    // Each difference over the mean of those before it: a dip well below 1 is a period.
    let mut sum = 0.0;
    let mut normal = vec![1.0; longest + 1];
    for lag in 1..=longest {
        sum += differences[lag];
        normal[lag] = if sum > 0.0 { differences[lag] * lag as f64 / sum } else { 1.0 };
    }
    let first = (shortest..longest).find(|&lag| normal[lag] < 0.15 && normal[lag] <= normal[lag + 1])?;
    let (before, here, after) = (normal[first - 1], normal[first], normal[first + 1]);
    let bend = before - 2.0 * here + after;
    let offset = if bend > 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
    Some(rate_hz / (first as f64 + offset))
}

/// How far `hz` lies from a MIDI note, in semitones.
pub fn semitones_from(midi: f64, hz: f64) -> f64 {
    69.0 + 12.0 * (hz / 440.0).log2() - midi
}

#[test]
fn the_pitch_of_a_known_tone_is_found() {
    for midi in [40.0, 60.0, 69.5, 90.0] {
        let hz_asked = 440.0 * 2f64.powf((midi - 69.0) / 12.0);
        let tone: Vec<f32> = (0..9_600)
            .map(|i| {
                let turns = hz_asked * f64::from(i) / 48_000.0 * std::f64::consts::TAU;
                (turns.sin() + 0.5 * (2.0 * turns).sin()) as f32
            })
            .collect();
        let found = hz(&tone, 48_000.0, 0).unwrap();
        assert!(semitones_from(midi, found).abs() < 0.05, "{midi}: {found} Hz");
    }
    assert_eq!(hz(&[0.0; 9_600], 48_000.0, 0), None);
}
