//! A folder becomes a bank: every sound file is read, analysed and labelled once, and remembered.
//!
//! The caller's thread walks, keeps the index and reports; up to two threads of the scan's own, below normal priority,
//! read and analyse. Every label is written down as it is made and the index saved every few seconds, so an interrupted
//! scan goes on where it was, even if its process was killed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use neume_models::SoundNet;

use crate::assembly::bank_of;
use crate::container::Container;
use crate::decisions::{self, Decisions};
use crate::elsewhere::Elsewhere;
use crate::examine::{Examined, Job, cause_of, examine};
use crate::import::files::Files;
use crate::import::{self, Imported};
use crate::index::{self, Index, Outcome, Seen};
use crate::keeping::Keeper;
use crate::walk::{self, Found};
use crate::{Bank, Error, SoundId, priority};

pub use crate::examine::{Listen, profile_of};

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
    /// Sounds that are known by now; files of the same content count each.
    pub sounds: usize,
    scan: &'a Scan<'a>,
}

impl Progress<'_> {
    /// The sounds that are known so far, as a bank of their own; also those of a SoundFont that is being listened to.
    pub fn bank(&self) -> Bank {
        let Scan { folder, index, containers, .. } = self.scan;
        // Why that cannot be read is said by the report.
        let decided = self.scan.decided().unwrap_or_default();
        if containers.is_empty() {
            return bank_of(folder, index, &decided);
        }
        let mut so_far = index.clone();
        so_far.files.extend(containers.iter().map(|(path, pending)| {
            let outcome = Outcome::Imported(Box::new(pending.imported.clone()));
            (path.clone(), Seen { size: u64::MAX, modified_ns: 0, outcome })
        }));
        bank_of(folder, &so_far, &decided)
    }
}

/// What came of a scan.
#[derive(Debug, Clone)]
pub struct ScanReport {
    /// The sounds of the folder.
    pub bank: Arc<Bank>,
    /// How many there are; files of the same content count each.
    pub sounds: usize,
    /// How many files were analysed in this scan.
    pub new: usize,
    /// Files, relative to the folder, that are no sound, with the cause; by path.
    pub failed: Vec<(PathBuf, String)>,
    /// How many of them, or of folders, could not be read this time: the drive may have gone away.
    pub unread: usize,
    /// Sounds, relative to the folder, of which there is something to say; by path.
    pub remarks: Vec<(PathBuf, String)>,
    /// What presets ask for and Neume leaves out, by name.
    pub not_honoured: Vec<NotHonoured>,
    /// What was wrong with the index: damage that was mended, or why it could not be saved. The bank is whole all the same,
    /// but for decisions on roots that could not be read.
    pub index_remark: Option<String>,
    /// What [`fingerprint`] said of the folder when the scan began.
    pub fingerprint: u64,
    /// How long it took.
    pub secs: f32,
}

/// Something that presets ask for and Neume leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHonoured {
    /// The format and its own word for it: `sfz: cutoff`.
    pub what: String,
    /// How often it was asked for.
    pub count: u64,
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

/// Scans a folder. `on_progress` is called on the calling thread after each file; `cancel` is looked at more often, also
/// while the folder is walked and a long file is read, and what is labelled by then is saved.
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
    let walked = walk::walk(folder, cancel)?;
    let keeper = Keeper::new(place.clone(), ears.id);
    let (mut old, index_remark) = match Index::open(&place, cancel) {
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        _ if options.rebuild => (Index::default(), None),
        Err(future @ Error::FutureIndex { .. }) => return Err(future),
        // An index that cannot be read costs time, not sounds.
        Err(error) => (Index::default(), Some(error.to_string())),
        // Other weights say other things: what the old ones said is made again.
        Ok((old, _)) if old.ears != ears.id => (Index::default(), None),
        Ok(opened) => opened,
    };
    if options.rebuild {
        keeper.forget();
    }
    let noted = keeper.noted();
    let recovered = noted.keys().any(|id| !old.sounds.contains_key(id));
    old.sounds.extend(noted);
    let is_first = old.files.is_empty() && old.sounds.is_empty() && !options.rebuild;
    let mut scan = Scan {
        folder,
        changed: recovered,
        total: walked.found.len() + walked.presets.len(),
        index_remark,
        fingerprint: walked.fingerprint(),
        elsewhere: if is_first { Elsewhere::look(&place, ears.id, cancel) } else { Elsewhere::default() },
        ..Scan::new(Index { ears: ears.id, ..old }, keeper)
    };
    scan.failed = walked.failed;
    let files = Files::new(folder, walked.found.iter().map(|found| &found.relative));
    let waiting = scan.take_known(walked.found);
    let mut waiting: Vec<Job> = waiting.into_iter().map(Job::File).collect();
    waiting.extend(scan.take_presets(walked.presets, &files, cancel));
    if cancel.load(Ordering::Relaxed) {
        // Nothing was listened to yet, and the next scan reads presets again.
        return Err(Error::Cancelled);
    }
    on_progress(&scan.progress());
    scan.analyse(&waiting, ears.listen, on_progress, cancel);
    // A long sound that was left in the middle is done, and unread.
    let interrupted = cancel.load(Ordering::Relaxed) && (scan.done < scan.total || !scan.failed.is_empty());
    scan.finish(interrupted);
    if interrupted {
        return Err(Error::Cancelled);
    }
    Ok(scan.report(begin))
}

/// Names, sizes and times of all that a scan would look at, as one number: while it stays the same, a scan has nothing new
/// to say. Opens no file.
///
/// # Errors
/// [`Error::File`] where the folder cannot be read, [`Error::Cancelled`] as soon as `cancel` says so.
pub fn fingerprint(folder: &Path, cancel: &AtomicBool) -> Result<u64, Error> {
    Ok(walk::walk(folder, cancel)?.fingerprint())
}

/// The bank of a folder as it was last scanned, without looking at any of its files; `None` if it never was.
///
/// # Errors
/// As [`scan`] for the index, and [`Error::File`] where the decisions on roots cannot be read.
pub fn remembered(folder: &Path, options: &ScanOptions) -> Result<Option<Arc<Bank>>, Error> {
    let cache = options.cache.clone().map_or_else(index::cache_folder, Ok)?;
    let place = index::path_for(&cache, folder);
    let (index, _) = Index::open(&place, &AtomicBool::new(false))?;
    let decided = decisions::open(&place)?;
    Ok((!index.files.is_empty()).then(|| Arc::new(bank_of(folder, &index, &decided))))
}

/// A container whose members are being listened to.
struct Pending {
    found: Found,
    imported: Imported,
    left: usize,
    /// Whether every member could be read.
    is_whole: bool,
}

struct Scan<'a> {
    folder: &'a Path,
    keeper: Keeper,
    total: usize,
    done: usize,
    sounds: usize,
    new: usize,
    index: Index,
    /// Paths of the index before this scan that were not met yet.
    before: BTreeMap<PathBuf, Seen>,
    containers: BTreeMap<PathBuf, Pending>,
    failed: Vec<(PathBuf, String)>,
    index_remark: Option<String>,
    fingerprint: u64,
    changed: bool,
    /// What other folders' indexes know; what is met here moves into this one.
    elsewhere: Elsewhere,
}

impl<'a> Scan<'a> {
    fn new(mut index: Index, keeper: Keeper) -> Scan<'a> {
        Scan {
            before: std::mem::take(&mut index.files),
            index,
            folder: Path::new(""),
            keeper,
            total: 0,
            done: 0,
            sounds: 0,
            new: 0,
            containers: BTreeMap::new(),
            failed: Vec::new(),
            index_remark: None,
            fingerprint: 0,
            changed: false,
            elsewhere: Elsewhere::default(),
        }
    }

    fn progress(&self) -> Progress<'_> {
        Progress { done: self.done, total: self.total, sounds: self.sounds, scan: self }
    }

    /// What the composer has decided by now, while the scan was under way included.
    fn decided(&self) -> Result<Decisions, Error> {
        decisions::open(self.keeper.place())
    }

    /// Says what is wrong with the index, or beside it, once.
    fn say(&mut self, error: &Error) {
        let said = error.to_string();
        match &mut self.index_remark {
            Some(remark) if remark.contains(&said) => {}
            Some(remark) => *remark = format!("{remark}; {said}"),
            None => self.index_remark = Some(said),
        }
    }

    /// Takes unchanged files from the index; hands back the others.
    fn take_known(&mut self, found: Vec<Found>) -> Vec<Found> {
        let mut waiting = Vec::new();
        for file in found {
            match self.before.get(&file.relative) {
                Some(seen) if seen.size == file.size && seen.modified_ns == file.modified_ns => {
                    if let Some(seen) = self.before.remove(&file.relative) {
                        self.sounds += seen.outcome.sounds().len();
                        self.index.files.insert(file.relative, seen);
                        self.done += 1;
                    }
                }
                _ => waiting.push(file),
            }
        }
        waiting
    }

    /// Reads presets and tables, and hands back the members that have to be listened to. Text is read at every scan: it
    /// is small, and what it includes may have changed. Takes no further ones where the scan is cancelled.
    fn take_presets(&mut self, found: Vec<Found>, files: &Files, cancel: &AtomicBool) -> Vec<Job> {
        let is_wanted = |_: &Found| !cancel.load(Ordering::Relaxed);
        let (texts, containers): (Vec<Found>, Vec<Found>) =
            found.into_iter().partition(|found| !import::is_container(&found.relative));
        let read = |found: Found| {
            let imported = catch_unwind(AssertUnwindSafe(|| import::read(&found.relative, files)));
            let gave_up = |_| Err("the importer gave up on this file".to_string());
            (found, imported.unwrap_or_else(gave_up))
        };
        let texts: Vec<(Found, Result<Imported, String>)> =
            texts.into_iter().take_while(is_wanted).map(read).collect();
        // What presets are made of are no presets themselves.
        let read = texts.iter().filter_map(|(found, it)| Some((&found.relative, it.as_ref().ok()?)));
        let read: BTreeMap<&PathBuf, &Imported> = read.collect();
        let whole = read.iter().filter(|(_, imported)| !imported.instruments.is_empty());
        let parts = whole.flat_map(|(path, it)| it.includes.iter().map(move |part| (*path, part)));
        // Of two that include each other, neither is a part.
        let parts =
            parts.filter(|(path, part)| !read.get(part).is_some_and(|it| it.includes.contains(*path)));
        let parts: BTreeSet<PathBuf> = parts.map(|(_, part)| part.clone()).collect();
        for (found, imported) in texts {
            let outcome = match imported {
                _ if parts.contains(&found.relative) => Outcome::Imported(Box::default()),
                Ok(imported) => {
                    Outcome::Imported(Box::new(Imported { includes: BTreeSet::new(), ..imported }))
                }
                Err(cause) => Outcome::Failed(cause),
            };
            self.done += 1;
            let changed = self.changed;
            let is_known = self.before.get(&found.relative).is_some_and(|seen| seen.outcome == outcome);
            self.remember(found, outcome);
            self.changed = changed || !is_known;
        }
        let mut waiting = Vec::new();
        for found in self.take_known(containers).into_iter().take_while(is_wanted) {
            self.open_container(found, &mut waiting);
        }
        waiting
    }

    fn open_container(&mut self, found: Found, waiting: &mut Vec<Job>) {
        self.done += 1;
        let opened = Container::open(&self.folder.join(&found.relative)).map(|container| {
            let imported = catch_unwind(AssertUnwindSafe(|| import::sf2::import(&container)));
            (Arc::new(container), imported)
        });
        let (container, imported) = match opened {
            Ok((container, Ok(imported))) => (container, imported),
            Ok((_, Err(_))) => {
                return self.remember(found, Outcome::Failed("the importer gave up on it".to_string()));
            }
            Err(error) => return self.remember(found, Outcome::Failed(cause_of(error))),
        };
        let jobs = imported.members.iter().enumerate().map(|(i, member)| {
            Job::Member(container.clone(), found.relative.clone(), member.member.clone(), i)
        });
        let before = waiting.len();
        waiting.extend(jobs);
        let left = waiting.len() - before;
        self.total += left;
        if left == 0 {
            return self.remember(found, Outcome::Imported(Box::new(imported)));
        }
        let pending = Pending { found: found.clone(), imported, left, is_whole: true };
        self.containers.insert(found.relative, pending);
    }

    /// Puts into the index what a file holds.
    fn remember(&mut self, found: Found, outcome: Outcome) {
        self.changed = true;
        self.before.remove(&found.relative);
        let seen = Seen { size: found.size, modified_ns: found.modified_ns, outcome };
        self.index.files.insert(found.relative, seen);
    }

    /// What became of a member; with the last one, its container is known.
    fn take_member(&mut self, path: &Path, at: usize, examined: Examined) {
        if let Examined::Known(id) = examined {
            self.adopt(id);
        }
        let Some(pending) = self.containers.get_mut(path) else { return };
        let member = &mut pending.imported.members[at];
        self.sounds += usize::from(examined.is_sound());
        match examined {
            Examined::Known(id) => member.sound = Some(id),
            Examined::New(id, says) => {
                self.new += 1;
                member.sound = Some(id);
                self.keeper.note(id, &says);
                self.index.sounds.insert(id, *says);
            }
            Examined::Failed(cause) => {
                let name = format!("sample {} ({})", member.member, member.name);
                pending.imported.failed.push((name, cause));
            }
            Examined::Unread(cause) => {
                pending.is_whole = false;
                pending.imported.failed.push((format!("sample {}", member.member), cause));
            }
        }
        pending.left -= 1;
        if pending.left == 0
            && let Some(mut pending) = self.containers.remove(path)
        {
            pending.imported.failed.sort();
            if !pending.is_whole {
                // No file has this size, so the next scan looks at it again.
                pending.found.size = u64::MAX;
            }
            self.remember(pending.found, Outcome::Imported(Box::new(pending.imported)));
        }
    }

    fn analyse(
        &mut self,
        waiting: &[Job],
        listen: &Listen,
        on_progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
    ) {
        let next = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let labels = self.index.sounds.keys().chain(self.elsewhere.labels.keys());
        let known: HashSet<SoundId> = labels.copied().collect();
        let folder = self.folder;
        let (sender, results) = mpsc::sync_channel(2 * THREADS);
        std::thread::scope(|scope| {
            for _ in 0..THREADS.min(waiting.len()) {
                let (sender, next, stop, known) = (sender.clone(), &next, &stop, &known);
                scope.spawn(move || {
                    priority::stand_back();
                    while !stop.load(Ordering::Relaxed) && !cancel.load(Ordering::Relaxed) {
                        let Some(job) = waiting.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                        if sender.send((job, examine(folder, job, known, listen, cancel))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            let mut saved = Instant::now();
            let mut pause = SAVE_EVERY;
            for (job, examined) in results {
                self.done += 1;
                match job {
                    Job::File(found) => self.take(found, examined),
                    Job::Member(_, path, _, at) => self.take_member(path, *at, examined),
                }
                on_progress(&self.progress());
                if cancel.load(Ordering::Relaxed) {
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
                if saved.elapsed() >= pause {
                    let begin = Instant::now();
                    self.save(true);
                    saved = Instant::now();
                    pause = SAVE_EVERY.max(20 * begin.elapsed());
                }
            }
        });
    }

    fn take(&mut self, file: &Found, examined: Examined) {
        self.sounds += usize::from(examined.is_sound());
        let outcome = match examined {
            Examined::Known(id) => {
                self.adopt(id);
                Outcome::Sound(id)
            }
            Examined::New(id, says) => {
                self.new += 1;
                self.keeper.note(id, &says);
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
        self.remember(file.clone(), outcome);
    }

    /// Takes over what another folder's index knows of a sound.
    fn adopt(&mut self, id: SoundId) {
        if let Some(says) = self.elsewhere.labels.remove(&id) {
            self.keeper.note(id, &says);
            self.index.sounds.entry(id).or_insert(says);
        }
    }

    /// Saves what is known now, with what was known of paths that this scan has not come to.
    fn save(&mut self, interrupted: bool) {
        let met: Vec<PathBuf> = self.before.keys().cloned().collect();
        self.index.files.extend(std::mem::take(&mut self.before));
        if let Err(error) = self.keeper.save(&mut self.index, interrupted) {
            self.say(&error);
        }
        for path in met {
            self.before.extend(self.index.files.remove_entry(&path));
        }
    }

    /// Saves for the last time: paths that are gone are forgotten, unless something could not be looked at, or nothing is
    /// left at all, as where a drive is away.
    fn finish(&mut self, interrupted: bool) {
        let gone = !self.before.is_empty();
        let is_away = gone && self.index.files.is_empty();
        // Sounds that this scan has not come to may be those that were decided on, and the next one looks nowhere else.
        if !interrupted && self.failed.is_empty() {
            let sounds = &self.index.sounds;
            self.elsewhere.decided.retain(|id, _| sounds.contains_key(id));
        }
        if let Err(error) = decisions::adopt(self.keeper.place(), &self.elsewhere.decided) {
            self.say(&error);
        }
        if interrupted || is_away || !self.failed.is_empty() {
            if self.changed {
                self.save(true);
            }
            return;
        }
        self.before.clear();
        if self.changed || gone || self.index_remark.is_some() {
            self.index.prune();
            self.save(false);
        }
    }

    fn report(mut self, begin: Instant) -> ScanReport {
        let decided = self.decided().unwrap_or_else(|error| {
            self.say(&error);
            Decisions::new()
        });
        let bank = Arc::new(bank_of(self.folder, &self.index, &decided));
        let unread = self.failed.len();
        let mut remarks = Vec::new();
        let mut not_honoured: BTreeMap<&str, u64> = BTreeMap::new();
        for (path, seen) in &self.index.files {
            match &seen.outcome {
                Outcome::Failed(cause) => self.failed.push((path.clone(), cause.clone())),
                Outcome::Imported(imported) => {
                    for (what, count) in &imported.not_honoured {
                        *not_honoured.entry(what).or_default() += count;
                    }
                    let failed = imported.failed.iter();
                    self.failed
                        .extend(failed.map(|(name, cause)| (path.clone(), format!("{name}: {cause}"))));
                }
                Outcome::Sound(id) => {
                    let remark = self.index.sounds.get(id).and_then(|says| says.remark.clone());
                    remarks.extend(remark.map(|remark| (path.clone(), remark)));
                }
            }
        }
        self.failed.sort();
        let not_honoured =
            not_honoured.into_iter().map(|(what, count)| NotHonoured { what: what.to_string(), count });
        ScanReport {
            not_honoured: not_honoured.collect(),
            sounds: bank.sounds.len(),
            bank,
            new: self.new,
            failed: self.failed,
            unread,
            remarks,
            index_remark: self.index_remark,
            fingerprint: self.fingerprint,
            secs: begin.elapsed().as_secs_f32(),
        }
    }
}

#[cfg(test)]
mod tests;
