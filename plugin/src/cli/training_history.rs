//! How a training went so far, beside its checkpoint: one that is interrupted draws the curves of all its steps in the end,
//! even where no step is left to take.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use neume_models::train::Progress;

/// The file, a line for each step, and what is known.
pub struct History {
    path: PathBuf,
    /// By step. Those after the checkpoint are taken again and told again.
    steps: BTreeMap<usize, Progress>,
    /// What the file lacks, in lines.
    unwritten: String,
}

impl History {
    /// The history of the training that goes on, or a new one.
    ///
    /// # Errors
    /// Names the file that cannot be read or removed, and the cause.
    pub fn open(path: PathBuf, goes_on: bool) -> Result<History> {
        let (mut steps, mut unwritten) = (BTreeMap::new(), String::new());
        if path.exists() {
            let named = || path.display().to_string();
            let text = std::fs::read_to_string(&path).with_context(named)?;
            if goes_on {
                // The last line may be cut: what comes next is a line of its own.
                if !text.ends_with('\n') {
                    unwritten.push('\n');
                }
                let known = text.lines().filter_map(|line| serde_json::from_str(line).ok());
                steps.extend(known.map(|at: Progress| (at.step, at)));
            } else {
                std::fs::remove_file(&path).with_context(named)?;
            }
        }
        Ok(History { path, steps, unwritten })
    }

    /// A step was taken.
    ///
    /// # Errors
    /// None that a step can have.
    pub fn add(&mut self, progress: &Progress) -> Result<()> {
        self.unwritten += &(serde_json::to_string(progress)? + "\n");
        self.steps.insert(progress.step, Progress { checkpoint: None, ..progress.clone() });
        Ok(())
    }

    /// Writes what the file lacks.
    ///
    /// # Errors
    /// Names the file and the cause.
    pub fn keep(&mut self) -> Result<()> {
        let named = || self.path.display().to_string();
        let mut file = File::options().create(true).append(true).open(&self.path).with_context(named)?;
        file.write_all(self.unwritten.as_bytes()).with_context(named)?;
        self.unwritten.clear();
        Ok(())
    }

    /// Every step that is known, first to last.
    pub fn steps(self) -> Vec<Progress> {
        self.steps.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: usize) -> Progress {
        Progress { step, steps: 9, loss: 1.0 / step as f32, held_out: None, checkpoint: None }
    }

    #[test]
    fn what_was_kept_is_there_when_the_training_goes_on_and_gone_when_it_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sound.history");
        let mut first = History::open(path.clone(), false).unwrap();
        (1..=5).for_each(|i| first.add(&step(i)).unwrap());
        first.keep().unwrap();
        first.add(&step(6)).unwrap();
        // A line that was cut, as a process that is killed leaves it.
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"{\"step\":6,").unwrap();
        let mut second = History::open(path.clone(), true).unwrap();
        // The step after the checkpoint is taken twice.
        (6..=7).for_each(|i| second.add(&step(i)).unwrap());
        second.keep().unwrap();
        let found: Vec<usize> =
            History::open(path.clone(), true).unwrap().steps().iter().map(|at| at.step).collect();
        assert_eq!(found, [1, 2, 3, 4, 5, 6, 7]);
        assert!(History::open(path.clone(), false).unwrap().steps().is_empty() && !path.exists());
    }
}
