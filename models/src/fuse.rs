//! Three steps of the sketch network that candle would spread over threads of its own and over many passes: adding a coarse
//! picture to a fine one, averaging what lies under the ink, and a layer that is needed under the ink alone. One pass
//! each on the calling thread, with gradients.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};

use crate::conv::{add_product, is_fused, numbers, with_numbers, with_scratch};

/// `max(0, fine + coarse)`, every pixel of `coarse` (n, h, w, c) standing for four of `fine` (n, 2h, 2w, c); without the
/// `max` unless `relu`.
///
/// # Errors
/// Shapes that do not fit, and types other than `f32`.
pub fn add_enlarged(fine: &Tensor, coarse: &Tensor, relu: bool) -> Result<Tensor> {
    if !is_fused(fine) {
        let (n, h, w, c) = coarse.dims4()?;
        let enlarged = coarse.reshape((n, h, 1, w, 1, c))?.broadcast_as((n, h, 2, w, 2, c))?;
        let sum = (fine + enlarged.reshape((n, 2 * h, 2 * w, c))?)?;
        return if relu { sum.relu() } else { Ok(sum) };
    }
    fine.contiguous()?.apply_op2(&coarse.contiguous()?, AddEnlarged { relu })
}

/// The mean over height and width of `x` (n, h, w, c), weighted by `weights` (n, h, w): (n, c). The weights are taken as
/// they are and get no gradient.
///
/// # Errors
/// Shapes that do not fit, and types other than `f32`.
pub fn mean_under(x: &Tensor, weights: &Tensor) -> Result<Tensor> {
    if !is_fused(x) {
        let weights = weights.detach().unsqueeze(3)?;
        let total = (weights.sum((1, 2))? + LEAST)?;
        return x.broadcast_mul(&weights)?.sum((1, 2))?.broadcast_div(&total);
    }
    x.contiguous()?.apply_op2(&weights.detach().contiguous()?, MeanUnder)
}

/// The mean over height and width of `max(0, x * mix + bias)`, weighted by `weights` (n, h, w): (n, k), for `x` (n, h, w, c),
/// `mix` (c, k) and `bias` (k). Pixels of no weight cost nothing. The weights are taken as they are and get no gradient.
///
/// # Errors
/// Shapes that do not fit, and types other than `f32`.
pub fn mean_of_mix_under(x: &Tensor, mix: &Tensor, bias: &Tensor, weights: &Tensor) -> Result<Tensor> {
    let (n, h, w, c) = x.dims4()?;
    let (c_mix, k) = mix.dims2()?;
    if weights.dims() != [n, h, w] || c_mix != c || bias.dims() != [k] || c == 0 || k == 0 {
        bail!("{mix:?}, {bias:?} and {weights:?} do not fit {x:?}");
    }
    if !is_fused(x) {
        let mixed = x.reshape((n * h * w, c))?.matmul(mix)?.broadcast_add(bias)?.relu()?;
        return mean_under(&mixed.reshape((n, h, w, k))?, weights);
    }
    let weights = weights.flatten_all()?.to_vec1::<f32>()?;
    x.contiguous()?.apply_op3(&mix.contiguous()?, &bias.contiguous()?, MeanOfMix { weights })
}

/// Added to a sum of weights, so that no ink has a mean too.
const LEAST: f64 = 1e-3;

struct AddEnlarged {
    relu: bool,
}

impl CustomOp2 for AddEnlarged {
    fn name(&self) -> &'static str {
        "add-enlarged"
    }

    fn cpu_fwd(
        &self,
        fine: &CpuStorage,
        fine_layout: &Layout,
        coarse: &CpuStorage,
        coarse_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, h, w, c) = coarse_layout.shape().dims4()?;
        if fine_layout.shape().dims() != [n, 2 * h, 2 * w, c] {
            bail!("{:?} is not twice as large as {:?}", fine_layout.shape(), coarse_layout.shape());
        }
        let (fine, coarse) = (numbers(fine, fine_layout)?, numbers(coarse, coarse_layout)?);
        let mut sum = fine.to_vec();
        enlarge_onto(&mut sum, coarse, [w, c], self.relu);
        Ok((CpuStorage::F32(sum), fine_layout.shape().clone()))
    }

    fn bwd(
        &self,
        _fine: &Tensor,
        coarse: &Tensor,
        sum: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (_, _, w, c) = coarse.dims4()?;
        let mut fine = with_numbers(&grad.contiguous()?, |grad| Ok(grad.to_vec()))?;
        if self.relu {
            with_numbers(sum, |sum| {
                let pairs = fine.iter_mut().zip(sum);
                pairs.for_each(|(grad, sum)| *grad = if *sum > 0.0 { *grad } else { 0.0 });
                Ok(())
            })?;
        }
        let mut small = vec![0.0; coarse.elem_count()];
        for (row, line) in fine.chunks((2 * w * c).max(1)).enumerate() {
            let to = &mut small[row / 2 * w * c..][..w * c];
            for (pair, to) in line.chunks(2 * c).zip(to.chunks_mut(c)) {
                for pixel in pair.chunks(c) {
                    to.iter_mut().zip(pixel).for_each(|(to, v)| *to += v);
                }
            }
        }
        let device = grad.device();
        let fine = Tensor::from_vec(fine, grad.shape(), device)?;
        Ok((Some(fine), Some(Tensor::from_vec(small, coarse.shape(), device)?)))
    }
}

/// [`add_enlarged`] in place: `coarse` has `w` columns of `c` channels.
pub(crate) fn enlarge_onto(fine: &mut [f32], coarse: &[f32], [w, c]: [usize; 2], relu: bool) {
    for (row, line) in fine.chunks_mut((2 * w * c).max(1)).enumerate() {
        let from = &coarse[row / 2 * w * c..][..w * c];
        for (pair, from) in line.chunks_mut(2 * c).zip(from.chunks(c)) {
            for pixel in pair.chunks_mut(c) {
                pixel.iter_mut().zip(from).for_each(|(to, v)| *to += v);
            }
        }
        if relu {
            line.iter_mut().for_each(|v| *v = v.max(0.0));
        }
    }
}

struct MeanUnder;

impl CustomOp2 for MeanUnder {
    fn name(&self) -> &'static str {
        "mean-under"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weights: &CpuStorage,
        weights_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, h, w, c) = x_layout.shape().dims4()?;
        if weights_layout.shape().dims() != [n, h, w] || c == 0 {
            bail!("{:?} does not weigh {:?}", weights_layout.shape(), x_layout.shape());
        }
        let (x, weights) = (numbers(x, x_layout)?, numbers(weights, weights_layout)?);
        let mut means = vec![0.0f32; n * c];
        let images = x.chunks((h * w * c).max(1)).zip(weights.chunks((h * w).max(1)));
        images.zip(means.chunks_mut(c)).for_each(|((x, weights), mean)| weigh(x, weights, mean));
        Ok((CpuStorage::F32(means), (n, c).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weights: &Tensor,
        _means: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (n, h, w, c) = x.dims4()?;
        let mut spread = vec![0.0f32; n * h * w * c];
        with_numbers(&grad.contiguous()?, |grad| {
            with_numbers(weights, |weights| {
                let images = spread.chunks_mut((h * w * c).max(1)).zip(weights.chunks((h * w).max(1)));
                for ((spread, weights), grad) in images.zip(grad.chunks(c)) {
                    let total = weights.iter().sum::<f32>() + LEAST as f32;
                    for (pixel, weight) in spread.chunks_mut(c).zip(weights) {
                        pixel.iter_mut().zip(grad).for_each(|(to, g)| *to = g * weight / total);
                    }
                }
                Ok(())
            })
        })?;
        Ok((Some(Tensor::from_vec(spread, x.shape(), grad.device())?), None))
    }
}

/// [`mean_under`] of one image, into zeros.
pub(crate) fn weigh(x: &[f32], weights: &[f32], mean: &mut [f32]) {
    for (pixel, weight) in x.chunks(mean.len()).zip(weights).filter(|(_, weight)| **weight != 0.0) {
        mean.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v * weight);
    }
    let total = weights.iter().sum::<f32>() + LEAST as f32;
    mean.iter_mut().for_each(|sum| *sum /= total);
}

struct MeanOfMix {
    /// (n, h, w)
    weights: Vec<f32>,
}

/// The pixels of one image that have weight.
struct Weighed {
    /// Their places in the image.
    places: Vec<usize>,
    /// Their numbers (pixels, c).
    x: Vec<f32>,
    /// `x * mix + bias` (pixels, k).
    mixed: Vec<f32>,
    /// The sum of the weights.
    total: f32,
}

impl Weighed {
    fn new(x: &[f32], weights: &[f32], mix: &[f32], bias: &[f32]) -> Weighed {
        let (k, c) = (bias.len(), mix.len() / bias.len());
        let places: Vec<usize> = (0..weights.len()).filter(|&place| weights[place] > 0.0).collect();
        let mut picked = Vec::with_capacity(places.len() * c);
        places.iter().for_each(|place| picked.extend_from_slice(&x[place * c..][..c]));
        let mut mixed = bias.repeat(places.len());
        if !places.is_empty() {
            add_product(&mut mixed, [places.len(), c, k], &picked, [c, 1], mix, [k, 1]);
        }
        Weighed { places, x: picked, mixed, total: weights.iter().sum::<f32>() + LEAST as f32 }
    }
}

/// Pixels that are mixed at once.
const MIXED: usize = 256;

/// [`mean_of_mix_under`] of one image, into zeros.
pub(crate) fn weigh_mix(x: &[f32], weights: &[f32], mix: &[f32], bias: &[f32], mean: &mut [f32]) {
    let (k, c) = (bias.len(), mix.len() / bias.len());
    let total = weights.iter().sum::<f32>() + LEAST as f32;
    let mut places = (0..weights.len()).filter(|&place| weights[place] > 0.0);
    with_scratch(MIXED * (c + k), |scratch| {
        let (picked, mixed) = scratch.split_at_mut(MIXED * c);
        let mut under = [0; MIXED];
        loop {
            let count = under.iter_mut().zip(&mut places).map(|(to, place)| *to = place).count();
            if count == 0 {
                break;
            }
            let (picked, mixed) = (&mut picked[..count * c], &mut mixed[..count * k]);
            let pixels = picked.chunks_mut(c).zip(mixed.chunks_mut(k)).zip(&under);
            for ((pixel, mixed), place) in pixels {
                pixel.copy_from_slice(&x[place * c..][..c]);
                mixed.copy_from_slice(bias);
            }
            add_product(mixed, [count, c, k], picked, [c, 1], mix, [k, 1]);
            for (mixed, place) in mixed.chunks(k).zip(under) {
                let weight = weights[place] / total;
                mean.iter_mut().zip(mixed).for_each(|(sum, v)| *sum += weight * v.max(0.0));
            }
        }
    });
}

impl CustomOp3 for MeanOfMix {
    fn name(&self) -> &'static str {
        "mean-of-mix-under"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        mix: &CpuStorage,
        mix_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, h, w, c) = x_layout.shape().dims4()?;
        let (x, mix, bias) = (numbers(x, x_layout)?, numbers(mix, mix_layout)?, numbers(bias, bias_layout)?);
        let k = bias.len();
        let mut means = vec![0.0f32; n * k];
        let images = x.chunks((h * w * c).max(1)).zip(self.weights.chunks((h * w).max(1)));
        images
            .zip(means.chunks_mut(k))
            .for_each(|((x, weights), mean)| weigh_mix(x, weights, mix, bias, mean));
        Ok((CpuStorage::F32(means), (n, k).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        mix: &Tensor,
        bias: &Tensor,
        _means: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, h, w, c) = x.dims4()?;
        let k = bias.elem_count();
        let bias_of = bias.to_vec1::<f32>()?;
        let pull = grad.flatten_all()?.to_vec1::<f32>()?;
        let mut grad_x = vec![0.0f32; x.elem_count()];
        let (mut grad_mix, mut grad_bias) = (vec![0.0f32; c * k], vec![0.0f32; k]);
        with_numbers(x, |x| {
            with_numbers(mix, |mix| {
                let images = x.chunks((h * w * c).max(1)).zip(self.weights.chunks((h * w).max(1)));
                let grads = grad_x.chunks_mut((h * w * c).max(1)).zip(pull.chunks(k));
                for ((x, weights), (grad_x, pull)) in images.zip(grads) {
                    let mut under = Weighed::new(x, weights, mix, &bias_of);
                    let pixels = under.places.len();
                    if pixels == 0 {
                        continue;
                    }
                    // From here on `mixed` holds its own gradient.
                    for (mixed, &place) in under.mixed.chunks_mut(k).zip(&under.places) {
                        let weight = weights[place] / under.total;
                        for ((v, pull), sum) in mixed.iter_mut().zip(pull).zip(&mut grad_bias) {
                            *v = if *v > 0.0 { weight * pull } else { 0.0 };
                            *sum += *v;
                        }
                    }
                    add_product(&mut grad_mix, [c, pixels, k], &under.x, [1, c], &under.mixed, [k, 1]);
                    let mut slope = vec![0.0; pixels * c];
                    add_product(&mut slope, [pixels, k, c], &under.mixed, [k, 1], mix, [1, k]);
                    for (slope, place) in slope.chunks(c).zip(&under.places) {
                        grad_x[place * c..][..c].copy_from_slice(slope);
                    }
                }
                Ok(())
            })
        })?;
        let device = x.device();
        Ok((
            Some(Tensor::from_vec(grad_x, x.shape(), device)?),
            Some(Tensor::from_vec(grad_mix, mix.shape(), device)?),
            Some(Tensor::from_vec(grad_bias, bias.shape(), device)?),
        ))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn ramp(shape: &[usize], from: f32) -> Tensor {
        let numbers: Vec<f32> =
            (0..shape.iter().product::<usize>()).map(|i| (from + i as f32 * 0.37).sin()).collect();
        Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap()
    }

    fn assert_close(found: &Tensor, expected: &Tensor) {
        let off = (found - expected).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(off.to_scalar::<f32>().unwrap() < 1e-5, "{found} {expected}");
    }

    #[test]
    fn adding_an_enlarged_picture_agrees_with_candle_and_so_do_its_gradients() {
        for relu in [false, true] {
            let fine = Var::from_tensor(&ramp(&[2, 6, 4, 3], 0.1)).unwrap();
            let coarse = Var::from_tensor(&ramp(&[2, 3, 2, 3], 0.7)).unwrap();
            let pull = ramp(&[2, 6, 4, 3], 2.0);
            let ours = add_enlarged(&fine, &coarse, relu).unwrap();
            let apart = coarse.reshape((2, 3, 1, 2, 1, 3)).unwrap().broadcast_as((2, 3, 2, 2, 2, 3)).unwrap();
            let theirs = (fine.as_tensor() + apart.reshape((2, 6, 4, 3)).unwrap()).unwrap();
            let theirs = if relu { theirs.relu().unwrap() } else { theirs };
            assert_close(&ours, &theirs);
            let [ours, theirs] =
                [ours, theirs].map(|y| (y * &pull).unwrap().sum_all().unwrap().backward().unwrap());
            for var in [&fine, &coarse] {
                assert_close(ours.get(var).unwrap(), theirs.get(var).unwrap());
            }
        }
    }

    #[test]
    fn the_mean_under_weights_agrees_with_candle_and_so_does_its_gradient() {
        let x = Var::from_tensor(&ramp(&[2, 4, 3, 5], 0.1)).unwrap();
        let weights = ramp(&[2, 4, 3], 0.4).abs().unwrap();
        let pull = ramp(&[2, 5], 2.0);
        let ours = mean_under(&x, &weights).unwrap();
        let heavy = weights.unsqueeze(3).unwrap();
        let total = (heavy.sum((1, 2)).unwrap() + LEAST).unwrap();
        let theirs = x.broadcast_mul(&heavy).unwrap().sum((1, 2)).unwrap().broadcast_div(&total).unwrap();
        assert_close(&ours, &theirs);
        let [ours, theirs] =
            [ours, theirs].map(|y| (y * &pull).unwrap().sum_all().unwrap().backward().unwrap());
        assert_close(ours.get(&x).unwrap(), theirs.get(&x).unwrap());
    }

    #[test]
    fn a_layer_under_weights_agrees_with_candle_and_so_do_its_gradients() {
        let x = Var::from_tensor(&ramp(&[2, 4, 3, 5], 0.1)).unwrap();
        let mix = Var::from_tensor(&ramp(&[5, 7], 0.9)).unwrap();
        let bias = Var::from_tensor(&ramp(&[7], 1.7)).unwrap();
        // A third of the pixels has no weight.
        let weights = ramp(&[2, 4, 3], 0.4).relu().unwrap();
        let pull = ramp(&[2, 7], 2.0);
        let ours = mean_of_mix_under(&x, &mix, &bias, &weights).unwrap();
        let mixed = x.reshape((24, 5)).unwrap().matmul(&mix).unwrap().broadcast_add(&bias).unwrap();
        let theirs = mean_under(&mixed.relu().unwrap().reshape((2, 4, 3, 7)).unwrap(), &weights).unwrap();
        assert_close(&ours, &theirs);
        let [ours, theirs] =
            [ours, theirs].map(|y| (y * &pull).unwrap().sum_all().unwrap().backward().unwrap());
        for var in [&x, &mix, &bias] {
            assert_close(ours.get(var).unwrap(), theirs.get(var).unwrap());
        }
        let nothing = weights.zeros_like().unwrap();
        let means = mean_of_mix_under(&x, &mix, &bias, &nothing).unwrap();
        assert_close(&means, &means.zeros_like().unwrap());
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        assert!(add_enlarged(&ramp(&[1, 4, 4, 2], 0.0), &ramp(&[1, 2, 1, 2], 0.0), true).is_err());
        assert!(mean_under(&ramp(&[1, 4, 4, 2], 0.0), &ramp(&[1, 4, 3], 0.0)).is_err());
        let (mix, bias) = (ramp(&[2, 3], 0.0), ramp(&[3], 0.0));
        assert!(mean_of_mix_under(&ramp(&[1, 4, 4, 2], 0.0), &mix, &bias, &ramp(&[1, 4, 3], 0.0)).is_err());
        assert!(mean_of_mix_under(&ramp(&[1, 4, 4, 5], 0.0), &mix, &bias, &ramp(&[1, 4, 4], 0.0)).is_err());
    }
}
