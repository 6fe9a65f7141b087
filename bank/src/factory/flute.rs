//! Air over an edge.

use neume_models::Family;

use super::envelope::{burst, fall, rise, step};
use super::filter;
use super::harmonic::{self, Tone};
use super::noise;
use super::oscillator::{Wave, sine};
use super::string_model::{self, Echo};
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe, space};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Concert flute, singing", Family::Flute, &[60, 67, 74, 81, 88], concert).looped().trim(-1.0),
    Recipe::new("Low whistle, breathy", Family::Flute, &[50, 57, 64, 71, 78], low_whistle)
        .looped()
        .trim(-3.0),
    Recipe::new("Pan pipes, chiffing", Family::Flute, &[55, 62, 69, 76, 83], pan_pipes).looped().trim(-2.0),
    Recipe::new("Recorder, plain", Family::Flute, &[60, 67, 74, 81], recorder).looped(),
    Recipe::new("Shakuhachi, windy", Family::Flute, &[50, 57, 64, 71, 78], shakuhachi).looped(),
    Recipe::new("Ocarina, round", Family::Flute, &[57, 65, 73, 81], ocarina).looped().trim(-4.0),
    Recipe::new("Piccolo, shrill", Family::Flute, &[74, 81, 88, 95], piccolo).looped(),
];

/// Vibrato of breath more than of pitch; noise that follows it.
fn concert(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.0);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.1);
    let drift = Wander::new(&timeline, &mut rng, 1.2);
    let late = |secs: f32| step(secs, 0.25, 0.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(
            late(secs as f32) * 9.0 * vibrato.at(secs) + 2.5 * drift.at(secs)
                - 25.0 * fall(secs as f32, 0.03),
        )
    });
    let tone = Tone { turns: &turns, count: 16, shimmer: 0.2, shimmer_hz: 3.0, grain: 0.05, pan: -0.05 };
    let swell = |secs: f32| 1.0 + 0.28 * late(secs) * vibrato.at(f64::from(secs));
    let bright = libm::exp2f(-0.55 * (note.octave() - 0.5).max(0.0));
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        const SHARES: [f32; 8] = [1.0, 0.62, 0.33, 0.17, 0.1, 0.06, 0.035, 0.02];
        let share = SHARES.get(k - 1).copied().unwrap_or(0.2 / (k * k) as f32);
        let share = if k > 1 { share * bright } else { share };
        let breath = rise(secs, 0.035 + 0.012 * k as f32) * libm::powf(swell(secs), 0.5 + 0.45 * k as f32);
        share * breath / (1.0 + (hz / 7000.0) * (hz / 7000.0))
    });
    let hz = timeline.pitch_hz as f32;
    let mut air = noise::white(&timeline, &mut rng);
    let mut tuned = air.clone();
    filter::band_pass(&mut air, 0.7, |_| 3200.0);
    filter::band_pass(&mut tuned, 14.0, |_| hz);
    let gust = |secs: f32| (rise(secs, 0.03) * 0.5 + 1.5 * burst(secs, 0.015, 0.05)) * swell(secs);
    super::track::shape(&mut air, gust);
    super::track::shape(&mut tuned, gust);
    track.add(&air, 0.16, 0.2);
    track.add(&tuned, 0.4, -0.2);
    track
}

/// A wide tube and much air: three harmonics, a chiff at the octave, slow swells, ornaments left to the player.
fn low_whistle(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.3);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let drift = Wander::new(&timeline, &mut rng, 1.0);
    let swell = Wander::new(&timeline, &mut rng, 0.8);
    let turns = timeline
        .turns(timeline.pitch_hz, |secs| f64::from(6.0 * drift.at(secs) - 70.0 * fall(secs as f32, 0.05)));
    let tone = Tone { turns: &turns, count: 7, shimmer: 0.3, shimmer_hz: 2.3, grain: 0.07, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, _| {
        const SHARES: [f32; 7] = [1.0, 0.2, 0.11, 0.02, 0.018, 0.006, 0.004];
        let chiff = if k == 2 { 1.0 + 3.5 * burst(secs, 0.01, 0.05) } else { 1.0 };
        SHARES[k - 1] * chiff * rise(secs, 0.05) * (1.0 + 0.16 * swell.at(f64::from(secs)))
    });
    let hz = timeline.pitch_hz as f32;
    let gust = |secs: f32| {
        (rise(secs, 0.04) + 1.2 * burst(secs, 0.02, 0.09)) * (1.0 + 0.3 * swell.at(f64::from(secs)))
    };
    let wide = noise::band(&timeline, &mut rng, 2400.0, 0.5, |secs| 0.11 * gust(secs));
    let tuned = noise::band(&timeline, &mut rng, 2.0 * hz, 9.0, |secs| 0.3 * gust(secs));
    track.add(&wide, 1.0, 0.35);
    track.add(&tuned, 1.0, -0.35);
    space::room(&mut track, 1.3, 4500.0, 0.14);
    track
}

/// Nothing but noise through closed pipes: the tone is what the pipe keeps of the breath.
fn pan_pipes(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let hz = timeline.pitch_hz;
    for (cents, pan) in [(-1.5f64, -0.5f32), (1.5, 0.5)] {
        let mut breath = noise::white(&timeline, &mut rng);
        let swell = Wander::new(&timeline, &mut rng, 1.3);
        filter::low_pass(&mut breath, 0.7, |_| 3500.0);
        super::track::shape(&mut breath, |secs| {
            (rise(secs, 0.03) + 2.5 * burst(secs, 0.008, 0.04)) * (1.0 + 0.2 * swell.at(f64::from(secs)))
        });
        let echo =
            Echo { hz: hz * libm::exp2(cents / 1200.0), t60_secs: 0.75, high_t60_secs: 0.09, stiffness: 0.0 };
        let pipe = string_model::drive(&timeline, &echo, true, |frame| 0.05 * breath[frame]);
        track.add(&pipe, 1.0, pan);
        track.add(&breath, 0.012, -pan);
    }
    let turns = timeline.turns(hz, |secs| f64::from(-30.0 * fall(secs as f32, 0.03)));
    let wave = Wave::new(hz, |k| ([1.0, 0.0, 0.12].get(k - 1).copied().unwrap_or(0.0), 0.0));
    let mut core = vec![0.0; timeline.frames()];
    wave.add(&mut core, &turns, |block| 0.16 * rise(block as f32 * super::timeline::BLOCK_SECS as f32, 0.05));
    track.add(&core, 1.0, 0.0);
    space::room(&mut track, 1.0, 5000.0, 0.1);
    track
}

/// A fipple does not waver: odd harmonics a little ahead, a clean tongue, nothing else.
fn recorder(note: &Note) -> Track {
    let timeline = note.looped(0.6, 1.7);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let drift = Wander::new(&timeline, &mut rng, 1.4);
    let turns = timeline
        .turns(timeline.pitch_hz, |secs| f64::from(1.8 * drift.at(secs) + 12.0 * fall(secs as f32, 0.015)));
    let tone = Tone { turns: &turns, count: 11, shimmer: 0.12, shimmer_hz: 3.4, grain: 0.03, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        const SHARES: [f32; 11] = [1.0, 0.1, 0.36, 0.09, 0.16, 0.04, 0.05, 0.02, 0.02, 0.01, 0.008];
        let steady = 1.0 + 0.03 * drift.at(f64::from(secs) * 2.0);
        SHARES[k - 1] * steady * rise(secs, 0.012 + 0.003 * k as f32) / (1.0 + (hz / 6000.0) * (hz / 6000.0))
    });
    let hz = timeline.pitch_hz as f32;
    let lip = noise::band(&timeline, &mut rng, 4.2 * hz, 2.0, |secs| {
        0.05 * rise(secs, 0.02) + 0.4 * burst(secs, 0.004, 0.02)
    });
    track.add(&lip, 1.0, 0.2);
    track
}

/// A blow that overshoots into the octave, wind that beats on the edge, a neck that shakes.
fn shakuhachi(note: &Note) -> Track {
    let timeline = note.looped(1.2, 2.5);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let neck = Wander::vibrato(&timeline, &mut rng, 4.4);
    let gusts = Wander::new(&timeline, &mut rng, 6.5);
    let flutter_hz = timeline.snap_motion_hz(38.0);
    let late = |secs: f32| step(secs, 0.35, 1.0);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let s = secs as f32;
        f64::from(late(s) * 26.0 * neck.at(secs) - 160.0 * fall(s, 0.06) + 30.0 * burst(s, 0.08, 0.08))
    });
    let tone = Tone { turns: &turns, count: 14, shimmer: 0.4, shimmer_hz: 5.2, grain: 0.14, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, _| {
        let at = f64::from(secs);
        let n = k as f32;
        let over = if k == 2 || k == 3 { 1.0 + 2.2 * burst(secs, 0.02, 0.12) } else { 1.0 };
        let roll = 0.4 * rise(secs, 0.1) * sine(flutter_hz * at + 0.1);
        let blown = 1.0 + roll + 0.2 * late(secs) * neck.at(at) + 0.12 * gusts.at(at);
        over * blown * rise(secs, 0.03 + 0.01 * n) / (n * n.sqrt()) * if k % 2 == 0 { 0.6 } else { 1.0 }
    });
    let wind = |secs: f32| {
        let at = f64::from(secs);
        let edge = 1.0 + 0.45 * sine(flutter_hz * at) + 0.35 * gusts.at(at);
        (0.3 * rise(secs, 0.03) + 0.9 * burst(secs, 0.015, 0.1)) * edge
    };
    let hz = timeline.pitch_hz as f32;
    let wide = noise::band(&timeline, &mut rng, 3300.0, 0.6, |secs| 0.55 * wind(secs));
    let tuned = noise::band(&timeline, &mut rng, 1.5 * hz, 3.0, |secs| 0.7 * wind(secs));
    track.add(&wide, 1.0, 0.3);
    track.add(&tuned, 1.0, -0.3);
    space::room(&mut track, 1.4, 3800.0, 0.12);
    track
}

/// A vessel, not a pipe: one strong partial, a ghost of the second and third, a warm hiss.
fn ocarina(note: &Note) -> Track {
    let timeline = note.looped(0.9, 2.0);
    let mut rng = note.rng();
    let vibrato = Wander::vibrato(&timeline, &mut rng, 4.8);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(8.0 * step(secs as f32, 0.3, 0.8) * vibrato.at(secs) - 45.0 * fall(secs as f32, 0.025))
    });
    let wave =
        Wave::new(timeline.pitch_hz, |k| ([1.0, 0.035, 0.05, 0.006].get(k - 1).copied().unwrap_or(0.0), 0.1));
    let mut tone = vec![0.0; timeline.frames()];
    wave.add(&mut tone, &turns, |block| {
        let secs = block as f64 * super::timeline::BLOCK_SECS;
        rise(secs as f32, 0.04) * (1.0 + 0.1 * step(secs as f32, 0.3, 0.8) * vibrato.at(secs + 0.02))
    });
    let mut track = Track::mono(&timeline, tone);
    let hz = timeline.pitch_hz as f32;
    let hiss = noise::band(&timeline, &mut rng, 1.1 * hz, 2.5, |secs| {
        0.05 * rise(secs, 0.03) + 0.12 * burst(secs, 0.01, 0.03)
    });
    track.add(&hiss, 1.0, 0.25);
    track
}

/// A small tube blown hard: the octave as strong as the root, a fast narrow vibrato, a spit of air.
fn piccolo(note: &Note) -> Track {
    let timeline = note.looped(0.7, 1.8);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 6.3);
    let late = |secs: f32| step(secs, 0.15, 0.45);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        f64::from(12.0 * late(secs as f32) * vibrato.at(secs) + 40.0 * fall(secs as f32, 0.012))
    });
    let tone = Tone { turns: &turns, count: 9, shimmer: 0.2, shimmer_hz: 4.5, grain: 0.06, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        const SHARES: [f32; 9] = [0.9, 1.0, 0.6, 0.5, 0.3, 0.2, 0.14, 0.1, 0.06];
        let sway = 1.0 + (0.08 + 0.06 * k as f32) * late(secs) * vibrato.at(f64::from(secs));
        SHARES[k - 1] * sway * rise(secs, 0.014 + 0.003 * k as f32) / (1.0 + (hz / 9000.0) * (hz / 9000.0))
    });
    let air = noise::band(&timeline, &mut rng, 6500.0, 0.8, |secs| {
        0.06 * rise(secs, 0.02) + 0.3 * burst(secs, 0.004, 0.02)
    });
    track.add(&air, 1.0, -0.2);
    track
}
