//! What the sign network said of examples, kept in the user's cache folder from one `neume` command to the next: a language
//! of thousands of signs takes a minute to look at. Languages themselves hold drawings and never numbers of a network.
//!
//! Read and written by commands only. What is damaged, or is of other networks, counts as not there.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use neume_bank::SoundId;
use neume_bank::index::cache_folder;
use neume_models::echo::ECHOES;
use neume_models::{Error, SignEmbedding, SignInput, Sketch};

use super::{Shape, Signs};
use crate::disk;
use crate::library::Library;

/// What the file begins with. Then come the networks, the examples, and the id of everything before.
const HEAD: &[u8] = b"neume shapes 1\n";
/// Most that is kept, in bytes: 4,096 signs, as many as are practised in all their forms.
const MOST_BYTES: usize = 128 << 20;

/// Names a drawing, or networks, by content.
type Id = [u8; 16];

/// What is known of drawings from before.
#[derive(Debug)]
pub struct Kept {
    /// `None` where this user has no cache folder.
    path: Option<PathBuf>,
    /// What these networks say of drawings that are always the same.
    networks: Id,
    file: Vec<u8>,
    /// Where the forms of a drawing lie in the file.
    places: HashMap<Id, Range<usize>>,
}

impl Kept {
    /// What is kept for this user.
    pub fn open(library: &Library) -> Kept {
        let usual: Vec<u8> = library.usual_shapes().iter().flat_map(bytes_of).collect();
        Kept::at(cache_folder().ok().map(|folder| folder.join("signs")), id_of(&usual))
    }

    fn at(path: Option<PathBuf>, networks: Id) -> Kept {
        let file = path.as_deref().and_then(|path| disk::read(path, MOST_BYTES as u64).ok());
        let file = file.unwrap_or_default();
        let places = places_in(&file, networks).unwrap_or_default();
        Kept { path, networks, file, places }
    }

    /// The shape of a drawing, out of what is kept if it is there.
    ///
    /// # Errors
    /// Those of [`Shape::of`].
    pub fn shape(&self, drawing: &Sketch, library: &Library) -> Result<Shape, Error> {
        // In a picture the ink is what another network takes for it.
        let seen = drawing.raster.is_some().then(|| library.shape_of(drawing)).transpose()?;
        let forms = self.places.get(&id_of_drawing(drawing, seen.as_ref())).map(|at| &self.file[at.clone()]);
        match forms.and_then(forms_in) {
            Some(forms) => Ok(Shape { seen, forms, is_close: false }),
            None => Shape::seen(seen.map_or_else(|| library.shape_of(drawing), Ok)?, library),
        }
    }

    /// Keeps what is known of the examples of these languages, as far as there is room, and behind it of what was there.
    /// That it cannot be written costs time only.
    pub fn keep(&self, languages: &[&Signs]) {
        let examples = languages.iter().flat_map(|signs| &signs.examples).map(|example| {
            let forms = &example.shape.forms;
            (id_of_drawing(&example.drawing, example.shape.seen.as_ref()), forms)
        });
        let examples: Vec<(Id, &Vec<SignEmbedding>)> = examples.collect();
        let is_kept = |(id, forms): &(Id, &Vec<SignEmbedding>)| {
            self.places.get(id).is_some_and(|at| at.len() >= forms.len() * SignEmbedding::LEN)
        };
        let Some(path) = self.path.as_deref().filter(|_| !examples.iter().all(is_kept)) else { return };
        let mut put_already = HashSet::new();
        let mut file = [HEAD, &self.networks].concat();
        for (id, forms) in examples.iter().filter(|(id, _)| put_already.insert(*id)) {
            let forms: Vec<u8> = forms.iter().flat_map(bytes_of).collect();
            put(&mut file, id, &forms);
        }
        for (id, at) in self.places.iter().filter(|(id, _)| !put_already.contains(*id)) {
            put(&mut file, id, &self.file[at.clone()]);
        }
        file.extend(id_of(&file));
        write(path, &file).ok();
    }
}

/// Adds the forms of a drawing, if there is room.
fn put(file: &mut Vec<u8>, id: &Id, forms: &[u8]) {
    if file.len() + 2 * id.len() + 1 + forms.len() <= MOST_BYTES {
        file.extend(id);
        file.push((forms.len() / SignEmbedding::LEN) as u8);
        file.extend(forms);
    }
}

fn write(path: &Path, file: &[u8]) -> Result<(), String> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|cause| cause.to_string())?;
    disk::replace(path, file)
}

/// Where the forms of each drawing lie in a file; `None` if it is damaged, or of other networks.
fn places_in(file: &[u8], networks: Id) -> Option<HashMap<Id, Range<usize>>> {
    let (body, sum) = file.split_last_chunk::<16>()?;
    let mut left = body.strip_prefix(HEAD)?.strip_prefix(&networks)?;
    if id_of(body) != *sum {
        return None;
    }
    let mut places = HashMap::new();
    while let Some((id, rest)) = left.split_first_chunk::<16>() {
        let (&count, rest) = rest.split_first()?;
        let forms = rest.get(..usize::from(count) * SignEmbedding::LEN)?;
        let at = body.len() - rest.len();
        places.insert(*id, at..at + forms.len());
        left = &rest[forms.len()..];
    }
    left.is_empty().then_some(places)
}

/// The forms of a drawing: itself, and at most all that there are of it.
fn forms_in(bytes: &[u8]) -> Option<Vec<SignEmbedding>> {
    let steps = |form: &[u8]| form.iter().map(|step| step.cast_signed()).collect::<Vec<i8>>();
    let forms = bytes.chunks(SignEmbedding::LEN).take(1 + ECHOES);
    let forms: Option<Vec<_>> = forms.map(|form| SignEmbedding::from_steps(&steps(form))).collect();
    forms.filter(|forms| !forms.is_empty())
}

fn bytes_of(form: &SignEmbedding) -> impl Iterator<Item = u8> + '_ {
    form.steps().iter().map(|step| step.cast_unsigned())
}

/// A drawing by its strokes, or by what is seen of its ink where a picture is in it.
fn id_of_drawing(drawing: &Sketch, seen: Option<&SignInput>) -> Id {
    let numbers: Vec<u8> = match (seen, &drawing.raster) {
        (Some(seen), Some(_)) => seen.pixels.iter().flat_map(|v| v.to_le_bytes()).collect(),
        _ => {
            let strokes = drawing.strokes.iter().flat_map(|stroke| {
                let points = stroke.points.iter().flat_map(|p| [p.x, p.y]);
                // The end of a stroke is where no point lies.
                points.chain([f32::NAN, stroke.width_norm]).flat_map(f32::to_le_bytes).chain(stroke.rgb.0)
            });
            strokes.collect()
        }
    };
    id_of(&numbers)
}

fn id_of(content: &[u8]) -> Id {
    SoundId::of(content).0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use neume_models::{Point, Rgb, Stroke};

    use super::*;
    use crate::language::Language;

    fn language(count: usize) -> Language {
        let drawing = |number: usize| {
            let places = [[0.2, 0.2], [0.5, 0.8], [0.3 + 0.1 * number as f32, 0.4], [0.8, 0.3]];
            let points = places.map(|[x, y]| Point { x, y, secs: 0.0 }).to_vec();
            let stroke = Stroke { points, rgb: Rgb::BLACK, width_norm: 0.02 };
            Arc::new(Sketch { strokes: vec![stroke], raster: None })
        };
        let mut language = Language::default();
        for number in 0..count {
            language.teach(&format!("sign {number}"), drawing(number)).unwrap();
        }
        language
    }

    fn known(signs: &Signs) -> Vec<Vec<SignEmbedding>> {
        signs.examples.iter().map(|example| example.shape.forms.clone()).collect()
    }

    #[test]
    fn what_was_looked_at_once_is_known_the_next_time_to_the_last_bit() {
        let (folder, library) = (tempfile::tempdir().unwrap(), Library::shared());
        let path = Some(folder.path().join("cache/signs"));
        let (two, three) = (language(2), language(3));
        let learned = |language: &Language, kept: &Kept| {
            let mut signs = Signs::default();
            let failed = signs.learn_by(language, &library, &|drawing| kept.shape(drawing, &library));
            assert_eq!(failed, [""; 0]);
            signs
        };
        let mut signs = learned(&two, &Kept::at(path.clone(), [1; 16]));
        while signs.practise(&library) {}
        Kept::at(path.clone(), [1; 16]).keep(&[&signs]);
        let kept = Kept::at(path.clone(), [1; 16]);
        let mut more = learned(&three, &kept);
        assert_eq!(known(&more)[..2], known(&signs), "in all their forms");
        assert!(more.examples[0].shape.seen.is_none(), "nobody looked at it again");
        let steps = std::iter::from_fn(|| more.practise(&library).then_some(())).count();
        assert_eq!(steps, ECHOES, "the third is practised alone");
        kept.keep(&[&more]);
        assert_eq!(known(&learned(&three, &Kept::at(path.clone(), [1; 16]))), known(&more));
        Kept::at(path.clone(), [1; 16]).keep(&[&learned(&language(1), &Kept::at(None, [1; 16]))]);
        assert_eq!(Kept::at(path.clone(), [1; 16]).places.len(), 3, "what is not of this language stays");
        assert_eq!(Kept::at(path, [2; 16]).places.len(), 0, "other networks say otherwise");
    }

    #[test]
    fn what_is_damaged_counts_as_not_there() {
        let (folder, library) = (tempfile::tempdir().unwrap(), Library::shared());
        let path = folder.path().join("signs");
        let mut signs = Signs::default();
        signs.learn(&language(2), &library);
        Kept::at(Some(path.clone()), [1; 16]).keep(&[&signs]);
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(places_in(&whole, [1; 16]).unwrap().len(), 2);
        for length in (0..whole.len()).step_by(97).chain(whole.len() - 40..whole.len()) {
            assert!(places_in(&whole[..length], [1; 16]).is_none(), "{length} bytes");
        }
        let mut lying = whole[..whole.len() - 16].to_vec();
        lying[HEAD.len() + 32] = 255;
        lying.extend(id_of(&lying));
        assert!(places_in(&lying, [1; 16]).is_none(), "more forms than there are");
        let mut changed = whole;
        changed[5_000] ^= 1;
        assert!(places_in(&changed, [1; 16]).is_none());
        std::fs::write(&path, &changed).unwrap();
        Kept::at(Some(path.clone()), [1; 16]).keep(&[&signs]);
        assert_eq!(Kept::at(Some(path), [1; 16]).places.len(), 2, "it is written anew");
    }
}
