//! What becomes of labels when scans are killed, meet each other, or find the folder empty.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use neume_bank::Error;
use neume_bank::scan::remembered;

use crate::font::{Sample, font, mono};
use crate::scan::Place;

fn tones(place: &Place, notes: std::ops::Range<u8>) {
    for midi in notes {
        place.tone(&format!("{midi}.wav"), f32::from(midi));
    }
}

#[test]
fn a_label_is_written_down_before_it_is_told_of_and_taken_over_by_the_next_scan() {
    let place = Place::new();
    tones(&place, 50..56);
    let journal = place.index().with_extension("journal");
    let mut written = Vec::new();
    // A copy of what lies there after three sounds is what a killed process leaves behind.
    place
        .try_scan(
            &mut |progress| {
                if progress.done == 3 {
                    written = fs::read(&journal).unwrap();
                }
            },
            &AtomicBool::new(false),
        )
        .unwrap();
    assert!(!journal.exists(), "the index has taken it over");
    assert_eq!(written.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count(), 3);
    for (rest, new) in [(&b""[..], 3), (b"{\"analysis\":1,\"ears\":1,\"id\":\"00", 3), (b"\xff\n\n{}\n", 3)] {
        fs::remove_file(place.index()).unwrap();
        fs::write(&journal, [&written, rest].concat()).unwrap();
        let report = place.scan();
        assert_eq!((report.sounds, report.new), (6, new));
        assert!(!journal.exists());
    }
}

#[test]
fn what_other_ears_have_written_down_is_not_believed() {
    let place = Place::new();
    tones(&place, 60..61);
    let journal = place.index().with_extension("journal");
    place.scan();
    fs::remove_file(place.index()).unwrap();
    fs::write(
        &journal,
        "{\"analysis\":1,\"ears\":7,\"id\":\"00112233445566778899aabbccddeeff\",\"says\":{}}\n",
    )
    .unwrap();
    assert_eq!(place.scan().new, 1);
}

#[test]
fn a_scan_that_is_cancelled_takes_nothing_from_one_that_has_finished_meanwhile() {
    let place = Place::new();
    tones(&place, 50..58);
    let cancel = AtomicBool::new(false);
    let outcome = place.try_scan(
        &mut |progress| {
            if progress.done == 2 {
                assert_eq!(place.scan().sounds, 8, "the other one");
                cancel.store(true, Ordering::Relaxed);
            }
        },
        &cancel,
    );
    assert!(matches!(outcome, Err(Error::Cancelled)));
    let bank = remembered(place.folder.path(), &place.options()).unwrap().unwrap();
    assert_eq!(bank.sounds.len(), 8);
    assert_eq!(place.scan().new, 0);
}

#[test]
fn an_index_that_a_newer_neume_saves_meanwhile_is_left_alone() {
    let place = Place::new();
    tones(&place, 60..62);
    place.scan();
    place.tone("62.wav", 62.0);
    let index = place.index();
    let future = b"{\"neume_index\":99}\n";
    let report = place
        .try_scan(
            &mut |progress| fs::write(&index, &future[..progress.total.min(1) * future.len()]).unwrap(),
            &AtomicBool::new(false),
        )
        .unwrap();
    assert_eq!(report.sounds, 3);
    assert!(report.index_remark.unwrap().contains("version 99"));
    assert_eq!(fs::read(&index).unwrap(), future);
}

#[test]
fn a_folder_that_is_empty_as_where_a_drive_is_away_keeps_its_labels() {
    let place = Place::new();
    tones(&place, 60..64);
    let before = place.scan().bank;
    let away = tempfile::tempdir().unwrap();
    for midi in 60..64 {
        let name = format!("{midi}.wav");
        fs::rename(place.path(&name), away.path().join(&name)).unwrap();
    }
    assert_eq!(place.scan().sounds, 0);
    assert_eq!(remembered(place.folder.path(), &place.options()).unwrap().as_ref(), Some(&before));
    for midi in 60..64 {
        let name = format!("{midi}.wav");
        fs::rename(away.path().join(&name), place.path(&name)).unwrap();
    }
    let report = place.scan();
    assert_eq!((report.new, report.bank), (0, before));
}

#[test]
fn files_that_go_away_while_they_are_scanned_are_counted_and_read_when_they_are_back() {
    let place = Place::new();
    tones(&place, 50..54);
    fs::write(place.path("broken.wav"), b"no").unwrap();
    let away = place.folder.path().with_extension("away");
    let leave = &mut |progress: &neume_bank::Progress| {
        if progress.done == 0 {
            fs::rename(place.folder.path(), &away).unwrap();
        }
    };
    let report = place.try_scan(leave, &AtomicBool::new(false)).unwrap();
    assert_eq!((report.sounds, report.unread, report.failed.len()), (0, 5, 5));
    fs::rename(&away, place.folder.path()).unwrap();
    let report = place.scan();
    assert_eq!((report.sounds, report.unread, report.failed.len()), (4, 0, 1));
}

#[test]
fn what_a_killed_scan_left_half_written_is_cleared_away() {
    let place = Place::new();
    tones(&place, 60..61);
    let index = place.index();
    let left = index.with_extension("4711-0.tmp");
    fs::create_dir_all(left.parent().unwrap()).unwrap();
    fs::write(&left, b"half").unwrap();
    place.scan();
    assert!(index.exists() && !left.exists());
}

#[test]
fn sounds_of_a_soundfont_are_there_while_it_is_still_listened_to() {
    let place = Place::new();
    let tone = |midi: f32| Sample { secs: 0.1, ..mono(midi, midi as u8) };
    let zones: [&[(u16, i16)]; 3] = [&[(53, 0)], &[(53, 1)], &[(53, 2)]];
    let bytes = font(&[tone(50.0), tone(60.0), tone(70.0)], &zones, &[]);
    fs::write(place.path("x.sf2"), bytes).unwrap();
    let mut seen = Vec::new();
    place.try_scan(&mut |progress| seen.push(progress.bank().sounds.len()), &AtomicBool::new(false)).unwrap();
    assert_eq!(seen, [0, 1, 2, 3]);
}

#[test]
fn figures_that_no_analysis_gives_are_damage_of_the_index() {
    let place = Place::new();
    tones(&place, 60..61);
    let whole = place.scan();
    let text = fs::read_to_string(place.index()).unwrap();
    for (field, value) in [
        ("\"rate_hz\":22050", "\"rate_hz\":0"),
        ("\"brightness\":0.5", "\"brightness\":1e30"),
        ("\"overview\":\"", "\"overview\":\"AAAA"),
    ] {
        assert!(text.contains(field), "{field}");
        fs::write(place.index(), text.replace(field, value)).unwrap();
        let report = place.scan();
        assert_eq!((report.new, report.bank), (1, whole.bank.clone()), "{value}");
        assert!(report.index_remark.unwrap().contains("damaged"));
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_is_followed_once_and_one_that_leads_up_is_not() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    let drive = tempfile::tempdir().unwrap();
    place.tone("own/a.wav", 60.0);
    place.tone("b.wav", 62.0);
    fs::rename(place.path("b.wav"), drive.path().join("b.wav")).unwrap();
    symlink(drive.path(), place.path("drive")).unwrap();
    symlink(drive.path(), place.path("drive again")).unwrap();
    symlink(place.path("own"), place.path("a link before own")).unwrap();
    symlink(place.folder.path().parent().unwrap(), place.path("up")).unwrap();
    symlink("/", place.path("top")).unwrap();
    let report = place.scan();
    let mut files: Vec<_> = report.bank.sounds.iter().map(|sound| sound.source.clone()).collect();
    files.sort_by_key(|source| format!("{source:?}"));
    let file = |path: &str| neume_bank::Source::File(path.into());
    assert_eq!(files, [file("drive/b.wav"), file("own/a.wav")]);
    assert_eq!(report.failed, []);
}
