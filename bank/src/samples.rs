//! The samples of a mono sound, of which the parts that are looked at lie in memory.

use std::ops::Range;

/// See above.
pub(crate) struct Samples<'a> {
    frames: usize,
    /// Where each begins, and what it holds.
    parts: Vec<(usize, &'a [f32])>,
}

impl<'a> Samples<'a> {
    /// All of a sound.
    pub fn whole(mono: &'a [f32]) -> Samples<'a> {
        Samples { frames: mono.len(), parts: vec![(0, mono)] }
    }

    /// Parts of a sound of so many frames.
    pub fn of_parts(frames: usize, parts: Vec<(usize, &'a [f32])>) -> Samples<'a> {
        Samples { frames, parts }
    }

    /// Length of the sound.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Samples of a part; none where no part holds them all.
    pub fn get(&self, range: Range<usize>) -> &'a [f32] {
        let inside = |(start, part): &(usize, &'a [f32])| {
            part.get(range.start.checked_sub(*start)?..range.end.checked_sub(*start)?)
        };
        self.parts.iter().find_map(inside).unwrap_or_default()
    }
}
