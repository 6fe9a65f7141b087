//! A folder that was never scanned: it can be drawn for while it is listened to.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use neume::handoff::{Generation, Request, View};
use neume::library::Library;
use neume::state::BankRef;
use neume_bank::{Bank, ScanOptions, SoundId, scan};
use neume_models::SoundNet;

use super::instance::{Instance, RATE_HZ, line, write_tone};

const SOUNDS: usize = 160;

/// Tones that no other test has, from C2 on in eighths of a semitone; each scan of them has steps.
fn new_sounds(cents: f64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..SOUNDS {
        let midi = 36.0 + number as f64 / 4.0 + cents / 100.0;
        write_tone(
            &folder.path().join(format!("new {number:03}.wav")),
            440.0 * 2f64.powf((midi - 69.0) / 12.0),
        );
    }
    folder
}

fn open(instance: &Instance, folder: &Path) {
    let bank = BankRef::Folder(folder.to_path_buf());
    instance.editor.document.edit(|state| state.bank = bank.clone());
    instance.editor.requests.send(Request::OpenBank(bank));
}

/// What is shown as soon as a part of a folder at least can be drawn for.
fn partly_open(instance: &Instance, folder: &Path) -> Arc<View> {
    let name = folder.file_name().expect("it has a name").to_string_lossy().into_owned();
    let started = Instant::now();
    loop {
        let view = instance.view();
        if view.bank.name == name && view.bank.sounds > 0 {
            return view;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{:?}", view.bank);
        std::thread::yield_now();
    }
}

/// The bank of a folder by one scan that nobody watches.
fn in_one_go(folder: &Path) -> Arc<Bank> {
    let cache = tempfile::tempdir().expect("a folder");
    let options = ScanOptions { cache: Some(cache.path().to_path_buf()), ..ScanOptions::default() };
    let net = SoundNet::embedded().expect("the weights load");
    scan(folder, &options, &net, &mut |_| {}, &AtomicBool::new(false)).expect("it can be scanned").bank
}

fn is_of(folder: &Path, sound: SoundId) -> bool {
    let files = std::fs::read_dir(folder).expect("it is there").flatten();
    files.map(|file| std::fs::read(file.path()).expect("it can be read")).any(|is| SoundId::of(&is) == sound)
}

#[test]
fn new_sounds_come_under_the_keys_while_their_folder_is_scanned_and_what_was_chosen_stays() {
    let folder = new_sounds(3.0);
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    instance.draw(1, line(60.0, [0, 0, 0]));
    let by_hand = instance.view().slots[1].matches[2].sound;
    instance.editor.requests.send(Request::Choose { slot: 1, sound: by_hand, instrument: None });
    instance.settle();
    let (before, chosen_before) = (instance.samples(0), instance.samples(1));

    open(&instance, folder.path());
    let view = partly_open(&instance, folder.path());
    assert!(view.bank.scanning.is_some() && view.bank.sounds < SOUNDS, "{:?}", view.bank);
    let first = view.slots[0].chosen.expect("the drawing has a sound");
    assert!(is_of(folder.path(), first), "of those that are known by then");
    assert_eq!(view.slots[1].chosen, Some(by_hand));
    let sketch = Arc::new(line(50.0, [0, 0, 0]));
    instance.editor.document.edit(|state| state.slots[2].sketch = sketch.clone());
    instance.editor.requests.send(Request::Read { slot: 2, sketch, generation: Generation(1) });
    while !instance.editor.requests.answered() {
        std::thread::yield_now();
    }
    let drawn = instance.view().slots[2].chosen.expect("it is matched while the folder is scanned");
    assert!(is_of(folder.path(), drawn));

    instance.settle();
    let view = instance.view();
    assert_eq!((view.bank.sounds, view.slots[1].chosen), (SOUNDS, Some(by_hand)));
    assert_eq!(view.slots[0].matches[0].name, "new 096", "the best of all in the end");
    assert_ne!(instance.samples(0), before);
    assert_eq!(instance.samples(1), chosen_before);
    let whole = in_one_go(folder.path());
    let open = Library::shared().bank(&BankRef::Folder(folder.path().to_path_buf()));
    assert_eq!(open, Some(whole), "as if it had not grown");
}

#[test]
fn a_scan_that_gives_way_to_another_folder_loses_nothing_and_two_instances_end_alike() {
    let (folder, other) = (new_sounds(5.0), new_sounds(7.0));
    let mut first = Instance::new().at_rate(RATE_HZ);
    let mut second = Instance::new().at_rate(RATE_HZ);
    open(&first, folder.path());
    let before = partly_open(&first, folder.path()).bank.sounds;
    open(&first, other.path());
    partly_open(&first, other.path());
    open(&first, folder.path());
    let again = partly_open(&first, folder.path()).bank.sounds;
    open(&second, folder.path());
    let there = partly_open(&second, folder.path()).bank.sounds;
    assert!(before <= again && again <= there, "what is open is open for all: {before}, {again}, {there}");
    first.draw(0, line(60.0, [0, 0, 0]));
    second.draw(0, line(60.0, [0, 0, 0]));
    let shown = |instance: &Instance| {
        let view = instance.view();
        (view.bank.sounds, view.slots[0].matches.iter().map(|shown| shown.sound).collect::<Vec<_>>())
    };
    assert_eq!(shown(&first).0, SOUNDS);
    assert_eq!(shown(&first), shown(&second));
    assert_eq!(first.samples(0), second.samples(0));
}

#[test]
fn who_opens_a_folder_that_is_being_scanned_joins_that_scan_and_goes_on_where_it_is_left() {
    let folder = new_sounds(11.0);
    let mut instance = Instance::new().at_rate(RATE_HZ);
    let library = Library::shared();
    let (leaves, all_there, led) = (AtomicBool::new(false), Barrier::new(3), Barrier::new(2));
    let scanned = |cancel: &AtomicBool, leads: bool| {
        let (mut steps, mut is_there) = (0, false);
        let mut on_progress = |_| {
            if !std::mem::replace(&mut is_there, true) {
                // Whoever joins is told at once how far the scan is.
                leads.then(|| led.wait());
                all_there.wait();
            }
        };
        let mut on_growth = |_| {
            steps += 1;
            leaves.store(true, Ordering::Relaxed);
        };
        let end = library.open_in_steps(folder.path(), &mut on_progress, &mut on_growth, cancel);
        (end, steps)
    };
    let ends = std::thread::scope(|scope| {
        let first = scope.spawn(|| scanned(&leaves, true));
        led.wait();
        open(&instance, folder.path());
        let others = [(); 2].map(|()| scope.spawn(|| scanned(&AtomicBool::new(false), false)));
        let left = first.join().expect("it gives way in order").0;
        assert!(left.is_err(), "the scan was led by one who went away");
        others.map(|other| other.join().expect("it ends in order"))
    });
    let [(one, steps), (other, more_steps)] = ends;
    let (one, other) = (one.expect("it goes on"), other.expect("it goes on"));
    assert!(Arc::ptr_eq(&one.bank, &other.bank), "one scan has one end");
    assert!(one.new < SOUNDS, "what was labelled by then is not labelled again: {}", one.new);
    assert!(steps > 0 && more_steps > 0, "{steps} {more_steps}");
    instance.settle();
    assert_eq!((one.bank.sounds.len(), instance.view().bank.sounds), (SOUNDS, SOUNDS));
}

#[test]
fn a_folder_that_goes_away_while_it_is_scanned_leaves_what_is_known_and_comes_back_whole() {
    let (folder, away) = (new_sounds(9.0), tempfile::tempdir().expect("a folder"));
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    open(&instance, folder.path());
    let known = partly_open(&instance, folder.path()).bank.sounds;
    let drive = away.path().join("drive");
    std::fs::rename(folder.path(), &drive).expect("it goes away");
    instance.settle();
    let view = instance.view();
    assert!((known..SOUNDS).contains(&view.bank.sounds), "{known}, then {}", view.bank.sounds);
    assert_eq!(view.bank.sounds + view.bank.failed.len(), SOUNDS);
    assert!(instance.under_keys[0].is_some(), "the last sound stays");
    std::fs::rename(&drive, folder.path()).expect("it comes back");
    let started = Instant::now();
    while (instance.view().bank.sounds, instance.view().bank.failed.len()) != (SOUNDS, 0) {
        assert!(started.elapsed() < Duration::from_secs(120), "{:?}", instance.view().bank);
        std::thread::sleep(Duration::from_millis(20));
    }
}
