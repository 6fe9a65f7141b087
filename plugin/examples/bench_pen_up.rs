//! Times the way from pen up to the new sound being handed to the Engine: a bank of 1,000 sounds, one Worker, 200
//! strokes. Prints one JSON object.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use neume::handoff::{self, Generation, Request, ToEngine};
use neume::library::Library;
use neume::state::BankRef;
use neume_models::{Point, Rgb, Sketch, Stroke};

const SOUNDS: usize = 1_000;
const STROKES: usize = 200;
const RATE_HZ: u32 = 48_000;

fn main() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join("neume-pen-up-bench");
    write_bank(&folder)?;
    let library = Library::shared();
    let started = Instant::now();
    let bank = library.open(&folder, false, &mut |_| {}, &AtomicBool::new(false))?.bank;
    eprintln!("{} sounds open after {:.1} s", bank.sounds.len(), started.elapsed().as_secs_f32());

    let (editor, worker, mut engine) = handoff::ends();
    let thread = neume::worker::spawn(worker, library)?;
    let (ready, is_ready) = crossbeam_channel::bounded(1);
    editor.requests.send(Request::Rate { rate_hz: RATE_HZ as f32, ready });
    is_ready.recv()?;
    editor.requests.send(Request::OpenBank(BankRef::Folder(folder)));
    while !editor.requests.answered() {
        std::thread::sleep(Duration::from_millis(1));
    }

    let mut millis: Vec<f64> = (0..STROKES).map(|i| time_stroke(&editor, &mut engine, i)).collect();
    editor.requests.send(Request::Quit);
    thread.join().ok();

    millis.sort_by(f64::total_cmp);
    let at = |share: f64| millis[((STROKES - 1) as f64 * share).round() as usize];
    println!(
        "{}",
        serde_json::json!({ "sounds": SOUNDS, "strokes": STROKES, "p50_ms": at(0.5), "p95_ms": at(0.95), "worst_ms": at(1.0) })
    );
    Ok(())
}

/// Milliseconds from the request to the first playable sound of the slot.
fn time_stroke(editor: &handoff::EditorEnd, engine: &mut handoff::EngineEnd, i: usize) -> f64 {
    let sketch = Arc::new(stroke(i));
    let slot = i % handoff::SLOTS;
    editor.document.edit(|state| state.slots[slot].sketch = sketch.clone());
    let started = Instant::now();
    editor.requests.send(Request::Read { slot, sketch, generation: Generation(i as u64 + 1) });
    loop {
        if let Ok(ToEngine::Slot { playable: Some(_), .. }) = engine.messages.pop() {
            break;
        }
        std::hint::spin_loop();
    }
    let millis = started.elapsed().as_secs_f64() * 1e3;
    while !editor.requests.answered() {
        std::thread::sleep(Duration::from_micros(200));
    }
    while engine.messages.pop().is_ok() {}
    millis
}

/// Another drawing for each `i`: height, colour and thickness go through their ranges.
fn stroke(i: usize) -> Sketch {
    let y = 0.05 + 0.9 * ((i * 37) % STROKES) as f32 / STROKES as f32;
    let points = (0..60).map(|k| {
        let x = 0.1 + 0.8 * k as f32 / 59.0;
        Point { x, y: y + 0.01 * (x * (4 + i % 9) as f32 * 6.0).sin(), secs: k as f32 / 60.0 }
    });
    let channel = |shift: usize| ((i * 53 + shift * 85) % 256) as u8;
    let rgb = Rgb([channel(0), channel(1), channel(2)]);
    let width_norm = 0.004 + 0.05 * ((i * 11) % 40) as f32 / 40.0;
    Sketch { strokes: vec![Stroke { points: points.collect(), rgb, width_norm }], raster: None }
}

/// Two seconds of a few partials each, on 72 roots.
fn write_bank(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    for i in 0..SOUNDS {
        let midi = 30 + i % 72;
        let path = folder.join(format!("tone{i:04}_{midi:03}.wav"));
        if path.exists() {
            continue;
        }
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec)?;
        let hz = 440.0 * 2f64.powf((midi as f64 - 69.0) / 12.0);
        for frame in 0..2 * 44_100 {
            let t = frame as f64 / 44_100.0;
            let partials = 1 + i % 7;
            let sum: f64 =
                (1..=partials).map(|k| (t * hz * k as f64 * std::f64::consts::TAU).sin() / k as f64).sum();
            let fade = (t * (1.0 + (i % 5) as f64)).mul_add(-1.0, 0.0).exp();
            writer.write_sample((sum * fade * 9_000.0) as i16)?;
        }
        writer.finalize()?;
    }
    Ok(())
}
