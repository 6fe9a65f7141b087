//! Teaches the sound network: evenly drawn families and instruments, strong augmentation, whole instruments left
//! out for validation.
//!
//! Data arrives decoded and leaves as bytes; nothing here opens a file. The work spreads over the rayon pool that
//! the caller installed. The same seed, data and settings give the same weights on any number of threads.

use std::ops::ControlFlow;

use candle_core::{D, Device, Tensor, Var};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;

use super::adam::Adam;
use super::sound_augment::{Augmenter, Example, LabelledSound};
use super::sound_eval::{Figures, evaluate};
use crate::features::{MEL_BANDS, MEL_FRAMES, PITCH_BINS, PITCH_CHANNELS, midi_bin};
use crate::sound_net::{Heard, Layers};
use crate::{Embedding, Error, Family, SoundNet};

/// How to train.
#[derive(Debug, Clone)]
pub struct Config {
    /// Everything random follows from it.
    pub seed: u64,
    /// Steps in all.
    pub steps: u32,
    /// Examples a step.
    pub batch: usize,
    /// The highest learning rate; it rises for the first steps and falls as a cosine.
    pub learning_rate: f64,
    /// Instruments of a family are dealt into this many folds, and this one is left out; `None` learns from all.
    pub held_out: Option<(usize, usize)>,
    /// How often the validation is run, in steps; it always ends the training.
    pub validate_every: u32,
    /// A checkpoint to go on from.
    pub resume: Option<Vec<u8>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            steps: 4_000,
            batch: 64,
            learning_rate: 2e-3,
            held_out: Some((0, 4)),
            validate_every: 1_000,
            resume: None,
        }
    }
}

/// Where the training stands after a step.
pub struct Progress<'a> {
    /// Steps taken.
    pub step: u32,
    /// Steps in all.
    pub steps: u32,
    /// The loss, smoothed over about fifty steps.
    pub loss: f32,
    /// The figures of a validation that has just been run.
    pub figures: Option<&'a Figures>,
    /// The checkpoint of this moment, as bytes, if wanted.
    pub checkpoint: &'a dyn Fn() -> Result<Vec<u8>, Error>,
}

/// What a training gives.
pub struct Trained {
    /// A safetensors file for [`SoundNet::from_weights`].
    pub weights: Vec<u8>,
    /// Step and smoothed loss, every ten steps.
    pub history: Vec<(u32, f32)>,
    /// Figures on the instruments that were left out; on the last of everything if none were.
    pub figures: Figures,
}

/// Trains on `sounds`. `on_step` may end it early by [`ControlFlow::Break`]; what was learned is kept.
///
/// # Errors
/// [`Error::TrainingData`] if there are no two families to tell apart, [`Error::Weights`] for a checkpoint that
/// does not fit.
pub fn run(
    config: &Config,
    sounds: &[LabelledSound],
    on_step: &mut dyn FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Trained, Error> {
    let (learned, left_out) = split(sounds, config.held_out);
    let deck = Deck::new(&learned)?;
    let mut rng = StdRng::seed_from_u64(config.seed);
    let augmenter = Augmenter::new(&mut rng);
    let mut pupil = Pupil::new(deck.instruments(), &mut rng, config.resume.as_deref())?;
    let (mut history, mut smoothed) = (Vec::new(), 0.0f32);
    while pupil.adam.steps() < config.steps {
        let step = pupil.adam.steps();
        let batch: Vec<(&Drawn<'_>, Example)> = (0..config.batch)
            .into_par_iter()
            .map(|index| {
                let mut rng = StdRng::seed_from_u64(config.seed << 40 ^ u64::from(step) << 16 ^ index as u64);
                let drawn = deck.draw(&mut rng);
                (drawn, augmenter.example(drawn.sound, &mut rng))
            })
            .collect();
        let loss = pupil.learn(&batch, learning_rate(config, step), &mut rng)?;
        let step = step + 1;
        let share = (1.0 / step as f32).max(0.02);
        smoothed += share * (loss - smoothed);
        if step.is_multiple_of(10) {
            history.push((step, smoothed));
        }
        let validates =
            !left_out.is_empty() && step.is_multiple_of(config.validate_every) && step < config.steps;
        let figures = validates.then(|| evaluate(&pupil.net()?, &left_out)).transpose()?;
        let checkpoint = || bytes_of(&pupil.adam.checkpoint()?);
        let progress = Progress {
            step,
            steps: config.steps,
            loss: smoothed,
            figures: figures.as_ref(),
            checkpoint: &checkpoint,
        };
        if on_step(&progress).is_break() {
            break;
        }
    }
    let weights = pupil.weights()?;
    let judged = if left_out.is_empty() { &learned } else { &left_out };
    let figures = evaluate(&SoundNet::from_weights(&weights)?, judged)?;
    Ok(Trained { weights, history, figures })
}

/// Deals the recorded instruments of each family into folds. Rendered ones and families of one instrument stay.
fn split(
    sounds: &[LabelledSound],
    held_out: Option<(usize, usize)>,
) -> (Vec<&LabelledSound>, Vec<&LabelledSound>) {
    let Some((fold, folds)) = held_out else { return (sounds.iter().collect(), Vec::new()) };
    let mut instruments: Vec<(usize, &str)> = sounds
        .iter()
        .filter(|s| !s.label.is_rendered())
        .map(|s| (s.label.family.index(), s.label.instrument.as_str()))
        .collect();
    instruments.sort_unstable();
    instruments.dedup();
    let is_left_out = |sound: &&LabelledSound| {
        let family = sound.label.family.index();
        let mut peers = instruments.iter().filter(|(f, _)| *f == family);
        let count = peers.clone().count();
        let place = peers.position(|(_, name)| *name == sound.label.instrument);
        place.is_some_and(|place| count > 1 && place % folds == fold % folds)
    };
    let (left_out, learned) = sounds.iter().partition(is_left_out);
    (learned, left_out)
}

/// A sound with the number of its instrument.
struct Drawn<'a> {
    sound: &'a LabelledSound,
    instrument: usize,
}

/// Draws families evenly, then instruments (recorded ones three times as often as rendered ones), then sounds.
struct Deck<'a> {
    families: Vec<Vec<Vec<Drawn<'a>>>>,
    instruments: usize,
}

impl<'a> Deck<'a> {
    fn new(sounds: &[&'a LabelledSound]) -> Result<Deck<'a>, Error> {
        let mut families: Vec<Vec<Vec<Drawn<'a>>>> = Vec::new();
        let mut instruments = 0;
        for family in Family::ALL {
            let mut names: Vec<&str> = Vec::new();
            let mut piles: Vec<Vec<Drawn<'a>>> = Vec::new();
            for &sound in sounds.iter().filter(|s| s.label.family == family) {
                let name = sound.label.instrument.as_str();
                let pile = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    piles.push(Vec::new());
                    names.len() - 1
                });
                piles[pile].push(Drawn { sound, instrument: instruments + pile });
            }
            instruments += piles.len();
            if !piles.is_empty() {
                families.push(piles);
            }
        }
        if families.len() < 2 {
            return Err(Error::TrainingData("sounds of at least two families are needed".to_string()));
        }
        Ok(Deck { families, instruments })
    }

    fn instruments(&self) -> usize {
        self.instruments
    }

    fn draw(&self, rng: &mut StdRng) -> &Drawn<'a> {
        let piles = &self.families[rng.random_range(0..self.families.len())];
        loop {
            let pile = &piles[rng.random_range(0..piles.len())];
            let only_rendered = piles.iter().all(|pile| pile[0].sound.label.is_rendered());
            if only_rendered || !pile[0].sound.label.is_rendered() || rng.random_bool(1.0 / 3.0) {
                return &pile[rng.random_range(0..pile.len())];
            }
        }
    }
}

fn learning_rate(config: &Config, step: u32) -> f64 {
    let warm = (config.steps / 20).clamp(1, 200);
    let rise = (f64::from(step + 1) / f64::from(warm)).min(1.0);
    let along = f64::from(step) / f64::from(config.steps);
    config.learning_rate * rise * (0.01 + 0.99 * 0.5 * (1.0 + (std::f64::consts::PI * along).cos()))
}

/// The network while it learns.
struct Pupil {
    layers: Layers,
    /// (64, instruments): the directions in which the instruments lie; it is not kept.
    directions: Tensor,
    adam: Adam,
}

/// Names of weights that serve the training only.
const DIRECTIONS: &str = "train.directions";
/// How steeply the likeness to an instrument's direction counts.
const STEEPNESS: f64 = 16.0;
const DROPPED: f32 = 0.25;
const SMOOTHING: f32 = 0.1;

impl Pupil {
    fn new(instruments: usize, rng: &mut StdRng, resume: Option<&[u8]>) -> Result<Pupil, Error> {
        let mut vars = Vec::new();
        let mut fresh = |name: &str, shape: &[usize]| {
            let var = Var::from_tensor(&fresh(name, shape, rng)?)?;
            let tensor = var.as_tensor().clone();
            vars.push((name.to_string(), var));
            Ok(tensor)
        };
        let layers = Layers::new(&mut fresh)?;
        let directions = fresh(DIRECTIONS, &[Embedding::LEN, instruments])?;
        let mut adam = Adam::new(vars, 0.02)?;
        if let Some(file) = resume {
            let saved = candle_core::safetensors::load_buffer(file, &Device::Cpu);
            adam.resume(&saved.map_err(|e| Error::Weights(e.to_string()))?)?;
        }
        Ok(Pupil { layers, directions, adam })
    }

    fn weights(&self) -> Result<Vec<u8>, Error> {
        let mut weights = self.adam.weights();
        weights.remove(DIRECTIONS);
        bytes_of(&weights)
    }

    fn net(&self) -> Result<SoundNet, Error> {
        SoundNet::from_weights(&self.weights()?)
    }

    /// One step of gradient descent; the loss before it.
    fn learn(&mut self, batch: &[(&Drawn<'_>, Example)], rate: f64, rng: &mut StdRng) -> Result<f32, Error> {
        let n = batch.len();
        let stack = |of: &dyn Fn(&Example) -> &[f32], shape: (usize, usize, usize, usize)| {
            let numbers: Vec<f32> = batch.iter().flat_map(|(_, example)| of(example)).copied().collect();
            Tensor::from_vec(numbers, shape, &Device::Cpu)
        };
        let mel = stack(&|e| &e.features.mel, (n, MEL_BANDS, MEL_FRAMES, 1))?;
        let pitch = stack(&|e| &e.features.pitch, (n, 1, PITCH_BINS, PITCH_CHANNELS))?;
        let pooled = self.layers.pooled(&mel)?;
        let kept = dropout(pooled.dims2()?, rng)?;
        let heard = self.layers.heads(&(pooled * kept)?, &pitch)?;
        let loss = self.loss(&heard, batch)?;
        self.adam.step(&loss.backward()?, rate)?;
        Ok(loss.to_scalar::<f32>()?)
    }

    fn loss(&self, heard: &Heard, batch: &[(&Drawn<'_>, Example)]) -> Result<Tensor, Error> {
        let n = batch.len();
        let family = smooth(batch.iter().map(|(d, _)| d.sound.label.family.index()), n, Family::COUNT)?;
        let instruments = self.directions.dim(1)?;
        let instrument = smooth(batch.iter().map(|(d, _)| d.instrument), n, instruments)?;
        let likeness = (unit(&heard.embedding, 1)?.matmul(&unit(&self.directions, 0)?)? * STEEPNESS)?;
        let roots: Vec<f32> = batch.iter().flat_map(|(_, example)| root_target(example.root_midi)).collect();
        let roots = Tensor::from_vec(roots, (n, PITCH_BINS + 1), &Device::Cpu)?;
        let timbre: Vec<f32> = batch.iter().flat_map(|(_, e)| [e.brightness, e.roughness]).collect();
        let timbre = Tensor::from_vec(timbre, (n, 2), &Device::Cpu)?;
        let timbre = (heard.timbre.clone() - timbre)?.sqr()?.mean_all()?;
        let sum =
            (cross_entropy(&heard.families, &family)? + (cross_entropy(&likeness, &instrument)? * 0.5)?)?;
        Ok(((sum + (cross_entropy(&heard.roots, &roots)? * 0.7)?)? + (timbre * 8.0)?)?)
    }
}

fn unit(vectors: &Tensor, along: usize) -> Result<Tensor, Error> {
    let norm = (vectors.sqr()?.sum_keepdim(along)? + 1e-6)?.sqrt()?;
    Ok(vectors.broadcast_div(&norm)?)
}

/// Starting weights: normal, scaled after He et al. (2015); biases of zero.
fn fresh(name: &str, shape: &[usize], rng: &mut StdRng) -> Result<Tensor, Error> {
    let len: usize = shape.iter().product();
    let fan_in: usize = shape[..shape.len() - 1].iter().product();
    let is_last =
        name.starts_with("families") || name.starts_with("timbre") || name.starts_with("pitch.score");
    let gain: f32 = if is_last { 0.5 } else { 2.0 };
    let scale = if name.ends_with(".bias") { 0.0 } else { (gain / fan_in as f32).sqrt() };
    let mut normal = || (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0;
    let numbers: Vec<f32> = (0..len).map(|_| scale * normal()).collect();
    Ok(Tensor::from_vec(numbers, shape, &Device::Cpu)?)
}

fn dropout((n, width): (usize, usize), rng: &mut StdRng) -> Result<Tensor, Error> {
    let kept = 1.0 / (1.0 - DROPPED);
    let numbers: Vec<f32> =
        (0..n * width).map(|_| if rng.random::<f32>() < DROPPED { 0.0 } else { kept }).collect();
    Ok(Tensor::from_vec(numbers, (n, width), &Device::Cpu)?)
}

/// One-hot targets that leave a little to every other class.
fn smooth(classes: impl Iterator<Item = usize>, n: usize, count: usize) -> Result<Tensor, Error> {
    let mut targets = vec![SMOOTHING / count as f32; n * count];
    for (row, class) in classes.enumerate() {
        targets[row * count + class] += 1.0 - SMOOTHING;
    }
    Ok(Tensor::from_vec(targets, (n, count), &Device::Cpu)?)
}

/// A bell of one candidate's width about the root, or all on none. A root out of range counts as its nearest.
fn root_target(root_midi: Option<f32>) -> Vec<f32> {
    let mut target = vec![0.0; PITCH_BINS + 1];
    let Some(root) = root_midi else {
        target[PITCH_BINS] = 1.0;
        return target;
    };
    let place = midi_bin(root).clamp(0.0, (PITCH_BINS - 1) as f32);
    let (low, high) = ((place - 3.0).max(0.0) as usize, ((place + 4.0) as usize).min(PITCH_BINS - 1));
    for bin in low..=high {
        target[bin] = (-0.5 * (bin as f32 - place).powi(2)).exp();
    }
    let sum: f32 = target.iter().sum();
    target.iter_mut().for_each(|t| *t /= sum);
    target
}

fn cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor, Error> {
    let log = candle_nn::ops::log_softmax(logits, D::Minus1)?;
    Ok((log * targets)?.sum(D::Minus1)?.mean_all()?.neg()?)
}

fn bytes_of(tensors: &std::collections::HashMap<String, Tensor>) -> Result<Vec<u8>, Error> {
    let sorted: std::collections::BTreeMap<_, _> = tensors.iter().collect();
    safetensors::serialize(sorted, None).map_err(|e| Error::Weights(e.to_string()))
}
