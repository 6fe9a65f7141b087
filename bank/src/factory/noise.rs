//! Chance that is the same every time: a seeded generator, and noise that closes on the loop.

use super::envelope::burst as burst_level;
use super::filter;
use super::timeline::{BLOCK, RATE_HZ, Timeline};

/// A xorshift* generator.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator for this name and number.
    pub fn new(name: &str, number: u64) -> Rng {
        // FNV-1a over the name, then over the number.
        let mut state = 0xcbf2_9ce4_8422_2325u64;
        for byte in name.bytes().chain(number.to_le_bytes()) {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut rng = Rng(state | 1);
        for _ in 0..4 {
            rng.next();
        }
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Evenly in 0..1.
    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Evenly between two numbers.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Evenly in -1..1.
    pub fn bipolar(&mut self) -> f32 {
        2.0 * self.unit() - 1.0
    }
}

/// White noise within ±1 over the whole timeline; in a looped sound it repeats once a lap.
pub fn white(timeline: &Timeline, rng: &mut Rng) -> Vec<f32> {
    let frames = timeline.frames();
    let Some(lap) = timeline.lap else {
        return (0..frames).map(|_| rng.bipolar()).collect();
    };
    let (start, period) = (lap.start * BLOCK, lap.blocks * BLOCK);
    let once: Vec<f32> = (0..period).map(|_| rng.bipolar()).collect();
    let first = (period - start % period) % period;
    (0..frames).map(|i| once[(first + i) % period]).collect()
}

/// The grain of breath and bow: a fast irregular motion within ±1 at every block edge, in many lanes that know nothing
/// of each other; it closes on the loop.
#[derive(Debug, Clone)]
pub struct Grain {
    values: Vec<f32>,
    period: usize,
    start: usize,
}

impl Grain {
    /// A grain for this timeline.
    pub fn new(timeline: &Timeline, rng: &mut Rng) -> Grain {
        let (start, period) = timeline.lap.map_or((0, timeline.blocks), |lap| (lap.start, lap.blocks));
        Grain { values: (0..period.max(1)).map(|_| rng.bipolar()).collect(), period: period.max(1), start }
    }

    /// The value of a lane at a block edge.
    #[inline]
    pub fn at(&self, block: usize, lane: usize) -> f32 {
        self.values[(block + self.period * 2 - self.start % self.period + lane * 97) % self.period]
    }
}

/// Steady noise around a frequency, its level given by the time in seconds.
pub fn band(timeline: &Timeline, rng: &mut Rng, hz: f32, q: f32, level: impl Fn(f32) -> f32) -> Vec<f32> {
    let mut out = white(timeline, rng);
    filter::band_pass(&mut out, q, |_| hz);
    super::track::shape(&mut out, level);
    out
}

/// What a burst of noise is like: rise and fall times, and the band it lies in.
#[derive(Debug, Clone, Copy)]
pub struct Burst {
    pub rise_secs: f32,
    pub fall_secs: f32,
    pub hz: f32,
    pub q: f32,
}

/// A burst of noise at the start: a pick, a hammer, a tongue. As long as it is heard, at most a second.
pub fn burst(rng: &mut Rng, burst: Burst) -> Vec<f32> {
    let secs = (burst.rise_secs + 9.0 * burst.fall_secs).min(1.0);
    let mut out: Vec<f32> = (0..(secs * RATE_HZ as f32) as usize).map(|_| rng.bipolar()).collect();
    for (group, samples) in out.chunks_mut(4).enumerate() {
        let level = burst_level(4.0 * group as f32 / RATE_HZ as f32, burst.rise_secs, burst.fall_secs);
        samples.iter_mut().for_each(|sample| *sample *= level);
    }
    filter::band_pass(&mut out, burst.q, |_| burst.hz);
    // What the band leaves of the noise is brought back to about the level of a tone.
    out.iter_mut().for_each(|sample| *sample *= 2.5);
    out
}
