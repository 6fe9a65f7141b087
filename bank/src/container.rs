//! Recordings inside of a SoundFont (SF2 and SF3): where they lie, and their samples.
//!
//! Files are untrusted: no length in them is believed beyond the file's end, and a panic of the parser is an error.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::Mutex;
use soundfont::raw::{RawSoundFontData, SampleHeader};

use crate::{Audio, Decoded, Error, Loop, SoundId, decode, disk};

/// Largest file that is opened: lengths in it are of 32 bits.
const MAX_FILE_BYTES: u64 = 4 << 30;
/// Largest list of presets, instruments or samples, in bytes.
const MAX_LIST_BYTES: u32 = 64 << 20;

/// An open SoundFont: all but its samples.
pub(crate) struct Container {
    pub path: PathBuf,
    pub font: RawSoundFontData,
}

/// A recording as the file holds it.
pub(crate) struct Recording {
    /// Names the content.
    pub id: SoundId,
    decoder: Coded,
    path: PathBuf,
    header: (f32, Option<Loop>),
}

enum Coded {
    /// 16 or 24 bits, one or two channels.
    Plain { rate_hz: u32, channels: Vec<Vec<f32>> },
    /// Ogg Vorbis streams, one a channel.
    Vorbis(Vec<Vec<u8>>),
}

/// The member of these samples: the left or only one, and the right one of a pair.
pub(crate) fn member_of(left: usize, right: Option<usize>) -> String {
    right.map_or_else(|| left.to_string(), |right| format!("{left}+{right}"))
}

/// The samples of a member, if it is still the content that was analysed.
///
/// # Errors
/// [`Error::File`] where the file is gone or damaged, or holds another recording there now.
pub fn load(path: &Path, member: &str, id: SoundId) -> Result<Audio, Error> {
    let recording = newest(path)?.recording(member)?;
    if recording.id != id {
        let cause = "the file has changed since it was scanned; scan the bank again".to_string();
        return Err(Error::File { path: path.to_path_buf(), cause });
    }
    Ok(recording.decode()?.audio)
}

/// Lists of the file that was last loaded from, with its size and time: instruments load their members one by one.
fn newest(path: &Path) -> Result<Arc<Container>, Error> {
    type Held = (PathBuf, u64, Option<SystemTime>, Arc<Container>);
    static NEWEST: Mutex<Option<Held>> = Mutex::new(None);
    let about = std::fs::metadata(path).map_err(|cause| fail(path, cause.to_string()))?;
    let mut held = NEWEST.lock();
    if let Some((of, size, time, container)) = &*held
        && (of, *size, *time) == (&path.to_path_buf(), about.len(), about.modified().ok())
    {
        return Ok(container.clone());
    }
    let container = Arc::new(Container::open(path)?);
    *held = Some((path.to_path_buf(), about.len(), about.modified().ok(), container.clone()));
    Ok(container)
}

fn fail(path: &Path, cause: impl Into<String>) -> Error {
    Error::File { path: path.to_path_buf(), cause: cause.into() }
}

impl Container {
    /// Reads the lists of a file.
    ///
    /// # Errors
    /// [`Error::File`] with the cause for what is no SoundFont, [`Error::Limit`] for one that is too large.
    pub fn open(path: &Path) -> Result<Container, Error> {
        let broken = |cause: std::io::Error| fail(path, cause.to_string());
        let about = disk::about(path, MAX_FILE_BYTES)?;
        let mut file = BufReader::new(File::open(path).map_err(broken)?);
        let gap = check(&mut file, about.len()).map_err(|cause| fail(path, cause))?;
        let mut file = Padded { file, gap, at: 0 };
        let font = catch_unwind(AssertUnwindSafe(|| RawSoundFontData::load(&mut file)))
            .map_err(|_| fail(path, "the lists of the SoundFont are damaged"))?
            .map_err(|cause| fail(path, format!("the lists of the SoundFont are damaged ({cause:?})")))?;
        Ok(Container { path: path.to_path_buf(), font })
    }

    /// The headers of a member's samples.
    fn headers(&self, member: &str) -> Option<Vec<&SampleHeader>> {
        let headers = &self.font.hydra.sample_headers;
        let numbers: Option<Vec<usize>> = member.split('+').map(|number| number.parse().ok()).collect();
        let numbers = numbers.filter(|numbers| (1..=2).contains(&numbers.len()))?;
        numbers.into_iter().map(|number| headers.get(number)).collect()
    }

    /// Reads a member.
    ///
    /// # Errors
    /// [`Error::File`] where it does not lie in the file.
    pub fn recording(&self, member: &str) -> Result<Recording, Error> {
        let broken = |cause: &str| fail(&self.path, cause);
        let headers = self.headers(member).ok_or_else(|| broken("there is no such sample"))?;
        let first = headers[0];
        if !decode::RATES_HZ.contains(&first.sample_rate) {
            let cause = format!("a rate of {} Hz is outside 1 to 768 kHz", first.sample_rate);
            return Err(fail(&self.path, cause));
        }
        if headers.iter().any(|header| header.sample_type.is_rom()) {
            return Err(broken("the sample lies in the memory of a sound card"));
        }
        let is_vorbis = first.sample_type.is_vorbis();
        let mut file = File::open(&self.path).map_err(|cause| fail(&self.path, cause.to_string()))?;
        let mut content = b"neume soundfont sample ".to_vec();
        content.extend(first.sample_rate.to_le_bytes());
        let mut parts = Vec::new();
        for header in &headers {
            let bytes = self.bytes(&mut file, header).map_err(broken)?;
            content.extend((bytes.0.len() as u64).to_le_bytes());
            content.extend(&bytes.0);
            content.extend(&bytes.1);
            parts.push(bytes);
        }
        let decoder = if is_vorbis {
            Coded::Vorbis(parts.into_iter().map(|part| part.0).collect())
        } else {
            let channels = parts.iter().map(|(high, low)| plain(high, low)).collect();
            Coded::Plain { rate_hz: first.sample_rate, channels }
        };
        let root = if first.origpitch <= 127 { f32::from(first.origpitch) } else { 60.0 };
        let header = (root - f32::from(first.pitchadj) / 100.0, own_loop(first));
        Ok(Recording { id: SoundId::of(&content), decoder, path: self.path.clone(), header })
    }

    /// The bytes of a sample, and where there are 24 bits, the lower ones.
    fn bytes(&self, file: &mut File, header: &SampleHeader) -> Result<(Vec<u8>, Vec<u8>), &'static str> {
        let outside = "the sample does not lie in the file";
        let data = &self.font.sample_data;
        let all = data.smpl.ok_or("the file has no samples")?;
        let unit = if header.sample_type.is_vorbis() { 1 } else { 2 };
        let (from, to) = (u64::from(header.start) * unit, u64::from(header.end) * unit);
        if from >= to || to > u64::from(all.len) {
            return Err(outside);
        }
        let mut read = |at: u64, count: u64| {
            let mut bytes = vec![0; count as usize];
            file.seek(SeekFrom::Start(at)).ok()?;
            file.read_exact(&mut bytes).ok()?;
            Some(bytes)
        };
        let high = read(all.offset + from, to - from).ok_or(outside)?;
        let low = data
            .sm24
            .filter(|low| unit == 2 && u64::from(low.len) >= u64::from(all.len) / 2)
            .and_then(|low| read(low.offset + from / 2, (to - from) / 2));
        Ok((high, low.unwrap_or_default()))
    }
}

/// The loop that a header names, in frames of its sample. In compressed banks it is counted from the sample's start.
pub(crate) fn own_loop(header: &SampleHeader) -> Option<Loop> {
    let base = if header.sample_type.is_vorbis() { 0 } else { header.start };
    let start_frames = u64::from(header.loop_start.checked_sub(base)?);
    let end_frames = u64::from(header.loop_end.checked_sub(base)?);
    (start_frames < end_frames).then_some(Loop {
        start_frames,
        end_frames,
        crossfade_frames: 0,
        is_mirrored: false,
    })
}

fn plain(high: &[u8], low: &[u8]) -> Vec<f32> {
    let high = high.chunks_exact(2).map(|pair| i32::from(i16::from_le_bytes([pair[0], pair[1]])));
    if low.is_empty() {
        return high.map(|sample| sample as f32 / 32_768.0).collect();
    }
    high.zip(low).map(|(high, low)| (high << 8 | i32::from(*low)) as f32 / 8_388_608.0).collect()
}

impl Recording {
    /// Its samples, with the root and the loop of its header.
    ///
    /// # Errors
    /// Those of [`decode::decode_bytes`].
    pub fn decode(self) -> Result<Decoded, Error> {
        let (rate_hz, mut channels, remark) = match self.decoder {
            Coded::Plain { rate_hz, channels } => (rate_hz, channels, None),
            Coded::Vorbis(streams) => {
                let mut decoded: Vec<Decoded> = streams
                    .into_iter()
                    .map(|stream| decode::decode_bytes(stream, &self.path))
                    .collect::<Result<_, _>>()?;
                let remark = decoded.iter_mut().find_map(|part| part.remark.take());
                let rate_hz = decoded[0].audio.rate_hz;
                (rate_hz, decoded.into_iter().map(|part| part.audio.mono()).collect(), remark)
            }
        };
        let frames = channels.iter().map(Vec::len).min().unwrap_or(0);
        if frames as u64 > decode::MAX_SECS * u64::from(rate_hz) {
            let (found, limit) = (frames as u64 / u64::from(rate_hz), decode::MAX_SECS);
            return Err(Error::Limit { path: self.path, what: "a length in seconds", found, limit });
        }
        channels.iter_mut().for_each(|channel| channel.truncate(frames));
        let (root, sustain) = self.header;
        let sustain = sustain.filter(|sustain| sustain.end_frames <= frames as u64);
        let audio = Audio { rate_hz, channels };
        Ok(Decoded { audio, root_midi: Some(root), sustain, remark })
    }
}

/// A file to which a byte is added that its writer left out: a list of odd length is to be followed by one. Some writers
/// of compressed samples forget it.
struct Padded<R> {
    file: R,
    /// Where the byte is missing.
    gap: Option<u64>,
    /// Where it is read, the byte counted.
    at: u64,
}

impl<R: Read + Seek> Read for Padded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let most = match self.gap {
            Some(gap) if self.at == gap => {
                let Some(first) = into.first_mut() else { return Ok(0) };
                *first = 0;
                self.at += 1;
                return Ok(1);
            }
            Some(gap) if self.at < gap => {
                into.len().min(usize::try_from(gap - self.at).unwrap_or(usize::MAX))
            }
            _ => into.len(),
        };
        let count = self.file.read(&mut into[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for Padded<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let from = |base: u64, by: i64| {
            base.checked_add_signed(by).ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))
        };
        let to = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => from(self.at, by)?,
            SeekFrom::End(by) => {
                let end = self.file.seek(SeekFrom::End(0))?;
                from(end + u64::from(self.gap.is_some()), by)?
            }
        };
        let is_behind = self.gap.is_some_and(|gap| to > gap);
        self.file.seek(SeekFrom::Start(to - u64::from(is_behind)))?;
        self.at = to;
        Ok(to)
    }
}

/// Whether the parser may be let at a file: every chunk lies in it, and the lists are of ordinary size. Gives where a byte is
/// missing behind a list of odd length.
fn check(file: &mut (impl Read + Seek), size: u64) -> Result<Option<u64>, &'static str> {
    let (no_font, cut) = ("the file is no SoundFont", "the file ends before its lists do");
    let (name, length, form) = chunk(file, 0).ok_or(no_font)?;
    if &name != b"RIFF" || &form != b"sfbk" {
        return Err(no_font);
    }
    // The parser goes by what the file says of its length.
    if u64::from(length) + 8 > size + 1 {
        return Err(cut);
    }
    let end = 8 + u64::from(length);
    let mut gap = None;
    let mut at = 12;
    while at < end {
        let (name, length, form) = chunk(file, at).ok_or(cut)?;
        let inner_end = at + 8 + u64::from(length);
        if &name != b"LIST" || inner_end > size {
            return Err(if &name == b"LIST" { cut } else { "the SoundFont holds something else than lists" });
        }
        let mut inner = at + 12;
        while inner < at + 4 + u64::from(length) {
            let (_, length, _) = chunk(file, inner).ok_or(cut)?;
            if inner + 8 + u64::from(length) > inner_end {
                return Err(cut);
            }
            if &form != b"sdta" && length > MAX_LIST_BYTES {
                return Err("a list of the SoundFont is too long");
            }
            inner += 8 + u64::from(length) + u64::from(length % 2);
        }
        at = inner_end + u64::from(length % 2);
        let mut is_list = |at: u64| chunk(file, at).is_some_and(|(name, ..)| &name == b"LIST");
        if length % 2 == 1 && gap.is_none() && !is_list(at) && is_list(inner_end) {
            (gap, at) = (Some(inner_end), inner_end);
        }
    }
    Ok(gap)
}

/// Name and length of a chunk, and the four bytes behind them.
fn chunk(file: &mut (impl Read + Seek), at: u64) -> Option<([u8; 4], u32, [u8; 4])> {
    file.seek(SeekFrom::Start(at)).ok()?;
    let mut head = [0; 8];
    file.read_exact(&mut head).ok()?;
    let mut form = [0; 4];
    // The last chunk of a file may be empty.
    file.read_exact(&mut form).ok();
    let [a, b, c, d, length @ ..] = head;
    Some(([a, b, c, d], u32::from_le_bytes(length), form))
}
