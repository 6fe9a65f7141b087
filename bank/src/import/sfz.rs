//! SFZ files: regions as zones. Opcodes that are not honoured are counted by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::files::Files;
use super::sfz_controllers::{self, Controllers, Following};
use super::sfz_modulation;
use super::sfz_sources;
use super::sfz_text::{Piece, Text, key_of};
use super::{Imported, Place, ToldInstrument, ToldZone, strike_if_all_wait, take_out_layers};
use crate::{Curve, Envelope, Fade, LateStart, Loop, Looping, Manner, OnRelease, Stereo, Turn};

/// Regions of a file.
const MOST_REGIONS: usize = 100_000;
/// Opcodes of a header.
const MOST_OPCODES: usize = 300;
/// Samples of a file that are missing and counted.
const MOST_FAILURES: usize = 10_000;

/// Opcodes that are honoured, or that say nothing of the sound.
const KNOWN: [&str; 71] = [
    "loprog",
    "hiprog",
    "sample",
    "key",
    "lokey",
    "hikey",
    "pitch_keycenter",
    "pitch_keytrack",
    "tune",
    "pitch",
    "transpose",
    "lovel",
    "hivel",
    "volume",
    "group_volume",
    "master_volume",
    "global_volume",
    "amplitude",
    "pan",
    "width",
    "position",
    "bend_up",
    "bend_down",
    "offset",
    "offset_random",
    "end",
    "loop_mode",
    "loopmode",
    "loop_type",
    "looptype",
    "loop_start",
    "loopstart",
    "loop_end",
    "loopend",
    "seq_length",
    "seq_position",
    "lorand",
    "hirand",
    "trigger",
    "rt_decay",
    "ampeg_delay",
    "ampeg_attack",
    "ampeg_hold",
    "ampeg_decay",
    "ampeg_sustain",
    "ampeg_release",
    "default_path",
    "note_offset",
    "octave_offset",
    "sw_last",
    "sw_lolast",
    "sw_hilast",
    "sw_down",
    "sw_default",
    "sw_lokey",
    "sw_hikey",
    "sw_label",
    "region_label",
    "group_label",
    "master_label",
    "global_label",
    "delay_beats_label",
    "amp_veltrack",
    "xfin_lovel",
    "xfin_hivel",
    "xfout_lovel",
    "xfout_hivel",
    "xfin_lokey",
    "xfin_hikey",
    "xfout_lokey",
    "xfout_hikey",
];

/// Names and values.
pub(super) type Opcodes = BTreeMap<String, String>;

/// Reads an SFZ file.
///
/// # Errors
/// Says why it cannot be read.
pub(super) fn import(path: &Path, files: &Files) -> Result<Imported, String> {
    let text = Text::read(path, files)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut import = Import {
        from: path.parent().unwrap_or(Path::new("")),
        files,
        imported: Imported {
            failed: text.failed.clone(),
            includes: text.included.clone(),
            ..Imported::default()
        },
        zones: Vec::new(),
        seen: 0,
        missing: BTreeSet::new(),
        control: Opcodes::new(),
        controllers: Controllers::read(&text.pieces),
        articulation: articulation(&text.pieces),
    };
    import.regions(&text.pieces);
    if import.seen == 0 {
        import.imported.failed.push(("the preset".to_string(), "has no region".to_string()));
    }
    let Import { mut imported, mut zones, missing, .. } = import;
    strike_if_all_wait(&mut zones);
    rouse_if_none_is_heard(&mut zones);
    // Of more layers than a note plays those go that wait for a controller.
    zones.sort_by_key(|zone| !zone.manner.follows.are_heard_at_rest());
    imported.leave_out("sfz: layer (a ninth sound of the same note)", take_out_layers(&mut zones));
    imported.failed.extend(missing.into_iter().take(MOST_FAILURES));
    if !zones.is_empty() {
        imported.instruments.push(ToldInstrument { name, zones });
    }
    Ok(imported)
}

struct Import<'a> {
    from: &'a Path,
    files: &'a Files,
    imported: Imported,
    zones: Vec<ToldZone>,
    /// Regions so far.
    seen: usize,
    missing: BTreeSet<(String, String)>,
    control: Opcodes,
    controllers: Controllers,
    /// The key switch that is played; the others' regions are left out.
    articulation: Option<i32>,
}

/// An instrument that is silent until a controller moves is heard as if it had moved.
fn rouse_if_none_is_heard(zones: &mut [ToldZone]) {
    if zones.iter().all(|zone| !zone.manner.follows.are_heard_at_rest()) {
        for zone in zones {
            let follows = &mut zone.manner.follows;
            *follows = follows.resting_at(&follows.where_loudest());
        }
    }
}

/// The key switch that a file begins with: the one that it says, else the first that it has.
fn articulation(pieces: &[Piece]) -> Option<i32> {
    let first = |wanted: &[&str]| {
        pieces.iter().find_map(|piece| match piece {
            Piece::Opcode(name, value) if wanted.contains(&name.as_str()) => key_of(value),
            _ => None,
        })
    };
    first(&["sw_default"]).or_else(|| first(&["sw_last", "sw_lolast", "sw_down"]))
}

impl Import<'_> {
    fn regions(&mut self, pieces: &[Piece]) {
        const LEVELS: [&str; 4] = ["global", "master", "group", "region"];
        let mut levels: [Opcodes; 4] = Default::default();
        // The level that opcodes belong to now; `None` in the control header, and in headers that are passed over.
        let mut at: Option<usize> = None;
        let mut in_control = false;
        for piece in pieces {
            match piece {
                Piece::Header(header) => {
                    self.region(&mut levels);
                    at = LEVELS.iter().position(|level| level == header);
                    in_control = header == "control";
                    match at {
                        Some(level) => levels[level..].iter_mut().for_each(Opcodes::clear),
                        None if in_control || header == "curve" => {}
                        None => self.imported.leave_out(format!("sfz: <{header}>"), 1),
                    }
                    if at == Some(3) {
                        // An empty region takes all from its group.
                        levels[3].insert(String::new(), String::new());
                    }
                }
                Piece::Opcode(name, value) => {
                    if let Some(level) = at {
                        if levels[level].len() < MOST_OPCODES {
                            levels[level].insert(name.clone(), value.clone());
                        }
                    } else if in_control {
                        self.control.insert(name.clone(), value.clone());
                        if !KNOWN.contains(&name.as_str())
                            && !name.starts_with("label_")
                            && !Controllers::sets(name)
                        {
                            self.imported.leave_out(format!("sfz: {name}"), 1);
                        }
                    }
                }
            }
        }
        self.region(&mut levels);
    }

    /// Ends a region, if one is open.
    fn region(&mut self, levels: &mut [Opcodes; 4]) {
        if levels[3].is_empty() {
            return;
        }
        self.seen += 1;
        if self.seen > MOST_REGIONS {
            levels[3].clear();
            return self.imported.leave_out("sfz: regions beyond the first 100,000", 1);
        }
        let mut all = Opcodes::new();
        for level in &*levels {
            all.extend(level.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        levels[3].clear();
        all.remove("");
        let region = Region { opcodes: all, shift: self.shift(), following: Vec::new() };
        if let Err(left_out) = self.zone(region) {
            self.imported.leave_out(left_out, 1);
        }
    }

    /// Semitones by which the keys of all regions are moved.
    fn shift(&self) -> i32 {
        let number =
            |name: &str| self.control.get(name).and_then(|text| text.parse::<i32>().ok()).unwrap_or(0);
        number("note_offset").clamp(-127, 127) + 12 * number("octave_offset").clamp(-10, 10)
    }

    /// Makes a zone of a region, or says why it has no place.
    fn zone(&mut self, mut region: Region) -> Result<(), String> {
        let Some(sample) = region.get("sample").filter(|sample| !sample.is_empty()) else { return Ok(()) };
        let sample = sample.to_string();
        if sample.starts_with('*') {
            return Err(format!("sfz: sample={sample}"));
        }
        self.has_place(&region)?;
        let settled = self.controllers.settle(&mut region.opcodes);
        region.following = settled.following;
        region.following.extend(self.fadings(&region));
        region.follow_velocity();
        settled.held.into_iter().for_each(|name| self.imported.leave_out(name, 1));
        for name in region.opcodes.keys() {
            if !is_known(name) {
                self.imported.leave_out(format!("sfz: {name}"), 1);
            }
        }
        if matches!(region.get("loop_mode").or(region.get("loopmode")), Some("loop_sustain")) {
            self.imported.leave_out("sfz: loop_mode=loop_sustain (goes on through the release)", 1);
        }
        if region.loop_type() == Some("backward") {
            self.imported.leave_out("sfz: loop_type=backward (is played forward)", 1);
        }
        let Some((keys, velocities)) = region.range("lokey", "hikey").zip(region.velocities()) else {
            return Err("sfz: region without keys".to_string());
        };
        let named = format!("{}{sample}", self.control.get("default_path").map_or("", String::as_str));
        match self.files.sound(self.from, &named) {
            Ok(file) => {
                let (root_midi, tells_root) = region.root();
                let mut manner = region.manner();
                // A keyboard's volume that is written as none is turned up before anybody plays.
                manner.gain_db += 20.0 * if settled.gain < 1e-3 { 1.0 } else { settled.gain }.log10();
                if let Some(left_out) = region.modulate(&mut manner) {
                    self.imported.leave_out(left_out, 1);
                }
                self.zones.push(ToldZone {
                    place: Place::File(file),
                    keys,
                    velocities,
                    root_midi,
                    tells_root,
                    manner,
                });
            }
            Err(astray) => {
                if self.missing.len() <= MOST_FAILURES {
                    self.missing.insert((format!("sample {named}"), astray.cause().to_string()));
                }
            }
        }
        Ok(())
    }

    /// Whether a region sounds when a key is struck, as the controllers and key switches stand at the start.
    fn has_place(&self, region: &Region) -> Result<(), String> {
        // Of notes that are the first and of those that are bound to others, Neume's are the first.
        if let Some(trigger) = region.get("trigger")
            && !["attack", "first", "release", "release_key"].contains(&trigger)
        {
            return Err(format!("sfz: trigger={trigger}"));
        }
        if region.get("end") == Some("-1") {
            return Err("sfz: end=-1".to_string());
        }
        let programs = region.number("loprog").unwrap_or(0.0)..=region.number("hiprog").unwrap_or(127.0);
        if !programs.contains(&0.0) {
            return Err("sfz: loprog (another program)".to_string());
        }
        let key = |name: &str| key_of(region.get(name)?);
        let one = key("sw_last").or(key("sw_down"));
        let low = one.or(key("sw_lolast")).or(key("sw_hilast"));
        let high = one.or(key("sw_hilast")).or(low);
        let is_switched = low
            .zip(high)
            .is_none_or(|(low, high)| self.articulation.is_some_and(|it| low <= it && it <= high));
        if !is_switched {
            return Err("sfz: sw_last (another articulation)".to_string());
        }
        for (name, value) in &region.opcodes {
            if cc(name, "on_locc").or(cc(name, "on_hicc")).is_some() {
                return Err(format!("sfz: {name}"));
            }
            let (low, high) = (cc(name, "locc"), cc(name, "hicc"));
            if let Some(number) = low.or(high) {
                let (stands, border) = (self.controllers.stands(number), value.parse().unwrap_or(0.0));
                if (low.is_some() && stands < border) || (high.is_some() && stands > border) {
                    return Err(format!("sfz: {name}"));
                }
            }
        }
        Ok(())
    }

    /// The controllers that fade a region in and out.
    fn fadings(&self, region: &Region) -> Vec<Following> {
        let of = |name: &str| FADES.iter().find_map(|fade| cc(name, &format!("{fade}cc")).map(String::from));
        let controllers: BTreeSet<String> = region.opcodes.keys().filter_map(|name| of(name)).collect();
        let fading = |number: &String| {
            let border = |name: &str| Some(region.number(name)?.clamp(0.0, 127.0) as u8);
            self.controllers.fading(number, region.fade(&format!("cc{number}"), border)?)
        };
        controllers.iter().filter_map(fading).collect()
    }
}

/// A point of the curve from velocity to level; the velocity follows.
const VELOCITY_POINT: &str = "amp_velcurve_";
/// What a decay or a release loses in its time, in dB: a factor of e⁻⁹, as in sfizz.
const FALL_DB: f32 = 78.172;

/// The shares of the times of decay and release in an SFZ that an envelope takes: in an SFZ every fall loses as much in its
/// time, wherever it ends.
pub(crate) fn fall_shares(envelope: &Envelope) -> [f32; 2] {
    [envelope.decay_db() / FALL_DB, Envelope::RELEASE_DB / FALL_DB]
}
/// Borders of a crossfade; what fades follows in the name.
pub(super) const FADES: [&str; 4] = ["xfin_lo", "xfin_hi", "xfout_lo", "xfout_hi"];

/// The number of an opcode that ends in one.
fn cc<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let number = name.strip_prefix(prefix)?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

fn is_known(name: &str) -> bool {
    KNOWN.contains(&name)
        || sfz_modulation::is_known(name)
        || sfz_sources::is_known(name)
        || FADES.iter().any(|fade| cc(name, &format!("{fade}cc")).is_some())
        || cc(name, "locc").is_some()
        || cc(name, "hicc").is_some()
        || cc(name, VELOCITY_POINT).is_some()
        || name.starts_with("label_")
}

/// A region with all that its group, master and global headers say.
pub(super) struct Region {
    opcodes: Opcodes,
    shift: i32,
    /// What follows controllers while a note sounds.
    pub(super) following: Vec<Following>,
}

impl Region {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.opcodes.get(name).map(String::as_str)
    }

    pub(super) fn is_followed(&self, opcode: &str) -> bool {
        self.following.iter().any(|it| it.opcode == opcode)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.opcodes.keys()
    }

    pub(super) fn number(&self, name: &str) -> Option<f32> {
        self.get(name)?.parse().ok().filter(|number: &f32| number.is_finite())
    }

    fn frames(&self, names: [&str; 2]) -> Option<u64> {
        let frames = self.number(names[0]).or(self.number(names[1]))?;
        (frames >= 0.0).then_some(frames as u64)
    }

    pub(super) fn key(&self, name: &str) -> Option<i32> {
        Some(key_of(self.get(name)?)? + self.shift)
    }

    /// The keys, both included; `None` where no key is served.
    fn range(&self, low: &str, high: &str) -> Option<(u8, u8)> {
        let key = self.key("key");
        let low = self.key(low).or(key).unwrap_or(0).max(0);
        let high = self.key(high).or(key).unwrap_or(127).min(127);
        (low <= high && high >= 0).then_some((low as u8, high as u8))
    }

    fn velocities(&self) -> Option<(u8, u8)> {
        let low = self.number("lovel").unwrap_or(0.0).clamp(0.0, 127.0) as u8;
        let high = self.number("hivel").unwrap_or(127.0).clamp(0.0, 127.0) as u8;
        (low <= high).then_some((low, high))
    }

    /// The key at which the sample sounds as recorded, and whether it is written.
    fn root(&self) -> (Option<f32>, bool) {
        if self.get("pitch_keycenter") == Some("sample") {
            return (None, false);
        }
        let told = self.key("pitch_keycenter").or(self.key("key"));
        (Some(told.unwrap_or(60) as f32), told.is_some())
    }

    /// What follows the velocity of each note.
    fn follow_velocity(&mut self) {
        let followed = self.opcodes.iter().filter_map(|(name, depth)| {
            let opcode = sfz_controllers::of_velocity(name)?;
            Some(Following::of_velocity(opcode, depth.parse().ok().filter(|depth: &f32| depth.is_finite())?))
        });
        self.following.extend(followed.collect::<Vec<_>>());
    }

    fn stereo(&self) -> Option<Stereo> {
        let share = |name: &str, rest: f32| self.number(name).unwrap_or(rest) / 100.0;
        let stereo = Stereo { width: share("width", 100.0), position: share("position", 0.0) };
        (stereo != Stereo::default()).then_some(stereo)
    }

    fn bend_semitones(&self) -> Option<(f32, f32)> {
        let (down, up) = Manner::USUAL_BEND;
        let semitones = |name: &str, rest: f32| self.number(name).map_or(rest, |cents| cents / 100.0);
        let bend = (semitones("bend_down", down), semitones("bend_up", up));
        (bend != Manner::USUAL_BEND).then_some(bend)
    }

    fn gain_db(&self) -> f32 {
        let volumes = ["volume", "group_volume", "master_volume", "global_volume"];
        let amplitude = self.number("amplitude").unwrap_or(100.0).max(0.0) / 100.0;
        volumes.iter().filter_map(|name| self.number(name)).sum::<f32>() + 20.0 * amplitude.max(1e-7).log10()
    }

    fn manner(&self) -> Manner {
        let number = |name: &str, rest: f32| self.number(name).unwrap_or(rest);
        let late_start = self.late_start();
        let start =
            self.frames(["offset", ""]).unwrap_or(0).saturating_sub(late_start.map_or(0, |late| late.frames));
        let end = self.frames(["end", ""]).map_or(u64::MAX, |end| end.saturating_add(1));
        let length = number("seq_length", 1.0).clamp(1.0, 1_000.0) as u16;
        let position = number("seq_position", 1.0).clamp(1.0, f32::from(length)) as u16 - 1;
        let chance = (number("lorand", 0.0), number("hirand", 1.0));
        Manner {
            gain_db: self.gain_db(),
            pan: number("pan", 0.0) / 100.0,
            tracking: number("pitch_keytrack", 100.0) / 100.0,
            tune_semitones: number("transpose", 0.0) + (number("tune", 0.0) + number("pitch", 0.0)) / 100.0,
            looping: self.looping(),
            span: (start > 0 || end < u64::MAX).then_some((start, end)),
            late_start,
            turn: (length > 1).then_some(Turn { position, length }),
            chance: (chance != (0.0, 1.0)).then_some(chance),
            envelope: self.envelope(),
            velocity_tracking: Some(number("amp_veltrack", 100.0) / 100.0),
            velocity_curve: self.velocity_curve(),
            one_shot: self.loop_mode() == Some("one_shot"),
            on_release: self.on_release(),
            key_fade: self.fade("key", |name| self.key(name).map(|key| key.clamp(0, 127) as u8)),
            velocity_fade: self.fade("vel", |name| Some(self.number(name)?.clamp(0.0, 127.0) as u8)),
            stereo: self.stereo(),
            bend_semitones: self.bend_semitones(),
            ..Manner::default()
        }
    }

    /// How far into its part a note begins: the part begins as early as controllers may take it, and no later than its loop.
    fn late_start(&self) -> Option<LateStart> {
        let lowest: f32 =
            self.following.iter().filter(|it| it.opcode == "offset").map(Following::lowest).sum();
        let offset = self.frames(["offset", ""]).unwrap_or(0);
        let random_frames = self.frames(["offset_random", ""]).unwrap_or(0);
        let behind_loop = match self.looping() {
            Looping::Over(given) => offset.saturating_sub(given.start_frames),
            _ => 0,
        };
        let frames = offset.min(-lowest.floor() as u64).max(behind_loop);
        (random_frames > 0 || behind_loop > 0 || self.is_followed("offset")).then_some(LateStart {
            frames,
            random_frames,
            rate_hz: 0,
        })
    }

    fn velocity_curve(&self) -> Option<Curve> {
        let points = self.opcodes.iter().filter_map(|(name, level)| {
            let velocity = cc(name, VELOCITY_POINT)?.parse().ok().filter(|velocity| *velocity < 128)?;
            Some((velocity, level.parse().ok()?))
        });
        Curve::through(points)
    }

    fn on_release(&self) -> Option<OnRelease> {
        let ignores_pedal = match self.get("trigger") {
            Some("release") => false,
            Some("release_key") => true,
            _ => return None,
        };
        Some(OnRelease { decay_db_per_sec: self.number("rt_decay").unwrap_or(0.0), ignores_pedal })
    }

    /// How it fades along the keys or the velocities, `along` being the end of the opcodes' names.
    fn fade(&self, along: &str, border: impl Fn(&str) -> Option<u8>) -> Option<Fade> {
        let given = |name: &str, rest: u8| border(&format!("{name}{along}")).unwrap_or(rest);
        let rises = (given(FADES[0], 0), given(FADES[1], 0));
        let falls = (given(FADES[2], 127), given(FADES[3], 127));
        (rises != (0, 0) || falls != (127, 127)).then_some(Fade { rises, falls })
    }

    fn loop_mode(&self) -> Option<&str> {
        self.get("loop_mode").or(self.get("loopmode"))
    }

    fn loop_type(&self) -> Option<&str> {
        self.get("loop_type").or(self.get("looptype"))
    }

    fn looping(&self) -> Looping {
        let start = self.frames(["loop_start", "loopstart"]);
        let end = self.frames(["loop_end", "loopend"]);
        match (self.loop_mode(), start, end) {
            (Some("no_loop" | "one_shot"), ..) => Looping::Never,
            (_, Some(start_frames), Some(last)) => {
                let end_frames = last.saturating_add(1);
                let is_mirrored = self.loop_type() == Some("alternate");
                Looping::Over(Loop { start_frames, end_frames, crossfade_frames: 0, is_mirrored })
            }
            // Without a word of loops the sample's own is played.
            (None, ..) => Looping::OfFile,
            // It is to sustain, so one that was found serves.
            _ => Looping::OfSound,
        }
    }

    fn envelope(&self) -> Option<Envelope> {
        let names =
            ["ampeg_delay", "ampeg_attack", "ampeg_hold", "ampeg_decay", "ampeg_sustain", "ampeg_release"];
        if names.iter().all(|name| self.get(name).is_none() && !self.is_followed(name)) {
            return None;
        }
        let [delay_secs, attack_secs, hold_secs, decay_secs, sustain, release_secs] =
            names.map(|name| self.number(name).unwrap_or(if name == "ampeg_sustain" { 100.0 } else { 0.0 }));
        let sustain_norm = sustain / 100.0;
        let envelope =
            Envelope { delay_secs, attack_secs, hold_secs, decay_secs, sustain_norm, release_secs };
        let [decay, release] = fall_shares(&envelope);
        Some(Envelope { decay_secs: decay_secs * decay, release_secs: release_secs * release, ..envelope })
    }
}
