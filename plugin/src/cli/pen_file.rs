//! Pen movements at rest, in Omniglot's format: `START`, lines of `x,y,milliseconds`, and `BREAK` where the pen was
//! lifted; or the strokes of a `.neume` drawing, or the lines of a picture.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use neume::disk;
use neume::library::Library;
use neume_models::sketch::PAD_ASPECT;
use neume_models::{Sketch, Stroke};

use super::args::open_sketch;
use super::ink_path::strokes_of;

/// Strokes: x and y of each point, y up.
pub type Movement = Vec<Vec<[f32; 2]>>;

/// Largest file that is opened, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file of pen movements.
///
/// # Errors
/// Names the file and the cause.
pub fn read(path: &Path) -> Result<Movement> {
    let named = || path.display().to_string();
    let is_drawing = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("neume"));
    if is_drawing || image::ImageFormat::from_path(path).is_ok() {
        return of_drawing(&open_sketch(path)?).with_context(named);
    }
    let text =
        String::from_utf8(disk::read(path, MAX_BYTES).map_err(anyhow::Error::msg)?).with_context(named)?;
    parse(&text).with_context(named)
}

/// The strokes of a drawing, or the lines of its picture if it has none.
fn of_drawing(sketch: &Sketch) -> Result<Movement> {
    if sketch.strokes.is_empty() && sketch.raster.is_some() {
        let lines = strokes_of(&Library::shared().shape_of(sketch)?);
        ensure!(!lines.is_empty(), "there is no line in it");
        return Ok(lines);
    }
    ensure!(!sketch.strokes.is_empty(), "there is no stroke in it");
    let path = |stroke: &Stroke| stroke.points.iter().map(|p| [p.x * PAD_ASPECT, p.y]).collect();
    Ok(sketch.strokes.iter().map(path).collect())
}

fn parse(text: &str) -> Result<Movement> {
    let mut strokes = vec![Vec::new()];
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match line.trim() {
            "" | "START" => {}
            "BREAK" => strokes.push(Vec::new()),
            point => {
                let mut numbers = point.split(',').map(|part| part.trim().parse::<f32>().ok());
                let (x, y) = (numbers.next().flatten(), numbers.next().flatten());
                let at = x.zip(y).filter(|(x, y)| x.is_finite() && y.is_finite());
                let (x, y) = at.with_context(|| format!("line {} is no point of a pen", number + 1))?;
                strokes.last_mut().context("a stroke has begun")?.push([x, y]);
            }
        }
    }
    strokes.retain(|stroke| !stroke.is_empty());
    ensure!(!strokes.is_empty(), "there is no stroke in it");
    Ok(strokes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_end_where_the_pen_is_lifted() {
        let sign = parse("\u{feff}START\n1.5,-2,0\n3,-4,10\nBREAK\n5,-6,20\nBREAK\n").unwrap();
        assert_eq!(sign, [vec![[1.5, -2.0], [3.0, -4.0]], vec![[5.0, -6.0]]]);
    }

    #[test]
    fn files_that_hold_no_pen_movement_are_refused() {
        for text in ["", "START\nBREAK\n", "START\n1;2;3\n", "NaN,1,2\n", "a licence\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
