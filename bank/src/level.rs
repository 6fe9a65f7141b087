//! How the level of a sound moves: the ground for attack, sustain and overview.

use crate::Sound;

/// Root-mean-square levels of overlapping moments, of 10 ms one each 2.5 ms; of hours, of longer ones.
pub(crate) struct Levels {
    hop: usize,
    /// Linear.
    rms: Vec<f32>,
}

/// Measures levels piece by piece.
pub(crate) struct Meter {
    hop: usize,
    frames: usize,
    /// Of each hop, and of the one that is not whole yet.
    energies: Vec<f32>,
    in_hop: f32,
    /// Of all samples, and the largest of them.
    energy: f32,
    peak: f32,
}

/// Most hops that are kept apart: beyond that each two become one.
const MOST_HOPS: usize = 1 << 20;

impl Meter {
    pub fn new(rate_hz: u32) -> Meter {
        let hop = (rate_hz as usize / 400).max(1);
        Meter { hop, frames: 0, energies: Vec::new(), in_hop: 0.0, energy: 0.0, peak: 0.0 }
    }

    pub fn take(&mut self, mut samples: &[f32]) {
        while !samples.is_empty() {
            let left = self.hop - self.frames % self.hop;
            let (here, rest) = samples.split_at(left.min(samples.len()));
            for sample in here {
                let square = sample * sample;
                self.in_hop += square;
                self.energy += square;
                self.peak = self.peak.max(sample.abs());
            }
            self.frames += here.len();
            if here.len() == left {
                self.end_hop();
            }
            samples = rest;
        }
    }

    fn end_hop(&mut self) {
        self.energies.push(std::mem::take(&mut self.in_hop));
        if self.energies.len() == MOST_HOPS {
            self.energies = self.energies.chunks_exact(2).map(|pair| pair[0] + pair[1]).collect();
            self.hop *= 2;
        }
    }

    /// The energy of all samples.
    pub fn energy(&self) -> f32 {
        self.energy
    }

    /// The largest sample, without its sign.
    pub fn peak(&self) -> f32 {
        self.peak
    }

    pub fn levels(mut self) -> Levels {
        if !self.frames.is_multiple_of(self.hop) {
            self.energies.push(self.in_hop);
        }
        Levels::of_energies(&self.energies, self.hop, self.frames)
    }
}

impl Levels {
    pub fn of(mono: &[f32], rate_hz: u32) -> Levels {
        let hop = (rate_hz as usize / 400).max(1);
        let energies: Vec<f32> = mono.chunks(hop).map(|chunk| chunk.iter().map(|s| s * s).sum()).collect();
        Levels::of_energies(&energies, hop, mono.len())
    }

    fn of_energies(energies: &[f32], hop: usize, frames: usize) -> Levels {
        let moment = |i: usize| {
            let energies = &energies[i..(i + 4).min(energies.len())];
            let frames = (4 * hop).min(frames - i * hop);
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
    let mut peaks = Peaks::new(channels.first().map_or(0, Vec::len));
    let channels: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
    peaks.take(0, &channels);
    peaks.overview()
}

/// Peaks of a sound whose length is known, piece by piece.
pub(crate) struct Peaks {
    frames: usize,
    peaks: [f32; Sound::OVERVIEW_LEN],
}

impl Peaks {
    pub fn new(frames: usize) -> Peaks {
        Peaks { frames, peaks: [0.0; Sound::OVERVIEW_LEN] }
    }

    /// Takes the frames from `at` on.
    pub fn take(&mut self, at: usize, channels: &[&[f32]]) {
        let frames = self.frames;
        let stretch = |i: usize| i * frames / Sound::OVERVIEW_LEN;
        for (i, peak) in self.peaks.iter_mut().enumerate() {
            let (start, end) = (stretch(i), stretch(i + 1).max(stretch(i) + 1).min(frames));
            for channel in channels {
                let inside = |frame: usize| frame.saturating_sub(at).min(channel.len());
                let here = channel.get(inside(start)..inside(end)).unwrap_or_default();
                *peak = here.iter().fold(*peak, |a: f32, s| a.max(s.abs()));
            }
        }
    }

    pub fn overview(&self) -> Vec<u8> {
        let largest = self.peaks.iter().copied().fold(0.0, f32::max);
        let scaled = |p: &f32| if largest > 0.0 { (255.0 * p / largest).round() as u8 } else { 0 };
        self.peaks.iter().map(scaled).collect()
    }
}
