//! The edit list of an MP4 file (ISO 14496-12): which part of the decoded samples is the sound. Encoders put silence before
//! and behind it, more than a thousand frames of AAC, which would make every note late.

use crate::content::Content;

/// The part that is the sound: where it begins, and how long it lasts if that is said, both in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edit {
    pub start_secs: f64,
    pub length_secs: Option<f64>,
}

impl Edit {
    /// The part in frames at a rate; it may reach past the end.
    pub fn frames(self, rate_hz: u32) -> std::ops::Range<u64> {
        let at = |secs: f64| (secs * f64::from(rate_hz)).round() as u64;
        let start = at(self.start_secs);
        start..self.length_secs.map_or(u64::MAX, |length| start.saturating_add(at(length)))
    }
}

/// Longest description of a movie that is read, in bytes; that of ten hours takes some ten million.
const MOST_BYTES: u64 = 64 << 20;
/// Most boxes of a file that are looked at.
const MOST_BOXES: usize = 10_000;

/// The edit of the first track of sound; `None` where there is none, or a list of several, which is not honoured.
pub(crate) fn edit_of(content: &Content) -> Option<Edit> {
    let movie = &movie(content)?;
    let movie_rate = timescale(child(movie, b"mvhd")?)?;
    let is_sound = |track: &[u8]| {
        let handler = child(track, b"mdia").and_then(|media| child(media, b"hdlr"));
        handler.and_then(|handler| handler.get(8..12)) == Some(b"soun")
    };
    let track =
        boxes(movie).filter(|(name, _)| name == b"trak").map(|(_, body)| body).find(|body| is_sound(body))?;
    let media_rate = timescale(child(child(track, b"mdia")?, b"mdhd")?)?;
    let list = child(child(track, b"edts")?, b"elst")?;
    let is_long = *list.first()? == 1;
    let entry_bytes = if is_long { 20 } else { 12 };
    let count = u32_at(list, 4)? as usize;
    // An entry with a time of -1 is a pause before the sound.
    let mut edits = list.get(8..)?.chunks_exact(entry_bytes).take(count.min(64)).filter_map(|entry| {
        let (length, time) = if is_long {
            (u64_at(entry, 0)?, u64_at(entry, 8)? as i64)
        } else {
            (u64::from(u32_at(entry, 0)?), i64::from(u32_at(entry, 4)? as i32))
        };
        u64::try_from(time).ok().map(|time| (length, time))
    });
    let (length, time) = edits.next()?;
    if edits.next().is_some() {
        return None;
    }
    Some(Edit {
        start_secs: time as f64 / media_rate,
        length_secs: (length > 0).then(|| length as f64 / movie_rate),
    })
}

/// The body of the box that describes the tracks.
fn movie(content: &Content) -> Option<Vec<u8>> {
    let (mut reader, length) = (content.reader().ok()?, content.length());
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        let beginning = reader.at(at, 16).ok()?;
        let (head, size) = match u32_at(&beginning, 0)? {
            0 => (8, length - at),
            1 => (16, u64_at(&beginning, 8)?),
            size => (8, u64::from(size)),
        };
        let end = at.saturating_add(size).min(length);
        let held = end.checked_sub(at + head)?;
        if beginning.get(4..8)? == b"moov" {
            return (held <= MOST_BYTES).then(|| reader.at(at + head, held as usize).ok())?;
        }
        at = end;
    }
    None
}

/// Boxes in order: name and body, as far as the file holds it.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let size = u32_at(rest, 0)?;
        let name: [u8; 4] = rest.get(4..8)?.try_into().ok()?;
        let (head, size) = match size {
            0 => (8, rest.len() as u64),
            1 => (16, u64_at(rest, 8)?),
            size => (8, u64::from(size)),
        };
        let end = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        let body = rest.get(head..end)?;
        rest = &rest[end..];
        Some((name, body))
    })
}

fn child<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(found, _)| found == name).map(|(_, body)| body)
}

/// Units a second of a `mvhd` or `mdhd` box.
fn timescale(body: &[u8]) -> Option<f64> {
    let at = if *body.first()? == 1 { 20 } else { 12 };
    u32_at(body, at).filter(|&rate| rate > 0).map(f64::from)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
