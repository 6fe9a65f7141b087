//! What is known of every factory sound without rendering it, and the bank made of that.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use neume_models::{Embedding, Families};

use super::{Recipe, Rendered, momentary_lufs, recipes};
use crate::level::{Levels, overview};
use crate::{Bank, Instrument, Profile, Sound, Source, Zone};

/// One sound a line, in the order of the recipes and their roots.
const INDEX: &str = include_str!("index.json");

static FACTORY: LazyLock<Arc<Bank>> = LazyLock::new(|| {
    let sounds = sounds();
    let instruments = instruments(&sounds);
    Arc::new(Bank::new("Factory", None, sounds, instruments))
});

impl Bank {
    /// The factory bank, shared by the process. Opening it renders nothing.
    pub fn factory() -> Arc<Bank> {
        Arc::clone(&FACTORY)
    }
}

/// Every sound of the embedded index.
pub fn sounds() -> Vec<Sound> {
    // PANIC: the index ships inside the binary, and a test reads it.
    serde_json::from_str(INDEX).expect("the embedded factory index is whole")
}

/// The zones of every recipe over `sounds`: each root serves the keys that lie nearest to it.
fn instruments(sounds: &[Sound]) -> Vec<Instrument> {
    let mut places: HashMap<(&str, u8), usize> = HashMap::new();
    for (place, sound) in sounds.iter().enumerate() {
        if let Source::Factory { instrument, root_midi } = &sound.source {
            places.insert((instrument, *root_midi), place);
        }
    }
    recipes().iter().map(|recipe| instrument(recipe, &places)).collect()
}

fn instrument(recipe: &Recipe, places: &HashMap<(&str, u8), usize>) -> Instrument {
    let between = |low: u8, high: u8| low + (high - low) / 2;
    let zones = recipe.roots.iter().enumerate().filter_map(|(i, &root)| {
        let first = if i == 0 { 0 } else { between(recipe.roots[i - 1], root) + 1 };
        let last = recipe.roots.get(i + 1).map_or(127, |&next| between(root, next));
        let sound = *places.get(&(recipe.name, root))?;
        Some(Zone { sound, keys: (first, last), velocities: (0, 127), root_midi: f32::from(root) })
    });
    Instrument { name: recipe.name.to_string(), zones: zones.collect() }
}

/// What only an ear can say of a sound; the rest of its entry in the index is known or measured here.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Brightness 0 (dark) to 1 (bright).
    pub brightness: f32,
    /// Roughness 0 (mellow) to 1 (harsh).
    pub roughness: f32,
    /// Where the sound lies among sounds.
    pub embedding: Embedding,
}

/// The index entry of a sound that was just rendered. Root and family are the recipe's.
pub fn entry(recipe: &Recipe, root_midi: u8, rendered: &Rendered, heard: Heard) -> Sound {
    let audio = &rendered.audio;
    let attack_frames = Levels::of(&audio.mono(), audio.rate_hz).first_within(3.0).unwrap_or(0);
    let name = match recipe.pitched {
        true => format!("{} {}", recipe.name, neume_models::legend::note_name(i32::from(root_midi))),
        false => {
            format!("{} {}", recipe.name, 1 + recipe.roots.iter().filter(|&&root| root < root_midi).count())
        }
    };
    Sound {
        id: recipe.sound_id(root_midi),
        source: Source::Factory { instrument: recipe.name.to_string(), root_midi },
        name,
        rate_hz: audio.rate_hz,
        frames: audio.frames() as u64,
        sustain: rendered.sustain,
        profile: Profile {
            root_midi: recipe.pitched.then_some(f32::from(root_midi)),
            root_confidence: 1.0,
            loudness_db: (momentary_lufs(audio) as f32).min(0.0),
            families: Families::only(recipe.family),
            brightness: heard.brightness,
            roughness: heard.roughness,
            attack_secs: attack_frames as f32 / audio.rate_hz as f32,
            duration_secs: audio.secs(),
            embedding: heard.embedding,
        },
        overview: overview(&audio.channels),
    }
}
