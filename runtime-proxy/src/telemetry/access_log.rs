//! Access logs: one line for each request or connection.

use std::sync::Arc;

use ::http::HeaderName;
use meshc_contract::proxy;
use serde_json::Value;

use super::sink::{self, Sink};
use super::{Flags, Format, Record};

/// One access log.
#[derive(Debug, Clone)]
pub(crate) struct AccessLog {
    sink: Arc<Sink>,
    layout: Layout,
    /// Only records with one of these flags; `None` for all.
    only: Option<Flags>,
}

#[derive(Debug, Clone)]
enum Layout {
    Text(Format),
    Json(Vec<(String, Json)>),
}

/// A JSON value whose texts are formats.
#[derive(Debug, Clone)]
enum Json {
    Format(Format),
    Constant(Value),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl AccessLog {
    /// Opens the file of a log and reads its format.
    ///
    /// # Errors
    /// If an operator or flag is not known or the file cannot be opened, as a sentence.
    pub(crate) fn compile(log: &proxy::AccessLog) -> Result<Self, String> {
        let proxy::AccessLog { path, format, response_flags } = log;
        let layout = match format {
            proxy::AccessLogFormat::Text(text) => Layout::Text(Format::parse(text)?),
            proxy::AccessLogFormat::Json(members) => Layout::Json(object(members)?),
        };
        let mut only = None;
        for name in response_flags {
            let flag = Flags::of_name(name).ok_or_else(|| format!("`{name}` is no response flag"))?;
            only = Some(only.unwrap_or(Flags::NONE) | flag);
        }
        let sink = sink::open(path).map_err(|error| format!("cannot open `{path}`: {error}"))?;
        Ok(Self { sink, layout, only })
    }

    /// Logs a record, unless the log is not for it. Never waits for the file.
    pub(crate) fn log(&self, record: &Record) {
        if self.only.is_some_and(|only| !record.flags.intersects(only)) {
            return;
        }
        let mut line = String::with_capacity(512);
        match &self.layout {
            Layout::Text(format) => format.write(record, &mut line),
            Layout::Json(members) => {
                line.push_str(&said(members, record));
                line.push('\n');
            }
        }
        self.sink.push(line.as_bytes());
    }

    /// Headers of requests that it looks at; nobody needs to keep others.
    pub(crate) fn request_headers(&self) -> Vec<HeaderName> {
        self.formats().into_iter().flat_map(Format::request_headers).cloned().collect()
    }

    /// Headers of responses that it looks at.
    pub(crate) fn response_headers(&self) -> Vec<HeaderName> {
        self.formats().into_iter().flat_map(Format::response_headers).cloned().collect()
    }

    fn formats(&self) -> Vec<&Format> {
        let mut found = Vec::new();
        match &self.layout {
            Layout::Text(format) => found.push(format),
            Layout::Json(members) => {
                for (_, value) in members {
                    value.formats(&mut found);
                }
            }
        }
        found
    }
}

fn object<'m>(members: impl IntoIterator<Item = &'m (String, Value)>) -> Result<Vec<(String, Json)>, String> {
    members.into_iter().map(|(key, value)| Ok((key.clone(), Json::compile(value)?))).collect()
}

/// A JSON object in the order of its members, which a map would lose.
fn said(members: &[(String, Json)], record: &Record) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), value.said(record)))
        .collect();
    format!("{{{}}}", members.join(","))
}

impl Json {
    fn compile(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::String(text) => Self::Format(Format::parse(text)?),
            Value::Array(elements) => {
                Self::List(elements.iter().map(Self::compile).collect::<Result<_, String>>()?)
            }
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| Ok((key.clone(), Self::compile(value)?));
                Self::Object(members.iter().map(member).collect::<Result<_, String>>()?)
            }
            other => Self::Constant(other.clone()),
        })
    }

    fn said(&self, record: &Record) -> String {
        match self {
            Self::Format(format) => format.json(record).to_string(),
            Self::Constant(value) => value.to_string(),
            Self::List(elements) => {
                let elements: Vec<String> = elements.iter().map(|element| element.said(record)).collect();
                format!("[{}]", elements.join(","))
            }
            Self::Object(members) => said(members, record),
        }
    }

    fn formats<'j>(&'j self, found: &mut Vec<&'j Format>) {
        match self {
            Self::Format(format) => found.push(format),
            Self::Constant(_) => {}
            Self::List(elements) => elements.iter().for_each(|element| element.formats(found)),
            Self::Object(members) => members.iter().for_each(|(_, value)| value.formats(found)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_contract::proxy::AccessLogFormat;

    use super::*;

    fn logged(format: AccessLogFormat, response_flags: &[&str], record: &Record) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log").to_str().unwrap().to_owned();
        let response_flags = response_flags.iter().map(|flag| (*flag).to_owned()).collect();
        AccessLog::compile(&proxy::AccessLog { path: path.clone(), format, response_flags })?.log(record);
        sink::flush(Duration::from_secs(5));
        Ok(std::fs::read_to_string(path).unwrap())
    }

    #[test]
    fn text_is_written_as_it_stands() {
        let text = AccessLogFormat::Text("%RESPONSE_CODE% %UPSTREAM_HOST%\n".to_owned());
        assert_eq!(logged(text, &[], &Record::starting()).unwrap(), "0 -\n");
    }

    #[test]
    fn json_keeps_the_order_of_its_members() {
        let members = vec![
            ("z".to_owned(), serde_json::json!("%RESPONSE_CODE%")),
            ("a".to_owned(), serde_json::json!({ "host": "%UPSTREAM_HOST%", "n": [1, "x\"y"] })),
        ];
        let line = logged(AccessLogFormat::Json(members), &[], &Record::starting()).unwrap();
        assert_eq!(line, "{\"z\":0,\"a\":{\"host\":null,\"n\":[1,\"x\\\"y\"]}}\n");
    }

    #[test]
    fn a_log_for_some_flags_leaves_others_out() {
        let text = || AccessLogFormat::Text("x\n".to_owned());
        let record = Record { flags: Flags::NO_ROUTE, ..Record::starting() };
        assert_eq!(logged(text(), &["NR"], &record).unwrap(), "x\n");
        assert_eq!(logged(text(), &["UF"], &record).unwrap(), "");
        assert!(logged(text(), &["XX"], &record).unwrap_err().contains("XX"));
    }

    #[test]
    fn a_log_says_which_headers_it_needs() {
        let format = AccessLogFormat::Text("%REQ(A?:PATH)% %RESP(B)%".to_owned());
        let path = "/dev/stdout".to_owned();
        let log = AccessLog::compile(&proxy::AccessLog { path, format, response_flags: Vec::new() }).unwrap();
        assert_eq!(log.request_headers(), ["a"]);
        assert_eq!(log.response_headers(), ["b"]);
    }
}
