//! What lies on a page beside its drawing and is none of it: titles, dates and notes by hand, frames, fingers and pens,
//! holes of a binding, the edge of another sheet, a paint program around its canvas, what was rubbed out or whitened, and what
//! shows through from the other side.

mod screen;

use std::f32::consts::{PI, TAU};

use rand::Rng;
use tiny_skia::Pixmap;

use super::drawing::{At, Drawing, Signs, glyph, sampled};
use super::normal;
use super::page::{Colour, Page};
use super::pen::{Ink, Pen, Tip, blank, coverage_of, fill, mark};
use crate::NetworkInput;

const ROWS: usize = NetworkInput::ROWS;
const COLUMNS: usize = NetworkInput::COLUMNS;

/// One colour of a thing, and the part of every pixel that it covers.
pub type Layer = (Ink, Colour);

/// A box on the pad: left, right, bottom, top.
pub type Span = [f32; 4];

/// The sheet that things are put on, and where there is room.
struct Desk<'a> {
    /// The sheet within the pad.
    sheet: Span,
    /// The drawing; nothing else may touch it.
    drawn: &'a Ink,
    /// The box of the drawing.
    span: Span,
    own: &'a Colour,
    page: &'a Page,
    signs: &'a Signs,
}

/// Things at random, from the first laid to the last; none on many pages. `ink` is the drawing's, which they keep clear of.
pub fn beside(page: &Page, ink: &Ink, own: &Colour, signs: &Signs, rng: &mut impl Rng) -> Vec<Layer> {
    let [left, right] = page.columns.map(|column| column as f32 / ROWS as f32);
    let Some(span) = span_of(ink) else { return Vec::new() };
    let desk = Desk { sheet: [left, right, 0.0, 1.0], drawn: ink, span, own, page, signs };
    let mut layers = Vec::new();
    let mut chance = 0.5;
    while rng.random_bool(chance) {
        chance = 0.35;
        // Nothing lies on what no camera or scanner has seen.
        let thing = match rng.random_range(if page.wear > 0.0 { 0..100 } else { 31..100 }) {
            0..13 => desk.finger(rng),
            13..20 => desk.pen_that_lies_there(rng),
            20..26 => desk.holes(rng),
            26..31 => desk.edge(rng),
            31..75 => desk.writing(rng),
            75..82 => desk.frame(rng),
            82..92 => desk.tools(rng),
            _ => desk.window(rng),
        };
        if thing.iter().all(|(ink, _)| desk.is_clear_of(ink)) {
            layers.extend(thing);
        }
    }
    if page.wear > 0.0 && rng.random_bool(0.06) {
        layers.extend((0..rng.random_range(1..4)).map(|_| desk.erased(rng)));
    }
    if page.wear > 0.0 && rng.random_bool(0.06) {
        layers.push(desk.other_side(rng));
    }
    if page.paper[1] > 120.0 && rng.random_bool(0.06) {
        layers.push(desk.correction(rng));
    }
    if page.wear > 0.0 && rng.random_bool(0.06) {
        layers.push(desk.printed(rng));
    }
    layers
}

/// What may lie on a page on which nothing is drawn.
pub fn on_an_empty_page(page: &Page, signs: &Signs, rng: &mut impl Rng) -> Vec<Layer> {
    let [left, right] = page.columns.map(|column| column as f32 / ROWS as f32);
    let drawn = Ink { coverage: vec![0; ROWS * COLUMNS], width_norm: rng.random_range(0.004..0.04) };
    let rgb = std::array::from_fn(|c| (page.paper[c] + rng.random_range(80.0..255.0f32)) % 255.0);
    let own = Colour { rgb, opacity: 1.0, grain: 0.0, grain_px: 1.0 };
    let (sheet, span) = ([left, right, 0.0, 1.0], [left, left, 0.0, 0.0]);
    let desk = Desk { sheet, drawn: &drawn, span, own: &own, page, signs };
    match rng.random_range(0..20) {
        0..3 if page.wear > 0.0 => (0..rng.random_range(1..3)).map(|_| desk.erased(rng)).collect(),
        3..6 if page.wear > 0.0 => vec![desk.other_side(rng)],
        6..8 => desk.window(rng),
        8 if page.wear > 0.0 => desk.edge(rng),
        9 if page.wear > 0.0 => desk.finger(rng),
        10 => vec![desk.printed(rng)],
        _ => Vec::new(),
    }
}

impl Desk<'_> {
    fn is_clear_of(&self, ink: &Ink) -> bool {
        self.drawn.coverage.iter().zip(&ink.coverage).all(|(drawn, other)| *drawn == 0 || *other == 0)
    }

    /// Whether the drawing lies clear of a box.
    fn is_free(&self, [left, right, bottom, top]: Span) -> bool {
        let pixel = |v: f32, count: usize| (v * ROWS as f32).clamp(0.0, count as f32) as usize;
        let columns = pixel(left, COLUMNS)..pixel(right, COLUMNS);
        let mut rows = pixel(1.0 - top, ROWS)..pixel(1.0 - bottom, ROWS);
        rows.all(|row| self.drawn.coverage[row * COLUMNS..][columns.clone()].iter().all(|v| *v == 0))
    }

    /// Lines of writing: mostly at the edges of the sheet, sometimes close to the drawing, in its ink or in another.
    fn writing(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let high = rng.random_range(0.016f32.ln()..0.08f32.ln()).exp();
        let [l, r, b, t] = self.span;
        // Nothing that is written is large beside the drawing.
        if high > 0.3 * (r - l).max(t - b) {
            return Vec::new();
        }
        let (lines, letters) = (rng.random_range(1..4usize), rng.random_range(1..22usize));
        let lines = if rng.random_bool(0.6) { 1 } else { lines };
        let (wide, apart) = (high * rng.random_range(0.45..0.95f32), rng.random_range(1.3..2.0f32));
        let across = (letters as f32 * wide).min(0.9 * (self.sheet[1] - self.sheet[0]));
        let down = high * (1.0 + apart * (lines - 1) as f32);
        let Some([x, y]) = self.place(across, down, high, rng) else { return Vec::new() };
        let (is_joined, slant, askew) = (rng.random_bool(0.35), 0.25 * normal(rng), 0.02 * normal(rng));
        let pen = high * rng.random_range(0.05..0.2f32);
        let mut pixmap = blank();
        for line in 0..lines {
            let base = y + down - high - line as f32 * apart * high;
            let end = if line + 1 < lines { 1.0 } else { rng.random_range(0.4..=1.0) };
            let paths = if is_joined {
                vec![joined(high, end * across, rng)]
            } else {
                self.letters(high, wide, end * across, rng)
            };
            for path in paths {
                let placed: Vec<At> =
                    path.iter().map(|p| [x + p[0] + slant * p[1], base + p[1] + askew * p[0]]).collect();
                mark(&mut pixmap, &placed, pen);
            }
        }
        vec![self.inked(&pixmap, rng)]
    }

    /// The lower left corner of a free place for writing of this size, with a margin around it.
    fn place(&self, across: f32, down: f32, high: f32, rng: &mut impl Rng) -> Option<At> {
        let [left, right, ..] = self.sheet;
        let near = rng.random_bool(0.25).then_some(self.span);
        (0..12).find_map(|_| {
            let edge = |rng: &mut dyn rand::RngCore| rng.random_range(0.0..1.0f32).powi(3) * 0.25 + 0.01;
            let from_side = |room: f32, rng: &mut dyn rand::RngCore| match rng.random_range(0..3) {
                0 => edge(rng).min(room.max(0.0)),
                1 => (room - edge(rng)).max(0.0),
                _ => rng.random_range(0.0..=room.max(0.0)),
            };
            let [x, y] = match near {
                Some([l, r, b, t]) => {
                    let gap = high * rng.random_range(0.5..2.5f32);
                    let y = if rng.random_bool(0.5) { t + gap } else { b - gap - down };
                    [l + rng.random_range(0.0..=(r - l - across).max(0.0)), y]
                }
                None => {
                    let y = from_side(1.0 - down, rng);
                    // What is written in the middle of a page is seldom a title.
                    let y = if rng.random_bool(0.7) && (0.3..0.7).contains(&y) { edge(rng) } else { y };
                    [left + from_side(right - left - across, rng), y]
                }
            };
            let margin = 0.4 * high;
            let span = [x - margin, x + across + margin, y - margin, y + down + margin];
            let is_inside = x >= left && x + across <= right && y >= 0.0 && y + down <= 1.0;
            (is_inside && self.is_free(span)).then_some([x, y])
        })
    }

    /// Letters one by one, some of them missing as between words.
    fn letters(&self, high: f32, wide: f32, across: f32, rng: &mut impl Rng) -> Vec<Vec<At>> {
        let mut paths = Vec::new();
        let mut x = 0.0;
        while x + wide <= across.max(wide) {
            if !rng.random_bool(0.12) {
                let size = high * if rng.random_bool(0.4) { 1.0 } else { rng.random_range(0.5..0.8) };
                let shape = glyph(rng, self.signs);
                let place = |p: &At| [x + 0.85 * wide * p[0], size * p[1]];
                paths.extend(shape.iter().map(|path| path.iter().map(place).collect::<Vec<At>>()));
            }
            x += wide * rng.random_range(0.9..1.2f32);
        }
        paths
    }

    /// A frame around the drawing, near the edges of the sheet, by hand or printed.
    fn frame(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let [left, right, bottom, top] = self.sheet;
        let unsteady = if rng.random_bool(0.5) { rng.random_range(0.0..0.008f32) } else { 0.0 };
        let path: Vec<At> = if rng.random_bool(0.2) {
            // The line of a margin, as in exercise books.
            let x = left + rng.random_range(0.05..0.2) * (right - left);
            vec![[x, bottom - 0.02], [x, top + 0.02]]
        } else {
            let inset = rng.random_range(0.01..0.08f32);
            let (l, r, b, t) = (left + inset, right - inset, bottom + inset, top - inset);
            let corners = [[l, b], [r, b], [r, t], [l, t], [l, b]];
            corners.map(|corner| corner.map(|v| v + unsteady * normal(rng))).to_vec()
        };
        let mut pixmap = blank();
        mark(&mut pixmap, &path, rng.random_range(0.0018f32.ln()..0.008f32.ln()).exp());
        if path.len() > 2 {
            return vec![self.inked(&pixmap, rng)];
        }
        let paper = self.page.paper;
        let printed = [[0.9, 0.3, 0.3], [0.35, 0.5, 0.9], [0.5, 0.5, 0.5]][rng.random_range(0..3)];
        vec![flat(&pixmap, std::array::from_fn(|c| paper[c] * printed[c]), rng.random_range(0.3..1.0))]
    }

    /// A finger that holds the sheet, with its nail.
    fn finger(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let (at, inward) = self.edge_point(rng);
        let (long, thick) = (rng.random_range(0.08..0.22f32), rng.random_range(0.035..0.075f32));
        let angle = inward + 0.5 * normal(rng);
        let skin = {
            let light = rng.random_range(0.25..1.0f32);
            [235.0, 180.0, 150.0].map(|v: f32| v * light * rng.random_range(0.92..1.05))
        };
        let tip = along(at, angle, long - thick);
        let mut pixmap = blank();
        if rng.random_bool(0.5) {
            mark(&mut pixmap, &[along(at, angle, -0.2), tip], 2.0 * thick);
        } else {
            // The ball of a thumb.
            let round = |t: f32| {
                let (sin, cos) = (t * TAU).sin_cos();
                along(along(at, angle, long * cos), angle + PI / 2.0, 1.3 * thick * sin)
            };
            fill(&mut pixmap, &sampled(40, round));
        }
        let mut layers = vec![flat(&pixmap, skin, 1.0)];
        if rng.random_bool(0.6) {
            let mut pixmap = blank();
            mark(&mut pixmap, &[along(tip, angle, 0.2 * thick), along(tip, angle, 0.5 * thick)], thick);
            layers.push(flat(&pixmap, skin.map(|v| v + 0.35 * (255.0 - v)), 0.8));
        }
        layers
    }

    /// A pen or a ruler that lies on the sheet, with its shadow and its shine, from beyond an edge or all of it.
    fn pen_that_lies_there(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let (at, inward) = self.edge_point(rng);
        let angle = inward + 0.7 * normal(rng);
        let (long, thick) = (rng.random_range(0.1..0.5f32), rng.random_range(0.012..0.05f32));
        let from = if rng.random_bool(0.4) { rng.random_range(0.02..0.4f32) } else { -0.3 };
        let aside = |off: At| [from, from.max(0.0) + long].map(|far| add(along(at, angle, far), off));
        let off = [0.3 * thick * normal(rng), -rng.random_range(0.2..0.6) * thick];
        let (mut shadow, mut body, mut shine) = (blank(), blank(), blank());
        mark(&mut shadow, &aside(off), thick);
        mark(&mut body, &aside([0.0; 2]), thick);
        let across = along([0.0; 2], angle + PI / 2.0, rng.random_range(-0.25..0.25) * thick);
        mark(&mut shine, &aside(across), 0.25 * thick);
        let colour: [f32; 3] = std::array::from_fn(|_| rng.random_range(0.0..255.0f32));
        vec![
            flat(&shadow, [0.0; 3], rng.random_range(0.15..0.5)),
            flat(&body, colour, 1.0),
            flat(&shine, [255.0; 3], rng.random_range(0.1..0.6)),
        ]
    }

    /// Holes or rings of a binding along one side.
    fn holes(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let [left, right, ..] = self.sheet;
        let count = if rng.random_bool(0.3) { rng.random_range(2..5) } else { rng.random_range(10..40) };
        let size = rng.random_range(0.2..0.5f32).min(0.02 * count as f32) / count as f32;
        let inset = size + rng.random_range(0.0..0.03f32);
        let side = rng.random_range(0..3);
        let (mut holes, mut rings) = (blank(), blank());
        let has_rings = count > 5 && rng.random_bool(0.6);
        for i in 0..count {
            let t = (i as f32 + 0.5) / count as f32;
            let (at, out): (At, At) = match side {
                0 => ([left + inset, t], [-1.0, 0.0]),
                1 => ([right - inset, t], [1.0, 0.0]),
                _ => ([left + t * (right - left), 1.0 - inset], [0.0, 1.0]),
            };
            mark(&mut holes, &[at], size.max(0.006));
            if has_rings {
                let end = [at[0] + out[0] * 2.0 * inset, at[1] + out[1] * 2.0 * inset];
                mark(&mut rings, &[at, end], 0.5 * size.max(0.005));
            }
        }
        let grey = |low: f32, high: f32, rng: &mut dyn rand::RngCore| [rng.random_range(low..high); 3];
        let mut layers = vec![flat(&holes, grey(0.0, 110.0, rng), rng.random_range(0.5..1.0))];
        if has_rings {
            layers.push(flat(&rings, grey(30.0, 230.0, rng), 1.0));
        }
        layers
    }

    /// A strip along one side: a scanner's edge, the fold of a book, the next sheet.
    fn edge(&self, rng: &mut impl Rng) -> Vec<Layer> {
        let thick = rng.random_range(0.004f32.ln()..0.09f32.ln()).exp();
        let dark =
            if rng.random_bool(0.6) { rng.random_range(0.0..80.0f32) } else { rng.random_range(0.0..255.0) };
        let is_soft = rng.random_bool(0.4);
        let side = rng.random_range(0..4usize);
        let steps = if is_soft { 6 } else { 1 };
        let askew = 0.015 * normal(rng);
        (0..steps)
            .map(|step| {
                let thick = thick * (1.0 - step as f32 / steps as f32);
                let mut pixmap = blank();
                fill(&mut pixmap, &self.strip(side, thick, askew));
                flat(&pixmap, [dark; 3], if is_soft { 0.3 } else { 1.0 })
            })
            .collect()
    }

    /// The corners of a strip along a side, 0 left to 3 top; `askew` is its slope.
    fn strip(&self, side: usize, thick: f32, askew: f32) -> Vec<At> {
        let [left, right, bottom, top] = self.sheet;
        let (near, far, from, to) = match side {
            0 => (left, left + thick, bottom, top),
            1 => (right, right - thick, bottom, top),
            2 => (bottom, bottom + thick, left, right),
            _ => (top, top - thick, left, right),
        };
        let edge = [[near, from], [near, to], [far + askew * (to - from), to], [far, from], [near, from]];
        let is_upright = side < 2;
        edge.map(|[a, b]| if is_upright { [a, b] } else { [b, a] }).to_vec()
    }

    /// A drawing on the other side of the sheet, or on the sheet below, that shows through.
    fn other_side(&self, rng: &mut impl Rng) -> Layer {
        let [left, right, ..] = self.sheet;
        let drawing = Drawing::random(rng, [left, right], self.signs);
        let pen = Pen { tip: Tip::Round, width_norm: self.drawn.width_norm * rng.random_range(0.7..2.0) };
        let ink = pen.ink(&drawing, rng);
        let rgb = if rng.random_bool(0.5) {
            self.own.rgb
        } else {
            let dark: [f32; 3] = std::array::from_fn(|_| rng.random_range(0.0..200.0f32));
            if self.page.paper[1] < 120.0 { dark.map(|v| 255.0 - v) } else { dark }
        };
        (ink, Colour { rgb, opacity: rng.random_range(0.05..0.3), grain: 0.0, grain_px: 1.0 })
    }

    /// A form or a map that is printed below the drawing, paler than its ink: boxes, lines, areas and words.
    fn printed(&self, rng: &mut impl Rng) -> Layer {
        let [left, right, ..] = self.sheet;
        let thin = rng.random_range(0.002..0.008f32);
        let mut pixmap = blank();
        for _ in 0..rng.random_range(2..9) {
            let [a, b] = [0, 1].map(|_| [rng.random_range(left..right), rng.random_range(0.0..1.0f32)]);
            let corners = [a, [b[0], a[1]], b, [a[0], b[1]], a];
            match rng.random_range(0..10) {
                0..4 => mark(&mut pixmap, &corners, thin),
                4..6 => mark(&mut pixmap, &[a, b], thin),
                6 => drop(fill(&mut pixmap, &corners)),
                _ => {
                    let high = rng.random_range(0.02..0.05f32);
                    for path in self.letters(high, 0.7 * high, 0.5 * (right - a[0]), rng) {
                        let placed: Vec<At> = path.iter().map(|&p| add(a, p)).collect();
                        mark(&mut pixmap, &placed, 0.12 * high);
                    }
                }
            }
        }
        let contrast_of = |rgb: [f32; 3]| {
            rgb.iter().zip(self.page.paper).map(|(v, paper)| (v - paper).abs()).fold(1.0, f32::max)
        };
        let rgb = std::array::from_fn(|_| rng.random_range(0.0..255.0f32));
        let strength = self.own.opacity * (1.0 - 0.5 * self.own.grain) * contrast_of(self.own.rgb);
        let opacity = rng.random_range(0.15..0.55) * strength / contrast_of(rgb);
        flat(&pixmap, rgb, opacity.min(1.0))
    }

    /// White fluid over what was wrong; the drawing may cross it.
    fn correction(&self, rng: &mut impl Rng) -> Layer {
        let [left, right, ..] = self.sheet;
        let drawing = Drawing::random(rng, [left, right], self.signs);
        let pen = Pen { tip: Tip::Round, width_norm: rng.random_range(0.012..0.07) };
        let white = rng.random_range(244.0..255.0f32);
        let colour =
            Colour { rgb: [white; 3], opacity: rng.random_range(0.6..1.0), grain: 0.0, grain_px: 1.0 };
        (pen.ink(&drawing, rng), colour)
    }

    /// What is left of a drawing that was rubbed out: as faint as the rubber was good, and smeared.
    fn erased(&self, rng: &mut impl Rng) -> Layer {
        let [left, right, ..] = self.sheet;
        let drawing = Drawing::random(rng, [left, right], self.signs);
        let pen = Pen { tip: Tip::Round, width_norm: self.drawn.width_norm * rng.random_range(0.7..1.5) };
        let mut smear = blank();
        for path in &drawing.paths {
            mark(&mut smear, path, 2.5 * pen.width_norm);
        }
        let mut ink = pen.ink(&Drawing { is_filled: false, ..drawing }, rng);
        for (v, smear) in ink.coverage.iter_mut().zip(coverage_of(&smear)) {
            *v = (*v).max(smear / 5);
        }
        let opacity = self.own.opacity * rng.random_range(0.08..0.5f32);
        (ink, Colour { opacity, grain: rng.random_range(0.0..0.8), ..*self.own })
    }

    /// A place on the edge of the sheet, and the direction from there to its middle.
    fn edge_point(&self, rng: &mut impl Rng) -> (At, f32) {
        let [left, right, bottom, top] = self.sheet;
        let t = rng.random_range(0.0..1.0f32);
        let (x, y) = (left + t * (right - left), bottom + t * (top - bottom));
        match rng.random_range(0..4) {
            0 => ([left, y], 0.0),
            1 => ([right, y], PI),
            2 => ([x, bottom], PI / 2.0),
            _ => ([x, top], -PI / 2.0),
        }
    }

    /// What was written or ruled: in the ink of the drawing, or in another that shows on this paper.
    fn inked(&self, pixmap: &Pixmap, rng: &mut impl Rng) -> Layer {
        let is_dark_paper = self.page.paper[1] < 120.0;
        let coverage = coverage_of(pixmap);
        let own = *self.own;
        let colour = match rng.random_range(0..10) {
            0..5 => own,
            5..8 => {
                let grey = rng.random_range(0.0..110.0f32);
                let rgb = [if is_dark_paper { 255.0 - grey } else { grey }; 3];
                Colour { rgb, ..own }
            }
            _ => {
                let rgb = std::array::from_fn(|_| rng.random_range(0.0..200.0f32));
                Colour { rgb: if is_dark_paper { rgb.map(|v| 255.0 - v) } else { rgb }, ..own }
            }
        };
        (Ink { coverage, width_norm: 0.0 }, colour)
    }
}

/// A running hand: arches, and loops up and down.
fn joined(high: f32, across: f32, rng: &mut impl Rng) -> Vec<At> {
    let mut path = Vec::new();
    let (mut x, body) = (0.0, rng.random_range(0.35..0.6f32));
    while x < across {
        let wide = high * rng.random_range(0.25..0.6f32);
        let (reach, depth) = match rng.random_range(0..10) {
            0..6 => (body, 0.0),
            6..9 => (1.0, 0.0),
            _ => (body, -0.4),
        };
        let loops = rng.random_range(0.0..0.5f32);
        path.extend(sampled(10, |t| {
            let turn = t * TAU;
            let middle = (reach + depth) / 2.0;
            let y = middle - (reach - depth) / 2.0 * turn.cos();
            [x + wide * (t - loops * turn.sin() * 0.5), high * y]
        }));
        x += wide;
    }
    path
}

/// A flat colour where a thing lies.
fn flat(pixmap: &Pixmap, rgb: [f32; 3], opacity: f32) -> Layer {
    let rgb = rgb.map(|v| v.clamp(0.0, 255.0));
    let ink = Ink { coverage: coverage_of(pixmap), width_norm: 0.0 };
    (ink, Colour { rgb, opacity, grain: 0.0, grain_px: 1.0 })
}

fn add(a: At, b: At) -> At {
    [a[0] + b[0], a[1] + b[1]]
}

fn along(from: At, angle: f32, far: f32) -> At {
    [from[0] + far * angle.cos(), from[1] + far * angle.sin()]
}

/// The box of what is covered.
pub fn span_of(ink: &Ink) -> Option<Span> {
    let mut span: Option<Span> = None;
    for (i, _) in ink.coverage.iter().enumerate().filter(|(_, v)| **v > 0) {
        let at = [(i % COLUMNS) as f32 / ROWS as f32, 1.0 - (i / COLUMNS) as f32 / ROWS as f32];
        let [left, right, bottom, top] = span.unwrap_or([at[0], at[0], at[1], at[1]]);
        span = Some([left.min(at[0]), right.max(at[0]), bottom.min(at[1]), top.max(at[1])]);
    }
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::rng_of;

    #[test]
    fn what_lies_beside_a_drawing_covers_none_of_it_and_is_there_on_many_pages() {
        let own = Colour { rgb: [20.0; 3], opacity: 1.0, grain: 0.0, grain_px: 1.0 };
        let signs: &Signs = &[];
        let mut furnished = 0;
        for seed in 0..300 {
            let rng = &mut rng_of(seed, 0);
            let columns = Page::columns(rng);
            // On a clean dark page nothing is printed, was rubbed out or whitened.
            let page = Page { wear: 0.0, paper: [40.0; 3], ..Page::random(columns, rng) };
            let span = columns.map(|column| column as f32 / ROWS as f32);
            let ink = Pen::random(rng).ink(&Drawing::random(rng, span, signs), rng);
            let layers = beside(&page, &ink, &own, signs, rng);
            furnished += usize::from(!layers.is_empty());
            for (other, _) in layers {
                assert!(ink.coverage.iter().zip(&other.coverage).all(|(a, b)| *a == 0 || *b == 0), "{seed}");
            }
        }
        assert!((60..200).contains(&furnished), "{furnished}");
    }

    #[test]
    fn writing_is_small_beside_the_drawing_and_lies_on_the_sheet() {
        let own = Colour { rgb: [20.0; 3], opacity: 1.0, grain: 0.0, grain_px: 1.0 };
        let page = Page { paper: [255.0; 3], turned_radians: 0.0, columns: [64, 320], wear: 0.0 };
        let (mut pixmap, mut written) = (blank(), 0);
        mark(&mut pixmap, &[[0.4, 0.5], [0.9, 0.5]], 0.02);
        let ink = Ink { coverage: coverage_of(&pixmap), width_norm: 0.02 };
        let desk = Desk {
            sheet: [0.25, 1.25, 0.0, 1.0],
            drawn: &ink,
            span: span_of(&ink).unwrap(),
            own: &own,
            page: &page,
            signs: &[],
        };
        for seed in 0..100 {
            for (writing, _) in desk.writing(&mut rng_of(seed, 1)) {
                let Some([left, right, bottom, top]) = span_of(&writing) else { continue };
                written += 1;
                assert!(left > 0.15 && right < 1.35, "{seed}: {left}..{right}");
                assert!(top - bottom < 0.5, "{seed}: {bottom}..{top}");
            }
        }
        assert!(written > 60, "{written}");
    }
}
