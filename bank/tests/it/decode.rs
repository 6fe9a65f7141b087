//! Decoding.

use std::path::{Path, PathBuf};

use hound::{SampleFormat, WavSpec, WavWriter};
use neume_bank::decode::{MAX_SECS, decode_bytes};
use neume_bank::{Error, Loop, decode};

use crate::tone::{crossing_hz, rms, sine};

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name)
}

/// A WAV file of channels that all hold the same samples.
pub fn wav(
    samples: &[f32],
    channels: u16,
    sample_rate: u32,
    bits_per_sample: u16,
    sample_format: SampleFormat,
) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer =
        WavWriter::new(&mut bytes, WavSpec { channels, sample_rate, bits_per_sample, sample_format })
            .unwrap();
    let full = 2f64.powi(i32::from(bits_per_sample) - 1);
    for sample in samples {
        for _ in 0..channels {
            match sample_format {
                SampleFormat::Float => writer.write_sample(*sample).unwrap(),
                SampleFormat::Int => writer.write_sample((f64::from(*sample) * full).round() as i32).unwrap(),
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

pub fn wav16(samples: &[f32]) -> Vec<u8> {
    wav(samples, 1, 44_100, 16, SampleFormat::Int)
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [name.as_slice(), &(body.len() as u32).to_le_bytes(), body].concat()
}

fn cause(bytes: Vec<u8>, name: &str) -> String {
    match decode_bytes(bytes, Path::new(name)) {
        Err(Error::File { path, cause }) => {
            assert_eq!(path, Path::new(name));
            cause
        }
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_coding_of_the_fixtures_is_the_same_sine() {
    // Lossy codings ring at the ends and may keep their padding.
    let table = [
        ("sine.flac", 0.1),
        ("sine.aiff", 0.1),
        ("sine.caf", 0.1),
        ("alac.caf", 0.1),
        ("alac.m4a", 0.1),
        ("sine.ogg", 0.25),
        ("sine.mp3", 0.25),
        ("sine.m4a", 0.25),
        ("sine.aac", 0.25),
    ];
    for (name, secs) in table {
        let decoded = decode(&fixture(name)).unwrap_or_else(|error| panic!("{error}"));
        let audio = &decoded.audio;
        assert_eq!((audio.rate_hz, audio.channels.len()), (22_050, 1), "{name}");
        assert!(audio.secs() > secs - 0.001 && audio.secs() < secs + 0.15, "{name}: {} s", audio.secs());
        let half = audio.frames() / 2;
        let middle = &audio.channels[0][half - 500..half + 500];
        assert!(
            (crossing_hz(middle, 22_050) - 440.0).abs() < 2.0,
            "{name}: {} Hz",
            crossing_hz(middle, 22_050)
        );
        assert!((rms(middle) - 0.354).abs() < 0.02, "{name}: {}", rms(middle));
    }
}

#[test]
fn what_an_mp4_says_of_its_beginning_and_end_is_cut_away() {
    let audio = decode(&fixture("sine.m4a")).unwrap().audio;
    assert_eq!(audio.frames(), 5_513, "a quarter of a second, without the encoder's silence");
    assert!(rms(&audio.channels[0][..200]) > 0.3, "it begins at once: {}", rms(&audio.channels[0][..200]));
    let whole = std::fs::read(fixture("sine.m4a")).unwrap();
    let at = whole.windows(4).position(|window| window == b"elst").unwrap();
    // A list that leaves nothing, or reaches past the end, or lies in its count, costs no sound.
    for (from, value) in
        [(at + 16, 0x7fff_ffffu32), (at + 12, u32::MAX), (at + 8, u32::MAX), (at - 4, u32::MAX)]
    {
        let mut bytes = whole.clone();
        bytes[from..from + 4].copy_from_slice(&value.to_be_bytes());
        if let Ok(decoded) = decode_bytes(bytes, Path::new("x.m4a")) {
            assert!(decoded.audio.frames() >= 22_050 / 4, "{from}: {}", decoded.audio.frames());
        }
    }
}

#[test]
fn ten_hours_of_silence_are_refused_by_what_the_file_says() {
    // Eleven hours at a frame a second.
    let mut hours = wav(&vec![0.0; 40_000], 1, 1_000, 8, SampleFormat::Int);
    hours[24..28].copy_from_slice(&1u32.to_le_bytes());
    hours[28..32].copy_from_slice(&1u32.to_le_bytes());
    let error = decode_bytes(hours, Path::new("hours.wav")).unwrap_err();
    assert_eq!(error.to_string(), "hours.wav: a length in seconds of 40000 is over the limit of 600");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.wav");
    std::fs::File::create(&path).unwrap().set_len(2 << 30).unwrap();
    let message = decode(&path).unwrap_err().to_string();
    assert!(message.contains("a size in bytes of 2147483648"), "{message}");
}

#[test]
fn wav_of_every_width_and_rate_keeps_its_samples() {
    let cases =
        [8, 16, 24, 32].map(|bits| (bits, SampleFormat::Int)).into_iter().chain([(32, SampleFormat::Float)]);
    for (bits, format) in cases {
        for rate in [8_000, 44_100, 192_000] {
            for channels in [1, 2] {
                let samples = sine(rate, 440.0, 0.05);
                let decoded =
                    decode_bytes(wav(&samples, channels, rate, bits, format), Path::new("a.wav")).unwrap();
                assert_eq!(decoded.audio.rate_hz, rate);
                assert_eq!(decoded.audio.channels.len(), usize::from(channels));
                assert_eq!(decoded.remark, None);
                let step = 2f32.powi(1 - i32::from(bits.min(24)));
                for channel in &decoded.audio.channels {
                    assert_eq!(channel.len(), samples.len());
                    let worst = channel.iter().zip(&samples).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(worst <= step, "{bits} bit {format:?} {rate} Hz: {worst}");
                }
            }
        }
    }
}

#[test]
fn more_than_two_channels_are_mixed_down_with_a_remark() {
    let decoded =
        decode_bytes(wav(&[0.5; 100], 6, 48_000, 16, SampleFormat::Int), Path::new("a.wav")).unwrap();
    assert_eq!(decoded.audio.channels.len(), 2);
    assert!(decoded.remark.unwrap().contains("6 channels"));
    assert!(decoded.audio.channels.iter().flatten().all(|s| s.abs() <= 1.0 && *s > 0.1));
}

#[test]
fn a_sampler_chunk_gives_root_and_loop() {
    let mut smpl = vec![0u8; 60];
    smpl[12..16].copy_from_slice(&64u32.to_le_bytes());
    smpl[16..20].copy_from_slice(&(1u32 << 31).to_le_bytes());
    smpl[28..32].copy_from_slice(&1u32.to_le_bytes());
    smpl[44..48].copy_from_slice(&100u32.to_le_bytes());
    smpl[48..52].copy_from_slice(&899u32.to_le_bytes());
    let bytes = [wav16(&sine(44_100, 440.0, 0.05)), chunk(b"smpl", &smpl)].concat();
    let decoded = decode_bytes(bytes.clone(), Path::new("a.wav")).unwrap();
    assert_eq!(decoded.root_midi, Some(64.5));
    assert_eq!(
        decoded.sustain,
        Some(Loop { start_frames: 100, end_frames: 900, crossfade_frames: 0, is_mirrored: false })
    );

    smpl[48..52].copy_from_slice(&u32::MAX.to_le_bytes());
    let past_end = [wav16(&sine(44_100, 440.0, 0.05)), chunk(b"smpl", &smpl)].concat();
    assert_eq!(decode_bytes(past_end, Path::new("a.wav")).unwrap().sustain, None);

    smpl[28..32].copy_from_slice(&u32::MAX.to_le_bytes());
    smpl[48..52].copy_from_slice(&9_999u32.to_le_bytes());
    let beyond = [wav16(&sine(44_100, 440.0, 0.05)), chunk(b"smpl", &smpl)].concat();
    let decoded = decode_bytes(beyond, Path::new("a.wav")).unwrap();
    assert_eq!(decoded.sustain, None);
    assert!(decoded.remark.unwrap().contains("loop"));
}

#[test]
fn of_the_loops_of_a_sampler_chunk_one_that_never_ends_is_played_and_in_its_own_way() {
    let sustained = |loops: &[[u32; 4]]| {
        let mut smpl = vec![0u8; 36];
        smpl[28..32].copy_from_slice(&(loops.len() as u32).to_le_bytes());
        for [kind, first, last, count] in loops {
            [0, *kind, *first, *last, 0, *count].iter().for_each(|n| smpl.extend(n.to_le_bytes()));
        }
        let bytes = [wav16(&sine(44_100, 440.0, 0.05)), chunk(b"smpl", &smpl)].concat();
        let decoded = decode_bytes(bytes, Path::new("a.wav")).unwrap();
        (decoded.sustain, decoded.remark)
    };
    let over = |start_frames, end_frames, is_mirrored| {
        Some(Loop { start_frames, end_frames, crossfade_frames: 0, is_mirrored })
    };
    assert_eq!(sustained(&[[0, 10, 49, 3], [0, 100, 899, 0]]), (over(100, 900, false), None));
    assert_eq!(sustained(&[[0, 10, 49, 3], [1, 100, 899, 2]]), (over(10, 50, false), None));
    assert_eq!(sustained(&[[1, 10, 49, 0]]), (over(10, 50, true), None));
    assert_eq!(sustained(&[[9, 1, 2, 0], [0, 30, 20, 0]]), (None, None));
    let (backward, remark) = sustained(&[[2, 10, 49, 0]]);
    assert_eq!(backward, over(10, 50, false));
    assert!(remark.unwrap().contains("backward"));
}

/// A mono WAV file at 44.1 kHz with a format chunk of its own.
fn wave_of(tag: u16, block: u16, bits: u16, rest: &[u8], samples: &[u8]) -> Vec<u8> {
    let mut format = [tag.to_le_bytes(), 1u16.to_le_bytes()].concat();
    format.extend([44_100u32.to_le_bytes(), (44_100 * u32::from(block)).to_le_bytes()].concat());
    format.extend([block.to_le_bytes(), bits.to_le_bytes()].concat());
    format.extend(rest);
    [b"RIFF\0\0\0\0WAVE".to_vec(), chunk(b"fmt ", &format), chunk(b"data", samples)].concat()
}

#[test]
fn format_chunks_of_unusual_length_and_samples_of_unusual_bits_are_read() {
    let half = |bytes: &[u8]| bytes.repeat(100);
    for (number, (bytes, expected)) in [
        (wave_of(1, 2, 16, &[0; 4], &half(&[0, 0x40])), 0.5),
        (wave_of(1, 2, 16, &[0; 24], &half(&[0, 0x40])), 0.5),
        (wave_of(1, 2, 12, &[], &half(&[0, 0x40])), 0.5),
        (wave_of(1, 3, 20, &[0; 2], &half(&[0, 0, 0x40])), 0.5),
        (wave_of(1, 4, 20, &[], &half(&[0, 0, 0, 0x40])), 0.5),
        (wave_of(3, 4, 32, &[0; 4], &half(&0.5f32.to_le_bytes())), 0.5),
        (
            wave_of(6, 1, 8, &[], &half(&[0x9a])),
            decode_bytes(wave_of(6, 1, 8, &[0; 2], &[0x9a]), Path::new("a.wav")).unwrap().audio.channels[0]
                [0],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let decoded = decode_bytes(bytes, Path::new("a.wav")).unwrap();
        let samples = &decoded.audio.channels[0];
        assert_eq!((samples.len(), decoded.remark), (100, None), "file {number}");
        assert!(
            samples.iter().all(|sample| (sample - expected).abs() < 1e-3),
            "file {number}: {}",
            samples[0]
        );
    }
}

#[test]
fn an_instrument_chunk_gives_the_root_of_a_wav_and_of_an_aiff() {
    let bytes = [wav16(&[0.5; 300]), chunk(b"inst", &[57, 0, 0, 0, 127, 1, 127])].concat();
    assert_eq!(decode_bytes(bytes, Path::new("a.wav")).unwrap().root_midi, Some(57.0));

    for (mode, is_mirrored) in [(1, false), (2, true)] {
        let mut aiff = std::fs::read(fixture("sine.aiff")).unwrap();
        let marks: &[u8] = &[0, 2, 0, 1, 0, 0, 0, 50, 1, b'a', 0, 2, 0, 0, 4, 0, 1, b'b'];
        let inst: &[u8] = &[69, 0, 0, 127, 1, 127, 0, 0, 0, mode, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0];
        for (name, body) in [(b"MARK", marks), (b"INST", inst)] {
            aiff.extend_from_slice(name);
            aiff.extend_from_slice(&(body.len() as u32).to_be_bytes());
            aiff.extend_from_slice(body);
        }
        let decoded = decode_bytes(aiff, Path::new("a.aiff")).unwrap();
        assert_eq!(decoded.root_midi, Some(69.0));
        assert_eq!(
            decoded.sustain,
            Some(Loop { start_frames: 50, end_frames: 1024, crossfade_frames: 0, is_mirrored })
        );
    }
}

#[test]
fn lengths_that_lie_do_not_hide_the_samples() {
    let whole = wav16(&sine(44_100, 440.0, 0.5));
    let data_len = whole.len() - 40;
    let frames = (data_len - 4) / 2;
    for (at, name) in [(4, "riff"), (40, "data")] {
        for claim in [0u32, u32::MAX] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&claim.to_le_bytes());
            let decoded = decode_bytes(bytes, Path::new("a.wav")).unwrap();
            assert_eq!(decoded.audio.frames(), frames, "{name} {claim}");
        }
    }
}

#[test]
fn a_cut_file_keeps_its_beginning_and_says_so() {
    let bytes = wav16(&sine(44_100, 440.0, 0.5));
    let decoded = decode_bytes(bytes[..bytes.len() / 2].to_vec(), Path::new("a.wav")).unwrap();
    assert!(decoded.audio.secs() > 0.2 && decoded.audio.secs() < 0.26);
    assert!(decoded.remark.unwrap().contains("end of the file"));
    for name in ["sine.ogg", "sine.mp3", "sine.flac", "sine.aiff"] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        match decode_bytes(bytes[..bytes.len() * 9 / 10].to_vec(), Path::new(name)) {
            Ok(decoded) => assert!(decoded.audio.frames() > 0, "{name}"),
            Err(error) => assert!(error.to_string().starts_with(name), "{error}"),
        }
    }
}

#[test]
fn what_is_no_sound_is_refused_with_its_cause() {
    let zip = [b"PK\x03\x04".as_slice(), &wav16(&sine(44_100, 440.0, 0.5))].concat();
    let mut rateless = wav16(&[0.5; 300]);
    rateless[24..28].copy_from_slice(&0u32.to_le_bytes());
    let mut channelless = wav16(&[0.5; 300]);
    channelless[22..24].copy_from_slice(&0u16.to_le_bytes());
    let table = [
        (Vec::new(), "empty"),
        (zip, "not of a sound format"),
        (b"hello, this is a shopping list".to_vec(), "not of a sound format"),
        (wav16(&[]), "no samples"),
        (b"RIFF\x04\0\0\0WAVE".to_vec(), "no format chunk"),
        (b"fLaC".to_vec(), "ends before"),
        (std::fs::read(fixture("sine.opus")).unwrap(), "Opus is not read"),
        (wave_of(0x6771, 4, 16, &[], &[0; 400]), "Vorbis inside of a WAV file is not read"),
        (wave_of(0x1234, 4, 16, &[], &[0; 400]), "not supported"),
        (rateless, ""),
        (channelless, ""),
    ];
    for (bytes, expected) in table {
        let cause = cause(bytes, "x.wav");
        assert!(cause.contains(expected), "{expected:?}: {cause}");
    }
}

#[test]
fn a_file_that_is_named_for_another_format_is_decoded_by_its_content() {
    let bytes = std::fs::read(fixture("sine.flac")).unwrap();
    assert_eq!(decode_bytes(bytes, Path::new("sine.wav")).unwrap().audio.frames(), 2205);
}

#[test]
fn samples_that_are_no_numbers_or_beyond_all_measure_are_silenced() {
    let bytes = wav(&[0.5, f32::NAN, f32::INFINITY, -1e30, -32_768.0], 1, 48_000, 32, SampleFormat::Float);
    let decoded = decode_bytes(bytes, Path::new("a.wav")).unwrap();
    assert_eq!(decoded.audio.channels, [[0.5, 0.0, 0.0, 0.0, -32_768.0]]);
    let remark = decoded.remark.unwrap();
    assert!(remark.contains("no numbers") && remark.ends_with("silenced: 3"), "{remark}");
}

#[test]
fn a_sound_past_the_longest_is_a_limit() {
    let frames = (MAX_SECS as usize + 2) * 1000;
    let bytes = wav(&vec![0.0; frames], 1, 1000, 8, SampleFormat::Int);
    let error = decode_bytes(bytes, Path::new("long.wav")).unwrap_err();
    assert_eq!(error.to_string(), "long.wav: a length in seconds of 602 is over the limit of 600");
}

#[test]
fn a_file_that_is_gone_or_a_folder_is_one_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("gone.wav"), folder.path().to_path_buf()] {
        let message = decode(&path).unwrap_err().to_string();
        assert!(message.starts_with(&path.display().to_string()) && !message.contains('\n'), "{message}");
    }
}
