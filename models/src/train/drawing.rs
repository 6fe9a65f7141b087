//! What a hand draws: lines, curves, zigzags, loops, dashes, dots, scribbles, filled shapes and signs, as paths
//! without a pen. Units are the pad's height: x from 0 to 1.5, y from 0 at the bottom to 1.

use std::f32::consts::{PI, TAU};

use rand::Rng;

use super::normal;
use super::shape::{diagram, shape as outline, upright, words};

/// A place on the pad: x in 0..1.5, y in 0..1, both in units of its height.
pub type At = [f32; 2];

/// A sign as somebody drew it.
#[derive(Debug, Clone, PartialEq)]
pub struct HandDrawn {
    /// Who.
    pub person: u32,
    /// Strokes in any unit, y up.
    pub strokes: Vec<Vec<At>>,
}

/// Signs that people drew, as training material.
pub type Signs = [HandDrawn];

/// What a drawing is, for the marks by style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // Named for what they are.
pub enum Style {
    Line,
    FullLine,
    ShortDash,
    Wave,
    Zigzag,
    Dashes,
    Loops,
    Scribble,
    Dot,
    Several,
    Sign,
    Filled,
    Upright,
    Shape,
    Diagram,
    Words,
    /// A picture that is no drawing of Neume's own making.
    Picture,
}

/// A drawing without its pen.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// Paths in the order in which they are drawn; a path of one point is a dot.
    pub paths: Vec<Vec<At>>,
    /// Whether each path is the edge of a filled shape.
    pub is_filled: bool,
    /// What it is.
    pub style: Style,
    /// Who drew it, if a person did.
    pub person: Option<u32>,
}

impl Drawing {
    /// Draws something at random between `left` and `right`.
    pub fn random(rng: &mut impl Rng, [left, right]: [f32; 2], signs: &Signs) -> Drawing {
        let wide = right - left;
        // Some drawings lie at the edge of the pad, which cuts them off.
        let y = match rng.random_range(0..100) {
            0..6 => rng.random_range(-0.01..0.03),
            6..12 => rng.random_range(0.97..1.01),
            _ => rng.random_range(0.03..0.97),
        };
        let is_filled = rng.random_bool(0.06);
        let mut person = None;
        let (style, paths) = if is_filled {
            let x = rng_between(rng, left + 0.1, right - 0.1);
            (Style::Filled, vec![blob(rng, [x, y])])
        } else if rng.random_bool(0.24) {
            match rng.random_range(0..24) {
                0..6 => (Style::Upright, vec![upright(rng, [left, right], y)]),
                6..15 => (Style::Shape, outline(rng, [left, right], y)),
                15..20 => (Style::Diagram, diagram(rng, [left, right], y, signs)),
                _ => (Style::Words, words(rng, [left, right], y, signs)),
            }
        } else {
            match rng.random_range(0..100) {
                0..28 => {
                    let line = line(rng, left, wide, y);
                    let long = (line[line.len() - 1][0] - line[0][0]) / wide;
                    let style = match long {
                        0.95.. => Style::FullLine,
                        ..0.3 => Style::ShortDash,
                        _ => Style::Line,
                    };
                    (style, vec![line])
                }
                28..39 => (Style::Wave, vec![wave(rng, left, wide, y)]),
                39..50 => (Style::Zigzag, vec![zigzag(rng, left, wide, y)]),
                50..64 => (Style::Dashes, dashes(rng, left, wide, y)),
                64..71 => (Style::Loops, vec![loops(rng, left, wide, y)]),
                71..76 => (Style::Scribble, vec![scribble(rng, left, wide, y)]),
                76..81 => (Style::Dot, vec![vec![[rng_between(rng, left + 0.02, right - 0.02), y]]]),
                81..85 => (Style::Several, bundle(rng, left, wide, y)),
                85..89 => {
                    let count = rng.random_range(2..5);
                    let several = (0..count)
                        .map(|_| {
                            let y = (y + 0.12 * normal(rng)).clamp(0.04, 0.96);
                            match rng.random_range(0..4) {
                                0 => wave(rng, left, wide, y),
                                1 => zigzag(rng, left, wide, y),
                                _ => line(rng, left, wide, y),
                            }
                        })
                        .collect();
                    (Style::Several, several)
                }
                _ => {
                    let (paths, by) = sign(rng, left, wide, y, signs);
                    person = by;
                    (Style::Sign, paths)
                }
            }
        };
        Drawing { paths, is_filled, style, person }
    }

    /// The same drawing by a hand that is not quite steady: moved, turned, sized and bent a little.
    pub fn again(&self, rng: &mut impl Rng) -> Drawing {
        let centre = self.centre();
        let (turn, size) = (0.06 * normal(rng), (0.08 * normal(rng)).exp());
        let (dx, dy) = (0.04 * normal(rng), 0.03 * normal(rng));
        let (bend, phase) = (0.006 * normal(rng), rng.random_range(0.0..TAU));
        let (sin, cos) = turn.sin_cos();
        let place = |p: &At| {
            let (x, y) = ((p[0] - centre[0]) * size, (p[1] - centre[1]) * size);
            let bent = bend * (9.0 * p[0] + phase).sin();
            [centre[0] + x * cos - y * sin + dx, centre[1] + x * sin + y * cos + dy + bent]
        };
        let paths = self.paths.iter().map(|path| path.iter().map(place).collect()).collect();
        Drawing { paths, ..*self }
    }

    /// Turns everything by `radians` around the middle of the pad, as a sheet lies askew.
    pub fn turned(&self, radians: f32) -> Drawing {
        let turned = turned(radians);
        let paths = self.paths.iter().map(|path| path.iter().map(|&p| turned(p)).collect()).collect();
        Drawing { paths, ..*self }
    }

    /// How jagged the drawing is, 0 round or straight to 1: the corners along its paths. A corner is a place that
    /// turns by more than 0.6 radians within 0.05 of the pad's height; the angles of all corners, per length, are
    /// `rate`, and the roughness is `1 - exp(-rate / 8)`. A square of 0.3 has 0.5, a saw of teeth 0.1 long 0.9.
    pub fn roughness(&self) -> f32 {
        let (mut turning, mut length) = (0.0f32, 0.0f32);
        for path in &self.paths {
            let even = resample(path, CORNER_STEP);
            length += even.len().saturating_sub(1) as f32 * CORNER_STEP;
            turning += corners(&even);
        }
        1.0 - (-turning / length.max(0.1) / 8.0).exp()
    }

    /// Length of all paths.
    pub fn length(&self) -> f32 {
        let of = |path: &Vec<At>| path.windows(2).map(|pair| distance(pair[0], pair[1])).sum::<f32>();
        self.paths.iter().map(of).sum()
    }

    fn centre(&self) -> At {
        let count = self.paths.iter().map(Vec::len).sum::<usize>().max(1) as f32;
        let sum = self.paths.iter().flatten().fold([0.0, 0.0], |sum, p| [sum[0] + p[0], sum[1] + p[1]]);
        [sum[0] / count, sum[1] / count]
    }
}

const CORNER_STEP: f32 = 0.0125;

fn corners(even: &[At]) -> f32 {
    if even.len() < 5 {
        return 0.0;
    }
    let turns: Vec<f32> = (2..even.len() - 2)
        .map(|i| {
            let before = direction(even[i - 2], even[i]);
            let after = direction(even[i], even[i + 2]);
            let turn = (after - before).rem_euclid(TAU);
            turn.min(TAU - turn)
        })
        .collect();
    let is_corner = |&i: &usize| {
        let (from, to) = (i.saturating_sub(2), (i + 3).min(turns.len()));
        // Of equal turns side by side the first is the corner.
        turns[i] > 0.6
            && turns[from..i].iter().all(|&t| t < turns[i])
            && turns[i..to].iter().all(|&t| t <= turns[i])
    };
    (0..turns.len()).filter(is_corner).map(|i| turns[i]).sum()
}

/// Points along a path, `step` apart.
pub fn resample(path: &[At], step: f32) -> Vec<At> {
    let Some(&first) = path.first() else { return Vec::new() };
    let (mut even, mut left) = (vec![first], step);
    for pair in path.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut far = distance(from, to);
        while far >= left && even.len() < 20_000 {
            let t = left / far;
            from = [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t];
            even.push(from);
            far -= left;
            left = step;
        }
        left -= far;
    }
    even
}

/// The angle of the way from `a` to `b`.
pub fn direction(a: At, b: At) -> f32 {
    (b[1] - a[1]).atan2(b[0] - a[0])
}

/// How far `a` is from `b`.
pub fn distance(a: At, b: At) -> f32 {
    (b[0] - a[0]).hypot(b[1] - a[1])
}

/// Turns places around the middle of the pad.
pub fn turned(radians: f32) -> impl Fn(At) -> At {
    let (sin, cos) = radians.sin_cos();
    move |[x, y]| {
        let (x, y) = (x - 0.75, y - 0.5);
        [0.75 + x * cos - y * sin, 0.5 + x * sin + y * cos]
    }
}

fn rng_between(rng: &mut impl Rng, low: f32, high: f32) -> f32 {
    if high > low { rng.random_range(low..high) } else { (low + high) / 2.0 }
}

/// A stretch of the width: often all of it, sometimes a short dash.
fn stretch(rng: &mut impl Rng, left: f32, wide: f32) -> (f32, f32) {
    let long = match rng.random_range(0..10) {
        0..4 => wide,
        4..8 => wide * rng.random_range(0.3..0.95),
        _ => wide * rng.random_range(0.04..0.3),
    };
    (left + rng.random_range(0.0..=1.0) * (wide - long), long)
}

/// A line, level or a little slanted, wavering slowly.
fn line(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<At> {
    let (from, long) = stretch(rng, left, wide);
    let slope = match rng.random_range(0..10) {
        0..6 => 0.02 * normal(rng),
        6..9 => 0.2 * normal(rng),
        _ => 1.5 * normal(rng),
    };
    let steepness = (1.0 + slope * slope).sqrt();
    let waver = rng.random_range(0.0..0.012f32);
    let phases: [f32; 3] = std::array::from_fn(|_| rng.random_range(0.0..TAU));
    sampled(48, |t| {
        let x = from + t * long / steepness;
        let off: f32 = (0..3).map(|k| (x * (4.0 + 7.0 * k as f32) + phases[k]).sin() / (k + 1) as f32).sum();
        [x, y + slope * (t - 0.5) * long / steepness + waver * off * 0.6]
    })
}

/// A line that was gone over again, or lines close together: parts of one way, side by side.
fn bundle(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<Vec<At>> {
    let way = line(rng, left, wide, y);
    let (count, apart) = (rng.random_range(2..6), rng.random_range(0.004f32.ln()..0.07f32.ln()).exp());
    let tilt = 0.3 * apart;
    (0..count)
        .map(|i| {
            let begin = rng.random_range(0..way.len() / 2);
            let end = rng.random_range(way.len() * 3 / 4..=way.len());
            let (aside, tilt) =
                (apart * (i as f32 - count as f32 / 2.0 + 0.2 * normal(rng)), tilt * normal(rng));
            let moved =
                |(at, p): (usize, &At)| [p[0], p[1] + aside + tilt * (at as f32 / way.len() as f32 - 0.5)];
            way.iter().enumerate().take(end).skip(begin).map(moved).collect()
        })
        .collect()
}

/// A smooth wave.
fn wave(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<At> {
    let (from, long) = stretch(rng, left, wide);
    let (high, turns) = if rng.random_bool(0.75) {
        let high = rng.random_range(0.01..0.2f32).min(0.25 * long);
        (high, rng.random_range(0.5..6.0f32).min(long / (high * 3.0)).max(0.4))
    } else {
        // As steep as a wave is drawn.
        (rng.random_range(0.05..0.45f32), rng.random_range(0.5..12.0f32).min(long / 0.05).max(0.4))
    };
    let phase = rng.random_range(0.0..TAU);
    let tilt = 0.1 * normal(rng);
    sampled(160, |t| [from + t * long, y + high * (t * turns * TAU + phase).sin() + tilt * (t - 0.5) * long])
}

/// A saw with teeth of about the same size.
fn zigzag(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<At> {
    let (from, long) = stretch(rng, left, wide);
    let high = rng.random_range(0.012..0.2f32);
    let tooth = rng.random_range(0.02..0.2f32).max(if rng.random_bool(0.7) { 0.25 * high } else { 0.0 });
    let count = (long / tooth).ceil().max(2.0) as usize;
    let uneven = rng.random_range(0.0..0.5);
    (0..=count)
        .map(|i| {
            let side = if i % 2 == 0 { 1.0 } else { -1.0 };
            let x = from + long * i as f32 / count as f32 + 0.2 * tooth * uneven * normal(rng);
            [x, y + side * high * (1.0 + 0.5 * uneven * normal(rng))]
        })
        .collect()
}

/// A row of dashes or dots.
fn dashes(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<Vec<At>> {
    let whole = if rng.random_bool(0.7) { line(rng, left, wide, y) } else { wave(rng, left, wide, y) };
    let gap = rng.random_range(0.012..0.12f32);
    let dash = if rng.random_bool(0.4) { 0.0 } else { rng.random_range(0.01..0.2f32) };
    let fine = resample(&whole, 0.004);
    let period = ((gap + dash) / 0.004) as usize + 1;
    let on = (dash / 0.004) as usize + 1;
    fine.chunks(period).map(|piece| piece[..on.min(piece.len())].to_vec()).collect()
}

/// Circles, spirals, and loops in a row.
fn loops(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<At> {
    let radius = rng.random_range(0.03..0.25f32);
    let squash = rng.random_range(0.5..1.0);
    let turns = if rng.random_bool(0.4) { 1.0 } else { rng.random_range(1.0..6.0f32) };
    let (grow, along) = match rng.random_range(0..3) {
        0 => (0.0, 0.0),
        1 => (rng.random_range(0.3..1.0f32), 0.0),
        _ => (0.0, rng.random_range(0.2..1.0f32)),
    };
    let x = rng_between(rng, left + radius, left + wide - radius - along * wide * 0.6);
    let phase = rng.random_range(0.0..TAU);
    sampled(60 * turns.ceil() as usize, |t| {
        let r = radius * (1.0 - grow * t);
        let angle = phase + t * turns * TAU;
        [x + r * angle.cos() + along * wide * 0.6 * t, y + squash * r * angle.sin()]
    })
}

/// A hand running to and fro, rounded or in straight strokes.
fn scribble(rng: &mut impl Rng, left: f32, wide: f32, y: f32) -> Vec<At> {
    let (w, h) = (rng.random_range(0.05..0.5f32).min(wide / 2.0), rng.random_range(0.02..0.2f32));
    let x = rng_between(rng, left + w, left + wide - w);
    let knots: Vec<At> = (0..rng.random_range(5..16))
        .map(|_| [x + w * rng.random_range(-1.0..1.0), y + h * rng.random_range(-1.0..1.0)])
        .collect();
    if rng.random_bool(0.5) { knots } else { rounded(&knots) }
}

/// The edge of a filled shape, a blob or a star.
fn blob(rng: &mut impl Rng, [x, y]: At) -> Vec<At> {
    let radius = rng.random_range(0.03..0.2f32);
    let is_star = rng.random_bool(0.4);
    let points = rng.random_range(3..8usize);
    let depth = rng.random_range(0.0..0.6f32);
    let squash = rng.random_range(0.4..1.0);
    let phase = rng.random_range(0.0..TAU);
    let count = if is_star { 2 * points } else { 72 };
    let mut edge: Vec<At> = (0..count)
        .map(|i| {
            let angle = phase + TAU * i as f32 / count as f32;
            let r = if is_star {
                radius * if i % 2 == 0 { 1.0 } else { 1.0 - depth }
            } else {
                radius * (1.0 + 0.3 * depth * (points as f32 * angle).sin())
            };
            [x + r * angle.cos(), y + squash * r * angle.sin()]
        })
        .collect();
    edge.push(edge[0]);
    edge
}

/// A sign: one that a person drew if there are any, else a few straight and round strokes.
fn sign(rng: &mut impl Rng, left: f32, wide: f32, y: f32, signs: &Signs) -> (Vec<Vec<At>>, Option<u32>) {
    let size = rng.random_range(0.08..0.45f32).min(wide * 0.9);
    let x = rng_between(rng, left + size / 2.0, left + wide - size / 2.0);
    let (strokes, person) = shape(rng, signs);
    let place = |p: &At| [x + (p[0] - 0.5) * size, y + (p[1] - 0.5) * size];
    (strokes.iter().map(|stroke| stroke.iter().map(place).collect()).collect(), person)
}

/// The strokes of a sign in the middle of a square of side 1, and who drew it.
fn shape(rng: &mut impl Rng, signs: &Signs) -> (Vec<Vec<At>>, Option<u32>) {
    let (strokes, person) = match signs.len() {
        0 => (invented(rng), None),
        len => {
            let sign = &signs[rng.random_range(0..len)];
            (sign.strokes.clone(), Some(sign.person))
        }
    };
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for p in strokes.iter().flatten() {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    let scale = 1.0 / (high[0] - low[0]).max(high[1] - low[1]).max(1e-3);
    let place = |p: &At| std::array::from_fn(|axis| 0.5 + (p[axis] - (low[axis] + high[axis]) / 2.0) * scale);
    (strokes.iter().map(|stroke| stroke.iter().map(place).collect()).collect(), person)
}

/// The strokes of a letter in the middle of a square of side 1: a sign by a person, or an invented one.
pub fn glyph(rng: &mut impl Rng, signs: &Signs) -> Vec<Vec<At>> {
    let signs = if rng.random_bool(0.7) { signs } else { &[] };
    shape(rng, signs).0
}

fn invented(rng: &mut impl Rng) -> Vec<Vec<At>> {
    (0..rng.random_range(1..5))
        .map(|_| {
            let a: At = std::array::from_fn(|_| rng.random_range(0.0..1.0));
            let b: At = std::array::from_fn(|_| rng.random_range(0.0..1.0));
            match rng.random_range(0..3) {
                0 => vec![a, b],
                1 => {
                    let (r, from) = (rng.random_range(0.1..0.4f32), rng.random_range(0.0..TAU));
                    let sweep = rng.random_range(0.5..2.0) * PI;
                    sampled(40, |t| {
                        [a[0] + r * (from + sweep * t).cos(), a[1] + r * (from + sweep * t).sin()]
                    })
                }
                _ => rounded(&[a, [rng.random_range(0.0..1.0), rng.random_range(0.0..1.0)], b]),
            }
        })
        .collect()
}

/// Points of a curve at `count` + 1 even places 0..=1.
pub fn sampled(count: usize, at: impl Fn(f32) -> At) -> Vec<At> {
    (0..=count).map(|i| at(i as f32 / count as f32)).collect()
}

/// The corners of a path cut off again and again (Chaikin's subdivision).
fn rounded(path: &[At]) -> Vec<At> {
    let mut path = path.to_vec();
    for _ in 0..4 {
        let mut next = Vec::with_capacity(2 * path.len());
        next.extend(path.first());
        for pair in path.windows(2) {
            let mix = |t: f32| [0, 1].map(|axis| pair[0][axis] * (1.0 - t) + pair[1][axis] * t);
            next.extend([mix(0.25), mix(0.75)]);
        }
        next.extend(path.last());
        path = next;
    }
    path
}
