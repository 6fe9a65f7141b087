//! Undo and redo of one slot's drawing.

use std::sync::Arc;

use neume_models::Sketch;

/// Drawings before and after the one that is shown.
#[derive(Debug, Default)]
pub struct History {
    past: Vec<Arc<Sketch>>,
    future: Vec<Arc<Sketch>>,
    shown: Option<Arc<Sketch>>,
}

impl History {
    /// Steps that are kept.
    const MAX_STEPS: usize = 200;

    /// Notices a drawing that came from elsewhere, such as a project that was loaded: its steps are not ours.
    pub fn follow(&mut self, now: &Arc<Sketch>) {
        if self.shown.as_ref().is_some_and(|shown| !Arc::ptr_eq(shown, now) && **shown != **now) {
            self.past.clear();
            self.future.clear();
        }
        self.shown = Some(now.clone());
    }

    /// A step was made from `before` to `after`.
    pub fn push(&mut self, before: Arc<Sketch>, after: Arc<Sketch>) {
        if self.past.len() == History::MAX_STEPS {
            self.past.remove(0);
        }
        self.past.push(before);
        self.future.clear();
        self.shown = Some(after);
    }

    /// The drawing before `now`, if there is one.
    pub fn undo(&mut self, now: Arc<Sketch>) -> Option<Arc<Sketch>> {
        let before = self.past.pop()?;
        self.future.push(now);
        self.shown = Some(before.clone());
        Some(before)
    }

    /// The drawing that was taken back last, if there is one.
    pub fn redo(&mut self, now: Arc<Sketch>) -> Option<Arc<Sketch>> {
        let after = self.future.pop()?;
        self.past.push(now);
        self.shown = Some(after.clone());
        Some(after)
    }

    /// Whether there is a step to take back.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}
