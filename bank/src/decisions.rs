//! What the composer has decided where the ear and a name or chunk say different roots. Kept by content beside the
//! index, in a small file of its own, so that it outlives every scan.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::scan::ScanOptions;
use crate::{Error, SoundId, decode, disk, index};

/// Whose word counts for the root of a sound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// What analysis heard.
    Ear,
    /// What its name, a table or a chunk of the file says.
    Name,
    /// Neither: this MIDI note with its fraction, 0..=127.
    Midi(f32),
}

/// By sound.
pub(crate) type Decisions = BTreeMap<SoundId, Decision>;

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// What was decided for the index at this place. A file that is not there, or damaged, decides nothing.
pub(crate) fn open(index: &Path) -> Decisions {
    let bytes = decode::read_at_most(&index.with_extension("roots"), MAX_BYTES).unwrap_or_default();
    let mut decisions: Decisions = serde_json::from_slice(&bytes).unwrap_or_default();
    decisions
        .retain(|_, decision| !matches!(decision, Decision::Midi(midi) if !(0.0..=127.0).contains(midi)));
    decisions
}

/// Decides the root of sounds of a folder from now on; `None` leaves it open again.
///
/// # Errors
/// [`Error::File`] where the decision cannot be kept.
pub fn decide(
    folder: &Path,
    options: &ScanOptions,
    sounds: &[SoundId],
    decision: Option<Decision>,
) -> Result<(), Error> {
    let cache = options.cache.clone().map_or_else(index::cache_folder, Ok)?;
    let place = index::path_for(&cache, folder).with_extension("roots");
    let mut decisions = open(&place);
    for id in sounds {
        match decision {
            Some(decision) => decisions.insert(*id, decision),
            None => decisions.remove(id),
        };
    }
    write(&place, &decisions)
}

/// Decides what was decided for another folder, unless something else was decided here. What cannot be kept is decided again
/// some day.
pub(crate) fn adopt(index: &Path, decided: &Decisions) {
    if decided.is_empty() {
        return;
    }
    let mut decisions = open(index);
    for (id, decision) in decided {
        decisions.entry(*id).or_insert(*decision);
    }
    write(&index.with_extension("roots"), &decisions).ok();
}

fn write(place: &Path, decisions: &Decisions) -> Result<(), Error> {
    let fail = |cause: std::io::Error| Error::File { path: place.to_path_buf(), cause: cause.to_string() };
    let bytes = serde_json::to_vec(decisions).map_err(|cause| fail(cause.into()))?;
    fs::create_dir_all(place.parent().unwrap_or(Path::new(""))).map_err(fail)?;
    disk::replace(place, &bytes)
}
