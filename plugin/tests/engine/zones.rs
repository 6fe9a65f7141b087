//! Zones of told instruments: turns, tracking, gain, pan, envelopes, one-shots.

use std::sync::Arc;

use neume::engine::{Event, Note, Settings, TimedEvent};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume_bank::{Envelope, Fade, Manner, Turn};

use crate::rig::{RATE_HZ, Rig, mono, noise, off, on};

fn instrument(zones: Vec<(Pcm, Manner)>) -> Playable {
    let zones = zones.into_iter().map(|(pcm, manner)| PlayableZone {
        keys: (0, 127),
        velocities: (0, 127),
        root_midi: 60.0,
        manner,
        pcm: Arc::new(pcm),
    });
    Playable { zones: zones.collect(), gain: 1.0, drawn_midi: 60.0 }
}

/// A level for ever.
fn level(value: f32) -> Pcm {
    mono(vec![value; 64], Some((0, 64)))
}

fn plain() -> Settings {
    Settings { attack_secs: 0.0, ..Settings::default() }
}

#[test]
fn round_robins_go_on_with_every_strike_of_a_key_and_begin_anew_after_a_reset() {
    let turn = |position| Manner { turn: Some(Turn { position, length: 3 }), ..Manner::default() };
    let zones = (0..3).map(|i| (level(0.1 * (i + 1) as f32), turn(i)));
    let mut rig = Rig::with(instrument(zones.collect()));
    let settings = Settings { release_secs: 0.0, ..plain() };
    let strike = |rig: &mut Rig, key| {
        let out = rig.left(&settings, &[on(0, key), off(100, key)], 2_000);
        (out[50] * 10.0).round() as i32
    };
    let heard: Vec<i32> = [60, 60, 72, 60, 60, 72].iter().map(|&key| strike(&mut rig, key)).collect();
    assert_eq!(heard, [1, 2, 1, 3, 1, 2], "each key counts for itself");
    rig.engine.reset();
    assert_eq!(strike(&mut rig, 60), 1);
}

#[test]
fn a_zone_without_tracking_sounds_alike_on_every_key() {
    let manner = Manner { tracking: 0.0, ..Manner::default() };
    let play = |key| {
        let pcm = mono(noise(4_800, 3), None);
        Rig::with(instrument(vec![(pcm, manner.clone())])).left(&plain(), &[on(0, key)], 2_000)
    };
    assert_eq!(play(36), play(84));
}

#[test]
fn gain_and_pan_of_a_zone_are_heard() {
    let manner = Manner { gain_db: -20.0, pan: 1.0, ..Manner::default() };
    let mut rig = Rig::with(instrument(vec![(level(0.5), manner)]));
    let [left, right] = rig.render(&plain(), &[on(0, 60)], 100, &[64]);
    assert!(left[50].abs() < 1e-6);
    assert!((right[50] - 0.05 * std::f32::consts::SQRT_2).abs() < 1e-4, "{}", right[50]);
}

#[test]
fn the_envelope_of_a_zone_is_played_and_settings_at_rest_leave_it_alone() {
    let envelope = Envelope {
        delay_secs: 0.0,
        attack_secs: 0.01,
        hold_secs: 0.01,
        decay_secs: 0.1,
        sustain_norm: 0.01,
        release_secs: 0.1,
    };
    let manner = Manner { envelope: Some(envelope), ..Manner::default() };
    let mut rig = Rig::with(instrument(vec![(level(1.0), manner)]));
    let frame = |secs: f32| (secs * RATE_HZ) as usize;
    let out = rig.left(&plain(), &[on(0, 60), off(frame(0.3) as u32, 60)], frame(0.5));
    let db = |secs: f32| 20.0 * out[frame(secs)].abs().max(1e-9).log10();
    assert!((out[frame(0.005)] - 0.5).abs() < 0.01, "half-way up the attack: {}", out[frame(0.005)]);
    assert!((out[frame(0.015)] - 1.0).abs() < 1e-3, "held");
    assert!((db(0.07) + 20.0).abs() < 0.2, "half-way down in decibels: {}", db(0.07));
    assert!((db(0.2) + 40.0).abs() < 0.1);
    assert!((db(0.35) + 70.0).abs() < 1.5, "30 dB in half the release: {}", db(0.35));
    assert_eq!(out[frame(0.45)], 0.0);
}

#[test]
fn zones_over_each_other_sound_and_end_together() {
    let mut rig = Rig::with(instrument(vec![
        (level(0.25), Manner::default()),
        (level(0.125), Manner { gain_db: 6.0206, ..Manner::default() }),
        (mono(vec![0.0625; 800], None), Manner::default()),
    ]));
    let settings = Settings { release_secs: 0.0, ..plain() };
    let strikes = [on(0, 60), on(1_000, 60), off(2_000, 60), off(3_000, 60)];
    let out = rig.left(&settings, &strikes, 4_000);
    assert!((out[100] - 0.5625).abs() < 1e-4, "all three: {}", out[100]);
    assert!((out[900] - 0.5).abs() < 1e-4, "the short one is over: {}", out[900]);
    assert!((out[1_900] - 1.0).abs() < 1e-4, "two strikes of one key: {}", out[1_900]);
    assert!(
        (out[2_900] - 0.5).abs() < 1e-4,
        "a lifted key lets go both voices of one strike: {}",
        out[2_900]
    );
    assert_eq!(out[3_900], 0.0);
    assert!(rig.engine.is_silent());
}

#[test]
fn voices_of_one_strike_do_not_stand_for_strikes_whose_keys_are_still_down() {
    let both = |pcm: fn() -> Pcm| instrument(vec![(pcm(), Manner::default()), (pcm(), Manner::default())]);
    let mut rig = Rig::with(both(|| mono(vec![0.1; 100], None)));
    let settings = Settings { release_secs: 0.0, ..plain() };
    rig.left(&settings, &[on(0, 60)], 320);
    rig.put(0, both(|| level(0.1)));
    let out = rig.left(&settings, &[on(0, 60), on(100, 60), off(1_000, 60), off(2_000, 60)], 3_000);
    assert!((out[900] - 0.4).abs() < 1e-4, "two strikes: {}", out[900]);
    assert!((out[1_900] - 0.4).abs() < 1e-4, "the first strike had ended already: {}", out[1_900]);
    assert!((out[2_900] - 0.2).abs() < 1e-4, "the oldest that sounds: {}", out[2_900]);
}

#[test]
fn a_strike_of_several_voices_is_reported_once_when_its_last_has_ended() {
    let mut rig = Rig::with(instrument(vec![
        (mono(vec![0.5; 100], None), Manner::default()),
        (mono(vec![0.5; 1_000], None), Manner::default()),
    ]));
    let mut ends = Vec::new();
    for block in 0..20 {
        let events = if block == 0 { vec![on(0, 60)] } else { Vec::new() };
        rig.render(&plain(), &events, 64, &[64]);
        ends.extend(rig.engine.ended().iter().map(|end| block * 64 + end.frame));
    }
    assert!(matches!(ends[..], [end] if (990..1_020).contains(&end)), "{ends:?}");
}

#[test]
fn zones_that_cross_fade_by_velocity_and_key_keep_their_power() {
    let fade = |rises, falls| Some(Fade { rises, falls });
    let soft =
        Manner { velocity_tracking: Some(0.0), velocity_fade: fade((0, 0), (40, 80)), ..Manner::default() };
    let loud = Manner { velocity_fade: fade((40, 80), (127, 127)), ..soft.clone() };
    let mut rig = Rig::with(instrument(vec![
        (level(0.5), Manner { pan: -1.0, ..soft.clone() }),
        (level(0.5), Manner { pan: 1.0, ..loud }),
    ]));
    let mut strike = |velocity: f32| {
        rig.engine.reset();
        let note = Note::new(0, 60);
        let on = TimedEvent { frame: 0, event: Event::NoteOn { note, velocity: velocity / 127.0 } };
        let [left, right] = rig.render(&plain(), &[on], 64, &[64]);
        (left[50] / 0.5, right[50] / 0.5)
    };
    let sqrt2 = std::f32::consts::SQRT_2;
    let near = |(l, r): (f32, f32), (a, b): (f32, f32)| (l - a).abs() < 1e-3 && (r - b).abs() < 1e-3;
    assert!(near(strike(30.0), (sqrt2, 0.0)), "{:?}", strike(30.0));
    assert!(near(strike(60.0), (1.0, 1.0)), "{:?}", strike(60.0));
    assert!(near(strike(110.0), (0.0, sqrt2)), "{:?}", strike(110.0));
    let by_key = Manner { key_fade: fade((60, 72), (127, 127)), ..Manner::default() };
    let mut rig = Rig::with(instrument(vec![(level(0.5), by_key)]));
    let out = rig.left(&plain(), &[on(0, 66)], 64);
    assert!((out[50] - 0.5 * 0.5f32.sqrt()).abs() < 1e-3, "{}", out[50]);
}

#[test]
fn a_one_shot_plays_on_when_its_key_is_up_and_ends_by_itself() {
    let manner = Manner { one_shot: true, ..Manner::default() };
    let mut rig = Rig::with(instrument(vec![(mono(vec![0.5; 9_600], None), manner)]));
    let settings = Settings { release_secs: 0.0, ..plain() };
    let out = rig.left(&settings, &[on(0, 60), off(100, 60)], 12_000);
    assert!((out[8_000] - 0.5).abs() < 1e-3);
    assert_eq!(out[9_700], 0.0);
    assert!(rig.engine.is_silent());
}
