//! The sketch network's examination, on drawings that it never saw.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::drawing::Signs;
use super::lesson::{Known, Lesson, Truth, batch};
use super::make;
use crate::sketch_net::{Answers, SketchNet};
use crate::{Embedding, Error, Legend, Reading};

/// Marks on examples that are held out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Strokes of the pad and clean pictures.
    pub clean: Marks,
    /// Photographs and scans: uneven light, shadows, noise, blur, JPEG.
    pub hard: Marks,
    /// By the style of the drawing and by the tip of the pen.
    pub by_style: Vec<StyleMarks>,
    /// By the person who drew it, for signs of people; none of them was learned from.
    pub by_person: Vec<StyleMarks>,
    /// The part of drawings, in percent, whose twin is the nearest of 64 by embedding.
    pub twins_percent: f32,
    /// The part of empty pages, in percent, that are seen to be empty.
    pub empty_percent: f32,
}

/// How much was read right, in percent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Shares {
    /// How many drawings.
    pub drawings: u32,
    /// Height within half a row of 48.
    pub pitch_percent: f32,
    /// The same for a ruler: the row of the median pixel that differs from the paper.
    pub ruler_percent: f32,
    /// Loudness within 4 dB.
    pub loudness_percent: f32,
    /// Family of coloured ink, read as open counting as wrong; 100 where there is none.
    pub family_percent: f32,
    /// Black and grey ink read as open; 100 where there is none.
    pub open_percent: f32,
}

/// The marks of one style, or of one person.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StyleMarks {
    /// Which.
    pub name: String,
    /// On strokes of the pad and clean pictures.
    pub clean: Shares,
    /// On photographs and scans.
    pub hard: Shares,
}

/// Marks in percent unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// What was read right.
    #[serde(flatten)]
    pub shares: Shares,
    /// Mean error of the brightness, 0..1.
    pub brightness_error: f32,
    /// Mean error of the roughness, 0..1.
    pub roughness_error: f32,
    /// Expected calibration error of the pitch's confidence, in ten bins, 0..1.
    pub pitch_calibration_error: f32,
    /// The same of the loudness.
    pub loudness_calibration_error: f32,
    /// The same of the family.
    pub family_calibration_error: f32,
}

/// How often confidences of each tenth, of pitch, loudness and timbre, were right.
pub type Calibration = [[Bin; 10]; 3];

/// Answers whose confidence lies in the same tenth.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bin {
    /// How many.
    pub answers: u32,
    /// The sum of their confidences.
    pub confidence: f32,
    /// How many are right.
    pub right: u32,
}

/// How often hue `row` was read as hue `column`; row and column 12 are open ink.
pub type Confusion = [[u32; 13]; 13];

/// The seed of what is held out.
pub fn held_out(seed: u64) -> u64 {
    seed ^ 0x5EED_0000_0000
}

/// Reads `count` drawings that are held out and marks the readings.
///
/// # Errors
/// [`Error::Network`].
pub fn examine(
    net: &SketchNet,
    seed: u64,
    count: usize,
    signs: &Signs,
) -> Result<(Metrics, Confusion, Calibration), Error> {
    let mut sheet = Sheet::default();
    for first in (0..count).step_by(CLASS) {
        let lessons =
            make(CLASS.min(count - first), |i| Lesson::new(held_out(seed) + 1, (first + i) as u64, signs));
        let mut embeddings = Vec::new();
        for part in lessons.chunks(16) {
            let output = net.forward(&batch(part)?.0)?;
            for (at, lesson) in part.iter().enumerate() {
                embeddings.push(sheet.mark(&lesson.answers(&output, at)?, lesson)?);
            }
        }
        sheet.mark_twins(&embeddings);
    }
    let percent = |[all, right]: [u32; 2]| 100.0 * right as f32 / all.max(1) as f32;
    let [clean, hard] = sheet.books.each_ref().map(Book::marks);
    let (twins_percent, empty_percent) = (percent(sheet.twins), percent(sheet.empty));
    let marks_of = |books: &BTreeMap<String, [Book; 2]>| {
        let marks = |(name, [clean, hard]): (&String, &[Book; 2])| StyleMarks {
            name: name.clone(),
            clean: clean.shares(),
            hard: hard.shares(),
        };
        books.iter().map(marks).collect()
    };
    let (by_style, by_person) = (marks_of(&sheet.styles), marks_of(&sheet.people));
    let [clean_book, hard_book] = &sheet.books;
    let all = |of: &dyn Fn(&Book) -> Vec<(f32, bool)>| bins(&[of(clean_book), of(hard_book)].concat());
    let calibration =
        [all(&|book| book.pitch.clone()), all(&|book| book.loudness.clone()), all(&Book::timbre)];
    let metrics = Metrics { clean, hard, by_style, by_person, twins_percent, empty_percent };
    Ok((metrics, sheet.confusion, calibration))
}

/// Reads pictures of the composer's own and marks the readings.
///
/// # Errors
/// [`Error::Network`].
pub fn examine_pictures(net: &SketchNet, pictures: &[Lesson]) -> Result<(Shares, Confusion), Error> {
    let mut sheet = Sheet::default();
    for part in pictures.chunks(16) {
        let output = net.forward(&batch(part)?.0)?;
        for (at, lesson) in part.iter().enumerate() {
            sheet.mark(&lesson.answers(&output, at)?, lesson)?;
        }
    }
    Ok((sheet.books[1].shares(), sheet.confusion))
}

/// Drawings among which twins look for each other.
const CLASS: usize = 64;

/// Everything that is counted; pairs are all and right.
#[derive(Default)]
struct Sheet {
    books: [Book; 2],
    styles: BTreeMap<String, [Book; 2]>,
    people: BTreeMap<String, [Book; 2]>,
    confusion: Confusion,
    empty: [u32; 2],
    twins: [u32; 2],
}

impl Sheet {
    /// Marks one drawing and returns its embedding, unless its page is empty.
    fn mark(&mut self, answers: &Answers, lesson: &Lesson) -> Result<Option<Embedding>, Error> {
        let Some(truth) = &lesson.truth else {
            self.empty[0] += 1;
            self.empty[1] += u32::from(answers.ink < 0.5);
            return Ok(None);
        };
        let legend = Legend::default();
        let reading = answers.reading(&legend, true)?;
        let page = usize::from(lesson.wear > 0.0);
        self.books[page].mark(&reading, truth, lesson.known, &legend);
        for name in [word(&truth.style), format!("{} pen", word(&truth.tip))] {
            self.styles.entry(name).or_default()[page].mark(&reading, truth, lesson.known, &legend);
        }
        if let Some(person) = truth.person {
            let name = format!("person {person:02}");
            self.people.entry(name).or_default()[page].mark(&reading, truth, lesson.known, &legend);
        }
        if lesson.known.hue {
            let read = reading.timbre.family.map_or(12, |family| family.index());
            self.confusion[truth.hue.unwrap_or(12)][read] += 1;
        }
        Ok(Some(reading.embedding))
    }

    /// Whether the nearest of each is its twin, who stands beside it.
    fn mark_twins(&mut self, embeddings: &[Option<Embedding>]) {
        for (i, mine) in embeddings.iter().enumerate() {
            let Some(mine) = mine else { continue };
            let like = |&j: &usize| embeddings[j].as_ref().map_or(-2.0, |other| other.similarity(mine));
            let others = (0..embeddings.len()).filter(|&j| j != i);
            let best = others.max_by(|a, b| like(a).total_cmp(&like(b)));
            self.twins[0] += 1;
            self.twins[1] += u32::from(best == Some(i ^ 1));
        }
    }
}

/// The word for a style or a tip, as it is in files.
fn word(named: &impl Serialize) -> String {
    let word = serde_json::to_value(named).ok().and_then(|word| word.as_str().map(str::to_string));
    word.unwrap_or_default().replace('_', " ")
}

/// Marks as they come in.
#[derive(Debug, Clone, Default)]
struct Book {
    drawings: u32,
    pitch: Vec<(f32, bool)>,
    ruler: Vec<bool>,
    loudness: Vec<(f32, bool)>,
    family: Vec<(f32, bool)>,
    open: Vec<(f32, bool)>,
    brightness: Vec<f32>,
    roughness: Vec<f32>,
}

impl Book {
    fn mark(&mut self, reading: &Reading, truth: &Truth, known: Known, legend: &Legend) {
        let half_row = 0.5 / legend.scale.rows() as f32;
        self.drawings += 1;
        if known.ink {
            let is_right = (reading.pitch.y_norm - truth.y_norm).abs() <= half_row;
            self.pitch.push((reading.pitch.confidence, is_right));
            self.ruler.push((truth.ruler_y_norm - truth.y_norm).abs() <= half_row);
        }
        if known.width {
            let off_db = reading.loudness.db - legend.loudness_db_of(truth.width_norm);
            self.loudness.push((reading.loudness.confidence, off_db.abs() <= 4.0));
        }
        if known.hue {
            let right = reading.timbre.family.map(|family| family.index()) == truth.hue;
            let timbre = if truth.hue.is_some() { &mut self.family } else { &mut self.open };
            timbre.push((reading.timbre.confidence, right));
        }
        if known.brightness {
            self.brightness.push((reading.timbre.brightness - truth.brightness).abs());
        }
        if known.roughness {
            self.roughness.push((reading.timbre.roughness - truth.roughness).abs());
        }
    }

    fn shares(&self) -> Shares {
        let percent = |right: usize, all: usize| match all {
            0 => 100.0,
            all => 100.0 * right as f32 / all as f32,
        };
        let right = |all: &[(f32, bool)]| percent(all.iter().filter(|a| a.1).count(), all.len());
        Shares {
            drawings: self.drawings,
            pitch_percent: right(&self.pitch),
            ruler_percent: percent(self.ruler.iter().filter(|&&r| r).count(), self.ruler.len()),
            loudness_percent: right(&self.loudness),
            family_percent: right(&self.family),
            open_percent: right(&self.open),
        }
    }

    fn timbre(&self) -> Vec<(f32, bool)> {
        [&self.family[..], &self.open[..]].concat()
    }

    fn marks(&self) -> Marks {
        let mean = |all: &[f32]| all.iter().sum::<f32>() / all.len().max(1) as f32;
        Marks {
            shares: self.shares(),
            brightness_error: mean(&self.brightness),
            roughness_error: mean(&self.roughness),
            pitch_calibration_error: calibration_error(&self.pitch),
            loudness_calibration_error: calibration_error(&self.loudness),
            family_calibration_error: calibration_error(&self.timbre()),
        }
    }
}

fn bins(answers: &[(f32, bool)]) -> [Bin; 10] {
    let mut bins = [Bin::default(); 10];
    for &(confidence, right) in answers {
        let bin = &mut bins[((confidence * 10.0) as usize).min(9)];
        bin.answers += 1;
        bin.confidence += confidence;
        bin.right += u32::from(right);
    }
    bins
}

/// The expected calibration error over ten bins of confidence: by how much confidence and being right differ.
pub fn calibration_error(answers: &[(f32, bool)]) -> f32 {
    let off = |bin: &Bin| (bin.confidence - bin.right as f32).abs();
    bins(answers).iter().map(off).sum::<f32>() / answers.len().max(1) as f32
}
