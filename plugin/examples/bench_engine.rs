//! Measures the Engine: CPU time of a voice for each second that it sounds, at 48 kHz, in blocks of 64 frames, and of a key
//! that is struck and lifted on an instrument of some seventy thousand zones.
//!
//! `cargo run --release -p neume --example bench_engine` prints one JSON object. FluidSynth 2.3, with interpolation of
//! the fourth order and without reverb and chorus, took 0.25 ms.

use std::sync::Arc;
use std::time::Instant;

use neume::engine::{Engine, Event, Note, POLYPHONY, Settings, TimedEvent};
use neume::handoff::{self, Pcm, Playable, PlayableZone, ToEngine};
use neume_bank::{Depths, Filter, Lfo, Manner, OnRelease, Turn};

const RATE_HZ: f32 = 48_000.0;
const BLOCK_FRAMES: usize = 64;
const SECS: usize = 4;
const IDLE_SECS: usize = 2_000;

/// What sounds.
#[derive(Clone, Default)]
struct Case {
    name: &'static str,
    semitones: i32,
    stereo: bool,
    bent: bool,
    manner: Manner,
}

fn main() {
    let case = |name, semitones| Case { name, semitones, ..Case::default() };
    let filter = Some(Filter { cutoff_hz: 2_000.0, ..Filter::default() });
    let filtered = Manner { filter, ..Manner::default() };
    let moved = |depths| Some(Lfo { freq_hz: 5.0, depths, ..Lfo::default() });
    let swept = moved(Depths { cutoff_cents: 1_200.0, ..Depths::default() });
    let vibrato = moved(Depths { pitch_cents: 30.0, ..Depths::default() });
    let cases = [
        case("at its root", 0),
        case("three semitones up", 3),
        case("an octave down", -12),
        case("an octave up", 12),
        case("two octaves up", 24),
        Case { stereo: true, ..case("stereo, three semitones up", 3) },
        Case { bent: true, ..case("bent, three semitones up", 3) },
        Case { manner: filtered.clone(), ..case("filtered, three semitones up", 3) },
        Case { manner: filtered.clone(), stereo: true, ..case("filtered, stereo, three semitones up", 3) },
        Case {
            manner: Manner { lfos: [swept, None, None], ..filtered },
            ..case("filtered and swept, three semitones up", 3)
        },
        Case {
            manner: Manner { lfos: [vibrato, None, None], ..Manner::default() },
            ..case("vibrato, three semitones up", 3)
        },
    ];
    let figures: Vec<String> = cases
        .iter()
        .map(|case| {
            let (name, millis) = (case.name, millis_per_voice_second(case));
            let voices = 1_000.0 / millis;
            format!(
                "{{\"case\":\"{name}\",\"millis_per_voice_second\":{millis:.4},\"voices_per_core\":{voices:.0}}}"
            )
        })
        .collect();
    let idle_millis = seconds_of_work(0, IDLE_SECS, &Case::default()) * 1_000.0 / IDLE_SECS as f64;
    let (zones, strike_micros) = micros_per_strike();
    println!(
        "{{\"voices\":{POLYPHONY},\"rate_hz\":{RATE_HZ},\"idle_millis_per_second\":{idle_millis:.4},\
         \"zones\":{zones},\"micros_per_strike\":{strike_micros:.2},\"cases\":[{}]}}",
        figures.join(",")
    );
}

/// CPU time of this thread where the system tells it (Linux), else time on the wall.
struct Clock(Instant, Option<f64>);

impl Clock {
    fn start() -> Clock {
        Clock(Instant::now(), Clock::cpu_secs())
    }

    fn secs(&self) -> f64 {
        match (self.1, Clock::cpu_secs()) {
            (Some(before), Some(now)) => now - before,
            _ => self.0.elapsed().as_secs_f64(),
        }
    }

    fn cpu_secs() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? * 1e-9)
    }
}

/// The best of five runs with every voice sounding.
fn millis_per_voice_second(case: &Case) -> f64 {
    let run = |_| seconds_of_work(POLYPHONY, SECS, case) * 1_000.0 / (POLYPHONY * SECS) as f64;
    (0..5).map(run).fold(f64::INFINITY, f64::min)
}

/// An instrument of every key, sixteen velocities and two dozen turns, half as many more zones for keys that are let go:
/// how many zones it has, and the CPU time of a key of a chord that is struck and lifted.
fn micros_per_strike() -> (usize, f64) {
    const CHORDS: usize = 1_000;
    const CHORD: [u8; 10] = [36, 43, 48, 52, 55, 60, 64, 67, 72, 76];
    let zone = &sound(&Case::default()).zones[0];
    let (velocities, turns) = (16, 24);
    let zones = |on_release: Option<OnRelease>, turns: u16| {
        (0..=127).flat_map(move |key| {
            (0..velocities).flat_map(move |layer: u8| {
                (0..turns).map(move |position| PlayableZone {
                    keys: (key, key),
                    velocities: (8 * layer, 8 * layer + 7),
                    manner: Manner {
                        turn: Some(Turn { position, length: turns }),
                        on_release,
                        ..Manner::default()
                    },
                    ..zone.clone()
                })
            })
        })
    };
    let let_go = OnRelease { decay_db_per_sec: 6.0, ignores_pedal: false };
    let zones: Vec<PlayableZone> = zones(None, turns).chain(zones(Some(let_go), turns / 2)).collect();
    let count = zones.len();
    let playable = Arc::new(Playable { zones: zones.into(), gain: 1.0, drawn_midi: 60.0 });
    let mut engine = engine_with(&playable);
    let (mut left, mut right) = ([0.0; BLOCK_FRAMES], [0.0; BLOCK_FRAMES]);
    let mut chord = |is_on: bool| {
        let events = CHORD.map(|key| {
            let note = Note::new(0, key);
            let event = if is_on {
                Event::NoteOn { note, velocity: 0.7 }
            } else {
                Event::NoteOff { note: note.into() }
            };
            TimedEvent { frame: 0, event }
        });
        engine.process(&Settings::default(), events, &mut left[..1], &mut right[..1]);
        if !is_on {
            engine.reset();
        }
    };
    let start = Clock::start();
    for _ in 0..CHORDS {
        chord(true);
        chord(false);
    }
    (count, start.secs() * 1e6 / (CHORDS * CHORD.len()) as f64)
}

/// An Engine with this in slot 0.
fn engine_with(playable: &Arc<Playable>) -> Engine {
    let (_editor, mut worker, end) = handoff::ends();
    let engine = Engine::new(end, RATE_HZ);
    let sent = worker.engine.push(ToEngine::Slot { slot: 0, playable: Some(playable.clone()) });
    assert!(sent.is_ok(), "the ring has room for one message");
    engine
}

/// CPU time of so many seconds with so many voices.
fn seconds_of_work(voices: usize, secs: usize, case: &Case) -> f64 {
    let playable = Arc::new(sound(case));
    let mut engine = engine_with(&playable);
    let key = (60 + case.semitones) as u8;
    let strike = Event::NoteOn { note: Note::new(0, key), velocity: 0.7 };
    let notes = (0..voices).map(|_| TimedEvent { frame: 0, event: strike });
    let (mut left, mut right) = ([0.0; BLOCK_FRAMES], [0.0; BLOCK_FRAMES]);
    let settings = Settings { attack_secs: 0.01, ..Settings::default() };
    engine.process(&settings, notes, &mut left, &mut right);
    let start = Clock::start();
    for block in 0..secs * RATE_HZ as usize / BLOCK_FRAMES {
        let bend_norm = (block as f32 * 0.01).sin();
        let wheel = TimedEvent { frame: 0, event: Event::Bend { channel: 0, bend_norm } };
        engine.process(&settings, case.bent.then_some(wheel), &mut left, &mut right);
    }
    let worked_secs = start.secs();
    assert!(left.iter().any(|sample| *sample != 0.0) == (voices > 0), "the wrong voices sound");
    worked_secs
}

fn sound(case: &Case) -> Playable {
    let samples = |hz: f32| -> Box<[f32]> {
        (0..RATE_HZ as usize)
            .map(|i| 0.01 * (std::f32::consts::TAU * hz * i as f32 / RATE_HZ).sin())
            .collect()
    };
    let pcm = Pcm {
        rate_hz: RATE_HZ,
        left: samples(261.0),
        right: case.stereo.then(|| samples(262.0)),
        sustain: Some((10_000, RATE_HZ as u32)),
        rest: None,
    };
    let zone = PlayableZone {
        keys: (0, 127),
        velocities: (0, 127),
        root_midi: 60.0,
        manner: case.manner.clone(),
        pcm: Arc::new(pcm),
    };
    Playable { zones: [zone].into(), gain: 1.0, drawn_midi: 60.0 }
}
