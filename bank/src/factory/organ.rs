//! Pipes, tonewheels and free reeds under a bellows.

use neume_models::Family;

use super::additive::{self, Edge};
use super::envelope::{burst, fall, rise};
use super::filter;
use super::noise;
use super::oscillator::sine;
use super::timeline::BLOCK_SECS;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Tonewheel organ, rotary", Family::Organ, &[36, 46, 56, 66, 76, 86], tonewheel).looped()];

/// Nine drawbars, a key click, and a horn that turns: pitch, level and side go round together.
fn tonewheel(note: &Note) -> Track {
    const BARS: [(f64, f32); 9] = [
        (0.5, 0.8),
        (1.5, 0.55),
        (1.0, 1.0),
        (2.0, 0.62),
        (3.0, 0.35),
        (4.0, 0.3),
        (5.0, 0.12),
        (6.0, 0.14),
        (8.0, 0.25),
    ];
    let timeline = note.looped(0.5, 2.0);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    // An even number of half turns, so that the sub-octave bar closes on the loop too.
    let spin_hz = timeline.snap_motion_hz(6.6);
    let bars = BARS.map(|(ratio, gain)| {
        (timeline.snap_hz(timeline.pitch_hz * ratio * (1.0 + 0.0004 * f64::from(rng.bipolar()))), gain)
    });
    let phases = BARS.map(|_| f64::from(rng.unit()));
    additive::add(&mut track, &timeline, BARS.len(), |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        for (i, &(hz, gain)) in bars.iter().enumerate() {
            let angle = spin_hz * secs + 0.02 * i as f64;
            let doppler = 0.000_25 * f64::from(sine(angle));
            edge.turns[i] = hz * (secs + doppler * 0.6) + phases[i];
            let key = rise(secs as f32, 0.003);
            let percussion = if i == 4 { 1.0 + 2.0 * fall(secs as f32, 0.12) } else { 1.0 };
            let throw = if hz > 700.0 { 0.32 } else { 0.14 };
            let level = gain * key * percussion;
            edge.left[i] = level * (1.0 + throw * sine(angle + 0.1));
            edge.right[i] = level * (1.0 + throw * sine(angle + 0.55));
        }
    });
    let mut click = noise::white(&timeline, &mut rng);
    super::track::shape(&mut click, |secs| burst(secs, 0.0005, 0.004));
    filter::band_pass(&mut click, 0.8, |_| 2400.0);
    track.add(&click, 0.5, 0.0);
    track.each(|side| side.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 0.35)));
    track
}
