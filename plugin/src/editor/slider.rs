//! A slider: a rail, what is set of it, a handle; by pointer, by arrow keys, back by a double click.

use egui::{Key, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::button::{arrow_steps, focus_ring, pressed_at};
use super::theme::{Tokens, mix};

/// What the hand did to a slider in this frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hand {
    /// Where it moved the handle, 0..1.
    pub to: Option<f32>,
    /// Whether it holds the handle.
    pub down: bool,
    /// Whether it asked for the usual value.
    pub reset: bool,
}

/// A slider in `rect`, its rail in the middle. `value` is what is said of it, `position` 0..1 where it stands.
pub fn slider_ui(ui: &mut Ui, rect: Rect, label: &str, value: f32, position: f32, tokens: &Tokens) -> Hand {
    let response = ui.interact(rect, ui.scope_id().with(("slider", label)), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, f64::from(value), label));
    let down = response.is_pointer_button_down_on();
    let rail = rect.shrink2(vec2(7.0, 0.0));
    // Two quick taps count as three soon after a click elsewhere. The second is no place to go to.
    let reset = response.double_clicked() || response.triple_clicked();
    let mut to = pressed_at(&response)
        .filter(|_| !reset)
        .map(|at| ((at.x - rail.left()) / rail.width()).clamp(0.0, 1.0));
    let steps = arrow_steps(ui, &response, [Key::ArrowLeft, Key::ArrowRight]);
    if steps != 0.0 {
        to = Some((position + 0.025 * steps).clamp(0.0, 1.0));
    }
    let handle = pos2(rail.left() + to.unwrap_or(position).clamp(0.0, 1.0) * rail.width(), rail.center().y);
    let track = Rect::from_x_y_ranges(rail.x_range(), handle.y - 1.5..=handle.y + 1.5);
    ui.painter().rect_filled(track, 1.5, mix(tokens.panel, tokens.faint, 0.4));
    let ink = if response.hovered() || down { tokens.text } else { tokens.dim };
    ui.painter().rect_filled(Rect::from_min_max(track.min, pos2(handle.x, track.bottom())), 1.5, ink);
    ui.painter().circle(handle, 7.0, ink, Stroke::new(2.0, tokens.panel));
    focus_ring(ui, &response, Rect::from_center_size(handle, vec2(14.0, 14.0)), 7, tokens);
    Hand { to, down, reset }
}
