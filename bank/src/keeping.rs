//! How labels outlive whatever happens to a scan: each is written down as soon as it is made, and the index takes them
//! over when it is saved.
//!
//! Several scanners may keep the same index, in one process or many. Labels follow from content, so those of one are
//! good for all: whoever saves, takes along what the others have saved or written down since.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use crate::analyse::Analysis;
use crate::index::{ANALYSIS, Index};
use crate::{Error, SoundId};

/// Longest wait for another scanner that is saving just now; it may have been stopped by a debugger.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest line that is read back, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// The index of one folder and the labels that were made since it was saved.
pub(crate) struct Keeper {
    place: PathBuf,
    /// Whose labels these are.
    ears: u64,
    /// The saved index that is known here.
    known: Option<(u64, SystemTime)>,
}

/// A label as it is written down.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    analysis: u32,
    ears: u64,
    id: SoundId,
    says: std::borrow::Cow<'a, Analysis>,
}

impl Keeper {
    /// Of the index at this place, as it stands there now.
    pub fn new(place: PathBuf, ears: u64) -> Keeper {
        let known = stamp(&place);
        Keeper { place, ears, known }
    }

    /// Where the index lies.
    pub fn place(&self) -> &Path {
        &self.place
    }

    fn journal(&self) -> PathBuf {
        self.place.with_extension("journal")
    }

    /// Writes a label down. What cannot be written is still in memory, and a later saving says why.
    pub fn note(&self, id: SoundId, says: &Analysis) {
        let line = Line { analysis: ANALYSIS, ears: self.ears, id, says: std::borrow::Cow::Borrowed(says) };
        let Ok(mut bytes) = serde_json::to_vec(&line) else { return };
        bytes.push(b'\n');
        // Opened each time, since another scanner may have taken the file over meanwhile; one write, so that lines of
        // two scanners do not mix.
        let write = || -> std::io::Result<()> {
            fs::create_dir_all(self.place.parent().unwrap_or(Path::new("")))?;
            File::options().create(true).append(true).open(self.journal())?.write_all(&bytes)
        };
        write().ok();
    }

    /// What was written down since the index was saved: whole lines by the same ears.
    pub fn noted(&self) -> HashMap<SoundId, Analysis> {
        let mut labels = HashMap::new();
        let Ok(file) = File::open(self.journal()) else { return labels };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            if let Ok(line) = serde_json::from_slice::<Line>(&line)
                && (line.analysis, line.ears) == (ANALYSIS, self.ears)
                && line.says.is_whole()
            {
                labels.insert(line.id, line.says.into_owned());
            }
            line.clear();
        }
        labels
    }

    /// Forgets what was written down.
    pub fn forget(&self) {
        // It may not be there.
        fs::remove_file(self.journal()).ok();
    }

    /// Saves the index with what other scanners know by now; where this scan was `interrupted`, with the files that they
    /// have met as well.
    ///
    /// # Errors
    /// [`Error::File`] with the cause, for example a full disk, and [`Error::FutureIndex`] where a newer Neume has saved
    /// meanwhile; what was there before is then unharmed, and so is what was written down.
    pub fn save(&mut self, index: &mut Index, interrupted: bool) -> Result<(), Error> {
        let lock = lock(&self.place);
        if stamp(&self.place) != self.known {
            match Index::open(&self.place) {
                Ok((theirs, _)) if theirs.ears == index.ears => take_over(index, theirs, interrupted),
                Err(future @ Error::FutureIndex { .. }) => return Err(future),
                // Labels of other ears, or none that can be read.
                Ok(_) | Err(_) => {}
            }
        }
        for (id, says) in self.noted() {
            index.sounds.entry(id).or_insert(says);
        }
        index.save(&self.place)?;
        self.known = stamp(&self.place);
        self.forget();
        drop(lock);
        Ok(())
    }
}

/// Keeps others from saving the index at this place, and what lies beside it, as long as it is held, and clears away what
/// killed ones left half-written. Where files cannot be locked, nothing is.
pub(crate) fn lock(place: &Path) -> Option<File> {
    fs::create_dir_all(place.parent()?).ok()?;
    let file = File::options().create(true).append(true).open(place.with_extension("lock")).ok()?;
    let begin = Instant::now();
    while file.try_lock().is_err() {
        if begin.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    for (path, _) in beside(place).filter(|(_, kind)| kind.ends_with(".tmp")) {
        fs::remove_file(path).ok();
    }
    Some(file)
}

/// The files of the index at this place, with what stands behind its name.
fn beside(place: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let id = place.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let entries = place.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
    entries.filter_map(move |entry| {
        let path = entry.ok()?.path();
        let kind = path.file_name()?.to_string_lossy().strip_prefix(&id)?.to_string();
        Some((path, kind))
    })
}

fn take_over(index: &mut Index, theirs: Index, with_files: bool) {
    for (id, says) in theirs.sounds {
        index.sounds.entry(id).or_insert(says);
    }
    if with_files {
        for (path, seen) in theirs.files {
            index.files.entry(path).or_insert(seen);
        }
    }
}

/// Size and time of a file, if it is there.
fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    let about = fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()?))
}
