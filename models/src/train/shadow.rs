//! Shadows of things that are held over a page: a hand with its arm and a pen, a finger, a pen alone, a camera.

use std::f32::consts::{PI, TAU};

use image::GrayImage;
use image::imageops::{FilterType, blur, resize};
use rand::Rng;
use tiny_skia::Pixmap;

use super::drawing::At;
use super::normal;
use super::pen::{blank, coverage_of, fill, mark};
use crate::NetworkInput;

const ROWS: u32 = NetworkInput::ROWS as u32;
const COLUMNS: u32 = NetworkInput::COLUMNS as u32;
/// By how much smaller soft shadows are made before they are blurred.
const SMALLER: u32 = 3;

/// Where such a shadow lies (256 x 384): 0 in full light to 1 in the full shadow. Under a lamp near by its edge is soft, in the
/// sun as sharp as ink.
pub fn silhouette(rng: &mut impl Rng) -> Vec<f32> {
    let mut pixmap = blank();
    let tip: At = [rng.random_range(0.0..1.5), rng.random_range(0.0..1.0)];
    // The arm comes from below as a rule.
    let angle =
        if rng.random_bool(0.7) { rng.random_range(-2.9..-0.25f32) } else { rng.random_range(0.0..TAU) };
    match rng.random_range(0..10) {
        0..4 => hand(&mut pixmap, tip, angle, rng),
        4..6 => open_hand(&mut pixmap, tip, angle, rng),
        6..8 => pen(&mut pixmap, tip, angle, rng),
        8 => mark(&mut pixmap, &[tip, along(tip, angle, 2.0)], rng.random_range(0.05..0.22f32)),
        _ => camera(&mut pixmap, tip, rng),
    }
    // PANIC: there is one number for each pixel of the pixmap.
    let sharp = GrayImage::from_raw(COLUMNS, ROWS, coverage_of(&pixmap)).expect("as many pixels");
    let soft_px = rng.random_range(0.25f32.ln()..12.0f32.ln()).exp();
    let soft = if soft_px < 1.5 {
        blur(&sharp, soft_px)
    } else {
        let small = resize(&sharp, COLUMNS / SMALLER, ROWS / SMALLER, FilterType::Triangle);
        resize(&blur(&small, soft_px / SMALLER as f32), COLUMNS, ROWS, FilterType::Triangle)
    };
    soft.pixels().map(|pixel| f32::from(pixel.0[0]) / 255.0).collect()
}

fn along(from: At, angle: f32, far: f32) -> At {
    [from[0] + far * angle.cos(), from[1] + far * angle.sin()]
}

/// A hand that writes: its fingers are closed, some stand out.
fn hand(pixmap: &mut Pixmap, tip: At, angle: f32, rng: &mut impl Rng) {
    let wide = rng.random_range(0.04..0.13f32);
    let palm = along(tip, angle, wide * rng.random_range(0.6..1.6f32));
    mark(pixmap, &[tip, palm], wide * rng.random_range(0.5..1.2f32));
    mark(pixmap, &[palm, along(palm, angle + 0.2 * normal(rng), 0.5 * wide)], 1.6 * wide);
    let wrist = angle + 0.15 * normal(rng);
    mark(pixmap, &[palm, along(palm, wrist, 2.0)], wide * rng.random_range(0.7..1.6f32));
    for _ in 0..rng.random_range(0..4) {
        let finger = angle + PI + 0.6 * normal(rng);
        let end = along(palm, finger, wide * rng.random_range(1.0..2.4f32));
        mark(pixmap, &[palm, end], wide * rng.random_range(0.2..0.45f32));
    }
    if rng.random_bool(0.6) {
        let lies = rng.random_range(0.0..TAU);
        let far = rng.random_range(0.08..0.4f32);
        mark(pixmap, &[tip, along(tip, lies, far)], rng.random_range(0.008..0.03));
    }
}

/// A hand whose fingers are spread, and which casts the shadow of each.
fn open_hand(pixmap: &mut Pixmap, tip: At, angle: f32, rng: &mut impl Rng) {
    let wide = rng.random_range(0.06..0.17f32);
    let spread = rng.random_range(0.08..0.3f32);
    let palm = along(tip, angle, wide);
    mark(pixmap, &[palm, along(palm, angle, 0.6 * wide)], wide);
    mark(
        pixmap,
        &[along(palm, angle, 0.6 * wide), along(palm, angle, 2.0)],
        wide * rng.random_range(0.6..1.1f32),
    );
    let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    for (finger, long) in [0.7, 1.25, 1.4, 1.3, 1.05].into_iter().enumerate() {
        let from_the_middle = finger as f32 - 2.0;
        let turn = side * (spread * from_the_middle - if finger == 0 { 0.4 } else { 0.0 });
        let foot = along(palm, angle + side * PI / 2.0, -0.2 * from_the_middle * wide);
        let joint = along(foot, angle + PI + turn, 0.6 * long * wide);
        let end = along(joint, angle + PI + turn + 0.15 * normal(rng), 0.6 * long * wide);
        mark(pixmap, &[foot, joint, end], wide * rng.random_range(0.16..0.24f32));
    }
}

/// A pen or a ruler that reaches in from beyond the page, with or without a point.
fn pen(pixmap: &mut Pixmap, tip: At, angle: f32, rng: &mut impl Rng) {
    let wide = rng.random_range(0.008f32.ln()..0.06f32.ln()).exp();
    let point = along(tip, angle, wide * rng.random_range(0.5..5.0f32));
    let end = along(tip, angle, if rng.random_bool(0.7) { 2.0 } else { rng.random_range(0.15..0.7f32) });
    let across = |at: At, by: f32| along(at, angle + PI / 2.0, by * wide);
    let corners = [across(point, 0.5), across(end, 0.5), across(end, -0.5), across(point, -0.5)];
    let mut edge: Vec<At> = corners.to_vec();
    edge.push(if rng.random_bool(0.7) { tip } else { point });
    fill(pixmap, &edge);
    if rng.random_bool(0.3) {
        // The sleeve behind it.
        let from = along(tip, angle, rng.random_range(0.2..0.6f32));
        mark(pixmap, &[from, along(from, angle, 2.0)], rng.random_range(0.1..0.3f32));
    }
}

/// A camera or a telephone: a box whose corners are round.
fn camera(pixmap: &mut Pixmap, at: At, rng: &mut impl Rng) {
    let angle = rng.random_range(0.0..TAU);
    let wide = rng.random_range(0.12..0.42f32);
    let (long, round) = (wide * rng.random_range(1.0..2.2f32), wide * rng.random_range(0.05..0.3f32));
    let corners = [[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]].map(|[x, y]: At| {
        let middle = along(at, angle, x * (0.5 * long - 0.5 * round));
        along(middle, angle + PI / 2.0, y * (0.5 * wide - 0.5 * round))
    });
    fill(pixmap, &corners);
    mark(pixmap, &corners, round);
}
