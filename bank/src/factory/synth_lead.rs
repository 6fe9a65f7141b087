//! Leads that never pretended to be wood or brass.

use neume_models::Family;

use super::envelope::{fall, rise};
use super::filter;
use super::oscillator::Wave;
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Seven saws, wide", Family::SynthLead, &[36, 45, 54, 63, 72, 81], seven_saws).looped()];

/// Seven detuned saws spread over the width, under a filter that breathes.
fn seven_saws(note: &Note) -> Track {
    let timeline = note.looped(0.6, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::saw(timeline.pitch_hz);
    for (voice, cents) in [-19.0f64, -11.5, -5.0, 0.0, 5.6, 12.0, 18.0].into_iter().enumerate() {
        let hz = timeline.snap_hz(timeline.pitch_hz * libm::exp2(cents / 1200.0));
        let start = f64::from(rng.unit());
        let mut turns = timeline.turns(hz, |_| 0.0);
        turns.iter_mut().for_each(|turn| *turn += start);
        let mut saw = vec![0.0; timeline.frames()];
        wave.add(&mut saw, &turns, |_| 1.0);
        track.add(&saw, 0.3, (voice as f32 - 3.0) / 3.4);
    }
    let sway = Wander::new(&timeline, &mut rng, 0.7);
    let low = timeline.pitch_hz as f32;
    let cutoff = |secs: f32| {
        let open = 5200.0 + 3800.0 * fall(secs, 0.18) + 900.0 * sway.at(f64::from(secs));
        (low * 3.0 + open).min(16_000.0)
    };
    track.each(|side| filter::low_pass(side, 0.8, cutoff));
    track.shape(|secs| rise(secs, 0.004));
    track
}
