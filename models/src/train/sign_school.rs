//! What the sign network is shown: lessons of signs that are like each other, drawn again with other hands.

use std::f32::consts::{FRAC_PI_2, TAU};

use rand::Rng;
use rand::seq::index::sample;
use tiny_skia::Pixmap;

use super::drawing::At;
use super::{make, normal, rng_of};
use crate::raster::paint_stroke;
use crate::sign_net::{INNER, SIDE, SignInput, levelled};
use crate::{Error, Point, Rgb, Stroke};

/// Strokes of one drawing, in any unit, y up.
pub type Movement = Vec<Vec<At>>;

/// The drawings of one sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// What it is told apart from most often: signs of one alphabet are like each other.
    pub alphabet: String,
    /// Its name within the alphabet.
    pub name: String,
    /// Who drew it, and how.
    pub drawings: Vec<(u32, Movement)>,
}

/// Signs of one lesson, and of one run of an examination.
pub const WAYS: usize = 20;
/// Drawings of each sign in a lesson.
pub const HANDS: usize = 4;
/// Signs of which the pairs of a lesson are made.
const PARTS: usize = 7;

/// The signs that are learned, by alphabet.
pub struct School {
    pub(super) alphabets: Vec<Vec<Sign>>,
}

impl School {
    /// Sorts signs by their alphabets; those that were drawn once are left out.
    ///
    /// # Errors
    /// [`Error::TrainingData`] if fewer than two are left.
    pub fn new(signs: Vec<Sign>) -> Result<School, Error> {
        let mut names: Vec<String> = Vec::new();
        let mut alphabets: Vec<Vec<Sign>> = Vec::new();
        for sign in signs.into_iter().filter(|sign| sign.drawings.len() >= 2) {
            match names.iter().position(|name| *name == sign.alphabet) {
                Some(at) => alphabets[at].push(sign),
                None => {
                    names.push(sign.alphabet.clone());
                    alphabets.push(vec![sign]);
                }
            }
        }
        if alphabets.iter().map(Vec::len).sum::<usize>() < 2 {
            return Err(Error::TrainingData("two signs that were drawn twice each are needed".to_string()));
        }
        Ok(School { alphabets })
    }

    /// Pictures of [`HANDS`] drawings of each of up to [`WAYS`] signs, sign by sign. They are turned or mirrored alike, and
    /// are other signs then.
    pub fn lesson(&self, rng: &mut impl Rng) -> Vec<SignInput> {
        let turn = if rng.random_bool(0.8) { rng.random_range(0..TURNS) } else { 0 };
        let drawn: Vec<Movement> = match rng.random_range(0..100) {
            0..25 => self.pairs(rng),
            25..45 => self.any(WAYS, rng).into_iter().flat_map(|sign| self.hands(sign, rng)).collect(),
            _ => self.of_one_alphabet(rng).into_iter().flat_map(|sign| self.hands(sign, rng)).collect(),
        };
        let seed = rng.random();
        make(drawn.len(), |i| {
            let rng = &mut rng_of(seed, i as u64);
            picture(&by_another_hand(&drawn[i], turn, rng), rng)
        })
    }

    /// Up to `count` signs of all alphabets.
    fn any(&self, count: usize, rng: &mut impl Rng) -> Vec<[usize; 2]> {
        let of = |alphabet: usize| (0..self.alphabets[alphabet].len()).map(move |sign| [alphabet, sign]);
        let all: Vec<[usize; 2]> = (0..self.alphabets.len()).flat_map(of).collect();
        sample(rng, all.len(), count.min(all.len())).into_iter().map(|i| all[i]).collect()
    }

    /// Up to [`WAYS`] signs of one alphabet.
    fn of_one_alphabet(&self, rng: &mut impl Rng) -> Vec<[usize; 2]> {
        let alphabet = rng.random_range(0..self.alphabets.len());
        let count = self.alphabets[alphabet].len();
        sample(rng, count, WAYS.min(count)).into_iter().map(|sign| [alphabet, sign]).collect()
    }

    /// Up to [`WAYS`] signs that are made of two: a few signs, each beside, over or askew to another or itself, so that
    /// many share a half.
    fn pairs(&self, rng: &mut impl Rng) -> Vec<Movement> {
        let parts = self.any(PARTS, rng);
        let away = [[0.55, 0.0], [0.0, 0.55], [0.3, 0.3]][rng.random_range(0..3)];
        let (count, all) = (parts.len(), parts.len() * parts.len());
        let mut pairs = Vec::with_capacity(WAYS * HANDS);
        for i in sample(rng, all, WAYS.min(all)) {
            let [first, second] = [parts[i / count], parts[i % count]].map(|sign| self.hands(sign, rng));
            pairs.extend(first.iter().zip(&second).map(|(first, second)| beside(first, second, away, rng)));
        }
        pairs
    }

    /// A sign by [`HANDS`] hands, different ones if there are so many.
    fn hands(&self, [alphabet, sign]: [usize; 2], rng: &mut impl Rng) -> Vec<Movement> {
        let drawings = &self.alphabets[alphabet][sign].drawings;
        let hands = sample(rng, drawings.len(), HANDS.min(drawings.len())).into_vec();
        (0..HANDS).map(|hand| drawings[hands[hand % hands.len()]].1.clone()).collect()
    }
}

/// Two signs about one place, `away` from it to either side.
fn beside(first: &Movement, second: &Movement, away: At, rng: &mut impl Rng) -> Movement {
    let mut both = Movement::new();
    for (sign, side) in [(first, -1.0), (second, 1.0)] {
        let off = away.map(|v| side * v + 0.04 * normal(rng));
        let moved = |stroke: Vec<At>| stroke.into_iter().map(|p| [p[0] + off[0], p[1] + off[1]]).collect();
        both.extend(in_unit_square(sign).into_iter().map(moved));
    }
    both
}

/// Ways to turn a sign: four quarters, and the same in a mirror.
const TURNS: usize = 8;

/// A drawing of the same sign as another hand, on another day, would have made it.
fn by_another_hand(movement: &Movement, turn: usize, rng: &mut impl Rng) -> Movement {
    let (quarter, is_mirrored) = ((turn % 4) as f32 * FRAC_PI_2, turn >= 4);
    let even = in_unit_square(movement);
    let turn = quarter + 0.13 * normal(rng);
    let (sin, cos) = turn.sin_cos();
    let size: [f32; 2] = std::array::from_fn(|_| (0.14 * normal(rng)).exp());
    let shear = 0.16 * normal(rng);
    // A smooth bend of the paper: two waves along each axis.
    let waves: [[f32; 4]; 4] = std::array::from_fn(|_| {
        [
            0.022 * normal(rng),
            rng.random_range(2.0..8.0),
            rng.random_range(2.0..8.0),
            rng.random_range(0.0..TAU),
        ]
    });
    even.iter()
        .map(|stroke| {
            let own: [f32; 2] = std::array::from_fn(|_| 0.025 * normal(rng));
            let grow = (0.05 * normal(rng)).exp();
            let tilt = 0.05 * normal(rng);
            let middle = stroke.iter().fold([0.0; 2], |sum, p| [sum[0] + p[0], sum[1] + p[1]]);
            let middle = middle.map(|v| v / stroke.len().max(1) as f32);
            stroke
                .iter()
                .map(|p| {
                    let (dx, dy) = ((p[0] - middle[0]) * grow, (p[1] - middle[1]) * grow);
                    let mut x = middle[0] + dx - tilt * dy + own[0];
                    let mut y = middle[1] + dy + tilt * dx + own[1];
                    let bend = |w: &[f32; 4]| w[0] * (w[1] * x + w[2] * y + w[3]).sin();
                    let off = [bend(&waves[0]) + bend(&waves[1]), bend(&waves[2]) + bend(&waves[3])];
                    x = (x + off[0]) * size[0] * if is_mirrored { -1.0 } else { 1.0 };
                    y = (y + off[1]) * size[1];
                    x += shear * y;
                    [x * cos - y * sin, x * sin + y * cos]
                })
                .collect()
        })
        .collect()
}

/// The same strokes about the origin, the longer side of their box being 1.
fn in_unit_square(movement: &Movement) -> Movement {
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for p in movement.iter().flatten() {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    let size = (high[0] - low[0]).max(high[1] - low[1]).max(1e-4);
    let place = |p: &At| [0, 1].map(|axis| (p[axis] - (low[axis] + high[axis]) / 2.0) / size);
    movement.iter().map(|stroke| stroke.iter().map(place).collect()).collect()
}

/// What the network sees of strokes, drawn with a pen of any width and looked at more or less sharply.
fn picture(movement: &Movement, rng: &mut impl Rng) -> SignInput {
    let width_px = rng.random_range(1.2f32.ln()..7.0f32.ln()).exp();
    let mut pixels = painted(movement, width_px);
    for _ in 0..rng.random_range(0.0..2.4f32) as usize {
        pixels = blurred(&pixels);
    }
    SignInput { pixels: levelled(pixels) }
}

/// Ink of a pen of this width, in pixels, as large as fits.
fn painted(movement: &Movement, width_px: f32) -> Vec<f32> {
    // PANIC: the size is a constant that a pixmap can have.
    let mut pixmap = Pixmap::new(SIDE as u32, SIDE as u32).expect("the network's size");
    let scale = (INNER - width_px) / SIDE as f32;
    for stroke in in_unit_square(movement) {
        let place = |p: &At| Point { x: 0.5 + p[0] * scale, y: 0.5 + p[1] * scale, secs: 0.0 };
        let points = stroke.iter().map(place).collect();
        paint_stroke(&mut pixmap, &Stroke { points, rgb: Rgb::BLACK, width_norm: width_px / SIDE as f32 });
    }
    pixmap.pixels().iter().map(|pixel| f32::from(pixel.alpha()) / 255.0).collect()
}

/// A blur of 1-2-1 down and across.
fn blurred(pixels: &[f32]) -> Vec<f32> {
    let at = |x: usize, y: usize| pixels[y.min(SIDE - 1) * SIDE + x.min(SIDE - 1)];
    let part = |off: usize| if off == 1 { 0.5 } else { 0.25 };
    let around = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        let row = |dy: usize| -> f32 {
            (0..3).map(|dx| part(dx) * at((x + dx).saturating_sub(1), (y + dy).saturating_sub(1))).sum()
        };
        (0..3).map(|dy| part(dy) * row(dy)).sum()
    };
    (0..pixels.len()).map(around).collect()
}

/// Width of the pen with which an examination is drawn, in pixels.
const EXAM_WIDTH_PX: f32 = 3.5;

/// What the network sees of strokes as they are.
pub fn exam_picture(movement: &Movement) -> SignInput {
    SignInput { pixels: levelled(painted(movement, EXAM_WIDTH_PX)) }
}
