//! Drawing, erasing, taking back.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use neume::editor::{Controls as _, Ink, Knob, Tool};
use neume::handoff::{Generation, Request};
use neume::state::{BankRef, Chosen};
use neume_bank::SoundId;
use neume_models::{Family, Rgb};

use super::window::{Window, draw, on_pad, usual};

fn reads(window: &Window) -> Vec<(usize, Generation, usize)> {
    let asked = window.state().asked();
    asked
        .into_iter()
        .filter_map(|request| match request {
            Request::Read { slot, sketch, generation } => Some((slot, generation, sketch.strokes.len())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_stroke_of_the_pen_is_in_the_sketch_and_read_while_it_moves() {
    let mut window = usual();
    draw(&mut window, &[(0.2, 0.3), (0.4, 0.5), (0.6, 0.5), (0.8, 0.7)]);
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes.len(), 1);
    let stroke = &sketch.strokes[0];
    let (first, last) = (stroke.points[0], *stroke.points.last().unwrap());
    assert!((first.x - 0.2).abs() < 0.01 && (first.y - 0.3).abs() < 0.01, "{first:?}");
    assert!((last.x - 0.8).abs() < 0.01 && (last.y - 0.7).abs() < 0.01, "{last:?}");
    let bench = window.state();
    let legend = bench.editor.document.get().language.legend.clone();
    assert!((stroke.width_norm - legend.width_norm_of(bench.state.loudness_db)).abs() < 1e-6);
    assert_eq!(stroke.rgb, bench.state.ink.rgb(&legend.palette));

    let reads = reads(&window);
    assert!(reads.len() >= 3, "it is read with every movement: {reads:?}");
    assert!(reads.windows(2).all(|pair| pair[0].1 < pair[1].1), "generations rise: {reads:?}");
    assert!(reads.iter().all(|read| read.0 == 0 && read.2 == 1), "{reads:?}");
}

#[test]
fn a_press_without_a_movement_is_a_dot() {
    let mut window = usual();
    draw(&mut window, &[(0.5, 0.5), (0.5, 0.5)]);
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes.len(), 1);
    assert_eq!(sketch.strokes[0].points.len(), 1);
}

#[test]
fn the_line_tool_draws_two_points_wherever_the_hand_went() {
    let mut window = usual();
    window.get_by_label("Line").click();
    window.run();
    draw(&mut window, &[(0.1, 0.2), (0.5, 0.9), (0.9, 0.2)]);
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes[0].points.len(), 2);
    assert!(sketch.strokes[0].points.iter().all(|p| (p.y - 0.2).abs() < 0.01));
}

#[test]
fn the_eraser_removes_ink_and_leaves_the_rest() {
    let mut window = usual();
    draw(&mut window, &[(0.1, 0.5), (0.5, 0.5), (0.9, 0.5)]);
    window.get_by_label("Eraser").click();
    window.run();
    draw(&mut window, &[(0.5, 0.2), (0.5, 0.8)]);
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes.len(), 2, "the stroke is cut in two");
    let at_the_cut = |x: f32| (x - 0.5).abs() < 0.008;
    assert!(!sketch.strokes.iter().flat_map(|s| &s.points).any(|p| at_the_cut(p.x)));
    assert_eq!(reads(&window).last().unwrap().2, 2, "what is left was read");
}

#[test]
fn steps_are_taken_back_and_done_again_by_button_and_by_key() {
    let mut window = usual();
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    draw(&mut window, &[(0.2, 0.6), (0.8, 0.6)]);
    let count = |window: &Window| window.state().sketch(0).strokes.len();
    assert_eq!(count(&window), 2);
    window.get_by_label("Undo").click();
    window.run();
    assert_eq!(count(&window), 1);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
    assert_eq!(count(&window), 0);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    window.run();
    assert_eq!(count(&window), 1);
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    window.run();
    assert_eq!(count(&window), 2);
    window.get_by_label("Clear the pad").click();
    window.run();
    assert_eq!(count(&window), 0);
    window.get_by_label("Undo").click();
    window.run();
    assert_eq!(count(&window), 2, "even clearing is taken back");
    assert_eq!(reads(&window).last().unwrap().2, 2, "what is shown was read");
}

#[test]
fn a_sound_that_was_chosen_by_hand_comes_back_with_its_drawing() {
    let mut window = usual();
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    let chosen = |name: &str, by_hand: bool| Chosen {
        instrument: None,
        sound: SoundId::of(name.as_bytes()),
        bank: BankRef::Factory,
        zones: Vec::new(),
        gain_db: 0.0,
        drawn_midi: 60.0,
        contour: Vec::new(),
        by_hand,
    };
    // As the Worker answers what is asked of it.
    let choose = |window: &Window, chosen: Chosen| {
        window.state().editor.document.edit(|document| document.slots[0].chosen = Some(chosen));
    };
    let choices = |window: &Window| -> Vec<SoundId> {
        let asked = window.state().asked();
        let read = asked.iter().rposition(|request| matches!(request, Request::Read { .. }));
        let after = asked.iter().skip(read.map_or(0, |read| read + 1));
        after
            .filter_map(|r| if let Request::Choose { slot: 0, sound, .. } = r { Some(*sound) } else { None })
            .collect()
    };
    choose(&window, chosen("cello", true));
    draw(&mut window, &[(0.2, 0.6), (0.8, 0.6)]);
    choose(&window, chosen("horn", false));
    window.run();
    choices(&window);
    window.get_by_label("Undo").click();
    window.run();
    assert_eq!(window.state().sketch(0).strokes.len(), 1);
    assert_eq!(choices(&window), [SoundId::of(b"cello")]);
    choose(&window, chosen("cello", true));
    window.get_by_label("Redo").click();
    window.run();
    assert_eq!(choices(&window), [], "the best match was played there");
    choose(&window, chosen("horn", false));
    window.run();
    window.get_by_label("Clear the pad").click();
    window.run();
    for _ in 0..2 {
        window.get_by_label("Undo").click();
        window.run();
    }
    assert_eq!(choices(&window), [SoundId::of(b"cello")]);
}

#[test]
fn what_is_taken_back_ends_with_the_project_that_it_was_done_in() {
    let mut window = usual();
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    let other = neume::state::InstanceState::first();
    window.state().editor.document.set(other.clone());
    window.run();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
    assert_eq!(*window.state().editor.document.get(), other);
}

#[test]
fn a_new_stroke_ends_what_could_be_done_again() {
    let mut window = usual();
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    window.get_by_label("Undo").click();
    window.run();
    draw(&mut window, &[(0.2, 0.6), (0.8, 0.6)]);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    window.run();
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes.len(), 1);
    assert!((sketch.strokes[0].points[0].y - 0.6).abs() < 0.01);
}

#[test]
fn the_palette_dips_the_pen() {
    let mut window = usual();
    window.get_by_label("flute").click();
    window.run();
    assert_eq!(window.state().state.ink.family, Some(Family::Flute));
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    let flute = window.state().sketch(0).strokes[0].rgb;
    assert!(flute.0[1] > flute.0[0] && flute.0[2] > flute.0[0], "cyan, 180 degrees: {flute:?}");
    window.get_by_label("open").click();
    window.run();
    draw(&mut window, &[(0.2, 0.6), (0.8, 0.6)]);
    assert_eq!(window.state().sketch(0).strokes[1].rgb, Rgb::BLACK, "open ink is black in both themes");
    window.get_by_label("flute").click();
    window.run();
    let ramp = window.get_by_label("Brightness").rect();
    window.hover_at(ramp.right_center() - egui::vec2(2.0, 0.0));
    window.drag_at(ramp.right_center() - egui::vec2(2.0, 0.0));
    window.step();
    window.drop_at(ramp.right_center());
    window.run();
    assert_eq!(window.state().state.ink, Ink { family: Some(Family::Flute), step: 4 });
}

#[test]
fn the_wedge_sets_the_thickness_from_ppp_to_fff() {
    let mut window = usual();
    let wedge = window.get_by_label("Thickness").rect();
    for (at, loudness_db) in
        [(wedge.center_bottom(), -36.0), (wedge.center_top(), 0.0), (wedge.center(), -18.0)]
    {
        window.hover_at(at);
        window.drag_at(at);
        window.step();
        window.drop_at(at);
        window.run();
        let set = window.state().state.loudness_db;
        assert!((set - loudness_db).abs() < 0.6, "{set} dB, asked for {loudness_db}");
    }
}

#[test]
fn letters_take_the_tools_but_not_while_a_name_is_written() {
    let mut window = usual();
    window.key_press(Key::E);
    window.run();
    assert_eq!(window.state().state.tool, Tool::Eraser);
    window.key_press(Key::L);
    window.run();
    assert_eq!(window.state().state.tool, Tool::Line);
    window.get_by_label("Name of the drawing").focus();
    window.run();
    window.get_by_label("Name of the drawing").type_text("Vespers");
    window.key_press(Key::E);
    window.run();
    assert_eq!(window.state().state.tool, Tool::Line);
    assert_eq!(window.state().editor.document.get().slots[0].name, "Vespers");
}

#[test]
fn a_stroke_ends_the_writing_of_a_name_so_that_keys_take_it_back() {
    let mut window = usual();
    window.get_by_label("Name of the drawing").focus();
    window.run();
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
    assert!(window.state().sketch(0).is_empty());
}

#[test]
fn a_pen_that_leaves_the_pad_stays_on_its_edge() {
    let mut window = usual();
    draw(&mut window, &[(0.5, 0.5), (1.4, 0.5), (1.4, 1.6)]);
    let sketch = window.state().sketch(0);
    let inside = |v: f32| (0.0..=1.0).contains(&v);
    assert!(sketch.strokes[0].points.iter().all(|p| inside(p.x) && inside(p.y)));
}

#[test]
fn a_movement_that_the_closing_window_cuts_off_is_one_step() {
    let mut window = usual();
    let (from, to) = (on_pad(&window, 0.2, 0.5), on_pad(&window, 0.8, 0.5));
    window.hover_at(from);
    window.drag_at(from);
    window.step();
    window.hover_at(to);
    window.step();
    let bench = window.state_mut();
    neume::editor::closed(&mut bench.state, &mut bench.editor);
    assert!(!bench.editor.watched.load(std::sync::atomic::Ordering::Relaxed));
    window.drop_at(to);
    window.run();
    window.get_by_label("Undo").click();
    window.run();
    assert!(window.state().sketch(0).is_empty());
}

#[test]
fn a_pen_that_leaves_the_pad_draws_nothing_beside_it_and_begins_anew_where_it_comes_back() {
    let mut window = usual();
    draw(&mut window, &[(0.5, 0.5), (0.9, 0.5), (1.3, 0.5), (1.3, 0.1), (0.9, 0.1), (0.5, 0.1)]);
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes.len(), 2);
    for (stroke, y) in sketch.strokes.iter().zip([0.5, 0.1]) {
        assert!(stroke.points.iter().all(|p| (p.y - y).abs() < 0.01), "{stroke:?}");
        assert!(stroke.points.iter().any(|p| p.x > 0.99), "it reaches the edge: {stroke:?}");
    }
    window.get_by_label("Undo").click();
    window.run();
    assert!(window.state().sketch(0).is_empty(), "it was one movement");
}

/// Presses and lets go within one frame.
fn tap(window: &mut Window, at: egui::Pos2) {
    window.hover_at(at);
    window.step();
    strike(window, &[at]);
    window.step();
    window.run();
}

/// A press, a way and a release that the next frame tells of at once.
fn strike(window: &mut Window, path: &[egui::Pos2]) {
    let (button, modifiers) = (egui::PointerButton::Primary, Modifiers::NONE);
    let events = &mut window.input_mut().events;
    let press = |pos, pressed| egui::Event::PointerButton { pos, button, pressed, modifiers };
    events.push(press(path[0], true));
    events.extend(path[1..].iter().map(|at| egui::Event::PointerMoved(*at)));
    events.push(press(path[path.len() - 1], false));
}

#[test]
fn taps_within_one_frame_are_dots_each_a_step_of_its_own() {
    let mut window = usual();
    let places = [(0.2, 0.3), (0.5, 0.8), (0.9, 0.1)];
    let at = on_pad(&window, 0.2, 0.3);
    tap(&mut window, at);
    assert_eq!(window.state().sketch(0).strokes.len(), 1);
    // The pointer is elsewhere when the frame tells of the other two.
    for (x, y) in &places[1..] {
        let at = on_pad(&window, *x, *y);
        strike(&mut window, &[at]);
    }
    let away = window.get_by_label("Keyboard").rect().center();
    window.hover_at(away);
    window.run();
    let sketch = window.state().sketch(0);
    assert_eq!(sketch.strokes.len(), 3);
    for (stroke, (x, y)) in sketch.strokes.iter().zip(places) {
        assert!(stroke.points.len() == 1, "{stroke:?}");
        assert!((stroke.points[0].x - x).abs() < 0.01 && (stroke.points[0].y - y).abs() < 0.01, "{stroke:?}");
    }
    assert_eq!(reads(&window).last().unwrap().2, 3, "they were read");
    for left in [2, 1, 0] {
        window.get_by_label("Undo").click();
        window.run();
        assert_eq!(window.state().sketch(0).strokes.len(), left);
    }
}

#[test]
fn a_stroke_that_a_frame_tells_of_at_once_is_drawn_and_one_that_goes_on_after_a_tap() {
    let mut window = usual();
    let at = |x: f32| on_pad(&window, x, 0.5);
    let (dot, from, to) = (at(0.1), at(0.3), at(0.6));
    strike(&mut window, &[dot]);
    strike(&mut window, &[from, to]);
    let (button, modifiers) = (egui::PointerButton::Primary, Modifiers::NONE);
    let [next, end] = [0.7, 0.9].map(|x| on_pad(&window, x, 0.5));
    let press = egui::Event::PointerButton { pos: next, button, pressed: true, modifiers };
    window.input_mut().events.push(press);
    window.step();
    window.hover_at(end);
    window.step();
    window.drop_at(end);
    window.run();
    let ends = |stroke: &neume_models::Stroke| {
        [stroke.points[0].x, stroke.points[stroke.points.len() - 1].x].map(|x| (x * 100.0).round() / 100.0)
    };
    let drawn: Vec<_> = window.state().sketch(0).strokes.iter().map(ends).collect();
    assert_eq!(drawn, [[0.1, 0.1], [0.3, 0.6], [0.7, 0.9]]);
}

#[test]
fn the_line_and_the_eraser_take_taps_too_and_a_tap_beside_the_pad_draws_nothing() {
    let mut window = usual();
    window.get_by_label("Line").click();
    window.run();
    let at = on_pad(&window, 0.5, 0.5);
    tap(&mut window, at);
    assert_eq!(window.state().sketch(0).strokes[0].points.len(), 1);
    let beside = window.get_by_label("Keyboard").rect().center();
    tap(&mut window, beside);
    assert_eq!(window.state().sketch(0).strokes.len(), 1);
    window.get_by_label("Eraser").click();
    window.run();
    tap(&mut window, at);
    assert!(window.state().sketch(0).is_empty());
}

#[test]
fn two_taps_at_once_set_a_slider_back() {
    let mut window = usual();
    window.get_by_label("Sound").click();
    window.run();
    let at = window.get_by_label("Sustain").rect().center();
    let usual = window.state().controls.value(Knob::Sustain);
    window.hover_at(at);
    window.step();
    strike(&mut window, &[at]);
    window.step();
    assert!((window.state().controls.value(Knob::Sustain) - usual).abs() > 0.1, "one tap moves it");
    strike(&mut window, &[at]);
    window.step();
    assert_eq!(window.state().controls.value(Knob::Sustain), usual, "a tap in each of two frames");
    // Long after.
    for _ in 0..60 {
        window.step();
    }
    strike(&mut window, &[at]);
    strike(&mut window, &[at]);
    window.run();
    assert_eq!(window.state().controls.value(Knob::Sustain), usual, "both in one");
    let gestures = &window.state().controls.gestures;
    assert!(gestures.chunks(2).all(|pair| pair == [(Knob::Sustain, true), (Knob::Sustain, false)]));
}

#[test]
fn a_tap_within_one_frame_sets_the_wedge_and_the_ramp_and_presses_a_key() {
    let mut window = usual();
    let wedge = window.get_by_label("Thickness").rect();
    tap(&mut window, wedge.center_bottom() - egui::vec2(0.0, 1.0));
    assert!((window.state().state.loudness_db + 36.0).abs() < 0.6, "{}", window.state().state.loudness_db);
    let ramp = window.get_by_label("Brightness").rect();
    tap(&mut window, ramp.right_center() - egui::vec2(2.0, 0.0));
    assert_eq!(window.state().state.ink.step, 4);
    let keyboard = window.get_by_label("Keyboard").rect();
    tap(&mut window, keyboard.center_bottom() - egui::vec2(0.0, 4.0));
    let keys = &mut window.state_mut().engine.keys;
    let presses: Vec<_> = std::iter::from_fn(|| keys.pop().ok()).collect();
    assert!(presses.len() == 2 && presses[0].velocity > 0.0 && presses[1].velocity == 0.0, "{presses:?}");
}

#[test]
fn the_key_that_corrects_what_is_written_never_clears_the_pad() {
    let mut window = usual();
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    window.key_press(Key::Backspace);
    window.run();
    assert_eq!(window.state().sketch(0).strokes.len(), 1);
    window.key_press(Key::Delete);
    window.run();
    assert!(window.state().sketch(0).is_empty());
}
