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
    /// What [`UnderInk::colour`] finds in each patch with ink.
    tints: Vec<Tint>,
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
    /// chroma and the lightness. Where ink has several colours, it is that of which there is most.
    pub(super) fn colour(&mut self, pixels: &[f32]) -> [f32; COLOUR] {
        self.tints.clear();
        for (line, parts) in pixels.chunks(PATCH_LINE).zip(self.patches.chunks(COLUMNS)) {
            for (column, &part) in parts.iter().enumerate().filter(|(_, part)| **part > 0.0) {
                let mut tint = Tint::default();
                let rows = line.chunks(PATCH_LINE / PATCH);
                for row in rows.map(|row| &row[column * PATCH * NetworkInput::CHANNELS..]) {
                    row.as_chunks::<{ NetworkInput::CHANNELS }>().0[..PATCH]
                        .iter()
                        .for_each(|it| tint.add(part, it));
                }
                self.tints.push(tint);
            }
        }
        let mut all = Tint::sum(&self.tints);
        if let Some(most) = most_common(&self.tints) {
            let main = Tint::sum(self.tints.iter().filter(|tint| tint.is_near(most)));
            if main.sums[0] < ONE_COLOUR * all.sums[0] {
                all = main;
            }
        }
        let (strength, core) = (all.sums[0].max(1e-4), all.core / (all.cores + 1e-9));
        let unit = all.unit();
        let [across, up, chroma, lightness] = hue_of(unit.map(|v| v * core));
        let mean = strength / (all.total + 1e-3);
        [mean, unit[0], unit[1], unit[2], core, across, up, chroma, lightness]
    }
}

/// Numbers of a row of patches.
const PATCH_LINE: usize = PATCH * NetworkInput::COLUMNS * NetworkInput::CHANNELS;
/// Ink is of one colour if this part of it is.
const ONE_COLOUR: f32 = 0.85;
/// How far the differences from the paper of one colour lie apart, for each unit of strength: as far as hues 20 degrees
/// from each other.
const SAME_COLOUR: f32 = 0.35;

/// Sums over pixels under ink, each pixel weighing as much as it is covered and strong.
#[derive(Debug, Default, Clone, Copy)]
struct Tint {
    total: f32,
    /// Of the pixels' channels.
    sums: [f32; NetworkInput::CHANNELS],
    /// Of the cubes of the strength, and of its fourth powers.
    cores: f32,
    core: f32,
}

impl Tint {
    fn add(&mut self, part: f32, pixel: &[f32; NetworkInput::CHANNELS]) {
        let heavy = part * pixel[0];
        self.total += heavy;
        self.sums.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += heavy * v);
        let cubed = heavy * pixel[0] * pixel[0];
        self.cores += cubed;
        self.core += cubed * pixel[0];
    }

    fn sum<'a>(tints: impl IntoIterator<Item = &'a Tint>) -> Tint {
        tints.into_iter().fold(Tint::default(), |mut all, tint| {
            all.total += tint.total;
            all.sums.iter_mut().zip(tint.sums).for_each(|(sum, v)| *sum += v);
            all.cores += tint.cores;
            all.core += tint.core;
            all
        })
    }

    /// The difference from the paper for each unit of strength.
    fn unit(&self) -> [f32; 3] {
        let strength = self.sums[0].max(1e-4);
        [self.sums[1] / strength, self.sums[2] / strength, self.sums[3] / strength]
    }

    fn is_near(&self, unit: [f32; 3]) -> bool {
        self.unit().iter().zip(unit).map(|(a, b)| (a - b) * (a - b)).sum::<f32>() < SAME_COLOUR * SAME_COLOUR
    }
}

/// The colour around which there is most ink, as [`Tint::unit`] gives it; none without ink.
fn most_common(tints: &[Tint]) -> Option<[f32; 3]> {
    // Units lie in a cube of two by two by two, of which each of these is a part.
    const SIDE: usize = 6;
    let mut parts = [Tint::default(); SIDE * SIDE * SIDE];
    for tint in tints {
        let at = |v: f32| (((v + 1.0) * 0.5 * SIDE as f32) as usize).min(SIDE - 1);
        let [r, g, b] = tint.unit().map(at);
        let part = &mut parts[(r * SIDE + g) * SIDE + b];
        *part = Tint::sum([&*part, tint]);
    }
    let most =
        parts.iter().max_by(|a, b| a.sums[0].total_cmp(&b.sums[0])).filter(|most| most.sums[0] > 0.0)?;
    // From the middle of that part to the middle of the ink around it.
    Some((0..3).fold(most.unit(), |unit, _| {
        let near = Tint::sum(tints.iter().filter(|tint| tint.is_near(unit)));
        if near.sums[0] > 0.0 { near.unit() } else { unit }
    }))
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
