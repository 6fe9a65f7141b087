//! Everything that crosses a thread, and the ends that each thread owns.
//!
//! | from → to | carries | when it is full |
//! |---|---|---|
//! | Editor, host → Worker | [`Request`]s | never: unbounded, and sketches of one slot, and searches, coalesce to the newest |
//! | Worker → Editor | the newest [`View`] | it is replaced |
//! | Worker → Engine | [`ToEngine`] messages in a bounded ring | the Worker keeps the newest of each kind and tries again |
//! | Editor → Engine | [`KeyPress`]es of the drawn keyboard in a bounded ring | the press is dropped: it is a plain number |
//! | Engine → Editor | the newest [`EngineFrame`] | it is replaced |
//! | Engine → Streamer | [`PageAsk`]s in a bounded ring | the voice asks again in the next block |
//! | Streamer → Engine | [`PageGiven`]s in a bounded ring | the Streamer keeps them and tries again |
//! | Streamer → Worker | [`Request::Notice`], where a page cannot be read | never: unbounded, and once for each sound |
//!
//! The saved state ([`Document`]) is behind a lock that the Editor, the Worker and the host's main thread take for
//! as long as it takes to copy an `Arc`, whatever an edit takes: those wait for each other alone. The Engine has no way to
//! reach it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use crossbeam_channel::Receiver;
use neume_bank::{Aspects, Decision, Doubt, Manner, SoundId};
use neume_models::{Families, Family, Reading};
use parking_lot::Mutex;

use crate::device::Device;
use crate::memory::Budget;
use crate::signs::Recognised;
use crate::spool::Rest;
use crate::state::InstanceState;

mod requests;
mod zones;

pub use requests::{Pending, Request, Requests};
pub use zones::Zones;
pub(crate) use zones::outside;

/// Sketches an instance holds.
pub const SLOTS: usize = 16;

/// Counts the edits of an instance; what was made for an older one is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Generation(pub u64);

/// What a sound is called on screen, as on a score: the instrument large, the rest small.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    /// The instrument; of a sound that belongs to none its own name, or its folder where that says nothing.
    pub large: String,
    /// What else it is called; may be empty.
    pub small: String,
}

impl std::fmt::Display for Title {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.large)?;
        if self.small.is_empty() { Ok(()) } else { write!(f, ", {}", self.small) }
    }
}

/// A ranked sound, as the Editor shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchView {
    /// Names it in [`Request::Choose`] and [`Request::Audition`].
    pub sound: SoundId,
    /// The name of its instrument, where it may be played as several.
    pub instrument: Option<String>,
    /// As the bank calls it.
    pub name: String,
    /// For the eye.
    pub title: Title,
    /// Most probable family.
    pub family: Family,
    /// All of them.
    pub families: Families,
    /// Root note, or none.
    pub root_midi: Option<f32>,
    /// Present while it is called by another note than it sounds, and nobody has decided.
    pub doubt: Option<Doubt>,
    /// Integrated loudness.
    pub loudness_db: f32,
    /// Length.
    pub duration_secs: f32,
    /// Whether it sustains.
    pub looped: bool,
    /// Peak levels over time, 0..=255.
    pub overview: Vec<u8>,
    /// The weighted mean of the aspects, 0..1.
    pub score: f32,
    /// Each aspect's share.
    pub aspects: Aspects,
}

/// What is looked for in the bank; nothing by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchAsked {
    /// Words as they were typed.
    pub words: String,
    /// The sound that others are to be like.
    pub like: Option<SoundId>,
    /// The slot, 0..[`SLOTS`], whose drawing they are to fit.
    pub drawn: Option<usize>,
    /// The family that they are to be of.
    pub family: Option<Family>,
}

impl SearchAsked {
    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.words.trim().is_empty() && self.like.is_none() && self.drawn.is_none() && self.family.is_none()
    }
}

/// A sound that was found, as the Editor shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundView {
    /// Names it in [`Request::Choose`] and [`Request::Audition`].
    pub sound: SoundId,
    /// The name of its instrument, where it may be played as several.
    pub instrument: Option<String>,
    /// As the bank calls it.
    pub name: String,
    /// For the eye.
    pub title: Title,
    /// Most probable family.
    pub family: Family,
    /// Root note, or none.
    pub root_midi: Option<f32>,
    /// As in [`MatchView`].
    pub doubt: Option<Doubt>,
    /// Peak levels over time, 0..=255.
    pub overview: Vec<u8>,
    /// 0..1.
    pub score: f32,
    /// Why, in words.
    pub reasons: Vec<String>,
}

/// What a search found.
#[derive(Debug, Clone, Default)]
pub struct SearchView {
    /// What was asked.
    pub asked: SearchAsked,
    /// What the sound is called that others are to be like.
    pub like: Option<Title>,
    /// The best, best first.
    pub found: Arc<[FoundView]>,
    /// Where nothing was found: the words that were typed and that the bank has nowhere.
    pub unknown: Vec<String>,
}

/// What the Worker knows of a slot.
#[derive(Debug, Clone, Default)]
pub struct SlotView {
    /// The edit that the rest answers.
    pub generation: Generation,
    /// The reading, or why there is none; `None` for an empty slot.
    pub reading: Option<Result<Reading, String>>,
    /// The signs that the drawing resembles.
    pub recognised: Recognised,
    /// The best sounds, best first.
    pub matches: Arc<[MatchView]>,
    /// The sound under the keys.
    pub chosen: Option<SoundId>,
    /// The name of a saved sound that is gone; the chosen one stands in for it.
    pub missing: Option<String>,
    /// From the edit to the sound being handed to the Engine.
    pub millis: f32,
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScanProgress {
    /// Files done.
    pub done: usize,
    /// Files found.
    pub total: usize,
}

/// What the Worker knows of the bank.
#[derive(Debug, Clone, Default)]
pub struct BankView {
    /// For the eye.
    pub name: String,
    /// Sounds in it.
    pub sounds: usize,
    /// How many of them are likelier of each family than of any other.
    pub by_family: [usize; Family::COUNT],
    /// Whether it stands in for the one that was chosen, of which no sound is known yet.
    pub stands_in: bool,
    /// Whether the folder has gone since it was opened, as with its drive; what is known of its sounds stays.
    pub is_away: bool,
    /// Present while a folder is being scanned; the sounds found so far can be matched.
    pub scanning: Option<ScanProgress>,
    /// Files that are no sound, with the cause.
    pub failed: Arc<[(PathBuf, String)]>,
    /// Sounds that are called by another note than a sure ear hears.
    pub doubts: Arc<[DoubtView]>,
    /// The one that was decided last, which can be taken back.
    pub decided: Option<DecidedView>,
}

/// A sound that is called by another note than a sure ear hears.
#[derive(Debug, Clone, PartialEq)]
pub struct DoubtView {
    /// Names it in [`Request::DecideRoot`].
    pub sound: SoundId,
    /// For the eye.
    pub title: Title,
    /// Both notes.
    pub doubt: Doubt,
}

/// A sound that was in doubt until the composer decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DecidedView {
    /// What was in doubt.
    pub was: DoubtView,
    /// Whose word counts.
    pub decision: Decision,
}

/// Where the networks of this process run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceView {
    /// Its kind.
    pub device: Device,
    /// For the eye: `CPU`, `CUDA: NVIDIA ...`.
    pub name: String,
    /// Whether there is another device than the CPU to be tried: its library, or Metal.
    pub has_other: bool,
}

/// Memory that the sounds of this process take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryView {
    /// What they may take.
    pub budget: Budget,
    /// What they take, in megabytes of 2^20 bytes.
    pub held_mb: u32,
}

/// All that the Worker has to show. The newest replaces the one before.
#[derive(Debug, Clone)]
pub struct View {
    /// By slot.
    pub slots: [SlotView; SLOTS],
    /// The bank that is matched.
    pub bank: BankView,
    /// What was looked for in it.
    pub search: SearchView,
    /// One message that the composer should see: a failure with its file and cause.
    pub notice: Option<String>,
    /// Where the networks run.
    pub device: DeviceView,
    /// The sounds in memory.
    pub memory: MemoryView,
}

impl Default for View {
    fn default() -> View {
        View {
            slots: Default::default(),
            bank: BankView::default(),
            search: SearchView::default(),
            notice: None,
            device: DeviceView { device: Device::Cpu, name: Device::Cpu.to_string(), has_other: true },
            memory: MemoryView::default(),
        }
    }
}

/// Samples with their loop: whole, at the host's rate, or the head of a long sound, at its own.
#[derive(Debug, PartialEq)]
pub struct Pcm {
    /// Frames per second.
    pub rate_hz: f32,
    /// Mono, or the left channel.
    pub left: Box<[f32]>,
    /// The right channel of a stereo sound, as long as the left.
    pub right: Option<Box<[f32]>>,
    /// Loop of the sustain in frames `start..end`, `end <= left.len()`, its seam already faded into the samples.
    pub sustain: Option<(u32, u32)>,
    /// What comes behind these samples from disk, while the sound is heard; such a sound has no loop.
    pub rest: Option<Rest>,
}

/// Frames of a page of a streamed sound; the last one is shorter.
pub const PAGE_FRAMES: usize = 1 << 14;

/// A part of a streamed sound, [`PAGE_FRAMES`] long, counted from the end of its head.
#[derive(Debug)]
pub struct Page {
    /// Which.
    pub number: u32,
    /// Mono, or the left channel.
    pub left: Box<[f32]>,
    /// The right channel of a stereo sound, as long as the left.
    pub right: Option<Box<[f32]>>,
}

/// The Engine asks for a page.
#[derive(Debug)]
pub struct PageAsk {
    /// Whose page it is.
    pub voice: u16,
    /// Which of the voices that were begun it is.
    pub birth: u64,
    /// Which page.
    pub number: u32,
    /// Of which sound.
    pub pcm: Arc<Pcm>,
}

/// The answer to a [`PageAsk`].
#[derive(Debug)]
pub struct PageGiven {
    /// As asked.
    pub voice: u16,
    /// As asked.
    pub birth: u64,
    /// As asked.
    pub number: u32,
    /// The page, which the Streamer also holds, and alone frees; `None` where it cannot be read.
    pub page: Option<Arc<Page>>,
}

/// A sound's place under the keys.
#[derive(Debug, Clone)]
pub struct PlayableZone {
    /// Keys that it serves, both included.
    pub keys: (u8, u8),
    /// Velocities that it serves, both included.
    pub velocities: (u8, u8),
    /// The note that it sounds at when it is not transposed.
    pub root_midi: f32,
    /// How it is played there; its loop and its part of the sound are in the samples already.
    pub manner: Manner,
    /// Its samples.
    pub pcm: Arc<Pcm>,
}

/// What lies under the keys of a slot.
#[derive(Debug, Clone)]
pub struct Playable {
    /// Never empty; a key or velocity that none serves takes the nearest.
    pub zones: Zones,
    /// Linear gain that brings the sound to the drawn loudness.
    pub gain: f32,
    /// The drawn pitch: what every key plays in the mode "as drawn".
    pub drawn_midi: f32,
}

/// What the Worker gives the Engine. Each `Arc` is also held by the Worker, who alone frees it.
#[derive(Debug, Clone)]
pub enum ToEngine {
    /// New notes of this slot take this; held notes keep theirs. `None` empties the slot.
    Slot {
        /// 0..[`SLOTS`].
        slot: usize,
        /// What lies under its keys now.
        playable: Option<Arc<Playable>>,
    },
    /// Sound once at the root, beside whatever is playing.
    Audition(Arc<Playable>),
}

/// A key of the drawn keyboard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KeyPress {
    /// MIDI note.
    pub key: u8,
    /// 0..1; 0 lifts the key.
    pub velocity: f32,
}

/// What the Engine shows of itself while an editor is open, at most every 512 frames.
#[derive(Debug, Clone, Copy)]
pub struct EngineFrame {
    /// Sounding voices.
    pub voices: u16,
    /// Held keys, one bit each, MIDI note 0 lowest.
    pub keys: u128,
    /// Slot that new notes take.
    pub slot: u8,
    /// Share of real time that the callback takes, smoothed, 0..1 and beyond.
    pub load: f32,
    /// Notes that ended because the disk was too slow for them, since the Engine was made.
    pub starved: u32,
    /// Peak level since the last frame, linear, left and right.
    pub peak: [f32; 2],
    /// The newest output, mono, oldest first.
    pub scope: [f32; EngineFrame::SCOPE_LEN],
}

impl EngineFrame {
    /// Samples of the scope.
    pub const SCOPE_LEN: usize = 1024;
}

impl Default for EngineFrame {
    fn default() -> EngineFrame {
        EngineFrame {
            voices: 0,
            keys: 0,
            slot: 0,
            load: 0.0,
            starved: 0,
            peak: [0.0; 2],
            scope: [0.0; EngineFrame::SCOPE_LEN],
        }
    }
}

/// The saved state of an instance, shared by the Editor, the Worker and the host's main thread.
#[derive(Debug, Default)]
pub struct Document {
    state: Mutex<(Opening, Arc<InstanceState>)>,
    /// Held by whoever puts another state in the place of this one, from before it reads to after it has written.
    writing: Mutex<()>,
}

/// Counts how often the host has put another state in the place of the one before. What the Worker makes out of a
/// state must not be written into the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opening(u64);

impl Document {
    /// The state as it is now.
    pub fn get(&self) -> Arc<InstanceState> {
        self.state.lock().1.clone()
    }

    /// Which of the states that were ever set this is.
    pub fn opening(&self) -> Opening {
        self.state.lock().0
    }

    /// Puts another state in the place of this one.
    pub fn set(&self, state: InstanceState) {
        let _alone = self.writing.lock();
        let mut inside = self.state.lock();
        inside.0.0 += 1;
        inside.1 = Arc::new(state);
    }

    /// Changes the state. Who reads it meanwhile gets it as it was.
    pub fn edit(&self, change: impl FnOnce(&mut InstanceState)) {
        let _alone = self.writing.lock();
        self.replace(change);
    }

    /// Changes the state, unless another one has been set since `opening`.
    pub fn edit_if(&self, opening: Opening, change: impl FnOnce(&mut InstanceState)) {
        let _alone = self.writing.lock();
        if self.opening() == opening {
            self.replace(change);
        }
    }

    fn replace(&self, change: impl FnOnce(&mut InstanceState)) {
        let mut state = InstanceState::clone(&self.get());
        change(&mut state);
        let state = Arc::new(state);
        let before = std::mem::replace(&mut self.state.lock().1, state);
        // Freed without the lock.
        drop(before);
    }
}

/// The Editor's end.
pub struct EditorEnd {
    /// To the Worker.
    pub requests: Requests,
    /// What the Worker last published.
    pub view: Arc<Mutex<Arc<View>>>,
    /// What is saved.
    pub document: Arc<Document>,
    /// From the Engine; fresh only while `watched` is set.
    pub frames: triple_buffer::Output<EngineFrame>,
    /// Set while a window is open.
    pub watched: Arc<AtomicBool>,
    /// To the Engine.
    pub keys: rtrb::Producer<KeyPress>,
}

/// The Worker's end.
pub struct WorkerEnd {
    /// From the Editor and the host.
    pub requests: Receiver<Request>,
    /// Requests that are not answered yet; the Worker takes off what it has answered.
    pub unanswered: Arc<AtomicUsize>,
    /// What is wanted by now, so that what takes long and is not is given up before the request is read that says so.
    pub pending: Arc<Pending>,
    /// To the Editor.
    pub view: Arc<Mutex<Arc<View>>>,
    /// What is saved.
    pub document: Arc<Document>,
    /// To the Engine.
    pub engine: rtrb::Producer<ToEngine>,
    /// For the Streamer.
    pub streamer: StreamerEnd,
}

/// The Streamer's end.
pub struct StreamerEnd {
    /// To the Worker.
    pub requests: Requests,
    /// From the Engine.
    pub asks: rtrb::Consumer<PageAsk>,
    /// To the Engine.
    pub pages: rtrb::Producer<PageGiven>,
}

/// The Engine's end.
pub struct EngineEnd {
    /// From the Worker.
    pub messages: rtrb::Consumer<ToEngine>,
    /// From the drawn keyboard.
    pub keys: rtrb::Consumer<KeyPress>,
    /// To the Editor.
    pub frames: triple_buffer::Input<EngineFrame>,
    /// Whether anybody looks at the frames.
    pub watched: Arc<AtomicBool>,
    /// To the Streamer.
    pub asks: rtrb::Producer<PageAsk>,
    /// From the Streamer.
    pub pages: rtrb::Consumer<PageGiven>,
}

/// The three ends of a new instance.
pub fn ends() -> (EditorEnd, WorkerEnd, EngineEnd) {
    let (sender, requested) = crossbeam_channel::unbounded();
    let requests = Requests::new(sender);
    let (unanswered, pending) = (requests.unanswered.clone(), requests.pending.clone());
    let view = Arc::new(Mutex::new(Arc::new(View::default())));
    let document = Arc::new(Document::default());
    let watched = Arc::new(AtomicBool::new(false));
    let (to_engine, messages) = rtrb::RingBuffer::new(4 * SLOTS);
    let (key_presses, keys) = rtrb::RingBuffer::new(256);
    let (asks, asked) = rtrb::RingBuffer::new(1024);
    let (given, pages) = rtrb::RingBuffer::new(1024);
    let streamer = StreamerEnd { requests: requests.clone(), asks: asked, pages: given };
    let (frames_in, frames_out) = triple_buffer::triple_buffer(&EngineFrame::default());
    (
        EditorEnd {
            requests,
            view: view.clone(),
            document: document.clone(),
            frames: frames_out,
            watched: watched.clone(),
            keys: key_presses,
        },
        WorkerEnd { requests: requested, unanswered, pending, view, document, engine: to_engine, streamer },
        EngineEnd { messages, keys, frames: frames_in, watched, asks, pages },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_the_document_waits_for_no_edit() {
        let document = Document::default();
        let named = |name: &str| document.edit(|state| state.slots[0].name = name.to_string());
        named("before");
        document.edit(|state| {
            state.slots[0].name = "after".to_string();
            assert_eq!(document.get().slots[0].name, "before");
        });
        assert_eq!(document.get().slots[0].name, "after");
        let opening = document.opening();
        document.set(InstanceState::default());
        document.edit_if(opening, |state| state.slots[0].name = "late".to_string());
        assert_eq!(document.get().slots[0].name, "");
    }
}
