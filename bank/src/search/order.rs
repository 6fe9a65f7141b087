//! The order in which a bank's sounds lie in its table: like beside like.

use neume_models::{Embedding, Family};

use super::table::{BLOCK, GROUP};
use crate::matching::Features;

/// Axes along which embeddings are told apart here.
const AXES: usize = 8;
const COORDINATES: usize = 5 + Family::COUNT + AXES;
/// Rows by which a stretch is judged.
const SAMPLE: usize = 256;

/// Where a sound lies, in units in which a step costs about as much score along each coordinate.
type Point = [f32; COORDINATES];

/// Rows in order: stretches are halved by the coordinate along which they spread most, down to blocks.
pub(crate) fn order<'a>(features: &[Features], embedding: impl Fn(usize) -> &'a Embedding) -> Vec<u32> {
    let axes = axes(features.len(), &embedding);
    let points: Vec<Point> =
        features.iter().enumerate().map(|(row, features)| point(features, embedding(row), &axes)).collect();
    let mut order: Vec<u32> = (0..features.len() as u32).collect();
    let everything = 0..order.len();
    let mut stretches = Vec::from([everything]);
    while let Some(stretch) = stretches.pop() {
        let rows = &mut order[stretch.clone()];
        if rows.len() <= BLOCK {
            rows.sort_unstable();
            continue;
        }
        let along = widest(rows, &points);
        let whole = if rows.len() > BLOCK * GROUP { BLOCK * GROUP } else { BLOCK };
        let half = rows.len().div_ceil(whole) / 2 * whole;
        let value = |row: &u32| points[*row as usize][along];
        rows.select_nth_unstable_by(half, |a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
        stretches.push(stretch.start..stretch.start + half);
        stretches.push(stretch.start + half..stretch.end);
    }
    order
}

fn point(features: &Features, embedding: &Embedding, axes: &[Embedding]) -> Point {
    let mut point = [0.0; COORDINATES];
    // Half a semitone from the drawn row costs most of what a wrong family costs.
    point[0] = if features.pitched { 0.6 * features.root_midi } else { -60.0 };
    point[1] = features.loudness_db.max(-100.0) / 48.0;
    point[2] = 0.1 * features.brightness;
    point[3] = 0.1 * features.roughness;
    point[4] = 0.5 * features.root_confidence;
    for (value, family) in point[5..].iter_mut().zip(features.families) {
        *value = 0.85 * family;
    }
    for (value, axis) in point[5 + Family::COUNT..].iter_mut().zip(axes) {
        *value = axis.similarity(embedding);
    }
    point
}

/// The coordinate of the largest variance.
fn widest(rows: &[u32], points: &[Point]) -> usize {
    let step = rows.len().div_ceil(SAMPLE);
    let (mut sum, mut squares) = ([0.0f32; COORDINATES], [0.0f32; COORDINATES]);
    let mut count = 0.0;
    for &row in rows.iter().step_by(step) {
        count += 1.0;
        for (at, value) in points[row as usize].iter().enumerate() {
            sum[at] += value;
            squares[at] += value * value;
        }
    }
    let spread = |at: usize| squares[at] / count - (sum[at] / count).powi(2);
    (1..COORDINATES).fold(0, |widest, at| if spread(at) > spread(widest) { at } else { widest })
}

/// The axes along which embeddings spread most, by turning a first guess until it stays; few steps do, since any axes
/// give a right order, and good ones a quick one.
fn axes<'a>(count: usize, embedding: &impl Fn(usize) -> &'a Embedding) -> Vec<Embedding> {
    const ROWS: usize = 2048;
    const TURNS: usize = 12;
    const LEN: usize = Embedding::LEN;
    let sample: Vec<&Embedding> = (0..count).step_by(count.div_ceil(ROWS).max(1)).map(embedding).collect();
    if sample.len() <= BLOCK {
        return Vec::new();
    }
    let mean = |at: usize| sample.iter().map(|e| e.as_slice()[at]).sum::<f32>() / sample.len() as f32;
    let means: Vec<f32> = (0..LEN).map(mean).collect();
    let mut spread = vec![[0.0f32; LEN]; LEN];
    for embedding in &sample {
        let off: Vec<f32> = embedding.as_slice().iter().zip(&means).map(|(v, mean)| v - mean).collect();
        for (row, a) in spread.iter_mut().zip(&off) {
            row.iter_mut().zip(&off).for_each(|(sum, b)| *sum += a * b);
        }
    }
    let mut axes: Vec<Embedding> = Vec::new();
    for n in 0..AXES {
        let mut axis = [0.0; LEN];
        axis.iter_mut().enumerate().for_each(|(i, v)| *v = ((i * (n + 1)) as f32 * 0.7).cos() + 0.1);
        for _ in 0..TURNS {
            let mut turned = [0.0; LEN];
            turned.iter_mut().zip(&spread).for_each(|(v, row)| {
                *v = row.iter().zip(&axis).map(|(a, b)| a * b).sum();
            });
            for known in &axes {
                let along: f32 = known.as_slice().iter().zip(&turned).map(|(a, b)| a * b).sum();
                turned.iter_mut().zip(known.as_slice()).for_each(|(v, k)| *v -= along * k);
            }
            axis.copy_from_slice(Embedding::from_raw(&turned).as_slice());
        }
        axes.push(Embedding::from_raw(&axis));
    }
    axes
}
