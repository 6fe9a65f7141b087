//! The workspace's own commands: `cargo xtask play` and `cargo xtask test` do everything from a fresh clone on.
//!
//! Runs on a developer's machine and in CI, never inside the instrument. Each command sets up what it needs itself.

mod bench;
mod bundle;
mod cuda;
mod fuzz;
mod install;
mod paths;
mod play;
mod python;
mod setup;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  play         build, bundle, and let the instrument read, match and play a sketch that ships with it
  test         every check and every test, the ones in real hosts included; more words go to `cargo test`
  setup        install what the other commands need from the system, or name it
  bundle       build target/bundled/neume.clap and neume.vst3
  install      bundle, and copy both to where hosts look
  cuda         build models/cuda, the library that runs the networks on CUDA; needs no GPU
  bench        the benchmarks, in release
  fuzz         lets a fuzzer change sounds, presets, indexes and drawings: [TARGET] [--secs N]
  train ...    `neume train ...` with a release build
  tidy         the conventions of the source tree alone";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    match run(&command, &rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, rest: &[String]) -> Result<()> {
    std::env::set_current_dir(paths::root())?;
    match command {
        "setup" => setup::run(setup::Purpose::Test),
        "play" => play::run(),
        "test" => test::run(rest),
        "bundle" => bundle::run(),
        "install" => install::run(),
        "cuda" => cuda::run(),
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "train" => play::train(rest),
        "tidy" => tidy::run(),
        "" | "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{USAGE}"),
    }
}
