//! Files, read with a limit and replaced whole or not at all.

use std::io::Read as _;
use std::path::Path;

/// The bytes of a file; never more than `limit`, whatever its size claims.
///
/// # Errors
/// One line that names the file and the cause.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    let named = |cause: std::io::Error| format!("{}: {cause}", path.display());
    let file = std::fs::File::open(path).map_err(named)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(named)?;
    if bytes.len() as u64 > limit {
        return Err(format!("{}: it is larger than {} MiB", path.display(), limit >> 20));
    }
    Ok(bytes)
}

/// Writes a file beside its place first, so that a full disk or a process that is killed leaves the old one whole.
///
/// # Errors
/// One line that names the file and the cause.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    std::fs::write(beside, bytes).and_then(|()| std::fs::rename(beside, path)).map_err(|cause| {
        // It may not even have been made.
        std::fs::remove_file(beside).ok();
        format!("{}: {cause}", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.neume");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path, 3).unwrap(), b"two");
        assert!(read(&path, 2).unwrap_err().contains("a.neume"), "it is larger than the limit");
        let nowhere = folder.path().join("no folder/a.neume");
        assert!(replace(&nowhere, b"three").unwrap_err().contains("no folder"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
