//! `neume language forget`, `rename`, `unbind` and `legend`: what the view Signs changes by hand, and how loud thin and thick
//! strokes are.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use neume::disk;
use neume::language::{Language, Sign, Spoken};
use neume_bank::index::cache_folder;
use neume_models::{Family, Scale};

use super::args::{family, open_language};
use super::language::show;

/// The file of a language, and where it goes when it is changed.
#[derive(Debug, Args)]
pub struct Place {
    /// The language.
    #[arg(value_name = "LANGUAGE.neumes")]
    pub file: PathBuf,
    /// A new file for the result; without it, the language's own file is changed.
    #[arg(long, value_name = "OUT.neumes")]
    out: Option<PathBuf>,
}

impl Place {
    /// Says before any work whether the result may be written where it is to go.
    ///
    /// # Errors
    /// A file that is there and is another one.
    pub fn check(&self) -> Result<()> {
        self.out.as_ref().map_or(Ok(()), |out| may_be_written(out, &self.file))
    }

    fn open(&self) -> Result<Language> {
        self.check()?;
        open_language(&self.file)
    }

    /// Writes the language where it is to go.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn write(&self, language: &Language) -> Result<()> {
        write(self.out.as_ref().unwrap_or(&self.file), language)
    }

    /// Names the file before a cause.
    fn named(&self) -> String {
        self.file.display().to_string()
    }
}

/// Has other commands that change languages wait until it is dropped, so that none writes over what another one has added.
/// `None` where this user has no folder for it; then nobody waits.
pub fn turn() -> Option<File> {
    let folder = cache_folder().ok()?;
    std::fs::create_dir_all(&folder).ok()?;
    let file = File::options().create(true).append(true).open(folder.join("languages.lock")).ok()?;
    file.lock().ok()?;
    Some(file)
}

/// Whether a language may be written here: a new file, or that of the language which is changed.
///
/// # Errors
/// Names the file that is there already.
pub fn may_be_written(out: &Path, kept: &Path) -> Result<()> {
    let is_kept = || Some(kept.canonicalize().ok()? == out.canonicalize().ok()?);
    let is_free = !out.exists() || is_kept().unwrap_or(false);
    ensure!(is_free, "{}: it is there already; name a new file by --out", out.display());
    Ok(())
}

/// Writes a language whole or not at all.
///
/// # Errors
/// Names the file and the cause.
pub fn write(path: &Path, language: &Language) -> Result<()> {
    let bytes = language.to_file().with_context(|| path.display().to_string())?;
    disk::replace(path, &bytes).map_err(anyhow::Error::msg)
}

/// The sign of this name.
///
/// # Errors
/// There is none.
pub fn sign_of<'a>(language: &'a mut Language, name: &str) -> Result<&'a mut Sign> {
    language.sign_mut(name.trim()).with_context(|| format!("there is no sign `{}`", name.trim()))
}

/// See [`super::language::Arguments::Forget`].
#[derive(Debug, Args)]
pub struct Forget {
    #[command(flatten)]
    place: Place,
    /// The sign's name.
    #[arg(long)]
    sign: String,
    /// Only this one of its examples, counted from 1 in the order in which they were taught.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    example: Option<u16>,
}

/// Runs `neume language forget`.
pub fn forget(arguments: &Forget, json: bool) -> Result<()> {
    let place = &arguments.place;
    let mut language = place.open()?;
    let before = language.clone();
    let sign = sign_of(&mut language, &arguments.sign).with_context(|| place.named())?;
    let name = sign.name.clone();
    match arguments.example.map(usize::from) {
        Some(1) if sign.examples.len() == 1 => {
            bail!("{}: `{name}` has this drawing alone; forget the sign without --example", place.named())
        }
        Some(number) if number > sign.examples.len() => {
            bail!("{}: `{name}` has no example {number}, but {} of them", place.named(), sign.examples.len())
        }
        Some(number) => drop(sign.examples.remove(number - 1)),
        None => language.signs.retain(|sign| sign.name != name),
    }
    place.write(&language)?;
    show(&language, &language.forgotten_since(&before), "", json)
}

/// See [`super::language::Arguments::Rename`].
#[derive(Debug, Args)]
pub struct Rename {
    #[command(flatten)]
    place: Place,
    /// The sign's name; without it, the language gets another one.
    #[arg(long)]
    sign: Option<String>,
    /// The new name.
    #[arg(long, value_name = "NAME")]
    to: String,
}

/// Runs `neume language rename`.
pub fn rename(arguments: &Rename, json: bool) -> Result<()> {
    let place = &arguments.place;
    let mut language = place.open()?;
    match &arguments.sign {
        Some(name) => {
            let name = sign_of(&mut language, name).with_context(|| place.named())?.name.clone();
            language.rename(&name, &arguments.to).with_context(|| place.named())?;
        }
        None => {
            let to = arguments.to.trim();
            let is_short = to.chars().count() <= Language::MAX_NAME_CHARS;
            ensure!(
                is_short && !to.chars().any(char::is_control),
                "--to: a language needs a name of {} characters at most that can be shown",
                Language::MAX_NAME_CHARS
            );
            language.name = to.to_string();
        }
    }
    place.write(&language)?;
    show(&language, &[], "", json)
}

/// See [`super::language::Arguments::Unbind`].
#[derive(Debug, Args)]
pub struct Unbind {
    #[command(flatten)]
    place: Place,
    /// The sign's name.
    #[arg(long)]
    sign: String,
    #[command(flatten)]
    what: Unbound,
}

/// What is left to the legend.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Unbound {
    /// It means no pitch of its own.
    #[arg(long)]
    pitch: bool,
    /// It means no loudness of its own.
    #[arg(long)]
    loudness: bool,
    /// It means no family of its own.
    #[arg(long)]
    family: bool,
    /// It means no brightness of its own.
    #[arg(long)]
    brightness: bool,
    /// It means no roughness of its own.
    #[arg(long)]
    roughness: bool,
    /// It stands for no sound.
    #[arg(long)]
    sound: bool,
}

/// Runs `neume language unbind`.
pub fn unbind(arguments: &Unbind, json: bool) -> Result<()> {
    fn leave<T>(value: &mut Option<T>, is_left: bool) {
        value.take_if(|_| is_left);
    }
    let Unbind { place, sign, what } = arguments;
    let mut language = place.open()?;
    let meaning = &mut sign_of(&mut language, sign).with_context(|| place.named())?.meaning;
    leave(&mut meaning.pitch_midi, what.pitch);
    leave(&mut meaning.loudness_db, what.loudness);
    leave(&mut meaning.family, what.family);
    leave(&mut meaning.brightness, what.brightness);
    leave(&mut meaning.roughness, what.roughness);
    leave(&mut meaning.sound, what.sound);
    place.write(&language)?;
    show(&language, &[], "", json)
}

/// See [`super::language::Arguments::Legend`].
#[derive(Debug, Args)]
pub struct Legend {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    what: Said,
}

/// What is said of a legend; what is not said stays.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Said {
    /// The lowest and the highest row of the pad, as MIDI notes.
    #[arg(long, value_name = "LOW-HIGH", allow_hyphen_values = true)]
    scale: Option<Scale>,
    /// The widths of the thinnest and the thickest stroke that are told apart, as fractions of the pad's height: 0.0025,0.075
    /// unless it was changed. Strokes between them are as loud as the logarithm of their width says.
    #[arg(long, value_name = "THIN,THICK", value_parser = widths)]
    widths: Option<[f32; 2]>,
    /// How loud those two are, in dB: -36,0 unless it was changed.
    #[arg(long, value_name = "SOFT,LOUD", allow_hyphen_values = true, value_parser = loudness)]
    loudness: Option<[f32; 2]>,
    /// The hue at 0, 30 ... 330 degrees stands for this family, and the family that it stood for gets the other's hue. May
    /// be given several times; they are exchanged in turn.
    #[arg(long, value_name = "DEGREES=FAMILY", value_parser = hue)]
    hue: Vec<(usize, Family)>,
    /// Drawings speak of these aspects and of no other: pitch, loudness, family, brightness, roughness, with commas between
    /// them, or `nothing`.
    #[arg(long, value_name = "ASPECT,ASPECT", value_parser = spoken)]
    aspects: Option<Spoken>,
}

/// Runs `neume language legend`.
pub fn legend(arguments: &Legend, json: bool) -> Result<()> {
    let Legend { place, what } = arguments;
    let mut language = place.open()?;
    let legend = &mut language.legend;
    legend.scale = what.scale.unwrap_or(legend.scale);
    legend.width_norm = what.widths.unwrap_or(legend.width_norm);
    legend.loudness_db = what.loudness.unwrap_or(legend.loudness_db);
    for &(hue, family) in &what.hue {
        match legend.palette.iter().position(|&other| other == family) {
            Some(other) => legend.palette.swap(hue, other),
            None => legend.palette[hue] = family,
        }
    }
    language.spoken = what.aspects.unwrap_or(language.spoken);
    place.write(&language)?;
    show(&language, &[], "", json)
}

/// Widths, the thinner one first.
fn widths(text: &str) -> Result<[f32; 2]> {
    let widths = rising(text).context("it is not like 0.0025,0.075, the thinner one first")?;
    ensure!(widths[0] > 0.0 && widths[1] <= 1.0, "a width is above 0, and 1 at most");
    Ok(widths)
}

/// Loudnesses, the softer one first.
fn loudness(text: &str) -> Result<[f32; 2]> {
    let loudness = rising(text).context("it is not like -36,0, the softer one first")?;
    ensure!(loudness.iter().all(|db| (-96.0..=0.0).contains(db)), "a loudness is in -96..0");
    Ok(loudness)
}

/// Two numbers with a comma between them, the lower one first.
fn rising(text: &str) -> Option<[f32; 2]> {
    let (low, high) = text.split_once(',')?;
    let [low, high] = [low.trim().parse().ok()?, high.trim().parse().ok()?];
    (low < high).then_some([low, high])
}

/// A hue's place in the palette, and the family that it is to stand for.
fn hue(text: &str) -> Result<(usize, Family)> {
    let (degrees, name) = text.split_once('=').context("it is not like 240=brass")?;
    let hue = degrees.trim().parse().ok().filter(|degrees: &usize| degrees.is_multiple_of(30));
    let hue = hue.map(|degrees| degrees / 30).filter(|hue| *hue < Family::COUNT);
    Ok((hue.context("a hue is 0, 30, 60 ... or 330 degrees")?, family(name.trim())?))
}

/// The aspects that are named, and no other.
fn spoken(text: &str) -> Result<Spoken> {
    let [pitch, loudness, family, brightness, roughness] = [false; 5];
    let mut spoken = Spoken { pitch, loudness, family, brightness, roughness };
    if text.trim() == "nothing" {
        return Ok(spoken);
    }
    for name in text.split(',') {
        match name.trim() {
            "pitch" => spoken.pitch = true,
            "loudness" => spoken.loudness = true,
            "family" => spoken.family = true,
            "brightness" => spoken.brightness = true,
            "roughness" => spoken.roughness = true,
            other => bail!("`{other}` is none of {}", ASPECTS.join(", ")),
        }
    }
    Ok(spoken)
}

/// The names of all aspects.
pub const ASPECTS: [&str; 5] = ["pitch", "loudness", "family", "brightness", "roughness"];

/// The names of the aspects that drawings speak of, as they are given to `--aspects`.
pub fn aspects(spoken: &Spoken) -> Vec<&'static str> {
    let Spoken { pitch, loudness, family, brightness, roughness } = *spoken;
    let are_spoken = [pitch, loudness, family, brightness, roughness];
    ASPECTS.into_iter().zip(are_spoken).filter_map(|(name, is_spoken)| is_spoken.then_some(name)).collect()
}
