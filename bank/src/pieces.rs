//! Sound files to samples, a piece at a time: no more of them is in memory than a packet, however long the sound is.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::default::formats::{
    AiffReader, CafReader, FlacReader, IsoMp4Reader, MkvReader, OggReader, WavReader,
};

use crate::chunks::{self, Chunked, Told};
use crate::content::{Content, Reader};
use crate::decode::RATES_HZ;
use crate::mixdown::Mixdown;
use crate::{Error, Loop, codecs, edits};

/// Longest sound that is decoded in pieces, in seconds: a day.
pub const MOST_SECS: u64 = 86_400;
/// The same in frames: an Engine counts them with 32 bits.
pub const MOST_FRAMES: u64 = u32::MAX as u64;
/// Damaged or empty packets in a row, after which the rest of a file is given up.
const MAX_IDLE_PACKETS: u32 = 10_000;

/// Samples that follow those before.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// Frames per second; the same in every piece of a sound.
    pub rate_hz: u32,
    /// One slice of finite samples a channel, mono or stereo as in every piece, all of the same length above 0.
    pub channels: &'a [&'a [f32]],
}

impl Piece<'_> {
    /// Length in frames.
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, |channel| channel.len())
    }

    /// The mean of the channels.
    pub fn mono(&self) -> Vec<f32> {
        let gain = 1.0 / self.channels.len().max(1) as f32;
        (0..self.frames()).map(|i| self.channels.iter().map(|c| c[i]).sum::<f32>() * gain).collect()
    }
}

/// Why no more pieces are wanted.
#[derive(Debug, Clone, PartialEq)]
pub enum Stop {
    /// Those that were taken are enough.
    Enough,
    /// They cannot be taken, with the cause.
    Failed(String),
}

/// Takes pieces in order.
pub type Take<'a> = dyn FnMut(&Piece<'_>) -> Result<(), Stop> + 'a;

/// What is known of a sound when its pieces were taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Length in frames.
    pub frames: u64,
    /// Root note by a chunk of the file, a MIDI note with its fraction.
    pub root_midi: Option<f32>,
    /// Loop by a chunk of the file; inside the samples.
    pub sustain: Option<Loop>,
    /// What the composer should know: channels mixed down, an end cut off.
    pub remark: Option<String>,
}

/// How much of a sound is decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub secs: u64,
    pub frames: u64,
    /// Of all channels together.
    pub samples: u64,
}

/// Decodes the content of a file; `path` names it in errors, and its extension helps with formats that have no mark of
/// their own. A panic inside a decoder is an error of the file.
///
/// # Errors
/// [`Error::File`] with the cause where it holds no sound or the pieces could not be taken, [`Error::Limit`] where it is
/// longer than [`MOST_SECS`] or [`MOST_FRAMES`].
pub fn decode_pieces(content: &Content, path: &Path, take: &mut Take) -> Result<Outline, Error> {
    let limits = Limits { secs: MOST_SECS, frames: MOST_FRAMES, samples: 2 * MOST_FRAMES };
    decode_within(content, path, limits, take)
}

/// [`decode_pieces`] with other limits.
pub(crate) fn decode_within(
    content: &Content,
    path: &Path,
    limits: Limits,
    take: &mut Take,
) -> Result<Outline, Error> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let outcome = catch_unwind(AssertUnwindSafe(|| decode_kind(content, &extension, limits, take)))
        .unwrap_or_else(|_| Err(Refusal::cause("the decoder gave up on damaged content")));
    outcome.map_err(|refusal| match refusal {
        Refusal::Cause(cause) => Error::File { path: path.to_path_buf(), cause },
        Refusal::Limit { what, found, limit } => {
            Error::Limit { path: path.to_path_buf(), what, found, limit }
        }
    })
}

/// An error that does not know its path yet.
enum Refusal {
    Cause(String),
    Limit { what: &'static str, found: u64, limit: u64 },
}

impl Refusal {
    fn cause(cause: &str) -> Refusal {
        Refusal::Cause(cause.to_string())
    }

    fn io(cause: std::io::Error) -> Refusal {
        Refusal::Cause(cause.to_string())
    }

    fn too_long(secs: u64, limits: Limits) -> Result<(), Refusal> {
        let (what, limit) = ("a length in seconds", limits.secs);
        if secs > limit { Err(Refusal::Limit { what, found: secs, limit }) } else { Ok(()) }
    }
}

/// Formats by the mark at the start of the file; a name may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Wave,
    Aiff,
    Flac,
    Ogg,
    Mp4,
    Caf,
    Matroska,
    /// MPEG audio, AAC frames, or a tag before any of the formats.
    Stream,
}

fn kind_of(bytes: &[u8], extension: &str) -> Option<Kind> {
    let at = |from: usize, mark: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(mark));
    Some(match bytes {
        _ if (at(0, b"RIFF") || at(0, b"RF64") || at(0, b"BW64")) && at(8, b"WAVE") => Kind::Wave,
        _ if at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC")) => Kind::Aiff,
        _ if at(0, b"fLaC") => Kind::Flac,
        _ if at(0, b"OggS") => Kind::Ogg,
        _ if at(4, b"ftyp") => Kind::Mp4,
        _ if at(0, b"caff") => Kind::Caf,
        _ if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) => Kind::Matroska,
        _ if at(0, b"ID3") => Kind::Stream,
        [0xff, second, ..] if second & 0xe0 == 0xe0 && *second != 0xff => Kind::Stream,
        // A stream may begin in the middle of a frame, so here the name decides.
        _ if matches!(extension, "mp3" | "mp2" | "aac") => Kind::Stream,
        _ => return None,
    })
}

/// Whether a file begins with the mark of a format that is decoded. Bare MPEG frames carry too weak a mark to count.
pub(crate) fn is_marked(beginning: &[u8]) -> bool {
    kind_of(beginning, "").is_some_and(|kind| kind != Kind::Stream)
}

fn decode_kind(
    content: &Content,
    extension: &str,
    limits: Limits,
    take: &mut Take,
) -> Result<Outline, Refusal> {
    let beginning = content.reader().and_then(|mut reader| reader.at(0, 16)).map_err(Refusal::io)?;
    if beginning.is_empty() {
        return Err(Refusal::cause("the file is empty"));
    }
    let Some(kind) = kind_of(&beginning, extension) else {
        return Err(Refusal::cause("the content is not of a sound format that Neume reads"));
    };
    let whole = || content.reader().map(|reader| vec![reader]).map_err(Refusal::io);
    let (files, told, cut) = match kind {
        Kind::Wave => {
            let mut file = Chunked::wave(content).map_err(Refusal::io)?;
            Refusal::too_long(chunks::wave_secs(&mut file).unwrap_or(0), limits)?;
            if let Some(name) = chunks::wave_tag(&mut file).and_then(codecs::name_in_wave) {
                return Err(Refusal::Cause(format!("{name} inside of a WAV file is not read")));
            }
            let told = chunks::told_by_wave(&mut file);
            let plain = chunks::plain_wave(&mut file).map_err(Refusal::cause)?;
            let files = plain.files.into_iter().map(|file| content.part(file.head, file.start, file.length));
            (files.collect::<Result<_, _>>().map_err(Refusal::io)?, told, plain.cut)
        }
        Kind::Aiff => {
            let mut file = Chunked::aiff(content).map_err(Refusal::io)?;
            (whole()?, chunks::told_by_aiff(&mut file), false)
        }
        _ => (whole()?, Told::default(), false),
    };
    let edit = (kind == Kind::Mp4).then(|| edits::edit_of(content)).flatten();
    let mut decoding = Decoding { limits, edit, cut, mix: Mixdown::default(), passed: 0, take };
    let mut remarks = decoding.run_all(kind, files, extension)?;
    if decoding.passed == 0 && decoding.edit.take().is_some() {
        // An edit that leaves nothing is none.
        decoding.mix = Mixdown::default();
        remarks = decoding.run_all(kind, whole()?, extension)?;
    }
    let frames = decoding.passed;
    let sustain = told.sustain.filter(|sustain| sustain.end_frames <= frames);
    if told.sustain.is_some() && sustain.is_none() {
        remarks.push("its loop lies past the end and is left out".to_string());
    } else {
        remarks.extend(told.remark.map(str::to_string));
    }
    let remark = (!remarks.is_empty()).then(|| remarks.join("; "));
    Ok(Outline { frames, root_midi: told.root_midi, sustain, remark })
}

fn open(kind: Kind, reader: Reader, extension: &str) -> Result<Box<dyn FormatReader>, Fault> {
    let stream = MediaSourceStream::new(Box::new(reader), MediaSourceStreamOptions::default());
    let options = FormatOptions::default();
    Ok(match kind {
        Kind::Wave => Box::new(WavReader::try_new(stream, options)?),
        Kind::Aiff => Box::new(AiffReader::try_new(stream, options)?),
        Kind::Flac => Box::new(FlacReader::try_new(stream, options)?),
        Kind::Ogg => Box::new(OggReader::try_new(stream, options)?),
        Kind::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options)?),
        Kind::Caf => Box::new(CafReader::try_new(stream, options)?),
        Kind::Matroska => Box::new(MkvReader::try_new(stream, options)?),
        Kind::Stream => {
            let mut hint = Hint::new();
            hint.with_extension(extension);
            symphonia::default::get_probe().probe(&hint, stream, options, MetadataOptions::default())?
        }
    })
}

/// How decoding ended.
#[derive(Default)]
struct End {
    damaged_packets: u32,
    stopped: Option<Fault>,
    /// Nobody wants more.
    is_enough: bool,
}

/// A sound on its way from packets to pieces.
struct Decoding<'a, 'b> {
    limits: Limits,
    /// The part of the samples that is the sound.
    edit: Option<edits::Edit>,
    /// Whether the file ends before its samples are said to.
    cut: bool,
    mix: Mixdown,
    /// Frames that were taken.
    passed: u64,
    take: &'a mut Take<'b>,
}

impl Decoding<'_, '_> {
    /// Decodes files whose samples follow each other; what the composer should know of them.
    fn run_all(&mut self, kind: Kind, files: Vec<Reader>, extension: &str) -> Result<Vec<String>, Refusal> {
        let (mut promised, mut end) = (Some(0), End::default());
        for file in files {
            let mut format = open(kind, file, extension).map_err(explain)?;
            let (said, ended) = self.run(format.as_mut())?;
            promised = promised.zip(said).map(|(promised, said): (u64, u64)| promised.saturating_add(said));
            end = End { damaged_packets: end.damaged_packets + ended.damaged_packets, ..ended };
            if end.is_enough || end.stopped.is_some() {
                break;
            }
        }
        let frames = self.mix.frames();
        if frames == 0 {
            return Err(end.stopped.map_or_else(|| Refusal::cause("the file holds no samples"), explain));
        }
        let mut remarks = self.mix.remarks();
        // Formats that count in blocks may promise a little more than they hold.
        let short = promised.is_some_and(|promised| frames + 8192 < promised) && !end.is_enough;
        if self.cut || short || end.stopped.is_some() {
            remarks.push("the end of the file is missing or damaged".to_string());
        }
        if end.damaged_packets > 0 {
            remarks.push(format!("damaged packets were left out: {}", end.damaged_packets));
        }
        Ok(remarks)
    }

    /// Decodes a file; how many frames it promised.
    fn run(&mut self, format: &mut dyn FormatReader) -> Result<(Option<u64>, End), Refusal> {
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| Refusal::cause("the file has no track of sound"))?;
        let (track_id, promised) = (track.id, track.num_frames);
        let params = track.codec_params.as_ref().and_then(|params| params.audio());
        let params = params.ok_or_else(|| Refusal::cause("the file does not say how its sound is coded"))?;
        if let (Some(frames), Some(rate_hz), false) = (promised, params.sample_rate, self.cut) {
            Refusal::too_long(frames / u64::from(rate_hz.max(1)), self.limits)?;
        }
        let mut decoder = symphonia::default::get_codecs()
            .make_audio_decoder(params, &AudioDecoderOptions::default())
            .map_err(|fault| match (&fault, codecs::name_of(params.codec)) {
                (Fault::Unsupported(_), Some(name)) => Refusal::Cause(format!("{name} is not read")),
                _ => explain(fault),
            })?;
        let end = self.pump(format, decoder.as_mut(), track_id)?;
        Ok((promised, end))
    }

    fn pump(
        &mut self,
        format: &mut dyn FormatReader,
        decoder: &mut dyn AudioDecoder,
        track_id: u32,
    ) -> Result<End, Refusal> {
        let mut end = End::default();
        let mut idle = 0;
        while idle < MAX_IDLE_PACKETS {
            let packet = match format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => break,
                Err(Fault::DecodeError(_)) => {
                    idle += 1;
                    end.damaged_packets += 1;
                    continue;
                }
                Err(fault) => {
                    end.stopped = Some(fault);
                    break;
                }
            };
            idle += 1;
            if packet.track_id != track_id {
                continue;
            }
            match decoder.decode(&packet) {
                Ok(buffer) if buffer.frames() > 0 => {
                    idle = 0;
                    if !RATES_HZ.contains(&buffer.spec().rate()) {
                        let cause = format!("a rate of {} Hz is outside 1 to 768 kHz", buffer.spec().rate());
                        return Err(Refusal::Cause(cause));
                    }
                    self.mix.take(&buffer).map_err(Refusal::cause)?;
                    self.check_limits()?;
                    match self.pass_on() {
                        Ok(()) => {}
                        Err(Stop::Enough) => {
                            end.is_enough = true;
                            break;
                        }
                        Err(Stop::Failed(cause)) => return Err(Refusal::Cause(cause)),
                    }
                }
                Ok(_) => {}
                Err(Fault::DecodeError(_) | Fault::IoError(_)) => end.damaged_packets += 1,
                Err(fault) => {
                    end.stopped = Some(fault);
                    break;
                }
            }
        }
        Ok(end)
    }

    /// Hands over what the edit leaves of the newest packet.
    fn pass_on(&mut self) -> Result<(), Stop> {
        let packet = self.mix.packet();
        let frames = packet.first().map_or(0, Vec::len);
        let behind = self.mix.frames();
        let rate_hz = self.mix.rate_hz();
        let part: Range<usize> = match self.edit.map(|edit| edit.frames(rate_hz)) {
            None => 0..frames,
            Some(kept) => {
                let before = behind - frames as u64;
                let place = |at: u64| at.clamp(before, behind).saturating_sub(before) as usize;
                place(kept.start)..place(kept.end)
            }
        };
        if part.is_empty() {
            return Ok(());
        }
        let channels: Vec<&[f32]> = packet.iter().map(|channel| &channel[part.clone()]).collect();
        self.passed += part.len() as u64;
        (self.take)(&Piece { rate_hz, channels: &channels })
    }

    fn check_limits(&self) -> Result<(), Refusal> {
        Refusal::too_long(self.mix.frames() / u64::from(self.mix.rate_hz()), self.limits)?;
        let (frames, Limits { frames: most, samples, .. }) = (self.mix.frames(), self.limits);
        if frames > most {
            return Err(Refusal::Limit { what: "a length in frames", found: frames, limit: most });
        }
        let found = frames * self.mix.channels() as u64;
        if found > samples {
            return Err(Refusal::Limit { what: "a length in samples", found, limit: samples });
        }
        Ok(())
    }
}

fn explain(fault: Fault) -> Refusal {
    Refusal::Cause(match fault {
        Fault::IoError(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
            "the file ends before its first sample".to_string()
        }
        Fault::IoError(cause) => cause.to_string(),
        Fault::DecodeError(cause) => format!("the content is damaged ({cause})"),
        Fault::Unsupported(cause) => format!("the coding is not supported ({cause})"),
        Fault::LimitError(cause) => format!("the content is over a limit ({cause})"),
        Fault::SeekError(_) | Fault::ResetRequired => "the content changes in the middle".to_string(),
        other => other.to_string(),
    })
}
