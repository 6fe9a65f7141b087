//! The Worker: a thread of its own for each instance, below normal priority. It reads drawings, ranks the bank, loads
//! sounds and hands them to the Engine. Of an instance it alone runs networks and opens files; a failure is shown and the
//! last sound keeps playing.

mod audition;
mod bank;
mod batch;
mod choice;
mod following;
mod guarding;
mod machine;
mod outbox;
mod roots;
mod scanning;
mod searching;
mod slot;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crossbeam_channel::{Receiver, select};
use neume_bank::priority::stand_back;
use neume_bank::{Bank, SoundId};
use neume_models::Legend;

use crate::handoff::{
    Document, Generation, MatchView, Opening, Pending, Playable, Request, SLOTS, SearchAsked, ToEngine, View,
    WorkerEnd,
};
use crate::language::{BoundSound, Language};
use crate::library::{Library, Missing};
use crate::signs::{Shape, Signs};
use crate::state::{BankRef, Chosen, InstanceState};

use bank::Leaving;
use batch::newest_of_each;
pub use choice::{Found, alone, choose, playable, thinned, undrawn};
use following::Following;
use outbox::Outbox;
use roots::Roots;
use scanning::Scanning;
use slot::Slot;

/// A sound that is read further than this is given up where its slot wants another. What is shorter is there sooner than it
/// would be read again.
const LONG_FRAMES: u64 = 1 << 20;
/// How soon a message that found the ring full is tried again, and how often the rest is looked after.
const RETRY: Duration = Duration::from_millis(1);
const HOUSEKEEPING: Duration = Duration::from_millis(500);

/// Starts the Worker of an instance. It ends with [`Request::Quit`], or when nobody can ask it any more.
///
/// # Errors
/// Where the system starts no thread.
pub fn spawn(end: WorkerEnd, library: Arc<Library>) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name("neume worker".to_string()).spawn(move || {
        stand_back();
        Worker::new(end, library).run();
    })
}

struct Worker {
    requests: Receiver<Request>,
    unanswered: Arc<std::sync::atomic::AtomicUsize>,
    pending: Arc<Pending>,
    /// By slot, what [`Pending::asked`] counts, of the requests that were taken up.
    taken_up: [u32; SLOTS],
    shown: Arc<parking_lot::Mutex<Arc<View>>>,
    document: Arc<Document>,
    /// The state that the slots below answer.
    opening: Opening,
    outbox: Outbox,
    library: Arc<Library>,
    rate_hz: Option<f32>,
    bank: Arc<Bank>,
    bank_ref: BankRef,
    /// Those in which sounds of signs lie; they stay open.
    bound_banks: Vec<Arc<Bank>>,
    slots: [Slot; SLOTS],
    /// Of the language that the slots were understood in.
    signs: Signs,
    /// Whether there may be something of them to look at.
    practises: bool,
    /// Whether more is known of them than when the slots were understood.
    learned: bool,
    /// By which the slots were read.
    legend: Legend,
    scanning: Scanning,
    following: Following,
    roots: Roots,
    view: View,
    /// Why another device than the chosen one serves, or other memory; it stays until another one is chosen.
    machine_notice: Option<String>,
    /// Dropped last.
    _leaving: Leaving,
}

/// Whether the thread goes on.
#[derive(PartialEq)]
enum Next {
    GoOn,
    Quit,
}

impl Worker {
    fn new(end: WorkerEnd, library: Arc<Library>) -> Worker {
        let bank = Bank::factory();
        let opening = end.document.opening();
        let leaving = Leaving(library.clone());
        library.serve(end.streamer);
        Worker {
            requests: end.requests,
            unanswered: end.unanswered,
            pending: end.pending,
            taken_up: [0; SLOTS],
            shown: end.view,
            document: end.document,
            opening,
            outbox: Outbox::new(end.engine),
            library,
            rate_hz: None,
            bank,
            bank_ref: BankRef::Factory,
            bound_banks: Vec::new(),
            slots: Default::default(),
            signs: Signs::default(),
            practises: true,
            learned: false,
            legend: Legend::default(),
            scanning: Scanning::new(),
            following: Following::default(),
            roots: Roots::default(),
            view: View::default(),
            machine_notice: None,
            _leaving: leaving,
        }
    }

    fn run(mut self) {
        self.describe_bank();
        loop {
            self.look_at_machine();
            let all_sent = self.outbox.flush();
            self.outbox.reclaim();
            self.guarded(Worker::take_news);
            let scan_events = self.scanning.events();
            let wait = match (all_sent, self.practises) {
                (false, _) => RETRY,
                (true, true) => Duration::ZERO,
                (true, false) => HOUSEKEEPING,
            };
            let next = select! {
                recv(self.requests) -> request => match request {
                    Ok(request) => self.answer_all(request),
                    Err(_) => Next::Quit,
                },
                recv(scan_events) -> event => {
                    if let Ok(event) = event {
                        self.guarded(|this| this.scanned(event));
                        self.publish();
                    }
                    Next::GoOn
                }
                default(wait) => {
                    if wait.is_zero() {
                        self.guarded(Worker::practise);
                    }
                    Next::GoOn
                }
            };
            if next == Next::Quit {
                return;
            }
        }
    }

    /// Answers this request and whatever else waits; of several drawings of a slot only the newest is read.
    fn answer_all(&mut self, first: Request) -> Next {
        let batch: Vec<Request> = std::iter::once(first).chain(self.requests.try_iter()).collect();
        let count = batch.len();
        batch.iter().flat_map(Request::slots).for_each(|slot| self.taken_up[slot] += 1);
        let quit = batch.iter().any(|request| matches!(request, Request::Quit));
        if !quit {
            // What was said of a state stays while the host gets ready for it.
            if !batch.iter().all(|request| matches!(request, Request::Rate { .. } | Request::Notice(_))) {
                self.view.notice = None;
            }
            newest_of_each(batch).into_iter().for_each(|request| self.guarded(|this| this.answer(request)));
            // Who asked is answered when the Engine has it.
            self.outbox.flush();
            self.publish();
        }
        self.unanswered.fetch_sub(count, Ordering::AcqRel);
        if quit { Next::Quit } else { Next::GoOn }
    }

    /// Keeps what this thread found out, unless the host has meanwhile loaded a state that it was not found for.
    fn edit(&self, change: impl FnOnce(&mut InstanceState)) {
        self.document.edit_if(self.opening, change);
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Device(device) => self.choose_device(device),
            Request::Memory(budget) => self.choose_memory(budget),
            Request::Notice(message) => self.view.notice = Some(message),
            Request::Quit => {}
            Request::Read { slot, sketch, generation } => {
                if slot < SLOTS {
                    self.slots[slot].draw(sketch, generation);
                    self.read(slot);
                }
            }
            Request::Choose { slot, sound, instrument } => self.choose_by_hand(slot, sound, instrument),
            Request::Audition { sound, instrument } => self.audition(sound, instrument),
            Request::DecideRoot { sound, decision } => self.decide_root(sound, decision),
            Request::OpenBank(bank) => {
                self.edit(|state| state.bank = bank.clone());
                self.let_go();
                self.open_bank(bank);
            }
            Request::Search(asked) => self.search(asked),
            Request::Relink(folder) => self.scanning.start(self.library.clone(), folder, true),
            Request::Weigh(weights) => {
                self.edit(|state| state.weights = weights);
                self.let_go();
                (0..SLOTS).for_each(|slot| self.rank(slot));
            }
            Request::Language => self.speak(),
            Request::Restore => self.restore(),
            Request::Rate { rate_hz, ready } => {
                self.rate_hz = Some(rate_hz);
                self.slots.iter_mut().for_each(|slot| slot.under_keys = None);
                (0..SLOTS).for_each(|slot| self.deliver(slot));
                self.outbox.flush();
                // Whoever asked may have stopped waiting.
                ready.try_send(()).ok();
            }
        }
    }

    /// Reads a slot's drawing, ranks the bank for it, and puts the best sound under its keys.
    fn read(&mut self, slot: usize) {
        let started = std::time::Instant::now();
        let this = &mut self.slots[slot];
        if this.sketch.is_empty() {
            *this = Slot { generation: this.generation, ..Slot::default() };
            self.edit(|state| state.slots[slot].chosen = None);
            self.outbox.post(ToEngine::Slot { slot, playable: None });
            return;
        }
        self.understand(slot);
        if let Some(Ok(_)) = self.slots[slot].reading {
            self.slots[slot].holds = false;
            self.rank(slot);
        } else if self.slots[slot].under_keys != self.slots[slot].chosen {
            // This drawing overtook the sound of the one before, which counts on.
            self.deliver(slot);
        }
        self.slots[slot].millis = started.elapsed().as_secs_f32() * 1e3;
    }

    /// What a slot's drawing says: by the legend, and by the sign that it is. If it cannot be read, the last good sound
    /// stays under the keys.
    fn understand(&mut self, slot: usize) {
        let state = self.document.get();
        let this = &mut self.slots[slot];
        let (library, sketch) = (&self.library, &this.sketch);
        let read = || library.read(sketch, &state.language.legend).map_err(|cause| cause.to_string());
        let by_legend = this.by_legend.get_or_insert_with(read).clone();
        if this.shape.is_none() && by_legend.is_ok() && !self.signs.is_empty() {
            this.shape = Shape::of(sketch, library).ok();
        }
        let recognise = |shape| self.signs.recognise(shape);
        this.recognised = this.shape.as_mut().map(recognise).unwrap_or_default();
        self.practises = true;
        let sign = this
            .recognised
            .sign()
            .and_then(|likeness| Some((&state.language.sign(&likeness.name)?.meaning, likeness.similarity)));
        this.bound = sign.and_then(|(meaning, _)| meaning.sound.clone());
        this.reading = Some(by_legend.map(|reading| state.language.say(reading, sign)));
    }

    /// The composer taught something, or changed the legend: every slot is understood anew.
    fn speak(&mut self) {
        let language = self.document.get().language.clone();
        self.learn(&language);
        if self.legend != language.legend {
            self.slots.iter_mut().for_each(|slot| slot.by_legend = None);
        }
        self.legend = language.legend;
        for slot in 0..SLOTS {
            if self.understand_anew(slot) {
                // What the composer chose by hand stays, and so does what means the same as before.
                let by_hand = self.document.get().slots[slot].chosen.as_ref().is_some_and(|c| c.by_hand);
                self.slots[slot].holds &= by_hand;
                self.rank(slot);
            }
        }
    }

    /// Learns the signs of a language. One that cannot be read is said.
    fn learn(&mut self, language: &Language) {
        let failed = self.signs.learn(language, &self.library);
        self.view.notice = failed.into_iter().next().or(self.view.notice.take());
        self.practises = true;
        self.keep_banks();
    }

    /// Whether a slot's drawing means something else than before, or a sound that may be had by now.
    fn understand_anew(&mut self, slot: usize) -> bool {
        if self.slots[slot].sketch.is_empty() {
            return false;
        }
        let before = self.slots[slot].reading.clone();
        self.understand(slot);
        self.slots[slot].reading != before || self.slots[slot].bound.is_some()
    }

    /// Looks at one more form of what was taught, or else of a drawing between signs; then understands the drawings anew.
    /// What was restored or chosen by hand stays.
    fn practise(&mut self) {
        if self.signs.practise(&self.library) {
            self.learned = true;
            return;
        }
        let library = &self.library;
        let looked = |slot: &mut Slot| slot.shape.as_mut().is_some_and(|shape| shape.look_closer(library));
        let looked = self.slots.iter_mut().position(looked);
        let is_open = |slot: usize| self.slots[slot].shape.as_ref().is_some_and(Shape::is_open);
        let settled = match looked {
            _ if self.learned => 0..SLOTS,
            Some(slot) if is_open(slot) => return,
            Some(slot) => slot..slot + 1,
            None => {
                self.practises = false;
                return;
            }
        };
        self.learned = false;
        for slot in settled {
            if self.understand_anew(slot) {
                self.rank(slot);
            }
        }
        self.publish();
    }

    /// Lets a better match replace what was restored, though not what the composer chose.
    fn let_go(&mut self) {
        let state = self.document.get();
        for (slot, saved) in self.slots.iter_mut().zip(&state.slots) {
            slot.holds = saved.chosen.as_ref().is_some_and(|chosen| chosen.by_hand);
        }
    }

    /// Ranks the bank for a slot's reading, and chooses the best sound, or the one that the drawing's sign stands for,
    /// unless the slot holds on to its own.
    fn rank(&mut self, slot: usize) {
        let state = self.document.get();
        let weights = state.language.weights(&state.weights);
        let Some(Ok(reading)) = self.slots[slot].reading.clone() else { return };
        if self.view.search.asked.drawn == Some(slot) {
            self.search(self.view.search.asked.clone());
        }
        let bound = self.slots[slot].bound.clone().and_then(|bound| self.find(&bound));
        let as_chosen = state.slots[slot].chosen.as_ref();
        let held = self.slots[slot].chosen.filter(|_| self.slots[slot].holds).map(|held| {
            let own = as_chosen.filter(|chosen| chosen.sound == held);
            (held, own.and_then(|chosen| chosen.instrument.as_deref()))
        });
        let bound_here = bound.as_ref().filter(|found| found.from == self.bank_ref).map(Found::named);
        let mut matches = slot::rank(&self.bank, &reading, &weights, held.or(bound_here));
        if let Some(found) = bound.as_ref().filter(|_| bound_here.is_none()) {
            let elsewhere = slot::rank(&found.bank, &reading, &weights, Some(found.named()));
            let shown = elsewhere.into_iter().filter(|shown| shown.sound == found.sound);
            // Only roots of the bank that is open can be decided on.
            let shown = shown.map(|shown| MatchView { doubt: None, ..shown });
            matches.splice(0..0, shown);
        }
        self.slots[slot].matches = matches.into();
        if self.slots[slot].holds {
            return;
        }
        if let Some(found) = bound {
            self.choose_from(slot, &found, false);
        } else if let Some(best) = self.slots[slot].matches.first() {
            self.choose(slot, best.sound, best.instrument.clone(), false);
        }
    }

    /// The sound that a sign stands for. What is nowhere is said, and the legend chooses.
    fn find(&mut self, bound: &BoundSound) -> Option<Found> {
        let found = Found::bound(&self.library, (&self.bank, &self.bank_ref), bound);
        found.map_err(|cause| self.view.notice = Some(cause)).ok()
    }

    fn choose_by_hand(&mut self, slot: usize, sound: SoundId, instrument: Option<String>) {
        if slot < SLOTS {
            self.choose(slot, sound, instrument, true);
            // What was found by a search may not be among the matches yet.
            self.rank(slot);
        }
    }

    fn choose(&mut self, slot: usize, sound: SoundId, instrument: Option<String>, by_hand: bool) {
        let found = Found { bank: self.bank.clone(), from: self.bank_ref.clone(), sound, instrument };
        self.choose_from(slot, &found, by_hand);
    }

    fn choose_from(&mut self, slot: usize, found: &Found, by_hand: bool) {
        let Some(Ok(reading)) = &self.slots[slot].reading else { return };
        let spoken = self.document.get().language.spoken;
        let Some(chosen) = choose(found, reading, &spoken, by_hand) else { return };
        self.view.notice = choice::thinned(&found.bank, &chosen).or(self.view.notice.take());
        let is_there = self.slots[slot].missing.is_none()
            && self.slots[slot].under_keys == Some(found.sound)
            && self.document.get().slots[slot].chosen.as_ref() == Some(&chosen);
        self.edit(|state| state.slots[slot].chosen = Some(chosen));
        self.slots[slot].chosen = Some(found.sound);
        self.slots[slot].holds = by_hand;
        self.slots[slot].missing = None;
        if !is_there {
            self.deliver(slot);
        }
    }

    /// Whether nobody wants any more what is loaded for a slot.
    fn is_overtaken(&self, slot: usize) -> bool {
        self.pending.is_leaving() || self.pending.asked(slot) != self.taken_up[slot]
    }

    /// Loads what was chosen for a slot; `None` where that is not wanted any more before it is there.
    fn load(&self, slot: usize, chosen: &Chosen, rate_hz: f32) -> Option<Result<Playable, Missing>> {
        let gives_up =
            |frames: u64| self.pending.is_leaving() || (frames > LONG_FRAMES && self.is_overtaken(slot));
        let loaded = playable(&self.library, chosen, rate_hz, &gives_up);
        (loaded.is_ok() || !self.is_overtaken(slot)).then_some(loaded)
    }

    /// Loads what a slot has chosen and hands it over: the matched sound at once, its whole instrument when it is
    /// there. Before the host has said its rate there is nothing to load. A request that waits for the same slot ends it: that
    /// one will say what is wanted now.
    fn deliver(&mut self, slot: usize) {
        let Some(rate_hz) = self.rate_hz else { return };
        let state = self.document.get();
        let Some(chosen) = &state.slots[slot].chosen else { return };
        let sound = chosen.sound;
        // An instrument that grows stays whole meanwhile.
        if chosen.zones.len() > 1 && self.slots[slot].under_keys != Some(sound) {
            let Some(first) = self.load(slot, &choice::only_the_match(chosen), rate_hz) else { return };
            first.into_iter().for_each(|first| self.hand_over(slot, first));
        }
        match self.load(slot, chosen, rate_hz) {
            Some(Ok(loaded)) => {
                self.hand_over(slot, loaded);
                self.slots[slot].missing = None;
                self.slots[slot].under_keys = Some(sound);
            }
            Some(Err(missing)) => self.stand_in(slot, &missing),
            None => {}
        }
    }

    fn hand_over(&mut self, slot: usize, loaded: Playable) {
        self.outbox.post(ToEngine::Slot { slot, playable: Some(Arc::new(loaded)) });
        self.outbox.flush();
    }

    /// Plays the nearest sound for one that is gone, and says so. What was saved stays saved: the sound may return.
    fn stand_in(&mut self, slot: usize, missing: &Missing) {
        let Some(rate_hz) = self.rate_hz else { return };
        self.view.notice = Some(missing.to_string());
        self.slots[slot].missing = Some(missing.name.clone());
        let Some(Ok(reading)) = &self.slots[slot].reading else { return };
        let state = self.document.get();
        let weights = state.language.weights(&state.weights);
        for (bank, from) in [(self.bank.clone(), self.bank_ref.clone()), (Bank::factory(), BankRef::Factory)]
        {
            let nearest = neume_bank::matching::rank(&bank, reading, &weights, 1);
            let loaded = nearest
                .first()
                .map(|best| Found::ranked(&bank, &from, best))
                .and_then(|found| choose(&found, reading, &state.language.spoken, false))
                .and_then(|chosen| Some((chosen.sound, self.load(slot, &chosen, rate_hz)?.ok()?)));
            if let Some((sound, loaded)) = loaded {
                self.slots[slot].chosen = Some(sound);
                self.slots[slot].under_keys = Some(sound);
                self.hand_over(slot, loaded);
                return;
            }
        }
    }

    fn search(&mut self, asked: SearchAsked) {
        let state = self.document.get();
        let weights = state.language.weights(&state.weights);
        let drawn = asked.drawn.and_then(|slot| self.slots.get(slot)?.reading.as_ref()?.as_ref().ok());
        self.view.search = searching::searched(&self.bank, asked, drawn, &weights);
    }

    /// Makes every slot ready as the document says. What was chosen when it was saved is played, whatever a new
    /// reading would choose.
    fn restore(&mut self) {
        self.opening = self.document.opening();
        let state = self.document.get();
        // Before the bank opens: what the slots read before must choose nothing for this state.
        self.slots = Default::default();
        self.learn(&state.language);
        self.legend = state.language.legend.clone();
        self.open_bank(state.bank.clone());
        for (slot, saved) in state.slots.iter().enumerate().take(SLOTS) {
            self.slots[slot].draw(saved.sketch.clone(), Generation::default());
            if saved.chosen.is_none() {
                self.read(slot);
                continue;
            }
            self.slots[slot].chosen = saved.chosen.as_ref().map(|chosen| chosen.sound);
            self.slots[slot].holds = true;
            self.understand(slot);
            self.rank(slot);
            self.deliver(slot);
        }
    }

    fn publish(&mut self) {
        for (shown, slot) in self.view.slots.iter_mut().zip(&self.slots) {
            *shown = slot.view();
        }
        self.view.bank.scanning = self.scan_progress();
        self.view.bank.is_away = self.following.is_away();
        self.view.bank.stands_in = self.bank_ref != self.document.get().bank;
        let mut shown = self.view.clone();
        shown.notice = shown.notice.or(self.machine_notice.clone());
        *self.shown.lock() = Arc::new(shown);
    }
}

#[cfg(test)]
mod tests {
    use neume_models::{Point, Rgb, Sketch, Stroke};

    use super::*;
    use crate::handoff::ends;

    #[test]
    fn a_long_sound_that_a_newer_drawing_of_its_slot_overtakes_is_given_up() {
        const RATE_HZ: u32 = 48_000;
        let folder = tempfile::tempdir().unwrap();
        let (channels, bits_per_sample, sample_format) = (1, 16, hound::SampleFormat::Int);
        let spec = hound::WavSpec { channels, sample_rate: RATE_HZ, bits_per_sample, sample_format };
        let points = (0..30).map(|i| Point { x: 0.03 * i as f32, y: 0.5, secs: 0.0 }).collect();
        let stroke = Stroke { points, rgb: Rgb([0; 3]), width_norm: 0.02 };
        let sketch = Arc::new(Sketch { strokes: vec![stroke], raster: None });
        let read = || Request::Read { slot: 0, sketch: sketch.clone(), generation: Generation(1) };
        let is_given_up = |frames: u64| {
            let mut file = hound::WavWriter::create(folder.path().join("tone.wav"), spec).unwrap();
            for i in 0..frames {
                // Strokes of a bell, each of another pitch, so that no loop ends it sooner.
                let secs = i as f32 / RATE_HZ as f32;
                let (stroke, since) = (secs.floor(), secs.fract());
                let hz = 220.0 * 2f32.powf((stroke * 7.0).rem_euclid(31.0) / 12.0);
                let level = 2e4 * (-8.0 * since).exp();
                file.write_sample((level * (since * hz * std::f32::consts::TAU).sin()) as i16).unwrap();
            }
            file.finalize().unwrap();
            let (editor, end, _engine) = ends();
            let mut worker = Worker { rate_hz: Some(RATE_HZ as f32), ..Worker::new(end, Library::shared()) };
            let report = worker.library.open(folder.path(), false, &mut |_| {}, &false.into()).unwrap();
            (worker.bank, worker.bank_ref) = (report.bank, BankRef::Folder(folder.path().to_path_buf()));
            editor.requests.send(read());
            worker.answer(read());
            assert!(worker.slots[0].chosen.is_some(), "it was read and chosen for");
            assert_eq!(worker.slots[0].missing, None, "to be given up is no failure");
            let is_given_up = worker.slots[0].under_keys.is_none();
            let waiting = worker.requests.recv().unwrap();
            assert!(worker.answer_all(waiting) == Next::GoOn);
            assert!(worker.slots[0].under_keys.is_some(), "{:?}", worker.view.notice);
            is_given_up
        };
        assert!(!is_given_up(LONG_FRAMES / 4));
        assert!(is_given_up(LONG_FRAMES + LONG_FRAMES / 4));
    }
}
