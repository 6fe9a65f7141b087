//! Roots that are in doubt: the composer decides, the decision is kept beside the index of the folder, and the folder is
//! scanned for the bank that follows from it, which reads no sound again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use neume_bank::decisions::decide;
use neume_bank::{Bank, Decision, ScanOptions, Sound, SoundId};

use super::Worker;
use crate::handoff::{DecidedView, DoubtView, MatchView, SLOTS};
use crate::naming;
use crate::state::BankRef;

/// What was decided and is not in the bank yet.
#[derive(Default)]
pub struct Roots {
    sounds: Vec<SoundId>,
    /// The folder that has to be scanned for it once the scan that is under way has ended.
    waiting: Option<PathBuf>,
}

/// Sounds of a bank whose root is in doubt.
pub fn doubts(bank: &Bank) -> Arc<[DoubtView]> {
    bank.sounds.iter().filter_map(|sound| doubt(bank, sound)).collect()
}

fn doubt(bank: &Bank, sound: &Sound) -> Option<DoubtView> {
    Some(DoubtView {
        sound: sound.id,
        doubt: sound.doubt?,
        title: naming::title(sound, bank.instrument_of(sound.id)),
    })
}

impl Worker {
    /// Keeps what the composer has decided of a sound of the bank. What shows it as doubtful stops at once; the rest comes
    /// with the bank.
    pub(super) fn decide_root(&mut self, sound: SoundId, decision: Option<Decision>) {
        let BankRef::Folder(folder) = self.bank_ref.clone() else { return };
        if let Err(cause) = decide(&folder, &ScanOptions::default(), &[sound], decision) {
            self.view.notice = Some(cause.to_string());
            return;
        }
        self.view.bank.decided = decision.and_then(|decision| {
            let was = self.bank.get(sound).and_then(|sound| doubt(&self.bank, sound));
            Some(DecidedView { was: was.or_else(|| self.was_in_doubt(sound))?, decision })
        });
        self.unmark(sound);
        self.roots.sounds.push(sound);
        if self.scanning.progress().is_some() {
            self.roots.waiting = Some(folder);
        } else {
            self.scanning.start(self.library.clone(), folder, false);
        }
    }

    /// The sound that was decided on last, if it is this one.
    fn was_in_doubt(&self, sound: SoundId) -> Option<DoubtView> {
        let last = self.view.bank.decided.as_ref().map(|decided| decided.was.clone());
        last.filter(|was| was.sound == sound)
    }

    fn unmark(&mut self, sound: SoundId) {
        let doubts = self.view.bank.doubts.iter().filter(|doubt| doubt.sound != sound);
        self.view.bank.doubts = doubts.cloned().collect();
        for slot in &mut self.slots {
            let unmarked = |shown: &MatchView| match shown.sound == sound {
                true => MatchView { doubt: None, ..shown.clone() },
                false => shown.clone(),
            };
            slot.matches = slot.matches.iter().map(unmarked).collect();
        }
    }

    /// What was decided goes on being shown as decided while banks come that were made before.
    pub(super) fn unmark_decided(&mut self) {
        self.roots.sounds.clone().into_iter().for_each(|sound| self.unmark(sound));
    }

    /// A scan of a folder has ended: the sounds that were decided on and that its bank knows of. Where something was decided
    /// since it began, the folder is scanned once more.
    pub(super) fn take_decided(&mut self, folder: &Path) -> Vec<SoundId> {
        if let Some(waiting) = self.roots.waiting.take() {
            self.scanning.start(self.library.clone(), waiting, false);
            return Vec::new();
        }
        match self.bank_ref == BankRef::Folder(folder.to_path_buf()) {
            true => std::mem::take(&mut self.roots.sounds),
            false => Vec::new(),
        }
    }

    /// Lets what lies under the keys sound by the roots that were decided on, whoever chose it.
    pub(super) fn retune(&mut self, decided: &[SoundId]) {
        for slot in 0..SLOTS {
            let state = self.document.get();
            let Some(chosen) = &state.slots[slot].chosen else { continue };
            if chosen.bank == self.bank_ref && chosen.zones.iter().any(|zone| decided.contains(&zone.sound)) {
                let holds = self.slots[slot].holds;
                self.choose(slot, chosen.sound, chosen.instrument.clone(), chosen.by_hand);
                self.slots[slot].holds = holds;
            }
        }
    }
}
