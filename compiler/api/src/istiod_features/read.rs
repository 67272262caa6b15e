//! Reading flags from lines `KEY=VALUE`.

use meshc_diagnostics::{Diagnostic, Diagnostics, FileId, Span, codes};

use super::{IstiodFeatures, KEYS, SetError};
use crate::closest::closest;

impl IstiodFeatures {
    /// Reads flags over the defaults of istiod: one `KEY=VALUE` a line; empty lines and lines that start with `#` say
    /// nothing; of several lines for one flag the last one counts.
    ///
    /// A flag that no pass depends on is reported as information; a value that istiod would not read is a warning, and the
    /// default counts, as in istiod.
    #[must_use]
    pub fn read(text: &str, file: FileId, diagnostics: &mut Diagnostics) -> Self {
        let mut features = Self::default();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if let Some(finding) = features.read_line(line, file, start) {
                diagnostics.push(finding);
            }
            start += line.len();
        }
        features
    }

    fn read_line(&mut self, line: &str, file: FileId, start: usize) -> Option<Diagnostic> {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            return None;
        }
        let indent = line.len() - line.trim_start().len();
        let place = span(file, start + indent, content.len());
        let Some((key, value)) = content.split_once('=') else {
            return Some(
                Diagnostic::new(
                    &codes::INVALID_ISTIOD_FLAG,
                    format!("`{content}` is not of the form KEY=VALUE"),
                )
                .at(place, "")
                .consequence("the line has no effect"),
            );
        };
        match self.set(key.trim_end(), value) {
            Ok(()) => None,
            Err(SetError::Key) => {
                Some(unknown(key.trim_end(), span(file, start + indent, key.trim_end().len())))
            }
            Err(SetError::Value(expected)) => Some(
                Diagnostic::new(&codes::INVALID_ISTIOD_FLAG, format!("{key} cannot be `{value}`"))
                    .at(
                        span(file, start + indent + key.len() + 1, value.len()),
                        format!("expected {expected}"),
                    )
                    .consequence("the default counts, as in istiod"),
            ),
        }
    }
}

fn unknown(key: &str, place: Span) -> Diagnostic {
    let finding = Diagnostic::new(&codes::UNKNOWN_ISTIOD_FLAG, format!("no translation depends on `{key}`"))
        .at(place, "")
        .consequence("the flag has no effect");
    match closest(key, KEYS.iter().copied()) {
        Some(known) => finding.help(format!("did you mean `{known}`?")),
        None => finding,
    }
}

fn span(file: FileId, start: usize, len: usize) -> Span {
    let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { file, start: narrow(start), end: narrow(start + len) }
}

#[cfg(test)]
mod tests {
    use super::super::RemoteJwks;
    use super::*;

    fn read(text: &str) -> (IstiodFeatures, Vec<Diagnostic>) {
        let mut diagnostics = Diagnostics::new();
        let features = IstiodFeatures::read(text, FileId(0), &mut diagnostics);
        (features, diagnostics.into_sorted())
    }

    #[test]
    fn no_line_means_the_defaults_of_istiod() {
        assert_eq!(read("\n# PILOT_HTTP10=true\n"), (IstiodFeatures::default(), Vec::new()));
    }

    #[test]
    fn lines_set_flags_of_every_type() {
        let (features, findings) = read(
            "PILOT_ENABLE_AMBIENT=true\r\nPILOT_JWT_ENABLE_REMOTE_JWKS=envoy\nPILOT_TRACE_SAMPLING=12.5\n\
             PILOT_GATEWAY_TRANSPORT_SOCKET_CONNECT_TIMEOUT=0s\nMAX_CONNECTIONS_PER_SOCKET_EVENT_LOOP=0\nISTIO_DUAL_STACK=1",
        );
        assert_eq!(findings, []);
        let expected = IstiodFeatures {
            enable_ambient: true,
            jwt_enable_remote_jwks: RemoteJwks::Envoy,
            trace_sampling: 12.5,
            gateway_transport_socket_connect_timeout: crate::Duration::ZERO,
            max_connections_per_socket_event_loop: 0,
            enable_dual_stack: true,
            ..IstiodFeatures::default()
        };
        assert_eq!(features, expected);
    }

    #[test]
    fn a_value_that_istiod_cannot_read_leaves_the_default() {
        let text = "PILOT_HTTP10=yes\n";
        let (features, findings) = read(text);
        assert_eq!(features, IstiodFeatures::default());
        let place = findings[0].primary.as_ref().map(|label| label.span).unwrap();
        assert_eq!(&text[place.start as usize..place.end as usize], "yes");
    }

    #[test]
    fn a_misspelt_flag_is_told_with_the_one_that_was_meant() {
        let (_, findings) = read("PILOT_ENABEL_AMBIENT=true\nGODEBUG=x\nnonsense");
        let helps: Vec<_> =
            findings.iter().map(|finding| (finding.code.name, finding.help.as_deref())).collect();
        assert_eq!(
            helps,
            [
                ("unknown-istiod-flag", Some("did you mean `PILOT_ENABLE_AMBIENT`?")),
                ("unknown-istiod-flag", None),
                ("invalid-istiod-flag", None),
            ]
        );
    }
}
