//! The view Look: what is heard, seen. The newest output as a curve, and the level of both channels. Below, where the
//! networks run, and how much memory sounds may take.

use egui::{Align2, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::button::{elided, segmented};
use super::editing::Editing;
use super::notes;
use super::theme::{self, CORNER, mix};
use crate::device::Device;
use crate::handoff::{EngineFrame, Request};
use crate::memory::Budget;

/// Lowest level of the meters, in dB.
const FLOOR_DB: f32 = -60.0;
/// How fast a meter falls, as a share kept from frame to frame.
const FALL: f32 = 0.86;
/// Height of the lines about the device, and of those about memory.
const MACHINE_PX: f32 = 56.0;

/// [`Budget::CHOICES`], in few words.
const BUDGETS: [&str; 5] = ["¼ GB", "½ GB", "1 GB", "2 GB", "4 GB"];

/// The view in `rect`.
pub fn look_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let colour = editing.chosen_match().map_or(tokens.text, |m| editing.theme().family(m.family));
    let height = (rect.height() - 68.0 - 2.0 * MACHINE_PX).clamp(120.0, rect.width() * 1.2);
    let scope = Rect::from_min_size(rect.min, vec2(rect.width(), height));
    ui.painter().rect_filled(scope, CORNER, tokens.pad);
    let inside = scope.shrink2(vec2(0.0, 16.0));
    ui.painter().hline(scope.x_range(), scope.center().y, Stroke::new(1.0, tokens.pad_octave));
    let painter = ui.painter_at(scope);
    painter.add(Shape::line(curve(inside, &editing.now.frame.scope), Stroke::new(1.75, colour)));
    let response = ui.interact(scope, ui.scope_id().with("scope"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Scope"));
    for (i, name) in ["L", "R"].into_iter().enumerate() {
        let peak = editing.now.frame.peak[i];
        let shown = peak.max(editing.state.peak[i] * FALL);
        editing.state.peak[i] = if shown.is_finite() { shown } else { 0.0 };
        let y = scope.bottom() + 26.0 + 24.0 * i as f32;
        let row = Rect::from_min_max(pos2(rect.left(), y - 8.0), pos2(rect.right(), y + 8.0));
        level_ui(ui, row, name, editing.state.peak[i], editing);
    }
    let top = pos2(rect.left(), scope.bottom() + 68.0);
    let device = Rect::from_min_size(top, vec2(rect.width(), MACHINE_PX));
    device_ui(ui, device, editing);
    let memory = device.translate(vec2(0.0, MACHINE_PX));
    let mut below = ui.new_child(UiBuilder::new().id_salt("memory").max_rect(memory));
    memory_ui(&mut below, memory, editing);
}

/// How much memory the sounds of all instances may take, with what they take beneath.
fn memory_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let (tokens, shown) = (editing.tokens(), editing.now.view.memory);
    let row = Rect::from_min_size(rect.min, vec2(rect.width(), 28.0));
    ui.painter().text(row.left_center(), Align2::LEFT_CENTER, "Memory", theme::regular(12.0), tokens.dim);
    let choice = Rect::from_min_max(pos2(row.right() - 46.0 * BUDGETS.len() as f32, row.top()), row.max);
    // A budget that only `NEUME_MEMORY_MB` can say is none of these.
    let chosen = Budget::CHOICES.iter().position(|&budget| budget == shown.budget).unwrap_or(usize::MAX);
    let starved = editing.now.frame.starved;
    let (words, ink) = match starved {
        0 => (format!("{} MB of {} in use", shown.held_mb, shown.budget), tokens.dim),
        1 => ("the disk was too slow for 1 note".to_string(), tokens.warning),
        many => (format!("the disk was too slow for {many} notes"), tokens.warning),
    };
    let at = pos2(rect.right(), row.bottom() + 12.0);
    elided(ui, at, Align2::RIGHT_CENTER, &words, theme::regular(12.0), ink, rect.width());
    if let Some(i) = segmented(ui, choice, &BUDGETS, chosen, tokens) {
        editing.end.requests.send(Request::Memory(Budget::CHOICES[i]));
    }
}

/// Where the networks run, with its full name beneath; another device may be chosen.
fn device_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let (tokens, shown) = (editing.tokens(), &editing.now.view.device);
    let row = Rect::from_min_size(rect.min, vec2(rect.width(), 28.0));
    ui.painter().text(row.left_center(), Align2::LEFT_CENTER, "Networks", theme::regular(12.0), tokens.dim);
    let choice =
        Rect::from_min_max(pos2(row.right() - 60.0 * Device::CHOICES.len() as f32, row.top()), row.max);
    let labels: Vec<&str> = Device::CHOICES.iter().map(|device| device.label()).collect();
    let chosen = Device::CHOICES.iter().position(|&device| device == shown.device).unwrap_or(0);
    let words = match shown.device {
        Device::Cpu if !shown.has_other => format!("{} is not installed here", Device::CHOICES[1].label()),
        Device::Cpu => String::new(),
        _ => shown.name.clone(),
    };
    let at = pos2(rect.right(), row.bottom() + 12.0);
    elided(ui, at, Align2::RIGHT_CENTER, &words, theme::regular(12.0), tokens.dim, rect.width());
    if let Some(i) = segmented(ui, choice, &labels, chosen, tokens) {
        editing.end.requests.send(Request::Device(Device::CHOICES[i]));
    }
}

/// A stretch of the scope that starts where the wave rises through zero, so that a steady tone stands still.
fn curve(rect: Rect, scope: &[f32; EngineFrame::SCOPE_LEN]) -> Vec<Pos2> {
    const SHOWN: usize = EngineFrame::SCOPE_LEN / 2;
    let rising = (0..SHOWN).find(|&i| scope[i] <= 0.0 && scope[i + 1] > 0.0).unwrap_or(0);
    let peak = scope.iter().fold(0.0f32, |peak, v| peak.max(v.abs()));
    // A soft sound is still seen: the curve is raised, at most eightfold.
    let scale = if peak > 1e-4 { (0.9 / peak).min(8.0) } else { 1.0 };
    (0..SHOWN)
        .step_by(2)
        .map(|i| {
            let level = (scope[rising + i] * scale).clamp(-1.0, 1.0);
            let x = rect.left() + i as f32 / (SHOWN - 2) as f32 * rect.width();
            pos2(x, rect.center().y - level * rect.height() / 2.0)
        })
        .collect()
}

fn level_ui(ui: &Ui, rect: Rect, name: &str, peak: f32, editing: &Editing) {
    let tokens = editing.tokens();
    let db = 20.0 * peak.max(1e-6).log10();
    let along = ((db - FLOOR_DB) / -FLOOR_DB).clamp(0.0, 1.0);
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, name, theme::regular(12.0), tokens.dim);
    let words = if db <= FLOOR_DB { "silent".to_string() } else { notes::decibels(db) };
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, words, theme::regular(12.0), tokens.dim);
    let y = rect.center().y;
    let track = Rect::from_x_y_ranges(rect.left() + 20.0..=rect.right() - 52.0, y - 3.0..=y + 3.0);
    ui.painter().rect_filled(track, 3.0, mix(tokens.panel, tokens.faint, 0.35));
    let ink = if db > -0.1 { tokens.warning } else { tokens.text };
    let full = Rect::from_min_size(track.min, vec2(track.width() * along, track.height()));
    ui.painter().rect_filled(full, 3.0, ink);
}
