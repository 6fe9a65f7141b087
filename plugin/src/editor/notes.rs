//! Notes and levels as they are written on screen, with the signs of a score.

use neume_models::legend;

use crate::figures::fixed;

/// The nearest note: `D♯4`.
pub fn note(midi: f32) -> String {
    signed(&legend::note_name(midi.round() as i32))
}

/// The note with its cents where there are any: `D♯4 −20¢`.
pub fn note_and_cents(midi: f32) -> String {
    signed(&legend::note_and_cents(midi))
}

/// The root of a sound, or that it has none.
pub fn root(midi: Option<f32>) -> String {
    midi.map_or_else(|| "no pitch".to_string(), note)
}

/// A level in whole decibels: `−14 dB`.
pub fn decibels(db: f32) -> String {
    format!("{} dB", fixed(db, 0)).replace('-', "−")
}

fn signed(name: &str) -> String {
    name.replace('#', "♯")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_rounds_to_nothing_has_no_sign() {
        for (db, written) in
            [(-14.2, "−14 dB"), (-0.4, "0 dB"), (0.0, "0 dB"), (-0.0, "0 dB"), (-0.6, "−1 dB")]
        {
            assert_eq!(decibels(db), written);
        }
    }
}
