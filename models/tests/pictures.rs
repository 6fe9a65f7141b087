//! Pictures as files come: every way of writing the same drawing is read alike, and what is no picture is refused.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use neume_models::raster::network_input;
use neume_models::{Error, Family, Legend, NetworkInput, RasterLayer, Reading, Sketch, SketchNet};

/// The red bar of the pictures below, in a PNG with a palette of two colours. By Pillow:
///
/// ```text
/// bar = Image.new("RGB", (96, 64), "white"); ImageDraw.Draw(bar).rectangle((12, 14, 84, 18), fill=(200, 30, 30))
/// bar.quantize(4).save(file, "PNG", optimize=True)
/// ```
const WITH_PALETTE: &str = "iVBORw0KGgoAAAANSUhEUgAAAGAAAABAAQMAAADf+uBNAAAABlBMVEX////IHh7kMBY6AAAAHElEQVR42mNgGJqA/z8U/GBgQhYnkjMKRgFVAACwugkIW1vLJQAAAABJRU5ErkJggg==";

/// The same in a JPEG of four inks, `Image.new("CMYK", ...)` with `(20, 240, 240, 10)` for the bar and a quality of 50.
const IN_FOUR_INKS: &str = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3OFBtUVdfYmdoZz5NcXlwZHhcZWdj/8AAFAgAQABgBEMRAE0RAFkRAEsRAP/EABkAAQADAQEAAAAAAAAAAAAAAAABAgUEB//EACsQAQAAAggGAgMBAQAAAAAAAAABAgMEBRETUVTSBhIWF5KjYaEUITEiQf/aAA4EQwBNAFkASwAAPwD0B6A9AegAAAAAAAAAAAAAAAAKzTQl/sXBaltWfZGF+fWMHFv5P8TTX3XX/wAhHODgtS2rPsjC/PrGDi38n+Jpr7rr/wCQjnBEYwh/UYkmf04Os+H9f6aTa4Os+H9f6aTajmhmYkmf0dZ8P6/00m06z4f1/ppNpzQzMSTP6Os+H9f6aTadZ8P6/wBNJtOaGZiSZ/R1nw/r/TSbTrPh/X+mk2nNDMxJM/o6z4f1/ppNp1nw/r/TSbTmhmYkmf0dZ8P6/wBNJtOs+H9f6aTac0MzEkz+jrPh/X+mk2nWfD+v9NJtOaGZiSZ/R1nw/r/TSbTrPh/X+mk2nNDNMs8s0boRddm8QWXatYmoKjWsWllk54y4c0v6vhC/9whnB12bxBZdq1iagqNaxaWWTnjLhzS/q+EL/wBwhnBMIwj/ABZptNIArNJCe6+/9Mi3uHqpb2B+XSU8mBzcuFNCF991998I5QZFvcPVS3sD8ukp5MDm5cKaEL77r774RygiML1cGXOLJ7eWTqK75ybWT28snUV3zk2o5IfJgy5xO3lk6iu+cm07eWTqK75ybTkh8mDLnE7eWTqK75ybTt5ZOorvnJtOSHyYMucTt5ZOorvnJtO3lk6iu+cm05IfJgy5xO3lk6iu+cm07eWTqK75ybTkh8mDLnE7eWTqK75ybTt5ZOorvnJtOSHyYMucTt5ZOorvnJtO3lk6iu+cm05IfJgy5xO3lk6iu+cm07eWTqK75ybTkh8plkhLG+F7QsThWo2HXJ6zVaWsTzz0caOMKWaWMLoxhH/kIZNCxOFajYdcnrNVpaxPPPRxo4wpZpYwujGEf+QhkQlhBdut1YAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB//2Q==";

/// The same turned by a quarter in a JPEG that says how to turn it back: `bar.transpose(Image.ROTATE_90)`, orientation 6.
const TURNED: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCABgAEADASIAAhEBAxEB/8QAGAABAQEBAQAAAAAAAAAAAAAAAAUGBAf/xAAqEAABAgQFAwQDAQAAAAAAAAAAAQIDBAayBRE1NnMSE4IVMUFRISKBwf/EABgBAAMBAQAAAAAAAAAAAAAAAAABAgME/8QAIBEAAwACAgMAAwAAAAAAAAAAAAECMjMDEQQhcRIxQf/aAAwDAQACEQMRAD8A9AAOHGZyJh+FxpqC1rns6ckemaflyJ/om+vZUy6alf07gSqexKNiki+PHbDa5sVWIjEVEyyRflV+yqCfa7C4cU5YAAyQAAAEmqdvzXhehWJNU7fmvC9CaxZrwbZ+o5KK0iLzra00JnqK0iLzra00IoxRfk7qAALOcAAABJqnb814XoViTVO35rwvQmsWa8G2fqOSitIi862tNCZ6itIi862tNCKMUX5O6gACznAAAASap2/NeF6FYk1Tt+a8L0JrFmvBtn6jkorSIvOtrTQmeorSIvOtrTQijFF+TuoAAs5wAAAEmqdvzXhehWJNU7fmvC9CaxZrwbZ+o5KK0iLzra00JnqK0iLzra00IoxRfk7qAALOcAAAByYpJeo4fFle52+5l+3TnlkqL7fw6wDXY5py00TsFwv0mUfA73d6oiv6unp+ETL3X6KIAkuvSHVO3+T/AGAAMkAAAP/Z";

fn bar() -> RgbImage {
    RgbImage::from_fn(96, 64, |x, y| {
        Rgb(if (12..=84).contains(&x) && (14..=18).contains(&y) { [200, 30, 30] } else { [255; 3] })
    })
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn read(file: &[u8]) -> Result<Reading, Error> {
    let raster = Some(RasterLayer::decode(file)?);
    SketchNet::embedded()?.read(&Sketch { raster, ..Sketch::default() }, &Legend::default())
}

fn reading_of(picture: RgbImage) -> Reading {
    read(&written(&DynamicImage::ImageRgb8(picture), ImageFormat::Png)).unwrap()
}

#[test]
fn a_drawing_is_read_alike_from_every_kind_of_picture() {
    let rgb = DynamicImage::ImageRgb8(bar());
    let on_nothing = RgbaImage::from_fn(96, 64, |x, y| {
        let [r, g, b] = bar().get_pixel(x, y).0;
        // What nobody sees is black.
        if g == 255 { Rgba([0; 4]) } else { Rgba([r, g, b, 255]) }
    });
    let pale = RgbaImage::from_fn(96, 64, |x, y| {
        if bar().get_pixel(x, y).0[1] == 255 { Rgba([0; 4]) } else { Rgba([250, 244, 255, 255]) }
    });
    let mut animated = Vec::new();
    {
        let mut encoder = image::codecs::gif::GifEncoder::new(&mut animated);
        let frame = |picture: RgbaImage| image::Frame::new(picture);
        encoder.encode_frame(frame(rgb.to_rgba8())).unwrap();
        encoder.encode_frame(frame(RgbaImage::from_pixel(96, 64, Rgba([0, 90, 0, 255])))).unwrap();
    }
    let base64 = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    let pictures = [
        ("8 bits", written(&rgb, ImageFormat::Png)),
        ("16 bits", written(&DynamicImage::ImageRgb16(rgb.to_rgb16()), ImageFormat::Png)),
        ("16 bits with alpha", written(&DynamicImage::ImageRgba16(rgb.to_rgba16()), ImageFormat::Png)),
        ("ink on nothing", written(&DynamicImage::ImageRgba8(on_nothing), ImageFormat::Png)),
        ("a palette", base64(WITH_PALETTE)),
        ("an animation", animated),
        ("WebP", written(&rgb, ImageFormat::WebP)),
        ("BMP", written(&rgb, ImageFormat::Bmp)),
        ("TIFF of 16 bits", written(&DynamicImage::ImageRgb16(rgb.to_rgb16()), ImageFormat::Tiff)),
        ("JPEG", written(&rgb, ImageFormat::Jpeg)),
        ("four inks", base64(IN_FOUR_INKS)),
        ("turned by its camera", base64(TURNED)),
    ];
    for (name, file) in pictures {
        let reading = read(&file).unwrap_or_else(|cause| panic!("{name}: {cause}"));
        let off = reading.pitch.y_norm - (1.0 - 16.5 / 64.0);
        assert!(off.abs() < 0.5 / 48.0, "{name}: {off} too high");
        assert_eq!(reading.timbre.family, Some(Family::Brass), "{name}");
    }
    for (name, picture) in [
        ("pale ink on nothing", DynamicImage::ImageRgba8(pale)),
        ("8 bits of grey", DynamicImage::ImageLuma8(rgb.to_luma8())),
        ("16 bits of grey", DynamicImage::ImageLuma16(rgb.to_luma16())),
        ("grey with alpha", DynamicImage::ImageLumaA8(rgb.to_luma_alpha8())),
    ] {
        let reading = read(&written(&picture, ImageFormat::Png)).unwrap();
        assert!((reading.pitch.y_norm - (1.0 - 16.5 / 64.0)).abs() < 0.5 / 48.0, "{name}");
        assert_eq!(reading.timbre.family, None, "{name}");
    }
}

#[test]
fn pictures_without_a_drawing_are_empty_pads() {
    let whole = |rgba: [u8; 4]| {
        written(&DynamicImage::ImageRgba8(RgbaImage::from_pixel(90, 60, Rgba(rgba))), ImageFormat::Png)
    };
    for (name, file, told) in [
        ("all ink", whole([0, 0, 0, 255]), Error::OneColour),
        ("all of a colour", whole([30, 60, 190, 255]), Error::OneColour),
        ("coloured paper", whole([240, 225, 180, 255]), Error::EmptyPad),
        ("no ink", whole([255; 4]), Error::EmptyPad),
        ("nothing at all", whole([0; 4]), Error::EmptyPad),
    ] {
        assert_eq!(read(&file), Err(told), "{name}");
    }
}

#[test]
fn the_bars_around_a_picture_of_a_film_are_no_ink() {
    // A line at a third of the height, on a pad whose upper and lower eighths are black, or its sides.
    let framed = |is_bar: &dyn Fn(u32, u32) -> bool| {
        RgbImage::from_fn(600, 400, |x, y| match (x, y) {
            _ if is_bar(x, y) => Rgb([2, 3, 2]),
            (150..450, 262..272) => Rgb([30, 60, 190]),
            _ => Rgb([250, 248, 240]),
        })
    };
    let plain = reading_of(framed(&|_, _| false));
    for is_bar in [&(|_: u32, y: u32| !(50..350).contains(&y)) as &dyn Fn(u32, u32) -> bool, &|x, _| {
        !(60..540).contains(&x)
    }] {
        let barred = reading_of(framed(is_bar));
        assert!((barred.pitch.y_norm - plain.pitch.y_norm).abs() < 0.01, "{:?}", barred.pitch);
        assert_eq!(barred.timbre.family, plain.timbre.family);
        assert!((barred.loudness.db - plain.loudness.db).abs() < 2.0, "{:?}", barred.loudness);
    }
    // What is drawn along both edges is left where it is.
    let edges = RgbImage::from_fn(600, 400, |x, y| match (x, y) {
        (0..590, 0..16 | 384..400) => Rgb([2, 3, 2]),
        _ => Rgb([250, 248, 240]),
    });
    let raster = RasterLayer::decode(&written(&DynamicImage::ImageRgb8(edges), ImageFormat::Png)).ok();
    let pixels = network_input(&Sketch { raster, ..Sketch::default() }).unwrap().pixels;
    let strength_at = |row: usize| pixels[(row * NetworkInput::COLUMNS + 200) * NetworkInput::CHANNELS];
    assert!([4, 251].into_iter().all(|row| strength_at(row) > 0.9));
    // A stroke with round ends that the edge cuts off is one.
    let cut_off = reading_of(RgbImage::from_fn(600, 400, |x, y| {
        let beside = (100.0 - x as f32).max(x as f32 - 500.0).max(0.0);
        Rgb(if beside.hypot(y as f32 - 396.0) < 8.0 { [30, 60, 190] } else { [250, 248, 240] })
    }));
    assert!(cut_off.pitch.y_norm < 0.03, "{:?}", cut_off.pitch);
    // A broad line across the whole picture is ink.
    let across = reading_of(RgbImage::from_fn(600, 400, |_, y| {
        Rgb(if (180..212).contains(&y) { [30, 60, 190] } else { [250, 248, 240] })
    }));
    assert!((across.pitch.y_norm - 0.51).abs() < 0.01, "{:?}", across.pitch);
    let db = Legend::default().loudness_db_of(32.0 / 400.0);
    assert!((across.loudness.db - db).abs() < 3.0, "{:?} is not {db}", across.loudness);
}

#[test]
fn a_line_is_as_loud_however_wide_its_picture() {
    let line = |wide: u32| {
        let picture = RgbImage::from_fn(wide, 400, |x, y| {
            let is_ink = (wide / 8..wide * 7 / 8).contains(&x) && (150..158).contains(&y);
            Rgb(if is_ink { [30, 60, 190] } else { [255; 3] })
        });
        reading_of(picture).loudness.db
    };
    let usual = line(600);
    for wide in [1_600, 6_400, 9_600, 16_000] {
        assert!((line(wide) - usual).abs() < 2.0, "{wide} px: {} dB, not {usual}", line(wide));
    }
    let slanted = |wide: u32| {
        let picture = RgbImage::from_fn(wide, 400, |x, y| {
            // A line of 10 px at 60 degrees.
            let off = (f64::from(x) - 250.0) * 0.866 - (f64::from(y) - 200.0) * 0.5;
            let is_ink = off.abs() < 5.0 && (60..340).contains(&y);
            Rgb(if is_ink { [30, 60, 190] } else { [255; 3] })
        });
        reading_of(picture).loudness.db
    };
    for (wide, tolerance_db) in [(1_000, 2.0), (1_600, 4.0)] {
        assert!((slanted(wide) - slanted(600)).abs() < tolerance_db, "{wide} px: {} dB", slanted(wide));
    }
}

#[test]
fn half_a_picture_and_what_is_none_are_refused() {
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Gif] {
        let file = written(&DynamicImage::ImageRgb8(bar()), format);
        let refused = RasterLayer::decode(&file[..file.len() / 2]);
        assert!(matches!(refused, Err(Error::Picture(_))), "half a {format:?}");
    }
    let photograph = written(&DynamicImage::ImageRgb8(bar()), ImageFormat::Jpeg);
    for part in [1, 2, 3] {
        let refused = RasterLayer::decode(&photograph[..photograph.len() * part / 4]);
        assert!(matches!(refused, Err(Error::Picture(_))), "{part} quarters of a photograph");
    }
    let moving = [photograph.as_slice(), b"a film \xFF\xDA of some seconds"].concat();
    assert_eq!(RasterLayer::decode(&moving).unwrap(), RasterLayer::decode(&photograph).unwrap());
    for file in [&b""[..], b"GIF89a", b"\x89PNG\r\n\x1a\n", b"no picture, but words"] {
        assert!(matches!(RasterLayer::decode(file), Err(Error::Picture(_))), "{file:?}");
    }
    let small =
        RasterLayer::decode(&written(&DynamicImage::ImageRgb8(RgbImage::new(1, 1)), ImageFormat::Png));
    let sketch = Sketch { raster: Some(small.unwrap()), ..Sketch::default() };
    assert_eq!(network_input(&sketch), Err(Error::OneColour), "a picture of one pixel");
}
