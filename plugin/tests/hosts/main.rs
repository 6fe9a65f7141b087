//! The bundles in real hosts, written by others: a CLAP host (`clack-host`), a VST3 host (`pedalboard`), and the
//! window under a virtual display with real pointer events.
//!
//! These tests load what `cargo xtask bundle` made and never build it themselves; `cargo xtask test` does both.

mod bundle;
mod clap;
mod clap_host;
mod pitch;
mod sketches;
mod spectrum;
mod vst3;

#[cfg(target_os = "linux")]
mod display;
#[cfg(target_os = "linux")]
mod window;
