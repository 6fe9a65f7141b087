//! Maps of banks, and what the sheet of one sound says.

use std::collections::HashMap;

use neume_bank::map::LANDMARKS;
use neume_bank::{Bank, Evidence, Map, ScanOptions, Sound, SoundId, Teller};
use neume_models::{Embedding, Families};

use crate::tone::sound;

fn unnamed(sounds: Vec<Sound>) -> Bank {
    Bank::new("test", None, sounds, Vec::new())
}

/// The first sounds of the factory bank.
fn some(count: usize) -> Vec<Sound> {
    Bank::factory().sounds.iter().take(count).cloned().collect()
}

#[test]
fn what_lies_near_on_the_map_sounds_alike_far_more_than_by_principal_axes() {
    let bank = Bank::factory();
    let map = Map::of(&bank).unwrap();
    let quality = map.quality(&bank).unwrap();
    println!("{quality:?}");
    assert!(quality.trustworthiness > 0.96, "{quality:?}");
    assert!(quality.trustworthiness > quality.of_principal_axes + 0.08, "{quality:?}");
    assert!(quality.of_one_family > 0.75, "{quality:?}");
}

#[test]
fn the_same_bank_has_the_same_map_whatever_the_order_of_its_sounds() {
    let here = unnamed(some(200));
    let there = unnamed(some(200).into_iter().rev().collect());
    let (map, again) = (Map::of(&here).unwrap(), Map::of(&there).unwrap());
    assert_eq!(map, again);
    assert_eq!(map, Map::of(&here).unwrap());
}

#[test]
fn brighter_sounds_lie_higher_and_higher_notes_further_to_the_right() {
    let bank = Bank::factory();
    let map = Map::of(&bank).unwrap();
    let along = |axis: usize, value: &dyn Fn(&Sound) -> Option<f32>| {
        let known: Vec<(f32, f32)> = bank
            .sounds
            .iter()
            .zip(&map.places)
            .filter_map(|(sound, place)| Some((place[axis], value(sound)?)))
            .collect();
        let mean = |of: &dyn Fn(&(f32, f32)) -> f32| known.iter().map(of).sum::<f32>() / known.len() as f32;
        let (a, b) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
        known.iter().map(|pair| (pair.0 - a) * (pair.1 - b)).sum::<f32>()
    };
    assert!(along(1, &|sound| Some(sound.profile.brightness)) > 0.0);
    assert!(along(0, &|sound| sound.profile.root_midi) > 0.0);
}

#[test]
fn banks_of_no_sound_of_one_and_of_a_few_have_maps_inside_the_page() {
    for count in [0, 1, 2, 3, 11, 12, 13, 40] {
        let bank = unnamed(some(count));
        let map = Map::of(&bank).unwrap();
        assert_eq!(map.places.len(), count);
        let is_inside = |place: &[f32; 2]| place.iter().all(|v| (0.0..=1.0).contains(v));
        assert!(map.places.iter().all(is_inside), "{count}: {:?}", map.places);
        assert_eq!(map.quality(&bank).is_some(), count >= 22, "{count}");
    }
    // Sounds that differ in nothing, and one whose numbers are none.
    let mut alike: Vec<Sound> =
        (0..30).map(|i| sound(&format!("s{i}"), Some(60.0), -20.0, Families::EVEN)).collect();
    alike[7].profile.brightness = f32::NAN;
    alike[7].profile.root_midi = Some(f32::INFINITY);
    alike[7].profile.families = Families([f32::NAN; 12]);
    let map = Map::of(&unnamed(alike)).unwrap();
    assert!(map.places.iter().flatten().all(|v| (0.0..=1.0).contains(v)), "{:?}", map.places);
}

#[test]
fn files_of_the_same_content_share_a_place() {
    let mut sounds = some(40);
    let twin = Sound { source: neume_bank::Source::File("twin.wav".into()), ..sounds[3].clone() };
    sounds.push(twin);
    let bank = unnamed(sounds);
    let map = Map::of(&bank).unwrap();
    let at = bank.sounds.windows(2).position(|pair| pair[0].id == pair[1].id).unwrap();
    assert_eq!(map.places[at], map.places[at + 1]);
    assert_eq!(map.landmarks, 40);
}

#[test]
fn beyond_the_landmarks_sounds_lie_with_those_that_they_are_most_like() {
    let factory = Bank::factory();
    let mut state = 7u32;
    let mut jitter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut origin = HashMap::new();
    let copies: Vec<Sound> = (0..LANDMARKS + 600)
        .map(|i| {
            let of = i % factory.sounds.len();
            let mut copy = factory.sounds[of].clone();
            copy.id = SoundId::of(format!("copy {i}").as_bytes());
            let mut raw = [0.0; Embedding::LEN];
            raw.copy_from_slice(copy.profile.embedding.as_slice());
            raw.iter_mut().for_each(|v| *v += 0.02 * jitter());
            copy.profile.embedding = Embedding::from_raw(&raw);
            origin.insert(copy.id, of);
            copy
        })
        .collect();
    let bank = unnamed(copies);
    let map = Map::of(&bank).unwrap();
    assert_eq!(map.landmarks, LANDMARKS);
    let of = |at: usize| origin[&bank.sounds[at].id];
    let is_at_home = |&at: &usize| {
        let [x, y] = map.places[at];
        let far = |other: usize| (map.places[other][0] - x).hypot(map.places[other][1] - y);
        let nearest = (0..LANDMARKS).min_by(|&a, &b| far(a).total_cmp(&far(b))).unwrap();
        of(nearest) == of(at)
    };
    let at_home = (LANDMARKS..bank.sounds.len()).filter(is_at_home).count();
    assert!(at_home > 540, "{at_home} of 600 lie beside a sound of the same origin");
}

#[test]
fn a_factory_sound_is_said_by_its_recipe() {
    let bank = Bank::factory();
    let evidence = Evidence::of(&bank, &bank.sounds[0], &ScanOptions::default()).unwrap().unwrap();
    assert_eq!((evidence.root_by, evidence.family_by), (Teller::Recipe, Teller::Recipe));
}
