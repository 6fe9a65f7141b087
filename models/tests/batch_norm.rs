//! Batch normalisation and its gradients against the same in candle's own operations.
#![cfg(feature = "train")]

use candle_core::{Device, Result, Tensor, Var};
use neume_models::train::batch_norm::{Spread, normalised};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

fn random(shape: &[usize], rng: &mut StdRng) -> Result<Tensor> {
    let numbers: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..2.0)).collect();
    Tensor::from_vec(numbers, shape, &Device::Cpu)
}

fn by_candle(x: &Tensor, gain: &Tensor, offset: &Tensor, relu: bool) -> Result<Tensor> {
    let pixels = x.flatten(0, 2)?; // (n x h x w, c)
    let off = pixels.broadcast_sub(&pixels.mean_keepdim(0)?)?;
    let deviation = (off.sqr()?.mean_keepdim(0)? + 1e-5)?.sqrt()?;
    let y = off.broadcast_div(&deviation)?.broadcast_mul(gain)?.broadcast_add(offset)?;
    let y = y.reshape(x.dims())?;
    if relu { y.relu() } else { Ok(y) }
}

fn assert_close(found: &Tensor, expected: &Tensor, what: &str) -> Result<()> {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let scale = expected.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?.max(1e-3);
    let off = (found - expected)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
    assert!(off <= 1e-4 * scale, "{what}: {off} off, of {scale}");
    Ok(())
}

#[test]
fn forward_and_gradients_agree_with_candle() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(1);
    for (shape, relu) in
        [([2, 3, 5, 4], false), ([2, 3, 5, 4], true), ([40, 8, 8, 3], true), ([7, 1, 1, 9], false)]
    {
        let x = Var::from_tensor(&random(&shape, &mut rng)?)?;
        let [gain, offset] = [random(&[shape[3]], &mut rng)?, random(&[shape[3]], &mut rng)?];
        let [gain, offset] = [Var::from_tensor(&gain)?, Var::from_tensor(&offset)?];
        let ours = normalised(&x, &gain, &offset, relu)?;
        let theirs = by_candle(&x, &gain, &offset, relu)?;
        assert_close(&ours, &theirs, &format!("{shape:?}, forward"))?;
        let pull = random(ours.dims(), &mut rng)?;
        let ours = (ours * &pull)?.sum_all()?.backward()?;
        let theirs = (theirs * &pull)?.sum_all()?.backward()?;
        for (name, var) in [("x", &x), ("gain", &gain), ("offset", &offset)] {
            let (found, expected) = (ours.get(var).unwrap(), theirs.get(var).unwrap());
            assert_close(found, expected, &format!("{shape:?}, gradient of {name}"))?;
        }
    }
    Ok(())
}

#[test]
fn what_is_normalised_has_the_spread_that_was_asked_for() -> Result<()> {
    let mut rng = StdRng::seed_from_u64(2);
    let x = random(&[9, 6, 4, 2], &mut rng)?;
    let (gain, offset) =
        (Tensor::new(&[2.0f32, 0.5], &Device::Cpu)?, Tensor::new(&[-1.0f32, 3.0], &Device::Cpu)?);
    let spread = Spread::of(&normalised(&x, &gain, &offset, false)?)?;
    for (found, expected) in
        spread.mean.iter().zip([-1.0, 3.0]).chain(spread.variance.iter().zip([4.0, 0.25]))
    {
        assert!((found - expected).abs() < 1e-3, "{spread:?}");
    }
    assert!(normalised(&x, &offset.repeat(2)?, &offset, false).is_err());
    Ok(())
}
