//! What an ear says that knows nothing. The fuzzer hears with it as well.

use neume_models::{Embedding, Families, SoundLabels};

/// No root, every family alike, and a place among sounds that is none in particular.
pub fn no_labels() -> SoundLabels {
    SoundLabels {
        root_midi: None,
        root_confidence: 0.0,
        loudness_db: -20.0,
        families: Families::EVEN,
        brightness: 0.5,
        roughness: 0.5,
        embedding: Embedding::from_raw(&std::array::from_fn(|i| (1.7 * i as f32).sin())),
    }
}
