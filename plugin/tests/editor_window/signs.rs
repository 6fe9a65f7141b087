//! Teaching, correcting, binding, naming, forgetting, merging; and taking all of it back.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use neume::editor::{Tab, Theme, USUAL_SIZE};
use neume::handoff::Request;
use neume::language::{Language, Meaning, Spoken};
use neume_models::Family;

use super::scene;
use super::window::{Window, draw, drop_language, open};

fn signs<'a>() -> Window<'a> {
    let mut bench = scene::spoken(Theme::Dark);
    bench.state.tab = Tab::Signs;
    let window = open(bench, USUAL_SIZE, 1.0);
    window.state().asked();
    window
}

fn language(window: &Window) -> Language {
    window.state().editor.document.get().language.clone()
}

fn asked_once(window: &Window) {
    let asked = window.state().asked();
    assert!(matches!(asked.as_slice(), [Request::Language]), "{asked:?}");
}

#[test]
fn a_drawing_is_taught_under_the_name_that_is_written() {
    let mut window = signs();
    let drawing = window.state().sketch(2);
    window.get_by_label("Name of the sign").focus();
    window.run();
    window.get_by_label("Name of the sign").type_text("dusk");
    window.run();
    window.get_by_label("Teach").click();
    window.run();
    asked_once(&window);
    assert_eq!(language(&window).sign("dusk").expect("it is taught").examples, [drawing]);
    window.get_by_label("Forget dusk");
}

#[test]
fn a_wrong_guess_is_corrected_by_one_click_and_the_correction_teaches() {
    let mut window = signs();
    let drawing = window.state().sketch(2);
    window.get_by_label("Taken for long bow");
    window.get_by_label("It is breath").click();
    window.run();
    asked_once(&window);
    assert!(language(&window).sign("breath").unwrap().examples.contains(&drawing));
    assert!(!language(&window).sign("long bow").unwrap().examples.contains(&drawing));
    window.get_by_label("It is no sign").click();
    window.run();
    assert_eq!(language(&window).plain, [drawing]);
}

#[test]
fn correcting_the_only_drawing_of_a_sign_forgets_the_sign_and_says_so() {
    let mut window = signs();
    let drawing = window.state().sketch(2);
    window.state().editor.document.edit(|document| {
        document.language.sign_mut("long bow").unwrap().examples = vec![drawing.clone()];
    });
    window.run();
    let before = language(&window);
    window.get_by_label("It is breath").click();
    window.run();
    assert_eq!(language(&window).sign("long bow"), None);
    assert!(language(&window).sign("breath").unwrap().examples.contains(&drawing));
    window.get_by_label("Undo: long bow is forgotten").click();
    window.run();
    assert_eq!(language(&window), before);
    window.get_by_label("It is no sign").click();
    window.run();
    assert_eq!(language(&window).sign("long bow"), None);
    window.get_by_label("long bow is forgotten");
}

#[test]
fn an_aspect_is_bound_to_what_is_heard_and_left_to_the_legend_again() {
    let mut window = signs();
    window.get_by_label("Sign rain").click();
    window.run();
    window.get_by_label("rain means a pitch of its own").click();
    window.run();
    asked_once(&window);
    assert_eq!(language(&window).sign("rain").unwrap().meaning.pitch_midi, Some(62.0));
    window.get_by_label("rain means a pitch of its own").click();
    window.run();
    assert!(language(&window).sign("rain").unwrap().meaning.is_open());
}

#[test]
fn an_example_and_a_whole_sign_are_forgotten() {
    let mut window = signs();
    window.get_by_label("Sign long bow").click();
    window.run();
    window.get_by_label("Forget example 1 of long bow").click();
    window.run();
    assert_eq!(language(&window).sign("long bow").unwrap().examples.len(), 1);
    window.get_by_label("Forget example 1 of long bow").click();
    window.run();
    assert_eq!(language(&window).sign("long bow").unwrap().examples.len(), 1, "a sign keeps its last");
    window.get_by_label("Forget long bow").click();
    window.run();
    assert_eq!(language(&window).sign("long bow"), None);
    assert_eq!(language(&window).signs.len(), 4);
}

#[test]
fn the_composer_chooses_what_drawings_speak_of() {
    let mut window = signs();
    window.get_by_label("Drawings speak of family").click();
    window.run();
    asked_once(&window);
    assert_eq!(language(&window).spoken, Spoken { family: false, ..Spoken::default() });
}

#[test]
fn the_rows_of_the_pad_are_written_as_notes_or_numbers() {
    let mut window = signs();
    for (written, high) in [("a4", 69), ("Bb5", 82), ("71", 71), ("nothing", 71)] {
        window.get_by_label("Highest row").click();
        window.run();
        window.get_by_label("Highest row").type_text(written);
        window.run();
        window.key_press(egui::Key::Enter);
        window.run();
        assert_eq!(language(&window).legend.scale.high_midi(), high, "{written}");
    }
}

#[test]
fn the_composer_chooses_the_rows_of_the_pad_and_the_hue_of_a_family() {
    let mut window = signs();
    let low = window.get_by_label("Lowest row").rect().center();
    window.hover_at(low);
    window.drag_at(low);
    window.step();
    window.hover_at(low + egui::vec2(80.0, 0.0));
    window.step();
    window.drop_at(low + egui::vec2(80.0, 0.0));
    window.run();
    assert!(language(&window).legend.scale.low_midi() > 36, "{}", language(&window).legend.scale);
    window.get_by_label("brass").click_secondary();
    window.run();
    // Of the two places where it is written, the one in the menu is a single line.
    let in_menu = |node: &egui_kittest::Node<'_>| node.rect().height() < 40.0;
    window.get_all_by_label("vocal").find(in_menu).expect("the menu lists the families").click();
    window.run();
    let palette = language(&window).legend.palette;
    assert_eq!((palette[0], palette[7]), (Family::Vocal, Family::Brass));
}

fn undo(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    window.run();
}

fn redo(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Y);
    window.run();
}

#[test]
fn what_was_done_last_is_taken_back_be_it_ink_or_a_sign() {
    let mut window = signs();
    let (ink, before) = (window.state().sketch(2), language(&window));
    draw(&mut window, &[(0.2, 0.8), (0.8, 0.8)]);
    window.get_by_label("Sign long bow").click();
    window.run();
    window.get_by_label("long bow means a pitch of its own").click();
    window.run();
    window.get_by_label("Forget long bow").click();
    window.run();
    let (drawn, forgotten) = (window.state().sketch(2), language(&window));
    assert_eq!(forgotten.sign("long bow"), None);
    window.state().asked();
    undo(&mut window);
    asked_once(&window);
    assert_eq!(language(&window).sign("long bow").unwrap().meaning.pitch_midi, Some(62.0));
    assert_eq!(window.state().sketch(2), drawn, "the ink stays");
    undo(&mut window);
    assert_eq!(language(&window), before);
    undo(&mut window);
    assert_eq!((window.state().sketch(2), language(&window)), (ink, before));
    for _ in 0..3 {
        redo(&mut window);
    }
    assert_eq!((window.state().sketch(2), language(&window)), (drawn, forgotten));
}

#[test]
fn what_is_forgotten_is_said_with_a_button_that_takes_it_back() {
    let mut window = signs();
    let before = language(&window);
    window.get_by_label("Sign long bow").click();
    window.run();
    window.get_by_label("Forget example 1 of long bow").click();
    window.run();
    window.get_by_label("an example of long bow is forgotten");
    window.get_by_label("Forget long bow").click();
    window.run();
    window.get_by_label("Undo: long bow is forgotten").click();
    window.run();
    window.get_by_label("Undo: an example of long bow is forgotten").click();
    window.run();
    assert_eq!(language(&window), before);
    assert!(window.query_by_label_contains("is forgotten").is_none());
    redo(&mut window);
    window.get_by_label("an example of long bow is forgotten");
    draw(&mut window, &[(0.2, 0.8), (0.8, 0.8)]);
    assert!(window.query_by_label_contains("is forgotten").is_none(), "now the stroke would be taken back");
}

#[test]
fn signs_are_taken_back_in_every_slot_and_ink_where_it_was_drawn() {
    let mut window = signs();
    let before = language(&window);
    draw(&mut window, &[(0.2, 0.8), (0.8, 0.8)]);
    let drawn = window.state().sketch(2);
    window.get_by_label("It is breath").click();
    window.run();
    window.get_by_label_contains("Slot 5").click();
    window.run();
    undo(&mut window);
    assert_eq!(language(&window), before);
    undo(&mut window);
    assert_eq!(window.state().sketch(2), drawn, "another slot is shown");
}

#[test]
fn the_correction_the_hues_and_a_drag_of_the_rows_are_a_step_each() {
    let mut window = signs();
    let before = language(&window);
    window.get_by_label("It is no sign").click();
    window.run();
    let plain = language(&window);
    window.get_by_label("brass").click_secondary();
    window.run();
    let in_menu = |node: &egui_kittest::Node<'_>| node.rect().height() < 40.0;
    window.get_all_by_label("vocal").find(in_menu).expect("the menu lists the families").click();
    window.run();
    let exchanged = language(&window);
    let low = window.get_by_label("Lowest row").rect().center();
    window.hover_at(low);
    window.drag_at(low);
    window.step();
    for right in [30.0, 60.0, 90.0] {
        window.hover_at(low + egui::vec2(right, 0.0));
        window.step();
    }
    window.drop_at(low + egui::vec2(90.0, 0.0));
    window.run();
    assert!(language(&window).legend.scale != exchanged.legend.scale);
    for expected in [exchanged, plain, before] {
        undo(&mut window);
        assert_eq!(language(&window), expected);
    }
}

#[test]
fn the_language_is_named_in_one_step() {
    let mut window = signs();
    let before = language(&window);
    window.get_by_label("Name of the language").focus();
    window.run();
    for text in [" and", " lauds"] {
        window.get_by_label("Name of the language").type_text(text);
        window.run();
    }
    assert_eq!(language(&window).name, "Vespers and lauds");
    window.get_by_label("Sign rain").click();
    window.run();
    undo(&mut window);
    assert_eq!(language(&window), before);
}

#[test]
fn the_open_sign_is_renamed_but_not_to_a_name_that_is_taken() {
    let mut window = signs();
    let before = language(&window);
    let write = |window: &mut Window, sign: &str, name: &str, key: Key| {
        window.get_by_label(&format!("Name of {sign}")).focus();
        window.run();
        window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.get_by_label(&format!("Name of {sign}")).type_text(name);
        window.run();
        window.key_press(key);
        window.run();
    };
    window.get_by_label("Sign rain").click();
    window.run();
    window.state().asked();
    write(&mut window, "rain", "drizzle", Key::Escape);
    assert_eq!(language(&window), before);
    write(&mut window, "rain", "saw", Key::Enter);
    assert_eq!(language(&window), before);
    window.get_by_label("saw: another sign is called so already");
    assert!(window.state().asked().is_empty());
    write(&mut window, "rain", " drizzle", Key::Enter);
    asked_once(&window);
    let renamed = language(&window);
    assert_eq!(renamed.sign("rain"), None);
    assert_eq!(renamed.sign("drizzle").unwrap().examples, before.sign("rain").unwrap().examples);
    window.get_by_label("Forget drizzle");
    assert!(window.query_by_label_contains("another sign").is_none());
    undo(&mut window);
    assert_eq!(language(&window), before);
    window.get_by_label("Forget rain");
}

#[test]
fn a_clash_says_both_meanings_and_how_many_are_left_and_comes_back_when_its_answer_is_taken_back() {
    let mut window = signs();
    let mut theirs = language(&window);
    for (name, midi) in [("rain", 72.0), ("saw", 48.0)] {
        let meaning = Meaning { pitch_midi: Some(midi), ..Meaning::default() };
        theirs.sign_mut(name).unwrap().meaning = meaning;
    }
    let before = language(&window);
    drop_language(&mut window, &theirs, "Keep mine");
    let rain = "rain means something else there. Here: read by the legend. There: C5. 1 more";
    let saw = "saw means something else there. Here: rough 90. There: C3.";
    window.get_by_label(rain);
    window.get_by_label("Take theirs").click();
    window.run();
    assert_eq!(language(&window).sign("rain").unwrap().meaning.pitch_midi, Some(72.0));
    window.get_by_label(saw);
    window.get_by_label("Keep mine").click();
    window.run();
    assert!(window.query_by_label("Keep mine").is_none());
    undo(&mut window);
    window.get_by_label(saw);
    undo(&mut window);
    window.get_by_label(rain);
    assert_eq!(language(&window), before);
    undo(&mut window);
    assert!(window.query_by_label("Keep mine").is_none(), "the file is taken back");
}

#[test]
fn a_language_that_brings_nothing_new_is_said_to() {
    let mut window = signs();
    let ours = language(&window);
    drop_language(&mut window, &ours, "nothing in this language is new");
    assert_eq!(language(&window), ours);
    assert!(!window.state().asked().iter().any(|asked| matches!(asked, Request::Language)));
}
