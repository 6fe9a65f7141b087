//! Resampling.

use neume_bank::{Audio, resample};

use crate::tone::{crossing_hz, mono, rms, sine};

#[test]
fn a_sine_keeps_pitch_level_phase_and_length_at_every_rate() {
    for (from, to) in [
        (44_100, 48_000),
        (48_000, 96_000),
        (96_000, 44_100),
        (16_000, 48_000),
        (22_050, 44_100),
        (44_101, 48_000),
    ] {
        for frequency_hz in [100.0, 1_000.0, 6_000.0] {
            let resampled = resample(&mono(from, sine(from, frequency_hz, 0.5)), to);
            let frames = resampled.frames();
            assert!((frames as f32 - 0.5 * to as f32).abs() <= 1.5, "{from} to {to}: {frames}");
            let expected = sine(to, frequency_hz, 0.5);
            let (start, end) = (frames / 4, frames * 3 / 4);
            let middle = &resampled.channels[0][start..end];
            assert!((crossing_hz(middle, to) - frequency_hz).abs() < frequency_hz * 1e-4, "{from} to {to}");
            assert!((rms(middle) - rms(&expected[start..end])).abs() < 1e-3, "{from} to {to}");
            // Sample by sample the sine that the other rate would have recorded: no delay.
            let worst =
                middle.iter().zip(&expected[start..end]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{from} to {to} at {frequency_hz} Hz: {worst}");
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_is_gone() {
    let resampled = resample(&mono(96_000, sine(96_000, 30_000.0, 0.5)), 44_100);
    let frames = resampled.frames();
    assert!(rms(&resampled.channels[0][frames / 4..frames * 3 / 4]) < 1e-4);
}

#[test]
fn channels_stay_apart_and_the_same_rate_changes_nothing() {
    let stereo = Audio { rate_hz: 44_100, channels: vec![sine(44_100, 440.0, 0.1), vec![0.0; 4410]] };
    assert_eq!(resample(&stereo, 44_100), stereo);
    let resampled = resample(&stereo, 48_000);
    assert!(rms(&resampled.channels[0]) > 0.3);
    assert!(resampled.channels[1].iter().all(|s| s.abs() < 1e-6));
}

#[test]
fn sounds_of_a_few_frames_or_none_are_resampled_too() {
    for frames in [0usize, 1, 2, 100] {
        let resampled = resample(&mono(44_100, vec![0.25; frames]), 96_000);
        assert_eq!(resampled.frames(), (frames * 96_000).div_ceil(44_100), "{frames}");
        assert!(resampled.channels[0].iter().all(|s| s.is_finite()));
    }
}
