//! Bars, tines, bells and bowls that are struck.

use neume_models::Family;

use super::envelope::burst;
use super::filter;
use super::modal::{self, Mode};
use super::noise;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Marimba, rosewood", Family::Mallet, &[36, 45, 54, 63, 72, 81], marimba)];

/// A bar tuned 1 : 4 : 10 over a resonator, with a yarn mallet.
fn marimba(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((2.0 - 0.5 * note.octave()).clamp(0.8, 3.2)));
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 2.0 * libm::exp2f(-0.75 * note.octave());
    let modes = [
        Mode::new(hz, 1.0, ring).beating(1.1, 0.08),
        Mode::new(hz * 3.97, 0.32, 0.32 * ring).at(0.15),
        Mode::new(hz * 9.4, 0.16, 0.1 * ring).at(-0.2),
        Mode::new(hz * 16.2, 0.06, 0.05 * ring).at(0.3),
        Mode::new(hz * 2.01, 0.02, 0.5 * ring),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0025);
    let mut knock = noise::white(&timeline, &mut rng);
    super::track::shape(&mut knock, |secs| burst(secs, 0.001, 0.006));
    filter::band_pass(&mut knock, 1.2, |_| 750.0 + 0.6 * hz);
    track.add(&knock, 0.5, 0.0);
    track
}
