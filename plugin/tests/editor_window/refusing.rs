//! Sounds that are not meant.

use egui_kittest::kittest::Queryable as _;
use neume::editor::{Theme, USUAL_SIZE};
use neume::handoff::{Request, View};
use neume::state::{BankRef, Chosen};
use neume_bank::SoundId;

use super::scene::{bench, sound_id};
use super::window::{Window, draw, open};

/// The sounds of the scene with others' scores, the first one under the keys.
fn ranked<'a>(told: &[(&str, f32)]) -> Window<'a> {
    let bench = bench(Theme::Dark);
    let mut view = View::clone(&bench.editor.view.lock());
    let slot = &mut view.slots[2];
    let with_score = |&(name, score): &(&str, f32)| {
        let shown = slot.matches.iter().find(|shown| shown.name == name).unwrap();
        neume::handoff::MatchView { score, ..shown.clone() }
    };
    slot.matches = told.iter().map(with_score).collect();
    bench.publish(view);
    let mut window = open(bench, USUAL_SIZE, 1.0);
    put(&mut window, told[0].0, true);
    window.state().asked();
    window
}

/// As the Worker answers what was chosen.
fn put(window: &mut Window, name: &str, by_hand: bool) {
    let sound = sound_id(name);
    let mut view = View::clone(&window.state().editor.view.lock());
    view.slots[2].chosen = Some(sound);
    window.state().publish(view);
    let chosen = Chosen {
        instrument: None,
        sound,
        bank: BankRef::Factory,
        zones: Vec::new(),
        gain_db: 0.0,
        drawn_midi: 60.0,
        contour: Vec::new(),
        by_hand,
    };
    window.state().editor.document.edit(|document| document.slots[2].chosen = Some(chosen));
    window.run();
}

/// What the window asked to be chosen last.
fn chosen(window: &Window) -> Option<SoundId> {
    let asked = window.state().asked();
    asked.iter().rev().find_map(|asked| match asked {
        Request::Choose { slot: 2, sound, .. } => Some(*sound),
        _ => None,
    })
}

/// Presses a button, and gives what is chosen then.
fn press(window: &mut Window, label: &str) -> Option<SoundId> {
    window.get_by_label(label).click();
    window.run();
    chosen(window)
}

const CELLO: &str = "Cello, sul tasto";
const VIOLA: &str = "Viola ensemble";
const HORN: &str = "French horn / 063_1";
const CHOIR: &str = "Choir aah";

#[test]
fn what_is_not_meant_gives_way_to_the_best_that_was_not_refused() {
    // The one under the keys was found by a search: it ranks behind others, or in their midst.
    let mut window = ranked(&[(CHOIR, 0.57), (VIOLA, 0.54), (CELLO, 0.62), (HORN, 0.62)]);
    for next in [CELLO, HORN, VIOLA] {
        assert_eq!(press(&mut window, "Not this"), Some(sound_id(next)), "{next}");
        put(&mut window, next, true);
    }
    // All were refused: it begins again.
    assert_eq!(press(&mut window, "Not this"), Some(sound_id(CELLO)));
    window.get_by_label_contains("all of these were refused");
    put(&mut window, CELLO, true);
    assert_eq!(press(&mut window, "Not this"), Some(sound_id(HORN)));
}

#[test]
fn refusing_is_taken_back_and_done_again() {
    let mut window = ranked(&[(CELLO, 0.9), (VIOLA, 0.8), (HORN, 0.7), (CHOIR, 0.6)]);
    for (now, next) in [(CELLO, VIOLA), (VIOLA, HORN)] {
        assert_eq!(press(&mut window, "Not this"), Some(sound_id(next)), "instead of {now}");
        put(&mut window, next, true);
    }
    assert_eq!(press(&mut window, "Undo"), Some(sound_id(VIOLA)));
    put(&mut window, VIOLA, true);
    assert_eq!(press(&mut window, "Redo"), Some(sound_id(HORN)));
    put(&mut window, HORN, true);
    for before in [VIOLA, CELLO] {
        assert_eq!(press(&mut window, "Undo"), Some(sound_id(before)));
        put(&mut window, before, true);
    }
    assert_eq!(
        press(&mut window, "Not this"),
        Some(sound_id(VIOLA)),
        "what was refused since is not any more"
    );
}

#[test]
fn another_drawing_or_bank_begins_without_refused_sounds() {
    let mut window = ranked(&[(CELLO, 0.9), (VIOLA, 0.8), (HORN, 0.7)]);
    assert_eq!(press(&mut window, "Not this"), Some(sound_id(VIOLA)));
    put(&mut window, VIOLA, true);
    draw(&mut window, &[(0.2, 0.3), (0.8, 0.3)]);
    put(&mut window, VIOLA, false);
    assert_eq!(
        press(&mut window, "Not this"),
        Some(sound_id(CELLO)),
        "for the new drawing it was not refused"
    );
    put(&mut window, CELLO, true);
    window.state().editor.document.edit(|document| document.bank = BankRef::Folder("/music".into()));
    window.run();
    assert_eq!(press(&mut window, "Not this"), Some(sound_id(VIOLA)));
}
