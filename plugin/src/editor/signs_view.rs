//! The view Signs: what the drawing is taken for, teaching and correcting it, and the signs of the language with what they
//! mean.

use std::collections::HashMap;
use std::sync::Arc;

use egui::{
    Align2, Color32, DragValue, Id, Key, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind,
    TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use neume_models::legend::{note_and_cents, note_name, note_number};
use neume_models::{Scale, Sketch};

use super::binding::{Bind, rebind};
use super::button::{Look, accent_button, command_button, elided, focus_ring, text_button, text_width};
use super::commands::{self, Command};
use super::editing::Editing;
use super::icons;
use super::ink::{InkCache, PictureCache, pad_within};
use super::state::Tab;
use super::theme::{self, CORNER, CORNER_SMALL, mix};
use crate::language::{Clash, Language, LanguageError, Merged, Sign, framed};

const CARD_PX: f32 = 118.0;
const ROW_PX: f32 = 46.0;
const CHIP_PX: f32 = 28.0;
const CHIP_GAP_PX: f32 = 6.0;
/// Signs that are offered in the place of the one that was recognised.
const OFFERED: usize = 3;

/// What the view remembers.
#[derive(Default)]
pub struct SignsState {
    /// What is being written.
    name: String,
    /// The sign whose meaning is shown.
    open: Option<String>,
    /// What merging left to decide.
    clashes: Vec<Clash>,
    thumbs: HashMap<(String, usize), Thumb>,
}

/// The drawing of an example, as large as fits.
struct Thumb {
    of: Arc<Sketch>,
    framed: Arc<Sketch>,
    ink: InkCache,
    picture: PictureCache,
}

/// The view in `rect`.
pub fn signs_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let mut y = rect.top();
    let mut take = |height: f32, gap: f32| {
        let cell = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), height));
        y += height + gap;
        cell
    };
    if let Some(clash) = editing.state.signs.clashes.first().cloned() {
        clash_ui(ui, take(88.0, 12.0), &clash, editing);
    }
    recognised_ui(ui, take(CARD_PX, 12.0), editing);
    language_ui(ui, take(CHIP_PX, 4.0), editing);
    spoken_ui(ui, take(CHIP_PX, 2.0), editing);
    rows_ui(ui, take(CHIP_PX, 8.0), editing);
    let rest = Rect::from_min_max(pos2(rect.left(), y), rect.max);
    list_ui(ui, rest, editing);
}

/// What a file brought: what is new is there, what clashes waits for the composer.
pub(super) fn merge(editing: &mut Editing, other: &Language) {
    let mut merged = Ok(Merged::default());
    editing.speak(|language| merged = language.merge(other));
    match merged {
        Ok(merged) => {
            if merged.left_out > 0 {
                let told = format!("{} drawings found no room in their signs", merged.left_out);
                editing.state.failure = Some(told);
            }
            editing.state.signs.clashes = merged.clashes;
        }
        Err(cause) => tell(editing, Err(cause)),
    }
}

/// Teaches the drawing of the slot that is shown, under this name.
fn teach(editing: &mut Editing, name: &str) {
    let sketch = editing.sketch();
    let mut taught = Ok(());
    editing.speak(|language| taught = language.teach(name, sketch));
    tell(editing, taught);
}

fn tell(editing: &mut Editing, taught: Result<(), LanguageError>) {
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
            let mut taught = Ok(());
            editing.speak(|language| taught = language.teach_plain(sketch));
            tell(editing, taught);
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
enum Chip {
    /// To be pressed.
    Plain,
    /// In use, as usual.
    On,
    /// Chosen by the composer.
    Chosen,
}

/// A word in a small frame. `label` is its name for those who do not see it.
fn chip_ui(ui: &mut Ui, rect: Rect, words: &str, label: &str, look: Chip, editing: &Editing) -> Response {
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
        (icons::PICTURE, Command::PrintLanguage),
    ];
    let first = rect.right() - buttons.len() as f32 * 30.0;
    let look = if editing.state.files.busy() { Look::Off } else { Look::Plain };
    for (i, (icon, command)) in buttons.into_iter().enumerate() {
        let at = pos2(first + 30.0 * i as f32, rect.top());
        if command_button(
            ui,
            Rect::from_min_size(at, vec2(30.0, CHIP_PX)),
            icon,
            command,
            look,
            editing.tokens(),
        ) {
            commands::run(command, editing, ui.ctx());
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
        editing.speak(|language| language.legend.scale = asked);
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

fn list_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let document = editing.now.document.clone();
    if document.language.signs.is_empty() {
        let at = pos2(rect.center().x, rect.top() + 40.0);
        let words = "No signs yet";
        ui.painter().text(at, Align2::CENTER_CENTER, words, theme::semibold(13.0), tokens.text);
        let more = "One drawing is enough to teach one.";
        let below = at + vec2(0.0, 20.0);
        ui.painter().text(below, Align2::CENTER_CENTER, more, theme::regular(12.0), tokens.dim);
        return;
    }
    let mut inner = ui.new_child(UiBuilder::new().id_salt("signs").max_rect(rect));
    ScrollArea::vertical().auto_shrink(false).show(&mut inner, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for sign in &document.language.signs {
            sign_ui(ui, sign, &document.language, editing);
        }
    });
}

/// A sign in a row; the one that is open shows what it means below.
fn sign_ui(ui: &mut Ui, sign: &Sign, language: &Language, editing: &mut Editing) {
    let tokens = editing.tokens();
    let width = ui.available_width() - 8.0;
    let (row, _) = ui.allocate_exact_size(vec2(width, ROW_PX), Sense::hover());
    let is_open = editing.state.signs.open.as_deref() == Some(sign.name.as_str());
    let is_it = editing.slot_view().recognised.sign().is_some_and(|it| it.name == sign.name);
    let response = ui.interact(row, ui.scope_id().with(("sign", &sign.name)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, format!("Sign {}", sign.name)));
    if response.hovered() || is_open {
        ui.painter().rect_filled(row.shrink2(vec2(0.0, 1.0)), CORNER, mix(tokens.panel, tokens.text, 0.05));
    }
    let thumb = Rect::from_min_size(row.min + vec2(4.0, 4.0), vec2(57.0, ROW_PX - 8.0));
    thumb_ui(ui, thumb, &sign.name, 0, &sign.examples[0], is_it, editing);
    let left = thumb.right() + 12.0;
    let room = row.right() - 34.0 - left;
    let y = row.center().y;
    elided(
        ui,
        pos2(left, y - 8.0),
        Align2::LEFT_CENTER,
        &sign.name,
        theme::semibold(13.0),
        tokens.text,
        room,
    );
    let words = language.words_of(&sign.meaning).join(" · ");
    elided(ui, pos2(left, y + 9.0), Align2::LEFT_CENTER, &words, theme::regular(11.5), tokens.dim, room);
    let count = format!("×{}", sign.examples.len());
    ui.painter().text(
        pos2(row.right() - 6.0, y),
        Align2::RIGHT_CENTER,
        count,
        theme::regular(12.0),
        tokens.dim,
    );
    focus_ring(ui, &response, row.shrink(3.0), CORNER, tokens);
    if response.clicked() {
        editing.state.signs.open = (!is_open).then(|| sign.name.clone());
    }
    if is_open {
        meaning_ui(ui, sign, width, editing);
    }
}

/// What the open sign means: each aspect bound to what is heard now, or left to the legend; and its examples.
fn meaning_ui(ui: &mut Ui, sign: &Sign, width: f32, editing: &mut Editing) {
    let language = editing.now.document.language.clone();
    let bound = &sign.meaning;
    let dynamic = |db: f32| language.legend.dynamic(db).to_string();
    let percent = |v: f32| format!("{:.0}", v * 100.0);
    let chips: [(&str, Option<String>, Bind); 6] = [
        ("pitch", bound.pitch_midi.map(note_and_cents), Bind::Pitch),
        ("loudness", bound.loudness_db.map(dynamic), Bind::Loudness),
        ("family", bound.family.map(|family| family.label().to_string()), Bind::Family),
        ("bright", bound.brightness.map(percent), Bind::Brightness),
        ("rough", bound.roughness.map(percent), Bind::Roughness),
        ("sound", bound.sound.as_ref().map(|sound| sound.name.clone()), Bind::Sound),
    ];
    let cell_px = (width - 2.0 * CHIP_GAP_PX) / 3.0;
    for three in chips.chunks(3) {
        let (row, _) = ui.allocate_exact_size(vec2(width, CHIP_PX + 2.0), Sense::hover());
        for (i, (aspect, value, bind)) in three.iter().enumerate() {
            let at = pos2(row.left() + (cell_px + CHIP_GAP_PX) * i as f32, row.top());
            let cell = Rect::from_min_size(at, vec2(cell_px, CHIP_PX));
            let words = match value {
                Some(value) if *aspect == "sound" || *aspect == "family" => value.clone(),
                Some(value) => format!("{aspect} {value}"),
                None => aspect.to_string(),
            };
            let label = format!("{} means a {aspect} of its own", sign.name);
            let look = if value.is_some() { Chip::Chosen } else { Chip::Plain };
            let response = chip_ui(ui, cell, &words, &label, look, editing);
            let hint = match value {
                Some(_) => format!("{aspect}: bound; a click leaves it to the legend"),
                None => format!("{aspect}: by the legend; a click binds it to what is heard now"),
            };
            if response.on_hover_text(hint).clicked() {
                rebind(editing, &sign.name, *bind);
            }
        }
    }
    examples_ui(ui, sign, width, editing);
}

/// The examples of the open sign; a click forgets one, the last button the whole sign.
fn examples_ui(ui: &mut Ui, sign: &Sign, width: f32, editing: &mut Editing) {
    let (row, _) = ui.allocate_exact_size(vec2(width, 44.0), Sense::hover());
    let room = row.width() - 36.0;
    let shown = (room / 60.0).floor().max(1.0) as usize;
    // The newest, should there be more than fit.
    let first = sign.examples.len().saturating_sub(shown);
    let mut forgotten = None;
    for (i, example) in sign.examples.iter().enumerate().skip(first) {
        let at = pos2(row.left() + 60.0 * (i - first) as f32, row.top() + 2.0);
        let cell = Rect::from_min_size(at, vec2(54.0, 36.0));
        thumb_ui(ui, cell, &sign.name, i, example, false, editing);
        let response = ui.interact(cell, ui.scope_id().with(("example", i)), Sense::click());
        let label = format!("Forget example {} of {}", i + 1, sign.name);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        if response.hovered() && sign.examples.len() > 1 {
            let tokens = editing.tokens();
            ui.painter().rect_filled(cell, CORNER_SMALL, tokens.raised.gamma_multiply(0.85));
            icons::symbol(ui.painter(), cell, icons::CLOSE, 15.0, tokens.text);
        }
        focus_ring(ui, &response, cell, CORNER_SMALL, editing.tokens());
        if response.clicked() && sign.examples.len() > 1 {
            forgotten = Some(i);
        }
    }
    let bin = Rect::from_min_size(pos2(row.right() - 32.0, row.top() + 4.0), vec2(32.0, 32.0));
    let response = ui.interact(bin, ui.scope_id().with("forget"), Sense::click());
    let label = format!("Forget {}", sign.name);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let tokens = editing.tokens();
    let ink = if response.hovered() { tokens.warning } else { tokens.dim };
    icons::symbol(ui.painter(), bin, icons::CLEAR, 17.0, ink);
    focus_ring(ui, &response, bin, CORNER_SMALL, tokens);
    let name = sign.name.clone();
    if response.on_hover_text(label).clicked() {
        editing.state.signs.open = None;
        editing.speak(|language| language.signs.retain(|sign| sign.name != name));
    } else if let Some(i) = forgotten {
        editing.speak(|language| {
            if let Some(sign) = language.sign_mut(&name) {
                sign.examples.remove(i);
            }
        });
    }
}

/// A drawing, as large as fits; ringed if the drawing on the pad is taken for its sign.
fn thumb_ui(
    ui: &Ui,
    rect: Rect,
    sign: &str,
    number: usize,
    drawing: &Arc<Sketch>,
    ringed: bool,
    editing: &mut Editing,
) {
    let (tokens, theme) = (editing.tokens(), editing.theme());
    let line = if ringed { Stroke::new(1.5, tokens.accent) } else { Stroke::new(1.0, tokens.line) };
    ui.painter().rect(rect, CORNER_SMALL, tokens.pad, line, StrokeKind::Inside);
    let thumbs = &mut editing.state.signs.thumbs;
    let key = (sign.to_string(), number);
    if thumbs.get(&key).is_none_or(|thumb| !Arc::ptr_eq(&thumb.of, drawing)) {
        let thumb = Thumb {
            of: drawing.clone(),
            framed: Arc::new(framed(drawing)),
            ink: InkCache::default(),
            picture: PictureCache::default(),
        };
        thumbs.insert(key.clone(), thumb);
    }
    let Some(thumb) = thumbs.get_mut(&key) else { return };
    let pad = pad_within(rect.shrink(3.0));
    let painter = ui.painter_at(rect.shrink(2.0));
    if let Some(layer) = &thumb.framed.raster {
        thumb.picture.paint(&painter, layer, pad, theme);
    }
    painter.add(thumb.ink.strokes(&thumb.framed, pad, painter.pixels_per_point(), theme));
}

/// One thing that merging left to decide.
fn clash_ui(ui: &mut Ui, rect: Rect, clash: &Clash, editing: &mut Editing) {
    let tokens = editing.tokens();
    let frame = Stroke::new(1.0, tokens.warning);
    ui.painter().rect(rect, CORNER, Color32::TRANSPARENT, frame, StrokeKind::Inside);
    let inside = rect.shrink(12.0);
    let words = clash.words();
    let response = ui.interact(rect, ui.scope_id().with("clash"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &words));
    let at = inside.left_top() + vec2(0.0, 8.0);
    elided(ui, at, Align2::LEFT_CENTER, &words, theme::semibold(12.5), tokens.text, inside.width());
    let is_sign = clash.is_of_signs();
    let choices: &[&str] =
        if is_sign { &["Keep mine", "Take theirs", "Keep both"] } else { &["Keep mine", "Take theirs"] };
    let width = (inside.width() - 2.0 * CHIP_GAP_PX) / 3.0;
    for (i, choice) in choices.iter().enumerate() {
        let at = pos2(inside.left() + (width + CHIP_GAP_PX) * i as f32, inside.bottom() - 32.0);
        if text_button(ui, Rect::from_min_size(at, vec2(width, 32.0)), choice, tokens) {
            let clash = editing.state.signs.clashes.remove(0);
            let mut settled = Ok(());
            match i {
                0 => {}
                1 => editing.speak(|language| settled = language.take_theirs(&clash)),
                _ => editing.speak(|language| settled = language.keep_both(&clash)),
            }
            if settled.is_err() {
                tell(editing, settled);
            }
        }
    }
}
