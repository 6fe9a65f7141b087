//! Puts the bundles where hosts look on this platform.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{bundle, paths};

/// Sets up, builds, bundles and copies.
pub fn run() -> Result<()> {
    bundle::run()?;
    for (name, folder) in [("neume.clap", clap_folder()?), ("neume.vst3", vst3_folder()?)] {
        let to = folder.join(name);
        replace(&paths::bundled().join(name), &to)
            .with_context(|| format!("{}: cannot be written", to.display()))?;
        println!("Installed {}", to.display());
    }
    Ok(())
}

fn clap_folder() -> Result<PathBuf> {
    Ok(match std::env::consts::OS {
        "macos" => home("HOME")?.join("Library/Audio/Plug-Ins/CLAP"),
        "windows" => home("LOCALAPPDATA")?.join("Programs/Common/CLAP"),
        _ => home("HOME")?.join(".clap"),
    })
}

fn vst3_folder() -> Result<PathBuf> {
    Ok(match std::env::consts::OS {
        "macos" => home("HOME")?.join("Library/Audio/Plug-Ins/VST3"),
        "windows" => home("LOCALAPPDATA")?.join("Programs/Common/VST3"),
        _ => home("HOME")?.join(".vst3"),
    })
}

fn home(variable: &str) -> Result<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    Ok(PathBuf::from(value.with_context(|| format!("{variable} is not set"))?))
}

/// Copies a file or folder beside its place first and then moves it there, so that a host that holds the old one
/// open keeps a whole file.
fn replace(from: &Path, to: &Path) -> Result<()> {
    let mut fresh = to.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    remove(&fresh)?;
    copy(from, &fresh)?;
    remove(to)?;
    fs::rename(&fresh, to)?;
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
    } else if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from, to)?;
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_twice_leaves_the_newer_bundle_alone() {
        let folder = paths::target().join("tmp").join("install_test");
        remove(&folder).unwrap();
        let bundle = folder.join("neume.vst3");
        let place = folder.join("hosts").join("neume.vst3");
        for (name, content) in [("old.so", "old"), ("new.so", "new")] {
            remove(&bundle).unwrap();
            fs::create_dir_all(bundle.join("Contents")).unwrap();
            fs::write(bundle.join("Contents").join(name), content).unwrap();
            replace(&bundle, &place).unwrap();
        }
        assert_eq!(fs::read_to_string(place.join("Contents/new.so")).unwrap(), "new");
        assert!(!place.join("Contents/old.so").exists());
        assert_eq!(fs::read_dir(place.parent().unwrap()).unwrap().count(), 1);
    }
}
