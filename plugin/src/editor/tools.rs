//! The column at the left: tools, the thickness of the pen as a wedge, undo, redo and clear.

use egui::{Align2, Color32, Key, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::button::{Look, arrow_steps, command_button, focus_ring, pressed_at};
use super::commands::{self, Command};
use super::editing::Editing;
use super::state::Tool;
use super::theme::{self, CORNER_LARGE, mix};
use super::{icons, notes};

const BUTTON_PX: f32 = 32.0;
const STEP_PX: f32 = 36.0;

/// The column in `rect`.
pub fn tools_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER_LARGE, tokens.panel);
    let x = rect.center().x;
    let cell = |y: f32| Rect::from_center_size(pos2(x, y), vec2(BUTTON_PX, BUTTON_PX));
    let mut asked = None;
    let tools = [(icons::PEN, Tool::Pen), (icons::LINE, Tool::Line), (icons::ERASER, Tool::Eraser)];
    for (i, (icon, tool)) in tools.into_iter().enumerate() {
        let look = if editing.state.tool == tool { Look::Chosen } else { Look::Plain };
        let at = cell(rect.top() + 24.0 + i as f32 * STEP_PX);
        if command_button(ui, at, icon, Command::Tool(tool), look, tokens) {
            asked = Some(Command::Tool(tool));
        }
    }
    let (history, slot) = (&editing.state.history, editing.now.slot);
    let below = [
        (icons::UNDO, Command::Undo, history.can_undo(slot)),
        (icons::REDO, Command::Redo, history.can_redo(slot)),
        (icons::CLEAR, Command::Clear, !editing.sketch().is_empty()),
    ];
    for (i, (icon, command, possible)) in below.into_iter().enumerate() {
        let look = if possible { Look::Plain } else { Look::Off };
        let at = cell(rect.bottom() - 24.0 - (2 - i) as f32 * STEP_PX);
        if command_button(ui, at, icon, command, look, tokens) {
            asked = Some(command);
        }
    }
    let top = rect.top() + 24.0 + 2.0 * STEP_PX + BUTTON_PX / 2.0 + 12.0;
    let bottom = rect.bottom() - 24.0 - 2.0 * STEP_PX - BUTTON_PX / 2.0 - 12.0;
    wedge_ui(ui, Rect::from_x_y_ranges(rect.x_range(), top..=bottom), editing);
    if let Some(command) = asked {
        commands::run(command, editing, ui.ctx());
    }
}

/// The thickness of the pen: as wide as it draws, from ppp at the bottom to fff at the top.
fn wedge_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let [soft_db, loud_db] = editing.now.document.language.legend.loudness_db;
    let x = rect.center().x;
    let painter = ui.painter().clone();
    for (y, mark) in [(rect.top() + 6.0, "fff"), (rect.bottom() - 6.0, "ppp")] {
        painter.text(pos2(x, y), Align2::CENTER_CENTER, mark, theme::dynamics(15.0), tokens.dim);
    }
    let track = Rect::from_x_y_ranges(rect.x_range(), rect.top() + 22.0..=rect.bottom() - 22.0);
    let response = ui.interact(track, ui.scope_id().with("thickness"), Sense::click_and_drag());
    if let Some(at) = pressed_at(&response) {
        let along = ((track.bottom() - at.y) / track.height()).clamp(0.0, 1.0);
        editing.state.loudness_db = soft_db + along * (loud_db - soft_db);
    }
    let steps = arrow_steps(ui, &response, [Key::ArrowDown, Key::ArrowUp]);
    if steps != 0.0 {
        editing.state.loudness_db = (editing.state.loudness_db + steps).clamp(soft_db, loud_db);
    }
    let db = editing.state.loudness_db;
    let mark = editing.now.document.language.legend.dynamic(db);
    response.widget_info(|| WidgetInfo::slider(true, f64::from(db), "Thickness"));
    paint_wedge(&painter, track, mix(tokens.panel, tokens.faint, 0.35));
    let along = ((db - soft_db) / (loud_db - soft_db)).clamp(0.0, 1.0);
    let y = track.bottom() - along * track.height();
    let handle = Rect::from_center_size(pos2(x, y), vec2(30.0, 14.0));
    painter.rect_filled(handle, 7.0, tokens.text);
    let middle = handle.center() - vec2(0.0, 1.0);
    painter.text(middle, Align2::CENTER_CENTER, mark, theme::dynamics(13.0), tokens.window);
    focus_ring(ui, &response, handle, 7, tokens);
    response.on_hover_text(format!("Thickness: {mark}, {}  ·  Q and W", notes::decibels(db)));
}

fn paint_wedge(painter: &Painter, track: Rect, colour: Color32) {
    let (x, wide, thin) = (track.center().x, 9.0, 1.0);
    let corners: Vec<Pos2> = [(-wide, 0.0), (wide, 0.0), (thin, 1.0), (-thin, 1.0)]
        .map(|(dx, t)| pos2(x + dx, track.top() + t * track.height()))
        .to_vec();
    painter.add(Shape::convex_polygon(corners, colour, Stroke::NONE));
}
