//! The panel at the right: one view of five.

use egui::{Align2, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::button::focus_ring;
use super::editing::Editing;
use super::state::Tab;
use super::theme::{self, CORNER_LARGE};
use super::{bank_view, look_view, match_view, signs_view, sound_view};

const TABS_PX: f32 = 38.0;

/// The panel in `rect`.
pub fn panel_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER_LARGE, tokens.panel);
    tabs_ui(ui, Rect::from_min_size(rect.min, vec2(rect.width(), TABS_PX)), editing);
    let inside = Rect::from_min_max(
        pos2(rect.left() + 14.0, rect.top() + TABS_PX + 14.0),
        rect.max - vec2(14.0, 14.0),
    );
    let tab = editing.state.tab;
    let mut view = ui.new_child(UiBuilder::new().id_salt(tab.label()).max_rect(inside));
    view.shrink_clip_rect(rect);
    match tab {
        Tab::Match => match_view::match_ui(&mut view, inside, editing),
        Tab::Bank => bank_view::bank_ui(&mut view, inside, editing),
        Tab::Signs => signs_view::signs_ui(&mut view, inside, editing),
        Tab::Sound => sound_view::sound_ui(&mut view, inside, editing),
        Tab::Look => look_view::look_ui(&mut view, inside, editing),
    }
}

fn tabs_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let width = rect.width() / Tab::ALL.len() as f32;
    ui.painter().hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, tokens.line));
    for (i, tab) in Tab::ALL.into_iter().enumerate() {
        let cell =
            Rect::from_min_size(pos2(rect.left() + i as f32 * width, rect.top()), vec2(width, TABS_PX));
        let chosen = editing.state.tab == tab;
        let response = ui.interact(cell, ui.scope_id().with(("tab", i)), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, tab.label()));
        let ink = if chosen || response.hovered() { tokens.text } else { tokens.dim };
        let font = if chosen { theme::semibold(13.0) } else { theme::regular(13.0) };
        ui.painter().text(cell.center(), Align2::CENTER_CENTER, tab.label(), font, ink);
        if chosen {
            let under =
                Rect::from_min_max(pos2(cell.left() + 8.0, cell.bottom() - 1.0), cell.max + vec2(-8.0, 1.0));
            ui.painter().rect_filled(under, 1.0, tokens.accent);
        }
        focus_ring(ui, &response, cell.shrink(5.0), 4, tokens);
        if response.clicked() {
            editing.state.tab = tab;
        }
    }
}
