//! The networks on other devices than the CPU: numbers in, numbers out, so that a library which knows no tensor can
//! ask for them and another can answer.
//!
//! Metal is built in on macOS. CUDA is `models/cuda`, a library of its own around [`Placed`], because candle links CUDA
//! hard: what holds it does not load where there is none. Nothing here opens a library or chooses.

pub use candle_core::Device;
use candle_core::Tensor;

use crate::ear::{EAR, LAST as OWN};
use crate::features::{MEL_BANDS, MEL_FRAMES, PITCH_BINS, PITCH_CHANNELS};
use crate::sign_net::{SAYS, SIDE};
use crate::sketch_net::{DOUBTS, SketchOutput, WIDTHS};
use crate::sound_net::{Heard, Layers};
use crate::{Embedding, Error, Family, NetworkInput, SignInput, SignNet, SketchNet, SoundNet};

/// Counts the changes of the C interface of `models/cuda`, and of the numbers that go through it. A library of another
/// count is refused.
pub const CUDA_INTERFACE: u32 = 3;

/// One of the three networks, and the numbers that go into it and come out of it for one drawing or sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Network {
    /// Pixels (256, 384, 4) to the tensors of [`SketchOutput`], one after the other as they stand there.
    Sketch = 0,
    /// Pixels (64, 64) to what [`SignNet::views`] says (8, 1024).
    Sign = 1,
    /// Log-mel (64, 128), what the ears say (1,024 and 384) and harmonics (324, channels) to families (12), brightness and
    /// roughness (2), an embedding of any length (64), and the candidate roots with none as the last (325).
    Sound = 2,
}

impl Network {
    /// All of them.
    pub const ALL: [Network; 3] = [Network::Sketch, Network::Sign, Network::Sound];

    /// The network of a number in the C interface.
    pub fn of(number: u32) -> Option<Network> {
        Network::ALL.into_iter().find(|network| *network as u32 == number)
    }

    /// Numbers that go in.
    pub fn input_len(self) -> usize {
        match self {
            Network::Sketch => NetworkInput::ROWS * NetworkInput::COLUMNS * NetworkInput::CHANNELS,
            Network::Sign => SIDE * SIDE,
            Network::Sound => MEL_BANDS * MEL_FRAMES + EAR + OWN + PITCH_BINS * PITCH_CHANNELS,
        }
    }

    /// Numbers that come out.
    pub fn output_len(self) -> usize {
        match self {
            Network::Sketch => SketchOutput::LENS.iter().sum::<usize>() + DOUBTS,
            Network::Sign => SAYS,
            Network::Sound => Heard::LENS.iter().sum(),
        }
    }

    /// The weights that ship with Neume: a safetensors file.
    pub fn weights(self) -> &'static [u8] {
        match self {
            Network::Sketch => SketchNet::EMBEDDED,
            Network::Sign => SignNet::EMBEDDED,
            Network::Sound => SoundNet::EMBEDDED,
        }
    }
}

/// The first GPU that Metal knows.
///
/// # Errors
/// [`Error::Network`] where there is none, and on other systems than macOS.
pub fn metal() -> Result<Device, Error> {
    Ok(Device::new_metal(0)?)
}

/// A network with its weights on a device.
pub struct Placed {
    network: Network,
    layers: PlacedLayers,
}

enum PlacedLayers {
    Sketch(SketchNet),
    Sign(SignNet),
    Sound(Layers),
}

impl Placed {
    /// The network with the weights of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code, or are damaged; [`Error::Network`] with what the device says.
    pub fn new(network: Network, weights: &[u8], device: &Device) -> Result<Placed, Error> {
        let layers = match network {
            Network::Sketch => PlacedLayers::Sketch(SketchNet::on(weights, device)?),
            Network::Sign => PlacedLayers::Sign(SignNet::on(weights, device)?),
            Network::Sound => PlacedLayers::Sound(Layers::on(weights, device)?),
        };
        Ok(Placed { network, layers })
    }

    /// Runs the network once: [`Network::input_len`] numbers to [`Network::output_len`].
    ///
    /// # Errors
    /// [`Error::Network`] for another count of numbers, and with what the device says.
    pub fn forward(&self, input: &[f32]) -> Result<Vec<f32>, Error> {
        if input.len() != self.network.input_len() {
            let (found, wanted) = (input.len(), self.network.input_len());
            return Err(Error::Network(format!("{found} numbers went in, not {wanted}")));
        }
        match &self.layers {
            PlacedLayers::Sketch(net) => net.output(input)?.numbers(),
            PlacedLayers::Sign(net) => net.views(&SignInput { pixels: input.to_vec() }),
            PlacedLayers::Sound(layers) => {
                let (mel, rest) = input.split_at(MEL_BANDS * MEL_FRAMES);
                let (ear, rest) = rest.split_at(EAR);
                let (own, pitch) = rest.split_at(OWN);
                numbers_of(layers.hear(mel, ear, own, pitch)?.tensors())
            }
        }
    }
}

impl SketchOutput {
    /// Numbers in each tensor, for one drawing.
    const LENS: [usize; 6] =
        [NetworkInput::ROWS * NetworkInput::COLUMNS / 4, WIDTHS, Family::COUNT, 5, 9, Embedding::LEN];

    /// The output for one drawing out of the numbers that [`SketchOutput::numbers`] gave, on the CPU.
    ///
    /// # Errors
    /// [`Error::Network`] for another count of numbers.
    pub fn of_numbers(numbers: &[f32]) -> Result<SketchOutput, Error> {
        let (parts, doubts) = parts_of(numbers, SketchOutput::LENS, DOUBTS)?;
        let [ink, widths, hues, others, colour, embedding] = parts;
        let (rows, columns) = (NetworkInput::ROWS / 4, NetworkInput::COLUMNS / 4);
        Ok(SketchOutput {
            ink: ink.reshape((1, rows, columns, 4))?,
            widths,
            hues,
            others,
            colour,
            embedding,
            doubts: std::array::from_fn(|i| doubts[i]),
        })
    }

    /// Every number that the network says of one drawing.
    ///
    /// # Errors
    /// [`Error::Network`] with what the device says.
    pub fn numbers(&self) -> Result<Vec<f32>, Error> {
        let tensors = [&self.ink, &self.widths, &self.hues, &self.others, &self.colour, &self.embedding];
        let mut numbers = numbers_of(tensors)?;
        numbers.extend(self.doubts);
        Ok(numbers)
    }
}

impl Heard {
    /// Numbers in each tensor, for one sound.
    const LENS: [usize; 4] = [Family::COUNT, 2, Embedding::LEN, PITCH_BINS + 1];

    fn tensors(&self) -> [&Tensor; 4] {
        [&self.families, &self.timbre, &self.embedding, &self.roots]
    }

    /// What is said of one sound, out of the numbers of [`Network::Sound`], on the CPU.
    pub(crate) fn of_numbers(numbers: &[f32]) -> Result<Heard, Error> {
        let ([families, timbre, embedding, roots], _) = parts_of(numbers, Heard::LENS, 0)?;
        Ok(Heard { families, timbre, embedding, roots })
    }
}

fn numbers_of<const N: usize>(tensors: [&Tensor; N]) -> Result<Vec<f32>, Error> {
    let mut numbers = Vec::new();
    for tensor in tensors {
        numbers.extend(tensor.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(numbers)
}

/// Numbers cut into tensors (1, len), and the `rest` of them.
fn parts_of<const N: usize>(
    numbers: &[f32],
    lens: [usize; N],
    rest: usize,
) -> Result<([Tensor; N], &[f32]), Error> {
    let wanted = lens.iter().sum::<usize>() + rest;
    if numbers.len() != wanted {
        return Err(Error::Network(format!("{} numbers came out, not {wanted}", numbers.len())));
    }
    if numbers.iter().any(|v| !v.is_finite()) {
        return Err(Error::Network("numbers came out that are not finite".to_string()));
    }
    let mut left = numbers;
    let mut tensors = Vec::with_capacity(N);
    for len in lens {
        let (part, behind) = left.split_at(len);
        tensors.push(Tensor::from_slice(part, (1, len), &Device::Cpu)?);
        left = behind;
    }
    // PANIC: there is one tensor for each length.
    Ok((tensors.try_into().expect("a tensor for each length"), left))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv::as_elsewhere;
    use crate::ear::Ear;
    use crate::raster::network_input;
    use crate::sketch_net::Answers;
    use crate::weights::Weights;
    use crate::{Legend, Point, Rgb, Sketch, Stroke};

    fn drawing() -> Sketch {
        let point = |i: usize| Point {
            x: 0.1 + 0.008 * i as f32,
            y: 0.3 + 0.004 * i as f32 + 0.02 * (i % 7) as f32 / 7.0,
            secs: 0.0,
        };
        let stroke =
            Stroke { points: (0..100).map(point).collect(), rgb: Rgb([160, 30, 60]), width_norm: 0.02 };
        Sketch { strokes: vec![stroke], ..Sketch::default() }
    }

    fn tone() -> Vec<f32> {
        (0..32_000).map(|i| (i as f32 * 0.09).sin() * 0.4 + (i as f32 * 0.27).sin() * 0.1).collect()
    }

    /// A safetensors file of weights that nobody trained.
    fn made_up(network: Network) -> Vec<u8> {
        let mut all = Vec::new();
        let mut take = |name: &str, shape: &[usize]| {
            let seeds = all.len() as f32;
            let fan_in = shape.iter().product::<usize>() / shape[shape.len() - 1];
            let scale = if shape.len() > 1 { (4.0 / fan_in as f32).sqrt() } else { 0.1 };
            let count = shape.iter().product::<usize>();
            let numbers = (0..count).map(|i| scale * (seeds + i as f32 * 12.9898 + 0.1).sin()).collect();
            let tensor = Tensor::from_vec(numbers, shape, &Device::Cpu)?;
            all.push((name.to_string(), tensor.clone()));
            Ok(tensor)
        };
        match network {
            Network::Sketch => SketchNet::new(&mut take).map(drop),
            Network::Sign => SignNet::new(&mut take).map(drop),
            Network::Sound => Layers::new(&mut take).and_then(|_| Ear::new(&mut take)).map(drop),
        }
        .unwrap();
        Weights::new(all).to_bytes().unwrap()
    }

    fn placed(network: Network) -> Placed {
        Placed::new(network, &made_up(network), &Device::Cpu).unwrap()
    }

    fn input_of(network: Network) -> Vec<f32> {
        match network {
            Network::Sketch => network_input(&drawing()).unwrap().pixels,
            _ => (0..network.input_len()).map(|i| ((i * i) as f32 * 0.37).sin().abs()).collect(),
        }
    }

    #[test]
    fn the_operations_of_other_devices_say_what_those_of_the_cpu_say() {
        for network in Network::ALL {
            let placed = placed(network);
            let input = input_of(network);
            let ours = placed.forward(&input).unwrap();
            let theirs = as_elsewhere::run(|| placed.forward(&input)).unwrap();
            assert_eq!((ours.len(), theirs.len()), (network.output_len(), network.output_len()));
            let most = ours.iter().fold(1.0f32, |most, v| most.max(v.abs()));
            let off = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 2e-5 * most, "{network:?}: {off} of {most}");
        }
    }

    #[test]
    fn a_drawing_that_is_read_as_numbers_is_read_alike() {
        let sketch = SketchNet::from_weights(&made_up(Network::Sketch)).unwrap();
        let input = network_input(&drawing()).unwrap();
        let here = sketch.read_input(input.clone(), &Legend::default()).unwrap();
        let output =
            SketchOutput::of_numbers(&placed(Network::Sketch).forward(&input.pixels).unwrap()).unwrap();
        let answers = Answers::of(&output, 0, &input.pixels, input.is_certain).unwrap();
        let there = answers.reading(&Legend::default(), input.is_certain).unwrap();
        assert_eq!(here, there);
    }

    #[test]
    fn a_sound_that_is_heard_as_numbers_is_labelled_alike() {
        let weights = made_up(Network::Sound);
        let here = SoundNet::from_weights(&weights).unwrap();
        let placed = placed(Network::Sound);
        let there = SoundNet::elsewhere(&weights, Box::new(move |input| placed.forward(input))).unwrap();
        assert_eq!(here.label(&tone(), 16_000).unwrap(), there.label(&tone(), 16_000).unwrap());
        assert_eq!(here.weights_id(), there.weights_id());
        let short = SoundNet::elsewhere(&weights, Box::new(|_| Ok(vec![0.0; 3]))).unwrap();
        assert!(short.label(&tone(), 16_000).unwrap_err().to_string().contains("3 numbers came out"));
    }

    #[test]
    fn another_count_of_numbers_is_refused() {
        for network in Network::ALL {
            assert_eq!(Network::of(network as u32), Some(network));
            let placed = placed(network);
            let refused = placed.forward(&[0.0; 7]).unwrap_err().to_string();
            assert!(refused.contains("7 numbers went in"), "{refused}");
        }
        assert_eq!(Network::of(3), None);
        let mut bad = vec![0.0; Network::Sketch.output_len()];
        assert!(SketchOutput::of_numbers(&bad[1..]).is_err());
        bad[9] = f32::NAN;
        assert!(SketchOutput::of_numbers(&bad).unwrap_err().to_string().contains("not finite"));
    }
}
