//! Paper, light and camera: what lies between a drawing and its picture. Plain, tinted and dark sheets that end within
//! the picture, printed grids as faint as a shadow or as dark as the ink, rings of cups, smudges, shadows of hands, flash and folds, grain,
//! blur and JPEG.

use image::imageops::{FilterType, resize};
use image::{ImageEncoder as _, Rgba, RgbaImage};
use rand::Rng;

use super::beside::{Layer, Span, span_of};
use super::drawing::turned;
use super::normal;
use super::pen::Ink;
use super::shadow::silhouette;
use crate::NetworkInput;

const ROWS: usize = NetworkInput::ROWS;
const COLUMNS: usize = NetworkInput::COLUMNS;

/// A picture under construction: linear numbers 0..255, three a pixel.
struct Picture(Vec<[f32; 3]>);

/// How a sheet looks and how it was taken.
#[derive(Debug, Clone)]
pub struct Page {
    /// Colour of the paper, 0..255.
    pub paper: [f32; 3],
    /// By how much the sheet lies askew.
    pub turned_radians: f32,
    /// Columns that the picture covers; the rest of the pad is empty.
    pub columns: [usize; 2],
    /// 0 for a clean export, 1 for the worst photograph.
    pub wear: f32,
}

/// The colour of ink and how it covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colour {
    /// Red, green and blue, 0..255.
    pub rgb: [f32; 3],
    /// How much of the paper it hides, 0..1.
    pub opacity: f32,
    /// How much the grain of the paper shows through, 0..1.
    pub grain: f32,
    /// How wide that grain is, in pixels from 1.
    pub grain_px: f32,
}

impl Page {
    /// The columns that a picture covers: often it is square, sometimes upright, sometimes as wide as the pad.
    pub fn columns(rng: &mut impl Rng) -> [usize; 2] {
        let wide = match rng.random_range(0..10) {
            0..4 => 256,
            4..5 => 192,
            5..6 => 340,
            _ => COLUMNS,
        };
        let left = (COLUMNS - wide) / 2;
        [left, left + wide]
    }

    /// A sheet at random; one in six is a clean export.
    pub fn random(columns: [usize; 2], rng: &mut impl Rng) -> Page {
        let light = |rng: &mut dyn rand::RngCore| {
            let base = rng.random_range(195.0..255.0f32);
            std::array::from_fn(|c| {
                (base - [0.0, 5.0, 22.0][c] * rng.random_range(0.0..1.4f32)).clamp(0.0, 255.0)
            })
        };
        let paper = match rng.random_range(0..100) {
            0..40 => [255.0; 3],
            40..72 => light(rng),
            72..80 => {
                let base: f32 = rng.random_range(130.0..200.0);
                [base, base * rng.random_range(0.85..1.0), base * rng.random_range(0.6..1.0)]
            }
            _ => std::array::from_fn(|_| rng.random_range(4.0..60.0)),
        };
        let wear = if rng.random_bool(0.17) { 0.0 } else { rng.random_range(0.05..1.0) };
        let turned_radians = if wear > 0.2 { 0.03 * normal(rng) } else { 0.0 };
        Page { paper, turned_radians, columns, wear }
    }

    /// Ink on nothing but this page's paper.
    pub fn drawn(&self, ink: &Ink, colour: &Colour) -> RgbaImage {
        let mut picture = Picture(vec![self.paper; ROWS * COLUMNS]);
        for (pixel, &coverage) in picture.0.iter_mut().zip(&ink.coverage) {
            mix(pixel, &colour.rgb, f32::from(coverage) / 255.0);
        }
        self.cut_out(&picture)
    }

    /// The picture of `layers` of ink on this page, the first below the others; none for an empty page. Beside the page it is
    /// transparent.
    pub fn picture(&self, layers: &[Layer], rng: &mut impl Rng) -> RgbaImage {
        let mut picture = Picture(vec![self.paper; ROWS * COLUMNS]);
        if rng.random_bool(0.62) {
            self.print_lines(&mut picture, rng);
        }
        if self.wear > 0.2 {
            while rng.random_bool(0.45) {
                stain(&mut picture, rng);
            }
        }
        if self.wear > 0.2 && rng.random_bool(0.5) {
            cloud(&mut picture, self.wear * rng.random_range(0.0..5.0), rng);
        }
        if self.wear > 0.2 && rng.random_bool(0.3) {
            self.surround(&mut picture, layers.last().and_then(|(ink, _)| span_of(ink)), rng);
        }
        for (ink, colour) in layers {
            lay(&mut picture, ink, colour, rng);
        }
        if self.wear > 0.0 {
            self.light(&mut picture, rng);
            let mut soft = self.wear * rng.random_range(0.0..3.6f32);
            while soft > 0.0 {
                blur(&mut picture, soft.min(1.0));
                soft -= 1.0;
            }
            speckle(&mut picture, self.wear * rng.random_range(0.0..12.0), rng);
            if rng.random_bool(0.05) {
                dust(&mut picture, rng);
            }
        } else if rng.random_bool(0.5) {
            // Larger pictures were made smaller.
            blur(&mut picture, rng.random_range(0.2..1.0));
        }
        let mut image = self.cut_out(&picture);
        if self.wear > 0.0 && rng.random_bool(0.05) {
            image = coarse(&image, rng);
        }
        if self.wear > 0.0 && rng.random_bool(0.3) {
            return self.through_jpeg(image, rng.random_range(25..92));
        }
        image
    }

    /// Prints a grid or rules: rows of 2/5 to 1/60 of the height, or the twelve of a pad, faint or as dark as ink.
    fn print_lines(&self, picture: &mut Picture, rng: &mut impl Rng) {
        let rows = match rng.random_range(0..10) {
            0..4 => 12.0,
            4 => rng.random_range(2.5..5.0f32),
            _ => rng.random_range(5.0..60.0f32),
        };
        let (is_level, is_upright) = match rng.random_range(0..10) {
            0..7 => (true, true),
            7..9 => (true, false),
            _ => (false, true),
        };
        let is_pad = rng.random_bool(0.5);
        let phases: [f32; 2] = if is_pad {
            [self.columns[0] as f32 / ROWS as f32 * rows, 0.0]
        } else {
            std::array::from_fn(|_| rng.random_range(0.0..1.0))
        };
        let thick_px = rng.random_range(0.35..1.8f32).min(0.25 * ROWS as f32 / rows);
        let is_dark_paper = self.paper[1] < 120.0;
        let contrast = rng.random_range(0.08..1.0f32).powf(1.3);
        let hue: [f32; 3] = match rng.random_range(0..10) {
            0..5 => [1.0; 3],
            5..8 => [1.0, 0.7, 0.3],
            _ => std::array::from_fn(|_| rng.random_range(0.2..1.0)),
        };
        let end = if is_dark_paper { 255.0 } else { 0.0 };
        let lines =
            std::array::from_fn::<f32, 3, _>(|c| self.paper[c] + (end - self.paper[c]) * contrast * hue[c]);
        let per_row = ROWS as f32 / rows;
        // On some papers every fifth or tenth line is stronger than those between.
        let (every, between) = match rng.random_range(0..10) {
            0..7 => (1.0, 1.0),
            7..9 => (5.0, rng.random_range(0.2..0.7f32)),
            _ => (10.0, rng.random_range(0.2..0.7f32)),
        };
        // Of some grids only the crossings are printed.
        let is_dotted = is_level && is_upright && rng.random_bool(0.2);
        let thick_px = if is_dotted { (2.0 * thick_px).min(0.4 * per_row) } else { thick_px };
        let cover = |along: f32| {
            let off = (along - along.round()).abs() * per_row;
            let strength = if every == 1.0 || along.round() % every == 0.0 { 1.0 } else { between };
            strength * (thick_px / 2.0 + 0.5 - off).clamp(0.0, thick_px.min(1.0))
        };
        let turned = turned(-self.turned_radians);
        for (i, pixel) in picture.0.iter_mut().enumerate() {
            let at = [(i % COLUMNS) as f32 + 0.5, ROWS as f32 - 0.5 - (i / COLUMNS) as f32];
            let at = turned(at.map(|v| v / ROWS as f32));
            let upright = if is_upright { cover(at[0] * rows - phases[0]) } else { 0.0 };
            let level = if is_level { cover(at[1] * rows - phases[1]) } else { 0.0 };
            mix(pixel, &lines, if is_dotted { upright * level } else { upright.max(level) });
        }
    }

    /// What is no drawing, and has no paper either: noise, a chequered board or clouds.
    pub fn texture(&self, rng: &mut impl Rng) -> RgbaImage {
        let mut picture = Picture(vec![self.paper; ROWS * COLUMNS]);
        match rng.random_range(0..3) {
            0 => {
                speckle(&mut picture, rng.random_range(25.0..90.0), rng);
                blur(&mut picture, rng.random_range(0.0..1.0));
            }
            1 => {
                let side = rng.random_range(2.0f32.ln()..24.0f32.ln()).exp();
                let other: [f32; 3] = std::array::from_fn(|_| rng.random_range(0.0..255.0));
                for (i, pixel) in picture.0.iter_mut().enumerate() {
                    let [x, y] = [i % COLUMNS, i / COLUMNS].map(|v| (v as f32 / side) as usize);
                    mix(pixel, &other, ((x + y) % 2) as f32);
                }
                speckle(&mut picture, 6.0 * self.wear, rng);
            }
            _ => (0..rng.random_range(1..5))
                .for_each(|_| cloud(&mut picture, rng.random_range(10.0..45.0), rng)),
        }
        self.cut_out(&picture)
    }

    /// Light from one side, and the soft shadow of a hand or a lamp's edge.
    fn light(&self, picture: &mut Picture, rng: &mut impl Rng) {
        let strength = self.wear * 0.35;
        let slope: [f32; 2] = std::array::from_fn(|_| strength * rng.random_range(-0.5..0.5f32));
        let corner = strength * rng.random_range(0.0..0.5f32);
        let tint: [f32; 3] = std::array::from_fn(|_| 1.0 + 0.12 * self.wear * rng.random_range(-1.0..0.0f32));
        let has_shadow = self.wear > 0.3 && rng.random_bool(0.5);
        let deep = if has_shadow { rng.random_range(0.1..0.68f32) } else { 0.0 };
        let (sin, cos) = rng.random_range(0.0..std::f32::consts::TAU).sin_cos();
        let (edge, soft) = (rng.random_range(-0.5..0.6f32), rng.random_range(0.01..0.3f32));
        // The edge of a hand: fingers and knuckles.
        let (lobes, reach) = (rng.random_range(1.0..9.0f32), rng.random_range(0.0..0.25f32));
        let phase = rng.random_range(0.0..std::f32::consts::TAU);
        // Or of a thing with corners.
        let has_corners = rng.random_bool(0.4);
        let corners: [f32; CORNERS] = std::array::from_fn(|_| 1.6 * reach * rng.random_range(-1.0..1.0f32));
        // The spot of a flash, and folds whose panels lie in other light.
        let has_flash = self.wear > 0.3 && rng.random_bool(0.1);
        let spot: [f32; 2] = std::array::from_fn(|_| rng.random_range(-0.9..0.9f32));
        let (glare, wide) =
            (if has_flash { rng.random_range(0.1..0.9f32) } else { 0.0 }, rng.random_range(0.2..0.8f32));
        let has_folds = self.wear > 0.2 && rng.random_bool(0.1);
        let folds: [f32; 2] = std::array::from_fn(|_| rng.random_range(-0.7..0.7f32));
        let panels: [f32; 4] =
            std::array::from_fn(|_| if has_folds { rng.random_range(0.86..1.04f32) } else { 1.0 });
        let held = (self.wear > 0.2 && rng.random_bool(0.5)).then(|| silhouette(rng));
        let dark = rng.random_range(0.1..0.62f32);
        for (i, pixel) in picture.0.iter_mut().enumerate() {
            let x = (i % COLUMNS) as f32 / COLUMNS as f32 * 2.0 - 1.0;
            let y = (i / COLUMNS) as f32 / ROWS as f32 * 2.0 - 1.0;
            let mut light = 1.0 + slope[0] * x + slope[1] * y - corner * (x * x + y * y) / 2.0;
            if deep > 0.0 {
                let across = y * cos - x * sin;
                let along = across * lobes + phase;
                let bent = edge
                    + match has_corners {
                        true => between(&corners, (across / 2.9 + 0.5) * (CORNERS - 1) as f32),
                        false => reach * (along.sin() + 0.4 * (2.3 * along).sin()),
                    };
                let inside = ((x * cos + y * sin - bent) / soft).clamp(-1.0, 1.0);
                light *= 1.0 - deep * (0.5 + 0.5 * inside);
            }
            if glare > 0.0 {
                let far = ((x - spot[0]) / wide).powi(2) + ((y - spot[1]) / wide).powi(2);
                light *= 1.0 - 0.5 * glare + glare * (-far).exp();
            }
            light *= held.as_ref().map_or(1.0, |held| 1.0 - dark * held[i]);
            light *= panels[usize::from(x > folds[0]) + 2 * usize::from(y > folds[1])];
            for (c, v) in pixel.iter_mut().enumerate() {
                *v *= light * tint[c];
            }
        }
    }

    /// What lies around the sheet, where it ends within the picture: a table, darkness, another sheet. What is drawn lies on
    /// the sheet.
    fn surround(&self, picture: &mut Picture, drawn: Option<Span>, rng: &mut impl Rng) {
        let table: [f32; 3] = match rng.random_range(0..4) {
            0 => [rng.random_range(0.0..60.0f32); 3],
            1 => [rng.random_range(120.0..255.0f32); 3],
            2 => [120.0, 80.0, 50.0].map(|v: f32| v * rng.random_range(0.5..1.6f32)),
            _ => std::array::from_fn(|_| rng.random_range(0.0..255.0f32)),
        };
        let [left, right] = self.columns.map(|column| column as f32 / ROWS as f32);
        // Most sides lie outside the picture; the sheet lies as askew as it lies, or its edge alone does.
        let askew = self.turned_radians + if rng.random_bool(0.5) { 0.02 * normal(rng) } else { 0.0 };
        let (often, deep) = if rng.random_bool(0.3) { (0.9, 0.2f32) } else { (0.5, 0.05) };
        let [l, r, b, t] = drawn.unwrap_or([right, left, 1.0, 0.0]);
        let mut inset = |room: f32| {
            if rng.random_bool(often) { rng.random_range(0.0..deep).min(room.max(0.01)) } else { -0.03 }
        };
        let sides = [left + inset(l - left), right - inset(right - r), inset(b), 1.0 - inset(1.0 - t)];
        let turned = turned(-askew);
        // The grain of wood: boards of another lightness, with veins along them.
        let (grain, is_upright) =
            (if rng.random_bool(0.5) { rng.random_range(0.03..0.3f32) } else { 0.0 }, rng.random_bool(0.3));
        let veins: Vec<f32> = (0..2 * COLUMNS).map(|_| normal(rng)).collect();
        let (fine, long, phase) =
            (rng.random_range(0.2..1.5f32), rng.random_range(0.0..0.04f32), rng.random_range(0.0..9.0f32));
        for (i, pixel) in picture.0.iter_mut().enumerate() {
            let at = [(i % COLUMNS) as f32 + 0.5, ROWS as f32 - 0.5 - (i / COLUMNS) as f32];
            let (along, across) = if is_upright { (at[1], at[0]) } else { (at[0], at[1]) };
            let vein = (across + 8.0 * (long * along + phase).sin() + 16.0) * fine;
            let dark = 1.0 + grain * veins[vein as usize % veins.len()];
            let table = table.map(|v| v * dark);
            let [x, y] = turned(at.map(|v| v / ROWS as f32));
            let inside = (x - sides[0]).min(sides[1] - x).min(y - sides[2]).min(sides[3] - y);
            mix(pixel, &table, (0.5 - inside * ROWS as f32).clamp(0.0, 1.0));
        }
    }

    fn cut_out(&self, picture: &Picture) -> RgbaImage {
        RgbaImage::from_fn(COLUMNS as u32, ROWS as u32, |x, y| {
            let [r, g, b] = picture.0[y as usize * COLUMNS + x as usize].map(|v| v.clamp(0.0, 255.0) as u8);
            let is_inside = (self.columns[0]..self.columns[1]).contains(&(x as usize));
            Rgba([r, g, b, if is_inside { 255 } else { 0 }])
        })
    }

    fn through_jpeg(&self, image: RgbaImage, quality: u8) -> RgbaImage {
        let [left, right] = self.columns.map(|column| column as u32);
        let part = image::imageops::crop_imm(&image, left, 0, right - left, ROWS as u32).to_image();
        let rgb = image::DynamicImage::ImageRgba8(part).into_rgb8();
        let mut jpeg = Vec::new();
        let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, quality);
        let written = encoder.write_image(&rgb, rgb.width(), rgb.height(), image::ExtendedColorType::Rgb8);
        let Ok(back) =
            written.and_then(|()| image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg))
        else {
            return image;
        };
        let mut whole = image;
        image::imageops::replace(&mut whole, &back.into_rgba8(), i64::from(left), 0);
        whole
    }
}

/// Lays ink over the picture; the paper's grain shows through where the colour says so.
fn lay(picture: &mut Picture, ink: &Ink, colour: &Colour, rng: &mut impl Rng) {
    let wide = (COLUMNS as f32 / colour.grain_px) as usize + 1;
    let teeth: Vec<f32> = if colour.grain > 0.0 {
        let high = (ROWS as f32 / colour.grain_px) as usize + 1;
        (0..wide * high).map(|_| rng.random_range(0.0..1.0)).collect()
    } else {
        Vec::new()
    };
    for (i, (pixel, &coverage)) in picture.0.iter_mut().zip(&ink.coverage).enumerate() {
        if coverage > 0 {
            let [x, y] = [i % COLUMNS, i / COLUMNS].map(|at| (at as f32 / colour.grain_px) as usize);
            let gap = colour.grain * teeth.get(y * wide + x).unwrap_or(&0.0);
            mix(pixel, &colour.rgb, f32::from(coverage) / 255.0 * colour.opacity * (1.0 - gap));
        }
    }
}

/// A ring that a cup left, whole or broken, or a smudge.
fn stain(picture: &mut Picture, rng: &mut impl Rng) {
    let at: [f32; 2] = [rng.random_range(0.0..COLUMNS as f32), rng.random_range(0.0..ROWS as f32)];
    let radius = rng.random_range(12.0..90.0f32);
    let is_ring = rng.random_bool(0.75);
    let wide = if is_ring { rng.random_range(0.8..7.0f32) } else { radius };
    let strength = rng.random_range(0.05..if is_ring { 0.6 } else { 0.3f32 });
    let colour = match rng.random_range(0..4) {
        0..2 => [110.0, 75.0, 40.0],
        2 => [rng.random_range(20.0..140.0f32); 3],
        _ => std::array::from_fn(|_| rng.random_range(30.0..180.0f32)),
    };
    let (gaps, phase) = (rng.random_range(0.0..1.2f32), rng.random_range(0.0..std::f32::consts::TAU));
    // Where liquid dries, it leaves the most at its rims.
    let rims =
        if is_ring && wide > 2.0 && rng.random_bool(0.5) { rng.random_range(0.3..1.0f32) } else { 0.0 };
    let rim_px = rng.random_range(0.6..1.4f32);
    let bends: [f32; 3] = std::array::from_fn(|i| 0.02 * radius * normal(rng) / (i + 1) as f32);
    // Some cups were wet all over.
    let within = if is_ring && rng.random_bool(0.4) { rng.random_range(0.05..0.4f32) } else { 0.0 };
    for (i, pixel) in picture.0.iter_mut().enumerate() {
        let (x, y) = ((i % COLUMNS) as f32 - at[0], (i / COLUMNS) as f32 - at[1]);
        let mut out = x.hypot(y) - radius;
        let angle = if is_ring && out.abs() < wide + 0.1 * radius { y.atan2(x) + phase } else { 0.0 };
        if is_ring {
            let turns = bends.iter().zip([2.0, 3.0, 5.0]);
            out -= turns.map(|(by, turns)| by * (turns * angle).sin()).sum::<f32>();
        }
        let inside = (1.0 - out.abs() / wide).max(0.0);
        if inside > 0.0 {
            let whole = (1.0 - gaps * (0.5 + 0.5 * (angle + (2.0 * angle).sin()).sin())).clamp(0.0, 1.0);
            let rim = (1.0 - (wide - rim_px - out.abs()).abs() / rim_px).max(0.0);
            let body = inside.sqrt() * (1.0 - 0.6 * rims);
            mix(
                pixel,
                &colour,
                strength * (whole * body.max(rims * rim)).max(within * (0.5 - out).clamp(0.0, 1.0)),
            );
        } else if out < 0.0 {
            mix(pixel, &colour, strength * within);
        }
    }
}

/// Corners of a shadow's edge.
const CORNERS: usize = 7;

/// The value between two neighbours.
fn between(values: &[f32; CORNERS], at: f32) -> f32 {
    let at = at.clamp(0.0, (CORNERS - 1) as f32 - 1e-3);
    let (left, part) = (at as usize, at.fract());
    values[left] + (values[left + 1] - values[left]) * part
}

fn mix(pixel: &mut [f32; 3], colour: &[f32; 3], part: f32) {
    if part > 0.0 {
        for (v, c) in pixel.iter_mut().zip(colour) {
            *v += (c - *v) * part;
        }
    }
}

/// A blur of 1-2-1 down and across, or a part of one.
fn blur(picture: &mut Picture, part: f32) {
    let side = 0.25 * part;
    let rows = |a: [f32; 3], b: [f32; 3], c: [f32; 3]| {
        std::array::from_fn(|i| side * (a[i] + c[i]) + (1.0 - 2.0 * side) * b[i])
    };
    let across: Vec<[f32; 3]> = (0..picture.0.len())
        .map(|i| {
            let column = i % COLUMNS;
            let left = if column > 0 { i - 1 } else { i };
            let right = if column + 1 < COLUMNS { i + 1 } else { i };
            rows(picture.0[left], picture.0[i], picture.0[right])
        })
        .collect();
    for i in 0..across.len() {
        let above = if i >= COLUMNS { i - COLUMNS } else { i };
        let below = if i + COLUMNS < across.len() { i + COLUMNS } else { i };
        picture.0[i] = rows(across[above], across[i], across[below]);
    }
}

/// The unevenness of the paper itself: clouds of fibre, 2 to 24 pixels wide, of this deviation.
fn cloud(picture: &mut Picture, deviation: f32, rng: &mut impl Rng) {
    let wide = rng.random_range(2.0f32.ln()..24.0f32.ln()).exp();
    let [columns, rows] = [COLUMNS, ROWS].map(|side| (side as f32 / wide) as usize + 2);
    let knots: Vec<f32> = (0..columns * rows).map(|_| deviation * normal(rng)).collect();
    for (i, pixel) in picture.0.iter_mut().enumerate() {
        let [x, y] = [i % COLUMNS, i / COLUMNS].map(|at| at as f32 / wide);
        let (left, above) = (x as usize, y as usize);
        let level = |row: usize| {
            let knots = &knots[row * columns + left..][..2];
            knots[0] + (knots[1] - knots[0]) * (x - left as f32)
        };
        let cloud = level(above) + (level(above + 1) - level(above)) * (y - above as f32);
        pixel.iter_mut().for_each(|v| *v += cloud);
    }
}

/// The picture as one that had few pixels and was made larger, smoothly or in squares.
fn coarse(image: &RgbaImage, rng: &mut impl Rng) -> RgbaImage {
    let (wide, high) = image.dimensions();
    let part = rng.random_range(0.11f32.ln()..0.5f32.ln()).exp();
    let [few_wide, few_high] = [wide, high].map(|side| (side as f32 * part) as u32);
    let few = resize(image, few_wide, few_high, FilterType::Triangle);
    let way = [FilterType::Nearest, FilterType::Triangle, FilterType::CatmullRom][rng.random_range(0..3)];
    resize(&few, wide, high, way)
}

/// Specks that a copier or a black and white scan makes.
fn dust(picture: &mut Picture, rng: &mut impl Rng) {
    let (often, dark) = (rng.random_range(0.005f32.ln()..0.2f32.ln()).exp(), rng.random_range(0.1..0.6f32));
    let speck = [if rng.random_bool(0.8) { 0.0 } else { 255.0 }; 3];
    for pixel in &mut picture.0 {
        if rng.random_bool(f64::from(often)) {
            mix(pixel, &speck, dark * rng.random_range(0.3..1.0f32));
        }
    }
}

/// Noise, alike in all colours for the most part; three even numbers added are normal enough.
fn speckle(picture: &mut Picture, deviation: f32, rng: &mut impl Rng) {
    for pixel in &mut picture.0 {
        let bits = rng.next_u64();
        let part = |shift: u32| ((bits >> shift) & 0xFFF) as f32 / 4095.0 - 0.5;
        let grey = (part(0) + part(12) + part(24)) * 2.0;
        let odd = [part(36), part(48), part(30)];
        for (v, odd) in pixel.iter_mut().zip(odd) {
            *v += deviation * (0.8 * grey + odd);
        }
    }
}
