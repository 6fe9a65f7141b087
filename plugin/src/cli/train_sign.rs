//! `neume train sign`: the network that tells signs apart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use neume::figures::counted;
use neume_models::SignNet;
use neume_models::train::sign::{Config, Figures, Fold, Sign, Trained, run as teach};

use super::labels_file::{self, folder_of};
use super::pen_file;
use super::report::one_line;
use super::train::{
    self, HeldOut, Outcome, Settings, Workplace, curves_of, deliver, files_below, look_every, watch,
};
use super::training_picture::{Confusion, Curves};

/// What the training takes.
#[derive(Debug, Clone, Args)]
pub struct SignOptions {
    #[command(flatten)]
    common: train::Options,
    /// What drawings of your own are: a CSV with the columns `file`, relative to the folder of `--data` and a stroke file, a
    /// `.neume` drawing or a picture, and `sign`; and any of `alphabet`, whose signs are told apart, and `person`, a number.
    /// The network then starts from what it knows.
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Leave out this part of the alphabets, and half of the people, to judge by, `0/4` being the first of four. Of one
    /// alphabet this part of the people is left out; where no person is named, of the drawings of each sign. `none` learns
    /// from all, as is done where else too little would be left to learn from.
    #[arg(long, default_value = "0/4", value_name = "PART/PARTS")]
    held_out: HeldOut,
    /// Weights of an earlier training to start from: a `sign.safetensors`. Of several their mean.
    #[arg(long, value_name = "FILE")]
    start: Vec<PathBuf>,
    /// The licence of the data, for the card.
    #[arg(long, default_value = "licence not stated")]
    licence: String,
}

/// Steps of a training on drawings of the composer's own, where nothing else is said.
const OWN_STEPS: usize = 300;
/// How fast a network learns that goes on, and one that goes on with few drawings.
const RATES: [f32; 2] = [1e-3, 2e-4];

/// Runs the command.
pub fn run(options: &SignOptions, json: bool) -> Result<ExitCode> {
    let common = &options.common;
    ensure!(
        !common.data.is_empty(),
        "a sign network learns from pen movements: name their folders by --data"
    );
    let workplace = Workplace::open(&common.out, "sign")?;
    let signs = match &options.labels {
        Some(labels) => named_signs(folder_of(&common.data)?, labels)?,
        None => signs_of(&common.data)?,
    };
    let wanted = options.held_out;
    let fold = wanted.0.and_then(|(left_out, of)| Fold::fitting(left_out, of, &signs));
    let held_out = if fold.is_some() { wanted } else { HeldOut(None) };
    if held_out != wanted {
        eprintln!("nothing is held out: with --held-out {wanted} too little would be left to learn from");
    }
    let is_own = options.labels.is_some();
    let usual = if is_own { OWN_STEPS } else { Config::default().steps };
    let steps = common.steps(usual, is_own || !options.start.is_empty())?;
    let start = train::weights_of(&options.start, SignNet::from_weights)?;
    let start = start.or_else(|| is_own.then(|| SignNet::EMBEDDED.to_vec()));
    let examples = signs.iter().map(|sign| sign.drawings.len()).sum();
    let start_arguments = train::start_arguments(&options.start);
    let settings =
        Settings { seed: common.seed, steps, examples, other: format!("{held_out}{start_arguments}") };
    let config = Config {
        seed: common.seed,
        steps,
        fold,
        command: format!(
            "neume train sign{}{}{start_arguments} --seed {} --steps {steps} --held-out {}",
            common.data_arguments(),
            options.labels.as_ref().map_or(String::new(), |file| format!(" --labels {}", file.display())),
            common.seed,
            held_out
        ),
        rate: if is_own { RATES[1] } else { start.as_ref().map_or(Config::default().rate, |_| RATES[0]) },
        start,
        data: format!(
            "{} of {}; {}",
            counted(examples, "drawing"),
            counted(signs.len(), "sign"),
            options.licence
        ),
        look_every: look_every(steps),
        resume: workplace.resume(&settings)?,
    };
    let (trained, history) = watch(&workplace, steps, |on_step| teach(&config, &signs, on_step))?;
    let [loss, held_out] = curves_of(&history);
    let title = "The sign network learns";
    let classes: Vec<&str> = trained.confusion.signs.iter().map(String::as_str).collect();
    let held_out_name = match fold {
        Some(Fold::People { .. }) => "one-shot error on held-out drawings",
        _ => "one-shot error on held-out alphabets",
    };
    let outcome = Outcome {
        weights: &trained.weights,
        card: &trained.card,
        curves: Curves { title, loss: &loss, held_out: &held_out, held_out_name },
        confusion: Confusion {
            title: &format!("Signs of the hardest alphabet, {}", trained.confusion.alphabet),
            classes: &classes,
            counts: &trained.confusion.counts,
        },
        calibration: None,
        table: table(&trained),
    };
    deliver(&workplace, &outcome, json)
}

/// How many signs were taken for others, and how many by the weights from which the training started.
fn table(trained: &Trained) -> String {
    let Some(now) = &trained.card.metrics else {
        return "  nothing was examined: too few people drew the same two signs\n".to_string();
    };
    let percent = |of: &Figures| of.one_shot_error_percent;
    let before = trained.before.as_ref().map_or(String::new(), |of| format!(", before {:.1}", percent(of)));
    format!("  one-shot error {:.1} %{before}\n", percent(now))
}

/// The drawings of each sign, by alphabet and name; those of one sign by what tells them apart.
type Drawings = BTreeMap<(String, String), BTreeMap<String, (u32, pen_file::Movement)>>;

fn all_of(found: Drawings) -> Vec<Sign> {
    let sign = |((alphabet, name), drawings): ((String, String), BTreeMap<String, _>)| Sign {
        alphabet,
        name,
        drawings: drawings.into_values().collect(),
    };
    found.into_iter().map(sign).collect()
}

/// Every sign of the folders, `ALPHABET/SIGN/DRAWING_PERSON.txt`; one that lies in two folders is one sign, and a drawing
/// that lies in both is one drawing.
fn signs_of(folders: &[PathBuf]) -> Result<Vec<Sign>> {
    let mut found = Drawings::new();
    for path in files_below(folders)? {
        let Some(place) = Place::of(&path) else { continue };
        let movement = pen_file::read(&path)?;
        let drawings = found.entry((place.alphabet, place.sign)).or_default();
        drawings.insert(place.drawing, (place.person, movement));
    }
    ensure!(!found.is_empty(), "{}: there are no stroke files (.txt) in it", folders[0].display());
    Ok(all_of(found))
}

/// The signs that labels name. A drawing that cannot be read is told and left out; where no person is named, each drawing
/// of a sign is another person's.
fn named_signs(folder: &Path, labels: &Path) -> Result<Vec<Sign>> {
    let named = || labels.display().to_string();
    let mut found = Drawings::new();
    let rows = labels_file::read(labels)?;
    for row in &rows {
        let sign = row.word("sign").with_context(|| format!("{}: no sign is named", row.file));
        let sign = sign.with_context(named)?.to_string();
        let person = row.number("person").with_context(named)?;
        let alphabet = row.word("alphabet").unwrap_or_default().to_string();
        match pen_file::read(&folder.join(&row.file)) {
            Ok(movement) => {
                let drawings = found.entry((alphabet, sign)).or_default();
                let person = person.map_or(drawings.len() as u32, |person| person as u32);
                drawings.insert(row.file.clone(), (person, movement));
            }
            Err(cause) => eprintln!("left out: {}", one_line(&format!("{cause:#}"))),
        }
    }
    ensure!(!found.is_empty(), "{}: it names no drawing that can be read", named());
    labels_file::check_classes(labels, &rows.iter().collect::<Vec<_>>(), &["sign"])?;
    Ok(all_of(found))
}

/// What the path of a drawing says.
#[derive(Debug, PartialEq)]
struct Place {
    alphabet: String,
    sign: String,
    drawing: String,
    person: u32,
}

impl Place {
    fn of(path: &Path) -> Option<Place> {
        if path.extension()? != "txt" {
            return None;
        }
        let drawing = path.file_stem()?.to_string_lossy().into_owned();
        let mut above = path.parent()?.iter().rev().map(|part| part.to_string_lossy().into_owned());
        let sign = above.next()?;
        let alphabet = above.next().unwrap_or_default();
        let person = drawing.rsplit('_').next()?.parse().ok()?;
        Some(Place { alphabet, sign, drawing, person })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_alphabet_sign_and_person() {
        let place = Place::of(Path::new("strokes/Greek/character07/0394_12.txt")).unwrap();
        let [alphabet, sign, drawing] = ["Greek", "character07", "0394_12"].map(String::from);
        assert_eq!(place, Place { alphabet, sign, drawing, person: 12 });
        for path in ["Greek/character07/0394_12.png", "Greek/character07/notes.txt"] {
            assert_eq!(Place::of(Path::new(path)), None, "{path}");
        }
    }
}
