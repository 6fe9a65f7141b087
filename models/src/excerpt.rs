//! The two seconds of a sound that the network hears: at one rate, from the attack, at any level.
//!
//! Pure computation, deterministic; used by the network's callers, by its training and by its tests.

use std::cell::RefCell;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// The rate at which sounds are heard, in Hz.
pub const RATE_HZ: u32 = 22_050;

/// Frames of an excerpt: a little over two seconds.
pub const FRAMES: usize = 44 * 1024;

/// How much of a file is searched for the attack, in seconds; what comes later is not heard.
pub const SEARCH_SECS: f32 = 20.0;

/// The lowest and the highest rate of a sound, in Hz.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 4_000..=768_000;

/// Samples beyond this, linear, are held here: damaged files must not overflow the spectra.
const LOUDEST: f32 = 1e4;

/// Where the attack begins: this far below the loudest moment.
const ONSET_DB: f32 = -40.0;

/// Length of the moments in which the attack is sought, in seconds.
const MOMENT_SECS: f32 = 0.004;

/// Lends this thread's planner, which remembers the transforms that it made.
pub fn with_planner<T>(then: impl FnOnce(&mut RealFftPlanner<f32>) -> T) -> T {
    thread_local!(static PLANNER: RefCell<RealFftPlanner<f32>> = RefCell::new(RealFftPlanner::new()));
    PLANNER.with_borrow_mut(then)
}

/// Cuts the excerpt out of a mono sound: from its attack, at [`RATE_HZ`], [`FRAMES`] long, padded with silence.
/// Samples that are not finite count as silence. A silent or empty sound gives a silent excerpt.
pub fn excerpt(mono: &[f32], rate_hz: u32, planner: &mut RealFftPlanner<f32>) -> Vec<f32> {
    let searched = &mono[..mono.len().min((SEARCH_SECS * rate_hz as f32) as usize)];
    let onset = onset_frame(searched, rate_hz);
    let wanted = (FRAMES as f64 * f64::from(rate_hz) / f64::from(RATE_HZ)).ceil() as usize;
    let heard = &mono[onset..mono.len().min(onset + wanted)];
    let finite: Vec<f32> =
        heard.iter().map(|&s| if s.is_finite() { s.clamp(-LOUDEST, LOUDEST) } else { 0.0 }).collect();
    let mut cut = if rate_hz == RATE_HZ { finite } else { resample(&finite, rate_hz, planner) };
    cut.resize(FRAMES, 0.0);
    cut
}

/// The first frame of the attack: where the level first comes within `ONSET_DB` of the loudest moment.
pub fn onset_frame(mono: &[f32], rate_hz: u32) -> usize {
    let moment = ((MOMENT_SECS * rate_hz as f32) as usize).max(1);
    let energy =
        |chunk: &[f32]| chunk.iter().filter(|s| s.is_finite()).map(|s| s * s).sum::<f32>() / moment as f32;
    let loudest = mono.chunks(moment).map(energy).fold(0.0, f32::max);
    let threshold = loudest * 10f32.powf(ONSET_DB / 10.0);
    let first =
        mono.chunks(moment).position(|chunk| energy(chunk) >= threshold && loudest > 0.0).unwrap_or(0);
    first.saturating_sub(1) * moment
}

/// Resamples to [`RATE_HZ`] in the frequency domain: band-limited, with no filter to choose. The end is padded,
/// so that the spectrum's wrap-around falls into silence.
pub fn resample(mono: &[f32], rate_hz: u32, planner: &mut RealFftPlanner<f32>) -> Vec<f32> {
    let common = gcd(rate_hz, RATE_HZ);
    let (step_in, step_out) = ((rate_hz / common) as usize, (RATE_HZ / common) as usize);
    // Both lengths stay even, so that their highest bins mean the same.
    let steps = (mono.len() + mono.len() / 64 + 256).div_ceil(step_in).next_multiple_of(8);
    let out = respectrum(mono, steps * step_in, steps * step_out, planner, |_| {});
    let wanted = (mono.len() as u64 * u64::from(RATE_HZ)).div_ceil(u64::from(rate_hz)) as usize;
    out[..wanted.min(out.len())].to_vec()
}

/// Transforms `mono`, padded to `len_in`, lets `edit` change its spectrum, and turns it back with `len_out` frames:
/// at the same rate that sounds higher by `12 log2(len_in / len_out)` semitones.
pub fn respectrum(
    mono: &[f32],
    len_in: usize,
    len_out: usize,
    planner: &mut RealFftPlanner<f32>,
    edit: impl FnOnce(&mut [Complex32]),
) -> Vec<f32> {
    let (forward, inverse) = (planner.plan_fft_forward(len_in), planner.plan_fft_inverse(len_out));
    respectrum_by(&*forward, &*inverse, mono, edit)
}

/// The same by transforms that were planned before.
pub(crate) fn respectrum_by(
    forward: &dyn RealToComplex<f32>,
    inverse: &dyn ComplexToReal<f32>,
    mono: &[f32],
    edit: impl FnOnce(&mut [Complex32]),
) -> Vec<f32> {
    let (len_in, len_out) = (forward.len(), inverse.len());
    let mut padded = forward.make_input_vec();
    let used = mono.len().min(len_in);
    padded[..used].copy_from_slice(&mono[..used]);
    let mut spectrum = forward.make_output_vec();
    // PANIC: the buffers come from the plan itself, so their lengths fit.
    forward.process(&mut padded, &mut spectrum).expect("buffers of the plan");
    edit(&mut spectrum);
    spectrum.resize(len_out / 2 + 1, Complex32::default());
    spectrum[0].im = 0.0;
    spectrum[len_out / 2].im = 0.0;
    let mut out = inverse.make_output_vec();
    // PANIC: as above, and the first and last bins are real.
    inverse.process(&mut spectrum, &mut out).expect("buffers of the plan");
    let scale = 1.0 / len_in as f32;
    out.iter_mut().for_each(|s| *s *= scale);
    out
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate_hz: u32, secs: f64) -> Vec<f32> {
        let frames = (secs * f64::from(rate_hz)) as usize;
        (0..frames)
            .map(|i| (std::f64::consts::TAU * hz * i as f64 / f64::from(rate_hz)).sin() as f32)
            .collect()
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_level_from_every_rate() {
        let mut planner = RealFftPlanner::new();
        let expected = sine(440.0, RATE_HZ, 1.0);
        for rate_hz in [8_000, 11_025, 11_127, 16_000, 22_050, 44_100, 44_101, 48_000, 96_000, 192_000] {
            let heard = resample(&sine(440.0, rate_hz, 1.0), rate_hz, &mut planner);
            let error = heard[2000..20_000].iter().zip(&expected[2000..20_000]).map(|(a, b)| (a - b).abs());
            let worst = error.fold(0.0, f32::max);
            assert!(worst < 5e-3, "{rate_hz} Hz: off by {worst}");
        }
    }

    #[test]
    fn what_lies_above_the_band_does_not_fold_back() {
        let mut planner = RealFftPlanner::new();
        let heard = resample(&sine(15_000.0, 48_000, 1.0), 48_000, &mut planner);
        let peak = heard[2000..20_000].iter().fold(0f32, |peak, s| peak.max(s.abs()));
        assert!(peak < 5e-3, "{peak}");
    }

    #[test]
    fn an_excerpt_begins_at_the_attack() {
        let mut planner = RealFftPlanner::new();
        let mut late = vec![1e-5; 30_000];
        late.extend(sine(300.0, 48_000, 0.5));
        let onset = onset_frame(&late, 48_000);
        assert!((29_500..=30_000).contains(&onset), "{onset}");
        let cut = excerpt(&late, 48_000, &mut planner);
        assert_eq!(cut.len(), FRAMES);
        assert!(cut[..2000].iter().any(|s| s.abs() > 0.9));
    }

    #[test]
    fn silence_and_nonsense_give_a_silent_excerpt() {
        let mut planner = RealFftPlanner::new();
        for mono in [vec![], vec![0.0], vec![f32::NAN; 5000], vec![f32::INFINITY; 10], vec![0.0; 100_000]] {
            let cut = excerpt(&mono, 44_100, &mut planner);
            assert_eq!(cut.len(), FRAMES);
            assert!(cut.iter().all(|&s| s == 0.0), "{} frames", mono.len());
        }
    }
}
