//! Files and indexes that mean harm: nothing panics past the door, and no memory follows a length that is merely claimed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};

use neume_bank::decode::decode_bytes;
use neume_bank::scan::profile_of;
use neume_bank::{Content, Decoded, Error, decode_pieces, looping, names, pitch};
use proptest::prelude::*;

/// The system's allocator, which remembers the largest request of each thread.
struct Watched;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

fn note(size: usize) {
    // The thread may be ending, and its memory of this with it.
    LARGEST.try_with(|largest| largest.set(largest.get().max(size))).ok();
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static WATCHED: Watched = Watched;

/// The largest single request that decoding a file of a few kilobytes may make.
const LARGEST_REQUEST: usize = 16 << 20;

/// The largest single request that listening to a sound may make, however long it is.
const LARGEST_LONG: usize = 64 << 20;

#[test]
fn a_sound_of_more_than_an_hour_is_heard_and_decoded_in_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hours.wav");
    let mut head = crate::decode::wav(&[], 1, 8_000, 8, hound::SampleFormat::Int);
    let frames = 40_000_000;
    let length = head.len();
    head[4..8].copy_from_slice(&((length - 8 + frames) as u32).to_le_bytes());
    head[length - 4..].copy_from_slice(&(frames as u32).to_le_bytes());
    let period: Vec<u8> = (0..40).map(|i| if i < 20 { 160 } else { 96 }).collect();
    head.extend(period.into_iter().cycle().take(frames));
    std::fs::write(&path, head).unwrap();
    let content = Content::open(&path).unwrap();
    LARGEST.set(0);
    let ear = |_: &[f32], _: u32| Ok(crate::labels::no_labels());
    let profile = profile_of(&content, &path, &ear).unwrap();
    assert_eq!(profile.duration_secs, 5_000.0);
    assert!(profile.root_midi.is_some_and(|midi| (midi - 55.35).abs() < 0.1), "{profile:?}");
    let mut taken = 0;
    let outline = decode_pieces(&content, &path, &mut |piece| {
        taken += piece.frames();
        Ok(())
    });
    assert_eq!((outline.unwrap().frames, taken), (frames as u64, frames));
    let largest = LARGEST.get();
    assert!(largest <= LARGEST_LONG, "{largest} bytes were asked for at once");
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let sounds = paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension != "md"));
    let read = |path: PathBuf| {
        (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap())
    };
    sounds.map(read).chain([("plain.wav".to_string(), crate::decode::wav16(&[0.25; 500]))]).collect()
}

/// Decodes, and checks what holds for any input.
fn try_decode(bytes: Vec<u8>, name: &str) -> Result<Decoded, Error> {
    LARGEST.set(0);
    let outcome = decode_bytes(bytes, Path::new(name));
    let largest = LARGEST.get();
    assert!(largest <= LARGEST_REQUEST, "{name}: {largest} bytes were asked for at once");
    match &outcome {
        Ok(decoded) => {
            assert!(decoded.audio.frames() > 0 && (1..=2).contains(&decoded.audio.channels.len()), "{name}");
            assert!(decoded.audio.channels.iter().flatten().all(|sample| sample.is_finite()), "{name}");
        }
        Err(error) => assert!(error.to_string().starts_with(name), "{error}"),
    }
    outcome
}

#[test]
fn lengths_that_lie_anywhere_in_a_header_take_no_memory() {
    let lies: [&[u8]; 3] =
        [&[0xff; 4], &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], &[0xff, 0xff, 0xff, 0x3f]];
    for (name, bytes) in fixtures() {
        for at in 0..bytes.len().min(360) - 8 {
            let lie = lies[at % lies.len()];
            let mut bytes = bytes.clone();
            bytes[at..at + lie.len()].copy_from_slice(lie);
            try_decode(bytes, &name).ok();
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_a_sound_or_an_error() {
    for (name, bytes) in fixtures() {
        for len in (0..bytes.len()).step_by(1 + bytes.len() / 60) {
            try_decode(bytes[..len].to_vec(), &name).ok();
        }
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_file_with_bytes_changed_is_a_sound_or_an_error(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let fixtures = fixtures();
        let (name, bytes) = which.get(&fixtures);
        let mut bytes = bytes.clone();
        for (at, byte, in_header) in edits {
            let range = if in_header { bytes.len().min(256) } else { bytes.len() };
            let at = at.index(range);
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        try_decode(bytes, name).ok();
    }

    #[test]
    fn a_wav_of_any_chunks_is_a_sound_or_an_error(
        chunks in prop::collection::vec(
            (prop::sample::select(vec![b"fmt ", b"data", b"smpl", b"inst", b"fact", b"ds64", b"LIST"]), any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)),
            0..6,
        ),
    ) {
        let mut bytes = crate::decode::wav16(&[0.25; 64]);
        for (name, claimed, honest, body) in chunks {
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&(if honest { body.len() as u32 } else { claimed }).to_le_bytes());
            bytes.extend_from_slice(&body);
        }
        try_decode(bytes, "chunks.wav").ok();
    }

    #[test]
    fn any_name_can_be_read(name in "\\PC{0,40}") {
        let hints = names::hints(Path::new(&name));
        prop_assert!(hints.root_midi.is_none_or(|midi| midi <= 127));
    }

    #[test]
    fn any_samples_can_be_heard_and_looped(
        samples in prop::collection::vec(prop_oneof![-1.0f32..1.0, Just(0.0), Just(1e30), Just(-1e-30)], 0..3000),
        rate_hz in prop::sample::select(vec![1_000u32, 8_000, 44_100, 768_000]),
    ) {
        if let Some(heard) = pitch::hear(&samples, rate_hz) {
            prop_assert!(heard.midi.is_finite() && (0.0..=1.0).contains(&heard.confidence));
        }
        if let Some(found) = looping::find(&samples, rate_hz) {
            prop_assert!(found.end_frames <= samples.len() as u64 && found.start_frames < found.end_frames);
        }
    }
}
