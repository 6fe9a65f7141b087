//! A card in the view Signs for what merging left to decide: what is said here, what there, and the choices.

use egui::{Align2, Color32, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::button::{elided, text_button, text_width};
use super::editing::Editing;
use super::signs_view::{CHIP_GAP_PX, say_forgotten, tell};
use super::theme::{self, CORNER};
use crate::language::Clash;

/// Height of the card.
pub const CARD_PX: f32 = 124.0;

/// One thing to decide, with how many there are.
pub fn clash_ui(ui: &mut Ui, rect: Rect, clash: &Clash, editing: &mut Editing) {
    let tokens = editing.tokens();
    let frame = Stroke::new(1.0, tokens.warning);
    ui.painter().rect(rect, CORNER, Color32::TRANSPARENT, frame, StrokeKind::Inside);
    let inside = rect.shrink(12.0);
    let words = clash.words();
    let [ours, theirs] = clash.sides(&editing.now.document.language);
    let more = match editing.state.signs.clashes.len() - 1 {
        0 => String::new(),
        more => format!("{more} more"),
    };
    let response = ui.interact(rect, ui.scope_id().with("clash"), Sense::hover());
    let told = format!("{words}. Here: {ours}. There: {theirs}. {more}");
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, told.trim_end()));
    response.on_hover_text(told.trim_end());
    let line = |i: f32| inside.left_top() + vec2(0.0, 8.0 + 20.0 * i);
    let small = theme::regular(12.0);
    let more_px = text_width(ui, &more, &small) + 8.0;
    let at = pos2(inside.right(), line(0.0).y);
    ui.painter().text(at, Align2::RIGHT_CENTER, &more, small.clone(), tokens.dim);
    let width = inside.width() - more_px;
    elided(ui, line(0.0), Align2::LEFT_CENTER, &words, theme::semibold(12.5), tokens.text, width);
    for (i, (side, said)) in [("Here", &ours), ("There", &theirs)].into_iter().enumerate() {
        let at = line(1.0 + i as f32);
        ui.painter().text(at, Align2::LEFT_CENTER, side, small.clone(), tokens.dim);
        let (at, width) = (at + vec2(42.0, 0.0), inside.width() - 42.0);
        elided(ui, at, Align2::LEFT_CENTER, said, small.clone(), tokens.text, width);
    }
    let choices: &[&str] = match clash.is_of_signs() {
        true => &["Keep mine", "Take theirs", "Keep both"],
        false => &["Keep mine", "Take theirs"],
    };
    let width = (inside.width() - 2.0 * CHIP_GAP_PX) / 3.0;
    for (i, choice) in choices.iter().enumerate() {
        let at = pos2(inside.left() + (width + CHIP_GAP_PX) * i as f32, inside.bottom() - 32.0);
        if text_button(ui, Rect::from_min_size(at, vec2(width, 32.0)), choice, tokens) {
            settle(clash, i, editing);
        }
    }
}

/// Does what was chosen, as a step that can be taken back; what cannot be done leaves the clash as it is.
fn settle(clash: &Clash, choice: usize, editing: &mut Editing) {
    let before = editing.taught();
    let mut settled = Ok(());
    let is_changed = match choice {
        0 => false,
        1 => editing.speak(|language| settled = language.take_theirs(clash)),
        _ => editing.speak(|language| settled = language.keep_both(clash)),
    };
    if settled.is_ok() {
        match is_changed {
            true => say_forgotten(editing, &before.language),
            false => editing.state.history.taught(before),
        }
        editing.state.signs.clashes.remove(0);
    }
    tell(editing, settled);
}
