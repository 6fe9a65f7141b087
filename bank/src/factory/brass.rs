//! Horns, trumpets, trombones, tubas: the louder the lips, the brighter the tone.

use neume_models::Family;

use super::ensemble::{self, Ensemble};
use super::envelope::{burst, fall, rise, step};
use super::filter;
use super::fm::{self, Pair};
use super::formant::Curve;
use super::harmonic::{self, Tone};
use super::noise::{self, Burst, Grain};
use super::oscillator::{Wave, sine};
use super::space;
use super::timeline::{BLOCK_SECS, Timeline, Wander};
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("French horn, mellow", Family::Brass, &[36, 43, 50, 57, 64, 71, 77], horn)
        .looped()
        .trim(-2.0),
    Recipe::new("Trumpet, open", Family::Brass, &[55, 62, 69, 76, 82], trumpet).looped(),
    Recipe::new("Trumpet, harmon mute", Family::Brass, &[55, 63, 71, 79], muted).looped().trim(-5.0),
    Recipe::new("Trombone, brassy", Family::Brass, &[40, 47, 54, 61, 68], trombone).looped(),
    Recipe::new("Tuba, round", Family::Brass, &[28, 35, 42, 49, 56], tuba).looped().trim(-1.0),
    Recipe::new("Brass section, wide", Family::Brass, &[38, 46, 54, 62, 70, 78], section).looped(),
    Recipe::new("War horn, growling", Family::Brass, &[36, 44, 52, 60], war_horn).looped(),
    Recipe::new("Trumpet, flutter-tongued", Family::Brass, &[55, 63, 71, 79], flutter).looped(),
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
    let tone = Tone { turns: &turns, count: 48, shimmer: 0.18, shimmer_hz: 3.1, grain: 0.06, pan: 0.0 };
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
    let bell = Curve::formants(&[(380.0, 500.0, 0.0), (720.0, 500.0, -7.0), (1300.0, 900.0, -15.0)], 0.015);
    let lips = Lips {
        attack_secs: 0.08,
        cutoff_hz: 900.0 + 60.0 * note.octave(),
        order: 2,
        bell: &bell,
        scoop_cents: 35.0,
        vibrato_hz: 4.6,
        vibrato_cents: 3.0,
        vibrato_secs: 0.45,
        breath: 0.1,
    };
    play(note, &timeline, &lips)
}

fn trumpet(note: &Note) -> Track {
    let timeline = note.looped(0.8, 1.8);
    let bell = Curve::formants(&[(1150.0, 1100.0, 0.0), (2300.0, 1600.0, -3.0), (500.0, 600.0, -6.0)], 0.05);
    let lips = Lips {
        attack_secs: 0.03,
        cutoff_hz: 2600.0 + 250.0 * note.octave(),
        order: 1,
        bell: &bell,
        scoop_cents: 60.0,
        vibrato_hz: 5.6,
        vibrato_cents: 13.0,
        vibrato_secs: 0.4,
        breath: 0.08,
    };
    play(note, &timeline, &lips)
}

/// A closed metal mute: the fundamental all but gone, a narrow buzz over 1.5 kHz, a whistle of air.
fn muted(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.2);
    let bell = Curve::formants(
        &[(1750.0, 500.0, 0.0), (3100.0, 700.0, -1.0), (5200.0, 900.0, -9.0), (300.0, 300.0, -22.0)],
        0.004,
    );
    let lips = Lips {
        attack_secs: 0.016,
        cutoff_hz: 5200.0,
        order: 1,
        bell: &bell,
        scoop_cents: 18.0,
        vibrato_hz: 4.9,
        vibrato_cents: 7.0,
        vibrato_secs: 0.5,
        breath: 0.03,
    };
    play(note, &timeline, &lips)
}

fn tuba(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.3);
    let bell = Curve::formants(&[(190.0, 260.0, 0.0), (420.0, 300.0, -10.0)], 0.004);
    let lips = Lips {
        attack_secs: 0.045,
        cutoff_hz: 430.0 + 60.0 * (note.octave() + 2.0),
        order: 3,
        bell: &bell,
        scoop_cents: 25.0,
        vibrato_hz: 4.2,
        vibrato_cents: 2.0,
        vibrato_secs: 0.5,
        breath: 0.1,
    };
    play(note, &timeline, &lips)
}

/// Chowning's brass: the index of modulation follows the breath, so that loud is bright.
fn trombone(note: &Note) -> Track {
    let timeline = note.looped(0.8, 1.9);
    let mut rng = note.rng();
    let drift = Wander::new(&timeline, &mut rng, 1.5);
    let lung = Wander::new(&timeline, &mut rng, 2.9);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let slide = -90.0 * fall(secs as f32, 0.028) + 14.0 * burst(secs as f32, 0.05, 0.05);
        f64::from(slide + 3.5 * drift.at(secs))
    });
    let double: Vec<f64> = turns.iter().map(|turn| 2.0 * turn).collect();
    let air = Grain::new(&timeline, &mut rng);
    let breath = |secs: f32| {
        rise(secs, 0.042)
            * (1.0 + 0.3 * burst(secs, 0.06, 0.1))
            * (1.0 + 0.05 * lung.at(f64::from(secs)) * rise(secs, 0.3))
            * (1.0 + 0.035 * air.at((f64::from(secs) / BLOCK_SECS + 0.5) as usize, 0))
    };
    let peak = 4.0 - 1.1 * (note.octave() + 0.5);
    let (mut low, mut edge) = (vec![0.0; timeline.frames()], vec![0.0; timeline.frames()]);
    let pair = Pair { carrier: &turns, modulator: &turns, feedback: 0.09 };
    fm::add(&mut low, &pair, breath, |secs| peak * breath(secs) * breath(secs));
    let pair = Pair { carrier: &double, modulator: &turns, feedback: 0.16 };
    fm::add(&mut edge, &pair, |secs| 0.3 * breath(secs), |secs| 1.6 * peak * breath(secs) * breath(secs));
    filter::body(&mut low, &[(520.0, 1.6, 4.0), (1500.0, 1.5, 2.0)]);
    let mut track = Track::silent(&timeline);
    track.add(&low, 0.8, -0.1);
    track.add(&edge, 0.8, 0.25);
    let tongue = noise::burst(&mut rng, Burst { rise_secs: 0.006, fall_secs: 0.02, hz: 900.0, q: 0.8 });
    track.add(&tongue, 0.3, 0.0);
    space::room(&mut track, 0.5, 4000.0, 0.08);
    track
}

/// Six players of saws under a filter that opens with the breath.
fn section(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.4);
    let mut rng = note.rng();
    let wave = Wave::saw(timeline.pitch_hz);
    let mut track = Track::silent(&timeline);
    let players = Ensemble {
        drift_cents: 5.0,
        vibrato_hz: 4.8,
        vibrato_cents: 5.0,
        attack_secs: 0.045,
        late_secs: 0.05,
        scoop_cents: 45.0,
        grain: 0.06,
        ..Ensemble::still(&[-9.0, -5.0, -1.0, 2.0, 6.0, 10.0])
    };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &players);
    let swell = Wander::new(&timeline, &mut rng, 1.1);
    let open = 2.2 * timeline.pitch_hz as f32 + 1500.0;
    let cutoff = |secs: f32| {
        open * (0.2 + 0.8 * rise(secs, 0.07) + 0.5 * burst(secs, 0.08, 0.15))
            * (1.0 + 0.12 * swell.at(f64::from(secs)))
    };
    track.each(|side| {
        filter::low_pass(side, 0.75, cutoff);
        filter::low_pass(side, 0.6, |secs| 1.6 * cutoff(secs));
    });
    space::room(&mut track, 0.7, 4200.0, 0.14);
    track
}

/// An animal's horn: a torn edge, and a growl of the throat that beats with the lips.
fn war_horn(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.5);
    let mut rng = note.rng();
    let growl_hz = timeline.snap_motion_hz(31.0);
    let rough = Wander::new(&timeline, &mut rng, 2.3);
    let drift = Wander::new(&timeline, &mut rng, 1.9);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let growl = 24.0 * sine(growl_hz * secs);
        f64::from(-140.0 * fall(secs as f32, 0.07) + 7.0 * drift.at(secs) + growl)
    });
    let level = |secs: f32| {
        let at = f64::from(secs);
        rise(secs, 0.07) * (1.0 + (0.42 + 0.2 * rough.at(at)) * sine(growl_hz * at + 0.2))
    };
    let mut horn = vec![0.0; timeline.frames()];
    let pair = Pair { carrier: &turns, modulator: &turns, feedback: 0.13 };
    fm::add(&mut horn, &pair, level, |secs| 3.6 * rise(secs, 0.16) + 0.9 * rough.at(f64::from(secs)));
    filter::body(&mut horn, &[(430.0, 2.0, 7.0), (980.0, 2.2, 6.0), (2400.0, 1.4, 3.0)]);
    let mut track = Track::silent(&timeline);
    track.add(&horn, 0.7, 0.0);
    let spit = noise::band(&timeline, &mut rng, 1400.0, 0.9, |secs| 0.13 * level(secs));
    track.add(&spit, 1.0, 0.3);
    track.each(|side| side.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 0.9)));
    space::room(&mut track, 1.1, 3000.0, 0.2);
    track
}

/// The tongue rolls an R into the mouthpiece: a gate of 26 a second, never quite even, with the spit of each stroke.
fn flutter(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.1);
    let bell = Curve::formants(&[(950.0, 700.0, 0.0), (1900.0, 1300.0, 1.0), (3400.0, 1600.0, -2.0)], 0.04);
    let lips = Lips {
        attack_secs: 0.02,
        cutoff_hz: 3600.0 + 300.0 * note.octave(),
        order: 1,
        bell: &bell,
        scoop_cents: 40.0,
        vibrato_hz: 5.2,
        vibrato_cents: 4.0,
        vibrato_secs: 0.4,
        breath: 0.3,
    };
    let mut track = play(note, &timeline, &lips);
    let mut rng = note.rng();
    let tongue_hz = timeline.snap_motion_hz(26.0);
    let uneven = Wander::new(&timeline, &mut rng, 5.0);
    track.shape(|secs| {
        let at = f64::from(secs);
        let gate = sine(tongue_hz * at + 0.12 * f64::from(uneven.at(at)));
        1.0 + rise(secs, 0.03) * (0.75 * gate - 0.2)
    });
    track
}
