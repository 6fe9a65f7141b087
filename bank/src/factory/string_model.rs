//! A plucked or struck string: a delay line that loses a little at every turn (Karplus and Strong, 1983, extended
//! after Jaffe and Smith, 1983), tuned so that the filters in its loop do not flatten it.

use super::noise::Rng;
use super::timeline::{RATE_HZ, Timeline};

/// How a string is made and touched.
#[derive(Debug, Clone, Copy)]
pub struct Pluck {
    /// Time in which the fundamental loses 60 dB.
    pub t60_secs: f32,
    /// The same at 4 kHz.
    pub high_t60_secs: f32,
    /// Where it is touched, as a fraction of its length.
    pub position: f32,
    /// Width of the plectrum, finger or hammer in time: the wider, the duller.
    pub touch_ms: f32,
    /// Share of noise in the touch, 0..1.
    pub grit: f32,
    /// Stiffness: coefficient of the dispersing all-pass filters, 0 (none) to 0.7.
    pub stiffness: f32,
}

/// Plays a string for the whole timeline. `hz` may lie beside the timeline's pitch, for courses and beating.
pub fn pluck(timeline: &Timeline, rng: &mut Rng, hz: f64, pluck: &Pluck) -> Vec<f32> {
    let excitation = touch(rng, RATE_HZ as f64 / hz, pluck);
    let echo =
        Echo { hz, t60_secs: pluck.t60_secs, high_t60_secs: pluck.high_t60_secs, stiffness: pluck.stiffness };
    drive(timeline, &echo, false, |frame| excitation.get(frame).copied().unwrap_or(0.0))
}

/// A delay line that sounds at a pitch.
#[derive(Debug, Clone, Copy)]
pub struct Echo {
    pub hz: f64,
    /// Time in which the fundamental loses 60 dB, and what lies at 4 kHz.
    pub t60_secs: f32,
    pub high_t60_secs: f32,
    /// As in [`Pluck`].
    pub stiffness: f32,
}

/// Feeds a delay line with an excitation by frame. A closed pipe turns the sign at its end: it is half as long, and
/// only its odd harmonics sound.
pub fn drive(timeline: &Timeline, echo: &Echo, closed: bool, excitation: impl Fn(usize) -> f32) -> Vec<f32> {
    let turn_hz = if closed { 2.0 * echo.hz } else { echo.hz };
    let loss = Loss::new(turn_hz as f32, echo.hz as f32, echo.t60_secs, echo.high_t60_secs);
    let disperse = -echo.stiffness;
    let omega = core::f64::consts::TAU * echo.hz / RATE_HZ as f64;
    let turn_frames = RATE_HZ as f64 / turn_hz;
    let filters = loss.delay_frames(omega) + 2.0 * all_pass_delay_frames(f64::from(disperse), omega);
    let mut line = Line::new(turn_frames - filters);
    let sign = if closed { -1.0 } else { 1.0 };
    let (mut passes, mut lowered) = ([AllPass::default(); 2], 0.0f32);
    let mut out = Vec::with_capacity(timeline.frames());
    for frame in 0..timeline.frames() {
        lowered = loss.gain * (1.0 - loss.pole) * line.read() + loss.pole * lowered;
        let mut value = sign * lowered;
        if disperse != 0.0 {
            for pass in &mut passes {
                value = pass.step(value, disperse);
            }
        }
        value += excitation(frame);
        line.write(value);
        out.push(value);
    }
    out
}

/// The touch: a smooth pulse with some noise in it, minus its echo from the string's nearer end.
fn touch(rng: &mut Rng, period: f64, pluck: &Pluck) -> Vec<f32> {
    let width = ((pluck.touch_ms * 0.001 * RATE_HZ as f32) as usize).max(2);
    let pulse: Vec<f32> = (0..width)
        .map(|i| {
            let window = 0.5 - 0.5 * super::oscillator::sine((i as f64 + 0.5) / width as f64 + 0.25);
            window * (1.0 - pluck.grit + pluck.grit * 2.0 * rng.bipolar())
        })
        .collect();
    let power: f32 = pulse.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-6);
    let echo = ((period * f64::from(pluck.position)) as usize).max(1);
    let mut out = vec![0.0; width + echo];
    for (i, value) in pulse.iter().enumerate() {
        out[i] += value / power;
        out[i + echo] -= value / power;
    }
    out
}

/// The loss at each turn: a one-pole low-pass filter and a gain.
struct Loss {
    gain: f32,
    pole: f32,
}

impl Loss {
    /// Losses at `hz` and at 4 kHz, of a line that is passed `turn_hz` times a second.
    fn new(turn_hz: f32, hz: f32, t60_secs: f32, high_t60_secs: f32) -> Loss {
        let omega = core::f32::consts::TAU * hz / RATE_HZ as f32;
        let high = core::f32::consts::TAU * 4000.0f32.max(2.0 * hz) / RATE_HZ as f32;
        let turn_gain = |secs: f32| libm::powf(10.0, -3.0 / (secs * turn_hz));
        let wanted = turn_gain(high_t60_secs) / turn_gain(t60_secs);
        let (mut low_pole, mut high_pole) = (0.0f32, 0.98f32);
        for _ in 0..24 {
            let pole = 0.5 * (low_pole + high_pole);
            if response(pole, high) / response(pole, omega) > wanted {
                low_pole = pole
            } else {
                high_pole = pole
            }
        }
        let pole = 0.5 * (low_pole + high_pole);
        Loss { gain: (turn_gain(t60_secs) / response(pole, omega)).min(0.99995), pole }
    }

    fn delay_frames(&self, omega: f64) -> f64 {
        let pole = f64::from(self.pole);
        libm::atan2(pole * libm::sin(omega), 1.0 - pole * libm::cos(omega)) / omega
    }
}

fn response(pole: f32, omega: f32) -> f32 {
    (1.0 - pole) / (1.0 - 2.0 * pole * libm::cosf(omega) + pole * pole).sqrt()
}

fn all_pass_delay_frames(c: f64, omega: f64) -> f64 {
    if c == 0.0 {
        return 0.0;
    }
    1.0 - 2.0 * libm::atan2(c * libm::sin(omega), 1.0 + c * libm::cos(omega)) / omega
}

#[derive(Debug, Clone, Copy, Default)]
struct AllPass {
    input: f32,
    output: f32,
}

impl AllPass {
    #[inline]
    fn step(&mut self, input: f32, c: f32) -> f32 {
        self.output = c * (input - self.output) + self.input;
        self.input = input;
        self.output
    }
}

/// A delay of a fractional number of frames, by a cubic through four neighbours.
struct Line {
    frames: Vec<f32>,
    at: usize,
    taps: [f32; 4],
    behind: usize,
}

impl Line {
    fn new(delay: f64) -> Line {
        // The value read now was written `delay` frames ago; the cubic is centred between its middle taps.
        let delay = delay.max(3.0);
        let whole = delay as usize - 1;
        let d = (delay - whole as f64) as f32;
        let taps = [
            -(d - 1.0) * (d - 2.0) * (d - 3.0) / 6.0,
            d * (d - 2.0) * (d - 3.0) / 2.0,
            -d * (d - 1.0) * (d - 3.0) / 2.0,
            d * (d - 1.0) * (d - 2.0) / 6.0,
        ];
        let len = (whole + 8).next_power_of_two();
        Line { frames: vec![0.0; len], at: 0, taps, behind: whole }
    }

    #[inline]
    fn read(&self) -> f32 {
        let mask = self.frames.len() - 1;
        let first = self.at + self.frames.len() - self.behind;
        let tap = |i: usize| self.taps[i] * self.frames[(first - i) & mask];
        tap(0) + tap(1) + tap(2) + tap(3)
    }

    #[inline]
    fn write(&mut self, value: f32) {
        let mask = self.frames.len() - 1;
        self.frames[self.at & mask] = value;
        self.at = (self.at + 1) & mask;
    }
}
