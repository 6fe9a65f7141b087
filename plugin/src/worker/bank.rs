//! The bank that an instance matches against: opened, growing while it is scanned, and what becomes of the slots then.

use std::sync::Arc;

use neume_bank::Bank;

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
        self.view.bank.scanning = self.scan_progress();
    }

    /// How far the scan of a folder that is opened is, or of one that has changed.
    pub(super) fn scan_progress(&self) -> Option<ScanProgress> {
        self.scanning.progress().or_else(|| self.following.progress())
    }

    /// What a scan has to say: its progress, its bank, or why there is none.
    pub(super) fn scanned(&mut self, event: ScanEvent) {
        match event {
            ScanEvent::Progress => self.take_growth(),
            ScanEvent::Done { folder, relink, outcome, fingerprint } => {
                self.scanning.finished(&folder);
                let decided = self.take_decided(&folder);
                match outcome {
                    Ok((bank, failed)) => {
                        let found = BankRef::Folder(folder.clone());
                        if relink {
                            self.relink(&bank, &found);
                        } else if self.document.get().bank == found {
                            self.following.follow(&self.library, &folder, fingerprint);
                            self.use_bank(bank.clone(), found);
                            if !decided.is_empty() {
                                self.retune(&decided);
                                self.following.tell(&folder, bank, failed.clone());
                            }
                        }
                        self.view.bank.failed = failed.into();
                        self.retry_missing();
                    }
                    Err(cause) => self.view.notice = Some(cause),
                }
            }
        }
        self.describe_bank();
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
