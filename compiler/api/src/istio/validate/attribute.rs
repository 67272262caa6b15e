//! Attributes in the conditions of an AuthorizationPolicy.

use super::address as ip;

/// What is asked of a value.
pub(super) type Check = fn(&str) -> Result<(), String>;

/// How the values of an attribute are checked, by its key.
pub(super) fn check_of(key: &str) -> Result<Check, String> {
    let any: Check = |_| Ok(());
    match key {
        "source.ip" | "remote.ip" | "destination.ip" => Ok(address),
        "destination.port" => Ok(port),
        "source.namespace"
        | "source.principal"
        | "source.serviceAccount"
        | "source.trustDomain"
        | "request.auth.principal"
        | "request.auth.audiences"
        | "request.auth.presenter"
        | "connection.sni" => Ok(any),
        "destination.namespace" => {
            Err("`destination.namespace` is the namespace of the policy itself".to_owned())
        }
        "destination.name" | "destination.user" => Err(format!("Istio has given up the attribute `{key}`")),
        _ if key.starts_with("destination.labels") => {
            Err(format!("`{key}` is what the `selector` of the policy says"))
        }
        _ if ["request.headers", "request.auth.claims", "experimental.envoy.filters."]
            .iter()
            .any(|prefix| key.starts_with(prefix)) =>
        {
            if is_entry(key) {
                Ok(any)
            } else {
                Err(format!("`{key}` needs a name in brackets at its end"))
            }
        }
        _ => Err(format!("Istio knows no attribute `{key}`")),
    }
}

/// Whether a key is of the form `attribute[name]`.
fn is_entry(key: &str) -> bool {
    key.strip_suffix(']')
        .and_then(|key| key.split_once('['))
        .is_some_and(|(map, name)| !map.is_empty() && !name.is_empty())
}

/// An address of IP or a block of them.
pub(super) fn address(text: &str) -> Result<(), String> {
    ip::subnet(text)
}

/// A port number, 0 included.
pub(super) fn port(text: &str) -> Result<(), String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.parse::<u16>().is_ok() { Ok(()) } else { Err(format!("`{text}` is not a port number")) }
}

#[cfg(test)]
mod tests {
    use super::check_of;

    #[test]
    fn attributes_are_known_by_their_keys() {
        for key in ["source.ip", "request.headers[:authority]", "request.auth.claims[a][b]", "connection.sni"]
        {
            assert!(check_of(key).is_ok(), "{key}");
        }
        for key in
            ["key1", "request.headers", "request.headers[]", "destination.labels[a]", "destination.user", ""]
        {
            assert!(check_of(key).is_err(), "{key}");
        }
        assert!(check_of("source.ip").unwrap()("a.b.c.d").is_err());
        assert!(check_of("destination.port").unwrap()("65536").is_err());
    }
}
