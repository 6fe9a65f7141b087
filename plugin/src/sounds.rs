//! The decoded sounds of a process, each held once however many instances play it, within the budget of memory.
//!
//! What nobody plays gives way to what is wanted. What finds no room beside what is played is held as a head, with the rest
//! of the same samples on the disk ([`crate::loading::streamed`]). Asked by the Workers and by the `neume` command; never by
//! the Engine.

use std::collections::HashMap;
use std::sync::Arc;

use neume_bank::{Loop, SoundId};
use nice_plug::prelude::nice_error;
use parking_lot::Mutex;

use crate::handoff::Pcm;
use crate::loading::streamed;
use crate::streaming::{HEAD_FRAMES, Streamer};

/// The samples of a sound, prepared in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PcmKey {
    /// By content.
    pub id: SoundId,
    /// Bits of the host's rate.
    pub rate: u32,
    /// Its loop, at its own rate.
    pub sustain: Option<Loop>,
    /// The part of it that is played.
    pub span: Option<(u64, u64)>,
}

/// See above.
#[derive(Default)]
pub struct Sounds(Mutex<Held>);

/// Sounds with the turn of their last use.
#[derive(Default)]
struct Held {
    sounds: HashMap<PcmKey, (Arc<Pcm>, u64)>,
    bytes: usize,
    turn: u64,
}

impl Sounds {
    /// One that is held.
    pub fn get(&self, key: &PcmKey) -> Option<Arc<Pcm>> {
        self.0.lock().get(key)
    }

    /// Memory that they take, in bytes.
    pub fn bytes(&self) -> usize {
        self.0.lock().bytes
    }

    /// Gives up the sounds that were used longest ago and that no instance plays, until the rest takes so many bytes.
    pub fn make_room(&self, most_bytes: usize) {
        self.0.lock().make_room(most_bytes);
    }

    /// Holds a sound that was loaded, and gives what is held: of two who have loaded it at once, the first one's.
    pub fn hold(&self, key: PcmKey, pcm: Pcm, most_bytes: usize, streamer: &Streamer) -> Arc<Pcm> {
        {
            let mut held = self.0.lock();
            if let Some(known) = held.get(&key) {
                return known;
            }
            let can_be_streamed = pcm.sustain.is_none() && pcm.rest.is_none() && pcm.left.len() > HEAD_FRAMES;
            if held.has_room(bytes_of(&pcm), most_bytes) || !can_be_streamed {
                return held.insert(key, pcm);
            }
        }
        let pcm = match streamed(streamer, &pcm) {
            Ok(streamed) => streamed,
            Err(cause) => {
                nice_error!("a sound takes more memory than there is for it, the disk has no room: {cause}");
                pcm
            }
        };
        let mut held = self.0.lock();
        let pcm = held.insert(key, pcm);
        held.make_room(most_bytes);
        pcm
    }
}

impl Held {
    fn get(&mut self, key: &PcmKey) -> Option<Arc<Pcm>> {
        self.turn += 1;
        let (pcm, used) = self.sounds.get_mut(key)?;
        *used = self.turn;
        Some(pcm.clone())
    }

    /// What is held in the end; what was there before stays.
    fn insert(&mut self, key: PcmKey, pcm: Pcm) -> Arc<Pcm> {
        if let Some(known) = self.get(&key) {
            return known;
        }
        self.bytes += bytes_of(&pcm);
        let pcm = Arc::new(pcm);
        self.sounds.insert(key, (pcm.clone(), self.turn));
        pcm
    }

    /// Whether there is room for so many bytes more, once what nobody plays has given way.
    fn has_room(&mut self, bytes: usize, most_bytes: usize) -> bool {
        self.make_room(most_bytes.saturating_sub(bytes));
        self.bytes + bytes <= most_bytes
    }

    fn make_room(&mut self, most_bytes: usize) {
        while self.bytes > most_bytes {
            let unused = self.sounds.iter().filter(|(_, (pcm, _))| Arc::strong_count(pcm) == 1);
            let Some(oldest) = unused.min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key) else { break };
            if let Some((pcm, _)) = self.sounds.remove(&oldest) {
                self.bytes -= bytes_of(&pcm);
            }
        }
    }
}

fn bytes_of(pcm: &Pcm) -> usize {
    (pcm.left.len() + pcm.right.as_ref().map_or(0, |right| right.len())) * size_of::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::PAGE_FRAMES;

    fn sound(frames: usize) -> Pcm {
        let left = (0..frames).map(|i| (i as f32 * 0.01).sin()).collect();
        Pcm { rate_hz: 48_000.0, left, right: None, sustain: None, rest: None }
    }

    fn key(n: u8) -> PcmKey {
        PcmKey { id: SoundId([n; 16]), rate: 0, sustain: None, span: None }
    }

    #[test]
    fn sounds_that_nobody_plays_leave_when_the_budget_is_full() {
        const FRAMES: usize = 10_000;
        let (sounds, streamer) = (Sounds::default(), Streamer::start());
        let hold = |n: u8| sounds.hold(key(n), sound(FRAMES), 2 * 4 * FRAMES, &streamer);
        let played = hold(0);
        drop(hold(1));
        drop(hold(2));
        assert!(Arc::ptr_eq(&sounds.get(&key(0)).unwrap(), &played), "it is being played");
        assert!(sounds.get(&key(1)).is_none(), "it was used longest ago");
        assert!(sounds.get(&key(2)).is_some());
        assert_eq!(sounds.bytes(), 2 * 4 * FRAMES);
    }

    #[test]
    fn who_loads_a_sound_that_another_has_loaded_meanwhile_plays_the_same() {
        let (sounds, streamer) = (Sounds::default(), Streamer::start());
        for (n, most_bytes) in [(0, usize::MAX), (1, 0)] {
            let hold = || sounds.hold(key(n), sound(HEAD_FRAMES + 9), most_bytes, &streamer);
            let (first, second) = (hold(), hold());
            let held = bytes_of(&first);
            assert!(Arc::ptr_eq(&first, &second));
            drop((first, second));
            assert_eq!(sounds.bytes(), held, "it is counted once");
            sounds.make_room(0);
        }
    }

    #[test]
    fn beside_what_is_played_sounds_take_no_more_memory_than_there_is_but_their_heads_and_loops() {
        const FRAMES: usize = HEAD_FRAMES + 3 * PAGE_FRAMES + 77;
        const MOST_BYTES: usize = 3 * 4 * FRAMES;
        let (sounds, streamer) = (Sounds::default(), Streamer::start());
        let hold = |n: u8, pcm: Pcm| sounds.hold(key(n), pcm, MOST_BYTES, &streamer);
        let played: Vec<Arc<Pcm>> = (0..16).map(|n| hold(n, sound(FRAMES))).collect();
        assert!(played[..3].iter().all(|pcm| **pcm == sound(FRAMES)), "while there is room they are whole");
        assert_eq!(sounds.bytes(), MOST_BYTES + 13 * 4 * HEAD_FRAMES);
        for pcm in &played[3..] {
            let (whole, rest) = (sound(FRAMES), pcm.rest.as_ref().unwrap());
            assert_eq!((pcm.rate_hz, rest.frames()), (whole.rate_hz, FRAMES as u64));
            let pages = (0..rest.pages()).flat_map(|number| rest.page(number).unwrap().left.to_vec());
            let samples: Vec<f32> = pcm.left.iter().copied().chain(pages).collect();
            assert!(samples == *whole.left, "the same samples as in memory");
        }
        let looped = Pcm { sustain: Some((0, FRAMES as u32)), ..sound(FRAMES) };
        assert!(hold(16, looped).rest.is_none());
        assert!(hold(17, sound(HEAD_FRAMES)).rest.is_none());
        drop(played);
        assert!(hold(18, sound(FRAMES)).rest.is_none(), "what nobody plays has given way");
        assert!(sounds.bytes() <= MOST_BYTES);
    }
}
