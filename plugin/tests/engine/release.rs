//! What sounds when keys are let go.

use std::sync::Arc;

use neume::engine::{Event, Note, Settings, TimedEvent};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume_bank::{Manner, OnRelease, Turn};

use crate::rig::{Rig, at, mono, off, on};

/// A held level of 0.5, and behind it zones that sound for 400 frames when it is let go.
fn damped(released: Vec<(f32, Manner)>) -> Playable {
    let zone = |pcm: Pcm, manner| PlayableZone {
        keys: (0, 127),
        velocities: (0, 127),
        root_midi: 60.0,
        manner: Manner { tracking: 0.0, ..manner },
        pcm: Arc::new(pcm),
    };
    let held = zone(mono(vec![0.5; 64], Some((0, 64))), Manner::default());
    let released = released.into_iter().map(|(level, manner)| zone(mono(vec![level; 400], None), manner));
    Playable { zones: std::iter::once(held).chain(released).collect(), gain: 1.0, drawn_midi: 60.0 }
}

fn on_release(decay_db_per_sec: f32, ignores_pedal: bool) -> Manner {
    Manner { on_release: Some(OnRelease { decay_db_per_sec, ignores_pedal }), ..Manner::default() }
}

fn at_once() -> Settings {
    Settings { attack_secs: 0.0, release_secs: 0.0, ..Settings::default() }
}

fn pedal(frame: u32, down: bool) -> TimedEvent {
    at(frame, Event::Sustain { channel: 0, down })
}

fn near(found: f32, expected: f32) -> bool {
    (found - expected).abs() < 2e-3
}

#[test]
fn a_zone_of_the_release_sounds_when_its_key_is_let_go_fainter_the_longer_the_note_was() {
    let mut rig = Rig::with(damped(vec![(0.25, on_release(20.0, false))]));
    let out = rig.left(&at_once(), &[on(0, 60), off(24_000, 60)], 26_000);
    assert!(near(out[20_000], 0.5), "not while the key is down: {}", out[20_000]);
    assert!(near(out[24_200], 0.25 * 10f32.powf(-0.5)), "10 dB after half a second: {}", out[24_200]);
    assert_eq!(out[25_000], 0.0);
    assert!(rig.engine.is_silent());
}

#[test]
fn the_pedal_holds_back_what_sounds_on_release_unless_that_is_of_the_key_alone() {
    let mut rig = Rig::with(damped(vec![(0.25, on_release(0.0, false)), (0.125, on_release(0.0, true))]));
    let events = [pedal(0, true), on(0, 60), off(1_000, 60), pedal(3_000, false)];
    let out = rig.left(&at_once(), &events, 4_000);
    assert!(near(out[1_200], 0.5 + 0.125), "the key: {}", out[1_200]);
    assert!(near(out[2_000], 0.5), "the pedal holds the note: {}", out[2_000]);
    assert!(near(out[3_200], 0.25), "the pedal: {}", out[3_200]);
    let out = rig.left(&at_once(), &[on(0, 60), off(1_000, 60)], 2_000);
    assert!(near(out[1_200], 0.25 + 0.125), "without a pedal both: {}", out[1_200]);
    let out =
        rig.left(&at_once(), &[on(0, 60), on(0, 62), at(1_000, Event::AllNotesOff { channel: None })], 2_000);
    assert!(near(out[1_200], 2.0 * (0.25 + 0.125)), "of every note: {}", out[1_200]);
    let out = rig.left(&at_once(), &[on(0, 60), at(1_000, Event::AllSoundOff { channel: None })], 2_000);
    assert_eq!(out[1_400], 0.0, "silence is silence");
}

#[test]
fn a_note_ends_once_with_what_its_release_sounds() {
    let mut rig = Rig::with(damped(vec![(0.25, on_release(0.0, false)), (0.25, on_release(0.0, false))]));
    let mut ends = Vec::new();
    for block in 0..20 {
        let events = match block {
            0 => vec![on(0, 60)],
            2 => vec![off(0, 60)],
            _ => Vec::new(),
        };
        rig.render(&at_once(), &events, 64, &[64]);
        ends.extend(rig.engine.ended().iter().map(|end| block * 64 + end.frame));
    }
    assert!(matches!(ends[..], [end] if (520..540).contains(&end)), "{ends:?}");
}

#[test]
fn a_release_serves_the_velocity_and_the_turn_of_its_strike() {
    let turn = |position| Manner { turn: Some(Turn { position, length: 2 }), ..on_release(0.0, false) };
    let playable = damped(vec![(0.125, turn(0)), (0.25, turn(1)), (0.0625, on_release(0.0, false))]);
    let mut zones = playable.zones.to_vec();
    zones[3].velocities = (0, 63);
    let mut rig = Rig::with(Playable { zones: zones.into(), ..playable });
    let mut strike = |velocity: f32| {
        let note = Note::new(0, 60);
        let out = rig.left(&at_once(), &[at(0, Event::NoteOn { note, velocity }), off(1_000, 60)], 2_000);
        out[1_200]
    };
    assert!(near(strike(1.0), 0.125));
    assert!(near(strike(1.0), 0.25));
    let (full, soft) = (0.125 + 0.0625, strike(0.4));
    assert!((0.2..0.9).contains(&(soft / full)), "softly both, by their velocity: {soft}");
}

#[test]
fn a_note_that_has_ended_owes_nothing() {
    let playable = damped(vec![(0.25, on_release(0.0, false))]);
    let mut zones = playable.zones.to_vec();
    zones[0].pcm = Arc::new(mono(vec![0.5; 500], None));
    let mut rig = Rig::with(Playable { zones: zones.into(), ..playable });
    let out = rig.left(&at_once(), &[on(0, 60), off(1_000, 60)], 2_000);
    assert!(near(out[300], 0.5) && out[1_200] == 0.0);
}
