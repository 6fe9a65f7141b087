//! Long sounds from disk: heard as if they were in memory, and ended softly where the disk is too slow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use neume::engine::{Engine, Event, Settings, TimedEvent};
use neume::handoff::{PAGE_FRAMES, PageAsk, PageGiven, Pcm, Playable};
use neume::streaming::{HEAD_FRAMES, Streamer};
use neume_bank::Filter;

use crate::rig::{RATE_HZ, Rig, at, noise, on, playable, streamed};

const BLOCK: usize = 480;

fn long(channels: u64) -> Vec<Vec<f32>> {
    (0..channels).map(|seed| noise(HEAD_FRAMES + 5 * PAGE_FRAMES + 321, seed)).collect()
}

fn whole(channels: &[Vec<f32>]) -> Pcm {
    let mut channels = channels.iter().map(|channel| channel.clone().into());
    let (left, right) = (channels.next().unwrap(), channels.next());
    Pcm { rate_hz: RATE_HZ, left, right, sustain: None, rest: None }
}

fn settings() -> Settings {
    Settings { attack_secs: 0.0, ..Settings::default() }
}

/// Renders in blocks, waiting for pages between them as an offline rendering does.
fn patiently(rig: &mut Rig, events: &[TimedEvent], frames: usize) -> [Vec<f32>; 2] {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for block in 0..frames / BLOCK {
        let began = Instant::now();
        while !rig.engine.has_its_pages() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_micros(100));
        }
        let due = events.iter().filter(|event| event.frame as usize / BLOCK == block);
        let due = due.map(|event| TimedEvent { frame: event.frame % BLOCK as u32, ..*event });
        let (mut one, mut other) = ([0.0; BLOCK], [0.0; BLOCK]);
        rig.engine.process(&settings(), due, &mut one, &mut other);
        left.extend(one);
        right.extend(other);
    }
    [left, right]
}

#[test]
fn a_streamed_sound_is_heard_as_if_it_were_in_memory() {
    let streamer = Streamer::start();
    let filter = Filter { cutoff_hz: 60.0, resonance_db: 12.0, ..Filter::default() };
    for (channels, filter) in [(1, None), (2, None), (1, Some(filter))] {
        let mut channels = long(channels);
        if filter.is_some() {
            // What the filter still holds is cut off although the sound ends in silence.
            channels.iter_mut().for_each(|channel| channel.iter_mut().rev().take(20).for_each(|s| *s = 0.0));
        }
        let sound = |pcm: Pcm| {
            let sound = playable(pcm, 60.0);
            let mut zones = sound.zones.to_vec();
            zones[0].manner.filter = filter;
            Playable { zones: zones.into(), ..sound }
        };
        let events = [
            on(0, 60),
            on(7, 67),
            on(1_000, 41),
            on(30_000, 84),
            at(60_000, Event::Bend { channel: 0, bend_norm: 0.7 }),
        ];
        let mut from_memory = Rig::with(sound(whole(&channels)));
        let expected = patiently(&mut from_memory, &events, 240_000);
        let mut from_disk = Rig::served_by(&streamer);
        from_disk.put(0, sound(streamed(&streamer, &channels)));
        let heard = patiently(&mut from_disk, &events, 240_000);
        assert!(expected[0][HEAD_FRAMES + 3 * PAGE_FRAMES..].iter().any(|sample| sample.abs() > 0.01));
        assert!(heard == expected, "{} channels", channels.len());
    }
}

/// Renders in blocks of these frames, waiting for pages within them as an offline rendering does.
fn offline(rig: &mut Rig, events: &[TimedEvent], frames: usize, block: usize) -> [Vec<f32>; 2] {
    let mut wait = |engine: &mut Engine| {
        let began = Instant::now();
        while !engine.has_its_pages() && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_micros(100));
        }
    };
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    for (i, (left, right)) in left.chunks_mut(block).zip(right.chunks_mut(block)).enumerate() {
        let due = events.iter().filter(|event| event.frame as usize / block == i);
        let due = due.map(|event| TimedEvent { frame: event.frame - (i * block) as u32, ..*event });
        rig.engine.process_patiently(&settings(), due, left, right, &mut wait);
    }
    [left, right]
}

#[test]
fn offline_a_streamed_sound_is_whole_at_every_block_size() {
    const FRAMES: usize = 100_000;
    let streamer = Streamer::start();
    let channels = long(1);
    // Two octaves up, it is through before the largest block is.
    let events = [on(0, 84), on(5, 72), on(40_000, 79)];
    let expected = Rig::with(playable(whole(&channels), 60.0)).render(&settings(), &events, FRAMES, &[64]);
    assert!(expected[0][30_000..].iter().any(|sample| sample.abs() > 0.1));
    for block in [64, 4_096, 65_536, FRAMES] {
        let mut rig = Rig::served_by(&streamer);
        rig.put(0, playable(streamed(&streamer, &channels), 60.0));
        assert!(offline(&mut rig, &events, FRAMES, block) == expected, "blocks of {block}");
    }
}

#[test]
fn a_page_that_cannot_be_read_ends_the_sound_and_is_not_waited_for() {
    let streamer = Streamer::start();
    let level = vec![vec![0.5; HEAD_FRAMES + 3 * PAGE_FRAMES]];
    let rest = streamed(&streamer, &level).rest.unwrap();
    // Nobody but the test answers this one.
    let mut rig = Rig::with(playable(streamed(&streamer, &level), 60.0));
    rig.watched.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut heard = rig.left(&settings(), &[on(0, 60)], BLOCK);
    assert!(!rig.engine.has_its_pages());
    let mut end = rig.streamer.take().unwrap();
    while let Ok(PageAsk { voice, birth, number, .. }) = end.asks.pop() {
        let page = (number != 1).then(|| Arc::new(rest.page(number).unwrap()));
        end.pages.push(PageGiven { voice, birth, number, page }).unwrap();
        assert_eq!(rig.engine.has_its_pages(), number > 0, "page {number}");
    }
    heard.extend(rig.left(&settings(), &[], HEAD_FRAMES + PAGE_FRAMES + 9_600));
    assert!(end.asks.pop().is_err() && rig.engine.has_its_pages());
    let last = HEAD_FRAMES + PAGE_FRAMES;
    assert!(heard[last - 1_000] > 0.1 && heard[last..].iter().all(|sample| *sample == 0.0));
    rig.frames.update();
    assert_eq!(rig.frames.output_buffer().starved, 0, "the disk is not too slow");
    assert!(rig.engine.is_silent());
}

#[test]
fn where_pages_are_late_a_sound_ends_in_a_fade_and_that_is_counted() {
    let streamer = Streamer::start();
    let level = vec![vec![0.5; HEAD_FRAMES + 2 * PAGE_FRAMES]];
    // Nobody serves this one.
    let mut rig = Rig::with(playable(streamed(&streamer, &level), 60.0));
    rig.watched.store(true, std::sync::atomic::Ordering::Relaxed);
    let heard = rig.left(&settings(), &[on(0, 60)], HEAD_FRAMES + 9_600);
    let loudest = heard[HEAD_FRAMES / 2];
    assert!(loudest > 0.1);
    assert!(heard[HEAD_FRAMES..].iter().all(|sample| *sample == 0.0), "it ends with what is there");
    let steepest = heard[100..].windows(2).map(|two| (two[1] - two[0]).abs()).fold(0.0, f32::max);
    assert!(steepest < 0.02 * loudest, "a step of {steepest}");
    rig.frames.update();
    assert_eq!(rig.frames.output_buffer().starved, 1);
    assert!(rig.engine.is_silent());
}

#[test]
fn a_voice_that_is_stolen_leaves_its_pages_to_nobody_else() {
    let streamer = Streamer::start();
    let mut rig = Rig::served_by(&streamer);
    let [first, second] = [0.25, -0.5].map(|v| vec![vec![v; HEAD_FRAMES + 4 * PAGE_FRAMES]]);
    rig.put(0, playable(streamed(&streamer, &first), 60.0));
    patiently(&mut rig, &[on(0, 60)], 4_800);
    rig.engine.reset();
    rig.put(0, playable(streamed(&streamer, &second), 60.0));
    let [heard, _] = patiently(&mut rig, &[on(0, 60)], HEAD_FRAMES + 3 * PAGE_FRAMES);
    assert!(heard[200..].iter().all(|sample| *sample < 0.0), "the other sound is heard");
}
