//! The one place for colours, type and measures: two themes, and how they are installed in an egui context.
//!
//! Nothing here knows what is drawn with it.

use std::sync::{Arc, OnceLock};

use egui::{Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke};
use neume_models::Family;
use serde::{Deserialize, Serialize};

use super::faces;

/// Light paper or dark paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Ink on paper.
    Light,
    /// Chalk on slate.
    #[default]
    Dark,
}

impl Theme {
    /// The other one.
    pub fn other(self) -> Theme {
        match self {
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Light,
        }
    }

    /// Its colours.
    pub fn tokens(self) -> &'static Tokens {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }

    /// The colour that stands for a family on screen.
    pub fn family(self, family: Family) -> Color32 {
        self.hue(family.index())
    }

    /// The colour on screen of one of the twelve hues, which lies at `30 * hue` degrees.
    pub fn hue(self, hue: usize) -> Color32 {
        // Yellow and lime are bright by themselves.
        let bright_hue = matches!(hue, 2 | 3);
        let (saturation, lightness) = match (self, bright_hue) {
            (Theme::Light, false) => (0.68, 0.45),
            (Theme::Light, true) => (0.68, 0.37),
            (Theme::Dark, false) => (0.72, 0.62),
            (Theme::Dark, true) => (0.72, 0.56),
        };
        hsl(hue as f32 * 30.0, saturation, lightness)
    }
}

/// The colours of a theme, named for what they are for.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    /// Behind everything.
    pub window: Color32,
    /// Of tools, palette and the right panel.
    pub panel: Color32,
    /// What stands out from a panel.
    pub raised: Color32,
    /// The paper.
    pub pad: Color32,
    /// Rows of black keys on the paper.
    pub pad_black_row: Color32,
    /// Under every C on the paper.
    pub pad_octave: Color32,
    /// Text that is read.
    pub text: Color32,
    /// Text that explains.
    pub dim: Color32,
    /// Marks that may be overlooked; never text.
    pub faint: Color32,
    /// Hairlines.
    pub line: Color32,
    /// What is chosen, and nothing else.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Ink that leaves the family open.
    pub open_ink: Color32,
    /// Keys of the drawn keyboard.
    pub key_white: Color32,
    /// Keys of the drawn keyboard.
    pub key_black: Color32,
    /// A failure.
    pub warning: Color32,
}

impl Tokens {
    /// Behind a row of a panel that is chosen.
    pub fn chosen(&self) -> Color32 {
        mix(self.panel, self.accent, 0.12)
    }

    /// Behind a row of a panel that the pointer is over.
    pub fn hovered(&self) -> Color32 {
        mix(self.panel, self.text, 0.05)
    }
}

const LIGHT: Tokens = Tokens {
    window: Color32::from_rgb(0xE9, 0xE4, 0xDA),
    panel: Color32::from_rgb(0xF4, 0xF0, 0xE8),
    raised: Color32::from_rgb(0xFB, 0xF8, 0xF2),
    pad: Color32::from_rgb(0xFB, 0xF9, 0xF4),
    pad_black_row: Color32::from_rgb(0xF1, 0xEC, 0xE2),
    pad_octave: Color32::from_rgb(0xE2, 0xDB, 0xCC),
    text: Color32::from_rgb(0x23, 0x21, 0x1D),
    dim: Color32::from_rgb(0x68, 0x62, 0x58),
    faint: Color32::from_rgb(0xA3, 0x9B, 0x8D),
    line: Color32::from_rgb(0xD8, 0xD1, 0xC3),
    accent: Color32::from_rgb(0xAC, 0x5E, 0x1A),
    on_accent: Color32::from_rgb(0xFF, 0xFF, 0xFF),
    open_ink: Color32::from_rgb(0x24, 0x22, 0x1E),
    key_white: Color32::from_rgb(0xFE, 0xFD, 0xFA),
    key_black: Color32::from_rgb(0x2A, 0x27, 0x22),
    warning: Color32::from_rgb(0xA3, 0x2E, 0x22),
};

const DARK: Tokens = Tokens {
    window: Color32::from_rgb(0x15, 0x17, 0x1C),
    panel: Color32::from_rgb(0x1C, 0x1F, 0x26),
    raised: Color32::from_rgb(0x23, 0x27, 0x30),
    pad: Color32::from_rgb(0x10, 0x12, 0x16),
    pad_black_row: Color32::from_rgb(0x1B, 0x1E, 0x25),
    pad_octave: Color32::from_rgb(0x26, 0x2A, 0x33),
    text: Color32::from_rgb(0xE9, 0xE6, 0xDF),
    dim: Color32::from_rgb(0x9A, 0x9D, 0xA6),
    faint: Color32::from_rgb(0x5D, 0x62, 0x6D),
    line: Color32::from_rgb(0x2E, 0x33, 0x3D),
    accent: Color32::from_rgb(0xE8, 0xB0, 0x4B),
    on_accent: Color32::from_rgb(0x1B, 0x17, 0x0E),
    open_ink: Color32::from_rgb(0xED, 0xE9, 0xE0),
    key_white: Color32::from_rgb(0xD9, 0xD5, 0xCA),
    key_black: Color32::from_rgb(0x14, 0x15, 0x19),
    warning: Color32::from_rgb(0xF0, 0x8A, 0x7C),
};

/// Corners of small things: chips, swatches, keys of a segmented control.
pub const CORNER_SMALL: u8 = 6;
/// Corners of cards and buttons.
pub const CORNER: u8 = 8;
/// Corners of the panels and the pad.
pub const CORNER_LARGE: u8 = 12;

/// A colour from hue in degrees, saturation and lightness 0..1.
pub fn hsl(hue_degrees: f32, saturation: f32, lightness: f32) -> Color32 {
    let [r, g, b] = hsl_bytes(hue_degrees, saturation, lightness);
    Color32::from_rgb(r, g, b)
}

/// The sRGB bytes of a hue in degrees, a saturation and a lightness 0..1.
pub fn hsl_bytes(hue_degrees: f32, saturation: f32, lightness: f32) -> [u8; 3] {
    let reach = saturation * lightness.min(1.0 - lightness);
    let channel = |n: f32| {
        let k = (n + hue_degrees / 30.0).rem_euclid(12.0);
        let value = lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    [channel(0.0), channel(8.0), channel(4.0)]
}

/// Hue in degrees, saturation and lightness 0..1 of an sRGB colour.
pub fn to_hsl(rgb: [u8; 3]) -> (f32, f32, f32) {
    let [r, g, b] = rgb.map(|byte| f32::from(byte) / 255.0);
    let (max, min) = (r.max(g).max(b), r.min(g).min(b));
    let (lightness, spread) = ((max + min) / 2.0, max - min);
    if spread < 1e-4 {
        return (0.0, 0.0, lightness);
    }
    let saturation = spread / (1.0 - (2.0 * lightness - 1.0).abs());
    let sixth = if max == r {
        ((g - b) / spread).rem_euclid(6.0)
    } else if max == g {
        (b - r) / spread + 2.0
    } else {
        (r - g) / spread + 4.0
    };
    (sixth * 60.0, saturation, lightness)
}

/// `share` of `b` in `a`, both opaque.
pub fn mix(a: Color32, b: Color32, share: f32) -> Color32 {
    let blend = |x: u8, y: u8| (f32::from(x) + (f32::from(y) - f32::from(x)) * share).round() as u8;
    Color32::from_rgb(blend(a.r(), b.r()), blend(a.g(), b.g()), blend(a.b(), b.b()))
}

struct Families {
    semibold: FontFamily,
    dynamics: FontFamily,
    icons: FontFamily,
}

fn families() -> &'static Families {
    static FAMILIES: OnceLock<Families> = OnceLock::new();
    FAMILIES.get_or_init(|| Families {
        semibold: FontFamily::Name("semibold".into()),
        dynamics: FontFamily::Name("dynamics".into()),
        icons: FontFamily::Name("icons".into()),
    })
}

/// Plain text of this size in points.
pub fn regular(size: f32) -> FontId {
    FontId::proportional(size)
}

/// Text with weight.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, families().semibold.clone())
}

/// Dynamics as in a score: *ppp* to *fff*. Holds those letters only.
pub fn dynamics(size: f32) -> FontId {
    FontId::new(size, families().dynamics.clone())
}

/// The symbols of `editor::icons`.
pub fn icons(size: f32) -> FontId {
    FontId::new(size, families().icons.clone())
}

/// Gives a context the fonts and the style of a theme. Call it when a window opens; [`restyle`] when the theme
/// changes.
pub fn install(ctx: &egui::Context, theme: Theme) {
    ctx.set_fonts(fonts());
    faces::install(ctx);
    restyle(ctx, theme);
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let files: [(&str, &'static [u8]); 5] = [
        ("inter", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        ("inter-semibold", include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
        ("neume-signs", include_bytes!("../../assets/fonts/NeumeSigns.ttf")),
        ("neume-dynamics", include_bytes!("../../assets/fonts/NeumeDynamics.otf")),
        ("phosphor", include_bytes!("../../assets/fonts/Phosphor.ttf")),
    ];
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_string(), Arc::new(FontData::from_static(bytes)));
    }
    // Behind ours stand egui's own faces, for letters that the subsets lack, and behind those the faces of the system.
    let fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    let chain = |first: &str| {
        let mut chain = vec![first.to_string(), "neume-signs".to_string()];
        chain.extend(fallback.iter().cloned());
        chain
    };
    fonts.families.insert(FontFamily::Proportional, chain("inter"));
    fonts.families.insert(families().semibold.clone(), chain("inter-semibold"));
    fonts.families.insert(families().dynamics.clone(), chain("neume-dynamics"));
    fonts.families.insert(families().icons.clone(), vec!["phosphor".to_string()]);
    fonts
}

/// Gives a context the style of a theme.
pub fn restyle(ctx: &egui::Context, theme: Theme) {
    let tokens = theme.tokens();
    let base = match theme {
        Theme::Light => egui::Theme::Light,
        Theme::Dark => egui::Theme::Dark,
    };
    ctx.set_theme(base);
    ctx.style_mut_of(base, |style| {
        style.animation_time = 0.12;
        style.interaction.tooltip_delay = 0.6;
        style.interaction.selectable_labels = false;
        style.spacing.item_spacing = egui::vec2(8.0, 8.0);
        style.spacing.button_padding = egui::vec2(12.0, 6.0);
        style.spacing.interact_size = egui::vec2(28.0, 28.0);
        let text_styles = [
            (egui::TextStyle::Small, regular(11.0)),
            (egui::TextStyle::Body, regular(13.0)),
            (egui::TextStyle::Button, regular(13.0)),
            (egui::TextStyle::Monospace, regular(13.0)),
            (egui::TextStyle::Heading, semibold(17.0)),
        ];
        style.text_styles = text_styles.into();
        colour(&mut style.visuals, tokens);
    });
}

fn colour(visuals: &mut egui::Visuals, tokens: &Tokens) {
    visuals.panel_fill = tokens.window;
    visuals.window_fill = tokens.raised;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.extreme_bg_color = tokens.pad;
    visuals.override_text_color = Some(tokens.text);
    visuals.weak_text_color = Some(tokens.dim);
    visuals.selection.bg_fill = tokens.accent.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(1.0, tokens.accent);
    visuals.window_corner_radius = CornerRadius::same(CORNER);
    visuals.menu_corner_radius = CornerRadius::same(CORNER);
    let widgets = &mut visuals.widgets;
    let states = [
        (&mut widgets.noninteractive, tokens.panel),
        (&mut widgets.inactive, tokens.raised),
        (&mut widgets.hovered, mix(tokens.raised, tokens.text, 0.06)),
        (&mut widgets.active, mix(tokens.raised, tokens.text, 0.12)),
        (&mut widgets.open, tokens.raised),
    ];
    for (state, fill) in states {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, tokens.line);
        state.fg_stroke = Stroke::new(1.0, tokens.text);
        state.corner_radius = CornerRadius::same(CORNER_SMALL);
        state.expansion = 0.0;
    }
}

#[cfg(test)]
fn luminance(colour: Color32) -> f32 {
    let linear = |byte: u8| {
        let v = f32::from(byte) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
}

/// The contrast of two colours by WCAG, 1..21.
#[cfg(test)]
pub(super) fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reaches_the_contrast_of_wcag_aa_in_both_themes() {
        for theme in [Theme::Light, Theme::Dark] {
            let t = theme.tokens();
            let pairs = [
                ("text on the window", t.text, t.window),
                ("text on a panel", t.text, t.panel),
                ("text on a card", t.text, t.raised),
                ("dim text on the window", t.dim, t.window),
                ("dim text on a panel", t.dim, t.panel),
                ("dim text on a card", t.dim, t.raised),
                ("dim text on what is chosen", t.dim, t.chosen()),
                ("dim text on the pad", t.dim, t.pad),
                ("text on the accent", t.on_accent, t.accent),
                ("a warning on a panel", t.warning, t.panel),
            ];
            for (what, ink, ground) in pairs {
                assert!(contrast(ink, ground) >= 4.5, "{theme:?}: {what}: {:.2}", contrast(ink, ground));
            }
        }
    }

    #[test]
    fn colours_survive_the_way_to_hsl_and_back() {
        for rgb in [[0, 0, 0], [255, 255, 255], [200, 30, 60], [12, 200, 199], [90, 90, 220]] {
            let (h, s, l) = to_hsl(rgb);
            let back = hsl_bytes(h, s, l);
            for (a, b) in rgb.iter().zip(back) {
                assert!(a.abs_diff(b) <= 1, "{rgb:?} came back as {back:?}");
            }
        }
    }
}
