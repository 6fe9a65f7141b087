//! The signs of the language in the view Signs: each with its drawing, and the open one with its name, what it means
//! and its examples.

use std::sync::Arc;

use egui::{
    Align2, Id, Key, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};
use neume_models::Sketch;
use neume_models::legend::note_and_cents;

use super::binding::{Bind, rebind};
use super::button::{elided, focus_ring};
use super::editing::Editing;
use super::icons;
use super::ink::{InkCache, PictureCache, pad_within};
use super::signs_view::{CHIP_GAP_PX, CHIP_PX, Chip, HEADING_PX, Thumb, chip_ui, heading_ui, tell};
use super::theme::{self, CORNER, CORNER_SMALL, mix};
use crate::language::{Language, Sign, framed};

const ROW_PX: f32 = 46.0;
const BAR_PX: f32 = 12.0;

/// The signs in `rect`.
pub fn list_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
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
    // The bar lies in the panel's margin.
    let with_bar = Rect::from_min_max(rect.min, rect.max + vec2(BAR_PX, 0.0));
    let mut inner = ui.new_child(UiBuilder::new().id_salt("signs").max_rect(with_bar));
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
    let width = ui.available_width() - BAR_PX;
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
    let room = row.right() - 42.0 - left;
    let y = row.center().y;
    if !is_open {
        let at = pos2(left, y - 8.0);
        elided(ui, at, Align2::LEFT_CENTER, &sign.name, theme::semibold(13.0), tokens.text, room);
    }
    let words = language.words_of(&sign.meaning).join(" · ");
    elided(ui, pos2(left, y + 9.0), Align2::LEFT_CENTER, &words, theme::regular(11.5), tokens.dim, room);
    let count = format!("×{}", sign.examples.len());
    ui.painter().text(
        pos2(row.right() - 10.0, y),
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
        name_ui(ui, Rect::from_min_size(pos2(left - 7.0, row.top() + 4.0), vec2(room, 20.0)), sign, editing);
        meaning_ui(ui, sign, width, editing);
    }
}

/// The name of the open sign, to be written over.
fn name_ui(ui: &mut Ui, field: Rect, sign: &Sign, editing: &mut Editing) {
    let tokens = editing.tokens();
    let being_written = editing.state.signs.written.take().filter(|(of, _)| *of == sign.name);
    let mut name = being_written.map_or_else(|| sign.name.clone(), |(_, name)| name);
    ui.painter().rect(field, CORNER_SMALL, tokens.panel, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let inside = field.shrink2(vec2(6.0, 0.0));
    let edit = TextEdit::singleline(&mut name)
        .id(written_name())
        .frame(egui::Frame::NONE)
        .margin(egui::Margin::ZERO)
        .min_size(inside.size())
        .font(theme::semibold(13.0))
        .char_limit(Language::MAX_NAME_CHARS)
        .align(Align2::LEFT_CENTER);
    // In a place of its own, so that what comes next lies below the row.
    let mut place = ui.new_child(UiBuilder::new().id_salt("name").max_rect(field));
    place.spacing_mut().interact_size.y = inside.height();
    let response = place.put(inside, edit).accessible_name(format!("Name of {}", sign.name));
    if response.has_focus() || name != sign.name {
        editing.state.signs.written = Some((sign.name.clone(), name));
    }
}

/// The field in which the open sign's name is written.
fn written_name() -> Id {
    Id::unique("name of the open sign")
}

/// The sign whose name was being written is called so as soon as the hand is elsewhere; Escape leaves it as it was.
pub fn take_name(ui: &Ui, editing: &mut Editing) {
    if ui.memory(|memory| memory.has_focus(written_name())) {
        return;
    }
    let Some((sign, name)) = editing.state.signs.written.take() else { return };
    if name.trim() == sign || ui.input(|input| input.key_pressed(Key::Escape)) {
        return;
    }
    let mut renamed = Ok(());
    editing.speak(|language| renamed = language.rename(&sign, &name));
    let signs = &mut editing.state.signs;
    if renamed.is_ok() && signs.open.as_ref() == Some(&sign) {
        signs.open = Some(name.trim().to_string());
    }
    tell(editing, renamed);
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
    let (heading, _) = ui.allocate_exact_size(vec2(width, HEADING_PX), Sense::hover());
    heading_ui(ui, heading, "This sign means", editing);
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
        if editing.speak(|language| language.signs.retain(|sign| sign.name != name)) {
            editing.state.history.forgot(name);
            editing.state.signs.open = None;
        }
    } else if let Some(i) = forgotten {
        let forget = |language: &mut Language| {
            if let Some(sign) = language.sign_mut(&name) {
                sign.examples.remove(i);
            }
        };
        if editing.speak(forget) {
            editing.state.history.forgot(format!("an example of {name}"));
        }
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
