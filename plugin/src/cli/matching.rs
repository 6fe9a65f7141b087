//! `neume match`: the sounds of a bank that fit a drawing, best first, and why.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use neume::library::Library;
use neume::state::BankRef;
use neume::worker::Found;
use neume_bank::matching::fit;
use neume_bank::{Bank, Match, Weights};

use super::args::{Reader, Speaker};
use super::read::ReadSketch;
use super::report::{MatchReport, ReadingReport, as_instrument, emit, file_of, root_text, shown};
use super::{banks, read};

/// Ranks the sounds of a bank by how well they fit a drawing.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A picture, or a `.neume` file.
    #[arg(value_name = "PICTURE")]
    drawing: PathBuf,
    /// The folder of sounds; without it, the factory bank.
    #[arg(long, value_name = "FOLDER")]
    bank: Option<PathBuf>,
    #[command(flatten)]
    reader: Reader,
    /// How many sounds to show.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    top: u32,
}

#[derive(serde::Serialize)]
struct Report {
    reading: ReadingReport,
    bank: String,
    sounds: usize,
    matches: Vec<MatchReport>,
    /// Where the networks ran.
    device: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let library = Library::shared();
    let speaker = arguments.reader.open(library.clone())?;
    let read = read::read_file(&speaker, &arguments.drawing)?;
    let (bank, from) = banks::open(arguments.bank.as_deref())?;
    let ranked = rank(&bank, &from, &read, &speaker, arguments.top as usize)?;
    let report = Report {
        reading: ReadingReport::new(&arguments.drawing, &read),
        bank: bank.name.clone(),
        sounds: bank.sounds.len(),
        matches: ranked.iter().filter_map(|ranked| ranked.report(&bank)).collect(),
        device: library.device().1,
    };
    emit(json, &report, || report.reading.text() + "\n" + &text(&bank, &ranked))?;
    Ok(ExitCode::SUCCESS)
}

/// A ranked sound and the bank that has it.
pub struct Ranked {
    /// Which.
    pub found: Found,
    /// How well it fits.
    pub fit: Match,
}

impl Ranked {
    /// What is told of it beside the sounds of a bank.
    pub fn report(&self, beside: &Bank) -> Option<MatchReport> {
        let Found { bank, sound, instrument, .. } = &self.found;
        let file = file_of(bank.get(*sound)?);
        let elsewhere = (bank.folder != beside.folder).then(|| bank.name.clone());
        let (instrument, Match { score, aspects, .. }) = (instrument.clone(), self.fit);
        Some(MatchReport { file, bank: elsewhere, instrument, score, aspects })
    }
}

/// The best sounds for a drawing, at least one; the sound that its sign stands for comes first, and where that lies in no
/// open bank, it is said.
///
/// # Errors
/// A bank without sounds.
pub fn rank(
    bank: &Arc<Bank>,
    from: &BankRef,
    read: &ReadSketch,
    speaker: &Speaker,
    top: usize,
) -> Result<Vec<Ranked>> {
    let weights = speaker.language.weights(&Weights::default());
    let bound = read.sign.as_ref().and_then(|sign| speaker.meaning(sign)?.sound.as_ref());
    let bound = bound.and_then(|bound| {
        let found = Found::bound(&Library::shared(), (bank, from), bound);
        found.inspect_err(|cause| super::say(cause)).ok()
    });
    let fits = neume_bank::matching::rank(bank, &read.reading, &weights, top);
    let here = |fit: Match| Ranked { found: Found::ranked(bank, from, &fit), fit };
    let mut ranked: Vec<Ranked> = fits.into_iter().map(here).collect();
    if let Some(found) = bound
        && let Some(fit) = fit(&found.bank, &read.reading, &weights, found.sound)
    {
        ranked.retain(|ranked| ranked.fit.sound != found.sound);
        ranked.insert(0, Ranked { found, fit });
        ranked.truncate(top);
    }
    if ranked.is_empty() {
        let folder = bank.folder.as_ref().map_or(bank.name.clone(), |folder| folder.display().to_string());
        return Err(anyhow::anyhow!("the bank has no sounds")).context(folder);
    }
    Ok(ranked)
}

/// A table of ranked sounds: score, aspects, and what the sound is.
pub fn text(bank: &Bank, ranked: &[Ranked]) -> String {
    let mut text = format!(
        "  {:<5}  {:>5} {:>9} {:>7}   in {}\n",
        "score",
        "pitch",
        "loudness",
        "timbre",
        shown(&bank.name)
    );
    for ranked in ranked {
        let Match { score, aspects, .. } = &ranked.fit;
        let Some(sound) = ranked.found.bank.get(ranked.found.sound) else { continue };
        let elsewhere = ranked.report(bank).and_then(|report| report.bank);
        text += &format!(
            "  {:>5.0}  {:>5.0} {:>9.0} {:>7.0}   {}: {}, {}{}\n",
            100.0 * score,
            100.0 * aspects.pitch,
            100.0 * aspects.loudness,
            100.0 * aspects.timbre,
            shown(&as_instrument(file_of(sound), ranked.found.instrument.as_deref())),
            root_text(sound.profile.root_midi),
            sound.profile.families.best().0.label(),
            elsewhere.map_or(String::new(), |bank| format!(", in {}", shown(&bank)))
        );
    }
    text
}
