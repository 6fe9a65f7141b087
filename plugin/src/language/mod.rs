//! A composer's language: what a drawing means before it resembles anything (the legend), what a drawing speaks of at
//! all, and the signs that were taught, each with its examples and its meaning.
//!
//! Plain data. `signs.rs` tells which sign a drawing is; `example.rs` makes examples of drawings, `file.rs` keeps a
//! language, `merge.rs` makes one of two, and `page.rs` prints it.

mod example;
mod file;
mod merge;
mod page;

use std::sync::Arc;

use neume_bank::{SoundId, Source, Weights};
use neume_models::legend::note_and_cents;
use neume_models::sketch::PAD_ASPECT;
use neume_models::{Families, Family, Legend, Reading, Sketch};
use serde::{Deserialize, Serialize};

use self::example::{example_of, is_same};
pub use self::merge::{Clash, Merged};
use crate::signs::sureness;
use crate::state::BankRef;

/// The legend, and the signs that go beyond it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Language {
    /// The composer's name for it.
    #[serde(deserialize_with = "file::shown_name")]
    pub name: String,
    /// Scale, palette and curves.
    pub legend: Legend,
    /// What drawings speak of.
    pub spoken: Spoken,
    /// In the order in which they were taught; names differ.
    #[serde(deserialize_with = "file::few_signs")]
    pub signs: Vec<Sign>,
    /// Drawings that resemble a sign and are none: the composer said so.
    #[serde(deserialize_with = "file::few_sketches")]
    pub plain: Vec<Arc<Sketch>>,
}

/// Which aspects a drawing speaks of. What it does not speak of is left to the sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // Named for the aspects.
pub struct Spoken {
    pub pitch: bool,
    pub loudness: bool,
    pub family: bool,
    pub brightness: bool,
    pub roughness: bool,
}

impl Default for Spoken {
    fn default() -> Spoken {
        Spoken { pitch: true, loudness: true, family: true, brightness: true, roughness: true }
    }
}

impl Spoken {
    /// In a line.
    fn words(self) -> String {
        let Spoken { pitch, loudness, family, brightness, roughness } = self;
        let aspects = [
            (pitch, "pitch"),
            (loudness, "loudness"),
            (family, "family"),
            (brightness, "bright"),
            (roughness, "rough"),
        ];
        let words: Vec<&str> = aspects.iter().filter(|(is_spoken, _)| *is_spoken).map(|(_, w)| *w).collect();
        if words.is_empty() { "nothing".to_string() } else { words.join(", ") }
    }
}

/// A drawing that means something because the composer said so.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sign {
    /// What it is called.
    #[serde(deserialize_with = "file::shown_name")]
    pub name: String,
    /// What it says.
    pub meaning: Meaning,
    /// Drawings of it, at least one.
    #[serde(deserialize_with = "file::few_sketches")]
    pub examples: Vec<Arc<Sketch>>,
}

/// What a sign says. What it leaves open is read by the legend.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meaning {
    /// A MIDI note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pitch_midi: Option<f32>,
    /// In dB of the legend, 0 for the loudest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loudness_db: Option<f32>,
    /// A timbre family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Family>,
    /// 0 dark to 1 bright.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brightness: Option<f32>,
    /// 0 round to 1 jagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roughness: Option<f32>,
    /// This sound and no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sound: Option<BoundSound>,
}

/// A sound that a sign stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoundSound {
    /// By content.
    pub sound: SoundId,
    /// The name of its instrument, where it may be played as several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
    /// By place.
    pub source: Source,
    /// Its bank.
    pub bank: BankRef,
    /// For the eye.
    pub name: String,
}

impl Language {
    /// Most signs of a language.
    pub const MAX_SIGNS: usize = 4096;
    /// Most examples of a sign, and most drawings that are none.
    pub const MAX_EXAMPLES: usize = 256;
    /// Longest name, in characters.
    pub const MAX_NAME_CHARS: usize = 80;

    /// The sign of this name.
    pub fn sign(&self, name: &str) -> Option<&Sign> {
        self.signs.iter().find(|sign| sign.name == name)
    }

    /// The sign of this name, to be changed.
    pub fn sign_mut(&mut self, name: &str) -> Option<&mut Sign> {
        self.signs.iter_mut().find(|sign| sign.name == name)
    }

    /// Teaches that this drawing is the sign of that name. A sign that is not there yet is made, and leaves everything to
    /// the legend. A drawing is an example of one sign at most: it is taken from any other, and what was said last holds. A
    /// sign that has no drawing left is forgotten ([`Language::forgotten_since`]).
    ///
    /// # Errors
    /// A drawing without ink, a name that is empty, too long or not to be shown, a language or a sign that is full.
    pub fn teach(&mut self, name: &str, drawing: Arc<Sketch>) -> Result<(), LanguageError> {
        let drawing = example_of(drawing)?;
        let name = name_of_a_sign(name)?;
        match self.sign(name) {
            Some(sign) if sign.examples.len() >= Language::MAX_EXAMPLES && !sign.has(&drawing) => {
                return Err(LanguageError::Full(name.to_string()));
            }
            None if self.signs.len() >= Language::MAX_SIGNS => {
                return Err(LanguageError::FullLanguage(name.to_string()));
            }
            _ => {}
        }
        self.forget(&drawing, Some(name));
        match self.sign_mut(name) {
            Some(sign) if sign.has(&drawing) => {}
            Some(sign) => sign.examples.push(drawing),
            None => {
                self.signs.push(Sign { name: name.to_string(), examples: vec![drawing], ..Sign::default() })
            }
        }
        Ok(())
    }

    /// Calls a sign by another name.
    ///
    /// # Errors
    /// A name that is empty, too long or not to be shown, or that of another sign.
    pub fn rename(&mut self, name: &str, to: &str) -> Result<(), LanguageError> {
        let to = name_of_a_sign(to)?;
        if to != name && self.sign(to).is_some() {
            return Err(LanguageError::Taken(to.to_string()));
        }
        if let Some(sign) = self.sign_mut(name) {
            sign.name = to.to_string();
        }
        Ok(())
    }

    /// Teaches that this drawing is no sign, whatever it resembles. A sign that has no drawing left is forgotten.
    ///
    /// # Errors
    /// A drawing without ink, a language that is full.
    pub fn teach_plain(&mut self, drawing: Arc<Sketch>) -> Result<(), LanguageError> {
        let drawing = example_of(drawing)?;
        if self.plain.len() >= Language::MAX_EXAMPLES
            && !self.plain.iter().any(|plain| is_same(plain, &drawing))
        {
            return Err(LanguageError::Full("drawings that are no sign".to_string()));
        }
        self.forget(&drawing, None);
        self.plain.push(drawing);
        Ok(())
    }

    /// Takes a drawing from every sign but the one of this name, and forgets the signs that had no other.
    fn forget(&mut self, drawing: &Arc<Sketch>, except: Option<&str>) {
        self.plain.retain(|plain| !is_same(plain, drawing));
        for sign in self.signs.iter_mut().filter(|sign| Some(sign.name.as_str()) != except) {
            sign.examples.retain(|example| !is_same(example, drawing));
        }
        self.signs.retain(|sign| !sign.examples.is_empty());
    }

    /// The names of the signs that were in `before` and are here no more.
    pub fn forgotten_since<'a>(&self, before: &'a Language) -> Vec<&'a str> {
        before.signs.iter().map(|sign| sign.name.as_str()).filter(|name| self.sign(name).is_none()).collect()
    }

    /// What a sign means, in at most two lines: its sound, and its aspects.
    pub fn words_of(&self, meaning: &Meaning) -> Vec<String> {
        if meaning.is_open() {
            return vec!["read by the legend".to_string()];
        }
        let mut words = Vec::new();
        words.extend(meaning.pitch_midi.map(note_and_cents));
        words.extend(meaning.loudness_db.map(|db| self.legend.dynamic(db).to_string()));
        words.extend(meaning.family.map(|family| family.label().to_string()));
        words.extend(meaning.brightness.map(|v| format!("bright {:.0}", v * 100.0)));
        words.extend(meaning.roughness.map(|v| format!("rough {:.0}", v * 100.0)));
        let sound = meaning.sound.as_ref().map(|bound| bound.name.clone());
        let aspects = (!words.is_empty()).then(|| words.join(" · "));
        sound.into_iter().chain(aspects).collect()
    }

    /// What counts in a match when drawings speak of some aspects only.
    pub fn weights(&self, weights: &Weights) -> Weights {
        let part = |is_spoken: bool, weight: f32| if is_spoken { weight } else { 0.0 };
        let Spoken { pitch, loudness, brightness, roughness, .. } = self.spoken;
        Weights {
            pitch: part(pitch, weights.pitch),
            loudness: part(loudness, weights.loudness),
            brightness: part(brightness, weights.brightness),
            roughness: part(roughness, weights.roughness),
            ..*weights
        }
    }

    /// Which aspects of a reading count, if the drawing is a sign that means this: those that drawings speak of, and the
    /// loudness and the family that a sign is bound to.
    pub fn used(&self, sign: Option<&Meaning>) -> Spoken {
        let binds = |is_bound: fn(&Meaning) -> bool| sign.is_some_and(is_bound);
        let loudness = self.spoken.loudness || binds(|meaning| meaning.loudness_db.is_some());
        let family = self.spoken.family || binds(|meaning| meaning.family.is_some());
        Spoken { loudness, family, ..self.spoken }
    }

    /// What a reading by the legend says in this language, if the drawing is a sign that means this, and resembles it
    /// by `similarity` 0..1.
    pub fn say(&self, mut reading: Reading, sign: Option<(&Meaning, f32)>) -> Reading {
        if !self.spoken.loudness {
            reading.loudness.db = UNSPOKEN_DB;
            reading.loudness.confidence = 1.0;
        }
        if !self.spoken.family {
            reading.timbre.family = None;
            reading.timbre.families = Families::EVEN;
            reading.timbre.confidence = 1.0;
        }
        if let Some((meaning, similarity)) = sign {
            meaning.say(&mut reading, &self.legend, similarity);
        }
        reading
    }
}

/// A drawing as large as fits on the pad, whatever its place: a sign is a shape. One with a picture in it stays.
pub fn framed(sketch: &Sketch) -> Sketch {
    /// Room around the ink, as a part of the pad.
    const ROOM: f32 = 0.16;
    /// Most that it is enlarged, so that a dot stays a dot.
    const MOST: f32 = 3.0;
    if sketch.raster.is_some() {
        return sketch.clone();
    }
    let thickest = sketch.strokes.iter().map(|stroke| stroke.width_norm).fold(0.0, f32::max);
    let points = || sketch.strokes.iter().flat_map(|stroke| &stroke.points);
    let bounds = |along: &dyn Fn(&neume_models::Point) -> f32| {
        points().map(along).fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)))
    };
    let (left, right) = bounds(&|p| p.x);
    let (bottom, top) = bounds(&|p| p.y);
    let wide = right - left + thickest / PAD_ASPECT;
    let high = top - bottom + thickest;
    let scale = ((1.0 - ROOM) / wide.max(high).max(1e-3)).min(MOST);
    let mut framed = sketch.clone();
    for stroke in &mut framed.strokes {
        stroke.width_norm = (stroke.width_norm * scale).min(1.0);
        for point in &mut stroke.points {
            point.x = 0.5 + (point.x - (left + right) / 2.0) * scale;
            point.y = 0.5 + (point.y - (bottom + top) / 2.0) * scale;
        }
    }
    framed
}

/// What a sign may be called: the name without spaces around it.
fn name_of_a_sign(name: &str) -> Result<&str, LanguageError> {
    let name = name.trim();
    let is_long = name.chars().count() > Language::MAX_NAME_CHARS;
    if name.is_empty() || is_long || name.chars().any(char::is_control) {
        return Err(LanguageError::Name(name.chars().take(Language::MAX_NAME_CHARS).collect()));
    }
    Ok(name)
}

/// The loudness, in dB, of drawings that do not speak of loudness.
const UNSPOKEN_DB: f32 = -12.0;

impl Sign {
    /// Whether this is one of its examples.
    fn has(&self, example: &Arc<Sketch>) -> bool {
        self.examples.iter().any(|known| is_same(known, example))
    }
}

impl Meaning {
    /// Whether the legend reads everything.
    pub fn is_open(&self) -> bool {
        *self == Meaning::default()
    }

    fn say(&self, reading: &mut Reading, legend: &Legend, similarity: f32) {
        let confidence = sureness(similarity);
        if let Some(midi) = self.pitch_midi {
            reading.pitch.midi = midi;
            reading.pitch.y_norm = legend.scale.y_of(midi);
            reading.pitch.confidence = confidence;
        }
        if let Some(db) = self.loudness_db {
            reading.loudness.db = db;
            reading.loudness.width_norm = legend.width_norm_of(db);
            reading.loudness.confidence = confidence;
        }
        if let Some(family) = self.family {
            reading.timbre.family = Some(family);
            reading.timbre.families = Families::only(family);
            reading.timbre.confidence = confidence;
        }
        reading.timbre.brightness = self.brightness.unwrap_or(reading.timbre.brightness);
        reading.timbre.roughness = self.roughness.unwrap_or(reading.timbre.roughness);
    }
}

/// Why something is not taught, or a file is no language.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // Each message says what its fields hold.
pub enum LanguageError {
    #[error("nothing is drawn: there is nothing to teach")]
    EmptyDrawing,
    #[error(
        "a sign needs a name of 1 to {most} characters that can be shown, not `{shown}`",
        most = Language::MAX_NAME_CHARS,
        shown = .0.escape_debug()
    )]
    Name(String),
    #[error("{0}: another sign is called so already")]
    Taken(String),
    #[error("{0}: there is no room for more; a language has {most} signs at most", most = Language::MAX_SIGNS)]
    FullLanguage(String),
    #[error("{0}: there is no room for more; {most} drawings are the most", most = Language::MAX_EXAMPLES)]
    Full(String),
    #[error("there would be {0} signs, and a language has {most} at most", most = Language::MAX_SIGNS)]
    TooMany(usize),
    #[error("the file would be larger than the {0} MiB that are opened again; nothing was written")]
    Large(u64),
    #[error("the language file is damaged: {0}")]
    Damaged(String),
    #[error("the language file is of version {found}; this Neume reads up to version {known}")]
    Future { found: u64, known: u32 },
    #[error("the page cannot be drawn: {0}")]
    Page(String),
}

#[cfg(test)]
mod tests {
    use neume_models::{Point, Rgb, Stroke};

    use super::*;

    /// A drawing that differs from that of every other number.
    pub(super) fn drawing(number: u32) -> Arc<Sketch> {
        let y = 0.1 + 0.00004 * number as f32;
        let points = [0.2, 0.8].map(|x| Point { x, y, secs: x }).to_vec();
        let stroke = Stroke { points, rgb: Rgb([20, 40, 200]), width_norm: 0.02 };
        Arc::new(Sketch { strokes: vec![stroke], raster: None })
    }

    /// A language with these signs, each of one example.
    pub(super) fn language(signs: &[(&str, u32, Meaning)]) -> Language {
        let mut language = Language { name: "Vespers".to_string(), ..Language::default() };
        for (name, number, meaning) in signs {
            language.teach(name, drawing(*number)).unwrap();
            language.sign_mut(name).unwrap().meaning = meaning.clone();
        }
        language
    }

    pub(super) fn pitched(midi: f32) -> Meaning {
        Meaning { pitch_midi: Some(midi), ..Meaning::default() }
    }

    #[test]
    fn a_drawing_is_an_example_of_one_sign_and_what_was_said_last_holds() {
        let mut language = language(&[("bell", 1, Meaning::default()), ("wind", 2, Meaning::default())]);
        language.teach("bell", drawing(3)).unwrap();
        language.teach("bell", drawing(3)).unwrap();
        assert_eq!(language.sign("bell").unwrap().examples, [drawing(1), drawing(3)]);
        language.teach("wind", drawing(3)).unwrap();
        assert_eq!(language.sign("bell").unwrap().examples, [drawing(1)]);
        language.teach_plain(drawing(3)).unwrap();
        assert_eq!(language.sign("wind").unwrap().examples, [drawing(2)]);
        let before = language.clone();
        language.teach_plain(drawing(2)).unwrap();
        assert_eq!(language.sign("wind"), None, "its only drawing is none");
        assert_eq!(language.forgotten_since(&before), ["wind"]);
        language.teach("bell", drawing(2)).unwrap();
        assert!(!language.plain.contains(&drawing(2)));
        assert_eq!(language.sign("bell").unwrap().examples, [drawing(1), drawing(2)]);
        language.teach("gong", drawing(1)).unwrap();
        language.teach("gong", drawing(2)).unwrap();
        let names: Vec<&str> = language.signs.iter().map(|sign| sign.name.as_str()).collect();
        assert_eq!(names, ["gong"], "the last drawing of bell went over too");
        language.check().unwrap();
    }

    #[test]
    fn a_sign_gets_another_name_but_not_that_of_another_sign() {
        let mut language = language(&[("bell", 1, pitched(60.0)), ("wind", 2, Meaning::default())]);
        language.rename("bell", " gong ").unwrap();
        assert_eq!(language.sign("bell"), None);
        let gong = language.sign("gong").unwrap();
        assert_eq!((&gong.meaning, gong.examples.as_slice()), (&pitched(60.0), &[drawing(1)][..]));
        language.rename("gong", "gong").unwrap();
        let before = language.clone();
        let taken = language.rename("gong", "wind").unwrap_err();
        assert!(taken.to_string().starts_with("wind: "), "{taken}");
        assert!(matches!(language.rename("gong", " "), Err(LanguageError::Name(_))));
        assert!(matches!(language.rename("gong", &"x".repeat(81)), Err(LanguageError::Name(_))));
        assert_eq!(language, before);
    }

    #[test]
    fn what_cannot_be_taught_is_refused_and_changes_nothing() {
        let mut language = language(&[("bell", 1, Meaning::default())]);
        let before = language.clone();
        assert_eq!(language.teach("bell", Arc::default()), Err(LanguageError::EmptyDrawing));
        assert!(matches!(language.teach("  ", drawing(2)), Err(LanguageError::Name(_))));
        assert!(matches!(language.teach(&"x".repeat(81), drawing(2)), Err(LanguageError::Name(_))));
        let hidden = language.teach("bell\u{1b}[2J", drawing(2)).unwrap_err().to_string();
        assert!(hidden.contains("bell") && !hidden.contains('\u{1b}'), "{hidden}");
        assert_eq!(language, before);
        for number in 2..=Language::MAX_EXAMPLES as u32 {
            language.teach("bell", drawing(number)).unwrap();
        }
        let full = |refused: Result<(), LanguageError>| refused.unwrap_err().to_string();
        let most = "there is no room for more; 256 drawings are the most";
        assert_eq!(full(language.teach("bell", drawing(999))), format!("bell: {most}"));
        language.plain = (1000..1256).map(drawing).collect();
        assert_eq!(full(language.teach_plain(drawing(999))), format!("drawings that are no sign: {most}"));
        let sign = |number: usize| Sign {
            name: number.to_string(),
            examples: vec![drawing(2000 + number as u32)],
            ..Sign::default()
        };
        language.signs = (0..Language::MAX_SIGNS).map(sign).collect();
        let told = full(language.teach("gong", drawing(999)));
        assert_eq!(told, "gong: there is no room for more; a language has 4096 signs at most");
    }
}
