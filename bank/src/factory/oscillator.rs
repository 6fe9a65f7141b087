//! Sine and single-cycle waves by table.

use std::sync::LazyLock;

const SINE_LEN: usize = 4096;

static SINE: LazyLock<Vec<f32>> = LazyLock::new(|| {
    (0..=SINE_LEN).map(|i| libm::sin(i as f64 / SINE_LEN as f64 * core::f64::consts::TAU) as f32).collect()
});

/// The fraction of a phase in turns, 0..1.
#[inline]
pub fn fraction(turns: f64) -> f64 {
    let f = turns - (turns as i64) as f64;
    if f < 0.0 { f + 1.0 } else { f }
}

/// Sine of a phase in turns, within 4e-7.
#[inline]
pub fn sine(turns: f64) -> f32 {
    read(&SINE, fraction(turns) as f32)
}

/// The sine's table, for loops that read it per frame: see [`read`].
pub fn sine_table() -> &'static [f32] {
    &SINE
}

/// Reads a cycle of `len - 1` values and its first one again, at a position 0..=1, between neighbours in a line.
#[inline]
pub fn read(cycle: &[f32], at: f32) -> f32 {
    let place = at * (cycle.len() - 1) as f32;
    let i = (place as usize).min(cycle.len() - 2);
    let rest = place - i as f32;
    cycle[i] + (cycle[i + 1] - cycle[i]) * rest
}

/// One cycle of a wave with the given harmonics.
#[derive(Debug, Clone)]
pub struct Wave {
    cycle: Vec<f32>,
}

impl Wave {
    const LEN: usize = 4096;

    /// Sums sines: `harmonic(k)` is the amplitude and the phase in turns of harmonic `k`, asked for from 1 up to
    /// what stays under 18 kHz at `pitch_hz`.
    pub fn new(pitch_hz: f64, harmonic: impl Fn(usize) -> (f32, f32)) -> Wave {
        let highest = ((18_000.0 / pitch_hz) as usize).clamp(1, Self::LEN / 8);
        let mut cycle = vec![0.0f32; Self::LEN + 1];
        for k in 1..=highest {
            let (gain, phase) = harmonic(k);
            if gain == 0.0 {
                continue;
            }
            let mut at = (phase * SINE_LEN as f32) as usize;
            for value in &mut cycle[..Self::LEN] {
                *value += gain * SINE[at & (SINE_LEN - 1)];
                at += k;
            }
        }
        cycle[Self::LEN] = cycle[0];
        Wave { cycle }
    }

    /// A sawtooth.
    pub fn saw(pitch_hz: f64) -> Wave {
        Wave::new(pitch_hz, |k| (0.6 / k as f32, 0.0))
    }

    /// A pulse that is high for `duty` (0..1) of its cycle.
    pub fn pulse(pitch_hz: f64, duty: f64) -> Wave {
        Wave::new(pitch_hz, |k| (1.2 / k as f32 * sine(0.5 * k as f64 * duty), 0.25))
    }

    /// The value at a phase in turns.
    #[inline]
    pub fn at(&self, turns: f64) -> f32 {
        read(&self.cycle, fraction(turns) as f32)
    }

    /// Adds the wave along a phase given at block edges, with a gain at each edge, to `out`.
    pub fn add(&self, out: &mut [f32], turns: &[f64], gain: impl Fn(usize) -> f32) {
        let mut from = gain(0);
        for (block, frames) in out.chunks_mut(super::timeline::BLOCK).enumerate() {
            let to = gain(block + 1);
            let each = 1.0 / super::timeline::BLOCK as f64;
            let step = (turns[block + 1] - turns[block]) * each;
            let (mut at, mut level) = (fraction(turns[block]), from);
            let rise = (to - from) * each as f32;
            for frame in frames {
                *frame += level * self.at(at);
                at += step;
                level += rise;
            }
            from = to;
        }
    }
}
