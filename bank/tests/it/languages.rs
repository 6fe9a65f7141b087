//! Families that names say in the languages of Europe.

use std::path::Path;

use neume_bank::names::hints;
use neume_models::Family;

#[test]
fn families_are_named_in_several_languages() {
    use Family::*;
    let table: &[(&str, Option<Family>)] = &[
        ("Vc C3", Some(String)),
        ("Vlc sus", Some(String)),
        ("celli", Some(String)),
        ("Kontrabass", Some(String)),
        ("Geigen", Some(String)),
        ("Bratsche", Some(String)),
        ("Violons", Some(String)),
        ("Pan pipes", Some(Flute)),
        ("panpipe", Some(Flute)),
        ("Flöte", Some(Flute)),
        ("Flo\u{308}te", Some(Flute)),
        ("Querflöte", Some(Flute)),
        ("flûte", Some(Flute)),
        ("Flauto", Some(Flute)),
        ("Klavier", Some(Keyboard)),
        ("Flügel", Some(Keyboard)),
        ("Flügelhorn", Some(Brass)),
        ("Posaune", Some(Brass)),
        ("Trompete", Some(Brass)),
        ("Trompette", Some(Brass)),
        ("Tromba", Some(Brass)),
        ("Basset horn", Some(Reed)),
        ("Corno inglese", Some(Reed)),
        ("Pauke", Some(Percussion)),
        ("Schlagzeug", Some(Percussion)),
        ("Batterie", Some(Percussion)),
        ("batteries", None),
        ("Tambours", Some(Percussion)),
        ("Orgel", Some(Organ)),
        ("Orgue", Some(Organ)),
        ("Gitarre", Some(Guitar)),
        ("Chitarra", Some(Guitar)),
        ("Harfe", Some(Guitar)),
        ("Voix", Some(Vocal)),
        ("voce", Some(Vocal)),
        ("Violino sotto voce", Some(String)),
        ("flt", None),
        ("flt sweep", None),
    ];
    for (name, expected) in table {
        assert_eq!(hints(Path::new(&format!("{name}.wav"))).family, *expected, "{name}");
    }
}
