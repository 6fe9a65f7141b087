//! The view Match: the sound under the keys and why it fits, four more to hear and to choose, and what counts.

use egui::{
    Align2, Color32, FontId, Rect, Response, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
use neume_bank::{Aspects, SoundId, Weights};
use neume_models::Family;

use super::button::{Look, accent_button, elided, fitting, focus_ring, text_button, text_width};
use super::editing::Editing;
use super::icons::family_glyph;
use super::slider::slider_ui;
use super::state::Dwell;
use super::theme::{self, CORNER, mix};
use super::{doubt, files, notes, notice, search_view, signs_view, waveform};
use crate::handoff::{DoubtView, MatchView, Request};

/// How long the pointer rests on a sound before it is heard, in seconds.
const DWELL_SECS: f64 = 0.35;
/// The card of the chosen sound without its waveform.
const CARD_PX: f32 = 134.0;
/// The waveform, in a low window and in a high one.
const WAVE_PX: std::ops::RangeInclusive<f32> = 28.0..=96.0;
const USUAL_WAVE_PX: f32 = 48.0;
/// More for a sound whose root is in doubt.
const DOUBT_PX: f32 = 30.0;
const ROW_PX: f32 = 42.0;
const LOW_ROW_PX: f32 = 38.0;
/// Sounds below the chosen one, if there is no room for more.
const LEAST_ROWS: usize = 4;
const WEIGHTS_PX: f32 = 84.0;
const ABOVE_WEIGHTS_PX: f32 = 12.0;
/// Height of the buttons below the matches.
const ACTIONS_PX: f32 = 34.0;
/// Between those buttons, and above them.
const ACTIONS_GAP_PX: f32 = 8.0;
const GAP_PX: f32 = 8.0;
/// A sound that is gone, with what lies below it.
const MISSING_PX: f32 = 96.0;
const ASPECTS: [&str; 3] = ["pitch", "loudness", "timbre"];

/// The view in `rect`: the actions at its foot, above them what fits, or can be scrolled to.
pub fn match_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let missing = editing.slot_view().missing.clone();
    let matches = editing.slot_view().matches.clone();
    let Some(best) =
        editing.chosen_match().and_then(|best| matches.iter().position(|m| m.sound == best.sound))
    else {
        let mut rest = rect;
        if let Some(name) = missing {
            missing_ui(ui, rect, &name, editing);
            rest.min.y += MISSING_PX;
        }
        message_ui(ui, rest, editing);
        editing.state.dwell = None;
        return;
    };
    let actions = Rect::from_min_max(pos2(rect.left(), rect.bottom() - ACTIONS_PX), rect.max);
    actions_ui(ui, actions, editing);
    let room = Rect::from_min_max(rect.min, pos2(rect.right(), actions.top() - ACTIONS_GAP_PX));
    let above_px = if missing.is_some() { MISSING_PX } else { 0.0 };
    let doubt_px = if matches[best].doubt.is_some() { DOUBT_PX } else { 0.0 };
    let plan = Plan::of(room.height() - above_px - doubt_px, matches.len() - 1);
    let mut inner = ui.new_child(UiBuilder::new().id_salt("matches").max_rect(room));
    inner.spacing_mut().item_spacing = vec2(0.0, 0.0);
    ScrollArea::vertical().auto_shrink(false).show_viewport(&mut inner, |ui, _| {
        ui.set_height(above_px + doubt_px + plan.height_px());
        let mut rest = Rect::from_min_size(ui.max_rect().min, vec2(room.width(), f32::INFINITY));
        if let Some(name) = missing {
            missing_ui(ui, rest, &name, editing);
            rest.min.y += above_px;
        }
        let card_px = CARD_PX + plan.wave_px + doubt_px;
        let card = Rect::from_min_size(rest.min, vec2(rest.width(), card_px));
        card_ui(ui, card, plan.wave_px, &matches[best], editing);
        rest.min.y += card_px + GAP_PX;
        let others = matches.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, other)| other);
        others_ui(ui, rest, plan.row_px, others.take(plan.rows), editing);
        let below = rest.top() + plan.rows as f32 * plan.row_px + ABOVE_WEIGHTS_PX;
        let top = below.max(room.bottom() - WEIGHTS_PX);
        let weights = Rect::from_min_size(pos2(rest.left(), top), vec2(rest.width(), WEIGHTS_PX));
        weights_ui(ui, weights, editing);
    });
}

/// How the room above the actions is shared out.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plan {
    wave_px: f32,
    row_px: f32,
    rows: usize,
}

impl Plan {
    /// In a low window the waveform and the rows are lower; in a high one the waveform grows, and more rows follow.
    fn of(room_px: f32, others: usize) -> Plan {
        let mut plan = Plan { wave_px: USUAL_WAVE_PX, row_px: ROW_PX, rows: others.min(LEAST_ROWS) };
        let spare_px = room_px - plan.height_px();
        if spare_px < 0.0 {
            plan.wave_px = (plan.wave_px + spare_px).floor().max(*WAVE_PX.start());
            plan.row_px = if room_px < plan.height_px() { LOW_ROW_PX } else { ROW_PX };
        } else {
            plan.wave_px = (plan.wave_px + spare_px / 3.0).floor().min(*WAVE_PX.end());
            let more = ((room_px - plan.height_px()) / ROW_PX) as usize;
            plan.rows = others.min(plan.rows + more);
        }
        plan
    }

    fn height_px(self) -> f32 {
        CARD_PX + self.wave_px + GAP_PX + self.rows as f32 * self.row_px + ABOVE_WEIGHTS_PX + WEIGHTS_PX
    }
}

/// The sounds that fit next best.
fn others_ui<'m>(
    ui: &mut Ui,
    rect: Rect,
    row_px: f32,
    others: impl Iterator<Item = &'m MatchView>,
    editing: &mut Editing,
) {
    let mut row = Rect::from_min_size(rect.min, vec2(rect.width(), row_px));
    let mut hovered = None;
    for other in others {
        let response = row_ui(ui, row, other, editing);
        if response.hovered() {
            hovered = Some((other.sound, other.instrument.clone()));
        }
        if response.clicked() {
            choose(other.sound, other.instrument.clone(), editing);
        }
        row = row.translate(vec2(0.0, row_px));
    }
    dwell(ui, hovered, editing);
}

/// What may be done about the match: look for more of its kind, hear another instead, or teach the drawing as a sign.
fn actions_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let labels = ["More like this", "Not this", "Teach a sign"];
    let [more, not, teach] =
        action_cells(rect, labels.map(|label| text_width(ui, label, &theme::semibold(13.0))));
    let chosen = editing.chosen_match().map(|chosen| chosen.sound);
    if text_button(ui, more, labels[0], editing.tokens())
        && let Some(chosen) = chosen
    {
        search_view::look_for_more_like(chosen, editing);
    }
    if text_button(ui, not, labels[1], editing.tokens()) {
        refuse_chosen(editing);
    }
    if accent_button(ui, teach, labels[2], Look::Chosen, editing.tokens()) {
        signs_view::name_a_sign(ui.ctx(), editing);
    }
}

/// The sound under the keys was not meant: the best one that was not refused for this drawing takes its place, as a
/// step that can be taken back. Once all were, it begins again.
fn refuse_chosen(editing: &mut Editing) {
    let (slot, matches) = (editing.now.slot, editing.slot_view().matches.clone());
    let Some(chosen) = editing.chosen_match().map(|chosen| chosen.sound) else { return };
    let before = editing.drawn(slot);
    let mut refused = before.refused.clone();
    if !refused.contains(&chosen) {
        refused.push(chosen);
    }
    let best = |refused: &[SoundId]| {
        let left = matches.iter().filter(|m| !refused.contains(&m.sound));
        left.reduce(|best, other| if other.score > best.score { other } else { best })
    };
    let Some(next) = best(&refused).or_else(|| {
        refused = vec![chosen];
        best(&refused)
    }) else {
        return notice::say(editing, "no other sound is left".to_string());
    };
    if refused.len() == 1 && before.refused.len() > 1 {
        notice::say(editing, "all of these were refused: the best comes again".to_string());
    }
    editing.state.history.drew(slot, before);
    editing.refuse(slot, refused);
    choose(next.sound, next.instrument.clone(), editing);
}

/// Cells of one width, or as wide as their words ask for where those would not fit.
fn action_cells(rect: Rect, words_px: [f32; 3]) -> [Rect; 3] {
    let room = rect.width() - 2.0 * ACTIONS_GAP_PX;
    let is_narrow = words_px.iter().any(|words| words + 8.0 > room / 3.0);
    let spare = (room - words_px.iter().sum::<f32>()) / 3.0;
    let mut left = rect.left();
    words_px.map(|words| {
        let width = if is_narrow { words + spare } else { room / 3.0 };
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        left = cell.right() + ACTIONS_GAP_PX;
        cell
    })
}

/// Puts another match under the keys, as the instrument of that name, and lets it be heard.
pub(super) fn choose(sound: SoundId, instrument: Option<String>, editing: &mut Editing) {
    let slot = editing.now.slot;
    editing.end.requests.send(Request::Choose { slot, sound, instrument: instrument.clone() });
    editing.end.requests.send(Request::Audition { sound, instrument });
    editing.state.dwell = Some(Dwell { sound, since_secs: editing.now.secs, heard: true });
}

/// A sound that the pointer rests on is heard once, as the instrument of that name.
pub(super) fn dwell(ui: &Ui, hovered: Option<(SoundId, Option<String>)>, editing: &mut Editing) {
    let now = editing.now.secs;
    let Some((sound, instrument)) = hovered else {
        editing.state.dwell = None;
        return;
    };
    let before = editing.state.dwell.filter(|dwell| dwell.sound == sound);
    let dwell = editing.state.dwell.insert(before.unwrap_or(Dwell { sound, since_secs: now, heard: false }));
    if dwell.heard {
        return;
    }
    if now - dwell.since_secs >= DWELL_SECS {
        dwell.heard = true;
        editing.end.requests.send(Request::Audition { sound, instrument });
    } else {
        ui.ctx().request_repaint_after_secs((DWELL_SECS - (now - dwell.since_secs)) as f32);
    }
}

/// The chosen sound; a click on its waveform lets it be heard.
fn card_ui(ui: &mut Ui, rect: Rect, wave_px: f32, sound: &MatchView, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER, tokens.raised);
    let inside = rect.shrink2(vec2(14.0, 12.0));
    let colour = editing.theme().family(sound.family);
    head_ui(ui, inside, sound, editing);
    let mut top = inside.top() + 50.0;
    if let Some(doubt) = sound.doubt {
        let line =
            Rect::from_min_size(pos2(inside.left(), top - 4.0), vec2(inside.width(), doubt::BUTTON_PX));
        let of = DoubtView { sound: sound.sound, title: sound.title.clone(), doubt };
        doubt::choice_ui(ui, line, &of, editing);
        top += DOUBT_PX;
    }
    let wave = Rect::from_min_size(pos2(inside.left(), top), vec2(inside.width(), wave_px));
    waveform::paint(ui.painter(), wave, &sound.overview, mix(tokens.raised, colour, 0.82));
    let response =
        ui.interact(wave.expand2(vec2(0.0, 4.0)), ui.scope_id().with("chosen sound"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Hear {}", sound.title)));
    focus_ring(ui, &response, wave, 6, tokens);
    if response.clicked() {
        let instrument = sound.instrument.clone();
        editing.end.requests.send(Request::Audition { sound: sound.sound, instrument });
    }
    let shares = [sound.aspects.pitch, sound.aspects.loudness, sound.aspects.timbre];
    for (i, (label, share)) in ASPECTS.into_iter().zip(shares).enumerate() {
        let y = wave.bottom() + 15.0 + 19.0 * i as f32;
        aspect_ui(
            ui,
            Rect::from_min_max(pos2(inside.left(), y - 8.0), pos2(inside.right(), y + 8.0)),
            label,
            share,
            editing,
        );
    }
}

/// Two lines: what the sound is called with its score, and its facts with its family.
fn head_ui(ui: &mut Ui, rect: Rect, sound: &MatchView, editing: &Editing) {
    let tokens = editing.tokens();
    let (first, second) = (rect.top() + 10.0, rect.top() + 34.0);
    let at = pos2(rect.right(), first);
    let score =
        ui.painter().text(at, Align2::RIGHT_CENTER, score_of(sound), theme::semibold(16.0), tokens.text);
    let chip = chip_ui(ui, pos2(rect.right(), second - 11.0), sound.family, editing);
    let line = |y: f32, words: &str, font: FontId, ink: Color32, right: f32| {
        elided(ui, pos2(rect.left(), y), Align2::LEFT_CENTER, words, font, ink, right - 8.0 - rect.left());
    };
    line(first, &sound.title.large, theme::semibold(16.0), tokens.text, score.left());
    let small = theme::regular(12.0);
    let facts = fitting(ui, &facts_of(sound), &small, chip.left() - 8.0 - rect.left());
    line(second, &facts, small, tokens.dim, chip.left());
    let lines = Rect::from_min_max(rect.min, pos2(chip.left(), second + 10.0));
    let response = ui.interact(lines, ui.scope_id().with("facts"), Sense::hover());
    let words = tooltip_of(sound);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words.replace('\n', ", ")));
    response.on_hover_text(words);
}

fn score_of(sound: &MatchView) -> String {
    format!("{:.0}", sound.score.clamp(0.0, 1.0) * 100.0)
}

/// What is written small, the most telling first: the root, what tells the sound from others of its instrument, and how long
/// it is.
fn root_name_and_length(sound: &MatchView) -> Vec<String> {
    let small = Some(sound.title.small.clone()).filter(|small| !small.is_empty());
    [notes::root(sound.root_midi)].into_iter().chain(small).chain([length(sound)]).collect()
}

/// Everything that is known of a sound, for those who rest on it.
fn tooltip_of(sound: &MatchView) -> String {
    format!("{}\n{}", sound.title, facts_of_recording(sound))
}

fn aspect_ui(ui: &mut Ui, rect: Rect, label: &str, share: f32, editing: &Editing) {
    let tokens = editing.tokens();
    let share = share.clamp(0.0, 1.0);
    let y = rect.center().y;
    ui.painter().text(rect.left_center(), Align2::LEFT_CENTER, label, theme::regular(12.0), tokens.dim);
    let number = format!("{:.0}", share * 100.0);
    ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, number, theme::regular(12.0), tokens.dim);
    let track = Rect::from_x_y_ranges(rect.left() + 66.0..=rect.right() - 30.0, y - 2.5..=y + 2.5);
    ui.painter().rect_filled(track, 2.5, mix(tokens.raised, tokens.faint, 0.3));
    let full = Rect::from_min_size(track.min, vec2(track.width() * share, track.height()));
    ui.painter().rect_filled(full, 2.5, tokens.accent);
    let response = ui.interact(rect, ui.scope_id().with(("aspect", label)), Sense::hover());
    let words = format!("{label} {:.0}", share * 100.0);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
}

fn facts_of(sound: &MatchView) -> Vec<String> {
    let mut facts = root_name_and_length(sound);
    facts.push(notes::decibels(sound.loudness_db));
    facts.extend(sound.looped.then(|| "looped".to_string()));
    facts
}

fn facts_of_recording(sound: &MatchView) -> String {
    let looped = if sound.looped { ", looped" } else { "" };
    let (root, level) = (notes::root(sound.root_midi), notes::decibels(sound.loudness_db));
    format!("{root} · {} · {level} · {}{looped}", sound.family.label(), length(sound))
}

fn length(sound: &MatchView) -> String {
    format!("{:.1} s", sound.duration_secs)
}

/// A family as a chip whose right top corner is `at`. Where it is.
fn chip_ui(ui: &Ui, at: egui::Pos2, family: Family, editing: &Editing) -> Rect {
    let tokens = editing.tokens();
    let colour = editing.theme().family(family);
    let galley = ui.painter().layout_no_wrap(family.label().to_owned(), theme::regular(11.5), tokens.text);
    let size = vec2(galley.size().x + 32.0, 22.0);
    let rect = Rect::from_min_size(at - vec2(size.x, 0.0), size);
    ui.painter().rect_filled(rect, 11.0, mix(tokens.raised, colour, 0.22));
    family_glyph(ui.painter(), Some(family), rect.left_center() + vec2(14.0, 0.0), 10.0, colour);
    let text = pos2(rect.left() + 23.0, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(text, galley, tokens.text);
    rect
}

fn row_ui(ui: &mut Ui, rect: Rect, sound: &MatchView, editing: &Editing) -> Response {
    let tokens = editing.tokens();
    let response = ui.interact(rect, ui.scope_id().with(sound.sound), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Choose {}", sound.title)));
    if response.hovered() {
        ui.painter().rect_filled(rect.shrink2(vec2(0.0, 1.0)), CORNER, tokens.hovered());
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, tokens.line));
    let colour = mix(tokens.panel, editing.theme().family(sound.family), 0.82);
    let wave_px = if rect.width() < 280.0 { 36.0 } else { 52.0 };
    let wave =
        Rect::from_center_size(pos2(rect.left() + 6.0 + wave_px / 2.0, rect.center().y), vec2(wave_px, 22.0));
    waveform::paint(ui.painter(), wave, &sound.overview, colour);
    let left = wave.right() + 12.0;
    let width = rect.right() - 70.0 - left;
    let y = rect.center().y;
    elided(
        ui,
        pos2(left, y - 9.0),
        Align2::LEFT_CENTER,
        &sound.title.large,
        theme::regular(13.0),
        tokens.text,
        width,
    );
    let at = pos2(left, y + 9.0);
    match sound.doubt {
        Some(doubt) => doubt::line_ui(ui, at, doubt, 11.0, width, tokens),
        None => {
            let mut facts = root_name_and_length(sound);
            facts.push(sound.family.label().to_string());
            let font = theme::regular(11.0);
            let facts = fitting(ui, &facts, &font, width);
            elided(ui, at, Align2::LEFT_CENTER, &facts, font, tokens.dim, width);
        }
    }
    ui.painter().text(
        pos2(rect.right() - 6.0, y),
        Align2::RIGHT_CENTER,
        score_of(sound),
        theme::regular(13.0),
        tokens.dim,
    );
    aspects_ui(ui, pos2(rect.right() - 50.0, y), sound.aspects, editing);
    focus_ring(ui, &response, rect.shrink(3.0), CORNER, tokens);
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(tooltip_of(sound))
}

/// The share of each aspect as three small columns: pitch, loudness, timbre.
fn aspects_ui(ui: &Ui, center: egui::Pos2, aspects: Aspects, editing: &Editing) {
    let tokens = editing.tokens();
    for (i, share) in [aspects.pitch, aspects.loudness, aspects.timbre].into_iter().enumerate() {
        let x = center.x + (i as f32 - 1.0) * 7.0;
        let column = Rect::from_center_size(pos2(x, center.y), vec2(4.0, 18.0));
        ui.painter().rect_filled(column, 2.0, mix(tokens.panel, tokens.faint, 0.3));
        let top = column.bottom() - column.height() * share.clamp(0.0, 1.0);
        let full = Rect::from_min_max(pos2(column.left(), top), column.max);
        ui.painter().rect_filled(full, 2.0, tokens.dim);
    }
}

/// What counts in a match: three sliders from 0 to 2.
fn weights_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().text(rect.left_top(), Align2::LEFT_TOP, "What counts", theme::semibold(12.0), tokens.text);
    let (before, usual) = (editing.now.document.weights, Weights::default());
    let mut weights = before;
    let values = [
        (&mut weights.pitch, usual.pitch),
        (&mut weights.loudness, usual.loudness),
        (&mut weights.timbre, usual.timbre),
    ];
    for (i, (label, (value, usual))) in ASPECTS.into_iter().zip(values).enumerate() {
        let y = rect.top() + 28.0 + 23.0 * i as f32;
        let row = Rect::from_min_max(pos2(rect.left(), y - 11.5), pos2(rect.right(), y + 11.5));
        ui.painter().text(row.left_center(), Align2::LEFT_CENTER, label, theme::regular(12.0), tokens.dim);
        let rail = Rect::from_min_max(row.min + vec2(73.0, 0.0), row.max - vec2(9.0, 0.0));
        let hand = slider_ui(ui, rail, &format!("Weight of {label}"), *value, *value / 2.0, tokens);
        if hand.reset {
            *value = usual;
        } else if let Some(to) = hand.to {
            *value = (to * 40.0).round() / 20.0;
        }
    }
    if weights != before {
        editing.end.document.edit(|document| document.weights = weights);
        editing.now.document = editing.end.document.get();
        editing.end.requests.send(Request::Weigh(weights));
    }
}

/// Why there is no match.
fn message_ui(ui: &Ui, rect: Rect, editing: &Editing) {
    let tokens = editing.tokens();
    let view = editing.slot_view();
    let (head, body) = if editing.sketch().is_empty() {
        (
            "Nothing drawn yet".to_string(),
            "Draw on the pad: the sound that fits best comes under the keys.".to_string(),
        )
    } else if let Some(Err(cause)) = &view.reading {
        ("This cannot be read".to_string(), cause.clone())
    } else if let Some(scan) = editing.now.view.bank.scanning {
        ("Listening to the bank".to_string(), format!("{} of {} files so far.", scan.done, scan.total))
    } else if editing.now.view.bank.sounds == 0 && view.reading.is_some() {
        ("The bank is empty".to_string(), "Choose a folder with sounds in the view Bank.".to_string())
    } else {
        ("Reading".to_string(), "The drawing is being read.".to_string())
    };
    let at = pos2(rect.center().x, rect.top() + 72.0);
    ui.painter().text(at, Align2::CENTER_CENTER, &head, theme::semibold(14.0), tokens.text);
    let mut job = egui::text::LayoutJob::simple(body, theme::regular(12.5), tokens.dim, rect.width() - 40.0);
    job.halign = egui::Align::Center;
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(at + vec2(0.0, 18.0), galley, tokens.dim);
    let response = ui.interact(rect, ui.scope_id().with("message"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &head));
}

/// A saved sound is gone: its name, and one action.
fn missing_ui(ui: &mut Ui, rect: Rect, name: &str, editing: &mut Editing) {
    let tokens = editing.tokens();
    let card = Rect::from_min_size(rect.min, vec2(rect.width(), MISSING_PX - 12.0));
    ui.painter().rect(
        card,
        CORNER,
        Color32::TRANSPARENT,
        Stroke::new(1.0, tokens.warning),
        StrokeKind::Inside,
    );
    let inside = card.shrink(12.0);
    let words = format!("{name} is missing");
    elided(
        ui,
        inside.left_top() + vec2(0.0, 8.0),
        Align2::LEFT_CENTER,
        name,
        theme::semibold(13.0),
        tokens.text,
        inside.width(),
    );
    let response = ui.interact(card, ui.scope_id().with("missing"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &words));
    let more = "is missing; the nearest sound stands in";
    ui.painter().text(
        inside.left_top() + vec2(0.0, 27.0),
        Align2::LEFT_CENTER,
        more,
        theme::regular(11.5),
        tokens.dim,
    );
    let button = Rect::from_min_max(
        pos2(inside.left(), inside.bottom() - 22.0),
        pos2(inside.left() + 150.0, inside.bottom() + 6.0),
    );
    if text_button(ui, button, "Point at its folder…", tokens) {
        files::ask(editing, files::Wish::Relink, ui.ctx());
    }
}
