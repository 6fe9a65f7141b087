//! Decoded packets to one or two channels of finite samples.

use symphonia::core::audio::{Channels, GenericAudioBufferRef, Position};

/// What lies beyond is damage: 100 dB over full scale, the most that loudness is measured to. Floats at the scale of 16-bit
/// integers lie below.
const LOUDEST: f32 = 1e5;

/// Takes packets one after the other; more than two channels are mixed down to stereo.
#[derive(Default)]
pub(crate) struct Mixdown {
    rate_hz: u32,
    /// Left and right gain of each channel of the file; empty for mono and stereo.
    gains: Vec<[f32; 2]>,
    source_channels: usize,
    /// Of all packets.
    frames: u64,
    packet: Vec<Vec<f32>>,
    /// The packet in stereo, where it has more channels.
    mixed: [Vec<f32>; 2],
    mended: usize,
}

impl Mixdown {
    /// Takes a packet of at least one frame in the place of the last. The first one fixes rate and channels.
    pub fn take(&mut self, buffer: &GenericAudioBufferRef<'_>) -> Result<(), &'static str> {
        let count = buffer.num_planes();
        if self.source_channels == 0 {
            if count == 0 {
                return Err("the file has no channels");
            }
            self.rate_hz = buffer.spec().rate();
            self.source_channels = count;
            if count > 2 {
                self.gains = stereo_gains(buffer.spec().channels(), count);
            }
        } else if count != self.source_channels || buffer.spec().rate() != self.rate_hz {
            return Err("rate or channels change in the middle of the file");
        }
        buffer.copy_to_vecs_planar(&mut self.packet);
        for sample in self.packet.iter_mut().flatten() {
            if !(-LOUDEST..=LOUDEST).contains(sample) {
                *sample = 0.0;
                self.mended += 1;
            }
        }
        self.frames += self.packet.first().map_or(0, Vec::len) as u64;
        if !self.gains.is_empty() {
            self.mix_packet();
        }
        Ok(())
    }

    fn mix_packet(&mut self) {
        let frames = self.packet.first().map_or(0, Vec::len);
        for (side, channel) in self.mixed.iter_mut().enumerate() {
            channel.clear();
            channel.resize(frames, 0.0);
            for (packet, gains) in self.packet.iter().zip(&self.gains) {
                for (mixed, sample) in channel.iter_mut().zip(packet) {
                    *mixed += gains[side] * sample;
                }
            }
        }
    }

    /// The channels of the last packet: one or two.
    pub fn packet(&self) -> &[Vec<f32>] {
        if self.gains.is_empty() { &self.packet } else { &self.mixed }
    }

    /// Frames of all packets.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    pub fn channels(&self) -> usize {
        self.source_channels.min(2)
    }

    /// Frames per second; 1 before the first packet.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz.max(1)
    }

    /// What was done to the samples that the composer may not expect.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.source_channels > 2 {
            remarks.push(format!("{} channels, mixed down to stereo", self.source_channels));
        }
        if self.mended > 0 {
            remarks.push(format!(
                "samples that are no numbers, or more than 100 dB over full scale, were silenced: {}",
                self.mended
            ));
        }
        remarks
    }
}

/// Left and right gain by speaker position, scaled so that full scale in every channel stays within full scale.
/// Centres go to both sides 3 dB down, low-frequency effects are left out; channels without a place go to both.
fn stereo_gains(channels: &Channels, count: usize) -> Vec<[f32; 2]> {
    let left = Position::FRONT_LEFT
        | Position::REAR_LEFT
        | Position::FRONT_LEFT_CENTER
        | Position::SIDE_LEFT
        | Position::TOP_FRONT_LEFT
        | Position::TOP_REAR_LEFT;
    let right = Position::FRONT_RIGHT
        | Position::REAR_RIGHT
        | Position::FRONT_RIGHT_CENTER
        | Position::SIDE_RIGHT
        | Position::TOP_FRONT_RIGHT
        | Position::TOP_REAR_RIGHT;
    let gain = |position: Position| match position {
        p if left.contains(p) => [1.0, 0.0],
        p if right.contains(p) => [0.0, 1.0],
        p if (Position::LFE1 | Position::LFE2).contains(p) => [0.0, 0.0],
        _ => [std::f32::consts::FRAC_1_SQRT_2; 2],
    };
    let mut gains = match channels {
        Channels::Positioned(positions) => positions.iter().map(gain).collect(),
        _ => vec![[1.0, 1.0]; count],
    };
    gains.resize(count, [1.0, 1.0]);
    let sum = |side: usize| gains.iter().map(|g| g[side]).sum::<f32>();
    let scale = 1.0 / sum(0).max(sum(1)).max(1.0);
    gains.iter_mut().flatten().for_each(|g| *g *= scale);
    gains
}
