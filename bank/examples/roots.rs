//! Measures the pitch tracker on a folder whose names say the root, names hidden from it: shares of the roots that are
//! right, an octave off, and not heard.
//!
//! `cargo run --release -p neume-bank --example roots -- FOLDER`

use std::path::{Path, PathBuf};

use neume_bank::{decode, names, pitch};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { files(&entry, found) } else { found.push(entry) }
    }
}

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("name a folder"));
    let mut found = Vec::new();
    files(&folder, &mut found);
    let (mut asked, mut right, mut octave, mut silent) = (0u32, 0u32, 0u32, 0u32);
    let mut sure = [(0u32, 0u32); 10];
    let begin = std::time::Instant::now();
    for file in found {
        let hints = names::hints(file.strip_prefix(&folder).unwrap_or(&file));
        let Some(root) = hints.root_midi.or(hints.maybe_midi.first().copied()) else { continue };
        let Ok(decoded) = decode(&file) else { continue };
        asked += 1;
        let Some(heard) = pitch::hear(&decoded.audio.mono(), decoded.audio.rate_hz) else {
            silent += 1;
            println!("none {}", file.display());
            continue;
        };
        let off = heard.midi - f32::from(root);
        let bucket = &mut sure[((heard.confidence * 10.0) as usize).min(9)];
        bucket.0 += 1;
        if off.abs() <= 0.5 {
            right += 1;
            bucket.1 += 1;
        } else {
            println!("off {off:.2} {:.2} {}", heard.confidence, file.display());
            if (off / 12.0 - (off / 12.0).round()).abs() <= 0.5 / 12.0 {
                octave += 1;
            }
        }
    }
    let share = |n: u32| 100.0 * n as f32 / asked.max(1) as f32;
    println!(
        "{asked} sounds: {:.1} % right, {:.1} % an octave off, {:.1} % without; {:.1} ms each",
        share(right),
        share(octave),
        share(silent),
        begin.elapsed().as_secs_f32() * 1000.0 / asked.max(1) as f32
    );
    for (i, (all, good)) in sure.iter().enumerate().filter(|(_, b)| b.0 > 0) {
        println!("confidence {:.1}: {good} of {all}", i as f32 / 10.0);
    }
}
