//! How labels outlive whatever happens to a scan: each is written down as soon as it is made, and the index takes them
//! over when it is saved.
//!
//! Several scanners may keep the same index, in one process or many. Labels follow from content, so those of one are
//! good for all: whoever saves, takes along what the others have saved or written down since.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
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
        for journal in self.journals() {
            self.read(&journal, &mut labels);
        }
        labels
    }

    /// Forgets what was written down.
    pub fn forget(&self) {
        for journal in self.journals() {
            fs::remove_file(journal).ok();
        }
    }

    /// The journal, and those that killed scanners have laid aside.
    fn journals(&self) -> Vec<PathBuf> {
        beside(&self.place).filter(|(_, kind)| kind.starts_with(".journal")).map(|(path, _)| path).collect()
    }

    /// Lays the journal aside, so that what others write down from now on is not forgotten with it; all that lie aside,
    /// with what they say. The lock is held.
    fn lay_aside(&self) -> (Vec<(PathBuf, u64)>, HashMap<SoundId, Analysis>) {
        let aside = |number: u64| self.place.with_extension(format!("journal-{number}"));
        if let Some(free) = (0..).map(aside).find(|path| !path.exists()) {
            // Nothing may have been written down.
            fs::rename(self.journal(), free).ok();
        }
        let mut labels = HashMap::new();
        let all = self.journals().into_iter().filter(|journal| *journal != self.journal());
        let taken = all.map(|journal| {
            let length = self.read(&journal, &mut labels);
            (journal, length)
        });
        (taken.collect(), labels)
    }

    /// Forgets journals that the index has taken over. One that has grown since it was read was being written to when it was
    /// laid aside; the next saving takes it over.
    fn forget_taken(&self, taken: Vec<(PathBuf, u64)>) {
        for (journal, length) in taken {
            if fs::metadata(&journal).is_ok_and(|about| about.len() == length) {
                fs::remove_file(journal).ok();
            }
        }
    }

    /// Reads a journal; how many bytes it has.
    fn read(&self, journal: &Path, labels: &mut HashMap<SoundId, Analysis>) -> u64 {
        let Ok(file) = File::open(journal) else { return 0 };
        let mut reader = BufReader::new(file);
        let (mut line, mut length) = (Vec::new(), 0);
        while reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            length += line.len() as u64;
            if let Ok(line) = serde_json::from_slice::<Line>(&line)
                && (line.analysis, line.ears) == (ANALYSIS, self.ears)
                && line.says.is_whole()
            {
                labels.insert(line.id, line.says.into_owned());
            }
            line.clear();
        }
        length
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
            match Index::open(&self.place, &AtomicBool::new(false)) {
                Ok((theirs, _)) if theirs.ears == index.ears => take_over(index, theirs, interrupted),
                Err(future @ Error::FutureIndex { .. }) => return Err(future),
                // Labels of other ears, or none that can be read.
                Ok(_) | Err(_) => {}
            }
        }
        let (taken, noted) = self.lay_aside();
        for (id, says) in noted {
            index.sounds.entry(id).or_insert(says);
        }
        index.save(&self.place)?;
        self.known = stamp(&self.place);
        self.forget_taken(taken);
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

#[cfg(test)]
mod tests {
    use neume_models::{Embedding, Families, SoundLabels};

    use super::*;
    use crate::analyse::analyse;
    use crate::{Audio, Decoded};

    fn says() -> Analysis {
        let samples: Vec<f32> = (0..4_000).map(|i| (i as f32 * 0.1).sin()).collect();
        let audio = Audio { rate_hz: 22_050, channels: vec![samples.clone()] };
        let labels = SoundLabels {
            root_midi: None,
            root_confidence: 0.0,
            loudness_db: -20.0,
            families: Families::EVEN,
            brightness: 0.5,
            roughness: 0.5,
            embedding: Embedding::from_raw(&[0.5; Embedding::LEN]),
        };
        let decoded = Decoded { audio, root_midi: None, sustain: None, remark: None };
        analyse(&decoded, &samples, &labels)
    }

    fn ids(labels: HashMap<SoundId, Analysis>) -> Vec<u8> {
        let mut ids: Vec<u8> = labels.keys().map(|id| id.0[0]).collect();
        ids.sort();
        ids
    }

    #[test]
    fn what_another_writes_down_while_the_index_is_saved_is_not_forgotten_with_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let [mut one, other] = [(); 2].map(|()| Keeper::new(folder.path().join("a.index"), 1));
        let (says, id) = (says(), |number: u8| SoundId([number; 16]));
        one.note(id(1), &says);
        let (taken, noted) = one.lay_aside();
        assert_eq!(ids(noted), [1]);
        other.note(id(2), &says);
        assert_eq!(ids(other.noted()), [1, 2], "as long as the index is not saved, all of it counts");
        one.forget_taken(taken);
        assert_eq!(ids(other.noted()), [2]);

        // A killed scanner leaves what it has laid aside, and one that was just writing goes on writing there.
        let (taken, _) = one.lay_aside();
        fs::rename(&taken[0].0, other.journal()).unwrap();
        other.note(id(3), &says);
        fs::rename(other.journal(), &taken[0].0).unwrap();
        one.forget_taken(taken);
        other.note(id(4), &says);
        assert_eq!(ids(other.noted()), [2, 3, 4]);
        let mut index = Index { ears: 1, ..Index::default() };
        one.save(&mut index, false).unwrap();
        assert_eq!(ids(index.sounds), [2, 3, 4]);
        assert!(other.noted().is_empty());
        let kinds: Vec<String> = beside(&one.place).map(|(_, kind)| kind).collect();
        assert!(kinds.iter().all(|kind| [".index", ".lock"].contains(&kind.as_str())), "{kinds:?}");
    }
}
