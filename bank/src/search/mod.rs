//! The sounds of a bank that a composer asks for: by a drawing, by another sound, by words, or by all of them together,
//! each with its reasons.
//!
//! Every aspect that is asked for scores 0..1, and a sound scores their mean by [`Weights`]. What a reading asks for
//! stands in [`crate::matching`], what a sound asks for in `like.rs`. Words do two things: a sound that lacks one is not
//! found, and one that has it in its name comes before one that has it in a tag.

mod like;
mod order;
mod places;
mod reasons;
mod sharing;
mod table;
mod words;

use neume_models::{Families, Family, Reading};

use crate::matching::{self, Asked, Features};
use crate::{Bank, Profile, SoundId, Weights};

use like::AskedLike;
pub use reasons::{Aspect, Reason};
pub(crate) use sharing::instrument_for;
use table::{BLOCK, Best, GROUP};
pub(crate) use table::{Bounds, Table};
pub use words::{Field, Text};

/// What is asked of a bank. What is `None` or empty asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct Query<'a> {
    /// A drawing.
    pub reading: Option<&'a Reading>,
    /// A sound that others are to be like.
    pub like: Option<Like<'a>>,
    /// Words to be there, and words not to be there.
    pub text: Text,
    /// The family of which alone sounds are found: those that are likelier of it than of any other. It says nothing of their
    /// order, unless nothing else is asked.
    pub family: Option<Family>,
    /// How much each aspect counts.
    pub weights: Weights,
}

/// A sound that others are to be like.
#[derive(Debug, Clone, Copy)]
pub struct Like<'a> {
    /// What is known of it.
    pub profile: &'a Profile,
    /// The sound itself, which is not found.
    pub itself: Option<SoundId>,
}

impl Query<'_> {
    /// Whether it asks for anything at all.
    pub fn is_empty(&self) -> bool {
        self.reading.is_none() && self.like.is_none() && self.text.is_empty() && self.family.is_none()
    }
}

/// A sound that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The sound.
    pub sound: SoundId,
    /// The instrument that answers best of those that share it, by its position in the bank.
    pub instrument: usize,
    /// The weighted mean of what was asked for, 0..1.
    pub score: f32,
    /// Why, in the order pitch, loudness, timbre, likeness, words.
    pub reasons: Vec<Reason>,
}

/// The `top` sounds of the bank that answer best, best first; equal scores fall by ascending [`SoundId`]. The same bank and
/// query give the same list. Files of the same content are found once. An empty query finds nothing.
///
/// Exact up to [`EXACT_UP_TO`] sounds, and for words alone at any number. In larger banks a search ends when it has looked
/// at the most promising 2,500 to 40,000 sounds that its bounds let pass, which may cost it one of the best now and then:
/// `cargo xtask bench search` says how seldom.
pub fn search(bank: &Bank, query: &Query, top: usize) -> Vec<Found> {
    if query.is_empty() {
        return Vec::new();
    }
    let best = best(bank, query, top).into_iter();
    best.map(|(score, row)| {
        let sound = bank.sound_of_row(row);
        let instrument = instrument_for(bank, query, sound);
        let reasons = reasons::reasons(bank, query, sound, instrument);
        Found { sound: sound.id, instrument, score, reasons }
    })
    .collect()
}

/// What [`search`] finds, by scoring every sound: what benchmarks and tests hold a search against.
pub fn every(bank: &Bank, query: &Query, top: usize) -> Vec<(f32, SoundId)> {
    let asking = Asking::new(bank, query);
    let rows = (0..bank.table().len()).filter(|&row| asking.is_found(row));
    let mut all: Vec<(f32, SoundId)> =
        rows.map(|row| (asking.score(row), bank.sound_of_row(row).id)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.truncate(top);
    all
}

/// Sounds of the largest bank in which nothing is ever missed.
pub const EXACT_UP_TO: usize = 100_000;
/// Sounds that are looked at in a larger one: for a drawing, for a likeness, for both. A look at a likeness costs more.
const LOOKS: [usize; 3] = [40_000, 5_000, 2_500];

/// Scores and rows, best first.
pub(crate) fn best(bank: &Bank, query: &Query, top: usize) -> Vec<(f32, usize)> {
    if top == 0 {
        return Vec::new();
    }
    let asking = Asking::new(bank, query);
    let mut best = Best::new(top);
    let table = bank.table();
    if asking.reading.is_none() && asking.likeness_weight > 0.0 {
        let places = table.places(&bank.sounds);
        let all = |_: usize| true;
        asking.go_through(&places.groups, &places.blocks, all, &mut best, |block, most, best| {
            asking.look_around(places, block, most, best);
        });
    } else {
        let has_words = |block: usize| asking.words.as_ref().is_none_or(|words| words.mask[block] != 0);
        asking.go_through(&table.groups, &table.blocks, has_words, &mut best, |block, most, best| {
            asking.look_through(block, most, best);
        });
    }
    best.into_sorted()
}

/// A query in the terms of one bank.
struct Asking<'a> {
    bank: &'a Bank,
    table: &'a Table,
    reading: Option<Asked>,
    like: Option<AskedLike<'a>>,
    words: Option<words::Found>,
    family: Option<Family>,
    /// The row that is not found.
    itself: Option<usize>,
    likeness_weight: f32,
    words_weight: f32,
    /// Of how surely a sound is of its family, where nothing else is asked.
    family_weight: f32,
    counted: f32,
}

/// What no row of a block or group can exceed.
struct AtMost {
    /// In all.
    all: f32,
    /// With a similarity of nothing.
    rest: f32,
    /// With the similarity of its middle.
    likely: f32,
}

/// Room for what rounding does to sums of a few numbers of about 1.
const ROUNDING: f32 = 1e-4;

impl<'a> Asking<'a> {
    fn new(bank: &'a Bank, query: &'a Query<'a>) -> Asking<'a> {
        let weights = matching::usable(&query.weights);
        let table = bank.table();
        let reading = query.reading.map(|reading| Asked::new(bank, reading, &query.weights));
        let like = query.like.map(|like| AskedLike::new(like.profile));
        let words = (!query.text.is_empty()).then(|| {
            let mut found = table.words.find(&query.text);
            sharing::settle(bank, &query.text, &mut found);
            found
        });
        let itself = query.like.and_then(|like| bank.position(like.itself?)).map(|position| position as u32);
        let likeness_weight = if like.is_some() { weights.likeness } else { 0.0 };
        let words_weight = if query.text.wanted.is_empty() { 0.0 } else { weights.words };
        let of_reading = reading.as_ref().map_or(0.0, Asked::counted);
        let counted = of_reading + likeness_weight + words_weight;
        let family_weight = if query.family.is_some() && counted <= 0.0 { 1.0 } else { 0.0 };
        Asking {
            bank,
            table,
            itself: itself.and_then(|itself| table.positions.iter().position(|&position| position == itself)),
            counted: counted + family_weight,
            reading,
            like,
            words,
            family: query.family,
            likeness_weight,
            words_weight,
            family_weight,
        }
    }

    /// The mean of a weighted sum.
    fn mean(&self, sum: f32) -> f32 {
        if self.counted > 0.0 { sum / self.counted } else { 0.0 }
    }

    fn at_most(&self, bounds: &Bounds) -> AtMost {
        let mut sum = self.words_weight + self.family_weight;
        if let Some(reading) = &self.reading {
            sum += reading.weighted(&reading.at_most(bounds));
        }
        let (mut rest, mut likely) = (sum, sum);
        if let Some(like) = self.like.as_ref().filter(|_| self.likeness_weight > 0.0) {
            let most = like.at_most(bounds);
            sum += self.likeness_weight * most.all;
            rest += self.likeness_weight * most.rest;
            likely += self.likeness_weight * most.likely;
        }
        let [all, rest] = [sum, rest].map(|sum| self.mean(sum) + ROUNDING);
        AtMost { all, rest, likely: self.mean(likely) }
    }

    fn score(&self, row: usize) -> f32 {
        self.mean(self.sum(row, |like, features| {
            like.likeness(features, &self.bank.sound_of_row(row).profile.embedding)
        }))
    }

    /// The score with a similarity of nothing.
    fn without_similarity(&self, row: usize) -> f32 {
        self.mean(self.sum(row, |like, features| like.by_profile(features)))
    }

    fn sum(&self, row: usize, likeness: impl Fn(&AskedLike, &Features) -> f32) -> f32 {
        let features = &self.table.features[row];
        let mut sum = 0.0;
        if let Some(reading) = &self.reading {
            sum += reading.weighted(&reading.aspects(features));
        }
        if let Some(like) = &self.like {
            sum += self.likeness_weight * likeness(like, features);
        }
        if let Some(words) = &self.words {
            sum += self.words_weight * words.share(row);
        }
        if let Some(family) = self.family.filter(|_| self.family_weight > 0.0) {
            sum += self.family_weight * self.bank.sound_of_row(row).profile.families.get(family);
        }
        sum
    }

    /// Looks at the blocks that `counts` and that may hold something better, group by group, the most likely first.
    fn go_through(
        &self,
        groups: &[Bounds],
        blocks: &[Bounds],
        counts: impl Fn(usize) -> bool,
        best: &mut Best,
        look: impl Fn(usize, AtMost, &mut Best),
    ) {
        let looks = match (&self.reading, &self.like) {
            _ if self.table.len() <= EXACT_UP_TO => usize::MAX,
            (None, None) => usize::MAX,
            (Some(_), None) => LOOKS[0],
            (None, Some(_)) => LOOKS[1],
            (Some(_), Some(_)) => LOOKS[2],
        };
        let members = |group: usize| group * GROUP..blocks.len().min((group + 1) * GROUP);
        let mut order: Vec<(AtMost, usize)> = groups
            .iter()
            .enumerate()
            .filter(|(group, _)| members(*group).any(&counts))
            .map(|(group, bounds)| (self.at_most(bounds), group))
            .collect();
        order.sort_unstable_by(|(a, i), (b, j)| b.likely.total_cmp(&a.likely).then(i.cmp(j)));
        for (most, group) in order {
            if most.all < best.least() {
                continue;
            }
            for block in members(group).filter(|&block| counts(block)) {
                let most = self.at_most(&blocks[block]);
                if most.all >= best.least() {
                    look(block, most, best);
                }
            }
            if best.looked >= looks {
                return;
            }
        }
    }

    /// Whether a row may be found.
    fn is_found(&self, row: usize) -> bool {
        let has_words = |words: &words::Found| words.mask[row / BLOCK] >> (row % BLOCK) & 1 == 1;
        self.itself != Some(row) && self.words.as_ref().is_none_or(has_words) && self.is_of_family(row)
    }

    fn is_of_family(&self, row: usize) -> bool {
        let best = || Families(self.table.features[row].families).best().0;
        self.family.is_none_or(|family| best() == family)
    }

    /// A block of the table.
    fn look_through(&self, block: usize, most: AtMost, best: &mut Best) {
        let first = block * BLOCK;
        let rows = BLOCK.min(self.table.len() - first);
        let mut mask = self.words.as_ref().map_or(u64::MAX >> (BLOCK - rows), |words| words.mask[block]);
        // What the similarity to the sound that is asked for could add in this block.
        let similar = most.all - most.rest + ROUNDING;
        while mask != 0 {
            let row = first + mask.trailing_zeros() as usize;
            mask &= mask - 1;
            best.looked += 1;
            if self.itself != Some(row)
                && self.is_of_family(row)
                && (self.like.is_none() || self.without_similarity(row) + similar >= best.least())
            {
                best.offer(self.score(row), self.table.positions[row], row);
            }
        }
    }

    /// A block of places.
    fn look_around(&self, places: &places::Places, block: usize, most: AtMost, best: &mut Best) {
        let Some(like) = &self.like else { return };
        best.looked += BLOCK;
        for place in block * BLOCK..places.rows.len().min((block + 1) * BLOCK) {
            let near = like.of_similarity(places.similarity_at_most(place, &like.compass));
            if most.rest + self.mean(self.likeness_weight * near) < best.least() {
                continue;
            }
            let row = places.rows[place] as usize;
            if self.is_found(row) {
                best.offer(self.score(row), self.table.positions[row], row);
            }
        }
    }
}

#[cfg(test)]
mod tests;
