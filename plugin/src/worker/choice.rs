//! From a ranked sound to what is saved of it, and from there to what lies under the keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use neume_bank::{Bank, Instrument, Looping, Manner, Match, Sound, SoundId, Zone};
use neume_models::{Embedding, Families, Loudness, Pitch, Reading, Timbre};

use crate::engine::{faded, velocity_gain};
use crate::handoff::{Playable, PlayableZone};
use crate::language::{BoundSound, Spoken};
use crate::library::{Library, Missing, Wanted};
use crate::loading::least_bytes_held;
use crate::memory;
use crate::state::{BankRef, Chosen, ChosenZone};

/// Loudness in LUFS that a drawing of 0 dB asks for.
const FULL_LOUDNESS_DB: f32 = -14.0;

/// Bounds of the gain that brings a sound to the drawn loudness.
const GAIN_DB: std::ops::RangeInclusive<f32> = -160.0..=18.0;

/// Loudness in dB of the legend at which a sound is heard that nobody drew: loud, with room for what is louder.
const ALONE_DB: f32 = -6.0;
/// The velocity at which an instrument is as loud as drawn.
const USUAL_VELOCITY: u8 = 100;

/// A sound and the open bank that has it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The bank.
    pub bank: Arc<Bank>,
    /// Where it is.
    pub from: BankRef,
    /// Which of its sounds.
    pub sound: SoundId,
    /// The name of its instrument, where it may be played as several; the first of them otherwise.
    pub instrument: Option<String>,
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
            let instrument = bound.instrument.clone();
            Some(Found { bank, from: from.clone(), sound: bound.sound, instrument })
        });
        found.ok_or_else(|| format!("{}: the sound of this sign is in no open bank", bound.name))
    }

    /// A ranked sound of a bank.
    pub fn ranked(bank: &Arc<Bank>, from: &BankRef, ranked: &Match) -> Found {
        let instrument = bank.name_among_others(ranked.sound, ranked.instrument).map(str::to_string);
        Found { bank: bank.clone(), from: from.clone(), sound: ranked.sound, instrument }
    }

    /// The sound, and the name of its instrument.
    pub fn named(&self) -> (SoundId, Option<&str>) {
        (self.sound, self.instrument.as_deref())
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

/// Chooses a sound for a reading: the zones of the instrument that it was found as, and the gain that makes that instrument as
/// loud as drawn. Where drawings do not speak of pitch, it is to sound at its own. `None` if the bank does not have it.
pub fn choose(found: &Found, reading: &Reading, spoken: &Spoken, by_hand: bool) -> Option<Chosen> {
    let Found { bank, from, sound: id, instrument } = found;
    let id = *id;
    let sound = bank.get(id)?;
    let mut drawn_midi = reading.pitch.midi;
    let place = bank.instrument_called(id, instrument.as_deref())?;
    let instrument = Some(&bank.instruments[place]).filter(|of| of.is_told || of.zones.len() > 1);
    let matched = instrument.and_then(|of| zone_of(bank, of, id));
    let (zones, gain_db) = match (instrument, matched) {
        (Some(instrument), Some(matched)) => {
            let stands = stands_heard(matched);
            let level = level_of(bank, instrument, &stands);
            let is_unpitched = sound.profile.root_midi.is_none();
            let served = matched.keys.0..=matched.keys.1;
            if instrument.is_told && is_unpitched && !served.contains(&(drawn_midi.round() as u8)) {
                // A drum of a kit sounds on its own keys.
                drawn_midi = f32::from(matched.keys.0);
            }
            let root = (is_unpitched && !instrument.is_told).then_some(drawn_midi.round());
            let zones = within_memory(bank, instrument, id).into_iter().map(|zone| {
                let told = chosen_zone(&bank.sounds[zone.sound], zone);
                let manner = Manner {
                    gain_db: zone.manner.gain_db - level.loudest_gain_db,
                    follows: zone.manner.follows.resting_at(&stands),
                    ..told.manner
                };
                ChosenZone { root_midi: root.unwrap_or(zone.root_midi), manner, ..told }
            });
            (zones.collect(), gain_db(reading, level.loudness_db))
        }
        // What has no pitch of its own sounds as it is on the key that was drawn.
        _ => {
            let root_midi = sound.profile.root_midi.unwrap_or(drawn_midi.round());
            let zone = chosen_zone(sound, &Zone::everywhere(0, root_midi));
            (vec![zone], gain_db(reading, sound.profile.loudness_db))
        }
    };
    if !spoken.pitch
        && let Some(zone) = zones.iter().find(|zone| zone.sound == id)
    {
        drawn_midi = zone.root_midi;
    }
    let contour = reading.contour.clone();
    let instrument = bank.name_among_others(id, place).map(str::to_string);
    Some(Chosen { sound: id, instrument, bank: from.clone(), zones, gain_db, drawn_midi, contour, by_hand })
}

/// The same without the rest of its instrument: the sound alone, under every key, as loud as drawn.
pub fn alone(found: &Found, reading: &Reading, spoken: &Spoken) -> Option<Chosen> {
    let chosen = only_the_match(&choose(found, reading, spoken, true)?);
    let followed_db = chosen.zones.first().map_or(0.0, |zone| zone.manner.follows.gain_db_at_rest());
    let gain_db = gain_db(reading, found.bank.get(found.sound)?.profile.loudness_db + followed_db);
    Some(Chosen { gain_db, ..chosen })
}

/// What brings a loudness in LUFS to the drawn one.
fn gain_db(reading: &Reading, loudness_db: f32) -> f32 {
    let gain_db = FULL_LOUDNESS_DB + reading.loudness.db - loudness_db;
    gain_db.clamp(*GAIN_DB.start(), *GAIN_DB.end())
}

/// The zone of an instrument that strikes a sound: one that serves the usual velocity goes before others.
fn zone_of<'a>(bank: &Bank, instrument: &'a Instrument, id: SoundId) -> Option<&'a Zone> {
    let mut zones =
        instrument.zones.iter().filter(|zone| bank.sounds[zone.sound].id == id && zone.is_struck());
    let first = zones.clone().next();
    zones.find(|zone| serves(zone.velocities, USUAL_VELOCITY)).or(first)
}

fn serves((low, high): (u8, u8), at: u8) -> bool {
    (low..=high).contains(&at)
}

/// Where the controllers of an instrument rest otherwise than its file says, so that what was matched is heard at once.
fn stands_heard(matched: &Zone) -> Vec<(u8, f32)> {
    let follows = &matched.manner.follows;
    if follows.are_heard_at_rest() { Vec::new() } else { follows.where_loudest() }
}

/// How loud an instrument is, whichever of its sounds is matched.
struct Level {
    /// The gain of its loudest zone. What is said of loudness here is said with that taken for none.
    loudest_gain_db: f32,
    /// The median of its keys, each struck at the usual velocity, in LUFS.
    loudness_db: f32,
}

/// The level of an instrument while its controllers stand so: by the zones that sound together under each key.
fn level_of(bank: &Bank, instrument: &Instrument, stands: &[(u8, f32)]) -> Level {
    let struck = || instrument.zones.iter().filter(|zone| zone.is_struck());
    let is_usual = |zone: &Zone| serves(zone.velocities, USUAL_VELOCITY);
    // An instrument of soft strikes alone plays these at any velocity.
    let velocity = match struck().any(is_usual) {
        true => USUAL_VELOCITY,
        false => struck().map(|zone| zone.velocities.1).max().unwrap_or(USUAL_VELOCITY),
    };
    let sounding = || {
        struck().filter(|zone| {
            serves(zone.velocities, velocity)
                && zone.manner.turn.is_none_or(|turn| turn.position == 0)
                && zone.manner.chance.is_none_or(|chance| chance.0 <= 0.0)
        })
    };
    let loudest_gain_db = sounding().map(|zone| zone.manner.gain_db).reduce(f32::max).unwrap_or(0.0);
    let velocity_norm = f32::from(velocity) / 127.0;
    let usual = velocity_gain(velocity_norm, &Manner::default());
    let mut keys = [(0, 0.0f32); 128];
    for zone in sounding() {
        let manner = &zone.manner;
        let followed_db = manner.follows.resting_at(stands).gain_db_at_rest();
        let loudness_db = bank.sounds[zone.sound].profile.loudness_db;
        let db = loudness_db + manner.gain_db - loudest_gain_db + followed_db;
        let struck = velocity_gain(velocity_norm, manner) / usual;
        for key in zone.keys.0..=zone.keys.1.min(127) {
            let (layers, power) = &mut keys[usize::from(key)];
            if *layers < Instrument::MOST_LAYERS {
                let gain = struck * faded(manner, f64::from(key), velocity_norm);
                *layers += 1;
                *power += 10f32.powf(db / 10.0) * gain * gain;
            }
        }
    }
    let mut powers: Vec<f32> = keys.iter().map(|(_, power)| *power).filter(|power| *power > 1e-16).collect();
    powers.sort_by(f32::total_cmp);
    let median = powers.get(powers.len() / 2).copied().unwrap_or(1e-16);
    Level { loudest_gain_db, loudness_db: 10.0 * median.log10() }
}

/// What the composer is told where memory holds only a part of the instrument that was chosen.
pub fn thinned(bank: &Bank, chosen: &Chosen) -> Option<String> {
    let instrument = bank.instrument_called(chosen.sound, chosen.instrument.as_deref())?;
    let instrument = &bank.instruments[instrument];
    let (here, all) = (chosen.zones.len(), instrument.zones.len());
    (here > 1 && here < all).then(|| {
        let megabytes = memory::budget().instrument_bytes() >> 20;
        format!(
            "{}: {here} of its {all} zones lie under the keys; more than {megabytes} MB, half of the memory that the \
             view Look or NEUME_MEMORY_MB gives to sounds, do not",
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

/// The zones of an instrument, as many as memory is there for, where only heads and loops have to be in it; for the others
/// their neighbours serve. First what
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
    zones.retain(|zone| is_matched(zone) || zone.is_struck());
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

/// About what the samples take in memory at least, at the usual rates, as stereo.
fn bytes_of(bank: &Bank, zones: &[&Zone]) -> u64 {
    let mut bytes: BTreeMap<usize, u64> = BTreeMap::new();
    for zone in zones {
        let sound = &bank.sounds[zone.sound];
        let sustain = zone.manner.sustain(sound.sustain);
        let held = bytes.entry(zone.sound).or_default();
        *held = least_bytes_held(sound.frames, sound.rate_hz, sustain).max(*held);
    }
    bytes.values().sum()
}

/// The part of a choice that is ready soonest: the matched sound alone, under every key, at the level of the loudest.
pub fn only_the_match(chosen: &Chosen) -> Chosen {
    let mut zones = chosen.zones.iter().filter(|zone| zone.sound == chosen.sound);
    let first = zones.clone().next().or(chosen.zones.first());
    let usual =
        zones.find(|zone| serves(zone.velocities, USUAL_VELOCITY) && zone.manner.on_release.is_none());
    let zones = usual.or(first).map(|zone| ChosenZone {
        keys: Zone::EVERY,
        velocities: Zone::EVERY,
        manner: Manner {
            gain_db: 0.0,
            turn: None,
            chance: None,
            on_release: None,
            key_fade: None,
            velocity_fade: None,
            ..zone.manner.clone()
        },
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
    fn chosen_of(bank: impl Into<Arc<Bank>>, sound: SoundId, reading: &Reading) -> Chosen {
        choose(&found_in(bank, sound), reading, &Spoken::default(), true).unwrap()
    }

    fn found_in(bank: impl Into<Arc<Bank>>, sound: SoundId) -> Found {
        Found { bank: bank.into(), from: BankRef::Factory, sound, instrument: None }
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

    /// A bank of two sounds of the factory, heard at these loudnesses, in told instruments of these names and zones.
    fn bank_of(loudness_db: [f32; 2], instruments: &[(&str, Vec<Zone>)]) -> Bank {
        let factory = Bank::factory();
        let sounds = factory.sounds.iter().take(2).cloned().zip(loudness_db);
        let sounds = sounds.map(|(sound, loudness_db)| {
            let profile = neume_bank::Profile { loudness_db, ..sound.profile };
            Sound { profile, ..sound }
        });
        let told = instruments.iter().map(|(name, zones)| Instrument {
            name: name.to_string(),
            zones: zones.clone(),
            is_told: true,
        });
        Bank::new("of two", None, sounds.collect(), told.collect())
    }

    #[test]
    fn an_instrument_is_as_loud_as_drawn_whichever_of_its_sounds_is_matched() {
        let zone = |sound, keys, velocities, gain_db| {
            let zone = Zone::everywhere(sound, 60.0);
            Zone { keys, velocities, manner: Manner { gain_db, ..zone.manner }, ..zone }
        };
        let zones = vec![
            zone(0, Zone::EVERY, (1, 8), -44.0),
            zone(0, Zone::EVERY, (9, 63), -3.0),
            zone(1, (0, 80), (64, 127), -3.0),
            // A few keys that are louder than the rest.
            zone(0, (81, 90), (64, 127), 9.0),
        ];
        let bank = bank_of([-30.0, -20.0], &[("Piano", zones)]);
        let reading = reading_of_a_line();
        let chosen = |id| chosen_of(bank.clone(), id, &reading);
        let levels = |sound: usize| -> Vec<f32> {
            let chosen = chosen(bank.sounds[sound].id);
            chosen.zones.iter().map(|zone| chosen.gain_db + zone.manner.gain_db).collect()
        };
        assert_eq!(levels(0), levels(1));
        let usual_db = levels(0)[2] + bank.sounds[1].profile.loudness_db;
        assert!((usual_db - FULL_LOUDNESS_DB - reading.loudness.db).abs() < 1e-3, "{usual_db} dB");
        for sound in &bank.sounds {
            let alone = alone(&found_in(bank.clone(), sound.id), &reading, &Spoken::default()).unwrap();
            let heard_db = alone.gain_db + alone.zones[0].manner.gain_db + sound.profile.loudness_db;
            assert!((heard_db - FULL_LOUDNESS_DB - reading.loudness.db).abs() < 1e-3, "{heard_db} dB");
        }
    }

    #[test]
    fn layers_count_as_far_as_they_are_heard_at_the_usual_velocity() {
        let fade = |rises, falls| Manner { velocity_fade: Some(Fade { rises, falls }), ..Manner::default() };
        let zone = |sound, manner| Zone { manner, ..Zone::everywhere(sound, 60.0) };
        let crossed = vec![zone(0, fade((0, 0), (60, 80))), zone(1, fade((60, 80), (127, 127)))];
        let layered = vec![zone(0, Manner::default()), zone(1, Manner::default())];
        let reading = reading_of_a_line();
        for (zones, more_db) in [(crossed, 0.0), (layered, 3.0103)] {
            let bank = bank_of([-20.0, -20.0], &[("Two", zones)]);
            let chosen = chosen_of(bank.clone(), bank.sounds[0].id, &reading);
            let expected = FULL_LOUDNESS_DB + reading.loudness.db + 20.0 - more_db;
            assert!((chosen.gain_db - expected).abs() < 1e-3, "{} for {expected}", chosen.gain_db);
        }
    }

    #[test]
    fn a_sound_of_several_instruments_is_played_as_the_one_that_is_named_and_saved_with_its_name() {
        let zones = |root_midi| vec![Zone::everywhere(0, root_midi)];
        let bank = bank_of([-20.0; 2], &[("Violin", zones(60.0)), ("Viola", zones(53.0))]);
        let [shared, lone] = [0, 1].map(|at| bank.sounds[at].id);
        let reading = reading_of_a_line();
        for (asked, root_midi, saved) in
            [(None, 60.0, "Violin"), (Some("Viola"), 53.0, "Viola"), (Some("gone"), 60.0, "Violin")]
        {
            let chosen = {
                let found = Found { instrument: asked.map(str::to_string), ..found_in(bank.clone(), shared) };
                choose(&found, &reading, &Spoken::default(), true).unwrap()
            };
            assert_eq!((chosen.zones[0].root_midi, chosen.instrument.as_deref()), (root_midi, Some(saved)));
            let stored = serde_json::to_value(&chosen).unwrap();
            assert_eq!(serde_json::from_value::<Chosen>(stored).unwrap(), chosen);
        }
        let chosen = chosen_of(bank.clone(), lone, &reading);
        let stored = serde_json::to_value(&chosen).unwrap();
        assert!(stored.get("instrument").is_none(), "what cannot be confused is saved as before");
    }

    #[test]
    fn an_instrument_too_large_for_memory_is_thinned_around_the_match_and_said_to_be() {
        let factory = Bank::factory();
        let whole = factory.instruments.iter().max_by_key(|of| of.zones.len()).unwrap();
        let sounds_of = |frames: u64, is_looped: bool| -> Vec<Sound> {
            let sustain = is_looped.then_some(neume_bank::Loop {
                start_frames: 0,
                end_frames: frames,
                crossfade_frames: 0,
                is_mirrored: false,
            });
            let long = |zone: &Zone| Sound { frames, sustain, ..factory.sounds[zone.sound].clone() };
            whole.zones.iter().map(long).collect()
        };
        let zones =
            whole.zones.iter().enumerate().map(|(sound, zone)| Zone { sound, ..zone.clone() }).collect();
        let instrument = Instrument { zones, ..whole.clone() };
        let reading = reading_of_a_line();
        let laid_of = |frames: u64, is_looped: bool| {
            let bank = Bank::new("of one", None, sounds_of(frames, is_looped), vec![instrument.clone()]);
            let id = bank.sounds[bank.sounds.len() / 2].id;
            let chosen = chosen_of(bank.clone(), id, &reading);
            assert!(chosen.zones.iter().any(|zone| zone.sound == id), "the match is there");
            let told = thinned(&bank, &chosen);
            (chosen.zones.len(), told)
        };
        let all = whole.zones.len();
        assert_eq!(laid_of(48_000, true), (all, None));
        let too_long = (memory::budget().instrument_bytes() / 8) * 5 / 4 / all as u64;
        assert_eq!(laid_of(too_long, false), (all, None), "what has no loop is streamed behind its head");
        let (here, told) = laid_of(too_long, true);
        assert!(here < all && here > 1, "{here} of {all}");
        assert!(told.unwrap().contains(&format!("{here} of its {all} zones")));
    }
}
