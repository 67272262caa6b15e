//! YAML inside a string of YAML: the mesh configuration in a ConfigMap, settings in an annotation.

use std::sync::Arc;

use meshc_diagnostics::{Diagnostics, Span};
use meshc_source::{Document, parse_file};

/// A document that stands in a string of another one.
pub(crate) struct Embedded {
    /// The document. Where `coarse` is set, its places mean nothing.
    pub(crate) document: Document,
    /// The whole string, if places in it cannot be told from places in the file.
    coarse: Option<Span>,
}

impl Embedded {
    /// A document that stands in a file of its own.
    pub(crate) fn whole(document: &Document) -> Self {
        Self { document: document.clone(), coarse: None }
    }

    /// Moves findings about the document to where they can be shown.
    pub(crate) fn relocate(&self, findings: Diagnostics) -> Diagnostics {
        relocate(self.coarse, findings)
    }
}

/// Parses the string under a path. `None` where there is none, or where it is not a mapping; a diagnostic says so.
pub(crate) fn parse(document: &Document, path: &str, diagnostics: &mut Diagnostics) -> Option<Embedded> {
    let text = document.get(path)?.as_str()?;
    let span = document.span(path);
    let mut findings = Diagnostics::new();
    let decoded = parse_file(document.file(), &Arc::from(text), &mut findings);
    let mut exact_findings = Diagnostics::new();
    if let Some(masked) = masked(document.file_text(), span) {
        let exact = parse_file(document.file(), &masked, &mut exact_findings);
        let same_values = exact.iter().map(Document::to_value).eq(decoded.iter().map(Document::to_value));
        let codes =
            |findings: &Diagnostics| findings.iter().map(|finding| finding.code.number).collect::<Vec<_>>();
        if same_values && codes(&exact_findings) == codes(&findings) {
            diagnostics.append(exact_findings);
            return single(exact, None);
        }
    }
    diagnostics.append(relocate(Some(span), findings));
    single(decoded, Some(span))
}

/// The first document, which is the only one that Istio reads.
fn single(documents: Vec<Document>, coarse: Option<Span>) -> Option<Embedded> {
    documents.into_iter().next().map(|document| Embedded { document, coarse })
}

/// The file with everything blank up to the string, so that the lines of a block (`|`) parse in place: they keep their
/// indentation, which YAML does not mind. Other spellings of a string do not parse to the same value.
fn masked(text: &str, span: Span) -> Option<Arc<str>> {
    let (before, rest) = text.split_at_checked(span.start as usize)?;
    let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    let mut masked: String = before.bytes().map(blank).collect();
    masked.push_str(rest.get(..(span.end - span.start) as usize)?);
    Some(Arc::from(masked))
}

fn relocate(coarse: Option<Span>, findings: Diagnostics) -> Diagnostics {
    let Some(span) = coarse else { return findings };
    let mut moved = Diagnostics::new();
    for mut finding in findings.into_sorted() {
        for label in finding.primary.iter_mut().chain(&mut finding.related) {
            label.span = span;
        }
        moved.push(finding);
    }
    moved
}

#[cfg(test)]
mod tests {
    use meshc_diagnostics::Diagnostic;
    use meshc_source::{InputFile, load};

    use super::*;

    fn value_span(file: &str, path: &str) -> (String, String) {
        let mut diagnostics = Diagnostics::new();
        let set = load(vec![InputFile::new("istio.yaml", file)], &mut diagnostics);
        let embedded = parse(&set.documents[0], "data.mesh", &mut diagnostics).unwrap();
        let mut findings = Diagnostics::new();
        let code = &meshc_diagnostics::codes::INVALID_VALUE;
        findings.push(Diagnostic::new(code, "").at(embedded.document.span(path), ""));
        let findings = embedded.relocate(findings).into_sorted();
        let place = findings[0].primary.as_ref().map(|label| label.span).unwrap();
        let value = embedded.document.get(path).and_then(meshc_source::NodeRef::as_str).unwrap_or_default();
        (value.to_owned(), set.files.slice(place).to_owned())
    }

    #[test]
    fn values_of_a_literal_block_have_their_own_place() {
        let file = "# é\nkind: ConfigMap\ndata:\n  mesh: |-\n    # c\n    rootNamespace: here\n    accessLogFormat: |\n      a\n";
        assert_eq!(value_span(file, "rootNamespace"), ("here".to_owned(), "here".to_owned()));
    }

    #[test]
    fn values_of_a_quoted_string_have_the_place_of_the_string() {
        let file = "data:\n  mesh: \"rootNamespace: here\\n\"\n";
        assert_eq!(
            value_span(file, "rootNamespace"),
            ("here".to_owned(), "\"rootNamespace: here\\n\"".to_owned())
        );
    }
}
