//! `neume train sound`: the network that labels sounds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use neume_models::Family;
use neume_models::train::labels;
use neume_models::train::sound::{Config, run as teach};
use neume_models::train::sound_augment::LabelledSound;
use neume_models::train::sound_deck::Fold;
use rayon::prelude::*;

use super::progress;
use super::train::{
    self, HeldOut, Outcome, Settings, Workplace, curves_of, deliver, files_below, look_every, on_all_threads,
    watch,
};
use super::training_picture::{Confusion, Curves};

/// What the training takes.
#[derive(Debug, Clone, Args)]
pub struct SoundOptions {
    #[command(flatten)]
    common: train::Options,
    /// Leave out this part of the instruments to judge by, `0/4` being the first of four; `none` learns from all.
    #[arg(long, default_value = "0/4", value_name = "PART/PARTS")]
    held_out: HeldOut,
    /// The licence of the data, for the card.
    #[arg(long, default_value = "licence not stated")]
    licence: String,
}

/// Runs the command.
pub fn run(options: &SoundOptions, json: bool) -> Result<ExitCode> {
    let common = &options.common;
    ensure!(!common.data.is_empty(), "a sound network learns from sounds: name their folders by --data");
    let workplace = Workplace::open(&common.out, "sound")?;
    let sounds = on_all_threads(|| sounds_of(&common.data))?;
    let steps = common.steps.map_or(Config::default().steps, |steps| steps as usize);
    let other = options.held_out.to_string();
    let settings = Settings { seed: common.seed, steps, examples: sounds.len(), other };
    let config = Config {
        seed: common.seed,
        steps,
        fold: options.held_out.0.map(|(left_out, of)| Fold { left_out, of }),
        command: command_of(options, steps),
        data: format!("{} sounds of{}; {}", sounds.len(), common.data_arguments(), options.licence),
        look_every: look_every(steps),
        resume: workplace.resume(&settings)?,
        ..Config::default()
    };
    let trained = watch(&workplace, steps, |on_step| teach(&config, &sounds, on_step))?;
    let [loss, held_out] = curves_of(&trained.history);
    let title = "The sound network learns";
    let classes: Vec<&str> = Family::ALL.iter().map(|family| family.label()).collect();
    let counts: Vec<Vec<u32>> = trained.card.metrics.confusion.iter().map(|row| row.to_vec()).collect();
    let held_out_name = "surprise at families of held-out instruments, nats";
    let outcome = Outcome {
        weights: &trained.weights,
        card: &trained.card,
        curves: Curves { title, loss: &loss, held_out: &held_out, held_out_name },
        confusion: Confusion {
            title: "Families of held-out instruments",
            classes: &classes,
            counts: &counts,
        },
        calibration: None,
        table: String::new(),
    };
    deliver(&workplace, &outcome, json)
}

/// The command that trains the same weights again.
fn command_of(options: &SoundOptions, steps: usize) -> String {
    let (data, seed, held_out) = (options.common.data_arguments(), options.common.seed, options.held_out);
    format!("neume train sound{data} --seed {seed} --steps {steps} --held-out {held_out}")
}

/// Every labelled sound of the folders, decoded. Files whose path says nothing are passed over; one that says a
/// label and cannot be decoded is told and left out.
fn sounds_of(folders: &[PathBuf]) -> Result<Vec<LabelledSound>> {
    let labelled: Vec<(PathBuf, labels::Label)> = files_below(folders)?
        .into_iter()
        .filter(|path| is_audio(path))
        .filter_map(|path| {
            labels::from_path(&path.to_string_lossy().replace('\\', "/")).map(|label| (path, label))
        })
        .collect();
    ensure!(!labelled.is_empty(), "{}: no sound in it has a label in its path", folders[0].display());
    let bar = progress::bar("decoding", labelled.len() as u64);
    let sounds = labelled
        .into_par_iter()
        .filter_map(|(path, label)| {
            bar.inc(1);
            match neume_bank::decode::decode(&path) {
                Ok(decoded) => LabelledSound::new(label, &decoded.audio.mono(), decoded.audio.rate_hz),
                Err(cause) => {
                    bar.suspend(|| eprintln!("left out: {cause}"));
                    None
                }
            }
        })
        .collect();
    bar.finish_and_clear();
    Ok(sounds)
}

fn is_audio(path: &Path) -> bool {
    let known = ["wav", "flac", "ogg", "mp3", "aif", "aiff", "m4a", "caf"];
    path.extension().is_some_and(|extension| known.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
