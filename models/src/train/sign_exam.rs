//! The sign network's examination, that of Omniglot's standard runs: one person shows the signs of an alphabet, another
//! person's drawings of them are to be named.

use rand::seq::index::sample;
use serde::{Deserialize, Serialize};

use super::rng_of;
use super::sign_school::{Sign, WAYS, exam_picture};
use crate::echo::ECHOES;
use crate::likeness::{nearest, rank};
use crate::{Error, SignEmbedding, SignInput, SignNet};

/// How well signs are told apart, in percent of wrong answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Twenty signs of one alphabet, one example of each by one person, and one drawing of each by another: the mean over
    /// the runs.
    pub one_shot_error_percent: f32,
    /// The standard deviation over the runs.
    pub one_shot_spread_percent: f32,
    /// The same with the examples of five people.
    pub five_shot_error_percent: f32,
    /// The standard deviation over the runs.
    pub five_shot_spread_percent: f32,
    /// The mean of the one-shot runs of each alphabet that was asked for.
    pub by_alphabet: Vec<(String, f32)>,
    /// Runs of each alphabet.
    pub runs: usize,
    /// The similarity below which as many drawings of a sign are lost as strangers are taken for it.
    pub even_similarity: f32,
    /// The part that is lost there.
    pub even_error_percent: f32,
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

/// Examples of a sign in the examination of more than one.
const SHOTS: usize = 5;
/// Runs of an examination of each alphabet: more than the standard's twenty, because so many cost nothing.
pub const RUNS: usize = 100;

/// The drawings of an alphabet that everybody drew: by sign, then by person, each in its forms and itself the first.
struct Alphabet {
    signs: Vec<String>,
    drawings: Vec<Vec<Vec<SignEmbedding>>>,
}

impl Alphabet {
    /// Nothing if fewer than two signs or six people are left.
    fn of(net: &SignNet, signs: &[&Sign], look: Look) -> Result<Option<Alphabet>, Error> {
        let Some(first) = signs.first() else { return Ok(None) };
        let drew = |person: u32, sign: &Sign| sign.drawings.iter().any(|(drawer, _)| *drawer == person);
        let people: Vec<u32> = first.drawings.iter().map(|(person, _)| *person).collect();
        let people: Vec<u32> =
            people.into_iter().filter(|person| signs.iter().all(|sign| drew(*person, sign))).collect();
        if signs.len() < 2 || people.len() <= SHOTS {
            return Ok(None);
        }
        let mut drawings = Vec::with_capacity(signs.len());
        for sign in signs {
            let of = |person: &u32| sign.drawings.iter().find(|(drawer, _)| drawer == person);
            let pictures = people.iter().filter_map(of).map(|(_, movement)| exam_picture(movement));
            drawings.push(pictures.map(|picture| look.forms(net, picture)).collect::<Result<_, _>>()?);
        }
        Ok(Some(Alphabet { signs: signs.iter().map(|sign| sign.name.clone()).collect(), drawings }))
    }

    /// One run: the `teachers` show the `chosen` signs, the drawings of `pupil` are to be named.
    fn ask(&self, chosen: &[usize], teachers: &[usize], pupil: usize, answers: &mut Answers) {
        let mut wrong = 0;
        let shown = |sign: &usize| -> Vec<&SignEmbedding> {
            teachers.iter().flat_map(|person| &self.drawings[*sign][*person]).collect()
        };
        let shown: Vec<Vec<&SignEmbedding>> = chosen.iter().map(shown).collect();
        for (asked, sign) in chosen.iter().enumerate() {
            let forms = &self.drawings[*sign][pupil];
            let best = rank(&forms[0], &shown, || &forms[1..]).first().map_or(asked, |best| best.0);
            wrong += usize::from(best != asked);
            answers.counts[*sign][chosen[best]] += 1;
            for (sign, shown) in shown.iter().enumerate() {
                let v = nearest(&forms[0], shown);
                if sign == asked { &mut answers.same } else { &mut answers.other }.push(v);
            }
        }
        answers.errors.push(100.0 * wrong as f32 / chosen.len() as f32);
    }
}

/// How closely drawings are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As they are: sooner done.
    Passing,
    /// In all their forms, as Neume does.
    Close,
}

impl Look {
    fn forms(self, net: &SignNet, picture: SignInput) -> Result<Vec<SignEmbedding>, Error> {
        let echoes = if self == Look::Close { ECHOES } else { 0 };
        let first = std::iter::once(net.embed(&picture));
        first.chain((0..echoes).map(|number| net.embed(&picture.echo(number)))).collect()
    }
}

/// What came of the runs of one kind.
#[derive(Default)]
struct Answers {
    /// Percent, by run.
    errors: Vec<f32>,
    /// Of the alphabet that is asked for: by true sign, then by the sign that was named.
    counts: Vec<Vec<u32>>,
    /// Similarities to the right sign, and to others.
    same: Vec<f32>,
    other: Vec<f32>,
}

/// Asks for signs: `runs` times for each alphabet of at least two signs that six people drew. Also says which sign of the
/// hardest alphabet was taken for which. There are no figures where there is no such alphabet.
///
/// # Errors
/// [`Error::Network`].
pub fn examine(
    net: &SignNet,
    signs: &[Sign],
    runs: usize,
    look: Look,
) -> Result<(Option<Figures>, Confusion), Error> {
    let mut names: Vec<&str> = signs.iter().map(|sign| sign.alphabet.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut figures = Figures { runs, ..Figures::default() };
    let mut hardest = (-1.0, Confusion::default());
    let (mut one, mut five) = (Answers::default(), Answers::default());
    for (seed, name) in names.into_iter().enumerate() {
        let known: Vec<&Sign> = signs.iter().filter(|sign| sign.alphabet == name).collect();
        let Some(alphabet) = Alphabet::of(net, &known, look)? else { continue };
        let count = alphabet.signs.len();
        one.counts = vec![vec![0; count]; count];
        five.counts = one.counts.clone();
        let rng = &mut rng_of(0x5164, seed as u64);
        let first = one.errors.len();
        for _ in 0..runs {
            let chosen = sample(rng, count, WAYS.min(count)).into_vec();
            let people = sample(rng, alphabet.drawings[0].len(), SHOTS + 1).into_vec();
            alphabet.ask(&chosen, &people[..1], people[SHOTS], &mut one);
            alphabet.ask(&chosen, &people[..SHOTS], people[SHOTS], &mut five);
        }
        let error = mean(&one.errors[first..]);
        if error > hardest.0 {
            let counts = std::mem::take(&mut one.counts);
            hardest = (error, Confusion { alphabet: name.to_string(), signs: alphabet.signs, counts });
        }
        figures.by_alphabet.push((name.to_string(), error));
    }
    (figures.one_shot_error_percent, figures.one_shot_spread_percent) =
        (mean(&one.errors), spread(&one.errors));
    (figures.five_shot_error_percent, figures.five_shot_spread_percent) =
        (mean(&five.errors), spread(&five.errors));
    (figures.even_similarity, figures.even_error_percent) = even(&mut one.same, &mut one.other);
    let is_asked = !figures.by_alphabet.is_empty();
    Ok((is_asked.then_some(figures), hardest.1))
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

fn spread(all: &[f32]) -> f32 {
    mean(&all.iter().map(|v| (v - mean(all)).powi(2)).collect::<Vec<_>>()).sqrt()
}
