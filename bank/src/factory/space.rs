//! A little room around a sound: four delay lines that feed each other, darker at every turn.

use super::filter::Svf;
use super::timeline::RATE_HZ;
use super::track::Track;

/// Adds a room: `t60_secs` its decay, `wet` the level of what comes back.
pub fn room(track: &mut Track, t60_secs: f32, damp_hz: f32, wet: f32) {
    const LENGTHS: [usize; 4] = [1187, 1511, 1823, 2203];
    let mut lines = LENGTHS.map(|len| vec![0.0f32; len]);
    let gains = LENGTHS.map(|len| libm::powf(10.0, -3.0 * len as f32 / RATE_HZ as f32 / t60_secs));
    let damp = 1.0 - libm::expf(-core::f32::consts::TAU * damp_hz / RATE_HZ as f32);
    let mut dark = [0.0f32; 4];
    let mut places = [0usize; 4];
    let mut cut = [Svf::new(180.0, 0.7), Svf::new(180.0, 0.7)];
    for i in 0..track.left.len() {
        let input = [cut[0].step(track.left[i]).high, cut[1].step(track.right[i]).high];
        let mut heard = [0.0f32; 4];
        for line in 0..4 {
            heard[line] = lines[line][places[line]];
            dark[line] += damp * (heard[line] * gains[line] - dark[line]);
        }
        let half = 0.5 * (dark[0] + dark[1] + dark[2] + dark[3]);
        for line in 0..4 {
            lines[line][places[line]] = dark[line] - half + input[line & 1] * 0.5;
            places[line] += 1;
            if places[line] == LENGTHS[line] {
                places[line] = 0;
            }
        }
        track.left[i] += wet * (heard[0] - heard[2]);
        track.right[i] += wet * (heard[1] - heard[3]);
    }
}
