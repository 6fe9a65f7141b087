//! A page to print or to hang up: SVG, written shape by shape, and the PNG that is that SVG, drawn.
//!
//! Knows nothing of what is on it. Sizes are in units of the page, from its top left corner; colours are `#rrggbb`.

use std::fmt::Write as _;

use ab_glyph::{Font as _, FontRef, PxScale, ScaleFont as _};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use egui::Color32;
use resvg::{tiny_skia, usvg};

const REGULAR: &[u8] = include_bytes!("../assets/fonts/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../assets/fonts/Inter-SemiBold.otf");

/// A page that would be longer as PNG is made smaller, so that one of any size has a picture.
pub const MAX_PNG_SIDE_PX: f32 = 16_000.0;

/// How words look.
#[derive(Debug, Clone, Copy)]
pub struct Lettering<'a> {
    /// Height of the font.
    pub size: f32,
    /// Semibold, or regular.
    pub strong: bool,
    /// Colour.
    pub colour: &'a str,
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
}

/// The SVG as far as it is written.
pub struct Page(String);

impl Page {
    /// An empty page of this size, all of one colour.
    pub fn new([width, height]: [f32; 2], ground: &str) -> Page {
        let mut page = Page(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"Inter, sans-serif\">"
        ));
        page.fill([0.0, 0.0, width, height], 0.0, ground);
        page
    }

    /// The whole SVG.
    pub fn finish(self) -> String {
        self.0 + "</svg>"
    }

    /// Opens a group with these attributes; [`Page::close`] ends it.
    pub fn open(&mut self, attributes: &str) {
        let _ = write!(self.0, "<g {attributes}>");
    }

    /// Ends the group that was opened last.
    pub fn close(&mut self) {
        self.0 += "</g>";
    }

    /// A blur that groups name by `filter="url(#id)"`.
    pub fn define_blur(&mut self, id: &str, reach: f32) {
        let _ = write!(
            self.0,
            "<defs><filter id=\"{id}\" x=\"-20%\" y=\"-20%\" width=\"140%\" height=\"140%\">\
             <feGaussianBlur stdDeviation=\"{reach:.1}\"/></filter></defs>"
        );
    }

    /// A filled rectangle with corners of this radius.
    pub fn fill(&mut self, [x, y, w, h]: [f32; 4], radius: f32, colour: &str) {
        let _ = write!(
            self.0,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" rx=\"{radius}\" fill=\"{colour}\"/>"
        );
    }

    /// The outline of a rectangle with round corners.
    pub fn frame(&mut self, [x, y, w, h]: [f32; 4], colour: &str) {
        let _ = write!(
            self.0,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" rx=\"8\" fill=\"none\" \
             stroke=\"{colour}\"/>"
        );
    }

    /// A filled circle.
    pub fn disc(&mut self, [x, y]: [f32; 2], radius: f32, colour: &str) {
        let _ = write!(self.0, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"{radius:.2}\" fill=\"{colour}\"/>");
    }

    /// A line with round ends through these points; one point is a disc.
    pub fn line(&mut self, points: &[[f32; 2]], width: f32, colour: &str) {
        if let [only] = points {
            return self.disc(*only, width / 2.0, colour);
        }
        let _ = write!(
            self.0,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width:.2}\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\"/>",
            listed(points)
        );
    }

    /// A line of dashes.
    pub fn dashed(&mut self, points: &[[f32; 2]], width: f32, colour: &str) {
        let _ = write!(
            self.0,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width:.2}\" \
             stroke-dasharray=\"4 4\"/>",
            listed(points)
        );
    }

    /// A filled shape through these corners.
    pub fn polygon(&mut self, corners: &[[f32; 2]], colour: &str) {
        let _ = write!(self.0, "<polygon points=\"{}\" fill=\"{colour}\"/>", listed(corners));
    }

    /// One line of words on a baseline.
    pub fn text(&mut self, [x, y]: [f32; 2], style: Lettering<'_>, words: &str) {
        let Lettering { size, strong, colour, anchor } = style;
        let weight = if strong { 600 } else { 400 };
        let _ = write!(
            self.0,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" font-weight=\"{weight}\" fill=\"{colour}\" \
             text-anchor=\"{anchor}\">{}</text>",
            escaped(words)
        );
    }

    /// Words in semibold italics about their middle, as dynamics stand in a score.
    pub fn italic(&mut self, [x, y]: [f32; 2], size: f32, colour: &str, words: &str) {
        let _ = write!(
            self.0,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size}\" font-weight=\"600\" font-style=\"italic\" \
             fill=\"{colour}\" text-anchor=\"middle\">{}</text>",
            escaped(words)
        );
    }

    /// A picture, stretched over an area.
    pub fn picture(&mut self, picture: &image::RgbaImage, [x, y, w, h]: [f32; 4]) {
        let mut png = std::io::Cursor::new(Vec::new());
        // A picture in memory is written whole.
        if picture.write_to(&mut png, image::ImageFormat::Png).is_ok() {
            let _ = write!(
                self.0,
                "<image x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" \
                 preserveAspectRatio=\"none\" href=\"data:image/png;base64,{}\"/>",
                BASE64_STANDARD.encode(png.into_inner())
            );
        }
    }
}

fn listed(points: &[[f32; 2]]) -> String {
    points.iter().map(|[x, y]| format!("{x:.2},{y:.2}")).collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    let safe = |c: char| !c.is_control();
    let text: String = text.chars().filter(|&c| safe(c)).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Words of at most so many letters; what is longer ends in an ellipsis.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    text.chars().take(most - 1).collect::<String>().trim_end().to_string() + "…"
}

/// A colour as pages write it.
pub fn hex(colour: Color32) -> String {
    let [r, g, b, _] = colour.to_array();
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Width of a line of words in the font of pages, where it has their letters.
pub fn width_of(words: &str, size: f32, strong: bool) -> f32 {
    // PANIC: both fonts are part of the program, and every page is drawn with them.
    let font = FontRef::try_from_slice(if strong { SEMIBOLD } else { REGULAR }).expect("the font is whole");
    let per_em = font.units_per_em().map_or(1.0, |units| font.height_unscaled() / units);
    let scaled = font.as_scaled(PxScale::from(size * per_em));
    words.chars().map(|letter| scaled.h_advance(scaled.glyph_id(letter))).sum()
}

/// The PNG of a page, `scale` pixels for each of its units unless that would be over [`MAX_PNG_SIDE_PX`].
///
/// # Errors
/// Why it cannot be drawn.
pub fn png_of(svg: &str, scale: f32) -> Result<Vec<u8>, String> {
    let mut options = usvg::Options::default();
    load_fonts(&mut options);
    png_of_svg(svg, &options, |longest| scale.min((MAX_PNG_SIDE_PX - 0.5) / longest))
}

/// The fonts of pages, and for names in letters that they lack those of the system.
pub fn load_fonts(options: &mut usvg::Options) {
    options.font_family = "Inter".to_string();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMIBOLD.to_vec());
    fonts.load_system_fonts();
}

/// The PNG of an SVG, as many pixels for each of its units as `scale` says of its longest side.
///
/// # Errors
/// Why it cannot be drawn.
pub fn png_of_svg(svg: &str, options: &usvg::Options, scale: impl Fn(f32) -> f32) -> Result<Vec<u8>, String> {
    let tree = usvg::Tree::from_str(svg, options).map_err(|cause| cause.to_string())?;
    let size = tree.size();
    let scale = scale(size.height().max(size.width()));
    let [width, height] = [size.width(), size.height()].map(|side| (side * scale).ceil() as u32);
    let mut pixels = tiny_skia::Pixmap::new(width, height)
        .ok_or_else(|| format!("{width} x {height} px cannot be drawn"))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_wide_as_they_are_drawn() {
        let words = "Bowed glass, far away";
        let mut page = Page::new([400.0, 40.0], "#ffffff");
        page.text(
            [10.0, 28.0],
            Lettering { size: 20.0, strong: false, colour: "#000000", anchor: "start" },
            words,
        );
        let drawn = image::load_from_memory(&png_of(&page.finish(), 1.0).unwrap()).unwrap().into_luma8();
        let last = (0..400).rev().find(|&x| (0..40).any(|y| drawn.get_pixel(x, y).0[0] < 128)).unwrap();
        let width = width_of(words, 20.0, false);
        assert!((width - (last as f32 - 10.0)).abs() < 4.0, "{width} for {last}");
    }

    #[test]
    fn words_are_escaped_and_shortened() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}"), "a&lt;b&gt; &amp; &quot;c&quot;");
        assert_eq!([shortened("a long name", 6), shortened("short", 6)], ["a lon…", "short"]);
    }
}
