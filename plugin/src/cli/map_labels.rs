//! Names on a map: each beside what it names, none over another, as few dots as possible under them.

/// A rectangle `[x, y, w, h]`.
pub type Box4 = [f32; 4];

/// A name that seeks a place.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Width and height of its box.
    pub size: [f32; 2],
    /// Places that it may stand beside, best first.
    pub anchors: Vec<[f32; 2]>,
    /// How far it keeps from an anchor.
    pub distance: f32,
    /// Share of its box that may lie over dots, 0..1.
    pub most_covered: f32,
}

/// Where the names lie, in the order of the wishes; `None` where there is no room. Earlier wishes are served first.
pub struct Labels {
    bounds: Box4,
    cell: f32,
    columns: usize,
    /// By row and column: whether a dot lies there.
    dotted: Vec<bool>,
    taken: Vec<Box4>,
}

impl Labels {
    /// An area with dots, given with their radii.
    pub fn new(bounds: Box4, dots: impl Iterator<Item = ([f32; 2], f32)>) -> Labels {
        const CELL: f32 = 4.0;
        let columns = (bounds[2] / CELL).ceil() as usize + 1;
        let rows = (bounds[3] / CELL).ceil() as usize + 1;
        let mut labels =
            Labels { bounds, cell: CELL, columns, dotted: vec![false; columns * rows], taken: Vec::new() };
        for ([x, y], radius) in dots {
            let around = [x - radius, y - radius, 2.0 * radius, 2.0 * radius];
            for at in labels.cells(around) {
                labels.dotted[at] = true;
            }
        }
        labels
    }

    /// The box of a name, which is then taken; `None` where there is no room for it.
    pub fn place(&mut self, wish: &Wish) -> Option<Box4> {
        let mut best: Option<(f32, Box4)> = None;
        for &[x, y] in &wish.anchors {
            for (turn, at) in around([x, y], wish).into_iter().enumerate() {
                if !self.is_free(at) {
                    continue;
                }
                let cost = self.covered(at) + 0.01 * turn as f32;
                if best.is_none_or(|(least, _)| cost < least - 1e-6) {
                    best = Some((cost, at));
                }
            }
            if best.is_some_and(|(cost, _)| cost < 0.08) {
                break;
            }
        }
        let (_, at) = best.filter(|(cost, _)| *cost <= wish.most_covered)?;
        self.taken.push(at);
        Some(at)
    }

    fn is_free(&self, [x, y, w, h]: Box4) -> bool {
        let [left, top, width, height] = self.bounds;
        let is_inside = x >= left && y >= top && x + w <= left + width && y + h <= top + height;
        const GAP: f32 = 3.0;
        is_inside
            && self.taken.iter().all(|&[tx, ty, tw, th]| {
                x + w + GAP <= tx || tx + tw + GAP <= x || y + h + GAP <= ty || ty + th + GAP <= y
            })
    }

    fn covered(&self, area: Box4) -> f32 {
        let cells = self.cells(area);
        let dotted = cells.iter().filter(|&&at| self.dotted[at]).count();
        dotted as f32 / cells.len().max(1) as f32
    }

    fn cells(&self, [x, y, w, h]: Box4) -> Vec<usize> {
        let rows = self.dotted.len() / self.columns;
        let index = |v: f32, most: usize| ((v / self.cell).floor().max(0.0) as usize).min(most - 1);
        let across = index(x - self.bounds[0], self.columns)..=index(x + w - self.bounds[0], self.columns);
        let down = index(y - self.bounds[1], rows)..=index(y + h - self.bounds[1], rows);
        down.flat_map(|row| across.clone().map(move |column| row * self.columns + column)).collect()
    }
}

/// Boxes about an anchor: right, left, below, above, and the corners.
fn around([x, y]: [f32; 2], wish: &Wish) -> [Box4; 8] {
    let ([w, h], d) = (wish.size, wish.distance);
    let near = 0.7 * d;
    [
        [x + d, y - h / 2.0, w, h],
        [x - d - w, y - h / 2.0, w, h],
        [x - w / 2.0, y + d, w, h],
        [x - w / 2.0, y - d - h, w, h],
        [x + near, y + near, w, h],
        [x - near - w, y - near - h, w, h],
        [x + near, y - near - h, w, h],
        [x - near - w, y + near, w, h],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(anchors: Vec<[f32; 2]>) -> Wish {
        Wish { size: [60.0, 14.0], anchors, distance: 8.0, most_covered: 0.5 }
    }

    #[test]
    fn names_lie_apart_inside_and_not_on_dots_while_there_is_room() {
        let dots = [([200.0, 100.0], 6.0), ([240.0, 100.0], 6.0)];
        let mut labels = Labels::new([0.0, 0.0, 400.0, 200.0], dots.into_iter());
        let placed: Vec<Box4> = (0..40).filter_map(|_| labels.place(&wish(vec![[200.0, 100.0]]))).collect();
        assert!((3..40).contains(&placed.len()), "{}", placed.len());
        let [x, y, w, h] = placed[0];
        let over = |at: [f32; 2]| (x..=x + w).contains(&at[0]) && (y..=y + h).contains(&at[1]);
        assert!(!dots.iter().any(|(at, _)| over(*at)), "the first lies on a dot: {:?}", placed[0]);
        for (i, a) in placed.iter().enumerate() {
            assert!(a[0] >= 0.0 && a[0] + a[2] <= 400.0 && a[1] >= 0.0 && a[1] + a[3] <= 200.0);
            for b in &placed[..i] {
                let apart =
                    a[0] + a[2] <= b[0] || b[0] + b[2] <= a[0] || a[1] + a[3] <= b[1] || b[1] + b[3] <= a[1];
                assert!(apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_name_without_room_has_no_place() {
        let dots = (0..40).flat_map(|x| (0..20).map(move |y| ([10.0 * x as f32, 10.0 * y as f32], 8.0)));
        let mut labels = Labels::new([0.0, 0.0, 400.0, 200.0], dots);
        assert_eq!(labels.place(&wish(vec![[200.0, 100.0]])), None);
        let mut narrow = Labels::new([0.0, 0.0, 50.0, 200.0], std::iter::empty());
        assert_eq!(narrow.place(&wish(vec![[25.0, 100.0]])), None);
    }
}
