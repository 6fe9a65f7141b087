//! The C interface: what Neume asks of the library that holds CUDA. `plugin/src/cuda.rs` is the other side.
//!
//! | function | does |
//! |---|---|
//! | `neume_cuda_interface` | says which interface this is: [`CUDA_INTERFACE`] |
//! | `neume_cuda_open` | puts the three networks on a device |
//! | `neume_cuda_name` | names the device |
//! | `neume_cuda_forward` | runs one network once |
//! | `neume_cuda_close` | gives everything back |
//!
//! Messages and names go into a buffer of the caller: UTF-8, cut where it is full, closed with a zero byte. What is opened
//! may be used on any thread, by one at a time. No panic leaves a function: it becomes a message.
//!
//! This file knows no CUDA: who includes it gives it `open_device`. So the tests of Neume run it on the CPU.

// The lengths of every pointer are checked against null here and promised by the caller; each block says which.

use std::panic::{AssertUnwindSafe, catch_unwind};

use neume_models::device::{CUDA_INTERFACE, Network, Placed};

use super::open_device;

/// Bytes of the caller.
#[repr(C)]
pub struct Bytes {
    /// The first of them.
    pub start: *const u8,
    /// How many there are.
    pub len: usize,
}

/// The networks on a device.
pub struct Opened {
    name: String,
    networks: [Placed; Network::ALL.len()],
}

/// Which interface this library has.
#[unsafe(no_mangle)]
pub extern "C" fn neume_cuda_interface() -> u32 {
    CUDA_INTERFACE
}

/// Puts the networks on device `number`, 0 being the first. `weights` are three safetensors files, in the order of
/// [`Network::ALL`]. Null if it cannot be done; then `message` says why.
///
/// # Safety
/// `weights` points at three [`Bytes`] that can be read, `message` at `message_len` bytes that can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neume_cuda_open(
    number: u32,
    weights: *const Bytes,
    message: *mut u8,
    message_len: usize,
) -> *mut Opened {
    let opened = guarded(|| {
        if weights.is_null() {
            return Err("no weights were given".to_string());
        }
        // SAFETY: not null, and the caller promises three of them.
        let files = unsafe { std::slice::from_raw_parts(weights, Network::ALL.len()) };
        let (device, name) = open_device(number)?;
        let place = |network: Network| {
            let file = &files[network as usize];
            // SAFETY: the caller promises that each of the three can be read.
            let file = unsafe { slice_of(file.start, file.len) }?;
            Placed::new(network, file, &device).map_err(|cause| cause.to_string())
        };
        let networks = [place(Network::Sketch)?, place(Network::Sign)?, place(Network::Sound)?];
        Ok(Box::new(Opened { name, networks }))
    });
    match opened {
        Ok(opened) => Box::into_raw(opened),
        Err(cause) => {
            // SAFETY: the caller promises the room for the message.
            unsafe { write_text(&cause, message, message_len) };
            std::ptr::null_mut()
        }
    }
}

/// Writes the name of the device.
///
/// # Safety
/// `opened` is null or came from [`neume_cuda_open`] and was not closed; `name` points at `name_len` bytes that can be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neume_cuda_name(opened: *const Opened, name: *mut u8, name_len: usize) {
    // SAFETY: null, or promised to be open.
    let text = unsafe { opened.as_ref() }.map_or("", |opened| &opened.name);
    // SAFETY: the caller promises the room for the name.
    unsafe { write_text(text, name, name_len) };
}

/// Runs `network` once, as [`Placed::forward`] does. 0 if it was done; else `message` says why not.
///
/// # Safety
/// `opened` is null or came from [`neume_cuda_open`], was not closed, and is in no other call; `input` points at
/// `input_len` numbers that can be read, `output` at `output_len` that can be written, `message` at `message_len` bytes
/// that can be written, and none of them overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neume_cuda_forward(
    opened: *const Opened,
    network: u32,
    input: *const f32,
    input_len: usize,
    output: *mut f32,
    output_len: usize,
    message: *mut u8,
    message_len: usize,
) -> i32 {
    let done = guarded(|| {
        // SAFETY: null, or promised to be open.
        let opened = unsafe { opened.as_ref() }.ok_or("nothing is open")?;
        let network = Network::of(network).ok_or_else(|| format!("there is no network {network}"))?;
        if output_len != network.output_len() || output.is_null() {
            return Err(format!("room for {output_len} numbers was given, not {}", network.output_len()));
        }
        // SAFETY: the caller promises that they can be read.
        let input = unsafe { slice_of(input, input_len) }?;
        let numbers = opened.networks[network as usize].forward(input).map_err(|cause| cause.to_string())?;
        if numbers.len() != output_len {
            return Err(format!("{} numbers came out, not {output_len}", numbers.len()));
        }
        // SAFETY: `numbers` are as many as the room that the caller promises, which is its own.
        unsafe { std::ptr::copy_nonoverlapping(numbers.as_ptr(), output, output_len) };
        Ok(())
    });
    match done {
        Ok(()) => 0,
        Err(cause) => {
            // SAFETY: the caller promises the room for the message.
            unsafe { write_text(&cause, message, message_len) };
            1
        }
    }
}

/// Gives back what [`neume_cuda_open`] made.
///
/// # Safety
/// `opened` is null or came from [`neume_cuda_open`], was not closed, and is in no other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn neume_cuda_close(opened: *mut Opened) {
    if !opened.is_null() {
        // SAFETY: it came out of a box there, and the caller promises that nobody holds it any more.
        let opened = unsafe { Box::from_raw(opened) };
        // Nobody is there to be told of a device that fails while it is left.
        guarded(|| {
            drop(opened);
            Ok(())
        })
        .ok();
    }
}

/// Does `work`; a panic becomes a message.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // What a panic may have left half done is either dropped with it, or a network, which no call changes.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(|s| &s[..]));
        let told = format!("it panicked: {}", words.unwrap_or("without a word"));
        // A panic's own words may panic when they are dropped.
        std::mem::forget(panic);
        Err(told)
    })
}

/// # Safety
/// Unless it is null, `start` points at `len` values that can be read as long as the result lives.
unsafe fn slice_of<'a, T>(start: *const T, len: usize) -> Result<&'a [T], String> {
    if start.is_null() {
        return Err("nothing was given to read".to_string());
    }
    // SAFETY: not null, and the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(start, len) })
}

/// # Safety
/// Unless it is null, `room` points at `len` bytes that can be written.
unsafe fn write_text(text: &str, room: *mut u8, len: usize) {
    if room.is_null() || len == 0 {
        return;
    }
    let fits = text.floor_char_boundary(len - 1);
    // SAFETY: `fits` bytes of the text and one more are at most `len`, which the caller promises.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), room, fits);
        room.add(fits).write(0);
    }
}
