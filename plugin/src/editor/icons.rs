//! Names of the symbols in the icon font (a subset of Phosphor) and the glyphs of the families, drawn.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2};
use neume_models::Family;

#[allow(missing_docs)] // Each is named for what it shows.
mod symbols {
    pub const PEN: &str = "\u{E3B4}";
    pub const LINE: &str = "\u{E6D2}";
    pub const ERASER: &str = "\u{E21E}";
    pub const UNDO: &str = "\u{E08A}";
    pub const REDO: &str = "\u{E08C}";
    pub const MOON: &str = "\u{E330}";
    pub const SUN: &str = "\u{E472}";
    pub const CLEAR: &str = "\u{E4A6}";
    pub const SAVE: &str = "\u{E248}";
    pub const OPEN: &str = "\u{E256}";
    pub const PICTURE: &str = "\u{E2CA}";
    pub const EXPORT: &str = "\u{EAF0}";
    pub const PREVIOUS: &str = "\u{E138}";
    pub const NEXT: &str = "\u{E13A}";
    pub const WARNING: &str = "\u{E4E0}";
    pub const CLOSE: &str = "\u{E4F6}";
}
pub use symbols::*;

/// Draws the glyph that stands for a family, so that hue is never the only sign of it. `None` is open ink.
pub fn family_glyph(painter: &Painter, family: Option<Family>, center: Pos2, size: f32, colour: Color32) {
    let r = size / 2.0;
    let at = |x: f32, y: f32| pos2(center.x + x * r, center.y + y * r);
    let line = Stroke::new((size / 7.0).max(1.0), colour);
    let fill = |points: &[(f32, f32)]| {
        let points = points.iter().map(|&(x, y)| at(x, y)).collect();
        painter.add(Shape::convex_polygon(points, colour, Stroke::NONE));
    };
    let bar = |x0: f32, y0: f32, x1: f32, y1: f32| {
        painter.rect_filled(Rect::from_two_pos(at(x0, y0), at(x1, y1)), 0.0, colour);
    };
    match family {
        None => {
            painter.circle_stroke(center, r * 0.7, line);
        }
        Some(Family::Brass) => fill(&[(0.0, -0.85), (0.9, 0.7), (-0.9, 0.7)]),
        Some(Family::Reed) => fill(&[(0.0, -0.95), (0.95, 0.0), (0.0, 0.95), (-0.95, 0.0)]),
        Some(Family::SynthLead) => {
            fill(&[(0.0, -1.0), (0.26, 0.0), (0.0, 1.0), (-0.26, 0.0)]);
            fill(&[(-1.0, 0.0), (0.0, -0.26), (1.0, 0.0), (0.0, 0.26)]);
        }
        Some(Family::Guitar) => {
            let half: Vec<(f32, f32)> = (0..=16)
                .map(|i| (i as f32 / 16.0 - 0.5) * std::f32::consts::PI)
                .map(|a| (a.cos() * 0.9 - 0.35, a.sin() * 0.9))
                .collect();
            fill(&half);
        }
        Some(Family::Keyboard) => bar(-0.72, -0.72, 0.72, 0.72),
        Some(Family::Mallet) => {
            painter.circle_filled(center, r * 0.78, colour);
        }
        Some(Family::Flute) => {
            for y in [-0.75, -0.2, 0.35] {
                bar(-0.7, y, 0.7, y + 0.36);
            }
        }
        Some(Family::Vocal) => {
            let arc = (0..=16)
                .map(|i| std::f32::consts::PI * (1.0 + i as f32 / 16.0))
                .map(|a| at(a.cos() * 0.75, a.sin() * 0.75 + 0.4))
                .collect();
            painter.add(Shape::line(arc, line));
        }
        Some(Family::String) => {
            for y in [-0.55, 0.0, 0.55] {
                let wave = (0..=16)
                    .map(|i| i as f32 / 16.0)
                    .map(|t| at(t * 1.7 - 0.85, y - 0.2 * (t * std::f32::consts::TAU).sin()))
                    .collect();
                painter.add(Shape::line(wave, Stroke::new(line.width * 0.85, colour)));
            }
        }
        Some(Family::Organ) => {
            for (x, y) in [(-0.8, -0.3), (-0.2, -0.85), (0.4, -0.3)] {
                bar(x, y, x + 0.4, 0.75);
            }
        }
        Some(Family::Bass) => bar(-0.85, -0.26, 0.85, 0.26),
        Some(Family::Percussion) => {
            painter.line_segment([at(-0.65, -0.65), at(0.65, 0.65)], line);
            painter.line_segment([at(-0.65, 0.65), at(0.65, -0.65)], line);
        }
    }
}

/// Writes a symbol of the icon font in the middle of a rectangle.
pub fn symbol(painter: &Painter, rect: Rect, symbol: &str, size: f32, colour: Color32) {
    let font = super::theme::icons(size);
    let galley = painter.layout_no_wrap(symbol.to_owned(), font, colour);
    painter.galley(rect.center() - galley.size() / 2.0, galley, colour);
}

/// Draws a printer, which the icon font lacks, as large and as thick as its symbols.
pub fn printer(painter: &Painter, center: Pos2, colour: Color32) {
    let line = Stroke::new(1.2, colour);
    let at = |x: f32, y: f32| pos2(center.x + x, center.y + y);
    let path = |points: &[(f32, f32)]| {
        painter.add(Shape::line(points.iter().map(|&(x, y)| at(x, y)).collect(), line));
    };
    path(&[(-4.2, -3.0), (-4.2, -6.6), (4.2, -6.6), (4.2, -3.0)]);
    path(&[(-4.2, 3.2), (-7.4, 3.2), (-7.4, -3.0), (7.4, -3.0), (7.4, 3.2), (4.2, 3.2)]);
    let sheet = Rect::from_min_max(at(-4.2, 0.8), at(4.2, 6.6));
    painter.rect_stroke(sheet, 0.0, line, StrokeKind::Middle);
    painter.circle_filled(at(5.0, -0.6), 0.9, colour);
}
