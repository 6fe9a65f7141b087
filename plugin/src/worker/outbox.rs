//! What the Worker still has to hand to the Engine, and what it has handed over.
//!
//! A full ring loses nothing: the newest message of each kind waits here and is tried again. Every `Playable` that
//! was handed over is held here until the Engine has let it go, so that the Engine never frees one.

use std::sync::Arc;

use crate::handoff::{Playable, SLOTS, ToEngine};

/// The Worker's way to the Engine.
pub struct Outbox {
    engine: rtrb::Producer<ToEngine>,
    slots: [Option<ToEngine>; SLOTS],
    audition: Option<ToEngine>,
    held: Vec<Arc<Playable>>,
}

impl Outbox {
    /// An empty outbox in front of a ring.
    pub fn new(engine: rtrb::Producer<ToEngine>) -> Outbox {
        Outbox { engine, slots: Default::default(), audition: None, held: Vec::new() }
    }

    /// Puts a message in the place of an older one of its kind.
    pub fn post(&mut self, message: ToEngine) {
        match &message {
            ToEngine::Slot { slot, playable } => {
                let slot = *slot;
                self.held.extend(playable.clone());
                self.slots[slot] = Some(message);
            }
            ToEngine::Audition(playable) => {
                self.held.push(playable.clone());
                self.audition = Some(message);
            }
        }
    }

    /// Hands over what the ring takes; false while something is left.
    pub fn flush(&mut self) -> bool {
        for waiting in self.slots.iter_mut().chain([&mut self.audition]) {
            if let Some(message) = waiting.take()
                && let Err(rtrb::PushError::Full(message)) = self.engine.push(message)
            {
                *waiting = Some(message);
                return false;
            }
        }
        true
    }

    /// Frees what the Engine has let go of.
    pub fn reclaim(&mut self) {
        self.held.retain(|playable| Arc::strong_count(playable) > 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{Pcm, PlayableZone};
    use neume_bank::Manner;

    fn playable(drawn_midi: f32) -> Arc<Playable> {
        let pcm = Arc::new(Pcm {
            rate_hz: 48_000.0,
            left: Box::new([0.0]),
            right: None,
            sustain: None,
            rest: None,
        });
        let zone = PlayableZone {
            keys: (0, 127),
            velocities: (0, 127),
            root_midi: 60.0,
            manner: Manner::default(),
            pcm,
        };
        Arc::new(Playable { zones: [zone].into(), gain: 1.0, drawn_midi })
    }

    #[test]
    fn a_full_ring_loses_nothing_and_the_newest_sound_of_a_slot_wins() {
        let (engine, mut messages) = rtrb::RingBuffer::new(2);
        let mut outbox = Outbox::new(engine);
        for slot in 0..4 {
            for drawn in 0..3 {
                outbox.post(ToEngine::Slot { slot, playable: Some(playable((10 * slot + drawn) as f32)) });
            }
        }
        let mut heard = Vec::new();
        while !outbox.flush() {
            while let Ok(ToEngine::Slot { slot, playable }) = messages.pop() {
                heard.push((slot, playable.map(|p| p.drawn_midi)));
            }
        }
        while let Ok(ToEngine::Slot { slot, playable }) = messages.pop() {
            heard.push((slot, playable.map(|p| p.drawn_midi)));
        }
        heard.sort_by_key(|(slot, _)| *slot);
        assert_eq!(heard, [(0, Some(2.0)), (1, Some(12.0)), (2, Some(22.0)), (3, Some(32.0))]);
    }

    #[test]
    fn the_engine_never_holds_the_last_reference() {
        let (engine, mut messages) = rtrb::RingBuffer::new(4);
        let mut outbox = Outbox::new(engine);
        outbox.post(ToEngine::Slot { slot: 0, playable: Some(playable(1.0)) });
        assert!(outbox.flush());
        let Ok(ToEngine::Slot { playable: Some(in_engine), .. }) = messages.pop() else {
            panic!("it arrives")
        };
        outbox.reclaim();
        assert_eq!(Arc::strong_count(&in_engine), 2, "the outbox holds it while the engine does");
        drop(in_engine);
        outbox.reclaim();
        assert!(outbox.held.is_empty(), "and frees it afterwards");
    }
}
