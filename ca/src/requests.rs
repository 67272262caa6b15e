//! Reading `identities.yaml`.

use meshc_contract::{IDENTITY_REQUESTS_VERSION, IdentityRequests};
use serde::Deserialize;

use crate::CaError;

/// Only the version, read first: a later layout may hold fields that this build would refuse with a worse message.
#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// Reads identity requests from YAML, of which JSON is a part.
///
/// # Errors
/// [`CaError::Requests`] for a text that is not of that form, [`CaError::RequestsVersion`] for another version.
pub fn parse_identity_requests(text: &str) -> Result<IdentityRequests, CaError> {
    let wrong = |error: serde_saphyr::Error| CaError::Requests { reason: error.to_string() };
    let Head { version } = serde_saphyr::from_str(text).map_err(wrong)?;
    if version != IDENTITY_REQUESTS_VERSION {
        return Err(CaError::RequestsVersion { found: version, supported: IDENTITY_REQUESTS_VERSION });
    }
    serde_saphyr::from_str(text).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
version: 1
trustDomain: cluster.local
requests:
- spiffeId: spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews
  ttl: 24h
  workloads:
  - namespace: bookinfo
    name: reviews-v1
  secret:
    namespace: bookinfo
    name: meshc-sa-bookinfo-reviews
";

    #[test]
    fn requests_are_read_from_yaml_and_from_json() {
        let from_yaml = parse_identity_requests(TEXT).unwrap();
        assert_eq!(from_yaml.requests[0].ttl.to_string(), "24h");
        assert_eq!(from_yaml.requests[0].secret.name, "meshc-sa-bookinfo-reviews");
        let json = r#"{"version":1,"trustDomain":"cluster.local","requests":[{"spiffeId":
            "spiffe://cluster.local/ns/bookinfo/sa/bookinfo-reviews","ttl":"24h","workloads":[{"namespace":"bookinfo",
            "name":"reviews-v1"}],"secret":{"namespace":"bookinfo","name":"meshc-sa-bookinfo-reviews"}}]}"#;
        assert_eq!(parse_identity_requests(json).unwrap(), from_yaml);
    }

    #[test]
    fn another_version_is_named_even_when_its_fields_are_unknown() {
        let error = parse_identity_requests("version: 2\nsomethingNew: true\n").unwrap_err();
        assert!(matches!(error, CaError::RequestsVersion { found: 2, supported: 1 }), "{error}");
    }

    #[test]
    fn an_unknown_field_and_a_wrong_lifetime_are_refused_with_their_place() {
        for (from, to) in [("ttl: 24h", "ttl: soon"), ("ttl: 24h", "tll: 24h"), ("ns/bookinfo", "bookinfo")] {
            let error = parse_identity_requests(&TEXT.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains("line"), "{error}");
        }
    }
}
