//! The part that sounds: notes become voices, voices become samples.
//!
//! Runs in the audio callback, and in the `neume` command, which renders by it. All memory is taken in
//! [`Engine::new`]; from then on nothing here allocates, frees, locks, logs, asks the system for anything or panics, and
//! the work is bounded by voices × frames. It learns of sounds only through its [`EngineEnd`].
//!
//! Every sample depends on the frames before it and never on where blocks begin: pitch, gain, envelopes and fades are
//! worked out from frame counts, and voices are summed in the order of the pool.
//!
//! Whoever sends a [`Playable`](crate::handoff::Playable) keeps an `Arc` of it until the Engine has let go
//! (`Arc::strong_count` is back at 1), so that memory is never freed here.

mod channel;
mod envelope;
mod equalizer;
mod events;
mod filter;
mod interpolation;
mod kernel;
mod meter;
mod modulation;
mod onset;
mod panorama;
mod ramp;
mod reader;
mod settings;
mod slots;
mod source;
mod stream;
mod tour;
mod voice;
mod voices;
mod wheel;

use std::ops::Range;
use std::sync::atomic::Ordering;

pub use events::{Event, Expression, Note, NoteEnd, Notes, TimedEvent};
pub use settings::{Mode, Settings};
pub(crate) use voice::{faded, velocity_gain};
pub use voices::POLYPHONY;

use crate::handoff::{EngineEnd, KeyPress, ToEngine};
use channel::{AUDITION, CHANNELS, Channel, KEYBOARD, Moved, Room};
use envelope::Shape;
use interpolation::Kernels;
use meter::Meter;
use ramp::Ramp;
pub(crate) use reader::ends_silent;
use reader::{CHUNK, Desk};
use settings::within;
use slots::{Departure, Slots, audition, let_go};
use voice::Start;
use voices::Voices;

/// Changes of the gain are smoothed over this time.
const GAIN_SECS: f32 = 0.01;
/// Loudest sample that leaves the Engine: 18 dB over full scale. Below that nothing is touched.
const CEILING: f32 = 8.0;
/// How long a sound with a loop is auditioned; others are heard to their end.
const AUDITION_SECS: f32 = 1.5;
/// Share of the newest block in the load that is shown.
const LOAD_SHARE: f32 = 0.05;
/// Messages that one block takes at most; the rest waits for the next.
const MOST_MESSAGES: usize = 256;
/// Pages that one block takes at most; the rest waits for the next.
const MOST_PAGES: usize = 1024;

/// The Engine of an instance.
pub struct Engine {
    end: EngineEnd,
    rate_hz: f32,
    settings: Settings,
    /// The settings of the envelope, in frames.
    shape: Shape,
    slots: Slots,
    channels: [Channel; CHANNELS],
    /// Room for the motion of all channels over a chunk.
    rooms: Box<[Room; CHANNELS]>,
    /// Frames since the last reset.
    now: u64,
    voices: Voices,
    gain: Ramp,
    /// Whether any frame was rendered since the last reset: before that, settings apply at once.
    started: bool,
    desk: Box<Desk>,
    kernels: &'static Kernels,
    meter: Meter,
    load: f32,
}

impl Engine {
    /// An engine with empty slots, for blocks at `rate_hz` (1,000 to 768,000 frames per second; anything else counts
    /// as 48,000). Takes all the memory that it will ever need.
    pub fn new(end: EngineEnd, rate_hz: f32) -> Engine {
        let rate_hz = playable_rate(rate_hz);
        let settings = Settings::default();
        Engine {
            end,
            rate_hz,
            settings,
            shape: Shape::new(&settings, rate_hz),
            slots: Slots::new(),
            channels: std::array::from_fn(|_| Channel::new()),
            rooms: Box::new(std::array::from_fn(|_| Room::new())),
            now: 0,
            voices: Voices::new(rate_hz),
            gain: Ramp::at(1.0),
            started: false,
            desk: Box::new(Desk::new()),
            kernels: Kernels::shared(),
            meter: Meter::new(),
            load: 0.0,
        }
    }

    /// Runs at another rate from now on; everything that sounds ends at once. The slots stay as they are: a sound that
    /// is still at the old rate is transposed back to its pitch.
    pub fn set_rate(&mut self, rate_hz: f32) {
        self.rate_hz = playable_rate(rate_hz);
        self.voices.set_rate(self.rate_hz);
        self.reset();
    }

    /// Silence at once, every controller at rest; presses of the drawn keyboard that nobody could hear are forgotten.
    pub fn reset(&mut self) {
        (0..MOST_MESSAGES).for_each(|_| _ = self.end.keys.pop());
        self.voices.stop();
        self.slots.rewind();
        self.channels.iter_mut().for_each(|channel| *channel = Channel::new());
        self.gain = Ramp::at(f64::from(self.settings.gain));
        self.now = 0;
        self.started = false;
    }

    /// The share of real time that the last block took, as its caller measured it; the [`EngineFrame`] shows it
    /// smoothed.
    ///
    /// [`EngineFrame`]: crate::handoff::EngineFrame
    pub fn set_load(&mut self, load: f32) {
        let load = within(load, 0.0, 1_000.0, 0.0);
        self.load = if self.load == 0.0 { load } else { self.load + LOAD_SHARE * (load - self.load) };
    }

    /// Notes of the host that ended in the last block, by ascending frame; at most 4,096.
    pub fn ended(&self) -> &[NoteEnd] {
        self.voices.ends()
    }

    /// Whether there is nothing left to be heard until the next note.
    pub fn is_silent(&self) -> bool {
        self.voices.is_silent()
    }

    /// Fills the outputs with the next block, as long as the shorter of them; the rest of the longer one is silent.
    /// `settings` hold from its first frame on; `events` come by ascending frame. Messages of the Worker and presses
    /// of the drawn keyboard take effect on the first frame.
    pub fn process(
        &mut self,
        settings: &Settings,
        events: impl IntoIterator<Item = TimedEvent>,
        left: &mut [f32],
        right: &mut [f32],
    ) {
        self.process_with(settings, events, left, right, &mut |_| {});
        self.voices.ask_for_pages(&mut self.end.asks);
    }

    /// As [`Engine::process`], for who has time: wherever pages of streamed sounds are asked for within the block, `wait` may
    /// hold on until [`Engine::has_its_pages`]. Then the samples are those of sounds in memory, however long the block is.
    pub fn process_patiently(
        &mut self,
        settings: &Settings,
        events: impl IntoIterator<Item = TimedEvent>,
        left: &mut [f32],
        right: &mut [f32],
        wait: &mut dyn FnMut(&mut Engine),
    ) {
        self.process_with(settings, events, left, right, &mut |engine| {
            engine.voices.ask_for_pages(&mut engine.end.asks);
            if !engine.has_its_pages() {
                wait(engine);
            }
        });
    }

    /// `before` is called before the frames of each chunk.
    fn process_with(
        &mut self,
        settings: &Settings,
        events: impl IntoIterator<Item = TimedEvent>,
        left: &mut [f32],
        right: &mut [f32],
        before: &mut impl FnMut(&mut Engine),
    ) {
        left.fill(0.0);
        right.fill(0.0);
        let frames = left.len().min(right.len());
        self.voices.begin_block();
        self.follow(settings.sanitised());
        self.take_messages();
        self.take_key_presses();
        self.has_its_pages();
        let mut at = 0;
        for timed in events {
            let frame = (timed.frame as usize).clamp(at, frames);
            self.render(left, right, at..frame, before);
            at = frame;
            self.handle(timed.event, frame);
        }
        self.render(left, right, at..frames, before);
        self.voices.end_block(frames);
        self.show(left, right);
    }

    fn follow(&mut self, settings: Settings) {
        let before = std::mem::replace(&mut self.settings, settings);
        if before == settings && self.started {
            return;
        }
        let frames = if self.started { (GAIN_SECS * self.rate_hz).round() as u32 } else { 0 };
        self.gain.glide(f64::from(settings.gain), frames);
        let shape = Shape::new(&settings, self.rate_hz);
        if shape != self.shape {
            self.shape = shape;
            self.voices.reshape(&settings, self.rate_hz, AUDITION);
        }
        if before.bend_range_semitones != settings.bend_range_semitones {
            for channel in &mut self.channels {
                channel.reach(settings.bend_range_semitones, self.rate_hz);
            }
        }
        self.started = true;
    }

    /// Takes what the Worker has sent, before the first block or while rendering waits for its sounds.
    pub fn take_messages(&mut self) {
        for _ in 0..MOST_MESSAGES {
            match self.end.messages.pop() {
                Ok(ToEngine::Slot { slot, playable }) => self.slots.put(slot, playable),
                Ok(ToEngine::Audition(sound)) => self.audition(sound),
                Err(_) => return,
            }
        }
    }

    /// Takes the pages of streamed sounds that have come. Gives whether all are there that were asked for, and can be had.
    pub fn has_its_pages(&mut self) -> bool {
        for _ in 0..MOST_PAGES {
            let Ok(given) = self.end.pages.pop() else { break };
            self.voices.give_page(given);
        }
        !self.voices.is_waiting()
    }

    fn audition(&mut self, sound: std::sync::Arc<crate::handoff::Playable>) {
        self.voices.fade_where(0, |voice| voice.note.channel == AUDITION);
        let part = match audition(sound) {
            Ok(part) => part,
            Err(silent) => return let_go(silent),
        };
        let settings = Settings { release_secs: 0.2, ..Settings::default() };
        let looped = part.sound.zones.get(part.zone).is_some_and(|zone| zone.pcm.sustain.is_some());
        let start = Start {
            note: Note::new(AUDITION, 60),
            part,
            velocity: 1.0,
            settings,
            rate_hz: self.rate_hz,
            bend: 1.0,
            controls: self.channels[usize::from(AUDITION)].controls(self.now),
            once_frames: looped.then_some((AUDITION_SECS * self.rate_hz).round() as u32),
            serial: self.voices.strike(),
            gain_db: 0.0,
            is_release: false,
            releases: None,
        };
        self.voices.start(start, 0);
    }

    fn take_key_presses(&mut self) {
        for _ in 0..MOST_MESSAGES {
            let Ok(KeyPress { key, velocity }) = self.end.keys.pop() else { return };
            self.note_on(Note::new(KEYBOARD, key.min(127)), velocity, 0);
        }
    }

    fn handle(&mut self, event: Event, frame: usize) {
        match event {
            Event::NoteOn { note, velocity } => self.note_on(of_host(note), velocity, frame),
            Event::NoteOff { note } => self.notes_off(named_by_host(note), frame),
            Event::Choke { note } => self.choke(named_by_host(note), frame),
            Event::Bend { channel, bend_norm } => {
                let range = self.settings.bend_range_semitones;
                if let Some(channel) = self.channels.get_mut(usize::from(channel & 15)) {
                    channel.turn_wheel(bend_norm, range, self.rate_hz);
                }
            }
            Event::Control { channel, controller, value } => {
                if let Some(channel) = self.channels.get_mut(usize::from(channel & 15)) {
                    channel.control(controller, value, self.now, self.rate_hz);
                }
            }
            Event::Pressure { channel, value } => {
                if let Some(channel) = self.channels.get_mut(usize::from(channel & 15)) {
                    channel.press_down(value, self.now, self.rate_hz);
                }
            }
            Event::Sustain { channel, down } => {
                self.pedal(channel & 15, down);
                self.sound_releases(frame);
            }
            Event::Expression { note, expression } => {
                self.voices.express(named_by_host(note), expression, self.now, self.rate_hz);
            }
            Event::AllNotesOff { channel } => {
                self.on_channels(channel, Engine::lift_all);
                self.sound_releases(frame);
            }
            Event::AllSoundOff { channel } => {
                let concerned = |of: u8| channel.is_none_or(|channel| channel & 15 == of);
                self.voices.fade_where(frame, |voice| concerned(voice.note.channel));
                self.on_channels(channel, Engine::lift_all);
            }
            Event::ResetControllers { channel } => {
                self.on_channels(channel, Engine::rest_controllers);
                self.sound_releases(frame);
            }
        }
    }

    fn on_channels(&mut self, channel: Option<u8>, act: impl Fn(&mut Engine, u8)) {
        match channel {
            Some(channel) => act(self, channel & 15),
            None => (0..CHANNELS as u8).for_each(|channel| act(self, channel)),
        }
    }

    fn note_on(&mut self, note: Note, velocity: f32, frame: usize) {
        let velocity = within(velocity, 0.0, 1.0, 0.0);
        if velocity == 0.0 {
            return self.note_off(note, frame);
        }
        let Some(channel) = self.channels.get_mut(usize::from(note.channel)) else { return };
        channel.press(note.key);
        let bend = channel.ratio();
        let Some(channel) = self.channels.get(usize::from(note.channel)) else { return };
        let controls = channel.controls(self.now);
        match self.slots.chord(&self.settings, note.key, velocity) {
            Some(chord) => {
                let serial = self.voices.strike();
                for part in chord.parts() {
                    let start = Start {
                        note,
                        part,
                        velocity,
                        settings: self.settings,
                        rate_hz: self.rate_hz,
                        bend,
                        controls,
                        once_frames: None,
                        serial,
                        gain_db: 0.0,
                        is_release: false,
                        releases: chord.releases,
                    };
                    self.voices.start(start, frame);
                }
                let_go(chord.sound);
            }
            None => self.voices.report_end(note, frame),
        }
    }

    fn note_off(&mut self, note: Note, frame: usize) {
        let Some(channel) = self.channels.get_mut(usize::from(note.channel)) else { return };
        let still_down = channel.lift(note.key);
        let departure = if channel.pedal { Departure::KeyUnderPedal } else { Departure::Key };
        self.voices.lifted(note, still_down).for_each(|voice| voice.depart(departure));
        self.sound_releases(frame);
    }

    /// Lets a note go, or all notes that are named by less than their channel and key.
    fn notes_off(&mut self, notes: Notes, frame: usize) {
        match notes.one().or_else(|| self.voices.held_with_id(notes)) {
            Some(note) => self.note_off(note, frame),
            None if notes.id.is_none() => {
                self.lift(notes);
                for (channel, state) in (0..).zip(&self.channels) {
                    let departure = if state.pedal { Departure::KeyUnderPedal } else { Departure::Key };
                    let concerned = |note: Note| note.channel == channel && notes.name(note);
                    self.voices.depart(departure, concerned);
                }
                self.sound_releases(frame);
            }
            None => {}
        }
    }

    /// Ends notes at once; the host does not lift their keys any more.
    fn choke(&mut self, notes: Notes, frame: usize) {
        if notes.id.is_none() {
            self.lift(notes);
        } else if let Some(note) = self.voices.held_with_id(notes)
            && let Some(channel) = self.channels.get_mut(usize::from(note.channel))
        {
            channel.lift(note.key);
        }
        self.voices.fade_where(frame, |voice| notes.name(voice.note));
    }

    /// All keys go up that are named so.
    fn lift(&mut self, notes: Notes) {
        let named = (0..).zip(&mut self.channels).filter(|(channel, _)| notes.name_channel(*channel));
        named.for_each(|(_, channel)| channel.lift_all(notes.key));
    }

    /// Begins what sounds when keys are let go, of the notes that were let go just now; each is a part of its note.
    fn sound_releases(&mut self, frame: usize) {
        let mut from = 0;
        while let Some(departed) = self.voices.departed(&mut from, self.rate_hz) {
            let Some(channel) = self.channels.get(usize::from(departed.note.channel)) else { return };
            let (bend, controls) = (channel.ratio(), channel.controls(self.now));
            for (part, gain_db) in departed.parts() {
                let start = Start {
                    note: departed.note,
                    part,
                    velocity: departed.velocity,
                    settings: self.settings,
                    rate_hz: self.rate_hz,
                    bend,
                    controls,
                    once_frames: None,
                    serial: departed.serial,
                    gain_db,
                    is_release: true,
                    releases: None,
                };
                self.voices.start(start, frame);
            }
            let_go(departed.sound);
        }
    }

    fn pedal(&mut self, channel: u8, down: bool) {
        if let Some(state) = self.channels.get_mut(usize::from(channel)) {
            state.pedal = down;
        }
        if !down {
            self.voices.depart(Departure::Pedal, |note| note.channel == channel);
        }
    }

    fn lift_all(&mut self, channel: u8) {
        let Some(state) = self.channels.get_mut(usize::from(channel)) else { return };
        state.lift_all(None);
        let departure = if state.pedal { Departure::KeyUnderPedal } else { Departure::Key };
        self.voices.depart(departure, |note| note.channel == channel);
    }

    fn rest_controllers(&mut self, channel: u8) {
        self.pedal(channel, false);
        let notes = Notes { channel: Some(channel), ..Notes::default() };
        self.voices.express(notes, Expression::Pressure(0.0), self.now, self.rate_hz);
        if let Some(channel) = self.channels.get_mut(usize::from(channel)) {
            channel.turn_wheel(0.0, self.settings.bend_range_semitones, self.rate_hz);
            channel.rest_controllers(self.rate_hz);
        }
    }

    /// Renders these frames of the block.
    fn render(
        &mut self,
        left: &mut [f32],
        right: &mut [f32],
        frames: Range<usize>,
        before: &mut impl FnMut(&mut Engine),
    ) {
        let mut at = frames.start;
        while at < frames.end {
            before(self);
            let next = (at + CHUNK).min(frames.end);
            if let (Some(left), Some(right)) = (left.get_mut(at..next), right.get_mut(at..next)) {
                self.render_chunk(left, right, at);
            }
            at = next;
        }
    }

    fn render_chunk(&mut self, left: &mut [f32], right: &mut [f32], frame: usize) {
        let (frames, now) = (left.len(), self.now);
        let mut moved = [Moved::default(); CHANNELS];
        let channels = self.channels.iter_mut().zip(self.rooms.iter_mut());
        for (moved, (channel, room)) in moved.iter_mut().zip(channels) {
            *moved = channel.advance(room, frames);
        }
        if !self.voices.is_silent() {
            let motions: [_; CHANNELS] =
                std::array::from_fn(|of| self.channels[of].motion(&self.rooms[of], moved[of], frames, now));
            self.voices.render(self.kernels, &mut self.desk, &motions, [&mut *left, &mut *right], frame);
        }
        self.now += frames as u64;
        for (left, right) in left.iter_mut().zip(right) {
            let gain = self.gain.next() as f32;
            *left = safe(*left * gain);
            *right = safe(*right * gain);
        }
    }

    fn show(&mut self, left: &[f32], right: &[f32]) {
        if !self.end.watched.load(Ordering::Relaxed) {
            return;
        }
        self.meter.take(left, right);
        if !self.meter.is_due() {
            return;
        }
        let frame = self.end.frames.input_buffer_mut();
        frame.voices = self.voices.sounding() as u16;
        frame.keys = self.channels.iter().fold(0, |keys, channel| keys | channel.keys());
        frame.slot = self.settings.slot as u8;
        frame.load = self.load;
        frame.starved = self.voices.starved;
        self.meter.show(frame);
        self.end.frames.publish();
    }
}

/// A note that cannot be mistaken for one of the Engine's own.
fn of_host(note: Note) -> Note {
    Note { channel: note.channel & 15, key: note.key.min(127), id: note.id }
}

/// Notes that cannot be mistaken for the Engine's own.
fn named_by_host(notes: Notes) -> Notes {
    let Notes { channel, key, id } = notes;
    Notes { channel: channel.map(|channel| channel & 15), key: key.map(|key| key.min(127)), id }
}

/// A sample that any host can stand.
fn safe(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-CEILING, CEILING) }
}

fn playable_rate(rate_hz: f32) -> f32 {
    if (1_000.0..=768_000.0).contains(&rate_hz) { rate_hz } else { 48_000.0 }
}
