//! What a hand draws that is more than a line: outlines, crosses, grids and steps, diagrams of many parts, and words. Units
//! are those of [`Drawing`](super::drawing::Drawing).

use std::f32::consts::{FRAC_PI_2, TAU};

use rand::Rng;

use super::drawing::{At, Signs, distance, glyph, sampled};
use super::normal;

/// A box on the pad: the middle, and half of its sides.
#[derive(Clone, Copy)]
struct Area {
    middle: At,
    half: At,
}

impl Area {
    /// A box around the height `y` as far as there is room, between `left` and `right`.
    fn random(rng: &mut impl Rng, [left, right]: [f32; 2], y: f32) -> Area {
        let wide = right - left;
        let side = |most: f32, rng: &mut dyn rand::RngCore| {
            rng.random_range(0.025f32.ln()..(0.42 * most).ln()).exp()
        };
        let half = [side(wide, rng), side(1.0, rng)];
        // Rather square than not.
        let even = rng.random_range(0.0..1.0f32);
        let least = half[0].min(half[1]);
        let half = half.map(|v| v + even * (least - v));
        let x = left + half[0] + rng.random_range(0.0..=1.0f32) * (wide - 2.0 * half[0]);
        Area { middle: [x, y.clamp(half[1] + 0.01, 0.99 - half[1])], half }
    }

    /// A place in the box, of -1..1.
    fn at(&self, [x, y]: At) -> At {
        [self.middle[0] + x * self.half[0], self.middle[1] + y * self.half[1]]
    }
}

/// A steep or upright line, wavering slowly; often it is as upright as a hand can draw it.
pub fn upright(rng: &mut impl Rng, [left, right]: [f32; 2], y: f32) -> Vec<At> {
    let lean = if rng.random_bool(0.5) { 0.03 * normal(rng) } else { rng.random_range(-1.2..1.2f32) };
    let long: f32 = rng.random_range(0.06f32.ln()..1.0f32.ln()).exp();
    let middle = y.clamp(0.5 * long * lean.cos(), 1.0 - 0.5 * long * lean.cos());
    let x = rng.random_range(left + 0.03..right - 0.03);
    let (waver, phase) = (rng.random_range(0.0..0.01f32), rng.random_range(0.0..TAU));
    sampled(48, |t| {
        let (along, aside) = ((t - 0.5) * long, waver * (phase + 9.0 * t * long).sin());
        [x + along * lean.sin() + aside * lean.cos(), middle + along * lean.cos() - aside * lean.sin()]
    })
}

/// An outline, a cross, a grid or steps, small or as large as the page.
pub fn shape(rng: &mut impl Rng, span: [f32; 2], y: f32) -> Vec<Vec<At>> {
    let area = Area::random(rng, span, y);
    let lean = match rng.random_range(0..10) {
        0..6 => 0.015 * normal(rng),
        6..8 => 0.15 * normal(rng),
        _ => rng.random_range(0.0..TAU),
    };
    let (sin, cos) = lean.sin_cos();
    let [x, y] = area.middle;
    let turned = |[px, py]: At| [x + (px - x) * cos - (py - y) * sin, y + (px - x) * sin + (py - y) * cos];
    let outline = |corners: &[At]| corners.iter().chain(&corners[..1]).copied().collect::<Vec<At>>();
    let paths: Vec<Vec<At>> = match rng.random_range(0..20) {
        0..7 => vec![outline(&[[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])],
        7..9 => vec![outline(&[[-1.0, -1.0], [1.0, -1.0], [rng.random_range(-1.0..1.0), 1.0]])],
        9..11 => vec![outline(&[[0.0, -1.0], [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])],
        11..13 => {
            let sides = rng.random_range(5..9) as f32;
            let from = rng.random_range(0.0..TAU);
            vec![sampled(sides as usize, |t| [(from + t * TAU).cos(), (from + t * TAU).sin()])]
        }
        13..15 => {
            let [a, b] = [0.2 * normal(rng), 0.2 * normal(rng)].map(|v| v.clamp(-0.9, 0.9));
            vec![vec![[a, -1.0], [a, 1.0]], vec![[-1.0, b], [1.0, b]]]
        }
        15..17 => {
            let [columns, rows] = [0, 1].map(|_| rng.random_range(1..5usize));
            let place = |i: usize, of: usize| 2.0 * (i as f32 + 1.0) / (of as f32 + 1.0) - 1.0;
            let uprights = (0..columns).map(|i| vec![[place(i, columns), -1.0], [place(i, columns), 1.0]]);
            let levels = (0..rows).map(|i| vec![[-1.0, place(i, rows)], [1.0, place(i, rows)]]);
            uprights.chain(levels).collect()
        }
        17..19 => {
            let steps = rng.random_range(2..8usize);
            let way = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
            let at = |i: usize| 2.0 * i as f32 / steps as f32 - 1.0;
            vec![(0..steps).flat_map(|i| [[at(i), way * at(i)], [at(i + 1), way * at(i)]]).collect()]
        }
        _ => vec![sampled(60, |t| [(t * TAU).cos(), (t * TAU).sin()])],
    };
    let paths =
        paths.into_iter().map(|path| path.into_iter().map(|p| turned(area.at(p))).collect::<Vec<At>>());
    paths.map(|path| by_hand(rng, &path)).collect()
}

/// Straight edges as a hand draws them: corners that miss a little, edges that bow.
fn by_hand(rng: &mut impl Rng, path: &[At]) -> Vec<At> {
    let unsteady = rng.random_range(0.0..0.012f32);
    let corners: Vec<At> = path.iter().map(|p| p.map(|v| v + unsteady * normal(rng))).collect();
    let mut drawn = Vec::with_capacity(8 * corners.len());
    for pair in corners.windows(2) {
        let [a, b] = [pair[0], pair[1]];
        let bow = 0.02 * normal(rng) * distance(a, b).min(0.5);
        let angle = (b[1] - a[1]).atan2(b[0] - a[0]) + FRAC_PI_2;
        drawn.extend(sampled(8, |t| {
            let aside = bow * (t * std::f32::consts::PI).sin();
            [a[0] + t * (b[0] - a[0]) + aside * angle.cos(), a[1] + t * (b[1] - a[1]) + aside * angle.sin()]
        }));
    }
    drawn
}

/// Many parts that belong together: the walls of a maze, or boxes, circles and letters with lines between them.
pub fn diagram(rng: &mut impl Rng, span: [f32; 2], y: f32, signs: &Signs) -> Vec<Vec<At>> {
    let area = Area { half: [0.45 * (span[1] - span[0]), 0.46], middle: [(span[0] + span[1]) / 2.0, 0.5] };
    let size = rng.random_range(0.4..1.0f32);
    let half = area.half.map(|v| v * size * rng.random_range(0.6..1.0f32));
    let x = area.middle[0] + rng.random_range(-1.0..=1.0f32) * (area.half[0] - half[0]);
    let area = Area { middle: [x, y.clamp(half[1] + 0.02, 0.98 - half[1])], half };
    let [columns, rows] = [rng.random_range(2..8usize), rng.random_range(2..7usize)];
    let place =
        |column: f32, row: f32| area.at([2.0 * column / columns as f32 - 1.0, 2.0 * row / rows as f32 - 1.0]);
    let mut paths: Vec<Vec<At>> = Vec::new();
    if rng.random_bool(0.35) {
        let walls = rng.random_range(0.3..0.7);
        for (column, row) in (0..=columns).flat_map(|column| (0..=rows).map(move |row| (column, row))) {
            let from = place(column as f32, row as f32);
            for [right, up] in [[1, 0], [0, 1]] {
                let is_inside = column + right <= columns && row + up <= rows;
                if is_inside && rng.random_bool(walls) {
                    paths.push(vec![from, place((column + right) as f32, (row + up) as f32)]);
                }
            }
        }
    } else {
        let mut last: Option<At> = None;
        let cell = [2.0 * area.half[0] / columns as f32, 2.0 * area.half[1] / rows as f32];
        for (column, row) in (0..columns).flat_map(|column| (0..rows).map(move |row| (column, row))) {
            if rng.random_bool(0.35) {
                continue;
            }
            let at = place(column as f32 + 0.5, row as f32 + 0.5);
            let half = cell.map(|v| v * rng.random_range(0.15..0.42f32));
            let inside = |[px, py]: At| [at[0] + px * half[0], at[1] + py * half[1]];
            match rng.random_range(0..5) {
                0..2 => {
                    let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]];
                    paths.push(corners.map(inside).to_vec());
                }
                2 => paths.push(sampled(30, |t| inside([(t * TAU).cos(), (t * TAU).sin()]))),
                _ => {
                    let letter =
                        |path: &Vec<At>| path.iter().map(|p| inside(p.map(|v| 2.0 * v - 1.0))).collect();
                    paths.extend(glyph(rng, signs).iter().map(letter));
                }
            }
            if let Some(last) = last.filter(|_| rng.random_bool(0.7)) {
                // Level and upright, as wires run.
                paths.push(vec![last, [at[0], last[1]], at]);
            }
            last = Some(at);
        }
    }
    paths.iter().map(|path| if path.len() < 6 { by_hand(rng, path) } else { path.clone() }).collect()
}

/// Words that are the drawing itself, in one line or more.
pub fn words(rng: &mut impl Rng, [left, right]: [f32; 2], y: f32, signs: &Signs) -> Vec<Vec<At>> {
    let lines = if rng.random_bool(0.6) { 1 } else { rng.random_range(2..7usize) };
    let high = rng.random_range(0.04f32.ln()..0.25f32.ln()).exp().min(0.7 / lines as f32);
    let wide = high * rng.random_range(0.5..1.0f32);
    let most = (((right - left) * 0.96) / wide).max(1.0) as usize;
    let letters = rng.random_range(1..most.clamp(2, 18));
    let across = letters as f32 * wide;
    let x = left + rng.random_range(0.0..=1.0f32) * (right - left - across).max(0.0);
    let apart = high * rng.random_range(1.2..1.9f32);
    let top = (y + apart * lines as f32 / 2.0).max(apart * lines as f32).min(1.0);
    let mut paths: Vec<Vec<At>> = Vec::new();
    for line in 0..lines {
        for letter in 0..letters {
            if letter > 0 && rng.random_bool(0.15) {
                continue;
            }
            let size = high * if rng.random_bool(0.4) { 1.0 } else { rng.random_range(0.5..0.8) };
            let corner = [x + letter as f32 * wide, top - apart * (line + 1) as f32];
            let place = |p: &At| [corner[0] + 0.85 * wide * p[0], corner[1] + size * p[1]];
            paths.extend(glyph(rng, signs).iter().map(|path| path.iter().map(place).collect::<Vec<At>>()));
        }
    }
    paths
}
