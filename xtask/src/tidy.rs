//! The conventions of the source tree, as far as a program can see them.
//!
//! Each finding names its file and line. The same checks run as a test of this crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths;

/// Longest source file.
const MAX_LINES: usize = 600;

/// What the root may hold besides files and folders that begin with a dot.
const ROOT: [&str; 11] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "bank",
    "models",
    "plugin",
    "xtask",
];

/// Words that must not stay in the source. Each in two halves, so that this file does not hold them.
const LEFT_OVER: [(&str, &str); 6] =
    [("todo", "!("), ("dbg", "!("), ("unimplemented", "!("), ("TO", "DO"), ("FIX", "ME"), ("XX", "X:")];

/// Checks everything.
///
/// # Errors
/// Lists every finding.
pub fn run() -> Result<()> {
    let mut findings = Vec::new();
    for file in sources()? {
        let text =
            fs::read_to_string(&file).with_context(|| format!("{}: cannot be read", file.display()))?;
        source_findings(&shown(&file), &text, &mut findings);
    }
    findings.extend(root_findings());
    findings.extend(weight_findings()?);
    findings.extend(border_findings()?);
    findings.extend(promise_findings()?);
    if !findings.is_empty() {
        bail!("the tree is not tidy:\n  {}", findings.join("\n  "));
    }
    Ok(())
}

/// Every Rust file of the four crates.
fn sources() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["models", "bank", "plugin", "xtask"].iter().map(|name| paths::root().join(name)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{}: cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn shown(path: &Path) -> String {
    path.strip_prefix(paths::root()).unwrap_or(path).display().to_string()
}

/// A file opens with its purpose, is not too long, and holds no left-overs; library code says why it may panic.
fn source_findings(name: &str, text: &str, findings: &mut Vec<String>) {
    if !text.starts_with("//!") {
        findings.push(format!("{name}: opens without `//!`"));
    }
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() > MAX_LINES {
        findings.push(format!("{name}: {} lines; past {MAX_LINES} it is two nouns", lines.len()));
    }
    for (index, line) in lines.iter().enumerate() {
        for (head, tail) in LEFT_OVER {
            if line.contains(&format!("{head}{tail}")) {
                findings.push(format!("{name}:{}: {head}{tail}", index + 1));
            }
        }
    }
    if !is_test(name) {
        findings.extend(
            unargued_panics(&lines)
                .into_iter()
                .map(|line| format!("{name}:{line}: may panic without `// PANIC:`")),
        );
    }
}

fn is_test(name: &str) -> bool {
    ["/tests/", "/tests.rs", "_tests.rs", "/examples/", "/benches/", "/fuzz/"]
        .iter()
        .any(|part| name.contains(part))
}

/// Lines outside tests that unwrap without an argument on them or shortly above them.
fn unargued_panics(lines: &[&str]) -> Vec<usize> {
    let end = lines.iter().position(|line| line.trim() == "#[cfg(test)]").unwrap_or(lines.len());
    let unwraps = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        code.contains(concat!(".unwr", "ap()")) || code.contains(concat!(".expe", "ct(\""))
    };
    let argued =
        |index: usize| lines[index.saturating_sub(12)..=index].iter().any(|line| line.contains("PANIC:"));
    (0..end).filter(|&index| unwraps(lines[index]) && !argued(index)).map(|index| index + 1).collect()
}

/// The root holds what the design says. Only a git checkout can be asked: files that git ignores are nobody's matter.
fn root_findings() -> Vec<String> {
    let words = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let Ok(output) = Command::new("git").args(words).current_dir(paths::root()).output() else {
        return Vec::new();
    };
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut heads: Vec<&str> = listed.lines().filter_map(|line| line.split('/').next()).collect();
    heads.sort_unstable();
    heads.dedup();
    let stray = heads.into_iter().filter(|head| !head.starts_with(['.', '"']) && !ROOT.contains(head));
    stray.map(|head| format!("{head}: does not belong in the root")).collect()
}

/// Weights come with a card that tells how they were made.
fn weight_findings() -> Result<Vec<String>> {
    let folder = paths::root().join("models/weights");
    let mut findings = Vec::new();
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(findings) };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "safetensors") {
            continue;
        }
        if !path.with_extension("json").exists() && !path.with_extension("md").exists() {
            findings.push(format!("{}: has no card", shown(&path)));
        }
        if fs::metadata(&path)?.len() > 5 << 20 {
            findings.push(format!("{}: over 5 MB", shown(&path)));
        }
    }
    Ok(findings)
}

/// Dependencies point plugin → bank → models, `bank` knows no tensors, and `models` neither files nor threads.
fn border_findings() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for (manifest, foreign) in [
        ("models/Cargo.toml", ["neume-bank", "neume.workspace", "nice-plug"]),
        ("bank/Cargo.toml", ["candle", "neume.workspace", "nice-plug"]),
    ] {
        let text = fs::read_to_string(paths::root().join(manifest))?;
        let depends = foreign.iter().filter(|name| text.lines().any(|line| line.starts_with(**name)));
        findings.extend(depends.map(|name| format!("{manifest}: depends on {name}")));
    }
    for file in sources()?.iter().filter(|file| file.starts_with(paths::root().join("models/src"))) {
        let text = fs::read_to_string(file)?;
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for foreign in ["std::fs", "std::path", "std::thread", "fs::read", "thread::spawn"] {
            if code.contains(foreign) {
                findings.push(format!("{}: {foreign} in models, which is pure computation", shown(file)));
            }
        }
    }
    Ok(findings)
}

/// Every test that ARCHITECTURE.md names is in the tree.
fn promise_findings() -> Result<Vec<String>> {
    let text = fs::read_to_string(paths::root().join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let mut code = String::new();
    for file in sources()? {
        code.push_str(&fs::read_to_string(file)?);
    }
    let is_sentence = |word: &&str| {
        word.matches('_').count() >= 3
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named = text.split('`').skip(1).step_by(2).filter(is_sentence);
    let lost = named.filter(|name| !code.contains(&format!("fn {name}(")));
    Ok(lost.map(|name| format!("ARCHITECTURE.md: names the test {name}, which does not exist")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_tidy() {
        if let Err(findings) = run() {
            panic!("{findings}");
        }
    }

    fn check(text: &str, expected: &[&str]) {
        let mut findings = Vec::new();
        source_findings("plugin/src/x.rs", text, &mut findings);
        assert_eq!(findings.len(), expected.len(), "{text:?}: {findings:?}");
        for (finding, part) in findings.iter().zip(expected) {
            assert!(finding.contains(part), "{finding} lacks {part}");
        }
    }

    #[test]
    fn each_slip_is_found_at_its_line() {
        check("//! A noun.\n", &[]);
        check("fn main() {}\n", &["opens without"]);
        check(&format!("//! A noun.\n{}", "\n".repeat(MAX_LINES)), &["601 lines"]);
        check(&format!("//! A noun.\n// {}{}\n", "TO", "DO"), &[":2: "]);
        check(&format!("//! A noun.\nlet a = b{}{};\n", ".unwr", "ap()"), &[":2: may panic"]);
        check(&format!("//! A noun.\n// PANIC: b is there.\nlet a = b{}{};\n", ".unwr", "ap()"), &[]);
        check(&format!("//! A noun.\n#[cfg(test)]\nlet a = b{}{};\n", ".unwr", "ap()"), &[]);
    }
}
