//! What a screen shows beside a drawing: bars of tools, pointers, the window of a paint program.

use rand::Rng;

use super::{Desk, Layer, flat};
use crate::train::drawing::{At, glyph};
use crate::train::pen::{blank, fill, mark};

impl Desk<'_> {
    /// A bar of tools, with round or square fields of many colours or signs on them, or a pointer or a line of small print.
    pub fn tools(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let [left, right, bottom, top] = self.sheet;
        if rng.random_bool(0.25) {
            let (at, size) = ([rng.random_range(left..right), rng.random_range(bottom..top)], 0.03);
            let arrow = [[0.0, 0.0], [0.0, -1.0], [0.25, -0.75], [0.62, -0.75], [0.0, 0.0]];
            let mut pixmap = blank();
            fill(&mut pixmap, &arrow.map(|p| [at[0] + size * p[0], at[1] + size * p[1]]));
            return vec![flat(&pixmap, [if rng.random_bool(0.7) { 0.0 } else { 255.0 }; 3], 1.0)];
        }
        let side = rng.random_range(0..4usize);
        let thick = rng.random_range(0.03..0.12f32);
        let mut layers = Vec::new();
        if rng.random_bool(0.75) {
            let mut bar = blank();
            fill(&mut bar, &self.strip(side, thick, 0.0));
            let grey = if rng.random_bool(0.7) {
                rng.random_range(200.0..250.0f32)
            } else {
                rng.random_range(20.0..90.0)
            };
            layers.push(flat(&bar, [grey; 3], 1.0));
        }
        let count = rng.random_range(2..14usize);
        let size = thick * rng.random_range(0.3..0.7f32);
        let begin = rng.random_range(0.0..0.6f32);
        let step = rng.random_range(1.2..2.5f32) * size;
        let kind = rng.random_range(0..3);
        let is_one_colour = rng.random_bool(0.4);
        let mut colour: [f32; 3] = [rng.random_range(0.0..130.0f32); 3];
        for i in 0..count {
            let (from, to) = if side < 2 { (bottom, top) } else { (left, right) };
            let along = from + begin * (to - from) + (i as f32 + 0.5) * step;
            if along + size > to {
                break;
            }
            let at: At = match side {
                0 => [left + thick / 2.0, along],
                1 => [right - thick / 2.0, along],
                2 => [along, bottom + thick / 2.0],
                _ => [along, top - thick / 2.0],
            };
            if !is_one_colour {
                colour = std::array::from_fn(|_| rng.random_range(0.0..255.0f32));
            }
            let mut pixmap = blank();
            match kind {
                0 => mark(&mut pixmap, &[at], size),
                1 => {
                    let half = size / 2.0;
                    let square = [[-half, -half], [half, -half], [half, half], [-half, half], [-half, -half]];
                    fill(&mut pixmap, &square.map(|p| [at[0] + p[0], at[1] + p[1]]));
                }
                _ => {
                    for path in glyph(rng, self.signs) {
                        let place = |p: &At| [at[0] + size * (p[0] - 0.5), at[1] + size * (p[1] - 0.5)];
                        mark(&mut pixmap, &path.iter().map(place).collect::<Vec<At>>(), 0.12 * size);
                    }
                }
            }
            layers.push(flat(&pixmap, colour, 1.0));
        }
        layers
    }

    /// The window of a paint program around its canvas: dark or grey, with small round or square buttons and a line of print.
    pub fn window(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let [left, right, bottom, top] = self.sheet;
        let grey = if rng.random_bool(0.7) {
            rng.random_range(15.0..75.0f32)
        } else {
            rng.random_range(150.0..235.0)
        };
        let tint: [f32; 3] = std::array::from_fn(|_| rng.random_range(-6.0..6.0f32));
        let thick: [f32; 4] = std::array::from_fn(|_| match rng.random_range(0..3) {
            0 => rng.random_range(0.004..0.02),
            _ => rng.random_range(0.03..0.11),
        });
        let mut frame = blank();
        for (side, thick) in thick.into_iter().enumerate() {
            fill(&mut frame, &self.strip(side, thick, 0.0));
        }
        let mut layers = vec![flat(&frame, tint.map(|v| grey + v), 1.0)];
        let bright =
            if grey < 110.0 { rng.random_range(120.0..235.0f32) } else { rng.random_range(20.0..110.0) };
        for (side, thick) in thick.into_iter().enumerate().filter(|(_, thick)| *thick > 0.025) {
            if rng.random_bool(0.3) {
                continue;
            }
            let size = thick * rng.random_range(0.25..0.55f32);
            let step = size * rng.random_range(1.3..2.4f32);
            let (from, to) = if side < 2 { (bottom, top) } else { (left, right) };
            let (is_colourful, is_ring) = (side > 1 && rng.random_bool(0.6), rng.random_bool(0.4));
            let mut at = from + rng.random_range(0.04..0.5f32) * (to - from);
            for _ in 0..rng.random_range(3..16) {
                if at + size > to {
                    break;
                }
                let centre = match side {
                    0 => [left + thick / 2.0, at],
                    1 => [right - thick / 2.0, at],
                    2 => [at, bottom + thick / 2.0],
                    _ => [at, top - thick / 2.0],
                };
                let colour = if is_colourful {
                    std::array::from_fn(|_| rng.random_range(0.0..255.0f32))
                } else {
                    [bright; 3]
                };
                let mut button = blank();
                mark(&mut button, &[centre], size);
                layers.push(flat(&button, colour, 1.0));
                if is_ring && !is_colourful {
                    let mut hole = blank();
                    mark(&mut hole, &[centre], 0.7 * size);
                    layers.push(flat(&hole, [grey; 3], 1.0));
                }
                at += step;
            }
        }
        layers
    }
}
