//! Plots on a canvas: axes with round numbers and lines, in the colours of the editor's light theme.

use super::canvas::{Align, Area, Canvas, Ink, Type};

/// Behind everything.
pub const WINDOW: Ink = Ink::hex(0xE9E4DA);
/// The ground of a plot.
pub const PAPER: Ink = Ink::hex(0xFBF9F4);
/// The rows of black keys.
pub const ROW: Ink = Ink::hex(0xF1ECE2);
/// Grid lines.
pub const GRID: Ink = Ink::hex(0xE2DBCC);
/// Text and lines that matter.
pub const TEXT: Ink = Ink::hex(0x23211D);
/// Text that recedes.
pub const DIM: Ink = Ink::hex(0x6E685E);
/// What is chosen.
pub const ACCENT: Ink = Ink::hex(0xB4641E);
/// A second line beside the accent.
pub const SECOND: Ink = Ink::hex(0x25568F);

/// Text of a plot.
pub const LABEL: Type = Type { size_px: 19.0, strong: false, ink: DIM };
/// The title of a plot.
pub const TITLE: Type = Type { size_px: 24.0, strong: true, ink: TEXT };

/// How a quantity is laid along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Axis {
    /// Evenly from the first to the second.
    Linear(f32, f32),
    /// By ratio from the first to the second, both above 0.
    Log(f32, f32),
}

impl Axis {
    /// Where a value lies, 0 at the start of the axis and 1 at its end.
    pub fn along(self, value: f32) -> f32 {
        match self {
            Axis::Linear(from, to) => (value - from) / (to - from),
            Axis::Log(from, to) => (value.max(1e-12) / from).ln() / (to / from).ln(),
        }
    }

    /// The value at a place of the axis, the inverse of [`Axis::along`].
    pub fn at(self, along: f32) -> f32 {
        match self {
            Axis::Linear(from, to) => from + along * (to - from),
            Axis::Log(from, to) => from * (to / from).powf(along),
        }
    }

    /// Round values to label, about `wanted` of them.
    pub fn ticks(self, wanted: usize) -> Vec<f32> {
        match self {
            Axis::Linear(from, to) => {
                let raw = (to - from).abs() / wanted.max(1) as f32;
                let decade = 10f32.powf(raw.log10().floor());
                let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * decade).into_iter().find(|s| *s >= raw);
                let step = step.unwrap_or(10.0 * decade).max(f32::MIN_POSITIVE);
                let first = (from.min(to) / step - 1e-3).ceil() as i64;
                let last = (from.max(to) / step + 1e-3).floor() as i64;
                (first..=last.min(first + 100)).map(|i| i as f32 * step).collect()
            }
            Axis::Log(from, to) => {
                let decades = (from.log10().floor() as i32)..=(to.log10().ceil() as i32);
                let steps: &[f32] = if (to / from).log10() > 4.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
                let all = decades.flat_map(|d| steps.iter().map(move |m| m * 10f32.powi(d)));
                all.filter(|v| *v >= from * 0.999 && *v <= to * 1.001).collect()
            }
        }
    }
}

/// The frame of a plot: ground, grid, labelled axes and a title; `area` is the ground without labels.
pub struct Frame<'a> {
    /// Where the data lies.
    pub area: Area,
    /// The quantity to the right.
    pub x: Axis,
    /// The quantity upwards.
    pub y: Axis,
    /// Above the plot.
    pub title: &'a str,
    /// What the horizontal axis counts.
    pub x_label: &'a str,
    /// What the vertical axis counts.
    pub y_label: &'a str,
}

impl Frame<'_> {
    /// Draws ground and grid, to be covered by the data.
    pub fn draw_ground(&self, canvas: &mut Canvas) {
        canvas.fill(self.area, 0.0, PAPER);
        for value in self.x.ticks(10) {
            let x = self.x_px(value);
            canvas.line(&[(x, self.area.y), (x, self.area.bottom())], 1.0, GRID);
        }
        for value in self.y.ticks(5) {
            let y = self.y_px(value);
            canvas.line(&[(self.area.x, y), (self.area.right(), y)], 1.0, GRID);
        }
    }

    /// Draws the labels around the data.
    pub fn draw_labels(&self, canvas: &mut Canvas) {
        let area = self.area;
        canvas.text((area.x, area.y - 16.0), Align::Left, TITLE, area.w, self.title);
        let unit_width = canvas.text_width(self.x_label, LABEL);
        let baseline = area.bottom() + 26.0;
        canvas.text((area.right(), baseline), Align::Right, LABEL, area.w, self.x_label);
        for value in self.x.ticks(10) {
            let x = self.x_px(value);
            if x < area.right() - unit_width - 30.0 {
                canvas.text((x, baseline), Align::Centre, LABEL, 120.0, &tick_text(value));
            }
        }
        canvas.text((area.x - 12.0, area.y - 16.0), Align::Right, LABEL, 120.0, self.y_label);
        for value in self.y.ticks(5) {
            let y = self.y_px(value) + 0.35 * LABEL.size_px;
            canvas.text((area.x - 12.0, y), Align::Right, LABEL, 120.0, &tick_text(value));
        }
    }

    /// A line through values; what is not finite is left out.
    pub fn draw_line(&self, canvas: &mut Canvas, values: &[(f32, f32)], width_px: f32, ink: Ink) {
        let points: Vec<(f32, f32)> = values
            .iter()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .map(|&(x, y)| (self.x_px(x), self.y_px(y).clamp(self.area.y, self.area.bottom())))
            .collect();
        canvas.line(&points, width_px, ink);
    }

    /// The column of a value.
    pub fn x_px(&self, value: f32) -> f32 {
        self.area.x + self.x.along(value) * self.area.w
    }

    /// The row of a value.
    pub fn y_px(&self, value: f32) -> f32 {
        self.area.bottom() - self.y.along(value) * self.area.h
    }
}

/// A number as it stands at an axis: `0.5`, `200`, `5k`.
pub fn tick_text(value: f32) -> String {
    let size = value.abs();
    if size >= 1000.0 {
        format!("{}k", tick_text(value / 1000.0))
    } else if size >= 10.0 || size == 0.0 {
        format!("{value:.0}").replace('-', "−")
    } else {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
    }
}

/// The colour of a level 0..1: paper, accent, near black.
pub fn heat(level: f32) -> Ink {
    let level = level.clamp(0.0, 1.0);
    let stops =
        [(0.0, PAPER), (0.35, Ink::hex(0xE8C79B)), (0.65, ACCENT), (0.85, Ink::hex(0x6B2F12)), (1.0, TEXT)];
    let next = stops.iter().position(|stop| level <= stop.0).unwrap_or(stops.len() - 1).max(1);
    let ((from, a), (to, b)) = (stops[next - 1], stops[next]);
    a.towards(b, (level - from) / (to - from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside_the_axis() {
        assert_eq!(Axis::Linear(0.0, 8.3).ticks(8), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(Axis::Linear(-1.0, 1.0).ticks(4), [-1.0, -0.5, 0.0, 0.5, 1.0]);
        let expected = [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0];
        for (tick, wanted) in Axis::Log(40.0, 16_000.0).ticks(5).into_iter().zip(expected) {
            assert!((tick / wanted - 1.0).abs() < 1e-4, "{tick} {wanted}");
        }
        assert_eq!([0.5, -1.0, 200.0, 5000.0, 0.0].map(tick_text), ["0.5", "−1", "200", "5k", "0"]);
    }

    #[test]
    fn an_axis_and_its_inverse_agree() {
        for axis in [Axis::Linear(-3.0, 9.0), Axis::Log(40.0, 16_000.0)] {
            for along in [0.0, 0.25, 1.0] {
                assert!((axis.along(axis.at(along)) - along).abs() < 1e-4);
            }
        }
    }
}
