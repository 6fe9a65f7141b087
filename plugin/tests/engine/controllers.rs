//! Wheels, pedals of expression and whatever else a hand moves while notes sound.

use std::sync::Arc;

use neume::engine::{Event, Expression, Note, Notes, TimedEvent};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume_bank::{Fade, Filter, Follow, Lfo, Manner, Moves, Response};

use crate::modulation::{frequencies, level, plain, sine};
use crate::rig::{Rig, at, on, playable, sharpest_bend};

fn control(frame: u32, controller: u8, value: f32) -> TimedEvent {
    at(frame, Event::Control { channel: 0, controller, value })
}

fn following(pcm: Pcm, manner: Manner) -> Playable {
    let sound = playable(pcm, 60.0);
    let zone = PlayableZone { manner, ..sound.zones[0].clone() };
    Playable { zones: [zone].into(), ..sound }
}

fn follow(controller: u8, moves: Moves, depth: f32) -> Follow {
    Follow { controller, rest: 0.0, response: Response::Linear, moves, depth }
}

#[test]
fn volume_and_expression_fade_by_their_square_and_pan_moves_aside() {
    let mut rig = Rig::with(playable(level(0.5), 60.0));
    let events = [
        on(0, 60),
        control(5_000, 11, 0.5),
        control(10_000, 7, 0.5),
        control(15_000, 10, 1.0),
        control(20_000, 10, 64.0 / 127.0),
        at(25_000, Event::ResetControllers { channel: None }),
    ];
    let [left, right] = rig.render(&plain(), &events, 30_000, &[64]);
    let table = [
        (4_999, 0.5, 0.5),
        (9_999, 0.125, 0.125),
        (14_999, 0.031_25, 0.031_25),
        (19_999, 0.0, 0.031_25),
        (24_999, 0.031_25, 0.031_25),
        (29_999, 0.125, 0.125),
    ];
    for (frame, on_left, on_right) in table {
        assert!((left[frame] - on_left).abs() < 1e-5, "left at {frame}: {}", left[frame]);
        assert!((right[frame] - on_right).abs() < 1e-5, "right at {frame}: {}", right[frame]);
    }
    let steepest = left.windows(2).skip(1).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.01, "a step of a controller is smoothed: {steepest}");
}

#[test]
fn a_controller_moves_its_own_channel_and_what_begins_later_too() {
    let mut rig = Rig::with(playable(level(0.5), 60.0));
    let other = at(0, Event::Control { channel: 3, controller: 11, value: 0.0 });
    let heard = rig.left(&plain(), &[other, on(100, 60), control(3_000, 11, 0.0), on(6_000, 62)], 9_000);
    assert!((heard[2_999] - 0.5).abs() < 1e-6, "another channel's: {}", heard[2_999]);
    assert!(heard[4_000..].iter().all(|x| *x == 0.0));
}

#[test]
fn the_modulation_wheel_and_pressure_tremble_unless_the_zone_has_its_own_use_for_it() {
    let play = |manner: Manner, events: &[TimedEvent]| {
        let mut rig = Rig::with(following(sine(), manner));
        let all: Vec<TimedEvent> = [on(0, 60)].iter().chain(events).copied().collect();
        rig.left(&plain(), &all, 96_000)
    };
    let still = play(Manner::default(), &[]);
    let wheel = play(Manner::default(), &[control(0, 1, 1.0)]);
    let heard = frequencies(&wheel[4_800..]);
    let (low, high) = heard.iter().fold((f32::MAX, 0.0f32), |(low, high), &f| (low.min(f), high.max(f)));
    for (found, cents) in [(low, -50.0), (high, 50.0f32)] {
        let off = 1_200.0 * (found / 480.0).log2() - cents;
        assert!(off.abs() < 4.0, "{found} Hz, not {cents} cents aside");
    }
    let middles = heard.windows(2).filter(|w| w[0] < 480.0 && w[1] >= 480.0).count();
    assert!((10..=11).contains(&middles), "five or six times a second: {middles} in 1.9 s");
    let pressed = play(Manner::default(), &[at(0, Event::Pressure { channel: 0, value: 1.0 })]);
    assert!(pressed == wheel);
    let own = Manner { follows: vec![follow(1, Moves::GainDb, 0.0)].into(), ..Manner::default() };
    assert!(play(own, &[control(0, 1, 1.0)]) == still, "what has its own use for the wheel does not tremble");
    let back = play(Manner::default(), &[control(0, 1, 1.0), control(48_000, 1, 0.0)]);
    let after = frequencies(&back[49_000..]);
    assert!(after.iter().all(|f| (f - 480.0).abs() < 0.5), "the wheel is back: {after:?}");
}

#[test]
fn the_pressure_on_one_key_moves_its_note_as_that_of_the_channel_would_and_no_other() {
    let opens = Manner {
        filter: Some(Filter { cutoff_hz: 900.0, ..Filter::default() }),
        follows: vec![follow(Follow::PRESSURE, Moves::CutoffCents, 2_400.0)].into(),
        ..Manner::default()
    };
    let press = |frame: u32, note: Notes, pressure: f32| {
        at(frame, Event::Expression { note, expression: Expression::Pressure(pressure) })
    };
    let of_all = |frame: u32, value: f32| at(frame, Event::Pressure { channel: 0, value });
    let key = |key: u8| Notes::from(Note::new(0, key));
    for manner in [Manner::default(), opens] {
        let play = |keys: &[u8], events: &[TimedEvent]| {
            let mut rig = Rig::with(following(sine(), manner.clone()));
            let all: Vec<TimedEvent> =
                keys.iter().map(|key| on(0, *key)).chain(events.iter().copied()).collect();
            rig.left(&plain(), &all, 48_000)
        };
        let still = play(&[60], &[]);
        let pressed = play(&[60], &[press(4_000, key(60), 0.8), press(24_000, key(60), 0.0)]);
        assert!(pressed[..4_000] == still[..4_000] && pressed[..30_000] != still[..30_000]);
        assert!(pressed == play(&[60], &[of_all(4_000, 0.8), of_all(24_000, 0.0)]));
        assert!(still == play(&[60], &[press(4_000, key(67), 0.8)]), "another key");
        assert!(
            still == play(&[60], &[press(4_000, Notes { channel: Some(1), ..key(60) }, 0.8)]),
            "another channel"
        );
        // Of two notes only the one moves: what is left without the other is that one alone.
        let both = play(&[60, 67], &[press(4_000, key(67), 0.8)]);
        let other = play(&[67], &[press(4_000, key(67), 0.8)]);
        let off =
            both.iter().zip(&other).zip(&still).map(|((both, other), still)| (both - other - still).abs());
        assert!(off.fold(0.0, f32::max) < 1e-6);
        let rested = play(
            &[60],
            &[press(4_000, key(60), 0.8), at(24_000, Event::ResetControllers { channel: Some(0) })],
        );
        assert!(rested == pressed, "controllers that are reset take it back");
    }
}

#[test]
fn zones_cross_fade_with_a_controller_while_they_sound() {
    let zone = |value: f32, rises, falls| PlayableZone {
        manner: Manner {
            follows: vec![Follow {
                response: Response::Fade(Fade { rises, falls }),
                ..follow(2, Moves::Amplitude, 1.0)
            }]
            .into(),
            ..Manner::default()
        },
        pcm: Arc::new(level(value)),
        ..playable(level(0.0), 60.0).zones[0].clone()
    };
    let zones = [zone(0.25, (0, 0), (0, 127)), zone(0.5, (0, 127), (127, 127))];
    let mut rig = Rig::with(Playable { zones: zones.into(), gain: 1.0, drawn_midi: 60.0 });
    let events = [on(0, 60), control(5_000, 2, 1.0), control(10_000, 2, 0.5)];
    let heard = rig.left(&plain(), &events, 15_000);
    let half = 0.5f32.sqrt() * 0.75;
    for (frame, expected) in [(4_990, 0.25), (9_990, 0.5), (14_990, half)] {
        assert!((heard[frame] - expected).abs() < 1e-4, "{frame}: {}", heard[frame]);
    }
    assert!(sharpest_bend(&heard[100..]) < 0.01);
}

#[test]
fn pitch_cutoff_level_and_the_depth_of_oscillators_follow() {
    let heard = |manner: Manner, value: f32| {
        let mut rig = Rig::with(following(sine(), manner));
        rig.left(&plain(), &[control(0, 20, value), on(0, 60)], 48_000)
    };
    let of = |moves, depth| Manner { follows: vec![follow(20, moves, depth)].into(), ..Manner::default() };
    for (value, cents) in [(0.0, 0.0), (0.5, 600.0), (1.0, 1_200.0f32)] {
        let found = frequencies(&heard(of(Moves::PitchCents, 1_200.0), value)[480..]);
        let off = 1_200.0 * (found[found.len() / 2] / 480.0).log2() - cents;
        assert!(off.abs() < 2.0, "{value}: {off} cents aside");
    }
    let loudest = |samples: &[f32]| samples[24_000..].iter().fold(0.0f32, |most, x| most.max(x.abs()));
    for (value, expected) in [(0.0, 0.5), (1.0, 0.25)] {
        let found = loudest(&heard(of(Moves::GainDb, -6.0206), value));
        assert!((found - expected).abs() < 1e-3, "{value}: {found}");
    }
    let filter = Some(Filter { cutoff_hz: 30.0, ..Filter::default() });
    let closed = loudest(&heard(Manner { filter, ..of(Moves::CutoffCents, 9_600.0) }, 0.0));
    let open = loudest(&heard(Manner { filter, ..of(Moves::CutoffCents, 9_600.0) }, 1.0));
    assert!(closed < 0.005 && (open - 0.5).abs() < 0.01, "{closed}, {open}");
    let lfos = [Some(Lfo { freq_hz: 5.0, ..Lfo::default() }), None, None];
    let swing = |value: f32| {
        let all = frequencies(&heard(Manner { lfos, ..of(Moves::LfoPitchCents(0), 100.0) }, value)[480..]);
        let most = all.iter().fold(0.0f32, |most, &f| most.max(f));
        1_200.0 * (most / 480.0).log2()
    };
    assert!(swing(0.0) < 1.0 && (swing(1.0) - 100.0).abs() < 6.0, "{} and {}", swing(0.0), swing(1.0));
}
