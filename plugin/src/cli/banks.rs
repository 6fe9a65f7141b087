//! `neume bank`: scanning folders of sounds, and what is known of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use neume::figures::{counted, fixed};
use neume::handoff::ScanProgress;
use neume::library::Library;
use neume::state::BankRef;
use neume_bank::scan::ScanReport;
use neume_bank::{Bank, export};

use super::args::open_folder;
use super::report::{SoundReport, emit, one_line, root_text, shown};
use super::{bank_map, bank_play, bank_show, progress, search};

/// What to do with a bank.
#[derive(Debug, Subcommand)]
pub enum Arguments {
    /// Analyses the new and changed files of a folder and keeps an index. A scan that is interrupted goes on where
    /// it was.
    Scan(Scan),
    /// Lists the sounds of a folder and what is known of them; a folder that was never scanned is scanned first.
    List(List),
    /// Decides the root of sounds whose name says another note than a sure ear hears.
    Root(super::bank_root::Arguments),
    /// Finds sounds of a folder by words, by likeness to a sound and by a drawing, each with its reasons; a folder that was
    /// never scanned is scanned first.
    Search(search::Search),
    /// Writes a folder's instruments as SFZ files with their samples, or as a table; a folder that was never scanned is
    /// scanned first.
    Export(Export),
    /// Draws a folder's sounds in two dimensions by what they sound like, as PNG or SVG by the name of the file; a folder
    /// that was never scanned is scanned first.
    Map(bank_map::Arguments),
    /// Draws a sheet for one sound, as PNG or SVG by the name of the file: waveform, spectrogram, profile, and who says
    /// what it is; a folder that was never scanned is scanned first.
    Show(bank_show::Arguments),
    /// Plays a sound through the computer's audio device, as the instrument would; a folder that was never scanned is
    /// scanned first.
    Play(bank_play::Arguments),
}

/// See [`Arguments::Scan`].
#[derive(Debug, Args)]
pub struct Scan {
    /// The folder of sounds.
    folder: PathBuf,
    /// Analyse every file again.
    #[arg(long)]
    rebuild: bool,
}

/// See [`Arguments::List`].
#[derive(Debug, Args)]
pub struct List {
    /// The folder of sounds; without one, the factory bank.
    folder: Option<PathBuf>,
}

/// See [`Arguments::Export`].
#[derive(Debug, Args)]
pub struct Export {
    /// The folder of sounds; without one, the factory bank.
    folder: Option<PathBuf>,
    /// What to write.
    #[arg(long, value_enum)]
    format: Format,
    /// The folder for SFZ files, or the CSV file. What is there already is not overwritten.
    #[arg(long, value_name = "OUT")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An SFZ file an instrument, and the samples as WAV.
    Sfz,
    /// A row for each zone.
    Csv,
}

#[derive(serde::Serialize)]
struct ExportSummary {
    files: usize,
    zones: usize,
    failed: Vec<Failed>,
}

#[derive(serde::Serialize)]
struct ScanSummary {
    sounds: usize,
    new: usize,
    instruments: usize,
    failed: Vec<Failed>,
    not_honoured: Vec<LeftOut>,
    /// Sounds of which there is something to say.
    remarks: Vec<Failed>,
    /// Sounds whose name says another root than a sure ear hears.
    roots_in_doubt: usize,
    /// What was wrong with the index, or why it cannot be kept.
    index: Option<String>,
    secs: f32,
}

#[derive(serde::Serialize)]
struct Failed {
    file: String,
    cause: String,
}

#[derive(serde::Serialize)]
struct LeftOut {
    what: String,
    count: u64,
}

#[derive(serde::Serialize)]
struct Sounds {
    sounds: Vec<SoundReport>,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    match arguments {
        Arguments::Scan(scan) => run_scan(scan, json),
        Arguments::List(list) => run_list(list, json),
        Arguments::Root(root) => super::bank_root::run(root, json),
        Arguments::Search(search) => search::run(search, json),
        Arguments::Export(export) => run_export(export, json),
        Arguments::Map(map) => bank_map::run(map, json),
        Arguments::Show(show) => bank_show::run(show, json),
        Arguments::Play(play) => bank_play::run(play, json),
    }
}

fn run_scan(arguments: &Scan, json: bool) -> Result<ExitCode> {
    let report = scan(&arguments.folder, arguments.rebuild)?;
    let bank = &report.bank;
    let failed = report.failed.iter().map(|(file, cause)| Failed {
        file: file.display().to_string(),
        cause: cause.split_whitespace().collect::<Vec<_>>().join(" "),
    });
    let left_out = report.not_honoured.iter().map(|it| LeftOut { what: it.what.clone(), count: it.count });
    let summary = ScanSummary {
        sounds: report.sounds,
        new: report.new,
        instruments: bank.instruments.len(),
        failed: failed.collect(),
        not_honoured: left_out.collect(),
        remarks: report
            .remarks
            .iter()
            .map(|(file, cause)| Failed { file: file.display().to_string(), cause: cause.clone() })
            .collect(),
        roots_in_doubt: bank.sounds.iter().filter(|sound| sound.doubt.is_some()).count(),
        index: report.index_remark.clone(),
        secs: report.secs,
    };
    summary.index.iter().for_each(super::say);
    emit(json, &summary, || {
        let mut text = format!(
            "{} in {}, {} of them new, in {:.1} s\n",
            counted(summary.sounds, "sound"),
            shown(&arguments.folder.display().to_string()),
            summary.new,
            summary.secs
        );
        if !summary.failed.is_empty() {
            text += &format!("{}:\n", no_sounds(&report.failed, ""));
        }
        for Failed { file, cause } in summary.failed.iter().chain(&summary.remarks) {
            text += &format!("  {}: {}\n", shown(file), shown(cause));
        }
        if summary.roots_in_doubt > 0 {
            let are = if summary.roots_in_doubt == 1 { "is" } else { "are" };
            text += &format!(
                "{} {are} called by another note than is heard; `neume bank root` lists and decides\n",
                counted(summary.roots_in_doubt, "sound")
            );
        }
        if !summary.not_honoured.is_empty() {
            text += "presets ask for what Neume leaves out:\n";
        }
        for left_out in &summary.not_honoured {
            text += &format!("  {:>7} x {}\n", left_out.count, shown(&left_out.what));
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

fn run_list(arguments: &List, json: bool) -> Result<ExitCode> {
    let (bank, _) = open(arguments.folder.as_deref())?;
    let mut sounds: Vec<SoundReport> = bank.sounds.iter().map(SoundReport::new).collect();
    sounds.sort_by(|a, b| a.file.cmp(&b.file));
    let sounds = Sounds { sounds };
    emit(json, &sounds, || sounds.sounds.iter().map(line).collect())?;
    Ok(ExitCode::SUCCESS)
}

fn run_export(arguments: &Export, json: bool) -> Result<ExitCode> {
    let (bank, _) = open(arguments.folder.as_deref())?;
    let bar = progress::bar("writing", bank.sounds.len() as u64);
    let exported = match arguments.format {
        Format::Sfz => export::sfz(&bank, &arguments.out, &mut |done| bar.set_position(done as u64)),
        Format::Csv => export::csv(&bank, &arguments.out),
    };
    bar.finish_and_clear();
    let exported = exported?;
    let failed = exported.failed.into_iter().map(|(file, cause)| Failed { file, cause });
    let summary = ExportSummary { files: exported.files, zones: exported.zones, failed: failed.collect() };
    emit(json, &summary, || {
        let out = arguments.out.display();
        let (zones, files) = (counted(summary.zones, "zone"), counted(summary.files, "file"));
        let mut text = format!("{out}\n  {zones} in {files}\n");
        for Failed { file, cause } in &summary.failed {
            text += &format!("  {}: {}\n", shown(file), shown(cause));
        }
        text
    })?;
    Ok(ExitCode::SUCCESS)
}

fn line(sound: &SoundReport) -> String {
    format!(
        "{:<44} {:>9}  {:>6} dB  {:<11} {:>3.0} %  bright {:.2}  rough {:.2}  {:>6.2} s\n",
        shown(&sound.file),
        root_text(sound.root_midi),
        fixed(sound.loudness_db, 1),
        sound.family.label(),
        100.0 * sound.families.0.get(sound.family),
        sound.brightness,
        sound.roughness,
        sound.duration_secs
    )
}

/// Says how many files failures are of: a preset may lack several of its sounds.
fn no_sounds(failed: &[(PathBuf, String)], of: &str) -> String {
    match failed.iter().map(|(file, _)| file).collect::<BTreeSet<_>>().len() {
        1 => format!("1 file{of} is no sound, or not whole"),
        count => format!("{count} files{of} are no sounds, or not whole"),
    }
}

/// Opens the bank of a folder, which is scanned if need be, or the factory bank.
///
/// # Errors
/// Names the folder and the cause.
pub fn open(folder: Option<&Path>) -> Result<(Arc<Bank>, BankRef)> {
    match folder {
        None => Ok((Bank::factory(), BankRef::Factory)),
        Some(folder) => {
            let report = scan(folder, false)?;
            let bank = report.bank.clone();
            if !report.failed.is_empty() {
                let told = no_sounds(&report.failed, &format!(" of {}", folder.display()));
                let which = if report.failed.len() == 1 { "it" } else { "them" };
                eprintln!("{}", one_line(&format!("{told}; `neume bank scan` names {which}")));
            }
            Ok((bank, BankRef::Folder(folder.to_path_buf())))
        }
    }
}

pub(super) fn scan(folder: &Path, rebuild: bool) -> Result<ScanReport> {
    open_folder(folder)?;
    let bar = progress::bar("scanning", 0);
    let mut show = |progress: ScanProgress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
    };
    let scanned = Library::shared().open(folder, rebuild, &mut show, &AtomicBool::new(false));
    bar.finish_and_clear();
    Ok(scanned?)
}
