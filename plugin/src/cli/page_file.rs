//! Pages as files: SVG or PNG by the ending of the name.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use neume::{disk, page};

/// Pixels of a PNG for each unit of its page.
const SCALE: f32 = 2.0;

/// What a page is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As it is written.
    Svg,
    /// Drawn.
    Png,
}

/// The format that a file's name asks for.
///
/// # Errors
/// A name that ends otherwise.
pub fn format_of(out: &Path) -> Result<Format> {
    let ending = out.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => bail!("{}: a page ends in .svg or .png", out.display()),
    }
}

/// Writes a page whole or not at all.
///
/// # Errors
/// Names the file and the cause.
pub fn write(out: &Path, svg: String) -> Result<()> {
    let bytes = match format_of(out)? {
        Format::Svg => svg.into_bytes(),
        Format::Png => page::png_of(&svg, SCALE)
            .map_err(anyhow::Error::msg)
            .with_context(|| out.display().to_string())?,
    };
    disk::replace(out, &bytes).map_err(anyhow::Error::msg)
}
