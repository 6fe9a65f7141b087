//! The chunks of WAV and AIFF files: root note, loop, and where the samples lie. Lengths that a file claims are never
//! trusted beyond its end.

use std::io;

use crate::content::{Content, Reader};
use crate::{Loop, Placing};

/// What the chunks around the samples say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Told {
    /// Root note with its fraction.
    pub root_midi: Option<f32>,
    /// The first loop that never ends; else the first.
    pub sustain: Option<Loop>,
    /// What the composer should know of it.
    pub remark: Option<&'static str>,
}

impl Told {
    /// Takes a loop; `is_backward` where it runs from its end to its start alone.
    fn take_loop(&mut self, sustain: Option<Loop>, is_backward: bool) {
        let remark = "its loop runs backward and is played forward";
        self.remark = (sustain.is_some() && is_backward).then_some(remark);
        self.sustain = sustain;
    }
}

/// Most chunks of a file that are looked at, and the longest that is read, in bytes.
const MOST_CHUNKS: usize = 10_000;
const MOST_BODY: usize = 1 << 20;
/// Samples that a decoder is given as one file, in bytes: it counts them with 32 bits.
const MOST_SAMPLES: u64 = u32::MAX as u64 - 4096;

/// Codings of samples, as a WAV file numbers them.
const PCM: u16 = 1;
const FLOATS: u16 = 3;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;

/// A chunk of a file.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    name: [u8; 4],
    /// Where its body begins, in bytes, and how much of it the file holds.
    at: u64,
    held: u64,
    /// The length that is claimed.
    claimed: u32,
}

/// A file that consists of chunks.
pub(crate) struct Chunked {
    reader: Reader,
    length: u64,
    chunks: Vec<Chunk>,
}

impl Chunked {
    /// A RIFF or RF64 file.
    pub fn wave(content: &Content) -> io::Result<Chunked> {
        Chunked::walk(content, u32::from_le_bytes)
    }

    /// An AIFF file.
    pub fn aiff(content: &Content) -> io::Result<Chunked> {
        Chunked::walk(content, u32::from_be_bytes)
    }

    /// Finds the chunks, in order.
    fn walk(content: &Content, number: fn([u8; 4]) -> u32) -> io::Result<Chunked> {
        let (mut reader, length) = (content.reader()?, content.length());
        let mut chunks = Vec::new();
        let mut at = 12;
        while at + 8 <= length && chunks.len() < MOST_CHUNKS {
            let header = reader.at(at, 8)?;
            let (Some(name), Some(claimed)) = (header.first_chunk(), header.get(4..8)) else { break };
            let Ok(claimed) = claimed.try_into().map(number) else { break };
            let rest = length - (at + 8);
            // Where that is the largest number, the samples go on to the end.
            let held = if claimed == u32::MAX { rest } else { rest.min(u64::from(claimed)) };
            chunks.push(Chunk { name: *name, at: at + 8, held, claimed });
            // Chunks are padded to an even length; the pad byte may be missing at the end of the file.
            at += 8 + held + (held & 1);
        }
        Ok(Chunked { reader, length, chunks })
    }

    fn find(&self, name: &[u8; 4]) -> Option<Chunk> {
        self.chunks.iter().find(|chunk| &chunk.name == name).copied()
    }

    /// The body of a chunk, as far as the file holds it and it is of ordinary length.
    fn body(&mut self, chunk: Chunk) -> Vec<u8> {
        let most = usize::try_from(chunk.held).unwrap_or(MOST_BODY).min(MOST_BODY);
        self.reader.at(chunk.at, most).unwrap_or_default()
    }

    fn body_of(&mut self, name: &[u8; 4]) -> Option<Vec<u8>> {
        let chunk = self.find(name)?;
        Some(self.body(chunk))
    }
}

/// A WAV file made plain: nothing but format and samples, with lengths that are true, as one file for a decoder or, where
/// it is too long for that, as several whose samples follow each other.
pub(crate) struct PlainWave {
    /// What stands before the samples of each.
    pub files: Vec<PlainFile>,
    /// Whether the file ends before its samples are said to.
    pub cut: bool,
}

/// A complete WAV file: a head, and the part of the content that follows it.
pub(crate) struct PlainFile {
    pub head: Vec<u8>,
    pub start: u64,
    pub length: u64,
}

/// Rebuilds a RIFF or RF64 file; an error says what is missing.
pub(crate) fn plain_wave(file: &mut Chunked) -> Result<PlainWave, &'static str> {
    plain_wave_of(file, MOST_SAMPLES)
}

/// [`plain_wave`] in files of so many bytes of samples at most.
fn plain_wave_of(file: &mut Chunked, most: u64) -> Result<PlainWave, &'static str> {
    let format = plain_format(file.body_of(b"fmt ").ok_or("the WAV file has no format chunk")?);
    let data = file.find(b"data").ok_or("the WAV file has no samples")?;
    let mut length = data.held;
    let mut cut = length < u64::from(data.claimed);
    // Recorders that were stopped hard leave 0 or the largest number; the samples then go on to the end.
    if data.claimed == 0 || data.claimed == u32::MAX {
        length = file.length - data.at;
        let long = file.body_of(b"ds64");
        let long = long.and_then(|long| Some(u64::from_le_bytes(long.get(8..16)?.try_into().ok()?)));
        cut = long.is_some_and(|long| long > length);
        length = long.map_or(length, |long| long.min(length));
    }
    let fact = file.body_of(b"fact").filter(|fact| fact.len() == 4).unwrap_or_default();
    let block = format.get(12..14).map_or(1, |block| u64::from(u16::from_le_bytes([block[0], block[1]])));
    let most = (most / block.max(1)).max(1) * block.max(1);
    let starts = (0..length.div_ceil(most).max(1)).map(|number| number * most);
    let files = starts.map(|start| {
        let length = (length - start).min(most);
        PlainFile { head: head(&format, &fact, length as u32), start: data.at + start, length }
    });
    Ok(PlainWave { files: files.collect(), cut })
}

/// The format chunk without what follows its own fields, and with the bits of a sample that its bytes have: samples of 12 or
/// 20 bits are the upper ones of their bytes.
fn plain_format(mut format: Vec<u8>) -> Vec<u8> {
    let word = |at: usize| format.get(at..at + 2).map_or(0, |word| u16::from_le_bytes([word[0], word[1]]));
    let (tag, channels, block, bits) = (word(0), word(2), word(12), word(14));
    let length = match tag {
        PCM | FLOATS if format.len() >= 16 => 16,
        A_LAW | MU_LAW if format.len() >= 16 => 18,
        _ => return format,
    };
    format.resize(16, 0);
    format.resize(length, 0);
    if tag == PCM && !bits.is_multiple_of(8) {
        let bytes = bits.div_ceil(8).max(block / channels.max(1)).min(4);
        format[12..14].copy_from_slice(&channels.saturating_mul(bytes).to_le_bytes());
        format[14..16].copy_from_slice(&(8 * bytes).to_le_bytes());
    }
    format
}

/// What stands before the samples of a plain file.
fn head(format: &[u8], fact: &[u8], samples: u32) -> Vec<u8> {
    let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
    for (name, body) in [(b"fmt ", format), (b"fact", fact)] {
        if name != b"fact" || !body.is_empty() {
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
            bytes.extend_from_slice(body);
            bytes.resize(bytes.len() + (body.len() & 1), 0);
        }
    }
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&samples.to_le_bytes());
    let riff_len = (bytes.len() - 8) as u32 + samples + (samples & 1);
    bytes[4..8].copy_from_slice(&riff_len.to_le_bytes());
    bytes
}

/// What the format chunk of a WAV file says of its coding.
pub(crate) fn wave_tag(file: &mut Chunked) -> Option<u16> {
    Some(u16::from_le_bytes(file.body_of(b"fmt ")?.get(..2)?.try_into().ok()?))
}

/// How long the samples that a RIFF file holds last, in whole seconds, by the bytes that its format needs for one. Where
/// what it says of these differs, the shorter time.
pub(crate) fn wave_secs(file: &mut Chunked) -> Option<u64> {
    let (format, samples) = (file.body_of(b"fmt ")?, file.find(b"data")?);
    let block = u16::from_le_bytes(format.get(12..14)?.try_into().ok()?);
    let bytes_a_sec = u64::from(le_u32(&format, 8)?).max(u64::from(le_u32(&format, 4)?) * u64::from(block));
    samples.held.checked_div(bytes_a_sec)
}

/// The `smpl` and `inst` chunks of a WAV file. Where both name a root, `smpl` is the finer one.
pub(crate) fn told_by_wave(file: &mut Chunked) -> Told {
    let mut told = Told::default();
    for chunk in file.chunks.clone() {
        match &chunk.name {
            b"smpl" => {
                let body = file.body(chunk);
                // A note of 0 is what writers leave who know of none.
                if let Some(note) = le_u32(&body, 12).filter(|note| (1..=127).contains(note)) {
                    let cents = f64::from(le_u32(&body, 16).unwrap_or(0)) / 4_294_967_296.0;
                    told.root_midi = Some(note as f32 + cents as f32);
                }
                if told.sustain.is_none() {
                    let (sustain, is_backward) = sampler_loop(&body);
                    told.take_loop(sustain, is_backward);
                }
            }
            b"inst" if told.root_midi.is_none() => {
                let body = file.body(chunk);
                told.root_midi = root_of(body.first(), body.get(1));
            }
            _ => {}
        }
    }
    told
}

/// What the `inst` chunk of a WAV or the `INST` chunk of an AIFF file says of keys, velocities and level.
pub(crate) fn placing(content: &Content) -> Placing {
    let said = match &mark(content)[..] {
        b"RIFF" | b"RF64" | b"BW64" => {
            let body = Chunked::wave(content).ok().and_then(|mut file| file.body_of(b"inst"));
            body.and_then(|body| Some((i16::from(*body.get(2)? as i8), *body[3..].first_chunk()?)))
        }
        b"FORM" => {
            let body = Chunked::aiff(content).ok().and_then(|mut file| file.body_of(b"INST"));
            body.and_then(|body| Some((be_u16(&body, 6)? as i16, *body[2..].first_chunk()?)))
        }
        _ => None,
    };
    let Some((gain_db, [low, high, soft, loud])) = said else { return Placing::default() };
    Placing::of((low, high), (soft, loud), gain_db)
}

/// What a file begins with.
fn mark(content: &Content) -> Vec<u8> {
    content.reader().and_then(|mut reader| reader.at(0, 4)).unwrap_or_default()
}

/// Description and originator of a broadcast wave; empty where a file is none.
pub(crate) fn described(content: &Content) -> Vec<String> {
    if !matches!(&mark(content)[..], b"RIFF" | b"RF64" | b"BW64") {
        return Vec::new();
    }
    let body = Chunked::wave(content).ok().and_then(|mut file| file.body_of(b"bext"));
    let Some(body) = body else { return Vec::new() };
    let text = |field: &[u8]| {
        let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    [0..256, 256..288].into_iter().filter_map(|field| body.get(field)).map(text).collect()
}

/// The `INST` and `MARK` chunks of an AIFF file.
pub(crate) fn told_by_aiff(file: &mut Chunked) -> Told {
    let mut told = Told::default();
    let mut ends: Option<(u16, u16)> = None;
    let mut is_mirrored = false;
    for chunk in file.chunks.clone() {
        if &chunk.name == b"INST" {
            let body = file.body(chunk);
            told.root_midi = root_of(body.first(), body.get(1));
            let mode = be_u16(&body, 8);
            let looped = mode.is_some_and(|mode| mode == 1 || mode == 2);
            is_mirrored = mode == Some(2);
            ends = be_u16(&body, 10).zip(be_u16(&body, 12)).filter(|_| looped);
        }
    }
    if let (Some((start, end)), Some(marks)) = (ends, file.body_of(b"MARK")) {
        let start = mark_frames(&marks, start);
        let end = mark_frames(&marks, end);
        told.sustain = start.zip(end).and_then(|(start, end)| loop_over(start, end, is_mirrored));
    }
    told
}

/// The first loop that never ends, or else the first, and whether it runs backward.
fn sampler_loop(body: &[u8]) -> (Option<Loop>, bool) {
    const MIRRORED: u32 = 1;
    const BACKWARD: u32 = 2;
    let loops = le_u32(body, 28).unwrap_or(0);
    // Entries of 24 bytes: id, kind (0 is forward), first frame, last frame, fraction, how often it is played (0 for ever).
    let entries = (0..loops.min(64) as usize).map(|i| 36 + 24 * i).filter_map(|at| {
        let (kind, first, last) = (le_u32(body, at + 4)?, le_u32(body, at + 8)?, le_u32(body, at + 12)?);
        let sustain = loop_over(first, last.checked_add(1)?, kind == MIRRORED)?;
        (kind <= BACKWARD).then_some((sustain, kind == BACKWARD, le_u32(body, at + 20).unwrap_or(0)))
    });
    let best = entries.min_by_key(|(.., count)| *count != 0);
    (best.map(|(sustain, ..)| sustain), best.is_some_and(|(_, is_backward, _)| is_backward))
}

/// The place of a marker, by its id. Each is id, place, and a name of counted length padded to even.
fn mark_frames(body: &[u8], id: u16) -> Option<u32> {
    let count = be_u16(body, 0)?;
    let mut at = 2;
    for _ in 0..count {
        let place = u32::from_be_bytes(body.get(at + 2..at + 6)?.try_into().ok()?);
        if be_u16(body, at)? == id {
            return Some(place);
        }
        let name_len = usize::from(*body.get(at + 6)?) + 1;
        at += 6 + name_len + (name_len & 1);
    }
    None
}

fn loop_over(start: u32, end: u32, is_mirrored: bool) -> Option<Loop> {
    (end > start).then(|| Loop {
        start_frames: u64::from(start),
        end_frames: u64::from(end),
        crossfade_frames: 0,
        is_mirrored,
    })
}

/// Note and fine tuning in cents. The tuning says how far to retune the sample up, so the root lies that far below.
fn root_of(note: Option<&u8>, cents: Option<&u8>) -> Option<f32> {
    let note = *note.filter(|&&note| (1..=127).contains(&note))?;
    let cents = cents.map_or(0, |&cents| cents as i8).clamp(-50, 50);
    Some(f32::from(note) - f32::from(cents) / 100.0)
}

fn le_u32(body: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?))
}

fn be_u16(body: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_wave_of_many_gigabytes_becomes_several_files_whose_samples_follow_each_other() {
        let chunk = |name: &[u8; 4], length: u32, body: &[u8]| {
            [name.as_slice(), &length.to_le_bytes(), body].concat()
        };
        let format = [1, 0, 3, 0, 0x80, 0xbb, 0, 0, 0, 0x65, 4, 0, 6, 0, 16, 0];
        let samples: Vec<u8> = (0..100).collect();
        let mut long = vec![0; 28];
        long[8..16].copy_from_slice(&100u64.to_le_bytes());
        let content = [
            b"RF64\xff\xff\xff\xffWAVE".to_vec(),
            chunk(b"ds64", 28, &long),
            chunk(b"fmt ", 16, &format),
            chunk(b"data", u32::MAX, &samples),
            b"behind".to_vec(),
        ];
        let content = Content::of(content.concat());
        let plain = plain_wave_of(&mut Chunked::wave(&content).unwrap(), 40).unwrap();
        assert!(!plain.cut);
        let mut read = Vec::new();
        for file in &plain.files {
            assert!(file.length <= 40 && (file.length.is_multiple_of(6) || read.len() >= 72));
            let claimed = u32::from_le_bytes(*file.head.last_chunk().unwrap());
            assert_eq!(u64::from(claimed), file.length);
            content.part(Vec::new(), file.start, file.length).unwrap().read_to_end(&mut read).unwrap();
        }
        assert_eq!((plain.files.len(), read), (3, samples));
        assert_eq!(plain_wave(&mut Chunked::wave(&content).unwrap()).unwrap().files.len(), 1);
    }
}
