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

    /// Where the strongest stroke of each column lies: x and y of the pad, 0..1, y up.
    pub fn places(&self) -> Vec<[f32; 2]> {
        let place =
            |crossing: Crossing| [(crossing.column as f32 + 0.5) / self.count() as f32, crossing.y_norm];
        self.crossings().into_iter().map(place).collect()
    }

    fn count(&self) -> usize {
        self.ink.len() / self.rows
    }

    fn crossings(&self) -> Vec<Crossing> {
        let lines = self.ink.chunks(self.rows).enumerate();
        lines.filter_map(|(column, line)| crossing(line, column)).collect()
    }
}

/// The strongest stroke of one column.
#[derive(Clone, Copy)]
struct Crossing {
    column: usize,
    y_norm: f32,
    /// How much of the column it covers, as a fraction of the height.
    high_norm: f32,
    /// From its lower to its upper edge, as a fraction of the height.
    reach_norm: f32,
}

/// Rows without ink that part one stroke from another.
const GAP_ROWS: usize = 3;
/// Ink that a column has at least, in pixels of its height.
const LEAST_PX: f32 = 0.15;

/// Where the strongest stroke of each column lies, and how loud it is there. The widths, measured across the stroke, are
/// brought to `width_norm` in the middle, which the network knows better.
pub fn contour(ink: &Columns, width_norm: f32, legend: &Legend) -> Vec<ContourPoint> {
    let (crossings, columns) = (ink.crossings(), ink.count());
    let mut widths: Vec<f32> = (0..crossings.len()).map(|at| width(&crossings, at, columns)).collect();
    fill_ends(&crossings, &mut widths, columns);
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
    let [high_norm, reach_norm] = [total, run.len() as f32].map(|rows| rows / line.len() as f32);
    Some(Crossing { column, y_norm, high_norm, reach_norm })
}

/// The width across a stroke: its height in the column, less where it is steep.
fn width(crossings: &[Crossing], at: usize, columns: usize) -> f32 {
    let step = PAD_ASPECT / columns as f32;
    let (before, after) = (at.saturating_sub(1), (at + 1).min(crossings.len() - 1));
    let [before, after] = [before, after].map(|i| crossings[i]);
    let along = (after.column - before.column) as f32 * step;
    let rise = after.y_norm - before.y_norm;
    // Further apart than two columns is another stroke, and so is what lies higher than a steep one would reach.
    let is_one = along > 0.0 && along < 2.5 * step && rise.abs() < 2.5 * crossings[at].reach_norm;
    let slope = if is_one { rise / along } else { 0.0 };
    crossings[at].high_norm / (1.0 + slope * slope).sqrt()
}

/// Strokes end in half a circle, and somewhere within a column: there they are as wide as where they are whole.
fn fill_ends(crossings: &[Crossing], widths: &mut [f32], columns: usize) {
    let step = PAD_ASPECT / columns as f32;
    let mut start = 0;
    for run in crossings.chunk_by(|a, b| b.column == a.column + 1) {
        let widths = &mut widths[start..start + run.len()];
        start += run.len();
        let widest = widths.iter().copied().fold(0.0, f32::max);
        let end = ((0.5 * widest / step).ceil() as usize + 1).min(run.len().div_ceil(2));
        let last = run.len() - 1;
        let [whole_first, whole_last] = [widths[end.min(last)], widths[last - end.min(last)]];
        widths[..end].iter_mut().for_each(|width| *width = width.max(whole_first));
        widths[run.len() - end..].iter_mut().for_each(|width| *width = width.max(whole_last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Point, Rgb, Sketch, SketchNet, Stroke};

    #[test]
    fn a_steep_line_and_a_loop_are_nowhere_softer_than_their_pen() {
        let net = SketchNet::embedded().unwrap();
        let turn = |i: u16| (f32::from(i) / 100.0 * std::f32::consts::TAU).sin_cos();
        let steep = |i: u16| [0.4 + 0.002 * f32::from(i), 0.1 + 0.008 * f32::from(i)];
        for (what, shape) in [
            (
                "a loop",
                Box::new(|i| [0.5 + 0.2 * turn(i).1, 0.5 + 0.3 * turn(i).0]) as Box<dyn Fn(u16) -> [f32; 2]>,
            ),
            ("a steep line", Box::new(steep)),
        ] {
            let points = (0..=100).map(shape).map(|[x, y]| Point { x, y, secs: 0.0 }).collect();
            let sketch =
                Sketch { strokes: vec![Stroke { points, rgb: Rgb::BLACK, width_norm: 0.015 }], raster: None };
            let reading = net.read(&sketch, &Legend::default()).unwrap();
            // Where a loop turns, a column holds much of it and seems louder.
            let quietest = reading.contour.iter().fold(0.0f32, |least, point| least.min(point.db));
            assert!(quietest > reading.loudness.db - 4.0, "{what}: {:?}", reading.contour);
        }
    }

    #[test]
    fn a_line_is_as_loud_at_its_ends_as_between_and_one_that_swells_swells() {
        let (rows, count) = (256, 96);
        let db = |width_of: &dyn Fn(usize) -> f32| -> Vec<f32> {
            let mut ink = vec![0.0; rows * count];
            for column in 10..80 {
                let half = width_of(column) / 2.0;
                for row in 0..rows {
                    let (low, high) = (row as f32, row as f32 + 1.0);
                    ink[column * rows + row] =
                        (high.min(128.0 + half) - low.max(128.0 - half)).clamp(0.0, 1.0);
                }
            }
            let columns = Columns { rows, ink };
            contour(&columns, 20.0 / 256.0, &Legend::default()).iter().map(|point| point.db).collect()
        };
        // A round end of 20 px, cut by the first column.
        let round = |column: usize| {
            let from_end = 4.0 * ((column - 10).min(79 - column) as f32) + 1.0;
            if from_end >= 10.0 { 20.0 } else { 2.0 * (100.0 - (10.0 - from_end).powi(2)).sqrt() }
        };
        let level = db(&round);
        assert!(level.iter().all(|db| (db - level[35]).abs() < 0.1), "{level:?}");
        let swelling = db(&|column| 4.0 + 0.4 * (column - 10) as f32);
        assert!(
            swelling[0] + 10.0 < swelling[69] && swelling.windows(2).all(|w| w[0] <= w[1] + 0.1),
            "{swelling:?}"
        );
    }
}
