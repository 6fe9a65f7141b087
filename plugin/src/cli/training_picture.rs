//! Pictures of a training: the curves of its loss, and which class was taken for which.

use std::path::Path;

use anyhow::Result;

use super::canvas::{Align, Area, Canvas, Ink, Type};
use super::plot::{ACCENT, Axis, DIM, Frame, LABEL, PAPER, SECOND, TEXT, TITLE, WINDOW, heat};

/// The curves of a training, by step.
pub struct Curves<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// Loss of each step, or of some.
    pub loss: &'a [(f32, f32)],
    /// What was measured on examples that were held out, and what it is.
    pub held_out: &'a [(f32, f32)],
    /// What the second line is.
    pub held_out_name: &'a str,
}

const CURVES: Area = Area { x: 112.0, y: 100.0, w: 1180.0, h: 520.0 };

/// Draws the curves and writes them as PNG.
///
/// # Errors
/// Names the file and the cause.
pub fn write_curves(curves: &Curves<'_>, path: &Path) -> Result<()> {
    let mut canvas = Canvas::new(1400, 700, WINDOW);
    let smooth = smoothed(curves.loss);
    let values =
        || smooth.iter().chain(curves.held_out).map(|point| point.1).filter(|value| value.is_finite());
    let low = values().fold(f32::INFINITY, f32::min).min(1e9);
    let high = values().fold(f32::NEG_INFINITY, f32::max).max(low + 1e-3);
    let margin = 0.06 * (high - low);
    let last = curves.loss.last().map_or(1.0, |point| point.0).max(1.0);
    let frame = Frame {
        area: CURVES,
        x: Axis::Linear(0.0, last),
        y: Axis::Linear(low - margin, high + margin),
        title: curves.title,
        x_label: "steps",
        y_label: "loss",
    };
    frame.draw_ground(&mut canvas);
    frame.draw_line(&mut canvas, curves.loss, 1.0, DIM.with_alpha(60));
    frame.draw_line(&mut canvas, &smooth, 2.5, ACCENT);
    frame.draw_line(&mut canvas, curves.held_out, 2.5, SECOND);
    for &(step, value) in curves.held_out.iter().filter(|point| point.1.is_finite()) {
        let (x, y) = (frame.x_px(step), frame.y_px(value).clamp(CURVES.y, CURVES.bottom()));
        canvas.fill(Area { x: x - 5.0, y: y - 5.0, w: 10.0, h: 10.0 }, 5.0, SECOND);
    }
    frame.draw_labels(&mut canvas);
    draw_legend(&mut canvas, &[("training loss", ACCENT), (curves.held_out_name, SECOND)]);
    canvas.write_png(path)
}

fn draw_legend(canvas: &mut Canvas, entries: &[(&str, Ink)]) {
    let mut right = CURVES.right();
    for (name, ink) in entries.iter().rev() {
        let width = canvas.text((right, CURVES.y - 16.0), Align::Right, LABEL, 500.0, name);
        let line = [(right - width - 44.0, CURVES.y - 23.0), (right - width - 12.0, CURVES.y - 23.0)];
        canvas.line(&line, 3.0, *ink);
        right -= width + 76.0;
    }
}

/// The mean of the neighbours, a fiftieth of all points to each side.
fn smoothed(points: &[(f32, f32)]) -> Vec<(f32, f32)> {
    let reach = points.len() / 50;
    (0..points.len())
        .map(|at| {
            let near = &points[at.saturating_sub(reach)..(at + reach + 1).min(points.len())];
            (points[at].0, near.iter().map(|point| point.1).sum::<f32>() / near.len() as f32)
        })
        .collect()
}

/// Answers whose confidence lies in one tenth: how many, the sum of their confidences, and how many are right.
pub type Tenth = (u32, f32, u32);

/// How often confidences were right.
pub struct Reliability<'a> {
    /// Above the picture.
    pub title: &'a str,
    /// Name and tenths of each aspect.
    pub aspects: &'a [(&'a str, &'a [Tenth; 10])],
}

impl Reliability<'_> {
    /// Draws a diagram for each aspect, confidence to the right and how often it was right upwards: on the diagonal it
    /// means what it says. Writes it as PNG.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn write(&self, path: &Path) -> Result<()> {
        const SIDE: f32 = 360.0;
        const STEP: f32 = SIDE + 110.0;
        let mut canvas = Canvas::new((130.0 + STEP * self.aspects.len() as f32) as u32, 600, WINDOW);
        canvas.text((48.0, 60.0), Align::Left, TITLE, STEP * self.aspects.len() as f32, self.title);
        for (i, (name, tenths)) in self.aspects.iter().enumerate() {
            let area = Area { x: 112.0 + STEP * i as f32, y: 130.0, w: SIDE, h: SIDE };
            let total = tenths.iter().map(|tenth| tenth.0).sum::<u32>().max(1) as f32;
            let off: f32 =
                tenths.iter().map(|(_, confidence, right)| (confidence - *right as f32).abs()).sum();
            let title = format!("{name}: error {:.3}", off / total);
            let frame = Frame {
                area,
                x: Axis::Linear(0.0, 1.0),
                y: Axis::Linear(0.0, 1.0),
                title: &title,
                x_label: "confidence",
                y_label: "right",
            };
            frame.draw_ground(&mut canvas);
            canvas.dashed(&[(area.x, area.bottom()), (area.right(), area.y)], 1.5, 6.0, DIM);
            let mut line = Vec::new();
            for (answers, confidence, right) in tenths.iter().filter(|tenth| tenth.0 > 0) {
                let count = *answers as f32;
                let at = (confidence / count, *right as f32 / count);
                line.push(at);
                // As wide as the share of the answers that it stands for.
                let radius = 4.0 + 22.0 * (count / total).sqrt();
                let (x, y) = (frame.x_px(at.0), frame.y_px(at.1));
                let disc = Area { x: x - radius, y: y - radius, w: 2.0 * radius, h: 2.0 * radius };
                canvas.fill(disc, radius, ACCENT.with_alpha(110));
            }
            frame.draw_line(&mut canvas, &line, 2.5, ACCENT);
            frame.draw_labels(&mut canvas);
        }
        canvas.write_png(path)
    }
}

/// How often each class was taken for each.
pub struct Confusion<'a> {
    /// Above the picture.
    pub title: &'a str,
    /// Names of the classes.
    pub classes: &'a [&'a str],
    /// By true class, then by the class that was read.
    pub counts: &'a [Vec<u32>],
}

/// How many examples of a class there were, and how many were read right.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ClassFigures {
    /// Its name.
    pub class: String,
    /// Examples of it.
    pub examples: u32,
    /// Of those, read as it.
    pub right: u32,
}

impl Confusion<'_> {
    /// The figures of each class, in order.
    pub fn figures(&self) -> Vec<ClassFigures> {
        let rows = self.classes.iter().zip(self.counts).enumerate();
        rows.map(|(class, (name, row))| ClassFigures {
            class: (*name).to_string(),
            examples: row.iter().sum(),
            right: row.get(class).copied().unwrap_or(0),
        })
        .collect()
    }

    /// Draws the table and writes it as PNG.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn write(&self, path: &Path) -> Result<()> {
        const CELL: f32 = 62.0;
        let (left, top) = (180.0, 150.0);
        let side = CELL * self.classes.len() as f32;
        let mut canvas = Canvas::new((left + side + 60.0) as u32, (top + side + 70.0) as u32, WINDOW);
        canvas.text((48.0, 60.0), Align::Left, TITLE, side + 150.0, self.title);
        canvas.text((left - 16.0, top - 14.0), Align::Right, LABEL, 160.0, "is \\ read as");
        let foot = (left, top + side + 36.0);
        canvas.text(foot, Align::Left, LABEL, side, "percent of each row; the diagonal is right");
        for (row, (name, counts)) in self.classes.iter().zip(self.counts).enumerate() {
            let y = top + row as f32 * CELL;
            canvas.text((left - 16.0, y + 38.0), Align::Right, LABEL, 160.0, name);
            let label = Type { size_px: 15.0, ..LABEL };
            let at = (left + (row as f32 + 0.5) * CELL, top - 14.0 - 22.0 * (row % 2) as f32);
            canvas.text(at, Align::Centre, label, 2.0 * CELL - 8.0, name);
            let total = counts.iter().sum::<u32>().max(1) as f32;
            for (column, &count) in counts.iter().enumerate() {
                let share = count as f32 / total;
                let area = Area { x: left + column as f32 * CELL, y, w: CELL - 2.0, h: CELL - 2.0 };
                canvas.fill(area, 4.0, heat(0.85 * share.sqrt()));
                if count > 0 {
                    let ink = if share > 0.3 { PAPER } else { TEXT };
                    let style = Type { size_px: 18.0, strong: row == column, ink };
                    let text = format!("{:.0}", 100.0 * share);
                    canvas.text((area.x + area.w / 2.0, y + 37.0), Align::Centre, style, CELL, &text);
                }
            }
        }
        canvas.write_png(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_count_the_diagonal() {
        let counts = [vec![8, 2], vec![0, 0]];
        let confusion = Confusion { title: "", classes: &["a", "b"], counts: &counts };
        let figures: Vec<(u32, u32)> = confusion.figures().iter().map(|f| (f.examples, f.right)).collect();
        assert_eq!(figures, [(10, 8), (0, 0)]);
    }

    #[test]
    fn pictures_of_nothing_and_of_what_is_not_finite_are_still_pictures() {
        let folder = tempfile::tempdir().unwrap();
        for (name, loss) in [("none", vec![]), ("one", vec![(1.0, 2.0)]), ("nan", vec![(1.0, f32::NAN); 3])] {
            let path = folder.path().join(name).with_extension("png");
            let held_out: &[(f32, f32)] = &[(1.0, 0.5)];
            let curves = Curves { title: name, loss: &loss, held_out, held_out_name: "held out" };
            write_curves(&curves, &path).unwrap();
            assert_eq!(image::open(&path).unwrap().width(), 1400);
        }
    }

    #[test]
    fn smoothing_keeps_a_level() {
        let level: Vec<(f32, f32)> = (0..500).map(|step| (step as f32, 3.0)).collect();
        assert!(smoothed(&level).iter().all(|point| (point.1 - 3.0).abs() < 1e-5));
    }
}
