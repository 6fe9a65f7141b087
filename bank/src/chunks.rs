//! The chunks of WAV and AIFF files: root note, loop, and where the samples lie. Lengths that a file claims are never
//! trusted beyond its end.

use crate::Loop;

/// What the chunks around the samples say.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Told {
    /// Root note with its fraction.
    pub root_midi: Option<f32>,
    /// The first forward loop.
    pub sustain: Option<Loop>,
}

/// A WAV file made plain: nothing but format and samples, with lengths that are true.
pub(crate) struct PlainWave {
    /// A complete WAV file for a decoder.
    pub bytes: Vec<u8>,
    /// Whether the file ends before its samples are said to.
    pub cut: bool,
}

/// Chunks in order: name, body as far as the file holds it, and the length that is claimed.
fn walk(bytes: &[u8], big_endian: bool) -> impl Iterator<Item = ([u8; 4], &[u8], u32)> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (header, body) = rest.split_at_checked(8)?;
        let (name, length) = header.split_first_chunk::<4>()?;
        let length: [u8; 4] = length.try_into().ok()?;
        let claimed = if big_endian { u32::from_be_bytes(length) } else { u32::from_le_bytes(length) };
        let held = body.len().min(claimed as usize);
        // Chunks are padded to an even length; the pad byte may be missing at the end of the file.
        rest = body.get(held + (held & 1)..).unwrap_or_default();
        Some((*name, &body[..held], claimed))
    })
}

/// Rebuilds a RIFF or RF64 file; an error says what is missing.
pub(crate) fn plain_wave(file: &[u8]) -> Result<PlainWave, &'static str> {
    let find = |name: &[u8; 4]| walk(file, false).find(|chunk| &chunk.0 == name);
    let (_, format, _) = find(b"fmt ").ok_or("the WAV file has no format chunk")?;
    let (_, mut samples, claimed) = find(b"data").ok_or("the WAV file has no samples")?;
    let mut cut = (samples.len() as u64) < u64::from(claimed);
    // Recorders that were stopped hard leave 0 or the largest number; the samples then go on to the end.
    if claimed == 0 || claimed == u32::MAX {
        let start = samples.as_ptr() as usize - file.as_ptr() as usize;
        samples = &file[start..];
        let long =
            find(b"ds64").and_then(|chunk| u64::from_le_bytes(chunk.1.get(8..16)?.try_into().ok()?).into());
        cut = long.is_some_and(|long: u64| long > samples.len() as u64);
        if let Some(long) = long.filter(|&long| long < samples.len() as u64) {
            samples = &samples[..long as usize];
        }
    }
    let fact = find(b"fact").map(|chunk| chunk.1).filter(|fact| fact.len() == 4).unwrap_or_default();
    let samples = &samples[..samples.len().min(u32::MAX as usize - 4096)];
    let mut bytes = Vec::with_capacity(samples.len() + format.len() + 64);
    bytes.extend_from_slice(b"RIFF\0\0\0\0WAVE");
    for (name, body) in [(b"fmt ", format), (b"fact", fact), (b"data", samples)] {
        if name != b"fact" || !body.is_empty() {
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&(body.len() as u32).to_le_bytes());
            bytes.extend_from_slice(body);
            bytes.resize(bytes.len() + (body.len() & 1), 0);
        }
    }
    let riff_len = (bytes.len() - 8) as u32;
    bytes[4..8].copy_from_slice(&riff_len.to_le_bytes());
    Ok(PlainWave { bytes, cut })
}

/// How long the samples that a RIFF file holds last, in whole seconds, by the bytes that its format needs for one. Where
/// what it says of these differs, the shorter time.
pub(crate) fn wave_secs(file: &[u8]) -> Option<u64> {
    let find = |name: &[u8; 4]| walk(file, false).find(|chunk| &chunk.0 == name);
    let (format, samples) = (find(b"fmt ")?.1, find(b"data")?.1);
    let block = u16::from_le_bytes(format.get(12..14)?.try_into().ok()?);
    let bytes_a_sec = u64::from(le_u32(format, 8)?).max(u64::from(le_u32(format, 4)?) * u64::from(block));
    (samples.len() as u64).checked_div(bytes_a_sec)
}

/// The `smpl` and `inst` chunks of a WAV file. Where both name a root, `smpl` is the finer one.
pub(crate) fn told_by_wave(file: &[u8]) -> Told {
    let mut told = Told::default();
    for (name, body, _) in walk(file, false) {
        match &name {
            b"smpl" => {
                // A note of 0 is what writers leave who know of none.
                if let Some(note) = le_u32(body, 12).filter(|note| (1..=127).contains(note)) {
                    let cents = f64::from(le_u32(body, 16).unwrap_or(0)) / 4_294_967_296.0;
                    told.root_midi = Some(note as f32 + cents as f32);
                }
                told.sustain = told.sustain.or_else(|| sampler_loop(body));
            }
            b"inst" if told.root_midi.is_none() => told.root_midi = root_of(body.first(), body.get(1)),
            _ => {}
        }
    }
    told
}

/// Description and originator of a broadcast wave; empty where a file is none.
pub(crate) fn described(file: &[u8]) -> Vec<String> {
    if !matches!(file.get(..4), Some(b"RIFF" | b"RF64" | b"BW64")) {
        return Vec::new();
    }
    let Some((_, body, _)) = walk(file, false).find(|chunk| &chunk.0 == b"bext") else { return Vec::new() };
    let text = |field: &[u8]| {
        let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    [0..256, 256..288].into_iter().filter_map(|field| body.get(field)).map(text).collect()
}

/// The `INST` and `MARK` chunks of an AIFF file.
pub(crate) fn told_by_aiff(file: &[u8]) -> Told {
    let mut told = Told::default();
    let mut ends: Option<(u16, u16)> = None;
    for (name, body, _) in walk(file, true) {
        if &name == b"INST" {
            told.root_midi = root_of(body.first(), body.get(1));
            let looped = be_u16(body, 8).is_some_and(|mode| mode == 1);
            ends = be_u16(body, 10).zip(be_u16(body, 12)).filter(|_| looped);
        }
    }
    let marks = walk(file, true).find(|chunk| &chunk.0 == b"MARK").map(|chunk| chunk.1);
    if let (Some((start, end)), Some(marks)) = (ends, marks) {
        let start = mark_frames(marks, start);
        let end = mark_frames(marks, end);
        told.sustain = start.zip(end).and_then(|(start, end)| forward(start, end));
    }
    told
}

fn sampler_loop(body: &[u8]) -> Option<Loop> {
    let loops = le_u32(body, 28)?;
    // Entries of 24 bytes: id, kind (0 is forward), first frame, last frame, fraction, count.
    (0..loops.min(64) as usize).map(|i| 36 + 24 * i).find_map(|at| {
        let forward_kind = le_u32(body, at + 4)? == 0;
        let (first, last) = (le_u32(body, at + 8)?, le_u32(body, at + 12)?);
        if forward_kind { forward(first, last.checked_add(1)?) } else { None }
    })
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

fn forward(start: u32, end: u32) -> Option<Loop> {
    (end > start).then(|| Loop {
        start_frames: u64::from(start),
        end_frames: u64::from(end),
        crossfade_frames: 0,
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
