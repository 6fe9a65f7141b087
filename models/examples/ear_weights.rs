//! Makes `weights/ear.safetensors` from the published weights of EfficientAT's `mn04_as` (`mn04_as_mAP_432.pt`): folds
//! each normalisation into the convolution before it, leaves the classifier out, and lays channels last.
//!
//! `cargo run --release -p neume-models --example ear_weights -- mn04_as_mAP_432.pt ear.safetensors`

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use candle_core::{Device, Tensor};
use neume_models::weights::Weights;

/// What the published network adds to each variance.
const LEAST_VARIANCE: f64 = 1e-3;

fn main() -> Result<()> {
    let [from, to] = &std::env::args().skip(1).collect::<Vec<_>>()[..] else {
        bail!("two files are needed: the published weights, and where to put ours");
    };
    let published = Published(candle_core::pickle::read_all(from)?.into_iter().collect());
    let mut ours = Vec::new();
    let mut keep = |name: String, [weight, bias]: [Tensor; 2]| {
        ours.push((format!("ear.{name}.weight"), weight));
        ours.push((format!("ear.{name}.bias"), bias));
    };
    keep("first".to_string(), published.convolution("features.0")?);
    for residual in 0..15 {
        let block = format!("features.{}.block", residual + 1);
        let is_squeezed = published.0.contains_key(&format!("{block}.2.conc_se_layers.0.fc1.weight"));
        // The first residual has no expansion.
        let depthwise = usize::from(residual > 0);
        let name = |part: &str| format!("residual.{residual}.{part}");
        if depthwise == 1 {
            keep(name("expand"), published.convolution(&format!("{block}.0"))?);
        }
        keep(name("depthwise"), published.convolution(&format!("{block}.{depthwise}"))?);
        if is_squeezed {
            let gates = format!("{block}.{}.conc_se_layers.0", depthwise + 1);
            keep(name("squeeze"), published.linear(&format!("{gates}.fc1"))?);
            keep(name("excite"), published.linear(&format!("{gates}.fc2"))?);
        }
        let project = depthwise + 1 + usize::from(is_squeezed);
        keep(name("project"), published.convolution(&format!("{block}.{project}"))?);
    }
    keep("last".to_string(), published.convolution("features.16")?);
    std::fs::write(to, Weights::new(ours).to_bytes()?).with_context(|| to.clone())
}

struct Published(HashMap<String, Tensor>);

impl Published {
    fn get(&self, name: &str) -> Result<&Tensor> {
        self.0.get(name).with_context(|| format!("`{name}` is missing"))
    }

    /// A convolution with the normalisation behind it: (inputs or window, outputs) and a bias.
    fn convolution(&self, name: &str) -> Result<[Tensor; 2]> {
        let of = |part: &str| self.get(&format!("{name}.1.{part}"));
        let deviation = (of("running_var")? + LEAST_VARIANCE)?.sqrt()?;
        let scale = (of("weight")? / deviation)?;
        let bias = (of("bias")? - (of("running_mean")? * &scale)?)?;
        let weight = self.get(&format!("{name}.0.weight"))?; // (outputs, inputs or 1, rows, columns)
        let weight = weight.broadcast_mul(&scale.reshape(((), 1, 1, 1))?)?;
        Ok([weight.flatten_from(1)?.t()?.contiguous()?.to_device(&Device::Cpu)?, bias])
    }

    fn linear(&self, name: &str) -> Result<[Tensor; 2]> {
        let weight = self.get(&format!("{name}.weight"))?.t()?.contiguous()?;
        Ok([weight, self.get(&format!("{name}.bias"))?.clone()])
    }
}
