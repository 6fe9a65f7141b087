//! How well the sound network hears: roots, families and a confusion of families, by instrument.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::make;
use super::sound_augment::LabelledSound;
use crate::features::FeatureMaker;
use crate::{Error, Family, SoundLabels, SoundNet};

/// Figures over a set of sounds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Sounds judged.
    pub sounds: usize,
    /// Share of the pitched sounds whose root is right within half a semitone.
    pub root_right: f32,
    /// The same with octaves forgiven.
    pub root_right_but_octave: f32,
    /// Share of the sounds without a pitch that are said to have none.
    pub none_right: f32,
    /// Share of the sounds whose family is right.
    pub family_right: f32,
    /// The same share, each instrument counting alike.
    pub family_right_by_instrument: f32,
    /// Mean surprise at the true family, in nats: -ln of its probability.
    pub family_surprise: f32,
    /// Mean error of brightness and of roughness, 0..1.
    pub timbre_error: [f32; 2],
    /// For each instrument, its sounds and the shares of right families and right roots.
    pub instruments: BTreeMap<String, InstrumentFigures>,
    /// Rows are the true families, columns the heard ones, by [`Family::index`].
    pub confusion: [[u32; Family::COUNT]; Family::COUNT],
}

/// Figures of one instrument.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct InstrumentFigures {
    /// Its sounds.
    pub sounds: usize,
    /// Share with the right family.
    pub family_right: f32,
    /// Share with the right root, or rightly none.
    pub root_right: f32,
}

/// Listens to every sound as it is and compares.
pub fn evaluate(net: &SoundNet, sounds: &[&LabelledSound]) -> Result<Figures, Error> {
    let maker = FeatureMaker::new();
    let label = |index: usize| net.label_features(&sounds[index].features(&maker), sounds[index].loudness_db);
    let heard: Vec<SoundLabels> = make(sounds.len(), label).into_iter().collect::<Result<_, Error>>()?;
    let mut figures = Figures { sounds: sounds.len(), ..Figures::default() };
    let (mut pitched, mut unpitched) = (0, 0);
    for (sound, heard) in sounds.iter().zip(&heard) {
        let family = sound.label.family;
        let said = heard.families.best().0;
        figures.confusion[family.index()][said.index()] += 1;
        let instrument =
            figures.instruments.entry(format!("{}/{}", family.id(), sound.label.instrument)).or_default();
        instrument.sounds += 1;
        instrument.family_right += f32::from(u8::from(said == family));
        figures.family_right += f32::from(u8::from(said == family));
        figures.family_surprise -= heard.families.get(family).max(1e-6).ln();
        figures.timbre_error[0] += (heard.brightness - sound.brightness).abs();
        figures.timbre_error[1] += (heard.roughness - sound.roughness).abs();
        let root_right = match (sound.label.root_midi, heard.root_midi) {
            (Some(root), heard) => {
                pitched += 1;
                let off = heard.map_or(f32::INFINITY, |h| (h - root).abs());
                let but_octave =
                    heard.map_or(f32::INFINITY, |h| ((h - root + 6.0).rem_euclid(12.0) - 6.0).abs());
                figures.root_right += f32::from(u8::from(off <= 0.5));
                figures.root_right_but_octave += f32::from(u8::from(but_octave <= 0.5));
                off <= 0.5
            }
            (None, heard) => {
                unpitched += 1;
                figures.none_right += f32::from(u8::from(heard.is_none()));
                heard.is_none()
            }
        };
        instrument.root_right += f32::from(u8::from(root_right));
    }
    finish(&mut figures, pitched, unpitched);
    Ok(figures)
}

/// Turns counts into shares.
fn finish(figures: &mut Figures, pitched: usize, unpitched: usize) {
    let share = |count: &mut f32, of: usize| *count /= of.max(1) as f32;
    share(&mut figures.root_right, pitched);
    share(&mut figures.root_right_but_octave, pitched);
    share(&mut figures.none_right, unpitched);
    share(&mut figures.family_right, figures.sounds);
    share(&mut figures.family_surprise, figures.sounds);
    figures.timbre_error.iter_mut().for_each(|error| share(error, figures.sounds));
    for instrument in figures.instruments.values_mut() {
        share(&mut instrument.family_right, instrument.sounds);
        share(&mut instrument.root_right, instrument.sounds);
        figures.family_right_by_instrument += instrument.family_right;
    }
    share(&mut figures.family_right_by_instrument, figures.instruments.len());
}
