//! The view Match: the sound under the keys and why it fits, four more to hear and to choose, and what counts.

use egui::{Align2, Color32, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};
use neume_bank::{Aspects, SoundId, Weights};
use neume_models::Family;
use neume_models::legend::note_name;

use super::button::{Look, accent_button, elided, focus_ring, text_button};
use super::editing::Editing;
use super::icons::family_glyph;
use super::slider::slider_ui;
use super::state::Dwell;
use super::theme::{self, CORNER, mix};
use super::{doubt, files, search_view, signs_view, waveform};
use crate::handoff::{DoubtView, MatchView, Request};

/// How long the pointer rests on a sound before it is heard, in seconds.
const DWELL_SECS: f64 = 0.35;
const CARD_PX: f32 = 182.0;
/// More for a sound whose root is in doubt.
const DOUBT_PX: f32 = 30.0;
const ROW_PX: f32 = 42.0;
const WEIGHTS_PX: f32 = 86.0;
/// Height of the buttons below the matches.
const ACTIONS_PX: f32 = 34.0;
/// A panel lower than this has a lower waveform and lower rows.
const COMPACT_BELOW_PX: f32 = 388.0;
/// Between those buttons.
const ACTIONS_GAP_PX: f32 = 8.0;
const ASPECTS: [&str; 3] = ["pitch", "loudness", "timbre"];

/// The view in `rect`.
pub fn match_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let mut top = rect.top();
    if let Some(name) = editing.slot_view().missing.clone() {
        top = missing_ui(ui, Rect::from_min_max(pos2(rect.left(), top), rect.max), &name, editing) + 12.0;
    }
    let matches = editing.slot_view().matches.clone();
    let Some(best) =
        editing.chosen_match().and_then(|best| matches.iter().position(|m| m.sound == best.sound))
    else {
        message_ui(ui, Rect::from_min_max(pos2(rect.left(), top), rect.max), editing);
        editing.state.dwell = None;
        return;
    };
    let compact_px = (COMPACT_BELOW_PX - rect.height()).clamp(0.0, 36.0);
    let doubt_px = if matches[best].doubt.is_some() { DOUBT_PX } else { 0.0 };
    let card_px = CARD_PX - compact_px.min(20.0) + doubt_px;
    let card = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), card_px));
    card_ui(ui, card, &matches[best], editing);
    let below = Rect::from_min_max(pos2(rect.left(), card.bottom() + 8.0), rect.max);
    let row_px = ROW_PX - (compact_px - 20.0).max(0.0) / 4.0;
    let others = matches.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, other)| other).take(4);
    others_ui(ui, below, row_px, others, editing);
}

/// Four more, and what counts if there is room.
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
        if row.bottom() > rect.bottom() + 1.0 {
            break;
        }
        let response = row_ui(ui, row, other, editing);
        if response.hovered() {
            hovered = Some(other.sound);
        }
        if response.clicked() {
            choose(other.sound, editing);
        }
        row = row.translate(vec2(0.0, row_px));
    }
    let actions = Rect::from_min_max(pos2(rect.left(), rect.bottom() - ACTIONS_PX), rect.max);
    if row.top() + 8.0 <= actions.top() {
        actions_ui(ui, actions, editing);
    }
    let weights = Rect::from_min_max(pos2(rect.left(), actions.top() - 10.0 - WEIGHTS_PX), rect.max);
    if row.top() + 8.0 <= weights.top() {
        weights_ui(ui, weights, editing);
    }
    dwell(ui, hovered, editing);
}

/// What may be done about the match: look for more of its kind, hear the next one instead, or teach the drawing as a sign.
fn actions_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let width = (rect.width() - 2.0 * ACTIONS_GAP_PX) / 3.0;
    let cell = |i: usize| {
        let left = rect.left() + i as f32 * (width + ACTIONS_GAP_PX);
        Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()))
    };
    let chosen = editing.chosen_match().map(|chosen| chosen.sound);
    if text_button(ui, cell(0), "More like this", editing.tokens())
        && let Some(chosen) = chosen
    {
        search_view::look_for_more_like(chosen, editing);
    }
    if text_button(ui, cell(1), "Not this", editing.tokens()) {
        let matches = editing.slot_view().matches.clone();
        let place = matches.iter().position(|m| Some(m.sound) == chosen).map_or(0, |place| place + 1);
        if let Some(next) = matches.iter().cycle().nth(place) {
            choose(next.sound, editing);
        }
    }
    if accent_button(ui, cell(2), "Teach a sign", Look::Chosen, editing.tokens()) {
        signs_view::name_a_sign(ui.ctx(), editing);
    }
}

/// Puts another match under the keys, and lets it be heard.
pub(super) fn choose(sound: SoundId, editing: &mut Editing) {
    let slot = editing.now.slot;
    editing.end.requests.send(Request::Choose { slot, sound });
    editing.end.requests.send(Request::Audition(sound));
    editing.state.dwell = Some(Dwell { sound, since_secs: editing.now.secs, heard: true });
}

/// A sound that the pointer rests on is heard once.
pub(super) fn dwell(ui: &Ui, hovered: Option<SoundId>, editing: &mut Editing) {
    let now = editing.now.secs;
    editing.state.dwell = match (hovered, editing.state.dwell) {
        (None, _) => None,
        (Some(sound), Some(dwell)) if dwell.sound == sound => Some(dwell),
        (Some(sound), _) => Some(Dwell { sound, since_secs: now, heard: false }),
    };
    let Some(dwell) = &mut editing.state.dwell else { return };
    if dwell.heard {
        return;
    }
    if now - dwell.since_secs >= DWELL_SECS {
        dwell.heard = true;
        editing.end.requests.send(Request::Audition(dwell.sound));
    } else {
        ui.ctx().request_repaint_after_secs((DWELL_SECS - (now - dwell.since_secs)) as f32);
    }
}

/// The chosen sound; a click on its waveform lets it be heard.
fn card_ui(ui: &mut Ui, rect: Rect, sound: &MatchView, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER, tokens.raised);
    let inside = rect.shrink2(vec2(14.0, 12.0));
    let colour = editing.theme().family(sound.family);
    let chip = chip_ui(ui, inside.right_top(), sound.family, editing);
    let title_width = chip.left() - inside.left() - 8.0;
    let title = pos2(inside.left(), inside.top() + 11.0);
    elided(ui, title, Align2::LEFT_CENTER, &sound.name, theme::semibold(16.0), tokens.text, title_width);
    let facts = pos2(inside.left(), inside.top() + 33.0);
    elided(
        ui,
        facts,
        Align2::LEFT_CENTER,
        &facts_of(sound),
        theme::regular(12.0),
        tokens.dim,
        inside.width(),
    );
    let mut top = inside.top() + 48.0;
    if let Some(doubt) = sound.doubt {
        let line =
            Rect::from_min_size(pos2(inside.left(), top - 4.0), vec2(inside.width(), doubt::BUTTON_PX));
        let of = DoubtView { sound: sound.sound, name: sound.name.clone(), doubt };
        doubt::choice_ui(ui, line, &of, editing);
        top += DOUBT_PX;
    }
    let wave_px = 48.0 - (CARD_PX - (rect.height() - (top - inside.top() - 48.0)));
    let wave = Rect::from_min_size(pos2(inside.left(), top), vec2(inside.width(), wave_px));
    waveform::paint(ui.painter(), wave, &sound.overview, mix(tokens.raised, colour, 0.82));
    let response =
        ui.interact(wave.expand2(vec2(0.0, 4.0)), ui.scope_id().with("chosen sound"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Hear {}", sound.name)));
    focus_ring(ui, &response, wave, 6, tokens);
    if response.clicked() {
        editing.end.requests.send(Request::Audition(sound.sound));
    }
    let shares = [sound.aspects.pitch, sound.aspects.loudness, sound.aspects.timbre];
    for (i, (label, share)) in ASPECTS.into_iter().zip(shares).enumerate() {
        let y = wave.bottom() + 16.0 + 19.0 * i as f32;
        aspect_ui(
            ui,
            Rect::from_min_max(pos2(inside.left(), y - 8.0), pos2(inside.right(), y + 8.0)),
            label,
            share,
            editing,
        );
    }
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

fn facts_of(sound: &MatchView) -> String {
    let root = sound
        .root_midi
        .map_or("no pitch".to_string(), |midi| format!("root {}", note_name(midi.round() as i32)));
    let looped = if sound.looped { ", looped" } else { "" };
    let level = format!("{:.0} dB", sound.loudness_db).replace('-', "−");
    format!("{root} · {level} · {:.1} s{looped}", sound.duration_secs)
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
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Choose {}", sound.name)));
    if response.hovered() {
        ui.painter().rect_filled(rect.shrink2(vec2(0.0, 1.0)), CORNER, mix(tokens.panel, tokens.text, 0.05));
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
        &sound.name,
        theme::regular(13.0),
        tokens.text,
        width,
    );
    let root = sound
        .root_midi
        .map_or("no pitch".to_string(), |midi| format!("root {}", note_name(midi.round() as i32)));
    let (facts, at) = (format!("{root} · {}", sound.family.label()), pos2(left, y + 9.0));
    match sound.doubt {
        Some(doubt) => doubt::line_ui(ui, at, doubt, 11.0, width, tokens),
        None => {
            elided(ui, at, Align2::LEFT_CENTER, &facts, theme::regular(11.0), tokens.dim, width);
        }
    }
    let score = format!("{:.0}", sound.score.clamp(0.0, 1.0) * 100.0);
    ui.painter().text(
        pos2(rect.right() - 6.0, y),
        Align2::RIGHT_CENTER,
        score,
        theme::regular(13.0),
        tokens.dim,
    );
    aspects_ui(ui, pos2(rect.right() - 50.0, y), sound.aspects, editing);
    focus_ring(ui, &response, rect.shrink(3.0), CORNER, tokens);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
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

/// A saved sound is gone: its name, and one action. Where it ended.
fn missing_ui(ui: &mut Ui, rect: Rect, name: &str, editing: &mut Editing) -> f32 {
    let tokens = editing.tokens();
    let card = Rect::from_min_size(rect.min, vec2(rect.width(), 84.0));
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
    card.bottom()
}
