//! The network that tells signs apart: drawings that mean the same lie near each other, whoever drew them.
//!
//! ```text
//! ink (64, 64, 1), seen eight ways: as it is, upside down, in a mirror, rows and columns exchanged -> (8, 64, 64, 1)
//!   -> first, 3x3, step 2  -> (8, 32, 32, 16)
//!   -> second, 3x3, step 2 -> (8, 16, 16, 32)
//!   -> third, 3x3          -> (8, 16, 16, 48)
//!   -> fourth, 3x3, step 2 -> (8, 8, 8, 64)
//!   -> fifth, 3x3          -> (8, 8, 8, 64)
//!   -> sixth, 3x3          -> (8, 8, 8, 64)
//!   -> place, 3x3, step 2  -> (8, 4, 4, 64), each way of unit length; together the embedding (8192), of unit length
//! ```
//! A ReLU follows every convolution but the last. What is left is still a map: each number says what is at one of sixteen
//! places. There is no layer that mixes them, which would learn the alphabets of the school by heart.
//!
//! It sees the shape of the ink alone. Place, size, colour and thickness are taken away before: they speak by the
//! legend. It was taught by prototypes over episodes (Snell et al., 2017), with batch normalisation (Ioffe and Szegedy,
//! 2015), which was then folded into the convolutions: one drawing of each of many signs, and another hand's drawings to be
//! told apart by them. A sign that is turned or mirrored was another sign of the school; so the eight ways are eight
//! opinions. It needs no training for a sign that it never saw.
//!
//! `tests/golden/sign.txt` has reference numbers of every stage, which `stages.rs` compares and makes anew.

use candle_core::{Device, Tensor};

use crate::conv::{ConvConfig, conv2d};
use crate::stages::stage;
use crate::weights::{Take, Weights, embedded};
use crate::{Error, NetworkInput};

/// Side of the picture that the network sees, in pixels.
pub const SIDE: usize = 64;
/// Side of the square that holds the ink; the rest is a margin.
pub(crate) const INNER: f32 = 56.0;

/// One convolution, with a window of 3 x 3.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) channels: usize,
    pub(crate) step: usize,
    pub(crate) relu: bool,
}

impl Stage {
    const fn new(name: &'static str, channels: usize, step: usize) -> Stage {
        Stage { name, channels, step, relu: true }
    }

    pub(crate) fn config(&self) -> ConvConfig {
        ConvConfig { stride: [self.step; 2], padding: [1; 2], relu: self.relu }
    }
}

/// The convolutions, first to last.
pub(crate) const STAGES: [Stage; 7] = [
    Stage::new("first", 16, 2),
    Stage::new("second", 32, 2),
    Stage::new("third", 48, 1),
    Stage::new("fourth", 64, 2),
    Stage::new("fifth", 64, 1),
    Stage::new("sixth", 64, 1),
    Stage { relu: false, ..Stage::new("place", 64, 2) },
];

/// Ways in which a picture is looked at.
const VIEWS: usize = 8;

/// Numbers that the network says of one drawing: sixteen places, 64 channels, eight ways.
pub(crate) const SAYS: usize = (SIDE / 16) * (SIDE / 16) * 64 * VIEWS;

/// The shape of a drawing's ink: [`SIDE`] x [`SIDE`] numbers 0..1 from the top, as large as fits, in the middle.
#[derive(Debug, Clone, PartialEq)]
pub struct SignInput {
    /// Row by row.
    pub pixels: Vec<f32>,
}

/// A pixel that is weaker than this part of the strongest belongs to the paper when the edges of the ink are looked for.
const EDGE: f32 = 0.35;

/// The part of a patch that ink covers, if there is any.
const COVERED: f32 = 0.12;

impl SignInput {
    /// The shape of the ink in the input of the sketch network. `coverage` is the part of each patch of 4 x 4 pixels that
    /// ink covers (64 x 96), as that network sees it: in a picture it tells ink from printed lines. Of strokes everything is
    /// ink.
    ///
    /// # Errors
    /// [`Error::EmptyPad`] if there is no ink.
    pub fn of(input: &NetworkInput, coverage: &[f32]) -> Result<SignInput, Error> {
        let columns = NetworkInput::COLUMNS;
        let mut ink: Vec<f32> = input.pixels.chunks(NetworkInput::CHANNELS).map(|pixel| pixel[0]).collect();
        if !input.is_certain {
            let near = near_ink(coverage, columns / 4);
            for (i, v) in ink.iter_mut().enumerate() {
                if !near[i / columns / 4 * (columns / 4) + i % columns / 4] {
                    *v = 0.0;
                }
            }
        }
        SignInput::of_ink(&ink, columns)
    }

    /// The shape of ink on a page of any size: numbers 0..1, row by row from the top, `columns` in each row.
    ///
    /// # Errors
    /// [`Error::EmptyPad`] if there is no ink.
    pub fn of_ink(ink: &[f32], columns: usize) -> Result<SignInput, Error> {
        let most = ink.iter().fold(0.0f32, |most, v| most.max(*v));
        let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
        for (i, _) in ink.iter().enumerate().filter(|(_, v)| **v > EDGE * most) {
            for (axis, at) in [i % columns, i / columns].into_iter().enumerate() {
                low[axis] = low[axis].min(at);
                high[axis] = high[axis].max(at + 1);
            }
        }
        if most < 0.02 || high[0] <= low[0] {
            return Err(Error::EmptyPad);
        }
        let size = (high[0] - low[0]).max(high[1] - low[1]) as f32;
        let step = size / INNER;
        let from: [f32; 2] =
            std::array::from_fn(|axis| (low[axis] + high[axis]) as f32 / 2.0 - step * SIDE as f32 / 2.0);
        let pixels = averaged(ink, columns, from, step);
        Ok(SignInput { pixels: levelled(pixels) })
    }

    /// The pixels seen another way, 0..8. The bits of `view` stand for a mirror, upside down, and rows and columns
    /// exchanged.
    fn seen(&self, view: usize) -> impl Iterator<Item = f32> + '_ {
        (0..SIDE * SIDE).map(move |i| {
            let flipped = |at: usize, bit: usize| if view & bit != 0 { SIDE - 1 - at } else { at };
            let (x, y) = (flipped(i % SIDE, 1), flipped(i / SIDE, 2));
            self.pixels[if view & 4 != 0 { x * SIDE + y } else { y * SIDE + x }]
        })
    }
}

/// Whether a patch, or one beside it, is covered with ink.
fn near_ink(coverage: &[f32], columns: usize) -> Vec<bool> {
    let rows = coverage.len() / columns;
    let is_ink = |row: usize, column: usize| coverage[row * columns + column] > COVERED;
    let near = |row: usize, column: usize| {
        (row.saturating_sub(1)..(row + 2).min(rows))
            .any(|y| (column.saturating_sub(1)..(column + 2).min(columns)).any(|x| is_ink(y, x)))
    };
    (0..coverage.len()).map(|i| near(i / columns, i % columns)).collect()
}

/// The means of `ink` over squares of side `step` from the place `from` on (x, y, in pixels).
fn averaged(ink: &[f32], columns: usize, from: [f32; 2], step: f32) -> Vec<f32> {
    let rows = ink.len() / columns;
    // The parts of the pixels of a line that each square covers.
    let cover = |from: f32, count: usize| -> Vec<Vec<(usize, f32)>> {
        (0..SIDE)
            .map(|i| {
                let (start, end) = (from + step * i as f32, from + step * (i + 1) as f32);
                // A square narrower than a pixel takes what lies between the centres of its neighbours.
                let (start, end) = if step < 1.0 {
                    let middle = (start + end) / 2.0;
                    (middle - 0.5, middle + 0.5)
                } else {
                    (start, end)
                };
                let first = start.floor().max(0.0) as usize;
                let last = (end.ceil().max(0.0) as usize).min(count);
                let part =
                    |p: usize| (end.min(p as f32 + 1.0) - start.max(p as f32)).max(0.0) / (end - start);
                (first..last).map(|p| (p, part(p))).collect()
            })
            .collect()
    };
    let (across, down) = (cover(from[0], columns), cover(from[1], rows));
    let mut pixels = Vec::with_capacity(SIDE * SIDE);
    for line in &down {
        for square in &across {
            let sum = line.iter().map(|&(row, part)| {
                part * square.iter().map(|&(column, p)| p * ink[row * columns + column]).sum::<f32>()
            });
            pixels.push(sum.sum());
        }
    }
    pixels
}

/// Makes the strongest pixels 1, so that thin and pale lines are as black as thick ones.
pub(crate) fn levelled(mut pixels: Vec<f32>) -> Vec<f32> {
    let mut sorted = pixels.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    // A few pixels are stronger than the line is: where strokes cross.
    let strong = sorted[sorted.len() - sorted.len() / 128].max(1e-3);
    pixels.iter_mut().for_each(|v| *v = (*v / strong).clamp(0.0, 1.0));
    pixels
}

/// Where a drawing lies among shapes: a direction, its numbers in 255 steps, so that a language of many drawings is small.
#[derive(Debug, Clone, PartialEq)]
pub struct SignEmbedding {
    steps: Box<[i8]>,
    /// Length in steps, at least 1.
    length: f32,
}

impl SignEmbedding {
    /// Numbers that the network says of a drawing.
    pub const LEN: usize = SAYS;

    /// The direction of `raw`. That of a vector that is zero or not finite is the first axis.
    pub fn from_raw(raw: &[f32]) -> SignEmbedding {
        let most = raw.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        let steps: Box<[i8]> = if raw.iter().all(|v| v.is_finite()) && most > 1e-12 {
            raw.iter().map(|v| (v / most * f32::from(i8::MAX)).round() as i8).collect()
        } else {
            (0..raw.len()).map(|i| i8::from(i == 0)).collect()
        };
        SignEmbedding::of_steps(steps)
    }

    /// The eight opinions of [`SignNet::views`] as one, each of the same weight.
    pub fn of_views(views: &[f32]) -> SignEmbedding {
        let even = |view: &[f32]| {
            let length = view.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-12);
            view.iter().map(|v| v / length).collect::<Vec<f32>>()
        };
        let all: Vec<f32> = views.chunks((views.len() / VIEWS).max(1)).flat_map(even).collect();
        SignEmbedding::from_raw(&all)
    }

    /// The numbers in their steps, as [`SignEmbedding::from_steps`] takes them.
    pub fn steps(&self) -> &[i8] {
        &self.steps
    }

    /// The embedding of these steps; `None` if they are not as many as the network says.
    pub fn from_steps(steps: &[i8]) -> Option<SignEmbedding> {
        (steps.len() == SignEmbedding::LEN).then(|| SignEmbedding::of_steps(steps.into()))
    }

    fn of_steps(steps: Box<[i8]>) -> SignEmbedding {
        let length = (dot(&steps, &steps) as f32).sqrt().max(1.0);
        SignEmbedding { steps, length }
    }

    /// The components, of unit length.
    pub fn to_vec(&self) -> Vec<f32> {
        self.steps.iter().map(|&step| f32::from(step) / self.length).collect()
    }

    /// Cosine similarity, -1..1.
    pub fn similarity(&self, other: &SignEmbedding) -> f32 {
        (dot(&self.steps, &other.steps) as f32 / self.length / other.length).clamp(-1.0, 1.0)
    }
}

/// The sum of products. Of 8192 it stays within 2^27.
fn dot(a: &[i8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, and `wide_dot` asks for nothing else.
        return unsafe { wide_dot(a, b) };
    }
    narrow_dot(a, b)
}

/// The same sum, compiled for wider registers: a language of thousands of signs is compared some three times as fast.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn wide_dot(a: &[i8], b: &[i8]) -> i32 {
    narrow_dot(a, b)
}

#[inline]
fn narrow_dot(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

/// The sign network.
#[derive(Debug, Clone)]
pub struct SignNet {
    convolutions: Vec<(Tensor, Tensor, ConvConfig)>,
}

impl SignNet {
    /// The network with the weights that ship with Neume.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code.
    pub fn embedded() -> Result<SignNet, Error> {
        SignNet::from_weights(SignNet::EMBEDDED)
    }

    /// The weights that ship with Neume, a safetensors file.
    pub const EMBEDDED: &[u8] = embedded!("../weights/sign.safetensors");

    /// The network with the weights of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code, or are damaged.
    pub fn from_weights(bytes: &[u8]) -> Result<SignNet, Error> {
        SignNet::on(bytes, &Device::Cpu)
    }

    /// The network with the weights of a safetensors file, on a device.
    ///
    /// # Errors
    /// Those of [`SignNet::from_weights`], and [`Error::Network`] with what the device says.
    pub fn on(bytes: &[u8], device: &Device) -> Result<SignNet, Error> {
        let weights = Weights::from_bytes(bytes)?.to_device(device)?;
        SignNet::new(&mut |name, shape| weights.take(name, shape))
    }

    /// The network with tensors from `take`.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn new(take: Take) -> Result<SignNet, Error> {
        let mut c_in = 1;
        let mut convolutions = Vec::with_capacity(STAGES.len());
        for stage in STAGES {
            let weight = take(&format!("{}.weight", stage.name), &[3, 3, c_in, stage.channels])?;
            let bias = take(&format!("{}.bias", stage.name), &[stage.channels])?;
            convolutions.push((weight, bias, stage.config()));
            c_in = stage.channels;
        }
        Ok(SignNet { convolutions })
    }

    /// Runs the network over `x` (n, 64, 64, 1): embeddings (n, 1024) of any length.
    ///
    /// # Errors
    /// [`Error::Network`] for another shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let mut x = x.clone();
        for ((weight, bias, config), Stage { name, .. }) in self.convolutions.iter().zip(STAGES) {
            x = stage(name, conv2d(&x, weight, bias, config)?);
        }
        Ok(x.flatten_from(1)?)
    }

    /// Where a shape lies among shapes.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn embed(&self, input: &SignInput) -> Result<SignEmbedding, Error> {
        Ok(SignEmbedding::of_views(&self.views(input)?))
    }

    /// What the network says of a shape, seen eight ways, one after the other (8, 1024).
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn views(&self, input: &SignInput) -> Result<Vec<f32>, Error> {
        let views: Vec<f32> = (0..VIEWS).flat_map(|view| input.seen(view)).collect();
        let x = Tensor::from_vec(views, (VIEWS, SIDE, SIDE, 1), self.convolutions[0].0.device())?;
        Ok(self.forward(&x)?.flatten_all()?.to_vec1()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_ways_are_those_in_which_a_square_fits_itself() {
        let at = |x: usize, y: usize| {
            let mut pixels = vec![0.0; SIDE * SIDE];
            pixels[y * SIDE + x] = 1.0;
            SignInput { pixels }
        };
        let seen: Vec<Vec<f32>> = (0..VIEWS).map(|view| at(2, 5).seen(view).collect()).collect();
        let far = SIDE - 1;
        let places = [(2, 5), (far - 2, 5), (2, far - 5), (far - 2, far - 5)];
        for (x, y) in places.into_iter().chain(places.map(|(x, y)| (y, x))) {
            assert_eq!(seen.iter().filter(|seen| **seen == at(x, y).pixels).count(), 1, "{x}, {y}");
        }
    }
}
