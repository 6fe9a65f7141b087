//! Renders the factory bank and writes its index beside the code; with a folder as argument, every sound as a WAV
//! file there besides.
//!
//! `cargo run --release -p neume-bank --example factory_index [FOLDER]`

use std::path::{Path, PathBuf};
use std::time::Instant;

use neume_bank::factory::{self, Recipe, Rendered, index};
use neume_bank::{Audio, Sound};
use neume_models::Embedding;
use realfft::RealFftPlanner;
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let mut sounds = Vec::new();
    let (mut total_ms, mut slowest) = (0.0, (0.0, String::new()));
    for recipe in factory::recipes() {
        for &root_midi in recipe.roots {
            let begin = Instant::now();
            let rendered = recipe.render(root_midi);
            let ms = begin.elapsed().as_secs_f64() * 1e3;
            total_ms += ms;
            if ms > slowest.0 {
                slowest = (ms, format!("{} {root_midi}", recipe.name));
            }
            if let Some(folder) = &folder {
                write_wav(folder, recipe, root_midi, &rendered)?;
                eprintln!("{ms:6.1} ms  {} {root_midi}", recipe.name);
            }
            sounds.push(index::entry(recipe, root_midi, &rendered, heard(&rendered.audio)));
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/factory/index.json");
    std::fs::write(&path, lines(&sounds)?)?;
    let mean_ms = total_ms / sounds.len() as f64;
    println!("{} sounds, {mean_ms:.1} ms each, slowest {:.1} ms ({})", sounds.len(), slowest.0, slowest.1);
    Ok(())
}

/// A JSON array with one sound a line, numbers rounded to what matters.
fn lines(sounds: &[Sound]) -> Outcome<String> {
    let mut lines = Vec::new();
    for sound in sounds {
        let mut value = serde_json::to_value(sound)?;
        round(&mut value);
        lines.push(serde_json::to_string(&value)?);
    }
    Ok(format!("[\n{}\n]\n", lines.join(",\n")))
}

fn round(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(exact) = number.as_f64().filter(|_| number.is_f64()) {
                *value = Value::from((exact * 1e4).round() / 1e4);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(round),
        Value::Object(fields) => fields.values_mut().for_each(round),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn heard(audio: &Audio) -> index::Heard {
    const LEN: usize = 65_536;
    let mut mono = audio.mono();
    mono.resize(LEN, 0.0);
    let bins = powers(&mono);
    let bin_hz = audio.rate_hz as f32 / LEN as f32;
    let mut bands = [0.0f32; Embedding::LEN];
    for (bin, power) in bins.iter().enumerate().skip(1) {
        let band = (bin as f32 * bin_hz / 50.0).log2() * 7.8;
        if band >= 0.0 && (band as usize) < bands.len() {
            bands[band as usize] += power;
        }
    }
    let top = bands.iter().copied().fold(1e-20, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (band, power) in bands.iter().enumerate() {
        let amplitude = (power / top).sqrt();
        sum += amplitude;
        weighted += amplitude * (band as f32 + 0.5) / 7.8;
    }
    let octaves_over_dark = weighted / sum - (150.0f32 / 50.0).log2();
    let raw = bands.map(|power| (power / top + 1e-6).log10() + 3.0);
    index::Heard {
        brightness: (octaves_over_dark / 5.0).clamp(0.0, 1.0),
        roughness: flutter(&mono, audio.rate_hz),
        embedding: Embedding::from_raw(&raw),
    }
}

/// How deeply the level of what lies over 800 Hz or so flutters between 20 and 200 Hz.
fn flutter(mono: &[f32], rate_hz: u32) -> f32 {
    let hop = rate_hz as usize / 1000;
    let steep: Vec<f32> = mono.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let levels: Vec<f32> =
        steep.chunks(hop).map(|span| span.iter().map(|x| x * x).sum::<f32>().sqrt()).collect();
    let slow = |i: usize| {
        let span = &levels[i.saturating_sub(25)..(i + 25).min(levels.len())];
        span.iter().sum::<f32>() / span.len() as f32
    };
    let (mut sum, mut weight) = (0.0, 0.0);
    for (i, level) in levels.iter().enumerate() {
        let mean = slow(i);
        sum += (level - mean).abs();
        weight += mean;
    }
    if weight > 0.0 { (1.6 * sum / weight).clamp(0.0, 1.0) } else { 0.0 }
}

fn powers(samples: &[f32]) -> Vec<f32> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(samples.len());
    let mut input = samples.to_vec();
    let mut output = fft.make_output_vec();
    // The lengths come from the plan itself, so that the transform cannot refuse them.
    if fft.process(&mut input, &mut output).is_err() {
        return Vec::new();
    }
    output.iter().map(|value| value.norm_sqr()).collect()
}

fn write_wav(folder: &Path, recipe: &Recipe, root_midi: u8, rendered: &Rendered) -> Outcome<()> {
    let audio = &rendered.audio;
    let sustain =
        rendered.sustain.map(|l| format!("__{}_{}", l.start_frames, l.end_frames)).unwrap_or_default();
    let name = format!("{}__{}__{root_midi}{sustain}.wav", recipe.family.id(), recipe.name.replace(' ', "_"));
    let spec = hound::WavSpec {
        channels: audio.channels.len() as u16,
        sample_rate: audio.rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(folder.join(name), spec)?;
    for frame in 0..audio.frames() {
        for channel in &audio.channels {
            writer.write_sample(channel[frame])?;
        }
    }
    Ok(writer.finalize()?)
}
