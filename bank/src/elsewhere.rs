//! What the indexes of other folders know, for a folder that is scanned for the first time: it may be one of them that was
//! moved or renamed, or hold or be held by one. Labels belong to contents, so they are good here too.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::SoundId;
use crate::analyse::Analysis;
use crate::decisions::{self, Decisions};
use crate::index::Index;

/// Largest index that is looked into, and most bytes of all, the newest first.
const MOST_BYTES: u64 = 256 << 20;
const MOST_BYTES_IN_ALL: u64 = 512 << 20;

/// Labels by the same ears, and what the composer has decided, whichever ears or Neume heard those sounds.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    pub labels: HashMap<SoundId, Analysis>,
    pub decided: Decisions,
}

impl Elsewhere {
    /// Looks into the indexes beside this one, until `cancel` says that nobody wants to know. Those that cannot be read say
    /// nothing.
    pub fn look(place: &Path, ears: u64, cancel: &AtomicBool) -> Elsewhere {
        let mut found = Elsewhere::default();
        let mut left = MOST_BYTES_IN_ALL;
        for (path, bytes) in beside(place) {
            if cancel.load(Ordering::Relaxed) {
                break;
            }
            for (id, decision) in decisions::open(&path).unwrap_or_default() {
                found.decided.entry(id).or_insert(decision);
            }
            if bytes > MOST_BYTES.min(left) {
                continue;
            }
            left -= bytes;
            let Ok((index, _)) = Index::open(&path, cancel) else { continue };
            if index.ears == ears {
                for (id, says) in index.sounds {
                    found.labels.entry(id).or_insert(says);
                }
            }
        }
        found
    }
}

/// Other indexes, the newest first, with their sizes.
fn beside(place: &Path) -> Vec<(PathBuf, u64)> {
    let Some(entries) = place.parent().and_then(|folder| fs::read_dir(folder).ok()) else {
        return Vec::new();
    };
    let mut indexes: Vec<_> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let (path, about) = (entry.path(), entry.metadata().ok()?);
            let is_other =
                path != place && path.extension().is_some_and(|it| it == "index") && about.is_file();
            is_other.then_some((about.modified().ok(), path, about.len()))
        })
        .collect();
    indexes.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    indexes.into_iter().map(|(_, path, bytes)| (path, bytes)).collect()
}
