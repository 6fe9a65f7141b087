//! Which notes sound, when, and for how long.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use neume::engine::{Event, Expression, Mode, Note, NoteEnd, Notes, POLYPHONY, Settings, TimedEvent};
use neume::handoff::{EngineFrame, KeyPress, Pcm, Playable, PlayableZone, ToEngine, Zones};
use neume_bank::Manner;

use crate::rig::{RATE_HZ, Rig, at, looped_sine, mono, off, on, peak, playable};

/// A sound that is a level for ever.
fn level(value: f32) -> Playable {
    playable(mono(vec![value; 64], Some((0, 64))), 60.0)
}

fn quick() -> Settings {
    Settings { release_secs: 0.0, ..Settings::default() }
}

/// The output's level at these frames, rounded to whole hundredths.
fn check(rig: &mut Rig, settings: &Settings, events: &[TimedEvent], expected: &[(usize, f32)]) {
    let last = expected.iter().map(|(frame, _)| *frame).max().unwrap();
    let out = rig.left(settings, events, last + 1);
    for (frame, level) in expected {
        assert!((out[*frame] - level).abs() < 0.005, "frame {frame}: {} is not {level}", out[*frame]);
    }
}

#[test]
fn a_note_sounds_from_its_frame_until_its_key_is_up() {
    let events = [on(101, 60), off(1_000, 60)];
    check(
        &mut Rig::with(level(0.5)),
        &quick(),
        &events,
        &[(100, 0.0), (101, 0.5), (1_000, 0.5), (1_200, 0.0)],
    );
}

#[test]
fn louder_strikes_sound_louder_and_none_is_lost() {
    let mut before = 0.0;
    for velocity in 1..=127 {
        let event = at(0, Event::NoteOn { note: Note::new(0, 60), velocity: velocity as f32 / 127.0 });
        let now = Rig::with(level(1.0)).left(&quick(), &[event], 10)[9];
        assert!(now > before && now > 0.01, "velocity {velocity}");
        before = now;
    }
    assert_eq!(before, 1.0);
}

#[test]
fn a_strike_without_velocity_lifts_the_key() {
    let events = [on(0, 60), at(500, Event::NoteOn { note: Note::new(0, 60), velocity: 0.0 })];
    check(&mut Rig::with(level(0.5)), &quick(), &events, &[(499, 0.5), (800, 0.0)]);
}

#[test]
fn a_key_struck_twice_is_lifted_twice() {
    let events = [on(0, 60), on(500, 60), off(1_000, 60), off(1_500, 60)];
    check(
        &mut Rig::with(level(0.2)),
        &quick(),
        &events,
        &[(400, 0.2), (999, 0.4), (1_300, 0.2), (1_800, 0.0)],
    );
}

#[test]
fn lifting_a_strike_that_has_ended_leaves_the_next_one_alone() {
    let short = playable(mono(vec![0.2; 100], None), 60.0);
    let mut rig = Rig::with(short);
    rig.left(&quick(), &[on(0, 60)], 320);
    rig.put(0, level(0.2));
    let events = [on(0, 60), off(100, 60), off(1_000, 60)];
    check(&mut rig, &quick(), &events, &[(99, 0.2), (900, 0.2), (1_300, 0.0)]);
}

#[test]
fn a_note_with_an_id_is_lifted_by_it() {
    let note = |id| Note { channel: 0, key: 60, id: Some(id) };
    let strike = |frame, id, velocity| at(frame, Event::NoteOn { note: note(id), velocity });
    let events = [strike(0, 7, 1.0), strike(0, 8, 0.5), at(500, Event::NoteOff { note: note(8).into() })];
    check(&mut Rig::with(level(0.5)), &quick(), &events, &[(400, 0.5 + 0.5 * 0.3025), (800, 0.5)]);
}

#[test]
fn what_a_host_leaves_open_of_a_lifted_note_may_be_anything() {
    let strike =
        |channel, key, id| at(0, Event::NoteOn { note: Note { channel, key, id: Some(id) }, velocity: 1.0 });
    let chord = [strike(0, 60, 1), strike(3, 60, 2), strike(3, 64, 3)];
    let open = Notes::default();
    for (note, left) in [
        (Notes { id: Some(2), ..open }, 2.0),
        (Notes { id: Some(9), ..open }, 3.0),
        (Notes { key: Some(60), ..open }, 1.0),
        (Notes { channel: Some(3), ..open }, 1.0),
        (Notes { channel: Some(3), key: Some(64), ..open }, 2.0),
        (open, 0.0),
    ] {
        for (event, held) in [(Event::NoteOff { note }, 1), (Event::Choke { note }, 0)] {
            let mut rig = Rig::with(level(0.2));
            rig.watched.store(true, Ordering::Relaxed);
            // A key of the drawn keyboard is none of the host's.
            rig.keys.push(KeyPress { key: 40, velocity: 1.0 }).unwrap();
            let mut events = chord.to_vec();
            if held == 1 {
                events.push(at(10, Event::Sustain { channel: 3, down: true }));
                events.push(at(600, Event::Sustain { channel: 3, down: false }));
            }
            events.push(at(500, event));
            events.sort_by_key(|timed| timed.frame);
            check(&mut rig, &quick(), &events, &[(499, 0.8), (1_200, 0.2 + 0.2 * left)]);
            rig.frames.update();
            let keys_down = rig.frames.output_buffer().keys.count_ones();
            assert_eq!(keys_down > 1, left > 0.0, "{note:?}");
        }
    }
}

#[test]
fn an_id_alone_names_no_note_without_one() {
    let note = Notes { id: Some(7), ..Notes::default() };
    for event in [Event::NoteOff { note }, Event::Choke { note }] {
        check(&mut Rig::with(level(0.2)), &quick(), &[on(0, 60), at(500, event)], &[(900, 0.2)]);
    }
}

#[test]
fn a_key_that_was_choked_counts_as_lifted() {
    let choke = at(100, Event::Choke { note: Note::new(0, 60).into() });
    let events = [on(0, 60), choke, on(1_000, 60), off(2_000, 60)];
    check(
        &mut Rig::with(level(0.2)),
        &quick(),
        &events,
        &[(99, 0.2), (900, 0.0), (1_900, 0.2), (2_300, 0.0)],
    );
}

#[test]
fn channels_do_not_lift_each_others_keys() {
    let strike = |channel| at(0, Event::NoteOn { note: Note::new(channel, 60), velocity: 1.0 });
    let events = [strike(0), strike(5), at(500, Event::NoteOff { note: Note::new(5, 60).into() })];
    check(&mut Rig::with(level(0.2)), &quick(), &events, &[(400, 0.4), (800, 0.2)]);
}

#[test]
fn the_pedal_holds_notes_of_its_channel_until_it_is_up() {
    let pedal = |frame, down| at(frame, Event::Sustain { channel: 0, down });
    let events = [
        on(0, 60),
        pedal(100, true),
        off(200, 60),
        on(300, 62),
        at(400, Event::AllNotesOff { channel: None }),
        on(600, 64),
        pedal(1_000, false),
    ];
    check(&mut Rig::with(level(0.2)), &quick(), &events, &[(299, 0.2), (500, 0.4), (999, 0.6), (1_300, 0.2)]);
}

#[test]
fn all_notes_off_releases_and_all_sound_off_silences() {
    let settings = Settings { release_secs: 2.0, ..Settings::default() };
    let events = [on(0, 60), at(100, Event::AllNotesOff { channel: Some(0) })];
    let out = Rig::with(level(0.5)).left(&settings, &events, 2_000);
    assert!(out[1_999] > 0.3 && out[1_999] < 0.5);
    let events = [on(0, 60), at(100, Event::AllSoundOff { channel: Some(0) })];
    check(&mut Rig::with(level(0.5)), &settings, &events, &[(99, 0.5), (300, 0.0)]);
    let events = [on(0, 60), at(100, Event::AllSoundOff { channel: Some(1) })];
    check(&mut Rig::with(level(0.5)), &settings, &events, &[(300, 0.5)]);
}

#[test]
fn held_notes_keep_their_sound_and_new_notes_take_the_new_one() {
    let mut rig = Rig::with(level(0.3));
    rig.left(&quick(), &[on(0, 60)], 64);
    rig.put(0, level(0.1));
    check(&mut rig, &quick(), &[on(10, 62)], &[(9, 0.3), (50, 0.4)]);
    assert!(rig.engine_holds(0));
    rig.left(&quick(), &[off(0, 60)], 640);
    assert!(!rig.engine_holds(0) && rig.engine_holds(1));
    assert!(rig.messages.push(ToEngine::Slot { slot: 0, playable: None }).is_ok());
    check(&mut rig, &quick(), &[on(10, 64)], &[(50, 0.1)]);
    rig.engine.reset();
    assert!(!rig.engine_holds(1) && rig.engine.is_silent());
}

#[test]
fn an_empty_slot_is_silent_and_ends_its_notes() {
    let mut rig = Rig::new();
    assert_eq!(peak(&rig.left(&quick(), &[on(5, 60), off(9, 60)], 60)), 0.0);
    assert_eq!(rig.engine.ended(), [NoteEnd { frame: 5, note: Note::new(0, 60) }]);
}

#[test]
fn the_host_hears_when_notes_end() {
    let mut rig = Rig::with(playable(mono(vec![0.0; 100], None), 60.0));
    let note = Note { channel: 3, key: 60, id: Some(42) };
    rig.left(&quick(), &[at(11, Event::NoteOn { note, velocity: 1.0 })], 64);
    assert_eq!(rig.engine.ended(), []);
    rig.left(&quick(), &[], 64);
    assert_eq!(rig.engine.ended(), [NoteEnd { frame: 47, note }]);
    assert!(rig.engine.is_silent() && rig.engine_holds(0));
}

#[test]
fn drawn_mode_plays_the_drawn_pitch_and_slots_mode_each_keys_slot() {
    let count_crossings = |out: &[f32]| out.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    let sine = |drawn_midi| Playable { drawn_midi, ..playable(looped_sine(1, 100, 0.5), 60.0) };
    let mut rig = Rig::with(sine(72.0));
    for key in [20, 60, 100] {
        rig.engine.reset();
        let out = rig.left(&Settings { mode: Mode::Drawn, ..quick() }, &[on(0, key)], 48_000);
        assert!(count_crossings(&out).abs_diff(960) <= 1, "key {key}");
    }
    let mut rig = Rig::new();
    (0..16).for_each(|slot| rig.put(slot, sine(48.0 + slot as f32)));
    for (key, slot) in [(36u8, 0), (43, 7), (51, 15), (52, 0), (35, 15), (0, 12)] {
        rig.engine.reset();
        let out = rig.left(&Settings { mode: Mode::Slots, slot: 5, ..quick() }, &[on(0, key)], 48_000);
        let expected = 480.0 * ((f64::from(slot) - 12.0) / 12.0).exp2();
        assert!(count_crossings(&out).abs_diff(expected.round() as usize) <= 1, "key {key}");
    }
}

#[test]
fn keys_and_velocities_find_their_zones() {
    let zone = |keys, velocities, value: f32| PlayableZone {
        keys,
        velocities,
        root_midi: 60.0,
        manner: Manner::default(),
        pcm: Arc::new(mono(vec![value; 64], Some((0, 64)))),
    };
    let zones =
        [zone((0, 59), (0, 127), 0.1), zone((60, 127), (0, 100), 0.2), zone((60, 127), (101, 127), 0.3)];
    let mut rig = Rig::with(Playable { zones: zones.into(), gain: 2.0, drawn_midi: 60.0 });
    check(&mut rig, &quick(), &[on(0, 59), off(50, 59), on(1_000, 60)], &[(40, 0.2), (1_040, 0.6)]);
}

#[test]
fn more_notes_than_voices_leave_the_newest_sounding() {
    let mut rig = Rig::with(level(0.01));
    let events: Vec<TimedEvent> = (0..2_000).map(|_| on(0, 60)).collect();
    let out = rig.left(&quick(), &events, 64);
    assert!((out[10] - 0.01 * POLYPHONY as f32).abs() < 1e-3, "{}", out[10]);
    assert_eq!(rig.engine.ended().len(), 2_000 - POLYPHONY);
}

#[test]
fn notes_that_are_cut_off_without_a_fade_are_reported_too_and_all_in_order() {
    let mut rig = Rig::with(level(0.01));
    // Of three times as many notes as there are voices, the first are cut off while the second fade.
    let struck = (0..3 * POLYPHONY as u32).map(|i| {
        let note = Note { channel: 0, key: 60, id: Some(i as i32) };
        at(i / POLYPHONY as u32, Event::NoteOn { note, velocity: 1.0 })
    });
    rig.render(&quick(), &struck.collect::<Vec<_>>(), 2_048, &[2_048]);
    let ends = rig.engine.ended();
    assert_eq!(ends.len(), 2 * POLYPHONY);
    assert!(ends.is_sorted_by_key(|end| end.frame));
}

#[test]
fn released_notes_are_stolen_before_held_ones() {
    let settings = Settings { release_secs: 5.0, ..Settings::default() };
    let mut rig = Rig::with(level(0.001));
    let mut events: Vec<TimedEvent> = (0..POLYPHONY as u32).map(|i| on(i, i as u8)).collect();
    events.push(off(300, 77));
    events.push(on(400, 60));
    rig.left(&settings, &events, 1_024);
    let stolen = NoteEnd { frame: 0, note: Note::new(0, 77) };
    let mut rig = Rig::with(level(0.001));
    rig.render(&settings, &events, 1_024, &[1_024]);
    let ended: Vec<Note> = rig.engine.ended().iter().map(|end| end.note).collect();
    assert_eq!(ended, [stolen.note]);
}

#[test]
fn the_drawn_keyboard_plays_beside_the_host() {
    let mut rig = Rig::with(level(0.2));
    rig.keys.push(KeyPress { key: 60, velocity: 1.0 }).unwrap();
    check(&mut rig, &quick(), &[on(0, 60), off(20, 60)], &[(10, 0.4), (300, 0.2)]);
    rig.keys.push(KeyPress { key: 60, velocity: 0.0 }).unwrap();
    check(&mut rig, &quick(), &[], &[(300, 0.0)]);
    rig.keys.push(KeyPress { key: 60, velocity: 1.0 }).unwrap();
    // Nobody has heard that one while the host was asleep.
    rig.engine.reset();
    check(&mut rig, &quick(), &[], &[(300, 0.0)]);
}

#[test]
fn an_audition_sounds_once_beside_the_slots() {
    let mut rig = Rig::with(level(0.2));
    let sound = Arc::new(level(0.1));
    assert!(rig.messages.push(ToEngine::Audition(sound.clone())).is_ok());
    check(&mut rig, &quick(), &[on(0, 60)], &[(100, 0.3), (60_000, 0.3), (96_000, 0.2)]);
    assert_eq!(Arc::strong_count(&sound), 1);
    let whole = Arc::new(playable(mono(vec![0.1; 90_000], None), 60.0));
    assert!(rig.messages.push(ToEngine::Audition(whole.clone())).is_ok());
    check(&mut rig, &quick(), &[], &[(100, 0.3), (89_000, 0.3), (90_000, 0.2)]);
    assert_eq!(Arc::strong_count(&whole), 1);
}

#[test]
fn expressions_reach_the_notes_they_name() {
    let note = |id| Note { channel: 0, key: 60, id: Some(id) };
    let strike = |id| at(0, Event::NoteOn { note: note(id), velocity: 1.0 });
    let volume = |id| Event::Expression { note: note(id).into(), expression: Expression::Volume(0.5) };
    check(
        &mut Rig::with(level(0.2)),
        &quick(),
        &[strike(1), strike(2), at(100, volume(2))],
        &[(90, 0.4), (1_000, 0.3)],
    );
    let pan = Event::Expression { note: Note::new(0, 60).into(), expression: Expression::Pan(1.0) };
    let [left, right] = Rig::with(level(0.2)).render(&quick(), &[on(0, 60), at(0, pan)], 1_000, &[64]);
    assert_eq!((left[0], right[0], left[999], right[999]), (0.0, 0.2, 0.0, 0.2));
}

#[test]
fn broken_numbers_in_a_sound_do_no_harm() {
    let zones = |root_midi: f32, pcm: Pcm| -> Zones {
        [PlayableZone {
            keys: (127, 0),
            velocities: (9, 3),
            root_midi,
            manner: Manner::default(),
            pcm: Arc::new(pcm),
        }]
        .into()
    };
    let loud = mono(vec![1e30; 500], Some((3, 400)));
    let short_right = Pcm { right: Some(vec![0.5; 3].into()), ..mono(vec![0.5; 500], None) };
    let broken = [
        Playable { zones: [].into(), gain: 1.0, drawn_midi: 60.0 },
        Playable { zones: zones(f32::NAN, loud.clone_all()), gain: f32::INFINITY, drawn_midi: f32::NAN },
        Playable { zones: zones(-1e9, loud.clone_all()), gain: 1e30, drawn_midi: 1e30 },
        Playable { zones: zones(1e9, loud), gain: f32::NAN, drawn_midi: -1e30 },
        Playable {
            zones: zones(60.0, Pcm { rate_hz: 0.0, ..short_right.clone_all() }),
            gain: 1.0,
            drawn_midi: 60.0,
        },
        Playable {
            zones: zones(60.0, Pcm { rate_hz: f32::NAN, ..short_right }),
            gain: 1.0,
            drawn_midi: 60.0,
        },
        Playable { zones: zones(60.0, mono(vec![], Some((0, 1)))), gain: 1.0, drawn_midi: 60.0 },
    ];
    for (i, playable) in broken.into_iter().enumerate() {
        for mode in [Mode::Chromatic, Mode::Drawn, Mode::Slots] {
            let mut rig = Rig::with(playable.clone());
            let sound = Arc::new(playable.clone());
            assert!(rig.messages.push(ToEngine::Audition(sound.clone())).is_ok());
            let [left, right] =
                rig.render(&Settings { mode, ..quick() }, &[on(0, 36), on(9, 52)], 5_000, &[64]);
            assert!(left.iter().chain(&right).all(|sample| sample.abs() <= 8.0), "sound {i}");
        }
    }
}

trait CloneAll {
    fn clone_all(&self) -> Pcm;
}

impl CloneAll for Pcm {
    fn clone_all(&self) -> Pcm {
        Pcm {
            rate_hz: self.rate_hz,
            left: self.left.clone(),
            right: self.right.clone(),
            sustain: self.sustain,
            rest: None,
        }
    }
}

#[test]
fn the_editor_sees_what_sounds_only_while_it_looks() {
    let mut rig = Rig::with(level(0.25));
    rig.left(&quick(), &[on(0, 60)], 4_096);
    assert!(!rig.frames.update());
    rig.watched.store(true, Ordering::Relaxed);
    rig.engine.set_load(0.07);
    let settings = Settings { slot: 3, ..quick() };
    rig.render(&settings, &[on(0, 0), on(0, 127)], 2_048, &[512]);
    assert!(rig.frames.update());
    let frame: &EngineFrame = rig.frames.output_buffer_mut();
    assert_eq!((frame.voices, frame.slot, frame.load), (1, 3, 0.07));
    assert_eq!(frame.keys, 1 | 1 << 60 | 1 << 127);
    assert_eq!((frame.peak, frame.scope[0], frame.scope[1_023]), ([0.25; 2], 0.25, 0.25));
}

#[test]
fn a_sound_at_another_rate_keeps_its_pitch() {
    let mut rig = Rig::at_rate(2.0 * RATE_HZ);
    rig.put(0, playable(looped_sine(1, 100, 0.5), 60.0));
    let out = rig.left(&quick(), &[on(0, 60)], 96_000);
    let crossings = out.windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    assert!(crossings.abs_diff(480) <= 1, "{crossings}");
}
