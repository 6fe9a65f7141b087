//! Bowed strings, and the same strings under a finger.

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
    &[Recipe::new("Cello, singing", Family::String, &[36, 43, 50, 57, 64, 71], cello).looped()];

/// The saw of a bow on a string, through the resonances of the body; vibrato sweeps the harmonics over them.
fn cello(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.1);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.3);
    let drift = Wander::new(&timeline, &mut rng, 1.4);
    let bow = Wander::new(&timeline, &mut rng, 3.1);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let late = step(secs as f32, 0.25, 0.75);
        f64::from(late * 15.0 * vibrato.at(secs) + 3.0 * drift.at(secs))
    });
    let body = Curve::formants(
        &[
            (105.0, 30.0, 2.0),
            (185.0, 40.0, 4.0),
            (230.0, 60.0, 2.0),
            (430.0, 120.0, 0.0),
            (640.0, 200.0, -3.0),
            (1150.0, 400.0, -5.0),
            (2200.0, 1200.0, -7.0),
        ],
        0.12,
    );
    let tone = Tone { turns: &turns, count: 56, shimmer: 0.2, shimmer_hz: 3.7, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let pull = rise(secs, 0.06) * (1.0 + 0.1 * bow.at(f64::from(secs)));
        let sway = if k < 24 {
            1.0 + 0.016 * step(secs, 0.25, 0.75) * vibrato.at(f64::from(secs)) * k as f32
        } else {
            1.0
        };
        let grow = rise(secs, 0.015 + 0.003 * k as f32);
        pull * grow * sway * body.at(hz) / k as f32 / (1.0 + (hz / 4200.0) * (hz / 4200.0))
    });
    let mut rosin = noise::white(&timeline, &mut rng);
    filter::band_pass(&mut rosin, 0.9, |_| 1900.0);
    filter::body(&mut rosin, &[(430.0, 3.0, 6.0)]);
    super::track::shape(&mut rosin, |secs| {
        0.025 * rise(secs, 0.03) * (1.0 + 0.4 * bow.at(f64::from(secs))) + 0.06 * burst(secs, 0.02, 0.05)
    });
    track.add(&rosin, 1.0, 0.1);
    track
}
