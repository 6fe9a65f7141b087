//! When a bank that is being scanned is worth being shown anew: building one takes the time of its sounds, so it is done
//! where it has grown by a quarter, or after some seconds, and never for more than a twentieth of the scan.

use std::time::{Duration, Instant};

use crate::{Bank, Progress};

/// More sounds that are worth a step at least, however small the bank is.
const LEAST: usize = 8;
/// Share of the bank by which it grows in a step.
const SHARE: usize = 4;
/// After so long a step is taken for less.
const EVERY: Duration = Duration::from_secs(4);
/// A step waits this many times as long as building the one before took.
const REST: u32 = 20;

/// A bank that grows in steps while it is being scanned.
#[derive(Debug)]
pub struct Growth {
    /// Sounds that were shown last.
    shown: usize,
    since: Instant,
    rest: Duration,
}

impl Growth {
    /// Of a bank that was open with this many sounds when its scan began; 0 for one that was not.
    pub fn beyond(shown: usize) -> Growth {
        Growth { shown, since: Instant::now(), rest: Duration::ZERO }
    }

    /// The bank as far as it is known, where a step is due. The end of a scan is none: it has a report.
    pub fn step(&mut self, progress: &Progress) -> Option<Bank> {
        if progress.done == progress.total || !self.is_due(progress.sounds, self.since.elapsed()) {
            return None;
        }
        let begin = Instant::now();
        let bank = progress.bank();
        self.shown = progress.sounds;
        self.since = Instant::now();
        self.rest = REST * begin.elapsed();
        Some(bank)
    }

    fn is_due(&self, sounds: usize, elapsed: Duration) -> bool {
        let worth = self.shown + (self.shown / SHARE).max(LEAST);
        elapsed >= self.rest && (sounds >= worth || (sounds > self.shown && elapsed >= EVERY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_quarter_or_some_seconds_and_waits_for_what_the_last_one_took() {
        let secs = Duration::from_secs;
        let due = |shown: usize, rest: Duration, sounds: usize, elapsed: Duration| {
            Growth { shown, since: Instant::now(), rest }.is_due(sounds, elapsed)
        };
        for (shown, rest, sounds, elapsed, expected) in [
            (0, secs(0), 7, secs(0), false),
            (0, secs(0), 8, secs(0), true),
            (0, secs(0), 1, secs(4), true),
            (0, secs(0), 0, secs(400), false),
            (1000, secs(0), 1249, secs(3), false),
            (1000, secs(0), 1250, secs(0), true),
            (1000, secs(0), 1001, secs(4), true),
            (1000, secs(0), 1000, secs(400), false),
            (1000, secs(0), 999, secs(400), false),
            (1000, secs(20), 1999, secs(19), false),
            (1000, secs(20), 1999, secs(20), true),
        ] {
            assert_eq!(due(shown, rest, sounds, elapsed), expected, "{shown} {rest:?} {sounds} {elapsed:?}");
        }
    }
}
