//! Keys, velocities and level that a chunk of a sound file gives its sound in a sampler, and the sounds of a folder that
//! such places make one instrument.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Zone;
use crate::names::{self, Hints};

/// Where a chunk of its file says that a sound is to be played. What would be everywhere, or is no range, says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Placing {
    /// Keys, both included.
    pub keys: Option<(u8, u8)>,
    /// MIDI velocities, both included.
    pub velocities: Option<(u8, u8)>,
    /// In decibels, −64 to 64.
    pub gain_db: i8,
}

impl Placing {
    /// From the numbers of a chunk; a chunk of zeros is what writers leave who know of none.
    pub(crate) fn of(keys: (u8, u8), velocities: (u8, u8), gain_db: i16) -> Placing {
        let said = |range: (u8, u8)| Some(range).filter(|range| is_range(*range) && *range != (0, 0));
        Placing {
            keys: said(keys).filter(|keys| *keys != Zone::EVERY),
            // No key is struck at velocity 0.
            velocities: said(velocities).filter(|&(low, high)| low > 1 || high < 127),
            gain_db: i8::try_from(gain_db).ok().filter(|gain| (-64..=64).contains(gain)).unwrap_or(0),
        }
    }

    /// Whether every number is one that a chunk can say.
    pub(crate) fn is_whole(&self) -> bool {
        [self.keys, self.velocities].into_iter().flatten().all(is_range)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Placing::default()
    }

    fn is_place(&self) -> bool {
        self.keys.is_some() || self.velocities.is_some()
    }

    /// Whether one note could strike both.
    fn meets(&self, other: &Placing) -> bool {
        let cross = |a: Option<(u8, u8)>, b: Option<(u8, u8)>| {
            let (a, b) = (a.unwrap_or(Zone::EVERY), b.unwrap_or(Zone::EVERY));
            a.0 <= b.1 && b.0 <= a.1
        };
        cross(self.keys, other.keys) && cross(self.velocities, other.velocities)
    }
}

fn is_range((low, high): (u8, u8)) -> bool {
    low <= high && high <= 127
}

/// Files of one folder whose names differ in notes and numbers only are one instrument where every one has a place and no
/// two of them meet: `Harp 01 C2` and `Harp 02 G2`. Of those that share a place, each has another turn. `paths[i]` belongs
/// to `hints[i]`.
pub(crate) fn apply(hints: &mut [Hints], paths: &[PathBuf]) {
    if hints.iter().all(|said| !said.placing.is_place()) {
        return;
    }
    let mut alike: BTreeMap<(&Path, String), Vec<usize>> = BTreeMap::new();
    for (i, said) in hints.iter().enumerate() {
        let name = said.group.clone().unwrap_or_else(|| names::stem_of(&paths[i]));
        let name = name.replace(|c: char| c == '*' || c.is_ascii_digit(), "");
        let folder = paths[i].parent().unwrap_or(Path::new(""));
        alike.entry((folder, name)).or_default().push(i);
    }
    for ((_, name), members) in alike {
        let group = &hints[members[0]].group;
        let are_one = group.is_some() && members.iter().all(|&i| hints[i].group == *group);
        let is_layer = members.iter().any(|&i| hints[i].home.is_some());
        if !are_one && !is_layer && lie_beside_each_other(hints, &members) {
            members.into_iter().for_each(|i| hints[i].group = Some(name.clone()));
        }
    }
}

/// Most places of an instrument: each is compared with all others.
const MOST: usize = 4_096;

fn lie_beside_each_other(hints: &[Hints], members: &[usize]) -> bool {
    let mut places: Vec<(Placing, Vec<Option<u16>>)> = Vec::new();
    for said in members.iter().map(|&i| &hints[i]) {
        let Placing { keys, velocities, .. } = said.placing;
        let placing = Placing { keys, velocities, gain_db: 0 };
        if !placing.is_place() || places.len() >= MOST {
            return false;
        }
        match places.iter_mut().find(|(place, _)| place.meets(&placing)) {
            None => places.push((placing, vec![said.turn])),
            Some((place, turns))
                if *place == placing && said.turn.is_some() && !turns.contains(&said.turn) =>
            {
                turns.push(said.turn);
            }
            Some(_) => return false,
        }
    }
    places.len() > 1
}
