//! The parameters that the Engine follows, made safe.

use serde::{Deserialize, Serialize};

use crate::handoff::SLOTS;

/// What a key plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The slot's sound, transposed to the key.
    #[default]
    Chromatic,
    /// The slot's sound at its drawn pitch, whatever the key.
    Drawn,
    /// Each key its own slot, at the drawn pitch: slot 0 on key 36 (C2, where drum maps begin), slot 15 on key 51,
    /// and so on round in both directions.
    Slots,
}

impl Mode {
    /// The key of slot 0 in [`Mode::Slots`].
    pub const FIRST_SLOT_KEY: u8 = 36;

    /// The slot that a key plays in [`Mode::Slots`].
    pub fn slot_of_key(key: u8) -> usize {
        (i32::from(key) - i32::from(Mode::FIRST_SLOT_KEY)).rem_euclid(SLOTS as i32) as usize
    }
}

/// The parameters, as they stand for a whole block. A host that automates one inside a block splits the block there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The slot that new notes take, 0..[`SLOTS`].
    pub slot: usize,
    /// What a key plays.
    pub mode: Mode,
    /// From silence to the peak, 0..=30 seconds. 0 leaves the sound's own attack untouched.
    pub attack_secs: f32,
    /// From the peak until the sustain is reached, 0..=30 seconds.
    pub decay_secs: f32,
    /// Level that a held key keeps, linear, 0..=1.
    pub sustain_norm: f32,
    /// From the key's release until silence (60 dB of decay), 0..=30 seconds.
    pub release_secs: f32,
    /// Linear gain of the output, 0..=8.
    pub gain: f32,
    /// Reach of the pitch wheel in each direction, 0..=96 semitones.
    pub bend_range_semitones: f32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            slot: 0,
            mode: Mode::Chromatic,
            attack_secs: 0.0,
            decay_secs: 0.1,
            sustain_norm: 1.0,
            release_secs: 0.25,
            gain: 1.0,
            bend_range_semitones: 2.0,
        }
    }
}

impl Settings {
    /// Every number finite and in its range: NaN and infinities become the default, the rest is clamped.
    pub fn sanitised(&self) -> Settings {
        let rest = Settings::default();
        Settings {
            slot: self.slot.min(SLOTS - 1),
            mode: self.mode,
            attack_secs: within(self.attack_secs, 0.0, 30.0, rest.attack_secs),
            decay_secs: within(self.decay_secs, 0.0, 30.0, rest.decay_secs),
            sustain_norm: within(self.sustain_norm, 0.0, 1.0, rest.sustain_norm),
            release_secs: within(self.release_secs, 0.0, 30.0, rest.release_secs),
            gain: within(self.gain, 0.0, 8.0, rest.gain),
            bend_range_semitones: within(self.bend_range_semitones, 0.0, 96.0, rest.bend_range_semitones),
        }
    }
}

/// `value` clamped to `low..=high`, or `rest` where it is not finite.
pub(super) fn within(value: f32, low: f32, high: f32, rest: f32) -> f32 {
    if value.is_finite() { value.clamp(low, high) } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_become_the_default() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let settings = Settings {
                slot: usize::MAX,
                attack_secs: bad,
                decay_secs: bad,
                sustain_norm: bad,
                release_secs: bad,
                gain: bad,
                bend_range_semitones: bad,
                ..Settings::default()
            };
            assert_eq!(settings.sanitised(), Settings { slot: SLOTS - 1, ..Settings::default() });
        }
    }

    #[test]
    fn keys_walk_the_slots_in_both_directions() {
        for (key, slot) in [(36, 0), (37, 1), (51, 15), (52, 0), (35, 15), (0, 12), (127, 11)] {
            assert_eq!(Mode::slot_of_key(key), slot, "key {key}");
        }
    }
}
