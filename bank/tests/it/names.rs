//! What names say.

use std::path::Path;

use neume_bank::names::hints;
use neume_models::Family;

#[test]
fn notes_are_found_in_names_and_in_nothing_else() {
    let table: &[(&str, Option<u8>)] = &[
        ("A4.wav", Some(69)),
        ("Rhodes_F#3_v2.wav", Some(54)),
        ("Rhodes F#3v2.wav", Some(54)),
        ("Vln sus Bb2 pp.flac", Some(46)),
        ("a0_s_vl1_rr1_cnd.wav", Some(21)),
        ("ab0_ss_vl2_rr4_dyn.wav", Some(20)),
        ("PianoA4.wav", Some(69)),
        ("celloCs3.wav", Some(49)),
        ("Piano C4 (C4).wav", Some(60)),
        ("C-2 drone.wav", None),
        ("Bass1.wav", None),
        ("B2B remix.wav", None),
        ("E12 beat.wav", None),
        ("A440.wav", None),
        ("Cmaj7 C3 to G3.wav", None),
        ("kick.wav", None),
        ("D2R2.wav", None),
        ("Abc4.wav", None),
        ("tom midi 45.wav", Some(45)),
        ("pad_note072.wav", Some(72)),
        ("G#9.wav", None),
        ("brass_acoustic_006-069-127-high.wav", Some(69)),
        ("synth_lead_synthetic_001-040-025.wav", Some(40)),
        ("brass_acoustic_006-200-127.wav", None),
        ("日本A4.wav", None),
        ("日本 A4.wav", Some(69)),
    ];
    for (name, expected) in table {
        assert_eq!(hints(Path::new(name)).root_midi, *expected, "{name}");
    }
}

#[test]
fn bare_numbers_are_only_a_question_to_the_ear() {
    let table: &[(&str, &[u8])] = &[
        ("069_1.flac", &[69]),
        ("none_3.flac", &[]),
        ("01 kick.wav", &[]),
        ("60_100.wav", &[60, 100]),
        ("1999.wav", &[]),
        ("44100.wav", &[]),
    ];
    for (name, expected) in table {
        let hints = hints(Path::new(name));
        assert_eq!((hints.root_midi, hints.maybe_midi.as_slice()), (None, *expected), "{name}");
    }
}

#[test]
fn families_are_read_from_words_of_the_name_and_then_of_its_folders() {
    use Family::*;
    let table: &[(&str, Option<Family>)] = &[
        ("Vln sus C4.wav", Some(String)),
        ("BD.wav", Some(Percussion)),
        ("808_BD_01.wav", Some(Percussion)),
        ("Rhodes/C4.wav", Some(Keyboard)),
        ("Strings/Solo/cello_C3.wav", Some(String)),
        ("bass drum.wav", Some(Percussion)),
        ("Bass Clarinet A3.wav", Some(Reed)),
        ("english-horn.wav", Some(Reed)),
        ("French Horn/F3.wav", Some(Brass)),
        ("SynthBass E1.wav", Some(Bass)),
        ("Synth Strings/A3.wav", Some(String)),
        ("nylon-strings/060.flac", Some(Guitar)),
        ("double-bass-pizz/036.flac", Some(Bass)),
        ("flute and violin.wav", None),
        ("Toms/hi.wav", Some(Percussion)),
        ("Steel Pan/C4.wav", Some(Mallet)),
        ("keyboard_synthetic_000-069-100-low.wav", Some(Keyboard)),
        ("synth_lead_synthetic_001-040-025.wav", Some(SynthLead)),
        ("chaos/texture 3.wav", None),
        ("Choir Aahs.wav", Some(Vocal)),
    ];
    for (name, expected) in table {
        assert_eq!(hints(Path::new(name)).family, *expected, "{name}");
    }
}

#[test]
fn files_of_one_instrument_share_a_group() {
    let group = |name: &str| hints(Path::new(name)).group;
    assert_eq!(group("Rhodes_F#3_v2.wav"), group("Rhodes_A4_v2.wav"));
    assert_eq!(group("Rhodes_F#3_v2.wav"), group("Rhodes_F#3_v1.wav"), "layers of one instrument");
    assert_eq!(group("brass_acoustic_006-069-127.wav"), group("brass_acoustic_006-069-050.wav"));
    assert_eq!(group("brass_acoustic_006-069-127-high.wav"), group("brass_acoustic_006-070-127-high.wav"));
    assert_ne!(group("brass_acoustic_006-069-127-high.wav"), group("brass_acoustic_006-069-127-low.wav"));
    assert_eq!(group("PianoA4.wav"), group("PianoC2.wav"));
    assert_eq!(group("069_1.flac"), group("033_1.flac"));
    assert_eq!(group("kick.wav"), None);
}

#[test]
fn layers_and_round_robins_are_found_in_names() {
    use neume_bank::names::Layer::{Dynamic, Number};
    let table = [
        ("Rhodes_F#3_v2.wav", Some(Number(2)), None),
        ("Rhodes F#3v64.wav", Some(Number(64)), None),
        ("a0_s_vl1_rr3_cnd.wav", Some(Number(1)), Some(3)),
        ("Vln sus Bb2 pp.flac", Some(Dynamic(1)), None),
        ("Vln_sus_Bb2_FF_RR2.flac", Some(Dynamic(6)), Some(2)),
        ("Flute F C4.wav", None, None),
        ("snare_rr12.wav", None, Some(12)),
        ("snare rr 2.wav", None, Some(2)),
        ("snare Round Robin 4.wav", None, Some(4)),
        ("kick vel 100.wav", Some(Number(100)), None),
        ("kick velocity127.wav", Some(Number(127)), None),
        ("mix v2.wav", None, None),
        ("carr2.wav", None, None),
        ("C4 vel999.wav", None, None),
        ("brass_acoustic_006-069-127-high.wav", Some(Number(127)), None),
    ];
    for (name, layer, turn) in table {
        let hints = hints(Path::new(name));
        assert_eq!((hints.layer, hints.turn), (layer, turn), "{name}");
    }
}
