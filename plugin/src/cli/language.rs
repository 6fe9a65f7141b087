//! `neume language`: a composer's language as a file: taught, changed, merged, shown and printed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};
use neume::figures::counted;
use neume::language::{BoundSound, Clash, Language, LanguageError, Meaning, Sign};
use neume::library::Library;
use neume::signs::{Kept, Likeness, Signs};
use neume_models::Family;
use neume_models::legend::note_name;
use serde::Serialize;

use super::args::{family, open_language, open_sketch};
use super::language_edit::{self, Place};
use super::report::{emit, one_line, shown};
use super::sign::practised;
use super::train::on_all_threads;
use super::{banks, page_file, progress, sound_name};

/// What to do with a language.
#[derive(Debug, Subcommand)]
pub enum Arguments {
    /// Teaches that drawings are a sign, and what it means. What is not said is left as it is; a sign that is new leaves
    /// everything to the legend. A file that is not there yet is made. A sign that is known needs no drawing to mean
    /// something else.
    Teach(Box<Teach>),
    /// Lists the legend, and the signs and what they mean.
    Show(Show),
    /// Forgets a sign, or one of its examples.
    Forget(language_edit::Forget),
    /// Calls a sign, or the language itself, by another name.
    Rename(language_edit::Rename),
    /// Leaves aspects of a sign to the legend again.
    Unbind(language_edit::Unbind),
    /// Says what drawings mean that are no sign: the pad's rows, how loud thin and thick strokes are, the families of the hues,
    /// the aspects that count.
    Legend(language_edit::Legend),
    /// Takes over the signs of another language. What means something else there, or is drawn as another sign here, is a
    /// clash: it is listed, and nothing is overwritten unless `--clashes` says so.
    Merge(Merge),
    /// Draws the language on a page, as SVG or PNG by the name of the file.
    Print(Print),
}

/// See [`Arguments::Teach`].
#[derive(Debug, Args)]
pub struct Teach {
    #[command(flatten)]
    place: Place,
    /// The sign's name.
    #[arg(long, required_unless_present = "no_sign")]
    sign: Option<String>,
    /// The drawings are no sign, whatever they resemble.
    #[arg(long, conflicts_with_all = ["sign", "meaning"], requires = "drawings")]
    no_sign: bool,
    /// Its drawings: pictures, or `.neume` files.
    #[arg(value_name = "PICTURE|FILE.neume")]
    drawings: Vec<PathBuf>,
    #[command(flatten)]
    meaning: Bound,
}

/// What a sign is said to mean.
#[derive(Debug, Args)]
#[group(id = "meaning", multiple = true)]
struct Bound {
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
    /// It stands for this sound and no other: its name, or words of it.
    #[arg(long, value_name = "NAME")]
    sound: Option<OsString>,
    /// The folder that has the sound; without it, the factory bank.
    #[arg(long, value_name = "FOLDER", requires = "sound")]
    bank: Option<PathBuf>,
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
    /// Width of the thinnest and the thickest stroke that are told apart, as fractions of the pad's height.
    width_norm: [f32; 2],
    /// The loudness of those two, in dB.
    loudness_db: [f32; 2],
    /// The families of the twelve hues, from that at 0 degrees.
    palette: [Family; Family::COUNT],
    /// What drawings speak of.
    aspects: Vec<&'static str>,
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
    /// A sentence each.
    clashes: Vec<String>,
    /// The same for scripts.
    clash_details: Vec<ClashReport>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forgotten: Vec<String>,
}

#[derive(Serialize)]
struct ClashReport {
    /// What differs: `meaning`, `drawings`, `shape`, `legend` or `aspects`.
    kind: &'static str,
    /// The other language's sign; `null` for what is about no sign.
    sign: Option<String>,
    /// What the language that is kept says.
    mine: String,
    /// What the other one says.
    theirs: String,
    sentence: String,
}

impl ClashReport {
    fn new(clash: &Clash, ours: &Language) -> ClashReport {
        let [mine, theirs] = clash.sides(ours);
        let sign = clash.sign().map(|sign| sign.name.clone());
        ClashReport { kind: clash.kind(), sign, mine, theirs, sentence: clash.words() }
    }
}

#[derive(Serialize)]
struct PrintReport {
    page: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let changes = !matches!(arguments, Arguments::Show(_) | Arguments::Print(_));
    let _turn = changes.then(language_edit::turn);
    match arguments {
        Arguments::Teach(arguments) => teach(arguments, json)?,
        Arguments::Show(Show { file }) => show(&open_language(file)?, &[], "", json)?,
        Arguments::Forget(arguments) => language_edit::forget(arguments, json)?,
        Arguments::Rename(arguments) => language_edit::rename(arguments, json)?,
        Arguments::Unbind(arguments) => language_edit::unbind(arguments, json)?,
        Arguments::Legend(arguments) => language_edit::legend(arguments, json)?,
        Arguments::Merge(arguments) => merge(arguments, json)?,
        Arguments::Print(Print { file, out }) => print(&open_language(file)?, out, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn teach(arguments: &Teach, json: bool) -> Result<()> {
    let Teach { place, drawings, .. } = arguments;
    place.check()?;
    let mut language = match place.file.exists() {
        true => open_language(&place.file)?,
        false => Language { name: name_of(&place.file), ..Language::default() },
    };
    let before = language.clone();
    let library = Library::shared();
    for path in drawings {
        let named = || path.display().to_string();
        let drawing = Arc::new(open_sketch(path)?);
        if drawing.raster.is_some() {
            // In a picture the network tells ink from what is printed there.
            library.shape_of(&drawing).with_context(named)?;
        }
        let taught = match &arguments.sign {
            Some(sign) => language.teach(sign, drawing),
            None => language.teach_plain(drawing),
        };
        taught.with_context(named)?;
    }
    if let Some(name) = &arguments.sign {
        let named = || format!("{}: a sign that is new needs a drawing", place.file.display());
        let sign = language_edit::sign_of(&mut language, name).with_context(named)?;
        arguments.meaning.bind(&mut sign.meaning)?;
    }
    place.write(&language)?;
    show(&language, &language.forgotten_since(&before), NONE_LEFT, json)
}

/// What a new language is called: as its file.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().filter(|c| !c.is_control()).take(Language::MAX_NAME_CHARS).collect()
}

impl Bound {
    /// Binds what is said; the rest stays.
    fn bind(&self, meaning: &mut Meaning) -> Result<()> {
        meaning.pitch_midi = self.pitch.or(meaning.pitch_midi);
        meaning.loudness_db = self.loudness.or(meaning.loudness_db);
        meaning.family = self.family.or(meaning.family);
        meaning.brightness = self.brightness.or(meaning.brightness);
        meaning.roughness = self.roughness.or(meaning.roughness);
        if let Some(name) = &self.sound {
            // The language may be read in another folder than this one.
            let folder = self.bank.as_deref().map(std::path::absolute).transpose()?;
            let (bank, from) = banks::open(folder.as_deref())?;
            let (sound, place) = sound_name::find(&bank, name)?;
            let instrument = bank.name_among_others(sound.id, place).map(str::to_string);
            let (source, name) = (sound.source.clone(), sound.name.clone());
            meaning.sound = Some(BoundSound { sound: sound.id, instrument, source, bank: from, name });
        }
        Ok(())
    }
}

/// Why a sign is forgotten that nobody asked to forget.
const NONE_LEFT: &str = ": no drawing of it is left";

/// Prints a language, and which signs of it are there no more.
pub fn show(language: &Language, forgotten: &[&str], why: &str, json: bool) -> Result<()> {
    let signs = language.signs.iter().map(|sign| SignReport {
        name: &sign.name,
        examples: sign.examples.len(),
        meaning: &sign.meaning,
    });
    let scale = language.legend.scale;
    let report = LanguageReport {
        name: &language.name,
        scale: scale.to_string(),
        width_norm: language.legend.width_norm,
        loudness_db: language.legend.loudness_db,
        palette: language.legend.palette,
        aspects: language_edit::aspects(&language.spoken),
        signs: signs.collect(),
        forgotten: forgotten.to_vec(),
    };
    emit(json, &report, || {
        let line = |sign: &SignReport<'_>| {
            let examples = if sign.examples == 1 { "example" } else { "examples" };
            format!(
                "  {:<24}{:>3} {examples:<10}{}",
                shown(sign.name),
                sign.examples,
                language.words_of(sign.meaning).join(", ")
            )
        };
        let [low, high] = [scale.low_midi(), scale.high_midi()].map(|midi| note_name(i32::from(midi)));
        let ([thin, thick], [soft, loud]) = (report.width_norm, report.loudness_db);
        let hue = |(hue, family): (usize, &Family)| format!("{} {}", 30 * hue, family.label());
        let hues: Vec<String> = report.palette.iter().enumerate().map(hue).collect();
        let aspects = if report.aspects.is_empty() { "nothing".into() } else { report.aspects.join(", ") };
        let legend = [
            format!("  rows       {low} to {high}, {} of them", scale.rows()),
            format!("  loudness   {soft} dB at {thin} of the pad's height, to {loud} dB at {thick}"),
            format!("  hues       {}", hues.join(", ")),
            format!("  aspects    {aspects}"),
        ];
        let signs = report.signs.iter().map(line);
        let lines: Vec<String> = legend.into_iter().chain(signs).collect();
        format!("{}\n{}{}", report.name, lines.join("\n"), forgotten_words(&report.forgotten, why))
    })
}

/// A line for each sign that is there no more.
fn forgotten_words(names: &[impl AsRef<str>], why: &str) -> String {
    names.iter().map(|name| format!("\n  forgotten  {}{why}", shown(name.as_ref()))).collect()
}

fn merge(arguments: &Merge, json: bool) -> Result<()> {
    let mut language = open_language(&arguments.file)?;
    let before = language.clone();
    let named = || arguments.out.display().to_string();
    language_edit::may_be_written(&arguments.out, &arguments.file)?;
    let other = open_language(&arguments.other)?;
    let drawn_like = drawn_like(&before, &other)?;
    let drawn_like = |sign: &Sign| drawn_like.get(&sign.name).map(|likest| likest.name.clone());
    let merged = language.merge_by(&other, &drawn_like).with_context(named)?;
    let details = merged.clashes.iter().map(|clash| ClashReport::new(clash, &language)).collect();
    settle(&mut language, &merged.clashes, arguments.clashes).with_context(named)?;
    language_edit::write(&arguments.out, &language)?;
    let clashes = merged.clashes.iter().map(Clash::words).collect();
    let [signs, examples] = language.new_since(&before);
    let forgotten = language.forgotten_since(&before).into_iter().map(str::to_string).collect();
    let left_out = merged.left_out;
    let report = MergeReport { signs, examples, left_out, clashes, clash_details: details, forgotten };
    emit(json, &report, || {
        let (signs, examples) = (counted(report.signs, "new sign"), counted(report.examples, "new example"));
        let mut text = format!("{signs}, {examples}");
        if report.left_out > 0 {
            let drawings = counted(report.left_out, "drawing");
            let most = Language::MAX_EXAMPLES;
            text += &format!("\n  left out   {drawings} for which there is no room: {most} are the most");
        }
        for clash in &report.clashes {
            text += &format!("\n  clash      {clash}");
        }
        text + &forgotten_words(&report.forgotten, NONE_LEFT)
    })
}

/// Which sign of a language each sign of another one is drawn like, if any, by the other's name. Only those of new names
/// are asked about.
fn drawn_like(language: &Language, other: &Language) -> Result<HashMap<String, Likeness>> {
    let is_new = |sign: &&Sign| language.sign(&sign.name).is_none();
    let new: Vec<Sign> = other.signs.iter().filter(is_new).cloned().collect();
    let new = Language { signs: new, ..Language::default() };
    let library = Library::shared();
    let (signs, failed) = practised(language, &library);
    failed.iter().for_each(|cause| eprintln!("{}", one_line(cause)));
    if signs.is_empty() || new.signs.is_empty() {
        return Ok(HashMap::new());
    }
    let count: usize = new.signs.iter().map(|sign| sign.examples.len()).sum();
    let bar = progress::bar("comparing", 2 * count as u64);
    let kept = Kept::open(&library);
    let mut others = Signs::default();
    // A drawing that cannot be read is like none.
    others.learn_by(&new, &library, &|drawing| {
        bar.inc(1);
        kept.shape(drawing, &library)
    });
    let found = on_all_threads(|| Ok(signs.drawn_like(&mut others, &library, &|| bar.inc(1))))?;
    bar.finish_and_clear();
    kept.keep(&[&signs, &others]);
    Ok(found)
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
