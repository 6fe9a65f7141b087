//! The zones of an instrument, and which of them each key concerns: worked out by the Worker, so that a strike in the Engine
//! looks at no others.

use std::ops::Deref;

use super::PlayableZone;

const KEYS: usize = 128;

/// The zones of an instrument.
#[derive(Debug, Clone)]
pub struct Zones {
    all: Box<[PlayableZone]>,
    struck: ByKey,
    let_go: ByKey,
}

impl Zones {
    /// The zones, with their places, of which some sound when a key is struck: those that serve it or, where none does, those
    /// that come nearest to it.
    pub fn struck(&self, key: u8) -> impl Iterator<Item = (usize, &PlayableZone)> {
        self.at(self.struck.places(key))
    }

    /// The zones, with their places, of which some sound when a key is let go.
    pub fn let_go(&self, key: u8) -> impl Iterator<Item = (usize, &PlayableZone)> {
        self.at(self.let_go.places(key))
    }

    /// Whether anything sounds when keys are let go.
    pub fn await_letting_go(&self) -> bool {
        !self.let_go.places.is_empty()
    }

    fn at<'a>(&'a self, places: &'a [u32]) -> impl Iterator<Item = (usize, &'a PlayableZone)> {
        places.iter().filter_map(|&place| Some((place as usize, self.all.get(place as usize)?)))
    }
}

impl Deref for Zones {
    type Target = [PlayableZone];

    fn deref(&self) -> &[PlayableZone] {
        &self.all
    }
}

impl From<Vec<PlayableZone>> for Zones {
    fn from(zones: Vec<PlayableZone>) -> Zones {
        let all: Box<[PlayableZone]> = zones.into();
        let which = |is_let_go: bool| -> Vec<(u32, (u8, u8))> {
            let of = (0..).zip(&all).filter(|(_, zone)| zone.manner.on_release.is_some() == is_let_go);
            of.map(|(place, zone)| (place, zone.keys)).collect()
        };
        let struck = ByKey::nearest(&which(false), u8::MAX);
        let let_go = ByKey::nearest(&which(true), 0);
        Zones { all, struck, let_go }
    }
}

impl<const N: usize> From<[PlayableZone; N]> for Zones {
    fn from(zones: [PlayableZone; N]) -> Zones {
        Vec::from(zones).into()
    }
}

impl FromIterator<PlayableZone> for Zones {
    fn from_iter<T: IntoIterator<Item = PlayableZone>>(zones: T) -> Zones {
        zones.into_iter().collect::<Vec<_>>().into()
    }
}

/// Places of zones by key, each key's in ascending order.
#[derive(Debug, Clone)]
struct ByKey {
    places: Box<[u32]>,
    /// Where those of each key begin and end. Keys beside each other share what is the same.
    spans: Box<[(u32, u32); KEYS]>,
}

impl ByKey {
    /// For each key the zones, given by place and keys, that no other comes nearer to, of those within `most` keys.
    fn nearest(zones: &[(u32, (u8, u8))], most: u8) -> ByKey {
        let mut places: Vec<u32> = Vec::new();
        let mut spans = Box::new([(0, 0); KEYS]);
        let mut last = (0, 0);
        for (key, span) in (0u8..).zip(spans.iter_mut()) {
            let far = |(_, keys): &(u32, (u8, u8))| outside(*keys, key);
            let least = zones.iter().map(far).min().filter(|least| *least <= most);
            let begin = places.len();
            let near = zones.iter().filter(|zone| Some(far(zone)) == least);
            places.extend(near.map(|(place, _)| place));
            if places[last.0..last.1] == places[begin..] {
                places.truncate(begin);
            } else {
                last = (begin, places.len());
            }
            *span = (last.0 as u32, last.1 as u32);
        }
        ByKey { places: places.into(), spans }
    }

    fn places(&self, key: u8) -> &[u32] {
        let (begin, end) = self.spans[usize::from(key).min(KEYS - 1)];
        self.places.get(begin as usize..end as usize).unwrap_or(&[])
    }
}

/// How far a value lies outside of a range.
pub(crate) fn outside((low, high): (u8, u8), value: u8) -> u8 {
    low.saturating_sub(value).max(value.saturating_sub(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_beside_each_other_share_the_list_of_the_same_zones() {
        let everywhere: Vec<_> = (0..9).map(|place| (place, (0, 127))).collect();
        let by_key = ByKey::nearest(&everywhere, u8::MAX);
        assert_eq!((by_key.places.len(), by_key.places(0)), (9, by_key.places(127)));
        let halves = [(0, (0, 59)), (1, (60, 127)), (2, (60, 127))];
        let by_key = ByKey::nearest(&halves, u8::MAX);
        assert_eq!(
            (&*by_key.places, by_key.places(59), by_key.places(60)),
            (&[0, 1, 2][..], &[0][..], &[1, 2][..])
        );
        assert!(ByKey::nearest(&[(0, (60, 60))], 0).places(61).is_empty());
    }
}
