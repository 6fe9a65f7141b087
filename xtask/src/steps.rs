//! Steps of a longer command: each says what it does, how long it took, and what it printed if it failed.

use std::io::{IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The cargo that runs this.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs a command that shows its own progress.
///
/// # Errors
/// If it cannot be started or does not succeed; its own words are on the screen then.
pub fn show(title: &str, command: &mut Command) -> Result<()> {
    eprintln!("\n── {title}");
    let start = Instant::now();
    let status = command.status().with_context(|| format!("{title}: cannot start {}", name(command)))?;
    if !status.success() {
        bail!("{title}: `{}` failed ({status})", line(command));
    }
    eprintln!("── {title}: done in {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}

/// Runs a command that shows no progress of its own: ticks the seconds, and keeps its words for a failure.
///
/// # Errors
/// If it cannot be started or does not succeed; the error holds the end of what it printed.
pub fn quietly(title: &str, command: &mut Command) -> Result<()> {
    let start = Instant::now();
    let output = ticking(title, || command.stdin(Stdio::null()).output())
        .with_context(|| format!("{title}: cannot start {}", name(command)))?;
    if output.status.success() {
        return Ok(());
    }
    let mut words = String::from_utf8_lossy(&output.stdout).into_owned();
    words.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = words.lines().collect();
    let end = lines[lines.len().saturating_sub(30)..].join("\n");
    let secs = start.elapsed().as_secs_f32();
    bail!("{title}: `{}` failed after {secs:.0} s ({})\n{end}", line(command), output.status);
}

/// Does `work` while a line on stderr tells the time that it takes.
fn ticking<T>(title: &str, work: impl FnOnce() -> T) -> T {
    let live = std::io::stderr().is_terminal();
    let every = Duration::from_secs(if live { 1 } else { 30 });
    let start = Instant::now();
    eprint!("── {title} …{}", if live { "" } else { "\n" });
    let (finished, wait) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            while wait.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let secs = start.elapsed().as_secs();
                if live {
                    eprint!("\r── {title} … {secs} s");
                    // A progress line that cannot be shown is no reason to stop.
                    let _ = std::io::stderr().flush();
                } else {
                    eprintln!("   … {secs} s");
                }
            }
        });
        let result = work();
        drop(finished);
        let secs = start.elapsed().as_secs_f32();
        eprintln!("{}── {title}: {secs:.1} s", if live { "\r" } else { "" });
        result
    })
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

fn line(command: &Command) -> String {
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned());
    std::iter::once(name(command)).chain(words).collect::<Vec<_>>().join(" ")
}
