//! Reads a sound at a pitch that may move on every frame.

use super::channel::Bend;
use super::interpolation::{Kernels, ONE_FRAME, Pace};
use super::kernel::{Kernel, MAX_TAPS};
use super::ramp::Ramp;
use super::slots::finite;
use super::source::{Extent, SPAN};
use super::stream::{Samples, Stream};
use crate::handoff::{Pcm, PlayableZone};

/// Most frames that are rendered in one go.
pub(super) const CHUNK: usize = 64;
/// Transpositions are kept within ten octaves either way.
const REACH: f64 = 1024.0;
/// A sound that is cut off at its end fades over this time before it.
const TAIL_SECS: f32 = 0.003;
/// A sound whose last samples are below this (−60 dB) needs no such fade.
const TAIL_SILENCE: f32 = 1e-3;
/// Frames over which one kernel takes over from another while the pitch moves.
const HANDOVER_FRAMES: u32 = 64;

/// Room for what a voice works out on its way to the output; shared by all voices, since they run one by one.
pub(super) struct Desk {
    /// Envelope and fades, a gain a frame.
    pub levels: [f32; CHUNK],
    /// What was read, left and right; a mono sound fills the left only.
    pub samples: [[f32; CHUNK]; 2],
    paces: [u64; CHUNK],
    other: [f32; CHUNK],
    room: [f32; SPAN],
}

impl Desk {
    pub fn new() -> Desk {
        Desk {
            levels: [0.0; CHUNK],
            samples: [[0.0; CHUNK]; 2],
            paces: [ONE_FRAME; CHUNK],
            other: [0.0; CHUNK],
            room: [0.0; SPAN],
        }
    }
}

/// A stretch of frames that are read in one way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    /// Its length; 0 where the sound has ended.
    pub frames: usize,
    /// The pace, if it is the same throughout; else the desk has one for each frame.
    steady: Option<u64>,
}

/// A place in a sound and the way that it moves on.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    extent: Extent,
    /// In fixed-point frames of the sound.
    position: u64,
    kernel: Kernel,
    /// The kernel that is being taken over from, and for how many frames still.
    fading: Option<(Kernel, u32)>,
    /// Of the pitch without tuning and bend.
    ratio: f64,
    tuning_semitones: Ramp,
    /// The tuning as a ratio, while it does not move.
    tuning: f64,
    /// Frames of the sound over which its end fades; 0 where it ends in silence.
    tail_frames: f32,
    /// The same for the end of the whole sound, while another part of a streamed one is there.
    end_frames: f32,
    /// The same for an end that is none, where the rest of a streamed sound has not come.
    cut_frames: f32,
}

impl Reader {
    /// A reader of nothing.
    pub fn idle() -> Reader {
        Reader {
            extent: Extent { end: 0, loop_frames: 0 },
            position: 0,
            kernel: Kernel::for_pace(ONE_FRAME),
            fading: None,
            ratio: 1.0,
            tuning_semitones: Ramp::at(0.0),
            tuning: 1.0,
            tail_frames: 0.0,
            end_frames: 0.0,
            cut_frames: 0.0,
        }
    }

    /// At the start of a zone's sound, to sound at `pitch_midi` bent by the ratio `bend`.
    pub fn new(zone: &PlayableZone, pitch_midi: f64, bend: f64, rate_hz: f32) -> Reader {
        let pcm = &zone.pcm;
        let rates = finite(pcm.rate_hz, rate_hz) / f64::from(rate_hz);
        let manner = &zone.manner;
        let semitones = (pitch_midi - finite(zone.root_midi, 60.0)) * finite(manner.tracking, 1.0)
            + finite(manner.tune_semitones, 0.0);
        let ratio = reachable((semitones / 12.0).exp2() * rates);
        let extent = Extent::of(pcm);
        let silent_end = match &pcm.rest {
            Some(rest) => rest.ends_silent(),
            None => ends_silent(&pcm.left) && pcm.right.as_deref().is_none_or(ends_silent),
        };
        // What a filter still holds at the end is cut off as well.
        let is_filtered = manner.filter.is_some() || manner.second_filter.is_some();
        let holds = is_filtered || manner.bands.iter().any(Option::is_some);
        let cut_off = extent.loop_frames == 0 && (holds || !silent_end);
        let cut_frames = TAIL_SECS * rate_hz * ratio as f32;
        let end_frames = if cut_off { cut_frames } else { 0.0 };
        Reader {
            extent,
            kernel: Kernel::for_pace(pace(ratio * bend)),
            ratio,
            tail_frames: end_frames,
            end_frames,
            cut_frames,
            ..Reader::idle()
        }
    }

    /// Begins further into the sound.
    pub fn skip(&mut self, frames: u64) {
        self.position = self.extent.wrap(frames << 32);
    }

    /// The frame that it has come to.
    pub fn frame(&self) -> u64 {
        self.position >> 32
    }

    /// Ends a streamed sound, until more has come, where its samples end that are there.
    pub fn reach(&mut self, pcm: &Pcm, available: u64) {
        if let Some(rest) = &pcm.rest {
            let is_whole = available >= rest.frames();
            self.extent.end = available.min(rest.frames());
            self.tail_frames = if is_whole { self.end_frames } else { self.cut_frames };
        }
    }

    /// Heads for a tuning in semitones, to arrive after so many frames.
    pub fn tune(&mut self, semitones: f32, frames: u32) {
        self.tuning_semitones.glide(f64::from(semitones), frames);
        self.tuning = (self.tuning_semitones.value() / 12.0).exp2();
    }

    /// Finds how far the sound can be read in one way, at most `frames`, and moves the tuning on by that.
    pub fn plan(&mut self, desk: &mut Desk, bend: Bend, frames: usize) -> Stretch {
        match bend {
            Bend::Still(bend) if !self.tuning_semitones.is_moving() => {
                let step = pace(self.ratio * self.tuning * bend);
                self.take_over(step);
                let frames = frames.min(self.fading.map_or(CHUNK, |(_, left)| left as usize));
                let reach = 1 + (((SPAN - MAX_TAPS - 1) as u64) << 32) / step;
                let left = self.left_in_source().map_or(u64::MAX, |left| left.div_ceil(step));
                Stretch { frames: frames.min(left.min(reach) as usize), steady: Some(step) }
            }
            _ => self.plan_moving(desk, bend, frames),
        }
    }

    fn plan_moving(&mut self, desk: &mut Desk, bend: Bend, most: usize) -> Stretch {
        let left = self.left_in_source().unwrap_or(u64::MAX);
        let reach = ((SPAN - MAX_TAPS - 1) as u64) << 32;
        let (mut way, mut frames) = (0, 0);
        let tuned = self.tuning_semitones.is_moving();
        for (i, place) in desk.paces.iter_mut().take(most).enumerate() {
            if tuned {
                self.tuning = (self.tuning_semitones.value() / 12.0).exp2();
            }
            let step = pace(self.ratio * self.tuning * bend.at(i));
            if i == 0 {
                self.take_over(step);
            }
            let kernel_ends = match self.fading {
                Some((_, left)) => i >= left as usize,
                None => !self.kernel.serves(step),
            };
            if kernel_ends || way >= left || way > reach {
                break;
            }
            *place = step;
            self.tuning_semitones.step();
            way += step;
            frames += 1;
        }
        if tuned {
            self.tuning = (self.tuning_semitones.value() / 12.0).exp2();
        }
        Stretch { frames, steady: None }
    }

    /// Begins to change over to another kernel where the present one no longer serves the pace.
    fn take_over(&mut self, step: u64) {
        if self.fading.is_none() && !self.kernel.serves(step) {
            self.fading = Some((self.kernel, HANDOVER_FRAMES));
            self.kernel = Kernel::for_pace(step);
        }
    }

    /// What is left of a sound without a loop, in fixed-point frames.
    fn left_in_source(&self) -> Option<u64> {
        (self.extent.loop_frames == 0).then(|| (self.extent.end << 32).saturating_sub(self.position))
    }

    /// Reads a stretch that was just planned into the desk's samples, fades the end of a sound that is cut off into
    /// its levels, and moves on. Gives whether the sound is stereo.
    pub fn read(
        &mut self,
        kernels: &Kernels,
        desk: &mut Desk,
        (pcm, stream): (&Pcm, &Stream),
        stretch: Stretch,
    ) -> bool {
        let Desk { levels, samples: [left, right], paces, other, room, .. } = desk;
        let count = stretch.frames;
        let pace = stretch.steady.map_or(Pace::Varying(paces), Pace::Steady);
        self.read_channel(kernels, Samples::left(pcm, stream), pace, count, room, left, other);
        if let Some(samples) = Samples::right(pcm, stream) {
            self.read_channel(kernels, samples, pace, count, room, right, other);
        }
        self.fade_tail(pace, levels.get_mut(..count).unwrap_or(&mut []));
        self.position = self.extent.wrap(self.position.wrapping_add(pace.over(count)));
        self.fading = match self.fading {
            Some((kernel, left)) if left as usize > count => Some((kernel, left - count as u32)),
            _ => None,
        };
        pcm.right.is_some()
    }

    #[allow(clippy::too_many_arguments)] // Parts of the desk, borrowed apart.
    fn read_channel(
        &self,
        kernels: &Kernels,
        samples: Samples,
        pace: Pace,
        count: usize,
        room: &mut [f32],
        out: &mut [f32],
        other: &mut [f32],
    ) {
        let (Some(out), Some(other)) = (out.get_mut(..count), other.get_mut(..count)) else { return };
        self.read_with(self.kernel, kernels, samples, pace, room, out);
        if let Some((kernel, left)) = self.fading {
            self.read_with(kernel, kernels, samples, pace, room, other);
            for (i, (new, old)) in out.iter_mut().zip(other).enumerate() {
                let share = left.saturating_sub(i as u32) as f32 / HANDOVER_FRAMES as f32;
                *new += share * (*old - *new);
            }
        }
    }

    fn read_with(
        &self,
        kernel: Kernel,
        kernels: &Kernels,
        samples: Samples,
        pace: Pace,
        room: &mut [f32],
        out: &mut [f32],
    ) {
        let fraction = self.position & (ONE_FRAME - 1);
        let before = kernel.taps() / 2 - 1;
        let way = fraction + pace.over(out.len().saturating_sub(1));
        let width = (way >> 32) as usize + kernel.taps();
        let first = (self.position >> 32) as i64 - before as i64;
        let source = self.extent.stretch(samples, first, width, room);
        let untouched = fraction == 0 && kernel.is_whole() && matches!(pace, Pace::Steady(ONE_FRAME));
        match source.get(before..before + out.len()) {
            Some(source) if untouched => out.copy_from_slice(source),
            _ => kernels.run(kernel, source, fraction, pace, out),
        }
    }

    /// Fades the last frames of a sound that does not end in silence by itself.
    fn fade_tail(&self, pace: Pace, levels: &mut [f32]) {
        let Some(left) = self.left_in_source().filter(|_| self.tail_frames > 0.0) else { return };
        let tail = f64::from(self.tail_frames) * ONE_FRAME as f64;
        if left.saturating_sub(pace.over(levels.len())) as f64 > tail {
            return;
        }
        let mut left = left;
        for (i, level) in levels.iter_mut().enumerate() {
            *level *= smooth((left as f64 / tail) as f32);
            left = left.saturating_sub(pace.step(i));
        }
    }
}

/// From 0 to 1 with level ends: 3x² − 2x³.
pub(super) fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// A ratio in fixed-point frames, kept within reach.
#[inline]
fn pace(ratio: f64) -> u64 {
    // Adding a half and truncating rounds without a call into the maths library.
    (reachable(ratio) * ONE_FRAME as f64 + 0.5) as i64 as u64
}

#[inline]
fn reachable(ratio: f64) -> f64 {
    if ratio.is_nan() { 1.0 } else { ratio.clamp(1.0 / REACH, REACH) }
}

/// Whether a sound fades by itself.
pub(crate) fn ends_silent(samples: &[f32]) -> bool {
    samples.iter().rev().take(8).all(|sample| sample.abs() < TAIL_SILENCE)
}
