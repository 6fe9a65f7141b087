//! How a folder names its notes, judged by all of its sounds together: whether they are German, whether bare numbers are
//! MIDI notes, and whether middle C is called C3.
//!
//! One number or octave alone proves nothing; several that agree with the ear do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::names::{self, Hints};
use crate::note_names::{Spelling, note_in};
use crate::root::Root;
use crate::takes::tokens;
use crate::{layers, placing};

/// Sounds of a folder that must agree, and the share of those that the ear is sure of.
const LEAST: usize = 3;
const SHARE: f32 = 0.75;
/// An ear this sure is a witness.
pub(crate) const SURE: f32 = 0.6;

/// Sharpens the hints of sounds by what holds in the folder of each; `heard[i]` and `paths[i]` belong to `hints[i]`.
pub(crate) fn apply(hints: &mut [Hints], heard: &[Root], paths: &[PathBuf]) {
    let mut folders: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (i, path) in paths.iter().enumerate() {
        folders.entry(path.parent().unwrap_or(Path::new(""))).or_default().push(i);
    }
    for members in folders.values() {
        if is_german(hints, paths, members) {
            for &i in members {
                spell(&mut hints[i], &paths[i]);
            }
        }
        let witnesses: Vec<(usize, f32)> = members
            .iter()
            .filter_map(|&i| heard[i].midi.filter(|_| heard[i].confidence >= SURE).map(|midi| (i, midi)))
            .collect();
        if let Some(place) = midi_numbers(hints, &witnesses) {
            for &i in members {
                if hints[i].root_midi.is_none() {
                    hints[i].root_midi = hints[i].maybe_midi.get(place).copied();
                }
            }
        }
        if calls_middle_c_c3(hints, &witnesses) {
            for &i in members {
                hints[i].root_midi = hints[i]
                    .root_midi
                    .map(|midi| if hints[i].written { midi.saturating_add(12).min(127) } else { midi });
            }
        }
    }
    layers::apply(hints, paths);
    placing::apply(hints, paths);
}

/// Natural notes that stand beside an `H4` of the same instrument before that is a note.
const NATURALS: usize = 3;

/// Whether names of a folder spell notes as only German does, `Cis4`, or `H4` beside `C4`, `D4` and `E4`, and none as only
/// English does: `Cs4`, `Bb4`.
fn is_german(hints: &[Hints], paths: &[PathBuf], members: &[usize]) -> bool {
    let mut naturals: BTreeMap<&str, BTreeSet<u8>> = BTreeMap::new();
    for &i in members {
        let said = &hints[i];
        if let (Some(midi), Some(group), true) = (said.root_midi, &said.group, said.written)
            && [0, 2, 4, 5, 7, 9].contains(&(midi % 12))
        {
            naturals.entry(group).or_default().insert(midi % 12);
        }
    }
    let mut is_german = false;
    for &i in members {
        let stem = names::stem_of(&paths[i]);
        for (_, token) in tokens(&stem) {
            match note_in(token, Spelling::German).and_then(|(note, _)| note.only) {
                Some(Spelling::English) => return false,
                Some(Spelling::German) if !is_german => {
                    is_german = note_in(token, Spelling::English).is_some() || {
                        let group = names::read(&paths[i], Spelling::German).group;
                        let beside = group.and_then(|group| naturals.get(&*group));
                        beside.is_some_and(|notes| notes.len() >= NATURALS)
                    };
                }
                _ => {}
            }
        }
    }
    is_german
}

/// Reads a name again as German. What tables and presets say instead stays.
fn spell(said: &mut Hints, path: &Path) {
    let (english, german) = (names::hints(path), names::read(path, Spelling::German));
    if german.written
        && (said.root_midi, &said.group, said.written) == (english.root_midi, &english.group, english.written)
    {
        (said.root_midi, said.group, said.written) = (german.root_midi, german.group, german.written);
        (said.maybe_midi, said.perhaps) = (german.maybe_midi, german.perhaps);
        (said.layer, said.turn) = (said.layer.or(german.layer), said.turn.or(german.turn));
    }
}

/// Which number of the names, counted from 0, is the MIDI note.
fn midi_numbers(hints: &[Hints], witnesses: &[(usize, f32)]) -> Option<usize> {
    (0..4).find(|&place| {
        let named = witnesses.iter().filter_map(|&(i, midi)| Some((*hints[i].maybe_midi.get(place)?, midi)));
        agree(named.map(|(number, midi)| (midi - f32::from(number)).abs() <= 0.5))
    })
}

/// Whether written notes lie an octave under what is heard. The other way round is no proof: organs and bells are often
/// heard an octave low.
fn calls_middle_c_c3(hints: &[Hints], witnesses: &[(usize, f32)]) -> bool {
    let named = witnesses
        .iter()
        .filter_map(|&(i, midi)| Some((hints[i].root_midi.filter(|_| hints[i].written)?, midi)));
    agree(named.map(|(named, midi)| (midi - f32::from(named) - 12.0).abs() <= 0.5))
}

fn agree(witnesses: impl Iterator<Item = bool>) -> bool {
    let (mut all, mut for_it) = (0, 0);
    for witness in witnesses {
        all += 1;
        for_it += usize::from(witness);
    }
    for_it >= LEAST && for_it as f32 >= SHARE * all as f32
}
