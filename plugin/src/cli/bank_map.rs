//! `neume bank map`: a bank in two dimensions, on a page to hang up.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use neume_bank::Map;
use neume_models::Family;
use serde::Serialize;

use super::banks;
use super::map_page::Scene;
use super::page_file::PageFile;
use super::report::{emit, file_of};

/// See [`super::banks::Arguments::Map`].
#[derive(Debug, Args)]
pub struct Arguments {
    /// The folder of sounds; without one, the factory bank.
    folder: Option<PathBuf>,
    #[command(flatten)]
    page: PageFile,
}

#[derive(Serialize)]
struct Report {
    out: String,
    sounds: Vec<PlaceReport>,
    /// Sounds that placed each other; of a larger bank, the others lie with those that they are most like.
    landmarks: usize,
    /// `None` for a few sounds.
    quality: Option<QualityReport>,
}

#[derive(Serialize)]
struct PlaceReport {
    file: String,
    x: f32,
    y: f32,
    family: Family,
}

#[derive(Serialize)]
struct QualityReport {
    trustworthiness: f32,
    of_principal_axes: f32,
    of_one_family: f32,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    arguments.page.check()?;
    let (bank, _) = banks::open(arguments.folder.as_deref())?;
    let named = || bank.folder.as_ref().map_or(bank.name.clone(), |folder| folder.display().to_string());
    ensure!(!bank.sounds.is_empty(), "{}: the bank has no sounds", named());
    let map = Map::of(&bank).with_context(named)?;
    let out = arguments.page.write(Scene::new(&bank, &map, arguments.page.theme()).draw())?;
    let places = bank.sounds.iter().zip(&map.places).map(|(sound, &[x, y])| PlaceReport {
        file: file_of(sound),
        x,
        y,
        family: sound.profile.families.best().0,
    });
    let mut sounds: Vec<PlaceReport> = places.collect();
    sounds.sort_by(|a, b| a.file.cmp(&b.file));
    let quality = map.quality(&bank).map(|quality| QualityReport {
        trustworthiness: quality.trustworthiness,
        of_principal_axes: quality.of_principal_axes,
        of_one_family: quality.of_one_family,
    });
    let report = Report { out, sounds, landmarks: map.landmarks, quality };
    emit(json, &report, || text(&report))?;
    Ok(ExitCode::SUCCESS)
}

fn text(report: &Report) -> String {
    let mut text = format!("{}\n  sounds     {}\n", report.out, report.sounds.len());
    if report.landmarks < report.sounds.len() {
        text +=
            &format!("  landmarks  {}, every other sound beside those it is most like\n", report.landmarks);
    }
    if let Some(quality) = &report.quality {
        text += &format!(
            "  trust      {:.3} of the ten nearest, {:.3} by the principal axes alone\n  family     {:.0} % of the ten nearest are of the same\n",
            quality.trustworthiness,
            quality.of_principal_axes,
            100.0 * quality.of_one_family
        );
    }
    text
}
