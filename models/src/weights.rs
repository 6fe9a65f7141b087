//! Weights at rest: named tensors in a safetensors file that arrives as bytes and is not trusted.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::Error;

/// The tensors of one network, by name.
#[derive(Debug, Clone, Default)]
pub struct Weights(BTreeMap<String, Tensor>);

/// The bytes of a file: one copy in a program, where a constant would have one in every place that names it.
macro_rules! embedded {
    ($file:literal) => {{
        static BYTES: [u8; include_bytes!($file).len()] = *include_bytes!($file);
        &BYTES
    }};
}
pub(crate) use embedded;

/// Where a network gets its tensors from: stored weights, or fresh ones to be trained. It is asked for a name and a shape.
pub type Take<'a> = &'a mut dyn FnMut(&str, &[usize]) -> Result<Tensor, Error>;

impl Weights {
    /// Largest file that is taken for weights.
    pub const MAX_BYTES: usize = 16 << 20;

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// [`Error::Limit`] past [`Weights::MAX_BYTES`]; [`Error::Weights`] for damage, another type than `f32`, and numbers
    /// that are not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Weights, Error> {
        if bytes.len() > Weights::MAX_BYTES {
            let (found, limit) = (bytes.len() as u64, Weights::MAX_BYTES as u64);
            return Err(Error::Limit { what: "weights", found, limit });
        }
        let file = SafeTensors::deserialize(bytes).map_err(|cause| Error::Weights(cause.to_string()))?;
        let mut tensors = BTreeMap::new();
        for (name, view) in file.tensors() {
            if view.dtype() != Dtype::F32 {
                return Err(Error::Weights(format!("`{name}` is {:?}, not F32", view.dtype())));
            }
            let numbers: Vec<f32> = view
                .data()
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect();
            if numbers.iter().any(|v| !v.is_finite()) {
                return Err(Error::Weights(format!("`{name}` holds numbers that are not finite")));
            }
            tensors.insert(name, Tensor::from_vec(numbers, view.shape(), &Device::Cpu)?);
        }
        Ok(Weights(tensors))
    }

    /// Collects tensors under their names.
    pub fn new(tensors: impl IntoIterator<Item = (String, Tensor)>) -> Weights {
        Weights(tensors.into_iter().collect())
    }

    /// The mean of several weights of one network. Trainings that began alike err on different things, and
    /// their mean can be right more often than each (Wortsman et al., 2022).
    ///
    /// # Errors
    /// [`Error::Weights`] for none, and where they are not of one network.
    pub fn mean(all: &[Weights]) -> Result<Weights, Error> {
        let Some((first, others)) = all.split_first() else {
            return Err(Error::Weights("there are none".to_string()));
        };
        if others.iter().any(|weights| weights.0.len() != first.0.len()) {
            return Err(Error::Weights("they are of different networks".to_string()));
        }
        let mean_of = |(name, tensor): (&String, &Tensor)| {
            let add = |sum: Tensor, weights: &Weights| -> Result<Tensor, Error> {
                Ok((sum + weights.take(name, tensor.dims())?)?)
            };
            let sum = others.iter().try_fold(tensor.clone(), add)?;
            Ok::<_, Error>((name.clone(), (sum / all.len() as f64)?))
        };
        Ok(Weights(first.0.iter().map(mean_of).collect::<Result<_, _>>()?))
    }

    /// Writes a safetensors file; the same weights give the same bytes.
    ///
    /// # Errors
    /// [`Error::Weights`] if a tensor is not `f32`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut data = Vec::with_capacity(self.0.len());
        for (name, tensor) in &self.0 {
            if tensor.dtype() != DType::F32 {
                return Err(Error::Weights(format!("`{name}` is not f32")));
            }
            let numbers = tensor.flatten_all()?.to_vec1::<f32>()?;
            data.push(numbers.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
        }
        let refused = |cause: safetensors::SafeTensorError| Error::Weights(cause.to_string());
        let views: Vec<(&String, TensorView<'_>)> = self
            .0
            .iter()
            .zip(&data)
            .map(|((name, tensor), data)| {
                Ok((name, TensorView::new(Dtype::F32, tensor.dims().to_vec(), data)?))
            })
            .collect::<Result<_, _>>()
            .map_err(refused)?;
        safetensors::serialize(views, None).map_err(refused)
    }

    /// The same weights in the memory of a device.
    ///
    /// # Errors
    /// [`Error::Network`] with what the device says.
    pub fn to_device(&self, device: &Device) -> Result<Weights, Error> {
        let moved = |(name, tensor): (&String, &Tensor)| Ok((name.clone(), tensor.to_device(device)?));
        Ok(Weights(self.0.iter().map(moved).collect::<Result<_, Error>>()?))
    }

    /// One tensor, if its shape is the wanted one.
    ///
    /// # Errors
    /// [`Error::Weights`] names the tensor that is missing or has another shape.
    pub fn take(&self, name: &str, shape: &[usize]) -> Result<Tensor, Error> {
        let Some(tensor) = self.0.get(name) else {
            return Err(Error::Weights(format!("`{name}` is missing")));
        };
        if tensor.dims() != shape {
            return Err(Error::Weights(format!("`{name}` is {:?}, not {shape:?}", tensor.dims())));
        }
        Ok(tensor.clone())
    }

    /// Every tensor with its name, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.0.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Network;

    #[test]
    fn weights_that_were_on_a_device_are_the_same_bytes_again() {
        for network in Network::ALL {
            let weights = Weights::from_bytes(network.weights()).unwrap();
            let moved = weights.to_device(&Device::Cpu).unwrap();
            assert_eq!(moved.to_bytes().unwrap(), weights.to_bytes().unwrap(), "{network:?}");
        }
    }
}
