//! The page of a map: a wash of each family's hue where it lies, every instrument a line from its lowest note to its
//! highest, a dot for each sound, names, and a legend.

use std::collections::{BTreeMap, BTreeSet};

use neume::editor::theme::{Theme, Tokens, hsl, to_hsl};
use neume::figures::counted;
use neume::page::{Lettering, Page, hex, shortened, width_of};
use neume_bank::{Bank, Instrument, Map, Sound};
use neume_models::Family;

use super::map_labels::{Labels, Wish};

const WIDTH: f32 = 1600.0;
const HEIGHT: f32 = 1132.0;
const MARGIN: f32 = 72.0;
/// Where the map itself lies, dots included.
const AREA: [f32; 4] = [MARGIN, 132.0, WIDTH - 2.0 * MARGIN, 856.0];
/// Room that names have around the dots.
const INSET: [f32; 2] = [64.0, 34.0];
const LEGEND_TOP: f32 = 1040.0;

/// What is drawn.
pub struct Scene<'a> {
    bank: &'a Bank,
    theme: Theme,
    tokens: &'a Tokens,
    /// Of each sound, on the page.
    places: Vec<[f32; 2]>,
    radii: Vec<f32>,
    /// Dots of a large bank are smaller, 0..1.
    grain: f32,
}

impl<'a> Scene<'a> {
    /// The page of a bank's map.
    pub fn new(bank: &'a Bank, map: &Map, theme: Theme) -> Scene<'a> {
        let grain = (420.0 / bank.sounds.len().max(1) as f32).powf(0.3).clamp(0.22, 1.25);
        let [x, y, w, h] = AREA;
        let place = |&[right, up]: &[f32; 2]| {
            [x + INSET[0] + right * (w - 2.0 * INSET[0]), y + INSET[1] + (1.0 - up) * (h - 2.0 * INSET[1])]
        };
        let (soft, loud) = loudness_range(bank);
        let radius = |sound: &Sound| {
            let along = (sound.profile.loudness_db - soft) / (loud - soft).max(6.0);
            grain * radius_of(along)
        };
        Scene {
            bank,
            theme,
            tokens: theme.tokens(),
            places: map.places.iter().map(place).collect(),
            radii: bank.sounds.iter().map(radius).collect(),
            grain,
        }
    }

    /// The page as SVG.
    pub fn draw(&self) -> String {
        let mut page = Page::new([WIDTH, HEIGHT], &hex(self.tokens.pad));
        self.washes_on(&mut page);
        self.lines_on(&mut page);
        self.dots_on(&mut page);
        let mut labels = Labels::new(AREA, self.places.iter().copied().zip(self.radii.iter().copied()));
        self.families_on(&mut page, &mut labels);
        self.names_on(&mut page, &mut labels);
        self.title_on(&mut page);
        self.legend_on(&mut page);
        page.finish()
    }

    fn family_of(&self, at: usize) -> Family {
        self.bank.sounds[at].profile.families.best().0
    }

    /// The hue of a family, as light as a brightness of 0..1.
    fn ink(&self, family: Family, brightness: f32) -> String {
        let usual = self.theme.family(family).to_array();
        let (hue, saturation, lightness) = to_hsl([usual[0], usual[1], usual[2]]);
        let reach = if self.theme == Theme::Light { 0.19 } else { 0.2 };
        let brightness = if brightness.is_finite() { brightness.clamp(0.0, 1.0) } else { 0.5 };
        hex(hsl(hue, saturation, lightness + reach * (2.0 * brightness - 0.95)))
    }

    fn washes_on(&self, page: &mut Page) {
        page.define_blur("wash", 16.0);
        let opacity = if self.theme == Theme::Light { 0.18 } else { 0.22 };
        page.open(&format!("filter=\"url(#wash)\" opacity=\"{opacity}\""));
        for (at, &place) in self.places.iter().enumerate() {
            page.disc(place, 14.0 + 14.0 * self.grain, &hex(self.theme.family(self.family_of(at))));
        }
        page.close();
    }

    /// From note to note; the further apart two lie, the fainter the line between them.
    fn lines_on(&self, page: &mut Page) {
        page.open("fill=\"none\" stroke-linecap=\"round\"");
        let mut drawn = BTreeSet::new();
        for instrument in &self.bank.instruments {
            for pair in self.stops_of(instrument).windows(2) {
                // Kits share their drums: a line that is there already gets no darker.
                if !drawn.insert((pair[0].min(pair[1]), pair[0].max(pair[1]))) {
                    continue;
                }
                let (from, to) = (self.places[pair[0]], self.places[pair[1]]);
                let far = (from[0] - to[0]).hypot(from[1] - to[1]);
                let opacity = 0.62 * (-far / 110.0).exp();
                if opacity < 0.015 {
                    continue;
                }
                let ink = hex(self.theme.family(self.family_of(pair[0])));
                page.open(&format!("opacity=\"{opacity:.2}\""));
                page.line(&[from, to], 0.7 + 1.3 * self.grain, &ink);
                page.close();
            }
        }
        page.close();
    }

    /// The sounds of an instrument from its lowest root to its highest, one for each.
    fn stops_of(&self, instrument: &Instrument) -> Vec<usize> {
        let mut by_root: BTreeMap<i64, usize> = BTreeMap::new();
        for zone in &instrument.zones {
            by_root.entry((zone.root_midi * 10.0).round() as i64).or_insert(zone.sound);
        }
        by_root.into_values().collect()
    }

    /// Large dots first, so that none hides another.
    fn dots_on(&self, page: &mut Page) {
        let mut order: Vec<usize> = (0..self.places.len()).collect();
        order.sort_by(|&a, &b| self.radii[b].total_cmp(&self.radii[a]).then(a.cmp(&b)));
        let rim = (1.1 * self.grain).min(1.0);
        page.open(&format!("stroke=\"{}\" stroke-width=\"{rim:.2}\"", hex(self.tokens.pad)));
        for at in order {
            let ink = self.ink(self.family_of(at), self.bank.sounds[at].profile.brightness);
            page.disc(self.places[at], self.radii[at], &ink);
        }
        page.close();
    }

    /// The name of each family in wide letters, where most of it lies.
    fn families_on(&self, page: &mut Page, labels: &mut Labels) {
        let mut members: BTreeMap<Family, Vec<usize>> = BTreeMap::new();
        (0..self.places.len()).for_each(|at| members.entry(self.family_of(at)).or_default().push(at));
        let mut families: Vec<(Family, Vec<usize>)> = members.into_iter().collect();
        families.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
        for (family, members) in families {
            const SIZE: f32 = 15.0;
            const SPACING: f32 = 5.0;
            let words = family.label().to_uppercase();
            let width = width_of(&words, SIZE, true) + SPACING * words.chars().count() as f32;
            let heart = self.densest(&members);
            let anchors = self.spread_from(heart, &members, 24);
            let wish = Wish { size: [width, SIZE + 3.0], anchors, distance: 26.0, most_covered: 0.25 };
            let Some([x, y, _, _]) = labels.place(&wish) else { continue };
            let ink = self.lettering_of(family);
            page.open(&format!("letter-spacing=\"{SPACING}\" {}", self.halo(4.0)));
            let style = Lettering { size: SIZE, strong: true, colour: &ink, anchor: "start" };
            page.text([x, y + SIZE - 1.0], style, &words);
            page.close();
        }
    }

    /// The hue of a family as letters have it: deep enough to be read.
    fn lettering_of(&self, family: Family) -> String {
        self.ink(family, if self.theme == Theme::Light { 0.22 } else { 0.7 })
    }

    /// The member with the most others of its own around it.
    fn densest(&self, members: &[usize]) -> [f32; 2] {
        const REACH: f32 = 70.0;
        // Of very many, some are asked about some.
        let step = members.len().div_ceil(800);
        let some: Vec<[f32; 2]> = members.iter().step_by(step).map(|&at| self.places[at]).collect();
        let around = |of: &[f32; 2]| {
            some.iter().map(|at| (-((at[0] - of[0]).hypot(at[1] - of[1]) / REACH).powi(2)).exp()).sum::<f32>()
        };
        some.iter().copied().max_by(|a, b| around(a).total_cmp(&around(b))).unwrap_or_default()
    }

    /// Places of members, the nearest to a point first.
    fn spread_from(&self, point: [f32; 2], members: &[usize], most: usize) -> Vec<[f32; 2]> {
        let mut places: Vec<[f32; 2]> = members.iter().map(|&at| self.places[at]).collect();
        let far = |place: &[f32; 2]| (place[0] - point[0]).hypot(place[1] - point[1]);
        places.sort_by(|a, b| far(a).total_cmp(&far(b)));
        places.truncate(most);
        places
    }

    /// The names of instruments, as many as there is room for: the ones with the most sounds first.
    fn names_on(&self, page: &mut Page, labels: &mut Labels) {
        let mut instruments: Vec<&Instrument> = self.bank.instruments.iter().collect();
        instruments.sort_by(|a, b| b.zones.len().cmp(&a.zones.len()).then_with(|| a.name.cmp(&b.name)));
        let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
        instruments.iter().for_each(|instrument| *shared.entry(&instrument.name).or_default() += 1);
        let size = 11.5;
        page.open(&self.halo(3.0));
        for instrument in instruments {
            let mut members: Vec<usize> = instrument.zones.iter().map(|zone| zone.sound).collect();
            members.sort_unstable();
            members.dedup();
            let name = shortened(&self.name_of(instrument, &shared), 30);
            if name.is_empty() {
                continue;
            }
            let anchors = self.spread_from(self.densest(&members), &members, 6);
            let distance = 4.5 + members.iter().map(|&at| self.radii[at]).fold(0.0, f32::max);
            let wish = Wish {
                size: [width_of(&name, size, false), size + 1.0],
                anchors,
                distance,
                most_covered: 0.3,
            };
            let Some([x, y, _, _]) = labels.place(&wish) else { continue };
            let colour = hex(self.tokens.text);
            page.text(
                [x, y + size - 1.5],
                Lettering { size, strong: false, colour: &colour, anchor: "start" },
                &name,
            );
        }
        page.close();
    }

    /// The name of an instrument; where others bear it too, with the class of its sounds before it.
    fn name_of(&self, instrument: &Instrument, shared: &BTreeMap<&str, usize>) -> String {
        let name = readable(&instrument.name);
        let is_shared = shared.get(instrument.name.as_str()).is_some_and(|count| *count > 1);
        let class = instrument.zones.first().and_then(|zone| self.bank.sounds[zone.sound].class.as_deref());
        match class.filter(|class| is_shared && !instrument.name.contains(class)) {
            Some(class) => format!("{}, {name}", readable(class)),
            None => name,
        }
    }

    /// Letters keep their ground free around them.
    fn halo(&self, width: f32) -> String {
        let paper = hex(self.tokens.pad);
        format!(
            "stroke=\"{paper}\" stroke-width=\"{width}\" stroke-linejoin=\"round\" stroke-opacity=\"0.8\" \
             paint-order=\"stroke\""
        )
    }

    fn title_on(&self, page: &mut Page) {
        let (text, dim) = (hex(self.tokens.text), hex(self.tokens.dim));
        let style = |size, strong, colour| Lettering { size, strong, colour, anchor: "start" };
        page.text([MARGIN, 82.0], style(36.0, true, &text), &shortened(&self.bank.name, 60));
        let words = format!(
            "{} in {}; what lies near sounds alike",
            counted(self.bank.sounds.len(), "sound"),
            counted(self.bank.instruments.len(), "instrument")
        );
        page.text([MARGIN, 110.0], style(15.0, false, &dim), &words);
        let right = WIDTH - MARGIN;
        let end = Lettering { size: 13.0, strong: false, colour: &dim, anchor: "end" };
        page.text([right, 110.0], end, "upwards brighter, to the right higher");
    }

    fn legend_on(&self, page: &mut Page) {
        let (text, dim) = (hex(self.tokens.text), hex(self.tokens.dim));
        page.line(
            &[[MARGIN, LEGEND_TOP - 26.0], [WIDTH - MARGIN, LEGEND_TOP - 26.0]],
            1.0,
            &hex(self.tokens.line),
        );
        let mut counts = [0; Family::COUNT];
        (0..self.places.len()).for_each(|at| counts[self.family_of(at).index()] += 1);
        let style = |size, colour| Lettering { size, strong: false, colour, anchor: "start" };
        for (i, family) in Family::ALL.into_iter().enumerate() {
            let at = [MARGIN + 8.0 + 158.0 * (i % 6) as f32, LEGEND_TOP + 30.0 * (i / 6) as f32];
            let is_here = counts[family.index()] > 0;
            page.open(&format!("opacity=\"{}\"", if is_here { 1.0 } else { 0.35 }));
            page.disc(at, 7.5, &hex(self.theme.family(family)));
            page.text([at[0] + 18.0, at[1] + 4.5], style(14.0, &text), family.label());
            page.close();
            let behind = at[0] + 24.0 + width_of(family.label(), 14.0, false);
            page.text([behind, at[1] + 4.5], style(12.0, &dim), &counts[family.index()].to_string());
        }
        let left = WIDTH - MARGIN - 396.0;
        for (row, ends) in [["dark", "bright"], ["soft", "loud"]].into_iter().enumerate() {
            let y = LEGEND_TOP + 30.0 * row as f32;
            let end = Lettering { size: 13.0, strong: false, colour: &dim, anchor: "end" };
            page.text([left + 60.0, y + 4.5], end, ends[0]);
            for step in 0..11 {
                let along = step as f32 / 10.0;
                let (ink, radius) = match row {
                    0 => (self.ink(Family::String, along), 7.5),
                    _ => (hex(self.tokens.dim), radius_of(along)),
                };
                page.disc([left + 84.0 + 24.0 * step as f32, y], radius, &ink);
            }
            page.text([left + 348.0, y + 4.5], style(13.0, &dim), ends[1]);
        }
    }
}

/// From a sound at the soft end of its bank, 0, to one at the loud end, 1.
fn radius_of(along: f32) -> f32 {
    let along = if along.is_finite() { along.clamp(0.0, 1.0) } else { 0.5 };
    3.2 + 5.6 * along
}

/// The fifth and the ninety-fifth percentile of the loudness, in dB.
fn loudness_range(bank: &Bank) -> (f32, f32) {
    let mut levels: Vec<f32> =
        bank.sounds.iter().map(|sound| sound.profile.loudness_db).filter(|db| db.is_finite()).collect();
    levels.sort_unstable_by(f32::total_cmp);
    let Some(last) = levels.len().checked_sub(1) else { return (-36.0, 0.0) };
    let at = |share: f32| levels[(last as f32 * share).round() as usize];
    (at(0.05), at(0.95))
}

/// A name without the signs that machines put into it.
fn readable(name: &str) -> String {
    let spaced: String = name.chars().map(|c| if matches!(c, '_' | '*') { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split_whitespace().map(|word| word.trim_matches('-')).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
