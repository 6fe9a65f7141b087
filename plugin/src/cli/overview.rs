//! What pictures of a sound are made of, taken piece by piece, however long the sound is: its waveform, and its levels over
//! time and frequency.

use std::sync::Arc;

use neume_bank::Piece;
use realfft::{RealFftPlanner, RealToComplex};

use super::canvas::Ink;
use super::plot::Axis;

/// The waveform and the powers of one sound.
pub struct Overview {
    frames: u64,
    rate_hz: u32,
    /// Lowest and highest sample of each part of the sound, all parts alike long; silence counts.
    waveform: Vec<(f32, f32)>,
    /// Power by column and bin: Hann windows, spread over the column.
    powers: Vec<Vec<f32>>,
    looks: Looks,
    /// Columns of the waveform that are done.
    done: usize,
    /// Samples that have come, and those of them that later windows reach.
    come: u64,
    held: Vec<f32>,
}

/// Windows that one column looks at, at most: a column of a long sound is wider than one.
const MOST_LOOKS: u64 = 4;

/// The windows of a sound, in order.
struct Looks {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    each: u64,
    next: u64,
}

impl Overview {
    /// Of a sound of this length: so many columns of its waveform, and so many of its powers.
    pub fn new(frames: u64, rate_hz: u32, [waveform, powers]: [usize; 2]) -> Overview {
        let len = ((0.085 * rate_hz as f32) as usize).next_power_of_two().clamp(256, 1 << 15);
        let fft = RealFftPlanner::new().plan_fft_forward(len);
        let turn = std::f32::consts::TAU / len as f32;
        let window = (0..len).map(|i| 0.5 - 0.5 * (turn * i as f32).cos()).collect();
        let each = (2 * frames / (powers.max(1) * len) as u64).clamp(1, MOST_LOOKS);
        Overview {
            frames,
            rate_hz,
            waveform: vec![(0.0, 0.0); waveform],
            powers: vec![vec![0.0; len / 2 + 1]; powers],
            looks: Looks { fft, window, each, next: 0 },
            done: 0,
            come: 0,
            held: Vec::new(),
        }
    }

    /// Of samples in memory.
    pub fn of(mono: &[f32], rate_hz: u32, columns: [usize; 2]) -> Overview {
        let mut overview = Overview::new(mono.len() as u64, rate_hz, columns);
        overview.add(mono);
        overview.end();
        overview
    }

    /// Takes the samples that follow.
    pub fn take(&mut self, piece: &Piece<'_>) {
        self.add(&piece.mono());
    }

    /// Says that there are no more samples: what is missing is silence.
    pub fn end(&mut self) {
        let reach = self.looks.window.len() as u64;
        let missing = (self.frames + reach).saturating_sub(self.come);
        self.look(&vec![0.0; missing.min(2 * reach) as usize]);
    }

    /// Lowest and highest sample of each column of the waveform.
    pub fn waveform(&self) -> &[(f32, f32)] {
        &self.waveform
    }

    /// Levels over time and frequency, as a picture `rows` high whose rows lie along `hz`, the lowest one at the bottom.
    /// `colour` paints a level: 1 for the loudest point, 0 for what lies `range_db` or more below it.
    pub fn spectrogram(
        &self,
        hz: Axis,
        range_db: f32,
        rows: u32,
        colour: impl Fn(f32) -> Ink,
    ) -> image::RgbaImage {
        let loudest = self.powers.iter().flatten().fold(1e-20f32, |a, &b| a.max(b));
        let per_hz = self.looks.window.len() as f32 / self.rate_hz as f32;
        image::RgbaImage::from_fn(self.powers.len() as u32, rows, |x, y| {
            let along = |edge: f32| (rows as f32 - y as f32 - edge) / rows as f32;
            let bin = |edge: f32| hz.at(along(edge)) * per_hz;
            let db = 10.0 * (band(&self.powers[x as usize], bin(1.0), bin(0.0)) / loudest).max(1e-20).log10();
            image::Rgba(colour(1.0 + db / range_db).0)
        })
    }

    fn add(&mut self, mono: &[f32]) {
        self.draw(mono);
        self.look(mono);
    }

    /// Widens the columns of the waveform that samples fall into.
    fn draw(&mut self, mono: &[f32]) {
        let columns = self.waveform.len();
        let edge = |column: usize| (column as u128 * u128::from(self.frames) / columns as u128) as u64;
        let behind = self.come + mono.len() as u64;
        while self.done < columns {
            let from = edge(self.done);
            let to = edge(self.done + 1).max(from + 1);
            let place = |at: u64| (at.clamp(self.come, behind) - self.come) as usize;
            let column = &mut self.waveform[self.done];
            *column = mono[place(from)..place(to)]
                .iter()
                .fold(*column, |(low, high), &v| (low.min(v), high.max(v)));
            if to > behind {
                return;
            }
            self.done += 1;
        }
    }

    /// Adds the windows that end within what has come.
    fn look(&mut self, mono: &[f32]) {
        let (len, all) = (self.looks.window.len(), self.powers.len() as u64 * self.looks.each);
        // The first windows begin before the sound.
        if self.come == 0 {
            self.held.resize(len / 2, 0.0);
        }
        self.held.extend_from_slice(mono);
        self.come += mono.len() as u64;
        let first = self.come + len as u64 / 2 - self.held.len() as u64;
        let start_of = |look: u64| {
            let along = (look as f64 + 0.5) / all as f64;
            (along * self.frames as f64) as u64
        };
        let mut output = self.looks.fft.make_output_vec();
        while self.looks.next < all {
            let start = (start_of(self.looks.next) - first) as usize;
            let Some(held) = self.held.get(start..start + len) else { break };
            let mut input: Vec<f32> = held.iter().zip(&self.looks.window).map(|(v, w)| v * w).collect();
            // PANIC: both buffers were made by this transform, so their lengths fit.
            self.looks.fft.process(&mut input, &mut output).expect("the buffers fit the transform");
            let power = &mut self.powers[(self.looks.next / self.looks.each) as usize];
            let share = 1.0 / self.looks.each as f32;
            power.iter_mut().zip(&output).for_each(|(sum, bin)| *sum += bin.norm_sqr() * share);
            self.looks.next += 1;
        }
        let needed = if self.looks.next < all { start_of(self.looks.next) - first } else { u64::MAX };
        self.held.drain(..needed.min(self.held.len() as u64) as usize);
    }
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
    use super::super::plot::heat;
    use super::*;

    fn sine(hz: f32, rate_hz: u32) -> Vec<f32> {
        (0..rate_hz).map(|i| (std::f32::consts::TAU * hz * i as f32 / rate_hz as f32).sin()).collect()
    }

    #[test]
    fn a_sine_is_dark_at_its_own_frequency_only() {
        let overview = Overview::of(&sine(440.0, 48_000), 48_000, [1, 40]);
        let axis = Axis::Log(40.0, 16_000.0);
        let picture = overview.spectrogram(axis, 90.0, 300, heat);
        let row = |hz: f32| ((1.0 - axis.along(hz)) * 300.0) as u32;
        let level = |hz: f32| picture.get_pixel(20, row(hz)).0[0];
        assert!(level(440.0) < 60, "{}", level(440.0));
        assert!(level(1000.0) > 240 && level(150.0) > 240, "{} {}", level(1000.0), level(150.0));
    }

    #[test]
    fn a_waveform_keeps_its_extremes() {
        let mono: Vec<f32> = (0..1000).map(|i| if i == 500 { 0.9 } else { -0.1 }).collect();
        let overview = Overview::of(&mono, 48_000, [100, 1]);
        let columns = overview.waveform();
        assert_eq!(columns.len(), 100);
        assert_eq!(columns[50], (-0.1, 0.9));
        assert_eq!(columns[3], (-0.1, 0.0));
        assert_eq!(Overview::of(&[], 48_000, [3, 1]).waveform(), [(0.0, 0.0); 3]);
    }

    #[test]
    fn in_whatever_pieces_a_sound_comes_it_looks_the_same() {
        for (columns, frames) in [([70, 40], 48_000), ([500, 300], 200), ([50, 3], 48_000)] {
            let mono = &sine(440.0, 48_000)[..frames];
            let whole = Overview::of(mono, 48_000, columns);
            for size in [1, 777, 20_000] {
                let mut pieces = Overview::new(mono.len() as u64, 48_000, columns);
                let in_pieces = mono.chunks(size.max(mono.len() / 3_000));
                in_pieces.for_each(|v| pieces.take(&Piece { rate_hz: 48_000, channels: &[v, v] }));
                pieces.end();
                assert_eq!(pieces.waveform(), whole.waveform(), "{columns:?} {size}");
                assert!(pieces.powers == whole.powers, "{columns:?} {size}");
                assert!(pieces.held.len() < 30_000, "little is held");
            }
        }
    }
}
