//! What each stage of a network says, held against reference numbers: a line for each stage in `tests/golden`, with its shape,
//! the mean of its numbers regardless of their signs, and three of them. Outside of tests nothing is kept or looked at.
//!
//! After a training that replaces weights, or a change of a network that is meant, this makes the numbers anew:
//!
//! ```sh
//! NEUME_GOLDEN=1 cargo test --workspace --lib stages
//! ```

#[cfg(not(test))]
use std::fmt::Display;

#[cfg(not(test))]
use candle_core::Tensor;

#[cfg(test)]
pub(crate) use tests::{show, stage};

/// Gives what a stage of this name says on unchanged.
#[cfg(not(test))]
pub(crate) fn stage(_name: impl Display, says: Tensor) -> Tensor {
    says
}

/// The same of numbers.
#[cfg(not(test))]
pub(crate) fn show(_name: impl Display, _shape: &[usize], _says: &[f32]) {}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::fmt::Display;
    use std::path::Path;

    use candle_core::{Device, Tensor};

    use crate::ear::{EAR, Ear, LAST};
    use crate::excerpt::{FRAMES, RATE_HZ};
    use crate::features::{FeatureMaker, Features};
    use crate::raster::network_input;
    use crate::sign_net::SIDE;
    use crate::sound_net::Layers;
    use crate::{NetworkInput, Point, Rgb, SignInput, SignNet, Sketch, SketchNet, SoundNet, Stroke};

    thread_local! {
        /// The stages of the networks that run on this thread, while a test asks for them.
        static SEEN: RefCell<Option<Vec<Seen>>> = const { RefCell::new(None) };
    }

    /// One stage.
    struct Seen {
        name: String,
        shape: String,
        /// The mean regardless of signs, and what stands at [`PLACES`].
        numbers: [f32; 4],
    }

    /// Which numbers of a stage are kept, as parts of their count: places that fall on no edge of a picture.
    const PLACES: [f64; 3] = [0.236_068, 0.618_034, 0.854_102];

    /// How far numbers may be off, as a part of the stage's mean and of the number: sums are taken in another order on other
    /// processors.
    const TOLERANCE: f32 = 5e-3;

    pub(crate) fn stage(name: impl Display, says: Tensor) -> Tensor {
        if SEEN.with_borrow(Option::is_some) {
            show(name, says.dims(), &says.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        }
        says
    }

    pub(crate) fn show(name: impl Display, shape: &[usize], says: &[f32]) {
        let mean = says.iter().map(|v| v.abs()).sum::<f32>() / says.len() as f32;
        let [a, b, c] = PLACES.map(|place| says[(place * says.len() as f64) as usize]);
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        let seen = Seen { name: name.to_string(), shape: shape.join("x"), numbers: [mean, a, b, c] };
        SEEN.with_borrow_mut(|all| all.as_mut().map(|all| all.push(seen)));
    }

    /// Holds the stages through which `run` goes against those of the file of this name, or writes that file.
    fn check(name: &str, run: impl FnOnce()) {
        SEEN.set(Some(Vec::new()));
        run();
        let seen = SEEN.take().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.txt"));
        if std::env::var_os("NEUME_GOLDEN").is_some() {
            std::fs::write(&file, written(&seen)).unwrap();
        }
        let stored =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut lines = stored.lines().filter(|line| !line.starts_with('#'));
        for Seen { name, shape, numbers } in &seen {
            let words: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
            assert_eq!(words.get(..2), Some(&[name.as_str(), shape.as_str()][..]), "the next stage");
            let expected: Vec<f32> = words[2..].iter().map(|word| word.parse().unwrap()).collect();
            assert_eq!(expected.len(), numbers.len(), "{name}");
            for (found, expected) in numbers.iter().zip(&expected) {
                let off = (found - expected).abs();
                assert!(
                    off <= TOLERANCE * (numbers[0] + expected.abs()),
                    "{name} says {numbers:?}. If that is meant, run this test with NEUME_GOLDEN=1: {stored}"
                );
            }
        }
        assert_eq!(lines.next(), None, "a stage is missing");
    }

    fn written(seen: &[Seen]) -> String {
        let mut text = String::from(
            "# NEUME_GOLDEN=1 cargo test --workspace --lib stages\n\
             # stage, shape, mean of the numbers regardless of their signs, three of them: see src/stages.rs\n",
        );
        for Seen { name, shape, numbers } in seen {
            let numbers = numbers.map(|v| format!(" {v:>11.6}")).concat();
            text += &format!("{name:<16} {shape:<14}{numbers}\n");
        }
        text
    }

    /// A spiral over the whole pad, in violet.
    fn spiral() -> Sketch {
        let point = |i: usize| {
            let t = i as f32 / 200.0;
            let (sin, cos) = (5.0 * std::f32::consts::TAU * t).sin_cos();
            Point { x: 0.5 + 0.48 * t * cos, y: 0.5 + 0.48 * t * sin, secs: 0.0 }
        };
        let stroke =
            Stroke { points: (0..=200).map(point).collect(), rgb: Rgb([115, 37, 193]), width_norm: 0.03 };
        Sketch { strokes: vec![stroke], raster: None }
    }

    /// Eight harmonics of 220 Hz that die away, as they are seen.
    fn plucked() -> Features {
        let at = |i: usize| {
            let secs = i as f64 / f64::from(RATE_HZ);
            let wave = |n: u32| (std::f64::consts::TAU * 220.0 * f64::from(n) * secs).sin() / f64::from(n);
            0.3 * (-1.2 * secs).exp() * (1.0 - (-40.0 * secs).exp()) * (1..9).map(wave).sum::<f64>()
        };
        FeatureMaker::new().features(&(0..FRAMES).map(|i| at(i) as f32).collect::<Vec<_>>())
    }

    #[test]
    fn every_stage_of_the_sketch_network_says_its_reference_numbers() {
        let input = network_input(&spiral()).unwrap();
        let shape = (1, NetworkInput::ROWS, NetworkInput::COLUMNS, NetworkInput::CHANNELS);
        let x = Tensor::from_slice(&input.pixels, shape, &Device::Cpu).unwrap();
        let net = SketchNet::embedded().unwrap();
        check("sketch", || drop(net.forward(&x).unwrap()));
    }

    #[test]
    fn every_stage_of_the_sign_network_says_its_reference_numbers() {
        let input = SignInput::of(&network_input(&spiral()).unwrap(), &[]).unwrap();
        assert_eq!(input.pixels.len(), SIDE * SIDE);
        let net = SignNet::embedded().unwrap();
        check("sign", || drop(net.views(&input).unwrap()));
    }

    #[test]
    fn every_stage_of_the_ear_says_its_reference_numbers() {
        let seen = plucked().seen;
        let ear = Ear::from_weights(Ear::PUBLISHED).unwrap();
        check("ear", || {
            let heard = ear.hear(&seen);
            show("heard", &[EAR], &heard);
        });
    }

    #[test]
    fn every_stage_of_the_sound_network_says_its_reference_numbers() {
        let features = plucked();
        let [published, own] =
            [Ear::PUBLISHED, SoundNet::EMBEDDED].map(|file| Ear::from_weights(file).unwrap());
        let (published, own) = (published.hear(&features.seen), own.hear(&features.seen));
        let layers = Layers::on(SoundNet::EMBEDDED, &Device::Cpu).unwrap();
        check("sound", || {
            show("own_ear", &[LAST], &own[..LAST]);
            drop(layers.hear(&features.mel, &published, &own[..LAST], &features.pitch).unwrap());
        });
    }
}
