//! Envelopes through points, by which an instrument draws how anything moves.

use serde::{Deserialize, Serialize};

use crate::modulation::{number, secs};

/// An envelope that goes from 0 to one point after another, stays at one of them while the key is down, goes on to the others
/// when it is up, and is at 0 behind the last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PointEnvelope {
    /// In their order.
    pub points: Vec<EnvelopePoint>,
    /// The point that it stays at; none if there are not so many.
    pub sustain: u8,
    /// Whether the note sounds as long as this goes on: it takes the place of the envelope of the loudness.
    pub ends_note: bool,
}

/// A point and the way there from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvelopePoint {
    /// How long the way is.
    pub secs: f32,
    /// Its height, −100..=100; 1 takes what is moved all its way.
    pub level: f32,
    /// 0 goes straight; more first slowly and then fast, less first fast and then slowly, by this power more than 1.
    pub shape: f32,
}

impl PointEnvelope {
    /// Points of an envelope.
    pub const MOST_POINTS: usize = 64;

    /// The same with every number in its range.
    pub fn bounded(mut self) -> PointEnvelope {
        self.points.truncate(PointEnvelope::MOST_POINTS);
        for point in &mut self.points {
            *point = EnvelopePoint {
                secs: secs(point.secs),
                level: number(point.level, -100.0, 100.0, 0.0),
                shape: number(point.shape, -100.0, 100.0, 0.0),
            };
        }
        self
    }

    /// Its greatest height, 0 or more.
    pub fn highest(&self) -> f32 {
        self.points.iter().map(|point| point.level).fold(0.0, f32::max)
    }
}

impl EnvelopePoint {
    /// The part of the way from the point before that is done after a part of its time.
    pub fn done(&self, part: f64) -> f64 {
        match f64::from(number(self.shape, -100.0, 100.0, 0.0)) {
            0.0 => part,
            shape if shape > 0.0 => part.powf(1.0 + shape),
            shape => 1.0 - (1.0 - part).powf(1.0 - shape),
        }
    }
}
