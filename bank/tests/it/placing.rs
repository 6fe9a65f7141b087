//! Keys and velocities that the chunks of WAV and AIFF files say.

use std::collections::BTreeMap;
use std::fs;

use neume_bank::{Bank, Source, Zone};

use crate::decode::fixture;
use crate::scan::Place;

type Range = (u8, u8);

/// A tone with a chunk of this note, these keys and velocities, and this gain in decibels.
fn tone(place: &Place, name: &str, note: u8, keys: Range, velocities: Range, gain_db: i8) {
    place.tone(&format!("{name}.wav"), f32::from(note));
    say(place, name, note, keys, velocities, gain_db);
}

/// Puts such a chunk behind a sound.
pub fn say(place: &Place, name: &str, note: u8, keys: Range, velocities: Range, gain_db: i8) {
    let path = place.path(&format!("{name}.wav"));
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"inst\x07\0\0\0");
    bytes.extend([note, 0, gain_db as u8, keys.0, keys.1, velocities.0, velocities.1, 0]);
    fs::write(path, bytes).unwrap();
}

fn scanned(files: &[(&str, u8, Range, Range)]) -> Bank {
    let place = Place::new();
    for &(name, note, keys, velocities) in files {
        tone(&place, name, note, keys, velocities, 0);
    }
    Bank::clone(&place.scan().bank)
}

/// Keys and velocities of each sound by its path, if all are in one instrument.
fn served(bank: &Bank) -> Option<BTreeMap<String, (Range, Range)>> {
    let [instrument] = &*bank.instruments else { return None };
    let of = |zone: &Zone| match &bank.sounds[zone.sound].source {
        Source::File(path) => {
            (path.with_extension("").to_string_lossy().into_owned(), (zone.keys, zone.velocities))
        }
        other => panic!("{other:?}"),
    };
    Some(instrument.zones.iter().map(of).collect())
}

const EVERY: Range = (0, 127);

#[test]
fn the_chunks_of_a_folder_say_keys_and_velocities_before_its_names_do() {
    let table: &[&[(&str, u8, Range, Range)]] = &[
        &[("Harp_C3", 48, (40, 50), EVERY), ("Harp_C4", 60, (51, 70), EVERY)],
        &[("Harp_C3_v1", 48, EVERY, (1, 90)), ("Harp_C3_v2", 48, EVERY, (91, 127))],
        &[
            ("Harp_C3_v1", 48, (0, 55), (0, 30)),
            ("Harp_C3_v2", 48, (0, 55), (31, 127)),
            ("Harp_C4_v1", 60, (56, 127), (0, 40)),
            ("Harp_C4_v2", 60, (56, 127), (41, 127)),
        ],
        // They lie over each other on purpose.
        &[("Harp_C3", 48, (0, 60), EVERY), ("Harp_C4", 60, (48, 127), EVERY)],
        // Names say nothing of these, or that each is an instrument of its own.
        &[("Harp 01 C3", 48, (0, 55), EVERY), ("Harp 02 C4", 60, (56, 100), EVERY)],
        &[("take1", 48, (0, 55), (1, 80)), ("take2", 48, (0, 55), (81, 127))],
    ];
    for files in table {
        let all_keys = files.iter().all(|file| file.2 == files[0].2);
        let expected = files.iter().map(|&(name, _, keys, velocities)| {
            (name.to_string(), (if all_keys { EVERY } else { keys }, velocities))
        });
        assert_eq!(served(&scanned(files)), Some(expected.collect()));
    }
}

#[test]
fn chunks_that_say_everything_nothing_or_the_same_of_all_leave_it_to_the_names() {
    let by_name = [("Harp_C3_v1", (0, 63)), ("Harp_C3_v2", (64, 127))];
    for (keys, velocities) in
        [(EVERY, EVERY), (EVERY, (1, 127)), ((0, 0), (0, 0)), ((60, 60), (1, 99)), ((70, 60), (200, 9))]
    {
        let files = by_name.map(|(name, _)| (name, 48, keys, velocities));
        let expected = by_name.map(|(name, velocities)| (name.to_string(), (EVERY, velocities)));
        assert_eq!(served(&scanned(&files)), Some(expected.into()), "{keys:?} {velocities:?}");
    }
    let kit = [("kick 1", 36, (36, 36), EVERY), ("snare 1", 38, (38, 38), EVERY)];
    assert_eq!(scanned(&kit).instruments.len(), 2, "what is called otherwise stays apart");
    let meeting = [("Harp 01 C3", 48, (0, 60), EVERY), ("Harp 02 C4", 60, (56, 127), EVERY)];
    assert_eq!(scanned(&meeting).instruments.len(), 2, "and so does what only looks like one");
}

#[test]
fn turns_share_their_place_and_levels_count_where_they_differ() {
    let place = Place::new();
    for (name, keys, gain_db) in [("C3_rr1", (0, 50), -6), ("C3_rr2", (0, 50), -6), ("C4_rr1", (51, 127), 3)]
    {
        tone(&place, name, if keys.0 == 0 { 48 } else { 60 }, keys, EVERY, gain_db);
    }
    let bank = place.scan().bank;
    let [instrument] = &*bank.instruments else { panic!("{:?}", bank.instruments) };
    let heard = instrument.zones.iter().map(|zone| {
        let turn = zone.manner.turn.map(|turn| (turn.position, turn.length));
        (zone.keys, turn, zone.manner.gain_db)
    });
    let mut heard: Vec<_> = heard.collect();
    heard.sort_by_key(|(keys, turn, _)| (*keys, *turn));
    assert_eq!(heard, [((0, 50), Some((0, 2)), -6.0), ((0, 50), Some((1, 2)), -6.0), ((51, 127), None, 3.0)]);
}

#[test]
fn the_chunk_of_an_aiff_says_the_same() {
    let place = Place::new();
    let files: [(&str, Range, Range); 2] = [("Oboe_v1", (0, 60), (1, 50)), ("Oboe_v2", (10, 127), (51, 127))];
    for (name, keys, velocities) in files {
        let mut aiff = fs::read(fixture("sine.aiff")).unwrap();
        aiff.extend(b"INST\0\0\0\x14");
        aiff.extend([69, 0, keys.0, keys.1, velocities.0, velocities.1]);
        aiff.extend([0; 14]);
        fs::write(place.path(&format!("{name}.aiff")), aiff).unwrap();
    }
    let expected = files.map(|(name, keys, velocities)| (name.to_string(), (keys, velocities)));
    assert_eq!(served(&place.scan().bank), Some(expected.into()));
}
