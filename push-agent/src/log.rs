//! Log lines on stderr, one a step, written before the step is taken: after a kill the last line says what may be half done.

use std::io::Write as _;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Writes log lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log {
    pub(crate) format: LogFormat,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Info,
    Warn,
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

/// Further facts of a line.
pub(crate) type Facts<'a> = &'a [(&'a str, Value)];

impl Log {
    /// What is done next.
    pub(crate) fn info(self, step: &str, message: &str, facts: Facts<'_>) {
        self.write(Level::Info, step, message, facts);
    }

    /// What a person may want to look at.
    pub(crate) fn warn(self, step: &str, message: &str, facts: Facts<'_>) {
        self.write(Level::Warn, step, message, facts);
    }

    /// What went wrong.
    pub(crate) fn error(self, step: &str, message: &str, facts: Facts<'_>) {
        self.write(Level::Error, step, message, facts);
    }

    fn write(self, level: Level, step: &str, message: &str, facts: Facts<'_>) {
        let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let line = match self.format {
            LogFormat::Json => json_line(&time, level, step, message, facts),
            LogFormat::Text => text_line(&time, level, step, message, facts),
        };
        let mut stderr = std::io::stderr().lock();
        // A closed stderr must not end a delivery.
        let _ = stderr.write_all(line.as_bytes()).and_then(|()| stderr.flush());
    }
}

fn json_line(time: &str, level: Level, step: &str, message: &str, facts: Facts<'_>) -> String {
    let mut line = Map::new();
    for (key, value) in facts {
        line.insert((*key).to_owned(), value.clone());
    }
    for (key, value) in [("time", time), ("level", level.name()), ("step", step), ("message", message)] {
        line.insert(key.to_owned(), value.into());
    }
    format!("{}\n", Value::Object(line))
}

fn text_line(time: &str, level: Level, step: &str, message: &str, facts: Facts<'_>) -> String {
    let mut line = format!("{time} {:5} {step}: {message}", level.name());
    for (key, value) in facts {
        match value {
            Value::String(text) => line.push_str(&format!(" {key}={text}")),
            other => line.push_str(&format!(" {key}={other}")),
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Level, json_line, text_line};

    #[test]
    fn a_json_line_is_one_object_on_one_line() {
        let line = json_line("T", Level::Info, "apply", "two\nlines", &[("object", json!("Service a/b"))]);
        assert_eq!(line.matches('\n').count(), 1);
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["step"], "apply");
        assert_eq!(value["object"], "Service a/b");
    }

    #[test]
    fn a_text_line_names_its_facts() {
        let line =
            text_line("T", Level::Warn, "prune", "kept", &[("object", json!("x")), ("count", json!(2))]);
        assert_eq!(line, "T warn  prune: kept object=x count=2\n");
    }
}
