//! Plucked strings on a body or a pickup.

use neume_models::Family;

use super::envelope::burst;
use super::filter;
use super::noise::{self, Burst};
use super::string_model::{Pluck, pluck};
use super::track::Track;
use super::{Note, Recipe, space};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Nylon guitar, warm", Family::Guitar, &[40, 47, 54, 61, 68, 76], nylon).trim(-2.0),
    Recipe::new("Steel-string guitar, bright", Family::Guitar, &[40, 47, 54, 61, 68, 76], steel),
    Recipe::new("Electric guitar, neck pickup", Family::Guitar, &[40, 48, 56, 64, 72], electric).trim(-1.0),
    Recipe::new("Palm-muted guitar", Family::Guitar, &[40, 46, 52, 58, 64], muted),
    Recipe::new("Overdriven guitar, power fifths", Family::Guitar, &[40, 46, 52, 58, 64, 70], overdriven),
    Recipe::new("Twelve-string, shimmering", Family::Guitar, &[40, 48, 56, 64], twelve),
    Recipe::new("Banjo, dry", Family::Guitar, &[50, 57, 64, 71], banjo),
    Recipe::new("Celtic harp, clear", Family::Guitar, &[43, 52, 61, 70, 79], harp).trim(-2.0),
    Recipe::new("Sitar, buzzing", Family::Guitar, &[48, 55, 62, 69, 76], sitar),
    Recipe::new("Jazz guitar, thumb", Family::Guitar, &[40, 47, 54, 61, 68], jazz).trim(-4.0),
];

/// Finger flesh on nylon, a spruce top under it. Two planes of swinging, a little apart in pitch.
fn nylon(note: &Note) -> Track {
    let timeline = note.decaying(3.6 - 0.5 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 4.2 - 0.9 * note.octave(),
        high_t60_secs: 0.42,
        position: 0.19,
        touch_ms: 0.75 - 0.12 * note.octave(),
        grit: 0.12,
        stiffness: 0.0,
    };
    let mut track = Track::silent(&timeline);
    let hz = timeline.pitch_hz;
    let mut up = pluck(&timeline, &mut rng, hz * 1.0002, &string);
    let mut along =
        pluck(&timeline, &mut rng, hz * 0.9997, &Pluck { t60_secs: string.t60_secs * 0.45, ..string });
    let top =
        [(104.0, 6.0, 7.0), (196.0, 8.0, 8.0), (410.0, 7.0, 4.0), (860.0, 4.0, 2.0), (2600.0, 1.5, -4.0)];
    filter::body(&mut up, &top);
    filter::body(&mut along, &[(130.0, 5.0, 6.0), (240.0, 7.0, 6.0), (530.0, 6.0, 4.0)]);
    track.add(&up, 0.8, -0.15);
    track.add(&along, 0.5, 0.3);
    track
}

/// A thin plectrum near the bridge on bronze: long high partials, a click of the pick, a boxy top.
fn steel(note: &Note) -> Track {
    let timeline = note.decaying(4.2 - 0.6 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 9.0 - 2.4 * note.octave(),
        high_t60_secs: 1.3,
        position: 0.14,
        touch_ms: 0.3,
        grit: 0.2,
        stiffness: 0.12,
    };
    let mut track = Track::silent(&timeline);
    for (cents, t60, pan) in [(0.4f64, 1.0f32, -0.35f32), (-0.6, 0.5, 0.35)] {
        let touched = Pluck { t60_secs: string.t60_secs * t60, ..string };
        let mut plane = pluck(&timeline, &mut rng, timeline.pitch_hz * libm::exp2(cents / 1200.0), &touched);
        filter::body(
            &mut plane,
            &[(112.0, 5.0, 5.0), (225.0, 6.0, 5.0), (610.0, 3.0, -3.0), (2800.0, 1.2, 2.0)],
        );
        track.add(&plane, 0.6, pan);
    }
    let pick = noise::burst(&mut rng, Burst { rise_secs: 0.0006, fall_secs: 0.004, hz: 4600.0, q: 0.7 });
    track.add(&pick, 0.35, 0.1);
    track
}

/// Round-wound steel over a pickup near the neck: its place takes harmonics out, its coil the top off.
fn electric(note: &Note) -> Track {
    let timeline = note.decaying(4.4 - 0.7 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 8.0 - 2.0 * note.octave(),
        high_t60_secs: 0.9,
        position: 0.28,
        touch_ms: 0.4,
        grit: 0.1,
        stiffness: 0.08,
    };
    let heard = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let mut coil = pickup(&heard, timeline.pitch_hz, 0.24);
    filter::low_pass(&mut coil, 1.6, |_| 2300.0);
    coil.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 0.8));
    let mut track = Track::mono(&timeline, coil);
    space::room(&mut track, 1.2, 3000.0, 0.1);
    track
}

/// What a pickup at a fraction of the string's length hears.
fn pickup(string: &[f32], hz: f64, place: f64) -> Vec<f32> {
    let behind = (f64::from(super::timeline::RATE_HZ) / hz * place) as usize;
    (0..string.len()).map(|i| string[i] - if i >= behind { string[i - behind] } else { 0.0 }).collect()
}

/// The hand on the bridge: a thump with a pitch in it.
fn muted(note: &Note) -> Track {
    let timeline = note.decaying(0.9);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 0.42 - 0.08 * note.octave(),
        high_t60_secs: 0.07,
        position: 0.08,
        touch_ms: 0.3,
        grit: 0.35,
        stiffness: 0.1,
    };
    let heard = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let mut coil = pickup(&heard, timeline.pitch_hz, 0.09);
    filter::body(&mut coil, &[(140.0, 1.2, 8.0), (1100.0, 1.5, 5.0)]);
    coil.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 1.6));
    let mut track = Track::mono(&timeline, coil);
    let chunk = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.012, hz: 420.0, q: 0.9 });
    track.add(&chunk, 0.4, 0.0);
    track
}

/// Root and fifth into the same valve: what they make together is the roughness.
fn overdriven(note: &Note) -> Track {
    let timeline = note.decaying(4.5);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 9.0,
        high_t60_secs: 1.6,
        position: 0.13,
        touch_ms: 0.25,
        grit: 0.3,
        stiffness: 0.1,
    };
    let mut sum = vec![0.0f32; timeline.frames()];
    for (ratio, gain) in [(1.0, 1.0), (1.4983, 0.7), (2.002, 0.4)] {
        let one = pluck(&timeline, &mut rng, timeline.pitch_hz * ratio, &string);
        sum.iter_mut()
            .zip(pickup(&one, timeline.pitch_hz * ratio, 0.1))
            .for_each(|(sum, x)| *sum += gain * x);
    }
    filter::high_pass(&mut sum, 0.7, 130.0);
    sum.iter_mut().for_each(|x| {
        // Two stages, the second a little to one side, as a valve is.
        let first = filter::soft_clip(*x * 9.0);
        *x = filter::soft_clip(first * 4.0 + 0.25) - 0.25;
    });
    let cabinet = |side: &mut [f32]| {
        filter::high_pass(side, 0.8, 85.0);
        filter::body(side, &[(120.0, 1.4, 4.0), (2600.0, 1.6, 6.0)]);
        filter::low_pass(side, 0.9, |_| 4300.0);
        filter::low_pass(side, 0.7, |_| 5200.0);
    };
    cabinet(&mut sum);
    let mut track = Track::mono(&timeline, sum);
    track.shape(|secs| if secs < 3.4 { 1.0 } else { libm::expf(-(secs - 3.4) / 0.22) });
    space::room(&mut track, 0.6, 3500.0, 0.1);
    track
}

/// Six courses of two: an octave apart below, in unison above, never quite agreeing.
fn twelve(note: &Note) -> Track {
    let timeline = note.decaying(4.4 - 0.6 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 6.0 - 1.2 * note.octave(),
        high_t60_secs: 2.2,
        position: 0.15,
        touch_ms: 0.14,
        grit: 0.2,
        stiffness: 0.12,
    };
    let mut track = Track::silent(&timeline);
    let second = if note.midi < 58 { 2.0 } else { 1.0 };
    for (ratio, late_secs, gain, pan) in
        [(0.9992, 0.0, 0.6f32, -0.6f32), (second * 1.0022, 0.014, 0.5, 0.6), (1.0005, 0.001, 0.3, -0.2)]
    {
        let mut course = pluck(&timeline, &mut rng, timeline.pitch_hz * ratio, &string);
        course.rotate_right((late_secs * 48_000.0) as usize);
        filter::body(&mut course, &[(105.0, 5.0, 4.0), (210.0, 6.0, 4.0), (5200.0, 1.0, 5.0)]);
        filter::high_pass(&mut course, 0.7, 110.0);
        track.add(&course, gain, pan);
    }
    let pick = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.006, hz: 6000.0, q: 0.7 });
    track.add(&pick, 0.25, 0.3);
    track
}

/// A drum for a body: it takes the string's force at once and answers between 400 and 1,000 Hz.
fn banjo(note: &Note) -> Track {
    let timeline = note.decaying(1.6);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 1.3 - 0.3 * note.octave(),
        high_t60_secs: 0.4,
        position: 0.1,
        touch_ms: 0.3,
        grit: 0.15,
        stiffness: 0.15,
    };
    let mut samples = pluck(&timeline, &mut rng, timeline.pitch_hz * 1.0003, &string);
    filter::high_pass(&mut samples, 0.8, 280.0);
    filter::body(
        &mut samples,
        &[(430.0, 4.0, 9.0), (760.0, 5.0, 10.0), (1250.0, 4.0, 7.0), (2900.0, 2.0, 5.0)],
    );
    let mut track = Track::mono(&timeline, samples);
    let skin = noise::burst(&mut rng, Burst { rise_secs: 0.0005, fall_secs: 0.014, hz: 680.0, q: 2.5 });
    track.add(&skin, 0.4, 0.0);
    track
}

/// Fingertips in the middle of a long string, a hollow of willow: odd harmonics, a soft start, a wide ring.
fn harp(note: &Note) -> Track {
    let timeline = note.decaying(4.6 - 0.8 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 6.5 - 1.5 * note.octave(),
        high_t60_secs: 0.6,
        position: 0.42,
        touch_ms: 0.5,
        grit: 0.05,
        stiffness: 0.0,
    };
    let mut track = Track::silent(&timeline);
    for (cents, pan) in [(0.5f64, -0.5f32), (-0.5, 0.5)] {
        let mut side = pluck(&timeline, &mut rng, timeline.pitch_hz * libm::exp2(cents / 1200.0), &string);
        filter::body(&mut side, &[(150.0, 3.0, 3.0), (320.0, 4.0, 5.0), (720.0, 3.0, 3.0)]);
        track.add(&side, 0.6, pan);
    }
    track.shape(|secs| 0.75 + 0.25 * burst(secs, 0.001, 0.1));
    space::room(&mut track, 1.6, 5000.0, 0.22);
    track
}

/// A string that grazes a wide bridge: the nearer it swings to it, the more it buzzes; drones ring along below.
fn sitar(note: &Note) -> Track {
    let timeline = note.decaying(4.0);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 5.5 - 1.0 * note.octave(),
        high_t60_secs: 2.4,
        position: 0.09,
        touch_ms: 0.12,
        grit: 0.15,
        stiffness: 0.05,
    };
    let mut track = Track::silent(&timeline);
    let mut main = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let mut swing = 0.0f32;
    let mut height = 0.0f32;
    for x in &mut main {
        // The bridge follows the swing; what goes past it is folded back.
        swing = swing.max(x.abs()) * 0.99993;
        height += 0.3 * (*x - height);
        let over = (height.abs() - 0.35 * swing).max(0.0);
        *x += 2.4 * over * height.signum() * if height > 0.0 { -1.0 } else { 0.4 };
    }
    filter::body(&mut main, &[(420.0, 3.0, 4.0), (1500.0, 1.5, 5.0), (3900.0, 1.2, 7.0)]);
    filter::high_pass(&mut main, 0.7, 140.0);
    track.add(&main, 0.7, 0.0);
    for (ratio, gain, pan) in [(0.5004f64, 0.1f32, -0.7f32), (0.7493, 0.08, 0.7), (1.0011, 0.12, 0.4)] {
        let mut drone = pluck(&timeline, &mut rng, timeline.pitch_hz * ratio, &string);
        super::track::shape(&mut drone, |secs| 1.0 - libm::expf(-secs / 0.15));
        filter::high_pass(&mut drone, 0.7, 300.0);
        track.add(&drone, gain, pan);
    }
    let nail = noise::burst(&mut rng, Burst { rise_secs: 0.0004, fall_secs: 0.004, hz: 4200.0, q: 0.8 });
    track.add(&nail, 0.3, 0.1);
    track
}

/// Flat-wound strings, the flesh of a thumb, the tone control shut: a round note with a thump under it.
fn jazz(note: &Note) -> Track {
    let timeline = note.decaying(3.2 - 0.5 * f64::from(note.octave()));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 4.0 - 0.9 * note.octave(),
        high_t60_secs: 0.2,
        position: 0.36,
        touch_ms: 1.7 - 0.3 * note.octave(),
        grit: 0.05,
        stiffness: 0.0,
    };
    let heard = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let mut coil = pickup(&heard, timeline.pitch_hz, 0.27);
    filter::low_pass(&mut coil, 0.8, |_| 620.0);
    filter::low_pass(&mut coil, 0.7, |_| 900.0);
    let mut track = Track::mono(&timeline, coil);
    let flesh = noise::burst(&mut rng, Burst { rise_secs: 0.003, fall_secs: 0.014, hz: 190.0, q: 0.8 });
    track.add(&flesh, 0.12, 0.0);
    space::room(&mut track, 0.7, 2500.0, 0.08);
    track
}
