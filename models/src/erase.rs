//! The eraser: what of a sketch lies under it goes, exactly to its edge.

use std::sync::Arc;

use crate::sketch::PAD_ASPECT;
use crate::{Point, RasterLayer, Sketch, Stroke};

/// Pieces of a stroke shorter than this, in pad heights, are crumbs.
const CRUMB_NORM: f32 = 1e-4;

/// A round eraser on the pad, in pad heights from the bottom left corner.
#[derive(Clone, Copy)]
struct Disc {
    x: f32,
    y: f32,
    radius: f32,
}

impl Sketch {
    /// Removes the ink under a round eraser at `x`, `y` (0..1 of the pad, y up) of `radius_norm` pad heights: strokes
    /// are cut so that their round ends just touch it, and the picture becomes transparent there. Whether any ink
    /// went.
    pub fn erase(&mut self, x: f32, y: f32, radius_norm: f32) -> bool {
        let disc = Disc { x: x * PAD_ASPECT, y, radius: radius_norm };
        let mut changed = false;
        if self.strokes.iter().any(|stroke| touches(stroke, disc)) {
            let mut kept = Vec::with_capacity(self.strokes.len() + 1);
            for stroke in self.strokes.drain(..) {
                if touches(&stroke, disc) {
                    changed = true;
                    cut(&stroke, disc, &mut kept);
                } else {
                    kept.push(stroke);
                }
            }
            self.strokes = kept;
        }
        if let Some(layer) = &mut self.raster {
            changed |= clear(layer, disc);
        }
        changed
    }
}

fn reach(stroke: &Stroke, disc: Disc) -> f32 {
    disc.radius + stroke.width_norm / 2.0
}

/// Where the part of a segment inside the disc of `reach` begins and ends, as shares of the segment.
fn inside(a: Point, b: Point, disc: Disc, reach: f32) -> Option<(f32, f32)> {
    let (ax, ay) = (a.x * PAD_ASPECT - disc.x, a.y - disc.y);
    let (dx, dy) = ((b.x - a.x) * PAD_ASPECT, b.y - a.y);
    let (dd, ad, aa) = (dx * dx + dy * dy, ax * dx + ay * dy, ax * ax + ay * ay);
    if dd < 1e-12 {
        return (aa < reach * reach).then_some((0.0, 1.0));
    }
    let root = (ad * ad - dd * (aa - reach * reach)).max(0.0).sqrt();
    let (from, to) = (((-ad - root) / dd).max(0.0), ((-ad + root) / dd).min(1.0));
    (to - from > 1e-6).then_some((from, to))
}

fn touches(stroke: &Stroke, disc: Disc) -> bool {
    let reach = reach(stroke, disc);
    match stroke.points.as_slice() {
        [] => false,
        [dot] => inside(*dot, *dot, disc, reach).is_some(),
        points => points.windows(2).any(|pair| inside(pair[0], pair[1], disc, reach).is_some()),
    }
}

fn between(a: Point, b: Point, share: f32) -> Point {
    let mix = |from: f32, to: f32| from + (to - from) * share;
    Point { x: mix(a.x, b.x), y: mix(a.y, b.y), secs: mix(a.secs, b.secs) }
}

fn cut(stroke: &Stroke, disc: Disc, kept: &mut Vec<Stroke>) {
    let reach = reach(stroke, disc);
    let mut piece: Vec<Point> = Vec::new();
    for pair in stroke.points.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        if piece.is_empty() {
            piece.push(a);
        }
        match inside(a, b, disc, reach) {
            None => piece.push(b),
            Some((from, to)) => {
                piece.push(between(a, b, from));
                keep(stroke, &mut piece, kept);
                if to < 1.0 {
                    piece.extend([between(a, b, to), b]);
                }
            }
        }
    }
    keep(stroke, &mut piece, kept);
}

/// Moves a piece to what is kept, unless it is a crumb or the start of the part that is erased.
fn keep(stroke: &Stroke, piece: &mut Vec<Point>, kept: &mut Vec<Stroke>) {
    let length = |pair: &[Point]| ((pair[1].x - pair[0].x) * PAD_ASPECT).hypot(pair[1].y - pair[0].y);
    let points = std::mem::take(piece);
    if points.windows(2).map(length).sum::<f32>() > CRUMB_NORM {
        kept.push(Stroke { points, rgb: stroke.rgb, width_norm: stroke.width_norm });
    }
}

/// Makes the picture transparent under the disc.
fn clear(layer: &mut RasterLayer, disc: Disc) -> bool {
    let (columns, rows) = (layer.width_px as f32, layer.height_px as f32);
    let width = (columns / rows).min(PAD_ASPECT);
    let left = (PAD_ASPECT - width) / 2.0;
    let column_of = |x: f32| ((x - left) / width * columns).clamp(0.0, columns) as usize;
    let row_of = |y: f32| ((1.0 - y) * rows).clamp(0.0, rows) as usize;
    let under = |column: usize, row: usize| {
        let x = left + (column as f32 + 0.5) / columns * width;
        let y = 1.0 - (row as f32 + 0.5) / rows;
        (x - disc.x).hypot(y - disc.y) <= disc.radius
    };
    let rows = row_of(disc.y + disc.radius)..(row_of(disc.y - disc.radius) + 1).min(layer.height_px as usize);
    let columns =
        column_of(disc.x - disc.radius)..(column_of(disc.x + disc.radius) + 1).min(layer.width_px as usize);
    let alpha = |column: usize, row: usize| 4 * (row * layer.width_px as usize + column) + 3;
    let inked: Vec<usize> = rows
        .flat_map(|row| columns.clone().map(move |column| (column, row)))
        .filter(|&(column, row)| under(column, row))
        .map(|(column, row)| alpha(column, row))
        .filter(|&at| layer.rgba[at] > 0)
        .collect();
    if inked.is_empty() {
        return false;
    }
    let pixels = Arc::make_mut(&mut layer.rgba);
    for at in inked {
        pixels[at] = 0;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rgb;

    fn line(points: &[(f32, f32)], width_norm: f32) -> Stroke {
        let points = points.iter().map(|&(x, y)| Point { x, y, secs: x }).collect();
        Stroke { points, rgb: Rgb::BLACK, width_norm }
    }

    fn erased(stroke: Stroke, x: f32, y: f32, radius: f32) -> Vec<Vec<(f32, f32)>> {
        let mut sketch = Sketch { strokes: vec![stroke], raster: None };
        sketch.erase(x, y, radius);
        sketch.strokes.iter().map(|s| s.points.iter().map(|p| (p.x, p.y)).collect()).collect()
    }

    #[test]
    fn a_line_is_cut_so_that_its_round_ends_touch_the_eraser() {
        let pieces = erased(line(&[(0.1, 0.5), (0.9, 0.5)], 0.02), 0.5, 0.5, 0.05);
        let half_gap = (0.05 + 0.01) / PAD_ASPECT;
        assert_eq!(pieces.len(), 2);
        assert!((pieces[0][1].0 - (0.5 - half_gap)).abs() < 1e-4, "{pieces:?}");
        assert!((pieces[1][0].0 - (0.5 + half_gap)).abs() < 1e-4, "{pieces:?}");
    }

    #[test]
    fn strokes_are_left_shortened_split_or_gone_by_where_the_eraser_is() {
        let straight = || line(&[(0.1, 0.5), (0.5, 0.5), (0.9, 0.5)], 0.01);
        let cases = [
            ("far away", 0.5, 0.9, 0.05, 1),
            ("at the start", 0.1, 0.5, 0.05, 1),
            ("at a point in the middle", 0.5, 0.5, 0.05, 2),
            ("between two points", 0.3, 0.5, 0.05, 2),
            ("over all of it", 0.5, 0.5, 0.9, 0),
        ];
        for (what, x, y, radius, pieces) in cases {
            assert_eq!(erased(straight(), x, y, radius).len(), pieces, "{what}");
        }
        assert!(erased(line(&[(0.5, 0.5)], 0.01), 0.505, 0.5, 0.02).is_empty(), "a dot goes");
        assert_eq!(erased(line(&[(0.5, 0.5)], 0.01), 0.7, 0.5, 0.02).len(), 1, "a dot elsewhere stays");
    }

    #[test]
    fn no_ink_is_left_under_the_eraser_wherever_it_goes() {
        let zigzag: Vec<(f32, f32)> =
            (0..20).map(|i| (i as f32 / 20.0, 0.3 + 0.4 * (i % 2) as f32)).collect();
        let mut sketch = Sketch { strokes: vec![line(&zigzag, 0.03)], raster: None };
        for step in 0..40 {
            let (x, y, radius) = (step as f32 / 40.0, 0.5 + 0.1 * (step as f32).sin(), 0.04);
            sketch.erase(x, y, radius);
            let disc = Disc { x: x * PAD_ASPECT, y, radius: radius - 1e-3 };
            assert!(!sketch.strokes.iter().any(|stroke| touches(stroke, disc)), "at {x}, {y}");
        }
        assert!(!sketch.strokes.is_empty());
    }

    #[test]
    fn a_picture_becomes_transparent_under_the_eraser_and_stays_elsewhere() {
        let layer = RasterLayer { width_px: 40, height_px: 20, rgba: vec![255; 40 * 20 * 4].into() };
        let mut sketch = Sketch { strokes: Vec::new(), raster: Some(layer) };
        assert!(sketch.erase(0.5, 0.5, 0.2));
        assert!(!sketch.erase(0.5, 0.5, 0.2), "nothing is left to erase there");
        let layer = sketch.raster.unwrap();
        let alpha = |x: usize, y: usize| layer.rgba[4 * (y * 40 + x) + 3];
        assert_eq!((alpha(20, 10), alpha(0, 0), alpha(39, 19)), (0, 255, 255));
        // A circle of 0.2 heights on a picture that is pressed from 2:1 to 3:2.
        let cleared = layer.rgba.chunks(4).filter(|p| p[3] == 0).count() as f32;
        let expected = std::f32::consts::PI * 0.2 * 0.2 / PAD_ASPECT * 800.0;
        assert!((cleared / expected - 1.0).abs() < 0.15, "{cleared} pixels, expected {expected}");
    }
}
