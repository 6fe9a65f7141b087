//! Loops: found in sounds that sustain, and made ready for playing.
//!
//! A loop's end fades over into what lies before its start, so a good loop is one where these two stretches are alike.
//! The finder correlates stretches near the end of the sustain with all of it that comes earlier.

use std::ops::Range;

use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use crate::level::Levels;
use crate::samples::Samples;
use crate::{Audio, Loop, resample};

/// Shortest loop that is made, in seconds: shorter ones buzz.
const SHORTEST_SECS: f32 = 0.2;
/// Longest stretch of the sustain that is searched, in seconds.
const SEARCHED_SECS: f32 = 4.0;
/// Length of the stretches that are compared and faded, in seconds.
const FADE_SECS: f32 = 0.04;
/// Places near the end of the sustain that are tried as the loop's end.
const ENDS: usize = 8;
/// The rate at which likeness is first sought.
const COARSE_HZ: u32 = 8_000;
/// Likeness of the two stretches, -1..1, below which a loop would be heard as one.
const LEAST_LIKENESS: f32 = 0.7;
/// A sustain falls more slowly than this, in dB a second; a struck or plucked sound does not.
const SLOWEST_DECAY_DB: f32 = 4.0;
/// Nor does it fall steadily: a line through its levels that falls by this much a second and has this much of their
/// variance is that of a string or a bell that rings on.
const STEADY_DECAY_DB: f32 = 0.7;
const STEADY: f32 = 0.8;

/// A loop in the sustain of a mono sound; `None` where it decays, is too short, or has no place that repeats.
pub fn find(mono: &[f32], rate_hz: u32) -> Option<Loop> {
    find_in(&Samples::whole(mono), &Levels::of(mono, rate_hz), rate_hz)
}

/// What is searched of a sound of this length; `None` where there is no sustain that is long enough.
pub(crate) fn stretch(all: usize, levels: &Levels, rate_hz: u32) -> Option<Range<usize>> {
    let rate = rate_hz as f32;
    let (start, end) = sustain(all, levels, rate_hz)?;
    let end = end.min(start + (SEARCHED_SECS * rate) as usize);
    let least = (SHORTEST_SECS * rate) as usize + 2 * (FADE_SECS * rate) as usize;
    (end >= start + least).then_some(start..end)
}

/// [`find`] in a sound whose [`stretch`] at least is there.
pub(crate) fn find_in(samples: &Samples, levels: &Levels, rate_hz: u32) -> Option<Loop> {
    let rate = rate_hz as f32;
    let searched = stretch(samples.frames(), levels, rate_hz)?;
    let start = searched.start;
    let fade = (FADE_SECS * rate) as usize;
    let shortest = (SHORTEST_SECS * rate) as usize;
    let held = samples.get(searched);
    let mut compare = Compare::new(held, fade, (rate_hz / COARSE_HZ).max(1) as usize);
    let step = (held.len() / 3 / ENDS).max(1);
    let mut best: Option<(f32, usize, usize)> = None;
    for close in (0..ENDS).map(|i| held.len() - i * step).filter(|close| *close >= shortest + 2 * fade) {
        let Some((likeness, place)) = compare.most_alike(close, close - shortest - fade) else { continue };
        if best.is_none_or(|(most, ..)| likeness > most) {
            best = Some((likeness, place + fade, close));
        }
    }
    let (likeness, open, close) = best?;
    (likeness >= LEAST_LIKENESS).then_some(Loop {
        start_frames: (start + open) as u64,
        end_frames: (start + close) as u64,
        crossfade_frames: fade as u64,
        is_mirrored: false,
    })
}

/// First and last frame of the stretch in which the sound holds its level.
fn sustain(all: usize, levels: &Levels, rate_hz: u32) -> Option<(usize, usize)> {
    let peak = levels.loudest_frames()?;
    let floor_db = levels.db_at(peak) - 14.0;
    let settled = levels.first_within(3.0)? + rate_hz as usize / 10;
    let hop = levels.hop();
    let places = settled / hop..levels.rms().len();
    // A release is steeper than any sustain, so its last tenth of a second is left out.
    let end = places.clone().find(|&i| levels.db_at(i * hop) < floor_db).unwrap_or(places.end) * hop;
    let end = end.min(all).checked_sub(rate_hz as usize / 10)?;
    if end <= settled + rate_hz as usize / 5 {
        return None;
    }
    let half = |from: usize, to: usize| {
        let rms = &levels.rms()[from / hop..(to / hop).max(from / hop + 1)];
        10.0 * (rms.iter().map(|level| level * level).sum::<f32>() / rms.len() as f32).max(1e-14).log10()
    };
    let middle = (settled + end) / 2;
    let fall_db = half(settled, middle) - half(middle, end);
    let fall_secs = (end - settled) as f32 / 2.0 / rate_hz as f32;
    let is_steep = fall_db / fall_secs >= SLOWEST_DECAY_DB;
    (!is_steep && !falls_steadily(levels, settled..end, rate_hz)).then_some((settled, end))
}

/// Whether the levels of a stretch of frames fall along a line.
fn falls_steadily(levels: &Levels, stretch: Range<usize>, rate_hz: u32) -> bool {
    let hop = levels.hop();
    // The means of some forty moments: tremolo and beats are faster than what is looked for.
    let places: Vec<usize> = (stretch.start / hop..stretch.end / hop).collect();
    let moments = places.chunks(places.len().div_ceil(40).max(1)).map(|places| {
        let power = |&place: &usize| levels.rms().get(place).map_or(0.0, |level| level * level);
        10.0 * (places.iter().map(power).sum::<f32>() / places.len() as f32).max(1e-14).log10()
    });
    let moments: Vec<f32> = moments.collect();
    let count = moments.len() as f32;
    let (middle, mean) = ((count - 1.0) / 2.0, moments.iter().sum::<f32>() / count.max(1.0));
    let (mut along, mut across, mut both) = (0.0f32, 1e-9f32, 0.0f32);
    for (i, db) in moments.iter().enumerate() {
        let (x, y) = (i as f32 - middle, db - mean);
        (along, across, both) = (along + x * x, across + y * y, both + x * y);
    }
    let secs = (stretch.end - stretch.start) as f32 / rate_hz as f32;
    let fall_db_per_sec = -both / along.max(1e-9) * count / secs.max(1e-3);
    let explained = both * both / (along.max(1e-9) * across);
    fall_db_per_sec >= STEADY_DECAY_DB && explained >= STEADY
}

/// Looks for stretches of a held sound that are alike: coarsely by transforms at a low rate, then frame by frame.
struct Compare<'a> {
    held: &'a [f32],
    fade: usize,
    /// Frames to a coarse one.
    stride: usize,
    coarse: Vec<f32>,
    planner: RealFftPlanner<f32>,
    size: usize,
    spectrum: Vec<Complex32>,
}

impl<'a> Compare<'a> {
    fn new(held: &'a [f32], fade: usize, stride: usize) -> Compare<'a> {
        let coarse: Vec<f32> =
            held.chunks(stride).map(|chunk| chunk.iter().sum::<f32>() / stride as f32).collect();
        let size = (coarse.len() + fade / stride + 1).next_power_of_two();
        let mut compare = Compare {
            held,
            fade,
            stride,
            coarse,
            planner: RealFftPlanner::new(),
            size,
            spectrum: Vec::new(),
        };
        compare.spectrum = compare.transform(0, compare.coarse.len());
        compare
    }

    fn transform(&mut self, from: usize, to: usize) -> Vec<Complex32> {
        let forward = self.planner.plan_fft_forward(self.size);
        let mut padded = self.coarse[from..to].to_vec();
        padded.resize(self.size, 0.0);
        let mut spectrum = forward.make_output_vec();
        // PANIC: the buffers are made to the plan's own sizes.
        forward.process(&mut padded, &mut spectrum).expect("sizes fit the plan");
        spectrum
    }

    /// The likeness -1..1 and the place, up to `last`, of the stretch that is most like the one before `close`.
    fn most_alike(&mut self, close: usize, last: usize) -> Option<(f32, usize)> {
        let coarse_fade = self.fade / self.stride;
        let from = (close - self.fade) / self.stride;
        let mut product = self.transform(from, from + coarse_fade);
        for (fade, held) in product.iter_mut().zip(&self.spectrum) {
            *fade = held * fade.conj();
        }
        for edge in [0, self.size / 2] {
            product[edge].im = 0.0;
        }
        let backward = self.planner.plan_fft_inverse(self.size);
        let mut products = backward.make_output_vec();
        // PANIC: as above, and the two real bins have no imaginary part.
        backward.process(&mut product, &mut products).expect("sizes fit the plan");
        let fade_energy = energy(&self.coarse[from..from + coarse_fade]);
        let mut here = energy(&self.coarse[..coarse_fade]);
        let mut best: Option<(f32, usize)> = None;
        for (place, product) in products.iter().enumerate().take(last / self.stride + 1) {
            if place > 0 {
                here += square(self.coarse[place + coarse_fade - 1]) - square(self.coarse[place - 1]);
            }
            let likeness = alike(f64::from(*product) / self.size as f64, here, fade_energy);
            // A slight liking for early places: a long loop keeps more of the sound's life.
            let liking = likeness - 0.01 * (place * self.stride) as f32 / last.max(1) as f32;
            if best.is_none_or(|(most, _)| liking > most) {
                best = Some((liking, place * self.stride));
            }
        }
        self.refine(close, best?.1, last)
    }

    /// The best place within a coarse frame of this one.
    fn refine(&self, close: usize, coarse: usize, last: usize) -> Option<(f32, usize)> {
        let fade = &self.held[close - self.fade..close];
        let fade_energy = energy(fade);
        let likeness = |place: usize| {
            let here = &self.held[place..place + self.fade];
            let product: f64 = here.iter().zip(fade).map(|(a, b)| f64::from(a * b)).sum();
            (alike(product, energy(here), fade_energy), place)
        };
        let places = coarse.saturating_sub(self.stride)..=(coarse + self.stride).min(last);
        places.map(likeness).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))
    }
}

/// Correlation over the larger energy, so that a louder or softer stretch is not alike either; -1 for silence.
fn alike(product: f64, one: f64, other: f64) -> f32 {
    let larger = one.max(other);
    if larger > 1e-12 { (product / larger) as f32 } else { -1.0 }
}

fn square(sample: f32) -> f64 {
    f64::from(sample) * f64::from(sample)
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().copied().map(square).sum()
}

/// The sound at a rate, with the loop's crossfade already in its samples and the loop in frames of that rate.
///
/// At another rate than its own, a short loop is unrolled first until it lasts a quarter of a second, so that rounding
/// its ends to whole frames moves its pitch by less than a cent, and its seam is faded over once more. A loop that turns back
/// at its end is unfolded first. Nothing behind the loop's end is kept: a held key never gets there. A loop that does not lie
/// in the samples is left out.
pub fn ready(audio: &Audio, sustain: Option<Loop>, rate_hz: u32) -> (Audio, Option<Loop>) {
    let inside = |l: &Loop| l.start_frames < l.end_frames && l.end_frames <= audio.frames() as u64;
    let Some(sustain) = sustain.filter(inside) else { return (resample(audio, rate_hz), None) };
    let (start, turn) = (sustain.start_frames as usize, sustain.end_frames as usize);
    let mut looped = Audio {
        rate_hz: audio.rate_hz,
        channels: audio.channels.iter().map(|c| c[..turn].to_vec()).collect(),
    };
    if sustain.is_mirrored {
        // Neither the last frame nor the first sounds twice.
        let back = (start + 1..turn.saturating_sub(1)).rev();
        looped.channels.iter_mut().for_each(|channel| back.clone().for_each(|i| channel.push(channel[i])));
    }
    let end = looped.frames();
    let fade = (sustain.crossfade_frames as usize).min(start).min(end - start);
    looped.channels.iter_mut().for_each(|channel| fade_over(channel, start, fade));
    if rate_hz == audio.rate_hz || rate_hz == 0 {
        let (start_frames, end_frames) = (start as u64, end as u64);
        let sustain = Loop { start_frames, end_frames, crossfade_frames: 0, is_mirrored: false };
        return (looped, Some(sustain));
    }
    let length = end - start;
    let rounds = (audio.rate_hz as usize / 4).div_ceil(length).max(1);
    // The first round stays before the loop, as what the seam fades into; a little more follows, so that the
    // resampler's filter sees the seam from both sides.
    let more = rounds * length + (audio.rate_hz as usize / 20).min(length);
    for channel in &mut looped.channels {
        (0..more).for_each(|i| channel.push(channel[start + i % length]));
    }
    let scale =
        |frames: usize| (frames as f64 * f64::from(rate_hz) / f64::from(audio.rate_hz)).round() as usize;
    let mut resampled = resample(&looped, rate_hz);
    let (open, close) = (scale(start + length), scale(start + (rounds + 1) * length).min(resampled.frames()));
    if close <= open {
        return (resampled, None);
    }
    let fade = (rate_hz as usize / 200).min(scale(length)).min(open).min(close - open);
    for channel in &mut resampled.channels {
        channel.truncate(close);
        fade_over(channel, open, fade);
    }
    (
        resampled,
        Some(Loop {
            start_frames: open as u64,
            end_frames: close as u64,
            crossfade_frames: 0,
            is_mirrored: false,
        }),
    )
}

/// Fades the last `fade` frames into those before `start`, linearly: the two are alike.
fn fade_over(channel: &mut [f32], start: usize, fade: usize) {
    let end = channel.len();
    for i in 0..fade {
        let along = (i + 1) as f32 / (fade + 1) as f32;
        let (leaving, coming) = (channel[end - fade + i], channel[start - fade + i]);
        channel[end - fade + i] = leaving + along * (coming - leaving);
    }
}
