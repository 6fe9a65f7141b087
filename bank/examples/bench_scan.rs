//! How fast a folder becomes a bank: decoding alone, the analysis on one thread, a scan on its two threads, a second
//! scan; and librosa doing the same analysis on the same files.
//!
//! `cargo xtask bench scan [FOLDER]`; without a folder, sounds of the factory bank are written to one. librosa is timed where
//! `NEUME_PYTHON`, else `python3`, has it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use neume_bank::analyse::{analyse, heard_mono};
use neume_bank::{Bank, ScanOptions, decode, scan};
use neume_models::SoundNet;
use serde_json::{Value, json};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/librosa_analysis.py");
/// Sounds at most, and those of them that librosa is given: pYIN takes its time.
const MOST: usize = 100;
const FOR_LIBROSA: usize = 10;

fn main() -> Result<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("sounds");
    std::fs::create_dir(&folder)?;
    match std::env::args_os().nth(1) {
        Some(from) => copy(Path::new(&from), &folder)?,
        None => write_factory(&folder)?,
    }
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let net = SoundNet::embedded()?;

    let begin = Instant::now();
    let mut decoded = Vec::new();
    for file in &files {
        decoded.push(decode(file)?);
    }
    let decoding_secs = begin.elapsed().as_secs_f64();
    let audio_secs: f64 = decoded.iter().map(|sound| f64::from(sound.audio.secs())).sum();
    let begin = Instant::now();
    for sound in &decoded {
        let mono = heard_mono(&sound.audio);
        analyse(sound, &mono, &net.label(&mono, sound.audio.rate_hz)?);
    }
    let one_secs = decoding_secs + begin.elapsed().as_secs_f64();
    drop(decoded);

    let options = ScanOptions { cache: Some(home.path().join("cache")), ..ScanOptions::default() };
    let scanned = || scan(&folder, &options, &net, &mut |_| {}, &AtomicBool::new(false));
    let begin = Instant::now();
    let report = scanned()?;
    ensure!(report.new > 0 && report.failed.is_empty(), "{:?}", report.failed);
    let two_secs = begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    ensure!(scanned()?.new == 0, "the second scan reads nothing");
    let again_secs = begin.elapsed().as_secs_f64();

    let rate = |secs: f64| json!({ "sounds_a_sec": files.len() as f64 / secs, "audio_secs_a_sec": audio_secs / secs });
    let figures = json!({
        "sounds": files.len(),
        "audio_secs": audio_secs,
        "decoding_alone_one_thread": rate(decoding_secs),
        "all_one_thread": rate(one_secs),
        "scan_two_threads": rate(two_secs),
        "second_scan_millis": 1e3 * again_secs,
    });
    println!("{figures}");
    beside_librosa(&files, &net)
}

/// A few of the sounds, one after the other: here, and in librosa.
fn beside_librosa(files: &[PathBuf], net: &SoundNet) -> Result<()> {
    let few: Vec<PathBuf> = files.iter().step_by(files.len().div_ceil(FOR_LIBROSA)).cloned().collect();
    let begin = Instant::now();
    for file in &few {
        let sound = decode(file)?;
        let mono = heard_mono(&sound.audio);
        analyse(&sound, &mono, &net.label(&mono, sound.audio.rate_hz)?);
    }
    let ours_secs = begin.elapsed().as_secs_f64();
    let Some(parts) = librosa(&few) else {
        eprintln!("librosa: not measured; it needs NEUME_PYTHON with librosa");
        return Ok(());
    };
    let rate = |names: &[&str]| {
        few.len() as f64 / names.iter().filter_map(|name| parts[*name].as_f64()).sum::<f64>()
    };
    let figures = json!({ "the_same_few_sounds_a_sec_one_thread": {
        "sounds": few.len(),
        "neume": few.len() as f64 / ours_secs,
        "librosa_with_pyin": rate(&["decode", "pyin", "the_rest"]),
        "librosa_with_yin": rate(&["decode", "yin", "the_rest"]),
        "librosa_decoding_alone": rate(&["decode"]),
    }});
    println!("{figures}");
    Ok(())
}

/// Seconds that librosa takes for each part.
fn librosa(files: &[PathBuf]) -> Option<Value> {
    let python = std::env::var_os("NEUME_PYTHON").unwrap_or_else(|| "python3".into());
    let output = Command::new(python).arg(SCRIPT).args(files).output().ok()?;
    let said: Value = serde_json::from_slice(&output.stdout).ok().filter(|_| output.status.success())?;
    Some(said["secs"].clone())
}

/// Sounds from all over a folder, evenly.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let (mut found, mut waiting) = (Vec::new(), vec![from.to_path_buf()]);
    while let Some(here) = waiting.pop() {
        for entry in std::fs::read_dir(&here).with_context(|| here.display().to_string())? {
            let path = entry?.path();
            let is_sound =
                path.extension().is_some_and(|e| ["wav", "flac", "ogg", "mp3"].iter().any(|s| e == *s));
            match path.is_dir() {
                true => waiting.push(path),
                false if is_sound => found.push(path),
                false => {}
            }
        }
    }
    ensure!(!found.is_empty(), "{}: holds no WAV, FLAC, OGG or MP3", from.display());
    found.sort();
    for (i, path) in found.iter().step_by(found.len().div_ceil(MOST)).enumerate() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        std::fs::copy(path, to.join(format!("{i:03} {name}")))?;
    }
    Ok(())
}

fn write_factory(to: &Path) -> Result<()> {
    let bank = Bank::factory();
    for (i, sound) in bank.sounds.iter().step_by(bank.sounds.len().div_ceil(MOST)).enumerate() {
        let audio = bank.load(sound)?;
        let spec = hound::WavSpec {
            channels: audio.channels.len() as u16,
            sample_rate: audio.rate_hz,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(to.join(format!("{i:03}.wav")), spec)?;
        for frame in 0..audio.frames() {
            for channel in &audio.channels {
                writer.write_sample((channel[frame].clamp(-1.0, 1.0) * 32_767.0) as i16)?;
            }
        }
        writer.finalize()?;
    }
    Ok(())
}
