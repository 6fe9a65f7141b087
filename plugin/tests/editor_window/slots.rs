//! Drawings that are carried from slot to slot.

use std::sync::Arc;

use egui::{Event, Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use neume::editor::{Theme, USUAL_SIZE};
use neume::handoff::Request;
use neume::state::{BankRef, Chosen};
use neume_bank::SoundId;
use neume_models::Sketch;

use super::scene;
use super::window::{Window, draw, open};

/// Sixteen slots of which eleven are drawn; the third is named and shown.
fn furnished<'a>() -> Window<'a> {
    let window = open(scene::bench(Theme::Dark), USUAL_SIZE, 1.0);
    window.state().asked();
    window
}

/// Drags the slot of one label to that of another while keys are held.
fn carry(window: &mut Window, from: &str, to: &str, held: Modifiers) {
    let [from, to] = [from, to].map(|label| window.get_by_label(label).rect().center());
    window.input_mut().events.push(Event::ModifiersChanged(held));
    window.hover_at(from);
    window.step();
    window.drag_at(from);
    window.step();
    window.hover_at(from.lerp(to, 0.5));
    window.step();
    window.hover_at(to);
    window.step();
    window.drop_at(to);
    window.step();
    window.input_mut().events.push(Event::ModifiersChanged(Modifiers::NONE));
    window.run();
}

fn undo(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
}

/// What two slots hold: drawings and names.
fn held(window: &Window, slots: [usize; 2]) -> [(Arc<Sketch>, String); 2] {
    let document = window.state().editor.document.get();
    slots.map(|slot| (document.slots[slot].sketch.clone(), document.slots[slot].name.clone()))
}

const THIRD: &str = "Slot 3: Vespers, third drawing";

#[test]
fn a_drawing_that_is_dragged_to_another_slot_is_moved_there_and_back_again() {
    let mut window = furnished();
    let [third, empty] = held(&window, [2, 11]);
    carry(&mut window, THIRD, "Slot 12: empty", Modifiers::NONE);
    assert_eq!(held(&window, [2, 11]), [empty.clone(), third.clone()]);
    assert_eq!(window.state().controls.slot, 11, "it is shown where it is");
    let reads = |window: &Window| {
        let asked = window.state().asked();
        let read =
            |request: &Request| if let Request::Read { slot, .. } = request { Some(*slot) } else { None };
        asked.iter().filter_map(read).collect::<Vec<_>>()
    };
    assert_eq!(reads(&window), [2, 11], "both are read");
    undo(&mut window);
    assert_eq!(held(&window, [2, 11]), [third.clone(), empty.clone()]);
    window.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    window.run();
    assert_eq!(held(&window, [2, 11]), [empty, third]);
}

#[test]
fn two_drawings_change_places_and_what_was_done_to_one_since_stays_when_that_is_taken_back() {
    let mut window = furnished();
    let [third, fourth] = held(&window, [2, 3]);
    carry(&mut window, THIRD, "Slot 4", Modifiers::NONE);
    assert_eq!(held(&window, [2, 3]), [fourth.clone(), third.clone()]);
    draw(&mut window, &[(0.2, 0.9), (0.8, 0.9)]);
    let drawn_on = held(&window, [2, 3])[1].clone();
    assert_eq!(drawn_on.0.strokes.len(), third.0.strokes.len() + 1);
    window.get_by_label("Slot 3").click();
    window.run();
    undo(&mut window);
    assert_eq!(held(&window, [2, 3]), [third.clone(), drawn_on], "the other one was drawn on");
    window.get_by_label("Slot 4: Vespers, third drawing").click();
    window.run();
    undo(&mut window);
    assert_eq!(held(&window, [2, 3]), [third.clone(), third.clone()]);
    undo(&mut window);
    assert_eq!(held(&window, [2, 3]), [third, fourth]);
}

#[test]
fn with_a_key_a_drawing_is_copied_with_the_sound_that_was_chosen_for_it() {
    let mut window = furnished();
    let [third, fourth] = held(&window, [2, 3]);
    let chosen = Chosen {
        instrument: None,
        sound: SoundId::of(b"cello"),
        bank: BankRef::Factory,
        zones: Vec::new(),
        gain_db: 0.0,
        drawn_midi: 60.0,
        contour: Vec::new(),
        by_hand: true,
    };
    window.state().editor.document.edit(|document| document.slots[2].chosen = Some(chosen));
    window.run();
    carry(&mut window, THIRD, "Slot 4", Modifiers::COMMAND);
    assert_eq!(held(&window, [2, 3]), [third.clone(), third.clone()]);
    let asked = window.state().asked();
    let is_chosen = |asked: &Request| matches!(asked, Request::Choose { slot: 3, sound, .. } if *sound == SoundId::of(b"cello"));
    assert!(asked.iter().any(is_chosen), "{asked:?}");
    undo(&mut window);
    assert_eq!(held(&window, [2, 3]), [third, fourth]);
}

#[test]
fn what_is_dragged_from_an_empty_slot_or_beside_the_slots_changes_nothing() {
    let mut window = furnished();
    let before = window.state().editor.document.get();
    carry(&mut window, "Slot 12: empty", THIRD, Modifiers::NONE);
    carry(&mut window, THIRD, "Keyboard", Modifiers::NONE);
    carry(&mut window, THIRD, THIRD, Modifiers::NONE);
    assert_eq!(*window.state().editor.document.get(), *before);
    assert_eq!(window.state().controls.slot, 2);
}
