//! AdamW (Loshchilov and Hutter, 2019), with moments that can be saved and taken up again.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};

use crate::Error;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.99;
const EPSILON: f64 = 1e-8;

/// The optimiser and what it moves.
pub struct Adam {
    vars: Vec<(String, Var, [Tensor; 2])>,
    steps: u32,
    /// Shrinks matrices by this share of the learning rate each step; biases are left alone.
    weight_decay: f64,
}

impl Adam {
    /// Starts with moments of zero.
    pub fn new(vars: Vec<(String, Var)>, weight_decay: f64) -> Result<Adam, Error> {
        let with_moments = |(name, var): (String, Var)| {
            let zero = var.zeros_like()?;
            Ok((name, var, [zero.clone(), zero]))
        };
        let vars = vars.into_iter().map(with_moments).collect::<Result<Vec<_>, Error>>()?;
        Ok(Adam { vars, steps: 0, weight_decay })
    }

    /// Moves every variable that has a gradient.
    pub fn step(&mut self, grads: &GradStore, learning_rate: f64) -> Result<(), Error> {
        self.steps += 1;
        let (unbias_1, unbias_2) =
            (1.0 - BETA_1.powi(self.steps as i32), 1.0 - BETA_2.powi(self.steps as i32));
        for (_, var, [mean, square]) in &mut self.vars {
            let Some(grad) = grads.get(var.as_tensor()) else { continue };
            *mean = ((&*mean * BETA_1)? + (grad * (1.0 - BETA_1))?)?.detach();
            *square = ((&*square * BETA_2)? + (grad.sqr()? * (1.0 - BETA_2))?)?.detach();
            let step = (&*mean / unbias_1)?.div(&((&*square / unbias_2)?.sqrt()? + EPSILON)?)?;
            let decay = if var.rank() > 1 { learning_rate * self.weight_decay } else { 0.0 };
            var.set(&((var.as_tensor() * (1.0 - decay))? - (step * learning_rate)?)?.detach())?;
        }
        Ok(())
    }

    /// The variables by name.
    pub fn weights(&self) -> HashMap<String, Tensor> {
        self.vars.iter().map(|(name, var, _)| (name.clone(), var.as_tensor().clone())).collect()
    }

    /// The variables, the moments and the number of steps, by name.
    pub fn checkpoint(&self) -> Result<HashMap<String, Tensor>, Error> {
        let mut all = self.weights();
        for (name, _, [mean, square]) in &self.vars {
            all.insert(format!("adam.mean.{name}"), mean.clone());
            all.insert(format!("adam.square.{name}"), square.clone());
        }
        all.insert("adam.steps".to_string(), Tensor::new(&[self.steps], &candle_core::Device::Cpu)?);
        Ok(all)
    }

    /// Takes a checkpoint up again.
    ///
    /// # Errors
    /// [`Error::Weights`] if something is missing or of another shape.
    pub fn resume(&mut self, saved: &HashMap<String, Tensor>) -> Result<(), Error> {
        let find = |name: String, like: &Tensor| {
            let found = saved.get(&name).filter(|t| t.shape() == like.shape());
            found.cloned().ok_or_else(|| Error::Weights(format!("the checkpoint has no fitting `{name}`")))
        };
        for (name, var, [mean, square]) in &mut self.vars {
            var.set(&find(name.clone(), var.as_tensor())?)?;
            *mean = find(format!("adam.mean.{name}"), mean)?;
            *square = find(format!("adam.square.{name}"), square)?;
        }
        let steps = saved
            .get("adam.steps")
            .ok_or_else(|| Error::Weights("the checkpoint has no `adam.steps`".into()))?;
        self.steps = steps.flatten_all()?.to_vec1::<u32>()?.first().copied().unwrap_or(0);
        Ok(())
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u32 {
        self.steps
    }
}
