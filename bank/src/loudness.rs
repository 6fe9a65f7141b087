//! Loudness after EBU R128.

use ebur128::{EbuR128, Mode};

use crate::Audio;

/// What silence, and anything softer, measures.
pub const SILENCE_DB: f32 = -70.0;

/// Integrated loudness in LUFS, held between [`SILENCE_DB`] and 0. A sound shorter than the standard's block of 400 ms
/// is measured as one block, its rest silent.
pub fn integrated_db(audio: &Audio) -> f32 {
    measure(audio).filter(|db| db.is_finite()).map_or(SILENCE_DB, |db| (db as f32).clamp(SILENCE_DB, 0.0))
}

fn measure(audio: &Audio) -> Option<f64> {
    let channels = u32::try_from(audio.channels.len()).ok().filter(|&count| count > 0)?;
    let mut meter = EbuR128::new(channels, audio.rate_hz, Mode::I).ok()?;
    let planes: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    meter.add_frames_planar_f32(&planes).ok()?;
    let block = audio.rate_hz as usize * 2 / 5 + 1;
    if audio.frames() < block {
        let rest = vec![0.0; block - audio.frames()];
        let planes = vec![rest.as_slice(); audio.channels.len()];
        meter.add_frames_planar_f32(&planes).ok()?;
    }
    meter.loudness_global().ok()
}
