//! Times the second scan of a folder of 10,000 sounds of which none has changed, and what it is made of. The sounds are
//! short, and their labels are dealt rather than heard: only the first scan would know the difference. Prints one JSON
//! object.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use neume_bank::scan::{Ears, remembered};
use neume_bank::{ScanOptions, ScanReport, scan_with};
use neume_models::{Embedding, Families, Family, SoundLabels};

const SOUNDS: usize = 10_000;
const RUNS: usize = 7;

fn main() -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let folder = place.path().join("sounds");
    write_bank(&folder)?;
    let options = ScanOptions { cache: Some(place.path().join("cache")), rebuild: false };
    let begin = Instant::now();
    let first = scan(&folder, &options)?;
    anyhow::ensure!(first.new == SOUNDS, "{} of {SOUNDS} sounds are new", first.new);
    let first_secs = begin.elapsed().as_secs_f64();
    let index = std::fs::read_dir(place.path().join("cache/banks"))?.next().transpose()?;
    let index_mb =
        index.map(|index| index.metadata()).transpose()?.map_or(0, |about| about.len()) as f64 / 1e6;
    let mut secs = Vec::new();
    let mut opened = Vec::new();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let second = scan(&folder, &options)?;
        secs.push(begin.elapsed().as_secs_f64());
        anyhow::ensure!(second.new == 0 && second.bank == first.bank, "the second scan says something else");
        let begin = Instant::now();
        remembered(&folder, &options)?;
        opened.push(begin.elapsed().as_secs_f64());
    }
    secs.sort_by(f64::total_cmp);
    opened.sort_by(f64::total_cmp);
    println!(
        "{}",
        serde_json::json!({
            "sounds": SOUNDS,
            "first_secs": first_secs,
            "second_secs": { "median": secs[RUNS / 2], "worst": secs[RUNS - 1] },
            "without_looking_at_the_folder_secs": opened[RUNS / 2],
            "index_mb": index_mb,
        })
    );
    Ok(())
}

fn scan(folder: &Path, options: &ScanOptions) -> anyhow::Result<ScanReport> {
    let ears = Ears { id: 1, listen: &|mono, _| Ok(dealt(mono)) };
    Ok(scan_with(folder, options, &ears, &mut |_| {}, &AtomicBool::new(false))?)
}

/// Labels that differ from sound to sound.
fn dealt(mono: &[f32]) -> SoundLabels {
    let seed = mono.iter().map(|sample| sample.abs()).sum::<f32>();
    let mut place = [0.0; Embedding::LEN];
    place.iter_mut().enumerate().for_each(|(i, v)| *v = ((i + 1) as f32 * seed).sin());
    SoundLabels {
        root_midi: Some(60.0),
        root_confidence: 0.9,
        loudness_db: -20.0,
        families: Families::only(Family::ALL[seed as usize % Family::COUNT]),
        brightness: 0.5,
        roughness: 0.5,
        embedding: Embedding::from_raw(&place),
    }
}

fn write_bank(folder: &Path) -> anyhow::Result<()> {
    const WORDS: [&str; 8] =
        ["Violin sus", "Grand Piano", "Kick", "Flute_nv", "Bass clarinet", "pad", "Vox aah", "Rhodes"];
    for at in 0..SOUNDS {
        let word = WORDS[at % WORDS.len()];
        let inside = folder.join(format!("Library {}/{word}", at / 500));
        std::fs::create_dir_all(&inside)?;
        let midi = 36 + at / WORDS.len() % 48;
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(inside.join(format!("{word}_{midi:03}_{at}.wav")), spec)?;
        let step = 440.0 * 2f64.powf((midi as f64 - 69.0) / 12.0) / 8_000.0 * std::f64::consts::TAU;
        for frame in 0..800 {
            let level = 8_000.0 + at as f64;
            writer.write_sample((level * (step * f64::from(frame)).sin()) as i16)?;
        }
        writer.finalize()?;
    }
    Ok(())
}
