//! Two languages become one: what is new is taken over, and what would overwrite something is a clash, which the
//! composer settles. Nothing that is merged is lost without being told.

use std::sync::Arc;

use neume_models::legend::note_name;
use neume_models::{Legend, Sketch};

use crate::figures::fixed;

use super::{Language, LanguageError, Sign, Spoken};

/// What could not be merged without losing something. What was there first stays until the composer decides.
#[derive(Debug, Clone, PartialEq)]
pub enum Clash {
    /// A sign of this name means something else there.
    Sign(Sign),
    /// A sign of a new name of which every drawing says something else here.
    Drawings(Sign),
    /// A sign of a new name that is drawn like the sign of this name here.
    Alike(Sign, String),
    /// The other language's legend differs.
    Legend(Box<Legend>),
    /// Its drawings speak of other aspects.
    Spoken(Spoken),
}

impl Clash {
    /// In a line.
    pub fn words(&self) -> String {
        match self {
            Clash::Sign(sign) => format!("{} means something else there", sign.name),
            Clash::Drawings(sign) => format!("{} is another sign here", sign.name),
            Clash::Alike(sign, here) => format!("{} is drawn like {here} here", sign.name),
            Clash::Legend(_) => "scale, palette or curves differ".to_string(),
            Clash::Spoken(_) => "drawings speak of other aspects there".to_string(),
        }
    }

    /// What of the two languages differs: `meaning`, `drawings`, `shape`, `legend` or `aspects`.
    pub fn kind(&self) -> &'static str {
        match self {
            Clash::Sign(_) => "meaning",
            Clash::Drawings(_) => "drawings",
            Clash::Alike(..) => "shape",
            Clash::Legend(_) => "legend",
            Clash::Spoken(_) => "aspects",
        }
    }

    /// The other language's sign, if it is about one.
    pub fn sign(&self) -> Option<&Sign> {
        match self {
            Clash::Sign(sign) | Clash::Drawings(sign) | Clash::Alike(sign, _) => Some(sign),
            Clash::Legend(_) | Clash::Spoken(_) => None,
        }
    }

    /// What is said in our language, and what in the other one; a line each.
    pub fn sides(&self, ours: &Language) -> [String; 2] {
        let meaning = |sign: &Sign| ours.words_of(&sign.meaning).join(" · ");
        let named = |sign: &Sign| format!("{}: {}", sign.name, meaning(sign));
        match self {
            Clash::Sign(theirs) => [ours.sign(&theirs.name).map_or(String::new(), meaning), meaning(theirs)],
            Clash::Drawings(theirs) => {
                let has =
                    |sign: &&Sign| theirs.examples.iter().any(|example| sign.examples.contains(example));
                let here = ours.signs.iter().find(has).map_or("no sign".to_string(), named);
                [here, named(theirs)]
            }
            Clash::Alike(theirs, here) => {
                [ours.sign(here).map_or("no sign".to_string(), named), named(theirs)]
            }
            Clash::Legend(theirs) => [legend_words(&ours.legend, theirs), legend_words(theirs, &ours.legend)],
            Clash::Spoken(theirs) => [ours.spoken.words(), theirs.words()],
        }
    }

    /// Whether it is about a sign, so that both may be kept.
    pub fn is_of_signs(&self) -> bool {
        self.sign().is_some()
    }
}

/// What merging did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Merged {
    /// Signs that are new.
    pub signs: usize,
    /// Examples that are new, those of the new signs among them.
    pub examples: usize,
    /// Drawings for which their sign, or the list of those that are none, had no room.
    pub left_out: usize,
    /// What is left to decide.
    pub clashes: Vec<Clash>,
}

impl Language {
    /// Takes over what another language knows. Its new signs are added, signs that mean the same share their examples; what
    /// would overwrite something is returned as a clash and changes nothing. A sign that was kept beside one of its name
    /// is known again. A drawing is known by itself alone; [`Language::merge_by`] knows what is drawn alike.
    ///
    /// # Errors
    /// [`LanguageError::TooMany`] if together there are too many signs; nothing is changed then.
    pub fn merge(&mut self, other: &Language) -> Result<Merged, LanguageError> {
        self.merge_by(other, &|_| None)
    }

    /// The same, where a sign of a new name is a clash too if it is drawn like one that was here before, of which
    /// `drawn_like` says the name.
    ///
    /// # Errors
    /// Those of [`Language::merge`].
    pub fn merge_by(
        &mut self,
        other: &Language,
        drawn_like: &dyn Fn(&Sign) -> Option<String>,
    ) -> Result<Merged, LanguageError> {
        let mut merged = Merged::default();
        let mut ours = self.clone();
        if ours == (Language { name: self.name.clone(), ..Language::default() }) {
            // Nothing was said here yet: there is nothing to overwrite.
            ours.legend = other.legend.clone();
            ours.spoken = other.spoken;
        }
        if ours.name.is_empty() {
            ours.name = other.name.clone();
        }
        if ours.legend != other.legend {
            merged.clashes.push(Clash::Legend(Box::new(other.legend.clone())));
        }
        if ours.spoken != other.spoken {
            merged.clashes.push(Clash::Spoken(other.spoken));
        }
        for theirs in &other.signs {
            ours.merge_sign(theirs, drawn_like, &mut merged);
        }
        for plain in &other.plain {
            if ours.knows(plain) {
                continue;
            }
            if ours.plain.len() >= Language::MAX_EXAMPLES {
                merged.left_out += 1;
            } else {
                ours.plain.push(plain.clone());
            }
        }
        if ours.signs.len() > Language::MAX_SIGNS {
            return Err(LanguageError::TooMany(ours.signs.len()));
        }
        *self = ours;
        Ok(merged)
    }

    /// A sign of another language: new here, or of the same meaning, or a clash.
    fn merge_sign(
        &mut self,
        theirs: &Sign,
        drawn_like: &dyn Fn(&Sign) -> Option<String>,
        merged: &mut Merged,
    ) {
        let same = match self.sign(&theirs.name) {
            Some(mine) if mine.meaning == theirs.meaning => Some(theirs.name.clone()),
            Some(_) => self.kept_beside(theirs),
            None => None,
        };
        if let Some(name) = same {
            let [added, left_out] = self.add_examples(&name, theirs);
            merged.examples += added;
            merged.left_out += left_out;
            return;
        }
        if self.sign(&theirs.name).is_some() {
            merged.clashes.push(Clash::Sign(theirs.clone()));
            return;
        }
        let examples: Vec<_> =
            theirs.examples.iter().filter(|example| !self.knows(example)).cloned().collect();
        if examples.is_empty() {
            merged.clashes.push(Clash::Drawings(theirs.clone()));
            return;
        }
        if let Some(here) = drawn_like(theirs) {
            merged.clashes.push(Clash::Alike(theirs.clone(), here));
            return;
        }
        merged.signs += 1;
        merged.examples += examples.len();
        self.signs.push(Sign { examples, ..theirs.clone() });
    }

    /// The sign that [`Language::keep_both`] made of theirs, if it did.
    fn kept_beside(&self, theirs: &Sign) -> Option<String> {
        let is_numbered = |name: &str| {
            let number = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')?.1.parse().ok());
            number.is_some_and(|number| name == numbered(&theirs.name, number))
        };
        let is_it = |sign: &&Sign| {
            sign.meaning == theirs.meaning
                && is_numbered(&sign.name)
                && sign.examples.iter().any(|example| theirs.examples.contains(example))
        };
        self.signs.iter().find(is_it).map(|sign| sign.name.clone())
    }

    /// Whether something is said of this drawing.
    fn knows(&self, drawing: &Arc<Sketch>) -> bool {
        self.plain.contains(drawing) || self.signs.iter().any(|sign| sign.examples.contains(drawing))
    }

    /// Gives the sign of this name the examples of theirs of which nothing is said here. How many there were, and for how
    /// many more there was no room.
    fn add_examples(&mut self, name: &str, theirs: &Sign) -> [usize; 2] {
        let mut new: Vec<_> =
            theirs.examples.iter().filter(|example| !self.knows(example)).cloned().collect();
        let Some(sign) = self.sign_mut(name) else { return [0, new.len()] };
        let left_out = new.split_off(new.len().min(Language::MAX_EXAMPLES - sign.examples.len())).len();
        let added = new.len();
        sign.examples.extend(new);
        [added, left_out]
    }

    /// Settles a clash: takes what the other language says in the place of what is here. Of two signs that are drawn alike
    /// the one here becomes theirs, with the drawings of both.
    ///
    /// # Errors
    /// [`LanguageError::TooMany`] if there is no room for another sign.
    pub fn take_theirs(&mut self, clash: &Clash) -> Result<(), LanguageError> {
        match clash {
            Clash::Legend(legend) => self.legend = (**legend).clone(),
            Clash::Spoken(spoken) => self.spoken = *spoken,
            Clash::Sign(theirs) => {
                self.add_examples(&theirs.name, theirs);
                if let Some(mine) = self.sign_mut(&theirs.name) {
                    mine.meaning = theirs.meaning.clone();
                }
            }
            Clash::Alike(theirs, here) => {
                let is_free = self.sign(&theirs.name).is_none();
                let Some(mine) = self.sign_mut(here).filter(|_| is_free) else {
                    return self.keep_both(clash);
                };
                mine.name = theirs.name.clone();
                mine.meaning = theirs.meaning.clone();
                self.add_examples(&theirs.name, theirs);
            }
            Clash::Drawings(theirs) => {
                self.keep_both(clash)?;
                let name = self.signs.last().map(|sign| sign.name.clone());
                theirs.examples.iter().for_each(|example| self.forget(example, name.as_deref()));
            }
        }
        Ok(())
    }

    /// Settles a clash of signs: keeps both, theirs under a new name where its own is taken. Other clashes stay as they
    /// are.
    ///
    /// # Errors
    /// [`LanguageError::TooMany`] if there is no room for another sign.
    pub fn keep_both(&mut self, clash: &Clash) -> Result<(), LanguageError> {
        let (Clash::Sign(theirs) | Clash::Drawings(theirs) | Clash::Alike(theirs, _)) = clash else {
            return Ok(());
        };
        if self.signs.len() >= Language::MAX_SIGNS {
            return Err(LanguageError::TooMany(self.signs.len() + 1));
        }
        let names = std::iter::once(theirs.name.clone()).chain((2..).map(|n| numbered(&theirs.name, n)));
        let name = names.into_iter().find(|name| self.sign(name).is_none()).unwrap_or_default();
        self.signs.push(Sign { name, ..theirs.clone() });
        Ok(())
    }

    /// How many signs and how many examples are here that were not in `before`.
    pub fn new_since(&self, before: &Language) -> [usize; 2] {
        let is_new = |sign: &&Sign| before.sign(&sign.name).is_none();
        let examples = self.signs.iter().map(|sign| match before.sign(&sign.name) {
            None => sign.examples.len(),
            Some(old) => sign.examples.iter().filter(|example| !old.examples.contains(example)).count(),
        });
        [self.signs.iter().filter(is_new).count(), examples.sum()]
    }
}

/// What a legend says otherwise than another one.
fn legend_words(legend: &Legend, other: &Legend) -> String {
    let mut words = Vec::new();
    if legend.scale != other.scale {
        let note = |midi: u8| note_name(i32::from(midi));
        words.push(format!("{} to {}", note(legend.scale.low_midi()), note(legend.scale.high_midi())));
    }
    let hues = legend.palette.iter().zip(&other.palette);
    let moved: Vec<&str> = hues.filter(|(family, o)| family != o).map(|(family, _)| family.label()).collect();
    if !moved.is_empty() {
        words.push(format!("hues {}", moved.join(", ")));
    }
    if (legend.width_norm, legend.loudness_db) != (other.width_norm, other.loudness_db) {
        let ([thin, thick], [soft, loud]) =
            (legend.width_norm.map(|width| width * 100.0), legend.loudness_db);
        words.push(format!(
            "{} to {} dB at {thin:.2} to {thick:.2} % of the pad",
            fixed(soft, 0),
            fixed(loud, 0)
        ));
    }
    words.join(" · ")
}

/// The name of another sign that would be called so, no longer than names may be.
fn numbered(name: &str, number: u32) -> String {
    let number = format!(" ({number})");
    let room = Language::MAX_NAME_CHARS - number.chars().count();
    let name: String = name.chars().take(room).collect();
    name.trim_end().to_string() + &number
}

#[cfg(test)]
mod tests {
    use neume_models::Family;

    use super::super::Meaning;
    use super::super::tests::{drawing, language, pitched};
    use super::*;

    #[test]
    fn merging_adds_what_is_new_and_overwrites_nothing() {
        let mut mine = language(&[("bell", 1, pitched(60.0)), ("wind", 2, Meaning::default())]);
        let mut theirs = language(&[
            ("bell", 3, pitched(72.0)),
            ("wind", 4, Meaning::default()),
            ("stone", 5, pitched(40.0)),
        ]);
        theirs.teach("wind", drawing(1)).unwrap();
        theirs.legend.scale = "69-80".parse().unwrap();
        let merged = mine.merge(&theirs).unwrap();
        assert_eq!((merged.signs, merged.examples), (1, 2));
        assert_eq!(mine.sign("bell").unwrap().meaning, pitched(60.0), "it stays until the composer decides");
        assert_eq!(mine.sign("stone").unwrap().meaning, pitched(40.0));
        assert_eq!(mine.sign("wind").unwrap().examples, [drawing(2), drawing(4)], "1 is a bell here");
        assert_eq!(mine.legend, Legend::default());
        let [legend, sign] = merged.clashes.as_slice() else { panic!("{:?}", merged.clashes) };
        assert!(matches!(legend, Clash::Legend(_)), "{legend:?}");
        let settled = |settle: &dyn Fn(&mut Language)| {
            let mut language = mine.clone();
            settle(&mut language);
            language
        };
        let taken = settled(&|language| language.take_theirs(sign).unwrap());
        assert_eq!(taken.sign("bell").unwrap().meaning, pitched(72.0));
        assert_eq!(taken.sign("bell").unwrap().examples, [drawing(1), drawing(3)]);
        let both = settled(&|language| language.keep_both(sign).unwrap());
        assert_eq!(both.sign("bell").unwrap().meaning, pitched(60.0));
        assert_eq!(both.sign("bell (2)").unwrap().meaning, pitched(72.0));
        let again = settled(&|language| language.take_theirs(legend).unwrap());
        assert_eq!(again.legend, theirs.legend);
        let nothing = mine.clone().merge(&mine).unwrap();
        assert_eq!(nothing, Merged::default(), "merging a language with itself changes nothing");
    }

    #[test]
    fn a_sign_of_a_new_name_whose_drawing_is_another_one_here_is_a_clash() {
        let mine = language(&[("bell", 1, pitched(60.0))]);
        let theirs = language(&[("gong", 1, pitched(40.0))]);
        let mut ours = mine.clone();
        let merged = ours.merge(&theirs).unwrap();
        let [clash] = merged.clashes.as_slice() else { panic!("{merged:?}") };
        assert!(clash.words().starts_with("gong is") && clash.is_of_signs(), "{clash:?}");
        assert_eq!((merged.signs, merged.examples, &ours), (0, 0, &mine));
        ours.keep_both(clash).unwrap();
        assert_eq!(ours.sign("gong"), theirs.sign("gong"));
        assert_eq!(ours.sign("bell"), mine.sign("bell"));
        assert_eq!(ours.merge(&theirs), Ok(Merged::default()), "it is here now");
        let mut mine = language(&[("bell", 1, pitched(60.0))]);
        mine.teach("bell", drawing(2)).unwrap();
        mine.take_theirs(clash).unwrap();
        assert_eq!(mine.sign("gong"), theirs.sign("gong"));
        assert_eq!(mine.sign("bell").unwrap().examples, [drawing(2)], "the drawing is a gong now");
    }

    #[test]
    fn a_sign_that_is_drawn_like_another_one_here_is_a_clash() {
        let mine = language(&[("star", 1, pitched(60.0))]);
        let theirs = language(&[("sun", 3, pitched(40.0)), ("sea", 5, Meaning::default())]);
        let mut ours = mine.clone();
        let drawn_like = |sign: &Sign| (sign.name == "sun").then(|| "star".to_string());
        let merged = ours.merge_by(&theirs, &drawn_like).unwrap();
        let [clash] = merged.clashes.as_slice() else { panic!("{merged:?}") };
        assert_eq!((clash.words().as_str(), merged.signs), ("sun is drawn like star here", 1));
        assert_eq!(clash.sides(&ours), ["star: C4", "sun: E2"]);
        assert_eq!(
            (ours.sign("star"), ours.sign("sun")),
            (mine.sign("star"), None),
            "nothing is overwritten"
        );
        let mut both = ours.clone();
        both.keep_both(clash).unwrap();
        assert_eq!((both.sign("star"), both.sign("sun")), (mine.sign("star"), theirs.sign("sun")));
        assert_eq!(both.merge_by(&theirs, &drawn_like), Ok(Merged::default()), "it is here now");
        ours.take_theirs(clash).unwrap();
        assert_eq!(ours.sign("star"), None);
        let sun = ours.sign("sun").unwrap();
        assert_eq!((&sun.meaning, sun.examples.as_slice()), (&pitched(40.0), &[drawing(1), drawing(3)][..]));
        assert_eq!(ours.merge_by(&theirs, &drawn_like), Ok(Merged::default()));
    }

    #[test]
    fn a_clash_says_what_is_said_here_and_there() {
        let mut mine = language(&[("bell", 1, pitched(60.0)), ("wind", 2, Meaning::default())]);
        let mut theirs = language(&[("bell", 3, pitched(72.0)), ("gong", 2, pitched(40.0))]);
        theirs.legend.scale = "69-80".parse().unwrap();
        theirs.legend.exchange([Family::Brass, Family::Vocal]);
        theirs.spoken.family = false;
        let clashes = mine.merge(&theirs).unwrap().clashes;
        let kinds: Vec<_> =
            clashes.iter().map(|clash| (clash.kind(), clash.sign().map(|sign| sign.name.as_str()))).collect();
        let of_signs = [("meaning", Some("bell")), ("drawings", Some("gong"))];
        assert_eq!(kinds, [[("legend", None), ("aspects", None)], of_signs].concat());
        let said: Vec<[String; 2]> = clashes.iter().map(|clash| clash.sides(&mine)).collect();
        let expected = [
            ["C2 to B5 · hues brass, vocal", "A4 to G#5 · hues vocal, brass"],
            ["pitch, loudness, family, bright, rough", "pitch, loudness, bright, rough"],
            ["C4", "C5"],
            ["wind: read by the legend", "gong: E2"],
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_sign_that_was_kept_beside_one_of_its_name_is_known_again() {
        let long = "b".repeat(Language::MAX_NAME_CHARS);
        for name in ["bell", &long] {
            let mut ours = language(&[(name, 1, pitched(60.0))]);
            let mut theirs = language(&[(name, 3, pitched(72.0))]);
            let before = ours.clone();
            let merged = ours.merge(&theirs).unwrap();
            ours.keep_both(&merged.clashes[0]).unwrap();
            ours.check().unwrap();
            assert_eq!(ours.new_since(&before), [1, 1]);
            let once = ours.clone();
            assert_eq!(ours.merge(&theirs), Ok(Merged::default()));
            assert_eq!(ours, once);
            theirs.teach(name, drawing(4)).unwrap();
            assert_eq!(ours.merge(&theirs), Ok(Merged { examples: 1, ..Merged::default() }));
            assert_eq!(ours.signs[1].examples, [drawing(3), drawing(4)]);
        }
    }

    #[test]
    fn more_signs_than_a_language_has_are_not_merged_at_all() {
        let many = |name: &str, from: u32, count: usize| Language {
            signs: (0..count)
                .map(|i| Sign {
                    name: format!("{name} {i}"),
                    examples: vec![drawing(from + i as u32)],
                    ..Sign::default()
                })
                .collect(),
            ..Language::default()
        };
        let mut ours = many("mine", 0, Language::MAX_SIGNS - 1);
        let before = ours.clone();
        let refused = ours.merge(&many("theirs", 10_000, 3)).unwrap_err();
        assert_eq!(refused, LanguageError::TooMany(Language::MAX_SIGNS + 2));
        assert!(refused.to_string().contains("4098") && refused.to_string().contains("4096"), "{refused}");
        assert!(ours == before, "nothing is changed");
        assert_eq!(ours.merge(&many("theirs", 10_000, 1)).unwrap().signs, 1);
        let clash = Clash::Sign(before.signs[0].clone());
        assert_eq!(ours.keep_both(&clash), Err(LanguageError::TooMany(4097)));
    }

    #[test]
    fn examples_for_which_a_sign_has_no_room_are_counted() {
        let full = |from: u32| Language {
            signs: vec![Sign {
                name: "bell".to_string(),
                examples: (from..from + 200).map(drawing).collect(),
                ..Sign::default()
            }],
            plain: (from + 1000..from + 1200).map(drawing).collect(),
            ..Language::default()
        };
        let mut ours = full(0);
        let merged = ours.merge(&full(500)).unwrap();
        assert_eq!((merged.examples, merged.left_out), (56, 2 * 144));
        ours.check().unwrap();
    }
}
