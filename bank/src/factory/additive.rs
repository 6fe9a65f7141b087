//! A bank of sine partials, each with its own phase and level at every block edge.
//!
//! Between two edges a partial turns by a complex recurrence; at an edge it takes the exact phase it was given, so
//! that nothing drifts. Eight partials run side by side.

use super::oscillator::sine;
use super::timeline::{BLOCK, Timeline};
use super::track::Track;

const LANES: usize = 8;

/// The partials at one block edge, to be filled in. A partial whose levels stay 0 costs nothing.
#[derive(Debug)]
pub struct Edge<'a> {
    /// Which edge: edge `b` lies at frame `b * BLOCK`.
    pub block: usize,
    /// Running phase of each partial in turns.
    pub turns: &'a mut [f64],
    /// Level of each partial on the left.
    pub left: &'a mut [f32],
    /// Level of each partial on the right.
    pub right: &'a mut [f32],
}

#[derive(Clone)]
struct State {
    turns: Vec<f64>,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl State {
    fn new(partials: usize) -> State {
        State { turns: vec![0.0; partials], left: vec![0.0; partials], right: vec![0.0; partials] }
    }

    fn fill(&mut self, block: usize, count: usize, control: &mut impl FnMut(Edge)) {
        control(Edge {
            block,
            turns: &mut self.turns[..count],
            left: &mut self.left[..count],
            right: &mut self.right[..count],
        });
    }
}

/// Adds `count` partials to a stereo track. `control` is called once for each edge, in order.
pub fn add(track: &mut Track, timeline: &Timeline, count: usize, mut control: impl FnMut(Edge)) {
    let padded = count.div_ceil(LANES) * LANES;
    let (mut from, mut to) = (State::new(padded), State::new(padded));
    from.fill(0, count, &mut control);
    for block in 0..timeline.blocks {
        to.fill(block + 1, count, &mut control);
        let mut sum = ([[0.0f32; LANES]; BLOCK], [[0.0f32; LANES]; BLOCK]);
        for first in (0..padded).step_by(LANES) {
            add_lanes(&mut sum, &from, &to, first);
        }
        let at = block * BLOCK;
        for frame in 0..BLOCK {
            track.left[at + frame] += sum.0[frame].iter().sum::<f32>();
            track.right[at + frame] += sum.1[frame].iter().sum::<f32>();
        }
        std::mem::swap(&mut from, &mut to);
    }
}

fn add_lanes(
    sum: &mut ([[f32; LANES]; BLOCK], [[f32; LANES]; BLOCK]),
    from: &State,
    to: &State,
    first: usize,
) {
    let each = 1.0 / BLOCK as f32;
    let (mut im, mut re) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (mut turn_im, mut turn_re) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (mut left, mut right) = ([0.0f32; LANES], [0.0f32; LANES]);
    let (mut left_rise, mut right_rise) = ([0.0f32; LANES], [0.0f32; LANES]);
    let mut loudest = 0.0f32;
    for lane in 0..LANES {
        let i = first + lane;
        (left[lane], right[lane]) = (from.left[i], from.right[i]);
        left_rise[lane] = (to.left[i] - from.left[i]) * each;
        right_rise[lane] = (to.right[i] - from.right[i]) * each;
        loudest = loudest.max(left[lane].abs()).max(right[lane].abs());
        loudest = loudest.max(to.left[i].abs()).max(to.right[i].abs());
    }
    if loudest < 1e-6 {
        return;
    }
    for lane in 0..LANES {
        let i = first + lane;
        let step = (to.turns[i] - from.turns[i]) * f64::from(each);
        (im[lane], re[lane]) = (sine(from.turns[i]), sine(from.turns[i] + 0.25));
        (turn_im[lane], turn_re[lane]) = (sine(step), sine(step + 0.25));
    }
    for (sum_left, sum_right) in sum.0.iter_mut().zip(sum.1.iter_mut()) {
        for lane in 0..LANES {
            sum_left[lane] += im[lane] * left[lane];
            sum_right[lane] += im[lane] * right[lane];
            left[lane] += left_rise[lane];
            right[lane] += right_rise[lane];
            let next = im[lane] * turn_re[lane] + re[lane] * turn_im[lane];
            re[lane] = re[lane] * turn_re[lane] - im[lane] * turn_im[lane];
            im[lane] = next;
        }
    }
}
