//! A scan that is cancelled before it has listened to anything.

use std::fs;

use super::*;

#[test]
fn no_preset_is_read_where_the_scan_is_cancelled_and_what_was_known_of_it_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.sfz"), "<region> sample=a.wav").unwrap();
    let read = |cancel: bool| {
        let seen = Seen { size: 1, modified_ns: 1, outcome: Outcome::Failed("it was empty".to_string()) };
        let known = Index { files: [(PathBuf::from("a.sfz"), seen)].into(), ..Index::default() };
        let mut scan = Scan::new(known, Keeper::new(folder.path().join("no.index"), 1));
        let walked = walk::walk(folder.path(), &AtomicBool::new(false)).unwrap();
        let files = Files::new(folder.path(), walked.found.iter().map(|found| &found.relative));
        scan.take_presets(walked.presets, &files, &AtomicBool::new(cancel));
        (scan.done, scan.before.len())
    };
    assert_eq!((read(false), read(true)), ((1, 0), (0, 1)));
}

#[test]
fn indexes_of_other_folders_are_not_looked_into_where_the_scan_is_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let [one, other] = ["one.index", "other.index"].map(|name| folder.path().join(name));
    Index { ears: 1, ..Index::default() }.save(&other).unwrap();
    let decided = Decisions::from([(SoundId([1; 16]), crate::Decision::Ear)]);
    decisions::adopt(&other, &decided).unwrap();
    let look = |cancel: bool| Elsewhere::look(&one, 1, &AtomicBool::new(cancel)).decided;
    assert_eq!((look(false), look(true)), (decided, Decisions::new()));
}
