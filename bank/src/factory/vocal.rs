//! Voices: harmonics of the folds shaped by the mouth.

use neume_models::Family;

use super::ensemble::{self, Ensemble};
use super::envelope::{burst, fall, rise, step};
use super::filter;
use super::formant::{self, Curve, Vowel};
use super::harmonic::{self, Tone};
use super::noise;
use super::oscillator::{Wave, sine};
use super::space;
use super::string_model::{self, Echo};
use super::timeline::Wander;
use super::track::Track;
use super::{Note, Recipe};

/// The instruments of this family.
pub(super) const RECIPES: &[Recipe] = &[
    Recipe::new("Choir, ah", Family::Vocal, &[41, 48, 55, 62, 69, 76], choir_ah).looped(),
    Recipe::new("Monks, low oo", Family::Vocal, &[36, 42, 48, 54, 60], monks).looped().trim(-3.0),
    Recipe::new("Soprano, solo", Family::Vocal, &[60, 66, 72, 78, 84], soprano).looped(),
    Recipe::new("Throat singer, overtones", Family::Vocal, &[36, 43, 50, 57], throat).looped(),
    Recipe::new("Whispers, pitched", Family::Vocal, &[48, 57, 66, 75], whispers).looped().trim(-6.0),
    Recipe::new("Vocoder choir, metallic", Family::Vocal, &[40, 48, 56, 64, 72], vocoder).looped(),
    Recipe::new("Torn voice, shouting", Family::Vocal, &[45, 52, 59, 66, 73], torn).looped(),
];

/// Four singers who agree on the vowel and on little else.
fn choir_ah(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    for singer in 0..4 {
        let size = 1.0 + 0.06 * rng.bipolar() + 0.05 * (note.octave() - 0.2).clamp(-1.0, 1.0);
        let mouth: Vec<(f32, f32, f32)> =
            formant::TENOR_AH.iter().map(|&(hz, width, db)| (hz * size, width * 1.6, db - 2.0)).collect();
        let curve = Curve::formants(&mouth, 0.003);
        let rate_hz = f64::from(rng.between(4.8, 6.0));
        let vibrato = Wander::vibrato(&timeline, &mut rng, rate_hz);
        let drift = Wander::new(&timeline, &mut rng, 0.9);
        let swell = Wander::new(&timeline, &mut rng, 0.8);
        let (depth, off) = (rng.between(9.0, 20.0), rng.between(-7.0, 7.0));
        let hz = timeline.snap_hz(timeline.pitch_hz * libm::exp2(f64::from(off) / 1200.0));
        let late = rng.between(0.0, 0.06);
        let turns = timeline.turns(hz, |secs| {
            let sung = step(secs as f32, 0.2, 0.7);
            f64::from(sung * depth * vibrato.at(secs) + 7.0 * drift.at(secs) - 40.0 * fall(secs as f32, 0.05))
        });
        let tone = Tone {
            turns: &turns,
            count: ((5200.0 / timeline.pitch_hz) as usize).min(38),
            shimmer: 0.1,
            shimmer_hz: 2.0,
            grain: 0.05,
            pan: (singer as f32 - 1.5) * 0.5,
        };
        harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
            let voice = rise(secs - late, 0.09) * (1.0 + 0.15 * swell.at(f64::from(secs)));
            voice * curve.at(hz) * 3.0 / (k as f32 + 2.0)
        });
    }
    let mut air = noise::white(&timeline, &mut rng);
    filter::band_pass(&mut air, 1.5, |_| 2900.0);
    super::track::shape(&mut air, |secs| 0.02 * rise(secs, 0.05));
    track.add(&air, 1.0, 0.0);
    space::room(&mut track, 0.9, 3500.0, 0.22);
    track
}

/// A vowel between two others, for a mouth `size` times smaller.
fn between(from: &Vowel, to: &Vowel, share: f32, size: f32) -> Vec<(f32, f32, f32)> {
    let mix = |a: f32, b: f32| a + (b - a) * share;
    from.iter().zip(to).map(|(a, b)| (mix(a.0, b.0) * size, mix(a.1, b.1), mix(a.2, b.2))).collect()
}

/// Bass voices with closed mouths that open a little and close again; stone around them.
fn monks(note: &Note) -> Track {
    let timeline = note.looped(1.3, 2.8);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    for (singer, pan) in [-0.7f32, 0.0, 0.7].into_iter().enumerate() {
        let shut = Curve::formants(
            &between(&formant::BASS_OO, &formant::TENOR_OH, 0.0, 0.95 + 0.04 * singer as f32),
            0.0008,
        );
        let open = Curve::formants(
            &between(&formant::BASS_OO, &formant::TENOR_OH, 0.8, 0.95 + 0.04 * singer as f32),
            0.0008,
        );
        let mouth = Wander::new(&timeline, &mut rng, 0.6);
        let drift = Wander::new(&timeline, &mut rng, 1.2);
        let hz = timeline.snap_hz(timeline.pitch_hz * libm::exp2(f64::from(rng.between(-6.0, 6.0)) / 1200.0));
        let turns =
            timeline.turns(hz, |secs| f64::from(6.0 * drift.at(secs) - 60.0 * fall(secs as f32, 0.09)));
        let tone = Tone {
            turns: &turns,
            count: ((3600.0 / timeline.pitch_hz) as usize).min(50),
            shimmer: 0.15,
            shimmer_hz: 2.8,
            grain: 0.05,
            pan,
        };
        let late = rng.between(0.0, 0.1);
        let mut share = (f32::NAN, 0.0);
        harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
            if secs != share.0 {
                share = (secs, 0.5 + 0.5 * mouth.at(f64::from(secs)));
            }
            let vowel = shut.at(hz) * (1.0 - share.1) + open.at(hz) * share.1;
            rise(secs - late, 0.14) * vowel * 4.0 / (k as f32 + 3.0)
        });
    }
    space::room(&mut track, 2.2, 1800.0, 0.24);
    track
}

/// One voice and its vibrato, which carries the harmonics in and out of the formants.
fn soprano(note: &Note) -> Track {
    let timeline = note.looped(1.1, 2.2);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let vibrato = Wander::vibrato(&timeline, &mut rng, 5.8);
    let drift = Wander::new(&timeline, &mut rng, 1.3);
    let sung = |secs: f32| step(secs, 0.15, 0.7);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let s = secs as f32;
        f64::from(sung(s) * 38.0 * vibrato.at(secs) + 5.0 * drift.at(secs) - 90.0 * fall(s, 0.05))
    });
    // A singer moves the first formant up to the pitch.
    let mut mouth = between(&formant::SOPRANO_OO, &formant::SOPRANO_AH, 0.65, 1.0);
    mouth[0].0 = mouth[0].0.max(timeline.pitch_hz as f32 * 1.02);
    mouth[0].1 *= 2.2;
    let curve = Curve::formants(&mouth, 0.004);
    let tone = Tone { turns: &turns, count: 20, shimmer: 0.12, shimmer_hz: 3.5, grain: 0.05, pan: 0.0 };
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, hz| {
        let wide = hz * (1.0 + 0.022 * sung(secs) * vibrato.at(f64::from(secs)));
        rise(secs, 0.06 + 0.008 * k as f32) * curve.at(wide) * 2.5 / (k as f32 + 1.5)
    });
    let breath = noise::band(&timeline, &mut rng, 3400.0, 0.8, |secs| {
        0.016 * rise(secs, 0.05) + 0.03 * burst(secs, 0.04, 0.06)
    });
    track.add(&breath, 1.0, 0.1);
    space::room(&mut track, 1.6, 5000.0, 0.16);
    track
}

/// A pressed voice with its false folds in half time; a whistle walks along the harmonics.
fn throat(note: &Note) -> Track {
    let timeline = note.looped(1.0, 3.0);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let drift = Wander::new(&timeline, &mut rng, 1.7);
    let walk = Wander::new(&timeline, &mut rng, 0.55);
    // Half the pitch must close on the loop as well.
    let half_hz = timeline.snap_hz(0.5 * timeline.pitch_hz);
    let half =
        timeline.turns(half_hz, |secs| f64::from(5.0 * drift.at(secs) - 80.0 * fall(secs as f32, 0.06)));
    let base_hz = timeline.pitch_hz as f32;
    let chest = Curve::formants(&[(520.0, 160.0, 0.0), (950.0, 200.0, -5.0), (2600.0, 400.0, -14.0)], 0.02);
    let tone = Tone {
        turns: &half,
        count: ((7600.0 / timeline.pitch_hz) as usize).min(112),
        shimmer: 0.2,
        shimmer_hz: 4.6,
        grain: 0.12,
        pan: 0.0,
    };
    let mut whistle = (f32::NAN, 0.0);
    harmonic::add(&mut track, &timeline, &mut rng, &tone, |secs, k, full| {
        if secs != whistle.0 {
            whistle = (secs, base_hz * (9.0 + 3.4 * walk.at(f64::from(secs))).clamp(5.0, 13.0));
        }
        let hz = 0.5 * full;
        let off = (hz - whistle.1) / (0.35 * base_hz);
        let folds = if k % 2 == 1 { 0.34 } else { 1.0 };
        let sung = folds * chest.at(hz) * 5.0 / (0.5 * k as f32 + 4.0)
            + if k % 2 == 0 { 1.1 / (1.0 + off * off * off * off) } else { 0.0 };
        rise(secs, 0.05) * sung
    });
    let rasp = noise::band(&timeline, &mut rng, 1100.0, 0.8, |secs| 0.05 * rise(secs, 0.04));
    track.add(&rasp, 1.0, 0.2);
    track
}

/// Breath through two mouths that change their vowels; a comb at the pitch is all the tone there is.
fn whispers(note: &Note) -> Track {
    let timeline = note.looped(1.0, 2.8);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    for pan in [-0.8f32, 0.8] {
        let mut breath = noise::white(&timeline, &mut rng);
        let gust = Wander::new(&timeline, &mut rng, 2.6);
        let mouth = Wander::new(&timeline, &mut rng, 1.1);
        super::track::shape(&mut breath, |secs| {
            (rise(secs, 0.06) + 0.8 * burst(secs, 0.03, 0.1)) * (1.0 + 0.45 * gust.at(f64::from(secs)))
        });
        let echo = Echo { hz: timeline.pitch_hz, t60_secs: 0.4, high_t60_secs: 0.3, stiffness: 0.0 };
        let comb = string_model::drive(&timeline, &echo, false, |frame| 0.3 * breath[frame]);
        let mut voice = vec![0.0; timeline.frames()];
        for (low, high, q, gain) in
            [(420.0f32, 900.0f32, 5.0, 1.0f32), (1000.0, 2300.0, 7.0, 0.8), (2600.0, 3300.0, 7.0, 0.7)]
        {
            let mut band = comb.clone();
            let middle = 0.5 * (low + high);
            filter::band_pass(&mut band, q, |secs| middle + 0.5 * (high - low) * mouth.at(f64::from(secs)));
            voice.iter_mut().zip(&band).for_each(|(sum, x)| *sum += gain * x);
        }
        filter::high_pass(&mut breath, 0.7, 5200.0);
        voice.iter_mut().zip(&breath).for_each(|(sum, x)| *sum += 0.02 * x);
        track.add(&voice, 1.0, pan);
    }
    space::room(&mut track, 1.2, 6000.0, 0.15);
    track
}

/// Saws that speak: four bands step through vowels in time with the loop.
fn vocoder(note: &Note) -> Track {
    let timeline = note.looped(0.7, 2.4);
    let mut rng = note.rng();
    let mut track = Track::silent(&timeline);
    let wave = Wave::saw(timeline.pitch_hz);
    ensemble::add(&mut track, &timeline, &mut rng, &wave, &Ensemble::still(&[-8.0, -1.0, 2.0, 9.0]));
    let hiss = noise::band(&timeline, &mut rng, 6000.0, 0.6, |secs| 0.12 * rise(secs, 0.01));
    track.add(&hiss, 1.0, 0.0);
    let turn_hz = timeline.snap_motion_hz(0.8);
    let speak = move |secs: f32| sine(turn_hz * f64::from(secs));
    let other = move |secs: f32| sine(2.0 * turn_hz * f64::from(secs) + 0.2);
    track.each(|side| {
        let dry = side.to_vec();
        side.iter_mut().for_each(|x| *x *= 0.02);
        let mut say = |q: f32, gain: f32, hz: &dyn Fn(f32) -> f32| {
            let mut band = dry.clone();
            filter::band_pass(&mut band, q, hz);
            side.iter_mut().zip(&band).for_each(|(sum, x)| *sum += gain * x);
        };
        say(7.0, 1.0, &|secs| 520.0 + 230.0 * speak(secs));
        say(9.0, 0.9, &|secs| 1500.0 + 620.0 * other(secs));
        say(9.0, 1.0, &|secs| 2750.0 + 300.0 * speak(secs));
        say(6.0, 1.2, &|_| 5200.0);
        side.iter_mut().for_each(|x| *x = filter::soft_clip(1.2 * *x));
    });
    track.shape(|secs| rise(secs, 0.012));
    track
}

/// A chest voice past its limit: the folds catch every few periods, and what is left of the vowel is driven flat.
fn torn(note: &Note) -> Track {
    let timeline = note.looped(0.8, 2.4);
    let mut rng = note.rng();
    let catch_hz = timeline.snap_motion_hz(57.0);
    let push = Wander::new(&timeline, &mut rng, 3.3);
    let turns = timeline.turns(timeline.pitch_hz, |secs| {
        let s = secs as f32;
        f64::from(28.0 * sine(catch_hz * secs) + 14.0 * push.at(secs) - 220.0 * fall(s, 0.09))
    });
    let mut voice = vec![0.0; timeline.frames()];
    Wave::pulse(timeline.pitch_hz, 0.13).add(&mut voice, &turns, |block| {
        let secs = block as f64 * super::timeline::BLOCK_SECS;
        let caught = 1.0 + (0.55 + 0.25 * push.at(secs)) * sine(catch_hz * secs + 0.4);
        rise(secs as f32, 0.03) * caught
    });
    let rasp = noise::band(&timeline, &mut rng, 2200.0, 0.6, |secs| {
        0.3 * rise(secs, 0.03) * (1.0 + 0.6 * sine(catch_hz * f64::from(secs)))
    });
    voice.iter_mut().zip(&rasp).for_each(|(sum, x)| *sum += x);
    filter::body(
        &mut voice,
        &[(780.0, 4.0, 12.0), (1250.0, 5.0, 11.0), (2700.0, 4.0, 10.0), (3500.0, 4.0, 6.0)],
    );
    filter::low_pass(&mut voice, 0.7, |_| 5600.0);
    voice.iter_mut().for_each(|x| *x = filter::soft_clip(0.7 * *x));
    let mut track = Track::mono(&timeline, voice);
    space::room(&mut track, 0.8, 4500.0, 0.12);
    track
}
