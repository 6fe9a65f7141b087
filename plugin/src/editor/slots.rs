//! The sixteen slots as miniatures of their drawings, the sounding one ringed. A drawing that is dragged to another slot
//! changes places with the one there, or is copied.

use egui::{
    Color32, CursorIcon, Id, LayerId, Order, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

use super::button::focus_ring;
use super::commands::{self, Command};
use super::editing::Editing;
use super::ink::{mesh_of, pad_within};
use super::pad;
use super::theme::{self, CORNER, CORNER_SMALL};
use crate::handoff::SLOTS;

const GAP_PX: f32 = 8.0;

/// The slots in `rect`.
pub fn slots_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let width = (rect.width() - GAP_PX * (SLOTS - 1) as f32) / SLOTS as f32;
    let cells: [Rect; SLOTS] = std::array::from_fn(|slot| {
        let left = rect.left() + slot as f32 * (width + GAP_PX);
        Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()))
    });
    let mut asked = None;
    let mut dragged = None;
    for (slot, cell) in cells.into_iter().enumerate() {
        let response = slot_ui(ui, cell, slot, editing);
        if response.clicked() {
            asked = Some(Command::Slot(slot));
        }
        if (response.dragged() || response.drag_stopped()) && !editing.sketch_of(slot).is_empty() {
            dragged = Some((slot, response));
        }
    }
    if let Some((slot, response)) = dragged {
        carried_ui(ui, &cells, slot, &response, editing);
    }
    if let Some(command) = asked {
        commands::run(command, editing, ui.ctx());
    }
}

/// A drawing under the pointer on its way to another slot, which is shown once it is there.
fn carried_ui(ui: &Ui, cells: &[Rect; SLOTS], from: usize, response: &Response, editing: &mut Editing) {
    let Some(at) = response.interact_pointer_pos() else { return };
    let copies = ui.input(|input| input.modifiers.command || input.modifiers.alt);
    let to = cells.iter().position(|cell| cell.contains(at)).filter(|&to| to != from);
    if response.drag_stopped() {
        let Some(to) = to else { return };
        pad::end_gesture(editing);
        if copies {
            editing.copy(from, to);
        } else {
            editing.exchange(from, to);
        }
        return editing.choose_slot(to);
    }
    let tokens = editing.tokens();
    if let Some(to) = to {
        ui.painter().rect_stroke(cells[to], CORNER, Stroke::new(2.0, tokens.text), StrokeKind::Inside);
    }
    let painter = ui.ctx().layer_painter(LayerId::new(Order::Tooltip, Id::unique("carried drawing")));
    let paper = Rect::from_center_size(at, cells[from].size());
    painter.rect(paper, CORNER, tokens.pad, Stroke::new(1.0, tokens.faint), StrokeKind::Inside);
    let (sketch, pad) = (editing.sketch_of(from), pad_within(paper.shrink(4.0)));
    if let Some(layer) = &sketch.raster {
        editing.state.slot_picture[from].paint(&painter, layer, pad, editing.theme());
    }
    painter.add(mesh_of(&sketch.strokes, pad, painter.pixels_per_point(), editing.theme()));
    ui.ctx().set_cursor_icon(if copies { CursorIcon::Copy } else { CursorIcon::Grabbing });
}

fn slot_ui(ui: &mut Ui, cell: Rect, slot: usize, editing: &mut Editing) -> Response {
    let (tokens, theme) = (editing.tokens(), editing.theme());
    let chosen = slot == editing.now.slot;
    let sketch = editing.sketch_of(slot);
    let response = ui.interact(cell, ui.scope_id().with(("slot", slot)), Sense::click_and_drag());
    let name = editing.now.document.slots.get(slot).map_or("", |slot| slot.name.as_str());
    let what = match (name.is_empty(), sketch.is_empty()) {
        (false, _) => format!("Slot {}: {name}", slot + 1),
        (true, true) => format!("Slot {}: empty", slot + 1),
        (true, false) => format!("Slot {}", slot + 1),
    };
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, &what));
    ui.painter().rect_filled(cell, CORNER, tokens.pad);
    if !sketch.is_empty() {
        let pad = pad_within(cell.shrink(4.0));
        let painter = ui.painter_at(cell.shrink(2.0));
        if let Some(layer) = &sketch.raster {
            editing.state.slot_picture[slot].paint(&painter, layer, pad, theme);
        }
        painter.add(editing.state.slot_ink[slot].strokes(&sketch, pad, painter.pixels_per_point(), theme));
    }
    number_ui(ui, cell, slot, if chosen { tokens.text } else { tokens.dim }, editing);
    let stroke = if chosen {
        Stroke::new(2.0, tokens.accent)
    } else if response.hovered() {
        Stroke::new(1.0, tokens.faint)
    } else {
        Stroke::new(1.0, tokens.line)
    };
    ui.painter().rect_stroke(cell, CORNER, stroke, StrokeKind::Inside);
    focus_ring(ui, &response, cell, CORNER, tokens);
    if sketch.is_empty() {
        return response.on_hover_text(what);
    }
    let key = if cfg!(target_os = "macos") { "⌥" } else { "Ctrl" };
    response.on_hover_text(format!("{what}\nDrag it to another slot to move it there, with {key} to copy it"))
}

/// The number of a slot in its corner, on paper of its own, so that no ink runs into it.
fn number_ui(ui: &Ui, cell: Rect, slot: usize, ink: Color32, editing: &Editing) {
    let painter = ui.painter();
    let galley = painter.layout_no_wrap((slot + 1).to_string(), theme::regular(10.0), ink);
    let at = pos2(cell.left() + 7.0, cell.bottom() - 4.0 - galley.size().y);
    let paper = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 0.0));
    painter.rect_filled(paper, CORNER_SMALL, editing.tokens().pad.gamma_multiply(0.85));
    painter.galley(at, galley, ink);
}
