//! How a sound goes on from its beginning to its end, and how much of it is noise: measures of the samples alone.

use std::ops::Range;

use realfft::RealFftPlanner;
use serde::{Deserialize, Serialize};

use crate::analyse::heard_mono;
use crate::level::Levels;
use crate::samples::Samples;
use crate::{Audio, loudness};

/// The course of a sound. The time of its attack is in its [`crate::Profile`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Silence before it begins, in seconds: more than 50 dB under its loudest moment.
    pub lead_secs: f32,
    /// Silence after its end, likewise.
    pub trail_secs: f32,
    /// Loudness of the first 400 ms from where it begins (EBU R128's momentary loudness), in LUFS, at least -70.
    pub attack_db: f32,
    /// From the end of the attack until the level has fallen 20 dB under its loudest for good, or to the end, in seconds.
    pub decay_secs: f32,
    /// Share of the energy that lies between the peaks of the spectrum, 0 (pure tones) to 1 (white noise).
    pub noisiness: f32,
}

/// Levels this far under the loudest moment are silence, in dB.
pub(crate) const SILENT_DB: f32 = 50.0;
/// The attack has ended when the level is this near to its loudest, in dB.
const ATTACK_DB: f32 = 3.0;
/// A sound has decayed when it has fallen by this much, in dB.
const DECAYED_DB: f32 = 20.0;
/// Stretches whose spectra are looked at, and how soft one may be against the loudest moment, in dB.
const SPECTRA: usize = 8;
const SOFTEST_DB: f32 = 30.0;
/// Length of a spectrum, in seconds: long enough to part the harmonics of a low bass.
const SPECTRUM_SECS: f32 = 0.18;
/// Bins of a spectrum whose median is the floor between its peaks.
const AROUND: usize = 31;
/// The floor counts this often; by it, the exponential bins of white noise would keep `FULL` of their energy.
const FLOORS: f32 = 4.0;
const FULL: f32 = 0.937;

impl Course {
    /// Measures decoded samples.
    pub fn of(audio: &Audio) -> Course {
        let mono = heard_mono(audio);
        let levels = Levels::of(&mono, audio.rate_hz);
        let attack = audio.part(attack_of(&levels, audio.rate_hz));
        Course::measured(&Samples::whole(&mono), &levels, &attack)
    }

    /// The same, where of the sound in one channel at least [`spectra_of`] are there; `attack` is its [`attack_of`] in all
    /// channels.
    pub(crate) fn measured(samples: &Samples, levels: &Levels, attack: &Audio) -> Course {
        let (rate_hz, frames) = (attack.rate_hz, samples.frames());
        let rate = rate_hz.max(1) as f32;
        let begin = levels.first_within(SILENT_DB).unwrap_or(0);
        let risen = levels.first_within(ATTACK_DB).unwrap_or(0).min(frames);
        let end = levels.behind_last_within(SILENT_DB).unwrap_or(0).min(frames);
        let fallen = levels.behind_last_within(DECAYED_DB).unwrap_or(0).clamp(risen, frames);
        Course {
            lead_secs: begin as f32 / rate,
            trail_secs: (frames - end) as f32 / rate,
            attack_db: loudness::integrated_db(attack),
            decay_secs: (fallen - risen) as f32 / rate,
            noisiness: noisiness(samples, rate_hz, levels),
        }
    }

    /// Whether every figure is one that can be measured.
    pub(crate) fn is_whole(&self) -> bool {
        let secs = [self.lead_secs, self.trail_secs, self.decay_secs];
        secs.into_iter().all(|secs| secs.is_finite() && secs >= 0.0)
            && (loudness::SILENCE_DB..=loudness::LOUDEST_DB).contains(&self.attack_db)
            && (0.0..=1.0).contains(&self.noisiness)
    }
}

/// The first moments from where a sound begins; they may lie past its end.
pub(crate) fn attack_of(levels: &Levels, rate_hz: u32) -> Range<usize> {
    let begin = levels.first_within(SILENT_DB).unwrap_or(0);
    begin..begin + (0.4 * rate_hz.max(1) as f32) as usize + 1
}

/// Length of a spectrum in frames.
fn size_of(all: usize, rate_hz: u32) -> usize {
    let wanted = (SPECTRUM_SECS * rate_hz as f32) as usize;
    wanted.min(all).next_power_of_two().max(64)
}

/// The stretches of a sound of this length whose spectra are looked at, those that are loud enough.
pub(crate) fn spectra_of(all: usize, levels: &Levels, rate_hz: u32) -> Vec<Range<usize>> {
    let Some(loudest) = levels.loudest_frames() else { return Vec::new() };
    let size = size_of(all, rate_hz);
    let last = all.saturating_sub(size);
    let starts = (0..SPECTRA).map(|i| last * i / (SPECTRA - 1)).chain([loudest.min(last)]);
    let is_loud = |start: &usize| levels.db_at(start + size / 2) >= levels.db_at(loudest) - SOFTEST_DB;
    starts.filter(is_loud).map(|start| start..(start + size).min(all)).collect()
}

/// The mean over stretches that are loud enough; 0 where there is none.
fn noisiness(samples: &Samples, rate_hz: u32, levels: &Levels) -> f32 {
    let size = size_of(samples.frames(), rate_hz);
    let plan = RealFftPlanner::new().plan_fft_forward(size);
    let (mut shares, mut count) = (0.0, 0);
    for stretch in spectra_of(samples.frames(), levels, rate_hz) {
        let held = samples.get(stretch);
        let turn = std::f32::consts::TAU / held.len() as f32;
        let mut windowed: Vec<f32> =
            held.iter().enumerate().map(|(i, s)| s * (0.5 - 0.5 * (turn * i as f32).cos())).collect();
        windowed.resize(size, 0.0);
        let mut spectrum = plan.make_output_vec();
        // PANIC: the buffers are made to the plan's own sizes.
        plan.process(&mut windowed, &mut spectrum).expect("sizes fit the plan");
        // The lowest bins hold offset and rumble.
        let powers: Vec<f32> = spectrum.iter().skip(4).map(|bin| bin.norm_sqr()).collect();
        if let Some(share) = between_peaks(&powers) {
            shares += share;
            count += 1;
        }
    }
    if count == 0 { 0.0 } else { (shares / count as f32).clamp(0.0, 1.0) }
}

/// Share of the energy that does not rise over the floor; `None` for silence.
fn between_peaks(powers: &[f32]) -> Option<f32> {
    let all: f64 = powers.iter().map(|&power| f64::from(power)).sum();
    if !all.is_finite() || all < 1e-12 {
        return None;
    }
    let mut around = Vec::with_capacity(AROUND);
    let held = powers.iter().enumerate().map(|(at, &power)| {
        let from = at.saturating_sub(AROUND / 2).min(powers.len().saturating_sub(AROUND));
        around.clear();
        around.extend_from_slice(&powers[from..(from + AROUND).min(powers.len())]);
        let middle = around.len() / 2;
        let (_, median, _) = around.select_nth_unstable_by(middle, f32::total_cmp);
        f64::from(power.min(FLOORS * *median))
    });
    Some((held.sum::<f64>() / all) as f32 / FULL)
}
