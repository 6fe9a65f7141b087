//! Sketches become pixels: for thumbnails and exported pictures, and as the input of the sketch network.
//!
//! Strokes have round ends and joins and soft edges; a stroke thinner than a pixel is a paler line of one pixel,
//! so that its width can still be measured.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{Rgba, RgbaImage, imageops};
use tiny_skia::{
    FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PixmapPaint, PremultipliedColorU8,
    Transform,
};

use crate::paper::Paper;
use crate::sketch::PAD_ASPECT;
use crate::{Error, RasterLayer, Rgb, Sketch, Stroke};

/// What the sketch network sees: the ink of a pad, row by row from the top, as its difference from the paper.
///
/// Four channels a pixel: the strength of the ink (the largest difference of red, green and blue, 0..1), then the
/// differences themselves, each -1..1 (negative where the ink is darker than the paper). Paper is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkInput {
    /// [`NetworkInput::ROWS`] x [`NetworkInput::COLUMNS`] x [`NetworkInput::CHANNELS`] numbers.
    pub pixels: Vec<f32>,
    /// Whether the ink comes from strokes alone, so that everything that differs from the paper is ink.
    pub is_certain: bool,
    /// The picture in its own pixels, where nothing is drawn over it.
    pub picture: Option<RasterLayer>,
}

impl NetworkInput {
    /// Rows of pixels.
    pub const ROWS: usize = 256;
    /// Columns of pixels.
    pub const COLUMNS: usize = 384;
    /// Numbers a pixel.
    pub const CHANNELS: usize = 4;

    const LEN: usize = NetworkInput::ROWS * NetworkInput::COLUMNS * NetworkInput::CHANNELS;

    /// Leaves its memory to the next input that this thread makes: fresh memory takes longer than to fill it.
    pub fn recycle(self) {
        SPARE.set(self.pixels);
    }

    /// Room for the pixels, with nothing in it.
    fn room() -> Vec<f32> {
        let mut pixels = SPARE.take();
        pixels.clear();
        pixels.reserve_exact(NetworkInput::LEN);
        pixels
    }
}

thread_local! {
    /// What [`NetworkInput::recycle`] left.
    static SPARE: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
    /// A white pad, for strokes.
    static WHITE: RefCell<Option<Pixmap>> = const { RefCell::new(None) };
}

/// Strength below which a pixel is paper.
const FAINTEST: f32 = 0.06;

/// Paints a sketch `width_px` x `height_px` large, on `paper` or on nothing (transparent).
/// Sides are held to 1..=4096 px.
pub fn paint(sketch: &Sketch, width_px: u32, height_px: u32, paper: Option<Rgb>) -> RgbaImage {
    to_image(&pixmap_of(sketch, width_px, height_px, paper))
}

fn pixmap_of(sketch: &Sketch, width_px: u32, height_px: u32, paper: Option<Rgb>) -> Pixmap {
    let mut pixmap = empty(width_px.clamp(1, 4096), height_px.clamp(1, 4096));
    if let Some(Rgb([r, g, b])) = paper {
        pixmap.fill(tiny_skia::Color::from_rgba8(r, g, b, 255));
    }
    if let Some(layer) = &sketch.raster {
        paint_layer(&mut pixmap, layer);
    }
    for stroke in &sketch.strokes {
        paint_stroke(&mut pixmap, stroke);
    }
    pixmap
}

fn empty(width_px: u32, height_px: u32) -> Pixmap {
    // PANIC: a pixmap is refused for a side of zero or gigabytes of pixels only, and no caller asks for such sides.
    Pixmap::new(width_px, height_px).expect("sides of 1 to 4096")
}

/// Rasterises a sketch for the network and takes the paper away.
///
/// # Errors
/// [`Error::EmptyPad`] if nothing differs from the paper, and [`Error::OneColour`] if that is because all of a picture is as
/// dark as ink.
pub fn network_input(sketch: &Sketch) -> Result<NetworkInput, Error> {
    let (columns, rows) = (NetworkInput::COLUMNS as u32, NetworkInput::ROWS as u32);
    let Some(layer) = &sketch.raster else {
        return WHITE.with_borrow_mut(|white| {
            let pixmap = white.get_or_insert_with(|| empty(columns, rows));
            pixmap.fill(tiny_skia::Color::WHITE);
            sketch.strokes.iter().for_each(|stroke| paint_stroke(pixmap, stroke));
            on_white(pixmap)
        });
    };
    let beneath = Sketch { strokes: Vec::new(), raster: Some(layer.clone()) };
    let mut picture = paint(&beneath, columns, rows, None);
    let mut paper = Paper::estimate(&picture);
    if paper.cut_bars(&mut picture) {
        paper = Paper::estimate(&picture);
    }
    paper.fill_beneath(&mut picture);
    if !sketch.strokes.is_empty() {
        let strokes = Sketch { strokes: sketch.strokes.clone(), raster: None };
        imageops::overlay(&mut picture, &paint(&strokes, columns, rows, None), 0, 0);
    }
    let input = separate(&picture, &paper, false).map_err(|cause| match cause {
        Error::EmptyPad if is_all_ink(layer) => Error::OneColour,
        other => other,
    })?;
    Ok(NetworkInput { picture: sketch.strokes.is_empty().then(|| layer.clone()), ..input })
}

/// Whether a picture is dark and of one colour, as nobody's paper is.
fn is_all_ink(layer: &RasterLayer) -> bool {
    let (pixels, _) = layer.rgba.as_chunks::<4>();
    let Some(&[r, g, b, a]) = pixels.first() else { return false };
    let luma = (299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b)) / 1000;
    a == 255 && luma < 128 && pixels.iter().all(|pixel| *pixel == [r, g, b, a])
}

/// The input for a picture of the whole pad, [`NetworkInput::COLUMNS`] x [`NetworkInput::ROWS`], whose transparent
/// parts are paper.
///
/// # Errors
/// [`Error::EmptyPad`] if nothing differs from the paper; [`Error::Picture`] if the size is another.
pub fn network_input_of(mut picture: RgbaImage) -> Result<NetworkInput, Error> {
    if picture.dimensions() != (NetworkInput::COLUMNS as u32, NetworkInput::ROWS as u32) {
        return Err(Error::Picture(format!(
            "{:?} is not the size of the network's input",
            picture.dimensions()
        )));
    }
    let paper = Paper::estimate(&picture);
    paper.fill_beneath(&mut picture);
    separate(&picture, &paper, false)
}

/// The difference of strokes from white: what [`separate`] says of them, but sooner, since most of a pad is empty.
fn on_white(strokes: &Pixmap) -> Result<NetworkInput, Error> {
    // Pixels that are looked at together, and their bytes.
    const RUN: usize = 16;
    let mut pixels = NetworkInput::room();
    pixels.resize(NetworkInput::LEN, 0.0);
    let mut ink = 0.0;
    let runs =
        pixels.chunks_exact_mut(RUN * NetworkInput::CHANNELS).zip(strokes.data().chunks_exact(RUN * 4));
    for (run, bytes) in runs.filter(|(_, bytes)| bytes.iter().fold(255, |all, v| all & v) != 255) {
        for (to, byte) in run.chunks_exact_mut(NetworkInput::CHANNELS).zip(bytes.chunks_exact(4)) {
            let difference = [0, 1, 2].map(|c| (f32::from(byte[c]) - 255.0) / 255.0);
            let strength = difference.iter().fold(0.0f32, |most, d| most.max(-d));
            ink += strength;
            to.copy_from_slice(&[strength, difference[0], difference[1], difference[2]]);
        }
    }
    with_ink(NetworkInput { pixels, is_certain: true, picture: None }, ink)
}

/// The difference of a picture from its paper.
///
/// # Errors
/// [`Error::EmptyPad`] if there is hardly any.
pub(crate) fn separate(picture: &RgbaImage, paper: &Paper, is_certain: bool) -> Result<NetworkInput, Error> {
    let mut pixels = NetworkInput::room();
    let mut ink = 0.0;
    let moved = paper.moved_ink(picture);
    for (row, line) in picture.rows().enumerate() {
        let paper = paper.row(row);
        for (Rgba(pixel), paper) in line.zip(paper) {
            let rgb = [pixel[0], pixel[1], pixel[2]];
            let difference = match &moved {
                Some(moved) => moved.difference(&paper, rgb),
                None => paper.difference(rgb),
            };
            let strength = difference.iter().fold(0.0f32, |most, d| most.max(d.abs()));
            ink += if strength > FAINTEST || is_certain { strength } else { 0.0 };
            pixels.extend([strength, difference[0], difference[1], difference[2]]);
        }
    }
    with_ink(NetworkInput { pixels, is_certain, picture: None }, ink)
}

/// The input, unless there is hardly any ink in it.
fn with_ink(input: NetworkInput, ink: f32) -> Result<NetworkInput, Error> {
    // A dot of the thinnest pen covers a third of a pixel, spread over four at worst.
    if ink < if input.is_certain { 0.08 } else { 0.25 } {
        input.recycle();
        return Err(Error::EmptyPad);
    }
    Ok(input)
}

/// The columns of a pad that a picture of this size covers: `(left, width)` in 0..=`width_px`.
///
/// The pad is stretched to the target, as are the strokes, so the target's height does not matter.
pub fn columns_of(layer_width_px: u32, layer_height_px: u32, width_px: u32) -> (u32, u32) {
    let aspect = f64::from(layer_width_px.max(1)) / f64::from(layer_height_px.max(1));
    let wide = (aspect / f64::from(PAD_ASPECT) * f64::from(width_px)).round() as u32;
    let wide = wide.clamp(1, width_px);
    ((width_px - wide) / 2, wide)
}

fn paint_layer(pixmap: &mut Pixmap, layer: &RasterLayer) {
    let (width_px, height_px) = (pixmap.width(), pixmap.height());
    let (left, wide) = columns_of(layer.width_px, layer.height_px, width_px);
    let (size, rgba) = ((layer.width_px, layer.height_px), weighed(&layer.rgba));
    if size.0 == 0 || size.1 == 0 || (rgba.len() as u64) < u64::from(size.0) * u64::from(size.1) * 4 {
        return;
    }
    let Some(sized) = resized(&rgba, size, (wide, height_px)) else { return };
    // PANIC: no side is zero, and `resized` has made as many pixels.
    let mut patch = Pixmap::new(wide, height_px).expect("a picture that was made");
    for (to, from) in patch.pixels_mut().iter_mut().zip(sized.chunks_exact(4)) {
        let [r, g, b, a] = [from[0], from[1], from[2], from[3]];
        let colour = PremultipliedColorU8::from_rgba(r.min(a), g.min(a), b.min(a), a);
        *to = colour.unwrap_or(PremultipliedColorU8::TRANSPARENT);
    }
    let plain = PixmapPaint::default();
    pixmap.draw_pixmap(left as i32, 0, patch.as_ref(), &plain, Transform::identity(), None);
}

/// The pixels in another size, by the triangle filter; their colours are weighed by their opacity already.
fn resized(rgba: &[u8], size: (u32, u32), to: (u32, u32)) -> Option<Vec<u8>> {
    let picture = ImageRef::new(size.0, size.1, rgba, PixelType::U8x4).ok()?;
    let mut sized = Image::new(to.0, to.1, PixelType::U8x4);
    let triangle = ResizeAlg::Convolution(FilterType::Bilinear);
    let options = ResizeOptions::new().resize_alg(triangle).use_alpha(false);
    Resizer::new().resize(&picture, &mut sized, &options).ok()?;
    Some(sized.into_vec())
}

/// Straight colours weighed by their opacity, or what was erased would bleed into its surroundings.
fn weighed(rgba: &[u8]) -> Cow<'_, [u8]> {
    if rgba.chunks_exact(4).all(|pixel| pixel[3] == 255) {
        return Cow::Borrowed(rgba);
    }
    let weigh = |c: u8, a: u8| ((u16::from(c) * u16::from(a) + 127) / 255) as u8;
    Cow::Owned(
        rgba.as_chunks()
            .0
            .iter()
            .flat_map(|&[r, g, b, a]| [weigh(r, a), weigh(g, a), weigh(b, a), a])
            .collect(),
    )
}

/// Paints one stroke over a pixmap whose height is the pad's.
pub fn paint_stroke(pixmap: &mut Pixmap, stroke: &Stroke) {
    let Rgb([r, g, b]) = stroke.rgb;
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    let width_px = (stroke.width_norm * pixmap.height() as f32).clamp(0.0, 4.0 * pixmap.height() as f32);
    if width_px <= 0.0 || !width_px.is_finite() {
        return;
    }
    match outline(stroke, pixmap.width() as f32, pixmap.height() as f32, width_px) {
        Some(Outline::Dot(path)) => {
            pixmap.fill_path(&path, &paint, FillRule::Winding, Transform::identity(), None);
        }
        Some(Outline::Line(path)) => {
            let line = tiny_skia::Stroke {
                width: width_px,
                line_cap: LineCap::Round,
                line_join: LineJoin::Round,
                ..tiny_skia::Stroke::default()
            };
            pixmap.stroke_path(&path, &paint, &line, Transform::identity(), None);
        }
        None => {}
    }
}

enum Outline {
    Dot(Path),
    Line(Path),
}

fn outline(stroke: &Stroke, width: f32, height: f32, line_px: f32) -> Option<Outline> {
    let mut points = stroke
        .points
        .iter()
        .filter(|p| p.x.is_finite() && p.y.is_finite())
        // Far outside the pad nothing is seen, and the painter's fixed-point numbers end.
        .map(|p| (p.x.clamp(-4.0, 5.0) * width, (1.0 - p.y.clamp(-4.0, 5.0)) * height));
    let first = points.next()?;
    let mut builder = PathBuilder::new();
    builder.move_to(first.0, first.1);
    let mut last = first;
    for point in points {
        if (point.0 - last.0).abs() + (point.1 - last.1).abs() > 0.02 {
            builder.line_to(point.0, point.1);
            last = point;
        }
    }
    if builder.len() > 1 {
        return builder.finish().map(Outline::Line);
    }
    PathBuilder::from_circle(first.0, first.1, line_px / 2.0).map(Outline::Dot)
}

fn to_image(pixmap: &Pixmap) -> RgbaImage {
    let rgba = pixmap.pixels().iter().flat_map(|pixel| {
        let colour = pixel.demultiply();
        [colour.red(), colour.green(), colour.blue(), colour.alpha()]
    });
    // PANIC: there are four numbers for each pixel of the pixmap.
    RgbaImage::from_raw(pixmap.width(), pixmap.height(), rgba.collect()).expect("as many pixels")
}
