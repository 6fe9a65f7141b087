//! Kernels for windowed-sinc interpolation: which one a transposition takes, and its table.
//!
//! The first kernel leaves the whole band alone and gives back the very samples where the position is whole. The others
//! lower the cut-off by half an octave each and are longer, so that what would fold back over half the rate is gone
//! before it does. Each is a Kaiser window (J. F. Kaiser, 1974) over a sinc, each phase brought to a sum of 1.

use super::interpolation::ONE_FRAME;

/// Taps of the longest kernel.
pub(super) const MAX_TAPS: usize = 128;
/// Shape of the Kaiser window: about 70 dB.
const BETA: f64 = 7.0;
/// Transposition, beyond a kernel's own, that its slope allows: what folds then lies in the top fifth of the band.
const SLACK: f64 = 1.2;
/// A kernel is kept until the transposition is a semitone below what called for it.
const WAVER: f64 = 0.943_874;
/// Ratios of transposition that the kernels cut off for.
const RATIOS: [f64; 9] = [1.0, std::f64::consts::SQRT_2, 2.0, 2.828_427, 4.0, 5.656_854, 8.0, 16.0, 32.0];
const TAPS: [usize; RATIOS.len()] = [16, 24, 32, 48, 64, 96, 128, 128, 128];

/// A kernel, by ascending transposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kernel(u8);

impl Kernel {
    /// The kernel for a pace of so many fixed-point frames.
    pub fn for_pace(pace: u64) -> Kernel {
        let rank = HIGHEST.iter().take_while(|&&highest| pace > highest).count();
        Kernel(rank as u8)
    }

    /// Whether it still serves a pace. A transposition that wavers about a border stays with the kernel that it has.
    #[inline]
    pub fn serves(self, pace: u64) -> bool {
        let rank = self.rank();
        let highest = HIGHEST.get(rank).copied().unwrap_or(u64::MAX);
        let lowest = rank.checked_sub(1).and_then(|below| LOWEST.get(below)).copied().unwrap_or(0);
        (lowest..=highest).contains(&pace)
    }

    /// Its place among the kernels, 0..9.
    pub fn rank(self) -> usize {
        usize::from(self.0)
    }

    /// Whether it gives back the very samples where the position is whole.
    pub fn is_whole(self) -> bool {
        self.0 == 0
    }

    /// Its number of taps.
    pub fn taps(self) -> usize {
        TAPS.get(self.rank()).copied().unwrap_or(MAX_TAPS)
    }
}

/// The highest pace of each kernel but the last.
const HIGHEST: [u64; RATIOS.len() - 1] = borders(1.0);
/// The lowest pace of each kernel but the first.
const LOWEST: [u64; RATIOS.len() - 1] = borders(WAVER);

const fn borders(factor: f64) -> [u64; RATIOS.len() - 1] {
    let mut borders = [0; RATIOS.len() - 1];
    let mut rank = 0;
    while rank < borders.len() {
        borders[rank] = (RATIOS[rank] * SLACK * factor * ONE_FRAME as f64) as u64;
        rank += 1;
    }
    borders
}

/// A kernel at one fraction of a frame, at home in cache lines.
#[repr(align(64))]
struct Row<const TAPS: usize>([f32; TAPS]);

/// A kernel at every fraction; row `p` is the one at `p / phases`, and the last is a whole frame on.
pub(super) struct Table<const TAPS: usize> {
    phase_bits: u32,
    rows: Box<[Row<TAPS>]>,
}

/// What makes up one sample.
pub(super) struct Taps<'a, const TAPS: usize> {
    /// Samples of the source.
    pub source: &'a [f32; TAPS],
    /// The kernel of the phase before, and of the one behind.
    pub near: &'a [f32; TAPS],
    pub far: &'a [f32; TAPS],
    /// How far the position lies between the two, 0..1.
    pub between: f32,
}

impl<const TAPS: usize> Table<TAPS> {
    /// The table of the kernel of this rank. Lower cut-offs make smoother kernels, which need fewer phases.
    pub fn new(rank: usize) -> Table<TAPS> {
        let ratio = RATIOS[rank];
        let phase_bits = 8 - ratio.log2().floor().clamp(0.0, 3.0) as u32;
        let phases = 1usize << phase_bits;
        let row = |phase| Row(kernel(phase as f64 / phases as f64, 1.0 / ratio));
        Table { phase_bits, rows: (0..=phases).map(row).collect() }
    }

    /// What makes up the sample at a position in fixed-point frames, counted from the frame whose first tap is
    /// `source[0]`; `None` where the source is too short.
    #[inline(always)]
    pub fn at<'a>(&'a self, source: &'a [f32], position: u64) -> Option<Taps<'a, TAPS>> {
        let fraction = position as u32;
        let phase = (fraction >> (32 - self.phase_bits)) as usize;
        let [near, far] = self.rows.get(phase..)?.first_chunk()?;
        Some(Taps {
            source: source.get((position >> 32) as usize..)?.first_chunk()?,
            near: &near.0,
            far: &far.0,
            between: (fraction << self.phase_bits) as f32 * (1.0 / ONE_FRAME as f32),
        })
    }
}

/// The kernel for a position `fraction` behind its middle tap, `TAPS / 2 - 1`.
fn kernel<const TAPS: usize>(fraction: f64, cut: f64) -> [f32; TAPS] {
    let middle = (TAPS / 2 - 1) as f64 + fraction;
    let half = TAPS as f64 / 2.0;
    let mut taps = [0.0f64; TAPS];
    for (i, tap) in taps.iter_mut().enumerate() {
        let x = i as f64 - middle;
        *tap = if cut == 1.0 && fraction.fract() == 0.0 {
            f64::from(u8::from(x == 0.0))
        } else {
            sinc(cut * x) * kaiser(x / half)
        };
    }
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap / sum) as f32)
}

fn sinc(x: f64) -> f64 {
    let angle = std::f64::consts::PI * x;
    if angle.abs() < 1e-9 { 1.0 } else { angle.sin() / angle }
}

/// The window at `x` in −1..1, 0 outside; its height does not matter.
fn kaiser(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { bessel_i0(BETA * (1.0 - x * x).sqrt()) }
}

/// The modified Bessel function of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > 1e-12 * sum {
        let factor = x / (2.0 * k);
        term *= factor * factor;
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_and_its_kernel_agree() {
        for semitones in -60..=110 {
            let pace = ((f64::from(semitones) / 12.0).exp2() * ONE_FRAME as f64) as u64;
            let kernel = Kernel::for_pace(pace);
            assert!(kernel.serves(pace), "{semitones}");
            let above = (pace as f64 * 1.05) as u64;
            let stays = kernel.serves(above) || Kernel::for_pace(above).serves(pace);
            assert!(stays, "{semitones}: a small step up and back would change kernels twice");
        }
    }

    #[test]
    fn the_first_kernel_gives_back_whole_frames() {
        let table = Table::<16>::new(0);
        let only = |at: usize| std::array::from_fn(|i| f32::from(u8::from(i == at)));
        assert_eq!(table.rows[0].0, only(7));
        assert_eq!(table.rows[256].0, only(8));
    }
}
