//! A window without a display, with plain parameters and the other ends of the hand-off in the test's hands.

use std::sync::Arc;

use egui::{Pos2, Rect, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use neume::editor::{Controls, EditorState, Knob, Theme, editor_ui, theme};
use neume::engine::Mode;
use neume::handoff::{EditorEnd, EngineEnd, Request, View, WorkerEnd, ends};
use neume::language::Language;
use neume_models::Sketch;

/// Parameters that nobody automates.
#[derive(Debug, Default)]
pub struct PlainControls {
    pub slot: usize,
    pub mode: Mode,
    positions: std::collections::HashMap<Knob, f32>,
    pub gestures: Vec<(Knob, bool)>,
}

impl Controls for PlainControls {
    fn slot(&self) -> usize {
        self.slot
    }

    fn set_slot(&mut self, slot: usize) {
        self.slot = slot;
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    fn value(&self, knob: Knob) -> f32 {
        let at = self.position(knob);
        match knob {
            Knob::Attack | Knob::Decay | Knob::Release => at * at * 5.0,
            Knob::Sustain => at,
            Knob::Gain => -24.0 + 36.0 * at,
            Knob::BendRange => (24.0 * at).round(),
        }
    }

    fn position(&self, knob: Knob) -> f32 {
        self.positions.get(&knob).copied().unwrap_or_else(|| self.default_position(knob))
    }

    fn default_position(&self, knob: Knob) -> f32 {
        match knob {
            Knob::Attack => 0.12,
            Knob::Decay => 0.3,
            Knob::Sustain => 0.8,
            Knob::Release => 0.25,
            Knob::Gain => 24.0 / 36.0,
            Knob::BendRange => 2.0 / 24.0,
        }
    }

    fn begin(&mut self, knob: Knob) {
        self.gestures.push((knob, true));
    }

    fn set_position(&mut self, knob: Knob, position: f32) {
        self.positions.insert(knob, position);
    }

    fn end(&mut self, knob: Knob) {
        self.gestures.push((knob, false));
    }
}

/// The window's own state and every end of its hand-off.
pub struct Bench {
    pub state: EditorState,
    pub editor: EditorEnd,
    pub worker: WorkerEnd,
    pub engine: EngineEnd,
    pub controls: PlainControls,
}

pub type Window<'a> = Harness<'a, Bench>;

impl Bench {
    pub fn new(theme: Theme) -> Bench {
        let (editor, worker, engine) = ends();
        let state = EditorState::new(theme);
        Bench { state, editor, worker, engine, controls: PlainControls::default() }
    }

    /// Publishes a view, as the Worker does.
    pub fn publish(&self, view: View) {
        *self.editor.view.lock() = Arc::new(view);
    }

    pub fn sketch(&self, slot: usize) -> Arc<Sketch> {
        self.editor.document.get().slots[slot].sketch.clone()
    }

    /// What was asked of the Worker since the last time.
    pub fn asked(&self) -> Vec<Request> {
        self.worker.requests.try_iter().collect()
    }
}

/// Opens a window of this size in points.
pub fn open<'a>(bench: Bench, size: [f32; 2], pixels_per_point: f32) -> Window<'a> {
    let theme_of = bench.state.theme;
    let mut window = Harness::builder()
        .with_size(Vec2::from(size))
        .with_pixels_per_point(pixels_per_point)
        .with_step_dt(1.0 / 30.0)
        .with_max_steps(12)
        .with_render_cursor(false)
        .with_context_setup(move |ctx| theme::install(ctx, theme_of))
        .build_ui_state(
            |ui, bench: &mut Bench| {
                editor_ui(ui, &mut bench.state, &mut bench.editor, &mut bench.controls);
            },
            bench,
        );
    window.run();
    window
}

/// A window at its usual size.
pub fn usual<'a>() -> Window<'a> {
    open(Bench::new(Theme::Dark), neume::editor::USUAL_SIZE, 1.0)
}

/// Where the pad is.
pub fn pad(window: &Window) -> Rect {
    window.get_by_label("Pad").rect()
}

/// Where a place of the pad, 0..1 with y up, is on the screen.
pub fn on_pad(window: &Window, x: f32, y: f32) -> Pos2 {
    let pad = pad(window);
    pos2(pad.left() + x * pad.width(), pad.bottom() - y * pad.height())
}

/// Presses at the first place of the pad, moves through the others and lets go at the last, a frame at a time.
pub fn draw(window: &mut Window, path: &[(f32, f32)]) {
    let places: Vec<Pos2> = path.iter().map(|&(x, y)| on_pad(window, x, y)).collect();
    window.hover_at(places[0]);
    window.step();
    window.drag_at(places[0]);
    window.step();
    for place in &places[1..] {
        window.hover_at(*place);
        window.step();
    }
    window.drop_at(places[places.len() - 1]);
    window.run();
}

/// A file that is dropped on the window.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|cause| cause.to_string())
    }
}

/// Drops a language's file on the window and waits until the window shows this.
pub fn drop_language(window: &mut Window, language: &Language, awaited: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.neumes");
    std::fs::write(&path, language.to_file().unwrap()).unwrap();
    window.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    while window.query_by_label(awaited).is_none() {
        window.step();
    }
    window.run();
}
