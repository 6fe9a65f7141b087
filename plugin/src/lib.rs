//! Neume: an instrument that plays what you draw.
//!
//! ```text
//! EDITOR  pad: stroke → Sketch                                  window, editor
//!    │  Request, newest drawing wins, with a Generation         handoff
//! WORKER  raster → network → Reading → match → load → resample  worker, library
//!    ├─ View {readings, ranked matches, notice} → EDITOR        handoff
//!    │  bounded ring: the playable instrument                   handoff
//! ENGINE  swaps the slot; sounding voices keep theirs → mix     engine
//!    │⇅ pages of long sounds, asked for and given               streaming
//!    │  newest frame, only while a window is open               handoff
//! EDITOR  scope, keys, meters
//! ```
//!
//! This file is the plugin as hosts see it, CLAP and, through `clap-wrapper`, VST3.

mod cuda;
pub mod device;
pub mod disk;
pub mod editor;
pub mod engine;
pub mod handoff;
mod joining;
pub mod language;
mod legend_drawings;
pub mod library;
mod loading;
pub mod memory;
mod networks;
pub mod own_weights;
pub mod page;
pub mod params;
pub mod picture;
pub mod preferences;
pub mod signs;
pub mod spool;
pub mod state;
pub mod streaming;
mod window;
pub mod worker;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;
use nice_plug_egui::EguiEditor;

use engine::{Engine, Event, Expression, Note, Notes, TimedEvent};
use handoff::{EditorEnd, Request, Requests};
use library::Library;
use params::NeumeParams;
use state::InstanceState;
use window::{Window, WindowThread};

/// Longest that activation, and a block of an offline rendering, waits for its sounds.
const PATIENCE: Duration = Duration::from_secs(20);

/// An instance of the plugin.
pub struct Neume {
    params: Arc<NeumeParams>,
    requests: Requests,
    engine: Engine,
    editor: Option<EditorEnd>,
    watched: Arc<AtomicBool>,
    window: Arc<WindowThread>,
    worker: Option<JoinHandle<()>>,
    offline: bool,
    rate_hz: f32,
}

impl Default for Neume {
    fn default() -> Neume {
        let (editor, worker, engine) = handoff::ends();
        let requests = editor.requests.clone();
        let watched = editor.watched.clone();
        editor.document.set(InstanceState::first());
        let params = Arc::new(NeumeParams::new(editor.document.clone(), requests.clone()));
        let worker = worker::spawn(worker, Library::shared())
            .inspect_err(|cause| nice_error!("no drawing can be read, the system starts no thread: {cause}"))
            .ok();
        requests.send(Request::Restore);
        let rate_hz = 48_000.0;
        Neume {
            params,
            requests,
            engine: Engine::new(engine, rate_hz),
            editor: Some(editor),
            watched,
            window: Arc::default(),
            worker,
            offline: false,
            rate_hz,
        }
    }
}

impl Drop for Neume {
    fn drop(&mut self) {
        self.window.join();
        self.requests.send(Request::Quit);
        if let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            nice_error!("the Worker of this instance had failed");
        }
    }
}

impl Plugin for Neume {
    const NAME: &'static str = "Neume";
    const VENDOR: &'static str = "Neume";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: None,
        main_output_channels: NonZeroU32::new(2),
        ..AudioIOLayout::const_default()
    }];
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    // Past this the wrapper would allocate in the callback.
    const INPUT_EVENT_CAPACITY: usize = 16_384;

    type Editor = EguiEditor<Window>;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        window::editor(self.params.clone(), self.editor.take()?, self.window.clone())
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.offline = config.process_mode == ProcessMode::Offline;
        self.rate_hz = config.sample_rate;
        self.engine.set_rate(config.sample_rate);
        let (ready, is_ready) = crossbeam_channel::bounded(1);
        self.requests.send(Request::Rate { rate_hz: config.sample_rate, ready });
        if is_ready.recv_timeout(PATIENCE).is_err() {
            nice_warn!("the sounds are still being loaded; they will play as soon as they are there");
        }
        self.engine.take_messages();
        true
    }

    fn reset(&mut self) {
        self.engine.reset();
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let until = self.offline.then(|| Instant::now() + PATIENCE);
        if let Some(until) = until {
            self.await_sounds(until);
        }
        let frames = buffer.samples();
        let [left, right] = buffer.as_slice() else { return ProcessStatus::Error("two outputs are needed") };
        // The clock is read from memory that the system maps, without a call, and only while someone looks.
        let started = self.watched.load(Ordering::Relaxed).then(Instant::now);
        let events = std::iter::from_fn(|| {
            loop {
                if let Some(event) = engine_event(context.next_event()?) {
                    return Some(event);
                }
            }
        });
        let settings = self.params.settings();
        if let Some(until) = until {
            let mut wait = |engine: &mut Engine| await_pages(engine, until);
            self.engine.process_patiently(&settings, events, left, right, &mut wait);
        } else {
            self.engine.process(&settings, events, left, right);
        }
        if let Some(started) = started {
            let block_secs = frames as f32 / self.rate_hz;
            self.engine.set_load(started.elapsed().as_secs_f32() / block_secs.max(1e-6));
        }
        if self.engine.is_silent() { ProcessStatus::Normal } else { ProcessStatus::KeepAlive }
    }
}

impl Neume {
    /// Offline there is time: the Worker's sounds come first. Live playing never waits.
    fn await_sounds(&mut self, until: Instant) {
        while !self.requests.answered() && Instant::now() < until {
            self.engine.take_messages();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Offline there is time: pages of long sounds come before the frames that need them.
fn await_pages(engine: &mut Engine, until: Instant) {
    while !engine.has_its_pages() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a host's event means to the Engine; `None` for those that say nothing to it.
fn engine_event(event: NoteEvent<()>) -> Option<TimedEvent> {
    let frame = event.timing();
    let event = match event {
        NoteEvent::NoteOn { voice_id, channel, key, velocity, .. } => {
            // A host that names no channel means the first; one that names no key strikes none.
            let (channel, key) = (channel.number().unwrap_or(0), key.number()?);
            Event::NoteOn { note: Note { channel, key, id: voice_id.id() }, velocity }
        }
        NoteEvent::NoteOff { voice_id, channel, key, .. } => {
            Event::NoteOff { note: notes(voice_id, channel, key) }
        }
        NoteEvent::Choke { voice_id, channel, key, .. } => {
            Event::Choke { note: notes(voice_id, channel, key) }
        }
        NoteEvent::PolyTuning { voice_id, channel, key, tuning, .. } => {
            Event::Expression { note: notes(voice_id, channel, key), expression: Expression::Tuning(tuning) }
        }
        NoteEvent::PolyVolume { voice_id, channel, key, gain, .. } => {
            Event::Expression { note: notes(voice_id, channel, key), expression: Expression::Volume(gain) }
        }
        NoteEvent::PolyPan { voice_id, channel, key, pan, .. } => {
            Event::Expression { note: notes(voice_id, channel, key), expression: Expression::Pan(pan) }
        }
        NoteEvent::MidiPitchBend { channel, value, .. } => {
            Event::Bend { channel, bend_norm: 2.0 * value - 1.0 }
        }
        NoteEvent::MidiCC { channel, cc, value, .. } => match cc {
            control_change::DAMPER_PEDAL => Event::Sustain { channel, down: value >= 0.5 },
            control_change::ALL_NOTES_OFF => Event::AllNotesOff { channel: Some(channel) },
            control_change::ALL_SOUND_OFF => Event::AllSoundOff { channel: Some(channel) },
            control_change::RESET_ALL_CONTROLLERS => Event::ResetControllers { channel: Some(channel) },
            _ => Event::Control { channel, controller: cc, value },
        },
        NoteEvent::MidiChannelPressure { channel, pressure, .. } => {
            Event::Pressure { channel, value: pressure }
        }
        _ => return None,
    };
    Some(TimedEvent { frame, event })
}

/// The Engine's name of notes, of which the host may leave anything open.
fn notes(id: VoiceID, channel: Channel, key: Key) -> Notes {
    Notes { channel: channel.number(), key: key.number(), id: id.id() }
}

impl ClapPlugin for Neume {
    const CLAP_ID: &'static str = "org.neume.neume";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("An instrument that plays what you draw");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Sampler, ClapFeature::Stereo];
}

nice_export_clap!(Neume);
clap_wrapper::export_vst3!();
