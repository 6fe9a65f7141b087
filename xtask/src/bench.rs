//! The benchmarks: every example of the workspace whose name begins with `bench_`, in release, one after the other.

use std::fs;

use anyhow::{Result, bail};

use crate::{paths, setup, steps};

/// Runs them all, or those that `words` names (without `bench_`).
pub fn run(words: &[String]) -> Result<()> {
    setup::run(setup::Purpose::Build)?;
    let mut found = all()?;
    if !words.is_empty() {
        found.retain(|(_, example)| words.iter().any(|word| *example == format!("bench_{word}")));
    }
    if found.is_empty() {
        bail!("there is no benchmark by that name");
    }
    for (package, example) in found {
        let run = ["run", "--release", "--quiet", "--package", &package, "--example", &example];
        steps::show(&example.replace('_', " "), steps::cargo().args(run))?;
    }
    Ok(())
}

/// Package and example, by package and name.
fn all() -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    for (folder, package) in [("models", "neume-models"), ("bank", "neume-bank"), ("plugin", "neume")] {
        let Ok(entries) = fs::read_dir(paths::root().join(folder).join("examples")) else { continue };
        for entry in entries {
            let name = entry?.file_name().to_string_lossy().trim_end_matches(".rs").to_string();
            if name.starts_with("bench_") {
                found.push((package.to_string(), name));
            }
        }
    }
    found.sort();
    Ok(found)
}
