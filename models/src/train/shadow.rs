//! Shadows of things that are held over a page: a hand with its arm and a pen, a finger, a camera.

use image::GrayImage;
use image::imageops::{FilterType, blur, resize};
use rand::Rng;

use super::drawing::At;
use super::normal;
use super::pen::{blank, coverage_of, fill, mark};
use crate::NetworkInput;

const ROWS: u32 = NetworkInput::ROWS as u32;
const COLUMNS: u32 = NetworkInput::COLUMNS as u32;
/// By how much smaller shadows are drawn, which are soft anyhow.
const SMALLER: u32 = 3;

/// Where such a shadow lies (256 x 384): 0 in full light to 1 in the full shadow.
pub fn silhouette(rng: &mut impl Rng) -> Vec<f32> {
    let mut pixmap = blank();
    let tip: At = [rng.random_range(0.0..1.5), rng.random_range(0.0..1.0)];
    // The arm comes from below as a rule.
    let angle =
        if rng.random_bool(0.8) { rng.random_range(-2.9..-0.25f32) } else { rng.random_range(0.0..6.3) };
    let along = |from: At, angle: f32, far: f32| [from[0] + far * angle.cos(), from[1] + far * angle.sin()];
    let hand = rng.random_range(0.04..0.13f32);
    if rng.random_bool(0.2) {
        // A camera, or the head of who looks: a box with soft corners.
        let corners = [0.0, 1.3, 3.1, 4.4, 0.0].map(|turn| along(tip, angle + turn, 2.5 * hand));
        fill(&mut pixmap, &corners);
    } else {
        let palm = along(tip, angle, hand * rng.random_range(0.6..1.6f32));
        mark(&mut pixmap, &[tip, palm], hand * rng.random_range(0.5..1.2f32));
        mark(&mut pixmap, &[palm, along(palm, angle + 0.2 * normal(rng), 0.5 * hand)], 1.6 * hand);
        let wrist = angle + 0.15 * normal(rng);
        mark(&mut pixmap, &[palm, along(palm, wrist, 2.0)], hand * rng.random_range(0.7..1.6f32));
        for _ in 0..rng.random_range(0..4) {
            let finger = angle + std::f32::consts::PI + 0.6 * normal(rng);
            let end = along(palm, finger, hand * rng.random_range(1.0..2.4f32));
            mark(&mut pixmap, &[palm, end], hand * rng.random_range(0.2..0.45f32));
        }
        if rng.random_bool(0.6) {
            let pen = rng.random_range(0.0..std::f32::consts::TAU);
            let far = rng.random_range(0.08..0.4f32);
            mark(&mut pixmap, &[tip, along(tip, pen, far)], rng.random_range(0.008..0.03));
        }
    }
    // PANIC: there is one number for each pixel of the pixmap.
    let sharp = GrayImage::from_raw(COLUMNS, ROWS, coverage_of(&pixmap)).expect("as many pixels");
    let small = resize(&sharp, COLUMNS / SMALLER, ROWS / SMALLER, FilterType::Triangle);
    let soft_px = rng.random_range(0.8f32.ln()..12.0f32.ln()).exp();
    let soft = blur(&small, soft_px / SMALLER as f32);
    let soft = resize(&soft, COLUMNS, ROWS, FilterType::Triangle);
    soft.pixels().map(|pixel| f32::from(pixel.0[0]) / 255.0).collect()
}
