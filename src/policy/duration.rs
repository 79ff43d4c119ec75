//! Durations such as `72h` and `30d`.

use std::time::Duration;

/// The longest duration in days: ten years.
pub const DURATION_LIMIT_DAYS: u64 = 3650;

/// The units and their seconds.
const UNITS: [(char, u64); 4] = [('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)];

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// Not a whole number and one of the units.
    #[error("a duration is a whole number and m, h, d or w, as in \"72h\" or \"30d\"")]
    Syntax,
    /// Nothing at all.
    #[error("a duration must be more than 0")]
    Zero,
    /// More than [`DURATION_LIMIT_DAYS`].
    #[error("a duration is at most {DURATION_LIMIT_DAYS}d")]
    TooLong,
}

/// Reads a duration: digits without a leading zero and one unit, `m`, `h`, `d` or `w`.
///
/// # Errors
/// [`DurationError`].
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let split = UNITS
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds)));
    let (digits, seconds) = split.ok_or(DurationError::Syntax)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationError::Syntax);
    }
    if digits.bytes().all(|digit| digit == b'0') {
        return Err(DurationError::Zero);
    }
    if digits.starts_with('0') {
        return Err(DurationError::Syntax);
    }
    let number: u64 = digits.parse().map_err(|_| DurationError::TooLong)?;
    let total = number.checked_mul(seconds).ok_or(DurationError::TooLong)?;
    if total > DURATION_LIMIT_DAYS * 86_400 {
        return Err(DurationError::TooLong);
    }
    Ok(Duration::from_secs(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_a_duration() {
        for (text, seconds) in [
            ("90m", 5400),
            ("72h", 259_200),
            ("30d", 2_592_000),
            ("2w", 1_209_600),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert!(parse_duration("3650d").is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "", "h", "72", "-1h", "1.5h", "72 h", "72H", "1h30m", "010h", "+1h", "72s", "\u{663}h",
        ] {
            assert_eq!(parse_duration(text), Err(DurationError::Syntax), "{text}");
        }
        assert_eq!(parse_duration("0h"), Err(DurationError::Zero));
        for text in [
            "3651d",
            "99999999999d",
            "18446744073709551615w",
            "99999999999999999999999h",
        ] {
            assert_eq!(parse_duration(text), Err(DurationError::TooLong), "{text}");
        }
    }
}
