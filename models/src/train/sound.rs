//! Teaches the sound network, or its ear: evenly drawn families and instruments, strong augmentation, whole origins left
//! out for validation.
//!
//! Data arrives decoded and leaves as bytes; nothing here opens a file.

use std::ops::ControlFlow;
use std::sync::Arc;

use candle_core::{D, Device, Tensor};
use rand::Rng;

use super::ear::EarLayers;
use super::sound_augment::{Augmenter, Example, LabelledSound};
use super::sound_deck::{Deck, Drawn, Fold, split};
use super::sound_eval::{Figures, evaluate};
use super::{Card, Progress, Schedule, Trainee, make, rng_of};
use crate::ear::front::{BANDS, MOMENTS};
use crate::ear::{EAR, Ear, LAST as OWN, NAME};
use crate::features::{MEL_BANDS, MEL_FRAMES, PITCH_BINS, PITCH_CHANNELS, midi_bin};
use crate::sound_net::{BY_EAR, EAR_DEVIATION, EAR_MEAN, Heard, Layers};
use crate::weights::Weights;
use crate::{Embedding, Error, Family, SoundNet};

/// How to train.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seed of everything random.
    pub seed: u64,
    /// Steps in all; 0 examines the weights to start from.
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
    /// Weights of an earlier training to start from; `None` starts from nothing but the ear that others taught.
    pub start: Option<Vec<u8>>,
    /// Highest rate of learning.
    pub rate: f32,
    /// Whether the network's own ear learns, and what tells families by it, and all else stays as it was; or the ear stays and
    /// all else learns.
    pub teaches_ear: bool,
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
            start: None,
            rate: 2e-3,
            teaches_ear: false,
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
    /// The figures on the same sounds of the weights from which the training started, if there were any.
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
    if (config.steps == 0 && config.start.is_none()) || config.batch == 0 {
        let needed = "at least one example, and one step or weights to examine, are needed";
        return Err(Error::TrainingData(needed.to_string()));
    }
    let augmenter = Augmenter::new(&mut rng_of(config.seed, 0));
    let mut pupil = Pupil::new(config, &deck, &augmenter)?;
    let with_pitch = if config.teaches_ear { 0 } else { pitched(config.batch) };
    let mut history = Vec::new();
    while pupil.trainee.step() < config.steps {
        let first = 1 + (pupil.trainee.step() * (config.batch + 1)) as u64;
        let batch = make(config.batch, |index| {
            let mut rng = rng_of(config.seed, first + index as u64);
            let drawn = deck.draw(&mut rng);
            (drawn, augmenter.example(drawn.sound, index < with_pitch, &mut rng))
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
    let before = match &config.start {
        Some(start) => Some(evaluate(&SoundNet::from_weights(start)?, judged)?),
        None => None,
    };
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
    published_ear: Ear,
    own_ear: OwnEar,
    /// Weights that stay as they were, by their names.
    still: Vec<(String, Tensor)>,
    /// (64, instruments): the directions in which the instruments lie; not kept.
    directions: Tensor,
    trainee: Trainee,
    schedule: Schedule,
}

enum OwnEar {
    Still(Ear),
    Learning(EarLayers),
}

/// The weights that serve the training only.
const DIRECTIONS: &str = "train.directions";
/// How steeply the likeness to an instrument's direction counts.
const STEEPNESS: f64 = 16.0;
const DROPPED: f32 = 0.25;
const DROPPED_OF_EAR: f32 = 0.5;
/// What is dropped of its own ear, and of what lies between that and the families.
const DROPPED_BY_EAR: f32 = 0.4;
/// At what part of the rate the ear learns.
const RATE_OF_EAR: f32 = 0.4;
/// Examples that tell how far the numbers of the ear waver, at most.
const LISTENED: usize = 1_024;
const SMOOTHING: f32 = 0.1;

impl Pupil {
    fn new(config: &Config, deck: &Deck<'_>, augmenter: &Augmenter) -> Result<Pupil, Error> {
        let beginning = Weights::from_bytes(config.start.as_deref().unwrap_or(Ear::PUBLISHED))?;
        let published_ear = Ear::from_weights(Ear::PUBLISHED)?;
        let mut trainee = Trainee::new(config.seed);
        let mut still = Vec::new();
        let mut stay = |name: &str, shape: &[usize]| {
            let tensor = beginning.take(name, shape)?;
            still.push((name.to_string(), tensor.clone()));
            Ok(tensor)
        };
        let (layers, own_ear) = if config.teaches_ear {
            let layers = Layers::new(&mut |name, shape| match name.starts_with(BY_EAR) {
                true => trainee.take(name, shape),
                false => stay(name, shape),
            })?;
            let ear = EarLayers::new(&mut |name, shape| trainee.take(name, shape))?;
            trainee.slow_down(NAME, RATE_OF_EAR);
            (layers, OwnEar::Learning(ear))
        } else {
            (Layers::new(&mut |name, shape| trainee.take(name, shape))?, OwnEar::Still(Ear::new(&mut stay)?))
        };
        if config.start.is_some() {
            trainee.begin_with(&beginning)?;
        } else {
            let [mean, deviation] = spread_of_ear(config.seed, deck, augmenter, &published_ear);
            trainee.set(EAR_MEAN, &mean)?;
            trainee.set(EAR_DEVIATION, &deviation)?;
        }
        let directions = trainee.take(DIRECTIONS, &[Embedding::LEN, deck.instruments()])?;
        if let Some(checkpoint) = &config.resume {
            trainee.resume(checkpoint)?;
        }
        let schedule = Schedule { steps: config.steps, rate: config.rate, decay: 0.02, clip: 5.0 };
        Ok(Pupil { layers, published_ear, own_ear, still, directions, trainee, schedule })
    }

    fn weights(&self) -> Weights {
        let learned = self.trainee.weights();
        let learned = learned.iter().filter(|(name, _)| *name != DIRECTIONS);
        Weights::new(learned.map(|(n, t)| (n.to_string(), t.clone())).chain(self.still.iter().cloned()))
    }

    fn parameters(&self) -> usize {
        let still: usize = self.still.iter().map(|(_, tensor)| tensor.elem_count()).sum();
        self.trainee.parameters() - self.directions.elem_count() + still
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
        let mut loss = self.loss_by_ear(batch, rng)?;
        if let OwnEar::Still(_) = self.own_ear {
            loss = (loss + self.loss_of_rest(batch, rng)?)?;
        }
        self.trainee.descend(&loss, &self.schedule)
    }

    /// That of the families which are told by its own ear.
    fn loss_by_ear(&self, batch: &[(&Drawn<'_>, Example)], rng: &mut impl Rng) -> Result<Tensor, Error> {
        let n = batch.len();
        let heard = match &self.own_ear {
            OwnEar::Still(ear) => said_by(ear, batch)?,
            OwnEar::Learning(ear) => {
                ear.hear(&stack(batch, |e| &e.features.seen, (n, BANDS, MOMENTS, 1))?)?
            }
        };
        let means = (heard.narrow(1, 0, OWN)? * dropout((n, OWN), DROPPED_BY_EAR, rng)?)?;
        let thin = |hidden: &Tensor| hidden * dropout(hidden.dims2()?, DROPPED_BY_EAR, rng)?;
        let families = self.layers.families_by_ear(&means, thin)?;
        cross_entropy(&families, &families_of(batch)?)
    }

    /// That of everything else.
    fn loss_of_rest(&self, batch: &[(&Drawn<'_>, Example)], rng: &mut impl Rng) -> Result<Tensor, Error> {
        let (n, m) = (batch.len(), pitched(batch.len()));
        let mel = stack(batch, |e| &e.features.mel, (n, MEL_BANDS, MEL_FRAMES, 1))?;
        let pitch = stack(batch, |e| &e.features.pitch, (m, 1, PITCH_BINS, PITCH_CHANNELS))?;
        let pooled = self.layers.pooled(&mel)?;
        let kept = dropout(pooled.dims2()?, DROPPED, rng)?;
        let ear = self.layers.levelled(&said_by(&self.published_ear, batch)?)?;
        let ear = (&ear * dropout((n, EAR), DROPPED_OF_EAR, rng)?)?;
        let heard = self.layers.heads(&(pooled * kept)?, &ear, &pitch)?;
        self.loss(&heard, batch)
    }

    fn loss(&self, heard: &Heard, batch: &[(&Drawn<'_>, Example)]) -> Result<Tensor, Error> {
        let (n, m) = (batch.len(), pitched(batch.len()));
        let instrument = smooth(batch.iter().map(|(d, _)| d.instrument), n, self.directions.dim(1)?)?;
        let likeness = (unit(&heard.embedding, 1)?.matmul(&unit(&self.directions, 0)?)? * STEEPNESS)?;
        let roots: Vec<f32> = batch[..m].iter().flat_map(|(_, e)| root_target(e.root_midi)).collect();
        let roots = Tensor::from_vec(roots, (m, PITCH_BINS + 1), &Device::Cpu)?;
        let timbre: Vec<f32> = batch.iter().flat_map(|(_, e)| [e.brightness, e.roughness]).collect();
        let timbre = (&heard.timbre - Tensor::from_vec(timbre, (n, 2), &Device::Cpu)?)?.sqr()?.mean_all()?;
        let sum = (cross_entropy(&heard.families, &families_of(batch)?)?
            + (cross_entropy(&likeness, &instrument)? * 0.5)?)?;
        Ok(((sum + (cross_entropy(&heard.roots, &roots)? * 0.7)?)? + (timbre * 8.0)?)?)
    }
}

/// The numbers of the examples one behind the other.
fn stack(
    batch: &[(&Drawn<'_>, Example)],
    of: impl Fn(&Example) -> &[f32],
    shape: (usize, usize, usize, usize),
) -> Result<Tensor, Error> {
    let numbers: Vec<f32> = batch.iter().flat_map(|(_, example)| of(example)).copied().collect();
    Ok(Tensor::from_vec(numbers, shape, &Device::Cpu)?)
}

/// What an ear that does not learn says of the examples (n, 1024).
fn said_by(ear: &Ear, batch: &[(&Drawn<'_>, Example)]) -> Result<Tensor, Error> {
    let said = make(batch.len(), |index| ear.hear(&batch[index].1.features.seen)).concat();
    Ok(Tensor::from_vec(said, (batch.len(), EAR), &Device::Cpu)?)
}

/// What the families of the examples should be said to be (n, 12).
fn families_of(batch: &[(&Drawn<'_>, Example)]) -> Result<Tensor, Error> {
    smooth(batch.iter().map(|(drawn, _)| drawn.sound.label.family.index()), batch.len(), Family::COUNT)
}

/// How many examples of a batch teach the root: a quarter of them, for roots are learned quickly and cost as much.
fn pitched(batch: usize) -> usize {
    batch.div_ceil(4)
}

/// Mean and deviation of what the ear says of examples.
fn spread_of_ear(seed: u64, deck: &Deck<'_>, augmenter: &Augmenter, ear: &Ear) -> [Vec<f32>; 2] {
    let count = LISTENED.min(4 * deck.sounds());
    let said = make(count, |index| {
        let mut rng = rng_of(seed, u64::MAX - index as u64);
        ear.hear(&augmenter.example(deck.draw(&mut rng).sound, false, &mut rng).features.seen)
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

fn dropout((n, width): (usize, usize), dropped: f32, rng: &mut impl Rng) -> candle_core::Result<Tensor> {
    let kept = 1.0 / (1.0 - dropped);
    let numbers: Vec<f32> =
        (0..n * width).map(|_| if rng.random::<f32>() < dropped { 0.0 } else { kept }).collect();
    Tensor::from_vec(numbers, (n, width), &Device::Cpu)
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
