//! A search finds what looking at every sound finds.

use neume_models::{Embedding, Families, Family, Loudness, Pitch, Reading, Timbre};

use super::*;
use crate::matching::Features;
use crate::{Instrument, Profile, Sound, Source, Zone};

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f32) as usize % count
    }
}

fn profile(dice: &mut Dice) -> Profile {
    let family = Family::ALL[dice.below(Family::COUNT)];
    let mut families = [0.0; Family::COUNT].map(|_: f32| 0.1 * dice.unit());
    families[family.index()] += dice.unit();
    let total: f32 = families.iter().sum();
    let mut place = [0.0; Embedding::LEN];
    place.iter_mut().enumerate().for_each(|(at, v)| {
        *v = ((at * (family.index() + 2)) as f32 * 0.31).sin() + 0.6 * (dice.unit() - 0.5);
    });
    Profile {
        root_midi: (dice.unit() < 0.85)
            .then(|| (36.0 + 48.0 * dice.unit()) * 10.0)
            .map(|root| root.round() / 10.0),
        root_confidence: dice.unit().sqrt(),
        loudness_db: -40.0 + 30.0 * dice.unit(),
        families: Families(families.map(|p| p / total)),
        brightness: dice.unit(),
        roughness: dice.unit(),
        attack_secs: 0.3 * dice.unit(),
        duration_secs: 0.1 + 5.0 * dice.unit(),
        embedding: Embedding::from_raw(&place),
    }
}

fn bank(count: usize) -> Bank {
    let mut dice = Dice(7);
    const WORDS: [&str; 6] = ["Flöte", "Piano", "pizz", "Bow", "grand", "soft"];
    let sounds = (0..count).map(|at| {
        let name = format!("{} {} {at}", WORDS[dice.below(6)], WORDS[dice.below(6)]);
        Sound {
            // Every tenth one has the content of the one before.
            id: SoundId::of(format!("{}", at - usize::from(at % 10 == 9)).as_bytes()),
            source: Source::File(format!("{}/{name}.wav", WORDS[dice.below(6)]).into()),
            name,
            class: None,
            tags: String::new(),
            rate_hz: 48_000,
            frames: 1,
            sustain: None,
            course: None,
            doubt: None,
            profile: profile(&mut dice),
            overview: Vec::new(),
        }
    });
    Bank::new("test", None, sounds.collect(), Vec::new())
}

fn reading(dice: &mut Dice) -> Reading {
    let drawn = profile(dice);
    let family = (dice.unit() < 0.6).then(|| drawn.families.best().0);
    Reading {
        pitch: Pitch { y_norm: 0.5, midi: drawn.root_midi.unwrap_or(60.0), confidence: dice.unit() },
        loudness: Loudness { db: -36.0 * dice.unit(), width_norm: 0.01, confidence: dice.unit() },
        timbre: Timbre {
            family,
            confidence: dice.unit(),
            families: drawn.families,
            brightness: drawn.brightness,
            roughness: drawn.roughness,
        },
        contour: Vec::new(),
        embedding: drawn.embedding,
    }
}

#[test]
fn a_search_finds_what_looking_at_every_sound_finds() {
    let mut dice = Dice(99);
    for count in [0, 1, 63, 64, 65, 700, 5_000] {
        let bank = bank(count);
        for turn in 0..60 {
            let drawn = reading(&mut dice);
            let other = profile(&mut dice);
            let like = match bank.sounds.get(turn * 7) {
                Some(sound) if turn % 2 == 0 => Like { profile: &sound.profile, itself: Some(sound.id) },
                _ => Like { profile: &other, itself: None },
            };
            let typed = ["", "pia", "flote -soft", "gr pi", "-bow", "nothing"][dice.below(6)];
            let query = Query {
                reading: (turn % 3 != 0).then_some(&drawn),
                like: (turn % 4 < 2).then_some(like),
                text: Text::of(typed),
                family: (turn % 5 < 2).then(|| Family::ALL[dice.below(Family::COUNT)]),
                weights: Weights {
                    likeness: 2.0 * dice.unit(),
                    pitch: 2.0 * dice.unit(),
                    ..Weights::default()
                },
            };
            let top = [1, 5, 50, 10_000][turn % 4];
            let found: Vec<(f32, SoundId)> = best(&bank, &query, top)
                .into_iter()
                .map(|(score, row)| (score, bank.sound_of_row(row).id))
                .collect();
            assert_eq!(found, every(&bank, &query, top), "{count} sounds, turn {turn}, `{typed}`");
            assert!(found.iter().all(|(score, _)| (0.0..=1.0 + 1e-6).contains(score)), "turn {turn}");
            let is_of = |id: SoundId, family| bank.get(id).unwrap().profile.families.best().0 == family;
            assert!(query.family.is_none_or(|family| found.iter().all(|(_, id)| is_of(*id, family))));
        }
    }
}

#[test]
fn no_sound_of_a_block_scores_more_than_the_block_promises() {
    let bank = bank(2_000);
    let mut dice = Dice(3);
    for _ in 0..40 {
        let (drawn, other) = (reading(&mut dice), profile(&mut dice));
        let like = Some(Like { profile: &other, itself: None });
        let query = Query { reading: Some(&drawn), like, text: Text::of("pi"), ..Query::default() };
        let asking = Asking::new(&bank, &query);
        let table = bank.table();
        for row in 0..table.len() {
            let score = asking.score(row);
            assert!(score <= asking.at_most(&table.blocks[row / BLOCK]).all);
            assert!(score <= asking.at_most(&table.groups[row / BLOCK / GROUP]).all);
        }
        let places = table.places(&bank.sounds);
        for (place, &row) in places.rows.iter().enumerate() {
            let row = row as usize;
            assert!(asking.score(row) <= asking.at_most(&places.blocks[place / BLOCK]).all);
            assert!(asking.score(row) <= asking.at_most(&places.groups[place / BLOCK / GROUP]).all);
            let promised = places.similarity_at_most(place, &asking.like.as_ref().unwrap().compass);
            assert!(promised >= other.embedding.similarity(&bank.sound_of_row(row).profile.embedding));
        }
    }
}

#[test]
fn sounds_of_a_family_alone_come_by_how_surely_they_are_of_it() {
    let bank = bank(500);
    let query = Query { family: Some(Family::Reed), ..Query::default() };
    let found = search(&bank, &query, 500);
    let of_it = bank.sounds.iter().filter(|sound| sound.profile.families.best().0 == Family::Reed);
    assert_eq!(found.len(), of_it.count());
    assert!(found.len() > 5 && found.is_sorted_by(|a, b| a.score >= b.score));
    let first = bank.get(found[0].sound).unwrap().profile.families.get(Family::Reed);
    assert_eq!(found[0].score, first);
    assert_eq!(found[0].reasons[0].says, format!("family reed {first:.2}"));
}

#[test]
fn the_rows_of_a_table_hold_every_content_once() {
    let bank = bank(1_000);
    let table = bank.table();
    let mut positions = table.positions.clone();
    positions.sort();
    let mut ids: Vec<SoundId> = bank.sounds.iter().map(|sound| sound.id).collect();
    ids.dedup();
    let held: Vec<SoundId> = positions.iter().map(|&position| bank.sounds[position as usize].id).collect();
    assert_eq!(held, ids);
    for (row, features) in table.features.iter().enumerate() {
        assert_eq!(*features, Features::of(&bank.sound_of_row(row).profile));
    }
}

#[test]
fn of_instruments_that_share_a_sound_each_is_found_by_its_name_and_by_what_is_drawn() {
    let sounds = bank(40).sounds;
    let named = ["Grand Violin", "Violin", "Viola", "Saw Lead", "Lead Saw"];
    let keys = [(0, 127), (0, 50), (51, 127), (0, 127), (0, 127)];
    let instruments = named.iter().zip(keys).map(|(name, keys)| Instrument {
        name: name.to_string(),
        zones: vec![Zone { keys, ..Zone::everywhere(7, 60.0) }],
        is_told: true,
    });
    let bank = Bank::new("shared", None, sounds.clone(), instruments.collect());
    let shared = sounds[7].id;
    assert_eq!(bank.instruments_of(shared).count(), named.len());
    let name_of = |index: usize| bank.instruments[index].name.as_str();
    for (typed, expected, says) in [
        ("viola", "Viola", "instrument: 'viola'"),
        ("Violin", "Violin", "instrument: 'violin'"),
        ("grand vio", "Grand Violin", "instrument: 'grand'"),
        ("lead", "Saw Lead", "instrument: 'lead'"),
        ("lead saw", "Lead Saw", "instrument: 'lead'"),
    ] {
        let query = Query { text: Text::of(typed), ..Query::default() };
        let found = search(&bank, &query, 50);
        let found = found.iter().find(|found| found.sound == shared).unwrap();
        assert_eq!(name_of(found.instrument), expected, "{typed}");
        assert!(found.reasons.iter().any(|reason| reason.says == says), "{typed}: {:?}", found.reasons);
        assert_eq!(bank.instrument_called(shared, Some(expected)), Some(found.instrument));
    }
    for (typed, expected) in [
        ("-viola -saw", Some("Grand Violin")),
        ("-violin -saw", Some("Viola")),
        ("lead -saw", None),
        ("vio -violin", Some("Viola")),
        ("violin -viol", None),
        ("-violin -viola -lead", None),
    ] {
        let query = Query { text: Text::of(typed), ..Query::default() };
        let found = search(&bank, &query, 50);
        let found = found.iter().find(|found| found.sound == shared);
        assert_eq!(found.map(|found| name_of(found.instrument)), expected, "{typed}");
        assert!(found.is_none_or(|found| (0.0..=1.0).contains(&found.score)));
    }
    let drawn = |family: Family, midi: f32| {
        let mut reading = reading(&mut Dice(1));
        reading.timbre.family = Some(family);
        reading.timbre.families = Families::only(family);
        reading.pitch.midi = midi;
        let fit = matching::fit(&bank, &reading, &Weights::default(), shared).unwrap();
        let ranked = matching::rank(&bank, &reading, &Weights::default(), 40);
        assert!(ranked.contains(&fit));
        name_of(fit.instrument)
    };
    assert_eq!(drawn(Family::SynthLead, 60.0), "Saw Lead");
    // All three are strings and serve the key, or two of them: the first of these.
    assert_eq!(drawn(Family::String, 40.0), "Grand Violin");
    assert_eq!(bank.instrument_called(shared, None), Some(0));
    assert_eq!(
        (bank.name_among_others(shared, 2), bank.name_among_others(sounds[9].id, 2)),
        (Some("Viola"), None)
    );
}

#[test]
fn a_word_is_found_inside_of_others_behind_all_that_begin_with_it() {
    let names = ["rolandtr909", "tr909 kick", "日本語の音", "sharp", "harp"];
    let sounds = names.iter().zip(bank(5).sounds).enumerate().map(|(at, (name, sound))| Sound {
        id: SoundId::of(name.as_bytes()),
        name: name.to_string(),
        source: Source::Factory { instrument: String::new(), root_midi: at as u8 },
        ..sound
    });
    let bank = Bank::new("words", None, sounds.collect(), Vec::new());
    for (typed, expected) in [
        ("tr909", &["tr909 kick", "rolandtr909"][..]),
        ("音", &["日本語の音"]),
        ("harp", &["harp", "sharp"]),
        ("harp -sharp", &["harp"]),
        ("tr", &["tr909 kick"]),
        ("arp -harp", &["sharp"]),
    ] {
        let query = Query { text: Text::of(typed), ..Query::default() };
        let found = search(&bank, &query, 10);
        let named: Vec<&str> = found.iter().map(|it| bank.get(it.sound).unwrap().name.as_str()).collect();
        assert_eq!(named, expected, "{typed}");
        assert!(found.iter().all(|it| !it.reasons.is_empty()));
    }
}
