//! The sketch network's school: examples are what they say, and training starts, stops and goes on.
#![cfg(feature = "train")]

use std::ops::ControlFlow;

use neume_models::SketchNet;
use neume_models::sketch_net::height_of_ink;
use neume_models::train::doubt::fitted;
use neume_models::train::drawing::{Drawing, Style};
use neume_models::train::exam::calibration_error;
use neume_models::train::lesson::{Lesson, hsl, to_hsl};
use neume_models::train::rng_of;
use neume_models::train::sketch::{Config, Trained, run};

#[test]
fn an_example_is_the_same_every_time_and_another_for_another_seed() {
    let [a, b, c] = [(3, 10), (3, 10), (4, 10)].map(|(seed, index)| Lesson::new(seed, index, &[]));
    assert_eq!((a.input.clone(), a.truth), (b.input, b.truth));
    assert_ne!(a.input, c.input);
}

#[test]
fn examples_keep_to_their_ranges() {
    let mut families = [0; 13];
    for index in 0..160 {
        let lesson = Lesson::new(5, index, &[]);
        assert!(lesson.input.pixels.iter().all(|v| v.is_finite() && v.abs() <= 1.0));
        assert!(lesson.ink.iter().all(|v| (0.0..=1.0).contains(v)));
        let Some(truth) = lesson.truth else { continue };
        assert!((0.0..=1.0).contains(&truth.y_norm) && truth.width_norm > 0.001 && truth.width_norm < 0.3);
        assert!((0.0..=1.0).contains(&truth.brightness) && (0.0..=1.0).contains(&truth.roughness));
        families[truth.hue.unwrap_or(12)] += 1;
    }
    assert!(families.iter().all(|&count| count > 0), "{families:?}");
}

#[test]
fn drawings_of_every_style_lie_mostly_between_the_edges_of_their_page() {
    let mut styles = std::collections::BTreeMap::new();
    for seed in 0..3000 {
        let span = [[0.25, 1.25], [0.0, 1.5]][seed as usize % 2];
        let drawing = Drawing::random(&mut rng_of(9, seed), span, &[]);
        let points = drawing.paths.concat();
        let is_inside =
            |p: &&[f32; 2]| (span[0] - 0.1..span[1] + 0.1).contains(&p[0]) && (-0.1..1.1).contains(&p[1]);
        let inside = points.iter().filter(is_inside).count() as f32 / points.len() as f32;
        assert!(points.iter().flatten().all(|v| v.is_finite()) && inside > 0.3, "{seed}: {drawing:?}");
        *styles.entry(drawing.style).or_insert(0) += 1;
    }
    assert!(styles.len() == 16 && styles.values().all(|&count| count > 20), "{styles:?}");
}

#[test]
fn corners_make_a_drawing_rough_and_curves_do_not() {
    let drawing = |path: Vec<[f32; 2]>| {
        Drawing { paths: vec![path], is_filled: false, style: Style::Line, person: None }.roughness()
    };
    let line = drawing(vec![[0.1, 0.5], [1.4, 0.6]]);
    let circle = drawing(
        (0..=60)
            .map(|i| {
                let a = i as f32 / 60.0 * std::f32::consts::TAU;
                [0.7 + 0.2 * a.cos(), 0.5 + 0.2 * a.sin()]
            })
            .collect(),
    );
    let square = drawing(vec![[0.5, 0.5], [0.8, 0.5], [0.8, 0.8], [0.5, 0.8], [0.5, 0.5]]);
    let saw = drawing((0..20).map(|i| [0.1 + 0.05 * i as f32, if i % 2 == 0 { 0.5 } else { 0.6 }]).collect());
    assert!(line < 0.02 && circle < 0.02, "{line} {circle}");
    assert!((0.3..0.6).contains(&square) && saw > 0.8, "{square} {saw}");
}

#[test]
fn the_height_of_ink_is_its_median_which_lies_on_a_stroke() {
    for (rows, expected) in [
        (vec![0.0, 0.0, 0.0, 5.0], 0.125),
        (vec![1.0, 1.0, 1.0, 1.0], 0.5),
        // Of two strokes that weigh alike, the end of the upper one.
        (vec![3.0, 0.0, 0.0, 3.0], 1.0 - 0.99 / 4.0),
        (vec![3.0, 0.0, 0.0, 9.0], 1.0 - (3.0 + 3.0 / 9.0) / 4.0),
        (vec![1.0, 0.0, 0.0, 9.0], 1.0 - (3.0 + 4.0 / 9.0) / 4.0),
        (vec![0.0; 4], 0.5),
    ] {
        let found = height_of_ink(&rows);
        assert!((found - expected).abs() < 1e-3, "{rows:?}: {found}, not {expected}");
    }
}

#[test]
fn colours_come_back_from_hue_and_lightness() {
    for (degrees, saturation, lightness) in
        [(0.0, 0.7, 0.5), (30.0, 1.0, 0.3), (200.0, 0.6, 0.8), (345.0, 0.9, 0.5)]
    {
        let (d, _, l) = to_hsl(hsl(degrees, saturation, lightness).map(|v| v / 255.0));
        assert!((d - degrees).abs() < 0.5 && (l - lightness).abs() < 0.01, "{d} {l}");
    }
}

#[test]
fn calibration_compares_confidence_with_being_right() {
    let sure_and_right = vec![(0.95, true); 19].into_iter().chain([(0.95, false)]).collect::<Vec<_>>();
    assert!(calibration_error(&sure_and_right) < 1e-3);
    assert!((calibration_error(&[(0.9, false), (0.9, true)]) - 0.4).abs() < 1e-3);
}

#[test]
fn confidence_that_boasts_is_fitted_to_how_often_it_is_right() {
    // Sure nineteen times of twenty, right three times of four; and modest answers that are right as often as they say.
    let boasts = (0..400).map(|i| (0.95, i % 4 > 0));
    let modest = (0..400).map(|i| (0.5, i % 2 > 0));
    let [slope, shift] = fitted(&boasts.chain(modest).collect::<Vec<_>>());
    let set_right = |confidence: f32| {
        let odds = slope.exp() * (confidence / (1.0 - confidence)).ln() + shift;
        1.0 / (1.0 + (-odds).exp())
    };
    assert!((set_right(0.95) - 0.75).abs() < 0.02, "{}", set_right(0.95));
    assert!((set_right(0.5) - 0.5).abs() < 0.02, "{}", set_right(0.5));
    let [slope, shift] = fitted(&[]);
    assert!(slope.abs() < 1e-3 && shift.abs() < 1e-3, "nothing to learn from: {slope} {shift}");
}

fn lessons(steps: usize, resume: Option<Vec<u8>>, stop_at: usize) -> (Trained, Option<Vec<u8>>) {
    let config = Config { steps, pairs: 2, look_every: 1, exam: 2, resume, ..Config::default() };
    let mut kept = None;
    let trained = run(&config, &mut |progress| {
        kept = progress.checkpoint.as_ref().map(|bytes| bytes.to_vec());
        if progress.step == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (trained.unwrap(), kept)
}

#[test]
fn training_that_was_interrupted_goes_on_to_the_same_weights() {
    let (whole, _) = lessons(2, None, 9);
    assert_eq!(whole.history.len(), 2);
    SketchNet::from_weights(&whole.weights).unwrap();
    let (half, checkpoint) = lessons(2, None, 1);
    assert_ne!(half.weights, whole.weights);
    let (resumed, _) = lessons(2, checkpoint, 9);
    assert!(resumed.weights == whole.weights, "the weights differ");
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    for bytes in [vec![], b"no checkpoint".to_vec(), include_bytes!("../weights/sketch.safetensors").to_vec()]
    {
        let config = Config { steps: 1, pairs: 2, resume: Some(bytes), ..Config::default() };
        assert!(run(&config, &mut |_| ControlFlow::Continue(())).is_err());
    }
}
