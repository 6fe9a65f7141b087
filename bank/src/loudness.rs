//! Loudness after EBU R128.

use ebur128::{EbuR128, Mode};

use crate::{Audio, Piece};

/// What silence, and anything softer, measures.
pub const SILENCE_DB: f32 = -70.0;
/// The most that is measured: floats may go beyond full scale.
pub const LOUDEST_DB: f32 = 100.0;

/// Integrated loudness in LUFS, held between [`SILENCE_DB`] and [`LOUDEST_DB`]. A sound shorter than the standard's block of 400 ms
/// is measured as one block, its rest silent.
pub fn integrated_db(audio: &Audio) -> f32 {
    let mut loudness = Loudness::default();
    let channels: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    loudness.take(&Piece { rate_hz: audio.rate_hz, channels: &channels });
    loudness.integrated_db()
}

/// The same, piece by piece.
#[derive(Default)]
pub(crate) struct Loudness {
    meter: Option<EbuR128>,
    /// Frames that were taken, of how many channels at which rate; without a meter where these cannot be measured.
    taken: (usize, usize, u32),
}

impl Loudness {
    pub fn take(&mut self, piece: &Piece<'_>) {
        if self.taken.0 == 0 {
            let channels = u32::try_from(piece.channels.len()).ok().filter(|&count| count > 0);
            self.meter = channels.and_then(|count| EbuR128::new(count, piece.rate_hz, Mode::I).ok());
        }
        self.taken = (self.taken.0 + piece.frames(), piece.channels.len(), piece.rate_hz);
        let meter = self.meter.take();
        self.meter = meter.and_then(|mut meter| {
            meter.add_frames_planar_f32(piece.channels).ok()?;
            Some(meter)
        });
    }

    pub fn integrated_db(self) -> f32 {
        let db = self.measure().filter(|db| db.is_finite());
        db.map_or(SILENCE_DB, |db| (db as f32).clamp(SILENCE_DB, LOUDEST_DB))
    }

    fn measure(self) -> Option<f64> {
        let (mut meter, (frames, channels, rate_hz)) = (self.meter?, self.taken);
        let block = rate_hz as usize * 2 / 5 + 1;
        if frames < block {
            let rest = vec![0.0; block - frames];
            meter.add_frames_planar_f32(&vec![rest.as_slice(); channels]).ok()?;
        }
        meter.loudness_global().ok()
    }
}
