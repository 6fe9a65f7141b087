//! Stereo 32-bit float WAV files, written while they are rendered, and their levels.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use neume_bank::disk::place_of;

/// What silence is written as, in dB: JSON has no infinity.
pub const SILENCE_DB: f32 = -200.0;

/// A WAV file that is being written. It appears under its name when it is finished; a failure leaves nothing there.
pub struct WavFile {
    path: PathBuf,
    part: Option<PathBuf>,
    writer: Option<hound::WavWriter<BufWriter<File>>>,
    levels: Levels,
}

/// How long and how loud a rendered file is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Levels {
    /// Length in frames.
    pub frames: u64,
    peak: f32,
    squares: f64,
}

impl Levels {
    /// The largest sample of either channel, in dB of full scale, at least [`SILENCE_DB`].
    pub fn peak_db(&self) -> f32 {
        db(f64::from(self.peak))
    }

    /// The root mean square over both channels, in dB of full scale, at least [`SILENCE_DB`].
    pub fn rms_db(&self) -> f32 {
        db((self.squares / (2 * self.frames).max(1) as f64).sqrt())
    }

    fn count(&mut self, left: f32, right: f32) {
        self.frames += 1;
        self.peak = self.peak.max(left.abs()).max(right.abs());
        self.squares += f64::from(left).powi(2) + f64::from(right).powi(2);
    }
}

impl WavFile {
    /// Most frames of a file: what a WAV header can count.
    pub const MAX_FRAMES: u64 = (u32::MAX as u64 - 1024) / 8;

    /// Begins a file, behind a link where its name is one. What is there already and no plain file (a device, a pipe) is
    /// written to, never replaced.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn create(path: &Path, rate_hz: u32) -> Result<WavFile> {
        let named = || path.display().to_string();
        ensure!(!path.is_dir(), "{}: it is a folder", path.display());
        let is_plain = !path.exists() || path.is_file();
        let place = if is_plain { place_of(path).with_context(named)? } else { path.to_path_buf() };
        let part = is_plain.then(|| {
            let mut name = place.file_name().unwrap_or_default().to_os_string();
            name.push(".part");
            place.with_file_name(name)
        });
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate_hz,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let file = File::create(part.as_deref().unwrap_or(&place)).with_context(named)?;
        let writer = Some(hound::WavWriter::new(BufWriter::new(file), spec).with_context(named)?);
        Ok(WavFile { path: place, part, writer, levels: Levels::default() })
    }

    /// Appends a block of both channels.
    ///
    /// # Errors
    /// Names the file and the cause: the disk is full, the file is as long as WAV files can be.
    pub fn push(&mut self, left: &[f32], right: &[f32]) -> Result<()> {
        let named = || self.path.display().to_string();
        let limit = WavFile::MAX_FRAMES;
        ensure!(
            self.levels.frames + left.len() as u64 <= limit,
            "{}: a WAV file holds at most {limit} frames",
            named()
        );
        let Some(writer) = &mut self.writer else { return Ok(()) };
        for (&left, &right) in left.iter().zip(right) {
            writer.write_sample(left).with_context(named)?;
            writer.write_sample(right).with_context(named)?;
            self.levels.count(left, right);
        }
        Ok(())
    }

    /// Completes the file and says how loud it is.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn finish(mut self) -> Result<Levels> {
        let path = self.path.clone();
        let named = || path.display().to_string();
        if let Some(writer) = self.writer.take() {
            writer.finalize().with_context(named)?;
        }
        if let Some(part) = self.part.take() {
            std::fs::rename(&part, &path).with_context(named)?;
        }
        Ok(self.levels)
    }
}

impl Drop for WavFile {
    fn drop(&mut self) {
        self.writer = None;
        if let Some(part) = &self.part {
            // What stopped the writing has been said; the half file may be gone already.
            std::fs::remove_file(part).ok();
        }
    }
}

fn db(amplitude: f64) -> f32 {
    (20.0 * amplitude.log10()).max(f64::from(SILENCE_DB)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(frames: &[(f32, f32)]) -> Levels {
        let mut levels = Levels::default();
        frames.iter().for_each(|&(left, right)| levels.count(left, right));
        levels
    }

    #[test]
    fn levels_are_of_both_channels() {
        let half = levels(&[(0.5, 0.0), (-0.5, 0.0)]);
        assert!((half.peak_db() + 6.0206).abs() < 1e-3);
        assert!((half.rms_db() + 9.0309).abs() < 1e-3);
        let silence = levels(&[]);
        assert_eq!([silence.peak_db(), silence.rms_db()], [SILENCE_DB; 2]);
    }

    #[test]
    fn a_written_file_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.wav");
        let mut file = WavFile::create(&path, 44_100).unwrap();
        file.push(&[0.1, -1.5], &[1e-9, 0.25]).unwrap();
        assert!(!path.exists(), "it appears when it is whole");
        file.push(&[0.0], &[-0.75]).unwrap();
        assert_eq!(file.finish().unwrap().frames, 3);
        let mut reader = hound::WavReader::open(&path).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 44_100, 32));
        assert_eq!(spec.sample_format, hound::SampleFormat::Float);
        let samples: Vec<f32> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, [0.1, 1e-9, -1.5, 0.25, 0.0, -0.75]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = WavFile::create(&folder.path().join("out.wav"), 48_000).unwrap();
        file.push(&[0.0; 100], &[0.0; 100]).unwrap();
        drop(file);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn places_that_take_no_file_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (path, cause) in
            [(folder.path().join("none/out.wav"), "No such"), (folder.path().into(), "folder")]
        {
            let message = format!("{:#}", WavFile::create(&path, 48_000).err().unwrap());
            assert!(message.starts_with(&path.display().to_string()) && message.contains(cause), "{message}");
        }
    }
}
