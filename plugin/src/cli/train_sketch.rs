//! `neume train sketch`: the network that reads drawings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use neume_models::Family;
use neume_models::train::sketch::{Config, run as teach};

use super::train::{
    Options, Outcome, Settings, Workplace, curves_of, deliver, files_below, look_every, watch,
};
use super::training_picture::{Confusion, Curves};

/// The strokes of one sign that a person drew: x and y of each point, y up.
type Sign = Vec<Vec<[f32; 2]>>;

/// Largest stroke file that is opened, in bytes.
const MAX_SIGN_BYTES: u64 = 1 << 20;

/// Runs the command.
pub fn run(options: &Options, json: bool) -> Result<ExitCode> {
    let workplace = Workplace::open(&options.out, "sketch")?;
    let signs = signs_of(&options.data)?;
    let steps = options.steps.map_or(Config::default().steps, |steps| steps as usize);
    let settings = Settings { seed: options.seed, steps, examples: signs.len(), other: String::new() };
    let config = Config {
        seed: options.seed,
        steps,
        signs,
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

/// The command that trains the same weights again.
fn command_of(options: &Options, steps: usize) -> String {
    let data: String = options.data.iter().map(|folder| format!(" --data {}", folder.display())).collect();
    format!("neume train sketch{data} --seed {} --steps {steps}", options.seed)
}

/// Every stroke file of the folders.
fn signs_of(folders: &[PathBuf]) -> Result<Vec<Sign>> {
    let files = files_below(folders)?;
    let is_text = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "txt");
    let signs: Vec<Sign> = files.iter().filter(is_text).map(|path| read_sign(path)).collect::<Result<_>>()?;
    ensure!(
        folders.is_empty() || !signs.is_empty(),
        "{}: there are no stroke files (.txt) in it",
        folders[0].display()
    );
    Ok(signs)
}

fn read_sign(path: &Path) -> Result<Sign> {
    let named = || path.display().to_string();
    let size = path.metadata().with_context(named)?.len();
    ensure!(size <= MAX_SIGN_BYTES, "{}: a stroke file of more than 1 MiB is over the limit", path.display());
    parse_sign(&std::fs::read_to_string(path).with_context(named)?).with_context(named)
}

/// Omniglot's format: `START`, lines of `x,y,milliseconds`, and `BREAK` where the pen was lifted.
fn parse_sign(text: &str) -> Result<Sign> {
    let mut strokes = vec![Vec::new()];
    for (number, line) in text.lines().enumerate() {
        match line.trim() {
            "" | "START" => {}
            "BREAK" => strokes.push(Vec::new()),
            point => {
                let mut numbers = point.split(',').map(|part| part.trim().parse::<f32>().ok());
                let (x, y) = (numbers.next().flatten(), numbers.next().flatten());
                let at = x.zip(y).filter(|(x, y)| x.is_finite() && y.is_finite());
                let (x, y) = at.with_context(|| format!("line {} is no point of a pen", number + 1))?;
                strokes.last_mut().context("a stroke has begun")?.push([x, y]);
            }
        }
    }
    strokes.retain(|stroke| !stroke.is_empty());
    ensure!(!strokes.is_empty(), "there is no stroke in it");
    Ok(strokes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_end_where_the_pen_is_lifted() {
        let sign = parse_sign("START\n1.5,-2,0\n3,-4,10\nBREAK\n5,-6,20\nBREAK\n").unwrap();
        assert_eq!(sign, [vec![[1.5, -2.0], [3.0, -4.0]], vec![[5.0, -6.0]]]);
    }

    #[test]
    fn files_that_hold_no_pen_movement_are_refused() {
        for text in ["", "START\nBREAK\n", "START\n1;2;3\n", "NaN,1,2\n", "a licence\n"] {
            assert!(parse_sign(text).is_err(), "{text:?}");
        }
    }
}
