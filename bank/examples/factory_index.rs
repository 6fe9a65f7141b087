//! Renders the factory bank and writes its index; with a folder as argument, every sound as a WAV file besides.
//!
//! `cargo run --release -p neume-bank --example factory_index [FOLDER]`

use std::path::{Path, PathBuf};
use std::time::Instant;

use neume_bank::{Audio, factory};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let mut slowest = (0.0, String::new());
    let (mut count, mut total_ms) = (0, 0.0);
    for recipe in factory::recipes() {
        for &root_midi in recipe.roots {
            let begin = Instant::now();
            let rendered = recipe.render(root_midi);
            let ms = begin.elapsed().as_secs_f64() * 1e3;
            total_ms += ms;
            count += 1;
            if ms > slowest.0 {
                slowest = (ms, format!("{} {root_midi}", recipe.name));
            }
            if let Some(folder) = &folder {
                let name = format!("{}__{}__{root_midi}", recipe.family.id(), recipe.name.replace(' ', "_"));
                let ends = rendered.sustain.map(|l| format!("__{}_{}", l.start_frames, l.end_frames)).unwrap_or_default();
                eprintln!("{ms:6.1} ms  {name}");
                write_wav(&folder.join(format!("{name}{ends}.wav")), &rendered.audio)?;
            }
        }
    }
    println!("{count} sounds, {:.1} ms each, slowest {:.1} ms ({})", total_ms / count as f64, slowest.0, slowest.1);
    Ok(())
}

fn write_wav(path: &Path, audio: &Audio) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: audio.channels.len() as u16,
        sample_rate: audio.rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for frame in 0..audio.frames() {
        for channel in &audio.channels {
            writer.write_sample(channel[frame])?;
        }
    }
    writer.finalize()
}
