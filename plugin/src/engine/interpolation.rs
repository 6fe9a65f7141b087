//! The samples of a sound at any fraction of a frame: sums of neighbouring samples, weighted by a kernel.
//!
//! Between two neighbouring phases of the kernel the result is linear. The sums run in eight lanes that are added in one
//! order, so that wide and narrow machines give the same samples, to the bit.
//!
//! The tables are built once in a process, when the first Engine is made; reading them takes no lock.

use std::sync::OnceLock;

use super::kernel::{Kernel, Table, Taps};

/// One frame in the fixed-point positions: 32 bits behind the point.
pub(super) const ONE_FRAME: u64 = 1 << 32;

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

/// Every table, by the rank of its kernel.
pub(super) struct Kernels {
    rank_0: Table<16>,
    rank_1: Table<24>,
    rank_2: Table<32>,
    rank_3: Table<48>,
    rank_4: Table<64>,
    rank_5: Table<96>,
    rank_6: Table<128>,
    rank_7: Table<128>,
    rank_8: Table<128>,
    #[cfg(target_arch = "x86_64")]
    wide: bool,
}

/// What a table is used for: the same work for kernels of every length.
trait Work {
    fn with<const TAPS: usize>(self, table: &Table<TAPS>);
}

impl Kernels {
    /// The tables of the process. The first call builds them and must not come from the audio callback.
    pub fn shared() -> &'static Kernels {
        static SHARED: OnceLock<Kernels> = OnceLock::new();
        SHARED.get_or_init(|| Kernels {
            rank_0: Table::new(0),
            rank_1: Table::new(1),
            rank_2: Table::new(2),
            rank_3: Table::new(3),
            rank_4: Table::new(4),
            rank_5: Table::new(5),
            rank_6: Table::new(6),
            rank_7: Table::new(7),
            rank_8: Table::new(8),
            #[cfg(target_arch = "x86_64")]
            wide: std::arch::is_x86_feature_detected!("avx2"),
        })
    }

    /// Fills `out` from `source`, whose first sample is the first tap of the first frame. `fraction` is where that
    /// frame lies behind its middle tap, below [`ONE_FRAME`].
    pub fn run(&self, kernel: Kernel, source: &[f32], fraction: u64, pace: Pace, out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if self.wide {
            return self.with_table(kernel, Wide(source, fraction, pace, out));
        }
        self.with_table(kernel, Plain(source, fraction, pace, out));
    }

    fn with_table(&self, kernel: Kernel, work: impl Work) {
        match kernel.rank() {
            0 => work.with(&self.rank_0),
            1 => work.with(&self.rank_1),
            2 => work.with(&self.rank_2),
            3 => work.with(&self.rank_3),
            4 => work.with(&self.rank_4),
            5 => work.with(&self.rank_5),
            6 => work.with(&self.rank_6),
            7 => work.with(&self.rank_7),
            _ => work.with(&self.rank_8),
        }
    }
}

/// [`Kernels::run`] on any machine.
struct Plain<'a>(&'a [f32], u64, Pace<'a>, &'a mut [f32]);

impl Work for Plain<'_> {
    fn with<const TAPS: usize>(self, table: &Table<TAPS>) {
        let Plain(source, mut position, pace, out) = self;
        for (i, sample) in out.iter_mut().enumerate() {
            *sample = table.at(source, position).map_or(0.0, weigh);
            position = position.wrapping_add(pace.step(i));
        }
    }
}

fn weigh<const TAPS: usize>(taps: Taps<TAPS>) -> f32 {
    let (mut here, mut there) = ([0.0f32; 8], [0.0f32; 8]);
    let weights = taps.near.as_chunks().0.iter().zip(taps.far.as_chunks::<8>().0);
    for (source, (near, far)) in taps.source.as_chunks::<8>().0.iter().zip(weights) {
        let near: &[f32; 8] = near;
        for lane in 0..8 {
            here[lane] += source[lane] * near[lane];
            there[lane] += source[lane] * far[lane];
        }
    }
    for lane in 0..8 {
        here[lane] += taps.between * (there[lane] - here[lane]);
    }
    let fours = [here[0] + here[4], here[1] + here[5], here[2] + here[6], here[3] + here[7]];
    (fours[0] + fours[2]) + (fours[1] + fours[3])
}

/// [`Kernels::run`] on a processor with AVX2.
#[cfg(target_arch = "x86_64")]
struct Wide<'a>(&'a [f32], u64, Pace<'a>, &'a mut [f32]);

#[cfg(target_arch = "x86_64")]
impl Work for Wide<'_> {
    fn with<const TAPS: usize>(self, table: &Table<TAPS>) {
        // SAFETY: `Kernels::run` comes here only where the processor has AVX2.
        unsafe { run_wide(table, self) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_wide<const TAPS: usize>(table: &Table<TAPS>, Wide(source, mut position, pace, out): Wide) {
    for (i, sample) in out.iter_mut().enumerate() {
        *sample = match table.at(source, position) {
            Some(taps) => weigh_wide(taps),
            None => 0.0,
        };
        position = position.wrapping_add(pace.step(i));
    }
}

/// The same sums as [`weigh`], in the same order.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn weigh_wide<const TAPS: usize>(taps: Taps<TAPS>) -> f32 {
    use std::arch::x86_64::*;
    let (mut here, mut there) = (_mm256_setzero_ps(), _mm256_setzero_ps());
    let weights = taps.near.as_chunks::<8>().0.iter().zip(taps.far.as_chunks::<8>().0);
    for (source, (near, far)) in taps.source.as_chunks::<8>().0.iter().zip(weights) {
        // SAFETY: each reads eight numbers from an array of eight.
        let (source, near, far) = unsafe {
            (_mm256_loadu_ps(source.as_ptr()), _mm256_loadu_ps(near.as_ptr()), _mm256_loadu_ps(far.as_ptr()))
        };
        here = _mm256_add_ps(here, _mm256_mul_ps(source, near));
        there = _mm256_add_ps(there, _mm256_mul_ps(source, far));
    }
    let way = _mm256_mul_ps(_mm256_set1_ps(taps.between), _mm256_sub_ps(there, here));
    let sums = _mm256_add_ps(here, way);
    let fours = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps::<1>(sums));
    let twos = _mm_add_ps(fours, _mm_movehl_ps(fours, fours));
    _mm_cvtss_f32(_mm_add_ss(twos, _mm_shuffle_ps::<1>(twos, twos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_and_wide_machines_give_the_same_samples() {
        let kernels = Kernels::shared();
        let source: Vec<f32> = (0..1_024).map(|i| ((i * i) as f32 * 0.37).sin()).collect();
        for semitones in -30..100 {
            let pace = ((f64::from(semitones) / 12.0).exp2() * ONE_FRAME as f64) as u64;
            let (mut fast, mut plain) = ([0.0; 4], [0.0; 4]);
            let (kernel, fraction) = (Kernel::for_pace(pace), pace & 0xffff_ffff);
            kernels.run(kernel, &source, fraction, Pace::Steady(pace), &mut fast);
            kernels.with_table(kernel, Plain(&source, fraction, Pace::Steady(pace), &mut plain));
            assert_eq!(fast.map(f32::to_bits), plain.map(f32::to_bits), "{semitones} semitones");
            assert!(plain[0] != 0.0);
        }
    }
}
