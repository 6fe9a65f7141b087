//! The C interface of `models/cuda` with the CPU behind it, so that the tests can open it where there is no CUDA.
//!
//! `NEUME_PRETEND` makes it behave as it must not: `refuse` has no device, `panic` panics.

// The other side of the border is the very file that the CUDA library is made of.
#[path = "../../models/cuda/src/interface.rs"]
mod interface;

use neume_models::device::Device;

fn open_device(number: u32) -> Result<(Device, String), String> {
    match std::env::var("NEUME_PRETEND").unwrap_or_default().as_str() {
        "refuse" => Err(format!("there is no device {number}\n   0: somewhere in a driver")),
        "panic" => panic!("the driver is confused"),
        _ => Ok((Device::Cpu, "the CPU, for a test".to_string())),
    }
}
