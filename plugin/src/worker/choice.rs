//! From a ranked sound to what is saved of it, and from there to what lies under the keys.

use neume_bank::{Bank, Sound, SoundId};
use neume_models::Reading;

use crate::handoff::{Playable, PlayableZone};
use crate::library::{Library, Missing, Wanted};
use crate::state::{BankRef, Chosen, ChosenZone};

/// Loudness in LUFS that a drawing of 0 dB asks for.
const FULL_LOUDNESS_DB: f32 = -14.0;

/// Every key, or every velocity.
const EVERY: (u8, u8) = (0, 127);

/// Bounds of the gain that brings a sound to the drawn loudness.
const GAIN_DB: std::ops::RangeInclusive<f32> = -48.0..=18.0;

/// Chooses a sound of a bank for a reading: its instrument's zones, and the gain that makes it as loud as drawn.
/// `None` if the bank does not have it.
pub fn choose(bank: &Bank, from: &BankRef, id: SoundId, reading: &Reading, by_hand: bool) -> Option<Chosen> {
    let sound = bank.get(id)?;
    let drawn_midi = reading.pitch.midi;
    let zones = match bank.instrument_of(id) {
        Some(instrument) if sound.profile.root_midi.is_some() && instrument.zones.len() > 1 => instrument
            .zones
            .iter()
            .filter_map(|zone| {
                Some(chosen_zone(bank.sounds.get(zone.sound)?, zone.keys, zone.velocities, zone.root_midi))
            })
            .collect(),
        // What has no pitch of its own sounds as it is on the key that was drawn.
        _ => {
            let root_midi = sound.profile.root_midi.unwrap_or(drawn_midi.round());
            vec![chosen_zone(sound, EVERY, EVERY, root_midi)]
        }
    };
    let gain_db = FULL_LOUDNESS_DB + reading.loudness.db - sound.profile.loudness_db;
    let gain_db = gain_db.clamp(*GAIN_DB.start(), *GAIN_DB.end());
    let contour = reading.contour.clone();
    Some(Chosen { sound: id, bank: from.clone(), zones, gain_db, drawn_midi, contour, by_hand })
}

fn chosen_zone(sound: &Sound, keys: (u8, u8), velocities: (u8, u8), root_midi: f32) -> ChosenZone {
    ChosenZone {
        sound: sound.id,
        source: sound.source.clone(),
        name: sound.name.clone(),
        keys,
        velocities,
        root_midi,
        sustain: sound.sustain,
    }
}

/// The part of a choice that is ready soonest: the matched sound alone, under every key.
pub fn only_the_match(chosen: &Chosen) -> Chosen {
    let zone = chosen.zones.iter().find(|zone| zone.sound == chosen.sound).or(chosen.zones.first());
    let zones = zone.map(|zone| ChosenZone { keys: EVERY, velocities: EVERY, ..zone.clone() });
    Chosen { zones: zones.into_iter().collect(), ..chosen.clone() }
}

/// Loads what was chosen, at the host's rate.
///
/// # Errors
/// [`Missing`] names the first sound that cannot be had.
pub fn playable(library: &Library, chosen: &Chosen, rate_hz: f32) -> Result<Playable, Missing> {
    let zones = chosen.zones.iter().map(|zone| {
        let wanted = Wanted {
            id: zone.sound,
            source: &zone.source,
            bank: &chosen.bank,
            name: &zone.name,
            sustain: zone.sustain,
        };
        let pcm = library.pcm(wanted, rate_hz)?;
        Ok(PlayableZone { keys: zone.keys, velocities: zone.velocities, root_midi: zone.root_midi, pcm })
    });
    let zones: Vec<PlayableZone> = zones.collect::<Result<_, Missing>>()?;
    if zones.is_empty() {
        return Err(Missing { name: "a saved slot".to_string(), cause: "it names no sound".to_string() });
    }
    let gain = 10f32.powf(chosen.gain_db / 20.0);
    Ok(Playable { zones: zones.into(), gain, drawn_midi: chosen.drawn_midi })
}
