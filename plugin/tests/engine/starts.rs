//! Notes that begin within their sound: further on by chance, or as controllers say.

use neume::engine::{Event, Note, Settings, TimedEvent};
use neume::handoff::{Pcm, Playable, PlayableZone};
use neume::streaming::{HEAD_FRAMES, Streamer};
use neume_bank::{Follow, LateStart, Manner, Moves, Onset, Response};

use crate::rig::{RATE_HZ, Rig, at, mono, on, playable, streamed};

/// Long enough to be streamed.
const FRAMES: usize = 3 * HEAD_FRAMES;

/// Rises all the way, so that each level tells its frame.
fn rising() -> Vec<f32> {
    (0..FRAMES).map(|i| i as f32 / FRAMES as f32).collect()
}

fn zone(pcm: Pcm, manner: Manner) -> Playable {
    let sound = playable(pcm, 60.0);
    let zone = PlayableZone { manner, ..sound.zones[0].clone() };
    Playable { zones: [zone].into(), ..sound }
}

fn late(frames: u64, random_frames: u64, rate_hz: u32) -> Manner {
    Manner { late_start: Some(LateStart { frames, random_frames, rate_hz }), ..Manner::default() }
}

fn plain() -> Settings {
    Settings { attack_secs: 0.0, release_secs: 0.0, ..Settings::default() }
}

/// The frames that notes of middle C begin with, one after another, each some time after these events.
fn starts(rig: &mut Rig, notes: usize, before: &[TimedEvent]) -> Vec<i64> {
    let mut start = || {
        rig.left(&plain(), before, 4_800);
        let heard = rig.left(&plain(), &[on(0, 60)], 512)[500];
        rig.left(&plain(), &[at(0, Event::Choke { note: Note::new(0, 60).into() })], 4_800);
        (f64::from(heard) * FRAMES as f64 - 500.0).round() as i64
    };
    (0..notes).map(|_| start()).collect()
}

#[test]
fn notes_begin_at_another_frame_each_time_and_at_the_same_ones_the_next_day() {
    let play = || {
        let mut rig = Rig::with(zone(mono(rising(), None), late(1_000, 20_000, RATE_HZ as u32)));
        let first = starts(&mut rig, 40, &[]);
        rig.engine.reset();
        assert_eq!(starts(&mut rig, 40, &[]), first, "as after a reset");
        first
    };
    let heard = play();
    assert!(heard.iter().all(|frame| (999..=21_001).contains(frame)), "{heard:?}");
    let mean = heard.iter().sum::<i64>() / 40;
    assert!((8_000..14_000).contains(&mean), "{mean}");
    assert!(heard.iter().filter(|frame| **frame < 5_000).count() < 20 && heard[0] != heard[1]);
    assert_eq!(heard, play());
}

#[test]
fn layers_of_a_note_begin_apart_and_frames_count_as_in_the_file() {
    let sound = zone(mono(rising(), None), late(0, 20_000, 0));
    let [one, other] = [0.0, 6.0].map(|gain_db| PlayableZone {
        manner: Manner { gain_db, ..sound.zones[0].manner.clone() },
        ..sound.zones[0].clone()
    });
    let play = |zones: Vec<PlayableZone>| {
        starts(&mut Rig::with(Playable { zones: zones.into(), ..sound.clone() }), 1, &[])[0]
    };
    let (alone, both) = (play(vec![one.clone()]), play(vec![one, other]));
    let loud = 10f64.powf(6.0 / 20.0);
    let second = (both as f64 + 500.0 - (alone as f64 + 500.0)) / loud - 500.0;
    assert!((second - alone as f64).abs() > 10.0, "{alone} {second}");
    let mut rig = Rig::with(zone(mono(rising(), None), late(1_000, 0, 24_000)));
    assert_eq!(starts(&mut rig, 1, &[]), [2_000]);
}

#[test]
fn the_start_follows_controllers_from_note_to_note() {
    let follow = Follow {
        controller: 20,
        rest: 0.5,
        response: Response::Linear,
        moves: Moves::Onset(Onset::StartFrames),
        depth: -800.0,
    };
    let manner = Manner { follows: vec![follow].into(), ..late(600, 0, RATE_HZ as u32) };
    let mut rig = Rig::with(zone(mono(rising(), None), manner));
    let to = |value| at(0, Event::Control { channel: 0, controller: 20, value });
    assert_eq!(starts(&mut rig, 1, &[]), [200]);
    assert_eq!(starts(&mut rig, 1, &[to(0.0)]), [600]);
    assert_eq!(starts(&mut rig, 1, &[to(1.0)]), [0], "no earlier than its part begins");
}

#[test]
fn a_streamed_sound_begins_where_it_would_in_memory_and_always_within_what_is_there() {
    let streamer = Streamer::start();
    let manner = || late(0, 10 * HEAD_FRAMES as u64, RATE_HZ as u32);
    let in_memory = starts(&mut Rig::with(zone(mono(rising(), None), manner())), 12, &[]);
    // Nobody serves this one.
    let from_disk = starts(&mut Rig::with(zone(streamed(&streamer, &[rising()]), manner())), 12, &[]);
    assert_eq!(from_disk, in_memory);
    assert!(in_memory.iter().all(|frame| *frame <= HEAD_FRAMES as i64 / 2));
    let looped = |sustain| zone(mono(rising()[..9_000].to_vec(), Some(sustain)), late(8_500, 3_000, 0));
    let heard = starts(&mut Rig::with(looped((4_000, 9_000))), 12, &[]);
    assert!(heard.iter().all(|frame| (3_500..9_000).contains(frame)), "it goes round: {heard:?}");
}
