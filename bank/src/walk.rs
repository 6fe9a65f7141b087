//! The sound files under a folder.

use std::collections::{HashSet, VecDeque};
use std::fs::{self, File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use crate::Error;
use crate::pieces;

/// Names that promise a sound. Some of these formats are not decoded; their files are then named as failures, because
/// the composer would miss them.
const EXTENSIONS: [&str; 56] = [
    "wav",
    "wave",
    "bwf",
    "rf64",
    "w64",
    "aif",
    "aiff",
    "aifc",
    "flac",
    "ogg",
    "oga",
    "mp3",
    "mp2",
    "m4a",
    "m4b",
    "mp4",
    "aac",
    "alac",
    "caf",
    "mka",
    "webm",
    "opus",
    "wma",
    "ape",
    "wv",
    "au",
    "snd",
    "voc",
    "sd2",
    "nki",
    "gig",
    "dls",
    "exs",
    "sfark",
    "dslibrary",
    "ac3",
    "tta",
    "dsf",
    "dff",
    "8svx",
    "iff",
    "amr",
    "mpc",
    "spx",
    "ra",
    "sf",
    "rx2",
    "rex",
    "rcy",
    "ncw",
    "nkx",
    "nkm",
    "exs24",
    "multisample",
    "pat",
    "krz",
];
/// Names of files that tell how sounds belong together, or hold several.
const PRESETS: [&str; 4] = ["sfz", "sf2", "sf3", "dspreset"];
const TABLES: [&str; 2] = ["examples.json", "esc50.csv"];
/// Folders inside folders.
const DEEPEST: usize = 64;

/// A file that should become a sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Relative to the bank's folder.
    pub relative: PathBuf,
    /// In bytes.
    pub size: u64,
    /// Since 1970; 0 where the file system knows of no time.
    pub modified_ns: u64,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    /// By path.
    pub found: Vec<Found>,
    /// Presets and tables, by path.
    pub presets: Vec<Found>,
    /// What could not be looked at, relative, with the cause.
    pub failed: Vec<(PathBuf, String)>,
}

impl Walked {
    /// Paths, sizes and times as one number.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = DefaultHasher::new();
        for found in self.found.iter().chain(&self.presets) {
            (&found.relative, found.size, found.modified_ns).hash(&mut hash);
        }
        self.failed.hash(&mut hash);
        hash.finish()
    }
}

/// Looks through a folder and all that it holds. Hidden files and folders are passed over. Links are followed wherever they
/// lead, since a composer lays one where the sounds are on another drive, but each folder is visited once, by its own
/// name rather than by a link's, and a link that leads up to a folder that holds the bank is passed over.
///
/// # Errors
/// [`Error::File`] where the folder itself cannot be read, [`Error::Cancelled`] as soon as `cancel` says so.
pub(crate) fn walk(folder: &Path, cancel: &AtomicBool) -> Result<Walked, Error> {
    let fail = |cause: std::io::Error| Error::File { path: folder.to_path_buf(), cause: cause.to_string() };
    if !fs::metadata(folder).map_err(fail)?.is_dir() {
        return Err(Error::File { path: folder.to_path_buf(), cause: "is not a folder".to_string() });
    }
    fs::read_dir(folder).map_err(fail)?;
    let mut walked = Walked::default();
    let whole = folder.canonicalize().map_err(fail)?;
    let mut visited = HashSet::new();
    let mut waiting = vec![(PathBuf::new(), 0)];
    let mut links = VecDeque::new();
    while let Some((relative, depth)) = waiting.pop().or_else(|| links.pop_front()) {
        let here = folder.join(&relative);
        // A folder that has no canonical path cannot be listed either, which is reported below.
        let is_passed_over = |canonical: PathBuf| {
            !visited.insert(canonical.clone()) || (depth > 0 && whole.starts_with(canonical))
        };
        if here.canonicalize().is_ok_and(is_passed_over) {
            continue;
        }
        match list(&here, cancel) {
            Ok(names) => {
                for name in names {
                    // Of a folder in the network each file takes its time.
                    check(cancel)?;
                    let relative = relative.join(name);
                    if let Some(inner) = look(folder, relative, &mut walked) {
                        if depth < DEEPEST {
                            let is_link = folder.join(&inner).is_symlink();
                            if is_link {
                                links.push_back((inner, depth + 1));
                            } else {
                                waiting.push((inner, depth + 1));
                            }
                        } else {
                            walked.failed.push((inner, "folders are nested too deeply".to_string()));
                        }
                    }
                }
            }
            Err(cause) => walked.failed.push((relative, cause.to_string())),
        }
        check(cancel)?;
    }
    walked.found.sort_by(|a, b| a.relative.cmp(&b.relative));
    walked.presets.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(walked)
}

fn check(cancel: &AtomicBool) -> Result<(), Error> {
    if cancel.load(Ordering::Relaxed) { Err(Error::Cancelled) } else { Ok(()) }
}

/// The names in a folder, by order; not all of them where that is cancelled.
fn list(folder: &Path, cancel: &AtomicBool) -> std::io::Result<Vec<std::ffi::OsString>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        let name = entry?.file_name();
        let shown = !name.as_encoded_bytes().starts_with(b".") && name != "__MACOSX";
        names.extend(Some(name).filter(|_| shown));
    }
    names.sort();
    Ok(names)
}

/// Notes a file, or hands a folder back.
fn look(folder: &Path, relative: PathBuf, walked: &mut Walked) -> Option<PathBuf> {
    let path = folder.join(&relative);
    let extension = relative.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    let name = relative.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let tells = extension.as_deref().is_some_and(|e| PRESETS.contains(&e)) || TABLES.contains(&name.as_str());
    let named_so = tells || extension.as_deref().is_some_and(|e| EXTENSIONS.contains(&e));
    match fs::metadata(&path) {
        Ok(about) if about.is_dir() => return Some(relative),
        Ok(about) if about.is_file() => {
            if tells {
                walked.presets.push(Found { relative, size: about.len(), modified_ns: modified_ns(&about) });
            } else if named_so || (extension.is_none() && sounds_like_one(&path)) {
                walked.found.push(Found { relative, size: about.len(), modified_ns: modified_ns(&about) });
            }
        }
        Ok(_) if named_so => walked.failed.push((relative, "is not a file".to_string())),
        Err(cause) if named_so => walked.failed.push((relative, cause.to_string())),
        Ok(_) | Err(_) => {}
    }
    None
}

/// Whether a file without an extension begins like a sound.
fn sounds_like_one(path: &Path) -> bool {
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut beginning));
    read.is_ok() && pieces::is_marked(&beginning)
}

fn modified_ns(about: &Metadata) -> u64 {
    let since = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_that_is_cancelled_ends() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.wav"), b"no").unwrap();
        let walked = walk(folder.path(), &AtomicBool::new(false)).unwrap();
        assert_eq!(walked.found.len(), 1);
        assert!(matches!(walk(folder.path(), &AtomicBool::new(true)), Err(Error::Cancelled)));
    }
}
