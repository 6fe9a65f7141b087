//! Samples in memory.

use std::ops::Range;
use std::path::Path;

use crate::Error;
use crate::pieces::{Piece, Stop, Take};

/// Audio of one or two channels, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Frames per second.
    pub rate_hz: u32,
    /// One slice of samples a channel, all of the same length: mono or stereo, full scale at ±1.
    pub channels: Vec<Vec<f32>>,
}

impl Audio {
    /// Adds samples; the first piece fixes rate and channels.
    pub fn push(&mut self, piece: &Piece<'_>) {
        if self.channels.is_empty() {
            self.rate_hz = piece.rate_hz;
            self.channels = vec![Vec::new(); piece.channels.len()];
        }
        for (channel, more) in self.channels.iter_mut().zip(piece.channels) {
            channel.extend_from_slice(more);
        }
    }

    /// Hands all of it over as one piece; `path` names it in the error.
    ///
    /// # Errors
    /// [`Error::File`] with the cause, where `take` fails.
    pub fn pass_on(&self, take: &mut Take, path: &Path) -> Result<(), Error> {
        match self.with_piece(take) {
            Ok(()) | Err(Stop::Enough) => Ok(()),
            Err(Stop::Failed(cause)) => Err(Error::File { path: path.to_path_buf(), cause }),
        }
    }

    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    /// Length in seconds.
    pub fn secs(&self) -> f32 {
        self.frames() as f32 / self.rate_hz as f32
    }

    /// The frames of a range, as far as they are there.
    pub fn part(&self, range: Range<usize>) -> Audio {
        let inside = range.start.min(self.frames())..range.end.min(self.frames());
        let channels = self.channels.iter().map(|channel| channel[inside.clone()].to_vec()).collect();
        Audio { rate_hz: self.rate_hz, channels }
    }

    /// The mean of the channels.
    pub fn mono(&self) -> Vec<f32> {
        self.with_piece(|piece| piece.mono())
    }

    /// Does something with all of it as one piece.
    fn with_piece<T>(&self, work: impl FnOnce(&Piece<'_>) -> T) -> T {
        let channels: Vec<&[f32]> = self.channels.iter().map(Vec::as_slice).collect();
        work(&Piece { rate_hz: self.rate_hz, channels: &channels })
    }
}
