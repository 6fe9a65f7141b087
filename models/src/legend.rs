//! What a drawing means before anyone teaches it: height is pitch, thickness loudness, hue family.

use serde::{Deserialize, Serialize};

use crate::{Error, Family};

/// The rows of the pad: one semitone each, the lowest note in row 0 at the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scale {
    low_midi: u8,
    high_midi: u8,
}

impl Scale {
    /// C2 to B5, 48 rows.
    pub const DEFAULT: Scale = Scale { low_midi: 36, high_midi: 83 };

    /// A scale from its lowest to its highest MIDI note, both included, 0..=127.
    pub fn new(low_midi: u8, high_midi: u8) -> Result<Scale, Error> {
        if low_midi <= high_midi && high_midi <= 127 {
            Ok(Scale { low_midi, high_midi })
        } else {
            Err(Error::Scale(format!("{low_midi}-{high_midi}")))
        }
    }

    /// The note of row 0.
    pub fn low_midi(self) -> u8 {
        self.low_midi
    }

    /// The note of the top row.
    pub fn high_midi(self) -> u8 {
        self.high_midi
    }

    /// Number of rows, 1..=128.
    pub fn rows(self) -> u32 {
        u32::from(self.high_midi - self.low_midi) + 1
    }

    /// The MIDI note, with its fraction, at a height of the pad. The middle of row `r` is `low + r` exactly.
    pub fn midi_at(self, y_norm: f32) -> f32 {
        f32::from(self.low_midi) - 0.5 + y_norm * self.rows() as f32
    }

    /// The height of a MIDI note on the pad, 0 at the bottom edge and 1 at the top one.
    pub fn y_of(self, midi: f32) -> f32 {
        (midi - f32::from(self.low_midi) + 0.5) / self.rows() as f32
    }
}

impl Default for Scale {
    fn default() -> Scale {
        Scale::DEFAULT
    }
}

impl std::fmt::Display for Scale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.low_midi, self.high_midi)
    }
}

impl std::str::FromStr for Scale {
    type Err = Error;

    fn from_str(text: &str) -> Result<Scale, Error> {
        let wrong = || Error::Scale(text.to_string());
        let (low, high) = text.split_once('-').ok_or_else(wrong)?;
        let low = low.trim().parse().map_err(|_| wrong())?;
        let high = high.trim().parse().map_err(|_| wrong())?;
        Scale::new(low, high).map_err(|_| wrong())
    }
}

impl TryFrom<String> for Scale {
    type Error = Error;

    fn try_from(text: String) -> Result<Scale, Error> {
        text.parse()
    }
}

impl From<Scale> for String {
    fn from(scale: Scale) -> String {
        scale.to_string()
    }
}

/// The name of a MIDI note with C4 = 60: `A4`, `D#3`.
pub fn note_name(midi: i32) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    format!("{}{}", NAMES[midi.rem_euclid(12) as usize], midi.div_euclid(12) - 1)
}

/// The MIDI note that a name means, whatever its case: the inverse of [`note_name`]. Flats are known too: `Db4`, `b♭3`.
pub fn note_number(name: &str) -> Option<i32> {
    let mut letters = name.trim().chars();
    let step = match letters.next()?.to_ascii_lowercase() {
        'c' => 0,
        'd' => 2,
        'e' => 4,
        'f' => 5,
        'g' => 7,
        'a' => 9,
        'b' => 11,
        _ => return None,
    };
    let rest = letters.as_str();
    let (shift, octave) = match rest.chars().next()? {
        '#' | '♯' => (1, rest.trim_start_matches(['#', '♯'])),
        'b' | '♭' => (-1, rest.trim_start_matches(['b', '♭'])),
        _ => (0, rest),
    };
    let octave: i32 = octave.parse().ok().filter(|octave| (-10..=12).contains(octave))?;
    Some(12 * (octave + 1) + step + shift)
}

/// The name of a fractional MIDI note, with its cents where there are any: `D4 +8¢`.
pub fn note_and_cents(midi: f32) -> String {
    let nearest = midi.round();
    let cents = ((midi - nearest) * 100.0).round() as i32;
    let name = note_name(nearest as i32);
    match cents {
        0 => name,
        1.. => format!("{name} +{cents}¢"),
        _ => format!("{name} −{}¢", -cents),
    }
}

/// The settings by which a drawing is heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Legend {
    /// The rows of the pad.
    pub scale: Scale,
    /// The family that each of the twelve hues stands for; hue `i` lies at `30 * i` degrees.
    pub palette: [Family; Family::COUNT],
    /// Width of the thinnest and the thickest stroke that are told apart, as fractions of the pad's height.
    pub width_norm: [f32; 2],
    /// The loudness of those two, in dB.
    pub loudness_db: [f32; 2],
}

impl Default for Legend {
    fn default() -> Legend {
        Legend {
            scale: Scale::DEFAULT,
            palette: Family::ALL,
            width_norm: [0.0025, 0.075],
            loudness_db: [-36.0, 0.0],
        }
    }
}

impl Legend {
    /// The loudness that a stroke's width stands for, in dB; logarithmic in the width and held at both ends.
    pub fn loudness_db_of(&self, width_norm: f32) -> f32 {
        let [thin, thick] = self.width_norm;
        let [soft, loud] = self.loudness_db;
        let along = (width_norm.max(1e-6) / thin).ln() / (thick / thin).ln();
        soft + along.clamp(0.0, 1.0) * (loud - soft)
    }

    /// Makes two families change hues, so that every family keeps one.
    pub fn exchange(&mut self, two: [Family; 2]) {
        let [a, b] = two.map(|family| self.palette.iter().position(|&f| f == family));
        if let (Some(a), Some(b)) = (a, b) {
            self.palette.swap(a, b);
        }
    }

    /// The width of a stroke of this loudness, as a fraction of the pad's height; the inverse of
    /// [`Legend::loudness_db_of`] inside its range.
    pub fn width_norm_of(&self, loudness_db: f32) -> f32 {
        let [thin, thick] = self.width_norm;
        let [soft, loud] = self.loudness_db;
        let along = ((loudness_db - soft) / (loud - soft)).clamp(0.0, 1.0);
        thin * (thick / thin).powf(along)
    }

    /// The dynamic of a loudness in dB, *ppp* for the softest to *fff* for the loudest.
    pub fn dynamic(&self, loudness_db: f32) -> &'static str {
        const MARKS: [&str; 8] = ["ppp", "pp", "p", "mp", "mf", "f", "ff", "fff"];
        let [soft, loud] = self.loudness_db;
        let along = ((loudness_db - soft) / (loud - soft)).clamp(0.0, 1.0);
        MARKS[((along * 7.0).round() as usize).min(7)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_row_is_its_note() {
        let scale: Scale = "69-80".parse().unwrap();
        assert_eq!(scale.rows(), 12);
        for row in 0..12 {
            let middle = (row as f32 + 0.5) / 12.0;
            assert!((scale.midi_at(middle) - (69.0 + row as f32)).abs() < 1e-4);
            assert!((scale.y_of(69.0 + row as f32) - middle).abs() < 1e-5);
        }
    }

    #[test]
    fn a_scale_that_is_no_range_is_refused() {
        for text in ["", "69", "80-69", "0-128", "a-b", "-1-5"] {
            assert_eq!(text.parse::<Scale>(), Err(Error::Scale(text.to_string())), "{text:?}");
        }
    }

    #[test]
    fn thickness_is_loudness_on_a_logarithmic_curve() {
        let legend = Legend::default();
        assert!((legend.loudness_db_of(0.0025) + 36.0).abs() < 1e-3);
        assert!(legend.loudness_db_of(0.075).abs() < 1e-3);
        let half = (0.0025f32 * 0.075).sqrt();
        assert!((legend.loudness_db_of(half) + 18.0).abs() < 1e-3);
        assert!((legend.width_norm_of(-18.0) - half).abs() < 1e-5);
    }

    #[test]
    fn notes_are_named_with_c4_at_sixty() {
        assert_eq!([note_name(60), note_name(69), note_name(80), note_name(0)], ["C4", "A4", "G#5", "C-1"]);
        assert!((0..128).all(|midi| note_number(&note_name(midi)) == Some(midi)));
        assert_eq!(
            [" a4 ", "Db4", "b♭3", "H4", "4", "c"].map(note_number),
            [Some(69), Some(61), Some(58), None, None, None]
        );
    }

    #[test]
    fn notes_are_written_with_their_cents() {
        let cases =
            [(62.08, "D4 +8¢"), (60.0, "C4"), (59.9, "C4 −10¢"), (61.49, "C#4 +49¢"), (61.004, "C#4")];
        for (midi, words) in cases {
            assert_eq!(note_and_cents(midi), words);
        }
    }

    #[test]
    fn loudness_is_written_as_a_dynamic() {
        let cases =
            [(-36.0, "ppp"), (-80.0, "ppp"), (-15.0, "mf"), (-20.0, "mp"), (0.0, "fff"), (6.0, "fff")];
        for (db, mark) in cases {
            assert_eq!(Legend::default().dynamic(db), mark, "{db} dB");
        }
    }
}
