//! Loudness, brightness and roughness of an excerpt, measured: the definitions that the sound network learns to
//! keep to when noise, a room or a cheap microphone lie over the sound.
//!
//! - **Loudness** is the loudest 400 ms, weighted and scaled as in ITU-R BS.1770: -3.0 for a full-scale sine of 997 Hz
//!   in one channel, in dB relative to full scale.
//! - **Brightness** is the centroid of the third-octave bands' amplitudes on a logarithmic axis, absolute (listeners'
//!   judgements follow the absolute centroid, not its ratio to the root: Schubert and Wolfe, 2006):
//!   0 at [`DARK_HZ`] and below, 1 at [`BRIGHT_HZ`] and above.
//! - **Roughness** is how deeply the ear's bands above 300 Hz flutter between 20 and 200 Hz, weighted by their amplitude
//!   and without the attack: near 0 for a steady tone, 1 for dense beating such as white noise.
//!
//! Pure computation, one thread, deterministic.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use crate::excerpt::{FRAMES, RATE_HZ};

/// The centroid that counts as brightness 0, in Hz.
pub const DARK_HZ: f32 = 150.0;
/// The centroid that counts as brightness 1, in Hz.
pub const BRIGHT_HZ: f32 = 4_800.0;
/// The loudness given to silence, in dB.
pub const SILENCE_DB: f32 = -120.0;

const LOUDNESS_WINDOW: usize = RATE_HZ as usize * 2 / 5;
/// Third-octave bands: 50 Hz to 10 kHz.
const THIRDS: usize = 24;
const THIRDS_LOW_HZ: f32 = 50.0;
/// Flutter of a band's power, as a ratio to its slower course, that counts as roughness 1.
const FULL_FLUTTER: f32 = 0.4;
const FLUTTER_HZ: [f32; 2] = [20.0, 200.0];
/// Below this, beating is heard as the note itself, in Hz.
const FLUTTER_LOW_HZ: f32 = 300.0;
const FLUTTER_FFT: usize = 32_768;
const FLUTTER_BANDS: usize = 20;
/// A band is moved to a quarter of this transform, and reaches this many bins to both sides.
const CARRIER_FFT: usize = 4096;
const CARRIER_REACH: i64 = 800;

/// Energies of the third-octave bands of a spectrum whose bins are `bin_hz` apart.
pub type Thirds = [f32; THIRDS];

/// The loudness of an excerpt in dB relative to full scale; [`SILENCE_DB`] for silence.
pub fn loudness_db(excerpt: &[f32]) -> f32 {
    let weighted = k_weighted(excerpt);
    let hop = LOUDNESS_WINDOW / 4;
    let block = |start: usize| {
        let end = (start + LOUDNESS_WINDOW).min(weighted.len());
        weighted[start..end].iter().map(|s| f64::from(s * s)).sum::<f64>() / LOUDNESS_WINDOW as f64
    };
    let loudest = (0..weighted.len()).step_by(hop.max(1)).map(block).fold(0.0, f64::max);
    if loudest < 1e-12 { SILENCE_DB } else { ((10.0 * loudest.log10() - 0.691) as f32).max(SILENCE_DB) }
}

/// The two filters of BS.1770 at [`RATE_HZ`], as analogue prototypes brought over by the bilinear transform.
fn k_weighted(excerpt: &[f32]) -> Vec<f32> {
    let shelf = biquad_shelf(1_681.974_5, 3.999_843_9, 0.707_175_24);
    let pass = biquad_high_pass(38.135_47, 0.500_327_04);
    let mut out = excerpt.to_vec();
    for [b0, b1, b2, a1, a2] in [shelf, pass] {
        let (mut x1, mut x2, mut y1, mut y2) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        for sample in &mut out {
            let x = f64::from(*sample);
            let y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            *sample = y as f32;
        }
    }
    out
}

fn biquad_shelf(hz: f64, gain_db: f64, q: f64) -> [f64; 5] {
    let k = (std::f64::consts::PI * hz / f64::from(RATE_HZ)).tan();
    let high = 10f64.powf(gain_db / 20.0);
    let band = high.powf(0.499_666_77);
    let a0 = 1.0 + k / q + k * k;
    [
        (high + band * k / q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / q + k * k) / a0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / q + k * k) / a0,
    ]
}

fn biquad_high_pass(hz: f64, q: f64) -> [f64; 5] {
    let k = (std::f64::consts::PI * hz / f64::from(RATE_HZ)).tan();
    let a0 = 1.0 + k / q + k * k;
    [1.0, -2.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]
}

/// The third-octave energies of a spectrum; bin `i` lies at `i * bin_hz`.
pub fn thirds(spectrum: &[Complex32], bin_hz: f32) -> Thirds {
    let mut energies = [0.0; THIRDS];
    for (bin, value) in spectrum.iter().enumerate().skip(1) {
        let third = 3.0 * (bin as f32 * bin_hz / THIRDS_LOW_HZ).log2() + 0.5;
        if third >= 0.0 && (third as usize) < THIRDS {
            energies[third as usize] += value.norm_sqr();
        }
    }
    energies
}

/// Brightness 0..1 of third-octave energies; 0 for silence.
pub fn brightness_of(energies: &Thirds) -> f32 {
    let loudest = energies.iter().copied().fold(0.0, f32::max);
    if loudest <= 0.0 {
        return 0.0;
    }
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (third, energy) in energies.iter().enumerate() {
        let amplitude = (energy / loudest).sqrt();
        sum += amplitude;
        weighted += amplitude * third as f32 / 3.0;
    }
    let octaves_above_dark = weighted / sum + (THIRDS_LOW_HZ / DARK_HZ).log2();
    (octaves_above_dark / (BRIGHT_HZ / DARK_HZ).log2()).clamp(0.0, 1.0)
}

/// Brightness 0..1 of an excerpt.
pub fn brightness(excerpt: &[f32], planner: &mut RealFftPlanner<f32>) -> f32 {
    brightness_of(&thirds(&spectrum(excerpt, FRAMES, planner), RATE_HZ as f32 / FRAMES as f32))
}

/// Roughness 0..1 of an excerpt's first second and a half, the attack left out.
pub fn roughness(excerpt: &[f32], planner: &mut RealFftPlanner<f32>) -> f32 {
    let mut heard = excerpt[..FLUTTER_FFT.min(excerpt.len())].to_vec();
    fade(&mut heard);
    let spectrum = spectrum(&heard, FLUTTER_FFT, planner);
    let bin_hz = RATE_HZ as f32 / FLUTTER_FFT as f32;
    let below = &spectrum[..(FLUTTER_LOW_HZ / bin_hz) as usize];
    let mut sum = below.iter().map(|value| value.norm_sqr()).sum::<f32>().sqrt();
    let mut weighted = 0.0;
    for band in 0..FLUTTER_BANDS {
        let (flutter, energy) = band_flutter(&spectrum, band, bin_hz, planner);
        sum += energy.sqrt();
        weighted += energy.sqrt() * flutter;
    }
    if sum <= 0.0 { 0.0 } else { (weighted / sum / FULL_FLUTTER).clamp(0.0, 1.0) }
}

/// Silences the attack and eases in and out, since an edge is no flutter.
fn fade(heard: &mut [f32]) {
    let ramp = (RATE_HZ / 20) as usize;
    let attack = heard.len().min((RATE_HZ / 50) as usize);
    heard[..attack].fill(0.0);
    let eased = |i: usize| 0.5 - 0.5 * (std::f32::consts::PI * i as f32 / ramp as f32).cos();
    heard[attack..].iter_mut().take(ramp).enumerate().for_each(|(i, s)| *s *= eased(i));
    heard.iter_mut().rev().take(ramp).enumerate().for_each(|(i, s)| *s *= eased(i));
}

/// How deeply one auditory band's power moves between 20 and 200 Hz against its slower course, and its energy.
fn band_flutter(
    spectrum: &[Complex32],
    band: usize,
    bin_hz: f32,
    planner: &mut RealFftPlanner<f32>,
) -> (f32, f32) {
    let erb_rate = |hz: f32| 21.4 * (1.0 + 0.004_37 * hz).log10();
    let centre_of = |rate: f32| (10f32.powf(rate / 21.4) - 1.0) / 0.004_37;
    let (low, high) = (erb_rate(FLUTTER_LOW_HZ), erb_rate(8_000.0));
    let centre_hz = centre_of(low + (high - low) * band as f32 / (FLUTTER_BANDS - 1) as f32);
    let width_hz = (24.7 * (0.004_37 * centre_hz + 1.0)).clamp(60.0, 270.0);
    let centre = (centre_hz / bin_hz).round() as i64;
    let mut moved = vec![Complex32::default(); CARRIER_FFT / 2 + 1];
    let mut energy = 0.0;
    for offset in -CARRIER_REACH..=CARRIER_REACH {
        let bin = centre + offset;
        if bin < 1 || bin as usize >= spectrum.len() {
            continue;
        }
        let from_centre = offset as f32 * bin_hz / width_hz;
        let value = spectrum[bin as usize] * (-std::f32::consts::PI * from_centre * from_centre / 2.0).exp();
        energy += value.norm_sqr();
        moved[(CARRIER_FFT as i64 / 4 + offset) as usize] = value;
    }
    (if energy > 0.0 { flutter(&mut moved, bin_hz, planner) } else { 0.0 }, energy)
}

/// The share of a band's power that moves between 20 and 200 Hz. The band is moved to a low carrier; squared, its
/// slow part is its power over time.
fn flutter(moved: &mut [Complex32], bin_hz: f32, planner: &mut RealFftPlanner<f32>) -> f32 {
    let inverse = planner.plan_fft_inverse(CARRIER_FFT);
    let mut power = inverse.make_output_vec();
    // PANIC: the buffers have the plan's lengths, and the ends of the spectrum are zero.
    inverse.process(moved, &mut power).expect("buffers of the plan");
    power.iter_mut().for_each(|s| *s *= *s);
    let forward = planner.plan_fft_forward(CARRIER_FFT);
    let mut moves = forward.make_output_vec();
    // PANIC: as above.
    forward.process(&mut power, &mut moves).expect("buffers of the plan");
    let (mut slow, mut fluttering) = (moves[0].norm_sqr() / 2.0, 0.0);
    for (bin, value) in moves.iter().enumerate().skip(1) {
        match bin as f32 * bin_hz {
            hz if hz < FLUTTER_HZ[0] => slow += value.norm_sqr(),
            hz if hz <= FLUTTER_HZ[1] => fluttering += value.norm_sqr(),
            _ => break,
        }
    }
    (fluttering / slow.max(1e-30)).sqrt()
}

fn spectrum(mono: &[f32], len: usize, planner: &mut RealFftPlanner<f32>) -> Vec<Complex32> {
    let fft = planner.plan_fft_forward(len);
    let mut padded = fft.make_input_vec();
    let used = mono.len().min(len);
    padded[..used].copy_from_slice(&mono[..used]);
    let mut spectrum = fft.make_output_vec();
    // PANIC: the buffers come from the plan itself, so their lengths fit.
    fft.process(&mut padded, &mut spectrum).expect("buffers of the plan");
    spectrum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(partials: &[(f32, f32)]) -> Vec<f32> {
        let at = |i: usize, hz: f32| {
            (std::f64::consts::TAU * f64::from(hz) * i as f64 / f64::from(RATE_HZ)).sin() as f32
        };
        (0..FRAMES).map(|i| partials.iter().map(|&(hz, level)| level * at(i, hz)).sum()).collect()
    }

    fn noise() -> Vec<f32> {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..FRAMES).map(|_| next() + next() + next()).collect()
    }

    #[test]
    fn loudness_is_that_of_bs_1770() {
        for (level, expected_db) in [(1.0, -3.01), (0.1, -23.01), (0.0, SILENCE_DB)] {
            let measured_db = loudness_db(&tone(&[(997.0, level)]));
            assert!((measured_db - expected_db).abs() < 0.15, "{level}: {measured_db}");
        }
    }

    #[test]
    fn brightness_follows_the_centroid_and_not_the_level() {
        let mut planner = RealFftPlanner::new();
        for (hz, expected) in [(100.0, 0.0), (150.0, 0.0), (800.0, 0.48), (4_800.0, 1.0), (9_000.0, 1.0)] {
            for level in [0.001, 1.0] {
                let measured = brightness(&tone(&[(hz, level)]), &mut planner);
                assert!((measured - expected).abs() < 0.04, "{hz} Hz at {level}: {measured}");
            }
        }
        assert_eq!(brightness(&[0.0; FRAMES], &mut planner), 0.0);
    }

    #[test]
    fn beating_and_noise_are_rougher_than_a_steady_tone() {
        let mut planner = RealFftPlanner::new();
        let mut measure = |sound: &[f32]| roughness(sound, &mut planner);
        let steady = measure(&tone(&[(440.0, 0.5), (880.0, 0.3), (1320.0, 0.2)]));
        let beating = measure(&tone(&[(440.0, 0.5), (480.0, 0.5)]));
        let rushing = measure(&noise());
        assert!(steady < 0.15, "{steady}");
        assert!(beating > steady + 0.3, "{beating}");
        assert!(rushing > 0.6, "{rushing}");
        assert_eq!(measure(&[0.0; FRAMES]), 0.0);
    }
}
