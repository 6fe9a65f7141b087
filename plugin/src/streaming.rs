//! Long sounds: laid out in a file, and read from there while they are heard.
//!
//! What does not fit into memory is decoded once into one temporary file of the process (`Spool`), 32-bit floats,
//! channel after channel, and its first [`HEAD_FRAMES`] stay in memory. While such a sound is heard, the Engine asks for
//! the pages that follow, and one thread of the process, the [`Streamer`], reads them and hands them over. It alone
//! frees them, once no voice has them any more. The file has no name and is gone with the process, however that ends.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use nice_plug::prelude::nice_error;
use parking_lot::Mutex;

use crate::engine::ends_silent;
use crate::handoff::{PAGE_FRAMES, Page, PageAsk, PageGiven, StreamerEnd};
use crate::memory;

/// Frames of a streamed sound that are always in memory, from its start on.
pub const HEAD_FRAMES: usize = 1 << 16;

/// Memory that pages take, in bytes, before those that no voice has are given up: an eighth of the budget.
pub fn pages_bytes() -> usize {
    memory::budget().bytes() / 8
}

/// How often the Streamer looks for questions while streamed sounds lie under keys. The head of a sound lasts for
/// more than a second, and eight pages for nearly three.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What of a streamed sound lies on disk: all of it.
#[derive(Debug)]
pub struct Rest {
    /// Names it among the pages.
    id: u64,
    frames: u64,
    channels: usize,
    ends_silent: bool,
    /// Where it begins in the file, in samples.
    start: u64,
    spool: Arc<Spool>,
}

impl PartialEq for Rest {
    fn eq(&self, other: &Rest) -> bool {
        self.id == other.id
    }
}

impl Rest {
    /// Frames of the whole sound.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Pages behind the head.
    pub fn pages(&self) -> u32 {
        let behind = self.frames.saturating_sub(HEAD_FRAMES as u64);
        u32::try_from(behind.div_ceil(PAGE_FRAMES as u64)).unwrap_or(u32::MAX)
    }

    /// Whether its last samples need no fade.
    pub fn ends_silent(&self) -> bool {
        self.ends_silent
    }

    /// Reads a page.
    fn page(&self, number: u32) -> std::io::Result<Page> {
        let first = HEAD_FRAMES as u64 + u64::from(number) * PAGE_FRAMES as u64;
        let frames = self.frames.saturating_sub(first).min(PAGE_FRAMES as u64) as usize;
        let channel = |at: usize| self.spool.read(self.start + at as u64 * self.frames + first, frames);
        let right = if self.channels > 1 { Some(channel(1)?) } else { None };
        Ok(Page { number, left: channel(0)?, right })
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.spool.give_back(self.start, self.frames * self.channels as u64);
    }
}

/// The file of a process, made when the first long sound is loaded.
#[derive(Debug, Default)]
struct Spool {
    inside: Mutex<Inside>,
    /// Sounds that lie in it.
    sounds: AtomicUsize,
    /// Memory that pages of it take.
    pages_bytes: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inside {
    file: Option<File>,
    /// Behind the last sound, in samples.
    end: u64,
    /// Where sounds lay that are gone: start and length, in samples.
    free: Vec<(u64, u64)>,
}

impl Inside {
    /// A place for so many samples: the first gap that holds them, else behind everything.
    fn take(&mut self, samples: u64) -> u64 {
        if let Some(gap) = self.free.iter_mut().find(|(_, len)| *len >= samples) {
            let start = gap.0;
            *gap = (gap.0 + samples, gap.1 - samples);
            self.free.retain(|(_, len)| *len > 0);
            return start;
        }
        let start = self.end;
        self.end += samples;
        start
    }

    /// A place is free again; gaps side by side become one, and a gap at the end shortens the file.
    fn give_back(&mut self, start: u64, samples: u64) {
        self.free.push((start, samples));
        self.free.sort_unstable();
        let mut gaps: Vec<(u64, u64)> = Vec::with_capacity(self.free.len());
        for &(start, len) in &self.free {
            match gaps.last_mut() {
                Some(last) if last.0 + last.1 == start => last.1 += len,
                _ => gaps.push((start, len)),
            }
        }
        if let Some(&(start, len)) = gaps.last()
            && start + len == self.end
        {
            self.end = start;
            gaps.pop();
            if let Some(file) = &self.file {
                // A file that stays long costs room on the disk until the process ends, and nothing else.
                file.set_len(start * SAMPLE_BYTES).ok();
            }
        }
        self.free = gaps;
    }
}

const SAMPLE_BYTES: u64 = size_of::<f32>() as u64;

impl Spool {
    fn write(&self, channels: &[Vec<f32>]) -> std::io::Result<u64> {
        let samples: u64 = channels.iter().map(|channel| channel.len() as u64).sum();
        let mut inside = self.inside.lock();
        if inside.file.is_none() {
            inside.file = Some(nameless_file()?);
        }
        let start = inside.take(samples);
        let Some(file) = &mut inside.file else { return Err(std::io::ErrorKind::NotFound.into()) };
        let written = write_at(file, start, channels);
        match written {
            Ok(()) => {
                self.sounds.fetch_add(1, Ordering::AcqRel);
                Ok(start)
            }
            Err(cause) => {
                inside.give_back(start, samples);
                Err(cause)
            }
        }
    }

    fn read(&self, start: u64, samples: usize) -> std::io::Result<Box<[f32]>> {
        let mut bytes = vec![0; samples * SAMPLE_BYTES as usize];
        let mut inside = self.inside.lock();
        let Some(file) = &mut inside.file else { return Err(std::io::ErrorKind::NotFound.into()) };
        file.seek(SeekFrom::Start(start * SAMPLE_BYTES))?;
        file.read_exact(&mut bytes)?;
        drop(inside);
        Ok(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn give_back(&self, start: u64, samples: u64) {
        self.inside.lock().give_back(start, samples);
        self.sounds.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Where long sounds are laid out: in the cache folder, which lies on a disk even where the folder for temporary files lies
/// in memory.
pub fn folder() -> PathBuf {
    neume_bank::index::cache_folder().map_or_else(|_| std::env::temp_dir(), |cache| cache.join("streams"))
}

fn nameless_file() -> std::io::Result<File> {
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    tempfile::tempfile_in(folder)
}

fn write_at(file: &mut File, start: u64, channels: &[Vec<f32>]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(start * SAMPLE_BYTES))?;
    let mut bytes = Vec::with_capacity(PAGE_FRAMES * SAMPLE_BYTES as usize);
    for part in channels.iter().flat_map(|channel| channel.chunks(PAGE_FRAMES)) {
        bytes.clear();
        bytes.extend(part.iter().flat_map(|sample| sample.to_le_bytes()));
        file.write_all(&bytes)?;
    }
    Ok(())
}

/// The thread that reads pages for every Engine of the process, and the file that it reads from.
pub struct Streamer {
    spool: Arc<Spool>,
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
        let spool = Arc::new(Spool::default());
        let (orders, ordered) = crossbeam_channel::unbounded();
        let desk = Desk { spool: spool.clone(), ordered, lines: Vec::new(), pages: Pages::default() };
        let thread = std::thread::Builder::new().name("neume streamer".to_string()).spawn(|| desk.run());
        let thread = thread
            .inspect_err(|cause| nice_error!("long sounds end early, the system starts no thread: {cause}"))
            .ok();
        Streamer { spool, orders, thread }
    }

    /// Memory that pages take, in bytes.
    pub fn bytes_held(&self) -> usize {
        self.spool.pages_bytes.load(Ordering::Relaxed)
    }

    /// Serves an Engine from now on.
    pub fn serve(&self, end: StreamerEnd) {
        // A thread that could not be started was named.
        self.orders.send(Order::Serve(end)).ok();
    }

    /// Lays a sound of one or two channels out on disk, longer than [`HEAD_FRAMES`].
    ///
    /// # Errors
    /// What the system says, for example of a full disk.
    pub fn lay_out(&self, channels: &[Vec<f32>]) -> std::io::Result<Rest> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let start = self.spool.write(channels)?;
        self.orders.send(Order::Look).ok();
        Ok(Rest {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            frames: channels.first().map_or(0, |channel| channel.len() as u64),
            channels: channels.len(),
            ends_silent: channels.iter().all(|channel| ends_silent(channel)),
            start,
            spool: self.spool.clone(),
        })
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
}

/// An Engine that is served.
struct Line {
    end: StreamerEnd,
    /// Pages that found no room in the ring.
    late: VecDeque<PageGiven>,
}

impl Desk {
    fn run(mut self) {
        loop {
            let order = if self.spool.sounds.load(Ordering::Acquire) == 0 {
                self.ordered.recv().ok()
            } else {
                match self.ordered.recv_timeout(LOOK_EVERY) {
                    Err(crossbeam_channel::RecvTimeoutError::Timeout) => Some(Order::Look),
                    order => order.ok(),
                }
            };
            match order {
                Some(Order::Serve(end)) => self.lines.push(Line { end, late: VecDeque::new() }),
                Some(Order::Look) => {}
                Some(Order::Quit) | None => return,
            }
            self.lines.retain(|line| !line.end.asks.is_abandoned());
            for line in &mut self.lines {
                line.serve(&mut self.pages);
            }
            self.pages.make_room();
            self.spool.pages_bytes.store(self.pages.bytes, Ordering::Relaxed);
        }
    }
}

impl Line {
    fn serve(&mut self, pages: &mut Pages) {
        while let Some(given) = self.late.pop_front() {
            if !self.give(given) {
                return;
            }
        }
        while let Ok(PageAsk { voice, serial, number, pcm }) = self.end.asks.pop() {
            let Some(rest) = &pcm.rest else { continue };
            match pages.get(rest, number) {
                Ok(page) => {
                    self.give(PageGiven { voice, serial, page });
                }
                // The voice ends where its samples end.
                Err(cause) => nice_error!("a long sound cannot be read on: {cause}"),
            }
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
        if let Some((page, used)) = self.held.get_mut(&(rest.id, number)) {
            *used = self.turn;
            return Ok(page.clone());
        }
        let page = Arc::new(rest.page(number)?);
        self.bytes += bytes_of(&page);
        self.held.insert((rest.id, number), (page.clone(), self.turn));
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

    fn sound(frames: usize, first: f32) -> Vec<f32> {
        (0..frames).map(|i| first + i as f32).collect()
    }

    #[test]
    fn what_is_laid_out_is_read_back_page_by_page() {
        let streamer = Streamer::start();
        let frames = HEAD_FRAMES + 2 * PAGE_FRAMES + 7;
        let channels = [sound(frames, 0.0), sound(frames, 0.5)];
        let rest = streamer.lay_out(&channels).unwrap();
        assert_eq!((rest.frames(), rest.pages()), (frames as u64, 3));
        for number in 0..3 {
            let page = rest.page(number).unwrap();
            let first = HEAD_FRAMES + number as usize * PAGE_FRAMES;
            let end = (first + PAGE_FRAMES).min(frames);
            assert_eq!(*page.left, channels[0][first..end]);
            assert_eq!(page.right.as_deref(), Some(&channels[1][first..end]));
        }
        assert!(!rest.ends_silent());
    }

    #[test]
    fn the_room_of_a_sound_that_is_gone_is_used_again() {
        let streamer = Streamer::start();
        let end = || streamer.spool.inside.lock().end;
        let [first, second, third] =
            [3, 2, 1].map(|n| streamer.lay_out(&[sound(n * HEAD_FRAMES, 0.0)]).unwrap());
        assert_eq!(end(), 6 * HEAD_FRAMES as u64);
        drop(first);
        let again = streamer.lay_out(&[sound(HEAD_FRAMES, 9.0)]).unwrap();
        assert_eq!((again.start, end()), (0, 6 * HEAD_FRAMES as u64));
        drop(third);
        assert_eq!(end(), 5 * HEAD_FRAMES as u64);
        drop([second, again]);
        let inside = streamer.spool.inside.lock();
        assert_eq!((inside.end, inside.free.len()), (0, 0));
    }

    #[test]
    fn pages_that_no_voice_has_make_room_and_others_stay() {
        let mut pages = Pages::default();
        let streamer = Streamer::start();
        let rest = streamer.lay_out(&[sound(HEAD_FRAMES + 3 * PAGE_FRAMES, 0.0)]).unwrap();
        let heard = pages.get(&rest, 0).unwrap();
        pages.get(&rest, 1).unwrap();
        pages.bytes += pages_bytes();
        pages.make_room();
        assert_eq!(pages.held.len(), 1);
        assert!(Arc::ptr_eq(&heard, &pages.get(&rest, 0).unwrap()));
    }
}
