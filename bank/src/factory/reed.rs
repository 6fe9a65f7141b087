//! Clarinets, oboes, bassoons, saxophones and free reeds.

use neume_models::Family;

use super::envelope::{burst, rise, step};
use super::filter;
use super::formant::Curve;
use super::harmonic::{self, Tone};
use super::noise;
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Clarinet, woody", Family::Reed, &[50, 57, 64, 71, 79, 86], clarinet).looped().trim(-1.0)];

/// A closed cylinder: odd harmonics low down, even ones creeping in higher up.
fn clarinet(note: &Note) -> Track {
    let timeline = note.looped(0.7, 1.9);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let drift = Wander::new(&timeline, &mut rng, 1.1);
    let blow = Wander::new(&timeline, &mut rng, 2.2);
    let turns = timeline.turns(timeline.pitch_hz, |secs| f64::from(2.0 * drift.at(secs)));
    let holes =
        Curve::formants(&[(700.0, 1400.0, 0.0), (1500.0, 900.0, -4.0), (3300.0, 1600.0, -12.0)], 0.02);
    let tone = Tone { turns: &turns, count: 40, shimmer: 0.14, shimmer_hz: 2.7, pan: 0.0 };
    let chalumeau = 1.0 - step(note.octave(), -0.2, 1.6);
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let breath = rise(secs, 0.028) * (1.0 + 0.08 * blow.at(f64::from(secs)) * rise(secs, 0.4));
        let even = if k % 2 == 0 { (0.03 + 0.5 * (1.0 - chalumeau)) + (hz / 9000.0).min(0.5) } else { 1.0 };
        let grow = rise(secs, 0.02 + 0.004 * k as f32);
        breath * grow * even * holes.at(hz) / (1.0 + 0.22 * (k - 1) as f32)
    });
    let mut air = noise::white(&timeline, &mut rng);
    filter::band_pass(&mut air, 1.0, |_| 2300.0);
    super::track::shape(&mut air, |secs| 0.02 * rise(secs, 0.03) + 0.06 * burst(secs, 0.008, 0.025));
    track.add(&air, 1.0, -0.1);
    track
}
