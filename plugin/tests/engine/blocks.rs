//! The same samples wherever blocks begin, and the same samples again the next time.

use neume::engine::{Event, Expression, Mode, Note, Notes, Settings, TimedEvent};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume_bank::{
    Band, Choke, Depths, Envelope, EnvelopePoint, Filter, FilterKind, Follow, LateStart, Lfo, Manner,
    ModulationEnvelope, Moves, Onset, PointEnvelope, Response, Stage, Stereo, Wave,
};
use proptest::prelude::*;

use crate::rig::{RATE_HZ, Rig, at, looped_sine, mono, noise, off, on, playable};

/// Slots with a stereo one-shot, a short loop, a long loop, a tiny loop, and one that is filtered, moved and choked; one
/// slot is empty.
fn rig() -> Rig {
    let mut rig = Rig::new();
    let stereo = Pcm {
        rate_hz: RATE_HZ,
        left: noise(9_000, 1).into(),
        right: Some(noise(9_000, 2).into()),
        sustain: None,
        rest: None,
    };
    rig.put(0, playable(stereo, 60.25));
    rig.put(1, playable(looped_sine(3, 100, 0.5), 52.0));
    rig.put(2, playable(mono(noise(6_000, 3), Some((1_000, 5_999))), 69.0));
    rig.put(3, Playable { drawn_midi: 71.5, ..playable(mono(noise(40, 4), Some((30, 37))), 60.0) });
    rig.put(4, moving());
    rig
}

/// Two zones over each other: one whose pitch, filter and level move, and a choked one with a steady filter.
fn moving() -> Playable {
    let depths = |pitch_cents, cutoff_cents, gain_db| Depths { pitch_cents, cutoff_cents, gain_db };
    let depths_of_lfo = depths(700.0, 900.0, 3.0);
    let lfo = Lfo {
        freq_hz: 31.0,
        delay_secs: 0.01,
        fade_secs: 0.02,
        wave: Wave::Sine,
        depths: depths_of_lfo,
        ..Lfo::default()
    };
    let saw = Lfo { freq_hz: 5.0, wave: Wave::Falling, phase: 0.3, ..lfo };
    let envelope = ModulationEnvelope {
        delay_secs: 0.005,
        attack_secs: 0.01,
        hold_secs: 0.01,
        decay_secs: 0.03,
        sustain_norm: 0.4,
        release_secs: 0.05,
        depths: depths(-300.0, 3_600.0, 0.0),
        ..ModulationEnvelope::default()
    };
    let filter =
        Filter { cutoff_hz: 700.0, resonance_db: 9.0, key_tracking_cents: 50.0, ..Filter::default() };
    let follow = |controller, moves, depth| Follow {
        controller,
        rest: 0.2,
        response: Response::Bipolar,
        moves,
        depth,
    };
    let followed = vec![
        follow(2, Moves::PitchCents, 80.0),
        follow(2, Moves::CutoffCents, 900.0),
        follow(4, Moves::LfoGainDb(0), 6.0),
        follow(4, Moves::GainDb, -6.0),
        follow(4, Moves::Pan, 0.8),
        follow(2, Moves::Width, 0.5),
        follow(2, Moves::LfoFreqHz(1), 20.0),
        follow(4, Moves::BandGainDb(0), 6.0),
        follow(2, Moves::BandFreqHz(0), 500.0),
        follow(Follow::PRESSURE, Moves::EnvelopePitchCents(0), 50.0),
        follow(Follow::VELOCITY, Moves::Onset(Onset::Envelope(Stage::Decay)), 0.1),
        follow(4, Moves::Onset(Onset::LfoPhase(0)), 0.4),
        follow(4, Moves::Onset(Onset::StartFrames), 300.0),
        follow(Follow::ENVELOPES, Moves::PitchCents, 250.0),
        follow(2, Moves::Depth(13), 100.0),
        follow(4, Moves::Onset(Onset::PointSecs(0, 2)), 0.01),
        follow(2, Moves::SecondCutoffCents, -900.0),
        follow(4, Moves::Onset(Onset::SecondResonanceDb), 3.0),
    ];
    let point = |secs, level, shape| EnvelopePoint { secs, level, shape };
    let points =
        vec![point(0.0, 1.0, 0.0), point(0.01, -0.5, 2.0), point(0.03, 0.2, -3.0), point(0.02, 1.0, 0.0)];
    let moved = Manner {
        second_filter: Some(Filter { kind: FilterKind::BandReject, ..filter }),
        point_envelopes: vec![PointEnvelope { points, sustain: 2, ends_note: false }],
        late_start: Some(LateStart { frames: 50, random_frames: 5_000, rate_hz: 44_100 }),
        filter: Some(filter),
        stereo: Some(Stereo { width: 0.4, position: -0.3 }),
        bend_semitones: Some((-7.0, 1.0)),
        bands: [Some(Band { freq_hz: 900.0, octaves: 0.7, gain_db: 4.0 }), None, None],
        lfos: [Some(lfo), Some(saw), None],
        modulation_envelopes: [Some(envelope), None],
        envelope: Some(Envelope {
            delay_secs: 0.002,
            attack_secs: 0.001,
            hold_secs: 0.0,
            decay_secs: 0.1,
            sustain_norm: 0.5,
            release_secs: 0.2,
        }),
        follows: followed.into(),
        ..Manner::default()
    };
    let choked = Manner {
        second_filter: Some(Filter { cutoff_hz: 3_000.0, velocity_tracking_cents: 600.0, ..filter }),
        filter: Some(Filter { kind: FilterKind::HighPassOnePole, ..filter }),
        choke: Some(Choke { group: 1, off_by: 1, off_secs: Some(0.03), ..Choke::default() }),
        ..Manner::default()
    };
    let stereo = Pcm {
        rate_hz: RATE_HZ,
        left: noise(7_000, 5).into(),
        right: Some(noise(7_000, 6).into()),
        sustain: Some((1_000, 6_500)),
        rest: None,
    };
    let mut playable = playable(stereo, 60.0);
    let zone = playable.zones[0].clone();
    playable.zones = [moved, choked].map(|manner| PlayableZone { manner, ..zone.clone() }).into();
    playable
}

/// A phrase that uses everything, over 20,000 frames.
fn phrase() -> Vec<TimedEvent> {
    let mut events = vec![on(0, 60), on(0, 64), on(5, 67)];
    for i in 0..300u32 {
        events.push(on(100 + i * 3, (20 + i % 90) as u8));
    }
    for i in 0..200u32 {
        let bend_norm = (i as f32 * 0.1).sin();
        events.push(at(1_500 + i * 37, Event::Bend { channel: 0, bend_norm }));
    }
    for (i, controller) in [1u8, 2, 4, 7, 10, 11].into_iter().cycle().take(180).enumerate() {
        let value = 0.5 + 0.5 * (i as f32).cos();
        events.push(at(1_700 + 41 * i as u32, Event::Control { channel: 0, controller, value }));
    }
    events.push(at(1_900, Event::Pressure { channel: 0, value: 0.4 }));
    // The wheel comes back to rest, and is moved again before the next chunk.
    for (frame, value) in [(9_100, 0.0), (9_110, 0.0), (9_600, 0.9)] {
        events.push(at(frame, Event::Control { channel: 0, controller: 1, value }));
        events.push(at(frame, Event::Pressure { channel: 0, value: 0.0 }));
    }
    events.push(at(2_000, Event::Sustain { channel: 0, down: true }));
    for key in 20..110 {
        events.push(off(2_500 + u32::from(key) * 11, key));
    }
    let note = Note::new(0, 60);
    for (frame, expression) in [
        (3_000, Expression::Tuning(13.0)),
        (3_100, Expression::Volume(0.3)),
        (3_333, Expression::Pan(-0.7)),
        (3_390, Expression::Pressure(0.8)),
        (7_001, Expression::Pressure(0.0)),
    ] {
        events.push(at(frame, Event::Expression { note: note.into(), expression }));
    }
    events.push(at(6_001, Event::Sustain { channel: 0, down: false }));
    events.push(at(7_003, Event::Choke { note: Note::new(0, 90).into() }));
    events.push(on(9_000, 90));
    events.push(on(9_001, 96));
    events.push(at(15_000, Event::AllNotesOff { channel: None }));
    events.push(at(17_777, Event::AllSoundOff { channel: Some(0) }));
    events.sort_by_key(|timed| timed.frame);
    events
}

#[test]
fn every_block_size_gives_the_same_samples() {
    let cases = [0, 1, 2, 3, 4].map(|slot| (Mode::Chromatic, slot));
    for (mode, slot) in cases.into_iter().chain([(Mode::Drawn, 3), (Mode::Slots, 0)]) {
        let settings = Settings {
            slot,
            mode,
            attack_secs: 0.003,
            decay_secs: 0.05,
            sustain_norm: 0.6,
            release_secs: 0.1,
            gain: 0.8,
            bend_range_semitones: 12.0,
        };
        let whole = rig().render(&settings, &phrase(), 20_000, &[20_000]);
        assert!(whole[0].iter().any(|sample| sample.abs() > 0.01), "{mode:?} {slot} is silent");
        for blocks in [&[1usize][..], &[17], &[64], &[480], &[4096], &[1, 300, 7, 63, 65, 1024, 2]] {
            let cut = rig().render(&settings, &phrase(), 20_000, blocks);
            let same = |side: usize, i: usize| whole[side][i].to_bits() == cut[side][i].to_bits();
            let differs = (0..20_000).find(|&i| !same(0, i) || !same(1, i));
            assert_eq!(differs, None, "{mode:?}, slot {slot}, blocks of {blocks:?}");
        }
    }
}

#[test]
fn settings_take_effect_on_their_frame_whatever_the_blocks() {
    let play = |cuts: &[usize]| {
        let mut rig = rig();
        let mut settings = Settings { sustain_norm: 0.9, ..Settings::default() };
        let (mut left, mut right) = (vec![0.0; 6_000], vec![0.0; 6_000]);
        let bend = at(0, Event::Bend { channel: 0, bend_norm: 0.4 });
        let mut start = 0;
        for &end in cuts {
            let events = if start == 0 { vec![bend, on(0, 60)] } else { vec![] };
            if start >= 1_000 {
                settings.gain = 0.5;
                settings.bend_range_semitones = 7.0;
            }
            if start >= 3_000 {
                settings.sustain_norm = 0.2;
                settings.slot = 1;
            }
            let note = if start == 3_000 { vec![on(0, 55)] } else { events };
            rig.engine.process(&settings, note, &mut left[start..end], &mut right[start..end]);
            start = end;
        }
        (left, right)
    };
    assert!(
        play(&[1_000, 3_000, 6_000]) == play(&[10, 500, 1_000, 1_001, 2_999, 3_000, 3_333, 5_998, 6_000])
    );
}

#[test]
fn after_a_reset_an_engine_plays_like_a_new_one() {
    let settings = Settings { gain: 0.5, bend_range_semitones: 7.0, ..Settings::default() };
    let fresh = rig().render(&settings, &phrase(), 8_000, &[64]);
    let mut used = rig();
    used.render(&Settings { gain: 0.1, ..Settings::default() }, &phrase(), 8_000, &[100]);
    used.engine.process(&settings, [], &mut [0.0; 9], &mut [0.0; 9]);
    used.engine.reset();
    assert!(used.render(&settings, &phrase(), 8_000, &[64]) == fresh);
}

#[test]
fn an_untransposed_sound_comes_out_to_the_bit() {
    let samples = noise(5_000, 7);
    let pcm = |sustain| Pcm {
        rate_hz: RATE_HZ,
        left: samples.clone().into(),
        right: Some(noise(5_000, 8).into()),
        sustain,
        rest: None,
    };
    let [left, right] =
        Rig::with(playable(pcm(None), 60.0)).render(&Settings::default(), &[on(3, 60)], 4_800, &[50]);
    assert_eq!(left[3..], samples[..4_797]);
    assert_eq!(right[3..], noise(5_000, 8)[..4_797]);

    let mut rig = Rig::with(playable(pcm(Some((1_234, 4_321))), 60.0));
    let looped = rig.left(&Settings::default(), &[on(0, 60)], 20_000);
    let expected = |i: usize| samples[if i < 4_321 { i } else { 1_234 + (i - 1_234) % (4_321 - 1_234) }];
    assert!((0..20_000).all(|i| looped[i] == expected(i)));
}

fn any_event() -> impl Strategy<Value = Event> {
    let note = (0u8..20, any::<u8>(), prop_oneof![3 => Just(None), 1 => (0..9).prop_map(Some)])
        .prop_map(|(channel, key, id)| Note { channel, key, id });
    let open = |note: Note, which: u8| Notes {
        channel: (which & 1 == 0).then_some(note.channel),
        key: (which & 2 == 0).then_some(note.key),
        id: note.id,
    };
    let notes = (note.clone(), prop_oneof![4 => Just(0u8), 1 => 0u8..4])
        .prop_map(move |(note, which)| open(note, which));
    let number = prop_oneof![12 => 0.0f32..1.0, 4 => -2.0f32..2.0, 1 => any::<f32>(), 1 => Just(f32::NAN), 1 => Just(f32::INFINITY)];
    let channel = prop_oneof![Just(None), any::<u8>().prop_map(Some)];
    prop_oneof![
        4 => (note, number.clone()).prop_map(|(note, velocity)| Event::NoteOn { note, velocity }),
        2 => notes.clone().prop_map(|note| Event::NoteOff { note }),
        1 => notes.clone().prop_map(|note| Event::Choke { note }),
        1 => (any::<u8>(), number.clone()).prop_map(|(channel, bend_norm)| Event::Bend { channel, bend_norm }),
        1 => (any::<u8>(), any::<u8>(), number.clone()).prop_map(|(channel, controller, value)| Event::Control {
            channel,
            controller,
            value
        }),
        1 => (any::<u8>(), number.clone()).prop_map(|(channel, value)| Event::Pressure { channel, value }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(channel, down)| Event::Sustain { channel, down }),
        1 => (notes, number.clone(), 0..4).prop_map(|(note, x, which)| Event::Expression {
            note,
            expression: [
                Expression::Tuning(x),
                Expression::Volume(x),
                Expression::Pan(x),
                Expression::Pressure(x),
            ][which as usize],
        }),
        1 => channel.clone().prop_map(|channel| Event::AllNotesOff { channel }),
        1 => channel.clone().prop_map(|channel| Event::AllSoundOff { channel }),
        1 => channel.prop_map(|channel| Event::ResetControllers { channel }),
    ]
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let number = || prop_oneof![20 => 0.02f32..1.0, 1 => any::<f32>(), 1 => Just(f32::NAN)];
    let mode = prop_oneof![Just(Mode::Chromatic), Just(Mode::Drawn), Just(Mode::Slots)];
    (any::<usize>(), mode, number(), number(), number(), number(), number(), number()).prop_map(
        |(slot, mode, attack_secs, decay_secs, sustain_norm, release_secs, gain, bend_range_semitones)| {
            Settings {
                slot: slot % 6,
                mode,
                attack_secs,
                decay_secs,
                sustain_norm,
                release_secs,
                gain,
                bend_range_semitones,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_output_is_finite_bounded_and_the_same_at_every_block_size(
        events in prop::collection::vec((0u32..4_000, any_event()), 0..300),
        settings in any_settings(),
        block in 1usize..700,
    ) {
        let mut events: Vec<TimedEvent> =
            events.into_iter().map(|(frame, event)| at(frame, event)).collect();
        events.sort_by_key(|timed| timed.frame);
        let whole = rig().render(&settings, &events, 4_000, &[4_000]);
        let cut = rig().render(&settings, &events, 4_000, &[block]);
        for side in 0..2 {
            prop_assert!(whole[side].iter().all(|sample| sample.abs() <= 8.0));
            prop_assert!(whole[side].iter().zip(&cut[side]).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}
