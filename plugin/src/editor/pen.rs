//! The path of the hand, made into a stroke: the tremor of a mouse is smoothed, points that add nothing are left out.

use neume_models::Point;
use neume_models::sketch::PAD_ASPECT;

/// Movements shorter than this, in pad heights, are no new point.
const STEP_NORM: f32 = 0.0012;
/// How far the stroke may lie from the hand's path for want of points, in pad heights.
const TOLERANCE_NORM: f32 = 0.0006;
/// Most points of one movement; a longer one goes on with its last point moving.
const MAX_POINTS: usize = 20_000;

/// A movement of the pen that has not ended.
#[derive(Debug, Clone, Default)]
pub struct Path {
    raw: Vec<Point>,
    points: Vec<Point>,
}

impl Path {
    /// Starts where the pen touched the paper.
    pub fn from(start: Point) -> Path {
        Path { raw: vec![start], points: vec![start] }
    }

    /// The pen moved. Whether that made a difference.
    pub fn extend(&mut self, to: Point) -> bool {
        let to = Point { x: to.x.clamp(0.0, 1.0), y: to.y.clamp(0.0, 1.0), secs: to.secs };
        let Some(last) = self.raw.last() else {
            self.raw.push(to);
            self.points.push(to);
            return true;
        };
        if distance(*last, to) < STEP_NORM {
            return false;
        }
        if self.raw.len() >= MAX_POINTS {
            self.raw.pop();
            self.points.pop();
        }
        self.raw.push(to);
        self.points.push(to);
        self.settle();
        true
    }

    /// Each point but the ends is the mean of itself and its neighbours; only the newest ones still move.
    fn settle(&mut self) {
        let n = self.raw.len();
        for i in n.saturating_sub(3).max(1)..n - 1 {
            let [before, here, after] = [self.raw[i - 1], self.raw[i], self.raw[i + 1]];
            // A sharp turn is meant: only trembling is smoothed.
            if turn_cosine(before, here, after) > 0.5 {
                self.points[i].x = 0.25 * before.x + 0.5 * here.x + 0.25 * after.x;
                self.points[i].y = 0.25 * before.y + 0.5 * here.y + 0.25 * after.y;
            }
        }
    }

    /// Where the pen is.
    pub fn last(&self) -> Option<Point> {
        self.raw.last().copied()
    }

    /// The stroke so far.
    pub fn points(&self) -> Vec<Point> {
        simplify(&self.points, TOLERANCE_NORM)
    }
}

fn distance(a: Point, b: Point) -> f32 {
    ((a.x - b.x) * PAD_ASPECT).hypot(a.y - b.y)
}

fn turn_cosine(a: Point, b: Point, c: Point) -> f32 {
    let (ux, uy) = ((b.x - a.x) * PAD_ASPECT, b.y - a.y);
    let (vx, vy) = ((c.x - b.x) * PAD_ASPECT, c.y - b.y);
    (ux * vx + uy * vy) / (ux.hypot(uy) * vx.hypot(vy)).max(1e-9)
}

/// Leaves out every point that lies within `tolerance_norm` of the line through those that stay (Ramer, Douglas and
/// Peucker), with a stack of its own so that no stroke is too long.
pub fn simplify(points: &[Point], tolerance_norm: f32) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut spans = vec![(0, points.len() - 1)];
    while let Some((from, to)) = spans.pop() {
        let (mut furthest, mut at) = (tolerance_norm, None);
        for (i, point) in points.iter().enumerate().take(to).skip(from + 1) {
            let off = distance_to_line(*point, points[from], points[to]);
            if off > furthest {
                (furthest, at) = (off, Some(i));
            }
        }
        if let Some(i) = at {
            keep[i] = true;
            spans.extend([(from, i), (i, to)]);
        }
    }
    points.iter().zip(keep).filter(|(_, keep)| *keep).map(|(point, _)| *point).collect()
}

fn distance_to_line(p: Point, a: Point, b: Point) -> f32 {
    let (px, py) = ((p.x - a.x) * PAD_ASPECT, p.y - a.y);
    let (bx, by) = ((b.x - a.x) * PAD_ASPECT, b.y - a.y);
    let along = ((px * bx + py * by) / (bx * bx + by * by).max(1e-12)).clamp(0.0, 1.0);
    (px - along * bx).hypot(py - along * by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f32, y: f32) -> Point {
        Point { x, y, secs: 0.0 }
    }

    #[test]
    fn a_straight_line_keeps_its_two_ends_and_a_corner_is_kept() {
        let straight: Vec<Point> = (0..200).map(|i| point(0.1 + i as f32 * 0.004, 0.5)).collect();
        assert_eq!(simplify(&straight, TOLERANCE_NORM).len(), 2);
        let mut corner = straight.clone();
        corner.extend((0..100).map(|i| point(0.9, 0.5 + i as f32 * 0.004)));
        let kept = simplify(&corner, TOLERANCE_NORM);
        assert!(kept.len() <= 4, "{kept:?}");
        assert!(kept.iter().any(|p| (p.x - 0.9).abs() < 0.01 && (p.y - 0.5).abs() < 0.01));
    }

    #[test]
    fn a_trembling_hand_draws_a_smoother_line_than_it_moved() {
        let mut path = Path::from(point(0.1, 0.5));
        let tremor = |i: usize| if i.is_multiple_of(2) { 0.001 } else { -0.001 };
        for i in 1..100 {
            path.extend(point(0.1 + i as f32 * 0.005, 0.5 + tremor(i)));
        }
        let inside = &path.points[2..path.points.len() - 2];
        let mean = inside.iter().map(|p| (p.y - 0.5).abs()).sum::<f32>() / inside.len() as f32;
        assert!(mean < 0.0002, "{mean}");
    }

    #[test]
    fn a_pen_that_rests_adds_nothing_and_one_that_leaves_the_pad_stays_on_its_edge() {
        let mut path = Path::from(point(0.5, 0.5));
        assert!(!path.extend(point(0.5, 0.5)));
        assert!(path.extend(point(2.0, -1.0)));
        let last = *path.points().last().unwrap();
        assert_eq!((last.x, last.y), (1.0, 0.0));
    }
}
