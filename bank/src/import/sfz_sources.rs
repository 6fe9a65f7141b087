//! What of a region moves it in the place of controllers: envelopes through points (`eg01_*`), taken as sfizz takes them.

use std::collections::BTreeMap;

use super::sfz::Region;
use super::sfz_controllers::{Following, in_unit};
use super::sfz_modulation::{moves, written_move};
use crate::export::number;
use crate::follow::{Follow, Follows, Moves, Onset, Response};
use crate::{EnvelopePoint, Manner, PointEnvelope};

const ENVELOPE: &str = "eg";
/// What an opcode of an envelope names, and what it moves by that.
const MOVED: [(&str, &str); 16] = [
    ("pitch", "pitch"),
    ("volume", "volume"),
    ("amplitude", "amplitude"),
    ("pan", "pan"),
    ("width", "width"),
    ("cutoff", "cutoff"),
    ("cutoff2", "cutoff2"),
    ("eq1freq", "eq1_freq"),
    ("eq1bw", "eq1_bw"),
    ("eq1gain", "eq1_gain"),
    ("eq2freq", "eq2_freq"),
    ("eq2bw", "eq2_bw"),
    ("eq2gain", "eq2_gain"),
    ("eq3freq", "eq3_freq"),
    ("eq3bw", "eq3_bw"),
    ("eq3gain", "eq3_gain"),
];

/// The number and the part that an opcode of a family names: 6 and `pitch` of `eg06_pitch`.
fn numbered<'a>(name: &'a str, family: &str) -> Option<(u16, &'a str)> {
    let (number, part) = name.strip_prefix(family)?.split_once('_')?;
    Some((number.parse().ok()?, part))
}

/// The point that a part names: 3 of `time3`.
fn point(part: &str, of: &str) -> Option<u8> {
    part.strip_prefix(of)?.parse().ok().filter(|point| usize::from(*point) < PointEnvelope::MOST_POINTS)
}

fn is_moved(part: &str) -> bool {
    MOVED.iter().any(|(name, _)| *name == part)
}

/// Whether an opcode is honoured here.
pub(super) fn is_known(name: &str) -> bool {
    numbered(name, ENVELOPE).is_some_and(|(_, part)| {
        let is_point = ["time", "level", "shape"].iter().any(|of| point(part, of).is_some());
        is_point || is_moved(part) || ["sustain", "points", "ampeg"].contains(&part)
    })
}

/// Whether an opcode of them may follow controllers.
pub(super) fn may_follow(opcode: &str) -> bool {
    numbered(opcode, ENVELOPE).is_some_and(|(_, part)| {
        is_moved(part) || ["time", "level"].iter().any(|of| point(part, of).is_some())
    })
}

/// Whether an opcode of the region is moved in the place of a controller.
pub(super) fn are_moving(region: &Region, opcode: &str) -> bool {
    let moves_it = |name: &str| {
        let Some((_, part)) = numbered(name, ENVELOPE) else { return false };
        MOVED.iter().any(|(of, moved)| *of == part && *moved == opcode)
    };
    region.names().any(|name| moves_it(name)) || region.following.iter().any(|it| moves_it(&it.opcode))
}

/// The numbers of an envelope's opcodes, by their parts.
type Parts<'a> = BTreeMap<&'a str, f32>;

impl Region {
    /// The envelopes through points that move anything, each with its number, as many as there is room for; and whether there
    /// are more.
    pub(super) fn point_envelopes(&self) -> (Vec<(u16, PointEnvelope)>, bool) {
        let mut all: BTreeMap<u16, Parts> = BTreeMap::new();
        for name in self.names() {
            if let Some((envelope, part)) = numbered(name, ENVELOPE) {
                all.entry(envelope).or_default().insert(part, self.number(name).unwrap_or(0.0));
            }
        }
        for it in &self.following {
            if let Some((envelope, part)) = numbered(&it.opcode, ENVELOPE) {
                all.entry(envelope).or_default().entry(part).or_insert(0.0);
            }
        }
        let ends_note = |parts: &Parts| parts.get("ampeg").is_some_and(|value| *value != 0.0);
        all.retain(|_, parts| ends_note(parts) || parts.keys().any(|part| is_moved(part)));
        // Of several that say how long the note sounds the first does.
        let first = all.iter().find(|(_, parts)| ends_note(parts)).map(|(envelope, _)| *envelope);
        let is_crowded = all.len() > Manner::MOST_POINT_ENVELOPES;
        let envelopes = all.into_iter().take(Manner::MOST_POINT_ENVELOPES);
        let made = envelopes.map(|(envelope, parts)| {
            let mut points = Vec::new();
            for (part, value) in &parts {
                let mut put = |of: &str, put: fn(&mut EnvelopePoint, f32)| {
                    let Some(at) = point(part, of).map(usize::from) else { return };
                    points.resize(points.len().max(at + 1), EnvelopePoint::default());
                    put(&mut points[at], *value);
                };
                put("time", |point, secs| point.secs = secs);
                put("level", |point, level| point.level = level);
                put("shape", |point, shape| point.shape = shape);
            }
            let sustain = parts.get("sustain").map_or(0.0, |point| point.clamp(0.0, 255.0)) as u8;
            (envelope, PointEnvelope { points, sustain, ends_note: first == Some(envelope) })
        });
        (made.collect(), is_crowded)
    }

    /// Adds what the envelopes move, and what follows controllers of them. `numbers` are theirs in the file.
    pub(super) fn add_moved_by_envelopes(
        &self,
        all: &mut Vec<Follow>,
        numbers: &[u16],
        manner: &Manner,
        places: &BTreeMap<String, u8>,
    ) {
        for ((place, of), envelope) in (0..).zip(numbers).zip(&manner.point_envelopes) {
            let followed = |it: &&Following| numbered(&it.opcode, ENVELOPE).is_some_and(|(it, _)| it == *of);
            let followed: Vec<&Following> = self.following.iter().filter(followed).collect();
            let part_of =
                |it: &Following| numbered(&it.opcode, ENVELOPE).map_or("", |(_, part)| part).to_string();
            if envelope.ends_note {
                all.push(of_envelope(place, Moves::Amplitude, 1.0, envelope));
            }
            for (part, opcode) in MOVED {
                let Some(moved) = moves(opcode, manner, places) else { continue };
                let mut names = self.names().filter(|name| numbered(name, ENVELOPE) == Some((*of, part)));
                let depth = names.next().and_then(|name| self.number(name)).unwrap_or(0.0);
                let by: Vec<&Following> = followed.iter().copied().filter(|it| part_of(it) == part).collect();
                if depth == 0.0 && by.is_empty() || all.len() >= Follows::MOST {
                    continue;
                }
                let deepens = Moves::Depth(all.len() as u8);
                all.push(of_envelope(place, moved, in_unit(moved, depth), envelope));
                all.extend(by.into_iter().map(|it| Follow { moves: deepens, ..it.moving(moved) }));
            }
            all.extend(followed.iter().filter_map(|it| {
                let part = part_of(it);
                let secs = point(&part, "time").map(|point| Onset::PointSecs(place, point));
                let level = point(&part, "level").map(|point| Onset::PointLevel(place, point));
                Some(it.moving(Moves::Onset(secs.or(level)?)))
            }));
        }
    }
}

/// Something that an envelope moves. Levels rest where it is highest, since that is how loud its note gets.
fn of_envelope(place: u8, moves: Moves, depth: f32, envelope: &PointEnvelope) -> Follow {
    let rest = if moves == Moves::Amplitude { envelope.highest().min(1.0) } else { 0.0 };
    Follow { controller: Follow::ENVELOPES + place, rest, response: Response::Linear, moves, depth }
}

/// The opcodes of a zone's envelopes through points, with what they move.
pub(crate) fn written(manner: &Manner) -> String {
    let mut line = String::new();
    for (at, envelope) in (1..).zip(&manner.point_envelopes) {
        line += &format!("eg{at}_sustain={} ", envelope.sustain);
        if envelope.ends_note {
            line += &format!("eg{at}_ampeg=1 ");
        }
        for (point, it) in envelope.points.iter().enumerate() {
            line +=
                &format!("eg{at}_time{point}={} eg{at}_level{point}={} ", number(it.secs), number(it.level));
            if it.shape != 0.0 {
                line += &format!("eg{at}_shape{point}={} ", number(it.shape));
            }
        }
    }
    let mut implied = manner.point_envelopes.iter().position(|it| it.ends_note);
    for follow in manner.follows.iter().filter(|follow| follow.is_of_zone()) {
        let by_itself = |place: usize| follow.controller == Follow::ENVELOPES + place as u8;
        if follow.moves == Moves::Amplitude && implied.take_if(|place| by_itself(*place)).is_some() {
            continue;
        }
        if let Some((opcode, depth)) = written_depth(manner, follow, follow.depth) {
            line += &format!("{opcode}={} ", number(depth));
        }
    }
    line
}

/// The opcode that says how far one of a zone's envelopes moves what it moves.
pub(super) fn written_depth(manner: &Manner, follow: &Follow, depth: f32) -> Option<(String, f32)> {
    let (opcode, depth) = written_move(manner, follow.moves, depth)?;
    let opcode = if opcode == "tune" { "pitch".to_string() } else { opcode };
    let (part, _) = MOVED.iter().find(|(_, moved)| *moved == opcode)?;
    let at = follow.controller.checked_sub(Follow::ENVELOPES)? + 1;
    let depth = depth / in_unit(follow.moves, 1.0);
    Some((format!("{ENVELOPE}{at}_{part}"), depth))
}
