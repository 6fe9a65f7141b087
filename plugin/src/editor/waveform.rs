//! The outline of a sound, from its overview.

use egui::{Color32, Mesh, Painter, Rect, pos2};

/// Points from one bar to the next.
const STEP_PX: f32 = 3.0;

/// Draws peak levels over time as bars that mirror on the middle. Bars lie on whole pixels, so that all are alike.
pub fn paint(painter: &Painter, rect: Rect, overview: &[u8], colour: Color32) {
    let Some(last) = overview.len().checked_sub(1) else { return };
    let scale = painter.pixels_per_point();
    let step = (STEP_PX * scale).round() / scale;
    let width = (step * 0.66 * scale).round().max(1.0) / scale;
    let bars = (rect.width() / step) as usize;
    let left = (rect.left() * scale).round() / scale;
    let y = (rect.center().y * scale).round() / scale;
    let mut mesh = Mesh::default();
    for bar in 0..bars {
        let at = bar as f32 / (bars - 1).max(1) as f32 * last as f32;
        let (i, share) = (at as usize, at.fract());
        let peak = f32::from(overview[i]) * (1.0 - share) + f32::from(overview[(i + 1).min(last)]) * share;
        let half = (peak / 255.0 * rect.height() / 2.0).max(0.75);
        let x = left + bar as f32 * step;
        mesh.add_colored_rect(Rect::from_min_max(pos2(x, y - half), pos2(x + width, y + half)), colour);
    }
    painter.add(mesh);
}
