//! Pipes, tonewheels and free reeds under a bellows.

use neume_models::Family;

use super::additive::{self, Edge};
use super::ensemble::{self, Ensemble};
use super::envelope::{burst, fall, rise};
use super::filter;
use super::noise::Rng;
use super::noise::{self, Burst};
use super::oscillator::Wave;
use super::oscillator::sine;
use super::timeline::{BLOCK_SECS, Timeline, Wander};
use super::track::Track;
use super::{Note, Recipe, space};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Tonewheel organ, rotary", Family::Organ, &[36, 46, 56, 66, 76, 86], tonewheel).looped(),
    Recipe::new("Principal pipes", Family::Organ, &[36, 45, 54, 63, 72, 81], principal).looped(),
    Recipe::new("Stopped flutes, tremulant", Family::Organ, &[36, 47, 58, 69, 80], stopped)
        .looped()
        .trim(-4.0),
    Recipe::new("Full organ, mixtures and reeds", Family::Organ, &[36, 45, 54, 63, 72], full)
        .looped()
        .trim(1.0),
    Recipe::new("Harmonium, soft", Family::Organ, &[41, 50, 59, 68, 77], harmonium).looped().trim(-5.0),
    Recipe::new("Accordion, musette", Family::Organ, &[48, 57, 66, 75, 84], accordion).looped(),
    Recipe::new("Combo organ, reedy", Family::Organ, &[40, 50, 60, 70, 80], combo).looped(),
    Recipe::new("Regal, rasping", Family::Organ, &[43, 51, 59, 67, 75], regal).looped(),
];

/// Nine drawbars, a key click, and a horn that turns: pitch, level and side go round together.
fn tonewheel(note: &Note) -> Track {
    const BARS: [(f64, f32); 9] = [
        (0.5, 0.8),
        (1.5, 0.55),
        (1.0, 1.0),
        (2.0, 0.62),
        (3.0, 0.35),
        (4.0, 0.3),
        (5.0, 0.12),
        (6.0, 0.14),
        (8.0, 0.25),
    ];
    let timeline = note.looped(0.5, 2.0);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    // An even number of half turns, so that the sub-octave bar closes on the loop too.
    let spin_hz = timeline.snap_motion_hz(6.6);
    let bars = BARS.map(|(ratio, gain)| {
        (timeline.snap_hz(timeline.pitch_hz * ratio * (1.0 + 0.0004 * f64::from(rng.bipolar()))), gain)
    });
    let phases = BARS.map(|_| f64::from(rng.unit()));
    additive::add(&mut track, &timeline, BARS.len(), |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        for (i, &(hz, gain)) in bars.iter().enumerate() {
            let angle = spin_hz * secs + 0.02 * i as f64;
            let doppler = 0.000_25 * f64::from(sine(angle));
            edge.turns[i] = hz * (secs + doppler * 0.6) + phases[i];
            let key = rise(secs as f32, 0.003);
            let percussion = if i == 4 { 1.0 + 2.0 * fall(secs as f32, 0.12) } else { 1.0 };
            let throw = if hz > 700.0 { 0.32 } else { 0.14 };
            let level = gain * key * percussion;
            edge.left[i] = level * (1.0 + throw * sine(angle + 0.1));
            edge.right[i] = level * (1.0 + throw * sine(angle + 0.55));
        }
    });
    let click = noise::burst(&mut rng, Burst { rise_secs: 0.0005, fall_secs: 0.004, hz: 2400.0, q: 0.8 });
    track.add(&click, 0.5, 0.0);
    track.each(|side| side.iter_mut().for_each(|x| *x = filter::soft_clip(*x * 0.35)));
    track
}

/// One rank of pipes: its length against eight foot, its level, how fast its spectrum falls, and its place.
#[derive(Clone, Copy)]
struct Rank {
    ratio: f64,
    gain: f32,
    /// Level of harmonic `k` is `k` to the power of minus this.
    fall: f32,
    /// Share of the even harmonics: small for stopped pipes.
    even: f32,
    speech_secs: f32,
    pan: f32,
}

/// Adds ranks of pipes, each with its own tuning, speech and wind.
fn pipes(track: &mut Track, timeline: &Timeline, rng: &mut Rng, ranks: &[Rank]) {
    const HARMONICS: usize = 14;
    let wind = Wander::new(timeline, rng, 1.1);
    let tuned: Vec<(f64, f64)> = ranks
        .iter()
        .map(|rank| {
            let off = f64::from(rng.between(-2.0, 2.0)) / 1200.0;
            (timeline.snap_hz(timeline.pitch_hz * rank.ratio * libm::exp2(off)), f64::from(rng.unit()))
        })
        .collect();
    let places: Vec<(f32, f32)> = ranks.iter().map(|rank| super::track::pan_gains(rank.pan)).collect();
    let shares: Vec<[f32; HARMONICS]> = ranks
        .iter()
        .map(|rank| {
            std::array::from_fn(|i| {
                let k = (i + 1) as f32;
                let even = if i % 2 == 1 { rank.even } else { 1.0 };
                rank.gain * even * libm::powf(k, -rank.fall)
            })
        })
        .collect();
    additive::add(track, timeline, ranks.len() * HARMONICS, |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        let steady = 1.0 + 0.025 * wind.at(secs);
        for (r, rank) in ranks.iter().enumerate() {
            let (hz, phase) = tuned[r];
            for (i, share) in shares[r].iter().enumerate() {
                let (k, place) = ((i + 1) as f64, r * HARMONICS + i);
                edge.turns[place] = k * (hz * secs + phase);
                if k * hz > 16_000.0 {
                    continue;
                }
                // The octave speaks first, the fundamental settles under it.
                let late = if i == 0 { 1.6 } else { 0.5 + 0.1 * k as f32 };
                let level = share * steady * rise(secs as f32, rank.speech_secs * late);
                edge.left[place] = level * places[r].0;
                edge.right[place] = level * places[r].1;
            }
        }
    });
}

const fn rank(ratio: f64, gain: f32, fall: f32, even: f32, speech_secs: f32, pan: f32) -> Rank {
    Rank { ratio, gain, fall, even, speech_secs, pan }
}

/// Eight foot and four foot of open metal, in a church.
fn principal(note: &Note) -> Track {
    let timeline = note.looped(1.2, 2.2);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let ranks = [rank(1.0, 1.0, 1.25, 0.85, 0.03, -0.4), rank(2.0, 0.5, 1.2, 0.8, 0.022, 0.4)];
    pipes(&mut track, &timeline, &mut rng, &ranks);
    let hz = timeline.pitch_hz as f32;
    let chiff = noise::band(&timeline, &mut rng, 3.0 * hz, 3.0, |secs| {
        0.02 * rise(secs, 0.02) + 0.35 * burst(secs, 0.01, 0.03)
    });
    track.add(&chiff, 1.0, 0.0);
    space::room(&mut track, 2.2, 3500.0, 0.2);
    track
}

/// Wood with a stopper: odd harmonics, a spit at the start, wind that shakes.
fn stopped(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.3);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    pipes(&mut track, &timeline, &mut rng, &[rank(1.0, 1.0, 2.3, 0.04, 0.05, 0.0)]);
    let hz = timeline.pitch_hz as f32;
    let spit = noise::band(&timeline, &mut rng, 3.0 * hz, 5.0, |secs| {
        0.03 * rise(secs, 0.02) + 0.9 * burst(secs, 0.012, 0.025)
    });
    track.add(&spit, 1.0, 0.2);
    let shake_hz = timeline.snap_motion_hz(5.3);
    let shake =
        move |secs: f32, phase: f64| 1.0 + 0.2 * rise(secs, 0.25) * sine(shake_hz * f64::from(secs) + phase);
    super::track::shape(&mut track.left, |secs| shake(secs, 0.0));
    super::track::shape(&mut track.right, |secs| shake(secs, 0.18));
    space::room(&mut track, 1.6, 2500.0, 0.12);
    track
}

/// Everything drawn: sub-octave, quints, mixtures that never quite agree, a trumpet, stone.
fn full(note: &Note) -> Track {
    let timeline = note.looped(1.3, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let ranks = [
        rank(0.5, 0.7, 1.1, 0.8, 0.06, 0.0),
        rank(1.0, 1.0, 0.9, 0.9, 0.03, -0.5),
        rank(2.0, 0.6, 0.9, 0.9, 0.02, 0.5),
        rank(3.0, 0.35, 1.0, 0.8, 0.02, -0.7),
        rank(4.0, 0.4, 0.9, 0.9, 0.016, 0.7),
        rank(6.0, 0.26, 0.9, 0.9, 0.014, -0.9),
        rank(8.0, 0.24, 0.9, 0.9, 0.012, 0.9),
    ];
    pipes(&mut track, &timeline, &mut rng, &ranks);
    let reed = Wave::pulse(timeline.pitch_hz, 0.09);
    let trumpets = Ensemble { attack_secs: 0.018, width: 0.7, ..Ensemble::still(&[-2.0, 3.0]) };
    ensemble::add(&mut track, &timeline, &mut rng, &reed, &trumpets);
    space::room(&mut track, 2.6, 4000.0, 0.26);
    track
}

/// Brass tongues under a foot that breathes: one reed, one cloth over it, a wheeze.
fn harmonium(note: &Note) -> Track {
    let timeline = note.looped(1.1, 2.6);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave =
        Wave::new(timeline.pitch_hz, |k| (1.0 / (k as f32 * (1.0 + 0.04 * k as f32)), 0.13 * (k % 7) as f32));
    let reeds = Ensemble { grain: 0.04, attack_secs: 0.11, width: 0.5, ..Ensemble::still(&[-1.5, 2.0]) };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &reeds);
    let foot = Wander::new(&timeline, &mut rng, 0.9);
    track.each(|side| {
        filter::low_pass(side, 0.6, |secs| 1150.0 + 260.0 * foot.at(f64::from(secs)));
        filter::body(side, &[(310.0, 2.0, 4.0), (780.0, 2.5, 3.0)]);
        super::track::shape(side, |secs| 1.0 + 0.14 * foot.at(f64::from(secs)));
    });
    let wheeze = noise::band(&timeline, &mut rng, 1100.0, 0.5, |secs| {
        0.045 * rise(secs, 0.06) * (1.0 + 0.4 * foot.at(f64::from(secs)))
    });
    track.add(&wheeze, 1.0, 0.2);
    track
}

/// Three reeds a note, the outer two tuned apart until they shimmer; the bellows lean in.
fn accordion(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.2);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::new(timeline.pitch_hz, |k| {
        let n = k as f32;
        (1.0 / n.sqrt() / (1.0 + 0.006 * n * n), 0.31 * (k % 3) as f32)
    });
    let beat_cents = (2.6 / timeline.pitch_hz as f32 * 1731.0).clamp(4.0, 24.0);
    let apart = [-beat_cents, 0.0, beat_cents];
    let reeds = Ensemble {
        attack_secs: 0.022,
        late_secs: 0.012,
        width: 0.7,
        scoop_cents: 12.0,
        ..Ensemble::still(&apart)
    };
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &reeds);
    let bellows = Wander::new(&timeline, &mut rng, 1.0);
    track.each(|side| {
        filter::body(side, &[(520.0, 2.0, 4.0), (1700.0, 1.6, 4.0)]);
        filter::low_pass(side, 0.6, |secs| {
            3400.0 + 1000.0 * rise(secs, 0.08) + 500.0 * bellows.at(f64::from(secs))
        });
        super::track::shape(side, |secs| 1.0 + 0.08 * bellows.at(f64::from(secs)));
    });
    let button = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.008, hz: 1500.0, q: 0.8 });
    track.add(&button, 0.5, -0.3);
    track
}

/// Divided squares of the sixties: sixteen, eight, four and a quint, thin filters, a vibrato as regular as a clock.
fn combo(note: &Note) -> Track {
    let timeline = note.looped(0.5, 1.8);
    let mut rng = note.rng();
    let vibrato_hz = timeline.snap_motion_hz(6.4);
    let mut sum = vec![0.0; timeline.frames()];
    for (ratio, gain) in [(0.5, 0.3f32), (1.0, 0.7), (2.0, 0.5), (3.0, 0.3), (4.0, 0.28)] {
        let hz = timeline.snap_hz(timeline.pitch_hz * ratio);
        let square = Wave::pulse(hz, 0.5);
        let turns = timeline.turns(hz, |secs| f64::from(11.0 * sine(vibrato_hz * secs)));
        square.add(&mut sum, &turns, |block| gain * rise(block as f32 * BLOCK_SECS as f32, 0.002));
    }
    filter::high_pass(&mut sum, 0.7, 260.0);
    filter::body(&mut sum, &[(1300.0, 1.3, 5.0), (3000.0, 1.2, 6.0)]);
    filter::low_pass(&mut sum, 0.8, |_| 7500.0);
    let click = noise::burst(&mut rng, Burst { rise_secs: 0.0004, fall_secs: 0.003, hz: 3500.0, q: 0.7 });
    sum.iter_mut().zip(&click).for_each(|(sum, x)| *sum += 0.6 * x);
    Track::mono(&timeline, sum)
}

/// Brass tongues with hardly a pipe to them: a snarl in two feet, the wind leaking past it in gusts.
fn regal(note: &Note) -> Track {
    let timeline = note.looped(0.7, 2.2);
    let mut rng = note.rng();
    let rattle_hz = timeline.snap_motion_hz(44.0);
    let wind = Wander::new(&timeline, &mut rng, 2.1);
    let mut track = Track::silent(&timeline);
    for (ratio, cents, duty, pan) in
        [(1.0f64, -3.0f64, 0.06, -0.4f32), (1.0, 3.0, 0.09, 0.4), (2.0, 1.0, 0.05, 0.0)]
    {
        let hz = timeline.snap_hz(timeline.pitch_hz * ratio * libm::exp2(cents / 1200.0));
        let turns = timeline.turns(hz, |secs| f64::from(5.0 * sine(rattle_hz * secs) + 3.0 * wind.at(secs)));
        let phase = f64::from(rng.unit());
        let mut tongue = vec![0.0; timeline.frames()];
        Wave::pulse(hz, duty).add(&mut tongue, &turns, |block| {
            let secs = block as f64 * BLOCK_SECS;
            rise(secs as f32, 0.009) * (1.0 + (0.5 + 0.15 * wind.at(secs)) * sine(rattle_hz * secs + phase))
        });
        track.add(&tongue, 1.0, pan);
    }
    track.each(|side| {
        filter::high_pass(side, 0.7, 200.0);
        filter::body(side, &[(700.0, 3.0, 6.0), (1700.0, 3.0, 8.0), (3900.0, 2.0, 6.0)]);
    });
    space::room(&mut track, 1.2, 4500.0, 0.14);
    track
}
