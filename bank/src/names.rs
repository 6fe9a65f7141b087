//! What file and folder names say: root note, family, and which files belong to one instrument.
//!
//! Names are read as composers and libraries write them: `Rhodes_F#3_v2`, `brass_acoustic_006-069-127-high`,
//! `Violins/Vln sus C4 pp`. Where a name is not clear it says nothing; the ear then decides.

use std::ops::Range;
use std::path::{Path, PathBuf};

use neume_models::Family;

use crate::Placing;
use crate::family_words;
use crate::note_names::{Spelling, note_in};
pub use crate::takes::Layer;
use crate::takes::{Takes, takes, tokens};

/// What the name of a sound says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hints {
    /// The root as a MIDI note, with C4 as 60, where it is written clearly.
    pub root_midi: Option<u8>,
    /// Whether that root is written as a note, `C4`: some call middle C by another octave.
    pub written: bool,
    /// Numbers that may be the root as a MIDI note: worth something only where the ear agrees.
    pub maybe_midi: Vec<u8>,
    /// The family, where a word names it.
    pub family: Option<Family>,
    /// How hard it was struck.
    pub layer: Option<Layer>,
    /// Its number in a round robin.
    pub turn: Option<u16>,
    /// The name without its note, layer and turn: files of one folder that share it are one instrument. `None` where the
    /// name says none of these.
    pub group: Option<String>,
    /// What the sound is said to be.
    pub class: Option<String>,
    /// A layer that counts if other names of the folder agree.
    pub perhaps: Option<Perhaps>,
    /// The folder that it is grouped in, where that is not its own: its own is a layer.
    pub home: Option<PathBuf>,
    /// Where a chunk of its file says that it is to be played.
    pub placing: Placing,
    /// Whether the root in that chunk says nothing, since nearly all of the folder say the same.
    pub is_chunk_empty: bool,
}

/// Another way to read a name, which its folder decides on: `Harp_C3_127`, `Harp_C3_forte`.
#[derive(Debug, Clone, PartialEq)]
pub struct Perhaps {
    /// How hard it was struck.
    pub layer: Layer,
    /// The group without it.
    pub group: String,
}

/// Reads the path of a sound relative to its bank's folder.
pub fn hints(relative: &Path) -> Hints {
    read(relative, Spelling::English)
}

/// [`hints`] with the notes spelled so.
pub(crate) fn read(relative: &Path, spelling: Spelling) -> Hints {
    let stem = stem_of(relative);
    let mut hints = nsynth(&stem).unwrap_or_else(|| {
        let Takes { layer, turn, bare, perhaps } = takes(&stem, spelling);
        let mut hints = noted(&bare, spelling).unwrap_or_else(|| numbered(&bare));
        if hints.group.is_none() && (layer.is_some() || turn.is_some()) {
            hints.group = Some(bare);
        }
        hints.perhaps = perhaps.and_then(|(layer, bare)| {
            let group = noted(&bare, spelling).unwrap_or_else(|| numbered(&bare)).group?;
            Some(Perhaps { layer, group })
        });
        Hints { layer, turn, ..hints }
    });
    hints.class = relative.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    // Speech Commands: a person says the word that the folder is called by.
    let is_speech = stem.contains("_nohash_");
    hints.family = if is_speech { Some(Family::Vocal) } else { family(&stem, relative.parent()) };
    hints
}

/// The name of a file without its extension.
pub(crate) fn stem_of(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The family that a name says, or else the folders around it, the inner before the outer.
pub(crate) fn family(stem: &str, folder: Option<&Path>) -> Option<Family> {
    let folders = folder.into_iter().flat_map(Path::ancestors).filter_map(Path::file_name);
    family_words::family_of(stem)
        .or_else(|| folders.into_iter().find_map(|name| family_words::family_of(&name.to_string_lossy())))
}

/// `<family>_<source>_<instrument>-<MIDI note>-<velocity>`, with anything behind a further hyphen.
fn nsynth(stem: &str) -> Option<Hints> {
    let mut parts = stem.split('-');
    let (instrument, note, velocity) = (parts.next()?, parts.next()?, parts.next()?);
    let mut words = instrument.rsplitn(3, '_');
    let (number, source, family) = (words.next()?, words.next()?, words.next()?);
    let digits = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    if ![number, note, velocity].into_iter().all(digits)
        || !["acoustic", "electronic", "synthetic"].contains(&source)
    {
        return None;
    }
    let root = note.parse::<u8>().ok().filter(|&note| note <= 127)?;
    let rest: Vec<&str> = parts.collect();
    Some(Hints {
        root_midi: Some(root),
        family: Family::from_id(family),
        layer: velocity.parse().ok().filter(|&velocity| velocity <= 127).map(Layer::Number),
        group: Some(format!("{instrument}-*-{}", rest.join("-"))),
        ..Hints::default()
    })
}

/// A name with exactly one note in it, or several that are the same.
fn noted(stem: &str, spelling: Spelling) -> Option<Hints> {
    let mut found: Option<(u8, Range<usize>)> = None;
    for (start, token) in tokens(stem) {
        if let Some((note, inside)) = note_in(token, spelling) {
            match &found {
                Some((other, _)) if *other != note.midi => return None,
                Some(_) => {}
                None => found = Some((note.midi, start + inside.start..start + inside.end)),
            }
        }
    }
    let (midi, place) = found?;
    let group = format!("{}*{}", &stem[..place.start], &stem[place.end..]);
    Some(Hints { root_midi: Some(midi), written: true, group: Some(group), ..Hints::default() })
}

/// A name without a note: a frequency, numbers behind a word that says so, and numbers that may be notes.
fn numbered(stem: &str) -> Hints {
    let mut hints = Hints::default();
    let mut said = false;
    let measures = measures(stem);
    if let Some((midi, place)) = frequency(stem, &measures) {
        let group = format!("{}*{}", &stem[..place.start], &stem[place.end..]);
        return Hints { root_midi: Some(midi), group: Some(group), ..hints };
    }
    for (start, token) in tokens(stem) {
        let lower = token.to_ascii_lowercase();
        let digits = lower.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let word = &lower[..lower.len() - digits.len()];
        let clear = matches!(word, "midi" | "note" | "key") || (word.is_empty() && said);
        said = digits.is_empty() && matches!(word, "midi" | "note" | "key" | "root");
        let measured = measures.iter().any(|(place, _)| place.contains(&start));
        if !(2..=3).contains(&digits.len()) || !(word.is_empty() || clear) || measured {
            continue;
        }
        let Some(midi) = digits.parse::<u8>().ok().filter(|midi| (12..=120).contains(midi)) else { continue };
        let group = format!("{}*{}", &stem[..start + word.len()], &stem[start + token.len()..]);
        if clear && hints.root_midi.is_none() {
            hints = Hints { root_midi: Some(midi), group: Some(group), ..Hints::default() };
            break;
        }
        if hints.maybe_midi.len() < 4 {
            hints.maybe_midi.push(midi);
            hints.group.get_or_insert(group);
        }
    }
    hints
}

/// What numbers are of that have a unit.
const UNITS: [&str; 11] = ["hz", "khz", "bpm", "ms", "sec", "secs", "s", "db", "bit", "bits", "%"];

/// The numbers of a name that have a unit, with it: `55 Hz`, `120bpm`, `bpm 90`, `12.5 ms`.
fn measures(stem: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    let bytes = stem.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let is_inside = stem[..at].chars().last().is_some_and(char::is_alphanumeric);
        if !bytes[at].is_ascii_digit() || is_inside {
            at += stem[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let end = at + number_len(&stem[at..]);
        let behind = stem[end..].trim_start_matches([' ', '_', '-']);
        let word = behind.find(|c: char| !c.is_alphabetic()).map_or(behind, |end| &behind[..end]);
        let word = if behind.starts_with('%') { "%" } else { word };
        let unit = UNITS.iter().find(|unit| unit.eq_ignore_ascii_case(word));
        // `60_s` is a short or a sustained one.
        let unit = unit.filter(|unit| **unit != "s" || !stem[end..].starts_with(['_', '-']));
        let before = stem[..at].trim_end_matches([' ', '_', '-']).to_ascii_lowercase();
        if let Some(unit) = unit {
            found.push((at..stem.len() - behind.len() + word.len(), *unit));
        } else if before.ends_with("bpm") || before.ends_with("tempo") {
            found.push((at..end, "bpm"));
        }
        at = end;
    }
    found
}

/// How long the number is that a text begins with; a fraction belongs to it.
fn number_len(text: &str) -> usize {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let fraction = text[whole..].strip_prefix(['.', ',']).map_or(0, digits);
    whole + if fraction > 0 { fraction + 1 } else { 0 }
}

/// Words beside which a frequency is not that of the sound.
const FILTERS: [&str; 11] =
    ["lp", "hp", "bp", "lpf", "hpf", "lowpass", "highpass", "cut", "cutoff", "filter", "rate"];

/// The only frequency of a name as the note that it is, where it is one within 30 cents.
fn frequency(stem: &str, measures: &[(Range<usize>, &str)]) -> Option<(u8, Range<usize>)> {
    let mut all = measures.iter().filter(|(_, unit)| *unit == "hz");
    let (place, _) = all.next().filter(|_| all.next().is_none())?;
    let is_filter = |(_, token): (usize, &str)| FILTERS.iter().any(|word| token.eq_ignore_ascii_case(word));
    if tokens(stem).any(is_filter) {
        return None;
    }
    let text = &stem[place.start..place.start + number_len(&stem[place.clone()])];
    let hz = text.replace(',', ".").parse::<f32>().ok().filter(|hz| (16.0..8_000.0).contains(hz))?;
    let midi = 69.0 + 12.0 * (hz / 440.0).log2();
    ((midi - midi.round()).abs() <= 0.3).then_some((midi.round() as u8, place.clone()))
}
