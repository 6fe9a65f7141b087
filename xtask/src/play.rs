//! The main job, for real: the built `neume` reads, matches and plays a sketch that ships with the project.

use std::process::Command;

use anyhow::Result;

use crate::{bundle, paths, setup, steps};

/// Sets up, builds, bundles, runs the demonstration, and opens the window where there is a display.
pub fn run() -> Result<()> {
    setup::run(setup::Purpose::Build)?;
    bundle::make()?;
    let demo = paths::target().join("demo");
    steps::show(
        "read, match and play a sketch",
        Command::new(paths::neume()).arg("demo").arg("--out").arg(&demo),
    )?;
    println!(
        "\nThe bundles are in {}; `cargo xtask install` puts them where hosts look.",
        paths::bundled().display()
    );
    println!("The picture and the WAV are in {}.", demo.display());
    if has_display() {
        steps::show("the instrument's window; close it to end", &mut Command::new(paths::neume()))
    } else {
        println!("There is no display, so the window stays closed; `{}` opens it.", paths::neume().display());
        Ok(())
    }
}

/// `neume train` and its words, with a release build.
pub fn train(words: &[String]) -> Result<()> {
    setup::run(setup::Purpose::Build)?;
    let build = ["build", "--release", "--package", "neume", "--bin", "neume"];
    steps::show("build the instrument", steps::cargo().args(build))?;
    steps::show("train", Command::new(paths::neume()).arg("train").args(words))
}

fn has_display() -> bool {
    if std::env::var_os("CI").is_some() {
        return false;
    }
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(target_os = "macos", windows)) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
