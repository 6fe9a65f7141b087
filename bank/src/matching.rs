//! The sounds that fit a reading best: a [`crate::search()`] that asks for a reading and nothing else.
//!
//! Each aspect scores 0..1; the score of a sound is their mean by [`Weights`], which also shrink a little where the
//! reading itself is unsure.
//!
//! - **Pitch**: how far the sound must be transposed to the drawn row. The row itself stands out: the first semitone
//!   costs about 0.7, so that with open ink and the default weights no loudness, brightness or roughness makes up for
//!   it; further away each octave costs a factor of `e`. A drawn *family* does make up for a few semitones: a flute that
//!   is transposed a little is nearer to a drawn flute than a trumpet on the right note. Sounds without pitch score low
//!   for a melodic drawing and well for a drawn percussion, where pitch also counts less.
//! - **Loudness**: the distance in dB between the sound and the drawn loudness, which is placed proportionally in the
//!   bank's own range (its 5th to 95th percentile). Real banks are not mastered to one level: the thinnest stroke
//!   asks for the softest sounds of this bank, the thickest one for its loudest, whatever their LUFS are; and in a bank
//!   of one level all score alike.
//! - **Timbre**: the probability that the sound is of the drawn family, then brightness and roughness. Open ink leaves
//!   the family out, and the aspect then weighs a quarter. The weights of brightness and roughness count within it.

use neume_models::{Families, Family, Reading};
use serde::{Deserialize, Serialize};

use crate::search::{self, Bounds, Query};
use crate::{Bank, Profile, Sound, SoundId};

/// How much each aspect counts, 0 or more; a weight of 0 leaves the aspect out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Named for the aspects.
pub struct Weights {
    pub pitch: f32,
    pub loudness: f32,
    pub timbre: f32,
    /// Within the timbre.
    pub brightness: f32,
    /// Within the timbre.
    pub roughness: f32,
    /// Of the sound that others are to be like.
    pub likeness: f32,
    /// Of the words that a sound is found by.
    pub words: f32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            pitch: 1.0,
            loudness: 0.5,
            timbre: 1.0,
            brightness: 1.0,
            roughness: 1.0,
            likeness: 1.0,
            words: 0.25,
        }
    }
}

/// How well a sound fits in each aspect, 0..1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // Named for the aspects.
pub struct Aspects {
    pub pitch: f32,
    pub loudness: f32,
    pub timbre: f32,
}

/// A sound that fits a reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// The sound.
    pub sound: SoundId,
    /// The instrument that fits best of those that share it, by its position in the bank.
    pub instrument: usize,
    /// The weighted mean of the aspects, 0..1.
    pub score: f32,
    /// Each aspect's share in it.
    pub aspects: Aspects,
}

/// Weight of the timbre when only brightness and roughness are drawn.
const OPEN_SHARE: f32 = 0.25;
/// Share of brightness and roughness in the timbre when a family is drawn.
const QUALITY_SHARE: f32 = 0.15;
/// What the pitch scores where a root is not to be relied on.
const UNSURE_PITCH: f32 = 0.15;
/// What a sound without pitch scores when percussion is drawn.
const UNPITCHED_PERCUSSION: f32 = 0.85;
/// Loudness distances beyond this are all alike.
const FAR_DB: f32 = 48.0;
/// The drawn loudness from softest to loudest: the span of the default legend.
const DRAWN_SPAN_DB: f32 = 36.0;

/// The best `top` sounds of the bank for a reading, best first; equal scores fall by ascending [`SoundId`].
/// The same bank, reading and weights give the same list. Files of the same content are ranked once.
pub fn rank(bank: &Bank, reading: &Reading, weights: &Weights, top: usize) -> Vec<Match> {
    let query = Query { reading: Some(reading), weights: *weights, ..Query::default() };
    let asked = Asked::new(bank, reading, weights);
    let best = search::best(bank, &query, top).into_iter();
    best.map(|(score, row)| {
        let aspects = asked.aspects(&bank.table().features[row]);
        let sound = bank.sound_of_row(row);
        let instrument = search::instrument_for(bank, &query, sound);
        Match { sound: sound.id, instrument, score, aspects }
    })
    .collect()
}

/// How well one sound of the bank fits a reading; `None` if the bank does not have it.
pub fn fit(bank: &Bank, reading: &Reading, weights: &Weights, sound: SoundId) -> Option<Match> {
    let asked = Asked::new(bank, reading, weights);
    let query = Query { reading: Some(reading), ..Query::default() };
    let known = bank.get(sound)?;
    let aspects = asked.aspects(&Features::of(&known.profile));
    let instrument = search::instrument_for(bank, &query, known);
    Some(Match { sound, instrument, score: asked.score(&aspects), aspects })
}

/// What ranking needs of a sound, side by side in memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Features {
    pub root_midi: f32,
    pub root_confidence: f32,
    pub loudness_db: f32,
    pub brightness: f32,
    pub roughness: f32,
    /// Binary logarithms of the times in milliseconds.
    pub attack_octaves: f32,
    pub duration_octaves: f32,
    /// Probability of each family over the root of the largest one: 1 for a certain family, less for a doubtful one.
    pub families: [f32; Family::COUNT],
    pub pitched: bool,
}

impl Features {
    pub(crate) fn of(profile: &Profile) -> Features {
        let unit = |v: f32| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.5 };
        let octaves = |secs: f32| (1e3 * if secs.is_finite() { secs.clamp(1e-3, 600.0) } else { 1.0 }).log2();
        let families = profile.families.0.map(unit);
        let scale = families.iter().fold(1e-6f32, |a, &b| a.max(b)).sqrt().recip();
        let root = profile.root_midi.filter(|root| root.is_finite());
        Features {
            root_midi: root.unwrap_or(0.0),
            root_confidence: unit(profile.root_confidence),
            loudness_db: if profile.loudness_db.is_finite() { profile.loudness_db } else { -70.0 },
            brightness: unit(profile.brightness),
            roughness: unit(profile.roughness),
            attack_octaves: octaves(profile.attack_secs),
            duration_octaves: octaves(profile.duration_secs),
            families: families.map(|p| p * scale),
            pitched: root.is_some(),
        }
    }
}

/// The bank's softest and loudest ordinary sounds, in dB.
pub(crate) fn loudness_range(sounds: &[Sound]) -> (f32, f32) {
    let level = |sound: &Sound| Some(sound.profile.loudness_db).filter(|db| db.is_finite()).unwrap_or(-70.0);
    let mut levels: Vec<f32> = sounds.iter().map(level).collect();
    levels.sort_unstable_by(f32::total_cmp);
    let Some(last) = levels.len().checked_sub(1) else { return (-36.0, 0.0) };
    let at = |share: f32| levels[(last as f32 * share).round() as usize];
    (at(0.05), at(0.95))
}

/// A reading in the terms of one bank.
pub(crate) struct Asked {
    pub row_midi: f32,
    pub loudness_db: f32,
    pub families: Option<Families>,
    pub brightness: f32,
    pub roughness: f32,
    unpitched: f32,
    /// As far as each counts here.
    pub weights: Weights,
}

impl Asked {
    pub(crate) fn new(bank: &Bank, reading: &Reading, weights: &Weights) -> Asked {
        let (soft, loud) = bank.loudness_range_db();
        let along = finite(reading.loudness.db / DRAWN_SPAN_DB, -0.5).clamp(-1.0, 0.0);
        let families = reading.timbre.family.map(|_| reading.timbre.families);
        let percussion = families.map_or(0.0, |f| finite(f.get(Family::Percussion), 0.0).clamp(0.0, 1.0));
        let Weights { pitch, loudness, timbre, brightness, roughness, .. } = usable(weights);
        let timbre_share = match families {
            Some(_) => 1.0,
            None if brightness + roughness > 0.0 => OPEN_SHARE,
            None => 0.0,
        };
        Asked {
            row_midi: finite(reading.pitch.midi, 60.0).round(),
            loudness_db: loud + along * (loud - soft),
            families,
            brightness: finite(reading.timbre.brightness, 0.5),
            roughness: finite(reading.timbre.roughness, 0.5),
            unpitched: UNSURE_PITCH + percussion * (UNPITCHED_PERCUSSION - UNSURE_PITCH),
            weights: Weights {
                pitch: pitch * trust(reading.pitch.confidence) * (1.0 - 0.6 * percussion),
                loudness: loudness * trust(reading.loudness.confidence),
                timbre: timbre * trust(reading.timbre.confidence) * timbre_share,
                ..usable(weights)
            },
        }
    }

    pub(crate) fn aspects(&self, sound: &Features) -> Aspects {
        let pitch =
            if sound.pitched { closeness((sound.root_midi - self.row_midi).abs()) } else { self.unpitched };
        let off = |weight: f32, value: f32, drawn: f32| weight * (value - drawn).abs();
        let off = off(self.weights.brightness, sound.brightness, self.brightness)
            + off(self.weights.roughness, sound.roughness, self.roughness);
        Aspects {
            pitch: UNSURE_PITCH + sound.root_confidence * (pitch - UNSURE_PITCH),
            loudness: level_closeness((sound.loudness_db - self.loudness_db).abs()),
            timbre: self.timbre(&sound.families, off),
        }
    }

    /// No sound within these bounds scores more in any aspect.
    pub(crate) fn at_most(&self, bounds: &Bounds) -> Aspects {
        let mut pitch = 0.0f32;
        for (is_there, nearest) in [
            (bounds.has_pitched, closeness(bounds.root_midi.away(self.row_midi))),
            (bounds.has_unpitched, self.unpitched),
        ] {
            let more = nearest > UNSURE_PITCH;
            let confidence = if more { bounds.root_confidence.high } else { bounds.root_confidence.low };
            if is_there {
                pitch = pitch.max(UNSURE_PITCH + confidence * (nearest - UNSURE_PITCH));
            }
        }
        let off = self.weights.brightness * bounds.brightness.away(self.brightness)
            + self.weights.roughness * bounds.roughness.away(self.roughness);
        Aspects {
            pitch,
            loudness: level_closeness(bounds.loudness_db.away(self.loudness_db)),
            timbre: self.timbre(&bounds.families, off),
        }
    }

    /// `off`: weighted distance in brightness and roughness.
    fn timbre(&self, families: &[f32; Family::COUNT], off: f32) -> f32 {
        let counted = self.weights.brightness + self.weights.roughness;
        let quality = if counted > 0.0 { 1.0 - off / counted } else { 1.0 };
        let timbre = match &self.families {
            None => quality,
            Some(drawn) => {
                let family: f32 = drawn.0.iter().zip(families).map(|(q, p)| q * p).sum();
                (1.0 - QUALITY_SHARE) * family + QUALITY_SHARE * quality
            }
        };
        finite(timbre, 0.0).clamp(0.0, 1.0)
    }

    fn score(&self, aspects: &Aspects) -> f32 {
        let sum = self.counted();
        if sum > 0.0 { self.weighted(aspects) / sum } else { 0.0 }
    }

    /// The sum of the weights.
    pub(crate) fn counted(&self) -> f32 {
        self.weights.pitch + self.weights.loudness + self.weights.timbre
    }

    /// The weighted sum of the aspects.
    pub(crate) fn weighted(&self, aspects: &Aspects) -> f32 {
        let Weights { pitch, loudness, timbre, .. } = self.weights;
        pitch * aspects.pitch + loudness * aspects.loudness + timbre * aspects.timbre
    }
}

/// How near a level is to the one that is asked for, 1 on it.
fn level_closeness(away_db: f32) -> f32 {
    (-away_db.min(FAR_DB) / (0.5 * FAR_DB)).exp()
}

/// How near a root is to the drawn row, 1 on it: a narrow bell on a wide skirt.
fn closeness(semitones: f32) -> f32 {
    0.7 * (-(semitones / 0.45).powi(2)).exp() + 0.3 * (-semitones / 12.0).exp()
}

/// A part of the reading counts for 60 % when nothing is sure of it.
fn trust(confidence: f32) -> f32 {
    0.6 + 0.4 * finite(confidence, 0.0).clamp(0.0, 1.0)
}

/// Every weight finite and at least nothing.
pub(crate) fn usable(weights: &Weights) -> Weights {
    let at_least_none = |weight: f32| finite(weight, 0.0).clamp(0.0, 1e6);
    Weights {
        pitch: at_least_none(weights.pitch),
        loudness: at_least_none(weights.loudness),
        timbre: at_least_none(weights.timbre),
        brightness: at_least_none(weights.brightness),
        roughness: at_least_none(weights.roughness),
        likeness: at_least_none(weights.likeness),
        words: at_least_none(weights.words),
    }
}

fn finite(value: f32, otherwise: f32) -> f32 {
    if value.is_finite() { value } else { otherwise }
}
