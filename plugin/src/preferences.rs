//! What is remembered for the user, never for a project: a project goes to other machines. One small file of text for each
//! preference, in the folder for settings; a variable of the surroundings outranks it.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::disk;

/// What the surroundings ask for: the variable, else what is remembered, else nothing.
///
/// # Errors
/// One line that names the variable or the file, and the cause.
pub fn asked_for<T: FromStr<Err = String>>(variable: &str, name: &str) -> Result<Option<T>, String> {
    match std::env::var_os(variable).filter(|text| !text.is_empty()) {
        Some(text) => {
            text.to_string_lossy().parse().map(Some).map_err(|cause| format!("{variable}: {cause}"))
        }
        None => file(name).map_or(Ok(None), |path| remembered(&path)),
    }
}

/// Keeps a choice for the next time.
///
/// # Errors
/// One line that names the file and the cause.
pub fn remember(name: &str, text: &str) -> Result<(), String> {
    match file(name) {
        Some(path) => remember_in(&path, text),
        None => Err(format!("the choice of the {name} is not kept: this user has no folder for settings")),
    }
}

fn file(name: &str) -> Option<PathBuf> {
    Some(folder()?.join(name))
}

/// The folder for settings; `None` where this user has none.
pub(crate) fn folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "Neume")?.config_dir().to_path_buf())
}

/// What a file remembers; `None` where there is none.
pub(crate) fn remembered<T: FromStr<Err = String>>(path: &Path) -> Result<Option<T>, String> {
    const MAX_BYTES: u64 = 1 << 10;
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(None);
    }
    let text = disk::read(path, MAX_BYTES)?;
    let parsed = String::from_utf8_lossy(&text).trim().parse();
    parsed.map(Some).map_err(|cause| format!("{}: {cause}", path.display()))
}

/// Keeps a choice in a file, whose folder is made where it is not there yet.
pub(crate) fn remember_in(path: &Path, text: &str) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    }
    disk::replace(path, format!("{text}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;
    use crate::memory::Budget;

    #[test]
    fn a_choice_is_remembered_and_garbage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Neume/choice");
        assert_eq!(remembered::<Device>(&path), Ok(None), "nothing was chosen yet");
        for device in [Device::Cuda, Device::Metal, Device::Cpu] {
            remember_in(&path, device.label()).unwrap();
            assert_eq!(remembered(&path), Ok(Some(device)));
        }
        for garbage in [&b""[..], b"gpu", b"-1", b"\xff\xfe\x00", &[b'x'; 1 << 11]] {
            std::fs::write(&path, garbage).unwrap();
            let told = [remembered::<Device>(&path).unwrap_err(), remembered::<Budget>(&path).unwrap_err()];
            assert!(
                told.iter().all(|told| told.contains("choice: ") && told.lines().count() == 1),
                "{told:?}"
            );
        }
        assert!(remembered::<Device>(folder.path()).is_err(), "a folder");
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(remember_in(&folder.path().join("file/choice"), "cpu").unwrap_err().contains("file"));
    }
}
