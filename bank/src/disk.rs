//! Files of ordinary size: read with a limit, and replaced whole or not at all.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// The bytes of a plain file, or of a pipe that this process was given (`/dev/stdin`, and what a shell makes of `<(...)`);
/// never more than `most`, whatever its size claims.
///
/// # Errors
/// [`Error::File`] with the cause where it cannot be read, [`Error::Limit`] where it is larger.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, Error> {
    if !is_given_pipe(path) {
        about(path, most)?;
    }
    let file = File::open(path).map_err(|cause| fail(path, &cause))?;
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

/// Whether a path names a pipe that is open already, so that opening it waits for nobody, as it would for a writer of a
/// pipe that lies in a folder.
#[cfg(unix)]
fn is_given_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    let is_given = ["/dev/stdin", "/dev/fd", "/proc"].iter().any(|given| path.starts_with(given));
    is_given && fs::metadata(path).is_ok_and(|about| about.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_given_pipe(_: &Path) -> bool {
    false
}

/// Where a file lies that is called so: behind all symbolic links, also where the last one leads to a file that is not
/// there yet.
///
/// # Errors
/// Links that lead round in a ring.
pub fn place_of(path: &Path) -> io::Result<PathBuf> {
    let mut place = path.to_path_buf();
    while let Ok(target) = fs::read_link(&place) {
        match fs::metadata(&place) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => place = place.with_file_name(target),
        }
    }
    Ok(place)
}

/// Replaces a file, or makes it. It is written beside its place, synced and moved there, so that whoever reads it meets
/// the old file or the new one, after a power cut as well. A symbolic link stays, and the file that it leads to is replaced.
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
    let place = &place_of(path).map_err(|cause| fail(path, &cause))?;
    let fail = |cause: &io::Error| match place == path {
        true => fail(path, cause),
        false => fail(path, &io::Error::other(format!("it is a link to {}: {cause}", place.display()))),
    };
    let (beside, file) = beside(place).map_err(|cause| fail(&cause))?;
    if let Err(cause) = fill(file, write).and_then(|()| fs::rename(&beside, place)) {
        // The half-written file is of no use to anybody; that it may stay behind is no second error.
        fs::remove_file(&beside).ok();
        return Err(fail(&cause));
    }
    // Makes the new name last through a power cut, where folders can be synced at all.
    File::open(folder_of(place)).and_then(|folder| folder.sync_all()).ok();
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
    fn what_a_link_leads_to_is_replaced_and_the_link_stays() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("far")).unwrap();
        fs::write(at("far/a.neume"), b"one").unwrap();
        symlink("far/a.neume", at("near")).unwrap();
        symlink(at("near"), at("nearer")).unwrap();
        symlink("far/new.neume", at("to a new one")).unwrap();
        symlink("gone/a.neume", at("to nowhere")).unwrap();
        symlink("round", at("ring")).unwrap();
        symlink("ring", at("round")).unwrap();
        replace(&at("nearer"), b"two").unwrap();
        replace(&at("to a new one"), b"three").unwrap();
        assert_eq!(read(&at("far/a.neume"), 9).unwrap(), b"two");
        assert_eq!(read(&at("far/new.neume"), 9).unwrap(), b"three");
        let nowhere = replace(&at("to nowhere"), b"four").unwrap_err().to_string();
        assert!(
            nowhere.contains("to nowhere: it is a link to ")
                && nowhere.contains("gone/a.neume: No such file")
        );
        assert!(replace(&at("ring"), b"five").unwrap_err().to_string().contains("ring: Too many levels"));
        for link in ["near", "nearer", "to a new one", "to nowhere", "ring", "round"] {
            assert!(at(link).is_symlink(), "{link}");
        }
        assert_eq!(names(&at("far")).len(), 2, "nothing is left beside them");
        // Nothing can be moved from one file system to another.
        if let Ok(other) = tempfile::tempdir_in("/dev/shm") {
            symlink(other.path().join("a.neume"), at("to another")).unwrap();
            replace(&at("to another"), b"six").unwrap();
            assert_eq!(read(&other.path().join("a.neume"), 9).unwrap(), b"six");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_claims_no_size_is_read_no_further_than_its_limit() {
        let long = Path::new("/proc/self/maps");
        assert_eq!(fs::metadata(long).unwrap().len(), 0);
        assert!(matches!(read(long, 100), Err(Error::Limit { found: 101, limit: 100, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_plain_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&pipe, &socket, folder.path(), Path::new("/dev/zero")] {
            for refused in [read(path, 100).map(drop), about(path, 100).map(drop)] {
                assert!(refused.unwrap_err().to_string().ends_with("is not a file"), "{}", path.display());
            }
        }
    }
}
