//! Things that ring: a sum of modes, each with its own frequency, level, decay and slow beating.

use super::additive::{self, Edge};
use super::envelope::{fall, step};
use super::oscillator::sine;
use super::timeline::{BLOCK_SECS, Timeline};
use super::track::{Track, pan_gains};

/// One mode of a ringing body.
#[derive(Debug, Clone, Copy)]
pub struct Mode {
    pub hz: f32,
    pub gain: f32,
    /// Time in which it loses 60 dB.
    pub t60_secs: f32,
    /// Place between left (-1) and right (1).
    pub pan: f32,
    /// Beating with a twin mode: its rate, and its depth 0..1.
    pub beat_hz: f32,
    pub beat_depth: f32,
}

impl Mode {
    /// A mode in the middle that does not beat.
    pub fn new(hz: f32, gain: f32, t60_secs: f32) -> Mode {
        Mode { hz, gain, t60_secs, pan: 0.0, beat_hz: 0.0, beat_depth: 0.0 }
    }

    /// The same mode at another place.
    pub fn at(self, pan: f32) -> Mode {
        Mode { pan, ..self }
    }

    /// The same mode, beating.
    pub fn beating(self, beat_hz: f32, beat_depth: f32) -> Mode {
        Mode { beat_hz, beat_depth, ..self }
    }
}

/// Adds the ringing of `modes`, struck at the start; the stroke takes `stroke_secs` to put its force in.
/// Modes over 19 kHz are left out.
pub fn ring(track: &mut Track, timeline: &Timeline, modes: &[Mode], stroke_secs: f32) {
    let modes: Vec<Mode> = modes.iter().copied().filter(|mode| mode.hz < 19_000.0).collect();
    let falls: Vec<f32> = modes
        .iter()
        .map(|mode| fall(BLOCK_SECS as f32, super::envelope::time_constant_secs(mode.t60_secs)))
        .collect();
    let sides: Vec<(f32, f32)> = modes.iter().map(|mode| pan_gains(mode.pan)).collect();
    let mut levels: Vec<f32> = modes.iter().map(|mode| mode.gain).collect();
    additive::add(track, timeline, modes.len(), |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        let struck = step(secs as f32, 0.0, stroke_secs.max(1e-4));
        for (i, mode) in modes.iter().enumerate() {
            edge.turns[i] = f64::from(mode.hz) * secs;
            let mut level = levels[i] * struck;
            if mode.beat_depth > 0.0 {
                level *= 1.0 - mode.beat_depth * (0.5 - 0.5 * sine(f64::from(mode.beat_hz) * secs + 0.25));
            }
            edge.left[i] = level * sides[i].0;
            edge.right[i] = level * sides[i].1;
            levels[i] *= falls[i];
        }
    });
}
