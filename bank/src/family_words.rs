//! The words by which composers and libraries name the families.

use std::collections::HashMap;
use std::sync::OnceLock;

use neume_models::Family;
use unicode_normalization::UnicodeNormalization as _;

/// How much a word insists on its family where several stand in one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Say {
    /// Any other word overrules it: `synth` strings, a `bass` clarinet.
    Yields,
    /// It names the family.
    Names,
    /// It overrules names: an `english horn`, a `bass drum`.
    Insists,
}

/// The family that a file or folder name says; `None` where it names none, or several.
pub(crate) fn family_of(name: &str) -> Option<Family> {
    let words = words_of(name);
    let mut found: Vec<(Family, Say)> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let pair = words.get(at + 1).and_then(|next| said_by(&format!("{} {next}", words[at])));
        found.extend(pair.or_else(|| said_by(&words[at])));
        at += if pair.is_some() { 2 } else { 1 };
    }
    let strongest = found.iter().map(|(_, say)| *say).max()?;
    let mut families = found.iter().filter(|(_, say)| *say == strongest).map(|(family, _)| *family);
    let first = families.next()?;
    families.all(|family| family == first).then_some(first)
}

/// Lower-case words; a capital after a small letter begins a new one, digits end one. A plural `s` falls where the
/// word is known without it.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small_before = false;
    // Some systems write an umlaut as two characters.
    for c in name.nfc() {
        if !c.is_alphabetic() || (c.is_uppercase() && small_before) {
            words.push(String::new());
        }
        if c.is_alphabetic() {
            words.last_mut().into_iter().for_each(|word| word.extend(c.to_lowercase()));
        }
        small_before = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn said_by(phrase: &str) -> Option<(Family, Say)> {
    static TABLES: OnceLock<[(HashMap<&str, Family>, Say); 3]> = OnceLock::new();
    let tables = TABLES.get_or_init(|| {
        [(INSISTING, Say::Insists), (NAMES, Say::Names), (YIELDING, Say::Yields)].map(|(table, say)| {
            // Of a word that two families claim, the first has it.
            let words =
                table.iter().rev().flat_map(|(family, words)| words.iter().map(|word| (*word, *family)));
            (words.collect(), say)
        })
    });
    let singular = phrase.strip_suffix('s').filter(|singular| singular.len() > 2 && phrase != BATTERIES);
    tables.iter().find_map(|(table, say)| {
        let family = table.get(phrase).or_else(|| table.get(singular?))?;
        Some((*family, *say))
    })
}

/// Of English, and no drums.
const BATTERIES: &str = "batteries";

const YIELDING: &[(Family, &[&str])] = &[
    (Family::SynthLead, &["synth", "saw", "square", "supersaw"]),
    (Family::Bass, &["bass", "sub"]),
    (Family::Keyboard, &["keys", "keyboard"]),
    (Family::String, &["section"]),
    (Family::Percussion, &["perc", "stick"]),
    // Also `sotto voce`, which any player may be told.
    (Family::Vocal, &["voce"]),
];

const NAMES: &[(Family, &[&str])] = &[
    (
        Family::Brass,
        &[
            "brass",
            "trumpet",
            "tpt",
            "trp",
            "trombone",
            "tbn",
            "tuba",
            "horn",
            "cornet",
            "flugelhorn",
            "euphonium",
            "trompete",
            "trompeten",
            "trompette",
            "trompeta",
            "tromba",
            "posaune",
            "posaunen",
            "waldhorn",
            "corno",
            "flügelhorn",
            "fluegelhorn",
        ],
    ),
    (
        Family::Reed,
        &[
            "reed",
            "clarinet",
            "clar",
            "oboe",
            "bassoon",
            "bsn",
            "fagott",
            "sax",
            "saxophone",
            "bagpipe",
            "accordion",
            "bandoneon",
            "harmonica",
            "melodica",
            "duduk",
            "shawm",
            "clarinette",
            "clarinetto",
            "clarinete",
            "klarinette",
            "bassethorn",
            "bassetthorn",
            "hautbois",
            "fagotto",
            "saxophon",
            "akkordeon",
            "accordéon",
        ],
    ),
    (Family::SynthLead, &["lead", "synthlead"]),
    (
        Family::Guitar,
        &[
            "guitar", "gtr", "guit", "ukulele", "uke", "banjo", "mandolin", "harp", "lute", "sitar", "koto",
            "nylon", "oud", "gitarre", "guitare", "guitarra", "chitarra", "harfe", "harpe",
        ],
    ),
    (
        Family::Keyboard,
        &[
            "piano",
            "pno",
            "rhodes",
            "wurli",
            "wurlitzer",
            "epiano",
            "harpsichord",
            "cembalo",
            "clavinet",
            "clavichord",
            "pianet",
            "pianoforte",
            "klavier",
            "clavier",
            "flügel",
            "fluegel",
        ],
    ),
    (
        Family::Mallet,
        &[
            "mallet",
            "marimba",
            "vibraphone",
            "vibes",
            "vib",
            "xylophone",
            "xylo",
            "glockenspiel",
            "glock",
            "kalimba",
            "mbira",
            "celesta",
            "steelpan",
            "bell",
            "chime",
            "crotale",
            "balafon",
            "gamelan",
            "handpan",
        ],
    ),
    (
        Family::Flute,
        &[
            "flute",
            "piccolo",
            "recorder",
            "panflute",
            "ocarina",
            "shakuhachi",
            "whistle",
            "ney",
            "bansuri",
            "flöte",
            "flöten",
            "floete",
            "querflöte",
            "querfloete",
            "blockflöte",
            "blockfloete",
            "panflöte",
            "panfloete",
            "panpipe",
            "pan pipe",
            "flûte",
            "flauto",
            "flauta",
        ],
    ),
    (
        Family::Vocal,
        &[
            "vocal", "voice", "vox", "choir", "chorale", "singer", "aah", "ooh", "vowel", "voix", "voz",
            "coro", "chœur", "choeur",
        ],
    ),
    (
        Family::String,
        &[
            "violin",
            "vln",
            "vn",
            "viola",
            "vla",
            "cello",
            "violoncello",
            "vcl",
            "vlc",
            "contrabass",
            "string",
            "strings",
            "strs",
            "fiddle",
            "erhu",
            "vc",
            "celli",
            "violoncelli",
            "violini",
            "violino",
            "violon",
            "violoncelle",
            "violonchelo",
            "geige",
            "geigen",
            "bratsche",
            "bratschen",
            "kontrabass",
            "kontrabässe",
            "contrebasse",
            "contrabbasso",
            "contrabajo",
            "streicher",
        ],
    ),
    (
        Family::Organ,
        &["organ", "hammond", "drawbar", "leslie", "harmonium", "orgel", "orgue", "organo", "órgano"],
    ),
    (Family::Bass, &["upright", "reese", "fretless", "double bass", "upright bass"]),
    (
        Family::Percussion,
        &[
            "percussion",
            "drum",
            "kick",
            "bd",
            "snare",
            "sd",
            "hihat",
            "hh",
            "hat",
            "tom",
            "cymbal",
            "crash",
            "clap",
            "rimshot",
            "shaker",
            "tambourine",
            "tamb",
            "cowbell",
            "conga",
            "bongo",
            "cabasa",
            "clave",
            "timpani",
            "woodblock",
            "gong",
            "maraca",
            "djembe",
            "taiko",
            "guiro",
            "snap",
            "schlagzeug",
            "pauke",
            "pauken",
            "batterie",
            "batteria",
            "tambour",
            "tambor",
        ],
    ),
];

const INSISTING: &[(Family, &[&str])] = &[
    (Family::Percussion, &["bass drum", "rim shot", "hi hat", "wood block", "drum kit", "finger snap"]),
    (Family::Mallet, &["steel drum", "steel pan", "music box", "tubular bell"]),
    (Family::Bass, &["bass guitar", "guitar bass", "synth bass", "bass synth", "bass pizz"]),
    (Family::String, &["string bass", "arco", "synth string"]),
    (
        Family::Reed,
        &[
            "english horn",
            "cor anglais",
            "mouth organ",
            "bass clarinet",
            "soprano sax",
            "alto sax",
            "basset horn",
            "corno inglese",
        ],
    ),
    (Family::Guitar, &["nylon string", "steel string", "guitar string"]),
    (Family::Keyboard, &["electric piano", "string piano", "key bass", "e piano"]),
    (Family::Flute, &["pan flute", "bass flute"]),
    (Family::Organ, &["pipe organ", "organ flute", "flute organ", "reed organ"]),
];
