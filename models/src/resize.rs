//! Pictures in another size, by the triangle filter: what `image::imageops::resize` says to the last bit, several times
//! sooner, since whole rows are added up at once and no picture of floating-point numbers is kept between the axes.

use image::{Rgba, RgbaImage};

/// The pixels that one pixel of the result is made of.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// The taps along an axis of `from` pixels that becomes `to` pixels long.
fn taps(from: u32, to: u32) -> Vec<Taps> {
    let ratio = from as f32 / to as f32;
    let reach = ratio.max(1.0);
    let tap = |at: u32| {
        let centre = (at as f32 + 0.5) * ratio;
        let first = ((centre - reach).floor() as i64).clamp(0, i64::from(from) - 1);
        let end = ((centre + reach).ceil() as i64).clamp(first + 1, i64::from(from));
        let weight = |i: i64| (1.0 - ((i as f32 - (centre - 0.5)) / reach).abs()).max(0.0);
        let mut weights: Vec<f32> = (first..end).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        Taps { first: first as usize, weights }
    };
    (0..to).map(tap).collect()
}

/// The picture of `size` (width, height) and `rgba`, its colours weighed by their opacity, in another size. No side is zero.
pub(crate) fn resized(rgba: &[u8], size: (u32, u32), width_px: u32, height_px: u32) -> RgbaImage {
    let a_line = size.0 as usize * 4;
    let columns = taps(size.0, width_px);
    let mut result = RgbaImage::new(width_px, height_px);
    let mut line = vec![0.0f32; a_line];
    for (to, taps) in result.rows_mut().zip(taps(size.1, height_px)) {
        line.fill(0.0);
        for (from, weight) in rgba.chunks(a_line).skip(taps.first).zip(&taps.weights) {
            line.iter_mut().zip(from).for_each(|(sum, v)| *sum += f32::from(*v) * weight);
        }
        for (Rgba(to), taps) in to.zip(&columns) {
            let mut sums = [0.0f32; 4];
            for (pixel, weight) in line[taps.first * 4..].chunks_exact(4).zip(&taps.weights) {
                sums.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v * weight);
            }
            *to = sums.map(nearest);
        }
    }
    result
}

/// Rounds halves up. `f32::round` would be a call for each number.
fn nearest(v: f32) -> u8 {
    let whole = v as u8;
    if v - f32::from(whole) >= 0.5 { whole.saturating_add(1) } else { whole }
}

#[cfg(test)]
mod tests {
    use image::imageops::{FilterType, resize};

    use super::*;

    #[test]
    fn a_picture_in_another_size_is_what_the_image_crate_makes_of_it() {
        let sizes = [(1, 1), (1, 7), (40, 30), (301, 200), (384, 256)];
        for (from, to) in sizes.iter().flat_map(|from| sizes.iter().map(move |to| (*from, *to))) {
            let picture = RgbaImage::from_fn(from.0, from.1, |x, y| {
                let v = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 7;
                Rgba([v as u8, (v >> 8) as u8, (x * 3) as u8, if (x + y) % 9 == 0 { 0 } else { 255 }])
            });
            let expected = resize(&picture, to.0, to.1, FilterType::Triangle);
            assert_eq!(resized(picture.as_raw(), from, to.0, to.1), expected, "{from:?} to {to:?}");
        }
    }
}
