//! Why a sound was found, in the words of a musician.

use neume_models::Family;
use serde::Serialize;

use super::words::{self, Field};
use super::{AskedLike, Query};
use crate::matching::{Asked, Features};
use crate::{Bank, Sound};

/// What speaks for a sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Named for what it is.
pub enum Aspect {
    Pitch,
    Loudness,
    Family,
    Brightness,
    Roughness,
    /// To the sound that others are to be like.
    Likeness,
    Attack,
    Duration,
    Words,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    /// By what.
    pub aspect: Aspect,
    /// How near it comes to what was asked for, 0..1.
    pub near: f32,
    /// In words: `a semitone above`, `3 dB louder`, `family string 0.82`, `name: 'pizz'`.
    pub says: String,
}

/// The reasons for a sound: what was asked for and counts.
pub(super) fn reasons(bank: &Bank, query: &Query, sound: &Sound, instrument: usize) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let features = Features::of(&sound.profile);
    if let Some(reading) = query.reading {
        let asked = Asked::new(bank, reading, &query.weights);
        by_reading(&asked, sound, &features, &mut reasons);
    }
    if let Some(like) = query.like {
        by_likeness(&AskedLike::new(like.profile), sound, &features, &mut reasons);
    }
    if let Some(family) = query.family
        && !reasons.iter().any(|reason| reason.aspect == Aspect::Family)
    {
        let (near, says) = of_family(family, sound);
        reasons.push(Reason { aspect: Aspect::Family, near, says });
    }
    // What its own name does not say, those of the others may.
    let others = bank.instruments_of(sound.id).filter(|&other| other != instrument);
    let instruments = std::iter::once(instrument).chain(others).map(|index| &bank.instruments[index]);
    let instruments = instruments.filter(|of| !words::is_unwanted(of, &query.text));
    for (field, word) in words::spoken(sound, instruments, &query.text) {
        let says = format!("{}: '{word}'", field.label());
        reasons.push(Reason { aspect: Aspect::Words, near: nearness_of(field), says });
    }
    reasons
}

fn nearness_of(field: Field) -> f32 {
    [1.0, 0.9, 0.8, 0.7][field as usize]
}

fn by_reading(asked: &Asked, sound: &Sound, features: &Features, reasons: &mut Vec<Reason>) {
    let aspects = asked.aspects(features);
    let mut say = |aspect: Aspect, near: f32, says: String| reasons.push(Reason { aspect, near, says });
    let weights = &asked.weights;
    if weights.pitch > 0.0 {
        let away = features.pitched.then_some(features.root_midi - asked.row_midi);
        say(Aspect::Pitch, aspects.pitch, away.map_or("no pitch".to_string(), interval));
    }
    if weights.loudness > 0.0 {
        say(Aspect::Loudness, aspects.loudness, louder(features.loudness_db - asked.loudness_db));
    }
    if weights.timbre <= 0.0 {
        return;
    }
    if asked.families.is_some() {
        let (drawn, _) = asked.families.unwrap_or(sound.profile.families).best();
        let (has, says) = of_family(drawn, sound);
        say(Aspect::Family, has, says);
    }
    if weights.brightness > 0.0 {
        let more = features.brightness - asked.brightness;
        say(Aspect::Brightness, 1.0 - more.abs(), compared(more, ["as bright", "brighter", "darker"]));
    }
    if weights.roughness > 0.0 {
        let more = features.roughness - asked.roughness;
        say(Aspect::Roughness, 1.0 - more.abs(), compared(more, ["as rough", "rougher", "mellower"]));
    }
}

fn by_likeness(like: &AskedLike, sound: &Sound, features: &Features, reasons: &mut Vec<Reason>) {
    let own = &like.features;
    let mut say = |aspect: Aspect, near: f32, says: String| reasons.push(Reason { aspect, near, says });
    let near = like.likeness(features, &sound.profile.embedding);
    say(Aspect::Likeness, near, format!("{:.0} % alike", 100.0 * near.clamp(0.0, 1.0)));
    let (has, says) = of_family(sound.profile.families.best().0, sound);
    say(Aspect::Family, has, says);
    if own.pitched && features.pitched {
        let away = features.root_midi - own.root_midi;
        say(Aspect::Pitch, (-away.abs() / 12.0).exp(), interval(away));
    }
    let db = features.loudness_db - own.loudness_db;
    say(Aspect::Loudness, (-db.abs() / 24.0).exp(), louder(db));
    let more = features.brightness - own.brightness;
    if more.abs() >= 0.1 {
        say(Aspect::Brightness, 1.0 - more.abs(), compared(more, ["", "brighter", "darker"]));
    }
    let slower = features.attack_octaves - own.attack_octaves;
    if slower.abs() >= 1.0 {
        let says = if slower > 0.0 { "a slower attack" } else { "a quicker attack" };
        say(Aspect::Attack, (-slower.abs() / 2.0).exp(), says.to_string());
    }
    let longer = features.duration_octaves - own.duration_octaves;
    if longer.abs() >= 1.0 {
        let says = if longer > 0.0 { "longer" } else { "shorter" };
        say(Aspect::Duration, (-longer.abs() / 2.0).exp(), says.to_string());
    }
}

/// How surely a sound is of a family, and in words.
fn of_family(family: Family, sound: &Sound) -> (f32, String) {
    let has = sound.profile.families.get(family);
    (has, format!("family {} {has:.2}", family.id()))
}

/// An interval as it is sung: `on the note`, `20 cents above`, `a semitone below`, `2 octaves above`.
fn interval(semitones: f32) -> String {
    let side = if semitones > 0.0 { "above" } else { "below" };
    let size = semitones.abs();
    let whole = size.round() as u32;
    match whole {
        0 if size < 0.05 => "on the note".to_string(),
        0 => format!("{:.0} cents {side}", 100.0 * size),
        1 => format!("a semitone {side}"),
        12 => format!("an octave {side}"),
        24 | 36 | 48 | 60 => format!("{} octaves {side}", whole / 12),
        _ => format!("{whole} semitones {side}"),
    }
}

/// A difference of level: `as loud`, `3 dB louder`.
fn louder(db: f32) -> String {
    match (db.abs() < 0.5, db > 0.0) {
        (true, _) => "as loud".to_string(),
        (false, true) => format!("{db:.0} dB louder"),
        (false, false) => format!("{:.0} dB softer", -db),
    }
}

/// A difference of something between 0 and 1.
fn compared(more: f32, [same, above, below]: [&str; 3]) -> String {
    match more {
        more if more.abs() < 0.1 => same.to_string(),
        more if more.abs() < 0.25 => format!("a little {}", if more > 0.0 { above } else { below }),
        more => (if more > 0.0 { above } else { below }).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_told_as_musicians_say_them() {
        let told = [0.0, 0.2, -0.4, 1.1, -2.0, 12.0, -24.1, 13.0].map(interval);
        let expected = [
            "on the note",
            "20 cents above",
            "40 cents below",
            "a semitone above",
            "2 semitones below",
            "an octave above",
            "2 octaves below",
            "13 semitones above",
        ];
        assert_eq!(told, expected);
        assert_eq!([0.2, 3.1, -6.0].map(louder), ["as loud", "3 dB louder", "6 dB softer"]);
    }
}
