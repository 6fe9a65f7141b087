//! Where the controllers of an SFZ file stand before any of them has moved, and what the opcodes that follow them come to
//! then. Neume's sounds follow no controllers of files, so each is heard as it stands at the start.
//!
//! Curves and what follows by product or by sum are taken as sfizz takes them.

use std::collections::{BTreeMap, BTreeSet};

use super::sfz::Opcodes;
use super::sfz_modulation::{OF_LFO, OF_NUMBERED_LFO, is_numbered_lfo};
use super::sfz_text::Piece;
use crate::instrument::on_line;

/// From this number on it is each note that says where a controller stands: its velocity, its key, chance.
const FIRST_OF_NOTES: u16 = 128;
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
        "cutoff" => return Some(Follows::Cents),
        "amp_veltrack" | "ampeg_sustain" | "fileg_sustain" | "pitcheg_sustain" => {
            return Some(Follows::Sum(100.0));
        }
        "volume" | "pan" | "tune" | "pitch" | "resonance" | "fil_veltrack" | "fil_keytrack" | "offset" => {
            return Some(Follows::Sum(0.0));
        }
        _ => {}
    }
    let (family, part) = opcode.split_once('_')?;
    let of_envelope = ["delay", "attack", "hold", "decay", "release"].contains(&part);
    let is_so = match family {
        "ampeg" => of_envelope,
        "fileg" | "pitcheg" => of_envelope || part == "depth",
        "pitchlfo" | "fillfo" | "amplfo" => OF_LFO.contains(&part),
        _ if is_numbered_lfo(family) => OF_NUMBERED_LFO.contains(&part),
        _ => false,
    };
    is_so.then_some(Follows::Sum(0.0))
}

/// The opcode that follows a controller, and which: `cutoff_oncc1`, `cutoff_cc1`, `fileg_depthcc1`.
fn split(name: &str) -> Option<(&str, Follows, u16)> {
    let (opcode, number) = name.rsplit_once("cc")?;
    let number = number.parse().ok().filter(|number| *number < FIRST_OF_NOTES)?;
    let opcode = opcode.strip_suffix("_on").or(opcode.strip_suffix('_')).unwrap_or(opcode);
    Some((opcode, follows(opcode)?, number))
}

/// The controllers of a file.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    /// Where they stand, 0..1, by number.
    stand: BTreeMap<u16, f32>,
    /// From where a controller stands, 0..127, to what follows, by number.
    curves: BTreeMap<u16, Vec<(u8, f32)>>,
}

impl Controllers {
    pub fn read(pieces: &[Piece]) -> Controllers {
        let mut controllers = Controllers::default();
        // Volume, pan and expression as a keyboard sends them when it is switched on.
        controllers.stand.extend([(7, 100.0 / 127.0), (10, 0.5), (11, 1.0)]);
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

    fn add_curve(&mut self, index: Option<u16>, mut points: Vec<(u8, f32)>) {
        if points.is_empty() || self.curves.len() >= MOST_CURVES {
            return;
        }
        points.retain(|point| point.1.is_finite());
        points.extend([(0, 0.0), (127, 1.0)]);
        // What is written goes before the ends of a curve that says nothing of them.
        points.sort_by_key(|point| point.0);
        points.dedup_by_key(|point| point.0);
        let next = self.curves.last_key_value().map_or(FIRST_CURVE, |(last, _)| last.saturating_add(1));
        self.curves.insert(index.unwrap_or(next), points);
    }

    /// Whether an opcode of the control header says where one stands.
    pub fn sets(name: &str) -> bool {
        ["set_cc", "set_hdcc", "set_realcc"].iter().any(|prefix| numbered(name, prefix).is_some())
    }

    /// Where a controller stands, 0..127.
    pub fn stands(&self, number: &str) -> f32 {
        number.parse().map_or(0.0, |number: u16| 127.0 * self.stand.get(&number).copied().unwrap_or(0.0))
    }

    /// Replaces the opcodes that follow controllers by what they come to. Gives the gain that is left by those that fade the
    /// region, linear, and the names of what will not follow.
    pub fn settle(&self, opcodes: &mut Opcodes) -> (f32, BTreeSet<String>) {
        let (mut gain, mut held) = (1.0, BTreeSet::new());
        let following: Vec<(String, String)> = opcodes
            .iter()
            .filter(|(name, _)| split(name).is_some())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        for (name, value) in following {
            let Some((opcode, follows, number)) = split(&name) else { continue };
            opcodes.remove(&name);
            let curve = opcodes.remove(&format!("{opcode}_curvecc{number}"));
            for beside in ["smooth", "step"] {
                opcodes.remove(&format!("{opcode}_{beside}cc{number}"));
            }
            let Some(depth) = value.parse::<f32>().ok().filter(|depth| depth.is_finite()) else { continue };
            let share = self.share(number, curve.and_then(|curve| curve.parse().ok()).unwrap_or(0));
            held.insert(format!("sfz: {opcode}_oncc (as it stands at the start)"));
            let written = opcodes.get(opcode).and_then(|text| text.parse::<f32>().ok());
            let sum = match (follows, written) {
                (Follows::Product, _) => {
                    gain *= (depth / 100.0 * share).max(0.0);
                    continue;
                }
                (Follows::Cents, None) => continue,
                (Follows::Cents, Some(hz)) => hz * (depth * share / 1200.0).exp2(),
                (Follows::Sum(rest), written) => written.unwrap_or(rest) + depth * share,
            };
            opcodes.insert(opcode.to_string(), sum.to_string());
        }
        (gain, held)
    }

    /// What a curve makes of where a controller stands.
    fn share(&self, number: u16, curve: u16) -> f32 {
        let x = self.stand.get(&number).copied().unwrap_or(0.0);
        match curve {
            1 => 2.0 * x - 1.0,
            2 => 1.0 - x,
            3 => 1.0 - 2.0 * x,
            4 => x * x,
            5 => x.sqrt(),
            6 => (1.0 - x).sqrt(),
            _ => self.curves.get(&curve).map_or(x, |points| on_line(points, 127.0 * x)),
        }
    }
}

/// The number at the end of a name.
fn numbered(name: &str, prefix: &str) -> Option<u16> {
    name.strip_prefix(prefix)?.parse().ok()
}
