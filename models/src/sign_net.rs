//! The network that tells signs apart: drawings that mean the same lie near each other, whoever drew them.
//!
//! ```text
//! ink (48, 48, 1) -> 6 convolutions, 4 of them strided -> (3, 3, 128) -> embedding (64), of unit length
//! ```
//! It sees the shape of the ink alone. Place, size, colour and thickness are taken away before: they speak by the
//! legend. It was taught by prototypes over episodes (Snell et al., 2017): one drawing of each of twenty signs, and other
//! hands' drawings to be told apart by them. So it needs no training for a sign that it never saw.

use candle_core::{Device, Tensor};

use crate::conv::{ConvConfig, conv2d, linear};
use crate::weights::{Take, Weights};
use crate::{Embedding, Error, NetworkInput};

/// Side of the picture that the network sees, in pixels.
pub const SIDE: usize = 48;
/// Side of the square that holds the ink; the rest is a margin.
pub(crate) const INNER: f32 = 42.0;

/// Name, channels out, and step of each convolution.
const CONVOLUTIONS: [(&str, usize, usize); 6] = [
    ("first", 24, 2),
    ("second", 48, 2),
    ("third", 96, 1),
    ("fourth", 96, 2),
    ("fifth", 128, 1),
    ("sixth", 128, 2),
];
/// Numbers that the last convolution leaves: 3 x 3 x 128.
const FLAT: usize = (SIDE / 16) * (SIDE / 16) * 128;

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

/// How like a drawing is to a sign: the cosine of the angle to the mean direction of the sign's examples, -1..1.
pub fn similarity_to<'a>(drawing: &Embedding, examples: impl Iterator<Item = &'a Embedding>) -> f32 {
    let mut sum = [0.0; Embedding::LEN];
    for example in examples {
        sum.iter_mut().zip(example.as_slice()).for_each(|(sum, v)| *sum += v);
    }
    Embedding::from_raw(&sum).similarity(drawing)
}

/// The sign network.
#[derive(Debug, Clone)]
pub struct SignNet {
    convolutions: Vec<(Tensor, Tensor, ConvConfig)>,
    embedding: (Tensor, Tensor),
}

impl SignNet {
    /// The network with the weights that ship with Neume.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code.
    pub fn embedded() -> Result<SignNet, Error> {
        SignNet::from_weights(include_bytes!("../weights/sign.safetensors"))
    }

    /// The network with the weights of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code, or are damaged.
    pub fn from_weights(bytes: &[u8]) -> Result<SignNet, Error> {
        let weights = Weights::from_bytes(bytes)?;
        SignNet::new(&mut |name, shape| weights.take(name, shape))
    }

    /// The network with tensors from `take`.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn new(take: Take) -> Result<SignNet, Error> {
        let mut c_in = 1;
        let mut convolutions = Vec::with_capacity(CONVOLUTIONS.len());
        for (name, c_out, step) in CONVOLUTIONS {
            let weight = take(&format!("{name}.weight"), &[3, 3, c_in, c_out])?;
            let bias = take(&format!("{name}.bias"), &[c_out])?;
            convolutions.push((weight, bias, ConvConfig { stride: [step; 2], ..ConvConfig::KEEP }));
            c_in = c_out;
        }
        let embedding =
            (take("embedding.weight", &[FLAT, Embedding::LEN])?, take("embedding.bias", &[Embedding::LEN])?);
        Ok(SignNet { convolutions, embedding })
    }

    /// Runs the network over `x` (n, 48, 48, 1): embeddings (n, 64) of any length.
    ///
    /// # Errors
    /// [`Error::Network`] for another shape.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        let mut x = x.clone();
        for (weight, bias, config) in &self.convolutions {
            x = conv2d(&x, weight, bias, config)?; // (n, 24, 24, 24) to (n, 3, 3, 128)
        }
        Ok(linear(&x.flatten_from(1)?, &self.embedding.0, &self.embedding.1, false)?)
    }

    /// Where a shape lies among shapes.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn embed(&self, input: &SignInput) -> Result<Embedding, Error> {
        let x = Tensor::from_slice(&input.pixels, (1, SIDE, SIDE, 1), &Device::Cpu)?;
        let raw = self.forward(&x)?.flatten_all()?.to_vec1::<f32>()?;
        let mut numbers = [0.0; Embedding::LEN];
        numbers.copy_from_slice(&raw);
        Ok(Embedding::from_raw(&numbers))
    }
}
