//! From a ranked sound to what is saved of it, and from there to what lies under the keys.

use std::sync::Arc;

use neume_bank::{Bank, Instrument, Looping, Manner, Sound, SoundId, Zone};
use neume_models::{Embedding, Families, Loudness, Pitch, Reading, Timbre};

use crate::handoff::{Playable, PlayableZone};
use crate::language::{BoundSound, Spoken};
use crate::library::{Library, Missing, Wanted};
use crate::loading::bytes_held;
use crate::memory;
use crate::state::{BankRef, Chosen, ChosenZone};

/// Loudness in LUFS that a drawing of 0 dB asks for.
const FULL_LOUDNESS_DB: f32 = -14.0;

/// Bounds of the gain that brings a sound to the drawn loudness.
const GAIN_DB: std::ops::RangeInclusive<f32> = -160.0..=18.0;

/// Loudness in dB of the legend at which a sound is heard that nobody drew: loud, with room for what is louder.
const ALONE_DB: f32 = -6.0;

/// A sound and the open bank that has it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The bank.
    pub bank: Arc<Bank>,
    /// Where it is.
    pub from: BankRef,
    /// Which of its sounds.
    pub sound: SoundId,
}

impl Found {
    /// The sound that a sign stands for, where it lies now: in the bank that is matched, or in its own if that is open.
    ///
    /// # Errors
    /// Says that it is in neither.
    pub fn bound(
        library: &Library,
        (bank, from): (&Arc<Bank>, &BankRef),
        bound: &BoundSound,
    ) -> Result<Found, String> {
        let open = [(Some(bank.clone()), from), (library.bank(&bound.bank), &bound.bank)];
        let found = open.into_iter().find_map(|(bank, from)| {
            let bank = bank.filter(|bank| bank.get(bound.sound).is_some())?;
            Some(Found { bank, from: from.clone(), sound: bound.sound })
        });
        found.ok_or_else(|| format!("{}: the sound of this sign is in no open bank", bound.name))
    }
}

/// What a sound is chosen by that is heard on this note without a drawing.
pub fn undrawn(midi: f32) -> Reading {
    Reading {
        pitch: Pitch { y_norm: 0.5, midi, confidence: 0.0 },
        loudness: Loudness { db: ALONE_DB, width_norm: 0.0, confidence: 0.0 },
        timbre: Timbre {
            family: None,
            confidence: 0.0,
            families: Families::EVEN,
            brightness: 0.5,
            roughness: 0.5,
        },
        contour: Vec::new(),
        embedding: Embedding::from_raw(&[0.0; Embedding::LEN]),
    }
}

/// Chooses a sound for a reading: its instrument's zones, and the gain that makes it as loud as drawn. Where drawings do not
/// speak of pitch, it is to sound at its own. `None` if the bank does not have it.
pub fn choose(found: &Found, reading: &Reading, spoken: &Spoken, by_hand: bool) -> Option<Chosen> {
    let Found { bank, from, sound: id } = found;
    let id = *id;
    let sound = bank.get(id)?;
    let mut drawn_midi = reading.pitch.midi;
    let instrument =
        bank.instrument_of(id).filter(|instrument| instrument.is_told || instrument.zones.len() > 1);
    let is_matched = |zone: &&Zone| bank.sounds[zone.sound].id == id && is_struck(zone);
    let matched = instrument.and_then(|of| of.zones.iter().find(is_matched));
    let together_db = instrument.zip(matched).map_or(0.0, |(of, matched)| together_db(bank, of, matched));
    let gain_db = FULL_LOUDNESS_DB + reading.loudness.db - sound.profile.loudness_db - together_db;
    let gain_db = gain_db.clamp(*GAIN_DB.start(), *GAIN_DB.end());
    let zones: Vec<ChosenZone> = match (instrument, matched) {
        (Some(instrument), Some(matched)) => {
            let stands = stands_heard(matched);
            let is_unpitched = sound.profile.root_midi.is_none();
            let served = matched.keys.0..=matched.keys.1;
            if instrument.is_told && is_unpitched && !served.contains(&(drawn_midi.round() as u8)) {
                // A drum of a kit sounds on its own keys.
                drawn_midi = f32::from(matched.keys.0);
            }
            let root = (is_unpitched && !instrument.is_told).then_some(drawn_midi.round());
            within_memory(bank, instrument, id)
                .into_iter()
                .map(|zone| {
                    let told = chosen_zone(&bank.sounds[zone.sound], zone);
                    let manner = Manner {
                        gain_db: zone.manner.gain_db - matched.manner.gain_db,
                        follows: zone.manner.follows.resting_at(&stands),
                        ..told.manner
                    };
                    ChosenZone { root_midi: root.unwrap_or(zone.root_midi), manner, ..told }
                })
                .collect()
        }
        // What has no pitch of its own sounds as it is on the key that was drawn.
        _ => {
            let root_midi = sound.profile.root_midi.unwrap_or(drawn_midi.round());
            vec![chosen_zone(sound, &Zone::everywhere(0, root_midi))]
        }
    };
    if !spoken.pitch
        && let Some(zone) = zones.iter().find(|zone| zone.sound == id)
    {
        drawn_midi = zone.root_midi;
    }
    let contour = reading.contour.clone();
    Some(Chosen { sound: id, bank: from.clone(), zones, gain_db, drawn_midi, contour, by_hand })
}

/// Whether a zone sounds when its key is struck.
fn is_struck(zone: &Zone) -> bool {
    zone.manner.on_release.is_none()
}

/// Where the controllers of an instrument rest otherwise than its file says, so that what was matched is heard at once.
fn stands_heard(matched: &Zone) -> Vec<(u8, f32)> {
    let follows = &matched.manner.follows;
    if follows.are_heard_at_rest() { Vec::new() } else { follows.where_loudest() }
}

/// How much louder a note of an instrument is than the matched zone alone: by the controllers that it follows, and by the
/// zones that sound together with it.
fn together_db(bank: &Bank, instrument: &Instrument, matched: &Zone) -> f32 {
    let [key, velocity] = [matched.keys, matched.velocities].map(|(low, high)| low + (high - low) / 2);
    let serves = |zone: &&Zone| {
        is_struck(zone)
            && (zone.keys.0..=zone.keys.1).contains(&key)
            && (zone.velocities.0..=zone.velocities.1).contains(&velocity)
            && (zone.manner.turn, zone.manner.chance) == (matched.manner.turn, matched.manner.chance)
    };
    let stands = stands_heard(matched);
    let followed_db = |zone: &Zone| zone.manner.follows.resting_at(&stands).gain_db_at_rest();
    let power = |zone: &Zone| {
        let db = bank.sounds[zone.sound].profile.loudness_db + zone.manner.gain_db + followed_db(zone);
        10f32.powf(db / 10.0)
    };
    let others = instrument.zones.iter().filter(serves).filter(|zone| *zone != matched);
    let others: f32 = others.take(Instrument::MOST_LAYERS - 1).map(power).sum();
    followed_db(matched) + 10.0 * (1.0 + others / power(matched).max(1e-12)).log10()
}

/// What the composer is told where memory holds only a part of the instrument that was chosen.
pub fn thinned(bank: &Bank, chosen: &Chosen) -> Option<String> {
    let instrument = bank.instrument_of(chosen.sound)?;
    let (here, all) = (chosen.zones.len(), instrument.zones.len());
    (here > 1 && here < all).then(|| {
        let megabytes = memory::budget().instrument_bytes() >> 20;
        format!(
            "{}: {here} of its {all} zones lie under the keys; more than {megabytes} MB, half of the memory that the \
             view Look gives to sounds, do not",
            instrument.name
        )
    })
}

fn chosen_zone(sound: &Sound, zone: &Zone) -> ChosenZone {
    ChosenZone {
        sound: sound.id,
        source: sound.source.clone(),
        name: sound.name.clone(),
        keys: zone.keys,
        velocities: zone.velocities,
        root_midi: zone.root_midi,
        sustain: zone.manner.sustain(sound.sustain),
        manner: Manner { looping: Looping::OfSound, ..zone.manner.clone() },
    }
}

/// The zones of an instrument, as many as memory is there for; for the others their neighbours serve. First what
/// sounds when keys are let go and round robins go, then velocity layers, then every other zone, over and over; never that
/// of the matched sound.
fn within_memory<'a>(bank: &Bank, instrument: &'a Instrument, matched: SoundId) -> Vec<&'a Zone> {
    let mut zones: Vec<&Zone> = instrument.zones.iter().collect();
    let is_matched = |zone: &Zone| bank.sounds[zone.sound].id == matched;
    let most = memory::budget().instrument_bytes();
    let fits = |zones: &[&Zone]| bytes_of(bank, zones) <= most;
    if fits(&zones) {
        return zones;
    }
    zones.retain(|zone| is_matched(zone) || is_struck(zone));
    zones.retain(|zone| is_matched(zone) || zone.manner.turn.is_none_or(|turn| turn.position == 0));
    if !fits(&zones) {
        const USUAL: u8 = 90;
        let serves = |zone: &Zone| zone.velocities.0 <= USUAL && USUAL <= zone.velocities.1;
        if zones.iter().any(|zone| serves(zone)) {
            zones.retain(|zone| is_matched(zone) || serves(zone));
        }
    }
    while !fits(&zones) && zones.len() > 1 {
        zones.sort_by_key(|zone| zone.keys);
        let before = zones.len();
        let mut at = 0;
        zones.retain(|zone| {
            at += 1;
            is_matched(zone) || at % 2 == 1
        });
        if zones.len() == before {
            break;
        }
    }
    zones
}

/// About what the samples take at the usual rates, as stereo.
fn bytes_of(bank: &Bank, zones: &[&Zone]) -> u64 {
    let mut sounds: Vec<usize> = zones.iter().map(|zone| zone.sound).collect();
    sounds.sort_unstable();
    sounds.dedup();
    let sounds = sounds.iter().map(|&sound| &bank.sounds[sound]);
    sounds.map(|sound| bytes_held(sound.frames, sound.rate_hz, sound.sustain)).sum()
}

/// The part of a choice that is ready soonest: the matched sound alone, under every key.
pub fn only_the_match(chosen: &Chosen) -> Chosen {
    let zone = chosen.zones.iter().find(|zone| zone.sound == chosen.sound).or(chosen.zones.first());
    let zones = zone.map(|zone| ChosenZone {
        keys: Zone::EVERY,
        velocities: Zone::EVERY,
        manner: Manner { turn: None, chance: None, on_release: None, ..zone.manner.clone() },
        ..zone.clone()
    });
    Chosen { zones: zones.into_iter().collect(), ..chosen.clone() }
}

/// Loads what was chosen, at the host's rate; `is_cancelled` ends it early, as in
/// [`Library::pcm`].
///
/// # Errors
/// [`Missing`] names the first sound that cannot be had.
pub fn playable(
    library: &Library,
    chosen: &Chosen,
    rate_hz: f32,
    is_cancelled: &dyn Fn(u64) -> bool,
) -> Result<Playable, Missing> {
    let zones = chosen.zones.iter().map(|zone| {
        let wanted = Wanted {
            id: zone.sound,
            source: &zone.source,
            bank: &chosen.bank,
            name: &zone.name,
            sustain: zone.sustain.filter(|_| zone.manner.on_release.is_none()),
            span: zone.manner.span,
        };
        let pcm = library.pcm(wanted, rate_hz, is_cancelled)?;
        let ChosenZone { keys, velocities, root_midi, manner, .. } = zone.clone();
        Ok(PlayableZone { keys, velocities, root_midi, manner, pcm })
    });
    let mut zones: Vec<PlayableZone> = zones.collect::<Result<_, Missing>>()?;
    zones.sort_by_key(|zone| zone.manner.on_release.is_some());
    if zones.is_empty() {
        return Err(Missing { name: "a saved slot".to_string(), cause: "it names no sound".to_string() });
    }
    let gain = 10f32.powf(chosen.gain_db / 20.0);
    Ok(Playable { zones: zones.into(), gain, drawn_midi: chosen.drawn_midi })
}

#[cfg(test)]
mod tests {
    use super::*;
    use neume_bank::{Fade, Follow, Moves, Response};
    use neume_models::{Legend, Point, Rgb, Sketch, Stroke};

    /// Chosen by hand in a language that speaks of everything.
    fn chosen_of(bank: Bank, sound: SoundId, reading: &Reading) -> Chosen {
        let found = Found { bank: Arc::new(bank), from: BankRef::Factory, sound };
        choose(&found, reading, &Spoken::default(), true).unwrap()
    }

    fn reading_of_a_line() -> Reading {
        let points = (0..30).map(|i| Point { x: 0.03 * i as f32, y: 0.5, secs: 0.0 }).collect();
        let stroke = Stroke { points, rgb: Rgb([0; 3]), width_norm: 0.02 };
        let sketch = Sketch { strokes: vec![stroke], ..Sketch::default() };
        Library::shared().read(&sketch, &Legend::default()).unwrap()
    }

    #[test]
    fn a_sound_that_waits_for_a_controller_is_heard_when_it_is_what_was_matched() {
        let factory = Bank::factory();
        let sounds: Vec<Sound> = factory.sounds.iter().take(2).cloned().collect();
        let fade = |rises, falls| {
            let response = Response::Fade(Fade { rises, falls });
            Follow { controller: 1, rest: 0.0, response, moves: Moves::Amplitude, depth: 1.0 }
        };
        let zone = |sound, follow| {
            let zone = Zone::everywhere(sound, 60.0);
            Zone { manner: Manner { follows: vec![follow].into(), ..zone.manner }, ..zone }
        };
        let zones = vec![zone(0, fade((0, 0), (0, 127))), zone(1, fade((0, 127), (127, 127)))];
        let instrument = Instrument { name: "of two".to_string(), zones, is_told: true };
        let bank = Bank::new("of two", None, sounds, vec![instrument]);
        for (matched, rest) in [(0, 0.0), (1, 1.0)] {
            let id = bank.sounds[matched].id;
            let ids = [0, 1].map(|sound: usize| bank.sounds[sound].id);
            let chosen = chosen_of(bank.clone(), id, &reading_of_a_line());
            let at = |sound: usize| chosen.zones.iter().find(|zone| zone.sound == ids[sound]).unwrap();
            assert!(chosen.zones.iter().all(|zone| zone.manner.follows[0].rest == rest));
            let heard = [0, 1].map(|sound| at(sound).manner.follows.are_heard_at_rest());
            assert_eq!(heard, [matched == 0, matched == 1]);
        }
    }

    #[test]
    fn an_instrument_too_large_for_memory_is_thinned_around_the_match_and_said_to_be() {
        let factory = Bank::factory();
        let whole = factory.instruments.iter().max_by_key(|of| of.zones.len()).unwrap();
        let sounds_of = |frames: u64| -> Vec<Sound> {
            let sustain = Some(neume_bank::Loop { start_frames: 0, end_frames: frames, crossfade_frames: 0 });
            let long = |zone: &Zone| Sound { frames, sustain, ..factory.sounds[zone.sound].clone() };
            whole.zones.iter().map(long).collect()
        };
        let zones =
            whole.zones.iter().enumerate().map(|(sound, zone)| Zone { sound, ..zone.clone() }).collect();
        let instrument = Instrument { zones, ..whole.clone() };
        let reading = reading_of_a_line();
        let laid_of = |frames: u64| {
            let bank = Bank::new("of one", None, sounds_of(frames), vec![instrument.clone()]);
            let id = bank.sounds[bank.sounds.len() / 2].id;
            let chosen = chosen_of(bank.clone(), id, &reading);
            assert!(chosen.zones.iter().any(|zone| zone.sound == id), "the match is there");
            let told = thinned(&bank, &chosen);
            (chosen.zones.len(), told)
        };
        let all = whole.zones.len();
        assert_eq!(laid_of(48_000), (all, None));
        let (here, told) = laid_of((memory::budget().instrument_bytes() / 8) * 5 / 4 / all as u64);
        assert!(here < all && here > 1, "{here} of {all}");
        assert!(told.unwrap().contains(&format!("{here} of its {all} zones")));
    }
}
