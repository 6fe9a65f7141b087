//! The view Bank: a search of its sounds, which bank is matched, how far a scan is, and what could not be read.

use egui::{
    Align2, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::button::{elided, focus_ring, text_button};
use super::editing::Editing;
use super::theme::{self, CORNER, mix};
use super::{files, icons, search_view};
use crate::handoff::{BankView, Request};
use crate::state::BankRef;

const ROW_PX: f32 = 48.0;

/// The view in `rect`.
pub fn bank_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let current = editing.now.document.bank.clone();
    let mut y = rect.top();
    let mut row = |height: f32, gap: f32| {
        let cell = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), height));
        y += height + gap;
        cell
    };
    let field = row(search_view::FIELD_PX, 10.0);
    if search_view::field_ui(ui, field, editing) {
        let rest = Rect::from_min_max(pos2(rect.left(), field.bottom() + 10.0), rect.max);
        return search_view::found_ui(ui, rest, editing);
    }
    let factory = row(ROW_PX, 8.0);
    let words = "comes with the instrument";
    if choice_ui(ui, factory, "Factory", words, current == BankRef::Factory, editing)
        && current != BankRef::Factory
    {
        open(editing, BankRef::Factory);
    }
    if let BankRef::Folder(folder) = &current {
        let name =
            folder.file_name().map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into());
        choice_ui(ui, row(ROW_PX, 8.0), &name, &folder.display().to_string(), true, editing);
    }
    let button = row(32.0, 20.0);
    if text_button(ui, button, "Choose a folder with sounds…", tokens) {
        files::ask(editing, files::Wish::Bank, ui.ctx());
    }
    let view = editing.now.view.clone();
    let counts = row(24.0, 4.0);
    counts_ui(ui, counts, &view.bank, editing);
    if let Some(scan) = view.bank.scanning {
        progress_ui(ui, row(34.0, 8.0), scan.done, scan.total, editing);
    }
    if !view.bank.failed.is_empty() || !view.bank.doubts.is_empty() {
        let rest = Rect::from_min_max(pos2(rect.left(), y + 4.0), rect.max);
        failures_ui(ui, rest, &view.bank, editing);
    }
}

fn open(editing: &mut Editing, bank: BankRef) {
    editing.end.document.edit(|document| document.bank = bank.clone());
    editing.now.document = editing.end.document.get();
    editing.end.requests.send(Request::OpenBank(bank));
}

/// A folder was chosen.
pub(super) fn open_folder(editing: &mut Editing, folder: std::path::PathBuf) {
    open(editing, BankRef::Folder(folder));
}

fn choice_ui(ui: &mut Ui, rect: Rect, name: &str, words: &str, chosen: bool, editing: &Editing) -> bool {
    let tokens = editing.tokens();
    let response = ui.interact(rect, ui.scope_id().with(("bank", name)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));
    ui.painter().rect_filled(
        rect,
        CORNER,
        if chosen || response.hovered() { tokens.raised } else { tokens.panel },
    );
    if chosen {
        ui.painter().rect_stroke(rect, CORNER, Stroke::new(1.5, tokens.accent), StrokeKind::Inside);
    } else {
        ui.painter().rect_stroke(rect, CORNER, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    }
    let left = rect.left() + 14.0;
    let width = rect.width() - 28.0;
    let y = rect.center().y;
    elided(ui, pos2(left, y - 9.0), Align2::LEFT_CENTER, name, theme::semibold(13.0), tokens.text, width);
    elided(ui, pos2(left, y + 9.0), Align2::LEFT_CENTER, words, theme::regular(11.5), tokens.dim, width);
    focus_ring(ui, &response, rect.shrink(2.0), CORNER, tokens);
    response.clicked()
}

fn counts_ui(ui: &mut Ui, rect: Rect, bank: &BankView, editing: &Editing) {
    let tokens = editing.tokens();
    let (sounds, words) = counts(bank, editing.now.document.bank == BankRef::Factory);
    let at = rect.left_center();
    let left =
        ui.painter().text(at, Align2::LEFT_CENTER, &sounds, theme::semibold(13.0), tokens.text).right()
            + 12.0;
    let width = rect.right() - left;
    elided(ui, rect.right_center(), Align2::RIGHT_CENTER, &words, theme::regular(12.0), tokens.dim, width);
    let response = ui.interact(rect, ui.scope_id().with("counts"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{sounds}: {words}")));
}

/// How many sounds there are, and what is to be said of them.
fn counts(bank: &BankView, is_factory: bool) -> (String, String) {
    let sounds = if bank.sounds == 1 { "1 sound".to_string() } else { format!("{} sounds", bank.sounds) };
    let words = match (bank.scanning.is_some(), bank.failed.len()) {
        (true, _) if bank.stands_in => {
            return ("No sounds yet".to_string(), format!("{} plays until then", bank.name));
        }
        (false, _) if bank.stands_in => {
            return ("No sounds".to_string(), format!("{} plays instead", bank.name));
        }
        (true, _) => "can be drawn for already".to_string(),
        (false, 0) if is_factory => "made here, no files".to_string(),
        (false, 0) => "every file was read".to_string(),
        (false, 1) => "1 file could not be read".to_string(),
        (false, n) => format!("{n} files could not be read"),
    };
    (sounds, words)
}

fn progress_ui(ui: &mut Ui, rect: Rect, done: usize, total: usize, editing: &Editing) {
    let tokens = editing.tokens();
    let share = if total == 0 { 0.0 } else { (done as f32 / total as f32).clamp(0.0, 1.0) };
    let words = format!("Listening: {done} of {total} files");
    ui.painter().text(rect.left_top(), Align2::LEFT_TOP, &words, theme::regular(12.0), tokens.dim);
    let track =
        Rect::from_min_max(pos2(rect.left(), rect.bottom() - 8.0), pos2(rect.right(), rect.bottom() - 3.0));
    ui.painter().rect_filled(track, 2.5, mix(tokens.panel, tokens.faint, 0.35));
    let full = Rect::from_min_size(track.min, vec2(track.width() * share, track.height()));
    ui.painter().rect_filled(full, 2.5, tokens.text);
    let response = ui.interact(rect, ui.scope_id().with("scan"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &words));
}

fn failures_ui(ui: &mut Ui, rect: Rect, bank: &BankView, editing: &Editing) {
    let tokens = editing.tokens();
    let mut inner = ui.new_child(UiBuilder::new().id_salt("failures").max_rect(rect));
    ScrollArea::vertical().auto_shrink(false).show_rows(
        &mut inner,
        40.0,
        bank.failed.len() + bank.doubts.len(),
        |ui, rows| {
            for (path, cause) in
                bank.failed.iter().chain(bank.doubts.iter()).skip(rows.start).take(rows.len())
            {
                let (cell, response) =
                    ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
                let name = path
                    .file_name()
                    .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
                icons::symbol(
                    ui.painter(),
                    Rect::from_min_size(cell.min, vec2(16.0, 20.0)),
                    icons::WARNING,
                    14.0,
                    tokens.warning,
                );
                let at = cell.left_top() + vec2(22.0, 10.0);
                let width = cell.width() - 30.0;
                elided(ui, at, Align2::LEFT_CENTER, &name, theme::regular(12.5), tokens.text, width);
                elided(
                    ui,
                    at + vec2(0.0, 16.0),
                    Align2::LEFT_CENTER,
                    cause,
                    theme::regular(11.5),
                    tokens.dim,
                    width,
                );
                response.on_hover_text(format!("{}: {cause}", path.display()));
            }
        },
    );
}
