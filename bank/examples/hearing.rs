//! Measures what is heard in a folder whose names say root and family, names hidden from the ear: the tracker, the
//! network, and both together.
//!
//! `cargo run --release -p neume-bank --example hearing -- FOLDER [WEIGHTS]`, by the weights that ship unless others are
//! named, for instance those of a training that left the folder's instruments out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use neume_bank::analyse::{analyse, heard_mono};
use neume_bank::names::Hints;
use neume_bank::{decode, names, pitch};
use neume_models::SoundNet;

/// Counts of one ear.
#[derive(Default)]
struct Tally {
    right: u32,
    octave: u32,
    silent: u32,
    /// By confidence in tenths: all, and right ones.
    sure: [(u32, u32); 10],
}

impl Tally {
    fn count(&mut self, root: f32, heard: Option<f32>, confidence: f32) {
        let Some(heard) = heard else {
            self.silent += 1;
            return;
        };
        let off = heard - root;
        let bucket = &mut self.sure[((confidence * 10.0) as usize).min(9)];
        bucket.0 += 1;
        if off.abs() <= 0.5 {
            self.right += 1;
            bucket.1 += 1;
        } else if (off - 12.0 * (off / 12.0).round()).abs() <= 0.5 {
            self.octave += 1;
        }
    }

    fn print(&self, who: &str, asked: u32) {
        let share = |n: u32| 100.0 * n as f32 / asked.max(1) as f32;
        let (right, octave, silent) = (share(self.right), share(self.octave), share(self.silent));
        println!("{who}: {right:.1} % right, {octave:.1} % an octave off, {silent:.1} % without");
        let shown = self.sure.iter().enumerate().filter(|(_, bucket)| bucket.0 > 0);
        println!(
            "   by confidence: {}",
            shown.map(|(i, b)| format!("0.{i}: {}/{}", b.1, b.0)).collect::<Vec<_>>().join("  ")
        );
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files(&entry, found)?;
        } else {
            found.push(entry);
        }
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).context("name a folder")?);
    let net = match std::env::args_os().nth(2) {
        Some(weights) => SoundNet::from_weights(&std::fs::read(weights)?)?,
        None => SoundNet::embedded()?,
    };
    let mut found = Vec::new();
    files(&folder, &mut found)?;
    let [mut tracker, mut network, mut both] = [Tally::default(), Tally::default(), Tally::default()];
    let (mut asked, mut families, mut family_right) = (0, 0u32, 0u32);
    let mut secs = [0.0f32; 3];
    for file in &found {
        let hints = names::hints(file.strip_prefix(&folder)?);
        let begin = Instant::now();
        let Ok(decoded) = decode(file) else { continue };
        let mono = heard_mono(&decoded.audio);
        secs[0] += begin.elapsed().as_secs_f32();
        let begin = Instant::now();
        let labels = net.label(&mono, decoded.audio.rate_hz)?;
        secs[1] += begin.elapsed().as_secs_f32();
        let begin = Instant::now();
        let says = analyse(&decoded, &mono, &labels);
        secs[2] += begin.elapsed().as_secs_f32();
        if let Some(family) = hints.family {
            families += 1;
            family_right += u32::from(says.families.best().0 == family);
        }
        let Some(root) = hints.root_midi.or(hints.maybe_midi.first().copied()).map(f32::from) else {
            continue;
        };
        asked += 1;
        let heard = pitch::hear(&mono, decoded.audio.rate_hz);
        tracker.count(root, heard.map(|h| h.midi), heard.map_or(0.0, |h| h.confidence));
        network.count(root, labels.root_midi, labels.root_confidence);
        let ear = says.root.told(&Hints::default(), None);
        both.count(root, ear.midi, ear.confidence);
        let wrong = ear.midi.is_none_or(|midi| (midi - root).abs() > 0.5);
        if wrong && std::env::var_os("HEARING_WRONG").is_some() {
            println!(
                "{root} tracker {heard:?} network {:?} {:.2} {}",
                labels.root_midi,
                labels.root_confidence,
                file.display()
            );
        }
    }
    tracker.print("tracker", asked);
    network.print("network", asked);
    both.print("both", asked);
    println!("family right: {family_right} of {families}");
    let each = secs.map(|secs| 1000.0 * secs / found.len() as f32);
    println!("decode {:.2} ms, network {:.2} ms, analysis {:.2} ms a sound", each[0], each[1], each[2]);
    Ok(())
}
