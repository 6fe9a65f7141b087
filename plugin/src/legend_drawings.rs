//! What anybody draws for the legend alone: lines, dashes, dots, waves and saws. A drawing that is more like one of these
//! than like any sign is none.

use neume_models::sketch::PAD_ASPECT;
use neume_models::{Point, Rgb, Sketch, Stroke};

/// Half the width of the pad that they fill, in pad heights.
const REACH: f32 = 0.45;
/// Points of a path.
const POINTS: usize = 96;

/// The drawings, each as ink on the pad.
pub fn all() -> Vec<Sketch> {
    let mut all: Vec<Sketch> = Vec::new();
    for degrees in [0.0f32, 13.0, -13.0, 28.0, -28.0, 50.0, -50.0, 90.0] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let line = |half: f32| path(move |t| [half * t * cos, half * t * sin]);
        all.push(drawing(vec![line(REACH)], 0.012));
        all.push(drawing(vec![line(0.3)], 0.06));
    }
    for bow in [0.03, -0.03] {
        all.push(drawing(vec![path(move |t| [REACH * t, bow * (1.0 - t * t)])], 0.012));
    }
    for (count, dash) in [(1, 0.0), (3, 0.0), (6, 0.0), (12, 0.0), (2, 0.6), (3, 0.6), (5, 0.6), (9, 0.6)] {
        all.push(drawing(row(count, dash), if dash == 0.0 { 0.05 } else { 0.02 }));
    }
    for (turns, height) in [(1.0, 0.08), (2.0, 0.06), (4.0, 0.05), (2.0, 0.15), (7.0, 0.06)] {
        let wave = move |t: f32| [REACH * t, height * (std::f32::consts::PI * turns * t).sin()];
        all.push(drawing(vec![path(wave)], 0.012));
        let saw = move |t: f32| {
            let tooth = (turns * t / 2.0 + 0.25).rem_euclid(1.0);
            [REACH * t, height * (1.0 - 4.0 * (tooth - 0.5).abs())]
        };
        all.push(drawing(vec![path(saw)], 0.012));
    }
    all
}

/// Places along a way, from −1 to 1, around the middle of the pad.
fn path(at: impl Fn(f32) -> [f32; 2]) -> Vec<[f32; 2]> {
    (0..=POINTS).map(|i| at(2.0 * i as f32 / POINTS as f32 - 1.0)).collect()
}

/// Dashes or, where their part of the way is nothing, dots.
fn row(count: usize, dash: f32) -> Vec<Vec<[f32; 2]>> {
    let step = 2.0 * REACH / count as f32;
    (0..count)
        .map(|i| {
            let left = (i as f32 + 0.5 * (1.0 - dash)) * step - REACH;
            if dash == 0.0 { vec![[left, 0.0]] } else { vec![[left, 0.0], [left + dash * step, 0.0]] }
        })
        .collect()
}

fn drawing(paths: Vec<Vec<[f32; 2]>>, width_norm: f32) -> Sketch {
    let place = |[x, y]: [f32; 2]| Point { x: 0.5 + x / PAD_ASPECT, y: 0.5 + y, secs: 0.0 };
    let stroke = |path: Vec<[f32; 2]>| {
        let points = path.into_iter().map(place).collect();
        Stroke { points, rgb: Rgb::BLACK, width_norm }
    };
    Sketch { strokes: paths.into_iter().map(stroke).collect(), raster: None }
}
