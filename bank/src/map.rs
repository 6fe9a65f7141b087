//! A bank in two dimensions: sounds that sound alike lie side by side.
//!
//! The places come from a t-SNE (van der Maaten and Hinton, 2008; by the crate `bhtsne`) that begins at the two
//! principal axes, so that it needs no chance and the same bank has the same map. Then the map is turned: what is brighter lies higher and, as far as that is
//! left free, what is higher in pitch lies further to the right.
//!
//! Up to [`LANDMARKS`] sounds place each other. Of a larger bank that many do, a fair sample because sounds are
//! sorted by the hash of their content; every other sound lies with the landmarks that it is most like.
//!
//! Runs on the caller's thread and one of its own; never on rayon's global pool.

use bhtsne::{Neighbor, tSNE};

use crate::neighbours::{Groups, LEN, Point, nearest, point};
use crate::{Bank, Error, Profile, priority};

/// Most sounds that place each other.
pub const LANDMARKS: usize = 10_000;
/// Below this many sounds the principal axes say all.
const LEAST: usize = 12;
/// About how many neighbours each sound tries to keep.
const PERPLEXITY: f32 = 20.0;
/// Steps of the descent, and how many of them draw like sounds together first.
const EPOCHS: usize = 600;
const GATHERING_EPOCHS: usize = 200;
/// Landmarks by which another sound is placed.
const BESIDE: usize = 4;

/// Where the sounds of a bank lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// For each of [`Bank::sounds`] its place, `[x, y]`, each 0..1; y is up. Sounds of the same content share one.
    pub places: Vec<[f32; 2]>,
    /// How many sounds placed each other; the others lie with those that they are most like.
    pub landmarks: usize,
}

/// How far a map is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Trustworthiness of the ten nearest on the map (Venna and Kaski, 2001), 0..1: 1 where all that lies near sounds
    /// alike too.
    pub trustworthiness: f32,
    /// The same of a map by the two principal axes alone.
    pub of_principal_axes: f32,
    /// Share of the ten nearest on the map that are of the same family.
    pub of_one_family: f32,
}

/// Sounds that are asked for the quality of a map, at most.
const ASKED: usize = 1_000;
const NEAR: usize = 10;

impl Map {
    /// The map of a bank; of an empty one, an empty map.
    ///
    /// # Errors
    /// [`Error::Thread`] where the system gives no thread.
    pub fn of(bank: &Bank) -> Result<Map, Error> {
        let (kept, place_of) = of_one_content(bank);
        let points: Vec<Point> = kept.iter().map(|&at| point(&bank.sounds[at].profile)).collect();
        let landmarks = &points[..points.len().min(LANDMARKS)];
        let mut places = principal(landmarks);
        if landmarks.len() >= LEAST {
            places = unfolded(landmarks, &places)?;
        }
        let groups = Groups::new(landmarks);
        for point in &points[landmarks.len()..] {
            places.push(beside(&groups.nearest(point, BESIDE), &places));
        }
        let profiles: Vec<&Profile> = kept.iter().map(|&at| &bank.sounds[at].profile).collect();
        turn(&mut places, &profiles);
        fill(&mut places);
        let landmarks = landmarks.len();
        Ok(Map { places: place_of.into_iter().map(|at| places[at]).collect(), landmarks })
    }

    /// How far the map is to be trusted, by up to a thousand of the sounds that placed each other; `None` where there are
    /// too few to tell.
    pub fn quality(&self, bank: &Bank) -> Option<Quality> {
        let (mut kept, _) = of_one_content(bank);
        kept.truncate(LANDMARKS);
        // The measure is defined for fewer neighbours than half of the points.
        if kept.len() < 2 * NEAR + 2 || self.places.len() != bank.sounds.len() {
            return None;
        }
        let points: Vec<Point> = kept.iter().map(|&at| point(&bank.sounds[at].profile)).collect();
        let places: Vec<[f32; 2]> = kept.iter().map(|&at| self.places[at]).collect();
        let axes = principal(&points);
        let family = |at: usize| bank.sounds[kept[at]].profile.families.best().0;
        let (mut lost, mut lost_by_axes, mut alike, mut asked) = (0.0, 0.0, 0usize, 0usize);
        for at in (0..kept.len()).step_by(kept.len().div_ceil(ASKED)) {
            let mut rank = vec![0; kept.len()];
            for (order, &(_, other)) in nearest(&points[at], &points, Some(at), kept.len()).iter().enumerate()
            {
                rank[other] = order + 1;
            }
            let near = nearest(&places[at], &places, Some(at), NEAR);
            let intruders = |near: &[(f32, usize)]| {
                near.iter().map(|&(_, other)| rank[other].saturating_sub(NEAR)).sum::<usize>() as f64
            };
            lost += intruders(&near);
            lost_by_axes += intruders(&nearest(&axes[at], &axes, Some(at), NEAR));
            alike += near.iter().filter(|(_, other)| family(*other) == family(at)).count();
            asked += 1;
        }
        let (n, k) = (kept.len() as f64, NEAR as f64);
        let worst = asked as f64 * k * (2.0 * n - 3.0 * k - 1.0) / 2.0;
        Some(Quality {
            trustworthiness: (1.0 - lost / worst) as f32,
            of_principal_axes: (1.0 - lost_by_axes / worst) as f32,
            of_one_family: alike as f32 / (asked * NEAR) as f32,
        })
    }
}

/// Positions of the first sound of each content; and for each sound, which of these has its content.
fn of_one_content(bank: &Bank) -> (Vec<usize>, Vec<usize>) {
    let mut kept: Vec<usize> = Vec::new();
    let mut which = Vec::with_capacity(bank.sounds.len());
    for (at, sound) in bank.sounds.iter().enumerate() {
        // Sounds of the same content lie beside each other.
        if kept.last().is_none_or(|&last| bank.sounds[last].id != sound.id) {
            kept.push(at);
        }
        which.push(kept.len() - 1);
    }
    (kept, which)
}

/// The points along their two principal axes.
fn principal(points: &[Point]) -> Vec<[f32; 2]> {
    let count = points.len().max(1) as f64;
    let mut mean = [0.0f64; LEN];
    for point in points {
        mean.iter_mut().zip(point).for_each(|(m, v)| *m += f64::from(*v) / count);
    }
    let mut spread = vec![[0.0f64; LEN]; LEN];
    for point in points {
        let off: Vec<f64> = point.iter().zip(mean).map(|(v, m)| f64::from(*v) - m).collect();
        for (row, a) in spread.iter_mut().zip(&off) {
            row.iter_mut().zip(&off).for_each(|(cell, b)| *cell += a * b);
        }
    }
    let axes = [0, 1].map(|_| axis(&mut spread));
    let along = |point: &Point, axis: &[f64; LEN]| {
        point.iter().zip(mean).zip(axis).map(|((v, m), a)| (f64::from(*v) - m) * a).sum::<f64>() as f32
    };
    points.iter().map(|point| [along(point, &axes[0]), along(point, &axes[1])]).collect()
}

/// The longest axis of a symmetric spread, by power iteration; the spread keeps what is left without it.
fn axis(spread: &mut [[f64; LEN]]) -> [f64; LEN] {
    const ROUNDS: usize = 120;
    // Any start that is no axis itself will do.
    let mut axis: [f64; LEN] = std::array::from_fn(|i| 1.0 + 0.01 * i as f64);
    let mut length = 0.0;
    for _ in 0..ROUNDS {
        let next: [f64; LEN] = std::array::from_fn(|i| spread[i].iter().zip(&axis).map(|(a, b)| a * b).sum());
        length = next.iter().map(|v| v * v).sum::<f64>().sqrt();
        if length < 1e-12 {
            return [0.0; LEN];
        }
        axis = next.map(|v| v / length);
    }
    for (row, a) in spread.iter_mut().zip(axis) {
        row.iter_mut().zip(axis).for_each(|(cell, b)| *cell -= length * a * b);
    }
    axis
}

/// The places at which neighbours stay neighbours.
fn unfolded(points: &[Point], start: &[[f32; 2]]) -> Result<Vec<[f32; 2]>, Error> {
    let perplexity = PERPLEXITY.min((points.len() - 1) as f32 / 3.0 - 0.01);
    let count = ((3.0 * perplexity) as usize).clamp(1, points.len() - 1);
    let spread = (start.iter().map(|[x, _]| f64::from(x * x)).sum::<f64>() / start.len() as f64).sqrt();
    // Small at first, so that the axes give the arrangement and not the distances.
    let scale = 1e-2 / spread.max(1e-9) as f32;
    let start: Vec<f32> = start.iter().flatten().map(|v| v * scale).collect();
    // Sums over several threads would be added up in another order each time.
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .start_handler(|_| priority::stand_back())
        .build()
        .map_err(|cause| Error::Thread(cause.to_string()))?;
    let places = pool.install(|| {
        let neighbours: Vec<Vec<Neighbor<f32>>> = points
            .iter()
            .enumerate()
            .map(|(at, point)| {
                let near = nearest(point, points, Some(at), count);
                near.into_iter().map(|(square, index)| Neighbor { index, distance: square.sqrt() }).collect()
            })
            .collect();
        let mut descent = tSNE::<f32, Point>::new(points);
        descent
            .perplexity(perplexity)
            .epochs(EPOCHS)
            .stop_lying_epoch(GATHERING_EPOCHS)
            .momentum_switch_epoch(GATHERING_EPOCHS)
            .initial_embedding(start);
        descent.fit_sne_with_neighbors(&neighbours);
        descent.embedding()
    });
    Ok(places.chunks_exact(2).map(|place| [place[0], place[1]]).collect())
}

/// A place beside those of its landmarks, given nearest first with their squared distances: those that lie far from the
/// nearest one do not draw it into the empty middle.
fn beside(landmarks: &[(f32, usize)], places: &[[f32; 2]]) -> [f32; 2] {
    let Some(&(_, first)) = landmarks.first() else { return [0.0; 2] };
    let [x, y] = places[first];
    let (mut sum, mut at) = (0.0, [0.0; 2]);
    for &(square, landmark) in landmarks {
        let other = places[landmark];
        let far = (other[0] - x).hypot(other[1] - y);
        let weight = 1.0 / ((square + 1e-6) * (1.0 + far * far));
        sum += weight;
        at = [at[0] + weight * other[0], at[1] + weight * other[1]];
    }
    at.map(|v| v / sum)
}

/// Turns the places about their middle so that brightness grows upwards, and mirrors them so that pitch grows to the
/// right.
fn turn(places: &mut [[f32; 2]], profiles: &[&Profile]) {
    let count = places.len().max(1) as f32;
    let middle = [0, 1].map(|axis| places.iter().map(|place| place[axis]).sum::<f32>() / count);
    places.iter_mut().for_each(|place| *place = [place[0] - middle[0], place[1] - middle[1]]);
    let [x, y] = slope(places, profiles.iter().map(|profile| Some(profile.brightness)));
    let steep = x.hypot(y);
    if steep > 1e-9 {
        let (sin, cos) = ((x / steep) as f32, (y / steep) as f32);
        places.iter_mut().for_each(|place| {
            *place = [place[0] * cos - place[1] * sin, place[0] * sin + place[1] * cos];
        });
    }
    let [right, _] = slope(places, profiles.iter().map(|profile| profile.root_midi));
    if right < 0.0 {
        places.iter_mut().for_each(|place| place[0] = -place[0]);
    }
}

/// The direction in which a quantity grows over places about the origin, by least squares.
fn slope(places: &[[f32; 2]], values: impl Iterator<Item = Option<f32>>) -> [f64; 2] {
    let known: Vec<([f64; 2], f64)> = places
        .iter()
        .zip(values)
        .filter_map(|(place, value)| {
            Some((place.map(f64::from), f64::from(value.filter(|v| v.is_finite())?)))
        })
        .collect();
    let mean = known.iter().map(|(_, value)| value).sum::<f64>() / known.len().max(1) as f64;
    let mut sums = [0.0; 5];
    for ([x, y], value) in known {
        let terms = [x * x, x * y, y * y, x * (value - mean), y * (value - mean)];
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
    }
    let [xx, xy, yy, xv, yv] = sums;
    let determinant = xx * yy - xy * xy;
    if determinant.abs() < 1e-12 {
        [0.0; 2]
    } else {
        [(xv * yy - yv * xy) / determinant, (yv * xx - xv * xy) / determinant]
    }
}

/// Stretches the places over 0..1 in each direction; where they have no extent, they lie in the middle.
fn fill(places: &mut [[f32; 2]]) {
    for axis in [0, 1] {
        let (low, high) = places
            .iter()
            .map(|place| place[axis])
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let extent = high - low;
        for place in places.iter_mut() {
            place[axis] = if extent > 1e-9 { ((place[axis] - low) / extent).clamp(0.0, 1.0) } else { 0.5 };
        }
    }
}
