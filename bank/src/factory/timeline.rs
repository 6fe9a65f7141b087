//! When a factory sound happens: its length, its loop, and the grid of frequencies that close on the loop.
//!
//! Everything that lasts in a looped sound (partials, vibrato, drift, noise) repeats exactly once a lap, so that
//! the loop has no seam to hide.

use super::noise::Rng;
use super::oscillator::sine;

/// Frames per second of every factory sound.
pub const RATE_HZ: u32 = 48_000;

/// Frames between two control points.
pub const BLOCK: usize = 64;

/// Seconds between two control points.
pub const BLOCK_SECS: f64 = BLOCK as f64 / RATE_HZ as f64;

/// The stretch that repeats, in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lap {
    pub start: usize,
    pub blocks: usize,
}

/// Length, loop and pitch of one sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The pitch, moved by less than a tenth of a cent where the loop asks for it.
    pub pitch_hz: f64,
    /// Total length in blocks.
    pub blocks: usize,
    /// The stretch that repeats, up to the end of the sound.
    pub lap: Option<Lap>,
}

impl Timeline {
    /// A sound that dies away.
    pub fn decaying(pitch_hz: f64, secs: f64) -> Timeline {
        Timeline { pitch_hz, blocks: (secs / BLOCK_SECS) as usize + 1, lap: None }
    }

    /// A sound that settles within `lead_secs` and then repeats a lap of about `lap_secs`, chosen within a tenth
    /// so that a whole number of periods fills it.
    pub fn looped(pitch_hz: f64, lead_secs: f64, lap_secs: f64) -> Timeline {
        let wanted = lap_secs / BLOCK_SECS;
        let range = (0.9 * wanted) as usize..(1.1 * wanted) as usize + 1;
        let (mut best, mut best_error) = (range.start, f64::MAX);
        for blocks in range {
            let periods = pitch_hz * blocks as f64 * BLOCK_SECS;
            let error = (periods - libm::round(periods)).abs() / periods;
            if error < best_error {
                (best, best_error) = (blocks, error);
            }
        }
        let lap_secs = best as f64 * BLOCK_SECS;
        let start = (lead_secs / BLOCK_SECS) as usize;
        Timeline {
            pitch_hz: libm::round(pitch_hz * lap_secs) / lap_secs,
            blocks: start + best,
            lap: Some(Lap { start, blocks: best }),
        }
    }

    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.blocks * BLOCK
    }

    /// The nearest frequency that closes on the loop; any one where there is none.
    pub fn snap_hz(&self, hz: f64) -> f64 {
        match self.lap {
            Some(lap) => {
                let lap_secs = lap.blocks as f64 * BLOCK_SECS;
                libm::round(hz * lap_secs) / lap_secs
            }
            None => hz,
        }
    }

    /// Like [`Timeline::snap_hz`], but never 0: for what must move.
    pub fn snap_motion_hz(&self, hz: f64) -> f64 {
        match self.lap {
            Some(lap) => self.snap_hz(hz).max(1.0 / (lap.blocks as f64 * BLOCK_SECS)),
            None => hz,
        }
    }

    /// The running phase, in turns, at every block edge (`blocks + 1` of them) of a pitch that deviates from
    /// `hz` by `cents(secs)`.
    pub fn turns(&self, hz: f64, mut cents: impl FnMut(f64) -> f64) -> Vec<f64> {
        const PER_CENT: f64 = core::f64::consts::LN_2 / 1200.0;
        let step = hz * BLOCK_SECS;
        let mut turns = Vec::with_capacity(self.blocks + 1);
        let mut at = 0.0;
        for block in 0..=self.blocks {
            turns.push(at);
            let middle_secs = (block as f64 + 0.5) * BLOCK_SECS;
            at += step * (1.0 + cents(middle_secs) * PER_CENT);
        }
        turns
    }
}

/// A slow irregular motion within ±1 that closes on the loop: vibrato that is not a machine's, drift, bow pressure.
#[derive(Debug, Clone)]
pub struct Wander {
    waves: [(f64, f64, f32); 3],
}

impl Wander {
    /// A motion of about this rate.
    pub fn new(timeline: &Timeline, rng: &mut Rng, rate_hz: f64) -> Wander {
        let mut wave = |times: f64, share: f32| {
            let hz = timeline.snap_motion_hz(rate_hz * times * f64::from(rng.between(0.85, 1.15)));
            (hz, f64::from(rng.unit()), share)
        };
        Wander { waves: [wave(0.6, 0.4), wave(1.0, 0.36), wave(1.7, 0.24)] }
    }

    /// A vibrato: nearly regular, its depth breathing a little.
    pub fn vibrato(timeline: &Timeline, rng: &mut Rng, rate_hz: f64) -> Wander {
        let hz = timeline.snap_motion_hz(rate_hz);
        let side_hz = timeline.snap_motion_hz(0.9);
        let phase = f64::from(rng.unit());
        let beside = f64::from(rng.unit());
        Wander {
            waves: [(hz, phase, 0.8), (hz + side_hz, beside, 0.12), ((hz - side_hz).abs(), beside, 0.08)],
        }
    }

    /// The value at a time.
    pub fn at(&self, secs: f64) -> f32 {
        self.waves.iter().map(|&(hz, phase, share)| share * sine(hz * secs + phase)).sum()
    }
}
