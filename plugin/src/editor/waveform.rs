//! The outline of a sound, from its overview.

use egui::{Color32, Mesh, Painter, Rect, pos2};

/// Draws peak levels over time as bars that mirror on the middle; as many as are told apart in `rect`.
pub fn paint(painter: &Painter, rect: Rect, overview: &[u8], colour: Color32) {
    if overview.is_empty() {
        return;
    }
    let bars = ((rect.width() / 3.0) as usize).clamp(1, overview.len());
    let pitch = rect.width() / bars as f32;
    let width = (pitch * 0.68).max(1.0);
    let mut mesh = Mesh::default();
    for bar in 0..bars {
        let from = bar * overview.len() / bars;
        let to = ((bar + 1) * overview.len() / bars).max(from + 1);
        let peak = overview[from..to].iter().copied().max().unwrap_or(0);
        let half = (f32::from(peak) / 255.0 * rect.height() / 2.0).max(0.75);
        let x = rect.left() + bar as f32 * pitch;
        let y = rect.center().y;
        mesh.add_colored_rect(Rect::from_min_max(pos2(x, y - half), pos2(x + width, y + half)), colour);
    }
    painter.add(mesh);
}
