//! What sounds are called on screen: the instrument first, since the names of single recordings often are numbers.

use neume_bank::{Instrument, Sound, Source};
use neume_models::legend::note_number;

use crate::handoff::Title;

/// What a sound is called that is played as this instrument.
pub fn title(sound: &Sound, instrument: Option<&Instrument>) -> Title {
    let own = sound.name.trim();
    if let Some(instrument) = instrument.filter(|of| of.is_told || of.zones.len() > 1)
        && has_word(&instrument.name)
    {
        return Title { large: as_written(&instrument.name), small: rest(own, &instrument.name) };
    }
    match folder(sound) {
        Some(folder) if has_word(own) => Title { large: own.to_string(), small: as_written(&folder) },
        Some(folder) => Title { large: as_written(&folder), small: own.to_string() },
        None => Title { large: own.to_string(), small: String::new() },
    }
}

/// Where a sound lies: what a table calls it, else its folder, or the file that holds it.
fn folder(sound: &Sound) -> Option<String> {
    let place = match &sound.source {
        Source::File(path) => path.parent().and_then(|folder| folder.file_name()),
        Source::Member { file, .. } => file.file_stem(),
        Source::Factory { .. } => None,
    };
    let told = sound.class.clone();
    told.or_else(|| place.map(|place| place.to_string_lossy().into_owned())).filter(|name| has_word(name))
}

/// What a name says beside the instrument: nothing where only the note would be left, which is shown anyway.
fn rest(own: &str, instrument: &str) -> String {
    let beside = own.strip_prefix(instrument).unwrap_or(own).trim();
    match beside.is_empty() || note_number(beside).is_some() {
        true => String::new(),
        false => own.to_string(),
    }
}

/// Whether somebody could say what it is: more than digits and single letters.
fn has_word(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_alphabetic());
    words.any(|word| word.chars().count() > 2 || word.chars().any(|c| c as u32 > 0x2E80))
}

/// A name as it is written in a score: `french-horn` is `French horn`, and `Lo-Fi keys` stays.
fn as_written(name: &str) -> String {
    let letters: Vec<char> = name.trim().chars().collect();
    let is_small = |at: Option<usize>| at.and_then(|at| letters.get(at)).is_some_and(|c| c.is_lowercase());
    let written = letters.iter().enumerate().map(|(at, &letter)| match letter {
        '_' => ' ',
        '-' if is_small(at.checked_sub(1)) && is_small(Some(at + 1)) => ' ',
        other => other,
    });
    let mut written = written.collect::<String>();
    if let Some(first) = written.chars().next() {
        let upper: String = first.to_uppercase().collect();
        written.replace_range(..first.len_utf8(), &upper);
    }
    written
}

#[cfg(test)]
mod tests {
    use neume_bank::{Bank, SoundId, Zone};

    use super::*;

    #[test]
    fn sounds_are_called_by_their_instrument_or_by_where_they_lie_if_their_names_say_nothing() {
        let one = Bank::factory().sounds[0].clone();
        let named = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".wav").to_string();
            let (id, source) = (SoundId::of(path.as_bytes()), Source::File(path.into()));
            Sound { id, source, name, class: None, ..one.clone() }
        };
        let paths = [
            "brass/french-horn/063_1.wav",
            "brass/french-horn/066_1.wav",
            "鐘/12.wav",
            "kicks/boom.wav",
            "7.wav",
        ];
        let sounds: Vec<Sound> = paths.into_iter().map(named).collect();
        let horn = Instrument {
            name: "french-horn".into(),
            zones: [0, 1].map(|sound| Zone::everywhere(sound, 60.0)).into(),
            is_told: false,
        };
        let bank = Bank::new("a", None, sounds.clone(), vec![horn]);
        let called: Vec<(String, String)> = sounds
            .iter()
            .map(|sound| title(sound, bank.instrument_of(sound.id)))
            .map(|title| (title.large, title.small))
            .collect();
        let expected =
            [("French horn", "063_1"), ("French horn", "066_1"), ("鐘", "12"), ("boom", "Kicks"), ("7", "")];
        assert_eq!(called, expected.map(|(large, small)| (large.to_string(), small.to_string())));
    }

    #[test]
    fn folders_are_written_as_names() {
        for (name, written) in [("french-horn", "French horn"), ("violin-section 1", "Violin section 1")] {
            assert_eq!(as_written(name), written);
        }
        assert_eq!(["Lo-Fi_keys", "CP-80", "鐘"].map(as_written), ["Lo-Fi keys", "CP-80", "鐘"]);
    }

    #[test]
    fn a_factory_sound_is_called_by_its_instrument_alone() {
        let bank = Bank::factory();
        let tuba = bank.sounds.iter().find(|sound| sound.name == "Tuba, round C#3").unwrap();
        assert_eq!(
            title(tuba, bank.instrument_of(tuba.id)),
            Title { large: "Tuba, round".into(), small: String::new() }
        );
    }
}
