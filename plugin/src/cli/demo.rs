//! `neume demo`: the main job on the sketch that comes with the project: read, match, play, draw.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use neume::engine::Mode;
use neume::figures::fixed;
use neume::handoff::Playable;
use neume::library::Library;
use neume::state::BankRef;
use neume_bank::Bank;

use super::args::Speaker;
use super::demo_picture::{self, Scene};
use super::matching::Ranked;
use super::offline::{Session, perform, playable};
use super::read::{self, ReadSketch};
use super::report::{MatchReport, ReadingReport, emit};
use super::score::{Action, Moment, Score};
use super::wav::{Levels, WavFile};
use super::{matching, progress};

/// Reads the sketch that comes with the project, shows what fits it and why, and plays a phrase on it.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where the phrase and the picture go.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

/// The sketch, as it lies in `plugin/assets/sketches`.
const SKETCH: &[u8] = include_bytes!("../../assets/sketches/first.neume");
const SKETCH_NAME: &str = "first.neume";

const RATE_HZ: u32 = 48_000;

#[derive(serde::Serialize)]
struct Report {
    reading: ReadingReport,
    matches: Vec<MatchReport>,
    sketch: String,
    phrase: String,
    picture: String,
    peak_db: f32,
    rms_db: f32,
    secs: f32,
}

/// Where everything goes.
struct Places {
    sketch: PathBuf,
    phrase: PathBuf,
    picture: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &Arguments, json: bool) -> Result<ExitCode> {
    let out = &arguments.out;
    std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
    let [sketch, phrase, picture] = [SKETCH_NAME, "phrase.wav", "neume.png"].map(|name| out.join(name));
    let places = Places { sketch, phrase, picture };
    std::fs::write(&places.sketch, SKETCH).with_context(|| places.sketch.display().to_string())?;
    let speaker = Speaker::usual(Library::shared());
    let read = read::read_file(&speaker, &places.sketch)?;
    let bank = Bank::factory();
    let ranked = matching::rank(&bank, &BankRef::Factory, &read, &speaker, 5)?;
    let sound = playable(&ranked[0].found, &read.reading, &speaker.language.spoken, RATE_HZ)?;
    let (levels, mono) = play(sound, &phrase_around(read.reading.pitch.midi), &places.phrase)?;
    let scene = Scene {
        title: "A first sketch, as Neume reads and plays it",
        sketch: &read.sketch,
        scale: speaker.language.legend.scale,
        reading: &read.reading,
        bank: &bank,
        matches: &ranked.iter().map(|ranked| ranked.fit).collect::<Vec<_>>(),
        mono: &mono,
        rate_hz: RATE_HZ,
    };
    demo_picture::write(&scene, &places.picture)?;
    let report = report(&read, &bank, &ranked, &places, levels);
    emit(json, &report, || text(&report, &bank, &ranked))?;
    Ok(ExitCode::SUCCESS)
}

/// Renders the phrase into its file, and returns its levels and its samples, both channels mixed.
fn play(sound: Arc<Playable>, score: &Score, path: &Path) -> Result<(Levels, Vec<f32>)> {
    let session = Session { rate_hz: RATE_HZ, block_frames: 64, mode: Mode::Chromatic, tail_secs: 0.8 };
    let bar = progress::bar("rendering", session.frames(score));
    let mut file = WavFile::create(path, RATE_HZ)?;
    let mut mono = Vec::new();
    perform(&[sound], score, session, &mut |left, right| {
        bar.inc(left.len() as u64);
        mono.extend(left.iter().zip(right).map(|(left, right)| 0.5 * (left + right)));
        file.push(left, right)
    })?;
    bar.finish_and_clear();
    Ok((file.finish()?, mono))
}

fn report(read: &ReadSketch, bank: &Bank, ranked: &[Ranked], places: &Places, levels: Levels) -> Report {
    let shown = |path: &Path| path.display().to_string();
    Report {
        reading: ReadingReport::new(&places.sketch, read),
        matches: ranked.iter().filter_map(|ranked| ranked.report(bank)).collect(),
        sketch: shown(&places.sketch),
        phrase: shown(&places.phrase),
        picture: shown(&places.picture),
        peak_db: levels.peak_db(),
        rms_db: levels.rms_db(),
        secs: levels.frames as f32 / RATE_HZ as f32,
    }
}

fn text(report: &Report, bank: &Bank, ranked: &[Ranked]) -> String {
    let best = report.matches.first().map_or("", |best| &best.file);
    let mut text = format!("{}\n{}\n", report.reading.text(), matching::text(bank, ranked));
    text +=
        &format!("  {best} plays a phrase of {:.1} s, peak {} dB\n\n", report.secs, fixed(report.peak_db, 1));
    for (name, path) in [("sketch", &report.sketch), ("phrase", &report.phrase), ("picture", &report.picture)]
    {
        text += &format!("  {name:<11}{path}\n");
    }
    text
}

/// A phrase around the drawn pitch: a drone of a fifth, a melody that rises and comes home with a slide of the
/// wheel, and a chord under the pedal.
fn phrase_around(drawn_midi: f32) -> Score {
    /// Channels, so that the slide bends the melody alone.
    const MELODY: u8 = 0;
    const GROUND: u8 = 1;
    // (channel, beat, beats, semitones above the drawn note, velocity)
    const NOTES: [(u8, f64, f64, i32, u8); 14] = [
        (GROUND, 0.0, 7.8, -12, 62),
        (GROUND, 0.0, 7.8, -5, 50),
        (MELODY, 0.5, 1.5, 0, 84),
        (MELODY, 2.0, 0.5, 2, 72),
        (MELODY, 2.5, 1.0, 3, 88),
        (MELODY, 3.5, 1.5, 7, 104),
        (MELODY, 5.0, 0.5, 5, 86),
        (MELODY, 5.5, 1.0, 3, 78),
        (MELODY, 6.5, 1.3, 2, 70),
        (GROUND, 8.0, 1.5, -12, 66),
        (GROUND, 8.1, 1.5, -5, 60),
        (GROUND, 8.2, 1.5, 0, 70),
        (GROUND, 8.3, 1.5, 4, 76),
        (GROUND, 8.4, 1.5, 7, 64),
    ];
    const BEAT_SECS: f64 = 60.0 / 76.0;
    let root = (drawn_midi.round() as i32).clamp(43, 79);
    let mut moments = Vec::new();
    for (channel, beat, beats, semitones, velocity) in NOTES {
        let key = (root + semitones) as u8;
        let velocity = f32::from(velocity) / 127.0;
        let secs = beat * BEAT_SECS;
        moments.push(Moment { secs, channel, action: Action::NoteOn { key, velocity } });
        let secs = (beat + beats) * BEAT_SECS;
        moments.push(Moment { secs, channel, action: Action::NoteOff { key } });
    }
    for step in 0..=16 {
        let along = f64::from(step) / 16.0;
        let bend = Action::Bend((along - 1.0) as f32);
        moments.push(Moment { secs: (3.5 + 0.4 * along) * BEAT_SECS, channel: MELODY, action: bend });
    }
    for (beat, down) in [(8.0, true), (11.0, false)] {
        moments.push(Moment { secs: beat * BEAT_SECS, channel: GROUND, action: Action::Sustain(down) });
    }
    // Of one instant, keys go up before keys go down, and wheel and pedal come first.
    let order = |action: &Action| match action {
        Action::NoteOff { .. } => 1,
        Action::NoteOn { .. } => 2,
        _ => 0,
    };
    moments.sort_by(|a, b| a.secs.total_cmp(&b.secs).then(order(&a.action).cmp(&order(&b.action))));
    Score { end_secs: moments.last().map_or(0.0, |last| last.secs), moments }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phrase_lifts_every_key_that_it_presses() {
        for drawn_midi in [-3.0, 36.0, 62.3, 83.0, 140.0] {
            let score = phrase_around(drawn_midi);
            assert!(score.moments.is_sorted_by_key(|moment| moment.secs));
            let mut held = std::collections::HashSet::new();
            for Moment { channel, action, .. } in &score.moments {
                match *action {
                    Action::NoteOn { key, .. } => assert!(key < 128 && held.insert((*channel, key))),
                    Action::NoteOff { key } => assert!(held.remove(&(*channel, key))),
                    _ => {}
                }
            }
            assert!(held.is_empty(), "{drawn_midi}: {held:?}");
        }
    }
}
