//! Which sounds a training hears: whole instruments left out, the others drawn evenly.

use rand::Rng;
use rand::rngs::StdRng;

use super::sound_augment::LabelledSound;
use crate::{Error, Family};

/// Deals the recorded instruments of each family into folds, those of one origin together, and leaves one fold out:
/// what is learned from, and what is left out. Rendered instruments, and families of a single origin, are never left
/// out.
pub fn split(sounds: &[LabelledSound], fold: Option<Fold>) -> (Vec<&LabelledSound>, Vec<&LabelledSound>) {
    let Some(Fold { left_out, of }) = fold else { return (sounds.iter().collect(), Vec::new()) };
    let mut origins: Vec<(Family, &str)> = sounds
        .iter()
        .filter(|sound| !sound.label.is_rendered())
        .map(|sound| (sound.label.family, sound.label.origin()))
        .collect();
    origins.sort_unstable();
    origins.dedup();
    let is_left_out = |sound: &&LabelledSound| {
        let mut peers = origins.iter().filter(|(family, _)| *family == sound.label.family);
        let count = peers.clone().count();
        let place = peers.position(|(_, origin)| *origin == sound.label.origin());
        place.is_some_and(|place| count > 1 && place % of.max(1) == left_out)
    };
    let (left_out, learned) = sounds.iter().partition(is_left_out);
    (learned, left_out)
}

/// One part of the instruments: number `left_out` of `of`.
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
