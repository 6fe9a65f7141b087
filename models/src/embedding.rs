//! A point in the space in which like drawings, or like sounds, lie near each other.

use serde::{Deserialize, Serialize};

/// A unit vector of [`Embedding::LEN`] components.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f32>", into = "Vec<f32>")]
pub struct Embedding(Box<[f32; Embedding::LEN]>);

impl Embedding {
    /// Components of every embedding, of drawings and of sounds.
    pub const LEN: usize = 64;

    /// Scales `raw` to unit length; one that has it already stays as it is, to the last bit. A vector that is zero or not
    /// finite becomes the first axis.
    pub fn from_raw(raw: &[f32; Embedding::LEN]) -> Embedding {
        let norm = raw.iter().map(|v| v * v).sum::<f32>().sqrt();
        let mut unit = Box::new([0.0; Embedding::LEN]);
        if (norm - 1.0).abs() < 1e-6 {
            return Embedding(Box::new(*raw));
        }
        if norm.is_finite() && norm > 1e-12 {
            for (u, v) in unit.iter_mut().zip(raw) {
                *u = v / norm;
            }
        } else {
            unit[0] = 1.0;
        }
        Embedding(unit)
    }

    /// The components.
    pub fn as_slice(&self) -> &[f32] {
        &self.0[..]
    }

    /// Cosine similarity, -1..1.
    pub fn similarity(&self, other: &Embedding) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum::<f32>().clamp(-1.0, 1.0)
    }
}

impl From<Embedding> for Vec<f32> {
    fn from(embedding: Embedding) -> Vec<f32> {
        embedding.0.to_vec()
    }
}

impl TryFrom<Vec<f32>> for Embedding {
    type Error = String;

    fn try_from(raw: Vec<f32>) -> Result<Embedding, String> {
        let len = raw.len();
        let raw: [f32; Embedding::LEN] = raw
            .try_into()
            .map_err(|_| format!("an embedding has {} components, not {len}", Embedding::LEN))?;
        Ok(Embedding::from_raw(&raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_and_read_again_is_the_same_to_the_last_bit() {
        for seed in 1..200u32 {
            let mut raw = [0.0; Embedding::LEN];
            raw.iter_mut().enumerate().for_each(|(i, v)| *v = ((i as f32 + 1.0) * seed as f32 * 0.37).sin());
            let embedding = Embedding::from_raw(&raw);
            let text = serde_json::to_string(&embedding).unwrap();
            assert_eq!(serde_json::from_str::<Embedding>(&text).unwrap(), embedding, "seed {seed}");
        }
    }
}
