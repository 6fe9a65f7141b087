//! The sign network's school: episodes of twenty signs, drawn again with other hands.

use std::f32::consts::{FRAC_PI_2, TAU};
use std::ops::ControlFlow;

use candle_core::{D, Device, Tensor};
use rand::Rng;
use rand::seq::index::sample;
use serde::{Deserialize, Serialize};
use tiny_skia::Pixmap;

use super::drawing::{At, Drawing};
use super::{Card, Progress, Schedule, Trainee, make, normal, rng_of};
use crate::raster::paint_stroke;
use crate::sign_net::{INNER, SIDE, SignInput, SignNet, levelled, similarity_to};
use crate::{Embedding, Error, Point, Rgb, Stroke};

/// Strokes of one drawing, in any unit, y up.
pub type Movement = Vec<Vec<At>>;

/// The drawings of one sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// What it is told apart from most often: signs of one alphabet are like each other.
    pub alphabet: String,
    /// Its name within the alphabet.
    pub name: String,
    /// Who drew it, and how.
    pub drawings: Vec<(u32, Movement)>,
}

/// Which alphabets and people are left out, so that the figures are of signs and hands that were never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// Which part of the alphabets, from 0.
    pub left_out: usize,
    /// How many parts there are.
    pub of: usize,
}

/// What to train.
#[derive(Debug, Clone)]
pub struct Config {
    /// Seed of everything random.
    pub seed: u64,
    /// Steps in all, an episode each.
    pub steps: usize,
    /// What is left out; `None` learns from everything.
    pub fold: Option<Fold>,
    /// Steps between two looks at what is left out, and between two checkpoints.
    pub look_every: usize,
    /// The command, for the card.
    pub command: String,
    /// The data and its licence, for the card.
    pub data: String,
    /// A checkpoint to go on from.
    pub resume: Option<Vec<u8>>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            seed: 1,
            steps: 4000,
            fold: None,
            look_every: 100,
            command: "neume train sign".to_string(),
            data: String::new(),
            resume: None,
        }
    }
}

/// How well signs are told apart, in percent of wrong answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Twenty signs of one alphabet, one example of each: the mean over the runs.
    pub one_shot_error_percent: f32,
    /// The standard deviation over the runs.
    pub one_shot_spread_percent: f32,
    /// The same with five examples.
    pub five_shot_error_percent: f32,
    /// The mean of the one-shot runs of each alphabet that was asked for.
    pub by_alphabet: Vec<(String, f32)>,
    /// Runs of each kind, twenty questions each.
    pub runs: usize,
    /// The similarity below which as many drawings of a sign are lost as strangers are taken for it.
    pub even_similarity: f32,
    /// The part that is lost there.
    pub even_error_percent: f32,
}

/// What training gives.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The weights, a safetensors file.
    pub weights: Vec<u8>,
    /// Their card.
    pub card: Card<Figures>,
    /// Every step, for a picture of the curves.
    pub history: Vec<Progress>,
    /// Of the alphabet that was hardest.
    pub confusion: Confusion,
}

/// Which sign of an alphabet was taken for which, one-shot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Confusion {
    /// The alphabet's name.
    pub alphabet: String,
    /// Names of its signs.
    pub signs: Vec<String>,
    /// By true sign, then by the sign that was named.
    pub counts: Vec<Vec<u32>>,
}

/// Signs in an episode, and drawings of each.
const WAYS: usize = 20;
const HANDS: usize = 3;
/// How steeply similarity counts in an episode.
const STEEPNESS: f64 = 16.0;

/// Trains a sign network. `on_step` is told of every step and may end it early; the weights are then those of that step.
/// [`Progress::held_out`] is the one-shot error, 0..1, on what is left out.
///
/// # Errors
/// [`Error::TrainingData`] for fewer than two signs that two people drew, [`Error::Weights`] for a checkpoint that does not
/// fit, [`Error::Network`] if the loss stops being finite.
pub fn run(
    config: &Config,
    signs: &[Sign],
    on_step: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Trained, Error> {
    let (learned, left_out) = split(signs, config.fold);
    let school = School::new(learned)?;
    if config.steps == 0 {
        return Err(Error::TrainingData("at least one step is needed".to_string()));
    }
    let mut trainee = Trainee::new(config.seed);
    let net = SignNet::new(&mut |name, shape| trainee.take(name, shape))?;
    if let Some(checkpoint) = &config.resume {
        trainee.resume(checkpoint)?;
    }
    let schedule = Schedule { steps: config.steps, rate: 1.5e-3, decay: 0.02, clip: 2.0 };
    let mut history = Vec::new();
    while trainee.step() < config.steps {
        let episode = school.episode(&mut rng_of(config.seed, 1 + trainee.step() as u64));
        let loss = loss(&net.forward(&batch(&episode)?)?, episode.len() / HANDS)?;
        let loss = trainee.descend(&loss, &schedule)?;
        let (step, steps) = (trainee.step(), config.steps);
        let is_look = step.is_multiple_of(config.look_every.max(1)) || step == steps;
        let held_out = match is_look && !left_out.is_empty() {
            true => Some(examine(&net, &left_out, 8)?.0.one_shot_error_percent / 100.0),
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
    let weights = trainee.weights();
    let asked: Vec<Sign> = if left_out.is_empty() { school.alphabets.concat() } else { left_out };
    let (metrics, confusion) = examine(&net, &asked, RUNS)?;
    let card = Card {
        network: "sign".to_string(),
        command: config.command.clone(),
        seed: config.seed,
        steps: trainee.step(),
        parameters: trainee.parameters(),
        data: config.data.clone(),
        metrics,
    };
    Ok(Trained { weights: weights.to_bytes()?, card, history, confusion })
}

/// The signs that are learned and those that are left out: every `of`-th alphabet. Of the people, those of an odd number
/// teach and those of an even number are asked, so that no hand is on both sides.
fn split(signs: &[Sign], fold: Option<Fold>) -> (Vec<Sign>, Vec<Sign>) {
    let Some(Fold { left_out, of }) = fold else { return (signs.to_vec(), Vec::new()) };
    let mut alphabets: Vec<&str> = signs.iter().map(|sign| sign.alphabet.as_str()).collect();
    alphabets.sort_unstable();
    alphabets.dedup();
    let is_out = |sign: &Sign| {
        alphabets.iter().position(|name| *name == sign.alphabet).is_some_and(|i| i % of.max(1) == left_out)
    };
    let people = |sign: &Sign, odd: bool| Sign {
        drawings: sign.drawings.iter().filter(|(person, _)| (person % 2 == 1) == odd).cloned().collect(),
        ..sign.clone()
    };
    let (out, learned): (Vec<&Sign>, Vec<&Sign>) = signs.iter().partition(|sign| is_out(sign));
    (
        learned.into_iter().map(|s| people(s, true)).collect(),
        out.into_iter().map(|s| people(s, false)).collect(),
    )
}

/// The signs that are learned, by alphabet.
struct School {
    alphabets: Vec<Vec<Sign>>,
}

impl School {
    fn new(signs: Vec<Sign>) -> Result<School, Error> {
        let mut names: Vec<String> = Vec::new();
        let mut alphabets: Vec<Vec<Sign>> = Vec::new();
        for sign in signs.into_iter().filter(|sign| sign.drawings.len() >= 2) {
            match names.iter().position(|name| *name == sign.alphabet) {
                Some(at) => alphabets[at].push(sign),
                None => {
                    names.push(sign.alphabet.clone());
                    alphabets.push(vec![sign]);
                }
            }
        }
        if alphabets.iter().map(Vec::len).sum::<usize>() < 2 {
            return Err(Error::TrainingData("two signs that were drawn twice each are needed".to_string()));
        }
        Ok(School { alphabets })
    }

    /// Pictures of [`HANDS`] drawings of each of up to [`WAYS`] signs, sign by sign: mostly of one alphabet, which is
    /// turned or seen in a mirror now and then, and is another alphabet then; now and then of signs that nobody uses.
    fn episode(&self, rng: &mut impl Rng) -> Vec<SignInput> {
        let is_turned = rng.random_bool(0.3);
        let quarter = if is_turned { rng.random_range(0..4) as f32 * FRAC_PI_2 } else { 0.0 };
        let is_mirrored = is_turned && rng.random_bool(0.5);
        let picked: Vec<Movement> = match rng.random_range(0..100) {
            0..15 => {
                let invented = || Drawing::random(rng, [0.0, 1.5], &[]).paths;
                std::iter::repeat_with(invented).take(WAYS).flat_map(|sign| vec![sign; HANDS]).collect()
            }
            15..40 => hands(&self.alphabets.iter().flatten().collect::<Vec<_>>(), rng),
            _ => {
                let alphabet = &self.alphabets[rng.random_range(0..self.alphabets.len())];
                hands(&alphabet.iter().collect::<Vec<_>>(), rng)
            }
        };
        let seed = rng.random();
        make(picked.len(), |i| {
            let rng = &mut rng_of(seed, i as u64);
            picture(&by_another_hand(&picked[i], quarter, is_mirrored, rng), rng)
        })
    }
}

/// [`HANDS`] drawings of each of up to [`WAYS`] signs.
fn hands(signs: &[&Sign], rng: &mut impl Rng) -> Vec<Movement> {
    let chosen = sample(rng, signs.len(), WAYS.min(signs.len()));
    let mut picked = Vec::with_capacity(WAYS * HANDS);
    for sign in chosen {
        let drawings = &signs[sign].drawings;
        let others = sample(rng, drawings.len(), HANDS.min(drawings.len())).into_vec();
        picked.extend((0..HANDS).map(|hand| drawings[others[hand % others.len()]].1.clone()));
    }
    picked
}

/// A drawing of the same sign as another hand, on another day, would have made it.
fn by_another_hand(movement: &Movement, quarter: f32, is_mirrored: bool, rng: &mut impl Rng) -> Movement {
    let even = in_unit_square(movement);
    let turn = quarter + 0.13 * normal(rng);
    let (sin, cos) = turn.sin_cos();
    let size: [f32; 2] = std::array::from_fn(|_| (0.14 * normal(rng)).exp());
    let shear = 0.16 * normal(rng);
    // A smooth bend of the paper: two waves along each axis.
    let waves: [[f32; 4]; 4] = std::array::from_fn(|_| {
        [
            0.022 * normal(rng),
            rng.random_range(2.0..8.0),
            rng.random_range(2.0..8.0),
            rng.random_range(0.0..TAU),
        ]
    });
    even.iter()
        .map(|stroke| {
            let own: [f32; 2] = std::array::from_fn(|_| 0.025 * normal(rng));
            let grow = (0.05 * normal(rng)).exp();
            let tilt = 0.05 * normal(rng);
            let middle = stroke.iter().fold([0.0; 2], |sum, p| [sum[0] + p[0], sum[1] + p[1]]);
            let middle = middle.map(|v| v / stroke.len().max(1) as f32);
            stroke
                .iter()
                .map(|p| {
                    let (dx, dy) = ((p[0] - middle[0]) * grow, (p[1] - middle[1]) * grow);
                    let mut x = middle[0] + dx - tilt * dy + own[0];
                    let mut y = middle[1] + dy + tilt * dx + own[1];
                    let bend = |w: &[f32; 4]| w[0] * (w[1] * x + w[2] * y + w[3]).sin();
                    let off = [bend(&waves[0]) + bend(&waves[1]), bend(&waves[2]) + bend(&waves[3])];
                    x = (x + off[0]) * size[0] * if is_mirrored { -1.0 } else { 1.0 };
                    y = (y + off[1]) * size[1];
                    x += shear * y;
                    [x * cos - y * sin, x * sin + y * cos]
                })
                .collect()
        })
        .collect()
}

/// The same strokes about the origin, the longer side of their box being 1.
fn in_unit_square(movement: &Movement) -> Movement {
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for p in movement.iter().flatten() {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    let size = (high[0] - low[0]).max(high[1] - low[1]).max(1e-4);
    let place = |p: &At| [0, 1].map(|axis| (p[axis] - (low[axis] + high[axis]) / 2.0) / size);
    movement.iter().map(|stroke| stroke.iter().map(place).collect()).collect()
}

/// What the network sees of strokes, drawn with a pen of any width and looked at more or less sharply.
fn picture(movement: &Movement, rng: &mut impl Rng) -> SignInput {
    let width_px = rng.random_range(0.7f32.ln()..4.5f32.ln()).exp();
    let mut pixels = painted(movement, width_px);
    for _ in 0..rng.random_range(0.0..2.4f32) as usize {
        pixels = blurred(&pixels);
    }
    SignInput { pixels: levelled(pixels) }
}

/// Ink of a pen of this width, in pixels, as large as fits.
fn painted(movement: &Movement, width_px: f32) -> Vec<f32> {
    // PANIC: the size is a constant that a pixmap can have.
    let mut pixmap = Pixmap::new(SIDE as u32, SIDE as u32).expect("the network's size");
    let scale = (INNER - width_px) / SIDE as f32;
    for stroke in in_unit_square(movement) {
        let place = |p: &At| Point { x: 0.5 + p[0] * scale, y: 0.5 + p[1] * scale, secs: 0.0 };
        let points = stroke.iter().map(place).collect();
        paint_stroke(&mut pixmap, &Stroke { points, rgb: Rgb::BLACK, width_norm: width_px / SIDE as f32 });
    }
    pixmap.pixels().iter().map(|pixel| f32::from(pixel.alpha()) / 255.0).collect()
}

/// A blur of 1-2-1 down and across.
fn blurred(pixels: &[f32]) -> Vec<f32> {
    let at = |x: usize, y: usize| pixels[y.min(SIDE - 1) * SIDE + x.min(SIDE - 1)];
    let part = |off: usize| if off == 1 { 0.5 } else { 0.25 };
    let around = |i: usize| {
        let (x, y) = (i % SIDE, i / SIDE);
        let row = |dy: usize| -> f32 {
            (0..3).map(|dx| part(dx) * at((x + dx).saturating_sub(1), (y + dy).saturating_sub(1))).sum()
        };
        (0..3).map(|dy| part(dy) * row(dy)).sum()
    };
    (0..pixels.len()).map(around).collect()
}

/// Pictures as one tensor (n, 48, 48, 1).
fn batch(pictures: &[SignInput]) -> Result<Tensor, Error> {
    let numbers: Vec<f32> = pictures.iter().flat_map(|picture| picture.pixels.iter().copied()).collect();
    Ok(Tensor::from_vec(numbers, (pictures.len(), SIDE, SIDE, 1), &Device::Cpu)?)
}

/// Each hand in turn shows the signs, and the drawings of the others are to be named: the mean cross entropy.
fn loss(raw: &Tensor, ways: usize) -> Result<Tensor, Error> {
    let n = raw.dim(0)?;
    let unit = raw.broadcast_div(&(raw.sqr()?.sum_keepdim(1)? + 1e-6)?.sqrt()?)?;
    let likeness = (unit.matmul(&unit.t()?)? * STEEPNESS)?; // (n, n), n = ways x hands, sign by sign
    let likeness = likeness.reshape((n, ways, HANDS))?;
    let mut sum = Tensor::zeros((), candle_core::DType::F32, &Device::Cpu)?;
    for hand in 0..HANDS {
        let logits = likeness.narrow(2, hand, 1)?.squeeze(2)?.contiguous()?; // (n, ways)
        let log = candle_nn::ops::log_softmax(&logits, D::Minus1)?;
        let mut target = vec![0.0f32; n * ways];
        for i in (0..n).filter(|i| i % HANDS != hand) {
            target[i * ways + i / HANDS] = 1.0 / (n * (HANDS - 1)) as f32;
        }
        sum = (sum - (log * Tensor::from_vec(target, (n, ways), &Device::Cpu)?)?.sum_all()?)?;
    }
    Ok(sum)
}

/// Examples of a sign in the examination of more than one.
const SHOTS: usize = 5;
/// Runs of an examination, and width of the pen with which what is left out is drawn, in pixels of 48.
const RUNS: usize = 20;
const EXAM_WIDTH_PX: f32 = 1.5;

/// Asks for signs: `runs` times for each alphabet of at least two that five hands drew. Also says which sign of the hardest
/// alphabet was taken for which.
fn examine(net: &SignNet, signs: &[Sign], runs: usize) -> Result<(Figures, Confusion), Error> {
    let mut names: Vec<&str> = signs.iter().map(|sign| sign.alphabet.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut figures = Figures { runs, ..Figures::default() };
    let mut hardest = (-1.0, Confusion::default());
    let (mut one, mut five) = (Vec::new(), Vec::new());
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for (seed, name) in names.into_iter().enumerate() {
        let known: Vec<&Sign> =
            signs.iter().filter(|sign| sign.alphabet == name && sign.drawings.len() > SHOTS).collect();
        if known.len() < 2 {
            continue;
        }
        let alphabet: Vec<Vec<Embedding>> =
            known.iter().map(|sign| embed_all(net, sign)).collect::<Result<_, _>>()?;
        let mut counts = vec![vec![0; known.len()]; known.len()];
        let rng = &mut rng_of(0x5164, seed as u64);
        let first = one.len();
        for _ in 0..runs {
            let chosen = sample(rng, alphabet.len(), WAYS.min(alphabet.len())).into_vec();
            let hands: Vec<Vec<usize>> =
                chosen.iter().map(|&sign| sample(rng, alphabet[sign].len(), SHOTS + 1).into_vec()).collect();
            let likeness = |shots: usize, asked: usize, shown: usize| {
                let examples = hands[shown][..shots].iter().map(|&hand| &alphabet[chosen[shown]][hand]);
                similarity_to(&alphabet[chosen[asked]][hands[asked][SHOTS]], examples)
            };
            for (shots, errors) in [(1, &mut one), (SHOTS, &mut five)] {
                let mut wrong = 0;
                for asked in 0..chosen.len() {
                    let likeness: Vec<f32> =
                        (0..chosen.len()).map(|shown| likeness(shots, asked, shown)).collect();
                    let best = (0..chosen.len()).max_by(|a, b| likeness[*a].total_cmp(&likeness[*b]));
                    wrong += usize::from(best != Some(asked));
                    if shots == 1 {
                        counts[chosen[asked]][chosen[best.unwrap_or(asked)]] += 1;
                        same.push(likeness[asked]);
                        other
                            .extend(likeness.iter().enumerate().filter(|(i, _)| *i != asked).map(|(_, v)| v));
                    }
                }
                errors.push(100.0 * wrong as f32 / chosen.len() as f32);
            }
        }
        let error = mean(&one[first..]);
        if error > hardest.0 {
            let signs = known.iter().map(|sign| sign.name.clone()).collect();
            hardest = (error, Confusion { alphabet: name.to_string(), signs, counts });
        }
        figures.by_alphabet.push((name.to_string(), error));
    }
    figures.one_shot_error_percent = mean(&one);
    figures.one_shot_spread_percent =
        mean(&one.iter().map(|e| (e - mean(&one)).powi(2)).collect::<Vec<_>>()).sqrt();
    figures.five_shot_error_percent = mean(&five);
    (figures.even_similarity, figures.even_error_percent) = even(&mut same, &mut other);
    Ok((figures, hardest.1))
}

fn embed_all(net: &SignNet, sign: &Sign) -> Result<Vec<Embedding>, Error> {
    let pictures = make(sign.drawings.len(), |i| SignInput {
        pixels: levelled(painted(&sign.drawings[i].1, EXAM_WIDTH_PX)),
    });
    let raw = net.forward(&batch(&pictures)?)?.to_vec2::<f32>()?;
    Ok(raw.iter().map(|row| Embedding::from_raw(&std::array::from_fn(|i| row[i]))).collect())
}

/// The similarity at which as large a part of `same` lies below as of `other` above, and that part in percent.
fn even(same: &mut [f32], other: &mut [f32]) -> (f32, f32) {
    same.sort_unstable_by(f32::total_cmp);
    other.sort_unstable_by(f32::total_cmp);
    let part = |all: &[f32], edge: f32| all.partition_point(|v| *v < edge) as f32 / all.len().max(1) as f32;
    let off = |edge: f32| (part(same, edge) - (1.0 - part(other, edge))).abs();
    let edges = (-100..=100).map(|i| i as f32 / 100.0);
    let best = edges.min_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap_or(0.5);
    (best, 100.0 * part(same, best))
}

fn mean(all: &[f32]) -> f32 {
    all.iter().sum::<f32>() / all.len().max(1) as f32
}
