//! Plays a score through the Engine, faster than it sounds: the path of the plugin, without a host.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use crossbeam_channel::Receiver;
use neume::engine::{Engine, Event, Expression, Mode, Note, Settings, TimedEvent};
use neume::handoff::{self, Playable, Request, Requests, SLOTS, ToEngine};
use neume::language::Spoken;
use neume::library::Library;
use neume::params::NeumeParams;
use neume::worker::{self, Found};
use neume_models::Reading;

use super::score::{Action, Moment, Score};

/// How a score is rendered.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    /// Frames per second, 8,000..=384,000.
    pub rate_hz: u32,
    /// Frames that the Engine is asked for at a time, 1..=65,536. The samples do not depend on it.
    pub block_frames: u32,
    /// What keys play.
    pub mode: Mode,
    /// Rendered after the end of the score.
    pub tail_secs: f64,
}

impl Session {
    /// Length of a score in frames, its tail included.
    pub fn frames(&self, score: &Score) -> u64 {
        self.frame_of(score.end_secs + self.tail_secs)
    }

    fn frame_of(&self, secs: f64) -> u64 {
        (secs * f64::from(self.rate_hz)).round() as u64
    }
}

/// Longest that is waited for pages of long sounds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What lies under the keys where this sound was matched; that it is only a part of its instrument is said.
///
/// # Errors
/// Names the sound and the cause.
pub fn playable(found: &Found, reading: &Reading, spoken: &Spoken, rate_hz: u32) -> Result<Arc<Playable>> {
    let chosen = worker::choose(found, reading, spoken, false).context("the bank lost the sound")?;
    worker::thinned(&found.bank, &chosen).iter().for_each(super::say);
    Ok(Arc::new(worker::playable(&Library::shared(), &chosen, rate_hz as f32, &|_| false)?))
}

/// Takes a block of the left and the right channel.
pub type Sink<'a> = dyn FnMut(&[f32], &[f32]) -> Result<()> + 'a;

/// Renders a score, handing on each block of both channels. `sounds` lie under the slots in turn, from the first.
///
/// # Errors
/// Those of `sink`.
pub fn perform(sounds: &[Arc<Playable>], score: &Score, session: Session, sink: &mut Sink<'_>) -> Result<()> {
    let mut player = Player::new(sounds, score, session)?;
    let total = session.frames(score);
    let block = session.block_frames as usize;
    let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
    while player.at < total {
        let frames = ((total - player.at) as usize).min(block);
        player.fill_patiently(&mut left[..frames], &mut right[..frames])?;
        sink(&left[..frames], &right[..frames])?;
    }
    Ok(())
}

/// A score on its way through an Engine of its own, block by block.
pub struct Player {
    engine: Engine,
    settings: Settings,
    /// By ascending frame from the start.
    events: Vec<(u64, Event)>,
    next: usize,
    at: u64,
    /// What the Streamer has to say.
    requests: Receiver<Request>,
}

impl Player {
    /// Lays the sounds under the slots in turn. Somebody else keeps them as long as the player lives.
    ///
    /// # Errors
    /// No sound.
    pub fn new(sounds: &[Arc<Playable>], score: &Score, session: Session) -> Result<Player> {
        ensure!(!sounds.is_empty(), "there is no sound to play");
        let (editor, mut worker, end) = handoff::ends();
        Library::shared().serve(worker.streamer);
        for (slot, sound) in (0..SLOTS).zip(sounds.iter().cycle()) {
            let message = ToEngine::Slot { slot, playable: Some(sound.clone()) };
            ensure!(worker.engine.push(message).is_ok(), "the ring to the engine is full");
        }
        let settings = Settings { mode: session.mode, ..first_settings(&editor.requests) };
        let event = |moment: &Moment| (session.frame_of(moment.secs), event_of(moment));
        Ok(Player {
            engine: Engine::new(end, session.rate_hz as f32),
            settings,
            events: score.moments.iter().map(event).collect(),
            next: 0,
            at: 0,
            requests: worker.requests,
        })
    }

    /// Fills both channels, equally long, with what comes next. Takes no memory.
    pub fn fill(&mut self, left: &mut [f32], right: &mut [f32]) {
        let frames = left.len();
        let due = due(&self.events, self.next, self.at + frames as u64);
        let timed = due.iter().map(|&event| timed(event, self.at));
        self.engine.process(&self.settings, timed, left, right);
        self.advance(frames);
    }

    /// The same, waiting for what long sounds have on disk.
    fn fill_patiently(&mut self, left: &mut [f32], right: &mut [f32]) -> Result<()> {
        let mut all_came = true;
        let mut wait = |engine: &mut Engine| {
            let asked = Instant::now();
            while all_came && !engine.has_its_pages() {
                all_came = asked.elapsed() < PATIENCE;
                std::thread::sleep(Duration::from_micros(200));
            }
        };
        let frames = left.len();
        let due = due(&self.events, self.next, self.at + frames as u64);
        let timed = due.iter().map(|&event| timed(event, self.at));
        self.engine.process_patiently(&self.settings, timed, left, right, &mut wait);
        self.advance(frames);
        if let Ok(Request::Notice(cause)) = self.requests.try_recv() {
            bail!(cause);
        }
        ensure!(all_came, "a long sound cannot be read from disk");
        Ok(())
    }

    /// Goes on behind so many frames.
    fn advance(&mut self, frames: usize) {
        let end = self.at + frames as u64;
        self.next += due(&self.events, self.next, end).len();
        self.at = end;
    }

    /// Whether every event has come and nothing sounds any more.
    pub fn is_over(&self) -> bool {
        self.next >= self.events.len() && self.engine.is_silent()
    }
}

/// The events from `next` on that come before the frame `end`.
fn due(events: &[(u64, Event)], next: usize, end: u64) -> &[(u64, Event)] {
    let rest = events.get(next..).unwrap_or_default();
    &rest[..rest.partition_point(|(frame, _)| *frame < end)]
}

/// An event in a block that begins on the frame `at`.
fn timed((frame, event): (u64, Event), at: u64) -> TimedEvent {
    TimedEvent { frame: frame.saturating_sub(at) as u32, event }
}

/// The settings of a new instance of the plugin.
fn first_settings(requests: &Requests) -> Settings {
    NeumeParams::new(Arc::default(), requests.clone()).settings()
}

fn event_of(moment: &Moment) -> Event {
    let channel = moment.channel;
    match moment.action {
        Action::NoteOn { key, velocity } => Event::NoteOn { note: Note::new(channel, key), velocity },
        Action::NoteOff { key } => Event::NoteOff { note: Note::new(channel, key).into() },
        Action::Bend(bend_norm) => Event::Bend { channel, bend_norm },
        Action::Sustain(down) => Event::Sustain { channel, down },
        Action::Control(controller, value) => Event::Control { channel, controller, value },
        Action::Pressure(value) => Event::Pressure { channel, value },
        Action::KeyPressure { key, pressure } => {
            let expression = Expression::Pressure(pressure);
            Event::Expression { note: Note::new(channel, key).into(), expression }
        }
        Action::AllNotesOff => Event::AllNotesOff { channel: Some(channel) },
        Action::AllSoundOff => Event::AllSoundOff { channel: Some(channel) },
        Action::ResetControllers => Event::ResetControllers { channel: Some(channel) },
    }
}
