//! Samples from one rate to another, whole sounds at a time, off the audio thread.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::Audio;

/// Frames of a stretch that is transformed at once: long enough for a steep filter, short enough for little ringing.
const STRETCH_FRAMES: usize = 1024;

/// The same sound at another rate: band-limited, of linear phase, without delay. Its length is that of the original in
/// seconds, rounded up to a whole frame. A rate of 0 on either side leaves the samples as they are.
pub fn resample(audio: &Audio, rate_hz: u32) -> Audio {
    let frames = audio.frames();
    if rate_hz == audio.rate_hz || rate_hz == 0 || audio.rate_hz == 0 || frames == 0 {
        return audio.clone();
    }
    let wanted = resampled_frames(frames as u64, audio.rate_hz, rate_hz) as usize;
    let count = audio.channels.len();
    // Stretches are whole steps of both rates, and an even number of them: the filter's middle, and so its delay, then
    // lies on a frame.
    let step = audio.rate_hz as usize / gcd(audio.rate_hz, rate_hz) as usize;
    let stretch = step * STRETCH_FRAMES.div_ceil(step).next_multiple_of(2);
    // PANIC: both rates and all sizes are above zero, which is all that the constructor asks for.
    let mut resampler = Fft::<f32>::new_custom(
        audio.rate_hz as usize,
        rate_hz as usize,
        stretch,
        1,
        count,
        WindowFunction::BlackmanHarris2,
        FixedSync::Both,
    )
    .expect("rates and sizes are above zero");
    let room = resampler.process_all_needed_output_len(frames);
    let mut channels = vec![vec![0.0; room]; count];
    // PANIC: the buffers are made to these very sizes, two lines up and by the invariant of `Audio`.
    let input =
        SequentialSliceOfVecs::new(&audio.channels, count, frames).expect("channels are of one length");
    let mut output =
        SequentialSliceOfVecs::new_mut(&mut channels, count, room).expect("channels are of one length");
    // PANIC: the output has the room that the resampler asked for.
    let (_, produced) =
        resampler.process_all_into_buffer(&input, &mut output, frames, None).expect("the output has room");
    for channel in &mut channels {
        channel.truncate(produced);
        channel.resize(wanted, 0.0);
    }
    Audio { rate_hz, channels }
}

/// Length of a sound of `frames` at another rate.
pub fn resampled_frames(frames: u64, from_hz: u32, to_hz: u32) -> u64 {
    let frames = u128::from(frames) * u128::from(to_hz);
    frames.div_ceil(u128::from(from_hz.max(1))) as u64
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
