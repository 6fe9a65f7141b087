//! The file of a language: versioned JSON, read with care.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use neume_models::Sketch;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Language, LanguageError, Sign};

/// The format that is written.
const VERSION: u32 = 1;
const KIND: &str = "neume language";
/// Longest name of a language that is read: some were called as their files are.
const MAX_LANGUAGE_NAME_CHARS: usize = 255;

#[derive(Serialize)]
struct Written<'a> {
    kind: &'static str,
    version: u32,
    language: &'a Language,
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    version: u64,
}

#[derive(Deserialize)]
struct Body {
    language: Language,
}

impl Language {
    /// Largest file that is read, in bytes.
    pub const MAX_FILE_BYTES: u64 = 256 << 20;
    /// What the files' names end in.
    pub const EXTENSION: &str = "neumes";

    /// The language as the bytes of a file.
    ///
    /// # Errors
    /// [`LanguageError::Large`] for more than [`Language::MAX_FILE_BYTES`], and [`LanguageError::Damaged`] if a picture
    /// cannot be written as a PNG.
    pub fn to_file(&self) -> Result<Vec<u8>, LanguageError> {
        self.to_file_within(Language::MAX_FILE_BYTES)
    }

    fn to_file_within(&self, limit_bytes: u64) -> Result<Vec<u8>, LanguageError> {
        let written = Written { kind: KIND, version: VERSION, language: self };
        let mut file = Room { bytes: Vec::new(), limit_bytes, is_full: false };
        match serde_json::to_writer(&mut file, &written) {
            Ok(()) => Ok(file.bytes),
            Err(_) if file.is_full => Err(LanguageError::Large(limit_bytes >> 20)),
            Err(cause) => Err(LanguageError::Damaged(cause.to_string())),
        }
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`LanguageError::Damaged`] for what is no language, and [`LanguageError::Future`] for one of a version that is not
    /// known yet.
    pub fn from_file(file: &[u8]) -> Result<Language, LanguageError> {
        // Some editors put a mark before what they save.
        let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
        let damaged = |cause: serde_json::Error| LanguageError::Damaged(cause.to_string());
        let head: Head = serde_json::from_slice(file).map_err(damaged)?;
        if head.kind != KIND {
            return Err(LanguageError::Damaged(format!("it holds a `{}`, not a `{KIND}`", head.kind)));
        }
        if head.version > u64::from(VERSION) {
            return Err(LanguageError::Future { found: head.version, known: VERSION });
        }
        let body: Body = serde_json::from_slice(file).map_err(damaged)?;
        body.language.check()?;
        Ok(body.language)
    }

    /// Checks a language that comes from a file or a saved state.
    ///
    /// # Errors
    /// [`LanguageError::Damaged`] names what is wrong.
    pub fn check(&self) -> Result<(), LanguageError> {
        let wrong = |what: String| Err(LanguageError::Damaged(what));
        if self.name.chars().count() > MAX_LANGUAGE_NAME_CHARS {
            return wrong(format!("its name has more than {MAX_LANGUAGE_NAME_CHARS} characters"));
        }
        let mut names = std::collections::HashSet::new();
        for sign in &self.signs {
            let name = sign.name.trim();
            if name.is_empty() || name.chars().count() > Language::MAX_NAME_CHARS {
                return wrong(format!("a sign has the name `{:.80}`", sign.name));
            }
            if !names.insert(&sign.name) {
                return wrong(format!("there are two signs of the name `{}`", sign.name));
            }
            if sign.examples.is_empty() {
                return wrong(format!("the sign `{}` has no example", sign.name));
            }
            let meaning = &sign.meaning;
            let is_in = |value: Option<f32>, low: f32, high: f32| {
                value.is_none_or(|value| (low..=high).contains(&value))
            };
            let fits = is_in(meaning.pitch_midi, -24.0, 151.0)
                && is_in(meaning.loudness_db, -144.0, 24.0)
                && is_in(meaning.brightness, 0.0, 1.0)
                && is_in(meaning.roughness, 0.0, 1.0);
            if !fits {
                return wrong(format!("the sign `{}` means something out of every range", sign.name));
            }
        }
        let [thin, thick] = self.legend.width_norm;
        let [soft, loud] = self.legend.loudness_db;
        if !(thin > 0.0 && thick > thin && thick <= 1.0 && loud > soft && (soft - loud).is_finite()) {
            return wrong("the curve from thickness to loudness does not rise".to_string());
        }
        let sketches = self.signs.iter().flat_map(|sign| &sign.examples).chain(&self.plain);
        for sketch in sketches {
            sketch.check().or_else(|cause| wrong(cause.to_string()))?;
        }
        Ok(())
    }
}

/// Bytes that are written as far as there is room.
struct Room {
    bytes: Vec<u8>,
    limit_bytes: u64,
    is_full: bool,
}

impl io::Write for Room {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.is_full |= (self.bytes.len() + more.len()) as u64 > self.limit_bytes;
        if self.is_full {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A name without what cannot be shown: older languages took it.
pub(super) fn shown_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    Ok(name.chars().filter(|c| !c.is_control()).collect())
}

/// At most [`Language::MAX_SIGNS`] signs.
pub(super) fn few_signs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Sign>, D::Error> {
    few(deserializer, Language::MAX_SIGNS, "signs")
}

/// At most [`Language::MAX_EXAMPLES`] drawings.
pub(super) fn few_sketches<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Arc<Sketch>>, D::Error> {
    few(deserializer, Language::MAX_EXAMPLES, "drawings")
}

/// A list that ends in an error as soon as it is too long, however long it is.
fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    most: usize,
    what: &'static str,
) -> Result<Vec<T>, D::Error> {
    struct Few<T>(usize, &'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Few<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {} {}", self.0, self.1)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut taken = Vec::new();
            while let Some(next) = list.next_element()? {
                if taken.len() == self.0 {
                    let (most, what) = (self.0, self.1);
                    return Err(serde::de::Error::custom(format!("more than {most} {what}")));
                }
                taken.push(next);
            }
            Ok(taken)
        }
    }
    deserializer.deserialize_seq(Few(most, what, PhantomData))
}

#[cfg(test)]
mod tests {
    use super::super::Meaning;
    use super::super::tests::{drawing, language};
    use super::*;
    use crate::state::InstanceState;
    use neume_models::RasterLayer;
    use proptest::prelude::*;

    /// What stands in the place of a stretch of bytes: other bytes, or pieces of JSON that lie.
    fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
        let lies =
            ["null", "-1", "1e999", "[]", "{}", "\"\"", "NaN", "18446744073709551616", ",", "]", "9e-46"];
        let lie = prop::sample::select(lies.to_vec()).prop_map(|lie| lie.as_bytes().to_vec());
        let bytes = prop::collection::vec(any::<u8>(), 0..4);
        (any::<prop::sample::Index>(), 0usize..6, prop_oneof![lie, bytes])
    }

    fn edited(mut file: Vec<u8>, edits: Vec<(prop::sample::Index, usize, Vec<u8>)>) -> Vec<u8> {
        for (at, length, with) in edits {
            let at = at.index(file.len());
            file.splice(at..(at + length).min(file.len()), with);
            file.push(b' ');
        }
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_language_with_bytes_changed_is_a_language_or_an_error(edits in prop::collection::vec(edit(), 1..5)) {
            let meaning = Meaning { pitch_midi: Some(61.5), roughness: Some(0.25), ..Meaning::default() };
            let file = language(&[("temple bell", 1, meaning)]).to_file().unwrap();
            if let Ok(read) = Language::from_file(&edited(file, edits)) {
                prop_assert!(read.check().is_ok());
                prop_assert!(Language::from_file(&read.to_file().unwrap()).is_ok());
            }
        }

        #[test]
        fn a_state_with_bytes_changed_is_a_state_or_an_error(edits in prop::collection::vec(edit(), 1..5)) {
            let file = serde_json::to_vec(&InstanceState::first().to_value()).unwrap();
            if let Ok(value) = serde_json::from_slice(&edited(file, edits))
                && let Ok(state) = InstanceState::from_value(value)
            {
                prop_assert!(state.slots.len() == crate::handoff::SLOTS);
                prop_assert!(InstanceState::from_value(state.to_value()).is_ok());
            }
        }
    }

    #[test]
    fn a_language_comes_back_from_its_file() {
        let meaning = Meaning { pitch_midi: Some(61.5), roughness: Some(0.25), ..Meaning::default() };
        let mut language = language(&[("temple bell", 1, meaning), ("wind", 2, Meaning::default())]);
        language.teach_plain(drawing(3)).unwrap();
        language.legend.scale = "69-80".parse().unwrap();
        language.spoken.family = false;
        let file = language.to_file().unwrap();
        assert_eq!(Language::from_file(&file).unwrap(), language);
        let marked = [&b"\xEF\xBB\xBF"[..], &file].concat();
        assert_eq!(Language::from_file(&marked).unwrap(), language, "behind a byte order mark");
    }

    #[test]
    fn what_would_not_be_opened_again_is_not_written() {
        let language = language(&[("bell", 1, Meaning::default())]);
        let file = language.to_file().unwrap();
        assert_eq!(language.to_file_within(file.len() as u64).unwrap(), file);
        let refused = language.to_file_within(file.len() as u64 - 1).unwrap_err();
        assert!(matches!(refused, LanguageError::Large(_)), "{refused}");
        assert!(LanguageError::Large(256).to_string().contains("256 MiB"));
    }

    #[test]
    fn names_are_read_without_what_cannot_be_shown() {
        let mut language = language(&[("bell", 1, Meaning::default())]);
        language.signs[0].name = "bell\u{1b}[2J\u{0}\n".to_string();
        let read = Language::from_file(&language.to_file().unwrap()).unwrap();
        assert_eq!(read.signs[0].name, "bell[2J");
        language.signs[0].name = "\u{1b}".to_string();
        assert!(Language::from_file(&language.to_file().unwrap()).is_err(), "nothing is left of it");
    }

    #[test]
    fn a_file_that_ends_anywhere_too_early_is_refused() {
        let meaning = Meaning { pitch_midi: Some(61.5), ..Meaning::default() };
        let mut language = language(&[("temple bell ♪", 1, meaning)]);
        let layer = RasterLayer { width_px: 2, height_px: 1, rgba: vec![9; 8].into() };
        let picture = Sketch { strokes: Vec::new(), raster: Some(layer) };
        language.plain.push(Arc::new(picture));
        let file = language.to_file().unwrap();
        assert_eq!(Language::from_file(&file).unwrap(), language);
        for length in 0..file.len() {
            let refused = Language::from_file(&file[..length]);
            assert!(matches!(refused, Err(LanguageError::Damaged(_))), "{length} bytes: {refused:?}");
        }
    }

    #[test]
    fn what_is_more_than_a_language_holds_is_refused_before_it_takes_memory() {
        let with = |inside: &str| format!("{{\"kind\":\"{KIND}\",\"version\":1,\"language\":{{{inside}}}}}");
        let long = "x".repeat(10 << 20);
        let point = "{\"x\":0.5,\"y\":0.5,\"secs\":0}";
        let sketch = format!("{{\"strokes\":[{{\"points\":[{point}],\"rgb\":[0,0,0],\"width_norm\":0.1}}]}}");
        let signs = |count: usize| {
            let sign = |i: usize| format!("{{\"name\":\"{i}\",\"examples\":[{sketch}]}}");
            with(&format!("\"signs\":[{}]", (0..count).map(sign).collect::<Vec<_>>().join(",")))
        };
        let many = vec![sketch.as_str(); Language::MAX_EXAMPLES + 1].join(",");
        let deep = "[".repeat(1 << 20);
        assert_eq!(Language::from_file(signs(Language::MAX_SIGNS).as_bytes()).unwrap().signs.len(), 4096);
        let refused = [
            (signs(Language::MAX_SIGNS + 1), "more than 4096 signs"),
            (with(&format!("\"plain\":[{many}]")), "more than 256 drawings"),
            (
                with(&format!("\"signs\":[{{\"name\":\"a\",\"examples\":[{many}]}}]")),
                "more than 256 drawings",
            ),
            (with(&format!("\"name\":\"{long}\"")), "its name has more than 255 characters"),
            (
                with(&format!("\"signs\":[{{\"name\":\"{long}\",\"examples\":[{sketch}]}}]")),
                "a sign has the name",
            ),
            (with(&format!("\"name\":{deep}")), "expected value"),
            (with(&format!("\"unknown\":{deep}")), "expected value"),
            (with(&format!("\"signs\":{deep}")), "expected value"),
            (with(&format!("\"signs\":{deep}{}", "]".repeat(1 << 20))), "invalid type: sequence"),
            (deep, "invalid type: sequence"),
        ];
        for (text, part) in refused {
            let Err(LanguageError::Damaged(cause)) = Language::from_file(text.as_bytes()) else {
                panic!("{text:.60} was taken")
            };
            assert!(cause.contains(part) && cause.len() < 200, "{part}: {cause:.300}");
        }
    }

    #[test]
    fn a_file_that_is_no_language_is_refused_with_its_cause() {
        let meaning = Meaning { pitch_midi: Some(60.0), ..Meaning::default() };
        let one = language(&[("bell", 1, meaning), ("wind", 2, Meaning::default())]);
        let file = String::from_utf8(one.to_file().unwrap()).unwrap();
        let future = file.replace("\"version\":1", "\"version\":9");
        assert_eq!(Language::from_file(future.as_bytes()), Err(LanguageError::Future { found: 9, known: 1 }));
        let many = format!("[{}]", vec!["{\"name\":\"a\"}"; 1_000_000].join(","));
        let damaged = [
            (String::new(), "EOF"),
            ("garbage".to_string(), "expected"),
            (file[..file.len() / 2].to_string(), "EOF"),
            (file.replace(KIND, "neume sketch"), "neume sketch"),
            (file.replace("\"wind\"", "\"bell\""), "two signs"),
            (file.replace("\"wind\"", "\" \""), "name"),
            (file.replace("60.0", "9000.0"), "range"),
            (file.replace("0.02", "-3.0"), "width"),
            (file.replace("[0.0025,0.075]", "[0.1,0.01]"), "curve"),
            (format!("{{\"kind\":\"{KIND}\",\"version\":1,\"language\":{{\"signs\":{many}}}}}"), "4096"),
            (format!("{{\"kind\":\"{KIND}\",\"version\":1,\"language\":{}", "[".repeat(200_000)), "EOF"),
        ];
        for (text, part) in damaged {
            let Err(LanguageError::Damaged(cause)) = Language::from_file(text.as_bytes()) else {
                panic!("{text:.60} was taken")
            };
            assert!(cause.contains(part), "{part}: {cause}");
        }
    }
}
