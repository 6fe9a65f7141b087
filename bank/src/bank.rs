//! A bank: its sounds, and the instruments that group them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::matching;
use crate::search::Table;
use crate::{
    Audio, Content, Error, Instrument, Sound, SoundId, Source, Take, container, decode, decode_pieces,
    factory,
};

/// Sounds and instruments, ready to be matched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bank {
    /// For the eye: the folder's name, or `Factory`.
    pub name: String,
    /// The folder; `None` for the factory bank.
    pub folder: Option<PathBuf>,
    /// Every sound, by ascending [`SoundId`]; files of the same content lie beside each other.
    pub sounds: Vec<Sound>,
    /// Every instrument; each sound belongs to one at least.
    pub instruments: Vec<Instrument>,
    by_id: HashMap<SoundId, usize>,
    instrument_of: HashMap<SoundId, usize>,
    /// Of sounds that several instruments strike, those behind the first.
    shared: HashMap<SoundId, Vec<usize>>,
    table: Arc<Table>,
    loudness_range_db: (f32, f32),
}

impl Bank {
    /// A bank of these sounds, in any order. Zones name sounds by their position in `sounds` as it is given.
    ///
    /// A zone that names no sound is left out. So is, in an instrument that is not told, one whose sound an earlier zone
    /// of such an instrument holds. A sound without a zone becomes an instrument of its own.
    pub fn new(
        name: impl Into<String>,
        folder: Option<PathBuf>,
        sounds: Vec<Sound>,
        instruments: Vec<Instrument>,
    ) -> Bank {
        let (sounds, new_position) = in_order(sounds);
        let instruments = assign(&sounds, instruments, &new_position);
        let (instrument_of, shared) = places(&sounds, &instruments);
        let mut by_id = HashMap::with_capacity(sounds.len());
        for (position, sound) in sounds.iter().enumerate() {
            by_id.entry(sound.id).or_insert(position);
        }
        let table = Arc::new(Table::new(&sounds, &instruments));
        let loudness_range_db = matching::loudness_range(&sounds);
        Bank {
            name: name.into(),
            folder,
            sounds,
            instruments,
            by_id,
            instrument_of,
            shared,
            table,
            loudness_range_db,
        }
    }

    /// The sound of this content, if the bank has it; of files of the same content, the first by path.
    pub fn get(&self, id: SoundId) -> Option<&Sound> {
        self.by_id.get(&id).map(|&position| &self.sounds[position])
    }

    /// The instrument that this sound belongs to, if the bank has it: the first that a file tells of, else the one by
    /// names.
    pub fn instrument_of(&self, id: SoundId) -> Option<&Instrument> {
        self.instruments_of(id).next().map(|index| &self.instruments[index])
    }

    /// The instruments that a sound may be played as, by their positions in `instruments`: the first that a file tells of,
    /// then the others that strike it.
    pub fn instruments_of(&self, id: SoundId) -> impl Iterator<Item = usize> + '_ {
        let first = self.instrument_of.get(&id).into_iter();
        first.chain(self.shared.get(&id).into_iter().flatten()).copied()
    }

    /// The position of the instrument of a sound that is called so; of the first where none is.
    pub fn instrument_called(&self, id: SoundId, name: Option<&str>) -> Option<usize> {
        let called = |index: &usize| name == Some(&self.instruments[*index].name);
        self.instruments_of(id).find(called).or_else(|| self.instruments_of(id).next())
    }

    /// The name of an instrument by its position, where its sound may be played as another one too.
    pub fn name_among_others(&self, id: SoundId, instrument: usize) -> Option<&str> {
        let is_shared = self.shared.contains_key(&id);
        is_shared.then(|| self.instruments.get(instrument).map(|of| of.name.as_str())).flatten()
    }

    /// The samples of a sound, at its own rate: its file decoded, or its recipe rendered.
    ///
    /// # Errors
    /// [`Error::File`] where the file is gone, cannot be decoded, or is no longer the sound that was analysed;
    /// [`Error::Limit`] where it is longer than [`decode::MAX_SECS`].
    pub fn load(&self, sound: &Sound) -> Result<Audio, Error> {
        match &sound.source {
            Source::File(relative) => {
                let (content, path) = self.content(relative, sound.id, &|| false)?;
                Ok(decode::decode_content(&content, &path)?.audio)
            }
            Source::Member { file, member } => container::load(&self.path(file), member, sound.id),
            Source::Factory { instrument, root_midi } => factory::load(instrument, *root_midi, sound.id),
        }
    }

    /// The same piece by piece, for sounds that may be long. Before the first piece all of a long file is read once, to see
    /// that it still is the sound; `is_cancelled` ends that, and `take` the rest.
    ///
    /// # Errors
    /// As [`Bank::load`], but of hours as well; those of `take`; [`Error::File`] where it was cancelled.
    pub fn load_in_pieces(
        &self,
        sound: &Sound,
        take: &mut Take,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        if let Source::File(relative) = &sound.source {
            let (content, path) = self.content(relative, sound.id, is_cancelled)?;
            return decode_pieces(&content, &path, take).map(|_| ());
        }
        self.load(sound)?.pass_on(take, &self.path(Path::new(&sound.name)))
    }

    fn path(&self, relative: &Path) -> PathBuf {
        self.folder.as_deref().map_or_else(|| relative.to_path_buf(), |folder| folder.join(relative))
    }

    /// A file that still is this sound.
    fn content(
        &self,
        relative: &Path,
        id: SoundId,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<(Content, PathBuf), Error> {
        let path = self.path(relative);
        let content = Content::open(&path)?;
        if content.id_of(&path, is_cancelled)? != id {
            let cause = "the file has changed since it was scanned; scan the bank again".to_string();
            return Err(Error::File { path, cause });
        }
        Ok((content, path))
    }

    /// What it is searched by.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// The sound of a row of the table.
    pub(crate) fn sound_of_row(&self, row: usize) -> &Sound {
        &self.sounds[self.table.positions[row] as usize]
    }

    /// The sounds of a content; they lie beside each other.
    pub(crate) fn sounds_of(&self, id: SoundId) -> impl Iterator<Item = &Sound> {
        let from = self.position(id).unwrap_or(self.sounds.len());
        self.sounds[from..].iter().take_while(move |sound| sound.id == id)
    }

    /// Where a sound stands in `sounds`; of files of the same content, the first.
    pub(crate) fn position(&self, id: SoundId) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    /// Loudness of the bank's softest and loudest ordinary sounds.
    pub(crate) fn loudness_range_db(&self) -> (f32, f32) {
        self.loudness_range_db
    }
}

/// The sounds by ascending id, then path; and for each old position the new one.
fn in_order(sounds: Vec<Sound>) -> (Vec<Sound>, Vec<usize>) {
    let mut order: Vec<(usize, Sound)> = sounds.into_iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id).then_with(|| place(a).cmp(&place(b))));
    let mut new_position = vec![0; order.len()];
    for (new, (old, _)) in order.iter().enumerate() {
        new_position[*old] = new;
    }
    (order.into_iter().map(|(_, sound)| sound).collect(), new_position)
}

fn place(sound: &Sound) -> (Option<&PathBuf>, &str) {
    match &sound.source {
        Source::File(path) => (Some(path), ""),
        Source::Member { file, member } => (Some(file), member),
        Source::Factory { instrument, .. } => (None, instrument),
    }
}

/// Every sound in an instrument, instruments by their first sound's position.
fn assign(sounds: &[Sound], given: Vec<Instrument>, new_position: &[usize]) -> Vec<Instrument> {
    let (mut has_place, mut named) = (vec![false; sounds.len()], vec![false; sounds.len()]);
    let mut instruments = Vec::with_capacity(given.len());
    for mut instrument in given {
        let is_told = instrument.is_told;
        instrument.zones.retain_mut(|zone| match new_position.get(zone.sound) {
            Some(&position) if is_told || !named[position] => {
                named[position] |= !is_told;
                has_place[position] = true;
                zone.sound = position;
                zone.manner = zone.manner.clone().inside(sounds[position].frames);
                true
            }
            _ => false,
        });
        if !instrument.zones.is_empty() {
            if !is_told {
                instrument
                    .zones
                    .sort_by(|a, b| a.root_midi.total_cmp(&b.root_midi).then(a.sound.cmp(&b.sound)));
            }
            instruments.push(instrument);
        }
    }
    let lone = (0..sounds.len()).filter(|&position| !has_place[position]);
    instruments.extend(lone.map(|position| Instrument::alone(position, &sounds[position])));
    // Told instruments keep the order of their files among themselves: of those that share a sound, the first has it.
    instruments.sort_by_key(|instrument| {
        let first = instrument.zones.iter().map(|zone| zone.sound).min();
        if instrument.is_told { (0, None) } else { (1, first) }
    });
    instruments
}

/// For each sound its first instrument, and the others that strike it.
fn places(
    sounds: &[Sound],
    instruments: &[Instrument],
) -> (HashMap<SoundId, usize>, HashMap<SoundId, Vec<usize>>) {
    let mut first: HashMap<SoundId, usize> = HashMap::with_capacity(sounds.len());
    let mut shared: HashMap<SoundId, Vec<usize>> = HashMap::new();
    // A sound belongs where it is struck before where it sounds when keys are let go.
    for is_struck in [true, false] {
        for (index, instrument) in instruments.iter().enumerate() {
            for zone in instrument.zones.iter().filter(|zone| zone.is_struck() == is_struck) {
                let id = sounds[zone.sound].id;
                let before = *first.entry(id).or_insert(index);
                if is_struck && before != index && instrument.is_named() {
                    let others = shared.entry(id).or_default();
                    if others.last() != Some(&index) {
                        others.push(index);
                    }
                }
            }
        }
    }
    (first, shared)
}
