//! What a project file keeps of an instance, besides the parameters: sketches, language, and the chosen sounds by
//! content and path. Never samples.

use std::path::PathBuf;
use std::sync::Arc;

use neume_bank::{Loop, Manner, SoundId, Source, Weights};
use neume_models::{ContourPoint, Sketch};
use serde::{Deserialize, Serialize};

use crate::handoff::SLOTS;
use crate::language::Language;

/// Which bank.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BankRef {
    /// The one that comes with the instrument.
    #[default]
    Factory,
    /// The composer's own.
    Folder(#[serde(with = "neume_bank::path_text")] PathBuf),
}

/// A sound under the keys, named so that it is found again wherever it went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChosenZone {
    /// By content.
    pub sound: SoundId,
    /// By place.
    pub source: Source,
    /// For the eye, if it is gone.
    pub name: String,
    /// Keys that it serves, both included.
    pub keys: (u8, u8),
    /// Velocities that it serves, both included.
    pub velocities: (u8, u8),
    /// The note that it sounds at untransposed.
    pub root_midi: f32,
    /// Its loop, so that a new analysis does not change the sound.
    pub sustain: Option<Loop>,
    /// How it is played there.
    #[serde(default, skip_serializing_if = "Manner::is_plain")]
    pub manner: Manner,
}

/// What lies under the keys of a slot, as it was when it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chosen {
    /// The sound that was matched.
    pub sound: SoundId,
    /// The name of its instrument, where it may be played as several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// Where its bank was.
    pub bank: BankRef,
    /// It, and what else of its instrument serves other keys.
    pub zones: Vec<ChosenZone>,
    /// Brings it to the drawn loudness.
    pub gain_db: f32,
    /// The drawn pitch.
    pub drawn_midi: f32,
    /// How pitch and loudness were read along the drawing.
    #[serde(default)]
    pub contour: Vec<ContourPoint>,
    /// Whether the composer chose it; if not, a new drawing may replace it by its own best match.
    pub by_hand: bool,
}

/// One of the sixteen sketches.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SlotState {
    /// The composer's name for it.
    pub name: String,
    /// The drawing.
    pub sketch: Arc<Sketch>,
    /// What lies under the keys; `None` while the slot is empty.
    pub chosen: Option<Chosen>,
}

/// The state of an instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceState {
    /// Of this format.
    pub version: u32,
    /// By slot; always [`SLOTS`] of them.
    pub slots: Vec<SlotState>,
    /// The bank that new drawings are matched against.
    pub bank: BankRef,
    /// What a drawing means.
    pub language: Language,
    /// What counts in a match.
    pub weights: Weights,
}

impl InstanceState {
    /// The format that is written.
    pub const VERSION: u32 = 2;

    /// What a fresh instance holds: one drawing in the first slot, so that the keys sound at once.
    pub fn first() -> InstanceState {
        const FIRST: &[u8] = include_bytes!("../assets/sketches/first.neume");
        let mut state = InstanceState::default();
        if let Ok(sketch) = Sketch::from_file(FIRST) {
            state.slots[0] =
                SlotState { name: "First sketch".to_string(), sketch: Arc::new(sketch), chosen: None };
        }
        state
    }

    /// The state as a host stores it.
    pub fn to_value(&self) -> serde_json::Value {
        // PANIC: plain structs and text keys always become JSON, and so does `null` for a number that is not finite.
        serde_json::to_value(self).expect("a state is plain data")
    }

    /// Checks a stored state. A slot whose drawing is damaged is empty.
    ///
    /// # Errors
    /// [`StateError`] for what is no state, and for one of a future version.
    pub fn from_value(value: serde_json::Value) -> Result<InstanceState, StateError> {
        InstanceState::recovered(value).map(|(state, _)| state)
    }

    /// [`InstanceState::from_value`], and one line that says which slots are empty for it and why.
    ///
    /// # Errors
    /// Those.
    pub fn recovered(mut value: serde_json::Value) -> Result<(InstanceState, Option<String>), StateError> {
        if !value.is_object() {
            return Err(StateError::Damaged("it is no object".to_string()));
        }
        if is_beyond_measure(&value) {
            return Err(StateError::Damaged("a number in it is too large".to_string()));
        }
        let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if found > u64::from(InstanceState::VERSION) {
            return Err(StateError::Future { found, known: InstanceState::VERSION });
        }
        if found < 2
            && let Some(legend) = value.get_mut("legend").map(serde_json::Value::take)
        {
            // Before there were languages, a state held a legend alone.
            value["language"] = serde_json::json!({ "legend": legend });
        }
        let mut state: InstanceState =
            serde_json::from_value(value).map_err(|cause| StateError::Damaged(cause.to_string()))?;
        state.language.check().map_err(|cause| StateError::Damaged(cause.to_string()))?;
        state.version = InstanceState::VERSION;
        state.slots.resize(SLOTS, SlotState::default());
        let lost = state.empty_damaged_slots();
        Ok((state, lost))
    }

    fn empty_damaged_slots(&mut self) -> Option<String> {
        let mut lost = Vec::new();
        for (number, slot) in (1..).zip(&mut self.slots) {
            if let Err(cause) = slot.sketch.check() {
                *slot = SlotState::default();
                lost.push(format!("slot {number} is empty, its drawing is damaged: {cause}"));
            }
        }
        (!lost.is_empty()).then(|| lost.join("; "))
    }
}

/// Whether a number is larger than any of a state: it would be read as infinite, and not come back.
fn is_beyond_measure(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => {
            number.as_f64().is_none_or(|number| number.abs() > f64::from(f32::MAX))
        }
        serde_json::Value::Array(all) => all.iter().any(is_beyond_measure),
        serde_json::Value::Object(all) => all.values().any(is_beyond_measure),
        _ => false,
    }
}

/// Why a stored state is not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // Each message says what its fields hold.
pub enum StateError {
    #[error("the saved state is damaged, what was there before stays: {0}")]
    Damaged(String),
    #[error(
        "the saved state is of version {found}, this Neume reads up to version {known}; what was there before stays"
    )]
    Future { found: u64, known: u32 },
}

impl Default for InstanceState {
    fn default() -> InstanceState {
        InstanceState {
            version: InstanceState::VERSION,
            slots: vec![SlotState::default(); SLOTS],
            bank: BankRef::Factory,
            language: Language::default(),
            weights: Weights::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use neume_models::{Point, Rgb, Stroke};

    fn slot(strokes: Vec<Stroke>) -> SlotState {
        SlotState { name: "a".to_string(), sketch: Arc::new(Sketch { strokes, raster: None }), chosen: None }
    }

    #[test]
    fn a_slot_with_a_damaged_drawing_is_empty_and_named_and_the_others_are_kept() {
        let points = vec![Point { x: 0.5, y: 0.5, secs: 0.0 }; 3];
        let whole = Stroke { points, rgb: Rgb([0; 3]), width_norm: 0.02 };
        let far = vec![Point { x: 3.0, y: 0.5, secs: 0.0 }];
        let many = vec![Point { x: 0.5, y: 0.5, secs: 0.0 }; 1 + Sketch::MAX_POINTS / 2];
        let damaged = [
            vec![Stroke { width_norm: -3.0, ..whole.clone() }],
            vec![whole.clone(), Stroke { points: far, ..whole.clone() }],
            vec![Stroke { points: many, ..whole.clone() }; 2],
        ];
        let mut state = InstanceState::default();
        state.slots[3] = slot(vec![whole.clone()]);
        state.slots[7] = slot(vec![Stroke { width_norm: 1.0, ..whole }]);
        for (at, strokes) in [0, 4, 15].into_iter().zip(damaged) {
            let broken = slot(strokes);
            assert!(Sketch::from_file(&broken.sketch.to_file().unwrap()).is_err(), "no file has it either");
            let mut saved = state.clone();
            saved.slots[at] = broken;
            let (kept, lost) = InstanceState::recovered(saved.to_value()).unwrap();
            assert!(kept == state, "slot {at}");
            let lost = lost.unwrap();
            assert!(lost.starts_with(&format!("slot {} is empty", at + 1)), "{lost}");
        }
        assert_eq!(InstanceState::recovered(state.to_value()), Ok((state, None)));
    }
}
