//! The pad: rows of the scale, the picture, the ink, and the hand that draws, cuts and reads.

use std::sync::Arc;

use egui::{
    Align2, CursorIcon, PointerButton, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
};
use neume_models::{Point, Sketch};

use super::button::elided;
use super::editing::Editing;
use super::ink::{mesh_of, on_paper, pad_within, to_screen};
use super::notes::note;
use super::pen::Path;
use super::reading::reading_ui;
use super::state::{Act, Gesture, Tool};
use super::theme::{self, CORNER_LARGE};

/// Room at the left for the names of the notes.
const GUTTER_PX: f32 = 38.0;
/// The eraser is at least this much wider than the pen, in pad heights.
const ERASER_LEAST_NORM: f32 = 0.016;

/// How far beside the paper the hand still draws on its edge, so that the outermost rows are within easy reach.
const OFF_PX: f32 = 14.0;

/// A place on the pad, 0..1 in x and y, y up.
type Place = (f32, f32);

/// The paper in `rect`; the pad itself is the largest rectangle of its shape inside, beside the names of the notes.
pub fn pad_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    let painter = ui.painter_at(rect);
    painter.rect(rect, CORNER_LARGE, tokens.pad, Stroke::new(1.0, tokens.line), StrokeKind::Inside);
    let mut room = rect.shrink2(egui::vec2(10.0, 8.0));
    room.min.x = rect.left() + GUTTER_PX;
    let pad = pad_within(room);
    let response = ui.interact(pad, ui.scope_id().with("pad"), Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Pad"));
    // The hand comes first, so that the ink of this frame is where the pointer is now.
    hand(ui, pad, &response, editing);
    rows_ui(ui, pad, editing);
    let inside = ui.painter_at(pad);
    let sketch = editing.sketch();
    let theme = editing.theme();
    if let Some(layer) = &sketch.raster {
        editing.state.picture.paint(&inside, layer, pad, theme);
    }
    paint_strokes(&inside, pad, &sketch, editing);
    reading_ui(ui, pad, editing);
    if editing.state.gesture.is_none() {
        if sketch.is_empty() {
            let legend = "height is pitch, thickness loudness, colour the family";
            words_ui(ui, pad, "Draw a sound", legend, editing);
        } else if let Some(Err(cause)) = &editing.slot_view().reading {
            words_ui(ui, pad, "This cannot be read", cause, editing);
        }
    }
    pointer_ui(ui, pad, &response, editing);
}

/// What is said in the middle of the pad, and more below it.
fn words_ui(ui: &Ui, pad: Rect, words: &str, more: &str, editing: &Editing) {
    let (at, ink) = (pad.center(), editing.tokens().dim);
    ui.painter().text(at, Align2::CENTER_CENTER, words, theme::regular(15.0), ink);
    let below = at + egui::vec2(0.0, 22.0);
    elided(ui, below, Align2::CENTER_CENTER, more, theme::regular(12.0), ink, pad.width() - 24.0);
}

fn rows_ui(ui: &Ui, pad: Rect, editing: &Editing) {
    let (tokens, scale) = (editing.tokens(), editing.now.document.language.legend.scale);
    let painter = ui.painter();
    let y_of = |midi: f32| to_screen(pad, 0.0, scale.y_of(midi)).y;
    let few = scale.rows() <= 16;
    for midi in scale.low_midi()..=scale.high_midi() {
        let (low, high) = (y_of(f32::from(midi) - 0.5), y_of(f32::from(midi) + 0.5));
        if matches!(midi % 12, 1 | 3 | 6 | 8 | 10) {
            let row = Rect::from_min_max(egui::pos2(pad.left(), high), egui::pos2(pad.right(), low));
            painter.rect_filled(row, 0.0, tokens.pad_black_row);
        }
        if midi % 12 == 0 {
            painter.hline(pad.x_range(), low, Stroke::new(1.0, tokens.pad_octave));
        }
        let named = midi % 12 == 0 || midi % 12 == 7 || (few && !matches!(midi % 12, 1 | 3 | 6 | 8 | 10));
        if named {
            let (size, ink) = if midi % 12 == 0 { (11.0, tokens.text) } else { (10.0, tokens.dim) };
            let at = egui::pos2(pad.left() - 8.0, y_of(f32::from(midi)));
            let name = note(f32::from(midi));
            painter.text(at, Align2::RIGHT_CENTER, name, theme::regular(size), ink);
        }
    }
}

/// The ink: the drawing before the movement is kept as triangles; only the stroke under the hand is made anew.
fn paint_strokes(painter: &egui::Painter, pad: Rect, sketch: &Arc<Sketch>, editing: &mut Editing) {
    let (ppp, theme) = (painter.pixels_per_point(), editing.theme());
    let state = &mut *editing.state;
    match &state.gesture {
        Some(gesture) if !matches!(gesture.act, Act::Erase(..)) && gesture.slot == editing.now.slot => {
            painter.add(state.pad_ink.strokes(&gesture.before.sketch, pad, ppp, theme));
            let live = sketch.strokes.get(gesture.before.sketch.strokes.len()..).unwrap_or_default();
            painter.add(mesh_of(live, pad, ppp, theme));
        }
        _ => {
            painter.add(state.pad_ink.strokes(sketch, pad, ppp, theme));
        }
    }
}

/// What the hand does in this frame, in which it may press and lift more than once.
fn hand(ui: &Ui, pad: Rect, response: &Response, editing: &mut Editing) {
    let was_down = editing.state.gesture.is_some();
    for press in ui.input(|input| presses(&input.events, was_down)) {
        if let Some(start) = press.start {
            if !is_for_pad(ui, pad, response, start, press.lifts) {
                continue;
            }
            // The hand has left the name that it was writing: keys are commands again.
            ui.memory_mut(|memory| memory.stop_text_input());
            begin(editing, point_at(pad, start, 0.0));
        }
        advance(editing, pad, &press.path);
        if press.lifts {
            end_gesture(editing);
        }
    }
    let released = ui.input(|input| !input.pointer.primary_down());
    if response.drag_stopped() || (editing.state.gesture.is_some() && released) {
        end_gesture(editing);
    }
}

/// Whether a press at `start` is the pad's. egui tells of the last one in a frame alone whose it is, and of none that
/// was lifted in the same frame.
fn is_for_pad(ui: &Ui, pad: Rect, response: &Response, start: Pos2, lifts: bool) -> bool {
    let reach = pad.expand(ui.style().interaction.interact_radius).intersect(ui.clip_rect());
    let dragged = ui.ctx().dragged_id();
    reach.contains(start)
        && ui.ctx().layer_id_at(start) == Some(ui.layer_id())
        && (lifts || dragged.is_none_or(|id| id == response.id))
}

/// What one press of the pointer's button did in a frame.
#[derive(Debug, Default, PartialEq)]
struct Press {
    /// Where it began; `None` where that was in an earlier frame.
    start: Option<Pos2>,
    /// Where it went, to where it lifted.
    path: Vec<Pos2>,
    /// Whether it lifted.
    lifts: bool,
}

/// Every press since the last frame: in a slow one the hand may have come to the end of its stroke, lifted, and begun
/// another. `is_down` says whether it was drawing before.
fn presses(events: &[egui::Event], is_down: bool) -> Vec<Press> {
    let mut presses = Vec::new();
    let mut open = is_down.then(Press::default);
    for event in events {
        match event {
            egui::Event::PointerMoved(at) => open.iter_mut().for_each(|press| press.path.push(*at)),
            egui::Event::PointerButton { pos, button: PointerButton::Primary, pressed, .. } => {
                if let Some(before) = open.take() {
                    let path = before.path.into_iter().chain((!*pressed).then_some(*pos)).collect();
                    presses.push(Press { path, lifts: true, ..before });
                }
                open = pressed.then(|| Press { start: Some(*pos), ..Press::default() });
            }
            _ => {}
        }
    }
    presses.extend(open);
    presses
}

fn point_at(pad: Rect, at: Pos2, secs: f32) -> Point {
    let x = (at.x - pad.left()) / pad.width();
    let y = (pad.bottom() - at.y) / pad.height();
    Point { x: x.clamp(0.0, 1.0), y: y.clamp(0.0, 1.0), secs }
}

fn begin(editing: &mut Editing, start: Point) {
    let act = match editing.state.tool {
        Tool::Pen => Act::Draw(vec![Path::from(start)], None),
        Tool::Line => Act::Line(start, start),
        Tool::Eraser => Act::Erase(start.x, start.y),
    };
    let (slot, since_secs) = (editing.now.slot, editing.now.secs);
    let before = editing.drawn(slot);
    editing.state.gesture = Some(Gesture { slot, before, since_secs, act });
    match editing.state.tool {
        Tool::Eraser => erase_along(editing, &[[(start.x, start.y); 2]]),
        Tool::Pen | Tool::Line => show_stroke(editing),
    }
}

fn advance(editing: &mut Editing, pad: Rect, path: &[Pos2]) {
    let Some(mut gesture) = editing.state.gesture.take() else { return };
    let secs = (editing.now.secs - gesture.since_secs) as f32;
    let (mut moved, mut erased) = (false, Vec::new());
    for at in path {
        let to = point_at(pad, *at, secs);
        match &mut gesture.act {
            Act::Draw(paths, off) => moved |= draw_to(paths, off, pad, *at, secs),
            Act::Line(_, end) => {
                moved |= (end.x, end.y) != (to.x, to.y);
                *end = to;
            }
            Act::Erase(x, y) => {
                if (*x, *y) != (to.x, to.y) {
                    erased.push([(*x, *y), (to.x, to.y)]);
                }
                (*x, *y) = (to.x, to.y);
            }
        }
    }
    editing.state.gesture = Some(gesture);
    if !erased.is_empty() {
        erase_along(editing, &erased);
    }
    if moved {
        show_stroke(editing);
    }
}

/// The pen goes on to a place. Off the paper it draws nothing, and where it comes back a new stroke begins. Whether that
/// made a difference.
fn draw_to(paths: &mut Vec<Path>, off: &mut Option<Pos2>, pad: Rect, at: Pos2, secs: f32) -> bool {
    let is_on = pad.expand(OFF_PX).contains(at);
    match (off.take(), is_on) {
        (None, true) => paths.last_mut().is_some_and(|path| path.extend(point_at(pad, at, secs))),
        (None, false) => {
            *off = Some(at);
            paths.last_mut().is_some_and(|path| {
                let from = path.last().map_or(at, |last| to_screen(pad, last.x, last.y));
                path.extend(point_at(pad, edge_between(pad, from, at), secs))
            })
        }
        (Some(_), false) => {
            *off = Some(at);
            false
        }
        (Some(from), true) => {
            let mut path = Path::from(point_at(pad, edge_between(pad, at, from), secs));
            path.extend(point_at(pad, at, secs));
            paths.push(path);
            true
        }
    }
}

/// Where the way from a place on the paper to one beside it leaves the paper.
fn edge_between(pad: Rect, inside: Pos2, outside: Pos2) -> Pos2 {
    let (way, from) = (outside - inside, pad.clamp(inside));
    let share = |from: f32, way: f32, low: f32, high: f32| match way {
        way if way > 0.0 => (high - from) / way,
        way if way < 0.0 => (low - from) / way,
        _ => 1.0,
    };
    let across = share(from.x, way.x, pad.left(), pad.right());
    let along = share(from.y, way.y, pad.top(), pad.bottom());
    from + way * across.min(along).clamp(0.0, 1.0)
}

/// Puts the drawing with the stroke under the hand into the document and has it read.
fn show_stroke(editing: &mut Editing) {
    let Some(gesture) = &editing.state.gesture else { return };
    let strokes: Vec<Vec<Point>> = match &gesture.act {
        Act::Draw(paths, _) => paths.iter().map(Path::points).collect(),
        Act::Line(from, to) if (from.x, from.y) == (to.x, to.y) => vec![vec![*from]],
        Act::Line(from, to) => vec![vec![*from, *to]],
        Act::Erase(..) => return,
    };
    let slot = gesture.slot;
    let mut sketch = Sketch::clone(&gesture.before.sketch);
    let (rgb, width_norm) = (editing.rgb(), editing.width_norm());
    let stroke = |points: Vec<Point>| neume_models::Stroke { points, rgb, width_norm };
    sketch.strokes.extend(strokes.into_iter().map(stroke));
    editing.set_sketch(slot, Arc::new(sketch));
}

/// Half the width of the eraser, in pad heights.
fn eraser_radius_norm(editing: &Editing) -> f32 {
    (editing.width_norm() * 0.7).max(ERASER_LEAST_NORM)
}

/// Removes the ink under the eraser along its way in this frame; what is left is read once.
fn erase_along(editing: &mut Editing, way: &[[Place; 2]]) {
    let Some(slot) = editing.state.gesture.as_ref().map(|gesture| gesture.slot) else { return };
    let radius = eraser_radius_norm(editing);
    let mut sketch = Sketch::clone(&editing.sketch_of(slot));
    let mut changed = false;
    for [from, to] in way {
        let steps = ((to.0 - from.0).hypot(to.1 - from.1) / (radius * 0.4)).ceil().clamp(1.0, 500.0);
        for step in 1..=steps as usize {
            let share = step as f32 / steps;
            let at = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
            changed |= sketch.erase(at.0, at.1, radius);
        }
    }
    if changed {
        editing.set_sketch(slot, Arc::new(sketch));
    }
}

/// The movement is over: what it did becomes one step that can be taken back.
pub(super) fn end_gesture(editing: &mut Editing) {
    let Some(gesture) = editing.state.gesture.take() else { return };
    let after = editing.sketch_of(gesture.slot);
    if *after != *gesture.before.sketch {
        editing.state.history.drew(gesture.slot, gesture.before);
    }
}

/// The pointer on the pad shows what it would do: the width and colour of the pen, or the eraser.
fn pointer_ui(ui: &Ui, pad: Rect, response: &Response, editing: &Editing) {
    let Some(at) = response.hover_pos() else { return };
    let tokens = editing.tokens();
    let painter = ui.painter_at(pad);
    match editing.state.tool {
        Tool::Eraser => {
            let radius = eraser_radius_norm(editing) * pad.height();
            painter.circle_stroke(at, radius, Stroke::new(1.25, tokens.dim));
            ui.ctx().set_cursor_icon(CursorIcon::None);
        }
        Tool::Pen | Tool::Line => {
            let radius = (editing.width_norm() * pad.height() / 2.0).max(1.0);
            let ink = on_paper(editing.rgb(), editing.theme());
            if editing.state.gesture.is_none() {
                painter.circle_stroke(at, radius + 1.0, Stroke::new(1.25, ink));
            }
            ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::{Event, Modifiers, pos2};

    use super::*;

    fn button(x: f32, pressed: bool) -> Event {
        let modifiers = Modifiers::NONE;
        Event::PointerButton { pos: pos2(x, 0.0), button: PointerButton::Primary, pressed, modifiers }
    }

    #[test]
    fn a_frame_may_hold_the_end_of_a_stroke_whole_ones_and_the_beginning_of_another() {
        let moved = |x: f32| Event::PointerMoved(pos2(x, 0.0));
        let press = |start: Option<f32>, path: &[f32], lifts: bool| Press {
            start: start.map(|x| pos2(x, 0.0)),
            path: path.iter().map(|&x| pos2(x, 0.0)).collect(),
            lifts,
        };
        let cases: [(Vec<Event>, bool, Vec<Press>); 5] = [
            (
                vec![moved(1.0), moved(2.0), button(3.0, false), moved(50.0)],
                true,
                vec![press(None, &[1.0, 2.0, 3.0], true)],
            ),
            (vec![moved(9.0), button(1.0, true), moved(2.0)], false, vec![press(Some(1.0), &[2.0], false)]),
            (
                vec![moved(9.0), button(1.0, true), moved(2.0), button(3.0, false)],
                false,
                vec![press(Some(1.0), &[2.0, 3.0], true)],
            ),
            (
                vec![
                    moved(1.0),
                    button(2.0, false),
                    button(5.0, true),
                    button(5.0, false),
                    button(7.0, true),
                ],
                true,
                vec![
                    press(None, &[1.0, 2.0], true),
                    press(Some(5.0), &[5.0], true),
                    press(Some(7.0), &[], false),
                ],
            ),
            (vec![moved(1.0), button(2.0, false)], false, vec![]),
        ];
        for (events, is_down, expected) in cases {
            assert_eq!(presses(&events, is_down), expected, "{events:?}");
        }
    }
}
