//! Velocity layers that a folder says as a whole: names that differ in a number or a word behind their note, and folders
//! beside each other, `soft` and `hard`, that hold the same notes.
//!
//! One name alone proves nothing: `Harp_C3_100` may be a take, and `piano` is mostly one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::names::{self, Hints, Layer, Perhaps};
use crate::note_names::Spelling;
use crate::takes::{self, MOST_COUNTED_LAYERS};

/// Sharpens hints by what the names of a folder and of those beside it say together; `paths[i]` belongs to `hints[i]`.
pub(crate) fn apply(hints: &mut [Hints], paths: &[PathBuf]) {
    in_names(hints, paths);
    in_folders(hints, paths);
}

/// A note, or the number that may be one.
fn key(said: &Hints) -> Option<u8> {
    said.root_midi.or(said.maybe_midi.first().copied())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Names that may say a layer, by folder and by their group without it.
fn in_names(hints: &mut [Hints], paths: &[PathBuf]) {
    let mut groups: BTreeMap<(&Path, String), Vec<(usize, Layer)>> = BTreeMap::new();
    for (i, said) in hints.iter().enumerate() {
        if let Some(Perhaps { layer, group }) = &said.perhaps {
            groups.entry((folder_of(&paths[i]), group.clone())).or_default().push((i, *layer));
        }
    }
    if groups.is_empty() {
        return;
    }
    let mut sure: BTreeMap<(&Path, String), BTreeSet<Layer>> = BTreeMap::new();
    for (i, said) in hints.iter().enumerate() {
        if let (Some(group), Some(layer @ Layer::Dynamic(_))) = (&said.group, said.layer) {
            sure.entry((folder_of(&paths[i]), group.clone())).or_default().insert(layer);
        }
    }
    for (place, members) in groups {
        let (words, numbers): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|(_, layer)| matches!(layer, Layer::Dynamic(_)));
        let levels = words.iter().map(|(_, layer)| layer).chain(sure.get(&place).into_iter().flatten());
        if levels.collect::<BTreeSet<_>>().len() > 1 {
            words.iter().for_each(|&(i, layer)| take(&mut hints[i], &paths[i], Some(layer), None));
        }
        if differ_at_a_note(hints, &numbers) {
            of_numbers(hints, paths, &numbers);
        }
    }
}

/// Whether a note has more than one number.
fn differ_at_a_note(hints: &[Hints], numbers: &[(usize, Layer)]) -> bool {
    let mut first: BTreeMap<u8, Layer> = BTreeMap::new();
    let mut keyed = numbers.iter().filter_map(|&(i, layer)| Some((key(&hints[i])?, layer)));
    keyed.any(|(key, layer)| *first.entry(key).or_insert(layer) != layer)
}

/// Numbers as velocities, or as turns where they are too low for that and stand behind a written note.
fn of_numbers(hints: &mut [Hints], paths: &[PathBuf], numbers: &[(usize, Layer)]) {
    let is_velocity = |layer: &Layer| matches!(layer, Layer::Number(number) if *number > MOST_COUNTED_LAYERS);
    let are_velocities = numbers.iter().any(|(_, layer)| is_velocity(layer));
    for &(i, layer) in numbers {
        match layer {
            _ if are_velocities => take(&mut hints[i], &paths[i], Some(layer), None),
            Layer::Number(turn) if hints[i].written => {
                take(&mut hints[i], &paths[i], None, Some(turn.into()));
            }
            _ => {}
        }
    }
}

/// Reads a name the other way. What tables and presets say instead stays.
fn take(said: &mut Hints, path: &Path, layer: Option<Layer>, turn: Option<u16>) {
    let Some(Perhaps { group, .. }) = said.perhaps.take() else { return };
    let by_name = [Spelling::English, Spelling::German].map(|spelling| names::read(path, spelling));
    if !by_name.iter().any(|read| read.group == said.group) || said.layer.is_some() {
        return;
    }
    if said.family == by_name[0].family {
        said.family = names::family(&group, path.parent());
    }
    (said.layer, said.turn, said.group) = (layer, said.turn.or(turn), Some(group));
}

/// The sounds of an instrument whose layers are folders, by folder.
type Layers = BTreeMap<Layer, Vec<usize>>;

fn in_folders(hints: &mut [Hints], paths: &[PathBuf]) {
    let mut known: BTreeMap<&Path, Option<(Layer, PathBuf)>> = BTreeMap::new();
    let mut homes: BTreeMap<(PathBuf, String), Layers> = BTreeMap::new();
    for (i, path) in paths.iter().enumerate() {
        let folder = folder_of(path);
        if let Some((layer, home)) = known.entry(folder).or_insert_with(|| layer_of(folder)) {
            let group = hints[i].group.clone().unwrap_or_else(|| names::stem_of(path));
            homes.entry((home.clone(), group)).or_default().entry(*layer).or_default().push(i);
        }
    }
    for ((home, group), layers) in homes {
        let members = || layers.iter().flat_map(|(layer, members)| members.iter().map(|&i| (i, *layer)));
        // Without a note, two of the same number may well be two sounds: `Hard/01` and `Soft/01`.
        if members().any(|(i, _)| key(&hints[i]).is_none()) && group.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let agree = members().all(|(i, layer)| hints[i].layer.is_none_or(|own| own == layer));
        if !agree || !share_their_notes(hints, &layers) {
            continue;
        }
        for (i, layer) in members() {
            let said = &mut hints[i];
            if said.family == names::hints(&paths[i]).family {
                said.family = names::family(&names::stem_of(&paths[i]), Some(&home));
            }
            (said.layer, said.group, said.home) = (Some(layer), Some(group.clone()), Some(home.clone()));
        }
    }
}

/// The layer that a folder is, and the folder of the instrument.
fn layer_of(folder: &Path) -> Option<(Layer, PathBuf)> {
    let (layer, rest) = takes::layer_of_folder(&folder.file_name()?.to_string_lossy())?;
    let around = folder_of(folder);
    Some((layer, if rest.is_empty() { around.to_path_buf() } else { around.join(rest) }))
}

/// Whether half of the notes of the smallest folder, or more, are in another as well.
fn share_their_notes(hints: &[Hints], layers: &Layers) -> bool {
    let notes: Vec<BTreeSet<Option<u8>>> =
        layers.values().map(|members| members.iter().map(|&i| key(&hints[i])).collect()).collect();
    let mut times: BTreeMap<Option<u8>, usize> = BTreeMap::new();
    notes.iter().flatten().for_each(|note| *times.entry(*note).or_default() += 1);
    let shared = times.values().filter(|times| **times > 1).count();
    notes.iter().map(BTreeSet::len).min().is_some_and(|fewest| layers.len() > 1 && 2 * shared >= fewest)
}
