//! The sound network: what a sound is, in the terms in which drawings are read.
//!
//! ```text
//! log-mel      (128, 205, 1) -> two ears (1024 and 384), see `ear.rs`
//! log-mel      (64, 128, 1)
//!   -> mel.0, mel.1, mel.2, mel.3, 3x3, step 2 -> (32, 64, 16), (16, 32, 32), (8, 16, 64), (4, 8, 128)
//!   -> attack, mean and maximum                -> pooled (1536)
//! these, the published ear levelled (1024)     -> trunk (128)
//! trunk                      -> families (12), timbre: brightness and roughness (2), embedding (64)
//! means of its own ear (384) -> a layer (256) -> families_by_ear (12); the mean of both logits counts
//! harmonics (1, 324, 31)     -> pitch.near, 1x5 -> pitch.wide, 1x7 -> pitch.mix, + pitch.context (40) from the trunk, each
//!                               (1, 324, 40) -> pitch.score (324)
//! maximum of pitch.mix, trunk -> pitch.none (1); with the scores the logits of 324 candidate roots, and of no root at all
//! ```
//! Loudness is measured ([`crate::measures`]), not learned: there measuring is exact. Bands stay apart while time is
//! pooled, for the height of a band is what timbre is made of. One thread; no file is opened here. `tests/golden/sound.txt`
//! has reference numbers of every stage, which `stages.rs` compares and makes anew.

use candle_core::{D, Device, Tensor};

use crate::conv::{ConvConfig, conv2d, linear};
use crate::ear::{EAR, Ear, LAST as OWN};
use crate::excerpt::{RATES_HZ, excerpt, with_planner};
use crate::features::{
    BINS_PER_SEMITONE, FeatureMaker, Features, MEL_BANDS, MEL_FRAMES, PITCH_BINS, PITCH_CHANNELS, bin_midi,
};
use crate::measures::{SILENCE_DB, loudness_db};
use crate::stages::stage;
use crate::weights::{Take, Weights, embedded};
use crate::{Embedding, Error, Families, Family};

/// What the network and the measures say of a sound.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundLabels {
    /// The root as a MIDI note with its fraction, E0 to C9 where the sound's rate allows it; `None` without a pitch.
    pub root_midi: Option<f32>,
    /// Probability that the root is right within half a semitone, or that there is none.
    pub root_confidence: f32,
    /// Loudest 400 ms in dB relative to full scale, weighted as in BS.1770; measured on one channel.
    pub loudness_db: f32,
    /// Probabilities of the families.
    pub families: Families,
    /// Brightness 0 (dark) to 1 (bright), as [`crate::measures`] defines it.
    pub brightness: f32,
    /// Roughness 0 (mellow) to 1 (harsh), as [`crate::measures`] defines it.
    pub roughness: f32,
    /// Where the sound lies among sounds: like instruments lie near each other.
    pub embedding: Embedding,
}

impl SoundLabels {
    /// What is said of silence.
    fn of_silence() -> SoundLabels {
        SoundLabels {
            root_midi: None,
            root_confidence: 0.0,
            loudness_db: SILENCE_DB,
            families: Families::EVEN,
            brightness: 0.0,
            roughness: 0.0,
            embedding: Embedding::from_raw(&[0.0; Embedding::LEN]),
        }
    }
}

/// Runs a network: the numbers that go in to those that come out, see [`crate::device::Network`].
pub type Elsewhere = Box<dyn Fn(&[f32]) -> Result<Vec<f32>, Error> + Send + Sync>;

/// Who runs the layers.
enum Hears {
    Here(Box<Layers>),
    Elsewhere(Elsewhere),
}

/// The network with its weights, ready to listen. Share it between threads; each call stays on its own.
pub struct SoundNet {
    maker: FeatureMaker,
    published_ear: Ear,
    own_ear: Ear,
    hears: Hears,
    weights_id: u64,
}

impl SoundNet {
    /// The network with the weights that ship with the program.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit this code.
    pub fn embedded() -> Result<SoundNet, Error> {
        SoundNet::from_weights(SoundNet::EMBEDDED)
    }

    /// The weights that ship with Neume, a safetensors file.
    pub const EMBEDDED: &[u8] = embedded!("../weights/sound.safetensors");

    /// The network with the weights of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Weights`] names what is missing, of another shape, or damaged.
    pub fn from_weights(file: &[u8]) -> Result<SoundNet, Error> {
        SoundNet::on(file, &Device::Cpu)
    }

    /// The network with the weights of a safetensors file, on a device.
    ///
    /// # Errors
    /// Those of [`SoundNet::from_weights`], and [`Error::Network`] with what the device says.
    pub fn on(file: &[u8], device: &Device) -> Result<SoundNet, Error> {
        SoundNet::that(Hears::Here(Box::new(Layers::on(file, device)?)), file)
    }

    /// The network with the weights of a safetensors file, run by somebody else but for its ears: the numbers of
    /// [`crate::device::Network::Sound`] go to `forward`.
    ///
    /// # Errors
    /// [`Error::Weights`] if those of the ears do not fit this code.
    pub fn elsewhere(file: &[u8], forward: Elsewhere) -> Result<SoundNet, Error> {
        SoundNet::that(Hears::Elsewhere(forward), file)
    }

    fn that(hears: Hears, file: &[u8]) -> Result<SoundNet, Error> {
        Ok(SoundNet {
            maker: FeatureMaker::new(),
            published_ear: Ear::from_weights(Ear::PUBLISHED)?,
            own_ear: Ear::from_weights(file)?,
            hears,
            weights_id: id_of(file),
        })
    }

    /// Tells these weights from others, so that labels which older ones gave can be made again. The same on every machine.
    pub fn weights_id(&self) -> u64 {
        self.weights_id
    }

    /// Labels a mono sound of any length. Silence has no root, even families and a confidence of 0.
    ///
    /// # Errors
    /// [`Error::Limit`] for a rate outside [`RATES_HZ`].
    pub fn label(&self, mono: &[f32], rate_hz: u32) -> Result<SoundLabels, Error> {
        if !RATES_HZ.contains(&rate_hz) {
            let limit = if rate_hz < *RATES_HZ.start() { *RATES_HZ.start() } else { *RATES_HZ.end() };
            return Err(Error::Limit {
                what: "sample rate in Hz",
                found: rate_hz.into(),
                limit: limit.into(),
            });
        }
        let heard = with_planner(|planner| excerpt(mono, rate_hz, planner));
        let loudness_db = loudness_db(&heard);
        if loudness_db <= SILENCE_DB {
            return Ok(SoundLabels::of_silence());
        }
        self.label_features(&self.maker.features(&heard), loudness_db)
    }

    /// Labels features whose loudness was measured already.
    pub fn label_features(&self, features: &Features, loudness_db: f32) -> Result<SoundLabels, Error> {
        let ear = self.published_ear.hear(&features.seen);
        let own = &self.own_ear.hear(&features.seen)[..OWN];
        let heard = match &self.hears {
            Hears::Here(layers) => layers.hear(&features.mel, &ear, own, &features.pitch)?,
            Hears::Elsewhere(forward) => {
                let numbers = [&features.mel[..], &ear, own, &features.pitch].concat();
                Heard::of_numbers(&forward(&numbers)?)?
            }
        };
        let roots = softmax(&heard.roots.squeeze(0)?.to_vec1::<f32>()?);
        let families = softmax(&heard.families.squeeze(0)?.to_vec1::<f32>()?);
        let timbre = heard.timbre.squeeze(0)?.to_vec1::<f32>()?;
        let (root_midi, root_confidence) = root_of(&roots);
        Ok(SoundLabels {
            root_midi,
            root_confidence,
            loudness_db,
            families: Families(std::array::from_fn(|i| families[i])),
            brightness: timbre[0].clamp(0.0, 1.0),
            roughness: timbre[1].clamp(0.0, 1.0),
            embedding: Embedding::from_raw(&array_of(&heard.embedding.squeeze(0)?.to_vec1::<f32>()?)),
        })
    }
}

fn array_of<const N: usize>(values: &[f32]) -> [f32; N] {
    std::array::from_fn(|i| values[i])
}

/// The 64-bit FNV-1a hash of a network's weights.
fn id_of(file: &[u8]) -> u64 {
    file.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The root and its confidence from the probabilities of the candidates and, last, of none. Neighbours share
/// their votes, and the root is their mean, so that it lies between candidates.
fn root_of(probabilities: &[f32]) -> (Option<f32>, f32) {
    let (candidates, none) = probabilities.split_at(PITCH_BINS);
    if none[0] >= 0.5 {
        return (None, none[0]);
    }
    let around = |bin: usize, reach: usize| bin.saturating_sub(reach)..(bin + reach + 1).min(PITCH_BINS);
    let votes = |bin: usize| candidates[around(bin, BINS_PER_SEMITONE / 2)].iter().sum::<f32>();
    let mut best = 0;
    for bin in 1..PITCH_BINS {
        if votes(bin) > votes(best) {
            best = bin;
        }
    }
    let near = around(best, BINS_PER_SEMITONE);
    let weight: f32 = candidates[near.clone()].iter().sum();
    let mean = near.map(|bin| bin as f32 * candidates[bin]).sum::<f32>() / weight.max(1e-20);
    (Some(bin_midi(mean)), weight.clamp(0.0, 1.0))
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|l| (l - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

/// Channels of the mel convolutions.
const MEL_CHANNELS: [usize; 4] = [16, 32, 64, 128];
/// What is kept of time: its beginning, for how a sound starts tells the struck from the bowed, its mean and its
/// maximum.
const POOLS: usize = 3;
/// What the published ear says is held within this many deviations.
const FARTHEST: f32 = 5.0;
/// Weights that are measured.
pub(crate) const EAR_MEAN: &str = "heard.mean";
pub(crate) const EAR_DEVIATION: &str = "heard.deviation";
/// Width of the layer between its own ear and the families.
const BY_EAR_WIDTH: usize = 256;
/// How the names of the weights begin that tell families by its own ear.
pub(crate) const BY_EAR: &str = "families_by_ear";
/// Width of the trunk.
const TRUNK: usize = 128;
/// Channels along the candidates.
const PITCH_WIDTH: usize = 40;

/// A weight and a bias.
pub(crate) struct Layer {
    pub weight: Tensor,
    pub bias: Tensor,
}

impl Layer {
    pub(crate) fn new(take: Take<'_>, name: &str, shape: &[usize]) -> Result<Layer, Error> {
        let weight = take(&format!("{name}.weight"), shape)?;
        // PANIC: every shape of this file has its channels last.
        let bias = take(&format!("{name}.bias"), &shape[shape.len() - 1..])?;
        Ok(Layer { weight, bias })
    }

    fn conv(&self, x: &Tensor, config: &ConvConfig) -> candle_core::Result<Tensor> {
        conv2d(x, &self.weight, &self.bias, config)
    }

    pub(crate) fn linear(&self, x: &Tensor, relu: bool) -> candle_core::Result<Tensor> {
        linear(x, &self.weight, &self.bias, relu)
    }
}

/// All weights of the network.
pub(crate) struct Layers {
    mel: Vec<Layer>,
    /// (1024) each: what the published ear says of sounds in the mean, and how far it wavers. Measured, not learned.
    ear_mean: Tensor,
    ear_deviation: Tensor,
    trunk: Layer,
    families: Layer,
    families_by_ear: [Layer; 2],
    timbre: Layer,
    embedding: Layer,
    near: Layer,
    wide: Layer,
    mix: Layer,
    context: Layer,
    score: Layer,
    none: Layer,
}

/// What a forward pass gives for n sounds.
pub(crate) struct Heard {
    /// (n, 12), logits.
    pub families: Tensor,
    /// (n, 2), brightness and roughness.
    pub timbre: Tensor,
    /// (n, 64), not yet of unit length.
    pub embedding: Tensor,
    /// (m, PITCH_BINS + 1), logits; the last one is no root.
    pub roots: Tensor,
}

impl Layers {
    /// Asks for every weight by its name and shape.
    pub(crate) fn new(take: Take<'_>) -> Result<Layers, Error> {
        let mut mel = Vec::new();
        let mut c_in = 1;
        for (index, c_out) in MEL_CHANNELS.into_iter().enumerate() {
            mel.push(Layer::new(take, &format!("mel.{index}"), &[3, 3, c_in, c_out])?);
            c_in = c_out;
        }
        Ok(Layers {
            mel,
            ear_mean: take(EAR_MEAN, &[EAR])?.detach(),
            ear_deviation: take(EAR_DEVIATION, &[EAR])?.detach(),
            trunk: Layer::new(take, "trunk", &[POOLS * (MEL_BANDS >> 4) * c_in + EAR, TRUNK])?,
            families: Layer::new(take, "families", &[TRUNK, Family::COUNT])?,
            families_by_ear: [
                Layer::new(take, &format!("{BY_EAR}.0"), &[OWN, BY_EAR_WIDTH])?,
                Layer::new(take, &format!("{BY_EAR}.1"), &[BY_EAR_WIDTH, Family::COUNT])?,
            ],
            timbre: Layer::new(take, "timbre", &[TRUNK, 2])?,
            embedding: Layer::new(take, "embedding", &[TRUNK, Embedding::LEN])?,
            near: Layer::new(take, "pitch.near", &[1, 5, PITCH_CHANNELS, PITCH_WIDTH])?,
            wide: Layer::new(take, "pitch.wide", &[1, 7, PITCH_WIDTH, PITCH_WIDTH])?,
            mix: Layer::new(take, "pitch.mix", &[1, 1, PITCH_WIDTH, PITCH_WIDTH])?,
            context: Layer::new(take, "pitch.context", &[TRUNK, PITCH_WIDTH])?,
            score: Layer::new(take, "pitch.score", &[1, 1, PITCH_WIDTH, 1])?,
            none: Layer::new(take, "pitch.none", &[TRUNK + PITCH_WIDTH, 1])?,
        })
    }

    /// Those of a safetensors file, on a device.
    pub(crate) fn on(file: &[u8], device: &Device) -> Result<Layers, Error> {
        let weights = Weights::from_bytes(file)?.to_device(device)?;
        Layers::new(&mut |name, shape| weights.take(name, shape))
    }

    /// What is said of one sound: `mel` is 64 x 128 numbers, `ear` 1,024 of the published ear, `own` 384 of its own, `pitch`
    /// 324 x channels.
    pub(crate) fn hear(
        &self,
        mel: &[f32],
        ear: &[f32],
        own: &[f32],
        pitch: &[f32],
    ) -> candle_core::Result<Heard> {
        let device = self.trunk.weight.device();
        let mel = Tensor::from_slice(mel, (1, MEL_BANDS, MEL_FRAMES, 1), device)?;
        let ear = Tensor::from_slice(ear, (1, EAR), device)?;
        let own = Tensor::from_slice(own, (1, OWN), device)?;
        let pitch = Tensor::from_slice(pitch, (1, 1, PITCH_BINS, PITCH_CHANNELS), device)?;
        let heard = self.heads(&self.pooled(&mel)?, &self.levelled(&ear)?, &pitch)?;
        let by_ear = self.families_by_ear(&own, |hidden| Ok(hidden.clone()))?;
        Ok(Heard { families: ((&heard.families + by_ear)? * 0.5)?, ..heard })
    }

    /// The means of its own ear (n, 384) to the logits of families (n, 12); `thin` is asked what is left of what lies between
    /// (n, 256).
    pub(crate) fn families_by_ear(
        &self,
        means: &Tensor,
        thin: impl FnOnce(&Tensor) -> candle_core::Result<Tensor>,
    ) -> candle_core::Result<Tensor> {
        let [hidden, families] = &self.families_by_ear;
        Ok(stage("families_by_ear", families.linear(&thin(&hidden.linear(means, true)?)?, false)?))
    }

    /// What the published ear says (n, 1024) beside what it says of other sounds, each number with a deviation of about 1.
    pub(crate) fn levelled(&self, ear: &Tensor) -> candle_core::Result<Tensor> {
        let off = ear.broadcast_sub(&self.ear_mean)?.broadcast_div(&(&self.ear_deviation + 1e-3)?)?;
        Ok(stage("levelled", off.clamp(-FARTHEST, FARTHEST)?))
    }

    /// Mel (n, 64, 128, 1) to what is left when time is pooled, (n, 1536).
    pub(crate) fn pooled(&self, mel: &Tensor) -> candle_core::Result<Tensor> {
        let mut x = mel.clone();
        for (i, layer) in self.mel.iter().enumerate() {
            x = stage(format_args!("mel.{i}"), layer.conv(&x, &ConvConfig::HALVE)?); // (n, 32, 64, 16) ... (n, 4, 8, 128)
        }
        let attack = x.narrow(2, 0, 1)?.squeeze(2)?; // (n, 4, 128)
        let pooled = Tensor::cat(&[attack, x.mean(2)?, x.max(2)?], D::Minus1)?; // (n, 4, 384)
        Ok(stage("pooled", pooled.flatten_from(1)?)) // (n, 1536)
    }

    /// The heads, from the pooled mel (n, 1536), the levelled ear (n, 1024) and the harmonics (m, 1, 324, channels) of the
    /// first m of them.
    pub(crate) fn heads(&self, pooled: &Tensor, ear: &Tensor, pitch: &Tensor) -> candle_core::Result<Heard> {
        let trunk = stage("trunk", self.trunk.linear(&Tensor::cat(&[pooled, ear], 1)?, true)?); // (n, 128)
        Ok(Heard {
            families: stage("families", self.families.linear(&trunk, false)?),
            timbre: stage("timbre", self.timbre.linear(&trunk, false)?),
            embedding: stage("embedding", self.embedding.linear(&trunk, false)?),
            roots: self.roots(pitch, &trunk.narrow(0, 0, pitch.dim(0)?)?)?,
        })
    }

    fn roots(&self, pitch: &Tensor, trunk: &Tensor) -> candle_core::Result<Tensor> {
        let along = |reach| ConvConfig { stride: [1, 1], padding: [0, reach], relu: true };
        let point = ConvConfig { relu: false, ..along(0) };
        let x = stage("pitch.near", self.near.conv(pitch, &along(2))?); // (n, 1, 324, 40)
        let x = stage("pitch.wide", self.wide.conv(&x, &along(3))?);
        let context = stage("pitch.context", self.context.linear(trunk, false)?); // (n, 40)
        let context = context.unsqueeze(1)?.unsqueeze(1)?; // (n, 1, 1, 40)
        let x = stage("pitch.mix", self.mix.conv(&x, &point)?.broadcast_add(&context)?.relu()?);
        let scores = stage("pitch.score", self.score.conv(&x, &point)?.flatten_from(1)?); // (n, 324)
        let strongest = x.squeeze(1)?.max(1)?; // (n, 40)
        let none = stage("pitch.none", self.none.linear(&Tensor::cat(&[trunk, &strongest], 1)?, false)?); // (n, 1)
        Tensor::cat(&[scores, none], 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_between_candidates_is_the_mean_of_their_votes() {
        let mut probabilities = vec![0.0; PITCH_BINS + 1];
        (probabilities[100], probabilities[101]) = (0.5, 0.4);
        let (root, confidence) = root_of(&probabilities);
        assert!((root.unwrap() - bin_midi(100.444)).abs() < 1e-3);
        assert!((confidence - 0.9).abs() < 1e-5);
    }

    #[test]
    fn a_split_vote_goes_to_the_neighbourhood_and_not_to_the_single_peak() {
        let mut probabilities = vec![0.0; PITCH_BINS + 1];
        probabilities[40] = 0.35;
        (probabilities[99], probabilities[100], probabilities[101]) = (0.2, 0.25, 0.2);
        assert!((root_of(&probabilities).0.unwrap() - bin_midi(100.0)).abs() < 1e-3);
    }

    #[test]
    fn no_root_is_said_only_by_majority() {
        let mut probabilities = vec![0.4 / PITCH_BINS as f32; PITCH_BINS + 1];
        probabilities[PITCH_BINS] = 0.6;
        assert_eq!(root_of(&probabilities), (None, 0.6));
        probabilities[PITCH_BINS] = 0.4;
        assert!(root_of(&probabilities).0.is_some());
    }

    #[test]
    fn weights_that_do_not_fit_are_named() {
        let refused =
            |file: &[u8]| SoundNet::from_weights(file).err().map(|e| e.to_string()).unwrap_or_default();
        assert!(refused(b"").contains("weights do not fit"));
        assert!(refused(&[0xff; 100]).contains("weights do not fit"));
        let empty: Vec<(&str, Tensor)> = Vec::new();
        let file = safetensors::serialize(empty, None).unwrap();
        assert!(refused(&file).contains("`mel.0.weight` is missing"), "{}", refused(&file));
        let wrong =
            vec![("mel.0.weight", Tensor::zeros((2, 2), candle_core::DType::F32, &Device::Cpu).unwrap())];
        let file = safetensors::serialize(wrong, None).unwrap();
        assert!(refused(&file).contains("`mel.0.weight` is [2, 2], not [3, 3, 1, 16]"), "{}", refused(&file));
    }
}
