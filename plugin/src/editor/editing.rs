//! One frame of the editor: the window's state, its end of the hand-off, the host's parameters, and what all of them
//! said when the frame began.

use std::sync::Arc;

use neume_bank::SoundId;
use neume_models::{Rgb, Sketch};

use super::controls::Controls;
use super::history::{Drawn, Side, Taught};
use super::state::{EditorState, Refused, Wanted};
use super::theme::{Theme, Tokens};
use crate::engine::Mode;
use crate::handoff::{EditorEnd, EngineFrame, Generation, MatchView, Request, SLOTS, SlotView, View};
use crate::language::Language;
use crate::state::InstanceState;

/// What was true when the frame began.
pub struct Now {
    /// The newest of the Worker.
    pub view: Arc<View>,
    /// What is saved.
    pub document: Arc<InstanceState>,
    /// The newest of the Engine.
    pub frame: EngineFrame,
    /// The slot that is shown: the one that new notes take.
    pub slot: usize,
    /// How keys play.
    pub mode: Mode,
    /// egui's clock.
    pub secs: f64,
}

/// Everything that the drawing code reads and changes in a frame.
pub struct Editing<'a> {
    /// Of the window.
    pub state: &'a mut EditorState,
    /// To and from the other threads.
    pub end: &'a mut EditorEnd,
    /// Of the host.
    pub controls: &'a mut dyn Controls,
    /// When the frame began.
    pub now: Now,
}

impl<'a> Editing<'a> {
    /// Looks once at everything that others write.
    pub fn new(
        state: &'a mut EditorState,
        end: &'a mut EditorEnd,
        controls: &'a mut dyn Controls,
        secs: f64,
    ) -> Editing<'a> {
        let now = Now {
            view: end.view.lock().clone(),
            document: end.document.get(),
            frame: *end.frames.read(),
            slot: shown_slot(state, controls.slot().min(SLOTS - 1), secs),
            mode: controls.mode(),
            secs,
        };
        if state.history.follow(end.document.opening()) {
            // What was begun in another project is not for this one.
            state.gesture = None;
            state.signs.clashes.clear();
        }
        Editing { state, end, controls, now }
    }

    /// The theme.
    pub fn theme(&self) -> Theme {
        self.state.theme
    }

    /// Its colours.
    pub fn tokens(&self) -> &'static Tokens {
        self.state.theme.tokens()
    }

    /// The drawing of the slot that is shown.
    pub fn sketch(&self) -> Arc<Sketch> {
        self.sketch_of(self.now.slot)
    }

    /// The drawing of a slot, 0..[`SLOTS`]; empty if the document lacks it.
    pub fn sketch_of(&self, slot: usize) -> Arc<Sketch> {
        self.now.document.slots.get(slot).map(|slot| slot.sketch.clone()).unwrap_or_default()
    }

    /// The same with the sound that was chosen for it by hand, and those that were refused.
    pub fn drawn(&self, slot: usize) -> Drawn {
        let chosen = self.now.document.slots.get(slot).and_then(|slot| slot.chosen.as_ref());
        let by_hand =
            chosen.filter(|chosen| chosen.by_hand).map(|chosen| (chosen.sound, chosen.instrument.clone()));
        Drawn { sketch: self.sketch_of(slot), by_hand, refused: self.refused(slot).to_vec(), name: None }
    }

    /// The same with its name.
    fn drawn_and_named(&self, slot: usize) -> Drawn {
        let name = self.now.document.slots.get(slot).map(|slot| slot.name.clone());
        Drawn { name, ..self.drawn(slot) }
    }

    /// The sounds that were refused for the drawing of a slot, in this bank.
    fn refused(&self, slot: usize) -> &[SoundId] {
        let (sketch, bank) = (self.sketch_of(slot), &self.now.document.bank);
        let refused = self.state.refused.get(slot).filter(|refused| {
            refused.bank == *bank && (Arc::ptr_eq(&refused.sketch, &sketch) || *refused.sketch == *sketch)
        });
        refused.map_or(&[], |refused| &refused.sounds)
    }

    /// Remembers them, in the place of those before.
    pub fn refuse(&mut self, slot: usize, sounds: Vec<SoundId>) {
        let (sketch, bank) = (self.sketch_of(slot), self.now.document.bank.clone());
        if let Some(refused) = self.state.refused.get_mut(slot) {
            *refused = Refused { sketch, bank, sounds };
        }
    }

    /// What the Worker knows of the slot that is shown.
    pub fn slot_view(&self) -> &SlotView {
        &self.now.view.slots[self.now.slot]
    }

    /// The sound that is chosen for the slot, or the best one.
    pub fn chosen_match(&self) -> Option<&MatchView> {
        let view = self.slot_view();
        let chosen = view.chosen.and_then(|id| view.matches.iter().find(|m| m.sound == id));
        chosen.or(view.matches.first())
    }

    /// The colour of the ink in the pen.
    pub fn rgb(&self) -> Rgb {
        self.state.ink.rgb(&self.now.document.language.legend.palette)
    }

    /// The width of the pen, as a fraction of the pad's height.
    pub fn width_norm(&self) -> f32 {
        self.now.document.language.legend.width_norm_of(self.state.loudness_db)
    }

    /// Puts a drawing into a slot and has it read. The newest wins.
    pub fn set_sketch(&mut self, slot: usize, sketch: Arc<Sketch>) {
        let known = self.now.view.slots.iter().map(|slot| slot.generation).max().unwrap_or_default();
        let generation = Generation(self.state.generation.max(known).0 + 1);
        self.state.generation = generation;
        self.end.document.edit(|document| {
            if let Some(slot) = document.slots.get_mut(slot) {
                slot.sketch = sketch.clone();
            }
        });
        self.now.document = self.end.document.get();
        self.end.requests.send(Request::Read { slot, sketch, generation });
    }

    /// Puts a drawing into a slot, as one step that can be taken back.
    pub fn step_to(&mut self, slot: usize, sketch: Sketch) {
        let before = self.drawn(slot);
        self.state.history.drew(slot, before);
        self.set_sketch(slot, Arc::new(sketch));
    }

    /// The language as it is now, for a step that can be taken back.
    pub fn taught(&self) -> Taught {
        Taught {
            language: Arc::new(self.now.document.language.clone()),
            clashes: self.state.signs.clashes.clone(),
            open: self.state.signs.open.clone(),
        }
    }

    /// Changes the composer's language and has every slot understood anew, as one step that can be taken back.
    /// Whether that changed anything.
    pub fn speak(&mut self, change: impl FnOnce(&mut Language)) -> bool {
        let before = self.taught();
        let is_changed = self.say(change);
        if is_changed {
            self.end.requests.send(Request::Language);
            self.state.history.taught(before);
        }
        is_changed
    }

    /// The same while the hand is at it, in one step until it rests.
    pub fn speak_on(&mut self, change: impl FnOnce(&mut Language)) {
        let before = self.taught();
        if self.say(change) {
            self.end.requests.send(Request::Language);
            self.state.history.went_on(before);
        }
    }

    /// Gives the language another name, which changes nothing that is heard.
    pub fn rename_language(&mut self, name: String) {
        let before = self.taught();
        if self.say(|language| language.name = name) {
            self.state.history.went_on(before);
        }
    }

    fn say(&mut self, change: impl FnOnce(&mut Language)) -> bool {
        self.end.document.edit(|document| change(&mut document.language));
        let before = std::mem::replace(&mut self.now.document, self.end.document.get());
        self.now.document.language != before.language
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        let (drawn, taught) = (self.all_drawn(), self.taught());
        let there = self.state.history.undo(self.now.slot, &drawn, taught);
        self.go(there);
    }

    /// Does the step that was taken back again.
    pub fn redo(&mut self) {
        let (drawn, taught) = (self.all_drawn(), self.taught());
        let there = self.state.history.redo(self.now.slot, &drawn, taught);
        self.go(there);
    }

    fn all_drawn(&self) -> Vec<Drawn> {
        (0..SLOTS).map(|slot| self.drawn_and_named(slot)).collect()
    }

    /// Has the drawings of two slots change places, as one step that can be taken back.
    pub fn exchange(&mut self, a: usize, b: usize) {
        let (of_a, of_b) = (self.drawn_and_named(a), self.drawn_and_named(b));
        self.state.history.drew_all(vec![(a, of_a.clone()), (b, of_b.clone())]);
        self.put(a, of_b);
        self.put(b, of_a);
    }

    /// Copies the drawing of a slot into another one, as one step that can be taken back.
    pub fn copy(&mut self, from: usize, to: usize) {
        let (copied, before) = (self.drawn_and_named(from), self.drawn_and_named(to));
        self.state.history.drew_all(vec![(to, before)]);
        self.put(to, copied);
    }

    /// Puts a drawing into a slot with what is remembered of it, and has it read.
    fn put(&mut self, slot: usize, drawn: Drawn) {
        if let Some(name) = drawn.name {
            self.end.document.edit(|document| {
                if let Some(slot) = document.slots.get_mut(slot) {
                    slot.name = name;
                }
            });
        }
        self.set_sketch(slot, drawn.sketch);
        self.refuse(slot, drawn.refused);
        if let Some((sound, instrument)) = drawn.by_hand {
            self.end.requests.send(Request::Choose { slot, sound, instrument });
        }
    }

    fn go(&mut self, there: Option<Side>) {
        match there {
            None => {}
            Some(Side::Drawings(all)) => all.into_iter().for_each(|(slot, drawn)| self.put(slot, drawn)),
            Some(Side::Language(taught)) => {
                self.say(|language| *language = Language::clone(&taught.language));
                self.end.requests.send(Request::Language);
                let signs = &mut self.state.signs;
                signs.clashes = taught.clashes;
                if signs.open.as_ref().is_none_or(|open| taught.language.sign(open).is_none()) {
                    signs.open = taught.open;
                }
            }
        }
    }

    /// Chooses the slot that new notes take and that is shown.
    pub fn choose_slot(&mut self, slot: usize) {
        if slot < SLOTS && slot != self.now.slot {
            super::pad::end_gesture(self);
            self.controls.set_slot(slot);
            self.state.wanted = Some(Wanted { slot, since_secs: self.now.secs });
            self.now.slot = slot;
        }
    }
}

/// The slot that was asked for until the host has it, but not for long: a host may refuse.
fn shown_slot(state: &mut EditorState, of_host: usize, secs: f64) -> usize {
    const PATIENCE_SECS: f64 = 0.5;
    match state.wanted {
        Some(wanted) if wanted.slot != of_host && secs - wanted.since_secs < PATIENCE_SECS => wanted.slot,
        _ => {
            state.wanted = None;
            of_host
        }
    }
}
