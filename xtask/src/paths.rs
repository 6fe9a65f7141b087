//! Where things lie in the workspace.

use std::path::{Path, PathBuf};

/// The workspace's root.
pub fn root() -> &'static Path {
    // PANIC: this crate lies in a folder of the workspace, so its own folder has a parent.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// What cargo builds into.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// The folder of the finished bundles.
pub fn bundled() -> PathBuf {
    target().join("bundled")
}

/// The `neume` binary of a release build.
pub fn neume() -> PathBuf {
    target().join("release").join(format!("neume{}", std::env::consts::EXE_SUFFIX))
}
