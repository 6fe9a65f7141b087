//! Every check and every test. Quick checks come first, so that a slip is told at once; `cargo test` comes last, so
//! that its result lines end the output.

use anyhow::Result;

use crate::{bundle, paths, python, setup, steps, tidy};

/// Sets up and checks everything; `words` go to `cargo test`.
pub fn run(words: &[String]) -> Result<()> {
    setup::run(setup::Purpose::Test)?;
    tidy::run()?;
    steps::show("format", steps::cargo().args(["fmt", "--all", "--check"]))?;
    let python = python::ready()?;
    bundle::make()?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    steps::show("clippy", steps::cargo().args(clippy))?;
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    steps::show("documentation", steps::cargo().args(doc).env("RUSTDOCFLAGS", "--deny warnings"))?;
    let mut test = steps::cargo();
    test.args(["test", "--workspace", "--no-fail-fast"]).args(words);
    test.env("NEUME_BUNDLED", paths::bundled()).env("NEUME_BIN", paths::neume()).env("NEUME_PYTHON", python);
    steps::show("tests", &mut test)
}
