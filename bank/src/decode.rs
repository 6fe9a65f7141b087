//! Sound files to samples: WAV, AIFF, FLAC, OGG Vorbis, MP3, AAC/M4A, ALAC and CAF.
//!
//! Files are untrusted. Sizes are capped, no memory follows a length that a file merely claims, and a panic inside a
//! decoder becomes an error of that file.

use std::fs::File;
use std::io::{Cursor, Read};
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

use crate::chunks::{self, Told};
use crate::mixdown::Mixdown;
use crate::{Audio, Error, Loop, edits};

/// A sound file, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Its samples, every one finite.
    pub audio: Audio,
    /// Root note by a chunk of the file, a MIDI note with its fraction.
    pub root_midi: Option<f32>,
    /// Loop by a chunk of the file; inside the samples.
    pub sustain: Option<Loop>,
    /// What the composer should know: channels mixed down, an end cut off.
    pub remark: Option<String>,
}

/// Largest file that is read.
pub const MAX_FILE_BYTES: u64 = 1 << 30;
/// Longest sound that is decoded.
pub const MAX_SECS: u64 = 600;
/// Rates that are taken.
pub const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=768_000;
/// Samples of all channels together that are kept: half a gigabyte.
const MAX_SAMPLES: usize = 1 << 27;
/// Damaged or empty packets in a row, after which the rest of a file is given up.
const MAX_IDLE_PACKETS: u32 = 10_000;

/// Reads and decodes a file.
///
/// # Errors
/// [`Error::File`] with the cause where it cannot be read or holds no sound, [`Error::Limit`] where it is too large or
/// too long.
pub fn decode(path: &Path) -> Result<Decoded, Error> {
    decode_bytes(read(path)?, path)
}

/// The bytes of a file of ordinary size.
///
/// # Errors
/// As [`decode`].
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    read_at_most(path, MAX_FILE_BYTES)
}

/// [`read`] with another limit in bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let fail = |cause: std::io::Error| Error::File { path: path.to_path_buf(), cause: cause.to_string() };
    let about = std::fs::metadata(path).map_err(fail)?;
    if !about.is_file() {
        return Err(Error::File { path: path.to_path_buf(), cause: "is not a file".to_string() });
    }
    let too_large =
        |found: u64| Error::Limit { path: path.to_path_buf(), what: "a size in bytes", found, limit: most };
    if about.len() > most {
        return Err(too_large(about.len()));
    }
    let file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Decodes the content of a file; `path` names it in errors, and its extension helps with formats that have no mark of
/// their own.
///
/// # Errors
/// As [`decode`].
pub fn decode_bytes(bytes: Vec<u8>, path: &Path) -> Result<Decoded, Error> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    let outcome = catch_unwind(AssertUnwindSafe(|| decode_kind(bytes, &extension)))
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

fn decode_kind(bytes: Vec<u8>, extension: &str) -> Result<Decoded, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::cause("the file is empty"));
    }
    let Some(kind) = kind_of(&bytes, extension) else {
        return Err(Refusal::cause("the content is not of a sound format that Neume reads"));
    };
    let (bytes, told, cut) = match kind {
        Kind::Wave => {
            let told = chunks::told_by_wave(&bytes);
            if let Some(found) = chunks::wave_secs(&bytes).filter(|&secs| secs > MAX_SECS) {
                return Err(Refusal::Limit { what: "a length in seconds", found, limit: MAX_SECS });
            }
            let plain = chunks::plain_wave(&bytes).map_err(Refusal::cause)?;
            drop(bytes);
            (plain.bytes, told, plain.cut)
        }
        Kind::Aiff => {
            let told = chunks::told_by_aiff(&bytes);
            (bytes, told, false)
        }
        _ => (bytes, Told::default(), false),
    };
    let edit = (kind == Kind::Mp4).then(|| edits::edit_of(&bytes)).flatten();
    let mut format = open(kind, bytes, extension).map_err(explain)?;
    let (mut audio, mut remarks) = run(format.as_mut(), cut)?;
    if let Some(part) = edit.and_then(|edit| edit.frames(audio.rate_hz, audio.frames())) {
        audio.channels.iter_mut().for_each(|channel| {
            channel.truncate(part.end);
            channel.drain(..part.start);
        });
    }
    let frames = audio.frames() as u64;
    let sustain = told.sustain.filter(|sustain| sustain.end_frames <= frames);
    if told.sustain.is_some() && sustain.is_none() {
        remarks.push("its loop lies past the end and is left out".to_string());
    }
    let remark = (!remarks.is_empty()).then(|| remarks.join("; "));
    Ok(Decoded { audio, root_midi: told.root_midi, sustain, remark })
}

fn open(kind: Kind, bytes: Vec<u8>, extension: &str) -> Result<Box<dyn FormatReader>, Fault> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
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

fn run(format: &mut dyn FormatReader, cut: bool) -> Result<(Audio, Vec<String>), Refusal> {
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| Refusal::cause("the file has no track of sound"))?;
    let (track_id, promised) = (track.id, track.num_frames);
    let params = track.codec_params.as_ref().and_then(|params| params.audio());
    let params = params.ok_or_else(|| Refusal::cause("the file does not say how its sound is coded"))?;
    if let (Some(frames), Some(rate_hz)) = (promised, params.sample_rate)
        && !cut
        && frames / u64::from(rate_hz.max(1)) > MAX_SECS
    {
        let found = frames / u64::from(rate_hz.max(1));
        return Err(Refusal::Limit { what: "a length in seconds", found, limit: MAX_SECS });
    }
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(explain)?;
    let mut mix = Mixdown::default();
    let end = pump(format, decoder.as_mut(), track_id, &mut mix)?;
    if mix.frames() == 0 {
        return Err(end.stopped.map_or_else(|| Refusal::cause("the file holds no samples"), explain));
    }
    let mut remarks = mix.remarks();
    // Formats that count in blocks may promise a little more than they hold.
    let short = promised.is_some_and(|promised| (mix.frames() as u64) + 8192 < promised);
    if cut || short || end.stopped.is_some() {
        remarks.push("the end of the file is missing or damaged".to_string());
    }
    if end.damaged_packets > 0 {
        remarks.push(format!("damaged packets were left out: {}", end.damaged_packets));
    }
    Ok((mix.into_audio(), remarks))
}

/// How decoding ended.
struct End {
    damaged_packets: u32,
    stopped: Option<Fault>,
}

fn pump(
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track_id: u32,
    mix: &mut Mixdown,
) -> Result<End, Refusal> {
    let mut end = End { damaged_packets: 0, stopped: None };
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
                mix.take(&buffer).map_err(Refusal::cause)?;
                check_limits(mix)?;
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

fn check_limits(mix: &Mixdown) -> Result<(), Refusal> {
    let secs = mix.frames() as u64 / u64::from(mix.rate_hz());
    if secs > MAX_SECS {
        return Err(Refusal::Limit { what: "a length in seconds", found: secs, limit: MAX_SECS });
    }
    let samples = mix.frames() * mix.channels();
    if samples > MAX_SAMPLES {
        return Err(Refusal::Limit {
            what: "a length in samples",
            found: samples as u64,
            limit: MAX_SAMPLES as u64,
        });
    }
    Ok(())
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
