//! Horns, trumpets, trombones, tubas: the louder the lips, the brighter the tone.

use neume_models::Family;

use super::envelope::{burst, fall, rise, step};
use super::filter;
use super::formant::Curve;
use super::harmonic::{self, Tone};
use super::noise;
use super::timeline::{Timeline, Wander};
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("French horn, mellow", Family::Brass, &[36, 43, 50, 57, 64, 71, 77], horn)
        .looped()
        .trim(-2.0),
    Recipe::new("Trumpet, open", Family::Brass, &[55, 62, 69, 76, 82], trumpet).looped(),
];

/// What the lips and the bell do.
struct Lips<'a> {
    /// Time constant of the breath's rise.
    attack_secs: f32,
    /// Where the spectrum begins to fall once the breath stands, and how many orders it falls with.
    cutoff_hz: f32,
    order: i32,
    bell: &'a Curve,
    /// How far under the pitch the note is found, in cents.
    scoop_cents: f32,
    vibrato_hz: f64,
    vibrato_cents: f32,
    /// When the vibrato comes in.
    vibrato_secs: f32,
    /// Level of the breath noise.
    breath: f32,
}

fn play(note: &Note, timeline: &Timeline, lips: &Lips) -> Track {
    let mut rng = note.rng();
    let mut track = Track::silent(timeline);
    let vibrato = Wander::vibrato(timeline, &mut rng, lips.vibrato_hz);
    let drift = Wander::new(timeline, &mut rng, 1.3);
    let pressure = Wander::new(timeline, &mut rng, 2.6);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let late = step(secs as f32, lips.vibrato_secs, lips.vibrato_secs + 0.4);
        let scoop = lips.scoop_cents * fall(secs as f32, 0.035);
        f64::from(late * lips.vibrato_cents * vibrato.at(secs) + 2.5 * drift.at(secs) - scoop)
    });
    let tone = Tone { turns: &turns, count: 48, shimmer: 0.18, shimmer_hz: 3.1, pan: 0.0 };
    let mut last = (f32::NAN, 0.0, 0.0);
    harmonic::add(&mut track, timeline, &mut rng, &tone, |secs, k, hz| {
        if secs != last.0 {
            // The breath overshoots a little, then stands; brightness follows it more than loudness does.
            let breath = rise(secs, lips.attack_secs) * (1.0 + 0.25 * burst(secs, 0.05, 0.12));
            let sway = 1.0 + 0.07 * pressure.at(f64::from(secs)) * rise(secs, 0.3);
            last = (secs, breath * sway, lips.cutoff_hz * (0.12 + 0.88 * breath * breath) * sway);
        }
        let (_, breath, cutoff_hz) = last;
        let late = rise(secs - 0.0016 * k as f32, lips.attack_secs * (0.5 + 0.06 * k as f32));
        let over = hz / cutoff_hz;
        let slope = 1.0 / (1.0 + over * over).powi(lips.order);
        breath * late * lips.bell.at(hz) * slope
    });
    let mut air = noise::white(timeline, &mut rng);
    filter::band_pass(&mut air, 0.8, |_| lips.cutoff_hz * 1.6);
    super::track::shape(&mut air, |secs| {
        lips.breath * (rise(secs, 0.02) * 0.4 + 1.6 * burst(secs, 0.012, 0.03))
    });
    track.add(&air, 1.0, 0.1);
    track
}

fn horn(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.0);
    let bell = Curve::formants(&[(380.0, 500.0, 0.0), (720.0, 500.0, -7.0), (1300.0, 900.0, -20.0)], 0.01);
    let lips = Lips {
        attack_secs: 0.055,
        cutoff_hz: 640.0 + 110.0 * note.octave(),
        order: 2,
        bell: &bell,
        scoop_cents: 35.0,
        vibrato_hz: 4.6,
        vibrato_cents: 3.0,
        vibrato_secs: 0.45,
        breath: 0.02,
    };
    play(note, &timeline, &lips)
}

fn trumpet(note: &Note) -> Track {
    let timeline = note.looped(0.8, 1.8);
    let bell = Curve::formants(&[(1150.0, 1100.0, 0.0), (2300.0, 1600.0, -3.0), (500.0, 600.0, -6.0)], 0.05);
    let lips = Lips {
        attack_secs: 0.022,
        cutoff_hz: 2600.0 + 250.0 * note.octave(),
        order: 1,
        bell: &bell,
        scoop_cents: 60.0,
        vibrato_hz: 5.6,
        vibrato_cents: 13.0,
        vibrato_secs: 0.4,
        breath: 0.03,
    };
    play(note, &timeline, &lips)
}
