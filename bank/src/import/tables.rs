//! Tables of data sets: NSynth's `examples.json`, ESC-50's `esc50.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use neume_models::Family;
use serde::Deserialize;

use super::files::Files;
use super::{Imported, Label};
use crate::family_words;

/// What NSynth says of a note.
#[derive(Debug, Deserialize)]
struct Note {
    pitch: Option<u8>,
    velocity: Option<u8>,
    instrument_str: Option<String>,
    instrument_family_str: Option<String>,
}

/// Reads NSynth's table: each note's file lies in `audio` beside it, or right beside it.
///
/// # Errors
/// Says why it is no such table.
pub(super) fn nsynth(path: &Path, files: &Files) -> Result<Imported, String> {
    let text = files.text(path)?;
    let notes: BTreeMap<String, Note> =
        serde_json::from_str(&text).map_err(|cause| format!("it is no table of notes ({cause})"))?;
    let from = path.parent().unwrap_or(Path::new(""));
    let mut imported = Imported::default();
    for (name, note) in notes {
        let places = [format!("audio/{name}.wav"), format!("{name}.wav")];
        let Some(file) = places.iter().find_map(|place| files.sound(from, place).ok()) else {
            imported.leave_out("examples.json: note whose file is not there", 1);
            continue;
        };
        imported.labels.push(Label {
            file,
            root_midi: note.pitch.filter(|&pitch| pitch <= 127),
            family: note.instrument_family_str.as_deref().and_then(Family::from_id),
            velocity: note.velocity.filter(|&velocity| velocity <= 127),
            group: note.instrument_str.as_ref().map(|name| format!("{name}-*")),
            class: note.instrument_family_str,
        });
    }
    Ok(imported)
}

/// Reads ESC-50's table: each clip's file lies in `audio` beside the table's folder, or right beside it.
///
/// # Errors
/// Says why it is no such table.
pub(super) fn esc50(path: &Path, files: &Files) -> Result<Imported, String> {
    let text = files.text(path)?;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let head = rows.headers().map_err(|cause| cause.to_string())?;
    let column = |name: &str| head.iter().position(|column| column.trim() == name);
    let (Some(filename), Some(category)) = (column("filename"), column("category")) else {
        return Err("it has no columns `filename` and `category`".to_string());
    };
    let from = path.parent().unwrap_or(Path::new(""));
    let mut imported = Imported::default();
    for row in rows.records() {
        let Ok(row) = row else {
            imported.leave_out("esc50.csv: row that is no text", 1);
            continue;
        };
        let (Some(name), Some(class)) = (row.get(filename), row.get(category)) else {
            imported.leave_out("esc50.csv: row without a category", 1);
            continue;
        };
        let places = [format!("../audio/{name}"), format!("audio/{name}"), name.to_string()];
        let Some(file) = places.iter().find_map(|place| files.sound(from, place).ok()) else {
            imported.leave_out("esc50.csv: clip whose file is not there", 1);
            continue;
        };
        let family = family_words::family_of(class);
        imported.labels.push(Label { file, family, class: Some(class.to_string()), ..Label::default() });
    }
    Ok(imported)
}
