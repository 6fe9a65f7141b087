//! What the window remembers between frames and between openings: choices of the hand, never what is saved.

use std::sync::Arc;

use neume_bank::SoundId;
use neume_models::{Family, Rgb, Sketch};

use super::controls::Knob;
use super::history::{Drawn, History};
use super::ink::{InkCache, PictureCache};
use super::pen::Path;
use super::theme::{Theme, hsl_bytes};
use crate::handoff::{Generation, SLOTS};
use crate::state::BankRef;

/// What the pointer does on the pad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tool {
    /// Draws where it goes.
    #[default]
    Pen,
    /// Draws a straight line.
    Line,
    /// Removes ink.
    Eraser,
}

/// The ink in the pen: a family or none, and how bright.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink {
    /// The family that the hue stands for; `None` is black ink, which leaves it open.
    pub family: Option<Family>,
    /// Step of the lightness, 0 darkest .. [`Ink::STEPS`] - 1.
    pub step: usize,
}

impl Ink {
    /// Steps of lightness.
    pub const STEPS: usize = 5;
    const LIGHTNESS: [f32; Ink::STEPS] = [0.22, 0.33, 0.45, 0.57, 0.70];
    const GREY: [f32; Ink::STEPS] = [0.0, 0.12, 0.25, 0.38, 0.5];

    /// The colour that is written into the sketch. Hues are those of the default legend, 30 degrees apart.
    pub fn rgb(self, palette: &[Family; Family::COUNT]) -> Rgb {
        let Some(family) = self.family else { return Rgb(hsl_bytes(0.0, 0.0, Ink::GREY[self.step])) };
        let hue = palette.iter().position(|&f| f == family).unwrap_or(family.index());
        Rgb(hsl_bytes(hue as f32 * 30.0, 0.68, Ink::LIGHTNESS[self.step]))
    }

    /// The step at which a family, or open ink, starts out.
    pub fn usual_step(family: Option<Family>) -> usize {
        if family.is_some() { 2 } else { 0 }
    }
}

/// The views of the right panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tab {
    /// The sounds that fit, and why.
    #[default]
    Match,
    /// Where the sounds come from.
    Bank,
    /// What drawings mean that were taught.
    Signs,
    /// Envelope and level.
    Sound,
    /// What is heard, seen.
    Look,
}

impl Tab {
    /// Every view, from left to right.
    pub const ALL: [Tab; 5] = [Tab::Match, Tab::Bank, Tab::Signs, Tab::Sound, Tab::Look];

    /// The name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Tab::Match => "Match",
            Tab::Bank => "Bank",
            Tab::Signs => "Signs",
            Tab::Sound => "Sound",
            Tab::Look => "Look",
        }
    }
}

/// A movement on the pad that has not ended.
#[derive(Debug)]
pub(super) struct Gesture {
    /// The slot that it belongs to.
    pub slot: usize,
    /// The drawing before it.
    pub before: Drawn,
    /// When it began, in egui's seconds.
    pub since_secs: f64,
    /// What it does.
    pub act: Act,
}

/// What a movement does to the drawing before it.
#[derive(Debug)]
pub(super) enum Act {
    /// Adds these paths as strokes; where the hand is while it is off the paper, between two of them.
    Draw(Vec<Path>, Option<egui::Pos2>),
    /// Adds a line from the first point to the second.
    Line(neume_models::Point, neume_models::Point),
    /// Has removed ink so far; the last place of the eraser, 0..1 of the pad.
    Erase(f32, f32),
}

/// A sound that the pointer rests on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dwell {
    /// Which.
    pub sound: SoundId,
    /// Since when, in egui's seconds.
    pub since_secs: f64,
    /// Whether it was heard already.
    pub heard: bool,
}

/// The sounds of a slot that were not meant, as long as its drawing and the bank stay.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// The drawing.
    pub sketch: Arc<Sketch>,
    /// The bank.
    pub bank: BankRef,
    /// The sounds, in the order in which they were refused.
    pub sounds: Vec<SoundId>,
}

/// A slot that was chosen here. Hosts take a parameter over with their next block; until then the window shows what
/// was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Which.
    pub slot: usize,
    /// Since when, in egui's seconds.
    pub since_secs: f64,
}

/// The view state of a window.
pub struct EditorState {
    /// Colours.
    pub theme: Theme,
    /// What the pointer does.
    pub tool: Tool,
    /// What the pen draws with.
    pub ink: Ink,
    /// The loudness that the thickness of the pen stands for, in dB.
    pub loudness_db: f32,
    /// The view of the right panel.
    pub tab: Tab,
    /// The last edit of this window.
    pub generation: Generation,
    pub(super) history: History,
    pub(super) gesture: Option<Gesture>,
    pub(super) pad_ink: InkCache,
    pub(super) picture: PictureCache,
    pub(super) slot_ink: [InkCache; SLOTS],
    pub(super) slot_picture: [PictureCache; SLOTS],
    pub(super) refused: [Refused; SLOTS],
    pub(super) dwell: Option<Dwell>,
    pub(super) pressed_key: Option<u8>,
    pub(super) wanted: Option<Wanted>,
    pub(super) label_place: usize,
    pub(super) seen_faces: usize,
    pub(super) held_knob: Option<Knob>,
    pub(super) styled: Option<Theme>,
    pub(super) hidden_notice: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) said: Option<super::notice::Said>,
    pub(super) files: super::files::Files,
    pub(super) signs: super::signs_view::SignsState,
    pub(super) search: super::search_view::SearchState,
    pub(super) peak: [f32; 2],
}

impl Default for EditorState {
    fn default() -> EditorState {
        EditorState::new(Theme::default())
    }
}

impl EditorState {
    /// The state of a window that was never opened.
    pub fn new(theme: Theme) -> EditorState {
        EditorState {
            theme,
            tool: Tool::default(),
            ink: Ink { family: Some(Family::String), step: 2 },
            loudness_db: -12.0,
            tab: Tab::default(),
            generation: Generation::default(),
            history: History::default(),
            gesture: None,
            pad_ink: InkCache::default(),
            picture: PictureCache::default(),
            slot_ink: Default::default(),
            slot_picture: Default::default(),
            refused: Default::default(),
            dwell: None,
            pressed_key: None,
            wanted: None,
            label_place: 0,
            seen_faces: 0,
            held_knob: None,
            styled: None,
            hidden_notice: None,
            failure: None,
            said: None,
            files: super::files::Files::default(),
            signs: super::signs_view::SignsState::default(),
            search: super::search_view::SearchState::default(),
            peak: [0.0; 2],
        }
    }

    /// Says this in the window until it is closed.
    pub fn tell(&mut self, words: String) {
        self.failure = Some(words);
    }
}
