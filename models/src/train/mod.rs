//! Training: what both networks share. The caller gives data in memory, writes the files, and installs the rayon pool
//! in which batches are spread; without one everything runs on its own thread.
//!
//! The same seed and settings give the same weights, on any number of threads.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::backprop::GradStore;
use candle_core::{Device, Tensor, Var};
use rand::{SeedableRng as _, rngs::StdRng};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::weights::Weights;

pub mod batch_norm;
mod beside;
pub mod doubt;
pub mod drawing;
pub(crate) mod ear;
pub mod exam;
pub mod labels;
pub mod lesson;
pub mod page;
pub mod pen;
mod shadow;
mod shape;
pub mod sign;
pub mod sign_exam;
pub mod sign_pupil;
pub mod sign_school;
pub mod sketch;
pub mod sound;
pub mod sound_augment;
pub mod sound_deck;
pub mod sound_eval;

/// Where training stands, once a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done, 1..=`steps`.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// Loss of this step's batch.
    pub loss: f32,
    /// Loss on the examples that are held out, where it was measured at this step.
    pub held_out: Option<f32>,
    /// All that is needed to go on from here, where the run keeps it at this step.
    #[serde(skip)]
    pub checkpoint: Option<Arc<[u8]>>,
}

/// What a card says besides its metrics, which each network adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card<M> {
    /// What the weights are for.
    pub network: String,
    /// The command that makes them again.
    pub command: String,
    /// Seed of the examples, their order and the first weights.
    pub seed: u64,
    /// Steps of training.
    pub steps: usize,
    /// Numbers that were learned.
    pub parameters: usize,
    /// What was learned from, and its licence.
    pub data: String,
    /// What was measured on examples that were held out.
    pub metrics: M,
}

/// Weights that are learned, with AdamW's two moments.
pub struct Trainee {
    vars: BTreeMap<String, Var>,
    moments: BTreeMap<String, [Vec<f32>; 2]>,
    /// What part of the rate some weights learn at, by the beginning of their names.
    slow: Option<(&'static str, f32)>,
    rng: StdRng,
    step: usize,
}

/// How fast a [`Trainee`] learns: a short rise, then half a cosine down to nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Steps in all.
    pub steps: usize,
    /// Highest rate.
    pub rate: f32,
    /// What each step takes off every weight, as a part of it and of the rate.
    pub decay: f32,
    /// The length to which the gradient of all weights together is held.
    pub clip: f32,
}

impl Schedule {
    fn rate_at(&self, step: usize) -> f32 {
        let rise = (self.steps / 20).clamp(1, 200) as f32;
        let along = step as f32 / self.steps.max(1) as f32;
        let cosine = 0.5 + 0.5 * (std::f32::consts::PI * along.min(1.0)).cos();
        self.rate * ((step + 1) as f32 / rise).min(1.0) * cosine
    }
}

impl Trainee {
    /// Weights to be made; every random number of them comes from `seed`.
    pub fn new(seed: u64) -> Trainee {
        let (vars, moments) = (BTreeMap::new(), BTreeMap::new());
        Trainee { vars, moments, slow: None, rng: StdRng::seed_from_u64(seed), step: 0 }
    }

    /// Lets the weights whose names begin so learn at a part of the rate.
    pub fn slow_down(&mut self, names: &'static str, part: f32) {
        self.slow = Some((names, part));
    }

    /// Makes a tensor to be trained: zero if it is one-dimensional (a bias), else by He's rule, its last
    /// dimension being the outputs. Names must differ.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Tensor, Error> {
        let len: usize = shape.iter().product();
        let numbers = if shape.len() == 1 {
            vec![0.0; len]
        } else {
            let inputs: usize = shape[..shape.len() - 1].iter().product();
            let deviation = (2.0 / inputs as f32).sqrt();
            (0..len).map(|_| normal(&mut self.rng) * deviation).collect()
        };
        let var = Var::from_tensor(&Tensor::from_vec(numbers, shape, &Device::Cpu)?)?;
        let tensor = var.as_tensor().clone();
        self.moments.insert(name.to_string(), [vec![0.0; len], vec![0.0; len]]);
        self.vars.insert(name.to_string(), var);
        Ok(tensor)
    }

    /// Adds `value` to every number of one tensor, for a bias that should not start at zero.
    ///
    /// # Errors
    /// [`Error::Weights`] if there is no such tensor.
    pub fn shift(&mut self, name: &str, value: f64) -> Result<(), Error> {
        let var = self.vars.get(name).ok_or_else(|| Error::Weights(format!("`{name}` is missing")))?;
        Ok(var.set(&(var.as_tensor() + value)?)?)
    }

    /// Sets a one-dimensional tensor that is not learned by descent.
    ///
    /// # Errors
    /// [`Error::Weights`] if there is no such tensor of that length.
    pub fn set(&mut self, name: &str, numbers: &[f32]) -> Result<(), Error> {
        let var = self.vars.get(name).ok_or_else(|| Error::Weights(format!("`{name}` is missing")))?;
        if var.dims() != [numbers.len()] {
            return Err(Error::Weights(format!("`{name}` is {:?}, not {}", var.dims(), numbers.len())));
        }
        Ok(var.set(&Tensor::new(numbers, &Device::Cpu)?)?)
    }

    /// Starts from weights that were learned before.
    ///
    /// # Errors
    /// [`Error::Weights`] if they are of another network; nothing is changed then.
    pub fn begin_with(&mut self, weights: &Weights) -> Result<(), Error> {
        let found = self.vars.iter().map(|(name, var)| Ok((var, weights.take(name, var.dims())?)));
        let found: Vec<(&Var, Tensor)> = found.collect::<Result<_, Error>>()?;
        found.into_iter().try_for_each(|(var, tensor)| Ok(var.set(&tensor)?))
    }

    /// Steps that were taken.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Numbers that are learned.
    pub fn parameters(&self) -> usize {
        self.vars.values().map(|var| var.elem_count()).sum()
    }

    /// The weights as they are now.
    pub fn weights(&self) -> Weights {
        Weights::new(self.vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())))
    }

    /// Takes one step down the slope of `loss` and returns its value.
    ///
    /// # Errors
    /// [`Error::Network`] if the loss is not finite.
    pub fn descend(&mut self, loss: &Tensor, schedule: &Schedule) -> Result<f32, Error> {
        let value = loss.to_scalar::<f32>()?;
        if !value.is_finite() {
            return Err(Error::Network(format!("the loss became {value} at step {}", self.step)));
        }
        let grads = gradients(&loss.backward()?, &self.vars)?;
        let length = grads.values().flatten().map(|g| g * g).sum::<f32>().sqrt();
        let scale = if length > schedule.clip { schedule.clip / length } else { 1.0 };
        let rate = schedule.rate_at(self.step);
        self.step += 1;
        for (name, grad) in &grads {
            // PANIC: `take` makes both under one name.
            let [first, second] = self.moments.get_mut(name).expect("moments of every weight");
            let var = &self.vars[name];
            let mut numbers = var.flatten_all()?.to_vec1::<f32>()?;
            let rate =
                rate * self.slow.filter(|(slow, _)| name.starts_with(slow)).map_or(1.0, |(_, part)| part);
            let decay = if var.rank() > 1 { schedule.decay } else { 0.0 };
            let (lean, spread) = (1.0 - 0.9f32.powi(self.step as i32), 1.0 - 0.99f32.powi(self.step as i32));
            for (i, value) in numbers.iter_mut().enumerate() {
                let g = grad[i] * scale;
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.99 * second[i] + 0.01 * g * g;
                let step = first[i] / lean / ((second[i] / spread).sqrt() + 1e-8);
                *value -= rate * (step + decay * *value);
            }
            var.set(&Tensor::from_vec(numbers, var.shape(), &Device::Cpu)?)?;
        }
        Ok(value)
    }

    /// Everything that is needed to go on later, as bytes.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        let mut all = BTreeMap::new();
        all.insert("step".to_string(), Tensor::new(&[self.step as f32], &Device::Cpu)?);
        for (name, var) in &self.vars {
            all.insert(format!("weight/{name}"), var.as_tensor().clone());
            for (moment, numbers) in self.moments[name].iter().enumerate() {
                let tensor = Tensor::from_vec(numbers.clone(), var.shape(), &Device::Cpu)?;
                all.insert(format!("moment{moment}/{name}"), tensor);
            }
        }
        Weights::new(all).to_bytes()
    }

    /// Goes back to a [`Trainee::checkpoint`] of the same network.
    ///
    /// # Errors
    /// [`Error::Weights`] if it is of another network, or damaged; nothing is changed then.
    pub fn resume(&mut self, checkpoint: &[u8]) -> Result<(), Error> {
        let stored = Weights::from_bytes(checkpoint)?;
        let step = stored.take("step", &[1])?.to_vec1::<f32>()?[0];
        let mut found = Vec::new();
        for (name, var) in &self.vars {
            let of = |kind: &str| stored.take(&format!("{kind}/{name}"), var.dims());
            let moments = [of("moment0")?, of("moment1")?].map(|t| t.flatten_all().and_then(|t| t.to_vec1()));
            let [first, second] = moments;
            found.push((name.clone(), of("weight")?, [first?, second?]));
        }
        for (name, weight, moments) in found {
            self.vars[&name].set(&weight)?;
            self.moments.insert(name, moments);
        }
        self.step = step.max(0.0) as usize;
        Ok(())
    }
}

fn gradients(store: &GradStore, vars: &BTreeMap<String, Var>) -> Result<BTreeMap<String, Vec<f32>>, Error> {
    let mut grads = BTreeMap::new();
    for (name, var) in vars {
        if let Some(grad) = store.get(var) {
            grads.insert(name.clone(), grad.flatten_all()?.to_vec1::<f32>()?);
        }
    }
    Ok(grads)
}

/// Makes `count` examples, on the caller's pool if there is one; each by its number.
pub fn make<T: Send>(count: usize, make: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if rayon::current_thread_index().is_none() {
        return (0..count).map(make).collect();
    }
    use rayon::prelude::*;
    (0..count).into_par_iter().map(make).collect()
}

/// A generator of its own for each example of a run.
pub fn rng_of(seed: u64, example: u64) -> StdRng {
    StdRng::seed_from_u64(
        seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ example.wrapping_mul(0xD1B5_4A32_D192_ED03),
    )
}

/// A normally distributed number of deviation one.
pub fn normal(rng: &mut impl rand::Rng) -> f32 {
    let (a, b): (f32, f32) = (rng.random_range(1e-7..1.0), rng.random());
    (-2.0 * a.ln()).sqrt() * (std::f32::consts::TAU * b).cos()
}
