//! How like another sound a sound is: mostly by where both lie among sounds, for the rest by their profiles.

use neume_models::Embedding;

use super::places::Compass;
use super::table::Bounds;
use crate::Profile;
use crate::matching::Features;

/// Share of the embedding in the likeness; the profile has the rest.
const PLACE_SHARE: f32 = 0.85;
/// Measures of the profile, each with the same share.
const MEASURES: f32 = 6.0;
/// What the pitch measures where one of the two has none.
const PITCH_OF_ONE: f32 = 0.2;

/// A sound that others are compared with.
pub(crate) struct AskedLike<'a> {
    pub compass: Compass<'a>,
    pub features: Features,
}

/// What no sound within bounds exceeds.
pub(crate) struct AtMost {
    /// The likeness.
    pub all: f32,
    /// The share of the profile in it.
    pub rest: f32,
    /// The likeness with the place in their middle.
    pub likely: f32,
}

impl<'a> AskedLike<'a> {
    pub fn new(profile: &'a Profile) -> AskedLike<'a> {
        AskedLike { compass: Compass::new(&profile.embedding), features: Features::of(profile) }
    }

    /// 0..1.
    pub fn likeness(&self, features: &Features, embedding: &Embedding) -> f32 {
        self.by_profile(features) + self.of_similarity(self.compass.embedding.similarity(embedding))
    }

    /// The share of the profile in the likeness.
    pub fn by_profile(&self, features: &Features) -> f32 {
        let own = &self.features;
        let pitch = match (own.pitched, features.pitched) {
            (true, true) => near_pitch((own.root_midi - features.root_midi).abs()),
            (false, false) => 1.0,
            _ => PITCH_OF_ONE,
        };
        let profile = pitch
            + near_level((own.loudness_db - features.loudness_db).abs())
            + (1.0 - (own.brightness - features.brightness).abs())
            + (1.0 - (own.roughness - features.roughness).abs())
            + near_time((own.attack_octaves - features.attack_octaves).abs())
            + near_time((own.duration_octaves - features.duration_octaves).abs());
        of_profile(profile)
    }

    pub fn at_most(&self, bounds: &Bounds) -> AtMost {
        let own = &self.features;
        let mut pitch = 0.0f32;
        if bounds.has_pitched {
            let near = near_pitch(bounds.root_midi.away(own.root_midi));
            pitch = if own.pitched { near } else { PITCH_OF_ONE };
        }
        if bounds.has_unpitched {
            pitch = pitch.max(if own.pitched { PITCH_OF_ONE } else { 1.0 });
        }
        let profile = pitch
            + near_level(bounds.loudness_db.away(own.loudness_db))
            + (1.0 - bounds.brightness.away(own.brightness))
            + (1.0 - bounds.roughness.away(own.roughness))
            + near_time(bounds.attack_octaves.away(own.attack_octaves))
            + near_time(bounds.duration_octaves.away(own.duration_octaves));
        let rest = of_profile(profile);
        let (middle, most) = bounds.similarity_at_most(self.compass.embedding);
        let [likely, all] = [middle, most].map(|similarity| rest + self.of_similarity(similarity));
        AtMost { all, rest, likely }
    }

    /// The share of a similarity of -1..1 in the likeness.
    pub fn of_similarity(&self, similarity: f32) -> f32 {
        PLACE_SHARE * similarity.clamp(0.0, 1.0)
    }
}

fn of_profile(sum: f32) -> f32 {
    (1.0 - PLACE_SHARE) * (sum / MEASURES).clamp(0.0, 1.0)
}

/// Each falls by a factor of `e` with an octave of pitch, 24 dB, or two octaves of time.
fn near_pitch(semitones: f32) -> f32 {
    (-semitones / 12.0).exp()
}

fn near_level(db: f32) -> f32 {
    (-db / 24.0).exp()
}

fn near_time(octaves: f32) -> f32 {
    (-octaves / 2.0).exp()
}
