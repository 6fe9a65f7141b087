//! What commands print: exactly one JSON object with `--json`, aligned text without it. The names of the fields
//! are a contract with scripts.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::Path;

use neume::figures::fixed;
use neume_bank::{Aspects, Course, Doubt, Sound, Source};
use neume_models::legend::{note_and_cents, note_name};
use neume_models::{Families, Family, Reading};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::language_edit::{ASPECTS, aspects};
use super::read::ReadSketch;

/// Prints a report to stdout: as JSON, or as the text that `text` makes of it.
pub fn emit<R: Serialize>(json: bool, report: &R, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    let line = match json {
        true => serde_json::to_string(report)?,
        false => escaped(&text(), |c| is_hidden(c) && c != '\n').into_owned(),
    };
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", line.trim_end()).and_then(|()| stdout.flush()) {
        // Whoever read our output has heard enough.
        Err(cause) if cause.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// A drawing, read.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ReadingReport {
    /// As given.
    pub file: String,
    /// What height says.
    pub pitch: PitchReport,
    /// What thickness says.
    pub loudness: LoudnessReport,
    /// What colour and shape say.
    pub timbre: TimbreReport,
    /// How pitch and loudness move from left to right.
    pub contour: Vec<ContourReport>,
    /// The sign that it is, if it is one of the language.
    pub sign: Option<SignReport>,
    /// The aspects that are not used, because the language leaves them out; what is said of them counts for nothing.
    pub unused: Vec<&'static str>,
    /// Rasterising and the network together, without opening the file.
    pub millis: f32,
}

/// The sign that a drawing is.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SignReport {
    /// As it was taught.
    pub name: String,
    /// To its examples, -1..1.
    pub similarity: f32,
}

/// A drawing at one place along the pad.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct ContourReport {
    /// 0 left to 1 right of the pad, in whose middle a picture lies that is narrower.
    pub x: f32,
    /// With its fraction.
    pub midi: f32,
    /// 0 for the thickest stroke.
    pub db: f32,
}

/// The pitch of a drawing.
#[derive(Debug, Clone, serde::Serialize)]
pub struct PitchReport {
    /// With its fraction.
    pub midi: f32,
    /// Name of the nearest note.
    pub note: String,
    /// 0..1.
    pub confidence: f32,
}

/// The loudness of a drawing.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct LoudnessReport {
    /// 0 for the thickest stroke.
    pub db: f32,
    /// Of the pad's height.
    pub width_norm: f32,
    /// 0..1.
    pub confidence: f32,
}

/// The timbre of a drawing.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct TimbreReport {
    /// `None` for black and grey ink.
    pub family: Option<Family>,
    /// 0..1.
    pub confidence: f32,
    /// By name.
    pub families: ByName,
    /// 0..1.
    pub brightness: f32,
    /// 0..1.
    pub roughness: f32,
}

impl ReadingReport {
    /// The report of a reading of this file.
    pub fn new(file: &Path, read: &ReadSketch) -> ReadingReport {
        let Reading { pitch, loudness, timbre, contour, .. } = &read.reading;
        ReadingReport {
            file: file.display().to_string(),
            pitch: PitchReport {
                midi: pitch.midi,
                note: note_name(pitch.midi.round() as i32),
                confidence: pitch.confidence,
            },
            loudness: LoudnessReport {
                db: loudness.db,
                width_norm: loudness.width_norm,
                confidence: loudness.confidence,
            },
            timbre: TimbreReport {
                family: timbre.family,
                confidence: timbre.confidence,
                families: ByName(timbre.families),
                brightness: timbre.brightness,
                roughness: timbre.roughness,
            },
            contour: contour
                .iter()
                .map(|point| ContourReport { x: point.x_norm, midi: point.midi, db: point.db })
                .collect(),
            sign: read
                .sign
                .as_ref()
                .map(|sign| SignReport { name: sign.name.clone(), similarity: sign.similarity }),
            unused: ASPECTS.into_iter().filter(|name| !aspects(&read.used).contains(name)).collect(),
            millis: read.millis,
        }
    }

    /// Six aligned lines, and one for a sign.
    pub fn text(&self) -> String {
        let sure = |confidence: f32| format!("{:>3.0} % sure", 100.0 * confidence);
        let family = self.timbre.family.map_or("open", Family::label);
        let row = |name: &str, value: &str, note: &str| match self.unused.contains(&name) {
            true => format!("  {name:<11}not used\n"),
            false => format!("  {name:<11}{value:<15}{note}\n"),
        };
        [
            format!("{}\n", shown(&self.file)),
            row("pitch", &note_and_cents(self.pitch.midi), &sure(self.pitch.confidence)),
            row("loudness", &format!("{} dB", fixed(self.loudness.db, 0)), &sure(self.loudness.confidence)),
            row("family", family, &sure(self.timbre.confidence)),
            row("brightness", &format!("{:.2}", self.timbre.brightness), ""),
            row("roughness", &format!("{:.2}", self.timbre.roughness), ""),
            self.sign.as_ref().map_or(String::new(), |sign| {
                row("sign", &sign.name, &format!("{:>3.0} % alike", 100.0 * sign.similarity))
            }),
        ]
        .map(|line| if line.is_empty() { line } else { line.trim_end().to_string() + "\n" })
        .concat()
    }
}

/// Probabilities of the families, written with their names.
#[derive(Debug, Clone, Copy)]
pub struct ByName(pub Families);

impl Serialize for ByName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Family::COUNT))?;
        for family in Family::ALL {
            map.serialize_entry(family.id(), &self.0.get(family))?;
        }
        map.end()
    }
}

/// A sound of a bank.
#[derive(Debug, Clone, serde::Serialize)]
#[allow(missing_docs)] // Named as in a profile.
pub struct SoundReport {
    pub file: String,
    pub root_midi: Option<f32>,
    pub root_confidence: f32,
    pub loudness_db: f32,
    pub family: Family,
    pub families: ByName,
    pub brightness: f32,
    pub roughness: f32,
    pub attack_secs: f32,
    pub duration_secs: f32,
    pub class: Option<String>,
    /// `null` where nobody has measured it.
    pub course: Option<Course>,
    /// Present where a sure ear and the name differ, and nobody has decided.
    pub root_doubt: Option<Doubt>,
}

impl SoundReport {
    /// The report of a sound.
    pub fn new(sound: &Sound) -> SoundReport {
        let profile = &sound.profile;
        SoundReport {
            file: file_of(sound),
            root_midi: profile.root_midi,
            root_confidence: profile.root_confidence,
            loudness_db: profile.loudness_db,
            family: profile.families.best().0,
            families: ByName(profile.families),
            brightness: profile.brightness,
            roughness: profile.roughness,
            attack_secs: profile.attack_secs,
            duration_secs: profile.duration_secs,
            class: sound.class.clone(),
            course: sound.course,
            root_doubt: sound.doubt,
        }
    }
}

/// A sound that fits a drawing.
#[derive(Debug, Clone, serde::Serialize)]
pub struct MatchReport {
    /// Relative to the bank's folder; a factory sound's name.
    pub file: String,
    /// Present where it lies in another bank than the one that is matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bank: Option<String>,
    /// What it is played as, where its sound lies in several instruments.
    pub instrument: Option<String>,
    /// 0..1.
    pub score: f32,
    /// What it is made of.
    pub aspects: Aspects,
}

/// How a sound is called: its file relative to the bank's folder, with `/` on every platform; inside of a SoundFont its
/// number and name behind that, `gm.sf2#12 Flute A4`; or for a factory
/// sound the name of its instrument and its root, `Bowed glass D4`.
pub fn file_of(sound: &Sound) -> String {
    match &sound.source {
        Source::File(path) => file_text(path),
        Source::Member { file, member } => format!("{}#{member} {}", file_text(file), sound.name),
        Source::Factory { instrument, root_midi } => {
            format!("{instrument} {}", note_name(i32::from(*root_midi)))
        }
    }
}

/// A sound with the name of the instrument that it is played as, where there are several.
pub fn as_instrument(file: String, instrument: Option<&str>) -> String {
    match instrument {
        Some(instrument) => format!("{file} as {instrument}"),
        None => file,
    }
}

/// A path with `/` on every platform.
pub fn file_text(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// A name on a line of its own: what would break the line, move the cursor, change the colour, turn the direction of
/// writing or be seen by nobody is written out, a line break as `\n`.
pub fn shown(name: &str) -> Cow<'_, str> {
    escaped(name, is_hidden)
}

/// Whether a terminal obeys a character, or swallows it: Unicode's control and format characters (Cc, Cf), and its
/// separators of lines and paragraphs.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'
            | '\u{e0020}'..='\u{e007f}')
}

/// A message as one line.
pub fn one_line(message: &str) -> String {
    shown(&message.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text.chars() {
        match is_escaped(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A root note, or a dash where there is none.
pub fn root_text(root_midi: Option<f32>) -> String {
    root_midi.map_or("no pitch".to_string(), note_and_cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_on_one_line_and_moves_no_terminal() {
        assert_eq!(shown("Harfe C4, forte – ƒ.wav"), "Harfe C4, forte – ƒ.wav");
        assert_eq!(shown("a\u{1b}[2Jb\n\u{9b}31m\t\u{7f}.wav"), r"a\u{1b}[2Jb\n\u{9b}31m\t\u{7f}.wav");
        assert_eq!(shown("gnp.\u{202e}eno\u{200b}.wav"), r"gnp.\u{202e}eno\u{200b}.wav");
        assert_eq!(shown("نای é 鐘\u{3000}🎻.wav"), "نای é 鐘\u{3000}🎻.wav");
        assert_eq!(one_line("a.wav:\n  it is\u{7} no sound "), r"a.wav: it is\u{7} no sound");
    }

    #[test]
    fn families_are_written_by_name_in_the_order_of_their_hues() {
        let json = serde_json::to_string(&ByName(Families::only(Family::SynthLead))).unwrap();
        assert!(json.starts_with(r#"{"brass":0.0,"reed":0.0,"synth_lead":1.0,"guitar":0.0,"#), "{json}");
    }
}
