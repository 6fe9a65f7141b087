//! Training sounds and the many ways in which they may reach a microphone: transposed, equalised, in a room, in
//! noise, saturated, cut late or short, band-limited, coarsely quantised.

use rand::Rng;
use rand::rngs::StdRng;
use realfft::RealFftPlanner;
use realfft::num_complex::Complex32;

use super::labels::Label;
use super::normal;
use crate::ear::front::MOMENTS;
use crate::excerpt::{FRAMES, RATE_HZ, excerpt, onset_frame, resample, respectrum, with_planner};
use crate::features::{FeatureMaker, Features, MEL_FRAMES};
use crate::measures::{brightness, brightness_of, loudness_db, roughness, thirds};

/// Frames of the transform in which a sound is changed: nearly three seconds.
const CANVAS: usize = 65_536;
/// Frames kept of a training sound; the rest of the canvas holds the room's tail.
const KEPT: usize = RATE_HZ as usize * 12 / 5;
const ROOMS: usize = 40;

/// A sound to learn from, at [`RATE_HZ`] from its attack, with what was measured of it while it was clean.
pub struct LabelledSound {
    /// What its path said.
    pub label: Label,
    /// Loudness of the clean sound, dB.
    pub loudness_db: f32,
    /// Brightness of the clean sound, 0..1.
    pub brightness: f32,
    /// Roughness of the clean sound, 0..1.
    pub roughness: f32,
    audio: Vec<f32>,
}

impl LabelledSound {
    /// Takes the first seconds of a mono sound; `None` if they are silent.
    pub fn new(label: Label, mono: &[f32], rate_hz: u32) -> Option<LabelledSound> {
        with_planner(|planner| {
            let onset = onset_frame(mono, rate_hz);
            let wanted = KEPT as u64 * u64::from(rate_hz) / u64::from(RATE_HZ);
            let heard = &mono[onset..mono.len().min(onset + wanted as usize)];
            let mut audio =
                if rate_hz == RATE_HZ { heard.to_vec() } else { resample(heard, rate_hz, planner) };
            audio.truncate(KEPT);
            if audio.iter().all(|s| s.abs() < 1e-7) || audio.iter().any(|s| !s.is_finite()) {
                return None;
            }
            let clean = excerpt(&audio, RATE_HZ, planner);
            Some(LabelledSound {
                label,
                loudness_db: loudness_db(&clean),
                brightness: brightness(&clean, planner),
                roughness: roughness(&clean, planner),
                audio,
            })
        })
    }

    /// The features of the sound as it is.
    pub fn features(&self, maker: &FeatureMaker) -> Features {
        with_planner(|planner| maker.features(&excerpt(&self.audio, RATE_HZ, planner)))
    }
}

/// A changed sound with what it should be recognised as.
pub struct Example {
    /// What the network gets.
    pub features: Features,
    /// The root of the transposed sound.
    pub root_midi: Option<f32>,
    /// Brightness after transposing and equalising, before room and noise.
    pub brightness: f32,
    /// Roughness of the clean sound.
    pub roughness: f32,
}

/// Changes sounds.
pub struct Augmenter {
    maker: FeatureMaker,
    /// Spectra of rooms over the canvas.
    rooms: Vec<Vec<Complex32>>,
    /// Lengths that transpose the canvas by up to five semitones and transform quickly.
    lengths: Vec<usize>,
    /// Octaves above 20 Hz of each bin of the canvas.
    octaves: Vec<f32>,
}

impl Augmenter {
    /// Builds the rooms.
    pub fn new(rng: &mut StdRng) -> Augmenter {
        let bin_hz = RATE_HZ as f32 / CANVAS as f32;
        Augmenter {
            maker: FeatureMaker::new(),
            rooms: (0..ROOMS).map(|_| room(rng)).collect(),
            lengths: quick_lengths(),
            octaves: (0..=CANVAS / 2)
                .map(|bin| (bin.max(1) as f32 * bin_hz / 20.0).log2().max(0.0))
                .collect(),
        }
    }

    /// One way in which `sound` may be heard; the harmonics are computed only if wanted, and are empty otherwise.
    pub fn example(&self, sound: &LabelledSound, wants_pitch: bool, rng: &mut StdRng) -> Example {
        with_planner(|planner| self.example_with(sound, wants_pitch, rng, planner))
    }

    fn example_with(
        &self,
        sound: &LabelledSound,
        wants_pitch: bool,
        rng: &mut StdRng,
        planner: &mut RealFftPlanner<f32>,
    ) -> Example {
        let played = cut(&sound.audio, rng);
        let transposed = rng.random_bool(0.75);
        let length = if transposed { self.lengths[rng.random_range(0..self.lengths.len())] } else { CANVAS };
        let gains = equalisation(rng);
        let room = rng.random_bool(0.4).then(|| &self.rooms[rng.random_range(0..ROOMS)]);
        let mut bright = 0.0;
        let mut heard = respectrum(&played, CANVAS, length, planner, |spectrum| {
            for (value, &octave) in spectrum.iter_mut().zip(&self.octaves) {
                *value *= knot(&gains, octave);
            }
            let kept = (length / 2 + 1).min(spectrum.len());
            bright = brightness_of(&thirds(&spectrum[..kept], RATE_HZ as f32 / length as f32));
            if let Some(room) = room {
                spectrum.iter_mut().zip(room).for_each(|(value, wall)| *value *= wall);
            }
        });
        disturb(&mut heard, rng);
        let heard = excerpt(&heard, RATE_HZ, planner);
        let mut features = match wants_pitch {
            true => self.maker.features(&heard),
            false => self.maker.timbre(&heard),
        };
        mask(&mut features.mel, MEL_FRAMES, rng);
        mask(&mut features.seen, MOMENTS, rng);
        let shift_semitones = 12.0 * (CANVAS as f32 / length as f32).log2();
        let root_midi = sound.label.root_midi.map(|root| root + shift_semitones);
        Example { features, root_midi, brightness: bright, roughness: sound.roughness }
    }
}

/// Starts a little before, at or after the attack, and may end early.
fn cut(audio: &[f32], rng: &mut StdRng) -> Vec<f32> {
    let frames = |secs: f32| (secs * RATE_HZ as f32) as usize;
    let start = match rng.random_range(0..10) {
        0..5 => 0,
        5..9 => frames(rng.random_range(0.0..0.04)),
        _ => frames(rng.random_range(0.04..0.3)),
    };
    let mut played = audio[start.min(audio.len() / 2)..].to_vec();
    if rng.random_bool(0.3) {
        played.truncate(frames(rng.random_range(0.25..2.0)));
    }
    let fade = played.len().min(frames(0.02));
    let len = played.len();
    played[len - fade..].iter_mut().enumerate().for_each(|(i, s)| *s *= 1.0 - i as f32 / fade as f32);
    played
}

/// Knots per octave of an equalisation, and how many of them.
const KNOTS_PER_OCTAVE: f32 = 4.0;
const KNOTS: usize = 44;

/// A random equalisation as gains at knots above 20 Hz: a tilt, two bumps, and now and then a narrow band.
fn equalisation(rng: &mut StdRng) -> [f32; KNOTS] {
    let tilt_db = normal(rng) * 1.2;
    let bumps: [[f32; 3]; 2] =
        std::array::from_fn(|_| [rng.random_range(1.0..9.0), normal(rng) * 5.0, rng.random_range(0.3..1.5)]);
    let low = if rng.random_bool(0.15) { rng.random_range(1.0..4.0) } else { -9.0 };
    let high = if rng.random_bool(0.25) { rng.random_range(6.8..9.0) } else { 99.0 };
    std::array::from_fn(|knot| {
        let octave = knot as f32 / KNOTS_PER_OCTAVE;
        let mut db = tilt_db * (octave - 5.0);
        for [centre, gain_db, width] in bumps {
            db += gain_db * (-((octave - centre) / width).powi(2)).exp();
        }
        db -= 18.0 * (low - octave).max(0.0) + 40.0 * (octave - high).max(0.0);
        10f32.powf(db.clamp(-90.0, 30.0) / 20.0)
    })
}

fn knot(gains: &[f32; KNOTS], octave: f32) -> f32 {
    let place = (octave * KNOTS_PER_OCTAVE).min((KNOTS - 2) as f32);
    let index = place as usize;
    gains[index] + (gains[index + 1] - gains[index]) * (place - index as f32)
}

/// Saturation, noise and coarse steps.
fn disturb(heard: &mut [f32], rng: &mut StdRng) {
    let peak = heard.iter().fold(1e-9f32, |peak, s| peak.max(s.abs()));
    heard.iter_mut().for_each(|s| *s /= peak);
    if rng.random_bool(0.08) {
        let drive: f32 = rng.random_range(0.5..2.0);
        heard.iter_mut().for_each(|s| *s = (*s * drive).tanh());
    }
    if rng.random_bool(0.6) {
        let level = 10f32.powf(-rng.random_range(24.0..80.0) / 20.0f32);
        let colour: f32 = rng.random_range(0.0..0.95);
        let mut last = 0.0;
        for sample in heard.iter_mut() {
            last = colour * last + (1.0 - colour) * rng.random_range(-1.7..1.7f32);
            *sample += level * last;
        }
    }
    if rng.random_bool(0.1) {
        let steps = f32::from(1u16 << rng.random_range(7..12));
        heard.iter_mut().for_each(|s| *s = (*s * steps).round() / steps);
    }
}

/// Hides a few neighbouring bands and moments of a log-mel, which is so many moments wide.
fn mask(mel: &mut [f32], moments: usize, rng: &mut StdRng) {
    let nothing = mel.iter().copied().fold(f32::INFINITY, f32::min);
    let bands = mel.len() / moments;
    if rng.random_bool(0.35) {
        let (height, first) = (rng.random_range(1..=bands / 8), rng.random_range(0..bands - bands / 8));
        mel[first * moments..(first + height) * moments].fill(nothing);
    }
    if rng.random_bool(0.35) {
        let width = rng.random_range(1..moments / 6);
        let first = rng.random_range(moments / 16..moments - moments / 6);
        mel.chunks_mut(moments).for_each(|band| band[first..first + width].fill(nothing));
    }
}

/// The spectrum of a room: the direct sound, then noise that dies away.
fn room(rng: &mut StdRng) -> Vec<Complex32> {
    let decay_secs: f32 = rng.random_range(0.12..1.2);
    let wet = 10f32.powf(-rng.random_range(2.0..20.0) / 20.0f32);
    let frames = ((decay_secs * RATE_HZ as f32) as usize).min(CANVAS / 3);
    let damping: f32 = rng.random_range(0.0..0.8);
    let (mut impulse, mut last, mut energy) = (vec![0.0; CANVAS], 0.0, 0.0);
    for (i, value) in impulse.iter_mut().enumerate().take(frames).skip(60) {
        last = damping * last + (1.0 - damping) * normal(rng);
        *value = last * 10f32.powf(-3.0 * i as f32 / frames as f32);
        energy += *value * *value;
    }
    let scale = wet / energy.max(1e-9).sqrt();
    impulse.iter_mut().for_each(|s| *s *= scale);
    impulse[0] = 1.0;
    let mut spectrum = Vec::new();
    let keep = |values: &mut [Complex32]| spectrum = values.to_vec();
    respectrum(&impulse, CANVAS, CANVAS, &mut RealFftPlanner::new(), keep);
    spectrum
}

/// Even lengths without a prime factor over five, within five semitones of the canvas.
fn quick_lengths() -> Vec<usize> {
    let widest = 2f32.powf(5.0 / 12.0);
    let (low, high) = ((CANVAS as f32 / widest) as usize, (CANVAS as f32 * widest) as usize);
    let is_quick = |mut n: usize| {
        for factor in [2, 3, 5] {
            while n.is_multiple_of(factor) {
                n /= factor;
            }
        }
        n == 1
    };
    (low.max(FRAMES)..=high).filter(|&n| n.is_multiple_of(16) && is_quick(n)).collect()
}
