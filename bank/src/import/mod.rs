//! Files of samplers and tables of data sets: which sounds they name, and how these are to be played. What cannot be
//! honoured is counted by name.
//!
//! All of them are untrusted: an importer names sounds that the scan has found, and can name no other file.

mod decent;
pub(crate) mod files;
pub(crate) mod generators;
mod modulators;
pub(crate) mod sf2;
pub(crate) mod sfz;
pub(crate) mod sfz_controllers;
pub(crate) mod sfz_modulation;
pub(crate) mod sfz_sources;
mod sfz_text;
mod tables;
mod xml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use files::Files;

use serde::{Deserialize, Serialize};

use crate::{Instrument, Manner, SoundId, path_text};

/// What an importer found in a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Imported {
    /// Recordings that lie inside of the file.
    pub members: Vec<Member>,
    pub instruments: Vec<ToldInstrument>,
    /// What it says of sound files.
    pub labels: Vec<Label>,
    /// Features that are left out, each with how often it was asked for.
    pub not_honoured: BTreeMap<String, u64>,
    /// Parts of it that are no sound, by name, with the cause.
    pub failed: Vec<(String, String)>,
    /// Files of which it is made; those are no presets themselves.
    #[serde(skip)]
    pub includes: BTreeSet<PathBuf>,
}

impl Imported {
    /// Counts something that is left out.
    pub fn leave_out(&mut self, what: impl Into<String>, count: u64) {
        if count > 0 {
            *self.not_honoured.entry(what.into()).or_default() += count;
        }
    }
}

/// A recording inside of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// As in [`crate::Source::Member`].
    pub member: String,
    /// For the eye.
    pub name: String,
    /// Words that may say its family: the instruments that it belongs to.
    pub context: String,
    /// Whether it is struck rather than tuned.
    pub is_drum: bool,
    /// Its content, once it was listened to.
    pub sound: Option<SoundId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToldInstrument {
    pub name: String,
    pub zones: Vec<ToldZone>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToldZone {
    pub place: Place,
    pub keys: (u8, u8),
    pub velocities: (u8, u8),
    /// The key at which it sounds as recorded; `None` for what the sound itself says.
    pub root_midi: Option<f32>,
    /// Whether that key is written, so that it says something of the sound itself.
    #[serde(default)]
    pub tells_root: bool,
    #[serde(default, skip_serializing_if = "Manner::is_plain")]
    pub manner: Manner,
}

/// Where a zone's sound lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// A file, relative to the bank's folder.
    File(#[serde(with = "path_text")] PathBuf),
    /// A member of the file that tells of it.
    Member(String),
}

/// What a table says of a sound file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Label {
    #[serde(with = "path_text")]
    pub file: PathBuf,
    pub root_midi: Option<u8>,
    pub family: Option<neume_models::Family>,
    pub velocity: Option<u8>,
    pub group: Option<String>,
    pub class: Option<String>,
}

/// Whether a preset holds its sounds itself.
pub(crate) fn is_container(path: &Path) -> bool {
    matches!(extension(path).as_str(), "sf2" | "sf3")
}

/// Reads a preset or a table that names sound files.
///
/// # Errors
/// Says why it cannot be read.
pub(crate) fn read(path: &Path, files: &Files) -> Result<Imported, String> {
    let imported = match extension(path).as_str() {
        "sfz" => sfz::import(path, files),
        "dspreset" => decent::import(path, files),
        "json" => tables::nsynth(path, files),
        "csv" => tables::esc50(path, files),
        _ => Err("the file is of no kind that Neume reads".to_string()),
    }?;
    Ok(Imported { failed: summed_up(imported.failed), ..imported })
}

/// Of parts that fail for one cause, a few by their names; of more the first, and how many others there are.
fn summed_up(failed: Vec<(String, String)>) -> Vec<(String, String)> {
    const NAMED: usize = 3;
    let mut by_cause: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (name, cause) in failed {
        let kind = name.split(' ').next().unwrap_or_default().to_string();
        by_cause.entry((kind, cause)).or_default().insert(name);
    }
    let told = by_cause.into_iter().flat_map(|((_, cause), names)| {
        let others = names.len() - 1;
        let first = names.first().map(|first| format!("{first} and {others} others"));
        let told: Vec<String> =
            if names.len() > NAMED { first.into_iter().collect() } else { names.into_iter().collect() };
        told.into_iter().map(move |name| (name, cause.clone()))
    });
    told.collect()
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// Gives an instrument all of whose zones sound when keys are let go to the keys that are struck.
pub(crate) fn strike_if_all_wait(zones: &mut [ToldZone]) {
    if zones.iter().all(|zone| zone.manner.on_release.is_some()) {
        zones.iter_mut().for_each(|zone| zone.manner.on_release = None);
    }
}

/// Takes out zones that would sound only together with as many earlier ones as a note plays. Gives how many there were.
pub(crate) fn take_out_layers(zones: &mut Vec<ToldZone>) -> u64 {
    let before = zones.len();
    let mut kept: Vec<ToldZone> = Vec::with_capacity(before);
    for zone in zones.drain(..) {
        // Layers lie over each other in the order of their files, so only the last zones need comparing in large ones.
        let over = kept.iter().rev().take(MOST_COMPARED).filter(|earlier| covers(earlier, &zone));
        if over.take(Instrument::MOST_LAYERS).count() < Instrument::MOST_LAYERS {
            kept.push(zone);
        }
    }
    *zones = kept;
    (before - zones.len()) as u64
}

const MOST_COMPARED: usize = 4096;

fn covers(earlier: &ToldZone, later: &ToldZone) -> bool {
    let spans = |a: (u8, u8), b: (u8, u8)| a.0 <= b.0 && b.1 <= a.1;
    let takes_turns = match (earlier.manner.turn, later.manner.turn) {
        (None, _) => true,
        (Some(a), Some(b)) => a == b,
        (Some(_), None) => false,
    };
    let by_chance = match (earlier.manner.chance, later.manner.chance) {
        (None, _) => true,
        (Some(a), Some(b)) => a.0 <= b.0 && b.1 <= a.1,
        (Some(_), None) => false,
    };
    let at_once = earlier.manner.on_release.is_some() == later.manner.on_release.is_some();
    at_once
        && spans(earlier.keys, later.keys)
        && spans(earlier.velocities, later.velocities)
        && takes_turns
        && by_chance
}
