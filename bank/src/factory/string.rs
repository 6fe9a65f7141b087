//! Bowed strings, and the same strings under a finger.

use neume_models::Family;

use super::ensemble::{self, Ensemble};
use super::envelope::{burst, fall, rise, step};
use super::filter;
use super::formant::Curve;
use super::harmonic::{self, Tone};
use super::noise::{self, Burst};
use super::oscillator::{Wave, sine};
use super::string_model::{Pluck, pluck};
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe, space};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Cello, singing", Family::String, &[36, 43, 50, 57, 64, 71], cello).looped(),
    Recipe::new("Violin, solo", Family::String, &[55, 62, 69, 76, 83, 90], violin).looped(),
    Recipe::new("String orchestra, slow", Family::String, &[36, 45, 54, 63, 72, 81], orchestra)
        .looped()
        .trim(-2.0),
    Recipe::new("Bowed psaltery", Family::String, &[60, 67, 74, 81], psaltery).looped().trim(-2.0),
    Recipe::new("Tremolo strings, agitated", Family::String, &[43, 51, 59, 67, 75], tremolo).looped(),
    Recipe::new("Pizzicato section", Family::String, &[36, 45, 54, 63, 72, 81], pizzicato),
    Recipe::new("Hurdy-gurdy, buzzing", Family::String, &[43, 52, 61, 70], hurdy_gurdy).looped(),
    Recipe::new("Viola, on the fingerboard", Family::String, &[48, 56, 64, 72], sul_tasto)
        .looped()
        .trim(-6.0),
];

/// The saw of a bow on a string, through the resonances of the body; vibrato sweeps the harmonics over them.
fn cello(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.1);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.3);
    let drift = Wander::new(&timeline, &mut rng, 1.4);
    let bow = Wander::new(&timeline, &mut rng, 3.1);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let late = step(secs as f32, 0.25, 0.75);
        f64::from(late * 15.0 * vibrato.at(secs) + 3.0 * drift.at(secs))
    });
    let body = Curve::formants(
        &[
            (105.0, 30.0, 2.0),
            (185.0, 40.0, 4.0),
            (230.0, 60.0, 2.0),
            (430.0, 120.0, 0.0),
            (640.0, 200.0, -3.0),
            (1150.0, 400.0, -1.0),
            (2200.0, 1400.0, 1.0),
        ],
        0.12,
    );
    let tone = Tone { turns: &turns, count: 56, shimmer: 0.2, shimmer_hz: 3.7, grain: 0.1, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let pull = rise(secs, 0.09) * (1.0 + 0.1 * bow.at(f64::from(secs)));
        let sway = if k < 24 {
            1.0 + 0.016 * step(secs, 0.25, 0.75) * vibrato.at(f64::from(secs)) * k as f32
        } else {
            1.0
        };
        let grow = rise(secs, 0.015 + 0.003 * k as f32);
        pull * grow * sway * body.at(hz) / k as f32 / (1.0 + (hz / 5200.0) * (hz / 5200.0))
    });
    let mut rosin = noise::white(&timeline, &mut rng);
    filter::band_pass(&mut rosin, 0.9, |_| 1900.0);
    filter::body(&mut rosin, &[(430.0, 3.0, 6.0)]);
    super::track::shape(&mut rosin, |secs| {
        0.07 * rise(secs, 0.03) * (1.0 + 0.4 * bow.at(f64::from(secs))) + 0.2 * burst(secs, 0.02, 0.05)
    });
    track.add(&rosin, 1.0, 0.1);
    track
}

/// A small bright box: air at 280 Hz, wood at 460 and 550, the bridge's hill at 2.5 kHz; the bow bites, then sings.
fn violin(note: &Note) -> Track {
    let timeline = note.looped(1.0, 1.9);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 6.1);
    let bow = Wander::new(&timeline, &mut rng, 3.6);
    let late = |secs: f32| step(secs, 0.15, 0.55);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(
            late(secs as f32) * 21.0 * vibrato.at(secs) + 3.0 * bow.at(0.4 * secs)
                - 25.0 * fall(secs as f32, 0.02),
        )
    });
    let body = Curve::formants(
        &[
            (278.0, 50.0, 0.0),
            (462.0, 70.0, 3.0),
            (552.0, 80.0, 2.0),
            (980.0, 300.0, -4.0),
            (2500.0, 1400.0, 3.0),
            (4300.0, 1500.0, -6.0),
        ],
        0.14,
    );
    let tone = Tone { turns: &turns, count: 40, shimmer: 0.24, shimmer_hz: 4.4, grain: 0.1, pan: 0.0 };
    let base_hz = timeline.pitch_hz as f32;
    let mut motion = (f32::NAN, 0.0);
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        if secs != motion.0 {
            motion = (secs, late(secs) * vibrato.at(f64::from(secs)));
        }
        // What vibrato does to each harmonic depends on the flank of the resonance where it lies.
        let flank = body.at(hz * (1.0 + 0.013 * motion.1));
        let pull = rise(secs, 0.035)
            * (1.0 + 0.09 * bow.at(f64::from(secs)))
            * (1.0 + 0.35 * burst(secs, 0.015, 0.05));
        pull * rise(secs, 0.01 + 0.002 * k as f32) * flank / k as f32 / (1.0 + hz / 9000.0 * base_hz / 400.0)
    });
    let rosin = noise::band(&timeline, &mut rng, 3600.0, 0.7, |secs| {
        0.07 * rise(secs, 0.02) * (1.0 + 0.4 * bow.at(f64::from(secs))) + 0.14 * burst(secs, 0.006, 0.03)
    });
    track.add(&rosin, 1.0, 0.15);
    space::room(&mut track, 0.9, 6000.0, 0.07);
    track
}

/// Ten desks that do not hurry, each with its own vibrato, and a hall.
fn orchestra(note: &Note) -> Track {
    let timeline = note.looped(1.4, 2.8);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::new(timeline.pitch_hz, |k| {
        (0.5 / k as f32 / (1.0 + 0.012 * (k * k) as f32).sqrt(), 0.37 * (k % 5) as f32 % 1.0)
    });
    let desks = Ensemble {
        drift_cents: 5.0,
        vibrato_hz: 5.5,
        vibrato_cents: 11.0,
        attack_secs: 0.2,
        late_secs: 0.12,
        scoop_cents: 10.0,
        grain: 0.1,
        ..Ensemble::still(&[-12.0, -8.0, -5.0, -1.5, 1.0, 4.0, 7.5, 12.0])
    };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &desks);
    let swell = Wander::new(&timeline, &mut rng, 0.6);
    track.each(|side| {
        filter::low_pass(side, 0.6, |secs| {
            2400.0 + 900.0 * swell.at(f64::from(secs)) + 1200.0 * rise(secs, 0.4)
        });
        filter::body(side, &[(290.0, 2.0, 2.0), (480.0, 2.0, 2.0), (2300.0, 1.2, 2.0)]);
    });
    let bows = noise::band(&timeline, &mut rng, 2600.0, 0.5, |secs| {
        0.05 * rise(secs, 0.2) * (1.0 + 0.3 * swell.at(f64::from(secs)))
    });
    track.add(&bows, 1.0, 0.0);
    space::room(&mut track, 1.9, 4000.0, 0.2);
    track
}

/// Short steel under a light bow: glassy, nasal, and every neighbour rings along.
fn psaltery(note: &Note) -> Track {
    let timeline = note.looped(1.2, 2.3);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let slip = Wander::new(&timeline, &mut rng, 7.5);
    let press = Wander::new(&timeline, &mut rng, 1.5);
    let turns = timeline
        .turns(timeline.pitch_hz, |secs| f64::from(4.0 * slip.at(secs) - 15.0 * fall(secs as f32, 0.03)));
    let box_of_pine = Curve::formants(
        &[(640.0, 220.0, 0.0), (1400.0, 350.0, 2.0), (3700.0, 900.0, 4.0), (6400.0, 1500.0, 0.0)],
        0.12,
    );
    let tone = Tone { turns: &turns, count: 24, shimmer: 0.5, shimmer_hz: 6.0, grain: 0.16, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let bite = rise(secs, 0.05 + 0.01 * k as f32) * (1.0 + 0.12 * press.at(f64::from(secs)));
        bite * box_of_pine.at(hz) / (k as f32).sqrt() / (1.0 + 0.05 * k as f32)
    });
    let scrape = noise::band(&timeline, &mut rng, 5200.0, 0.7, |secs| {
        0.07 * rise(secs, 0.03) * (1.0 + 0.6 * slip.at(f64::from(secs))) + 0.12 * burst(secs, 0.02, 0.08)
    });
    track.add(&scrape, 1.0, 0.2);
    space::room(&mut track, 2.4, 7500.0, 0.34);
    track
}

/// Bows that shake: each player's own twelve strokes a second, with the scrape of the turn.
fn tremolo(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.3);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::new(timeline.pitch_hz, |k| (0.6 / k as f32, 0.21 * (k % 4) as f32));
    for (cents, pan) in [(-9.0f32, -0.8f32), (-3.0, 0.5), (2.0, -0.3), (8.0, 0.8)] {
        let stroke_hz = timeline.snap_motion_hz(f64::from(rng.between(11.5, 14.0)));
        let phase = f64::from(rng.unit());
        let arm = Wander::new(&timeline, &mut rng, 1.7);
        let shaken = |secs: f32| {
            let at = f64::from(secs);
            let turn = sine(stroke_hz * at + phase + 0.06 * f64::from(arm.at(at)));
            rise(secs, 0.02) * (0.35 + 0.65 * turn.abs())
        };
        let hz = timeline.snap_hz(timeline.pitch_hz * libm::exp2(f64::from(cents) / 1200.0));
        let turns = timeline.turns(hz, |secs| f64::from(6.0 * arm.at(secs)));
        let mut desk = vec![0.0; timeline.frames()];
        wave.add(&mut desk, &turns, |block| shaken((block as f64 * super::timeline::BLOCK_SECS) as f32));
        let scrape = noise::band(&timeline, &mut rng, 3000.0, 0.6, |secs| {
            0.16 * (1.25 * rise(secs, 0.02) - shaken(secs))
        });
        track.add(&desk, 0.6, pan);
        track.add(&scrape, 0.6, pan);
    }
    track.each(|side| {
        filter::body(side, &[(300.0, 2.5, 4.0), (520.0, 3.0, 4.0), (2600.0, 1.2, 5.0)]);
        filter::low_pass(side, 0.7, |_| 6500.0);
    });
    space::room(&mut track, 1.0, 5000.0, 0.12);
    track
}

/// Three fingers, not together; wood and air answer, the string itself is soon gone.
fn pizzicato(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((1.5 - 0.4 * note.octave()).clamp(0.7, 2.2)));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 1.2 - 0.4 * note.octave(),
        high_t60_secs: 0.1,
        position: 0.27,
        touch_ms: 0.9 - 0.2 * note.octave(),
        grit: 0.15,
        stiffness: 0.0,
    };
    let mut track = Track::silent(&timeline);
    for (late, cents, pan) in [(0usize, -3.0f64, -0.6f32), (290, 4.0, 0.5), (620, 0.0, 0.0)] {
        let mut one = pluck(&timeline, &mut rng, timeline.pitch_hz * libm::exp2(cents / 1200.0), &string);
        one.rotate_right(late);
        one[..late].fill(0.0);
        filter::body(
            &mut one,
            &[(180.0, 3.0, 4.0), (290.0, 4.0, 7.0), (480.0, 4.0, 6.0), (1100.0, 2.0, 3.0)],
        );
        track.add(&one, 0.5, pan);
    }
    let flesh = noise::burst(&mut rng, Burst { rise_secs: 0.002, fall_secs: 0.012, hz: 850.0, q: 0.9 });
    track.add(&flesh, 0.35, 0.1);
    space::room(&mut track, 0.9, 4000.0, 0.14);
    track
}

/// A wheel instead of a bow, drones that are always there, and a loose bridge that rattles with the wrist.
fn hurdy_gurdy(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wheel_hz = timeline.snap_motion_hz(2.1);
    let wheel = move |secs: f32| sine(wheel_hz * f64::from(secs));
    let saw = Wave::new(timeline.pitch_hz, |k| (0.6 / (k as f32).sqrt() / (1.0 + 0.02 * k as f32), 0.0));
    for (ratio, cents, gain, pan) in
        [(1.0f64, 0.0f64, 1.0f32, 0.0f32), (0.5, 3.0, 0.6, -0.7), (0.75, -4.0, 0.45, 0.7)]
    {
        let hz = timeline.snap_hz(timeline.pitch_hz * ratio * libm::exp2(cents / 1200.0));
        let turns = timeline.turns(hz, |secs| f64::from(5.0 * wheel(secs as f32)));
        let mut part = vec![0.0; timeline.frames()];
        saw.add(&mut part, &turns, |block| {
            let secs = (block as f64 * super::timeline::BLOCK_SECS) as f32;
            gain * rise(secs, 0.03) * (1.0 + 0.15 * wheel(secs + 0.1))
        });
        track.add(&part, 0.5, pan);
    }
    let rattle_hz = timeline.snap_motion_hz(58.0);
    let rattle = noise::band(&timeline, &mut rng, 2700.0, 1.0, |secs| {
        let struck = (wheel(secs) * 1.6).clamp(0.0, 1.0);
        0.5 * struck * rise(secs, 0.02) * (0.5 + 0.5 * sine(rattle_hz * f64::from(secs)))
    });
    track.add(&rattle, 1.0, 0.3);
    track.each(|side| {
        filter::body(side, &[(350.0, 3.0, 5.0), (900.0, 3.0, 6.0), (1900.0, 3.0, 7.0)]);
        filter::high_pass(side, 0.7, 110.0);
        filter::low_pass(side, 0.7, |_| 7000.0);
    });
    track
}

/// Far from the bridge with hardly any weight: a fundamental, a veil of hair on the string.
fn sul_tasto(note: &Note) -> Track {
    let timeline = note.looped(1.4, 2.6);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 4.4);
    let bow = Wander::new(&timeline, &mut rng, 2.0);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(7.0 * step(secs as f32, 0.5, 1.2) * vibrato.at(secs) + 3.0 * bow.at(secs))
    });
    let body = Curve::formants(&[(230.0, 60.0, 0.0), (390.0, 90.0, 2.0), (700.0, 200.0, -6.0)], 0.05);
    let tone = Tone { turns: &turns, count: 12, shimmer: 0.35, shimmer_hz: 2.6, grain: 0.12, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let n = k as f32;
        rise(secs, 0.16 + 0.03 * n) * (1.0 + 0.14 * bow.at(f64::from(secs))) * body.at(hz) / (n * n)
    });
    let hair = noise::band(&timeline, &mut rng, 1500.0, 0.5, |secs| {
        0.03 * rise(secs, 0.12) * (1.0 + 0.5 * bow.at(f64::from(secs)))
    });
    track.add(&hair, 1.0, -0.2);
    space::room(&mut track, 1.2, 3000.0, 0.12);
    track
}
