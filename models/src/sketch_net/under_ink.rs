//! What lies under the ink of one drawing: where the ink is, how much of it there is, and its colour.

use super::{COLOUR, COLUMNS, PATCH, ROWS};
use crate::NetworkInput;

/// A patch with less ink than this has none, so that paper is left out of every mean under the ink.
const FAINTEST: f32 = 1.0 / 256.0;

/// Where the ink of one drawing is.
#[derive(Debug, Default)]
pub(super) struct UnderInk {
    /// Its part of each patch (64 x 96).
    pub(super) patches: Vec<f32>,
    /// Its part of each block of 4 x 4 patches (16 x 24).
    pub(super) blocks: Vec<f32>,
}

impl UnderInk {
    /// Takes the place of what was there, out of where the network sees ink (64 x 96 x 4, 0..1).
    pub(super) fn find(&mut self, seen: &[f32]) {
        let parts = seen.chunks(PATCH).map(|rows| rows.iter().sum::<f32>() / PATCH as f32);
        self.patches.clear();
        self.patches.extend(parts.map(|part| if part < FAINTEST { 0.0 } else { part }));
        self.blocks.clear();
        self.blocks.resize(ROWS * COLUMNS / 16, 0.0);
        for (line, patches) in self.patches.chunks(COLUMNS).enumerate() {
            let blocks = &mut self.blocks[line / 4 * (COLUMNS / 4)..][..COLUMNS / 4];
            for (block, four) in blocks.iter_mut().zip(patches.chunks(4)) {
                four.iter().for_each(|part| *block += part / 16.0);
            }
        }
    }

    /// The logarithm of how much there is.
    pub(super) fn amount(&self) -> f32 {
        let mean = self.patches.iter().sum::<f32>() / self.patches.len() as f32;
        (mean + 1e-4).ln() * 0.3
    }

    /// The colour of the ink, from the pixels of a [`NetworkInput`] under it: their mean strength, the strong ones weighing
    /// more; the means of their differences from the paper for each unit of strength, which the soft edge of a line does
    /// not change; the strength of the line's core; and of the colour that the core so has the direction of the hue, the
    /// chroma and the lightness.
    pub(super) fn colour(&self, pixels: &[f32]) -> [f32; COLOUR] {
        let (mut total, mut sums) = (1e-3f32, [0.0f32; NetworkInput::CHANNELS]);
        let (mut cores, mut core) = (1e-9f32, 0.0f32);
        for (row, line) in pixels.chunks(NetworkInput::COLUMNS * NetworkInput::CHANNELS).enumerate() {
            let weights = &self.patches[row / PATCH * COLUMNS..][..COLUMNS];
            let patches = line.chunks(PATCH * NetworkInput::CHANNELS).zip(weights);
            for (patch, weight) in patches.filter(|(_, weight)| **weight > 0.0) {
                for pixel in patch.chunks(NetworkInput::CHANNELS) {
                    let heavy = weight * pixel[0];
                    total += heavy;
                    sums.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += heavy * v);
                    let cubed = heavy * pixel[0] * pixel[0];
                    cores += cubed;
                    core += cubed * pixel[0];
                }
            }
        }
        let (strength, core) = (sums[0].max(1e-4), core / cores);
        let unit = [sums[1] / strength, sums[2] / strength, sums[3] / strength];
        let [across, up, chroma, lightness] = hue_of(unit.map(|v| v * core));
        [sums[0] / total, unit[0], unit[1], unit[2], core, across, up, chroma, lightness]
    }
}

/// The direction of the hue, shorter for greys; chroma; and lightness of a colour that differs by this from its paper: from
/// white if it is darker, else from black.
fn hue_of(difference: [f32; 3]) -> [f32; 4] {
    let white = if difference.iter().sum::<f32>() < 0.0 { 1.0 } else { 0.0 };
    let [r, g, b] = difference.map(|v| (white + v).clamp(0.0, 1.0));
    let (across, up) = (r - (g + b) / 2.0, 0.75f32.sqrt() * (g - b));
    let length = across.hypot(up).max(GREYEST);
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    [across / length, up / length, most - least, (most + least) / 2.0]
}

/// Chroma below which the direction of the hue fades away.
const GREYEST: f32 = 0.05;
