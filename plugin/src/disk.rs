//! Files, read with a limit and replaced whole or not at all, with errors for the eye.

use std::path::Path;

/// The bytes of a file; never more than `limit`, whatever its size claims.
///
/// # Errors
/// One line that names the file and the cause.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    neume_bank::disk::read(path, limit).map_err(|cause| cause.to_string())
}

/// Writes a file beside its place first, so that a full disk, a process that is killed or a power cut leaves the old one
/// whole.
///
/// # Errors
/// One line that names the file and the cause.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), String> {
    neume_bank::disk::replace(path, bytes).map_err(|cause| cause.to_string())
}
