//! The sign network's examination, that of Omniglot's standard runs: one person shows the signs of an alphabet, another
//! person's drawings of them are to be named.

use std::collections::BTreeSet;

use rand::Rng;
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
    /// The same with the examples of five people, or of all who show signs where they are fewer.
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

/// What is asked for.
pub struct Exam {
    /// The signs.
    pub signs: Vec<Sign>,
    /// Whose drawings are to be named; the other people show the signs then. Without, everybody does both by turns.
    pub pupils: Option<BTreeSet<u32>>,
}

impl Exam {
    /// All who drew these signs show them and are asked by turns.
    pub fn by_turns(signs: Vec<Sign>) -> Exam {
        Exam { signs, pupils: None }
    }

    /// Whether there is an alphabet that can be asked for.
    pub fn can_be_held(&self) -> bool {
        self.alphabets().iter().any(|signs| !self.people(signs).is_empty())
    }

    /// The signs by alphabet, in the order of its name.
    fn alphabets(&self) -> Vec<Vec<&Sign>> {
        let names: BTreeSet<&str> = self.signs.iter().map(|sign| sign.alphabet.as_str()).collect();
        let of = |name| self.signs.iter().filter(|sign| sign.alphabet == name).collect();
        names.into_iter().map(of).collect()
    }

    /// Who drew all of an alphabet; nobody where it has fewer than two signs, or too few drew them: by turns six are needed,
    /// else one who is asked and one who shows.
    fn people(&self, signs: &[&Sign]) -> Vec<u32> {
        let drew = |person: u32, sign: &Sign| sign.drawings.iter().any(|(drawer, _)| *drawer == person);
        let first: &[_] = if signs.len() < 2 { &[] } else { &signs[0].drawings };
        let mut people: Vec<u32> = Vec::new();
        for (person, _) in first {
            if !people.contains(person) && signs.iter().all(|sign| drew(*person, sign)) {
                people.push(*person);
            }
        }
        let asked = people.iter().filter(|person| self.asks(**person)).count();
        let are_enough = match self.pupils {
            None => people.len() > SHOTS,
            Some(_) => (1..people.len()).contains(&asked),
        };
        if are_enough { people } else { Vec::new() }
    }

    fn asks(&self, person: u32) -> bool {
        self.pupils.as_ref().is_none_or(|pupils| pupils.contains(&person))
    }
}

/// The drawings of an alphabet that everybody drew: by sign, then by person, each in its forms and itself the first.
struct Alphabet {
    signs: Vec<String>,
    drawings: Vec<Vec<Vec<SignEmbedding>>>,
    /// Who of these people shows the signs, and who is asked; nobody where all do both by turns.
    sides: Option<[Vec<usize>; 2]>,
}

impl Alphabet {
    /// Nothing if too few signs or people are left.
    fn of(net: &SignNet, exam: &Exam, signs: &[&Sign], look: Look) -> Result<Option<Alphabet>, Error> {
        let people = exam.people(signs);
        if people.is_empty() {
            return Ok(None);
        }
        let mut drawings = Vec::with_capacity(signs.len());
        for sign in signs {
            let of = |person: &u32| sign.drawings.iter().find(|(drawer, _)| drawer == person);
            let pictures = people.iter().filter_map(of).map(|(_, movement)| exam_picture(movement));
            drawings.push(pictures.map(|picture| look.forms(net, picture)).collect::<Result<_, _>>()?);
        }
        let (asked, shows): (Vec<usize>, Vec<usize>) =
            (0..people.len()).partition(|person| exam.asks(people[*person]));
        let sides = exam.pupils.is_some().then_some([shows, asked]);
        Ok(Some(Alphabet { signs: signs.iter().map(|sign| sign.name.clone()).collect(), drawings, sides }))
    }

    /// Up to [`SHOTS`] people who show signs, and one who is asked for them.
    fn people(&self, rng: &mut impl Rng) -> (Vec<usize>, usize) {
        match &self.sides {
            None => {
                let mut people = sample(rng, self.drawings[0].len(), SHOTS + 1).into_vec();
                let pupil = people[SHOTS];
                people.truncate(SHOTS);
                (people, pupil)
            }
            Some([shows, asked]) => {
                let teachers = sample(rng, shows.len(), SHOTS.min(shows.len()));
                (teachers.into_iter().map(|i| shows[i]).collect(), asked[rng.random_range(0..asked.len())])
            }
        }
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

/// Asks for signs: `runs` times for each alphabet of which enough was drawn. Also says which sign of the hardest alphabet was
/// taken for which. There are no figures where there is no such alphabet.
///
/// # Errors
/// [`Error::Network`].
pub fn examine(
    net: &SignNet,
    exam: &Exam,
    runs: usize,
    look: Look,
) -> Result<(Option<Figures>, Confusion), Error> {
    let mut figures = Figures { runs, ..Figures::default() };
    let mut hardest = (-1.0, Confusion::default());
    let (mut one, mut five) = (Answers::default(), Answers::default());
    for (seed, signs) in exam.alphabets().into_iter().enumerate() {
        let Some(alphabet) = Alphabet::of(net, exam, &signs, look)? else { continue };
        let name = &signs[0].alphabet;
        let count = alphabet.signs.len();
        one.counts = vec![vec![0; count]; count];
        five.counts = one.counts.clone();
        let rng = &mut rng_of(0x5164, seed as u64);
        let first = one.errors.len();
        for _ in 0..runs {
            let chosen = sample(rng, count, WAYS.min(count)).into_vec();
            let (teachers, pupil) = alphabet.people(rng);
            alphabet.ask(&chosen, &teachers[..1], pupil, &mut one);
            alphabet.ask(&chosen, &teachers, pupil, &mut five);
        }
        let error = mean(&one.errors[first..]);
        if error > hardest.0 {
            let counts = std::mem::take(&mut one.counts);
            hardest = (error, Confusion { alphabet: name.clone(), signs: alphabet.signs, counts });
        }
        figures.by_alphabet.push((name.clone(), error));
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
