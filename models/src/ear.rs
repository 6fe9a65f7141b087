//! An ear: a network that others taught to name what is heard in videos, and whose inner numbers tell what kind of thing
//! sounds.
//!
//! MobileNetV3 at 0.4 of its width, without its last layers (Howard et al., 2019; Schmid, Koutini and Widmer, Efficient
//! Large-Scale Audio Tagging via Transformer-to-CNN Knowledge Distillation, 2023):
//!
//! ```text
//! excerpt at 32 kHz -> log-mel (128, 205, 1)                                     front.rs
//!   -> first, 3x3, step 2 -> (64, 103, 8)                                        here
//!   -> inverted residuals 0; 1 and 2; 3 to 5; 6 to 9; 10 and 11; 12 to 14
//!      -> (64, 103, 8); (32, 52, 16); (16, 26, 16); (8, 13, 32); (8, 13, 48); (4, 7, 64)
//!   -> last, 1x1 -> (4, 7, 384)
//! mean and maximum of the last layer, and of the 6th, 12th and 15th residual -> 1,024 numbers
//! ```
//! The sound network has two: one as it was taught on AudioSet and published ([`Ear::PUBLISHED`]; where those weights come
//! from and what they may be used for says `weights/ear.json`, and `examples/ear_weights.rs` makes them from the published
//! file), and one of its own, which began so and then learned to tell families of instruments (`train/ear.rs`). They err on
//! different sounds. One thread, plain numbers, no gradients; nothing here opens a file.
//!
//! `tests/golden/ear.txt` has reference numbers of every stage of the published one, which `stages.rs` compares and makes
//! anew; `tests/ear.rs` compares it with PyTorch's.

pub(crate) mod front;

use std::fmt::Display;

use self::front::{BANDS, MOMENTS};
use crate::Error;
use crate::conv::add_product;
use crate::stages::show;
use crate::weights::{Take, Weights, embedded};

/// How the names of its weights begin.
pub(crate) const NAME: &str = "ear.";
/// Numbers that the ear says of an excerpt.
pub const EAR: usize = 2 * (LAST + 16 + 48 + 64);
/// Channels of the last layer, whose means are the first numbers that the ear says.
pub(crate) const LAST: usize = 384;
/// Channels of the first layer.
pub(crate) const FIRST: usize = 8;
/// Residuals, by their place, whose pooled output is said too.
pub(crate) const SAID: [usize; 3] = [5, 11, 14];

/// What is between an expansion and the next projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bend {
    Relu,
    /// x max(0, min(6, x + 3)) / 6
    HardSwish,
}

/// One inverted residual.
pub(crate) struct Plan {
    /// Rows and columns of its window.
    pub kernel: usize,
    /// Channels between its expansion and its projection.
    pub wide: usize,
    /// Channels that it gives.
    pub out: usize,
    /// Channels of its squeeze and excitation, 0 where it has none.
    pub squeezed: usize,
    pub bend: Bend,
    pub stride: usize,
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

/// The layers of an ear, whatever a layer is made of.
pub(crate) struct Anatomy<L> {
    pub first: L,
    pub residuals: Vec<Residual<L>>,
    pub last: L,
}

/// The layers of an inverted residual.
pub(crate) struct Residual<L> {
    pub plan: &'static Plan,
    pub expand: Option<L>,
    pub depthwise: L,
    /// Squeeze and excitation.
    pub gates: Option<[L; 2]>,
    pub project: L,
}

impl<L> Anatomy<L> {
    /// Asks for every layer by its name and its numbers of inputs and outputs; what goes in where a channel is by itself is its
    /// window.
    pub fn new(mut layer: impl FnMut(&str, [usize; 2]) -> Result<L, Error>) -> Result<Anatomy<L>, Error> {
        let mut layer = |name: &str, shape: [usize; 2]| layer(&format!("{NAME}{name}"), shape);
        let first = layer("first", [9, FIRST])?;
        let mut residuals = Vec::with_capacity(PLANS.len());
        let mut inputs = FIRST;
        for (i, plan) in PLANS.iter().enumerate() {
            let of = |part: &str| format!("residual.{i}.{part}");
            let &Plan { kernel, wide, out, squeezed, .. } = plan;
            let expand = if wide == inputs { None } else { Some(layer(&of("expand"), [inputs, wide])?) };
            let depthwise = layer(&of("depthwise"), [kernel * kernel, wide])?;
            let gates = match squeezed {
                0 => None,
                _ => {
                    Some([layer(&of("squeeze"), [wide, squeezed])?, layer(&of("excite"), [squeezed, wide])?])
                }
            };
            let project = layer(&of("project"), [wide, out])?;
            residuals.push(Residual { plan, expand, depthwise, gates, project });
            inputs = out;
        }
        Ok(Anatomy { first, residuals, last: layer("last", [inputs, LAST])? })
    }
}

/// The ear, ready to listen. Share it between threads; each call stays on its own.
pub struct Ear(Anatomy<Layer>);

/// (inputs, outputs), or (rows * columns of the window, channels), and a bias for each output.
pub(crate) struct Layer {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

/// Rows (bands) by columns (moments) by channels.
struct Map {
    rows: usize,
    columns: usize,
    numbers: Vec<f32>,
}

impl Map {
    fn show(&self, name: impl Display) {
        show(
            name,
            &[self.rows, self.columns, self.numbers.len() / (self.rows * self.columns)],
            &self.numbers,
        );
    }
}

impl Ear {
    /// The weights that others taught, a safetensors file.
    pub const PUBLISHED: &[u8] = embedded!("../weights/ear.safetensors");

    /// The ear with the weights of a safetensors file, [`Ear::PUBLISHED`] or that of a sound network, which holds its own ear.
    ///
    /// # Errors
    /// [`Error::Weights`] names what is missing, of another shape, or damaged.
    pub fn from_weights(file: &[u8]) -> Result<Ear, Error> {
        let weights = Weights::from_bytes(file)?;
        Ear::new(&mut |name, shape| weights.take(name, shape))
    }

    /// Asks for every weight by its name and shape.
    pub(crate) fn new(take: Take<'_>) -> Result<Ear, Error> {
        Anatomy::new(|name, shape| Layer::new(take, name, shape)).map(Ear)
    }

    /// What is heard in a log-mel of 128 x 205 ([`crate::features::Features::seen`]): [`EAR`] numbers.
    pub fn hear(&self, seen: &[f32]) -> Vec<f32> {
        assert_eq!(seen.len(), BANDS * MOMENTS, "the ear sees {BANDS} x {MOMENTS} numbers");
        let Anatomy { first, residuals, last } = &self.0;
        let mut map = begin(seen, first);
        map.show("first");
        let mut said = Vec::new();
        for (i, residual) in residuals.iter().enumerate() {
            map = residual.pass(map);
            map.show(format_args!("residual.{i}"));
            if SAID.contains(&i) {
                pool(&map, residual.plan.out, &mut said);
            }
        }
        map.numbers = last.mix(&map.numbers);
        map.numbers.iter_mut().for_each(|v| *v = Bend::HardSwish.of(*v));
        map.show("last");
        let mut all = Vec::with_capacity(EAR);
        pool(&map, LAST, &mut all);
        all.extend(said);
        all
    }
}

impl Residual<Layer> {
    fn pass(&self, map: Map) -> Map {
        let Plan { kernel, wide, out, bend, stride, .. } = *self.plan;
        let inputs = map.numbers.len() / (map.rows * map.columns);
        let expanded = self.expand.as_ref().map(|expand| {
            let mut numbers = expand.mix(&map.numbers);
            numbers.iter_mut().for_each(|v| *v = bend.of(*v));
            numbers
        });
        let seen = expanded.as_ref().unwrap_or(&map.numbers);
        let size = [map.rows, map.columns, wide];
        let [rows, columns] = halved(size, stride);
        let mut numbers = self.depthwise.bias.repeat(rows * columns);
        slide(size, seen, &self.depthwise.weight, [kernel, stride], &mut numbers);
        let mut inner = Map { rows, columns, numbers };
        inner.numbers.iter_mut().for_each(|v| *v = bend.of(*v));
        if let Some([squeeze, excite]) = &self.gates {
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
    pub(crate) fn of(self, v: f32) -> f32 {
        match self {
            Bend::Relu => v.max(0.0),
            Bend::HardSwish => v * (v + 3.0).clamp(0.0, 6.0) * (1.0 / 6.0),
        }
    }
}

impl Layer {
    fn new(take: Take<'_>, name: &str, [inputs, outputs]: [usize; 2]) -> Result<Layer, Error> {
        let mut numbers = |kind: &str, shape: &[usize]| -> Result<Vec<f32>, Error> {
            Ok(take(&format!("{name}.{kind}"), shape)?.flatten_all()?.to_vec1()?)
        };
        Ok(Layer { weight: numbers("weight", &[inputs, outputs])?, bias: numbers("bias", &[outputs])? })
    }

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
fn begin(seen: &[f32], layer: &Layer) -> Map {
    let [rows, columns] = halved([BANDS, MOMENTS, 1], 2);
    let mut numbers = Vec::with_capacity(rows * columns * FIRST);
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let mut sums = [0.0f32; FIRST];
        sums.copy_from_slice(&layer.bias);
        for (window, weights) in layer.weight.chunks_exact(FIRST).enumerate() {
            let (y, x) = (2 * row + window / 3, 2 * column + window % 3);
            if (1..=BANDS).contains(&y) && (1..=MOMENTS).contains(&x) {
                let seen = seen[(y - 1) * MOMENTS + x - 1];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight * seen);
            }
        }
        numbers.extend(sums.map(|v| Bend::HardSwish.of(v)));
    }
    Map { rows, columns, numbers }
}

/// Rows and columns that a window with its centre on every so many pixels leaves.
pub(crate) fn halved([rows, columns, _]: [usize; 3], stride: usize) -> [usize; 2] {
    [rows.div_ceil(stride), columns.div_ceil(stride)]
}

/// Adds to `to` a convolution of each channel by itself: of `from` (rows, columns, channels) with `weight` (kernel x kernel,
/// channels), the window's centre on every so many pixels.
pub(crate) fn slide(
    size @ [_, _, channels]: [usize; 3],
    from: &[f32],
    weight: &[f32],
    [kernel, stride]: [usize; 2],
    to: &mut [f32],
) {
    for_each_tap(size, [kernel, stride], |at_to, at_from, at_weight| {
        let seen = &from[at_from..][..channels];
        let weights = &weight[at_weight..][..channels];
        to[at_to..][..channels]
            .iter_mut()
            .zip(seen.iter().zip(weights))
            .for_each(|(to, (v, w))| *to += v * w);
    });
}

/// Calls `tap` for every pixel of the output and every place of its window inside the picture: where the channels of the
/// output's pixel, of the input's and of the weights begin.
pub(crate) fn for_each_tap(
    size @ [rows_in, columns_in, channels]: [usize; 3],
    [kernel, stride]: [usize; 2],
    mut tap: impl FnMut(usize, usize, usize),
) {
    let reach = kernel / 2;
    let [rows, columns] = halved(size, stride);
    for (row, ky) in (0..rows).flat_map(|row| (0..kernel).map(move |ky| (row, ky))) {
        let Some(y) = (row * stride + ky).checked_sub(reach).filter(|&y| y < rows_in) else { continue };
        for (column, kx) in (0..columns).flat_map(|column| (0..kernel).map(move |kx| (column, kx))) {
            let Some(x) = (column * stride + kx).checked_sub(reach).filter(|&x| x < columns_in) else {
                continue;
            };
            let [to, from] = [row * columns + column, y * columns_in + x].map(|pixel| pixel * channels);
            tap(to, from, (ky * kernel + kx) * channels);
        }
    }
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
