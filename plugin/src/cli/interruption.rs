//! A training that is interrupted: Ctrl-C, or the system's wish that it ends, is told with how to go on. What was kept is
//! whole, and a training that goes on from it gives the same weights as one that was never interrupted.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use indicatif::ProgressBar;
use parking_lot::Mutex;

/// The exit code of what SIGINT ended, by the shells' convention.
const EXIT_CODE: i32 = 130;

/// What the handler of signals and the training share.
pub struct Interruption(Arc<Mutex<Stand>>);

/// Where a training stands.
#[derive(Debug, Default)]
struct Stand {
    steps: usize,
    /// The last that was taken; 0 before the first one.
    step: usize,
    /// The step of the checkpoint that is there; 0 for that of an earlier run.
    kept: Option<usize>,
}

impl Interruption {
    /// Waits for the signals: they clear the bar, say how to go on, and end the process. `is_kept` says whether the
    /// checkpoint of an earlier run is there.
    ///
    /// # Errors
    /// The system does not let it.
    pub fn watch(steps: usize, is_kept: bool, bar: ProgressBar) -> Result<Interruption> {
        let stand = Arc::new(Mutex::new(Stand { steps, step: 0, kept: is_kept.then_some(0) }));
        let seen = stand.clone();
        let end = move || {
            // Who keeps a checkpoint holds the lock, so that it is whole.
            let stand = seen.lock();
            bar.finish_and_clear();
            super::say(stand.words());
            std::process::exit(EXIT_CODE)
        };
        let is_unheard = hangup::is_ignored();
        ctrlc::set_handler(end).context("Ctrl-C cannot be waited for")?;
        if is_unheard {
            hangup::ignore();
        }
        Ok(Interruption(stand))
    }

    /// A step was taken, and its checkpoint, if there is one, is to be kept, which is not interrupted.
    ///
    /// # Errors
    /// Those of `keep`.
    pub fn stepped<C>(
        &self,
        step: usize,
        checkpoint: Option<C>,
        keep: impl FnOnce(C) -> Result<()>,
    ) -> Result<()> {
        let mut stand = self.0.lock();
        stand.step = step;
        if let Some(checkpoint) = checkpoint {
            keep(checkpoint)?;
            stand.kept = Some(step);
        }
        Ok(())
    }
}

/// The signal that a terminal sends when it closes. `ctrlc` waits for it too, which must not be where `nohup` said that the
/// training is to go on.
#[cfg(unix)]
mod hangup {
    /// Whether whoever started the process had it ignored.
    pub fn is_ignored() -> bool {
        crate::cli::signals::is_ignored(libc::SIGHUP)
    }

    /// Ignores it.
    pub fn ignore() {
        // SAFETY: no code runs when a signal is ignored.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
    }
}

/// Elsewhere nobody ignores it.
#[cfg(not(unix))]
mod hangup {
    pub fn is_ignored() -> bool {
        false
    }

    pub fn ignore() {}
}

impl Stand {
    fn words(&self) -> String {
        let Stand { steps, step, kept } = self;
        let begun = match step {
            0 => "interrupted".to_string(),
            _ => format!("interrupted at step {step} of {steps}"),
        };
        match kept {
            None => format!("{begun}: nothing is kept yet, the same command begins anew"),
            Some(0) => format!("{begun}: the same command goes on from the checkpoint"),
            Some(kept) => format!("{begun}: the same command goes on from step {kept}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_where_the_training_goes_on() {
        for (step, kept, told) in [
            (3, None, "at step 3 of 20: nothing is kept yet"),
            (0, None, "interrupted: nothing is kept yet"),
            (0, Some(0), "interrupted: the same command goes on from the checkpoint"),
            (17, Some(10), "at step 17 of 20: the same command goes on from step 10"),
        ] {
            let words = Stand { steps: 20, step, kept }.words();
            assert!(words.contains(told), "{words}");
        }
    }
}
