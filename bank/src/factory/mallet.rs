//! Bars, tines, bells and bowls that are struck.

use neume_models::Family;

use super::additive::{self, Edge};
use super::envelope::{fall, rise};
use super::filter;
use super::modal::{self, Mode};
use super::noise::{self, Burst};
use super::oscillator::sine;
use super::timeline::{BLOCK_SECS, Wander};
use super::track::Track;
use super::{Note, Recipe, space};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Marimba, rosewood", Family::Mallet, &[36, 45, 54, 63, 72, 81], marimba).trim(-1.0),
    Recipe::new("Vibraphone, motor on", Family::Mallet, &[53, 61, 69, 77, 86], vibraphone).trim(-1.0),
    Recipe::new("Glockenspiel, bright", Family::Mallet, &[67, 75, 83, 91], glockenspiel),
    Recipe::new("Xylophone, hard sticks", Family::Mallet, &[53, 62, 71, 80, 89], xylophone),
    Recipe::new("Kalimba, buzzing", Family::Mallet, &[48, 57, 66, 75], kalimba).trim(-2.0),
    Recipe::new("Tubular bells", Family::Mallet, &[55, 62, 69, 76], tubular),
    Recipe::new("Steel pan", Family::Mallet, &[48, 57, 66, 75], steel_pan),
    Recipe::new("Crystal bowl, rubbed", Family::Mallet, &[48, 57, 66, 75], bowl).looped().trim(-4.0),
    Recipe::new("Bell plates, clangorous", Family::Mallet, &[48, 56, 64, 72, 80], plates),
];

/// A bar tuned 1 : 4 : 10 over a resonator, with a yarn mallet.
fn marimba(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((2.0 - 0.5 * note.octave()).clamp(0.8, 3.2)));
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 2.0 * libm::exp2f(-0.75 * note.octave());
    let modes = [
        Mode::new(hz, 1.0, ring).beating(1.1, 0.08),
        Mode::new(hz * 3.97, 0.32, 0.32 * ring).at(0.15),
        Mode::new(hz * 9.4, 0.16, 0.1 * ring).at(-0.2),
        Mode::new(hz * 16.2, 0.06, 0.05 * ring).at(0.3),
        Mode::new(hz * 2.01, 0.02, 0.5 * ring),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0025);
    let knock =
        noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.006, hz: 750.0 + 0.6 * hz, q: 1.2 });
    track.add(&knock, 0.5, 0.0);
    track
}

/// Aluminium, 1 : 4 : 10, over tubes that a motor opens and shuts.
fn vibraphone(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((4.6 - 0.8 * note.octave()).clamp(2.4, 5.0)));
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 8.5 * libm::exp2f(-0.5 * note.octave());
    let modes = [
        Mode::new(hz, 1.0, ring).beating(5.2, 0.55),
        Mode::new(hz * 4.0, 0.35, 0.3 * ring).at(0.2).beating(5.2, 0.25),
        Mode::new(hz * 10.1, 0.14, 0.07 * ring).at(-0.3),
        Mode::new(hz * 18.6, 0.05, 0.03 * ring).at(0.4),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.002);
    let cord = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.005, hz: 1300.0, q: 0.8 });
    track.add(&cord, 0.25, 0.0);
    space::room(&mut track, 1.4, 6000.0, 0.08);
    track
}

/// Hard brass on steel bars: 1 : 2.76 : 5.4 : 8.93, as a free bar has them, and a sharp tick.
fn glockenspiel(note: &Note) -> Track {
    let timeline = note.decaying(3.0);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 5.0 * libm::exp2f(-0.6 * (note.octave() - 1.5));
    let modes = [
        Mode::new(hz, 1.0, ring).at(-0.1).beating(1.3, 0.1),
        Mode::new(hz * 2.756, 0.7, 0.6 * ring).at(0.3),
        Mode::new(hz * 5.404, 0.45, 0.3 * ring).at(-0.4),
        Mode::new(hz * 8.933, 0.25, 0.14 * ring).at(0.2),
        Mode::new(hz * 1.008, 0.2, 0.8 * ring).at(0.5),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0006);
    let tick = noise::burst(&mut rng, Burst { rise_secs: 0.0003, fall_secs: 0.0025, hz: 7500.0, q: 0.7 });
    track.add(&tick, 0.7, 0.0);
    track
}

/// Short dry wood with a tuned twelfth, 1 : 3 : 6.
fn xylophone(note: &Note) -> Track {
    let timeline = note.decaying(1.2);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 0.62 * libm::exp2f(-0.6 * (note.octave() - 1.0));
    let modes = [
        Mode::new(hz, 1.0, ring),
        Mode::new(hz * 3.0, 1.1, 0.6 * ring).at(0.2),
        Mode::new(hz * 6.1, 0.9, 0.3 * ring).at(-0.2),
        Mode::new(hz * 9.8, 0.6, 0.16 * ring).at(0.3),
        Mode::new(hz * 14.2, 0.35, 0.1 * ring),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0007);
    let stick = noise::burst(&mut rng, Burst { rise_secs: 0.0004, fall_secs: 0.005, hz: 2600.0, q: 0.7 });
    track.add(&stick, 0.9, 0.0);
    track
}

/// A clamped tongue (1 : 6.27 : 17.5) on a box, with a shell that buzzes while it is loud.
fn kalimba(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((2.6 - 0.5 * note.octave()).clamp(1.2, 3.5)));
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 2.6 * libm::exp2f(-0.5 * note.octave());
    let modes = [
        Mode::new(hz, 1.0, ring),
        Mode::new(hz * 2.0, 0.1, 0.5 * ring),
        Mode::new(hz * 6.27, 0.16, 0.1 * ring).at(0.3),
        Mode::new(hz * 17.5, 0.04, 0.03 * ring),
        Mode::new(175.0, 0.35, 0.12).at(-0.2),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0015);
    let turns = timeline.turns(timeline.pitch_hz, |_| 0.0);
    let mut buzz = noise::white(&timeline, &mut rng);
    for (i, sample) in buzz.iter_mut().enumerate() {
        let phase = turns[i / super::timeline::BLOCK]
            + timeline.pitch_hz * (i % super::timeline::BLOCK) as f64 / 48_000.0;
        // The shell only touches at the top of each swing.
        *sample *= (sine(phase) - 0.6).max(0.0);
    }
    filter::band_pass(&mut buzz, 1.1, |_| 3100.0);
    super::track::shape(&mut buzz, |secs| 0.8 * fall(secs, 0.13 * ring) * rise(secs, 0.004));
    track.add(&buzz, 1.0, 0.35);
    let nail = noise::burst(&mut rng, Burst { rise_secs: 0.0006, fall_secs: 0.004, hz: 1900.0, q: 1.2 });
    track.add(&nail, 0.5, -0.1);
    track
}

/// The pitch that is heard is not among the modes: 2, 3 and 4.2 times it stand for it (Rossing, Science of Percussion
/// Instruments).
fn tubular(note: &Note) -> Track {
    let timeline = note.decaying(5.0);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let modes = [
        Mode::new(hz * 0.5, 0.16, 5.0).at(-0.3),
        Mode::new(hz, 0.5, 7.0).beating(0.8, 0.15),
        Mode::new(hz * 1.505, 0.4, 6.0).at(0.3).beating(1.2, 0.3),
        Mode::new(hz * 2.0, 1.0, 6.0).beating(0.9, 0.25),
        Mode::new(hz * 2.99, 0.8, 4.5).at(-0.35).beating(1.7, 0.3),
        Mode::new(hz * 4.17, 0.55, 3.2).at(0.35).beating(2.1, 0.3),
        Mode::new(hz * 5.43, 0.4, 2.2).at(-0.2),
        Mode::new(hz * 6.8, 0.3, 1.4).at(0.4),
        Mode::new(hz * 8.3, 0.2, 0.9).at(-0.4),
        Mode::new(hz * 11.2, 0.12, 0.5),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.001);
    let hammer = noise::burst(&mut rng, Burst { rise_secs: 0.0006, fall_secs: 0.008, hz: 2100.0, q: 0.6 });
    track.add(&hammer, 0.8, 0.0);
    space::room(&mut track, 1.8, 5000.0, 0.1);
    track
}

/// A dome that is hit: the octave and the twelfth grow out of the fundamental, because the steel bends back.
fn steel_pan(note: &Note) -> Track {
    let timeline = note.decaying(2.4);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz;
    let long = 0.42 * libm::exp2f(-0.4 * note.octave());
    // Ratio, level, growth and decay of each mode.
    let modes: [(f64, f32, f32, f32); 7] = [
        (1.0, 1.0, 0.004, 1.0),
        (2.0, 1.3, 0.022, 0.9),
        (3.0, 0.65, 0.03, 0.6),
        (4.01, 0.5, 0.045, 0.5),
        (2.43, 0.12, 0.003, 0.25),
        (5.3, 0.3, 0.002, 0.2),
        (7.1, 0.25, 0.002, 0.15),
    ];
    let bend = timeline.turns(hz, |secs| f64::from(16.0 * fall(secs as f32, 0.05)));
    let mut track = Track::silent(&timeline);
    additive::add(&mut track, &timeline, modes.len(), |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        for (i, &(ratio, gain, grow, share)) in modes.iter().enumerate() {
            edge.turns[i] = ratio * bend[edge.block];
            let level = gain * rise(secs as f32, grow) * fall(secs as f32, share * long);
            let swing = 0.25 * sine(1.9 * secs + 0.21 * i as f64);
            edge.left[i] = level * (1.0 + swing);
            edge.right[i] = level * (1.0 - swing);
        }
    });
    let tap = noise::burst(&mut rng, Burst { rise_secs: 0.0008, fall_secs: 0.01, hz: 1700.0, q: 0.8 });
    track.add(&tap, 0.6, 0.0);
    track
}

/// A wet finger on the rim: the glass takes seconds to wake, and its two planes beat.
fn bowl(note: &Note) -> Track {
    let timeline = note.looped(1.6, 2.4);
    let mut rng = note.rng();
    let beat_hz = timeline.snap_motion_hz(1.3);
    let press = Wander::new(&timeline, &mut rng, 1.6);
    let modes = [(1.0f64, 1.0f32, 0.3f32), (2.32, 0.13, 0.22), (4.25, 0.05, 0.16), (6.63, 0.02, 0.12)];
    let hz = modes.map(|(ratio, ..)| timeline.snap_hz(timeline.pitch_hz * ratio));
    let mut track = Track::silent(&timeline);
    additive::add(&mut track, &timeline, modes.len(), |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        let swell = 1.0 + 0.16 * press.at(secs);
        for (i, &(_, gain, wake)) in modes.iter().enumerate() {
            edge.turns[i] = hz[i] * secs;
            let level = gain * rise(secs as f32, wake) * swell;
            let round = beat_hz * secs + 0.13 * i as f64;
            edge.left[i] = level * (1.0 + 0.3 * sine(round));
            edge.right[i] = level * (1.0 + 0.3 * sine(round + 0.4));
        }
    });
    let pitch_hz = timeline.pitch_hz as f32;
    let rub = noise::band(&timeline, &mut rng, 2.0 * pitch_hz, 1.2, |secs| {
        0.035 * rise(secs, 0.1) * (1.0 + 0.5 * sine(beat_hz * f64::from(secs)))
    });
    track.add(&rub, 1.0, 0.0);
    track
}

/// Thick bronze sheet under a steel hammer: crowded modes a few dozen hertz apart that grind against each other.
fn plates(note: &Note) -> Track {
    let timeline = note.decaying(3.4);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let mut modes = vec![Mode::new(hz, 0.9, 3.4), Mode::new(hz + 27.0, 0.55, 2.6).at(0.2)];
    for ratio in [1.52f32, 2.0, 2.61, 3.33, 4.07, 5.2, 6.6, 8.4, 10.3] {
        let apart = rng.between(26.0, 62.0);
        let (gain, long) = (0.8 / (0.6 + 0.2 * ratio), 3.0 / (1.0 + 0.35 * ratio));
        let side = 0.8 * rng.bipolar();
        modes.push(Mode::new(hz * ratio, gain, long).at(side));
        modes.push(Mode::new(hz * ratio + apart, 0.9 * gain, 0.9 * long).at(-side));
    }
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0006);
    let hammer = noise::burst(&mut rng, Burst { rise_secs: 0.0003, fall_secs: 0.006, hz: 4800.0, q: 0.6 });
    track.add(&hammer, 0.8, 0.0);
    track
}
