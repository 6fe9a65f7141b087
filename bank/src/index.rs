//! The index of a folder: labels by content, so that a sound that moves keeps them, and for each path what it held, so
//! that an unchanged file need not be read again.
//!
//! One file a bank in the cache folder: a line that names the format, then a line for each sound and each path, with
//! long rows of numbers packed (`packed.rs`), since reading them is most of opening a large bank. It is written beside its place and then moved there, so that a reader, another scanner or a power cut meets a whole index.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::analyse::Analysis;
use crate::import::Imported;
use crate::{Error, SoundId, disk, parallel, path_text};

/// The format that is written and the newest that is read.
pub(crate) const VERSION: u32 = 2;
/// Raised when the analysis says something else than before; older labels are then made again.
pub(crate) const ANALYSIS: u32 = 5;
/// Raised when an importer says something else than before; presets are then read again, and their sounds keep their
/// labels.
const IMPORTERS: u32 = 7;
/// Raised when more files can be decoded than before; those that were none are then tried again.
const DECODERS: u32 = 3;
/// Labels of sounds that are gone are kept, in case their drive comes back, up to this many or twice the sounds that are
/// there.
const KEPT_GONE: usize = 100_000;

/// What a path held when it was last looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// In bytes.
    pub size: u64,
    /// Since 1970.
    pub modified_ns: u64,
    /// A sound, or why it is none.
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Sound(SoundId),
    /// A file that tells of sounds, or holds several.
    Imported(Box<Imported>),
    Failed(String),
}

impl Outcome {
    /// The sounds that lie in the file.
    pub fn sounds(&self) -> Vec<SoundId> {
        match self {
            Outcome::Sound(id) => vec![*id],
            Outcome::Imported(imported) => {
                imported.members.iter().filter_map(|member| member.sound).collect()
            }
            Outcome::Failed(_) => Vec::new(),
        }
    }
}

/// All that is known of a folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Index {
    /// Whose labels these are: those of the network with this [`neume_models::SoundNet::weights_id`].
    pub ears: u64,
    pub sounds: HashMap<SoundId, Analysis>,
    pub files: BTreeMap<PathBuf, Seen>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    neume_index: u32,
    #[serde(default)]
    analysis: u32,
    #[serde(default)]
    importers: u32,
    #[serde(default)]
    decoders: u32,
    #[serde(default)]
    ears: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Sound {
        id: SoundId,
        says: std::borrow::Cow<'a, Analysis>,
    },
    File {
        #[serde(with = "path_text")]
        path: PathBuf,
        seen: std::borrow::Cow<'a, Seen>,
    },
}

impl Index {
    /// Reads an index; one that does not exist is empty. Of a damaged one, what is whole is kept, and the remark says so.
    ///
    /// # Errors
    /// [`Error::FutureIndex`] for a version or an analysis that this Neume does not know, [`Error::File`] where the file
    /// cannot be read, [`Error::Cancelled`] as soon as `cancel` says so.
    pub fn open(path: &Path, cancel: &AtomicBool) -> Result<(Index, Option<String>), Error> {
        let fail = |cause: std::io::Error| Error::File { path: path.to_path_buf(), cause: cause.to_string() };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
                return Ok((Index::default(), None));
            }
            Err(cause) => return Err(fail(cause)),
        };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut index = Index::default();
        let mut line = Vec::new();
        let mut damaged = 0u32;
        let (mut forgets_presets, mut forgets_failures) = (false, false);
        if next_line(&mut reader, &mut line).map_err(fail)? {
            match serde_json::from_slice::<Header>(&line) {
                Ok(header) if header.neume_index > VERSION || header.analysis > ANALYSIS => {
                    let (found, known) = match header.neume_index > VERSION {
                        true => (header.neume_index, VERSION),
                        // To label its sounds again would cost both of them hours, in turn.
                        false => (header.analysis, ANALYSIS),
                    };
                    return Err(Error::FutureIndex { path: path.to_path_buf(), found, known });
                }
                Ok(header) if header.analysis != ANALYSIS => return Ok((index, None)),
                Ok(header) => {
                    index.ears = header.ears;
                    forgets_presets = header.importers != IMPORTERS;
                    forgets_failures = header.decoders != DECODERS;
                }
                Err(_) => return Ok((index, Some("the index was no index and is made again".to_string()))),
            }
        }
        let (mut batch, mut files) = (Batch::default(), Vec::new());
        while batch.read(&mut reader).map_err(fail)? {
            if cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            for line in batch.parsed() {
                match line {
                    Some(Line::Sound { id, says }) => drop(index.sounds.insert(id, says.into_owned())),
                    Some(Line::File { path, seen }) => files.push((path, seen.into_owned())),
                    None => damaged += 1,
                }
            }
        }
        // They were saved in order, so that all at once they need few comparisons.
        index.files = files.into_iter().collect();
        let sounds = &index.sounds;
        index.files.retain(|_, seen| !(forgets_presets && matches!(seen.outcome, Outcome::Imported(_))));
        index.files.retain(|_, seen| !(forgets_failures && matches!(seen.outcome, Outcome::Failed(_))));
        index.files.retain(|_, seen| seen.outcome.sounds().iter().all(|id| sounds.contains_key(id)));
        let remark =
            (damaged > 0).then(|| format!("lines of the index that were damaged are made again: {damaged}"));
        Ok((index, remark))
    }

    /// Writes the index whole, or not at all.
    ///
    /// # Errors
    /// [`Error::File`] with the cause, for example a full disk; an index that was there before is then unharmed.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let fail = |cause: std::io::Error| Error::File { path: path.to_path_buf(), cause: cause.to_string() };
        fs::create_dir_all(folder).map_err(fail)?;
        disk::replace_with(path, |file| self.write(file))
    }

    fn write(&self, writer: &mut impl Write) -> std::io::Result<()> {
        let header = Header {
            neume_index: VERSION,
            analysis: ANALYSIS,
            importers: IMPORTERS,
            decoders: DECODERS,
            ears: self.ears,
        };
        write_line(writer, &header)?;
        let mut sounds: Vec<_> = self.sounds.iter().collect();
        sounds.sort_by_key(|(id, _)| **id);
        for (id, says) in sounds {
            write_line(writer, &Line::Sound { id: *id, says: std::borrow::Cow::Borrowed(says) })?;
        }
        for (path, seen) in &self.files {
            write_line(writer, &Line::File { path: path.clone(), seen: std::borrow::Cow::Borrowed(seen) })?;
        }
        Ok(())
    }

    /// Forgets labels of sounds that no path holds any more, where they have become too many.
    pub fn prune(&mut self) {
        let here: HashSet<SoundId> = self.files.values().flat_map(|seen| seen.outcome.sounds()).collect();
        if self.sounds.len().saturating_sub(here.len()) > KEPT_GONE.max(2 * here.len()) {
            self.sounds.retain(|id, _| here.contains(id));
        }
    }
}

fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    Ok(reader.read_until(b'\n', line)? > 0)
}

/// Lines that are parsed together.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// Most lines of a batch, and text in bytes after which it has enough.
const MOST_LINES: usize = 1 << 14;
const ENOUGH_TEXT: usize = 1 << 24;

impl Batch {
    /// Reads the next lines; whether there are any.
    fn read(&mut self, reader: &mut impl BufRead) -> std::io::Result<bool> {
        self.text.clear();
        self.ends.clear();
        while self.ends.len() < MOST_LINES
            && self.text.len() < ENOUGH_TEXT
            && reader.read_until(b'\n', &mut self.text)? > 0
        {
            self.ends.push(self.text.len());
        }
        Ok(!self.ends.is_empty())
    }

    /// What each says; nothing where it is damaged.
    fn parsed(&self) -> Vec<Option<Line<'static>>> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let lines: Vec<&[u8]> = starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end]).collect();
        parallel::map(&lines, |line| {
            let line = serde_json::from_slice::<Line>(line).ok();
            line.filter(|line| !matches!(line, Line::Sound { says, .. } if !says.is_whole()))
        })
    }
}

fn write_line(writer: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *writer, value)?;
    writer.write_all(b"\n")
}

/// The file of a folder's index inside a cache folder.
pub(crate) fn path_for(cache: &Path, folder: &Path) -> PathBuf {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let id = SoundId::of(path_text::encode(&whole).as_bytes());
    cache.join("banks").join(format!("{id}.index"))
}

/// Where indexes are kept: `NEUME_CACHE`, or the user's cache folder.
///
/// # Errors
/// [`Error::File`] where this system has no such folder.
pub fn cache_folder() -> Result<PathBuf, Error> {
    if let Some(folder) = std::env::var_os("NEUME_CACHE").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let folders = directories::ProjectDirs::from("", "", "Neume");
    folders.map(|folders| folders.cache_dir().to_path_buf()).ok_or_else(|| Error::File {
        path: PathBuf::from("NEUME_CACHE"),
        cause: "this system names no cache folder; set NEUME_CACHE to one".to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<(Index, Option<String>), Error> {
        Index::open(path, &AtomicBool::new(false))
    }

    #[test]
    fn what_could_not_be_decoded_is_tried_again_by_one_who_can_decode_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index");
        let outcome = Outcome::Failed("too long".to_string());
        let seen = Seen { size: 1, modified_ns: 1, outcome };
        let index = Index { files: [(PathBuf::from("a.wav"), seen)].into(), ..Index::default() };
        index.save(&path).unwrap();
        assert_eq!(open(&path).unwrap(), (index, None));
        let text = fs::read_to_string(&path).unwrap();
        let before = text.replace(&format!("\"decoders\":{DECODERS},"), "");
        assert!(before.len() < text.len());
        fs::write(&path, before).unwrap();
        assert_eq!(open(&path).unwrap(), (Index::default(), None));
    }
}
