//! A picture of a sound: its level in dB by time and by band, small enough to keep in the tree and to compare.

use realfft::RealFftPlanner;

/// Frames of a column.
const WINDOW: usize = 4096;
/// Bands of a column, evenly spaced in pitch.
const BANDS: usize = 32;
/// Lowest and highest edge of the bands.
const EDGES_HZ: [f64; 2] = [60.0, 16_000.0];
/// Softer than this is silence.
pub const FLOOR_DB: f32 = -90.0;

/// Columns of [`BANDS`] levels each, in dB below a full-scale sine, not below [`FLOOR_DB`].
pub type Picture = Vec<Vec<f32>>;

/// Draws a sound.
pub fn picture(samples: &[f32], rate_hz: f64) -> Picture {
    let plan = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
    let mut spectrum = plan.make_output_vec();
    let column = |frames: &[f32]| {
        let mut shaped: Vec<f32> = frames
            .iter()
            .enumerate()
            .map(|(i, sample)| sample * (std::f32::consts::PI * i as f32 / WINDOW as f32).sin().powi(2))
            .collect();
        plan.process(&mut shaped, &mut spectrum).unwrap();
        (0..BANDS).map(|band| level_db(&spectrum, band, rate_hz)).collect()
    };
    samples.chunks_exact(WINDOW).map(column).collect()
}

fn level_db(spectrum: &[realfft::num_complex::Complex<f32>], band: usize, rate_hz: f64) -> f32 {
    let edge = |index: usize| EDGES_HZ[0] * (EDGES_HZ[1] / EDGES_HZ[0]).powf(index as f64 / BANDS as f64);
    let bin = |hz: f64| (hz / rate_hz * WINDOW as f64).round() as usize;
    let (from, to) = (bin(edge(band)), bin(edge(band + 1)).max(bin(edge(band)) + 1));
    let power: f32 = spectrum[from..to].iter().map(|value| value.norm_sqr()).sum();
    // A full-scale sine through the window has its power of (WINDOW / 4)², spread by half over its neighbours.
    let full = (WINDOW as f32 / 4.0).powi(2) * 1.5;
    (10.0 * (power / full).max(1e-12).log10()).max(FLOOR_DB)
}

/// The picture as text: a line a column, whole dB.
pub fn to_text(picture: &Picture) -> String {
    let line = |column: &Vec<f32>| {
        column.iter().map(|level| format!("{level:.0}")).collect::<Vec<_>>().join(" ") + "\n"
    };
    picture.iter().map(line).collect()
}

/// Reads what [`to_text`] wrote.
pub fn from_text(text: &str) -> Picture {
    text.lines().map(|line| line.split(' ').map(|level| level.parse().unwrap()).collect()).collect()
}

/// Mean and greatest difference in dB, over what is within 60 dB of the loudest in either picture.
pub fn difference_db(a: &Picture, b: &Picture) -> (f32, f32) {
    assert_eq!((a.len(), a[0].len()), (b.len(), b[0].len()), "pictures of one size");
    let loudest = a.iter().chain(b).flatten().copied().fold(FLOOR_DB, f32::max);
    let pairs = a.iter().flatten().zip(b.iter().flatten());
    let differences: Vec<f32> = pairs
        .filter(|(a, b)| a.max(**b) > loudest - 60.0)
        .map(|(a, b)| (a.max(loudest - 60.0) - b.max(loudest - 60.0)).abs())
        .collect();
    let mean = differences.iter().sum::<f32>() / differences.len() as f32;
    (mean, differences.into_iter().fold(0.0, f32::max))
}

#[test]
fn a_picture_tells_a_sound_from_its_octave_and_from_a_softer_one() {
    let tone = |hz: f64, level: f64| -> Vec<f32> {
        (0..WINDOW * 4)
            .map(|i| (level * (i as f64 * hz / 48_000.0 * std::f64::consts::TAU).sin()) as f32)
            .collect()
    };
    let reference = picture(&tone(440.0, 0.5), 48_000.0);
    let peak = reference.iter().flatten().copied().fold(FLOOR_DB, f32::max);
    assert!((peak + 6.0).abs() < 0.5, "{peak}");
    assert_eq!(difference_db(&reference, &from_text(&to_text(&reference))).0.round(), 0.0);
    assert!(difference_db(&reference, &picture(&tone(440.0, 0.25), 48_000.0)).0 > 3.0);
    assert!(difference_db(&reference, &picture(&tone(880.0, 0.5), 48_000.0)).1 > 30.0);
}
