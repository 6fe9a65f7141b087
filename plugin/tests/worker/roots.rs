//! Sounds that are called by other notes than they sound, and what the composer decides of them.

use neume::handoff::Request;
use neume::state::BankRef;
use neume_bank::{Decision, SoundId};

use super::instance::{Instance, RATE_HZ, line, write_tone};

/// Two sounds, of which one is called A4 and sounds E4.
fn lutes() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write_tone(&folder.path().join("Lute A4.wav"), 329.7);
    write_tone(&folder.path().join("Lute C4.wav"), 261.7);
    folder
}

fn decide(instance: &mut Instance, sound: SoundId, decision: Option<Decision>) {
    instance.editor.requests.send(Request::DecideRoot { sound, decision });
    instance.settle();
}

fn root_under_keys(instance: &Instance, slot: usize, sound: SoundId) -> f32 {
    let state = instance.editor.document.get();
    let chosen = state.slots[slot].chosen.clone().expect("the slot has a sound");
    chosen.zones.iter().find(|zone| zone.sound == sound).expect("it is under the keys").root_midi
}

#[test]
fn a_decision_on_a_root_counts_in_every_instance_retunes_what_is_under_the_keys_and_can_be_taken_back() {
    let folder = lutes();
    let bank = BankRef::Folder(folder.path().to_path_buf());
    let mut instances = [Instance::new().at_rate(RATE_HZ), Instance::new().at_rate(RATE_HZ)];
    for instance in &mut instances {
        instance.editor.document.edit(|state| state.bank = bank.clone());
        instance.editor.requests.send(Request::OpenBank(bank.clone()));
        instance.settle();
    }
    let [first, second] = &mut instances;
    let doubts = first.view().bank.doubts.clone();
    assert_eq!(doubts.iter().map(|of| of.title.to_string()).collect::<Vec<_>>(), ["Lute"]);
    let (lute, doubt) = (doubts[0].sound, doubts[0].doubt);
    assert!((doubt.told_midi, doubt.heard_midi.round()) == (69.0, 64.0), "{doubt:?}");
    first.draw(0, line(69.0, [0, 0, 0]));
    first.editor.requests.send(Request::Choose { slot: 0, sound: lute, instrument: None });
    first.settle();
    let shown =
        |instance: &Instance| instance.view().slots[0].matches.iter().find(|m| m.sound == lute).cloned();
    assert_eq!(shown(first).and_then(|shown| shown.doubt), Some(doubt));
    assert_eq!(root_under_keys(first, 0, lute).round(), 69.0, "until then the name is believed");

    decide(first, lute, Some(Decision::Ear));
    assert!(first.view().bank.doubts.is_empty() && shown(first).is_some_and(|shown| shown.doubt.is_none()));
    assert_eq!(root_under_keys(first, 0, lute).round(), 64.0);
    assert_eq!(first.view().slots[0].chosen, Some(lute), "what was chosen stays");
    let started = std::time::Instant::now();
    while !second.view().bank.doubts.is_empty() {
        assert!(started.elapsed().as_secs() < 60, "another instance hears of it");
        std::thread::yield_now();
    }

    let decided = first.view().bank.decided.clone().expect("it is shown");
    assert_eq!((decided.was.sound, decided.was.doubt, decided.decision), (lute, doubt, Decision::Ear));
    decide(first, lute, None);
    assert_eq!((first.view().bank.doubts.clone(), &first.view().bank.decided), (doubts, &None));
    assert_eq!(root_under_keys(first, 0, lute).round(), 69.0);

    decide(first, lute, Some(Decision::Name));
    let again = Instance::restored((*first.editor.document.get()).clone()).at_rate(RATE_HZ);
    assert!(again.view().bank.doubts.is_empty(), "it is kept beside the index");
}

#[test]
fn sounds_of_the_factory_are_not_decided_on() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    let sound = instance.view().slots[0].matches[0].sound;
    decide(&mut instance, sound, Some(Decision::Ear));
    assert_eq!((&instance.view().notice, &instance.view().bank.decided), (&None, &None));
}
