//! Sound files to samples in memory: WAV, AIFF, FLAC, OGG Vorbis, MP3, AAC/M4A, ALAC and CAF. What may be long is
//! decoded by [`crate::pieces`] instead.
//!
//! Files are untrusted. Sizes are capped, no memory follows a length that a file merely claims, and a panic inside a
//! decoder becomes an error of that file.

use std::path::Path;

use crate::content::Content;
use crate::pieces::{Limits, decode_within};
use crate::{Audio, Error, Loop, disk};

/// A sound file, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Its samples, every one finite.
    pub audio: Audio,
    /// Root note by a chunk of the file, a MIDI note with its fraction.
    pub root_midi: Option<f32>,
    /// Loop by a chunk of the file; inside the samples.
    pub sustain: Option<Loop>,
    /// What the composer should know: channels mixed down, an end cut off.
    pub remark: Option<String>,
}

/// Largest file that is read into memory, in bytes.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// Longest sound that is decoded into memory, in seconds.
pub const MAX_SECS: u64 = 600;
/// Rates that are taken.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;
/// Samples of all channels together that are kept: half a gigabyte.
const MAX_SAMPLES: u64 = 1 << 27;

/// Reads and decodes a file.
///
/// # Errors
/// [`Error::File`] with the cause where it cannot be read or holds no sound, [`Error::Limit`] where it is too large or
/// too long.
pub fn decode(path: &Path) -> Result<Decoded, Error> {
    decode_bytes(read(path)?, path)
}

/// The bytes of a file of ordinary size.
///
/// # Errors
/// As [`decode`].
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_at_most(path, MAX_FILE_BYTES)
}

/// [`read`] with another limit in bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    disk::about(path, most)?;
    disk::read(path, most)
}

/// Decodes the content of a file; `path` names it in errors, and its extension helps with formats that have no mark of
/// their own.
///
/// # Errors
/// As [`decode`].
pub fn decode_bytes(bytes: Vec<u8>, path: &Path) -> Result<Decoded, Error> {
    decode_content(&Content::of(bytes), path)
}

/// [`decode_bytes`], where the content may lie on the disk.
///
/// # Errors
/// As [`decode`].
pub fn decode_content(content: &Content, path: &Path) -> Result<Decoded, Error> {
    let mut audio = Audio { rate_hz: 0, channels: Vec::new() };
    let limits = Limits { secs: MAX_SECS, frames: MAX_SAMPLES, samples: MAX_SAMPLES };
    let outline = decode_within(content, path, limits, &mut |piece| {
        audio.push(piece);
        Ok(())
    })?;
    Ok(Decoded { audio, root_midi: outline.root_midi, sustain: outline.sustain, remark: outline.remark })
}
