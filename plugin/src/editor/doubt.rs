//! Roots in doubt: a quiet mark with both notes by name, and two small buttons, one for each of them.

use egui::{
    Align2, Color32, Painter, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use neume_bank::{Decision, Doubt, SoundId};

use super::button::{elided, focus_ring, text_width};
use super::editing::Editing;
use super::notes::note;
use super::theme::{self, CORNER_SMALL, Tokens, mix};
use crate::handoff::{DecidedView, DoubtView, Request, Title};

/// Height of the buttons.
pub const BUTTON_PX: f32 = 28.0;
/// Height of a sound in the list.
pub const ROW_PX: f32 = 62.0;
const GAP_PX: f32 = 6.0;

/// The note that the sound is called by, and the one that is heard.
fn notes(doubt: Doubt) -> (String, String) {
    (note(doubt.told_midi), note(doubt.heard_midi))
}

/// Both notes, for the eye.
pub fn words(doubt: Doubt) -> String {
    let (told, heard) = notes(doubt);
    format!("called {told}, sounds {heard}")
}

/// The mark: an unequal sign around `center`.
pub fn mark(painter: &Painter, center: Pos2, ink: Color32) {
    let line = Stroke::new(1.4, ink);
    for y in [-2.0, 2.0] {
        painter.line_segment([center + vec2(-4.5, y), center + vec2(4.5, y)], line);
    }
    painter.line_segment([center + vec2(-2.2, 5.0), center + vec2(2.2, -5.0)], line);
}

/// The mark and both notes in one line from `at`, the left end of its middle, at most this wide.
pub fn line_ui(ui: &Ui, at: Pos2, doubt: Doubt, size_px: f32, width: f32, tokens: &Tokens) {
    const MARK_PX: f32 = 16.0;
    mark(ui.painter(), at + vec2(5.0, 0.0), tokens.dim);
    let (font, width) = (theme::regular(size_px), width - MARK_PX);
    let (told, heard) = notes(doubt);
    let shorter = [words(doubt), format!("{told}, sounds {heard}"), format!("{told}, {heard}")];
    let fits = |said: &&String| text_width(ui, said, &font) <= width;
    let said = shorter.iter().find(fits).unwrap_or(&shorter[2]);
    elided(ui, at + vec2(MARK_PX, 0.0), Align2::LEFT_CENTER, said, font.clone(), tokens.dim, width);
}

/// Both notes with a button for each, in a line of [`BUTTON_PX`].
pub fn choice_ui(ui: &mut Ui, rect: Rect, of: &DoubtView, editing: &mut Editing) {
    let (told, heard) = notes(of.doubt);
    let take = [
        (format!("Take {heard}"), "The ear is right", Decision::Ear),
        (format!("Keep {told}"), "The name is right", Decision::Name),
    ];
    let mut right = rect.right();
    for (words, why, decision) in take {
        let (left, pressed) =
            button_ui(ui, pos2(right, rect.top()), &words, &of.title.to_string(), why, editing);
        if pressed {
            decide(of.sound, Some(decision), editing);
        }
        right = left - GAP_PX;
    }
    line_ui(ui, rect.left_center(), of.doubt, 11.5, right - rect.left(), editing.tokens());
}

/// A sound in the list: its name, which lets it be heard, above both notes.
pub fn row_ui(ui: &mut Ui, rect: Rect, of: &DoubtView, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, Stroke::new(1.0, tokens.line));
    let name = Rect::from_min_size(rect.min, vec2(rect.width(), 28.0));
    let called = of.title.to_string();
    let response = ui.interact(name, ui.scope_id().with(("doubt", of.sound, &called)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Hear {called}")));
    let ink = if response.hovered() { tokens.text } else { mix(tokens.dim, tokens.text, 0.75) };
    let at = name.left_center() + vec2(0.0, 1.0);
    title_ui(ui, at, &of.title, ink, name.width(), tokens);
    focus_ring(ui, &response, name, CORNER_SMALL, tokens);
    if response.on_hover_text(format!("{called}: a click lets it be heard")).clicked() {
        editing.end.requests.send(Request::Audition { sound: of.sound, instrument: None });
    }
    let line = Rect::from_min_size(name.left_bottom(), vec2(rect.width(), BUTTON_PX));
    choice_ui(ui, line, of, editing);
}

/// What a sound is called in one line from `at`, the left end of its middle: the instrument, then the rest, dim.
fn title_ui(ui: &Ui, at: Pos2, title: &Title, ink: Color32, width: f32, tokens: &Tokens) {
    let large = elided(ui, at, Align2::LEFT_CENTER, &title.large, theme::regular(13.0), ink, width);
    let rest = at + vec2(large.width() + 8.0, 0.5);
    let room = at.x + width - rest.x;
    if !title.small.is_empty() && room > 24.0 {
        elided(ui, rest, Align2::LEFT_CENTER, &title.small, theme::regular(11.5), tokens.dim, room);
    }
}

/// What was decided last, with a button that takes it back.
pub fn decided_ui(ui: &mut Ui, rect: Rect, of: &DecidedView, editing: &mut Editing) {
    let tokens = editing.tokens();
    let (told, heard) = notes(of.was.doubt);
    let note = match of.decision {
        Decision::Ear => heard,
        Decision::Name => told,
        Decision::Midi(midi) => note(midi),
    };
    let label = format!("{} is {note} from now on", of.was.title);
    let at = pos2(rect.right(), rect.center().y - BUTTON_PX / 2.0);
    let (left, pressed) =
        button_ui(ui, at, "Undo", &of.was.title.to_string(), "Leave it open again", editing);
    let tail = format!(" is {note} now");
    let font = theme::regular(12.0);
    let tail_px = text_width(ui, &tail, &font);
    let most = left - GAP_PX - tail_px - rect.left();
    let called = of.was.title.to_string();
    let name = elided(ui, rect.left_center(), Align2::LEFT_CENTER, &called, font.clone(), tokens.dim, most);
    ui.painter().text(name.right_center(), Align2::LEFT_CENTER, tail, font, tokens.dim);
    let words = Rect::from_min_max(rect.min, pos2(left, rect.bottom()));
    let response = ui.interact(words, ui.scope_id().with("decided"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
    if pressed {
        decide(of.was.sound, None, editing);
    }
}

fn decide(sound: SoundId, decision: Option<Decision>, editing: &Editing) {
    editing.end.requests.send(Request::DecideRoot { sound, decision });
}

/// A small button whose right top corner is `at`. Where it begins, and whether it was pressed.
fn button_ui(ui: &mut Ui, at: Pos2, words: &str, of: &str, why: &str, editing: &Editing) -> (f32, bool) {
    let tokens = editing.tokens();
    let font = theme::regular(12.0);
    let size = vec2(text_width(ui, words, &font) + 16.0, BUTTON_PX);
    let hit = Rect::from_min_size(at - vec2(size.x, 0.0), size);
    let response = ui.interact(hit, ui.scope_id().with(("decide", words, of)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{words}: {of}")));
    let lift = match (response.is_pointer_button_down_on(), response.hovered()) {
        (true, _) => 0.14,
        (false, true) => 0.07,
        (false, false) => 0.0,
    };
    let rect = hit.shrink2(vec2(0.0, 2.0));
    let fill = mix(tokens.raised, tokens.text, lift);
    ui.painter().rect(rect, CORNER_SMALL, fill, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, words, font, tokens.text);
    focus_ring(ui, &response, rect, CORNER_SMALL, tokens);
    (hit.left(), response.on_hover_text(why).clicked())
}
