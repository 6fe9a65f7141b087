//! The keys at the bottom: held ones in the colour of the family, the drawn pitch marked, a press heard.

use egui::{
    Align2, Color32, CornerRadius, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::button::pressed_at;
use super::editing::Editing;
use super::notes::note;
use super::theme::{self, CORNER, mix};
use crate::engine::Mode;
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
    let response = ui.interact(rect, ui.scope_id().with("keyboard"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, "Keyboard"));
    let at = pressed_at(&response).map(|at| clamp_into(rect, at));
    press(editing, at.and_then(|at| key_at(rect, at).map(|key| (key, velocity(rect, key, at)))));

    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, CORNER, tokens.key_white);
    let held_colour = editing.chosen_match().map_or(tokens.accent, |m| editing.theme().family(m.family));
    let is_held =
        |key: u8| editing.now.frame.keys & (1 << key) != 0 || editing.state.pressed_key == Some(key);
    let held = |key: u8| is_held(key).then_some(held_colour);
    for key in (LOW..=HIGH).filter(|&key| !is_black(key)) {
        white_key(&painter, key_rect(rect, key), key, held(key), editing);
    }
    for key in (LOW..=HIGH).filter(|&key| is_black(key)) {
        let fill = held(key).map_or(tokens.key_black, |colour| mix(colour, Color32::BLACK, 0.12));
        let below = CornerRadius { sw: 3, se: 3, ..CornerRadius::ZERO };
        painter.rect_filled(key_rect(rect, key), below, fill);
        if editing.now.mode == Mode::Slots {
            let (cell, slot) = (key_rect(rect, key), Mode::slot_of_key(key) + 1);
            let at = pos2(cell.center().x, cell.bottom() - 3.0);
            painter.text(at, Align2::CENTER_BOTTOM, slot.to_string(), theme::regular(8.0), ink_on(fill));
        }
    }
    drawn_pitch(&painter, rect, editing);
    painter.rect_stroke(rect, CORNER, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
}

/// A white key with its name if it is a C; in the mode Slots, with the number of its slot.
fn white_key(painter: &Painter, cell: Rect, key: u8, held: Option<Color32>, editing: &Editing) {
    let tokens = editing.tokens();
    if let Some(colour) = held {
        let corner = |at: u8| if key == at { CORNER } else { 0 };
        painter.rect_filled(
            cell,
            CornerRadius { sw: corner(LOW), se: corner(HIGH), ..CornerRadius::ZERO },
            colour,
        );
    }
    if key != HIGH {
        let seam = mix(tokens.key_white, Color32::BLACK, 0.22);
        painter.vline(cell.right(), cell.y_range(), Stroke::new(1.0, seam));
    }
    let name = match editing.now.mode {
        Mode::Slots => (Mode::slot_of_key(key) + 1).to_string(),
        _ if key.is_multiple_of(12) => note(f32::from(key)),
        _ => return,
    };
    let ground = held.unwrap_or(tokens.key_white);
    let at = pos2(cell.center().x, cell.bottom() - 3.0);
    painter.text(at, Align2::CENTER_BOTTOM, name, theme::regular(9.0), ink_on(ground));
}

/// What is written on a key of this colour.
fn ink_on(ground: Color32) -> Color32 {
    let bright = u32::from(ground.r()) * 3 + u32::from(ground.g()) * 6 + u32::from(ground.b()) > 1300;
    mix(ground, if bright { Color32::BLACK } else { Color32::WHITE }, if bright { 0.65 } else { 0.95 })
}

/// A mark on the key of the drawn pitch.
fn drawn_pitch(painter: &Painter, rect: Rect, editing: &Editing) {
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
