//! Filters: a state-variable one whose cutoff may move, a one-pole one, and a soft clipper.

use super::timeline::{BLOCK, BLOCK_SECS, RATE_HZ};

/// A state-variable filter in the trapezoidal form (Zavalishin, The Art of VA Filter Design, chapter 4).
#[derive(Debug, Clone, Default)]
pub struct Svf {
    g: f32,
    damping: f32,
    scale: f32,
    band: f32,
    low: f32,
}

/// The three outputs of a step.
#[derive(Debug, Clone, Copy)]
pub struct Outputs {
    pub low: f32,
    pub band: f32,
    pub high: f32,
}

impl Svf {
    /// A filter with this cutoff and resonance (`q` 0.5 and up).
    pub fn new(cutoff_hz: f32, q: f32) -> Svf {
        let mut filter = Svf::default();
        filter.tune(cutoff_hz, q);
        filter
    }

    /// Moves the cutoff; the state stays.
    pub fn tune(&mut self, cutoff_hz: f32, q: f32) {
        let turn = cutoff_hz.clamp(10.0, 0.45 * RATE_HZ as f32) / RATE_HZ as f32;
        self.g = libm::tanf(core::f32::consts::PI * turn);
        self.damping = 1.0 / q;
        self.scale = 1.0 / (1.0 + self.g * (self.g + self.damping));
    }

    /// One sample. The band output has unit gain at the cutoff.
    #[inline]
    pub fn step(&mut self, input: f32) -> Outputs {
        let high = (input - (self.damping + self.g) * self.band - self.low) * self.scale;
        let band = self.g * high + self.band;
        let low = self.g * band + self.low;
        self.band = self.g * high + band;
        self.low = self.g * band + low;
        Outputs { low, band: band * self.damping, high }
    }
}

/// Keeps what lies under a cutoff that moves from block to block (given by the time in seconds).
pub fn low_pass(samples: &mut [f32], q: f32, cutoff_hz: impl Fn(f32) -> f32) {
    sweep(samples, q, cutoff_hz, |out| out.low);
}

/// Keeps what lies around a frequency that moves from block to block, at unit gain there.
pub fn band_pass(samples: &mut [f32], q: f32, centre_hz: impl Fn(f32) -> f32) {
    sweep(samples, q, centre_hz, |out| out.band);
}

/// Keeps what lies over a fixed cutoff.
pub fn high_pass(samples: &mut [f32], q: f32, cutoff_hz: f32) {
    let mut filter = Svf::new(cutoff_hz, q);
    for sample in samples {
        *sample = filter.step(*sample).high;
    }
}

fn sweep(samples: &mut [f32], q: f32, hz: impl Fn(f32) -> f32, pick: impl Fn(Outputs) -> f32) {
    let mut filter = Svf::default();
    let mut last_hz = f32::NAN;
    for (block, frames) in samples.chunks_mut(BLOCK).enumerate() {
        let now_hz = hz(block as f32 * BLOCK_SECS as f32);
        if now_hz != last_hz {
            filter.tune(now_hz, q);
            last_hz = now_hz;
        }
        for sample in frames {
            *sample = pick(filter.step(*sample));
        }
    }
}

/// Lifts (or cuts, with a negative `db`) what lies around fixed frequencies: the body of an instrument.
/// Each resonance is a frequency in Hz, its Q, and its gain in dB.
pub fn body(samples: &mut [f32], resonances: &[(f32, f32, f32)]) {
    for &(hz, q, db) in resonances {
        let mut filter = Svf::new(hz, q);
        let extra = super::envelope::gain(db) - 1.0;
        for sample in samples.iter_mut() {
            *sample += extra * filter.step(*sample).band;
        }
    }
}

/// Bends a signal softly into ±1: linear when small, flat beyond ±3 (a rational tanh).
#[inline]
pub fn soft_clip(x: f32) -> f32 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}
