//! The sounds of a bank by where they lie among sounds: the order in which a search goes that asks for likeness and for no
//! drawing.
//!
//! Stretches are halved across the direction in which they spread most, down to blocks. Embeddings lie here in bytes, with
//! the error that this may make; what passes is scored by what the bank holds.

use neume_models::Embedding;

use super::table::{BLOCK, Bounds, GROUP};
use crate::matching::Features;

/// Rows by which a stretch is judged, and how often a guess of its direction is turned towards it. Any direction gives
/// a right order, and a good one a quick search.
const SAMPLE: usize = 96;
const TURNS: usize = 5;

/// Rows in this order, and what lies in it.
#[derive(Debug)]
pub(crate) struct Places {
    /// By place, the row of the table.
    pub rows: Vec<u32>,
    pub blocks: Vec<Bounds>,
    pub groups: Vec<Bounds>,
    /// By place, each component a byte of a scale of its own.
    components: Vec<[i8; Embedding::LEN]>,
    steps: Vec<f32>,
    /// The furthest that any of them lies from what it stands for.
    off: f32,
}

/// An embedding that others are compared with.
pub(crate) struct Compass<'a> {
    pub embedding: &'a Embedding,
    components: [i16; Embedding::LEN],
    step: f32,
    off: f32,
}

impl Places {
    /// Of what lies at each row of a table.
    pub fn of(features: &[Features], embeddings: &[&Embedding]) -> Places {
        let rows = order(embeddings);
        let features: Vec<Features> = rows.iter().map(|&row| features[row as usize]).collect();
        let embeddings: Vec<&Embedding> = rows.iter().map(|&row| embeddings[row as usize]).collect();
        let mut places = Places {
            blocks: Bounds::of_each(BLOCK, &features, &embeddings),
            groups: Bounds::of_each(BLOCK * GROUP, &features, &embeddings),
            components: Vec::with_capacity(rows.len()),
            steps: Vec::with_capacity(rows.len()),
            rows,
            off: 0.0,
        };
        embeddings.into_iter().for_each(|embedding| places.take(embedding));
        places
    }

    fn take(&mut self, embedding: &Embedding) {
        let raw = embedding.as_slice();
        let step = raw.iter().fold(1e-9f32, |most, v| most.max(v.abs())) / 127.0;
        let mut components = [0i8; Embedding::LEN];
        components.iter_mut().zip(raw).for_each(|(byte, v)| *byte = (v / step).round() as i8);
        let off = components.iter().zip(raw).map(|(&byte, v)| (f32::from(byte) * step - v).powi(2));
        self.off = self.off.max(off.sum::<f32>().sqrt());
        self.components.push(components);
        self.steps.push(step);
    }

    /// No less than the similarity of a place to the compass.
    pub fn similarity_at_most(&self, place: usize, compass: &Compass) -> f32 {
        let pairs = self.components[place].iter().zip(&compass.components);
        let sum: i32 = pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
        sum as f32 * self.steps[place] * compass.step + self.off + compass.off
    }
}

impl<'a> Compass<'a> {
    pub fn new(embedding: &'a Embedding) -> Compass<'a> {
        const MOST: f32 = 2047.0;
        let raw = embedding.as_slice();
        let step = raw.iter().fold(1e-9f32, |most, v| most.max(v.abs())) / MOST;
        let mut components = [0i16; Embedding::LEN];
        components.iter_mut().zip(raw).for_each(|(short, v)| *short = (v / step).round() as i16);
        // Each component is off by half a step at most, and what it is compared with is about a unit long.
        let off = 0.5 * step * 1.1 * (Embedding::LEN as f32).sqrt();
        Compass { embedding, components, step, off }
    }
}

fn order(embeddings: &[&Embedding]) -> Vec<u32> {
    let mut order: Vec<(f32, u32)> = (0..embeddings.len() as u32).map(|row| (0.0, row)).collect();
    let everything = 0..order.len();
    let mut stretches = Vec::from([everything]);
    while let Some(stretch) = stretches.pop() {
        let rows = &mut order[stretch.clone()];
        if rows.len() <= BLOCK {
            rows.sort_unstable_by_key(|(_, row)| *row);
            continue;
        }
        let along = direction(rows, embeddings);
        for (value, row) in rows.iter_mut() {
            *value = dot(embeddings[*row as usize].as_slice(), &along);
        }
        let whole = if rows.len() > BLOCK * GROUP { BLOCK * GROUP } else { BLOCK };
        let half = rows.len().div_ceil(whole) / 2 * whole;
        rows.select_nth_unstable_by(half, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        stretches.push(stretch.start..stretch.start + half);
        stretches.push(stretch.start + half..stretch.end);
    }
    order.into_iter().map(|(_, row)| row).collect()
}

/// About the direction in which these rows spread most.
fn direction(rows: &[(f32, u32)], embeddings: &[&Embedding]) -> [f32; Embedding::LEN] {
    let step = rows.len().div_ceil(SAMPLE);
    let mut sample: Vec<[f32; Embedding::LEN]> = Vec::with_capacity(SAMPLE);
    let mut mean = [0.0; Embedding::LEN];
    for (_, row) in rows.iter().step_by(step) {
        let mut place = [0.0; Embedding::LEN];
        place.copy_from_slice(embeddings[*row as usize].as_slice());
        mean.iter_mut().zip(&place).for_each(|(sum, v)| *sum += v);
        sample.push(place);
    }
    let count = sample.len() as f32;
    sample.iter_mut().for_each(|place| place.iter_mut().zip(&mean).for_each(|(v, sum)| *v -= sum / count));
    let length = |place: &[f32; Embedding::LEN]| dot(place, place);
    let furthest = sample.iter().max_by(|a, b| length(a).total_cmp(&length(b)));
    let mut along = furthest.copied().unwrap_or([1.0; Embedding::LEN]);
    for _ in 0..TURNS {
        let mut turned = [0.0; Embedding::LEN];
        for place in &sample {
            let share = dot(place, &along);
            turned.iter_mut().zip(place).for_each(|(sum, v)| *sum += share * v);
        }
        along.copy_from_slice(Embedding::from_raw(&turned).as_slice());
    }
    along
}

/// In eight lanes, so that the sum need not wait for itself.
fn dot(a: &[f32], b: &[f32; Embedding::LEN]) -> f32 {
    let mut lanes = [0.0f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    lanes.iter().sum()
}
