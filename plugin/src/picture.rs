//! Pictures as files come: those that `models` decodes, and SVG.

use neume_models::RasterLayer;
use resvg::usvg;

use crate::page;

/// Largest SVG file that is drawn, in bytes.
const MAX_SVG_BYTES: usize = 16 << 20;

/// Decodes a picture file. An SVG is drawn as large as a layer may be; it sees no other files.
///
/// # Errors
/// The cause, without the name of the file.
pub fn decode(file: &[u8]) -> Result<RasterLayer, String> {
    let Some(svg) = svg_in(file) else {
        return RasterLayer::decode(file).map_err(|cause| cause.to_string());
    };
    if svg.len() > MAX_SVG_BYTES {
        return Err(format!("an SVG of {} bytes is too large, {MAX_SVG_BYTES} are the most", svg.len()));
    }
    let mut options = usvg::Options::default();
    options.image_href_resolver.resolve_string = Box::new(|_, _| None);
    if svg.contains("<text") {
        page::load_fonts(&mut options);
    }
    let png = page::png_of_svg(svg, &options, |longest| RasterLayer::MAX_SIDE_PX as f32 / longest)
        .map_err(|cause| format!("the SVG cannot be drawn: {cause}"))?;
    RasterLayer::decode(&png).map_err(|cause| cause.to_string())
}

/// The file as text, if it is an SVG.
fn svg_in(file: &[u8]) -> Option<&str> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let first = file.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let head = &file[..file.len().min(4096)];
    let is_svg = file[first] == b'<' && head.windows(4).any(|four| four == b"<svg");
    is_svg.then(|| std::str::from_utf8(file).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use neume_models::{Family, Legend, Sketch, SketchNet};

    use super::*;

    #[test]
    fn an_svg_is_read_as_it_looks() {
        let svg = r##"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200">
            <path d="M 30 60 H 270" stroke="#c81e1e" stroke-width="4" fill="none"/></svg>"##;
        let raster = Some(decode(svg.as_bytes()).unwrap());
        let sketch = Sketch { raster, ..Sketch::default() };
        let reading = SketchNet::embedded().unwrap().read(&sketch, &Legend::default()).unwrap();
        assert!((reading.pitch.y_norm - 0.7).abs() < 0.01, "{:?}", reading.pitch);
        let expected = Legend::default().loudness_db_of(0.02);
        assert!((reading.loudness.db - expected).abs() < 1.5, "{:?}", reading.loudness);
        assert_eq!(reading.timbre.family, Some(Family::Brass));
    }

    #[test]
    fn an_svg_sees_no_other_files_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.png");
        image::RgbImage::from_pixel(8, 8, image::Rgb([0; 3])).save(&secret).unwrap();
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><image href="{}" width="30" height="20"/></svg>"#,
            secret.display()
        );
        let layer = decode(svg.as_bytes()).unwrap();
        assert!(layer.rgba.iter().all(|v| *v == 255), "nothing of the other picture");
        for damaged in ["<svg xmlns=\"http://www.w3.org/2000/svg\"><path", "<svg", "<html></html>"] {
            assert!(decode(damaged.as_bytes()).is_err(), "{damaged}");
        }
        let flat =
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="1e9" height="1e-3"><path d="M0 0H9"/></svg>"#;
        let largest = RasterLayer::MAX_SIDE_PX;
        assert!(decode(flat.as_bytes()).map_or(true, |layer| layer.width_px.max(layer.height_px) <= largest));
    }
}
