//! The root of a sound by ear: a periodicity tracker after YIN (de Cheveigné and Kawahara, 2002), whose frames vote.
//!
//! Each frame's difference function is searched for the shortest lag that is nearly as good as the best one. How
//! nearly is not decided once but by a handful of tolerances, each with a vote, after the thought of pYIN (Mauch and
//! Dixon, 2014): a strict one hears a weak fundamental under strong harmonics, a lax one a note that wavers.

use std::ops::Range;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use crate::level::Levels;
use crate::samples::Samples;

/// A root that was heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heard {
    /// The MIDI note with its fraction.
    pub midi: f32,
    /// Share of the votes near it, 0..1.
    pub confidence: f32,
    /// The part of the energy that lies in a partial of this very pitch, 0..1. Where it is large, no higher note can be meant.
    pub fundamental: f32,
}

/// Lowest and highest pitch that is sought: a little beyond E0 and C9.
const RANGE_HZ: [f32; 2] = [19.5, 8_900.0];
/// Frames that vote.
const FRAMES: usize = 16;
/// Stretch behind the attack in which they lie, in seconds.
const HEARD_SECS: f32 = 2.5;
/// How much worse than the best lag a shorter one may be; one vote each.
const TOLERANCES: [f32; 6] = [0.005, 0.01, 0.02, 0.04, 0.07, 0.12];
/// A frame whose best lag leaves more than this share of its energy unexplained has no pitch.
const UNPITCHED: f32 = 0.4;
/// Lags are measured at this rate at least: between the samples of a low one, the dips of high notes go missing.
const FINE_HZ: u32 = 140_000;
/// Votes per semitone of the poll.
const STEPS: usize = 10;
const LOWEST_MIDI: f32 = 12.0;
const POLL: usize = 124 * STEPS;

/// The root of a mono sound; `None` where most of it has no pitch.
pub fn hear(mono: &[f32], rate_hz: u32) -> Option<Heard> {
    hear_in(&Samples::whole(mono), &Levels::of(mono, rate_hz), rate_hz)
}

/// The same of a sound whose [`stretch`] at least is there.
pub(crate) fn hear_in(samples: &Samples, levels: &Levels, rate_hz: u32) -> Option<Heard> {
    let window = window(samples.frames(), rate_hz);
    let fine = FINE_HZ.div_ceil(rate_hz.max(1)).min(16) as usize;
    let fine_hz = (rate_hz as usize * fine) as f32;
    let shortest = fine_hz / RANGE_HZ[1];
    if ((window * fine) as f32) < 4.0 * shortest {
        return None;
    }
    let mut lags = Lags::new(window, fine);
    let mut votes: Vec<(f32, f32)> = Vec::new();
    let mut asked = 0.0;
    let frames = frames(samples.frames(), levels, rate_hz);
    for &(start, weight) in &frames {
        asked += weight;
        lags.measure(samples.get(start..start + 2 * window));
        for lag in lags.ballots(shortest) {
            let midi = 69.0 + 12.0 * (fine_hz / lag / 440.0).log2();
            votes.push((midi, weight / TOLERANCES.len() as f32));
        }
    }
    let midi = elected(&votes)?;
    let near = |vote: &&(f32, f32)| (vote.0 - midi).abs() <= 0.75;
    let held: f32 = votes.iter().filter(near).map(|vote| vote.1).sum();
    let confidence = (held / asked.max(1e-9)).clamp(0.0, 1.0);
    let parts =
        frames.iter().map(|&(start, _)| part_at(midi, samples.get(start..start + 2 * window), rate_hz));
    let fundamental = parts.sum::<f32>() / frames.len().max(1) as f32;
    (confidence >= 0.25).then_some(Heard { midi, confidence, fundamental })
}

/// The part of a frame's energy that a sine of this pitch has, 0..1, through a window of Hann.
fn part_at(midi: f32, frame: &[f32], rate_hz: u32) -> f32 {
    let turn = std::f64::consts::TAU * 440.0 * ((f64::from(midi) - 69.0) / 12.0).exp2() / f64::from(rate_hz);
    let bell = std::f64::consts::TAU / frame.len().max(1) as f64;
    let (mut real, mut imaginary, mut weights, mut energy) = (0.0f64, 0.0f64, 0.0f64, 1e-12f64);
    for (i, &sample) in frame.iter().enumerate() {
        let (weight, sample) = (0.5 - 0.5 * (bell * i as f64).cos(), f64::from(sample));
        let (sin, cos) = (turn * i as f64).sin_cos();
        (real, imaginary) = (real + weight * sample * cos, imaginary + weight * sample * sin);
        (weights, energy) = (weights + weight, energy + weight * sample * sample);
    }
    let power = 2.0 * (real * real + imaginary * imaginary) / (weights * weights).max(1e-12);
    (power * weights / energy).clamp(0.0, 1.0) as f32
}

/// Half the length of a frame that votes.
fn window(frames: usize, rate_hz: u32) -> usize {
    let longest = (rate_hz as f32 / RANGE_HZ[0]).ceil() as usize;
    longest.min(frames / 2)
}

/// What is looked at of a sound of this length: the first frame and the one behind the last. Behind the attack; `None` for
/// silence.
pub(crate) fn stretch(all: usize, levels: &Levels, rate_hz: u32) -> Option<Range<usize>> {
    let peak = levels.loudest_frames()?;
    let settle = (0.03 * rate_hz as f32) as usize;
    let len = 2 * window(all, rate_hz);
    let last = all - len;
    let first = (peak + settle).min(last);
    Some(first..last.min(first + (HEARD_SECS * rate_hz as f32) as usize) + len)
}

/// Starts of the frames and the weight of each: behind the attack, as long as the sound is not much softer.
fn frames(all: usize, levels: &Levels, rate_hz: u32) -> Vec<(usize, f32)> {
    let len = 2 * window(all, rate_hz);
    let Some((stretch, peak)) = stretch(all, levels, rate_hz).zip(levels.loudest_frames()) else {
        return Vec::new();
    };
    let (first, end) = (stretch.start, stretch.end - len);
    let peak_db = levels.db_at(peak);
    let mut starts: Vec<(usize, f32)> = (0..FRAMES)
        .map(|i| first + (end - first) * i / (FRAMES - 1))
        .map(|start| (start, levels.db_at(start + len / 2) - peak_db))
        .filter(|(_, below_db)| *below_db > -45.0)
        .map(|(start, below_db)| (start, if below_db > -25.0 { 1.0 } else { 0.3 }))
        .collect();
    starts.dedup_by_key(|(start, _)| *start);
    starts
}

/// The fullest half semitone of the poll, and from there the mean of all votes within a semitone: a vibrato spends most of
/// its time at its ends, and its pitch lies in the middle.
fn elected(votes: &[(f32, f32)]) -> Option<f32> {
    let mut poll = vec![0.0f32; POLL];
    for (midi, weight) in votes {
        let place = ((midi - LOWEST_MIDI) * STEPS as f32).round();
        if place >= 0.0 && (place as usize) < POLL {
            poll[place as usize] += weight;
        }
    }
    let reach = STEPS * 3 / 10;
    let full =
        |place: usize| poll[place.saturating_sub(reach)..(place + reach + 1).min(POLL)].iter().sum::<f32>();
    let best = (0..POLL).max_by(|&a, &b| full(a).total_cmp(&full(b)).then(b.cmp(&a)))?;
    let start = LOWEST_MIDI + best as f32 / STEPS as f32;
    (full(best) > 0.0).then(|| {
        (0..3).fold(start, |middle, _| {
            let near = || votes.iter().filter(move |vote| (vote.0 - middle).abs() <= 1.0);
            near().map(|vote| vote.0 * vote.1).sum::<f32>() / near().map(|vote| vote.1).sum::<f32>().max(1e-9)
        })
    })
}

/// The difference function of a frame, by transforms.
struct Lags {
    /// In samples.
    window: usize,
    /// Lags to a sample.
    fine: usize,
    planner: RealFftPlanner<f32>,
    /// By lag: 0 for perfect repetition, about 1 for none.
    difference: Vec<f32>,
}

impl Lags {
    fn new(window: usize, fine: usize) -> Lags {
        Lags { window, fine, planner: RealFftPlanner::new(), difference: vec![1.0; window * fine] }
    }

    /// Takes a frame of twice the window.
    fn measure(&mut self, frame: &[f32]) {
        let mean = frame.iter().sum::<f32>() / frame.len() as f32;
        let centred: Vec<f32> = frame.iter().map(|s| s - mean).collect();
        let products = self.products(&centred);
        let square = |s: &f32| f64::from(*s) * f64::from(*s);
        let head: f64 = centred[..self.window].iter().map(square).sum();
        let (mut shifted, mut sum) = (head, 0.0f64);
        self.difference[0] = 1.0;
        for (lag, product) in products.iter().enumerate().take(self.window * self.fine).skip(1) {
            let sample = (lag - 1) / self.fine;
            shifted += (square(&centred[sample + self.window]) - square(&centred[sample])) / self.fine as f64;
            let raw = (head + shifted - 2.0 * f64::from(*product)).max(0.0);
            sum += raw;
            self.difference[lag] = if sum > 1e-12 { (raw * lag as f64 / sum) as f32 } else { 1.0 };
        }
    }

    /// Sum of products of the window with itself, later by each lag: band-limited between the samples.
    fn products(&mut self, frame: &[f32]) -> Vec<f32> {
        let size = frame.len().next_multiple_of(512);
        let forward = self.planner.plan_fft_forward(size);
        let backward = self.planner.plan_fft_inverse(size * self.fine);
        let transform = |samples: &[f32]| -> Vec<Complex32> {
            let mut padded = samples.to_vec();
            padded.resize(size, 0.0);
            let mut spectrum = forward.make_output_vec();
            // PANIC: all buffers are made to the plan's own sizes.
            forward.process(&mut padded, &mut spectrum).expect("sizes fit the plan");
            spectrum
        };
        let whole = transform(frame);
        let mut spectrum = transform(&frame[..self.window]);
        for (head, whole) in spectrum.iter_mut().zip(&whole) {
            *head = head.conj() * whole;
        }
        spectrum.resize(size * self.fine / 2 + 1, Complex32::default());
        for edge in [0, size * self.fine / 2] {
            spectrum[edge].im = 0.0;
        }
        let mut products = backward.make_output_vec();
        // PANIC: as above, and the two real bins have no imaginary part.
        backward.process(&mut spectrum, &mut products).expect("sizes fit the plan");
        products.iter_mut().for_each(|p| *p /= size as f32);
        products
    }

    /// The lag that each tolerance votes for, between samples; none where the frame has no pitch.
    fn ballots(&self, shortest: f32) -> Vec<f32> {
        let d = &self.difference;
        let from = (shortest as usize).max(2);
        let dips: Vec<usize> =
            (from..d.len() - 1).filter(|&lag| d[lag] < d[lag - 1] && d[lag] <= d[lag + 1]).collect();
        let Some(best) = dips.iter().map(|&lag| self.dip(lag).1).min_by(f32::total_cmp) else {
            return Vec::new();
        };
        if best > UNPITCHED {
            return Vec::new();
        }
        let first =
            |tolerance: f32| dips.iter().map(|&lag| self.dip(lag)).find(|dip| dip.1 <= best + tolerance);
        TOLERANCES.iter().filter_map(|&tolerance| first(tolerance)).map(|(lag, _)| lag).collect()
    }

    /// Place and depth of a dip, by the parabola through its three points.
    fn dip(&self, lag: usize) -> (f32, f32) {
        let [before, at, behind] = [self.difference[lag - 1], self.difference[lag], self.difference[lag + 1]];
        let curve = before - 2.0 * at + behind;
        if curve <= 1e-12 {
            return (lag as f32, at);
        }
        let shift = (0.5 * (before - behind) / curve).clamp(-0.5, 0.5);
        (lag as f32 + shift, (at - 0.25 * (before - behind) * shift).max(0.0))
    }
}
