//! A stretch of a sound's samples, with what lies before its start, behind its end and across its loop's seam.

use super::stream::Samples;
use crate::handoff::Pcm;

/// Most samples that one stretch can span.
pub(super) const SPAN: usize = 1024;

/// Where a sound ends, or how it goes round. Positions count on for ever: behind the loop's end lies the loop again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// The frame behind the last one, of the loop or else of the sound.
    pub end: u64,
    /// Length of the loop; 0 where there is none.
    pub loop_frames: u64,
}

impl Extent {
    /// The extent of a sound. A loop that does not lie inside of it counts as none.
    pub fn of(pcm: &Pcm) -> Extent {
        if let Some(rest) = &pcm.rest {
            return Extent { end: rest.frames(), loop_frames: 0 };
        }
        let frames = pcm.right.as_ref().map_or(pcm.left.len(), |right| right.len().min(pcm.left.len()));
        match pcm.sustain {
            Some((start, end)) if start < end && end as usize <= frames => {
                Extent { end: u64::from(end), loop_frames: u64::from(end - start) }
            }
            _ => Extent { end: frames as u64, loop_frames: 0 },
        }
    }

    /// A position in fixed-point frames, brought back into the loop's later rounds once no kernel can see its first.
    pub fn wrap(self, position: u64) -> u64 {
        let settled = self.end + SPAN as u64;
        let frame = position >> 32;
        if self.loop_frames == 0 || frame < settled + self.loop_frames {
            return position;
        }
        let rounds = (frame - settled) / self.loop_frames;
        position - ((rounds * self.loop_frames) << 32)
    }

    /// The frame of the sound that lies at a frame of the endless one, and how many follow it in one piece.
    fn locate(self, frame: i64) -> (Option<usize>, usize) {
        let Ok(frame) = u64::try_from(frame) else {
            return (None, frame.unsigned_abs() as usize);
        };
        if frame < self.end {
            (Some(frame as usize), (self.end - frame) as usize)
        } else if self.loop_frames == 0 {
            (None, usize::MAX)
        } else {
            let into = (frame - self.end) % self.loop_frames;
            (Some((self.end - self.loop_frames + into) as usize), (self.loop_frames - into) as usize)
        }
    }

    /// `width` samples of a channel from `first` on: in place where they lie in one piece, else gathered in `room`.
    pub fn stretch<'a>(
        self,
        samples: Samples<'a>,
        first: i64,
        width: usize,
        room: &'a mut [f32],
    ) -> &'a [f32] {
        if let (Some(at), whole) = self.locate(first)
            && whole >= width
            && let Some(piece) = samples.piece(at, width)
            && piece.len() == width
        {
            return piece;
        }
        let width = width.min(room.len());
        let mut done = 0;
        while done < width {
            let (at, whole) = self.locate(first + done as i64);
            let most = whole.min(width - done);
            let piece = at.and_then(|at| samples.piece(at, most));
            let count = piece.map_or(most, <[f32]>::len);
            let Some(to) = room.get_mut(done..done + count) else { break };
            match piece {
                Some(from) => to.copy_from_slice(from),
                None => to.fill(0.0),
            }
            done += count.max(1);
        }
        room.get(..width).unwrap_or(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pcm(frames: usize, sustain: Option<(u32, u32)>) -> Pcm {
        Pcm {
            rate_hz: 48_000.0,
            left: (0..frames).map(|i| i as f32).collect(),
            right: None,
            sustain,
            rest: None,
        }
    }

    fn check(sound: &Pcm, first: i64, expected: &[f32]) {
        let mut room = [f32::NAN; SPAN];
        let found = Extent::of(sound).stretch(Samples::whole(&sound.left), first, expected.len(), &mut room);
        assert_eq!(found, expected, "from {first}");
    }

    #[test]
    fn outside_of_a_sound_is_silence() {
        let sound = pcm(4, None);
        check(&sound, -2, &[0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
        check(&sound, 1, &[1.0, 2.0]);
        check(&sound, 9, &[0.0, 0.0]);
    }

    #[test]
    fn behind_a_loop_lies_the_loop_again() {
        let sound = pcm(9, Some((2, 5)));
        check(&sound, -1, &[0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 4.0, 2.0]);
        check(&sound, 6, &[3.0, 4.0]);
        check(&pcm(3, Some((2, 3))), 1, &[1.0, 2.0, 2.0, 2.0, 2.0]);
    }

    #[test]
    fn a_loop_outside_of_its_sound_counts_as_none() {
        for sustain in [(2, 2), (3, 2), (0, 5), (u32::MAX, 0)] {
            assert_eq!(Extent::of(&pcm(4, Some(sustain))), Extent { end: 4, loop_frames: 0 });
        }
    }

    #[test]
    fn wrapping_keeps_the_place_in_the_loop() {
        let extent = Extent { end: 500, loop_frames: 300 };
        for frame in [0u64, 499, 500, 1823, 1824, 2000, 123_456_789] {
            let wrapped = extent.wrap((frame << 32) | 77);
            assert_eq!(wrapped as u32, 77);
            assert_eq!(extent.locate((wrapped >> 32) as i64), extent.locate(frame as i64), "frame {frame}");
            assert!(wrapped >> 32 < 500 + 1024 + 300);
        }
    }
}
