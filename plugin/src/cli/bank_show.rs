//! `neume bank show`: a sheet for one sound.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use neume::figures::fixed;
use neume_bank::{Bank, Course, Evidence, Piece, ScanOptions, Sound, Teller};
use serde::Serialize;

use super::overview::Overview;
use super::page_file::PageFile;
use super::report::{ByName, SoundReport, emit, root_text, shown};
use super::sheet_page::Sheet;
use super::{banks, sound_name};

/// See [`super::banks::Arguments::Show`].
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub struct Arguments {
    /// The folder of sounds; without one, the factory bank.
    folder: Option<PathBuf>,
    /// The sound, as `bank list` names it; the beginning of its name, or words of it, are enough.
    sound: OsString,
    #[command(flatten)]
    page: PageFile,
}

#[derive(Serialize)]
struct Report {
    out: String,
    #[serde(flatten)]
    sound: SoundReport,
    lead_secs: f32,
    decay_secs: f32,
    trail_secs: f32,
    noisiness: f32,
    sustain: Option<LoopReport>,
    /// `None` where the index no longer has the sound.
    said_by: Option<SaidBy>,
    heard: Option<HeardReport>,
}

#[derive(Serialize)]
struct LoopReport {
    start_secs: f32,
    end_secs: f32,
    crossfade_secs: f32,
}

#[derive(Serialize)]
struct SaidBy {
    root: &'static str,
    family: &'static str,
}

#[derive(Serialize)]
struct HeardReport {
    root_midi: Option<f32>,
    root_confidence: f32,
    families: ByName,
    chunk_midi: Option<f32>,
    remark: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    arguments.page.check()?;
    let (bank, _) = banks::open(arguments.folder.as_deref())?;
    let (sound, instrument) = sound_name::find(&bank, &arguments.sound)?;
    let (overview, channels, course) = looked_at(&bank, sound)?;
    let evidence = Evidence::of(&bank, sound, &ScanOptions::default())?;
    let theme = arguments.page.theme();
    let instrument = &bank.instruments[instrument];
    let sheet = Sheet { sound, instrument, overview, channels, course, evidence: evidence.as_ref(), theme };
    let out = arguments.page.write(sheet.draw())?;
    let secs = |frames: u64| frames as f32 / sound.rate_hz.max(1) as f32;
    let report = Report {
        out,
        sound: SoundReport::new(sound),
        lead_secs: course.lead_secs,
        decay_secs: course.decay_secs,
        trail_secs: course.trail_secs,
        noisiness: course.noisiness,
        sustain: sound.sustain.map(|it| LoopReport {
            start_secs: secs(it.start_frames),
            end_secs: secs(it.end_frames),
            crossfade_secs: secs(it.crossfade_frames),
        }),
        said_by: evidence
            .as_ref()
            .map(|of| SaidBy { root: of.root_by.label(), family: of.family_by.label() }),
        heard: evidence.and_then(heard),
    };
    emit(json, &report, || text(&report))?;
    Ok(ExitCode::SUCCESS)
}

/// How a sound looks, its channels, and how it goes; piece by piece, for it may be hours long.
fn looked_at(bank: &Bank, sound: &Sound) -> Result<(Overview, usize, Course)> {
    let mut overview = Overview::new(sound.frames, sound.rate_hz, Sheet::COLUMNS);
    let mut channels = 1;
    let mut take = |piece: &Piece<'_>| {
        channels = piece.channels.len();
        overview.take(piece);
        Ok(())
    };
    let course = match sound.course {
        Some(course) => {
            bank.load_in_pieces(sound, &mut take, &|| false)?;
            course
        }
        // Nobody has measured the factory's.
        None => {
            let audio = bank.load(sound)?;
            audio.pass_on(&mut take, Path::new(&sound.name))?;
            Course::of(&audio)
        }
    };
    overview.end();
    Ok((overview, channels, course))
}

fn heard(evidence: Evidence) -> Option<HeardReport> {
    let (root, families) = (evidence.heard_root?, evidence.heard_families?);
    Some(HeardReport {
        root_midi: root.midi,
        root_confidence: root.confidence,
        families: ByName(families),
        chunk_midi: evidence.chunk_midi,
        remark: evidence.remark,
    })
}

fn text(report: &Report) -> String {
    let SoundReport { file, root_midi, root_confidence, loudness_db, family, families, .. } = &report.sound;
    let by = |label: Option<&'static str>| label.map_or(String::new(), |label| format!(", by {label}"));
    let by_root = by(report.said_by.as_ref().map(|by| by.root));
    let by_family = by(report.said_by.as_ref().map(|by| by.family));
    let decay = format!("{:.2} s", report.decay_secs);
    format!(
        "{}\n  sound      {}\n  root       {}, {:.0} % sure{by_root}\n  family     {}, {:.0} %{by_family}\n  \
         loudness   {} LUFS\n  brightness {:.2}\n  roughness  {:.2}\n  noisiness  {:.2}\n  \
         attack     {:.3} s\n  decay      {decay}\n  length     {:.2} s\n",
        shown(&report.out),
        shown(file),
        root_text(*root_midi),
        100.0 * root_confidence,
        family.label(),
        100.0 * families.0.get(*family),
        fixed(*loudness_db, 1),
        report.sound.brightness,
        report.sound.roughness,
        report.noisiness,
        report.sound.attack_secs,
        report.sound.duration_secs,
    )
}

/// Who said a label, as a sheet says it.
pub fn told_by(teller: Teller) -> String {
    match teller {
        Teller::Name => "by its name".to_string(),
        Teller::Preset => "by a preset or table".to_string(),
        Teller::Chunk => "by a chunk of the file".to_string(),
        Teller::Ear => "by ear".to_string(),
        Teller::Recipe => "by its recipe".to_string(),
    }
}
