//! Roots of sounds whose names are hidden: our ear beside published pitch trackers, on the same files in the same run.
//!
//! `cargo xtask bench pitch FOLDER...`: folders of sounds whose names say the root. Without one, sounds of the factory
//! bank. The others are heard where `NEUME_PYTHON`, else `python3`, has librosa and swift-f0.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use neume_bank::analyse::{analyse, heard_mono};
use neume_bank::{Bank, decode, names, pitch};
use neume_models::SoundNet;
use serde_json::{Value, json};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/pitch_trackers.py");
/// Sounds of a folder, evenly; and of the factory bank where no folder is named.
const MOST: usize = 120;
const OF_FACTORY: usize = 40;

/// A file and its root as a MIDI note.
type Asked = (PathBuf, f32);
/// A root or none, and how sure that is, 0..1.
type Heard = (Option<f32>, f32);

fn main() -> Result<()> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let home = tempfile::tempdir()?;
    let sets = match folders.is_empty() {
        true => vec![("factory".to_string(), factory(home.path())?)],
        false => folders.iter().map(|folder| Ok((shown(folder), named(folder)?))).collect::<Result<_>>()?,
    };
    for (name, asked) in sets {
        ensure!(!asked.is_empty(), "{name}: no name says a root");
        let mut figures = serde_json::Map::new();
        for (who, heard) in ours(&asked)?.into_iter().chain(theirs(&asked)) {
            figures.insert(who, judged(&asked, &heard));
        }
        println!("{}", json!({ name: { "sounds": asked.len(), "heard_by": figures } }));
    }
    Ok(())
}

fn shown(folder: &Path) -> String {
    folder
        .file_name()
        .map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Files under a folder whose names say a root.
fn named(folder: &Path) -> Result<Vec<Asked>> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(here) = waiting.pop() {
        for entry in std::fs::read_dir(&here).with_context(|| here.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            // In the data that the networks learned from, `none_12` is the twelfth sound without a pitch.
            if path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("none")) {
                continue;
            }
            let hints = names::hints(path.strip_prefix(folder)?);
            if let Some(root) = hints.root_midi.or(hints.maybe_midi.first().copied()) {
                found.push((path, f32::from(root)));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let step = found.len().div_ceil(MOST).max(1);
    Ok(found.into_iter().step_by(step).collect())
}

/// Sounds of the factory bank, written as files.
fn factory(home: &Path) -> Result<Vec<Asked>> {
    let bank = Bank::factory();
    let pitched: Vec<_> = bank.sounds.iter().filter(|sound| sound.profile.root_midi.is_some()).collect();
    let mut asked = Vec::new();
    for (i, sound) in pitched.iter().step_by(1 + pitched.len() / OF_FACTORY).enumerate() {
        let audio = bank.load(sound)?;
        let spec = hound::WavSpec {
            channels: audio.channels.len() as u16,
            sample_rate: audio.rate_hz,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let path = home.join(format!("{i:03}.wav"));
        let mut writer = hound::WavWriter::create(&path, spec)?;
        for frame in 0..audio.frames() {
            audio.channels.iter().try_for_each(|channel| writer.write_sample(channel[frame]))?;
        }
        writer.finalize()?;
        asked.extend(sound.profile.root_midi.map(|root| (path, root)));
    }
    Ok(asked)
}

/// The tracker alone, the network alone, and both.
fn ours(asked: &[Asked]) -> Result<Vec<(String, Vec<Heard>)>> {
    let net = SoundNet::embedded()?;
    let [mut tracker, mut network, mut both] = [Vec::new(), Vec::new(), Vec::new()];
    for (path, _) in asked {
        let decoded = decode(path)?;
        let mono = heard_mono(&decoded.audio);
        let labels = net.label(&mono, decoded.audio.rate_hz)?;
        let heard = pitch::hear(&mono, decoded.audio.rate_hz);
        tracker.push((heard.map(|heard| heard.midi), heard.map_or(0.0, |heard| heard.confidence)));
        network.push((labels.root_midi, labels.root_confidence));
        let root = analyse(&decoded, &mono, &labels).root;
        both.push((root.midi, root.confidence));
    }
    Ok(vec![
        ("Neume".to_string(), both),
        ("Neume's tracker alone".to_string(), tracker),
        ("Neume's network alone".to_string(), network),
    ])
}

/// What the others hear; nobody where they are not installed.
fn theirs(asked: &[Asked]) -> Vec<(String, Vec<Heard>)> {
    let said = ask_python(asked).unwrap_or_default();
    if said.is_empty() {
        eprintln!("others: not heard; they need NEUME_PYTHON with librosa and swift-f0");
    }
    let heard = |value: &Value| {
        (value[0].as_f64().map(|midi| midi as f32), value[1].as_f64().map_or(0.0, |sure| sure as f32))
    };
    said.into_iter()
        .map(|(who, roots)| (who, roots.as_array().into_iter().flatten().map(heard).collect()))
        .collect()
}

fn ask_python(asked: &[Asked]) -> Option<serde_json::Map<String, Value>> {
    let python = std::env::var_os("NEUME_PYTHON").unwrap_or_else(|| "python3".into());
    let mut child =
        Command::new(python).arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let lines: String = asked.iter().map(|(path, _)| format!("{}\n", path.display())).collect();
    child.stdin.take()?.write_all(lines.as_bytes()).ok()?;
    let output = child.wait_with_output().ok().filter(|output| output.status.success())?;
    serde_json::from_slice(&output.stdout).ok()
}

/// Shares in percent, and how far confidence is from the share that is right, in tenths of confidence (the expected
/// calibration error), in percent.
fn judged(asked: &[Asked], heard: &[Heard]) -> Value {
    let (mut right, mut octave, mut silent) = (0u32, 0u32, 0u32);
    let mut tenths = [(0u32, 0u32, 0.0f32); 10];
    let mut cents: Vec<f32> = Vec::new();
    for ((_, root), (midi, sure)) in asked.iter().zip(heard) {
        let off = midi.map(|midi| midi - root);
        let is_right = off.is_some_and(|off| off.abs() <= 0.5);
        let is_octave = off.is_some_and(|off| (off - 12.0 * (off / 12.0).round()).abs() <= 0.5);
        right += u32::from(is_right);
        octave += u32::from(is_octave);
        silent += u32::from(off.is_none());
        cents.extend(off.filter(|_| is_right).map(|off| 100.0 * off.abs()));
        let tenth = &mut tenths[((sure * 10.0) as usize).min(9)];
        *tenth = (tenth.0 + 1, tenth.1 + u32::from(is_right), tenth.2 + sure);
    }
    let all = asked.len() as f32;
    let share = |count: u32| 100.0 * f64::from(count) / f64::from(all);
    let off = tenths.iter().map(|(_, right, sure)| (*right as f32 - sure).abs()).sum::<f32>() / all;
    let sure = tenths[9];
    cents.sort_by(f32::total_cmp);
    json!({
        "right_percent": share(right),
        "octaves_forgiven_percent": share(octave),
        "no_root_percent": share(silent),
        "median_cents_off": cents.get(cents.len() / 2),
        "calibration_error_percent": 100.0 * f64::from(off),
        "sure_sounds": sure.0,
        "right_where_sure_percent": 100.0 * f64::from(sure.1) / f64::from(sure.0.max(1)),
    })
}
