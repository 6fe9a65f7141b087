//! A picture that is drawn on: shapes, lines and text, in pixels from the top left corner. For the pictures that
//! the commands write; the editor has its own.

use std::path::Path;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};
use anyhow::{Context as _, Result};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path as Outline, PathBuilder, Pixmap, PixmapPaint, Rect,
    Stroke, StrokeDash, Transform,
};

/// A colour, sRGB, and how much it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink(pub [u8; 4]);

impl Ink {
    /// An opaque colour by its usual notation, 0xRRGGBB.
    pub const fn hex(rgb: u32) -> Ink {
        Ink([(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255])
    }

    /// The same colour, covering `alpha` 0..=255.
    pub const fn with_alpha(self, alpha: u8) -> Ink {
        Ink([self.0[0], self.0[1], self.0[2], alpha])
    }

    /// The colour on the way to `other`, which it is at `along` = 1.
    pub fn towards(self, other: Ink, along: f32) -> Ink {
        let along = along.clamp(0.0, 1.0);
        let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * along).round() as u8;
        Ink([0, 1, 2, 3].map(|i| mix(self.0[i], other.0[i])))
    }

    fn paint(self) -> Paint<'static> {
        let [r, g, b, a] = self.0;
        let mut paint = Paint { anti_alias: true, ..Paint::default() };
        paint.set_color_rgba8(r, g, b, a);
        paint
    }
}

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Area {
    /// The right edge.
    pub fn right(self) -> f32 {
        self.x + self.w
    }

    /// The lower edge.
    pub fn bottom(self) -> f32 {
        self.y + self.h
    }
}

/// Where text stands to its x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names say it.
pub enum Align {
    Left,
    Centre,
    Right,
}

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    /// Height of the font in pixels.
    pub size_px: f32,
    /// Semibold, or regular.
    pub strong: bool,
    /// Colour.
    pub ink: Ink,
}

/// The picture.
pub struct Canvas {
    pixels: Pixmap,
    regular: FontRef<'static>,
    strong: FontRef<'static>,
}

impl Canvas {
    /// A picture of one colour.
    pub fn new(width_px: u32, height_px: u32, paper: Ink) -> Canvas {
        // PANIC: sizes are constants of the commands, above zero and far below tiny-skia's limit.
        let mut pixels = Pixmap::new(width_px, height_px).expect("a picture has a size");
        let [r, g, b, a] = paper.0;
        pixels.fill(Color::from_rgba8(r, g, b, a));
        // PANIC: both fonts are part of the program, and a test opens them.
        let font = |bytes| FontRef::try_from_slice(bytes).expect("the font in the program is whole");
        Canvas {
            pixels,
            regular: font(include_bytes!("../../assets/fonts/Inter-Regular.otf")),
            strong: font(include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        }
    }

    /// A filled rectangle with corners of this radius.
    pub fn fill(&mut self, area: Area, radius_px: f32, ink: Ink) {
        if let Some(outline) = rounded(area, radius_px) {
            self.pixels.fill_path(&outline, &ink.paint(), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A filled shape through these corners.
    pub fn polygon(&mut self, corners: &[(f32, f32)], ink: Ink) {
        if let Some(outline) = through(corners, true) {
            self.pixels.fill_path(&outline, &ink.paint(), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// A line through these points.
    pub fn line(&mut self, points: &[(f32, f32)], width_px: f32, ink: Ink) {
        self.stroke(points, width_px, ink, None);
    }

    /// A line of dashes and gaps of `dash_px` each.
    pub fn dashed(&mut self, points: &[(f32, f32)], width_px: f32, dash_px: f32, ink: Ink) {
        self.stroke(points, width_px, ink, StrokeDash::new(vec![dash_px, 1.4 * dash_px], 0.0));
    }

    fn stroke(&mut self, points: &[(f32, f32)], width: f32, ink: Ink, dash: Option<StrokeDash>) {
        let Some(outline) = through(points, false) else { return };
        let stroke = Stroke {
            width,
            line_cap: if dash.is_some() { LineCap::Butt } else { LineCap::Round },
            line_join: LineJoin::Round,
            dash,
            ..Stroke::default()
        };
        self.pixels.stroke_path(&outline, &ink.paint(), &stroke, Transform::identity(), None);
    }

    /// Another picture, its top left corner at x, y; it covers by its alpha.
    pub fn picture(&mut self, picture: &image::RgbaImage, x: i32, y: i32) {
        let Some(mut layer) = Pixmap::new(picture.width(), picture.height()) else { return };
        for (to, from) in layer.pixels_mut().iter_mut().zip(picture.pixels()) {
            let [r, g, b, a] = from.0;
            *to = tiny_skia::ColorU8::from_rgba(r, g, b, a).premultiply();
        }
        self.pixels.draw_pixmap(x, y, layer.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    }

    /// Width that a line of text takes.
    pub fn text_width(&self, text: &str, style: Type) -> f32 {
        self.glyphs(text, style).1
    }

    /// One line of text on a baseline; returns its width. A line that is longer than `max_px` ends in an ellipsis.
    pub fn text(&mut self, at: (f32, f32), align: Align, style: Type, max_px: f32, text: &str) -> f32 {
        let mut text = text.to_string();
        while self.text_width(&text, style) > max_px && text.chars().count() > 1 {
            text = text
                .trim_end_matches('…')
                .chars()
                .collect::<Vec<_>>()
                .split_last()
                .map_or(String::new(), |(_, rest)| {
                    rest.iter().collect::<String>().trim_end().to_string() + "…"
                });
        }
        let (glyphs, width) = self.glyphs(&text, style);
        let left = match align {
            Align::Left => at.0,
            Align::Centre => at.0 - width / 2.0,
            Align::Right => at.0 - width,
        };
        for outlined in glyphs {
            let bounds = outlined.px_bounds();
            let (x, y) = ((left + bounds.min.x).round() as i32, (at.1 + bounds.min.y).round() as i32);
            outlined.draw(|dx, dy, cover| self.cover(x + dx as i32, y + dy as i32, cover, style.ink));
        }
        width
    }

    fn glyphs(&self, text: &str, style: Type) -> (Vec<ab_glyph::OutlinedGlyph>, f32) {
        let font = if style.strong { &self.strong } else { &self.regular };
        let scaled = font.as_scaled(PxScale::from(style.size_px));
        let mut x = 0.0;
        let mut previous = None;
        let mut outlined = Vec::new();
        for character in text.chars() {
            let id = scaled.glyph_id(character);
            x += previous.map_or(0.0, |before| scaled.kern(before, id));
            let glyph = id.with_scale_and_position(PxScale::from(style.size_px), ab_glyph::point(x, 0.0));
            outlined.extend(font.outline_glyph(glyph));
            x += scaled.h_advance(id);
            previous = Some(id);
        }
        (outlined, x)
    }

    fn cover(&mut self, x: i32, y: i32, cover: f32, ink: Ink) {
        let (width, height) = (self.pixels.width() as i32, self.pixels.height() as i32);
        if x < 0 || y < 0 || x >= width || y >= height {
            return;
        }
        let pixel = &mut self.pixels.pixels_mut()[(y * width + x) as usize];
        let below = pixel.demultiply();
        let below = Ink([below.red(), below.green(), below.blue(), below.alpha()]);
        let [r, g, b, a] = ink.0;
        let mixed = below.towards(Ink([r, g, b, 255]), cover * f32::from(a) / 255.0).0;
        *pixel = tiny_skia::ColorU8::from_rgba(mixed[0], mixed[1], mixed[2], mixed[3]).premultiply();
    }

    /// Writes the picture as PNG.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn write_png(&self, path: &Path) -> Result<()> {
        let rgba: Vec<u8> = self
            .pixels
            .pixels()
            .iter()
            .flat_map(|pixel| {
                let colour = pixel.demultiply();
                [colour.red(), colour.green(), colour.blue(), colour.alpha()]
            })
            .collect();
        image::RgbaImage::from_raw(self.pixels.width(), self.pixels.height(), rgba)
            .context("the picture has its size")?
            .save_with_format(path, image::ImageFormat::Png)
            .with_context(|| path.display().to_string())
    }
}

fn rounded(area: Area, radius_px: f32) -> Option<Outline> {
    let rect = Rect::from_xywh(area.x, area.y, area.w, area.h)?;
    let r = radius_px.min(area.w / 2.0).min(area.h / 2.0);
    if r <= 0.0 {
        return Some(PathBuilder::from_rect(rect));
    }
    let (x0, y0, x1, y1) = (rect.left(), rect.top(), rect.right(), rect.bottom());
    let mut path = PathBuilder::new();
    path.move_to(x0 + r, y0);
    path.line_to(x1 - r, y0);
    path.quad_to(x1, y0, x1, y0 + r);
    path.line_to(x1, y1 - r);
    path.quad_to(x1, y1, x1 - r, y1);
    path.line_to(x0 + r, y1);
    path.quad_to(x0, y1, x0, y1 - r);
    path.line_to(x0, y0 + r);
    path.quad_to(x0, y0, x0 + r, y0);
    path.close();
    path.finish()
}

fn through(points: &[(f32, f32)], closed: bool) -> Option<Outline> {
    let mut path = PathBuilder::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        if i == 0 {
            path.move_to(x, y);
        } else {
            path.line_to(x, y);
        }
    }
    if closed {
        path.close();
    }
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: Type = Type { size_px: 20.0, strong: false, ink: Ink::hex(0) };

    #[test]
    fn text_marks_the_paper_and_stays_in_its_width() {
        let mut canvas = Canvas::new(200, 40, Ink::hex(0xFFFFFF));
        let wide = canvas.text_width("a long line of text that goes on", TYPE);
        assert!(wide > 120.0);
        let width = canvas.text((10.0, 28.0), Align::Left, TYPE, 120.0, "a long line of text that goes on");
        assert!(width <= 120.0 && width > 60.0, "{width}");
        let inked = |x: u32| (0..40).any(|y| canvas.pixels.pixel(x, y).is_some_and(|p| p.red() < 128));
        assert!((10..130).any(inked));
        assert!(!(140..200).any(inked));
    }

    #[test]
    fn what_lies_outside_the_picture_harms_nothing() {
        let mut canvas = Canvas::new(20, 20, Ink::hex(0xFFFFFF));
        canvas.text((-15.0, 5.0), Align::Centre, TYPE, 400.0, "outside");
        canvas.line(&[(-50.0, 5.0), (70.0, f32::NAN)], 3.0, Ink::hex(0));
        canvas.fill(Area { x: 10.0, y: 10.0, w: 0.0, h: -1.0 }, 4.0, Ink::hex(0));
        canvas.polygon(&[], Ink::hex(0));
    }

    #[test]
    fn colours_mix_evenly() {
        assert_eq!(Ink::hex(0x000000).towards(Ink::hex(0xFF8000), 0.5), Ink::hex(0x804000));
    }
}
