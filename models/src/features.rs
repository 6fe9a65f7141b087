//! What the sound network sees of an excerpt: two log-mel pictures for the timbre, one of them for its ears (`ear.rs`), and
//! a stack of harmonics on a logarithmic frequency axis for the root.
//!
//! The stack holds, for each candidate root, what lies at its multiples and at its half, so that a convolution
//! along the candidates judges all roots alike (harmonic stacking after Bittner et al., Deep Salience, 2017).
//! Beside it lies a classical peer: the autocorrelation of the compressed spectrum at the candidate's period
//! (Tolonen and Karjalainen, 2000). Pure computation, one thread, deterministic.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::ear::front::Front;
use crate::excerpt::{FRAMES, RATE_HZ};

/// Mel bands of the picture: its height.
pub const MEL_BANDS: usize = 64;
/// Moments of the picture: its width.
pub const MEL_FRAMES: usize = 128;
const MEL_WINDOW: usize = 1024;
const MEL_HOP: usize = (FRAMES - MEL_WINDOW) / (MEL_FRAMES - 1);
const MEL_LOW_HZ: f32 = 30.0;
const MEL_HIGH_HZ: f32 = 10_800.0;
/// Depth of the picture below its loudest cell.
const DEPTH_DB: f32 = 80.0;

/// Candidate roots: three a semitone from [`LOWEST_MIDI`].
pub const PITCH_BINS: usize = 324;
/// Candidates in a semitone.
pub const BINS_PER_SEMITONE: usize = 3;
/// The lowest candidate, as a MIDI note.
pub const LOWEST_MIDI: f32 = 14.0;
/// What is known of each candidate.
pub const PITCH_CHANNELS: usize = 2 * HARMONICS.len() + 2 * RAW.len() + 2 * LAGS.len() + 1;
const HARMONICS: [f32; 10] = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
const RAW: [f32; 2] = [1.0, 2.0];
const LAGS: [f32; 2] = [1.0, 2.0];
const PITCH_WINDOW: usize = 8192;
/// Where the long windows begin, in frames: the first hears the attack, the others the sustain.
const PITCH_STARTS: [usize; 4] = [256, 6_000, 12_000, 20_000];
const PITCH_DEPTH_DB: f32 = 60.0;
/// Half the width, in candidates, over which the spectrum is levelled against equalisation.
const LEVELLING_BINS: usize = 18;

/// The features of one excerpt.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// `MEL_BANDS x MEL_FRAMES`, band by band from the lowest; -1 is 80 dB below the loudest cell or less, 1 the loudest.
    pub mel: Vec<f32>,
    /// What [`crate::ear::Ear`] sees: 128 x 205, band by band from the lowest.
    pub seen: Vec<f32>,
    /// `PITCH_BINS x PITCH_CHANNELS`, candidate by candidate from the lowest.
    pub pitch: Vec<f32>,
}

/// The MIDI note of a candidate, which may be a fraction of one.
pub fn bin_midi(bin: f32) -> f32 {
    LOWEST_MIDI + bin / BINS_PER_SEMITONE as f32
}

/// The candidate nearest to a MIDI note, as a fraction; outside `0..PITCH_BINS` if the note is out of range.
pub fn midi_bin(midi: f32) -> f32 {
    (midi - LOWEST_MIDI) * BINS_PER_SEMITONE as f32
}

/// Tables and transforms, made once and used for every excerpt.
pub struct FeatureMaker {
    front: Front,
    mel_window: Vec<f32>,
    mel_fft: Arc<dyn RealToComplex<f32>>,
    /// For each band its first bin and its weights.
    mel_bank: Vec<(usize, Vec<f32>)>,
    pitch_window: Vec<f32>,
    pitch_fft: Arc<dyn RealToComplex<f32>>,
    pitch_inverse: Arc<dyn ComplexToReal<f32>>,
}

impl Default for FeatureMaker {
    fn default() -> FeatureMaker {
        FeatureMaker::new()
    }
}

impl FeatureMaker {
    /// Prepares the tables.
    pub fn new() -> FeatureMaker {
        let mut planner = RealFftPlanner::new();
        FeatureMaker {
            front: Front::new(),
            mel_window: hann(MEL_WINDOW),
            mel_fft: planner.plan_fft_forward(MEL_WINDOW),
            mel_bank: mel_bank(),
            pitch_window: hann(PITCH_WINDOW),
            pitch_fft: planner.plan_fft_forward(PITCH_WINDOW),
            pitch_inverse: planner.plan_fft_inverse(PITCH_WINDOW),
        }
    }

    /// The features of an excerpt of [`FRAMES`] frames at [`RATE_HZ`]. The level plays no part.
    pub fn features(&self, excerpt: &[f32]) -> Features {
        assert_eq!(excerpt.len(), FRAMES, "an excerpt has {FRAMES} frames");
        Features { pitch: self.pitch(excerpt), ..self.timbre(excerpt) }
    }

    /// The features without the harmonics.
    pub fn timbre(&self, excerpt: &[f32]) -> Features {
        Features { mel: self.mel(excerpt), seen: self.front.log_mel(excerpt), pitch: Vec::new() }
    }

    fn mel(&self, excerpt: &[f32]) -> Vec<f32> {
        let mut mel = vec![0.0; MEL_BANDS * MEL_FRAMES];
        let mut windowed = self.mel_fft.make_input_vec();
        let mut spectrum = self.mel_fft.make_output_vec();
        let mut scratch = self.mel_fft.make_scratch_vec();
        let mut power = vec![0.0; spectrum.len()];
        for moment in 0..MEL_FRAMES {
            let heard = &excerpt[moment * MEL_HOP..][..MEL_WINDOW];
            if heard.iter().all(|&s| s == 0.0) {
                continue;
            }
            windowed.iter_mut().zip(heard).zip(&self.mel_window).for_each(|((w, s), h)| *w = s * h);
            // PANIC: the buffers come from the plan itself, so their lengths fit.
            self.mel_fft
                .process_with_scratch(&mut windowed, &mut spectrum, &mut scratch)
                .expect("buffers of the plan");
            power.iter_mut().zip(&spectrum).for_each(|(p, c)| *p = c.norm_sqr());
            for (band, (first, weights)) in self.mel_bank.iter().enumerate() {
                let energy = weights.iter().zip(&power[*first..]).map(|(w, p)| w * p).sum();
                mel[band * MEL_FRAMES + moment] = energy;
            }
        }
        to_depth(&mut mel, DEPTH_DB);
        mel.iter_mut().for_each(|cell| *cell = 2.0 * *cell - 1.0);
        mel
    }

    fn pitch(&self, excerpt: &[f32]) -> Vec<f32> {
        let bins = PITCH_WINDOW / 2 + 1;
        let (mut first, mut rest) = (vec![0.0; bins], vec![0.0; bins]);
        let mut windowed = self.pitch_fft.make_input_vec();
        let mut spectrum = self.pitch_fft.make_output_vec();
        for (position, &start) in PITCH_STARTS.iter().enumerate() {
            let heard = &excerpt[start..start + PITCH_WINDOW];
            windowed.iter_mut().zip(heard).zip(&self.pitch_window).for_each(|((w, s), h)| *w = s * h);
            // PANIC: the buffers come from the plan itself, so their lengths fit.
            self.pitch_fft.process(&mut windowed, &mut spectrum).expect("buffers of the plan");
            let sum = if position == 0 { &mut first } else { &mut rest };
            sum.iter_mut().zip(&spectrum).for_each(|(p, c)| *p += c.norm_sqr());
        }
        let views = [self.view(first), self.view(rest)];
        let mut pitch = Vec::with_capacity(PITCH_BINS * PITCH_CHANNELS);
        for bin in 0..PITCH_BINS {
            for view in &views {
                view.describe(bin, &mut pitch);
            }
            pitch.push(2.0 * bin as f32 / PITCH_BINS as f32 - 1.0);
        }
        pitch
    }

    /// Brings a power spectrum onto the logarithmic axis, with its autocorrelation.
    fn view(&self, mut power: Vec<f32>) -> View {
        let mut compressed: Vec<Complex32> =
            power.iter().map(|p| Complex32::new(p.powf(1.0 / 3.0), 0.0)).collect();
        let mut correlation = self.pitch_inverse.make_output_vec();
        // PANIC: the buffers come from the plan itself, and a power spectrum is real.
        self.pitch_inverse.process(&mut compressed, &mut correlation).expect("buffers of the plan");
        to_depth(&mut power, PITCH_DEPTH_DB);
        let raw: Vec<f32> = (-36..(PITCH_BINS as i32 + 109)).map(|bin| at_bin(&power, bin as f32)).collect();
        let levelled = levelled(&raw);
        View { raw, levelled, correlation }
    }
}

/// One power spectrum on the logarithmic axis. `raw` and `levelled` begin an octave below the lowest candidate and
/// end three above the highest.
struct View {
    raw: Vec<f32>,
    levelled: Vec<f32>,
    correlation: Vec<f32>,
}

impl View {
    fn describe(&self, bin: usize, into: &mut Vec<f32>) {
        let octave = 12.0 * BINS_PER_SEMITONE as f32;
        let beside = |spectrum: &[f32], harmonic: f32| {
            let place = bin as f32 + octave + octave * harmonic.log2();
            between(spectrum, place)
        };
        into.extend(HARMONICS.iter().map(|&h| beside(&self.levelled, h)));
        into.extend(RAW.iter().map(|&h| beside(&self.raw, h)));
        let period = RATE_HZ as f32 / midi_hz(bin_midi(bin as f32));
        let energy = self.correlation[0].max(1e-12);
        into.extend(LAGS.iter().map(|&lag| {
            let place = period * lag;
            if place < (PITCH_WINDOW / 2) as f32 {
                2.0 * between(&self.correlation, place) / energy
            } else {
                0.0
            }
        }));
    }
}

/// The frequency of a MIDI note, in Hz.
pub fn midi_hz(midi: f32) -> f32 {
    440.0 * ((midi - 69.0) / 12.0).exp2()
}

/// Turns powers into 0..1: 1 for the largest, 0 for what lies `depth_db` below it or lower.
fn to_depth(power: &mut [f32], depth_db: f32) {
    let largest = power.iter().copied().fold(0.0, f32::max);
    if largest < 1e-20 {
        power.fill(0.0);
        return;
    }
    power.iter_mut().for_each(|p| *p = (1.0 + 10.0 * (*p / largest + 1e-12).log10() / depth_db).max(0.0));
}

/// The spectrum at a candidate: the largest bin within its width, or between two where they are wider apart.
fn at_bin(spectrum: &[f32], bin: f32) -> f32 {
    let per_bin = PITCH_WINDOW as f32 / RATE_HZ as f32;
    let place = |bin: f32| midi_hz(bin_midi(bin)) * per_bin;
    let (low, high) = (place(bin - 0.5), place(bin + 0.5));
    if high >= (spectrum.len() - 1) as f32 {
        return 0.0;
    }
    let middle = between(spectrum, place(bin));
    let inside = low.ceil() as usize..=high.floor() as usize;
    inside.map(|index| spectrum[index]).fold(middle, f32::max)
}

/// Linear interpolation; zero outside.
fn between(values: &[f32], place: f32) -> f32 {
    let index = place as usize;
    if place < 0.0 || index + 1 >= values.len() {
        return 0.0;
    }
    values[index] + (values[index + 1] - values[index]) * (place - index as f32)
}

/// What stands above the neighbourhood's mean.
fn levelled(raw: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0; raw.len() + 1];
    for (index, value) in raw.iter().enumerate() {
        sums[index + 1] = sums[index] + value;
    }
    let mean = |index: usize| {
        let (low, high) = (index.saturating_sub(LEVELLING_BINS), (index + LEVELLING_BINS + 1).min(raw.len()));
        (sums[high] - sums[low]) / (high - low) as f32
    };
    raw.iter().enumerate().map(|(index, value)| 2.0 * (value - mean(index))).collect()
}

fn hann(len: usize) -> Vec<f32> {
    (0..len).map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / len as f32).cos()).collect()
}

/// Triangles, evenly spaced in mel, each at least two bins wide.
fn mel_bank() -> Vec<(usize, Vec<f32>)> {
    let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
    let hz = |mel: f32| 700.0 * (10f32.powf(mel / 2595.0) - 1.0);
    let (low, high) = (mel(MEL_LOW_HZ), mel(MEL_HIGH_HZ));
    let edge = |index: usize| hz(low + (high - low) * index as f32 / (MEL_BANDS + 1) as f32);
    let per_bin = MEL_WINDOW as f32 / RATE_HZ as f32;
    (0..MEL_BANDS)
        .map(|band| {
            let centre = edge(band + 1) * per_bin;
            let left = (edge(band) * per_bin).min(centre - 1.0);
            let right = (edge(band + 2) * per_bin).max(centre + 1.0);
            let first = left.floor().max(0.0) as usize;
            let last = (right.ceil() as usize).min(MEL_WINDOW / 2);
            let weight = |bin: usize| {
                let place = bin as f32;
                let side = if place < centre {
                    (place - left) / (centre - left)
                } else {
                    (right - place) / (right - centre)
                };
                side.max(0.0)
            };
            (first, (first..=last).map(weight).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(midi: f32) -> Vec<f32> {
        let partial = |i: usize, n: f32| {
            (std::f32::consts::TAU * ((midi_hz(midi) * n / RATE_HZ as f32 * i as f32) % 1.0)).sin()
        };
        (0..FRAMES).map(|i| (1..=6).map(|n| partial(i, n as f32) / n as f32).sum::<f32>() * 0.2).collect()
    }

    fn pitch_channel(features: &Features, channel: usize) -> Vec<f32> {
        features.pitch.chunks(PITCH_CHANNELS).map(|candidate| candidate[channel]).collect()
    }

    #[test]
    fn shapes_are_as_promised_and_numbers_finite() {
        let maker = FeatureMaker::new();
        for excerpt in [vec![0.0; FRAMES], tone(40.0), tone(110.0)] {
            let features = maker.features(&excerpt);
            assert_eq!(features.mel.len(), MEL_BANDS * MEL_FRAMES);
            assert_eq!(features.pitch.len(), PITCH_BINS * PITCH_CHANNELS);
            assert!(features.mel.iter().all(|v| (-1.0..=1.0).contains(v)));
            assert!(features.pitch.iter().all(|v| v.is_finite() && v.abs() < 4.0));
        }
    }

    #[test]
    fn the_harmonics_of_the_root_stand_at_its_candidate() {
        let maker = FeatureMaker::new();
        for midi in [45.0, 57.0, 69.0, 81.0] {
            let features = maker.features(&tone(midi));
            let sum = |bin: usize| {
                (1..7).filter(|h| *h != 2).map(|h| features.pitch[bin * PITCH_CHANNELS + h]).sum::<f32>()
            };
            let root = midi_bin(midi) as usize;
            let best = (0..PITCH_BINS).max_by(|a, b| sum(*a).total_cmp(&sum(*b))).unwrap();
            assert!(best.abs_diff(root) <= 1, "{midi}: candidate {best} instead of {root}");
        }
    }

    #[test]
    fn the_autocorrelation_peaks_at_the_period_of_the_root() {
        let maker = FeatureMaker::new();
        let first_lag = HARMONICS.len() + RAW.len();
        for midi in [45.0, 57.0, 69.0] {
            let periods = pitch_channel(&maker.features(&tone(midi)), first_lag);
            let root = midi_bin(midi) as usize;
            let octave = 12 * BINS_PER_SEMITONE;
            let around = &periods[root - octave / 2..root + octave / 2];
            let best = (0..octave).max_by(|a, b| around[*a].total_cmp(&around[*b])).unwrap();
            assert!(best.abs_diff(octave / 2) <= 1, "{midi}: {best}");
        }
    }

    #[test]
    fn the_level_plays_no_part() {
        let maker = FeatureMaker::new();
        let loud = tone(60.0);
        let soft: Vec<f32> = loud.iter().map(|s| s / 1024.0).collect();
        let (loud, soft) = (maker.features(&loud), maker.features(&soft));
        let off = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off(&loud.mel, &soft.mel) < 1e-3);
        assert!(off(&loud.pitch, &soft.pitch) < 1e-3);
    }

    #[test]
    fn every_mel_band_weighs_some_bin() {
        for (band, (first, weights)) in mel_bank().iter().enumerate() {
            assert!(weights.iter().sum::<f32>() > 0.5, "band {band}");
            assert!(first + weights.len() <= MEL_WINDOW / 2 + 1, "band {band}");
        }
    }

    #[test]
    fn candidates_and_notes_are_each_others_inverse() {
        assert!((bin_midi(midi_bin(60.4)) - 60.4).abs() < 1e-4);
        assert!(bin_midi(0.0) < 16.0 && bin_midi((PITCH_BINS - 1) as f32) > 120.0);
    }
}
