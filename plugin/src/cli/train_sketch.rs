//! `neume train sketch`: the network that reads drawings.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use neume_models::Family;
use neume_models::train::drawing::HandDrawn;
use neume_models::train::sketch::{Config, run as teach};

use super::pen_file;
use super::train::{
    Options, Outcome, Settings, Workplace, curves_of, deliver, files_below, look_every, watch,
};
use super::training_picture::{Confusion, Curves};

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
    let outcome = Outcome {
        weights: &trained.weights,
        card: &trained.card,
        curves: Curves { title, loss: &loss, held_out: &held_out, held_out_name: "held-out loss" },
        confusion: Confusion {
            title: "Families of drawings that were held out",
            classes: &classes,
            counts: &counts,
        },
    };
    deliver(&workplace, &outcome, json)
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
