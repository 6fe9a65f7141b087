//! Velocity layers and round robins in names: `Piano_C4_v3_RR2`, `a0_vl1_rr1`, `Vln sus C4 pp`, `Harp_C3_soft`,
//! `C3_61-100`, `snare round robin 2`.

use std::ops::Range;

use crate::note_names::{Spelling, layer_behind, note_at, note_in};

/// How hard a recording was struck, as its name says it. The order is the one from soft to loud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// By number: a MIDI velocity, or a count of the layers.
    Number(u8),
    /// By a dynamic, `ppp` 0 to `fff` 7.
    Dynamic(u8),
}

/// What a name says of takes, and the name without it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Takes {
    pub layer: Option<Layer>,
    pub turn: Option<u16>,
    pub bare: String,
    /// A word or a number that is a layer if other names of the folder agree, and the name without it.
    pub perhaps: Option<(Layer, String)>,
}

const DYNAMICS: [&str; 8] = ["ppp", "pp", "p", "mp", "mf", "f", "ff", "fff"];
/// Words behind a note, with the dynamics that they stand for.
const WORDS: [(&str, u8); 5] = [("soft", 2), ("med", 4), ("medium", 4), ("loud", 5), ("hard", 6)];
/// What is soft or hard itself, however it is struck.
const BEATERS: [&str; 7] = ["mallet", "stick", "beater", "pick", "pedal", "attack", "felt"];
/// Words that are dynamics only where others of the folder are: elsewhere it is a piano.
const ITALIAN: [(&str, u8); 4] = [("pianissimo", 1), ("piano", 2), ("forte", 5), ("fortissimo", 6)];

/// Words before a number.
const LAYER_WORDS: [&str; 4] = ["vel", "velocity", "vl", "dyn"];
/// Likewise, behind a note: elsewhere they say a version or what is played together.
const LAYER_WORDS_BEHIND: [&str; 2] = ["layer", "lyr"];
const TURN_WORDS: [&str; 2] = ["rr", "roundrobin"];
/// Layers above this number are MIDI velocities; below they are counted.
pub(crate) const MOST_COUNTED_LAYERS: u8 = 19;
/// Numbers up to here that stand last are turns.
const MOST_TURNS: u16 = 32;

/// Reads a stem. A bare `v2` counts as a layer only beside a note, an `L2` and words only behind one: elsewhere they say a
/// version, a side, what it is.
pub(crate) fn takes(stem: &str, spelling: Spelling) -> Takes {
    let tokens: Vec<(usize, &str)> = tokens(stem).collect();
    let note = tokens.iter().position(|(_, token)| note_in(token, spelling).is_some());
    let name = Name { stem, tokens: &tokens, note, spelling };
    let mut found = Takes::default();
    let mut cut: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let turn = name.turn_at(at).filter(|_| found.turn.is_none());
        let layer = name.layer_at(at).filter(|_| turn.is_none() && found.layer.is_none());
        at += match (turn, layer) {
            (Some((turn, place, used)), _) => {
                found.turn = Some(turn);
                cut.push(place);
                used
            }
            (None, Some((layer, place, used))) => {
                found.layer = Some(layer);
                cut.push(place);
                used
            }
            (None, None) => 1,
        };
    }
    if let (None, Some(_), Some(note)) = (found.turn, found.layer, note)
        && let Some((turn, place)) = turn_at_the_end(&tokens, note, &cut)
    {
        found.turn = Some(turn);
        cut.push(place);
    }
    if found.layer.is_none()
        && let Some((layer, place)) = perhaps(&tokens, note)
    {
        let mut cut = cut.clone();
        cut.push(place);
        cut.sort_by_key(|range| range.start);
        found.perhaps = Some((layer, without(stem, &cut)));
    }
    found.bare = without(stem, &cut);
    found
}

/// A stem, its tokens with where they start, and which of them is its first note.
struct Name<'a> {
    stem: &'a str,
    tokens: &'a [(usize, &'a str)],
    note: Option<usize>,
    spelling: Spelling,
}

impl Name<'_> {
    /// The number that a token ends with, or that is the next one: its word, the number, where it ends, and how many
    /// tokens that is.
    fn numbered<'a>(&self, at: usize, lower: &'a str) -> (&'a str, Option<u16>, usize, usize) {
        let (start, token) = self.tokens[at];
        let (word, number) = word_and_number(lower);
        let next =
            self.tokens.get(at + 1).and_then(|(start, next)| Some((next.parse().ok()?, start + next.len())));
        match (number, next) {
            (None, Some((number, end))) => (word, Some(number), end, 2),
            _ => (word, number, start + token.len(), 1),
        }
    }

    /// A turn that is said from this token on: `rr2`, `rr 2`, `round robin 2`; its place, and how many tokens say it.
    fn turn_at(&self, at: usize) -> Option<(u16, Range<usize>, usize)> {
        let (start, token) = self.tokens[at];
        let lower = token.to_ascii_lowercase();
        let is_robin = self.tokens.get(at + 1).is_some_and(|(_, next)| next.eq_ignore_ascii_case("robin"));
        if (lower == "round" || lower == "random")
            && is_robin
            && let Some((last, digits)) = self.tokens.get(at + 2)
            && let Ok(turn) = digits.parse()
        {
            return Some((turn, start..last + digits.len(), 3));
        }
        let (word, number, end, used) = self.numbered(at, &lower);
        number.filter(|_| TURN_WORDS.contains(&word)).map(|turn| (turn, start..end, used))
    }

    /// Likewise a layer.
    fn layer_at(&self, at: usize) -> Option<(Layer, Range<usize>, usize)> {
        let (start, token) = self.tokens[at];
        let is_behind = self.note.is_some_and(|note| at > note);
        let lower = token.to_ascii_lowercase();
        let (word, number, end, used) = self.numbered(at, &lower);
        let says_layer = LAYER_WORDS.contains(&word)
            || (word == "v" && used == 1 && self.note.is_some())
            || (word == "l" && used == 1 && is_behind)
            || (LAYER_WORDS_BEHIND.contains(&word) && is_behind);
        if let (true, Some(Ok(number))) = (says_layer, number.map(u8::try_from)) {
            return Some(match self.range_to(at + used, end, number) {
                Some((highest, end)) => (Layer::Number(highest), start..end, used + 1),
                None => (Layer::Number(number), start..end, used),
            });
        }
        if let Some((note, number)) = before_layer(token, self.spelling) {
            return Some((Layer::Number(number), start + note..start + token.len(), 1));
        }
        let spoken = || level(&WORDS, &lower).filter(|_| is_behind && !self.is_beater(at + 1));
        if let Some(level) = dynamic(token).or_else(spoken) {
            return Some((Layer::Dynamic(level), start..start + token.len(), 1));
        }
        let (highest, end) = self.range_behind_note(at)?;
        Some((Layer::Number(highest), start..end, 2))
    }

    fn is_beater(&self, at: usize) -> bool {
        let lower = self.tokens.get(at).map(|(_, token)| token.to_ascii_lowercase()).unwrap_or_default();
        BEATERS.contains(&lower.strip_suffix('s').unwrap_or(&lower))
    }

    /// Where velocities reach from a number to that of the next token, `1-60`: the second, and where it ends.
    fn range_to(&self, next: usize, end: usize, lowest: u8) -> Option<(u8, usize)> {
        let (start, token) = *self.tokens.get(next)?;
        let highest = token.parse().ok().filter(|&highest| lowest < highest && highest <= 127)?;
        (self.stem.get(end..start) == Some("-")).then_some((highest, start + token.len()))
    }

    /// Velocities right behind the note, `C3_61-100`. A number that may be the note itself is none of them: `C3-48-100`.
    fn range_behind_note(&self, at: usize) -> Option<(u8, usize)> {
        let (start, token) = self.tokens[at];
        let before = self.note.filter(|note| at == note + 1)?;
        let (note, _) = note_in(self.tokens[before].1, self.spelling)?;
        let lowest: u8 = token.parse().ok()?;
        let may_be_note = [0, 12].contains(&lowest.abs_diff(note.midi));
        let range = self.range_to(at + 1, start + token.len(), lowest);
        range.filter(|(highest, _)| *highest > MOST_COUNTED_LAYERS && !may_be_note)
    }
}

/// The layer that the name of a folder ends with, and the name without it.
pub(crate) fn layer_of_folder(name: &str) -> Option<(Layer, String)> {
    let tokens: Vec<(usize, &str)> = tokens(name).collect();
    let (start, last) = *tokens.last()?;
    let lower = last.to_ascii_lowercase();
    let level = dynamic(last).or_else(|| level(&WORDS, &lower)).or_else(|| level(&ITALIAN, &lower));
    let (layer, start) = match (level, word_and_number(&lower)) {
        (Some(level), _) => (Layer::Dynamic(level), start),
        (None, (word, Some(number))) if is_layer_word(word) => {
            (Layer::Number(number.try_into().ok()?), start)
        }
        (None, ("", Some(number))) => {
            let (start, word) = *tokens.get(tokens.len().checked_sub(2)?)?;
            let number = number.try_into().ok().filter(|_| is_layer_word(&word.to_ascii_lowercase()))?;
            (Layer::Number(number), start)
        }
        _ => return None,
    };
    Some((layer, name[..start].trim_end_matches(is_separator).to_string()))
}

fn is_layer_word(word: &str) -> bool {
    LAYER_WORDS.contains(&word) || LAYER_WORDS_BEHIND.contains(&word)
}

fn level(words: &[(&str, u8)], lower: &str) -> Option<u8> {
    words.iter().find(|(word, _)| *word == lower).map(|(_, level)| *level)
}

/// `p` and `f` in capitals are no dynamics: they may be anything.
fn dynamic(token: &str) -> Option<u8> {
    let token = if token.len() == 1 { token.to_string() } else { token.to_ascii_lowercase() };
    DYNAMICS.iter().position(|dynamic| *dynamic == token).map(|level| level as u8)
}

/// `rr2` to `rr` and 2; a token without a number at its end has none.
fn word_and_number(token: &str) -> (&str, Option<u16>) {
    let word = token.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = (word.len() < token.len()).then(|| token[word.len()..].parse().ok()).flatten();
    (word, number)
}

/// A small number that stands last, right behind the note or its layer.
fn turn_at_the_end(
    tokens: &[(usize, &str)],
    note: usize,
    cut: &[Range<usize>],
) -> Option<(u16, Range<usize>)> {
    let last = tokens.len() - 1;
    let ((before, end), (start, token)) = (*tokens.get(last.checked_sub(1)?)?, tokens[last]);
    let is_behind = last == note + 1 || cut.iter().any(|cut| (before + end.len()) == cut.end);
    let turn = token.parse().ok().filter(|turn| (1..=MOST_TURNS).contains(turn))?;
    let is_cut = cut.iter().any(|cut| cut.contains(&start));
    (last > note && is_behind && !is_cut).then_some((turn, start..start + token.len()))
}

/// What may be a layer: a word or a number behind the note, or behind a number that may be one.
fn perhaps(tokens: &[(usize, &str)], note: Option<usize>) -> Option<(Layer, Range<usize>)> {
    let number = |token: &str| {
        token.parse::<u8>().ok().filter(|number| token.len() <= 3 && (1..=127).contains(number))
    };
    let is_note = |token: &str| token.len() >= 2 && number(token).is_some_and(|n| (12..=120).contains(&n));
    let from = note.or_else(|| tokens.iter().position(|(_, token)| is_note(token)))? + 1;
    let place = |at: usize| tokens[at].0..tokens[at].0 + tokens[at].1.len();
    let word = |at: usize| level(&ITALIAN, &tokens[at].1.to_ascii_lowercase());
    if let (Some(_), Some(at)) = (note, (from..tokens.len()).find(|&at| word(at).is_some())) {
        return word(at).map(|level| (Layer::Dynamic(level), place(at)));
    }
    number(tokens.get(from)?.1).map(|number| (Layer::Number(number), place(from)))
}

/// A note with a layer right behind it, `C4v100`: where the layer begins, and its number.
fn before_layer(token: &str, spelling: Spelling) -> Option<(usize, u8)> {
    let note = note_at(token, spelling)?;
    Some((note.len, layer_behind(&token[note.len..])?.parse().ok()?))
}

/// The stem without these stretches and the separators before them.
fn without(stem: &str, cut: &[Range<usize>]) -> String {
    let mut bare = String::new();
    let mut from = 0;
    for range in cut {
        bare += stem[from..range.start].trim_end_matches(is_separator);
        from = range.end;
    }
    bare + &stem[from..]
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || "_-.,".contains(c)
}

/// Stretches of letters, digits and `#`, with where they start.
pub(crate) fn tokens(stem: &str) -> impl Iterator<Item = (usize, &str)> {
    stem.split(|c: char| !c.is_alphanumeric() && c != '#').filter(|token| !token.is_empty()).map(|token| {
        // Tokens are slices of the stem, so the distance of their starts is their place in it.
        (token.as_ptr() as usize - stem.as_ptr() as usize, token)
    })
}
