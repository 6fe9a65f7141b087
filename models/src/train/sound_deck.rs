//! Which sounds a training hears: whole origins left out, the others drawn evenly.

use std::collections::{BTreeMap, BTreeSet};

use rand::Rng;
use rand::rngs::StdRng;

use super::sound_augment::LabelledSound;
use crate::{Error, Family};

/// Deals the origins of recorded instruments into folds and leaves one fold out: what is learned from, and what is left
/// out. Whatever is of one origin, in all families, lies in one fold, so that no microphone and no room is on both sides.
/// Rendered instruments, and families whose origins all lie in that fold, are never left out.
pub fn split(sounds: &[LabelledSound], fold: Option<Fold>) -> (Vec<&LabelledSound>, Vec<&LabelledSound>) {
    let Some(Fold { left_out, of }) = fold else { return (sounds.iter().collect(), Vec::new()) };
    let mut instruments: BTreeMap<&str, BTreeSet<(Family, &str)>> = BTreeMap::new();
    for label in sounds.iter().map(|sound| &sound.label).filter(|label| !label.is_rendered()) {
        let name = label.instrument.as_str();
        instruments.entry(label.origin()).or_default().insert((label.family, name));
    }
    // The largest first, each to the fold that has least of its families so far.
    let mut origins: Vec<(&str, BTreeSet<(Family, &str)>)> = instruments.into_iter().collect();
    origins.sort_by_key(|(_, instruments)| std::cmp::Reverse(instruments.len()));
    let mut dealt = vec![[0usize; Family::COUNT]; of.max(1)];
    let mut out = BTreeSet::new();
    for (origin, instruments) in &origins {
        let has = |fold: &[usize; Family::COUNT]| -> usize {
            instruments.iter().map(|(family, _)| fold[family.index()]).sum()
        };
        let mut folds: Vec<usize> = (0..dealt.len()).collect();
        folds.sort_by_key(|&fold| (has(&dealt[fold]), dealt[fold].iter().sum::<usize>()));
        instruments.iter().for_each(|(family, _)| dealt[folds[0]][family.index()] += 1);
        if folds[0] == left_out {
            out.insert(*origin);
        }
    }
    let is_out = |origin: &str| out.contains(origin);
    let learned_too: BTreeSet<Family> = origins
        .iter()
        .filter(|(origin, _)| !is_out(origin))
        .flat_map(|(_, instruments)| instruments.iter().map(|(family, _)| *family))
        .collect();
    let is_left_out = |sound: &&LabelledSound| {
        let label = &sound.label;
        !label.is_rendered() && is_out(label.origin()) && learned_too.contains(&label.family)
    };
    let (left_out, learned) = sounds.iter().partition(is_left_out);
    (learned, left_out)
}

/// One part of the origins: number `left_out` of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// Which part, from 0.
    pub left_out: usize,
    /// How many parts there are.
    pub of: usize,
}

/// A sound with the number of its instrument.
pub struct Drawn<'a> {
    /// The sound.
    pub sound: &'a LabelledSound,
    /// Its instrument, 0..[`Deck::instruments`].
    pub instrument: usize,
}

/// Draws families evenly, then instruments (recorded ones three times as often as rendered ones), then sounds.
pub struct Deck<'a> {
    families: Vec<Vec<Vec<Drawn<'a>>>>,
    instruments: usize,
}

impl<'a> Deck<'a> {
    /// Sorts the sounds.
    ///
    /// # Errors
    /// [`Error::TrainingData`] unless there are two families to tell apart.
    pub fn new(sounds: &[&'a LabelledSound]) -> Result<Deck<'a>, Error> {
        let mut families: Vec<Vec<Vec<Drawn<'a>>>> = Vec::new();
        let mut instruments = 0;
        for family in Family::ALL {
            let mut names: Vec<&str> = Vec::new();
            let mut piles: Vec<Vec<Drawn<'a>>> = Vec::new();
            for &sound in sounds.iter().filter(|s| s.label.family == family) {
                let name = sound.label.instrument.as_str();
                let pile = names.iter().position(|known| *known == name).unwrap_or_else(|| {
                    names.push(name);
                    piles.push(Vec::new());
                    names.len() - 1
                });
                piles[pile].push(Drawn { sound, instrument: instruments + pile });
            }
            instruments += piles.len();
            if !piles.is_empty() {
                families.push(piles);
            }
        }
        if families.len() < 2 {
            return Err(Error::TrainingData("sounds of at least two families are needed".to_string()));
        }
        Ok(Deck { families, instruments })
    }

    /// How many instruments there are.
    pub fn instruments(&self) -> usize {
        self.instruments
    }

    /// How many sounds there are.
    pub fn sounds(&self) -> usize {
        self.families.iter().flatten().map(Vec::len).sum()
    }

    /// Draws a sound.
    pub fn draw(&self, rng: &mut StdRng) -> &Drawn<'a> {
        let piles = &self.families[rng.random_range(0..self.families.len())];
        let only_rendered = piles.iter().all(|pile| pile[0].sound.label.is_rendered());
        loop {
            let pile = &piles[rng.random_range(0..piles.len())];
            if only_rendered || !pile[0].sound.label.is_rendered() || rng.random_bool(1.0 / 3.0) {
                return &pile[rng.random_range(0..pile.len())];
            }
        }
    }
}
