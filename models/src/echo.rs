//! The shape of a drawing as other hands might have made it: turned, stretched, slanted and bent a little.
//!
//! What was drawn once is so known in several forms, and two drawings of one sign are compared by the forms in which they
//! are most alike. The forms are the same at every call.

use std::f32::consts::TAU;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::sign_net::{INNER, SIDE, SignInput};

/// How many other forms there are of a drawing.
pub const ECHOES: usize = 12;

/// Side of the page on which a form is drawn before it is brought to size, in pixels.
const PAGE: usize = SIDE * 3 / 2;

/// How a hand differs from another; all lengths are parts of the drawing's longer side.
struct Hand {
    turn_radians: f32,
    stretch: [f32; 2],
    slant: f32,
    /// Two smooth waves along each axis: height, the ways along which they run, and where they begin.
    waves: [[f32; 4]; 4],
}

impl Hand {
    /// The hand of a number.
    fn new(number: usize) -> Hand {
        let rng = &mut SmallRng::seed_from_u64(number as u64);
        // The sum of twelve even numbers is normal enough.
        let mut normal = || (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0;
        let (turn_radians, slant) = (0.09 * normal(), 0.11 * normal());
        let stretch = [0.1 * normal(), 0.1 * normal()].map(f32::exp);
        let heights: [f32; 4] = std::array::from_fn(|_| 0.02 * normal());
        let waves = heights.map(|height| {
            let along = [rng.random_range(2.0..8.0), rng.random_range(2.0..8.0)];
            [height, along[0], along[1], rng.random_range(0.0..TAU)]
        });
        Hand { turn_radians, stretch, slant, waves }
    }

    /// Where the ink at a place, from the middle of the drawing, came from.
    fn came_from(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (sin, cos) = self.turn_radians.sin_cos();
        let (x, y) = (x * cos + y * sin, y * cos - x * sin);
        let (x, y) = ((x + self.slant * y) * self.stretch[0], y * self.stretch[1]);
        let bend = |w: &[f32; 4]| w[0] * (w[1] * x + w[2] * y + w[3]).sin();
        let [a, b, c, d] = self.waves.each_ref().map(bend);
        [x + a + b, y + c + d]
    }
}

impl SignInput {
    /// The shape as another hand, of a number below [`ECHOES`], might have drawn it.
    pub fn echo(&self, number: usize) -> SignInput {
        self.by(&Hand::new(number))
    }

    fn by(&self, hand: &Hand) -> SignInput {
        let ink: Vec<f32> = (0..PAGE * PAGE)
            .map(|i| {
                let at = [i % PAGE, i / PAGE].map(|v| (v as f32 + 0.5 - PAGE as f32 / 2.0) / INNER);
                self.between(hand.came_from(at).map(|v| v * INNER + SIDE as f32 / 2.0 - 0.5))
            })
            .collect();
        // What was bent out of sight altogether stays as it was.
        SignInput::of_ink(&ink, PAGE).unwrap_or_else(|_| self.clone())
    }

    /// The ink between four pixels; there is none outside.
    fn between(&self, [x, y]: [f32; 2]) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let at = |x: f32, y: f32| {
            let inside = |v: f32| (0.0..SIDE as f32).contains(&v);
            if inside(x) && inside(y) { self.pixels[y as usize * SIDE + x as usize] } else { 0.0 }
        };
        let row = |y: f32| at(left, y) + (at(left + 1.0, y) - at(left, y)) * (x - left);
        row(top) + (row(top + 1.0) - row(top)) * (y - top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross() -> SignInput {
        let is_ink = |i: usize| {
            let (x, y) = ((i % SIDE) as i32 - 32, (i / SIDE) as i32 - 32);
            x.abs().max(y.abs()) < 26 && (x.abs() < 2 || (y + 9).abs() < 2)
        };
        let ink: Vec<f32> = (0..SIDE * SIDE).map(|i| if is_ink(i) { 1.0 } else { 0.0 }).collect();
        SignInput::of_ink(&ink, SIDE).unwrap()
    }

    #[test]
    fn echoes_are_other_forms_with_as_much_ink_and_always_the_same() {
        let cross = cross();
        let echoes: Vec<SignInput> = (0..ECHOES).map(|number| cross.echo(number)).collect();
        assert_eq!(echoes[3], cross.echo(3));
        let ink = |shape: &SignInput| shape.pixels.iter().sum::<f32>();
        for (i, echo) in echoes.iter().enumerate() {
            let off: f32 = echo.pixels.iter().zip(&cross.pixels).map(|(a, b)| (a - b).abs()).sum();
            assert!(off > 0.1 * ink(&cross), "echo {i} is the drawing itself: {off}");
            assert!((0.6..1.6).contains(&(ink(echo) / ink(&cross))), "echo {i} has ink of {}", ink(echo));
            assert!(echoes[..i].iter().all(|other| other != echo), "echo {i} is there twice");
        }
    }

    #[test]
    fn a_hand_that_changes_nothing_gives_the_drawing_back() {
        let still = Hand { turn_radians: 0.0, stretch: [1.0; 2], slant: 0.0, waves: [[0.0; 4]; 4] };
        let again = cross().by(&still);
        let off = again.pixels.iter().zip(&cross().pixels).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 0.1, "{off}");
    }
}
