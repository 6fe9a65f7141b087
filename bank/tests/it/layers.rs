//! Velocity layers and round robins that names and folders say together.

use std::collections::BTreeMap;

use neume_bank::{Bank, Zone};

use crate::scan::Place;

type Served = ((u8, u8), Option<(u16, u16)>);

/// Middle C's octave, each file a little apart, so that no two are one sound.
fn scanned(names: &[&str], midi: f32) -> Bank {
    let place = Place::new();
    for (i, name) in names.iter().enumerate() {
        place.tone(&format!("{name}.wav"), midi + 0.01 * i as f32);
    }
    Bank::clone(&place.scan().bank)
}

/// The velocities and the turn of each sound, by path, if all are in one instrument.
fn served(bank: &Bank) -> Option<BTreeMap<String, Served>> {
    let [instrument] = &*bank.instruments else { return None };
    let of = |zone: &Zone| {
        let turn = zone.manner.turn.map(|turn| (turn.position, turn.length));
        let path = format!("{:?}", bank.sounds[zone.sound].source);
        (path.split('"').nth(1).unwrap().trim_end_matches(".wav").to_string(), (zone.velocities, turn))
    };
    Some(instrument.zones.iter().map(of).collect())
}

#[test]
fn layers_are_read_as_libraries_name_them() {
    let table: &[&[(&str, (u8, u8))]] = &[
        &[("C3_soft", (0, 42)), ("C3_med", (43, 84)), ("C3_hard", (85, 127))],
        &[("C3_medium", (0, 63)), ("C3_loud", (64, 127))],
        &[("C3_soft", (0, 63)), ("C3", (64, 127))],
        &[("C3", (0, 63)), ("C3_ff", (64, 127))],
        &[("Harp_C3_piano", (0, 63)), ("Harp_C3_forte", (64, 127))],
        &[("Harp_C3_127", (65, 127)), ("Harp_C3_064", (0, 64))],
        &[("Koto-048-127", (61, 127)), ("Koto-048-060", (0, 60))],
        &[("C3_L1", (0, 63)), ("C3_L2", (64, 127))],
        &[("Harp_C3_dyn1", (0, 63)), ("Harp_C3_dyn2", (64, 127))],
        &[("C3_1-60", (0, 60)), ("C3_61-100", (61, 127))],
        &[("C3_vel1-60", (0, 60)), ("C3_vel61-127", (61, 127))],
        &[("Harp/soft/C3", (0, 63)), ("Harp/hard/C3", (64, 127))],
        &[("Harp pp/Harp_C3", (0, 63)), ("Harp ff/Harp_C3", (64, 127))],
        &[("soft/snare", (0, 63)), ("hard/snare", (64, 127))],
    ];
    for row in table {
        let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
        let expected = row.iter().map(|(name, velocities)| (name.to_string(), (*velocities, None))).collect();
        assert_eq!(served(&scanned(&names, 48.0)), Some(expected));
    }
}

#[test]
fn what_only_looks_like_layers_stays_apart() {
    let table: &[&[&str]] = &[
        &["Piano_C3", "Forte_C3"],
        &["Soft Pad C3", "Hard Pad C3"],
        &["Vibes C3 soft mallets", "Vibes C3 hard mallets"],
        &["soft/C3", "hard/E3"],
        &["Kicks/soft/01", "Kicks/hard/01"],
        &["v1/Harp_C3", "v2/Harp_C3"],
        &["Harp_C3_01", "Harp_D3_02"],
    ];
    for names in table {
        assert_eq!(scanned(names, 48.0).instruments.len(), names.len(), "{names:?}");
    }
    let pianos = scanned(&["C3_piano", "C4_piano"], 48.0);
    assert_eq!((pianos.instruments.len(), &*pianos.instruments[0].name), (1, "piano"));
}

#[test]
fn a_small_number_that_stands_last_is_a_turn() {
    for names in
        [["Vln_C3_f_1", "Vln_C3_f_2"], ["Harp_C3_1", "Harp_C3_2"], ["Vln_soft_C3v2_1", "Vln_soft_C3v2_2"]]
    {
        let turns =
            names.iter().zip([0, 1]).map(|(name, turn)| (name.to_string(), (Zone::EVERY, Some((turn, 2)))));
        assert_eq!(served(&scanned(&names, 48.0)), Some(turns.collect()));
    }
}

#[test]
fn a_word_that_is_a_dynamic_names_no_family() {
    let bank = scanned(&["Harp_C3_piano", "Harp_C3_forte"], 48.0);
    let harp = neume_models::Family::Guitar;
    for sound in &bank.sounds {
        assert_eq!(sound.profile.families.best().0, harp, "{}", sound.name);
    }
}
