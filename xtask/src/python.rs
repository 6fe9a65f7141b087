//! A Python environment under `target/` with the VST3 host that the tests use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{paths, steps};

/// What goes into the environment. Pinned, so that a test that fails tells of our change and not of theirs.
const PACKAGES: [&str; 2] = ["pedalboard==0.9.26", "numpy>=2,<3"];

/// The environment's Python, made on first use.
///
/// # Errors
/// If no Python 3.10 or newer with `venv` is to be found, or a package cannot be installed.
pub fn ready() -> Result<PathBuf> {
    let folder = paths::target().join("hosts");
    let python = if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
    let stamp = folder.join("packages.txt");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) && works(&python, "import pedalboard") {
        return Ok(python);
    }
    let Some(system) = find() else {
        bail!(
            "the tests in a VST3 host need Python 3.10 or newer with its venv module; \
             `cargo xtask setup` installs it where it can (Debian: python3-venv)"
        );
    };
    let make = ["-m", "venv", "--clear"];
    steps::quietly(
        "make a Python environment for the test hosts",
        Command::new(system).args(make).arg(&folder),
    )?;
    let install = ["-m", "pip", "install", "--disable-pip-version-check", "--only-binary=:all:"];
    steps::quietly("install pedalboard", Command::new(&python).args(install).args(PACKAGES))?;
    fs::write(&stamp, wanted)?;
    Ok(python)
}

/// A Python of the system that can make environments. A name on the path may be a shim that leads nowhere, so each
/// is tried.
pub fn find() -> Option<PathBuf> {
    let named =
        ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "/usr/bin/python3", "python"];
    let able = "import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] < (3, 15))";
    named.into_iter().map(PathBuf::from).find(|python| works(python, able))
}

fn works(python: &Path, program: &str) -> bool {
    let mut command = Command::new(python);
    command.args(["-c", program]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
