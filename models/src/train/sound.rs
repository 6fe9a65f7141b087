//! Teaches the sound network, its ear aside: evenly drawn families and instruments, strong augmentation, whole origins left
//! out for validation.
//!
//! Data arrives decoded and leaves as bytes; nothing here opens a file.

use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::{D, Device, Tensor};
use rand::Rng;

use super::sound_augment::{Augmenter, Example, LabelledSound};
use super::sound_deck::{Deck, Drawn, Fold, split};
use super::sound_eval::{Figures, evaluate};
use super::{Card, Progress, Schedule, Trainee, make, rng_of};
use crate::ear::EAR;
use crate::features::{MEL_BANDS, MEL_FRAMES, PITCH_BINS, PITCH_CHANNELS, midi_bin};
use crate::sound_net::{EAR_DEVIATION, EAR_MEAN, Heard, Layers};
use crate::weights::Weights;
use crate::{Embedding, Error, Family, SoundNet};

/// How to train.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seed of everything random.
    pub seed: u64,
    /// Steps in all.
    pub steps: usize,
    /// Examples a step.
    pub batch: usize,
    /// The instruments that are left out for validation; `None` learns from all of them.
    pub fold: Option<Fold>,
    /// Steps between two looks at what is left out, and between two checkpoints.
    pub look_every: usize,
    /// The command, for the card.
    pub command: String,
    /// The data and its licences, for the card.
    pub data: String,
    /// Whether training starts from the weights that ship with Neume, and changes them slowly: for few sounds.
    pub goes_on: bool,
    /// A checkpoint to go on from.
    pub resume: Option<Vec<u8>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            steps: 2_400,
            batch: 64,
            fold: Some(Fold { left_out: 0, of: 4 }),
            look_every: 200,
            command: "neume train sound".to_string(),
            data: String::new(),
            goes_on: false,
            resume: None,
        }
    }
}

/// What training gives.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The weights, a safetensors file.
    pub weights: Vec<u8>,
    /// Their card, with the figures on what was left out, or on everything if nothing was.
    pub card: Card<Figures>,
    /// The figures of the weights that ship on the same sounds, if training started from them.
    pub before: Option<Figures>,
    /// Every step, for a picture of the curves.
    pub history: Vec<Progress>,
}

/// Trains a sound network. `on_step` is told of every step and may end it early; the weights are then those of that
/// step. [`Progress::held_out`] is the mean surprise, in nats, at the families of what is left out.
///
/// # Errors
/// [`Error::TrainingData`] if there are no two families to tell apart, [`Error::Weights`] for a checkpoint that
/// does not fit, [`Error::Network`] if the loss stops being finite.
pub fn run(
    config: &Config,
    sounds: &[LabelledSound],
    on_step: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Trained, Error> {
    let (learned, left_out) = split(sounds, config.fold);
    let deck = Deck::new(&learned)?;
    if config.steps == 0 || config.batch == 0 {
        return Err(Error::TrainingData("at least one step of one example is needed".to_string()));
    }
    let augmenter = Augmenter::new(&mut rng_of(config.seed, 0))?;
    let mut pupil = Pupil::new(config, &deck, &augmenter)?;
    let mut history = Vec::new();
    while pupil.trainee.step() < config.steps {
        let first = 1 + (pupil.trainee.step() * (config.batch + 1)) as u64;
        let batch = make(config.batch, |index| {
            let mut rng = rng_of(config.seed, first + index as u64);
            let drawn = deck.draw(&mut rng);
            (drawn, augmenter.example(drawn.sound, index < pitched(config.batch), &mut rng))
        });
        let loss = pupil.learn(&batch, &mut rng_of(config.seed, first + config.batch as u64))?;
        let progress = pupil.progress(config, loss, &left_out)?;
        let go_on = on_step(&progress);
        history.push(Progress { checkpoint: None, ..progress });
        if go_on.is_break() {
            break;
        }
    }
    let judged = if left_out.is_empty() { &learned } else { &left_out };
    let metrics = evaluate(&pupil.net()?, judged)?;
    let before = if config.goes_on { Some(evaluate(&SoundNet::embedded()?, judged)?) } else { None };
    let card = Card {
        network: "sound".to_string(),
        command: config.command.clone(),
        seed: config.seed,
        steps: pupil.trainee.step(),
        parameters: pupil.parameters(),
        data: config.data.clone(),
        metrics,
    };
    Ok(Trained { weights: pupil.weights().to_bytes()?, card, before, history })
}

/// The network while it learns.
struct Pupil {
    layers: Layers,
    /// (64, instruments): the directions in which the instruments lie; not kept.
    directions: Tensor,
    trainee: Trainee,
    schedule: Schedule,
}

/// The weights that serve the training only.
const DIRECTIONS: &str = "train.directions";
/// How steeply the likeness to an instrument's direction counts.
const STEEPNESS: f64 = 16.0;
const DROPPED: f32 = 0.25;
const DROPPED_OF_EAR: f32 = 0.5;
/// Examples that tell how far the numbers of the ear waver, at most.
const LISTENED: usize = 1_024;
const SMOOTHING: f32 = 0.1;

impl Pupil {
    fn new(config: &Config, deck: &Deck<'_>, augmenter: &Augmenter) -> Result<Pupil, Error> {
        let mut trainee = Trainee::new(config.seed);
        let layers = Layers::new(&mut |name, shape| trainee.take(name, shape))?;
        if config.goes_on {
            trainee.begin_with(&Weights::from_bytes(SoundNet::EMBEDDED)?)?;
        } else {
            let [mean, deviation] = spread_of_ear(config.seed, deck, augmenter);
            trainee.set(EAR_MEAN, &mean)?;
            trainee.set(EAR_DEVIATION, &deviation)?;
        }
        let directions = trainee.take(DIRECTIONS, &[Embedding::LEN, deck.instruments()])?;
        if let Some(checkpoint) = &config.resume {
            trainee.resume(checkpoint)?;
        }
        let schedule = Schedule {
            steps: config.steps,
            rate: if config.goes_on { 2e-4 } else { 2e-3 },
            decay: 0.02,
            clip: 5.0,
        };
        Ok(Pupil { layers, directions, trainee, schedule })
    }

    fn weights(&self) -> Weights {
        let all = self.trainee.weights();
        Weights::new(
            all.iter().filter(|(name, _)| *name != DIRECTIONS).map(|(n, t)| (n.to_string(), t.clone())),
        )
    }

    fn parameters(&self) -> usize {
        self.trainee.parameters() - self.directions.elem_count()
    }

    fn net(&self) -> Result<SoundNet, Error> {
        SoundNet::from_weights(&self.weights().to_bytes()?)
    }

    fn progress(&self, config: &Config, loss: f32, left_out: &[&LabelledSound]) -> Result<Progress, Error> {
        let (step, steps) = (self.trainee.step(), config.steps);
        let is_look = step.is_multiple_of(config.look_every.max(1)) || step == steps;
        let held_out = match is_look && !left_out.is_empty() {
            true => Some(evaluate(&self.net()?, left_out)?.family_surprise),
            false => None,
        };
        let checkpoint: Option<Arc<[u8]>> =
            if is_look { Some(self.trainee.checkpoint()?.into()) } else { None };
        Ok(Progress { step, steps, loss, held_out, checkpoint })
    }

    /// One step of gradient descent; the loss before it.
    fn learn(&mut self, batch: &[(&Drawn<'_>, Example)], rng: &mut impl Rng) -> Result<f32, Error> {
        let (n, m) = (batch.len(), pitched(batch.len()));
        let stack = |of: &dyn Fn(&Example) -> &[f32], shape: (usize, usize, usize, usize)| {
            let numbers: Vec<f32> = batch.iter().flat_map(|(_, example)| of(example)).copied().collect();
            Tensor::from_vec(numbers, shape, &Device::Cpu)
        };
        let mel = stack(&|e| &e.features.mel, (n, MEL_BANDS, MEL_FRAMES, 1))?;
        let pitch = stack(&|e| &e.features.pitch, (m, 1, PITCH_BINS, PITCH_CHANNELS))?;
        let pooled = self.layers.pooled(&mel)?;
        let kept = dropout(pooled.dims2()?, DROPPED, rng)?;
        let ear = self.layers.levelled(&stack(&|e| &e.features.ear, (n, EAR, 1, 1))?.flatten_from(1)?)?;
        let ear = (&ear * dropout((n, EAR), DROPPED_OF_EAR, rng)?)?;
        let heard = self.layers.heads(&(pooled * kept)?, &ear, &pitch)?;
        let loss = self.loss(&heard, batch)?;
        self.trainee.descend(&loss, &self.schedule)
    }

    fn loss(&self, heard: &Heard, batch: &[(&Drawn<'_>, Example)]) -> Result<Tensor, Error> {
        let (n, m) = (batch.len(), pitched(batch.len()));
        let family = smooth(batch.iter().map(|(d, _)| d.sound.label.family.index()), n, Family::COUNT)?;
        let instrument = smooth(batch.iter().map(|(d, _)| d.instrument), n, self.directions.dim(1)?)?;
        let likeness = (unit(&heard.embedding, 1)?.matmul(&unit(&self.directions, 0)?)? * STEEPNESS)?;
        let roots: Vec<f32> = batch[..m].iter().flat_map(|(_, e)| root_target(e.root_midi)).collect();
        let roots = Tensor::from_vec(roots, (m, PITCH_BINS + 1), &Device::Cpu)?;
        let timbre: Vec<f32> = batch.iter().flat_map(|(_, e)| [e.brightness, e.roughness]).collect();
        let timbre = (&heard.timbre - Tensor::from_vec(timbre, (n, 2), &Device::Cpu)?)?.sqr()?.mean_all()?;
        let sum =
            (cross_entropy(&heard.families, &family)? + (cross_entropy(&likeness, &instrument)? * 0.5)?)?;
        Ok(((sum + (cross_entropy(&heard.roots, &roots)? * 0.7)?)? + (timbre * 8.0)?)?)
    }
}

/// How many examples of a batch teach the root: a quarter of them, for roots are learned quickly and cost as much.
fn pitched(batch: usize) -> usize {
    batch.div_ceil(4)
}

/// Mean and deviation of what the ear says of examples.
fn spread_of_ear(seed: u64, deck: &Deck<'_>, augmenter: &Augmenter) -> [Vec<f32>; 2] {
    let count = LISTENED.min(4 * deck.sounds());
    let said = make(count, |index| {
        let mut rng = rng_of(seed, u64::MAX - index as u64);
        augmenter.example(deck.draw(&mut rng).sound, false, &mut rng).features.ear
    });
    let mean_of = |of: &dyn Fn(&[f32], usize) -> f64| -> Vec<f64> {
        (0..EAR).map(|i| said.iter().map(|ear| of(ear, i)).sum::<f64>() / count as f64).collect()
    };
    let mean = mean_of(&|ear, i| ear[i].into());
    let spread = mean_of(&|ear, i| (f64::from(ear[i]) - mean[i]).powi(2));
    let deviation = spread.iter().map(|v| v.sqrt() as f32).collect();
    [mean.iter().map(|v| *v as f32).collect(), deviation]
}

fn unit(vectors: &Tensor, along: usize) -> Result<Tensor, Error> {
    let norm = (vectors.sqr()?.sum_keepdim(along)? + 1e-6)?.sqrt()?;
    Ok(vectors.broadcast_div(&norm)?)
}

fn dropout((n, width): (usize, usize), dropped: f32, rng: &mut impl Rng) -> Result<Tensor, Error> {
    let kept = 1.0 / (1.0 - dropped);
    let numbers: Vec<f32> =
        (0..n * width).map(|_| if rng.random::<f32>() < dropped { 0.0 } else { kept }).collect();
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
    for (bin, share) in target.iter_mut().enumerate().take(high + 1).skip(low) {
        *share = (-0.5 * (bin as f32 - place).powi(2)).exp();
    }
    let sum: f32 = target.iter().sum();
    target.iter_mut().for_each(|share| *share /= sum);
    target
}

fn cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor, Error> {
    let log = candle_nn::ops::log_softmax(logits, D::Minus1)?;
    Ok((log * targets)?.sum(D::Minus1)?.mean_all()?.neg()?)
}
