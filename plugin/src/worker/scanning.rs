//! Scans of folders, beside the Worker's thread, so that drawings are read while a bank is being opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};
use neume_bank::priority::stand_back;
use neume_bank::{Bank, ScanReport};
use parking_lot::Mutex;

use crate::handoff::ScanProgress;
use crate::library::Library;

/// What a scan tells the Worker.
pub enum ScanEvent {
    /// Some files further; the bank may have grown.
    Progress,
    /// The end.
    Done {
        /// Which of the scans of this Worker it was.
        number: u64,
        /// What was scanned.
        folder: PathBuf,
        /// Whether saved sounds are looked for in it, rather than matched from it.
        relink: bool,
        /// The bank and the files that are no sound, or what went wrong.
        outcome: Result<Opened, String>,
        /// The folder as it was then, for [`super::following`].
        fingerprint: u64,
    },
}

/// A bank, and the files of its folder that are no sound, each with the cause.
pub type Opened = (Arc<Bank>, Vec<(PathBuf, String)>);

/// The files that are no sound, and before them what is wrong with the index.
pub fn unread(report: ScanReport) -> Vec<(PathBuf, String)> {
    let index = report.index_remark.map(|remark| (PathBuf::from("index"), remark));
    index.into_iter().chain(report.failed).collect()
}

/// The scan that is under way, if any.
pub struct Scanning {
    events: (Sender<ScanEvent>, Receiver<ScanEvent>),
    current: Option<Current>,
    /// Scans that were begun.
    begun: u64,
}

struct Current {
    number: u64,
    folder: PathBuf,
    relink: bool,
    cancel: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    total: Arc<AtomicUsize>,
    /// The bank as far as it is known, until the Worker takes it; the newest replaces the one before.
    grown: Arc<Mutex<Option<Arc<Bank>>>>,
    thread: Option<JoinHandle<()>>,
}

impl Scanning {
    pub fn new() -> Scanning {
        Scanning { events: crossbeam_channel::unbounded(), current: None, begun: 0 }
    }

    /// What scans have to say.
    pub fn events(&self) -> Receiver<ScanEvent> {
        self.events.1.clone()
    }

    /// How far the current one is.
    pub fn progress(&self) -> Option<ScanProgress> {
        self.current.as_ref().map(|current| ScanProgress {
            done: current.done.load(Ordering::Relaxed),
            total: current.total.load(Ordering::Relaxed),
        })
    }

    /// Scans a folder, in the place of what is being scanned now.
    pub fn start(&mut self, library: Arc<Library>, folder: PathBuf, relink: bool) {
        self.cancel();
        self.begun += 1;
        let number = self.begun;
        let mut current = Current {
            number,
            folder: folder.clone(),
            relink,
            cancel: Arc::default(),
            done: Arc::default(),
            total: Arc::default(),
            grown: Arc::default(),
            thread: None,
        };
        let (cancel, done, total) = (current.cancel.clone(), current.done.clone(), current.total.clone());
        let grown = current.grown.clone();
        let events = self.events.0.clone();
        let scan = move || {
            stand_back();
            let mut last = std::time::Instant::now();
            let mut on_progress = |progress: ScanProgress| {
                done.store(progress.done, Ordering::Relaxed);
                total.store(progress.total, Ordering::Relaxed);
                if last.elapsed().as_millis() >= 50 {
                    last = std::time::Instant::now();
                    // The Worker may have ended in the meantime.
                    events.send(ScanEvent::Progress).ok();
                }
            };
            let mut on_growth = |bank: Arc<Bank>| {
                *grown.lock() = Some(bank);
                events.send(ScanEvent::Progress).ok();
            };
            let opened = match relink {
                true => library.open(&folder, false, &mut on_progress, &cancel),
                false => library.open_in_steps(&folder, &mut on_progress, &mut on_growth, &cancel),
            };
            // What could not be read is tried again as soon as the folder can be looked at.
            let whole = opened.as_ref().ok().filter(|report| report.unread == 0);
            let fingerprint = whole.map_or(0, |report| report.fingerprint);
            let outcome =
                opened.map(|report| (report.bank.clone(), unread(report))).map_err(|cause| cause.to_string());
            if !cancel.load(Ordering::Relaxed) {
                events.send(ScanEvent::Done { number, folder, relink, outcome, fingerprint }).ok();
            }
        };
        current.thread = std::thread::Builder::new().name("neume scan".to_string()).spawn(scan).ok();
        self.current = Some(current);
    }

    /// What the current one knows of its folder, if that is more than when it was asked last.
    pub fn grown(&self) -> Option<(PathBuf, Arc<Bank>)> {
        let current = self.current.as_ref()?;
        let bank = current.grown.lock().take()?;
        Some((current.folder.clone(), bank))
    }

    /// Nobody wants to match from the folder that is being scanned any more. What is labelled is kept.
    pub fn leave(&mut self) {
        if self.current.as_ref().is_some_and(|current| !current.relink) {
            self.cancel();
        }
    }

    /// A scan has ended by itself. Whether it was the current one: another may have been begun before its end was heard of.
    pub fn finished(&mut self, number: u64) -> bool {
        let is_current = self.current.as_ref().is_some_and(|current| current.number == number);
        if is_current {
            self.current = None;
        }
        is_current
    }

    fn cancel(&mut self) {
        if let Some(current) = self.current.take() {
            current.cancel.store(true, Ordering::Relaxed);
            // It stops at the next file, or within a long one; a host may unload the library right after the instance.
            if let Some(thread) = current.thread {
                thread.join().ok();
            }
        }
    }
}

impl Drop for Scanning {
    fn drop(&mut self) {
        self.cancel();
    }
}
