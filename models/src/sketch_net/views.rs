//! A picture is looked at three times: as it is, mirrored, and upside down.
//!
//! Where paper, light and stains are hard to tell from ink the three looks go wrong in different places, so that together
//! they are right more often. What a pad's own strokes are is certain, and they are looked at once.

use super::{Answers, COLUMNS, PATCH, ROWS, class_shares, ln_width, profile, softmax};
use crate::contour::Columns;
use crate::{Error, NetworkInput, RasterLayer, stroke_width};

/// Part of the middle tenth of the ink, from its lowest to its highest row, by which the height may be off.
const LOOSE: f32 = 0.05;

/// A way to look at a picture; its own inverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Mirrored,
    UpsideDown,
}

impl View {
    const ALL: [View; 2] = [View::Mirrored, View::UpsideDown];

    /// Writes pixels (256 x 384 x 4) as they are seen so.
    fn turn(self, pixels: &[f32], turned: &mut [f32]) {
        const LINE: usize = NetworkInput::COLUMNS * NetworkInput::CHANNELS;
        let lines = turned.chunks_exact_mut(LINE);
        match self {
            View::Mirrored => lines.zip(pixels.chunks_exact(LINE)).for_each(|(to, from)| {
                let from = from.as_chunks::<{ NetworkInput::CHANNELS }>().0.iter().rev();
                to.as_chunks_mut().0.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }),
            View::UpsideDown => {
                lines.zip(pixels.chunks_exact(LINE).rev()).for_each(|(to, from)| to.copy_from_slice(from));
            }
        }
    }

    /// [`Answers::ink_of_rows`] (64 x 96 x 4) as it is seen so.
    fn of_ink(self, ink: &[f32]) -> Vec<f32> {
        let line = COLUMNS * PATCH;
        debug_assert_eq!(ink.len(), ROWS * line);
        match self {
            View::Mirrored => ink
                .chunks_exact(line)
                .flat_map(|row| row.chunks_exact(PATCH).rev().flatten())
                .copied()
                .collect(),
            View::UpsideDown => ink
                .chunks_exact(line)
                .rev()
                .flat_map(|row| row.chunks_exact(PATCH).flat_map(|rows| rows.iter().rev()))
                .copied()
                .collect(),
        }
    }
}

impl Answers {
    /// The answers for an input: those that `ask` gives for its pixels, or, where not everything on it is certain to be ink,
    /// what three looks at it agree on.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn of_looks(
        input: &NetworkInput,
        mut ask: impl FnMut(&[f32]) -> Result<Answers, Error>,
    ) -> Result<Answers, Error> {
        let first = ask(&input.pixels)?;
        if input.is_certain {
            return Ok(first);
        }
        let mut looks = vec![first];
        let mut turned = vec![0.0; input.pixels.len()];
        for view in View::ALL {
            view.turn(&input.pixels, &mut turned);
            let mut other = ask(&turned)?;
            other.ink_of_rows = view.of_ink(&other.ink_of_rows);
            other.profile = profile(&other.ink_of_rows);
            looks.push(other);
        }
        let mut agreed = Answers::agreed(&looks);
        if let Some(picture) = &input.picture {
            agreed.measure_width(picture, &input.pixels);
        }
        Ok(agreed)
    }

    /// Where the picture shows how wide the stroke is, that counts instead of what the network says.
    fn measure_width(&mut self, picture: &RasterLayer, pixels: &[f32]) {
        let squeezed = stroke_width::squeeze(picture);
        if squeezed > 1.0 {
            self.widen(stroke_width::widened(pixels, &self.ink_of_rows, squeezed));
        }
        let places = Columns::of_patches(&self.ink_of_rows, COLUMNS, PATCH).places();
        if let Some(classes) = stroke_width::classes(picture, &places, self.width_norm()) {
            self.widths = classes;
        }
    }

    /// Makes all widths so many times larger.
    fn widen(&mut self, times: f32) {
        let mut widths = vec![0.0; self.widths.len()];
        for (class, likely) in self.widths.iter().enumerate() {
            for (class, share) in class_shares(times * ln_width(class as f32).exp()) {
                widths[class] += share * likely;
            }
        }
        self.widths = widths;
    }

    /// What several looks agree on: the ink of the one whose height lies in the middle, the mean of everything else, for the
    /// widths that of the logits; where a drawing lies among drawings says the first. The height is expected to be off by as much
    /// more as the looks lie apart, and where a little more ink above or below would move it far.
    fn agreed(looks: &[Answers]) -> Answers {
        let share = 1.0 / looks.len() as f32;
        let mean = |of: &dyn Fn(&Answers) -> f32| share * looks.iter().map(of).sum::<f32>();
        let logit = |class: usize| mean(&|answers| answers.widths[class].max(1e-9).ln());
        let widths: Vec<f32> = (0..looks[0].widths.len()).map(logit).collect();
        let mut by_height: Vec<&Answers> = looks.iter().collect();
        by_height.sort_by(|a, b| a.y_norm().total_cmp(&b.y_norm()));
        let middle = by_height[looks.len() / 2];
        let apart = mean(&|answers| (answers.y_norm() - middle.y_norm()).abs());
        let doubt = apart + LOOSE * middle_tenth(&middle.profile);
        Answers {
            profile: middle.profile.clone(),
            ink_of_rows: middle.ink_of_rows.clone(),
            widths: softmax(&widths),
            hues: std::array::from_fn(|hue| mean(&|answers| answers.hues[hue])),
            open: mean(&|answers| answers.open),
            brightness: mean(&|answers| answers.brightness),
            roughness: mean(&|answers| answers.roughness),
            pitch_error_norm: mean(&|answers| answers.pitch_error_norm) + doubt,
            ink: mean(&|answers| answers.ink),
            ..looks[0].clone()
        }
    }
}

/// How far apart the heights lie between which the middle tenth of the ink is, 0..1; `profile` is the ink of each row.
fn middle_tenth(profile: &[f32]) -> f32 {
    let total: f32 = profile.iter().sum();
    let row_of = |part: f32| {
        let mut sum = 0.0;
        profile.iter().position(|ink| {
            sum += ink;
            sum >= part * total
        })
    };
    let [from, to] = [0.45, 0.55].map(|part| row_of(part).unwrap_or(0) as f32);
    (to - from) / profile.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raster::network_input;
    use crate::{Point, Rgb, Sketch, SketchNet, Stroke};

    #[test]
    fn a_view_of_a_view_is_the_picture_and_ink_turns_as_its_pixels_do() {
        let len = NetworkInput::ROWS * NetworkInput::COLUMNS;
        let pixels: Vec<f32> = (0..len * NetworkInput::CHANNELS).map(|i| i as f32).collect();
        // The ink of a row of a patch is the strength of its first pixel, or of its last one as it is seen mirrored.
        let ink_of = |pixels: &[f32], column: usize| -> Vec<f32> {
            let strength = |row: usize, patch: usize| {
                pixels[(row * NetworkInput::COLUMNS + patch * PATCH + column) * NetworkInput::CHANNELS]
            };
            let rows = |row: usize, patch: usize| (0..PATCH).map(move |k| (row * PATCH + k, patch));
            (0..ROWS)
                .flat_map(|row| (0..COLUMNS).flat_map(move |patch| rows(row, patch)))
                .map(|(row, patch)| strength(row, patch))
                .collect()
        };
        let turned = |view: View, pixels: &[f32]| {
            let mut turned = vec![0.0; pixels.len()];
            view.turn(pixels, &mut turned);
            turned
        };
        for view in View::ALL {
            let seen = turned(view, &pixels);
            assert!(seen != pixels && turned(view, &seen) == pixels, "{view:?}");
            let column = if view == View::Mirrored { PATCH - 1 } else { 0 };
            assert!(view.of_ink(&ink_of(&seen, column)) == ink_of(&pixels, 0), "{view:?}");
        }
    }

    #[test]
    fn of_three_looks_the_height_in_the_middle_counts_and_certain_ink_is_looked_at_once() {
        let mut input = network_input(&Sketch {
            strokes: vec![Stroke {
                points: vec![Point { x: 0.2, y: 0.5, secs: 0.0 }, Point { x: 0.8, y: 0.5, secs: 1.0 }],
                rgb: Rgb::BLACK,
                width_norm: 0.02,
            }],
            raster: None,
        })
        .unwrap();
        let seen = SketchNet::embedded().unwrap().look(&input.pixels, true).unwrap();
        // A line at one row of patches, from the top.
        let line_at = |at: usize| {
            let mut answers = seen.clone();
            answers.ink_of_rows.fill(0.0);
            answers.ink_of_rows[at * COLUMNS * PATCH..][..COLUMNS * PATCH].fill(1.0);
            answers.profile = profile(&answers.ink_of_rows);
            answers
        };
        // The last look is upside down: what it sees in the first row lies in the last.
        let looks = |input: &NetworkInput| {
            let mut rows = [20, 30, 0].into_iter();
            let answers = Answers::of_looks(input, |_| Ok(line_at(rows.next().unwrap()))).unwrap();
            (answers.y_norm(), rows.len())
        };
        assert_eq!(looks(&input), (line_at(20).y_norm(), 2));
        input.is_certain = false;
        assert_eq!(looks(&input), (line_at(30).y_norm(), 0));
    }
}
