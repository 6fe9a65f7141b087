//! Batch normalisation (Ioffe and Szegedy, 2015) with an optional ReLU, as one operation with a backward pass of its own.
//!
//! It exists in training alone: what it does on average is folded into the convolution before it when weights are saved.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, bail};

use crate::conv::{numbers, with_numbers};

/// What keeps a channel that is always the same from being divided by nothing.
const LEAST_VARIANCE: f32 = 1e-5;
/// Pixels that are added up in `f32`; these sums are added up in `f64`.
const PART: usize = 1024;

/// Makes every channel of `x` (n, h, w, c) of mean `offset` (c) and of deviation `gain` (c) over the batch; then, if asked
/// for, what is negative becomes zero.
///
/// # Errors
/// Shapes that do not fit, types other than `f32`, and other devices than the CPU.
pub fn normalised(x: &Tensor, gain: &Tensor, offset: &Tensor, relu: bool) -> Result<Tensor> {
    x.contiguous()?.apply_op3(gain, offset, Normalise { relu })
}

/// Mean and variance of every channel of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    /// Means.
    pub mean: Vec<f32>,
    /// Variances.
    pub variance: Vec<f32>,
}

impl Spread {
    /// The spread of `x` (n, h, w, c).
    ///
    /// # Errors
    /// Types other than `f32`.
    pub fn of(x: &Tensor) -> Result<Spread> {
        let (_, _, _, channels) = x.dims4()?;
        with_numbers(&x.contiguous()?, |x| Ok(Spread::of_pixels(x, channels)))
    }

    fn of_pixels(x: &[f32], channels: usize) -> Spread {
        let mean = mean_of(x, channels, |sums, pixel| sums.iter_mut().zip(pixel).for_each(|(s, v)| *s += v));
        let variance = mean_of(x, channels, |sums, pixel| {
            sums.iter_mut().zip(pixel).zip(&mean).for_each(|((s, v), m)| *s += (v - m) * (v - m));
        });
        Spread { mean, variance }
    }

    /// What a channel is multiplied by to have the deviation one.
    pub fn scales(&self) -> Vec<f32> {
        self.variance.iter().map(|variance| 1.0 / (variance + LEAST_VARIANCE).sqrt()).collect()
    }
}

/// Adds up pixels by `add`, [`PART`] at a time in `f32`, and divides by their number.
fn mean_of(x: &[f32], channels: usize, add: impl Fn(&mut [f32], &[f32])) -> Vec<f32> {
    let mut total = vec![0.0f64; channels];
    let mut sums = vec![0.0f32; channels];
    for part in x.chunks(PART * channels.max(1)) {
        sums.fill(0.0);
        part.chunks_exact(channels).for_each(|pixel| add(&mut sums, pixel));
        total.iter_mut().zip(&sums).for_each(|(total, sum)| *total += f64::from(*sum));
    }
    let pixels = (x.len() / channels.max(1)).max(1) as f64;
    total.into_iter().map(|total| (total / pixels) as f32).collect()
}

struct Normalise {
    relu: bool,
}

impl CustomOp3 for Normalise {
    fn name(&self) -> &'static str {
        "batch-normalisation"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        gain: &CpuStorage,
        gain_layout: &Layout,
        offset: &CpuStorage,
        offset_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, _, _, channels) = x_layout.shape().dims4()?;
        let (x, gain, offset) =
            (numbers(x, x_layout)?, numbers(gain, gain_layout)?, numbers(offset, offset_layout)?);
        if gain.len() != channels || offset.len() != channels || channels == 0 {
            bail!("{} gains and {} offsets for {channels} channels", gain.len(), offset.len());
        }
        let spread = Spread::of_pixels(x, channels);
        let slope: Vec<f32> = spread.scales().iter().zip(gain).map(|(scale, gain)| scale * gain).collect();
        let start: Vec<f32> =
            (0..channels).map(|channel| offset[channel] - spread.mean[channel] * slope[channel]).collect();
        let least = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        let mut y = vec![0.0; x.len()];
        for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            for (((y, x), slope), start) in y.iter_mut().zip(x).zip(&slope).zip(&start) {
                *y = (x * slope + start).max(least);
            }
        }
        Ok((CpuStorage::F32(y), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        gain: &Tensor,
        offset: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, _, _, channels) = x.dims4()?;
        let mut grad = with_numbers(&grad.contiguous()?, |grad| Ok(grad.to_vec()))?;
        if self.relu {
            with_numbers(y, |y| {
                grad.iter_mut().zip(y).for_each(|(grad, y)| *grad = if *y > 0.0 { *grad } else { 0.0 });
                Ok(())
            })?;
        }
        let (grad_gain, grad_offset) = with_numbers(x, |x| {
            with_numbers(gain, |gain| {
                let spread = Spread::of_pixels(x, channels);
                Ok(backward(x, &spread, gain, &mut grad))
            })
        })?;
        let device = x.device();
        Ok((
            Some(Tensor::from_vec(grad, x.shape(), device)?),
            Some(Tensor::from_vec(grad_gain, gain.shape(), device)?),
            Some(Tensor::from_vec(grad_offset, offset.shape(), device)?),
        ))
    }
}

/// Makes the gradient of the result that of `x`; returns the gradients of gain and offset.
fn backward(x: &[f32], spread: &Spread, gain: &[f32], grad: &mut [f32]) -> (Vec<f32>, Vec<f32>) {
    let channels = gain.len();
    let pixels = (x.len() / channels.max(1)).max(1) as f32;
    let scale = spread.scales();
    let (mut along, mut even) = (vec![0.0f64; channels], vec![0.0f64; channels]);
    let (mut along_part, mut even_part) = (vec![0.0f32; channels], vec![0.0f32; channels]);
    for (x, grad) in x.chunks(PART * channels).zip(grad.chunks(PART * channels)) {
        along_part.fill(0.0);
        even_part.fill(0.0);
        for (x, grad) in x.chunks_exact(channels).zip(grad.chunks_exact(channels)) {
            even_part.iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad);
            for (((sum, grad), x), mean) in along_part.iter_mut().zip(grad).zip(x).zip(&spread.mean) {
                *sum += grad * (x - mean);
            }
        }
        along.iter_mut().zip(&along_part).for_each(|(total, part)| *total += f64::from(*part));
        even.iter_mut().zip(&even_part).for_each(|(total, part)| *total += f64::from(*part));
    }
    let grad_gain: Vec<f32> = along.iter().zip(&scale).map(|(along, scale)| *along as f32 * scale).collect();
    let grad_offset: Vec<f32> = even.iter().map(|even| *even as f32).collect();
    let slope: Vec<f32> = scale.iter().zip(gain).map(|(scale, gain)| scale * gain).collect();
    // What each channel's own spread takes away: by the difference from its mean, and in any case.
    let lean: Vec<f32> = grad_gain.iter().zip(&scale).map(|(gain, scale)| gain * scale / pixels).collect();
    let level: Vec<f32> = grad_offset.iter().map(|offset| offset / pixels).collect();
    for (x, grad) in x.chunks_exact(channels).zip(grad.chunks_exact_mut(channels)) {
        let own = x.iter().zip(&spread.mean).zip(&lean).zip(&level);
        let own = own.map(|(((x, mean), lean), level)| (x - mean) * lean + level);
        grad.iter_mut().zip(own).zip(&slope).for_each(|((grad, own), slope)| *grad = slope * (*grad - own));
    }
    (grad_gain, grad_offset)
}
