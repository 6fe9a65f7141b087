//! Pianos, electric pianos and their plucked ancestors.

use neume_models::Family;

use super::envelope::{burst, fall};
use super::filter;
use super::modal::{self, Mode};
use super::noise;
use super::oscillator::sine;
use super::timeline::Timeline;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] =
    &[Recipe::new("Felt piano, close", Family::Keyboard, &[28, 36, 44, 52, 60, 68, 76, 84], felt_piano)
        .trim(-3.0)];

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
}

fn strings(note: &Note, timeline: &Timeline, hammer: &Hammer) -> Vec<Mode> {
    let mut rng = note.rng();
    let pitch_hz = timeline.pitch_hz as f32;
    let mut modes = Vec::new();
    for k in 1..=hammer.partials {
        let n = k as f32;
        let hz = pitch_hz * n * ((1.0 + hammer.stiffness * n * n) / (1.0 + hammer.stiffness)).sqrt();
        let soft = hz / hammer.soft_hz;
        let touch = sine(0.5 * k as f64 * hammer.position).abs() + 0.02;
        let gain = touch / (1.0 + soft * soft) / (1.0 + 0.04 * n) * rng.between(0.8, 1.2);
        let t60 = hammer.t60_secs / (1.0 + hammer.damping * hz / 1000.0);
        let pan = 0.5 * rng.bipolar();
        // The strings of a course start together and die fast, then swing against each other for long.
        modes.push(Mode::new(hz, gain, 0.35 * t60).at(pan));
        modes.push(Mode::new(hz * (1.0 + rng.between(0.0001, 0.0005)), 0.3 * gain, t60).at(-pan));
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
        partials: 28,
    };
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &strings(note, &timeline, &hammer), 0.006);
    let mut rng = note.rng();
    let mut felt = noise::white(&timeline, &mut rng);
    super::track::shape(&mut felt, |secs| burst(secs, 0.004, 0.018) + 0.12 * fall(secs - 0.03, 0.05));
    filter::low_pass(&mut felt, 0.7, |_| 900.0);
    track.add(&felt, 0.35, 0.05);
    let key = [
        Mode::new(92.0, 0.3, 0.14),
        Mode::new(171.0, 0.2, 0.1).at(-0.2),
        Mode::new(288.0, 0.1, 0.07).at(0.2),
    ];
    modal::ring(&mut track, &timeline, &key, 0.003);
    track
}
