//! Neume's networks on CUDA: a library of its own, which Neume opens at run time where it is there and loads.
//!
//! candle links CUDA hard, so what holds it does not even load on a machine without CUDA. Neume therefore links nothing of
//! this; it finds `libneume_cuda` by `NEUME_CUDA`, beside itself, or in the user's data folder, and where that fails the
//! CPU serves. `cargo xtask cuda` builds it. README.md says what is proven and what is not.

mod interface;

use candle_core::Device;

/// The device of this number, and what it is called.
fn open_device(number: u32) -> Result<(Device, String), String> {
    let device = Device::new_cuda(number as usize).map_err(|cause| cause.to_string())?;
    let context = device.as_cuda_device().map_err(|cause| cause.to_string())?.cuda_stream();
    let name = context.context().name().map_err(|cause| cause.to_string())?;
    Ok((device, name))
}
