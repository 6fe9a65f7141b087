//! Times searches in banks of 1,000, 100,000 and 1,000,000 sounds, on one thread. Prints one JSON object for each.
//!
//! The banks are synthetic: each sound is a mixture of two sounds of one family of a real bank (the folder that
//! `NEUME_BENCH_BANK` names, as it was last scanned; else the factory bank), jittered. Beside it in the same run: every
//! embedding compared in turn, as floats.
//!
//! `NEUME_BENCH_SOUNDS` asks for another number of sounds. `recall`: how many of the best 5 and 10 by comparing everything are found.

use std::collections::HashSet;
use std::path::Path;
use std::time::Instant;

use neume_bank::search::Like;
use neume_bank::{Bank, Profile, Query, ScanOptions, Sound, SoundId, Source, Text, search};
use neume_models::{Embedding, Families, Family, Loudness, Pitch, Reading, Timbre};

const TOP: usize = 10;
const QUERIES: usize = 200;
/// Comparing everything takes long.
const COMPARED: usize = 20;

fn main() -> anyhow::Result<()> {
    let real = real_sounds()?;
    let counts = match std::env::var("NEUME_BENCH_SOUNDS").ok().and_then(|count| count.parse().ok()) {
        Some(count) => vec![count],
        None => vec![1_000, 100_000, 1_000_000],
    };
    for count in counts {
        let before = resident_bytes();
        let sounds: Vec<Sound> = (0..count).map(|at| synthetic(&real, at)).collect();
        let with_sounds = resident_bytes();
        let begin = Instant::now();
        let bank = Bank::new("synthetic", None, sounds, Vec::new());
        let build_secs = begin.elapsed().as_secs_f64();
        let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let mut figures = serde_json::json!({
            "sounds": count,
            "real_sounds": real.len(),
            "open_secs": build_secs,
            "sounds_mb": megabytes(with_sounds.saturating_sub(before)),
            "search_mb": megabytes(resident_bytes().saturating_sub(with_sounds)),
        });
        let begin = Instant::now();
        search(
            &bank,
            &Query { like: Some(Like { profile: &real[0].profile, itself: None }), ..Query::default() },
            1,
        );
        figures["first_likeness_secs"] = begin.elapsed().as_secs_f64().into();
        figures["search_with_likeness_mb"] = megabytes(resident_bytes().saturating_sub(with_sounds)).into();
        for kind in Kind::ALL {
            figures[kind.name()] = time(&bank, &real, kind);
        }
        figures["every embedding in turn"] = time_in_turn(&bank, &real);
        println!("{}", serde_json::json!({ format!("{count}"): figures }));
    }
    Ok(())
}

fn real_sounds() -> anyhow::Result<Vec<Sound>> {
    let Some(folder) = std::env::var_os("NEUME_BENCH_BANK") else {
        return Ok(Bank::factory().sounds.clone());
    };
    let bank = neume_bank::scan::remembered(Path::new(&folder), &ScanOptions::default())?;
    Ok(bank.ok_or_else(|| anyhow::anyhow!("{}: was never scanned", folder.display()))?.sounds.clone())
}

/// What is asked.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Drawn,
    DrawnInBlack,
    Like,
    LikeAndDrawn,
    Words,
    WordsLikeAndDrawn,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::Drawn,
        Kind::DrawnInBlack,
        Kind::Like,
        Kind::LikeAndDrawn,
        Kind::Words,
        Kind::WordsLikeAndDrawn,
    ];

    fn name(self) -> &'static str {
        match self {
            Kind::Drawn => "a drawing",
            Kind::DrawnInBlack => "a black drawing",
            Kind::Like => "like a sound",
            Kind::LikeAndDrawn => "like a sound and a drawing",
            Kind::Words => "words",
            Kind::WordsLikeAndDrawn => "words and like a sound and a drawing",
        }
    }
}

fn time(bank: &Bank, real: &[Sound], kind: Kind) -> serde_json::Value {
    let mut millis = Vec::new();
    let (mut found_of_5, mut found_of_10, mut compared) = (0, 0, 0);
    for turn in 0..QUERIES {
        let asked = synthetic(real, usize::MAX / 2 + turn);
        let black = kind == Kind::DrawnInBlack;
        let reading = reading(&asked.profile, black, turn);
        let typed = ["violin", "p", "vio -pizz", "acoustic 0", "string a", "me"][turn % 6];
        let drawn = !matches!(kind, Kind::Like | Kind::Words);
        let like = matches!(kind, Kind::Like | Kind::LikeAndDrawn | Kind::WordsLikeAndDrawn);
        let worded = matches!(kind, Kind::Words | Kind::WordsLikeAndDrawn);
        let query = Query {
            reading: drawn.then_some(&reading),
            like: like.then_some(Like { profile: &asked.profile, itself: None }),
            text: Text::of(if worded { typed } else { "" }),
            ..Query::default()
        };
        let (found, took) = timed(|| search(bank, &query, TOP));
        millis.push(took);
        if turn < COMPARED && !worded {
            // A search for more than there are sounds compares everything.
            let all = every(bank, &query);
            let ids: HashSet<SoundId> = found.iter().map(|found| found.sound).collect();
            found_of_5 +=
                all[..5].iter().filter(|id| found[..5].iter().any(|found| found.sound == **id)).count();
            found_of_10 += all[..10].iter().filter(|id| ids.contains(id)).count();
            compared += 1;
        }
    }
    let mut figures = percentiles(millis);
    if compared > 0 {
        figures["recall_at_5"] = (found_of_5 as f64 / (5 * compared) as f64).into();
        figures["recall_at_10"] = (found_of_10 as f64 / (10 * compared) as f64).into();
    }
    figures
}

/// The best by scoring every sound.
fn every(bank: &Bank, query: &Query) -> Vec<SoundId> {
    neume_bank::search::every(bank, query, TOP).into_iter().map(|(_, id)| id).collect()
}

/// The peer that finds the most similar embeddings by comparing all of them.
fn time_in_turn(bank: &Bank, real: &[Sound]) -> serde_json::Value {
    let flat: Vec<[f32; Embedding::LEN]> = bank.sounds.iter().map(place).collect();
    let millis = (0..COMPARED).map(|turn| {
        let asked = place(&synthetic(real, usize::MAX / 2 + turn));
        timed(|| nearest(&flat, &asked)).1
    });
    percentiles(millis.collect())
}

fn place(sound: &Sound) -> [f32; Embedding::LEN] {
    let mut place = [0.0; Embedding::LEN];
    place.copy_from_slice(sound.profile.embedding.as_slice());
    place
}

fn nearest(flat: &[[f32; Embedding::LEN]], asked: &[f32; Embedding::LEN]) -> Vec<usize> {
    let dot = |a: &[f32; Embedding::LEN]| {
        let mut lanes = [0.0f32; 8];
        for (a, b) in a.chunks_exact(8).zip(asked.chunks_exact(8)) {
            (0..8).for_each(|i| lanes[i] += a[i] * b[i]);
        }
        lanes.iter().sum::<f32>()
    };
    let mut scored: Vec<(f32, usize)> = flat.iter().enumerate().map(|(at, a)| (dot(a), at)).collect();
    scored.select_nth_unstable_by(TOP - 1, |a, b| b.0.total_cmp(&a.0));
    scored.truncate(TOP);
    scored.into_iter().map(|(_, at)| at).collect()
}

/// What came of it, and the milliseconds of the quickest of five runs: what others do on this machine is no part of it.
fn timed<T>(work: impl Fn() -> T) -> (T, f64) {
    let run = || {
        let begin = Instant::now();
        let done = std::hint::black_box(work());
        (done, begin.elapsed().as_secs_f64() * 1e3)
    };
    (0..4).map(|_| run()).fold(run(), |best, next| if next.1 < best.1 { next } else { best })
}

fn percentiles(mut millis: Vec<f64>) -> serde_json::Value {
    millis.sort_by(f64::total_cmp);
    let at = |share: f64| millis[((millis.len() - 1) as f64 * share).round() as usize];
    serde_json::json!({ "p50_ms": at(0.5), "p99_ms": at(0.99) })
}

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// About normal.
    fn bell(&mut self) -> f32 {
        (0..6).map(|_| self.unit() - 0.5).sum::<f32>() * std::f32::consts::SQRT_2
    }
}

/// Two sounds of one family mixed and jittered: by 0.4 semitones beside whole octaves and notes, 2 dB, a twentieth of
/// brightness and roughness, and in the place among sounds by a fifth of its length.
fn synthetic(real: &[Sound], seed: usize) -> Sound {
    let mut dice = Dice((seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5DEE_CE66);
    let mut pick = || &real[((dice.unit() * 0.999_99 * real.len() as f32) as usize).min(real.len() - 1)];
    let one = pick();
    let family = one.profile.families.best().0;
    let other =
        (0..40).map(|_| pick()).find(|other| other.profile.families.best().0 == family).unwrap_or(one);
    let share = 0.5 * dice.unit();
    let (a, b) = (&one.profile, &other.profile);
    let mix = |a: f32, b: f32| a + share * (b - a);
    let mut families = [0.0; Family::COUNT];
    families.iter_mut().zip(a.families.0.iter().zip(b.families.0)).for_each(|(v, (a, b))| *v = mix(*a, b));
    let mut place = [0.0; Embedding::LEN];
    for (v, (a, b)) in place.iter_mut().zip(a.embedding.as_slice().iter().zip(b.embedding.as_slice())) {
        *v = mix(*a, *b) + 0.2 / (Embedding::LEN as f32).sqrt() * dice.bell();
    }
    let transposed = (dice.unit() * 25.0).floor() - 12.0;
    let id = SoundId::of(&seed.to_le_bytes());
    Sound {
        id,
        source: Source::File(format!("{}/{} {}.wav", other.name, one.name, seed % 1000).into()),
        name: format!("{} {}", one.name, seed % 1000),
        class: None,
        tags: String::new(),
        rate_hz: one.rate_hz,
        frames: one.frames,
        sustain: None,
        course: None,
        doubt: None,
        profile: Profile {
            root_midi: a.root_midi.map(|root| (root + transposed + 0.4 * dice.bell()).clamp(12.0, 120.0)),
            root_confidence: a.root_confidence,
            loudness_db: mix(a.loudness_db, b.loudness_db) + 2.0 * dice.bell(),
            families: Families(families),
            brightness: (mix(a.brightness, b.brightness) + 0.05 * dice.bell()).clamp(0.0, 1.0),
            roughness: (mix(a.roughness, b.roughness) + 0.05 * dice.bell()).clamp(0.0, 1.0),
            attack_secs: mix(a.attack_secs, b.attack_secs) * (1.0 + 0.3 * dice.unit()),
            duration_secs: mix(a.duration_secs, b.duration_secs) * (1.0 + 0.3 * dice.unit()),
            embedding: Embedding::from_raw(&place),
        },
        overview: vec![128; Sound::OVERVIEW_LEN],
    }
}

/// A drawing that asks for about such a sound.
fn reading(profile: &Profile, black: bool, turn: usize) -> Reading {
    Reading {
        pitch: Pitch { y_norm: 0.5, midi: profile.root_midi.unwrap_or(60.0), confidence: 0.95 },
        loudness: Loudness { db: -36.0 * (turn % 7) as f32 / 6.0, width_norm: 0.01, confidence: 0.9 },
        timbre: Timbre {
            family: (!black).then(|| profile.families.best().0),
            confidence: 0.9,
            families: Families::only(profile.families.best().0),
            brightness: profile.brightness,
            roughness: profile.roughness,
        },
        contour: Vec::new(),
        embedding: profile.embedding.clone(),
    }
}

/// Memory of this process, where the system tells.
fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
