//! How soon a correction is known: from the click until the drawing is understood anew, in languages of growing size and
//! with drawings in all sixteen slots. Prints one JSON object.

use std::sync::Arc;
use std::time::Instant;

use neume::handoff::{self, EditorEnd, Generation, Request, SLOTS};
use neume::library::Library;
use neume_models::{Point, Rgb, Sketch, Stroke};

const ROUNDS: usize = 40;

fn main() -> anyhow::Result<()> {
    let library = Library::shared();
    let (editor, worker, _engine) = handoff::ends();
    let worker = neume::worker::spawn(worker, library)?;
    for slot in 0..SLOTS {
        let sketch = Arc::new(drawing(10_000 + slot as u32));
        editor.document.edit(|state| state.slots[slot].sketch = sketch.clone());
        editor.requests.send(Request::Read { slot, sketch, generation: Generation(1) });
    }
    settle(&editor);
    let mut rows = Vec::new();
    let mut taught = 0;
    for signs in [1, 20, 200] {
        editor.document.edit(|state| {
            for number in taught..signs {
                let drawing = Arc::new(drawing(number));
                // Every drawing has ink, and the language is not full.
                state.language.teach(&format!("sign {number}"), drawing).ok();
            }
        });
        editor.requests.send(Request::Language);
        settle(&editor);
        taught = signs;
        let mut millis: Vec<f64> = (0..ROUNDS as u32)
            .map(|round| {
                let started = Instant::now();
                editor.document.edit(|state| {
                    let drawing = Arc::new(drawing(20_000 + signs * 100 + round));
                    state.language.teach("sign 0", drawing).ok();
                });
                editor.requests.send(Request::Language);
                settle(&editor);
                started.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        millis.sort_by(f64::total_cmp);
        rows.push(serde_json::json!({
            "signs": signs,
            "p50_ms": millis[ROUNDS / 2],
            "p95_ms": millis[ROUNDS * 95 / 100],
            "worst_ms": millis[ROUNDS - 1],
        }));
    }
    println!("{}", serde_json::json!({ "slots": SLOTS, "rounds": ROUNDS, "teach": rows }));
    editor.requests.send(Request::Quit);
    worker.join().ok();
    Ok(())
}

fn settle(editor: &EditorEnd) {
    while !editor.requests.answered() {
        std::thread::yield_now();
    }
}

/// A stroke with corners that follow from its number.
fn drawing(number: u32) -> Sketch {
    let mut state = number.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.15 + 0.7 * (state >> 8) as f32 / (1 << 24) as f32
    };
    let corners: Vec<(f32, f32)> = (0..6).map(|_| (next(), next())).collect();
    let points = corners
        .windows(2)
        .flat_map(|pair| (0..12).map(|i| (pair[0], pair[1], i as f32 / 12.0)))
        .map(|((ax, ay), (bx, by), t)| Point { x: ax + (bx - ax) * t, y: ay + (by - ay) * t, secs: t })
        .collect();
    Sketch { strokes: vec![Stroke { points, rgb: Rgb([30, 40, 180]), width_norm: 0.02 }], raster: None }
}
