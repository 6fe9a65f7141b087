//! The folder of the bank, followed while it is open: what is added, changed or taken away there is heard of within a
//! second or two.
//!
//! One thread for each folder in a process, however many instances have it open, below normal priority; it ends with the
//! last of them. It looks at names, sizes and times, rather than being told by the system: that works on network drives and
//! through links as well, and a thread of our own can be joined before a host unloads the library.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use neume_bank::Bank;
use neume_bank::priority::stand_back;
use neume_bank::scan::fingerprint;
use parking_lot::{Condvar, Mutex};

use super::Worker;
use super::scanning::unread;
use crate::handoff::ScanProgress;
use crate::library::Library;
use crate::state::BankRef;

/// Time between two looks; of a large folder, at least this many times as long as a look takes.
const LOOK_EVERY: Duration = Duration::from_millis(750);
const REST: u32 = 40;

/// What an instance follows.
#[derive(Default)]
pub struct Following {
    watch: Option<Arc<Watch>>,
    /// The news that it has taken already.
    taken: u64,
}

impl Following {
    /// Follows this folder from now on, and no other; `seen` is the fingerprint of the scan that it was opened by.
    pub fn follow(&mut self, library: &Arc<Library>, folder: &Path, seen: u64) {
        if self.watch.as_ref().is_some_and(|watch| watch.folder == folder) {
            return;
        }
        let watch = Watch::of(library, folder, seen);
        self.taken = watch.shared.news.lock().number;
        self.watch = Some(watch);
    }

    /// Follows no folder any more, unless it is that of this bank.
    pub fn leave(&mut self, bank: &BankRef) {
        self.watch = self.watch.take().filter(|watch| *bank == BankRef::Folder(watch.folder.clone()));
    }

    /// Tells the other instances of a bank of the folder that they have no part in.
    pub fn tell(&mut self, folder: &Path, bank: Arc<Bank>, failed: Vec<(PathBuf, String)>) {
        let Some(watch) = self.watch.as_ref().filter(|watch| watch.folder == folder) else { return };
        let mut news = watch.shared.news.lock();
        *news = News { number: news.number + 1, bank: Some(bank), failed: Some(failed) };
        self.taken = news.number;
    }

    /// How far a scan of the folder is, if something has changed there.
    pub fn progress(&self) -> Option<ScanProgress> {
        *self.watch.as_ref()?.shared.progress.lock()
    }

    /// Whether the folder has gone, as with its drive.
    pub fn is_away(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.shared.is_away.load(Ordering::Relaxed))
    }

    /// The bank as it is now, if that is new.
    fn news(&mut self) -> Option<(PathBuf, News)> {
        let watch = self.watch.as_ref()?;
        let news = watch.shared.news.lock().clone();
        let (folder, is_new) = (watch.folder.clone(), news.number != self.taken);
        self.taken = news.number;
        is_new.then_some((folder, news))
    }
}

impl Worker {
    /// Takes what has changed in the folder of the bank.
    pub(super) fn take_news(&mut self) {
        let bank = &self.view.bank;
        if (bank.scanning, bank.is_away) != (self.scan_progress(), self.following.is_away()) {
            self.publish();
        }
        let Some((folder, news)) = self.following.news() else { return };
        let found = BankRef::Folder(folder);
        if let Some(bank) = news.bank.filter(|_| self.bank_ref == found) {
            self.view.bank.failed = news.failed.map_or(self.view.bank.failed.clone(), Into::into);
            self.use_bank(bank, found);
            self.retry_missing();
            self.publish();
        }
    }
}

/// A folder and the thread that looks at it. The last instance that lets go of it ends the thread.
struct Watch {
    folder: PathBuf,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The bank as it was opened last, or as far as a scan is with it.
#[derive(Clone, Default)]
struct News {
    /// Counts them.
    number: u64,
    bank: Option<Arc<Bank>>,
    /// Files that are no sound, with the cause, as soon as they are known.
    failed: Option<Vec<(PathBuf, String)>>,
}

/// Between the thread and the instances.
#[derive(Default)]
struct Shared {
    news: Mutex<News>,
    /// Present while the folder is being scanned.
    progress: Mutex<Option<ScanProgress>>,
    /// Whether it was not there, or empty, at the last look.
    is_away: AtomicBool,
    /// Also ends a look or a scan that is under way.
    stop: AtomicBool,
    asleep: Mutex<()>,
    wake: Condvar,
}

impl Watch {
    /// The one of this process, which may have to be made.
    fn of(library: &Arc<Library>, folder: &Path, seen: u64) -> Arc<Watch> {
        static WATCHES: Mutex<Vec<Weak<Watch>>> = Mutex::new(Vec::new());
        let mut watches = WATCHES.lock();
        watches.retain(|watch| watch.strong_count() > 0);
        if let Some(watch) = watches.iter().filter_map(Weak::upgrade).find(|watch| watch.folder == folder) {
            return watch;
        }
        let shared = Arc::new(Shared::default());
        let look = Look {
            library: library.clone(),
            folder: folder.to_path_buf(),
            shared: shared.clone(),
            seen,
            changing: None,
        };
        // Without a thread the folder is only looked at when it is opened.
        let thread = std::thread::Builder::new().name("neume folder".to_string()).spawn(|| look.run()).ok();
        let watch = Arc::new(Watch { folder: folder.to_path_buf(), shared, thread });
        watches.push(Arc::downgrade(&watch));
        watch
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // The thread looks at `stop` with this held, so it is either before that or asleep.
        drop(self.shared.asleep.lock());
        self.shared.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            thread.join().ok();
        }
    }
}

/// What the thread knows.
struct Look {
    library: Arc<Library>,
    folder: PathBuf,
    shared: Arc<Shared>,
    /// The folder as it was when its bank was opened.
    seen: u64,
    /// The folder as it was at the last look, if it was another one: files that are still being written are left alone.
    changing: Option<u64>,
}

impl Look {
    fn run(mut self) {
        stand_back();
        loop {
            let pause = LOOK_EVERY.max(REST * self.look());
            let mut asleep = self.shared.asleep.lock();
            if self.shared.stop.load(Ordering::Relaxed) {
                return;
            }
            self.shared.wake.wait_for(&mut asleep, pause);
            if self.shared.stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Looks whether something has changed, and has it scanned then. How long the look took.
    fn look(&mut self) -> Duration {
        let begin = Instant::now();
        let now = fingerprint(&self.folder, &self.shared.stop);
        let took = begin.elapsed();
        match now {
            // The bank of a folder that is away, with its drive, stays open. It may come back as another.
            Err(_) => {
                self.seen = 0;
                self.shared.is_away.store(true, Ordering::Relaxed);
            }
            Ok(now) if now != self.seen && self.changing.replace(now) == Some(now) => self.scan(now),
            Ok(_) => {}
        }
        took
    }

    fn scan(&mut self, now: u64) {
        self.changing = None;
        let shared = &self.shared;
        let tell = |bank: Arc<Bank>, failed: Option<Vec<(PathBuf, String)>>| {
            let mut news = shared.news.lock();
            *news = News { number: news.number + 1, bank: Some(bank), failed };
        };
        let mut on_progress = |progress| *shared.progress.lock() = Some(progress);
        let mut on_growth = |bank| tell(bank, None);
        let opened = self.library.open_in_steps(&self.folder, &mut on_progress, &mut on_growth, &shared.stop);
        *shared.progress.lock() = None;
        // Whatever went wrong was wrong with this state of the folder; the next change is another try.
        self.seen = now;
        let Ok(report) = opened else { return };
        let bank = report.bank.clone();
        self.seen = report.fingerprint;
        // So looks the place of a drive that is away: what was open stays.
        shared.is_away.store(bank.sounds.is_empty(), Ordering::Relaxed);
        if bank.sounds.is_empty() {
            return;
        }
        tell(bank, Some(unread(report)));
    }
}
