//! The view Sound: the envelope as a curve, its knobs, the level and the reach of the pitch wheel.

use egui::{Align2, Key, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::button::focus_ring;
use super::controls::Knob;
use super::editing::Editing;
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
        Knob::Attack | Knob::Decay | Knob::Release if value < 0.9995 => format!("{:.0} ms", value * 1000.0),
        Knob::Attack | Knob::Decay | Knob::Release => format!("{value:.2} s"),
        Knob::Sustain => format!("{:.0}%", value * 100.0),
        Knob::Gain => format!("{value:+.1} dB").replace('-', "−"),
        Knob::BendRange => format!("{value:.0} semitones"),
    }
}

/// The envelope over time; the stretch in which a key is held has a width of its own.
fn envelope_ui(ui: &Ui, rect: Rect, editing: &Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER, tokens.raised);
    let inside = rect.shrink2(vec2(14.0, 16.0));
    let value = |knob| editing.controls.value(knob).max(0.0);
    // Each stretch grows with the square root of its time, so that short ones are seen beside long ones.
    let stretch = [value(Knob::Attack).sqrt(), value(Knob::Decay).sqrt(), 0.6, value(Knob::Release).sqrt()];
    let total = stretch.iter().sum::<f32>().max(2.4);
    let sustain = value(Knob::Sustain).min(1.0);
    let at = |x: f32, level: f32| {
        pos2(inside.left() + x / total * inside.width(), inside.bottom() - level * inside.height())
    };
    let [attack, decay, hold, release] = stretch;
    let mut curve = vec![at(0.0, 0.0), at(attack, 1.0)];
    let fall = |x0: f32, width: f32, from: f32, to: f32, curve: &mut Vec<Pos2>| {
        for i in 1..=24 {
            let t = i as f32 / 24.0;
            let left = ((-4.0 * t).exp() - (-4.0f32).exp()) / (1.0 - (-4.0f32).exp());
            curve.push(at(x0 + t * width, to + (from - to) * left));
        }
    };
    fall(attack, decay, 1.0, sustain, &mut curve);
    curve.push(at(attack + decay + hold, sustain));
    fall(attack + decay + hold, release, sustain, 0.0, &mut curve);
    let colour = editing.chosen_match().map_or(tokens.text, |m| editing.theme().family(m.family));
    ui.painter().hline(inside.x_range(), inside.bottom(), Stroke::new(1.0, tokens.line));
    let under = mix(tokens.raised, colour, 0.16);
    for pair in curve.windows(2).filter(|pair| pair[1].x - pair[0].x > 0.01) {
        let quad = vec![pair[0], pair[1], pos2(pair[1].x, inside.bottom()), pos2(pair[0].x, inside.bottom())];
        let mut mesh = egui::Mesh::default();
        for corner in &quad {
            mesh.colored_vertex(*corner, under);
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(0, 2, 3);
        ui.painter().add(mesh);
    }
    ui.painter().add(Shape::line(curve, Stroke::new(2.0, colour)));
}

fn knob_ui(ui: &mut Ui, rect: Rect, knob: Knob, editing: &mut Editing) {
    let tokens = editing.tokens();
    let font = theme::regular(12.5);
    let text_y = rect.top() + 11.0;
    ui.painter().text(
        pos2(rect.left(), text_y),
        Align2::LEFT_CENTER,
        knob.label(),
        font.clone(),
        tokens.text,
    );
    let words = in_words(knob, editing.controls.value(knob));
    ui.painter().text(pos2(rect.right(), text_y), Align2::RIGHT_CENTER, words, font, tokens.dim);
    let rail = Rect::from_min_max(
        pos2(rect.left() + 7.0, rect.top() + 16.0),
        pos2(rect.right() - 7.0, rect.bottom()),
    );
    let response = ui.interact(rail, ui.scope_id().with(("knob", knob.label())), Sense::click_and_drag());
    let down = response.is_pointer_button_down_on();
    let held = ui.scope_id().with(("held", knob.label()));
    let was_down = ui.data(|data| data.get_temp::<bool>(held).unwrap_or(false));
    if down && !was_down {
        editing.controls.begin(knob);
    }
    if let Some(at) = response.interact_pointer_pos().filter(|_| down) {
        editing.controls.set_position(knob, ((at.x - rail.left()) / rail.width()).clamp(0.0, 1.0));
    }
    if was_down && !down {
        editing.controls.end(knob);
    }
    if down != was_down {
        ui.data_mut(|data| data.insert_temp(held, down));
    }
    let step = if response.has_focus() {
        ui.input(|i| i.num_presses(Key::ArrowRight) as f32 - i.num_presses(Key::ArrowLeft) as f32) * 0.02
    } else {
        0.0
    };
    let reset = response.double_clicked();
    if reset || step != 0.0 {
        let now = editing.controls.position(knob) + step;
        let to = if reset { editing.controls.default_position(knob) } else { now.clamp(0.0, 1.0) };
        editing.controls.begin(knob);
        editing.controls.set_position(knob, to);
        editing.controls.end(knob);
    }
    let value = f64::from(editing.controls.value(knob));
    response.widget_info(|| WidgetInfo::slider(true, value, knob.label()));
    let y = rect.top() + 28.0;
    let x = rail.left() + editing.controls.position(knob).clamp(0.0, 1.0) * rail.width();
    let track = Rect::from_x_y_ranges(rail.x_range(), y - 2.0..=y + 2.0);
    ui.painter().rect_filled(track, 2.0, mix(tokens.panel, tokens.faint, 0.4));
    let ink = if response.hovered() || down { tokens.text } else { tokens.dim };
    ui.painter().rect_filled(Rect::from_x_y_ranges(rail.left()..=x, track.y_range()), 2.0, ink);
    ui.painter().circle(pos2(x, y), 7.0, tokens.text, Stroke::new(2.0, tokens.panel));
    focus_ring(ui, &response, Rect::from_center_size(pos2(x, y), vec2(14.0, 14.0)), 7, tokens);
}
