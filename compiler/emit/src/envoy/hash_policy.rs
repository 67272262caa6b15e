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
