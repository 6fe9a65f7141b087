//! Clarinets, oboes, bassoons, saxophones and free reeds.

use neume_models::Family;

use super::ensemble::{self, Ensemble};
use super::envelope::{burst, fall, rise, step};
use super::filter;
use super::formant::Curve;
use super::harmonic::{self, Tone};
use super::noise::{self, Burst};
use super::oscillator::{Wave, sine};
use super::space;
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Clarinet, woody", Family::Reed, &[50, 57, 64, 71, 79, 86], clarinet).looped().trim(-1.0),
    Recipe::new("Oboe, plaintive", Family::Reed, &[58, 65, 72, 79, 86], oboe).looped(),
    Recipe::new("Bassoon, dry", Family::Reed, &[34, 41, 48, 55, 62, 69], bassoon).looped().trim(-1.0),
    Recipe::new("Alto saxophone, smoky", Family::Reed, &[49, 56, 63, 70, 77], saxophone).looped(),
    Recipe::new("Bagpipe chanter, piercing", Family::Reed, &[57, 64, 71, 78], bagpipe).looped(),
    Recipe::new("Harmonica, lonesome", Family::Reed, &[60, 67, 74, 81], harmonica).looped().trim(-1.0),
    Recipe::new("Duduk, mournful", Family::Reed, &[52, 58, 64, 70, 76], duduk).looped().trim(-3.0),
    Recipe::new("Tenor saxophone, growling", Family::Reed, &[44, 51, 58, 65, 72], growl).looped(),
    Recipe::new("Bass clarinet, hushed", Family::Reed, &[34, 41, 48, 55, 62], bass_clarinet)
        .looped()
        .trim(-5.0),
];

/// A closed cylinder: odd harmonics low down, even ones creeping in higher up.
fn clarinet(note: &Note) -> Track {
    let timeline = note.looped(0.7, 1.9);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let drift = Wander::new(&timeline, &mut rng, 1.1);
    let blow = Wander::new(&timeline, &mut rng, 2.2);
    let turns = timeline.turns(timeline.pitch_hz, |secs| f64::from(2.0 * drift.at(secs)));
    let holes =
        Curve::formants(&[(700.0, 1400.0, 0.0), (1500.0, 900.0, -4.0), (3300.0, 1600.0, -12.0)], 0.02);
    let tone = Tone { turns: &turns, count: 40, shimmer: 0.14, shimmer_hz: 2.7, grain: 0.05, pan: 0.0 };
    let chalumeau = 1.0 - step(note.octave(), -0.2, 1.6);
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let breath = rise(secs, 0.028) * (1.0 + 0.08 * blow.at(f64::from(secs)) * rise(secs, 0.4));
        let even = if k % 2 == 0 { (0.03 + 0.5 * (1.0 - chalumeau)) + (hz / 9000.0).min(0.5) } else { 1.0 };
        let grow = rise(secs, 0.02 + 0.004 * k as f32);
        breath * grow * even * holes.at(hz) / (1.0 + 0.22 * (k - 1) as f32)
    });
    let mut air = noise::white(&timeline, &mut rng);
    filter::band_pass(&mut air, 1.0, |_| 2300.0);
    super::track::shape(&mut air, |secs| 0.05 * rise(secs, 0.03) + 0.16 * burst(secs, 0.008, 0.03));
    track.add(&air, 1.0, -0.1);
    track
}

/// A narrow cone and a narrow pulse: a weak fundamental, strong formants at 1.1 and 2.9 kHz, an early vibrato.
fn oboe(note: &Note) -> Track {
    let timeline = note.looped(0.8, 1.8);
    let mut rng = note.rng();
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(10.0 * step(secs as f32, 0.2, 0.6) * vibrato.at(secs) - 20.0 * fall(secs as f32, 0.02))
    });
    let cone = Curve::formants(
        &[(1120.0, 420.0, 0.0), (2900.0, 700.0, -7.0), (4600.0, 900.0, -16.0), (600.0, 500.0, -9.0)],
        0.03,
    );
    let mut track = Track::silent(&timeline);
    let tone = Tone { turns: &turns, count: 36, shimmer: 0.12, shimmer_hz: 3.3, grain: 0.05, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let sway =
            1.0 + 0.1 * step(secs, 0.2, 0.6) * vibrato.at(f64::from(secs) + 0.03) * (1.0 + 0.06 * k as f32);
        rise(secs, 0.014 + 0.001 * k as f32) * sway * cone.at(hz) / (1.0 + 0.05 * k as f32)
    });
    let tongue = noise::burst(&mut rng, Burst { rise_secs: 0.003, fall_secs: 0.012, hz: 3000.0, q: 1.0 });
    track.add(&tongue, 0.22, 0.1);
    track
}

/// A pulse of the double reed through a long bent tube: one formant near 500 Hz, dry and a little hoarse.
fn bassoon(note: &Note) -> Track {
    let timeline = note.looped(0.7, 2.0);
    let mut rng = note.rng();
    let drift = Wander::new(&timeline, &mut rng, 1.6);
    let reed = Wander::new(&timeline, &mut rng, 4.2);
    let wave = Wave::pulse(timeline.pitch_hz, 0.11);
    let turns = timeline
        .turns(timeline.pitch_hz, |secs| f64::from(3.0 * drift.at(secs) - 30.0 * fall(secs as f32, 0.018)));
    let mut tube = vec![0.0; timeline.frames()];
    wave.add(&mut tube, &turns, |block| {
        let secs = block as f64 * super::timeline::BLOCK_SECS;
        rise(secs as f32, 0.018) * (1.0 + 0.1 * reed.at(secs)) * (1.0 + 0.3 * burst(secs as f32, 0.01, 0.06))
    });
    filter::low_pass(&mut tube, 0.8, |secs| {
        1050.0 + 500.0 * rise(secs, 0.04) + 120.0 * reed.at(f64::from(secs))
    });
    filter::body(&mut tube, &[(480.0, 3.5, 11.0), (1180.0, 4.0, 7.0), (230.0, 2.0, 3.0)]);
    let mut track = Track::mono(&timeline, tube);
    let rattle = noise::band(&timeline, &mut rng, 620.0, 1.4, |secs| {
        0.06 * rise(secs, 0.03) + 0.1 * burst(secs, 0.006, 0.02)
    });
    track.add(&rattle, 1.0, 0.35);
    track
}

/// A brass cone with a breathy reed: sub-tone air that pulses with the reed, a scoop, a wide late vibrato.
fn saxophone(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.0);
    let mut rng = note.rng();
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.0);
    let blow = Wander::new(&timeline, &mut rng, 2.4);
    let late = |secs: f32| step(secs, 0.4, 0.9);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(17.0 * late(secs as f32) * vibrato.at(secs) - 75.0 * fall(secs as f32, 0.045))
    });
    let bore = Curve::formants(
        &[(620.0, 420.0, 0.0), (1350.0, 500.0, -5.0), (2500.0, 900.0, -13.0), (3900.0, 1400.0, -20.0)],
        0.05,
    );
    let mut track = Track::silent(&timeline);
    let tone = Tone { turns: &turns, count: 44, shimmer: 0.22, shimmer_hz: 4.1, grain: 0.05, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let breath = rise(secs, 0.03) * (1.0 + 0.12 * blow.at(f64::from(secs)) * rise(secs, 0.3));
        let sway = 1.0 + 0.12 * late(secs) * vibrato.at(f64::from(secs));
        let second = if k == 2 { 1.35 } else { 1.0 };
        breath * sway * second * rise(secs, 0.015 + 0.005 * k as f32) * bore.at(hz) / (1.0 + 0.18 * k as f32)
    });
    let pulsed = |secs: f32| {
        (0.13 * rise(secs, 0.02) + 0.2 * burst(secs, 0.02, 0.06)) * (1.0 + 0.3 * blow.at(f64::from(secs)))
    };
    let mut air = noise::band(&timeline, &mut rng, 1700.0, 0.7, pulsed);
    for (block, frames) in air.chunks_mut(super::timeline::BLOCK).enumerate() {
        let step = (turns[block + 1] - turns[block]) / super::timeline::BLOCK as f64;
        for (i, frame) in frames.iter_mut().enumerate() {
            *frame *= 0.6 + 0.4 * sine(turns[block] + step * i as f64);
        }
    }
    track.add(&air, 1.0, -0.15);
    track
}

/// Reeds at full pressure that know no soft: a bright chanter, and a drone an octave under it that beats.
fn bagpipe(note: &Note) -> Track {
    let timeline = note.looped(0.6, 2.2);
    let mut rng = note.rng();
    let wave = Wave::pulse(timeline.pitch_hz, 0.17);
    let mut track = Track::silent(&timeline);
    let reeds = Ensemble {
        drift_cents: 3.0,
        attack_secs: 0.006,
        scoop_cents: 60.0,
        grain: 0.08,
        width: 0.4,
        ..Ensemble::still(&[-1.5, 7.0])
    };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &reeds);
    let drone = Wave::pulse(timeline.pitch_hz * 0.5, 0.32);
    for (cents, side) in [(-4.0f64, -0.8f32), (5.0, 0.8)] {
        let hz = timeline.snap_hz(timeline.pitch_hz * 0.5 * libm::exp2(cents / 1200.0));
        let mut low = vec![0.0; timeline.frames()];
        drone.add(&mut low, &timeline.turns(hz, |_| 0.0), |block| {
            0.26 * rise(block as f32 * super::timeline::BLOCK_SECS as f32, 0.03)
        });
        track.add(&low, 1.0, side);
    }
    let rub_hz = timeline.snap_motion_hz(47.0);
    track.each(|side| {
        filter::body(side, &[(1500.0, 3.0, 11.0), (3300.0, 3.0, 9.0), (800.0, 3.0, 4.0)]);
        filter::high_pass(side, 0.7, 240.0);
        super::track::shape(side, |secs| 1.0 + 0.45 * sine(rub_hz * f64::from(secs)));
    });
    track
}

/// Free reeds behind cupped hands that open and close; the second reed beats slowly.
fn harmonica(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.2);
    let mut rng = note.rng();
    let wave = Wave::new(timeline.pitch_hz, |k| {
        let even = if k % 2 == 0 { 0.75 } else { 1.0 };
        (even / (k as f32).sqrt() / (1.0 + 0.05 * k as f32), 0.25 * (k % 3) as f32)
    });
    let mut track = Track::silent(&timeline);
    let reeds = Ensemble {
        drift_cents: 2.0,
        attack_secs: 0.03,
        scoop_cents: 85.0,
        grain: 0.05,
        width: 0.5,
        ..Ensemble::still(&[-2.0, 4.0])
    };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &reeds);
    let hand_hz = timeline.snap_motion_hz(5.4);
    let hands = |secs: f32| step(secs, 0.3, 0.8) * sine(hand_hz * f64::from(secs));
    track.each(|side| {
        filter::low_pass(side, 0.9, |secs| 2700.0 + 1300.0 * hands(secs));
        filter::body(side, &[(1900.0, 2.5, 6.0), (700.0, 2.0, -3.0)]);
        super::track::shape(side, |secs| 1.0 + 0.22 * hands(secs));
    });
    let air = noise::band(&timeline, &mut rng, 3600.0, 0.8, |secs| {
        0.05 * rise(secs, 0.03) * (1.0 + 0.3 * hands(secs))
    });
    track.add(&air, 1.0, 0.0);
    track
}

/// Apricot wood and a broad reed: dark, close, with a slow vibrato of the lip that reaches down.
fn duduk(note: &Note) -> Track {
    let timeline = note.looped(1.1, 2.3);
    let mut rng = note.rng();
    let vibrato = Wander::vibrato(&timeline, &mut rng, 4.3);
    let swell = Wander::new(&timeline, &mut rng, 0.9);
    let late = |secs: f32| step(secs, 0.45, 1.0);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(late(secs as f32) * (20.0 * vibrato.at(secs) - 4.0) - 110.0 * fall(secs as f32, 0.08))
            + f64::from(late(secs as f32)) * 4.0
    });
    let wood = Curve::formants(&[(430.0, 380.0, 0.0), (1050.0, 300.0, -9.0), (1700.0, 600.0, -20.0)], 0.006);
    let mut track = Track::silent(&timeline);
    let tone = Tone { turns: &turns, count: 22, shimmer: 0.2, shimmer_hz: 2.2, grain: 0.05, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let breath = rise(secs, 0.075) * (1.0 + 0.2 * swell.at(f64::from(secs)) * rise(secs, 0.4));
        let sway = 1.0 + 0.14 * late(secs) * vibrato.at(f64::from(secs)) * (0.5 + 0.25 * k as f32).min(2.0);
        breath * sway * rise(secs, 0.03 + 0.012 * k as f32) * wood.at(hz)
    });
    let air = noise::band(&timeline, &mut rng, 900.0, 0.6, |secs| {
        0.06 * rise(secs, 0.05) + 0.1 * burst(secs, 0.04, 0.08)
    });
    track.add(&air, 1.0, 0.15);
    space::room(&mut track, 0.9, 2600.0, 0.15);
    track
}

/// The player hums into the horn, a sixth away from the note: reed and voice beat through the whole spectrum.
fn growl(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.3);
    let mut rng = note.rng();
    let hum_hz = timeline.snap_motion_hz(71.0);
    let lung = Wander::new(&timeline, &mut rng, 2.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let s = secs as f32;
        f64::from(16.0 * sine(hum_hz * secs) + 9.0 * lung.at(secs) - 130.0 * fall(s, 0.06))
    });
    let wave = Wave::pulse(timeline.pitch_hz, 0.21);
    let mut bore = vec![0.0; timeline.frames()];
    wave.add(&mut bore, &turns, |block| rise(block as f32 * super::timeline::BLOCK_SECS as f32, 0.025));
    let hum = |secs: f32| {
        let at = f64::from(secs);
        1.0 + rise(secs, 0.06) * (0.62 + 0.2 * lung.at(at)) * sine(hum_hz * at + 0.3)
    };
    super::track::shape(&mut bore, hum);
    filter::body(&mut bore, &[(560.0, 2.5, 7.0), (1250.0, 2.5, 8.0), (2700.0, 2.0, 6.0)]);
    filter::low_pass(&mut bore, 0.7, |secs| 3000.0 + 2200.0 * rise(secs, 0.08));
    let mut track = Track::silent(&timeline);
    bore.iter_mut().for_each(|x| *x = filter::soft_clip(0.5 * *x));
    track.add(&bore, 1.0, 0.0);
    let spit = noise::band(&timeline, &mut rng, 2300.0, 0.7, |secs| 0.25 * rise(secs, 0.02) * hum(secs));
    track.add(&spit, 0.5, 0.25);
    track
}

/// The lowest breath of a long black tube: odd harmonics that stop at the fifth, and the sound of the pads.
fn bass_clarinet(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let breath = Wander::new(&timeline, &mut rng, 1.2);
    let turns = timeline
        .turns(timeline.pitch_hz, |secs| f64::from(2.5 * breath.at(secs) - 18.0 * fall(secs as f32, 0.05)));
    let tone = Tone { turns: &turns, count: 9, shimmer: 0.25, shimmer_hz: 1.9, grain: 0.05, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, _| {
        const SHARES: [f32; 9] = [1.0, 0.02, 0.22, 0.02, 0.05, 0.01, 0.012, 0.004, 0.004];
        SHARES[k - 1] * rise(secs, 0.09 + 0.02 * k as f32) * (1.0 + 0.15 * breath.at(f64::from(secs)))
    });
    let air = noise::band(&timeline, &mut rng, 480.0, 0.6, |secs| {
        0.05 * rise(secs, 0.06) * (1.0 + 0.4 * breath.at(f64::from(secs)))
    });
    track.add(&air, 1.0, 0.15);
    let pad = noise::burst(&mut rng, Burst { rise_secs: 0.002, fall_secs: 0.02, hz: 300.0, q: 1.0 });
    track.add(&pad, 0.1, -0.2);
    space::room(&mut track, 0.8, 2000.0, 0.1);
    track
}
