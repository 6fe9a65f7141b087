//! The `neume` command. With no arguments it opens the standalone window; every other command works without a
//! window or an audio device.
//!
//! A result goes to stdout: aligned text, or with `--json` exactly one JSON object. Messages and progress go to
//! stderr. A failure is one line there, naming file and cause, and an exit status that is not zero: 2 where the
//! command line itself is wrong, else 1.

mod args;
mod bank_map;
mod bank_play;
mod bank_root;
mod bank_show;
mod banks;
mod canvas;
mod colour_map;
mod demo;
mod demo_picture;
mod ink_path;
mod interruption;
mod labels_file;
mod language;
mod language_edit;
mod map_labels;
mod map_page;
mod matching;
mod offline;
mod overview;
mod page_file;
mod pen_file;
mod plot;
mod progress;
mod read;
mod render;
mod report;
mod score;
mod search;
mod sheet_page;
mod sign;
#[cfg(unix)]
mod signals;
mod sound_name;
mod speaker;
mod train;
mod train_sign;
mod train_sketch;
mod train_sound;
mod training_history;
mod training_picture;
mod wav;
mod window;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use neume::device::Device;
use neume::library::Library;

/// Draw a sound, and play it.
#[derive(Debug, Parser)]
#[command(name = "neume", version, about = "An instrument that plays what you draw")]
struct Cli {
    /// Print exactly one JSON object on stdout.
    #[arg(long, global = true)]
    json: bool,
    /// Where the networks run: cpu, cuda or metal. What cannot be had is said, and the CPU serves.
    #[arg(long, global = true, value_name = "DEVICE")]
    device: Option<Device>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Opens the standalone window, as `neume` alone does, with options for audio and MIDI.
    Window(window::Arguments),
    Read(read::Arguments),
    /// Scans folders of sounds and lists what is known of them.
    #[command(subcommand)]
    Bank(banks::Arguments),
    Match(matching::Arguments),
    Render(render::Arguments),
    /// Tells signs apart.
    #[command(subcommand)]
    Sign(sign::Arguments),
    /// Keeps a composer's language: signs, and what they mean.
    #[command(subcommand)]
    Language(language::Arguments),
    /// Teaches a network.
    #[command(subcommand)]
    Train(train::Arguments),
    Demo(demo::Arguments),
}

/// Runs the command line and says how it ended.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(search::with_words_apart(args)) {
        Ok(cli) => cli,
        Err(cause) => return refuse(&cause),
    };
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let json = cli.json;
    // Before the library starts threads, which a signal could choose.
    #[cfg(unix)]
    if matches!(cli.command, None | Some(Command::Window(_))) {
        signals::end_after(neume::session::write_now)?;
    }
    // Held to the end: what is chosen holds for as long as somebody holds the library.
    let library = Library::shared();
    choose_device(&cli, &library)?;
    let done = command(cli.command, json);
    // The device may have failed meanwhile.
    library.machine_notice().into_iter().for_each(say);
    done
}

/// Chooses where the networks run, and opens it before a command that needs them, so that it is said at once if it cannot
/// be had.
fn choose_device(cli: &Cli, library: &Library) -> anyhow::Result<()> {
    if let Some(device) = cli.device {
        if matches!(cli.command, Some(Command::Train(_))) && device != Device::Cpu {
            anyhow::bail!("--device: networks are trained on the CPU");
        }
        if let Err(cause) = library.choose_device(device) {
            say(cause);
        }
    }
    if let Some(
        Command::Read(_)
        | Command::Bank(_)
        | Command::Match(_)
        | Command::Render(_)
        | Command::Sign(_)
        | Command::Demo(_),
    ) = cli.command
    {
        library.device();
        library.machine_notice().into_iter().for_each(say);
    }
    Ok(())
}

fn command(command: Option<Command>, json: bool) -> anyhow::Result<ExitCode> {
    match command {
        None => window::run(&window::Arguments::default()),
        Some(Command::Window(arguments)) => window::run(&arguments),
        Some(Command::Read(arguments)) => read::run(&arguments, json),
        Some(Command::Bank(arguments)) => banks::run(&arguments, json),
        Some(Command::Match(arguments)) => matching::run(&arguments, json),
        Some(Command::Render(arguments)) => render::run(&arguments, json),
        Some(Command::Sign(arguments)) => sign::run(&arguments, json),
        Some(Command::Language(arguments)) => language::run(&arguments, json),
        Some(Command::Train(arguments)) => train::run(&arguments, json),
        Some(Command::Demo(arguments)) => demo::run(&arguments, json),
    }
}

/// Says a message on stderr, in one line.
fn say(message: impl std::fmt::Display) {
    eprintln!("neume: {}", report::one_line(&message.to_string()));
}

/// Says on stderr, in one line, what failed.
fn complain(error: &anyhow::Error) {
    say(format_args!("{error:#}"));
}

/// Shows help and version as they are; what is wrong with a command line becomes one line.
fn refuse(cause: &clap::Error) -> ExitCode {
    if !cause.use_stderr() {
        // Whoever reads the help may stop reading.
        let _ = cause.print();
        return ExitCode::SUCCESS;
    }
    let text = cause.to_string();
    let told = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    say(told);
    ExitCode::from(2)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
