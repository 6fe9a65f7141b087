//! What the Engine shows of itself while an editor is open.

use crate::handoff::EngineFrame;

/// Fewest frames between two pictures.
const PICTURE_FRAMES: usize = 512;

/// Collects the output until the next picture is due.
pub(super) struct Meter {
    scope: Box<[f32; EngineFrame::SCOPE_LEN]>,
    /// Where the next sample goes, which is where the oldest one lies.
    next: usize,
    peak: [f32; 2],
    since_frames: usize,
}

impl Meter {
    pub fn new() -> Meter {
        Meter {
            scope: Box::new([0.0; EngineFrame::SCOPE_LEN]),
            next: 0,
            peak: [0.0; 2],
            since_frames: PICTURE_FRAMES,
        }
    }

    pub fn take(&mut self, left: &[f32], right: &[f32]) {
        for (&left, &right) in left.iter().zip(right) {
            if let Some(place) = self.scope.get_mut(self.next) {
                *place = 0.5 * (left + right);
            }
            self.next = (self.next + 1) % EngineFrame::SCOPE_LEN;
            self.peak = [self.peak[0].max(left.abs()), self.peak[1].max(right.abs())];
        }
        self.since_frames = self.since_frames.saturating_add(left.len());
    }

    /// Fills in scope and peak if a picture is due.
    pub fn show(&mut self, frame: &mut EngineFrame) {
        let (newest, oldest) = self.scope.split_at(self.next.min(EngineFrame::SCOPE_LEN));
        for (to, from) in frame.scope.iter_mut().zip(oldest.iter().chain(newest)) {
            *to = *from;
        }
        frame.peak = self.peak;
        self.peak = [0.0; 2];
        self.since_frames = 0;
    }

    pub fn is_due(&self) -> bool {
        self.since_frames >= PICTURE_FRAMES
    }
}
