//! What lies under the keys: a playable instrument a slot, and which of its zones a note takes.
//!
//! The Worker holds every [`Playable`] for as long as the Engine does, so letting one go here only counts down.

use std::sync::Arc;

use super::events::Note;
use super::settings::{Mode, Settings};
use neume_bank::{Instrument, Manner};

use crate::handoff::{Playable, PlayableZone, SLOTS, Zones, outside};

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
    /// How often its key was struck before.
    pub strike: u32,
}

impl Part {
    /// A number 0..1 for this zone in this strike, as if at random.
    pub fn drawn(&self) -> f32 {
        drawn(nearest_key(self.pitch_midi), self.strike, self.zone as u64 + 1)
    }
}

/// The sixteen slots.
#[derive(Debug)]
pub(super) struct Slots {
    playables: [Option<Arc<Playable>>; SLOTS],
    /// How often each key of each slot was struck: whose turn it is in a round robin.
    strikes: Box<[[u32; KEYS]; SLOTS]>,
}

const KEYS: usize = 128;

impl Slots {
    pub fn new() -> Slots {
        Slots { playables: Default::default(), strikes: Box::new([[0; KEYS]; SLOTS]) }
    }

    /// Round robins begin anew.
    pub fn rewind(&mut self) {
        self.strikes.iter_mut().for_each(|strikes| strikes.fill(0));
    }

    /// New notes of the slot take this from now on.
    pub fn put(&mut self, slot: usize, playable: Option<Arc<Playable>>) {
        if let Some(strikes) = self.strikes.get_mut(slot) {
            strikes.fill(0);
        }
        let gone = match self.playables.get_mut(slot) {
            Some(place) => std::mem::replace(place, playable),
            None => playable,
        };
        if let Some(gone) = gone {
            let_go(gone);
        }
    }

    /// What a key plays by the settings, or `None` where the slot is empty.
    pub fn chord(&mut self, settings: &Settings, key: u8, velocity: f32) -> Option<Chord> {
        let slot = match settings.mode {
            Mode::Chromatic | Mode::Drawn => settings.slot,
            Mode::Slots => Mode::slot_of_key(key),
        };
        let sound = self.playables.get(slot)?.as_ref()?;
        let pitch_midi = match settings.mode {
            Mode::Chromatic => f64::from(key),
            Mode::Drawn | Mode::Slots => finite(sound.drawn_midi, 60.0),
        };
        let struck = nearest_key(pitch_midi);
        let strikes = self.strikes.get_mut(slot)?.get_mut(usize::from(struck))?;
        let strike = *strikes;
        let zones = zones_of(&sound.zones, struck, midi_velocity(velocity), strike);
        *strikes = strikes.wrapping_add(1);
        zones[0]?;
        let releases = sound.zones.await_letting_go().then_some(strike);
        Some(Chord { sound: sound.clone(), zones, pitch_midi, strike, releases })
    }
}

/// The zones of an instrument that sound together, and the pitch that they are asked for.
#[derive(Debug)]
pub(super) struct Chord {
    pub sound: Arc<Playable>,
    zones: [Option<usize>; Instrument::MOST_LAYERS],
    pitch_midi: f64,
    /// How often the key was struck before.
    strike: u32,
    /// Where something may sound when the key is let go: how often it was struck before.
    pub releases: Option<u32>,
}

impl Chord {
    /// One zone after another.
    pub fn parts(&self) -> impl Iterator<Item = Part> + '_ {
        let (pitch_midi, strike) = (self.pitch_midi, self.strike);
        let part = move |zone| Part { sound: self.sound.clone(), zone, pitch_midi, strike };
        self.zones.iter().flatten().copied().map(part)
    }
}

/// A strike whose key was lifted, or that a pedal lets go.
#[derive(Debug)]
pub(super) struct Departed {
    pub sound: Arc<Playable>,
    pub note: Note,
    pub serial: u64,
    /// How often its key was struck before.
    pub strike: u32,
    /// MIDI note, with its fraction.
    pub pitch_midi: f64,
    /// Of its strike, 0..1.
    pub velocity: f32,
    /// How long it has sounded.
    pub secs: f32,
    pub way: Departure,
}

/// How a note is let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Departure {
    /// The key goes up, and nothing holds the note.
    Key,
    /// The key goes up, and the pedal holds the note.
    KeyUnderPedal,
    /// The pedal goes up, and the key has gone up before.
    Pedal,
}

impl Departed {
    /// What sounds now, each with its gain in decibels, eight zones at most.
    pub fn parts(&self) -> impl Iterator<Item = (Part, f32)> + '_ {
        let key = nearest_key(self.pitch_midi);
        let velocity = midi_velocity(self.velocity);
        let serves = move |zone: &PlayableZone| {
            let (low, high) = zone.velocities;
            (low..=high).contains(&velocity) && is_its_turn(&zone.manner, key, self.strike)
        };
        let due = self.sound.zones.let_go(key).filter_map(move |(zone, it)| {
            let release = it.manner.on_release?;
            let is_due = match self.way {
                Departure::Key => true,
                Departure::KeyUnderPedal => release.ignores_pedal,
                Departure::Pedal => !release.ignores_pedal,
            };
            let (pitch_midi, strike) = (self.pitch_midi, self.strike);
            let part = || Part { sound: self.sound.clone(), zone, pitch_midi, strike };
            (is_due && serves(it)).then(|| (part(), -release.decay_db_per_sec * self.secs))
        });
        due.take(Instrument::MOST_LAYERS)
    }
}

fn midi_velocity(velocity: f32) -> u8 {
    (velocity * 127.0).round() as u8
}

/// A sound at its own root, to be heard once.
pub(super) fn audition(sound: Arc<Playable>) -> Result<Part, Arc<Playable>> {
    let key = finite(sound.drawn_midi, 60.0).round() as u8;
    match zones_of(&sound.zones, key, 127, 0)[0] {
        Some(zone) => {
            let pitch_midi = sound.zones.get(zone).map_or(60.0, |zone| f64::from(zone.root_midi));
            Ok(Part { sound, zone, pitch_midi, strike: 0 })
        }
        None => Err(sound),
    }
}

/// The zones that serve a key and a velocity at this strike of the key, the first few of them; where there is none, the one
/// that comes nearest: by key first, then by velocity, then by whose turn it is.
fn zones_of(zones: &Zones, key: u8, velocity: u8, strike: u32) -> [Option<usize>; Instrument::MOST_LAYERS] {
    let distance = |zone: &PlayableZone| {
        let waits = !is_its_turn(&zone.manner, key, strike);
        (outside(zone.keys, key), outside(zone.velocities, velocity), waits)
    };
    let (mut chosen, mut places) = ([None; Instrument::MOST_LAYERS], 0);
    let mut nearest = None;
    for (i, zone) in zones.struck(key) {
        let distance = distance(zone);
        if distance == (0, 0, false) {
            let Some(place) = chosen.get_mut(places) else { break };
            *place = Some(i);
            places += 1;
        } else if nearest.is_none_or(|(least, _)| distance < least) {
            nearest = Some((distance, i));
        }
    }
    if places == 0 {
        chosen[0] = nearest.map(|(_, i)| i);
    }
    chosen
}

/// Whether a zone sounds at this strike of the key, by its turn in a round robin and by chance.
fn is_its_turn(manner: &Manner, key: u8, strike: u32) -> bool {
    let turn = manner.turn.filter(|turn| turn.length > 0);
    let waits = turn.is_some_and(|turn| strike % u32::from(turn.length) != u32::from(turn.position));
    let misses = |(from, to): (f32, f32)| {
        let drawn = drawn(key, strike, 0);
        drawn < from || drawn >= to
    };
    !waits && !manner.chance.is_some_and(misses)
}

fn nearest_key(pitch_midi: f64) -> u8 {
    pitch_midi.round().clamp(0.0, 127.0) as u8
}

/// A number 0..1 for a strike of a key and what it is drawn for, as if at random: the same for the same strike, so that a
/// project sounds the same each time. (The finaliser of SplitMix64, Steele et al., 2014.)
fn drawn(key: u8, strike: u32, purpose: u64) -> f32 {
    let counted = purpose << 40 | u64::from(strike) << 8 | u64::from(key);
    let mut x = counted.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

pub(super) fn finite(value: f32, rest: f32) -> f64 {
    f64::from(if value.is_finite() { value } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::Pcm;
    use neume_bank::{OnRelease, Turn};

    fn zone(keys: (u8, u8), velocities: (u8, u8)) -> PlayableZone {
        let pcm = Pcm { rate_hz: 48_000.0, left: Box::new([]), right: None, sustain: None, rest: None };
        PlayableZone { keys, velocities, root_midi: 60.0, manner: Manner::default(), pcm: Arc::new(pcm) }
    }

    fn chosen_of(zones: &[PlayableZone], key: u8, velocity: u8) -> Vec<usize> {
        zones_of(&zones.to_vec().into(), key, velocity, 7).into_iter().flatten().collect()
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
            let chosen = chosen_of(&zones, key, velocity);
            assert_eq!(chosen, [expected], "key {key} velocity {velocity}");
        }
        assert!(chosen_of(&[], 60, 60).is_empty());
    }

    /// What [`zones_of`] says, by looking at every zone.
    fn found_among_all(zones: &[PlayableZone], key: u8, velocity: u8, strike: u32) -> Vec<usize> {
        let distance = |zone: &PlayableZone| {
            let waits = !is_its_turn(&zone.manner, key, strike);
            (outside(zone.keys, key), outside(zone.velocities, velocity), waits)
        };
        let struck = || zones.iter().enumerate().filter(|(_, zone)| zone.manner.on_release.is_none());
        let serving = struck().filter(|(_, zone)| distance(zone) == (0, 0, false));
        let serving: Vec<usize> = serving.map(|(i, _)| i).take(Instrument::MOST_LAYERS).collect();
        if !serving.is_empty() {
            return serving;
        }
        struck().min_by_key(|(_, zone)| distance(zone)).map(|(i, _)| i).into_iter().collect()
    }

    #[test]
    fn a_key_looks_at_its_own_zones_and_takes_what_a_look_at_all_would() {
        let mut state = 1u64;
        let mut below = |most: u64| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 40) % most
        };
        for count in [0, 1, 2, 7, 40, 300] {
            let zones: Vec<PlayableZone> = (0..count)
                .map(|_| {
                    let mut range = |widest| {
                        let low = below(128) as u8;
                        (low, low.saturating_add(below(widest) as u8).min(127))
                    };
                    let (keys, velocities) = (range(12), range(128));
                    let turn = (below(3) == 0).then(|| Turn { position: below(2) as u16, length: 2 });
                    let chance = (below(4) == 0).then_some((0.0, 0.5));
                    let on_release = (below(5) == 0).then(OnRelease::default);
                    // Some serve no key at all.
                    let keys = if below(20) == 0 { (keys.1, keys.0) } else { keys };
                    let manner = Manner { turn, chance, on_release, ..Manner::default() };
                    PlayableZone { manner, ..zone(keys, velocities) }
                })
                .collect();
            let by_key = Zones::from(zones.clone());
            for key in 0..128u8 {
                let let_go: Vec<usize> = by_key.let_go(key).map(|(i, _)| i).collect();
                let is_let_go =
                    |zone: &PlayableZone| zone.manner.on_release.is_some() && outside(zone.keys, key) == 0;
                assert!(let_go.into_iter().eq((0..zones.len()).filter(|&i| is_let_go(&zones[i]))));
                for (velocity, strike) in [(1, 0), (64, 1), (100, 2), (127, 3)] {
                    let found = zones_of(&by_key, key, velocity, strike).into_iter().flatten();
                    let expected = found_among_all(&zones, key, velocity, strike);
                    assert_eq!(found.collect::<Vec<_>>(), expected, "{count} zones, key {key}");
                }
            }
        }
    }

    #[test]
    fn zones_over_each_other_sound_together_and_eight_at_most() {
        let over = [zone((0, 127), (0, 127)), zone((60, 72), (0, 127)), zone((60, 72), (64, 127))];
        assert_eq!(chosen_of(&over, 50, 90), [0]);
        assert_eq!(chosen_of(&over, 60, 63), [0, 1]);
        assert_eq!(chosen_of(&over, 72, 64), [0, 1, 2]);
        let many: Vec<_> = (0..10).map(|_| zone((0, 127), (0, 127))).collect();
        assert_eq!(chosen_of(&many, 60, 60), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn zones_take_turns_strike_by_strike() {
        let turn = |position| PlayableZone {
            manner: Manner { turn: Some(Turn { position, length: 3 }), ..Manner::default() },
            ..zone((0, 127), (0, 127))
        };
        let zones = Zones::from([turn(0), turn(1), turn(2)]);
        let struck: Vec<_> = (0..5).map(|strike| zones_of(&zones, 60, 60, strike)[0]).collect();
        assert_eq!(struck, [Some(0), Some(1), Some(2), Some(0), Some(1)]);
        assert_eq!(
            zones_of(&zones[..2].to_vec().into(), 60, 60, 2)[0],
            Some(0),
            "a zone that is missing is stood in for"
        );
    }

    #[test]
    fn chance_is_even_and_the_same_each_time() {
        let half = |from: f32| PlayableZone {
            manner: Manner { chance: Some((from, from + 0.5)), ..Manner::default() },
            ..zone((0, 127), (0, 127))
        };
        let zones = Zones::from([half(0.0), half(0.5)]);
        let heard: Vec<_> = (0..400).filter_map(|strike| zones_of(&zones, 60, 60, strike)[0]).collect();
        let first = heard.iter().filter(|zone| **zone == 0).count();
        assert!((150..=250).contains(&first), "{first} of 400");
        let again: Vec<_> = (0..400).filter_map(|strike| zones_of(&zones, 60, 60, strike)[0]).collect();
        assert_eq!(heard, again);
    }
}
