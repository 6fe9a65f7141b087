//! Renders the factory bank, lets the sound network listen, and writes the index beside the code; with a folder as
//! argument, every sound as a WAV file there besides.
//!
//! `cargo run --release -p neume-bank --example factory_index [FOLDER]`

use std::path::{Path, PathBuf};
use std::time::Instant;

use neume_bank::factory::{self, Recipe, Rendered, index};
use neume_models::excerpt::{excerpt, with_planner};
use neume_models::{SoundNet, measures};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let net = SoundNet::embedded()?;
    let mut lines = Vec::new();
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
            }
            let heard = listen(&net, &rendered)?;
            lines.push(serde_json::to_string(&index::Entry::new(recipe, root_midi, &rendered, &heard))?);
        }
        eprintln!("{}", recipe.name);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/factory/index.json");
    std::fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n")))?;
    let mean_ms = total_ms / lines.len() as f64;
    println!("{} sounds, {mean_ms:.1} ms each, slowest {:.1} ms ({})", lines.len(), slowest.0, slowest.1);
    Ok(())
}

/// The network places the sound among sounds. Brightness and roughness are measured: these samples are clean, and there
/// measuring is exact.
fn listen(net: &SoundNet, rendered: &Rendered) -> Outcome<index::Heard> {
    let (mono, rate_hz) = (rendered.audio.mono(), rendered.audio.rate_hz);
    let embedding = net.label(&mono, rate_hz)?.embedding;
    Ok(with_planner(|planner| {
        let heard = excerpt(&mono, rate_hz, planner);
        index::Heard {
            brightness: measures::brightness(&heard, planner),
            roughness: measures::roughness(&heard, planner),
            embedding,
        }
    }))
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
