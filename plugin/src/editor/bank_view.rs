//! The view Bank: a search of its sounds, which bank is matched, how far a scan is, the families in it, and what could not
//! be read.

use std::path::Path;

use egui::{
    Align2, CursorIcon, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};
use neume_models::Family;

use super::button::{elided, focus_ring, text_button};
use super::editing::Editing;
use super::theme::{self, CORNER, mix};
use super::{doubt, files, icons, search_view};
use crate::figures::counted;
use crate::handoff::{BankView, Request};
use crate::state::BankRef;

const ROW_PX: f32 = 48.0;
/// What is said above sounds in doubt.
const HEAD_PX: f32 = 30.0;
const FAILED_PX: f32 = 40.0;
const FAMILY_PX: f32 = 36.0;
/// Between the two columns of families.
const FAMILIES_GAP_PX: f32 = 20.0;

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
    if let Some(decided) = &view.bank.decided {
        doubt::decided_ui(ui, row(32.0, 4.0), decided, editing);
    }
    let rest = Rect::from_min_max(pos2(rect.left(), y + 4.0), rect.max);
    list_ui(ui, rest, &view.bank, editing);
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
    let sounds = counted(bank.sounds, "sound");
    let words = match (bank.scanning.is_some(), bank.failed.len()) {
        (false, 0) if bank.sounds == 0 && !is_factory => {
            let why = if bank.stands_in { "the folder cannot be read" } else { "none is in this folder" };
            return ("No sounds".to_string(), why.to_string());
        }
        (true, _) if bank.stands_in && bank.sounds == 0 => {
            return ("No sounds yet".to_string(), "nothing plays until then".to_string());
        }
        (true, _) if bank.stands_in => {
            return ("No sounds yet".to_string(), format!("{} plays until then", bank.name));
        }
        (false, _) if bank.stands_in => {
            return ("No sounds".to_string(), format!("{} plays instead", bank.name));
        }
        _ if bank.is_away => "the folder is away".to_string(),
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

/// Sounds whose root is in doubt, then the families, and then files that could not be read; only what is seen is laid out.
fn list_ui(ui: &mut Ui, rect: Rect, bank: &BankView, editing: &mut Editing) {
    let head_px = if bank.doubts.is_empty() { 0.0 } else { HEAD_PX };
    let families_px =
        head_px + doubt::ROW_PX * bank.doubts.len() as f32 + if head_px > 0.0 { 12.0 } else { 0.0 };
    let families: Vec<Family> =
        Family::ALL.into_iter().filter(|family| bank.by_family[family.index()] > 0).collect();
    let gap = if families.is_empty() || bank.failed.is_empty() { 0.0 } else { 12.0 };
    let failed_px = families_px + FAMILY_PX * families.len().div_ceil(2) as f32 + gap;
    let height = failed_px + FAILED_PX * bank.failed.len() as f32;
    let mut inner = ui.new_child(UiBuilder::new().id_salt("of the bank").max_rect(rect));
    ScrollArea::vertical().auto_shrink(false).show_viewport(&mut inner, |ui, seen| {
        ui.set_height(height);
        let (corner, width) = (ui.max_rect().left_top(), ui.max_rect().width());
        let cell = |y: f32, height: f32| Rect::from_min_size(corner + vec2(0.0, y), vec2(width, height));
        if head_px > 0.0 {
            doubts_head_ui(ui, cell(0.0, head_px), bank.doubts.len(), editing);
        }
        for i in seen_rows(seen, head_px, doubt::ROW_PX, bank.doubts.len()) {
            let row = cell(head_px + doubt::ROW_PX * i as f32, doubt::ROW_PX);
            doubt::row_ui(ui, row, &bank.doubts[i], editing);
        }
        for i in seen_rows(seen, families_px, FAMILY_PX, families.len().div_ceil(2)) {
            let row = cell(families_px + FAMILY_PX * i as f32, FAMILY_PX);
            let half = vec2((row.width() - FAMILIES_GAP_PX) / 2.0, FAMILY_PX);
            for (column, family) in families.iter().skip(2 * i).take(2).enumerate() {
                let left = row.min + vec2(column as f32 * (half.x + FAMILIES_GAP_PX), 0.0);
                family_ui(ui, Rect::from_min_size(left, half), *family, &bank.by_family, editing);
            }
        }
        for i in seen_rows(seen, failed_px, FAILED_PX, bank.failed.len()) {
            let (path, cause) = &bank.failed[i];
            failed_ui(ui, cell(failed_px + FAILED_PX * i as f32, FAILED_PX), path, cause, editing);
        }
    });
}

/// How many sounds are of a family; a click shows them.
fn family_ui(ui: &mut Ui, row: Rect, family: Family, counts: &[usize], editing: &mut Editing) {
    let tokens = editing.tokens();
    let (count, most) = (counts[family.index()], counts.iter().copied().max().unwrap_or(1));
    let response = ui.interact(row, ui.scope_id().with(("family", family.id())), Sense::click());
    let sounds = counted(count, "sound");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{}: {sounds}", family.label())));
    let colour = editing.theme().family(family);
    let lifted = response.hovered();
    if lifted {
        ui.painter().rect_filled(row.expand2(vec2(4.0, 0.0)), CORNER, tokens.hovered());
    }
    let y = row.center().y - 2.0;
    let disc = pos2(row.left() + 9.0, row.center().y);
    ui.painter().circle_filled(disc, 9.0, colour);
    icons::family_glyph(ui.painter(), Some(family), disc, 9.0, mix(colour, tokens.pad, 0.78));
    let ink = if lifted { tokens.text } else { tokens.dim };
    let left = row.left() + 27.0;
    let at = pos2(row.right(), y);
    let number =
        ui.painter().text(at, Align2::RIGHT_CENTER, count.to_string(), theme::regular(12.0), tokens.dim);
    let width = number.left() - 6.0 - left;
    elided(ui, pos2(left, y), Align2::LEFT_CENTER, family.label(), theme::regular(12.5), ink, width);
    let track = Rect::from_min_max(pos2(left, row.bottom() - 7.0), pos2(row.right(), row.bottom() - 5.0));
    let share = count as f32 / most as f32;
    // A single sound is seen, too.
    let bar = Rect::from_min_size(track.min, vec2((track.width() * share).max(3.0), track.height()));
    ui.painter().rect_filled(track, 1.0, mix(tokens.panel, tokens.faint, 0.2));
    ui.painter().rect_filled(bar, 1.0, mix(tokens.panel, colour, 0.82));
    focus_ring(ui, &response, row.expand2(vec2(4.0, 0.0)), CORNER, tokens);
    if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
        search_view::look_for_family(family, editing);
    }
}

/// Of so many rows of a height below `top`, those that are seen.
fn seen_rows(seen: Rect, top: f32, row_px: f32, rows: usize) -> std::ops::Range<usize> {
    let row = |y: f32| (((y - top) / row_px).max(0.0) as usize).min(rows);
    row(seen.top())..row(seen.bottom() + row_px)
}

fn doubts_head_ui(ui: &mut Ui, rect: Rect, count: usize, editing: &Editing) {
    let tokens = editing.tokens();
    let words = match count {
        1 => "1 sound is called by another note".to_string(),
        n => format!("{n} sounds are called by another note"),
    };
    let at = rect.left_center() - vec2(0.0, 4.0);
    elided(ui, at, Align2::LEFT_CENTER, &words, theme::regular(12.0), tokens.text, rect.width());
    let response = ui.interact(rect, ui.scope_id().with("doubts"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
}

fn failed_ui(ui: &mut Ui, cell: Rect, path: &Path, cause: &str, editing: &Editing) {
    let tokens = editing.tokens();
    let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into());
    let mark = Rect::from_min_size(cell.min, vec2(16.0, 20.0));
    icons::symbol(ui.painter(), mark, icons::WARNING, 14.0, tokens.warning);
    let at = cell.left_top() + vec2(22.0, 10.0);
    let width = cell.width() - 30.0;
    elided(ui, at, Align2::LEFT_CENTER, &name, theme::regular(12.5), tokens.text, width);
    let more = at + vec2(0.0, 16.0);
    elided(ui, more, Align2::LEFT_CENTER, cause, theme::regular(11.5), tokens.dim, width);
    let response = ui.interact(cell, ui.scope_id().with(("failed", path)), Sense::hover());
    response.on_hover_text(format!("{}: {cause}", path.display()));
}
