//! An instance without a host, and folders of tones for its bank.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neume::handoff::{self, EditorEnd, EngineEnd, Generation, Playable, Request, SLOTS, ToEngine, View};
use neume::library::Library;
use neume::state::InstanceState;
use neume_models::{Point, Rgb, Sketch, Stroke};

pub const RATE_HZ: f32 = 48_000.0;

/// An instance without a host: the Editor's and the Engine's ends in the hands of the test.
pub struct Instance {
    pub editor: EditorEnd,
    pub engine: EngineEnd,
    worker: Option<std::thread::JoinHandle<()>>,
    pub under_keys: Vec<Option<Arc<Playable>>>,
}

impl Instance {
    pub fn new() -> Instance {
        use_cache_of_its_own();
        let (editor, worker, engine) = handoff::ends();
        let worker = neume::worker::spawn(worker, Library::shared()).expect("a thread starts");
        Instance { editor, engine, worker: Some(worker), under_keys: vec![None; SLOTS] }
    }

    pub fn restored(state: InstanceState) -> Instance {
        let instance = Instance::new();
        instance.editor.document.set(state);
        instance.editor.requests.send(Request::Restore);
        instance
    }

    pub fn at_rate(mut self, rate_hz: f32) -> Instance {
        let (ready, is_ready) = crossbeam_channel::bounded(1);
        self.editor.requests.send(Request::Rate { rate_hz, ready });
        is_ready.recv_timeout(Duration::from_secs(60)).expect("the sounds get ready");
        self.settle();
        self
    }

    pub fn draw(&mut self, slot: usize, sketch: Sketch) {
        let sketch = Arc::new(sketch);
        self.editor.document.edit(|state| state.slots[slot].sketch = sketch.clone());
        self.editor.requests.send(Request::Read { slot, sketch, generation: Generation(1) });
        self.settle();
    }

    /// Waits until the Worker has answered and no scan is under way, and takes what it handed over.
    pub fn settle(&mut self) {
        let started = Instant::now();
        loop {
            let settled = self.editor.requests.answered() && self.view().bank.scanning.is_none();
            while let Ok(message) = self.engine.messages.pop() {
                if let ToEngine::Slot { slot, playable } = message {
                    self.under_keys[slot] = playable;
                }
            }
            if settled {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(120), "the Worker answers");
            std::thread::yield_now();
        }
    }

    pub fn view(&self) -> Arc<View> {
        self.editor.view.lock().clone()
    }

    pub fn samples(&self, slot: usize) -> Vec<Vec<f32>> {
        let playable = self.under_keys[slot].as_ref().expect("the slot has a sound");
        playable.zones.iter().map(|zone| zone.pcm.left.to_vec()).collect()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.editor.requests.send(Request::Quit);
        if let Some(worker) = self.worker.take() {
            worker.join().expect("the Worker ends in order");
        }
    }
}

/// The index of test banks is no business of the user's cache.
fn use_cache_of_its_own() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let cache = std::env::temp_dir().join(format!("neume-test-cache-{}", std::process::id()));
        // SAFETY: every test comes through here before its first scan, and nothing else reads the environment yet.
        unsafe { std::env::set_var("NEUME_CACHE", cache) };
    });
}

pub fn line(midi: f32, rgb: [u8; 3]) -> Sketch {
    let y = neume_models::Scale::DEFAULT.y_of(midi);
    let points =
        (0..40).map(|i| Point { x: 0.2 + 0.6 * i as f32 / 39.0, y, secs: i as f32 / 60.0 }).collect();
    Sketch { strokes: vec![Stroke { points, rgb: Rgb(rgb), width_norm: 0.02 }], raster: None }
}

pub fn write_tone(path: &Path, hz: f64) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the file is made");
    for frame in 0..22_050 {
        let t = f64::from(frame) / 22_050.0;
        let sum: f64 =
            (1..5).map(|k| (t * hz * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k)).sum();
        writer.write_sample((sum * (-2.0 * t).exp() * 8_000.0) as i16).expect("a sample is written");
    }
    writer.finalize().expect("the file is closed");
}

pub fn folder_of_tones(notes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for &note in notes {
        let hz = 440.0 * 2f64.powf((f64::from(note) - 69.0) / 12.0);
        write_tone(&folder.path().join(format!("tone_{note:03}.wav")), hz);
    }
    folder
}
