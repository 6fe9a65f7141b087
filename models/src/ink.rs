//! Ink by the pixel: the network says roughly where there is some, and the pixels say exactly how much.
//!
//! So a thin line weighs alike wherever it runs, the height keeps to a fraction of a pixel, and a width can be measured
//! as a ruler measures it.

use crate::NetworkInput;

/// Rows and columns of pixels.
const ROWS: usize = NetworkInput::ROWS;
const COLUMNS: usize = NetworkInput::COLUMNS;
/// Side of a patch of pixels.
const PATCH: usize = 4;
/// Patches side by side.
const PATCHES: usize = COLUMNS / PATCH;

/// Local thickness of the ink that the network sees, as a part of the whole drawing's, from which on its word begins to
/// count, and counts whole.
const SEEN: [f32; 2] = [0.15, 0.35];
/// A pixel paler than this part of the ink's core is paper.
const PALEST: f32 = 0.1;

/// The part of every pixel that ink covers (256 x 384), out of the pixels of a [`NetworkInput`] and where the network sees
/// ink (64 x 96 x 4, 0..1). Where ink is certain, every pixel that differs from the paper is some.
pub fn coverage(pixels: &[f32], seen: &[f32], is_certain: bool) -> Vec<f32> {
    let mut coverage: Vec<f32> = pixels.iter().step_by(NetworkInput::CHANNELS).copied().collect();
    let core = core(&coverage, seen, is_certain);
    let covered = |strength: f32| if strength > PALEST * core { (strength / core).min(1.0) } else { 0.0 };
    if is_certain {
        coverage.iter_mut().filter(|v| **v > 0.0).for_each(|v| *v = covered(*v));
        return coverage;
    }
    let (thick, usual) = thickness(seen);
    for (line, thick) in coverage.chunks_mut(COLUMNS).zip(thick.chunks(PATCHES)) {
        for (column, four) in line.chunks_mut(PATCH).enumerate() {
            let beside = &thick[column.saturating_sub(1)..(column + 2).min(PATCHES)];
            let most = beside.iter().fold(0.0f32, |most, &v| most.max(v));
            if most > SEEN[0] * usual {
                let part = ((most / usual - SEEN[0]) / (SEEN[1] - SEEN[0])).min(1.0);
                four.iter_mut().for_each(|v| *v = part * covered(*v));
            } else {
                four.fill(0.0);
            }
        }
    }
    coverage
}

/// The mean coverage of four pixels side by side, ordered as the network's ink is (64 x 96 x 4).
pub fn coverage_of_patches(coverage: &[f32]) -> Vec<f32> {
    let mut ink = vec![0.0; coverage.len() / PATCH];
    for (i, four) in coverage.chunks(PATCH).enumerate() {
        ink[at(i / PATCHES, i % PATCHES)] = four.iter().sum::<f32>() / PATCH as f32;
    }
    ink
}

/// Where a pixel row of a patch stands among those of the network's ink.
fn at(row: usize, column: usize) -> usize {
    (row / PATCH * PATCHES + column) * PATCH + row % PATCH
}

/// The strength of the ink where no edge softens it, out of the strengths of all pixels.
fn core(strengths: &[f32], seen: &[f32], is_certain: bool) -> f32 {
    let (mut cubes, mut squares) = (0.0f32, 1e-9f32);
    for (i, four) in strengths.chunks(PATCH).enumerate() {
        let part = if is_certain { 1.0 } else { seen[at(i / PATCHES, i % PATCHES)] };
        if part > 1.0 / 256.0 && four != [0.0; PATCH] {
            for strength in four {
                let square = part * strength * strength;
                squares += square;
                cubes += square * strength;
            }
        }
    }
    (cubes / squares).max(0.02)
}

/// The ink that the network sees in the three pixel rows around each, by patch column (256 x 96), and what is usual where
/// there is ink.
fn thickness(seen: &[f32]) -> (Vec<f32>, f32) {
    let mut line = vec![0.0; ROWS * PATCHES];
    for (i, four) in seen.chunks(PATCH).enumerate() {
        for (k, &v) in four.iter().enumerate() {
            line[(i / PATCHES * PATCH + k) * PATCHES + i % PATCHES] = v;
        }
    }
    let mut thick = line.clone();
    thick[PATCHES..].iter_mut().zip(&line).for_each(|(sum, v)| *sum += v);
    thick.iter_mut().zip(&line[PATCHES..]).for_each(|(sum, v)| *sum += v);
    let total = line.iter().map(|v| v * v).sum::<f32>() + 1e-9;
    let sum: f32 = line.iter().zip(&thick).map(|(v, three)| v * v * three).sum();
    (thick, (sum / total).max(1e-6))
}

/// How many numbers [`measures`] gives.
pub const MEASURES: usize = SCALES + 1;
/// How often the ink is halved in size.
const SCALES: usize = 4;

/// What can be measured of ink (256 x 384): the logarithm of its width in pixels, twice the area over the length of its
/// edge, at full size and three times made half as large, where gaps between hairs and dots have closed; and that of its
/// area. All are brought near -1..1.
pub fn measures(coverage: &[f32]) -> [f32; MEASURES] {
    let is_inked = |row: &[f32]| row.iter().any(|&v| v > 0.0);
    let first = coverage.chunks(COLUMNS).position(is_inked).unwrap_or(0).saturating_sub(1);
    let end = ROWS - coverage.rchunks(COLUMNS).position(is_inked).unwrap_or(ROWS - 1).saturating_sub(1);
    // Whole pixels of the smallest picture.
    let rows = (first >> (SCALES - 1) << (SCALES - 1))..end.next_multiple_of(1 << (SCALES - 1)).min(ROWS);
    let mut level = coverage[rows.start * COLUMNS..rows.end * COLUMNS].to_vec();
    let mut columns = COLUMNS;
    let mut measures = [0.0; MEASURES];
    measures[SCALES] = (level.iter().sum::<f32>() + 1.0).ln() * 0.25 - 1.5;
    for (scale, measure) in measures[..SCALES].iter_mut().enumerate() {
        let area: f32 = level.iter().sum();
        let width_px = (2.0 * area + 0.1) / (edge(&level, columns) + 0.1) * (1 << scale) as f32;
        *measure = width_px.ln() * 0.5 - 0.7;
        level = halved(&level, columns);
        columns /= 2;
    }
    measures
}

/// The length of the edge of what is covered, in pixels: the sum of the slopes.
fn edge(level: &[f32], columns: usize) -> f32 {
    // Eight sums at once, so that the compiler can use its wide registers.
    let mut sums = [0.0f32; 8];
    for (line, below) in level.chunks(columns).zip(level.chunks(columns).skip(1)) {
        let (here, right) = (&line[..columns - 1], &line[1..]);
        for ((here, right), below) in here.chunks(8).zip(right.chunks(8)).zip(below.chunks(8)) {
            for (((sum, here), right), below) in sums.iter_mut().zip(here).zip(right).zip(below) {
                let (across, down) = (right - here, below - here);
                *sum += (across * across + down * down).sqrt();
            }
        }
    }
    sums.iter().sum()
}

/// Half the size: means of four pixels.
fn halved(level: &[f32], columns: usize) -> Vec<f32> {
    let pairs = level.chunks_exact(2 * columns).map(|two| two.split_at(columns));
    pairs
        .flat_map(|(line, below)| {
            line.chunks_exact(2).zip(below.chunks_exact(2)).map(|(a, b)| (a[0] + a[1] + b[0] + b[1]) / 4.0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::network_input;
    use crate::{Point, Rgb, Sketch, Stroke};

    fn line(points: [[f32; 2]; 2], width_norm: f32) -> Vec<f32> {
        let points = points.map(|[x, y]| Point { x, y, secs: 0.0 }).to_vec();
        let stroke = Stroke { points, rgb: Rgb::BLACK, width_norm };
        network_input(&Sketch { strokes: vec![stroke], raster: None }).unwrap().pixels
    }

    static NOTHING_SEEN: [f32; ROWS * PATCHES] = [0.0; ROWS * PATCHES];

    #[test]
    fn a_width_is_measured_across_a_line_however_it_lies() {
        let lies = [[[0.1, 0.5], [0.9, 0.5]], [[0.2, 0.2], [0.8, 0.8]], [[0.5, 0.1], [0.5, 0.9]]];
        for points in lies {
            for width_norm in [0.01, 0.02, 0.06] {
                let measured = measures(&coverage(&line(points, width_norm), &NOTHING_SEEN, true));
                let width_px = ((measured[0] + 0.7) / 0.5).exp();
                let off = width_px / (width_norm * ROWS as f32);
                assert!((0.8..1.25).contains(&off), "{points:?} of {width_norm}: {width_px} px");
            }
        }
    }

    #[test]
    fn pixels_beside_what_the_network_sees_are_paper_and_those_in_it_count_by_their_strength() {
        // Two lines; the network sees the lower one, less and less of it from left to right.
        let (mut both, other) =
            (line([[0.0, 0.3], [1.0, 0.3]], 0.008), line([[0.0, 0.7], [1.0, 0.7]], 0.008));
        both.iter_mut().zip(&other).for_each(|(pixel, other)| *pixel += other);
        let mut seen = NOTHING_SEEN;
        let row = (0.7 * ROWS as f32) as usize;
        for column in 0..PATCHES {
            seen[at(row, column)] = 0.9 - 0.5 * column as f32 / PATCHES as f32;
        }
        let coverage = coverage(&both, &seen, false);
        let sum = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| -> f32 {
            rows.flat_map(|row| columns.clone().map(move |column| row * COLUMNS + column))
                .map(|i| coverage[i])
                .sum()
        };
        assert_eq!(sum(0..ROWS / 2, 0..COLUMNS), 0.0);
        let [left, right] = [0..COLUMNS / 2, COLUMNS / 2..COLUMNS].map(|half| sum(ROWS / 2..ROWS, half));
        assert!(left > 300.0 && (left / right - 1.0).abs() < 0.03, "{left} and {right}");
    }

    #[test]
    fn no_ink_has_measures_too() {
        for (is_certain, strength) in [(true, 0.0), (false, 0.0), (false, 1.0)] {
            let pixels = vec![strength; ROWS * COLUMNS * NetworkInput::CHANNELS];
            let measured = measures(&coverage(&pixels, &NOTHING_SEEN, is_certain));
            assert!(measured.iter().all(|v| v.is_finite()), "{measured:?}");
        }
    }
}
