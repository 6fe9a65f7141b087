//! Where the controllers of an SFZ file stand before any of them has moved, and which opcodes follow them. Level, pitch, pan,
//! cutoff, equalizer and the depths of oscillators and envelopes follow while a note sounds; times of envelopes and what else
//! a note settles follow from note to note; the rest is heard as it stands at the start.
//!
//! Curves and what follows by product or by sum are taken as sfizz takes them.

use std::collections::{BTreeMap, BTreeSet};

use super::sfz::{FADES, Opcodes};
use super::sfz_modulation::{self, OF_BAND, OF_LFO, OF_NUMBERED_LFO, band, is_numbered_lfo};
use super::sfz_sources;
use super::sfz_text::Piece;
use crate::Manner;
use crate::export::number as written_number;
use crate::follow::{Follow, Moves, Onset, Response, Stage};
use crate::instrument::{Curve, Fade};

/// From this number on it is no controller of MIDI.
const FIRST_OF_NOTES: u16 = 128;
/// What lies there and is followed.
const OF_NOTES: [u16; 3] = [Follow::PRESSURE as u16, Follow::VELOCITY as u16, Follow::KEY as u16];
/// The first number of a curve that says none itself; those below are always there.
const FIRST_CURVE: u16 = 7;
const MOST_CURVES: usize = 256;

/// How an opcode follows a controller.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Follows {
    /// By the sum, in its own unit, on top of this where nothing is written.
    Sum(f32),
    /// By the sum in cents, where it is written.
    Cents,
    /// By the product, in percent.
    Product,
}

/// The opcodes of a region that may follow controllers.
fn follows(opcode: &str) -> Option<Follows> {
    match opcode {
        "amplitude" => return Some(Follows::Product),
        "cutoff" | "cutoff2" => return Some(Follows::Cents),
        "amp_veltrack" | "ampeg_sustain" | "fileg_sustain" | "pitcheg_sustain" | "width" => {
            return Some(Follows::Sum(100.0));
        }
        "volume" | "pan" | "position" | "tune" | "pitch" | "resonance" | "fil_veltrack" | "fil_keytrack"
        | "offset" | "resonance2" | "fil2_veltrack" | "fil2_keytrack" => {
            return Some(Follows::Sum(0.0));
        }
        _ => {}
    }
    if sfz_sources::may_follow(opcode) {
        return Some(Follows::Sum(0.0));
    }
    let (family, part) = opcode.split_once('_')?;
    let of_envelope = ["delay", "attack", "hold", "decay", "release"].contains(&part);
    let is_so = match family {
        "ampeg" => of_envelope,
        "fileg" | "pitcheg" => of_envelope || part == "depth",
        "pitchlfo" | "fillfo" | "amplfo" => OF_LFO.contains(&part),
        _ if is_numbered_lfo(family) => OF_NUMBERED_LFO.contains(&part),
        _ => band(family).is_some() && OF_BAND.contains(&part),
    };
    is_so.then_some(Follows::Sum(0.0))
}

/// The opcode that follows a controller, and which: `cutoff_oncc1`, `cutoff_cc1`, `fileg_depthcc1`.
fn split(name: &str) -> Option<(&str, Follows, u16)> {
    let (opcode, number) = name.rsplit_once("cc")?;
    let number = number.parse().ok().filter(|it| *it < FIRST_OF_NOTES || OF_NOTES.contains(it))?;
    let opcode = opcode.strip_suffix("_on").or(opcode.strip_suffix('_')).unwrap_or(opcode);
    Some((opcode, follows(opcode)?, number))
}

/// The controllers of a file.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    /// Where they stand, 0..1, by number.
    stand: BTreeMap<u16, f32>,
    /// From where a controller stands to what follows, by number.
    curves: BTreeMap<u16, Curve>,
}

/// An opcode that follows a controller while a note sounds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Following {
    /// What it would be called without its controller.
    pub opcode: String,
    pub controller: u8,
    rest: f32,
    response: Response,
    depth: f32,
}

impl Following {
    /// An opcode that follows the velocity of each note, by so much at the highest.
    pub fn of_velocity(opcode: String, depth: f32) -> Following {
        let (controller, rest) = (Follow::VELOCITY, 1.0);
        Following { opcode, controller, rest, response: Response::Linear, depth }
    }

    /// The lowest that it takes its opcode with it, 0 or less.
    pub fn lowest(&self) -> f32 {
        let at = |step: u8| self.depth * self.response.at(f32::from(step) / 127.0);
        (0..=127).map(at).fold(0.0, f32::min)
    }

    /// The same as a zone has it.
    pub fn moving(&self, moves: Moves) -> Follow {
        let Following { controller, rest, response, depth, .. } = *self;
        let depth = in_unit(moves, depth);
        Follow { controller, rest, response, moves, depth }
    }
}

/// What a file says, in the unit of a zone.
pub(super) fn in_unit(moves: Moves, depth: f32) -> f32 {
    if is_in_percent(moves) { depth / 100.0 } else { depth }
}

/// Whether a file says it in hundredths of what a zone has.
fn is_in_percent(moves: Moves) -> bool {
    let is_sustain = |onset| {
        matches!(onset, Onset::Envelope(Stage::Sustain) | Onset::ModulationEnvelope(_, Stage::Sustain))
    };
    match moves {
        Moves::Amplitude | Moves::Pan | Moves::Width => true,
        Moves::Onset(onset) => onset == Onset::VelocityTracking || is_sustain(onset),
        _ => false,
    }
}

/// What the opcodes of a region that follow controllers come to.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Linear, of what fades the region and follows nothing but the keyboard's own volume and expression.
    pub gain: f32,
    /// The names of what will not follow.
    pub held: BTreeSet<String>,
    pub following: Vec<Following>,
}

impl Controllers {
    /// Volume, pan and expression as a keyboard sends them when it is switched on.
    fn usual() -> Controllers {
        let of_note = [(u16::from(Follow::VELOCITY), 1.0), (u16::from(Follow::KEY), 60.0 / 127.0)];
        let of_keyboard = [(7, 100.0 / 127.0), (10, 0.5), (11, 1.0)];
        let stand = of_keyboard.into_iter().chain(of_note).collect();
        Controllers { stand, curves: BTreeMap::new() }
    }

    pub fn read(pieces: &[Piece]) -> Controllers {
        let mut controllers = Controllers::usual();
        let (mut header, mut points, mut index) = ("", Vec::new(), None);
        for piece in pieces {
            match piece {
                Piece::Header(name) => {
                    controllers.add_curve(index.take(), std::mem::take(&mut points));
                    header = name;
                }
                Piece::Opcode(name, value) if header == "control" => controllers.set(name, value),
                Piece::Opcode(name, value) if header == "curve" => {
                    if name == "curve_index" {
                        index = value.parse().ok();
                    } else if let (Some(at), Ok(value)) = (numbered(name, "v"), value.parse::<f32>()) {
                        points.push((at.min(127) as u8, value.clamp(-1.0, 1.0)));
                    }
                }
                Piece::Opcode(..) => {}
            }
        }
        controllers.add_curve(index, points);
        controllers
    }

    fn set(&mut self, name: &str, value: &str) {
        let fine = numbered(name, "set_hdcc").or(numbered(name, "set_realcc"));
        let Some(number) = fine.or(numbered(name, "set_cc")) else { return };
        let full = if fine.is_some() { 1.0 } else { 127.0 };
        if let Some(value) = value.parse::<f32>().ok().filter(|value| value.is_finite()) {
            self.stand.insert(number, (value / full).clamp(0.0, 1.0));
        }
    }

    fn add_curve(&mut self, index: Option<u16>, points: Vec<(u8, f32)>) {
        if self.curves.len() >= MOST_CURVES {
            return;
        }
        let Some(curve) = Curve::through(points) else { return };
        let next = self.curves.last_key_value().map_or(FIRST_CURVE, |(last, _)| last.saturating_add(1));
        self.curves.insert(index.unwrap_or(next), curve);
    }

    /// Whether an opcode of the control header says where one stands.
    pub fn sets(name: &str) -> bool {
        ["set_cc", "set_hdcc", "set_realcc"].iter().any(|prefix| numbered(name, prefix).is_some())
    }

    /// Where a controller stands, 0..127.
    pub fn stands(&self, number: &str) -> f32 {
        number.parse().map_or(0.0, |number: u16| 127.0 * self.stand.get(&number).copied().unwrap_or(0.0))
    }

    /// Takes out the opcodes that follow controllers while notes sound, and replaces the others by what they come to.
    pub fn settle(&self, opcodes: &mut Opcodes) -> Settled {
        let mut settled = Settled { gain: 1.0, ..Settled::default() };
        let written: Vec<(String, String)> = opcodes
            .iter()
            .filter(|(name, _)| split(name).is_some())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for (name, value) in written {
            let Some((opcode, follows, number)) = split(&name) else { continue };
            opcodes.remove(&name);
            let curve = opcodes.remove(&format!("{opcode}_curvecc{number}"));
            for beside in ["smooth", "step"] {
                opcodes.remove(&format!("{opcode}_{beside}cc{number}"));
            }
            let Some(depth) = value.parse::<f32>().ok().filter(|depth| depth.is_finite()) else { continue };
            let response = self.response(curve.and_then(|curve| curve.parse().ok()).unwrap_or(0));
            let rest = self.stand.get(&number).copied().unwrap_or(0.0);
            // What would sustain at full level, and so never decays, has no decay to follow either.
            let rests_full = opcode == "ampeg_sustain"
                && opcodes.get(opcode).and_then(|text| text.parse().ok()).unwrap_or(100.0f32) >= 100.0;
            if moves(opcode, number) && !rests_full {
                let (opcode, controller) = (opcode.to_string(), number as u8);
                settled.following.push(Following { opcode, controller, rest, response, depth });
                continue;
            }
            let share = response.at(rest);
            let is_of_keyboard = match opcode {
                "amplitude" | "volume" => OF_KEYBOARD.contains(&number),
                "pan" => number == PAN_OF_KEYBOARD,
                _ => false,
            };
            if !is_of_keyboard {
                settled.held.insert(format!("sfz: {opcode}_oncc (as it stands at the start)"));
            }
            let written = opcodes.get(opcode).and_then(|text| text.parse::<f32>().ok());
            let sum = match (follows, written) {
                (Follows::Product, _) => {
                    settled.gain *= (depth / 100.0 * share).max(0.0);
                    continue;
                }
                (Follows::Cents, None) => continue,
                (Follows::Cents, Some(hz)) => hz * (depth * share / 1200.0).exp2(),
                (Follows::Sum(rest), written) => written.unwrap_or(rest) + depth * share,
            };
            opcodes.insert(opcode.to_string(), sum.to_string());
        }
        settled
    }

    /// A region that fades in and out with a controller.
    pub fn fading(&self, number: &str, fade: Fade) -> Option<Following> {
        let controller = number.parse().ok().filter(|number| *number < FIRST_OF_NOTES)?;
        let rest = self.stand.get(&controller).copied().unwrap_or(0.0);
        let (opcode, controller) = ("amplitude".to_string(), controller as u8);
        Some(Following { opcode, controller, rest, response: Response::Fade(fade), depth: 100.0 })
    }

    /// What a curve makes of where a controller stands; one that nobody draws is straight.
    fn response(&self, curve: u16) -> Response {
        let drawn = || self.curves.get(&curve).copied().map_or(Response::Linear, Response::Drawn);
        Response::numbered(curve).unwrap_or_else(drawn)
    }
}

/// Volume and expression: what a keyboard sends is followed by every sound.
const OF_KEYBOARD: [u16; 2] = [7, 11];

/// The controller of a keyboard that moves every sound between left and right.
const PAN_OF_KEYBOARD: u16 = 10;

/// Whether an opcode follows a controller while a note sounds, or from note to note.
fn moves(opcode: &str, controller: u16) -> bool {
    match opcode {
        "amplitude" | "volume" => !OF_KEYBOARD.contains(&controller),
        "pan" => controller != PAN_OF_KEYBOARD,
        "tune" | "pitch" | "cutoff" | "width" | "resonance" | "amp_veltrack" | "fil_veltrack" | "cutoff2"
        | "resonance2" | "fil2_veltrack" | "offset" => true,
        _ if sfz_sources::may_follow(opcode) => true,
        _ => opcode.split_once('_').is_some_and(|(family, _)| match family {
            "ampeg" | "pitcheg" | "fileg" | "pitchlfo" | "fillfo" | "amplfo" => true,
            _ => is_numbered_lfo(family) || band(family).is_some(),
        }),
    }
}

/// The controllers of an instrument's zones where they do not rest as a keyboard's do, and the curves that they follow, as the
/// head of a file; with the curves, of which each is written once.
pub(crate) fn heading<'a>(manners: impl Iterator<Item = &'a Manner>) -> (String, Vec<Curve>) {
    let (mut rests, mut curves) = (BTreeMap::new(), Vec::new());
    for follow in manners.flat_map(|manner| manner.follows.iter()).filter(|follow| !follow.is_of_zone()) {
        rests.entry(u16::from(follow.controller)).or_insert(follow.rest);
        if let Response::Drawn(curve) = follow.response
            && !curves.contains(&curve)
        {
            curves.push(curve);
        }
    }
    let stands = Controllers::usual();
    rests.retain(|number, rest| stands.stand.get(number).copied().unwrap_or(0.0) != *rest);
    let mut text = String::new();
    if !rests.is_empty() {
        text += "<control>";
        rests
            .iter()
            .for_each(|(number, rest)| text += &format!(" set_hdcc{number}={}", written_number(*rest)));
        text += "\n";
    }
    for (index, curve) in (FIRST_CURVE..).zip(&curves) {
        text += &format!("<curve> curve_index={index}");
        curve.points().for_each(|(at, level)| text += &format!(" v{at:03}={}", written_number(level)));
        text += "\n";
    }
    (text, curves)
}

/// The opcodes that say what a zone follows; `curves` are those of [`heading`].
pub(crate) fn written(manner: &Manner, curves: &[Curve]) -> String {
    let mut line = String::new();
    let curve_of = |response: &Response| {
        let drawn = |curve: &Curve| Some(FIRST_CURVE + curves.iter().position(|it| it == curve)? as u16);
        let curve = match response {
            Response::Drawn(curve) => drawn(curve),
            plain => (0..FIRST_CURVE).find(|number| Response::numbered(*number) == Some(*plain)),
        };
        curve.filter(|curve| *curve > 0)
    };
    let products = sfz_sources::products(manner);
    for (number, (product, depth)) in (1..).zip(&products) {
        let Some(said) = sfz_sources::written_product(manner, product, *depth, number) else { continue };
        line += &said;
        for follow in product.iter().filter_map(|place| manner.follows.get(*place)) {
            line += &format!("var{number}_oncc{}=1 ", follow.controller);
            let curve = curve_of(&follow.response);
            curve
                .iter()
                .for_each(|curve| line += &format!("var{number}_curvecc{}={curve} ", follow.controller));
        }
    }
    let in_product = |place: usize| products.iter().any(|(product, _)| product.contains(&place));
    for (_, Follow { controller, response, moves, depth, .. }) in
        manner.follows.iter().enumerate().filter(|(at, follow)| !follow.is_of_zone() && !in_product(*at))
    {
        if let (Response::Fade(fade), Moves::Amplitude) = (response, moves) {
            let borders = [fade.rises.0, fade.rises.1, fade.falls.0, fade.falls.1];
            let said = FADES.iter().zip(borders).zip([0, 0, 127, 127]).filter(|((_, at), rest)| at != rest);
            said.for_each(|((name, at), _)| line += &format!("{name}cc{controller}={at} "));
            continue;
        }
        let said = match moves {
            Moves::Depth(place) => {
                let moved = manner.follows.get(usize::from(*place));
                moved.and_then(|moved| sfz_sources::written_depth(manner, moved, *depth))
            }
            _ => sfz_modulation::written_move(manner, *moves, depth / in_unit(*moves, 1.0)),
        };
        let Some((opcode, depth)) = said else { continue };
        line += &format!("{opcode}_oncc{controller}={} ", written_number(depth));
        if let Some(curve) = curve_of(response) {
            line += &format!("{opcode}_curvecc{controller}={curve} ");
        }
    }
    line
}

/// What an opcode lets follow the velocity of each note: `ampeg_attack` of `ampeg_vel2attack`.
pub(super) fn of_velocity(name: &str) -> Option<String> {
    if name == "pitch_veltrack" {
        return Some("tune".to_string());
    }
    let (family, part) = name.split_once('_')?;
    let part = part.strip_prefix("vel2").or(part.strip_prefix("velto"))?;
    let opcode = format!("{family}_{part}");
    let of_note = ["ampeg", "pitcheg", "fileg"].contains(&family) || band(family).is_some();
    // What sustains at full level has nothing to rise to.
    (of_note && opcode != "ampeg_sustain" && follows(&opcode).is_some()).then_some(opcode)
}

/// The number at the end of a name.
fn numbered(name: &str, prefix: &str) -> Option<u16> {
    name.strip_prefix(prefix)?.parse().ok()
}
