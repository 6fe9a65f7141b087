//! The sketch: a vector document of strokes, with at most one picture beneath them.

use std::sync::Arc;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _};
use serde::{Deserialize, Serialize};

use crate::{Error, jpeg_end};

/// Width of the pad over its height: everywhere that a sketch is shown or rasterised.
pub const PAD_ASPECT: f32 = 1.5;

/// A point of a stroke: x and y in 0..1 of the pad (y up), and the time since the stroke began.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)] // Said above.
pub struct Point {
    pub x: f32,
    pub y: f32,
    pub secs: f32,
}

/// An sRGB colour, 8 bits a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rgb(pub [u8; 3]);

impl Rgb {
    /// The ink that leaves the family open.
    pub const BLACK: Rgb = Rgb([0, 0, 0]);
}

/// One movement of the pen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stroke {
    /// Where the pen went; a stroke of one point is a dot.
    pub points: Vec<Point>,
    /// The colour of the ink. The theme of the editor does not change it.
    pub rgb: Rgb,
    /// Width of the line as a fraction of the pad's height.
    pub width_norm: f32,
}

/// A picture in a sketch: as high as the pad, centred, its shape kept (pressed together if it is wider).
#[derive(Debug, Clone, PartialEq)]
pub struct RasterLayer {
    /// Columns, at least 1.
    pub width_px: u32,
    /// Rows, at least 1.
    pub height_px: u32,
    /// sRGB with straight alpha, row by row from the top, 4 bytes a pixel. Paper is transparent where it was erased.
    pub rgba: Arc<[u8]>,
}

impl RasterLayer {
    /// Longest side of a layer: larger pictures are made smaller when they come in.
    pub const MAX_SIDE_PX: u32 = 1024;

    /// Longest side of a picture file that is opened at all.
    pub const MAX_FILE_SIDE_PX: u32 = 16_384;

    /// Decodes a picture file of any format that `image` knows; the first frame of an animated one. A photograph is turned
    /// as its camera says, and a drawing on nothing gets paper.
    ///
    /// # Errors
    /// [`Error::Picture`] for what is no picture or is damaged, [`Error::Limit`] for one of more than
    /// [`RasterLayer::MAX_FILE_SIDE_PX`] a side.
    pub fn decode(file: &[u8]) -> Result<RasterLayer, Error> {
        Ok(RasterLayer::decode_as_it_is(file)?.on_paper())
    }

    /// The same without paper: a layer that was decoded before, and has been erased in parts since.
    fn decode_as_it_is(file: &[u8]) -> Result<RasterLayer, Error> {
        let picture = |cause: image::ImageError| Error::Picture(cause.to_string());
        if file.is_empty() {
            return Err(Error::Picture("the file is empty".to_string()));
        }
        if jpeg_end::is_cut_short(file) {
            return Err(Error::Picture("the file is cut short".to_string()));
        }
        let open = || {
            let reader = image::ImageReader::new(std::io::Cursor::new(file)).with_guessed_format();
            reader.map_err(|cause| Error::Picture(cause.to_string()))
        };
        let (width, height) = open()?.into_dimensions().map_err(picture)?;
        if width.max(height) > RasterLayer::MAX_FILE_SIDE_PX {
            let (found, limit) = (width.max(height).into(), RasterLayer::MAX_FILE_SIDE_PX.into());
            return Err(Error::Limit { what: "a side of the picture in pixels", found, limit });
        }
        let mut reader = open()?;
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(1 << 30);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(picture)?;
        // A file that says it wrongly is as it stands.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut decoded = DynamicImage::from_decoder(decoder).map_err(picture)?;
        decoded.apply_orientation(orientation);
        if decoded.width().max(decoded.height()) > RasterLayer::MAX_SIDE_PX {
            let (side, triangle) = (RasterLayer::MAX_SIDE_PX, image::imageops::FilterType::Triangle);
            // One that is wider than the pad is pressed together there; here already, so that its height stays.
            let pressed = side as f32 / PAD_ASPECT;
            decoded = match decoded.width() as f32 > PAD_ASPECT * decoded.height() as f32 {
                true => decoded.resize_exact(side, decoded.height().min(pressed as u32), triangle),
                false => decoded.resize(side, side, triangle),
            };
        }
        let rgba = decoded.into_rgba8();
        Ok(RasterLayer { width_px: rgba.width(), height_px: rgba.height(), rgba: rgba.into_raw().into() })
    }

    /// The same with paper beneath, where it is drawn on nothing: white paper, unless nothing of the ink would show there.
    fn on_paper(self) -> RasterLayer {
        let (mut nothing, mut ink, mut shown) = (0usize, 0.0f32, 0.0f32);
        for pixel in self.rgba.chunks(4) {
            let opacity = f32::from(pixel[3]) / 255.0;
            nothing += usize::from(opacity < 0.5);
            ink += opacity;
            shown += opacity * f32::from(255 - pixel[..3].iter().copied().min().unwrap_or(255));
        }
        if nothing * 50 < self.rgba.len() / 4 {
            return self;
        }
        let paper = if shown < 40.0 * ink { 0.0 } else { 255.0 };
        let laid = self.rgba.chunks(4).flat_map(|pixel| {
            let opacity = f32::from(pixel[3]) / 255.0;
            let over = |v: u8| (paper + (f32::from(v) - paper) * opacity).round() as u8;
            [over(pixel[0]), over(pixel[1]), over(pixel[2]), 255]
        });
        RasterLayer { rgba: laid.collect(), ..self }
    }
}

/// A drawing on the pad.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sketch {
    /// Strokes in the order in which they were drawn.
    pub strokes: Vec<Stroke>,
    /// The picture beneath the strokes; in files as a PNG in base64.
    #[serde(with = "png_base64", skip_serializing_if = "Option::is_none")]
    pub raster: Option<RasterLayer>,
}

impl Sketch {
    /// Whether there is neither stroke nor picture. A sketch that is not empty may still have no ink.
    pub fn is_empty(&self) -> bool {
        self.strokes.is_empty() && self.raster.is_none()
    }
}

/// A picture as text: a PNG in base64.
mod png_base64 {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de, ser};

    use super::RasterLayer;

    pub fn serialize<S: Serializer>(layer: &Option<RasterLayer>, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(layer) = layer else { return serializer.serialize_none() };
        let mut png = Vec::new();
        let encoder = image::codecs::png::PngEncoder::new(&mut png);
        image::ImageEncoder::write_image(
            encoder,
            &layer.rgba,
            layer.width_px,
            layer.height_px,
            image::ExtendedColorType::Rgba8,
        )
        .map_err(ser::Error::custom)?;
        BASE64_STANDARD.encode(png).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RasterLayer>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let png = BASE64_STANDARD.decode(text).map_err(de::Error::custom)?;
        RasterLayer::decode_as_it_is(&png).map(Some).map_err(de::Error::custom)
    }
}
