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
pub mod figures;
pub mod handoff;
mod joining;
pub mod language;
mod legend_drawings;
pub mod library;
mod loading;
mod looks;
pub mod memory;
mod naming;
mod networks;
pub mod own_weights;
pub mod page;
pub mod params;
pub mod picture;
mod pin;
pub mod preferences;
pub mod session;
pub mod signs;
mod sounds;
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

use engine::{Engine, Event, Expression, Note, NoteEnd, Notes, TimedEvent};
use handoff::{EditorEnd, Request, Requests};
use library::Library;
use params::NeumeParams;
use session::{Keeper, Session};
use state::InstanceState;
use window::{Begun, Window, WindowThread};

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
    /// Of the standalone window: what it begins with, and who keeps what comes.
    begun: Option<Begun>,
    keeper: Option<Keeper>,
    offline: bool,
    rate_hz: f32,
}

impl Default for Neume {
    fn default() -> Neume {
        let (editor, worker, engine) = handoff::ends();
        let requests = editor.requests.clone();
        let watched = editor.watched.clone();
        let Session { settings, state, told, place } = session::take().unwrap_or_default();
        editor.document.set(state.unwrap_or_else(InstanceState::first));
        let params = Arc::new(NeumeParams::new(editor.document.clone(), requests.clone()));
        let keeper = place.map(|place| {
            let of_host = params.clone();
            let settings = move || of_host.settings();
            let keeper = Keeper::start(place, editor.document.clone(), settings, requests.clone());
            keeper.stand_by();
            keeper
        });
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
            begun: Some(Begun { settings, told }),
            keeper,
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
        // What the Worker chose last is kept too.
        self.keeper = None;
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
        let begun = self.begun.take().unwrap_or_default();
        window::editor(self.params.clone(), self.editor.take()?, self.window.clone(), begun)
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
        for &ended in self.engine.ended() {
            // It only helps the host, which may have no room for it.
            context.try_send_event(note_ended(ended)).ok();
        }
        // Behind an open window the drawn keyboard and auditions are heard, whatever the host plays.
        let is_played = started.is_some() && !self.offline;
        if self.engine.is_silent() && !is_played { ProcessStatus::Normal } else { ProcessStatus::KeepAlive }
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
        NoteEvent::PolyPressure { voice_id, channel, key, pressure, .. } => {
            let expression = Expression::Pressure(pressure);
            Event::Expression { note: notes(voice_id, channel, key), expression }
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

/// Tells the host that a note has ended.
fn note_ended(NoteEnd { frame, note: Note { channel, key, id } }: NoteEnd) -> NoteEvent<()> {
    NoteEvent::VoiceTerminated {
        timing: frame,
        voice_id: id.map_or(VoiceID::Wildcard, VoiceID::ID),
        channel: Channel::Number(channel),
        key: Key::Number(key),
    }
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use nice_plug::context::process::SendEventError;

    use super::*;

    const FRAMES: usize = 512;

    /// What a host hands over with a block, and what it gets back.
    struct Host {
        events: VecDeque<NoteEvent<()>>,
        sent: Vec<NoteEvent<()>>,
        transport: Transport,
    }

    impl Host {
        fn with(events: impl IntoIterator<Item = NoteEvent<()>>) -> Host {
            let events = events.into_iter().collect();
            Host { events, sent: Vec::new(), transport: Transport::new(48_000.0) }
        }

        /// The left channel of a block, and what the plugin says of it.
        fn play(&mut self, plugin: &mut Neume) -> (Vec<f32>, ProcessStatus) {
            let (mut left, mut right) = (vec![0.0; FRAMES], vec![0.0; FRAMES]);
            let mut buffer = Buffer::default();
            // SAFETY: both slices are as long as is said, and live longer than the buffer.
            unsafe { buffer.set_slices(FRAMES, |slices| *slices = vec![&mut left, &mut right]) };
            let mut others = AuxiliaryBuffers { inputs: &mut [], outputs: &mut [] };
            let status = plugin.process(&mut buffer, &mut others, self);
            (left, status)
        }
    }

    impl ActivateContext<Neume> for Host {
        fn plugin_api(&self) -> PluginApi {
            PluginApi::Clap
        }

        fn execute(&self, _task: ()) {}

        fn set_latency_samples(&self, _samples: u32) {}

        fn set_current_voice_capacity(&self, _capacity: u32) {}
    }

    impl ProcessContext<Neume> for Host {
        fn plugin_api(&self) -> PluginApi {
            PluginApi::Clap
        }

        fn execute_background(&self, _task: ()) {}

        fn execute_gui(&self, _task: ()) {}

        fn transport(&self) -> &Transport {
            &self.transport
        }

        fn next_event(&mut self) -> Option<NoteEvent<()>> {
            self.events.pop_front()
        }

        fn try_send_event(&mut self, event: NoteEvent<()>) -> Result<(), (NoteEvent<()>, SendEventError)> {
            self.sent.push(event);
            Ok(())
        }

        fn set_latency_samples(&self, _samples: u32) {}

        fn request_restart(&self) {}

        fn set_current_voice_capacity(&self, _capacity: u32) {}
    }

    /// An instance without drawings, activated.
    fn empty(process_mode: ProcessMode) -> Neume {
        let mut plugin = Neume::default();
        load(&plugin, InstanceState::default());
        let config = BufferConfig {
            sample_rate: 48_000.0,
            min_buffer_size: None,
            max_buffer_size: FRAMES as u32,
            process_mode,
        };
        assert!(plugin.activate(&Neume::AUDIO_IO_LAYOUTS[0], &config, &mut Host::with([])));
        plugin
    }

    fn load(plugin: &Neume, state: InstanceState) {
        plugin.editor.as_ref().unwrap().document.set(state);
        plugin.requests.send(Request::Restore);
    }

    fn strike(timing: u32) -> NoteEvent<()> {
        let (channel, key) = (Channel::Number(3), Key::Number(60));
        NoteEvent::NoteOn { timing, voice_id: VoiceID::ID(7), channel, key, velocity: 0.8 }
    }

    #[test]
    fn offline_a_block_has_the_sounds_of_a_state_that_was_loaded_just_before() {
        let mut plugin = empty(ProcessMode::Offline);
        let (silence, _) = Host::with([strike(0)]).play(&mut plugin);
        assert!(silence.iter().all(|sample| *sample == 0.0));
        load(&plugin, InstanceState::first());
        let (heard, _) = Host::with([strike(0)]).play(&mut plugin);
        assert!(heard.iter().any(|sample| *sample != 0.0));
    }

    #[test]
    fn the_host_is_told_which_note_has_ended_and_when() {
        let mut plugin = empty(ProcessMode::Realtime);
        let mut host = Host::with([strike(5)]);
        host.play(&mut plugin);
        let (channel, key) = (Channel::Number(3), Key::Number(60));
        let ended = NoteEvent::VoiceTerminated { timing: 5, voice_id: VoiceID::ID(7), channel, key };
        assert_eq!(host.sent, [ended]);
    }

    #[test]
    fn a_silent_instance_may_sleep_unless_its_window_is_open() {
        for (mode, is_open, expected) in [
            (ProcessMode::Realtime, false, ProcessStatus::Normal),
            (ProcessMode::Realtime, true, ProcessStatus::KeepAlive),
            (ProcessMode::Offline, true, ProcessStatus::Normal),
        ] {
            let mut plugin = empty(mode);
            plugin.watched.store(is_open, Ordering::Relaxed);
            let (_, status) = Host::with([]).play(&mut plugin);
            assert_eq!(status, expected);
        }
    }

    #[test]
    fn what_a_host_leaves_open_of_notes_stays_open() {
        let (voice_id, channel, key) = (VoiceID::ID(7), Channel::Wildcard, Key::Wildcard);
        let of = |event| engine_event(event).map(|timed| timed.event);
        let note = Notes { id: Some(7), ..Notes::default() };
        let lifted = NoteEvent::NoteOff { timing: 0, voice_id, channel, key, velocity: 0.0 };
        assert_eq!(of(lifted), Some(Event::NoteOff { note }));
        let choked = NoteEvent::Choke { timing: 0, voice_id: VoiceID::Wildcard, channel, key };
        assert_eq!(of(choked), Some(Event::Choke { note: Notes::default() }));
        let struck = NoteEvent::NoteOn { timing: 0, voice_id, channel, key: Key::Number(60), velocity: 1.0 };
        let note = Note { channel: 0, key: 60, id: Some(7) };
        assert_eq!(of(struck), Some(Event::NoteOn { note, velocity: 1.0 }));
        assert_eq!(of(NoteEvent::NoteOn { timing: 0, voice_id, channel, key, velocity: 1.0 }), None);
        let pressed = NoteEvent::PolyPressure { timing: 0, voice_id, channel, key, pressure: 0.5 };
        let expression = Expression::Pressure(0.5);
        let note = Notes { id: Some(7), ..Notes::default() };
        assert_eq!(of(pressed), Some(Event::Expression { note, expression }));
    }
}
