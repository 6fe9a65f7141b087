//! Arguments that several commands take, and the files that they name.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use neume_models::{Legend, RasterLayer, Scale, Sketch};

/// By what a drawing is read.
#[derive(Debug, Clone, Args)]
pub struct Reader {
    /// The lowest and the highest row of the drawing, as MIDI notes.
    #[arg(long, value_name = "LOW-HIGH", default_value_t = Scale::DEFAULT, allow_hyphen_values = true)]
    pub scale: Scale,
}

impl Reader {
    /// The legend with this scale.
    pub fn legend(&self) -> Legend {
        Legend { scale: self.scale, ..Legend::default() }
    }
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
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).with_context(named)?;
    file.take(MAX_SKETCH_BYTES + 1).read_to_end(&mut bytes).with_context(named)?;
    ensure!(
        bytes.len() as u64 <= MAX_SKETCH_BYTES,
        "{}: a drawing of more than {} MiB is over the limit",
        path.display(),
        MAX_SKETCH_BYTES >> 20
    );
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("neume")) {
        Sketch::from_file(&bytes).with_context(named)
    } else {
        let raster = Some(RasterLayer::decode(&bytes).with_context(named)?);
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
