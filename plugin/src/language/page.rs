//! A language on a page, like the legend of a score: what drawings mean before anyone taught them, then every sign with
//! its drawing and its meaning. Written as SVG; the PNG is that SVG, drawn.

use neume_models::legend::note_name;
use neume_models::raster::paint;
use neume_models::sketch::PAD_ASPECT;
use neume_models::{Rgb, Sketch};

use super::{Language, LanguageError, Sign, framed};
use crate::editor::theme::hsl_bytes;
use crate::figures::fixed;
use crate::page::{Lettering, Page, png_of, shortened};

const MARGIN: f32 = 56.0;
/// Signs side by side at least; the legend is as wide.
const COLUMNS: usize = 4;
const GAP: f32 = 20.0;
const CARD: f32 = 207.0;
const DRAWING: f32 = CARD / PAD_ASPECT;
const CARD_HEIGHT: f32 = DRAWING + 78.0;
const LEGEND_TOP: f32 = 138.0;
const SIGNS_TOP: f32 = 388.0;
/// How many times as long as wide a page is at most: a longer one gets more columns, so that its PNG can be read.
const LONGEST: f32 = 2.0;
/// Pixels of the PNG for a unit of the page.
const SCALE: f32 = 2.0;

const TEXT: &str = "#23211d";
const DIM: &str = "#686258";
const LINE: &str = "#d8d1c3";
const PAPER: &str = "#fbf9f4";
const SHADE: &str = "#f1ece2";

impl Language {
    /// The page as SVG.
    pub fn to_svg(&self) -> String {
        let columns = columns_for(self.signs.len());
        let mut page = Page::new(size_of(self.signs.len(), columns), PAPER);
        let title = if self.name.trim().is_empty() { "A language of drawings" } else { self.name.trim() };
        page.words([MARGIN, 78.0], 30.0, true, TEXT, "start", title);
        let count = match self.signs.len() {
            0 => "read by the legend alone".to_string(),
            1 => "one sign, and the legend for everything else".to_string(),
            n => format!("{n} signs, and the legend for everything else"),
        };
        page.words([MARGIN, 104.0], 14.0, false, DIM, "start", &count);
        self.legend_on(&mut page);
        page.words([MARGIN, SIGNS_TOP - 22.0], 15.0, true, TEXT, "start", "Signs");
        if self.signs.is_empty() {
            page.words([MARGIN, SIGNS_TOP + 20.0], 14.0, false, DIM, "start", "None has been taught yet.");
        }
        for (i, sign) in self.signs.iter().enumerate() {
            let x = MARGIN + (CARD + GAP) * (i % columns) as f32;
            let y = SIGNS_TOP + (CARD_HEIGHT + GAP) * (i / columns) as f32;
            self.sign_on(&mut page, sign, [x, y]);
        }
        page.finish()
    }

    /// The page as a PNG, two pixels for each unit of the SVG.
    ///
    /// # Errors
    /// [`LanguageError::Page`] if it cannot be drawn.
    pub fn to_png(&self) -> Result<Vec<u8>, LanguageError> {
        png_of(&self.to_svg(), SCALE).map_err(LanguageError::Page)
    }

    /// Scale, thickness and palette side by side.
    fn legend_on(&self, page: &mut Page) {
        let top = LEGEND_TOP;
        let colour = match (self.spoken.family, self.spoken.brightness) {
            (true, false) => "Hue is the family, lightness not used",
            (false, true) => "Lightness is the brightness, hue not used",
            _ => "Hue is the family, lightness the brightness",
        };
        let heads = [
            ([MARGIN, top], "Height is pitch", self.spoken.pitch),
            ([330.0, top], "Thickness is loudness", self.spoken.loudness),
            ([604.0, top], colour, self.spoken.family || self.spoken.brightness),
            ([604.0, top + 206.0], "Jagged is rough, round is mellow", self.spoken.roughness),
        ];
        for (at, words, is_spoken) in heads {
            let words = if is_spoken { words.to_string() } else { format!("{words}: not used") };
            page.words(at, 13.0, true, if is_spoken { TEXT } else { DIM }, "start", &words);
        }
        self.scale_on(page, [MARGIN, top + 18.0, 224.0, 168.0]);
        self.loudness_on(page, [330.0, top + 18.0, 224.0, 168.0]);
        self.palette_on(page, [604.0, top + 18.0]);
    }

    fn scale_on(&self, page: &mut Page, [x, y, w, h]: [f32; 4]) {
        let scale = self.legend.scale;
        page.fill([x + 36.0, y, w - 36.0, h], 6.0, "#ffffff");
        let row_height = h / scale.rows() as f32;
        for midi in scale.low_midi()..=scale.high_midi() {
            let from_top = f32::from(scale.high_midi() - midi);
            let row = [x + 36.0, y + from_top * row_height, w - 36.0, row_height];
            if matches!(midi % 12, 1 | 3 | 6 | 8 | 10) {
                page.fill(row, 0.0, SHADE);
            }
            let is_edge = midi == scale.low_midi() || midi == scale.high_midi();
            if midi % 12 == 0 || is_edge {
                let middle = row[1] + row_height / 2.0 + 3.5;
                page.words([x + 28.0, middle], 10.0, is_edge, DIM, "end", &note_name(i32::from(midi)));
            }
        }
        let frame = [x + 36.0, y, w - 36.0, h];
        page.frame(frame, LINE);
    }

    fn loudness_on(&self, page: &mut Page, [x, y, w, h]: [f32; 4]) {
        page.fill([x, y, w, h], 6.0, "#ffffff");
        page.frame([x, y, w, h], LINE);
        let [soft, loud] = self.legend.loudness_db;
        for step in 0..5 {
            let db = loud + (soft - loud) * step as f32 / 4.0;
            let middle = y + h * (0.12 + 0.19 * step as f32);
            let width = (self.legend.width_norm_of(db) * h).max(0.6);
            let ends = [[x + 16.0 + width / 2.0, middle], [x + w - 104.0 - width / 2.0, middle]];
            page.line(&ends, width, TEXT);
            let words = format!("{} dB", fixed(db, 0)).replace('-', "−");
            page.words([x + w - 14.0, middle + 4.0], 11.0, false, DIM, "end", &words);
            let mark = self.legend.dynamic(db);
            page.italic([x + w - 74.0, middle + 4.0], 13.0, TEXT, mark);
        }
    }

    fn palette_on(&self, page: &mut Page, [x, y]: [f32; 2]) {
        let inks = self.legend.palette.iter().enumerate().map(|(hue, &family)| {
            let [r, g, b] = hsl_bytes(hue as f32 * 30.0, 0.68, 0.45);
            (format!("#{r:02x}{g:02x}{b:02x}"), family.label())
        });
        let open = ("#24221e".to_string(), "open: any family");
        for (i, (colour, label)) in inks.chain([open]).enumerate() {
            let (column, row) = (i / 7, i % 7);
            let at = [x + 172.0 * column as f32, y + 14.0 + 24.0 * row as f32];
            page.disc([at[0] + 9.0, at[1]], 8.0, &colour);
            page.words([at[0] + 27.0, at[1] + 4.0], 12.0, false, TEXT, "start", label);
        }
    }

    fn sign_on(&self, page: &mut Page, sign: &Sign, [x, y]: [f32; 2]) {
        page.fill([x, y, CARD, DRAWING], 8.0, "#ffffff");
        if let Some(example) = sign.examples.first() {
            page.drawing(example, [x, y, CARD, DRAWING]);
        }
        page.frame([x, y, CARD, DRAWING], LINE);
        let name = shortened(&sign.name, 26);
        page.words([x + 2.0, y + DRAWING + 22.0], 14.0, true, TEXT, "start", &name);
        let mut at = y + DRAWING + 40.0;
        for line in self.words_of(&sign.meaning).iter().flat_map(|words| wrapped(words, 32)) {
            page.words([x + 2.0, at], 12.0, false, DIM, "start", &shortened(&line, 34));
            at += 16.0;
        }
    }
}

/// Signs side by side on the page of so many.
fn columns_for(signs: usize) -> usize {
    let is_short = |columns: &usize| {
        let [width, height] = size_of(signs, *columns);
        height <= LONGEST * width
    };
    (COLUMNS..).find(is_short).unwrap_or(COLUMNS)
}

/// Width and height of a page with so many signs in so many columns.
fn size_of(signs: usize, columns: usize) -> [f32; 2] {
    let rows = signs.div_ceil(columns).max(1);
    let width = 2.0 * MARGIN - GAP + (CARD + GAP) * columns as f32;
    [width, SIGNS_TOP + (CARD_HEIGHT + GAP) * rows as f32 + MARGIN - GAP]
}

/// Words in lines of at most so many characters, where the dots between them let them be parted.
fn wrapped(words: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(" · ") {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + word.chars().count() <= most => {
                *line += &format!(" · {word}")
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

/// What only a language draws.
impl Page {
    /// A drawing, as large as fits.
    fn drawing(&mut self, sketch: &Sketch, [x, y, w, h]: [f32; 4]) {
        if sketch.raster.is_some() {
            // It lies there as it lies on the pad.
            let painted = paint(sketch, 2 * w as u32, 2 * h as u32, Some(Rgb([255, 255, 255])));
            return self.picture(&painted, [x, y, w, h]);
        }
        for stroke in framed(sketch).strokes {
            let Rgb([r, g, b]) = stroke.rgb;
            let points: Vec<[f32; 2]> =
                stroke.points.iter().map(|point| [x + point.x * w, y + (1.0 - point.y) * h]).collect();
            self.line(&points, (stroke.width_norm * h).max(1.0), &format!("#{r:02x}{g:02x}{b:02x}"));
        }
    }

    fn words(
        &mut self,
        at: [f32; 2],
        size: f32,
        strong: bool,
        colour: &str,
        anchor: &'static str,
        words: &str,
    ) {
        self.text(at, Lettering { size, strong, colour, anchor }, words);
    }
}

#[cfg(test)]
mod tests {
    use neume_models::Family;

    use super::super::Meaning;
    use super::super::tests::language;
    use super::*;
    use crate::page::MAX_PNG_SIDE_PX;

    #[test]
    fn every_sign_is_on_the_page_with_what_it_means() {
        let bell = Meaning { pitch_midi: Some(60.0), family: Some(Family::Mallet), ..Meaning::default() };
        let language = language(&[("temple <bell> & co", 1, bell), ("wind", 2, Meaning::default())]);
        let svg = language.to_svg();
        for words in
            ["Vespers", "2 signs", "temple &lt;bell&gt; &amp; co", "C4 · mallet", "read by the legend"]
        {
            assert!(svg.contains(words), "{words}");
        }
        let png = language.to_png().unwrap();
        let page = image::load_from_memory(&png).unwrap().into_rgb8();
        assert_eq!(page.width(), (size_of(2, COLUMNS)[0] * SCALE) as u32);
        let of_ink = |p: &&image::Rgb<u8>| p.0[2] > 150 && p.0[0] < 80;
        assert!(page.pixels().filter(of_ink).count() > 500, "the blue strokes are drawn");
    }

    #[test]
    fn all_that_a_sign_means_and_what_is_not_used_is_on_the_page() {
        let meaning = Meaning {
            pitch_midi: Some(61.0),
            loudness_db: Some(-24.0),
            family: Some(Family::SynthLead),
            brightness: Some(1.0),
            roughness: Some(0.5),
            ..Meaning::default()
        };
        let mut language = language(&[("bell", 1, meaning)]);
        language.spoken.brightness = false;
        language.spoken.roughness = false;
        let svg = language.to_svg();
        for words in ["C#4 · ", "bright 100", "rough 50", "lightness not used", "round is mellow: not used"]
        {
            assert!(svg.contains(words), "{words}: {svg}");
        }
        assert!(!svg.contains('…'), "nothing is cut");
    }

    #[test]
    fn a_page_of_thousands_of_signs_can_be_read_as_a_png() {
        for signs in [0, 24, 25, 500, 4000] {
            let longest = size_of(signs, columns_for(signs)).into_iter().fold(0.0, f32::max);
            let scale = SCALE.min(MAX_PNG_SIDE_PX / longest);
            assert!(12.0 * scale > 8.0, "{signs} signs in letters of {} px", 12.0 * scale);
        }
        assert_eq!([0, 24, 25].map(columns_for), [4, 4, 5]);
    }

    #[test]
    fn a_language_of_any_size_and_of_any_letters_has_a_page() {
        Language::default().to_png().unwrap();
        let signs: Vec<(String, u32)> = (0..300).map(|i| (format!("sign {i}"), i)).collect();
        let signs: Vec<_> = signs.iter().map(|(name, i)| (name.as_str(), *i, Meaning::default())).collect();
        let mut language = language(&signs);
        language.signs.iter_mut().for_each(|sign| sign.name += "\u{0}\u{1b} 雨 \u{202e}");
        let png = language.to_png().unwrap();
        assert!(image::load_from_memory(&png).unwrap().height() as f32 <= MAX_PNG_SIDE_PX);
    }
}
