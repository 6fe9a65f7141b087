//! Progress on stderr, where a person looks at it; a pipe or a log gets none.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts to `total` of what `what` names.
pub fn bar(what: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::new(total).with_message(what);
    // PANIC: the template is a constant, and a test makes a bar of it.
    let style =
        ProgressStyle::with_template("{msg:<12} {bar:32} {pos:>6} / {len}   {eta} left").expect("a template");
    bar.set_style(style.progress_chars("━━ "));
    bar
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_bar_counts() {
        let bar = super::bar("scanning", 3);
        bar.inc(2);
        assert_eq!((bar.position(), bar.length()), (2, Some(3)));
    }
}
