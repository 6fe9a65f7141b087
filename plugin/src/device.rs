//! Where the networks run, as the composer chooses it: on the CPU, by CUDA or by Metal.
//!
//! `--device` says it, else `NEUME_DEVICE`, else what was chosen in the editor and is remembered for the user, never for a
//! project: a project goes to other machines. `networks.rs` opens what was chosen.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::{cuda, preferences};

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
    Ok(preferences::asked_for("NEUME_DEVICE", PREFERENCE)?.unwrap_or(Device::Cpu))
}

/// Whether there is another device than the CPU to be tried, as it was when somebody first asked.
pub fn has_other() -> bool {
    static HAS_OTHER: OnceLock<bool> = OnceLock::new();
    *HAS_OTHER.get_or_init(|| cfg!(target_os = "macos") || cuda::is_there())
}

/// Keeps the choice for the next time.
///
/// # Errors
/// One line that names the file and the cause.
pub fn remember(device: Device) -> Result<(), String> {
    preferences::remember(PREFERENCE, &device.label().to_lowercase())
}

/// What the choice is kept under.
const PREFERENCE: &str = "device";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_is_known_by_its_name() {
        for device in [Device::Cpu, Device::Cuda, Device::Metal] {
            assert_eq!(device.to_string().to_lowercase().parse(), Ok(device));
        }
        assert_eq!("gpu\n0".parse::<Device>(), Err("`gpu0` is not cpu, cuda or metal".to_string()));
        assert!(Device::CHOICES.contains(&Device::default()));
    }
}
