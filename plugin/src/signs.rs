//! Which sign of a language a drawing is.
//!
//! Every example of a language lies somewhere among shapes ([`Library::embed_sign`]). A drawing is the sign that has the
//! example it is nearest to, if it is near enough; otherwise it is no sign, and the legend alone reads it. A new example
//! counts at once, and nothing else changes its place, so that nothing that was taught is forgotten.
//!
//! Later, while nothing else is to be done, the Worker practises: it looks at every example as other hands might have drawn
//! it. What is known of a sign then are all these forms; and where two signs are nearly as like a drawing, it looks at that
//! in other forms as well.

use std::sync::Arc;

use neume_models::echo::ECHOES;
use neume_models::likeness::rank;
use neume_models::{Error, SignEmbedding, SignInput, Sketch};

use crate::language::Language;
use crate::library::Library;

/// A drawing that is less like a sign than this is none: of signs that were never learned, as many drawings are lost here
/// as strangers are taken for one (the card of the sign network).
pub const ALIKE: f32 = 0.69;
/// Examples that are known in all their forms, of which each takes 8 KiB; what a language has more is known as it was drawn.
const PRACTISED: usize = 640;

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
    seen: SignInput,
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
        let seen = library.shape_of(drawing)?;
        let forms = vec![library.embed_sign(&seen)?];
        Ok(Shape { seen, forms, is_close: false })
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
        let form = library.embed_sign(&self.seen.echo(number)).ok();
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
    examples: Vec<(Arc<Sketch>, Shape)>,
    /// The example that is practised next.
    practised: usize,
}

impl Signs {
    /// Places every example that is new; what is known of the others stays. Those that cannot be read (a picture without
    /// ink) are returned by the name of their sign with the cause, and left out.
    pub fn learn(&mut self, language: &Language, library: &Library) -> Vec<String> {
        let mut before = std::mem::take(&mut self.examples);
        let mut failed = Vec::new();
        let examples = &mut self.examples;
        let mut place = |name: &str, drawing: &Arc<Sketch>| -> Option<usize> {
            let known = before.iter().position(|(known, _)| Arc::ptr_eq(known, drawing) || known == drawing);
            let shape = match known {
                Some(at) => Ok(before.swap_remove(at).1),
                None => Shape::of(drawing, library),
            };
            let shape = shape.map_err(|cause| failed.push(format!("{name}: {cause}"))).ok()?;
            examples.push((drawing.clone(), shape));
            Some(examples.len() - 1)
        };
        let signs = language.signs.iter().map(|sign| {
            let places = sign.examples.iter().filter_map(|example| place(&sign.name, example)).collect();
            (sign.name.clone(), places)
        });
        self.signs = signs.collect();
        self.plain = language.plain.iter().filter_map(|drawing| place("no sign", drawing)).collect();
        self.practised = 0;
        failed
    }

    /// Looks at one more form of an example, of which there are some milliseconds' worth each. Whether there was one.
    pub fn practise(&mut self, library: &Library) -> bool {
        let count = self.examples.len().min(PRACTISED);
        while let Some((_, shape)) = self.examples[..count].get_mut(self.practised) {
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
        let first = self.recognise(drawing);
        if !drawing.is_open() {
            return first;
        }
        while drawing.look_closer(library) {}
        self.recognise(drawing)
    }

    /// What a drawing resembles, by those of its forms that were looked at: by itself alone, or by all of them.
    pub fn recognise(&self, drawing: &mut Shape) -> Recognised {
        let forms = |places: &Vec<usize>| -> Vec<&SignEmbedding> {
            places.iter().flat_map(|at| &self.examples[*at].1.forms).collect()
        };
        let known: Vec<&(String, Vec<usize>)> =
            self.signs.iter().filter(|(_, places)| !places.is_empty()).collect();
        let mut all: Vec<Vec<&SignEmbedding>> = known.iter().map(|(_, places)| forms(places)).collect();
        all.push(forms(&self.plain));
        let (first, echoes) = (&drawing.forms[0], &drawing.forms[1..]);
        let is_close = &mut drawing.is_close;
        let ranked = rank(first, &all, || {
            *is_close = true;
            if echoes.len() == ECHOES { echoes } else { &[] }
        });
        let is_plain = ranked.first().is_none_or(|(at, _)| *at == known.len());
        let named = |&(at, similarity): &(usize, f32)| {
            known.get(at).map(|(name, _)| Likeness { name: name.clone(), similarity })
        };
        let likely: Vec<Likeness> = ranked.iter().filter_map(named).collect();
        let is_sign = !is_plain && likely.first().is_some_and(|best| best.similarity >= ALIKE);
        Recognised { likely, is_sign }
    }
}
