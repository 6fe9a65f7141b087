//! What is fuzzed. Each target takes any bytes and fails where a promise is broken, not where the bytes are refused.

use std::cell::OnceCell;
use std::path::Path;

use neume_bank::analyse::{analyse, heard_mono};
use neume_bank::decode::decode_bytes;
use neume_bank::{Audio, Bank, Decoded, Error, looping, names};
use neume_models::{RasterLayer, Sketch, raster};

use crate::folder::Folder;
use crate::labels::no_labels;

/// Takes any bytes.
pub type Target = fn(&[u8]);

/// By name.
const TARGETS: [(&str, Target); 8] = [
    ("decode", decode),
    ("hear", hear),
    ("sfz", |bytes| preset("x.sfz", bytes)),
    ("dspreset", |bytes| preset("x.dspreset", bytes)),
    ("tables", tables),
    ("soundfont", soundfont),
    ("index", index),
    ("sketch", sketch),
];

/// The target of this name.
pub fn find(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(known, _)| *known == name).map(|(_, target)| *target)
}

/// Every name.
pub fn names() -> Vec<&'static str> {
    TARGETS.iter().map(|(name, _)| *name).collect()
}

/// Bytes that stand between two files of one input.
pub const BETWEEN: &[u8] = b"\n--8<--\n";

/// Any file, as if it were named for the format that has no mark of its own.
fn decode(bytes: &[u8]) {
    match decode_bytes(bytes.to_vec(), Path::new("x.mp3")) {
        Ok(decoded) => check(&decoded),
        Err(error) => assert!(error.to_string().starts_with("x.mp3: ")),
    }
}

fn check(decoded: &Decoded) {
    let Audio { rate_hz, channels } = &decoded.audio;
    let frames = decoded.audio.frames();
    assert!(frames > 0 && *rate_hz > 0 && (1..=2).contains(&channels.len()));
    assert!(channels.iter().all(|channel| channel.len() == frames));
    assert!(channels.iter().flatten().all(|sample| sample.is_finite()));
    if let Some(sustain) = decoded.sustain {
        assert!(sustain.start_frames < sustain.end_frames && sustain.end_frames <= frames as u64);
    }
}

/// Any samples: two bytes of rate, one of channels and scale, then samples of 16 bits.
fn hear(bytes: &[u8]) {
    let [low, high, kind, samples @ ..] = bytes else { return };
    let rate_hz = 1_000 + 3 * u32::from(u16::from_le_bytes([*low, *high]));
    let scale = [1.0, 1e-6, 1e6, f32::MAX][usize::from(kind >> 1 & 3)];
    let samples: Vec<f32> = samples
        .chunks_exact(2)
        .map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0 * scale)
        .collect();
    let channels = match kind & 1 {
        0 => vec![samples],
        _ => samples.chunks_exact((samples.len() / 2).max(1)).take(2).map(<[f32]>::to_vec).collect(),
    };
    let decoded =
        Decoded { audio: Audio { rate_hz, channels }, root_midi: None, sustain: None, remark: None };
    if decoded.audio.frames() == 0 {
        return;
    }
    let says = analyse(&decoded, &heard_mono(&decoded.audio), &no_labels());
    assert!(says.root.midi.is_none_or(f32::is_finite) && says.loudness_db.is_finite());
    assert!(says.attack_secs.is_finite() && says.course.lead_secs.is_finite());
    let (ready, sustain) = looping::ready(&decoded.audio, says.sustain, 48_000);
    assert!(sustain.is_none_or(|sustain| sustain.end_frames <= ready.frames() as u64));
}

thread_local! {
    /// Two short sounds that presets may name, listened to already.
    static SOUNDS: OnceCell<Folder> = const { OnceCell::new() };
    static EMPTY: OnceCell<Folder> = const { OnceCell::new() };
}

fn with_sounds(then: impl FnOnce(&Folder)) {
    SOUNDS.with(|folder| {
        then(folder.get_or_init(|| {
            let folder = Folder::new().expect("a folder can be made");
            for (name, midi) in [("a.wav", 60.0), ("b.wav", 67.0)] {
                folder.write(name, &crate::seeds::wave(midi, 0.02, &[]));
            }
            folder
        }));
    });
}

fn with_empty(then: impl FnOnce(&Folder)) {
    EMPTY.with(|folder| then(folder.get_or_init(|| Folder::new().expect("a folder can be made"))));
}

/// What holds of every bank.
fn check_bank(bank: &Bank) {
    for instrument in &bank.instruments {
        assert!(!instrument.zones.is_empty());
        for zone in &instrument.zones {
            assert!(zone.sound < bank.sounds.len() && zone.root_midi.is_finite());
            assert!(zone.manner.gain_db.is_finite() && zone.manner.pan.is_finite());
            assert!(zone.manner.tune_semitones.is_finite() && zone.manner.tracking.is_finite());
        }
    }
}

/// A preset and a file that it may include.
fn preset(name: &str, bytes: &[u8]) {
    let (preset, included) = halves(bytes);
    with_sounds(|folder| {
        folder.write(name, preset);
        folder.write("i.txt", included);
        let report = folder.scan().expect("a folder can be scanned whatever it holds");
        check_bank(&report.bank);
        std::fs::remove_file(folder.path(name)).ok();
    });
}

/// A table of notes and a table of clips.
fn tables(bytes: &[u8]) {
    let (notes, clips) = halves(bytes);
    with_sounds(|folder| {
        folder.write("examples.json", notes);
        folder.write("esc50.csv", clips);
        let report = folder.scan().expect("a folder can be scanned whatever it holds");
        assert!(report.bank.sounds.len() == 2);
        check_bank(&report.bank);
    });
    names::hints(Path::new(String::from_utf8_lossy(bytes).as_ref()));
}

fn halves(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        Some(at) => (&bytes[..at], &bytes[at + BETWEEN.len()..]),
        None => (bytes, b""),
    }
}

/// A SoundFont, scanned and played.
fn soundfont(bytes: &[u8]) {
    with_empty(|folder| {
        folder.forget();
        folder.write("x.sf2", bytes);
        let report = folder.scan().expect("a folder can be scanned whatever it holds");
        check_bank(&report.bank);
        for sound in report.bank.sounds.iter().take(3) {
            let audio = report.bank.load(sound).expect("what was scanned can be loaded");
            assert_eq!(audio.frames() as u64, sound.frames);
        }
    });
}

/// An index, read and mended.
fn index(bytes: &[u8]) {
    with_sounds(|folder| {
        let path = match folder.index() {
            Some(path) => path,
            None => {
                folder.scan().expect("two sounds can be scanned");
                folder.index().expect("a scan leaves an index")
            }
        };
        std::fs::write(&path, bytes).expect("the index can be written");
        if let Ok(Some(bank)) = folder.remembered() {
            check_bank(&bank);
        }
        match folder.scan() {
            Ok(report) => {
                check_bank(&report.bank);
                assert_eq!(report.bank.sounds.len() + report.failed.len(), 2);
                assert_eq!(folder.scan().map(|again| again.new), Ok(0), "what was mended stays so");
            }
            Err(error) => assert!(matches!(error, Error::FutureIndex { .. }), "{error}"),
        }
    });
}

/// A drawing, or a picture.
fn sketch(bytes: &[u8]) {
    if let Ok(sketch) = Sketch::from_file(bytes) {
        raster::network_input(&sketch).ok();
        assert!(Sketch::from_file(&sketch.to_file().expect("a sketch can be written")).is_ok());
    }
    RasterLayer::decode(bytes).ok();
}
