//! Skins, wood, metal and noise.

use neume_models::Family;

use super::envelope::{burst, fall};
use super::filter;
use super::modal::{self, Mode};
use super::noise;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Timpani, soft sticks", Family::Percussion, &[38, 43, 48, 53], timpani)];

/// A kettle keeps the modes near 1 : 1.5 : 2 : 2.5; the ones that do not belong die at once.
fn timpani(note: &Note) -> Track {
    let timeline = note.decaying(3.2);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let modes = [
        Mode::new(hz, 1.0, 3.4).at(-0.1).beating(0.7, 0.2),
        Mode::new(hz * 1.504, 0.7, 2.6).at(0.2).beating(1.1, 0.2),
        Mode::new(hz * 1.98, 0.4, 1.9).at(-0.3),
        Mode::new(hz * 2.44, 0.25, 1.5).at(0.3),
        Mode::new(hz * 2.9, 0.15, 1.1).at(-0.2),
        Mode::new(hz * 0.83, 0.5, 0.4),
        Mode::new(hz * 1.73, 0.35, 0.3).at(0.1),
        Mode::new(hz * 3.6, 0.1, 0.5).at(0.4),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.006);
    let mut skin = noise::white(&timeline, &mut rng);
    super::track::shape(&mut skin, |secs| burst(secs, 0.004, 0.03) + 0.1 * fall(secs, 0.15));
    filter::low_pass(&mut skin, 0.7, |secs| 300.0 + 900.0 * fall(secs, 0.03));
    track.add(&skin, 0.6, 0.0);
    track
}
