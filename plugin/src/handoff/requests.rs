//! What is asked of the Worker, and what of it is still wanted.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use crossbeam_channel::Sender;
use neume_bank::{Decision, SoundId, Weights};
use neume_models::Sketch;

use super::{Generation, SLOTS, SearchAsked};
use crate::device::Device;
use crate::memory::Budget;
use crate::state::BankRef;

/// To the Worker. Counts what is not yet answered, so that offline rendering can wait for its sounds.
#[derive(Debug, Clone)]
pub struct Requests {
    sender: Sender<Request>,
    pub(super) unanswered: Arc<AtomicUsize>,
    pub(super) pending: Arc<Pending>,
}

impl Requests {
    pub(super) fn new(sender: Sender<Request>) -> Requests {
        Requests { sender, unanswered: Arc::default(), pending: Arc::default() }
    }

    /// Asks the Worker. A Worker that is gone answers nothing any more, and nobody needs it to.
    pub fn send(&self, request: Request) {
        self.pending.take_note(&request);
        self.unanswered.fetch_add(1, Ordering::AcqRel);
        if self.sender.send(request).is_err() {
            self.unanswered.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Whether every request has been answered and its sounds handed to the Engine.
    pub fn answered(&self) -> bool {
        self.unanswered.load(Ordering::Acquire) == 0
    }
}

/// What was asked for last, known to the Worker while it is still busy with what was asked before.
#[derive(Debug, Default)]
pub struct Pending {
    leaving: AtomicBool,
    /// For each slot, how often it was asked for other sounds than it had.
    asked: [AtomicU32; SLOTS],
}

impl Pending {
    /// Whether the instance is going away: then nothing is wanted any more.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// How many [`Request`]s were sent that ask for other sounds in a slot.
    pub fn asked(&self, slot: usize) -> u32 {
        self.asked[slot].load(Ordering::Acquire)
    }

    fn take_note(&self, request: &Request) {
        if matches!(request, Request::Quit) {
            self.leaving.store(true, Ordering::Release);
        }
        for slot in request.slots() {
            self.asked[slot].fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// What the Editor, or the host by loading a state, asks of the Worker.
#[derive(Debug, Clone)]
pub enum Request {
    /// A slot's drawing changed: read it, rank the bank, put the best sound under the keys.
    Read {
        /// 0..[`SLOTS`].
        slot: usize,
        /// The drawing as it is now.
        sketch: Arc<Sketch>,
        /// Of this edit.
        generation: Generation,
    },
    /// Put this sound under the keys of a slot, whatever the ranking says.
    Choose {
        /// 0..[`SLOTS`].
        slot: usize,
        /// One of the slot's matches, or what was found.
        sound: SoundId,
        /// The name of the instrument that it is played as, where there are several; the first of them otherwise.
        instrument: Option<String>,
    },
    /// Let a sound be heard once at its root, without choosing it.
    Audition {
        /// Which.
        sound: SoundId,
        /// As in [`Request::Choose`].
        instrument: Option<String>,
    },
    /// Decide by whose word the root of a sound of the bank goes from now on; `None` leaves it open again.
    DecideRoot {
        /// Which.
        sound: SoundId,
        /// Kept beside the index of its folder.
        decision: Option<Decision>,
    },
    /// Match against this bank from now on, scanning it first if need be.
    OpenBank(BankRef),
    /// Search the bank; of several searches only the newest is answered.
    Search(SearchAsked),
    /// Look for the sounds that a state names and the bank lacks in this folder too.
    Relink(PathBuf),
    /// Rank every slot again with these weights.
    Weigh(Weights),
    /// The document's language changed: read every slot again by it.
    Language,
    /// The document was replaced by a loaded state: make every slot ready as it was saved.
    Restore,
    /// The host runs at this rate: resample what is under the keys.
    Rate {
        /// Frames per second.
        rate_hz: f32,
        /// Sent on once every slot's sound has been handed to the Engine.
        ready: Sender<()>,
    },
    /// Run the networks there from now on, in every instance of this process, and remember it for this user.
    Device(Device),
    /// Give the sounds of this process so much memory from now on, and remember it for this user.
    Memory(Budget),
    /// Tell the composer this.
    Notice(String),
    /// The instance is going away.
    Quit,
}

impl Request {
    /// The slots for which it asks for other sounds, whatever was asked for before.
    pub fn slots(&self) -> std::ops::Range<usize> {
        match self {
            &(Request::Read { slot, .. } | Request::Choose { slot, .. }) if slot < SLOTS => slot..slot + 1,
            Request::Restore | Request::Rate { .. } => 0..SLOTS,
            _ => 0..0,
        }
    }
}
