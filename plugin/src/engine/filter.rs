//! The filter of a voice.
//!
//! Two poles as a state-variable filter, one pole as an integrator, both solved for their feedback without delay (V.
//! Zavalishin, "The Art of VA Filter Design", 2012): they are as loud at every frequency as the bilinear transform of the
//! analogue filter, and whatever way the cutoff moves they stay stable.

use neume_bank::{Filter as Told, FilterKind};

use super::reader::CHUNK;

/// Share of the rate beyond which no cutoff is set.
pub(super) const HIGHEST: f32 = 0.45;
/// States below this are silence: they would only shrink to numbers that are slow to work with.
const SILENCE: f32 = 1e-15;
/// States beyond this come from no sound; the filter begins anew.
const ABSURD: f32 = 1e9;

/// One voice's filter, for both of its sides.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    kind: FilterKind,
    /// The cutoff that nothing moves.
    cutoff_hz: f32,
    rate_hz: f32,
    /// The damping: 1 / quality factor.
    damping: f32,
    /// How many of the stages are passed.
    stages: usize,
    /// What the two integrators of each side hold, in each stage.
    states: [[[f32; 2]; 2]; Told::MOST_STAGES as usize],
}

impl Filter {
    /// The filter of a zone for a note of this key and velocity (0..1); `None` where it takes nothing away. `moves` says
    /// whether something will move its cutoff.
    pub fn of(told: Told, pitch_midi: f64, velocity: f32, rate_hz: f32, moves: bool) -> Option<Filter> {
        let told = told.bounded();
        let keys = pitch_midi as f32 - f32::from(told.key_center);
        let cents = told.key_tracking_cents * keys + told.velocity_tracking_cents * velocity;
        let cutoff_hz = told.cutoff_hz * (cents / 1200.0).exp2();
        let is_low = matches!(told.kind, FilterKind::LowPass | FilterKind::LowPassOnePole);
        if is_low && cutoff_hz >= Told::OPEN_HZ && !moves {
            return None;
        }
        let damping = 10f32.powf(-told.resonance_db / 20.0);
        let stages = usize::from(told.stages);
        Some(Filter { kind: told.kind, cutoff_hz, rate_hz, damping, stages, states: Default::default() })
    }

    /// The gain of its integrators where the cutoff is moved by so many cents.
    pub fn pace(&self, cents: f32) -> f32 {
        let cutoff_hz = self.cutoff_hz * (cents / 1200.0).exp2();
        let most_hz = Told::OPEN_HZ.min(HIGHEST * self.rate_hz);
        (std::f32::consts::PI * cutoff_hz.clamp(1.0, most_hz) / self.rate_hz).tan()
    }

    /// Filters the first `count` frames of one side or both. The pace goes on in equal steps from the last corner, which lies
    /// so many frames back: what a frame gets is the same wherever a piece begins.
    pub fn run(
        &mut self,
        samples: &mut [[f32; CHUNK]; 2],
        stereo: bool,
        count: usize,
        (pace, step, at): (f32, f32, usize),
    ) {
        let pace_of = |i: usize| pace + step * (at + i) as f32;
        let mut states = self.states;
        for states in states.iter_mut().take(self.stages) {
            match (self.is_one_pole(), stereo) {
                (true, true) => self.one_pole::<2>(states, samples, count, pace_of),
                (true, false) => self.one_pole::<1>(states, samples, count, pace_of),
                (false, true) => self.two_poles::<2>(states, samples, count, pace_of, step == 0.0),
                (false, false) => self.two_poles::<1>(states, samples, count, pace_of, step == 0.0),
            }
        }
        self.states = states;
    }

    fn is_one_pole(&self) -> bool {
        matches!(self.kind, FilterKind::LowPassOnePole | FilterKind::HighPassOnePole)
    }

    fn two_poles<const SIDES: usize>(
        &self,
        held: &mut [[f32; 2]; 2],
        samples: &mut [[f32; CHUNK]; 2],
        count: usize,
        pace_of: impl Fn(usize) -> f32,
        is_steady: bool,
    ) {
        let damping = self.damping;
        // How much of the input, of what passes the band and of what passes below is heard.
        let [dry, band, low] = match self.kind {
            FilterKind::LowPass | FilterKind::LowPassOnePole => [0.0, 0.0, 1.0],
            FilterKind::HighPass | FilterKind::HighPassOnePole => [1.0, -damping, -1.0],
            FilterKind::BandPass => [0.0, damping, 0.0],
            FilterKind::BandReject => [1.0, -damping, 0.0],
        };
        let gains = |pace: f32| {
            let whole = 1.0 / (1.0 + pace * (pace + damping));
            (whole, pace * whole, pace * pace * whole)
        };
        let mut coefficients = gains(pace_of(0));
        let mut states = *held;
        let [left, right] = samples;
        for (i, frame) in left.iter_mut().zip(right).take(count).enumerate() {
            if !is_steady {
                coefficients = gains(pace_of(i));
            }
            let (a, b, c) = coefficients;
            for (sample, state) in <[&mut f32; 2]>::from(frame).into_iter().zip(&mut states).take(SIDES) {
                let [first, second] = *state;
                let rest = *sample - second;
                let passed = a * first + b * rest;
                let below = second + b * first + c * rest;
                *state = [2.0 * passed - first, 2.0 * below - second];
                *sample = dry * *sample + band * passed + low * below;
            }
        }
        *held = states;
    }

    fn one_pole<const SIDES: usize>(
        &self,
        states: &mut [[f32; 2]; 2],
        samples: &mut [[f32; CHUNK]; 2],
        count: usize,
        pace_of: impl Fn(usize) -> f32,
    ) {
        let is_high = self.kind == FilterKind::HighPassOnePole;
        let [left, right] = samples;
        for (i, frame) in left.iter_mut().zip(right).take(count).enumerate() {
            let pace = pace_of(i);
            let gain = pace / (1.0 + pace);
            let sides = <[&mut f32; 2]>::from(frame).into_iter().zip(&mut *states);
            for (sample, [state, _]) in sides.take(SIDES) {
                let way = (*sample - *state) * gain;
                let low = way + *state;
                *state = low + way;
                *sample = if is_high { *sample - low } else { low };
            }
        }
    }

    /// Brings to rest what is as good as silent, or absurd.
    pub fn settle(&mut self) {
        settle(self.states.iter_mut().flatten().flatten());
    }
}

/// Brings states to rest that are as good as silent, or absurd.
pub(super) fn settle<'a>(states: impl Iterator<Item = &'a mut f32>) {
    for state in states {
        if !(SILENCE..ABSURD).contains(&state.abs()) {
            *state = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f32 = 48_000.0;

    fn filter(kind: FilterKind, cutoff_hz: f32, resonance_db: f32) -> Filter {
        let told = Told { kind, cutoff_hz, resonance_db, ..Told::default() };
        Filter::of(told, 60.0, 1.0, RATE_HZ, true).unwrap()
    }

    /// The gain at a frequency in decibels, once the filter has settled.
    fn gain_db(mut filter: Filter, hz: f32) -> f32 {
        let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(RATE_HZ);
        let pace = filter.pace(0.0);
        let (mut seen, mut given) = (0.0, 0.0);
        for chunk in 0..1_500 {
            let mut samples = [[0.0; CHUNK]; 2];
            for (i, sample) in samples[0].iter_mut().enumerate() {
                *sample = (turn * (chunk * CHUNK + i) as f64).sin() as f32;
            }
            let input = samples[0];
            filter.run(&mut samples, false, CHUNK, (pace, 0.0, 0));
            if chunk >= 750 {
                let power = |side: &[f32]| side.iter().map(|x| f64::from(x * x)).sum::<f64>();
                (seen, given) = (seen + power(&samples[0]), given + power(&input));
            }
        }
        10.0 * (seen / given).log10() as f32
    }

    /// Of the analogue filter at the frequency that the bilinear transform makes of this one.
    fn expected_db(kind: FilterKind, cutoff_hz: f32, resonance_db: f32, hz: f32) -> f32 {
        let warped = |hz: f32| (std::f32::consts::PI * hz / RATE_HZ).tan();
        let x = warped(hz) / warped(cutoff_hz);
        let damping = 10f32.powf(-resonance_db / 20.0);
        let whole = ((1.0 - x * x).powi(2) + (damping * x).powi(2)).sqrt();
        let pole = (1.0 + x * x).sqrt();
        20.0 * match kind {
            FilterKind::LowPass => 1.0 / whole,
            FilterKind::HighPass => x * x / whole,
            FilterKind::BandPass => damping * x / whole,
            FilterKind::BandReject => (1.0 - x * x).abs() / whole,
            FilterKind::LowPassOnePole => 1.0 / pole,
            FilterKind::HighPassOnePole => x / pole,
        }
        .log10()
    }

    #[test]
    fn every_kind_lets_through_what_it_should() {
        use FilterKind::{BandPass, BandReject, HighPass, HighPassOnePole, LowPass, LowPassOnePole};
        for kind in [LowPass, HighPass, BandPass, BandReject, LowPassOnePole, HighPassOnePole] {
            for (cutoff_hz, resonance_db) in [(200.0, -3.0103), (1_000.0, 12.0), (8_000.0, 0.0)] {
                for hz in [50.0, 150.0, 1_050.0, 4_000.0, 12_000.0] {
                    let expected = expected_db(kind, cutoff_hz, resonance_db, hz);
                    let found = gain_db(filter(kind, cutoff_hz, resonance_db), hz);
                    let near = (found - expected).abs() < 0.05 || expected < -80.0 && found < -78.0;
                    assert!(near, "{kind:?} {cutoff_hz} {resonance_db} at {hz}: {found}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn two_filters_of_two_poles_are_one_of_four_and_three_one_of_six() {
        for (stages, hz) in [(2, 500.0), (2, 1_000.0), (2, 3_000.0), (3, 1_500.0)] {
            let told = Told { stages, cutoff_hz: 1_000.0, resonance_db: 3.0, ..Told::default() };
            let found = gain_db(Filter::of(told, 60.0, 1.0, RATE_HZ, false).unwrap(), hz);
            let expected = f32::from(stages) * expected_db(FilterKind::LowPass, 1_000.0, 3.0, hz);
            assert!((found - expected).abs() < 0.1, "{stages} at {hz}: {found}, not {expected}");
        }
    }

    #[test]
    fn the_resonance_is_the_gain_at_the_cutoff() {
        for resonance_db in [-3.0103, 0.0, 20.0] {
            let found = gain_db(filter(FilterKind::LowPass, 750.0, resonance_db), 750.0);
            assert!((found - resonance_db).abs() < 0.05, "{found}");
        }
    }

    #[test]
    fn key_and_velocity_move_the_cutoff_and_an_open_filter_is_none() {
        let told = Told {
            cutoff_hz: 1_000.0,
            key_tracking_cents: 100.0,
            key_center: 48,
            velocity_tracking_cents: 2_400.0,
            ..Told::default()
        };
        let cutoff_hz = |key, velocity| Filter::of(told, key, velocity, RATE_HZ, false).unwrap().cutoff_hz;
        assert!((cutoff_hz(48.0, 0.0) - 1_000.0).abs() < 0.1);
        assert!((cutoff_hz(60.0, 0.5) - 4_000.0).abs() < 0.1);
        let open = Told { cutoff_hz: Told::OPEN_HZ, ..told };
        assert!(Filter::of(open, 60.0, 1.0, RATE_HZ, false).is_none());
        assert!(Filter::of(open, 60.0, 1.0, RATE_HZ, true).is_some(), "it will be moved");
        assert!(Filter::of(open, 12.0, 0.0, RATE_HZ, false).is_some(), "far down it is closed");
    }

    #[test]
    fn whatever_way_the_cutoff_moves_a_filter_stays_bounded_and_settles() {
        let mut filter = filter(FilterKind::LowPass, 1_000.0, 20.0);
        let mut samples = [[0.0; CHUNK]; 2];
        let mut pace = filter.pace(0.0);
        for i in 0..20_000u32 {
            let cents = if i % 2 == 0 { 12_000.0 } else { -7_000.0 };
            let next = filter.pace(cents);
            for side in &mut samples {
                let noise =
                    |k: u32| ((i * 64 + k).wrapping_mul(2_654_435_761) >> 8) as f32 / 8_388_608.0 - 1.0;
                side.iter_mut().zip(0..).for_each(|(sample, k)| *sample = noise(k));
            }
            filter.run(&mut samples, true, CHUNK, (pace, (next - pace) / CHUNK as f32, 0));
            filter.settle();
            pace = next;
            assert!(samples.iter().flatten().all(|sample| sample.abs() < 50.0));
        }
        samples[0][0] = f32::NAN;
        for _ in 0..2_000 {
            filter.run(&mut samples, true, CHUNK, (0.1, 0.0, 0));
            filter.settle();
            samples = [[0.0; CHUNK]; 2];
        }
        assert_eq!(filter.states, [[[0.0; 2]; 2]; 3], "silence, and no numbers that are none");
    }
}
