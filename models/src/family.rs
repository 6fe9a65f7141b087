//! The twelve timbre families of the legend and probabilities over them.

use serde::{Deserialize, Serialize};

/// A timbre family, in the order of its hue: family `i` lies at `30 * i` degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)] // The names say it.
pub enum Family {
    Brass,
    Reed,
    SynthLead,
    Guitar,
    Keyboard,
    Mallet,
    Flute,
    Vocal,
    String,
    Organ,
    Bass,
    Percussion,
}

impl Family {
    /// How many families there are.
    pub const COUNT: usize = 12;

    /// Every family, by ascending hue.
    pub const ALL: [Family; Family::COUNT] = [
        Family::Brass,
        Family::Reed,
        Family::SynthLead,
        Family::Guitar,
        Family::Keyboard,
        Family::Mallet,
        Family::Flute,
        Family::Vocal,
        Family::String,
        Family::Organ,
        Family::Bass,
        Family::Percussion,
    ];

    /// Position in [`Family::ALL`], 0..12.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The family at a position of [`Family::ALL`], if there is one.
    pub fn from_index(index: usize) -> Option<Family> {
        Family::ALL.get(index).copied()
    }

    /// The hue that stands for this family in the default legend, in degrees 0..360.
    pub fn hue_degrees(self) -> f32 {
        self.index() as f32 * 30.0
    }

    /// The name in files and on the command line: `synth_lead`.
    pub fn id(self) -> &'static str {
        match self {
            Family::Brass => "brass",
            Family::Reed => "reed",
            Family::SynthLead => "synth_lead",
            Family::Guitar => "guitar",
            Family::Keyboard => "keyboard",
            Family::Mallet => "mallet",
            Family::Flute => "flute",
            Family::Vocal => "vocal",
            Family::String => "string",
            Family::Organ => "organ",
            Family::Bass => "bass",
            Family::Percussion => "percussion",
        }
    }

    /// The name on screen: `synth lead`.
    pub fn label(self) -> &'static str {
        match self {
            Family::SynthLead => "synth lead",
            other => other.id(),
        }
    }

    /// The family with this [`Family::id`], if there is one.
    pub fn from_id(id: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.id() == id)
    }
}

/// A probability for each family, by [`Family::index`]; they sum to one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Families(pub [f32; Family::COUNT]);

impl Families {
    /// No knowledge: every family is as likely as another.
    pub const EVEN: Families = Families([1.0 / Family::COUNT as f32; Family::COUNT]);

    /// Certainty of one family.
    pub fn only(family: Family) -> Families {
        let mut p = [0.0; Family::COUNT];
        p[family.index()] = 1.0;
        Families(p)
    }

    /// The most probable family and its probability; the first one wins a tie.
    pub fn best(&self) -> (Family, f32) {
        let mut best = 0;
        for (i, &p) in self.0.iter().enumerate() {
            if p > self.0[best] {
                best = i;
            }
        }
        (Family::ALL[best], self.0[best])
    }

    /// The probability of one family, 0..1.
    pub fn get(&self, family: Family) -> f32 {
        self.0[family.index()]
    }
}
