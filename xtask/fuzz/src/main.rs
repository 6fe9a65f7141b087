//! Fuzz targets for what Neume reads from outside, in one program: `NEUME_FUZZ` names the target, libFuzzer does the rest.
//!
//! `cargo xtask fuzz` builds it with the fuzzer's counters and runs it; nothing of it is part of the instrument.
#![no_main]

mod folder;
#[path = "../../../bank/tests/it/font.rs"]
mod font;
#[path = "../../../bank/tests/it/labels.rs"]
mod labels;
mod seeds;
mod targets;
#[allow(dead_code)] // The tests use more of it.
#[path = "../../../bank/tests/it/tone.rs"]
mod tone;

use std::path::Path;
use std::sync::OnceLock;

use targets::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(init: begin(), |input: &[u8]| {
    if let Some(target) = TARGET.get() {
        target(input);
    }
});

/// Finds the target, or writes seeds into the folder that `NEUME_FUZZ_SEEDS` names and ends.
fn begin() {
    std::panic::set_hook(Box::new(|panic| {
        // A decoder of others may give up: that is caught, and an error of its file. Code of our own may not.
        let theirs = panic.location().is_some_and(|place| place.file().contains("registry"));
        if !theirs {
            eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
            std::process::abort();
        }
    }));
    let name = std::env::var("NEUME_FUZZ").unwrap_or_default();
    let Some(target) = targets::find(&name) else {
        eprintln!("NEUME_FUZZ names no target; there are {}", targets::names().join(", "));
        std::process::exit(2);
    };
    if let Some(folder) = std::env::var_os("NEUME_FUZZ_SEEDS") {
        if let Err(cause) = seeds::write(&name, Path::new(&folder)) {
            eprintln!("the seeds cannot be written: {cause}");
            std::process::exit(2);
        }
        std::process::exit(0);
    }
    TARGET.get_or_init(|| target);
}
