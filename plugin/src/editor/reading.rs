//! The reading on the pad: a dotted line that follows the pitch along the ink, a fainter one at the pitch of the whole, and
//! one small label. It moves with the pen and never blinks.

use egui::emath::GuiRounding as _;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Color32, CornerRadius, FontId, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use neume_models::{ContourPoint, Legend, Reading, Sketch};

use super::editing::Editing;
use super::ink::to_screen;
use super::notes::note_and_cents;
use super::theme;

/// A family that is less sure than this is said to be so perhaps.
const SURE: f32 = 0.6;
/// Ink that is wider than this shows how the pitch moves in it, in points.
const LEAST_WIDE_PX: f32 = 6.0;
/// Room beside and above what the label says.
const LABEL_MARGIN: egui::Vec2 = vec2(16.0, 6.0);

/// The reading in words, for a label of any kind: note, dynamic, family with its confidence.
pub fn in_words(reading: &Reading, legend: &Legend) -> [String; 3] {
    let sure = reading.timbre.confidence;
    let family = match reading.timbre.family {
        None => "open".to_string(),
        Some(family) if sure < SURE => format!("perhaps {}", family.label()),
        // Nothing that is read is certain.
        Some(family) => format!("{} {:.0}%", family.label(), (sure * 100.0).min(99.0)),
    };
    [note_and_cents(reading.pitch.midi), legend.dynamic(reading.loudness.db).to_string(), family]
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
    lines_ui(ui, pad, y, reading, editing);

    let fill = theme::mix(tokens.pad, tokens.accent, strength);
    let ink = if strength > 0.62 { tokens.on_accent } else { tokens.text };
    let words = in_words(reading, &editing.now.document.language.legend);
    let sign = editing.slot_view().recognised.sign().map(|sign| sign.name.clone());
    let said = ui.painter().layout_job(label(sign.is_some(), &words, ink));
    let most_px = pad.width() - 20.0 - LABEL_MARGIN.x - said.size().x;
    let called = ui.painter().layout_job(sign_label(sign.as_deref(), most_px, ink));
    let text = vec2(called.size().x + said.size().x, called.size().y.max(said.size().y));
    let rect = place(ui, pad, y, text + LABEL_MARGIN, editing);
    let painter = ui.painter_at(pad);
    painter.rect_filled(rect, CornerRadius::same((rect.height() / 2.0) as u8), fill);
    let mut at = rect.min + LABEL_MARGIN / 2.0;
    for galley in [called, said] {
        let width = galley.size().x;
        painter.galley(pos2(at.x, rect.center().y - galley.size().y / 2.0), galley, ink);
        at.x += width;
    }
    let response = ui.interact(rect, ui.scope_id().with("reading"), Sense::hover());
    let spoken: Vec<String> = sign.into_iter().chain(words).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, spoken.join(" · ")));
}

/// The pitch of the whole from edge to edge, and how it moves along the ink.
fn lines_ui(ui: &Ui, pad: Rect, y: f32, reading: &Reading, editing: &Editing) {
    let tokens = editing.tokens();
    let painter = ui.painter_at(pad);
    // In a thin line the dots would be all that is seen.
    let is_wide = reading.loudness.width_norm * pad.height() >= LEAST_WIDE_PX;
    let runs = if is_wide { runs(&reading.contour) } else { Vec::new() };
    let sure = reading.pitch.confidence;
    let level = if runs.is_empty() { 0.3 + 0.4 * sure } else { 0.14 + 0.2 * sure };
    let ends = [pos2(pad.left(), y), pos2(pad.right(), y)];
    let line = Stroke::new(1.25, tokens.text.gamma_multiply(level));
    painter.extend(Shape::dashed_line(&ends, line, 2.0, 4.0));
    let dots = tokens.pad.gamma_multiply(0.35 + 0.45 * sure);
    for run in runs {
        let path: Vec<Pos2> = smoothed(run).map(|(x, y)| to_screen(pad, x, y)).collect();
        painter.extend(Shape::dotted_line(&path, dots, 6.0, 1.2));
    }
}

/// The stretches of a contour without a gap or a leap. Short ones at a leap are left out: in a scribble they are pieces that
/// say nothing of how the pitch moves.
fn runs(contour: &[ContourPoint]) -> Vec<&[ContourPoint]> {
    const GAP_NORM: f32 = 0.012;
    const LEAP_NORM: f32 = 0.05;
    const LEAST_POINTS: usize = 6;
    const LEAST_AT_LEAP: usize = 48;
    let is_near = |a: &ContourPoint, b: &ContourPoint| b.x_norm - a.x_norm <= GAP_NORM;
    let goes_on =
        |a: &ContourPoint, b: &ContourPoint| is_near(a, b) && (b.y_norm - a.y_norm).abs() <= LEAP_NORM;
    let mut at = 0;
    let told = contour.chunk_by(goes_on).filter(|run| {
        let (first, end) = (at, at + run.len());
        at = end;
        let leaps = |i: usize| i > 0 && i < contour.len() && is_near(&contour[i - 1], &contour[i]);
        run.len() >= if leaps(first) || leaps(end) { LEAST_AT_LEAP } else { LEAST_POINTS }
    });
    told.collect()
}

/// The places of a stretch, each the mean of its neighbourhood.
fn smoothed(run: &[ContourPoint]) -> impl Iterator<Item = (f32, f32)> {
    const REACH: usize = 3;
    (0..run.len()).map(move |i| {
        let reach = REACH.min(i).min(run.len() - 1 - i);
        let near = &run[i - reach..=i + reach];
        let mean = near.iter().map(|point| point.y_norm).sum::<f32>() / near.len() as f32;
        (run[i].x_norm, mean)
    })
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

/// The name of the sign, cut where it leaves no room for the rest.
fn sign_label(sign: Option<&str>, most_px: f32, ink: Color32) -> LayoutJob {
    let mut job =
        LayoutJob { wrap: TextWrapping::truncate_at_width(most_px.max(24.0)), ..Default::default() };
    if let Some(sign) = sign {
        write(&mut job, sign, theme::semibold(12.0), ink);
    }
    job
}

fn label(has_sign: bool, [note, dynamic, family]: &[String; 3], ink: Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    if has_sign {
        write(&mut job, " · ", theme::regular(12.0), ink);
    }
    write(&mut job, note, theme::semibold(12.0), ink);
    write(&mut job, " · ", theme::regular(12.0), ink);
    write(&mut job, dynamic, theme::dynamics(15.0), ink);
    write(&mut job, " · ", theme::regular(12.0), ink);
    write(&mut job, family, theme::semibold(12.0), ink);
    job
}

fn write(job: &mut LayoutJob, text: &str, font: FontId, ink: Color32) {
    let format = TextFormat { font_id: font, color: ink, valign: egui::Align::Center, ..Default::default() };
    job.append(text, 0.0, format);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A contour of the columns of a pad that have ink, by the height there.
    fn contour(y_of: impl Fn(usize) -> Option<f32>) -> Vec<ContourPoint> {
        let point = |column: usize| {
            let (x_norm, y_norm) = ((column as f32 + 0.5) / 384.0, y_of(column)?);
            Some(ContourPoint { x_norm, y_norm, midi: 60.0, db: -12.0 })
        };
        (0..384).filter_map(point).collect()
    }

    #[test]
    fn lines_and_dashes_are_followed_and_stray_pieces_of_a_scribble_are_not() {
        let lengths =
            |contour: &[ContourPoint]| runs(contour).iter().map(|run| run.len()).collect::<Vec<_>>();
        let line = contour(|_| Some(0.5));
        let dashes = contour(|column| (column % 40 < 20).then_some(0.5 + 0.1 * (column / 40 % 2) as f32));
        let leap = contour(|column| Some(if column < 200 { 0.4 } else { 0.6 }));
        let scribble = contour(|column| {
            let is_steep = column % 30 > 12;
            Some(0.5 + if is_steep { 0.1 * (column % 3) as f32 } else { 0.0 })
        });
        for (what, contour, followed) in [
            ("a line", line, vec![384]),
            ("dashes", dashes, vec![20; 10]),
            ("a leap", leap, vec![200, 184]),
            ("a scribble", scribble, vec![]),
        ] {
            assert_eq!(lengths(&contour), followed, "{what}");
        }
    }
}
