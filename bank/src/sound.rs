//! One recording of a bank and what is known of it.

use std::io::{self, Read};
use std::path::PathBuf;

use neume_models::{Embedding, Families};
use serde::{Deserialize, Serialize};

use crate::{Course, Doubt};

/// Names a sound by its content: 128 bits of the BLAKE3 of its file, or of its recipe in the factory bank.
/// The order is the one by which equal scores fall.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SoundId(pub [u8; 16]);

impl SoundId {
    /// The id of this content.
    pub fn of(content: &[u8]) -> SoundId {
        SoundId::from_hash(&blake3::hash(content))
    }

    /// The id of what this reads to its end, which may take minutes: `is_cancelled` is asked every few megabytes.
    ///
    /// # Errors
    /// Those of the reader, and where it was cancelled.
    pub(crate) fn of_all(mut reader: impl Read, is_cancelled: &dyn Fn() -> bool) -> io::Result<SoundId> {
        const BYTES_AT_ONCE: u64 = 4 << 20;
        let mut hasher = blake3::Hasher::new();
        loop {
            if is_cancelled() {
                return Err(io::Error::other("it is not wanted any more"));
            }
            let before = hasher.count();
            hasher.update_reader(reader.by_ref().take(BYTES_AT_ONCE))?;
            if hasher.count() == before {
                return Ok(SoundId::from_hash(&hasher.finalize()));
            }
        }
    }

    fn from_hash(hash: &blake3::Hash) -> SoundId {
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        SoundId(id)
    }
}

impl std::fmt::Display for SoundId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for SoundId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoundId({self})")
    }
}

impl From<SoundId> for String {
    fn from(id: SoundId) -> String {
        id.to_string()
    }
}

impl TryFrom<String> for SoundId {
    type Error = String;

    fn try_from(text: String) -> Result<SoundId, String> {
        let wrong = || format!("`{text}` is not a sound id of 32 hexadecimal digits");
        if text.len() != 32 || !text.is_ascii() {
            return Err(wrong());
        }
        let mut id = [0; 16];
        for (i, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| wrong())?;
        }
        Ok(SoundId(id))
    }
}

/// Where a sound's samples come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file, relative to the bank's folder.
    File(#[serde(with = "crate::path_text")] PathBuf),
    /// A recording inside of a file that holds several, such as a SoundFont.
    Member {
        /// The file, relative to the bank's folder.
        #[serde(with = "crate::path_text")]
        file: PathBuf,
        /// Its place in the file, as the importer numbers it.
        member: String,
    },
    /// The project's own synthesis: an instrument of the factory bank at a root note.
    Factory {
        /// Name of the instrument, unique in the factory bank.
        instrument: String,
        /// MIDI note that is rendered.
        root_midi: u8,
    },
}

/// What analysis and the sound network say of a sound, in the terms of a reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Root pitch as a MIDI note with its fraction; `None` where there is no pitch.
    pub root_midi: Option<f32>,
    /// Probability that the root is right within half a semitone, or that there is none.
    pub root_confidence: f32,
    /// Integrated loudness (EBU R128) in LUFS-like dB; over 0 only where samples of floats go far beyond full scale.
    pub loudness_db: f32,
    /// Probabilities of the families.
    pub families: Families,
    /// Brightness 0 (dark) to 1 (bright).
    pub brightness: f32,
    /// Roughness 0 (mellow) to 1 (harsh).
    pub roughness: f32,
    /// Time from where it begins until the level first comes within 3 dB of its peak.
    pub attack_secs: f32,
    /// Length of the sound.
    pub duration_secs: f32,
    /// Where the sound lies among sounds.
    pub embedding: Embedding,
}

/// A stretch that repeats while a key is held, in frames of the sound at its own rate: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Loop {
    /// First frame of the loop.
    pub start_frames: u64,
    /// The frame behind the last one; greater than the start.
    pub end_frames: u64,
    /// Length of the crossfade before the end into the stretch before the start; 0 where the seam is clean.
    pub crossfade_frames: u64,
    /// Whether it is played forward and backward in turn.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_mirrored: bool,
}

impl Loop {
    /// Frames of the sound up to its end, with those of the way back.
    pub fn played_frames(&self) -> u64 {
        let back = self.end_frames.saturating_sub(self.start_frames);
        self.end_frames.saturating_add(if self.is_mirrored { back } else { 0 })
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One recording of a bank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sound {
    /// By content.
    pub id: SoundId,
    /// Where the samples come from.
    pub source: Source,
    /// For the eye: the file's stem, or the instrument and its root.
    pub name: String,
    /// What it is said to be: by a table of its folder, or by the name of the folder that it lies in.
    #[serde(default)]
    pub class: Option<String>,
    /// What the tags of its file say: title, artist, genre, comment and the like, a line for each.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tags: String,
    /// Frames per second of the samples at rest.
    pub rate_hz: u32,
    /// Length in frames at that rate.
    pub frames: u64,
    /// The sustain loop, given by the file or found by analysis.
    pub sustain: Option<Loop>,
    /// What is known of the sound.
    pub profile: Profile,
    /// How it goes on; `None` in the factory bank and in projects of older versions.
    #[serde(default)]
    pub course: Option<Course>,
    /// Present while a sure ear and what is told differ in the root, and the composer has not decided.
    #[serde(default)]
    pub doubt: Option<Doubt>,
    /// Peak level over time, for a waveform: [`Sound::OVERVIEW_LEN`] values 0..1, scaled so that the largest is 1.
    pub overview: Vec<u8>,
}

impl Sound {
    /// Points of an overview.
    pub const OVERVIEW_LEN: usize = 96;
}
