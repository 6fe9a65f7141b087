//! Of the instruments that share a sound, the one that answers a query best.

use super::Query;
use super::words::{self, Text};
use crate::family_words::family_of;
use crate::{Bank, Sound};
use neume_models::Family;

/// Settles which rows an unwanted word leaves out because of their instruments: those that no other plays, or none that
/// has the words that are wanted.
pub(crate) fn settle(bank: &Bank, text: &Text, found: &mut words::Found) {
    if found.disputed.is_empty() {
        return;
    }
    let is_left: Vec<bool> = bank.instruments.iter().map(|of| !words::is_unwanted(of, text)).collect();
    for row in std::mem::take(&mut found.disputed) {
        let id = bank.sound_of_row(row as usize).id;
        let mut left = bank.instruments_of(id).filter(|&index| is_left[index]).peekable();
        let is_played = left.peek().is_some();
        let left = left.map(|index| &bank.instruments[index]);
        match words::worth(bank.sounds_of(id), left, text).filter(|_| is_played) {
            Some(worth) => found.worth[row as usize] = worth,
            None => found.leave_out(row),
        }
    }
}

/// The position of an instrument of this sound: of those that may play it, one that no unwanted word names; of these
/// the one whose name has most of the words that are asked for and fewest others, in their order; of these, the one
/// whose name says the drawn family, or the sound's own where none is drawn; of these, the one that plays the sound
/// on the drawn key; of these, the first.
pub(crate) fn instrument_for(bank: &Bank, query: &Query, sound: &Sound) -> usize {
    let mut candidates = bank.instruments_of(sound.id);
    // Every sound is in an instrument.
    let first = candidates.next().unwrap_or(0);
    let mut best = (None, first);
    for (nth, index) in candidates.enumerate() {
        if nth == 0 {
            best.0 = Some(fitness(bank, query, sound, first));
        }
        let fits = Some(fitness(bank, query, sound, index));
        if fits > best.0 {
            best = (fits, index);
        }
    }
    best.1
}

/// What is compared, the most telling first.
type Fitness = (bool, u32, std::cmp::Reverse<usize>, bool, f32, bool);

fn fitness(bank: &Bank, query: &Query, sound: &Sound, index: usize) -> Fitness {
    let instrument = &bank.instruments[index];
    let (worth, unasked, is_it) = words::answers(&instrument.name, &query.text);
    let timbre = query.reading.map(|reading| &reading.timbre);
    let families = timbre.filter(|timbre| timbre.family.is_some()).map(|timbre| timbre.families);
    let families = families.unwrap_or(sound.profile.families);
    // A name that says no family is as likely of any.
    let said = family_of(&instrument.name);
    let family = said.map_or(1.0 / Family::COUNT as f32, |family| families.get(family));
    let drawn = query.reading.map(|reading| reading.pitch.midi.round());
    let is_served = drawn.is_some_and(|drawn| {
        let mut zones = instrument.zones.iter().filter(|zone| zone.is_struck());
        zones.any(|zone| {
            let (low, high) = zone.keys;
            bank.sounds[zone.sound].id == sound.id && (f32::from(low)..=f32::from(high)).contains(&drawn)
        })
    });
    let is_left = !words::is_unwanted(instrument, &query.text);
    (is_left, worth, std::cmp::Reverse(if worth > 0 { unasked } else { 0 }), is_it, family, is_served)
}
