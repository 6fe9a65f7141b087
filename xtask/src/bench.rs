//! The benchmarks: every example of the workspace whose name begins with `bench_`, in release, one after the other.
//!
//! Each prints one JSON object of figures on its standard output; all of them make one table at the end.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{paths, setup, steps};

/// Runs them all, or those that `words` names (without `bench_`); folders among the words are theirs to measure.
pub fn run(words: &[String]) -> Result<()> {
    setup::run(setup::Purpose::Build)?;
    let (folders, words): (Vec<&String>, Vec<&String>) =
        words.iter().partition(|word| Path::new(word).is_dir());
    let mut found = all()?;
    if !words.is_empty() {
        found.retain(|(_, example)| words.iter().any(|word| **example == format!("bench_{word}")));
    }
    if found.is_empty() {
        bail!("there is no benchmark by that name");
    }
    let mut rows = Vec::new();
    for (package, example) in found {
        let name = example.trim_start_matches("bench_").replace('_', " ");
        let build = ["build", "--release", "--package", &package, "--example", &example];
        steps::show(&format!("build the benchmark: {name}"), steps::cargo().args(build))?;
        eprintln!("── benchmark: {name}");
        let mut run = steps::cargo();
        run.args(["run", "--release", "--quiet", "--package", &package, "--example", &example]);
        if !folders.is_empty() {
            run.arg("--").args(&folders);
        }
        let output = run.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
        if !output.status.success() {
            bail!("the benchmark {name} failed ({})", output.status);
        }
        rows.extend(figures(&name, &String::from_utf8_lossy(&output.stdout)));
    }
    println!("\n{}", table(&rows));
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

/// Benchmark, figure and value of every number in the lines that are JSON; what a line's objects hold is named by
/// its path.
fn figures(name: &str, printed: &str) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    for value in printed.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        flatten(name, "", &value, &mut rows);
    }
    if rows.is_empty() {
        rows.extend(printed.lines().map(|line| [name.to_string(), line.to_string(), String::new()]));
    }
    rows
}

fn flatten(name: &str, path: &str, value: &Value, rows: &mut Vec<[String; 3]>) {
    let inner = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path} {key}") };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| flatten(name, &inner(&key.replace('_', " ")), value, rows));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, value)| flatten(name, &inner(&i.to_string()), value, rows));
        }
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            rows.push([name.to_string(), path.to_string(), format!("{number:.3}")]);
        }
        Value::String(text) => rows.push([name.to_string(), path.to_string(), text.clone()]),
        other => rows.push([name.to_string(), path.to_string(), other.to_string()]),
    }
}

fn table(rows: &[[String; 3]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    let mut last = "";
    let mut lines = Vec::new();
    for [name, figure, value] in rows {
        let shown = if name == last { "" } else { name };
        last = name;
        lines.push(format!("{shown:first$}  {figure:second$}  {value:>third$}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_benchmark_make_rows_of_a_table() {
        let printed = "warming up\n{\"strokes\":200,\"pen_up\":{\"p50_ms\":1.23456},\"device\":\"CPU\"}\n";
        let mut rows = figures("pen up", printed);
        rows.sort();
        let table = table(&rows);
        assert_eq!(
            table.lines().collect::<Vec<_>>(),
            ["pen up  device           CPU", "        pen up p50 ms  1.235", "        strokes          200"]
        );
    }
}
