//! What belongs to a MIDI channel: its wheels, its controllers, its pedal, its keys.

use neume_bank::Follow;

use super::ramp::Ramp;
use super::reader::CHUNK;
use super::settings::within;

/// The sixteen channels of MIDI, the drawn keyboard and the auditions.
pub(super) const CHANNELS: usize = 18;
/// The channel of the drawn keyboard.
pub(super) const KEYBOARD: u8 = 16;
/// The channel of auditions.
pub(super) const AUDITION: u8 = 17;
/// The wheel's steps are smoothed over this time.
const WHEEL_SECS: f32 = 0.005;

/// A wheel nearer to its centre than this is at rest: of MIDI's 16,384 steps none lies on the centre of 0..1.
const WHEEL_REST_NORM: f32 = 1e-4;

/// Controllers of MIDI that move everything on their channel.
pub(super) const MODULATION: u8 = 1;
const VOLUME: u8 = 7;
const PAN: u8 = 10;
const EXPRESSION: u8 = 11;
/// Steps of controllers are smoothed over this time.
const CONTROLLER_SECS: f32 = 0.01;
/// What the modulation wheel and the pressure on the keys reach together: so many semitones up and down, so often a second.
/// (SoundFont 2.04, section 8.4.6, has as many for either.)
const VIBRATO_SEMITONES: f32 = 0.5;
const VIBRATO_HZ: f64 = 5.5;

/// How the pitch of a channel moves over a stretch of frames.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bend<'a> {
    /// One ratio throughout.
    Still(f64),
    /// A ratio for each frame.
    Moving(&'a [f64]),
}

impl Bend<'_> {
    /// The part from this frame on.
    pub fn from(&self, frame: usize) -> Self {
        match *self {
            Bend::Still(ratio) => Bend::Still(ratio),
            Bend::Moving(ratios) => Bend::Moving(ratios.get(frame..).unwrap_or(&[])),
        }
    }

    /// The ratio of a frame.
    #[inline]
    pub fn at(&self, frame: usize) -> f64 {
        match self {
            Bend::Still(ratio) => *ratio,
            Bend::Moving(ratios) => ratios.get(frame).copied().unwrap_or(1.0),
        }
    }
}

/// A number of a channel over a stretch of frames.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level<'a> {
    /// One throughout.
    Still(f32),
    /// One for each frame.
    Moving(&'a [f32]),
}

impl Level<'_> {
    /// The part from this frame on.
    fn from(&self, frame: usize) -> Self {
        match *self {
            Level::Still(value) => Level::Still(value),
            Level::Moving(values) => Level::Moving(values.get(frame..).unwrap_or(&[])),
        }
    }

    /// The number of a frame.
    #[inline]
    pub fn at(&self, frame: usize) -> f32 {
        match self {
            Level::Still(value) => *value,
            Level::Moving(values) => values.get(frame).copied().unwrap_or(0.0),
        }
    }

    pub fn is_moving(&self) -> bool {
        matches!(self, Level::Moving(_))
    }
}

/// What a channel does to its voices over a stretch of frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Motion<'a> {
    /// By the pitch wheel.
    pub bend: Bend<'a>,
    /// By the pitch wheel and the modulation wheel.
    pub vibrating: Bend<'a>,
    /// Linear, 0..1.
    pub volume: Level<'a>,
    /// −1 left to 1 right.
    pub pan: Level<'a>,
    /// Where its controllers stand on the first frame.
    pub controls: Controls<'a>,
}

impl Motion<'_> {
    /// The part from this frame on.
    pub fn from(&self, frame: usize) -> Self {
        Motion {
            bend: self.bend.from(frame),
            vibrating: self.vibrating.from(frame),
            volume: self.volume.from(frame),
            pan: self.pan.from(frame),
            controls: Controls { frame: self.controls.frame + frame as u64, ..self.controls },
        }
    }
}

/// Room for the motion of a channel over a chunk.
#[derive(Debug, Clone)]
pub(super) struct Room {
    bend: [f64; CHUNK],
    vibrating: [f64; CHUNK],
    volume: [f32; CHUNK],
    pan: [f32; CHUNK],
}

impl Room {
    pub fn new() -> Room {
        Room { bend: [1.0; CHUNK], vibrating: [1.0; CHUNK], volume: [1.0; CHUNK], pan: [0.0; CHUNK] }
    }
}

/// The controllers of a channel at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Controls<'a> {
    channel: &'a Channel,
    /// Counted from the Engine's start.
    frame: u64,
    /// The key and the velocity of the note that is concerned, 0..1.
    note: (f32, f32),
    /// The pressure on its key alone.
    pressure: Option<Glide>,
}

impl Controls<'_> {
    /// The same for a note of this key and velocity, 0..1.
    pub fn of_note(self, key: f32, velocity: f32) -> Self {
        Controls { note: (key, velocity), ..self }
    }

    /// The same for a note whose key alone is pressed so, beside the others of its channel.
    pub fn pressed(self, pressure: Option<Glide>) -> Self {
        Controls { pressure, ..self }
    }

    /// Where a controller stands so many frames later, 0..1; `None` if it was never moved.
    pub fn stands(&self, controller: u8, later: u64) -> Option<f32> {
        match controller {
            Follow::KEY => return Some(self.note.0),
            Follow::VELOCITY => return Some(self.note.1),
            _ => {}
        }
        let frame = self.frame + later;
        let of_note = self.pressure.filter(|_| controller == Follow::PRESSURE).map(|glide| glide.at(frame));
        let glide = self.channel.controllers.get(usize::from(controller)).copied().flatten();
        let of_channel = glide.map(|glide| glide.at(frame));
        match (of_channel, of_note) {
            (Some(of_channel), Some(of_note)) => Some((of_channel + of_note).min(1.0)),
            _ => of_channel.or(of_note),
        }
    }
}

/// A controller on its way from where it stood to where it was moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glide {
    from: f32,
    to: f32,
    begun: u64,
    frames: f32,
}

impl Glide {
    /// From where it stands `now` to another place; one that was never moved is there at once.
    pub fn to(before: Option<Glide>, to: f32, now: u64, rate_hz: f32) -> Glide {
        let from = before.map_or(to, |glide| glide.at(now));
        Glide { from, to, begun: now, frames: CONTROLLER_SECS * rate_hz }
    }

    fn at(&self, frame: u64) -> f32 {
        let way = frame.saturating_sub(self.begun) as f32 / self.frames.max(1.0);
        if way >= 1.0 { self.to } else { self.from + (self.to - self.from) * way }
    }
}

/// How a pitch trembles. What a frame gets depends on the frames since it began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tremble {
    semitones: Ramp,
    /// Since it was at rest.
    frames: u64,
    /// Radians from frame to frame.
    turn: f64,
}

impl Tremble {
    pub fn at_rest() -> Tremble {
        Tremble { semitones: Ramp::at(0.0), frames: 0, turn: 0.0 }
    }

    pub fn is_at_rest(&self) -> bool {
        !self.semitones.is_moving() && self.semitones.value() == 0.0
    }

    /// Heads for this share of its reach, 0..1. From rest it begins anew.
    pub fn reach(&mut self, share: f32, rate_hz: f32) {
        if self.is_at_rest() {
            self.frames = 0;
        }
        self.turn = std::f64::consts::TAU * VIBRATO_HZ / f64::from(rate_hz);
        let frames = (CONTROLLER_SECS * rate_hz).round() as u32;
        self.semitones.glide(f64::from(VIBRATO_SEMITONES * share), frames);
    }

    /// The ratio of this frame; moves on to the next.
    #[inline]
    pub fn next(&mut self) -> f64 {
        if self.is_at_rest() {
            return 1.0;
        }
        let semitones = self.semitones.next() * (self.turn * self.frames as f64).sin();
        self.frames += 1;
        (semitones / 12.0).exp2()
    }

    /// Moves on by so many frames.
    pub fn skip(&mut self, frames: usize) {
        self.semitones.skip(frames as u32);
        self.frames += frames as u64;
    }
}

/// One channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    wheel_norm: f32,
    semitones: Ramp,
    /// The ratio of a wheel that does not move.
    still: f64,
    /// Those of MIDI and the pressure on the keys, where they were moved.
    controllers: [Option<Glide>; Follow::PRESSURE as usize + 1],
    volume: Ramp,
    pan: Ramp,
    vibrato: Tremble,
    /// Whether the sustain pedal is down.
    pub pedal: bool,
    /// How often each key is down.
    held: [u16; 128],
}

impl Channel {
    pub fn new() -> Channel {
        Channel {
            wheel_norm: 0.0,
            semitones: Ramp::at(0.0),
            still: 1.0,
            controllers: [None; Follow::PRESSURE as usize + 1],
            volume: Ramp::at(1.0),
            pan: Ramp::at(0.0),
            vibrato: Tremble::at_rest(),
            pedal: false,
            held: [0; 128],
        }
    }

    /// Moves a controller, or what is counted as one, to 0..1. `now` counts frames from the Engine's start.
    pub fn control(&mut self, controller: u8, value: f32, now: u64, rate_hz: f32) {
        let value = within(value, 0.0, 1.0, 0.0);
        if let Some(place) = self.controllers.get_mut(usize::from(controller)) {
            *place = Some(Glide::to(*place, value, now, rate_hz));
        }
        self.follow(rate_hz);
    }

    /// The pressure on the keys of the channel, 0..1.
    pub fn press_down(&mut self, pressure: f32, now: u64, rate_hz: f32) {
        self.control(Follow::PRESSURE, pressure, now, rate_hz);
    }

    /// All but volume and pan go back to rest.
    pub fn rest_controllers(&mut self, rate_hz: f32) {
        for (number, controller) in (0u8..).zip(&mut self.controllers) {
            if ![VOLUME, PAN].contains(&number) {
                *controller = None;
            }
        }
        self.follow(rate_hz);
    }

    /// Volume, pan and vibrato follow their controllers.
    fn follow(&mut self, rate_hz: f32) {
        let frames = (CONTROLLER_SECS * rate_hz).round() as u32;
        let stands = |controller: u8, rest: f32| {
            let moved = self.controllers.get(usize::from(controller)).copied().flatten();
            moved.map_or(rest, |glide| glide.to)
        };
        // A square, as SoundFonts and General MIDI have it: 40 dB for a tenth.
        let level = stands(VOLUME, 1.0) * stands(EXPRESSION, 1.0);
        let trembling = (stands(MODULATION, 0.0) + stands(Follow::PRESSURE, 0.0)).min(1.0);
        let side = panned(stands(PAN, 0.5));
        self.volume.glide(f64::from(level * level), frames);
        self.pan.glide(f64::from(side), frames);
        self.vibrato.reach(trembling, rate_hz);
    }

    /// Its controllers now.
    pub fn controls(&self, now: u64) -> Controls<'_> {
        Controls { channel: self, frame: now, note: (0.5, 1.0), pressure: None }
    }

    /// Works out the coming frames and moves on behind them.
    pub fn advance(&mut self, room: &mut Room, frames: usize) -> Moved {
        let mut moved = Moved::default();
        if self.semitones.is_moving() {
            moved.bend = true;
            for ratio in room.bend.iter_mut().take(frames) {
                *ratio = (self.semitones.next() / 12.0).exp2();
            }
            self.still = (self.semitones.value() / 12.0).exp2();
        }
        if !self.vibrato.is_at_rest() {
            moved.vibrating = true;
            for (vibrating, bend) in room.vibrating.iter_mut().zip(&room.bend).take(frames) {
                let bend = if moved.bend { *bend } else { self.still };
                *vibrating = bend * self.vibrato.next();
            }
        }
        for (ramp, room, moves) in [
            (&mut self.volume, &mut room.volume, &mut moved.volume),
            (&mut self.pan, &mut room.pan, &mut moved.pan),
        ] {
            *moves = ramp.is_moving();
            if *moves {
                room.iter_mut().take(frames).for_each(|value| *value = ramp.next() as f32);
            }
        }
        moved
    }

    /// What [`Channel::advance`] worked out, of frames that began at `now`.
    pub fn motion<'a>(&'a self, room: &'a Room, moved: Moved, frames: usize, now: u64) -> Motion<'a> {
        let bend = match moved.bend {
            true => Bend::Moving(room.bend.get(..frames).unwrap_or(&[])),
            false => Bend::Still(self.still),
        };
        let vibrating = match moved.vibrating {
            true => Bend::Moving(room.vibrating.get(..frames).unwrap_or(&[])),
            false => bend,
        };
        let level = |moves: bool, values: &'a [f32; CHUNK], ramp: &Ramp| match moves {
            true => Level::Moving(values.get(..frames).unwrap_or(&[])),
            false => Level::Still(ramp.value() as f32),
        };
        Motion {
            bend,
            vibrating,
            volume: level(moved.volume, &room.volume, &self.volume),
            pan: level(moved.pan, &room.pan, &self.pan),
            controls: self.controls(now),
        }
    }

    /// Moves the wheel, −1..1, with this reach.
    pub fn turn_wheel(&mut self, bend_norm: f32, range_semitones: f32, rate_hz: f32) {
        let moved = bend_norm.is_finite() && bend_norm.abs() > WHEEL_REST_NORM;
        self.wheel_norm = if moved { bend_norm.clamp(-1.0, 1.0) } else { 0.0 };
        self.reach(range_semitones, rate_hz);
    }

    /// Takes a new reach for the wheel where it stands.
    pub fn reach(&mut self, range_semitones: f32, rate_hz: f32) {
        let semitones = f64::from(self.wheel_norm) * f64::from(range_semitones);
        self.semitones.glide(semitones, (WHEEL_SECS * rate_hz).round() as u32);
    }

    /// The ratio that a note starting now begins with.
    pub fn ratio(&self) -> f64 {
        (self.semitones.value() / 12.0).exp2()
    }

    pub fn press(&mut self, key: u8) {
        if let Some(count) = self.held.get_mut(usize::from(key)) {
            *count = count.saturating_add(1);
        }
    }

    /// Lifts the key once. Gives how often it is still down.
    pub fn lift(&mut self, key: u8) -> usize {
        let Some(count) = self.held.get_mut(usize::from(key)) else { return 0 };
        *count = count.saturating_sub(1);
        usize::from(*count)
    }

    /// Lifts a key, or every one, however often it is down.
    pub fn lift_all(&mut self, key: Option<u8>) {
        match key {
            Some(key) => self.held.get_mut(usize::from(key)).into_iter().for_each(|count| *count = 0),
            None => self.held = [0; 128],
        }
    }

    /// The keys that are down, one bit each.
    pub fn keys(&self) -> u128 {
        self.held.iter().enumerate().fold(0, |keys, (key, &count)| keys | (u128::from(count > 0) << key))
    }
}

/// What of a channel's motion changes within a stretch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moved {
    bend: bool,
    vibrating: bool,
    volume: bool,
    pan: bool,
}

/// A pan controller, whose 64 of 127 is the middle, as −1..1.
fn panned(stands: f32) -> f32 {
    let steps = 127.0 * stands - 64.0;
    if stands == 0.5 { 0.0 } else { (steps / if steps < 0.0 { 64.0 } else { 63.0 }).clamp(-1.0, 1.0) }
}
