//! The view Sound: the envelope as a curve, its knobs, the level and the reach of the pitch wheel.

use egui::{Align2, Mesh, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::controls::Knob;
use super::editing::Editing;
use super::slider::slider_ui;
use super::theme::{self, CORNER, mix};

const ROW_PX: f32 = 44.0;

/// The view in `rect`.
pub fn sound_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let spare = rect.height() - 6.0 * ROW_PX - 44.0;
    let graph = Rect::from_min_size(rect.min, vec2(rect.width(), spare.clamp(72.0, 150.0)));
    envelope_ui(ui, graph, editing);
    let mut y = graph.bottom() + 16.0;
    for knob in Knob::ALL {
        if knob == Knob::Gain {
            y += 8.0;
        }
        let row = Rect::from_min_size(pos2(rect.left(), y), vec2(rect.width(), ROW_PX));
        knob_ui(ui, row, knob, editing);
        y += ROW_PX;
    }
}

/// A value with its unit.
fn in_words(knob: Knob, value: f32) -> String {
    match knob {
        Knob::Attack | Knob::Decay | Knob::Release if value < 0.009_95 => format!("{:.1} ms", value * 1000.0),
        Knob::Attack | Knob::Decay | Knob::Release if value < 0.9995 => format!("{:.0} ms", value * 1000.0),
        Knob::Attack | Knob::Decay | Knob::Release => format!("{value:.2} s"),
        Knob::Sustain => format!("{:.0}%", value * 100.0),
        Knob::Gain if value.abs() < 0.05 => "0.0 dB".to_string(),
        Knob::Gain => format!("{value:+.1} dB").replace('-', "−"),
        Knob::BendRange => format!("{value:.0} semitones"),
    }
}

/// The envelope, with the ground under it tinted.
fn envelope_ui(ui: &Ui, rect: Rect, editing: &Editing) {
    let tokens = editing.tokens();
    let painter = ui.painter();
    painter.rect_filled(rect, CORNER, tokens.raised);
    let inside = rect.shrink2(vec2(14.0, 16.0));
    let curve = envelope(inside, editing);
    let colour = editing.chosen_match().map_or(tokens.text, |m| editing.theme().family(m.family));
    let under = mix(tokens.raised, colour, 0.16);
    let mut ground = Mesh::default();
    for pair in curve.windows(2) {
        let first = ground.vertices.len() as u32;
        let foot = |at: Pos2| pos2(at.x, inside.bottom());
        for corner in [pair[0], pair[1], foot(pair[1]), foot(pair[0])] {
            ground.colored_vertex(corner, under);
        }
        ground.add_triangle(first, first + 1, first + 2);
        ground.add_triangle(first, first + 2, first + 3);
    }
    painter.add(ground);
    painter.hline(inside.x_range(), inside.bottom(), Stroke::new(1.0, tokens.line));
    painter.add(Shape::line(curve, Stroke::new(2.0, colour)));
}

/// The level over time. Each stretch grows with the square root of its time, so that short ones are seen beside long
/// ones; the stretch in which a key is held has a width of its own.
fn envelope(rect: Rect, editing: &Editing) -> Vec<Pos2> {
    let value = |knob| editing.controls.value(knob).max(0.0);
    let root = |knob| value(knob).sqrt();
    let (attack, decay, hold, release) = (root(Knob::Attack), root(Knob::Decay), 0.6, root(Knob::Release));
    let total = (attack + decay + hold + release).max(2.4);
    let sustain = value(Knob::Sustain).min(1.0);
    let at = |x: f32, level: f32| {
        pos2(rect.left() + x / total * rect.width(), rect.bottom() - level * rect.height())
    };
    let fall = |x0: f32, width: f32, from: f32, to: f32| {
        (1..=24).map(|i| i as f32 / 24.0).map(move |t| {
            let left = ((-4.0 * t).exp() - (-4.0f32).exp()) / (1.0 - (-4.0f32).exp());
            (x0 + t * width, to + (from - to) * left)
        })
    };
    let held = attack + decay + hold;
    let rise = [(0.0, 0.0), (attack, 1.0)].into_iter();
    let curve = rise.chain(fall(attack, decay, 1.0, sustain)).chain([(held, sustain)]);
    let curve = curve.chain(fall(held, release, sustain, 0.0));
    curve.map(|(x, level)| at(x, level)).collect()
}

fn knob_ui(ui: &mut Ui, rect: Rect, knob: Knob, editing: &mut Editing) {
    let tokens = editing.tokens();
    let (font, y) = (theme::regular(12.5), rect.top() + 11.0);
    let value = editing.controls.value(knob);
    let painter = ui.painter();
    painter.text(pos2(rect.left(), y), Align2::LEFT_CENTER, knob.label(), font.clone(), tokens.text);
    painter.text(pos2(rect.right(), y), Align2::RIGHT_CENTER, in_words(knob, value), font, tokens.dim);
    let rail = Rect::from_min_max(rect.left_top() + vec2(-1.0, 15.0), rect.max + vec2(1.0, -2.0));
    let hand = slider_ui(ui, rail, knob.label(), value, editing.controls.position(knob), tokens);
    if hand.down && editing.state.held_knob != Some(knob) {
        let_go(editing);
        editing.controls.begin(knob);
        editing.state.held_knob = Some(knob);
    }
    match hand.to {
        Some(to) if hand.down => editing.controls.set_position(knob, to),
        Some(to) => set_at_once(knob, to, editing),
        None if hand.reset => set_at_once(knob, editing.controls.default_position(knob), editing),
        None => {}
    }
}

/// A gesture of one frame, as the keyboard makes it.
fn set_at_once(knob: Knob, position: f32, editing: &mut Editing) {
    let_go(editing);
    editing.controls.begin(knob);
    editing.controls.set_position(knob, position);
    editing.controls.end(knob);
}

/// Ends the gesture of the knob that is held, wherever the pointer is now.
pub(super) fn let_go(editing: &mut Editing) {
    if let Some(knob) = editing.state.held_knob.take() {
        editing.controls.end(knob);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_said_with_as_many_digits_as_tell_something() {
        for (knob, value, said) in [
            (Knob::Gain, -0.04, "0.0 dB"),
            (Knob::Gain, 0.0, "0.0 dB"),
            (Knob::Gain, -0.06, "−0.1 dB"),
            (Knob::Gain, 3.0, "+3.0 dB"),
            (Knob::Attack, 0.0005, "0.5 ms"),
            (Knob::Attack, 0.01, "10 ms"),
            (Knob::Release, 0.9996, "1.00 s"),
        ] {
            assert_eq!(in_words(knob, value), said);
        }
    }
}
