//! Where the bundles and the programs of the tests lie.

use std::path::{Path, PathBuf};

/// The library inside `neume.clap`.
pub fn clap() -> PathBuf {
    let bundle = made("neume.clap");
    if cfg!(target_os = "macos") { bundle.join("Contents/MacOS/neume") } else { bundle }
}

/// The bundle `neume.vst3`.
pub fn vst3() -> PathBuf {
    made("neume.vst3")
}

/// The release build of the `neume` program.
pub fn neume() -> PathBuf {
    let name = format!("neume{}", std::env::consts::EXE_SUFFIX);
    let built =
        std::env::var_os("NEUME_BIN").map_or_else(|| target().join("release").join(name), PathBuf::from);
    assert!(built.exists(), "{}: was not built; run `cargo xtask bundle` first", built.display());
    built
}

/// A folder under `target/` for what the tests draw and record.
pub fn artefacts() -> PathBuf {
    let folder = target().join("screens");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The Python that has pedalboard.
pub fn python() -> PathBuf {
    let python = std::env::var_os("NEUME_PYTHON")
        .map_or_else(|| target().join("hosts").join("bin").join("python"), PathBuf::from);
    assert!(python.exists(), "{}: no Python with pedalboard; `cargo xtask test` makes it", python.display());
    python
}

fn made(name: &str) -> PathBuf {
    let folder = std::env::var_os("NEUME_BUNDLED").map_or_else(|| target().join("bundled"), PathBuf::from);
    let path = folder.join(name);
    assert!(path.exists(), "{}: was not built; run `cargo xtask bundle` first", path.display());
    path
}

fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}
