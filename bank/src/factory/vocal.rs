//! Voices: harmonics of the folds shaped by the mouth.

use neume_models::Family;

use super::envelope::{rise, step};
use super::filter;
use super::formant::{self, Curve};
use super::harmonic::{self, Tone};
use super::noise;
use super::space;
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Choir, ah", Family::Vocal, &[41, 48, 55, 62, 69, 76], choir_ah).looped()];

/// Five singers who agree on the vowel and on little else.
fn choir_ah(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    for singer in 0..5 {
        let size = 1.0 + 0.06 * rng.bipolar() + 0.05 * (note.octave() - 0.2).clamp(-1.0, 1.0);
        let mouth: Vec<(f32, f32, f32)> =
            formant::TENOR_AH.iter().map(|&(hz, width, db)| (hz * size, width * 1.6, db - 2.0)).collect();
        let curve = Curve::formants(&mouth, 0.003);
        let rate_hz = f64::from(rng.between(4.8, 6.0));
        let vibrato = Wander::vibrato(&timeline, &mut rng, rate_hz);
        let drift = Wander::new(&timeline, &mut rng, 0.9);
        let swell = Wander::new(&timeline, &mut rng, 0.8);
        let (depth, off) = (rng.between(9.0, 20.0), rng.between(-7.0, 7.0));
        let hz = timeline.snap_hz(timeline.pitch_hz * libm::exp2(f64::from(off) / 1200.0));
        let late = rng.between(0.0, 0.06);
        let turns = timeline.turns(hz, |secs| {
            let sung = step(secs as f32, 0.2, 0.7);
            f64::from(
                sung * depth * vibrato.at(secs) + 7.0 * drift.at(secs)
                    - 40.0 * super::envelope::fall(secs as f32, 0.05),
            )
        });
        let tone = Tone {
            turns: &turns,
            count: 36,
            shimmer: 0.1,
            shimmer_hz: 2.0,
            pan: (singer as f32 - 2.0) * 0.38,
        };
        harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
            let voice = rise(secs - late, 0.09) * (1.0 + 0.15 * swell.at(f64::from(secs)));
            voice * curve.at(hz) * 3.0 / (k as f32 + 2.0)
        });
    }
    let mut air = noise::white(&timeline, &mut rng);
    filter::band_pass(&mut air, 1.5, |_| 2900.0);
    super::track::shape(&mut air, |secs| 0.02 * rise(secs, 0.05));
    track.add(&air, 1.0, 0.0);
    space::room(&mut track, 0.9, 3500.0, 0.22);
    track
}
