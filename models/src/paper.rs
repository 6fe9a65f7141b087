//! What the paper of a picture looks like where there is no ink: its colour at every pixel.
//!
//! The commonest colour of small blocks is the paper; a quadratic surface through the blocks that are like it
//! follows uneven light. Ink, printed lines and the table under the sheet are outliers of that surface.

use image::{Rgba, RgbaImage};

use crate::NetworkInput;

/// Side of a block.
const BLOCK_PX: usize = 16;
/// Pixels side by side for which the paper is computed once.
const SHARE: usize = 8;
const BLOCK_ROWS: usize = NetworkInput::ROWS / BLOCK_PX;
const BLOCK_COLUMNS: usize = NetworkInput::COLUMNS / BLOCK_PX;

/// How far the colours of a bar lie apart, and at least from the paper, of 255.
const BAR_SPREAD: u8 = 8;
const BAR_CONTRAST: f32 = 60.0;
/// A bar is at least such a part of a side.
const LEAST_BAR: u32 = 50;
/// Within so many pixels of the edge a bar begins.
const SOFT_EDGE: usize = 3;

/// Of 255: the lightest channel of paper that is dark, on which ink keeps its own colour; and the darkest of paper on which
/// nothing is lighter.
const DARK_PAPER: f32 = 75.0;
const WHITE_PAPER: f32 = 215.0;
/// Strength, 0..1, from which on something may be ink.
const FAINT_INK: f32 = 0.12;
/// Ink is lighter than its paper if its lightness is more by this part of its strength.
const LIGHTER_INK: f32 = 0.15;
/// Part of a paper's lightest channel by which its darkest differs: up to the first it may be the light that colours it,
/// from the second on it is not.
const COLOURED_PAPER: [f32; 2] = [0.3, 0.6];

/// Coefficients of 1, x, y, x², xy, y² with x and y in -1..1.
type Surface = [f32; 6];

/// The paper under a picture of the network's size.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    /// Red, green and blue of the paper, 0..255.
    surfaces: [Surface; 3],
}

/// The paper at one pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaperPixel {
    rgb: [f32; 3],
    /// By how much a channel is brightened, so that light paper becomes white.
    gain: [f32; 3],
}

impl PaperPixel {
    /// How a pixel differs from the paper, each channel -1..1. On light paper the light's colour is divided out; what
    /// is drawn on dark paper covers it and keeps its own colour.
    pub fn difference(&self, rgb: [u8; 3]) -> [f32; 3] {
        let raw = self.raw_difference(rgb);
        std::array::from_fn(|c| (raw[c] * self.gain[c]).clamp(-1.0, 1.0))
    }

    /// How a pixel differs from the paper as it is, each channel -1..1.
    fn raw_difference(&self, rgb: [u8; 3]) -> [f32; 3] {
        std::array::from_fn(|c| (f32::from(rgb[c]) - self.rgb[c]) / 255.0)
    }
}

/// Ink that is seen as if it lay on white or on black paper, because its own paper has a colour that light does not give.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MovedInk {
    /// What the paper is taken for, 0 or 255.
    ground: f32,
    /// How much ink that covers everything differs from its paper, 0..1.
    core: f32,
    /// How sure it is that the paper has that colour itself, 0..1; as far as it is not, the light has.
    share: f32,
}

impl MovedInk {
    /// How a pixel would differ from the paper that this one is taken for, each channel -1..1.
    pub fn difference(&self, paper: &PaperPixel, rgb: [u8; 3]) -> [f32; 3] {
        let raw = paper.raw_difference(rgb);
        let covered = (strength_of(raw) / self.core).min(1.0);
        let moved = |c: usize| raw[c] + covered * (paper.rgb[c] - self.ground) / 255.0;
        let lit = |c: usize| raw[c] * paper.gain[c];
        std::array::from_fn(|c| (lit(c) + self.share * (moved(c) - lit(c))).clamp(-1.0, 1.0))
    }
}

/// The largest difference of the three channels.
fn strength_of(difference: [f32; 3]) -> f32 {
    difference.iter().fold(0.0, |most, d| most.max(d.abs()))
}

fn lightness_of(rgb: [f32; 3]) -> f32 {
    0.3 * rgb[0] + 0.6 * rgb[1] + 0.1 * rgb[2]
}

impl Paper {
    /// White everywhere: the paper of strokes alone.
    pub const WHITE: Paper = Paper { surfaces: [[255.0, 0.0, 0.0, 0.0, 0.0, 0.0]; 3] };

    /// Finds the paper of a picture; white where nothing is opaque.
    pub fn estimate(picture: &RgbaImage) -> Paper {
        let blocks = blocks(picture);
        let Some(commonest) = commonest(&blocks) else { return Paper::WHITE };
        let mut paper = Paper { surfaces: commonest.map(|c| [c, 0.0, 0.0, 0.0, 0.0, 0.0]) };
        // The circle narrows around the surface as the surface learns the light.
        for reach in [90.0, 60.0, 45.0, 32.0, 24.0] {
            match paper.refit(&blocks, reach) {
                Some(better) => paper = better,
                None => break,
            }
        }
        paper
    }

    /// The paper along a row of pixels.
    pub fn row(&self, row: usize) -> Vec<PaperPixel> {
        let y = place(row, NetworkInput::ROWS);
        // Light is smooth: eight pixels side by side share their colour.
        let eighth = |i: usize| self.at(place(i, NetworkInput::COLUMNS / SHARE), y);
        (0..NetworkInput::COLUMNS / SHARE).flat_map(|i| [eighth(i); SHARE]).collect()
    }

    /// Whether the ink of a picture has to be moved to other paper to show its own colour: it is lighter than paper that is
    /// not dark, so that this paper is not white in coloured light; or the paper has a colour that no light has.
    pub fn moved_ink(&self, picture: &RgbaImage) -> Option<MovedInk> {
        let middle = self.at(0.0, 0.0).rgb;
        let [least, most] = [f32::min, f32::max].map(|of| middle.into_iter().reduce(of).unwrap_or_default());
        if most < DARK_PAPER || least > WHITE_PAPER {
            return None;
        }
        let (mut squares, mut cubes, mut lighter) = (1e-9f32, 0.0f32, 0.0f32);
        for (row, line) in picture.rows().enumerate() {
            for (Rgba(pixel), paper) in line.zip(self.row(row)) {
                let raw = paper.raw_difference([pixel[0], pixel[1], pixel[2]]);
                let strength = strength_of(raw);
                if strength > FAINT_INK {
                    let square = strength * strength;
                    squares += square;
                    cubes += square * strength;
                    lighter += square * lightness_of(raw);
                }
            }
        }
        let is_lighter = lighter > LIGHTER_INK * cubes;
        let [lit, coloured] = COLOURED_PAPER;
        let chroma = (most - least) / most;
        let (ground, share) = match is_lighter {
            true => (0.0, 1.0),
            false => (255.0, ((chroma - lit) / (coloured - lit)).clamp(0.0, 1.0)),
        };
        (share > 0.0).then_some(MovedInk { ground, core: (cubes / squares).max(FAINT_INK), share })
    }

    /// Makes the bars transparent that a screen or a film adds above and below a picture, or beside it, where it has another
    /// shape: of one colour that is not the paper's, from edge to edge. Gives whether there were any.
    pub fn cut_bars(&self, picture: &mut RgbaImage) -> bool {
        self.cut_bars_along(picture, true) | self.cut_bars_along(picture, false)
    }

    fn cut_bars_along(&self, picture: &mut RgbaImage, level: bool) -> bool {
        let (wide, high) = picture.dimensions();
        let (lines, length) = if level { (high, wide) } else { (wide, high) };
        let place = |line: u32, at: u32| if level { (at, line) } else { (line, at) };
        // The colour of a line if it has one only; nothing is said by what is transparent.
        let colour_of = |line: u32| -> Option<[u8; 3]> {
            let mut opaque = (0..length).map(|at| {
                let (x, y) = place(line, at);
                picture.get_pixel(x, y).0
            });
            let [r, g, b, _] = opaque.by_ref().find(|pixel| pixel[3] > 250)?;
            let is_like = |pixel: [u8; 4]| (0..3).all(|c| pixel[c].abs_diff([r, g, b][c]) <= BAR_SPREAD);
            opaque.filter(|pixel| pixel[3] > 250).all(is_like).then_some([r, g, b])
        };
        // Bars begin at the picture's edges, which may be softened.
        let is_opaque = |line: &u32| {
            (0..length).any(|at| {
                let (x, y) = place(*line, at);
                picture.get_pixel(x, y).0[3] > 250
            })
        };
        let (Some(begin), Some(end)) = ((0..lines).find(is_opaque), (0..lines).rev().find(is_opaque)) else {
            return false;
        };
        let first = (begin..lines).take(SOFT_EDGE).find(|line| colour_of(*line).is_some());
        let last = (0..=end).rev().take(SOFT_EDGE).find(|line| colour_of(*line).is_some());
        let (Some(first), Some(last)) = (first, last) else { return false };
        let (Some(colour), Some(other)) = (colour_of(first), colour_of(last)) else { return false };
        let near = |a: [u8; 3], b: [u8; 3]| (0..3).all(|c| a[c].abs_diff(b[c]) <= 2 * BAR_SPREAD);
        let middle = self.at(0.0, 0.0).rgb;
        let is_paper = (0..3).all(|c| (f32::from(colour[c]) - middle[c]).abs() < BAR_CONTRAST);
        let is_bar = |line: &u32| colour_of(*line).is_some_and(|it| near(it, colour));
        let above = (first..lines).take_while(is_bar).count() as u32;
        let below = (0..=last).rev().take_while(is_bar).count() as u32;
        let least = lines / LEAST_BAR;
        let are_bars = above >= least && below >= least && 5 * (above + below) < 3 * lines;
        if is_paper || !near(colour, other) || !are_bars {
            return false;
        }
        for line in (first..first + above).chain(last + 1 - below..last + 1) {
            for at in 0..length {
                let (x, y) = place(line, at);
                picture.get_pixel_mut(x, y).0 = [0; 4];
            }
        }
        true
    }

    /// Lays the paper under the transparent parts of a picture.
    pub fn fill_beneath(&self, picture: &mut RgbaImage) {
        for row in 0..picture.height() {
            if (0..picture.width()).all(|column| picture.get_pixel(column, row).0[3] == 255) {
                continue;
            }
            for (column, paper) in self.row(row as usize).into_iter().enumerate() {
                let Rgba(pixel) = picture.get_pixel_mut(column as u32, row);
                if pixel[3] < 255 {
                    let opacity = f32::from(pixel[3]) / 255.0;
                    for (c, paper) in paper.rgb.iter().enumerate() {
                        pixel[c] = (f32::from(pixel[c]) * opacity + paper * (1.0 - opacity)).round() as u8;
                    }
                    pixel[3] = 255;
                }
            }
        }
    }

    fn at(&self, x: f32, y: f32) -> PaperPixel {
        let basis = basis(x, y);
        let rgb = self.surfaces.map(|surface| dot(&surface, &basis).clamp(0.0, 255.0));
        let light = lightness_of(rgb);
        let as_white = ((light - 70.0) / 60.0).clamp(0.0, 1.0);
        let gain = rgb.map(|c| 1.0 + as_white * (255.0 / c.max(40.0) - 1.0));
        PaperPixel { rgb, gain }
    }

    /// The surface of least squares through the blocks that lie within `reach` of this one.
    fn refit(&self, blocks: &[Block], reach: f32) -> Option<Paper> {
        let mut normal = [[0.0f32; 6]; 6];
        let mut sums = [[0.0f32; 6]; 3];
        let mut used = 0;
        for block in blocks {
            let basis = basis(block.x, block.y);
            let off =
                (0..3).map(|c| (block.rgb[c] - dot(&self.surfaces[c], &basis)).abs()).fold(0.0, f32::max);
            if off > reach {
                continue;
            }
            used += 1;
            let weight = (1.0 - (off / reach).powi(2)).powi(2) + 1e-3;
            for i in 0..6 {
                for j in 0..6 {
                    normal[i][j] += weight * basis[i] * basis[j];
                }
                for (sum, colour) in sums.iter_mut().zip(block.rgb) {
                    sum[i] += weight * basis[i] * colour;
                }
            }
        }
        if used < 24 {
            return None;
        }
        // A little weight on flatness keeps corners without blocks from running away.
        for (i, row) in normal.iter_mut().enumerate().skip(1) {
            row[i] += 0.5;
        }
        Some(Paper { surfaces: solve(normal, sums)? })
    }
}

struct Block {
    x: f32,
    y: f32,
    rgb: [f32; 3],
}

/// The median colour of every block that is mostly opaque.
fn blocks(picture: &RgbaImage) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(BLOCK_ROWS * BLOCK_COLUMNS);
    let mut channels: [Vec<u8>; 3] = Default::default();
    for (row, column) in (0..BLOCK_ROWS).flat_map(|row| (0..BLOCK_COLUMNS).map(move |column| (row, column))) {
        channels.iter_mut().for_each(Vec::clear);
        // Every second pixel, in a pattern that no printed grid has.
        for i in 0..BLOCK_PX * BLOCK_PX / 2 {
            let (dy, dx) = (i / 8, (2 * i + i / 8) % BLOCK_PX);
            let Rgba([r, g, b, a]) =
                *picture.get_pixel((column * BLOCK_PX + dx) as u32, (row * BLOCK_PX + dy) as u32);
            if a > 250 {
                [r, g, b].iter().zip(&mut channels).for_each(|(v, channel)| channel.push(*v));
            }
        }
        if channels[0].len() >= 48 {
            let rgb = std::array::from_fn(|c| {
                let middle = channels[c].len() / 2;
                f32::from(*channels[c].select_nth_unstable(middle).1)
            });
            let centre = |at: usize, of: usize| (at as f32 + 0.5) / of as f32 * 2.0 - 1.0;
            blocks.push(Block { x: centre(column, BLOCK_COLUMNS), y: centre(row, BLOCK_ROWS), rgb });
        }
    }
    blocks
}

/// The colour of the block that has the most others near it.
fn commonest(blocks: &[Block]) -> Option<[f32; 3]> {
    let near = |a: &Block, b: &Block| (0..3).all(|c| (a.rgb[c] - b.rgb[c]).abs() < 28.0);
    let votes = |block: &&Block| blocks.iter().filter(|other| near(block, other)).count();
    blocks.iter().step_by(3).max_by_key(votes).or(blocks.first()).map(|block| block.rgb)
}

/// The middle of a pixel in -1..1.
fn place(at: usize, of: usize) -> f32 {
    (at as f32 + 0.5) / of as f32 * 2.0 - 1.0
}

fn basis(x: f32, y: f32) -> [f32; 6] {
    [1.0, x, y, x * x, x * y, y * y]
}

fn dot(a: &[f32; 6], b: &[f32; 6]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Gauss's elimination for three right sides at once; `None` if the matrix is singular.
fn solve(mut matrix: [[f32; 6]; 6], mut sides: [[f32; 6]; 3]) -> Option<[Surface; 3]> {
    for pivot in 0..6 {
        let best = (pivot..6).max_by(|&a, &b| matrix[a][pivot].abs().total_cmp(&matrix[b][pivot].abs()))?;
        matrix.swap(pivot, best);
        sides.iter_mut().for_each(|side| side.swap(pivot, best));
        if matrix[pivot][pivot].abs() < 1e-6 {
            return None;
        }
        for row in (0..6).filter(|&row| row != pivot) {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let from = matrix[pivot];
            matrix[row].iter_mut().zip(from).skip(pivot).for_each(|(to, v)| *to -= factor * v);
            sides.iter_mut().for_each(|side| side[row] -= factor * side[pivot]);
        }
    }
    Some(sides.map(|side| std::array::from_fn(|i| side[i] / matrix[i][i])))
}
