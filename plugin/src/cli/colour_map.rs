//! Colours for levels that look evenly spaced: a line through OKLab (Björn Ottosson, 2020), whose lightness moves at one
//! pace from the paper of a theme over its accent to its ink.

use neume::editor::theme::Theme;

use super::canvas::Ink;

/// The colours of a theme.
#[derive(Debug, Clone, Copy)]
pub struct ColourMap {
    /// Paper, accent and ink as lightness and the two opponent colours.
    stops: [[f32; 3]; 3],
    /// Where the accent lies, so that lightness moves at one pace.
    middle: f32,
}

impl ColourMap {
    /// From the paper of the theme, for silence, to its ink, for the loudest.
    pub fn of(theme: Theme) -> ColourMap {
        let tokens = theme.tokens();
        let stops = [tokens.pad, tokens.accent, tokens.text].map(|colour| {
            let [r, g, b, _] = colour.to_array();
            to_oklab([r, g, b])
        });
        let along = (stops[1][0] - stops[0][0]) / (stops[2][0] - stops[0][0]);
        ColourMap { stops, middle: along.clamp(0.05, 0.95) }
    }

    /// The colour of a level, 0..1.
    pub fn at(&self, level: f32) -> Ink {
        let level = if level.is_finite() { level.clamp(0.0, 1.0) } else { 0.0 };
        let [paper, accent, ink] = self.stops;
        let (from, to, along) = if level < self.middle {
            (paper, accent, level / self.middle)
        } else {
            (accent, ink, (level - self.middle) / (1.0 - self.middle))
        };
        let [r, g, b] = to_srgb([0, 1, 2].map(|i| from[i] + along * (to[i] - from[i])));
        Ink([r, g, b, 255])
    }
}

fn to_oklab(rgb: [u8; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|byte| {
        let v = f32::from(byte) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    });
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn to_srgb([lightness, a, b]: [f32; 3]) -> [u8; 3] {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    let linear = [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ];
    linear.map(|v| {
        let v = v.clamp(0.0, 1.0);
        let v = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        (255.0 * v).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_steps_of_level_are_equal_steps_of_lightness() {
        for theme in [Theme::Light, Theme::Dark] {
            let map = ColourMap::of(theme);
            let lightness: Vec<f32> = (0..=20)
                .map(|step| {
                    let [r, g, b, _] = map.at(step as f32 / 20.0).0;
                    to_oklab([r, g, b])[0]
                })
                .collect();
            let step = (lightness[20] - lightness[0]) / 20.0;
            assert!(step.abs() > 0.02, "{theme:?}: from paper to ink is a long way");
            for pair in lightness.windows(2) {
                assert!((pair[1] - pair[0] - step).abs() < 0.01, "{theme:?}: {lightness:?}");
            }
        }
    }

    #[test]
    fn a_colour_survives_the_way_to_oklab_and_back() {
        for rgb in [[0, 0, 0], [255, 255, 255], [172, 94, 26], [3, 200, 90], [40, 40, 190]] {
            let back = to_srgb(to_oklab(rgb));
            assert!(rgb.iter().zip(back).all(|(a, b)| a.abs_diff(b) <= 1), "{rgb:?} {back:?}");
        }
    }
}
