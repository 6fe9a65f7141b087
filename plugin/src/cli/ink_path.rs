//! Pen movements of a picture: nobody knows how the pen moved, but the middle of its lines is where it went. Lines are
//! thinned to a pixel (Zhang and Suen, 1984) and followed from their ends.

use neume_models::SignInput;
use neume_models::sign_net::SIDE;

use super::pen_file::Movement;

/// Ink that is stronger than this belongs to a line.
const INK: f32 = 0.5;

/// The lines of a shape, as strokes: x and y of each point in pixels, y up.
pub fn strokes_of(shape: &SignInput) -> Movement {
    let mut line = Grid(shape.pixels.iter().map(|v| *v > INK).collect());
    line.thin();
    let mut strokes = Vec::new();
    let mut left = line.clone();
    while let Some(start) = left.next_start() {
        strokes.push(smooth(&line.follow(start, &mut left)));
    }
    strokes
}

/// A place on the grid: column and row.
type At = [usize; 2];

/// Which pixels belong to a line, row by row from the top.
#[derive(Clone)]
struct Grid(Vec<bool>);

impl Grid {
    fn has(&self, [x, y]: At) -> bool {
        x < SIDE && y < SIDE && self.0[y * SIDE + x]
    }

    /// The eight pixels around, clockwise from the one above; those outside have no ink.
    fn around([x, y]: At) -> [At; 8] {
        // What is left of the first column wraps to a place that is not there.
        let [left, above] = [x, y].map(|v| v.wrapping_sub(1));
        [
            [x, above],
            [x + 1, above],
            [x + 1, y],
            [x + 1, y + 1],
            [x, y + 1],
            [left, y + 1],
            [left, y],
            [left, above],
        ]
    }

    fn all(&self) -> impl Iterator<Item = At> + '_ {
        (0..self.0.len()).filter(|i| self.0[*i]).map(|i| [i % SIDE, i / SIDE])
    }

    /// Takes pixels from both sides of every line until it is one pixel wide.
    fn thin(&mut self) {
        loop {
            let before = self.all().count();
            for is_second in [false, true] {
                let rim: Vec<At> = self.all().filter(|at| self.is_rim(*at, is_second)).collect();
                rim.into_iter().for_each(|[x, y]| self.0[y * SIDE + x] = false);
            }
            if self.all().count() == before {
                return;
            }
        }
    }

    /// Whether a pixel is of the rim on one side, and no line is cut or shortened without it.
    fn is_rim(&self, at: At, is_second: bool) -> bool {
        let ink = Grid::around(at).map(|near| self.has(near));
        let count = ink.iter().filter(|ink| **ink).count();
        let begins = (0..8).filter(|i| !ink[*i] && ink[(i + 1) % 8]).count();
        let [up, right, down, left] = [ink[0], ink[2], ink[4], ink[6]];
        let is_of_side = match is_second {
            false => !(right && down && (up || left)),
            true => !(up && left && (right || down)),
        };
        (2..=6).contains(&count) && begins == 1 && is_of_side
    }

    /// Where the next stroke begins: at an end of a line, if there is one.
    fn next_start(&self) -> Option<At> {
        let is_end = |at: &At| Grid::around(*at).into_iter().filter(|near| self.has(*near)).count() <= 1;
        self.all().find(is_end).or_else(|| self.all().next())
    }

    /// The line from `start` on over pixels that are `left`, which it takes. It begins and ends on the lines that it meets.
    fn follow(&self, start: At, left: &mut Grid) -> Vec<At> {
        let mut path = vec![start];
        let taken = |at: At, left: &Grid, path: &[At]| {
            let met = |near: &At| {
                self.has(*near) && !left.has(*near) && !path[path.len().saturating_sub(4)..].contains(near)
            };
            Grid::around(at).into_iter().find(met)
        };
        let before = taken(start, left, &path);
        let mut at = start;
        loop {
            left.0[at[1] * SIDE + at[0]] = false;
            // Straight neighbours before those across the corner, so that no pixel of a bend is left alone.
            let near = Grid::around(at);
            let Some(next) =
                [0, 2, 4, 6, 1, 3, 5, 7].map(|i| near[i]).into_iter().find(|near| left.has(*near))
            else {
                break;
            };
            path.push(next);
            at = next;
        }
        let after = if path.len() > 1 { taken(at, left, &path) } else { None };
        before.into_iter().chain(path).chain(after).collect()
    }
}

/// The path without the steps of the pixels; its ends stay.
fn smooth(path: &[At]) -> Vec<[f32; 2]> {
    let at = |i: usize| [path[i][0] as f32 + 0.5, (SIDE - path[i][1]) as f32 - 0.5];
    let last = path.len() - 1;
    let point = |i: usize| match i == 0 || i == last {
        true => at(i),
        false => [0, 1].map(|axis| (at(i - 1)[axis] + at(i)[axis] + at(i + 1)[axis]) / 3.0),
    };
    (0..path.len()).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of ink where `is_ink` says so, of x and y in pixels.
    fn strokes(is_ink: impl Fn(f32, f32) -> bool) -> Movement {
        let at = |i: usize| [(i % SIDE) as f32 + 0.5, (i / SIDE) as f32 + 0.5];
        let pixels = (0..SIDE * SIDE).map(|i| f32::from(u8::from(is_ink(at(i)[0], at(i)[1])))).collect();
        strokes_of(&SignInput { pixels })
    }

    #[test]
    fn a_thick_line_is_the_stroke_in_its_middle() {
        let found = strokes(|x, y| (8.0..56.0).contains(&x) && (y - 20.0).abs() < 4.0);
        let [stroke] = &found[..] else { panic!("{found:?}") };
        assert!(stroke.iter().all(|[_, y]| (y - 44.0).abs() < 1.6), "y is up: {stroke:?}");
        let [first, last] = [stroke[0][0], stroke[stroke.len() - 1][0]];
        assert!(first.min(last) < 14.0 && first.max(last) > 50.0, "{first} {last}");
    }

    #[test]
    fn a_ring_is_closed_and_a_cross_hangs_together() {
        let ring = strokes(|x, y| ((x - 32.0).hypot(y - 32.0) - 20.0).abs() < 2.5);
        let round = |[x, y]: [f32; 2]| ((x - 32.0).hypot(y - 32.0) - 20.0).abs() < 2.0;
        assert!(ring.iter().flatten().all(|p| round(*p)), "{ring:?}");
        let longest = ring.iter().max_by_key(|stroke| stroke.len()).unwrap();
        let [first, last] = [longest[0], longest[longest.len() - 1]];
        assert!(longest.len() > 80 && (first[0] - last[0]).hypot(first[1] - last[1]) < 3.0, "{ring:?}");
        let cross = strokes(|x, y| {
            (x - 32.0).abs().min((y - 32.0).abs()) < 2.0
                && (8.0..56.0).contains(&x)
                && (8.0..56.0).contains(&y)
        });
        let through = |stroke: &Vec<[f32; 2]>| stroke.iter().any(|p| (p[0] - 32.0).hypot(p[1] - 32.0) < 4.0);
        assert!(cross.iter().all(through), "{cross:?}");
        let all = || cross.iter().flatten();
        for end in [[10.0, 32.0], [54.0, 32.0], [32.0, 10.0], [32.0, 54.0]] {
            assert!(all().any(|p| (p[0] - end[0]).hypot(p[1] - end[1]) < 4.0), "{end:?}: {cross:?}");
        }
        assert_eq!(strokes(|_, _| false), Movement::new());
    }
}
