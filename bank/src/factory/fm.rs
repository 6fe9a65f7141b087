//! Frequency modulation in pairs: one sine bends the phase of another (Chowning, 1973).

use super::oscillator::{read, sine_table};
use super::timeline::{BLOCK, BLOCK_SECS};

/// A carrier and what modulates it; both phases are given in turns at block edges.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    pub carrier: &'a [f64],
    pub modulator: &'a [f64],
    /// How much of its own output the modulator adds to its phase, in turns.
    pub feedback: f32,
}

#[inline]
fn wrap(turns: f32) -> f32 {
    let f = turns - (turns as i32) as f32;
    if f < 0.0 { f + 1.0 } else { f }
}

/// Adds the pair to `out`; the level and the index of modulation (in radians) go by the time in seconds.
pub fn add(out: &mut [f32], pair: &Pair, level: impl Fn(f32) -> f32, index: impl Fn(f32) -> f32) {
    let table = sine_table();
    let each = 1.0 / BLOCK as f32;
    let depth = |secs: f32| index(secs) / core::f32::consts::TAU;
    let (mut gain, mut bend) = (level(0.0), depth(0.0));
    let mut last = 0.0f32;
    for (block, frames) in out.chunks_mut(BLOCK).enumerate() {
        let secs = ((block + 1) as f64 * BLOCK_SECS) as f32;
        let (gain_to, bend_to) = (level(secs), depth(secs));
        let (gain_rise, bend_rise) = ((gain_to - gain) * each, (bend_to - bend) * each);
        let start = |turns: &[f64]| super::oscillator::fraction(turns[block]) as f32;
        let step = |turns: &[f64]| (turns[block + 1] - turns[block]) as f32 * each;
        let (mut c, mut m) = (start(pair.carrier), start(pair.modulator));
        let (c_step, m_step) = (step(pair.carrier), step(pair.modulator));
        for frame in frames {
            last = read(table, wrap(m + pair.feedback * last));
            *frame += gain * read(table, wrap(c + bend * last));
            c += c_step;
            m += m_step;
            gain += gain_rise;
            bend += bend_rise;
        }
        (gain, bend) = (gain_to, bend_to);
    }
}
