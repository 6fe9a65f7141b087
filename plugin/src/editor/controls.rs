//! What the editor needs of the host's parameters, whoever keeps them.

use crate::engine::Mode;

/// Every mode, in the order of the segmented control.
pub const MODES: [Mode; 3] = [Mode::Chromatic, Mode::Drawn, Mode::Slots];

/// The name of a mode on screen.
pub fn mode_label(mode: Mode) -> &'static str {
    match mode {
        Mode::Chromatic => "Chromatic",
        Mode::Drawn => "As drawn",
        Mode::Slots => "Slots",
    }
}

/// A continuous parameter that the view Sound shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Knob {
    /// Time to full level, in seconds.
    Attack,
    /// Time from full level to the sustain, in seconds.
    Decay,
    /// Level while a key is held, linear 0..1.
    Sustain,
    /// Time to silence after a key is lifted, in seconds.
    Release,
    /// Level of the instrument, in dB.
    Gain,
    /// Reach of the pitch wheel, in semitones.
    BendRange,
}

impl Knob {
    /// Every knob, in the order in which they are shown.
    pub const ALL: [Knob; 6] =
        [Knob::Attack, Knob::Decay, Knob::Sustain, Knob::Release, Knob::Gain, Knob::BendRange];

    /// The name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Knob::Attack => "Attack",
            Knob::Decay => "Decay",
            Knob::Sustain => "Sustain",
            Knob::Release => "Release",
            Knob::Gain => "Gain",
            Knob::BendRange => "Bend range",
        }
    }
}

/// The host's parameters, as the editor reads and sets them. Values are plain, in the unit of each [`Knob`].
pub trait Controls {
    /// The slot that new notes take, 0..[`crate::handoff::SLOTS`].
    fn slot(&self) -> usize;
    /// Chooses the slot that new notes take.
    fn set_slot(&mut self, slot: usize);
    /// How keys play.
    fn mode(&self) -> Mode;
    /// Chooses how keys play.
    fn set_mode(&mut self, mode: Mode);
    /// The value of a knob, in its unit.
    fn value(&self, knob: Knob) -> f32;
    /// Where a knob stands in its range, 0..1, by the curve of its parameter.
    fn position(&self, knob: Knob) -> f32;
    /// The value at which a knob starts out, as a position 0..1.
    fn default_position(&self, knob: Knob) -> f32;
    /// The hand takes a knob: the host records a gesture from here on.
    fn begin(&mut self, knob: Knob);
    /// Moves a knob to a position 0..1, between [`Controls::begin`] and [`Controls::end`].
    fn set_position(&mut self, knob: Knob, position: f32);
    /// The hand lets go of a knob.
    fn end(&mut self, knob: Knob);
}
