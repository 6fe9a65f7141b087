//! What the Worker knows of one slot.

use std::sync::Arc;

use neume_bank::{Bank, Match, SoundId, Weights, matching};
use neume_models::{Reading, Sketch};

use crate::handoff::{Generation, MatchView, SlotView};
use crate::language::BoundSound;
use crate::naming;
use crate::signs::{Recognised, Shape};

/// Ranked sounds that are shown at most, as many as a high window has room for.
const SHOWN: usize = 9;

#[derive(Default)]
pub struct Slot {
    pub sketch: Arc<Sketch>,
    pub generation: Generation,
    /// What the legend reads, before it is known whether the drawing is a sign.
    pub by_legend: Option<Result<Reading, String>>,
    /// Where the drawing lies among shapes, as soon as anybody asked.
    pub shape: Option<Shape>,
    pub recognised: Recognised,
    /// What the drawing says in the composer's language.
    pub reading: Option<Result<Reading, String>>,
    pub matches: Arc<[MatchView]>,
    /// The sound that the drawing's sign stands for.
    pub bound: Option<BoundSound>,
    pub chosen: Option<SoundId>,
    /// The sound that the Engine was given whole, at the rate that holds now.
    pub under_keys: Option<SoundId>,
    /// Whether the chosen sound stays although the ranking changes: it was chosen by hand, or restored.
    pub holds: bool,
    pub missing: Option<String>,
    pub millis: f32,
}

impl Slot {
    /// Takes a new drawing.
    pub fn draw(&mut self, sketch: Arc<Sketch>, generation: Generation) {
        self.sketch = sketch;
        self.generation = generation;
        self.by_legend = None;
        self.shape = None;
    }

    pub fn view(&self) -> SlotView {
        SlotView {
            generation: self.generation,
            reading: self.reading.clone(),
            recognised: self.recognised.clone(),
            matches: self.matches.clone(),
            chosen: self.chosen,
            missing: self.missing.clone(),
            millis: self.millis,
        }
    }
}

/// The best sounds for a reading, with `also` among them wherever it ranks, as its instrument of that name.
pub fn rank(
    bank: &Bank,
    reading: &Reading,
    weights: &Weights,
    also: Option<(SoundId, Option<&str>)>,
) -> Vec<MatchView> {
    let mut ranked = matching::rank(bank, reading, weights, SHOWN);
    if let Some((also, instrument)) = also {
        if ranked.iter().all(|ranked| ranked.sound != also) {
            ranked.extend(matching::fit(bank, reading, weights, also));
        }
        let instrument = bank.instrument_called(also, instrument);
        if let (Some(own), Some(instrument)) = (ranked.iter_mut().find(|it| it.sound == also), instrument) {
            own.instrument = instrument;
        }
    }
    ranked.iter().filter_map(|ranked| view_of(bank, ranked)).collect()
}

fn view_of(bank: &Bank, ranked: &Match) -> Option<MatchView> {
    let sound = bank.get(ranked.sound)?;
    let profile = &sound.profile;
    let instrument = bank.name_among_others(sound.id, ranked.instrument);
    Some(MatchView {
        sound: sound.id,
        instrument: instrument.map(str::to_string),
        name: sound.name.clone(),
        title: naming::title(sound, bank.instruments.get(ranked.instrument)),
        family: profile.families.best().0,
        families: profile.families,
        root_midi: profile.root_midi,
        doubt: sound.doubt,
        loudness_db: profile.loudness_db,
        duration_secs: profile.duration_secs,
        looped: sound.sustain.is_some(),
        overview: sound.overview.clone(),
        score: ranked.score,
        aspects: ranked.aspects,
    })
}
