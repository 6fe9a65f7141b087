//! Sounds at rest: decoding, analysis, the index, matching, and the factory bank.
//!
//! Runs on background threads only; never in the audio callback. No tensor stands in its public API.

pub mod audio;
pub mod bank;
pub mod error;
pub mod matching;
pub mod sound;

pub use audio::Audio;
pub use bank::{Bank, Instrument, Zone};
pub use error::Error;
pub use matching::{Aspects, Match, Weights};
pub use sound::{Loop, Profile, Sound, SoundId, Source};
