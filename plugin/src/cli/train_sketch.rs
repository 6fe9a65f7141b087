//! `neume train sketch`: the network that reads drawings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use neume::figures::counted;
use neume_models::train::drawing::HandDrawn;
use neume_models::train::exam::{Metrics, Shares, StyleMarks};
use neume_models::train::lesson::{Lesson, PictureLabels};
use neume_models::train::sketch::{Config, run as teach};

use neume_models::{Family, Legend, Scale, SketchNet};

use super::args::open_sketch;
use super::labels_file::{self, Row, folder_of};
use super::pen_file;
use super::progress;
use super::report::one_line;
use super::train::{
    self, Options, Outcome, Settings, Workplace, curves_of, deliver, files_below, look_every, watch,
};
use super::training_picture::{Confusion, Curves, Reliability};

/// What the training takes.
#[derive(Debug, Clone, Args)]
pub struct SketchOptions {
    #[command(flatten)]
    common: Options,
    /// What pictures of your own mean: a CSV with the column `file`, relative to the folder of `--data`, and any of
    /// `midi` or `y_norm`, `db` or `width_norm`, `family` (`open` for black ink), `brightness`, `roughness`. The network
    /// then starts from what it knows, and every fifth picture is held out.
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Weights of an earlier training to start from: a `sketch.safetensors`. Of several their mean.
    #[arg(long, value_name = "FILE")]
    start: Vec<PathBuf>,
    /// The rows of those pictures, as MIDI notes.
    #[arg(long, value_name = "LOW-HIGH", default_value_t = Scale::DEFAULT, allow_hyphen_values = true)]
    scale: Scale,
}

/// Steps of a training on pictures of the composer's own, where nothing else is said.
const OWN_STEPS: usize = 300;

/// Runs the command.
pub fn run(options: &SketchOptions, json: bool) -> Result<ExitCode> {
    let common = &options.common;
    let workplace = Workplace::open(&common.out, "sketch")?;
    let pictures = match &options.labels {
        Some(labels) => pictures_of(&common.data, labels, options.scale)?,
        None => Vec::new(),
    };
    let is_own = options.labels.is_some();
    let signs = if is_own { Vec::new() } else { signs_of(&common.data)? };
    let usual = if is_own { OWN_STEPS } else { Config::default().steps };
    let steps = common.steps(usual, is_own || !options.start.is_empty())?;
    let examples = signs.len() + pictures.len();
    let other = format!("{}{}", options.scale, train::start_arguments(&options.start));
    let settings = Settings { seed: common.seed, steps, examples, other };
    let start = train::weights_of(&options.start, SketchNet::from_weights)?;
    let start = start.or_else(|| is_own.then(|| SketchNet::EMBEDDED.to_vec()));
    let (held_out_signs, signs) = signs.into_iter().partition(|sign| sign.person.is_multiple_of(HELD_OUT));
    let (held_out_pictures, pictures) = divided(pictures);
    let config = Config {
        seed: common.seed,
        steps,
        signs,
        held_out_signs,
        start,
        pictures,
        held_out_pictures,
        data: format!(
            "{} of{}; every fifth is held out",
            counted(examples, "picture"),
            common.data_arguments()
        ),
        command: command_of(options, steps),
        look_every: look_every(steps),
        // A short training is not examined for longer than it lasted.
        exam: match steps {
            0 => Config::default().exam,
            steps => (32 * steps).clamp(128, Config::default().exam),
        },
        resume: workplace.resume(&settings)?,
        ..Config::default()
    };
    let (trained, history) = watch(&workplace, steps, |on_step| teach(&config, on_step))?;
    let [loss, held_out] = curves_of(&history);
    let title = "The sketch network learns";
    let classes: Vec<&str> = Family::ALL.iter().map(|family| family.label()).chain(["open"]).collect();
    let counts: Vec<Vec<u32>> = trained.confusion.iter().map(|row| row.to_vec()).collect();
    let reliability =
        trained.calibration.map(|bins| bins.map(|bin| (bin.answers, bin.confidence, bin.right)));
    let outcome = Outcome {
        weights: &trained.weights,
        card: &trained.card,
        curves: Curves { title, loss: &loss, held_out: &held_out, held_out_name: "held-out loss" },
        confusion: Confusion {
            title: "Families of drawings that were held out",
            classes: &classes,
            counts: &counts,
        },
        calibration: Some(Reliability {
            title: "Confidence of drawings that were held out, and how often it was right",
            aspects: &[
                ("pitch", &reliability[0]),
                ("loudness", &reliability[1]),
                ("family or open", &reliability[2]),
            ],
        }),
        table: table(&trained.card.metrics),
    };
    deliver(&workplace, &outcome, json)
}

/// The marks by style and by person, clean pages beside hard ones.
fn table(metrics: &Metrics) -> String {
    let shares = |of: &Shares| {
        format!(
            "{:>6} {:>6.1} {:>6.1} {:>6.1} {:>6.1} {:>6.1}",
            of.drawings,
            of.pitch_percent,
            of.ruler_percent,
            of.loudness_percent,
            of.family_percent,
            of.open_percent
        )
    };
    let columns =
        format!("{:>6} {:>6} {:>6} {:>6} {:>6} {:>6}", "number", "pitch", "ruler", "loud", "family", "open");
    let mut text = format!("\n  {:<14} {columns} | {columns}\n", "clean | hard, %");
    let all = StyleMarks { name: "all".to_string(), clean: metrics.clean.shares, hard: metrics.hard.shares };
    for marks in metrics.by_style.iter().chain(&metrics.by_person).chain([&all]) {
        text += &format!("  {:<14} {} | {}\n", marks.name, shares(&marks.clean), shares(&marks.hard));
    }
    for (page, marks) in [("clean", &metrics.clean), ("hard", &metrics.hard)] {
        text += &format!(
            "  calibration errors, {page}: pitch {:.3}, loudness {:.3}, family {:.3}\n",
            marks.pitch_calibration_error, marks.loudness_calibration_error, marks.family_calibration_error
        );
    }
    text + "\n"
}

/// Every fifth person is held out.
const HELD_OUT: u32 = 5;

/// The command that trains the same weights again.
fn command_of(options: &SketchOptions, steps: usize) -> String {
    let labels = options
        .labels
        .as_ref()
        .map_or(String::new(), |labels| format!(" --labels {} --scale {}", labels.display(), options.scale));
    let (data, seed) = (options.common.data_arguments(), options.common.seed);
    let start = train::start_arguments(&options.start);
    format!("neume train sketch{data}{labels}{start} --seed {seed} --steps {steps}")
}

/// Every fifth picture to judge by, the others to learn from.
fn divided(pictures: Vec<Lesson>) -> (Vec<Lesson>, Vec<Lesson>) {
    let fifth = |i: usize| i % HELD_OUT as usize == HELD_OUT as usize - 1;
    let (held_out, learned): (Vec<_>, Vec<_>) =
        pictures.into_iter().enumerate().partition(|(i, _)| fifth(*i));
    let alone = |all: Vec<(usize, Lesson)>| all.into_iter().map(|(_, lesson)| lesson).collect();
    (alone(held_out), alone(learned))
}

/// What may be said of a picture.
const COLUMNS: [&str; 7] = ["midi", "y_norm", "db", "width_norm", "family", "brightness", "roughness"];

/// What a line says of its picture.
fn labels_of(row: &Row, scale: Scale) -> Result<PictureLabels> {
    let legend = Legend { scale, ..Legend::default() };
    let labels = PictureLabels {
        y_norm: row.number("y_norm")?.or(row.number("midi")?.map(|midi| scale.y_of(midi))),
        width_norm: row.number("width_norm")?.or(row.number("db")?.map(|db| legend.width_norm_of(db))),
        hue: row.family()?.map(|family| family.map(Family::index)),
        brightness: row.number("brightness")?,
        roughness: row.number("roughness")?,
    };
    let numbers = [labels.y_norm, labels.width_norm, labels.brightness, labels.roughness];
    let fits = numbers.iter().flatten().all(|number| (0.0..=1.0).contains(number));
    ensure!(fits, "{}: a label is out of its range", row.file);
    ensure!(labels != PictureLabels::default(), "{}: nothing is said of it", row.file);
    Ok(labels)
}

/// The pictures that the labels name. One that cannot be read is told and left out.
fn pictures_of(folders: &[PathBuf], labels: &Path, scale: Scale) -> Result<Vec<Lesson>> {
    let named = || labels.display().to_string();
    let folder = folder_of(folders)?;
    let mut rows = Vec::new();
    for row in labels_file::read(labels)? {
        rows.push((folder.join(&row.file), labels_of(&row, scale).with_context(named)?, row));
    }
    let bar = progress::bar("opening", rows.len() as u64);
    let (mut lessons, mut taught) = (Vec::new(), Vec::new());
    for (path, labels, row) in &rows {
        let lesson = open_sketch(path).and_then(|sketch| {
            Lesson::of_picture(&sketch, labels).with_context(|| path.display().to_string())
        });
        match lesson {
            Ok(lesson) => {
                lessons.push(lesson);
                taught.push(row);
            }
            Err(cause) => bar.suspend(|| eprintln!("left out: {}", one_line(&format!("{cause:#}")))),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    ensure!(
        lessons.len() >= 10,
        "{}: {} that can be read: too few to teach, ten are needed",
        named(),
        counted(lessons.len(), "picture")
    );
    labels_file::check_classes(labels, &taught, &COLUMNS)?;
    Ok(lessons)
}

/// Every stroke file of the folders, `NAME_PERSON.txt`.
fn signs_of(folders: &[PathBuf]) -> Result<Vec<HandDrawn>> {
    let mut signs = Vec::new();
    for path in files_below(folders)? {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let person = stem.rsplit('_').next().and_then(|person| person.parse().ok());
        if let Some(person) = person.filter(|_| path.extension().is_some_and(|e| e == "txt")) {
            signs.push(HandDrawn { person, strokes: pen_file::read(&path)? });
        }
    }
    ensure!(
        folders.is_empty() || !signs.is_empty(),
        "{}: there are no stroke files (.txt) in it",
        folders[0].display()
    );
    Ok(signs)
}
