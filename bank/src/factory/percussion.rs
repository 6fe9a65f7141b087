//! Skins, wood, metal and noise.

use neume_models::Family;

use super::additive::{self, Edge};
use super::envelope::{burst, fall, step};
use super::filter;
use super::modal::{self, Mode};
use super::noise::{self, Burst};
use super::oscillator::sine;
use super::timeline::BLOCK_SECS;
use super::track::Track;
use super::{Note, Recipe, space};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Timpani, soft sticks", Family::Percussion, &[38, 43, 48, 53], timpani),
    Recipe::new("Concert toms", Family::Percussion, &[41, 46, 51, 56], toms),
    Recipe::new("Woodblocks", Family::Percussion, &[62, 69, 76, 83], woodblocks),
    Recipe::new("Kick drum", Family::Percussion, &[33, 36, 39], kick).unpitched(),
    Recipe::new("Snare drum", Family::Percussion, &[50, 55, 60], snare).unpitched(),
    Recipe::new("Hi-hat, closed to open", Family::Percussion, &[60, 66, 72], hi_hat).unpitched(),
    Recipe::new("Hand claps", Family::Percussion, &[60, 64, 68], claps).unpitched(),
    Recipe::new("Shaker", Family::Percussion, &[66, 72, 78], shaker).unpitched().trim(-3.0),
    Recipe::new("Tam-tam, rolling", Family::Percussion, &[36, 43, 50], tam_tam).unpitched().trim(-1.0),
];

/// A kettle keeps the modes near 1 : 1.5 : 2 : 2.5; the ones that do not belong die at once.
fn timpani(note: &Note) -> Track {
    let timeline = note.decaying(3.2);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let modes = [
        Mode::new(hz, 1.0, 3.4).at(-0.1).beating(0.7, 0.2),
        Mode::new(hz * 1.504, 0.7, 2.6).at(0.2).beating(1.1, 0.2),
        Mode::new(hz * 1.98, 0.4, 1.9).at(-0.3),
        Mode::new(hz * 2.44, 0.25, 1.5).at(0.3),
        Mode::new(hz * 2.9, 0.15, 1.1).at(-0.2),
        Mode::new(hz * 0.83, 0.5, 0.4),
        Mode::new(hz * 1.73, 0.35, 0.3).at(0.1),
        Mode::new(hz * 3.6, 0.1, 0.5).at(0.4),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.006);
    let skin = noise::burst(&mut rng, Burst { rise_secs: 0.004, fall_secs: 0.035, hz: 420.0, q: 0.5 });
    track.add(&skin, 0.4, 0.0);
    track
}

/// A drum whose pitch falls as the skin calms down: the modes of a circular membrane, the shell, the stick.
fn toms(note: &Note) -> Track {
    let timeline = note.decaying(1.8);
    let mut rng = note.rng();
    let bend = timeline.turns(timeline.pitch_hz, |secs| f64::from(170.0 * fall(secs as f32, 0.06)));
    // Ratio, level and decay in seconds of each mode.
    const MODES: [(f64, f32, f32); 8] = [
        (1.0, 1.0, 0.3),
        (1.593, 0.55, 0.16),
        (2.135, 0.4, 0.11),
        (2.295, 0.3, 0.1),
        (2.653, 0.22, 0.08),
        (2.917, 0.2, 0.07),
        (3.5, 0.15, 0.05),
        (4.06, 0.1, 0.04),
    ];
    let mut track = Track::silent(&timeline);
    additive::add(&mut track, &timeline, MODES.len(), |edge: Edge| {
        let secs = (edge.block as f64 * BLOCK_SECS) as f32;
        for (i, &(ratio, gain, long)) in MODES.iter().enumerate() {
            edge.turns[i] = ratio * bend[edge.block];
            let level = gain * step(secs, 0.0, 0.002) * fall(secs, long);
            let side = 0.3 * (i as f32 - 3.5) / 3.5;
            edge.left[i] = level * (1.0 - side);
            edge.right[i] = level * (1.0 + side);
        }
    });
    let stick = noise::burst(&mut rng, Burst { rise_secs: 0.0006, fall_secs: 0.006, hz: 2300.0, q: 0.6 });
    let skin = noise::burst(&mut rng, Burst { rise_secs: 0.001, fall_secs: 0.04, hz: 700.0, q: 0.5 });
    track.add(&stick, 0.8, 0.1);
    track.add(&skin, 0.3, -0.2);
    track
}

/// A slit in hard wood: two modes and out.
fn woodblocks(note: &Note) -> Track {
    let timeline = note.decaying(0.5);
    let mut rng = note.rng();
    let hz = timeline.pitch_hz as f32;
    let modes = [
        Mode::new(hz, 1.0, 0.16),
        Mode::new(hz * 1.71, 0.8, 0.1).at(0.2),
        Mode::new(hz * 2.46, 0.6, 0.07).at(-0.2),
        Mode::new(hz * 3.9, 0.45, 0.05),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0005);
    let stick = noise::burst(&mut rng, Burst { rise_secs: 0.0003, fall_secs: 0.003, hz: 3200.0, q: 0.7 });
    track.add(&stick, 0.9, 0.0);
    track
}

/// A beater, a skin that drops two octaves, the air in the shell.
fn kick(note: &Note) -> Track {
    let timeline = note.decaying(0.8);
    let mut rng = note.rng();
    let small = note.octave() + 2.0;
    let turns = timeline.turns(timeline.pitch_hz * 0.85, |secs| {
        f64::from(2600.0 * fall(secs as f32, 0.011) + 700.0 * fall(secs as f32, 0.05))
    });
    let mut body = vec![0.0; timeline.frames()];
    super::oscillator::Wave::new(timeline.pitch_hz, |k| (if k == 1 { 1.0 } else { 0.0 }, 0.0)).add(
        &mut body,
        &turns,
        |block| {
            let secs = (block as f64 * BLOCK_SECS) as f32;
            step(secs, 0.0, 0.0015) * fall(secs, 0.16 - 0.03 * small)
        },
    );
    body.iter_mut().for_each(|x| *x = filter::soft_clip(1.8 * *x));
    let beater = noise::burst(
        &mut rng,
        Burst { rise_secs: 0.0004, fall_secs: 0.004, hz: 2800.0 + 600.0 * small, q: 0.6 },
    );
    body.iter_mut().zip(&beater).for_each(|(sum, x)| *sum += 0.3 * x);
    Track::mono(&timeline, body)
}

/// Two skins and a bed of wires that rattles against the lower one.
fn snare(note: &Note) -> Track {
    let timeline = note.decaying(0.7);
    let mut rng = note.rng();
    let hz = 165.0 * libm::exp2f((note.octave() + 0.8) * 0.6);
    let modes = [
        Mode::new(hz, 0.9, 0.22),
        Mode::new(hz * 1.6, 0.6, 0.15).at(0.2),
        Mode::new(hz * 2.2, 0.35, 0.12).at(-0.2),
        Mode::new(hz * 2.95, 0.2, 0.1),
    ];
    let mut track = Track::silent(&timeline);
    modal::ring(&mut track, &timeline, &modes, 0.0008);
    for pan in [-0.5f32, 0.5] {
        let mut wires = noise::burst(
            &mut rng,
            Burst { rise_secs: 0.002, fall_secs: 0.075, hz: 4200.0 + 8.0 * hz, q: 0.45 },
        );
        filter::high_pass(&mut wires, 0.7, 900.0);
        track.add(&wires, 0.6, pan);
    }
    let stick = noise::burst(&mut rng, Burst { rise_secs: 0.0003, fall_secs: 0.004, hz: 2100.0, q: 0.7 });
    track.add(&stick, 1.0, 0.0);
    track
}

/// Squares that share no harmonic, and noise, over 6 kHz; the variants let the foot go.
fn hi_hat(note: &Note) -> Track {
    let open = ((f32::from(note.midi) - 60.0) / 12.0).clamp(0.0, 1.0);
    let long = 0.035 + 0.4 * open * open;
    let timeline = note.decaying(f64::from(0.25 + 6.0 * long));
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    for pan in [-0.4f32, 0.4] {
        let mut metal = noise::white(&timeline, &mut rng);
        metal.iter_mut().for_each(|x| *x *= 0.7);
        for ratio in [2.0f64, 3.17, 4.53, 5.41, 6.79, 8.21] {
            let hz = 263.0 * ratio * f64::from(rng.between(0.99, 1.01));
            metal
                .iter_mut()
                .enumerate()
                .for_each(|(i, x)| *x += 0.35 * sine(hz * i as f64 / 48_000.0).signum());
        }
        filter::high_pass(&mut metal, 0.9, 6200.0);
        filter::body(&mut metal, &[(8800.0, 2.0, 4.0)]);
        super::track::shape(&mut metal, |secs| burst(secs, 0.0008, long) + 0.5 * burst(secs, 0.0005, 0.008));
        track.add(&metal, 0.5, pan);
    }
    track
}

/// Several hands, three nearly together and the rest in a cloud, in a small room.
fn claps(note: &Note) -> Track {
    let timeline = note.decaying(0.7);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let centre = 1050.0 * libm::exp2f((note.octave() - 0.3) * 0.8);
    for hand in 0..9 {
        let late = if hand < 4 { 0.0105 * hand as f32 } else { 0.034 + 0.02 * rng.unit() };
        let hz = centre * rng.between(0.75, 1.5);
        let slap = noise::burst(
            &mut rng,
            Burst { rise_secs: 0.0005, fall_secs: if hand == 3 { 0.05 } else { 0.007 }, hz, q: 1.3 },
        );
        let mut placed = vec![0.0; (late * 48_000.0) as usize];
        placed.extend(slap);
        track.add(&placed, if hand == 3 { 1.2 } else { 0.8 }, 0.12 * (hand as f32 - 4.0));
    }
    space::room(&mut track, 0.5, 5000.0, 0.35);
    track
}

/// Seeds thrown forwards and back: grains, not a hiss.
fn shaker(note: &Note) -> Track {
    let timeline = note.decaying(0.4);
    let mut rng = note.rng();
    let small = note.octave() - 1.0;
    let mut track = Track::silent(&timeline);
    let throw = |secs: f32| burst(secs, 0.045, 0.022) + 0.55 * burst(secs - 0.13, 0.03, 0.025);
    for pan in [-0.5f32, 0.5] {
        let mut grains = noise::white(&timeline, &mut rng);
        let mut level = 0.0f32;
        for (i, grain) in grains.iter_mut().enumerate() {
            let likely = 0.012 * throw(i as f32 / 48_000.0);
            if rng.unit() < likely {
                level = rng.between(0.3, 1.0);
            }
            *grain *= level;
            level *= 0.985;
        }
        filter::band_pass(&mut grains, 1.1, |_| 6200.0 * libm::exp2f(small));
        track.add(&grains, 1.0, pan);
    }
    track
}

/// A sheet of bronze: a hundred modes, the high ones fed late by the low, beating for seconds.
fn tam_tam(note: &Note) -> Track {
    const MODES: usize = 104;
    let timeline = note.decaying(5.0);
    let mut rng = note.rng();
    let low = 62.0 * libm::exp2f(0.8 * (note.octave() + 2.0));
    let modes: Vec<(f64, f32, f32, f32, f32)> = (0..MODES)
        .map(|i| {
            let x = i as f32 / MODES as f32;
            let hz = low * libm::exp2f(6.6 * x) * rng.between(0.96, 1.04);
            let bloom = 0.012 + 0.35 * x * rng.between(0.5, 1.5);
            let gain = (1.0 - 0.4 * x) * rng.between(0.4, 1.0);
            (f64::from(hz), gain, bloom, 1.5 - 0.9 * x, rng.bipolar())
        })
        .collect();
    let mut track = Track::silent(&timeline);
    additive::add(&mut track, &timeline, MODES, |edge: Edge| {
        let secs = edge.block as f64 * BLOCK_SECS;
        for (i, &(hz, gain, bloom, long, pan)) in modes.iter().enumerate() {
            edge.turns[i] = hz * secs + 0.37 * i as f64;
            let level = gain * step(secs as f32, 0.0, bloom) * fall(secs as f32, long);
            edge.left[i] = level * (1.0 - 0.6 * pan);
            edge.right[i] = level * (1.0 + 0.6 * pan);
        }
    });
    let mallet = noise::burst(&mut rng, Burst { rise_secs: 0.006, fall_secs: 0.03, hz: 240.0, q: 0.6 });
    track.add(&mallet, 0.7, 0.0);
    track
}
