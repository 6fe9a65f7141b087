//! Leads that never pretended to be wood or brass.

use neume_models::Family;

use super::ensemble::{self, Ensemble};
use super::envelope::{fall, rise, step};
use super::filter::{self, Svf};
use super::fm::{self, Pair};
use super::oscillator::{Wave, sine};
use super::timeline::{BLOCK, BLOCK_SECS, Wander};
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Seven saws, wide", Family::SynthLead, &[36, 45, 54, 63, 72, 81], seven_saws).looped(),
    Recipe::new("Hollow square, drifting", Family::SynthLead, &[38, 47, 56, 65, 74], hollow_square).looped(),
    Recipe::new("Acid line, squelching", Family::SynthLead, &[36, 44, 52, 60, 68], acid).looped(),
    Recipe::new("Glass lead", Family::SynthLead, &[48, 56, 64, 72, 80], glass).looped().trim(-1.0),
    Recipe::new("Hard sync, tearing", Family::SynthLead, &[40, 49, 58, 67, 76], sync).looped(),
    Recipe::new("Theremin, velvet", Family::SynthLead, &[45, 54, 63, 72, 81], theremin).looped().trim(-3.0),
    Recipe::new("Ring modulator, steel", Family::SynthLead, &[43, 52, 61, 70], ring).looped(),
];

/// Seven detuned saws spread over the width, under a filter that breathes.
fn seven_saws(note: &Note) -> Track {
    let timeline = note.looped(0.6, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::saw(timeline.pitch_hz);
    ensemble::add(
        &mut track,
        &timeline,
        &mut rng,
        &wave,
        &Ensemble::still(&[-17.0, -11.0, -5.0, 5.6, 11.0, 18.0]),
    );
    let middle = Ensemble { width: 0.0, ..Ensemble::still(&[0.0, 0.0]) };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &middle);
    let sway = Wander::new(&timeline, &mut rng, 0.7);
    let low = timeline.pitch_hz as f32;
    let cutoff = |secs: f32| {
        let open = 5200.0 + 3800.0 * fall(secs, 0.18) + 900.0 * sway.at(f64::from(secs));
        (low * 3.0 + open).min(16_000.0)
    };
    track.each(|side| filter::low_pass(side, 0.8, cutoff));
    track
}

/// A square whose width moves: two saws against each other, one of them gliding, left and right apart.
fn hollow_square(note: &Note) -> Track {
    let timeline = note.looped(0.6, 2.6);
    let mut rng = note.rng();
    let wave = Wave::saw(timeline.pitch_hz);
    let mut track = Track::silent(&timeline);
    let glide = |secs: f64| f64::from(-180.0 * fall(secs as f32, 0.022));
    let front = timeline.turns(timeline.pitch_hz, glide);
    let mut saw = vec![0.0; timeline.frames()];
    wave.add(&mut saw, &front, |block| rise(block as f32 * BLOCK_SECS as f32, 0.004));
    track.add(&saw, 1.0, 0.0);
    for (side, pan) in [-0.95f32, 0.95].into_iter().enumerate() {
        let width = Wander::new(&timeline, &mut rng, 0.6 + 0.3 * side as f64);
        let back: Vec<f64> = front
            .iter()
            .enumerate()
            .map(|(block, turn)| turn + 0.5 + 0.16 * f64::from(width.at(block as f64 * BLOCK_SECS)))
            .collect();
        let mut saw = vec![0.0; timeline.frames()];
        wave.add(&mut saw, &back, |block| -rise(block as f32 * BLOCK_SECS as f32, 0.004));
        track.add(&saw, 0.72, pan);
    }
    let low = timeline.pitch_hz as f32;
    track.each(|side| filter::low_pass(side, 0.9, |secs| 900.0 + 2.6 * low + 1200.0 * fall(secs, 0.1)));
    track
}

/// A saw through two resonant filters in a row, driven into a clipper; the cutoff falls, then wobbles.
fn acid(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.0);
    let mut rng = note.rng();
    let turns = timeline.turns(timeline.pitch_hz, |_| 0.0);
    let mut saw = vec![0.0; timeline.frames()];
    Wave::saw(timeline.pitch_hz).add(&mut saw, &turns, |block| rise(block as f32 * BLOCK_SECS as f32, 0.002));
    let wobble_hz = timeline.snap_motion_hz(3.0);
    let sway = Wander::new(&timeline, &mut rng, 0.8);
    let low = timeline.pitch_hz as f32;
    let mut stages = [Svf::default(), Svf::default()];
    for (block, frames) in saw.chunks_mut(BLOCK).enumerate() {
        let secs = block as f64 * BLOCK_SECS;
        let wobble = 0.5 + 0.35 * sine(wobble_hz * secs) + 0.15 * sway.at(secs);
        let cutoff = low * 1.8 + 380.0 + 3400.0 * fall(secs as f32, 0.11) + 750.0 * wobble;
        stages[0].tune(cutoff, 5.5);
        stages[1].tune(cutoff * 1.03, 1.2);
        for frame in frames {
            let driven = filter::soft_clip(1.5 * stages[0].step(*frame).low);
            *frame = filter::soft_clip(1.7 * stages[1].step(driven).low);
        }
    }
    Track::mono(&timeline, saw)
}

/// Two pairs of sines at 1:3 and 1:7 that chime, then glow; slow chorus between the sides.
fn glass(note: &Note) -> Track {
    let timeline = note.looped(1.1, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    for (side, pan) in [-0.8f32, 0.8].into_iter().enumerate() {
        let drift = Wander::new(&timeline, &mut rng, 1.0);
        let glow = Wander::new(&timeline, &mut rng, 0.8);
        let turns = timeline.turns(timeline.pitch_hz, |secs| f64::from(4.0 * drift.at(secs)));
        let times = |ratio: f64| -> Vec<f64> { turns.iter().map(|turn| ratio * turn).collect() };
        let (third, seventh) = (times(3.0), times(7.0));
        let mut out = vec![0.0; timeline.frames()];
        let body = Pair { carrier: &turns, modulator: &third, feedback: 0.0 };
        fm::add(
            &mut out,
            &body,
            |secs| rise(secs, 0.006),
            |secs| 0.75 + 1.3 * fall(secs, 0.25) + 0.6 * rise(secs, 0.4) * glow.at(f64::from(secs)),
        );
        let chime = Pair { carrier: &third, modulator: &seventh, feedback: 0.0 };
        fm::add(
            &mut out,
            &chime,
            |secs| 0.12 + 0.4 * fall(secs, 0.12),
            |secs| 0.5 + 1.4 * fall(secs, 0.07) + 0.1 * side as f32,
        );
        track.add(&out, 0.6, pan);
    }
    track
}

/// A slave oscillator that the pitch starts over; its own pitch falls, then sways, and the spectrum tears.
fn sync(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.2);
    let mut rng = note.rng();
    let sway = Wander::new(&timeline, &mut rng, 1.2);
    let turns = timeline.turns(timeline.pitch_hz, |secs| f64::from(-60.0 * fall(secs as f32, 0.02)));
    let ratio = |secs: f64| {
        f64::from(2.7 + 3.2 * fall(secs as f32, 0.2) + 0.8 * sway.at(secs) * rise(secs as f32, 0.3))
    };
    let slave = Wave::saw(timeline.pitch_hz * 4.0);
    let mut out = vec![0.0; timeline.frames()];
    for (block, frames) in out.chunks_mut(BLOCK).enumerate() {
        let secs = block as f64 * BLOCK_SECS;
        let (from, to) = (ratio(secs), ratio(secs + BLOCK_SECS));
        let step = (turns[block + 1] - turns[block]) / BLOCK as f64;
        for (i, frame) in frames.iter_mut().enumerate() {
            let at = super::oscillator::fraction(turns[block] + step * i as f64);
            let now = from + (to - from) * i as f64 / BLOCK as f64;
            // The window closes each period before the restart, which keeps the edge from aliasing.
            let left = (1.0 - at) as f32;
            let window = (left * 6.0).min(1.0) * (at as f32 * 24.0).min(1.0);
            *frame = window * slave.at(at * now);
        }
    }
    filter::low_pass(&mut out, 0.7, |_| 9500.0);
    filter::high_pass(&mut out, 0.7, 60.0);
    let mut track = Track::mono(&timeline, out);
    track.shape(|secs| rise(secs, 0.003));
    track
}

/// Nearly a sine, and a hand that trembles.
fn theremin(note: &Note) -> Track {
    let timeline = note.looped(1.2, 2.2);
    let mut rng = note.rng();
    let vibrato = Wander::vibrato(&timeline, &mut rng, 6.0);
    let hand = Wander::new(&timeline, &mut rng, 1.0);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(
            -300.0 * fall(secs as f32, 0.07)
                + step(secs as f32, 0.1, 0.7) * 34.0 * vibrato.at(secs)
                + 6.0 * hand.at(secs),
        )
    });
    let wave = Wave::new(timeline.pitch_hz, |k| {
        ([1.0, 0.22, 0.08, 0.03, 0.01].get(k - 1).copied().unwrap_or(0.0), 0.0)
    });
    let mut out = vec![0.0; timeline.frames()];
    wave.add(&mut out, &turns, |block| {
        let secs = block as f64 * BLOCK_SECS;
        rise(secs as f32, 0.09) * (1.0 + 0.12 * hand.at(secs + 0.2) + 0.06 * vibrato.at(secs))
    });
    Track::mono(&timeline, out)
}

/// A square multiplied by sines that do not fit it: clangorous sidebands that crawl.
fn ring(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::pulse(timeline.pitch_hz, 0.5);
    let turns = timeline.turns(timeline.pitch_hz, |_| 0.0);
    for (ratio, pan) in [(1.414f64, -0.7f32), (2.732, 0.7)] {
        let sway = Wander::new(&timeline, &mut rng, 0.9);
        let other = timeline
            .turns(timeline.snap_hz(timeline.pitch_hz * ratio), |secs| f64::from(12.0 * sway.at(secs)));
        let mut out = vec![0.0; timeline.frames()];
        wave.add(&mut out, &turns, |_| 0.5);
        for (block, frames) in out.chunks_mut(BLOCK).enumerate() {
            let step = (other[block + 1] - other[block]) / BLOCK as f64;
            for (i, frame) in frames.iter_mut().enumerate() {
                *frame *= 0.35 + sine(other[block] + step * i as f64);
            }
        }
        filter::low_pass(&mut out, 1.1, |secs| {
            3200.0 + 4500.0 * fall(secs, 0.15) + 900.0 * sway.at(f64::from(secs))
        });
        track.add(&out, 1.0, pan);
    }
    track.shape(|secs| rise(secs, 0.004) * (1.0 + 0.5 * fall(secs, 0.08)));
    track
}
