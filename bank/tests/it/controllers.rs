//! SFZ files whose opcodes follow controllers, velocities and numbered oscillators.

use std::fs;

use neume_bank::{
    Band, Depths, Filter, FilterKind, Follow, Instrument, LateStart, Lfo, Looping, Moves, Onset, ScanReport,
    Stage, Stereo, Wave, Zone,
};

use crate::scan::Place;

/// What is made of an SFZ file beside a tone named `a.wav`, as long as the place is there.
pub fn scanned(text: &str) -> (ScanReport, Place) {
    let place = Place::new();
    place.tone("a.wav", 60.0);
    fs::write(place.path("It.sfz"), text).unwrap();
    let report = place.scan();
    assert_eq!(report.failed, []);
    (report, place)
}

pub fn told(report: &ScanReport) -> &Instrument {
    report.bank.instruments.iter().find(|instrument| instrument.is_told).unwrap()
}

#[test]
fn level_pitch_and_cutoff_follow_controllers_and_the_rest_is_heard_as_they_stand_at_the_start() {
    let (report, _place) = scanned(
        "<control> set_cc1=127 set_hdcc2=0.5 set_cc3=32\n\
         <curve> curve_index=9 v000=0.25 v127=0.75\n<curve> v064=1\n\
         <global> sample=a.wav ampeg_release=1 ampeg_release_oncc1=2 cutoff=1000 cutoff_cc2=2400\n\
         <region> key=60 amplitude_oncc2=50 volume_oncc1=-3 pan_oncc3=100 pan_curvecc3=1 tune_cc4=50\n\
         <region> key=61 amplitude_oncc1=100 amplitude_curvecc1=9 fileg_depth=100 fileg_depthcc1=1100\n\
         <region> key=62 amplitude_oncc2=100 amplitude_curvecc2=10 amplitude_smoothcc2=10 ampeg_sustain_oncc1=-40 pan_oncc135=9\n\
         <region> key=63 amplitude_oncc4=100\n",
    );
    let [first, second, third, silent] = &told(&report).zones[..] else { panic!() };
    let near = |found: f32, expected: f32| (found - expected).abs() < 0.02;
    let db = |share: f32| 20.0 * share.log10();
    let rest_db = |zone: &Zone| zone.manner.gain_db + zone.manner.follows.gain_db_at_rest();
    assert!(near(rest_db(first), db(0.25) - 3.0), "{}", rest_db(first));
    let follows = |zone: &Zone, moves| zone.manner.follows.iter().copied().find(|it| it.moves == moves);
    let amplitude = follows(first, Moves::Amplitude).unwrap();
    assert_eq!((amplitude.controller, amplitude.rest, amplitude.by(Some(1.0))), (2, 0.5, 0.5));
    assert_eq!(follows(first, Moves::CutoffCents).map(|it| it.by(None)), Some(1_200.0));
    assert_eq!(follows(first, Moves::PitchCents).map(|it| it.by(Some(0.5))), Some(25.0));
    let live = |zone: &Zone| zone.manner.follows.iter().any(|it| it.controller == 1 && it.is_live());
    assert!(live(first) && !live(silent));
    let by = |zone: &Zone, moves| follows(zone, moves).map(|it| it.by(None)).unwrap();
    assert!(near(by(first, Moves::Pan), 2.0 * 32.0 / 127.0 - 1.0) && first.manner.pan == 0.0);
    assert!(near(first.root_midi, 60.0), "a controller at rest tunes nothing: {}", first.root_midi);
    let release_secs = by(first, Moves::Onset(Onset::Envelope(Stage::Release)));
    assert!(near(first.manner.envelope.unwrap().release_secs, 60.0 / 78.172));
    assert!(near(release_secs, 2.0 * 60.0 / 78.172), "{release_secs}");
    assert!(near(first.manner.filter.unwrap().cutoff_hz, 1_000.0));
    assert!(near(rest_db(second), db(0.75)), "{}", rest_db(second));
    let depths = Depths { cutoff_cents: 100.0, ..Depths::default() };
    assert_eq!(by(second, Moves::EnvelopeCutoffCents(1)), 1_100.0);
    assert_eq!(second.manner.modulation_envelopes[1].unwrap().depths, depths);
    assert!(near(rest_db(third), db(63.5 / 64.0)), "the tenth curve: {}", rest_db(third));
    assert!(near(third.manner.envelope.unwrap().sustain_norm, 0.6));
    assert!(!silent.manner.follows.are_heard_at_rest() && silent.manner.gain_db == 0.0);
    let left_out: Vec<_> = report.not_honoured.iter().map(|it| (it.what.as_str(), it.count)).collect();
    let count = |what: &str| left_out.iter().find(|it| it.0 == what).map(|it| it.1);
    assert_eq!(count("sfz: ampeg_sustain_oncc (as it stands at the start)"), Some(1), "{left_out:?}");
    assert_eq!(count("sfz: pan_oncc (as it stands at the start)"), None, "{left_out:?}");
    assert_eq!(count("sfz: pan_oncc135"), Some(1), "what each note says is not honoured: {left_out:?}");
}

#[test]
fn what_follows_controllers_is_written_back() {
    let (report, _place) = scanned(
        "<control> set_hdcc2=0.25\n<curve> curve_index=20 v000=-1 v030=0.5 v127=1\n<global> sample=a.wav\n\
         <region> key=60 xfin_locc1=10 xfin_hicc1=50 xfout_locc1=70 xfout_hicc1=90\n\
         <region> key=61 tune_oncc2=50 tune_curvecc2=20 amplitude_oncc3=80 amplitude_curvecc3=4 volume_oncc2=-6\n\
         <region> key=62 pitchlfo_freq=5 pitchlfo_depthcc1=40 amplfo_freq=4 amplfo_depth=1 amplfo_depth_oncc2=3 lfo9_freq=2 \
         lfo9_cutoff_oncc2=600 cutoff=900 cutoff_oncc74=3600\n\
         <region> key=63 amplitude_oncc7=100 volume_oncc11=6 pitchlfo_depthcc1=40 fillfo_freq=1 fillfo_depthcc1=9\n",
    );
    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    let by_key = |report: &ScanReport, key: u8| {
        let zones = &told(report).zones;
        zones.iter().find(|zone| zone.keys.0 == key).unwrap().manner.clone()
    };
    for (key, count) in [(60, 1), (61, 3), (62, 4), (63, 0)] {
        let [said, read] = [&report, &again].map(|report| by_key(report, key).follows.to_vec());
        assert_eq!(said.len(), count, "{key}: what has nothing to move is none: {said:?}");
        let moved = |all: &[Follow]| {
            let mut moved: Vec<String> = all
                .iter()
                .map(|it| {
                    let by = [None, Some(0.0), Some(0.3), Some(1.0)].map(|at| (1e3 * it.by(at)).round());
                    format!("{:?} {} {by:?}", std::mem::discriminant(&it.moves), it.controller)
                })
                .collect();
            moved.sort();
            moved
        };
        assert_eq!(moved(&said), moved(&read));
    }
}

#[test]
fn an_instrument_that_controllers_silence_altogether_is_heard() {
    let (report, _place) = scanned("<region> sample=a.wav key=60 amplitude_oncc4=100\n");
    let [zone] = &told(&report).zones[..] else { panic!() };
    assert_eq!((zone.manner.gain_db, zone.manner.follows.gain_db_at_rest()), (0.0, 0.0));
    assert!(!zone.manner.follows[0].by(Some(0.0)).is_sign_negative());
}

#[test]
fn an_instrument_whose_expression_is_written_as_none_is_heard() {
    let (report, _place) =
        scanned("<control> set_cc11=0\n<region> sample=a.wav key=60 amplitude_oncc11=100\n");
    let [zone] = &told(&report).zones[..] else { panic!() };
    assert_eq!((zone.manner.gain_db, zone.manner.follows.len()), (0.0, 0));
}

#[test]
fn velocity_curves_and_numbered_oscillators_are_told_and_written_back() {
    let all: String =
        (0..128).map(|velocity| format!("amp_velcurve_{velocity}={} ", velocity as f32 / 254.0)).collect();
    let (report, _place) = scanned(&format!(
        "<global> sample=a.wav\n<region> key=60 amp_velcurve_63=0.5 lfo01_freq=5 lfo01_pitch=20 lfo01_volume=1 lfo01_delay=0.5 \
         ampeg_decay=2 ampeg_sustain=50 ampeg_release=1\n\
         <region> key=61 {all} lfo2_freq=3 lfo2_cutoff=200 lfo3_freq=4 lfo4_freq=1 lfo4_pitch=1\n\
         <region> key=62 amp_velcurve_200=1 amp_velcurve_x=1 amp_velcurve_3=nan pitchlfo_freq=1 pitchlfo_depth=1 lfo1_freq=1 \
         lfo1_pitch=1 lfo2_freq=1 lfo2_pitch=1 lfo3_freq=1 lfo3_pitch=1\n",
    ));
    let [first, second, third] = &told(&report).zones[..] else { panic!() };
    let level = |zone: &Zone, velocity| zone.manner.velocity_curve.unwrap().level(velocity);
    for (velocity, expected) in [(0.0, 0.0), (31.5, 0.25), (63.0, 0.5), (95.0, 0.75), (127.0, 1.0)] {
        assert!((level(first, velocity) - expected).abs() < 1e-3, "{velocity}");
        assert!((level(second, velocity) - velocity / 254.0).abs() < 1e-3, "{velocity}");
    }
    assert_eq!(third.manner.velocity_curve, None);
    let depths = Depths { pitch_cents: 20.0, gain_db: 1.0, ..Depths::default() };
    let lfo = Lfo { freq_hz: 5.0, delay_secs: 0.5, depths, ..Lfo::default() };
    assert_eq!(first.manner.lfos, [Some(lfo), None, None]);
    let moved = second.manner.lfos.map(|lfo| lfo.map(|lfo| lfo.depths.cutoff_cents));
    assert_eq!(moved, [Some(200.0), Some(0.0), None], "one that moves nothing is none");
    assert!(third.manner.lfos.iter().all(Option::is_some));
    let what: Vec<_> = report.not_honoured.iter().map(|it| it.what.as_str()).collect();
    assert!(what.contains(&"sfz: lfoN (a fourth oscillator)"), "{what:?}");
    // Six of the 78 dB that a decay of two seconds falls, and 60 of those of the release.
    let envelope = first.manner.envelope.unwrap();
    assert!((envelope.decay_secs - 2.0 * 6.0206 / 78.172).abs() < 1e-3);
    assert!((envelope.release_secs - 60.0 / 78.172).abs() < 1e-3);
    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    for (zone, read) in told(&report).zones.iter().zip(&told(&again).zones) {
        let falls = |zone: &Zone| {
            zone.manner.envelope.map(|it| [it.decay_secs, it.release_secs].map(|secs| (100.0 * secs).round()))
        };
        assert_eq!(falls(zone), falls(read));
        assert_eq!(zone.manner.velocity_curve.is_some(), read.manner.velocity_curve.is_some());
        let Some(curve) = zone.manner.velocity_curve else { continue };
        for velocity in 0..128u8 {
            let velocity = f32::from(velocity);
            assert!((curve.level(velocity) - level(read, velocity)).abs() < 1e-3, "{velocity}");
        }
    }
}

#[test]
fn one_articulation_is_heard_whether_switched_by_a_key_or_by_several() {
    let (report, _place) = scanned(
        "<global> sw_lokey=24 sw_hikey=30 sw_default=c#1 sample=a.wav\n\
         <region> key=60 sw_last=25\n<region> key=61 sw_last=c1\n\
         <region> key=62 sw_lolast=24 sw_hilast=26\n<region> key=63 sw_lolast=26 sw_hilast=27\n\
         <region> key=64 trigger=first\n<region> key=64 trigger=legato\n",
    );
    let keys: Vec<u8> = told(&report).zones.iter().map(|zone| zone.keys.0).collect();
    assert_eq!(keys, [60, 62, 64]);
}

#[test]
fn what_a_note_settles_follows_and_tone_and_place_are_told_and_written_back() {
    let (report, _place) = scanned(
        "<global> sample=a.wav\n\
         <region> key=60 ampeg_sustain=50 ampeg_decay_oncc20=2 ampeg_release=1 ampeg_release_oncc21=3 ampeg_vel2attack=0.5 \
         amp_veltrack_oncc22=-40 pan_oncc23=50 width=20 position=-30 width_oncc24=60 pan_oncc10=100 bend_up=700 bend_down=-1200\n\
         <region> key=61 eq1_gain=3 eq2_freq=900 eq2_gain_oncc25=-6 eq2_vel2freq=400 eq3_freq=9 eq3_bw=2\n\
         <region> key=62 lfo1_freq=0.5 lfo1_wave=7 lfo1_phase=0.25 lfo1_pitch=10 lfo1_freq_oncc26=4 lfo1_phase_oncc131=0.5 \
         lfo1_fade_oncc27=2 lfo2_freq=1 lfo2_wave=12 lfo2_pitch=3\n\
         <region> key=63 cutoff=500 resonance_oncc28=9 fil_veltrack_oncc29=1200 fileg_depth_oncc30=2400 fileg_decay=1 \
         fileg_decay_oncc31=2 pitcheg_vel2depth=100 pitcheg_attack=0.1 pitch_veltrack=20 tune_oncc129=50\n",
    );
    let zones = &told(&report).zones;
    let followed = |zone: &Zone, moves: Moves| {
        let it =
            zone.manner.follows.iter().find(|it| it.moves == moves).unwrap_or_else(|| panic!("{moves:?}"));
        (it.controller, (1e3 * it.by(Some(1.0))).round() / 1e3)
    };
    let onset = |onset: Onset| Moves::Onset(onset);
    let [first, second, third, fourth] = &zones[..] else { panic!() };
    let decay = (2.0 * 6.0206f32 / 78.172 * 1e3).round() / 1e3;
    assert_eq!(followed(first, onset(Onset::Envelope(Stage::Decay))), (20, decay));
    assert_eq!(followed(first, onset(Onset::Envelope(Stage::Release))), (21, 2.303));
    assert_eq!(followed(first, onset(Onset::Envelope(Stage::Attack))), (Follow::VELOCITY, 0.5));
    assert_eq!(followed(first, onset(Onset::VelocityTracking)), (22, -0.4));
    assert_eq!((followed(first, Moves::Pan), followed(first, Moves::Width)), ((23, 0.5), (24, 0.6)));
    assert_eq!(first.manner.stereo, Some(Stereo { width: 0.2, position: -0.3 }));
    assert_eq!(first.manner.bend_semitones, Some((-12.0, 7.0)));
    assert!(!first.manner.follows.include(10), "every sound follows the keyboard's own");
    let band = |freq_hz, gain_db| Some(Band { freq_hz, octaves: 1.0, gain_db });
    assert_eq!(
        second.manner.bands,
        [band(50.0, 3.0), band(900.0, 0.0), None],
        "one that lifts nothing is none"
    );
    assert_eq!(followed(second, Moves::BandGainDb(1)), (25, -6.0));
    assert_eq!(followed(second, Moves::BandFreqHz(1)), (Follow::VELOCITY, 400.0));
    let lfo = third.manner.lfos[0].unwrap();
    assert_eq!((lfo.wave, lfo.phase), (Wave::Falling, 0.25));
    assert_eq!(followed(third, Moves::LfoFreqHz(0)), (26, 4.0));
    assert_eq!(followed(third, onset(Onset::LfoPhase(0))), (Follow::VELOCITY, 0.5));
    assert_eq!(followed(third, onset(Onset::LfoFadeSecs(0))), (27, 2.0));
    assert_eq!(followed(fourth, onset(Onset::ResonanceDb)), (28, 9.0));
    assert_eq!(followed(fourth, onset(Onset::VelocityToCutoffCents)), (29, 1_200.0));
    assert_eq!(followed(fourth, Moves::EnvelopeCutoffCents(1)), (30, 2_400.0));
    assert_eq!(followed(fourth, onset(Onset::ModulationEnvelope(1, Stage::Decay))), (31, 2.0));
    assert_eq!(followed(fourth, Moves::EnvelopePitchCents(0)), (Follow::VELOCITY, 100.0));
    assert!(fourth.manner.follows.include(Follow::PRESSURE));
    let what: Vec<_> = report.not_honoured.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(what, ["sfz: lfoN_wave=12"]);
    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    for (zone, read) in zones.iter().zip(&told(&again).zones) {
        let plain = |zone: &Zone| {
            let manner = &zone.manner;
            let [lfos, follows] = [format!("{:?}", manner.lfos), {
                let mut all: Vec<String> = manner
                    .follows
                    .iter()
                    .map(|it| format!("{:?} {} {:.2}", it.moves, it.controller, it.by(Some(0.7))))
                    .collect();
                all.sort();
                all.join("\n")
            }];
            (manner.stereo, manner.bend_semitones, manner.bands, lfos, follows)
        };
        assert_eq!(plain(zone), plain(read));
    }
}

#[test]
fn a_start_that_is_left_to_chance_or_follows_controllers_is_told_and_written_back() {
    let (report, _place) = scanned(
        "<global> sample=a.wav\n<region> key=60 offset=100 offset_random=3000\n\
         <region> key=61 offset=1000 end=7999 offset_oncc20=-600 offset_oncc131=2000\n\
         <region> key=62 offset=50\n<region> key=63 offset_random=0 offset_random=-3\n\
         <region> key=64 offset=500 loop_mode=loop_continuous loop_start=200 loop_end=4799\n",
    );
    assert_eq!(report.not_honoured, []);
    let zones = &told(&report).zones;
    let rate_hz = report.bank.sounds[zones[0].sound].rate_hz;
    let late = |frames, random_frames| Some(LateStart { frames, random_frames, rate_hz });
    let starts = |zone: &Zone| (zone.manner.span.map(|span| span.0), zone.manner.late_start);
    assert_eq!(starts(&zones[0]), (Some(100), late(0, 3_000)));
    assert_eq!(starts(&zones[1]), (Some(400), late(600, 0)), "what a controller may reach is there");
    assert_eq!(starts(&zones[2]), (Some(50), None));
    assert_eq!(starts(&zones[3]), (None, None));
    assert_eq!(starts(&zones[4]), (Some(200), late(300, 0)), "the loop is there as a whole");
    assert!(matches!(zones[4].manner.looping, Looping::Over(_)));
    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    for (zone, read) in zones.iter().zip(&told(&again).zones) {
        let followed = |zone: &Zone| {
            let all = zone.manner.follows.iter().filter(|it| it.moves == Moves::Onset(Onset::StartFrames));
            all.map(|it| (it.controller, it.depth)).collect::<Vec<_>>()
        };
        let all = |zone: &Zone| (starts(zone), zone.manner.span, followed(zone));
        assert_eq!(all(zone), all(read));
    }
}

#[test]
fn a_second_filter_is_told_with_what_it_follows_and_written_back() {
    let (report, _place) = scanned(
        "<global> sample=a.wav\n\
         <region> key=60 cutoff=900 fil2_type=hpf_2p cutoff2=2400 cutoff2_cc20=-4800 resonance2=3 resonance2_oncc21=24 \
         fil2_keytrack=100 fil2_keycenter=48 fil2_veltrack=600 fil2_veltrack_oncc22=-300\n\
         <region> key=61 cutoff2=300\n<region> key=62 fil2_type=comb cutoff2=300 cutoff2_oncc20=9\n<region> key=63 fil2_type=hpf_1p\n",
    );
    let what: Vec<_> = report.not_honoured.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(what, ["sfz: fil2_type=comb"]);
    let zones = &told(&report).zones;
    let second = Filter {
        kind: FilterKind::HighPass,
        cutoff_hz: 2_400.0,
        resonance_db: 3.0,
        key_tracking_cents: 100.0,
        key_center: 48,
        velocity_tracking_cents: 600.0,
        ..Filter::default()
    };
    assert_eq!(zones[0].manner.second_filter, Some(second));
    assert_eq!(zones[0].manner.filter.map(|filter| filter.cutoff_hz), Some(900.0));
    let alone = zones[1].manner.clone();
    assert!(alone.filter.is_none() && alone.second_filter.is_some_and(|it| it.kind == FilterKind::LowPass));
    assert!(
        zones[2..].iter().all(|zone| zone.manner.second_filter.is_none() && zone.manner.follows.is_empty())
    );
    let out = Place::new();
    neume_bank::export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    for (zone, read) in zones.iter().zip(&told(&again).zones) {
        let all = |zone: &Zone| {
            let follows = zone.manner.follows.iter().map(|it| (it.moves, it.controller, it.depth));
            let mut follows: Vec<String> = follows.map(|it| format!("{it:?}")).collect();
            follows.sort();
            (zone.manner.filter, zone.manner.second_filter, follows)
        };
        assert_eq!(all(zone), all(read));
    }
    assert_eq!(zones[0].manner.follows.len(), 3);
}
