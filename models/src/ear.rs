//! A trained ear: a network that others taught to name what is heard in videos, kept as it is, whose inner numbers tell
//! the sound network what kind of thing sounds.
//!
//! MobileNetV3 at 0.4 of its width, without its last layers (Howard et al., 2019; Schmid, Koutini and Widmer, Efficient
//! Large-Scale Audio Tagging via Transformer-to-CNN Knowledge Distillation, 2023), as taught on AudioSet:
//!
//! ```text
//! excerpt at 32 kHz -> log-mel (128, 205, 1)                                     front.rs
//! convolution, 15 inverted residuals, 1x1 convolution -> (4, 7, 384)             here
//! mean and maximum of the last layer, and of the 6th, 12th and 15th residual -> 1,024 numbers
//! ```
//! Where the weights come from and what they may be used for says `weights/ear.json`; `examples/ear_weights.rs` makes them
//! from the published file. One thread, plain numbers, no gradients; nothing here opens a file.

mod front;

use std::sync::OnceLock;

use self::front::{BANDS, Front, MOMENTS};
use crate::Error;
use crate::conv::add_product;
use crate::weights::Weights;

/// Numbers that the ear says of an excerpt.
pub const EAR: usize = 2 * (LAST + 16 + 48 + 64);
/// Channels of the last layer.
const LAST: usize = 384;
/// Channels of the first layer.
const FIRST: usize = 8;
/// Residuals, by their place, whose pooled output is said too.
const SAID: [usize; 3] = [5, 11, 14];

/// What is between an expansion and the next projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bend {
    Relu,
    /// x max(0, min(6, x + 3)) / 6
    HardSwish,
}

/// One inverted residual.
struct Plan {
    kernel: usize,
    wide: usize,
    out: usize,
    /// Channels of its squeeze and excitation, 0 where it has none.
    squeezed: usize,
    bend: Bend,
    stride: usize,
}

const fn plan(kernel: usize, wide: usize, out: usize, squeezed: usize, bend: Bend, stride: usize) -> Plan {
    Plan { kernel, wide, out, squeezed, bend, stride }
}

/// The inverted residuals. One that is as wide as its input has no expansion; one that keeps size and channels adds its
/// input.
const PLANS: [Plan; 15] = [
    plan(3, 8, 8, 0, Bend::Relu, 1),
    plan(3, 24, 16, 0, Bend::Relu, 2),
    plan(3, 32, 16, 0, Bend::Relu, 1),
    plan(5, 32, 16, 8, Bend::Relu, 2),
    plan(5, 48, 16, 16, Bend::Relu, 1),
    plan(5, 48, 16, 16, Bend::Relu, 1),
    plan(3, 96, 32, 0, Bend::HardSwish, 2),
    plan(3, 80, 32, 0, Bend::HardSwish, 1),
    plan(3, 72, 32, 0, Bend::HardSwish, 1),
    plan(3, 72, 32, 0, Bend::HardSwish, 1),
    plan(3, 192, 48, 48, Bend::HardSwish, 1),
    plan(3, 272, 48, 72, Bend::HardSwish, 1),
    plan(5, 272, 64, 72, Bend::HardSwish, 2),
    plan(5, 384, 64, 96, Bend::HardSwish, 1),
    plan(5, 384, 64, 96, Bend::HardSwish, 1),
];

/// The ear, ready to listen. Share it between threads; each call stays on its own.
pub struct Ear {
    front: Front,
    first: Layer,
    residuals: Vec<Residual>,
    last: Layer,
}

/// (inputs, outputs), or (rows * columns of the window, channels), and a bias for each output.
struct Layer {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

struct Residual {
    plan: &'static Plan,
    expand: Option<Layer>,
    depthwise: Layer,
    excite: Option<[Layer; 2]>,
    project: Layer,
}

/// Rows (bands) by columns (moments) by channels.
struct Map {
    rows: usize,
    columns: usize,
    numbers: Vec<f32>,
}

impl Ear {
    /// The weights that ship with Neume, a safetensors file.
    pub const EMBEDDED: &[u8] = include_bytes!("../weights/ear.safetensors");

    /// The ear with the weights that ship with the program, one in a process.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit this code.
    pub fn embedded() -> Result<&'static Ear, Error> {
        static EAR: OnceLock<Result<Ear, String>> = OnceLock::new();
        let made = EAR.get_or_init(|| Ear::from_weights(Ear::EMBEDDED).map_err(|e| e.to_string()));
        made.as_ref().map_err(|cause| Error::Weights(cause.clone()))
    }

    /// The ear with the weights of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Weights`] names what is missing, of another shape, or damaged.
    pub fn from_weights(file: &[u8]) -> Result<Ear, Error> {
        let weights = Weights::from_bytes(file)?;
        let layer = |name: &str, inputs: usize, outputs: usize| {
            let numbers = |name: String, shape: &[usize]| -> Result<Vec<f32>, Error> {
                Ok(weights.take(&name, shape)?.flatten_all()?.to_vec1()?)
            };
            let weight = numbers(format!("{name}.weight"), &[inputs, outputs])?;
            Ok::<Layer, Error>(Layer { weight, bias: numbers(format!("{name}.bias"), &[outputs])? })
        };
        let mut residuals = Vec::with_capacity(PLANS.len());
        let mut inputs = FIRST;
        for (i, plan) in PLANS.iter().enumerate() {
            let of = |part: &str| format!("residual.{i}.{part}");
            let &Plan { kernel, wide, out, squeezed, .. } = plan;
            residuals.push(Residual {
                plan,
                expand: match wide == inputs {
                    true => None,
                    false => Some(layer(&of("expand"), inputs, wide)?),
                },
                depthwise: layer(&of("depthwise"), kernel * kernel, wide)?,
                excite: match squeezed {
                    0 => None,
                    _ => {
                        Some([layer(&of("squeeze"), wide, squeezed)?, layer(&of("excite"), squeezed, wide)?])
                    }
                },
                project: layer(&of("project"), wide, out)?,
            });
            inputs = out;
        }
        Ok(Ear {
            front: Front::new(),
            first: layer("first", 9, FIRST)?,
            residuals,
            last: layer("last", inputs, LAST)?,
        })
    }

    /// What is heard in an excerpt of [`crate::excerpt::FRAMES`] frames: [`EAR`] numbers. The level plays no part.
    pub fn hear(&self, excerpt: &[f32]) -> Vec<f32> {
        let picture = Map { rows: BANDS, columns: MOMENTS, numbers: self.front.log_mel(excerpt) };
        let mut map = begin(&picture, &self.first);
        let mut said = Vec::new();
        for (i, residual) in self.residuals.iter().enumerate() {
            map = residual.pass(map);
            if SAID.contains(&i) {
                pool(&map, residual.plan.out, &mut said);
            }
        }
        map.numbers = self.last.mix(&map.numbers);
        map.numbers.iter_mut().for_each(|v| *v = Bend::HardSwish.of(*v));
        let mut all = Vec::with_capacity(EAR);
        pool(&map, LAST, &mut all);
        all.extend(said);
        all
    }
}

impl Residual {
    fn pass(&self, map: Map) -> Map {
        let Plan { kernel, wide, out, bend, stride, .. } = *self.plan;
        let inputs = map.numbers.len() / (map.rows * map.columns);
        let expanded = self.expand.as_ref().map(|expand| {
            let mut numbers = expand.mix(&map.numbers);
            numbers.iter_mut().for_each(|v| *v = bend.of(*v));
            numbers
        });
        let seen = expanded.as_ref().unwrap_or(&map.numbers);
        let mut inner = slide([map.rows, map.columns, wide], seen, &self.depthwise, kernel, stride);
        inner.numbers.iter_mut().for_each(|v| *v = bend.of(*v));
        if let Some([squeeze, excite]) = &self.excite {
            let mut mean = Vec::with_capacity(wide);
            means(&inner, wide, &mut mean);
            let mut squeezed = squeeze.mix(&mean);
            squeezed.iter_mut().for_each(|v| *v = v.max(0.0));
            let gates: Vec<f32> = excite.mix(&squeezed).iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect();
            let pixels = inner.numbers.chunks_exact_mut(wide);
            pixels.for_each(|pixel| pixel.iter_mut().zip(&gates).for_each(|(v, gate)| *v *= gate));
        }
        inner.numbers = self.project.mix(&inner.numbers);
        if stride == 1 && inputs == out {
            inner.numbers.iter_mut().zip(&map.numbers).for_each(|(sum, v)| *sum += v);
        }
        inner
    }
}

impl Bend {
    #[inline]
    fn of(self, v: f32) -> f32 {
        match self {
            Bend::Relu => v.max(0.0),
            Bend::HardSwish => v * (v + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0),
        }
    }
}

impl Layer {
    /// Pixels of so many inputs to pixels of so many outputs.
    fn mix(&self, pixels: &[f32]) -> Vec<f32> {
        let outputs = self.bias.len();
        let inputs = self.weight.len() / outputs;
        let count = pixels.len() / inputs;
        let mut mixed = self.bias.repeat(count);
        add_product(&mut mixed, [count, inputs, outputs], pixels, [inputs, 1], &self.weight, [outputs, 1]);
        mixed
    }
}

/// The first convolution: 3 x 3 over the picture, every second pixel, and its bend.
fn begin(picture: &Map, layer: &Layer) -> Map {
    let [rows, columns] = [picture.rows, picture.columns].map(|len| len.div_ceil(2));
    let mut numbers = Vec::with_capacity(rows * columns * FIRST);
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let mut sums = [0.0f32; FIRST];
        sums.copy_from_slice(&layer.bias);
        for (window, weights) in layer.weight.chunks_exact(FIRST).enumerate() {
            let (y, x) = (2 * row + window / 3, 2 * column + window % 3);
            if (1..=picture.rows).contains(&y) && (1..=picture.columns).contains(&x) {
                let seen = picture.numbers[(y - 1) * picture.columns + x - 1];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * seen);
            }
        }
        numbers.extend(sums.map(|v| Bend::HardSwish.of(v)));
    }
    Map { rows, columns, numbers }
}

/// A convolution of each channel by itself.
fn slide(
    [rows_in, columns_in, channels]: [usize; 3],
    numbers_in: &[f32],
    layer: &Layer,
    kernel: usize,
    stride: usize,
) -> Map {
    let reach = kernel / 2;
    let [rows, columns] = [rows_in, columns_in].map(|len| len.div_ceil(stride));
    let mut numbers = layer.bias.repeat(rows * columns);
    for (row, line) in numbers.chunks_exact_mut(columns * channels).enumerate() {
        for ky in 0..kernel {
            let Some(y) = (row * stride + ky).checked_sub(reach).filter(|&y| y < rows_in) else { continue };
            let from = &numbers_in[y * columns_in * channels..][..columns_in * channels];
            for (column, pixel) in line.chunks_exact_mut(channels).enumerate() {
                for kx in 0..kernel {
                    let Some(x) = (column * stride + kx).checked_sub(reach).filter(|&x| x < columns_in)
                    else {
                        continue;
                    };
                    let weights = &layer.weight[(ky * kernel + kx) * channels..][..channels];
                    let seen = &from[x * channels..][..channels];
                    pixel.iter_mut().zip(seen.iter().zip(weights)).for_each(|(sum, (v, w))| *sum += v * w);
                }
            }
        }
    }
    Map { rows, columns, numbers }
}

/// Adds the mean of every channel to what is said.
fn means(map: &Map, channels: usize, said: &mut Vec<f32>) {
    let first = said.len();
    said.resize(first + channels, 0.0);
    let sums = &mut said[first..];
    for pixel in map.numbers.chunks_exact(channels) {
        sums.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
    }
    let share = 1.0 / (map.rows * map.columns) as f32;
    sums.iter_mut().for_each(|sum| *sum *= share);
}

/// Adds the mean and the maximum of every channel to what is said.
fn pool(map: &Map, channels: usize, said: &mut Vec<f32>) {
    means(map, channels, said);
    let first = said.len();
    said.resize(first + channels, f32::NEG_INFINITY);
    for pixel in map.numbers.chunks_exact(channels) {
        said[first..].iter_mut().zip(pixel).for_each(|(most, v)| *most = most.max(*v));
    }
}
