//! Filters, oscillators, envelopes beside that of loudness, and notes that silence each other.

use std::sync::Arc;

use neume::engine::{Event, Note, Settings};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume_bank::{Choke, Depths, Envelope, Filter, FilterKind, Lfo, Manner, ModulationEnvelope, Restrike};

use crate::rig::{RATE_HZ, Rig, at, looped_sine, mono, noise, off, on, peak, sharpest_bend};

/// A zone for each of these, on these keys.
fn instrument(zones: Vec<((u8, u8), Pcm, Manner)>) -> Playable {
    let zones = zones.into_iter().map(|(keys, pcm, manner)| PlayableZone {
        keys,
        velocities: (0, 127),
        root_midi: 60.0,
        manner,
        pcm: Arc::new(pcm),
    });
    Playable { zones: zones.collect(), gain: 1.0, drawn_midi: 60.0 }
}

fn of_one(pcm: Pcm, manner: Manner) -> Rig {
    Rig::with(instrument(vec![((0, 127), pcm, manner)]))
}

pub fn plain() -> Settings {
    Settings { attack_secs: 0.0, ..Settings::default() }
}

/// A level for ever.
pub fn level(value: f32) -> Pcm {
    mono(vec![value; 64], Some((0, 64)))
}

/// A sine of 480 Hz for ever.
pub fn sine() -> Pcm {
    looped_sine(1, 100, 0.5)
}

fn low_pass(cutoff_hz: f32) -> Option<Filter> {
    Some(Filter { cutoff_hz, ..Filter::default() })
}

fn frame(secs: f32) -> usize {
    (secs * RATE_HZ) as usize
}

/// Of a stretch from one second to another, in decibels.
fn rms_db(samples: &[f32], from_secs: f32, to_secs: f32) -> f32 {
    let stretch = &samples[frame(from_secs)..frame(to_secs)];
    10.0 * (stretch.iter().map(|x| x * x).sum::<f32>() / stretch.len() as f32).max(1e-12).log10()
}

/// The times between upward crossings of zero, as frequencies.
pub fn frequencies(samples: &[f32]) -> Vec<f32> {
    let crossings: Vec<f32> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, w)| w[0] < 0.0 && w[1] >= 0.0)
        .map(|(i, w)| i as f32 + w[0] / (w[0] - w[1]))
        .collect();
    crossings.windows(2).map(|w| RATE_HZ / (w[1] - w[0])).collect()
}

#[test]
fn an_open_filter_and_things_that_move_nothing_change_no_sample() {
    let play = |manner| of_one(mono(noise(9_000, 5), None), manner).left(&plain(), &[on(7, 65)], 6_000);
    let idle =
        Manner { filter: low_pass(Filter::OPEN_HZ), choke: Some(Choke::default()), ..Manner::default() };
    assert!(play(idle) == play(Manner::default()));
}

#[test]
fn a_filter_takes_away_what_it_says_on_both_sides() {
    let stereo = || Pcm { right: Some(noise(48_000, 6).into()), ..mono(noise(48_000, 5), None) };
    let play = |filter| {
        let manner = Manner { filter, ..Manner::default() };
        of_one(stereo(), manner).render(&plain(), &[on(0, 60)], 40_000, &[64])
    };
    let (dry, wet) = (play(None), play(low_pass(480.0)));
    for side in 0..2 {
        let fallen = rms_db(&wet[side], 0.1, 0.8) - rms_db(&dry[side], 0.1, 0.8);
        // Of noise up to 24,000 Hz a fiftieth lies below, and a tenth more passes along the slope (π / 2√2).
        assert!((fallen - 10.0 * (0.02f32 * 1.11).log10()).abs() < 0.7, "{fallen}");
    }
    let high = Some(Filter { kind: FilterKind::HighPass, cutoff_hz: 4_800.0, ..Filter::default() });
    let manner = Manner { filter: high, ..Manner::default() };
    let out = of_one(sine(), manner).left(&plain(), &[on(0, 60)], 24_000);
    let fallen = rms_db(&out, 0.1, 0.5) - 20.0 * (0.5f32 / std::f32::consts::SQRT_2).log10();
    assert!((fallen + 40.5).abs() < 0.7, "a decade below: {fallen}");
}

#[test]
fn an_envelope_opens_the_filter_and_shuts_it_when_the_key_is_up_without_a_step() {
    let envelope = ModulationEnvelope {
        attack_secs: 0.05,
        release_secs: 0.05,
        depths: Depths { cutoff_cents: 7_200.0, ..Depths::default() },
        ..ModulationEnvelope::default()
    };
    let told = Envelope { release_secs: 3.0, ..SUSTAINED };
    let manner = Manner {
        filter: low_pass(48.0),
        modulation_envelopes: [None, Some(envelope)],
        envelope: Some(told),
        ..Manner::default()
    };
    let out = of_one(sine(), manner).left(&plain(), &[on(0, 60), off(frame(0.4) as u32, 60)], frame(0.8));
    let full_db = 20.0 * (0.5f32 / std::f32::consts::SQRT_2).log10();
    assert!((rms_db(&out, 0.1, 0.35) - full_db).abs() < 0.2, "open: {}", rms_db(&out, 0.1, 0.35));
    let shut = rms_db(&out, 0.6, 0.7) - full_db;
    assert!((-48.0..-42.0).contains(&shut), "a decade below, and falling: {shut}");
    let bend = std::f32::consts::TAU / 100.0;
    assert!(sharpest_bend(&out[1..]) < 1.5 * 0.5 * bend * bend, "{}", sharpest_bend(&out[1..]));
}

/// An envelope that changes nothing until the key is up.
const SUSTAINED: Envelope = Envelope {
    delay_secs: 0.0,
    attack_secs: 0.0,
    hold_secs: 0.0,
    decay_secs: 0.0,
    sustain_norm: 1.0,
    release_secs: 0.1,
};

#[test]
fn an_oscillator_moves_the_pitch_as_far_and_as_often_as_it_says() {
    let vibrato = Lfo {
        freq_hz: 5.0,
        delay_secs: 0.5,
        depths: Depths { pitch_cents: 100.0, ..Depths::default() },
        ..Lfo::default()
    };
    let manner = Manner { lfos: [None, Some(vibrato), None], ..Manner::default() };
    let out = of_one(sine(), manner).left(&plain(), &[on(0, 60)], frame(1.6));
    let cents = |hz: f32| 1200.0 * (hz / 480.0).log2();
    let still = frequencies(&out[..frame(0.49)]);
    assert!(still.iter().all(|hz| cents(*hz).abs() < 0.5), "it waits");
    // Quarters of a turn after the delay: up, middle, down, middle.
    for (secs, expected) in [(0.55, 100.0), (0.6, 0.0), (0.65, -100.0), (0.7, 0.0), (1.35, 100.0)] {
        let found = frequencies(&out[frame(secs - 0.004)..frame(secs + 0.004)]);
        let found = cents(found.iter().sum::<f32>() / found.len() as f32);
        assert!((found - expected).abs() < 8.0, "at {secs}: {found}");
    }
    let bend = std::f32::consts::TAU / 100.0;
    assert!(sharpest_bend(&out[1..]) < 1.2 * 0.5 * bend * bend);
}

#[test]
fn an_envelope_moves_the_pitch_and_an_oscillator_the_level() {
    let raised = ModulationEnvelope {
        depths: Depths { pitch_cents: 1_200.0, ..Depths::default() },
        ..ModulationEnvelope::default()
    };
    let manner = Manner { modulation_envelopes: [Some(raised), None], ..Manner::default() };
    let out = of_one(sine(), manner).left(&plain(), &[on(0, 60)], 9_600);
    let found = frequencies(&out[200..]);
    assert!(found.iter().all(|hz| (hz - 960.0).abs() < 1.0), "an octave from the start on");

    let tremolo =
        Lfo { freq_hz: 4.0, depths: Depths { gain_db: 6.0, ..Depths::default() }, ..Lfo::default() };
    let manner = Manner { lfos: [Some(tremolo), None, None], ..Manner::default() };
    let out = of_one(level(0.25), manner).left(&plain(), &[on(0, 60)], frame(1.0));
    let db = |secs: f32| 20.0 * (out[frame(secs)] / 0.25).log10();
    for (secs, expected) in [(0.0, 0.0), (0.0625, 6.0), (0.125, 0.0), (0.1875, -6.0), (0.25, 0.0)] {
        assert!((db(secs) - expected).abs() < 0.15, "at {secs}: {}", db(secs));
    }
}

#[test]
fn a_delayed_sound_is_silent_meanwhile_and_is_over_at_once_when_its_key_goes_up_before() {
    let manner = Manner { envelope: Some(Envelope { delay_secs: 0.1, ..SUSTAINED }), ..Manner::default() };
    let samples: Vec<f32> = (0..9_600).map(|i| i as f32 / 9_600.0).collect();
    let mut rig = of_one(mono(samples, None), manner.clone());
    let out = rig.left(&plain(), &[on(0, 60)], 6_000);
    assert_eq!(peak(&out[..4_800]), 0.0);
    assert!((out[5_000] - 5_000.0 / 9_600.0).abs() < 1e-3, "the sound has gone on: {}", out[5_000]);
    let mut rig = of_one(level(0.5), manner);
    let out = rig.left(&plain(), &[on(0, 60), off(1_000, 60)], 9_600);
    assert_eq!(peak(&out), 0.0);
    assert!(rig.engine.is_silent());
}

/// Three keys: 60 and 61 of one group, 62 of none; each of two zones, of which one is panned to the right.
fn hats(off_secs: Option<f32>) -> Playable {
    let choke = Some(Choke { group: 3, off_by: 3, off_secs, ..Choke::default() });
    let zone = |key: u8, value: f32, pan: f32, choke| {
        let envelope = Some(Envelope { release_secs: 0.02, ..SUSTAINED });
        ((key, key), level(value), Manner { pan, choke, envelope, one_shot: key == 60, ..Manner::default() })
    };
    instrument(vec![
        zone(60, 0.1, 0.0, choke),
        zone(60, 0.1, 1.0, choke),
        zone(61, 0.2, 0.0, choke),
        zone(62, 0.4, 0.0, None),
    ])
}

#[test]
fn a_note_silences_those_of_its_group_but_not_its_own_strike_nor_others() {
    for (off_secs, gone_secs) in [(Some(0.01), 0.015), (None, 0.03)] {
        let mut rig = Rig::with(hats(off_secs));
        // The same sound in another slot is another instrument.
        rig.put(1, hats(off_secs));
        let settings = |slot| Settings { slot, ..plain() };
        let [before, right] = rig.render(&settings(0), &[on(0, 60), on(0, 62)], 9_600, &[64]);
        assert!((before[9_000] - 0.5).abs() < 1e-3, "{}", before[9_000]);
        let both = 0.5 + 0.1 * std::f32::consts::SQRT_2;
        assert!((right[9_000] - both).abs() < 1e-3, "both zones of a strike sound: {}", right[9_000]);
        rig.render(&settings(1), &[on(0, 61)], 9_600, &[64]);
        let out = rig.left(&settings(0), &[on(0, 61)], 9_600);
        assert!((out[0] - 0.9).abs() < 0.02, "nothing is cut off: {}", out[0]);
        assert!((out[frame(gone_secs)] - 0.8).abs() < 2e-3, "{off_secs:?}: {}", out[frame(gone_secs)]);
        assert!((out[9_000] - 0.8).abs() < 1e-3, "that of the other slot sounds on: {}", out[9_000]);
        let ends: Vec<u8> = rig.engine.ended().iter().map(|end| end.note.key).collect();
        assert_eq!(ends, [] as [u8; 0]);
    }
}

#[test]
fn a_key_that_is_struck_again_silences_its_softer_note_where_a_preset_says_so() {
    for (restrike, softer, harder) in [
        (Restrike::PassedOver, true, true),
        (Restrike::SilencesSofter, false, true),
        (Restrike::Silences, false, false),
    ] {
        let choke = Some(Choke { restrike, off_secs: Some(0.01), ..Choke::default() });
        let manner = Manner { choke, velocity_tracking: Some(0.0), ..Manner::default() };
        let strike = |frame, key, velocity| at(frame, Event::NoteOn { note: Note::new(0, key), velocity });
        let sounds_on = |first: f32, second: f32| {
            let mut rig = of_one(level(0.25), manner.clone());
            let events = [strike(0, 60, first), strike(0, 62, 1.0), strike(2_000, 60, second)];
            let out = rig.left(&plain(), &events, 9_600);
            assert!((out[1_900] - 0.5).abs() < 1e-3, "other keys sound on: {}", out[1_900]);
            (out[9_000] - 0.75).abs() < 1e-3
        };
        assert_eq!(sounds_on(0.4, 0.8), softer, "{restrike:?}");
        assert_eq!(sounds_on(0.8, 0.4), harder, "{restrike:?}");
    }
}

#[test]
fn of_two_notes_of_a_group_on_one_frame_the_later_is_heard_and_both_are_reported() {
    let mut rig = Rig::with(hats(Some(0.5)));
    let out = rig.left(&plain(), &[on(0, 60), on(0, 61)], 64);
    assert!((out[10] - 0.2).abs() < 1e-4, "{}", out[10]);
    let ends: Vec<u8> = rig.engine.ended().iter().map(|end| end.note.key).collect();
    assert_eq!(ends, [60]);
    let mut ended = Vec::new();
    for i in 0..200 {
        let events = if i == 0 { vec![on(0, 60), off(1, 60)] } else { Vec::new() };
        rig.render(&plain(), &events, 480, &[480]);
        ended.extend(rig.engine.ended().iter().map(|end| end.note.key));
    }
    assert_eq!(ended, [61], "the one-shot of 60 goes on");
}
