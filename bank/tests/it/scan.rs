//! Scanning folders.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use neume_bank::scan::{Ears, remembered};
use neume_bank::{
    Bank, Error, Growth, Progress, ScanOptions, ScanReport, Sound, SoundId, Source, path_text, scan_with,
};
use neume_models::SoundLabels;
use tempfile::TempDir;

use crate::labels::no_labels;
use crate::tone::harmonic;

/// A folder of sounds, and a cache of its own.
pub struct Place {
    pub folder: TempDir,
    cache: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn tone(&self, name: &str, midi: f32) {
        write_tone(&self.path(name), midi);
    }

    pub fn options(&self) -> ScanOptions {
        ScanOptions { cache: Some(self.cache.path().to_path_buf()), ..ScanOptions::default() }
    }

    pub fn scan(&self) -> ScanReport {
        self.try_scan(&mut |_| {}, &AtomicBool::new(false)).unwrap()
    }

    pub fn try_scan(
        &self,
        on_progress: &mut dyn FnMut(&Progress),
        cancel: &AtomicBool,
    ) -> Result<ScanReport, Error> {
        scan_with(self.folder.path(), &self.options(), &EARS, on_progress, cancel)
    }

    /// Where the index lies, or will.
    pub fn index(&self) -> PathBuf {
        self.index_of(self.folder.path())
    }

    /// The same of another folder.
    pub fn index_of(&self, folder: &Path) -> PathBuf {
        let whole = folder.canonicalize().unwrap();
        let id = SoundId::of(path_text::encode(&whole).as_bytes());
        self.cache.path().join("banks").join(format!("{id}.index"))
    }
}

fn listen(_: &[f32], _: u32) -> Result<SoundLabels, neume_models::Error> {
    Ok(no_labels())
}

pub const EARS: Ears = Ears { id: 1, listen: &listen };

fn write_tone(path: &Path, midi: f32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let hz = 440.0 * 2f32.powf((midi - 69.0) / 12.0);
    for sample in harmonic(22_050, hz, &[1.0, 0.5, 0.25], 0.3) {
        writer.write_sample((sample * 32_767.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

fn names(bank: &Bank) -> Vec<String> {
    let mut names: Vec<String> = bank.sounds.iter().map(|sound| sound.name.clone()).collect();
    names.sort();
    names
}

fn failed(report: &ScanReport) -> Vec<String> {
    report.failed.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect()
}

#[test]
fn every_sound_file_becomes_a_sound_or_a_failure_with_its_cause() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    place.tone("deep/er/b.WAV", 62.0);
    place.tone("no extension", 64.0);
    place.tone(".hidden/c.wav", 65.0);
    fs::write(place.path("empty.wav"), b"").unwrap();
    fs::write(place.path("zip.wav"), b"PK\x03\x04 and more").unwrap();
    fs::write(place.path("old.wma"), b"0&\xb2u and more").unwrap();
    fs::write(place.path("notes.txt"), b"not a sound").unwrap();
    fs::create_dir(place.path("folder.wav")).unwrap();
    let report = place.scan();
    assert_eq!(names(&report.bank), ["a", "b", "no extension"]);
    assert_eq!((report.sounds, report.new), (3, 3));
    assert_eq!(failed(&report), ["empty.wav", "old.wma", "zip.wav"]);
    assert!(report.failed.iter().all(|(_, cause)| !cause.is_empty() && !cause.contains('\n')));
    assert_eq!(report.index_remark, None);
    for sound in &report.bank.sounds {
        assert!(sound.profile.root_midi.is_some());
        let audio = report.bank.load(sound).unwrap();
        assert_eq!(audio.frames() as u64, sound.frames);
    }
}

#[test]
fn a_second_scan_reads_nothing_and_says_the_same() {
    let place = Place::new();
    for midi in 60..66 {
        place.tone(&format!("tone {midi}.wav"), midi as f32);
    }
    fs::write(place.path("bad.flac"), b"no").unwrap();
    let first = place.scan();
    let second = place.scan();
    assert_eq!((first.new, second.new), (6, 0));
    assert_eq!(first.bank, second.bank);
    assert_eq!(first.failed, second.failed);
    assert_eq!(remembered(place.folder.path(), &place.options()).unwrap(), Some(second.bank));
    let rebuilt = scan_with(
        place.folder.path(),
        &ScanOptions { rebuild: true, ..place.options() },
        &EARS,
        &mut |_| {},
        &AtomicBool::new(false),
    );
    let rebuilt = rebuilt.unwrap();
    assert_eq!((rebuilt.new, rebuilt.bank), (6, first.bank));
}

#[test]
fn a_sound_that_moves_or_is_renamed_keeps_its_labels() {
    let place = Place::new();
    place.tone("one.wav", 60.0);
    place.tone("two.wav", 64.0);
    let ids: Vec<_> = place.scan().bank.sounds.iter().map(|sound| sound.id).collect();
    fs::create_dir(place.path("elsewhere")).unwrap();
    fs::rename(place.path("one.wav"), place.path("elsewhere/uno.wav")).unwrap();
    fs::remove_file(place.path("two.wav")).unwrap();
    let report = place.scan();
    assert_eq!((report.new, names(&report.bank)), (0, vec!["uno".to_string()]));
    place.tone("two again.wav", 64.0);
    let report = place.scan();
    assert_eq!(report.new, 0, "labels of a sound that comes back are still known");
    assert_eq!(report.bank.sounds.iter().map(|sound| sound.id).collect::<Vec<_>>(), ids);
}

#[test]
fn a_changed_file_is_analysed_again_and_an_old_bank_refuses_to_play_it() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    let before = place.scan().bank;
    place.tone("a.wav", 67.0);
    let file = fs::File::options().write(true).open(place.path("a.wav")).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    assert!(before.load(&before.sounds[0]).unwrap_err().to_string().contains("changed"));
    let report = place.scan();
    assert_eq!(report.new, 1);
    assert!((report.bank.sounds[0].profile.root_midi.unwrap() - 67.0).abs() < 0.1);
}

#[test]
fn a_cancelled_scan_keeps_what_it_has_done() {
    let place = Place::new();
    for midi in 40..60 {
        place.tone(&format!("{midi}.wav"), midi as f32);
    }
    let cancel = AtomicBool::new(false);
    let mut partial = 0;
    let outcome = place.try_scan(
        &mut |progress| {
            partial = progress.bank().sounds.len();
            if progress.done == 5 {
                cancel.store(true, Ordering::Relaxed);
            }
        },
        &cancel,
    );
    assert!(matches!(outcome, Err(Error::Cancelled)));
    assert_eq!(partial, 5);
    let report = place.scan();
    assert_eq!((report.sounds, report.new), (20, 15));
}

#[test]
fn a_bank_grows_in_steps_and_ends_as_if_it_had_not() {
    let place = Place::new();
    for midi in 40..80 {
        place.tone(&format!("Harp {midi}.wav"), midi as f32);
    }
    place.tone("twin.wav", 40.0);
    fs::write(place.path("broken.wav"), b"no").unwrap();
    let mut growth = Growth::beyond(0);
    let mut steps: Vec<Bank> = Vec::new();
    let mut counts = Vec::new();
    let mut on_progress = |progress: &Progress| {
        assert_eq!(progress.sounds, progress.bank().sounds.len());
        counts.push(progress.sounds);
        steps.extend(growth.step(progress));
    };
    let grown = place.try_scan(&mut on_progress, &AtomicBool::new(false)).unwrap();
    assert!((counts[0], counts[counts.len() - 1]) == (0, grown.sounds), "{counts:?}");
    let sizes: Vec<usize> = steps.iter().map(|step| step.sounds.len()).collect();
    assert!(!sizes.is_empty() && sizes.is_sorted_by(|a, b| a < b) && sizes[0] >= 8, "{sizes:?}");
    for sound in &steps[0].sounds {
        assert!(steps[0].load(sound).is_ok() && steps[0].instrument_of(sound.id).is_some());
    }
    fs::remove_file(place.index()).unwrap();
    assert_eq!(place.scan().bank, grown.bank);

    let mut known = Growth::beyond(0);
    let mut on_progress = |progress: &Progress| assert_eq!(known.step(progress), None, "nothing is new");
    place.try_scan(&mut on_progress, &AtomicBool::new(false)).unwrap();
    place.tone("new.wav", 90.0);
    let mut sizes = Vec::new();
    let mut known = Growth::beyond(0);
    let mut on_progress =
        |progress: &Progress| sizes.extend(known.step(progress).map(|bank| bank.sounds.len()));
    place.try_scan(&mut on_progress, &AtomicBool::new(false)).unwrap();
    assert_eq!(sizes, [41], "what was known is there before the new one is listened to");
}

#[test]
fn progress_counts_up_to_the_number_of_files() {
    let place = Place::new();
    for midi in 60..64 {
        place.tone(&format!("{midi}.wav"), midi as f32);
    }
    let mut seen = Vec::new();
    place
        .try_scan(&mut |progress| seen.push((progress.done, progress.total)), &AtomicBool::new(false))
        .unwrap();
    assert_eq!(seen, [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]);
}

#[test]
fn an_index_of_the_future_is_refused_until_it_is_rebuilt() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    place.scan();
    let futures = ["{\"neume_index\":99}\n", "{\"neume_index\":2,\"analysis\":99,\"ears\":1}\n"];
    for future in futures {
        fs::write(place.index(), future).unwrap();
        let error = place.try_scan(&mut |_| {}, &AtomicBool::new(false)).unwrap_err();
        assert!(matches!(error, Error::FutureIndex { found: 99, .. }), "{future}");
        assert!(remembered(place.folder.path(), &place.options()).is_err());
        assert_eq!(fs::read_to_string(place.index()).unwrap(), future, "it is left alone");
        let options = ScanOptions { rebuild: true, ..place.options() };
        scan_with(place.folder.path(), &options, &EARS, &mut |_| {}, &AtomicBool::new(false)).unwrap();
        assert_eq!(place.scan().new, 0);
    }
}

#[test]
fn labels_of_other_weights_are_made_again() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    let scan = |id| {
        let ears = Ears { id, listen: &listen };
        let path = place.folder.path();
        scan_with(path, &place.options(), &ears, &mut |_| {}, &AtomicBool::new(false)).unwrap().new
    };
    assert_eq!([scan(1), scan(1), scan(u64::MAX), scan(u64::MAX)], [1, 0, 1, 0]);
}

#[test]
fn a_damaged_index_keeps_its_whole_lines() {
    let place = Place::new();
    for midi in 60..64 {
        place.tone(&format!("{midi}.wav"), midi as f32);
    }
    let whole = place.scan();
    let text = fs::read(place.index()).unwrap();
    for (damaged, most_new) in [
        (text[..text.len() / 2].to_vec(), 4),
        (b"garbage\n".to_vec(), 4),
        (vec![0xff; 1000], 4),
        (Vec::new(), 4),
    ] {
        fs::write(place.index(), &damaged).unwrap();
        let report = place.scan();
        assert!(report.new <= most_new);
        assert_eq!(report.bank, whole.bank);
        assert_eq!(place.scan().new, 0);
    }
    let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    lines[2] = b"{\"sound\":{\"id\":\"zz\"}}\n";
    fs::write(place.index(), lines.concat()).unwrap();
    let report = place.scan();
    assert_eq!(report.new, 1);
    assert!(report.index_remark.unwrap().contains("damaged"));
}

#[test]
fn an_index_that_cannot_be_saved_does_not_cost_the_labels() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    let options = ScanOptions { cache: Some(place.path("a.wav")), ..ScanOptions::default() };
    let report =
        scan_with(place.folder.path(), &options, &EARS, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    assert_eq!(report.sounds, 1);
    assert!(report.index_remark.is_some());
}

#[test]
fn a_folder_that_is_gone_or_a_file_is_a_clear_error() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    for path in [place.path("gone"), place.path("a.wav")] {
        let outcome = scan_with(&path, &place.options(), &EARS, &mut |_| {}, &AtomicBool::new(false));
        let message = outcome.unwrap_err().to_string();
        assert!(message.starts_with(&path.display().to_string()), "{message}");
    }
}

#[test]
fn a_network_that_fails_or_panics_on_a_sound_fails_that_sound_alone() {
    let place = Place::new();
    for midi in 60..64 {
        place.tone(&format!("{midi}.wav"), midi as f32);
    }
    let calls = AtomicUsize::new(0);
    let moody = |mono: &[f32], rate_hz: u32| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => Err(neume_models::Error::Network("no".into())),
        1 => panic!("the network panics"),
        _ => listen(mono, rate_hz),
    };
    let report = scan_with(
        place.folder.path(),
        &place.options(),
        &Ears { id: 1, listen: &moody },
        &mut |_| {},
        &AtomicBool::new(false),
    )
    .unwrap();
    assert_eq!((report.sounds, report.failed.len()), (2, 2));
}

#[test]
fn files_of_one_instrument_share_the_keys_half_way() {
    let place = Place::new();
    for (name, midi) in [("Rhodes_C3_v1", 48.0), ("Rhodes_C4_v1", 60.0), ("Rhodes_A4_v1", 69.0)] {
        place.tone(&format!("{name}.wav"), midi);
    }
    let bank = place.scan().bank;
    assert_eq!(bank.instruments.len(), 1);
    let rhodes = &bank.instruments[0];
    assert_eq!(rhodes.name, "Rhodes");
    let keys: Vec<_> = rhodes.zones.iter().map(|zone| zone.keys).collect();
    assert_eq!(keys, [(0, 54), (55, 64), (65, 127)]);
    for (zone, root) in rhodes.zones.iter().zip([48.0, 60.0, 69.0]) {
        assert!((zone.root_midi - root).abs() < 0.1);
        assert!((bank.sounds[zone.sound].profile.root_midi.unwrap() - root).abs() < 0.1);
    }
}

#[test]
fn layers_share_the_velocities_and_round_robins_the_strikes() {
    let place = Place::new();
    let names = ["C4_v1_RR1", "C4_v1_RR2", "C4_v2", "G4_v1", "G4_v2"];
    for (i, name) in names.iter().enumerate() {
        let midi = if name.starts_with('C') { 60.0 } else { 67.0 };
        // A little apart, so that no two files are one sound.
        place.tone(&format!("Harp/Harp_{name}.wav"), midi + 0.01 * i as f32);
    }
    for (i, name) in ["kick vel 40", "kick vel 100", "kick vel 127"].iter().enumerate() {
        place.tone(&format!("drums/{name}.wav"), 30.0 + 7.0 * i as f32);
    }
    let bank = place.scan().bank;
    let zones = |name: &str| {
        let instrument = bank.instruments.iter().find(|instrument| instrument.name == name).unwrap();
        let mut zones: Vec<_> = instrument
            .zones
            .iter()
            .map(|zone| {
                let turn = zone.manner.turn.map(|turn| (turn.position, turn.length));
                (bank.sounds[zone.sound].name.clone(), zone.keys, zone.velocities, turn)
            })
            .collect();
        zones.sort();
        zones
    };
    let zone = |name: &str, keys, velocities, turn| (name.to_string(), keys, velocities, turn);
    assert_eq!(
        zones("Harp"),
        [
            zone("Harp_C4_v1_RR1", (0, 63), (0, 63), Some((0, 2))),
            zone("Harp_C4_v1_RR2", (0, 63), (0, 63), Some((1, 2))),
            zone("Harp_C4_v2", (0, 63), (64, 127), None),
            zone("Harp_G4_v1", (64, 127), (0, 63), None),
            zone("Harp_G4_v2", (64, 127), (64, 127), None),
        ]
    );
    let velocities: Vec<_> = zones("kick").into_iter().map(|zone| zone.2).collect();
    assert_eq!(velocities, [(41, 100), (101, 127), (0, 40)], "by name: 100, 127, 40");
    assert_eq!(bank.sounds.iter().filter(|sound| sound.class.as_deref() == Some("drums")).count(), 3);
}

#[test]
fn a_folder_says_together_what_its_numbers_and_octaves_mean() {
    type Case = (&'static str, &'static [(&'static str, f32)], &'static [f32]);
    // Names and what sounds: a folder of MIDI numbers, one of running numbers, one that calls middle C C3.
    let table: &[Case] = &[
        (
            "midi",
            &[("048_1", 48.0), ("055_1", 55.0), ("060_1", 60.0), ("072_1", 60.02)],
            &[48.0, 55.0, 60.0, 72.0],
        ),
        ("takes", &[("041", 65.0), ("042", 60.0), ("043", 55.0), ("044", 57.0)], &[65.0, 60.0, 55.0, 57.0]),
        ("yamaha", &[("C3", 60.0), ("E3", 64.0), ("G3", 67.0), ("A3", 57.0)], &[60.0, 64.0, 67.0, 69.0]),
        ("two", &[("C3", 60.0), ("E3", 64.0)], &[48.0, 52.0]),
    ];
    for (folder, sounds, expected) in table {
        let place = Place::new();
        for (name, midi) in *sounds {
            place.tone(&format!("{folder}/{name}.wav"), *midi);
        }
        let bank = place.scan().bank;
        for ((name, _), expected) in sounds.iter().zip(*expected) {
            let sound = bank.sounds.iter().find(|sound| sound.name == *name).unwrap();
            let root = sound.profile.root_midi.unwrap();
            assert!((root - expected).abs() < 0.1, "{folder}/{name}: {root} instead of {expected}");
        }
    }
}

#[test]
fn two_scanners_at_once_harm_nothing() {
    let place = Place::new();
    for midi in 50..62 {
        place.tone(&format!("{midi}.wav"), midi as f32);
    }
    let reports: Vec<ScanReport> = std::thread::scope(|scope| {
        let scanners: Vec<_> = (0..3).map(|_| scope.spawn(|| place.scan())).collect();
        scanners.into_iter().map(|scanner| scanner.join().unwrap()).collect()
    });
    assert!(reports.iter().all(|report| report.bank == reports[0].bank && report.index_remark.is_none()));
    assert_eq!(place.scan().new, 0);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn cyclic_and_broken_links_are_harmless() {
        let place = Place::new();
        place.tone("in/a.wav", 60.0);
        symlink(place.folder.path(), place.path("in/up")).unwrap();
        symlink(place.path("in"), place.path("again")).unwrap();
        symlink(place.path("gone.wav"), place.path("broken.wav")).unwrap();
        symlink(place.path("loop.wav"), place.path("loop.wav")).unwrap();
        let report = place.scan();
        assert_eq!(report.sounds, 1);
        assert_eq!(failed(&report), ["broken.wav", "loop.wav"]);
    }

    #[test]
    fn a_name_that_is_not_utf8_survives_scan_index_and_state() {
        let place = Place::new();
        let name = std::ffi::OsString::from_vec(b"\xff\xfe A4.wav".to_vec());
        place.tone("plain.wav", 60.0);
        fs::rename(place.path("plain.wav"), place.folder.path().join(&name)).unwrap();
        for new in [1, 0] {
            let report = place.scan();
            assert_eq!(report.new, new);
            let sound = &report.bank.sounds[0];
            assert_eq!(sound.source, Source::File(PathBuf::from(&name)));
            report.bank.load(sound).unwrap();
            let text = serde_json::to_string(sound).unwrap();
            assert_eq!(&serde_json::from_str::<Sound>(&text).unwrap(), sound);
        }
    }

    #[test]
    fn labels_outlive_a_drive_that_goes_in_the_middle_of_a_scan() {
        let place = Place::new();
        for midi in 60..64 {
            place.tone(&format!("drive/{midi}.wav"), midi as f32);
        }
        place.scan();
        // The names stay, the content cannot be read: links to a place that is gone.
        let away = tempfile::tempdir().unwrap();
        fs::rename(place.path("drive"), away.path().join("drive")).unwrap();
        fs::create_dir(place.path("drive")).unwrap();
        for midi in 60..64 {
            symlink(place.path("nowhere"), place.path(&format!("drive/{midi}.wav"))).unwrap();
        }
        let report = place.scan();
        assert_eq!((report.sounds, report.failed.len()), (0, 4));
        fs::remove_dir_all(place.path("drive")).unwrap();
        fs::rename(away.path().join("drive"), place.path("drive")).unwrap();
        let report = place.scan();
        assert_eq!((report.sounds, report.new, report.failed.len()), (4, 0, 0));
    }
}

#[test]
fn an_index_with_bytes_changed_anywhere_is_mended() {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    place.tone("b.wav", 64.0);
    let whole = place.scan();
    let text = fs::read(place.index()).unwrap();
    for at in (0..text.len()).step_by(1 + text.len() / 40) {
        for byte in [0u8, b'"', b'9', 0xff] {
            let mut damaged = text.clone();
            damaged[at] = byte;
            fs::write(place.index(), &damaged).unwrap();
            match place.try_scan(&mut |_| {}, &AtomicBool::new(false)) {
                Ok(report) => assert_eq!(report.sounds, whole.sounds, "byte {at}"),
                Err(error) => assert!(matches!(error, Error::FutureIndex { .. }), "byte {at}: {error}"),
            }
        }
    }
}
