//! `neume bank play`: a sound of a bank, through the computer's audio device.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use neume::engine::Mode;
use neume::language::Spoken;
use neume::library::Library;
use neume::worker::{self, Found};
use neume_bank::Sound;
use serde::Serialize;

use super::offline::{Player, Session};
use super::report::{emit, file_of, shown};
use super::score::Score;
use super::speaker::Speaker;
use super::{banks, sound_name};

/// See [`super::banks::Arguments::Play`].
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub struct Arguments {
    /// The folder of sounds; without one, the factory bank.
    folder: Option<PathBuf>,
    /// The sound, as `bank list` names it; the beginning of its name, or words of it, are enough.
    #[arg(value_name = "SOUND|WORDS")]
    sound: OsString,
    /// The MIDI note to play [default: the sound's own root].
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=127))]
    note: Option<u8>,
    /// How long the key is held, in seconds [default: two for a sound that is looped, else as long as it lasts].
    #[arg(long, value_parser = secs)]
    secs: Option<f64>,
}

/// How long a looped sound is held.
const HELD_SECS: f64 = 2.0;
/// Longest that a key is held.
const MOST_SECS: f64 = 600.0;
/// A sound that does not end by itself is left this long after its key was let go.
const TAIL_SECS: f64 = 10.0;

#[derive(Serialize)]
struct Report {
    played: String,
    note: u8,
    device: String,
    rate_hz: u32,
    frames: u64,
    is_interrupted: bool,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let (bank, from) = banks::open(arguments.folder.as_deref())?;
    let (sound, instrument) = sound_name::find(&bank, &arguments.sound)?;
    let speaker = Speaker::open()?;
    let root = sound.profile.root_midi.filter(|midi| midi.is_finite());
    let note = arguments.note.unwrap_or(root.map_or(60.0, f32::round).clamp(0.0, 127.0) as u8);
    let reading = worker::undrawn(f32::from(note));
    let instrument = bank.name_among_others(sound.id, instrument).map(str::to_string);
    let found = Found { bank: bank.clone(), from, sound: sound.id, instrument };
    // This sound and no neighbour, whatever the key is.
    let chosen = worker::alone(&found, &reading, &Spoken::default()).context("the bank lost the sound")?;
    let rate_hz = speaker.rate_hz();
    let playable = Arc::new(worker::playable(&Library::shared(), &chosen, rate_hz as f32, &|_| false)?);
    let score = Score::chord(&[note], arguments.secs.unwrap_or_else(|| held_secs(sound, root, note)));
    let session = Session { rate_hz, block_frames: 256, mode: Mode::Chromatic, tail_secs: TAIL_SECS };
    let mut left_frames = session.frames(&score);
    let mut player = Player::new(std::slice::from_ref(&playable), &score, session)?;
    let played = speaker.play(Box::new(move |left, right| {
        player.fill(left, right);
        left_frames = left_frames.saturating_sub(left.len() as u64);
        left_frames > 0 && !player.is_over()
    }))?;
    let report = Report {
        played: file_of(sound),
        note,
        device: speaker.name(),
        rate_hz,
        frames: played.frames,
        is_interrupted: played.is_interrupted,
    };
    emit(json, &report, || {
        let secs = report.frames as f64 / f64::from(rate_hz);
        let ended = if report.is_interrupted { ", interrupted" } else { "" };
        let played = shown(&report.played);
        format!("{played}\n  note       {note}\n  length     {secs:.2} s at {rate_hz} Hz{ended}")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// How long a sound is held that nobody gave a time for.
fn held_secs(sound: &Sound, root: Option<f32>, note: u8) -> f64 {
    if sound.sustain.is_some() {
        return HELD_SECS;
    }
    let faster = 2f64.powf(f64::from(root.map_or(0.0, |root| f32::from(note) - root)) / 12.0);
    (f64::from(sound.profile.duration_secs) / faster).clamp(0.05, MOST_SECS)
}

fn secs(text: &str) -> Result<f64, String> {
    let secs: f64 = text.parse().map_err(|_| "it is no number".to_string())?;
    if (0.01..=MOST_SECS).contains(&secs) { Ok(secs) } else { Err(format!("it is not in 0.01..{MOST_SECS}")) }
}
