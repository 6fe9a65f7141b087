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
pub mod course;
pub mod decisions;
pub mod decode;
mod edits;
pub mod error;
pub mod evidence;
pub mod export;
pub mod factory;
mod family_words;
mod group;
mod import;
pub mod index;
pub mod instrument;
mod keeping;
mod level;
pub mod looping;
pub mod loudness;
pub mod map;
pub mod matching;
mod mixdown;
pub mod names;
mod neighbours;
pub mod path_text;
pub mod pitch;
pub mod priority;
pub mod resample;
pub mod root;
pub mod scan;
pub mod sound;
mod takes;
mod walk;

pub use audio::Audio;
pub use bank::Bank;
pub use course::Course;
pub use decisions::Decision;
pub use decode::{Decoded, decode};
pub use error::Error;
pub use evidence::{Evidence, Teller};
pub use instrument::{Envelope, Instrument, Looping, Manner, Turn, Zone};
pub use map::Map;
pub use matching::{Aspects, Match, Weights, rank};
pub use resample::resample;
pub use root::Doubt;
pub use scan::{NotHonoured, Progress, ScanOptions, ScanReport, scan, scan_with};
pub use sound::{Loop, Profile, Sound, SoundId, Source};
