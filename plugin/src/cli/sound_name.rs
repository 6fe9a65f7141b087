//! A sound of a bank by what a person calls it.

use std::ffi::OsStr;

use anyhow::{Result, bail};
use neume_bank::{Bank, Sound, Source};

use super::report::{file_of, shown};

/// Whether this is the name of a sound: as `bank list` has it or shows it, or the path of its file, which may be no text.
pub fn is(sound: &Sound, name: &OsStr) -> bool {
    if matches!(&sound.source, Source::File(path) if path == name) {
        return true;
    }
    let file = file_of(sound);
    name.to_str().is_some_and(|name| name == file || name == shown(&file))
}

/// The sound of this name; else the first that begins so; else the first that has all of the words, in its name, its
/// class, or its family. Names are as `bank list` has them, and capitals do not matter.
///
/// # Errors
/// An empty bank; no such sound: the nearest three are named.
pub fn find(bank: &Bank, wanted: impl AsRef<OsStr>) -> Result<&Sound> {
    let name = wanted.as_ref();
    let wanted = &*name.to_string_lossy();
    let folder = || bank.folder.as_ref().map_or(bank.name.clone(), |folder| folder.display().to_string());
    let mut sounds: Vec<(String, &Sound)> = bank.sounds.iter().map(|sound| (file_of(sound), sound)).collect();
    sounds.sort_by(|a, b| a.0.cmp(&b.0));
    if sounds.is_empty() {
        bail!("{}: the bank has no sounds", folder());
    }
    if let Some((_, sound)) = sounds.iter().find(|(_, sound)| is(sound, name)) {
        return Ok(sound);
    }
    let low = wanted.trim().to_lowercase();
    let words: Vec<&str> = low.split_whitespace().collect();
    let begins = |file: &str| !low.is_empty() && file.to_lowercase().starts_with(&low);
    let has_all = |file: &str, sound: &Sound| {
        let class = sound.class.as_deref().unwrap_or_default();
        let family = sound.profile.families.best().0.label();
        let said = format!("{file} {class} {family}").to_lowercase();
        !words.is_empty() && words.iter().all(|word| said.contains(word))
    };
    let found = sounds.iter().find(|(file, _)| begins(file));
    let found = found.or_else(|| sounds.iter().find(|(file, sound)| has_all(file, sound)));
    if let Some((_, sound)) = found {
        return Ok(sound);
    }
    bail!("{wanted}: {} has no such sound; the nearest are {}", folder(), nearest(&sounds, &low).join(", "))
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
        let called = |wanted: &str| file_of(find(&bank, wanted).unwrap());
        let any = file_of(&bank.sounds[0]);
        assert_eq!(called(&any), any);
        assert_eq!(called(&any.to_uppercase()), any);
        assert!(called("trumpet").starts_with("Trumpet"), "{}", called("trumpet"));
        let bell = called("bells mallet");
        assert!(bell.to_lowercase().contains("bells"), "{bell}");
    }

    #[test]
    fn of_a_sound_that_is_not_there_the_nearest_three_are_named() {
        let message = format!("{:#}", find(&Bank::factory(), "Trumpt opan C9").err().unwrap());
        assert_eq!(message.matches('`').count(), 6, "{message}");
        assert!(message.contains("`Trumpet"), "{message}");
        assert!(find(&Bank::default(), "x").is_err());
    }
}
