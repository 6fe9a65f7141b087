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
const SEEN: [f32; 2] = [0.25, 0.45];
/// Ink hangs together where it has at least this part of its core's strength, and is a stroke where the network sees at least
/// this part of it.
const STRONG: f32 = 0.5;
const MOST: f32 = 0.4;
/// How wide the rest of a stroke is, as a part of how wide it is where the network sees it; what is wider is a shadow that the
/// stroke runs into, what is narrower a printed line that it crosses.
const AS_WIDE: std::ops::Range<f32> = 0.5..1.5;
/// A pixel paler than this part of the ink's core is paper.
const PALEST: f32 = 0.1;
/// How many pixel rows above and below ink the paper beside it begins and ends, and by how much of the ink's core it differs
/// from paper at most.
const BESIDE: std::ops::RangeInclusive<usize> = 3..=6;
const DARKEST_PAPER: f32 = 0.7;

/// The part of every pixel that ink covers (256 x 384), out of the pixels of a [`NetworkInput`] and where the network sees
/// ink (64 x 96 x 4, 0..1). Where ink is certain, every pixel that differs from the paper is some.
pub fn coverage(pixels: &[f32], seen: &[f32], is_certain: bool) -> Vec<f32> {
    let mut ruler = Ruler::default();
    ruler.look(pixels);
    ruler.cover(seen, is_certain);
    ruler.coverage
}

/// [`coverage`], where paper in a shadow, which differs from other paper too, is no ink. The network's answers are asked of the
/// former, heights are measured in this one.
pub fn coverage_in_any_light(pixels: &[f32], seen: &[f32], is_certain: bool) -> Vec<f32> {
    let mut ruler = Ruler::default();
    ruler.look(pixels);
    ruler.cover_in_any_light(seen, is_certain);
    ruler.coverage
}

/// The mean coverage of four pixels side by side, ordered as the network's ink is (64 x 96 x 4).
pub fn coverage_of_patches(coverage: &[f32]) -> Vec<f32> {
    let mut ink = vec![0.0; coverage.len() / PATCH];
    for (row, line) in coverage.chunks(COLUMNS).enumerate().filter(|(_, line)| has_ink(line)) {
        for (column, four) in line.chunks_exact(PATCH).enumerate() {
            ink[at(row, column)] = four.iter().sum::<f32>() / PATCH as f32;
        }
    }
    ink
}

/// Where a pixel row of a patch stands among those of the network's ink.
fn at(row: usize, column: usize) -> usize {
    (row / PATCH * PATCHES + column) * PATCH + row % PATCH
}

/// Works out [`coverage`] and [`measures`], in room that is used again. Most of a pad is paper, so it goes by fours: four
/// pixels side by side, of which 96 make a row.
#[derive(Default)]
pub(crate) struct Ruler {
    /// Whether a four differs from the paper (256 x 96).
    is_inked: Vec<bool>,
    /// The fours that do, counted row by row.
    fours: Vec<usize>,
    /// Strength of each pixel (256 x 384), and what [`Ruler::cover`] found; both are zero but for the fours.
    strengths: Vec<f32>,
    coverage: Vec<f32>,
    /// Numbers of each four (256 x 96).
    lines: Vec<f32>,
    thick: Vec<f32>,
    /// How much the word of the network counts there, and how much the paper above and below differs from paper.
    parts: Vec<f32>,
    above: Vec<f32>,
    below: Vec<f32>,
    /// The strongest pixel of each four, while pieces are looked for; zero between.
    strongest: Vec<f32>,
    /// The fours of one piece.
    piece: Vec<usize>,
    /// How many strong pixels hang together at each four, up and down or to both sides, whichever are fewer.
    spans: Vec<f32>,
    /// The ink made half as large, and so on.
    smaller: Vec<f32>,
}

impl Ruler {
    /// Looks at the pixels of a [`NetworkInput`]: which fours differ from the paper (256 x 96)?
    pub(crate) fn look(&mut self, pixels: &[f32]) -> &[bool] {
        for four in self.fours.drain(..) {
            let pixels = four * PATCH..(four + 1) * PATCH;
            self.strengths[pixels.clone()].fill(0.0);
            self.coverage[pixels].fill(0.0);
            self.parts[four] = 0.0;
        }
        self.strengths.resize(ROWS * COLUMNS, 0.0);
        self.coverage.resize(ROWS * COLUMNS, 0.0);
        for of_fours in [&mut self.parts, &mut self.above, &mut self.below, &mut self.strongest] {
            of_fours.resize(ROWS * PATCHES, 0.0);
        }
        self.is_inked.clear();
        self.is_inked.extend(pixels.chunks_exact(PATCH * NetworkInput::CHANNELS).map(has_ink));
        self.fours.extend((0..self.is_inked.len()).filter(|&four| self.is_inked[four]));
        for &four in &self.fours {
            let to = &mut self.strengths[four * PATCH..][..PATCH];
            let from = pixels[four * PATCH * NetworkInput::CHANNELS..].chunks(NetworkInput::CHANNELS);
            to.iter_mut().zip(from).for_each(|(to, pixel)| *to = pixel[0]);
        }
        &self.is_inked
    }

    /// [`coverage`] of what it looked at.
    pub(crate) fn cover(&mut self, seen: &[f32], is_certain: bool) -> &[f32] {
        let core = self.weigh(seen, is_certain);
        self.cover_from(core, |_| 0.0)
    }

    /// [`coverage_in_any_light`] of what it looked at.
    pub(crate) fn cover_in_any_light(&mut self, seen: &[f32], is_certain: bool) -> &[f32] {
        let core = self.weigh(seen, is_certain);
        if is_certain {
            return self.cover_from(core, |_| 0.0);
        }
        self.find_paper();
        let (above, below) = (std::mem::take(&mut self.above), std::mem::take(&mut self.below));
        self.cover_from(core, |four| match above[four].min(below[four]) {
            paper if paper.is_finite() => paper.min(DARKEST_PAPER * core),
            _ => 0.0,
        });
        (self.above, self.below) = (above, below);
        &self.coverage
    }

    /// Finds how much each four counts, and gives the ink's core.
    fn weigh(&mut self, seen: &[f32], is_certain: bool) -> f32 {
        let usual = if is_certain { 1.0 } else { self.find_thickness(seen) };
        for at in 0..self.fours.len() {
            let four = self.fours[at];
            self.parts[four] = if is_certain { 1.0 } else { self.part_of(four, usual) };
        }
        let core = self.core(seen, is_certain);
        if !is_certain {
            self.complete(core);
        }
        core
    }

    /// Coverage by pixels that are stronger than the paper of their four, up to the ink's core.
    fn cover_from(&mut self, core: f32, paper: impl Fn(usize) -> f32) -> &[f32] {
        for &four in &self.fours {
            let part = self.parts[four];
            let strengths = &self.strengths[four * PATCH..][..PATCH];
            let coverage = &mut self.coverage[four * PATCH..][..PATCH];
            if part > 0.0 {
                let paper = paper(four);
                let covered = |strength: f32| {
                    let share = (strength - paper) / (core - paper);
                    if share > PALEST { share.min(1.0) } else { 0.0 }
                };
                coverage.iter_mut().zip(strengths).for_each(|(to, v)| *to = part * covered(*v));
            } else {
                coverage.fill(0.0);
            }
        }
        &self.coverage
    }

    /// Ink that hangs together is a stroke: where the network sees most of it, all of it counts that is about as wide.
    fn complete(&mut self, core: f32) {
        let Ruler { fours, strengths, parts, strongest, piece, spans, .. } = self;
        let of = |four: usize| &strengths[four * PATCH..][..PATCH];
        for &four in fours.iter() {
            strongest[four] = of(four).iter().fold(0.0f32, |most, v| most.max(*v));
        }
        find_spans(strengths, strongest, STRONG * core, spans);
        for &first in fours.iter() {
            if strongest[first] < STRONG * core {
                continue;
            }
            let (mut ink, mut seen, mut narrow) = (0.0f32, 0.0f32, 0.0f32);
            piece.clear();
            piece.push(first);
            strongest[first] = 0.0;
            let mut next = 0;
            while let Some(&four) = piece.get(next) {
                next += 1;
                let here: f32 = of(four).iter().sum();
                ink += here;
                seen += here * parts[four];
                narrow += here * parts[four] / spans[four];
                let (row, column) = (four / PATCHES, four % PATCHES);
                for row in row.saturating_sub(1)..(row + 2).min(ROWS) {
                    for beside in column.saturating_sub(1)..(column + 2).min(PATCHES) {
                        let four = row * PATCHES + beside;
                        if strongest[four] >= STRONG * core {
                            strongest[four] = 0.0;
                            piece.push(four);
                        }
                    }
                }
            }
            if seen > MOST * ink {
                let usual = seen / narrow;
                let as_wide = AS_WIDE.start * usual..AS_WIDE.end * usual;
                let stroke = piece.iter().filter(|&&four| as_wide.contains(&spans[four]));
                stroke.for_each(|&four| parts[four] = 1.0);
            }
        }
        fours.iter().for_each(|&four| strongest[four] = 0.0);
    }

    /// Finds how much the paper differs from paper above and below each four with ink: there the least of some pixel rows in
    /// which the network sees none. Infinite where there are no such rows.
    fn find_paper(&mut self) {
        let (parts, strengths) = (&self.parts, &self.strengths);
        let has_ink = |four: usize| parts[four] > 0.0;
        let paper = |four: usize| match has_ink(four) {
            true => f32::INFINITY,
            false => strengths[four * PATCH..][..PATCH].iter().sum::<f32>() / PATCH as f32,
        };
        let inked = self.fours.iter().copied().filter(|&four| has_ink(four));
        for four in inked.clone() {
            self.above[four] = match four.checked_sub(PATCHES) {
                Some(next) if has_ink(next) => self.above[next],
                _ => BESIDE
                    .filter_map(|rows| four.checked_sub(rows * PATCHES))
                    .map(paper)
                    .fold(f32::INFINITY, f32::min),
            };
        }
        for four in inked.rev() {
            let next = four + PATCHES;
            self.below[four] = if next < parts.len() && has_ink(next) {
                self.below[next]
            } else {
                let rows = BESIDE.map(|rows| four + rows * PATCHES).filter(|four| *four < parts.len());
                rows.map(paper).fold(f32::INFINITY, f32::min)
            };
        }
    }

    /// How much the word of the network counts at a four, 0..1.
    fn part_of(&self, four: usize, usual: f32) -> f32 {
        let (row, column) = (four / PATCHES, four % PATCHES);
        let thick = &self.thick[row * PATCHES..][..PATCHES];
        let beside = &thick[column.saturating_sub(1)..(column + 2).min(PATCHES)];
        let most = beside.iter().fold(0.0f32, |most, &v| most.max(v));
        ((most / usual - SEEN[0]) / (SEEN[1] - SEEN[0])).clamp(0.0, 1.0)
    }

    /// The strength of the ink where no edge softens it.
    fn core(&self, seen: &[f32], is_certain: bool) -> f32 {
        let (mut cubes, mut squares) = (0.0f32, 1e-9f32);
        for &four in &self.fours {
            let part = if is_certain { 1.0 } else { seen[at(four / PATCHES, four % PATCHES)] };
            if part > 1.0 / 256.0 {
                for strength in &self.strengths[four * PATCH..][..PATCH] {
                    let square = part * strength * strength;
                    squares += square;
                    cubes += square * strength;
                }
            }
        }
        (cubes / squares).max(0.02)
    }

    /// Finds the ink that the network sees in the three pixel rows around each, by patch column, and says what is usual
    /// where there is ink.
    fn find_thickness(&mut self, seen: &[f32]) -> f32 {
        self.lines.resize(ROWS * PATCHES, 0.0);
        for (patches, lines) in seen.chunks(PATCHES * PATCH).zip(self.lines.chunks_mut(PATCHES * PATCH)) {
            for (k, line) in lines.chunks_mut(PATCHES).enumerate() {
                line.iter_mut().zip(patches.chunks_exact(PATCH)).for_each(|(to, four)| *to = four[k]);
            }
        }
        let (line, thick) = (&self.lines, &mut self.thick);
        thick.clone_from(line);
        thick[PATCHES..].iter_mut().zip(line).for_each(|(sum, v)| *sum += v);
        thick.iter_mut().zip(&line[PATCHES..]).for_each(|(sum, v)| *sum += v);
        let (mut total, mut sum) = (0.0f32, 0.0f32);
        for (v, three) in line.iter().zip(thick) {
            total += v * v;
            sum += v * v * *three;
        }
        (sum / (total + 1e-9)).max(1e-6)
    }

    /// [`measures`] of what [`Ruler::cover`] found.
    pub(crate) fn measure(&mut self) -> [f32; MEASURES] {
        measure(&self.coverage, &mut self.smaller)
    }
}

/// Finds [`Ruler::spans`], by the pixels of at least `strong` and the strongest one of each four.
fn find_spans(strengths: &[f32], strongest: &[f32], strong: f32, spans: &mut Vec<f32>) {
    spans.clear();
    spans.resize(strongest.len(), f32::INFINITY);
    let is_strong = |four: &usize| strongest[*four] >= strong;
    let wide = |four: &usize| strengths[four * PATCH..][..PATCH].iter().filter(|v| **v >= strong).count();
    let mut measure = |line: &[usize], pixels: &dyn Fn(&usize) -> usize| {
        for run in line.chunk_by(|a, b| is_strong(a) == is_strong(b)).filter(|run| is_strong(&run[0])) {
            let span = run.iter().map(pixels).sum::<usize>() as f32;
            run.iter().for_each(|&four| spans[four] = spans[four].min(span));
        }
    };
    let all: Vec<usize> = (0..ROWS * PATCHES).collect();
    all.chunks(PATCHES).for_each(|row| measure(row, &wide));
    let down: Vec<usize> =
        (0..PATCHES).flat_map(|column| all[column..].iter().step_by(PATCHES)).copied().collect();
    down.chunks(ROWS).for_each(|column| measure(column, &|_| 1));
}

/// Whether any of some numbers is not zero. Most are, so this is asked of several at once.
fn has_ink(numbers: &[f32]) -> bool {
    numbers.iter().fold(0, |bits, v| bits | v.to_bits()) != 0
}

/// How many numbers [`measures`] gives.
pub const MEASURES: usize = SCALES + 1;
/// How often the ink is halved in size.
const SCALES: usize = 4;

/// What can be measured of ink (256 x 384): the logarithm of its width in pixels, twice the area over the length of its
/// edge, at full size and three times made half as large, where gaps between hairs and dots have closed; and that of its
/// area. All are brought near -1..1.
pub fn measures(coverage: &[f32]) -> [f32; MEASURES] {
    measure(coverage, &mut Vec::new())
}

/// [`measures`], with room for the smaller pictures.
fn measure(coverage: &[f32], smaller: &mut Vec<f32>) -> [f32; MEASURES] {
    let first = coverage.chunks(COLUMNS).position(has_ink).unwrap_or(0).saturating_sub(1);
    let end = ROWS - coverage.rchunks(COLUMNS).position(has_ink).unwrap_or(ROWS - 1).saturating_sub(1);
    // Whole pixels of the smallest picture.
    let rows = (first >> (SCALES - 1) << (SCALES - 1))..end.next_multiple_of(1 << (SCALES - 1)).min(ROWS);
    let (mut level, mut columns) = (&coverage[rows.start * COLUMNS..rows.end * COLUMNS], COLUMNS);
    smaller.resize(coverage.len() / 2, 0.0);
    let mut room = smaller.as_mut_slice();
    let mut measures = [0.0; MEASURES];
    measures[SCALES] = (area(level) + 1.0).ln() * 0.25 - 1.5;
    for (scale, measure) in measures[..SCALES].iter_mut().enumerate() {
        let width_px = (2.0 * area(level) + 0.1) / (edge(level, columns) + 0.1) * (1 << scale) as f32;
        *measure = width_px.ln() * 0.5 - 0.7;
        let (half, others) = room.split_at_mut(level.len() / 4);
        halve(level, columns, half);
        (level, room) = (half, others);
        columns /= 2;
    }
    measures
}

/// What is covered, in pixels.
fn area(level: &[f32]) -> f32 {
    level.chunks(16).filter(|pixels| has_ink(pixels)).flatten().sum()
}

/// The length of the edge of what is covered, in pixels: the sum of the slopes.
fn edge(level: &[f32], columns: usize) -> f32 {
    // Eight sums at once, so that the compiler can use its wide registers.
    let mut sums = [0.0f32; 8];
    for (line, below) in level.chunks(columns).zip(level.chunks(columns).skip(1)) {
        if !has_ink(line) && !has_ink(below) {
            continue;
        }
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
fn halve(level: &[f32], columns: usize, half: &mut [f32]) {
    for (two, half) in level.chunks_exact(2 * columns).zip(half.chunks_exact_mut(columns / 2)) {
        let (line, below) = two.split_at(columns);
        for ((a, b), to) in line.chunks_exact(2).zip(below.chunks_exact(2)).zip(half) {
            *to = (a[0] + a[1] + b[0] + b[1]) / 4.0;
        }
    }
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
    fn a_stroke_counts_whole_where_the_network_sees_most_of_it() {
        // An upright line, of which the network misses some patches, or sees only some.
        let pixels = line([[0.5, 0.1], [0.5, 0.9]], 0.02);
        let whole: f32 = coverage(&pixels, &NOTHING_SEEN, true).iter().sum();
        let seen_from = |from: usize| {
            let mut seen = NOTHING_SEEN;
            for (row, column) in (from..ROWS).flat_map(|row| (0..PATCHES).map(move |column| (row, column))) {
                seen[at(row, column)] = pixels[(row * COLUMNS + column * PATCH + 1) * NetworkInput::CHANNELS];
            }
            coverage(&pixels, &seen, false).iter().sum::<f32>() / whole
        };
        let [most, little] = [ROWS * 2 / 5, ROWS * 4 / 5].map(seen_from);
        assert!((most - 1.0).abs() < 0.05, "{most}");
        assert!((0.05..0.2).contains(&little), "{little}");
    }

    #[test]
    fn a_shadow_that_a_stroke_runs_into_and_lines_that_it_crosses_are_no_part_of_it() {
        let stroke = line([[0.3, 0.5], [0.7, 0.5]], 0.04);
        let mut pixels = stroke.clone();
        for (at, pixel) in pixels.chunks_mut(NetworkInput::CHANNELS).enumerate() {
            let (row, column) = (at / COLUMNS, at % COLUMNS);
            let shadow = if (135..190).contains(&row) && (200..240).contains(&column) { 0.6 } else { 0.0 };
            let printed = if column.is_multiple_of(40) && row > 60 { 0.7 } else { 0.0 };
            pixel[0] = pixel[0].max(shadow).max(printed);
        }
        let mut seen = NOTHING_SEEN;
        for (row, column) in (118..139).flat_map(|row| (0..PATCHES).map(move |column| (row, column))) {
            seen[at(row, column)] = stroke[(row * COLUMNS + column * PATCH + 1) * NetworkInput::CHANNELS];
        }
        let alone: f32 = coverage(&stroke, &seen, false).iter().sum();
        let found: f32 = coverage(&pixels, &seen, false).iter().sum();
        assert!((found / alone - 1.0).abs() < 0.1, "{found} beside {alone}");
    }

    #[test]
    fn ink_in_a_shadow_covers_as_much_as_beside_it_and_the_shadow_nothing() {
        let mut pixels = line([[0.0, 0.5], [1.0, 0.5]], 0.012);
        // The right half lies in a shadow; the network sees the patches of the line.
        for (at, pixel) in pixels.chunks_mut(NetworkInput::CHANNELS).enumerate() {
            if at % COLUMNS >= COLUMNS / 2 {
                pixel[0] = 0.4 + 0.6 * pixel[0];
            }
        }
        let mut seen = NOTHING_SEEN;
        for (row, column) in (ROWS / 2 - 4..ROWS / 2 + 4).flat_map(|row| (0..PATCHES).map(move |c| (row, c)))
        {
            seen[at(row, column)] = 0.9;
        }
        let halves = |coverage: Vec<f32>| {
            [0, COLUMNS / 2].map(|from| -> f32 {
                coverage.chunks(COLUMNS).flat_map(|row| &row[from..from + COLUMNS / 2]).sum()
            })
        };
        let [bright, shaded] = halves(coverage_in_any_light(&pixels, &seen, false));
        assert!((shaded / bright - 1.0).abs() < 0.1, "{bright} and {shaded}");
        let [bright, shaded] = halves(coverage(&pixels, &seen, false));
        assert!(shaded > 1.3 * bright, "{bright} and {shaded}");
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
