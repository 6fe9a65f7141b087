//! The parameters that a host automates, and how the saved state goes in and out beside them.

use std::sync::Arc;

use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::*;

use crate::engine::{Mode, Settings};
use crate::handoff::{Document, Request, Requests, SLOTS};
use crate::state::InstanceState;

/// How keys are heard, as the host sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ModeParam {
    /// Keys transpose the sound.
    #[id = "chromatic"]
    #[name = "Chromatic"]
    Chromatic,
    /// Every key plays the drawn pitch.
    #[id = "drawn"]
    #[name = "As drawn"]
    Drawn,
    /// Each key plays its sketch.
    #[id = "slots"]
    #[name = "Slots"]
    Slots,
}

impl From<ModeParam> for Mode {
    fn from(mode: ModeParam) -> Mode {
        match mode {
            ModeParam::Chromatic => Mode::Chromatic,
            ModeParam::Drawn => Mode::Drawn,
            ModeParam::Slots => Mode::Slots,
        }
    }
}

impl From<Mode> for ModeParam {
    fn from(mode: Mode) -> ModeParam {
        match mode {
            Mode::Chromatic => ModeParam::Chromatic,
            Mode::Drawn => ModeParam::Drawn,
            Mode::Slots => ModeParam::Slots,
        }
    }
}

/// Everything that a project file keeps.
#[derive(Params)]
pub struct NeumeParams {
    /// Which sketch sounds, 1..=16; takes effect on its sample.
    #[id = "slot"]
    pub slot: IntParam,
    /// How keys are heard.
    #[id = "mode"]
    pub mode: EnumParam<ModeParam>,
    /// Time to the full level, in seconds.
    #[id = "attack"]
    pub attack_secs: FloatParam,
    /// Time from there to the sustain level, in seconds.
    #[id = "decay"]
    pub decay_secs: FloatParam,
    /// Level while a key is held, linear 0..1.
    #[id = "sustain"]
    pub sustain_norm: FloatParam,
    /// Time to silence when a key is lifted, in seconds.
    #[id = "release"]
    pub release_secs: FloatParam,
    /// Output level, linear.
    #[id = "gain"]
    pub gain: FloatParam,
    /// What the pitch wheel spans, in semitones each way.
    #[id = "bend_range"]
    pub bend_range_semitones: FloatParam,
    /// Counts edits of the drawing, so that the host learns that the project changed.
    #[id = "edits"]
    pub edits: IntParam,
    /// The sketches and what they chose.
    #[persist = "state"]
    pub state: SavedState,
}

impl NeumeParams {
    /// Default parameters around an instance's document.
    pub fn new(document: Arc<Document>, requests: Requests) -> NeumeParams {
        let secs = |name: &str, default: f32, least: f32, most: f32| {
            let range = FloatRange::Skewed { min: least, max: most, factor: FloatRange::skew_factor(-2.0) };
            FloatParam::new(name, default, range)
                .with_value_to_string(Arc::new(text_from_secs))
                .with_string_to_value(Arc::new(secs_from_text))
        };
        NeumeParams {
            slot: IntParam::new("Slot", 1, IntRange::Linear { min: 1, max: SLOTS as i32 }),
            mode: EnumParam::new("Mode", ModeParam::Chromatic),
            attack_secs: secs("Attack", 0.002, 0.0005, 10.0),
            decay_secs: secs("Decay", 0.5, 0.001, 20.0),
            sustain_norm: FloatParam::new("Sustain", 1.0, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_unit(" %")
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage()),
            release_secs: secs("Release", 0.25, 0.002, 20.0),
            gain: FloatParam::new(
                "Gain",
                1.0,
                FloatRange::Skewed {
                    min: util::db_to_gain(-60.0),
                    max: util::db_to_gain(12.0),
                    factor: FloatRange::gain_skew_factor(-60.0, 12.0),
                },
            )
            .with_unit(" dB")
            .with_value_to_string(formatters::v2s_f32_gain_to_db(1))
            .with_string_to_value(formatters::s2v_f32_gain_to_db()),
            bend_range_semitones: FloatParam::new(
                "Bend range",
                2.0,
                FloatRange::Linear { min: 0.0, max: 48.0 },
            )
            .with_step_size(1.0)
            .with_unit(" st"),
            edits: IntParam::new("Edits", 0, IntRange::Linear { min: 0, max: EDITS_MAX })
                .hide()
                .hide_in_generic_ui()
                .non_automatable(),
            state: SavedState { document, requests },
        }
    }

    /// What the Engine follows.
    pub fn settings(&self) -> Settings {
        Settings {
            slot: (self.slot.value() - 1).clamp(0, SLOTS as i32 - 1) as usize,
            mode: self.mode.value().into(),
            attack_secs: self.attack_secs.value(),
            decay_secs: self.decay_secs.value(),
            sustain_norm: self.sustain_norm.value(),
            release_secs: self.release_secs.value(),
            gain: self.gain.value(),
            bend_range_semitones: self.bend_range_semitones.value(),
        }
    }
}

/// The count of edits goes round here.
pub const EDITS_MAX: i32 = 1_000_000;

fn text_from_secs(secs: f32) -> String {
    match secs {
        ..0.009_95 => format!("{:.1} ms", secs * 1e3),
        ..0.999_5 => format!("{:.0} ms", secs * 1e3),
        _ => format!("{secs:.2} s"),
    }
}

/// Reads `250 ms`, `0.25 s` and `0.25`.
fn secs_from_text(text: &str) -> Option<f32> {
    let text = text.trim().to_lowercase();
    let (number, scale) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s').unwrap_or(&text), 1.0),
    };
    number.trim().parse::<f32>().ok().map(|value| value * scale)
}

/// The saved state as a field that the host stores and loads.
pub struct SavedState {
    document: Arc<Document>,
    requests: Requests,
}

impl<'a> PersistentField<'a, serde_json::Value> for SavedState {
    /// Takes a loaded state. One that is damaged or of a future version is refused and what there is stays.
    fn set(&self, value: serde_json::Value) {
        match InstanceState::recovered(value) {
            Ok((state, lost)) => {
                self.document.set(state);
                self.requests.send(Request::Restore);
                lost.into_iter().for_each(|lost| self.requests.send(Request::Notice(lost)));
            }
            Err(cause) => self.requests.send(Request::Notice(cause.to_string())),
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&serde_json::Value) -> R,
    {
        f(&self.document.get().to_value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        for (text, secs) in [("250 ms", 0.25), ("1.50 s", 1.5), ("0.3", 0.3), (" 20MS ", 0.02)] {
            assert!((secs_from_text(text).expect(text) - secs).abs() < 1e-6, "{text}");
        }
        assert_eq!(secs_from_text("soon"), None);
        for (secs, text) in [(0.0005, "0.5 ms"), (0.25, "250 ms"), (0.9996, "1.00 s"), (1.5, "1.50 s")] {
            assert_eq!(text_from_secs(secs), text);
        }
    }

    #[test]
    fn no_value_of_a_parameter_is_shown_as_a_negative_zero() {
        let (editor, _worker, _engine) = crate::handoff::ends();
        let params = NeumeParams::new(editor.document, editor.requests);
        let is_negative_zero = |text: &str| {
            let number = text.trim_start_matches('-');
            let number = number.split(|c: char| c != '.' && !c.is_ascii_digit()).next().unwrap_or_default();
            text.starts_with('-') && number.parse() == Ok(0.0)
        };
        assert!(is_negative_zero("-0.0 dB") && !is_negative_zero("-0.1 dB") && !is_negative_zero("0.0 dB"));
        for i in 0..=100_000 {
            let at = i as f32 / 100_000.0;
            let texts = [
                params.slot.normalized_value_to_string(at, true),
                params.mode.normalized_value_to_string(at, true),
                params.attack_secs.normalized_value_to_string(at, true),
                params.decay_secs.normalized_value_to_string(at, true),
                params.sustain_norm.normalized_value_to_string(at, true),
                params.release_secs.normalized_value_to_string(at, true),
                params.gain.normalized_value_to_string(at, true),
                params.bend_range_semitones.normalized_value_to_string(at, true),
                params.edits.normalized_value_to_string(at, true),
            ];
            assert!(!texts.iter().any(|text| is_negative_zero(text)), "{texts:?}");
        }
        // What rounds to nothing from below, as far as numbers go.
        let nearly_none = util::db_to_gain(-0.051).to_bits()..=util::db_to_gain(0.051).to_bits();
        for gain in nearly_none.map(f32::from_bits) {
            let text = params.gain.normalized_value_to_string(params.gain.preview_normalized(gain), true);
            assert!(!is_negative_zero(&text), "{gain}: {text}");
        }
    }
}
