//! `neume read`: what the networks see in drawings.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use neume::language::Spoken;
use neume::library::Library;
use neume::signs::Likeness;
use neume_models::{Reading, Sketch};

use super::args::{Reader, Speaker, open_sketch};
use super::progress;
use super::report::{ReadingReport, emit};

/// Reads drawings: pitch, loudness and timbre, each with how sure it is.
///
/// Every drawing that can be read is printed. Each one that cannot is a line on stderr, and the exit status is 1.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Pictures, or `.neume` files.
    #[arg(required = true, value_name = "PICTURE|FILE.neume")]
    drawings: Vec<PathBuf>,
    #[command(flatten)]
    reader: Reader,
}

#[derive(serde::Serialize)]
struct Report {
    readings: Vec<ReadingReport>,
    /// Where the networks ran: `CPU`, `CUDA: NVIDIA ...`.
    device: String,
}

/// A drawing with its reading.
pub struct ReadSketch {
    /// The drawing.
    pub sketch: Sketch,
    /// What it says.
    pub reading: Reading,
    /// The sign that it is.
    pub sign: Option<Likeness>,
    /// The aspects of the reading that count.
    pub used: Spoken,
    /// Rasterising and the network together.
    pub millis: f32,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let library = Library::shared();
    let speaker = arguments.reader.open(library.clone())?;
    let bar = progress::bar("reading", arguments.drawings.len() as u64);
    let mut code = ExitCode::SUCCESS;
    let mut readings = Vec::new();
    for path in &arguments.drawings {
        match read_file(&speaker, path) {
            Ok(read) => readings.push(ReadingReport::new(path, &read)),
            Err(error) => {
                bar.suspend(|| super::complain(&error));
                code = ExitCode::FAILURE;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if readings.is_empty() {
        return Ok(code);
    }
    let report = Report { readings, device: library.device().1 };
    emit(json, &report, || report.readings.iter().map(ReadingReport::text).collect::<Vec<_>>().join("\n"))?;
    Ok(code)
}

/// Opens a drawing and reads it.
///
/// # Errors
/// Names the file and the cause: it cannot be opened, it has no ink.
pub fn read_file(speaker: &Speaker, path: &Path) -> Result<ReadSketch> {
    let sketch = open_sketch(path)?;
    let started = Instant::now();
    let (reading, sign) = speaker.read(&sketch).with_context(|| path.display().to_string())?;
    let millis = started.elapsed().as_secs_f32() * 1e3;
    let used = speaker.language.used(sign.as_ref().and_then(|sign| speaker.meaning(sign)));
    Ok(ReadSketch { sketch, reading, sign, used, millis })
}
