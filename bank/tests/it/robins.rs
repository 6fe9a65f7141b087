//! Round robins of DecentSampler presets.

use std::fs;

use neume_bank::Zone;

use crate::scan::Place;

fn zones(groups: &str) -> Vec<Zone> {
    let place = Place::new();
    for (i, name) in ["a", "b", "c"].iter().enumerate() {
        place.tone(&format!("{name}.wav"), 60.0 + i as f32);
    }
    let text = format!("<DecentSampler><groups>{groups}</groups></DecentSampler>");
    fs::write(place.path("Box.dspreset"), text).unwrap();
    let bank = place.scan().bank;
    bank.instruments.iter().find(|instrument| instrument.is_told).unwrap().zones.clone()
}

fn turns(groups: &str) -> Vec<Option<(u16, u16)>> {
    zones(groups).iter().map(|zone| zone.manner.turn.map(|turn| (turn.position, turn.length))).collect()
}

#[test]
fn a_round_robin_of_no_said_length_has_that_of_its_last_turn() {
    let groups = |mode: &str| {
        format!(
            r#"<group seqMode="{mode}" seqPosition="1"><sample path="a.wav" rootNote="60"/></group>
            <group seqMode="{mode}" seqPosition="2"><sample path="b.wav" rootNote="60"/></group>
            <group seqMode="{mode}" seqPosition="3"><sample path="c.wav" rootNote="60"/></group>"#
        )
    };
    for mode in ["round_robin", "random"] {
        assert_eq!(turns(&groups(mode)), [Some((0, 3)), Some((1, 3)), Some((2, 3))], "{mode}");
    }
    assert_eq!(turns(&groups("always")), [None; 3]);
}

#[test]
fn turns_are_counted_where_they_sound_together() {
    let groups = r#"<group seqMode="round_robin">
        <sample path="a.wav" rootNote="60" hiNote="60" seqPosition="1"/>
        <sample path="b.wav" rootNote="60" hiNote="60" seqPosition="2"/>
        <sample path="c.wav" rootNote="62" loNote="61" seqPosition="1"/></group>"#;
    assert_eq!(turns(groups), [Some((0, 2)), Some((1, 2)), None]);
}

#[test]
fn numbers_that_are_none_are_passed_over() {
    for volume in ["NaN", "NaNdB", "inf", "-infdB", "loud"] {
        let group = format!(r#"<group volume="{volume}"><sample path="a.wav" rootNote="NaN"/></group>"#);
        let zones = zones(&group);
        assert_eq!((zones[0].manner.gain_db, zones[0].root_midi), (0.0, 60.0), "{volume}");
    }
}
