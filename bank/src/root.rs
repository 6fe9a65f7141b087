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

/// A name or a chunk that says a root is believed this much where the ear cannot confirm it.
const TOLD: f32 = 0.9;
/// And this much where the ear hears the same note, in whatever octave.
const CONFIRMED: f32 = 0.99;
/// An ear this sure overrules a chunk, which is often the left-over of a template.
const SURE: f32 = 0.9;

impl Root {
    /// What tracker and network hear together. The tracker's pitch is the finer one, so where the two agree it stands.
    pub fn heard(tracker: Option<Heard>, network: &SoundLabels) -> Root {
        let doubt = |confidence: f32| 1.0 - confidence.clamp(0.0, 1.0);
        match (tracker, network.root_midi) {
            (Some(heard), Some(midi)) if (heard.midi - midi).abs() <= 0.7 => {
                let confidence = 1.0 - doubt(heard.confidence) * doubt(network.root_confidence);
                Root { midi: Some(heard.midi), confidence: confidence.min(0.99) }
            }
            (Some(heard), Some(midi)) if network.root_confidence > heard.confidence => {
                // The same note in another octave: the network's octave, the tracker's tuning.
                let tuned = midi + fold(heard.midi - midi).filter(|cents| cents.abs() <= 0.5).unwrap_or(0.0);
                Root {
                    midi: Some(tuned),
                    confidence: network.root_confidence * doubt(0.5 * heard.confidence),
                }
            }
            (Some(heard), Some(_)) => Root {
                midi: Some(heard.midi),
                confidence: heard.confidence * doubt(0.5 * network.root_confidence),
            },
            (Some(heard), None) if heard.confidence >= network.root_confidence => Root {
                midi: Some(heard.midi),
                confidence: heard.confidence * doubt(0.5 * network.root_confidence),
            },
            (Some(heard), None) => {
                Root { midi: None, confidence: network.root_confidence * doubt(0.5 * heard.confidence) }
            }
            // The tracker heard no repetition; bells and the like have a pitch all the same.
            (None, Some(midi)) if network.root_confidence >= 0.6 => {
                Root { midi: Some(midi), confidence: 0.7 * network.root_confidence }
            }
            (None, Some(_)) => Root { midi: None, confidence: doubt(network.root_confidence) },
            (None, None) => Root { midi: None, confidence: network.root_confidence.max(0.7) },
        }
    }

    /// What is told outranks the ear, which then gives the tuning: first the name, then a chunk, unless the ear is sure
    /// of another note; then a number in the name, if the ear hears that note in any octave near.
    pub fn told(self, hints: &Hints, chunk_midi: Option<f32>) -> Root {
        let sure_of_another =
            |midi: f32| self.confidence >= SURE && self.cents_from(midi).is_none() && self.midi.is_some();
        let chunk = chunk_midi.filter(|&midi| !sure_of_another(midi));
        let told = hints.root_midi.map(f32::from).or(chunk);
        let numbers = || hints.maybe_midi.iter().map(|&midi| f32::from(midi));
        let near = |midi: &f32| self.midi.is_some_and(|heard| (heard - midi).abs() < 24.5);
        let told = told.or_else(|| numbers().find(|midi| near(midi) && self.cents_from(*midi).is_some()));
        let Some(midi) = told else { return self };
        match self.cents_from(midi) {
            Some(cents) => Root { midi: Some(midi + cents), confidence: CONFIRMED },
            None => Root { midi: Some(midi), confidence: TOLD },
        }
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
