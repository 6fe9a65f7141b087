//! Windowed-sinc interpolation: the samples of a sound at any fraction of a frame, without images or aliases.
//!
//! A polyphase table for each range of transposition. The first leaves the whole band alone and gives back the very
//! samples where the position is whole; the others lower the cut-off by half an octave each, with longer kernels, so
//! that what would fold back over half the rate is gone before it does. Between two neighbouring phases the result is
//! linear. Kernels are Kaiser windows (J. F. Kaiser, 1974) over a sinc, each phase brought to a sum of 1.
//!
//! The tables are built once in a process, when the first Engine is made; reading them takes no lock.

use std::sync::OnceLock;

/// One frame in the fixed-point positions: 32 bits behind the point.
pub(super) const ONE_FRAME: u64 = 1 << 32;
/// Taps of the longest kernel.
pub(super) const MAX_TAPS: usize = 128;
/// Shape of the Kaiser window: about 70 dB.
const BETA: f64 = 7.0;
/// Transposition, beyond a kernel's own, that its slope allows: what folds then lies in the top fifth of the band.
const SLACK: f64 = 1.2;

/// Kernels of `TAPS` taps; row `p` is the kernel at the fraction `p / phases`.
struct Table<const TAPS: usize> {
    phase_bits: u32,
    rows: Box<[[f32; TAPS]]>,
}

impl<const TAPS: usize> Table<TAPS> {
    /// `cut` is the cut-off as a fraction of half the rate.
    fn new(cut: f64, phase_bits: u32) -> Table<TAPS> {
        let phases = 1usize << phase_bits;
        let rows = (0..=phases).map(|phase| kernel(phase as f64 / phases as f64, cut)).collect();
        Table { phase_bits, rows }
    }

    /// Writes one sample a pace, the first at `fraction` of the frame whose first tap is `source[0]`.
    #[inline(always)]
    fn run(&self, source: &[f32], fraction: u64, pace: Pace, out: &mut [f32]) {
        let mut position = fraction;
        for (i, sample) in out.iter_mut().enumerate() {
            *sample = self.sample(source, position);
            position = position.wrapping_add(pace.step(i));
        }
    }

    #[inline(always)]
    fn sample(&self, source: &[f32], position: u64) -> f32 {
        let first = (position >> 32) as usize;
        let fraction = position as u32;
        let phase = (fraction >> (32 - self.phase_bits)) as usize;
        let between = (fraction << self.phase_bits) as f32 * (1.0 / ONE_FRAME as f32);
        let (Some(taps), Some([near, far])) =
            (source.get(first..first + TAPS), self.rows.get(phase..phase + 2))
        else {
            return 0.0;
        };
        // Eight running sums, so that the result does not depend on how wide the machine's vectors are.
        let (mut here, mut there) = ([0.0f32; 8], [0.0f32; 8]);
        for ((taps, near), far) in taps.chunks_exact(8).zip(near.chunks_exact(8)).zip(far.chunks_exact(8)) {
            for lane in 0..8 {
                here[lane] += taps[lane] * near[lane];
                there[lane] += taps[lane] * far[lane];
            }
        }
        for lane in 0..8 {
            here[lane] += between * (there[lane] - here[lane]);
        }
        let pairs = [here[0] + here[4], here[1] + here[5], here[2] + here[6], here[3] + here[7]];
        (pairs[0] + pairs[2]) + (pairs[1] + pairs[3])
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

/// The window at `x` in −1..1, 0 outside.
fn kaiser(x: f64) -> f64 {
    if x.abs() >= 1.0 { 0.0 } else { bessel_i0(BETA * (1.0 - x * x).sqrt()) / bessel_i0(BETA) }
}

/// The modified Bessel function of order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..64 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

/// How far the position moves after each frame, in fixed-point frames of the source.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace<'a> {
    /// The same after each.
    Steady(u64),
    /// One for each frame.
    Varying(&'a [u64]),
}

impl Pace<'_> {
    #[inline(always)]
    pub fn step(&self, frame: usize) -> u64 {
        match self {
            Pace::Steady(step) => *step,
            Pace::Varying(steps) => steps.get(frame).copied().unwrap_or(ONE_FRAME),
        }
    }

    /// The way over the first `frames`.
    pub fn over(&self, frames: usize) -> u64 {
        match self {
            Pace::Steady(step) => step.saturating_mul(frames as u64),
            Pace::Varying(steps) => steps.iter().take(frames).sum(),
        }
    }
}

/// A kernel length and cut-off, by ascending transposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kernel(u8);

impl Kernel {
    /// Ratios down to which the kernels cut off.
    const RATIOS: [f64; 9] =
        [1.0, std::f64::consts::SQRT_2, 2.0, 2.0 * std::f64::consts::SQRT_2, 4.0, 5.657, 8.0, 16.0, 32.0];

    /// The kernel for a transposition by this ratio.
    pub fn for_ratio(ratio: f64) -> Kernel {
        let rank = Kernel::RATIOS.iter().take_while(|&&cut| ratio > cut * SLACK).count();
        Kernel(rank.min(Kernel::RATIOS.len() - 1) as u8)
    }

    /// Whether it still serves a pace of so many fixed-point frames. A transposition that wavers about a border stays
    /// with the kernel that it has.
    pub fn serves(self, pace: u64) -> bool {
        let rank = usize::from(self.0);
        let ratio = pace as f64 / ONE_FRAME as f64;
        let below = rank.checked_sub(1).and_then(|below| Kernel::RATIOS.get(below));
        let last = rank + 1 == Kernel::RATIOS.len();
        let fits_above = last || Kernel::RATIOS.get(rank).is_some_and(|cut| ratio <= cut * SLACK);
        fits_above && below.is_none_or(|cut| ratio > cut * SLACK * 0.94)
    }

    /// Whether it gives back the very samples where the position is whole.
    pub fn is_whole(self) -> bool {
        self.0 == 0
    }

    /// Its number of taps.
    pub fn taps(self) -> usize {
        [16, 24, 32, 48, 64, 96, 128, 128, 128].get(usize::from(self.0)).copied().unwrap_or(MAX_TAPS)
    }
}

/// Every table.
pub(super) struct Kernels {
    whole: Table<16>,
    cut_1: Table<24>,
    cut_2: Table<32>,
    cut_3: Table<48>,
    cut_4: Table<64>,
    cut_5: Table<96>,
    cut_6: Table<128>,
    cut_8: Table<128>,
    cut_10: Table<128>,
    #[cfg(target_arch = "x86_64")]
    wide: bool,
}

impl Kernels {
    /// The tables of the process. The first call builds them and must not come from the audio callback.
    pub fn shared() -> &'static Kernels {
        static SHARED: OnceLock<Kernels> = OnceLock::new();
        SHARED.get_or_init(Kernels::new)
    }

    fn new() -> Kernels {
        let cut = |rank: usize| 1.0 / Kernel::RATIOS[rank];
        Kernels {
            whole: Table::new(cut(0), 8),
            cut_1: Table::new(cut(1), 8),
            cut_2: Table::new(cut(2), 7),
            cut_3: Table::new(cut(3), 7),
            cut_4: Table::new(cut(4), 6),
            cut_5: Table::new(cut(5), 6),
            cut_6: Table::new(cut(6), 5),
            cut_8: Table::new(cut(7), 5),
            cut_10: Table::new(cut(8), 5),
            #[cfg(target_arch = "x86_64")]
            wide: std::arch::is_x86_feature_detected!("avx2"),
        }
    }

    /// Fills `out` from `source`, whose first sample is the first tap of the first frame. `fraction` is where that
    /// frame lies behind its middle tap, below [`ONE_FRAME`].
    pub fn run(&self, kernel: Kernel, source: &[f32], fraction: u64, pace: Pace, out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if self.wide {
            // SAFETY: `wide` is set only where the processor has AVX2.
            return unsafe { self.run_wide(kernel, source, fraction, pace, out) };
        }
        self.run_plain(kernel, source, fraction, pace, out);
    }

    /// The same arithmetic in wider vectors: the same samples, to the bit.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_wide(&self, kernel: Kernel, source: &[f32], fraction: u64, pace: Pace, out: &mut [f32]) {
        self.run_plain(kernel, source, fraction, pace, out);
    }

    #[inline(always)]
    fn run_plain(&self, kernel: Kernel, source: &[f32], fraction: u64, pace: Pace, out: &mut [f32]) {
        match kernel.0 {
            0 => self.whole.run(source, fraction, pace, out),
            1 => self.cut_1.run(source, fraction, pace, out),
            2 => self.cut_2.run(source, fraction, pace, out),
            3 => self.cut_3.run(source, fraction, pace, out),
            4 => self.cut_4.run(source, fraction, pace, out),
            5 => self.cut_5.run(source, fraction, pace, out),
            6 => self.cut_6.run(source, fraction, pace, out),
            7 => self.cut_8.run(source, fraction, pace, out),
            _ => self.cut_10.run(source, fraction, pace, out),
        }
    }
}
