//! The factory bank: instruments with no file on disk, made by the project's own synthesis when they are wanted.
//!
//! Every sound follows from its recipe's name and its root alone: same samples every time. What analysis says of
//! them is embedded as an index (`cargo run --release -p neume-bank --example factory_index` makes it again), so
//! that opening the bank renders nothing.

mod additive;
mod bass;
mod brass;
mod ensemble;
mod envelope;
mod filter;
mod finish;
mod flute;
mod fm;
mod formant;
mod guitar;
mod harmonic;
pub mod index;
mod keyboard;
mod mallet;
mod modal;
mod noise;
mod organ;
mod oscillator;
mod percussion;
mod reed;
mod space;
mod string;
mod string_model;
mod synth_lead;
mod timeline;
mod track;
mod vocal;

use std::sync::LazyLock;

use neume_models::Family;

pub use finish::{LEVEL_LUFS, PEAK, momentary_lufs};
use noise::Rng;
use timeline::Timeline;
use track::Track;

use crate::{Audio, Error, Loop, SoundId};

/// Raised when the shared synthesis changes what any sound is; part of every [`SoundId`] of the factory bank.
const SYNTHESIS_VERSION: u32 = 1;

/// How one instrument of the factory bank is made.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Unique in the factory bank.
    pub name: &'static str,
    /// The family that it belongs to.
    pub family: Family,
    /// MIDI notes that are rendered, ascending. Where the instrument has no pitch they are variants: the higher, the
    /// smaller and lighter.
    pub roots: &'static [u8],
    /// Whether it has a pitch.
    pub pitched: bool,
    /// Whether it sustains, by a loop.
    pub looped: bool,
    /// Level against [`LEVEL_LUFS`], in dB: under 0 for what is soft by nature.
    pub trim_db: f32,
    /// Raised when this recipe's sound changes.
    pub version: u32,
    make: fn(&Note) -> Track,
}

impl Recipe {
    const fn new(
        name: &'static str,
        family: Family,
        roots: &'static [u8],
        make: fn(&Note) -> Track,
    ) -> Recipe {
        Recipe { name, family, roots, pitched: true, looped: false, trim_db: 0.0, version: 1, make }
    }

    const fn looped(self) -> Recipe {
        Recipe { looped: true, ..self }
    }

    const fn unpitched(self) -> Recipe {
        Recipe { pitched: false, ..self }
    }

    const fn trim(self, trim_db: f32) -> Recipe {
        Recipe { trim_db, ..self }
    }

    /// The id of this instrument's sound at a root.
    pub fn sound_id(&self, root_midi: u8) -> SoundId {
        let name = self.name;
        SoundId::of(format!("factory\0{name}\0{root_midi}\0{}\0{SYNTHESIS_VERSION}", self.version).as_bytes())
    }

    /// Makes this instrument's sound at a note: 48 kHz, mono or stereo, levelled, without DC.
    pub fn render(&self, root_midi: u8) -> Rendered {
        let note = Note { name: self.name, midi: root_midi };
        finish::finish(self, (self.make)(&note))
    }
}

/// A sound of the factory bank, made.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// 48 kHz, mono or stereo.
    pub audio: Audio,
    /// The sustain loop, without a seam, of what sustains.
    pub sustain: Option<Loop>,
}

/// What a recipe is asked for.
#[derive(Debug, Clone, Copy)]
struct Note {
    name: &'static str,
    midi: u8,
}

impl Note {
    /// Pitch at A4 = 440 Hz.
    fn hz(&self) -> f64 {
        440.0 * libm::exp2((f64::from(self.midi) - 69.0) / 12.0)
    }

    /// Octaves over C4, with their fraction.
    fn octave(&self) -> f32 {
        (f32::from(self.midi) - 60.0) / 12.0
    }

    /// Chance that belongs to this sound.
    fn rng(&self) -> Rng {
        Rng::new(self.name, u64::from(self.midi))
    }

    /// A sound that settles and then repeats.
    fn looped(&self, lead_secs: f64, lap_secs: f64) -> Timeline {
        Timeline::looped(self.hz(), lead_secs, lap_secs)
    }

    /// A sound that dies away.
    fn decaying(&self, secs: f64) -> Timeline {
        Timeline::decaying(self.hz(), secs)
    }
}

static RECIPES: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    [
        brass::RECIPES,
        reed::RECIPES,
        synth_lead::RECIPES,
        guitar::RECIPES,
        keyboard::RECIPES,
        mallet::RECIPES,
        flute::RECIPES,
        vocal::RECIPES,
        string::RECIPES,
        organ::RECIPES,
        bass::RECIPES,
        percussion::RECIPES,
    ]
    .concat()
});

/// Every instrument of the factory bank, by family in the order of the hues.
pub fn recipes() -> &'static [Recipe] {
    &RECIPES
}

/// The instrument of this name, if there is one.
pub fn recipe(name: &str) -> Option<&'static Recipe> {
    recipes().iter().find(|recipe| recipe.name == name)
}

/// Makes a sound; `None` where no instrument has this name, or it has no sound at this root.
pub fn render(name: &str, root_midi: u8) -> Option<Rendered> {
    let recipe = recipe(name).filter(|recipe| recipe.roots.contains(&root_midi))?;
    Some(recipe.render(root_midi))
}

/// The samples of a sound of the factory bank's index, as it was when the index was made.
pub(crate) fn load(name: &str, root_midi: u8, id: SoundId) -> Result<Audio, Error> {
    let fail = |cause: &str| Error::File {
        path: format!("factory/{name}/{root_midi}").into(),
        cause: cause.to_string(),
    };
    let recipe = recipe(name)
        .filter(|recipe| recipe.roots.contains(&root_midi))
        .ok_or_else(|| fail("the factory bank has no such sound"))?;
    if recipe.sound_id(root_midi) != id {
        return Err(fail("the factory bank makes this sound differently now"));
    }
    Ok(recipe.render(root_midi).audio)
}
