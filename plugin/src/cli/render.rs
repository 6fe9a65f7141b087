//! `neume render`: the matched sound, played through the Engine of the plugin into a WAV file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, ensure};
use clap::{ArgGroup, Args, ValueEnum};
use neume::engine::Mode;
use neume::figures::fixed;
use neume::handoff::Playable;
use neume::library::Library;
use neume::worker::Found;

use super::args::{Keys, Reader};
use super::offline::{Session, perform, playable};
use super::report::{as_instrument, emit, file_of};
use super::score::Score;
use super::wav::{Levels, WavFile};
use super::{banks, matching, progress, read, sound_name};

/// Plays the sound that fits a drawing best into a stereo WAV file of 32-bit floats.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("played").required(true).args(["midi", "notes"]))]
pub struct Arguments {
    /// A picture, or a `.neume` file. Given more than once, the slots hold them in turn.
    #[arg(long, value_name = "PICTURE", required = true)]
    sketch: Vec<PathBuf>,
    /// The folder of sounds; without it, the factory bank.
    #[arg(long, value_name = "FOLDER")]
    bank: Option<PathBuf>,
    /// Play this sound of the bank, as `bank list` names it, or this instrument, in the place of the best match; the beginning
    /// of its name, or words of it, are enough.
    #[arg(long, value_name = "SOUND")]
    sound: Option<String>,
    #[command(flatten)]
    reader: Reader,
    /// A MIDI file to play, with its tempo, channels, pitch wheel and sustain pedal; a second of tail follows.
    #[arg(long, value_name = "FILE.mid")]
    midi: Option<PathBuf>,
    /// MIDI notes to play together at velocity 100, held for one second; a second of tail follows.
    #[arg(long, value_name = "60,64,67", allow_hyphen_values = true)]
    notes: Option<Keys>,
    /// Frames per second.
    #[arg(long, default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    rate: u32,
    /// Frames that are rendered at a time. The samples do not depend on it.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    block: u32,
    /// What the keys play.
    #[arg(long, value_enum, default_value_t = Keyboard::Chromatic)]
    mode: Keyboard,
    /// The WAV file.
    #[arg(long, value_name = "OUT.wav")]
    out: PathBuf,
}

/// What the keys play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Keyboard {
    /// Keys transpose the sound.
    Chromatic,
    /// Every key plays the drawn pitch.
    Drawn,
    /// Each key its sketch, from C2 (36) upwards and round again.
    Slots,
}

impl From<Keyboard> for Mode {
    fn from(keyboard: Keyboard) -> Mode {
        match keyboard {
            Keyboard::Chromatic => Mode::Chromatic,
            Keyboard::Drawn => Mode::Drawn,
            Keyboard::Slots => Mode::Slots,
        }
    }
}

/// Seconds that are held and that follow, with `--notes`.
const HELD_SECS: f64 = 1.0;
const TAIL_SECS: f64 = 1.0;

#[derive(serde::Serialize)]
struct Report {
    matched: String,
    /// What it is played as, where its sound lies in several instruments.
    instrument: Option<String>,
    frames: u64,
    peak_db: f32,
    rms_db: f32,
    /// Where the networks ran.
    device: String,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let score = match (&arguments.midi, &arguments.notes) {
        (Some(file), _) => Score::from_midi_file(file)?,
        (None, Some(Keys(keys))) => Score::chord(keys, HELD_SECS),
        (None, None) => Score::chord(&[], 0.0),
    };
    let session = Session {
        rate_hz: arguments.rate,
        block_frames: arguments.block,
        mode: arguments.mode.into(),
        tail_secs: TAIL_SECS,
    };
    let frames = session.frames(&score);
    let limit = WavFile::MAX_FRAMES;
    ensure!(
        frames <= limit,
        "{}: {frames} frames are over the limit of {limit} of a WAV file",
        arguments.out.display()
    );
    let ((matched, instrument), sounds) = sounds(arguments)?;
    let levels = write(arguments, &sounds, &score, session)?;
    let (peak_db, rms_db) = (levels.peak_db(), levels.rms_db());
    let device = Library::shared().device().1;
    let report = Report { matched, instrument, frames: levels.frames, peak_db, rms_db, device };
    emit(json, &report, || {
        let secs = report.frames as f64 / f64::from(arguments.rate);
        format!(
            "{}\n  plays      {}\n  length     {secs:.2} s at {} Hz\n  peak       {} dB\n  level      {} dB",
            arguments.out.display(),
            as_instrument(report.matched.clone(), report.instrument.as_deref()),
            arguments.rate,
            fixed(report.peak_db, 1),
            fixed(report.rms_db, 1)
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A sound as it is called, and the name of its instrument where there are several.
type Named = (String, Option<String>);

/// The name of the first drawing's match, and what lies under the slots.
fn sounds(arguments: &Arguments) -> Result<(Named, Vec<Arc<Playable>>)> {
    let speaker = arguments.reader.open(Library::shared())?;
    let readings =
        arguments.sketch.iter().map(|path| read::read_file(&speaker, path)).collect::<Result<Vec<_>>>()?;
    let (bank, from) = banks::open(arguments.bank.as_deref())?;
    let mut names = Vec::new();
    let mut sounds = Vec::new();
    for read in &readings {
        let found = match &arguments.sound {
            Some(name) => {
                let (sound, place) = sound_name::find(&bank, name)?;
                let instrument = bank.name_among_others(sound.id, place).map(str::to_string);
                Found { bank: bank.clone(), from: from.clone(), sound: sound.id, instrument }
            }
            None => matching::rank(&bank, &from, read, &speaker, 1)?.swap_remove(0).found,
        };
        names.extend(found.bank.get(found.sound).map(|sound| (file_of(sound), found.instrument.clone())));
        sounds.push(playable(&found, &read.reading, &speaker.language.spoken, arguments.rate)?);
    }
    Ok((names.swap_remove(0), sounds))
}

fn write(arguments: &Arguments, sounds: &[Arc<Playable>], score: &Score, session: Session) -> Result<Levels> {
    let mut file = WavFile::create(&arguments.out, arguments.rate)?;
    let bar = progress::bar("rendering", session.frames(score));
    perform(sounds, score, session, &mut |left, right| {
        bar.inc(left.len() as u64);
        file.push(left, right)
    })?;
    bar.finish_and_clear();
    file.finish()
}
