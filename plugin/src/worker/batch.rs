//! Of what was asked of the Worker meanwhile, what is still worth an answer.

use crate::handoff::{Request, SLOTS};

/// Drops the drawings that a newer one of the same slot has overtaken, and the searches before the last.
pub fn newest_of_each(batch: Vec<Request>) -> Vec<Request> {
    let mut newest = [usize::MAX; SLOTS];
    let last_search = batch.iter().rposition(|request| matches!(request, Request::Search(_)));
    for (i, request) in batch.iter().enumerate() {
        if let Request::Read { slot, .. } = request
            && *slot < SLOTS
        {
            newest[*slot] = i;
        }
    }
    let overtaken = |i: usize, request: &Request| match request {
        Request::Read { slot, .. } => newest.get(*slot) != Some(&i),
        Request::Search(_) => last_search != Some(i),
        _ => false,
    };
    batch.into_iter().enumerate().filter(|(i, request)| !overtaken(*i, request)).map(|(_, r)| r).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::SearchAsked;

    #[test]
    fn of_several_searches_the_last_is_answered() {
        let search = |words: &str| Request::Search(SearchAsked { words: words.into(), ..Default::default() });
        let left = newest_of_each(vec![search("v"), Request::Language, search("vi"), search("vio")]);
        assert!(
            matches!(&left[..], [Request::Language, Request::Search(asked)] if asked.words == "vio"),
            "{left:?}"
        );
    }
}
