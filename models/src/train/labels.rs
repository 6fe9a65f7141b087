//! What the path of a training sound says of it: the one place that knows how labelled folders are laid out.

use crate::Family;

/// What is known of a training sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The timbre family.
    pub family: Family,
    /// The instrument, unique across families, and behind an `@` where it comes from, if others come from there too.
    pub instrument: String,
    /// The root as a MIDI note; `None` where the sound has no pitch.
    pub root_midi: Option<f32>,
}

/// Instruments whose name begins so were rendered, not recorded.
pub const RENDERED: &str = "gm-";

impl Label {
    /// Whether the sound was rendered from a SoundFont, and so says less of real instruments.
    pub fn is_rendered(&self) -> bool {
        self.instrument.starts_with(RENDERED)
    }

    /// What the recording shares with its peers: the library whose room, microphones and players it has. An instrument
    /// that names none is of its own. A family's instruments of one origin are left out together, for one would betray
    /// the other.
    pub fn origin(&self) -> &str {
        self.instrument.split_once('@').map_or(&self.instrument, |(_, origin)| origin)
    }
}

/// Reads the label out of a path with `/` between its folders, by one of two layouts:
/// `<family>/<instrument>/<MIDI note or none>_<anything>.<extension>`, or NSynth's file names,
/// `<family>_<source>_<number>-<MIDI note>-<velocity>...`. An instrument may name its origin, `alto-flute@iowa`.
/// `None` if the path follows neither.
pub fn from_path(path: &str) -> Option<Label> {
    let mut parts = path.rsplit('/');
    let file = parts.next()?;
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if let Some(label) = of_nsynth(stem) {
        return Some(label);
    }
    let instrument = parts.next().filter(|name| !name.is_empty())?;
    let family = Family::from_id(parts.next()?)?;
    let note = stem.split('_').next()?;
    let root_midi = if note == "none" { None } else { Some(midi(note)?) };
    Some(Label { family, instrument: instrument.to_string(), root_midi })
}

fn of_nsynth(stem: &str) -> Option<Label> {
    let (instrument, rest) = stem.split_once('-')?;
    let family = Family::ALL.into_iter().find(|family| {
        let source = instrument.strip_prefix(family.id()).and_then(|rest| rest.strip_prefix('_'));
        source.is_some_and(|s| {
            ["acoustic_", "electronic_", "synthetic_"].iter().any(|known| s.starts_with(known))
        })
    })?;
    let root_midi = Some(midi(rest.split('-').next()?)?);
    Some(Label { family, instrument: instrument.to_string(), root_midi })
}

fn midi(text: &str) -> Option<f32> {
    text.parse::<u8>().ok().filter(|&note| note <= 127).map(f32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instrument_is_of_the_origin_it_names_or_of_its_own() {
        for (path, expected) in [
            ("flute/alto-flute@iowa/060_1.flac", "iowa"),
            ("flute/ixox-flute/060_1.flac", "ixox-flute"),
            ("brass_acoustic_006-060-025.wav", "brass_acoustic_006"),
        ] {
            assert_eq!(from_path(path).unwrap().origin(), expected, "{path}");
        }
    }

    #[test]
    fn both_layouts_are_read_and_nothing_else() {
        let label = |family, instrument: &str, root_midi| {
            Some(Label { family, instrument: instrument.to_string(), root_midi })
        };
        for (path, expected) in [
            ("/data/brass/war-tuba/033_1.flac", label(Family::Brass, "war-tuba", Some(33.0))),
            ("percussion/cabasa/none_12.flac", label(Family::Percussion, "cabasa", None)),
            ("synth_lead/gm-080/060_64.wav", label(Family::SynthLead, "gm-080", Some(60.0))),
            (
                "x/vocal_synthetic_003-073-025-high.wav",
                label(Family::Vocal, "vocal_synthetic_003", Some(73.0)),
            ),
            (
                "synth_lead_synthetic_001-021-127.wav",
                label(Family::SynthLead, "synth_lead_synthetic_001", Some(21.0)),
            ),
            ("brass_acoustic_006-300-025.wav", None),
            ("kazoo/thing/060_1.wav", None),
            ("brass/trumpet/loud.wav", None),
            ("060_1.wav", None),
            ("", None),
        ] {
            assert_eq!(from_path(path), expected, "{path}");
        }
    }
}
