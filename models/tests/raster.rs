//! Strokes and pictures on their way to the network: ink stays where it was drawn, paper goes.

use neume_models::raster::{NetworkInput, network_input, paint};
use neume_models::{Error, Point, RasterLayer, Rgb, Sketch, Stroke};

const WHITE: Rgb = Rgb([255; 3]);

fn stroke(points: &[[f32; 2]], width_norm: f32, rgb: Rgb) -> Sketch {
    let points = points.iter().map(|p| Point { x: p[0], y: p[1], secs: 0.0 }).collect();
    Sketch { strokes: vec![Stroke { points, rgb, width_norm }], raster: None }
}

fn picture(width_px: u32, height_px: u32, at: impl Fn(u32, u32) -> [u8; 4]) -> Sketch {
    let pixels = (0..height_px).flat_map(|y| (0..width_px).map(move |x| (x, y)));
    let rgba: Vec<u8> = pixels.flat_map(|(x, y)| at(x, y)).collect();
    Sketch { strokes: Vec::new(), raster: Some(RasterLayer { width_px, height_px, rgba: rgba.into() }) }
}

/// The strength of the ink at a pixel of the network's input.
fn strength(input: &NetworkInput, x: usize, y: usize) -> f32 {
    input.pixels[(y * NetworkInput::COLUMNS + x) * NetworkInput::CHANNELS]
}

#[test]
fn a_line_keeps_its_height_and_its_width_even_below_a_pixel() {
    for width_norm in [0.0025, 0.005, 0.01, 0.03, 0.075] {
        for y in [0.1, 0.5, 0.83] {
            let input = network_input(&stroke(&[[0.0, y], [1.0, y]], width_norm, Rgb::BLACK)).unwrap();
            let column: Vec<f32> = (0..NetworkInput::ROWS).map(|row| strength(&input, 200, row)).collect();
            let covered: f32 = column.iter().sum();
            let centre: f32 =
                column.iter().zip(0..).map(|(s, row)| s * (row as f32 + 0.5)).sum::<f32>() / covered;
            let found_norm = covered / NetworkInput::ROWS as f32;
            // The painter divides a pixel's height by four, so that a line that is level gains or loses an eighth.
            let off_px = (found_norm - width_norm) * NetworkInput::ROWS as f32;
            assert!(off_px.abs() < 0.26, "{width_norm} became {found_norm}");
            assert!((found_norm / width_norm - 1.0).abs() < 0.2, "{width_norm} became {found_norm}");
            assert!((1.0 - centre / NetworkInput::ROWS as f32 - y).abs() < 0.002, "{y} moved to {centre}");
        }
    }
}

#[test]
fn a_dot_is_a_disc_and_leaves_ink_however_thin_the_pen() {
    for width_norm in [0.0025f32, 0.02, 0.2] {
        let input = network_input(&stroke(&[[0.5, 0.5]], width_norm, Rgb::BLACK)).unwrap();
        let covered: f32 = input.pixels.chunks(NetworkInput::CHANNELS).map(|pixel| pixel[0]).sum();
        let disc = std::f32::consts::PI / 4.0 * (width_norm * NetworkInput::ROWS as f32).powi(2);
        assert!(
            (covered / disc - 1.0).abs() < if width_norm < 0.01 { 0.6 } else { 0.1 },
            "{covered} for {disc}"
        );
    }
}

#[test]
fn a_pad_without_ink_is_an_error() {
    let empty = [
        ("nothing", Sketch::default()),
        ("a stroke without points", stroke(&[], 0.1, Rgb::BLACK)),
        ("a stroke without width", stroke(&[[0.1, 0.1], [0.9, 0.9]], 0.0, Rgb::BLACK)),
        ("points that are no numbers", stroke(&[[f32::NAN, 0.1]], 0.1, Rgb::BLACK)),
        ("white on white", stroke(&[[0.1, 0.1], [0.9, 0.9]], 0.1, WHITE)),
        ("ink beside the pad", stroke(&[[2.0, 2.0], [3.0, 3.0]], 0.1, Rgb::BLACK)),
        ("a white page", picture(40, 40, |_, _| [255; 4])),
        ("a transparent page", picture(40, 40, |_, _| [0; 4])),
        ("a page in slanting light", picture(300, 200, |x, y| [(150 + x / 6 + y / 8) as u8, 160, 120, 255])),
    ];
    for (what, sketch) in empty {
        assert_eq!(network_input(&sketch).map(|_| ()), Err(Error::EmptyPad), "{what}");
    }
    let dark = picture(40, 40, |_, _| [20, 25, 30, 255]);
    assert_eq!(network_input(&dark).map(|_| ()), Err(Error::OneColour), "a dark page");
}

#[test]
fn ink_is_a_difference_from_its_paper_whatever_the_paper() {
    // Paper, ink, and the sign of the difference.
    for (paper, ink, sign) in [
        ([255, 255, 255], [0, 0, 0], -1.0),
        ([240, 225, 190], [30, 30, 30], -1.0),
        ([20, 24, 28], [230, 230, 220], 1.0),
    ] {
        let sketch = picture(300, 200, |_, y| {
            let [r, g, b] = if (90..100).contains(&y) { ink } else { paper };
            [r, g, b, 255]
        });
        let input = network_input(&sketch).unwrap();
        let at = |y: usize| &input.pixels[(y * NetworkInput::COLUMNS + 190) * NetworkInput::CHANNELS..][..4];
        assert!(at(20).iter().all(|v| v.abs() < 0.03), "paper {paper:?} is {:?}", at(20));
        assert!(
            at(121)[0] > 0.7 && at(121)[1..].iter().all(|v| v * sign > 0.6),
            "ink {ink:?} is {:?}",
            at(121)
        );
    }
}

#[test]
fn a_square_picture_stands_in_the_middle_and_a_wide_one_is_pressed_together() {
    let ink = |sketch: &Sketch| {
        let painted = paint(sketch, 300, 200, Some(WHITE));
        [10, 60, 150, 240, 290].map(|x| painted.get_pixel(x, 100).0[0] < 128)
    };
    let black = |width, height| picture(width, height, |_, _| [0, 0, 0, 255]);
    assert_eq!(ink(&black(50, 50)), [false, true, true, true, false]);
    assert_eq!(ink(&black(500, 50)), [true; 5]);
    assert_eq!(ink(&black(10, 50)), [false, false, true, false, false]);
}

#[test]
fn what_was_erased_from_a_picture_is_paper() {
    let sketch = picture(300, 200, |x, y| match (x, y) {
        (100..200, 80..120) => [0; 4],
        (20..60, 80..120) => [10, 10, 10, 255],
        _ => [230, 215, 180, 255],
    });
    let input = network_input(&sketch).unwrap();
    assert!(strength(&input, 190, 128) < 0.05, "{}", strength(&input, 190, 128));
    assert!(strength(&input, 50, 128) > 0.7);
}

#[test]
fn strokes_lie_on_the_picture() {
    let mut sketch = picture(300, 200, |_, _| [230, 215, 180, 255]);
    sketch.strokes = stroke(&[[0.1, 0.5], [0.9, 0.5]], 0.05, Rgb([200, 0, 0])).strokes;
    let input = network_input(&sketch).unwrap();
    assert!(!input.is_certain);
    assert!(strength(&input, 190, 128) > 0.6 && strength(&input, 190, 60) < 0.05);
}
