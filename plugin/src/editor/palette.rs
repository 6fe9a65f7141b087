//! The palette under the pad: each family with its hue, its glyph and its name, open ink, and how bright the ink is.

use egui::{Align2, Direction, Key, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use neume_models::Family;

use super::button::{arrow_steps, focus_ring, pressed_at, text_width};
use super::commands::{self, Command};
use super::editing::Editing;
use super::icons::family_glyph;
use super::ink::on_paper;
use super::state::Ink;
use super::theme::{self, CORNER_LARGE, mix};

/// Room at the right for the brightness of the ink.
const RAMP_PX: f32 = 104.0;
const NAME_PX: f32 = 10.0;

/// The palette in `rect`.
pub fn palette_ui(ui: &mut Ui, rect: Rect, editing: &mut Editing) {
    let tokens = editing.tokens();
    ui.painter().rect_filled(rect, CORNER_LARGE, tokens.panel);
    let inside = rect.shrink2(vec2(10.0, 4.0));
    let families: Vec<Option<Family>> =
        editing.now.document.language.legend.palette.iter().copied().map(Some).chain([None]).collect();
    let step = (inside.width() - RAMP_PX) / families.len() as f32;
    let named = names_fit(ui, &families, step);
    let (mut asked, mut exchanged) = (None, None);
    for (i, family) in families.into_iter().enumerate() {
        let left = inside.left() + i as f32 * step;
        let cell = Rect::from_x_y_ranges(left..=left + step, inside.y_range());
        let response = family_ui(ui, cell, i, family, named, editing);
        if response.clicked() {
            asked = Some(Ink { family, step: ink_step(editing.state.ink, family) });
        }
        if let Some(family) = family {
            exchanged = exchanged.or(other_family_ui(&response, family).map(|other| [family, other]));
        }
    }
    let ramp = Rect::from_x_y_ranges(inside.right() - RAMP_PX + 10.0..=inside.right(), inside.y_range());
    if let Some(step) = ramp_ui(ui, ramp, editing) {
        asked = Some(Ink { step, ..editing.state.ink });
    }
    if let Some(ink) = asked {
        commands::run(Command::Ink(ink), editing, ui.ctx());
    }
    if let Some(two) = exchanged {
        editing.speak(|language| language.legend.exchange(two));
    }
}

/// What the right button asks: that this hue stands for another family.
fn other_family_ui(response: &Response, family: Family) -> Option<Family> {
    let mut other = None;
    response.context_menu(|ui| {
        ui.set_min_width(150.0);
        ui.label("This hue stands for");
        for choice in Family::ALL {
            if ui.selectable_label(choice == family, choice.label()).clicked() {
                other = Some(choice);
                ui.close();
            }
        }
    });
    other.filter(|other| *other != family)
}

/// Another family keeps the brightness; between colour and black each starts at its usual one.
fn ink_step(now: Ink, family: Option<Family>) -> usize {
    if now.family.is_some() == family.is_some() { now.step } else { Ink::usual_step(family) }
}

fn name_of(family: Option<Family>) -> &'static str {
    family.map_or("open", |family| family.label())
}

/// Whether every name has room beside its neighbours; if not, only the chosen one is written.
fn names_fit(ui: &Ui, families: &[Option<Family>], step_px: f32) -> bool {
    let width = |family: &Option<Family>| text_width(ui, name_of(*family), &theme::semibold(NAME_PX));
    families.windows(2).all(|pair| (width(&pair[0]) + width(&pair[1])) / 2.0 + 3.0 <= step_px)
}

fn family_ui(
    ui: &mut Ui,
    cell: Rect,
    hue: usize,
    family: Option<Family>,
    named: bool,
    editing: &Editing,
) -> Response {
    let tokens = editing.tokens();
    let chosen = editing.state.ink.family == family;
    let name = name_of(family);
    let response = ui.interact(cell, ui.scope_id().with(("ink", name)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));
    let colour = family.map_or(tokens.open_ink, |_| editing.theme().hue(hue));
    let radius = (cell.width() / 2.0 - 5.0).clamp(9.0, 15.0);
    let font = if chosen { theme::semibold(NAME_PX) } else { theme::regular(NAME_PX) };
    let center = pos2(cell.center().x, cell.top() + 23.0);
    let painter = ui.painter();
    painter.circle_filled(center, radius, colour);
    family_glyph(painter, family, center, radius * 0.8, mix(colour, tokens.pad, 0.78));
    if chosen {
        painter.circle_stroke(center, radius + 3.0, Stroke::new(2.0, tokens.accent));
    } else if response.hovered() {
        painter.circle_stroke(center, radius + 3.0, Stroke::new(1.5, tokens.faint));
    }
    if named || chosen {
        let ink = if chosen { tokens.text } else { tokens.dim };
        painter.text(pos2(center.x, cell.bottom() - 10.0), Align2::CENTER_CENTER, name, font, ink);
    }
    focus_ring(
        ui,
        &response,
        Rect::from_center_size(center, vec2(radius, radius) * 2.0 + vec2(6.0, 6.0)),
        18,
        tokens,
    );
    response.on_hover_text(name)
}

/// Dark to bright ink: a dark colour is a dark sound. One slider with [`Ink::STEPS`] places.
fn ramp_ui(ui: &mut Ui, rect: Rect, editing: &Editing) -> Option<usize> {
    let tokens = editing.tokens();
    let (ink, last) = (editing.state.ink, Ink::STEPS - 1);
    let hit = Rect::from_center_size(pos2(rect.center().x, rect.top() + 23.0), vec2(rect.width(), 30.0));
    let response = ui.interact(hit, ui.scope_id().with("brightness"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(true, ink.step as f64, "Brightness"));
    let track = Rect::from_center_size(hit.center(), vec2(hit.width() - 18.0, 12.0));
    let x_of = |step: usize| track.left() + step as f32 / last as f32 * track.width();
    let colour = |step: usize| {
        on_paper(Ink { step, ..ink }.rgb(&editing.now.document.language.legend.palette), editing.theme())
    };
    for step in 0..last {
        let piece = Rect::from_x_y_ranges(x_of(step)..=x_of(step + 1), track.y_range());
        let [from, to] = [colour(step), colour(step + 1)];
        ui.painter().add(Shape::gradient_rect(piece, Direction::LeftToRight, [from, to]));
    }
    ui.painter().circle_filled(track.left_center(), 6.0, colour(0));
    ui.painter().circle_filled(track.right_center(), 6.0, colour(last));
    let handle = pos2(x_of(ink.step.min(last)), track.center().y);
    ui.painter().circle(handle, 9.0, colour(ink.step.min(last)), Stroke::new(2.0, tokens.accent));
    focus_ring(ui, &response, Rect::from_center_size(handle, vec2(18.0, 18.0)), 9, tokens);
    let below = pos2(rect.center().x, rect.bottom() - 10.0);
    ui.painter().text(below, Align2::CENTER_CENTER, "brightness", theme::regular(10.5), tokens.dim);
    let mut wanted = ink.step as i32;
    if let Some(at) = pressed_at(&response) {
        wanted = ((at.x - track.left()) / track.width() * last as f32).round() as i32;
    }
    wanted += arrow_steps(ui, &response, [Key::ArrowLeft, Key::ArrowRight]) as i32;
    let wanted = wanted.clamp(0, last as i32) as usize;
    (wanted != ink.step).then_some(wanted)
}
