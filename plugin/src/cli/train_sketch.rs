//! `neume train sketch`: the network that reads drawings.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use neume_models::Family;
use neume_models::train::drawing::HandDrawn;
use neume_models::train::exam::{Metrics, Shares, StyleMarks};
use neume_models::train::sketch::{Config, run as teach};

use super::pen_file;
use super::train::{
    Options, Outcome, Settings, Workplace, curves_of, deliver, files_below, look_every, watch,
};
use super::training_picture::{Confusion, Curves, Reliability};

/// Runs the command.
pub fn run(options: &Options, json: bool) -> Result<ExitCode> {
    let workplace = Workplace::open(&options.out, "sketch")?;
    let signs = signs_of(&options.data)?;
    let examples = signs.len();
    let (held_out_signs, signs) = signs.into_iter().partition(|sign| sign.person.is_multiple_of(HELD_OUT));
    let steps = options.steps.map_or(Config::default().steps, |steps| steps as usize);
    let settings = Settings { seed: options.seed, steps, examples, other: String::new() };
    let config = Config {
        seed: options.seed,
        steps,
        signs,
        held_out_signs,
        command: command_of(options, steps),
        look_every: look_every(steps),
        resume: workplace.resume(&settings)?,
        ..Config::default()
    };
    let trained = watch(&workplace, steps, |on_step| teach(&config, on_step))?;
    let [loss, held_out] = curves_of(&trained.history);
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
fn command_of(options: &Options, steps: usize) -> String {
    format!("neume train sketch{} --seed {} --steps {steps}", options.data_arguments(), options.seed)
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
