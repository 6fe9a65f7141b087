//! How a drawing moves from left to right, out of where the network sees ink.

use crate::sketch::PAD_ASPECT;
use crate::sketch_net::height_of_run;
use crate::{ContourPoint, Legend};

/// Ink in columns: the parts of their pixels that are covered, 0..1, from the top.
pub struct Columns {
    rows: usize,
    /// (columns, rows)
    ink: Vec<f32>,
}

impl Columns {
    /// Out of the ink of patches that are `high` pixel rows high: (rows / high, columns, high).
    pub fn of_patches(ink: &[f32], columns: usize, high: usize) -> Columns {
        let rows = ink.len() / columns;
        let mut turned = vec![0.0; ink.len()];
        for (line, patches) in ink.chunks(columns * high).enumerate() {
            for (column, patch) in patches.chunks(high).enumerate() {
                turned[column * rows + line * high..][..high].copy_from_slice(patch);
            }
        }
        Columns { rows, ink: turned }
    }
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
pub fn contour(ink: &Columns, width_norm: f32, legend: &Legend) -> Vec<ContourPoint> {
    let lines = ink.ink.chunks(ink.rows);
    let columns = lines.len();
    let crossings: Vec<Crossing> =
        lines.enumerate().filter_map(|(column, line)| crossing(line, column)).collect();
    let widths: Vec<f32> = (0..crossings.len()).map(|at| width(&crossings, at, columns)).collect();
    let mut sorted = widths.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let Some(&middle) = sorted.get(sorted.len() / 2) else { return Vec::new() };
    let scale = (width_norm / middle).clamp(0.25, 4.0);
    let point = |(crossing, width): (&Crossing, &f32)| ContourPoint {
        x_norm: (crossing.column as f32 + 0.5) / columns as f32,
        y_norm: crossing.y_norm,
        midi: legend.scale.midi_at(crossing.y_norm),
        db: legend.loudness_db_of(width * scale),
    };
    crossings.iter().zip(&widths).map(point).collect()
}

fn crossing(line: &[f32], column: usize) -> Option<Crossing> {
    let inked = line.iter().position(|v| *v > 0.0)?..line.iter().rposition(|v| *v > 0.0)? + 1;
    let most = line[inked.clone()].iter().fold(0.0f32, |most, v| most.max(*v));
    let floor = 0.25 * most.min(0.4);
    let mut best: Option<(f32, std::ops::Range<usize>)> = None;
    let mut start = inked.start;
    while start < inked.end {
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
    let y_norm = height_of_run(&line[run.clone()], run.start, line.len());
    Some(Crossing { column, y_norm, high_norm: total / line.len() as f32 })
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
