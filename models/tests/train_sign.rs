//! The sign network's school: it learns, stops, goes on, and leaves out whole alphabets.
#![cfg(feature = "train")]

use std::ops::ControlFlow;

use neume_models::train::sign::{Config, Fold, Sign, Trained, run};
use neume_models::{Error, SignInput, SignNet};

/// Alphabets of three signs each, which twelve people draw: rays from the origin, as many as the sign's number says.
fn signs(alphabets: &[&str]) -> Vec<Sign> {
    let ray = |angle: f32| vec![[0.0, 0.0], [angle.cos(), angle.sin()]];
    let mut signs = Vec::new();
    for (k, alphabet) in alphabets.iter().enumerate() {
        for rays in 1..=3 {
            let drawings = (1..=12)
                .map(|person| {
                    let movement = (0..rays)
                        .map(|i| ray(2.0 * i as f32 + 0.4 * k as f32 + 0.02 * person as f32))
                        .collect();
                    (person, movement)
                })
                .collect();
            signs.push(Sign { alphabet: alphabet.to_string(), name: format!("{rays} rays"), drawings });
        }
    }
    signs
}

fn train(config: &Config, signs: &[Sign], stop_at: usize) -> (Trained, Option<Vec<u8>>) {
    let mut kept = None;
    let trained = run(config, signs, &mut |progress| {
        kept = progress.checkpoint.as_ref().map(|bytes| bytes.to_vec());
        if progress.step == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (trained.unwrap(), kept)
}

#[test]
fn training_that_was_interrupted_goes_on_to_the_same_weights() {
    let signs = signs(&["A", "B"]);
    let config = Config { steps: 2, look_every: 1, ..Config::default() };
    let (whole, _) = train(&config, &signs, 9);
    SignNet::from_weights(&whole.weights).unwrap();
    let (half, checkpoint) = train(&config, &signs, 1);
    assert_ne!(half.weights, whole.weights);
    let (resumed, _) = train(&Config { resume: checkpoint, ..config }, &signs, 9);
    assert!(resumed.weights == whole.weights, "the weights differ");
}

#[test]
fn whole_alphabets_are_left_out_and_asked_for() {
    let signs = signs(&["A", "B", "C"]);
    let fold = Fold::fitting(1, 3, &signs);
    assert_eq!(fold, Some(Fold::Alphabets { left_out: 1, of: 3 }));
    let (trained, _) = train(&Config { steps: 1, fold, ..Config::default() }, &signs, 9);
    let figures = trained.card.metrics.unwrap();
    let asked: Vec<&str> = figures.by_alphabet.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(asked, ["B"]);
    assert_eq!(trained.confusion.signs, ["1 rays", "2 rays", "3 rays"]);
    assert!(trained.history[0].held_out.is_some());
}

#[test]
fn of_one_alphabet_people_are_left_out_and_asked_for_what_others_show() {
    let of = |people: usize| {
        let mut signs = signs(&["mine"]);
        signs.iter_mut().for_each(|sign| sign.drawings.truncate(people));
        signs
    };
    let fold = Fold::fitting(0, 4, &of(4));
    assert_eq!(fold, Some(Fold::People { left_out: 0, of: 4 }));
    let (trained, _) = train(&Config { steps: 4, look_every: 1, fold, ..Config::default() }, &of(4), 9);
    let figures = trained.card.metrics.unwrap();
    assert_eq!(figures.by_alphabet.len(), 1);
    assert!(trained.history[3].held_out.is_some());
    // Who is asked does not teach: other drawings of theirs change no weight.
    let mut others = of(4);
    others.iter_mut().for_each(|sign| sign.drawings[3].1 = vec![vec![[0.0, 0.0], [3.0, 7.0]]]);
    let (same, _) = train(&Config { steps: 4, look_every: 1, fold, ..Config::default() }, &others, 9);
    assert!(same.weights == trained.weights, "the weights differ");
    assert_ne!(same.card.metrics.unwrap(), figures);
    for (people, part) in [(3, 0), (4, 5), (2, 0)] {
        assert_eq!(Fold::fitting(part, 4, &of(people)), None, "{people} people, part {part}");
    }
    let uneven =
        [of(4), signs(&["yours"]).into_iter().map(|sign| Sign { drawings: Vec::new(), ..sign }).collect()];
    assert_eq!(Fold::fitting(0, 4, &uneven.concat()), Some(Fold::People { left_out: 0, of: 4 }));
}

#[test]
fn a_network_goes_on_from_what_it_knows() {
    let signs = signs(&["A", "B"]);
    let fold = Some(Fold::Alphabets { left_out: 1, of: 2 });
    let start = Some(SignNet::EMBEDDED.to_vec());
    let config = Config { steps: 3, fold, start, rate: 2e-4, ..Config::default() };
    let (trained, _) = train(&config, &signs, 9);
    let known = SignNet::embedded().unwrap();
    let wave = |i: usize| f32::from(u8::from((28..36).contains(&(i / 64)) || (i % 64) / 8 == 3));
    let picture = SignInput { pixels: (0..64 * 64).map(wave).collect() };
    let place = |net: &SignNet| net.embed(&picture).unwrap();
    let alike = |weights: &[u8]| place(&SignNet::from_weights(weights).unwrap()).similarity(&place(&known));
    assert!(alike(&trained.weights) > 0.9, "{}", alike(&trained.weights));
    assert_ne!(trained.weights, SignNet::EMBEDDED, "something was learned");
    let (fresh, _) = train(&Config { start: None, ..config.clone() }, &signs, 9);
    assert!(alike(&fresh.weights) < 0.5 && fresh.before.is_none(), "{}", alike(&fresh.weights));
    let (examined, _) = train(&Config { steps: 0, ..config }, &signs, 9);
    assert!(examined.before.is_some() && examined.card.metrics == examined.before);
    assert_eq!(trained.before, examined.before);
}

#[test]
fn where_nobody_drew_enough_there_are_no_figures() {
    let mut few = signs(&["A"]);
    few.iter_mut().for_each(|sign| sign.drawings.truncate(3));
    let (trained, _) = train(&Config { steps: 1, ..Config::default() }, &few, 9);
    assert_eq!((trained.card.metrics, trained.before), (None, None));
}

#[test]
fn what_teaches_nothing_is_refused() {
    let mut one = signs(&["A"]);
    one.truncate(1);
    for signs in [one, Vec::new()] {
        let refused = run(&Config::default(), &signs, &mut |_| ControlFlow::Continue(()));
        assert!(matches!(refused, Err(Error::TrainingData(_))));
    }
}
