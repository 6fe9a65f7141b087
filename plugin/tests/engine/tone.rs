//! Equalizers, the places of zones between left and right, their own reach of the pitch wheel, and what controllers settle as
//! a note begins.

use neume::engine::{Event, Note, Settings, TimedEvent};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume_bank::{
    Band, Depths, Envelope, Filter, FilterKind, Follow, Follows, Lfo, Manner, ModulationEnvelope, Moves,
    Onset, Response, Stage, Stereo, Wave,
};

use crate::modulation::{frequencies, level, plain, sine};
use crate::rig::{RATE_HZ, Rig, at, mono, noise, off, on, playable, sharpest_bend};

fn with(pcm: Pcm, manner: Manner) -> Rig {
    let sound: Playable = playable(pcm, 60.0);
    let zone = PlayableZone { manner, ..sound.zones[0].clone() };
    Rig::with(Playable { zones: [zone].into(), ..sound })
}

fn control(frame: u32, controller: u8, value: f32) -> TimedEvent {
    at(frame, Event::Control { channel: 0, controller, value })
}

fn follow(controller: u8, moves: Moves, depth: f32) -> Follow {
    Follow { controller, rest: 0.0, response: Response::Linear, moves, depth }
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// Two levels for ever.
fn sides(left: f32, right: f32) -> Pcm {
    Pcm { right: Some(vec![right; 64].into()), ..level(left) }
}

#[test]
fn width_and_position_set_the_sides_of_a_stereo_sound_and_leave_a_mono_one_alone() {
    let heard = |pcm: Pcm, stereo: Stereo, pan: f32| {
        let manner = Manner { stereo: Some(stereo), pan, ..Manner::default() };
        let [left, right] = with(pcm, manner).render(&plain(), &[on(0, 60)], 2_000, &[64]);
        (left[1_999], right[1_999])
    };
    let (half, whole) = (0.5f32.sqrt(), 2f32.sqrt());
    let table = [
        (1.0, 0.0, 0.0, (0.2, 0.4)),
        (0.0, 0.0, 0.0, (0.6 * half, 0.6 * half)),
        (-1.0, 0.0, 0.0, (0.4, 0.2)),
        (1.0, -1.0, 0.0, (0.2 * whole, 0.0)),
        (0.0, 1.0, 0.0, (0.0, 0.6)),
        (0.0, 0.0, 1.0, (0.4, 0.4)),
    ];
    for (width, position, pan, expected) in table {
        let found = heard(sides(0.2, 0.4), Stereo { width, position }, pan);
        let near = (found.0 - expected.0).abs() < 1e-5 && (found.1 - expected.1).abs() < 1e-5;
        assert!(near, "width {width}, position {position}, pan {pan}: {found:?}, not {expected:?}");
    }
    assert_eq!(heard(level(0.3), Stereo { width: 0.0, position: 1.0 }, 0.0), (0.3, 0.3));
}

#[test]
fn pan_follows_a_controller_in_a_glide_and_ends_where_a_zone_would_be_panned_for_good() {
    let manner = Manner { follows: vec![follow(20, Moves::Pan, 1.0)].into(), ..Manner::default() };
    let [left, right] = with(level(0.5), manner).render(
        &plain(),
        &[control(0, 20, 0.0), on(0, 60), control(3_000, 20, 0.6)],
        9_000,
        &[64],
    );
    let still = Manner { pan: 0.6, ..Manner::default() };
    let [on_left, on_right] = with(level(0.5), still).render(&plain(), &[on(0, 60)], 9_000, &[64]);
    assert_eq!((left[2_900], right[2_900]), (0.5, 0.5));
    assert!((left[8_999] - on_left[8_999]).abs() < 1e-6 && (right[8_999] - on_right[8_999]).abs() < 1e-6);
    let step = left.windows(2).skip(1).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step < 2e-3, "{step}");
}

#[test]
fn a_band_lifts_what_lies_in_it_and_follows_controllers_and_velocity() {
    let band = Band { freq_hz: 480.0, octaves: 1.0, gain_db: 6.0 };
    let play = |follows: Vec<Follow>, events: &[TimedEvent]| {
        let manner = Manner { bands: [None, Some(band), None], follows: follows.into(), ..Manner::default() };
        with(sine(), manner).left(&plain(), events, 48_000)
    };
    let db = |samples: &[f32]| 20.0 * (peak(samples) / 0.5).log10();
    let lifted = play(vec![], &[on(0, 60)]);
    assert!((db(&lifted[24_000..]) - 6.0).abs() < 0.02, "{}", db(&lifted[24_000..]));
    let by_controller = vec![follow(21, Moves::BandGainDb(1), -12.0)];
    let lowered = play(by_controller, &[control(0, 21, 0.0), on(0, 60), control(20_000, 21, 1.0)]);
    assert!((db(&lowered[10_000..20_000]) - 6.0).abs() < 0.02);
    assert!((db(&lowered[30_000..]) + 6.0).abs() < 0.02, "{}", db(&lowered[30_000..]));
    let bend = std::f32::consts::TAU / 100.0;
    assert!(sharpest_bend(&lowered[100..]) < 2.0 * bend * bend, "{}", sharpest_bend(&lowered[100..]));
    let by_velocity = vec![follow(Follow::VELOCITY, Moves::BandFreqHz(1), 4_800.0)];
    let aside = play(by_velocity, &[on(0, 60)]);
    assert!(db(&aside[24_000..]).abs() < 0.1, "eleven times as high: {}", db(&aside[24_000..]));
}

#[test]
fn an_equalizer_rings_out_behind_the_end_of_its_sound_without_a_click() {
    let band = Band { freq_hz: 200.0, octaves: 0.2, gain_db: 30.0 };
    let manner = Manner { bands: [Some(band), None, None], ..Manner::default() };
    let mut samples = noise(4_800, 8);
    samples[4_700..].fill(0.0);
    let out = with(mono(samples, None), manner).left(&plain(), &[on(0, 60)], 6_000);
    let end = out.iter().rposition(|x| *x != 0.0).unwrap();
    assert!(out[end].abs() < 1e-3, "{}", out[end]);
}

#[test]
fn a_zone_has_its_own_reach_of_the_pitch_wheel_that_the_setting_stretches() {
    let manner = Manner { bend_semitones: Some((-12.0, 7.0)), ..Manner::default() };
    let heard = |bend_norm: f32, range: f32, turned_at: u32| {
        let settings = Settings { bend_range_semitones: range, ..plain() };
        let turn = at(turned_at, Event::Bend { channel: 0, bend_norm });
        let mut events = [turn, on(100, 60)];
        events.sort_by_key(|event| event.frame);
        let out = with(sine(), manner.clone()).left(&settings, &events, 24_000);
        let all = frequencies(&out[12_000..]);
        1_200.0 * (all.iter().sum::<f32>() / all.len() as f32 / 480.0).log2()
    };
    for (bend_norm, range, cents) in
        [(1.0, 2.0, 700.0), (-1.0, 2.0, -1_200.0), (0.5, 2.0, 350.0), (1.0, 4.0, 1_400.0), (0.0, 2.0, 0.0)]
    {
        for turned_at in [0, 6_000] {
            let found = heard(bend_norm, range, turned_at);
            assert!((found - cents).abs() < 1.0, "{bend_norm} of {range}: {found}, not {cents}");
        }
    }
}

#[test]
fn controllers_and_velocity_settle_an_envelope_as_a_note_begins_and_not_later() {
    let envelope = Envelope {
        delay_secs: 0.0,
        attack_secs: 0.0,
        hold_secs: 0.0,
        decay_secs: 0.5,
        sustain_norm: 0.1,
        release_secs: 0.02,
    };
    let settles = |controller, stage, depth| follow(controller, Moves::Onset(Onset::Envelope(stage)), depth);
    let follows = vec![
        settles(22, Stage::Attack, 0.5),
        settles(23, Stage::Sustain, 0.9),
        settles(24, Stage::Release, 1.0),
        settles(Follow::VELOCITY, Stage::Delay, 0.1),
    ];
    let play = |events: &[TimedEvent]| {
        let manner =
            Manner { envelope: Some(envelope), follows: follows.clone().into(), ..Manner::default() };
        with(level(0.5), manner).left(&plain(), events, 60_000)
    };
    let frame = |secs: f32| (secs * RATE_HZ) as usize;
    let still = play(&[on(0, 60), control(500, 22, 1.0), control(500, 24, 1.0), off(24_000, 60)]);
    assert!(still[frame(0.1) - 2] == 0.0 && still[frame(0.1) + 2] > 0.49, "it waits, and begins at once");
    assert!(still[frame(0.6)..].iter().all(|x| *x <= 0.5), "and what was moved later changes nothing");
    assert!(still[frame(0.55)..].iter().all(|x| x.abs() < 1e-4), "not its release either");
    let moved = play(&[control(0, 22, 1.0), control(0, 23, 1.0), on(1, 60)]);
    let rising = moved[frame(0.1 + 0.25)];
    assert!((rising - 0.25).abs() < 0.01, "half an attack of half a second: {rising}");
    assert!((moved[frame(0.9)] - 0.5).abs() < 1e-3, "a sustain at full level: {}", moved[frame(0.9)]);
    let long = play(&[control(0, 23, 1.0), control(0, 24, 0.98), on(1, 60), off(24_000, 60)]);
    let fallen_db = 20.0 * (long[frame(1.0)] / 0.5).log10();
    assert!((fallen_db + 30.0).abs() < 0.5, "half of sixty: {fallen_db}");
    let soft = TimedEvent { frame: 0, event: Event::NoteOn { note: Note::new(0, 60), velocity: 0.5 } };
    let earlier = play(&[soft]);
    assert!(earlier[frame(0.06)] > 0.0 && earlier[frame(0.04)] == 0.0, "half the delay");
}

#[test]
fn oscillators_have_forms_and_phases_and_their_pace_follows() {
    let pitch = |lfo: Lfo, follows: Vec<Follow>, at_secs: f32| {
        let depths = Depths { pitch_cents: 100.0, ..Depths::default() };
        let lfos = [Some(Lfo { depths, ..lfo }), None, None];
        let manner = Manner { lfos, follows: follows.into(), ..Manner::default() };
        let out = with(sine(), manner).left(&plain(), &[control(0, 25, 1.0), on(0, 60)], 96_000);
        let frame = |secs: f32| (secs * RATE_HZ) as usize;
        let all = frequencies(&out[frame(at_secs - 0.005)..frame(at_secs + 0.005)]);
        1_200.0 * (all.iter().sum::<f32>() / all.len() as f32 / 480.0).log2()
    };
    let of = |wave: Wave, phase: f32| Lfo { freq_hz: 1.0, wave, phase, ..Lfo::default() };
    let table = [
        (of(Wave::Triangle, 0.0), 0.125, 50.0),
        (of(Wave::Sine, 0.0), 0.125, 75.0),
        (of(Wave::Sine, 0.25), 0.5, -100.0),
        (of(Wave::Half, 0.0), 0.25, 100.0),
        (of(Wave::Half, 0.0), 0.75, 0.0),
        (of(Wave::Eighth, 0.0), 0.25, 0.0),
        (of(Wave::Rising, 0.0), 0.25, -50.0),
        (of(Wave::Falling, 0.5), 0.25, -50.0),
    ];
    for (lfo, at_secs, cents) in table {
        let found = pitch(lfo, vec![], at_secs);
        assert!((found - cents).abs() < 3.0, "{lfo:?} at {at_secs}: {found}, not {cents}");
    }
    // Three times as fast from the start.
    let faster = vec![follow(25, Moves::LfoFreqHz(0), 2.0)];
    for (at_secs, cents) in [(0.5 / 12.0, 50.0), (1.0 + 1.0 / 12.0, 100.0), (1.75, 100.0)] {
        let found = pitch(of(Wave::Triangle, 0.0), faster.clone(), at_secs);
        assert!((found - cents).abs() < 5.0, "at {at_secs}: {found}, not {cents}");
    }
}

#[test]
fn pressure_opens_what_an_envelope_moves_and_still_trembles() {
    let envelope = ModulationEnvelope { attack_secs: 0.01, ..ModulationEnvelope::default() };
    let pressed = |moves| {
        let manner = Manner {
            modulation_envelopes: [Some(envelope), None],
            follows: vec![follow(Follow::PRESSURE, moves, 300.0)].into(),
            ..Manner::default()
        };
        let press = at(0, Event::Pressure { channel: 0, value: 1.0 });
        let all = frequencies(&with(sine(), manner).left(&plain(), &[on(0, 60), press], 48_000)[24_000..]);
        let cents = |hz: f32| 1_200.0 * (hz / 480.0).log2();
        all.iter().fold((f32::MAX, f32::MIN), |(low, high), &hz| (low.min(cents(hz)), high.max(cents(hz))))
    };
    let (low, high) = pressed(Moves::EnvelopePitchCents(0));
    assert!((low - 250.0).abs() < 5.0 && (high - 350.0).abs() < 5.0, "{low} to {high}");
}

#[test]
fn a_second_filter_takes_away_what_the_first_lets_through_and_follows_its_own_controllers() {
    let filter = |kind, cutoff_hz| Some(Filter { kind, cutoff_hz, ..Filter::default() });
    let low = Manner { filter: filter(FilterKind::LowPass, 960.0), ..Manner::default() };
    let heard = |manner: Manner, events: &[TimedEvent]| {
        peak(&with(sine(), manner).left(&plain(), events, 24_000)[12_000..])
    };
    let play = [on(0, 60)];
    let db = |manner: Manner| {
        let beside = Manner { second_filter: None, follows: Follows::default(), ..manner.clone() };
        20.0 * (heard(manner, &[control(0, 20, 1.0), play[0]]) / heard(beside, &play)).log10()
    };
    let behind = |cutoff_hz, manner: &Manner| Manner {
        second_filter: filter(FilterKind::HighPass, cutoff_hz),
        ..manner.clone()
    };
    // Two octaves below its cutoff a filter of two poles takes away 24 dB. The tone has 480 Hz.
    for (cutoff_hz, expected) in [(1_920.0, -24.1), (480.0, -3.01), (60.0, 0.0)] {
        for manner in [&low, &Manner::default()] {
            let found = db(behind(cutoff_hz, manner));
            assert!((found - expected).abs() < 0.2, "at {cutoff_hz}: {found}, not {expected}");
        }
    }
    let follows = vec![follow(20, Moves::SecondCutoffCents, -6_000.0)].into();
    let opened = db(Manner { follows, ..behind(1_920.0, &low) });
    assert!(opened.abs() < 0.1, "{opened}");
}
