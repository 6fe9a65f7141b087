//! Air over an edge.

use neume_models::Family;

use super::envelope::{burst, rise, step};
use super::filter;
use super::harmonic::{self, Tone};
use super::noise;
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Concert flute, singing", Family::Flute, &[60, 67, 74, 81, 88], concert)
        .looped()
        .trim(-1.0)];

/// Vibrato of breath more than of pitch; noise that follows it.
fn concert(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.0);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.1);
    let drift = Wander::new(&timeline, &mut rng, 1.2);
    let late = |secs: f32| step(secs, 0.25, 0.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(
            late(secs as f32) * 9.0 * vibrato.at(secs) + 2.5 * drift.at(secs)
                - 25.0 * super::envelope::fall(secs as f32, 0.03),
        )
    });
    let tone = Tone { turns: &turns, count: 16, shimmer: 0.2, shimmer_hz: 3.0, pan: -0.05 };
    let swell = |secs: f32| 1.0 + 0.28 * late(secs) * vibrato.at(f64::from(secs));
    let bright = libm::exp2f(-0.55 * (note.octave() - 0.5).max(0.0));
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        const SHARES: [f32; 8] = [1.0, 0.62, 0.33, 0.17, 0.1, 0.06, 0.035, 0.02];
        let share = SHARES.get(k - 1).copied().unwrap_or(0.2 / (k * k) as f32);
        let share = if k > 1 { share * bright } else { share };
        let breath = rise(secs, 0.035 + 0.012 * k as f32) * libm::powf(swell(secs), 0.5 + 0.45 * k as f32);
        share * breath / (1.0 + (hz / 7000.0) * (hz / 7000.0))
    });
    let hz = timeline.pitch_hz as f32;
    let mut air = noise::white(&timeline, &mut rng);
    let mut tuned = air.clone();
    filter::band_pass(&mut air, 0.7, |_| 3200.0);
    filter::band_pass(&mut tuned, 14.0, |_| hz);
    let gust = |secs: f32| (rise(secs, 0.03) * 0.5 + 1.5 * burst(secs, 0.015, 0.05)) * swell(secs);
    super::track::shape(&mut air, gust);
    super::track::shape(&mut tuned, gust);
    track.add(&air, 0.05, 0.2);
    track.add(&tuned, 0.22, -0.2);
    track
}
