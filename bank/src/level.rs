//! How the level of a sound moves: the ground for attack, sustain and overview.

use crate::Sound;

/// Root-mean-square levels of overlapping moments of 10 ms, one each 2.5 ms.
pub(crate) struct Levels {
    hop: usize,
    /// Linear.
    rms: Vec<f32>,
}

impl Levels {
    pub fn of(mono: &[f32], rate_hz: u32) -> Levels {
        let hop = (rate_hz as usize / 400).max(1);
        let energies: Vec<f32> = mono.chunks(hop).map(|chunk| chunk.iter().map(|s| s * s).sum()).collect();
        let moment = |i: usize| {
            let energies = &energies[i..(i + 4).min(energies.len())];
            let frames = (4 * hop).min(mono.len() - i * hop);
            (energies.iter().sum::<f32>() / frames as f32).sqrt()
        };
        Levels { hop, rms: (0..energies.len()).map(moment).collect() }
    }

    /// Frames from one moment to the next.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Linear levels in order.
    pub fn rms(&self) -> &[f32] {
        &self.rms
    }

    /// The start of the loudest moment; `None` for silence.
    pub fn loudest_frames(&self) -> Option<usize> {
        let (place, level) =
            self.rms.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)))?;
        (*level > 1e-7).then_some(place * self.hop)
    }

    /// Level of the moment that begins at this frame, in dB relative to full scale.
    pub fn db_at(&self, frame: usize) -> f32 {
        let place = (frame / self.hop).min(self.rms.len().saturating_sub(1));
        20.0 * self.rms.get(place).copied().unwrap_or(0.0).max(1e-7).log10()
    }

    /// The first frame whose moment is within `below_db` of the loudest one.
    pub fn first_within(&self, below_db: f32) -> Option<usize> {
        let loudest = self.rms[self.loudest_frames()? / self.hop];
        let threshold = loudest * 10f32.powf(-below_db / 20.0);
        self.rms.iter().position(|&level| level >= threshold).map(|place| place * self.hop)
    }

    /// The frame behind the last moment that is within `below_db` of the loudest one; it may lie a little past the end.
    pub fn behind_last_within(&self, below_db: f32) -> Option<usize> {
        let loudest = self.rms[self.loudest_frames()? / self.hop];
        let threshold = loudest * 10f32.powf(-below_db / 20.0);
        let last = self.rms.iter().rposition(|&level| level >= threshold)?;
        Some((last + 4) * self.hop)
    }
}

/// Peak levels in [`Sound::OVERVIEW_LEN`] equal stretches, the largest scaled to 255; zeros for silence.
pub(crate) fn overview(channels: &[Vec<f32>]) -> Vec<u8> {
    let frames = channels.first().map_or(0, Vec::len);
    let stretch = |i: usize| i * frames / Sound::OVERVIEW_LEN;
    let peak = |i: usize| {
        let (start, end) = (stretch(i), stretch(i + 1).max(stretch(i) + 1).min(frames));
        let loudest = |channel: &Vec<f32>| {
            channel.get(start..end).unwrap_or_default().iter().fold(0.0, |a: f32, s| a.max(s.abs()))
        };
        channels.iter().map(loudest).fold(0.0, f32::max)
    };
    let peaks: Vec<f32> = (0..Sound::OVERVIEW_LEN).map(peak).collect();
    let largest = peaks.iter().copied().fold(0.0, f32::max);
    peaks.iter().map(|p| if largest > 0.0 { (255.0 * p / largest).round() as u8 } else { 0 }).collect()
}
