//! Pens and papers that are hard for a network of 256 rows: fine, pale and blurred lines are as loud as they are wide, ink
//! keeps its own colour on coloured paper, of several colours that counts of which there is most, upright strokes weigh as much
//! as level ones, and what lies beside a drawing is none of it.

use image::{Rgba, RgbaImage, imageops};
use neume_models::raster::paint;
use neume_models::{Family, Legend, Point, RasterLayer, Reading, Rgb, Sketch, SketchNet, Stroke};

/// A wavy line across the pad.
fn wave(y: f32, width_norm: f32, rgb: [u8; 3]) -> Stroke {
    let at = |i: u16| Point {
        x: 0.15 + 0.7 * f32::from(i) / 60.0,
        y: y + 0.03 * (f32::from(i) * 0.13).sin(),
        secs: f32::from(i) * 0.01,
    };
    Stroke { points: (0..=60).map(at).collect(), rgb: Rgb(rgb), width_norm }
}

fn drawn(strokes: Vec<Stroke>) -> Sketch {
    Sketch { strokes, raster: None }
}

/// As a picture of so many rows on a paper, drawn four times as large, so that edges are as soft as a camera's.
fn picture(sketch: &Sketch, rows: u32, paper: [u8; 3]) -> RgbaImage {
    let large = paint(sketch, rows * 6, rows * 4, Some(Rgb(paper)));
    imageops::resize(&large, rows * 3 / 2, rows, imageops::FilterType::Triangle)
}

fn read(picture: RgbaImage) -> Reading {
    let (width_px, height_px) = picture.dimensions();
    let raster = Some(RasterLayer { width_px, height_px, rgba: picture.into_raw().into() });
    SketchNet::embedded().unwrap().read(&Sketch { raster, ..Sketch::default() }, &Legend::default()).unwrap()
}

#[test]
fn fine_pale_and_blurred_lines_are_as_loud_as_they_are_wide() {
    for width_norm in [0.003, 0.004, 0.006, 0.01, 0.02] {
        let expected = Legend::default().loudness_db_of(width_norm);
        for (rows, ink, blur) in [(1000, 20, 0.0), (1000, 190, 0.0), (680, 90, 1.2), (400, 20, 0.6)] {
            let sketch = drawn(vec![wave(0.45, width_norm, [ink; 3])]);
            let mut picture = picture(&sketch, rows, [246, 244, 238]);
            if blur > 0.0 {
                picture = imageops::blur(&picture, blur);
            }
            let reading = read(picture);
            assert!(
                (reading.loudness.db - expected).abs() < 2.5,
                "{width_norm} of {rows} rows in ink of {ink}: {} dB, not {expected}",
                reading.loudness.db
            );
        }
    }
}

#[test]
fn a_pencil_on_the_tooth_of_the_paper_is_as_loud_as_it_is_wide() {
    let (width_norm, rows) = (0.009, 900);
    let mut picture = picture(&drawn(vec![wave(0.6, width_norm, [70; 3])]), rows, [255; 3]);
    // A third of the paper's grains take no graphite; xorshift, so that they are the same every time.
    let mut seed = 0x2545_f491u32;
    for pixel in picture.pixels_mut() {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        if seed.is_multiple_of(3) {
            *pixel = Rgba([250, 250, 250, 255]);
        }
    }
    let (found, expected) = (read(picture).loudness.db, Legend::default().loudness_db_of(width_norm));
    assert!((found - expected).abs() < 2.5, "{found} dB, not {expected}");
}

#[test]
fn ink_keeps_its_own_colour_on_coloured_paper() {
    let white = [250, 250, 250];
    for (paper, ink, expected) in [
        ([194, 158, 117], white, None),
        ([190, 50, 50], white, None),
        ([50, 90, 180], white, None),
        ([30, 60, 130], white, None),
        ([38, 115, 70], white, None),
        ([190, 50, 50], [18, 18, 18], None),
        ([50, 90, 180], [18, 18, 18], None),
        ([38, 115, 70], [40, 220, 220], Some(Family::Flute)),
        ([190, 50, 50], [40, 60, 190], Some(Family::String)),
        ([50, 90, 180], [230, 30, 30], Some(Family::Brass)),
        // Light colours the paper, and its ink with it.
        ([255, 225, 180], [20, 19, 14], None),
        ([255, 225, 180], [200, 20, 14], Some(Family::Brass)),
    ] {
        let reading = read(picture(&drawn(vec![wave(0.5, 0.03, ink)]), 600, paper));
        assert_eq!(reading.timbre.family, expected, "ink {ink:?} on {paper:?}: {:?}", reading.timbre);
        assert!((reading.pitch.y_norm - 0.5).abs() < 0.03, "ink {ink:?} on {paper:?}");
    }
}

#[test]
fn of_two_colours_that_counts_of_which_there_is_more_not_one_between() {
    let (red, blue, green) = ([215, 25, 25], [35, 45, 215], [110, 210, 20]);
    for (more, less, expected) in [
        (red, blue, Family::Brass),
        (blue, red, Family::String),
        (green, blue, Family::Guitar),
        (red, green, Family::Brass),
    ] {
        let strokes = vec![wave(0.3, 0.03, more), wave(0.7, 0.02, less)];
        for reading in [
            SketchNet::embedded().unwrap().read(&drawn(strokes.clone()), &Legend::default()).unwrap(),
            read(picture(&drawn(strokes), 600, [255; 3])),
        ] {
            assert_eq!(reading.timbre.family, Some(expected), "{more:?} and {less:?}: {:?}", reading.timbre);
        }
    }
}

#[test]
fn of_two_lines_the_pitch_is_that_of_one() {
    for (above, below) in [(0.02, 0.02), (0.03, 0.02), (0.02, 0.03)] {
        let strokes = vec![wave(0.8, above, [0; 3]), wave(0.2, below, [0; 3])];
        let reading = SketchNet::embedded().unwrap().read(&drawn(strokes), &Legend::default()).unwrap();
        let y = reading.pitch.y_norm;
        assert!((y - 0.8).abs() < 0.05 || (y - 0.2).abs() < 0.05, "{above} above {below}: {y}");
    }
}

/// Letters of straight strokes in a square of side 1.
const LETTERS: [(char, &[&[[f32; 2]]]); 4] = [
    ('N', &[&[[0.0, 0.0], [0.0, 1.0], [0.8, 0.0], [0.8, 1.0]]]),
    ('E', &[&[[0.8, 1.0], [0.0, 1.0], [0.0, 0.0], [0.8, 0.0]], &[[0.0, 0.5], [0.6, 0.5]]]),
    ('U', &[&[[0.0, 1.0], [0.0, 0.2], [0.2, 0.0], [0.6, 0.0], [0.8, 0.2], [0.8, 1.0]]]),
    ('M', &[&[[0.0, 0.0], [0.1, 1.0], [0.4, 0.3], [0.7, 1.0], [0.8, 0.0]]]),
];

/// A word of these, `high` from its foot at `x` and `y` on.
fn written(word: &str, [x, y]: [f32; 2], high: f32, rgb: [u8; 3]) -> Vec<Stroke> {
    let letter = |(i, letter): (usize, char)| {
        let strokes = LETTERS.iter().find(|(known, _)| *known == letter).map_or(&[] as &[_], |(_, s)| s);
        let left = x + high * i as f32 / 1.5;
        strokes.iter().map(move |path| {
            let place = |p: &[f32; 2]| Point { x: left + high * p[0] / 1.8, y: y + high * p[1], secs: 0.0 };
            Stroke { points: path.iter().map(place).collect(), rgb: Rgb(rgb), width_norm: 0.12 * high }
        })
    };
    word.chars().enumerate().flat_map(letter).collect()
}

#[test]
fn what_is_written_or_lies_beside_a_drawing_is_none_of_it() {
    let ink = [20, 30, 120];
    let row = 1.0 / Legend::default().scale.rows() as f32;
    let seen = |beside: Vec<Stroke>, y: f32, cover: &dyn Fn(f32, f32) -> Option<[u8; 3]>| {
        let mut picture = picture(&drawn([vec![wave(y, 0.015, ink)], beside].concat()), 700, [248, 247, 243]);
        let (wide, high) = picture.dimensions();
        for (x, row, pixel) in picture.enumerate_pixels_mut() {
            if let Some([r, g, b]) = cover(x as f32 / wide as f32, 1.0 - row as f32 / high as f32) {
                *pixel = Rgba([r, g, b, 255]);
            }
        }
        read(picture).pitch.y_norm
    };
    let nothing = |_: f32, _: f32| None;
    for y in [0.3, 0.55] {
        let alone = seen(Vec::new(), y, &nothing);
        let title = written("NEUME MENU NUN", [0.2, 0.9], 0.05, ink);
        let notes =
            [0.02, 0.08, 0.14].map(|y| written("UNE MENNE EMUNEM", [0.05, y], 0.035, [25; 3])).concat();
        let thumb = |x: f32, y: f32| {
            let (across, up) = ((x - 1.0) / 0.1, (y - 0.1) / 0.08);
            (across * across + up * up < 1.0).then_some([214, 158, 133])
        };
        let table = |x: f32, y: f32| {
            let is_sheet = (0.06..0.95).contains(&x) && (0.05..0.96).contains(&y);
            (!is_sheet).then_some([118, 84, 58])
        };
        for (what, found) in [
            ("title", seen(title, y, &nothing)),
            ("notes", seen(notes, y, &nothing)),
            ("thumb", seen(Vec::new(), y, &thumb)),
            ("table", seen(Vec::new(), y, &table)),
        ] {
            assert!((found - alone).abs() < row, "{what}: {found}, not {alone}");
        }
    }
}

#[test]
fn upright_strokes_weigh_as_much_as_level_ones() {
    let half_row = 0.5 / Legend::default().scale.rows() as f32;
    let paths: [(&str, &[&[[f32; 2]]]); 6] = [
        ("upright", &[&[[0.4, 0.1], [0.4, 0.8]]]),
        ("leaning", &[&[[0.5, 0.2], [0.52, 0.9]]]),
        ("rectangle", &[&[[0.2, 0.3], [0.7, 0.3], [0.7, 0.7], [0.2, 0.7], [0.2, 0.3]]]),
        ("cross", &[&[[0.5, 0.1], [0.5, 0.85]], &[[0.3, 0.6], [0.7, 0.6]]]),
        ("steps", &[&[[0.1, 0.2], [0.35, 0.2], [0.35, 0.45], [0.6, 0.45], [0.6, 0.75], [0.9, 0.75]]]),
        ("saw", &[&[[0.2, 0.3], [0.25, 0.8], [0.3, 0.3], [0.35, 0.8], [0.4, 0.3], [0.45, 0.8], [0.5, 0.3]]]),
    ];
    for (name, paths) in paths {
        let stroke = |path: &&[[f32; 2]]| Stroke {
            points: path.iter().map(|[x, y]| Point { x: *x, y: *y, secs: 0.0 }).collect(),
            rgb: Rgb([25; 3]),
            width_norm: 0.015,
        };
        let sketch = drawn(paths.iter().map(stroke).collect());
        let pad = SketchNet::embedded().unwrap().read(&sketch, &Legend::default()).unwrap().pitch.y_norm;
        for paper in [[255; 3], [236, 230, 214]] {
            let found = read(picture(&sketch, 500, paper)).pitch.y_norm;
            assert!((found - pad).abs() < half_row, "{name} on {paper:?}: {found}, not {pad}");
        }
    }
}
