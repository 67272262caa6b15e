//! Cookies of one call: what its answers have set, which its later requests send.

use std::collections::BTreeMap;

use crate::exchange::{Exchange, Outcome};

/// Cookies by name. Paths, domains and lives of cookies are not looked at: a call has one URL and lasts some seconds.
#[derive(Debug, Default)]
pub(super) struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Takes what an answer sets.
    pub(super) fn take(&mut self, exchange: &Exchange) {
        let Outcome::Answered(answer) = &exchange.outcome else { return };
        // Answers that set several cookies have their lines joined; a cookie that names a date would be cut there.
        let set = answer.headers.get("set-cookie").into_iter().flat_map(|lines| lines.split(", "));
        for (name, value) in set.filter_map(|line| line.split(';').next()?.split_once('=')) {
            self.0.insert(name.trim().to_owned(), value.to_owned());
        }
    }

    /// The value of the header `cookie`; nothing without any.
    pub(super) fn header(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Answer;

    #[test]
    fn what_answers_set_is_sent_and_replaced() {
        let mut cookies = Cookies::default();
        assert_eq!(cookies.header(), None);
        for line in ["a=1; Path=/; HttpOnly, b=\"x=\"", "a=2"] {
            let headers = BTreeMap::from([("set-cookie".to_owned(), line.to_owned())]);
            let answer = Answer { status: Some(200), headers, echo: None, body: String::new() };
            cookies.take(&Exchange { elapsed_ms: 1, outcome: Outcome::Answered(Box::new(answer)) });
        }
        assert_eq!(cookies.header().as_deref(), Some("a=2; b=\"x=\""));
    }
}
