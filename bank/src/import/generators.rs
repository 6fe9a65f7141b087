//! The numbers of a SoundFont zone (SoundFont 2.04, section 8.1.2), from its own and its preset's lists to what is played.

use soundfont::raw::{Generator, GeneratorAmount};

use crate::Envelope;

/// Numbers of generators, as the standard counts them.
pub(crate) mod number {
    pub const START: usize = 0;
    pub const END: usize = 1;
    pub const LOOP_START: usize = 2;
    pub const LOOP_END: usize = 3;
    pub const START_COARSE: usize = 4;
    pub const FILTER_CUTOFF: usize = 8;
    pub const END_COARSE: usize = 12;
    pub const PAN: usize = 17;
    pub const DELAY: usize = 33;
    pub const ATTACK: usize = 34;
    pub const HOLD: usize = 35;
    pub const DECAY: usize = 36;
    pub const SUSTAIN: usize = 37;
    pub const RELEASE: usize = 38;
    pub const KEY_TO_HOLD: usize = 39;
    pub const KEY_TO_DECAY: usize = 40;
    pub const INSTRUMENT: usize = 41;
    pub const KEYS: usize = 43;
    pub const VELOCITIES: usize = 44;
    pub const LOOP_START_COARSE: usize = 45;
    pub const ATTENUATION: usize = 48;
    pub const LOOP_END_COARSE: usize = 50;
    pub const COARSE_TUNE: usize = 51;
    pub const FINE_TUNE: usize = 52;
    pub const SAMPLE: usize = 53;
    pub const MODES: usize = 54;
    pub const SCALE_TUNING: usize = 56;
    pub const ROOT: usize = 58;
    pub const COUNT: usize = 61;
}

/// What is left out where it is set, with the value that it has when it is not.
const LEFT_OUT: [(usize, &str, i32); 15] = [
    (5, "modLfoToPitch", 0),
    (6, "vibLfoToPitch", 0),
    (7, "modEnvToPitch", 0),
    (number::FILTER_CUTOFF, "initialFilterFc", 13_500),
    (9, "initialFilterQ", 0),
    (10, "modLfoToFilterFc", 0),
    (11, "modEnvToFilterFc", 0),
    (13, "modLfoToVolume", 0),
    (15, "chorusEffectsSend", 0),
    (16, "reverbEffectsSend", 0),
    (number::DELAY, "delayVolEnv", -12_000),
    (46, "keynum", -1),
    (47, "velocity", -1),
    (57, "exclusiveClass", 0),
    (55, "reserved3", 0),
];

/// The value of each generator, where the file sets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Generators([Option<i32>; number::COUNT]);

impl Generators {
    /// The generators of a list; the last one of a kind holds.
    pub fn of(list: &[Generator]) -> Generators {
        let mut values = [None; number::COUNT];
        for generator in list {
            let value = match &generator.amount {
                GeneratorAmount::I16(value) => i32::from(*value),
                GeneratorAmount::U16(value) => i32::from(*value),
                GeneratorAmount::Range(range) => i32::from(range.low) | i32::from(range.high) << 8,
            };
            if let Some(place) = values.get_mut(usize::from(generator.ty.as_raw())) {
                *place = Some(value);
            }
        }
        Generators(values)
    }

    pub fn get(&self, number: usize) -> Option<i32> {
        self.0[number]
    }

    /// What holds of a zone, with the global zone of its list under it.
    pub fn over(mut self, global: &Generators) -> Generators {
        for (value, rest) in self.0.iter_mut().zip(&global.0) {
            *value = value.or(*rest);
        }
        self
    }

    /// The zone of an instrument with that of a preset added.
    pub fn plus(mut self, preset: &Generators) -> Generators {
        for (i, (value, added)) in self.0.iter_mut().zip(&preset.0).enumerate() {
            let Some(added) = added.filter(|_| is_added(i)) else { continue };
            *value = Some(value.unwrap_or_else(|| default(i)) + added);
        }
        self
    }

    fn value(&self, number: usize) -> i32 {
        self.0[number].unwrap_or_else(|| default(number))
    }

    /// Keys or velocities, both included; all where nothing is said.
    pub fn range(&self, number: usize) -> (u8, u8) {
        self.0[number].map_or((0, 127), |range| ((range & 0x7f) as u8, (range >> 8 & 0x7f) as u8))
    }

    /// Names of what is left out.
    pub fn left_out(&self) -> impl Iterator<Item = &'static str> {
        LEFT_OUT
            .into_iter()
            .filter(|&(number, _, rest)| self.0[number].is_some_and(|value| value != rest))
            // The standard counts cutoffs from 13,500 up as an open filter, and delays of a millisecond as none.
            .filter(|&(number, _, rest)| match number {
                number::FILTER_CUTOFF | number::DELAY => {
                    (self.value(number) < rest) == (number == number::FILTER_CUTOFF)
                }
                _ => true,
            })
            .map(|(_, name, _)| name)
    }

    /// Frames by which start, end, start and end of the loop are moved.
    pub fn moved_frames(&self) -> [i64; 4] {
        let moved =
            |fine: usize, coarse: usize| i64::from(self.value(fine)) + 32_768 * i64::from(self.value(coarse));
        [
            moved(number::START, number::START_COARSE),
            moved(number::END, number::END_COARSE),
            moved(number::LOOP_START, number::LOOP_START_COARSE),
            moved(number::LOOP_END, number::LOOP_END_COARSE),
        ]
    }

    /// -1 left to 1 right.
    pub fn pan(&self) -> f32 {
        (self.value(number::PAN) as f32 / 500.0).clamp(-1.0, 1.0)
    }

    /// Sound cards and players give two fifths of the attenuation that is written, and banks are made by ear on them.
    pub fn gain_db(&self) -> f32 {
        -0.04 * self.value(number::ATTENUATION).clamp(0, 1440) as f32
    }

    /// Coarse and fine, in semitones.
    pub fn tune_semitones(&self) -> f32 {
        self.value(number::COARSE_TUNE) as f32 + self.value(number::FINE_TUNE) as f32 / 100.0
    }

    /// Semitones from key to key.
    pub fn tracking(&self) -> f32 {
        self.value(number::SCALE_TUNING).clamp(0, 1200) as f32 / 100.0
    }

    /// The envelope; where its times depend on the key, those of `key`.
    pub fn envelope(&self, key: u8) -> Envelope {
        let shift = |number: usize| self.value(number) * (60 - i32::from(key));
        let secs = |number: usize, shift: i32| {
            let cents = self.value(number) + shift;
            if cents <= -12_000 { 0.0 } else { (cents.min(8_000) as f32 / 1200.0).exp2() }
        };
        let sustain_db = (self.value(number::SUSTAIN).clamp(0, 1440) as f32 / 10.0).min(100.0);
        Envelope {
            attack_secs: secs(number::ATTACK, 0),
            hold_secs: secs(number::HOLD, shift(number::KEY_TO_HOLD)),
            // Decay and release are times over 100 dB.
            decay_secs: secs(number::DECAY, shift(number::KEY_TO_DECAY)) * sustain_db / 100.0,
            sustain_norm: if sustain_db >= 100.0 { 0.0 } else { 10f32.powf(-sustain_db / 20.0) },
            release_secs: 0.6 * secs(number::RELEASE, 0),
        }
    }
}

fn default(number: usize) -> i32 {
    match number {
        number::FILTER_CUTOFF => 13_500,
        21 | 23 | 25..=28 | 30 | number::DELAY..=number::DECAY | number::RELEASE => -12_000,
        46 | 47 | number::ROOT => -1,
        number::SCALE_TUNING => 100,
        _ => 0,
    }
}

/// Presets add to what an instrument says, except for what only an instrument can say.
fn is_added(number: usize) -> bool {
    !matches!(
        number,
        number::START
            ..=number::START_COARSE
                | number::END_COARSE
                | number::INSTRUMENT
                | number::KEYS
                | number::VELOCITIES
                | number::LOOP_START_COARSE
                | 46
                | 47
                | number::LOOP_END_COARSE
                | number::SAMPLE
                | number::MODES
                | 57
                | number::ROOT
    )
}
