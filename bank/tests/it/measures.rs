//! Numbers that have a unit.

use std::path::Path;

use neume_bank::names::hints;

#[test]
fn a_number_with_a_unit_is_no_note() {
    let names = [
        "Loop 90 bpm",
        "Loop_90_BPM",
        "bpm 90 loop",
        "pad 60%",
        "delay 60 ms",
        "hit 24 bit",
        "noise -60 dB",
        "44 kHz",
        "tail 60 sec",
        "60 s",
        "hum 50 Hz",
        "LP 55 Hz",
        "55 Hz and 110 Hz",
        "33.3 Hz",
    ];
    for name in names {
        let hints = hints(Path::new(&format!("{name}.wav")));
        assert_eq!((hints.root_midi, &*hints.maybe_midi), (None, &[] as &[u8]), "{name}");
    }
    assert_eq!(hints(Path::new("60_s_vl1.wav")).maybe_midi, [60]);
    assert_eq!(hints(Path::new("24 bit 60.wav")).maybe_midi, [60]);
}

#[test]
fn a_frequency_is_the_note_that_it_is() {
    let table = [
        ("Sub 55 Hz", 33),
        ("Sub 110Hz", 45),
        ("sine_27.5_Hz", 21),
        ("sine 1000 hz", 83),
        ("Sub C4 55 Hz", 60),
    ];
    for (name, expected) in table {
        assert_eq!(hints(Path::new(&format!("{name}.wav"))).root_midi, Some(expected), "{name}");
    }
    let group = |name: &str| hints(Path::new(name)).group;
    assert_eq!(group("Sub 55 Hz.wav"), group("Sub 110Hz.wav"));
}
