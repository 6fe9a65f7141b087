//! The instrument as a CLAP host sees it.

use clack_extensions::audio_ports::{AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::note_ports::PluginNotePorts;

use crate::clap_host::{Event, ID, Instrument, Score, entry};
use crate::{pitch, sketches, spectrum};

/// Block sizes that hosts use, and some that no host should.
const SIZES: [&[u32]; 7] = [&[64], &[1], &[17], &[480], &[4096], &[1, 511, 64, 3, 2048, 7], &[127, 128]];
const RATE_HZ: f64 = 48_000.0;

/// A key from `on` to `off`, at a good velocity.
fn note(key: u8, on: u64, off: u64) -> Score {
    vec![(on, Event::On(key, 0.8)), (off, Event::Off(key))]
}

/// Three keys one after the other and together, for two seconds.
fn phrase() -> Score {
    let mut score: Score = Vec::new();
    for (index, key) in [57, 64, 69].into_iter().enumerate() {
        score.extend(note(key, 5_003 * index as u64, 40_000 + 7_001 * index as u64));
    }
    score.sort_by_key(|(frame, _)| *frame);
    score
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample.abs()).fold(0.0, f32::max)
}

/// Fails unless every sample is a number within what a converter takes.
fn assert_sound(sound: &[Vec<f32>; 2]) {
    for channel in sound {
        let bad = channel.iter().position(|sample| !sample.is_finite() || sample.abs() > 4.0);
        assert_eq!(bad, None, "a sample is no number or far too loud");
    }
}

/// The phrase from a fresh instance: what every other way of playing it is compared with.
fn reference() -> [Vec<f32>; 2] {
    Instrument::active(RATE_HZ, 64).play(&[64], 96_000, &phrase())
}

#[test]
fn the_bundle_holds_one_instrument_with_its_own_parameters_only() {
    let factory = entry().get_plugin_factory().expect("it has a factory");
    let descriptors: Vec<_> = factory.plugin_descriptors().collect();
    assert_eq!(descriptors.len(), 1);
    assert_eq!(descriptors[0].id(), Some(ID));
    assert_eq!(descriptors[0].name(), Some(c"Neume"));
    assert!(descriptors[0].features().any(|feature| feature == c"instrument"));

    let mut instrument = Instrument::new();
    let params = instrument.params();
    for name in ["Slot", "Mode", "Attack", "Decay", "Sustain", "Release", "Gain"] {
        let param = params.get(name).unwrap_or_else(|| panic!("no parameter {name} in {:?}", params.keys()));
        assert!(param.min <= param.value && param.value <= param.max, "{name}: {param:?}");
    }
    assert!(params.len() <= 12, "{:?}", params.keys());

    let handle = instrument.instance().plugin_handle();
    let audio: PluginAudioPorts = handle.get_extension().expect("it has audio ports");
    assert_eq!((audio.count(&handle, true), audio.count(&handle, false)), (0, 1));
    let mut buffer = AudioPortInfoBuffer::new();
    assert_eq!(audio.get(&handle, 0, false, &mut buffer).unwrap().channel_count, 2);
    let notes: PluginNotePorts = handle.get_extension().expect("it takes notes");
    assert_eq!(notes.count(&handle, true), 1);
}

#[test]
fn a_fresh_instance_plays_in_tune_at_every_rate() {
    for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
        for key in [57, 69, 76] {
            let mut instrument = Instrument::active(rate_hz, 512);
            let sound = instrument.play(&[512], rate_hz as u64, &note(key, 0, rate_hz as u64));
            assert_sound(&sound);
            assert!(peak(&sound[0]) > 0.01, "key {key} at {rate_hz} Hz is silent");
            let found = pitch::hz(&sound[0], rate_hz, (0.3 * rate_hz) as usize).expect("a pitch");
            let off = pitch::semitones_from(f64::from(key), found);
            assert!(off.abs() < 0.15, "key {key} at {rate_hz} Hz sounds {off:+.2} semitones off");
        }
    }
}

#[test]
fn the_same_notes_give_the_same_samples_at_every_block_size() {
    let reference = reference();
    assert_sound(&reference);
    assert!(peak(&reference[0]) > 0.01);
    for sizes in SIZES {
        let most = *sizes.iter().max().unwrap();
        let sound = Instrument::active(RATE_HZ, most).play(sizes, 96_000, &phrase());
        for side in 0..2 {
            let first = (0..reference[side].len()).find(|&i| reference[side][i] != sound[side][i]);
            assert_eq!(first, None, "blocks of {sizes:?} differ from blocks of 64, side {side}");
        }
    }
}

/// A project that was saved when the picture was drawn: it holds the chosen sound, so that neither new weights nor a
/// new bank may change what is heard.
#[test]
fn a_project_of_another_day_sounds_as_in_the_stored_picture() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (project, picture) = (folder.join("project.json"), folder.join("project.txt"));
    let redraw = std::env::var_os("NEUME_GOLDEN").is_some();
    if redraw {
        let saved = Instrument::active(RATE_HZ, 64).save();
        std::fs::write(&project, sketches::json(&saved)).unwrap();
    }
    let mut instrument = Instrument::new();
    let state = std::fs::read(&project).unwrap_or_else(|error| panic!("{}: {error}", project.display()));
    assert!(instrument.load(&sketches::framed(&state)), "it opens the project");
    instrument.activate(RATE_HZ, 64);
    let [left, right] = instrument.play(&[64], 96_000, &phrase());
    let mono: Vec<f32> = left.iter().zip(&right).map(|(left, right)| 0.5 * (left + right)).collect();
    let heard = spectrum::picture(&mono, RATE_HZ);
    if redraw {
        std::fs::write(&picture, spectrum::to_text(&heard)).unwrap();
    }
    let stored =
        std::fs::read_to_string(&picture).unwrap_or_else(|error| panic!("{}: {error}", picture.display()));
    let (mean, most) = spectrum::difference_db(&spectrum::from_text(&stored), &heard);
    assert!(
        mean < 1.0 && most < 9.0,
        "the project changed its sound: {mean:.2} dB in the mean, {most:.1} dB at most. If that is meant, say so in \
         the CHANGELOG and run this test with NEUME_GOLDEN=1"
    );
}

#[test]
fn a_saved_state_gives_the_same_samples_in_another_instance() {
    let mut instrument = Instrument::new();
    let fresh = instrument.save();
    assert!(instrument.load(&sketches::state_with_drawings(&fresh)), "it takes a state with drawings");
    let params = instrument.params();
    instrument.activate(RATE_HZ, 480);
    let mut score = phrase();
    score.insert(0, (0, Event::Param(params["Attack"].id, 0.5 * params["Attack"].max)));
    instrument.play(&[480], 480, &score[..1]);
    let saved = instrument.save();

    let play = |state: &[u8]| {
        let mut instrument = Instrument::new();
        assert!(instrument.load(state));
        instrument.activate(RATE_HZ, 480);
        instrument.play(&[480], 96_000, &phrase())
    };
    let sound = play(&saved);
    assert!(peak(&sound[0]) > 0.001);
    assert!(sound == play(&saved), "the same state sounds the same");
    assert!(sound != play(&fresh), "and the drawings and parameters made it another sound than a fresh one");
    let mut again = Instrument::new();
    assert!(again.load(&saved));
    assert_eq!(again.params(), {
        instrument.deactivate();
        instrument.params()
    });
}

#[test]
fn a_damaged_or_future_state_leaves_the_sound_as_it_was() {
    let mut instrument = Instrument::active(RATE_HZ, 64);
    let saved = instrument.save();
    let mut states = sketches::damaged(&saved);
    states.push(("from the future", sketches::state_from_the_future(&saved)));
    let before = instrument.play(&[64], 96_000, &phrase());
    drop(instrument);
    for (name, state) in states {
        let mut instrument = Instrument::active(RATE_HZ, 64);
        instrument.load(&state);
        instrument.deactivate();
        instrument.activate(RATE_HZ, 64);
        let after = instrument.play(&[64], 96_000, &phrase());
        assert!(before == after, "a state that is {name} changed the sound");
    }
}

#[test]
fn sixteen_instances_play_at_once_and_alike() {
    let mut instruments: Vec<Instrument> = (0..16).map(|_| Instrument::active(RATE_HZ, 256)).collect();
    let mut sounds: Vec<[Vec<f32>; 2]> = Vec::new();
    sounds.resize_with(16, Default::default);
    // In turns, as a host with sixteen tracks does.
    for block in 0..100u64 {
        for (instrument, sound) in instruments.iter_mut().zip(&mut sounds) {
            let due: Score = phrase().into_iter().filter(|(frame, _)| frame / 256 == block).collect();
            let due: Score = due.into_iter().map(|(frame, event)| (frame % 256, event)).collect();
            let [left, right] = instrument.play(&[256], 256, &due);
            sound[0].extend(left);
            sound[1].extend(right);
        }
    }
    assert!(peak(&sounds[0][0]) > 0.01);
    for (index, sound) in sounds.iter().enumerate() {
        assert!(*sound == sounds[0], "instance {index} plays something else");
    }
}

#[test]
fn instances_may_go_while_work_is_queued() {
    let fresh = Instrument::new().save();
    let drawn = sketches::state_with_drawings(&fresh);
    for round in 0..8 {
        let mut kept: Vec<Instrument> = (0..4).map(|_| Instrument::new()).collect();
        for instrument in &mut kept {
            instrument.load(&drawn);
            if round % 2 == 0 {
                instrument.activate(RATE_HZ, 64);
            }
            instrument.load(&fresh);
            instrument.load(&drawn);
        }
        // Oldest first in one round, newest first in the next.
        if round % 4 < 2 {
            kept.reverse();
        }
        while kept.pop().is_some() {}
    }
    assert_eq!(reference(), reference(), "and the next one plays");
}

/// Built with `assert_process_allocs`, the instrument ends this test's process where the callback allocates.
#[test]
fn playing_goes_on_while_sketches_slots_and_banks_change() {
    let mut instrument = Instrument::active(RATE_HZ, 256);
    let fresh = instrument.save();
    let drawn = sketches::state_with_drawings(&fresh);
    let folder = tempfile::tempdir().unwrap();
    for key in [48, 60, 72] {
        write_tone(&folder.path().join(format!("tone_{key:03}.wav")), key);
    }
    let of_folder = sketches::state_with_bank(&drawn, folder.path());
    let slot = instrument.params()["Slot"];
    let mut sound = [Vec::new(), Vec::new()];
    for round in 0..48u32 {
        if round % 4 == 0 {
            assert!(instrument.load([&drawn, &of_folder, &fresh][round as usize / 4 % 3]));
        }
        let mut score: Score = (0..8)
            .map(|i| {
                let next = slot.min + f64::from((3 * round + i) % 16);
                (u64::from(i) * 600, Event::Param(slot.id, next))
            })
            .collect();
        // Some keys stay down over the changes.
        let key = 48 + (7 * round % 24) as u8;
        score.push((4_799, Event::On(key, 0.7)));
        if round % 3 == 2 {
            score.extend((48..72).map(|key| (4_799, Event::Off(key))));
        }
        let played = instrument.play(&[256, 31, 64], 4_800, &score);
        sound.iter_mut().zip(played).for_each(|(all, part)| all.extend(part));
        instrument.serve();
        // Time for the Worker to hand over in the middle of it all.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_sound(&sound);
    assert!(peak(&sound[0]) > 0.01);
}

/// Half a second of four harmonics.
fn write_tone(path: &std::path::Path, key: i32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 22_050,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let hz = 440.0 * 2f64.powf(f64::from(key - 69) / 12.0);
    for frame in 0..11_025 {
        let t = f64::from(frame) / 22_050.0;
        let sum: f64 =
            (1..5).map(|k| (t * hz * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k)).sum();
        writer.write_sample((sum * (-2.0 * t).exp() * 8_000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

#[test]
fn two_thousand_notes_in_one_block_are_played_and_end() {
    let mut instrument = Instrument::active(RATE_HZ, 512);
    let score: Score = (0..2_000u64)
        .map(|i| (i * 512 / 2_000, Event::On((i % 128) as u8, 0.1 + 0.4 * (i % 7) as f64 / 7.0)))
        .collect();
    let sound = instrument.play(&[512], 512, &score);
    let bad = sound.iter().flatten().position(|sample| !sample.is_finite());
    assert_eq!(bad, None);
    let off: Score =
        (0..128).map(|key| (0, Event::Off(key))).chain([(1, Event::Midi([0xB0, 123, 0]))]).collect();
    instrument.play(&[512], 512, &off);
    instrument.play(&[512], 10 * 48_000, &[]);
    let rest = instrument.play(&[512], 4_800, &[]);
    assert!(peak(&rest[0]) < 1e-3, "ten seconds after every key is up, {} still sounds", peak(&rest[0]));
    let after = instrument.play(&[512], 24_000, &note(69, 0, 20_000));
    assert!(peak(&after[0]) > 0.01, "the next note sounds");
}

#[test]
fn a_parameter_that_is_no_number_does_no_harm() {
    let params = Instrument::new().params();
    for (name, param) in params {
        let mut instrument = Instrument::active(RATE_HZ, 64);
        let mut score = phrase();
        for (index, value) in
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300].into_iter().enumerate()
        {
            score.insert(0, (index as u64, Event::Param(param.id, value)));
        }
        score.push((47_000, Event::Param(param.id, param.value)));
        score.sort_by_key(|(frame, _)| *frame);
        let sound = instrument.play(&[64], 48_000, &score);
        let bad = sound.iter().flatten().position(|sample| !sample.is_finite());
        assert_eq!(bad, None, "{name} of NaN");
        let after = instrument.play(&[64], 48_000, &phrase());
        assert!(peak(&after[0]) > 0.001, "{name}: silent after NaN and its old value again");
    }
}

#[test]
fn the_bend_wheel_bends_the_pedal_holds_and_controllers_move() {
    let whole = RATE_HZ as u64;
    let bent: Score =
        vec![(0, Event::Midi([0xE0, 127, 127])), (0, Event::On(69, 0.8)), (whole, Event::Off(69))];
    let sound = Instrument::active(RATE_HZ, 64).play(&[64], whole, &bent);
    let found = pitch::hz(&sound[0], RATE_HZ, 14_400).expect("a pitch");
    let up = pitch::semitones_from(69.0, found);
    assert!((up - 2.0).abs() < 0.15, "the wheel all the way up bends by {up:.2} semitones");

    let at = |controller: [u8; 2]| {
        let [number, value] = controller;
        let score: Score = vec![(0, Event::Midi([0xB0, number, value])), (2_000, Event::On(69, 0.8))];
        let [left, right] = Instrument::active(RATE_HZ, 64).play(&[64], whole, &score);
        [peak(&left), peak(&right)]
    };
    let ([full, _], [soft, _], [_, aside]) = (at([11, 127]), at([11, 64]), at([10, 0]));
    assert!((soft / full - 0.254).abs() < 0.01 && aside == 0.0, "{full}, {soft}, {aside}");

    let level = |pedal: bool| {
        let mut score: Score = vec![(0, Event::On(69, 0.8)), (12_000, Event::Off(69))];
        if pedal {
            score.insert(0, (0, Event::Midi([0xB0, 64, 127])));
        }
        let sound = Instrument::active(RATE_HZ, 64).play(&[64], whole, &score);
        peak(&sound[0][40_000..])
    };
    let (held, let_go) = (level(true), level(false));
    assert!(held > 0.005 && held > 4.0 * let_go, "held by the pedal {held}, let go {let_go}");
}
