//! Samples in memory.

/// Audio of one or two channels, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Frames per second.
    pub rate_hz: u32,
    /// One slice of samples a channel, all of the same length: mono or stereo, full scale at ±1.
    pub channels: Vec<Vec<f32>>,
}

impl Audio {
    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Length in seconds.
    pub fn secs(&self) -> f32 {
        self.frames() as f32 / self.rate_hz as f32
    }

    /// The mean of the channels.
    pub fn mono(&self) -> Vec<f32> {
        let gain = 1.0 / self.channels.len().max(1) as f32;
        (0..self.frames()).map(|i| self.channels.iter().map(|c| c[i]).sum::<f32>() * gain).collect()
    }
}
