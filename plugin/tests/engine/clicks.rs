//! No change is heard as a click: no sample bends more sharply than the sounds themselves do.

use neume::engine::{Event, Expression, Note, POLYPHONY, Settings, TimedEvent};

use crate::rig::{Rig, at, looped_sine, mono, off, on, peak, playable, sharpest_bend};

/// A soft tone of 240 Hz: by itself its samples bend by at most amplitude × (2π·240/48000)², 0.001 × amplitude.
const TONE: (usize, usize) = (1, 200);

fn tone(amplitude: f32) -> Rig {
    Rig::with(playable(looped_sine(TONE.0, TONE.1, amplitude), 58.0))
}

fn soft() -> Settings {
    Settings { attack_secs: 0.005, release_secs: 0.0, ..Settings::default() }
}

#[test]
fn releases_chokes_and_stops_are_not_heard_as_clicks() {
    let ends: [(&str, Vec<TimedEvent>); 4] = [
        ("release", vec![off(5_037, 58)]),
        ("choke", vec![at(5_037, Event::Choke { note: Note::new(0, 58).into() })]),
        ("all sound off", vec![at(5_037, Event::AllSoundOff { channel: None })]),
        ("choke in the attack", vec![at(100, Event::Choke { note: Note::new(0, 58).into() })]),
    ];
    for (name, end) in ends {
        let events = [vec![on(0, 58)], end].concat();
        let out = tone(0.5).left(&soft(), &events, 8_000);
        assert!(peak(&out[7_000..]) == 0.0, "{name} does not end");
        let bend = sharpest_bend(&out);
        assert!(bend < 0.006, "{name} bends by {bend}");
    }
}

#[test]
fn stealing_is_not_heard_as_a_click() {
    let amplitude = 0.5 / POLYPHONY as f32;
    let mut events: Vec<TimedEvent> = (0..POLYPHONY as u32).map(|i| on(i * 3, 58)).collect();
    let before = tone(amplitude).left(&soft(), &events, 6_000);
    events.extend((0..60).map(|i| on(3_001 + i * 7, 58)));
    let out = tone(amplitude).left(&soft(), &events, 6_000);
    assert!(out[..3_000] == before[..3_000] && out[3_100..] != before[3_100..], "nothing was stolen");
    let bend = sharpest_bend(&out[2_990..]);
    assert!(bend < 0.002, "bends by {bend}");
}

#[test]
fn two_storms_within_a_fade_are_not_heard_as_clicks() {
    let amplitude = 0.5 / POLYPHONY as f32;
    let storm = |frame: u32| (0..600).map(move |_| on(frame, 58));
    let events: Vec<TimedEvent> =
        storm(0).chain(storm(3_000)).chain(storm(3_050)).chain(storm(3_099)).collect();
    let out = tone(amplitude).left(&soft(), &events, 6_000);
    let bend = sharpest_bend(&out);
    assert!(bend < 0.02, "bends by {bend}");
}

#[test]
fn striking_a_key_again_is_not_heard_as_a_click() {
    let events: Vec<TimedEvent> = (0..20).flat_map(|i| [on(i * 500, 58), off(i * 500 + 499, 58)]).collect();
    let bend = sharpest_bend(&tone(0.5).left(&soft(), &events, 11_000));
    assert!(bend < 0.006, "bends by {bend}");
}

#[test]
fn swapping_a_sound_under_a_held_note_is_not_heard() {
    let mut rig = tone(0.5);
    let mut out = rig.left(&soft(), &[on(0, 58)], 1_984);
    rig.put(0, playable(mono(vec![0.9; 4_000], None), 58.0));
    out.extend(rig.left(&soft(), &[], 2_000));
    assert_eq!(out, tone(0.5).left(&soft(), &[on(0, 58)], 3_984));
}

#[test]
fn turning_gain_volume_pan_wheel_and_tuning_is_not_heard_as_a_click() {
    let note = Note::new(0, 58);
    let turns = [
        Event::Bend { channel: 0, bend_norm: 1.0 },
        Event::Expression { note: note.into(), expression: Expression::Volume(0.1) },
        Event::Expression { note: note.into(), expression: Expression::Pan(1.0) },
        Event::Expression { note: note.into(), expression: Expression::Tuning(-7.0) },
    ];
    for turn in turns {
        let out = tone(0.5).left(&soft(), &[on(0, 58), at(3_000, turn)], 6_000);
        let bend = sharpest_bend(&out);
        assert!(bend < 0.003, "{turn:?} bends by {bend}");
    }
    let mut rig = tone(0.5);
    let mut out = rig.left(&soft(), &[on(0, 58)], 3_000);
    out.extend(rig.left(&Settings { gain: 0.1, ..soft() }, &[], 3_000));
    let bend = sharpest_bend(&out);
    assert!(bend < 0.003, "gain bends by {bend}");
}

#[test]
fn a_sound_that_is_cut_off_fades_at_its_end() {
    let turn = std::f32::consts::TAU * 240.0 / 48_000.0;
    let samples: Vec<f32> = (0..3_050).map(|i| 0.5 * (turn * i as f32).sin()).collect();
    for key in [58, 46, 65] {
        let mut rig = Rig::with(playable(mono(samples.clone(), None), 58.0));
        let out = rig.left(&soft(), &[on(0, key)], 9_000);
        assert!(peak(&out[6_200..]) == 0.0);
        let bend = sharpest_bend(&out);
        assert!(bend < 0.006, "key {key} bends by {bend}");
        assert!(!rig.engine_holds(0) || rig.engine.is_silent());
    }
}

#[test]
fn a_bend_over_several_octaves_changes_kernels_without_a_click() {
    let settings = Settings { bend_range_semitones: 48.0, ..soft() };
    let mut events = vec![on(0, 58)];
    events.extend((0..480u32).map(|i| {
        let bend_norm = (i as f32 / 480.0 * std::f32::consts::TAU).sin() * 0.7;
        at(1_000 + i * 50, Event::Bend { channel: 0, bend_norm })
    }));
    let out = tone(0.5).left(&settings, &events, 26_000);
    // At its highest, 33.6 semitones up, the tone is at 1,671 Hz and bends by 0.024.
    let bend = sharpest_bend(&out);
    assert!(bend < 0.026, "bends by {bend}");
}
