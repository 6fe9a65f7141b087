//! The palette under the pad: each family with its hue, its glyph and its name, open ink, and how bright the ink is.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use neume_models::Family;

use super::button::{focus_ring, text_width};
use super::commands::{self, Command};
use super::editing::Editing;
use super::icons::family_glyph;
use super::ink::on_paper;
use super::state::Ink;
use super::theme::{self, CORNER_LARGE, mix};

/// Room at the right for the brightness of the ink.
const RAMP_PX: f32 = 116.0;

/// The palette in `rect`.
pub fn palette_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER_LARGE, tokens.panel);
    let inside = rect.shrink2(vec2(10.0, 4.0));
    let families: Vec<Option<Family>> =
        editing.now.document.legend.palette.iter().copied().map(Some).chain([None]).collect();
    let step = (inside.width() - RAMP_PX) / families.len() as f32;
    let mut asked = None;
    for (i, family) in families.into_iter().enumerate() {
        let left = inside.left() + i as f32 * step;
        let cell = Rect::from_x_y_ranges(left..=left + step, inside.y_range());
        if family_ui(ui, cell, family, editing) {
            asked = Some(Ink { family, step: ink_step(editing.state.ink, family) });
        }
    }
    let ramp = Rect::from_x_y_ranges(inside.right() - RAMP_PX + 8.0..=inside.right(), inside.y_range());
    if let Some(step) = ramp_ui(ui, ramp, editing) {
        asked = Some(Ink { step, ..editing.state.ink });
    }
    if let Some(ink) = asked {
        commands::run(Command::Ink(ink), editing, ui.ctx());
    }
}

/// Another family keeps the brightness; between colour and black each starts at its usual one.
fn ink_step(now: Ink, family: Option<Family>) -> usize {
    if now.family.is_some() == family.is_some() { now.step } else { Ink::usual_step(family) }
}

fn family_ui(ui: &mut Ui, cell: Rect, family: Option<Family>, editing: &Editing) -> bool {
    let tokens = editing.tokens();
    let chosen = editing.state.ink.family == family;
    let name = family.map_or("open", |family| family.label());
    let response = ui.interact(cell, ui.scope_id().with(("ink", name)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));
    let colour = family.map_or(tokens.open_ink, |family| editing.theme().family(family));
    let radius = (cell.width() / 2.0 - 5.0).clamp(9.0, 15.0);
    let font = if chosen { theme::semibold(10.5) } else { theme::regular(10.5) };
    let named = chosen || cell.width() >= 52.0 || text_width(ui, name, &font) < cell.width() - 2.0;
    let center = pos2(cell.center().x, cell.top() + 23.0);
    let painter = ui.painter();
    painter.circle_filled(center, radius, colour);
    family_glyph(painter, family, center, radius * 0.8, mix(colour, tokens.pad, 0.78));
    if chosen {
        painter.circle_stroke(center, radius + 3.0, Stroke::new(2.0, tokens.accent));
    } else if response.hovered() {
        painter.circle_stroke(center, radius + 3.0, Stroke::new(1.5, tokens.faint));
    }
    if named {
        let ink = if chosen { tokens.text } else { tokens.dim };
        painter.text(pos2(center.x, cell.bottom() - 10.0), Align2::CENTER_CENTER, name, font, ink);
    }
    focus_ring(
        ui,
        &response,
        Rect::from_center_size(center, vec2(radius, radius) * 2.0 + vec2(6.0, 6.0)),
        18,
        tokens,
    );
    response.on_hover_text(name).clicked()
}

/// Dark to bright ink: a dark colour is a dark sound.
fn ramp_ui(ui: &mut Ui, rect: Rect, editing: &Editing) -> Option<usize> {
    let tokens = editing.tokens();
    let ink = editing.state.ink;
    let mut pressed = None;
    let step_px = rect.width() / Ink::STEPS as f32;
    let y = rect.top() + 23.0;
    ui.painter().vline(
        rect.left() - 8.0,
        rect.top() + 8.0..=rect.bottom() - 8.0,
        Stroke::new(1.0, tokens.line),
    );
    for step in 0..Ink::STEPS {
        let center = pos2(rect.left() + (step as f32 + 0.5) * step_px, y);
        let cell = Rect::from_center_size(center, vec2(step_px, 30.0));
        let response = ui.interact(cell, ui.scope_id().with(("brightness", step)), Sense::click());
        let label = format!("Brightness {} of {}", step + 1, Ink::STEPS);
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, step == ink.step, &label));
        let rgb = Ink { step, ..ink }.rgb(&editing.now.document.legend.palette);
        ui.painter().circle_filled(center, 7.0, on_paper(rgb, editing.theme()));
        if step == ink.step {
            ui.painter().circle_stroke(center, 9.5, Stroke::new(1.75, tokens.accent));
        }
        focus_ring(ui, &response, cell.shrink(4.0), 12, tokens);
        if response.clicked() {
            pressed = Some(step);
        }
    }
    let font = theme::regular(10.5);
    let below = pos2(rect.center().x, rect.bottom() - 10.0);
    ui.painter().text(below, Align2::CENTER_CENTER, "dark to bright", font, tokens.dim);
    pressed
}
