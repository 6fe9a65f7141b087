//! How a folder names its notes, judged by all of its sounds together: whether bare numbers are MIDI notes, and whether
//! middle C is called C3.
//!
//! One name alone proves nothing; several that agree with the ear do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::names::Hints;
use crate::root::Root;

/// Sounds of a folder that must agree, and the share of those that the ear is sure of.
const LEAST: usize = 3;
const SHARE: f32 = 0.75;
/// An ear this sure is a witness.
const SURE: f32 = 0.6;

/// Sharpens the hints of sounds by what holds in the folder of each; `heard[i]` and `paths[i]` belong to `hints[i]`.
pub(crate) fn apply(hints: &mut [Hints], heard: &[Root], paths: &[PathBuf]) {
    let mut folders: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for (i, path) in paths.iter().enumerate() {
        folders.entry(path.parent().unwrap_or(Path::new(""))).or_default().push(i);
    }
    for members in folders.values() {
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
