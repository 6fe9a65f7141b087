//! Which sign of a language a drawing is.
//!
//! Every example of a language lies somewhere among shapes ([`Library::embed_sign`]). A drawing is the sign that has the
//! example it is nearest to, if it is near enough, and if no line, dash, dot or wave of the legend is nearer
//! (`legend_drawings.rs`); otherwise it is no sign, and the legend alone reads it. A new example
//! counts at once, and nothing else changes its place, so that nothing that was taught is forgotten.
//!
//! Later, while nothing else is to be done, the Worker practises: it looks at every example as other hands might have drawn
//! it. What is known of a sign then are all these forms; and where two signs are nearly as like a drawing, it looks at that
//! in other forms as well.

mod kept;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use neume_models::echo::ECHOES;
use neume_models::likeness::rank;
use neume_models::{Error, SignEmbedding, SignInput, Sketch};
use rayon::prelude::*;

pub use self::kept::Kept;
use crate::language::Language;
use crate::library::Library;

/// A drawing that is less like a sign than this is none: of signs that were never learned, as many drawings are lost here
/// as strangers are taken for one (the card of the sign network).
pub const ALIKE: f32 = 0.69;

/// How likely a drawing is the sign to which it is so similar, 0..1. Fitted on 216 drawings of four sets of signs that the
/// network never learned, of which half was taught: at [`ALIKE`] as many are right as wrong, from 0.9 on nearly all are right.
pub fn sureness(similarity: f32) -> f32 {
    1.0 / (1.0 + (-14.0 * (similarity - ALIKE)).exp())
}
/// A drawing of the legend that is this much like an example is claimed by its sign: it counts as no drawing of the legend.
const CLAIMED: f32 = 0.95;

/// How like a drawing is to a sign.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// The sign's name.
    pub name: String,
    /// -1..1; 1 for an example drawn again.
    pub similarity: f32,
}

/// What a drawing resembles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recognised {
    /// The signs of the language, the likeliest first.
    pub likely: Vec<Likeness>,
    /// Whether it is the first of them.
    pub is_sign: bool,
}

impl Recognised {
    /// The sign that the drawing is.
    pub fn sign(&self) -> Option<&Likeness> {
        self.likely.first().filter(|_| self.is_sign)
    }
}

/// The shape of a drawing, and where it lies among shapes.
#[derive(Debug, Clone)]
pub struct Shape {
    /// `None` where the forms were kept from before and nobody needed it since.
    seen: Option<SignInput>,
    /// As it was drawn, and then as other hands might have drawn it, as far as anybody looked.
    forms: Vec<SignEmbedding>,
    /// Whether several signs are nearly as like it.
    is_close: bool,
}

impl Shape {
    /// The shape of a drawing as it is.
    ///
    /// # Errors
    /// An empty pad, and weights that do not load.
    pub fn of(drawing: &Sketch, library: &Library) -> Result<Shape, Error> {
        Shape::seen(library.shape_of(drawing)?, library)
    }

    fn seen(seen: SignInput, library: &Library) -> Result<Shape, Error> {
        let forms = vec![library.embed_sign(&seen)?];
        Ok(Shape { seen: Some(seen), forms, is_close: false })
    }

    /// Its other forms, if it is known in all of them.
    fn echoes(&self) -> &[SignEmbedding] {
        if self.forms.len() > ECHOES { &self.forms[1..] } else { &[] }
    }

    /// Whether other forms would tell signs apart between which the first look was close.
    pub fn is_open(&self) -> bool {
        self.is_close && self.forms.len() <= ECHOES
    }

    /// Looks at one more form, if that would help; whether it did.
    pub fn look_closer(&mut self, library: &Library) -> bool {
        self.is_open() && self.look_at_next(library)
    }

    /// Looks at one more form; whether there was one.
    fn look_at_next(&mut self, library: &Library) -> bool {
        let number = self.forms.len() - 1;
        if number >= ECHOES {
            return false;
        }
        // The network has served for the drawing itself.
        let form = self.seen.as_ref().and_then(|seen| library.embed_sign(&seen.echo(number)).ok());
        let is_found = form.is_some();
        self.is_close &= is_found;
        self.forms.extend(form);
        is_found
    }
}

/// Where the examples of a language lie.
#[derive(Debug, Default)]
pub struct Signs {
    /// Each sign's name and the places of its examples.
    signs: Vec<(String, Vec<usize>)>,
    plain: Vec<usize>,
    /// Drawings of the legend that no sign claims.
    usual: Vec<SignEmbedding>,
    examples: Vec<Example>,
    /// The example that is practised next.
    practised: usize,
}

/// A drawing that was taught.
#[derive(Debug)]
struct Example {
    drawing: Arc<Sketch>,
    shape: Shape,
    /// The drawings of the legend that its sign claims.
    claims: Vec<usize>,
}

impl Example {
    fn new(drawing: &Arc<Sketch>, shape: Shape, library: &Library) -> Example {
        let usual = library.usual_shapes().iter().enumerate();
        let claimed = usual.filter(|(_, usual)| usual.similarity(&shape.forms[0]) >= CLAIMED);
        let claims = claimed.map(|(number, _)| number).collect();
        Example { drawing: drawing.clone(), shape, claims }
    }
}

impl Signs {
    /// Examples that are known in all their forms, of which each takes 8 KiB; what a language has more is known as it was
    /// drawn.
    pub const PRACTISED: usize = 640;

    /// Places every example that is new; what is known of the others stays. Those that cannot be read (a picture without
    /// ink) are returned by the name of their sign with the cause, and left out.
    pub fn learn(&mut self, language: &Language, library: &Library) -> Vec<String> {
        self.learn_by(language, library, &|drawing| Shape::of(drawing, library))
    }

    /// The same, where `look` finds the shape of an example that is new.
    pub fn learn_by(
        &mut self,
        language: &Language,
        library: &Library,
        look: &dyn Fn(&Sketch) -> Result<Shape, Error>,
    ) -> Vec<String> {
        let mut before: Vec<Option<Example>> = self.examples.drain(..).map(Some).collect();
        let mut failed = Vec::new();
        let examples = &mut self.examples;
        // Most follow each other as before, so that looking for one begins behind the last that was found.
        let mut next = 0;
        let mut place = |name: &str, drawing: &Arc<Sketch>| -> Option<usize> {
            let is_it = |known: &Option<Example>| {
                known
                    .as_ref()
                    .is_some_and(|known| Arc::ptr_eq(&known.drawing, drawing) || known.drawing == *drawing)
            };
            let known = (next..before.len()).chain(0..next).find(|at| is_it(&before[*at]));
            let example = match known {
                Some(at) => {
                    next = at + 1;
                    before[at].take().map(|known| Example { drawing: drawing.clone(), ..known })?
                }
                None => {
                    let shape = look(drawing).map_err(|cause| failed.push(format!("{name}: {cause}")));
                    Example::new(drawing, shape.ok()?, library)
                }
            };
            examples.push(example);
            Some(examples.len() - 1)
        };
        let signs = language.signs.iter().map(|sign| {
            let places = sign.examples.iter().filter_map(|example| place(&sign.name, example)).collect();
            (sign.name.clone(), places)
        });
        self.signs = signs.collect();
        self.plain = language.plain.iter().filter_map(|drawing| place("no sign", drawing)).collect();
        self.usual = self.unclaimed(library);
        self.practised = 0;
        failed
    }

    /// The drawings of the legend that are like no example of a sign. A composer who teaches a line means the line.
    fn unclaimed(&self, library: &Library) -> Vec<SignEmbedding> {
        let mut places = self.signs.iter().flat_map(|(_, places)| places).peekable();
        if places.peek().is_none() {
            return Vec::new();
        }
        let claimed: HashSet<usize> = places.flat_map(|at| &self.examples[*at].claims).copied().collect();
        let usual = library.usual_shapes().iter().enumerate();
        usual.filter(|(number, _)| !claimed.contains(number)).map(|(_, shape)| shape.clone()).collect()
    }

    /// Looks at one more form of an example, of which there are some milliseconds' worth each. Whether there was one.
    pub fn practise(&mut self, library: &Library) -> bool {
        // They take some forty milliseconds once in a process, which the first lesson should not.
        library.usual_shapes();
        let count = self.examples.len().min(Signs::PRACTISED);
        while let Some(Example { drawing, shape, .. }) = self.examples[..count].get_mut(self.practised) {
            if shape.seen.is_none() && shape.forms.len() <= ECHOES {
                shape.seen = library.shape_of(drawing).ok();
            }
            if shape.look_at_next(library) {
                return true;
            }
            self.practised += 1;
        }
        false
    }

    /// Whether there is nothing that a drawing could be.
    pub fn is_empty(&self) -> bool {
        self.signs.is_empty()
    }

    /// What a drawing resembles, by all of its forms where it is close.
    pub fn look_closely(&self, drawing: &mut Shape, library: &Library) -> Recognised {
        let first = drawing.forms[0].clone();
        self.ranked(&first, || {
            drawing.is_close = true;
            while drawing.look_closer(library) {}
            drawing.echoes()
        })
    }

    /// The sign here that each sign of another language is drawn like, if any, by the other's name: the one that the most
    /// alike of its drawings is taken for. They are looked at on all threads of the pool that this runs in, and `on_look` is
    /// told of each; of those beyond [`Signs::PRACTISED`] other forms are not held.
    pub fn drawn_like(
        &self,
        others: &mut Signs,
        library: &Library,
        on_look: &(dyn Fn() + Sync),
    ) -> HashMap<String, Likeness> {
        let look = |(number, example): (usize, &mut Example)| {
            let known = example.shape.forms.len();
            let taken_for = self.taken_for(example, library);
            if number >= Signs::PRACTISED {
                example.shape.forms.truncate(known);
            }
            on_look();
            taken_for
        };
        let taken_for: Vec<Option<Likeness>> = others.examples.par_iter_mut().enumerate().map(look).collect();
        let likest = |(name, places): &(String, Vec<usize>)| {
            let taken_for = places.iter().filter_map(|at| taken_for[*at].clone());
            let likest = taken_for.max_by(|a, b| a.similarity.total_cmp(&b.similarity))?;
            Some((name.clone(), likest))
        };
        others.signs.iter().filter_map(likest).collect()
    }

    /// The sign that an example of another language is, as [`Signs::look_closely`] says it; but it is not looked at in more
    /// forms where nothing is as like it as a sign has to be.
    fn taken_for(&self, Example { drawing, shape, .. }: &mut Example, library: &Library) -> Option<Likeness> {
        let first = self.recognise(shape);
        if !shape.is_open() || first.likely.iter().all(|sign| sign.similarity < ALIKE) {
            return first.sign().cloned();
        }
        if shape.seen.is_none() {
            shape.seen = library.shape_of(drawing).ok();
        }
        self.look_closely(shape, library).sign().cloned()
    }

    /// What a drawing resembles, by those of its forms that were looked at: by itself alone, or by all of them.
    pub fn recognise(&self, drawing: &mut Shape) -> Recognised {
        let first = drawing.forms[0].clone();
        self.ranked(&first, || {
            drawing.is_close = true;
            drawing.echoes()
        })
    }

    fn ranked<'a>(&self, first: &SignEmbedding, echoes: impl FnOnce() -> &'a [SignEmbedding]) -> Recognised {
        let forms = |places: &Vec<usize>| -> Vec<&SignEmbedding> {
            places.iter().flat_map(|at| &self.examples[*at].shape.forms).collect()
        };
        let known: Vec<&(String, Vec<usize>)> =
            self.signs.iter().filter(|(_, places)| !places.is_empty()).collect();
        let mut all: Vec<Vec<&SignEmbedding>> = known.iter().map(|(_, places)| forms(places)).collect();
        all.push(forms(&self.plain).into_iter().chain(&self.usual).collect());
        let ranked = rank(first, &all, echoes);
        let is_plain = ranked.first().is_none_or(|(at, _)| *at == known.len());
        let named = |&(at, similarity): &(usize, f32)| {
            known.get(at).map(|(name, _)| Likeness { name: name.clone(), similarity })
        };
        let likely: Vec<Likeness> = ranked.iter().filter_map(named).collect();
        let is_sign = !is_plain && likely.first().is_some_and(|best| best.similarity >= ALIKE);
        Recognised { likely, is_sign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Meaning, Sign};
    use neume_models::{Point, Rgb, Stroke};

    /// A drawing of lines through these places, wavering a little.
    fn drawn(lines: &[&[[f32; 2]]], width_norm: f32) -> Sketch {
        let stroke = |line: &&[[f32; 2]]| {
            let along = |pair: &[[f32; 2]]| {
                let [a, b] = [pair[0], pair[1]];
                (0..20).map(move |i| [0, 1].map(|axis| a[axis] + (b[axis] - a[axis]) * i as f32 / 20.0))
            };
            let places: Vec<[f32; 2]> = line.windows(2).flat_map(along).chain(line.last().copied()).collect();
            let point = |[x, y]: [f32; 2]| Point { x, y: y + 0.003 * (40.0 * x).sin(), secs: 0.0 };
            Stroke { points: places.into_iter().map(point).collect(), rgb: Rgb::BLACK, width_norm }
        };
        Sketch { strokes: lines.iter().map(stroke).collect(), raster: None }
    }

    fn arch(high: f32) -> Vec<[f32; 2]> {
        let at = |i: i32| i as f32 / 40.0;
        (0..=40).map(|i| [0.2 + 0.6 * at(i), 0.4 + high * (std::f32::consts::PI * at(i)).sin()]).collect()
    }

    #[test]
    fn what_anybody_draws_for_the_legend_is_no_sign_unless_that_is_what_was_taught() {
        let library = Library::shared();
        let (bow, again) = (arch(0.2), arch(0.25));
        let taught: [(&str, Vec<&[[f32; 2]]>); 3] = [
            ("arch", vec![&bow]),
            ("equals", vec![&[[0.3, 0.6], [0.6, 0.6]], &[[0.3, 0.5], [0.6, 0.5]]]),
            ("tick", vec![&[[0.3, 0.5], [0.38, 0.35], [0.55, 0.7]]]),
        ];
        let sign = |(name, lines): &(&str, Vec<&[[f32; 2]]>)| Sign {
            name: name.to_string(),
            examples: vec![Arc::new(drawn(lines, 0.02))],
            meaning: Meaning::default(),
        };
        let mut language = Language { signs: taught.iter().map(sign).collect(), ..Language::default() };
        let known_as = |language: &Language, drawing: &Sketch| {
            let mut signs = Signs::default();
            assert_eq!(signs.learn(language, &library), [""; 0]);
            let mut shape = Shape::of(drawing, &library).unwrap();
            let found = signs.look_closely(&mut shape, &library);
            found.sign().map(|sign| sign.name.clone())
        };
        let lines: [&[[f32; 2]]; 6] = [
            &[[0.1, 0.5], [0.9, 0.5]],
            &[[0.3, 0.7], [0.6, 0.7]],
            &[[0.1, 0.4], [0.9, 0.55]],
            &[[0.2, 0.6], [0.8, 0.4]],
            &[[0.3, 0.2], [0.7, 0.75]],
            &[[0.4, 0.9], [0.6, 0.1]],
        ];
        for line in lines {
            for width_norm in [0.005, 0.02, 0.06] {
                assert_eq!(known_as(&language, &drawn(&[line], width_norm)), None, "{line:?}, {width_norm}");
            }
        }
        let dashes: Vec<[[f32; 2]; 2]> =
            (0..6).map(|i| [0.1, 0.17].map(|x| [x + 0.13 * i as f32, 0.5])).collect();
        let dashes: Vec<&[[f32; 2]]> = dashes.iter().map(|dash| dash.as_slice()).collect();
        assert_eq!(known_as(&language, &drawn(&dashes, 0.02)), None);
        assert_eq!(known_as(&language, &drawn(&[&again], 0.01)).as_deref(), Some("arch"));
        for (name, lines) in &taught[1..] {
            assert_eq!(known_as(&language, &drawn(lines, 0.035)).as_deref(), Some(*name));
        }
        language.signs.push(sign(&("line", vec![lines[0]])));
        assert_eq!(known_as(&language, &drawn(&[lines[1]], 0.02)).as_deref(), Some("line"), "it was taught");
    }

    #[test]
    fn signs_of_another_language_are_taken_for_what_their_drawings_alone_are_taken_for() {
        let library = Library::shared();
        let bows: Vec<Vec<[f32; 2]>> = (0..9).map(|i| arch(0.12 + 0.03 * i as f32)).collect();
        let hook = |x: f32| vec![[0.3, 0.8], [0.35 + x, 0.2], [0.7, 0.3 + x], [0.5, 0.6]];
        let hooks: Vec<Vec<[f32; 2]>> = (0..9).map(|i| hook(0.04 * i as f32)).collect();
        let lines = bows.iter().chain(&hooks).collect::<Vec<_>>();
        let language = |part: usize| {
            let sign = |(i, line): (usize, &&Vec<[f32; 2]>)| Sign {
                name: format!("{part}, {i}"),
                examples: vec![Arc::new(drawn(&[line], 0.02))],
                ..Sign::default()
            };
            let of_part = lines.iter().enumerate().filter(|(i, _)| i % 2 == part);
            Language { signs: of_part.map(sign).collect(), ..Language::default() }
        };
        let [mine, theirs] = [0, 1].map(language);
        let [mut signs, mut others] = [Signs::default(), Signs::default()];
        signs.learn(&mine, &library);
        others.learn(&theirs, &library);
        let found = signs.drawn_like(&mut others, &library, &|| ());
        let again = signs.drawn_like(&mut others, &library, &|| ());
        assert!(found == again && !found.is_empty());
        for sign in &theirs.signs {
            let mut shape = Shape::of(&sign.examples[0], &library).unwrap();
            let alone = signs.look_closely(&mut shape, &library);
            assert_eq!(found.get(&sign.name), alone.sign(), "{}", sign.name);
        }
    }
}
