//! One example for the sketch network: a picture of a drawing and what is to be read in it.

use rand::Rng;

use super::beside::{beside, on_an_empty_page};
use super::drawing::{Drawing, Signs, Style};
use super::page::{Colour, Page};
use super::pen::{Ink, Pen, Tip};
use super::{normal, rng_of};
use crate::paper::Paper;
use crate::raster::{network_input, network_input_of, separate};
use crate::sketch_net::{Answers, SketchOutput, height_of_ink};
use crate::{Error, Legend, NetworkInput, Reading, Sketch};

/// A drawing on some paper, and the truth about it.
#[derive(Debug, Clone)]
pub struct Lesson {
    /// What the network is shown.
    pub input: NetworkInput,
    /// Ink (64 x 96 x 4): the part of each pixel row of each patch of 4 x 4 pixels that ink covers.
    pub ink: Vec<f32>,
    /// What is to be read; `None` where the page is empty.
    pub truth: Option<Truth>,
    /// What of this is known; what is not, teaches nothing.
    pub known: Known,
    /// How hard the page is: 0 for strokes of the pad itself and clean exports, to 1.
    pub wear: f32,
}

/// Which parts of a lesson are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // Named for the parts.
pub struct Known {
    pub ink: bool,
    pub width: bool,
    pub hue: bool,
    pub brightness: bool,
    pub roughness: bool,
}

impl Known {
    /// Of drawings of Neume's own making everything is.
    pub const ALL: Known = Known { ink: true, width: true, hue: true, brightness: true, roughness: true };
}

/// What a composer says of a picture of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PictureLabels {
    /// Height of the ink, 0..1.
    pub y_norm: Option<f32>,
    /// Width of the stroke, as a fraction of the height.
    pub width_norm: Option<f32>,
    /// The hue, 0..12, or `Some(None)` for open ink.
    pub hue: Option<Option<usize>>,
    /// 0..1.
    pub brightness: Option<f32>,
    /// 0..1.
    pub roughness: Option<f32>,
}

/// What is to be read in a drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Height of the ink by [`height_of_ink`] of what was really covered.
    pub y_norm: f32,
    /// The height that a ruler finds: the row of the median pixel that differs from the paper.
    pub ruler_y_norm: f32,
    /// Width of the pen, edge to edge.
    pub width_norm: f32,
    /// The nearest of the twelve hues, if the ink has one.
    pub hue: Option<usize>,
    /// Lightness of the visible colour (HSL), 0..1.
    pub brightness: f32,
    /// [`Drawing::roughness`].
    pub roughness: f32,
    /// The pen.
    pub tip: Tip,
    /// What is drawn.
    pub style: Style,
    /// Who drew it, if a person did.
    pub person: Option<u32>,
}

impl Truth {
    /// How sure a reading is of pitch (within half a row), loudness (within 4 dB) and family, and whether it is right.
    pub fn claims(&self, reading: &Reading, legend: &Legend) -> [(f32, bool); 3] {
        let half_row = 0.5 / legend.scale.rows() as f32;
        let off_db = reading.loudness.db - legend.loudness_db_of(self.width_norm);
        let hue = reading.timbre.family.and_then(|family| legend.palette.iter().position(|&f| f == family));
        [
            (reading.pitch.confidence, (reading.pitch.y_norm - self.y_norm).abs() <= half_row),
            (reading.loudness.confidence, off_db.abs() <= 4.0),
            (reading.timbre.confidence, hue == self.hue),
        ]
    }
}

impl Lesson {
    /// Example `index` of the run of `seed`. Examples `2 n` and `2 n + 1` show the same drawing by two hands, with two pens
    /// on two pages.
    pub fn new(seed: u64, index: u64, signs: &Signs) -> Lesson {
        // A drawing may fall beside its page, or be invisible on it; then the next one of the same number is made.
        (0..64).find_map(|attempt| Lesson::attempt(seed ^ (attempt << 40), index, signs)).unwrap_or_else(
            || {
                // PANIC: of 64 drawings in a row, each as likely as not, none was visible; no seed does that.
                panic!("no drawing of example {index} of seed {seed} can be seen")
            },
        )
    }

    /// What a network that was shown this lesson, as drawing `at` of a batch, says of it.
    ///
    /// # Errors
    /// Those of [`Answers::of`].
    pub fn answers(&self, output: &SketchOutput, at: usize) -> Result<Answers, Error> {
        Answers::of(output, at, &self.input.pixels, self.input.is_certain)
    }

    fn attempt(seed: u64, index: u64, signs: &Signs) -> Option<Lesson> {
        let mut shared = rng_of(seed, index / 2 * 3);
        let rng = &mut rng_of(seed, index * 3 + 1);
        let columns = Page::columns(&mut shared);
        if shared.random_bool(0.12) {
            let page = Page::random(columns, rng);
            let picture = if rng.random_bool(0.08) {
                page.texture(rng)
            } else {
                let layers = on_an_empty_page(&page, signs, rng);
                page.picture(&layers, rng)
            };
            let input = network_input_of(picture).ok()?;
            let ink = vec![0.0; INK_LEN];
            return Some(Lesson { input, ink, truth: None, known: Known::ALL, wear: 1.0 });
        }
        let span = columns.map(|column| column as f32 / NetworkInput::ROWS as f32);
        let base = Drawing::random(&mut shared, span, signs);
        let drawing = base.again(rng);
        if rng.random_bool(0.16) {
            Lesson::of_strokes(&drawing, rng)
        } else {
            Lesson::of_page(&drawing, columns, signs, rng)
        }
    }

    /// Strokes of the pad itself, on white.
    fn of_strokes(drawing: &Drawing, rng: &mut impl Rng) -> Option<Lesson> {
        let pen = Pen::of_tip(Tip::Round, rng);
        let ink = pen.ink(drawing, rng);
        let colour = Colouring::random([255.0; 3], None, rng)?;
        let page =
            Page { paper: [255.0; 3], turned_radians: 0.0, columns: [0, NetworkInput::COLUMNS], wear: 0.0 };
        let picture = page.drawn(&ink, &colour.ink);
        let input = separate(&picture, &Paper::WHITE, true).ok()?;
        Lesson::new_of(input, &ink, &colour, drawing, pen.tip, 0.0)
    }

    fn of_page(drawing: &Drawing, columns: [usize; 2], signs: &Signs, rng: &mut impl Rng) -> Option<Lesson> {
        let page = Page::random(columns, rng);
        let drawing = drawing.turned(page.turned_radians);
        let pen = Pen::random(rng);
        let mut ink = pen.ink(&drawing, rng);
        for (i, coverage) in ink.coverage.iter_mut().enumerate() {
            if !(columns[0]..columns[1]).contains(&(i % NetworkInput::COLUMNS)) {
                *coverage = 0;
            }
        }
        let colour = Colouring::random(page.paper, Some(page.wear), rng)?;
        let mut layers = match drawing.style {
            // Beside such drawings nobody could say what belongs to them.
            Style::Diagram | Style::Words => Vec::new(),
            _ => beside(&page, &ink, &colour.ink, signs, rng),
        };
        layers.push((ink, colour.ink));
        let input = network_input_of(page.picture(&layers, rng)).ok()?;
        let (ink, _) = layers.last()?;
        Lesson::new_of(input, ink, &colour, &drawing, pen.tip, page.wear)
    }

    fn new_of(
        input: NetworkInput,
        ink: &Ink,
        colour: &Colouring,
        drawing: &Drawing,
        tip: Tip,
        wear: f32,
    ) -> Option<Lesson> {
        let rows: Vec<f32> = ink
            .coverage
            .chunks(NetworkInput::COLUMNS)
            .map(|row| row.iter().map(|&v| f32::from(v)).sum::<f32>() / 255.0)
            .collect();
        if rows.iter().sum::<f32>() < 0.25 {
            return None;
        }
        let truth = Truth {
            y_norm: height_of_ink(&rows),
            ruler_y_norm: ruler(&input),
            width_norm: ink.width_norm,
            hue: colour.hue,
            brightness: colour.brightness,
            roughness: drawing.roughness(),
            tip,
            style: drawing.style,
            person: drawing.person,
        };
        let ink = patches(&ink.coverage);
        Some(Lesson { input, ink, truth: Some(truth), known: Known::ALL, wear })
    }

    /// A picture of the composer's own. Where its ink is, is known by its height: what differs clearly from the paper near
    /// there.
    ///
    /// # Errors
    /// Those of [`network_input`].
    pub fn of_picture(sketch: &Sketch, labels: &PictureLabels) -> Result<Lesson, Error> {
        let input = network_input(sketch)?;
        let reach = labels.width_norm.unwrap_or(0.02) / 2.0 + 0.02;
        let ink = match labels.y_norm {
            Some(y_norm) => ink_near(&input, y_norm, reach),
            None => vec![0.0; INK_LEN],
        };
        let truth = Truth {
            y_norm: labels.y_norm.unwrap_or(0.5),
            ruler_y_norm: ruler(&input),
            width_norm: labels.width_norm.unwrap_or(0.01),
            hue: labels.hue.flatten(),
            brightness: labels.brightness.unwrap_or(0.5),
            roughness: labels.roughness.unwrap_or(0.0),
            tip: Tip::Round,
            style: Style::Picture,
            person: None,
        };
        let known = Known {
            ink: labels.y_norm.is_some(),
            width: labels.width_norm.is_some(),
            hue: labels.hue.is_some(),
            brightness: labels.brightness.is_some(),
            roughness: labels.roughness.is_some(),
        };
        Ok(Lesson { input, ink, truth: Some(truth), known, wear: 1.0 })
    }
}

/// Numbers in [`Lesson::ink`].
pub const INK_LEN: usize = NetworkInput::ROWS * NetworkInput::COLUMNS / 4;

/// The pixels within `reach` of a height that differ clearly from the paper, as ink is ordered.
fn ink_near(input: &NetworkInput, y_norm: f32, reach: f32) -> Vec<f32> {
    let columns = NetworkInput::COLUMNS;
    let near = |i: usize| {
        let y = 1.0 - ((i / columns) as f32 + 0.5) / NetworkInput::ROWS as f32;
        (y - y_norm).abs() <= reach
    };
    let strengths: Vec<f32> = input.pixels.chunks(NetworkInput::CHANNELS).map(|pixel| pixel[0]).collect();
    let most = strengths.iter().enumerate().filter(|(i, _)| near(*i)).map(|(_, v)| *v).fold(1e-3, f32::max);
    let coverage: Vec<u8> = strengths
        .iter()
        .enumerate()
        .map(|(i, v)| if near(i) && *v > 0.35 * most { (255.0 * v / most) as u8 } else { 0 })
        .collect();
    patches(&coverage)
}

/// The mean coverage of four pixels side by side, ordered as the network's ink is.
fn patches(coverage: &[u8]) -> Vec<f32> {
    let columns = NetworkInput::COLUMNS / 4;
    let mut ink = vec![0.0; INK_LEN];
    for (i, four) in coverage.chunks(4).enumerate() {
        let (row, column) = (i / columns, i % columns);
        let sum: u32 = four.iter().map(|&v| u32::from(v)).sum();
        ink[(row / 4 * columns + column) * 4 + row % 4] = sum as f32 / 1020.0;
    }
    ink
}

/// The row of the median pixel that differs clearly from the paper: what needs no network.
fn ruler(input: &NetworkInput) -> f32 {
    let strengths = || input.pixels.chunks(NetworkInput::CHANNELS).map(|pixel| pixel[0]);
    let half = 0.5 * strengths().fold(0.0f32, f32::max);
    let mut rows = vec![0usize; NetworkInput::ROWS];
    for (i, strength) in strengths().enumerate() {
        rows[i / NetworkInput::COLUMNS] += usize::from(strength > half);
    }
    let total: usize = rows.iter().sum();
    let mut before = 0;
    let middle = rows.iter().position(|&count| {
        before += count;
        2 * before >= total
    });
    1.0 - (middle.unwrap_or(0) as f32 + 0.5) / NetworkInput::ROWS as f32
}

/// Ink of a colour that shows on its paper.
struct Colouring {
    ink: Colour,
    hue: Option<usize>,
    brightness: f32,
}

impl Colouring {
    /// `wear` is that of the page, without which the ink is of the pad: on quiet pages paler ink can be seen.
    fn random(paper: [f32; 3], wear: Option<f32>, rng: &mut impl Rng) -> Option<Colouring> {
        let is_light = paper[1] > 120.0;
        let palest = match wear {
            Some(wear) if rng.random_bool(0.25) => 26.0 + 20.0 * wear,
            _ => 45.0,
        };
        for _ in 0..40 {
            let is_open = rng.random_bool(0.4);
            let hue = rng.random_range(0..12usize);
            let rgb = if is_open {
                let grey: f32 = match (is_light, rng.random_bool(0.6)) {
                    (true, true) => rng.random_range(0.0..60.0),
                    (true, false) => rng.random_range(40.0..150.0),
                    _ => rng.random_range(140.0..255.0),
                };
                std::array::from_fn(|_| (grey + rng.random_range(-9.0..9.0f32)).clamp(0.0, 255.0))
            } else {
                let degrees = hue as f32 * 30.0 + 4.5 * normal(rng).clamp(-2.4, 2.4);
                hsl(degrees, rng.random_range(0.5..1.0), rng.random_range(0.14..0.86))
            };
            let mut ink = Colour { rgb, opacity: 1.0, grain: 0.0, grain_px: 1.0 };
            if wear.is_some() && rng.random_bool(0.45) {
                ink.opacity = rng.random_range(0.35..1.0);
                ink.grain = if rng.random_bool(0.5) { rng.random_range(0.1..0.9) } else { 0.0 };
                ink.grain_px = rng.random_range(0.0..1.2f32).exp();
            }
            let part = ink.opacity * (1.0 - ink.grain / 2.0);
            let seen: [f32; 3] = std::array::from_fn(|c| paper[c] + (rgb[c] - paper[c]) * part);
            let contrast = (0..3).map(|c| (seen[c] - paper[c]).abs()).fold(0.0, f32::max);
            let balanced =
                std::array::from_fn(
                    |c| if is_light { (seen[c] / paper[c]).min(1.0) } else { seen[c] / 255.0 },
                );
            let (degrees, chroma, lightness) = to_hsl(balanced);
            let off = (degrees - hue as f32 * 30.0 + 180.0).rem_euclid(360.0) - 180.0;
            let is_true = if is_open { chroma < 0.12 } else { chroma > 0.2 && off.abs() < 12.5 };
            if is_true && contrast > palest {
                return Some(Colouring { ink, hue: (!is_open).then_some(hue), brightness: lightness });
            }
        }
        None
    }
}

/// Red, green and blue, 0..255, of a hue in degrees, a saturation and a lightness 0..1.
pub fn hsl(degrees: f32, saturation: f32, lightness: f32) -> [f32; 3] {
    let a = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|n: f32| {
        let k = (n + degrees.rem_euclid(360.0) / 30.0).rem_euclid(12.0);
        255.0 * (lightness - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0))
    })
}

/// Hue in degrees, chroma and lightness of a colour 0..1.
pub fn to_hsl([r, g, b]: [f32; 3]) -> (f32, f32, f32) {
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let chroma = most - least;
    let sextant = if chroma <= 1e-6 {
        0.0
    } else if most == r {
        ((g - b) / chroma).rem_euclid(6.0)
    } else if most == g {
        (b - r) / chroma + 2.0
    } else {
        (r - g) / chroma + 4.0
    };
    (sextant * 60.0, chroma, (most + least) / 2.0)
}

/// Puts lessons into one tensor each of inputs (n, 256, 384, 4) and ink (n, 64, 96, 4).
///
/// # Errors
/// Those of the tensor library.
pub fn batch(lessons: &[Lesson]) -> Result<(candle_core::Tensor, candle_core::Tensor), Error> {
    let device = &candle_core::Device::Cpu;
    let stack = |each: &dyn Fn(&Lesson) -> &[f32], shape: (usize, usize, usize, usize)| {
        let numbers: Vec<f32> = lessons.iter().flat_map(|lesson| each(lesson).iter().copied()).collect();
        candle_core::Tensor::from_vec(numbers, shape, device)
    };
    let (rows, columns) = (NetworkInput::ROWS, NetworkInput::COLUMNS);
    let x = stack(&|lesson| &lesson.input.pixels, (lessons.len(), rows, columns, NetworkInput::CHANNELS))?;
    let ink = stack(&|lesson| &lesson.ink, (lessons.len(), rows / 4, columns / 4, 4))?;
    Ok((x, ink))
}
