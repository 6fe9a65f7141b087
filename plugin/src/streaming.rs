//! Long sounds: laid out in a file, and read from there while they are heard.
//!
//! What does not fit into memory is decoded once, piece by piece, into one temporary file of the process ([`Spool`]), and
//! its first [`HEAD_FRAMES`] stay in memory. While such a sound is heard, the Engine asks for the pages that follow, and
//! one thread of the process, the [`Streamer`], reads them and hands them over. It alone frees them, once no voice has
//! them any more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use nice_plug::prelude::nice_error;

use crate::handoff::{Page, PageAsk, PageGiven, Request, StreamerEnd};
use crate::memory;
use crate::spool::{self, Laying, Rest, Spool};

/// Frames of a streamed sound that are always in memory, from its start on.
pub const HEAD_FRAMES: usize = 1 << 16;

/// Memory that pages take, in bytes, before those that no voice has are given up: an eighth of the budget.
pub fn pages_bytes() -> usize {
    memory::budget().bytes() / 8
}

/// How often the Streamer looks for questions while streamed sounds lie under keys. The head of a sound lasts for
/// more than a second, and eight pages for nearly three.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The thread that reads pages for every Engine of the process, and the file that it reads from.
pub struct Streamer {
    spool: Arc<Spool>,
    /// Memory that pages take.
    pages_bytes: Arc<AtomicUsize>,
    orders: Sender<Order>,
    thread: Option<std::thread::JoinHandle<()>>,
}

enum Order {
    /// Serve this Engine as well.
    Serve(StreamerEnd),
    /// There is a streamed sound.
    Look,
    Quit,
}

impl Streamer {
    /// Starts the thread.
    pub fn start() -> Streamer {
        let (spool, pages_bytes) = (Arc::new(Spool::default()), Arc::new(AtomicUsize::new(0)));
        let (orders, ordered) = crossbeam_channel::unbounded();
        let desk = Desk {
            spool: spool.clone(),
            ordered,
            lines: Vec::new(),
            pages: Pages::default(),
            pages_bytes: pages_bytes.clone(),
        };
        let thread = std::thread::Builder::new().name("neume streamer".to_string()).spawn(|| desk.run());
        let thread = thread
            .inspect_err(|cause| nice_error!("long sounds end early, the system starts no thread: {cause}"))
            .ok();
        Streamer { spool, pages_bytes, orders, thread }
    }

    /// Memory that pages take, in bytes.
    pub fn bytes_held(&self) -> usize {
        self.pages_bytes.load(Ordering::Relaxed)
    }

    /// Serves an Engine from now on.
    pub fn serve(&self, end: StreamerEnd) {
        // A thread that could not be started was named.
        self.orders.send(Order::Serve(end)).ok();
    }

    /// Begins to lay a sound of one or two channels out on disk.
    pub fn begin(&self, channels: usize) -> Laying {
        let laying = self.spool.begin(channels);
        self.orders.send(Order::Look).ok();
        laying
    }

    /// Lays a whole sound out, longer than [`HEAD_FRAMES`].
    ///
    /// # Errors
    /// What the system says, for example of a full disk.
    pub fn lay_out(&self, channels: &[Vec<f32>]) -> std::io::Result<Rest> {
        let channels: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
        let mut laying = self.begin(channels.len());
        laying.push(&channels)?;
        laying.finish()
    }
}

impl Drop for Streamer {
    fn drop(&mut self) {
        self.orders.send(Order::Quit).ok();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            thread.join().ok();
        }
    }
}

/// What the thread has.
struct Desk {
    spool: Arc<Spool>,
    ordered: Receiver<Order>,
    lines: Vec<Line>,
    pages: Pages,
    pages_bytes: Arc<AtomicUsize>,
}

/// An Engine that is served.
struct Line {
    end: StreamerEnd,
    /// Pages that found no room in the ring.
    late: VecDeque<PageGiven>,
    /// The sound that was last said to be unreadable.
    unreadable: Option<u64>,
}

impl Desk {
    fn run(mut self) {
        loop {
            let order = if self.spool.sounds() == 0 {
                self.ordered.recv().ok()
            } else {
                match self.ordered.recv_timeout(LOOK_EVERY) {
                    Err(crossbeam_channel::RecvTimeoutError::Timeout) => Some(Order::Look),
                    order => order.ok(),
                }
            };
            match order {
                Some(Order::Serve(end)) => self.lines.push(Line::new(end)),
                Some(Order::Look) => {}
                Some(Order::Quit) | None => return,
            }
            self.lines.retain(|line| !line.end.asks.is_abandoned());
            for line in &mut self.lines {
                line.serve(&mut self.pages);
            }
            self.pages.make_room();
            self.pages_bytes.store(self.pages.bytes, Ordering::Relaxed);
        }
    }
}

impl Line {
    fn new(end: StreamerEnd) -> Line {
        Line { end, late: VecDeque::new(), unreadable: None }
    }

    fn serve(&mut self, pages: &mut Pages) {
        while let Some(given) = self.late.pop_front() {
            if !self.give(given) {
                return;
            }
        }
        while let Ok(PageAsk { voice, birth, number, pcm }) = self.end.asks.pop() {
            let Some(rest) = &pcm.rest else { continue };
            let page = pages.get(rest, number).map_err(|cause| self.say(rest, &cause)).ok();
            self.give(PageGiven { voice, birth, number, page });
        }
    }

    /// Says, once for each sound, that it ends early.
    fn say(&mut self, rest: &Rest, cause: &std::io::Error) {
        if self.unreadable.replace(rest.id()) != Some(rest.id()) {
            let folder = spool::folder();
            let notice = format!("a long sound ends early, {} cannot be read: {cause}", folder.display());
            self.end.requests.send(Request::Notice(notice));
        }
    }

    fn give(&mut self, given: PageGiven) -> bool {
        match self.end.pages.push(given) {
            Ok(()) => true,
            Err(rtrb::PushError::Full(given)) => {
                self.late.push_front(given);
                false
            }
        }
    }
}

/// Pages that were read, each with the turn of its last use.
#[derive(Default)]
struct Pages {
    held: HashMap<(u64, u32), (Arc<Page>, u64)>,
    bytes: usize,
    turn: u64,
}

impl Pages {
    fn get(&mut self, rest: &Rest, number: u32) -> std::io::Result<Arc<Page>> {
        self.turn += 1;
        if let Some((page, used)) = self.held.get_mut(&(rest.id(), number)) {
            *used = self.turn;
            return Ok(page.clone());
        }
        let page = Arc::new(rest.page(number)?);
        self.bytes += bytes_of(&page);
        self.held.insert((rest.id(), number), (page.clone(), self.turn));
        Ok(page)
    }

    /// Gives up the pages that were used longest ago and that no voice has.
    fn make_room(&mut self) {
        let most = pages_bytes();
        if self.bytes <= most {
            return;
        }
        let unused = self.held.iter().filter(|(_, (page, _))| Arc::strong_count(page) == 1);
        let mut oldest: Vec<(u64, (u64, u32))> = unused.map(|(key, (_, used))| (*used, *key)).collect();
        oldest.sort_unstable();
        for (_, key) in oldest {
            if self.bytes <= most / 2 {
                return;
            }
            if let Some((page, _)) = self.held.remove(&key) {
                self.bytes -= bytes_of(&page);
            }
        }
    }
}

fn bytes_of(page: &Page) -> usize {
    (page.left.len() + page.right.as_ref().map_or(0, |right| right.len())) * size_of::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{PAGE_FRAMES, Pcm, ends};

    #[test]
    fn pages_that_no_voice_has_make_room_and_others_stay() {
        let mut pages = Pages::default();
        let streamer = Streamer::start();
        let rest = streamer.lay_out(&[vec![0.5; HEAD_FRAMES + 3 * PAGE_FRAMES]]).unwrap();
        let heard = pages.get(&rest, 0).unwrap();
        pages.get(&rest, 1).unwrap();
        pages.bytes += pages_bytes();
        pages.make_room();
        assert_eq!(pages.held.len(), 1);
        assert!(Arc::ptr_eq(&heard, &pages.get(&rest, 0).unwrap()));
    }

    #[test]
    fn a_page_that_cannot_be_read_is_answered_and_its_sound_named_once() {
        let streamer = Streamer::start();
        let rest = streamer.lay_out(&[vec![0.5; HEAD_FRAMES + PAGE_FRAMES]]).unwrap();
        let left = vec![0.5; HEAD_FRAMES].into();
        let pcm = Arc::new(Pcm { rate_hz: 48_000.0, left, right: None, sustain: None, rest: Some(rest) });
        let (_editor, worker, mut engine) = ends();
        let mut line = Line::new(worker.streamer);
        for number in [0, 7, 8] {
            engine.asks.push(PageAsk { voice: 1, birth: 2, number, pcm: pcm.clone() }).unwrap();
        }
        line.serve(&mut Pages::default());
        let answers: Vec<_> = std::iter::from_fn(|| engine.pages.pop().ok()).collect();
        let told: Vec<_> = answers.iter().map(|given| (given.number, given.page.is_some())).collect();
        assert_eq!(told, [(0, true), (7, false), (8, false)]);
        let notices = worker.requests.try_iter().filter(|asked| matches!(asked, Request::Notice(_)));
        assert_eq!(notices.count(), 1);
    }
}
