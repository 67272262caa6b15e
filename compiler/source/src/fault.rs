//! Why a document is not read.

use meshc_diagnostics::{Code, Diagnostic, Span, codes};

/// The finding that ends the reading of one document; the others of the file go on.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) Box<Diagnostic>);

impl Fault {
    pub(crate) fn new(code: &'static Code, message: impl Into<String>, span: Span, label: &str) -> Self {
        let finding = Diagnostic::new(code, message).at(span, label);
        Self(Box::new(finding.consequence("nothing of this document is compiled")))
    }

    pub(crate) fn help(self, text: &str) -> Self {
        Self(Box::new(self.0.help(text)))
    }
}

/// The document grows beyond the budget once aliases are followed.
pub(crate) fn excessive_aliasing(span: Span) -> Fault {
    let message = "aliases multiply the document beyond what a reader accepts";
    let fault = Fault::new(&codes::EXCESSIVE_ALIASING, message, span, "stands for very many values");
    fault.help("write the repeated values out, or split the document; kubectl refuses it too")
}
