//! Searches of the bank for the Editor, on the Worker's thread.

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
    let found = found.into_iter().filter_map(|found| view_of(bank, found)).collect();
    SearchView { like: like.map(|sound| naming::title(sound, bank.instrument_of(sound.id))), asked, found }
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
