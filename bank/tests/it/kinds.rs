//! Kinds of files that promise a sound and are not decoded.

use std::fs;

use crate::scan::Place;

#[test]
fn files_that_promise_a_sound_are_named_even_if_their_kind_is_not_decoded() {
    let kinds = [
        "ac3",
        "tta",
        "dsf",
        "dff",
        "8svx",
        "iff",
        "amr",
        "mpc",
        "spx",
        "ra",
        "sf",
        "rx2",
        "rex",
        "rcy",
        "ncw",
        "nkx",
        "nkm",
        "exs24",
        "multisample",
        "pat",
        "krz",
    ];
    let place = Place::new();
    for kind in kinds {
        fs::write(place.path(&format!("sound.{kind}")), [7; 64]).unwrap();
    }
    fs::write(place.path("notes.dat"), [7; 64]).unwrap();
    let report = place.scan();
    let failed: Vec<_> =
        report.failed.iter().map(|(path, _)| path.extension().unwrap().to_str().unwrap()).collect();
    let mut expected = kinds;
    expected.sort_unstable();
    assert_eq!(failed, expected);
}
