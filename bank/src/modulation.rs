//! What moves while a zone sounds, beside its loudness: a filter, oscillators, further envelopes; and what silences it.
//!
//! Plain data, as files of samplers say it. Numbers that are none, or that nobody can hear, become harmless in `bounded`.

use serde::{Deserialize, Serialize};

/// A filter that each voice has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// What it lets through.
    pub kind: FilterKind,
    /// How often it is passed, one after another, 1..=3: two filters of two poles are one of four.
    pub stages: u8,
    /// Where it begins to cut, 1..=20,000 Hz, at the centre key.
    pub cutoff_hz: f32,
    /// Its quality factor in decibels, −40..=60: the gain that a low- or high-pass of two poles has at its cutoff. −3.01 is
    /// the flattest, what is higher rings there. (Robert Bristow-Johnson, "Cookbook formulae for audio equalizer biquad
    /// filter coefficients".)
    pub resonance_db: f32,
    /// How far the cutoff moves from one key to the next, in cents.
    pub key_tracking_cents: f32,
    /// The key that the cutoff is given for, 0..=127.
    pub key_center: u8,
    /// How far the highest velocity moves the cutoff, in cents; lower ones by as much less.
    pub velocity_tracking_cents: f32,
}

impl Default for Filter {
    fn default() -> Filter {
        Filter {
            kind: FilterKind::LowPass,
            stages: 1,
            cutoff_hz: Filter::OPEN_HZ,
            resonance_db: Filter::FLAT_DB,
            key_tracking_cents: 0.0,
            key_center: 60,
            velocity_tracking_cents: 0.0,
        }
    }
}

impl Filter {
    /// A low-pass from here on takes nothing away: 13,500 cents over 8.176 Hz (SoundFont 2.04, section 8.1.3).
    pub const OPEN_HZ: f32 = 19_912.13;
    /// Most that a voice passes one after another.
    pub const MOST_STAGES: u8 = 3;
    /// The resonance of a filter without a hump: a quality factor of half the square root of two.
    pub const FLAT_DB: f32 = -3.010_3;

    /// The same with every number in its range.
    pub fn bounded(self) -> Filter {
        Filter {
            kind: self.kind,
            stages: self.stages.clamp(1, Filter::MOST_STAGES),
            cutoff_hz: number(self.cutoff_hz, 1.0, 20_000.0, 20_000.0),
            resonance_db: number(self.resonance_db, -40.0, 60.0, Filter::FLAT_DB),
            key_tracking_cents: number(self.key_tracking_cents, -1_200.0, 1_200.0, 0.0),
            key_center: self.key_center.min(127),
            velocity_tracking_cents: number(self.velocity_tracking_cents, -9_600.0, 9_600.0, 0.0),
        }
    }
}

/// What a filter lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// What lies below the cutoff, falling by 12 dB an octave above.
    #[default]
    LowPass,
    /// What lies above, falling by 12 dB an octave below.
    HighPass,
    /// What lies around, falling by 6 dB an octave either way.
    BandPass,
    /// What does not lie around.
    BandReject,
    /// What lies below, falling by 6 dB an octave above.
    LowPassOnePole,
    /// What lies above, falling by 6 dB an octave below.
    HighPassOnePole,
}

/// How far something that moves takes others with it at its full height; negative numbers take them the other way.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Depths {
    /// The pitch, in cents, −12,000..=12,000.
    pub pitch_cents: f32,
    /// The cutoff of the filter, in cents, −12,000..=12,000.
    pub cutoff_cents: f32,
    /// The level, −96..=96 dB.
    pub gain_db: f32,
}

impl Depths {
    /// Whether nothing is moved.
    pub fn are_none(&self) -> bool {
        *self == Depths::default()
    }

    fn bounded(self) -> Depths {
        Depths {
            pitch_cents: number(self.pitch_cents, -12_000.0, 12_000.0, 0.0),
            cutoff_cents: number(self.cutoff_cents, -12_000.0, 12_000.0, 0.0),
            gain_db: number(self.gain_db, -96.0, 96.0, 0.0),
        }
    }
}

/// A band of an equalizer: what lies around a frequency is lifted or lowered. (R. Bristow-Johnson, "Cookbook formulae for
/// audio equalizer biquad filter coefficients", peaking EQ by its bandwidth.)
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Band {
    /// Its middle, 1..=20,000 Hz.
    pub freq_hz: f32,
    /// From where it lifts by half its decibels to where it does so again, 0.01..=10.
    pub octaves: f32,
    /// By how much its middle is lifted, −96..=96 dB.
    pub gain_db: f32,
}

impl Default for Band {
    fn default() -> Band {
        Band { freq_hz: 1_000.0, octaves: 1.0, gain_db: 0.0 }
    }
}

impl Band {
    /// The same with every number in its range.
    pub fn bounded(self) -> Band {
        Band {
            freq_hz: number(self.freq_hz, 1.0, 20_000.0, 1_000.0),
            octaves: number(self.octaves, 0.01, 10.0, 1.0),
            gain_db: number(self.gain_db, -96.0, 96.0, 0.0),
        }
    }
}

/// A low-frequency oscillator that begins with the note, from −1 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lfo {
    /// Periods in a second, 0..=200 Hz.
    pub freq_hz: f32,
    /// Still for so long.
    pub delay_secs: f32,
    /// After that, rises to its full depth over this time in a straight line.
    pub fade_secs: f32,
    /// Its form.
    #[serde(skip_serializing_if = "Wave::is_triangle")]
    pub wave: Wave,
    /// Where in its round it begins, 0..=1.
    #[serde(skip_serializing_if = "is_nought")]
    pub phase: f32,
    /// What it moves.
    pub depths: Depths,
}

fn is_nought(value: &f32) -> bool {
    *value == 0.0
}

/// The form of an oscillator, as SFZ counts them from 0 to 7. Pulses go between 0 and 1, for the first part of each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Named for their forms, and pulses for the part of a round that they are up.
pub enum Wave {
    /// From the middle up, down through the middle, and back.
    #[default]
    Triangle,
    /// The same way, rounded by parabolas.
    Sine,
    ThreeQuarters,
    Half,
    Quarter,
    Eighth,
    /// From the lowest to the highest.
    Rising,
    /// From the highest to the lowest.
    Falling,
}

impl Wave {
    /// By the number that SFZ gives them.
    pub(crate) const ALL: [Wave; 8] = [
        Wave::Triangle,
        Wave::Sine,
        Wave::ThreeQuarters,
        Wave::Half,
        Wave::Quarter,
        Wave::Eighth,
        Wave::Rising,
        Wave::Falling,
    ];

    fn is_triangle(&self) -> bool {
        *self == Wave::Triangle
    }
}

impl Lfo {
    /// The same with every number in its range.
    pub fn bounded(self) -> Lfo {
        Lfo {
            freq_hz: number(self.freq_hz, 0.0, 200.0, 0.0),
            delay_secs: secs(self.delay_secs),
            fade_secs: secs(self.fade_secs),
            wave: self.wave,
            phase: number(self.phase, 0.0, 1.0, 0.0),
            depths: self.depths.bounded(),
        }
    }
}

/// An envelope that moves pitch, cutoff or level: from 0 to 1, down to the sustain, and to 0 when the key is up, in
/// straight lines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModulationEnvelope {
    /// At 0 for so long.
    pub delay_secs: f32,
    /// From 0 to 1.
    pub attack_secs: f32,
    /// Whether the attack rises as the logarithm does, fast and then slow, as in SoundFonts, rather than straight.
    pub convex_attack: bool,
    /// At 1.
    pub hold_secs: f32,
    /// From 1 to the sustain.
    pub decay_secs: f32,
    /// Height while the key is held, 0..=1.
    pub sustain_norm: f32,
    /// From 1 to 0; from less in less time.
    pub release_secs: f32,
    /// Whether decay and release fall by a factor of e⁻⁹ in their time, as in SFZ, rather than straight; a decay stops at the
    /// sustain.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exponential_falls: bool,
    /// What it moves.
    pub depths: Depths,
}

impl ModulationEnvelope {
    /// The exponent by which exponential falls fall in their time.
    pub const FALL: f32 = 9.0;
}

impl Default for ModulationEnvelope {
    fn default() -> ModulationEnvelope {
        ModulationEnvelope {
            delay_secs: 0.0,
            attack_secs: 0.0,
            convex_attack: false,
            hold_secs: 0.0,
            decay_secs: 0.0,
            sustain_norm: 1.0,
            release_secs: 0.0,
            exponential_falls: false,
            depths: Depths::default(),
        }
    }
}

impl ModulationEnvelope {
    /// The same with every number in its range.
    pub fn bounded(self) -> ModulationEnvelope {
        ModulationEnvelope {
            delay_secs: secs(self.delay_secs),
            attack_secs: secs(self.attack_secs),
            convex_attack: self.convex_attack,
            hold_secs: secs(self.hold_secs),
            decay_secs: secs(self.decay_secs),
            sustain_norm: number(self.sustain_norm, 0.0, 1.0, 1.0),
            release_secs: secs(self.release_secs),
            exponential_falls: self.exponential_falls,
            depths: self.depths.bounded(),
        }
    }
}

/// Which notes of its instrument silence a zone, and which it silences: the open hi-hat and the closed one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choke {
    /// A note of this zone silences what is silenced by this group; 0 for none.
    pub group: u32,
    /// The group that silences this zone; 0 for none.
    pub off_by: u32,
    /// Then it falls by 60 dB in so long; `None` for its own release.
    pub off_secs: Option<f32>,
    /// Whether a new strike of its key by a zone of the same group silences it.
    #[serde(skip_serializing_if = "Restrike::is_passed_over")]
    pub restrike: Restrike,
}

/// What a sounding zone makes of a new strike of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restrike {
    /// It sounds on.
    #[default]
    PassedOver,
    /// It is silenced, unless it was struck harder.
    SilencesSofter,
    /// It is silenced.
    Silences,
}

impl Restrike {
    fn is_passed_over(&self) -> bool {
        *self == Restrike::PassedOver
    }
}

impl Choke {
    /// The same with every number in its range.
    pub fn bounded(self) -> Choke {
        Choke { off_secs: self.off_secs.map(secs), ..self }
    }
}

/// Longest stage of an envelope, and longest delay.
const MOST_SECS: f32 = 100.0;

pub(crate) fn secs(secs: f32) -> f32 {
    number(secs, 0.0, MOST_SECS, 0.0)
}

pub(crate) fn number(value: f32, low: f32, high: f32, rest: f32) -> f32 {
    if value.is_finite() { value.clamp(low, high) } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_none_become_harmless() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30] {
            let depths = Depths { pitch_cents: bad, cutoff_cents: bad, gain_db: bad };
            let filter = Filter {
                cutoff_hz: bad,
                resonance_db: bad,
                key_tracking_cents: bad,
                key_center: 255,
                stages: 255,
                velocity_tracking_cents: bad,
                ..Filter::default()
            };
            let filter = filter.bounded();
            assert!((1.0..=20_000.0).contains(&filter.cutoff_hz) && filter.key_center == 127);
            assert_eq!(filter.stages, 3);
            assert!((-40.0..=60.0).contains(&filter.resonance_db));
            assert!(filter.key_tracking_cents.abs() <= 1_200.0);
            assert!(filter.velocity_tracking_cents.abs() <= 9_600.0);
            let wave = Wave::Rising;
            let lfo =
                Lfo { freq_hz: bad, delay_secs: bad, fade_secs: bad, wave, phase: bad, depths }.bounded();
            assert!((0.0..=200.0).contains(&lfo.freq_hz) && (0.0..=1.0).contains(&lfo.phase));
            let band = Band { freq_hz: bad, octaves: bad, gain_db: bad }.bounded();
            assert!((1.0..=20_000.0).contains(&band.freq_hz) && (0.01..=10.0).contains(&band.octaves));
            assert!(band.gain_db.abs() <= 96.0);
            let envelope = ModulationEnvelope {
                delay_secs: bad,
                attack_secs: bad,
                hold_secs: bad,
                decay_secs: bad,
                sustain_norm: bad,
                release_secs: bad,
                depths,
                convex_attack: true,
                exponential_falls: true,
            };
            let envelope = envelope.bounded();
            let off_secs = Choke { off_secs: Some(bad), ..Choke::default() }.bounded().off_secs.unwrap();
            for secs in [
                lfo.delay_secs,
                lfo.fade_secs,
                envelope.delay_secs,
                envelope.attack_secs,
                envelope.hold_secs,
                envelope.decay_secs,
                envelope.release_secs,
                off_secs,
            ] {
                assert!((0.0..=MOST_SECS).contains(&secs));
            }
            assert!((0.0..=1.0).contains(&envelope.sustain_norm));
            for depths in [lfo.depths, envelope.depths] {
                assert!(depths.pitch_cents.abs() <= 12_000.0 && depths.cutoff_cents.abs() <= 12_000.0);
                assert!(depths.gain_db.abs() <= 96.0);
            }
        }
    }
}
