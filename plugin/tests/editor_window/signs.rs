//! Teaching, correcting, binding, forgetting.

use egui_kittest::kittest::Queryable as _;
use neume::editor::{Tab, Theme, USUAL_SIZE};
use neume::handoff::Request;
use neume::language::{Language, Spoken};
use neume_models::Family;

use super::scene;
use super::window::{Window, open};

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
