//! What the networks see in a sketch.

use serde::{Deserialize, Serialize};

use crate::{Embedding, Families, Family};

/// A drawing, read: pitch, loudness, timbre, each with a confidence 0..1, and an embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What the height of the ink says.
    pub pitch: Pitch,
    /// What the thickness of the stroke says.
    pub loudness: Loudness,
    /// What colour and shape say.
    pub timbre: Timbre,
    /// How pitch and loudness move from left to right; columns without ink are left out.
    #[serde(default)]
    pub contour: Vec<ContourPoint>,
    /// Where the drawing lies among drawings.
    pub embedding: Embedding,
}

/// Pitch and loudness of a drawing at one place along the pad.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContourPoint {
    /// 0 at the left edge of the pad, 1 at the right one.
    pub x_norm: f32,
    /// Height of the ink there, 0 at the bottom edge and 1 at the top one.
    pub y_norm: f32,
    /// The MIDI note, with its fraction, that the legend's scale gives that height.
    pub midi: f32,
    /// Loudness by the legend, in dB, of the stroke's width there.
    pub db: f32,
}

/// The pitch of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pitch {
    /// Height of the ink on the pad, 0 at the bottom edge and 1 at the top one.
    pub y_norm: f32,
    /// The MIDI note, with its fraction, that the legend's scale gives that height.
    pub midi: f32,
    /// Probability that the nearest row is the right one.
    pub confidence: f32,
}

/// The loudness of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Loudness {
    /// Loudness by the legend, in dB, 0 for the thickest stroke.
    pub db: f32,
    /// Width of the stroke as a fraction of the pad's height.
    pub width_norm: f32,
    /// Probability that the loudness is right within 4 dB.
    pub confidence: f32,
}

/// The timbre of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Timbre {
    /// The family that the colour stands for; `None` for black and grey ink, which leave it open.
    pub family: Option<Family>,
    /// Probability of that family, or of the ink being open.
    pub confidence: f32,
    /// Probabilities of the families if the ink is coloured.
    pub families: Families,
    /// Brightness 0 (dark) to 1 (bright).
    pub brightness: f32,
    /// Roughness 0 (mellow, round) to 1 (harsh, jagged).
    pub roughness: f32,
}
