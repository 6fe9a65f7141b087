//! Arguments that several commands take, and the files that they name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use neume::disk;
use neume::language::{Language, Meaning};
use neume::library::Library;
use neume::picture;
use neume::signs::{Likeness, Shape, Signs};
use neume_models::{Family, Reading, Scale, Sketch};

use super::sign::practised;

/// By what a drawing is read.
#[derive(Debug, Clone, Args)]
pub struct Reader {
    /// The lowest and the highest row of the drawing, as MIDI notes [default: 36-83, or that of the language].
    #[arg(long, value_name = "LOW-HIGH", allow_hyphen_values = true)]
    scale: Option<Scale>,
    /// The language of the drawing: its legend and its signs.
    #[arg(long, value_name = "LANGUAGE.neumes")]
    language: Option<PathBuf>,
}

impl Reader {
    /// What reads drawings so.
    ///
    /// # Errors
    /// Names the language's file and the cause.
    pub fn open(&self, library: Arc<Library>) -> Result<Speaker> {
        let mut language = match &self.language {
            Some(path) => open_language(path)?,
            None => Language::default(),
        };
        language.legend.scale = self.scale.unwrap_or(language.legend.scale);
        let (signs, failed) = practised(&language, &library);
        failed.into_iter().for_each(super::say);
        Ok(Speaker { language, signs, library })
    }
}

/// A family by its name.
///
/// # Errors
/// Lists the names that there are.
pub fn family(text: &str) -> Result<Family> {
    let names = || Family::ALL.map(Family::id).join(", ");
    Family::from_id(text).with_context(|| format!("it is none of {}", names()))
}

/// A language, and the networks that understand it.
pub struct Speaker {
    /// What drawings mean.
    pub language: Language,
    signs: Signs,
    library: Arc<Library>,
}

impl Speaker {
    /// What reads drawings by the usual legend.
    pub fn usual(library: Arc<Library>) -> Speaker {
        Speaker { language: Language::default(), signs: Signs::default(), library }
    }

    /// What a drawing says, and the sign that it is.
    ///
    /// # Errors
    /// A drawing without ink.
    pub fn read(&self, sketch: &Sketch) -> Result<(Reading, Option<Likeness>)> {
        let reading = self.library.read(sketch, &self.language.legend)?;
        if self.signs.is_empty() {
            return Ok((self.language.say(reading, None), None));
        }
        let recognised = self.signs.look_closely(&mut Shape::of(sketch, &self.library)?, &self.library);
        let sign = recognised.sign().cloned();
        let meaning = sign.as_ref().and_then(|sign| Some((self.meaning(sign)?, sign.similarity)));
        Ok((self.language.say(reading, meaning), sign))
    }

    /// What a sign of this language means.
    pub fn meaning(&self, sign: &Likeness) -> Option<&Meaning> {
        self.language.sign(&sign.name).map(|sign| &sign.meaning)
    }
}

/// Opens the file of a language.
///
/// # Errors
/// Names the file and the cause.
pub fn open_language(path: &Path) -> Result<Language> {
    let bytes = disk::read(path, Language::MAX_FILE_BYTES).map_err(anyhow::Error::msg)?;
    Language::from_file(&bytes).with_context(|| path.display().to_string())
}

/// Keys of a chord, as they are written: `60,64,67`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(pub Vec<u8>);

impl std::str::FromStr for Keys {
    type Err = String;

    fn from_str(text: &str) -> Result<Keys, String> {
        let key = |part: &str| match part.trim().parse::<u8>() {
            Ok(key) if key <= 127 => Ok(key),
            _ => Err(format!("`{}` is not a MIDI note of 0 to 127", part.trim())),
        };
        text.split(',').map(key).collect::<Result<_, _>>().map(Keys)
    }
}

/// Largest drawing file that is opened, in bytes.
const MAX_SKETCH_BYTES: u64 = 64 << 20;

/// Opens a drawing: a `.neume` file, or a picture of any other name.
///
/// # Errors
/// Names the file and the cause.
pub fn open_sketch(path: &Path) -> Result<Sketch> {
    let named = || path.display().to_string();
    let bytes = disk::read(path, MAX_SKETCH_BYTES).map_err(anyhow::Error::msg)?;
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("neume")) {
        Sketch::from_file(&bytes).with_context(named)
    } else {
        let raster = Some(picture::decode(&bytes).map_err(anyhow::Error::msg).with_context(named)?);
        Ok(Sketch { raster, ..Sketch::default() })
    }
}

/// The folder, if it is one that can be listed.
///
/// # Errors
/// Names the folder and the cause.
pub fn open_folder(path: &Path) -> Result<PathBuf> {
    std::fs::read_dir(path).with_context(|| path.display().to_string())?;
    Ok(path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_numbers_between_commas() {
        assert_eq!("60, 64,67".parse(), Ok(Keys(vec![60, 64, 67])));
        for text in ["", "60,", "128", "-1", "C4", "60.5", "NaN"] {
            assert!(text.parse::<Keys>().is_err(), "{text}");
        }
    }
}
