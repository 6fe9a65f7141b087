//! The `.neume` file of one drawing: versioned JSON, read with care and written so that people can read it too.

use serde::{Deserialize, Serialize};

use crate::{Error, Sketch};

/// The format that is written.
const VERSION: u32 = 1;
const KIND: &str = "neume sketch";

#[derive(Serialize)]
struct Written<'a> {
    kind: &'static str,
    version: u32,
    sketch: &'a Sketch,
}

#[derive(Deserialize)]
struct Head {
    kind: String,
    version: u32,
}

#[derive(Deserialize)]
struct Body {
    sketch: Sketch,
}

impl Sketch {
    /// Largest `.neume` file that is read, in bytes.
    pub const MAX_FILE_BYTES: u64 = 64 << 20;

    /// Most points of a drawing in a file.
    pub const MAX_POINTS: usize = 2_000_000;

    /// The drawing as the bytes of a `.neume` file.
    ///
    /// # Errors
    /// [`Error::SketchFile`] if the picture cannot be written as a PNG.
    pub fn to_file(&self) -> Result<Vec<u8>, Error> {
        let written = Written { kind: KIND, version: VERSION, sketch: self };
        serde_json::to_vec(&written).map_err(|cause| Error::SketchFile(cause.to_string()))
    }

    /// Reads the bytes of a `.neume` file.
    ///
    /// # Errors
    /// [`Error::SketchFile`] for what is no sketch or is damaged, [`Error::FutureSketch`] for a version that is not
    /// known yet, [`Error::Limit`] for one that is too large.
    pub fn from_file(file: &[u8]) -> Result<Sketch, Error> {
        let found = file.len() as u64;
        if found > Sketch::MAX_FILE_BYTES {
            return Err(Error::Limit {
                what: "bytes of a sketch file",
                found,
                limit: Sketch::MAX_FILE_BYTES,
            });
        }
        // Some editors put a mark before what they save.
        let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
        let damaged = |cause: serde_json::Error| Error::SketchFile(cause.to_string());
        let head: Head = serde_json::from_slice(file).map_err(damaged)?;
        if head.kind != KIND {
            return Err(Error::SketchFile(format!("it holds a `{}`, not a `{KIND}`", head.kind)));
        }
        if head.version > VERSION {
            return Err(Error::FutureSketch { found: head.version, known: VERSION });
        }
        let body: Body = serde_json::from_slice(file).map_err(damaged)?;
        body.sketch.check()?;
        Ok(body.sketch)
    }

    /// Checks a drawing that comes from a file of any kind.
    ///
    /// # Errors
    /// [`Error::Limit`] for one of more than [`Sketch::MAX_POINTS`] points, [`Error::SketchFile`] for a stroke that leaves
    /// the pad or has no width.
    pub fn check(&self) -> Result<(), Error> {
        let points: usize = self.strokes.iter().map(|stroke| stroke.points.len()).sum();
        if points > Sketch::MAX_POINTS {
            let (found, limit) = (points as u64, Sketch::MAX_POINTS as u64);
            return Err(Error::Limit { what: "points of a sketch", found, limit });
        }
        for (i, stroke) in self.strokes.iter().enumerate() {
            let on_pad = |v: f32| (-1.0..=2.0).contains(&v);
            if !stroke.points.iter().all(|p| on_pad(p.x) && on_pad(p.y) && p.secs.is_finite()) {
                return Err(Error::SketchFile(format!("stroke {i} leaves the pad")));
            }
            if !(stroke.width_norm > 0.0 && stroke.width_norm <= 1.0) {
                return Err(Error::SketchFile(format!("stroke {i} has a width of {}", stroke.width_norm)));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Point, RasterLayer, Rgb, Stroke};

    fn drawing() -> Sketch {
        let points = vec![Point { x: 0.1, y: 0.25, secs: 0.0 }, Point { x: 0.9, y: 0.75, secs: 0.5 }];
        let raster = RasterLayer { width_px: 2, height_px: 1, rgba: vec![1, 2, 3, 255, 9, 8, 7, 255].into() };
        Sketch {
            strokes: vec![Stroke { points, rgb: Rgb([20, 40, 200]), width_norm: 0.02 }],
            raster: Some(raster),
        }
    }

    #[test]
    fn a_drawing_comes_back_from_its_file() {
        let file = drawing().to_file().unwrap();
        assert_eq!(Sketch::from_file(&file).unwrap(), drawing());
    }

    #[test]
    fn a_file_that_is_no_drawing_is_refused_with_its_cause() {
        let file = String::from_utf8(drawing().to_file().unwrap()).unwrap();
        let future = file.replace("\"version\":1", "\"version\":7");
        assert_eq!(Sketch::from_file(future.as_bytes()), Err(Error::FutureSketch { found: 7, known: 1 }));
        let damaged = [
            String::new(),
            "PNG".to_string(),
            file[..file.len() / 2].to_string(),
            file.replace(KIND, "neume language"),
            file.replace("0.02", "-3.0"),
            file.replace("0.25", "1e9"),
            "[".repeat(200_000),
        ];
        for text in damaged {
            let refused = Sketch::from_file(text.as_bytes());
            assert!(matches!(refused, Err(Error::SketchFile(_))), "{:.60}: {refused:?}", text);
        }
    }
}
