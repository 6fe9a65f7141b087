//! Velocity layers and round robins in names: `Piano_C4_v3_RR2`, `a0_vl1_rr1`, `Vln sus C4 pp`, `snare round robin 2`.

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
}

const DYNAMICS: [&str; 8] = ["ppp", "pp", "p", "mp", "mf", "f", "ff", "fff"];

/// Words before a number.
const LAYER_WORDS: [&str; 3] = ["vel", "velocity", "vl"];
const TURN_WORDS: [&str; 2] = ["rr", "roundrobin"];

/// Reads a stem. A bare `v2` counts as a layer only beside a note: elsewhere it is a version.
pub(crate) fn takes(stem: &str, spelling: Spelling) -> Takes {
    let tokens: Vec<(usize, &str)> = tokens(stem).collect();
    let has_note = tokens.iter().any(|(_, token)| note_in(token, spelling).is_some());
    let mut found = Takes::default();
    let mut cut: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some((start, token)) = tokens.get(at).copied() {
        let lower = token.to_ascii_lowercase();
        let (word, number) = word_and_number(&lower);
        let next = tokens.get(at + 1).map(|(start, token)| (start + token.len(), token.parse::<u16>().ok()));
        let (number, end, used) = match (number, next) {
            (None, Some((end, Some(number)))) => (Some(number), end, 2),
            _ => (number, start + token.len(), 1),
        };
        let spoken_turn = (lower == "round" || lower == "random")
            && tokens.get(at + 1).is_some_and(|(_, next)| next.eq_ignore_ascii_case("robin"));
        if spoken_turn
            && found.turn.is_none()
            && let Some((last, digits)) = tokens.get(at + 2).copied()
            && let Ok(turn) = digits.parse()
        {
            found.turn = Some(turn);
            cut.push(start..last + digits.len());
            at += 3;
            continue;
        }
        if let (true, None, Some(number)) = (TURN_WORDS.contains(&word), found.turn, number) {
            found.turn = Some(number);
            cut.push(start..end);
            at += used;
            continue;
        }
        let says_layer = LAYER_WORDS.contains(&word) || (word == "v" && used == 1 && has_note);
        if let (true, None, Some(Ok(number))) = (says_layer, found.layer, number.map(u8::try_from)) {
            found.layer = Some(Layer::Number(number));
            cut.push(start..end);
            at += used;
            continue;
        }
        if found.layer.is_none() {
            if let Some((note, number)) = before_layer(token, spelling) {
                found.layer = Some(Layer::Number(number));
                cut.push(start + note..start + token.len());
            } else if let Some(level) = DYNAMICS.iter().position(|dynamic| *dynamic == token_of_case(token)) {
                found.layer = Some(Layer::Dynamic(level as u8));
                cut.push(start..start + token.len());
            }
        }
        at += 1;
    }
    found.bare = without(stem, &cut);
    found
}

/// `p` and `f` in capitals are no dynamics: they may be anything.
fn token_of_case(token: &str) -> String {
    if token.len() == 1 { token.to_string() } else { token.to_ascii_lowercase() }
}

/// `rr2` to `rr` and 2; a token without a number at its end has none.
fn word_and_number(token: &str) -> (&str, Option<u16>) {
    let word = token.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = (word.len() < token.len()).then(|| token[word.len()..].parse().ok()).flatten();
    (word, number)
}

/// A note with a layer right behind it, `C4v100`: where the layer begins, and its number.
fn before_layer(token: &str, spelling: Spelling) -> Option<(usize, u8)> {
    let note = note_at(token, spelling)?;
    Some((note.len, layer_behind(&token[note.len..])?.parse().ok()?))
}

/// The stem without these stretches and the separators before them.
fn without(stem: &str, cut: &[Range<usize>]) -> String {
    let separators = |c: char| c.is_whitespace() || "_-.,".contains(c);
    let mut bare = String::new();
    let mut from = 0;
    for range in cut {
        bare += stem[from..range.start].trim_end_matches(separators);
        from = range.end;
    }
    bare + &stem[from..]
}

/// Stretches of letters, digits and `#`, with where they start.
pub(crate) fn tokens(stem: &str) -> impl Iterator<Item = (usize, &str)> {
    stem.split(|c: char| !c.is_alphanumeric() && c != '#').filter(|token| !token.is_empty()).map(|token| {
        // Tokens are slices of the stem, so the distance of their starts is their place in it.
        (token.as_ptr() as usize - stem.as_ptr() as usize, token)
    })
}
