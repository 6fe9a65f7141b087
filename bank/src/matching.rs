//! The sounds that fit a reading best, and why.

use serde::{Deserialize, Serialize};

use crate::SoundId;

/// How much each aspect counts, 0 or more; a weight of 0 leaves the aspect out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // Named for the aspects.
pub struct Weights {
    pub pitch: f32,
    pub loudness: f32,
    pub timbre: f32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { pitch: 1.0, loudness: 0.5, timbre: 1.0 }
    }
}

/// How well a sound fits in each aspect, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // Named for the aspects.
pub struct Aspects {
    pub pitch: f32,
    pub loudness: f32,
    pub timbre: f32,
}

/// A sound that fits a reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// The sound.
    pub sound: SoundId,
    /// The weighted mean of the aspects, 0..1.
    pub score: f32,
    /// Each aspect's share in it.
    pub aspects: Aspects,
}
