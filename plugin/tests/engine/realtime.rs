//! The callback takes and frees no memory, whatever happens.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use neume::engine::{Event, Expression, Mode, Note, Notes, Settings, TimedEvent};
use neume::handoff::{KeyPress, Playable, PlayableZone, ToEngine};

use neume_bank::{
    Band, Choke, Curve, Depths, Envelope, EnvelopePoint, Fade, Filter, FilterKind, Follow, Follows,
    LateStart, Lfo, Manner, ModulationEnvelope, Moves, OnRelease, Onset, PointEnvelope, Response, Restrike,
    Stage, Stereo, Turn,
};

use neume::handoff::PAGE_FRAMES;
use neume::streaming::{HEAD_FRAMES, Streamer};

use crate::rig::{Rig, at, looped_sine, mono, noise, on, playable, streamed};

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// Counts what its thread asks of the allocator.
struct Counting;

// SAFETY: every call goes on to the system's allocator unchanged; the counter is a plain thread-local number.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn calls_during(act: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    act();
    CALLS.get() - before
}

fn sounds() -> Vec<Arc<Playable>> {
    let mut sounds = vec![
        Arc::new(playable(looped_sine(3, 100, 0.5), 60.0)),
        Arc::new(playable(mono(noise(3_000, 1), None), 48.0)),
        Arc::new(playable(mono(vec![], None), 48.0)),
    ];
    sounds.push(Arc::new(Playable { zones: [].into(), gain: 1.0, drawn_midi: 60.0 }));
    let told = Manner {
        gain_db: f32::NAN,
        pan: 0.5,
        turn: Some(Turn { position: 1, length: 2 }),
        chance: Some((0.2, 0.7)),
        envelope: Some(Envelope {
            delay_secs: f32::NAN,
            attack_secs: f32::INFINITY,
            hold_secs: 0.01,
            decay_secs: 0.1,
            sustain_norm: f32::NAN,
            release_secs: -1.0,
        }),
        one_shot: true,
        ..Manner::default()
    };
    let instrument = playable(looped_sine(3, 100, 0.5), 60.0);
    let zone = PlayableZone { manner: told, ..instrument.zones[0].clone() };
    sounds.push(Arc::new(Playable { zones: [zone].into(), ..instrument }));
    sounds.push(Arc::new(moving()));
    sounds
}

/// An instrument that uses all that moves and chokes, sensibly and not.
fn moving() -> Playable {
    let depths = Depths { pitch_cents: 300.0, cutoff_cents: f32::INFINITY, gain_db: -6.0 };
    let lfo = Lfo { freq_hz: 7.0, fade_secs: 0.01, phase: f32::NAN, depths, ..Lfo::default() };
    let envelope = ModulationEnvelope {
        attack_secs: 0.01,
        convex_attack: true,
        decay_secs: 0.02,
        sustain_norm: 0.3,
        depths,
        ..ModulationEnvelope::default()
    };
    let choke = Choke { group: 1, off_by: 1, off_secs: Some(0.01), restrike: Restrike::SilencesSofter };
    let band = Band { freq_hz: 900.0, octaves: 1.0, gain_db: 9.0 };
    let manner = Manner {
        filter: Some(Filter { stages: 2, cutoff_hz: 800.0, resonance_db: 12.0, ..Filter::default() }),
        lfos: [Some(lfo), Some(Lfo { freq_hz: f32::NAN, ..lfo }), None],
        modulation_envelopes: [Some(envelope), Some(ModulationEnvelope { decay_secs: f32::NAN, ..envelope })],
        choke: Some(choke),
        point_envelopes: vec![absurd_envelope(), PointEnvelope { ends_note: true, ..absurd_envelope() }],
        late_start: Some(LateStart { frames: 9, random_frames: u64::MAX, rate_hz: 1 }),
        stereo: Some(Stereo { width: f32::NAN, position: 9.0 }),
        bend_semitones: Some((f32::NAN, f32::MAX)),
        bands: [Some(band), Some(Band { octaves: f32::INFINITY, gain_db: f32::NAN, ..band }), None],
        envelope: Some(Envelope {
            delay_secs: 0.0,
            attack_secs: 0.0,
            hold_secs: 0.0,
            decay_secs: 0.1,
            sustain_norm: 0.5,
            release_secs: 0.1,
        }),
        follows: everything_followed(),
        ..Manner::default()
    };
    let absurd = Filter {
        stages: 255,
        kind: FilterKind::HighPass,
        cutoff_hz: f32::NAN,
        resonance_db: f32::MAX,
        key_tracking_cents: f32::MIN,
        key_center: 255,
        velocity_tracking_cents: f32::INFINITY,
    };
    let mut sound = playable(looped_sine(3, 100, 0.5), 60.0);
    let zone = sound.zones[0].clone();
    let let_go = PlayableZone {
        manner: Manner {
            on_release: Some(OnRelease { decay_db_per_sec: f32::NAN, ignores_pedal: true }),
            ..Manner::default()
        },
        pcm: Arc::new(mono(vec![0.25; 900], None)),
        ..zone.clone()
    };
    let odd = Manner {
        filter: Some(absurd),
        second_filter: Some(absurd),
        choke: Some(Choke { off_secs: Some(f32::NAN), ..choke }),
        ..manner.clone()
    };
    let struck = [(0, manner.clone()), (40, odd), (80, manner)].map(|(low, manner)| {
        let mut zone = zone.clone();
        (zone.keys, zone.manner) = ((low, 127), manner);
        zone
    });
    sound.zones = struck.into_iter().chain([let_go]).collect();
    sound
}

/// All that a zone can follow, sensibly and not.
/// An envelope through more points than there may be, none of them a number.
fn absurd_envelope() -> PointEnvelope {
    let point = EnvelopePoint { secs: f32::NAN, level: f32::INFINITY, shape: f32::NAN };
    PointEnvelope { points: vec![point; 100], sustain: 3, ends_note: false }
}

fn everything_followed() -> Follows {
    let all = [
        Moves::Amplitude,
        Moves::GainDb,
        Moves::PitchCents,
        Moves::CutoffCents,
        Moves::LfoPitchCents(0),
        Moves::LfoCutoffCents(1),
        Moves::LfoGainDb(255),
        Moves::LfoFreqHz(0),
        Moves::EnvelopePitchCents(0),
        Moves::EnvelopeCutoffCents(9),
        Moves::Pan,
        Moves::Width,
        Moves::BandFreqHz(0),
        Moves::BandOctaves(0),
        Moves::BandGainDb(1),
        Moves::Onset(Onset::Envelope(Stage::Decay)),
        Moves::Onset(Onset::Envelope(Stage::Sustain)),
        Moves::Onset(Onset::ModulationEnvelope(0, Stage::Release)),
        Moves::Onset(Onset::LfoPhase(7)),
        Moves::Onset(Onset::LfoDelaySecs(0)),
        Moves::Onset(Onset::VelocityTracking),
        Moves::Onset(Onset::ResonanceDb),
        Moves::Onset(Onset::VelocityToCutoffCents),
        Moves::Onset(Onset::StartFrames),
        Moves::Onset(Onset::PointSecs(0, 3)),
        Moves::SecondCutoffCents,
        Moves::Onset(Onset::SecondResonanceDb),
        Moves::Onset(Onset::SecondVelocityToCutoffCents),
        Moves::Onset(Onset::PointLevel(9, 200)),
        Moves::Depth(2),
        Moves::Depth(255),
    ];
    let response = |controller: u8| match controller % 3 {
        0 => Response::Square,
        1 => Response::Fade(Fade { rises: (0, 90), falls: (100, 127) }),
        _ => Response::Drawn(Curve::through([(3, f32::NAN), (9, -1.0)]).unwrap()),
    };
    let follows = (0..).zip(all).map(|(controller, moves)| {
        let depth = if controller == 4 { f32::NAN } else { 100.0 };
        Follow { controller, rest: 0.5, response: response(controller), moves, depth }
    });
    let by_envelope = (0..8).map(|place| Follow {
        controller: Follow::ENVELOPES + place,
        rest: f32::NAN,
        response: Response::Square,
        moves: [Moves::PitchCents, Moves::Depth(0), Moves::Pan][usize::from(place) % 3],
        depth: 1e30,
    });
    follows.chain(by_envelope).collect::<Vec<_>>().into()
}

/// A block of everything at once, different for each `i`.
fn storm(i: u32) -> Vec<TimedEvent> {
    let channel = (i % 16) as u8;
    let mut events: Vec<TimedEvent> = (0..2_000)
        .map(|n| {
            let note = Note {
                channel: (n % 5) as u8,
                key: (n * 7 % 128) as u8,
                id: (n % 3 == 0).then_some(n as i32),
            };
            at(n / 32, Event::NoteOn { note, velocity: (n % 127) as f32 / 127.0 })
        })
        .collect();
    events.push(at(62, Event::Bend { channel, bend_norm: (i as f32).sin() }));
    events.push(at(62, Event::Sustain { channel, down: i.is_multiple_of(3) }));
    for controller in [0, 1, 2, 3, 4, 7, 10, 11, 127, 255] {
        let value = (i as f32 * 0.7 + f32::from(controller)).sin() * 1.2;
        events.push(at(62, Event::Control { channel, controller, value }));
    }
    events.push(at(62, Event::Pressure { channel, value: if i.is_multiple_of(5) { f32::NAN } else { 0.6 } }));
    for expression in [
        Expression::Tuning(40.0),
        Expression::Volume(f32::NAN),
        Expression::Pan(-1.0),
        Expression::Pressure(0.7),
    ] {
        events.push(at(62, Event::Expression { note: Note::new(1, 7).into(), expression }));
    }
    events.push(at(63, Event::NoteOff { note: Note::new(0, 7).into() }));
    match i % 7 {
        3 => events.push(at(63, Event::AllNotesOff { channel: None })),
        1 => events.push(at(63, Event::NoteOff { note: Notes { id: Some(i as i32), ..Notes::default() } })),
        2 => events.push(at(63, Event::NoteOff { note: Notes { key: Some(7), ..Notes::default() } })),
        4 => events.push(at(63, Event::Choke { note: Note::new(0, 7).into() })),
        5 => events.push(at(63, Event::AllSoundOff { channel: None })),
        6 => events.push(at(63, Event::ResetControllers { channel: None })),
        _ => {}
    }
    events
}

#[test]
fn the_counter_counts() {
    assert_eq!(calls_during(|| drop(std::hint::black_box(Box::new(5)))), 2);
}

#[test]
fn no_storm_swap_or_reset_takes_or_frees_memory() {
    let mut rig = Rig::new();
    let sounds = sounds();
    rig.watched.store(true, Ordering::Relaxed);
    let (mut left, mut right) = (vec![0.0; 2_048], vec![0.0; 2_048]);
    for i in 0..60u32 {
        for slot in 0..18 {
            let playable = sounds.get((i as usize + slot) % 7).cloned();
            assert!(rig.messages.push(ToEngine::Slot { slot, playable }).is_ok());
        }
        let heard = sounds[i as usize % 6].clone();
        assert!(rig.messages.push(ToEngine::Audition(heard)).is_ok());
        rig.keys.push(KeyPress { key: 200, velocity: f32::NAN }).unwrap();
        rig.keys.push(KeyPress { key: i as u8, velocity: 0.5 }).unwrap();
        let events = storm(i);
        let mode = [Mode::Chromatic, Mode::Drawn, Mode::Slots][i as usize % 3];
        let settings = Settings {
            slot: i as usize % 18,
            mode,
            sustain_norm: (i % 4) as f32 / 3.0,
            gain: if i % 5 == 0 { f32::NAN } else { 0.5 },
            ..Settings::default()
        };
        let frames = [1, 64, 480, 2_048][i as usize % 4];
        let calls = calls_during(|| {
            rig.engine.process(&settings, events.iter().copied(), &mut left[..frames], &mut right[..frames]);
            rig.engine.process(&settings, [on(3, 60)], &mut left[..64], &mut right[..64]);
            if i % 9 == 8 {
                rig.engine.reset();
                rig.engine.set_rate(44_100.0);
            }
        });
        assert_eq!(calls, 0, "round {i}");
        assert!(left.iter().chain(&right).all(|sample| sample.abs() <= 8.0));
    }
    rig.engine.reset();
    (0..16).for_each(|slot| assert!(rig.messages.push(ToEngine::Slot { slot, playable: None }).is_ok()));
    rig.left(&Settings::default(), &[], 64);
    assert!(sounds.iter().all(|sound| Arc::strong_count(sound) == 1), "a sound is still held");
}

#[test]
fn a_storm_over_streamed_sounds_takes_and_frees_no_memory() {
    let streamer = Streamer::start();
    let mut rig = Rig::served_by(&streamer);
    let sounds = [1, 2].map(|seed| {
        Arc::new(playable(streamed(&streamer, &[noise(HEAD_FRAMES + 9 * PAGE_FRAMES, seed)]), 60.0))
    });
    for slot in 0..16 {
        let playable = sounds.get(slot % 2).cloned();
        assert!(rig.messages.push(ToEngine::Slot { slot, playable }).is_ok());
    }
    let (mut left, mut right) = (vec![0.0; 4_096], vec![0.0; 4_096]);
    let mut came = 0;
    for i in 0..40u32 {
        let events: Vec<TimedEvent> = match i {
            0 => (0..40).map(|n| on(n, 40 + n as u8)).collect(),
            20 => storm(i),
            _ => Vec::new(),
        };
        let mut waited = 0;
        while !rig.engine.has_its_pages() && waited < 400 {
            std::thread::sleep(std::time::Duration::from_millis(1));
            waited += 1;
        }
        came += u32::from(waited > 0);
        let calls = calls_during(|| {
            rig.engine.process(&Settings::default(), events.iter().copied(), &mut left, &mut right);
            if i == 30 {
                rig.engine.reset();
            }
        });
        assert_eq!(calls, 0, "round {i}");
    }
    assert!(came > 0, "no page ever came");
}

#[test]
fn a_sound_that_nobody_else_holds_is_not_freed_in_the_callback() {
    let mut rig = Rig::new();
    let sound = Arc::new(playable(looped_sine(3, 100, 0.5), 60.0));
    let watch = Arc::downgrade(&sound);
    assert!(rig.messages.push(ToEngine::Slot { slot: 0, playable: Some(sound) }).is_ok());
    let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
    rig.engine.process(&Settings::default(), [on(0, 60)], &mut left, &mut right);
    assert!(rig.messages.push(ToEngine::Slot { slot: 0, playable: None }).is_ok());
    let calls = calls_during(|| {
        rig.engine.process(&Settings::default(), [], &mut left, &mut right);
        rig.engine.reset();
    });
    assert_eq!((calls, watch.strong_count()), (0, 1));
}
