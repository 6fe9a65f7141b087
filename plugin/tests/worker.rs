//! The Worker from request to playable sound: through the real networks, the real factory bank and real folders.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use neume::handoff::{self, EditorEnd, EngineEnd, Generation, Playable, Request, SLOTS, ToEngine, View};
use neume::library::Library;
use neume::state::{BankRef, InstanceState};
use neume_models::{Point, Rgb, Sketch, Stroke};

const RATE_HZ: f32 = 48_000.0;

/// An instance without a host: the Editor's and the Engine's ends in the hands of the test.
struct Instance {
    editor: EditorEnd,
    engine: EngineEnd,
    worker: Option<std::thread::JoinHandle<()>>,
    under_keys: Vec<Option<Arc<Playable>>>,
}

impl Instance {
    fn new() -> Instance {
        use_cache_of_its_own();
        let (editor, worker, engine) = handoff::ends();
        let worker = neume::worker::spawn(worker, Library::shared()).expect("a thread starts");
        Instance { editor, engine, worker: Some(worker), under_keys: vec![None; SLOTS] }
    }

    fn restored(state: InstanceState) -> Instance {
        let instance = Instance::new();
        instance.editor.document.set(state);
        instance.editor.requests.send(Request::Restore);
        instance
    }

    fn at_rate(mut self, rate_hz: f32) -> Instance {
        let (ready, is_ready) = crossbeam_channel::bounded(1);
        self.editor.requests.send(Request::Rate { rate_hz, ready });
        is_ready.recv_timeout(Duration::from_secs(60)).expect("the sounds get ready");
        self.settle();
        self
    }

    fn draw(&mut self, slot: usize, sketch: Sketch) {
        let sketch = Arc::new(sketch);
        self.editor.document.edit(|state| state.slots[slot].sketch = sketch.clone());
        self.editor.requests.send(Request::Read { slot, sketch, generation: Generation(1) });
        self.settle();
    }

    /// Waits until the Worker has answered and no scan is under way, and takes what it handed over.
    fn settle(&mut self) {
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

    fn view(&self) -> Arc<View> {
        self.editor.view.lock().clone()
    }

    fn samples(&self, slot: usize) -> Vec<Vec<f32>> {
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

fn line(midi: f32, rgb: [u8; 3]) -> Sketch {
    let y = neume_models::Scale::DEFAULT.y_of(midi);
    let points =
        (0..40).map(|i| Point { x: 0.2 + 0.6 * i as f32 / 39.0, y, secs: i as f32 / 60.0 }).collect();
    Sketch { strokes: vec![Stroke { points, rgb: Rgb(rgb), width_norm: 0.02 }], raster: None }
}

fn write_tone(path: &Path, hz: f64) {
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

fn folder_of_tones(notes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for &note in notes {
        let hz = 440.0 * 2f64.powf((f64::from(note) - 69.0) / 12.0);
        write_tone(&folder.path().join(format!("tone_{note:03}.wav")), hz);
    }
    folder
}

#[test]
fn a_fresh_instance_has_its_first_sketch_under_the_keys() {
    let instance = Instance::restored(InstanceState::first()).at_rate(RATE_HZ);
    let view = instance.view();
    assert!(matches!(view.slots[0].reading, Some(Ok(_))), "{:?}", view.slots[0].reading);
    assert_eq!(view.slots[0].matches.len(), 5);
    assert!(instance.under_keys[0].is_some());
    assert!(instance.under_keys[1..].iter().all(Option::is_none), "the other slots are empty");
}

#[test]
fn a_drawing_puts_the_best_sound_of_the_bank_under_the_keys() {
    let folder = folder_of_tones(&[55, 60, 64, 67, 72]);
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(folder.path().to_path_buf())));
    instance.settle();
    assert_eq!(instance.view().bank.sounds, 5);
    instance.draw(3, line(64.0, [0, 0, 0]));
    let view = instance.view();
    assert_eq!(view.slots[3].matches[0].name, "tone_064");
    assert_eq!(view.slots[3].generation, Generation(1));
    let playable = instance.under_keys[3].as_ref().expect("it is handed over");
    assert!((playable.drawn_midi - 64.0).abs() < 0.5);
}

#[test]
fn clearing_the_pad_empties_the_slot() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    assert!(instance.under_keys[0].is_some());
    instance.draw(0, Sketch::default());
    assert!(instance.under_keys[0].is_none());
    assert!(instance.view().slots[0].reading.is_none());
}

#[test]
fn a_reopened_project_gives_the_same_samples_although_the_bank_has_grown() {
    let folder = folder_of_tones(&[55, 67]);
    let bank = BankRef::Folder(folder.path().to_path_buf());
    let mut first = Instance::new().at_rate(RATE_HZ);
    first.editor.requests.send(Request::OpenBank(bank));
    first.settle();
    first.draw(0, line(60.0, [0, 0, 0]));
    let (saved, before) = (first.editor.document.get().to_value(), first.samples(0));
    drop(first);

    write_tone(&folder.path().join("tone_060.wav"), 261.63);
    let state = InstanceState::from_value(saved).expect("the state is whole");
    let second = Instance::restored(state).at_rate(RATE_HZ);
    assert_eq!(second.samples(0), before);
    let shown = second.view();
    assert_eq!(shown.slots[0].matches[0].name, "tone_060", "the new sound fits better and is offered");
}

#[test]
fn a_state_that_is_loaded_over_another_keeps_its_own_choice() {
    let mut first = Instance::new().at_rate(RATE_HZ);
    first.draw(0, line(43.0, [0, 0, 0]));
    let saved = first.editor.document.get();
    let chosen = saved.slots[0].chosen.clone().expect("a sound was chosen");
    for round in 0..20 {
        let mut second = Instance::restored(InstanceState::first());
        // A host that makes an instance and loads its state at once finds the Worker reading the first sketch; another
        // host is slower.
        if round % 2 == 0 {
            second.settle();
        }
        second.editor.document.set((*saved).clone());
        second.editor.requests.send(Request::Restore);
        let second = second.at_rate(RATE_HZ);
        let now = second.editor.document.get().slots[0].chosen.clone().expect("it stays chosen");
        assert_eq!(now.sound, chosen.sound);
        assert_eq!(second.samples(0), first.samples(0));
    }
}

#[test]
fn a_sound_that_is_gone_is_named_the_nearest_stands_in_and_a_new_folder_brings_it_back() {
    let folder = folder_of_tones(&[60]);
    let bank = BankRef::Folder(folder.path().to_path_buf());
    let mut first = Instance::new().at_rate(RATE_HZ);
    first.editor.requests.send(Request::OpenBank(bank));
    first.settle();
    first.draw(0, line(60.0, [0, 0, 0]));
    let (saved, before) = (first.editor.document.get().to_value(), first.samples(0));
    drop(first);

    let moved = tempfile::tempdir().expect("a folder");
    let elsewhere = moved.path().join("renamed.wav");
    std::fs::rename(folder.path().join("tone_060.wav"), &elsewhere).expect("the sound moves");
    drop(folder);
    let state = InstanceState::from_value(saved).expect("the state is whole");
    // At another rate, so that the samples which this process still holds do not help.
    let mut second = Instance::restored(state).at_rate(44_100.0);
    assert_eq!(second.view().slots[0].missing.as_deref(), Some("tone_060"));
    assert!(second.under_keys[0].is_some(), "the nearest sound stands in");

    second.editor.requests.send(Request::Relink(moved.path().to_path_buf()));
    second.settle();
    assert_eq!(second.view().slots[0].missing, None);
    let second = second.at_rate(RATE_HZ);
    assert_eq!(second.samples(0), before);
}

#[test]
fn a_folder_that_cannot_be_read_is_said_once_and_the_last_sound_stays() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    let before = instance.samples(0);
    let nowhere = std::env::temp_dir().join("neume-there-is-no-such-folder");
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(nowhere.clone())));
    instance.settle();
    let notice = instance.view().notice.clone().expect("there is a notice");
    assert!(notice.contains(&*nowhere.to_string_lossy()), "{notice}");
    assert_eq!(instance.samples(0), before);
}

#[test]
fn a_state_that_is_garbage_or_of_the_future_is_refused_with_its_cause() {
    let whole = InstanceState::default().to_value();
    let mut future = whole.clone();
    future["version"] = 99.into();
    let cause = InstanceState::from_value(future).expect_err("it is of the future").to_string();
    assert!(cause.contains("99"), "{cause}");
    for garbage in [serde_json::json!(7), serde_json::json!({ "slots": "none" }), serde_json::json!([1, 2])] {
        InstanceState::from_value(garbage.clone()).expect_err(&garbage.to_string());
    }
    let mut short = whole.clone();
    short["slots"] = serde_json::json!([]);
    assert_eq!(InstanceState::from_value(short).expect("it is taken").slots.len(), SLOTS);
}
