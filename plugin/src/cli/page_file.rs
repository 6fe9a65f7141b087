//! Pages as files: SVG or PNG by the ending of the name.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use neume::editor::theme::Theme;
use neume::{disk, page};

/// Pixels of a PNG for each unit of its page.
const SCALE: f32 = 2.0;

/// Where a page goes, and how it looks.
#[derive(Debug, Args)]
pub struct PageFile {
    /// The page.
    #[arg(long, value_name = "PAGE.png|PAGE.svg")]
    out: PathBuf,
    /// Chalk on slate instead of ink on paper.
    #[arg(long)]
    dark: bool,
}

impl PageFile {
    /// Says before any work whether the page can be written as its name asks for.
    ///
    /// # Errors
    /// A name that ends otherwise.
    pub fn check(&self) -> Result<()> {
        format_of(&self.out).map(|_| ())
    }

    /// Its colours.
    pub fn theme(&self) -> Theme {
        if self.dark { Theme::Dark } else { Theme::Light }
    }

    /// Writes it. What it is called, for the eye.
    ///
    /// # Errors
    /// As [`write`].
    pub fn write(&self, svg: String) -> Result<String> {
        write(&self.out, svg)?;
        Ok(self.out.display().to_string())
    }
}

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
