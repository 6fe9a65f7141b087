//! What can go wrong with sounds and banks.

use std::path::PathBuf;

/// A failure with the file it concerns and its cause.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // Each message says what its fields hold.
pub enum Error {
    #[error("{}: {cause}", path.display())]
    File { path: PathBuf, cause: String },
    #[error("{}: {what} of {found} is over the limit of {limit}", path.display())]
    Limit { path: PathBuf, what: &'static str, found: u64, limit: u64 },
    #[error("{}: the index is of version {found}; this Neume reads up to version {known}", path.display())]
    FutureIndex { path: PathBuf, found: u32, known: u32 },
    #[error("the system gives no thread to draw the map on: {0}")]
    Thread(String),
    #[error("the scan was cancelled")]
    Cancelled,
    #[error(transparent)]
    Models(#[from] neume_models::Error),
}
