//! The presets of a SoundFont as instruments. Samples that lie left and right of each other become one stereo sound.

use std::collections::{BTreeMap, HashSet};

use soundfont::raw::{Bag, Generator, Modulator, SampleHeader};

use super::generators::{Generators, number};
use super::modulators::{self, Modulators};
use super::{Imported, Member, Place, ToldInstrument, ToldZone, take_out_layers};
use crate::container::{Container, member_of, own_loop};
use crate::{Loop, Looping, Manner};

/// Zones of all presets together, whether they sound or not; what a file has beyond them is counted.
const MOST_ZONES: usize = 300_000;
/// The bank of drum kits.
const DRUM_BANK: u16 = 128;
/// A sample that is panned this far is one side of a pair; what is panned less stays where it is told.
const ASIDE: f32 = 0.9;
/// Sides of a pair are tuned this far apart at most, in semitones; together they take the mean.
const MOST_APART: f32 = 0.15;
/// A pair of samples is as loud as a mono one in the middle.
const STEREO_GAIN_DB: f32 = 3.0103;

/// Reads the lists of a SoundFont. Its samples become members that have yet to be listened to.
pub(crate) fn import(container: &Container) -> Imported {
    let mut import = Import { container, imported: Imported::default(), left: MOST_ZONES };
    let mut order: Vec<usize> = (0..container.font.hydra.preset_headers.len().saturating_sub(1)).collect();
    let headers = &container.font.hydra.preset_headers;
    order.sort_by_key(|&i| (headers[i].bank, headers[i].preset));
    let mut drums = BTreeMap::new();
    for i in order {
        import.preset(i, &mut drums);
    }
    import.members(&drums);
    let hydra = &container.font.hydra;
    let modulators = [&hydra.preset_modulators, &hydra.instrument_modulators];
    // The last of a list is no modulator but its end.
    let lists = modulators.map(|list| &list[..list.len().saturating_sub(1)]);
    for left_out in lists.into_iter().flatten().filter_map(modulators::left_out) {
        import.imported.leave_out(left_out, 1);
    }
    import.imported
}

struct Import<'a> {
    container: &'a Container,
    imported: Imported,
    /// Zones that may still be read.
    left: usize,
}

/// A zone before pairs are found.
struct Part {
    sample: usize,
    generators: Generators,
    modulators: Modulators,
    keys: (u8, u8),
    velocities: (u8, u8),
}

/// What a zone of a preset or an instrument says, or the global one of all.
struct Said {
    generators: Generators,
    modulators: Modulators,
}

impl Said {
    fn nothing() -> Said {
        Said { generators: Generators::of(&[]), modulators: Modulators::of(&[]) }
    }

    fn of(bag: usize, bags: &[Bag], generators: &[Generator], modulators: &[Modulator]) -> Said {
        let next = bags.get(bag + 1);
        let both =
            |of: fn(&Bag) -> u16| bags.get(bag).zip(next).map_or((0, 0), |(it, next)| (of(it), of(next)));
        // No zone has more than one of each kind.
        Said {
            generators: Generators::of(part(generators, both(|bag| bag.generator_id), 4 * number::COUNT)),
            modulators: Modulators::of(part(modulators, both(|bag| bag.modulator_id), usize::MAX)),
        }
    }

    fn over(self, global: &Said) -> Said {
        Said {
            generators: self.generators.over(&global.generators),
            modulators: self.modulators.over(&global.modulators),
        }
    }
}

impl Import<'_> {
    fn preset(&mut self, index: usize, drums: &mut BTreeMap<String, (bool, String)>) {
        let hydra = &self.container.font.hydra;
        let header = &hydra.preset_headers[index];
        let bags = bags(index, hydra.preset_headers.iter().map(|header| header.bag_id), &hydra.preset_bags);
        let mut global = Said::nothing();
        let mut parts = Vec::new();
        for (place, bag) in bags.enumerate() {
            if !self.may_go_on() {
                return;
            }
            let said = Said::of(bag, &hydra.preset_bags, &hydra.preset_generators, &hydra.preset_modulators);
            match said.generators.get(number::INSTRUMENT) {
                Some(instrument) => self.instrument(instrument as usize, &said.over(&global), &mut parts),
                None if place == 0 => global = said,
                None => self.imported.leave_out("sf2: zone without an instrument", 1),
            }
        }
        for part in &parts {
            for name in part.generators.left_out() {
                self.imported.leave_out(format!("sf2: {name}"), 1);
            }
        }
        let is_drum = header.bank == DRUM_BANK;
        let mut zones = self.zones(parts);
        self.imported.leave_out("sf2: layer (a ninth sound of the same note)", take_out_layers(&mut zones));
        for zone in &zones {
            if let Place::Member(member) = &zone.place {
                let held = drums.entry(member.clone()).or_insert((true, header.name.clone()));
                held.0 &= is_drum;
            }
        }
        if !zones.is_empty() {
            self.imported.instruments.push(ToldInstrument { name: header.name.trim().to_string(), zones });
        }
    }

    fn instrument(&mut self, index: usize, preset: &Said, parts: &mut Vec<Part>) {
        let hydra = &self.container.font.hydra;
        if index + 1 >= hydra.instrument_headers.len() {
            return self.imported.leave_out("sf2: instrument that the file lacks", 1);
        }
        let starts = hydra.instrument_headers.iter().map(|header| header.bag_id);
        let mut global = Said::nothing();
        for (place, bag) in bags(index, starts, &hydra.instrument_bags).enumerate() {
            if !self.may_go_on() {
                return;
            }
            let (bags, modulators) = (&hydra.instrument_bags, &hydra.instrument_modulators);
            let said = Said::of(bag, bags, &hydra.instrument_generators, modulators);
            let Some(sample) = said.generators.get(number::SAMPLE) else {
                if place == 0 {
                    global = said;
                } else {
                    self.imported.leave_out("sf2: zone without a sample", 1);
                }
                continue;
            };
            let said = said.over(&global);
            let both = |a: (u8, u8), b: (u8, u8)| Some((a.0.max(b.0), a.1.min(b.1))).filter(|r| r.0 <= r.1);
            let (own, of_preset) = (&said.generators, &preset.generators);
            let keys = both(own.range(number::KEYS), of_preset.range(number::KEYS));
            let velocities = both(own.range(number::VELOCITIES), of_preset.range(number::VELOCITIES));
            let (Some(keys), Some(velocities)) = (keys, velocities) else { continue };
            if sample as usize + 1 >= hydra.sample_headers.len() {
                self.imported.leave_out("sf2: sample that the file lacks", 1);
            } else {
                let modulators = said.modulators.over(&Modulators::standard()).plus(&preset.modulators);
                let generators = own.plus(of_preset).moved(&modulators.all_moved(keys, velocities));
                parts.push(Part { sample: sample as usize, generators, modulators, keys, velocities });
            }
        }
    }

    /// Whether one more zone may be read.
    fn may_go_on(&mut self) -> bool {
        if self.left == 0 {
            self.imported.not_honoured.insert("sf2: zones beyond the first 300,000".to_string(), 1);
            return false;
        }
        self.left -= 1;
        true
    }

    fn zones(&self, parts: Vec<Part>) -> Vec<ToldZone> {
        let mut paired = vec![false; parts.len()];
        let mut zones = Vec::with_capacity(parts.len());
        for i in 0..parts.len() {
            if paired[i] {
                continue;
            }
            // The other side lies beside it in every file that was ever seen; far away it is another layer.
            let near = (i + 1..parts.len().min(i + 65)).filter(|&j| !paired[j]);
            let other = near.into_iter().find(|&j| self.are_sides(&parts[i], &parts[j]));
            if let Some(j) = other {
                paired[j] = true;
            }
            let (left, right) = match other {
                Some(j) if parts[i].generators.pan() > 0.0 => (&parts[j], Some(&parts[i])),
                Some(j) => (&parts[i], Some(&parts[j])),
                None => (&parts[i], None),
            };
            zones.extend(self.zone(left, right));
        }
        zones
    }

    fn header(&self, sample: usize) -> &SampleHeader {
        &self.container.font.hydra.sample_headers[sample]
    }

    /// Whether two zones are the left and the right of one recording.
    fn are_sides(&self, a: &Part, b: &Part) -> bool {
        let (one, other) = (self.header(a.sample), self.header(b.sample));
        let (pan, other_pan) = (a.generators.pan(), b.generators.pan());
        let length = |header: &SampleHeader| f64::from(header.end.saturating_sub(header.start));
        let alike = length(one).min(length(other)) > 0.9 * length(one).max(length(other));
        (pan >= ASIDE && other_pan <= -ASIDE || pan <= -ASIDE && other_pan >= ASIDE)
            && a.sample != b.sample
            && a.generators.tracking() == b.generators.tracking()
            && (a.keys, a.velocities) == (b.keys, b.velocities)
            && one.sample_rate == other.sample_rate
            && one.sample_type.is_vorbis() == other.sample_type.is_vorbis()
            && (root_of(a, one) - root_of(b, other)).abs() < MOST_APART
            && alike
    }

    fn zone(&self, part: &Part, right: Option<&Part>) -> Option<ToldZone> {
        let (header, generators) = (self.header(part.sample), &part.generators);
        // Lengths of compressed samples are known only when they are decoded.
        let frames = match header.sample_type.is_vorbis() {
            true => i64::MAX / 4,
            false => i64::from(header.end) - i64::from(header.start),
        };
        let [start, end, loop_start, loop_end] = generators.moved_frames();
        let inside = |frame: i64| frame.clamp(0, frames.max(0)) as u64;
        let span = (start != 0 || end != 0).then(|| (inside(start), inside(frames + end)));
        let loops = matches!(generators.get(number::MODES), Some(1 | 3));
        let own = own_loop(header).filter(|_| loops).and_then(|own| {
            let start_frames = inside(own.start_frames as i64 + loop_start);
            let end_frames = inside(own.end_frames as i64 + loop_end);
            (start_frames < end_frames).then_some(Loop {
                start_frames,
                end_frames,
                crossfade_frames: 0,
                is_mirrored: false,
            })
        });
        let tracking = generators.tracking();
        let apart =
            right.map_or(0.0, |right| root_of(part, header) - root_of(right, self.header(right.sample)));
        let tune = tune_of(part, header) + apart / 2.0;
        let middle = generators.key_number().unwrap_or(part.keys.0 + (part.keys.1 - part.keys.0) / 2);
        let follows = part.modulators.follows(part.keys, part.velocities);
        let [modulation, vibrato] = generators.lfos(&follows);
        let base_db = generators.gain_db();
        let (level_db, velocity_curve) = part.modulators.level(base_db, part.keys, part.velocities);
        let stereo_db = if right.is_some() { STEREO_GAIN_DB } else { 0.0 };
        let mut manner = Manner {
            gain_db: level_db + generators.resonance_gain_db() + stereo_db,
            pan: if right.is_some() { 0.0 } else { generators.pan() },
            tracking,
            tune_semitones: tune,
            looping: own.map_or(Looping::Never, Looping::Over),
            span,
            envelope: Some(generators.envelope(middle)),
            velocity_tracking: Some(1.0),
            velocity_curve,
            filter: generators.filter(part.modulators.cutoff(part.keys, part.velocities), &follows),
            lfos: [modulation, vibrato, None],
            modulation_envelopes: [generators.modulation_envelope(middle, &follows), None],
            choke: generators.choke(),
            follows: follows.into(),
            ..Manner::default()
        };
        if let Some(key) = generators.key_number() {
            manner.tune_semitones += (f32::from(key) - key_of(part, header)) * tracking;
            manner.tracking = 0.0;
        }
        if let Some(velocity) = generators.velocity() {
            manner.gain_db += part.modulators.gain_db(base_db, part.keys, velocity) - level_db;
            (manner.velocity_tracking, manner.velocity_curve) = (Some(0.0), None);
        }
        Some(ToldZone {
            place: Place::Member(member_of(part.sample, right.map(|right| right.sample))),
            keys: part.keys,
            velocities: part.velocities,
            root_midi: Some(key_of(part, header)),
            tells_root: false,
            manner,
        })
    }

    /// Names every member: those of zones, and samples that no zone has.
    fn members(&mut self, drums: &BTreeMap<String, (bool, String)>) {
        let headers = &self.container.font.hydra.sample_headers;
        let headers = &headers[..headers.len().saturating_sub(1)];
        let used: HashSet<usize> = drums.keys().flat_map(|member| numbers(member)).collect();
        let lone = (0..headers.len()).filter(|i| !used.contains(i)).map(|i| member_of(i, None));
        let all: Vec<String> = drums.keys().cloned().chain(lone).collect();
        let mut members: Vec<Member> = all
            .into_iter()
            .filter_map(|member| {
                let name = headers.get(numbers(&member).next()?)?.name.trim();
                // The left side's name stands for both.
                let side = if member.contains('+') { ["(L)", "_L", "-L", " L"].as_slice() } else { &[] };
                let name = side.iter().find_map(|side| name.strip_suffix(side)).unwrap_or(name);
                let name = name.trim().to_string();
                let (is_drum, context) = drums.get(&member).cloned().unwrap_or_default();
                Some(Member { member, name, context, is_drum, sound: None })
            })
            .collect();
        members.sort_by_key(|member| numbers(&member.member).collect::<Vec<_>>());
        self.imported.members = members;
    }
}

fn numbers(member: &str) -> impl Iterator<Item = usize> {
    member.split('+').filter_map(|number| number.parse().ok())
}

/// The key at which a sample sounds as recorded, its tunings aside.
fn key_of(part: &Part, header: &SampleHeader) -> f32 {
    let key = part.generators.get(number::ROOT).filter(|key| (0..=127).contains(key));
    let own = if header.origpitch <= 127 { i32::from(header.origpitch) } else { 60 };
    key.unwrap_or(own) as f32
}

fn tune_of(part: &Part, header: &SampleHeader) -> f32 {
    part.generators.tune_semitones() + f32::from(header.pitchadj) / 100.0
}

fn root_of(part: &Part, header: &SampleHeader) -> f32 {
    key_of(part, header) - tune_of(part, header)
}

/// The bags of an entry of a list: from its own first to that of the next entry. Of a list that does not ascend there are
/// none.
fn bags(index: usize, starts: impl Iterator<Item = u16>, bags: &[Bag]) -> std::ops::Range<usize> {
    let mut starts = starts.skip(index).map(usize::from);
    let (first, last) = (starts.next().unwrap_or(0), starts.next().unwrap_or(0));
    // The last bag only ends the one before it.
    first..last.min(bags.len().saturating_sub(1)).max(first)
}

/// The part of a list that a bag names, of which at most so many count.
fn part<T>(list: &[T], (start, end): (u16, u16), most: usize) -> &[T] {
    let (start, end) = (usize::from(start), usize::from(end).min(list.len()));
    list.get(start..end.min(start.saturating_add(most))).unwrap_or(&[])
}
