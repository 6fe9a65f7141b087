//! What the composer has decided where the ear and a name or chunk say different roots. Kept by content beside the
//! index, in a small file of its own, so that it outlives every scan.
//!
//! No scan can make it again, so what cannot be read is never written over, and who writes has read it under the lock of
//! the index: two processes keep the decisions of both.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::scan::ScanOptions;
use crate::{Error, SoundId, disk, index, keeping};

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

/// What was decided for the index at this place; nothing where there is no such file.
///
/// # Errors
/// [`Error::File`] with the cause where it cannot be read, is damaged, or is of a newer Neume.
pub(crate) fn open(index: &Path) -> Result<Decisions, Error> {
    let mut decisions = read(&place_for(index))?;
    decisions
        .retain(|_, decision| !matches!(decision, Decision::Midi(midi) if !(0.0..=127.0).contains(midi)));
    Ok(decisions)
}

/// Decides the root of sounds of a folder from now on; `None` leaves it open again.
///
/// # Errors
/// [`Error::File`] where the decision cannot be kept, or what was decided before cannot be read; that is then unharmed.
pub fn decide(
    folder: &Path,
    options: &ScanOptions,
    sounds: &[SoundId],
    decision: Option<Decision>,
) -> Result<(), Error> {
    let cache = options.cache.clone().map_or_else(index::cache_folder, Ok)?;
    change(&index::path_for(&cache, folder), |decisions| {
        for id in sounds {
            match decision {
                Some(decision) => decisions.insert(*id, decision),
                None => decisions.remove(id),
            };
        }
    })
}

/// Decides what was decided for another folder, unless something else was decided here.
///
/// # Errors
/// As [`decide`].
pub(crate) fn adopt(index: &Path, decided: &Decisions) -> Result<(), Error> {
    if decided.is_empty() {
        return Ok(());
    }
    change(index, |decisions| {
        for (id, decision) in decided {
            decisions.entry(*id).or_insert(*decision);
        }
    })
}

/// Changes what was decided for the index at this place, while nobody else does.
fn change(index: &Path, change: impl FnOnce(&mut Decisions)) -> Result<(), Error> {
    let place = place_for(index);
    let fail = |cause: std::io::Error| Error::File { path: place.clone(), cause: cause.to_string() };
    fs::create_dir_all(place.parent().unwrap_or(Path::new(""))).map_err(fail)?;
    let _lock = keeping::lock(index);
    let mut decisions = read(&place)?;
    change(&mut decisions);
    let bytes = serde_json::to_vec(&decisions).map_err(|cause| fail(cause.into()))?;
    disk::replace(&place, &bytes)
}

fn read(place: &Path) -> Result<Decisions, Error> {
    let fail = |cause: String| Error::File { path: place.to_path_buf(), cause };
    if !place.try_exists().map_err(|cause| fail(cause.to_string()))? {
        return Ok(Decisions::new());
    }
    let bytes = disk::read(place, MAX_BYTES)?;
    // What a power cut leaves of a file that was never synced: nothing is in there to be lost.
    if bytes.is_empty() {
        return Ok(Decisions::new());
    }
    let unread =
        |cause| format!("decisions on roots cannot be read ({cause}); move the file away to decide anew");
    serde_json::from_slice(&bytes).map_err(|cause| fail(unread(cause)))
}

fn place_for(index: &Path) -> PathBuf {
    index.with_extension("roots")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_who_decide_at_once_keep_the_decisions_of_both() {
        let cache = tempfile::tempdir().unwrap();
        let index = cache.path().join("banks").join("a.index");
        let decided = |number: u8| Decisions::from([(SoundId([number; 16]), Decision::Ear)]);
        std::thread::scope(|scope| {
            for first in [0, 100] {
                let (index, decided) = (&index, &decided);
                scope.spawn(move || {
                    (first..first + 8).for_each(|number| adopt(index, &decided(number)).unwrap())
                });
            }
        });
        assert_eq!(open(&index).unwrap().len(), 16);
    }
}
