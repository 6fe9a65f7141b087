//! The sign network as it learns: batch normalisation behind every convolution, which is folded into it when it is saved.

use candle_core::{D, DType, Device, Tensor};

use super::Trainee;
use super::batch_norm::{Spread, normalised};
use super::sign_school::HANDS;
use crate::Error;
use crate::conv::conv2d;
use crate::sign_net::{SIDE, STAGES, SignInput, Stage};
use crate::weights::Weights;

/// A convolution, and gain and offset of the normalisation behind it.
struct Layer {
    stage: Stage,
    weight: Tensor,
    none: Tensor,
    gain: Tensor,
    offset: Tensor,
}

/// The network that learns.
pub struct Pupil {
    layers: Vec<Layer>,
}

impl Pupil {
    /// Fresh weights of `trainee`.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn new(trainee: &mut Trainee) -> Result<Pupil, Error> {
        let mut c_in = 1;
        let mut layers = Vec::with_capacity(STAGES.len());
        for stage in STAGES {
            let (name, c_out) = (stage.name, stage.channels);
            let weight = trainee.take(&format!("{name}.weight"), &[3, 3, c_in, c_out])?;
            let gain = trainee.take(&format!("{name}.gain"), &[c_out])?;
            trainee.shift(&format!("{name}.gain"), 1.0)?;
            let offset = trainee.take(&format!("{name}.offset"), &[c_out])?;
            let none = Tensor::zeros(c_out, DType::F32, &Device::Cpu)?;
            layers.push(Layer { stage, weight, none, gain, offset });
            c_in = c_out;
        }
        Ok(Pupil { layers })
    }

    /// Embeddings (n, 1024) of any length of pictures (n, 64, 64, 1), by the spread of this batch; `seen` is told of
    /// every convolution's result.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn forward(
        &self,
        x: &Tensor,
        seen: &mut dyn FnMut(&Tensor) -> Result<(), Error>,
    ) -> Result<Tensor, Error> {
        let mut x = x.clone();
        for layer in &self.layers {
            let mut config = layer.stage.config();
            config.relu = false;
            x = conv2d(&x, &layer.weight, &layer.none, &config)?;
            seen(&x)?;
            x = normalised(&x, &layer.gain, &layer.offset, layer.stage.relu)?;
        }
        Ok(x.flatten_from(1)?)
    }

    /// The network that needs no batch: each normalisation is that by the mean spread of `batches`.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn folded(&self, batches: &[Tensor]) -> Result<Weights, Error> {
        let mut spreads: Vec<Vec<Spread>> = self.layers.iter().map(|_| Vec::new()).collect();
        for batch in batches {
            let mut at = spreads.iter_mut();
            self.forward(batch, &mut |x| {
                if let Some(spreads) = at.next() {
                    spreads.push(Spread::of(x)?);
                }
                Ok(())
            })?;
        }
        let mut tensors = Vec::new();
        for (layer, spreads) in self.layers.iter().zip(spreads) {
            let mean = |of: fn(&Spread) -> &Vec<f32>| -> Vec<f32> {
                let count = spreads.len() as f32;
                (0..layer.stage.channels)
                    .map(|channel| spreads.iter().map(|s| of(s)[channel]).sum::<f32>() / count)
                    .collect()
            };
            let spread = Spread { mean: mean(|s| &s.mean), variance: mean(|s| &s.variance) };
            let slope = (Tensor::new(spread.scales(), &Device::Cpu)? * &layer.gain)?;
            let mean = Tensor::new(spread.mean, &Device::Cpu)?;
            let name = layer.stage.name;
            tensors.push((format!("{name}.weight"), layer.weight.broadcast_mul(&slope)?.detach()));
            tensors.push((format!("{name}.bias"), (&layer.offset - (mean * slope)?)?.detach()));
        }
        Ok(Weights::new(tensors))
    }
}

/// Pictures as one tensor (n, 64, 64, 1).
pub fn batch(pictures: &[SignInput]) -> Result<Tensor, Error> {
    let numbers: Vec<f32> = pictures.iter().flat_map(|picture| picture.pixels.iter().copied()).collect();
    Ok(Tensor::from_vec(numbers, (pictures.len(), SIDE, SIDE, 1), &Device::Cpu)?)
}

/// How steeply similarity counts in a lesson.
const STEEPNESS: f64 = 16.0;

/// Each hand in turn shows the signs, and the drawings of the others are to be named: the mean cross entropy.
pub fn loss(raw: &Tensor) -> Result<Tensor, Error> {
    let n = raw.dim(0)?;
    let ways = n / HANDS;
    let unit = raw.broadcast_div(&(raw.sqr()?.sum_keepdim(1)? + 1e-6)?.sqrt()?)?;
    let likeness = (unit.matmul(&unit.t()?)? * STEEPNESS)?; // (n, n), n = ways x HANDS, sign by sign
    let likeness = likeness.reshape((n, ways, HANDS))?;
    let mut sum = Tensor::zeros((), DType::F32, &Device::Cpu)?;
    for hand in 0..HANDS {
        let logits = likeness.narrow(2, hand, 1)?.squeeze(2)?.contiguous()?; // (n, ways)
        let log = candle_nn::ops::log_softmax(&logits, D::Minus1)?;
        let mut target = vec![0.0f32; n * ways];
        for i in (0..n).filter(|i| i % HANDS != hand) {
            target[i * ways + i / HANDS] = 1.0 / (n * (HANDS - 1)) as f32;
        }
        sum = (sum - (log * Tensor::from_vec(target, (n, ways), &Device::Cpu)?)?.sum_all()?)?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;
    use crate::SignNet;
    use crate::train::rng_of;

    #[test]
    fn the_folded_network_does_to_a_batch_what_the_normalisations_did() {
        let pupil = Pupil::new(&mut Trainee::new(3)).unwrap();
        let rng = &mut rng_of(3, 0);
        let numbers: Vec<f32> = (0..6 * SIDE * SIDE).map(|_| rng.random()).collect();
        let x = Tensor::from_vec(numbers, (6, SIDE, SIDE, 1), &Device::Cpu).unwrap();
        let by_batch = pupil.forward(&x, &mut |_| Ok(())).unwrap();
        let weights = pupil.folded(std::slice::from_ref(&x)).unwrap();
        let net = SignNet::new(&mut |name, shape| weights.take(name, shape)).unwrap();
        let off = (net.forward(&x).unwrap() - by_batch).unwrap().abs().unwrap();
        let off = off.flatten_all().unwrap().max(0).unwrap().to_scalar::<f32>().unwrap();
        assert!(off < 1e-3, "{off}");
    }

    #[test]
    fn a_lesson_that_is_told_apart_well_costs_little() {
        let raw = |turn: f32| {
            let places = (0..3 * HANDS).flat_map(|i| {
                let angle = turn * (i / HANDS) as f32;
                [angle.cos(), angle.sin()]
            });
            Tensor::from_iter(places, &Device::Cpu).unwrap().reshape((3 * HANDS, 2)).unwrap()
        };
        let cost = |turn: f32| loss(&raw(turn)).unwrap().to_scalar::<f32>().unwrap();
        let even = 3.0f32.ln();
        assert!((cost(0.0) - even).abs() < 0.01, "{} is not {even}", cost(0.0));
        assert!(cost(2.0) < 0.01, "{}", cost(2.0));
    }
}
