//! The sounds of a bank side by side in memory, in blocks of like ones, so that a search looks at few of them.
//!
//! Rows are ordered by a tree of medians over what scores go by: root, families, level, and where the sound lies among
//! sounds. Every [`BLOCK`] rows and every [`GROUP`] blocks know the bounds of what they hold. A search takes groups by
//! the most that they could score, and passes over every block that can hold nothing better.
//! What is asked without a drawing is looked for in another order, that of `places.rs`.

use std::cmp::Ordering;
use std::sync::OnceLock;

use neume_models::{Embedding, Family};

use super::places::Places;
use super::words::Words;
use crate::matching::Features;
use crate::{Instrument, Sound};

/// Rows of a block: the bits of a word of a mask.
pub(crate) const BLOCK: usize = 64;
/// Blocks of a group.
pub(crate) const GROUP: usize = 16;

/// What a bank is searched by.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// By row.
    pub features: Vec<Features>,
    /// By row, the position of the sound in its bank.
    pub positions: Vec<u32>,
    pub blocks: Vec<Bounds>,
    pub groups: Vec<Bounds>,
    pub words: Words,
    places: OnceLock<Places>,
}

/// The rest follows from these.
impl PartialEq for Table {
    fn eq(&self, other: &Table) -> bool {
        (&self.features, &self.positions, &self.words) == (&other.features, &other.positions, &other.words)
    }
}

/// From the least to the largest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub low: f32,
    pub high: f32,
}

impl Span {
    const NONE: Span = Span { low: f32::INFINITY, high: f32::NEG_INFINITY };

    fn take(&mut self, value: f32) {
        self.low = self.low.min(value);
        self.high = self.high.max(value);
    }

    /// How far a value lies outside.
    pub fn away(&self, value: f32) -> f32 {
        (self.low - value).max(value - self.high).max(0.0)
    }
}

/// What holds for every row of a block or group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bounds {
    /// Of those with pitch.
    pub root_midi: Span,
    pub root_confidence: Span,
    pub loudness_db: Span,
    pub brightness: Span,
    pub roughness: Span,
    pub attack_octaves: Span,
    pub duration_octaves: Span,
    /// The largest of each.
    pub families: [f32; Family::COUNT],
    pub has_pitched: bool,
    pub has_unpitched: bool,
    /// A place in the middle of them.
    center: Embedding,
    /// The least similarity of any of them to that.
    reach: f32,
}

impl Bounds {
    /// Of every so many rows.
    pub fn of_each(rows: usize, features: &[Features], embeddings: &[&Embedding]) -> Vec<Bounds> {
        features.chunks(rows).zip(embeddings.chunks(rows)).map(|(f, e)| Bounds::of(f, e)).collect()
    }

    fn of(features: &[Features], embeddings: &[&Embedding]) -> Bounds {
        let mut bounds = Bounds {
            root_midi: Span::NONE,
            root_confidence: Span::NONE,
            loudness_db: Span::NONE,
            brightness: Span::NONE,
            roughness: Span::NONE,
            attack_octaves: Span::NONE,
            duration_octaves: Span::NONE,
            families: [0.0; Family::COUNT],
            has_pitched: features.iter().any(|row| row.pitched),
            has_unpitched: features.iter().any(|row| !row.pitched),
            center: center(embeddings),
            reach: 1.0,
        };
        for row in features {
            if row.pitched {
                bounds.root_midi.take(row.root_midi);
            }
            bounds.root_confidence.take(row.root_confidence);
            bounds.loudness_db.take(row.loudness_db);
            bounds.brightness.take(row.brightness);
            bounds.roughness.take(row.roughness);
            bounds.attack_octaves.take(row.attack_octaves);
            bounds.duration_octaves.take(row.duration_octaves);
            for (most, family) in bounds.families.iter_mut().zip(row.families) {
                *most = most.max(family);
            }
        }
        bounds.reach = embeddings.iter().map(|other| bounds.center.similarity(other)).fold(1.0, f32::min);
        bounds
    }

    /// The similarity of the middle to a place, and what no row exceeds: by the angles of a triangle on the sphere.
    pub fn similarity_at_most(&self, embedding: &Embedding) -> (f32, f32) {
        let to_center = self.center.similarity(embedding);
        if to_center >= self.reach {
            return (to_center, 1.0);
        }
        let sine = |cosine: f32| (1.0 - cosine * cosine).max(0.0).sqrt();
        (to_center, to_center * self.reach + sine(to_center) * sine(self.reach))
    }
}

fn center(embeddings: &[&Embedding]) -> Embedding {
    let mut sum = [0.0; Embedding::LEN];
    for embedding in embeddings {
        sum.iter_mut().zip(embedding.as_slice()).for_each(|(sum, v)| *sum += v);
    }
    Embedding::from_raw(&sum)
}

impl Table {
    /// Of sounds by ascending id; of those with the same content the first stands for all. The words of the others find
    /// it too.
    pub fn new(sounds: &[Sound], instruments: &[Instrument]) -> Table {
        let mut first: Vec<u32> = Vec::new();
        // By position, the row of its content; for now in the order of the sounds.
        let mut row_of: Vec<u32> = Vec::with_capacity(sounds.len());
        for (position, sound) in sounds.iter().enumerate() {
            if position == 0 || sounds[position - 1].id != sound.id {
                first.push(position as u32);
            }
            row_of.push(first.len() as u32 - 1);
        }
        let features: Vec<Features> =
            first.iter().map(|&position| Features::of(&sounds[position as usize].profile)).collect();
        let embedding_of = |position: u32| &sounds[position as usize].profile.embedding;
        let order = super::order::order(&features, |row| embedding_of(first[row]));
        let mut new_row = vec![0u32; order.len()];
        order.iter().enumerate().for_each(|(new, &old)| new_row[old as usize] = new as u32);
        row_of.iter_mut().for_each(|row| *row = new_row[*row as usize]);
        let positions: Vec<u32> = order.iter().map(|&old| first[old as usize]).collect();
        let features: Vec<Features> = order.iter().map(|&old| features[old as usize]).collect();
        let embeddings: Vec<&Embedding> = positions.iter().map(|&position| embedding_of(position)).collect();
        Table {
            blocks: Bounds::of_each(BLOCK, &features, &embeddings),
            groups: Bounds::of_each(BLOCK * GROUP, &features, &embeddings),
            places: OnceLock::new(),
            words: Words::of(sounds, instruments, &row_of, positions.len()),
            features,
            positions,
        }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Its rows by where they lie among sounds: made when it is first asked for.
    pub fn places(&self, sounds: &[Sound]) -> &Places {
        self.places.get_or_init(|| {
            let sounds = self.positions.iter().map(|&position| &sounds[position as usize]);
            let embeddings: Vec<&Embedding> = sounds.map(|sound| &sound.profile.embedding).collect();
            Places::of(&self.features, &embeddings)
        })
    }
}

/// The best so far: by score, then by position.
pub(crate) struct Best {
    wanted: usize,
    /// Rows that were looked at.
    pub looked: usize,
    found: std::collections::BinaryHeap<Candidate>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    score: f32,
    position: u32,
    row: u32,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    /// The worse one is the greater, so that it lies on top of the heap.
    fn cmp(&self, other: &Candidate) -> Ordering {
        other.score.total_cmp(&self.score).then(self.position.cmp(&other.position))
    }
}

impl Best {
    pub fn new(wanted: usize) -> Best {
        Best { wanted, looked: 0, found: std::collections::BinaryHeap::new() }
    }

    /// What scores less than this is of no use.
    pub fn least(&self) -> f32 {
        match self.found.peek() {
            Some(worst) if self.found.len() >= self.wanted => worst.score,
            _ => f32::NEG_INFINITY,
        }
    }

    pub fn offer(&mut self, score: f32, position: u32, row: usize) {
        let candidate = Candidate { score, position, row: row as u32 };
        if self.found.len() < self.wanted {
            self.found.push(candidate);
        } else if let Some(mut worst) = self.found.peek_mut()
            && candidate < *worst
        {
            *worst = candidate;
        }
    }

    /// Scores and rows, best first.
    pub fn into_sorted(self) -> Vec<(f32, usize)> {
        self.found.into_sorted_vec().into_iter().map(|found| (found.score, found.row as usize)).collect()
    }
}
