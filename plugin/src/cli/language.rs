//! `neume language`: a composer's language as a file: taught, merged, shown and printed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};
use neume::disk;
use neume::language::{Clash, Language, LanguageError, Meaning, Sign};
use neume::library::Library;
use neume::signs::Shape;
use neume_models::Family;
use serde::Serialize;

use super::args::{family, open_language, open_sketch};
use super::page_file;
use super::report::{counted, emit, one_line, shown};
use super::sign::practised;

/// What to do with a language.
#[derive(Debug, Subcommand)]
pub enum Arguments {
    /// Teaches that drawings are a sign, and what it means. What is not said is left as it is; a sign that is new leaves
    /// everything to the legend. A file that is not there yet is made.
    Teach(Box<Teach>),
    /// Lists the signs and what they mean.
    Show(Show),
    /// Takes over the signs of another language. What means something else there, or is drawn as another sign here, is a
    /// clash: it is listed, and nothing is overwritten unless `--clashes` says so.
    Merge(Merge),
    /// Draws the language on a page, as SVG or PNG by the name of the file.
    Print(Print),
}

/// See [`Arguments::Teach`].
#[derive(Debug, Args)]
pub struct Teach {
    /// The language.
    #[arg(value_name = "LANGUAGE.neumes")]
    file: PathBuf,
    /// The sign's name.
    #[arg(long)]
    sign: String,
    /// Its drawings: pictures, or `.neume` files.
    #[arg(required = true, value_name = "PICTURE|FILE.neume")]
    drawings: Vec<PathBuf>,
    /// It means this pitch, a MIDI note.
    #[arg(long, value_name = "MIDI", value_parser = within(0.0, 127.0))]
    pitch: Option<f32>,
    /// It means this loudness, in dB.
    #[arg(long, value_name = "DB", allow_hyphen_values = true, value_parser = within(-96.0, 0.0))]
    loudness: Option<f32>,
    /// It means this family.
    #[arg(long, value_parser = family)]
    family: Option<Family>,
    /// It means this brightness, 0 to 1.
    #[arg(long, value_parser = within(0.0, 1.0))]
    brightness: Option<f32>,
    /// It means this roughness, 0 to 1.
    #[arg(long, value_parser = within(0.0, 1.0))]
    roughness: Option<f32>,
}

/// See [`Arguments::Show`].
#[derive(Debug, Args)]
pub struct Show {
    /// The language.
    #[arg(value_name = "LANGUAGE.neumes")]
    file: PathBuf,
}

/// See [`Arguments::Merge`].
#[derive(Debug, Args)]
pub struct Merge {
    /// The language that is kept.
    #[arg(value_name = "LANGUAGE.neumes")]
    file: PathBuf,
    /// The one whose signs it takes over.
    #[arg(value_name = "OTHER.neumes")]
    other: PathBuf,
    /// Where the result goes: a new file, or that of the language that is kept.
    #[arg(long, value_name = "OUT.neumes")]
    out: PathBuf,
    /// Which of two meanings of one name, or of one shape, holds.
    #[arg(long, value_enum, default_value_t = Settle::Mine)]
    clashes: Settle,
}

/// Which of two meanings holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Settle {
    /// Of the language that is kept.
    Mine,
    /// Of the other one.
    Theirs,
    /// Signs stay side by side, theirs under a new name where its own is taken.
    Both,
}

/// See [`Arguments::Print`].
#[derive(Debug, Args)]
pub struct Print {
    /// The language.
    #[arg(value_name = "LANGUAGE.neumes")]
    file: PathBuf,
    /// The page.
    #[arg(long, value_name = "PAGE.svg|PAGE.png")]
    out: PathBuf,
}

#[derive(Serialize)]
struct LanguageReport<'a> {
    name: &'a str,
    scale: String,
    signs: Vec<SignReport<'a>>,
    /// Signs that are there no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forgotten: Vec<&'a str>,
}

#[derive(Serialize)]
struct SignReport<'a> {
    name: &'a str,
    examples: usize,
    meaning: &'a Meaning,
}

#[derive(Serialize)]
struct MergeReport {
    signs: usize,
    examples: usize,
    left_out: usize,
    clashes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forgotten: Vec<String>,
}

#[derive(Serialize)]
struct PrintReport {
    page: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    match arguments {
        Arguments::Teach(arguments) => teach(arguments, json)?,
        Arguments::Show(Show { file }) => show(&open_language(file)?, &[], json)?,
        Arguments::Merge(arguments) => merge(arguments, json)?,
        Arguments::Print(Print { file, out }) => print(&open_language(file)?, out, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn teach(arguments: &Teach, json: bool) -> Result<()> {
    let mut language = match arguments.file.exists() {
        true => open_language(&arguments.file)?,
        false => Language {
            name: arguments.file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            ..Language::default()
        },
    };
    let before = language.clone();
    let library = Library::shared();
    for path in &arguments.drawings {
        let named = || path.display().to_string();
        let drawing = Arc::new(open_sketch(path)?);
        if drawing.raster.is_some() {
            // In a picture the network tells ink from what is printed there.
            library.shape_of(&drawing).with_context(named)?;
        }
        language.teach(&arguments.sign, drawing).with_context(named)?;
    }
    let sign = language.sign_mut(arguments.sign.trim()).context("the sign was taught")?;
    let meaning = &mut sign.meaning;
    meaning.pitch_midi = arguments.pitch.or(meaning.pitch_midi);
    meaning.loudness_db = arguments.loudness.or(meaning.loudness_db);
    meaning.family = arguments.family.or(meaning.family);
    meaning.brightness = arguments.brightness.or(meaning.brightness);
    meaning.roughness = arguments.roughness.or(meaning.roughness);
    write(&arguments.file, &language)?;
    show(&language, &language.forgotten_since(&before), json)
}

fn write(path: &Path, language: &Language) -> Result<()> {
    let bytes = language.to_file().with_context(|| path.display().to_string())?;
    disk::replace(path, &bytes).map_err(anyhow::Error::msg)
}

/// Prints a language, and which signs of it are there no more.
fn show(language: &Language, forgotten: &[&str], json: bool) -> Result<()> {
    let signs = language.signs.iter().map(|sign| SignReport {
        name: &sign.name,
        examples: sign.examples.len(),
        meaning: &sign.meaning,
    });
    let report = LanguageReport {
        name: &language.name,
        scale: language.legend.scale.to_string(),
        signs: signs.collect(),
        forgotten: forgotten.to_vec(),
    };
    emit(json, &report, || {
        let line = |sign: &SignReport<'_>| {
            let examples = if sign.examples == 1 { "example" } else { "examples" };
            format!(
                "  {:<24}{:>3} {examples:<10}{}",
                sign.name,
                sign.examples,
                language.words_of(sign.meaning).join(", ")
            )
        };
        let signs: Vec<String> = report.signs.iter().map(line).collect();
        format!("{}\n{}{}", report.name, signs.join("\n"), forgotten_words(&report.forgotten))
    })
}

/// A line for each sign that is there no more.
fn forgotten_words(names: &[impl AsRef<str>]) -> String {
    names
        .iter()
        .map(|name| format!("\n  forgotten  {}: no drawing of it is left", shown(name.as_ref())))
        .collect()
}

fn merge(arguments: &Merge, json: bool) -> Result<()> {
    let mut language = open_language(&arguments.file)?;
    let before = language.clone();
    let named = || arguments.out.display().to_string();
    let is_kept = || Some(arguments.file.canonicalize().ok()? == arguments.out.canonicalize().ok()?);
    let is_free = !arguments.out.exists() || is_kept().unwrap_or(false);
    ensure!(is_free, "{}: it is there already; name a new file by --out", named());
    let other = open_language(&arguments.other)?;
    let merged = language.merge_by(&other, &drawn_like(&before)).with_context(named)?;
    settle(&mut language, &merged.clashes, arguments.clashes).with_context(named)?;
    write(&arguments.out, &language)?;
    let clashes = merged.clashes.iter().map(Clash::words).collect();
    let [signs, examples] = language.new_since(&before);
    let forgotten = language.forgotten_since(&before).into_iter().map(str::to_string).collect();
    let report = MergeReport { signs, examples, left_out: merged.left_out, clashes, forgotten };
    emit(json, &report, || {
        let mut text = format!("{} new signs, {} new examples", report.signs, report.examples);
        if report.left_out > 0 {
            let drawings = counted(report.left_out, "drawing");
            text += &format!("\n  left out   {drawings} for which there is no room");
        }
        for clash in &report.clashes {
            text += &format!("\n  clash      {clash}");
        }
        text + &forgotten_words(&report.forgotten)
    })
}

/// What says which sign of a language another sign is drawn like, if any: the one that the most alike of its drawings is
/// taken for.
fn drawn_like(language: &Language) -> impl Fn(&Sign) -> Option<String> + use<> {
    let library = Library::shared();
    let (signs, failed) = practised(language, &library);
    failed.iter().for_each(|cause| eprintln!("{}", one_line(cause)));
    move |sign| {
        let taken_for = sign.examples.iter().filter_map(|example| {
            let mut shape = Shape::of(example, &library).ok()?;
            signs.look_closely(&mut shape, &library).sign().cloned()
        });
        taken_for.max_by(|a, b| a.similarity.total_cmp(&b.similarity)).map(|likest| likest.name)
    }
}

/// Settles all clashes in one way.
fn settle(language: &mut Language, clashes: &[Clash], by: Settle) -> Result<(), LanguageError> {
    let is_added = |clash: &&Clash| match by {
        Settle::Mine => false,
        Settle::Theirs => matches!(clash, Clash::Drawings(_)),
        Settle::Both => clash.is_of_signs(),
    };
    let signs = language.signs.len() + clashes.iter().filter(is_added).count();
    if signs > Language::MAX_SIGNS {
        return Err(LanguageError::TooMany(signs));
    }
    clashes.iter().try_for_each(|clash| match by {
        Settle::Mine => Ok(()),
        Settle::Theirs => language.take_theirs(clash),
        Settle::Both => language.keep_both(clash),
    })
}

fn print(language: &Language, out: &Path, json: bool) -> Result<()> {
    page_file::write(out, language.to_svg())?;
    let report = PrintReport { page: out.display().to_string() };
    emit(json, &report, || report.page.clone())
}

fn within(low: f32, high: f32) -> impl Fn(&str) -> Result<f32> + Clone + Send + Sync {
    move |text| {
        let value: f32 = text.parse().context("it is no number")?;
        ensure!((low..=high).contains(&value), "it is not in {low}..{high}");
        Ok(value)
    }
}
