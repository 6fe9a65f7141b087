//! How much memory the sounds of a process may take, all instances together.
//!
//! `NEUME_MEMORY_MB` says it, else what was chosen in the editor and is remembered for the user, else 512 MB.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::preferences;

/// A budget in megabytes of 2^20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget(u32);

impl Budget {
    /// What the editor offers.
    pub const CHOICES: [Budget; 5] = [Budget(256), Budget(512), Budget(1024), Budget(2048), Budget(4096)];
    /// What can be said.
    const RANGE_MB: std::ops::RangeInclusive<u32> = 64..=65_536;

    /// In megabytes.
    pub fn megabytes(self) -> u32 {
        self.0
    }

    /// In bytes.
    pub fn bytes(self) -> usize {
        (self.0 as usize) << 20
    }

    /// What one instrument may take: half of everything.
    pub fn instrument_bytes(self) -> u64 {
        self.bytes() as u64 / 2
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget(512)
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            whole if whole % 1024 == 0 => write!(out, "{} GB", whole / 1024),
            part => write!(out, "{part} MB"),
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Budget, String> {
        let megabytes = text.trim().parse().ok().filter(|megabytes| Budget::RANGE_MB.contains(megabytes));
        megabytes.map(Budget).ok_or_else(|| {
            let shown: String = text.trim().chars().filter(|c| !c.is_control()).take(40).collect();
            let (least, most) = Budget::RANGE_MB.into_inner();
            format!("`{shown}` is no number of megabytes from {least} to {most}")
        })
    }
}

/// The budget of this process; 0 stands for one that nobody has asked for yet.
static BUDGET: AtomicU32 = AtomicU32::new(0);

/// The budget of this process.
pub fn budget() -> Budget {
    match BUDGET.load(Ordering::Relaxed) {
        0 => {
            let asked = asked_for().as_ref().copied().unwrap_or_default();
            BUDGET.store(asked.0, Ordering::Relaxed);
            asked
        }
        megabytes => Budget(megabytes),
    }
}

/// Why the usual budget holds although another was asked for: one line that names the variable or the file.
pub fn notice() -> Option<String> {
    asked_for().as_ref().err().map(|cause| format!("{cause}; sounds take {} at most", Budget::default()))
}

/// Holds for this process from now on, and is remembered for this user.
///
/// # Errors
/// One line that names the file and the cause.
pub fn choose(budget: Budget) -> Result<(), String> {
    BUDGET.store(budget.0, Ordering::Relaxed);
    preferences::remember("memory", &budget.0.to_string())
}

fn asked_for() -> &'static Result<Budget, String> {
    static ASKED: OnceLock<Result<Budget, String>> = OnceLock::new();
    ASKED.get_or_init(|| Ok(preferences::asked_for("NEUME_MEMORY_MB", "memory")?.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_said_in_megabytes_within_reason() {
        assert_eq!(" 700\n".parse(), Ok(Budget(700)));
        for wrong in ["", "0", "63", "65537", "-5", "1e3", "99999999999"] {
            assert!(wrong.parse::<Budget>().unwrap_err().contains("from 64 to 65536"), "{wrong}");
        }
        let shown: Vec<String> = Budget::CHOICES.iter().map(Budget::to_string).collect();
        assert_eq!(shown, ["256 MB", "512 MB", "1 GB", "2 GB", "4 GB"]);
    }
}
