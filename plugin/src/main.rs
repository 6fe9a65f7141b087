//! The `neume` command: the standalone window and everything that works without one.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main(std::env::args_os())
}
