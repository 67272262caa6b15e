//! What of a request picks the endpoint.

use meshc_plan::HashPolicy;

use super::values::duration;
use super::xds;

/// One source of the hash.
pub(super) fn hash_policy(policy: &HashPolicy) -> xds::HashPolicy {
    let mut result = xds::HashPolicy::default();
    match policy {
        HashPolicy::Header(name) => result.header = Some(xds::HashHeader { header_name: name.clone() }),
        HashPolicy::Cookie { name, ttl, path, attributes } => {
            let attribute = |(name, value): &(String, String)| xds::HashCookieAttribute {
                name: name.clone(),
                value: value.clone(),
            };
            result.cookie = Some(xds::HashCookie {
                name: name.clone(),
                ttl: duration(*ttl),
                path: path.clone().unwrap_or_default(),
                attributes: attributes.iter().map(attribute).collect(),
            });
        }
        HashPolicy::SourceIp => result.connection_properties = Some(xds::HashConnection { source_ip: true }),
        HashPolicy::QueryParameter(name) => {
            result.query_parameter = Some(xds::HashQueryParameter { name: name.clone() });
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use meshc_plan::HashPolicy;
    use serde_json::json;

    #[test]
    fn every_source_has_its_own_field() {
        let emitted = |policy| serde_json::to_value(super::hash_policy(&policy)).unwrap();
        assert_eq!(emitted(HashPolicy::Header("x-user".into())), json!({"header": {"headerName": "x-user"}}));
        assert_eq!(emitted(HashPolicy::SourceIp), json!({"connectionProperties": {"sourceIp": true}}));
        assert_eq!(emitted(HashPolicy::QueryParameter("q".into())), json!({"queryParameter": {"name": "q"}}));
        let cookie = HashPolicy::Cookie {
            name: "c".into(),
            ttl: Some(Duration::ZERO),
            path: None,
            attributes: vec![("SameSite".into(), "Strict".into())],
        };
        let expected = json!({"cookie": {"name": "c", "ttl": "0s", "attributes": [{"name": "SameSite", "value": "Strict"}]}});
        assert_eq!(emitted(cookie), expected);
    }
}
