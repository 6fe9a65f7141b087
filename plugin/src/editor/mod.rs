//! The window: the pad, the palette, the matches, the slots and the keys, drawn with egui.
//!
//! Runs on the host's main thread, or wherever the windowing layer calls it. It owns its view state
//! ([`EditorState`]), reaches the other threads through [`EditorEnd`] only, and the host's parameters through
//! [`Controls`] only. It never runs a network and never reads a file on its own thread.

mod bank_view;
mod binding;
mod button;
mod clash_card;
pub mod commands;
pub mod controls;
mod doubt;
mod editing;
mod faces;
mod files;
mod history;
mod icons;
mod ink;
mod keyboard;
mod look_view;
mod match_view;
mod notes;
mod notice;
mod pad;
mod palette;
mod panel;
mod pen;
mod reading;
mod search_view;
mod sign_list;
mod signs_view;
mod slider;
mod slots;
mod sound_view;
pub mod state;
pub mod theme;
mod tools;
mod top_bar;
mod waveform;

use std::sync::atomic::Ordering;
use std::time::Duration;

use egui::containers::scroll_area::ScrollSource;
use egui::{Rect, ScrollArea, Sense, Ui, UiBuilder, Vec2, pos2, vec2};

pub use crate::engine::Mode as KeyMode;
pub use controls::{Controls, Knob};
use editing::Editing;
pub use state::{EditorState, Ink, Tab, Tool};
pub use theme::Theme;

use crate::handoff::EditorEnd;

/// The size at which the window opens, in points.
pub const USUAL_SIZE: [f32; 2] = [1180.0, 780.0];
/// The smallest size in which everything has its place, in points.
pub const LEAST_SIZE: [f32; 2] = [860.0, 600.0];

const MARGIN_PX: f32 = 14.0;
const GAP_PX: f32 = 12.0;
/// How often a window looks for news while something sounds or is awaited, and while nothing does.
const LIVELY: Duration = Duration::from_millis(33);
const IDLE: Duration = Duration::from_millis(150);

/// Gives the context of a window that opens its fonts and its style.
pub fn install(ctx: &egui::Context, state: &mut EditorState) {
    theme::install(ctx, state.theme);
    state.styled = Some(state.theme);
}

/// Draws the window into `ui` and does what the composer asks. Call [`install`] once before, and [`closed`] when the
/// window closes.
pub fn editor_ui(ui: &mut Ui, state: &mut EditorState, end: &mut EditorEnd, controls: &mut dyn Controls) {
    end.watched.store(true, Ordering::Relaxed);
    if state.styled != Some(state.theme) {
        theme::restyle(ui.ctx(), state.theme);
        state.styled = Some(state.theme);
    }
    let secs = ui.input(|input| input.time);
    let editing = &mut Editing::new(state, end, controls, secs);
    let (presses, holds) = ui.input(|input| (input.pointer.any_pressed(), input.pointer.primary_down()));
    if presses || !(holds || ui.ctx().text_edit_focused()) {
        editing.state.history.rest();
    }
    files::take_outcome(editing);
    files::take_dropped(editing, ui.ctx());
    for command in commands::pressed(ui.ctx()) {
        commands::run(command, editing, ui.ctx());
    }
    if ui.input(|input| !input.pointer.primary_down()) {
        sound_view::let_go(editing);
    }
    faces::follow(ui.ctx(), &mut editing.state.seen_faces);
    let window = ui.ctx().content_rect();
    ui.painter().rect_filled(window, 0.0, editing.tokens().window);
    let room = window.size().max(Vec2::from(LEAST_SIZE));
    if room == window.size() {
        everything_ui(ui, window, editing);
    } else {
        // Smaller than the smallest: a part of it is seen, and the rest scrolled to.
        let mut inner = ui.new_child(UiBuilder::new().id_salt("small").max_rect(window));
        let sources = ScrollSource::SCROLL_BAR | ScrollSource::MOUSE_WHEEL;
        ScrollArea::both().auto_shrink(false).scroll_source(sources).show(&mut inner, |ui| {
            let (whole, _) = ui.allocate_exact_size(room, Sense::hover());
            everything_ui(ui, whole, editing);
        });
    }
    ui.ctx().request_repaint_after(if is_lively(editing) { LIVELY } else { IDLE });
}

/// The whole window, in `window`.
fn everything_ui(ui: &mut Ui, window: Rect, editing: &mut Editing) {
    let places = Places::within(window);
    top_bar::top_bar_ui(ui, places.top_bar, editing);
    tools::tools_ui(ui, places.tools, editing);
    pad::pad_ui(ui, places.pad, editing);
    palette::palette_ui(ui, places.palette, editing);
    panel::panel_ui(ui, places.panel, editing);
    slots::slots_ui(ui, places.slots, editing);
    keyboard::keyboard_ui(ui, places.keyboard, editing);
}

/// The window closes: a movement ends, a pressed key is lifted, nobody watches the Engine any more.
pub fn closed(state: &mut EditorState, end: &mut EditorEnd) {
    if let Some(gesture) = state.gesture.take() {
        let after =
            end.document.get().slots.get(gesture.slot).map(|slot| slot.sketch.clone()).unwrap_or_default();
        if *after != *gesture.before.sketch {
            state.history.drew(gesture.slot, gesture.before);
        }
    }
    if let Some(key) = state.pressed_key.take() {
        keyboard::lift(end, key);
    }
    faces::stop();
    state.styled = None;
    end.watched.store(false, Ordering::Relaxed);
}

/// Whether something is heard, awaited or still moving.
fn is_lively(editing: &Editing) -> bool {
    let frame = &editing.now.frame;
    let sounding = frame.voices > 0 || frame.keys != 0 || editing.state.pressed_key.is_some();
    let falling = editing.state.tab == Tab::Look && editing.state.peak.iter().any(|&peak| peak > 1e-3);
    let awaited = !editing.end.requests.answered() || editing.now.view.bank.scanning.is_some();
    sounding || falling || awaited || editing.state.gesture.is_some()
}

/// Where everything lies.
struct Places {
    top_bar: Rect,
    tools: Rect,
    pad: Rect,
    palette: Rect,
    panel: Rect,
    slots: Rect,
    keyboard: Rect,
}

impl Places {
    fn within(window: Rect) -> Places {
        let inside = window.shrink2(vec2(MARGIN_PX, 0.0));
        let low = window.height() < 720.0;
        let across = |top: f32, height: f32| {
            Rect::from_min_max(pos2(inside.left(), top), pos2(inside.right(), top + height))
        };
        let keyboard_height = if low { 58.0 } else { (window.height() * 0.097).clamp(70.0, 96.0) };
        let slots_height = ((inside.width() / 16.0 - 8.0) * 0.92).clamp(46.0, 76.0);
        let keyboard = across(window.bottom() - 10.0 - keyboard_height, keyboard_height);
        let slots = across(keyboard.top() - 10.0 - slots_height, slots_height);
        let top_bar = across(window.top() + 7.0, 30.0);
        let middle = Rect::from_min_max(
            pos2(inside.left(), top_bar.bottom() + 7.0),
            pos2(inside.right(), slots.top() - GAP_PX),
        );
        let tools = Rect::from_min_size(middle.min, vec2(46.0, middle.height()));
        let panel_width = (window.width() * 0.28).clamp(272.0, 400.0);
        let panel = Rect::from_min_max(pos2(middle.right() - panel_width, middle.top()), middle.max);
        let pad_left = tools.right() + GAP_PX;
        let pad_right = panel.left() - GAP_PX;
        let palette_height = if low { 60.0 } else { 70.0 };
        let palette = Rect::from_min_max(
            pos2(pad_left, middle.bottom() - palette_height),
            pos2(pad_right, middle.bottom()),
        );
        let pad = Rect::from_min_max(pos2(pad_left, middle.top()), pos2(pad_right, palette.top() - 10.0));
        Places { top_bar, tools, pad, palette, panel, slots, keyboard }
    }
}
