//! What a sign means is bound to what is heard while it is taught.

use neume_models::Reading;

use super::editing::Editing;
use crate::language::{BoundSound, Meaning};

/// What of a sign is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Named for the aspects.
pub enum Bind {
    Pitch,
    Loudness,
    Family,
    Brightness,
    Roughness,
    Sound,
}

/// Binds an aspect of a sign to what the slot says now, or leaves it to the legend again.
pub fn rebind(editing: &mut Editing, name: &str, bind: Bind) {
    let reading = match &editing.slot_view().reading {
        Some(Ok(reading)) => Some(reading.clone()),
        _ => None,
    };
    let sound = chosen_sound(editing);
    let mut nothing_heard = false;
    editing.speak(|language| {
        let Some(sign) = language.sign_mut(name) else { return };
        nothing_heard = !flip(&mut sign.meaning, bind, reading.as_ref(), sound);
    });
    if nothing_heard {
        editing.state.failure = Some("draw something first: a sign is bound to what is heard".to_string());
    }
}

/// `false` where there is nothing to bind to.
fn flip(meaning: &mut Meaning, bind: Bind, heard: Option<&Reading>, sound: Option<BoundSound>) -> bool {
    fn turn<T>(value: &mut Option<T>, to: Option<T>) -> bool {
        *value = if value.is_some() { return value.take().is_some() } else { to };
        value.is_some()
    }
    match bind {
        Bind::Pitch => turn(&mut meaning.pitch_midi, heard.map(|heard| heard.pitch.midi.round())),
        Bind::Loudness => turn(&mut meaning.loudness_db, heard.map(|heard| heard.loudness.db)),
        Bind::Family => {
            let best = heard.map(|heard| heard.timbre.family.unwrap_or(heard.timbre.families.best().0));
            turn(&mut meaning.family, best)
        }
        Bind::Brightness => turn(&mut meaning.brightness, heard.map(|heard| heard.timbre.brightness)),
        Bind::Roughness => turn(&mut meaning.roughness, heard.map(|heard| heard.timbre.roughness)),
        Bind::Sound => turn(&mut meaning.sound, sound),
    }
}

/// The sound under the keys of the slot that is shown.
fn chosen_sound(editing: &Editing) -> Option<BoundSound> {
    let chosen = editing.now.document.slots.get(editing.now.slot)?.chosen.as_ref()?;
    let zone = chosen.zones.iter().find(|zone| zone.sound == chosen.sound).or(chosen.zones.first())?;
    Some(BoundSound {
        sound: zone.sound,
        instrument: chosen.instrument.clone(),
        source: zone.source.clone(),
        bank: chosen.bank.clone(),
        name: zone.name.clone(),
    })
}
