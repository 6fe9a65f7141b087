//! One drawing through the network on the CPU, on the calling thread and in room that the thread keeps.
//!
//! What [`SketchNet::forward`] does with tensors, done with numbers: there is no training here and no batch, memory is taken
//! once, and convolutions leave out what is paper (`feature_map.rs`). Both say the same.

use std::cell::RefCell;

use candle_core::{Device, Tensor};

use super::under_ink::UnderInk;
use super::{
    COLUMNS, EIGHTH, EVIDENCE, Layer, PATCH, POOLED, QUARTER, ROWS, SketchNet, SketchOutput, logistic,
};
use crate::conv::{ConvConfig, Kernel, with_numbers};
use crate::feature_map::{FeatureMap, Features};
use crate::fuse::{enlarge_onto, weigh, weigh_mix};
use crate::ink::Ruler;
use crate::{Error, NetworkInput};

/// Sizes at which the network looks, each half of the next finer one.
const SIZES: usize = 5;

/// The features of one drawing, coarser and coarser, and what follows from them: some four megabytes a thread.
#[derive(Default)]
pub(super) struct Pass {
    fine: FeatureMap,
    half: FeatureMap,
    half_again: FeatureMap,
    around: FeatureMap,
    quarter: FeatureMap,
    eighth: FeatureMap,
    sixteenth: FeatureMap,
    /// What is looked at once before it is looked at again.
    once: FeatureMap,
    /// From the coarsest to the finest, each with all coarser ones added.
    wide: [FeatureMap; SIZES],
    ink: FeatureMap,
    sign: FeatureMap,
    /// Where the network sees ink (64 x 96 x 4, 0..1).
    seen: Vec<f32>,
    under: UnderInk,
    ruler: Ruler,
}

impl Pass {
    /// Lends the thread's own.
    pub(super) fn on_this_thread<T>(then: impl FnOnce(&mut Pass) -> T) -> T {
        thread_local!(static PASS: RefCell<Pass> = RefCell::default());
        PASS.with_borrow_mut(then)
    }

    /// What the network says of the pixels of a [`NetworkInput`].
    pub(super) fn run(&mut self, net: &SketchNet, pixels: &[f32]) -> Result<SketchOutput, Error> {
        if pixels.len() != NetworkInput::ROWS * NetworkInput::COLUMNS * NetworkInput::CHANNELS {
            return Err(Error::Network(format!("{} numbers are no drawing", pixels.len())));
        }
        self.look(net, pixels)?;
        self.find_ink(net)?;
        self.seen.clear();
        self.seen.extend(self.ink.view().numbers.iter().map(|&v| logistic(v)));
        self.under.find(&self.seen);
        let colour = self.under.colour(pixels);
        let pooled = self.pool(net, &colour)?;
        let (ink, sign) = (self.ink.view().numbers, self.sign.view().numbers);
        net.answer(
            Tensor::from_slice(ink, (1, ROWS, COLUMNS, PATCH), &Device::Cpu)?,
            Tensor::from_slice(&colour, (1, colour.len()), &Device::Cpu)?,
            &Tensor::from_vec(pooled, (1, POOLED), &Device::Cpu)?,
            &Tensor::from_slice(sign, (1, sign.len()), &Device::Cpu)?,
        )
    }

    /// The part of every pixel that ink covers (256 x 384), of the drawing that was last run.
    pub(super) fn cover(&mut self, is_certain: bool) -> &[f32] {
        self.ruler.cover_in_any_light(&self.seen, is_certain)
    }

    /// The convolutions that look more and more widely.
    fn look(&mut self, net: &SketchNet, pixels: &[f32]) -> Result<(), Error> {
        // Four pixels side by side are one of sixteen channels: the windows of the first layer never part them.
        let input = Features {
            size: [NetworkInput::ROWS, COLUMNS, PATCH * NetworkInput::CHANNELS],
            numbers: pixels,
            is_inked: self.ruler.look(pixels),
            blank: &[0.0; PATCH * NetworkInput::CHANNELS],
        };
        let patches = ConvConfig { stride: [PATCH, 1], padding: [0, 0], relu: true };
        net.patch.convolve_onto(&mut self.fine, input, [PATCH, 1], patches)?; // (64, 96, 24)
        let halve = ConvConfig::HALVE;
        net.half.convolve_onto(&mut self.half, self.fine.view(), [3, 3], halve)?; // (32, 48, 40)
        let keep = ConvConfig::KEEP;
        net.quarter.convolve_onto(&mut self.once, self.half.view(), [3, 3], halve)?; // (16, 24, 64)
        net.quarter_again.convolve_onto(&mut self.quarter, self.once.view(), [3, 3], keep)?;
        net.eighth.convolve_onto(&mut self.once, self.quarter.view(), [3, 3], halve)?; // (8, 12, 96)
        net.eighth_again.convolve_onto(&mut self.eighth, self.once.view(), [3, 3], keep)?;
        net.sixteenth.convolve_onto(&mut self.once, self.eighth.view(), [3, 3], halve)?; // (4, 6, 112)
        net.sixteenth_again.convolve_onto(&mut self.sixteenth, self.once.view(), [3, 3], keep)?;
        net.sign.convolve_onto(&mut self.sign, self.eighth.view(), [3, 3], halve) // (4, 6, 40)
    }

    /// The features brought back to the finest size and added up, and the logits of ink out of them.
    fn find_ink(&mut self, net: &SketchNet) -> Result<(), Error> {
        let mix = ConvConfig { stride: [1, 1], padding: [0, 0], relu: false };
        let wide = &mut self.wide;
        net.from_sixteenth.convolve_onto(&mut wide[0], self.sixteenth.view(), [1, 1], mix)?;
        add_finer(wide, 1, &net.from_eighth, &self.eighth)?;
        add_finer(wide, 2, &net.from_quarter, &self.quarter)?;
        let again = ConvConfig { relu: false, ..ConvConfig::KEEP };
        net.half_again.convolve_onto(&mut self.half_again, self.half.view(), [3, 3], again)?; // (32, 48, 40)
        net.around.convolve_onto(&mut self.around, wide[2].view(), [1, 1], mix)?; // (16, 24, 40)
        add_enlarged(&mut self.half_again, &self.around, true);
        add_finer(wide, 3, &net.from_half, &self.half_again)?;
        add_finer(wide, 4, &net.from_patch, &self.fine)?;
        net.ink.convolve_onto(&mut self.ink, wide[4].view(), [1, 1], mix) // (64, 96, 4)
    }

    /// What the answers are asked of.
    fn pool(&mut self, net: &SketchNet, colour: &[f32]) -> Result<Vec<f32>, Error> {
        let mut pooled = vec![0.0; EVIDENCE + QUARTER + EIGHTH];
        let (evidence, means) = pooled.split_at_mut(EVIDENCE);
        let (quarter, eighth) = means.split_at_mut(QUARTER);
        let all = self.wide[SIZES - 1].view().numbers;
        net.evidence.with_kernel([1, 1], |kernel| {
            weigh_mix(all, &self.under.patches, kernel.weight, kernel.bias, evidence);
            Ok(())
        })?;
        weigh(self.quarter.view().numbers, &self.under.blocks, quarter);
        let coarse = self.eighth.view().numbers;
        for pixel in coarse.chunks(EIGHTH) {
            eighth.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
        }
        let share = EIGHTH as f32 / coarse.len() as f32;
        eighth.iter_mut().for_each(|sum| *sum *= share);
        self.ruler.cover(&self.seen, false);
        pooled.push(self.under.amount());
        pooled.extend(colour);
        pooled.extend(self.ruler.measure());
        Ok(pooled)
    }
}

/// Makes the features of size `at` out of `from` and of all coarser ones.
fn add_finer(
    wide: &mut [FeatureMap; SIZES],
    at: usize,
    layer: &Layer,
    from: &FeatureMap,
) -> Result<(), Error> {
    let (coarser, finer) = wide.split_at_mut(at);
    let mix = ConvConfig { stride: [1, 1], padding: [0, 0], relu: false };
    layer.convolve_onto(&mut finer[0], from.view(), [1, 1], mix)?;
    add_enlarged(&mut finer[0], &coarser[at - 1], at == SIZES - 1);
    Ok(())
}

/// Adds features of half the size, and a ReLU if there is one.
fn add_enlarged(fine: &mut FeatureMap, coarse: &FeatureMap, relu: bool) {
    let Features { size: [_, columns, channels], numbers, .. } = coarse.view();
    enlarge_onto(fine.numbers_mut(), numbers, [columns, channels], relu);
}

impl Layer {
    /// Lends its numbers, with a window of `size`.
    fn with_kernel<T>(
        &self,
        size: [usize; 2],
        then: impl FnOnce(&Kernel<'_>) -> candle_core::Result<T>,
    ) -> Result<T, Error> {
        Ok(with_numbers(&self.weight, |weight| {
            with_numbers(&self.bias, |bias| then(&Kernel { size, weight, bias }))
        })?)
    }

    fn convolve_onto(
        &self,
        to: &mut FeatureMap,
        from: Features<'_>,
        size: [usize; 2],
        config: ConvConfig,
    ) -> Result<(), Error> {
        self.with_kernel(size, |kernel| to.convolve(from, kernel, config))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use crate::raster::{network_input, paint};
    use crate::{Legend, NetworkInput, Point, RasterLayer, Rgb, Sketch, SketchNet, Stroke};

    fn sketch(points: &[[f32; 2]], width_norm: f32) -> Sketch {
        let points = points.iter().map(|p| Point { x: p[0], y: p[1], secs: 0.0 }).collect();
        Sketch { strokes: vec![Stroke { points, rgb: Rgb([160, 30, 60]), width_norm }], raster: None }
    }

    /// The same on paper that nowhere is quite white.
    fn scanned(sketch: &Sketch) -> Sketch {
        let mut picture = paint(sketch, 300, 200, Some(Rgb([244; 3])));
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            pixel.0[1] -= ((x * 31 + y * 17) % 5) as u8;
        }
        let raster = RasterLayer { width_px: 300, height_px: 200, rgba: picture.into_raw().into() };
        Sketch { strokes: Vec::new(), raster: Some(raster) }
    }

    #[test]
    fn a_drawing_alone_is_read_as_in_a_batch_and_leaves_nothing_to_the_next() {
        let net = SketchNet::embedded().unwrap();
        let across = sketch(&[[0.0, 0.2], [0.4, 0.9], [1.0, 0.5]], 0.03);
        let drawings = [
            sketch(&[[0.3, 0.4]], 0.01),
            sketch(&[[0.0, 1.0], [0.02, 0.98]], 0.02),
            scanned(&across),
            sketch(&[[1.0, 0.0], [0.99, 0.01]], 0.005),
            sketch(&[[0.0, 0.5], [1.0, 0.5]], 0.9),
            across,
        ];
        let inputs: Vec<NetworkInput> =
            drawings.iter().map(|sketch| network_input(sketch).unwrap()).collect();
        let shape = (1, NetworkInput::ROWS, NetworkInput::COLUMNS, NetworkInput::CHANNELS);
        for (i, input) in inputs.iter().chain(&inputs).enumerate() {
            let x = Tensor::from_slice(&input.pixels, shape, &Device::Cpu).unwrap();
            let expected = net.forward(&x).unwrap().numbers().unwrap();
            let found = net.output(&input.pixels).unwrap().numbers().unwrap();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                assert!(
                    (found - expected).abs() < 1e-4 * expected.abs().max(1.0),
                    "{i}: {found}, not {expected}"
                );
            }
        }
        let again = net.read(&drawings[5], &Legend::default()).unwrap();
        assert_eq!(net.read(&drawings[5], &Legend::default()).unwrap(), again);
    }

    #[test]
    fn other_than_a_pad_of_pixels_is_refused() {
        assert!(SketchNet::embedded().unwrap().output(&[0.0; 16]).is_err());
    }
}
