//! Pens that lay ink along a drawing: round, snapped to pixels, ragged, bristly, broad-nibbed, and strokes built of
//! short dashes. The result is the part of every pixel that ink covers.

use std::f32::consts::TAU;

use rand::Rng;
use tiny_skia::{FillRule, Paint, PathBuilder, Pixmap, Transform};

use super::drawing::{At, Drawing, direction, resample};
use super::normal;
use crate::raster::paint_stroke;
use crate::sketch::PAD_ASPECT;
use crate::{NetworkInput, Point, Rgb, Stroke};

/// How a pen marks the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tip {
    /// A clean line.
    Round,
    /// A clean line whose path keeps to coarse pixels.
    Stepped,
    /// Blots of uneven size and place.
    Ragged,
    /// Hairs side by side that lift now and then, or of a dry brush.
    Bristly,
    /// A flat nib held at one angle.
    Broad,
    /// Short level dashes that overlap.
    Dashed,
}

/// A pen of one tip and width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    /// How it marks the paper.
    pub tip: Tip,
    /// From edge to edge of what it leaves, as a fraction of the pad's height.
    pub width_norm: f32,
}

/// Ink on the pad of the network's size.
#[derive(Debug, Clone, PartialEq)]
pub struct Ink {
    /// Coverage 0..=255 of each pixel, row by row from the top.
    pub coverage: Vec<u8>,
    /// The width that a reader should find: for a filled shape twice its area over its edge.
    pub width_norm: f32,
}

impl Pen {
    /// A pen at random; thin, middle and thick widths are alike common, but for fine liners and pencils.
    pub fn random(rng: &mut impl Rng) -> Pen {
        let tip = match rng.random_range(0..100) {
            0..44 => Tip::Round,
            44..54 => Tip::Stepped,
            54..69 => Tip::Ragged,
            69..81 => Tip::Bristly,
            81..90 => Tip::Broad,
            _ => Tip::Dashed,
        };
        if tip == Tip::Round && rng.random_bool(0.4) {
            return Pen { tip, width_norm: rng.random_range(0.002f32.ln()..0.012f32.ln()).exp() };
        }
        Pen::of_tip(tip, rng)
    }

    /// A pen of this tip and any width.
    pub fn of_tip(tip: Tip, rng: &mut impl Rng) -> Pen {
        let thinnest: f32 = if matches!(tip, Tip::Round | Tip::Stepped) { 0.0018 } else { 0.012 };
        let width_norm = rng.random_range(thinnest.ln()..0.09f32.ln()).exp();
        Pen { tip, width_norm }
    }

    /// Lays ink along `drawing`.
    pub fn ink(&self, drawing: &Drawing, rng: &mut impl Rng) -> Ink {
        let mut pixmap = blank();
        let width_norm = if drawing.is_filled {
            drawing.paths.iter().map(|path| fill(&mut pixmap, path)).fold(0.0, f32::max)
        } else {
            let mut sum = 0.0;
            for path in &drawing.paths {
                sum += self.follow(&mut pixmap, path, rng);
            }
            sum / drawing.paths.len().max(1) as f32
        };
        Ink { coverage: coverage_of(&pixmap), width_norm }
    }

    /// Marks one path and returns the width that it got.
    fn follow(&self, pixmap: &mut Pixmap, path: &[At], rng: &mut impl Rng) -> f32 {
        let w = self.width_norm;
        match self.tip {
            Tip::Round => mark(pixmap, path, w),
            Tip::Stepped => {
                let cell = 1.0 / rng.random_range(100..300) as f32;
                let snap = |v: f32| (v / cell).round() * cell;
                let stepped: Vec<At> = resample(path, 0.004).iter().map(|p| [p[0], snap(p[1])]).collect();
                mark(pixmap, if stepped.len() > 1 { &stepped } else { path }, w);
            }
            Tip::Ragged => {
                for p in resample(path, 0.35 * w) {
                    let size = w * rng.random_range(0.55..0.95);
                    let p = p.map(|v| v + 0.12 * w * normal(rng));
                    mark(pixmap, &[p, [p[0] + 0.3 * w * normal(rng), p[1] + 0.06 * w * normal(rng)]], size);
                }
            }
            Tip::Bristly => self.bristle(pixmap, path, rng),
            Tip::Broad => return self.slant(pixmap, path, rng),
            Tip::Dashed => {
                let thin = w * rng.random_range(0.3..0.6);
                for p in resample(path, 0.45 * w) {
                    let y = p[1] + rng.random_range(-0.5..0.5) * (w - thin);
                    let long = w * rng.random_range(0.6..2.5);
                    mark(
                        pixmap,
                        &[[p[0] - long / 2.0, y], [p[0] + long / 2.0, y + 0.1 * thin * normal(rng)]],
                        thin,
                    );
                }
            }
        }
        w
    }

    /// Every second brush is dry: its hairs leave the paper here and there, the outer ones and those at the end more.
    fn bristle(&self, pixmap: &mut Pixmap, path: &[At], rng: &mut impl Rng) {
        let w = self.width_norm;
        let hairs = if rng.random_bool(0.5) { rng.random_range(4..9usize) } else { rng.random_range(9..24) };
        let dry = if rng.random_bool(0.5) { rng.random_range(0.3..2.2f32) } else { 0.0 };
        let even = resample(path, 0.01);
        let last = even.len().saturating_sub(1);
        for hair in 0..hairs {
            let thin = w / hairs as f32 * rng.random_range(0.6..1.2);
            let outward = hair as f32 / (hairs - 1) as f32 - 0.5;
            let (often, phase) = (rng.random_range(0.5..6.0f32), rng.random_range(0.0..TAU));
            let lifts = |along: f32| {
                dry * (1.2 * outward.abs() + 0.5 * along + 0.5 * (TAU * often * along + phase).sin()) > 1.0
            };
            let mut trail = Vec::new();
            for (i, p) in even.iter().enumerate() {
                let way = direction(even[i.saturating_sub(1)], even[(i + 1).min(last)]);
                let off = outward * (w - thin) + 0.05 * w * normal(rng);
                let ends = lifts(i as f32 / last.max(1) as f32);
                if !ends {
                    trail.push([p[0] - off * way.sin(), p[1] + off * way.cos()]);
                }
                if ends || rng.random_bool(0.04) {
                    mark(pixmap, &trail, thin);
                    trail.clear();
                }
            }
            mark(pixmap, &trail, thin);
        }
    }

    fn slant(&self, pixmap: &mut Pixmap, path: &[At], rng: &mut impl Rng) -> f32 {
        let angle = rng.random_range(0.5..2.6f32);
        let thin = 0.25 * self.width_norm;
        let (sin, cos) = angle.sin_cos();
        let edges = 8;
        for edge in 0..=edges {
            let off = (edge as f32 / edges as f32 - 0.5) * (self.width_norm - thin);
            let moved: Vec<At> = path.iter().map(|p| [p[0] + off * cos, p[1] + off * sin]).collect();
            mark(pixmap, &moved, thin);
        }
        let even = resample(path, 0.02);
        let across: f32 = even.windows(2).map(|pair| (direction(pair[0], pair[1]) - angle).sin().abs()).sum();
        let count = even.len().saturating_sub(1);
        let mean = if count == 0 { sin.abs() } else { across / count as f32 };
        thin + mean * (self.width_norm - thin)
    }
}

/// A pad of the network's size without ink.
pub fn blank() -> Pixmap {
    let (columns, rows) = (NetworkInput::COLUMNS as u32, NetworkInput::ROWS as u32);
    // PANIC: the size is a constant that a pixmap can have.
    Pixmap::new(columns, rows).expect("the network's size")
}

/// Coverage 0..=255 of each pixel, row by row from the top.
pub fn coverage_of(pixmap: &Pixmap) -> Vec<u8> {
    pixmap.pixels().iter().map(|pixel| pixel.alpha()).collect()
}

/// Draws a path with a round pen; a path of one point is a dot.
pub fn mark(pixmap: &mut Pixmap, path: &[At], width_norm: f32) {
    if path.is_empty() {
        return;
    }
    let points = path.iter().map(|p| Point { x: p[0] / PAD_ASPECT, y: p[1], secs: 0.0 }).collect();
    paint_stroke(pixmap, &Stroke { points, rgb: Rgb::BLACK, width_norm });
}

/// Fills a closed path and returns twice its area over its edge.
pub fn fill(pixmap: &mut Pixmap, path: &[At]) -> f32 {
    let high = pixmap.height() as f32;
    let mut builder = PathBuilder::new();
    let (mut area, mut edge) = (0.0, 0.0);
    for (i, p) in path.iter().enumerate() {
        let (x, y) = (p[0] * high, (1.0 - p[1]) * high);
        if i == 0 {
            builder.move_to(x, y);
        } else {
            builder.line_to(x, y);
            let before = path[i - 1];
            area += 0.5 * (before[0] * p[1] - p[0] * before[1]);
            edge += (p[0] - before[0]).hypot(p[1] - before[1]);
        }
    }
    builder.close();
    if let Some(path) = builder.finish() {
        let paint = Paint { anti_alias: true, ..Paint::default() };
        pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
    }
    2.0 * area.abs() / edge.max(1e-3)
}
