//! From an index to a bank: the sounds under their names, and the instruments that files tell of or names form.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use neume_models::Family;

use crate::analyse::Analysis;
use crate::decisions::Decisions;
use crate::import::{Imported, Label, Member, Place, ToldInstrument, ToldZone};
use crate::index::{Index, Outcome};
use crate::names::{Hints, Layer};
use crate::{
    Bank, Instrument, Sound, SoundId, Source, Zone, convention, family_words, group, names, parallel,
    template,
};

/// A recording and what names say of it.
struct Entry<'a> {
    id: SoundId,
    says: &'a Analysis,
    path: PathBuf,
    source: Source,
    name: String,
    hints: Hints,
    is_drum: bool,
}

/// The bank of a folder by what its index knows and the composer has decided.
pub(crate) fn bank_of(folder: &Path, index: &Index, decided: &Decisions) -> Bank {
    let known = index.files.iter().filter_map(|(path, seen)| match &seen.outcome {
        Outcome::Sound(id) => Some((path, *id, index.sounds.get(id)?)),
        _ => None,
    });
    let known: Vec<(&PathBuf, SoundId, &Analysis)> = known.collect();
    let mut entries = parallel::map(&known, |&(path, id, says)| Entry {
        id,
        says,
        path: path.clone(),
        source: Source::File(path.clone()),
        name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        hints: Hints { placing: says.placing, ..told_by_tags(names::hints(path), says) },
        is_drum: false,
    });
    let files = entries.len();
    let mut by_path: HashMap<PathBuf, usize> = HashMap::new();
    if index.files.values().any(|seen| matches!(seen.outcome, Outcome::Imported(_))) {
        by_path.extend(entries.iter().enumerate().map(|(i, entry)| (entry.path.clone(), i)));
    }
    take_labels(index, &by_path, &mut entries);
    let mut by_member: HashMap<(PathBuf, String), usize> = HashMap::new();
    for (path, seen) in &index.files {
        let Outcome::Imported(imported) = &seen.outcome else { continue };
        let roots = roots_of_members(imported);
        for member in &imported.members {
            if let Some(mut entry) = member_entry(path, member, index) {
                let root = roots.get(member.member.as_str()).copied().flatten();
                // Zones may play a sample in another octave on purpose, so a sure ear goes before them.
                entry.hints.root_midi = root.filter(|_| !entry.says.root.is_sure());
                by_member.insert((path.clone(), member.member.clone()), entries.len());
                entries.push(entry);
            }
        }
    }
    let (sounds, hints, paths) = sounds(entries, files, decided);
    let place_of = |file: &Path, place: &Place| match place {
        Place::File(path) => by_path.get(path).copied(),
        Place::Member(member) => by_member.get(&(file.to_path_buf(), member.clone())).copied(),
    };
    let mut instruments = told(index, &sounds, place_of);
    let mut taken = vec![false; files];
    for zone in instruments.iter().flat_map(|instrument| &instrument.zones) {
        if let Some(taken) = taken.get_mut(zone.sound) {
            *taken = true;
        }
    }
    instruments.extend(group::instruments(
        folder,
        &sounds[..files],
        &paths[..files],
        &hints[..files],
        &taken,
    ));
    let name = folder.file_name().map_or_else(|| folder.to_string_lossy(), |name| name.to_string_lossy());
    Bank::new(name, Some(folder.to_path_buf()), sounds, instruments)
}

/// Where no name says a family, the tags of a file may.
fn told_by_tags(hints: Hints, says: &Analysis) -> Hints {
    let by_tags = || {
        let mut told = says.tags.lines().filter_map(family_words::family_of);
        let first = told.next()?;
        told.all(|family| family == first).then_some(first)
    };
    Hints { family: hints.family.or_else(by_tags), ..hints }
}

/// What tables and presets say of sound files goes before what their names say.
fn take_labels(index: &Index, by_path: &HashMap<PathBuf, usize>, entries: &mut [Entry]) {
    for seen in index.files.values() {
        let Outcome::Imported(imported) = &seen.outcome else { continue };
        for label in &imported.labels {
            if let Some(&at) = by_path.get(&label.file) {
                label_of(label, &mut entries[at].hints);
            }
        }
        for instrument in &imported.instruments {
            let family = family_words::family_of(&instrument.name);
            for zone in &instrument.zones {
                let Place::File(path) = &zone.place else { continue };
                let Some(&at) = by_path.get(path) else { continue };
                let heard = entries[at].says.root;
                let hints = &mut entries[at].hints;
                hints.family = hints.family.or(family);
                let Some(root) = zone.root_midi.filter(|_| zone.tells_root) else { continue };
                // A key of its own says where a drum lies, not how it sounds, unless that is what is heard.
                let is_heard = heard.is_sure() && heard.midi.is_some_and(|midi| (midi - root).abs() <= 0.5);
                // Presets may play a sound in another octave on purpose, so a sure ear goes before them.
                if is_heard || zone.keys.0 < zone.keys.1 && !heard.is_octaves_from(root) {
                    hints.root_midi = Some(root.round().clamp(0.0, 127.0) as u8);
                    hints.written = false;
                }
            }
        }
    }
}

fn label_of(label: &Label, hints: &mut Hints) {
    if let Some(root) = label.root_midi {
        hints.root_midi = Some(root);
        hints.written = false;
    }
    hints.family = label.family.or(hints.family);
    hints.layer = label.velocity.map(Layer::Number).or(hints.layer);
    hints.group = label.group.clone().or(hints.group.take());
    hints.class = label.class.clone().or(hints.class.take());
}

/// The roots that zones give to the samples of a container, for samples to which all zones give the same one.
fn roots_of_members(imported: &Imported) -> HashMap<&str, Option<u8>> {
    let mut roots: HashMap<&str, Option<u8>> = HashMap::new();
    for zone in imported.instruments.iter().flat_map(|instrument| &instrument.zones) {
        let (Place::Member(member), Some(root)) = (&zone.place, zone.root_midi) else { continue };
        // A key of its own says where a drum lies, not how it sounds; a zone that does not track says nothing at all.
        if zone.keys.0 == zone.keys.1 || (zone.manner.tracking - 1.0).abs() > 0.01 {
            continue;
        }
        let root = root.round().clamp(0.0, 127.0) as u8;
        let known = roots.entry(member.as_str()).or_insert(Some(root));
        *known = known.filter(|known| *known == root);
    }
    roots
}

fn member_entry<'a>(file: &Path, member: &Member, index: &'a Index) -> Option<Entry<'a>> {
    let id = member.sound?;
    let drum = member.is_drum.then_some(Family::Percussion);
    let family = drum
        .or_else(|| [&member.name, &member.context].iter().find_map(|name| family_words::family_of(name)));
    Some(Entry {
        id,
        says: index.sounds.get(&id)?,
        path: file.to_path_buf(),
        source: Source::Member { file: file.to_path_buf(), member: member.member.clone() },
        name: if member.name.is_empty() { member.context.clone() } else { member.name.clone() },
        hints: Hints { family, ..Hints::default() },
        is_drum: member.is_drum,
    })
}

/// The sounds, of which the first `files` are files of their own, with their hints and paths.
fn sounds(entries: Vec<Entry>, files: usize, decided: &Decisions) -> (Vec<Sound>, Vec<Hints>, Vec<PathBuf>) {
    let paths: Vec<PathBuf> = entries.iter().map(|entry| entry.path.clone()).collect();
    let mut hints: Vec<Hints> = entries.iter().map(|entry| entry.hints.clone()).collect();
    let heard: Vec<_> = entries[..files].iter().map(|entry| entry.says.root).collect();
    let chunks: Vec<_> = entries[..files].iter().map(|entry| entry.says.chunk_midi).collect();
    convention::apply(&mut hints[..files], &heard, &paths[..files]);
    template::apply(&mut hints[..files], &chunks, &heard, &paths[..files]);
    let sound = |(entry, said): (Entry, &Hints)| {
        let decision = decided.get(&entry.id).copied();
        let mut sound = entry.says.sound(entry.id, entry.source, entry.name, said, decision);
        // Headers of samples are mostly left at middle C, since it is the zones that say how their keys sound.
        if matches!(sound.source, Source::Member { .. }) {
            sound.doubt = None;
        }
        if entry.is_drum && decision.is_none() {
            // The key that a kit has for a drum is no pitch.
            (sound.profile.root_midi, sound.profile.root_confidence) =
                (entry.says.root.midi, entry.says.root.confidence);
        }
        sound
    };
    (entries.into_iter().zip(&hints).map(sound).collect(), hints, paths)
}

/// The instruments that files tell of, with what is there of their sounds.
fn told(
    index: &Index,
    sounds: &[Sound],
    place_of: impl Fn(&Path, &Place) -> Option<usize>,
) -> Vec<Instrument> {
    let mut instruments = Vec::new();
    for (file, seen) in &index.files {
        let Outcome::Imported(imported) = &seen.outcome else { continue };
        for ToldInstrument { name, zones } in &imported.instruments {
            let zones = zones.iter().filter_map(|told| {
                let position = place_of(file, &told.place)?;
                Some(zone(told, position, &sounds[position]))
            });
            let zones: Vec<Zone> = zones.collect();
            if !zones.is_empty() {
                instruments.push(Instrument { name: name.clone(), zones, is_told: true });
            }
        }
    }
    instruments
}

/// A zone with its tuning in its root, as far as keys are tuned there at all.
fn zone(told: &ToldZone, position: usize, sound: &Sound) -> Zone {
    let own = || sound.profile.root_midi.unwrap_or(Instrument::UNPITCHED_ROOT_MIDI);
    let mut manner = told.manner.clone();
    if let Some(late) = &mut manner.late_start {
        late.rate_hz = sound.rate_hz;
    }
    let mut root_midi = told.root_midi.unwrap_or_else(own);
    if manner.tracking != 0.0 {
        root_midi -= manner.tune_semitones / manner.tracking;
        manner.tune_semitones = 0.0;
    }
    let root_midi = if root_midi.is_finite() { root_midi.clamp(-128.0, 256.0) } else { 60.0 };
    Zone { sound: position, keys: told.keys, velocities: told.velocities, root_midi, manner }
}
