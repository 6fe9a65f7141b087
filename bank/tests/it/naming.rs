//! What instruments are called.

use crate::scan::Place;

#[test]
fn notes_in_the_folder_of_the_bank_itself_are_called_by_it() {
    let place = Place::new();
    place.tone("C3.wav", 48.0);
    place.tone("C4.wav", 60.0);
    let bank = place.scan().bank;
    assert_eq!((bank.instruments.len(), &bank.instruments[0].name), (1, &bank.name));
    assert!(!bank.name.is_empty());
}
