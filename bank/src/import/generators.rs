//! The numbers of a SoundFont zone (SoundFont 2.04, section 8.1.2), from its own and its preset's lists to what is played.

use soundfont::raw::{Generator, GeneratorAmount};

use super::modulators::CutoffMoves;
use crate::{Choke, Depths, Envelope, Filter, Follow, Lfo, ModulationEnvelope, Moves};

/// Numbers of generators, as the standard counts them.
pub(crate) mod number {
    pub const START: usize = 0;
    pub const END: usize = 1;
    pub const LOOP_START: usize = 2;
    pub const LOOP_END: usize = 3;
    pub const START_COARSE: usize = 4;
    pub const MOD_LFO_TO_PITCH: usize = 5;
    pub const VIB_LFO_TO_PITCH: usize = 6;
    pub const MOD_ENV_TO_PITCH: usize = 7;
    pub const FILTER_CUTOFF: usize = 8;
    pub const FILTER_Q: usize = 9;
    pub const MOD_LFO_TO_CUTOFF: usize = 10;
    pub const MOD_ENV_TO_CUTOFF: usize = 11;
    pub const END_COARSE: usize = 12;
    pub const MOD_LFO_TO_VOLUME: usize = 13;
    pub const PAN: usize = 17;
    pub const MOD_LFO_DELAY: usize = 21;
    pub const MOD_LFO_FREQ: usize = 22;
    pub const VIB_LFO_DELAY: usize = 23;
    pub const VIB_LFO_FREQ: usize = 24;
    pub const MOD_DELAY: usize = 25;
    pub const MOD_ATTACK: usize = 26;
    pub const MOD_HOLD: usize = 27;
    pub const MOD_DECAY: usize = 28;
    pub const MOD_SUSTAIN: usize = 29;
    pub const MOD_RELEASE: usize = 30;
    pub const KEY_TO_MOD_HOLD: usize = 31;
    pub const KEY_TO_MOD_DECAY: usize = 32;
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
    pub const KEY_NUMBER: usize = 46;
    pub const VELOCITY: usize = 47;
    pub const ATTENUATION: usize = 48;
    pub const LOOP_END_COARSE: usize = 50;
    pub const COARSE_TUNE: usize = 51;
    pub const FINE_TUNE: usize = 52;
    pub const SAMPLE: usize = 53;
    pub const MODES: usize = 54;
    pub const SCALE_TUNING: usize = 56;
    pub const EXCLUSIVE_CLASS: usize = 57;
    pub const ROOT: usize = 58;
    pub const COUNT: usize = 61;
}

/// What is left out where it is set, with the value that it has when it is not.
const LEFT_OUT: [(usize, &str, i32); 3] =
    [(15, "chorusEffectsSend", 0), (16, "reverbEffectsSend", 0), (55, "reserved3", 0)];
/// Quality factor of a filter whose resonance is given as none, in decibels: the standard counts from no hump at all.
const NO_RESONANCE_DB: f32 = Filter::FLAT_DB;
/// Centibels over full level that an attenuation may ask for.
const LOUDEST: i32 = 200;
/// Stages of the modulation envelope below this are none: editors write a millisecond where they mean so.
const SHORTEST_SECS: f32 = 1.1e-3;
/// Absolute cents of an open filter.
const OPEN_CENTS: i32 = 13_500;
/// A note that is silenced by another of its class falls by 60 dB in this time: FluidSynth lets go of it by −200 timecents
/// over 100 dB, as was found by listening to hi-hats.
const EXCLUDED_SECS: f32 = 0.6 * 0.890_899;

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

    /// The same with some moved by so much, as far as a note may move them.
    pub fn moved(mut self, by: &[(usize, i32)]) -> Generators {
        for &(number, by) in by.iter().filter(|(number, by)| *by != 0 && is_added(*number)) {
            if let Some(value) = self.0.get_mut(number) {
                *value = Some(value.unwrap_or_else(|| default(number)).saturating_add(by));
            }
        }
        self
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

    /// Sound cards and players give two fifths of the attenuation that is written, and banks are made by ear on them; and so
    /// they are on those that let a preset take back what its instrument lacks, as FluidSynth does.
    pub fn gain_db(&self) -> f32 {
        -0.04 * self.value(number::ATTENUATION).clamp(-LOUDEST, 1440) as f32
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
        let sustain_db = (self.value(number::SUSTAIN).clamp(0, 1440) as f32 / 10.0).min(100.0);
        Envelope {
            delay_secs: self.secs(number::DELAY, 0),
            attack_secs: self.secs(number::ATTACK, 0),
            hold_secs: self.secs(number::HOLD, self.shift(number::KEY_TO_HOLD, key)),
            // Decay and release are times over 100 dB.
            decay_secs: self.secs(number::DECAY, self.shift(number::KEY_TO_DECAY, key)) * sustain_db / 100.0,
            sustain_norm: if sustain_db >= 100.0 { 0.0 } else { 10f32.powf(-sustain_db / 20.0) },
            release_secs: 0.6 * self.secs(number::RELEASE, 0),
        }
    }

    /// A time in timecents, moved by so many.
    fn secs(&self, number: usize, shift: i32) -> f32 {
        let cents = self.value(number) + shift;
        if cents <= -12_000 { 0.0 } else { (cents.min(8_000) as f32 / 1200.0).exp2() }
    }

    /// Timecents by which a key moves a time.
    fn shift(&self, number: usize, key: u8) -> i32 {
        self.value(number) * (60 - i32::from(key))
    }

    fn cents(&self, number: usize) -> f32 {
        self.value(number).clamp(-12_000, 12_000) as f32
    }

    /// The height of the resonance over a filter without any.
    fn resonance_db(&self) -> f32 {
        self.value(number::FILTER_Q).clamp(0, 960) as f32 / 10.0
    }

    /// By how much the resonance lowers everything: by half its height, whether the filter is open or not.
    pub fn resonance_gain_db(&self) -> f32 {
        -self.resonance_db() / 2.0
    }

    /// The filter, unless it stays open. `follows` are what the zone follows.
    pub fn filter(&self, moves: CutoffMoves, follows: &[Follow]) -> Option<Filter> {
        let cutoff = self.value(number::FILTER_CUTOFF).clamp(1_500, OPEN_CENTS) + moves.cents.round() as i32;
        let cutoff = cutoff.clamp(1_500, OPEN_CENTS);
        let moved = [number::MOD_LFO_TO_CUTOFF, number::MOD_ENV_TO_CUTOFF];
        let is_still = (moves.cents_by_key, moves.cents_by_velocity) == (0.0, 0.0)
            && moved.iter().all(|&number| self.value(number) == 0);
        let opens = |it: &Follow| {
            use Moves::{CutoffCents, EnvelopeCutoffCents, LfoCutoffCents};
            matches!(it.moves, CutoffCents | EnvelopeCutoffCents(_) | LfoCutoffCents(_))
        };
        let stays_open = cutoff == OPEN_CENTS && is_still && !follows.iter().any(opens);
        (!stays_open).then(|| Filter {
            cutoff_hz: hz(cutoff),
            resonance_db: self.resonance_db() + NO_RESONANCE_DB,
            key_tracking_cents: moves.cents_by_key,
            key_center: moves.key,
            velocity_tracking_cents: moves.cents_by_velocity,
            ..Filter::default()
        })
    }

    /// The modulation and the vibrato oscillator, as far as they move anything or will, by what the zone follows.
    pub fn lfos(&self, follows: &[Follow]) -> [Option<Lfo>; 2] {
        let is_followed = |place: u8| {
            use Moves::{LfoCutoffCents, LfoGainDb, LfoPitchCents};
            let moves = [LfoPitchCents(place), LfoCutoffCents(place), LfoGainDb(place)];
            follows.iter().any(|it| moves.contains(&it.moves))
        };
        let lfo = |place: u8, freq: usize, delay: usize, depths: Depths| {
            (!depths.are_none() || is_followed(place)).then(|| Lfo {
                freq_hz: hz(self.value(freq).clamp(-16_000, 4_500)),
                delay_secs: self.secs(delay, 0),
                depths,
                ..Lfo::default()
            })
        };
        let modulation = Depths {
            pitch_cents: self.cents(number::MOD_LFO_TO_PITCH),
            cutoff_cents: self.cents(number::MOD_LFO_TO_CUTOFF),
            gain_db: self.value(number::MOD_LFO_TO_VOLUME).clamp(-960, 960) as f32 / 10.0,
        };
        let vibrato = Depths { pitch_cents: self.cents(number::VIB_LFO_TO_PITCH), ..Depths::default() };
        [
            lfo(0, number::MOD_LFO_FREQ, number::MOD_LFO_DELAY, modulation),
            lfo(1, number::VIB_LFO_FREQ, number::VIB_LFO_DELAY, vibrato),
        ]
    }

    /// The modulation envelope, if it moves anything or will, by what the zone follows; where its times depend on the key,
    /// those of `key`.
    pub fn modulation_envelope(&self, key: u8, follows: &[Follow]) -> Option<ModulationEnvelope> {
        let moves = [Moves::EnvelopePitchCents(0), Moves::EnvelopeCutoffCents(0)];
        let is_followed = follows.iter().any(|it| moves.contains(&it.moves));
        let depths = Depths {
            pitch_cents: self.cents(number::MOD_ENV_TO_PITCH),
            cutoff_cents: self.cents(number::MOD_ENV_TO_CUTOFF),
            gain_db: 0.0,
        };
        let sustain_norm = 1.0 - self.value(number::MOD_SUSTAIN).clamp(0, 1_000) as f32 / 1_000.0;
        let stage = |secs: f32| if secs < SHORTEST_SECS { 0.0 } else { secs };
        (!depths.are_none() || is_followed).then(|| ModulationEnvelope {
            delay_secs: stage(self.secs(number::MOD_DELAY, 0)),
            attack_secs: stage(self.secs(number::MOD_ATTACK, 0)),
            convex_attack: true,
            hold_secs: stage(self.secs(number::MOD_HOLD, self.shift(number::KEY_TO_MOD_HOLD, key))),
            // The time is that of the way from full height to nothing.
            decay_secs: self.secs(number::MOD_DECAY, self.shift(number::KEY_TO_MOD_DECAY, key))
                * (1.0 - sustain_norm),
            sustain_norm,
            release_secs: self.secs(number::MOD_RELEASE, 0),
            exponential_falls: false,
            depths,
        })
    }

    /// The class of zones that silence each other.
    pub fn choke(&self) -> Option<Choke> {
        let class = self.value(number::EXCLUSIVE_CLASS).clamp(0, 127) as u32;
        (class > 0).then_some(Choke {
            group: class,
            off_by: class,
            off_secs: Some(EXCLUDED_SECS),
            ..Choke::default()
        })
    }

    /// The key that is played whatever the key that is struck.
    pub fn key_number(&self) -> Option<u8> {
        u8::try_from(self.value(number::KEY_NUMBER)).ok().filter(|key| *key <= 127)
    }

    /// The velocity that is played whatever the velocity that is struck.
    pub fn velocity(&self) -> Option<u8> {
        u8::try_from(self.value(number::VELOCITY)).ok().filter(|velocity| (1..=127).contains(velocity))
    }
}

/// Absolute cents as a frequency.
fn hz(cents: i32) -> f32 {
    8.175_799 * (cents as f32 / 1200.0).exp2()
}

fn default(number: usize) -> i32 {
    match number {
        number::FILTER_CUTOFF => OPEN_CENTS,
        number::MOD_LFO_DELAY | number::VIB_LFO_DELAY | number::MOD_DELAY..=number::MOD_DECAY => -12_000,
        number::MOD_RELEASE | number::DELAY..=number::DECAY | number::RELEASE => -12_000,
        number::KEY_NUMBER | number::VELOCITY | number::ROOT => -1,
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
                | number::KEY_NUMBER
                | number::VELOCITY
                | number::LOOP_END_COARSE
                | number::SAMPLE
                | number::MODES
                | number::EXCLUSIVE_CLASS
                | number::ROOT
    )
}
