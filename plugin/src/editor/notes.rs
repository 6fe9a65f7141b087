//! Notes as they are written on screen, with the signs of a score.

use neume_models::legend;

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

fn signed(name: &str) -> String {
    name.replace('#', "♯")
}
