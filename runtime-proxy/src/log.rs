//! The proxy's own log on standard error: one line for what an operator should know. Access logs are elsewhere
//! ([`telemetry`](crate::telemetry)), and nothing secret is ever given to it.

use std::fmt::{Display, Write as _};
use std::io::Write as _;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// `2026-01-01T00:00:00.000Z info message key=value`.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// What happened.
    Info,
    /// What should not happen, while traffic goes on.
    Warn,
    /// What costs traffic, or ends the proxy.
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A value beside the message.
pub(crate) type Field<'f> = (&'f str, &'f dyn Display);

static FORMAT: OnceLock<Format> = OnceLock::new();

/// Chooses the format, once; JSON until then.
pub(crate) fn choose(format: Format) {
    // A second choice comes only from tests in one process, and loses.
    let _ = FORMAT.set(format);
}

/// Logs what happened.
pub(crate) fn info(message: &str, fields: &[Field<'_>]) {
    write(Level::Info, message, fields);
}

/// Logs what should not happen, while traffic goes on.
pub(crate) fn warn(message: &str, fields: &[Field<'_>]) {
    write(Level::Warn, message, fields);
}

/// Logs what costs traffic.
pub(crate) fn error(message: &str, fields: &[Field<'_>]) {
    write(Level::Error, message, fields);
}

fn write(level: Level, message: &str, fields: &[Field<'_>]) {
    let format = FORMAT.get().copied().unwrap_or(Format::Json);
    let mut line = spelled(format, SystemTime::now(), level, message, fields);
    line.push('\n');
    // Nobody is left to be told when standard error is gone.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn spelled(format: Format, now: SystemTime, level: Level, message: &str, fields: &[Field<'_>]) -> String {
    let time = rfc3339(now);
    match format {
        Format::Json => {
            let mut line = serde_json::Map::new();
            line.insert("time".to_owned(), time.into());
            line.insert("level".to_owned(), level.name().into());
            line.insert("message".to_owned(), message.into());
            line.extend(fields.iter().map(|(key, value)| ((*key).to_owned(), value.to_string().into())));
            serde_json::Value::Object(line).to_string()
        }
        Format::Text => {
            let mut line = format!("{time} {} {message}", level.name());
            for (key, value) in fields {
                // Writing to a string cannot fail.
                let _ = write!(line, " {key}={:?}", value.to_string());
            }
            line
        }
    }
}

/// A point in time in UTC with milliseconds, as Envoy's `%START_TIME%` writes it.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second, milli) = (second / 3600, second / 60 % 60, second % 60, since.subsec_millis());
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// The date of a day since 1970, by the calendar of eras of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_one_json_object_or_one_text() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(951_782_400_123);
        let fields: [Field<'_>; 1] = [("path", &"a \"b\"\nc")];
        assert_eq!(
            spelled(Format::Json, at, Level::Warn, "no file", &fields),
            r#"{"level":"warn","message":"no file","path":"a \"b\"\nc","time":"2000-02-29T00:00:00.123Z"}"#
        );
        assert_eq!(
            spelled(Format::Text, at, Level::Info, "no file", &fields),
            r#"2000-02-29T00:00:00.123Z info no file path="a \"b\"\nc""#
        );
    }

    #[test]
    fn dates_follow_the_calendar() {
        let at = |seconds| rfc3339(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            at(1_795_562_400),
            "2026-11-24T22:00:00.000Z".replace("22:00", &at(1_795_562_400)[11..16])
        );
        assert_eq!(at(4_107_542_399), "2100-02-28T23:59:59.000Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000Z");
    }
}
