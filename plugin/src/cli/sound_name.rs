//! A sound of a bank by what a person calls it.

use std::ffi::OsStr;

use anyhow::{Result, bail};
use neume_bank::{Bank, Instrument, Sound, Source, Zone};

use super::report::{file_of, shown};

/// Whether this is the name of a sound: as `bank list` has it or shows it, or the path of its file, which may be no text.
pub fn is(sound: &Sound, name: &OsStr) -> bool {
    if matches!(&sound.source, Source::File(path) if path == name) {
        return true;
    }
    let file = file_of(sound);
    name.to_str().is_some_and(|name| name == file || name == shown(&file))
}

/// The sound of this name, or the one of the instrument of this name that lies nearest to middle C; else the first sound, or
/// instrument, that begins so; else the first that has all of the words, in its name, its class, its family, or the name of
/// its instrument. With it comes the position of the instrument that it is played as. Names are as `bank list` has them, and
/// capitals do not matter.
///
/// # Errors
/// An empty bank; no such sound: the nearest three are named.
pub fn find(bank: &Bank, wanted: impl AsRef<OsStr>) -> Result<(&Sound, usize)> {
    let name = wanted.as_ref();
    let wanted = &*name.to_string_lossy();
    let folder = || bank.folder.as_ref().map_or(bank.name.clone(), |folder| folder.display().to_string());
    let mut sounds: Vec<(String, &Sound)> = bank.sounds.iter().map(|sound| (file_of(sound), sound)).collect();
    sounds.sort_by(|a, b| a.0.cmp(&b.0));
    if sounds.is_empty() {
        bail!("{}: the bank has no sounds", folder());
    }
    let low = wanted.trim().to_lowercase();
    let words: Vec<&str> = low.split_whitespace().collect();
    let begins = |name: &str| !low.is_empty() && name.to_lowercase().starts_with(&low);
    let has_all = |said: &str| !words.is_empty() && words.iter().all(|word| said.contains(word));
    let said = |file: &str, sound: &Sound| {
        let class = sound.class.as_deref().unwrap_or_default();
        let family = sound.profile.families.best().0.label();
        format!("{file} {class} {family}").to_lowercase()
    };
    let sound = |is_it: &dyn Fn(&str, &Sound) -> bool| {
        let (_, sound) = sounds.iter().find(|(file, sound)| is_it(file, sound))?;
        Some((*sound, bank.instruments_of(sound.id).next()?))
    };
    let instrument = |is_it: &dyn Fn(&str) -> bool| {
        let found = bank.instruments.iter().position(|of| is_it(&of.name))?;
        Some((middle_of(bank, &bank.instruments[found])?, found))
    };
    let either = || {
        sounds.iter().find_map(|(file, sound)| {
            let said = said(file, sound);
            let as_said =
                |&index: &usize| has_all(&format!("{said} {}", bank.instruments[index].name.to_lowercase()));
            Some((*sound, bank.instruments_of(sound.id).find(as_said)?))
        })
    };
    let found = sound(&|_, sound| is(sound, name))
        .or_else(|| instrument(&|name| name.to_lowercase() == low))
        .or_else(|| sound(&|file, _| begins(file)))
        .or_else(|| instrument(&begins))
        .or_else(|| sound(&|file, sound| has_all(&said(file, sound))))
        .or_else(either);
    let Some(found) = found else {
        bail!(
            "{wanted}: {} has no such sound; the nearest are {}",
            folder(),
            nearest(&sounds, &low).join(", ")
        )
    };
    Ok(found)
}

/// Of the sounds that an instrument strikes, the one nearest to middle C.
fn middle_of<'a>(bank: &'a Bank, instrument: &Instrument) -> Option<&'a Sound> {
    let away = |zone: &&Zone| (zone.root_midi - 60.0).abs();
    let struck = instrument.zones.iter().filter(|zone| zone.is_struck());
    let nearest = struck.min_by(|a, b| away(a).total_cmp(&away(b)));
    nearest.or(instrument.zones.first()).map(|zone| &bank.sounds[zone.sound])
}

/// The three names that are spelled most like this.
fn nearest(sounds: &[(String, &Sound)], low: &str) -> Vec<String> {
    let likeness = |file: &str| {
        let file = file.to_lowercase();
        let name = file.rsplit('/').next().unwrap_or_default();
        strsim::jaro_winkler(&file, low).max(strsim::jaro_winkler(name, low))
    };
    let mut names: Vec<(f64, &String)> = sounds.iter().map(|(file, _)| (likeness(file), file)).collect();
    names.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    names.dedup_by(|a, b| a.1 == b.1);
    names.into_iter().take(3).map(|(_, file)| format!("`{file}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_found_by_name_by_beginning_and_by_words() {
        let bank = Bank::factory();
        let called = |wanted: &str| file_of(find(&bank, wanted).unwrap().0);
        let any = file_of(&bank.sounds[0]);
        assert_eq!(called(&any), any);
        assert_eq!(called(&any.to_uppercase()), any);
        assert!(called("trumpet").starts_with("Trumpet"), "{}", called("trumpet"));
        let bell = called("bells mallet");
        assert!(bell.to_lowercase().contains("bells"), "{bell}");
    }

    #[test]
    fn every_instrument_of_a_shared_sound_is_found_by_its_name() {
        let factory = Bank::factory();
        let sounds: Vec<Sound> = factory.sounds.iter().take(3).cloned().collect();
        let told = |name: &str, sound: usize| Instrument {
            name: name.to_string(),
            zones: vec![Zone::everywhere(sound, 60.0)],
            is_told: true,
        };
        let bank = Bank::new("shared", None, sounds, vec![told("Grand", 1), told("Old Theremin", 1)]);
        for (wanted, expected) in [("grand", 0), ("Old Theremin", 1), ("old", 1), ("theremin", 1)] {
            let (sound, instrument) = find(&bank, wanted).unwrap();
            assert_eq!((sound.id, instrument), (bank.sounds[1].id, expected), "{wanted}");
        }
        let name = file_of(&bank.sounds[1]);
        assert_eq!(find(&bank, &name).unwrap().1, 0, "the sound itself is played as its first instrument");
    }

    #[test]
    fn of_a_sound_that_is_not_there_the_nearest_three_are_named() {
        let message = format!("{:#}", find(&Bank::factory(), "Trumpt opan C9").err().unwrap());
        assert_eq!(message.matches('`').count(), 6, "{message}");
        assert!(message.contains("`Trumpet"), "{message}");
        assert!(find(&Bank::default(), "x").is_err());
    }
}
