//! `neume train sound`: the network that labels sounds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use neume::figures::counted;
use neume_models::train::labels;
use neume_models::train::sound::{Config, run as teach};
use neume_models::train::sound_augment::LabelledSound;
use neume_models::train::sound_deck::Fold;
use neume_models::train::sound_eval::Figures;
use neume_models::{Family, SoundNet};
use rayon::prelude::*;

use super::labels_file::{self, Row, folder_of};
use super::progress;
use super::report::one_line;
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
    /// What sounds of your own are: a CSV with the columns `file`, relative to the folder of `--data`, and `family`; and any
    /// of `instrument` (else the file's folder), and `midi`, a note or `none` (else what Neume hears). The network then
    /// starts from what it knows.
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Leave out this part of the origins to judge by, `0/4` being the first of four; `none` learns from all.
    #[arg(long, default_value = "0/4", value_name = "PART/PARTS")]
    held_out: HeldOut,
    /// Weights of an earlier training to start from: a `sound.safetensors`. Of several their mean.
    #[arg(long, value_name = "FILE")]
    start: Vec<PathBuf>,
    /// Teach the ear by which families are told, and leave all else as `--start` has it. It wants many instruments.
    #[arg(long, requires = "start", conflicts_with = "labels")]
    teach_ear: bool,
    /// The licence of the data, for the card.
    #[arg(long, default_value = "licence not stated")]
    licence: String,
}

/// Steps of a training on sounds of the composer's own, where nothing else is said.
const OWN_STEPS: usize = 300;
/// Steps of a training of the ear, likewise: what is left out is heard no better after more.
const EAR_STEPS: usize = 700;

/// How fast a network learns that knows nothing yet, one that goes on, and one that goes on with few sounds.
const RATES: [f32; 3] = [2e-3, 1e-3, 2e-4];
/// Examples a step while the ear learns.
const BATCH_OF_EAR: usize = 32;

/// Runs the command.
pub fn run(options: &SoundOptions, json: bool) -> Result<ExitCode> {
    let common = &options.common;
    ensure!(!common.data.is_empty(), "a sound network learns from sounds: name their folders by --data");
    let usual = match options.labels.is_some() {
        true => OWN_STEPS,
        false if options.teach_ear => EAR_STEPS,
        false => Config::default().steps,
    };
    let steps = common.steps(usual, options.labels.is_some() || !options.start.is_empty())?;
    let start = train::weights_of(&options.start, SoundNet::from_weights)?;
    let workplace = Workplace::open(&common.out, "sound")?;
    let sounds = on_all_threads(|| match &options.labels {
        Some(labels) => decoded(named_files(folder_of(&common.data)?, labels)?),
        None => sounds_of(&common.data),
    })?;
    ensure!(!sounds.is_empty(), "none of the sounds can be heard");
    let is_own = options.labels.is_some();
    let start = start.or_else(|| is_own.then(|| SoundNet::EMBEDDED.to_vec()));
    let other = format!("{}{}", options.held_out, beginning_of(options));
    let settings = Settings { seed: common.seed, steps, examples: sounds.len(), other };
    let config = Config {
        seed: common.seed,
        steps,
        fold: options.held_out.0.map(|(left_out, of)| Fold { left_out, of }),
        command: command_of(options, steps),
        data: format!(
            "{} of{}; {}",
            counted(sounds.len(), "sound"),
            common.data_arguments(),
            options.licence
        ),
        look_every: look_every(steps),
        rate: RATES[if is_own { 2 } else { usize::from(start.is_some()) }],
        start,
        teaches_ear: options.teach_ear,
        batch: if options.teach_ear { BATCH_OF_EAR } else { Config::default().batch },
        resume: workplace.resume(&settings)?,
    };
    let (trained, history) = watch(&workplace, steps, |on_step| teach(&config, &sounds, on_step))?;
    let [loss, held_out] = curves_of(&history);
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
        table: trained.before.as_ref().map_or(String::new(), |before| {
            let percent = |of: &Figures| (100.0 * of.family_right, 100.0 * of.root_right);
            let ((family, root), (family_now, root_now)) = (percent(before), percent(&trained.card.metrics));
            format!("  families right {family_now:.1} %, before {family:.1}; roots {root_now:.1} %, before {root:.1}\n")
        }),
    };
    deliver(&workplace, &outcome, json)
}

/// The command that trains the same weights again.
fn command_of(options: &SoundOptions, steps: usize) -> String {
    let (data, seed, held_out) = (options.common.data_arguments(), options.common.seed, options.held_out);
    let labels =
        options.labels.as_ref().map_or(String::new(), |file| format!(" --labels {}", file.display()));
    let beginning = beginning_of(options);
    format!("neume train sound{data}{labels}{beginning} --seed {seed} --steps {steps} --held-out {held_out}")
}

/// What the training begins with and whether the ear learns, as arguments.
fn beginning_of(options: &SoundOptions) -> String {
    let ear = if options.teach_ear { " --teach-ear" } else { "" };
    format!("{}{ear}", train::start_arguments(&options.start))
}

/// Every labelled sound of the folders, decoded. Files that are no sounds are passed over; sounds whose path says nothing
/// are told by their folder, and one that says a label and cannot be decoded by its own name.
fn sounds_of(folders: &[PathBuf]) -> Result<Vec<LabelledSound>> {
    let mut labelled = Vec::new();
    let mut left_out: BTreeMap<(PathBuf, String), usize> = BTreeMap::new();
    for path in files_below(folders)?.into_iter().filter(|path| is_audio(path)) {
        match labels::from_path(&path.to_string_lossy().replace('\\', "/")) {
            Some(label) => labelled.push((path, Said { label, is_root_heard: false })),
            None => *left_out.entry(fault_of(&path, folders)).or_default() += 1,
        }
    }
    for ((folder, cause), count) in left_out {
        let left_out = format!("left out: {}: {}: {cause}", folder.display(), counted(count, "sound"));
        eprintln!("{}", one_line(&left_out));
    }
    ensure!(!labelled.is_empty(), "{}: no sound in it has a label in its path", folders[0].display());
    decoded(labelled)
}

/// The folder for which the path of a sound is no label, and why.
fn fault_of(path: &Path, folders: &[PathBuf]) -> (PathBuf, String) {
    let above = |path: &Path| path.parent().map(Path::to_path_buf).unwrap_or_default();
    let name = |folder: &Path| folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let instrument = above(path);
    let family = above(&instrument);
    if Family::from_id(&name(&family)).is_some() {
        return (instrument, "a file's name begins with its MIDI note or `none`, and `_`".to_string());
    }
    if !folders.iter().any(|folder| family.starts_with(folder) && family != *folder) {
        return (instrument, "sounds lie as FAMILY/INSTRUMENT/NOTE_n in the folder of --data".to_string());
    }
    let known = Family::ALL.map(Family::id).join(", ");
    let cause = format!("`{}` is no family, as {known} are", name(&family));
    (family, cause)
}

/// What is said of a sound.
struct Said {
    label: labels::Label,
    /// Whether nothing is said of its root, so that what Neume hears counts.
    is_root_heard: bool,
}

/// Every file that labels name, with what they say of it.
fn named_files(folder: &Path, table: &Path) -> Result<Vec<(PathBuf, Said)>> {
    let said = |row: &Row| -> Result<(PathBuf, Said)> {
        let family = row.family()?.flatten().with_context(|| format!("{}: no family is named", row.file))?;
        let path = folder.join(&row.file);
        let above = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let instrument = row.word("instrument").map(str::to_string).or(above).unwrap_or_default();
        let root_midi = if row.word("midi") == Some("none") { None } else { row.number("midi")? };
        let is_root_heard = row.word("midi").is_none();
        Ok((path, Said { label: labels::Label { family, instrument, root_midi }, is_root_heard }))
    };
    let rows = labels_file::read(table)?;
    let files = rows.iter().map(said).collect::<Result<_>>().with_context(|| table.display().to_string())?;
    labels_file::check_classes(table, &rows.iter().collect::<Vec<_>>(), &["family"])?;
    Ok(files)
}

/// The sounds of these files; what cannot be decoded is told and left out.
fn decoded(files: Vec<(PathBuf, Said)>) -> Result<Vec<LabelledSound>> {
    let is_needed = files.iter().any(|(_, said)| said.is_root_heard);
    let network = if is_needed { Some(SoundNet::embedded()?) } else { None };
    let bar = progress::bar("decoding", files.len() as u64);
    let sounds = files
        .into_par_iter()
        .filter_map(|(path, Said { mut label, is_root_heard })| {
            bar.inc(1);
            let heard = neume_bank::decode::decode(&path).map_err(anyhow::Error::from).and_then(|decoded| {
                let mono = decoded.audio.mono();
                if let Some(network) = network.as_ref().filter(|_| is_root_heard) {
                    label.root_midi = network.label(&mono, decoded.audio.rate_hz)?.root_midi;
                }
                Ok(LabelledSound::new(label, &mono, decoded.audio.rate_hz))
            });
            heard.unwrap_or_else(|cause| {
                bar.suspend(|| eprintln!("left out: {}", one_line(&format!("{cause:#}"))));
                None
            })
        })
        .collect();
    bar.finish_and_clear();
    Ok(sounds)
}

fn is_audio(path: &Path) -> bool {
    let known = ["wav", "flac", "ogg", "mp3", "aif", "aiff", "m4a", "caf"];
    path.extension().is_some_and(|extension| known.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_no_label_is_told_by_the_folder_that_is_wrong() {
        let folders = [PathBuf::from("mine"), PathBuf::from("more")];
        for (path, folder, told) in [
            ("mine/kazoo/alto/60_1.wav", "mine/kazoo", "`kazoo` is no family"),
            ("more/a/flutes/alto/60_1.wav", "more/a/flutes", "`flutes` is no family"),
            ("mine/flute/alto/loud.wav", "mine/flute/alto", "MIDI note"),
            ("mine/flute/60_1.wav", "mine/flute", "FAMILY/INSTRUMENT"),
            ("mine/60_1.wav", "mine", "FAMILY/INSTRUMENT"),
        ] {
            let (found, cause) = fault_of(Path::new(path), &folders);
            assert_eq!(found, Path::new(folder), "{path}");
            assert!(cause.contains(told), "{path}: {cause}");
        }
    }
}
