//! The content of a sound file: in memory where it is small, else read from the disk as it is needed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symphonia::core::io::MediaSource;

use crate::{Error, SoundId, disk};

/// Largest file that is taken into memory, in bytes.
const HELD_BYTES: u64 = 32 << 20;
/// Largest file that is read at all, in bytes: 64 GB.
pub const MAX_BYTES: u64 = 64 << 30;

/// All bytes of a file. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Content {
    place: Place,
    length: u64,
}

#[derive(Debug, Clone)]
enum Place {
    Memory(Arc<Vec<u8>>),
    Disk(Arc<PathBuf>),
}

impl Content {
    /// These bytes.
    pub fn of(bytes: Vec<u8>) -> Content {
        Content { length: bytes.len() as u64, place: Place::Memory(Arc::new(bytes)) }
    }

    /// Those of a file.
    ///
    /// # Errors
    /// [`Error::File`] with the cause where it cannot be read, [`Error::Limit`] where it is larger than [`MAX_BYTES`].
    pub fn open(path: &Path) -> Result<Content, Error> {
        Content::open_beyond(path, HELD_BYTES)
    }

    /// [`Content::open`], where files of more than `held` bytes stay on the disk.
    fn open_beyond(path: &Path, held: u64) -> Result<Content, Error> {
        let about = disk::about(path, MAX_BYTES)?;
        if about.len() <= held {
            return Ok(Content::of(crate::decode::read(path)?));
        }
        File::open(path)
            .map_err(|cause| Error::File { path: path.to_path_buf(), cause: cause.to_string() })?;
        Ok(Content { place: Place::Disk(Arc::new(path.to_path_buf())), length: about.len() })
    }

    /// In bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Names it; reads all of it, unless `is_cancelled` says meanwhile that nobody wants to know.
    ///
    /// # Errors
    /// Those of the file system, and where it was cancelled.
    pub fn id(&self, is_cancelled: &dyn Fn() -> bool) -> io::Result<SoundId> {
        match &self.place {
            Place::Memory(bytes) => Ok(SoundId::of(bytes)),
            Place::Disk(path) => SoundId::of_all(File::open(&**path)?, is_cancelled),
        }
    }

    /// [`Content::id`] of the file that `path` names in the error.
    ///
    /// # Errors
    /// [`Error::File`] with the cause.
    pub fn id_of(&self, path: &Path, is_cancelled: &dyn Fn() -> bool) -> Result<SoundId, Error> {
        self.id(is_cancelled)
            .map_err(|cause| Error::File { path: path.to_path_buf(), cause: cause.to_string() })
    }

    /// A reader of all of it.
    pub(crate) fn reader(&self) -> io::Result<Reader> {
        self.part(Vec::new(), 0, self.length)
    }

    /// A reader of `head`, and behind it of `length` bytes from `start` on.
    pub(crate) fn part(&self, head: Vec<u8>, start: u64, length: u64) -> io::Result<Reader> {
        let bytes = match &self.place {
            Place::Memory(bytes) => Bytes::Memory(bytes.clone()),
            Place::Disk(path) => Bytes::Disk { file: File::open(&**path)?, at: 0 },
        };
        let length = length.min(self.length.saturating_sub(start));
        Ok(Reader { head, bytes, start, length, position: 0 })
    }
}

enum Bytes {
    Memory(Arc<Vec<u8>>),
    /// A file, and where its next byte would be read.
    Disk {
        file: File,
        at: u64,
    },
}

impl Bytes {
    fn read_at(&mut self, from: u64, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::Memory(bytes) => {
                let held = usize::try_from(from).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
                let count = held.len().min(into.len());
                into[..count].copy_from_slice(&held[..count]);
                Ok(count)
            }
            Bytes::Disk { file, at } => {
                if *at != from {
                    file.seek(SeekFrom::Start(from))?;
                    *at = from;
                }
                let count = file.read(into)?;
                *at += count as u64;
                Ok(count)
            }
        }
    }
}

/// Reads a part of a content behind a head that is in memory.
pub(crate) struct Reader {
    head: Vec<u8>,
    bytes: Bytes,
    start: u64,
    length: u64,
    position: u64,
}

impl Reader {
    fn end(&self) -> u64 {
        self.head.len() as u64 + self.length
    }

    /// Bytes behind the position.
    fn left(&self) -> usize {
        usize::try_from(self.end().saturating_sub(self.position)).unwrap_or(usize::MAX)
    }

    /// What lies at a place, at most so many bytes; fewer where the content ends.
    pub fn at(&mut self, from: u64, most: usize) -> io::Result<Vec<u8>> {
        self.position = from;
        let mut bytes = vec![0; most.min(self.left())];
        let mut count = 0;
        while count < bytes.len() {
            match self.read(&mut bytes[count..])? {
                0 => break,
                more => count += more,
            }
        }
        bytes.truncate(count);
        Ok(bytes)
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let head = self.head.len() as u64;
        let count = if self.position < head {
            let held = &self.head[self.position as usize..];
            let count = held.len().min(into.len());
            into[..count].copy_from_slice(&held[..count]);
            count
        } else {
            let most = into.len().min(self.left());
            if most == 0 {
                return Ok(0);
            }
            self.bytes.read_at(self.start + self.position - head, &mut into[..most])?
        };
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(from) => self.end().checked_add_signed(from),
            SeekFrom::Current(from) => self.position.checked_add_signed(from),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl MediaSource for Reader {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_that_nobody_wants_any_more_is_not_read_to_its_end_to_be_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes = vec![1; 20 << 20];
        std::fs::write(&path, &bytes).unwrap();
        let content = Content::open_beyond(&path, 1_000).unwrap();
        assert_eq!(content.id(&|| false).unwrap(), SoundId::of(&bytes));
        let asked = std::cell::Cell::new(0);
        let third_time = || asked.replace(asked.get() + 1) == 2;
        let refused = content.id_of(&path, &third_time).unwrap_err();
        assert!(refused.to_string().contains("not wanted any more"), "{refused}");
        assert_eq!(asked.get(), 3, "a few megabytes after it was cancelled");
    }

    #[test]
    fn a_file_on_the_disk_reads_as_in_memory_and_a_head_lies_before_its_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        std::fs::write(&path, &bytes).unwrap();
        for content in [Content::open(&path).unwrap(), Content::open_beyond(&path, 1_000).unwrap()] {
            assert_eq!(content.id(&|| false).unwrap(), SoundId::of(&bytes));
            let mut reader = content.part(b"head".to_vec(), 300, 90_000).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert_eq!(read, [b"head".as_slice(), &bytes[300..90_300]].concat());
            assert_eq!(reader.at(2, 4).unwrap(), [b'a', b'd', bytes[300], bytes[301]]);
            assert_eq!(reader.seek(SeekFrom::End(-3)).unwrap(), 90_001);
            assert_eq!(reader.at(90_003, 10).unwrap(), bytes[90_299..90_300]);
            assert!(reader.at(u64::MAX, 10).unwrap().is_empty());
            assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0, "far behind the end");
            reader.seek(SeekFrom::Start(10)).unwrap();
            assert!(reader.seek(SeekFrom::Current(-11)).is_err());
        }
    }
}
