//! Low strings and low circuits.

use neume_models::Family;

use super::envelope::burst;
use super::filter;
use super::noise;
use super::string_model::{Pluck, pluck};
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Double bass, plucked", Family::Bass, &[28, 35, 42, 49, 55], double_bass)];

/// A fingertip far from the bridge, gut-like damping, a big box.
fn double_bass(note: &Note) -> Track {
    let timeline = note.decaying(2.6);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 3.2 - 0.5 * (note.octave() + 2.0),
        high_t60_secs: 0.16,
        position: 0.23,
        touch_ms: 1.9,
        grit: 0.1,
        stiffness: 0.0,
    };
    let mut samples = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let mut thud = noise::white(&timeline, &mut rng);
    super::track::shape(&mut thud, |secs| 0.25 * burst(secs, 0.003, 0.02));
    filter::low_pass(&mut thud, 0.8, |_| 420.0);
    for (sample, knock) in samples.iter_mut().zip(&thud) {
        *sample += knock;
    }
    filter::body(
        &mut samples,
        &[(62.0, 4.0, 6.0), (98.0, 5.0, 7.0), (160.0, 5.0, 4.0), (240.0, 4.0, 3.0), (700.0, 2.0, 2.0)],
    );
    Track::mono(&timeline, samples)
}
