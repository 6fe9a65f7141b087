//! The fused convolution against candle's own, and its gradients against candle's and finite differences.

use candle_core::{Device, Result, Tensor, Var};
use neume_models::conv::{ConvConfig, conv2d, linear};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

struct Case {
    x: [usize; 4],
    kernel: [usize; 2],
    c_out: usize,
    config: ConvConfig,
}

/// Square and oblong pictures, one and many channels, every kind of stride and padding, several pieces.
fn cases() -> Vec<Case> {
    let case = |x, kernel, c_out, stride, padding, relu| Case {
        x,
        kernel,
        c_out,
        config: ConvConfig { stride, padding, relu },
    };
    vec![
        case([1, 7, 9, 3], [3, 3], 4, [1, 1], [1, 1], true),
        case([2, 8, 12, 3], [3, 3], 5, [2, 2], [1, 1], true),
        case([3, 9, 5, 1], [5, 3], 2, [2, 1], [2, 1], true),
        case([1, 6, 6, 2], [1, 1], 3, [1, 1], [0, 0], false),
        case([2, 6, 7, 2], [1, 1], 3, [2, 3], [0, 0], false),
        case([2, 4, 4, 2], [4, 4], 3, [1, 1], [0, 0], true),
        case([9, 4, 3, 2], [3, 5], 2, [3, 2], [1, 2], false),
        case([1, 64, 96, 4], [3, 3], 8, [1, 1], [1, 1], true),
    ]
}

fn random(shape: &[usize], rng: &mut StdRng) -> Result<Tensor> {
    let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu)
}

/// The same with candle's operations: every step of its graph is known to it.
fn by_candle(x: &Tensor, weight: &Tensor, bias: &Tensor, config: &ConvConfig) -> Result<Tensor> {
    let x = x.permute((0, 3, 1, 2))?;
    let x = x.pad_with_zeros(2, config.padding[0], config.padding[0])?;
    let x = x.pad_with_zeros(3, config.padding[1], config.padding[1])?.contiguous()?;
    let y = x.conv2d(&weight.permute((3, 2, 0, 1))?.contiguous()?, 0, 1, 1, 1)?;
    let pick = |len: usize, step: usize| Tensor::from_iter((0..len as u32).step_by(step), &Device::Cpu);
    let y = y.index_select(&pick(y.dim(2)?, config.stride[0])?, 2)?;
    let y = y.index_select(&pick(y.dim(3)?, config.stride[1])?, 3)?;
    let y = y.permute((0, 2, 3, 1))?.broadcast_add(bias)?;
    if config.relu { y.relu() } else { Ok(y) }
}

fn assert_close(found: &Tensor, expected: &Tensor, what: &str) -> Result<()> {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let scale = expected.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?.max(1e-3);
    let off = (found - expected)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
    assert!(off <= 2e-5 * scale, "{what}: {off} off, of {scale}");
    Ok(())
}

#[test]
fn forward_and_gradients_agree_with_candle() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(1);
    for (i, case) in cases().iter().enumerate() {
        let x = Var::from_tensor(&random(&case.x, &mut rng)?)?;
        let weight =
            Var::from_tensor(&random(&[case.kernel[0], case.kernel[1], case.x[3], case.c_out], &mut rng)?)?;
        let bias = Var::from_tensor(&random(&[case.c_out], &mut rng)?)?;
        let ours = conv2d(&x, &weight, &bias, &case.config)?;
        let theirs = by_candle(&x, &weight, &bias, &case.config)?;
        assert_close(&ours, &theirs, &format!("case {i}, forward"))?;

        let pull = random(ours.dims(), &mut rng)?;
        let ours = (ours * &pull)?.sum_all()?.backward()?;
        let theirs = (theirs * &pull)?.sum_all()?.backward()?;
        for (name, var) in [("x", &x), ("weight", &weight), ("bias", &bias)] {
            let (found, expected) = (ours.get(var).unwrap(), theirs.get(var).unwrap());
            assert_close(found, expected, &format!("case {i}, gradient of {name}"))?;
        }
    }
    Ok(())
}

/// The sum of the output, each number weighted by `pull`, in double precision.
fn objective(inputs: &[Tensor; 3], config: &ConvConfig, pull: &[f32]) -> Result<f64> {
    let [x, weight, bias] = inputs;
    let y = conv2d(x, weight, bias, config)?.flatten_all()?.to_vec1::<f32>()?;
    Ok(y.iter().zip(pull).map(|(y, p)| f64::from(*y) * f64::from(*p)).sum())
}

#[test]
fn gradients_agree_with_finite_differences() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(2);
    for (i, case) in cases().iter().take(7).enumerate() {
        let config = &case.config;
        let inputs = [
            random(&case.x, &mut rng)?,
            random(&[case.kernel[0], case.kernel[1], case.x[3], case.c_out], &mut rng)?,
            random(&[case.c_out], &mut rng)?,
        ];
        let vars = inputs.clone().map(|t| Var::from_tensor(&t).unwrap());
        let y = conv2d(&vars[0], &vars[1], &vars[2], config)?;
        let pull = random(y.dims(), &mut rng)?;
        let grads = (y * &pull)?.sum_all()?.backward()?;
        let pull = pull.flatten_all()?.to_vec1::<f32>()?;
        for (which, var) in vars.iter().enumerate() {
            let grad = grads.get(var).unwrap().flatten_all()?.to_vec1::<f32>()?;
            let (mut off, mut size) = (0.0, 0.0);
            for (at, found) in grad.iter().enumerate().step_by(grad.len() / 40 + 1) {
                let step = 2e-3f32;
                let nudged = |by: f32| -> Result<f64> {
                    let mut numbers = inputs[which].flatten_all()?.to_vec1::<f32>()?;
                    numbers[at] += by;
                    let mut inputs = inputs.clone();
                    inputs[which] = Tensor::from_vec(numbers, inputs[which].shape(), &Device::Cpu)?;
                    objective(&inputs, config, &pull)
                };
                let expected = (nudged(step)? - nudged(-step)?) / (2.0 * f64::from(step));
                off += (f64::from(*found) - expected).powi(2);
                size += expected.powi(2);
            }
            // A ReLU that switches inside the step makes a difference of its own, hence the tolerance.
            let limit = if config.relu { 5e-2 } else { 1e-3 };
            assert!(off.sqrt() <= limit * size.sqrt(), "case {i}, input {which}: {off} of {size}");
        }
    }
    Ok(())
}

#[test]
fn linear_is_the_product_plus_the_bias() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(3);
    for (n, c_in, c_out, relu) in [(1, 5, 3, false), (4, 65, 17, true), (1, 1, 1, false)] {
        let (x, weight) = (random(&[n, c_in], &mut rng)?, random(&[c_in, c_out], &mut rng)?);
        let bias = random(&[c_out], &mut rng)?;
        let expected = x.matmul(&weight)?.broadcast_add(&bias)?;
        let expected = if relu { expected.relu()? } else { expected };
        assert_close(&linear(&x, &weight, &bias, relu)?, &expected, "linear")?;
    }
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_errors() -> Result<()> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu);
    let keep = ConvConfig::KEEP;
    for (x, weight, bias, config) in [
        (&[1, 4, 4, 3][..], &[3, 3, 2, 8][..], &[8][..], keep),
        (&[1, 4, 4, 3], &[3, 3, 3, 8], &[7], keep),
        (&[4, 4, 3], &[3, 3, 3, 8], &[8], keep),
        (&[1, 4, 4, 3], &[9, 3, 3, 8], &[8], keep),
        (&[1, 4, 4, 3], &[3, 3, 3, 8], &[8], ConvConfig { stride: [0, 1], ..keep }),
    ] {
        assert!(conv2d(&zeros(x)?, &zeros(weight)?, &zeros(bias)?, &config).is_err(), "{x:?} {weight:?}");
    }
    Ok(())
}

#[cfg(feature = "train")]
#[test]
fn gradients_do_not_depend_on_the_number_of_threads() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(4);
    let x = Var::from_tensor(&random(&[11, 16, 16, 3], &mut rng)?)?;
    let weight = Var::from_tensor(&random(&[3, 3, 3, 8], &mut rng)?)?;
    let bias = Var::from_tensor(&random(&[8], &mut rng)?)?;
    let run = || -> Result<Vec<f32>> {
        let grads = conv2d(&x, &weight, &bias, &ConvConfig::HALVE)?.sqr()?.sum_all()?.backward()?;
        let mut all = grads.get(&x).unwrap().flatten_all()?.to_vec1::<f32>()?;
        all.extend(grads.get(&weight).unwrap().flatten_all()?.to_vec1::<f32>()?);
        Ok(all)
    };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let one = pool(1).install(run)?;
    assert_eq!(one, pool(3).install(run)?);
    let alone = run()?;
    assert!(one.iter().zip(&alone).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + b.abs())));
    Ok(())
}
