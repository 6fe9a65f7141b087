//! Several players of one wave: each a little beside the others in pitch, time and place.

use super::envelope::{rise, step};
use super::noise::{Grain, Rng};
use super::oscillator::Wave;
use super::timeline::{BLOCK_SECS, Timeline, Wander};
use super::track::Track;

/// Who plays, and how far they agree.
#[derive(Debug, Clone, Copy)]
pub struct Ensemble<'a> {
    /// Each player's distance from the pitch in cents. What it comes to is moved to where the loop closes.
    pub cents: &'a [f32],
    /// How far each wanders in pitch, in cents.
    pub drift_cents: f32,
    pub vibrato_hz: f32,
    pub vibrato_cents: f32,
    /// Time constant of the attack, and how late the last one comes in.
    pub attack_secs: f32,
    pub late_secs: f32,
    /// How far under the pitch they begin, in cents.
    pub scoop_cents: f32,
    /// How much each trembles with breath or bow, 0 to about 0.1.
    pub grain: f32,
    /// How wide they sit, 0..1.
    pub width: f32,
}

impl Ensemble<'_> {
    /// Players on their pitch who start at once and do not move.
    pub fn still(cents: &[f32]) -> Ensemble<'_> {
        Ensemble {
            cents,
            drift_cents: 0.0,
            vibrato_hz: 5.0,
            vibrato_cents: 0.0,
            attack_secs: 0.003,
            late_secs: 0.0,
            scoop_cents: 0.0,
            grain: 0.0,
            width: 1.0,
        }
    }
}

/// Adds all players to the track.
pub fn add(track: &mut Track, timeline: &Timeline, rng: &mut Rng, wave: &Wave, ensemble: &Ensemble) {
    let count = ensemble.cents.len();
    for (player, &cents) in ensemble.cents.iter().enumerate() {
        let hz = timeline.snap_hz(timeline.pitch_hz * libm::exp2(f64::from(cents) / 1200.0));
        let rate_hz = ensemble.vibrato_hz * rng.between(0.92, 1.08);
        let vibrato = Wander::vibrato(timeline, rng, f64::from(rate_hz));
        let drift = Wander::new(timeline, rng, 0.9);
        let swell = Wander::new(timeline, rng, 0.7);
        let depth = ensemble.vibrato_cents * rng.between(0.7, 1.3);
        let late = ensemble.late_secs * rng.unit();
        let start = f64::from(rng.unit());
        let mut turns = timeline.turns(hz, |secs| {
            let sung = step(secs as f32, 0.15, 0.7);
            let scoop = ensemble.scoop_cents * super::envelope::fall(secs as f32 - late, 0.04);
            f64::from(sung * depth * vibrato.at(secs) + ensemble.drift_cents * drift.at(secs) - scoop)
        });
        turns.iter_mut().for_each(|turn| *turn += start);
        let mut part = vec![0.0; timeline.frames()];
        let moved = ensemble.drift_cents > 0.0;
        let grain = Grain::new(timeline, rng);
        wave.add(&mut part, &turns, |block| {
            let secs = block as f64 * BLOCK_SECS;
            let alive = if moved { 1.0 + 0.14 * swell.at(secs) } else { 1.0 };
            rise(secs as f32 - late, ensemble.attack_secs)
                * alive
                * (1.0 + ensemble.grain * grain.at(block, player))
        });
        let place = if count > 1 { 2.0 * player as f32 / (count - 1) as f32 - 1.0 } else { 0.0 };
        // Neighbours in pitch sit on opposite sides.
        let side = if player % 2 == 0 { place } else { -place };
        track.add(&part, 1.0, ensemble.width * 0.85 * side);
    }
}
