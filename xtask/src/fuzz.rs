//! `cargo xtask fuzz`: lets libFuzzer change files until something of Neume's own gives way.
//!
//! Builds `xtask/fuzz`, a workspace of its own, with the fuzzer's counters in everything; works on stable Rust. What it
//! learns stays in `target/fuzz/corpus`, what it finds lies in `target/fuzz/found`. No other command runs this.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::{paths, steps};

/// Targets, each with the longest input that is tried, in bytes.
const TARGETS: [(&str, u32); 8] = [
    ("decode", 12_000),
    ("hear", 8_000),
    ("sfz", 4_000),
    ("dspreset", 4_000),
    ("tables", 4_000),
    ("soundfont", 8_000),
    ("index", 16_000),
    ("sketch", 4_000),
];

/// What libFuzzer wants to see of a program: which edges are taken, and what is compared.
const COUNTERS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg=fuzzing -Ccodegen-units=1";

/// A run that takes longer than this many seconds for one input is a finding.
const TIMEOUT_SECS: u32 = 10;
/// Memory of the whole program, and of one request, that is a finding, in MiB. A sound of the longest that is decoded
/// takes half a gigabyte, and twice that while it grows.
const LIMITS_MB: [u32; 2] = [2_048, 1_200];

/// Fuzzes the named target, or each in turn, for `--secs` seconds each (60 unless said otherwise).
pub fn run(words: &[String]) -> Result<()> {
    ensure!(cfg!(unix), "the fuzzer runs on Linux and macOS only");
    let (targets, secs) = asked(words)?;
    let program = build()?;
    for (target, longest) in targets {
        fuzz(&program, target, longest, secs)?;
    }
    Ok(())
}

/// Targets and seconds.
fn asked(words: &[String]) -> Result<(Vec<(&'static str, u32)>, u32)> {
    let (mut targets, mut secs) = (Vec::new(), 60);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--secs" {
            let number = words.next().and_then(|number| number.parse().ok());
            secs = number.context("--secs wants a number of seconds")?;
        } else if let Some(target) = TARGETS.iter().find(|(name, _)| name == word) {
            targets.push(*target);
        } else {
            bail!("there is no target `{word}`, but {}", TARGETS.map(|(name, _)| name).join(", "));
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    Ok((targets, secs))
}

fn build() -> Result<PathBuf> {
    // Where a target is named, programs that only help to build are left without counters.
    let triple = host()?;
    let target = paths::target().join("fuzz");
    let mut build = steps::cargo();
    build.args(["build", "--release", "--locked", "--target", &triple]);
    build.current_dir(paths::root().join("xtask/fuzz"));
    build.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", COUNTERS);
    steps::show("build the fuzzer; the first time takes some minutes", &mut build)?;
    Ok(target.join(triple).join("release/neume-fuzz"))
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let triple = words.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_string);
    triple.context("rustc does not say for which machine it is")
}

fn fuzz(program: &PathBuf, target: &str, longest: u32, secs: u32) -> Result<()> {
    let home = paths::target().join("fuzz");
    let [corpus, seeds, found] = ["corpus", "seeds", "found"].map(|name| home.join(name).join(target));
    for folder in [&corpus, &seeds, &found] {
        fs::create_dir_all(folder)?;
    }
    let mut sow = Command::new(program);
    steps::quietly("make seeds", sow.env("NEUME_FUZZ", target).env("NEUME_FUZZ_SEEDS", &seeds))?;
    let mut run = Command::new("nice");
    run.args(["-n", "19"]).arg(program).env("NEUME_FUZZ", target);
    run.args([&corpus, &seeds]);
    run.arg(format!("-max_total_time={secs}"));
    run.arg(format!("-max_len={longest}"));
    run.arg(format!("-timeout={TIMEOUT_SECS}"));
    run.arg(format!("-rss_limit_mb={}", LIMITS_MB[0]));
    run.arg(format!("-malloc_limit_mb={}", LIMITS_MB[1]));
    run.arg(format!("-artifact_prefix={}/", found.display()));
    run.args(["-print_final_stats=1", "-report_slow_units=5", "-verbosity=1"]);
    steps::show(&format!("fuzz {target} for {secs} s; findings come to {}", found.display()), &mut run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_seconds_are_taken_in_any_order() {
        let words = |line: &str| line.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        let (targets, secs) = asked(&words("index --secs 5 sfz")).unwrap();
        assert_eq!((targets, secs), (vec![("index", 16_000), ("sfz", 4_000)], 5));
        assert_eq!(asked(&[]).unwrap().0.len(), TARGETS.len());
        assert!(asked(&words("nonsense")).is_err() && asked(&words("--secs soon")).is_err());
    }

    #[test]
    fn every_target_of_the_fuzzer_is_known_here() {
        let source = fs::read_to_string(paths::root().join("xtask/fuzz/src/targets.rs")).unwrap();
        assert_eq!(source.matches("    (\"").count(), TARGETS.len());
        for (target, _) in TARGETS {
            assert!(source.contains(&format!("    (\"{target}\",")), "{target}");
        }
    }
}
