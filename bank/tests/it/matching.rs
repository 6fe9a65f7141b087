//! Ranking.

use neume_bank::{Bank, Instrument, Sound, Weights, Zone, rank};
use neume_models::{Embedding, Families, Family, Loudness, Pitch, Reading, Timbre};

use crate::tone::sound;

fn reading(midi: f32, db: f32, family: Option<Family>) -> Reading {
    Reading {
        pitch: Pitch { y_norm: 0.5, midi, confidence: 1.0 },
        loudness: Loudness { db, width_norm: 0.01, confidence: 1.0 },
        timbre: Timbre {
            family,
            confidence: 1.0,
            families: family.map_or(Families::EVEN, Families::only),
            brightness: 0.5,
            roughness: 0.5,
        },
        contour: Vec::new(),
        embedding: Embedding::from_raw(&[0.0; Embedding::LEN]),
    }
}

fn bank(sounds: Vec<Sound>) -> Bank {
    Bank::new("test", None, sounds, Vec::new())
}

fn names(bank: &Bank, reading: &Reading, top: usize) -> Vec<String> {
    let matches = rank(bank, reading, &Weights::default(), top);
    matches.iter().map(|m| bank.get(m.sound).unwrap().name.clone()).collect()
}

#[test]
fn with_open_ink_the_drawn_root_beats_every_other_aspect() {
    // The sound on the drawn note is wrong in all else, its neighbour a semitone away right in all else.
    let mut exact = sound("exact", Some(69.0), -70.0, Families::EVEN);
    exact.profile.brightness = 1.0;
    exact.profile.roughness = 1.0;
    let mut near = sound("near", Some(70.0), -20.0, Families::EVEN);
    near.profile.brightness = 0.0;
    near.profile.roughness = 0.0;
    let bank = bank(vec![exact, near]);
    let mut asked = reading(69.3, 0.0, None);
    asked.timbre.brightness = 0.0;
    asked.timbre.roughness = 0.0;
    assert_eq!(names(&bank, &asked, 1), ["exact"]);
}

#[test]
fn nearer_roots_come_first_at_every_distance() {
    let sounds =
        (0..40).map(|i| sound(&format!("{i:02}"), Some(60.0 + i as f32), -20.0, Families::EVEN)).collect();
    let expected: Vec<String> = (0..40).map(|i| format!("{i:02}")).collect();
    assert_eq!(names(&bank(sounds), &reading(60.0, -10.0, None), 40), expected);
}

#[test]
fn a_drawn_family_is_worth_a_small_transposition_but_not_two_octaves() {
    let flute = Families::only(Family::Flute);
    let brass = Families::only(Family::Brass);
    for (flute_root, expected) in [(69.0, "flute"), (67.0, "flute"), (72.0, "flute"), (45.0, "brass")] {
        let sounds =
            vec![sound("flute", Some(flute_root), -20.0, flute), sound("brass", Some(69.0), -20.0, brass)];
        let best = names(&bank(sounds), &reading(69.0, -10.0, Some(Family::Flute)), 1);
        assert_eq!(best, [expected], "flute at {flute_root}");
    }
}

#[test]
fn an_unpitched_sound_loses_to_any_near_note_but_serves_drawn_percussion() {
    let drum = Families::only(Family::Percussion);
    let string = Families::only(Family::String);
    let sounds = vec![sound("drum", None, -20.0, drum), sound("string", Some(71.0), -20.0, string)];
    let bank = bank(sounds);
    assert_eq!(names(&bank, &reading(69.0, -10.0, None), 1), ["string"]);
    assert_eq!(names(&bank, &reading(69.0, -10.0, Some(Family::Percussion)), 1), ["drum"]);
}

#[test]
fn thickness_spans_the_banks_own_range_of_loudness() {
    // Three layers of a bank that was never mastered: from -62 to -38 dB.
    let layers = [("soft", -62.0), ("middle", -50.0), ("loud", -38.0)];
    let bank = bank(layers.map(|(name, db)| sound(name, Some(60.0), db, Families::EVEN)).to_vec());
    for (db, expected) in [(-36.0, "soft"), (-18.0, "middle"), (0.0, "loud")] {
        assert_eq!(names(&bank, &reading(60.0, db, None), 1), [expected], "{db} dB");
    }
}

#[test]
fn a_sure_family_beats_a_doubtful_one() {
    let mut doubtful = Families::EVEN;
    doubtful.0[Family::Flute.index()] = 0.3;
    let sounds = vec![
        sound("doubtful", Some(69.0), -20.0, doubtful),
        sound("sure", Some(69.0), -20.0, Families::only(Family::Flute)),
    ];
    assert_eq!(names(&bank(sounds), &reading(69.0, -10.0, Some(Family::Flute)), 2), ["sure", "doubtful"]);
}

#[test]
fn an_unsure_root_counts_less_than_a_sure_one() {
    let mut unsure = sound("a", Some(69.0), -20.0, Families::EVEN);
    unsure.profile.root_confidence = 0.3;
    let bank = bank(vec![unsure, sound("b", Some(69.0), -20.0, Families::EVEN)]);
    assert_eq!(names(&bank, &reading(69.0, -10.0, None), 2), ["b", "a"]);
}

#[test]
fn equal_scores_fall_by_id_whatever_the_order_of_the_sounds() {
    let mut sounds: Vec<Sound> =
        (0..20).map(|i| sound(&format!("same {i}"), Some(60.0), -20.0, Families::EVEN)).collect();
    let ids = |sounds: Vec<Sound>| -> Vec<_> {
        rank(&bank(sounds), &reading(60.0, -9.0, None), &Weights::default(), 7)
            .iter()
            .map(|m| m.sound)
            .collect()
    };
    let forward = ids(sounds.clone());
    sounds.reverse();
    assert_eq!(forward, ids(sounds));
    assert!(forward.is_sorted());
}

#[test]
fn a_weight_of_nothing_leaves_its_aspect_out() {
    let sounds =
        vec![sound("a", Some(60.0), -20.0, Families::EVEN), sound("b", Some(90.0), -20.0, Families::EVEN)];
    let weights = Weights { pitch: 0.0, ..Weights::default() };
    let matches = rank(&bank(sounds), &reading(60.0, -10.0, None), &weights, 5);
    assert_eq!(matches[0].score, matches[1].score);
}

#[test]
fn a_reading_or_profile_of_nan_still_gives_scores_between_nought_and_one() {
    let mut broken = sound("broken", Some(f32::NAN), f32::NAN, Families([f32::NAN; Family::COUNT]));
    broken.profile.brightness = f32::INFINITY;
    broken.profile.root_confidence = f32::NAN;
    let bank = bank(vec![broken, sound("whole", Some(60.0), -20.0, Families::EVEN)]);
    let mut asked = reading(f32::NAN, f32::NAN, Some(Family::Bass));
    asked.timbre.families = Families([f32::NAN; Family::COUNT]);
    let wild = Weights {
        pitch: f32::NAN,
        loudness: -1.0,
        timbre: f32::INFINITY,
        brightness: f32::NAN,
        roughness: f32::NEG_INFINITY,
        likeness: f32::NAN,
        words: f32::INFINITY,
    };
    for weights in [Weights::default(), wild] {
        for found in rank(&bank, &asked, &weights, 9) {
            assert!((0.0..=1.0).contains(&found.score), "{found:?}");
        }
    }
}

#[test]
fn brightness_and_roughness_that_do_not_count_change_nothing() {
    let mut bright = sound("bright", Some(60.0), -20.0, Families::EVEN);
    bright.profile.brightness = 0.95;
    let mut rough = sound("rough", Some(60.0), -20.0, Families::EVEN);
    rough.profile.roughness = 0.95;
    let bank = bank(vec![bright, rough]);
    let mut asked = reading(60.0, -9.0, None);
    (asked.timbre.brightness, asked.timbre.roughness) = (0.95, 0.95);
    let best = |brightness: f32, roughness: f32| {
        let weights = Weights { brightness, roughness, ..Weights::default() };
        let found = rank(&bank, &asked, &weights, 2);
        (bank.get(found[0].sound).unwrap().name.clone(), found[0].score - found[1].score)
    };
    assert_eq!(best(1.0, 0.0).0, "bright");
    assert_eq!(best(0.0, 1.0).0, "rough");
    assert_eq!(best(0.0, 0.0).1, 0.0, "neither counts");
}

#[test]
fn an_empty_bank_or_an_empty_list_ranks_nothing() {
    assert!(rank(&bank(Vec::new()), &reading(60.0, -9.0, None), &Weights::default(), 5).is_empty());
    let one = bank(vec![sound("a", None, -20.0, Families::EVEN)]);
    assert!(rank(&one, &reading(60.0, -9.0, None), &Weights::default(), 0).is_empty());
}

#[test]
fn files_of_the_same_content_are_kept_and_ranked_once() {
    let first = sound("a", Some(60.0), -20.0, Families::EVEN);
    let mut second = first.clone();
    second.source = neume_bank::Source::File("copy of a".into());
    let bank = bank(vec![second, first]);
    assert_eq!(bank.sounds.len(), 2);
    assert_eq!(names(&bank, &reading(60.0, -9.0, None), 5), ["a"]);
}

#[test]
fn every_sound_belongs_to_one_instrument_by_its_name() {
    let sounds: Vec<Sound> =
        (0..5).map(|i| sound(&format!("s{i}"), Some(60.0 + i as f32), -20.0, Families::EVEN)).collect();
    let zone = Zone::everywhere;
    let group = |zones| Instrument { name: "group".into(), zones, is_told: false };
    let given = vec![group(vec![zone(3, 63.0), zone(0, 60.0), zone(99, 1.0)]), group(vec![zone(0, 60.0)])];
    let bank = Bank::new("test", None, sounds.clone(), given);
    let mut held: Vec<usize> = bank.instruments.iter().flat_map(|i| &i.zones).map(|z| z.sound).collect();
    held.sort();
    assert_eq!(held, [0, 1, 2, 3, 4]);
    let instrument = bank.instrument_of(sounds[3].id).unwrap();
    let members: Vec<&str> = instrument.zones.iter().map(|z| bank.sounds[z.sound].name.as_str()).collect();
    assert_eq!((instrument.name.as_str(), members), ("group", vec!["s0", "s3"]));
}
