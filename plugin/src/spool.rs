//! The file in which long sounds are laid out: one of the process, without a name, gone with it however that ends.
//!
//! It consists of places of one page and one channel each, 32-bit floats. A sound takes places as it is decoded and gives
//! them back when nobody has it any more.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::engine::ends_silent;
use crate::handoff::{PAGE_FRAMES, Page};
use crate::streaming::HEAD_FRAMES;

/// Samples at the end of a sound that say whether it ends in silence.
const END_SAMPLES: usize = 8;
const PAGE_BYTES: usize = PAGE_FRAMES * size_of::<f32>();

/// The file of a process, made when the first long sound is loaded.
#[derive(Debug, Default)]
pub struct Spool {
    inside: Mutex<Inside>,
    /// Sounds that lie in it.
    sounds: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inside {
    file: Option<File>,
    /// Places that were ever taken and not cut off again.
    end: u64,
    /// Those of them that are free.
    free: BTreeSet<u64>,
}

impl Inside {
    fn take(&mut self) -> u64 {
        self.free.pop_first().unwrap_or_else(|| {
            self.end += 1;
            self.end - 1
        })
    }

    /// Places are free again; those at the end shorten the file.
    fn give_back(&mut self, places: &[u64]) {
        self.free.extend(places);
        let end = self.end;
        while self.end > 0 && self.free.remove(&(self.end - 1)) {
            self.end -= 1;
        }
        if let Some(file) = self.file.as_ref().filter(|_| self.end < end) {
            // A file that stays long costs room on the disk until the process ends, and nothing else.
            file.set_len(self.end * PAGE_BYTES as u64).ok();
        }
    }
}

impl Spool {
    /// Sounds that lie in it.
    pub fn sounds(&self) -> usize {
        self.sounds.load(Ordering::Acquire)
    }

    /// Begins a sound of one or two channels.
    pub fn begin(self: &Arc<Spool>, channels: usize) -> Laying {
        self.sounds.fetch_add(1, Ordering::AcqRel);
        Laying {
            places: Places { spool: self.clone(), taken: Vec::new() },
            pending: vec![Vec::new(); channels],
            ends: vec![Vec::new(); channels],
            frames: 0,
        }
    }

    fn write(&self, bytes: &[u8]) -> std::io::Result<u64> {
        let mut inside = self.inside.lock();
        if inside.file.is_none() {
            inside.file = Some(nameless_file()?);
        }
        let place = inside.take();
        let Some(file) = &mut inside.file else { return Err(std::io::ErrorKind::NotFound.into()) };
        let mut written = || {
            file.seek(SeekFrom::Start(place * PAGE_BYTES as u64))?;
            file.write_all(bytes)
        };
        match written() {
            Ok(()) => Ok(place),
            Err(cause) => {
                inside.give_back(&[place]);
                Err(cause)
            }
        }
    }

    fn read(&self, place: u64, samples: usize) -> std::io::Result<Box<[f32]>> {
        let mut bytes = vec![0; samples * size_of::<f32>()];
        let mut inside = self.inside.lock();
        let Some(file) = &mut inside.file else { return Err(std::io::ErrorKind::NotFound.into()) };
        file.seek(SeekFrom::Start(place * PAGE_BYTES as u64))?;
        file.read_exact(&mut bytes)?;
        drop(inside);
        Ok(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
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

/// Places of one sound, given back with it: page after page, of each its channels.
#[derive(Debug)]
struct Places {
    spool: Arc<Spool>,
    taken: Vec<u64>,
}

impl Drop for Places {
    fn drop(&mut self) {
        self.spool.inside.lock().give_back(&self.taken);
        self.spool.sounds.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A sound that is being laid out, from its start on. Dropped, it leaves nothing behind.
pub struct Laying {
    places: Places,
    /// Of each channel, what is no whole page yet.
    pending: Vec<Vec<f32>>,
    /// The last samples of each channel.
    ends: Vec<Vec<f32>>,
    frames: u64,
}

impl Laying {
    /// Adds samples, a slice a channel, all of the same length.
    ///
    /// # Errors
    /// What the system says, for example of a full disk.
    pub fn push(&mut self, channels: &[&[f32]]) -> std::io::Result<()> {
        let frames = channels.first().map_or(0, |channel| channel.len());
        for (end, channel) in self.ends.iter_mut().zip(channels) {
            end.extend_from_slice(&channel[channel.len().saturating_sub(END_SAMPLES)..]);
            end.drain(..end.len().saturating_sub(END_SAMPLES));
        }
        let mut at = 0;
        while at < frames {
            let held = self.pending.first().map_or(0, Vec::len);
            let more = (PAGE_FRAMES - held).min(frames - at);
            for (pending, channel) in self.pending.iter_mut().zip(channels) {
                pending.extend_from_slice(&channel[at..at + more]);
            }
            at += more;
            if held + more == PAGE_FRAMES {
                self.write()?;
            }
        }
        self.frames += frames as u64;
        Ok(())
    }

    fn write(&mut self) -> std::io::Result<()> {
        for pending in &mut self.pending {
            let bytes: Vec<u8> = pending.iter().flat_map(|sample| sample.to_le_bytes()).collect();
            self.places.taken.push(self.places.spool.write(&bytes)?);
            pending.clear();
        }
        Ok(())
    }

    /// The whole sound.
    ///
    /// # Errors
    /// As [`Laying::push`].
    pub fn finish(mut self) -> std::io::Result<Rest> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        if self.pending.first().is_some_and(|pending| !pending.is_empty()) {
            self.write()?;
        }
        Ok(Rest {
            id: COUNT.fetch_add(1, Ordering::Relaxed),
            frames: self.frames,
            channels: self.pending.len(),
            ends_silent: self.ends.iter().all(|end| ends_silent(end)),
            places: self.places,
        })
    }
}

/// What of a streamed sound lies on disk: all of it.
#[derive(Debug)]
pub struct Rest {
    /// Names it among the pages.
    id: u64,
    frames: u64,
    channels: usize,
    ends_silent: bool,
    places: Places,
}

impl PartialEq for Rest {
    fn eq(&self, other: &Rest) -> bool {
        self.id == other.id
    }
}

impl Rest {
    /// Names it among the long sounds of the process.
    pub fn id(&self) -> u64 {
        self.id
    }

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
    ///
    /// # Errors
    /// What the system says.
    pub fn page(&self, number: u32) -> std::io::Result<Page> {
        const { assert!(HEAD_FRAMES.is_multiple_of(PAGE_FRAMES)) };
        let first = HEAD_FRAMES as u64 + u64::from(number) * PAGE_FRAMES as u64;
        let frames = self.frames.saturating_sub(first).min(PAGE_FRAMES as u64) as usize;
        let at = (first / PAGE_FRAMES as u64) as usize * self.channels;
        let channel = |number: usize| {
            let place = self.places.taken.get(at + number).ok_or(std::io::ErrorKind::UnexpectedEof)?;
            self.places.spool.read(*place, frames)
        };
        let right = if self.channels > 1 { Some(channel(1)?) } else { None };
        Ok(Page { number, left: channel(0)?, right })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid(spool: &Arc<Spool>, pages: usize) -> Rest {
        let mut laying = spool.begin(1);
        laying.push(&[&vec![pages as f32; pages * PAGE_FRAMES]]).unwrap();
        laying.finish().unwrap()
    }

    fn sound(frames: usize, first: f32) -> Vec<f32> {
        (0..frames).map(|i| first + i as f32).collect()
    }

    #[test]
    fn what_is_laid_out_in_pieces_is_read_back_page_by_page() {
        let spool = Arc::new(Spool::default());
        let frames = HEAD_FRAMES + 2 * PAGE_FRAMES + 7;
        let channels = [sound(frames, 0.0), sound(frames, 0.5)];
        for piece in [1, 999, PAGE_FRAMES, 3 * PAGE_FRAMES + 1, frames] {
            let piece = piece.max(frames / 2_000);
            let mut laying = spool.begin(2);
            for at in (0..frames).step_by(piece) {
                let end = (at + piece).min(frames);
                laying.push(&[&channels[0][at..end], &channels[1][at..end]]).unwrap();
                assert!(laying.pending[0].len() < PAGE_FRAMES);
            }
            let rest = laying.finish().unwrap();
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
    }

    #[test]
    fn a_sound_that_ends_in_silence_is_known_by_its_last_samples_however_they_come() {
        let spool = Arc::new(Spool::default());
        let mut samples = vec![0.5; 100];
        for silent in [0, END_SAMPLES - 1, END_SAMPLES] {
            samples.truncate(100);
            samples.extend(vec![0.0; silent]);
            for piece in [1, 5, 200] {
                let mut laying = spool.begin(1);
                samples.chunks(piece).for_each(|piece| laying.push(&[piece]).unwrap());
                assert_eq!(laying.finish().unwrap().ends_silent(), silent == END_SAMPLES, "{silent} {piece}");
            }
        }
    }

    #[test]
    fn the_room_of_a_sound_that_is_gone_is_used_again() {
        let spool = Arc::new(Spool::default());
        let end = || spool.inside.lock().end;
        let [first, second, third] = [3, 2, 1].map(|pages| laid(&spool, pages));
        assert_eq!((end(), spool.sounds()), (6, 3));
        drop(first);
        let again = laid(&spool, 4);
        assert_eq!((again.places.taken.clone(), end()), (vec![0, 1, 2, 6], 7));
        drop(third);
        let begun = spool.begin(2);
        assert_eq!((end(), spool.sounds()), (7, 3));
        drop(again);
        assert_eq!(end(), 5, "places at the end shorten the file");
        drop((second, begun));
        let inside = spool.inside.lock();
        assert_eq!((inside.end, inside.free.len(), spool.sounds()), (0, 0, 0));
        assert_eq!(inside.file.as_ref().unwrap().metadata().unwrap().len(), 0);
    }
}
