//! The Worker from request to playable sound: through the real networks, the real factory bank and real folders.

#[path = "worker/growing.rs"]
mod growing;
#[path = "worker/instance.rs"]
mod instance;
#[path = "worker/roots.rs"]
mod roots;

use std::sync::Arc;
use std::time::{Duration, Instant};

use neume::handoff::{self, FoundView, Generation, Request, SLOTS, SearchAsked};
use neume::language::{BoundSound, Language, Meaning, Sign, Spoken};
use neume::library::Library;
use neume::signs::{Shape, Signs};
use neume::state::{BankRef, InstanceState};
use neume_bank::Weights;
use neume_models::echo::ECHOES;
use neume_models::{Family, Point, RasterLayer, Reading, Rgb, Sketch, Stroke};

use instance::{Instance, RATE_HZ, folder_of_tones, line, write_tone};

#[test]
fn an_instance_that_goes_says_so_before_its_last_request_is_read() {
    let (editor, worker, _engine) = handoff::ends();
    editor.requests.send(Request::Notice("a word".to_string()));
    assert!(!worker.pending.is_leaving());
    editor.requests.send(Request::Quit);
    assert!(worker.pending.is_leaving());
    assert_eq!(worker.requests.len(), 2);
}

#[test]
fn what_overtakes_a_slots_sound_is_known_before_it_is_read() {
    let (editor, worker, _engine) = handoff::ends();
    let asked = || [0, 1, SLOTS - 1].map(|slot| worker.pending.asked(slot));
    editor.requests.send(Request::Notice("a word".to_string()));
    assert_eq!(asked(), [0, 0, 0]);
    let sketch = Arc::new(line(64.0, [0, 0, 0]));
    editor.requests.send(Request::Read { slot: 1, sketch: sketch.clone(), generation: Generation(1) });
    editor.requests.send(Request::Read { slot: SLOTS, sketch, generation: Generation(1) });
    assert_eq!(asked(), [0, 1, 0]);
    editor.requests.send(Request::Restore);
    assert_eq!(asked(), [1, 2, 1]);
}

#[test]
fn a_fresh_instance_has_its_first_sketch_under_the_keys() {
    let instance = Instance::restored(InstanceState::first()).at_rate(RATE_HZ);
    let view = instance.view();
    assert!(matches!(view.slots[0].reading, Some(Ok(_))), "{:?}", view.slots[0].reading);
    assert_eq!(view.slots[0].matches.len(), 9);
    assert!(instance.under_keys[0].is_some());
    assert!(instance.under_keys[1..].iter().all(Option::is_none), "the other slots are empty");
}

#[test]
fn a_drawing_puts_the_best_sound_of_the_bank_under_the_keys() {
    let folder = folder_of_tones(&[55, 60, 64, 67, 72]);
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(folder.path().to_path_buf())));
    instance.settle();
    assert_eq!(instance.view().bank.sounds, 5);
    instance.draw(3, line(64.0, [0, 0, 0]));
    let view = instance.view();
    assert_eq!(view.slots[3].matches[0].name, "tone_064");
    assert_eq!(view.slots[3].generation, Generation(1));
    let playable = instance.under_keys[3].as_ref().expect("it is handed over");
    assert!((playable.drawn_midi - 64.0).abs() < 0.5);
}

#[test]
fn a_search_is_answered_with_reasons_follows_the_drawing_and_what_it_finds_can_be_chosen() {
    let folder = folder_of_tones(&[55, 60, 64, 67, 72, 76, 79]);
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(folder.path().to_path_buf())));
    instance.settle();
    let ask = |instance: &mut Instance, asked: SearchAsked| -> Vec<FoundView> {
        instance.editor.requests.send(Request::Search(asked));
        instance.settle();
        instance.view().search.found.to_vec()
    };
    let worded = |words: &str| SearchAsked { words: words.to_string(), ..SearchAsked::default() };
    assert_eq!(ask(&mut instance, worded("tone")).len(), 7);
    let found = ask(&mut instance, worded("079"));
    assert_eq!((found.len(), &found[0].reasons[..]), (1, &["name: '079'".to_string()][..]));
    let like = ask(&mut instance, SearchAsked { like: Some(found[0].sound), ..worded("-072") });
    assert_eq!((like.len(), like[0].name.as_str()), (5, "tone_076"));
    let like = instance.view().search.like.clone().expect("it is in the bank");
    assert!(like.to_string().contains("tone_079"), "{like}");

    instance.draw(2, line(60.0, [0, 0, 0]));
    let drawn = ask(&mut instance, SearchAsked { drawn: Some(2), ..SearchAsked::default() });
    assert_eq!(drawn[0].name, "tone_060");
    instance.draw(2, line(67.0, [0, 0, 0]));
    assert_eq!(instance.view().search.found[0].name, "tone_067", "it follows the drawing");

    let far = drawn.last().unwrap().sound;
    instance.editor.requests.send(Request::Choose { slot: 2, sound: far, instrument: None });
    instance.settle();
    let view = instance.view();
    assert_eq!(view.slots[2].chosen, Some(far));
    assert!(view.slots[2].matches.iter().any(|shown| shown.sound == far), "what was chosen is shown");
    assert!(ask(&mut instance, SearchAsked::default()).is_empty(), "nothing is asked, nothing is found");
}

#[test]
fn what_lies_under_the_keys_already_is_not_handed_over_again() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    let before = instance.under_keys[0].clone().expect("it is handed over");
    let weigh = |instance: &mut Instance, pitch: f32| {
        let weights = Weights { pitch, ..Weights::default() };
        instance.editor.requests.send(Request::Weigh(weights));
        instance.settle();
    };
    weigh(&mut instance, 1.0);
    let after = instance.under_keys[0].clone().expect("it stays");
    assert!(Arc::ptr_eq(&before, &after), "the same match means the same sound");
    weigh(&mut instance, 0.0);
    let instance = instance.at_rate(44_100.0);
    assert!(!Arc::ptr_eq(&before, instance.under_keys[0].as_ref().unwrap()), "at another rate it is another");
}

#[test]
fn clearing_the_pad_empties_the_slot() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    assert!(instance.under_keys[0].is_some());
    instance.draw(0, Sketch::default());
    assert!(instance.under_keys[0].is_none());
    assert!(instance.view().slots[0].reading.is_none());
}

#[test]
fn a_reopened_project_gives_the_same_samples_although_the_bank_has_grown() {
    let folder = folder_of_tones(&[55, 67]);
    let bank = BankRef::Folder(folder.path().to_path_buf());
    let mut first = Instance::new().at_rate(RATE_HZ);
    first.editor.requests.send(Request::OpenBank(bank));
    first.settle();
    first.draw(0, line(60.0, [0, 0, 0]));
    let (saved, before) = (first.editor.document.get().to_value(), first.samples(0));
    drop(first);

    write_tone(&folder.path().join("tone_060.wav"), 261.63);
    let state = InstanceState::from_value(saved).expect("the state is whole");
    let second = Instance::restored(state).at_rate(RATE_HZ);
    assert_eq!(second.samples(0), before);
    let shown = second.view();
    assert_eq!(shown.slots[0].matches[0].name, "tone_060", "the new sound fits better and is offered");
}

#[test]
fn a_bank_follows_its_folder_while_it_is_open() {
    let folder = folder_of_tones(&[48, 60]);
    let mut state = InstanceState::first();
    state.bank = BankRef::Folder(folder.path().to_path_buf());
    let instance = Instance::restored(state).at_rate(RATE_HZ);
    let until = |sounds: usize, failed: usize| {
        let started = Instant::now();
        while (instance.view().bank.sounds, instance.view().bank.failed.len()) != (sounds, failed) {
            assert!(started.elapsed() < Duration::from_secs(60), "{:?}", instance.view().bank);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until(2, 0);
    write_tone(&folder.path().join("tone_072.wav"), 523.25);
    std::fs::write(folder.path().join("no sound.wav"), b"PK").expect("a file is written");
    until(3, 1);
    std::fs::remove_file(folder.path().join("no sound.wav")).expect("it is there");
    std::fs::remove_file(folder.path().join("tone_048.wav")).expect("it is there");
    until(2, 0);
}

#[test]
fn a_folder_that_goes_away_is_said_to_and_comes_back_with_its_sounds() {
    let (folder, away) = (folder_of_tones(&[48, 60]), tempfile::tempdir().expect("a folder"));
    let mut state = InstanceState::first();
    state.bank = BankRef::Folder(folder.path().to_path_buf());
    let instance = Instance::restored(state).at_rate(RATE_HZ);
    let until = |sounds: usize, is_away: bool| {
        let started = Instant::now();
        while (instance.view().bank.sounds, instance.view().bank.is_away) != (sounds, is_away) {
            assert!(started.elapsed() < Duration::from_secs(60), "{:?}", instance.view().bank);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until(2, false);
    let drive = away.path().join("drive");
    std::fs::rename(folder.path(), &drive).expect("it goes away");
    until(2, true);
    std::fs::rename(&drive, folder.path()).expect("it comes back");
    until(2, false);
    // Of some drives an empty folder stays.
    std::fs::rename(folder.path(), &drive).expect("it goes away");
    std::fs::create_dir(folder.path()).expect("the place where the drive was");
    until(2, true);
    std::fs::remove_dir(folder.path()).expect("it is empty");
    std::fs::rename(&drive, folder.path()).expect("it comes back");
    until(2, false);
}

#[test]
fn an_instrument_of_a_preset_lies_under_the_keys_whole_and_comes_back_so() {
    let folder = folder_of_tones(&[60, 64, 67]);
    let sfz = "<global> ampeg_release=0.4\n\
         <region> hikey=61 pitch_keycenter=60 sample=tone_060.wav volume=-6 seq_length=2 seq_position=2\n\
         <region> lokey=62 hikey=62 pitch_keytrack=0 sample=tone_064.wav offset=100 loop_mode=no_loop\n\
         <region> lokey=63 pitch_keycenter=67 sample=tone_067.wav pan=-100\n";
    std::fs::write(folder.path().join("Set.sfz"), sfz).unwrap();
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(folder.path().to_path_buf())));
    instance.settle();
    instance.draw(0, line(67.0, [40, 40, 40]));
    let described = |instance: &Instance| {
        let playable = instance.under_keys[0].clone().expect("the slot has a sound");
        let zones = playable
            .zones
            .iter()
            .map(|zone| (zone.keys, zone.root_midi, zone.manner.clone(), zone.pcm.left.len()));
        zones.collect::<Vec<_>>()
    };
    let zones = described(&instance);
    assert_eq!(zones.iter().map(|zone| zone.0).collect::<Vec<_>>(), [(0, 61), (62, 62), (63, 127)]);
    let matched_pan = zones[2].2.pan;
    assert_eq!((zones[0].2.gain_db, matched_pan, zones[1].2.tracking), (-6.0, -1.0, 0.0));
    assert!(zones[0].2.turn.is_some() && zones[2].2.envelope.is_some());
    assert_eq!(zones[1].2.span.map(|span| span.0), Some(100));
    // Saved, the preset is no longer needed: the sounds are.
    let saved = (*instance.editor.document.get()).clone();
    let state = InstanceState::from_value(saved.to_value()).unwrap();
    std::fs::write(folder.path().join("Set.sfz"), "").unwrap();
    let reopened = Instance::restored(state).at_rate(RATE_HZ);
    assert_eq!(described(&reopened), zones);
    assert_eq!(reopened.samples(0), instance.samples(0));
}

#[test]
fn a_state_that_is_loaded_over_another_keeps_its_own_choice() {
    let mut first = Instance::new().at_rate(RATE_HZ);
    first.draw(0, line(43.0, [0, 0, 0]));
    let saved = first.editor.document.get();
    let chosen = saved.slots[0].chosen.clone().expect("a sound was chosen");
    for round in 0..20 {
        let mut second = Instance::restored(InstanceState::first());
        // A host that makes an instance and loads its state at once finds the Worker reading the first sketch; another
        // host is slower.
        if round % 2 == 0 {
            second.settle();
        }
        second.editor.document.set((*saved).clone());
        second.editor.requests.send(Request::Restore);
        let second = second.at_rate(RATE_HZ);
        let now = second.editor.document.get().slots[0].chosen.clone().expect("it stays chosen");
        assert_eq!(now.sound, chosen.sound);
        assert_eq!(second.samples(0), first.samples(0));
    }
}

/// A shape of its own at a place of the pad: corners given within a square of side `size`.
fn shape(corners: &[(f32, f32)], size: f32, [x, y]: [f32; 2]) -> Arc<Sketch> {
    let at = |i: usize, part: f32| {
        let ((ax, ay), (bx, by)) = (corners[i], corners[i + 1]);
        let (sx, sy) = (ax + (bx - ax) * part, ay + (by - ay) * part);
        Point { x: x + sx * size / 1.5, y: y + sy * size, secs: i as f32 + part }
    };
    let points = (0..corners.len() - 1).flat_map(|i| (0..=12).map(move |n| (i, n as f32 / 12.0)));
    let points = points.map(|(i, part)| at(i, part)).collect();
    Arc::new(Sketch { strokes: vec![Stroke { points, rgb: Rgb([0; 3]), width_norm: 0.02 }], raster: None })
}

const HOUSE: [(f32, f32); 7] =
    [(0.0, 0.0), (0.0, 0.6), (0.5, 1.0), (1.0, 0.6), (1.0, 0.0), (0.0, 0.0), (1.0, 0.6)];
const BOLT: [(f32, f32); 4] = [(0.6, 1.0), (0.1, 0.45), (0.8, 0.5), (0.3, 0.0)];
const FISH: [(f32, f32); 6] = [(1.0, 0.2), (0.3, 0.9), (0.0, 0.5), (0.3, 0.1), (1.0, 0.8), (1.0, 0.2)];

fn teach(instance: &mut Instance, change: impl FnOnce(&mut Language)) {
    instance.editor.document.edit(|state| change(&mut state.language));
    instance.editor.requests.send(Request::Language);
    instance.settle();
}

fn read_as(instance: &Instance, slot: usize) -> (Option<String>, Reading) {
    let view = instance.view();
    let slot = &view.slots[slot];
    let sign = slot.recognised.sign().map(|sign| sign.name.clone());
    (sign, slot.reading.clone().expect("it is read").expect("it can be read"))
}

#[test]
fn a_sign_that_was_shown_once_is_known_at_another_place_and_means_what_was_said() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, (*shape(&HOUSE, 0.3, [0.2, 0.2])).clone());
    assert_eq!(read_as(&instance, 0).0, None, "nothing was taught yet");
    let bell = Meaning { family: Some(Family::Mallet), ..Meaning::default() };
    teach(&mut instance, |language| {
        language.teach("temple bell", shape(&HOUSE, 0.3, [0.2, 0.2])).unwrap();
        language.teach("bolt", shape(&BOLT, 0.3, [0.4, 0.4])).unwrap();
        language.sign_mut("temple bell").unwrap().meaning = bell.clone();
    });
    let (sign, before) = read_as(&instance, 0);
    assert_eq!(sign.as_deref(), Some("temple bell"), "what is drawn already is understood anew");
    assert_eq!(before.timbre.family, Some(Family::Mallet));
    instance.draw(1, (*shape(&HOUSE, 0.4, [0.5, 0.5])).clone());
    let (sign, reading) = read_as(&instance, 1);
    assert_eq!(sign.as_deref(), Some("temple bell"));
    assert!(reading.pitch.midi > before.pitch.midi + 10.0, "its height is still the pitch");
    instance.draw(1, (*shape(&FISH, 0.3, [0.2, 0.2])).clone());
    let (sign, reading) = read_as(&instance, 1);
    assert_eq!((sign, reading.timbre.family), (None, None), "what resembles no sign is read by the legend");
}

#[test]
fn a_correction_teaches_and_a_drawing_that_is_no_sign_is_none() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    teach(&mut instance, |language| {
        language.teach("house", shape(&HOUSE, 0.3, [0.2, 0.2])).unwrap();
        language.teach("bolt", shape(&BOLT, 0.3, [0.4, 0.4])).unwrap();
    });
    instance.draw(0, (*shape(&HOUSE, 0.35, [0.3, 0.3])).clone());
    assert_eq!(read_as(&instance, 0).0.as_deref(), Some("house"));
    let drawing = instance.editor.document.get().slots[0].sketch.clone();
    teach(&mut instance, |language| language.teach("bolt", drawing.clone()).unwrap());
    assert_eq!(read_as(&instance, 0).0.as_deref(), Some("bolt"), "the composer knows better");
    teach(&mut instance, |language| language.teach_plain(drawing).unwrap());
    assert_eq!(read_as(&instance, 0).0, None);
    instance.draw(1, (*shape(&BOLT, 0.25, [0.3, 0.3])).clone());
    assert_eq!(read_as(&instance, 1).0.as_deref(), Some("bolt"), "nothing that was taught is forgotten");
}

#[test]
fn practice_makes_what_was_taught_known_in_more_forms_and_forgets_nothing() {
    let library = Library::shared();
    let mut language = Language::default();
    language.teach("house", shape(&HOUSE, 0.3, [0.2, 0.2])).unwrap();
    language.teach("bolt", shape(&BOLT, 0.3, [0.4, 0.4])).unwrap();
    let mut signs = Signs::default();
    assert!(signs.learn(&language, &library).is_empty());
    // Narrower, and leaning: another hand.
    let leaning = HOUSE.map(|(x, y)| (0.75 * x + 0.2 * y, y));
    let likeness = |signs: &Signs| {
        let mut drawing = Shape::of(&shape(&leaning, 0.3, [0.3, 0.3]), &library).unwrap();
        signs.look_closely(&mut drawing, &library).likely
    };
    let before = likeness(&signs);
    let steps = std::iter::from_fn(|| signs.practise(&library).then_some(())).count();
    assert_eq!(steps, 2 * ECHOES);
    let after = likeness(&signs);
    assert_eq!((before[0].name.as_str(), after[0].name.as_str()), ("house", "house"));
    assert!(after[0].similarity > before[0].similarity + 0.02, "{before:?}, then {after:?}");
    assert!(signs.learn(&language, &library).is_empty());
    assert!(!signs.practise(&library), "what was practised is kept");
    assert_eq!(likeness(&signs), after);
}

#[test]
fn a_sign_may_stand_for_a_sound_and_a_saved_language_comes_back() {
    let folder = folder_of_tones(&[55, 60, 67]);
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(folder.path().to_path_buf())));
    instance.settle();
    instance.draw(0, line(67.0, [0, 0, 0]));
    let chosen = instance.editor.document.get().slots[0].chosen.clone().expect("a sound was chosen");
    let bound = BoundSound {
        sound: chosen.sound,
        instrument: None,
        source: chosen.zones[0].source.clone(),
        bank: chosen.bank.clone(),
        name: chosen.zones[0].name.clone(),
    };
    teach(&mut instance, |language| {
        language.teach("my bell", shape(&BOLT, 0.3, [0.2, 0.05])).unwrap();
        language.sign_mut("my bell").unwrap().meaning.sound = Some(bound);
    });
    instance.draw(1, (*shape(&BOLT, 0.3, [0.4, 0.05])).clone());
    let here = |instance: &Instance| instance.editor.document.get().slots[1].chosen.clone().map(|c| c.sound);
    assert_eq!(here(&instance), Some(chosen.sound), "low as it is drawn, the sound is that of the sign");
    assert!(instance.view().slots[1].matches.iter().any(|shown| shown.sound == chosen.sound));
    instance.editor.requests.send(Request::OpenBank(BankRef::Factory));
    instance.settle();
    assert_eq!(here(&instance), Some(chosen.sound), "its bank is still open");

    let saved = InstanceState::from_value(instance.editor.document.get().to_value()).expect("it is whole");
    assert_eq!(saved, *instance.editor.document.get());
    let again = Instance::restored(saved).at_rate(RATE_HZ);
    assert_eq!(read_as(&again, 1).0.as_deref(), Some("my bell"));
    assert_eq!(again.samples(1), instance.samples(1));
}

#[test]
fn aspects_that_drawings_do_not_speak_of_are_left_to_the_sound() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(40.0, [40, 40, 200]));
    let (_, before) = read_as(&instance, 0);
    assert_eq!(before.timbre.family, Some(Family::String));
    teach(&mut instance, |language| {
        language.spoken = Spoken { pitch: false, family: false, ..Spoken::default() };
    });
    let (_, reading) = read_as(&instance, 0);
    assert_eq!(reading.timbre.family, None);
    let chosen = instance.editor.document.get().slots[0].chosen.clone().expect("a sound is chosen");
    let zone = chosen.zones.iter().find(|zone| zone.sound == chosen.sound).expect("it is among its zones");
    assert_eq!(chosen.drawn_midi, zone.root_midi, "as drawn, it sounds at its own pitch");
}

#[test]
fn a_state_from_before_there_were_languages_keeps_its_legend() {
    let mut old = InstanceState::default().to_value();
    let object = old.as_object_mut().expect("a state is an object");
    let mut legend = object.remove("language").expect("there is a language")["legend"].take();
    legend["scale"] = "60-71".into();
    object.insert("legend".to_string(), legend);
    object.insert("version".to_string(), 1.into());
    let state = InstanceState::from_value(old).expect("it is taken");
    assert_eq!(state.language.legend.scale.to_string(), "60-71");
    assert_eq!(state.version, InstanceState::VERSION);
}

#[test]
fn a_sound_that_is_gone_is_named_the_nearest_stands_in_and_a_new_folder_brings_it_back() {
    // A sound that no other test of this process has in an open bank.
    let folder = folder_of_tones(&[62]);
    let bank = BankRef::Folder(folder.path().to_path_buf());
    let mut first = Instance::new().at_rate(RATE_HZ);
    first.editor.requests.send(Request::OpenBank(bank));
    first.settle();
    first.draw(0, line(62.0, [0, 0, 0]));
    let (saved, before) = (first.editor.document.get().to_value(), first.samples(0));
    drop(first);

    let moved = tempfile::tempdir().expect("a folder");
    let elsewhere = moved.path().join("renamed.wav");
    std::fs::rename(folder.path().join("tone_062.wav"), &elsewhere).expect("the sound moves");
    drop(folder);
    let state = InstanceState::from_value(saved).expect("the state is whole");
    // At another rate, so that the samples which this process still holds do not help.
    let mut second = Instance::restored(state).at_rate(44_100.0);
    assert_eq!(second.view().slots[0].missing.as_deref(), Some("tone_062"));
    assert!(second.under_keys[0].is_some(), "the nearest sound stands in");

    second.editor.requests.send(Request::Relink(moved.path().to_path_buf()));
    second.settle();
    assert_eq!(second.view().slots[0].missing, None);
    let second = second.at_rate(RATE_HZ);
    assert_eq!(second.samples(0), before);
}

#[test]
fn a_folder_that_cannot_be_read_is_said_once_and_the_last_sound_stays() {
    let mut instance = Instance::new().at_rate(RATE_HZ);
    instance.draw(0, line(60.0, [0, 0, 0]));
    let before = instance.samples(0);
    let nowhere = std::env::temp_dir().join("neume-there-is-no-such-folder");
    instance.editor.requests.send(Request::OpenBank(BankRef::Folder(nowhere.clone())));
    instance.settle();
    let notice = instance.view().notice.clone().expect("there is a notice");
    assert!(notice.contains(&*nowhere.to_string_lossy()), "{notice}");
    assert_eq!(instance.samples(0), before);
}

#[test]
fn a_state_that_is_garbage_or_of_the_future_is_refused_with_its_cause() {
    let whole = InstanceState::default().to_value();
    let mut future = whole.clone();
    future["version"] = 99.into();
    let cause = InstanceState::from_value(future).expect_err("it is of the future").to_string();
    assert!(cause.contains("99"), "{cause}");
    for garbage in [serde_json::json!(7), serde_json::json!({ "slots": "none" }), serde_json::json!([1, 2])] {
        InstanceState::from_value(garbage.clone()).expect_err(&garbage.to_string());
    }
    // A number that is finite in the file and would be infinite as it is kept.
    let mut giant = InstanceState::first().to_value();
    giant["slots"][0]["sketch"]["strokes"][0]["points"][0]["y"] = serde_json::json!(5.4e55);
    let cause = InstanceState::from_value(giant).expect_err("it is too large").to_string();
    assert!(cause.contains("too large") && cause.contains("stays"), "{cause}");
    let mut short = whole.clone();
    short["slots"] = serde_json::json!([]);
    assert_eq!(InstanceState::from_value(short).expect("it is taken").slots.len(), SLOTS);
}

#[test]
fn a_saved_sign_that_cannot_be_read_is_said_while_the_host_gets_ready() {
    let white = RasterLayer { width_px: 300, height_px: 200, rgba: vec![255; 300 * 200 * 4].into() };
    let white = Arc::new(Sketch { strokes: Vec::new(), raster: Some(white) });
    let mut state = InstanceState::default();
    state.language.signs =
        vec![Sign { name: "my bell".to_string(), examples: vec![white], ..Sign::default() }];
    let state = InstanceState::from_value(state.to_value()).expect("it is whole");
    let instance = Instance::restored(state).at_rate(RATE_HZ).at_rate(44_100.0);
    let notice = instance.view().notice.clone().expect("there is a notice");
    assert!(notice.starts_with("my bell: "), "{notice}");
}

#[test]
fn a_folder_is_one_bank_for_all_and_is_open_until_the_last_instance_leaves_it() {
    let folders = [folder_of_tones(&[58]), folder_of_tones(&[59])];
    let [one, other] = [0, 1].map(|at: usize| BankRef::Folder(folders[at].path().to_path_buf()));
    let library = Library::shared();
    let open = |instance: &mut Instance, bank: &BankRef| {
        instance.editor.document.edit(|state| state.bank = bank.clone());
        instance.editor.requests.send(Request::OpenBank(bank.clone()));
        instance.settle();
        library.bank(bank).expect("it is open")
    };
    let (mut first, mut second) = (Instance::new(), Instance::new());
    let bank = open(&mut first, &one);
    assert!(Arc::ptr_eq(&bank, &open(&mut second, &one)), "they match from the same bank");
    drop(bank);
    open(&mut first, &other);
    assert!(library.bank(&one).is_some(), "the second instance matches from it");
    open(&mut second, &other);
    assert!(library.bank(&one).is_none() && library.bank(&other).is_some());
    drop((first, second));
    assert!(library.bank(&other).is_none());
}
