//! Matches, slots, banks, keys, parameters.

use egui_kittest::kittest::Queryable as _;
use neume::device::Device;
use neume::editor::{Knob, Tab, Theme};
use neume::engine::Mode;
use neume::handoff::{BankView, DeviceView, DoubtView, KeyPress, Request, ScanProgress, SearchAsked, View};
use neume::state::BankRef;
use neume_bank::Decision;
use neume_models::Family;

use super::scene;
use super::window::{Bench, Window, draw, open, usual};

fn furnished<'a>() -> Window<'a> {
    open(scene::bench(Theme::Dark), neume::editor::USUAL_SIZE, 1.0)
}

#[test]
fn choosing_another_match_puts_it_under_the_keys_and_plays_it() {
    let mut window = furnished();
    window.state().asked();
    window.get_by_label("Choose Viola ensemble").click();
    window.run();
    let viola = scene::sound_id("Viola ensemble");
    let asked = window.state().asked();
    assert!(
        matches!(asked.as_slice(), [Request::Choose { slot: 2, sound, .. }, Request::Audition { sound: heard, .. }]
            if *sound == viola && *heard == viola),
        "{asked:?}"
    );
}

#[test]
fn a_drawing_is_taught_from_the_view_match_by_writing_its_name() {
    let mut window = furnished();
    window.get_by_label("Teach a sign").click();
    window.run();
    assert!(window.get_by_label("Name of the sign").is_focused());
}

#[test]
fn the_memory_of_sounds_is_chosen_in_the_view_look() {
    let mut window = furnished();
    window.get_by_label("Look").click();
    window.run();
    window.state().asked();
    window.get_by_label("2 GB").click();
    window.run();
    let asked = window.state().asked();
    assert!(matches!(asked.as_slice(), [Request::Memory(budget)] if budget.megabytes() == 2048), "{asked:?}");
}

#[test]
fn a_match_is_heard_once_when_the_pointer_rests_on_it() {
    let mut window = furnished();
    window.state().asked();
    window.get_by_label(&format!("Choose {}", scene::SHARED)).hover();
    window.run_steps(30);
    let heard = window.state().asked();
    assert!(
        matches!(heard.as_slice(), [Request::Audition { sound, instrument: Some(instrument) }]
            if *sound == scene::sound_id(scene::SHARED) && instrument == "Bowed psaltery, solo"),
        "{heard:?}"
    );
}

#[test]
fn a_click_on_a_slot_chooses_it_and_the_pad_shows_its_drawing() {
    let mut window = furnished();
    window.get_by_label("Slot 12: empty").click();
    window.run();
    assert_eq!(window.state().controls.slot, 11);
    window.get_by_label("Nothing drawn yet");
    draw(&mut window, &[(0.2, 0.4), (0.8, 0.4)]);
    assert_eq!(window.state().sketch(11).strokes.len(), 1);
    let asked = window.state().asked();
    assert!(asked.iter().all(|request| matches!(request, Request::Read { slot: 11, .. })), "{asked:?}");
    window.get_by_label("Previous slot").click();
    window.run();
    assert_eq!(window.state().controls.slot, 10);
}

#[test]
fn how_keys_play_is_chosen_at_the_top() {
    let mut window = furnished();
    for (label, mode) in [("As drawn", Mode::Drawn), ("Slots", Mode::Slots), ("Chromatic", Mode::Chromatic)] {
        window.get_by_label(label).click();
        window.run();
        assert_eq!(window.state().controls.mode, mode);
    }
}

#[test]
fn a_drawn_key_is_pressed_and_lifted() {
    let mut window = usual();
    let keyboard = window.get_by_label("Keyboard").rect();
    let at = egui::pos2(keyboard.left() + keyboard.width() * 23.5 / 52.0, keyboard.bottom() - 4.0);
    window.hover_at(at);
    window.drag_at(at);
    window.step();
    window.drop_at(at);
    window.run();
    let keys = &mut window.state_mut().engine.keys;
    let presses: Vec<KeyPress> = std::iter::from_fn(|| keys.pop().ok()).collect();
    assert_eq!(presses.len(), 2, "{presses:?}");
    assert_eq!((presses[0].key, presses[1].key), (60, 60), "the 24th white key from A0 is C4");
    assert!(presses[0].velocity > 0.9 && presses[1].velocity == 0.0, "{presses:?}");
}

#[test]
fn every_view_opens_and_says_what_it_knows() {
    let mut window = furnished();
    window.get_by_label("Bank").click();
    window.run();
    window.get_by_label("Factory");
    window.get_by_label("Choose a folder with sounds…");
    window.get_by_label("Sound").click();
    window.run();
    for knob in Knob::ALL {
        window.get_by_label(knob.label());
    }
    window.get_by_label("Look").click();
    window.run();
    window.get_by_label("Scope");
    assert_eq!(window.state().state.tab, Tab::Look);
}

#[test]
fn a_knob_is_moved_in_one_gesture_of_the_host() {
    let mut window = furnished();
    window.get_by_label("Sound").click();
    window.run();
    let knob = window.get_by_label("Sustain").rect();
    let at = knob.left_center() + egui::vec2(knob.width() * 0.25, 0.0);
    window.hover_at(at);
    window.drag_at(at);
    window.step();
    window.step();
    window.drop_at(at);
    window.run();
    let controls = &window.state().controls;
    assert_eq!(controls.gestures, [(Knob::Sustain, true), (Knob::Sustain, false)]);
    let set = neume::editor::Controls::value(controls, Knob::Sustain);
    assert!((set - 0.25).abs() < 0.02, "{set}");
}

#[test]
fn sliders_follow_the_arrow_keys() {
    let mut window = furnished();
    window.state().asked();
    window.get_by_label("Weight of pitch").focus();
    window.run();
    window.key_press(egui::Key::ArrowRight);
    window.run();
    let asked = window.state().asked();
    assert!(matches!(asked.as_slice(), [Request::Weigh(weights)] if weights.pitch > 1.0), "{asked:?}");
    window.get_by_label("Thickness").focus();
    window.run();
    let before = window.state().state.loudness_db;
    window.key_press(egui::Key::ArrowUp);
    window.run();
    assert!((window.state().state.loudness_db - before - 1.0).abs() < 1e-3);
}

#[test]
fn going_back_to_the_factory_bank_is_one_click() {
    let bench = scene::bench(Theme::Dark);
    bench.editor.document.edit(|document| document.bank = BankRef::Folder("/music/my sounds".into()));
    let mut window = open(bench, neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("Bank").click();
    window.run();
    window.get_by_label("my sounds");
    window.state().asked();
    window.get_by_label("Factory").click();
    window.run();
    let asked = window.state().asked();
    assert!(matches!(asked.as_slice(), [Request::OpenBank(BankRef::Factory)]), "{asked:?}");
    assert_eq!(window.state().editor.document.get().bank, BankRef::Factory);
}

#[test]
fn what_counts_is_weighed_anew() {
    let mut window = furnished();
    window.state().asked();
    let slider = window.get_by_label("Weight of timbre").rect();
    window.hover_at(slider.left_center());
    window.drag_at(slider.left_center());
    window.step();
    window.drop_at(slider.left_center());
    window.run();
    let asked = window.state().asked();
    assert!(matches!(asked.as_slice(), [Request::Weigh(weights)] if weights.timbre < 0.06), "{asked:?}");
}

#[test]
fn scans_failures_and_notices_are_shown() {
    let bench = scene::bench(Theme::Dark);
    let mut view = View::clone(&bench.editor.view.lock());
    view.bank = BankView {
        name: "my sounds".to_string(),
        sounds: 40,
        scanning: Some(ScanProgress { done: 41, total: 200 }),
        failed: vec![("/music/broken.wav".into(), "the file is empty".to_string())].into(),
        ..BankView::default()
    };
    view.notice = Some("/music/broken.wav: the file is empty".to_string());
    bench.publish(view);
    let mut window = open(bench, neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("/music/broken.wav: the file is empty");
    window.get_by_label("Close the message").click();
    window.run();
    assert!(window.query_by_label("Close the message").is_none(), "a notice that was closed stays closed");
    window.get_by_label("Bank").click();
    window.run();
    window.get_by_label("Listening: 41 of 200 files");
    window.get_by_label("40 sounds: can be drawn for already");
}

#[test]
fn a_bank_that_stands_in_for_the_chosen_one_is_named() {
    for (scanning, label) in [
        (Some(ScanProgress { done: 2, total: 200 }), "No sounds yet: Factory plays until then"),
        (None, "No sounds: Factory plays instead"),
    ] {
        let mut bench = scene::bench(Theme::Dark);
        bench.state.tab = Tab::Bank;
        let mut view = View::clone(&bench.editor.view.lock());
        view.bank = BankView { stands_in: true, scanning, ..view.bank };
        bench.publish(view);
        let window = open(bench, neume::editor::USUAL_SIZE, 1.0);
        window.get_by_label(label);
    }
    for (stands_in, label) in
        [(true, "No sounds: the folder cannot be read"), (false, "No sounds: none is in this folder")]
    {
        let mut bench = scene::bench(Theme::Dark);
        bench.state.tab = Tab::Bank;
        bench.publish(View { bank: BankView { stands_in, ..BankView::default() }, ..View::default() });
        bench.editor.document.edit(|document| document.bank = BankRef::Folder("/music/nothing".into()));
        open(bench, neume::editor::USUAL_SIZE, 1.0).get_by_label(label);
    }
}

#[test]
fn roots_in_doubt_are_listed_heard_and_decided() {
    let mut bench = scene::doubtful(Theme::Dark);
    bench.state.tab = Tab::Bank;
    let mut window = open(bench, [1180.0, 1000.0], 1.0);
    window.get_by_label("4 sounds are called by another note");
    window.get_by_label("Harmonium, soft is D5 from now on");
    window.state().asked();
    let sound = scene::sound_id;
    for (label, name, decision) in [
        ("Take A4: Bowed psaltery", "Bowed psaltery", Some(Decision::Ear)),
        ("Keep C2: Organ pipe 8'", "Organ pipe 8'", Some(Decision::Name)),
        ("Undo: Harmonium, soft", "Harmonium, soft", None),
    ] {
        window.get_by_label(label).click();
        window.run();
        let asked = window.state().asked();
        let expected = |asked: &[Request]| matches!(asked, [Request::DecideRoot { sound: of, decision: by }] if *of == sound(name) && *by == decision);
        assert!(expected(&asked), "{label}: {asked:?}");
    }
    window.get_by_label("Hear Bowed psaltery").click();
    window.run();
    let asked = window.state().asked();
    assert!(
        matches!(asked[..], [Request::Audition { sound: of, .. }] if of == sound("Bowed psaltery")),
        "{asked:?}"
    );

    // The chosen sound is decided on where it is shown.
    window.get_by_label("Match").click();
    window.run();
    window.state().asked();
    window.get_by_label("Take D3: Cello, sul tasto").click();
    window.run();
    let asked = window.state().asked();
    assert!(matches!(asked[..], [Request::DecideRoot { decision: Some(Decision::Ear), .. }]), "{asked:?}");
}

#[test]
fn a_long_list_of_doubts_and_failures_is_walked_to_its_end() {
    let mut bench = scene::doubtful(Theme::Light);
    bench.state.tab = Tab::Bank;
    let mut view = View::clone(&bench.editor.view.lock());
    let one = view.bank.doubts[3].clone();
    let doubts = (0..500).map(|i| DoubtView { title: scene::title(&format!("pipe {i}")), ..one.clone() });
    view.bank.doubts = doubts.collect();
    bench.publish(view);
    let mut window = open(bench, neume::editor::LEAST_SIZE, 1.0);
    window.get_by_label("Hear pipe 0");
    assert!(window.query_by_label("Hear pipe 100").is_none(), "what is not seen is not laid out");
    let list = window.get_by_label("Hear pipe 0").rect().center();
    window.hover_at(list);
    window.event(wheel(-100_000.0));
    window.run_steps(60);
    window.get_by_label("percussion: 22 sounds");
}

#[test]
fn a_sound_that_is_gone_is_named_with_one_action() {
    let bench = scene::bench(Theme::Dark);
    let mut view = View::clone(&bench.editor.view.lock());
    view.slots[2].missing = Some("Glass harmonica".to_string());
    bench.publish(view);
    let window = open(bench, neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("Glass harmonica is missing");
    window.get_by_label("Point at its folder…");
}

#[test]
fn an_empty_window_says_what_to_do() {
    let window = open(Bench::new(Theme::Light), neume::editor::LEAST_SIZE, 1.0);
    window.get_by_label("Nothing drawn yet");
}

#[test]
fn where_the_networks_run_is_named_and_chosen_in_the_view_look() {
    let other = Device::CHOICES[1];
    let mut window = furnished();
    window.get_by_label("Look").click();
    window.run();
    window.state().asked();
    window.get_by_label(other.label()).click();
    window.run();
    let asked = window.state().asked();
    assert!(matches!(asked[..], [Request::Device(device)] if device == other), "{asked:?}");

    // Once the Worker says that it serves, it is what is chosen, and a click on it asks for nothing.
    let bench = scene::bench(Theme::Light);
    let mut view = View::clone(&bench.editor.view.lock());
    view.device = DeviceView { device: other, name: format!("{other}: NVIDIA H200"), has_other: true };
    bench.publish(view);
    let mut window = open(bench, neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("Look").click();
    window.run();
    window.state().asked();
    window.get_by_label(other.label()).click();
    window.run();
    assert!(window.state().asked().is_empty());
    window.get_by_role_and_label(egui::accesskit::Role::RadioButton, "CPU").click();
    window.run();
    assert!(matches!(window.state().asked()[..], [Request::Device(Device::Cpu)]));
}

#[test]
fn a_sound_is_called_by_its_instrument_with_what_tells_it_from_the_others() {
    let mut window = open(scene::bench(Theme::Dark), [1180.0, 1000.0], 1.0);
    window.state().asked();
    window.get_by_label("Choose French horn, 063_1").click();
    window.run();
    let asked = window.state().asked();
    let horn = scene::sound_id("French horn / 063_1");
    assert!(matches!(asked[..], [Request::Choose { sound, .. }, ..] if sound == horn), "{asked:?}");
}

#[test]
fn at_the_smallest_size_and_below_nothing_is_dropped_and_nothing_overlaps() {
    for size in [neume::editor::LEAST_SIZE, [700.0, 450.0]] {
        let mut window = open(scene::doubtful(Theme::Dark), size, 1.0);
        let whole = egui::Rect::from_min_size(egui::Pos2::ZERO, neume::editor::LEAST_SIZE.into());
        let labels =
            ["More like this", "Not this", "Teach a sign", "Show the bank", "Export as PNG", "Brightness"];
        let mut places = vec![window.get_by_label("Thickness").rect(), window.get_by_label("Eraser").rect()];
        for label in labels {
            let place = window.get_by_label(label).rect();
            assert!(whole.contains_rect(place), "{label} at {place:?}");
            places.push(place);
        }
        for (i, a) in places.iter().enumerate() {
            assert!(
                places[i + 1..].iter().all(|b| !a.shrink(1.0).intersects(*b)),
                "{a:?} overlaps: {places:?}"
            );
        }
        // What counts lies below the fold and is scrolled to.
        let below = window.get_by_label("Weight of timbre").rect();
        assert!(below.top() > places[2].top(), "{below:?}");
        window.get_by_label("Weight of timbre").focus();
        window.run();
    }
}

#[test]
fn a_word_that_no_sound_has_is_named() {
    let bench = scene::searched(Theme::Dark);
    let mut view = View::clone(&bench.editor.view.lock());
    view.search.found = [].into();
    view.search.asked = SearchAsked { words: "soft bright".to_string(), ..SearchAsked::default() };
    view.search.unknown = vec!["bright".to_string()];
    bench.publish(view);
    let mut window = open(bench, neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("Search sounds").focus();
    window.run();
    window.get_by_label("Search sounds").type_text("soft bright");
    window.run();
    window.get_by_label("No sound is called “bright”.");
}

#[test]
fn every_question_is_answered_from_the_top_of_the_list() {
    let bench = scene::searched(Theme::Dark);
    let mut view = View::clone(&bench.editor.view.lock());
    let one = view.search.found[0].clone();
    let many = |i: usize| neume::handoff::FoundView {
        sound: scene::sound_id(&format!("pipe {i}")),
        title: scene::title(&format!("pipe {i}")),
        ..one.clone()
    };
    view.search.found = (0..90).map(many).collect();
    bench.publish(view);
    let mut window = open(bench, neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("Search sounds").focus();
    window.run();
    window.get_by_label("Search sounds").type_text("s");
    window.run();
    window.hover_at(window.get_by_label("Choose pipe 0").rect().center());
    window.event(wheel(-2000.0));
    window.run_steps(60);
    assert!(window.query_by_label("Choose pipe 0").is_none(), "the list was scrolled");
    window.get_by_label("Fits the drawing").click();
    window.run();
    window.get_by_label("Choose pipe 0");
    assert!(window.get_by_label("Search sounds").is_focused(), "keys go on writing there");
}

fn wheel(points: f32) -> egui::Event {
    egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, points),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    }
}

/// What the Worker was last asked to look for.
fn looked_for(window: &Window) -> SearchAsked {
    let asked = window.state().asked();
    let last = asked.into_iter().filter_map(|request| match request {
        Request::Search(asked) => Some(asked),
        _ => None,
    });
    last.last().expect("the Worker is asked")
}

#[test]
fn words_are_looked_for_as_they_are_typed_by_keys_alone() {
    let mut window = furnished();
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
    window.run();
    assert_eq!(window.state().state.tab, Tab::Bank);
    window.get_by_label("Search sounds").focus();
    window.run();
    window.get_by_label("Search sounds").type_text("sul -pizz");
    window.run();
    assert_eq!(looked_for(&window), SearchAsked { words: "sul -pizz".into(), ..SearchAsked::default() });
    window.get_by_label("Searching…");
    window.key_press(egui::Key::Escape);
    window.run();
    assert_eq!(looked_for(&window), SearchAsked::default());
    window.get_by_label("Choose a folder with sounds…");
}

#[test]
fn sounds_like_one_that_was_found_are_asked_for_and_left_again() {
    let mut window = open(scene::searched(Theme::Dark), neume::editor::USUAL_SIZE, 1.0);
    window.get_by_label("Search sounds").focus();
    window.run();
    window.get_by_label("Search sounds").type_text("s");
    window.run();
    window.state().asked();
    let psaltery = scene::sound_id("Bowed psaltery");
    window.get_by_label("Choose Bowed psaltery").click();
    window.run();
    let asked = window.state().asked();
    assert!(
        matches!(asked[..], [Request::Choose { slot: 2, sound, .. }, Request::Audition { sound: heard, .. }]
            if sound == psaltery && heard == psaltery),
        "{asked:?}"
    );
    window.get_by_label("Sounds like Bowed psaltery").click();
    window.run();
    assert_eq!(looked_for(&window), SearchAsked { like: Some(psaltery), ..SearchAsked::default() });
    window.get_by_label("Fits the drawing").click();
    window.run();
    let both = SearchAsked { like: Some(psaltery), drawn: Some(2), ..SearchAsked::default() };
    assert_eq!(looked_for(&window), both);
    window.get_by_label("No longer like Bowed psaltery").click();
    window.run();
    assert_eq!(looked_for(&window), SearchAsked { like: None, ..both });
    window.get_by_label("Leave the search").click();
    window.run();
    assert_eq!(looked_for(&window), SearchAsked::default());
}

#[test]
fn the_families_of_a_bank_are_told_and_the_sounds_of_one_can_be_looked_at() {
    let mut window = furnished();
    window.get_by_label("Bank").click();
    window.run();
    window.get_by_label("mallet: 20 sounds").click();
    window.run();
    let mallets = SearchAsked { family: Some(Family::Mallet), ..SearchAsked::default() };
    assert_eq!(looked_for(&window), mallets);
    window.get_by_label("No longer mallet alone").click();
    window.run();
    assert_eq!(looked_for(&window), SearchAsked::default());
    window.get_by_label("mallet: 20 sounds");
}
