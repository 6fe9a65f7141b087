//! Two steps of the sketch network that candle would spread over threads of its own and over many passes: adding a coarse
//! picture to a fine one, and averaging what lies under the ink. One pass each on the calling thread, with gradients.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, bail};

use crate::conv::{numbers, with_numbers};

/// `max(0, fine + coarse)`, every pixel of `coarse` (n, h, w, c) standing for four of `fine` (n, 2h, 2w, c); without the
/// `max` unless `relu`.
///
/// # Errors
/// Shapes that do not fit, and types other than `f32`.
pub fn add_enlarged(fine: &Tensor, coarse: &Tensor, relu: bool) -> Result<Tensor> {
    if !fine.device().is_cpu() {
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
    if !x.device().is_cpu() {
        let weights = weights.detach().unsqueeze(3)?;
        let total = (weights.sum((1, 2))? + LEAST)?;
        return x.broadcast_mul(&weights)?.sum((1, 2))?.broadcast_div(&total);
    }
    x.contiguous()?.apply_op2(&weights.detach().contiguous()?, MeanUnder)
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
        for (row, line) in sum.chunks_mut((2 * w * c).max(1)).enumerate() {
            let from = &coarse[row / 2 * w * c..][..w * c];
            for (pair, from) in line.chunks_mut(2 * c).zip(from.chunks(c)) {
                for pixel in pair.chunks_mut(c) {
                    pixel.iter_mut().zip(from).for_each(|(to, v)| *to += v);
                }
            }
            if self.relu {
                line.iter_mut().for_each(|v| *v = v.max(0.0));
            }
        }
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
        for (mean, (x, weights)) in means.chunks_mut(c).zip(images) {
            for (pixel, weight) in x.chunks(c).zip(weights) {
                mean.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v * weight);
            }
            let total = weights.iter().sum::<f32>() + LEAST as f32;
            mean.iter_mut().for_each(|sum| *sum /= total);
        }
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
    fn sizes_that_do_not_fit_are_errors() {
        assert!(add_enlarged(&ramp(&[1, 4, 4, 2], 0.0), &ramp(&[1, 2, 1, 2], 0.0), true).is_err());
        assert!(mean_under(&ramp(&[1, 4, 4, 2], 0.0), &ramp(&[1, 4, 3], 0.0)).is_err());
    }
}
