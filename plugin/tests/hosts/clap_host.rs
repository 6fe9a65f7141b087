//! One instance of the instrument in a CLAP host: activate, send events, collect what it plays, save and load.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamInfoBuffer,
    ParamRescanFlags, PluginParams,
};
use clack_extensions::state::{HostState, HostStateImpl, PluginState};
use clack_host::events::Match;
use clack_host::events::event_types::{MidiEvent, NoteOffEvent, NoteOnEvent, ParamValueEvent};
use clack_host::prelude::*;

use crate::bundle;

/// The instrument's CLAP id.
pub const ID: &CStr = c"org.neume.neume";

/// The host's side: it notes that the instrument asked for its main thread, and that its state changed.
pub struct Handlers;

/// What any thread of the instrument may ask.
#[derive(Default)]
pub struct Shared {
    callback: AtomicBool,
}

/// What the instrument asks on the main thread.
#[derive(Default)]
pub struct MainThread;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = MainThread;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Self::Shared<'_>) {
        builder.register::<HostParams>().register::<HostState>().register::<HostGui>();
    }
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Release);
    }
}

impl MainThreadHandler<'_> for MainThread {}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

impl HostParamsImplMainThread for MainThread {
    fn rescan(&self, _: ParamRescanFlags) {}
    fn clear(&self, _: ClapId, _: ParamClearFlags) {}
}

impl HostStateImpl for MainThread {
    fn mark_dirty(&self) {}
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }
    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn closed(&self, _: bool) {}
}

/// Something that happens to the instrument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Event {
    /// A key goes down, velocity 0..1.
    On(u8, f64),
    /// A key goes up.
    Off(u8),
    /// A plain MIDI message.
    Midi([u8; 3]),
    /// A parameter takes a plain value.
    Param(ClapId, f64),
}

/// Events by the frame at which they happen, in order.
pub type Score = Vec<(u64, Event)>;

/// The bundle's entry, loaded once and kept: what a library leaves running must not lose its code.
pub fn entry() -> &'static PluginEntry {
    static ENTRY: OnceLock<PluginEntry> = OnceLock::new();
    ENTRY.get_or_init(|| {
        // The index of test banks is no business of the user's cache.
        let cache = std::env::temp_dir().join(format!("neume-host-test-cache-{}", std::process::id()));
        // SAFETY: every test comes through here before it has an instrument, and nothing else reads the environment yet.
        unsafe { std::env::set_var("NEUME_CACHE", cache) };
        let path = bundle::clap();
        // SAFETY: the file is our own bundle, whose entry keeps CLAP's contract as far as these tests can tell.
        unsafe { PluginEntry::load(&path) }.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    })
}

/// An instance of the instrument.
pub struct Instrument {
    // Dropped before the instance, which it belongs to.
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    instance: PluginInstance<Handlers>,
}

impl Instrument {
    /// A fresh one, as a host makes it.
    pub fn new() -> Instrument {
        let host = HostInfo::new("Neume's tests", "Neume", "https://example.org", "1").unwrap();
        let instance = PluginInstance::new(|_| Shared::default(), |_| MainThread, entry(), ID, &host)
            .expect("it starts");
        Instrument { processor: None, instance }
    }

    /// A fresh one, ready to play.
    pub fn active(rate_hz: f64, max_frames: u32) -> Instrument {
        let mut instrument = Instrument::new();
        instrument.activate(rate_hz, max_frames);
        instrument
    }

    /// Gets it ready to play blocks of up to `max_frames`.
    pub fn activate(&mut self, rate_hz: f64, max_frames: u32) {
        let configuration = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: max_frames,
        };
        let stopped = self.instance.activate(|_, _| (), configuration).expect("it activates");
        self.processor =
            Some(stopped.start_processing().map_err(|_| "refused").expect("it starts processing"));
        self.serve();
    }

    /// Stops playing.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.instance.deactivate(processor.stop_processing());
        }
        self.serve();
    }

    /// Does on the main thread what the instrument asked for.
    pub fn serve(&mut self) {
        if self.instance.access_shared_handler(|shared| shared.callback.swap(false, Ordering::AcqRel)) {
            self.instance.call_on_main_thread_callback();
        }
    }

    /// Plays a score for `frames`, in blocks whose sizes come from `sizes` in turn. Returns left and right.
    pub fn play(&mut self, sizes: &[u32], frames: u64, score: &[(u64, Event)]) -> [Vec<f32>; 2] {
        let mut sound = [Vec::new(), Vec::new()];
        let mut sizes = sizes.iter().cycle();
        let mut at = 0;
        while at < frames {
            let size = u64::from(*sizes.next().unwrap()).min(frames - at);
            let due: Score = score
                .iter()
                .filter(|(frame, _)| (at..at + size).contains(frame))
                .map(|(frame, event)| (frame - at, *event))
                .collect();
            let [left, right] = self.block(size as usize, &due);
            sound[0].extend(left);
            sound[1].extend(right);
            at += size;
            self.serve();
        }
        sound
    }

    fn block(&mut self, size: usize, events: &[(u64, Event)]) -> [Vec<f32>; 2] {
        let mut input = EventBuffer::with_capacity(events.len());
        for (frame, event) in events {
            push(&mut input, *frame as u32, *event);
        }
        // What is there before is not silence, so that a frame that is not written shows.
        let mut channels = [vec![9.0f32; size], vec![9.0f32; size]];
        let mut ports = AudioPorts::with_capacity(2, 1);
        let mut output = ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(channels.iter_mut().map(Vec::as_mut_slice)),
        }]);
        let processor = self.processor.as_mut().expect("it is active");
        let mut said = EventBuffer::new();
        processor
            .process(
                &InputAudioBuffers::empty(),
                &mut output,
                &InputEvents::from_buffer(&input),
                &mut OutputEvents::from_buffer(&mut said),
                None,
                None,
            )
            .expect("it processes");
        channels
    }

    /// What a project file would keep.
    pub fn save(&mut self) -> Vec<u8> {
        let mut state = Vec::new();
        let handle = self.instance.plugin_handle();
        let extension: PluginState = handle.get_extension().expect("it keeps state");
        extension.save(&handle, &mut state).expect("it saves");
        state
    }

    /// Opens what a project file kept. Returns whether the instrument took it.
    pub fn load(&mut self, mut state: &[u8]) -> bool {
        let handle = self.instance.plugin_handle();
        let extension: PluginState = handle.get_extension().expect("it keeps state");
        let taken = extension.load(&handle, &mut state).is_ok();
        self.serve();
        taken
    }

    /// Its parameters by name: id, least, greatest and present value.
    pub fn params(&mut self) -> BTreeMap<String, Param> {
        let handle = self.instance.plugin_handle();
        let extension: PluginParams = handle.get_extension().expect("it has parameters");
        let mut found = BTreeMap::new();
        for index in 0..extension.count(&handle) {
            let mut buffer = ParamInfoBuffer::new();
            let info = extension.get_info(&handle, index, &mut buffer).expect("each parameter is described");
            let value = extension.get_value(&handle, info.id).expect("each parameter has a value");
            let param = Param { id: info.id, min: info.min_value, max: info.max_value, value };
            found.insert(String::from_utf8_lossy(info.name).into_owned(), param);
        }
        found
    }

    /// The instance itself.
    pub fn instance(&mut self) -> &mut PluginInstance<Handlers> {
        &mut self.instance
    }
}

impl Drop for Instrument {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// A parameter as a host sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Names it in events.
    pub id: ClapId,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// Present value.
    pub value: f64,
}

fn push(buffer: &mut EventBuffer, frame: u32, event: Event) {
    let key = |key: u8| Pckn::new(0u16, 0u16, u16::from(key), Match::All);
    match event {
        Event::On(note, velocity) => buffer.push(&NoteOnEvent::new(frame, key(note), velocity)),
        Event::Off(note) => buffer.push(&NoteOffEvent::new(frame, key(note), 0.0)),
        Event::Midi(data) => buffer.push(&MidiEvent::new(frame, 0, data)),
        Event::Param(id, value) => {
            buffer.push(&ParamValueEvent::new(frame, id, Pckn::match_all(), value));
        }
    }
}
