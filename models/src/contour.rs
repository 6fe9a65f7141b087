//! How a drawing moves from left to right, out of where the network sees ink.

use crate::sketch::PAD_ASPECT;
use crate::sketch_net::height_of_ink;
use crate::{ContourPoint, Legend};

/// Ink in columns, each from the top: `at(column, row)` is the part of the pixel that is covered, 0..1.
pub struct Columns<'a> {
    /// How many columns there are.
    pub columns: usize,
    /// How many rows.
    pub rows: usize,
    /// The ink.
    pub at: &'a dyn Fn(usize, usize) -> f32,
}

/// The strongest stroke of one column.
#[derive(Clone, Copy)]
struct Crossing {
    column: usize,
    y_norm: f32,
    /// From its lower to its upper edge, as a fraction of the height.
    high_norm: f32,
}

/// Rows without ink that part one stroke from another.
const GAP_ROWS: usize = 3;
/// Ink that a column has at least, in pixels of its height.
const LEAST_PX: f32 = 0.15;

/// Where the strongest stroke of each column lies, and how loud it is there. The widths, measured across the stroke, are
/// brought to `width_norm` in the middle, which the network knows better.
pub fn contour(ink: &Columns<'_>, width_norm: f32, legend: &Legend) -> Vec<ContourPoint> {
    let crossings: Vec<Crossing> = (0..ink.columns).filter_map(|column| crossing(ink, column)).collect();
    let widths: Vec<f32> = (0..crossings.len()).map(|at| width(&crossings, at, ink.columns)).collect();
    let mut sorted = widths.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(&middle) = sorted.get(sorted.len() / 2) else { return Vec::new() };
    let scale = (width_norm / middle).clamp(0.25, 4.0);
    let point = |(crossing, width): (&Crossing, &f32)| ContourPoint {
        x_norm: (crossing.column as f32 + 0.5) / ink.columns as f32,
        y_norm: crossing.y_norm,
        midi: legend.scale.midi_at(crossing.y_norm),
        db: legend.loudness_db_of(width * scale),
    };
    crossings.iter().zip(&widths).map(point).collect()
}

fn crossing(ink: &Columns<'_>, column: usize) -> Option<Crossing> {
    let line: Vec<f32> = (0..ink.rows).map(|row| (ink.at)(column, row)).collect();
    let most = line.iter().fold(0.0f32, |most, v| most.max(*v));
    let floor = 0.25 * most.min(0.4);
    let mut best: Option<(f32, std::ops::Range<usize>)> = None;
    let mut start = 0;
    while start < line.len() {
        if line[start] <= floor {
            start += 1;
            continue;
        }
        let (mut end, mut empty) = (start + 1, 0);
        while end < line.len() && empty < GAP_ROWS {
            empty = if line[end] <= floor { empty + 1 } else { 0 };
            end += 1;
        }
        let total = line[start..end].iter().sum::<f32>();
        if best.as_ref().is_none_or(|(most, _)| total > *most) {
            best = Some((total, start..end));
        }
        start = end;
    }
    let (total, run) = best.filter(|(total, _)| *total >= LEAST_PX)?;
    let alone: Vec<f32> =
        (0..line.len()).map(|row| if run.contains(&row) { line[row] } else { 0.0 }).collect();
    Some(Crossing { column, y_norm: height_of_ink(&alone), high_norm: total / ink.rows as f32 })
}

/// The width across a stroke: its height in the column, less where it is steep.
fn width(crossings: &[Crossing], at: usize, columns: usize) -> f32 {
    let step = PAD_ASPECT / columns as f32;
    let (before, after) = (at.saturating_sub(1), (at + 1).min(crossings.len() - 1));
    let [before, after] = [before, after].map(|i| crossings[i]);
    let along = (after.column - before.column) as f32 * step;
    // Further apart than two columns is another stroke.
    let slope = if along > 0.0 && along < 2.5 * step { (after.y_norm - before.y_norm) / along } else { 0.0 };
    crossings[at].high_norm / (1.0 + slope * slope).sqrt()
}
