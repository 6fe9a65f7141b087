//! Notes as they are written: `F#3`, `bb2`, `Cs4`, and in German `Cis4`, `Es3`, `H2`.

use std::ops::Range;

/// How the letters are meant that languages do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `As` is A sharp, `B` lies under C, and there is no `H`.
    English,
    /// `As` is A flat, `H` lies under C, and `B` under `H`.
    German,
}

/// A note name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Note {
    pub midi: u8,
    /// How many bytes name it.
    pub len: usize,
    /// The language that alone writes it so.
    pub only: Option<Spelling>,
}

/// The note name at the start of the text: a letter, a sharp or flat, one digit of octave.
pub(crate) fn note_at(text: &str, spelling: Spelling) -> Option<Note> {
    let letter = text.bytes().next()?.to_ascii_uppercase();
    let is_german = spelling == Spelling::German;
    let step = match letter {
        b'C' => 0,
        b'D' => 2,
        b'E' => 4,
        b'F' => 5,
        b'G' => 7,
        b'A' => 9,
        b'B' | b'H' => 11,
        _ => return None,
    };
    let behind = &text[1..];
    let (german, english) = (Some(Spelling::German), Some(Spelling::English));
    let (shift, len, only) = match letter {
        b'H' => (0, 1, german),
        b'C' | b'D' | b'E' | b'F' | b'G' | b'A' if behind.starts_with("is") => (1, 3, german),
        b'C' | b'D' | b'F' | b'G' | b'B' if behind.starts_with("es") => (-1, 3, german),
        b'E' if behind.starts_with('s') => (-1, 2, german),
        b'B' if behind.starts_with('s') => return None,
        b'A' if behind.starts_with('s') => (if is_german { -1 } else { 1 }, 2, None),
        _ if behind.starts_with('s') => (1, 2, english),
        _ if behind.starts_with('#') => (1, 2, None),
        b'B' if behind.starts_with('b') => (-1, 2, english),
        _ if behind.starts_with('b') => (-1, 2, None),
        b'B' if is_german => (-1, 1, None),
        _ => (0, 1, None),
    };
    if letter == b'H' && !is_german {
        return None;
    }
    let mut digits = text.bytes().skip(len);
    let octave = i32::from(digits.next().filter(u8::is_ascii_digit)?) - i32::from(b'0');
    // A second digit makes it a number of something else: `E12`, `A440`.
    if digits.next().is_some_and(|next| next.is_ascii_digit()) {
        return None;
    }
    let midi = u8::try_from(12 * (octave + 1) + step + shift).ok().filter(|&midi| midi <= 127)?;
    Some(Note { midi, len: len + 1, only })
}

/// The note of a token and its place in it: the whole token (`F#3`, `bb2`), one with a velocity layer behind it
/// (`C4v100`), or a capital one at the end of a lower-case word (`PianoA4`).
pub(crate) fn note_in(token: &str, spelling: Spelling) -> Option<(Note, Range<usize>)> {
    if let Some(note) = note_at(token, spelling) {
        let behind = &token[note.len..];
        let is_alone = behind.is_empty() || layer_behind(behind).is_some();
        return is_alone.then_some((note, 0..note.len));
    }
    let start = token.rfind(|c: char| c.is_ascii_uppercase())?;
    let lower_before = token[..start].chars().last().is_some_and(char::is_lowercase);
    let note = note_at(&token[start..], spelling).filter(|_| lower_before)?;
    (start + note.len == token.len()).then_some((note, start..token.len()))
}

/// The digits of a velocity layer that stands right behind a note: `v100`, `vl2`.
pub(crate) fn layer_behind(behind: &str) -> Option<&str> {
    let digits = behind.strip_prefix(['v', 'V'])?.trim_start_matches(['l', 'L']);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}
