//! Which sign of a language a drawing is.
//!
//! Every example of a language lies somewhere among shapes ([`Library::embed_sign`]). A drawing is the sign whose examples
//! it is nearest to, if it is near enough; otherwise it is no sign, and the legend alone reads it. A new example counts at
//! once, and nothing else changes its place, so that nothing that was taught is forgotten.

use std::sync::Arc;

use neume_models::sign_net::similarity_to;
use neume_models::{SignEmbedding, Sketch};

use crate::language::Language;
use crate::library::Library;

/// A drawing that is less like a sign than this is none: of signs that were never learned, as many drawings are lost here
/// as strangers are taken for one (the card of the sign network).
pub const ALIKE: f32 = 0.67;
/// A drawing that is as like an example as this is that example drawn again, whatever the mean of the others is.
const THE_SAME: f32 = 0.97;

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

/// Where the examples of a language lie.
#[derive(Debug, Default)]
pub struct Signs {
    signs: Vec<(String, Vec<SignEmbedding>)>,
    plain: Vec<SignEmbedding>,
    /// What was embedded before, so that teaching costs one drawing.
    known: Vec<(Arc<Sketch>, SignEmbedding)>,
}

impl Signs {
    /// Places every example that is new. Those that cannot be read (a picture without ink) are returned by the name of
    /// their sign with the cause, and left out.
    pub fn learn(&mut self, language: &Language, library: &Library) -> Vec<String> {
        let before = std::mem::take(&mut self.known);
        let mut failed = Vec::new();
        let mut place = |name: &str, drawing: &Arc<Sketch>| -> Option<SignEmbedding> {
            let known = before.iter().find(|(known, _)| Arc::ptr_eq(known, drawing) || known == drawing);
            let placed = match known {
                Some((_, embedding)) => Ok(embedding.clone()),
                None => library.embed_sign(drawing),
            };
            let embedding = placed.map_err(|cause| failed.push(format!("{name}: {cause}"))).ok()?;
            self.known.push((drawing.clone(), embedding.clone()));
            Some(embedding)
        };
        let signs = language.signs.iter().map(|sign| {
            let examples = sign.examples.iter().filter_map(|example| place(&sign.name, example)).collect();
            (sign.name.clone(), examples)
        });
        self.signs = signs.collect();
        self.plain = language.plain.iter().filter_map(|drawing| place("no sign", drawing)).collect();
        failed
    }

    /// Whether there is nothing that a drawing could be.
    pub fn is_empty(&self) -> bool {
        self.signs.is_empty()
    }

    /// What a drawing resembles.
    pub fn recognise(&self, drawing: &SignEmbedding) -> Recognised {
        let named = self.signs.iter().filter(|(_, examples)| !examples.is_empty());
        let mut likely: Vec<Likeness> = named
            .map(|(name, examples)| Likeness { name: name.clone(), similarity: likeness(drawing, examples) })
            .collect();
        // Of equals the one that was taught first.
        likely.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        let plain = nearest(drawing, &self.plain);
        let is_sign = likely.first().is_some_and(|best| best.similarity >= ALIKE && best.similarity > plain);
        Recognised { likely, is_sign }
    }
}

/// How like a drawing is to the mean of the examples, or to one of them if it is the same.
fn likeness(drawing: &SignEmbedding, examples: &[SignEmbedding]) -> f32 {
    let nearest = nearest(drawing, examples);
    if nearest >= THE_SAME { nearest } else { similarity_to(drawing, examples.iter()) }
}

fn nearest(drawing: &SignEmbedding, examples: &[SignEmbedding]) -> f32 {
    examples.iter().map(|example| example.similarity(drawing)).fold(-1.0, f32::max)
}
