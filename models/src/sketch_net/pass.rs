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

/// The features of one drawing, coarser and coarser, and what follows from them: some four megabytes a thread.
#[derive(Default)]
pub(super) struct Pass {
    fine: FeatureMap,
    half: FeatureMap,
    quarter: FeatureMap,
    eighth: FeatureMap,
    sixteenth: FeatureMap,
    /// From the coarsest to the finest, each with all coarser ones added.
    wide: [FeatureMap; 5],
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
            blank: &[0.0; 4 * PATCH * NetworkInput::CHANNELS],
        };
        let patches = ConvConfig { stride: [PATCH, 1], padding: [0, 0], relu: true };
        net.patch.convolve_onto(&mut self.fine, input, [PATCH, 1], patches)?; // (64, 96, 24)
        let halve = ConvConfig::HALVE;
        net.half.convolve_onto(&mut self.half, self.fine.view(), [3, 3], halve)?; // (32, 48, 40)
        net.quarter.convolve_onto(&mut self.quarter, self.half.view(), [3, 3], halve)?; // (16, 24, 64)
        net.eighth.convolve_onto(&mut self.eighth, self.quarter.view(), [3, 3], halve)?; // (8, 12, 96)
        net.sixteenth.convolve_onto(&mut self.sixteenth, self.eighth.view(), [3, 3], halve)?; // (4, 6, 112)
        net.sign.convolve_onto(&mut self.sign, self.eighth.view(), [3, 3], halve) // (4, 6, 40)
    }

    /// The features brought back to the finest size and added up, and the logits of ink out of them.
    fn find_ink(&mut self, net: &SketchNet) -> Result<(), Error> {
        let mix = ConvConfig { stride: [1, 1], padding: [0, 0], relu: false };
        let steps = [
            (&net.from_sixteenth, &self.sixteenth),
            (&net.from_eighth, &self.eighth),
            (&net.from_quarter, &self.quarter),
            (&net.from_half, &self.half),
            (&net.from_patch, &self.fine),
        ];
        let last = steps.len() - 1;
        for (at, (layer, from)) in steps.into_iter().enumerate() {
            let (coarser, finer) = self.wide.split_at_mut(at);
            layer.convolve_onto(&mut finer[0], from.view(), [1, 1], mix)?;
            if let Some(coarse) = coarser.last().map(FeatureMap::view) {
                let [_, columns, channels] = coarse.size;
                enlarge_onto(finer[0].numbers_mut(), coarse.numbers, [columns, channels], at == last);
            }
        }
        net.ink.convolve_onto(&mut self.ink, self.wide[last].view(), [1, 1], mix) // (64, 96, 4)
    }

    /// What the answers are asked of.
    fn pool(&mut self, net: &SketchNet, colour: &[f32]) -> Result<Vec<f32>, Error> {
        let mut pooled = vec![0.0; EVIDENCE + QUARTER + EIGHTH];
        let (evidence, means) = pooled.split_at_mut(EVIDENCE);
        let (quarter, eighth) = means.split_at_mut(QUARTER);
        let all = self.wide[self.wide.len() - 1].view().numbers;
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
