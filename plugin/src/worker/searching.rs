//! Searches of the bank for the Editor, on the Worker's thread.

use std::cmp::Ordering;

use neume_bank::search::Like;
use neume_bank::{Bank, Found, Query, Text, Weights, search};
use neume_models::Reading;

use crate::handoff::{FoundView, SearchAsked, SearchView};
use crate::naming;

/// Sounds that are shown of a search.
const SHOWN: usize = 100;

/// What the bank has for a search. A sound that the bank does not have is like none, and a drawing that is not read asks
/// for nothing.
pub fn searched(bank: &Bank, asked: SearchAsked, reading: Option<&Reading>, weights: &Weights) -> SearchView {
    let like = asked.like.and_then(|like| bank.get(like));
    let query = Query {
        reading,
        like: like.map(|sound| Like { profile: &sound.profile, itself: Some(sound.id) }),
        text: Text::of(&asked.words),
        family: asked.family,
        weights: *weights,
    };
    let found = search(bank, &query, SHOWN);
    let mut found: Vec<FoundView> = found.into_iter().filter_map(|found| view_of(bank, found)).collect();
    if query.reading.is_none() && query.like.is_none() {
        found.sort_by(by_name_where_equal);
    }
    let unknown = if found.is_empty() { unknown(bank, &asked.words) } else { Vec::new() };
    let like = like.map(|sound| naming::title(sound, bank.instrument_of(sound.id)));
    SearchView { like, asked, found: found.into(), unknown }
}

/// Best first; what answers equally well by title, then by root.
fn by_name_where_equal(a: &FoundView, b: &FoundView) -> Ordering {
    let root = |of: &FoundView| of.root_midi.unwrap_or(f32::NEG_INFINITY);
    let title = |of: &FoundView| (of.title.large.to_lowercase(), of.title.small.to_lowercase());
    let by_score = b.score.total_cmp(&a.score);
    by_score.then_with(|| title(a).cmp(&title(b))).then_with(|| root(a).total_cmp(&root(b)))
}

/// The words of those typed that no sound of the bank has.
fn unknown(bank: &Bank, typed: &str) -> Vec<String> {
    let is_unknown = |word: &&str| {
        let text = Text::of(word);
        !word.starts_with('-')
            && !text.is_empty()
            && search(bank, &Query { text, ..Query::default() }, 1).is_empty()
    };
    typed.split_whitespace().filter(is_unknown).map(str::to_string).collect()
}

fn view_of(bank: &Bank, found: Found) -> Option<FoundView> {
    let sound = bank.get(found.sound)?;
    let instrument = bank.name_among_others(sound.id, found.instrument);
    Some(FoundView {
        sound: sound.id,
        instrument: instrument.map(str::to_string),
        name: sound.name.clone(),
        title: naming::title(sound, bank.instruments.get(found.instrument)),
        family: sound.profile.families.best().0,
        root_midi: sound.profile.root_midi,
        doubt: sound.doubt,
        overview: sound.overview.clone(),
        score: found.score,
        reasons: found.reasons.into_iter().map(|reason| reason.says).collect(),
    })
}

#[cfg(test)]
mod tests {
    use neume_bank::{Instrument, Zone};

    use super::*;

    #[test]
    fn words_that_stand_nowhere_are_named_and_equal_answers_stand_by_name_and_root() {
        let factory = Bank::factory();
        let sounds = factory.sounds[..4].to_vec();
        let told = ["Zither horn", "Alpine horn", "Mellow horn", "Alpine horn"].into_iter().enumerate();
        let instruments = told.map(|(i, name)| Instrument {
            name: name.to_string(),
            zones: vec![Zone::everywhere(i, 60.0)],
            is_told: true,
        });
        let bank = Bank::new("horns", None, sounds, instruments.collect());
        let searched = |words: &str| {
            let asked = SearchAsked { words: words.to_string(), ..SearchAsked::default() };
            searched(&bank, asked, None, &Weights::default())
        };
        let found = searched("horn");
        let shown: Vec<_> = found.found.iter().map(|found| (&found.title.large, found.root_midi)).collect();
        assert!(
            shown.len() == 4 && found.found.iter().all(|it| it.score == found.found[0].score),
            "{shown:?}"
        );
        assert!(shown.is_sorted_by(|a, b| a <= b), "{shown:?}");
        assert!(found.unknown.is_empty());
        let nothing = searched("bright horn -dull qqq");
        assert!(nothing.found.is_empty());
        assert_eq!(nothing.unknown, ["bright", "qqq"]);
        assert!(searched("horn -horn").unknown.is_empty(), "every word is there");
    }
}
