//! One scan of a folder in a process, however many instances wait for it.
//!
//! Who comes first leads: the scan runs on that thread, and those who come while sounds are still being listened to join
//! it, each on a thread of its own that waits. They see its steps and get its report. If the leader gives way, for
//! another folder or with its instance, one of them leads and goes on from the labels that are there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use neume_bank::{Bank, Error, ScanReport};
use parking_lot::{Condvar, Mutex};

use crate::handoff::ScanProgress;

/// How soon one who waits sees that it is cancelled.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The scans of a process that can be joined.
#[derive(Default)]
pub struct Scans {
    under_way: Mutex<HashMap<PathBuf, Arc<UnderWay>>>,
}

/// What one does who wants a folder scanned.
pub enum Part<'a> {
    /// Scans.
    Lead(Leading<'a>),
    /// Waits.
    Join(Joined),
}

/// Between the leader and those who wait.
#[derive(Default)]
struct UnderWay {
    told: Mutex<Told>,
    news: Condvar,
}

#[derive(Default)]
struct Told {
    progress: Option<ScanProgress>,
    /// The bank as far as it was shown last, and how many steps there were.
    grown: (u64, Option<Arc<Bank>>),
    /// Whether anybody wants steps.
    in_steps: bool,
    outcome: Option<Result<ScanReport, Error>>,
}

impl Scans {
    /// Leads the scan of a folder, or joins the one that is under way.
    pub fn take_part(&self, folder: &Path, in_steps: bool) -> Part<'_> {
        let mut under_way = self.under_way.lock();
        let joined = under_way.get(folder).cloned();
        let scan = joined.clone().unwrap_or_default();
        scan.told.lock().in_steps |= in_steps;
        if joined.is_some() {
            return Part::Join(Joined { scan });
        }
        under_way.insert(folder.to_path_buf(), scan.clone());
        Part::Lead(Leading { scans: self, folder: folder.to_path_buf(), scan })
    }
}

/// The end of the one who scans. Dropped without an end, it gives way.
pub struct Leading<'a> {
    scans: &'a Scans,
    folder: PathBuf,
    scan: Arc<UnderWay>,
}

impl Leading<'_> {
    /// Whether the bank is wanted while it grows.
    pub fn is_in_steps(&self) -> bool {
        self.scan.told.lock().in_steps
    }

    /// Tells the others how far the scan is. Who comes after the last sound scans anew, since more may have been decided
    /// or laid into the folder than the report will say.
    pub fn tell(&self, progress: ScanProgress, grown: Option<Arc<Bank>>) {
        if progress.done == progress.total {
            self.close();
        }
        let mut told = self.scan.told.lock();
        told.progress = Some(progress);
        if grown.is_some() {
            told.grown = (told.grown.0 + 1, grown);
        }
        self.scan.news.notify_all();
    }

    /// The end, for all.
    pub fn end(self, outcome: Result<ScanReport, Error>) -> Result<ScanReport, Error> {
        self.close();
        self.scan.told.lock().outcome = Some(outcome.clone());
        outcome
    }

    /// Nobody can join any more.
    fn close(&self) {
        let mut under_way = self.scans.under_way.lock();
        if under_way.get(&self.folder).is_some_and(|scan| Arc::ptr_eq(scan, &self.scan)) {
            under_way.remove(&self.folder);
        }
    }
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        self.close();
        self.scan.told.lock().outcome.get_or_insert(Err(Error::Cancelled));
        self.scan.news.notify_all();
    }
}

/// The end of one who waits.
pub struct Joined {
    scan: Arc<UnderWay>,
}

impl Joined {
    /// Waits for the end; `None` where the leader has given way.
    pub fn wait(
        self,
        on_progress: &mut dyn FnMut(ScanProgress),
        on_growth: &mut dyn FnMut(Arc<Bank>),
        cancel: &AtomicBool,
    ) -> Option<Result<ScanReport, Error>> {
        let (mut shown, mut steps) = (None, 0);
        let mut told = self.scan.told.lock();
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Some(Err(Error::Cancelled));
            }
            if let Some(outcome) = &told.outcome {
                let outcome = outcome.clone();
                return Some(outcome).filter(|outcome| !matches!(outcome, Err(Error::Cancelled)));
            }
            let (progress, (count, grown)) = (told.progress, told.grown.clone());
            if progress == shown && count == steps {
                self.scan.news.wait_for(&mut told, LOOK_EVERY);
                continue;
            }
            drop(told);
            if let Some(progress) = progress.filter(|_| progress != shown) {
                on_progress(progress);
            }
            if let Some(bank) = grown.filter(|_| count != steps) {
                on_growth(bank);
            }
            (shown, steps) = (progress, count);
            told = self.scan.told.lock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leading<'a>(scans: &'a Scans, folder: &str) -> Option<Leading<'a>> {
        match scans.take_part(Path::new(folder), false) {
            Part::Lead(leading) => Some(leading),
            Part::Join(_) => None,
        }
    }

    #[test]
    fn a_scan_is_joined_until_its_last_sound_and_each_folder_has_its_own() {
        let scans = Scans::default();
        let first = leading(&scans, "a").unwrap();
        assert!(leading(&scans, "a").is_none() && leading(&scans, "b").is_some());
        first.tell(ScanProgress { done: 1, total: 2 }, None);
        assert!(leading(&scans, "a").is_none());
        first.tell(ScanProgress { done: 2, total: 2 }, None);
        let second = leading(&scans, "a").expect("it may know of more than the first");
        drop(first);
        assert!(leading(&scans, "a").is_none(), "the end of the first leaves the second alone");
        drop(second);
        assert!(leading(&scans, "a").is_some());
    }

    #[test]
    fn who_waits_is_told_of_steps_and_leads_where_the_leader_gives_way() {
        let scans = Scans::default();
        let first = leading(&scans, "a").unwrap();
        let Part::Join(joined) = scans.take_part(Path::new("a"), true) else { panic!("it is led") };
        assert!(first.is_in_steps(), "one of them wants steps");
        let (progress, bank) = (ScanProgress { done: 1, total: 3 }, Arc::new(Bank::default()));
        first.tell(progress, Some(bank.clone()));
        let (mut seen, mut steps) = (Vec::new(), Vec::new());
        let first = Mutex::new(Some(first));
        let outcome = joined.wait(
            &mut |progress| seen.push(progress),
            &mut |bank| {
                steps.push(bank);
                drop(first.lock().take());
            },
            &AtomicBool::new(false),
        );
        assert!(outcome.is_none());
        assert!(seen == [progress] && steps.len() == 1 && Arc::ptr_eq(&steps[0], &bank));
        assert!(leading(&scans, "a").is_some());
    }

    #[test]
    fn who_waits_and_is_cancelled_goes_at_once_and_leaves_the_scan_alone() {
        let scans = Scans::default();
        let first = leading(&scans, "a").unwrap();
        let Part::Join(joined) = scans.take_part(Path::new("a"), false) else { panic!("it is led") };
        let outcome = joined.wait(&mut |_| {}, &mut |_| {}, &AtomicBool::new(true));
        assert_eq!(outcome.map(|outcome| outcome.map(|_| ())), Some(Err(Error::Cancelled)));
        assert!(leading(&scans, "a").is_none());
        drop(first);
    }
}
