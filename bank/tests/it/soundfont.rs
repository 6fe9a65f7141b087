//! SoundFonts: presets as instruments, samples as sounds, and files that lie.

use std::fs;

use neume_bank::scan::remembered;
use neume_bank::{Depths, Instrument, Looping, Moves, Source};

use crate::font::{RATE_HZ, Sample, Zone, font, mono, moved_font};
use crate::scan::Place;

fn keys(low: u8, high: u8) -> (u16, i16) {
    (43, i16::from(low) | i16::from(high) << 8)
}

#[test]
fn a_preset_is_an_instrument_and_its_samples_are_sounds() {
    let place = Place::new();
    let zones: &[Zone] = &[
        &[(48, 100), (36, 0), (37, 200)],
        &[keys(0, 60), (54, 1), (52, 25), (53, 0)],
        &[keys(61, 127), (58, 70), (56, 50), (8, 6_000), (53, 1)],
    ];
    let bytes = font(&[mono(60.0, 60), mono(67.0, 67)], zones, &[(51, 1)]);
    fs::write(place.path("flute.sf2"), bytes).unwrap();
    let report = place.scan();
    assert_eq!(report.failed, []);
    assert_eq!((report.sounds, report.new), (2, 2));
    let bank = &report.bank;
    assert_eq!(bank.instruments.len(), 1);
    let flute = &bank.instruments[0];
    assert_eq!((flute.name.as_str(), flute.is_told), ("Test Flute", true));
    let [low, high] = &flute.zones[..] else { panic!("{:?}", flute.zones) };
    assert_eq!((low.keys, high.keys), ((0, 60), (61, 127)));
    assert!((low.root_midi - (60.0 - 1.25)).abs() < 1e-4, "tuned up by 25 cents and a semitone: {low:?}");
    assert!((high.root_midi - (70.0 - 1.0 / 0.5)).abs() < 1e-4, "{high:?}");
    assert_eq!(high.manner.tracking, 0.5);
    assert!((low.manner.gain_db + 4.0).abs() < 1e-4, "two fifths of 10 dB");
    assert!(matches!(low.manner.looping, Looping::Over(l) if (l.start_frames, l.end_frames) == (100, 2_100)));
    assert_eq!(high.manner.looping, Looping::Never);
    let envelope = low.manner.envelope.unwrap();
    assert!((envelope.decay_secs - 0.2).abs() < 1e-3, "a fifth of the way in a second: {envelope:?}");
    assert!((envelope.sustain_norm - 0.1).abs() < 1e-4);
    assert_eq!((low.manner.filter, report.not_honoured), (None, vec![]));
    let sound = &bank.sounds[low.sound];
    assert!((sound.profile.root_midi.unwrap() - 60.0).abs() < 0.1);
    assert!(matches!(&sound.source, Source::Member { member, .. } if member == "0"));
    let audio = bank.load(sound).unwrap();
    assert_eq!((audio.rate_hz, audio.frames() as u64), (RATE_HZ, sound.frames));
    let again = place.scan();
    assert_eq!((again.sounds, again.new), (2, 0), "an unchanged file is not read again");
    assert_eq!(again.bank, *bank);
    assert_eq!(remembered(place.folder.path(), &place.options()).unwrap().as_ref(), Some(bank));
}

#[test]
fn a_soundfont_says_how_its_zones_are_filtered_moved_and_silenced() {
    let place = Place::new();
    // Cutoff, Q, both oscillators, the modulation envelope; then what must be none; then fixed key and velocity.
    let zones: &[Zone] = &[
        &[
            (54, 1),
            (33, -1_200),
            (22, -1_200),
            (24, 0),
            (21, 1_200),
            (25, 0),
            (26, 0),
            (28, 1_200),
            (30, 1_200),
        ],
        &[
            keys(0, 60),
            (8, 6_900),
            (9, 100),
            (11, 2_400),
            (7, 100),
            (29, 500),
            (5, 50),
            (10, 600),
            (13, 30),
            (6, -20),
            (57, 3),
            (53, 0),
        ],
        &[keys(61, 127), (8, 13_500), (46, 72), (47, 64), (53, 1)],
    ];
    // A preset adds to what its instrument says, except for the class, and may take attenuation back.
    let preset: Zone = &[(8, -1_200), (48, -100), (57, 9)];
    fs::write(place.path("m.sf2"), font(&[mono(60.0, 60), mono(67.0, 67)], zones, preset)).unwrap();
    let report = place.scan();
    assert_eq!(report.not_honoured, []);
    let [low, high] = &report.bank.instruments[0].zones[..] else { panic!() };
    let filter = low.manner.filter.unwrap();
    assert!((filter.cutoff_hz - 220.0).abs() < 0.1, "{filter:?}");
    assert!((filter.resonance_db - (10.0 - 3.0103)).abs() < 1e-3);
    assert!(
        (low.manner.gain_db + 5.0).abs() < 1e-4,
        "half the resonance, and at full velocity nothing is lifted"
    );
    let soft_db = 20.0 * low.manner.velocity_curve.unwrap().level(42.0).log10();
    assert!((soft_db - (4.0 + 40.0 * (42.0f32 / 127.0).log10())).abs() < 0.01, "{soft_db}");
    let [modulation, vibrato, none] = low.manner.lfos;
    let (modulation, vibrato) = (modulation.unwrap(), vibrato.unwrap());
    assert!((modulation.freq_hz - 4.088).abs() < 1e-3 && (vibrato.freq_hz - 8.176).abs() < 1e-3);
    assert_eq!((modulation.delay_secs, vibrato.delay_secs, none), (2.0, 0.0, None));
    assert_eq!(modulation.depths, Depths { pitch_cents: 50.0, cutoff_cents: 600.0, gain_db: 3.0 });
    assert_eq!(vibrato.depths, Depths { pitch_cents: -20.0, ..Depths::default() });
    let [envelope, none] = low.manner.modulation_envelopes;
    let envelope = envelope.unwrap();
    assert_eq!((envelope.delay_secs, envelope.attack_secs, envelope.hold_secs), (1.0, 1.0, 0.0));
    assert_eq!((envelope.decay_secs, envelope.sustain_norm, envelope.release_secs), (1.0, 0.5, 2.0));
    assert_eq!(envelope.depths, Depths { pitch_cents: 100.0, cutoff_cents: 2_400.0, gain_db: 0.0 });
    assert_eq!((envelope.convex_attack, none), (true, None));
    assert_eq!(low.manner.envelope.unwrap().delay_secs, 0.5);
    assert_eq!(low.manner.choke.map(|choke| (choke.group, choke.off_by)), Some((3, 3)));
    assert!((high.manner.filter.unwrap().cutoff_hz - 9_956.0).abs() < 1.0);
    assert_eq!(high.manner.lfos, [None; 3], "an oscillator that moves nothing is none");
    assert_eq!((high.manner.modulation_envelopes, high.manner.choke), ([None; 2], None));
    assert_eq!((high.manner.tracking, high.manner.velocity_tracking), (0.0, Some(0.0)));
    assert!((high.manner.tune_semitones - 5.0).abs() < 1e-4, "key 72 of a sample at 67");
    assert!((high.manner.gain_db - (4.0 + 40.0 * (64.0f32 / 127.0).log10())).abs() < 1e-3);
}

#[test]
fn samples_that_lie_left_and_right_are_one_stereo_sound() {
    let place = Place::new();
    let zones: &[Zone] = &[&[(17, 500), (53, 1)], &[(17, -500), (53, 0)], &[(53, 2)]];
    let bytes = font(&[mono(60.0, 60), mono(60.01, 60), mono(64.0, 64)], zones, &[]);
    fs::write(place.path("pair.sf2"), bytes).unwrap();
    let report = place.scan();
    assert_eq!(report.sounds, 2, "a pair, and a layer that is a sound of its own");
    let pair = report.bank.sounds.iter().find(|sound| sound.name == "tone 0").unwrap();
    assert!(matches!(&pair.source, Source::Member { member, .. } if member == "0+1"));
    assert_eq!(report.bank.load(pair).unwrap().channels.len(), 2);
    assert_eq!(report.bank.instruments[0].zones.len(), 2, "both sound together");
    assert_eq!(report.not_honoured, []);
}

#[test]
fn a_sample_that_lies_left_and_right_of_itself_is_two_layers_each_as_it_is_tuned() {
    let place = Place::new();
    let zones: &[Zone] = &[&[(17, 500), (52, 5), (53, 0)], &[(17, -500), (52, -5), (53, 0)]];
    fs::write(place.path("beat.sf2"), font(&[mono(60.0, 60)], zones, &[])).unwrap();
    let report = place.scan();
    let zones = &report.bank.instruments[0].zones;
    let told: Vec<(f32, f32)> = zones.iter().map(|zone| (zone.manner.pan, zone.root_midi)).collect();
    assert_eq!(told, [(1.0, 59.95), (-1.0, 60.05)]);
}

#[test]
fn the_root_of_a_sample_is_what_its_zones_say_and_not_its_header() {
    let place = Place::new();
    // Headers that are left at middle C, and zones that know better.
    let zones: &[Zone] =
        &[&[keys(40, 70), (54, 1), (53, 0), (58, 52)], &[keys(71, 90), (54, 1), (53, 1), (58, 67)]];
    fs::write(place.path("c.sf2"), font(&[mono(52.0, 60), mono(67.0, 60)], zones, &[])).unwrap();
    let report = place.scan();
    let mut roots: Vec<f32> = report.bank.sounds.iter().filter_map(|sound| sound.profile.root_midi).collect();
    roots.sort_by(f32::total_cmp);
    assert!((roots[0] - 52.0).abs() < 0.2 && (roots[1] - 67.0).abs() < 0.2, "{roots:?}");
    assert!(report.bank.sounds.iter().all(|sound| sound.doubt.is_none()));
}

#[test]
fn sides_that_lie_only_half_aside_stay_where_they_are_told() {
    let place = Place::new();
    let zones: &[Zone] = &[&[(17, 250), (53, 1)], &[(17, -250), (53, 0)]];
    fs::write(place.path("wide.sf2"), font(&[mono(60.0, 60), mono(60.0, 60)], zones, &[])).unwrap();
    let bank = place.scan().bank;
    let pans: Vec<f32> = bank.instruments[0].zones.iter().map(|zone| zone.manner.pan).collect();
    assert_eq!(pans, [0.5, -0.5]);
}

#[test]
fn more_zones_over_each_other_than_a_note_plays_are_left_out_and_counted() {
    let place = Place::new();
    let samples: Vec<Sample> = (0..10).map(|i| mono(60.0 + i as f32, 60 + i)).collect();
    let lists: Vec<[(u16, i16); 1]> = (0..10).map(|i| [(53, i)]).collect();
    let zones: Vec<Zone> = lists.iter().map(|list| &list[..]).collect();
    fs::write(place.path("ten.sf2"), font(&samples, &zones, &[])).unwrap();
    let report = place.scan();
    assert_eq!(report.bank.instruments[0].zones.len(), Instrument::MOST_LAYERS);
    let left_out: Vec<_> = report.not_honoured.iter().map(|it| (it.what.as_str(), it.count)).collect();
    assert_eq!(left_out, [("sf2: layer (a ninth sound of the same note)", 2)]);
}

#[test]
fn modulators_move_level_cutoff_and_depths_and_the_rest_is_heard_as_usual() {
    let place = Place::new();
    let moved = [
        // Velocity to attenuation, 40 dB of 48 that the curve has; to the cutoff; to the attack; the wheel to vibrato.
        [0x502, 48, 480, 0, 0],
        [0x102, 8, (-2_400i16) as u16, 0, 0],
        [0x002, 34, 1_270, 0, 0],
        [0x081, 6, 50, 0, 0],
    ];
    let zones: &[Zone] = &[&[(8, 9_600), (34, -1_200), (53, 0)], &[(53, 1)]];
    fs::write(
        place.path("m.sf2"),
        moved_font(&[mono(60.0, 60), mono(62.0, 62)], zones, &[(48, -200)], &moved),
    )
    .unwrap();
    let report = place.scan();
    let [first, second] = &report.bank.instruments[0].zones[..] else { panic!() };
    let level_db = |zone: &neume_bank::Zone, velocity: f32| {
        zone.manner.gain_db + 20.0 * zone.manner.velocity_curve.unwrap().level(velocity).log10()
    };
    assert!(level_db(first, 127.0).abs() < 1e-3, "what lies over full level is cut");
    for velocity in [20.0, 42.0f32] {
        let found = level_db(first, velocity);
        assert!((found - (8.0 + 20.0 * (velocity / 127.0).log10())).abs() < 0.1, "half as steep: {found}");
        let found = level_db(second, velocity);
        assert!(
            (found - (8.0 + 40.0 * (velocity / 127.0).log10())).abs() < 0.1,
            "as the standard says: {found}"
        );
    }
    let filter = first.manner.filter.unwrap();
    assert!((filter.velocity_tracking_cents - 2_400.0).abs() < 1.0, "{filter:?}");
    assert!((1200.0 * (filter.cutoff_hz / 8.175_799).log2() - 7_200.0).abs() < 1.0);
    assert_eq!(second.manner.filter, None);
    let attack_secs = first.manner.envelope.unwrap().attack_secs;
    assert!(
        (attack_secs - ((900.0 - 1_200.0) / 1_200.0f32).exp2()).abs() < 1e-3,
        "at velocity 90: {attack_secs}"
    );
    let left_out: Vec<_> = report.not_honoured.iter().map(|it| it.count).collect();
    assert_eq!(left_out, [1], "{:?}", report.not_honoured);
    let [wheel] = first.manner.follows[..] else { panic!() };
    assert_eq!((wheel.controller, wheel.moves, wheel.by(Some(1.0))), (1, Moves::LfoPitchCents(1), 50.0));
    let vibrato = first.manner.lfos[1].unwrap();
    assert!(vibrato.depths.are_none() && (vibrato.freq_hz - 8.175_799).abs() < 1e-3, "{vibrato:?}");
    assert!(second.manner.follows.is_empty() && second.manner.lfos == [None; 3]);
}

#[test]
fn compressed_samples_are_decoded() {
    let place = Place::new();
    let ogg = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/sine.ogg")).unwrap();
    let sample = Sample { midi: 0.0, secs: 0.0, key: 69, kind: 0x11, data: Some(ogg) };
    fs::write(place.path("c.sf3"), font(&[sample], &[&[(54, 1), (53, 0)]], &[])).unwrap();
    let report = place.scan();
    assert_eq!(report.failed, []);
    assert_eq!(report.sounds, 1);
    assert!(report.bank.load(&report.bank.sounds[0]).unwrap().frames() > 1000);
}

#[test]
fn a_list_of_odd_length_without_its_byte_behind_it_is_read_all_the_same() {
    let mut ogg = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/sine.ogg")).unwrap();
    ogg.resize(ogg.len() | 1, 0);
    let sample = || Sample { midi: 0.0, secs: 0.0, key: 69, kind: 0x11, data: Some(ogg.clone()) };
    let padded = font(&[sample(), sample()], &[&[(54, 1), (53, 0)], &[(53, 1)]], &[]);
    let odd = font(&[sample()], &[&[(54, 1), (53, 0)]], &[]);
    let at = |name: &[u8; 4]| odd.windows(4).position(|window| window == name).unwrap();
    let number = |at: usize| u32::from_le_bytes(odd[at..at + 4].try_into().unwrap());
    let (sdta, smpl) = (at(b"sdta"), at(b"smpl"));
    let length = number(smpl + 4);
    assert_eq!(length % 2, 1);
    let mut bytes = odd.clone();
    bytes.remove(smpl + 8 + length as usize);
    for at in [4, sdta - 4] {
        bytes[at..at + 4].copy_from_slice(&(number(at) - 1).to_le_bytes());
    }
    let place = Place::new();
    for (name, bytes) in [("padded.sf3", padded), ("whole.sf3", odd.clone()), ("odd.sf3", bytes.clone())] {
        fs::write(place.path(name), bytes).unwrap();
    }
    let report = place.scan();
    assert_eq!(report.failed, []);
    let of = |name: &str| report.bank.instruments.iter().filter(|it| it.is_told && it.name == name).count();
    assert_eq!(of("Test Flute"), 3);
    // Cut behind the missing byte, it is a file without its lists.
    fs::write(place.path("cut.sf3"), &bytes[..smpl + 8 + length as usize]).unwrap();
    let failed = place.scan().failed;
    assert_eq!(failed.len(), 1, "{failed:?}");
}

#[test]
fn a_damaged_soundfont_is_a_failure_or_fewer_sounds_and_harms_nothing() {
    let zones: &[Zone] = &[&[(54, 1), (53, 0)], &[(53, 1)]];
    let good = font(&[mono(60.0, 60), mono(67.0, 67)], zones, &[]);
    let pdta = good.windows(4).position(|window| window == b"pdta").unwrap();
    let check = |bytes: Vec<u8>, what: &str| {
        let place = Place::new();
        fs::write(place.path("x.sf2"), bytes).unwrap();
        let report = place.scan();
        assert!(report.sounds <= 2, "{what}");
        assert!(report.sounds == 2 || !report.failed.is_empty() || !report.not_honoured.is_empty(), "{what}");
        for sound in &report.bank.sounds {
            report.bank.load(sound).unwrap();
        }
    };
    for cut in [0, 4, 11, 40, 200, pdta, pdta + 30, good.len() - 60, good.len() - 1] {
        check(good[..cut].to_vec(), &format!("cut at {cut}"));
    }
    // Every byte of the lists, in turn, becomes the largest number.
    for at in (pdta..good.len()).step_by(3) {
        let mut bytes = good.clone();
        bytes[at] = 0xff;
        let place = Place::new();
        fs::write(place.path("x.sf2"), bytes).unwrap();
        place.scan();
    }
    for at in [4, 16, 40] {
        let mut bytes = good.clone();
        bytes[at..at + 4].fill(0xff);
        check(bytes, &format!("a length that lies at {at}"));
    }
}
