//! The top of the window: the name of the drawing, how keys play, files, the bank, what the engine does.

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Rect, Role, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::button::{Look, command_button, segmented};
use super::commands::{self, Command};
use super::controls::{MODES, mode_label};
use super::editing::Editing;
use super::icons;
use super::state::Tab;
use super::theme::{self, CORNER, Theme, mix};

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
    status_ui(ui, Rect::from_min_max(pos2(left, rect.top()), rect.max), editing);
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
    let edit = TextEdit::singleline(&mut name)
        .id_salt(("name", slot))
        .frame(egui::Frame::NONE)
        .min_size(field.size())
        .font(theme::regular(if rect.width() < 230.0 { 13.0 } else { 14.0 }))
        .align(egui::Align2::CENTER_CENTER)
        .char_limit(80)
        .hint_text(format!("Slot {}, untitled", slot + 1));
    ui.put(field, edit).accessible_name("Name of the drawing");
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

/// From the right: the theme, the load of the engine, its voices, and the bank as far as there is room.
fn status_ui(ui: &mut Ui, room: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let icon = if editing.theme() == Theme::Dark { icons::MOON } else { icons::SUN };
    let toggle = Rect::from_min_size(pos2(room.right() - 30.0, room.top()), vec2(30.0, room.height()));
    if command_button(ui, toggle, icon, Command::ToggleTheme, Look::Plain, tokens) {
        commands::run(Command::ToggleTheme, editing, ui.ctx());
    }
    let width = if room.width() > 300.0 { 76.0 } else { 48.0 };
    let center = pos2(toggle.left() - 12.0 - width / 2.0, room.center().y);
    let meter = Rect::from_center_size(center, vec2(width, 6.0));
    meter_ui(ui, meter, editing.now.frame.load, editing);
    let mut rest = Rect::from_min_max(room.min, pos2(meter.left() - 8.0, room.bottom()));
    write_before(ui, &mut rest, "CPU", theme::regular(12.0), tokens.dim);
    rest.max.x -= 16.0;
    let voices = editing.now.frame.voices;
    let words = if voices == 1 { "1 voice".to_string() } else { format!("{voices} voices") };
    write_before(ui, &mut rest, &words, theme::regular(12.0), tokens.dim);
    rest.max.x -= 16.0;
    bank_ui(ui, rest, editing);
}

/// Writes at the right end of `room`, if there is room, and takes it from there.
fn write_before(ui: &Ui, room: &mut Rect, words: &str, font: FontId, ink: Color32) {
    let galley = ui.painter().layout_no_wrap(words.to_owned(), font, ink);
    if galley.size().x > room.width() {
        // What does not fit leaves no room for what would stand before it either.
        room.max.x = room.left();
        return;
    }
    room.max.x -= galley.size().x;
    ui.painter().galley(pos2(room.right(), room.center().y - galley.size().y / 2.0), galley, ink);
}

/// The name of the bank and how many sounds it has; a click shows the view Bank.
fn bank_ui(ui: &mut Ui, room: Rect, editing: &mut Editing) {
    let (tokens, bank) = (editing.tokens(), &editing.now.view.bank);
    if bank.name.is_empty() || room.width() < 160.0 {
        return;
    }
    let mut rest = room;
    let words = format!("{} · {}", bank.name, bank.sounds);
    write_before(ui, &mut rest, &words, theme::semibold(12.0), tokens.text);
    rest.max.x -= 4.0;
    write_before(ui, &mut rest, "Bank", theme::regular(12.0), tokens.dim);
    let link = Rect::from_x_y_ranges(rest.right()..=room.right(), room.y_range());
    let response = ui.interact(link, ui.scope_id().with("bank"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Show the bank"));
    if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
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
