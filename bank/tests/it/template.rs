//! Roots that editors write into the chunks of all their files.

use neume_bank::decisions::decide;
use neume_bank::{Bank, Decision, Zone};

use crate::placing::say;
use crate::scan::Place;

/// Sounds by name, with the note that is heard and the one that their chunk says.
fn place_of(files: &[(&str, f32, u8)]) -> Place {
    let place = Place::new();
    for &(name, midi, note) in files {
        place.tone(&format!("{name}.wav"), midi);
        say(&place, name, note, Zone::EVERY, Zone::EVERY, 0);
    }
    place
}

/// The roots of the sounds, by name, as whole notes.
fn roots(bank: &Bank) -> Vec<i32> {
    let mut roots: Vec<(&str, i32)> = bank
        .sounds
        .iter()
        .map(|sound| (&*sound.name, sound.profile.root_midi.unwrap().round() as i32))
        .collect();
    roots.sort();
    roots.into_iter().map(|(_, root)| root).collect()
}

#[test]
fn a_note_that_the_chunks_of_nearly_all_sounds_of_a_folder_say_is_no_root_where_others_are_heard() {
    let heard = [62.0, 57.0, 64.0, 71.0, 60.0];
    let names = ["a", "b", "c", "d", "e"];
    let files = |notes: [u8; 5]| -> Vec<(&str, f32, u8)> {
        names.into_iter().zip(heard).zip(notes).map(|((name, midi), note)| (name, midi, note)).collect()
    };
    let by_ear = vec![62, 57, 64, 71, 60];
    for (notes, expected) in [
        ([60; 5], by_ear.clone()),
        ([48; 5], by_ear.clone()),
        ([60, 60, 60, 60, 50], vec![62, 57, 64, 71, 50]),
        // They were set on purpose.
        ([60, 60, 60, 50, 50], vec![60, 60, 60, 50, 50]),
        ([60, 61, 62, 63, 64], vec![60, 61, 62, 63, 64]),
    ] {
        assert_eq!(roots(&place_of(&files(notes)).scan().bank), expected, "{notes:?}");
    }
    let bank = place_of(&files([60; 5])[..4]).scan().bank.clone();
    assert_eq!(roots(&bank), [60; 4], "too few to say so");
}

#[test]
fn a_folder_of_few_sounds_is_judged_with_those_around_it_and_one_of_enough_alone() {
    let pack = [
        ("Kicks/a", 62.0, 60),
        ("Kicks/b", 57.0, 60),
        ("Snares/c", 64.0, 60),
        ("Snares/d", 71.0, 60),
        ("e", 67.0, 60),
    ];
    assert_eq!(roots(&place_of(&pack).scan().bank), [62, 57, 64, 71, 67]);
    let takes = |midi| ["Bell/k", "Bell/l", "Bell/m", "Bell/n", "Bell/o"].map(|name| (name, midi, 60));
    let mixed: Vec<(&str, f32, u8)> = pack.into_iter().chain(takes(60.1)).collect();
    assert_eq!(roots(&place_of(&mixed).scan().bank), [62, 57, 64, 71, 67, 60, 60, 60, 60, 60]);
    let alike = place_of(&takes(67.1)).scan().bank.clone();
    assert_eq!(roots(&alike), [60; 5], "takes of one sound, of which a partial is heard");
}

#[test]
fn a_name_speaks_against_the_chunks_and_a_decision_for_them_stays() {
    let named = [("A4", 69.0, 60), ("b", 57.0, 60), ("c", 62.0, 60), ("d", 71.0, 60), ("e", 64.0, 60)];
    let place = place_of(&named);
    let bank = place.scan().bank.clone();
    assert_eq!(roots(&bank), [69, 57, 62, 71, 64]);
    assert!(bank.sounds.iter().all(|sound| sound.doubt.is_none()));
    let id = bank.sounds.iter().find(|sound| sound.name == "b").unwrap().id;
    decide(place.folder.path(), &place.options(), &[id], Some(Decision::Name)).unwrap();
    assert_eq!(roots(&place.scan().bank), [69, 60, 62, 71, 64]);
}
