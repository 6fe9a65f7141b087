//! The equalizer of a voice: up to three bands, one after another, each a state-variable filter whose band is added to what
//! goes past it. (A. Simper, "Linear trapezoidal state variable filter", 2013; as loud at every frequency as R.
//! Bristow-Johnson's peaking EQ.)

use neume_bank::{Band, Manner};

use super::filter::{self, HIGHEST};
use super::reader::CHUNK;

/// What a band does at a corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Gains {
    /// Of the integrators.
    pace: f32,
    damping: f32,
    /// Of the band that is added.
    lift: f32,
}

/// What all bands do at a corner.
pub(super) type Bands = [Gains; Manner::MOST_BANDS];

/// One voice's equalizer, for both of its sides.
#[derive(Debug, Clone)]
pub(super) struct Equalizer {
    bands: [Option<Band>; Manner::MOST_BANDS],
    rate_hz: f32,
    /// What the two integrators of each side hold, in each band.
    states: [[[f32; 2]; 2]; Manner::MOST_BANDS],
}

impl Equalizer {
    /// That of a zone; `None` where it has no band.
    pub fn of(bands: &[Option<Band>; Manner::MOST_BANDS], rate_hz: f32) -> Option<Equalizer> {
        let bands = bands.map(|band| band.map(Band::bounded));
        let has_any = bands.iter().any(Option::is_some);
        has_any.then(|| Equalizer { bands, rate_hz, states: Default::default() })
    }

    /// What it does where its bands are moved by so much.
    pub fn gains(&self, moved: &[Band; Manner::MOST_BANDS]) -> Bands {
        let mut gains = Bands::default();
        for (gains, (band, by)) in gains.iter_mut().zip(self.bands.iter().zip(moved)) {
            let Some(band) = band else { continue };
            let band = Band {
                freq_hz: band.freq_hz + by.freq_hz,
                octaves: band.octaves + by.octaves,
                gain_db: band.gain_db + by.gain_db,
            };
            *gains = self.gains_of(band.bounded());
        }
        gains
    }

    fn gains_of(&self, band: Band) -> Gains {
        let turn = std::f32::consts::TAU * band.freq_hz.min(HIGHEST * self.rate_hz) / self.rate_hz;
        let height = 10f32.powf(band.gain_db / 40.0);
        // The width on paper is that between the warped frequencies.
        let breadth =
            2.0 * (0.5 * std::f32::consts::LN_2 * band.octaves * turn / turn.sin()).min(20.0).sinh();
        let damping = breadth / height;
        Gains { pace: (0.5 * turn).tan(), damping, lift: damping * (height * height - 1.0) }
    }

    /// Runs the first `count` frames of one side or both. What the bands do goes on in straight lines `from` the last corner,
    /// which lies `at` frames back, `to` the next, a `share` of the way in each frame.
    pub fn run(
        &mut self,
        samples: &mut [[f32; CHUNK]; 2],
        stereo: bool,
        count: usize,
        (from, to): (&Bands, &Bands),
        (at, share): (usize, f32),
    ) {
        let sides = if stereo { 2 } else { 1 };
        let bands = self.bands.iter().zip(&mut self.states).zip(from.iter().zip(to));
        for ((_, states), (from, to)) in bands.filter(|((band, _), _)| band.is_some()) {
            let is_steady = from == to;
            let gains = |i: usize| {
                let way = (at + i) as f32 * share;
                let between = |from: f32, to: f32| from + (to - from) * way;
                let (pace, damping) = (between(from.pace, to.pace), between(from.damping, to.damping));
                let whole = 1.0 / (1.0 + pace * (pace + damping));
                [whole, pace * whole, pace * pace * whole, between(from.lift, to.lift)]
            };
            let mut now = gains(0);
            let [left, right] = &mut *samples;
            for (i, frame) in left.iter_mut().zip(right).take(count).enumerate() {
                if !is_steady {
                    now = gains(i);
                }
                let [a, b, c, lift] = now;
                for (sample, state) in <[&mut f32; 2]>::from(frame).into_iter().zip(&mut *states).take(sides)
                {
                    let [first, second] = *state;
                    let rest = *sample - second;
                    let passed = a * first + b * rest;
                    let below = second + b * first + c * rest;
                    *state = [2.0 * passed - first, 2.0 * below - second];
                    *sample += lift * passed;
                }
            }
        }
    }

    /// Brings to rest what is as good as silent, or absurd.
    pub fn settle(&mut self) {
        filter::settle(self.states.iter_mut().flatten().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f32 = 48_000.0;
    const STILL: [Band; 3] = [Band { freq_hz: 0.0, octaves: 0.0, gain_db: 0.0 }; 3];

    /// The gain at a frequency in decibels, once it has settled.
    fn gain_db(bands: [Option<Band>; 3], moved: &[Band; 3], hz: f32) -> f32 {
        let mut equalizer = Equalizer::of(&bands, RATE_HZ).unwrap();
        let gains = equalizer.gains(moved);
        let turn = std::f64::consts::TAU * f64::from(hz) / f64::from(RATE_HZ);
        let (mut seen, mut given) = (0.0, 0.0);
        for chunk in 0..1_500 {
            let sine = |i: usize| (turn * (chunk * CHUNK + i) as f64).sin() as f32;
            let mut samples = [std::array::from_fn(sine), [0.0; CHUNK]];
            let input = samples[0];
            equalizer.run(&mut samples, false, CHUNK, (&gains, &gains), (0, 1.0 / CHUNK as f32));
            if chunk >= 750 {
                let power = |side: &[f32]| side.iter().map(|x| f64::from(x * x)).sum::<f64>();
                (seen, given) = (seen + power(&samples[0]), given + power(&input));
            }
        }
        10.0 * (seen / given).log10() as f32
    }

    /// Of the cookbook's peaking EQ, by its coefficients.
    fn expected_db(Band { freq_hz, octaves, gain_db }: Band, hz: f32) -> f32 {
        let height = 10f64.powf(f64::from(gain_db) / 40.0);
        let turn = std::f64::consts::TAU * f64::from(freq_hz / RATE_HZ);
        let alpha =
            turn.sin() * (0.5 * std::f64::consts::LN_2 * f64::from(octaves) * turn / turn.sin()).sinh();
        let z = std::f64::consts::TAU * f64::from(hz / RATE_HZ);
        let power = |first: f64, middle: f64, last: f64| {
            let real = first + middle * z.cos() + last * (2.0 * z).cos();
            let other = middle * z.sin() + last * (2.0 * z).sin();
            real * real + other * other
        };
        let middle = -2.0 * turn.cos();
        let above = power(1.0 + alpha * height, middle, 1.0 - alpha * height);
        let below = power(1.0 + alpha / height, middle, 1.0 - alpha / height);
        10.0 * (above / below).log10() as f32
    }

    #[test]
    fn a_band_lifts_and_lowers_as_the_cookbook_says_and_bands_add_up() {
        for (freq_hz, octaves, gain_db_) in [(50.0, 1.0, 12.0), (500.0, 0.3, -18.0), (5_000.0, 2.5, 6.0)] {
            let band = Band { freq_hz, octaves, gain_db: gain_db_ };
            for hz in [40.0, 51.0, 300.0, 520.0, 4_000.0, 12_000.0] {
                let (found, expected) =
                    (gain_db([None, Some(band), None], &STILL, hz), expected_db(band, hz));
                assert!((found - expected).abs() < 0.05, "{band:?} at {hz}: {found}, not {expected}");
            }
        }
        let [one, other] = [300.0, 900.0].map(|freq_hz| Band { freq_hz, octaves: 2.0, gain_db: 6.0 });
        let sum = expected_db(one, 500.0) + expected_db(other, 500.0);
        assert!((gain_db([Some(one), None, Some(other)], &STILL, 500.0) - sum).abs() < 0.05);
    }

    #[test]
    fn what_moves_a_band_is_added_to_what_it_says_and_bounded() {
        let band = Band { freq_hz: 500.0, octaves: 1.0, gain_db: -3.0 };
        let by = Band { freq_hz: 700.0, octaves: 0.5, gain_db: 12.0 };
        let found = gain_db([Some(band), None, None], &[by, STILL[1], STILL[2]], 1_200.0);
        assert!((found - 9.0).abs() < 0.05, "{found}");
        let absurd = Band { freq_hz: 1e9, octaves: -9.0, gain_db: f32::NAN };
        let gains = Equalizer::of(&[Some(band), None, None], RATE_HZ).unwrap().gains(&[absurd; 3]);
        assert!([gains[0].pace, gains[0].damping, gains[0].lift].iter().all(|gain| gain.is_finite()));
    }
}
