//! One line for what went wrong, with its file and its cause, until it is closed.

use egui::{Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::button::{elided, focus_ring};
use super::editing::Editing;
use super::icons;
use super::theme::{self, CORNER};

/// The line at the bottom of `over`, if there is something to say: the window's own failures first.
pub fn notice_ui(ui: &mut Ui, over: Rect, editing: &mut Editing) {
    let from_worker =
        editing.now.view.notice.clone().filter(|notice| Some(notice) != editing.state.hidden_notice.as_ref());
    let Some(words) = editing.state.failure.clone().or(from_worker) else { return };
    let tokens = editing.tokens();
    let line =
        Rect::from_min_max(pos2(over.left() + 12.0, over.bottom() - 46.0), over.max - vec2(12.0, 12.0));
    let response = ui.interact(line, ui.scope_id().with("notice"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &words));
    ui.painter().rect(line, CORNER, tokens.raised, Stroke::new(1.0, tokens.warning), StrokeKind::Inside);
    let mark = Rect::from_min_size(line.min, vec2(38.0, line.height()));
    icons::symbol(ui.painter(), mark, icons::WARNING, 17.0, tokens.warning);
    let (at, width) = (pos2(mark.right(), line.center().y), line.width() - 38.0 - 40.0);
    elided(ui, at, Align2::LEFT_CENTER, &words, theme::regular(12.5), tokens.text, width);
    let close =
        Rect::from_min_size(pos2(line.right() - 36.0, line.top() + 2.0), vec2(34.0, line.height() - 4.0));
    let button = ui.interact(close, ui.scope_id().with("close notice"), Sense::click());
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close the message"));
    icons::symbol(
        ui.painter(),
        close,
        icons::CLOSE,
        14.0,
        if button.hovered() { tokens.text } else { tokens.dim },
    );
    focus_ring(ui, &button, close.shrink(5.0), 4, tokens);
    response.on_hover_text(&words);
    if button.clicked() && editing.state.failure.take().is_none() {
        editing.state.hidden_notice = Some(words);
    }
}
