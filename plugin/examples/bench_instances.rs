//! What sixteen instances in one process take against one: time until a fresh one can be played, memory, and CPU while each
//! plays a chord of six notes at 48 kHz in blocks of 64 frames. Prints one JSON object; memory and CPU on Linux only.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use neume::engine::{Engine, Event, Note, Settings, TimedEvent};
use neume::handoff::{self, EditorEnd, Request};
use neume::library::Library;
use neume::state::InstanceState;

const RATE_HZ: f32 = 48_000.0;
const BLOCK_FRAMES: usize = 64;
const SECS: usize = 10;
const KEYS: [u8; 6] = [48, 55, 60, 64, 67, 72];

struct Instance {
    editor: EditorEnd,
    engine: Engine,
    worker: JoinHandle<()>,
}

impl Instance {
    /// One that a host has made and activated.
    fn fresh(library: &Arc<Library>) -> anyhow::Result<Instance> {
        let (editor, worker, engine) = handoff::ends();
        editor.document.set(InstanceState::first());
        let worker = neume::worker::spawn(worker, library.clone())?;
        editor.requests.send(Request::Restore);
        let (ready, is_ready) = crossbeam_channel::bounded(1);
        editor.requests.send(Request::Rate { rate_hz: RATE_HZ, ready });
        is_ready.recv()?;
        let mut engine = Engine::new(engine, RATE_HZ);
        engine.take_messages();
        Ok(Instance { editor, engine, worker })
    }

    fn quit(self) {
        self.editor.requests.send(Request::Quit);
        self.worker.join().ok();
    }
}

fn main() -> anyhow::Result<()> {
    let library = Library::shared();
    let mut instances = Vec::new();
    let mut rows = Vec::new();
    let mut fresh_ms = Vec::new();
    for count in [1, 16] {
        while instances.len() < count {
            let started = Instant::now();
            instances.push(Instance::fresh(&library)?);
            fresh_ms.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let cpu_percent = play(&mut instances);
        rows.push(serde_json::json!({
            "instances": count,
            "memory_mib": memory_mib(),
            "cpu_percent_of_a_core": cpu_percent,
        }));
    }
    instances.into_iter().for_each(Instance::quit);
    let last = fresh_ms[1..].iter().fold(0.0f64, |most, ms| most.max(*ms));
    println!(
        "{}",
        serde_json::json!({ "first_is_playable_after_ms": fresh_ms[0], "slowest_other_ms": last, "cases": rows })
    );
    Ok(())
}

/// Plays a chord on every instance, in turns, and returns the time that it took, in percent of the time that it lasts.
fn play(instances: &mut [Instance]) -> f64 {
    let settings = Settings::default();
    let (mut left, mut right) = ([0.0; BLOCK_FRAMES], [0.0; BLOCK_FRAMES]);
    let started = Instant::now();
    for block in 0..SECS * RATE_HZ as usize / BLOCK_FRAMES {
        for instance in instances.iter_mut() {
            let chord: Vec<TimedEvent> = match block {
                0 => KEYS
                    .iter()
                    .map(|&key| TimedEvent {
                        frame: 0,
                        event: Event::NoteOn { note: Note::new(0, key), velocity: 0.8 },
                    })
                    .collect(),
                _ => Vec::new(),
            };
            instance.engine.process(&settings, chord, &mut left, &mut right);
        }
    }
    let secs = started.elapsed().as_secs_f64();
    instances.iter_mut().for_each(|instance| instance.engine.reset());
    100.0 * secs / SECS as f64
}

/// What the process holds in memory, in MiB, where the system tells.
fn memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<f64>().ok()? / 1024.0)
}
