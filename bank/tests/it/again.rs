//! What is known of a folder that comes back under another name, and what presets are made of.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use neume_bank::{Decision, Progress, ScanReport, decisions, export, looping, scan_with};

use crate::scan::{EARS, Place};

fn scanned(place: &Place, folder: &Path) -> ScanReport {
    scan_with(folder, &place.options(), &EARS, &mut |_| {}, &AtomicBool::new(false)).unwrap()
}

#[test]
fn a_folder_that_was_moved_keeps_labels_and_decisions() {
    let place = Place::new();
    place.tone("harp/a.wav", 60.0);
    place.tone("harp/b.wav", 64.0);
    let [harp, lyre] = ["harp", "lyre"].map(|name| place.path(name));
    let first = scanned(&place, &harp);
    assert_eq!((first.sounds, first.new), (2, 2));
    let decided = first.bank.sounds[0].id;
    decisions::decide(&harp, &place.options(), &[decided], Some(Decision::Midi(61.0))).unwrap();
    fs::rename(&harp, &lyre).unwrap();
    place.tone("lyre/c.wav", 67.0);
    let moved = scanned(&place, &lyre);
    assert_eq!((moved.sounds, moved.new), (3, 1), "two are known by their content");
    let root = moved.bank.sounds.iter().find(|sound| sound.id == decided).unwrap().profile.root_midi;
    assert_eq!(root, Some(61.0), "what was decided holds");
    let again = scanned(&place, &lyre);
    assert_eq!((again.sounds, again.new), (3, 0));
    assert_eq!(again.bank.sounds, moved.bank.sounds);
    let whole = scanned(&place, place.folder.path());
    assert_eq!((whole.sounds, whole.new), (3, 0), "a folder around it knows them too");
}

#[test]
fn decisions_on_a_folder_that_was_moved_outlive_a_scan_that_is_left_and_labels_of_another_kind() {
    let moved = |change: &dyn Fn(&Place)| {
        let place = Place::new();
        (0..8).for_each(|i| place.tone(&format!("harp/{i}.wav"), 60.0 + i as f32));
        let [harp, lyre] = ["harp", "lyre"].map(|name| place.path(name));
        let ids: Vec<_> = scanned(&place, &harp).bank.sounds.iter().map(|sound| sound.id).collect();
        decisions::decide(&harp, &place.options(), &ids, Some(Decision::Midi(40.0))).unwrap();
        change(&place);
        fs::rename(&harp, &lyre).unwrap();
        (place, lyre)
    };
    let hold = |place: &Place, lyre: &Path| {
        let bank = scanned(place, lyre).bank;
        bank.sounds.iter().filter(|sound| sound.profile.root_midi == Some(40.0)).count()
    };

    let (place, lyre) = moved(&|_| {});
    let cancel = AtomicBool::new(false);
    let mut leave = |progress: &Progress| cancel.store(progress.done > 0, Ordering::Relaxed);
    scan_with(&lyre, &place.options(), &EARS, &mut leave, &cancel).unwrap_err();
    assert_eq!(hold(&place, &lyre), 8);

    let (place, lyre) = moved(&|place| {
        let index = place.index_of(&place.path("harp"));
        let text = fs::read_to_string(&index).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        let mut head: serde_json::Value = serde_json::from_str(head).unwrap();
        head["analysis"] = 1.into();
        fs::write(index, format!("{head}\n{rest}")).unwrap();
    });
    assert_eq!(hold(&place, &lyre), 8);
}

#[test]
fn what_a_preset_includes_is_no_preset_and_a_file_without_regions_is_named() {
    let place = Place::new();
    place.tone("Samples/a.wav", 60.0);
    fs::write(place.path("It.sfz"), "#define $S a\n#include \"part.sfz\"\n").unwrap();
    fs::write(place.path("part.sfz"), "<region> sample=Samples/$S.wav key=60\n").unwrap();
    fs::write(place.path("words.sfz"), "hello world\n").unwrap();
    let report = place.scan();
    let failed: Vec<String> = report.failed.iter().map(|(path, cause)| format!("{path:?} {cause}")).collect();
    assert_eq!(failed, ["\"words.sfz\" the preset: has no region"]);
    let told: Vec<&str> =
        report.bank.instruments.iter().filter(|it| it.is_told).map(|it| it.name.as_str()).collect();
    assert_eq!(told, ["It"]);
}

#[test]
fn presets_with_a_mark_before_their_text_are_read() {
    let text = "<group> lovel=1 hivel=90\n<region> sample=a.wav key=60\n";
    let wide = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
    };
    let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    let all = [marked, wide([0xFF, 0xFE], u16::to_le_bytes), wide([0xFE, 0xFF], u16::to_be_bytes)];
    for bytes in all {
        let place = Place::new();
        place.tone("a.wav", 60.0);
        fs::write(place.path("It.sfz"), bytes).unwrap();
        let report = place.scan();
        assert_eq!(report.failed, []);
        let zone = &report.bank.instruments[0].zones[0];
        assert_eq!((zone.keys, zone.velocities), ((60, 60), (1, 90)));
    }
}

#[test]
fn what_rings_on_is_not_looped_and_what_is_held_is() {
    let rate = 48_000u32;
    let tone = |secs: f32, level: &dyn Fn(f32) -> f32| -> Vec<f32> {
        let at = |i: usize| i as f32 / rate as f32;
        let wave = |t: f32| (440.0 * t * std::f32::consts::TAU).sin();
        (0..(secs * rate as f32) as usize).map(|i| 0.3 * level(at(i)) * wave(at(i))).collect()
    };
    for db_per_sec in [1.0f32, 2.6, 6.0, 20.0] {
        let rings = tone(8.0, &|t| 10f32.powf(-db_per_sec * t / 20.0));
        assert_eq!(looping::find(&rings, rate), None, "{db_per_sec} dB a second");
    }
    // A string that rings: fast at first, then slower.
    let plucked = tone(8.0, &|t| 0.7 * (-3.0 * t).exp() + 0.3 * (-0.35 * t).exp());
    assert_eq!(looping::find(&plucked, rate), None);
    for held in [
        tone(3.0, &|_| 1.0),
        tone(3.0, &|t| 1.0 + 0.2 * (30.0 * t).sin()),
        tone(3.0, &|t| (t / 0.3).min(1.0) * ((3.0 - t) / 0.4).min(1.0)),
    ] {
        assert!(looping::find(&held, rate).is_some());
    }
}

#[test]
fn an_sfz_that_says_nothing_of_loops_plays_only_those_of_its_samples() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    let text = "<region> sample=a.wav key=60\n<region> sample=a.wav key=61 loop_mode=loop_continuous\n";
    fs::write(place.path("It.sfz"), text).unwrap();
    let report = place.scan();
    let sound = &report.bank.sounds[0];
    let zones = &report.bank.instruments.iter().find(|it| it.is_told).unwrap().zones;
    let own =
        Some(neume_bank::Loop { start_frames: 10, end_frames: 900, crossfade_frames: 0, is_mirrored: false });
    let found = Some(neume_bank::Loop {
        start_frames: 10,
        end_frames: 900,
        crossfade_frames: 80,
        is_mirrored: false,
    });
    assert_eq!([own, found].map(|it| zones[0].manner.sustain(it)), [own, None]);
    assert_eq!([own, found].map(|it| zones[1].manner.sustain(it)), [own, found]);
    assert!(sound.frames > 0);
}

#[test]
fn a_sound_without_pitch_has_none_when_it_is_written_and_read_again() {
    let place = Place::new();
    let noise: Vec<f32> =
        (0..20_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 9) as f32 / 8e6 - 0.5).collect();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(place.path("tick.wav"), spec).unwrap();
    noise.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    let report = place.scan();
    assert_eq!(report.bank.sounds[0].profile.root_midi, None);
    let out = Place::new();
    export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    assert_eq!(again.bank.sounds[0].profile.root_midi, None);
    assert_eq!(again.bank.instruments[0].zones[0].root_midi, 60.0);
}
