//! The features of one drawing while a network looks at it, on the CPU and in room that is used again.
//!
//! Most of a pad is empty. What a convolution makes of paper alone is the same everywhere but at the edges, where its
//! window reaches beyond the picture. So that is worked out once for each layer, and the convolution itself runs at the
//! edges and where something other than paper is in sight. The result is that of a convolution of the whole.

use candle_core::Result;

use crate::conv::{ConvConfig, Geometry, Kernel, forward_at, forward_image};

/// A picture of features, or the pixels themselves.
#[derive(Clone, Copy)]
pub(crate) struct Features<'a> {
    /// Rows, columns and channels.
    pub(crate) size: [usize; 3],
    /// (rows, columns, channels)
    pub(crate) numbers: &'a [f32],
    /// Whether a pixel has something other than paper in sight (rows, columns).
    pub(crate) is_inked: &'a [bool],
    /// What a pixel is that has not (channels).
    pub(crate) blank: &'a [f32],
}

/// [`Features`] in room of their own.
#[derive(Default)]
pub(crate) struct FeatureMap {
    size: [usize; 3],
    numbers: Vec<f32>,
    is_inked: Vec<bool>,
    blank: Vec<f32>,
    /// The pixels that are inked, counted row by row.
    places: Vec<usize>,
}

impl FeatureMap {
    /// The features.
    pub(crate) fn view(&self) -> Features<'_> {
        Features { size: self.size, numbers: &self.numbers, is_inked: &self.is_inked, blank: &self.blank }
    }

    /// The numbers, for a change after which no pixel is paper.
    pub(crate) fn numbers_mut(&mut self) -> &mut [f32] {
        self.is_inked.fill(true);
        &mut self.numbers
    }

    /// Becomes the convolution of other features.
    ///
    /// # Errors
    /// Sizes that do not fit.
    pub(crate) fn convolve(
        &mut self,
        from: Features<'_>,
        kernel: &Kernel<'_>,
        config: ConvConfig,
    ) -> Result<()> {
        let geometry = Geometry::of_image(from.size, kernel, config)?;
        self.size = geometry.size_out();
        self.numbers.resize(geometry.len_out(), 0.0);
        self.look_for_ink(&geometry, from.is_inked);
        if self.places.len() < self.is_inked.len() {
            self.blank = blank_of(from.blank, kernel, config)?;
        }
        // Where there is ink nearly everywhere, to leave some pixels out costs more than it saves.
        if self.places.len() * 8 > self.is_inked.len() * 7 {
            forward_image(&geometry, from.numbers, kernel, &mut self.numbers);
        } else {
            self.fill_with_blank();
            forward_at(&geometry, from.numbers, kernel, &self.places, &mut self.numbers);
        }
        Ok(())
    }

    /// Finds the pixels whose window holds anything but paper.
    fn look_for_ink(&mut self, geometry: &Geometry, is_inked: &[bool]) {
        let [rows, columns, _] = self.size;
        let width = geometry.width();
        let mut under = vec![false; width];
        self.is_inked.clear();
        for row in 0..rows {
            let (lines, any) = (geometry.rows_under(row), &mut under);
            any.fill(false);
            for line in is_inked.chunks(width).skip(lines.start).take(lines.len()) {
                any.iter_mut().zip(line).for_each(|(any, v)| *any |= v);
            }
            let is_inked = |column| {
                any[geometry.columns_under(column)].contains(&true) || !geometry.is_inside([row, column])
            };
            self.is_inked.extend((0..columns).map(is_inked));
        }
        self.places.clear();
        self.places.extend((0..self.is_inked.len()).filter(|&place| self.is_inked[place]));
    }

    fn fill_with_blank(&mut self) {
        self.numbers.chunks_mut(self.blank.len()).for_each(|pixel| pixel.copy_from_slice(&self.blank));
    }
}

/// What a convolution makes of paper, out of what paper was.
fn blank_of(blank: &[f32], kernel: &Kernel<'_>, config: ConvConfig) -> Result<Vec<f32>> {
    // Two pixels side by side, as a product of one row would be summed in another order than those of many.
    let ([rows, columns], channels) = (kernel.size, blank.len());
    let size = [rows, columns + config.stride[1], channels];
    let geometry = Geometry::of_image(size, kernel, ConvConfig { padding: [0, 0], ..config })?;
    let mut two = vec![0.0; geometry.len_out()]; // (1, 2, c_out)
    forward_image(&geometry, &blank.repeat(size[0] * size[1]), kernel, &mut two);
    two.truncate(kernel.bias.len());
    Ok(two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize, seed: f32) -> Vec<f32> {
        (0..count).map(|i| (seed + i as f32 * 0.73).sin()).collect()
    }

    /// Paper of ones with a dot of ink, through two convolutions.
    fn twice([rows, columns]: [usize; 2], dot: [usize; 2], configs: [(usize, ConvConfig); 2]) {
        let what = format!("{rows} x {columns}, {dot:?}, {configs:?}");
        let (channels, at) = (3, dot[0] * columns + dot[1]);
        let mut x = vec![1.0; rows * columns * channels];
        x[at * channels] = -2.0;
        let is_inked: Vec<bool> = (0..rows * columns).map(|place| place == at).collect();
        let blank = vec![1.0; channels];
        let mut maps = [FeatureMap::default(), FeatureMap::default()];
        let mut from =
            Features { size: [rows, columns, channels], numbers: &x, is_inked: &is_inked, blank: &blank };
        let mut whole = x.clone();
        for (map, (side, config)) in maps.iter_mut().zip(configs) {
            let (c_in, c_out) = (from.size[2], 5);
            let (weight, bias) = (numbers(side * side * c_in * c_out, 0.3), numbers(c_out, 0.9));
            let kernel = Kernel { size: [side; 2], weight: &weight, bias: &bias };
            map.convolve(from, &kernel, config).unwrap();
            let geometry = Geometry::of_image(from.size, &kernel, config).unwrap();
            let mut next = vec![0.0; geometry.len_out()];
            forward_image(&geometry, &whole, &kernel, &mut next);
            whole = next;
            from = map.view();
            assert_eq!(from.numbers.len(), whole.len(), "{what}");
            for (found, expected) in from.numbers.iter().zip(&whole) {
                assert!(
                    (found - expected).abs() <= 1e-5 * expected.abs().max(1.0),
                    "{what}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn a_convolution_where_ink_is_in_sight_is_that_of_the_whole() {
        let even = ConvConfig { stride: [4, 4], padding: [0, 0], relu: true };
        let point = ConvConfig { stride: [1, 1], padding: [0, 0], relu: false };
        let corners = [[0, 0], [0, 31], [15, 0], [15, 31], [7, 16]];
        for dot in corners {
            for configs in [
                [(4, even), (3, ConvConfig::HALVE)],
                [(3, ConvConfig::HALVE), (3, ConvConfig::HALVE)],
                [(3, ConvConfig::HALVE), (1, point)],
                [(3, ConvConfig::KEEP), (3, ConvConfig::HALVE)],
                [(3, ConvConfig::HALVE), (3, ConvConfig::KEEP)],
                [(5, ConvConfig { stride: [2, 2], padding: [1, 1], relu: true }), (1, point)],
            ] {
                twice([16, 32], dot, configs);
            }
            twice([17, 33], dot, [(3, ConvConfig::HALVE), (3, ConvConfig::HALVE)]);
        }
    }

    #[test]
    fn where_nothing_is_in_sight_nothing_is_convolved() {
        let (is_inked, blank) = (vec![false; 64], vec![0.0]);
        // Numbers that nobody may look at.
        let x = vec![f32::NAN; 64];
        let from = Features { size: [8, 8, 1], numbers: &x, is_inked: &is_inked, blank: &blank };
        let kernel = Kernel { size: [3, 3], weight: &numbers(18, 0.0), bias: &[0.5, -0.5] };
        let mut map = FeatureMap::default();
        map.convolve(from, &kernel, ConvConfig { padding: [0, 0], ..ConvConfig::HALVE }).unwrap();
        assert_eq!(map.view().numbers, [0.5, 0.0].repeat(9));
    }

    #[test]
    fn sizes_that_do_not_fit_are_errors() {
        let from = Features { size: [2, 2, 1], numbers: &[0.0; 4], is_inked: &[true; 4], blank: &[0.0] };
        let kernel = Kernel { size: [3, 3], weight: &[0.0; 9], bias: &[0.0] };
        let bare = ConvConfig { stride: [1, 1], padding: [0, 0], relu: false };
        assert!(FeatureMap::default().convolve(from, &kernel, bare).is_err());
        let short = Kernel { weight: &[0.0; 8], ..kernel };
        assert!(FeatureMap::default().convolve(from, &short, ConvConfig::KEEP).is_err());
    }
}
