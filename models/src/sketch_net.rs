//! The network that reads a drawing.
//!
//! ```text
//! pixels (256, 384, 4), of which the first says how strong the ink is
//!   -> patch, 4x4, step 4                       -> (64, 96, 24)
//!   -> half, 3x3, step 2                        -> (32, 48, 40)
//!   -> quarter, 3x3, step 2, and again, step 1  -> (16, 24, 64)
//!   -> eighth, likewise                         -> (8, 12, 96)
//!   -> sixteenth, likewise                      -> (4, 6, 112)
//! sixteenth, eighth and quarter, each 1x1, enlarged and added up -> wide (16, 24, 24)
//! half, again 3x3, and wide, 1x1 and enlarged -> half_again (32, 48, 40)
//! wide, half_again and patch, each 1x1, enlarged and added up -> all (64, 96, 24), 1x1 -> ink (64, 96, 4)
//! ink, what a ruler says of it: its colour (9), its measures (5), and how much there is (1)
//! these, and means under the ink: evidence (48), quarter (64), eighth (96) -> pooled (223)
//! pooled -> hidden (64) -> answers (35): widths (32), roughness, the pitch's error, whether there is ink
//! colour -> tint (48) -> tints (14): hues (12), openness, brightness
//! eighth -> sign, 3x3, step 2 -> (4, 6, 40) -> embedding (64)
//! ```
//! Convolutions look at the pad more and more widely, at the three coarsest sizes twice; at half size the pad is looked at
//! again when what lies far around is known. The features, brought back to the finest size and
//! added up, tell ink from printed lines, shadows and paper at every fourth of a pixel row's width. The ink is
//! averaged over the width only: what remains is its distribution over 256 heights, and so the pitch. Where there is
//! ink, the pixels say how much (`ink.rs`), so that a line weighs alike wherever the network is less sure of it. Everything
//! else is asked of the features under the ink, and of what a ruler measures of it. `tests/golden/sketch.txt` has reference
//! numbers of every stage, which `stages.rs` compares and makes anew.

mod pass;
mod under_ink;
mod views;

use candle_core::{Device, Tensor};

use self::pass::Pass;
use self::under_ink::UnderInk;
use crate::contour::{Columns, contour};
use crate::conv::{ConvConfig, conv2d, is_fused, linear, with_numbers};
use crate::fuse::{add_enlarged, mean_of_mix_under, mean_under};
use crate::ink::{MEASURES, coverage, coverage_in_any_light, coverage_of_patches, measures};
use crate::raster::network_input;
use crate::stages::stage;
use crate::weights::{Take, Weights, embedded};
use crate::{Embedding, Error, Families, Legend, Loudness, NetworkInput, Pitch, Reading, Sketch, Timbre};

const ROWS: usize = NetworkInput::ROWS / PATCH;
const COLUMNS: usize = NetworkInput::COLUMNS / PATCH;
/// Side of the patch of pixels that the first convolution sees.
const PATCH: usize = 4;
const FINE: usize = 24;
const HALF: usize = 40;
const QUARTER: usize = 64;
const EIGHTH: usize = 96;
const SIXTEENTH: usize = 112;
const EVIDENCE: usize = 48;
/// One drawing: the shape of what the network sees.
const PAD: (usize, usize, usize, usize) =
    (1, NetworkInput::ROWS, NetworkInput::COLUMNS, NetworkInput::CHANNELS);
const POOLED: usize = EVIDENCE + QUARTER + EIGHTH + 1 + COLOUR + MEASURES;
const HIDDEN: usize = 64;

/// Classes of stroke width, evenly spaced on a logarithmic scale.
pub const WIDTHS: usize = 32;
const WIDTH_NORM: [f32; 2] = [0.0018, 0.11];
/// Numbers that the last layer says: widths, roughness, the pitch's error, whether there is ink.
const ANSWERS: usize = WIDTHS + 3;
/// Numbers that describe the colour under the ink.
const COLOUR: usize = 9;
const TINT: usize = 48;
/// Numbers that are said of the colour alone: hues, openness, brightness.
const TINTS: usize = Families::EVEN.0.len() + 2;

/// Numbers that set confidences right after training: see [`SketchOutput::doubts`].
pub const DOUBTS: usize = 6;

/// Weights and bias of one layer.
#[derive(Debug, Clone)]
struct Layer {
    weight: Tensor,
    bias: Tensor,
}

impl Layer {
    fn new(take: Take, name: &str, shape: &[usize]) -> Result<Layer, Error> {
        let weight = take(&format!("{name}.weight"), shape)?;
        let bias = take(&format!("{name}.bias"), &shape[shape.len() - 1..])?;
        Ok(Layer { weight, bias })
    }

    fn convolve(&self, x: &Tensor, config: &ConvConfig) -> Result<Tensor, Error> {
        Ok(conv2d(x, &self.weight, &self.bias, config)?)
    }

    /// A convolution with a window of one pixel.
    fn mix(&self, x: &Tensor, relu: bool) -> Result<Tensor, Error> {
        self.convolve(x, &ConvConfig { stride: [1, 1], padding: [0, 0], relu })
    }

    fn product(&self, x: &Tensor, relu: bool) -> Result<Tensor, Error> {
        Ok(linear(x, &self.weight, &self.bias, relu)?)
    }
}

/// The sketch network.
#[derive(Debug, Clone)]
pub struct SketchNet {
    patch: Layer,
    half: Layer,
    quarter: Layer,
    quarter_again: Layer,
    eighth: Layer,
    eighth_again: Layer,
    sixteenth: Layer,
    sixteenth_again: Layer,
    around: Layer,
    half_again: Layer,
    from_sixteenth: Layer,
    from_eighth: Layer,
    from_quarter: Layer,
    from_half: Layer,
    from_patch: Layer,
    ink: Layer,
    evidence: Layer,
    hidden: Layer,
    answers: Layer,
    tint: Layer,
    tints: Layer,
    sign: Layer,
    embedding: Layer,
    doubts: [f32; DOUBTS],
}

/// What the network says of `n` drawings, before it is put in words.
#[derive(Debug, Clone)]
pub struct SketchOutput {
    /// Logits of ink (n, 64, 96, 4): of the four pixel rows of each patch of 4 x 4 pixels.
    pub ink: Tensor,
    /// Logits over the classes of stroke width (n, [`WIDTHS`]).
    pub widths: Tensor,
    /// Logits over the twelve hues (n, 12), for ink that has one.
    pub hues: Tensor,
    /// Logits (n, 5): the ink is open, brightness, roughness, logarithm of the pitch's error, there is ink.
    pub others: Tensor,
    /// The colour of the ink (n, 9) as the network took it from under the ink that it found.
    pub colour: Tensor,
    /// Embeddings (n, 64), of no particular length.
    pub embedding: Tensor,
    /// By aspect (pitch, loudness, timbre) the logarithm of the slope and the shift by which the log-odds of its confidence
    /// are multiplied and moved, so that confidences are as often right as they say (Platt, 1999); fitted after training.
    pub doubts: [f32; DOUBTS],
}

impl SketchNet {
    /// The network with the weights that ship with Neume.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code.
    pub fn embedded() -> Result<SketchNet, Error> {
        SketchNet::from_weights(SketchNet::EMBEDDED)
    }

    /// The weights that ship with Neume, a safetensors file.
    pub const EMBEDDED: &[u8] = embedded!("../weights/sketch.safetensors");

    /// The network with the weights of a safetensors file.
    ///
    /// # Errors
    /// [`Error::Weights`] if they do not fit the code, or are damaged.
    pub fn from_weights(bytes: &[u8]) -> Result<SketchNet, Error> {
        SketchNet::on(bytes, &Device::Cpu)
    }

    /// The network with the weights of a safetensors file, on a device.
    ///
    /// # Errors
    /// Those of [`SketchNet::from_weights`], and [`Error::Network`] with what the device says.
    pub fn on(bytes: &[u8], device: &Device) -> Result<SketchNet, Error> {
        let weights = Weights::from_bytes(bytes)?.to_device(device)?;
        SketchNet::new(&mut |name, shape| weights.take(name, shape))
    }

    /// The network with tensors from `take`.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn new(take: Take) -> Result<SketchNet, Error> {
        let doubts = take("doubts", &[DOUBTS])?.to_vec1::<f32>()?;
        Ok(SketchNet {
            doubts: std::array::from_fn(|i| doubts[i]),
            patch: Layer::new(take, "patch", &[PATCH, PATCH, NetworkInput::CHANNELS, FINE])?,
            half: Layer::new(take, "half", &[3, 3, FINE, HALF])?,
            quarter: Layer::new(take, "quarter", &[3, 3, HALF, QUARTER])?,
            quarter_again: Layer::new(take, "quarter_again", &[3, 3, QUARTER, QUARTER])?,
            eighth: Layer::new(take, "eighth", &[3, 3, QUARTER, EIGHTH])?,
            eighth_again: Layer::new(take, "eighth_again", &[3, 3, EIGHTH, EIGHTH])?,
            sixteenth: Layer::new(take, "sixteenth", &[3, 3, EIGHTH, SIXTEENTH])?,
            sixteenth_again: Layer::new(take, "sixteenth_again", &[3, 3, SIXTEENTH, SIXTEENTH])?,
            around: Layer::new(take, "around", &[1, 1, FINE, HALF])?,
            half_again: Layer::new(take, "half_again", &[3, 3, HALF, HALF])?,
            from_sixteenth: Layer::new(take, "from_sixteenth", &[1, 1, SIXTEENTH, FINE])?,
            from_eighth: Layer::new(take, "from_eighth", &[1, 1, EIGHTH, FINE])?,
            from_quarter: Layer::new(take, "from_quarter", &[1, 1, QUARTER, FINE])?,
            from_half: Layer::new(take, "from_half", &[1, 1, HALF, FINE])?,
            from_patch: Layer::new(take, "from_patch", &[1, 1, FINE, FINE])?,
            ink: Layer::new(take, "ink", &[1, 1, FINE, PATCH])?,
            evidence: Layer::new(take, "evidence", &[FINE, EVIDENCE])?,
            hidden: Layer::new(take, "hidden", &[POOLED, HIDDEN])?,
            answers: Layer::new(take, "answers", &[HIDDEN, ANSWERS])?,
            tint: Layer::new(take, "tint", &[COLOUR, TINT])?,
            tints: Layer::new(take, "tints", &[TINT, TINTS])?,
            sign: Layer::new(take, "sign", &[3, 3, EIGHTH, HALF])?,
            embedding: Layer::new(take, "embedding", &[4 * 6 * HALF, Embedding::LEN])?,
        })
    }

    /// Runs the network over `x` (n, 256, 384, 4), made of [`NetworkInput`]s.
    ///
    /// # Errors
    /// [`Error::Network`] for another shape.
    pub fn forward(&self, x: &Tensor) -> Result<SketchOutput, Error> {
        let patches = ConvConfig { stride: [PATCH; 2], padding: [0, 0], relu: true };
        let fine = stage("patch", self.patch.convolve(x, &patches)?); // (n, 64, 96, 24)
        let half = stage("half", self.half.convolve(&fine, &ConvConfig::HALVE)?); // (n, 32, 48, 40)
        let quarter = self.quarter.convolve(&half, &ConvConfig::HALVE)?; // (n, 16, 24, 64)
        let quarter = stage("quarter", self.quarter_again.convolve(&quarter, &ConvConfig::KEEP)?);
        let eighth = self.eighth.convolve(&quarter, &ConvConfig::HALVE)?; // (n, 8, 12, 96)
        let eighth = stage("eighth", self.eighth_again.convolve(&eighth, &ConvConfig::KEEP)?);
        let sixteenth = self.sixteenth.convolve(&eighth, &ConvConfig::HALVE)?; // (n, 4, 6, 112)
        let sixteenth = stage("sixteenth", self.sixteenth_again.convolve(&sixteenth, &ConvConfig::KEEP)?);

        let wide = self.from_sixteenth.mix(&sixteenth, false)?; // (n, 4, 6, 24)
        let wide = add_enlarged(&self.from_eighth.mix(&eighth, false)?, &wide, false)?; // (n, 8, 12, 24)
        let wide = add_enlarged(&self.from_quarter.mix(&quarter, false)?, &wide, false)?; // (n, 16, 24, 24)
        let again = ConvConfig { relu: false, ..ConvConfig::KEEP };
        let half = self.half_again.convolve(&half, &again)?; // (n, 32, 48, 40)
        let half = stage("half_again", add_enlarged(&half, &self.around.mix(&wide, false)?, true)?);
        let wide = add_enlarged(&self.from_half.mix(&half, false)?, &wide, false)?; // (n, 32, 48, 24)
        let all = stage("all", add_enlarged(&self.from_patch.mix(&fine, false)?, &wide, true)?); // (n, 64, 96, 24)
        let ink = stage("ink", self.ink.mix(&all, false)?); // (n, 64, 96, 4)

        let seen = seen(&ink)?;
        let (mut where_ink_is, [under, under_wide, amount]) = under_ink(&seen, ink.device())?;
        let [colour, measures] = of_pixels(x, &seen, &mut where_ink_is)?; // (n, 9), (n, 5)
        let pooled = [
            mean_of_mix_under(&all, &self.evidence.weight, &self.evidence.bias, &under)?, // (n, 48)
            mean_under(&quarter, &under_wide)?,
            eighth.mean((1, 2))?,
            amount,
            colour.clone(),
            measures,
        ];
        let pooled = stage("pooled", Tensor::cat(&pooled, 1)?); // (n, 223)
        let sign = stage("sign", self.sign.convolve(&eighth, &ConvConfig::HALVE)?); // (n, 4, 6, 40)
        self.answer(ink, colour, &pooled, &sign.flatten_from(1)?)
    }

    /// The answers, from the logits of ink (n, 64, 96, 4), its colour (n, 9), everything that was pooled (n, 223) and the
    /// features of the whole drawing (n, 4 * 6 * 40).
    fn answer(
        &self,
        ink: Tensor,
        colour: Tensor,
        pooled: &Tensor,
        sign: &Tensor,
    ) -> Result<SketchOutput, Error> {
        let hidden = stage("hidden", self.hidden.product(pooled, true)?); // (n, 64)
        let answers = stage("answers", self.answers.product(&hidden, false)?); // (n, 35)
        let tint = stage("tint", self.tint.product(&colour, true)?); // (n, 48)
        let tints = stage("tints", self.tints.product(&tint, false)?); // (n, 14)
        Ok(SketchOutput {
            ink,
            widths: answers.narrow(1, 0, WIDTHS)?,
            hues: tints.narrow(1, 0, 12)?,
            others: Tensor::cat(&[tints.narrow(1, 12, 2)?, answers.narrow(1, WIDTHS, 3)?], 1)?,
            colour,
            embedding: stage("embedding", self.embedding.product(sign, false)?),
            doubts: self.doubts,
        })
    }

    /// Reads a sketch on the calling thread.
    ///
    /// # Errors
    /// [`Error::EmptyPad`] if there is no ink, or a picture shows paper and printed lines only.
    pub fn read(&self, sketch: &Sketch, legend: &Legend) -> Result<Reading, Error> {
        self.read_input(network_input(sketch)?, legend)
    }

    /// Reads what [`network_input`] made.
    ///
    /// # Errors
    /// As [`SketchNet::read`].
    pub fn read_input(&self, input: NetworkInput, legend: &Legend) -> Result<Reading, Error> {
        let is_certain = input.is_certain;
        self.answers(input)?.reading(legend, is_certain)
    }

    /// What the network says of a [`NetworkInput`].
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn answers(&self, input: NetworkInput) -> Result<Answers, Error> {
        let answers = Answers::of_looks(&input, |pixels| self.look(pixels, input.is_certain));
        input.recycle();
        answers
    }

    /// What one look at the pixels of a [`NetworkInput`] says; `is_certain` is that of the input.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn look(&self, pixels: &[f32], is_certain: bool) -> Result<Answers, Error> {
        if !is_fused(&self.patch.weight) {
            return Answers::of(&self.output(pixels)?, 0, pixels, is_certain);
        }
        Pass::on_this_thread(|pass| {
            let output = pass.run(self, pixels)?;
            Answers::of_ink(&output, 0, coverage_of_patches(pass.cover(is_certain)))
        })
    }

    /// What one look says as tensors, on the device of the weights.
    ///
    /// # Errors
    /// [`Error::Network`].
    pub fn output(&self, pixels: &[f32]) -> Result<SketchOutput, Error> {
        if is_fused(&self.patch.weight) {
            return Pass::on_this_thread(|pass| pass.run(self, pixels));
        }
        self.forward(&Tensor::from_slice(pixels, PAD, self.patch.weight.device())?)
    }
}

/// Where the network sees ink (64 x 96 x 4, 0..1) for each drawing, out of its logits (n, 64, 96, 4).
fn seen(ink: &Tensor) -> Result<Vec<Vec<f32>>, Error> {
    let logits = ink.flatten_all()?.to_vec1::<f32>()?;
    Ok(logits.chunks(ROWS * COLUMNS * PATCH).map(|all| all.iter().map(|&v| logistic(v)).collect()).collect())
}

/// Where the ink of each drawing is: as such, and as its part of each patch (n, 64, 96) and of each block of 4 x 4 patches
/// (n, 16, 24), and the logarithm of how much there is (n, 1).
fn under_ink(seen: &[Vec<f32>], device: &Device) -> Result<(Vec<UnderInk>, [Tensor; 3]), Error> {
    let n = seen.len();
    let mut all: Vec<UnderInk> = (0..n).map(|_| UnderInk::default()).collect();
    all.iter_mut().zip(seen).for_each(|(under, seen)| under.find(seen));
    let patches: Vec<f32> = all.iter().flat_map(|under| under.patches.iter().copied()).collect();
    let blocks: Vec<f32> = all.iter().flat_map(|under| under.blocks.iter().copied()).collect();
    let amounts: Vec<f32> = all.iter().map(UnderInk::amount).collect();
    let tensors = [
        Tensor::from_vec(patches, (n, ROWS, COLUMNS), device)?,
        Tensor::from_vec(blocks, (n, ROWS / 4, COLUMNS / 4), device)?,
        Tensor::from_vec(amounts, (n, 1), device)?,
    ];
    Ok((all, tensors))
}

/// The colours of the ink (n, 9): see [`UnderInk::colour`]; and what a ruler measures of it (n, 5): see [`measures`].
fn of_pixels(x: &Tensor, seen: &[Vec<f32>], under: &mut [UnderInk]) -> Result<[Tensor; 2], Error> {
    let n = seen.len();
    let (mut colours, mut widths) = (Vec::with_capacity(n * COLOUR), Vec::with_capacity(n * MEASURES));
    with_numbers(&x.to_device(&Device::Cpu)?.contiguous()?, |x| {
        for ((x, seen), under) in x.chunks(x.len() / n.max(1)).zip(seen).zip(under) {
            colours.extend(under.colour(x));
            widths.extend(measures(&coverage(x, seen, false)));
        }
        Ok(())
    })?;
    let device = x.device();
    Ok([Tensor::from_vec(colours, (n, COLOUR), device)?, Tensor::from_vec(widths, (n, MEASURES), device)?])
}

/// The answers for one drawing as numbers.
#[derive(Debug, Clone)]
pub struct Answers {
    /// Ink at each of the 256 pixel rows, from the top; the sum is what the pen covered.
    pub profile: Vec<f32>,
    /// The part that ink covers of the four pixel rows of each patch of 4 x 4 pixels (64 x 96 x 4).
    pub ink_of_rows: Vec<f32>,
    /// Probabilities of the classes of width.
    pub widths: Vec<f32>,
    /// Probabilities of the hues.
    pub hues: [f32; 12],
    /// Probability that the ink has no hue.
    pub open: f32,
    /// 0 dark to 1 bright.
    pub brightness: f32,
    /// 0 round to 1 jagged.
    pub roughness: f32,
    /// Expected error of the height, as a fraction of the pad's height.
    pub pitch_error_norm: f32,
    /// Probability that there is ink at all.
    pub ink: f32,
    embedding: Embedding,
    doubts: [f32; DOUBTS],
}

impl Answers {
    /// Takes the answers for drawing `at` of a batch, of which the network was shown these `pixels`, out of the tensors.
    /// `is_certain` is that of the [`NetworkInput`].
    ///
    /// # Errors
    /// [`Error::Network`] if there is no such drawing.
    pub fn of(output: &SketchOutput, at: usize, pixels: &[f32], is_certain: bool) -> Result<Answers, Error> {
        let seen: Vec<f32> = row_of(&output.ink, at)?.into_iter().map(logistic).collect();
        Answers::of_ink(output, at, coverage_of_patches(&coverage_in_any_light(pixels, &seen, is_certain)))
    }

    /// [`Answers::of`], with [`Answers::ink_of_rows`].
    fn of_ink(output: &SketchOutput, at: usize, ink: Vec<f32>) -> Result<Answers, Error> {
        let row = |tensor: &Tensor| row_of(tensor, at);
        let others = row(&output.others)?;
        let hues = softmax(&row(&output.hues)?);
        let mut embedding = [0.0; Embedding::LEN];
        embedding.copy_from_slice(&row(&output.embedding)?);
        Ok(Answers {
            profile: profile(&ink),
            ink_of_rows: ink,
            widths: softmax(&row(&output.widths)?),
            hues: std::array::from_fn(|hue| hues[hue]),
            open: logistic(others[0]),
            brightness: logistic(others[1]),
            roughness: logistic(others[2]),
            pitch_error_norm: others[3].clamp(-9.0, 0.0).exp(),
            ink: logistic(others[4]),
            embedding: Embedding::from_raw(&embedding),
            doubts: output.doubts,
        })
    }

    /// The part of each patch of 4 x 4 pixels that ink covers (64 x 96), row by row from the top.
    pub fn coverage(&self) -> Vec<f32> {
        self.ink_of_rows.chunks(PATCH).map(|rows| rows.iter().sum::<f32>() / PATCH as f32).collect()
    }

    /// The height of the ink, 0 at the bottom of the pad.
    pub fn y_norm(&self) -> f32 {
        height_of_ink(&self.profile)
    }

    /// The stroke's width, the middle of its distribution on the logarithmic scale.
    pub fn width_norm(&self) -> f32 {
        self.widths.iter().enumerate().map(|(class, p)| p * ln_width(class as f32)).sum::<f32>().exp()
    }

    /// Puts the answers in the legend's words.
    ///
    /// # Errors
    /// [`Error::EmptyPad`] if the network sees no ink and the ink is not certain.
    pub fn reading(&self, legend: &Legend, is_certain: bool) -> Result<Reading, Error> {
        if !is_certain && self.ink < 0.5 {
            return Err(Error::EmptyPad);
        }
        let (y_norm, width_norm) = (self.y_norm(), self.width_norm());
        let db = legend.loudness_db_of(width_norm);
        let within = |class: usize| (legend.loudness_db_of(ln_width(class as f32).exp()) - db).abs() <= 4.0;
        let confidence =
            self.widths.iter().enumerate().filter(|(class, _)| within(*class)).map(|(_, p)| p).sum();
        let mut families = [0.0; 12];
        for (hue, p) in self.hues.iter().enumerate() {
            families[legend.palette[hue].index()] += p;
        }
        let families = Families(families);
        let (family, likely) = families.best();
        let is_open = self.open >= 0.5;
        let columns = Columns::of_patches(&self.ink_of_rows, COLUMNS, PATCH);
        Ok(Reading {
            contour: contour(&columns, width_norm, legend),
            pitch: Pitch {
                y_norm,
                midi: legend.scale.midi_at(y_norm),
                confidence: self.sure(0, self.row_confidence(legend, y_norm)),
            },
            loudness: Loudness { db, width_norm, confidence: self.sure(1, confidence) },
            timbre: Timbre {
                family: (!is_open).then_some(family),
                confidence: self.sure(2, if is_open { self.open } else { (1.0 - self.open) * likely }),
                families,
                brightness: self.brightness,
                roughness: self.roughness,
            },
            embedding: self.embedding.clone(),
        })
    }

    /// A confidence of pitch, loudness or timbre, set right: see [`SketchOutput::doubts`].
    fn sure(&self, aspect: usize, confidence: f32) -> f32 {
        let [slope, shift] = [self.doubts[2 * aspect], self.doubts[2 * aspect + 1]];
        logistic(slope.exp() * log_odds(confidence) + shift)
    }

    /// Probability that the true height lies in the row of `y_norm`, errors being spread by Laplace's law.
    fn row_confidence(&self, legend: &Legend, y_norm: f32) -> f32 {
        let rows = legend.scale.rows() as f32;
        let row = (y_norm * rows).floor();
        let below = |edge: f32| {
            let off = (edge / rows - y_norm) / self.pitch_error_norm;
            if off < 0.0 { 0.5 * off.exp() } else { 1.0 - 0.5 * (-off).exp() }
        };
        (below(row + 1.0) - below(row)).clamp(0.0, 1.0)
    }
}

/// What is said of drawing `at` of a batch.
fn row_of(tensor: &Tensor, at: usize) -> Result<Vec<f32>, Error> {
    Ok(tensor.get(at)?.flatten_all()?.to_vec1()?)
}

/// Ink at each pixel row, as a part of the width.
fn profile(ink: &[f32]) -> Vec<f32> {
    let mut profile = vec![0.0; ROWS * PATCH];
    for (patch, ink) in ink.chunks(PATCH).enumerate() {
        for (k, p) in ink.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            profile[patch / COLUMNS * PATCH + k] += p / COLUMNS as f32;
        }
    }
    profile
}

/// The height of ink: that of its median, with as much of it above as below.
///
/// It is the centre of a line, and moves little with a flourish beside it or with a little more or less ink somewhere. Of
/// several strokes it lies on one, never between two: of two that weigh alike, on the upper one. `rows` is the ink of each
/// row from the top; the result is 0 at the bottom and 1 at the top; the middle for no ink at all.
pub fn height_of_ink(rows: &[f32]) -> f32 {
    height_of_run(rows, 0, rows.len())
}

/// The part of the ink around its median whose mean height is taken, which steadies it within a row.
const AROUND_MEDIAN: [f32; 2] = [0.49, 0.51];
/// A row with less than this part of the ink lies between strokes.
const EMPTY_ROW: f32 = 1e-3;

/// [`height_of_ink`] where all of it lies in a run of rows, of which the first is row `first` of `count`.
pub(crate) fn height_of_run(run: &[f32], first: usize, count: usize) -> f32 {
    let total: f32 = run.iter().sum();
    if total <= 0.0 {
        return 0.5;
    }
    let [from, to] = AROUND_MEDIAN.map(|part| part * total);
    let (mut before, mut sum, mut taken) = (0.0f32, 0.0f32, 0.0f32);
    for (row, ink) in (first..).zip(run) {
        if taken > 0.0 && (before >= to || *ink < EMPTY_ROW * total) {
            break;
        }
        let (start, end) = (before.max(from), (before + ink).min(to));
        if end > start {
            // The part of the row that belongs to the middle, and where in the row it lies.
            let at = row as f32 + ((start + end) / 2.0 - before) / ink;
            sum += at * (end - start);
            taken += end - start;
        }
        before += ink;
    }
    1.0 - sum / taken.max(f32::MIN_POSITIVE) / count as f32
}

/// The logarithm of how much more likely a thing is than not.
pub(crate) fn log_odds(confidence: f32) -> f32 {
    let held = confidence.clamp(1e-4, 1.0 - 1e-4);
    (held / (1.0 - held)).ln()
}

/// The logarithm of the width that a class stands for.
fn ln_width(class: f32) -> f32 {
    let [thin, thick] = WIDTH_NORM.map(f32::ln);
    thin + (thick - thin) * class / (WIDTHS - 1) as f32
}

/// The place of a width among the classes, 0..=[`WIDTHS`] - 1, with its fraction.
pub fn width_class(width_norm: f32) -> f32 {
    let [thin, thick] = WIDTH_NORM.map(f32::ln);
    ((width_norm.max(1e-6).ln() - thin) / (thick - thin)).clamp(0.0, 1.0) * (WIDTHS - 1) as f32
}

/// `1 / (1 + exp(-v))` within 2e-4, in a form that the compiler can do for many numbers at once: 49,152 of them are
/// needed for a reading.
fn logistic(v: f32) -> f32 {
    let power = v.clamp(-40.0, 40.0) * -std::f32::consts::LOG2_E;
    // Cut off above 0 this is the whole part; `floor` would be a call for each number.
    let whole = (power + 64.0) as i32 - 64;
    let part = power - whole as f32;
    let mantissa = 1.0 + part * (0.695_976 + part * (0.224_940 + part * 0.079_02));
    let exp = f32::from_bits(((whole + 127) << 23) as u32) * mantissa;
    1.0 / (1.0 + exp)
}

/// How much of a width belongs to which classes: to the two beside it, by their nearness.
pub(crate) fn class_shares(width_norm: f32) -> [(usize, f32); 2] {
    let class = width_class(width_norm).min((WIDTHS - 1) as f32 - 1e-3);
    [(class as usize, 1.0 - class.fract()), (class as usize + 1, class.fract())]
}

fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().fold(f32::NEG_INFINITY, |most, &v| most.max(v));
    let raised: Vec<f32> = logits.iter().map(|v| (v - most).exp()).collect();
    let total: f32 = raised.iter().sum();
    raised.iter().map(|v| v / total).collect()
}
