//! SFZ files, DecentSampler presets and tables of data sets, and what is hostile in them.

use std::fs;

use neume_bank::{
    Bank, Choke, Depths, Fade, Filter, FilterKind, Instrument, Lfo, Loop, Looping, Manner, OnRelease,
    Restrike, ScanReport,
};
use neume_models::Family;

use crate::scan::Place;

fn write(place: &Place, name: &str, text: &str) {
    let path = place.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn told<'a>(bank: &'a Bank, name: &str) -> &'a Instrument {
    bank.instruments.iter().find(|instrument| instrument.is_told && instrument.name == name).unwrap()
}

fn left_out(report: &ScanReport) -> Vec<(&str, u64)> {
    report.not_honoured.iter().map(|it| (it.what.as_str(), it.count)).collect()
}

/// Three tones in `Samples`.
fn three_tones() -> Place {
    let place = Place::new();
    for (name, midi) in [("soft low", 48.0), ("Loud Low", 48.1), ("high", 60.0)] {
        place.tone(&format!("Samples/{name}.wav"), midi);
    }
    place
}

#[test]
fn an_sfz_is_an_instrument_with_all_that_its_headers_say() {
    let place = three_tones();
    write(&place, "inc/high.sfzh", "<region> key=$TOP sample=high.wav pitch_keytrack=0 tune=30 // one key\n");
    write(
        &place,
        "Lute.sfz",
        "/* a lute */ <control> default_path=Samples\\ note_offset=12 set_cc1=20\n\
         #define $TOP c4\n#define $TO 99\n\
         <global> ampeg_release=0.5 volume=-3 cutoff=800\n\
         <group> lokey=20 hikey=b2 pitch_keycenter=c2 tune=-25 seq_length=2\n\
         <region> sample=soft low.wav lovel=0 hivel=63 seq_position=2 group_volume=1\n\
         <region> sample=LOUD LOW.wav lovel=64 pan=-50 offset=10 end=4999 loop_mode=loop_continuous loop_start=100 loop_end=2099\n\
         <region> sample=high.wav trigger=legato\n<region> sample=*sine\n<region> sample=high.wav locc1=64\n<region> sample=high.wav loprog=1 hiprog=2\n\
         <group> #include \"inc/high.sfzh\" <curve> v001=0\n<curve> curve_index=7 v000=0\n",
    );
    let report = place.scan();
    assert_eq!(report.failed, []);
    let lute = told(&report.bank, "Lute");
    let [soft, loud, high] = &lute.zones[..] else { panic!("{:?}", lute.zones) };
    assert_eq!((soft.keys, soft.velocities, loud.velocities), ((32, 59), (0, 63), (64, 127)));
    assert_eq!((high.keys, high.manner.tracking), ((72, 72), 0.0));
    assert!((soft.root_midi - 48.25).abs() < 1e-4 && (high.manner.tune_semitones - 0.3).abs() < 1e-4);
    assert!((soft.manner.gain_db + 2.0).abs() < 1e-4 && (loud.manner.pan + 0.5).abs() < 1e-6);
    assert_eq!(soft.manner.turn.map(|turn| (turn.position, turn.length)), Some((1, 2)));
    assert_eq!(loud.manner.span, Some((10, 5_000)));
    assert!(
        matches!(loud.manner.looping, Looping::Over(l) if (l.start_frames, l.end_frames) == (100, 2_100))
    );
    let release_secs = soft.manner.envelope.unwrap().release_secs;
    assert!((release_secs - 0.5 * 60.0 / 78.172).abs() < 1e-4, "78 dB in half a second: {release_secs}");
    assert_eq!(soft.manner.filter.map(|filter| filter.cutoff_hz), Some(800.0));
    assert_eq!(report.bank.sounds[loud.sound].name, "Loud Low", "in any case and with either slash");
    assert_eq!(
        left_out(&report),
        [
            ("sfz: locc1", 1),
            ("sfz: loprog (another program)", 1),
            ("sfz: sample=*sine", 1),
            ("sfz: trigger=legato", 1)
        ]
    );
    let again = place.scan();
    assert_eq!((again.new, &again.bank), (0, &report.bank));
}

#[test]
fn what_sounds_when_keys_are_let_go_is_told_and_written_back() {
    let place = three_tones();
    write(
        &place,
        "Damped.sfz",
        "<region> sample=Samples/high.wav pitch_keycenter=60\n\
         <group> trigger=release rt_decay=6\n<region> sample=Samples/soft low.wav pitch_keycenter=48\n\
         <region> sample=Samples/Loud Low.wav trigger=release_key rt_decay=-3\n",
    );
    write(&place, "Noises.sfz", "<region> sample=Samples/soft low.wav trigger=release\n");
    write(
        &place,
        "Box.dspreset",
        r#"<DecentSampler><groups><group><sample path="Samples/high.wav" rootNote="60"/></group>
        <group trigger="release"><sample path="Samples/Loud Low.wav" rootNote="48"/></group></groups></DecentSampler>"#,
    );
    let ways = |bank: &Bank, name: &str| -> Vec<Option<(f32, bool)>> {
        let way = |on_release: OnRelease| (on_release.decay_db_per_sec, on_release.ignores_pedal);
        told(bank, name).zones.iter().map(|zone| zone.manner.on_release.map(way)).collect()
    };
    let report = place.scan();
    assert_eq!(left_out(&report), []);
    assert_eq!(ways(&report.bank, "Damped"), [None, Some((6.0, false)), Some((0.0, true))]);
    assert_eq!(ways(&report.bank, "Noises"), [None], "what sounds by nothing else is struck");
    assert_eq!(ways(&report.bank, "Box"), [None, Some((0.0, false))]);
    let named = |name: &str| report.bank.sounds.iter().find(|sound| sound.name == name).unwrap().id;
    let instrument = |name: &str| report.bank.instrument_of(named(name)).map(|of| of.name.as_str());
    assert_eq!(instrument("high"), Some("Box"));
    assert_eq!((instrument("soft low"), instrument("Loud Low")), (Some("Noises"), Some("Box")));
    let damped = told(&report.bank, "Damped");
    let looped = damped.zones[1].manner.sustain(Some(Loop {
        start_frames: 0,
        end_frames: 9,
        crossfade_frames: 0,
        is_mirrored: false,
    }));
    assert_eq!(looped, None, "it would never end");
    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    assert_eq!(ways(&out.scan().bank, "Damped"), ways(&report.bank, "Damped"));
}

#[test]
fn an_sfz_says_how_its_regions_are_filtered_moved_and_silenced() {
    let place = three_tones();
    write(
        &place,
        "Moving.sfz",
        "<global> cutoff=800 resonance=6 fil_keytrack=100 fil_keycenter=c3 fil_veltrack=2400\n\
         fileg_delay=0.1 fileg_attack=0.2 fileg_hold=0.3 fileg_decay=0.4 fileg_sustain=50 fileg_release=0.5 fileg_depth=1200\n\
         pitcheg_attack=0.01 pitcheg_depth=-100 pitchlfo_freq=5 pitchlfo_depth=30 pitchlfo_delay=0.5 pitchlfo_fade=1\n\
         amplfo_freq=4 amplfo_depth=3 fillfo_freq=0 fillfo_depth=700 ampeg_delay=0.25\n\
         <region> sample=Samples/high.wav key=60 group=7 off_by=8\n\
         <region> sample=Samples/high.wav key=61 fil_type=hpf_2p group=8 off_by=7 off_mode=normal\n\
         <region> sample=Samples/high.wav key=62 fil_type=pkf_2p group=-1 off_by=9999999999 off_mode=time off_time=0.5 note_polyphony=1\n\
         <region> sample=Samples/high.wav key=63 fil_type=lpf_6p\n",
    );
    write(
        &place,
        "odd.sfz",
        "<region> sample=Samples/high.wav cutoff=nan fil_veltrack=5\n\
         <region> sample=Samples/high.wav cutoff=1e30 resonance=-1e30 fil_keytrack=1e30 off_by=x off_time=1e9 fileg_depth=1e30 \
         fileg_attack=1e30 pitchlfo_freq=1e30 pitchlfo_depth=-1e30\n",
    );
    let report = place.scan();
    let [low, high, other, steep] = &told(&report.bank, "Moving").zones[..] else { panic!() };
    let filter = Filter {
        kind: FilterKind::LowPass,
        stages: 1,
        cutoff_hz: 800.0,
        resonance_db: 6.0,
        key_tracking_cents: 100.0,
        key_center: 48,
        velocity_tracking_cents: 2_400.0,
    };
    assert_eq!(low.manner.filter, Some(filter));
    assert_eq!(high.manner.filter, Some(Filter { kind: FilterKind::HighPass, ..filter }));
    assert_eq!((other.manner.filter, steep.manner.filter), (None, Some(Filter { stages: 3, ..filter })));
    let [pitch, cutoff] = low.manner.modulation_envelopes.map(Option::unwrap);
    let depths = |pitch_cents, cutoff_cents, gain_db| Depths { pitch_cents, cutoff_cents, gain_db };
    assert_eq!((pitch.attack_secs, pitch.sustain_norm, pitch.depths), (0.01, 1.0, depths(-100.0, 0.0, 0.0)));
    let stages = (cutoff.delay_secs, cutoff.attack_secs, cutoff.hold_secs, cutoff.decay_secs);
    assert_eq!(stages, (0.1, 0.2, 0.3, 0.4));
    assert_eq!((cutoff.sustain_norm, cutoff.release_secs), (0.5, 0.5));
    assert_eq!((cutoff.depths, cutoff.convex_attack), (depths(0.0, 1_200.0, 0.0), false));
    assert_eq!(other.manner.modulation_envelopes[1], None, "there is no filter to be moved");
    let [vibrato, still, tremolo] = low.manner.lfos;
    let lfo = |freq_hz, delay_secs, fade_secs, depths| {
        Some(Lfo { freq_hz, delay_secs, fade_secs, depths, ..Lfo::default() })
    };
    assert_eq!(vibrato, lfo(5.0, 0.5, 1.0, depths(30.0, 0.0, 0.0)));
    assert_eq!((still, tremolo), (None, lfo(4.0, 0.0, 0.0, depths(0.0, 0.0, 3.0))));
    assert_eq!(low.manner.envelope.map(|envelope| envelope.delay_secs), Some(0.25));
    let choke = |group, off_by, off_secs| Some(Choke { group, off_by, off_secs, ..Choke::default() });
    assert_eq!(low.manner.choke, choke(7, 8, Some(0.006)));
    assert_eq!(high.manner.choke, choke(8, 7, None));
    assert_eq!(
        other.manner.choke,
        choke(u32::MAX, 1_410_065_407, Some(0.5))
            .map(|it| Choke { restrike: Restrike::SilencesSofter, ..it }),
        "as far as numbers go"
    );
    let [open, absurd] = &told(&report.bank, "odd").zones[..] else { panic!() };
    assert_eq!((open.manner.filter, open.manner.choke), (None, None));
    let filter = absurd.manner.filter.unwrap();
    assert_eq!(
        (filter.cutoff_hz, filter.resonance_db, filter.key_tracking_cents),
        (20_000.0, -40.0, 1_200.0)
    );
    assert_eq!(absurd.manner.modulation_envelopes[1].unwrap().depths.cutoff_cents, 12_000.0);
    assert_eq!(absurd.manner.lfos[0].unwrap().freq_hz, 200.0);
    assert_eq!(left_out(&report), [("sfz: fil_type=pkf_2p", 1)]);

    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    assert_eq!(left_out(&again), []);
    for name in ["Moving", "odd"] {
        for (zone, read) in told(&report.bank, name).zones.iter().zip(&told(&again.bank, name).zones) {
            assert_eq!(
                (zone.manner.filter, zone.manner.modulation_envelopes, zone.manner.choke),
                (read.manner.filter, read.manner.modulation_envelopes, read.manner.choke)
            );
            assert!(
                zone.manner.lfos.iter().flatten().eq(read.manner.lfos.iter().flatten()),
                "whatever their places"
            );
            assert_eq!(zone.manner.envelope, read.manner.envelope);
        }
    }
}

#[test]
fn what_controllers_fade_rests_where_they_stand_at_the_start() {
    let place = three_tones();
    let fades = "<region> sample=Samples/soft low.wav xfout_locc1=0 xfout_hicc1=64\n\
                 <region> sample=Samples/Loud Low.wav xfin_locc1=0 xfin_hicc1=64\n\
                 <region> sample=Samples/high.wav xfin_locc1=64 xfin_hicc1=127\n";
    write(&place, "rest.sfz", fades);
    write(&place, "half.sfz", &format!("<control> set_cc1=32\n{fades}"));
    write(&place, "mute.sfz", "<region> sample=Samples/high.wav xfin_locc11=0 xfin_hicc11=127\n");
    write(
        &place,
        "layers.sfz",
        "<region> sample=Samples/soft low.wav xfout_lovel=20 xfout_hivel=90\n\
         <region> sample=Samples/Loud Low.wav xfin_lovel=20 xfin_hivel=90 xfin_lokey=10 xfin_hikey=20\n",
    );
    let report = place.scan();
    let gains = |name: &str| -> Vec<f32> {
        let zones = told(&report.bank, name).zones.iter();
        zones.map(|zone| zone.manner.gain_db + zone.manner.follows.gain_db_at_rest()).collect()
    };
    assert_eq!(gains("rest"), [0.0, -140.0, -140.0]);
    let half = gains("half");
    assert!(half.iter().take(2).all(|db| (db + 3.0103).abs() < 1e-3) && half[2] == -140.0, "{half:?}");
    assert_eq!(gains("mute"), [0.0], "what only a controller would bring is heard");
    let [soft, loud] = &told(&report.bank, "layers").zones[..] else { panic!() };
    let fade = |rises, falls| Some(Fade { rises, falls });
    assert_eq!((soft.manner.velocity_fade, soft.manner.key_fade), (fade((0, 0), (20, 90)), None));
    assert_eq!(loud.manner.velocity_fade, fade((20, 90), (127, 127)));
    assert_eq!(loud.manner.key_fade, fade((10, 20), (127, 127)));
    assert_eq!(left_out(&report), []);
}

#[test]
fn a_hostile_sfz_harms_nothing() {
    let (place, outside) = (three_tones(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("secret.txt"), "<region> sample=Samples/high.wav").unwrap();
    write(
        &place,
        "a.sfz",
        "#include \"b.sfz\"\n<region> sample=Samples/high.wav loop_start=5 loop_end=99999999999 end=-7\n",
    );
    write(&place, "b.sfz", "#include \"a.sfz\"\n<region> key=0 sample=Samples/high.wav offset=88888888\n");
    write(
        &place,
        "out.sfz",
        "#include \"../../../../etc/passwd\"\n<region> sample=../../secret.wav\n<region> sample=/etc/passwd\n<region> sample=gone.wav\n",
    );
    let bombs = (0..12).map(|i| format!("#define $B{:02} $B{:02}$B{:02}$B{:02}\n", i + 1, i, i, i));
    let bombs: String = std::iter::once("#define $B00 xxxxxxxxxxxxxxxx\n".to_string()).chain(bombs).collect();
    write(&place, "bomb.sfz", &format!("{bombs}<region> sample=$B12\n"));
    for i in 0..20 {
        write(&place, &format!("deep/{i}.inc"), &format!("#include \"{}.inc\"\n", i + 1).repeat(9));
    }
    write(&place, "deep/deep.sfz", "#include \"0.inc\"\n<region> sample=../Samples/high.wav key=c4\n");
    fs::write(
        place.path("latin.sfz"),
        b"<region> sample=Samples/h\xefgh.wav\n<region> sample=Samples/high.wav key=\xff",
    )
    .unwrap();
    write(
        &place,
        "numbers.sfz",
        "<region> sample=Samples/high.wav lokey=nan hikey=1e99 volume=inf tune=NaN pan=1e30 seq_length=-4 seq_position=1e9 ampeg_attack=-inf pitch_keycenter=c999\n",
    );
    write(&place, "empty.sfz", "");
    // What would take for ever if every place were compared with every other.
    write(&place, "long.sfz", &"<<a $b x ".repeat(200_000));
    write(&place, "wide.sfz", &format!("<group>{}{}", "a=1 ".repeat(1_000), "<region> ".repeat(200_000)));
    let many = (0..5_000).map(|i| format!("<group> a{i}=1"));
    write(&place, "many.sfz", &many.collect::<Vec<_>>().join("\n"));
    write(&place, "open.dspreset", &"<".repeat(1_000_000));
    let attributes: String = (0..100_000).map(|i| format!(" a{i}=''")).collect();
    write(&place, "attributes.dspreset", &format!("<DecentSampler{attributes}/>"));
    write(&place, "open.sfz", "<region sample=x = = <<>> /* <region> sample=Samples/high.wav");
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), place.path("link")).unwrap();
    write(&place, "link.sfz", "#include \"link/secret.txt\"\n");
    let report = place.scan();
    let failed: Vec<String> =
        report.failed.iter().map(|(path, cause)| format!("{}: {cause}", path.display())).collect();
    for expected in [
        "a.sfz: #include \"b.sfz\"",
        "out.sfz: #include \"../../../../etc/passwd\": lies outside",
        "out.sfz: sample ../../secret.wav: lies outside",
        "out.sfz: sample /etc/passwd: lies outside",
        "out.sfz: sample gone.wav: is not there",
        "deep.sfz: #include",
        "latin.sfz: sample Samples/hïgh.wav: is not there",
        "link.sfz: #include \"link/secret.txt\": lies outside",
    ] {
        let is_said =
            failed.iter().any(|line| line.contains(expected.trim_end_matches(": #include \"b.sfz\"")));
        assert!(is_said, "{expected} is not in {failed:#?}");
    }
    assert_eq!(report.sounds, 3);
    for zone in report.bank.instruments.iter().flat_map(|instrument| &instrument.zones) {
        let frames = report.bank.sounds[zone.sound].frames;
        assert!(
            zone.root_midi.is_finite() && zone.manner.gain_db.is_finite() && zone.manner.pan.abs() <= 1.0
        );
        assert!(zone.manner.span.is_none_or(|(start, end)| start < end && end <= frames), "{zone:?}");
        assert!(!matches!(zone.manner.looping, Looping::Over(l) if l.end_frames > frames));
    }
}

#[test]
fn what_fails_for_one_cause_is_summed_up_by_preset() {
    let place = three_tones();
    let missing: String = (0..1_790).map(|i| format!("<region> sample=gone/{i:04}.wav\n")).collect();
    let included = "#include \"gone.inc\"\n#include \"lost.inc\"\n";
    write(&place, "Big.sfz", &format!("{included}<region> sample=Samples/high.wav\n{missing}"));
    let failed = place.scan().failed;
    let causes: Vec<&str> = failed.iter().map(|(_, cause)| cause.as_str()).collect();
    let [gone, lost, samples] = causes[..] else { panic!("{causes:?}") };
    assert!(gone.starts_with("#include \"gone.inc\": ") && lost.starts_with("#include \"lost.inc\": "));
    assert_eq!(samples, "sample gone/0000.wav and 1789 others: is not there");
}

#[test]
fn a_library_of_thousands_of_pieces_is_read_whole() {
    let place = three_tones();
    write(&place, "piece.inc", "<region> sample=Samples/high.wav key=$KEY\n");
    let pieces = (0..4_000).map(|i| format!("#define $KEY {}\n#include \"piece.inc\"\n", i % 128));
    write(&place, "Whole.sfz", &pieces.collect::<String>());
    let report = place.scan();
    assert_eq!(report.failed, []);
    assert!(told(&report.bank, "Whole").zones.iter().any(|zone| zone.keys == (31, 31)));
}

#[test]
fn a_preset_of_decent_sampler_that_is_no_sound_xml_is_read_as_it_is_meant() {
    let place = three_tones();
    write(
        &place,
        "Loose.dspreset",
        r#"<DecentSampler><ui><button text="Rise & Shine" textColor="1" textColor="2"/></ui><groups><group volume="-6dB"volume="0dB">
        <sample path="Samples/high.wav" rootNote="60"/></group></groups><!-- a stray end --></midi></DecentSampler>"#,
    );
    let report = place.scan();
    assert_eq!(report.failed, []);
    assert!((told(&report.bank, "Loose").zones[0].manner.gain_db + 6.0).abs() < 1e-4);
}

#[test]
fn a_preset_of_decent_sampler_is_an_instrument() {
    let place = three_tones();
    write(
        &place,
        "Box.dspreset",
        r#"<?xml version="1.0"?><DecentSampler><ui><tab/></ui>
        <groups attack="0.1" release="2" volume="-6dB"><group tags="loud,shut" seqMode="round_robin" seqLength="2" seqPosition="1" tuning="0.5">
        <sample path="Samples/soft low.wav" rootNote="48" loNote="40" hiNote="55" loVel="1" hiVel="100" loopEnabled="true" loopStart="10" loopEnd="1009"/>
        <sample path="Samples/nothing.wav" rootNote="48"/></group>
        <group silencedByTags="shut, none" silencingMode="normal" trigger="attack"><effects><effect type="notch" frequency="300"/></effects><sample path="samples\HIGH.wav" rootNote="60" loNote="56" hiNote="80" pan="100"/></group></groups>
        <effects><effect type="reverb"/><effect type="lowpass" frequency="900" resonance="2"/><effect type="highpass"/></effects></DecentSampler>"#,
    );
    write(&place, "deep.dspreset", &"<a>".repeat(100_000));
    write(
        &place,
        "bomb.dspreset",
        "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><DecentSampler>&b;</DecentSampler>",
    );
    let report = place.scan();
    let the_box = told(&report.bank, "Box");
    assert_eq!(the_box.zones.len(), 2);
    let low = &the_box.zones[0];
    assert_eq!((low.keys, low.velocities), ((40, 55), (1, 100)));
    assert!((low.root_midi - 47.5).abs() < 1e-4 && (low.manner.gain_db + 6.0).abs() < 1e-4);
    assert_eq!(low.manner.turn.map(|turn| (turn.position, turn.length)), Some((0, 2)));
    assert_eq!(low.manner.envelope.map(|e| (e.attack_secs, e.release_secs)), Some((0.1, 2.0)));
    assert!(matches!(low.manner.looping, Looping::Over(l) if (l.start_frames, l.end_frames) == (10, 1_010)));
    let high = &the_box.zones[1];
    let filter = low.manner.filter.unwrap();
    assert_eq!((filter.kind, filter.cutoff_hz), (FilterKind::LowPass, 900.0));
    assert!((filter.resonance_db - 6.0206).abs() < 1e-3, "a quality factor of 2");
    assert_eq!(high.manner.filter.map(|filter| filter.kind), Some(FilterKind::BandReject));
    let choke = |group, off_by, off_secs| Some(Choke { group, off_by, off_secs, ..Choke::default() });
    // Of the tags that silence, "none" is the first by name and "shut" the second.
    assert_eq!((low.manner.choke, high.manner.choke), (choke(2, 0, Some(0.006)), choke(0, 2, None)));
    assert_eq!(left_out(&report), [("dspreset: <effects>", 2)]);
    let failed: Vec<_> = report.failed.iter().map(|(path, _)| path.to_str().unwrap()).collect();
    assert!(failed.contains(&"Box.dspreset") && failed.contains(&"deep.dspreset"), "{failed:?}");
}

#[test]
fn tables_and_folders_of_data_sets_say_what_sounds_are() {
    let place = Place::new();
    for (name, midi) in [
        ("nsynth/audio/a.wav", 60.0),
        ("nsynth/audio/b.wav", 60.2),
        ("esc/audio/1-100-A-0.wav", 50.0),
        ("esc/audio/1-200-A-1.wav", 52.0),
        ("speech/yes/0a_nohash_0.wav", 54.0),
        ("classes/creak/1.wav", 56.0),
    ] {
        place.tone(name, midi);
    }
    write(
        &place,
        "nsynth/examples.json",
        r#"{"a":{"pitch":60,"velocity":50,"instrument_str":"reed_acoustic_001","instrument_family_str":"reed","qualities":[0]},
            "b":{"pitch":60,"velocity":127,"instrument_str":"reed_acoustic_001","instrument_family_str":"reed"},"gone":{"pitch":1}}"#,
    );
    write(
        &place,
        "esc/meta/esc50.csv",
        "filename,fold,target,category\n1-100-A-0.wav,1,0,dog\n1-200-A-1.wav,1,1,\"church_bells\"\nx.wav,1,2,cat\n1\n",
    );
    write(&place, "other/examples.json", "[1,2]");
    let report = place.scan();
    let class = |name: &str| {
        let sound = report.bank.sounds.iter().find(|sound| sound.name == name).unwrap();
        (sound.class.clone().unwrap(), sound.profile.families.best().0)
    };
    assert_eq!(class("a"), ("reed".to_string(), Family::Reed));
    assert_eq!(class("1-100-A-0").0, "dog");
    assert_eq!(class("1-200-A-1").0, "church_bells");
    assert_eq!(class("0a_nohash_0"), ("yes".to_string(), Family::Vocal));
    assert_eq!(class("1").0, "creak");
    let reed = report.bank.instruments.iter().find(|instrument| instrument.zones.len() == 2).unwrap();
    let velocities: Vec<_> = reed.zones.iter().map(|zone| zone.velocities).collect();
    assert_eq!(velocities, [(0, 50), (51, 127)]);
    assert_eq!(report.failed.len(), 1, "{:?}", report.failed);
    assert!(left_out(&report).contains(&("examples.json: note whose file is not there", 1)));
}

#[test]
fn what_is_written_as_sfz_is_read_back_as_it_was() {
    let place = three_tones();
    write(
        &place,
        "Lute.sfz",
        "<region> key=60 pitch_keytrack=0 tune=30 sample=Samples/high.wav volume=-4.5 pan=25 ampeg_attack=0.25 loop_mode=one_shot\n\
         <region> lokey=20 hikey=59 pitch_keycenter=48 tune=-25 lovel=64 sample=Samples/Loud Low.wav offset=5 end=4999 loop_start=100 loop_end=2099\n\
         <region> lokey=20 hikey=59 hivel=63 seq_length=2 seq_position=2 sample=Samples/soft low.wav pitch_keycenter=48 xfin_lovel=1 xfin_hivel=40 xfout_lokey=50 xfout_hikey=59\n",
    );
    let bank = place.scan().bank;
    let out = Place::new();
    let exported = neume_bank::export::sfz(&bank, out.folder.path(), &mut |_| {}).unwrap();
    assert_eq!((exported.zones, exported.files, exported.failed.len()), (3, 4, 0));
    let again = out.scan();
    assert_eq!(again.failed, []);
    let (lute, read) = (told(&bank, "Lute"), told(&again.bank, "Lute"));
    for (zone, read) in lute.zones.iter().zip(&read.zones) {
        assert_eq!(
            (zone.keys, zone.velocities, zone.manner.turn),
            (read.keys, read.velocities, read.manner.turn)
        );
        assert!((zone.root_midi - read.root_midi).abs() < 1e-3);
        assert!((zone.manner.tune_semitones - read.manner.tune_semitones).abs() < 1e-3);
        assert_eq!(
            (zone.manner.gain_db, zone.manner.pan, zone.manner.span),
            (read.manner.gain_db, read.manner.pan, read.manner.span)
        );
        assert_eq!(
            (zone.manner.one_shot, zone.manner.tracking),
            (read.manner.one_shot, read.manner.tracking)
        );
        assert_eq!(
            (zone.manner.key_fade, zone.manner.velocity_fade),
            (read.manner.key_fade, read.manner.velocity_fade)
        );
        let [sound, copy] = [bank.sounds[zone.sound].clone(), again.bank.sounds[read.sound].clone()];
        let ends = |sustain: Option<neume_bank::Loop>| sustain.map(|l| (l.start_frames, l.end_frames));
        assert_eq!(ends(zone.manner.sustain(sound.sustain)), ends(read.manner.sustain(copy.sustain)));
        assert_eq!(bank.load(&sound).unwrap(), again.bank.load(&copy).unwrap(), "the samples");
    }
    assert!(
        neume_bank::export::sfz(&bank, out.folder.path(), &mut |_| {}).is_err(),
        "nothing is overwritten"
    );
    let table = out.path("zones.csv");
    assert_eq!(neume_bank::export::csv(&bank, &table).unwrap().zones, 3);
    let text = fs::read_to_string(table).unwrap();
    assert_eq!(text.lines().count(), 4);
    assert!(text.contains("Lute,Samples/Loud Low.wav,,Loud Low,Samples,"), "{text}");
}

#[test]
fn what_was_written_before_anything_moved_is_read_as_still() {
    let old = r#"{"gain_db":-3.0,"tracking":1.0,"looping":"never","envelope":
        {"attack_secs":0.1,"hold_secs":0.0,"decay_secs":0.0,"sustain_norm":1.0,"release_secs":1.0}}"#;
    let manner: Manner = serde_json::from_str(old).unwrap();
    assert_eq!((manner.gain_db, manner.filter, manner.choke), (-3.0, None, None));
    assert_eq!((manner.lfos, manner.modulation_envelopes), ([None; 3], [None; 2]));
    assert_eq!(manner.envelope.map(|envelope| (envelope.delay_secs, envelope.attack_secs)), Some((0.0, 0.1)));
    let curved: Manner = serde_json::from_str(r#"{"velocity_curve":[[63,0.5],[200,9e9]]}"#).unwrap();
    let curve = curved.velocity_curve.unwrap();
    assert!((curve.level(31.5) - 0.25).abs() < 1e-6 && curve.level(127.0) == 1.0);
    let text = serde_json::to_string(&curved).unwrap();
    assert!(text.contains(r#""velocity_curve":[[0,0.0],[63,0.5],[127,1.0]]"#), "{text}");
    assert_eq!(serde_json::from_str::<Manner>(&text).unwrap(), curved);
    assert!(serde_json::from_str::<Manner>(r#"{"velocity_curve":[]}"#).unwrap().velocity_curve.is_some());
    let text = serde_json::to_string(&manner).unwrap();
    assert!(!text.contains("lfos") && !text.contains("filter"), "what is still takes no room: {text}");
    assert_eq!(serde_json::from_str::<Manner>(&text).unwrap(), manner);
    let moving = Manner {
        filter: Some(Filter::default()),
        lfos: [None, Some(Lfo::default()), None],
        choke: Some(Choke::default()),
        ..manner.clone()
    };
    assert_eq!(serde_json::from_str::<Manner>(&serde_json::to_string(&moving).unwrap()).unwrap(), moving);
}
