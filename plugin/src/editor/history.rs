//! Undo and redo: one history of what the composer did, for the drawings of all slots and the language. What is taken
//! back in a slot is the last thing that was done to its drawing or to the language; drawings that are not shown stay, but
//! for the other one of two that changed places.

use std::sync::Arc;

use neume_bank::SoundId;
use neume_models::Sketch;

use crate::handoff::Opening;
use crate::language::{Clash, Language};

/// The drawing of a slot, with the sound that was chosen for it by hand, and those that were refused.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// The drawing.
    pub sketch: Arc<Sketch>,
    /// The choice, with the instrument of a sound that may be played as several; `None` where the best match is played.
    pub by_hand: Option<(SoundId, Option<String>)>,
    /// What was not meant, in the order in which that was said.
    pub refused: Vec<SoundId>,
    /// What it is called, where a step gave it another name.
    pub name: Option<String>,
}

/// The language, with what the view Signs shows of it.
#[derive(Debug, Clone, Default)]
pub struct Taught {
    /// The language.
    pub language: Arc<Language>,
    /// What merging left to decide.
    pub clashes: Vec<Clash>,
    /// The sign whose meaning is shown.
    pub open: Option<String>,
}

/// What lies on the other side of a step.
#[derive(Debug)]
pub enum Side {
    /// The drawings of these slots.
    Drawings(Vec<(usize, Drawn)>),
    /// The language.
    Language(Taught),
}

#[derive(Debug)]
struct Step {
    side: Side,
    /// What was forgotten by it, to be said.
    forgotten: Option<String>,
}

impl Step {
    /// Whether it is taken back while this slot is shown.
    fn is_of(&self, slot: usize) -> bool {
        matches!(self.side, Side::Language(_)) || self.draws(slot)
    }

    /// Whether it changed the drawing of this slot.
    fn draws(&self, slot: usize) -> bool {
        match &self.side {
            Side::Drawings(all) => all.iter().any(|(of, _)| *of == slot),
            Side::Language(_) => false,
        }
    }
}

/// What was done, and what was taken back.
#[derive(Debug, Default)]
pub struct History {
    past: Vec<Step>,
    future: Vec<Step>,
    /// The state of the host's that the steps were made in.
    opening: Option<Opening>,
    /// Whether the last step may go on: a note is being dragged, a name is being written.
    goes_on: bool,
}

impl History {
    /// Steps that are kept.
    const MAX_STEPS: usize = 400;

    /// Notices that the host has put another state in the place of the one before: its steps are not ours.
    /// Whether it has.
    pub fn follow(&mut self, opening: Opening) -> bool {
        let is_another = self.opening.is_some_and(|before| before != opening);
        if is_another {
            *self = History::default();
        }
        self.opening = Some(opening);
        is_another
    }

    /// The drawing of a slot was another one before.
    pub fn drew(&mut self, slot: usize, before: Drawn) {
        self.drew_all(vec![(slot, before)]);
    }

    /// The drawings of these slots were others before, and changed in one step.
    pub fn drew_all(&mut self, before: Vec<(usize, Drawn)>) {
        self.push(Side::Drawings(before));
    }

    /// The language was another one before.
    pub fn taught(&mut self, before: Taught) {
        self.push(Side::Language(before));
    }

    /// The same, where a step of the language that has not come to its end goes on.
    pub fn went_on(&mut self, before: Taught) {
        if !self.goes_on {
            self.taught(before);
            self.goes_on = true;
        }
    }

    /// The hand rests: what comes next is a step of its own.
    pub fn rest(&mut self) {
        self.goes_on = false;
    }

    /// The last step forgot this.
    pub fn forgot(&mut self, what: String) {
        if let Some(step) = self.past.last_mut() {
            step.forgotten = Some(what);
        }
    }

    /// What was forgotten by the step that would be taken back next.
    pub fn forgotten(&self, slot: usize) -> Option<&str> {
        self.past.iter().rev().find(|step| step.is_of(slot))?.forgotten.as_deref()
    }

    /// What was before the last step, if there is one; `drawn`, of every slot and with its name, and `taught` are what is
    /// now.
    pub fn undo(&mut self, slot: usize, drawn: &[Drawn], taught: Taught) -> Option<Side> {
        self.goes_on = false;
        walk(&mut self.past, &mut self.future, slot, drawn, taught)
    }

    /// What was there before the last step was taken back, if one was.
    pub fn redo(&mut self, slot: usize, drawn: &[Drawn], taught: Taught) -> Option<Side> {
        self.goes_on = false;
        walk(&mut self.future, &mut self.past, slot, drawn, taught)
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self, slot: usize) -> bool {
        self.past.iter().any(|step| step.is_of(slot))
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self, slot: usize) -> bool {
        self.future.iter().any(|step| step.is_of(slot))
    }

    fn push(&mut self, side: Side) {
        if self.past.len() == History::MAX_STEPS {
            self.past.remove(0);
        }
        // What was taken back in other slots can still be done again there.
        match &side {
            Side::Drawings(all) => self.future.retain(|step| !all.iter().any(|(slot, _)| step.is_of(*slot))),
            Side::Language(_) => self.future.clear(),
        }
        self.past.push(Step { side, forgotten: None });
        self.goes_on = false;
    }
}

/// Takes the last step of a slot or the language from one side to the other. Of drawings that changed in one step, those to
/// which something was done since stay as they are, and what was done to them by that step is taken there when it is their
/// turn.
fn walk(
    from: &mut Vec<Step>,
    to: &mut Vec<Step>,
    slot: usize,
    drawn: &[Drawn],
    taught: Taught,
) -> Option<Side> {
    let at = from.iter().rposition(|step| step.is_of(slot))?;
    let mut step = from.remove(at);
    let there = match std::mem::replace(&mut step.side, Side::Language(taught)) {
        Side::Language(taught) => Side::Language(taught),
        Side::Drawings(all) => {
            let is_last = |of: &usize| !from[at..].iter().any(|later| later.draws(*of));
            let (there, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|(of, _)| is_last(of));
            let now = |(of, before): &(usize, Drawn)| {
                let now = drawn.get(*of).cloned().unwrap_or_default();
                (*of, Drawn { name: now.name.filter(|_| before.name.is_some()), ..now })
            };
            step.side = Side::Drawings(there.iter().map(now).collect());
            if !left.is_empty() {
                from.insert(at, Step { side: Side::Drawings(left), forgotten: None });
            }
            Side::Drawings(there)
        }
    };
    to.push(step);
    Some(there)
}
