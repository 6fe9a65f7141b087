//! The root of a sound from all that speaks of it: the tracker, the network, a chunk of the file, its name.

use neume_models::SoundLabels;
use serde::{Deserialize, Serialize};

use crate::names::Hints;
use crate::pitch::Heard;

/// A root with its fraction, or none, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Root {
    /// MIDI note with its fraction; `None` where there is no pitch.
    pub midi: Option<f32>,
    /// Probability that it is right within half a semitone, or that there is none.
    pub confidence: f32,
}

/// Two roots that differ by more than a semitone although the ear is sure; the composer decides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    /// What the name, a table or a chunk says, as a MIDI note with its fraction.
    pub told_midi: f32,
    /// What is heard, likewise.
    pub heard_midi: f32,
}

/// A name or a chunk that says a root is believed this much where the ear cannot confirm it.
const TOLD: f32 = 0.9;
/// And this much where the ear is sure of the same note in the same octave.
const CONFIRMED: f32 = 0.99;
/// An ear this sure overrules a chunk, which is often the left-over of a template.
const SURE: f32 = 0.9;

/// An ear this sure that there is no note overrules a chunk of the note that editors write where they know of none. Less
/// sure than of a note: where tracker and network differ, none is more than this.
const SURE_OF_NONE: f32 = 0.8;
const DEFAULT_MIDI: f32 = 60.0;

/// Frames of a tracker that agree so far have a pitch beyond doubt, though its octave may be another.
const CLEAR: f32 = 0.9;
/// Below this note a sound of hardly more than its fundamental is a bass of that pitch: organs that sound an octave under
/// their keys lie higher or have more partials.
const SUB_BASS_MIDI: f32 = 40.0;
const BARE: f32 = 0.9;

impl Heard {
    fn is_sub_bass(&self) -> bool {
        self.confidence >= CLEAR && self.midi < SUB_BASS_MIDI && self.fundamental >= BARE
    }
}

impl Root {
    /// What tracker and network hear together. The tracker's pitch is the finer one, so where the two agree
    /// it counts by its confidence.
    /// Where they differ, mostly by an octave, the network is right far more often, and its confidence is calibrated.
    pub fn heard(tracker: Option<Heard>, network: &SoundLabels) -> Root {
        let sure = network.root_confidence.clamp(0.0, 1.0);
        let root =
            |midi: f32, confidence: f32| Root { midi: Some(midi), confidence: confidence.clamp(0.0, 0.99) };
        match (tracker, network.root_midi.filter(|midi| midi.is_finite())) {
            (Some(heard), Some(midi)) if (heard.midi - midi).abs() <= 0.7 => {
                let midi = midi + heard.confidence * (heard.midi - midi);
                root(midi, 1.0 - (1.0 - sure) * (1.0 - 0.9 * heard.confidence))
            }
            // The network is vague below the second octave.
            (Some(heard), Some(midi)) if heard.confidence >= CLEAR && (heard.midi - midi).abs() <= 2.0 => {
                root(heard.midi, 0.95 * sure.max(0.9))
            }
            (Some(heard), Some(midi)) if heard.is_sub_bass() && heard.midi < midi => root(heard.midi, 0.9),
            (Some(heard), Some(midi)) => {
                let tuned = midi + fold(heard.midi - midi).filter(|cents| cents.abs() <= 0.5).unwrap_or(0.0);
                root(tuned, 0.9 * sure)
            }
            // The network is shy of the highest notes and of what it never met; a tracker that is sure is right.
            (Some(heard), None) if heard.confidence >= 0.9 && sure < 0.8 => {
                root(heard.midi, 0.8 * heard.confidence)
            }
            (Some(_), None) => Root { midi: None, confidence: 0.9 * sure },
            (None, Some(midi)) => root(midi, 0.9 * sure),
            (None, None) => Root { midi: None, confidence: sure.max(0.7) },
        }
    }

    /// Whether the ear is sure of a note.
    pub fn is_sure(self) -> bool {
        self.midi.is_some() && self.confidence >= SURE
    }

    /// Whether the ear is sure of this note in another octave.
    pub fn is_octaves_from(self, midi: f32) -> bool {
        self.is_sure()
            && self.cents_from(midi).is_some()
            && self.midi.is_some_and(|heard| (heard - midi).abs() > 6.0)
    }

    /// What is told outranks the ear, which then gives the tuning: first the name, then a chunk, unless the ear is sure
    /// of another note, or of none where the chunk says middle C; a number in the name only confirms what is heard.
    pub fn told(self, hints: &Hints, chunk_midi: Option<f32>) -> Root {
        let sure_of_another =
            |midi: f32| self.confidence >= SURE && self.cents_from(midi).is_none() && self.midi.is_some();
        let sure_of_none = self.midi.is_none() && self.confidence >= SURE_OF_NONE;
        let is_overruled = |midi: f32| sure_of_another(midi) || midi == DEFAULT_MIDI && sure_of_none;
        let chunk = chunk_midi.filter(|&midi| !is_overruled(midi));
        let told = hints.root_midi.map(f32::from).or(chunk);
        let numbers = || hints.maybe_midi.iter().map(|&midi| f32::from(midi));
        let near = |midi: &f32| self.midi.is_some_and(|heard| (heard - midi).abs() <= 0.5);
        let told = told.or_else(|| numbers().find(near));
        let Some(midi) = told else { return self };
        let is_confirmed = self.confidence >= SURE && near(&midi);
        Root {
            midi: Some(midi + self.cents_from(midi).unwrap_or(0.0)),
            confidence: if is_confirmed { CONFIRMED } else { TOLD },
        }
    }

    /// What is told, because the composer believes it; the ear still gives the tuning.
    pub fn believing(self, hints: &Hints, chunk_midi: Option<f32>) -> Root {
        let Some(midi) = hints.root_midi.map(f32::from).or(chunk_midi) else { return self };
        Root { midi: Some(midi + self.cents_from(midi).unwrap_or(0.0)), confidence: CONFIRMED }
    }

    /// Whether a sure ear hears another note than is told, in another octave included.
    pub fn doubt(self, hints: &Hints, chunk_midi: Option<f32>) -> Option<Doubt> {
        let heard_midi = self.midi.filter(|_| self.is_sure())?;
        let told_midi = hints.root_midi.map(f32::from).or(chunk_midi)?;
        ((heard_midi - told_midi).abs() > 1.0).then_some(Doubt { told_midi, heard_midi })
    }

    /// How far the heard note lies from this one, octaves aside, if that is half a semitone at most.
    fn cents_from(&self, midi: f32) -> Option<f32> {
        fold(self.midi? - midi).filter(|cents| cents.abs() <= 0.5)
    }
}

/// An interval without its octaves, -6..6 semitones; `None` where it is no number.
fn fold(semitones: f32) -> Option<f32> {
    semitones.is_finite().then(|| semitones - 12.0 * (semitones / 12.0).round())
}
