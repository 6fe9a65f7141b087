//! Confidence that means something: after training, two numbers an aspect are fitted on drawings of their own, so that
//! readings are as often right as they say.

use super::drawing::Signs;
use super::lesson::{Lesson, batch};
use super::make;
use crate::sketch_net::{DOUBTS, SketchNet, log_odds};
use crate::{Error, Legend};

/// The numbers for [`SketchOutput::doubts`](crate::sketch_net::SketchOutput::doubts) by which `net`, which has none yet,
/// is as often right as it says on `count` drawings of `seed`.
///
/// # Errors
/// [`Error::Network`].
pub fn doubts(net: &SketchNet, seed: u64, count: usize, signs: &Signs) -> Result<[f32; DOUBTS], Error> {
    let legend = Legend::default();
    let mut claims: [Vec<(f32, bool)>; DOUBTS / 2] = Default::default();
    for first in (0..count).step_by(16) {
        let lessons = make(16.min(count - first), |i| Lesson::new(seed, (first + i) as u64, signs));
        let output = net.forward(&batch(&lessons)?.0)?;
        for (at, lesson) in lessons.iter().enumerate() {
            let Some(truth) = &lesson.truth else { continue };
            let reading = lesson.answers(&output, at)?.reading(&legend, true)?;
            for (claims, claim) in claims.iter_mut().zip(truth.claims(&reading, &legend)) {
                claims.push(claim);
            }
        }
    }
    let mut doubts = [0.0; DOUBTS];
    for (doubts, claims) in doubts.chunks_mut(2).zip(&claims) {
        doubts.copy_from_slice(&fitted(claims));
    }
    Ok(doubts)
}

/// The logarithm of the slope and the shift of the log-odds that make these confidences most likely, found by Newton's
/// method; a little weight keeps them where they are if there is hardly anything to learn from.
pub fn fitted(claims: &[(f32, bool)]) -> [f32; 2] {
    let [mut slope, mut shift] = [1.0f32, 0.0];
    for _ in 0..30 {
        let (mut down, mut bend) = ([slope - 1.0, shift], [1.0, 0.0, 1.0]);
        for &(confidence, right) in claims {
            let x = log_odds(confidence);
            let p = 1.0 / (1.0 + (-(slope * x + shift)).exp());
            let (off, steep) = (p - f32::from(u8::from(right)), p * (1.0 - p));
            down = [down[0] + off * x, down[1] + off];
            bend = [bend[0] + steep * x * x, bend[1] + steep * x, bend[2] + steep];
        }
        let area = bend[0] * bend[2] - bend[1] * bend[1];
        slope -= (bend[2] * down[0] - bend[1] * down[1]) / area;
        shift -= (bend[0] * down[1] - bend[1] * down[0]) / area;
        (slope, shift) = (slope.clamp(0.1, 10.0), shift.clamp(-5.0, 5.0));
    }
    [slope.ln(), shift]
}
