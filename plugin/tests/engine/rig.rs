//! An Engine with its other ends in the test's hands.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use neume::engine::{Engine, Event, Note, Settings, TimedEvent};
use neume::handoff::{self, EngineFrame, KeyPress, Pcm, Playable, PlayableZone, StreamerEnd, ToEngine};
use neume::streaming::{HEAD_FRAMES, Streamer};
use neume_bank::Manner;

pub const RATE_HZ: f32 = 48_000.0;

/// The Engine, the Worker's end and the Editor's end.
pub struct Rig {
    pub engine: Engine,
    pub messages: rtrb::Producer<ToEngine>,
    pub keys: rtrb::Producer<KeyPress>,
    pub frames: triple_buffer::Output<EngineFrame>,
    pub watched: Arc<AtomicBool>,
    /// Until it is served.
    pub streamer: Option<StreamerEnd>,
    /// What the Worker holds.
    pub sounds: Vec<Arc<Playable>>,
}

impl Rig {
    pub fn new() -> Rig {
        Rig::at_rate(RATE_HZ)
    }

    /// One whose pages a Streamer reads.
    pub fn served_by(streamer: &Streamer) -> Rig {
        let mut rig = Rig::new();
        streamer.serve(rig.streamer.take().unwrap());
        rig
    }

    pub fn at_rate(rate_hz: f32) -> Rig {
        let (editor, worker, end) = handoff::ends();
        Rig {
            engine: Engine::new(end, rate_hz),
            messages: worker.engine,
            keys: editor.keys,
            frames: editor.frames,
            watched: editor.watched,
            streamer: Some(worker.streamer),
            sounds: Vec::new(),
        }
    }

    /// An Engine with this in slot 0.
    pub fn with(playable: Playable) -> Rig {
        let mut rig = Rig::new();
        rig.put(0, playable);
        rig
    }

    /// Puts a sound under the keys of a slot, as the Worker does.
    pub fn put(&mut self, slot: usize, playable: Playable) {
        let playable = Arc::new(playable);
        self.sounds.push(playable.clone());
        assert!(self.messages.push(ToEngine::Slot { slot, playable: Some(playable) }).is_ok());
    }

    /// Renders events on absolute frames in blocks of these sizes, over and over.
    pub fn render(
        &mut self,
        settings: &Settings,
        events: &[TimedEvent],
        frames: usize,
        blocks: &[usize],
    ) -> [Vec<f32>; 2] {
        let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
        let (mut at, mut sizes) = (0, blocks.iter().cycle());
        while at < frames {
            let end = (at + sizes.next().unwrap()).min(frames);
            let due = |e: &&TimedEvent| (e.frame as usize) >= at && (e.frame as usize) < end;
            let events: Vec<TimedEvent> = events
                .iter()
                .filter(due)
                .map(|e| TimedEvent { frame: e.frame - at as u32, event: e.event })
                .collect();
            self.engine.process(settings, events, &mut left[at..end], &mut right[at..end]);
            at = end;
        }
        [left, right]
    }

    /// Renders in blocks of 64 and gives the left side.
    pub fn left(&mut self, settings: &Settings, events: &[TimedEvent], frames: usize) -> Vec<f32> {
        let [left, _] = self.render(settings, events, frames, &[64]);
        left
    }

    /// References to a sound outside of the Engine are `sounds` and those that the test made.
    pub fn engine_holds(&self, sound: usize) -> bool {
        Arc::strong_count(&self.sounds[sound]) > 1
    }
}

pub fn at(frame: u32, event: Event) -> TimedEvent {
    TimedEvent { frame, event }
}

pub fn on(frame: u32, key: u8) -> TimedEvent {
    at(frame, Event::NoteOn { note: Note::new(0, key), velocity: 1.0 })
}

pub fn off(frame: u32, key: u8) -> TimedEvent {
    at(frame, Event::NoteOff { note: Note::new(0, key).into() })
}

/// A sound under all keys with its root on `root_midi`.
pub fn playable(pcm: Pcm, root_midi: f32) -> Playable {
    let zone = PlayableZone {
        keys: (0, 127),
        velocities: (0, 127),
        root_midi,
        manner: Manner::default(),
        pcm: Arc::new(pcm),
    };
    Playable { zones: [zone].into(), gain: 1.0, drawn_midi: root_midi }
}

/// The head of a long sound, the rest of which lies on disk.
pub fn streamed(streamer: &Streamer, channels: &[Vec<f32>]) -> Pcm {
    let rest = streamer.lay_out(channels).unwrap();
    let mut heads = channels.iter().map(|channel| channel[..HEAD_FRAMES].into());
    let (left, right) = (heads.next().unwrap(), heads.next());
    Pcm { rate_hz: RATE_HZ, left, right, sustain: None, rest: Some(rest) }
}

pub fn mono(left: Vec<f32>, sustain: Option<(u32, u32)>) -> Pcm {
    Pcm { rate_hz: RATE_HZ, left: left.into(), right: None, sustain, rest: None }
}

/// A sine that loops without a seam after a whole number of periods: `periods` in `loop_frames`, twice as long.
pub fn looped_sine(periods: usize, loop_frames: usize, amplitude: f32) -> Pcm {
    let turn = std::f64::consts::TAU * periods as f64 / loop_frames as f64;
    let samples = (0..2 * loop_frames).map(|i| amplitude * (turn * i as f64).sin() as f32).collect();
    mono(samples, Some((loop_frames as u32, 2 * loop_frames as u32)))
}

/// Noise from a seed: no two frames are alike.
pub fn noise(frames: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..frames).map(|_| next()).collect()
}

/// The largest second difference between neighbouring samples: what makes a click.
pub fn sharpest_bend(samples: &[f32]) -> f32 {
    samples.windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max)
}

pub fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
}
