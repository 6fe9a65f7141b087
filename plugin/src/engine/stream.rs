//! The pages of a streamed sound that a voice has, and those that it asks for.
//!
//! A voice asks for the pages that it will come to, [`AHEAD`] at a time, and takes them as they arrive. Where one has not
//! come in time, or cannot be read, the sound ends before it in a short fade.

use std::sync::Arc;

use super::kernel::MAX_TAPS;
use crate::handoff::{PAGE_FRAMES, Page, PageAsk, Pcm};
use crate::spool::Rest;

/// Pages that a voice has or has asked for.
const AHEAD: usize = 8;

/// What a voice has of its streamed sound.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// By number, in turn.
    pages: [Option<Arc<Page>>; AHEAD],
    /// The first page that was not asked for yet.
    next: u32,
    /// The first page that cannot be read.
    missing: Option<u32>,
    /// Frames of the sound that are there without a gap.
    available: u64,
}

impl Stream {
    /// At the start of a sound.
    pub fn new(pcm: &Pcm) -> Stream {
        Stream { available: pcm.left.len() as u64, ..Stream::default() }
    }

    /// Frames of the sound that are there without a gap, from its start.
    pub fn available(&self) -> u64 {
        self.available
    }

    /// Asks for pages that a voice at this frame will come to.
    pub fn ask(
        &mut self,
        (voice, birth): (usize, u64),
        pcm: &Arc<Pcm>,
        frame: u64,
        asks: &mut rtrb::Producer<PageAsk>,
    ) {
        let Some(rest) = &pcm.rest else { return };
        let head = pcm.left.len() as u64;
        let behind = frame.saturating_sub(MAX_TAPS as u64).saturating_sub(head);
        let first = (behind / PAGE_FRAMES as u64) as u32;
        let end = first.saturating_add(AHEAD as u32).min(self.readable(rest));
        while self.next < end {
            let ask = PageAsk { voice: voice as u16, birth, number: self.next, pcm: pcm.clone() };
            // The voice holds the sound as well, so a question that finds no room frees nothing.
            if asks.push(ask).is_err() {
                return;
            }
            self.next += 1;
        }
    }

    /// Takes a page. One that comes for nobody is let go; the Streamer still holds it.
    pub fn take(&mut self, page: Arc<Page>, head: usize) {
        let is_awaited = page.number < self.next && page.number + AHEAD as u32 >= self.next;
        if !is_awaited {
            return;
        }
        let place = page.number as usize % AHEAD;
        if let Some(kept) = self.pages.get_mut(place) {
            *kept = Some(page);
        }
        while let Some(page) = self.page_at(self.available, head)
            && let after = self.first_frame(page, head) + page.left.len() as u64
            && after > self.available
        {
            self.available = after;
        }
    }

    /// Learns that a page cannot be read: the sound ends before it.
    pub fn miss(&mut self, number: u32) {
        self.missing = Some(self.missing.map_or(number, |first| first.min(number)));
    }

    /// Whether a page that cannot be read is what ends the sound here.
    pub fn is_cut(&self, pcm: &Pcm) -> bool {
        self.missing.is_some() && !self.is_waiting(pcm)
    }

    /// Whether a page was asked for and has not come.
    pub fn is_waiting(&self, pcm: &Pcm) -> bool {
        let Some(rest) = &pcm.rest else { return false };
        let asked = u64::from(self.next.min(self.readable(rest)));
        self.available < (pcm.left.len() as u64 + asked * PAGE_FRAMES as u64).min(rest.frames())
    }

    /// Pages that can be had.
    fn readable(&self, rest: &Rest) -> u32 {
        self.missing.map_or(rest.pages(), |missing| missing.min(rest.pages()))
    }

    fn first_frame(&self, page: &Page, head: usize) -> u64 {
        head as u64 + u64::from(page.number) * PAGE_FRAMES as u64
    }

    fn page_at(&self, frame: u64, head: usize) -> Option<&Page> {
        let number = frame.checked_sub(head as u64)? / PAGE_FRAMES as u64;
        let page = self.pages.get(number as usize % AHEAD)?.as_deref()?;
        (u64::from(page.number) == number).then_some(page)
    }
}

/// The samples of one channel: those in memory, and behind them the pages.
#[derive(Clone, Copy)]
pub(super) struct Samples<'a> {
    held: &'a [f32],
    /// None for a sound that is in memory as a whole.
    stream: Option<(&'a Stream, Side)>,
}

/// A channel of a page.
#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

impl<'a> Samples<'a> {
    /// Mono, or the left channel.
    pub fn left(pcm: &'a Pcm, stream: &'a Stream) -> Samples<'a> {
        Samples { held: &pcm.left, stream: pcm.rest.is_some().then_some((stream, Side::Left)) }
    }

    /// The right channel of a stereo sound.
    pub fn right(pcm: &'a Pcm, stream: &'a Stream) -> Option<Samples<'a>> {
        let held = pcm.right.as_deref()?;
        Some(Samples { held, stream: pcm.rest.is_some().then_some((stream, Side::Right)) })
    }

    /// A sound that is in memory as a whole.
    #[cfg(test)]
    pub fn whole(held: &'a [f32]) -> Samples<'a> {
        Samples { held, stream: None }
    }

    /// The samples from a frame on that lie in one piece, at most so many; none where nothing is.
    pub fn piece(self, at: usize, most: usize) -> Option<&'a [f32]> {
        let (samples, from) = match self.stream {
            _ if at < self.held.len() => (self.held, at),
            Some((stream, side)) => {
                let page = stream.page_at(at as u64, self.held.len())?;
                let samples = match side {
                    Side::Left => &*page.left,
                    Side::Right => page.right.as_deref()?,
                };
                (samples, (at - self.held.len()) % PAGE_FRAMES)
            }
            None => return None,
        };
        samples.get(from..from.saturating_add(most).min(samples.len())).filter(|piece| !piece.is_empty())
    }
}
