//! Files of ordinary size: read with a limit, and replaced whole or not at all.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// The bytes of a file, or of what else can be read there; never more than `most`, whatever its size claims.
///
/// # Errors
/// [`Error::File`] with the cause where it cannot be read, [`Error::Limit`] where it is larger.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|cause| fail(path, &cause))?;
    let about = file.metadata().map_err(|cause| fail(path, &cause))?;
    check_size(path, about.len(), most)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes).map_err(|cause| fail(path, &cause))?;
    check_size(path, bytes.len() as u64, most)?;
    Ok(bytes)
}

/// What the system says of a plain file of at most so many bytes. What lies in a folder may be a pipe, and opening that
/// would wait for ever.
///
/// # Errors
/// As [`read`], and [`Error::File`] for what is no plain file.
pub(crate) fn about(path: &Path, most: u64) -> Result<Metadata, Error> {
    let about = fs::metadata(path).map_err(|cause| fail(path, &cause))?;
    if !about.is_file() {
        return Err(Error::File { path: path.to_path_buf(), cause: "is not a file".to_string() });
    }
    check_size(path, about.len(), most)?;
    Ok(about)
}

/// Replaces a file, or makes it. It is written beside its place, synced and moved there, so that whoever reads it meets
/// the old file or the new one, after a power cut as well.
///
/// # Errors
/// [`Error::File`] with the cause, for example a full disk; what was there before is then unharmed.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace_with(path, |file| file.write_all(bytes))
}

/// [`replace`] by what `write` writes.
///
/// # Errors
/// As [`replace`], and those of `write`.
pub(crate) fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Error> {
    let (beside, file) = beside(path).map_err(|cause| fail(path, &cause))?;
    if let Err(cause) = fill(file, write).and_then(|()| fs::rename(&beside, path)) {
        // The half-written file is of no use to anybody; that it may stay behind is no second error.
        fs::remove_file(&beside).ok();
        return Err(fail(path, &cause));
    }
    // Makes the new name last through a power cut, where folders can be synced at all.
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).ok();
    Ok(())
}

/// A new file in the folder of another, which nobody else writes to.
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut name = name.to_os_string();
        name.push(format!(".{}-{count}.tmp", std::process::id()));
        let beside = path.with_file_name(name);
        match File::create_new(&beside) {
            // Left by a killed process that had this number.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok((beside, made?)),
        }
    }
}

fn fill(file: File, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    write(&mut writer)?;
    writer.flush()?;
    writer.get_ref().sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn check_size(path: &Path, found: u64, limit: u64) -> Result<(), Error> {
    if found > limit {
        return Err(Error::Limit { path: path.to_path_buf(), what: "a size in bytes", found, limit });
    }
    Ok(())
}

fn fail(path: &Path, cause: &io::Error) -> Error {
    Error::File { path: path.to_path_buf(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<std::ffi::OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.neume");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        let full = replace_with(&path, |file| {
            file.write_all(&[0; 1 << 17])?;
            Err(io::ErrorKind::StorageFull.into())
        });
        let said = full.unwrap_err().to_string();
        assert!(said.contains("a.neume: "), "{said}");
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a.neume"], "nothing is left beside it");
        let nowhere = folder.path().join("no folder/a.neume");
        assert!(replace(&nowhere, b"three").unwrap_err().to_string().contains("no folder"));
        assert!(replace(Path::new("/"), b"four").is_err());
    }

    #[test]
    fn two_who_replace_a_file_at_once_leave_one_of_both_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.neume");
        replace_with(&path, |file| {
            file.write_all(b"the first ")?;
            replace(&path, b"the other").map_err(io::Error::other)?;
            assert_eq!(read(&path, 99).unwrap(), b"the other");
            file.write_all(b"goes on")
        })
        .unwrap();
        assert_eq!(read(&path, 99).unwrap(), b"the first goes on");
        assert_eq!(names(folder.path()), ["a.neume"]);
    }

    #[test]
    fn a_file_that_is_larger_than_its_limit_is_refused_with_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.neume");
        fs::write(&path, b"four").unwrap();
        for refused in [read(&path, 3).map(drop), about(&path, 3).map(drop)] {
            assert!(matches!(refused, Err(Error::Limit { found: 4, limit: 3, .. })), "{refused:?}");
        }
        assert!(about(folder.path(), 3).unwrap_err().to_string().contains("is not a file"));
    }

    #[cfg(unix)]
    #[test]
    fn what_claims_no_size_is_read_no_further_than_its_limit() {
        let endless = Path::new("/dev/zero");
        assert!(matches!(read(endless, 100), Err(Error::Limit { found: 101, limit: 100, .. })));
        assert!(about(endless, 100).is_err());
    }
}
