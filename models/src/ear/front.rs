//! What the ear sees: the log-mel that it was taught with, at 32 kHz.

use std::sync::Arc;

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::excerpt::{FRAMES, RATE_HZ, respectrum_by};

/// Mel bands of the picture: its rows.
pub(crate) const BANDS: usize = 128;
/// Moments of the picture: its columns.
pub(crate) const MOMENTS: usize = (HEARD - 1) / HOP + 1;

const EAR_HZ: f32 = 32_000.0;
const HIGHEST_HZ: f32 = 15_000.0;
const WINDOW: usize = 800;
const TRANSFORM: usize = 1024;
const HOP: usize = 320;
/// The level at which every excerpt is heard: its peak, linear.
const PEAK: f32 = 0.5;
/// How much of each sample is taken off the next one.
const PRE_EMPHASIS: f32 = 0.97;

/// Lengths of one transform at both rates, which are as 441 to 640.
const LENGTHS: [usize; 2] = [441 * 104, 640 * 104];
/// Frames of an excerpt at the ear's rate.
const HEARD: usize = FRAMES * 640 / 441;
const _: () = assert!(LENGTHS[0] >= FRAMES && LENGTHS[1] >= HEARD && RATE_HZ * 640 == 441 * EAR_HZ as u32);

/// Tables and transforms, made once.
pub(crate) struct Front {
    window: Vec<f32>,
    /// From the rate of an excerpt to the ear's.
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    fft: Arc<dyn RealToComplex<f32>>,
    /// For each band its first bin and its weights.
    bank: Vec<(usize, Vec<f32>)>,
}

impl Front {
    pub fn new() -> Front {
        let hann = |i: usize| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / (WINDOW - 1) as f32).cos();
        let mut planner = RealFftPlanner::new();
        Front {
            window: (0..WINDOW).map(hann).collect(),
            forward: planner.plan_fft_forward(LENGTHS[0]),
            inverse: planner.plan_fft_inverse(LENGTHS[1]),
            fft: planner.plan_fft_forward(TRANSFORM),
            bank: bank(),
        }
    }

    /// [`BANDS`] x [`MOMENTS`] numbers, band by band from the lowest.
    pub fn log_mel(&self, excerpt: &[f32]) -> Vec<f32> {
        let heard = respectrum_by(&*self.forward, &*self.inverse, excerpt, |_| {});
        let peak = heard[..HEARD].iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let gain = if peak > 0.0 { PEAK / peak } else { 0.0 };
        let sharp: Vec<f32> =
            heard[..HEARD].windows(2).map(|pair| gain * (pair[1] - PRE_EMPHASIS * pair[0])).collect();
        let mut picture = vec![0.0; BANDS * MOMENTS];
        let mut windowed = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = vec![0.0; spectrum.len()];
        for moment in 0..MOMENTS {
            windowed.fill(0.0);
            // The window stands in the middle of the transform, and both ends of the sound are mirrored.
            let first = (moment * HOP) as isize - (WINDOW / 2) as isize;
            let middle = (TRANSFORM - WINDOW) / 2;
            for (i, (into, weight)) in windowed[middle..].iter_mut().zip(&self.window).enumerate() {
                *into = weight * sharp[mirrored(first + i as isize, sharp.len())];
            }
            // PANIC: the buffers come from the plan itself, so their lengths fit.
            self.fft
                .process_with_scratch(&mut windowed, &mut spectrum, &mut scratch)
                .expect("buffers of the plan");
            power.iter_mut().zip(&spectrum).for_each(|(p, c)| *p = c.norm_sqr());
            for (band, (first, weights)) in self.bank.iter().enumerate() {
                let energy: f32 = weights.iter().zip(&power[*first..]).map(|(w, p)| w * p).sum();
                picture[band * MOMENTS + moment] = ((energy + 1e-5).ln() + 4.5) / 5.0;
            }
        }
        picture
    }
}

/// A place in a sound that is mirrored at both ends.
fn mirrored(place: isize, len: usize) -> usize {
    let place = place.unsigned_abs();
    if place < len { place } else { 2 * (len - 1) - place }
}

/// Triangles in mel, evenly spaced from nothing to [`HIGHEST_HZ`].
fn bank() -> Vec<(usize, Vec<f32>)> {
    let mel = |hz: f32| 1127.0 * (1.0 + hz / 700.0).ln();
    let step = mel(HIGHEST_HZ) / (BANDS + 1) as f32;
    let of_bin = |bin: usize| mel(bin as f32 * EAR_HZ / TRANSFORM as f32);
    (0..BANDS)
        .map(|band| {
            let [low, centre, high] = [0, 1, 2].map(|edge| (band + edge) as f32 * step);
            let weight = |bin: usize| {
                let at = of_bin(bin);
                ((at - low) / (centre - low)).min((high - at) / (high - centre)).max(0.0)
            };
            let bins = (0..TRANSFORM / 2).filter(|&bin| (low..high).contains(&of_bin(bin)));
            let bins: Vec<usize> = bins.collect();
            (bins.first().copied().unwrap_or(0), bins.into_iter().map(weight).collect())
        })
        .collect()
}
