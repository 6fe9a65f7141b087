//! `neume train`: teaches the networks, with progress, checkpoints and pictures of how it went.
//!
//! A training that is interrupted goes on where it was when the same command runs again; one that ended is not overwritten.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, Subcommand};
use neume::{disk, own_weights};
use neume_models::train::Progress;
use neume_models::weights::Weights;
use serde::{Deserialize, Serialize};

use super::interruption::Interruption;
use super::progress;
use super::report::{emit, one_line};
use super::training_history::History;
use super::training_picture::{ClassFigures, Confusion, Curves, Reliability, write_curves};
use super::{train_sign, train_sketch, train_sound};

/// Which network.
#[derive(Debug, Subcommand)]
pub enum Arguments {
    /// The network that reads drawings. It learns from drawings of Neume's own making; `--data` adds pen movements
    /// of people (Omniglot's stroke files), or with `--labels` pictures of your own.
    Sketch(train_sketch::SketchOptions),
    /// The network that tells signs apart. It learns from pen movements, `ALPHABET/SIGN/DRAWING_PERSON.txt`, as
    /// Omniglot's stroke files are named.
    Sign(train_sign::SignOptions),
    /// The network that labels sounds. It learns from labelled folders, `FAMILY/INSTRUMENT/NOTE_n.wav`, or files
    /// named as NSynth's are.
    Sound(train_sound::SoundOptions),
}

/// What both trainings take.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Folders to learn from.
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    pub data: Vec<PathBuf>,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Steps of training; without it, as many as the network's own recipe says. 0 learns nothing and examines what
    /// `--start` names, or with `--labels` what is built in.
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub steps: Option<u32>,
    /// Where weights, card, pictures and checkpoints go.
    #[arg(long, value_name = "FOLDER", default_value = "trained")]
    pub out: PathBuf,
}

impl Options {
    /// Steps of the training, `usual` ones where nothing is said; `starts` where it goes on from weights.
    ///
    /// # Errors
    /// No steps and no weights.
    pub fn steps(&self, usual: usize, starts: bool) -> Result<usize> {
        let steps = self.steps.map_or(usual, |steps| steps as usize);
        ensure!(
            steps > 0 || starts,
            "--steps 0 learns nothing: it examines weights that --start names, or what is built in with --labels"
        );
        Ok(steps)
    }

    /// The data as it stands on the command line.
    pub fn data_arguments(&self) -> String {
        self.data.iter().map(|folder| format!(" --data {}", folder.display())).collect()
    }
}

/// Which part of the data is left out to judge by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldOut(pub Option<(usize, usize)>);

impl std::str::FromStr for HeldOut {
    type Err = String;

    fn from_str(text: &str) -> Result<HeldOut, String> {
        if text == "none" {
            return Ok(HeldOut(None));
        }
        let parts =
            text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
        match parts {
            Some((part, parts)) if part < parts && parts > 1 => Ok(HeldOut(Some((part, parts)))),
            _ => Err(format!("`{text}` is neither `none` nor PART/PARTS, for example 0/4")),
        }
    }
}

impl std::fmt::Display for HeldOut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((part, parts)) => write!(f, "{part}/{parts}"),
            None => f.write_str("none"),
        }
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    match arguments {
        Arguments::Sketch(options) => train_sketch::run(options, json),
        Arguments::Sign(options) => train_sign::run(options, json),
        Arguments::Sound(options) => train_sound::run(options, json),
    }
}

/// The files of a training, in its folder.
pub struct Workplace {
    folder: PathBuf,
    network: &'static str,
}

/// What must be the same for a training to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Seed.
    pub seed: u64,
    /// Steps in all.
    pub steps: usize,
    /// Examples that were given.
    pub examples: usize,
    /// What else distinguishes it.
    pub other: String,
}

impl Workplace {
    /// Opens the folder, making it where it is not there.
    ///
    /// # Errors
    /// Names the folder and the cause; weights of a training that ended here, which are not overwritten in silence.
    pub fn open(folder: &Path, network: &'static str) -> Result<Workplace> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let workplace = Workplace { folder: folder.to_path_buf(), network };
        let weights = workplace.path("safetensors");
        // Beside a checkpoint they are of the same training, which was interrupted while it wrote its files.
        ensure!(
            !weights.exists() || workplace.has_checkpoint(),
            "{}: a training ended here; name another folder by --out, or remove the file",
            weights.display()
        );
        Ok(workplace)
    }

    fn has_checkpoint(&self) -> bool {
        self.path("checkpoint").exists()
    }

    /// The checkpoint of an interrupted training with these settings, if there is one.
    ///
    /// # Errors
    /// A checkpoint of a training with other settings: it is not overwritten in silence.
    pub fn resume(&self, settings: &Settings) -> Result<Option<Vec<u8>>> {
        let checkpoint = self.path("checkpoint");
        if !self.has_checkpoint() {
            self.keep("run.json", serde_json::to_string_pretty(settings)?.as_bytes())?;
            return Ok(None);
        }
        let path = self.path("run.json");
        let named = || path.display().to_string();
        let begun: Settings =
            serde_json::from_slice(&std::fs::read(&path).with_context(named)?).with_context(named)?;
        if begun != *settings {
            bail!(
                "{}: a training with other settings was interrupted here; finish it with them, or remove the file",
                checkpoint.display()
            );
        }
        let bytes = std::fs::read(&checkpoint).with_context(|| checkpoint.display().to_string())?;
        eprintln!("{}", one_line(&format!("going on from {}", checkpoint.display())));
        Ok(Some(bytes))
    }

    /// Writes a file of the training, whole or not at all, and says where it is.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn keep(&self, ending: &str, bytes: &[u8]) -> Result<PathBuf> {
        let path = self.path(ending);
        neume::disk::replace(&path, bytes).map_err(anyhow::Error::msg)?;
        Ok(path)
    }

    /// Ends the training: nothing is left to go on from.
    pub fn finish(&self) {
        for ending in ["checkpoint", "history", "run.json"] {
            // It is there only where the training was long enough.
            std::fs::remove_file(self.path(ending)).ok();
        }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.folder.join(format!("{}.{ending}", self.network))
    }
}

/// What a training gave, besides its weights.
pub struct Outcome<'a, C> {
    /// A safetensors file.
    pub weights: &'a [u8],
    /// Command, seed, data, licence, metrics.
    pub card: &'a C,
    /// Of the loss.
    pub curves: Curves<'a>,
    /// Of the families.
    pub confusion: Confusion<'a>,
    /// How often confidences were right, if the network says any.
    pub calibration: Option<Reliability<'a>>,
    /// More figures, for the eye.
    pub table: String,
}

#[derive(Serialize)]
struct Report<'a, C> {
    weights: String,
    card: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    curves: Option<String>,
    confusion: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<String>,
    classes: Vec<ClassFigures>,
    figures: &'a C,
}

/// Writes weights, card and pictures, and prints what was learned.
///
/// # Errors
/// Names the file and the cause.
pub fn deliver<C: Serialize>(
    workplace: &Workplace,
    outcome: &Outcome<'_, C>,
    json: bool,
) -> Result<ExitCode> {
    let shown = |path: PathBuf| path.display().to_string();
    let weights = shown(workplace.keep("safetensors", outcome.weights)?);
    let card = shown(workplace.keep("json", serde_json::to_string_pretty(outcome.card)?.as_bytes())?);
    // Where nothing was learned there are no curves.
    let curves = Some(workplace.path("curves.png")).filter(|_| !outcome.curves.loss.is_empty());
    curves.as_ref().map_or(Ok(()), |path| write_curves(&outcome.curves, path))?;
    let confusion = workplace.path("confusion.png");
    outcome.confusion.write(&confusion)?;
    let calibration = outcome.calibration.as_ref().map(|_| workplace.path("calibration.png"));
    if let Some((reliability, path)) = outcome.calibration.as_ref().zip(calibration.as_ref()) {
        reliability.write(path)?;
    }
    workplace.finish();
    let classes = outcome.confusion.figures();
    let report = Report {
        weights,
        card,
        curves: curves.map(shown),
        confusion: shown(confusion),
        calibration: calibration.map(shown),
        classes,
        figures: outcome.card,
    };
    emit(json, &report, || {
        let mut text = String::from("  class         right of examples\n");
        for class in &report.classes {
            let share = 100.0 * class.right as f32 / class.examples as f32;
            text += &match class.examples {
                0 => format!("  {:<13}    no examples\n", class.class),
                examples => format!("  {:<13} {share:>4.0} % of {examples}\n", class.class),
            };
        }
        text += &outcome.table;
        let pictures = [("curves", &report.curves), ("calibration", &report.calibration)];
        let pictures = pictures.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)));
        let files = [("weights", &report.weights), ("card", &report.card), ("confusion", &report.confusion)];
        for (name, path) in files.into_iter().chain(pictures) {
            text += &format!("  {name:<13} {path}\n");
        }
        let folder = Path::new(&report.weights).parent().unwrap_or(Path::new(".")).display();
        text += &format!("Neume reads with what is in {}={folder}", own_weights::VARIABLE);
        let usual = own_weights::usual_folder();
        text + &usual
            .map_or(".\n".to_string(), |usual| format!(", and always with what is in {}.\n", usual.display()))
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Steps between two looks at what is held out, and between two checkpoints: often enough to lose little.
pub fn look_every(steps: usize) -> usize {
    (steps / 20).clamp(10, 200)
}

/// The arguments that name the weights to start from.
pub fn start_arguments(start: &[PathBuf]) -> String {
    start.iter().map(|file| format!(" --start {}", file.display())).collect()
}

/// The weights of a file, or the mean of those of several, if they are those of the network that is made from them; none
/// for no file.
///
/// # Errors
/// A file that cannot be read, and weights that do not fit.
pub fn weights_of<N>(
    files: &[PathBuf],
    network: fn(&[u8]) -> Result<N, neume_models::Error>,
) -> Result<Option<Vec<u8>>> {
    let read = |path: &PathBuf| {
        let named = || path.display().to_string();
        let bytes = disk::read(path, Weights::MAX_BYTES as u64).map_err(anyhow::Error::msg)?;
        network(&bytes).with_context(named)?;
        Weights::from_bytes(&bytes).with_context(named)
    };
    let all: Vec<Weights> = files.iter().map(read).collect::<Result<_>>()?;
    Ok(if all.is_empty() { None } else { Some(Weights::mean(&all)?.to_bytes()?) })
}

/// Runs `work` on a pool of as many threads as the machine has.
///
/// # Errors
/// Those of the work, and a system that starts no threads.
pub fn on_all_threads<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    rayon::ThreadPoolBuilder::new().build()?.install(work)
}

/// What a training is told after every step, and whether it goes on.
type OnStep<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;

/// Runs a training on all threads, shows how far it is, and keeps its checkpoints. Ctrl-C ends the process and says how to
/// go on. Gives what was trained and every step, those of earlier runs included.
///
/// # Errors
/// Those of the training, and of a checkpoint that cannot be written: what was kept before is still there.
pub fn watch<T: Send>(
    workplace: &Workplace,
    steps: usize,
    teach: impl FnOnce(&mut OnStep<'_>) -> Result<T, neume_models::Error> + Send,
) -> Result<(T, Vec<Progress>)> {
    let mut history = History::open(workplace.path("history"), workplace.has_checkpoint())?;
    let bar = progress::bar("training", steps as u64);
    let interruption = Interruption::watch(steps, workplace.has_checkpoint(), bar.clone())?;
    let mut failure = None;
    let trained = on_all_threads(|| {
        let trained = teach(&mut |progress| {
            bar.set_position(progress.step as u64);
            let added = history.add(progress);
            let keep = |checkpoint: &Arc<[u8]>| {
                history.keep()?;
                workplace.keep("checkpoint", checkpoint).map(drop)
            };
            let kept = interruption.stepped(progress.step, progress.checkpoint.as_ref(), keep);
            match added.and(kept) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        Ok(trained?)
    });
    bar.finish_and_clear();
    match failure {
        Some(error) => Err(error),
        None => Ok((trained?, history.steps())),
    }
}

/// The loss of every step, and what was measured on held-out examples on some.
pub fn curves_of(history: &[Progress]) -> [Vec<(f32, f32)>; 2] {
    let loss = history.iter().map(|at| (at.step as f32, at.loss)).collect();
    let held_out = history.iter().filter_map(|at| Some((at.step as f32, at.held_out?))).collect();
    [loss, held_out]
}

/// Every file below the folders, sorted, so that the order does not depend on the system.
///
/// # Errors
/// Names the folder that cannot be listed and the cause; more than a million files are over the limit.
pub fn files_below(folders: &[PathBuf]) -> Result<Vec<PathBuf>> {
    const LIMIT: usize = 1_000_000;
    let mut files = Vec::new();
    let mut open = folders.to_vec();
    while let Some(folder) = open.pop() {
        let named = || folder.display().to_string();
        for entry in std::fs::read_dir(&folder).with_context(named)? {
            let entry = entry.with_context(named)?;
            // A link is not followed: it might lead back here.
            let kind = entry.file_type().with_context(named)?;
            if kind.is_dir() {
                open.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
            ensure!(files.len() <= LIMIT, "{}: more than {LIMIT} files are over the limit", named());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_is_left_out_is_one_of_several() {
        assert_eq!("1/4".parse(), Ok(HeldOut(Some((1, 4)))));
        assert_eq!("none".parse(), Ok(HeldOut(None)));
        for text in ["4/4", "0/1", "0/0", "x", "", "-1/4"] {
            assert!(text.parse::<HeldOut>().is_err(), "{text}");
        }
    }
}
