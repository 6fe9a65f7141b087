//! The sign network's school: how it is trained, and what comes of it.

use std::ops::ControlFlow;

use candle_core::Tensor;

use super::sign_exam::{Exam, Look, RUNS, examine};
use super::sign_pupil::{Pupil, batch, loss};
use super::sign_school::School;
use super::{Card, Progress, Schedule, Trainee, rng_of};
use crate::weights::Weights;
use crate::{Error, SignNet};

pub use super::sign_exam::{Confusion, Figures};
pub use super::sign_school::{Movement, Sign};

/// What is left out, so that the figures are of drawings that were never seen: one of several parts, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Every `of`-th alphabet, and half of the people: those of an odd number teach and those of an even number are asked, so
    /// that neither sign nor hand is on both sides.
    #[allow(missing_docs)] // Said above.
    Alphabets { left_out: usize, of: usize },
    /// The drawings of every `of`-th person, who is asked for the signs that the others show.
    #[allow(missing_docs)]
    People { left_out: usize, of: usize },
}

impl Fold {
    /// Alphabets, or people where the alphabets are too few; nothing, where too little would be left to learn from (two signs
    /// that were drawn twice) or nobody could be asked.
    pub fn fitting(left_out: usize, of: usize, signs: &[Sign]) -> Option<Fold> {
        let leaves_enough = |fold: &Fold| {
            let (learned, exam) = fold.split(signs);
            learned.iter().filter(|sign| sign.drawings.len() >= 2).count() >= 2 && exam.can_be_held()
        };
        [Fold::Alphabets { left_out, of }, Fold::People { left_out, of }].into_iter().find(leaves_enough)
    }

    /// The signs that are learned, and the examination.
    fn split(self, signs: &[Sign]) -> (Vec<Sign>, Exam) {
        let of_people = |sign: &Sign, is_wanted: &dyn Fn(u32) -> bool| Sign {
            drawings: sign.drawings.iter().filter(|(person, _)| is_wanted(*person)).cloned().collect(),
            ..sign.clone()
        };
        match self {
            Fold::Alphabets { left_out, of } => {
                let mut alphabets: Vec<&str> = signs.iter().map(|sign| sign.alphabet.as_str()).collect();
                alphabets.sort_unstable();
                alphabets.dedup();
                let is_out = |sign: &&Sign| {
                    let at = alphabets.iter().position(|name| *name == sign.alphabet);
                    at.is_some_and(|i| i % of.max(1) == left_out)
                };
                let (out, learned): (Vec<&Sign>, Vec<&Sign>) = signs.iter().partition(is_out);
                let learned = learned.into_iter().map(|sign| of_people(sign, &|person| person % 2 == 1));
                let asked = out.into_iter().map(|sign| of_people(sign, &|person| person % 2 == 0));
                (learned.collect(), Exam::by_turns(asked.collect()))
            }
            Fold::People { left_out, of } => {
                let is_pupil = move |person: u32| person as usize % of.max(1) == left_out;
                let learned = signs.iter().map(|sign| of_people(sign, &|person| !is_pupil(person)));
                let people = signs.iter().flat_map(|sign| &sign.drawings).map(|(person, _)| *person);
                let pupils = people.filter(|person| is_pupil(*person)).collect();
                let has_both = |sign: &&Sign| {
                    let asked = sign.drawings.iter().filter(|(person, _)| is_pupil(*person)).count();
                    (1..sign.drawings.len()).contains(&asked)
                };
                let asked = signs.iter().filter(has_both).cloned().collect();
                (learned.collect(), Exam { signs: asked, pupils: Some(pupils) })
            }
        }
    }
}

/// What to train.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seed of everything random.
    pub seed: u64,
    /// Steps in all, an episode each; 0 examines the weights to start from.
    pub steps: usize,
    /// What is left out; `None` learns from everything.
    pub fold: Option<Fold>,
    /// Steps between two checkpoints; what is left out is looked at every fourth time.
    pub look_every: usize,
    /// The command, for the card.
    pub command: String,
    /// The data and its licence, for the card.
    pub data: String,
    /// Weights of an earlier training to go on from, a safetensors file; none for a network that knows nothing.
    pub start: Option<Vec<u8>>,
    /// Highest rate of learning.
    pub rate: f32,
    /// A checkpoint to go on from.
    pub resume: Option<Vec<u8>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            steps: 6000,
            fold: None,
            look_every: 100,
            command: "neume train sign".to_string(),
            data: String::new(),
            start: None,
            rate: 4e-3,
            resume: None,
        }
    }
}

/// What training gives.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The weights, a safetensors file.
    pub weights: Vec<u8>,
    /// Their card, with the figures on what was left out, or on everything if nothing was; without where no alphabet has two
    /// signs that the same six people drew, or one who is asked and one who shows them.
    pub card: Card<Option<Figures>>,
    /// The figures on the same signs of the weights from which the training started, if there were any.
    pub before: Option<Figures>,
    /// Every step, for a picture of the curves.
    pub history: Vec<Progress>,
    /// Of the alphabet that was hardest.
    pub confusion: Confusion,
}

/// Trains a sign network. `on_step` is told of every step and may end it early; the weights are then those of that step.
/// [`Progress::held_out`] is the one-shot error, 0..1, on what is left out.
///
/// # Errors
/// [`Error::TrainingData`] for fewer than two signs that two people drew, [`Error::Weights`] for a checkpoint that does not
/// fit, or a start that does not, [`Error::Network`] if the loss stops being finite.
pub fn run(
    config: &Config,
    signs: &[Sign],
    on_step: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Trained, Error> {
    let (learned, exam) = match config.fold {
        Some(fold) => {
            let (learned, exam) = fold.split(signs);
            (learned, Some(exam))
        }
        None => (signs.to_vec(), None),
    };
    let school = School::new(learned)?;
    let exam = exam.unwrap_or_else(|| Exam::by_turns(school.alphabets.concat()));
    if config.steps == 0 && config.start.is_none() {
        return Err(Error::TrainingData("at least one step, or weights to examine, are needed".to_string()));
    }
    let mut trainee = Trainee::new(config.seed);
    let learner = Learner::new(&mut trainee, config.start.as_deref())?;
    if let Some(checkpoint) = &config.resume {
        trainee.resume(checkpoint)?;
    }
    let schedule = Schedule { steps: config.steps, rate: config.rate, decay: 0.02, clip: 2.0 };
    let mut history = Vec::new();
    while trainee.step() < config.steps {
        let lesson = school.lesson(&mut rng_of(config.seed, 1 + trainee.step() as u64));
        let loss = loss(&learner.forward(&batch(&lesson)?)?)?;
        let loss = trainee.descend(&loss, &schedule)?;
        let (step, steps) = (trainee.step(), config.steps);
        let is_every = |steps: usize| step.is_multiple_of(steps.max(1)) || step == config.steps;
        let is_look = is_every(config.look_every);
        let held_out = match is_every(4 * config.look_every) && config.fold.is_some() {
            true => look(&learner.finished(&trainee, &school, config.seed)?.1, &exam)?,
            false => None,
        };
        let checkpoint = if is_look { Some(trainee.checkpoint()?.into()) } else { None };
        let progress = Progress { step, steps, loss, held_out, checkpoint };
        let go_on = on_step(&progress);
        history.push(Progress { checkpoint: None, ..progress });
        if go_on.is_break() {
            break;
        }
    }
    let (weights, net) = learner.finished(&trainee, &school, config.seed)?;
    let (metrics, confusion) = examine(&net, &exam, RUNS, Look::Close)?;
    let before = match &config.start {
        Some(start) => examine(&SignNet::from_weights(start)?, &exam, RUNS, Look::Close)?.0,
        None => None,
    };
    let card = Card {
        network: "sign".to_string(),
        command: config.command.clone(),
        seed: config.seed,
        steps: trainee.step(),
        parameters: weights.iter().map(|(_, tensor)| tensor.elem_count()).sum(),
        data: config.data.clone(),
        metrics,
    };
    Ok(Trained { weights: weights.to_bytes()?, card, before, history, confusion })
}

/// The one-shot error of a short examination, 0..1.
fn look(net: &SignNet, exam: &Exam) -> Result<Option<f32>, Error> {
    let figures = examine(net, exam, 20, Look::Passing)?.0;
    Ok(figures.map(|figures| figures.one_shot_error_percent / 100.0))
}

/// The network as it learns.
enum Learner {
    /// It knew nothing, and is held in its range by the spread of its lessons.
    Fresh(Pupil),
    /// It goes on from weights, and is in its range already: few drawings would tell it wrongly what is usual.
    Taught(SignNet),
}

impl Learner {
    fn new(trainee: &mut Trainee, start: Option<&[u8]>) -> Result<Learner, Error> {
        let Some(start) = start else { return Ok(Learner::Fresh(Pupil::new(trainee)?)) };
        let net = SignNet::new(&mut |name, shape| trainee.take(name, shape))?;
        trainee.begin_with(&Weights::from_bytes(start)?)?;
        Ok(Learner::Taught(net))
    }

    /// Embeddings (n, 1024) of any length of pictures (n, 64, 64, 1).
    fn forward(&self, x: &Tensor) -> Result<Tensor, Error> {
        match self {
            Learner::Fresh(pupil) => pupil.forward(x, &mut |_| Ok(())),
            Learner::Taught(net) => net.forward(x),
        }
    }

    /// The network as it will be used.
    fn finished(&self, trainee: &Trainee, school: &School, seed: u64) -> Result<(Weights, SignNet), Error> {
        let lesson = |i: u64| batch(&school.lesson(&mut rng_of(seed, u64::MAX - i)));
        let weights = match self {
            Learner::Fresh(pupil) => pupil.folded(&(0..8).map(lesson).collect::<Result<Vec<_>, _>>()?)?,
            Learner::Taught(_) => trainee.weights(),
        };
        let net = SignNet::new(&mut |name, shape| weights.take(name, shape))?;
        Ok((weights, net))
    }
}
