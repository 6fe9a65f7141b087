//! The sound network's school, on a few sounds made here.
#![cfg(feature = "train")]

use std::ops::ControlFlow;

use neume_models::ear::Ear;
use neume_models::features::midi_hz;
use neume_models::train::labels::Label;
use neume_models::train::rng_of;
use neume_models::train::sound::{Config, Trained, run};
use neume_models::train::sound_augment::{Augmenter, LabelledSound};
use neume_models::train::sound_deck::{Deck, Fold, split};
use neume_models::weights::Weights;
use neume_models::{Error, Family, SketchNet, SoundNet};
use rand::Rng;

const RATE_HZ: u32 = 22_050;

fn sound(family: Family, instrument: &str, root_midi: Option<f32>) -> LabelledSound {
    let mut rng = rng_of(7, root_midi.unwrap_or(0.0) as u64);
    let frame = |i: usize| {
        let time = i as f32 / RATE_HZ as f32;
        let phase = |n: f32| std::f32::consts::TAU * ((midi_hz(root_midi.unwrap_or(0.0)) * n * time) % 1.0);
        match root_midi {
            Some(_) => (1..8).map(|n| phase(n as f32).sin() / n as f32).sum::<f32>() * 0.2 * (-time).exp(),
            None => rng.random_range(-0.5..0.5) * (-8.0 * time).exp(),
        }
    };
    let mono: Vec<f32> = (0..40_000).map(frame).collect();
    LabelledSound::new(Label { family, instrument: instrument.to_string(), root_midi }, &mono, RATE_HZ)
        .unwrap()
}

fn sounds() -> Vec<LabelledSound> {
    let mut all = Vec::new();
    for root in [45.0, 57.0, 69.0] {
        all.push(sound(Family::String, "fiddle", Some(root)));
        all.push(sound(Family::String, "viol", Some(root + 1.0)));
        all.push(sound(Family::Percussion, "snare", None));
        all.push(sound(Family::Percussion, "gm-kit", None));
    }
    all
}

fn config(steps: usize) -> Config {
    Config { steps, batch: 8, fold: None, look_every: 3, ..Config::default() }
}

fn train(config: &Config) -> Trained {
    run(config, &sounds(), &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_few_steps_lower_the_loss_and_give_weights_that_fit() {
    let trained = train(&config(12));
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    let losses: Vec<f32> = trained.history.iter().map(|progress| progress.loss).collect();
    assert!(mean(&losses[9..]) < 0.9 * mean(&losses[..3]), "{losses:?}");
    assert!(SoundNet::from_weights(&trained.weights).is_ok());
    assert_eq!(trained.card.steps, 12);
    assert_eq!(trained.card.metrics.sounds, 12);
}

#[test]
fn an_ear_that_is_taught_learns_and_any_other_stays_as_it_was() {
    let weights = |file: &[u8]| Weights::from_bytes(file).unwrap();
    let change_of_ear = |now: &[u8], before: &[u8]| -> f32 {
        let before = weights(before);
        let all = weights(now);
        let of_ear = all.iter().filter(|(name, _)| name.starts_with("ear."));
        let changes = of_ear.map(|(name, now)| {
            let off = (now - before.take(name, now.dims()).unwrap()).unwrap();
            off.abs().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()
        });
        changes.sum()
    };
    let first = train(&config(3)).weights;
    assert_eq!(change_of_ear(&first, Ear::PUBLISHED), 0.0);
    let second = train(&Config { start: Some(first.clone()), teaches_ear: true, rate: 1e-3, ..config(3) });
    assert!(change_of_ear(&second.weights, &first) > 0.0);
    assert_eq!(second.before.unwrap(), train(&config(3)).card.metrics, "judged as what it started from");
    let third = train(&Config { start: Some(second.weights.clone()), ..config(3) });
    assert_eq!(change_of_ear(&third.weights, &second.weights), 0.0);
}

#[test]
fn no_steps_examine_what_is_there_and_several_beginnings_are_one_in_their_mean() {
    let [a, b] = [3, 4].map(|steps| train(&config(steps)));
    let examined = train(&Config { start: Some(a.weights.clone()), ..config(0) });
    assert!(examined.weights == a.weights, "nothing was learned");
    assert_eq!(examined.card.metrics, a.card.metrics);
    assert_eq!((examined.card.steps, examined.history.len()), (0, 0));
    let both = [&a, &b].map(|trained| Weights::from_bytes(&trained.weights).unwrap());
    let mean = Weights::mean(&both).unwrap();
    for (name, tensor) in mean.iter() {
        let [a, b] = both.each_ref().map(|weights| weights.take(name, tensor.dims()).unwrap());
        let off = ((a + b).unwrap() - (tensor * 2.0).unwrap()).unwrap().abs().unwrap().flatten_all().unwrap();
        assert!(off.max(0).unwrap().to_scalar::<f32>().unwrap() < 1e-5, "{name}");
    }
    assert!(SoundNet::from_weights(&mean.to_bytes().unwrap()).is_ok());
    let other = Weights::from_bytes(SketchNet::EMBEDDED).unwrap();
    for none in [Vec::new(), vec![both[0].clone(), other]] {
        assert!(matches!(Weights::mean(&none), Err(Error::Weights(_))));
    }
}

#[test]
fn a_run_taken_up_again_ends_where_an_unbroken_one_does() {
    let unbroken = train(&config(6));
    let mut checkpoint = None;
    run(&config(6), &sounds(), &mut |progress| {
        checkpoint = progress.checkpoint.clone();
        if progress.step == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    let resumed = train(&Config { resume: checkpoint.map(|bytes| bytes.to_vec()), ..config(6) });
    assert!(unbroken.weights == resumed.weights, "the weights differ");
}

#[test]
fn data_that_teaches_nothing_is_refused() {
    let one_family = [sound(Family::Flute, "flute", Some(72.0))];
    for (config, sounds) in [(config(3), &one_family[..]), (config(3), &[]), (config(0), &sounds()[..])] {
        let refused = run(&config, sounds, &mut |_| ControlFlow::Continue(())).err();
        assert!(matches!(refused, Some(Error::TrainingData(_))), "{refused:?}");
    }
}

#[test]
fn whole_instruments_are_left_out_and_rendered_ones_never() {
    let sounds = sounds();
    let mut left = Vec::new();
    for left_out in 0..2 {
        let (learned, out) = split(&sounds, Some(Fold { left_out, of: 2 }));
        assert_eq!(learned.len() + out.len(), sounds.len());
        for sound in &out {
            assert!(learned.iter().all(|known| known.label.instrument != sound.label.instrument));
        }
        left.extend(out.iter().map(|sound| sound.label.instrument.clone()));
    }
    left.sort();
    left.dedup();
    assert_eq!(left, ["fiddle", "viol"]);
}

#[test]
fn instruments_of_one_origin_are_left_out_together() {
    let mut sounds = sounds();
    sounds.push(sound(Family::String, "cello@attic", Some(45.0)));
    sounds.push(sound(Family::String, "viola@attic", Some(57.0)));
    sounds.push(sound(Family::Flute, "flute@attic", Some(72.0)));
    sounds.push(sound(Family::Flute, "pipe", Some(72.0)));
    for left_out in 0..3 {
        let (_, out) = split(&sounds, Some(Fold { left_out, of: 3 }));
        let of_attic = out.iter().filter(|sound| sound.label.origin() == "attic").count();
        assert_eq!(
            of_attic,
            if left_out == 0 { 3 } else { 0 },
            "the largest is of the first part: {left_out}"
        );
    }
}

#[test]
fn families_are_drawn_evenly_however_many_sounds_they_have() {
    let mut sounds = sounds();
    sounds.extend((0..30).map(|i| sound(Family::String, "viol", Some(50.0 + i as f32))));
    let deck = Deck::new(&sounds.iter().collect::<Vec<_>>()).unwrap();
    let mut rng = rng_of(3, 3);
    let strings = (0..400).filter(|_| deck.draw(&mut rng).sound.label.family == Family::String).count();
    assert!((150..250).contains(&strings), "{strings} of 400");
}

#[test]
fn a_transposed_sound_is_heard_at_its_new_root() {
    let net = SoundNet::embedded().unwrap();
    let mut rng = rng_of(5, 5);
    let augmenter = Augmenter::new(&mut rng);
    let sound = sound(Family::String, "fiddle", Some(57.0));
    let mut roots = Vec::new();
    for index in 0..12 {
        let example = augmenter.example(&sound, true, &mut rng_of(5, index));
        roots.push((
            example.root_midi.unwrap(),
            net.label_features(&example.features, -20.0).unwrap().root_midi,
        ));
    }
    let right =
        roots.iter().filter(|(said, heard)| heard.is_some_and(|heard| (heard - said).abs() < 0.5)).count();
    assert!(right >= 10, "{roots:?}");
    assert!(roots.iter().any(|(said, _)| (said - 57.0).abs() > 1.0), "nothing was transposed");
}
