//! Searching the bank in the view Bank: a field for words, sounds like one of those that were found, and what fits the
//! drawing; each sound with its reasons.

use egui::{
    Align2, Color32, CursorIcon, Id, Key, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind,
    TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use neume_bank::SoundId;
use neume_models::Family;

use super::button::{elided, fitting, focus_ring, text_width};
use super::editing::Editing;
use super::match_view::{choose, dwell};
use super::state::Tab;
use super::theme::{self, CORNER, CORNER_SMALL, mix};
use super::{doubt, icons, notes, waveform};
use crate::handoff::{FoundView, Request, SearchAsked, Title};

/// Height of the field and of what lies below it.
pub const FIELD_PX: f32 = 34.0;
const CHIP_PX: f32 = 26.0;
const ROW_PX: f32 = 50.0;
const MOST_CHARS: usize = 200;

/// What the view remembers.
#[derive(Debug, Default)]
pub struct SearchState {
    /// What is looked for.
    asked: SearchAsked,
    /// What the Worker was asked last.
    sent: SearchAsked,
    /// Whether something else is looked for since the list was shown, which is then read from its top.
    is_new: bool,
}

/// The field in which words are looked for.
pub(super) fn field() -> Id {
    Id::unique("search of the bank")
}

/// The field. Whether something is looked for, so that what was found takes the place of the rest of the view.
pub fn field_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) -> bool {
    let tokens = editing.tokens();
    let has_focus = ui.ctx().memory(|memory| memory.has_focus(field()));
    let line = if has_focus { tokens.text } else { tokens.line };
    ui.painter().rect(rect, CORNER, tokens.raised, Stroke::new(1.0, line), StrokeKind::Inside);
    lens(ui, rect.left_center() + vec2(17.0, 0.0), tokens.dim);
    let asked = &mut editing.state.search.asked;
    let inside = Rect::from_min_max(rect.min + vec2(31.0, 0.0), rect.max - vec2(32.0, 0.0));
    let edit = TextEdit::singleline(&mut asked.words)
        .id(field())
        .frame(egui::Frame::NONE)
        .min_size(inside.size())
        .font(theme::regular(13.0))
        .char_limit(MOST_CHARS)
        .align(Align2::LEFT_CENTER)
        .hint_text("Search sounds");
    let response = ui.put(inside, edit).accessible_name("Search sounds");
    // Escape takes the focus from the field before the field hears of it.
    let escaped = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape));
    if escaped {
        editing.state.search.asked.words.clear();
    }
    if !editing.state.search.asked.is_empty() {
        let cross = Rect::from_center_size(rect.right_center() - vec2(17.0, 0.0), vec2(24.0, 24.0));
        if cross_ui(ui, cross, "Leave the search", editing) {
            editing.state.search.asked = SearchAsked::default();
        }
    }
    let is_searching = !editing.state.search.asked.is_empty();
    send(editing);
    is_searching
}

/// Asks the Worker whenever something else is looked for.
fn send(editing: &mut Editing) {
    let slot = editing.now.slot;
    let search = &mut editing.state.search;
    if let Some(drawn) = &mut search.asked.drawn {
        *drawn = slot;
    }
    if search.asked != search.sent {
        search.sent = search.asked.clone();
        search.is_new = true;
        editing.end.requests.send(Request::Search(search.asked.clone()));
    }
}

/// The hand goes back to the field, so that keys write there.
fn write_on(ui: &Ui) {
    ui.ctx().memory_mut(|memory| memory.request_focus(field()));
}

/// What was found, below the field.
pub fn found_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let chips = Rect::from_min_size(rect.min, vec2(rect.width(), CHIP_PX));
    chips_ui(ui, chips, editing);
    let search = editing.now.view.search.clone();
    let rest = Rect::from_min_max(pos2(rect.left(), chips.bottom() + 8.0), rect.max);
    let is_news = search.asked == editing.state.search.asked;
    if search.found.is_empty() || search.asked.is_empty() {
        let words = match is_news {
            true => nothing_found(&search.unknown),
            false => "Searching…".to_string(),
        };
        let at = rest.left_top() + vec2(2.0, 18.0);
        let font = theme::regular(12.5);
        elided(ui, at, Align2::LEFT_CENTER, &words, font, tokens.dim, rest.width() - 4.0);
        let response = ui.interact(rest, ui.scope_id().with("found nothing"), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        editing.state.dwell = None;
        return;
    }
    let mut inner = ui.new_child(UiBuilder::new().id_salt("found").max_rect(rest));
    inner.spacing_mut().item_spacing = vec2(0.0, 0.0);
    let mut hovered = None;
    let mut area = ScrollArea::vertical().auto_shrink(false);
    if std::mem::take(&mut editing.state.search.is_new) {
        area = area.vertical_scroll_offset(0.0);
    }
    area.show_rows(&mut inner, ROW_PX, search.found.len(), |ui, rows| {
        for found in &search.found[rows] {
            let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_PX), Sense::hover());
            let response = row_ui(ui, row, found, editing);
            if response.hovered() {
                hovered = Some((found.sound, found.instrument.clone()));
            }
            if response.clicked() {
                choose(found.sound, found.instrument.clone(), editing);
            }
        }
    });
    dwell(ui, hovered, editing);
}

/// Why the list is empty.
fn nothing_found(unknown: &[String]) -> String {
    let words: Vec<String> = unknown.iter().map(|word| format!("“{word}”")).collect();
    match words.is_empty() {
        true => "Nothing in this bank answers.".to_string(),
        false => format!("No sound is called {}.", words.join(" or ")),
    }
}

/// What is looked for besides words: what the drawing says, and the sound that others are to be like.
fn chips_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let slot = editing.now.slot;
    let is_read = matches!(editing.slot_view().reading, Some(Ok(_)));
    let drawn = editing.state.search.asked.drawn.is_some();
    let mut left = rect.left();
    if is_read || drawn {
        let (response, right) =
            chip_ui(ui, pos2(left, rect.top()), 150.0, "fits the drawing", drawn, false, editing);
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, drawn, "Fits the drawing"));
        left = right + 6.0;
        if response.clicked() {
            editing.state.search.asked.drawn = (!drawn).then_some(slot);
            send(editing);
            write_on(ui);
        }
    }
    if let Some(family) = editing.state.search.asked.family {
        let at = pos2(left, rect.top());
        let (response, right) = chip_ui(ui, at, rect.right() - left, family.label(), true, true, editing);
        let label = format!("No longer {} alone", family.label());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        left = right + 6.0;
        if response.on_hover_text("Sounds of this family alone; a click leaves them").clicked() {
            editing.state.search.asked.family = None;
            send(editing);
            write_on(ui);
        }
    }
    let Some(like) = editing.state.search.asked.like else { return };
    let name = name_of(like, editing).map_or_else(|| "a sound".to_string(), |title| title.to_string());
    let most = rect.right() - left;
    let (response, _) =
        chip_ui(ui, pos2(left, rect.top()), most, &format!("like {name}"), true, true, editing);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("No longer like {name}")));
    if response.on_hover_text("Sounds like this one; a click leaves them").clicked() {
        editing.state.search.asked.like = None;
        send(editing);
        write_on(ui);
    }
}

fn name_of(sound: SoundId, editing: &Editing) -> Option<Title> {
    let search = &editing.now.view.search;
    let told = search.like.clone().filter(|_| search.asked.like == Some(sound));
    told.or_else(|| search.found.iter().find(|found| found.sound == sound).map(|found| found.title.clone()))
}

/// A chip from `at` on, at most this wide. Its response, and where it ends.
fn chip_ui(
    ui: &mut Ui,
    at: egui::Pos2,
    most_px: f32,
    words: &str,
    chosen: bool,
    closes: bool,
    editing: &Editing,
) -> (Response, f32) {
    let tokens = editing.tokens();
    let font = theme::regular(12.0);
    let cross_px = if closes { 18.0 } else { 0.0 };
    let width = (text_width(ui, words, &font) + 22.0 + cross_px).min(most_px);
    let rect = Rect::from_min_size(at, vec2(width, CHIP_PX));
    let response = ui.interact(rect, ui.scope_id().with(("chip", words)), Sense::click());
    let lift = if response.hovered() { 0.08 } else { 0.0 };
    let fill = if chosen { mix(tokens.panel, tokens.accent, 0.28) } else { tokens.panel };
    let line = if chosen { tokens.accent } else { tokens.line };
    ui.painter().rect(rect, 13.0, mix(fill, tokens.text, lift), Stroke::new(1.0, line), StrokeKind::Inside);
    let ink = if chosen { tokens.text } else { tokens.dim };
    let text = pos2(rect.left() + 11.0, rect.center().y);
    elided(ui, text, Align2::LEFT_CENTER, words, font, ink, width - 20.0 - cross_px);
    if closes {
        let cross = Rect::from_center_size(rect.right_center() - vec2(14.0, 0.0), vec2(12.0, 12.0));
        icons::symbol(ui.painter(), cross, icons::CLOSE, 11.0, tokens.dim);
    }
    focus_ring(ui, &response, rect, 13, tokens);
    (response.on_hover_cursor(CursorIcon::PointingHand), rect.right())
}

/// A sound with its reasons below its name. The response of all but its button for likeness.
fn row_ui(ui: &mut Ui, rect: Rect, found: &FoundView, editing: &mut Editing) -> Response {
    let tokens = editing.tokens();
    let response = ui.interact(rect, ui.scope_id().with(found.sound), Sense::click());
    let is_chosen = editing.slot_view().chosen == Some(found.sound);
    let label = format!("Choose {}", found.title);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, &label));
    let ground = rect.shrink2(vec2(0.0, 1.0));
    if is_chosen {
        ui.painter().rect_filled(ground, CORNER, tokens.chosen());
        let bar = Rect::from_min_size(ground.min, vec2(3.0, ground.height()));
        ui.painter().rect_filled(bar, 1.5, tokens.accent);
    } else if response.hovered() {
        ui.painter().rect_filled(ground, CORNER, tokens.hovered());
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.line));
    let colour = mix(tokens.panel, editing.theme().family(found.family), 0.82);
    let wave = Rect::from_center_size(pos2(rect.left() + 24.0, rect.center().y), vec2(36.0, 22.0));
    waveform::paint(ui.painter(), wave, &found.overview, colour);
    let left = wave.right() + 12.0;
    let width = rect.right() - 68.0 - left;
    let y = rect.center().y;
    let mut name = pos2(left, y - 9.0);
    if found.doubt.is_some() {
        doubt::mark(ui.painter(), name + vec2(5.0, 0.0), tokens.dim);
        name.x += 16.0;
    }
    let name_px = left + width - name.x;
    elided(ui, name, Align2::LEFT_CENTER, &found.title.large, theme::regular(13.0), tokens.text, name_px);
    let font = theme::regular(11.0);
    let reasons = fitting(ui, &said_small(found), &font, width);
    let more = pos2(left, y + 9.0);
    elided(ui, more, Align2::LEFT_CENTER, &reasons, font, tokens.dim, width);
    let score = format!("{:.0}", found.score.clamp(0.0, 1.0) * 100.0);
    let at = pos2(rect.right() - 36.0, y);
    ui.painter().text(at, Align2::RIGHT_CENTER, score, theme::regular(13.0), tokens.dim);
    focus_ring(ui, &response, rect.shrink(3.0), CORNER, tokens);
    let like = Rect::from_center_size(pos2(rect.right() - 16.0, y), vec2(26.0, 26.0));
    like_ui(ui, like, found, editing);
    let doubt = found.doubt.map(doubt::words);
    let facts = format!("{} · {}", notes::root(found.root_midi), found.family.label());
    let reasons = found.reasons.iter().filter_map(|reason| in_words(reason));
    let lines = [found.title.to_string(), facts].into_iter().chain(doubt).chain(reasons);
    let lines = lines.collect::<Vec<_>>().join("\n");
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(lines)
}

/// What is written below the name as far as it fits: the root, the rest of the name, and the reasons.
fn said_small(found: &FoundView) -> Vec<String> {
    let root = notes::root(found.root_midi);
    let small = Some(found.title.small.clone()).filter(|small| !small.is_empty());
    let reasons = found.reasons.iter().filter_map(|reason| in_words(reason));
    [root].into_iter().chain(small).chain(reasons).collect()
}

/// A reason as it is read: a share of a family in words; nothing where the words that were typed are in sight anyway.
fn in_words(reason: &str) -> Option<String> {
    if let Some((family, share)) = reason.strip_prefix("family ").and_then(|rest| rest.split_once(' ')) {
        let family = family.replace('_', " ");
        return Some(match share.parse::<f32>().unwrap_or(0.0) {
            0.75.. => family,
            0.4.. => format!("probably {family}"),
            0.15.. => format!("perhaps {family}"),
            _ => format!("hardly {family}"),
        });
    }
    if reason.starts_with("name: ") || reason.starts_with("instrument: ") {
        return None;
    }
    Some(reason.replace('-', "−"))
}

/// The button for sounds like this one: two waves above each other.
fn like_ui(ui: &mut Ui, rect: Rect, found: &FoundView, editing: &mut Editing) {
    let tokens = editing.tokens();
    let chosen = editing.state.search.asked.like == Some(found.sound);
    let response = ui.interact(rect, ui.scope_id().with(("like", found.sound)), Sense::click());
    let label = format!("Sounds like {}", found.title);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &label));
    if response.hovered() {
        ui.painter().rect_filled(rect, CORNER_SMALL, mix(tokens.panel, tokens.text, 0.1));
    }
    let ink = match (chosen, response.hovered()) {
        (true, _) => tokens.accent,
        (false, true) => tokens.text,
        (false, false) => tokens.dim,
    };
    for y in [-3.0, 3.0] {
        let wave = (0..=12)
            .map(|i| i as f32 / 12.0)
            .map(|t| rect.center() + vec2(13.0 * t - 6.5, y - 1.8 * (t * std::f32::consts::TAU).sin()));
        ui.painter().line(wave.collect(), Stroke::new(1.4, ink));
    }
    focus_ring(ui, &response, rect, CORNER_SMALL, tokens);
    if response.on_hover_text("Sounds like this one").clicked() {
        look_for_more_like(found.sound, editing);
    }
}

/// Shows the sounds of one family.
pub(super) fn look_for_family(family: Family, editing: &mut Editing) {
    editing.state.search.asked.family = Some(family);
    send(editing);
}

/// Opens this view with the sounds that are like one.
pub(super) fn look_for_more_like(sound: SoundId, editing: &mut Editing) {
    editing.state.tab = Tab::Bank;
    editing.state.search.asked.like = Some(sound);
    editing.state.search.asked.words.clear();
    send(editing);
}

fn cross_ui(ui: &mut Ui, rect: Rect, label: &str, editing: &Editing) -> bool {
    let tokens = editing.tokens();
    let response = ui.interact(rect, ui.scope_id().with(label), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
    let ink = if response.hovered() { tokens.text } else { tokens.dim };
    icons::symbol(ui.painter(), rect, icons::CLOSE, 13.0, ink);
    focus_ring(ui, &response, rect.shrink(3.0), CORNER_SMALL, tokens);
    response.on_hover_text(label).clicked()
}

/// A magnifying glass around `center`.
fn lens(ui: &Ui, center: egui::Pos2, ink: Color32) {
    let line = Stroke::new(1.5, ink);
    ui.painter().circle_stroke(center - vec2(1.5, 1.5), 4.6, line);
    ui.painter().line_segment([center + vec2(1.9, 1.9), center + vec2(5.6, 5.6)], line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_said_without_numbers_and_without_what_was_typed() {
        let told =
            ["family string 0.94", "family synth_lead 0.01", "name: 'sul'", "3 dB louder", "tag: 'sad'"];
        let said = [Some("string"), Some("hardly synth lead"), None, Some("3 dB louder"), Some("tag: 'sad'")];
        assert_eq!(told.map(in_words), said.map(|words| words.map(str::to_string)));
    }
}
