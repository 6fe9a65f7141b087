//! A folder with a cache of its own, in which a target writes what it was given and scans it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use neume_bank::scan::{Ears, remembered};
use neume_bank::{Bank, Error, ScanOptions, ScanReport, scan_with};
use tempfile::TempDir;

use crate::labels::no_labels;

/// See above.
pub struct Folder {
    home: TempDir,
}

impl Folder {
    /// Where the system keeps files in memory, if it has such a place.
    pub fn new() -> std::io::Result<Folder> {
        let memory = Path::new("/dev/shm");
        let home = if memory.is_dir() { TempDir::new_in(memory)? } else { TempDir::new()? };
        std::fs::create_dir(home.path().join("bank"))?;
        Ok(Folder { home })
    }

    /// A file of the bank.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("bank").join(name)
    }

    /// Writes a file of the bank.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("the folder can be written");
    }

    fn options(&self) -> ScanOptions {
        ScanOptions { cache: Some(self.home.path().join("cache")), ..ScanOptions::default() }
    }

    /// Scans it; an ear that knows nothing labels the sounds.
    pub fn scan(&self) -> Result<ScanReport, Error> {
        let ears = Ears { id: 1, listen: &|_, _| Ok(no_labels()) };
        scan_with(&self.path(""), &self.options(), &ears, &mut |_| {}, &AtomicBool::new(false))
    }

    /// What its index says.
    pub fn remembered(&self) -> Result<Option<Arc<Bank>>, Error> {
        remembered(&self.path(""), &self.options())
    }

    /// The index, once there is one.
    pub fn index(&self) -> Option<PathBuf> {
        let mut files = std::fs::read_dir(self.home.path().join("cache/banks")).ok()?;
        files.next().and_then(|entry| Some(entry.ok()?.path()))
    }

    /// Forgets the index.
    pub fn forget(&self) {
        std::fs::remove_dir_all(self.home.path().join("cache")).ok();
    }
}
