//! The reading on the pad: a dotted line at the pitch, and one small label. It moves with the pen and never blinks.

use egui::emath::GuiRounding as _;
use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, CornerRadius, FontId, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use neume_models::legend::note_and_cents;
use neume_models::{Legend, Reading, Sketch};

use super::editing::Editing;
use super::ink::to_screen;
use super::theme;

/// The reading in words, for a label of any kind: note, dynamic, family with its confidence.
pub fn in_words(reading: &Reading, legend: &Legend) -> [String; 3] {
    let family = reading.timbre.family.map_or("open", |family| family.label());
    let percent = (reading.timbre.confidence * 100.0).round();
    [
        note_and_cents(reading.pitch.midi),
        legend.dynamic(reading.loudness.db).to_string(),
        format!("{family} {percent:.0}%"),
    ]
}

/// How sure the whole reading is, 0..1: no surer than its least sure aspect.
fn sureness(reading: &Reading) -> f32 {
    reading.pitch.confidence.min(reading.loudness.confidence).min(reading.timbre.confidence).clamp(0.0, 1.0)
}

/// Draws the newest reading of the slot. An uncertain one is softer.
pub fn reading_ui(ui: &mut Ui, pad: Rect, editing: &mut Editing) {
    let view = editing.now.view.clone();
    let Some(Ok(reading)) = &view.slots[editing.now.slot].reading else { return };
    if editing.sketch().is_empty() {
        return;
    }
    let tokens = editing.tokens();
    let strength = 0.4 + 0.6 * sureness(reading);
    let y = to_screen(pad, 0.0, reading.pitch.y_norm.clamp(0.0, 1.0)).y;
    let line = Stroke::new(1.25, tokens.text.gamma_multiply(0.3 + 0.4 * reading.pitch.confidence));
    let ends = [pos2(pad.left(), y), pos2(pad.right(), y)];
    ui.painter_at(pad).extend(Shape::dashed_line(&ends, line, 2.0, 4.0));

    let fill = theme::mix(tokens.pad, tokens.accent, strength);
    let ink = if strength > 0.62 { tokens.on_accent } else { tokens.text };
    let words = in_words(reading, &editing.now.document.language.legend);
    let sign = editing.slot_view().recognised.sign().map(|sign| sign.name.clone());
    let galley = ui.painter().layout_job(label(sign.as_deref(), &words, ink));
    let size = galley.size() + vec2(16.0, 6.0);
    let rect = place(ui, pad, y, size, editing);
    let painter = ui.painter_at(pad);
    painter.rect_filled(rect, CornerRadius::same((size.y / 2.0) as u8), fill);
    painter.galley(rect.center() - galley.size() / 2.0, galley, ink);
    let response = ui.interact(rect, ui.scope_id().with("reading"), Sense::hover());
    let spoken: Vec<String> = sign.into_iter().chain(words).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken.join(" · ")));
}

/// Where the label covers the least ink: at the right or the left, above or below the line. It stays where it is
/// unless another place is clearly better, so that it does not jump while the pen moves.
fn place(ui: &Ui, pad: Rect, y: f32, size: egui::Vec2, editing: &mut Editing) -> Rect {
    let (right, left) = (pad.right() - 10.0 - size.x, pad.left() + 10.0);
    let sketch = editing.sketch();
    // Close to the line first, then a little further away.
    let places: [Rect; 12] = std::array::from_fn(|i| {
        let away = 8.0 + 20.0 * (i / 4) as f32;
        let x = if i % 4 < 2 { right } else { left };
        let top = if i % 2 == 0 { y - away - size.y } else { y + away };
        Rect::from_min_size(pos2(x, top), size)
    });
    let cost = |(i, rect): (usize, &Rect)| {
        let outside = if pad.shrink(2.0).contains_rect(*rect) { 0 } else { 1000 };
        outside + i / 4 + covered(&sketch, pad, rect.expand(6.0))
    };
    let costs: Vec<usize> = places.iter().enumerate().map(cost).collect();
    let best = (0..places.len()).min_by_key(|&i| costs[i]).unwrap_or(0);
    let now = editing.state.label_place.min(places.len() - 1);
    if costs[now] > costs[best] + 3 {
        editing.state.label_place = best;
    }
    places[editing.state.label_place.min(places.len() - 1)].round_to_pixels(ui.pixels_per_point())
}

/// How many places along the strokes, some 8 px apart, lie in `rect`.
fn covered(sketch: &Sketch, pad: Rect, rect: Rect) -> usize {
    let steps = |a: egui::Pos2, b: egui::Pos2| ((a.distance(b) / 8.0).ceil() as usize).clamp(1, 200);
    let mut count = 0;
    for stroke in &sketch.strokes {
        let half = stroke.width_norm * pad.height() / 2.0;
        let near = rect.expand(half);
        for pair in stroke.points.windows(2) {
            let (a, b) = (to_screen(pad, pair[0].x, pair[0].y), to_screen(pad, pair[1].x, pair[1].y));
            let n = steps(a, b);
            count += (1..=n).filter(|&i| near.contains(a.lerp(b, i as f32 / n as f32))).count();
        }
    }
    count
}

fn label(sign: Option<&str>, [note, dynamic, family]: &[String; 3], ink: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    let mut write = |text: &str, font: FontId| {
        let format =
            TextFormat { font_id: font, color: ink, valign: egui::Align::Center, ..Default::default() };
        job.append(text, 0.0, format);
    };
    if let Some(sign) = sign {
        write(sign, theme::semibold(12.0));
        write(" · ", theme::regular(12.0));
    }
    write(note, theme::semibold(12.0));
    write(" · ", theme::regular(12.0));
    write(dynamic, theme::dynamics(15.0));
    write(" · ", theme::regular(12.0));
    write(family, theme::semibold(12.0));
    job
}
