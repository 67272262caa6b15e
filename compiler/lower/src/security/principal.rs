//! Who asks: `from` of an AuthorizationPolicy (translation-spec §7.1).

use meshc_api::istio::Source;
use meshc_plan::{MetadataValue, Principal, StringMatch};

use super::matcher;
use super::rule::{Condition, Value};
use super::trust_domain::TrustDomains;

/// The filter that writes claims of tokens.
const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";

/// What principals mean besides their text.
#[derive(Debug, Clone, Copy)]
pub(super) struct PrincipalContext<'a> {
    /// Namespace of the policy, which short service accounts are in.
    pub(super) namespace: &'a str,
    /// Trust domains that stand for each other.
    pub(super) trust_domains: TrustDomains<'a>,
}

/// Conditions of a source, in the order of istiod.
pub(super) fn of_source(cx: PrincipalContext<'_>, source: &Source) -> Vec<Condition<Principal>> {
    [
        identities(cx, &source.principals, &source.not_principals),
        request_principals(&source.request_principals, &source.not_request_principals),
        service_accounts(cx, &source.service_accounts, &source.not_service_accounts),
        trust_domains(cx, &source.trust_domains, &source.not_trust_domains),
        namespaces(&source.namespaces, &source.not_namespaces),
        remote_addresses(&source.remote_ip_blocks, &source.not_remote_ip_blocks),
        addresses(&source.ip_blocks, &source.not_ip_blocks),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn condition(
    values: &[String],
    excluded: &[String],
    matcher: impl Fn(&str) -> Value<Principal>,
) -> Option<Condition<Principal>> {
    if values.is_empty() && excluded.is_empty() {
        return None;
    }
    let all = |values: &[String]| values.iter().map(|value| matcher(value)).collect();
    Some(Condition { values: all(values), excluded: all(excluded), http_only: false, bare: false })
}

/// Identities (`source.principal`), each in all trust domains that stand for its own.
pub(super) fn identities(
    cx: PrincipalContext<'_>,
    values: &[String],
    excluded: &[String],
) -> Option<Condition<Principal>> {
    let expand = |values: &[String]| -> Vec<String> {
        values.iter().flat_map(|value| cx.trust_domains.expand_principal(value)).collect()
    };
    condition(&expand(values), &expand(excluded), |value| {
        Value::Match(Principal::Authenticated(matcher::text_behind("spiffe://", value)))
    })
}

/// Namespaces (`source.namespace`), wherever in the identity they are preceded by `/ns/`.
pub(super) fn namespaces(values: &[String], excluded: &[String]) -> Option<Condition<Principal>> {
    condition(values, excluded, |value| {
        expression(format!(".*/ns/{}/.*", matcher::quoted_with_wildcards(value, ".*")))
    })
}

/// Service accounts (`source.serviceAccount`): `namespace/name`, or a name in the namespace of the policy.
pub(super) fn service_accounts(
    cx: PrincipalContext<'_>,
    values: &[String],
    excluded: &[String],
) -> Option<Condition<Principal>> {
    condition(values, excluded, |value| {
        let (namespace, account) = value.split_once('/').unwrap_or((cx.namespace, value));
        let (namespace, account) = (matcher::quoted(namespace), matcher::quoted(account));
        expression(format!("spiffe://.+/ns/{namespace}/(.+/|)sa/{account}(/.+)?"))
    })
}

/// Trust domains (`source.trustDomain`).
pub(super) fn trust_domains(
    cx: PrincipalContext<'_>,
    values: &[String],
    excluded: &[String],
) -> Option<Condition<Principal>> {
    let expand = |values: &[String]| -> Vec<String> {
        values.iter().flat_map(|value| cx.trust_domains.expand_trust_domain(value)).collect()
    };
    condition(&expand(values), &expand(excluded), |value| {
        let text = match value {
            "*" => StringMatch::Prefix("spiffe://".to_owned()),
            _ if value.contains('*') => StringMatch::Regex(
                format!("spiffe://{}/.*", matcher::quoted_with_wildcards(value, "[^/]*")).into(),
            ),
            _ => StringMatch::Prefix(format!("spiffe://{value}/")),
        };
        Value::Match(Principal::Authenticated(text))
    })
}

fn expression(regex: String) -> Value<Principal> {
    Value::Match(Principal::Authenticated(StringMatch::Regex(regex.into())))
}

/// Addresses of connections (`source.ip`).
pub(super) fn addresses(values: &[String], excluded: &[String]) -> Option<Condition<Principal>> {
    condition(values, excluded, |value| network(value, Principal::DirectRemoteIp))
}

/// Addresses of clients as trusted headers tell them (`remote.ip`).
pub(super) fn remote_addresses(values: &[String], excluded: &[String]) -> Option<Condition<Principal>> {
    condition(values, excluded, |value| network(value, Principal::RemoteIp))
}

fn network(value: &str, principal: fn(std::net::IpAddr, u8) -> Principal) -> Value<Principal> {
    match matcher::network(value) {
        Some((address, length)) => Value::Match(principal(address, length)),
        None => Value::Invalid(format!("`{value}` is neither an address nor a block of them")),
    }
}

/// A request header (`request.headers[name]`).
pub(super) fn header(name: &str, values: &[String], excluded: &[String]) -> Option<Condition<Principal>> {
    let condition =
        condition(values, excluded, |value| Value::Match(Principal::Header(matcher::header(name, value))))?;
    Some(Condition { http_only: true, ..condition })
}

/// Identities that tokens tell (`request.auth.principal`): issuer and subject.
pub(super) fn request_principals(values: &[String], excluded: &[String]) -> Option<Condition<Principal>> {
    let condition = condition(values, excluded, |value| Value::Match(request_principal(value)))?;
    Some(Condition { http_only: true, bare: true, ..condition })
}

/// `issuer/subject`. A wildcard in front without a slash is about the subject; one at the end without a slash, about the
/// issuer.
fn request_principal(value: &str) -> Principal {
    let anything = || matcher::text("*");
    let (issuer, subject) = value.rsplit_once('/').map_or((value, None), |(i, s)| (i, Some(s)));
    let (issuer, subject) = match (value, subject) {
        ("*", _) => (anything(), anything()),
        (_, Some(subject)) if value.starts_with('*') => {
            (matcher::text(issuer), StringMatch::Exact(subject.to_owned()))
        }
        (_, None) if value.starts_with('*') => (anything(), matcher::text(value)),
        (_, Some(subject)) if value.ends_with('*') => {
            (StringMatch::Exact(issuer.to_owned()), matcher::text(subject))
        }
        (_, None) if value.ends_with('*') => (matcher::text(value), anything()),
        (_, subject) => (
            StringMatch::Exact(issuer.to_owned()),
            StringMatch::Exact(subject.unwrap_or_default().to_owned()),
        ),
    };
    Principal::And(vec![
        claim(&["iss"], MetadataValue::Text(issuer)),
        claim(&["sub"], MetadataValue::Text(subject)),
    ])
}

/// A claim of a token, which may be a text or a list of them.
pub(super) fn claims(path: &[&str], values: &[String], excluded: &[String]) -> Condition<Principal> {
    let all = |values: &[String]| -> Vec<Value<Principal>> {
        if values.is_empty() {
            return Vec::new();
        }
        let texts = values.iter().map(|value| MetadataValue::Text(matcher::text(value))).collect();
        let value = matcher::one_of(texts);
        let either = MetadataValue::Or(vec![MetadataValue::ListOneOf(Box::new(value.clone())), value]);
        vec![Value::Match(claim(path, either))]
    };
    Condition { values: all(values), excluded: all(excluded), http_only: true, bare: true }
}

fn claim(path: &[&str], value: MetadataValue) -> Principal {
    let path = std::iter::once("payload").chain(path.iter().copied()).map(str::to_owned).collect();
    Principal::Metadata { filter: JWT_FILTER.to_owned(), path, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> (StringMatch, StringMatch) {
        let Principal::And(members) = request_principal(value) else { panic!("not both") };
        let mut texts = members.into_iter().map(|member| match member {
            Principal::Metadata { value: MetadataValue::Text(text), .. } => text,
            other => panic!("{other:?}"),
        });
        (texts.next().unwrap(), texts.next().unwrap())
    }

    #[test]
    fn a_request_principal_is_an_issuer_and_a_subject() {
        let exact = |text: &str| StringMatch::Exact(text.to_owned());
        let any = || StringMatch::Regex(".+".into());
        assert_eq!(parts("https://id/alice"), (exact("https://id"), exact("alice")));
        assert_eq!(parts("*"), (any(), any()));
        assert_eq!(parts("*/alice"), (any(), exact("alice")));
        assert_eq!(parts("*@id"), (any(), StringMatch::Suffix("@id".to_owned())));
        assert_eq!(parts("https://id/*"), (exact("https://id"), any()));
        assert_eq!(parts("issuer*"), (StringMatch::Prefix("issuer".to_owned()), any()));
        assert_eq!(parts("issuer"), (exact("issuer"), exact("")));
    }
}
