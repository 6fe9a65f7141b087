//! Where between left and right a zone sounds, while controllers move it, and how wide it is.
//!
//! Panning is of even power, and the middle leaves both sides alone. A stereo sound is panned, made wider or narrower, and
//! what is left of its sides is set in its place; a mono sound is panned. (As sfizz does.)

use neume_bank::{Manner, Moves, Stereo};

use super::reader::CHUNK;
use super::settings::within;

/// How much of the left and the right sample is heard on the left, and on the right.
pub(super) type Sides = [[f32; 2]; 2];

/// Both sides as they are.
pub(super) const AS_THEY_ARE: Sides = [[1.0, 0.0], [0.0, 1.0]];

/// The place of a zone that is more than panned once and for all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Panorama {
    pan: f32,
    stereo: Stereo,
    is_stereo: bool,
}

impl Panorama {
    /// That of a zone; `None` where it is panned once and for all at most.
    pub fn of(manner: &Manner, is_stereo: bool) -> Option<Panorama> {
        let moves = manner.follows.iter().any(|follow| matches!(follow.moves, Moves::Pan | Moves::Width));
        let stereo = manner.stereo.unwrap_or_default().bounded();
        let is_any = moves || is_stereo && stereo != Stereo::default();
        is_any.then(|| Panorama { pan: within(manner.pan, -1.0, 1.0, 0.0), stereo, is_stereo })
    }

    /// What is heard of each side, with pan and width moved by so much.
    pub fn sides(&self, pan: f32, width: f32) -> Sides {
        let [left, right] = panned(self.pan + pan);
        if !self.is_stereo {
            return [[left, 0.0], [right, 0.0]];
        }
        let width = (self.stereo.width + width).clamp(-1.0, 1.0);
        let angle = std::f32::consts::FRAC_PI_4 * (1.0 + width);
        let (own, other) = (angle.sin(), angle.cos());
        let [on_left, on_right] = panned(self.stereo.position);
        [[own * left * on_left, other * right * on_left], [other * left * on_right, own * right * on_right]]
    }
}

/// Linear gains of what lies between left and right, of even power; the middle is left alone.
pub(super) fn panned(pan: f32) -> [f32; 2] {
    let pan = within(pan, -1.0, 1.0, 0.0);
    if pan == 0.0 {
        return [1.0; 2];
    }
    let angle = std::f32::consts::FRAC_PI_4 * (1.0 + pan);
    [std::f32::consts::SQRT_2 * angle.cos(), std::f32::consts::SQRT_2 * angle.sin()]
}

/// Sets the first `count` frames in their place, which goes on in straight lines `from` the last corner, which lies `at`
/// frames back, `to` the next. A mono sound comes in on the left and goes out on both sides.
pub(super) fn set(
    samples: &mut [[f32; CHUNK]; 2],
    is_stereo: bool,
    count: usize,
    (from, to): (&Sides, &Sides),
    (at, share): (usize, f32),
) {
    let [left, right] = samples;
    for (i, (left, right)) in left.iter_mut().zip(right).take(count).enumerate() {
        let way = (at + i) as f32 * share;
        let heard = |side: usize, of: usize| from[side][of] + (to[side][of] - from[side][of]) * way;
        let (from_left, from_right) = (*left, if is_stereo { *right } else { 0.0 });
        *left = heard(0, 0) * from_left + heard(0, 1) * from_right;
        *right = heard(1, 0) * from_left + heard(1, 1) * from_right;
    }
}
