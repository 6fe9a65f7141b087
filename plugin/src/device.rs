//! Where the networks run, as the composer chooses it: on the CPU, by CUDA or by Metal.
//!
//! `--device` says it, else `NEUME_DEVICE`, else what was chosen in the editor and is remembered for the user, never for a
//! project: a project goes to other machines. `networks.rs` opens what was chosen.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::disk;

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// Always there.
    #[default]
    Cpu,
    /// By the library of `models/cuda`, where it is there and loads.
    Cuda,
    /// Built in on macOS.
    Metal,
}

impl Device {
    /// What can be chosen on this system.
    pub const CHOICES: &[Device] =
        if cfg!(target_os = "macos") { &[Device::Cpu, Device::Metal] } else { &[Device::Cpu, Device::Cuda] };

    /// The name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Device::Cpu => "CPU",
            Device::Cuda => "CUDA",
            Device::Metal => "Metal",
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.label())
    }
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Device, String> {
        let known = [Device::Cpu, Device::Cuda, Device::Metal];
        let named = known.into_iter().find(|device| device.label().eq_ignore_ascii_case(text.trim()));
        named.ok_or_else(|| {
            let shown: String = text.trim().chars().filter(|c| !c.is_control()).take(40).collect();
            format!("`{shown}` is not cpu, cuda or metal")
        })
    }
}

/// The device that the surroundings ask for: `NEUME_DEVICE`, else what is remembered, else the CPU.
///
/// # Errors
/// One line that names the variable or the file, and the cause.
pub fn asked_for() -> Result<Device, String> {
    match std::env::var_os("NEUME_DEVICE").filter(|text| !text.is_empty()) {
        Some(text) => text.to_string_lossy().parse().map_err(|cause| format!("NEUME_DEVICE: {cause}")),
        None => memory().map_or(Ok(Device::Cpu), |path| remembered(&path)),
    }
}

/// Keeps the choice for the next time.
///
/// # Errors
/// One line that names the file and the cause.
pub fn remember(device: Device) -> Result<(), String> {
    match memory() {
        Some(path) => remember_in(&path, device),
        None => Err("the choice of the device is not kept: this user has no folder for settings".to_string()),
    }
}

/// The file that remembers.
fn memory() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "Neume")?.config_dir().join("device"))
}

fn remembered(path: &Path) -> Result<Device, String> {
    const MAX_BYTES: u64 = 1 << 10;
    if matches!(path.try_exists(), Ok(false)) {
        return Ok(Device::Cpu);
    }
    let text = disk::read(path, MAX_BYTES)?;
    String::from_utf8_lossy(&text).parse().map_err(|cause| format!("{}: {cause}", path.display()))
}

fn remember_in(path: &Path, device: Device) -> Result<(), String> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    }
    disk::replace(path, format!("{}\n", device.label().to_lowercase()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_remembered_and_garbage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Neume/device");
        assert_eq!(remembered(&path), Ok(Device::Cpu), "nothing was chosen yet");
        for device in [Device::Cuda, Device::Metal, Device::Cpu] {
            remember_in(&path, device).unwrap();
            assert_eq!(remembered(&path), Ok(device));
        }
        for garbage in [&b""[..], b"gpu", b"\xff\xfe\x00", &[b'x'; 1 << 11]] {
            std::fs::write(&path, garbage).unwrap();
            let told = remembered(&path).unwrap_err();
            assert!(told.contains("device: ") && told.lines().count() == 1, "{told}");
        }
        assert!(remembered(folder.path()).is_err(), "a folder");
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert!(remember_in(&folder.path().join("file/device"), Device::Cpu).unwrap_err().contains("file"));
    }

    #[test]
    fn every_device_is_known_by_its_name() {
        for device in [Device::Cpu, Device::Cuda, Device::Metal] {
            assert_eq!(device.to_string().to_lowercase().parse(), Ok(device));
        }
        assert_eq!("gpu\n0".parse::<Device>(), Err("`gpu0` is not cpu, cuda or metal".to_string()));
        assert!(Device::CHOICES.contains(&Device::default()));
    }
}
