//! Drawings as examples of signs: with ink in them, and no larger than the networks see them.

use std::sync::Arc;

use image::imageops::crop_imm;
use neume_models::raster::{columns_of, network_input, paint};
use neume_models::{NetworkInput, RasterLayer, Sketch};

use super::LanguageError;

/// The drawing as an example. A picture in it that has more pixels than the networks look at is kept as they see it, which
/// changes nothing that is recognised: a language of many photographs stays small.
///
/// # Errors
/// [`LanguageError::EmptyDrawing`] for one without ink, as that of a white picture.
pub fn example_of(drawing: Arc<Sketch>) -> Result<Arc<Sketch>, LanguageError> {
    network_input(&drawing).map_err(|_| LanguageError::EmptyDrawing)?.recycle();
    Ok(reduced(drawing))
}

/// The drawing with a picture no larger than it is seen.
fn reduced(drawing: Arc<Sketch>) -> Arc<Sketch> {
    let Some(layer) = &drawing.raster else { return drawing };
    let (columns, rows) = (NetworkInput::COLUMNS as u32, NetworkInput::ROWS as u32);
    let (left, wide) = columns_of(layer.width_px, layer.height_px, columns);
    if u64::from(layer.width_px) * u64::from(layer.height_px) <= u64::from(wide) * u64::from(rows) {
        return drawing;
    }
    let alone = Sketch { strokes: Vec::new(), raster: Some(layer.clone()) };
    let seen = crop_imm(&paint(&alone, columns, rows, None), left, 0, wide, rows).to_image();
    let raster = RasterLayer { width_px: wide, height_px: rows, rgba: seen.into_raw().into() };
    Arc::new(Sketch { strokes: drawing.strokes.clone(), raster: Some(raster) })
}

/// Whether `known` is `example`, which may have been taught before pictures were reduced.
pub fn is_same(known: &Arc<Sketch>, example: &Arc<Sketch>) -> bool {
    known == example
        || (example.raster.is_some() && known.raster.is_some() && reduced(known.clone()) == *example)
}

#[cfg(test)]
mod tests {
    use super::super::tests::drawing;
    use super::super::{Language, Sign};
    use super::*;

    /// A photograph of ink on paper in uneven light.
    fn picture(width_px: u32, height_px: u32) -> Arc<Sketch> {
        let picture = image::RgbaImage::from_fn(width_px, height_px, |x, y| {
            let (x, y) = (x as f32 / width_px as f32, y as f32 / height_px as f32);
            let is_ink = (x - 0.5).hypot(y - 0.5) < 0.2 && (x - 0.5).hypot(y - 0.5) > 0.15;
            let light = 200.0 + 40.0 * x + 7.0 * (90.0 * y).sin();
            image::Rgba(if is_ink { [30, 40, 90, 255] } else { [light as u8, light as u8, 190, 255] })
        });
        let rgba = picture.into_raw().into();
        Arc::new(Sketch { strokes: Vec::new(), raster: Some(RasterLayer { width_px, height_px, rgba }) })
    }

    #[test]
    fn a_picture_is_kept_small_and_seen_as_before() {
        for (width_px, height_px) in
            [(1024, 768), (768, 1024), (1024, 300), (300, 200), (40, 1000), (1000, 9)]
        {
            let large = picture(width_px, height_px);
            let small = example_of(large.clone()).unwrap();
            let layer = small.raster.as_ref().unwrap();
            assert!(layer.width_px * layer.height_px <= 384 * 256, "{width_px} x {height_px}");
            let [seen, before] = [&small, &large].map(|drawing| network_input(drawing).unwrap());
            assert!(seen.pixels == before.pixels, "{width_px} x {height_px}: the networks see the same");
            assert_eq!(example_of(small.clone()).unwrap(), small);
        }
        let stroke = drawing(1);
        assert!(Arc::ptr_eq(&example_of(stroke.clone()).unwrap(), &stroke));
    }

    #[test]
    fn what_has_no_ink_is_no_example() {
        let white = RasterLayer { width_px: 300, height_px: 200, rgba: vec![255; 300 * 200 * 4].into() };
        let white = Arc::new(Sketch { raster: Some(white), ..Sketch::default() });
        let mut language = Language::default();
        assert_eq!(language.teach("bell", white.clone()), Err(LanguageError::EmptyDrawing));
        assert_eq!(language.teach_plain(white), Err(LanguageError::EmptyDrawing));
        assert_eq!(language, Language::default());
    }

    #[test]
    fn a_large_example_of_an_old_language_is_the_same_drawing() {
        let large = picture(900, 600);
        let old = |name: &str| Sign {
            name: name.to_string(),
            examples: vec![drawing(1), large.clone()],
            ..Sign::default()
        };
        let mut language = Language { signs: vec![old("bell")], ..Language::default() };
        language.teach("gong", large.clone()).unwrap();
        assert_eq!(language.sign("bell").unwrap().examples, [drawing(1)]);
        let mut language = Language { signs: vec![old("bell")], ..Language::default() };
        language.teach("bell", large.clone()).unwrap();
        assert_eq!(language, Language { signs: vec![old("bell")], ..Language::default() });
    }
}
