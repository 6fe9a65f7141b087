//! The ear while it learns: the layers of [`crate::ear`] as tensors that know their gradients.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Tensor, bail};

use super::make;
use crate::Error;
use crate::conv::{ConvConfig, conv2d, numbers, with_numbers};
use crate::ear::front::{BANDS, MOMENTS};
use crate::ear::{Anatomy, Bend, FIRST, Plan, Residual, SAID, for_each_tap, halved, slide};
use crate::sound_net::Layer;
use crate::weights::Take;

/// The ear as tensors.
pub(crate) struct EarLayers(Anatomy<Layer>);

impl EarLayers {
    /// Asks for every weight by its name and shape.
    pub fn new(take: Take<'_>) -> std::result::Result<EarLayers, Error> {
        Anatomy::new(|name, shape| Layer::new(take, name, &shape)).map(EarLayers)
    }

    /// Pictures (n, 128, 205, 1) to what is heard in them, (n, 1024).
    pub fn hear(&self, seen: &Tensor) -> Result<Tensor> {
        let n = seen.dim(0)?;
        let Anatomy { first, residuals, last } = &self.0;
        debug_assert_eq!(seen.dims(), [n, BANDS, MOMENTS, 1]);
        let window = first.weight.reshape((3, 3, 1, FIRST))?;
        let config = ConvConfig { relu: false, ..ConvConfig::HALVE };
        let mut map = bent(&conv2d(seen, &window, &first.bias, &config)?, Bend::HardSwish)?;
        let mut said = Vec::new();
        for (i, residual) in residuals.iter().enumerate() {
            map = residual.pass(&map)?;
            if SAID.contains(&i) {
                said.extend(pooled(&map)?);
            }
        }
        let last = mix(last, &map, Some(Bend::HardSwish))?;
        Tensor::cat(&[&pooled(&last)?[..], &said].concat(), 1)
    }
}

impl Residual<Layer> {
    fn pass(&self, map: &Tensor) -> Result<Tensor> {
        let &Plan { kernel, bend, stride, .. } = self.plan;
        let expanded = match &self.expand {
            Some(expand) => mix(expand, map, Some(bend))?,
            None => map.clone(),
        };
        let Layer { weight, bias } = &self.depthwise;
        let mut inner = bent(&expanded.apply_op3(weight, bias, Depthwise { kernel, stride })?, bend)?;
        if let Some([squeeze, excite]) = &self.gates {
            let mean = inner.flatten(1, 2)?.mean(1)?; // (n, wide)
            let gates = excite.linear(&squeeze.linear(&mean, true)?, false)?;
            inner = inner.broadcast_mul(&candle_nn::ops::sigmoid(&gates)?.unsqueeze(1)?.unsqueeze(1)?)?;
        }
        let projected = mix(&self.project, &inner, None)?;
        if projected.dims() == map.dims() { projected + map } else { Ok(projected) }
    }
}

/// A layer over every pixel (n, rows, columns, inputs), and the bend behind it.
fn mix(layer: &Layer, map: &Tensor, bend: Option<Bend>) -> Result<Tensor> {
    let (inputs, outputs) = layer.weight.dims2()?;
    let relu = bend == Some(Bend::Relu);
    let config = ConvConfig { stride: [1, 1], padding: [0, 0], relu };
    let mixed = conv2d(map, &layer.weight.reshape((1, 1, inputs, outputs))?, &layer.bias, &config)?;
    if bend == Some(Bend::HardSwish) { bent(&mixed, Bend::HardSwish) } else { Ok(mixed) }
}

fn bent(map: &Tensor, bend: Bend) -> Result<Tensor> {
    match bend {
        Bend::Relu => map.relu(),
        Bend::HardSwish => map.apply_op1(HardSwish),
    }
}

/// The mean and the maximum of every channel.
fn pooled(map: &Tensor) -> Result<[Tensor; 2]> {
    let pixels = map.flatten(1, 2)?; // (n, pixels, channels)
    Ok([pixels.mean(1)?, pixels.max(1)?])
}

struct HardSwish;

impl CustomOp1 for HardSwish {
    fn name(&self) -> &'static str {
        "hard-swish"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = numbers(x, layout)?.iter().map(|v| Bend::HardSwish.of(*v)).collect();
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let grad = grad.contiguous()?;
        let slope = |v: f32| if v.abs() < 3.0 { (2.0 * v + 3.0) * (1.0 / 6.0) } else { f32::from(v > 0.0) };
        let steep: Vec<f32> = with_numbers(x, |x| {
            with_numbers(&grad, |grad| Ok(x.iter().zip(grad).map(|(x, grad)| grad * slope(*x)).collect()))
        })?;
        Ok(Some(Tensor::from_vec(steep, x.shape(), x.device())?))
    }
}

/// A convolution of each channel by itself: `x` (n, rows, columns, channels), a weight (kernel x kernel, channels), a bias.
struct Depthwise {
    kernel: usize,
    stride: usize,
}

impl CustomOp3 for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise-convolution"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, rows, columns, channels) = x_layout.shape().dims4()?;
        let (x, weight, bias) =
            (numbers(x, x_layout)?, numbers(weight, weight_layout)?, numbers(bias, bias_layout)?);
        let Depthwise { kernel, stride } = *self;
        if weight.len() != kernel * kernel * channels || bias.len() != channels || x.is_empty() {
            bail!("{} weights and {} biases do not fit {channels} channels", weight.len(), bias.len());
        }
        let size = [rows, columns, channels];
        let [rows_out, columns_out] = halved(size, stride);
        let images: Vec<&[f32]> = x.chunks_exact(x.len() / n).collect();
        let y = make(n, |image| {
            let mut y = bias.repeat(rows_out * columns_out);
            slide(size, images[image], weight, [kernel, stride], &mut y);
            y
        });
        Ok((CpuStorage::F32(y.concat()), (n, rows_out, columns_out, channels).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (n, rows, columns, channels) = x.dims4()?;
        let (size, window) = ([rows, columns, channels], [self.kernel, self.stride]);
        let grad = grad.contiguous()?;
        let images = with_numbers(x, |x| {
            with_numbers(weight, |weight| {
                with_numbers(&grad, |grad| {
                    let pairs: Vec<(&[f32], &[f32])> =
                        x.chunks_exact(x.len() / n).zip(grad.chunks_exact(grad.len() / n)).collect();
                    Ok(make(n, |image| backward(size, window, pairs[image], weight)))
                })
            })
        })?;
        let mut grad_x = Vec::with_capacity(x.elem_count());
        let (mut grad_weight, mut grad_bias) = (vec![0.0; weight.elem_count()], vec![0.0; channels]);
        for image in images {
            grad_x.extend(image.x);
            grad_weight.iter_mut().zip(&image.weight).for_each(|(sum, v)| *sum += v);
            grad_bias.iter_mut().zip(&image.bias).for_each(|(sum, v)| *sum += v);
        }
        let device = x.device();
        Ok((
            Some(Tensor::from_vec(grad_x, x.shape(), device)?),
            Some(Tensor::from_vec(grad_weight, weight.shape(), device)?),
            Some(Tensor::from_vec(grad_bias, bias.shape(), device)?),
        ))
    }
}

/// Gradients of one image.
struct Gradients {
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

fn backward(
    size @ [_, _, channels]: [usize; 3],
    window: [usize; 2],
    (x, grad): (&[f32], &[f32]),
    weight: &[f32],
) -> Gradients {
    let mut to =
        Gradients { x: vec![0.0; x.len()], weight: vec![0.0; weight.len()], bias: vec![0.0; channels] };
    grad.chunks_exact(channels)
        .for_each(|pixel| to.bias.iter_mut().zip(pixel).for_each(|(sum, grad)| *sum += grad));
    for_each_tap(size, window, |at_to, at_from, at_weight| {
        let grad = &grad[at_to..][..channels];
        let seen = &x[at_from..][..channels];
        let weights = &weight[at_weight..][..channels];
        to.x[at_from..][..channels]
            .iter_mut()
            .zip(grad.iter().zip(weights))
            .for_each(|(to, (g, w))| *to += g * w);
        to.weight[at_weight..][..channels]
            .iter_mut()
            .zip(grad.iter().zip(seen))
            .for_each(|(to, (g, v))| *to += g * v);
    });
    to
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};
    use rand::Rng as _;

    use super::super::rng_of;
    use super::*;
    use crate::ear::{EAR, Ear};
    use crate::weights::Weights;

    fn random(seed: u64, shape: &[usize]) -> Tensor {
        let mut rng = rng_of(7, seed);
        let len = shape.iter().product();
        let all: Vec<f32> = (0..len).map(|_| rng.random_range(-1.0..1.0)).collect();
        Tensor::from_vec(all, shape, &Device::Cpu).unwrap()
    }

    #[test]
    fn it_hears_while_it_learns_what_it_hears_afterwards() {
        let weights = Weights::from_bytes(Ear::PUBLISHED).unwrap();
        let layers = EarLayers::new(&mut |name, shape| weights.take(name, shape)).unwrap();
        let seen = random(0, &[2, BANDS, MOMENTS, 1]);
        let learning = layers.hear(&seen).unwrap().to_vec2::<f32>().unwrap();
        let ear = Ear::from_weights(Ear::PUBLISHED).unwrap();
        for (image, learning) in learning.iter().enumerate() {
            let seen = seen.get(image).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            let heard = ear.hear(&seen);
            assert_eq!((heard.len(), learning.len()), (EAR, EAR));
            let off = heard.iter().zip(learning).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-3, "{off}");
        }
    }

    #[test]
    fn gradients_are_the_slopes_that_small_steps_find() {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2)] {
            let shapes: [&[usize]; 3] = [&[2, 7, 6, 3], &[kernel * kernel, 3], &[3]];
            let at = |i: usize| Var::from_tensor(&random(i as u64, shapes[i])).unwrap();
            let vars = [at(0), at(1), at(2)];
            let aim = random(9, &[2, 7usize.div_ceil(stride), 6usize.div_ceil(stride), 3]);
            let loss = |vars: &[Var; 3]| -> Tensor {
                let [x, weight, bias] = vars;
                let y = x.as_tensor().apply_op3(
                    weight.as_tensor(),
                    bias.as_tensor(),
                    Depthwise { kernel, stride },
                );
                (bent(&y.unwrap(), Bend::HardSwish).unwrap() * &aim).unwrap().sum_all().unwrap()
            };
            let grads = loss(&vars).backward().unwrap();
            for (var, shape) in vars.iter().zip(shapes) {
                let found =
                    grads.get(var.as_tensor()).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
                let before = var.as_tensor().copy().unwrap();
                let numbers = before.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                for i in (0..numbers.len()).step_by(5) {
                    let at = |step: f32| {
                        let mut moved = numbers.clone();
                        moved[i] += step;
                        var.set(&Tensor::from_vec(moved, shape, &Device::Cpu).unwrap()).unwrap();
                        loss(&vars).to_scalar::<f32>().unwrap()
                    };
                    let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                    assert!((slope - found[i]).abs() < 2e-2, "{kernel} {stride} {i}: {slope}, {}", found[i]);
                }
                var.set(&before).unwrap();
            }
        }
    }
}
