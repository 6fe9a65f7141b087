//! Sounds of a folder to instruments: files of one folder whose names differ only in note, velocity layer and round robin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::names::{Hints, Layer};
use crate::takes::MOST_COUNTED_LAYERS;
use crate::{Instrument, Manner, Placing, Sound, Turn, Zone};

/// A sound of a group.
#[derive(Debug, Clone, Copy)]
struct Member {
    position: usize,
    root_midi: Option<f32>,
    /// The note in its name; `None` where the group has none.
    key: Option<u8>,
    layer: Option<Layer>,
    turn: Option<u16>,
    placing: Placing,
}

/// Groups sounds by what their names say; `hints[i]` and `paths[i]` belong to `sounds[i]`, and those that are `taken`
/// belong to an instrument already. A sound whose root is unknown although its name has a note, and the second of two that
/// say the same, stay alone: they are left to [`crate::Bank::new`]. Where chunks say other keys or velocities of each,
/// those go before what names suggest. What lies in the folder of the `bank` itself may be called by it.
pub(crate) fn instruments(
    bank: &Path,
    sounds: &[Sound],
    paths: &[PathBuf],
    hints: &[Hints],
    taken: &[bool],
) -> Vec<Instrument> {
    let mut groups: BTreeMap<(&Path, &str), Vec<Member>> = BTreeMap::new();
    for (position, sound) in sounds.iter().enumerate() {
        let said = &hints[position];
        let Some(group) = said.group.as_deref().filter(|_| !taken[position]) else { continue };
        let folder = said.home.as_deref().or(paths[position].parent()).unwrap_or(Path::new(""));
        let (root_midi, layer, turn) = (sound.profile.root_midi, said.layer, said.turn);
        let has_note = group.contains('*');
        let key = root_midi.filter(|_| has_note).and_then(|root| named_key(said, root));
        if key.is_some() || !has_note {
            let member = Member { position, root_midi, key, layer, turn, placing: said.placing };
            groups.entry((folder, group)).or_default().push(member);
        }
    }
    let folder_of = |folder| if folder == Path::new("") { bank } else { folder };
    let instrument = |((folder, group), members)| {
        let (zones, is_told) = zones(members)?;
        Some(Instrument { name: shown(folder_of(folder), group), zones, is_told })
    };
    groups.into_iter().filter_map(instrument).collect()
}

/// The note in the name, by which the group is formed, if it is the root in the end.
fn named_key(hints: &Hints, root: f32) -> Option<u8> {
    let mut named = hints.root_midi.iter().chain(&hints.maybe_midi).copied();
    named.find(|&midi| (f32::from(midi) - root).abs() <= 0.5)
}

/// What chunks say counts where it differs from sound to sound: one range for all is the left-over of a template.
fn tell_apart(members: &mut [Member]) {
    let differ = |is_other: fn(&Placing, &Placing) -> bool| {
        members.windows(2).any(|pair| is_other(&pair[0].placing, &pair[1].placing))
    };
    let keys = differ(|a, b| a.keys != b.keys);
    let velocities = differ(|a, b| a.velocities != b.velocities);
    let gains = differ(|a, b| a.gain_db != b.gain_db);
    for member in members {
        let Placing { keys: on_keys, velocities: at_velocities, gain_db } = member.placing;
        member.placing = Placing {
            keys: on_keys.filter(|_| keys),
            velocities: at_velocities.filter(|_| velocities),
            gain_db: if gains { gain_db } else { 0 },
        };
        let loudest = member.placing.velocities.map(|(_, high)| Layer::Number(high));
        member.layer = member.layer.or(loudest);
    }
}

/// The zones, and whether it is chunks that say their keys.
fn zones(mut members: Vec<Member>) -> Option<(Vec<Zone>, bool)> {
    tell_apart(&mut members);
    let is_told = members.iter().any(|member| member.placing.keys.is_some());
    let place = |member: &Member| (member.layer, member.key, member.placing.keys, member.placing.velocities);
    members.sort_by_key(|member| (place(member), member.turn, member.position));
    members.dedup_by_key(|member| (place(member), member.turn));
    if members.len() < 2 {
        return None;
    }
    let mut zones = Vec::with_capacity(members.len());
    let mut layers: Vec<&[Member]> = members.chunk_by(|a, b| a.layer == b.layer).collect();
    from_soft_to_loud(&mut layers);
    let velocities = velocity_ranges(&layers.iter().map(|layer| layer[0].layer).collect::<Vec<_>>());
    for (layer, velocities) in layers.into_iter().zip(velocities) {
        let places: Vec<&[Member]> = layer.chunk_by(|a, b| a.key == b.key).collect();
        let keys: Vec<f32> = places.iter().filter_map(|place| place[0].key.map(f32::from)).collect();
        let ranges = if keys.is_empty() { vec![Zone::EVERY] } else { key_ranges(&keys) };
        for (place, keys) in places.into_iter().zip(ranges) {
            let is_one = |a: &Member, b: &Member| {
                (a.placing.keys, a.placing.velocities) == (b.placing.keys, b.placing.velocities)
            };
            for turns in place.chunk_by(is_one) {
                let zone = |(i, member)| zone(member, i, turns.len(), keys, velocities);
                zones.extend(turns.iter().enumerate().map(zone));
            }
        }
    }
    Some((zones, is_told))
}

/// From soft to loud. What has neither number nor dynamic is softer than `mf` and louder than `mp`, but the softest
/// beside numbers alone.
fn from_soft_to_loud(layers: &mut [&[Member]]) {
    let by_dynamics = layers.iter().any(|layer| matches!(layer[0].layer, Some(Layer::Dynamic(_))));
    let unsaid = if by_dynamics { Layer::Dynamic(4) } else { Layer::Number(0) };
    layers.sort_by_key(|layer| layer[0].layer.unwrap_or(unsaid));
}

fn zone(member: &Member, turn: usize, turns: usize, keys: (u8, u8), velocities: (u8, u8)) -> Zone {
    let root_midi = member.root_midi.unwrap_or(Instrument::UNPITCHED_ROOT_MIDI);
    let turn = (turns > 1).then_some(Turn { position: turn as u16, length: turns as u16 });
    let Placing { keys: told_keys, velocities: told_velocities, gain_db } = member.placing;
    Zone {
        keys: told_keys.unwrap_or(keys),
        velocities: told_velocities.unwrap_or(velocities),
        manner: Manner { turn, gain_db: f32::from(gain_db), ..Manner::default() },
        ..Zone::everywhere(member.position, root_midi)
    }
}

/// The velocities of ascending layers. Where their numbers are velocities, each reaches up to its own; else they share
/// the velocities evenly. The loudest takes the rest.
fn velocity_ranges(layers: &[Option<Layer>]) -> Vec<(u8, u8)> {
    let numbers: Option<Vec<u8>> = layers
        .iter()
        .map(|layer| if let Some(Layer::Number(number)) = layer { Some(*number) } else { None })
        .collect();
    let tops: Vec<u8> = match numbers {
        Some(numbers) if numbers.iter().any(|&number| number > MOST_COUNTED_LAYERS) => numbers,
        _ => (1..=layers.len()).map(|i| (127 * i / layers.len()) as u8).collect(),
    };
    let mut low = 0;
    let mut ranges = Vec::with_capacity(tops.len());
    for (i, top) in tops.iter().enumerate() {
        let high = if i + 1 == tops.len() { 127 } else { (*top).clamp(low, 126) };
        ranges.push((low, high));
        low = (high + 1).min(127);
    }
    ranges
}

/// The keys of zones with these ascending roots: the borders lie half-way, the lowest and the highest zone take the rest.
/// Roots that are less than a key apart get at least one key each, as far as there are keys.
pub fn key_ranges(roots: &[f32]) -> Vec<(u8, u8)> {
    let mut low = 0u8;
    let mut ranges = Vec::with_capacity(roots.len());
    for (i, root) in roots.iter().enumerate() {
        let high = match roots.get(i + 1) {
            Some(next) => (((root + next) / 2.0).floor().clamp(0.0, 126.0) as u8).max(low),
            None => 127,
        };
        ranges.push((low.min(127), high));
        low = high.saturating_add(1).min(127);
    }
    ranges
}

/// The name without the place of its note; of a name that was nothing else, the folder.
fn shown(folder: &Path, group: &str) -> String {
    let bare = group.replace('*', " ");
    let separators = |c: char| c.is_whitespace() || "_-.,()[]".contains(c);
    let name = bare.split(separators).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let folder = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    match name.chars().any(char::is_alphabetic) {
        true => name,
        false if name.is_empty() => folder.into_owned(),
        false => format!("{folder} {name}").trim().to_string(),
    }
}
