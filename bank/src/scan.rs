//! A folder becomes a bank: every sound file is read, analysed and labelled once, and remembered.
//!
//! The caller's thread walks, keeps the index and reports; up to two threads of the scan's own, below normal priority,
//! read and analyse. What is done is saved every few seconds, so an interrupted scan goes on where it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use neume_models::{SoundLabels, SoundNet};

use crate::analyse::{self, Analysis};
use crate::index::{self, Index, Outcome, Seen};
use crate::root::Root;
use crate::walk::{self, Found};
use crate::{Bank, Error, Sound, SoundId, Source, convention, decode, group, names, priority};

/// How to scan.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Forget what the index says and analyse every file again.
    pub rebuild: bool,
    /// Where the index is kept; `None` for [`index::cache_folder`].
    pub cache: Option<PathBuf>,
}

/// How far a scan is.
pub struct Progress<'a> {
    /// Files that are sounds or failures by now.
    pub done: usize,
    /// Files in all.
    pub total: usize,
    folder: &'a Path,
    index: &'a Index,
}

impl Progress<'_> {
    /// The sounds that are known so far, as a bank of their own.
    pub fn bank(&self) -> Bank {
        bank_of(self.folder, self.index)
    }
}

/// What came of a scan.
#[derive(Debug)]
pub struct ScanReport {
    /// The sounds of the folder.
    pub bank: Bank,
    /// How many there are; files of the same content count each.
    pub sounds: usize,
    /// How many files were analysed in this scan.
    pub new: usize,
    /// Files, relative to the folder, that are no sound, with the cause; by path.
    pub failed: Vec<(PathBuf, String)>,
    /// Sounds, relative to the folder, of which there is something to say; by path.
    pub remarks: Vec<(PathBuf, String)>,
    /// What was wrong with the index: damage that was mended, or why it could not be saved. The bank is whole all the same.
    pub index_remark: Option<String>,
    /// How long it took.
    pub secs: f32,
}

/// Threads that analyse.
const THREADS: usize = 2;
/// Time between two savings, unless saving itself takes longer than a twentieth of it.
const SAVE_EVERY: Duration = Duration::from_secs(4);

/// Who labels the sounds.
pub struct Ears<'a> {
    /// Labels by ears of another id are made again.
    pub id: u64,
    /// What they say of a sound.
    pub listen: &'a Listen<'a>,
}

/// Labels the mono samples of a sound at a rate in Hz.
pub type Listen<'a> = dyn Fn(&[f32], u32) -> Result<SoundLabels, neume_models::Error> + Sync + 'a;

/// Scans a folder. `on_progress` is called on the calling thread after each file; `cancel` is looked at as often, and
/// what is done by then is saved.
///
/// # Errors
/// [`Error::File`] where the folder cannot be read, [`Error::FutureIndex`] where a newer Neume wrote the
/// index (scan with [`ScanOptions::rebuild`] to replace it), [`Error::Cancelled`].
pub fn scan(
    folder: &Path,
    options: &ScanOptions,
    net: &SoundNet,
    on_progress: &mut dyn FnMut(&Progress),
    cancel: &AtomicBool,
) -> Result<ScanReport, Error> {
    let ears = Ears { id: net.weights_id(), listen: &|mono, rate_hz| net.label(mono, rate_hz) };
    scan_with(folder, options, &ears, on_progress, cancel)
}

/// [`scan`] with other ears than the sound network's.
///
/// # Errors
/// As [`scan`].
pub fn scan_with(
    folder: &Path,
    options: &ScanOptions,
    ears: &Ears,
    on_progress: &mut dyn FnMut(&Progress),
    cancel: &AtomicBool,
) -> Result<ScanReport, Error> {
    let begin = Instant::now();
    let cache = options.cache.clone().map_or_else(index::cache_folder, Ok)?;
    let place = index::path_for(&cache, folder);
    let walked = walk::walk(folder)?;
    let (old, index_remark) = match Index::open(&place) {
        _ if options.rebuild => (Index::default(), None),
        Err(Error::FutureIndex { path, found, known }) => {
            return Err(Error::FutureIndex { path, found, known });
        }
        // An index that cannot be read costs time, not sounds.
        Err(error) => (Index::default(), Some(error.to_string())),
        // Other weights say other things: what the old ones said is made again.
        Ok((old, _)) if old.ears != ears.id => (Index::default(), None),
        Ok(opened) => opened,
    };
    let mut scan = Scan {
        folder,
        place,
        total: walked.found.len(),
        index_remark,
        ..Scan::new(Index { ears: ears.id, ..old })
    };
    scan.failed = walked.failed;
    let waiting = scan.take_known(walked.found);
    on_progress(&scan.progress());
    scan.analyse(&waiting, ears.listen, on_progress, cancel);
    let interrupted = cancel.load(Ordering::Relaxed) && scan.done < scan.total;
    scan.finish(interrupted);
    if interrupted {
        return Err(Error::Cancelled);
    }
    Ok(scan.report(begin))
}

/// The bank of a folder as it was last scanned, without looking at any of its files; `None` if it never was.
///
/// # Errors
/// As [`scan`] for the index.
pub fn remembered(folder: &Path, options: &ScanOptions) -> Result<Option<Bank>, Error> {
    let cache = options.cache.clone().map_or_else(index::cache_folder, Ok)?;
    let (index, _) = Index::open(&index::path_for(&cache, folder))?;
    Ok((!index.files.is_empty()).then(|| bank_of(folder, &index)))
}

/// What became of one file.
enum Examined {
    /// The content is in the index already.
    Known(SoundId),
    New(SoundId, Box<Analysis>),
    /// No sound, whenever it is looked at again.
    Failed(String),
    /// Not to be read today: the drive may be gone.
    Unread(String),
}

struct Scan<'a> {
    folder: &'a Path,
    place: PathBuf,
    total: usize,
    done: usize,
    new: usize,
    index: Index,
    /// Paths of the index before this scan that were not met yet.
    before: std::collections::BTreeMap<PathBuf, Seen>,
    failed: Vec<(PathBuf, String)>,
    index_remark: Option<String>,
    changed: bool,
}

impl<'a> Scan<'a> {
    fn new(mut index: Index) -> Scan<'a> {
        Scan {
            before: std::mem::take(&mut index.files),
            index,
            folder: Path::new(""),
            place: PathBuf::new(),
            total: 0,
            done: 0,
            new: 0,
            failed: Vec::new(),
            index_remark: None,
            changed: false,
        }
    }

    fn progress(&self) -> Progress<'_> {
        Progress { done: self.done, total: self.total, folder: self.folder, index: &self.index }
    }

    /// Takes unchanged files from the index; hands back the others.
    fn take_known(&mut self, found: Vec<Found>) -> Vec<Found> {
        let mut waiting = Vec::new();
        for file in found {
            match self.before.get(&file.relative) {
                Some(seen) if seen.size == file.size && seen.modified_ns == file.modified_ns => {
                    if let Some(seen) = self.before.remove(&file.relative) {
                        self.index.files.insert(file.relative, seen);
                        self.done += 1;
                    }
                }
                _ => waiting.push(file),
            }
        }
        waiting
    }

    fn analyse(
        &mut self,
        waiting: &[Found],
        listen: &Listen,
        on_progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
    ) {
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let known: std::collections::HashSet<SoundId> = self.index.sounds.keys().copied().collect();
        let folder = self.folder;
        let (sender, results) = mpsc::sync_channel(2 * THREADS);
        std::thread::scope(|scope| {
            for _ in 0..THREADS.min(waiting.len()) {
                let (sender, next, stop, known) = (sender.clone(), &next, &stop, &known);
                scope.spawn(move || {
                    priority::stand_back();
                    while !stop.load(Ordering::Relaxed) {
                        let Some(file) = waiting.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        if sender.send((file, examine(&folder.join(&file.relative), known, listen))).is_err()
                        {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut saved = Instant::now();
            let mut pause = SAVE_EVERY;
            for (file, examined) in results {
                self.take(file, examined);
                on_progress(&self.progress());
                if cancel.load(Ordering::Relaxed) {
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
                if saved.elapsed() >= pause {
                    let begin = Instant::now();
                    self.save();
                    saved = Instant::now();
                    pause = SAVE_EVERY.max(20 * begin.elapsed());
                }
            }
        });
    }

    fn take(&mut self, file: &Found, examined: Examined) {
        self.done += 1;
        let outcome = match examined {
            Examined::Known(id) => Outcome::Sound(id),
            Examined::New(id, says) => {
                self.new += 1;
                self.index.sounds.insert(id, *says);
                Outcome::Sound(id)
            }
            Examined::Failed(cause) => Outcome::Failed(cause),
            Examined::Unread(cause) => {
                // Whatever was known of this path is kept for the day on which it can be read again.
                self.failed.push((file.relative.clone(), cause));
                return;
            }
        };
        self.changed = true;
        self.before.remove(&file.relative);
        let seen = Seen { size: file.size, modified_ns: file.modified_ns, outcome };
        self.index.files.insert(file.relative.clone(), seen);
    }

    /// Saves what is known now, with what was known of paths that this scan has not come to.
    fn save(&mut self) {
        let met: Vec<PathBuf> = self.before.keys().cloned().collect();
        self.index.files.extend(std::mem::take(&mut self.before));
        if let Err(error) = self.index.save(&self.place) {
            self.index_remark = Some(error.to_string());
        }
        for path in met {
            self.before.extend(self.index.files.remove_entry(&path));
        }
    }

    /// Saves for the last time: paths that are gone are forgotten, unless something could not be looked at.
    fn finish(&mut self, interrupted: bool) {
        let gone = !self.before.is_empty();
        if interrupted || !self.failed.is_empty() {
            if self.changed {
                self.save();
            }
            return;
        }
        self.before.clear();
        if self.changed || gone || self.index_remark.is_some() {
            self.index.prune();
            self.save();
        }
    }

    fn report(mut self, begin: Instant) -> ScanReport {
        let bank = bank_of(self.folder, &self.index);
        let mut remarks = Vec::new();
        for (path, seen) in &self.index.files {
            match &seen.outcome {
                Outcome::Failed(cause) => self.failed.push((path.clone(), cause.clone())),
                Outcome::Sound(id) => {
                    let remark = self.index.sounds.get(id).and_then(|says| says.remark.clone());
                    remarks.extend(remark.map(|remark| (path.clone(), remark)));
                }
            }
        }
        self.failed.sort();
        ScanReport {
            sounds: bank.sounds.len(),
            bank,
            new: self.new,
            failed: self.failed,
            remarks,
            index_remark: self.index_remark,
            secs: begin.elapsed().as_secs_f32(),
        }
    }
}

/// Reads, decodes, listens. Never panics, whatever the file holds.
fn examine(path: &Path, known: &std::collections::HashSet<SoundId>, listen: &Listen) -> Examined {
    let bytes = match decode::read(path) {
        Ok(bytes) => bytes,
        Err(Error::File { cause, .. }) => return Examined::Unread(cause),
        Err(error) => return Examined::Failed(cause_of(error)),
    };
    let id = SoundId::of(&bytes);
    if known.contains(&id) {
        return Examined::Known(id);
    }
    let labelled = catch_unwind(AssertUnwindSafe(|| {
        let decoded = decode::decode_bytes(bytes, path).map_err(cause_of)?;
        let mono = analyse::heard_mono(&decoded.audio);
        if mono.iter().all(|sample| sample.abs() < SILENT) {
            return Err("the sound is silent".to_string());
        }
        let labels = listen(&mono, decoded.audio.rate_hz).map_err(|error| error.to_string())?;
        Ok(analyse::analyse(&decoded, &mono, &labels))
    }));
    match labelled {
        Ok(Ok(says)) => Examined::New(id, Box::new(says)),
        Ok(Err(cause)) => Examined::Failed(cause),
        Err(_) => Examined::Failed("the analysis gave up on this sound".to_string()),
    }
}

/// Samples below this, linear, are silence: -100 dB.
const SILENT: f32 = 1e-5;

/// The cause without the path, which stands beside it in the report.
fn cause_of(error: Error) -> String {
    match error {
        Error::File { cause, .. } => cause,
        Error::Limit { what, found, limit, .. } => format!("{what} of {found} is over the limit of {limit}"),
        other => other.to_string(),
    }
}

fn bank_of(folder: &Path, index: &Index) -> Bank {
    let (mut known, mut paths, mut hints) = (Vec::new(), Vec::new(), Vec::new());
    for (path, seen) in &index.files {
        let Outcome::Sound(id) = seen.outcome else { continue };
        let Some(says) = index.sounds.get(&id) else { continue };
        known.push((id, says));
        paths.push(path.clone());
        hints.push(names::hints(path));
    }
    let heard: Vec<Root> = known.iter().map(|(_, says)| says.root).collect();
    convention::apply(&mut hints, &heard, &paths);
    let sound = |((id, says), (path, said)): (&(SoundId, &Analysis), (&PathBuf, &names::Hints))| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        says.sound(*id, Source::File(path.clone()), name, said)
    };
    let sounds: Vec<Sound> = known.iter().zip(paths.iter().zip(&hints)).map(sound).collect();
    let instruments = group::instruments(&sounds, &paths, &hints);
    let name = folder.file_name().map_or_else(|| folder.to_string_lossy(), |name| name.to_string_lossy());
    Bank::new(name, Some(folder.to_path_buf()), sounds, instruments)
}
