//! `neume match`: the sounds of a bank that fit a drawing, best first, and why.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use neume::library::Library;
use neume_bank::matching::fit;
use neume_bank::{Bank, Match, Weights};

use super::args::{Reader, Speaker};
use super::read::ReadSketch;
use super::report::{MatchReport, ReadingReport, emit, file_of, root_text};
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
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let speaker = arguments.reader.open(Library::shared())?;
    let read = read::read_file(&speaker, &arguments.drawing)?;
    let (bank, _) = banks::open(arguments.bank.as_deref())?;
    let ranked = rank(&bank, &read, &speaker, arguments.top as usize)?;
    let report = Report {
        reading: ReadingReport::new(&arguments.drawing, &read),
        bank: bank.name.clone(),
        sounds: bank.sounds.len(),
        matches: ranked.iter().filter_map(|ranked| report_of(&bank, ranked)).collect(),
    };
    emit(json, &report, || report.reading.text() + "\n" + &text(&bank, &ranked))?;
    Ok(ExitCode::SUCCESS)
}

/// The best sounds for a drawing, at least one; the sound that its sign stands for comes first.
///
/// # Errors
/// A bank without sounds.
pub fn rank(bank: &Bank, read: &ReadSketch, speaker: &Speaker, top: usize) -> Result<Vec<Match>> {
    let weights = speaker.language.weights(&Weights::default());
    let bound = read.sign.as_ref().and_then(|sign| speaker.meaning(sign)?.sound.as_ref());
    let bound = bound.map(|bound| bound.sound).filter(|sound| bank.get(*sound).is_some());
    let mut ranked = neume_bank::matching::rank(bank, &read.reading, &weights, top);
    if let Some(bound) = bound.and_then(|sound| fit(bank, &read.reading, &weights, sound)) {
        ranked.retain(|ranked| ranked.sound != bound.sound);
        ranked.insert(0, bound);
        ranked.truncate(top);
    }
    if ranked.is_empty() {
        let folder = bank.folder.as_ref().map_or(bank.name.clone(), |folder| folder.display().to_string());
        return Err(anyhow::anyhow!("the bank has no sounds")).context(folder);
    }
    Ok(ranked)
}

/// What is told of a ranked sound.
pub fn report_of(bank: &Bank, ranked: &Match) -> Option<MatchReport> {
    let file = file_of(bank.get(ranked.sound)?);
    Some(MatchReport { file, score: ranked.score, aspects: ranked.aspects })
}

/// A table of ranked sounds: score, aspects, and what the sound is.
pub fn text(bank: &Bank, ranked: &[Match]) -> String {
    let mut text =
        format!("  {:<5}  {:>5} {:>9} {:>7}   in {}\n", "score", "pitch", "loudness", "timbre", bank.name);
    for Match { sound, score, aspects } in ranked {
        let Some(sound) = bank.get(*sound) else { continue };
        text += &format!(
            "  {:>5.0}  {:>5.0} {:>9.0} {:>7.0}   {}: {}, {}\n",
            100.0 * score,
            100.0 * aspects.pitch,
            100.0 * aspects.loudness,
            100.0 * aspects.timbre,
            file_of(sound),
            root_text(sound.profile.root_midi),
            sound.profile.families.best().0.label()
        );
    }
    text
}
