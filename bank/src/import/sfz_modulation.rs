//! What the opcodes of a region say of its filter, its oscillators and envelopes, and of what silences it; and the opcodes
//! that say so of a zone.
//!
//! Where SFZ leaves numbers open they are taken as sfizz and ARIA take them: the resonance is the quality factor in
//! decibels, oscillators are triangles, and `off_mode=fast` is 6 ms.

use std::collections::BTreeMap;

use super::sfz::{Region, fall_shares};
use super::sfz_controllers;
use super::sfz_sources;
use crate::export::number;
use crate::{
    Band, Choke, Depths, Envelope, Filter, FilterKind, Follow, Follows, Lfo, Manner, ModulationEnvelope,
    Moves, Onset, Restrike, Stage, Wave,
};

/// How fast a region is silenced where it says nothing else.
pub(super) const FAST_SECS: f32 = 0.006;

/// Types of filters that are honoured, and how often each is passed; of those that mean the same, the first is written.
const FILTER_TYPES: [(&str, FilterKind, u8); 16] = [
    ("lpf_2p", FilterKind::LowPass, 1),
    ("hpf_2p", FilterKind::HighPass, 1),
    ("bpf_2p", FilterKind::BandPass, 1),
    ("brf_2p", FilterKind::BandReject, 1),
    ("lpf_1p", FilterKind::LowPassOnePole, 1),
    ("hpf_1p", FilterKind::HighPassOnePole, 1),
    ("lpf_4p", FilterKind::LowPass, 2),
    ("hpf_4p", FilterKind::HighPass, 2),
    ("bpf_4p", FilterKind::BandPass, 2),
    ("lpf_6p", FilterKind::LowPass, 3),
    ("hpf_6p", FilterKind::HighPass, 3),
    ("bpf_6p", FilterKind::BandPass, 3),
    ("lpf_2p_sv", FilterKind::LowPass, 1),
    ("hpf_2p_sv", FilterKind::HighPass, 1),
    ("bpf_2p_sv", FilterKind::BandPass, 1),
    ("brf_2p_sv", FilterKind::BandReject, 1),
];
/// What is said of the filter, and of the one behind it.
const FILTERS: [[&str; 6]; 2] = [
    ["cutoff", "resonance", "fil_type", "fil_keytrack", "fil_keycenter", "fil_veltrack"],
    ["cutoff2", "resonance2", "fil2_type", "fil2_keytrack", "fil2_keycenter", "fil2_veltrack"],
];
const ENVELOPES: [&str; 2] = ["pitcheg", "fileg"];
const STAGES: [&str; 7] = ["delay", "attack", "hold", "decay", "sustain", "release", "depth"];
const LFOS: [&str; Manner::MOST_LFOS] = ["pitchlfo", "fillfo", "amplfo"];
pub(super) const OF_LFO: [&str; 4] = ["freq", "delay", "fade", "depth"];
pub(super) const OF_NUMBERED_LFO: [&str; 7] = ["freq", "delay", "fade", "phase", "pitch", "volume", "cutoff"];
/// Of a band of the equalizer.
pub(super) const OF_BAND: [&str; 3] = ["freq", "bw", "gain"];
/// Where bands lie that say nothing of it.
const BANDS_HZ: [f32; Manner::MOST_BANDS] = [50.0, 500.0, 5_000.0];
const CHOKE: [&str; 6] = ["group", "off_by", "off_mode", "off_time", "note_polyphony", "note_selfmask"];

/// Whether an opcode is honoured here.
pub(super) fn is_known(name: &str) -> bool {
    let of = |families: &[&str], parts: &[&str]| {
        name.split_once('_').is_some_and(|(family, part)| families.contains(&family) && parts.contains(&part))
    };
    let is_of_numbered_lfo = || {
        name.split_once('_')
            .is_some_and(|(family, part)| is_numbered_lfo(family) && OF_NUMBERED_LFO.contains(&part))
    };
    FILTERS.as_flattened().contains(&name)
        || CHOKE.contains(&name)
        || of(&ENVELOPES, &STAGES)
        || of(&LFOS, &OF_LFO)
        || is_of_numbered_lfo()
        || name.split_once('_').is_some_and(|(family, part)| {
            is_numbered_lfo(family) && part == "wave" || band(family).is_some() && OF_BAND.contains(&part)
        })
        || sfz_controllers::of_velocity(name).is_some()
}

/// The band of the equalizer that is called so, counted from 0.
pub(super) fn band(family: &str) -> Option<usize> {
    let number: usize = family.strip_prefix("eq")?.parse().ok()?;
    (1..=Manner::MOST_BANDS).contains(&number).then(|| number - 1)
}

/// What this part of an envelope is.
fn stage(part: &str) -> Option<Stage> {
    let stages = [Stage::Delay, Stage::Attack, Stage::Hold, Stage::Decay, Stage::Sustain, Stage::Release];
    STAGES.iter().zip(stages).find(|(name, _)| **name == part).map(|(_, stage)| stage)
}

/// Whether this is `lfo01`.
pub(super) fn is_numbered_lfo(family: &str) -> bool {
    family.strip_prefix("lfo").is_some_and(|number| number.parse::<u16>().is_ok())
}

impl Region {
    /// Takes what moves the region into its manner. Gives what has to be left out.
    pub(super) fn modulate(&self, manner: &mut Manner) -> Option<String> {
        let filters = FILTERS.map(|names| self.filter(names));
        let strange_filter = filters.iter().find_map(|it| it.clone().err());
        [manner.filter, manner.second_filter] = filters.map(Result::unwrap_or_default);
        let [pitch, filter] = ENVELOPES.map(|family| self.number(&format!("{family}_depth")).unwrap_or(0.0));
        let pitch = Depths { pitch_cents: pitch, ..Depths::default() };
        let filter = Depths { cutoff_cents: filter, ..Depths::default() };
        manner.modulation_envelopes =
            [self.envelope_of(ENVELOPES[0], pitch), self.envelope_of(ENVELOPES[1], filter)];
        manner.lfos = LFOS.map(|family| self.lfo(family));
        let mut places: BTreeMap<String, u8> = LFOS.map(String::from).into_iter().zip(0..).collect();
        if manner.filter.is_none() {
            // Nothing is there for them to move.
            manner.modulation_envelopes[1] = None;
            manner.lfos[1] = None;
        }
        let (envelopes, many_envelopes) = self.point_envelopes();
        let (numbers, envelopes): (Vec<u16>, Vec<_>) = envelopes.into_iter().unzip();
        manner.point_envelopes = envelopes;
        if manner.point_envelopes.iter().any(|it| it.ends_note) {
            manner.envelope = Some(Envelope::OPEN);
        }
        let crowded = self.add_numbered_lfos(&mut manner.lfos, &mut places);
        manner.bands = std::array::from_fn(|place| self.band(place));
        manner.follows = self.follows(manner, &places, &numbers);
        manner.choke = self.choke();
        crowded
            .then(|| "sfz: lfoN (a fourth oscillator)".to_string())
            .or(many_envelopes.then(|| "sfz: egN (a fifth envelope)".to_string()))
            .or(strange_filter)
            .or(self.strange_wave().map(|wave| format!("sfz: lfoN_wave={wave}")))
    }

    /// A band of the equalizer, unless it leaves everything as it is.
    fn band(&self, place: usize) -> Option<Band> {
        let name = |part: &str| format!("eq{}_{part}", place + 1);
        let number = |part: &str, rest: f32| self.number(&name(part)).unwrap_or(rest);
        let band = Band {
            freq_hz: number("freq", BANDS_HZ[place]),
            octaves: number("bw", 1.0),
            gain_db: number("gain", 0.0),
        };
        let moves = self.is_followed(&name("gain")) || sfz_sources::are_moving(self, &name("gain"));
        (band.gain_db != 0.0 || moves).then_some(band)
    }

    /// What follows controllers, velocity and the zone's own envelopes, but for what is not there to be moved. `places` are those
    /// of the oscillators, `numbers` those of the envelopes.
    fn follows(&self, manner: &Manner, places: &BTreeMap<String, u8>, numbers: &[u16]) -> Follows {
        // In a file every fall loses as much in its time, wherever it ends.
        let [decay, release] = manner.envelope.map_or([1.0; 2], |envelope| fall_shares(&envelope));
        let is_ended = manner.point_envelopes.iter().any(|it| it.ends_note);
        let followed = self.following.iter().filter_map(|it| {
            let follow = it.moving(moves(&it.opcode, manner, places)?);
            let share = match follow.moves {
                Moves::Onset(Onset::Envelope(_)) if is_ended => return None,
                Moves::Onset(Onset::Envelope(Stage::Decay)) => decay,
                Moves::Onset(Onset::Envelope(Stage::Release)) => release,
                _ => 1.0,
            };
            Some(Follow { depth: follow.depth * share, ..follow })
        });
        let mut followed: Vec<Follow> = followed.collect();
        self.add_moved(&mut followed, numbers, manner, places);
        followed.into()
    }

    /// The number of a form of an oscillator that is none of Neume's; it is a triangle.
    fn strange_wave(&self) -> Option<&str> {
        let is_strange = |name: &&String| {
            name.strip_suffix("_wave").is_some_and(is_numbered_lfo) && self.wave(name).is_none()
        };
        self.get(self.names().find(is_strange)?)
    }

    fn wave(&self, name: &str) -> Option<Wave> {
        let number = self.number(name).unwrap_or(0.0);
        Wave::ALL.iter().zip(0u8..).find(|(_, at)| f32::from(*at) == number).map(|(wave, _)| *wave)
    }

    /// A filter, if there is one; or what it is called that Neume has none of.
    fn filter(&self, names: [&str; 6]) -> Result<Option<Filter>, String> {
        let [cutoff, resonance, of_type, key_tracking, key_center, velocity_tracking] = names;
        let Some(cutoff_hz) = self.number(cutoff).filter(|hz| *hz > 0.0) else { return Ok(None) };
        let said = self.get(of_type).unwrap_or("lpf_2p");
        let known = FILTER_TYPES.iter().find(|(name, ..)| *name == said);
        let (_, kind, stages) = *known.ok_or_else(|| format!("sfz: {of_type}={said}"))?;
        let number = |name: &str| self.number(name).unwrap_or(0.0);
        Ok(Some(Filter {
            kind,
            stages,
            cutoff_hz,
            resonance_db: number(resonance),
            key_tracking_cents: number(key_tracking),
            key_center: self.key(key_center).unwrap_or(60).clamp(0, 127) as u8,
            velocity_tracking_cents: number(velocity_tracking),
        }))
    }

    fn envelope_of(&self, family: &str, depths: Depths) -> Option<ModulationEnvelope> {
        let number = |stage: &str, rest: f32| self.number(&format!("{family}_{stage}")).unwrap_or(rest);
        let moves = !depths.are_none() || self.is_followed(&format!("{family}_depth"));
        moves.then(|| ModulationEnvelope {
            delay_secs: number("delay", 0.0),
            attack_secs: number("attack", 0.0),
            convex_attack: false,
            hold_secs: number("hold", 0.0),
            decay_secs: number("decay", 0.0),
            sustain_norm: number("sustain", 100.0) / 100.0,
            release_secs: number("release", 0.0),
            exponential_falls: true,
            depths,
        })
    }

    fn lfo(&self, family: &str) -> Option<Lfo> {
        let number = |part: &str| self.number(&format!("{family}_{part}")).unwrap_or(0.0);
        let depth = number("depth");
        let depths = match family {
            "pitchlfo" => Depths { pitch_cents: depth, ..Depths::default() },
            "fillfo" => Depths { cutoff_cents: depth, ..Depths::default() },
            _ => Depths { gain_db: depth, ..Depths::default() },
        };
        let lfo = Lfo {
            freq_hz: number("freq"),
            delay_secs: number("delay"),
            fade_secs: number("fade"),
            depths,
            ..Lfo::default()
        };
        // An oscillator that stands still stands in the middle.
        let moves = !depths.are_none() || self.is_followed(&format!("{family}_depth"));
        let turns = lfo.freq_hz > 0.0 || self.is_followed(&format!("{family}_freq"));
        (moves && turns).then_some(lfo)
    }

    /// Adds oscillators that have a number for a name and may move several things. `places` learns where they are. Gives whether one found no room.
    fn add_numbered_lfos(
        &self,
        lfos: &mut [Option<Lfo>; Manner::MOST_LFOS],
        places: &mut BTreeMap<String, u8>,
    ) -> bool {
        let mut crowded = false;
        // The frequency tells that there is one: it stands still without.
        let of_freq = |name: &'_ String| name.strip_suffix("_freq").map(String::from);
        let mut families: Vec<String> = self.names().filter_map(of_freq).collect();
        let followed = self.following.iter().filter(|it| it.controller != Follow::VELOCITY);
        families.extend(followed.filter_map(|it| of_freq(&it.opcode)));
        families.retain(|family| is_numbered_lfo(family));
        families.sort_unstable();
        families.dedup();
        for family in families {
            let number = |part: &str| self.number(&format!("{family}_{part}")).unwrap_or(0.0);
            let depths = Depths {
                pitch_cents: number("pitch"),
                cutoff_cents: number("cutoff"),
                gain_db: number("volume"),
            };
            let freq_hz = number("freq");
            let is_followed = |part: &str| self.is_followed(&format!("{family}_{part}"));
            let moves = !depths.are_none()
                || ["pitch", "cutoff", "volume"].into_iter().any(is_followed)
                || sfz_sources::moves_by_itself(self, &family);
            if !moves || freq_hz <= 0.0 && !is_followed("freq") {
                continue;
            }
            let lfo = Lfo {
                freq_hz,
                delay_secs: number("delay"),
                fade_secs: number("fade"),
                wave: self.wave(&format!("{family}_wave")).unwrap_or_default(),
                phase: number("phase").rem_euclid(1.0),
                depths,
            };
            match lfos.iter().position(Option::is_none) {
                Some(place) => {
                    lfos[place] = Some(lfo);
                    // Of one that is nowhere else.
                    places.retain(|_, other| usize::from(*other) != place);
                    places.insert(family, place as u8);
                }
                None => crowded = true,
            }
        }
        crowded
    }

    fn choke(&self) -> Option<Choke> {
        let group = |name: &str| self.get(name)?.parse::<i64>().ok().map(|group| group as u32);
        let choke = Choke {
            group: group("group").unwrap_or(0),
            off_by: group("off_by").unwrap_or(0),
            off_secs: match self.get("off_mode") {
                Some("normal") => None,
                Some("time") => Some(self.number("off_time").unwrap_or(FAST_SECS)),
                _ => Some(FAST_SECS),
            },
            // More than one note of a key at most is as good as no bound.
            restrike: match (self.number("note_polyphony"), self.get("note_selfmask")) {
                (Some(1.0), Some("off")) => Restrike::Silences,
                (Some(1.0), _) => Restrike::SilencesSofter,
                _ => Restrike::PassedOver,
            },
        };
        let is_any = (choke.group, choke.off_by, choke.restrike) != (0, 0, Restrike::PassedOver);
        is_any.then_some(choke)
    }
}

/// What an opcode moves in a zone, if that is there to be moved. `places` are those of the oscillators.
pub(super) fn moves(opcode: &str, manner: &Manner, places: &BTreeMap<String, u8>) -> Option<Moves> {
    let of_filter = |moves: Moves| manner.filter.map(|_| moves);
    let of_second = |moves: Moves| manner.second_filter.map(|_| moves);
    match opcode {
        "amplitude" => return Some(Moves::Amplitude),
        "volume" => return Some(Moves::GainDb),
        "tune" | "pitch" => return Some(Moves::PitchCents),
        "pan" => return Some(Moves::Pan),
        "width" => return Some(Moves::Width),
        "amp_veltrack" => return Some(Moves::Onset(Onset::VelocityTracking)),
        "offset" => return Some(Moves::Onset(Onset::StartFrames)),
        "cutoff" => return of_filter(Moves::CutoffCents),
        "resonance" => return of_filter(Moves::Onset(Onset::ResonanceDb)),
        "fil_veltrack" => return of_filter(Moves::Onset(Onset::VelocityToCutoffCents)),
        "cutoff2" => return of_second(Moves::SecondCutoffCents),
        "resonance2" => return of_second(Moves::Onset(Onset::SecondResonanceDb)),
        "fil2_veltrack" => return of_second(Moves::Onset(Onset::SecondVelocityToCutoffCents)),
        _ => {}
    }
    let (family, part) = opcode.split_once('_')?;
    if family == "ampeg" {
        return Some(Moves::Onset(Onset::Envelope(stage(part)?)));
    }
    if let Some(place) = ENVELOPES.iter().position(|it| *it == family) {
        manner.modulation_envelopes[place]?;
        let depth = [Moves::EnvelopePitchCents, Moves::EnvelopeCutoffCents][place];
        let place = place as u8;
        return match stage(part) {
            Some(stage) => Some(Moves::Onset(Onset::ModulationEnvelope(place, stage))),
            None => (part == "depth").then(|| depth(place)),
        };
    }
    if let Some(place) = band(family) {
        manner.bands[place]?;
        let moved = [Moves::BandFreqHz, Moves::BandOctaves, Moves::BandGainDb];
        return OF_BAND.iter().zip(moved).find(|(name, _)| **name == part).map(|(_, it)| it(place as u8));
    }
    if is_numbered_lfo(family) && !OF_NUMBERED_LFO.contains(&part) {
        return None;
    }
    let place = *places.get(family)?;
    manner.lfos.get(usize::from(place)).copied().flatten()?;
    match (family, part) {
        (_, "freq") => Some(Moves::LfoFreqHz(place)),
        (_, "delay") => Some(Moves::Onset(Onset::LfoDelaySecs(place))),
        (_, "fade") => Some(Moves::Onset(Onset::LfoFadeSecs(place))),
        (_, "phase") => Some(Moves::Onset(Onset::LfoPhase(place))),
        ("pitchlfo", _) | (_, "pitch") => Some(Moves::LfoPitchCents(place)),
        ("fillfo", _) | (_, "cutoff") => Some(Moves::LfoCutoffCents(place)),
        _ => Some(Moves::LfoGainDb(place)),
    }
}

/// The opcode of a zone that something moves, and how far, by what it is `depth` for here; `None` where none says so.
pub(super) fn written_move(manner: &Manner, moves: Moves, depth: f32) -> Option<(String, f32)> {
    let of_lfo = |place: u8, part: &str| {
        manner.lfos.get(usize::from(place)).copied().flatten()?;
        Some(format!("lfo{}_{part}", place + 1))
    };
    let of_band = |place: u8, part: usize| Some(format!("eq{}_{}", place + 1, OF_BAND[part]));
    // Envelopes are written by what they move, whatever their place.
    let of_envelope = |place: u8, part: &str| {
        let envelope = manner.modulation_envelopes.get(usize::from(place)).copied().flatten()?;
        let opens = |it: &Follow| it.moves == Moves::EnvelopeCutoffCents(place);
        let is_of_filter = envelope.depths.cutoff_cents != 0.0 || manner.follows.iter().any(opens);
        Some(format!("{}_{part}", ENVELOPES[usize::from(is_of_filter)]))
    };
    let name = |stage: Stage| STAGES[stage as usize];
    let [decay, release] = manner.envelope.map_or([1.0; 2], |envelope| fall_shares(&envelope));
    let mut depth = depth;
    let opcode = match moves {
        Moves::Amplitude => Some("amplitude".to_string()),
        Moves::GainDb => Some("volume".to_string()),
        Moves::PitchCents => Some("tune".to_string()),
        Moves::CutoffCents => Some("cutoff".to_string()),
        Moves::SecondCutoffCents => Some("cutoff2".to_string()),
        Moves::Pan => Some("pan".to_string()),
        Moves::Width => Some("width".to_string()),
        Moves::LfoPitchCents(place) => of_lfo(place, "pitch"),
        Moves::LfoCutoffCents(place) => of_lfo(place, "cutoff"),
        Moves::LfoGainDb(place) => of_lfo(place, "volume"),
        Moves::LfoFreqHz(place) => of_lfo(place, "freq"),
        Moves::EnvelopePitchCents(_) => Some(format!("{}_depth", ENVELOPES[0])),
        Moves::EnvelopeCutoffCents(_) => Some(format!("{}_depth", ENVELOPES[1])),
        Moves::BandFreqHz(place) => of_band(place, 0),
        Moves::BandOctaves(place) => of_band(place, 1),
        Moves::BandGainDb(place) => of_band(place, 2),
        Moves::Depth(_) => None,
        Moves::Onset(onset) => match onset {
            Onset::Envelope(stage) => {
                depth /= match stage {
                    Stage::Decay => decay.max(1e-3),
                    Stage::Release => release,
                    _ => 1.0,
                };
                Some(format!("ampeg_{}", name(stage)))
            }
            Onset::ModulationEnvelope(place, stage) => of_envelope(place, name(stage)),
            Onset::LfoDelaySecs(place) => of_lfo(place, "delay"),
            Onset::LfoFadeSecs(place) => of_lfo(place, "fade"),
            Onset::LfoPhase(place) => of_lfo(place, "phase"),
            Onset::VelocityTracking => Some("amp_veltrack".to_string()),
            Onset::ResonanceDb => Some("resonance".to_string()),
            Onset::VelocityToCutoffCents => Some("fil_veltrack".to_string()),
            Onset::SecondResonanceDb => Some("resonance2".to_string()),
            Onset::SecondVelocityToCutoffCents => Some("fil2_veltrack".to_string()),
            Onset::StartFrames => Some("offset".to_string()),
            Onset::PointSecs(place, point) => Some(format!("eg{}_time{point}", place + 1)),
            Onset::PointLevel(place, point) => Some(format!("eg{}_level{point}", place + 1)),
        },
    };
    opcode.map(|opcode| (opcode, depth))
}

/// The opcodes that say what moves and silences a zone. SFZ has an envelope for each thing that is moved, so one that moves
/// two is written twice, of two that move one the first; a curved attack becomes a straight one.
pub(crate) fn written(manner: &Manner) -> String {
    let mut line = Line::default();
    for (filter, names) in [manner.filter, manner.second_filter].iter().zip(FILTERS) {
        filter.iter().for_each(|filter| line.filter(filter, names));
    }
    line.bands(&manner.bands);
    line.envelopes(manner);
    line.lfos(manner);
    manner.choke.iter().for_each(|choke| line.choke(*choke));
    line.0
}

#[derive(Default)]
struct Line(String);

impl Line {
    /// Writes a number, unless it is the one that holds where nothing is written.
    fn say(&mut self, name: &str, value: f32, rest: f32) {
        if value != rest {
            self.0 += &format!("{name}={} ", number(value));
        }
    }

    fn filter(&mut self, filter: &Filter, names: [&str; 6]) {
        let [cutoff, resonance, kind, key_tracking, key_center, velocity_tracking] = names;
        // Where nothing is written, it is the first of all.
        let of_type =
            |(_, kind, stages): &(&str, FilterKind, u8)| (*kind, *stages) == (filter.kind, filter.stages);
        if let Some(at) = FILTER_TYPES.iter().position(of_type).filter(|at| *at > 0) {
            let (name, ..) = FILTER_TYPES[at];
            self.0 += &format!("{kind}={name} ");
        }
        self.say(cutoff, filter.cutoff_hz, 0.0);
        self.say(resonance, filter.resonance_db, 0.0);
        self.say(key_tracking, filter.key_tracking_cents, 0.0);
        self.say(key_center, f32::from(filter.key_center), 60.0);
        self.say(velocity_tracking, filter.velocity_tracking_cents, 0.0);
    }

    fn envelopes(&mut self, manner: &Manner) {
        let moved: [fn(Depths) -> f32; 2] = [|depths| depths.pitch_cents, |depths| depths.cutoff_cents];
        let followed: [fn(u8) -> Moves; 2] = [Moves::EnvelopePitchCents, Moves::EnvelopeCutoffCents];
        for ((family, depth), followed) in ENVELOPES.iter().zip(moved).zip(followed) {
            let is_followed = |place| manner.follows.iter().any(|follow| follow.moves == followed(place));
            let mut all =
                (0..).zip(&manner.modulation_envelopes).filter_map(|(at, it)| Some((at, it.as_ref()?)));
            let said = all.find(|(place, it)| depth(it.depths) != 0.0 || is_followed(*place));
            let Some((_, envelope)) = said else { continue };
            let stages = [
                envelope.delay_secs,
                envelope.attack_secs,
                envelope.hold_secs,
                envelope.decay_secs,
                100.0 * envelope.sustain_norm,
                envelope.release_secs,
                depth(envelope.depths),
            ];
            for (stage, value) in STAGES.iter().zip(stages) {
                let rest = if *stage == "sustain" { 100.0 } else { 0.0 };
                self.say(&format!("{family}_{stage}"), value, rest);
            }
        }
    }

    fn bands(&mut self, bands: &[Option<Band>; Manner::MOST_BANDS]) {
        for (at, band) in (1..).zip(bands) {
            let Some(Band { freq_hz, octaves, gain_db }) = *band else { continue };
            for (part, value, rest) in [("freq", freq_hz, 0.0), ("bw", octaves, 1.0), ("gain", gain_db, 0.0)]
            {
                self.say(&format!("eq{at}_{part}"), value, rest);
            }
        }
    }

    fn lfos(&mut self, manner: &Manner) {
        for (at, lfo) in (1..).zip(&manner.lfos) {
            let Some(lfo) = lfo else { continue };
            // Where none is written there is none.
            self.0 += &format!("lfo{at}_freq={} ", number(lfo.freq_hz));
            let wave = Wave::ALL.iter().position(|wave| *wave == lfo.wave).unwrap_or(0) as f32;
            let Depths { pitch_cents, cutoff_cents, gain_db } = lfo.depths;
            let parts = [
                ("delay", lfo.delay_secs),
                ("fade", lfo.fade_secs),
                ("wave", wave),
                ("phase", lfo.phase),
                ("pitch", pitch_cents),
                ("cutoff", cutoff_cents),
                ("volume", gain_db),
            ];
            parts.into_iter().for_each(|(part, value)| self.say(&format!("lfo{at}_{part}"), value, 0.0));
        }
    }

    fn choke(&mut self, choke: Choke) {
        for (name, group) in [("group", choke.group), ("off_by", choke.off_by)] {
            if group != 0 {
                self.0 += &format!("{name}={group} ");
            }
        }
        match choke.off_secs {
            None => self.0 += "off_mode=normal ",
            Some(FAST_SECS) => {}
            Some(secs) => self.0 += &format!("off_mode=time off_time={} ", number(secs)),
        }
        self.0 += match choke.restrike {
            Restrike::PassedOver => "",
            Restrike::SilencesSofter => "note_polyphony=1 ",
            Restrike::Silences => "note_polyphony=1 note_selfmask=off ",
        };
    }
}
