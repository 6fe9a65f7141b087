//! The words by which sounds are found: of their files, folders, instruments and tags.
//!
//! Words are compared without case and diacritics; a word that is asked for stands for all that begin with it, and, where it
//! says enough, for all that have it inside.

use std::collections::HashMap;
use std::path::Path;

use unicode_normalization::UnicodeNormalization as _;

use super::table::BLOCK;
use crate::{Instrument, Sound, Source};

/// Where a word stands, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The sound's own name.
    Name,
    /// The instrument that it belongs to.
    Instrument,
    /// A folder above it, the file that holds it, or what it is said to be.
    Folder,
    /// The tags of its file.
    Tag,
}

impl Field {
    const ALL: [Field; 4] = [Field::Name, Field::Instrument, Field::Folder, Field::Tag];

    /// What a word there is worth, of [`WHOLE`].
    fn worth(self) -> u16 {
        [WHOLE, 90, 80, 70][self as usize]
    }

    /// For the eye.
    pub fn label(self) -> &'static str {
        ["name", "instrument", "folder", "tag"][self as usize]
    }
}

/// What a whole word in a name is worth.
pub(crate) const WHOLE: u16 = 100;
/// Taken off where a word only begins so.
const ONLY_BEGINS: u16 = 15;
/// Taken off where it stands inside of a word: what begins so is worth more in every field.
const ONLY_INSIDE: u16 = 50;
/// Letters of the Latin alphabet that a word must have to be sought inside of others; a sign of a script that needs none
/// between words says as much.
const LEAST_INSIDE: usize = 3;
/// Words that are kept of one sound.
const MOST_WORDS: usize = 64;
/// Longest word in characters.
const LONGEST: usize = 40;

/// Words that are asked for, and words that are not to be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub(crate) wanted: Vec<String>,
    pub(crate) unwanted: Vec<String>,
}

impl Text {
    /// Reads what was typed: words between blanks, all of which must be there; one that begins with a hyphen must not.
    pub fn of(typed: &str) -> Text {
        let mut text = Text::default();
        for part in typed.split_whitespace() {
            let (part, words) = match part.strip_prefix('-') {
                Some(rest) => (rest, &mut text.unwanted),
                None => (part, &mut text.wanted),
            };
            words.extend(plain(&folded(part)).map(str::to_string));
        }
        text
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty() && self.unwanted.is_empty()
    }
}

/// Every word of a bank, and the rows that have it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Words {
    /// In order.
    words: Vec<Box<str>>,
    /// By word, where its rows begin in `rows`; one more at the end.
    starts: Vec<u32>,
    /// A row and, in the lowest two bits, the field.
    rows: Vec<u32>,
    count: usize,
}

/// The rows that a text finds.
pub(crate) struct Found {
    /// A bit for each row.
    pub mask: Vec<u64>,
    /// By row, the sum of what the words are worth there.
    pub worth: Vec<u16>,
    /// Words that were asked for.
    pub asked: usize,
    /// Rows that an unwanted word names only an instrument of; others may play them. They are in the mask.
    pub disputed: Vec<u32>,
}

impl Found {
    /// How well a row answers, 0..1.
    pub fn share(&self, row: usize) -> f32 {
        f32::from(self.worth[row]) / (f32::from(WHOLE) * self.asked.max(1) as f32)
    }

    pub fn leave_out(&mut self, row: u32) {
        self.mask[row as usize / BLOCK] &= !(1 << (row as usize % BLOCK));
    }
}

impl Words {
    /// `row_of` says for each sound the row that it is found as.
    pub fn of(sounds: &[Sound], instruments: &[Instrument], row_of: &[u32], rows: usize) -> Words {
        let mut gathered = Gathered::default();
        for (sound, &row) in sounds.iter().zip(row_of) {
            each_text(sound, |field, text| gathered.take(row, field, text));
        }
        for instrument in instruments.iter().filter(|instrument| instrument.is_named()) {
            let words = gathered.words_of(&instrument.name);
            for zone in &instrument.zones {
                gathered.pairs.extend(
                    words.iter().map(|&word| (word, row_of[zone.sound] << 2 | Field::Instrument as u32)),
                );
            }
        }
        gathered.finish(rows)
    }

    /// The rows that have every wanted word and no unwanted one.
    pub fn find(&self, text: &Text) -> Found {
        let mut found = Found {
            mask: full_mask(self.count),
            worth: vec![0; self.count],
            asked: text.wanted.len(),
            disputed: Vec::new(),
        };
        let mut here = vec![0u16; if text.wanted.is_empty() { 0 } else { self.count }];
        for word in &text.wanted {
            let mut mask = vec![0u64; found.mask.len()];
            here.fill(0);
            let sought = if is_sought_inside(word) { 0..self.words.len() } else { self.beginning_with(word) };
            for at in sought {
                let Some(less) = less_by(&self.words[at], word) else { continue };
                for &entry in self.entries(at) {
                    let row = (entry >> 2) as usize;
                    mask[row / BLOCK] |= 1 << (row % BLOCK);
                    here[row] = here[row].max(Field::ALL[(entry & 3) as usize].worth() - less);
                }
            }
            found.mask.iter_mut().zip(&mask).for_each(|(all, word)| *all &= word);
            found.worth.iter_mut().zip(&here).for_each(|(sum, worth)| *sum = sum.saturating_add(*worth));
        }
        for word in &text.unwanted {
            for entry in self.beginning_with(word).flat_map(|at| self.entries(at)) {
                match Field::ALL[(entry & 3) as usize] {
                    Field::Instrument => found.disputed.push(entry >> 2),
                    _ => found.leave_out(entry >> 2),
                }
            }
        }
        found.disputed.sort_unstable();
        found.disputed.dedup();
        found.disputed.retain(|&row| found.mask[row as usize / BLOCK] >> (row as usize % BLOCK) & 1 == 1);
        found
    }

    fn beginning_with(&self, word: &str) -> std::ops::Range<usize> {
        let start = self.words.partition_point(|known| **known < *word);
        let len = self.words[start..].partition_point(|known| known.starts_with(word));
        start..start + len
    }

    fn entries(&self, word: usize) -> &[u32] {
        &self.rows[self.starts[word] as usize..self.starts[word + 1] as usize]
    }
}

impl Instrument {
    /// Whether its name is more than that of its only sound.
    pub(crate) fn is_named(&self) -> bool {
        self.is_told || self.zones.len() > 1
    }
}

/// A bit for each row.
fn full_mask(rows: usize) -> Vec<u64> {
    let mut mask = vec![u64::MAX; rows.div_ceil(BLOCK)];
    if let Some(last) = mask.last_mut()
        && !rows.is_multiple_of(BLOCK)
    {
        *last = (1 << (rows % BLOCK)) - 1;
    }
    mask
}

/// Words and where they were met, while a table is made.
#[derive(Default)]
struct Gathered {
    numbers: HashMap<Box<str>, u32>,
    /// Folders come once for each of their sounds.
    folders: HashMap<String, Vec<u32>>,
    pairs: Vec<(u32, u32)>,
}

impl Gathered {
    fn take(&mut self, row: u32, field: Field, text: &str) {
        let words = match field {
            Field::Folder => match self.folders.get(text) {
                Some(words) => words.clone(),
                None => {
                    let words = self.words_of(text);
                    self.folders.insert(text.to_string(), words.clone());
                    words
                }
            },
            _ => self.words_of(text),
        };
        self.pairs.extend(words.into_iter().map(|word| (word, row << 2 | field as u32)));
    }

    fn words_of(&mut self, text: &str) -> Vec<u32> {
        let mut numbers = Vec::new();
        each_word(text, |word| {
            if numbers.len() < MOST_WORDS {
                let next = self.numbers.len() as u32;
                numbers.push(match self.numbers.get(word) {
                    Some(&number) => number,
                    None => *self.numbers.entry(word.into()).or_insert(next),
                });
            }
        });
        numbers
    }

    fn finish(mut self, count: usize) -> Words {
        let mut words: Vec<(Box<str>, u32)> = self.numbers.into_iter().collect();
        words.sort_unstable();
        let mut in_order = vec![0u32; words.len()];
        words.iter().enumerate().for_each(|(new, (_, old))| in_order[*old as usize] = new as u32);
        self.pairs.iter_mut().for_each(|(word, _)| *word = in_order[*word as usize]);
        self.pairs.sort_unstable();
        // Of a word that stands in several fields of a row, the first field counts.
        self.pairs.dedup_by_key(|(word, entry)| (*word, *entry >> 2));
        let mut starts = vec![0u32; words.len() + 1];
        self.pairs.iter().for_each(|(word, _)| starts[*word as usize + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        Words {
            words: words.into_iter().map(|(word, _)| word).collect(),
            starts,
            rows: self.pairs.into_iter().map(|(_, entry)| entry).collect(),
            count,
        }
    }
}

/// The texts of a sound, with their fields.
fn each_text(sound: &Sound, mut take: impl FnMut(Field, &str)) {
    take(Field::Name, &sound.name);
    let file: Option<&Path> = match &sound.source {
        Source::File(path) => path.parent(),
        Source::Member { file, .. } => Some(file),
        Source::Factory { .. } => None,
    };
    if let Some(path) = file {
        take(Field::Folder, &path.with_extension("").to_string_lossy());
    }
    if let Some(class) = &sound.class {
        take(Field::Folder, class);
    }
    take(Field::Tag, &sound.tags);
}

/// Where a sound, or an instrument that it belongs to, has the words of a text: field and word, as it is written folded.
pub(crate) fn spoken<'a>(
    sound: &'a Sound,
    instruments: impl Iterator<Item = &'a Instrument>,
    text: &Text,
) -> Vec<(Field, String)> {
    let best = most_telling(std::iter::once(sound), instruments, text).into_iter();
    best.flatten().map(|(_, field, word)| (field, word)).collect()
}

/// What the words of a text are worth at sounds of one content as these instruments; `None` where one is missing.
pub(super) fn worth<'a>(
    sounds: impl Iterator<Item = &'a Sound>,
    instruments: impl Iterator<Item = &'a Instrument>,
    text: &Text,
) -> Option<u16> {
    most_telling(sounds, instruments, text).into_iter().map(|best| best.map(|(worth, ..)| worth)).sum()
}

/// For each word that is wanted what it is worth, where it stands, and as what.
fn most_telling<'a>(
    sounds: impl Iterator<Item = &'a Sound>,
    instruments: impl Iterator<Item = &'a Instrument>,
    text: &Text,
) -> Vec<Option<(u16, Field, String)>> {
    let mut best: Vec<Option<(u16, Field, String)>> = vec![None; text.wanted.len()];
    let mut look = |field: Field, words: &str| {
        each_word(words, |word| {
            for (best, wanted) in best.iter_mut().zip(&text.wanted) {
                if let Some(less) = less_by(word, wanted) {
                    let worth = field.worth() - less;
                    if best.as_ref().is_none_or(|(before, ..)| *before < worth) {
                        *best = Some((worth, field, word.to_string()));
                    }
                }
            }
        });
    };
    sounds.for_each(|sound| each_text(sound, &mut look));
    for instrument in instruments.filter(|instrument| instrument.is_named()) {
        look(Field::Instrument, &instrument.name);
    }
    best
}

/// Whether an instrument has a word that is not to be there.
pub(super) fn is_unwanted(instrument: &Instrument, text: &Text) -> bool {
    let mut is_unwanted = false;
    if !text.unwanted.is_empty() && instrument.is_named() {
        each_word(&instrument.name, |word| {
            is_unwanted |= text.unwanted.iter().any(|unwanted| word.starts_with(&**unwanted));
        });
    }
    is_unwanted
}

/// The words of a text, folded: those between signs and blanks, and the parts of `GrandPiano` and `Violin2`.
fn each_word(text: &str, mut take: impl FnMut(&str)) {
    for written in text.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty()) {
        let mut start = 0;
        let mut before = None;
        for (at, c) in written.char_indices() {
            let is_long = written[start..at].chars().nth(1).is_some();
            if before.is_some_and(|before| begins_anew(before, c, is_long)) {
                take_part(&written[start..at], &mut take);
                start = at;
            }
            before = Some(c);
        }
        if start > 0 {
            take_part(&written[start..], &mut take);
        }
        take_folded(written, &mut take);
    }
}

/// What is taken off where a word stands for the one that is asked for; `None` where it does not.
fn less_by(word: &str, wanted: &str) -> Option<u16> {
    match word.find(wanted)? {
        0 if word.len() == wanted.len() => Some(0),
        0 => Some(ONLY_BEGINS),
        _ => is_sought_inside(wanted).then_some(ONLY_INSIDE),
    }
}

fn is_sought_inside(wanted: &str) -> bool {
    !wanted.is_ascii() || wanted.len() >= LEAST_INSIDE
}

/// How well a name alone answers a text: what its words are worth, how many of them nobody asked for, and whether it is the
/// text.
pub(super) fn answers(name: &str, text: &Text) -> (u32, usize, bool) {
    let mut best = vec![0; text.wanted.len()];
    let mut unasked = 0;
    each_word(name, |word| {
        let mut is_asked = false;
        for (best, wanted) in best.iter_mut().zip(&text.wanted) {
            let worth = less_by(word, wanted).map_or(0, |less| WHOLE - less);
            is_asked |= worth > 0;
            *best = worth.max(*best);
        }
        unasked += usize::from(!is_asked);
    });
    let is_it = plain(&folded(name)).eq(text.wanted.iter().map(String::as_str));
    (best.into_iter().map(u32::from).sum(), unasked, is_it)
}

/// A letter or a digit alone is part of nothing.
fn take_part(part: &str, take: &mut impl FnMut(&str)) {
    if part.chars().nth(1).is_some() {
        take_folded(part, take);
    }
}

fn take_folded(word: &str, take: &mut impl FnMut(&str)) {
    if word.len() <= LONGEST && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return take(word);
    }
    plain(&folded(word)).for_each(take);
}

fn plain(folded: &str) -> impl Iterator<Item = &str> {
    let cut = |word: &'_ str| word.char_indices().nth(LONGEST).map_or(word.len(), |(at, _)| at);
    let words = folded.split(|c: char| !is_of_word(c)).filter(|word| !word.is_empty());
    words.map(move |word| &word[..cut(word)])
}

fn is_of_word(c: char) -> bool {
    // Sharps belong to their notes, and accents that stand alone to their letters.
    c.is_alphanumeric() || c == '#' || unicode_normalization::char::is_combining_mark(c)
}

/// A capital behind a small letter, or a number behind a word that is more than the letter of a note.
fn begins_anew(before: char, c: char, is_long: bool) -> bool {
    (before.is_lowercase() && c.is_uppercase()) || (is_long && before.is_alphabetic() && c.is_numeric())
}

/// Without case and diacritics.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|&c| !unicode_normalization::char::is_combining_mark(c)) {
        for c in c.to_lowercase() {
            match c {
                'ß' => folded.push_str("ss"),
                'æ' => folded.push_str("ae"),
                'œ' => folded.push_str("oe"),
                'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' => folded.push('d'),
                'ı' => folded.push('i'),
                // What a capital leaves of its dot when it is made small.
                '\u{307}' => {}
                c => folded.push(c),
            }
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_string()));
        words
    }

    #[test]
    fn words_are_folded_and_taken_apart_where_a_reader_would() {
        let table: &[(&str, &[&str])] = &[
            ("Flöte_pp", &["flote", "pp"]),
            ("Flo\u{308}te", &["flote"]),
            ("GrandPiano-C#3", &["grand", "piano", "grandpiano", "c#3"]),
            ("Violin2", &["violin", "violin2"]),
            ("PianoA4", &["piano", "a4", "pianoa4"]),
            ("ÅKESSON Straße", &["akesson", "strasse"]),
            ("Щелкунчик", &["щелкунчик"]),
            ("  --  ", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(words(text), *expected, "{text}");
        }
    }

    #[test]
    fn what_is_typed_is_words_to_find_and_words_to_leave_out() {
        let text = Text::of("  Flöte -Pizz  bass-drum - ");
        assert_eq!(text.wanted, ["flote", "bass", "drum"]);
        assert_eq!(text.unwanted, ["pizz"]);
        assert!(Text::of(" - … ").is_empty());
    }
}
