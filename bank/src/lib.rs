//! Sounds at rest: decoding, analysis, the index, matching, and the factory bank.
//!
//! Runs on background threads only; never in the audio callback. No tensor stands in its public API.

pub mod analyse;
mod assembly;
pub mod audio;
pub mod bank;
mod chunks;
pub mod container;
mod convention;
pub mod decode;
pub mod error;
pub mod export;
pub mod factory;
mod family_words;
mod group;
mod import;
pub mod index;
pub mod instrument;
mod level;
pub mod looping;
pub mod loudness;
pub mod matching;
mod mixdown;
pub mod names;
mod packed;
pub mod path_text;
pub mod pitch;
pub mod priority;
pub mod resample;
pub mod root;
pub mod scan;
pub mod search;
pub mod sound;
mod tags;
mod takes;
mod walk;

pub use audio::Audio;
pub use bank::Bank;
pub use decode::{Decoded, decode};
pub use error::Error;
pub use instrument::{Envelope, Instrument, Looping, Manner, Turn, Zone};
pub use matching::{Aspects, Match, Weights, rank};
pub use resample::resample;
pub use scan::{NotHonoured, Progress, ScanOptions, ScanReport, scan, scan_with};
pub use search::{Found, Like, Query, Reason, Text, search};
pub use sound::{Loop, Profile, Sound, SoundId, Source};
