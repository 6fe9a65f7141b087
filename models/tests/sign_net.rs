//! The network that tells signs apart, with the weights that ship: one example is enough, whatever the pen.

use neume_models::raster::network_input;
use neume_models::sign_net::SIDE;
use neume_models::{Error, Point, Rgb, SignEmbedding, SignInput, SignNet, Sketch, Stroke};

/// Signs that no alphabet has, as paths in a unit square.
fn signs() -> Vec<(&'static str, Vec<Vec<[f32; 2]>>)> {
    let arc = |from: f32, to: f32, r: f32, centre: [f32; 2]| -> Vec<[f32; 2]> {
        (0..=40)
            .map(|i| {
                let angle = (from + (to - from) * i as f32 / 40.0) * std::f32::consts::TAU;
                [centre[0] + r * angle.cos(), centre[1] + r * angle.sin()]
            })
            .collect()
    };
    let spiral = (0..=120)
        .map(|i| {
            let t = i as f32 / 120.0;
            let (r, angle) = (0.5 * t, 3.0 * t * std::f32::consts::TAU);
            [0.5 + r * angle.cos(), 0.5 + r * angle.sin()]
        })
        .collect();
    vec![
        (
            "bell",
            vec![arc(0.0, 0.5, 0.5, [0.5, 0.3]), vec![[0.0, 0.3], [1.0, 0.3]], vec![[0.5, 0.3], [0.5, 0.0]]],
        ),
        ("arrow", vec![vec![[0.0, 0.5], [1.0, 0.5]], vec![[0.7, 0.8], [1.0, 0.5], [0.7, 0.2]]]),
        ("cross", vec![vec![[0.0, 0.0], [1.0, 1.0]], vec![[0.0, 1.0], [1.0, 0.0]]]),
        ("ring", vec![arc(0.0, 1.0, 0.5, [0.5, 0.5])]),
        ("spiral", vec![spiral]),
        ("stairs", vec![vec![[0.0, 0.0], [0.3, 0.0], [0.3, 0.4], [0.7, 0.4], [0.7, 0.8], [1.0, 0.8]]]),
    ]
}

/// A sign at a place of the pad, `size` of its height large, leaning by `shear`.
fn drawn(
    paths: &[Vec<[f32; 2]>],
    at: [f32; 2],
    size: f32,
    shear: f32,
    width_norm: f32,
    rgb: [u8; 3],
) -> Sketch {
    let place = |p: &[f32; 2]| Point {
        x: at[0] + (p[0] + shear * p[1]) * size / 1.5,
        y: at[1] + p[1] * size * (1.0 - 0.15 * shear),
        secs: 0.0,
    };
    let stroke =
        |path: &Vec<[f32; 2]>| Stroke { points: path.iter().map(place).collect(), rgb: Rgb(rgb), width_norm };
    Sketch { strokes: paths.iter().map(stroke).collect(), raster: None }
}

fn embed(net: &SignNet, sketch: &Sketch) -> SignEmbedding {
    net.embed(&SignInput::of(&network_input(sketch).unwrap(), &[]).unwrap()).unwrap()
}

#[test]
fn one_example_is_enough_whatever_place_size_colour_and_pen() {
    let net = SignNet::embedded().unwrap();
    let taught: Vec<SignEmbedding> = signs()
        .iter()
        .map(|(_, paths)| embed(&net, &drawn(paths, [0.1, 0.1], 0.7, 0.0, 0.02, [0; 3])))
        .collect();
    let hands = [
        ([0.5, 0.5], 0.3, 0.1, 0.012, [200, 30, 30]),
        ([0.2, 0.1], 0.5, -0.15, 0.035, [20, 20, 160]),
        ([0.05, 0.3], 0.6, 0.2, 0.006, [0; 3]),
    ];
    for (at, size, shear, width, rgb) in hands {
        for (i, (name, paths)) in signs().iter().enumerate() {
            let asked = embed(&net, &drawn(paths, at, size, shear, width, rgb));
            let likeness: Vec<f32> = taught.iter().map(|example| asked.similarity(example)).collect();
            let best = (0..likeness.len()).max_by(|a, b| likeness[*a].total_cmp(&likeness[*b])).unwrap();
            assert_eq!(best, i, "{name} of size {size} and width {width}: {likeness:?}");
        }
    }
}

#[test]
fn place_size_and_strength_of_the_ink_do_not_change_what_is_seen() {
    let page = |at: [usize; 2], size: usize, strength: f32| {
        let mut ink = vec![0.0; 200 * 300];
        for i in 0..size {
            for k in 0..size / 8 {
                ink[(at[1] + i) * 300 + at[0] + k] = strength;
                ink[(at[1] + k) * 300 + at[0] + i] = strength;
            }
        }
        SignInput::of_ink(&ink, 300).unwrap()
    };
    let [near, far] = [page([10, 20], 96, 1.0), page([150, 60], 96, 0.3)];
    assert_eq!(near.pixels.len(), SIDE * SIDE);
    let off = near.pixels.iter().zip(&far.pixels).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 1e-4, "{off}");
    let small = page([30, 30], 48, 1.0);
    let off = near.pixels.iter().zip(&small.pixels).map(|(a, b)| (a - b).abs()).sum::<f32>();
    assert!(off / (SIDE * SIDE) as f32 <= 0.02, "{off}");
}

#[test]
fn no_ink_is_an_empty_pad() {
    assert_eq!(SignInput::of_ink(&vec![0.0; 300 * 200], 300), Err(Error::EmptyPad));
    assert_eq!(SignInput::of_ink(&vec![f32::NAN; 300 * 200], 300), Err(Error::EmptyPad));
    assert_eq!(SignInput::of_ink(&[], 300), Err(Error::EmptyPad));
    let all = SignInput::of_ink(&vec![1.0; 300 * 200], 300).unwrap();
    assert!(all.pixels.iter().all(|v| (0.0..=1.0).contains(v)));
}

#[test]
fn a_direction_is_kept_in_steps_that_change_hardly_anything() {
    let wave = |phase: f32| -> Vec<f32> { (0..8192).map(|i| (i as f32 * 0.7 + phase).sin()).collect() };
    let [a, b] = [0.0, 1.0].map(|phase| SignEmbedding::from_raw(&wave(phase)));
    assert!((a.similarity(&b) - 1.0f32.cos()).abs() < 1e-3, "{}", a.similarity(&b));
    assert_eq!(a.similarity(&a), 1.0);
    let length: f32 = a.to_vec().iter().map(|v| v * v).sum();
    assert!((length - 1.0).abs() < 1e-5, "{length}");
}

#[test]
fn a_vector_that_says_nothing_becomes_the_first_axis() {
    for raw in [[0.0, 0.0], [f32::NAN, 1.0], [f32::INFINITY, 1.0]] {
        assert_eq!(SignEmbedding::from_raw(&raw).to_vec(), [1.0, 0.0]);
    }
    let known = SignEmbedding::from_raw(&[3.0, 4.0]).to_vec();
    assert!((known[0] - 0.6).abs() < 5e-3 && (known[1] - 0.8).abs() < 5e-3, "{known:?}");
}

/// Of the weights that ship: after another training `cargo test --package neume-models --test sign_net` shows the new numbers.
#[test]
fn the_embedding_of_a_bell_is_that_of_the_weights_that_ship() {
    let net = SignNet::embedded().unwrap();
    let bell = embed(&net, &drawn(&signs()[0].1, [0.1, 0.1], 0.7, 0.0, 0.02, [0; 3])).to_vec();
    let first = &bell[512..518];
    let expected = [-0.009474523, 0.0066260756, -0.005342973, 0.009065965, -0.0028383536, -0.009155576];
    let off = first.iter().zip(expected).map(|(a, b): (&f32, f32)| (a - b).abs()).fold(0.0, f32::max);
    assert!(off < 3e-4, "{first:?}");
}

#[test]
fn however_wide_the_machine_is_drawings_are_as_alike_as_their_numbers_say() {
    for seed in 0..20u32 {
        let steps = |way: u32| -> Vec<i8> {
            (0..SignEmbedding::LEN as u32)
                .map(|i| ((i + 1).wrapping_mul(2_654_435_761 + seed * 77 + way) >> 23) as u8 as i8)
                .collect()
        };
        let [a, b] = [1, 9].map(steps);
        let dot =
            |a: &[i8], b: &[i8]| -> i32 { (0..a.len()).map(|i| i32::from(a[i]) * i32::from(b[i])).sum() };
        let length = |a: &[i8]| (dot(a, a) as f32).sqrt();
        let [one, other] = [&a, &b].map(|steps| SignEmbedding::from_steps(steps).unwrap());
        assert_eq!(one.similarity(&other), dot(&a, &b) as f32 / length(&a) / length(&b), "seed {seed}");
    }
}
