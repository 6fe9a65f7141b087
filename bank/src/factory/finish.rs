//! The last steps of every factory sound: no DC, a closed loop, a quiet end, one loudness.

use ebur128::{Channel, EbuR128, Mode};

use super::timeline::{BLOCK, RATE_HZ};
use super::track::Track;
use super::{Recipe, Rendered};
use crate::{Audio, Loop};

/// Loudest 400 ms (BS.1770 momentary loudness) that every factory sound is levelled to, where its peak allows; a
/// recipe's trim lies on top of it.
pub const LEVEL_LUFS: f64 = -18.0;

/// The highest sample of a factory sound: -1 dBFS.
pub const PEAK: f32 = 0.891;

/// Frames over which the end of a loop is blended into what led up to its start.
const SEAM_FRAMES: usize = 1536;

/// Frames behind the loop's end that repeat its start, for players that interpolate past it.
const GUARD_FRAMES: usize = 32;

/// Turns a track into audio as it ships.
pub fn finish(recipe: &Recipe, mut track: Track) -> Rendered {
    let stereo = track.left != track.right;
    track.each(block_dc);
    let sustain = match track.lap {
        Some(lap) => {
            let (start, end) = (lap.start * BLOCK, (lap.start + lap.blocks) * BLOCK);
            track.each(|samples| close_loop(samples, start, end));
            let guard = |samples: &mut Vec<f32>| {
                let again = samples[start..start + GUARD_FRAMES].to_vec();
                samples.extend(again);
            };
            guard(&mut track.left);
            guard(&mut track.right);
            Some(Loop {
                start_frames: start as u64,
                end_frames: end as u64,
                crossfade_frames: 0,
                is_mirrored: false,
            })
        }
        None => {
            let kept = audible_frames(&track);
            track.left.truncate(kept);
            track.right.truncate(kept);
            track.each(fade_out);
            None
        }
    };
    track.each(fade_in);
    let channels = if stereo { vec![track.left, track.right] } else { vec![track.left] };
    let mut audio = Audio { rate_hz: RATE_HZ, channels };
    level(&mut audio, f64::from(recipe.trim_db));
    Rendered { audio, sustain }
}

/// A high-pass filter of one pole at 8 Hz; its state starts settled, so that it adds no step.
fn block_dc(samples: &mut [f32]) {
    const KEEP: f32 = 0.998_953;
    let (mut input, mut output) = (0.0f32, 0.0f32);
    for sample in samples {
        output = *sample - input + KEEP * output;
        input = *sample;
        *sample = output;
    }
}

fn close_loop(samples: &mut [f32], start: usize, end: usize) {
    let seam = SEAM_FRAMES.min(start).min(end - start);
    for i in 0..seam {
        let share = (i + 1) as f32 / seam as f32;
        let share = share * share * (3.0 - 2.0 * share);
        samples[end - seam + i] += share * (samples[start - seam + i] - samples[end - seam + i]);
    }
}

/// Frames up to where the sound has fallen 70 dB under its peak for good.
fn audible_frames(track: &Track) -> usize {
    let peak = |samples: &[f32]| samples.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    let floor = peak(&track.left).max(peak(&track.right)) * 3e-4;
    let blocks = track.left.len() / BLOCK;
    let loud = |block: &usize| {
        let span = block * BLOCK..(block + 1) * BLOCK;
        peak(&track.left[span.clone()]).max(peak(&track.right[span])) > floor
    };
    let last = (0..blocks).rev().find(loud).unwrap_or(0);
    ((last + 1) * BLOCK + 2400).min(track.left.len())
}

fn fade_in(samples: &mut [f32]) {
    const FRAMES: usize = 24;
    for (i, sample) in samples.iter_mut().take(FRAMES).enumerate() {
        *sample *= i as f32 / FRAMES as f32;
    }
}

/// Fades the last 50 ms, or the last third of what would still ring when it ends, as a damper does.
fn fade_out(samples: &mut [f32]) {
    let len = samples.len();
    let peak = |span: &[f32]| span.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    let end = peak(&samples[len.saturating_sub(4800)..]);
    let frames = if end > 0.004 * peak(samples) { len / 3 } else { 2400.min(len) };
    for (i, sample) in samples[len - frames..].iter_mut().enumerate() {
        let left = 1.0 - (i + 1) as f32 / frames as f32;
        *sample *= left * left;
    }
}

/// The loudest 400 ms in LUFS; a sound shorter than that is followed by silence.
pub fn momentary_lufs(audio: &Audio) -> f64 {
    let channels = audio.channels.len() as u32;
    // PANIC: one or two channels at 48 kHz are always accepted.
    let mut meter = EbuR128::new(channels, audio.rate_hz, Mode::M).expect("one or two channels at 48 kHz");
    if channels == 1 {
        // PANIC: channel 0 exists.
        meter.set_channel(0, Channel::DualMono).expect("channel 0 exists");
    }
    let hop = audio.rate_hz as usize / 10;
    let silence = vec![0.0f32; hop];
    let mut loudest = f64::NEG_INFINITY;
    let mut measure = |slices: &[&[f32]]| {
        // PANIC: the slices are as many as the channels and equally long.
        meter.add_frames_planar_f32(slices).expect("planar frames of the meter's shape");
        loudest = loudest.max(meter.loudness_momentary().unwrap_or(f64::NEG_INFINITY));
    };
    for at in (0..audio.frames()).step_by(hop) {
        let to = (at + hop).min(audio.frames());
        let slices: Vec<&[f32]> = audio.channels.iter().map(|channel| &channel[at..to]).collect();
        measure(&slices);
    }
    for _ in audio.frames() / hop..4 {
        measure(&vec![&silence[..]; channels as usize]);
    }
    loudest
}

fn level(audio: &mut Audio, trim_db: f64) {
    let peak = audio.channels.iter().flatten().fold(0.0f32, |max, x| max.max(x.abs()));
    let loud = momentary_lufs(audio);
    if peak <= 0.0 || !loud.is_finite() {
        return;
    }
    // To the hundredth of a dB, so that the last bit of a meter's arithmetic changes nothing.
    let db = libm::round((LEVEL_LUFS + trim_db - loud) * 100.0) / 100.0;
    let gain = super::envelope::gain(db as f32).min(PEAK / peak);
    for channel in &mut audio.channels {
        for sample in channel {
            *sample *= gain;
        }
    }
}
