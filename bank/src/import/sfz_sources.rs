//! What of a region moves it in the place of controllers: envelopes through points (`eg01_*`), taken as sfizz takes them,
//! oscillators, as far as zones have no depths for it (`lfo01_pan`), and sums and products of controllers (`var01_*`).

use std::collections::BTreeMap;

use super::sfz::Region;
use super::sfz_controllers::{Following, in_unit};
use super::sfz_modulation::{OF_NUMBERED_LFO, moves, written_move};
use crate::export::number;
use crate::follow::{Follow, Follows, Moves, Onset, Response};
use crate::{EnvelopePoint, Manner, PointEnvelope};

const ENVELOPE: &str = "eg";
const LFO: &str = "lfo";
const VARIABLE: &str = "var";
/// What an opcode of these names, and what it moves by that.
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

/// The same by an oscillator; a level that is multiplied by it would be gone half of the time.
fn is_moved_by_lfo(part: &str) -> bool {
    is_moved(part) && !OF_NUMBERED_LFO.contains(&part) && part != "amplitude"
}

/// The part that a name moves, if it names one.
fn moved_part(name: &str) -> Option<&str> {
    let of_lfo = numbered(name, LFO).filter(|(_, part)| is_moved_by_lfo(part));
    let others = || numbered(name, ENVELOPE).or(numbered(name, VARIABLE)).filter(|(_, part)| is_moved(part));
    of_lfo.or_else(others).map(|(_, part)| part)
}

fn variable(opcode: &str) -> Option<u16> {
    opcode.strip_prefix(VARIABLE)?.parse().ok()
}

/// Whether an opcode is honoured here.
pub(super) fn is_known(name: &str) -> bool {
    numbered(name, ENVELOPE).is_some_and(|(_, part)| {
        let is_point = ["time", "level", "shape"].iter().any(|of| point(part, of).is_some());
        is_point || ["sustain", "points", "ampeg"].contains(&part)
    }) || moved_part(name).is_some()
        || numbered(name, VARIABLE).is_some_and(|(_, part)| part == "mod")
}

/// Whether an opcode of them may follow controllers.
pub(super) fn may_follow(opcode: &str) -> bool {
    let is_point = |(_, part): (u16, &str)| ["time", "level"].iter().any(|of| point(part, of).is_some());
    let is_moved = moved_part(opcode).is_some() && numbered(opcode, VARIABLE).is_none();
    numbered(opcode, ENVELOPE).is_some_and(is_point) || is_moved || variable(opcode).is_some()
}

/// Whether an opcode of the region is moved in the place of a controller.
pub(super) fn are_moving(region: &Region, opcode: &str) -> bool {
    let moves_it = |name: &str| {
        let Some(part) = moved_part(name) else { return false };
        MOVED.iter().any(|(of, moved)| *of == part && *moved == opcode)
    };
    region.names().any(|name| moves_it(name)) || region.following.iter().any(|it| moves_it(&it.opcode))
}

/// Whether an oscillator moves anything that zones have no depths for.
pub(super) fn moves_by_itself(region: &Region, family: &str) -> bool {
    let is_its =
        |name: &str| moved_part(name).is_some() && name.split_once('_').is_some_and(|it| it.0 == family);
    region.names().any(|name| is_its(name)) || region.following.iter().any(|it| is_its(&it.opcode))
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

    /// Adds what envelopes, oscillators and variables move. `numbers` are those of the envelopes in the file, `places` those of the
    /// oscillators.
    pub(super) fn add_moved(
        &self,
        all: &mut Vec<Follow>,
        numbers: &[u16],
        manner: &Manner,
        places: &BTreeMap<String, u8>,
    ) {
        for ((place, of), envelope) in (0..).zip(numbers).zip(&manner.point_envelopes) {
            let controller = Follow::ENVELOPES + place;
            if envelope.ends_note {
                all.push(by_itself(controller, Moves::Amplitude, 1.0, manner));
            }
            self.add_moved_by(all, (ENVELOPE, *of), controller, manner, places);
            let parts = self.following.iter().filter_map(|it| Some((numbered(&it.opcode, ENVELOPE)?, it)));
            all.extend(parts.filter(|((number, _), _)| number == of).filter_map(|((_, part), it)| {
                let secs = point(part, "time").map(|point| Onset::PointSecs(place, point));
                let level = point(part, "level").map(|point| Onset::PointLevel(place, point));
                Some(it.moving(Moves::Onset(secs.or(level)?)))
            }));
        }
        for (family, place) in places {
            let Some(of) = family.strip_prefix(LFO).and_then(|number| number.parse().ok()) else { continue };
            self.add_moved_by(all, (LFO, of), Follow::OSCILLATORS + place, manner, places);
        }
        self.add_moved_by_variables(all, manner, places);
    }

    /// Adds what one of them moves, and what moves its depths.
    fn add_moved_by(
        &self,
        all: &mut Vec<Follow>,
        of: (&str, u16),
        controller: u8,
        manner: &Manner,
        places: &BTreeMap<String, u8>,
    ) {
        for (part, opcode) in MOVED {
            let is_it =
                |name: &str| moved_part(name) == Some(part) && numbered(name, of.0) == Some((of.1, part));
            let depth =
                self.names().find(|name| is_it(name)).and_then(|name| self.number(name)).unwrap_or(0.0);
            let by: Vec<&Following> = self.following.iter().filter(|it| is_it(&it.opcode)).collect();
            let Some(moved) = moves(opcode, manner, places) else { continue };
            if depth == 0.0 && by.is_empty() || all.len() >= Follows::MOST {
                continue;
            }
            let deepens = Moves::Depth(all.len() as u8);
            all.push(by_itself(controller, moved, in_unit(moved, depth), manner));
            all.extend(by.into_iter().map(|it| Follow { moves: deepens, ..it.moving(moved) }));
        }
    }

    /// Adds what sums and products of controllers move. Of a product each moves how far the one before goes.
    fn add_moved_by_variables(&self, all: &mut Vec<Follow>, manner: &Manner, places: &BTreeMap<String, u8>) {
        for name in self.names() {
            let Some((of, part)) = numbered(name, VARIABLE) else { continue };
            let by: Vec<&Following> =
                self.following.iter().filter(|it| variable(&it.opcode) == Some(of)).collect();
            let opcode = MOVED.iter().find(|(moved, _)| *moved == part).map(|(_, opcode)| *opcode);
            let Some(moved) = opcode.and_then(|opcode| moves(opcode, manner, places)) else { continue };
            let depth = in_unit(moved, self.number(name).unwrap_or(0.0));
            let shares = by.iter().map(|it| it.moving(Moves::PitchCents));
            let is_product = self
                .names()
                .any(|name| numbered(name, VARIABLE) == Some((of, "mod")) && self.get(name) == Some("mult"));
            if depth == 0.0 || all.len() + by.len() > Follows::MOST {
                continue;
            }
            if !is_product {
                all.extend(shares.map(|it| Follow { moves: moved, depth: depth * it.depth, ..it }));
                continue;
            }
            let whole = depth * shares.clone().map(|it| it.depth).product::<f32>();
            for (i, it) in shares.enumerate() {
                let moves = if i == 0 { moved } else { Moves::Depth(all.len() as u8 - 1) };
                let depth = if i + 1 == by.len() { whole } else { 0.0 };
                all.push(Follow { moves, depth, ..it });
            }
        }
    }
}

/// Something that the zone itself moves. Levels rest where an envelope is highest, since that is how loud its note gets.
fn by_itself(controller: u8, moves: Moves, depth: f32, manner: &Manner) -> Follow {
    let envelope = manner.point_envelopes.get(usize::from(controller - Follow::ENVELOPES));
    let rest = match moves {
        Moves::Amplitude => envelope.map_or(0.0, |envelope| envelope.highest().min(1.0)),
        _ => 0.0,
    };
    Follow { controller, rest, response: Response::Linear, moves, depth }
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

/// The opcode that says how far something of a zone moves what it moves.
pub(super) fn written_depth(manner: &Manner, follow: &Follow, depth: f32) -> Option<(String, f32)> {
    let (part, depth) = written_part(manner, follow.moves, depth)?;
    let place = follow.controller.checked_sub(Follow::ENVELOPES)?;
    let name = match follow.controller.checked_sub(Follow::OSCILLATORS) {
        Some(place) => format!("{LFO}{}_{part}", place + 1),
        None => format!("{ENVELOPE}{}_{part}", place + 1),
    };
    Some((name, depth))
}

/// What something that moves is called behind the name of what moves it, and how far.
fn written_part(manner: &Manner, moves: Moves, depth: f32) -> Option<(&'static str, f32)> {
    let (opcode, depth) = written_move(manner, moves, depth / in_unit(moves, 1.0))?;
    let opcode = if opcode == "tune" { "pitch" } else { &opcode };
    MOVED.iter().find(|(_, moved)| *moved == opcode).map(|(part, _)| (*part, depth))
}

/// The products of controllers that a zone follows, by their places, each with its depth.
pub(super) fn products(manner: &Manner) -> Vec<(Vec<usize>, f32)> {
    let follows = &manner.follows;
    let product = |(last, follow): (usize, &Follow)| {
        let mut places = vec![last];
        while let Moves::Depth(before) = follows.get(places[0])?.moves
            && usize::from(before) < places[0]
        {
            places.insert(0, usize::from(before));
        }
        let first = follows.get(places[0])?;
        let is_whole = places.len() > 1 && places.iter().rev().skip(1).all(|at| follows[*at].depth == 0.0);
        (is_whole && !first.is_of_zone() && follow.depth != 0.0).then_some((places, follow.depth))
    };
    follows.iter().enumerate().filter_map(product).collect()
}

/// The opcodes of a variable that says what a product moves.
pub(super) fn written_product(
    manner: &Manner,
    product: &[usize],
    depth: f32,
    number: usize,
) -> Option<String> {
    let first = manner.follows.get(*product.first()?)?;
    let (part, depth) = written_part(manner, first.moves, depth)?;
    let depth = crate::export::number(depth);
    Some(format!("{VARIABLE}{number}_{part}={depth} {VARIABLE}{number}_mod=mult "))
}
