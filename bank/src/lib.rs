//! Sounds at rest: decoding, analysis, the index, matching, and the factory bank.
//!
//! Runs on background threads only; never in the audio callback. No tensor stands in its public API.

pub mod analyse;
pub mod audio;
pub mod bank;
mod chunks;
mod convention;
pub mod decode;
pub mod error;
pub mod factory;
mod family_words;
mod group;
pub mod index;
mod level;
pub mod looping;
pub mod loudness;
pub mod matching;
mod mixdown;
pub mod names;
pub mod path_text;
pub mod pitch;
pub mod priority;
pub mod resample;
pub mod root;
pub mod scan;
pub mod sound;
mod walk;

pub use audio::Audio;
pub use bank::{Bank, Instrument, Zone};
pub use decode::{Decoded, decode};
pub use error::Error;
pub use matching::{Aspects, Match, Weights, rank};
pub use resample::resample;
pub use scan::{Progress, ScanOptions, ScanReport, scan, scan_with};
pub use sound::{Loop, Profile, Sound, SoundId, Source};
