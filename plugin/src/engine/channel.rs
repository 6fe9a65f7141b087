//! What belongs to a MIDI channel: its wheel, its pedal, its keys.

use super::ramp::Ramp;

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

/// One channel.
#[derive(Debug, Clone)]
pub(super) struct Channel {
    wheel_norm: f32,
    semitones: Ramp,
    /// The ratio of a wheel that does not move.
    still: f64,
    /// Whether the sustain pedal is down.
    pub pedal: bool,
    /// How often each key is down.
    held: [u16; 128],
}

impl Channel {
    pub fn new() -> Channel {
        Channel { wheel_norm: 0.0, semitones: Ramp::at(0.0), still: 1.0, pedal: false, held: [0; 128] }
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

    /// The ratios of the coming frames, as many as `ratios` holds; moves on behind them.
    pub fn bend<'a>(&mut self, ratios: &'a mut [f64]) -> Bend<'a> {
        if !self.semitones.is_moving() {
            return Bend::Still(self.still);
        }
        for ratio in ratios.iter_mut() {
            *ratio = (self.semitones.next() / 12.0).exp2();
        }
        self.still = (self.semitones.value() / 12.0).exp2();
        Bend::Moving(ratios)
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

    pub fn lift_all(&mut self) {
        self.held = [0; 128];
    }

    /// The keys that are down, one bit each.
    pub fn keys(&self) -> u128 {
        self.held.iter().enumerate().fold(0, |keys, (key, &count)| keys | (u128::from(count > 0) << key))
    }
}
