//! The editor as a window of the host's: egui through `nice-plug-egui`, and the host's parameters behind
//! [`Controls`].

use std::cell::Cell;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::params::Param;
use nice_plug::prelude::{ParamSetter, ResizeHint, nice_warn};
use nice_plug_egui::baseview::{HandlerError, WindowSize};
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, create_egui_editor,
};
use parking_lot::Mutex;

use crate::editor::{self, Controls, EditorState, Knob, theme};
use crate::engine::{Mode, Settings};
use crate::handoff::EditorEnd;
use crate::looks::Looks;
use crate::params::{EDITS_MAX, NeumeParams};

/// Knows the thread on which an instance's window runs. Under X11 the toolkit gives each window a thread of its own and does
/// not always wait for its end when the window is closed; a library that the host unloads meanwhile would crash it.
#[derive(Default)]
pub struct WindowThread(Mutex<Option<(ThreadId, Receiver<()>)>>);

/// Longest that a window may take to end.
const PATIENCE: Duration = Duration::from_secs(2);

impl WindowThread {
    /// Remembers the calling thread.
    fn remember(&self) {
        // Dropped with the thread, when all that ran on it is gone.
        thread_local!(static ALIVE: Cell<Option<Sender<()>>> = const { Cell::new(None) });
        let (alive, ended) = bounded(0);
        ALIVE.set(Some(alive));
        *self.0.lock() = Some((thread::current().id(), ended));
    }

    /// Waits until the thread of the last window has ended; not for the calling thread, on which other systems run windows.
    pub fn join(&self) {
        if let Some((id, ended)) = self.0.lock().take()
            && id != thread::current().id()
            && ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout)
        {
            nice_warn!("the editor's window has not ended yet");
        }
    }
}

/// What the standalone window begins with.
#[derive(Default)]
pub struct Begun {
    /// The parameters that were kept.
    pub settings: Option<Settings>,
    /// What the composer should know.
    pub told: Option<String>,
}

/// What lives while an instance lives, and is shown while a window is open.
pub struct Window {
    thread: Arc<WindowThread>,
    params: Arc<NeumeParams>,
    state: EditorState,
    looks: Looks,
    settings: Option<Settings>,
    end: EditorEnd,
    host: Option<GuiContext>,
    saved: Arc<crate::state::InstanceState>,
}

/// The editor of an instance.
pub fn editor(
    params: Arc<NeumeParams>,
    end: EditorEnd,
    thread: Arc<WindowThread>,
    begun: Begun,
) -> Option<EguiEditor<Window>> {
    let repaint = RepaintNotifier::new();
    let saved = end.document.get();
    let (looks, wrong) = Looks::find();
    let look = looks.now();
    let mut state = EditorState::new(look.theme);
    begun.told.or(wrong).into_iter().for_each(|told| state.tell(told));
    let window = Window { thread, params, state, looks, settings: begun.settings, end, host: None, saved };
    let size = EguiEditorState::from_size(LogicalSize::new(look.size[0], look.size[1]), 1.0);
    let least = LogicalSize::new(editor::LEAST_SIZE[0], editor::LEAST_SIZE[1]);
    let settings = EguiNiceSettings::new()
        .with_tile("Neume")
        .with_resize_hint(ResizeHint::resizable().with_min_logical_size(least));
    create_egui_editor(size, repaint, settings, window)
}

impl NiceEguiApp for Window {
    fn build(
        &mut self,
        ctx: egui::Context,
        host: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        self.thread.remember();
        theme::install(&ctx, self.state.theme);
        if let Some(settings) = self.settings.take() {
            restore(&host.param_setter(), &self.params, &settings);
        }
        self.host = Some(host);
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(host) = self.host.clone() else { return };
        let mut controls = HostControls { params: &self.params, setter: host.param_setter() };
        editor::editor_ui(ui, &mut self.state, &mut self.end, &mut controls);
        self.tell_of_edits(&host.param_setter());
        self.looks.follow(self.state.theme);
    }

    fn resized(&mut self, size: WindowSize) {
        self.looks.resized([size.logical.width as f32, size.logical.height as f32]);
    }

    fn editor_closed(&mut self) {
        editor::closed(&mut self.state, &mut self.end);
        self.host = None;
    }
}

impl Window {
    /// Counts an edit where the document is another one than a frame ago, so that the host marks the project changed.
    fn tell_of_edits(&mut self, setter: &ParamSetter<'_>) {
        let saved = self.end.document.get();
        if !Arc::ptr_eq(&saved, &self.saved) {
            self.saved = saved;
            let edits = &self.params.edits;
            set(setter, edits, (edits.value() + 1) % EDITS_MAX);
        }
    }
}

fn set<P: Param>(setter: &ParamSetter<'_>, param: &P, value: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, value);
    setter.end_set_parameter(param);
}

/// Gives the parameters the values that were kept.
fn restore(setter: &ParamSetter<'_>, params: &NeumeParams, settings: &Settings) {
    let Settings { slot, mode, attack_secs, decay_secs, sustain_norm, release_secs, .. } = *settings;
    set(setter, &params.slot, slot as i32 + 1);
    set(setter, &params.mode, mode.into());
    set(setter, &params.attack_secs, attack_secs);
    set(setter, &params.decay_secs, decay_secs);
    set(setter, &params.sustain_norm, sustain_norm);
    set(setter, &params.release_secs, release_secs);
    set(setter, &params.gain, settings.gain);
    set(setter, &params.bend_range_semitones, settings.bend_range_semitones);
}

/// The host's parameters, in the editor's words.
struct HostControls<'a> {
    params: &'a NeumeParams,
    setter: ParamSetter<'a>,
}

impl HostControls<'_> {
    fn knob(&self, knob: Knob) -> &nice_plug::params::FloatParam {
        match knob {
            Knob::Attack => &self.params.attack_secs,
            Knob::Decay => &self.params.decay_secs,
            Knob::Sustain => &self.params.sustain_norm,
            Knob::Release => &self.params.release_secs,
            Knob::Gain => &self.params.gain,
            Knob::BendRange => &self.params.bend_range_semitones,
        }
    }
}

impl Controls for HostControls<'_> {
    fn slot(&self) -> usize {
        self.params.settings().slot
    }

    fn set_slot(&mut self, slot: usize) {
        set(&self.setter, &self.params.slot, slot as i32 + 1);
    }

    fn mode(&self) -> Mode {
        self.params.settings().mode
    }

    fn set_mode(&mut self, mode: Mode) {
        set(&self.setter, &self.params.mode, mode.into());
    }

    fn value(&self, knob: Knob) -> f32 {
        let value = self.knob(knob).value();
        if knob == Knob::Gain { nice_plug::util::gain_to_db(value) } else { value }
    }

    fn position(&self, knob: Knob) -> f32 {
        self.knob(knob).unmodulated_normalized_value()
    }

    fn default_position(&self, knob: Knob) -> f32 {
        self.knob(knob).default_normalized_value()
    }

    fn begin(&mut self, knob: Knob) {
        self.setter.begin_set_parameter(self.knob(knob));
    }

    fn set_position(&mut self, knob: Knob, position: f32) {
        self.setter.set_parameter_normalized(self.knob(knob), position);
    }

    fn end(&mut self, knob: Knob) {
        self.setter.end_set_parameter(self.knob(knob));
    }
}
