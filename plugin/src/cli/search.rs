//! `neume bank search`: the sounds of a bank by words, by likeness to a sound, by a drawing, or by all of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use neume::figures::counted;
use neume::library::Library;
use neume_bank::search::Like;
use neume_bank::{Bank, Content, Profile, Query, Reason, SoundId, Text, Weights, search};
use neume_models::Family;

use super::args::{Reader, family};
use super::report::{as_instrument, emit, file_of, file_text, root_text, shown};
use super::{banks, read};

/// See [`banks::Arguments::Search`].
#[derive(Debug, Args)]
pub struct Search {
    /// The folder of sounds.
    folder: PathBuf,
    /// Words of names, folders, instruments and tags; all must be there. One that begins with a hyphen, such as -pizz, must
    /// not. Behind `--` every word is one, `-h` too.
    #[arg(value_name = "WORDS")]
    words: Vec<String>,
    /// A sound that others are to be like: a file of the folder, as `neume bank list` names it, or any other sound file.
    #[arg(long, value_name = "FILE")]
    like: Option<PathBuf>,
    /// A drawing: a picture, or a `.neume` file.
    #[arg(long, value_name = "PICTURE")]
    sketch: Option<PathBuf>,
    /// Only sounds of this family, such as string or synth_lead.
    #[arg(long, value_name = "FAMILY", value_parser = family)]
    family: Option<Family>,
    #[command(flatten)]
    reader: Reader,
    /// How many sounds to show.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    top: u32,
    /// How much each aspect counts, from 0: pitch, loudness, timbre, brightness, roughness, likeness, words.
    #[arg(long, value_name = "ASPECT=WEIGHT,...", default_value = "", hide_default_value = true)]
    weights: Weighed,
}

/// Weights as they are written: `pitch=1,timbre=0.5`.
#[derive(Debug, Clone, Copy)]
struct Weighed(Weights);

impl std::str::FromStr for Weighed {
    type Err = String;

    fn from_str(text: &str) -> Result<Weighed, String> {
        let mut weights = Weights::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (aspect, value) =
                part.split_once('=').ok_or_else(|| format!("`{part}` is not ASPECT=WEIGHT"))?;
            let weight = match aspect.trim() {
                "pitch" => &mut weights.pitch,
                "loudness" => &mut weights.loudness,
                "timbre" => &mut weights.timbre,
                "brightness" => &mut weights.brightness,
                "roughness" => &mut weights.roughness,
                "likeness" => &mut weights.likeness,
                "words" => &mut weights.words,
                other => {
                    return Err(format!(
                        "there is no aspect `{other}`: pitch, loudness, timbre, brightness, roughness, likeness, words"
                    ));
                }
            };
            let value = value.trim();
            let number = value.parse::<f32>().ok().filter(|number| (0.0..=1e6).contains(number));
            *weight = number.ok_or_else(|| format!("`{value}` is not a weight of 0 or more"))?;
        }
        Ok(Weighed(weights))
    }
}

/// Puts words of `bank search` that begin with a hyphen behind a `--`, where they are no options. An option of one letter
/// that there is, or two hyphens, make no word; and what follows an option that takes a value is that value.
pub fn with_words_apart(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let Some(search) = args.windows(2).position(|pair| pair == ["bank", "search"]) else { return args };
    let escape = args.iter().position(|arg| arg == "--");
    let mut before = args.drain(..escape.unwrap_or(args.len())).collect::<Vec<_>>();
    let mut words = Vec::new();
    let mut at = search + 2;
    while at < before.len() {
        let is_value = before[at - 1].to_str().is_some_and(takes_value);
        let is_word =
            |arg: &str| arg.len() > 1 && arg.starts_with('-') && !arg.starts_with("--") && arg != "-h";
        if !is_value && before[at].to_str().is_some_and(is_word) {
            words.push(before.remove(at));
        } else {
            at += 1;
        }
    }
    if args.is_empty() && !words.is_empty() {
        args.push("--".into());
    }
    before.extend(args);
    before.extend(words);
    before
}

/// Whether the argument behind this one is its value.
fn takes_value(arg: &str) -> bool {
    arg.starts_with("--") && !arg.contains('=') && !["--", "--json", "--help"].contains(&arg)
}

#[derive(serde::Serialize)]
struct Report {
    bank: String,
    searched: usize,
    millis: f32,
    sounds: Vec<FoundReport>,
}

#[derive(serde::Serialize)]
struct FoundReport {
    file: String,
    /// What it is played as, where its sound lies in several instruments.
    instrument: Option<String>,
    score: f32,
    reasons: Vec<Reason>,
    root_midi: Option<f32>,
    loudness_db: f32,
    family: Family,
}

/// Runs the command.
pub fn run(arguments: &Search, json: bool) -> Result<ExitCode> {
    let text = Text::of(&arguments.words.join(" "));
    let is_asked = arguments.like.is_some() || arguments.sketch.is_some() || arguments.family.is_some();
    if text.is_empty() && !is_asked {
        bail!("{}: say what to look for: words, --like, --sketch or --family", arguments.folder.display());
    }
    let drawn = match &arguments.sketch {
        Some(sketch) => {
            let speaker = arguments.reader.open(Library::shared())?;
            Some((read::read_file(&speaker, sketch)?, speaker))
        }
        None => None,
    };
    let (bank, _) = banks::open(Some(&arguments.folder))?;
    let like = arguments.like.as_deref().map(|file| liked(&bank, file)).transpose()?;
    let weights = arguments.weights.0;
    let query = Query {
        reading: drawn.as_ref().map(|(read, _)| &read.reading),
        like: like.as_ref().map(|(profile, itself)| Like { profile, itself: *itself }),
        text,
        family: arguments.family,
        weights: drawn.as_ref().map_or(weights, |(_, speaker)| speaker.language.weights(&weights)),
    };
    let begin = std::time::Instant::now();
    let found = search(&bank, &query, arguments.top as usize);
    let millis = begin.elapsed().as_secs_f32() * 1e3;
    let sounds = found.into_iter().filter_map(|found| {
        let sound = bank.get(found.sound)?;
        Some(FoundReport {
            file: file_of(sound),
            instrument: bank.name_among_others(sound.id, found.instrument).map(str::to_string),
            score: found.score,
            reasons: found.reasons,
            root_midi: sound.profile.root_midi,
            loudness_db: sound.profile.loudness_db,
            family: sound.profile.families.best().0,
        })
    });
    let report =
        Report { bank: bank.name.clone(), searched: bank.sounds.len(), millis, sounds: sounds.collect() };
    emit(json, &report, || text_of(&report))?;
    Ok(ExitCode::SUCCESS)
}

fn text_of(report: &Report) -> String {
    if report.sounds.is_empty() {
        return format!("nothing among the {} of {}", counted(report.searched, "sound"), shown(&report.bank));
    }
    let line = |found: &FoundReport| {
        let reasons: Vec<&str> = found.reasons.iter().map(|reason| reason.says.as_str()).collect();
        let root = root_text(found.root_midi);
        let named = as_instrument(found.file.clone(), found.instrument.as_deref());
        format!(
            "  {:>3.0}  {}  ({root})\n       {}\n",
            100.0 * found.score,
            shown(&named),
            shown(&reasons.join(" · "))
        )
    };
    report.sounds.iter().map(line).collect()
}

/// What is known of the sound that others are to be like: from the bank if it is one of it, else by listening to the file.
fn liked(bank: &Bank, file: &Path) -> Result<(Profile, Option<SoundId>)> {
    let inside = bank.folder.as_deref().and_then(|folder| file.strip_prefix(folder).ok()).unwrap_or(file);
    let name = file_text(inside);
    if let Some(sound) = bank.sounds.iter().find(|sound| file_of(sound) == name) {
        return Ok((sound.profile.clone(), Some(sound.id)));
    }
    let content = Content::open(file).map_err(|cause| match cause {
        neume_bank::Error::File { path, cause } => {
            anyhow::anyhow!("{cause}; nor is it a sound of {}", bank.name).context(path.display().to_string())
        }
        other => other.into(),
    })?;
    let id = content.id_of(file, &|| false)?;
    match bank.get(id) {
        Some(sound) => Ok((sound.profile.clone(), Some(id))),
        None => {
            let profile = Library::shared().listen(&content, file)?;
            Ok((profile, None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_begin_with_a_hyphen_are_no_options() {
        let apart = |line: &str| {
            let args = with_words_apart(line.split(' ').map(OsString::from));
            args.iter().map(|arg| arg.to_str().unwrap()).collect::<Vec<_>>().join(" ")
        };
        for (given, expected) in [
            ("neume bank search f cello -pizz --top 3", "neume bank search f cello --top 3 -- -pizz"),
            ("neume bank search f -harp --json -h", "neume bank search f --json -h -- -harp"),
            ("neume --json bank search f a -b -- -c --d", "neume --json bank search f a -- -c --d -b"),
            (
                "neume bank search f --scale -5-40 --like=-x -y",
                "neume bank search f --scale -5-40 --like=-x -- -y",
            ),
            ("neume bank search f cello --top 3", "neume bank search f cello --top 3"),
            ("neume bank search f - cello", "neume bank search f - cello"),
            ("neume bank list f -x", "neume bank list f -x"),
        ] {
            assert_eq!(apart(given), expected);
        }
    }

    #[test]
    fn weights_are_numbers_beside_the_names_of_aspects() {
        let Weighed(weights) = "pitch=0, likeness=2.5".parse().unwrap();
        assert_eq!(weights, Weights { pitch: 0.0, likeness: 2.5, ..Weights::default() });
        assert_eq!("".parse::<Weighed>().unwrap().0, Weights::default());
        for wrong in ["pitch", "pitch=", "pitch=-1", "pitch=NaN", "hue=1", "pitch=1;loudness=2"] {
            assert!(wrong.parse::<Weighed>().is_err(), "{wrong}");
        }
    }
}
