//! The keys at the bottom: held ones in the colour of the family, the drawn pitch marked, a press heard.

use egui::{
    Align2, Color32, CornerRadius, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::editing::Editing;
use super::theme::{self, CORNER, mix};
use crate::handoff::KeyPress;

/// From A0 to C8, as on a piano.
const LOW: u8 = 21;
const HIGH: u8 = 108;
const WHITES: usize = 52;

fn is_black(key: u8) -> bool {
    matches!(key % 12, 1 | 3 | 6 | 8 | 10)
}

/// Where a key lies on a keyboard in `rect`.
fn key_rect(rect: Rect, key: u8) -> Rect {
    let width = rect.width() / WHITES as f32;
    let whites = (LOW..key).filter(|&k| !is_black(k)).count() as f32;
    let left = rect.left() + whites * width;
    if is_black(key) {
        let (width, height) = ((width * 0.58).round().max(6.0), rect.height() * 0.6);
        Rect::from_min_size(pos2((left - width / 2.0).round(), rect.top()), vec2(width, height))
    } else {
        Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()))
    }
}

/// The key under a point; black ones lie above.
fn key_at(rect: Rect, at: egui::Pos2) -> Option<u8> {
    let hit = |black: bool| (LOW..=HIGH).find(|&k| is_black(k) == black && key_rect(rect, k).contains(at));
    hit(true).or_else(|| hit(false))
}

/// The keyboard in `rect`.
pub fn keyboard_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let response = ui.interact(rect, ui.scope_id().with("keyboard"), Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, "Keyboard"));
    let under = response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on());
    press(
        editing,
        under
            .map(|at| clamp_into(rect, at))
            .and_then(|at| key_at(rect, at).map(|k| (k, velocity(rect, k, at)))),
    );

    let held_colour = editing.chosen_match().map_or(tokens.accent, |m| editing.theme().family(m.family));
    let held = |key: u8| editing.now.frame.keys & (1 << key) != 0 || editing.state.pressed_key == Some(key);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CORNER, tokens.key_white);
    let seam = mix(tokens.key_white, Color32::BLACK, 0.22);
    for key in (LOW..=HIGH).filter(|&k| !is_black(k)) {
        let cell = key_rect(rect, key);
        if held(key) {
            let corners = CornerRadius {
                sw: if key == LOW { CORNER } else { 0 },
                se: if key == HIGH { CORNER } else { 0 },
                ..CornerRadius::ZERO
            };
            painter.rect_filled(cell, corners, held_colour);
        }
        if key != HIGH {
            painter.vline(cell.right(), cell.y_range(), Stroke::new(1.0, seam));
        }
        if key % 12 == 0 {
            let ink = if held(key) { Color32::WHITE } else { mix(tokens.key_white, Color32::BLACK, 0.62) };
            let at = pos2(cell.center().x, cell.bottom() - 3.0);
            let name = neume_models::legend::note_name(i32::from(key));
            painter.text(at, Align2::CENTER_BOTTOM, name, theme::regular(9.0), ink);
        }
    }
    let below = CornerRadius { sw: 3, se: 3, ..CornerRadius::ZERO };
    for key in (LOW..=HIGH).filter(|&k| is_black(k)) {
        let fill = if held(key) { mix(held_colour, Color32::BLACK, 0.12) } else { tokens.key_black };
        painter.rect_filled(key_rect(rect, key), below, fill);
    }
    drawn_pitch(&painter, rect, editing);
    painter.rect_stroke(rect, CORNER, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
}

/// A mark on the key of the drawn pitch.
fn drawn_pitch(painter: &egui::Painter, rect: Rect, editing: &Editing) {
    let Some(Ok(reading)) = &editing.slot_view().reading else { return };
    let key = reading.pitch.midi.round();
    if !(f32::from(LOW)..=f32::from(HIGH)).contains(&key) || editing.sketch().is_empty() {
        return;
    }
    let cell = key_rect(rect, key as u8);
    let lift = if is_black(key as u8) { 8.0 } else { 19.0 };
    painter.circle_filled(pos2(cell.center().x, cell.bottom() - lift), 3.5, editing.tokens().accent);
}

fn clamp_into(rect: Rect, at: egui::Pos2) -> egui::Pos2 {
    at.clamp(rect.min + vec2(0.5, 0.5), rect.max - vec2(0.5, 0.5))
}

/// The lower on the key, the louder.
fn velocity(rect: Rect, key: u8, at: egui::Pos2) -> f32 {
    let cell = key_rect(rect, key);
    0.35 + 0.65 * ((at.y - cell.top()) / cell.height()).clamp(0.0, 1.0)
}

/// Presses, changes or lifts the key under the pointer. A press that finds the ring full is dropped, and so is a lift:
/// the Engine empties the ring every block, so that happens only while it does not run.
fn press(editing: &mut Editing, under: Option<(u8, f32)>) {
    let before = editing.state.pressed_key;
    if before == under.map(|(key, _)| key) {
        return;
    }
    if let Some(key) = before {
        lift(editing.end, key);
    }
    if let Some((key, velocity)) = under {
        editing.end.keys.push(KeyPress { key, velocity }).ok();
    }
    editing.state.pressed_key = under.map(|(key, _)| key);
}

pub(super) fn lift(end: &mut crate::handoff::EditorEnd, key: u8) {
    end.keys.push(KeyPress { key, velocity: 0.0 }).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_where_it_is_drawn() {
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(1152.0, 76.0));
        assert_eq!((LOW..=HIGH).filter(|&k| !is_black(k)).count(), WHITES);
        for key in LOW..=HIGH {
            let cell = key_rect(rect, key);
            let at = pos2(cell.center().x, cell.bottom() - 2.0);
            assert_eq!(key_at(rect, at), Some(key));
        }
    }
}
