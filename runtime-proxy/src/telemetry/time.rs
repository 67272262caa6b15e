//! Points in time as logs write them, in UTC.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time, taken apart in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Civil {
    year: i64,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanos: u32,
    /// Seconds since 1970.
    epoch: u64,
    /// Days since 1970.
    days: i64,
}

fn civil(at: SystemTime) -> Civil {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let epoch = since.as_secs();
    let days = i64::try_from(epoch / 86_400).unwrap_or_default();
    let within = u32::try_from(epoch % 86_400).unwrap_or_default();
    // Eras of 400 years that begin in March, so that the leap day is the last one (H. Hinnant's algorithm).
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil {
        year,
        month: u32::try_from(month).unwrap_or_default(),
        day: u32::try_from(day).unwrap_or_default(),
        hour: within / 3_600,
        minute: within / 60 % 60,
        second: within % 60,
        nanos: since.subsec_nanos(),
        epoch,
        days,
    }
}

/// `2026-11-24T21:45:44.123Z`, Envoy's default.
pub(super) fn write_iso(at: SystemTime, out: &mut String) {
    let Civil { year, month, day, hour, minute, second, nanos, .. } = civil(at);
    // Writing to a text cannot fail.
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        nanos / 1_000_000
    );
}

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Writes a point in time by a `strftime` pattern, with Envoy's `%s` and `%3f`.
pub(super) fn write_pattern(at: SystemTime, pattern: &str, out: &mut String) {
    let civil = civil(at);
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let width = rest.chars().next().and_then(|digit| digit.to_digit(10));
        if width.is_some() {
            rest = &rest[1..];
        }
        let Some(directive) = rest.chars().next() else { break };
        write_directive(&civil, directive, width, out);
        rest = &rest[directive.len_utf8()..];
    }
    out.push_str(rest);
}

fn write_directive(civil: &Civil, directive: char, width: Option<u32>, out: &mut String) {
    let Civil { year, month, day, hour, minute, second, nanos, epoch, days } = *civil;
    let weekday = DAYS[usize::try_from(days.rem_euclid(7)).unwrap_or_default() % 7];
    let month_name = MONTHS[usize::try_from(month.saturating_sub(1)).unwrap_or_default() % 12];
    let _ = match directive {
        'Y' => write!(out, "{year:04}"),
        'y' => write!(out, "{:02}", year.rem_euclid(100)),
        'm' => write!(out, "{month:02}"),
        'd' => write!(out, "{day:02}"),
        'e' => write!(out, "{day:2}"),
        'H' => write!(out, "{hour:02}"),
        'M' => write!(out, "{minute:02}"),
        'S' => write!(out, "{second:02}"),
        'F' => write!(out, "{year:04}-{month:02}-{day:02}"),
        'T' => write!(out, "{hour:02}:{minute:02}:{second:02}"),
        's' => write!(out, "{epoch}"),
        'f' => {
            let digits = format!("{nanos:09}");
            let width = usize::try_from(width.unwrap_or(9).clamp(1, 9)).unwrap_or(9);
            write!(out, "{}", &digits[..width])
        }
        'z' => write!(out, "+0000"),
        'Z' => write!(out, "UTC"),
        'a' => write!(out, "{weekday}"),
        'b' => write!(out, "{month_name}"),
        '%' => write!(out, "%"),
        other => write!(out, "%{other}"),
    };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    #[test]
    fn points_in_time_are_written_as_iso_8601() {
        let iso = |at| {
            let mut text = String::new();
            write_iso(at, &mut text);
            text
        };
        assert_eq!(iso(at(0, 0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(at(951_827_696, 789_000_000)), "2000-02-29T12:34:56.789Z");
        assert_eq!(iso(at(1_795_556_744, 5_000_000)), "2026-11-24T21:45:44.005Z");
    }

    #[test]
    fn patterns_are_those_of_strftime() {
        let mut text = String::new();
        write_pattern(at(1_795_556_744, 123_456_789), "%Y/%m/%dT%H:%M:%S%z %s %3f %%", &mut text);
        assert_eq!(text, "2026/11/24T21:45:44+0000 1795556744 123 %");
        text.clear();
        write_pattern(at(784_111_777, 0), "%a, %d %b %Y %T", &mut text);
        assert_eq!(text, "Sun, 06 Nov 1994 08:49:37");
    }
}
