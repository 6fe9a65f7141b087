//! `neume`, alone or as `neume window`: the instrument in a window of its own.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use neume::Neume;
use nice_plug::prelude::nice_export_standalone_with_args;

/// Opens the standalone window.
#[derive(Debug, Default, Args)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// Options of the window, its audio and its MIDI; `neume window --help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Opens the window with what it held the last time, and stays until it is closed, or on a Unix until a signal such as Ctrl-C
/// ends the process, which the command line has seen to.
///
/// # Errors
/// No display; an audio device that was asked for and cannot be opened. Where there is none at all, the window opens
/// in silence.
pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    let asks_for_help = arguments.options.iter().any(|option| option == "--help" || option == "-h");
    let is_x11 = cfg!(all(unix, not(target_os = "macos")));
    // Without a display the framework would wait for ever in silence.
    if is_x11 && !asks_for_help && std::env::var_os("DISPLAY").is_none_or(|display| display.is_empty()) {
        bail!("there is no display to open the window on: DISPLAY is not set");
    }
    if !asks_for_help {
        neume::session::begin();
    }
    let words = std::iter::once("neume window".to_string()).chain(arguments.options.iter().cloned());
    if nice_export_standalone_with_args::<Neume, _>(words) {
        Ok(ExitCode::SUCCESS)
    } else {
        bail!("the standalone window could not be run; the lines above say why")
    }
}
