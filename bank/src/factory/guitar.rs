//! Plucked strings on a body or a pickup.

use neume_models::Family;

use super::filter;
use super::string_model::{Pluck, pluck};
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Nylon guitar, warm", Family::Guitar, &[40, 47, 54, 61, 68, 76], nylon).trim(-1.0)];

/// Finger flesh on nylon, a spruce top under it. Two planes of swinging, a little apart in pitch.
fn nylon(note: &Note) -> Track {
    let timeline = note.decaying(3.6 - 0.5 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 4.2 - 0.9 * note.octave(),
        high_t60_secs: 0.42,
        position: 0.19,
        touch_ms: 0.75 - 0.12 * note.octave(),
        grit: 0.12,
        stiffness: 0.0,
    };
    let mut track = Track::silent(&timeline);
    let hz = timeline.pitch_hz;
    let mut up = pluck(&timeline, &mut rng, hz * 1.0002, &string);
    let mut along =
        pluck(&timeline, &mut rng, hz * 0.9997, &Pluck { t60_secs: string.t60_secs * 0.45, ..string });
    let top =
        [(104.0, 6.0, 7.0), (196.0, 8.0, 8.0), (410.0, 7.0, 4.0), (860.0, 4.0, 2.0), (2600.0, 1.5, -4.0)];
    filter::body(&mut up, &top);
    filter::body(&mut along, &[(130.0, 5.0, 6.0), (240.0, 7.0, 6.0), (530.0, 6.0, 4.0)]);
    track.add(&up, 0.8, -0.15);
    track.add(&along, 0.5, 0.3);
    track
}
