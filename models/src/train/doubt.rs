//! Confidence that means something: after training, one number an aspect is fitted on drawings of their own, so that
//! readings are as often right as they say.

use super::drawing::Signs;
use super::lesson::{Lesson, Truth, batch};
use super::make;
use crate::sketch_net::{Answers, DOUBTS, SketchNet, SketchOutput};
use crate::{Error, Legend};

/// The numbers for [`SketchOutput::doubts`] with the least squared difference between confidence and being right
/// (Brier's score) on `count` drawings of `seed`.
///
/// # Errors
/// [`Error::Network`].
pub fn doubts(net: &SketchNet, seed: u64, count: usize, signs: &Signs) -> Result<[f32; DOUBTS], Error> {
    let lessons = make(count, |i| Lesson::new(seed, i as u64, signs));
    let mut outputs = Vec::new();
    for part in lessons.chunks(16) {
        outputs.push(net.forward(&batch(part)?.0)?);
    }
    let mut best = [0.0; DOUBTS];
    for aspect in 0..DOUBTS {
        let mut least = f32::MAX;
        for step in -12..=16 {
            let mut doubts = best;
            doubts[aspect] = step as f32 * 0.125;
            let score = score(&mut outputs, &lessons, doubts, aspect)?;
            if score < least {
                (least, best[aspect]) = (score, doubts[aspect]);
            }
        }
    }
    Ok(best)
}

fn score(
    outputs: &mut [SketchOutput],
    lessons: &[Lesson],
    doubts: [f32; DOUBTS],
    aspect: usize,
) -> Result<f32, Error> {
    let legend = Legend::default();
    let mut sum = 0.0;
    for (output, lessons) in outputs.iter_mut().zip(lessons.chunks(16)) {
        output.doubts = doubts;
        for (at, lesson) in lessons.iter().enumerate() {
            let Some(truth) = &lesson.truth else { continue };
            let answers = Answers::of(output, at)?.knowing(&lesson.input);
            if let Some((confidence, right)) = claim(&answers, truth, &legend, aspect)? {
                sum += (confidence - f32::from(u8::from(right))).powi(2);
            }
        }
    }
    Ok(sum)
}

/// How sure the answers are of an aspect, and whether they are right; `None` where the truth says nothing of it.
fn claim(
    answers: &Answers,
    truth: &Truth,
    legend: &Legend,
    aspect: usize,
) -> Result<Option<(f32, bool)>, Error> {
    let reading = answers.reading(legend, true)?;
    Ok(match aspect {
        0 => {
            let off_db = reading.loudness.db - legend.loudness_db_of(truth.width_norm);
            Some((reading.loudness.confidence, off_db.abs() <= 4.0))
        }
        1 => truth.hue.map(|hue| {
            let (family, likely) = reading.timbre.families.best();
            (likely, family == legend.palette[hue])
        }),
        2 => Some((answers.open, truth.hue.is_none())),
        _ => {
            let half_row = 0.5 / legend.scale.rows() as f32;
            Some((reading.pitch.confidence, (reading.pitch.y_norm - truth.y_norm).abs() <= half_row))
        }
    })
}
