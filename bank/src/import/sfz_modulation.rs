//! What the opcodes of a region say of its filter, its oscillators and envelopes, and of what silences it; and the opcodes
//! that say so of a zone.
//!
//! Where SFZ leaves numbers open they are taken as sfizz and ARIA take them: the resonance is the quality factor in
//! decibels, oscillators are triangles, and `off_mode=fast` is 6 ms.

use std::collections::BTreeMap;

use super::sfz::Region;
use crate::export::number;
use crate::{Choke, Depths, Filter, FilterKind, Follows, Lfo, Manner, ModulationEnvelope, Moves, Restrike};

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
const FILTER: [&str; 6] =
    ["cutoff", "resonance", "fil_type", "fil_keytrack", "fil_keycenter", "fil_veltrack"];
const ENVELOPES: [&str; 2] = ["pitcheg", "fileg"];
const STAGES: [&str; 7] = ["delay", "attack", "hold", "decay", "sustain", "release", "depth"];
const LFOS: [&str; Manner::MOST_LFOS] = ["pitchlfo", "fillfo", "amplfo"];
pub(super) const OF_LFO: [&str; 4] = ["freq", "delay", "fade", "depth"];
pub(super) const OF_NUMBERED_LFO: [&str; 6] = ["freq", "delay", "fade", "pitch", "volume", "cutoff"];
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
    FILTER.contains(&name)
        || CHOKE.contains(&name)
        || of(&ENVELOPES, &STAGES)
        || of(&LFOS, &OF_LFO)
        || is_of_numbered_lfo()
}

/// Whether this is `lfo01`.
pub(super) fn is_numbered_lfo(family: &str) -> bool {
    family.strip_prefix("lfo").is_some_and(|number| number.parse::<u16>().is_ok())
}

impl Region {
    /// Takes what moves the region into its manner. Gives what has to be left out.
    pub(super) fn modulate(&self, manner: &mut Manner) -> Option<String> {
        let kind = self.get("fil_type").unwrap_or("lpf_2p");
        let known = FILTER_TYPES.iter().find(|(name, ..)| *name == kind);
        let cutoff_hz = self.number("cutoff").filter(|hz| *hz > 0.0);
        manner.filter =
            cutoff_hz.zip(known).map(|(cutoff_hz, &(_, kind, stages))| self.filter(kind, stages, cutoff_hz));
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
        let crowded = self.add_numbered_lfos(&mut manner.lfos, &mut places);
        manner.follows = self.follows(manner, &places);
        manner.choke = self.choke();
        crowded
            .then(|| "sfz: lfoN (a fourth oscillator)".to_string())
            .or((cutoff_hz.is_some() && known.is_none()).then(|| format!("sfz: fil_type={kind}")))
    }

    /// What follows controllers, but for what is not there to be moved. `places` are those of the oscillators.
    fn follows(&self, manner: &Manner, places: &BTreeMap<String, u8>) -> Follows {
        let moves = |opcode: &str| match opcode {
            "amplitude" => Some(Moves::Amplitude),
            "volume" => Some(Moves::GainDb),
            "cutoff" => manner.filter.map(|_| Moves::CutoffCents),
            "tune" | "pitch" => Some(Moves::PitchCents),
            _ => {
                let (family, part) = opcode.split_once('_')?;
                let place = *places.get(family)?;
                manner.lfos.get(usize::from(place)).copied().flatten()?;
                match (family, part) {
                    ("pitchlfo", _) | (_, "pitch") => Some(Moves::LfoPitchCents(place)),
                    ("fillfo", _) | (_, "cutoff") => Some(Moves::LfoCutoffCents(place)),
                    _ => Some(Moves::LfoGainDb(place)),
                }
            }
        };
        let all = self.following.iter().filter_map(|it| Some(it.moving(moves(&it.opcode)?)));
        all.collect::<Vec<_>>().into()
    }

    fn is_followed(&self, opcode: &str) -> bool {
        self.following.iter().any(|it| it.opcode == opcode)
    }

    fn filter(&self, kind: FilterKind, stages: u8, cutoff_hz: f32) -> Filter {
        let number = |name: &str| self.number(name).unwrap_or(0.0);
        Filter {
            kind,
            stages,
            cutoff_hz,
            resonance_db: number("resonance"),
            key_tracking_cents: number("fil_keytrack"),
            key_center: self.key("fil_keycenter").unwrap_or(60).clamp(0, 127) as u8,
            velocity_tracking_cents: number("fil_veltrack"),
        }
    }

    fn envelope_of(&self, family: &str, depths: Depths) -> Option<ModulationEnvelope> {
        let number = |stage: &str, rest: f32| self.number(&format!("{family}_{stage}")).unwrap_or(rest);
        (!depths.are_none()).then(|| ModulationEnvelope {
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
        let lfo =
            Lfo { freq_hz: number("freq"), delay_secs: number("delay"), fade_secs: number("fade"), depths };
        // An oscillator that stands still stands in the middle.
        let moves = !depths.are_none() || self.is_followed(&format!("{family}_depth"));
        (moves && lfo.freq_hz > 0.0).then_some(lfo)
    }

    /// Adds oscillators that have a number for a name and may move several things; all are triangles. `places` learns where
    /// they are. Gives whether one found no room.
    fn add_numbered_lfos(
        &self,
        lfos: &mut [Option<Lfo>; Manner::MOST_LFOS],
        places: &mut BTreeMap<String, u8>,
    ) -> bool {
        let mut crowded = false;
        for name in self.names() {
            // The frequency tells that there is one: it stands still without.
            let Some(family) = name.strip_suffix("_freq").filter(|family| is_numbered_lfo(family)) else {
                continue;
            };
            let number = |part: &str| self.number(&format!("{family}_{part}")).unwrap_or(0.0);
            let depths = Depths {
                pitch_cents: number("pitch"),
                cutoff_cents: number("cutoff"),
                gain_db: number("volume"),
            };
            let freq_hz = number("freq");
            let is_followed = ["pitch", "cutoff", "volume"]
                .iter()
                .any(|part| self.is_followed(&format!("{family}_{part}")));
            if depths.are_none() && !is_followed || freq_hz <= 0.0 {
                continue;
            }
            let lfo = Lfo { freq_hz, delay_secs: number("delay"), fade_secs: number("fade"), depths };
            match lfos.iter().position(Option::is_none) {
                Some(place) => {
                    lfos[place] = Some(lfo);
                    // Of one that is nowhere else.
                    places.retain(|_, other| usize::from(*other) != place);
                    places.insert(family.to_string(), place as u8);
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

/// The opcodes that say what moves and silences a zone. SFZ has an envelope and an oscillator for each thing that is moved,
/// so one that moves two is written twice, of two that move one the first; a curved attack becomes a straight one.
pub(crate) fn written(manner: &Manner) -> String {
    let mut line = Line::default();
    manner.filter.iter().for_each(|filter| line.filter(filter));
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

    fn filter(&mut self, filter: &Filter) {
        // Where nothing is written, it is the first of all.
        let of_type =
            |(_, kind, stages): &(&str, FilterKind, u8)| (*kind, *stages) == (filter.kind, filter.stages);
        if let Some(at) = FILTER_TYPES.iter().position(of_type).filter(|at| *at > 0) {
            let (name, ..) = FILTER_TYPES[at];
            self.0 += &format!("fil_type={name} ");
        }
        self.say("cutoff", filter.cutoff_hz, 0.0);
        self.say("resonance", filter.resonance_db, 0.0);
        self.say("fil_keytrack", filter.key_tracking_cents, 0.0);
        self.say("fil_keycenter", f32::from(filter.key_center), 60.0);
        self.say("fil_veltrack", filter.velocity_tracking_cents, 0.0);
    }

    fn envelopes(&mut self, manner: &Manner) {
        let moved: [fn(Depths) -> f32; 2] = [|depths| depths.pitch_cents, |depths| depths.cutoff_cents];
        for (family, depth) in ENVELOPES.iter().zip(moved) {
            let mut all = manner.modulation_envelopes.iter().flatten();
            let Some(envelope) = all.find(|it| depth(it.depths) != 0.0) else { continue };
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

    fn lfos(&mut self, manner: &Manner) {
        let moved: [fn(Depths) -> f32; Manner::MOST_LFOS] =
            [|depths| depths.pitch_cents, |depths| depths.cutoff_cents, |depths| depths.gain_db];
        let followed: [fn(u8) -> Moves; Manner::MOST_LFOS] =
            [Moves::LfoPitchCents, Moves::LfoCutoffCents, Moves::LfoGainDb];
        for ((family, depth), followed) in LFOS.iter().zip(moved).zip(followed) {
            let is_followed = |place| manner.follows.iter().any(|follow| follow.moves == followed(place));
            let mut lfos = (0..).zip(&manner.lfos).filter_map(|(place, lfo)| Some((place, lfo.as_ref()?)));
            let said = lfos.find(|(place, lfo)| depth(lfo.depths) != 0.0 || is_followed(*place));
            let Some((_, lfo)) = said else { continue };
            let parts = [lfo.freq_hz, lfo.delay_secs, lfo.fade_secs, depth(lfo.depths)];
            OF_LFO
                .iter()
                .zip(parts)
                .for_each(|(part, value)| self.say(&format!("{family}_{part}"), value, 0.0));
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
