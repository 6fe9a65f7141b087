//! SFZ files whose regions move by envelopes through points, by oscillators and by products of controllers.

use neume_bank::{Band, Envelope, Follow, Moves, Onset, ScanReport, Zone, export};

use crate::controllers::{scanned, told};
use crate::scan::Place;

/// What moves in a zone: what, by which controller, how far and where it rests.
fn moved(zone: &Zone) -> Vec<(Moves, u8, f32, f32)> {
    let hundredths = |value: f32| (100.0 * value).round() / 100.0;
    let all = zone.manner.follows.iter();
    all.map(|it| (it.moves, it.controller, hundredths(it.depth), hundredths(it.rest))).collect()
}

/// The same bank once it was written and read again.
fn written_back(report: &ScanReport) -> ScanReport {
    let out = Place::new();
    export::sfz(&report.bank, out.folder.path(), &mut |_| {}).unwrap();
    let again = out.scan();
    assert_eq!(again.not_honoured, []);
    again
}

#[test]
fn envelopes_through_points_are_told_and_written_back() {
    let (report, _place) = scanned(
        "<control> set_cc20=127\n<global> sample=a.wav\n\
         <region> key=60 eg06_sustain=1 eg06_level0=-1 eg06_time0=0 eg06_time1=0.25 eg06_level1=0 eg06_time1_oncc20=0.5 \
         eg06_pitch=1200 eg06_pitch_oncc21=100 eg06_shape1=-2.5\n\
         <region> key=61 cutoff=500 eg1_points=3 eg1_time1=1 eg1_level1=0.5 eg1_level1_oncc22=0.25 eg1_sustain=1 eg1_time2=2 \
         eg1_cutoff=2400 eg1_pan=-50 eg1_eq2gain=6 eg2_level0=1\n\
         <region> key=62 ampeg_attack=3 ampeg_release_oncc20=1 eg2_ampeg=1 eg2_time1=0.1 eg2_level1=0.5 eg2_sustain=1 eg2_time2=0.3 \
         eg5_amplitude_oncc21=50 eg5_level0=2\n",
    );
    assert_eq!(report.not_honoured, []);
    let zones = &told(&report).zones;
    let of = |place: u8| Follow::ENVELOPES + place;
    let points = |zone: &Zone, place: usize| {
        let envelope = zone.manner.point_envelopes[place].clone();
        let points: Vec<_> = envelope.points.iter().map(|it| (it.secs, it.level, it.shape)).collect();
        (points, envelope.sustain, envelope.ends_note)
    };
    assert_eq!(points(&zones[0], 0), (vec![(0.0, -1.0, 0.0), (0.25, 0.0, -2.5)], 1, false));
    let expected = [
        (Moves::PitchCents, of(0), 1_200.0, 0.0),
        (Moves::Depth(0), 21, 100.0, 0.0),
        (Moves::Onset(Onset::PointSecs(0, 1)), 20, 0.5, 1.0),
    ];
    assert_eq!(moved(&zones[0]), expected);
    let expected = [
        (Moves::Pan, of(0), -0.5, 0.0),
        (Moves::CutoffCents, of(0), 2_400.0, 0.0),
        (Moves::BandGainDb(1), of(0), 6.0, 0.0),
        (Moves::Onset(Onset::PointLevel(0, 1)), 22, 0.25, 0.0),
    ];
    assert_eq!(moved(&zones[1]), expected);
    assert_eq!(zones[1].manner.point_envelopes.len(), 1, "what moves nothing is none");
    let band = Band { freq_hz: 500.0, octaves: 1.0, gain_db: 0.0 };
    assert_eq!(zones[1].manner.bands, [None, Some(band), None]);
    let expected = [
        (Moves::Amplitude, of(0), 1.0, 0.5),
        (Moves::Amplitude, of(1), 0.0, 1.0),
        (Moves::Depth(1), 21, 0.5, 0.0),
    ];
    assert_eq!(moved(&zones[2]), expected);
    assert_eq!(zones[2].manner.envelope, Some(Envelope::OPEN), "it takes the place of the plain one");
    assert!(points(&zones[2], 0).2 && !points(&zones[2], 1).2);
    let again = written_back(&report);
    for (zone, read) in zones.iter().zip(&told(&again).zones) {
        assert_eq!(moved(zone), moved(read));
        assert_eq!(zone.manner.point_envelopes, read.manner.point_envelopes);
    }
}

#[test]
fn envelopes_that_are_too_many_or_senseless_do_no_harm_and_are_said() {
    let many: String = (1..=5).map(|i| format!("eg{i}_pitch={i} eg{i}_level0=1 ")).collect();
    let (report, _place) = scanned(&format!(
        "<global> sample=a.wav\n<region> key=60 {many}\n\
         <region> key=61 eg1_pitch=nan eg2_time99=1 eg3_time999=1 eg4_loop=2 eg4_pitch=100 eg4_sustain=-1 eg4_time0=1e30 eg99999999_pitch=1\n",
    ));
    let what: Vec<_> = report.not_honoured.iter().map(|it| it.what.as_str()).collect();
    let expected = [
        "sfz: eg2_time99",
        "sfz: eg3_time999",
        "sfz: eg4_loop",
        "sfz: eg99999999_pitch",
        "sfz: egN (a fifth envelope)",
    ];
    assert!(expected.iter().all(|it| what.contains(it)) && what.len() == expected.len(), "{what:?}");
    let zones = &told(&report).zones;
    assert_eq!(zones[0].manner.point_envelopes.len(), 4);
    let last = zones[1].manner.point_envelopes.last().unwrap();
    assert_eq!((last.points.len(), last.points[0].secs, last.sustain), (1, 100.0, 0));
}

#[test]
fn what_oscillators_and_variables_move_is_told_and_written_back() {
    let (report, _place) = scanned(
        "<curve> curve_index=11 v000=1 v127=0.25\n<global> sample=a.wav\n\
         <region> key=60 lfo02_freq=1 lfo02_pan=20 lfo02_pan_oncc20=100 lfo1_freq=2 lfo1_pitch=10 lfo1_eq1gain_oncc21=6 \
         lfo3_freq=1 lfo3_amplitude=5\n\
         <region> key=61 cutoff=250 var02_cutoff=9000 var02_mod=mult var02_oncc22=1 var02_oncc133=1 var02_curvecc133=11 \
         var1_pitch=200 var1_mod=add var1_oncc22=0.5 var1_oncc23=-1 var03_volume=6 var04_eq1gain=6 var04_oncc22=1\n\
         <region> key=62 var01_pan=50 var01_mod=mult var01_oncc131=0.5 var01_oncc22=1 var01_oncc23=2\n",
    );
    let what: Vec<_> = report.not_honoured.iter().map(|it| it.what.as_str()).collect();
    assert_eq!(what, ["sfz: lfo3_amplitude"]);
    let zones = &told(&report).zones;
    let of = |place: u8| Follow::OSCILLATORS + place;
    let expected = [
        (Moves::Pan, of(0), 0.2, 0.0),
        (Moves::Depth(0), 20, 1.0, 0.0),
        (Moves::BandGainDb(0), of(1), 0.0, 0.0),
        (Moves::Depth(2), 21, 6.0, 0.0),
    ];
    let mut lfos: Vec<_> = moved(&zones[0]);
    if lfos[0].0 != Moves::Pan {
        // Whichever oscillator comes first.
        lfos.rotate_left(2);
    }
    let kinds = |all: &[(Moves, u8, f32, f32)]| all.iter().map(|it| it.2).collect::<Vec<_>>();
    assert_eq!(kinds(&lfos), kinds(&expected));
    assert_eq!(zones[0].manner.lfos.iter().flatten().count(), 2);
    let expected = [
        (Moves::CutoffCents, Follow::KEY, 0.0, 0.47),
        (Moves::Depth(0), 22, 9_000.0, 0.0),
        (Moves::BandGainDb(0), 22, 6.0, 0.0),
        (Moves::PitchCents, 22, 100.0, 0.0),
        (Moves::PitchCents, 23, -200.0, 0.0),
    ];
    assert_eq!(moved(&zones[1]), expected);
    let follows = &zones[2].manner.follows;
    let all = |controller: u8| Some(if controller == 22 { 0.5 } else { 1.0 });
    let deeper = neume_bank::Follows::deeper(follows, all);
    let pan: f32 = follows
        .iter()
        .zip(deeper)
        .filter(|(it, _)| it.moves == Moves::Pan)
        .map(|(it, deeper)| it.by_deeper(deeper, all(it.controller)))
        .sum();
    assert!((pan - 0.25).abs() < 1e-6, "half of half of half of twice a half: {pan}");
    let again = written_back(&report);
    for (zone, read) in zones.iter().zip(&told(&again).zones) {
        let sorted = |zone: &Zone| {
            let stands = |controller: u8| Some(f32::from(controller % 7) / 7.0);
            let deeper = neume_bank::Follows::deeper(&zone.manner.follows, stands);
            let heard =
                zone.manner.follows.iter().zip(deeper).filter(|(it, _)| !matches!(it.moves, Moves::Depth(_)));
            let mut heard: Vec<String> = heard
                .map(|(it, deeper)| {
                    format!("{:?} {:.3}", it.moves, it.by_deeper(deeper, stands(it.controller)))
                })
                .collect();
            heard.sort();
            heard
        };
        assert_eq!(sorted(zone), sorted(read));
    }
}
