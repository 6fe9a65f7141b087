//! Buttons of the window: one look, a name for those who do not see it, a mark where the keyboard is.

use egui::{
    Align2, Color32, EventFilter, FontId, Key, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo,
};

use super::commands::Command;
use super::icons::symbol;
use super::theme::{self, CORNER, CORNER_SMALL, Tokens, mix};

/// Marks the widget that the keyboard would press.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect, corner: u8, tokens: &Tokens) {
    if response.has_focus() {
        let stroke = Stroke::new(1.5, tokens.text);
        ui.painter().rect_stroke(rect.expand(2.0), corner + 2, stroke, StrokeKind::Outside);
    }
}

/// Steps that the arrow keys ask of a focused widget, down or left against up or right. While it has the focus, those
/// keys do not move the focus on.
pub fn arrow_steps(ui: &Ui, response: &Response, [less, more]: [Key; 2]) -> f32 {
    if !response.has_focus() {
        return 0.0;
    }
    let vertical = less == Key::ArrowDown;
    let filter =
        EventFilter { horizontal_arrows: !vertical, vertical_arrows: vertical, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.input(|input| input.num_presses(more) as f32 - input.num_presses(less) as f32)
}

/// Where the pointer presses a widget that follows it; a quick tap begins and ends within one frame.
pub fn pressed_at(response: &Response) -> Option<egui::Pos2> {
    let is_tap = || response.clicked() && response.ctx.input(|input| input.pointer.primary_pressed());
    response.interact_pointer_pos().filter(|_| response.is_pointer_button_down_on() || is_tap())
}

/// A square button with a symbol that runs a command. Whether it was pressed.
pub fn command_button(
    ui: &mut Ui,
    rect: Rect,
    icon: &str,
    command: Command,
    look: Look,
    tokens: &Tokens,
) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(command.label()), sense(look));
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, look != Look::Off, look == Look::Chosen, command.label())
    });
    let (fill, ink) = colours(look, &response, tokens);
    ui.painter().rect_filled(rect, CORNER, fill);
    symbol(ui.painter(), rect, icon, 19.0, ink);
    focus_ring(ui, &response, rect, CORNER, tokens);
    let hint = match command.keys() {
        Some(keys) => format!("{}  ·  {keys}", command.label()),
        None => command.label().to_string(),
    };
    response.on_hover_text(hint).clicked()
}

/// How a button stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// To be pressed.
    Plain,
    /// What is chosen of several.
    Chosen,
    /// Nothing would happen.
    Off,
}

fn sense(look: Look) -> Sense {
    if look == Look::Off { Sense::hover() } else { Sense::click() }
}

fn colours(look: Look, response: &Response, tokens: &Tokens) -> (Color32, Color32) {
    match look {
        Look::Chosen => (tokens.accent, tokens.on_accent),
        Look::Off => (Color32::TRANSPARENT, mix(tokens.panel, tokens.faint, 0.55)),
        Look::Plain if response.is_pointer_button_down_on() => {
            (mix(tokens.panel, tokens.text, 0.14), tokens.text)
        }
        Look::Plain if response.hovered() => (mix(tokens.panel, tokens.text, 0.08), tokens.text),
        Look::Plain => (Color32::TRANSPARENT, tokens.dim),
    }
}

/// A button with words, outlined. Whether it was pressed.
pub fn text_button(ui: &mut Ui, rect: Rect, words: &str, tokens: &Tokens) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(words), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words));
    let fill = if response.is_pointer_button_down_on() {
        mix(tokens.raised, tokens.text, 0.12)
    } else if response.hovered() {
        mix(tokens.raised, tokens.text, 0.05)
    } else {
        tokens.raised
    };
    ui.painter().rect(rect, CORNER, fill, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, theme::regular(13.0), tokens.text);
    focus_ring(ui, &response, rect, CORNER, tokens);
    response.clicked()
}

/// The button of what is most wanted, filled; `Look::Off` where nothing would happen. Whether it was pressed.
pub fn accent_button(ui: &mut Ui, rect: Rect, words: &str, look: Look, tokens: &Tokens) -> bool {
    let on = look != Look::Off;
    let sense = if on { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(("accent", words)), sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, on, words));
    let fill = match on {
        true if response.hovered() => mix(tokens.accent, tokens.text, 0.1),
        true => tokens.accent,
        false => mix(tokens.raised, tokens.faint, 0.25),
    };
    let ink = if on { tokens.on_accent } else { tokens.dim };
    ui.painter().rect_filled(rect, CORNER, fill);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, theme::semibold(13.0), ink);
    focus_ring(ui, &response, rect, CORNER, tokens);
    response.clicked()
}

/// A choice of several in a row, with the chosen one raised. The one that was pressed, if it is another.
pub fn segmented(ui: &mut Ui, rect: Rect, labels: &[&str], chosen: usize, tokens: &Tokens) -> Option<usize> {
    ui.painter().rect_filled(rect, CORNER, tokens.panel);
    let font = theme::regular(13.0);
    let widths: Vec<f32> = labels.iter().map(|label| text_width(ui, label, &font)).collect();
    let spare = (rect.width() - 4.0 - widths.iter().sum::<f32>()) / labels.len() as f32;
    let mut left = rect.left() + 2.0;
    let mut pressed = None;
    for (i, (label, width)) in labels.iter().zip(widths).enumerate() {
        let size = egui::vec2(width + spare, rect.height() - 4.0);
        let cell = Rect::from_min_size(egui::pos2(left, rect.top() + 2.0), size);
        left = cell.right();
        let response = ui.interact(cell, ui.scope_id().with(("segment", i)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, i == chosen, *label));
        if i == chosen {
            ui.painter().rect(
                cell,
                CORNER_SMALL,
                tokens.raised,
                Stroke::new(1.0, tokens.line),
                StrokeKind::Inside,
            );
        }
        let ink = if i == chosen || response.hovered() { tokens.text } else { tokens.dim };
        ui.painter().text(cell.center(), Align2::CENTER_CENTER, *label, font.clone(), ink);
        focus_ring(ui, &response, cell.shrink(2.0), CORNER_SMALL, tokens);
        if response.clicked() && i != chosen {
            pressed = Some(i);
        }
    }
    pressed
}

/// How wide a line of text is, in points.
pub fn text_width(ui: &Ui, text: &str, font: &FontId) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font.clone(), Color32::WHITE).size().x
}

/// A line of those of these facts that fit whole into `width`, where the first ones count most. The first is there in any
/// case.
pub fn fitting(ui: &Ui, facts: &[String], font: &FontId, width: f32) -> String {
    let mut line = facts.first().cloned().unwrap_or_default();
    for fact in facts.iter().skip(1) {
        let longer = format!("{line} · {fact}");
        if text_width(ui, &longer, font) <= width {
            line = longer;
        }
    }
    line
}

/// Writes one line, cut with an ellipsis where it would be wider than `width`. Where it ended.
pub fn elided(
    ui: &Ui,
    at: egui::Pos2,
    align: Align2,
    text: &str,
    font: FontId,
    ink: Color32,
    width: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(8.0));
    let galley = ui.painter().layout_job(job);
    let rect = align.anchor_size(at, galley.size());
    ui.painter().galley(rect.min, galley, ink);
    rect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_shown_whole_or_not_at_all_and_the_first_ones_rather() {
        let facts = ["D#4", "a name that is longer than the rest", "2.8 s", "brass"].map(String::from);
        egui_kittest::Harness::new_ui(|ui| {
            let font = FontId::proportional(11.0);
            let line = |upto: &str| fitting(ui, &facts, &font, text_width(ui, upto, &font) + 0.5);
            let all = facts.join(" · ");
            for (room, shown) in [
                (all.as_str(), all.as_str()),
                ("D#4 · 2.8 s · brass", "D#4 · 2.8 s · brass"),
                ("D#4 · 2.8 s · br…", "D#4 · 2.8 s"),
                ("D#", "D#4"),
            ] {
                assert_eq!(line(room), shown);
            }
            assert_eq!(fitting(ui, &[], &font, 100.0), "");
        });
    }
}
