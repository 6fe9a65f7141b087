//! A sound on its way from its file to an Engine, piece by piece: held in memory while it is short, laid out on disk behind
//! its head as soon as it is not. Run by a Worker; never by the Engine.

use neume_bank::{Audio, Loop, Piece, Stop};

use crate::handoff::Pcm;
use crate::spool::{self, Laying};
use crate::streaming::{HEAD_FRAMES, Streamer};

/// Sounds without a loop are streamed from disk if they are longer.
const HELD_SECS: u64 = 20;
/// Longest part of a sound with a loop, which is held in memory. A loop that ends later is none.
const LOOPED_SECS: u64 = 120;

/// About what a stereo sound takes in memory, in bytes.
fn bytes_held(frames: u64, rate_hz: u32, sustain: Option<Loop>) -> u64 {
    const FRAME_BYTES: u64 = 2 * size_of::<f32>() as u64;
    match held_loop(sustain, rate_hz) {
        None if is_long(frames, rate_hz) => FRAME_BYTES * HEAD_FRAMES as u64,
        None => FRAME_BYTES * frames,
        Some(sustain) => {
            FRAME_BYTES * frames.min(LOOPED_SECS * u64::from(rate_hz)).max(sustain.played_frames())
        }
    }
}

/// The least of that: of what has no loop all but its head can lie on the disk, as it does where memory has no room for it.
pub fn least_bytes_held(frames: u64, rate_hz: u32, sustain: Option<Loop>) -> u64 {
    match held_loop(sustain, rate_hz) {
        None => bytes_held(frames.min(HEAD_FRAMES as u64), rate_hz, None),
        Some(_) => bytes_held(frames, rate_hz, sustain),
    }
}

/// Whether a sound without a loop is streamed from disk behind its head.
fn is_long(frames: u64, rate_hz: u32) -> bool {
    frames > HELD_SECS * u64::from(rate_hz) && frames > HEAD_FRAMES as u64
}

/// A loop that is played, if its sound is that long.
fn held_loop(sustain: Option<Loop>, rate_hz: u32) -> Option<Loop> {
    let most = LOOPED_SECS * u64::from(rate_hz);
    sustain.filter(|sustain| sustain.start_frames < sustain.end_frames && sustain.played_frames() <= most)
}

/// See above.
pub struct Loading<'a> {
    streamer: &'a Streamer,
    /// First frame of the part that is played, and the one behind it.
    span: (u64, u64),
    /// Counted from the start of the part.
    sustain: Option<Loop>,
    /// Frames that came by.
    at: u64,
    /// The part as far as it is in memory.
    held: Audio,
    laying: Option<Laying>,
}

impl<'a> Loading<'a> {
    /// Of a sound with this loop, or of a part of it.
    pub fn new(streamer: &'a Streamer, sustain: Option<Loop>, span: Option<(u64, u64)>) -> Loading<'a> {
        let span = span.unwrap_or((0, u64::MAX));
        let moved = sustain.and_then(|sustain| {
            Some(Loop {
                start_frames: sustain.start_frames.checked_sub(span.0)?,
                end_frames: sustain.end_frames.checked_sub(span.0)?,
                ..sustain
            })
        });
        let held = Audio { rate_hz: 0, channels: Vec::new() };
        Loading { streamer, span, sustain: moved, at: 0, held, laying: None }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`Stop::Enough`] where nothing that follows is played, [`Stop::Failed`] where it cannot be laid out.
    pub fn take(&mut self, piece: &Piece<'_>) -> Result<(), Stop> {
        let inside = |frame: u64| frame.saturating_sub(self.at).min(piece.frames() as u64) as usize;
        let (from, to) = (inside(self.span.0), inside(self.span.1));
        let channels: Vec<&[f32]> =
            piece.channels.iter().map(|channel| channel.get(from..to).unwrap_or_default()).collect();
        self.at += piece.frames() as u64;
        self.push(&Piece { rate_hz: piece.rate_hz, channels: &channels }).map_err(|cause| {
            let folder = spool::folder();
            Stop::Failed(format!("it is long and cannot be laid out in {}: {cause}", folder.display()))
        })?;
        let frames = self.held.frames() as u64;
        let is_looped = self.laying.is_none() && self.sustain.is_some_and(|it| it.end_frames <= frames);
        if is_looped || self.at >= self.span.1 { Err(Stop::Enough) } else { Ok(()) }
    }

    fn push(&mut self, piece: &Piece<'_>) -> std::io::Result<()> {
        if let Some(laying) = &mut self.laying {
            return laying.push(piece.channels);
        }
        self.held.push(piece);
        self.sustain = held_loop(self.sustain, piece.rate_hz);
        if self.sustain.is_none() && is_long(self.held.frames() as u64, piece.rate_hz) {
            let mut laying = self.streamer.begin(self.held.channels.len());
            let held: Vec<&[f32]> = self.held.channels.iter().map(Vec::as_slice).collect();
            laying.push(&held)?;
            for channel in &mut self.held.channels {
                channel.truncate(HEAD_FRAMES);
                channel.shrink_to_fit();
            }
            self.laying = Some(laying);
        }
        Ok(())
    }

    /// The whole: in memory at the host's rate, its loop ready to be played, or streamed at its own.
    ///
    /// # Errors
    /// What the system says where it cannot be laid out.
    pub fn finish(self, rate_hz: f32) -> std::io::Result<Pcm> {
        let Some(laying) = self.laying else { return Ok(prepare(&self.held, self.sustain, rate_hz)) };
        let mut heads = self.held.channels.into_iter().map(Vec::into_boxed_slice);
        Ok(Pcm {
            rate_hz: self.held.rate_hz as f32,
            left: heads.next().unwrap_or_default(),
            right: heads.next(),
            sustain: None,
            rest: Some(laying.finish()?),
        })
    }
}

/// A sound without a loop, longer than its head, with only that in memory and the same samples on disk behind it.
///
/// # Errors
/// What the system says, for example of a full disk.
pub fn streamed(streamer: &Streamer, whole: &Pcm) -> std::io::Result<Pcm> {
    let channels: Vec<&[f32]> = [Some(&*whole.left), whole.right.as_deref()].into_iter().flatten().collect();
    let mut laying = streamer.begin(channels.len());
    laying.push(&channels)?;
    let head = |channel: &[f32]| channel.iter().take(HEAD_FRAMES).copied().collect();
    Ok(Pcm {
        rate_hz: whole.rate_hz,
        left: head(&whole.left),
        right: whole.right.as_deref().map(head),
        sustain: None,
        rest: Some(laying.finish()?),
    })
}

/// The samples at the host's rate, their loop ready to be played.
fn prepare(audio: &Audio, sustain: Option<Loop>, rate_hz: f32) -> Pcm {
    let (audio, sustain) = neume_bank::looping::ready(audio, sustain, rate_hz.round() as u32);
    let mut channels = audio.channels.into_iter().map(Vec::into_boxed_slice);
    Pcm {
        rate_hz,
        left: channels.next().unwrap_or_default(),
        right: channels.next(),
        sustain: sustain.map(|sustain| (sustain.start_frames as u32, sustain.end_frames as u32)),
        rest: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::PAGE_FRAMES;

    const RATE_HZ: u32 = 8_000;

    /// Loads a sound whose samples count its frames, in pieces; the most frames that were held, and how many came.
    fn load(
        frames: usize,
        sustain: Option<(u64, u64)>,
        span: Option<(u64, u64)>,
        piece: usize,
    ) -> (Pcm, usize, usize) {
        let streamer = Streamer::start();
        let sustain = sustain.map(|(start_frames, end_frames)| Loop {
            start_frames,
            end_frames,
            crossfade_frames: 0,
            is_mirrored: false,
        });
        let mut loading = Loading::new(&streamer, sustain, span);
        let samples: Vec<f32> = (0..frames).map(|i| i as f32).collect();
        let (mut most, mut came) = (0, 0);
        for samples in samples.chunks(piece) {
            came += samples.len();
            let taken = loading.take(&Piece { rate_hz: RATE_HZ, channels: &[samples] });
            most = most.max(loading.held.frames());
            if taken.is_err() {
                break;
            }
        }
        (loading.finish(RATE_HZ as f32).unwrap(), most, came)
    }

    #[test]
    fn however_long_a_sound_is_only_its_beginning_is_ever_held() {
        let frames = 40 * HELD_SECS as usize * RATE_HZ as usize;
        let (pcm, most, came) = load(frames, None, None, 1_000);
        assert_eq!((pcm.left.len(), came), (HEAD_FRAMES, frames));
        assert!(most <= HELD_SECS as usize * RATE_HZ as usize + 1_000, "{most} frames were held");
        let rest = pcm.rest.unwrap();
        assert_eq!(rest.frames(), frames as u64);
        let page = rest.page(rest.pages() - 1).unwrap();
        assert_eq!(*page.left.last().unwrap(), (frames - 1) as f32);
        assert_eq!(page.left[0], (HEAD_FRAMES + (rest.pages() as usize - 1) * PAGE_FRAMES) as f32);
    }

    #[test]
    fn a_sound_with_a_loop_is_read_to_its_end_and_no_further() {
        let frames = 400 * RATE_HZ as usize;
        let (pcm, _, came) = load(frames, Some((1_000, 500_000)), None, 1_000);
        assert_eq!((pcm.left.len(), pcm.sustain, came), (500_000, Some((1_000, 500_000)), 500_000));
        let late = LOOPED_SECS * u64::from(RATE_HZ) + 1;
        let (pcm, most, came) = load(frames, Some((1_000, late)), None, 1_000);
        assert!(pcm.rest.is_some() && pcm.sustain.is_none() && came == frames && most < frames / 10);
    }

    #[test]
    fn a_part_of_a_sound_is_what_lies_in_it_with_its_loop_moved() {
        for piece in [1, 7, 4_000] {
            let (pcm, _, came) = load(4_000, Some((1_500, 1_800)), Some((1_000, 2_000)), piece);
            assert_eq!((pcm.left[0], pcm.left.len(), pcm.sustain), (1_000.0, 800, Some((500, 800))));
            assert!(came >= 1_800 && came < 1_800 + piece);
            let (pcm, ..) = load(4_000, None, Some((3_000, 9_000)), piece);
            assert_eq!((pcm.left[0], pcm.left.len()), (3_000.0, 1_000));
            let (pcm, ..) = load(4_000, None, Some((5_000, 9_000)), piece);
            assert!(pcm.left.is_empty() && pcm.rest.is_none());
        }
    }
}
