//! A bank: its sounds, and the instruments that group them.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::{Sound, SoundId};

/// A sound's place in an instrument.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// The sound, by its position in [`Bank::sounds`].
    pub sound: usize,
    /// Keys that it serves, both included.
    pub keys: (u8, u8),
    /// MIDI velocities that it serves, both included.
    pub velocities: (u8, u8),
    /// The key at which it sounds untransposed, with its fraction.
    pub root_midi: f32,
}

/// Sounds grouped into zones.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// For the eye.
    pub name: String,
    /// Zones by ascending root.
    pub zones: Vec<Zone>,
}

/// Sounds and instruments, ready to be matched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bank {
    /// For the eye: the folder's name, or `Factory`.
    pub name: String,
    /// The folder; `None` for the factory bank.
    pub folder: Option<PathBuf>,
    /// Every sound, by ascending [`SoundId`].
    pub sounds: Vec<Sound>,
    /// Every instrument; each sound belongs to exactly one.
    pub instruments: Vec<Instrument>,
    by_id: HashMap<SoundId, usize>,
    instrument_of: Vec<usize>,
}
