//! Sounds as points, and the points nearest to each: the ground of a map.
//!
//! A point is what a sound sounds like: its embedding, and beside it root, brightness, roughness and family, each by a
//! weight of its own. Pure computation on the caller's thread, deterministic: equal distances fall by position.

use neume_models::{Embedding, Family};

use crate::Profile;

/// Components of a point.
pub(crate) const LEN: usize = Embedding::LEN + 4 + Family::COUNT;

/// A sound as a point; near points sound alike.
pub(crate) type Point = [f32; LEN];

/// Distance that an octave makes. Two embeddings lie up to 2 apart.
const OCTAVE: f32 = 0.16;
/// Distance between a pitched and an unpitched sound.
const UNPITCHED: f32 = 0.4;
/// Distance from the darkest to the brightest sound.
const BRIGHTNESS: f32 = 0.5;
/// Distance from the mellowest to the harshest sound.
const ROUGHNESS: f32 = 0.3;
/// Distance between sounds that are surely of two families, over the root of two.
const FAMILY: f32 = 0.5;

/// The point of a sound. What is not a number counts as the middle of its range.
pub(crate) fn point(profile: &Profile) -> Point {
    let unit = |v: f32| if v.is_finite() { v.clamp(0.0, 1.0) } else { 0.5 };
    let mut point = [0.0; LEN];
    let (embedding, rest) = point.split_at_mut(Embedding::LEN);
    embedding.copy_from_slice(profile.embedding.as_slice());
    let (measures, families) = rest.split_at_mut(4);
    match profile.root_midi.filter(|midi| midi.is_finite()) {
        Some(midi) => measures[0] = OCTAVE * ((midi - 60.0) / 12.0).clamp(-6.0, 6.0),
        None => measures[1] = UNPITCHED,
    }
    measures[2] = BRIGHTNESS * unit(profile.brightness);
    measures[3] = ROUGHNESS * unit(profile.roughness);
    for (place, probability) in families.iter_mut().zip(profile.families.0) {
        *place = FAMILY * unit(probability).sqrt();
    }
    point
}

/// Squared distance of two points.
pub(crate) fn apart<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    // Eight sums side by side, which the compiler keeps in one register.
    let mut sums = [0.0f32; 8];
    let (heads, tails) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = heads.remainder().iter().zip(tails.remainder()).map(|(x, y)| (x - y) * (x - y)).sum();
    for (x, y) in heads.zip(tails) {
        for lane in 0..8 {
            let off = x[lane] - y[lane];
            sums[lane] += off * off;
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// The `count` points nearest to this one, as squared distance and position, nearest first; `skip` is left out.
pub(crate) fn nearest<const N: usize>(
    to: &[f32; N],
    among: &[[f32; N]],
    skip: Option<usize>,
    count: usize,
) -> Vec<(f32, usize)> {
    let mut all: Vec<(f32, usize)> = among
        .iter()
        .enumerate()
        .filter(|(at, _)| Some(*at) != skip)
        .map(|(at, point)| (apart(to, point), at))
        .collect();
    first(&mut all, count);
    all
}

/// Keeps the `count` smallest, in order.
pub(crate) fn first(all: &mut Vec<(f32, usize)>, count: usize) {
    let order = |a: &(f32, usize), b: &(f32, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count < all.len() {
        if count > 0 {
            all.select_nth_unstable_by(count - 1, order);
        }
        all.truncate(count);
        // A list for each of ten thousand points would else keep the room of all the others: a gigabyte and more.
        all.shrink_to_fit();
    }
    all.sort_unstable_by(order);
}

/// Points in groups around some of them, so that the nearest of very many are found without looking at all.
pub(crate) struct Groups<'a> {
    points: &'a [Point],
    middles: Vec<Point>,
    members: Vec<Vec<u32>>,
}

/// Groups that are looked into for each question.
const LOOKED_INTO: usize = 6;

impl<'a> Groups<'a> {
    /// Groups these points around every so many of them.
    pub fn new(points: &'a [Point]) -> Groups<'a> {
        let count = (points.len() as f32).sqrt().ceil().max(1.0) as usize;
        let middles: Vec<Point> = points.iter().step_by((points.len() / count).max(1)).copied().collect();
        let mut members = vec![Vec::new(); middles.len()];
        for (at, point) in points.iter().enumerate() {
            if let Some(&(_, group)) = nearest(point, &middles, None, 1).first() {
                members[group].push(at as u32);
            }
        }
        Groups { points, middles, members }
    }

    /// The `count` nearest of the points in the nearest groups: nearly always the nearest of all.
    pub fn nearest(&self, to: &Point, count: usize) -> Vec<(f32, usize)> {
        let groups = nearest(to, &self.middles, None, LOOKED_INTO);
        let members = groups.iter().flat_map(|&(_, group)| &self.members[group]);
        let mut all: Vec<(f32, usize)> =
            members.map(|&at| (apart(to, &self.points[at as usize]), at as usize)).collect();
        first(&mut all, count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_many_take_the_room_of_a_few() {
        let points: Vec<[f32; 2]> = (0..1_000u16).map(|i| [f32::from(i), 0.0]).collect();
        let near = nearest(&points[500], &points, Some(500), 4);
        assert_eq!(near, [(1.0, 499), (1.0, 501), (4.0, 498), (4.0, 502)]);
        assert!(near.capacity() < 100, "room for {}", near.capacity());
    }
}
