//! Sounds that are too long to be held: heard in two passes over their file, with what is looked at in memory.
//!
//! The first pass measures levels and loudness and keeps the beginning, which the sound network hears; the second takes
//! along the stretches in which pitch, loop, attack and spectra are sought. What is said is what would be said of the
//! sound in memory, and of all that is shorter than three quarters of an hour, to the bit.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::analyse::{Analysis, Ground, analyse, heard_channel, heard_mono};
use crate::examine::{Listen, cause_of};
use crate::level::{Levels, Meter, Peaks};
use crate::loudness::Loudness;
use crate::samples::Samples;
use crate::{Audio, Content, Decoded, Error, Outline, Piece, Stop, course, decode_pieces, looping, pitch};

/// Samples of all channels together that are held in memory at most, 32 MB: a minute and a half of stereo at 48 kHz.
const HELD_SAMPLES: usize = 1 << 23;
/// Samples below this, linear, are silence: -100 dB.
const SILENT: f32 = 1e-5;
/// The beginning in which the sound network seeks the attack, and what it hears from there on, in seconds.
const BEGINNING_SECS: f32 = 24.0;

/// Decodes a file and listens to it, unless `cancel` says meanwhile that nobody wants to know; an error is why it is no
/// sound.
pub(crate) fn hear(
    content: &Content,
    path: &Path,
    listen: &Listen,
    cancel: &AtomicBool,
) -> Result<Analysis, String> {
    File { content, path, cancel }.hear(HELD_SAMPLES, listen)
}

/// What is listened to.
#[derive(Clone, Copy)]
struct File<'a> {
    content: &'a Content,
    path: &'a Path,
    cancel: &'a AtomicBool,
}

/// Why a silent sound is none, with what decoding had to say.
fn silent(remark: Option<&str>) -> String {
    match remark {
        Some(remark) => format!("the sound is silent ({remark})"),
        None => "the sound is silent".to_string(),
    }
}

/// Listens to a decoded sound; an error is why it is none.
pub(crate) fn hear_decoded(decoded: &Decoded, listen: &Listen) -> Result<Analysis, String> {
    let mono = heard_mono(&decoded.audio);
    if mono.iter().all(|sample| sample.abs() < SILENT) {
        return Err(silent(decoded.remark.as_deref()));
    }
    let labels = listen(&mono, decoded.audio.rate_hz).map_err(|error| error.to_string())?;
    Ok(analyse(decoded, &mono, &labels))
}

impl File<'_> {
    /// [`hear`], with so many samples in memory at most.
    fn hear(self, held: usize, listen: &Listen) -> Result<Analysis, String> {
        let mut audio = Audio { rate_hz: 0, channels: Vec::new() };
        let mut survey: Option<Survey> = None;
        let outline = self.decode(&mut |piece| {
            if let Some(survey) = &mut survey {
                survey.take(piece);
                return;
            }
            audio.push(piece);
            if audio.frames() * audio.channels.len() > held {
                let mut long = Survey::new(piece);
                let channels: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
                long.take(&Piece { rate_hz: piece.rate_hz, channels: &channels });
                audio.channels = Vec::new();
                survey = Some(long);
            }
        })?;
        match survey {
            Some(survey) => survey.analysis(outline, self, listen),
            None => {
                let Outline { root_midi, sustain, remark, .. } = outline;
                hear_decoded(&Decoded { audio, root_midi, sustain, remark }, listen)
            }
        }
    }

    fn decode(self, take: &mut dyn FnMut(&Piece<'_>)) -> Result<Outline, String> {
        let mut take = |piece: &Piece<'_>| {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(Stop::Failed(Error::Cancelled.to_string()));
            }
            take(piece);
            Ok(())
        };
        decode_pieces(self.content, self.path, &mut take).map_err(cause_of)
    }

    /// These stretches in all channels, and the overview of the sound of so many frames.
    fn second_pass(self, wanted: &[Range<usize>], frames: usize) -> Result<(Vec<Audio>, Vec<u8>), String> {
        let mut parts = vec![Audio { rate_hz: 0, channels: Vec::new() }; wanted.len()];
        let mut peaks = Peaks::new(frames);
        let mut at = 0;
        self.decode(&mut |piece| {
            peaks.take(at, piece.channels);
            for (part, range) in parts.iter_mut().zip(wanted) {
                let inside = |frame: usize| frame.saturating_sub(at).min(piece.frames());
                let (from, to) = (inside(range.start), inside(range.end));
                if from < to {
                    let cut: Vec<&[f32]> = piece.channels.iter().map(|channel| &channel[from..to]).collect();
                    part.push(&Piece { rate_hz: piece.rate_hz, channels: &cut });
                }
            }
            at += piece.frames();
        })?;
        let is_whole = |(part, range): (&Audio, &Range<usize>)| part.frames() == range.len();
        if at != frames || !parts.iter().zip(wanted).all(is_whole) {
            return Err("the file changed while it was read".to_string());
        }
        Ok((parts, peaks.overview()))
    }
}

/// What the first pass finds.
struct Survey {
    rate_hz: u32,
    /// Of the mean of the channels.
    mean: Meter,
    /// Of each channel.
    channels: Vec<Meter>,
    loudness: Loudness,
    beginning: Audio,
}

impl Survey {
    /// For a sound of which this is a piece.
    fn new(piece: &Piece<'_>) -> Survey {
        let meter = || Meter::new(piece.rate_hz);
        Survey {
            rate_hz: piece.rate_hz,
            mean: meter(),
            channels: piece.channels.iter().map(|_| meter()).collect(),
            loudness: Loudness::default(),
            beginning: Audio { rate_hz: piece.rate_hz, channels: vec![Vec::new(); piece.channels.len()] },
        }
    }

    fn take(&mut self, piece: &Piece<'_>) {
        self.mean.take(&piece.mono());
        for (meter, samples) in self.channels.iter_mut().zip(piece.channels) {
            meter.take(samples);
        }
        self.loudness.take(piece);
        let most = (BEGINNING_SECS * self.rate_hz as f32) as usize;
        for (kept, samples) in self.beginning.channels.iter_mut().zip(piece.channels) {
            kept.extend_from_slice(&samples[..samples.len().min(most - kept.len())]);
        }
    }

    fn analysis(self, outline: Outline, file: File<'_>, listen: &Listen) -> Result<Analysis, String> {
        let energies: Vec<f32> = self.channels.iter().map(Meter::energy).collect();
        let heard = heard_channel(self.mean.energy(), &energies);
        let beginning = Part::of(0, self.beginning, heard);
        let mut meters = self.channels;
        let meter = heard.map_or(self.mean, |channel| meters.swap_remove(channel));
        drop(meters);
        if meter.peak() < SILENT {
            return Err(silent(outline.remark.as_deref()));
        }
        let labels = listen(&beginning.mono, self.rate_hz).map_err(|error| error.to_string())?;
        drop(beginning);
        let (levels, rate_hz, frames) = (meter.levels(), self.rate_hz, outline.frames as usize);
        let wanted = wanted(frames, &levels, rate_hz);
        let (mut parts, overview) = file.second_pass(&wanted, frames)?;
        let attack = parts.remove(0);
        let parts: Vec<Part> = parts
            .into_iter()
            .zip(&wanted[1..])
            .map(|(audio, range)| Part::of(range.start, Audio { rate_hz, ..audio }, heard))
            .collect();
        let held = parts.iter().map(|part| (part.start, &part.mono[..])).collect();
        let ground = Ground {
            outline,
            samples: &Samples::of_parts(frames, held),
            levels: &levels,
            attack,
            loudness_db: self.loudness.integrated_db(),
            overview,
        };
        Ok(ground.analysis(&labels))
    }
}

/// The stretches that are looked at; the first is the attack.
fn wanted(frames: usize, levels: &Levels, rate_hz: u32) -> Vec<Range<usize>> {
    let attack = course::attack_of(levels, rate_hz);
    std::iter::once(attack.start.min(frames)..attack.end.min(frames))
        .chain(pitch::stretch(frames, levels, rate_hz))
        .chain(looping::stretch(frames, levels, rate_hz))
        .chain(course::spectra_of(frames, levels, rate_hz))
        .collect()
}

/// A part of the sound as it is heard.
struct Part {
    start: usize,
    mono: Vec<f32>,
}

impl Part {
    fn of(start: usize, mut audio: Audio, heard: Option<usize>) -> Part {
        let mono = match heard {
            Some(channel) => audio.channels.swap_remove(channel),
            None => audio.mono(),
        };
        Part { start, mono }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use neume_models::excerpt::{excerpt, with_planner};
    use neume_models::{Embedding, Families, SoundLabels};

    use super::*;

    const RATE_HZ: u32 = 8_000;

    fn hear_beyond(held: usize, content: &Content, listen: &Listen) -> Result<Analysis, String> {
        File { content, path: Path::new("x.wav"), cancel: &AtomicBool::new(false) }.hear(held, listen)
    }

    /// Labels that follow from what the sound network would hear.
    fn listen(mono: &[f32], rate_hz: u32) -> Result<SoundLabels, neume_models::Error> {
        let heard = with_planner(|planner| excerpt(mono, rate_hz, planner));
        let sum = |from: usize| heard[from..].iter().step_by(7).map(|s| s.abs()).sum::<f32>();
        Ok(SoundLabels {
            root_midi: Some(40.0 + sum(0) % 40.0),
            root_confidence: 0.1,
            loudness_db: -20.0,
            families: Families::EVEN,
            brightness: 0.5,
            roughness: 0.5,
            embedding: Embedding::from_raw(&std::array::from_fn(sum)),
        })
    }

    fn wave(channels: u16, frames: usize, sample: impl Fn(usize, u16) -> f32) -> Content {
        let spec = hound::WavSpec {
            channels,
            sample_rate: RATE_HZ,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for frame in 0..frames {
            (0..channels).for_each(|channel| writer.write_sample(sample(frame, channel)).unwrap());
        }
        writer.finalize().unwrap();
        Content::of(bytes.into_inner())
    }

    #[test]
    fn a_long_sound_is_heard_as_if_it_were_in_memory() {
        let rate = RATE_HZ as f32;
        let tone = |frame: usize, hz: f32| (frame as f32 / rate * hz * std::f32::consts::TAU).sin();
        let noise = |frame: usize| (((frame as u64 * 2_654_435_761) >> 7) % 2_000) as f32 / 1_000.0 - 1.0;
        let struck = |frame: usize, _| 0.5 * tone(frame, 220.0) * (-(frame as f32) / rate).exp();
        let late = |frame: usize, channel: u16| match frame {
            0..150_000 => 1e-6 * noise(frame),
            _ => (0.3 + 0.1 * f32::from(channel)) * (tone(frame, 330.0) + 0.01 * noise(frame)),
        };
        let against = |frame: usize, channel: u16| {
            tone(frame, 150.0) * if channel == 0 { 0.4 } else { -0.4 + 1e-4 * noise(frame) }
        };
        let contents = [
            wave(1, 400_000, struck),
            wave(2, 300_003, late),
            wave(2, 250_001, against),
            wave(6, 220_000, |frame, channel| 0.2 * tone(frame + 100 * usize::from(channel), 90.0)),
            wave(2, 210_000, |frame, _| if frame > 209_000 { 0.3 * noise(frame) } else { 0.0 }),
        ];
        for (number, content) in contents.iter().enumerate() {
            let held = hear_beyond(usize::MAX, content, &listen).unwrap();
            for at_most in [0, 100_000] {
                let long = hear_beyond(at_most, content, &listen).unwrap();
                assert_eq!(long, held, "sound {number}, {at_most} samples held");
            }
        }
        let loops = |content: &Content| hear_beyond(0, content, &listen).unwrap().sustain.is_some();
        assert!(!loops(&contents[0]) && loops(&contents[1]), "a loop is found where there is one");
        let silent = wave(1, 300_000, |_, _| 1e-6);
        for held in [0, usize::MAX] {
            let cause = hear_beyond(held, &silent, &listen).unwrap_err();
            assert_eq!(cause, "the sound is silent");
            let cause = hear_beyond(held, &wave(6, 300_000, |_, _| 0.0), &listen).unwrap_err();
            assert_eq!(cause, "the sound is silent (6 channels, mixed down to stereo)");
        }
    }

    #[test]
    fn a_long_sound_that_nobody_wants_any_more_is_left() {
        let content = wave(1, 200_000, |_, _| 0.5);
        let cancel = AtomicBool::new(false);
        let file = File { content: &content, path: Path::new("x.wav"), cancel: &cancel };
        let heard = |mono: &[f32], rate_hz: u32| {
            cancel.store(true, Ordering::Relaxed);
            listen(mono, rate_hz)
        };
        assert!(file.hear(usize::MAX, &heard).is_ok(), "it was decoded already");
        assert_eq!(file.hear(0, &heard).unwrap_err(), "the scan was cancelled");
    }

    #[test]
    fn levels_of_hours_take_the_room_of_less_than_one() {
        let mut meter = Meter::new(400);
        let moment = [0.5; 1_000];
        (0..4_000).for_each(|_| meter.take(&moment));
        let levels = meter.levels();
        assert_eq!((levels.hop(), levels.rms().len()), (4, 1_000_000));
        assert!(levels.rms().iter().all(|level| (level - 0.5).abs() < 1e-6));
    }
}
