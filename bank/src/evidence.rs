//! Who says what a sound is: its name, a chunk of its file, or the ear. Read from the index when somebody asks.

use std::sync::atomic::AtomicBool;

use neume_models::Families;

use crate::index::{self, Index};
use crate::root::Root;
use crate::{Bank, Error, ScanOptions, Sound, Source, names};

/// Who said a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teller {
    /// The name of the file or of its folders; of a recording inside of a SoundFont, that of its sample or preset.
    Name,
    /// A preset or a table of the folder.
    Preset,
    /// A chunk of the file.
    Chunk,
    /// Pitch tracker and sound network.
    Ear,
    /// The recipe of a factory sound.
    Recipe,
}

impl Teller {
    /// For the eye, behind "by": `name`, `ear`.
    pub fn label(self) -> &'static str {
        match self {
            Teller::Name => "name",
            Teller::Preset => "preset",
            Teller::Chunk => "chunk",
            Teller::Ear => "ear",
            Teller::Recipe => "recipe",
        }
    }
}

/// What each witness says of one sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Who said the root.
    pub root_by: Teller,
    /// Who said the family.
    pub family_by: Teller,
    /// The root that the ear hears, whoever was believed; `None` for a factory sound.
    pub heard_root: Option<Root>,
    /// The families that the ear hears; `None` for a factory sound.
    pub heard_families: Option<Families>,
    /// The root in a chunk of the file, as a MIDI note.
    pub chunk_midi: Option<f32>,
    /// What decoding had to say.
    pub remark: Option<String>,
}

impl Evidence {
    /// What is known of a sound of this bank; `None` where the index no longer has it.
    ///
    /// # Errors
    /// Those of [`crate::scan()`] for the index.
    pub fn of(bank: &Bank, sound: &Sound, options: &ScanOptions) -> Result<Option<Evidence>, Error> {
        let (Some(folder), false) = (&bank.folder, matches!(sound.source, Source::Factory { .. })) else {
            return Ok(Some(Evidence {
                root_by: Teller::Recipe,
                family_by: Teller::Recipe,
                heard_root: None,
                heard_families: None,
                chunk_midi: None,
                remark: None,
            }));
        };
        let cache = options.cache.clone().map_or_else(index::cache_folder, Ok)?;
        let (index, _) = Index::open(&index::path_for(&cache, folder), &AtomicBool::new(false))?;
        let Some(says) = index.sounds.get(&sound.id) else { return Ok(None) };
        let (root, families) = (sound.profile.root_midi, sound.profile.families);
        let (names_root, names_family) = match &sound.source {
            Source::File(path) => {
                let hints = names::hints(path);
                let numbers = hints.maybe_midi.iter().chain(&hints.root_midi);
                // Some call middle C by another octave.
                let is_root = |midi: f32| {
                    root.is_some_and(|root| ((root - midi + 6.0).rem_euclid(12.0) - 6.0).abs() <= 0.5)
                };
                (numbers.map(|&midi| f32::from(midi)).any(is_root), hints.family.is_some())
            }
            // A sample's own header is a chunk.
            Source::Member { .. } => (false, true),
            Source::Factory { .. } => (false, false),
        };
        let by_chunk = says.root.told(&names::Hints::default(), says.chunk_midi);
        let is = |heard: Root| heard.midi == root && heard.confidence == sound.profile.root_confidence;
        Ok(Some(Evidence {
            root_by: match () {
                () if names_root => Teller::Name,
                () if is(says.root) => Teller::Ear,
                () if is(by_chunk) => Teller::Chunk,
                () => Teller::Preset,
            },
            family_by: match () {
                () if says.families == families => Teller::Ear,
                () if names_family => Teller::Name,
                () => Teller::Preset,
            },
            heard_root: Some(says.root),
            heard_families: Some(says.families),
            chunk_midi: says.chunk_midi,
            remark: says.remark.clone(),
        }))
    }
}
