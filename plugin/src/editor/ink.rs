//! Strokes as triangles: round joins, round ends, edges smoothed for the screen's own pixels.
//!
//! The same code draws the pad and its miniatures. Meshes are kept as long as their sketch is the same.

use std::sync::Arc;

use egui::epaint::{TessellationOptions, Tessellator};
use egui::{
    Color32, ColorImage, Mesh, Painter, Pos2, Rect, Shape, Stroke, TextureHandle, TextureOptions, pos2,
};
use image::RgbaImage;
use neume_models::paper::{Paper, PaperPixel};
use neume_models::sketch::PAD_ASPECT;
use neume_models::{NetworkInput, RasterLayer, Rgb, Sketch, raster};

use super::theme::{Theme, hsl_bytes, mix, to_hsl};

/// Below this saturation ink has no hue: it leaves the family open.
const OPEN_SATURATION: f32 = 0.15;
/// Turns sharper than this start a new piece with a round joint between.
const CORNER_COSINE: f32 = 0.9;
/// A pad lower than this is a miniature.
const MINIATURE_BELOW_PX: f32 = 120.0;
/// Strokes at least this wide show a lighter core.
const SHEEN_FROM_PX: f32 = 7.0;

/// The colour in which ink is shown on the paper of a theme. On dark paper dark ink would vanish, so lightness is
/// moved up there, and black becomes chalk. The sketch itself does not know.
pub fn on_paper(rgb: Rgb, theme: Theme) -> Color32 {
    let [r, g, b] = rgb.0;
    if theme == Theme::Light {
        return Color32::from_rgb(r, g, b);
    }
    let (hue, saturation, lightness) = to_hsl(rgb.0);
    let [r, g, b] = if saturation < OPEN_SATURATION {
        hsl_bytes(40.0, 0.2, 0.9 - 0.55 * lightness)
    } else {
        hsl_bytes(hue, saturation.min(0.78), 0.41 + 0.48 * lightness)
    };
    Color32::from_rgb(r, g, b)
}

/// Where a point of a sketch lies on a pad that fills `pad`.
pub fn to_screen(pad: Rect, x: f32, y: f32) -> Pos2 {
    pos2(pad.left() + x * pad.width(), pad.bottom() - y * pad.height())
}

/// The largest rectangle of the pad's shape in the middle of `room`.
pub fn pad_within(room: Rect) -> Rect {
    let width = room.width().min(room.height() * PAD_ASPECT);
    Rect::from_center_size(room.center(), egui::vec2(width, width / PAD_ASPECT))
}

/// A sketch as triangles, and what it was made from.
#[derive(Default)]
pub struct InkCache {
    made_from: Option<(Arc<Sketch>, Rect, f32, Theme)>,
    mesh: Arc<Mesh>,
}

impl InkCache {
    /// The strokes of a sketch on `pad`, made again only if something changed.
    pub fn strokes(&mut self, sketch: &Arc<Sketch>, pad: Rect, pixels_per_point: f32, theme: Theme) -> Shape {
        let fresh = self.made_from.as_ref().is_some_and(|(made, rect, ppp, of)| {
            Arc::ptr_eq(made, sketch) && *rect == pad && *ppp == pixels_per_point && *of == theme
        });
        if !fresh {
            self.mesh = Arc::new(mesh_of(&sketch.strokes, pad, pixels_per_point, theme));
            self.made_from = Some((sketch.clone(), pad, pixels_per_point, theme));
        }
        Shape::mesh(self.mesh.clone())
    }
}

/// Strokes on `pad` as triangles.
pub fn mesh_of(strokes: &[neume_models::Stroke], pad: Rect, pixels_per_point: f32, theme: Theme) -> Mesh {
    let options = TessellationOptions { prerasterized_discs: false, ..Default::default() };
    let mut tessellator = Tessellator::new(pixels_per_point, options, [1, 1], Vec::new());
    // On a miniature the thinnest strokes are drawn wider than they are, or they would not be seen.
    let least_px = if pad.height() < MINIATURE_BELOW_PX { 1.75 } else { 0.75 / pixels_per_point };
    let mut mesh = Mesh::default();
    for stroke in strokes {
        let width = (stroke.width_norm * pad.height()).max(least_px);
        let colour = on_paper(stroke.rgb, theme);
        let path: Vec<Pos2> = path_of(stroke, pad);
        add_line(&mut tessellator, &path, width, colour, &mut mesh);
        if width >= SHEEN_FROM_PX && path.len() > 1 {
            let sheen = mix(colour, Color32::WHITE, if theme == Theme::Dark { 0.16 } else { 0.12 });
            add_line(&mut tessellator, &path, width * 0.4, sheen, &mut mesh);
        }
    }
    mesh
}

fn path_of(stroke: &neume_models::Stroke, pad: Rect) -> Vec<Pos2> {
    let mut path: Vec<Pos2> = Vec::with_capacity(stroke.points.len());
    for point in &stroke.points {
        let here = to_screen(pad, point.x, point.y);
        if path.last().is_none_or(|last| last.distance_sq(here) > 1e-4) {
            path.push(here);
        }
    }
    path
}

/// A line of one colour: pieces that turn gently, with a disc at each end and each corner.
fn add_line(tessellator: &mut Tessellator, path: &[Pos2], width: f32, colour: Color32, mesh: &mut Mesh) {
    let disc = |tessellator: &mut Tessellator, at: Pos2, mesh: &mut Mesh| {
        tessellator.tessellate_shape(Shape::circle_filled(at, width / 2.0, colour), mesh);
    };
    let (Some(&first), Some(&last)) = (path.first(), path.last()) else { return };
    disc(tessellator, first, mesh);
    if path.len() == 1 {
        return;
    }
    disc(tessellator, last, mesh);
    let mut start = 0;
    for i in 1..path.len() {
        let corner = i + 1 < path.len() && {
            let before = (path[i] - path[i - 1]).normalized();
            let after = (path[i + 1] - path[i]).normalized();
            before.dot(after) < CORNER_COSINE
        };
        if corner || i + 1 == path.len() {
            let piece = path[start..=i].to_vec();
            tessellator.tessellate_shape(Shape::line(piece, Stroke::new(width, colour)), mesh);
            start = i;
        }
        if corner {
            disc(tessellator, path[i], mesh);
        }
    }
}

/// The picture beneath the strokes, as a texture.
#[derive(Default)]
pub struct PictureCache {
    made_from: Option<(Arc<[u8]>, Theme, u32)>,
    texture: Option<TextureHandle>,
}

impl PictureCache {
    /// Paints the picture of a sketch on `pad`: as high as the pad, centred, pressed together if it is wider.
    pub fn paint(&mut self, painter: &Painter, layer: &RasterLayer, pad: Rect, theme: Theme) {
        let halvings = halvings(layer, pad.height() * painter.pixels_per_point());
        let fresh = self.made_from.as_ref().is_some_and(|(bytes, of, halved)| {
            Arc::ptr_eq(bytes, &layer.rgba) && *of == theme && *halved == halvings
        });
        if !fresh {
            let image = (0..halvings).fold(picture(layer, theme), |image, _| halved(&image));
            self.texture = Some(painter.ctx().load_texture("picture", image, TextureOptions::LINEAR));
            self.made_from = Some((layer.rgba.clone(), theme, halvings));
        }
        let Some(texture) = &self.texture else { return };
        let width = pad.height() * layer.width_px as f32 / layer.height_px as f32;
        let rect = Rect::from_center_size(pad.center(), egui::vec2(width.min(pad.width()), pad.height()));
        let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        painter.image(texture.id(), rect, whole, Color32::WHITE);
    }
}

/// How often a picture is halved before it is shown this high in pixels: a screen that leaves pixels out makes lines
/// vanish.
fn halvings(layer: &RasterLayer, high_px: f32) -> u32 {
    let times = layer.height_px as f32 / high_px.max(1.0);
    times.log2().floor().clamp(0.0, 12.0) as u32
}

/// A picture of half the size, each pixel the mean of up to four.
fn halved(image: &ColorImage) -> ColorImage {
    let [width, height] = image.size;
    let size = [width.div_ceil(2), height.div_ceil(2)];
    let mean = |i: usize| {
        let (x, y) = (2 * (i % size[0]), 2 * (i / size[0]));
        let near = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]
            .map(|(x, y)| image.pixels[y.min(height - 1) * width + x.min(width - 1)].to_array());
        let channel = |c: usize| (near.iter().map(|rgba| u16::from(rgba[c])).sum::<u16>() / 4) as u8;
        // The channels are multiplied by alpha already.
        Color32::from_rgba_premultiplied(channel(0), channel(1), channel(2), channel(3))
    };
    ColorImage::new(size, (0..size[0] * size[1]).map(mean).collect())
}

/// The pixels of a layer as they are shown: its paper, however it is lit, gives way to the pad's own, so that the rows are seen
/// through it. Where one of the two is dark, light and dark change places. Hues stay.
fn picture(layer: &RasterLayer, theme: Theme) -> ColorImage {
    let size = [layer.width_px as usize, layer.height_px as usize];
    let (columns, rows) = (NetworkInput::COLUMNS, NetworkInput::ROWS);
    let alone = Sketch { strokes: Vec::new(), raster: Some(layer.clone()) };
    let seen = raster::paint(&alone, columns as u32, rows as u32, None);
    let paper = Paper::estimate(&seen);
    let is_slate = is_under_light_ink(&paper, &seen);
    let (left, wide) = raster::columns_of(layer.width_px, layer.height_px, columns as u32);
    let column = |x: usize| (left as usize + x * wide as usize / size[0]).min(columns - 1);
    let mut pixels = Vec::with_capacity(size[0] * size[1]);
    for (y, line) in layer.rgba.chunks_exact(4 * size[0].max(1)).enumerate() {
        let paper = paper.row(y * rows / size[1]);
        let line = line.chunks_exact(4).enumerate();
        pixels.extend(line.map(|(x, rgba)| pixel(rgba, &paper[column(x)], is_slate, theme)));
    }
    ColorImage::new(size, pixels)
}

/// Whether what is drawn on a paper is lighter than it is, as chalk on slate.
fn is_under_light_ink(paper: &Paper, seen: &RgbaImage) -> bool {
    let weight = |difference: [f32; 3]| {
        let sum: f32 = difference.into_iter().sum();
        sum * sum.abs()
    };
    let lighter = seen.rows().enumerate().map(|(row, line)| {
        let pixels = line.zip(paper.row(row)).filter(|(pixel, _)| pixel[3] > 250);
        pixels.map(|(pixel, paper)| weight(paper.difference([pixel[0], pixel[1], pixel[2]]))).sum::<f32>()
    });
    lighter.sum::<f32>() > 0.0
}

/// A pixel of a picture on the pad, as clear as it is like its paper.
fn pixel(rgba: &[u8], paper: &PaperPixel, is_slate: bool, theme: Theme) -> Color32 {
    let rgb = [rgba[0], rgba[1], rgba[2]];
    let difference = paper.difference(rgb);
    let strength = difference.iter().fold(0.0f32, |most, d| most.max(d.abs()));
    let along = ((strength - 0.14) / 0.3).clamp(0.0, 1.0);
    let alpha = f32::from(rgba[3]) * along * along * (3.0 - 2.0 * along);
    let on_white = difference.map(|d| (255.0 * (1.0 + d)).clamp(0.0, 255.0) as u8);
    let ink = if is_slate { rgb } else { on_white };
    let [r, g, b] = match is_slate == (theme == Theme::Dark) {
        true => ink,
        false => {
            let (hue, saturation, lightness) = to_hsl(ink);
            hsl_bytes(hue, saturation, 0.93 - 0.87 * lightness)
        }
    };
    Color32::from_rgba_unmultiplied(r, g, b, alpha as u8)
}

#[cfg(test)]
mod tests {
    use neume_models::{Point, Stroke};

    use super::*;
    use crate::editor::state::Ink;
    use crate::editor::theme::contrast;

    fn zigzag(points: &[(f32, f32)]) -> Stroke {
        let points = points.iter().map(|&(x, y)| Point { x, y, secs: 0.0 }).collect();
        Stroke { points, rgb: Rgb::BLACK, width_norm: 0.04 }
    }

    #[test]
    fn a_stroke_never_reaches_further_than_half_its_width_and_the_smoothed_edge() {
        let pad = Rect::from_min_size(Pos2::ZERO, egui::vec2(300.0, 200.0));
        let cases: [&[(f32, f32)]; 4] = [
            &[(0.5, 0.5)],
            &[(0.2, 0.5), (0.8, 0.5)],
            &[(0.2, 0.2), (0.5, 0.8), (0.5, 0.2), (0.8, 0.8)],
            &[(0.3, 0.3), (0.3, 0.3), (0.7, 0.3)],
        ];
        for points in cases {
            let mesh = mesh_of(&[zigzag(points)], pad, 2.0, Theme::Light);
            assert!(!mesh.is_empty(), "{points:?}");
            let path: Vec<Pos2> = points.iter().map(|&(x, y)| to_screen(pad, x, y)).collect();
            let far = 0.04 * 200.0 / 2.0 * 1.12 + 0.6;
            for vertex in &mesh.vertices {
                let near = path.windows(2).any(|w| distance(vertex.pos, w[0], w[1]) <= far)
                    || path.iter().any(|p| p.distance(vertex.pos) <= far);
                assert!(near, "{points:?}: {:?}", vertex.pos);
            }
        }
    }

    #[test]
    fn a_thin_line_of_a_picture_is_seen_however_small_it_is_shown() {
        let is_line = |i: usize| i % 64 == 13;
        let pixel = |i: usize| if is_line(i) { Color32::BLACK } else { Color32::TRANSPARENT };
        let mut image = ColorImage::new([64, 64], (0..64 * 64).map(pixel).collect());
        for _ in 0..3 {
            image = halved(&image);
        }
        assert_eq!(image.size, [8, 8]);
        let inked: Vec<u8> = image.pixels[..8].iter().map(|pixel| pixel.a()).collect();
        assert!((20..=40).contains(&inked[1]) && inked.iter().filter(|&&a| a > 0).count() == 1, "{inked:?}");
    }

    /// A photograph of a stroke on paper that is darker to the right, and in a shadow of soft edges at its end.
    fn photograph(paper: [f32; 3], ink: [u8; 3]) -> RasterLayer {
        let pixel = |i: u32| {
            let (x, y) = ((i % 300) as f32 / 300.0, i / 300);
            let light = 1.0 - 0.2 * x - 0.2 * ((x - 0.7) / 0.2).clamp(0.0, 1.0);
            let tone = if (90..98).contains(&y) { ink.map(f32::from) } else { paper };
            let rgb = tone.map(|c| (c * light) as u8);
            [rgb[0], rgb[1], rgb[2], 255]
        };
        let rgba: Vec<u8> = (0..300 * 200).flat_map(pixel).collect();
        RasterLayer { width_px: 300, height_px: 200, rgba: rgba.into() }
    }

    #[test]
    fn a_photograph_of_any_paper_is_ink_on_the_paper_of_either_theme() {
        for (what, paper, ink) in [
            ("pen on white", [250.0, 248.0, 244.0], [30, 30, 34]),
            ("pen under a lamp", [219.0, 198.0, 158.0], [36, 50, 120]),
            ("pen in dim light", [150.0, 146.0, 140.0], [24, 24, 26]),
            ("chalk on slate", [40.0, 48.0, 44.0], [236, 236, 228]),
        ] {
            for theme in [Theme::Light, Theme::Dark] {
                let (shown, pad) = (picture(&photograph(paper, ink), theme), theme.tokens().pad);
                for x in (5..300).step_by(10) {
                    let [beside, inked] = [40, 94].map(|y| shown.pixels[y * 300 + x]);
                    assert!(beside.a() < 60, "{what} in {theme:?} at {x}: paper {beside:?}");
                    let inked = inked.to_srgba_unmultiplied();
                    let tone = Color32::from_rgb(inked[0], inked[1], inked[2]);
                    assert!(inked[3] > 200, "{what} in {theme:?} at {x}: ink {inked:?}");
                    assert!(contrast(tone, pad) > 2.2, "{what} in {theme:?} at {x}: ink {inked:?}");
                }
            }
        }
    }

    fn distance(p: Pos2, a: Pos2, b: Pos2) -> f32 {
        let along = ((p - a).dot(b - a) / (b - a).length_sq().max(1e-9)).clamp(0.0, 1.0);
        p.distance(a + (b - a) * along)
    }

    #[test]
    fn every_ink_of_the_pen_is_told_from_dark_paper() {
        let paper = Theme::Dark.tokens().pad;
        for family in neume_models::Family::ALL.into_iter().map(Some).chain([None]) {
            for step in 0..Ink::STEPS {
                let ink = Ink { family, step }.rgb(&neume_models::Family::ALL);
                let contrast = contrast(on_paper(ink, Theme::Dark), paper);
                assert!(contrast > 2.2, "{family:?} at step {step}: {contrast}");
                assert_eq!(on_paper(ink, Theme::Light), Color32::from_rgb(ink.0[0], ink.0[1], ink.0[2]));
            }
        }
    }
}
