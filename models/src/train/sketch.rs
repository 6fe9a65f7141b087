//! The sketch network's school: its losses and its loop.

use std::ops::ControlFlow;

use candle_core::{CpuStorage, CustomOp2, D, Device, Layout, Shape, Tensor};
use rand::Rng;

use super::doubt::doubts;
use super::drawing::HandDrawn;
use super::exam::{Calibration, Confusion, Metrics, Shares, StyleMarks, examine, examine_pictures, held_out};
use super::lesson::{Known, Lesson, batch};
use super::{Card, Progress, Schedule, Trainee, make, rng_of};
use crate::Error;
use crate::conv::{numbers, with_numbers};
use crate::sketch_net::{SketchNet, SketchOutput, WIDTHS, width_class};
use crate::weights::Weights;

/// What to train.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seed of everything random.
    pub seed: u64,
    /// Steps in all; 0 examines the weights to start from.
    pub steps: usize,
    /// Pairs of drawings a step; each pair is one drawing made twice.
    pub pairs: usize,
    /// Drawings that are held out for the marks at the end.
    pub exam: usize,
    /// Steps between two looks at examples that are held out, and between two checkpoints.
    pub look_every: usize,
    /// Signs that people drew, mixed in among the drawings; may be empty.
    pub signs: Vec<HandDrawn>,
    /// The same of people who are held out.
    pub held_out_signs: Vec<HandDrawn>,
    /// Weights to start from, a safetensors file; none for a network that knows nothing.
    pub start: Option<Vec<u8>>,
    /// Pictures of the composer's own. If there are any, training starts from the weights that ship with Neume where no
    /// others are named, and every fourth drawing of a step is one of these.
    pub pictures: Vec<Lesson>,
    /// More of them, to judge by.
    pub held_out_pictures: Vec<Lesson>,
    /// The command, for the card.
    pub command: String,
    /// What the pictures are, for the card.
    pub data: String,
    /// A checkpoint to go on from.
    pub resume: Option<Vec<u8>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            steps: 1200,
            pairs: 12,
            exam: 10240,
            look_every: 100,
            signs: Vec::new(),
            held_out_signs: Vec::new(),
            start: None,
            pictures: Vec::new(),
            held_out_pictures: Vec::new(),
            command: "neume train sketch".to_string(),
            data: String::new(),
            resume: None,
        }
    }
}

/// What training gives.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The weights, a safetensors file.
    pub weights: Vec<u8>,
    /// Their card.
    pub card: Card<Metrics>,
    /// Every step, for a picture of the curves.
    pub history: Vec<Progress>,
    /// How often hue `row` was read as hue `column`; row and column 12 are open ink.
    pub confusion: Confusion,
    /// How often confidences were right.
    pub calibration: Calibration,
}

/// Trains a sketch network on drawings made on the way. `on_step` is told of every step and may end it early; the weights
/// are then those of that step.
///
/// # Errors
/// [`Error::Weights`] for a checkpoint that does not fit, [`Error::TrainingData`] for a configuration that teaches nothing,
/// [`Error::Network`] if the loss stops being finite.
pub fn run(config: &Config, on_step: &mut dyn FnMut(&Progress) -> ControlFlow<()>) -> Result<Trained, Error> {
    if config.pairs < 2 || (config.steps == 0 && config.start.is_none()) {
        let needed = "at least two pairs a step, and one step or weights to examine, are needed";
        return Err(Error::TrainingData(needed.to_string()));
    }
    let mut trainee = Trainee::new(config.seed);
    let net = SketchNet::new(&mut |name, shape| trainee.take(name, shape))?;
    // Most of a page is paper, and errors of the height are small: start from there.
    trainee.shift("ink.bias", -4.0)?;
    let is_own = !config.pictures.is_empty();
    let start = config.start.as_deref().or(is_own.then_some(SketchNet::EMBEDDED));
    let mut before = None;
    if let Some(start) = start {
        trainee.begin_with(&Weights::from_bytes(start)?)?;
        if is_own {
            before = Some(examine_pictures(&SketchNet::from_weights(start)?, &config.held_out_pictures)?.0);
        }
    }
    if let Some(checkpoint) = &config.resume {
        trainee.resume(checkpoint)?;
    }
    let rate = match (is_own, start) {
        (true, _) => 3e-4,
        (false, Some(_)) => 1e-3,
        (false, None) => 2.5e-3,
    };
    let schedule = Schedule { steps: config.steps, rate, decay: 0.02, clip: 4.0 };
    let count = 2 * config.pairs;
    let mut history = Vec::new();
    while trainee.step() < config.steps {
        let first = (trainee.step() * count) as u64;
        let mut lessons = make(count, |i| Lesson::new(config.seed, first + i as u64, &config.signs));
        if is_own {
            mix_in(&mut lessons, &config.pictures, &mut rng_of(config.seed, first));
        }
        let (x, ink) = batch(&lessons)?;
        let loss = loss(&net.forward(&x)?, &ink, &lessons)?;
        let loss = trainee.descend(&loss, &schedule)?;
        let (step, steps) = (trainee.step(), config.steps);
        let is_look = step % config.look_every.max(1) == 0 || step == steps;
        let held_out = if is_look { Some(held_out_loss(&net, config)?) } else { None };
        let checkpoint = if is_look { Some(trainee.checkpoint()?.into()) } else { None };
        let progress = Progress { step, steps, loss, held_out, checkpoint };
        let go_on = on_step(&progress);
        history.push(Progress { checkpoint: None, ..progress });
        if go_on.is_break() {
            break;
        }
    }
    let doubts = doubts(&net, held_out(config.seed) + 2, config.exam.min(1536), &config.signs)?;
    trainee.set("doubts", &doubts)?;
    let weights = trainee.weights();
    let net = SketchNet::new(&mut |name, shape| weights.take(name, shape))?;
    let (mut metrics, mut confusion, calibration) =
        examine(&net, config.seed, config.exam, &config.held_out_signs)?;
    if let Some(before) = before {
        let (after, own) = examine_pictures(&net, &config.held_out_pictures)?;
        confusion = own;
        for (name, hard) in [("own before", before), ("own after", after)] {
            let marks = StyleMarks { name: name.to_string(), clean: Shares::default(), hard };
            metrics.by_style.push(marks);
        }
    }
    let card = Card {
        network: "sketch".to_string(),
        command: config.command.clone(),
        seed: config.seed,
        steps: trainee.step(),
        parameters: trainee.parameters(),
        data: match config.signs.len() {
            0 if is_own => format!("drawings, pens and papers of Neume's own making, and {}", config.data),
            0 => "drawings, pens and papers of Neume's own making".to_string(),
            len => {
                format!(
                    "drawings, pens and papers of Neume's own making, and {len} signs of Omniglot (Lake et al., \
                     2015; MIT); every fifth of its people is held out"
                )
            }
        },
        metrics,
    };
    Ok(Trained { weights: weights.to_bytes()?, card, history, confusion, calibration })
}

/// Puts pictures in the place of the last quarter of the lessons, each in the place of two twins.
fn mix_in(lessons: &mut [Lesson], pictures: &[Lesson], rng: &mut impl Rng) {
    let first = (lessons.len() * 3 / 4) & !1;
    for twins in lessons[first..].chunks_mut(2) {
        let picture = &pictures[rng.random_range(0..pictures.len())];
        twins.iter_mut().for_each(|lesson| *lesson = picture.clone());
    }
}

fn held_out_loss(net: &SketchNet, config: &Config) -> Result<f32, Error> {
    let count = config.exam.clamp(2, 48).next_multiple_of(2);
    let lessons = make(count, |i| Lesson::new(held_out(config.seed), i as u64, &config.held_out_signs));
    let mut sum = 0.0;
    for part in lessons.chunks(24) {
        let (x, ink) = batch(part)?;
        sum += loss(&net.forward(&x)?, &ink, part)?.to_scalar::<f32>()? * part.len() as f32;
    }
    Ok(sum / count as f32)
}

/// What the answers lack, as one number.
fn loss(output: &SketchOutput, ink: &Tensor, lessons: &[Lesson]) -> Result<Tensor, Error> {
    let n = lessons.len();
    let column = |of: &dyn Fn(&Lesson) -> f32| -> Result<Tensor, Error> {
        Ok(Tensor::from_vec(lessons.iter().map(of).collect::<Vec<f32>>(), (n, 1), &Device::Cpu)?)
    };
    let has_ink = column(&|lesson| f32::from(u8::from(lesson.truth.is_some())))?;
    let told = |of: &dyn Fn(&Known) -> bool| {
        column(&|lesson| f32::from(u8::from(lesson.truth.is_some() && of(&lesson.known))))
    };
    let is_hued = column(&|lesson| {
        f32::from(u8::from(lesson.known.hue && lesson.truth.is_some_and(|t| t.hue.is_some())))
    })?;
    let other = |at: usize| output.others.narrow(1, at, 1);

    let errors = pitch_errors(output, lessons)?;
    let weights = lessons.iter().zip(&errors).map(|(lesson, error)| match lesson.known.ink {
        true => 1.0 + (MISSED - 1.0) * error / FAR_OFF,
        false => 0.0,
    });
    let traced = output.ink.apply_op2(ink, Traced { weights: weights.collect() })?;

    let has_width = told(&|known| known.width)?;
    let widths = cross_entropy(&output.widths, &width_targets(lessons)?)?.mul(&has_width)?.mean_all()?;
    let hues = cross_entropy(&output.hues, &hue_targets(lessons)?)?.mul(&is_hued)?.mean_all()?;
    let open = column(&|lesson| f32::from(u8::from(lesson.truth.is_some_and(|t| t.hue.is_none()))))?;
    let open = surprise(&other(0)?, &open)?.mul(&told(&|known| known.hue)?)?.mean_all()?;
    let squared = |at: usize, target: Tensor, told: Tensor| -> Result<Tensor, Error> {
        let found = ((other(at)?.neg()?.exp()? + 1.0)?).recip()?;
        Ok((found - target)?.sqr()?.mul(&told)?.mean_all()?)
    };
    let brightness = column(&|lesson| lesson.truth.map_or(0.0, |t| t.brightness))?;
    let brightness = squared(1, brightness, told(&|known| known.brightness)?)?;
    let roughness = column(&|lesson| lesson.truth.map_or(0.0, |t| t.roughness))?;
    let roughness = squared(2, roughness, told(&|known| known.roughness)?)?;
    let errors = Tensor::from_vec(errors, (n, 1), &Device::Cpu)?;
    let log_error = other(3)?;
    let doubt = (log_error.neg()?.exp()?.mul(&errors)? + log_error)?;
    let doubt = doubt.mul(&told(&|known| known.ink)?)?.mean_all()?;
    let presence = surprise(&other(4)?, &has_ink)?.mean_all()?;
    let twins = twin_loss(&output.embedding)?;

    let sum = ((traced + widths)? + (hues + open)?)?;
    let sum = (sum + (((brightness + roughness)? * 6.0)? + (doubt * 0.1)?)?)?;
    Ok((sum + ((presence * 2.0)? + (twins * 0.25)?)?)?)
}

/// The cross entropy of logits and true parts of ink (n, ...), each drawing's sum divided by its ink, so that thin and
/// thick ones count alike; their mean is a tensor of one number.
struct Traced {
    /// By drawing: how much it counts; 0 where it is not known where its ink is.
    weights: Vec<f32>,
}

impl Traced {
    /// Calls `each` with the place, the logit, the truth, and what the drawing's sum is divided by.
    fn for_each(&self, logits: &[f32], truth: &[f32], mut each: impl FnMut(usize, f32, f32, f32)) {
        let n = self.weights.len();
        let len = logits.len() / n.max(1);
        for (drawing, truth) in truth.chunks(len.max(1)).enumerate().filter(|(i, _)| self.weights[*i] > 0.0) {
            let amount = (truth.iter().sum::<f32>() + 64.0) * n as f32 / self.weights[drawing];
            for (i, &t) in truth.iter().enumerate() {
                each(drawing * len + i, logits[drawing * len + i], t, amount);
            }
        }
    }
}

impl CustomOp2 for Traced {
    fn name(&self) -> &'static str {
        "traced"
    }

    fn cpu_fwd(
        &self,
        logits: &CpuStorage,
        layout: &Layout,
        truth: &CpuStorage,
        truth_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (logits, truth) = (numbers(logits, layout)?, numbers(truth, truth_layout)?);
        let mut sum = 0.0f64;
        self.for_each(logits, truth, |_, v, t, amount| {
            sum += f64::from((v.max(0.0) - v * t + (-v.abs()).exp().ln_1p()) / amount);
        });
        Ok((CpuStorage::F32(vec![sum as f32]), Shape::from(())))
    }

    fn bwd(
        &self,
        logits: &Tensor,
        truth: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let pull = grad.to_scalar::<f32>()?;
        let mut slope = vec![0.0; logits.elem_count()];
        with_numbers(logits, |logits_| {
            with_numbers(truth, |truth| {
                self.for_each(logits_, truth, |i, v, t, amount| {
                    slope[i] = pull * (1.0 / (1.0 + (-v).exp()) - t) / amount;
                });
                Ok(())
            })
        })?;
        Ok((Some(Tensor::from_vec(slope, logits.shape(), logits.device())?), None))
    }
}

/// Cross entropy of logits and targets 0..1, number by number.
fn surprise(logits: &Tensor, targets: &Tensor) -> Result<Tensor, Error> {
    let soft = (logits.abs()?.neg()?.exp()? + 1.0)?.log()?;
    Ok(((logits.relu()? - logits.mul(targets)?)? + soft)?)
}

/// Cross entropy of logits (n, k) and target distributions (n, k): (n, 1).
fn cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor, Error> {
    let shifted = logits.broadcast_sub(&logits.detach().max_keepdim(D::Minus1)?)?;
    let log_total = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
    Ok(shifted.broadcast_sub(&log_total)?.mul(targets)?.sum_keepdim(D::Minus1)?.neg()?)
}

/// The true width shared between its two neighbouring classes (n, [`WIDTHS`]).
fn width_targets(lessons: &[Lesson]) -> Result<Tensor, Error> {
    let mut targets = vec![0.0; lessons.len() * WIDTHS];
    for (row, truth) in targets.chunks_mut(WIDTHS).zip(lessons.iter().map(|lesson| lesson.truth)) {
        let class = width_class(truth.map_or(0.01, |t| t.width_norm));
        let below = (class.floor() as usize).min(WIDTHS - 2);
        row[below] = 1.0 - (class - below as f32);
        row[below + 1] = class - below as f32;
    }
    Ok(Tensor::from_vec(targets, (lessons.len(), WIDTHS), &Device::Cpu)?)
}

fn hue_targets(lessons: &[Lesson]) -> Result<Tensor, Error> {
    let mut targets = vec![0.0f32; lessons.len() * 12];
    for (row, lesson) in targets.chunks_mut(12).zip(lessons) {
        row[lesson.truth.and_then(|t| t.hue).unwrap_or(0)] = 1.0;
    }
    Ok(Tensor::from_vec(targets, (lessons.len(), 12), &Device::Cpu)?)
}

/// Heights that are further off than this are all as wrong: whatever else was taken for the drawing, a few such pages would
/// make the network doubt every line of which it can be sure.
const FAR_OFF: f32 = 0.04;

/// How often a drawing counts whose height was so far off, where others count once.
const MISSED: f32 = 3.0;

/// How far off each height is; the network learns to foretell it.
fn pitch_errors(output: &SketchOutput, lessons: &[Lesson]) -> Result<Vec<f32>, Error> {
    lessons
        .iter()
        .enumerate()
        .map(|(at, lesson)| {
            let found = lesson.answers(output, at)?.y_norm();
            Ok(lesson.truth.map_or(0.0, |t| (found - t.y_norm).abs().min(FAR_OFF) + 2e-4))
        })
        .collect()
}

/// Twins lie side by side in a batch: each should be nearest to its own (normalised temperature-scaled cross entropy).
fn twin_loss(embedding: &Tensor) -> Result<Tensor, Error> {
    let n = embedding.dim(0)?;
    let length = (embedding.sqr()?.sum_keepdim(1)? + 1e-6)?.sqrt()?;
    let unit = embedding.broadcast_div(&length)?; // (n, 64)
    let likeness = (unit.matmul(&unit.t()?)? / 0.15)?; // (n, n)
    let (mut own, mut twin) = (vec![0.0f32; n * n], vec![0.0f32; n * n]);
    for i in 0..n {
        own[i * n + i] = -1e4;
        twin[i * n + (i ^ 1)] = 1.0;
    }
    let likeness = (likeness + Tensor::from_vec(own, (n, n), &Device::Cpu)?)?;
    Ok(cross_entropy(&likeness, &Tensor::from_vec(twin, (n, n), &Device::Cpu)?)?.mean_all()?)
}
