//! Two channels of samples while they are being made.

use super::timeline::{Lap, Timeline};

/// Left and right, of equal length.
#[derive(Debug, Clone)]
pub struct Track {
    pub left: Vec<f32>,
    pub right: Vec<f32>,
    /// The stretch that repeats.
    pub lap: Option<Lap>,
}

impl Track {
    /// Silence over a timeline.
    pub fn silent(timeline: &Timeline) -> Track {
        let silence = vec![0.0; timeline.frames()];
        Track { left: silence.clone(), right: silence, lap: timeline.lap }
    }

    /// The same samples on both sides.
    pub fn mono(timeline: &Timeline, samples: Vec<f32>) -> Track {
        Track { left: samples.clone(), right: samples, lap: timeline.lap }
    }

    /// Adds samples at a place between left (-1) and right (1), at equal power.
    pub fn add(&mut self, samples: &[f32], gain: f32, pan: f32) {
        let (left, right) = pan_gains(pan);
        for (i, &sample) in samples.iter().enumerate().take(self.left.len()) {
            self.left[i] += sample * gain * left;
            self.right[i] += sample * gain * right;
        }
    }

    /// Multiplies both sides by a gain that changes in a line between block edges.
    pub fn shape(&mut self, gain: impl Fn(f32) -> f32) {
        super::track::shape(&mut self.left, &gain);
        super::track::shape(&mut self.right, &gain);
    }

    /// Treats each side by itself.
    pub fn each(&mut self, mut treat: impl FnMut(&mut [f32])) {
        treat(&mut self.left);
        treat(&mut self.right);
    }
}

/// Gains of left and right for a place between them, at equal power.
pub fn pan_gains(pan: f32) -> (f32, f32) {
    let quarter = f64::from((pan + 1.0) * 0.125);
    (super::oscillator::sine(quarter + 0.25), super::oscillator::sine(quarter))
}

/// Multiplies samples by a gain, given by the time in seconds, that changes in a line between block edges.
pub fn shape(samples: &mut [f32], gain: impl Fn(f32) -> f32) {
    use super::timeline::{BLOCK, BLOCK_SECS};
    let mut from = gain(0.0);
    for (block, frames) in samples.chunks_mut(BLOCK).enumerate() {
        let to = gain((block + 1) as f32 * BLOCK_SECS as f32);
        let rise = (to - from) / BLOCK as f32;
        for frame in frames {
            *frame *= from;
            from += rise;
        }
        from = to;
    }
}
