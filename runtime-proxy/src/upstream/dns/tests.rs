//! The resolver over a script of answers, and against servers on the loopback address.

use super::*;

/// Answers by question, in order; the last one for ever.
#[derive(Debug, Default)]
pub(super) struct Script(Mutex<BTreeMap<Question, Vec<Answer>>>);

impl Script {
    pub(super) fn ask(&self, question: &Question) -> Answer {
        let mut answers = self.0.lock().unwrap();
        let answers = answers.entry(question.clone()).or_default();
        if answers.len() > 1 { answers.remove(0) } else { answers.first().cloned().unwrap_or(Answer::Failure) }
    }
}
