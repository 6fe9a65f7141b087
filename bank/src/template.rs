//! Roots in chunks that editors write into every file, mostly middle C: judged by all sounds of a folder together.
//!
//! One chunk alone is believed, and so are those of a folder that differ. Where nearly all say one and the same note although
//! ears and names say others, they say nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::convention::SURE;
use crate::names::Hints;
use crate::root::Root;

/// Chunks that a folder must have before they are judged, those of its inner folders included.
const LEAST: usize = 5;
/// Share of them that say the same note.
const SHARE: f32 = 0.8;

/// Marks the hints of sounds whose chunk says nothing; `chunks[i]`, `heard[i]` and `paths[i]` belong to `hints[i]`.
pub(crate) fn apply(hints: &mut [Hints], chunks: &[Option<f32>], heard: &[Root], paths: &[PathBuf]) {
    let notes: BTreeMap<usize, i32> =
        chunks.iter().enumerate().filter_map(|(i, midi)| Some((i, midi.as_ref()?.round() as i32))).collect();
    let mut folders: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for &i in notes.keys() {
        for folder in paths[i].ancestors().skip(1) {
            folders.entry(folder).or_default().push(i);
        }
    }
    folders.retain(|_, members| members.len() >= LEAST);
    let empty = folders.iter().map(|(&folder, members)| {
        let note = most_told(members, &notes).filter(|&note| {
            let tellers = || members.iter().copied().filter(|i| notes[i] == note);
            tellers().count() as f32 >= SHARE * members.len() as f32
                && is_contradicted(note, tellers().filter_map(|i| witness(&hints[i], heard[i])))
        });
        (folder, note)
    });
    let empty: BTreeMap<&Path, Option<i32>> = empty.collect();
    for (i, note) in notes {
        // The innermost folder that has enough of them decides.
        let decided = paths[i].ancestors().skip(1).find_map(|folder| empty.get(folder));
        hints[i].is_chunk_empty = decided == Some(&Some(note));
    }
}

fn most_told(members: &[usize], notes: &BTreeMap<usize, i32>) -> Option<i32> {
    let mut times: BTreeMap<i32, usize> = BTreeMap::new();
    members.iter().for_each(|i| *times.entry(notes[i]).or_default() += 1);
    times.into_iter().max_by_key(|&(_, times)| times).map(|(note, _)| note)
}

/// What name or ear say of a sound: a note without its octave, which both often have otherwise, or that there is none;
/// nothing where the ear is unsure.
fn witness(said: &Hints, heard: Root) -> Option<Option<i32>> {
    let named = said.root_midi.map(|midi| Some(i32::from(midi) % 12));
    named.or_else(|| {
        (heard.confidence >= SURE).then(|| heard.midi.map(|midi| (midi.round() as i32).rem_euclid(12)))
    })
}

/// Whether half of the witnesses say something else, and not all of them the same note: takes of one bell may all be heard
/// at one partial.
fn is_contradicted(note: i32, witnesses: impl Iterator<Item = Option<i32>>) -> bool {
    let witnesses: Vec<Option<i32>> = witnesses.collect();
    let against = witnesses.iter().filter(|&&said| said != Some(note.rem_euclid(12))).count();
    let said: BTreeSet<Option<i32>> = witnesses.iter().copied().collect();
    against > 0 && 2 * against >= witnesses.len() && (said.len() > 1 || said.contains(&None))
}
