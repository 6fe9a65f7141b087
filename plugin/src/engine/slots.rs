//! What lies under the keys: a playable instrument a slot, and which of its zones a note takes.
//!
//! The Worker holds every [`Playable`] for as long as the Engine does, so letting one go here only counts down.

use std::sync::Arc;

use super::settings::{Mode, Settings};
use crate::handoff::{Playable, PlayableZone, SLOTS};

/// Lets go of a sound without ever freeing it: should the Worker have let go first, against its promise, the sound
/// stays in memory rather than being freed on the audio thread.
pub(super) fn let_go(sound: Arc<Playable>) {
    if Arc::strong_count(&sound) <= 1 {
        std::mem::forget(sound);
    }
}

/// A zone of an instrument and the pitch that it is asked for.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub sound: Arc<Playable>,
    /// Of `sound.zones`.
    pub zone: usize,
    /// MIDI note, with its fraction.
    pub pitch_midi: f64,
}

/// The sixteen slots.
#[derive(Debug, Default)]
pub(super) struct Slots([Option<Arc<Playable>>; SLOTS]);

impl Slots {
    /// New notes of the slot take this from now on.
    pub fn put(&mut self, slot: usize, playable: Option<Arc<Playable>>) {
        let gone = match self.0.get_mut(slot) {
            Some(place) => std::mem::replace(place, playable),
            None => playable,
        };
        if let Some(gone) = gone {
            let_go(gone);
        }
    }

    /// What a key plays by the settings, or `None` where the slot is empty.
    pub fn part(&self, settings: &Settings, key: u8, velocity: f32) -> Option<Part> {
        let slot = match settings.mode {
            Mode::Chromatic | Mode::Drawn => settings.slot,
            Mode::Slots => Mode::slot_of_key(key),
        };
        let sound = self.0.get(slot)?.as_ref()?;
        let pitch_midi = match settings.mode {
            Mode::Chromatic => f64::from(key),
            Mode::Drawn | Mode::Slots => finite(sound.drawn_midi, 60.0),
        };
        let zone = nearest_zone(&sound.zones, pitch_midi.round() as u8, (velocity * 127.0).round() as u8)?;
        Some(Part { sound: sound.clone(), zone, pitch_midi })
    }
}

/// A sound at its own root, to be heard once.
pub(super) fn audition(sound: Arc<Playable>) -> Result<Part, Arc<Playable>> {
    let key = finite(sound.drawn_midi, 60.0).round() as u8;
    match nearest_zone(&sound.zones, key, 127) {
        Some(zone) => {
            let pitch_midi = sound.zones.get(zone).map_or(60.0, |zone| f64::from(zone.root_midi));
            Ok(Part { sound, zone, pitch_midi })
        }
        None => Err(sound),
    }
}

/// The zone that serves a key and a velocity, or the one that comes nearest: by key first, then by velocity.
fn nearest_zone(zones: &[PlayableZone], key: u8, velocity: u8) -> Option<usize> {
    let outside =
        |(low, high): (u8, u8), value: u8| low.saturating_sub(value).max(value.saturating_sub(high));
    let distance = |zone: &PlayableZone| (outside(zone.keys, key), outside(zone.velocities, velocity));
    (0..zones.len()).min_by_key(|&i| zones.get(i).map(distance))
}

pub(super) fn finite(value: f32, rest: f32) -> f64 {
    f64::from(if value.is_finite() { value } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::Pcm;

    fn zone(keys: (u8, u8), velocities: (u8, u8)) -> PlayableZone {
        let pcm = Pcm { rate_hz: 48_000.0, left: Box::new([]), right: None, sustain: None };
        PlayableZone { keys, velocities, root_midi: 60.0, pcm: Arc::new(pcm) }
    }

    #[test]
    fn a_note_takes_the_zone_of_its_key_and_velocity_or_the_nearest() {
        let zones = [
            zone((0, 59), (0, 63)),
            zone((0, 59), (64, 127)),
            zone((60, 79), (1, 127)),
            zone((90, 127), (1, 127)),
        ];
        for (key, velocity, expected) in
            [(10, 5, 0), (59, 64, 1), (60, 1, 2), (79, 0, 2), (82, 9, 2), (88, 9, 3), (127, 127, 3)]
        {
            assert_eq!(nearest_zone(&zones, key, velocity), Some(expected), "key {key} velocity {velocity}");
        }
        assert_eq!(nearest_zone(&[], 60, 60), None);
    }
}
