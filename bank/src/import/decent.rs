//! DecentSampler presets: the samples of its groups as zones, with the first filter of their effects. Other effects,
//! modulators and the user interface are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::files::Files;
use super::sfz_modulation::FAST_SECS;
use super::xml::Element;
use super::{Imported, Place, ToldInstrument, ToldZone, strike_if_all_wait, take_out_layers};
use crate::{Choke, Envelope, Filter, FilterKind, Loop, Looping, Manner, OnRelease, Turn};

/// Attributes that are honoured, or that say nothing of the sound.
const KNOWN: [&str; 36] = [
    "path",
    "rootNote",
    "loNote",
    "hiNote",
    "loVel",
    "hiVel",
    "start",
    "end",
    "loopEnabled",
    "loopStart",
    "loopEnd",
    "volume",
    "tuning",
    "groupTuning",
    "globalTuning",
    "pan",
    "pitchKeyTrack",
    "attack",
    "decay",
    "sustain",
    "release",
    "seqMode",
    "seqLength",
    "seqPosition",
    "trigger",
    "enabled",
    "name",
    "tags",
    "ampEnvEnabled",
    "ampVelTrack",
    "attackCurve",
    "decayCurve",
    "releaseCurve",
    "fileName",
    "silencedByTags",
    "silencingMode",
];
const MOST_TURNS: f32 = 1_000.0;
/// The length of a round robin that is to be counted.
const UNSAID: u16 = 0;
/// Ranges of keys and velocities that are compared with each other; what is beyond counts its own turns alone.
const MOST_PLACES: usize = 2_000;

/// Reads a preset.
///
/// # Errors
/// Says why it is none.
pub(super) fn import(path: &Path, files: &Files) -> Result<Imported, String> {
    let text = files.text(path)?;
    let root = Element::read(&text)?;
    if root.name != "DecentSampler" {
        return Err("it is no preset of DecentSampler".to_string());
    }
    let mut imported = Imported::default();
    let mut zones = Vec::new();
    let preset = Preset {
        silencing: root
            .everything()
            .into_iter()
            .flat_map(|it| words(it.attribute("silencedByTags")))
            .collect(),
        filter: filter_of(&root, &mut imported),
    };
    for node in &root.children {
        if node.name == "groups" {
            for group in node.all("group") {
                let filter = filter_of(group, &mut imported).or(preset.filter);
                for sample in group.all("sample") {
                    let sample = Sample { nodes: [sample, group, node], preset: &preset, filter };
                    sample.import(path.parent().unwrap_or(Path::new("")), files, &mut imported, &mut zones);
                }
            }
        } else if !matches!(node.name.as_str(), "ui" | "tags" | "effects") {
            let elements = node.children.len().max(1);
            imported.leave_out(format!("dspreset: <{}>", node.name), elements as u64);
        }
    }
    count_turns(&mut zones);
    strike_if_all_wait(&mut zones);
    imported.leave_out("dspreset: layer (a ninth sound of the same note)", take_out_layers(&mut zones));
    if !zones.is_empty() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        imported.instruments.push(ToldInstrument { name, zones });
    }
    Ok(imported)
}

/// Gives each round robin whose length is not said the largest turn of the zones that sound at its keys and velocities.
fn count_turns(zones: &mut [ToldZone]) {
    type Served = (bool, (u8, u8), (u8, u8));
    let served = |zone: &ToldZone| (zone.manner.on_release.is_some(), zone.keys, zone.velocities);
    let mut lengths: BTreeMap<Served, u16> = BTreeMap::new();
    for zone in zones.iter() {
        if let Some(Turn { position, length: UNSAID }) = zone.manner.turn {
            let length = lengths.entry(served(zone)).or_default();
            *length = (*length).max(position + 1);
        }
    }
    let overlap = |a: (u8, u8), b: (u8, u8)| a.0 <= b.1 && b.0 <= a.1;
    let longest = |(on_release, keys, velocities): Served| {
        let others = lengths.iter().filter(|((release, theirs, struck), _)| {
            *release == on_release && overlap(*theirs, keys) && overlap(*struck, velocities)
        });
        others.map(|(_, length)| *length).max().unwrap_or(1)
    };
    let counted: BTreeMap<Served, u16> =
        lengths.keys().take(MOST_PLACES).map(|at| (*at, longest(*at))).collect();
    for zone in zones {
        let place = served(zone);
        if let Some(turn) = zone.manner.turn.as_mut().filter(|turn| turn.length == UNSAID) {
            turn.length = counted.get(&place).or(lengths.get(&place)).copied().unwrap_or(1);
        }
        zone.manner.turn = zone.manner.turn.filter(|turn| turn.length > 1);
    }
}

/// What all samples of a preset share.
struct Preset<'a> {
    /// Tags whose notes silence others.
    silencing: BTreeSet<&'a str>,
    filter: Option<Filter>,
}

/// The names of a list.
fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// A number, if it is one.
fn finite(text: &str) -> Option<f32> {
    text.trim().parse().ok().filter(|number: &f32| number.is_finite())
}

/// The first filter among the effects of an element. All others are left out.
fn filter_of(of: &Element, imported: &mut Imported) -> Option<Filter> {
    let mut found = None;
    for effect in of.all("effects").flat_map(|list| &list.children) {
        let known = match effect.attribute("type") {
            Some("lowpass") => Some((FilterKind::LowPass, 1)),
            Some("highpass") => Some((FilterKind::HighPass, 1)),
            Some("bandpass") => Some((FilterKind::BandPass, 1)),
            Some("notch") => Some((FilterKind::BandReject, 1)),
            Some("lowpass_1pl") => Some((FilterKind::LowPassOnePole, 1)),
            Some("lowpass_4pl") => Some((FilterKind::LowPass, 2)),
            _ => None,
        };
        let number = |name: &str, rest: f32| effect.attribute(name).and_then(finite).unwrap_or(rest);
        match known.filter(|_| found.is_none()) {
            Some((kind, stages)) => {
                found = Some(Filter {
                    kind,
                    stages,
                    cutoff_hz: number("frequency", 22_000.0),
                    resonance_db: 20.0 * number("resonance", 0.7).max(1e-3).log10(),
                    ..Filter::default()
                });
            }
            None => imported.leave_out("dspreset: <effects>", 1),
        }
    }
    found
}

/// A sample with its group and the groups' element, from the inside out.
struct Sample<'a> {
    nodes: [&'a Element; 3],
    preset: &'a Preset<'a>,
    filter: Option<Filter>,
}

impl Sample<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.nodes.iter().find_map(|node| node.attribute(name))
    }

    fn number(&self, name: &str, rest: f32) -> f32 {
        self.get(name).and_then(finite).unwrap_or(rest)
    }

    /// The volumes of sample, group and groups together: `-6dB`, or a linear gain.
    fn gain_db(&self) -> f32 {
        let of = |text: &str| match text.trim().to_ascii_lowercase().strip_suffix("db") {
            Some(db) => finite(db),
            None => finite(text).map(|gain| 20.0 * gain.max(1e-7).log10()),
        };
        self.nodes.iter().filter_map(|node| of(node.attribute("volume")?)).sum()
    }

    fn import(&self, from: &Path, files: &Files, imported: &mut Imported, zones: &mut Vec<ToldZone>) {
        for (name, _) in self.nodes.iter().flat_map(|node| &node.attributes) {
            if !KNOWN.contains(&name.as_str()) {
                imported.leave_out(format!("dspreset: {name}"), 1);
            }
        }
        if let Some(trigger) = self.get("trigger").filter(|trigger| !["attack", "release"].contains(trigger))
        {
            return imported.leave_out(format!("dspreset: trigger={trigger}"), 1);
        }
        if matches!(self.get("enabled"), Some("0" | "false")) {
            return imported.leave_out("dspreset: enabled=false", 1);
        }
        let named = self.get("path").unwrap_or_default();
        let file = match files.sound(from, named) {
            Ok(file) => file,
            Err(astray) => {
                return imported.failed.push((format!("sample {named}"), astray.cause().to_string()));
            }
        };
        let range = |low: &str, high: &str| {
            let (low, high) =
                (self.number(low, 0.0).clamp(0.0, 127.0), self.number(high, 127.0).clamp(0.0, 127.0));
            (low <= high).then_some((low as u8, high as u8))
        };
        let (Some(keys), Some(velocities)) = (range("loNote", "hiNote"), range("loVel", "hiVel")) else {
            return imported.leave_out("dspreset: sample without keys", 1);
        };
        let root = self.get("rootNote").and_then(finite);
        zones.push(ToldZone {
            place: Place::File(file),
            keys,
            velocities,
            root_midi: Some(root.unwrap_or(60.0)),
            tells_root: root.is_some(),
            manner: self.manner(),
        });
    }

    /// Tags are names of groups; of several that silence, the first counts.
    fn choke(&self) -> Option<Choke> {
        let number =
            |tag: &str| self.preset.silencing.iter().position(|it| *it == tag).map(|at| at as u32 + 1);
        let choke = Choke {
            group: words(self.get("tags")).find_map(number).unwrap_or(0),
            off_by: words(self.get("silencedByTags")).find_map(number).unwrap_or(0),
            off_secs: (self.get("silencingMode") != Some("normal")).then_some(FAST_SECS),
            ..Choke::default()
        };
        ((choke.group, choke.off_by) != (0, 0)).then_some(choke)
    }

    fn manner(&self) -> Manner {
        let frames = |name: &str| Some(self.number(name, -1.0)).filter(|n| *n >= 0.0).map(|n| n as u64);
        let (start, end) = (frames("start").unwrap_or(0), frames("end").unwrap_or(u64::MAX));
        let looping = match (self.get("loopEnabled"), frames("loopStart"), frames("loopEnd")) {
            (Some("true" | "1"), start, Some(last)) => Looping::Over(Loop {
                start_frames: start.unwrap_or(0),
                end_frames: last.saturating_add(1),
                crossfade_frames: 0,
                is_mirrored: false,
            }),
            (Some("false" | "0"), ..) => Looping::Never,
            _ => Looping::OfFile,
        };
        let length =
            self.get("seqLength").and_then(finite).map(|length| length.clamp(1.0, MOST_TURNS) as u16);
        let last = length.map_or(MOST_TURNS, f32::from);
        let position = self.number("seqPosition", 1.0).clamp(1.0, last) as u16 - 1;
        let takes_turns = length != Some(1) && self.get("seqMode").is_some_and(|mode| mode != "always");
        let enveloped = ["attack", "decay", "sustain", "release"].iter().any(|name| self.get(name).is_some());
        Manner {
            gain_db: self.gain_db(),
            pan: self.number("pan", 0.0) / 100.0,
            tracking: self.number("pitchKeyTrack", 1.0),
            tune_semitones: ["tuning", "groupTuning", "globalTuning"]
                .iter()
                .map(|name| self.number(name, 0.0))
                .sum(),
            looping,
            span: (start > 0 || end < u64::MAX).then_some((start, end)),
            turn: takes_turns.then_some(Turn { position, length: length.unwrap_or(UNSAID) }),
            velocity_tracking: Some(self.number("ampVelTrack", 1.0)),
            on_release: (self.get("trigger") == Some("release")).then(OnRelease::default),
            envelope: enveloped.then(|| Envelope {
                delay_secs: 0.0,
                attack_secs: self.number("attack", 0.0),
                hold_secs: 0.0,
                decay_secs: self.number("decay", 0.0),
                sustain_norm: self.number("sustain", 1.0),
                release_secs: self.number("release", 0.0),
            }),
            filter: self.filter,
            choke: self.choke(),
            ..Manner::default()
        }
    }
}
