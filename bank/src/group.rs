//! Sounds of a folder to instruments: files of one folder whose names differ only in the note.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::names::Hints;
use crate::{Instrument, Sound, Zone};

/// Groups sounds by what their names say; `hints[i]` and `paths[i]` belong to `sounds[i]`. A sound whose root is unknown,
/// or within a quarter tone of another one of its group, stays alone: it is left to [`crate::Bank::new`].
pub(crate) fn instruments(sounds: &[Sound], paths: &[PathBuf], hints: &[Hints]) -> Vec<Instrument> {
    let mut groups: BTreeMap<(&Path, &str), Vec<(f32, usize)>> = BTreeMap::new();
    for (position, sound) in sounds.iter().enumerate() {
        let Some((group, root)) = hints[position].group.as_deref().zip(sound.profile.root_midi) else {
            continue;
        };
        if names_root(&hints[position], root) {
            let folder = paths[position].parent().unwrap_or(Path::new(""));
            groups.entry((folder, group)).or_default().push((root, position));
        }
    }
    groups.into_iter().filter_map(|((folder, group), members)| instrument(folder, group, members)).collect()
}

/// Whether the note in the name, by which the group is formed, is the root in the end.
fn names_root(hints: &Hints, root: f32) -> bool {
    hints.root_midi.iter().chain(&hints.maybe_midi).any(|&midi| (f32::from(midi) - root).abs() <= 0.5)
}

fn instrument(folder: &Path, group: &str, mut members: Vec<(f32, usize)>) -> Option<Instrument> {
    members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    members.dedup_by(|later, earlier| later.0 - earlier.0 < 0.5);
    if members.len() < 2 {
        return None;
    }
    let roots: Vec<f32> = members.iter().map(|member| member.0.round()).collect();
    let keys = key_ranges(&roots);
    let zone = |((root_midi, sound), keys)| Zone { sound, keys, velocities: (0, 127), root_midi };
    Some(Instrument { name: shown(folder, group), zones: members.into_iter().zip(keys).map(zone).collect() })
}

/// The keys of zones with these ascending roots: the borders lie half-way, the lowest and the highest zone take the rest.
/// Roots that are less than a key apart get at least one key each, as far as there are keys.
pub fn key_ranges(roots: &[f32]) -> Vec<(u8, u8)> {
    let mut low = 0u8;
    let mut ranges = Vec::with_capacity(roots.len());
    for (i, root) in roots.iter().enumerate() {
        let high = match roots.get(i + 1) {
            Some(next) => (((root + next) / 2.0).floor().clamp(0.0, 126.0) as u8).max(low),
            None => 127,
        };
        ranges.push((low.min(127), high));
        low = high.saturating_add(1).min(127);
    }
    ranges
}

/// The name without the place of its note; of a name that was nothing else, the folder.
fn shown(folder: &Path, group: &str) -> String {
    let bare = group.replace('*', " ");
    let separators = |c: char| c.is_whitespace() || "_-.,()[]".contains(c);
    let name = bare.split(separators).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match name.chars().any(char::is_alphabetic) {
        true => name,
        false if name.is_empty() => folder,
        false => format!("{folder} {name}").trim().to_string(),
    }
}
