//! The top of the window: the name of the drawing, how keys play, files, the bank, what the engine does.

use egui::text::{LayoutJob, TextFormat};
use egui::{Align2, Color32, FontId, Id, Rect, Role, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::button::{Look, command_button, elided, segmented, text_width};
use super::commands::{self, Command};
use super::controls::{MODES, mode_label};
use super::editing::Editing;
use super::state::Tab;
use super::theme::{self, CORNER, Theme, mix};
use super::{icons, notice};
use crate::figures::counted;

/// The bar in `rect`, 30 px high.
pub fn top_bar_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let wide = rect.width() >= 1100.0;
    let mut left = rect.left() + wordmark(ui, rect, editing) + 16.0;
    let mut take = |width: f32| {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        left += width + 12.0;
        cell
    };
    let name = take(if wide { 248.0 } else { (rect.width() - 664.0).clamp(150.0, 248.0) });
    let modes = take(if wide { 228.0 } else { 200.0 });
    let files = take(4.0 * 30.0);
    name_ui(ui, name, editing);
    let labels = MODES.map(mode_label);
    let chosen = MODES.iter().position(|&mode| mode == editing.now.mode).unwrap_or(0);
    if let Some(i) = segmented(ui, modes, &labels, chosen, editing.tokens()) {
        editing.controls.set_mode(MODES[i]);
        editing.now.mode = MODES[i];
    }
    files_ui(ui, files, editing);
    let toggle = Rect::from_min_max(pos2(rect.right() - 30.0, rect.top()), rect.max);
    theme_ui(ui, toggle, editing);
    let status = Rect::from_min_max(pos2(left, rect.top()), pos2(toggle.left() - 12.0, rect.bottom()));
    if !notice::notice_ui(ui, status, editing) {
        status_ui(ui, status, editing);
    }
}

/// The name of the instrument, spaced as on a title page. Its width.
fn wordmark(ui: &Ui, rect: Rect, editing: &Editing) -> f32 {
    let tokens = editing.tokens();
    let mut job = LayoutJob::default();
    for letter in ["n", "e", "u", "m", "e"] {
        let (font, ink) = match letter {
            "u" => (theme::semibold(20.0), tokens.accent),
            _ => (theme::regular(20.0), tokens.text),
        };
        let format =
            TextFormat { font_id: font, color: ink, extra_letter_spacing: 3.5, ..Default::default() };
        job.append(letter, 0.0, format);
    }
    let galley = ui.painter().layout_job(job);
    let at = pos2(rect.left() + 2.0, rect.center().y - galley.size().y / 2.0);
    let width = galley.size().x;
    ui.painter().galley(at, galley, tokens.text);
    width
}

fn name_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER, tokens.panel);
    let arrow = vec2(28.0, rect.height());
    let before = Rect::from_min_size(rect.min, arrow);
    let behind = Rect::from_min_size(pos2(rect.right() - arrow.x, rect.top()), arrow);
    for (cell, icon, command) in
        [(before, icons::PREVIOUS, Command::PreviousSlot), (behind, icons::NEXT, Command::NextSlot)]
    {
        if small_button(ui, cell, icon, command, editing) {
            commands::run(command, editing, ui.ctx());
        }
    }
    let slot = editing.now.slot;
    let saved = editing.now.document.slots.get(slot).map(|slot| slot.name.clone()).unwrap_or_default();
    let mut name = saved.clone();
    let field = Rect::from_min_max(before.right_top(), behind.left_bottom()).shrink2(vec2(4.0, 0.0));
    let (id, font) =
        (Id::unique(("name", slot)), theme::regular(if rect.width() < 230.0 { 13.0 } else { 14.0 }));
    let is_written = ui.ctx().memory(|memory| memory.has_focus(id));
    // A name that is too long is cut with an ellipsis, unless the hand is in it.
    let is_cut = !is_written && text_width(ui, &name, &font) > field.width() - 4.0;
    if is_cut {
        let at = field.left_center() + vec2(2.0, 0.0);
        elided(ui, at, Align2::LEFT_CENTER, &name, font.clone(), tokens.text, field.width() - 4.0);
    }
    let edit = TextEdit::singleline(&mut name)
        .id(id)
        .frame(egui::Frame::NONE)
        .min_size(field.size())
        .font(font)
        .text_color(if is_cut { Color32::TRANSPARENT } else { tokens.text })
        .align(Align2::CENTER_CENTER)
        .char_limit(80)
        .hint_text(format!("Slot {}, untitled", slot + 1));
    let response = ui.put(field, edit).accessible_name("Name of the drawing");
    if is_cut {
        response.on_hover_text(&name);
    }
    if name != saved {
        editing.end.document.edit(|document| {
            if let Some(slot) = document.slots.get_mut(slot) {
                slot.name = name;
            }
        });
        editing.now.document = editing.end.document.get();
    }
}

fn small_button(ui: &mut Ui, cell: Rect, icon: &str, command: Command, editing: &Editing) -> bool {
    let tokens = editing.tokens();
    let response = ui.interact(cell, ui.scope_id().with(command.label()), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, command.label()));
    let ink = if response.hovered() { tokens.text } else { tokens.dim };
    icons::symbol(ui.painter(), cell, icon, 14.0, ink);
    super::button::focus_ring(ui, &response, cell.shrink(3.0), CORNER, tokens);
    response.on_hover_text(command.label()).clicked()
}

fn files_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let buttons = [
        (icons::OPEN, Command::Open),
        (icons::SAVE, Command::Save),
        (icons::PICTURE, Command::ImportPicture),
        (icons::EXPORT, Command::ExportPicture),
    ];
    let look = if editing.state.files.busy() { Look::Off } else { Look::Plain };
    for (i, (icon, command)) in buttons.into_iter().enumerate() {
        let at = pos2(rect.left() + 30.0 * i as f32, rect.top());
        let cell = Rect::from_min_size(at, vec2(30.0, rect.height()));
        if command_button(ui, cell, icon, command, look, editing.tokens()) {
            commands::run(command, editing, ui.ctx());
        }
    }
}

fn theme_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let icon = if editing.theme() == Theme::Dark { icons::MOON } else { icons::SUN };
    if command_button(ui, rect, icon, Command::ToggleTheme, Look::Plain, editing.tokens()) {
        commands::run(Command::ToggleTheme, editing, ui.ctx());
    }
}

/// From the right: the load of the engine, its voices if there is room, and the bank, cut if there is little.
fn status_ui(ui: &mut Ui, room: Rect, editing: &mut Editing) {
    const GAP_PX: f32 = 16.0;
    let tokens = editing.tokens();
    let width = if room.width() > 300.0 { 76.0 } else { 48.0 };
    let center = pos2(room.right() - width / 2.0, room.center().y);
    let meter = Rect::from_center_size(center, vec2(width, 6.0));
    meter_ui(ui, meter, editing.now.frame.load, editing);
    let mut rest = Rect::from_min_max(room.min, pos2(meter.left() - 8.0, room.bottom()));
    if room.width() > 240.0 {
        write_before(ui, &mut rest, "CPU", theme::regular(12.0), tokens.dim);
        rest.max.x -= GAP_PX;
    }
    let voices = editing.now.frame.voices;
    let words = counted(voices.into(), "voice");
    // The name of the bank is needed more than the number of voices.
    let voices_px = text_width(ui, &words, &theme::regular(12.0)) + GAP_PX;
    if rest.width() - voices_px >= bank_px(ui, editing).min(MOST_BANK_PX) {
        write_before(ui, &mut rest, &words, theme::regular(12.0), tokens.dim);
        rest.max.x -= GAP_PX;
    }
    bank_ui(ui, rest, editing);
}

/// Writes at the right end of `room`, and takes it from there.
fn write_before(ui: &Ui, room: &mut Rect, words: &str, font: FontId, ink: Color32) {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, ink);
    room.max.x -= galley.size().x;
    ui.painter().galley(pos2(room.right(), room.center().y - galley.size().y / 2.0), galley, ink);
}

/// Room that the name of a bank takes before anything else gives way to it.
const MOST_BANK_PX: f32 = 170.0;

fn count_of(editing: &Editing) -> String {
    format!(" · {}", editing.now.view.bank.sounds)
}

/// How wide the name of the bank and the number of its sounds are.
fn bank_px(ui: &Ui, editing: &Editing) -> f32 {
    let words = format!("{}{}", editing.now.view.bank.name, count_of(editing));
    text_width(ui, &words, &theme::semibold(12.0))
}

/// The name of the bank and how many sounds it has; a click shows the view Bank.
fn bank_ui(ui: &mut Ui, room: Rect, editing: &mut Editing) {
    let (tokens, bank) = (editing.tokens(), editing.now.view.bank.clone());
    let (font, count) = (theme::semibold(12.0), count_of(editing));
    let count_px = text_width(ui, &count, &font);
    if bank.name.is_empty() || room.width() < count_px + 24.0 {
        return;
    }
    let name_px = (bank_px(ui, editing) - count_px + 1.0).min(room.width() - count_px);
    let at = pos2(room.right() - count_px - name_px, room.center().y);
    let name = elided(ui, at, Align2::LEFT_CENTER, &bank.name, font.clone(), tokens.text, name_px);
    ui.painter().text(name.right_center(), Align2::LEFT_CENTER, count, font, tokens.text);
    let mut rest = Rect::from_min_max(room.min, pos2(at.x - 4.0, room.bottom()));
    if rest.width() >= 32.0 {
        write_before(ui, &mut rest, "Bank", theme::regular(12.0), tokens.dim);
    }
    let link = Rect::from_x_y_ranges(rest.right()..=room.right(), room.y_range());
    let response = ui.interact(link, ui.scope_id().with("bank"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Show the bank"));
    let words = format!("{} · {}", bank.name, counted(bank.sounds, "sound"));
    if response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(words).clicked() {
        editing.state.tab = Tab::Bank;
    }
}

/// The share of real time that the engine takes.
fn meter_ui(ui: &mut Ui, rect: Rect, load: f32, editing: &Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, 3.0, mix(tokens.window, tokens.faint, 0.4));
    let load = if load.is_finite() { load.max(0.0) } else { 0.0 };
    let calm = theme::hsl(150.0, 0.45, 0.45);
    let colour = if load < 0.7 { calm } else { tokens.warning };
    let full = Rect::from_min_size(rect.min, vec2(rect.width() * load.min(1.0), rect.height()));
    ui.painter().rect_filled(full, 3.0, colour);
    let hit = rect.expand2(vec2(0.0, 11.0));
    let response = ui.interact(hit, ui.scope_id().with("load"), Sense::hover());
    let words = format!("{:.0}% of real time on {}", load * 100.0, editing.now.view.device.name);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "CPU"));
    response.on_hover_text(words);
}
