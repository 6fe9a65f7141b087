//! The factory bank: what it holds, that it sounds clean, and that its index is in step.

use std::collections::HashSet;

use neume_bank::factory::{self, LEVEL_LUFS, PEAK, Recipe, Rendered, index, momentary_lufs};
use neume_bank::{Bank, Source};
use neume_models::Family;

fn lowest(recipe: &Recipe) -> Rendered {
    factory::render(recipe.name, recipe.roots[0]).expect("a recipe renders its own roots")
}

#[test]
fn forty_eight_instruments_and_more_spread_over_the_twelve_families() {
    let recipes = factory::recipes();
    assert!(recipes.len() >= 48, "{} instruments", recipes.len());
    for family in Family::ALL {
        let count = recipes.iter().filter(|recipe| recipe.family == family).count();
        assert!(count >= 4, "{count} of {}", family.id());
    }
    for recipe in recipes {
        assert!(recipe.roots.len() >= 3, "{} has {} roots", recipe.name, recipe.roots.len());
        assert!(recipe.roots.is_sorted_by(|a, b| a < b), "roots of {} ascend", recipe.name);
    }
}

#[test]
fn names_and_ids_are_unique() {
    let recipes = factory::recipes();
    let names: HashSet<_> = recipes.iter().map(|recipe| recipe.name).collect();
    assert_eq!(names.len(), recipes.len());
    let all = recipes.iter().flat_map(|recipe| recipe.roots.iter().map(|&root| recipe.sound_id(root)));
    let ids: HashSet<_> = all.clone().collect();
    assert_eq!(ids.len(), all.count());
}

#[test]
fn every_instrument_is_finite_levelled_and_without_dc() {
    for recipe in factory::recipes() {
        let rendered = lowest(recipe);
        let audio = &rendered.audio;
        assert_eq!(audio.rate_hz, 48_000, "{}", recipe.name);
        assert!((1..=2).contains(&audio.channels.len()) && audio.frames() > 4800, "{}", recipe.name);
        assert_eq!(rendered.sustain.is_some(), recipe.looped, "{}", recipe.name);
        let samples = || audio.channels.iter().flatten();
        assert!(samples().all(|x| x.is_finite()), "{}", recipe.name);
        let peak = samples().fold(0.0f32, |max, x| max.max(x.abs()));
        assert!(peak <= PEAK * 1.0001, "{} peaks at {peak}", recipe.name);
        let loud = momentary_lufs(audio);
        let wanted = LEVEL_LUFS + f64::from(recipe.trim_db);
        assert!(loud <= wanted + 0.1, "{}: {loud:.2} LUFS over {wanted:.2}", recipe.name);
        // Only what is stopped by its peak may stay under its level.
        assert!(
            loud >= wanted - 0.1 || peak >= PEAK * 0.999,
            "{}: {loud:.2} LUFS under {wanted:.2}",
            recipe.name
        );
        for channel in &audio.channels {
            let mean = channel.iter().map(|&x| f64::from(x)).sum::<f64>() / channel.len() as f64;
            assert!(mean.abs() < 1e-3, "{} has a DC of {mean}", recipe.name);
        }
    }
}

#[test]
fn loops_close_without_a_click() {
    for recipe in factory::recipes().iter().filter(|recipe| recipe.looped) {
        let rendered = lowest(recipe);
        let sustain = rendered.sustain.expect("it is looped");
        let (start, end) = (sustain.start_frames as usize, sustain.end_frames as usize);
        assert!(end - start > 48_000 && end <= rendered.audio.frames(), "{}", recipe.name);
        for channel in &rendered.audio.channels {
            let mut around = channel[end - 64..end].to_vec();
            around.extend(&channel[start..start + 64]);
            let bend = |window: &[f32]| (window[0] - 2.0 * window[1] + window[2]).abs();
            let largest = channel[start..end].windows(3).map(bend).fold(0.0, f32::max);
            let seam = around[60..68].windows(3).map(bend).fold(0.0, f32::max);
            assert!(
                seam <= 1.05 * largest + 1e-6,
                "{}: {seam} at the seam, {largest} elsewhere",
                recipe.name
            );
            // What lies behind the end is what lies behind the start.
            assert_eq!(channel[end..], channel[start..start + channel.len() - end], "{}", recipe.name);
        }
    }
}

#[test]
fn what_dies_away_ends_in_silence() {
    for recipe in factory::recipes().iter().filter(|recipe| !recipe.looped) {
        for channel in &lowest(recipe).audio.channels {
            assert_eq!(channel.last(), Some(&0.0), "{}", recipe.name);
        }
    }
}

#[test]
fn the_same_sound_comes_out_every_time() {
    for recipe in factory::recipes().iter().step_by(9) {
        assert_eq!(lowest(recipe), lowest(recipe), "{}", recipe.name);
    }
}

#[test]
fn what_no_recipe_makes_is_refused() {
    assert_eq!(factory::render("Kazoo", 60), None);
    assert_eq!(factory::render(factory::recipes()[0].name, 1), None);
}

#[test]
fn the_index_knows_every_sound_by_the_id_it_has_now() {
    let mut known: Vec<_> = index::entries().into_iter().map(|entry| entry.id).collect();
    let mut made: Vec<_> = factory::recipes()
        .iter()
        .flat_map(|recipe| recipe.roots.iter().map(|&root| recipe.sound_id(root)))
        .collect();
    known.sort_unstable();
    made.sort_unstable();
    assert_eq!(known, made, "run the example factory_index again");
}

#[test]
fn the_index_says_what_the_sounds_are_now() {
    for entry in index::entries().iter().step_by(23) {
        let recipe = factory::recipe(&entry.instrument).expect("the recipe is there");
        let rendered = recipe.render(entry.root_midi);
        let heard = index::Heard {
            brightness: entry.brightness,
            roughness: entry.roughness,
            embedding: neume_models::Embedding::from_raw(&[0.0; 64]),
        };
        let now = index::Entry::new(recipe, entry.root_midi, &rendered, &heard);
        let now = index::Entry { embedding: entry.embedding.clone(), ..now };
        assert_eq!(&now, entry, "run the example factory_index again");
    }
}

#[test]
fn the_bank_opens_with_zones_over_the_whole_keyboard() {
    let bank = Bank::factory();
    assert_eq!(bank.sounds.len(), index::entries().len());
    assert_eq!(bank.instruments.len(), factory::recipes().len());
    for instrument in &bank.instruments {
        let mut next = 0;
        for zone in &instrument.zones {
            assert_eq!(zone.keys.0, next, "{}", instrument.name);
            assert!((zone.keys.0..=zone.keys.1).contains(&(zone.root_midi as u8)), "{}", instrument.name);
            next = zone.keys.1 + 1;
        }
        assert_eq!(next, 128, "{}", instrument.name);
    }
    let sound = &bank.sounds[0];
    assert!(matches!(sound.source, Source::Factory { .. }));
    let audio = bank.load(sound).expect("a factory sound loads");
    assert_eq!(audio.frames() as u64, sound.frames);
}
