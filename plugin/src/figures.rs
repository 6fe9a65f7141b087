//! Figures as they are written for the eye.

/// So many of what this names in the singular: `1 sound`, `2 sounds`.
pub fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A number with so many decimals. What rounds to nothing has no sign.
pub fn fixed(value: f32, decimals: usize) -> String {
    let written = format!("{value:.decimals$}");
    match written.strip_prefix('-') {
        Some(size) if size.chars().all(|c| matches!(c, '0' | '.')) => size.to_string(),
        _ => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_counted_in_the_singular() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "new sign")),
            ["0 new signs", "1 new sign", "2 new signs"]
        );
    }

    #[test]
    fn what_rounds_to_nothing_has_no_sign() {
        for (value, decimals, written) in [
            (-0.04, 1, "0.0"),
            (-0.0, 1, "0.0"),
            (-0.06, 1, "-0.1"),
            (-0.4, 0, "0"),
            (-0.6, 0, "-1"),
            (0.04, 1, "0.0"),
            (-10.0, 0, "-10"),
            (f32::NEG_INFINITY, 1, "-inf"),
        ] {
            assert_eq!(fixed(value, decimals), written, "{value}");
        }
    }
}
