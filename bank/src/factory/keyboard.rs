//! Pianos, electric pianos and their plucked ancestors.

use neume_models::Family;

use super::envelope::{fall, rise};
use super::filter;
use super::fm::{self, Pair};
use super::modal::{self, Mode};
use super::noise::{self, Burst};
use super::oscillator::sine;
use super::space;
use super::string_model::{Pluck, pluck};
use super::timeline::Timeline;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Felt piano, close", Family::Keyboard, &[28, 36, 44, 52, 60, 68, 76, 84], felt_piano)
        .trim(-5.0),
    Recipe::new("Concert grand", Family::Keyboard, &[28, 36, 44, 52, 60, 68, 76, 84], grand),
    Recipe::new("Tine piano, bell-like", Family::Keyboard, &[36, 45, 54, 63, 72, 81], tine_piano).trim(-2.0),
    Recipe::new("Reed piano, barking", Family::Keyboard, &[38, 47, 56, 65, 74], reed_piano),
    Recipe::new("Harpsichord, two choirs", Family::Keyboard, &[36, 45, 54, 63, 72, 81], harpsichord),
    Recipe::new("Clavinet, biting", Family::Keyboard, &[36, 45, 54, 63, 72], clavinet),
    Recipe::new("Saloon piano, out of tune", Family::Keyboard, &[40, 50, 60, 70, 80], saloon),
    Recipe::new("Prepared piano, rattling", Family::Keyboard, &[36, 45, 54, 63, 72, 81], prepared),
];

/// What a hammer and its strings are like.
struct Hammer {
    /// Where it strikes, as a fraction of the string.
    position: f64,
    /// Frequency over which it is too soft to put force in.
    soft_hz: f32,
    /// Inharmonicity coefficient B.
    stiffness: f32,
    /// Decay of the fundamental, and how much faster high partials die.
    t60_secs: f32,
    damping: f32,
    partials: usize,
    /// How far the strings of a course lie apart, as a ratio over 1.
    course: f32,
}

fn strings(note: &Note, timeline: &Timeline, hammer: &Hammer) -> Vec<Mode> {
    let mut rng = note.rng();
    let pitch_hz = timeline.pitch_hz as f32;
    let partials = hammer.partials.min((15_000.0 / pitch_hz) as usize);
    let mut modes = Vec::new();
    for k in 1..=partials {
        let n = k as f32;
        let hz = pitch_hz * n * ((1.0 + hammer.stiffness * n * n) / (1.0 + hammer.stiffness)).sqrt();
        let soft = hz / hammer.soft_hz;
        let touch = sine(0.5 * k as f64 * hammer.position).abs() + 0.02;
        // The soundboard gives little below 60 Hz.
        let board = hz * hz / (hz * hz + 3600.0);
        let gain = board * touch / (1.0 + soft * soft) / (1.0 + 0.04 * n) * rng.between(0.8, 1.2);
        let t60 = hammer.t60_secs / (1.0 + hammer.damping * hz / 1000.0);
        let pan = 0.5 * rng.bipolar();
        // The strings of a course start together and die fast, then swing against each other for long.
        modes.push(Mode::new(hz, gain, 0.35 * t60).at(pan));
        if k <= 12 {
            modes.push(
                Mode::new(hz * (1.0 + hammer.course * rng.between(0.2, 1.0)), 0.3 * gain, t60).at(-pan),
            );
        }
    }
    modes
}

fn felt_piano(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((4.4 - 0.8 * note.octave()).clamp(1.8, 5.0)));
    let hammer = Hammer {
        position: 0.12,
        soft_hz: 620.0 + 230.0 * note.octave().max(-1.0),
        stiffness: 0.000_35 * libm::exp2f(1.1 * note.octave()),
        t60_secs: 9.0 * libm::exp2f(-0.75 * note.octave()),
        damping: 1.2,
        partials: (24.0 - 8.0 * note.octave()).clamp(18.0, 48.0) as usize,
        course: 0.0005,
    };
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &strings(note, &timeline, &hammer), 0.006);
    let mut rng = note.rng();
    let felt = noise::burst(&mut rng, Burst { rise_secs: 0.004, fall_secs: 0.022, hz: 480.0, q: 0.6 });
    track.add(&felt, 0.35, 0.05);
    let key = [
        Mode::new(92.0, 0.3, 0.14),
        Mode::new(171.0, 0.2, 0.1).at(-0.2),
        Mode::new(288.0, 0.1, 0.07).at(0.2),
    ];
    modal::ring(&mut track, &timeline, &key, 0.003);
    track
}

/// Hard felt on long strings, a big board: bright at first, and two decays.
fn grand(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((4.8 - 0.8 * note.octave()).clamp(2.0, 5.5)));
    let hammer = Hammer {
        position: 0.118,
        soft_hz: 1500.0 + 350.0 * note.octave().max(-1.2),
        stiffness: 0.000_28 * libm::exp2f(1.1 * note.octave()),
        t60_secs: 15.0 * libm::exp2f(-0.75 * note.octave()),
        damping: 0.75,
        partials: (44.0 - 14.0 * note.octave()).clamp(30.0, 84.0) as usize,
        course: 0.0004,
    };
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &strings(note, &timeline, &hammer), 0.0015);
    let mut rng = note.rng();
    let knock = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.02, hz: 700.0, q: 0.5 });
    track.add(&knock, 0.35, 0.1);
    space::room(&mut track, 1.1, 5000.0, 0.09);
    track
}

/// Thin old strings, three to a note and none of them right, under hard hammers.
fn saloon(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((3.0 - 0.6 * note.octave()).clamp(1.5, 4.0)));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 5.0 - 1.6 * note.octave(),
        high_t60_secs: 0.8,
        position: 0.1,
        touch_ms: 0.35 - 0.08 * note.octave(),
        grit: 0.12,
        stiffness: 0.35,
    };
    let mut track = Track::silent(&timeline);
    for (cents, pan) in [(-13.0f64, -0.5f32), (1.0, 0.0), (11.0, 0.5)] {
        let hz = timeline.pitch_hz * libm::exp2(cents / 1200.0);
        let mut one = pluck(&timeline, &mut rng, hz, &string);
        filter::body(&mut one, &[(190.0, 2.0, 4.0), (900.0, 1.5, 4.0), (2700.0, 1.2, 5.0)]);
        track.add(&one, 0.5, pan);
    }
    let knock = noise::burst(&mut rng, Burst { rise_secs: 0.0008, fall_secs: 0.013, hz: 1300.0, q: 0.7 });
    track.add(&knock, 0.8, 0.0);
    track
}

/// A hammer on a rod beside a pickup: a bell that leaves at once, a sine that stays and leans to one side.
fn tine_piano(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((4.0 - 0.6 * note.octave()).clamp(2.0, 5.0)));
    let mut rng = note.rng();
    let turns = timeline.turns(timeline.pitch_hz, |_| 0.0);
    let bell: Vec<f64> = turns.iter().map(|turn| 14.0 * turn).collect();
    let long = 1.6 * libm::exp2f(-0.5 * note.octave());
    let mut out = vec![0.0; timeline.frames()];
    let tone = Pair { carrier: &turns, modulator: &turns, feedback: 0.0 };
    fm::add(
        &mut out,
        &tone,
        |secs| rise(secs, 0.002) * fall(secs, long),
        |secs| 0.35 + 0.9 * fall(secs, 0.35 * long),
    );
    let chime = Pair { carrier: &turns, modulator: &bell, feedback: 0.0 };
    let ring = 0.22 * libm::exp2f(-0.5 * note.octave());
    fm::add(&mut out, &chime, |secs| 0.5 * fall(secs, 0.6 * long), |secs| 0.75 * fall(secs, ring));
    let mut track = Track::silent(&timeline);
    track.add(&out, 0.7, 0.0);
    let thump = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.012, hz: 260.0, q: 0.8 });
    track.add(&thump, 0.5, 0.0);
    // The cabinet's tremolo goes from side to side.
    let pan = |secs: f32| 0.22 * sine(4.6 * f64::from(secs));
    super::track::shape(&mut track.left, |secs| 1.0 + pan(secs));
    super::track::shape(&mut track.right, |secs| 1.0 - pan(secs));
    track
}

/// A steel reed in an electric field: it clips on one side when it is hit hard, and growls as it calms down.
fn reed_piano(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((3.0 - 0.5 * note.octave()).clamp(1.5, 4.0)));
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let long = 6.0 * libm::exp2f(-0.55 * note.octave());
    let modes = [
        Mode::new(hz, 1.0, long),
        Mode::new(hz * 2.0, 0.2, 0.7 * long),
        Mode::new(hz * 6.3, 0.16, 0.12 * long),
        Mode::new(hz * 17.5, 0.06, 0.05 * long),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.002);
    let near = |x: f32| {
        let moved = (1.6 * x).clamp(-0.92, 4.0);
        moved / (1.0 + 0.75 * moved)
    };
    track.each(|side| {
        side.iter_mut().for_each(|x| *x = near(*x));
        filter::body(side, &[(900.0, 1.2, 4.0), (2400.0, 1.5, 4.0)]);
        filter::low_pass(side, 0.8, |_| 5200.0);
    });
    let thud = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.01, hz: 800.0, q: 0.8 });
    track.add(&thud, 0.35, 0.0);
    let shake = |secs: f32| 1.0 - 0.16 * (0.5 + 0.5 * sine(5.6 * f64::from(secs)));
    track.shape(shake);
    track
}

/// Quills on brass: eight-foot and four-foot strings together, a click, no dynamics to speak of.
fn harpsichord(note: &Note) -> Track {
    let timeline = note.decaying(f64::from((3.4 - 0.7 * note.octave()).clamp(1.4, 4.5)));
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 8.0 - 2.4 * note.octave(),
        high_t60_secs: 3.2,
        position: 0.13,
        touch_ms: 0.22,
        grit: 0.08,
        stiffness: 0.05,
    };
    let mut track = Track::silent(&timeline);
    for (ratio, gain, pan) in [(1.0003, 0.6f32, -0.3f32), (2.0009, 0.34, 0.4)] {
        let mut choir = pluck(&timeline, &mut rng, timeline.pitch_hz * ratio, &string);
        filter::body(&mut choir, &[(260.0, 2.0, 3.0), (1800.0, 1.0, 3.0), (4500.0, 1.0, 4.0)]);
        filter::high_pass(&mut choir, 0.7, 150.0);
        track.add(&choir, gain, pan);
    }
    let quill = noise::burst(&mut rng, Burst { rise_secs: 0.0004, fall_secs: 0.003, hz: 5200.0, q: 0.6 });
    track.add(&quill, 0.5, 0.0);
    let jack = noise::burst(&mut rng, Burst { rise_secs: 0.004, fall_secs: 0.012, hz: 320.0, q: 1.0 });
    track.add(&jack, 0.25, 0.2);
    track
}

/// A rubber tip presses the string on an anvil; two pickups out of phase leave only the edge.
fn clavinet(note: &Note) -> Track {
    let timeline = note.decaying(2.2);
    let mut rng = note.rng();
    let string = Pluck {
        t60_secs: 2.4 - 0.7 * note.octave(),
        high_t60_secs: 0.7,
        position: 0.5,
        touch_ms: 0.1,
        grit: 0.06,
        stiffness: 0.2,
    };
    let heard = pluck(&timeline, &mut rng, timeline.pitch_hz, &string);
    let period = f64::from(super::timeline::RATE_HZ) / timeline.pitch_hz;
    let (near, far) = ((0.06 * period) as usize, (0.17 * period) as usize);
    let tap = |i: usize, behind: usize| if i >= behind { heard[i - behind] } else { 0.0 };
    let mut edge: Vec<f32> = (0..heard.len()).map(|i| tap(i, near) - tap(i, far) + 0.15 * heard[i]).collect();
    filter::body(&mut edge, &[(1600.0, 2.0, 7.0), (3600.0, 1.5, 3.0)]);
    edge.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 1.3));
    let mut track = Track::mono(&timeline, edge);
    let tip = noise::burst(&mut rng, Burst { rise_secs: 0.0005, fall_secs: 0.004, hz: 1500.0, q: 1.0 });
    track.add(&tip, 0.4, 0.0);
    track
}

/// Screws and rubber between the strings: the note is choked and bent into a bell, and loose metal chatters on it.
fn prepared(note: &Note) -> Track {
    let timeline = note.decaying(2.2);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let ring = 1.5 * libm::exp2f(-0.3 * note.octave());
    let mut modes = vec![Mode::new(hz, 1.0, ring), Mode::new(hz * 2.003, 0.4, 0.6 * ring)];
    for ratio in [2.76f32, 3.37, 4.19, 5.23, 6.41, 7.9] {
        // Each is split by what is wedged there.
        let (gain, long) = (0.5 * rng.between(0.5, 1.0), 0.5 * ring * rng.between(0.4, 1.0));
        let apart = rng.between(24.0, 55.0);
        modes.push(Mode::new(hz * ratio, gain, long).at(rng.bipolar()));
        modes.push(Mode::new(hz * ratio + apart, gain, long).at(rng.bipolar()));
    }
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.001);
    let mut loose = noise::white(&timeline, &mut rng);
    let chatter_hz = 43.0 + 0.02 * hz;
    super::track::shape(&mut loose, |secs| {
        let touch = sine(f64::from(chatter_hz * secs * (1.0 + 0.2 * secs))).max(0.0);
        2.5 * touch * touch * fall(secs, 0.22) * rise(secs, 0.004)
    });
    filter::band_pass(&mut loose, 1.6, |_| 3700.0);
    track.add(&loose, 1.0, 0.4);
    let knock = noise::burst(&mut rng, Burst { rise_secs: 0.0006, fall_secs: 0.018, hz: 520.0, q: 0.7 });
    track.add(&knock, 0.6, -0.1);
    track
}
