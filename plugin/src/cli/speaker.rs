//! The computer's audio device, by cpal as in the standalone window: what is handed to it is heard, until it ends or
//! somebody presses Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{
    Device, ErrorKind, FromSample, OutputCallbackInfo, SampleFormat, SizedSample, SupportedStreamConfig,
};
use parking_lot::Mutex;

/// Where sound goes: fills both channels and says whether more is to come. Called on the device's own thread.
pub type Fill = Box<dyn FnMut(&mut [f32], &mut [f32]) -> bool + Send>;

/// The device that the system plays through.
pub struct Speaker {
    device: Device,
    config: SupportedStreamConfig,
}

/// How playing went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Played {
    /// Frames that were heard.
    pub frames: u64,
    /// Whether Ctrl-C ended it.
    pub is_interrupted: bool,
}

/// Frames that are rendered at a time.
const BLOCK: usize = 256;
/// A sound that is interrupted fades in this time, so that it ends without a click.
const FADE_SECS: f32 = 0.02;
/// How often this thread looks whether it is over.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Longest that is waited for what the device still holds.
const LONGEST_DRAIN: Duration = Duration::from_secs(1);

impl Speaker {
    /// Opens the device that the system names.
    ///
    /// # Errors
    /// There is none, or it plays nothing.
    pub fn open() -> Result<Speaker> {
        hush();
        let none = "there is no audio device to play through";
        let device = cpal::default_host().default_output_device().context(none)?;
        let config = device.default_output_config().context(none)?;
        Ok(Speaker { device, config })
    }

    /// Frames per second of the device.
    pub fn rate_hz(&self) -> u32 {
        self.config.sample_rate()
    }

    /// For the eye.
    pub fn name(&self) -> String {
        self.device.description().map_or("the default device".to_string(), |about| about.name().to_string())
    }

    /// Plays until `fill` says that no more is to come, or until Ctrl-C.
    ///
    /// # Errors
    /// The device cannot be opened, or goes away.
    pub fn play(&self, fill: Fill) -> Result<Played> {
        let state = Arc::new(State::default());
        let interrupted = state.clone();
        ctrlc::set_handler(move || interrupted.is_interrupted.store(true, Ordering::Relaxed))
            .context("Ctrl-C cannot be waited for")?;
        let feed = Feed::new(fill, state.clone(), usize::from(self.config.channels()), self.rate_hz());
        let stream = match self.config.sample_format() {
            SampleFormat::F32 => self.stream::<f32>(feed, &state),
            SampleFormat::F64 => self.stream::<f64>(feed, &state),
            SampleFormat::I8 => self.stream::<i8>(feed, &state),
            SampleFormat::I16 => self.stream::<i16>(feed, &state),
            SampleFormat::I24 => self.stream::<cpal::I24>(feed, &state),
            SampleFormat::I32 => self.stream::<i32>(feed, &state),
            SampleFormat::U8 => self.stream::<u8>(feed, &state),
            SampleFormat::U16 => self.stream::<u16>(feed, &state),
            other => bail!("the audio device takes samples as {other}, which Neume cannot give"),
        }?;
        stream.play().context("the audio device does not begin to play")?;
        while !state.is_over.load(Ordering::Acquire) {
            if let Some(cause) = state.failure.lock().take() {
                bail!("the audio device stopped: {cause}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let held = Duration::from_micros(state.held_micros.load(Ordering::Relaxed));
        std::thread::sleep(held.min(LONGEST_DRAIN));
        drop(stream);
        Ok(Played {
            frames: state.frames.load(Ordering::Relaxed),
            is_interrupted: state.is_interrupted.load(Ordering::Relaxed),
        })
    }

    fn stream<T: SizedSample + FromSample<f32>>(
        &self,
        mut feed: Feed,
        state: &Arc<State>,
    ) -> Result<cpal::Stream> {
        let state = state.clone();
        let failed = move |error: cpal::Error| match error.kind() {
            // Playing goes on.
            ErrorKind::Xrun | ErrorKind::DeviceChanged | ErrorKind::RealtimeDenied => {}
            _ => *state.failure.lock() = Some(error.to_string()),
        };
        let deliver = move |out: &mut [T], info: &OutputCallbackInfo| feed.deliver(out, info);
        let stream = self.device.build_output_stream(self.config.config(), deliver, failed, None);
        stream.context("the audio device cannot be opened")
    }
}

/// What the device's thread and the waiting one share.
#[derive(Default)]
struct State {
    is_over: AtomicBool,
    is_interrupted: AtomicBool,
    frames: AtomicU64,
    /// How long a frame takes from the callback to the ear.
    held_micros: AtomicU64,
    failure: Mutex<Option<String>>,
}

/// What the device's thread owns.
struct Feed {
    fill: Fill,
    state: Arc<State>,
    channels: usize,
    left: [f32; BLOCK],
    right: [f32; BLOCK],
    /// Frames of the last block that were handed on.
    taken: usize,
    has_more: bool,
    gain: f32,
    fade_step: f32,
}

impl Feed {
    fn new(fill: Fill, state: Arc<State>, channels: usize, rate_hz: u32) -> Feed {
        let fade_step = 1.0 / (FADE_SECS * rate_hz as f32).max(1.0);
        Feed {
            fill,
            state,
            channels: channels.max(1),
            left: [0.0; BLOCK],
            right: [0.0; BLOCK],
            taken: BLOCK,
            has_more: true,
            gain: 1.0,
            fade_step,
        }
    }

    fn deliver<T: SizedSample + FromSample<f32>>(&mut self, out: &mut [T], info: &OutputCallbackInfo) {
        let at = info.timestamp();
        let held = at.playback.duration_since(at.callback) + Duration::from_millis(50);
        self.state.held_micros.fetch_max(held.as_micros() as u64, Ordering::Relaxed);
        let fades = self.state.is_interrupted.load(Ordering::Relaxed);
        for frame in out.chunks_mut(self.channels) {
            let [left, right] = self.next_frame(fades);
            match frame {
                [only] => *only = T::from_sample(0.5 * (left + right)),
                [first, second, rest @ ..] => {
                    *first = T::from_sample(left);
                    *second = T::from_sample(right);
                    rest.fill(T::EQUILIBRIUM);
                }
                [] => {}
            }
        }
    }

    fn next_frame(&mut self, fades: bool) -> [f32; 2] {
        if self.taken == BLOCK {
            if self.has_more && self.gain > 0.0 {
                self.has_more = (self.fill)(&mut self.left, &mut self.right);
                self.state.frames.fetch_add(BLOCK as u64, Ordering::Relaxed);
            } else {
                self.left.fill(0.0);
                self.right.fill(0.0);
                self.state.is_over.store(true, Ordering::Release);
            }
            self.taken = 0;
        }
        if fades {
            self.gain = (self.gain - self.fade_step).max(0.0);
        }
        let frame = [self.left[self.taken] * self.gain, self.right[self.taken] * self.gain];
        self.taken += 1;
        frame
    }
}

/// ALSA's library writes what it tries to stderr; what comes of it is said by [`Speaker::open`].
fn hush() {
    #[cfg(target_os = "linux")]
    // It holds for this thread until it ends. A library that cannot be hushed is only louder.
    drop(alsa::Output::local_error_handler());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(blocks: usize) -> (Feed, Arc<State>) {
        let state = Arc::new(State::default());
        let mut left_over = blocks;
        let fill: Fill = Box::new(move |left, right| {
            left.fill(0.5);
            right.fill(-0.5);
            left_over -= 1;
            left_over > 0
        });
        (Feed::new(fill, state.clone(), 2, 48_000), state)
    }

    #[test]
    fn what_has_ended_is_silent_and_over() {
        let (mut feed, state) = feed(3);
        let heard: Vec<[f32; 2]> = (0..3 * BLOCK).map(|_| feed.next_frame(false)).collect();
        assert!(heard.iter().all(|frame| *frame == [0.5, -0.5]));
        assert!(!state.is_over.load(Ordering::Relaxed), "its last block may still be in the device");
        assert_eq!(feed.next_frame(false), [0.0, 0.0]);
        assert!(state.is_over.load(Ordering::Relaxed));
        assert_eq!(state.frames.load(Ordering::Relaxed), 3 * BLOCK as u64);
    }

    #[test]
    fn what_is_interrupted_fades_without_a_click_and_is_over() {
        let (mut feed, state) = feed(1_000);
        assert!((0..100).all(|_| feed.next_frame(false) == [0.5, -0.5]));
        let heard: Vec<f32> = (0..6 * BLOCK).map(|_| feed.next_frame(true)[0]).collect();
        assert!(heard.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.001), "no step is heard");
        assert_eq!(heard.last(), Some(&0.0));
        assert!(state.is_over.load(Ordering::Relaxed));
    }
}
