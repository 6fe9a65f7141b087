//! Notes that are spelled as German does.

use std::path::Path;

use neume_bank::names::hints;

use crate::scan::Place;

#[test]
fn what_only_german_writes_so_is_read_anywhere() {
    let table: &[(&str, Option<u8>)] = &[
        ("Cis4.wav", Some(61)),
        ("Harfe_Dis4.wav", Some(63)),
        ("Fis4.wav", Some(66)),
        ("HarfeGis3.wav", Some(56)),
        ("Ais3.wav", Some(58)),
        ("Des4.wav", Some(61)),
        ("Es3.wav", Some(51)),
        ("ges4.wav", Some(66)),
        ("Cs4.wav", Some(61)),
        ("As3.wav", Some(58)),
        ("B3.wav", Some(59)),
        ("Bs1.wav", None),
        ("H3.wav", None),
        ("dist1.wav", None),
        ("Desk4.wav", None),
        ("yes4.wav", None),
    ];
    for (name, expected) in table {
        assert_eq!(hints(Path::new(name)).root_midi, *expected, "{name}");
    }
}

#[test]
fn a_folder_with_german_notes_is_german_throughout() {
    type Case = &'static [(&'static str, Option<i32>)];
    let table: &[Case] = &[
        &[("Cis3", Some(49)), ("As3", Some(56)), ("B3", Some(58)), ("H3", Some(59))],
        &[("Cs3", Some(49)), ("Es3", Some(51)), ("As3", Some(58)), ("B3", Some(59)), ("H3", None)],
        &[
            ("Harfe_C3", Some(48)),
            ("Harfe_D3", Some(50)),
            ("Harfe_E3", Some(52)),
            ("Harfe_H3", Some(59)),
            ("Harfe_B3", Some(58)),
        ],
        &[("Clap_C1", Some(24)), ("Hit_H1", None), ("Bell_B3", Some(59))],
        &[("Harp_Des3_H2", Some(49)), ("Harp_B3_H1", Some(59))],
    ];
    for sounds in table {
        let place = Place::new();
        for (i, (name, _)) in sounds.iter().enumerate() {
            // All alike, so that the root is what the name says, or else what is heard.
            place.tone(&format!("{name}.wav"), 67.0 + 0.01 * i as f32);
        }
        let bank = place.scan().bank;
        for (name, expected) in *sounds {
            let sound = bank.sounds.iter().find(|sound| sound.name == *name).unwrap();
            let root = sound.profile.root_midi.map(|root| root.round() as i32);
            assert_eq!(root, Some(expected.unwrap_or(67)), "{name} of {sounds:?}");
        }
    }
}
