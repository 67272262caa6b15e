//! Points in time as text.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::CaError;

/// A moment in UTC as RFC 3339 with whole seconds, `2026-11-24T12:00:00Z`, as Kubernetes and SOPS write it.
#[must_use]
pub fn rfc3339(moment: OffsetDateTime) -> String {
    let utc = moment.to_offset(UtcOffset::UTC);
    let whole = utc.replace_nanosecond(0).unwrap_or(utc);
    whole.format(&Rfc3339).unwrap_or_else(|_| whole.to_string())
}

/// Reads a moment as RFC 3339 writes it.
///
/// # Errors
/// [`CaError::Certificate`] for another text.
pub fn parse_rfc3339(text: &str) -> Result<OffsetDateTime, CaError> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|error| CaError::certificate(format!("`{}` is no time ({error})", text.escape_debug())))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_and_whole_seconds() {
        assert_eq!(rfc3339(datetime!(2026-11-24 12:00:00.9 +02:00)), "2026-11-24T10:00:00Z");
    }

    #[test]
    fn a_moment_reads_back_as_it_was_written() {
        let moment = datetime!(2026-11-24 12:00:00 UTC);
        assert_eq!(parse_rfc3339(&rfc3339(moment)).unwrap(), moment);
        assert!(parse_rfc3339("soon").unwrap_err().to_string().contains("`soon` is no time"));
    }
}
