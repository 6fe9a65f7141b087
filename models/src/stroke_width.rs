//! How wide a stroke is, measured across it in the picture's own pixels.
//!
//! The network sees 256 rows. A fine line, a broad pale one and one out of focus look alike there, and the tooth of the
//! paper breaks a pencil's line up. A picture mostly has more rows, and a stroke is as wide in one place as in the next:
//! its profiles, laid over each other, show a box that light has softened. How wide the box is follows from Bayes's
//! rule, over all widths and all softness, from what the network took the width for.

use crate::raster::columns_of;
use crate::sketch::PAD_ASPECT;
use crate::sketch_net::{WIDTHS, class_shares};
use crate::{NetworkInput, RasterLayer};

/// Pad height of one of the network's pixel rows.
const ROW: f32 = 1.0 / NetworkInput::ROWS as f32;
/// Strokes that are wider, in pad heights, the network knows well enough.
const WIDEST: f32 = 0.04;
/// Places on either side that tell how a stroke runs, and how far they may lie off a straight line, in pad heights.
const BESIDE: usize = 2;
const BENT: f32 = 1.5 * ROW;
/// Profiles that are needed.
const FEWEST: usize = 3;
/// Lines that are averaged for one profile.
const LINES: usize = 8;
/// Difference from the paper, of 255, below which there is no stroke.
const FAINTEST: f32 = 8.0;
/// The logarithm by which the widths of the quarters may differ, in a stroke that is the same everywhere.
const SPREAD: f32 = 0.25;
/// How far the profile of a stroke lies off a softened box, as a part of its height.
const NOISE: f32 = 0.03;
/// What is known beforehand, as logarithms, the usual and its deviation. How much higher the box is than the profile:
const HEIGHT: [f32; 2] = [0.1, 0.4];
/// How soft the light is, in pixels of the picture (beside [`SAMPLED_PX`]):
const SOFTNESS: [f32; 2] = [-0.1, 0.6];
/// By how much the stroke is wider than the network says, which takes fine lines for broader ones.
const SUPPOSED: [f32; 2] = [-0.25, 0.3];
/// By how much sampling between pixels softens, in pixels.
const SAMPLED_PX: f32 = 0.45;
/// Widths and softnesses that are compared.
const STEPS: [usize; 2] = [28, 16];

/// Probabilities of the network's classes of width ([`WIDTHS`]), for the stroke that runs through `places` (x and y of
/// the pad, 0..1, y up, from left to right) and that the network takes to be `supposed` pad heights wide. None where the
/// picture shows no single width there.
pub(crate) fn classes(layer: &RasterLayer, places: &[[f32; 2]], supposed: f32) -> Option<Vec<f32>> {
    let picture = Picture::new(layer)?;
    if supposed > WIDEST {
        return None;
    }
    let ruler =
        Ruler { reach: (6.0 * ROW).max(3.0 * supposed), step: (0.5 * picture.px).max(supposed / 12.0) };
    let profiles: Vec<Profile> = (0..places.len())
        .filter_map(|at| ruler.profile(&picture, &direction(places, at, picture.aspect)?, supposed))
        .collect();
    if profiles.len() < FEWEST {
        return None;
    }
    let quarter = |part: usize| {
        let mut widths: Vec<f32> = profiles.iter().map(|profile| profile.width).collect();
        let at = part * (widths.len() - 1) / 4;
        *widths.select_nth_unstable_by(at, f32::total_cmp).1
    };
    let (usual, spread) = (quarter(2), (quarter(3) / quarter(1)).ln());
    (spread < SPREAD)
        .then(|| of_box(&ruler.laid_over(&profiles, usual, picture.px), usual, supposed, picture.px))
}

/// How many times as broad as the pad a picture is; 1 for one that is not squeezed.
pub(crate) fn squeeze(layer: &RasterLayer) -> f32 {
    (layer.width_px as f32 / layer.height_px.max(1) as f32 / PAD_ASPECT).max(1.0)
}

/// How many times wider strokes are than they look where a picture was squeezed so many times: an upright one as many times,
/// a level one not at all. By the edges of the ink (64 x 96 x 4) in the pixels of a [`NetworkInput`].
pub(crate) fn widened(pixels: &[f32], ink: &[f32], squeezed: f32) -> f32 {
    let strength =
        |row: usize, column: usize| pixels[(row * NetworkInput::COLUMNS + column) * NetworkInput::CHANNELS];
    let (mut seen, mut real) = (1e-6f32, 1e-6f32);
    for (row, column) in (0..NetworkInput::ROWS - 1)
        .flat_map(|row| (0..NetworkInput::COLUMNS - 1).map(move |column| (row, column)))
    {
        let patches = NetworkInput::COLUMNS / 4;
        if ink[(row / 4 * patches + column / 4) * 4 + row % 4] > 0.0 {
            let here = strength(row, column);
            let (across, down) = (strength(row, column + 1) - here, strength(row + 1, column) - here);
            seen += across.hypot(down);
            real += (across / squeezed).hypot(down);
        }
    }
    seen / real
}

/// Where a stroke is crossed: a point of the pad in pad heights, y up, and the way that the stroke runs there, of length 1.
struct Crossing {
    at: [f32; 2],
    way: [f32; 2],
}

/// How the stroke runs at a place, by its neighbours; none where it bends or ends.
fn direction(places: &[[f32; 2]], at: usize, aspect: f32) -> Option<Crossing> {
    let near = &places[at.saturating_sub(BESIDE)..(at + BESIDE + 1).min(places.len())];
    let apart = (BESIDE as f32 + 0.5) * 4.0 / NetworkInput::COLUMNS as f32;
    let near: Vec<[f32; 2]> = near
        .iter()
        .filter(|place| (place[0] - places[at][0]).abs() < apart)
        .map(|[x, y]| [x * aspect, *y])
        .collect();
    if near.len() < 3 {
        return None;
    }
    let mean = [0, 1].map(|axis| near.iter().map(|p| p[axis]).sum::<f32>() / near.len() as f32);
    let sum =
        |of: &dyn Fn(f32, f32) -> f32| near.iter().map(|p| of(p[0] - mean[0], p[1] - mean[1])).sum::<f32>();
    let slope = sum(&|x, y| x * y) / sum(&|x, _| x * x).max(1e-9);
    if near.iter().any(|p| (p[1] - mean[1] - slope * (p[0] - mean[0])).abs() > BENT) {
        return None;
    }
    let x = places[at][0] * aspect;
    let long = slope.hypot(1.0);
    Some(Crossing { at: [x, mean[1] + slope * (x - mean[0])], way: [1.0 / long, slope / long] })
}

/// A picture on the pad. One that is broader than the pad is squeezed there; here the pad is as broad as such a picture.
struct Picture<'a> {
    layer: &'a RasterLayer,
    /// The pad's width in pad heights.
    aspect: f32,
    /// Where it begins on the pad, and columns and rows of pixels for one pad height.
    left: f32,
    scale: [f32; 2],
    /// Height of a pixel in pad heights.
    px: f32,
}

impl<'a> Picture<'a> {
    fn new(layer: &'a RasterLayer) -> Option<Picture<'a>> {
        let (wide, high) = (layer.width_px as usize, layer.height_px as usize);
        if wide < 2 || high < 2 || layer.rgba.len() < 4 * wide * high {
            return None;
        }
        let columns = NetworkInput::COLUMNS as u32;
        let (left, covered) = columns_of(layer.width_px, layer.height_px, columns);
        let aspect = PAD_ASPECT * squeeze(layer);
        let across = |pixels: u32| pixels as f32 / columns as f32 * aspect;
        let scale = [wide as f32 / across(covered), high as f32];
        Some(Picture { layer, aspect, left: across(left), scale, px: 1.0 / high as f32 })
    }

    /// The colour at a point of the pad in pad heights; none beside the picture, and where it is transparent.
    fn colour(&self, [x, y]: [f32; 2]) -> Option<[f32; 3]> {
        let (x, y) = ((x - self.left) * self.scale[0] - 0.5, (1.0 - y) * self.scale[1] - 0.5);
        let (wide, high) = (self.layer.width_px as usize, self.layer.height_px as usize);
        if !(x >= 0.0 && y >= 0.0 && x < (wide - 1) as f32 && y < (high - 1) as f32) {
            return None;
        }
        let (column, row) = (x as usize, y as usize);
        let (right, below) = (x - column as f32, y - row as f32);
        let mut colour = [0.0; 3];
        for (down, share) in [(0, 1.0 - below), (1, below)] {
            let two = &self.layer.rgba[4 * ((row + down) * wide + column)..][..8];
            if two[3].min(two[7]) < 255 {
                return None;
            }
            for (c, sum) in colour.iter_mut().enumerate() {
                *sum += share * (f32::from(two[c]) * (1.0 - right) + f32::from(two[4 + c]) * right);
            }
        }
        Some(colour)
    }
}

/// What lies across a stroke in one place.
struct Profile {
    /// How far from the crossing its middle is, and how wide it is at half its height, in pad heights.
    middle: f32,
    width: f32,
    /// Strength by the ruler's steps, 1 where it is strongest.
    strength: Vec<f32>,
}

/// How profiles are sampled: so far to both sides, in such steps, in pad heights.
struct Ruler {
    reach: f32,
    step: f32,
}

impl Ruler {
    /// The profile at a crossing; none where no stroke stands out.
    fn profile(&self, picture: &Picture, crossing: &Crossing, supposed: f32) -> Option<Profile> {
        let half = (self.reach / self.step) as usize;
        let [along, up] = crossing.way;
        let apart = picture.aspect * 4.0 / NetworkInput::COLUMNS as f32 / LINES as f32;
        let mut colours = vec![[0.0f32; 3]; 2 * half + 1];
        for line in 0..LINES {
            let on = (line as f32 - (LINES - 1) as f32 / 2.0) * apart;
            let from = [crossing.at[0] + on * along, crossing.at[1] + on * up];
            for (k, sum) in colours.iter_mut().enumerate() {
                let off = (k as f32 - half as f32) * self.step;
                let colour = picture.colour([from[0] - off * up, from[1] + off * along])?;
                sum.iter_mut().zip(colour).for_each(|(sum, v)| *sum += v / LINES as f32);
            }
        }
        let paper: [f32; 3] = std::array::from_fn(|c| {
            let mut all: Vec<f32> = colours.iter().map(|colour| colour[c]).collect();
            *all.select_nth_unstable_by(half, f32::total_cmp).1
        });
        colours.iter_mut().for_each(|colour| colour.iter_mut().zip(paper).for_each(|(v, paper)| *v -= paper));
        let most = |colour: &[f32; 3]| colour.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let near = ((3.0 * ROW).max(0.5 * supposed) / self.step) as usize;
        let near = half.saturating_sub(near)..=(half + near).min(2 * half);
        let peak = near.max_by(|a, b| most(&colours[*a]).total_cmp(&most(&colours[*b])))?;
        let ink = colours[peak];
        let long = ink.iter().map(|v| v * v).sum::<f32>();
        if long.sqrt() < FAINTEST {
            return None;
        }
        let strength: Vec<f32> = colours
            .iter()
            .map(|colour| colour.iter().zip(ink).map(|(a, b)| a * b).sum::<f32>() / long)
            .collect();
        // Where it falls to half, between two steps.
        let crossed = |inside: usize, outside: usize| {
            let part = (strength[inside] - 0.5) / (strength[inside] - strength[outside]);
            (inside as f32 + part * (outside as f32 - inside as f32) - half as f32) * self.step
        };
        let low = (0..peak).rev().find(|k| strength[*k] <= 0.5)?;
        let high = (peak..strength.len()).find(|k| strength[*k] <= 0.5)?;
        let (low, high) = (crossed(low + 1, low), crossed(high - 1, high));
        Some(Profile { middle: 0.5 * (low + high), width: high - low, strength })
    }

    /// The profiles laid over each other by their middles, the median of them: offsets in pad heights, strengths.
    fn laid_over(&self, profiles: &[Profile], usual: f32, px: f32) -> Vec<[f32; 2]> {
        let reach = (1.25 * usual + 3.0 * px).min(0.8 * self.reach);
        let half = (reach / self.step) as usize;
        let centre = (profiles[0].strength.len() / 2) as f32;
        let mut each: Vec<f32> = Vec::with_capacity(profiles.len());
        (0..=2 * half)
            .map(|k| {
                let off = (k as f32 - half as f32) * self.step;
                each.clear();
                each.extend(profiles.iter().map(|profile| {
                    let at = (centre + (off + profile.middle) / self.step).max(0.0);
                    let (first, part) = (at as usize, at.fract());
                    let last = profile.strength.len() - 1;
                    let [a, b] = [first, first + 1].map(|at| profile.strength[at.min(last)]);
                    a + part * (b - a)
                }));
                let middle = each.len() / 2;
                [off, *each.select_nth_unstable_by(middle, f32::total_cmp).1]
            })
            .collect()
    }
}

/// Probabilities of the classes of width, given the profile of a box that was softened; `usual` is its width at half its
/// height, `supposed` what the network says.
fn of_box(profile: &[[f32; 2]], usual: f32, supposed: f32, px: f32) -> Vec<f32> {
    let softest = (0.6 * usual / px).max(0.3);
    let spaced = |[low, high]: [f32; 2], steps: usize, at: usize| {
        low.ln() + (high / low).ln() * at as f32 / (steps - 1) as f32
    };
    let off_by =
        |value: f32, [usual, deviation]: [f32; 2]| (value - usual).powi(2) / (2.0 * deviation * deviation);
    let (count, sum) = (profile.len() as f32, profile.iter().map(|p| p[1]).sum::<f32>());
    let squares = profile.iter().map(|p| p[1] * p[1]).sum::<f32>();
    let mut costs: Vec<[f32; 2]> = Vec::with_capacity(STEPS[0] * STEPS[1]);
    for width in 0..STEPS[0] {
        let ln_width = spaced([0.25 * usual, 1.15 * usual], STEPS[0], width);
        let half = 0.5 * ln_width.exp();
        for soft in 0..STEPS[1] {
            let ln_soft = spaced([0.15, softest], STEPS[1], soft);
            let deviation = px * ln_soft.exp().hypot(SAMPLED_PX);
            let (mut boxes, mut box_squares, mut products) = (0.0f32, 0.0f32, 0.0f32);
            for [off, strength] in profile {
                let seen = below((off + half) / deviation) - below((off - half) / deviation);
                boxes += seen;
                box_squares += seen * seen;
                products += seen * strength;
            }
            // The box's height and the paper beside it, by least squares.
            let height = (count * products - boxes * sum) / (count * box_squares - boxes * boxes).max(1e-6);
            let paper = (sum - height * boxes) / count;
            let missed = (squares - height * products - paper * sum).max(0.0);
            let cost = missed / (2.0 * NOISE * NOISE)
                + off_by(height.max(0.05).ln(), HEIGHT)
                + off_by(ln_soft, SOFTNESS)
                + off_by(ln_width - supposed.max(1e-4).ln(), SUPPOSED);
            costs.push([ln_width, cost]);
        }
    }
    let least = costs.iter().fold(f32::INFINITY, |least, [_, cost]| least.min(*cost));
    let mut classes = vec![0.0; WIDTHS];
    for [ln_width, cost] in costs {
        for (class, share) in class_shares(ln_width.exp()) {
            classes[class] += share * (least - cost).exp();
        }
    }
    let total: f32 = classes.iter().sum();
    classes.iter_mut().for_each(|class| *class /= total);
    classes
}

/// The part of a normal distribution below so many deviations, within 2e-3.
fn below(deviations: f32) -> f32 {
    0.5 + 0.5 * (0.797_885 * deviations * (1.0 + 0.044_715 * deviations * deviations)).tanh()
}
