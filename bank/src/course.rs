//! How one sound goes, from its samples: silence before and behind it, attack, decay, and how much of it is noise.

use realfft::RealFftPlanner;

use crate::Audio;
use crate::analyse::heard_mono;
use crate::level::Levels;

/// Further than this under the peak is silence, in dB: as for the lead of a profile.
const SILENT_DB: f32 = 50.0;
/// How far a sound has fallen when it has decayed, in dB.
const DECAYED_DB: f32 = 20.0;

/// The course of a sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// Silence before it begins.
    pub lead_secs: f32,
    /// From the start of the file until the level first comes within 3 dB of its peak.
    pub attack_secs: f32,
    /// From the loudest moment until the sound stays 20 dB below it; `None` where it never does.
    pub decay_secs: Option<f32>,
    /// Silence behind its end.
    pub trail_secs: f32,
    /// Share of noise, 0 for a steady tone to 1 for white noise: the flatness of the spectrum up to 10 kHz (the ratio of
    /// its geometric to its arithmetic mean, Johnston 1988), where noise itself has that of its periodogram.
    pub noisiness: f32,
}

impl Course {
    /// Follows decoded samples; of silence, everything is 0.
    pub fn of(audio: &Audio) -> Course {
        let mono = heard_mono(audio);
        let levels = Levels::of(&mono, audio.rate_hz);
        let secs = |frames: usize| frames as f32 / audio.rate_hz.max(1) as f32;
        let first = |below_db: f32| levels.first_within(below_db).map_or(0.0, secs);
        let Some(peak) = levels.loudest_frames() else {
            return Course {
                lead_secs: 0.0,
                attack_secs: 0.0,
                decay_secs: None,
                trail_secs: 0.0,
                noisiness: 0.0,
            };
        };
        let last_within = |below_db: f32| {
            let floor_db = levels.db_at(peak) - below_db;
            let last = (0..levels.rms().len()).rev().find(|&at| levels.db_at(at * levels.hop()) >= floor_db);
            ((last.unwrap_or(0) + 1) * levels.hop()).min(mono.len())
        };
        let fallen = last_within(DECAYED_DB);
        // The last moments of a file that is cut off are no decay.
        let decays = fallen + 4 * levels.hop() < mono.len();
        Course {
            lead_secs: first(SILENT_DB),
            attack_secs: first(3.0),
            decay_secs: decays.then(|| secs(fallen.saturating_sub(peak))),
            trail_secs: secs(mono.len() - last_within(SILENT_DB)),
            noisiness: noisiness(&mono, audio.rate_hz, peak),
        }
    }
}

/// Moments that are measured, from the loudest one on.
const MOMENTS: usize = 24;
/// Flatness of the periodogram of white noise: e to the power of minus Euler's constant.
const OF_NOISE: f32 = 0.5615;

fn noisiness(mono: &[f32], rate_hz: u32, peak: usize) -> f32 {
    let len = (rate_hz as usize / 20).next_power_of_two().clamp(64, 1 << 14);
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(len);
    let mut input = fft.make_input_vec();
    let mut spectrum = fft.make_output_vec();
    let highest = ((10_000.0 / rate_hz.max(1) as f32 * len as f32) as usize).min(len / 2 - 1);
    let lowest = (60.0 / rate_hz.max(1) as f32 * len as f32).ceil().max(1.0) as usize;
    let (mut sum, mut weight) = (0.0, 0.0);
    for moment in 0..MOMENTS {
        let from = peak + moment * len / 2;
        let Some(heard) = mono.get(from..(from + len).min(mono.len())).filter(|heard| !heard.is_empty())
        else {
            break;
        };
        for (i, value) in input.iter_mut().enumerate() {
            let turn = std::f32::consts::TAU * i as f32 / heard.len() as f32;
            *value = heard.get(i).map_or(0.0, |sample| sample * (0.5 - 0.5 * turn.cos()));
        }
        // PANIC: both buffers were made by this transform, so their lengths fit.
        fft.process(&mut input, &mut spectrum).expect("the buffers fit the transform");
        let powers = || spectrum[lowest.min(highest)..=highest].iter().map(|bin| bin.norm_sqr());
        let count = (highest - lowest.min(highest) + 1) as f32;
        let mean = powers().sum::<f32>() / count;
        if mean > 1e-12 {
            // Below -100 dB of the mean lie errors of rounding.
            let logs = powers().map(|power| (power / mean).max(1e-10).ln()).sum::<f32>() / count;
            sum += mean * logs.exp();
            weight += mean;
        }
    }
    if weight > 0.0 { (sum / weight / OF_NOISE).clamp(0.0, 1.0) } else { 0.0 }
}
