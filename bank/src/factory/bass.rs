//! Low strings and low circuits.

use neume_models::Family;

use super::ensemble::{self, Ensemble};
use super::envelope::{burst, fall, rise, step};
use super::filter::{self, Svf};
use super::fm::{self, Pair};
use super::harmonic::{self, Tone};
use super::noise::{self, Burst};
use super::oscillator::Wave;
use super::string_model::{Pluck, pluck};
use super::timeline::{BLOCK, BLOCK_SECS, Wander};
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Double bass, plucked", Family::Bass, &[28, 35, 42, 49, 55], double_bass).trim(-1.0),
    Recipe::new("Electric bass, fingered", Family::Bass, &[28, 35, 42, 49, 56], fingered),
    Recipe::new("Slap bass, snapping", Family::Bass, &[28, 35, 42, 49], slap),
    Recipe::new("Fretless bass, singing", Family::Bass, &[28, 35, 42, 49, 56], fretless).trim(-1.0),
    Recipe::new("Sub bass, round", Family::Bass, &[24, 31, 38, 45], sub).looped().trim(-3.0),
    Recipe::new("Reese bass, growling", Family::Bass, &[28, 35, 42, 49], reese).looped(),
    Recipe::new("Solid-state bass", Family::Bass, &[28, 35, 42, 49], solid),
];

/// A fingertip far from the bridge, gut-like damping, a big box.
fn double_bass(note: &Note) -> Track {
    let timeline = note.decaying(2.6);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 3.2 - 0.5 * (note.octave() + 2.0),
        high_t60_secs: 0.16,
        position: 0.23,
        touch_ms: 1.9,
        grit: 0.1,
        stiffness: 0.0,
    };
    let mut samples = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let thud = noise::burst(&mut rng, Burst { rise_secs: 0.003, fall_secs: 0.02, hz: 240.0, q: 0.6 });
    samples.iter_mut().zip(&thud).for_each(|(sum, x)| *sum += 0.3 * x);
    let wood = [(62.0, 4.0, 6.0), (98.0, 5.0, 7.0), (160.0, 5.0, 4.0), (240.0, 4.0, 3.0), (700.0, 2.0, 2.0)];
    filter::body(&mut samples, &wood);
    Track::mono(&timeline, samples)
}

/// Two fingers over the pickup, round steel, a little warmth of the amplifier.
fn fingered(note: &Note) -> Track {
    let timeline = note.decaying(3.8);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 7.0 - 1.0 * (note.octave() + 2.0),
        high_t60_secs: 0.38,
        position: 0.2,
        touch_ms: 0.9,
        grit: 0.08,
        stiffness: 0.1,
    };
    let heard = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let behind = (0.22 * f64::from(super::timeline::RATE_HZ) / timeline.pitch_hz) as usize;
    let mut coil: Vec<f32> = (0..heard.len())
        .map(|i| heard[i] - if i >= behind { 0.8 * heard[i - behind] } else { 0.0 })
        .collect();
    filter::low_pass(&mut coil, 1.0, |_| 1500.0);
    filter::body(&mut coil, &[(90.0, 1.0, 3.0), (750.0, 1.5, 2.0)]);
    coil.iter_mut().for_each(|x| *x = filter::soft_clip(*x));
    Track::mono(&timeline, coil)
}

/// A thumb that throws the string at the frets: a crack, and all the steel there is.
fn slap(note: &Note) -> Track {
    let timeline = note.decaying(3.0);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 5.0 - 0.8 * (note.octave() + 2.0),
        high_t60_secs: 1.3,
        position: 0.06,
        touch_ms: 0.14,
        grit: 0.3,
        stiffness: 0.2,
    };
    let mut samples = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let crack = noise::burst(&mut rng, Burst { rise_secs: 0.0004, fall_secs: 0.007, hz: 3400.0, q: 0.7 });
    samples.iter_mut().zip(&crack).for_each(|(sum, x)| *sum += 0.6 * x);
    filter::body(&mut samples, &[(80.0, 0.9, 9.0), (700.0, 1.0, -5.0), (3200.0, 1.0, 5.0)]);
    samples.iter_mut().for_each(|x| *x = 0.8 * filter::soft_clip(1.5 * *x));
    Track::mono(&timeline, samples)
}

/// No frets: the string grows into its note, hums through the nose, and the finger rolls.
fn fretless(note: &Note) -> Track {
    let timeline = note.decaying(4.0);
    let mut rng = note.rng();
    let vibrato = Wander::vibrato(&timeline, &mut rng, 4.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(11.0 * step(secs as f32, 0.4, 1.1) * vibrato.at(secs) - 55.0 * fall(secs as f32, 0.04))
    });
    let mut track = Track::silent(&timeline);
    let tone = Tone { turns: &turns, count: 24, shimmer: 0.08, shimmer_hz: 1.8, grain: 0.02, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let n = k as f32;
        // The nose: a resonance that climbs while the note swells, then sinks.
        let nose_hz = 260.0 + 620.0 * burst(secs, 0.16, 0.5);
        let off = (hz - nose_hz) / 210.0;
        let long = 1.9 / (1.0 + 0.12 * n);
        let swell = 0.6 + 0.4 * step(secs, 0.0, 0.18);
        swell * step(secs, 0.0, 0.008) * fall(secs, long) * (1.0 / (n * n) + 0.4 / n / (1.0 + off * off))
    });
    let finger = noise::burst(&mut rng, Burst { rise_secs: 0.003, fall_secs: 0.02, hz: 380.0, q: 0.8 });
    track.add(&finger, 0.2, 0.0);
    track.each(|side| {
        super::track::shape(side, |secs| if secs < 3.5 { 1.0 } else { libm::expf(-(secs - 3.5) / 0.08) })
    });
    track
}

/// A sine that a transformer has leaned on: second and third harmonic, a soft knock, a slow breath.
fn sub(note: &Note) -> Track {
    let timeline = note.looped(0.6, 2.4);
    let mut rng = note.rng();
    let breath = Wander::new(&timeline, &mut rng, 0.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| f64::from(500.0 * fall(secs as f32, 0.012)));
    let mut out = vec![0.0; timeline.frames()];
    let wave = Wave::new(timeline.pitch_hz, |k| ([1.0, 0.1, 0.03].get(k - 1).copied().unwrap_or(0.0), 0.0));
    wave.add(&mut out, &turns, |block| {
        let secs = block as f64 * BLOCK_SECS;
        rise(secs as f32, 0.006)
            * (1.0 + 0.25 * breath.at(secs) * rise(secs as f32, 0.2) + 0.3 * fall(secs as f32, 0.08))
    });
    out.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 1.3 + 0.12) - filter::soft_clip(0.12));
    Track::mono(&timeline, out)
}

/// Saws that beat against each other under a filter that prowls.
fn reese(note: &Note) -> Track {
    let timeline = note.looped(0.7, 3.0);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::saw(timeline.pitch_hz);
    ensemble::add(
        &mut track,
        &timeline,
        &mut rng,
        &wave,
        &Ensemble { width: 0.8, ..Ensemble::still(&[-22.0, 0.0, 21.0]) },
    );
    let prowl = Wander::new(&timeline, &mut rng, 0.6);
    track.each(|side| {
        side.iter_mut().for_each(|x| *x = filter::soft_clip(1.6 * *x));
        let mut notch = Svf::default();
        for (block, frames) in side.chunks_mut(BLOCK).enumerate() {
            let at = block as f64 * BLOCK_SECS;
            notch.tune(620.0 + 380.0 * prowl.at(at), 2.2);
            for frame in frames {
                *frame -= 0.85 * notch.step(*frame).band;
            }
        }
        filter::low_pass(side, 1.3, |secs| 1700.0 + 900.0 * prowl.at(f64::from(secs) + 0.4));
    });
    track
}

/// Frequency modulation at one to one, hard at first, with a click of the half.
fn solid(note: &Note) -> Track {
    let timeline = note.decaying(2.4);
    let mut rng = note.rng();
    let turns = timeline.turns(timeline.pitch_hz, |_| 0.0);
    let half: Vec<f64> = turns.iter().map(|turn| 0.5 * turn).collect();
    let triple: Vec<f64> = turns.iter().map(|turn| 3.0 * turn).collect();
    let mut out = vec![0.0; timeline.frames()];
    let body = Pair { carrier: &turns, modulator: &turns, feedback: 0.05 };
    fm::add(
        &mut out,
        &body,
        |secs| step(secs, 0.0, 0.002) * fall(secs, 0.75),
        |secs| 0.5 + 3.6 * fall(secs, 0.16),
    );
    let edge = Pair { carrier: &turns, modulator: &triple, feedback: 0.0 };
    fm::add(&mut out, &edge, |secs| 0.5 * fall(secs, 0.3), |secs| 2.2 * fall(secs, 0.07));
    let under = Pair { carrier: &half, modulator: &turns, feedback: 0.0 };
    fm::add(&mut out, &under, |secs| 0.16 * fall(secs, 0.5), |_| 0.6);
    let knock = noise::burst(&mut rng, Burst { rise_secs: 0.0005, fall_secs: 0.004, hz: 1200.0, q: 0.8 });
    out.iter_mut().zip(&knock).for_each(|(sum, x)| *sum += 0.3 * x);
    Track::mono(&timeline, out)
}
