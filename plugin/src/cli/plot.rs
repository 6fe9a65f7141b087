//! Plots on a canvas: axes with round numbers, lines, waveforms and spectrograms, in the colours of the editor's
//! light theme.

use realfft::RealFftPlanner;

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

/// The extremes of a waveform, one pair a column.
pub fn waveform(mono: &[f32], columns: usize) -> Vec<(f32, f32)> {
    (0..columns)
        .map(|column| {
            let from = column * mono.len() / columns;
            let to = ((column + 1) * mono.len() / columns).max(from + 1).min(mono.len());
            mono[from.min(to)..to].iter().fold((0.0f32, 0.0f32), |(low, high), &v| (low.min(v), high.max(v)))
        })
        .collect()
}

/// Levels of a sound over time and frequency, as a picture `columns` wide and `rows` high whose rows lie along
/// `hz`, the lowest one at the bottom. `colour` paints a level: 1 for the loudest point, 0 for what lies `range_db` or
/// more below it. What it costs follows from the picture, not from the length of the sound.
pub fn spectrogram(
    (mono, rate_hz): (&[f32], u32),
    hz: Axis,
    range_db: f32,
    [columns, rows]: [u32; 2],
    colour: impl Fn(f32) -> Ink,
) -> image::RgbaImage {
    let len = (0.085 * rate_hz as f32) as usize;
    let len = len.next_power_of_two().clamp(256, 1 << 15);
    let power = powers(mono, columns as usize, len);
    let loudest = power.iter().flatten().fold(1e-20f32, |a, &b| a.max(b));
    image::RgbaImage::from_fn(columns, rows, |x, y| {
        let along = |edge: f32| (rows as f32 - y as f32 - edge) / rows as f32;
        let bin = |edge: f32| hz.at(along(edge)) * len as f32 / rate_hz as f32;
        let spectrum = &power[x as usize];
        let db = 10.0 * (band(spectrum, bin(1.0), bin(0.0)) / loudest).max(1e-20).log10();
        image::Rgba(colour(1.0 + db / range_db).0)
    })
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

/// Windows that one column looks at, at most: a column of a long sound is wider than one.
const LOOKS: usize = 4;

/// Power by column and bin: Hann windows of `len` frames, spread over the column.
fn powers(mono: &[f32], columns: usize, len: usize) -> Vec<Vec<f32>> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(len);
    let mut input = fft.make_input_vec();
    let mut output = fft.make_output_vec();
    let turn = std::f32::consts::TAU / len as f32;
    let window: Vec<f32> = (0..len).map(|i| 0.5 - 0.5 * (turn * i as f32).cos()).collect();
    let looks = (2 * mono.len() / (columns.max(1) * len)).clamp(1, LOOKS);
    let mut look = |middle: isize, power: &mut [f32]| {
        for (i, value) in input.iter_mut().enumerate() {
            let at = middle + i as isize - (len / 2) as isize;
            *value = window[i] * usize::try_from(at).ok().and_then(|at| mono.get(at)).copied().unwrap_or(0.0);
        }
        // PANIC: both buffers were made by this transform, so their lengths fit.
        fft.process(&mut input, &mut output).expect("the buffers fit the transform");
        power.iter_mut().zip(&output).for_each(|(sum, bin)| *sum += bin.norm_sqr() / looks as f32);
    };
    let column = |column: usize| {
        let mut power = vec![0.0; len / 2 + 1];
        for part in 0..looks {
            let along = (column as f64 + (part as f64 + 0.5) / looks as f64) / columns as f64;
            look((along * mono.len() as f64) as isize, &mut power);
        }
        power
    };
    (0..columns).map(column).collect()
}

/// The largest power between two bins; between neighbours, on the line from one to the other.
fn band(spectrum: &[f32], from: f32, to: f32) -> f32 {
    let at = |bin: f32| {
        let bin = bin.clamp(0.0, (spectrum.len() - 2) as f32);
        let below = spectrum[bin as usize];
        below + (spectrum[bin as usize + 1] - below) * bin.fract()
    };
    let inner = (from.ceil() as usize).min(spectrum.len())..(to.floor() as usize + 1).min(spectrum.len());
    let edges = at(from).max(at(to));
    if inner.start < inner.end { spectrum[inner].iter().fold(edges, |a, &b| a.max(b)) } else { edges }
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

    #[test]
    fn a_sine_is_dark_at_its_own_frequency_only() {
        let rate_hz = 48_000;
        let sine: Vec<f32> =
            (0..rate_hz).map(|i| (std::f32::consts::TAU * 440.0 * i as f32 / rate_hz as f32).sin()).collect();
        let axis = Axis::Log(40.0, 16_000.0);
        let picture = spectrogram((&sine, rate_hz), axis, 90.0, [40, 300], heat);
        let row = |hz: f32| ((1.0 - axis.along(hz)) * 300.0) as u32;
        let level = |hz: f32| picture.get_pixel(20, row(hz)).0[0];
        assert!(level(440.0) < 60, "{}", level(440.0));
        assert!(level(1000.0) > 240 && level(150.0) > 240, "{} {}", level(1000.0), level(150.0));
    }

    #[test]
    fn a_waveform_keeps_its_extremes() {
        let mono: Vec<f32> = (0..1000).map(|i| if i == 500 { 0.9 } else { -0.1 }).collect();
        let columns = waveform(&mono, 100);
        assert_eq!(columns.len(), 100);
        assert_eq!(columns[50], (-0.1, 0.9));
        assert_eq!(columns[3], (-0.1, 0.0));
        assert_eq!(waveform(&[], 3), [(0.0, 0.0); 3]);
    }
}
