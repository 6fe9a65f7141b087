//! The network with the weights that ship: it reads known drawings, and refuses what is no drawing.

use neume_models::weights::Weights;
use neume_models::{Error, Family, Legend, Point, RasterLayer, Reading, Rgb, Sketch, SketchNet, Stroke};

fn stroke(points: impl IntoIterator<Item = [f32; 2]>, width_norm: f32, rgb: [u8; 3]) -> Stroke {
    let points = points.into_iter().map(|p| Point { x: p[0], y: p[1], secs: 0.0 }).collect();
    Stroke { points, rgb: Rgb(rgb), width_norm }
}

fn line(y: f32, width_norm: f32, rgb: [u8; 3]) -> Sketch {
    let strokes = vec![stroke([[0.1, y], [0.9, y]], width_norm, rgb)];
    Sketch { strokes, raster: None }
}

fn zigzag(y: f32, width_norm: f32, rgb: [u8; 3]) -> Sketch {
    let points = (0..=16).map(|i| [0.1 + 0.05 * i as f32, y + if i % 2 == 0 { 0.06 } else { -0.06 }]);
    Sketch { strokes: vec![stroke(points, width_norm, rgb)], raster: None }
}

/// The sketch as a square picture on a printed grid of twelve rows.
fn printed(sketch: &Sketch) -> Sketch {
    let side = 400;
    let mut rgba = Vec::new();
    let drawing = neume_models::raster::paint(sketch, side, side, None);
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let is_line = |v: u32| (f64::from(v) % (400.0 / 12.0)) < 1.5;
        let paper = if is_line(x) || is_line(y) { 150 } else { 255 };
        let ink = drawing.get_pixel(x, y).0;
        let mix = |c: usize| {
            ((u32::from(ink[c]) * u32::from(ink[3]) + paper * (255 - u32::from(ink[3]))) / 255) as u8
        };
        rgba.extend([mix(0), mix(1), mix(2), 255]);
    }
    let raster = RasterLayer { width_px: side, height_px: side, rgba: rgba.into() };
    Sketch { strokes: Vec::new(), raster: Some(raster) }
}

fn read(sketch: &Sketch) -> Result<Reading, Error> {
    SketchNet::embedded().unwrap().read(sketch, &Legend::default())
}

#[test]
fn a_line_is_read_by_the_legend_wherever_it_lies() {
    let net = SketchNet::embedded().unwrap();
    let legend = Legend::default();
    let colours: [([u8; 3], Option<Family>); 4] = [
        ([0, 0, 0], None),
        ([193, 37, 37], Some(Family::Brass)),
        ([37, 193, 37], Some(Family::Keyboard)),
        ([37, 37, 193], Some(Family::String)),
    ];
    for (i, (rgb, family)) in colours.into_iter().enumerate() {
        // A line of one and a half pixels is not measured as well as thicker ones.
        for (j, (width_norm, within_db)) in [(0.006, 6.5), (0.02, 4.0), (0.05, 4.0)].into_iter().enumerate() {
            let y = 0.1 + 0.07 * (3 * i + j) as f32;
            for sketch in [line(y, width_norm, rgb), printed(&line(y, width_norm, rgb))] {
                let what = format!("{rgb:?} of {width_norm} at {y}, printed: {}", sketch.raster.is_some());
                let reading = net.read(&sketch, &legend).unwrap();
                let off = reading.pitch.midi - legend.scale.midi_at(y);
                assert!(off.abs() < 0.5, "{what}: {off} rows off");
                let off_db = reading.loudness.db - legend.loudness_db_of(width_norm);
                assert!(off_db.abs() < within_db, "{what}: {off_db} dB off");
                assert_eq!(reading.timbre.family, family, "{what}");
            }
        }
    }
}

#[test]
fn a_contour_follows_the_stroke_in_pitch_and_loudness() {
    let rising = Sketch { strokes: vec![stroke([[0.1, 0.2], [0.9, 0.8]], 0.02, [0; 3])], raster: None };
    for sketch in [rising.clone(), printed(&rising)] {
        let contour = read(&sketch).unwrap().contour;
        assert!(contour.len() > 40, "{} points", contour.len());
        for point in &contour {
            let picture = if sketch.raster.is_some() { 1.5 } else { 1.0 };
            let along = (point.x_norm - 0.5) * picture + 0.5;
            let y = 0.2 + (along - 0.1) / 0.8 * 0.6;
            assert!((point.y_norm - y).abs() < 0.03, "{} at {along}, not {y}", point.y_norm);
            assert!((point.midi - Legend::default().scale.midi_at(point.y_norm)).abs() < 1e-3);
        }
    }
    // A stroke that swells from left to right.
    let parts = (0..16).map(|i| {
        let x = 0.1 + 0.05 * i as f32;
        stroke([[x, 0.5], [x + 0.05, 0.5]], 0.008 + 0.0035 * i as f32, [0; 3])
    });
    let contour = read(&Sketch { strokes: parts.collect(), raster: None }).unwrap().contour;
    let [first, last] = [contour[contour.len() / 8].db, contour[contour.len() * 7 / 8].db];
    assert!(last > first + 10.0, "{first} dB, then {last} dB");
    // Of two strokes in a column the stronger one is followed.
    let two =
        [stroke([[0.1, 0.3], [0.9, 0.3]], 0.03, [0; 3]), stroke([[0.1, 0.8], [0.9, 0.8]], 0.01, [0; 3])];
    let contour = read(&Sketch { strokes: two.to_vec(), raster: None }).unwrap().contour;
    assert!(contour.iter().all(|point| (point.y_norm - 0.3).abs() < 0.02), "{contour:?}");
}

#[test]
fn a_zigzag_is_rougher_than_a_line_and_light_ink_is_brighter_than_dark() {
    let [round, jagged] =
        [line(0.4, 0.01, [0; 3]), zigzag(0.4, 0.01, [0; 3])].map(|s| read(&s).unwrap().timbre.roughness);
    assert!(jagged > round + 0.3, "{jagged} and {round}");
    let [dark, light] =
        [[90, 10, 10], [240, 150, 150]].map(|rgb| read(&line(0.4, 0.02, rgb)).unwrap().timbre.brightness);
    assert!(light > dark + 0.2, "{light} and {dark}");
}

#[test]
fn confidences_are_probabilities_and_the_families_sum_to_one() {
    for sketch in
        [line(0.31, 0.02, [193, 37, 37]), zigzag(0.6, 0.004, [0; 3]), printed(&line(0.7, 0.03, [0; 3]))]
    {
        let reading = read(&sketch).unwrap();
        let confidences = [reading.pitch.confidence, reading.loudness.confidence, reading.timbre.confidence];
        assert!(confidences.iter().all(|c| (0.0..=1.0001).contains(c)), "{confidences:?}");
        assert!((reading.timbre.families.0.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        assert!(
            (0.0..=1.0).contains(&reading.timbre.brightness)
                && (0.0..=1.0).contains(&reading.timbre.roughness)
        );
    }
}

/// The sketch exported as the editor does, printed, and photographed: a sheet that lies askew in slanting light, a little out
/// of focus, through JPEG.
fn photographed(sketch: &Sketch, turned_degrees: f32) -> Sketch {
    let (width, height) = (1080, 720);
    let print = neume_models::raster::paint(sketch, width, height, Some(Rgb([255; 3])));
    let print = image::imageops::fast_blur(&print, 1.2);
    let (sin, cos) = turned_degrees.to_radians().sin_cos();
    let photo = image::RgbImage::from_fn(width, height, |x, y| {
        let (u, v) = (x as f32 - 540.0, y as f32 - 360.0);
        let from = [u * cos - v * sin + 540.0, u * sin + v * cos + 360.0];
        let at = [from[0].clamp(0.0, 1079.0) as u32, from[1].clamp(0.0, 719.0) as u32];
        let light = 0.82 + 0.16 * u / 540.0 - 0.1 * v / 360.0;
        // The print's paper is a little yellow, its ink a little grey.
        let paper = [250.0, 246.0, 232.0];
        let ink = print.get_pixel(at[0], at[1]).0;
        image::Rgb([0, 1, 2].map(|c| (light * (20.0 + f32::from(ink[c]) / 255.0 * (paper[c] - 20.0))) as u8))
    });
    let mut jpeg = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 70);
    photo.write_with_encoder(encoder).unwrap();
    Sketch { strokes: Vec::new(), raster: Some(RasterLayer::decode(&jpeg).unwrap()) }
}

#[test]
fn a_drawing_from_the_pad_is_read_alike_when_it_comes_back_as_a_photograph() {
    let legend = Legend::default();
    let wave = (0..=60).map(|i| {
        let t = i as f32 / 60.0;
        [0.15 + 0.7 * t, 0.35 + 0.05 * (t * 12.0).sin()]
    });
    let dashes = (0..6).map(|i| {
        let x = 0.12 + 0.13 * i as f32;
        stroke([[x, 0.62], [x + 0.07, 0.62]], 0.014, [20, 120, 30])
    });
    let drawings = [
        ("a line", line(0.72, 0.03, [0; 3])),
        ("a thin line", line(0.41, 0.008, [0; 3])),
        ("a zigzag", zigzag(0.55, 0.012, [37, 37, 193])),
        ("a wave", Sketch { strokes: vec![stroke(wave, 0.02, [193, 37, 37])], raster: None }),
        ("dashes", Sketch { strokes: dashes.collect(), raster: None }),
    ];
    for (name, sketch) in drawings {
        let drawn = read(&sketch).unwrap();
        for turned_degrees in [-1.5, 0.0, 2.0] {
            let back = read(&photographed(&sketch, turned_degrees)).unwrap();
            let what = format!("{name} turned by {turned_degrees}");
            let rows = (back.pitch.y_norm - drawn.pitch.y_norm) * legend.scale.rows() as f32;
            assert!(rows.abs() < 0.5, "{what}: {rows} rows off");
            let off_db = back.loudness.db - drawn.loudness.db;
            assert!(off_db.abs() < 4.0, "{what}: {off_db} dB off");
            assert_eq!(back.timbre.family, drawn.timbre.family, "{what}");
            let rough = back.timbre.roughness - drawn.timbre.roughness;
            assert!(rough.abs() < 0.35, "{what}: roughness {rough} off");
        }
    }
}

#[test]
fn a_printed_grid_alone_is_an_empty_pad() {
    assert_eq!(read(&printed(&Sketch::default())), Err(Error::EmptyPad));
}

#[test]
fn the_same_sketch_is_read_alike_every_time() {
    assert_eq!(read(&zigzag(0.5, 0.01, [9; 3])), read(&zigzag(0.5, 0.01, [9; 3])));
}

#[test]
fn another_hand_drawing_the_same_lies_nearer_than_another_drawing() {
    let zig = read(&zigzag(0.5, 0.01, [0; 3])).unwrap().embedding;
    let again = read(&zigzag(0.53, 0.02, [37, 37, 193])).unwrap().embedding;
    let other = read(&line(0.2, 0.02, [37, 37, 193])).unwrap().embedding;
    assert!(zig.similarity(&again) > zig.similarity(&other) + 0.1);
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    let whole = include_bytes!("../weights/sketch.safetensors");
    let refused = |bytes: &[u8]| match SketchNet::from_weights(bytes) {
        Err(Error::Weights(cause)) => cause,
        other => panic!("{other:?}"),
    };
    refused(&[]);
    refused(&whole[..whole.len() / 2]);
    let weights = Weights::from_bytes(whole).unwrap();
    let without = |name: &str| {
        weights
            .iter()
            .filter(|(n, _)| *n != name)
            .map(|(n, t)| (n.to_string(), t.clone()))
            .collect::<Vec<_>>()
    };
    assert!(refused(&Weights::new(without("half.bias")).to_bytes().unwrap()).contains("half.bias"));
    let mut other = without("half.bias");
    let spoiled = |numbers: &[f32]| candle_core::Tensor::new(numbers, &candle_core::Device::Cpu).unwrap();
    other.push(("half.bias".to_string(), spoiled(&[1.0; 3])));
    assert!(refused(&Weights::new(other.clone()).to_bytes().unwrap()).contains("[3]"));
    other.last_mut().unwrap().1 = spoiled(&[f32::NAN; 40]);
    assert!(refused(&Weights::new(other).to_bytes().unwrap()).contains("finite"));
}

/// The reading of one sketch by the weights that ship, as this test printed it: a change of the painter, the network or the
/// weights shows here.
#[test]
fn the_reference_sketch_has_the_reference_reading() {
    let reading = read(&zigzag(0.55, 0.012, [37, 37, 193])).unwrap();
    println!("{:?}", reading.embedding.as_slice().iter().take(4).collect::<Vec<_>>());
    println!("{:?} {:?} {:?}", reading.pitch, reading.loudness, reading.timbre);
    assert_eq!(reading.timbre.family, Some(Family::String));
    let found = [
        reading.pitch.y_norm,
        reading.loudness.width_norm,
        reading.timbre.brightness,
        reading.timbre.roughness,
    ];
    for (found, expected) in found.into_iter().zip(REFERENCE) {
        assert!((found - expected).abs() < 2e-3, "{found}, not {expected}");
    }
}

/// Height, width, brightness and roughness of the reference sketch.
const REFERENCE: [f32; 4] = [0.55034, 0.01127, 0.43694, 0.69554];
