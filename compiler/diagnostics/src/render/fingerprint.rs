//! What makes two findings of different builds the same finding.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::{Diagnostic, Label, Sources};

/// Longest offending value that takes part; a longer one would make the fingerprint depend on edits elsewhere.
const MAX_VALUE: usize = 256;

/// Fingerprints of findings, in their order, as `sha256:…`.
///
/// Made of the code, the object, the field without list indices, and the offending value; not of lines, so that edits
/// above a finding leave it what it is. Findings that still are equal are told apart by `#2`, `#3`, ….
pub(super) fn fingerprints(findings: &[Diagnostic], sources: &dyn Sources) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let number = |finding| {
        let mut print = fingerprint(finding, sources);
        let count = seen.entry(print.clone()).or_default();
        *count += 1;
        if *count > 1 {
            let _ = write!(print, "#{count}");
        }
        print
    };
    findings.iter().map(number).collect()
}

fn fingerprint(finding: &Diagnostic, sources: &dyn Sources) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.as_bytes());
        hash.update([0]);
    };
    part(&finding.code.to_string());
    match (&finding.object, &finding.primary) {
        (Some(object), _) => {
            for text in [&object.group, &object.kind, &object.namespace, &object.name] {
                part(text);
            }
        }
        (None, Some(Label { span, .. })) => part(sources.path(span.file)),
        (None, None) => {}
    }
    part(&without_indices(finding.path.as_deref().unwrap_or("")));
    if let Some(Label { span, .. }) = &finding.primary {
        let value = sources.text(span.file).get(span.start as usize..span.end as usize);
        part(value.filter(|value| value.len() <= MAX_VALUE && !value.contains('\n')).unwrap_or(""));
    }
    hash.finalize().iter().fold(String::from("sha256:"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `spec.http[0].route[12]` as `spec.http[].route[]`; keys in quotes stay.
fn without_indices(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        if c == '[' {
            while chars.next_if(char::is_ascii_digit).is_some() {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without_indices;

    #[test]
    fn indices_are_dropped_and_quoted_keys_stay() {
        assert_eq!(without_indices("spec.http[0].route[12].x"), "spec.http[].route[].x");
        assert_eq!(without_indices("metadata.annotations[\"a.b/c1\"]"), "metadata.annotations[\"a.b/c1\"]");
    }
}
