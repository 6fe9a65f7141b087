//! A sustained tone of harmonics that never stand still: each has its own level over time and its own slow shimmer
//! between left and right.

use super::additive::{self, Edge};
use super::noise::{Grain, Rng};
use super::timeline::{BLOCK_SECS, Timeline, Wander};
use super::track::Track;

/// Slow motions from which each harmonic mixes its own.
const SWAYS: usize = 7;

/// How a tone of harmonics is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Tone<'a> {
    /// Running phase of the fundamental in turns, at block edges.
    pub turns: &'a [f64],
    /// Harmonics at most; those over 17 kHz are left out.
    pub count: usize,
    /// Depth of the shimmer, 0..1, reached by the higher harmonics.
    pub shimmer: f32,
    /// Rate of the shimmer.
    pub shimmer_hz: f64,
    /// How much each harmonic trembles with breath or bow, about 0.02 to 0.2.
    pub grain: f32,
    /// Where the tone sits between left (-1) and right (1).
    pub pan: f32,
}

/// Adds the tone; `level(secs, k, hz)` is the level of harmonic `k` (from 1), which lies at `hz`.
pub fn add(
    track: &mut Track,
    timeline: &Timeline,
    rng: &mut Rng,
    tone: &Tone,
    mut level: impl FnMut(f32, usize, f32) -> f32,
) {
    let base_hz = timeline.pitch_hz as f32;
    let count = tone.count.min((17_000.0 / base_hz) as usize).max(1);
    let wanders: [Wander; SWAYS] = std::array::from_fn(|_| Wander::new(timeline, rng, tone.shimmer_hz));
    let grain = Grain::new(timeline, rng);
    let phases: Vec<f64> = (0..count).map(|_| f64::from(rng.unit()) * 0.25).collect();
    let (on_left, on_right) = super::track::pan_gains(tone.pan);
    additive::add(track, timeline, count, |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        let turns = tone.turns[edge.block];
        let sways: [f32; SWAYS] = std::array::from_fn(|i| wanders[i].at(secs));
        for k in 1..=count {
            edge.turns[k - 1] = k as f64 * turns + phases[k - 1];
            let tremble = 1.0 + tone.grain * (0.6 + 0.06 * k as f32).min(2.0) * grain.at(edge.block, k);
            let loud = tremble * level(secs as f32, k, k as f32 * base_hz);
            let depth = tone.shimmer * (1.0 - 1.0 / (1.0 + 0.25 * k as f32));
            let sway = depth * (0.7 * sways[k % SWAYS] - 0.5 * sways[(k / SWAYS + 2 * k + 1) % SWAYS]);
            edge.left[k - 1] = loud * on_left * (1.0 + sway);
            edge.right[k - 1] = loud * on_right * (1.0 - 0.7 * sway);
        }
    });
}
