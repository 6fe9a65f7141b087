//! The bank that an instance matches against: opened, growing while it is scanned, and what becomes of the slots then.

use std::sync::Arc;

use neume_bank::Bank;
use neume_models::Family;

use super::Worker;
use super::roots::{Roots, doubts};
use super::scanning::ScanEvent;
use crate::handoff::{SLOTS, ScanProgress};
use crate::library::Library;
use crate::state::BankRef;

/// Lets go of the banks that nobody holds any more, once its Worker has let go of its own.
pub struct Leaving(pub Arc<Library>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.close_unused();
    }
}

impl Worker {
    /// Matches against another bank from now on. A folder is scanned beside this thread: what is open already is
    /// used at once, and what has changed since comes with the scan.
    pub(super) fn open_bank(&mut self, bank: BankRef) {
        if let Some(open) = self.library.bank(&bank) {
            self.use_bank(open, bank.clone());
        }
        match bank {
            BankRef::Folder(folder) => self.scanning.start(self.library.clone(), folder, false),
            BankRef::Factory => self.scanning.leave(),
        }
    }

    pub(super) fn use_bank(&mut self, bank: Arc<Bank>, bank_ref: BankRef) {
        if self.bank_ref != bank_ref {
            self.view.bank.failed = Arc::default();
            self.view.bank.decided = None;
            self.roots = Roots::default();
            self.following.leave(&bank_ref);
        }
        self.bank = bank;
        self.bank_ref = bank_ref;
        self.keep_banks();
        self.view.bank.doubts = doubts(&self.bank);
        self.describe_bank();
        (0..SLOTS).for_each(|slot| self.rank(slot));
        self.search(self.view.search.asked.clone());
        self.unmark_decided();
    }

    /// Holds the banks of sounds that signs stand for, as far as they are open, and lets go of what nobody holds then.
    pub(super) fn keep_banks(&mut self) {
        let state = self.document.get();
        let bound = state.language.signs.iter().filter_map(|sign| sign.meaning.sound.as_ref());
        self.bound_banks = bound.filter_map(|bound| self.library.bank(&bound.bank)).collect();
        self.library.close_unused();
    }

    pub(super) fn describe_bank(&mut self) {
        self.view.bank.name = self.bank.name.clone();
        self.view.bank.sounds = self.bank.sounds.len();
        self.view.bank.by_family = by_family(&self.bank);
    }

    /// How far the scan of a folder that is opened is, or of one that has changed.
    pub(super) fn scan_progress(&self) -> Option<ScanProgress> {
        self.scanning.progress().or_else(|| self.following.progress())
    }

    /// What a scan has to say: its progress, its bank, or why there is none.
    pub(super) fn scanned(&mut self, event: ScanEvent) {
        match event {
            ScanEvent::Progress => self.take_growth(),
            ScanEvent::Done { number, folder, relink, outcome, fingerprint } => {
                let decided = match self.scanning.finished(number) {
                    true => self.take_decided(&folder),
                    // What is being scanned now will know of them.
                    false => Vec::new(),
                };
                match outcome {
                    Ok((bank, failed)) => {
                        let found = BankRef::Folder(folder.clone());
                        let is_open = self.document.get().bank == found;
                        if relink {
                            self.relink(&bank, &found);
                        } else if is_open {
                            self.following.follow(&self.library, &folder, fingerprint);
                            self.use_bank(bank.clone(), found);
                            if !decided.is_empty() {
                                self.retune(&decided);
                                self.following.tell(&folder, bank, failed.clone());
                            }
                        }
                        if is_open {
                            self.view.bank.failed = failed.into();
                        }
                        self.retry_missing();
                    }
                    Err(cause) => self.view.notice = Some(cause),
                }
            }
        }
    }

    /// Matches against what is labelled by now of a folder that is being scanned. What is open never shrinks by that.
    fn take_growth(&mut self) {
        let Some((folder, bank)) = self.scanning.grown() else { return };
        let found = BankRef::Folder(folder);
        let is_more = self.bank_ref != found || bank.sounds.len() > self.bank.sounds.len();
        if is_more && self.document.get().bank == found {
            self.use_bank(bank, found);
            self.retry_missing();
        }
    }

    /// Points every saved sound that this bank has at it.
    fn relink(&mut self, bank: &Bank, at: &BankRef) {
        self.edit(|state| {
            for chosen in state.slots.iter_mut().filter_map(|slot| slot.chosen.as_mut()) {
                if chosen.zones.iter().all(|zone| bank.get(zone.sound).is_some()) {
                    chosen.bank = at.clone();
                    for zone in &mut chosen.zones {
                        if let Some(sound) = bank.get(zone.sound) {
                            zone.source = sound.source.clone();
                        }
                    }
                }
            }
        });
    }

    pub(super) fn retry_missing(&mut self) {
        for slot in 0..SLOTS {
            if self.slots[slot].missing.is_some() {
                self.slots[slot].chosen =
                    self.document.get().slots[slot].chosen.as_ref().map(|chosen| chosen.sound);
                self.deliver(slot);
            }
        }
    }
}

/// How many sounds are likelier of each family than of any other.
fn by_family(bank: &Bank) -> [usize; Family::COUNT] {
    let mut counts = [0; Family::COUNT];
    for sound in &bank.sounds {
        counts[sound.profile.families.best().0.index()] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::handoff::{EditorEnd, EngineEnd, ends};

    /// A folder with a file of this name that is no sound.
    fn folder_with(name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), b"PK").unwrap();
        folder
    }

    fn open(worker: &mut Worker, folder: &Path) {
        let bank = BankRef::Folder(folder.to_path_buf());
        worker.edit(|state| state.bank = bank.clone());
        worker.open_bank(bank);
    }

    /// Waits for the end of a scan and leaves it unheard.
    fn end_of_scan(worker: &Worker) -> ScanEvent {
        let events = worker.scanning.events();
        loop {
            match events.recv().unwrap() {
                ScanEvent::Progress => {}
                end => return end,
            }
        }
    }

    fn worker() -> (Worker, EditorEnd, EngineEnd) {
        let (editor, worker, engine) = ends();
        (Worker::new(worker, Library::shared()), editor, engine)
    }

    #[test]
    fn the_end_of_a_scan_is_not_that_of_the_next_one_of_its_folder() {
        let folder = folder_with("one.wav");
        let (mut worker, ..) = worker();
        open(&mut worker, folder.path());
        let end = end_of_scan(&worker);
        // Meanwhile the host restores a state with the same folder.
        open(&mut worker, folder.path());
        worker.scanned(end);
        assert!(worker.scanning.progress().is_some(), "the second one can still be cancelled and joined");
        let end = end_of_scan(&worker);
        worker.scanned(end);
        assert!(worker.scanning.progress().is_none());
    }

    #[test]
    fn files_that_are_no_sounds_are_shown_of_the_open_bank_alone() {
        let [here, elsewhere, left] = ["here.wav", "elsewhere.wav", "left.wav"].map(folder_with);
        let (mut worker, ..) = worker();
        let failed =
            |worker: &Worker| worker.view.bank.failed.iter().map(|f| f.0.clone()).collect::<Vec<_>>();
        open(&mut worker, left.path());
        let late = end_of_scan(&worker);
        open(&mut worker, here.path());
        worker.scanned(late);
        assert!(failed(&worker).is_empty());
        let end = end_of_scan(&worker);
        worker.scanned(end);
        assert_eq!(failed(&worker), [PathBuf::from("here.wav")]);
        worker.scanning.start(worker.library.clone(), elsewhere.path().to_path_buf(), true);
        let end = end_of_scan(&worker);
        worker.scanned(end);
        assert_eq!(failed(&worker), [PathBuf::from("here.wav")]);
    }
}
