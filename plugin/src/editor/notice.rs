//! What went wrong, with its file and its cause, until it is closed or something succeeds; and for some seconds what went
//! well. It takes the place of what the top bar says of the bank and the engine, and covers nothing else.

use egui::text::{LayoutJob, TextWrapping};
use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::button::focus_ring;
use super::editing::Editing;
use super::icons;
use super::theme::{self, CORNER};

/// How long good news stay, in seconds.
const STAY_SECS: f64 = 4.0;

/// Something that went well.
#[derive(Debug)]
pub struct Said {
    words: String,
    /// In egui's seconds.
    since_secs: f64,
}

/// Says for some seconds that something went well.
pub fn say(editing: &mut Editing, words: String) {
    editing.state.said = Some(Said { words, since_secs: editing.now.secs });
}

/// The line in `rect`, if there is something to say: the window's own failures first. Whether there is.
pub fn notice_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) -> bool {
    let from_worker =
        editing.now.view.notice.clone().filter(|notice| Some(notice) != editing.state.hidden_notice.as_ref());
    let failure = editing.state.failure.clone().or(from_worker);
    editing.state.said.take_if(|said| editing.now.secs - said.since_secs > STAY_SECS);
    let said = editing.state.said.as_ref().map(|said| said.words.clone());
    let Some(words) = failure.clone().or(said) else { return false };
    let shown = plain(&words);
    let (role, close_px) = if failure.is_some() { (Role::Alert, 30.0) } else { (Role::Status, 8.0) };
    line_ui(ui, rect, &shown, failure.is_some(), close_px, editing);
    let response = ui.interact(rect, ui.scope_id().with("notice"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(role, true, &words));
    response.on_hover_text(&words);
    if failure.is_some() && close_ui(ui, rect, close_px, editing) && editing.state.failure.take().is_none() {
        editing.state.hidden_notice = Some(words);
    }
    true
}

/// The words in two lines at most, the file by its name alone.
fn line_ui(ui: &Ui, rect: Rect, words: &str, failed: bool, close_px: f32, editing: &Editing) {
    const MARK_PX: f32 = 28.0;
    let tokens = editing.tokens();
    let line = if failed { tokens.warning } else { tokens.line };
    ui.painter().rect(rect, CORNER, tokens.raised, Stroke::new(1.0, line), StrokeKind::Inside);
    let mark = Rect::from_min_max(rect.min, pos2(rect.left() + MARK_PX, rect.bottom()));
    if failed {
        icons::symbol(ui.painter(), mark, icons::WARNING, 15.0, tokens.warning);
    } else {
        let tick = [(-4.0, 0.0), (-1.0, 3.5), (4.5, -4.0)].map(|(x, y)| mark.center() + vec2(x, y));
        ui.painter().line(tick.to_vec(), Stroke::new(1.6, tokens.dim));
    }
    let width = rect.width() - MARK_PX - close_px;
    let mut job = LayoutJob::simple(words.to_string(), theme::regular(11.0), tokens.text, width);
    job.wrap = TextWrapping { max_width: width, max_rows: 2, ..TextWrapping::default() };
    let galley = ui.painter().layout_job(job);
    let at = pos2(mark.right(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, tokens.text);
}

fn close_ui(ui: &mut Ui, rect: Rect, width: f32, editing: &Editing) -> bool {
    let tokens = editing.tokens();
    let close = Rect::from_min_max(pos2(rect.right() - width, rect.top()), rect.max);
    let button = ui.interact(close, ui.scope_id().with("close notice"), Sense::click());
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close the message"));
    let ink = if button.hovered() { tokens.text } else { tokens.dim };
    icons::symbol(ui.painter(), close, icons::CLOSE, 13.0, ink);
    focus_ring(ui, &button, close.shrink(5.0), 4, tokens);
    button.clicked()
}

/// A message as it is read: the file by its name, and no words of the system or of a parser.
fn plain(words: &str) -> String {
    let mut said = without(words, " (os error ", ')');
    if let Some(at) = said.find(" at line ").filter(|at| said[*at..].contains(" column ")) {
        // What a parser expected somewhere helps nobody.
        let end = said[..at].rfind(": ").unwrap_or(at);
        said.truncate(end);
        if !said.contains(": ") {
            said.push_str(": it is damaged, or something else");
        }
    }
    for (system, plain) in [
        ("No such file or directory", "it is not there"),
        ("The system cannot find the file specified.", "it is not there"),
        ("The system cannot find the path specified.", "it is not there"),
        ("Permission denied", "this user may not open it"),
        ("Access is denied.", "this user may not open it"),
        ("No space left on device", "the disk is full"),
    ] {
        said = said.replace(system, plain);
    }
    match said.split_once(": ") {
        Some((path, cause)) if path.contains(['/', '\\']) => {
            let name = path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(path);
            format!("{name}: {cause}")
        }
        _ => said,
    }
}

/// The words without what lies between `from` and `to`, both included.
fn without(words: &str, from: &str, to: char) -> String {
    let Some((before, rest)) = words.split_once(from) else { return words.to_string() };
    let behind = rest.split_once(to).map_or("", |(_, behind)| behind);
    format!("{before}{behind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_said_in_plain_words_with_the_name_of_the_file() {
        for (told, said) in [
            ("/tmp/a b/nope: No such file or directory (os error 2)", "nope: it is not there"),
            (
                "/tmp/bad.neumes: the language cannot be read: expected value at line 1 column 1",
                "bad.neumes: the language cannot be read",
            ),
            (
                "/tmp/bad.neume: expected value at line 1 column 1",
                "bad.neume: it is damaged, or something else",
            ),
            (r"C:\Music\a.wav: the file is empty", "a.wav: the file is empty"),
            ("/home/me/vespers.png: saved", "vespers.png: saved"),
            ("3 signs were added", "3 signs were added"),
        ] {
            assert_eq!(plain(told), said);
        }
    }
}
