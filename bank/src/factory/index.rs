//! What is known of every factory sound without rendering it, and the bank made of that.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use neume_models::legend::note_name;
use neume_models::{Embedding, Families};
use serde::{Deserialize, Serialize};

use super::{Recipe, Rendered, momentary_lufs, recipe, recipes};
use crate::level::{Levels, overview};
use crate::{Bank, Instrument, Loop, Profile, Sound, SoundId, Source, Zone};

/// The entries, one a line, in the order of the recipes and their roots.
const INDEX: &str = include_str!("index.json");

static FACTORY: LazyLock<Arc<Bank>> = LazyLock::new(|| {
    let sounds: Vec<Sound> = entries().iter().filter_map(Entry::sound).collect();
    let instruments = instruments(&sounds);
    Arc::new(Bank::new("Factory", None, sounds, instruments))
});

impl Bank {
    /// The factory bank, shared by the process. Opening it renders nothing.
    pub fn factory() -> Arc<Bank> {
        Arc::clone(&FACTORY)
    }
}

/// What was measured of one sound. Root, family and name are its recipe's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Of the sound that was measured.
    pub id: SoundId,
    /// The recipe's name.
    pub instrument: String,
    /// The root that was rendered.
    pub root_midi: u8,
    /// Length in frames.
    pub frames: u64,
    /// Start and end of the sustain loop, in frames.
    pub sustain: Option<(u64, u64)>,
    /// Loudness of the loudest 400 ms, so that what is plucked does not count as soft for dying away.
    pub loudness_db: f32,
    /// Time to within 3 dB of the peak.
    pub attack_secs: f32,
    /// Brightness 0..1.
    pub brightness: f32,
    /// Roughness 0..1.
    pub roughness: f32,
    /// The embedding's components, each in two hexadecimal digits: 80 is 0, 01 and ff the largest.
    pub embedding: String,
    /// [`Sound::overview`], each value in two hexadecimal digits.
    pub overview: String,
}

/// What only an ear can say of a sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// Brightness 0 (dark) to 1 (bright).
    pub brightness: f32,
    /// Roughness 0 (mellow) to 1 (harsh).
    pub roughness: f32,
    /// Where the sound lies among sounds.
    pub embedding: Embedding,
}

/// Every entry of the embedded index.
pub fn entries() -> Vec<Entry> {
    // PANIC: the index ships inside the binary, and a test reads it.
    serde_json::from_str(INDEX).expect("the embedded factory index is whole")
}

impl Entry {
    /// The entry of a sound that was just rendered.
    pub fn new(recipe: &Recipe, root_midi: u8, rendered: &Rendered, heard: &Heard) -> Entry {
        let audio = &rendered.audio;
        let attack_frames = Levels::of(&audio.mono(), audio.rate_hz).first_within(3.0).unwrap_or(0);
        let largest = heard.embedding.as_slice().iter().fold(1e-9f32, |max, v| max.max(v.abs()));
        let components =
            heard.embedding.as_slice().iter().map(|v| (128.0 + 127.0 * v / largest).round() as u8);
        Entry {
            id: recipe.sound_id(root_midi),
            instrument: recipe.name.to_string(),
            root_midi,
            frames: audio.frames() as u64,
            sustain: rendered.sustain.map(|sustain| (sustain.start_frames, sustain.end_frames)),
            loudness_db: rounded((momentary_lufs(audio) as f32).min(0.0), 100.0),
            attack_secs: rounded(attack_frames as f32 / audio.rate_hz as f32, 10_000.0),
            brightness: rounded(heard.brightness, 1000.0),
            roughness: rounded(heard.roughness, 1000.0),
            embedding: hex(components),
            overview: hex(overview(&audio.channels).into_iter()),
        }
    }

    /// The sound of this entry; `None` where no recipe makes it any more.
    fn sound(&self) -> Option<Sound> {
        let recipe = recipe(&self.instrument).filter(|recipe| recipe.roots.contains(&self.root_midi))?;
        let rate_hz = super::timeline::RATE_HZ;
        let components: Vec<f32> = bytes(&self.embedding).map(|byte| f32::from(byte) - 128.0).collect();
        Some(Sound {
            id: self.id,
            source: Source::Factory { instrument: self.instrument.clone(), root_midi: self.root_midi },
            name: sound_name(recipe, self.root_midi),
            class: None,
            tags: String::new(),
            rate_hz,
            frames: self.frames,
            sustain: self.sustain.map(|(start_frames, end_frames)| Loop {
                start_frames,
                end_frames,
                crossfade_frames: 0,
                is_mirrored: false,
            }),
            course: None,
            doubt: None,
            profile: Profile {
                root_midi: recipe.pitched.then_some(f32::from(self.root_midi)),
                root_confidence: 1.0,
                loudness_db: self.loudness_db,
                families: Families::only(recipe.family),
                brightness: self.brightness,
                roughness: self.roughness,
                attack_secs: self.attack_secs,
                duration_secs: self.frames as f32 / rate_hz as f32,
                embedding: Embedding::try_from(components).ok()?,
            },
            overview: bytes(&self.overview).collect(),
        })
    }
}

fn sound_name(recipe: &Recipe, root_midi: u8) -> String {
    if recipe.pitched {
        return format!("{} {}", recipe.name, note_name(i32::from(root_midi)));
    }
    let variant = recipe.roots.iter().filter(|&&root| root <= root_midi).count();
    format!("{} {variant}", recipe.name)
}

/// To the nearest `1 / steps`; exact decimals keep the index small.
fn rounded(value: f32, steps: f32) -> f32 {
    (value * steps).round() / steps
}

fn hex(bytes: impl Iterator<Item = u8>) -> String {
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> impl Iterator<Item = u8> {
    let digit = |c: u8| (c as char).to_digit(16).unwrap_or(0) as u8;
    hex.as_bytes().chunks_exact(2).map(move |pair| 16 * digit(pair[0]) + digit(pair[1]))
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
        Some(Zone { keys: (first, last), ..Zone::everywhere(sound, f32::from(root)) })
    });
    Instrument { name: recipe.name.to_string(), zones: zones.collect(), is_told: false }
}
