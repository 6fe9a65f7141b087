//! The view Signs: what the drawing is taken for, teaching and correcting it, and the signs of the language with what they
//! mean.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align2, Color32, DragValue, Id, Key, Rect, Response, Role, Sense, Stroke, StrokeKind, TextEdit, Ui,
    WidgetInfo, pos2, vec2,
};
use neume_models::legend::{note_name, note_number};
use neume_models::{Scale, Sketch};

use super::button::{Look, accent_button, command_button, elided, focus_ring, text_width};
use super::commands::{self, Command};
use super::editing::Editing;
use super::ink::{InkCache, PictureCache};
use super::state::Tab;
use super::theme::{self, CORNER, CORNER_SMALL, mix};
use super::{clash_card, icons, notice, sign_list};
use crate::language::{Clash, Language, LanguageError, Merged};

const CARD_PX: f32 = 118.0;
pub(super) const CHIP_PX: f32 = 28.0;
pub(super) const CHIP_GAP_PX: f32 = 6.0;
/// Height of the words above chips.
pub(super) const HEADING_PX: f32 = 20.0;
/// A panel lower than this shows what there is to decide in the place of what the drawing is taken for.
const LOW_PX: f32 = 440.0;
/// Signs that are offered in the place of the one that was recognised.
const OFFERED: usize = 3;

/// What the view remembers.
#[derive(Default)]
pub struct SignsState {
    /// What is being written.
    name: String,
    /// The sign whose meaning is shown.
    pub(super) open: Option<String>,
    /// The open sign and the name that is being written for it.
    pub(super) written: Option<(String, String)>,
    /// What merging left to decide.
    pub(super) clashes: Vec<Clash>,
    pub(super) thumbs: HashMap<(String, usize), Thumb>,
}

/// The drawing of an example, as large as fits.
pub(super) struct Thumb {
    pub of: Arc<Sketch>,
    pub framed: Arc<Sketch>,
    pub ink: InkCache,
    pub picture: PictureCache,
}

/// The view in `rect`.
pub fn signs_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let mut y = rect.top();
    let mut take = |height: f32, gap: f32| {
        let cell = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), height));
        y += height + gap;
        cell
    };
    sign_list::take_name(ui, editing);
    let clash = editing.state.signs.clashes.first().cloned();
    if let Some(clash) = &clash {
        clash_card::clash_ui(ui, take(clash_card::CARD_PX, 12.0), clash, editing);
    }
    if clash.is_none() || rect.height() > LOW_PX {
        recognised_ui(ui, take(CARD_PX, 12.0), editing);
    }
    language_ui(ui, take(CHIP_PX, 2.0), editing);
    heading_ui(ui, take(HEADING_PX, 0.0), "Drawings speak of", editing);
    spoken_ui(ui, take(CHIP_PX, 2.0), editing);
    rows_ui(ui, take(CHIP_PX, 8.0), editing);
    if let Some(what) = editing.state.history.forgotten(editing.now.slot).map(str::to_string) {
        forgotten_ui(ui, take(CHIP_PX, 6.0), &what, editing);
    }
    let rest = Rect::from_min_max(pos2(rect.left(), y), rect.max);
    sign_list::list_ui(ui, rest, editing);
}

/// Words above chips.
pub(super) fn heading_ui(ui: &Ui, rect: Rect, words: &str, editing: &Editing) {
    let at = pos2(rect.left(), rect.center().y);
    ui.painter().text(at, Align2::LEFT_CENTER, words, theme::regular(12.0), editing.tokens().dim);
}

/// What was forgotten last, with a button that takes that back.
fn forgotten_ui(ui: &mut Ui, rect: Rect, what: &str, editing: &mut Editing) {
    let tokens = editing.tokens();
    let (tail, font) = (" is forgotten", theme::regular(12.0));
    let button_px = text_width(ui, "Undo", &font) + 20.0;
    let button = Rect::from_min_max(pos2(rect.right() - button_px, rect.top()), rect.max);
    let most = button.left() - CHIP_GAP_PX - text_width(ui, tail, &font) - rect.left();
    let name = elided(ui, rect.left_center(), Align2::LEFT_CENTER, what, font.clone(), tokens.text, most);
    ui.painter().text(name.right_center(), Align2::LEFT_CENTER, tail, font, tokens.dim);
    let words = Rect::from_min_max(rect.min, button.left_bottom());
    let response = ui.interact(words, ui.scope_id().with("forgotten"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{what}{tail}")));
    let response = chip_ui(ui, button, "Undo", &format!("Undo: {what}{tail}"), Chip::Plain, editing);
    if response.clicked() {
        commands::run(Command::Undo, editing, ui.ctx());
    }
}

/// What a file brought: what is new is there, what clashes waits for the composer.
pub(super) fn merge(editing: &mut Editing, other: &Language) {
    let mut merged = Ok(Merged::default());
    let before = editing.taught();
    let is_changed = editing.speak(|language| merged = language.merge(other));
    match merged {
        Ok(merged) => {
            if merged.left_out > 0 {
                let told = format!("{} drawings found no room in their signs", merged.left_out);
                editing.state.failure = Some(told);
            }
            match (is_changed, merged.clashes.is_empty()) {
                (false, false) => editing.state.history.taught(before),
                (false, true) if merged.left_out == 0 => {
                    notice::say(editing, "nothing in this language is new".to_string());
                }
                _ => {}
            }
            editing.state.signs.clashes = merged.clashes;
        }
        Err(cause) => tell(editing, Err(cause)),
    }
}

/// Teaches the drawing of the slot that is shown, under this name.
fn teach(editing: &mut Editing, name: &str) {
    let sketch = editing.sketch();
    correct(editing, |language| language.teach(name, sketch));
}

/// Says what a drawing is. Signs that have no drawing left by that are said to be forgotten.
fn correct(editing: &mut Editing, change: impl FnOnce(&mut Language) -> Result<(), LanguageError>) {
    let before = editing.now.document.clone();
    let mut taught = Ok(());
    if editing.speak(|language| taught = change(language)) {
        say_forgotten(editing, &before.language);
    }
    tell(editing, taught);
}

/// The last step forgot the signs that were in `before` and are there no more, if there are any.
pub(super) fn say_forgotten(editing: &mut Editing, before: &Language) {
    let forgotten = editing.now.document.language.forgotten_since(before).join(", ");
    if !forgotten.is_empty() {
        editing.state.history.forgot(forgotten);
    }
}

/// What was refused is said in words.
pub(super) fn tell(editing: &mut Editing, taught: Result<(), LanguageError>) {
    editing.state.failure = taught.err().map(|cause| cause.to_string());
}

/// What the drawing is taken for, one click to correct it, and a line to teach it.
fn recognised_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER, tokens.raised);
    let inside = rect.shrink2(vec2(14.0, 12.0));
    let recognised = editing.slot_view().recognised.clone();
    let is_drawn = !editing.sketch().is_empty();
    let (head, tail) = match recognised.sign() {
        Some(sign) => (sign.name.clone(), format!("{:.0}% alike", sign.similarity.max(0.0) * 100.0)),
        None if is_drawn => ("No sign".to_string(), "read by the legend".to_string()),
        None => ("Nothing drawn yet".to_string(), String::new()),
    };
    let y = inside.top() + 8.0;
    let tail_px = text_width(ui, &tail, &theme::regular(12.0));
    let width = inside.width() - tail_px - 10.0;
    elided(ui, pos2(inside.left(), y), Align2::LEFT_CENTER, &head, theme::semibold(15.0), tokens.text, width);
    ui.painter().text(pos2(inside.right(), y), Align2::RIGHT_CENTER, &tail, theme::regular(12.0), tokens.dim);
    let response = ui.interact(
        Rect::from_min_max(inside.min, pos2(inside.right(), y + 10.0)),
        ui.scope_id().with("recognised"),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Taken for {head}")));

    let row = Rect::from_min_size(pos2(inside.left(), y + 18.0), vec2(inside.width(), CHIP_PX));
    corrections_ui(ui, row, is_drawn, editing);
    let line = Rect::from_min_max(pos2(inside.left(), inside.bottom() - 32.0), inside.max);
    teach_ui(ui, line, is_drawn, editing);
}

/// Other signs that it could be, and that it is none: a click corrects, and teaches.
fn corrections_ui(ui: &mut Ui, row: Rect, is_drawn: bool, editing: &mut Editing) {
    let tokens = editing.tokens();
    let recognised = editing.slot_view().recognised.clone();
    let skipped = usize::from(recognised.is_sign);
    let others: Vec<String> =
        recognised.likely.iter().skip(skipped).take(OFFERED).map(|sign| sign.name.clone()).collect();
    if !is_drawn || (others.is_empty() && !recognised.is_sign) {
        let words =
            if is_drawn { "Teach it, and it is known from now on." } else { "Draw a sign to teach it." };
        ui.painter().text(row.left_center(), Align2::LEFT_CENTER, words, theme::regular(12.0), tokens.dim);
        return;
    }
    let lead = if recognised.is_sign { "or" } else { "Is it" };
    ui.painter().text(row.left_center(), Align2::LEFT_CENTER, lead, theme::regular(12.0), tokens.dim);
    let mut left = row.left() + text_width(ui, lead, &theme::regular(12.0)) + 8.0;
    let none_px =
        if recognised.is_sign { text_width(ui, "no sign", &theme::regular(12.0)) + 22.0 } else { 0.0 };
    let room = row.right() - none_px;
    for name in &others {
        let width = (text_width(ui, name, &theme::regular(12.0)) + 20.0).min(110.0);
        if left + width > room {
            break;
        }
        let cell = Rect::from_min_size(pos2(left, row.top()), vec2(width, CHIP_PX));
        if chip_ui(ui, cell, name, &format!("It is {name}"), Chip::Plain, editing).clicked() {
            teach(editing, name);
        }
        left += width + CHIP_GAP_PX;
    }
    if recognised.is_sign {
        let cell = Rect::from_min_size(pos2(left, row.top()), vec2(none_px - 2.0, CHIP_PX));
        if chip_ui(ui, cell, "no sign", "It is no sign", Chip::Plain, editing).clicked() {
            let sketch = editing.sketch();
            correct(editing, |language| language.teach_plain(sketch));
        }
    }
}

/// A name and the button that teaches it.
fn teach_ui(ui: &mut Ui, line: Rect, is_drawn: bool, editing: &mut Editing) {
    let tokens = editing.tokens();
    let button = Rect::from_min_max(pos2(line.right() - 76.0, line.top()), line.max);
    let field = Rect::from_min_max(line.min, pos2(button.left() - 8.0, line.bottom()));
    ui.painter().rect(field, CORNER, tokens.panel, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let inside = field.shrink2(vec2(10.0, 0.0));
    let known = editing.slot_view().recognised.sign().map(|sign| sign.name.clone());
    let hint = known.clone().unwrap_or_else(|| "Name of a sign".to_string());
    let edit = TextEdit::singleline(&mut editing.state.signs.name)
        .id(name_field())
        .frame(egui::Frame::NONE)
        .min_size(inside.size())
        .font(theme::regular(13.0))
        .char_limit(Language::MAX_NAME_CHARS)
        .align(Align2::LEFT_CENTER)
        .hint_text(hint);
    let response = ui.put(inside, edit).accessible_name("Name of the sign");
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let look = if is_drawn { Look::Chosen } else { Look::Off };
    let pressed = accent_button(ui, button, "Teach", look, tokens);
    if (pressed || entered) && is_drawn {
        let written = editing.state.signs.name.trim().to_string();
        let name = if written.is_empty() { known.unwrap_or_default() } else { written };
        teach(editing, &name);
        if editing.state.failure.is_none() {
            editing.state.signs.open = Some(name);
            editing.state.signs.name.clear();
        }
    }
}

/// Opens this view with the name of a sign to be written.
pub(super) fn name_a_sign(ctx: &egui::Context, editing: &mut Editing) {
    editing.state.tab = Tab::Signs;
    ctx.memory_mut(|memory| memory.request_focus(name_field()));
}

/// The field in which a sign is named.
pub(super) fn name_field() -> Id {
    Id::unique("name of the sign")
}

/// How a chip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chip {
    /// To be pressed.
    Plain,
    /// In use, as usual.
    On,
    /// Chosen by the composer.
    Chosen,
}

/// A word in a small frame. `label` is its name for those who do not see it.
pub(super) fn chip_ui(
    ui: &mut Ui,
    rect: Rect,
    words: &str,
    label: &str,
    look: Chip,
    editing: &Editing,
) -> Response {
    let tokens = editing.tokens();
    let response = ui.interact(rect, ui.scope_id().with(("chip", label)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, look != Chip::Plain, label));
    let inner = rect.shrink2(vec2(0.0, 2.0));
    let (fill, line, ink) = match look {
        Chip::Chosen => (mix(tokens.panel, tokens.accent, 0.2), tokens.accent, tokens.text),
        Chip::On => (mix(tokens.panel, tokens.text, 0.1), Color32::TRANSPARENT, tokens.text),
        Chip::Plain if response.hovered() => {
            (mix(tokens.raised, tokens.text, 0.05), tokens.faint, tokens.text)
        }
        Chip::Plain => (Color32::TRANSPARENT, tokens.line, tokens.dim),
    };
    ui.painter().rect(inner, CORNER_SMALL, fill, Stroke::new(1.0, line), StrokeKind::Inside);
    elided(ui, inner.center(), Align2::CENTER_CENTER, words, theme::regular(12.0), ink, inner.width() - 4.0);
    focus_ring(ui, &response, inner, CORNER_SMALL, tokens);
    response
}

/// The language's name, and its file.
fn language_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let buttons = [
        (icons::OPEN, Command::ImportLanguage),
        (icons::EXPORT, Command::ExportLanguage),
        ("", Command::PrintLanguage),
    ];
    let first = rect.right() - buttons.len() as f32 * 30.0;
    let look = if editing.state.files.busy() { Look::Off } else { Look::Plain };
    for (i, (icon, command)) in buttons.into_iter().enumerate() {
        let at = pos2(first + 30.0 * i as f32, rect.top());
        let cell = Rect::from_min_size(at, vec2(30.0, CHIP_PX));
        if command_button(ui, cell, icon, command, look, editing.tokens()) {
            commands::run(command, editing, ui.ctx());
        }
        if command == Command::PrintLanguage {
            let is_under = look == Look::Plain && ui.rect_contains_pointer(cell);
            let ink = if is_under { editing.tokens().text } else { editing.tokens().dim };
            icons::printer(ui.painter(), cell.center(), ink);
        }
    }
    let saved = editing.now.document.language.name.clone();
    let mut name = saved.clone();
    let field = Rect::from_min_max(rect.min, pos2(first - 6.0, rect.bottom()));
    let edit = TextEdit::singleline(&mut name)
        .id_salt("language")
        .frame(egui::Frame::NONE)
        .min_size(field.size())
        .font(theme::semibold(13.0))
        .char_limit(Language::MAX_NAME_CHARS)
        .align(Align2::LEFT_CENTER)
        .hint_text("My language");
    ui.put(field, edit).accessible_name("Name of the language");
    if name != saved {
        editing.rename_language(name);
    }
}

/// Which aspects drawings speak of.
fn spoken_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let before = editing.now.document.language.spoken;
    let mut spoken = before;
    let aspects = [
        ("pitch", &mut spoken.pitch),
        ("loudness", &mut spoken.loudness),
        ("family", &mut spoken.family),
        ("bright", &mut spoken.brightness),
        ("rough", &mut spoken.roughness),
    ];
    let (font, gap) = (theme::regular(12.0), if rect.width() < 280.0 { 3.0 } else { CHIP_GAP_PX });
    let widths: Vec<f32> = aspects.iter().map(|(words, _)| text_width(ui, words, &font)).collect();
    let spare = (rect.width() - widths.iter().sum::<f32>() - 4.0 * gap) / aspects.len() as f32;
    let mut left = rect.left();
    for ((words, is_spoken), width) in aspects.into_iter().zip(widths) {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width + spare, CHIP_PX));
        left = cell.right() + gap;
        let look = if *is_spoken { Chip::On } else { Chip::Plain };
        let response = chip_ui(ui, cell, words, &format!("Drawings speak of {words}"), look, editing);
        if response.clicked() {
            *is_spoken = !*is_spoken;
        }
        response.on_hover_text("Whether drawings speak of it");
    }
    if spoken != before {
        editing.speak(|language| language.spoken = spoken);
    }
}

/// The lowest and the highest row of the pad.
fn rows_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let scale = editing.now.document.language.legend.scale;
    let count = format!("{} rows", scale.rows());
    let font = theme::regular(12.0);
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, count, font.clone(), tokens.dim);
    let (mut low, mut high) = (scale.low_midi(), scale.high_midi());
    let to = Rect::from_min_max(pos2(rect.right() - 56.0, rect.top() + 2.0), rect.max - vec2(0.0, 2.0));
    let between = pos2(to.left() - 12.0, rect.center().y);
    let from = to.translate(vec2(-56.0 - 24.0, 0.0));
    ui.painter().text(between, Align2::CENTER_CENTER, "to", font, tokens.dim);
    note_ui(ui, from, "Lowest row", &mut low, 0..=high);
    note_ui(ui, to, "Highest row", &mut high, low..=127);
    if let Ok(asked) = Scale::new(low, high)
        && asked != scale
    {
        editing.speak_on(|language| language.legend.scale = asked);
    }
}

/// A note that is dragged, or written: `C4` or 60.
fn note_ui(ui: &mut Ui, rect: Rect, label: &str, midi: &mut u8, range: std::ops::RangeInclusive<u8>) {
    let value = DragValue::new(midi)
        .range(range)
        .speed(0.15)
        .custom_formatter(|midi, _| note_name(midi.round() as i32))
        .custom_parser(|text| text.trim().parse().ok().or(note_number(text).map(f64::from)));
    ui.put(rect, value).accessible_name(label);
}
