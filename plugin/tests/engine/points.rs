//! Envelopes through points: what they move, where they stay, and notes that last as long as one of them; and what a zone
//! follows of its own beside them.

use neume::engine::{Event, Settings};
use neume::handoff::{Playable, PlayableZone};
use neume_bank::{Envelope, EnvelopePoint, Follow, Lfo, Manner, Moves, Onset, PointEnvelope, Response};

use crate::rig::{RATE_HZ, Rig, at, mono, off, on, playable};

/// Long enough for every note.
const FRAMES: usize = 1 << 17;

fn points(points: &[(f32, f32)], sustain: u8) -> PointEnvelope {
    let point = |&(secs, level): &(f32, f32)| EnvelopePoint { secs, level, shape: 0.0 };
    PointEnvelope { points: points.iter().map(point).collect(), sustain, ends_note: false }
}

fn follow(controller: u8, moves: Moves, depth: f32) -> Follow {
    Follow { controller, rest: 0.0, response: Response::Linear, moves, depth }
}

/// A sound that rises all the way, so that how steep it is heard tells its pitch.
fn rig(manner: Manner) -> Rig {
    let rising = (0..FRAMES).map(|i| i as f32 / FRAMES as f32).collect();
    let sound = playable(mono(rising, None), 60.0);
    let zone = PlayableZone { manner, ..sound.zones[0].clone() };
    Rig::with(Playable { zones: [zone].into(), ..sound })
}

fn plain() -> Settings {
    Settings { attack_secs: 0.0, release_secs: 0.0, ..Settings::default() }
}

/// The pitch that is heard around a time, in cents.
fn cents(out: &[f32], secs: f32) -> f32 {
    let frame = (secs * RATE_HZ) as usize;
    let pace = (out[frame + 20] - out[frame - 20]) / 40.0 * FRAMES as f32;
    1_200.0 * pace.log2()
}

fn assert_near(found: f32, expected: f32, within: f32) {
    assert!((found - expected).abs() < within, "{found}, not {expected}");
}

#[test]
fn a_held_note_goes_from_point_to_point_stays_at_one_and_goes_on_when_its_key_is_up() {
    let manner = Manner {
        point_envelopes: vec![
            points(&[(0.0, 1.0), (0.2, -1.0), (0.1, 0.5), (0.2, 1.0)], 2),
            PointEnvelope { ends_note: true, ..points(&[(0.0, 1.0), (0.3, 1.0)], 0) },
        ],
        envelope: Some(Envelope::OPEN),
        follows: vec![
            follow(Follow::ENVELOPES, Moves::PitchCents, 300.0),
            follow(Follow::ENVELOPES + 1, Moves::Amplitude, 1.0),
        ]
        .into(),
        ..Manner::default()
    };
    let mut rig = rig(manner);
    let out = rig.left(&plain(), &[on(0, 60), off(24_000, 60)], 48_000);
    for (secs, expected) in
        [(0.01, 270.0), (0.1, 0.0), (0.19, -270.0), (0.25, -75.0), (0.31, 150.0), (0.49, 150.0)]
    {
        assert_near(cents(&out, secs), expected, 3.0);
    }
    for (secs, expected) in [(0.55, 187.5), (0.69, 292.5), (0.75, 0.0)] {
        assert_near(cents(&out, secs), expected, 3.0);
    }
    let end = (0.8 * RATE_HZ) as usize;
    assert!(out[end - 100] > 0.1 && out[end + 200..].iter().all(|sample| *sample == 0.0));
    assert!(rig.engine.is_silent(), "the note ends with its envelope");
}

#[test]
fn controllers_settle_points_as_a_note_leaves_for_them_and_move_depths_all_the_time() {
    let manner = Manner {
        point_envelopes: vec![points(&[(0.0, 1.0), (0.1, 0.0), (0.1, 1.0)], 2)],
        follows: vec![
            follow(Follow::ENVELOPES, Moves::PitchCents, 100.0),
            follow(20, Moves::Depth(0), 200.0),
            follow(21, Moves::Onset(Onset::PointSecs(0, 1)), 0.2),
            follow(21, Moves::Onset(Onset::PointLevel(0, 2)), -2.0),
        ]
        .into(),
        ..Manner::default()
    };
    let to = |frame, controller, value| at(frame, Event::Control { channel: 0, controller, value });
    let events = [to(0, 20, 0.5), to(0, 21, 0.5), on(2_400, 60), to(9_600, 21, 1.0), to(36_000, 20, 0.0)];
    let out = rig(manner).left(&plain(), &events, 48_000);
    // The note begins at 0.05, and leaves at 0.25 for a point that is lower by then.
    for (secs, expected) in [(0.06, 190.0), (0.15, 100.0), (0.24, 10.0), (0.3, -100.0), (0.4, -200.0)] {
        assert_near(cents(&out, secs), expected, 4.0);
    }
    assert_near(cents(&out, 0.9), -100.0, 4.0);
}

#[test]
fn a_zone_follows_its_own_oscillators_and_products_of_controllers() {
    let lfo = Lfo { freq_hz: 2.0, ..Lfo::default() };
    let manner = Manner {
        lfos: [None, Some(lfo), None],
        follows: vec![
            follow(Follow::OSCILLATORS + 1, Moves::Pan, 0.25),
            follow(20, Moves::Depth(0), 0.5),
            follow(20, Moves::PitchCents, 0.0),
            follow(21, Moves::Depth(2), 400.0),
        ]
        .into(),
        ..Manner::default()
    };
    let to = |frame, controller, value| at(frame, Event::Control { channel: 0, controller, value });
    let events = [to(0, 20, 0.5), to(0, 21, 0.25), on(2_400, 60), to(30_000, 20, 0.0)];
    let [left, right] = rig(manner).render(&plain(), &events, 48_000, &[64]);
    // A triangle of two rounds a second is highest an eighth of a second after the start of the note.
    let place = |secs: f32| {
        let frame = (secs * RATE_HZ) as usize;
        (right[frame].atan2(left[frame]) / std::f32::consts::FRAC_PI_4) - 1.0
    };
    for (secs, expected) in
        [(0.05 + 0.125, 0.5), (0.05 + 0.25, 0.0), (0.05 + 0.375, -0.5), (0.05 + 0.625, 0.25)]
    {
        assert_near(place(secs), expected, 0.01);
    }
    let pace = |frame: usize| {
        let sum = |at: usize| (left[at].powi(2) + right[at].powi(2)).sqrt() / 2f32.sqrt();
        1_200.0 * ((sum(frame + 20) - sum(frame - 20)) / 40.0 * FRAMES as f32).log2()
    };
    assert_near(pace(14_400), 50.0, 4.0);
    assert_near(pace(38_400), 0.0, 4.0);
}
