//! What a client says of itself and of the way a request came: believed, corrected or removed (Envoy's
//! `ConnectionManagerUtility::mutateRequestHeaders`).

use std::net::IpAddr;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use meshc_contract::traffic::authorization::in_network;

use super::HttpConnection;
use super::exchange::Client;
use super::names::{
    CONNECTION, EDGE_ONLY, ENVOY_EXTERNAL_ADDRESS, ENVOY_INTERNAL, FORWARDED_FOR, FORWARDED_PORT,
    FORWARDED_PROTO, HTTP2_SETTINGS, INTERNAL_ONLY, KEEP_ALIVE, PROXY_CONNECTION, REQUEST_ID, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use super::read::Head;
use crate::upstream::random;

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// Address of the client, as trusted headers tell it.
    pub(super) remote: IpAddr,
    /// Whether it sent `x-envoy-*` headers and is inside, so that they are believed.
    pub(super) asks: bool,
}

/// Networks that count as internal where nothing else is said.
const INTERNAL: [(IpAddr, u8); 5] = [
    (IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(std::net::Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), 128),
];

/// Believes, corrects and removes; says where the request comes from.
pub(super) fn sanitize(http: &HttpConnection, client: &Client, head: &mut Head) -> Origin {
    let connection = &client.connection;
    let secure = connection.peer.is_some();
    let scheme = if secure { "https" } else { "http" };
    let direct = connection.remote.ip().to_canonical();
    let headers = &mut head.parts.headers;
    let said = Said::of(headers);
    let hops = usize::try_from(http.trusted_hops).unwrap_or(usize::MAX);
    let (remote, trusted) = if http.use_remote_address {
        // Only what the proxies in front added is believed, and this proxy is the first of them.
        let first = !(said.forwarded && headers.contains_key(FORWARDED_FOR));
        let claimed =
            if hops > 0 { last_forwarded(headers, hops - 1).map(|(address, _)| address) } else { None };
        append(headers, first, direct, &client.address);
        if hops == 0 || !headers.contains_key(FORWARDED_PROTO) {
            headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
        }
        if http.append_forwarded_port && (hops == 0 || !headers.contains_key(FORWARDED_PORT)) {
            headers.insert(FORWARDED_PORT, HeaderValue::from(connection.destination.port()));
        }
        (claimed.unwrap_or(direct), first)
    } else {
        last_forwarded(headers, hops).unwrap_or((direct, false))
    };
    head.scheme = match headers.get(FORWARDED_PROTO).map(HeaderValue::as_bytes) {
        Some(b"https") => "https",
        Some(b"http") => "http",
        _ => {
            headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
            scheme
        }
    };
    let internal = trusted && is_internal(&http.internal_networks, remote);
    let edge = !internal && http.use_remote_address;
    if internal {
        headers.insert(ENVOY_INTERNAL, HeaderValue::from_static("true"));
    } else {
        if said.envoy {
            headers.remove(ENVOY_INTERNAL);
            INTERNAL_ONLY.iter().for_each(|name| drop(headers.remove(name)));
            if edge {
                EDGE_ONLY.iter().for_each(|name| drop(headers.remove(name)));
            }
        }
        if edge {
            let spelled = if remote == direct {
                Ok(client.address.clone())
            } else {
                HeaderValue::from_str(&remote.to_string())
            };
            if let Ok(address) = spelled {
                headers.insert(ENVOY_EXTERNAL_ADDRESS, address);
            }
        }
    }
    if http.generate_request_id && (edge || !said.request_id) {
        headers.insert(REQUEST_ID, request_id());
    }
    Origin { remote, asks: internal && said.envoy }
}

/// What kinds of headers a client sent, by one look at all names: most clients send none, and each search for one costs more.
#[derive(Debug, Default)]
struct Said {
    /// `x-forwarded-*`.
    forwarded: bool,
    /// `x-envoy-*`.
    envoy: bool,
    request_id: bool,
}

impl Said {
    fn of(headers: &HeaderMap) -> Self {
        let mut said = Self::default();
        for rest in headers.keys().filter_map(|name| name.as_str().strip_prefix("x-")) {
            said.forwarded |= rest.starts_with("forwarded-");
            said.envoy |= rest.starts_with("envoy-");
            said.request_id |= rest == "request-id";
        }
        said
    }
}

fn is_internal(networks: &[(IpAddr, u8)], address: IpAddr) -> bool {
    let networks = if networks.is_empty() { INTERNAL.as_slice() } else { networks };
    networks.iter().any(|(network, length)| in_network(Some(address), *network, *length))
}

/// Adds the address of the client; `spelled` is the same as a header has it.
fn append(headers: &mut HeaderMap, first: bool, address: IpAddr, spelled: &HeaderValue) {
    if first {
        headers.insert(FORWARDED_FOR, spelled.clone());
        return;
    }
    let before: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let value = format!("{},{address}", before.join(","));
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(FORWARDED_FOR, value);
    }
}

/// The last address of `x-forwarded-for` once some are skipped, and whether it is the only one.
fn last_forwarded(headers: &HeaderMap, skipped: usize) -> Option<(IpAddr, bool)> {
    if !headers.contains_key(FORWARDED_FOR) {
        return None;
    }
    let values: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let all = values.join(",");
    let address = all.rsplit(',').nth(skipped)?.trim().parse().ok()?;
    Some((address, !all.contains(',')))
}

/// A random UUID (version 4).
fn request_id() -> HeaderValue {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random().to_be_bytes());
    bytes[8..].copy_from_slice(&random().to_be_bytes());
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = [b'-'; 36];
    // Digits come in groups of 8, 4, 4, 4 and 12.
    let places = (0..8).chain(9..13).chain(14..18).chain(19..23).chain(24..36);
    for (at, place) in places.enumerate() {
        let byte = bytes[at / 2];
        text[place] = HEX[usize::from(if at % 2 == 0 { byte >> 4 } else { byte & 15 })];
    }
    HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("-"))
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    let name = name.as_str();
    // Most names are of another length, which is seen without a look at their letters.
    matches!(name.len(), 2 | 7 | 10 | 14 | 16 | 17)
        && matches!(
            name,
            "keep-alive" | "proxy-connection" | "transfer-encoding" | "http2-settings" | "upgrade" | "te"
        )
}

/// Removes what `Connection` names.
fn remove_named(headers: &mut HeaderMap) {
    let kept = |name: &str| {
        // What the proxy itself acts on must not be removed by the client's word (`Connection: x-forwarded-for`).
        matches!(name, "te" | "close" | "keep-alive" | "upgrade" | "host" | "cookie" | "x-request-id")
            || name.starts_with("x-forwarded-")
            || name.starts_with("x-envoy-")
    };
    let named: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        // Most say `close` or `keep-alive`, which needs no memory.
        .filter(|name| !kept(name))
        .map(str::to_ascii_lowercase)
        .filter(|name| !kept(name))
        .collect();
    for name in named {
        headers.remove(name);
    }
}

/// Removes what only one hop may see: `Connection`, what it names, and their kin. `te: trailers` stays, which gRPC needs.
pub(super) fn strip_hop_by_hop(headers: &mut HeaderMap, keep_upgrade: bool) {
    // Most heads have none but `Connection`, and a look at every name is cheaper than asking for each of these.
    let others = headers.keys().any(is_hop_by_hop);
    if headers.contains_key(CONNECTION) {
        remove_named(headers);
        headers.remove(CONNECTION);
    }
    if !keep_upgrade && !others {
        return;
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, TRANSFER_ENCODING, HTTP2_SETTINGS] {
        headers.remove(name);
    }
    if keep_upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    } else {
        headers.remove(UPGRADE);
    }
    if let Some(te) = headers.get(TE) {
        let trailers = te
            .to_str()
            .is_ok_and(|te| te.split(',').any(|coding| coding.trim().eq_ignore_ascii_case("trailers")));
        if trailers {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        } else {
            headers.remove(TE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in list {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_last_address_that_is_trusted_counts() {
        let two = headers(&[("x-forwarded-for", "1.1.1.1, 2.2.2.2"), ("x-forwarded-for", "3.3.3.3")]);
        let address = |skipped| last_forwarded(&two, skipped).map(|(address, _)| address.to_string());
        assert_eq!(address(0).as_deref(), Some("3.3.3.3"));
        assert_eq!(address(2).as_deref(), Some("1.1.1.1"));
        assert_eq!(address(3), None);
        assert_eq!(
            last_forwarded(&headers(&[("x-forwarded-for", "10.0.0.1")]), 0).map(|(_, one)| one),
            Some(true)
        );
        assert_eq!(last_forwarded(&headers(&[("x-forwarded-for", "nobody")]), 0), None);
    }

    #[test]
    fn only_one_hop_sees_what_connection_names() {
        let mut all = headers(&[
            ("connection", "close, X-Secret, x-forwarded-for"),
            ("x-secret", "1"),
            ("x-forwarded-for", "1.1.1.1"),
            ("keep-alive", "1"),
            ("proxy-connection", "1"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("http2-settings", "x"),
            ("te", "gzip, Trailers"),
            ("a", "b"),
        ]);
        strip_hop_by_hop(&mut all, false);
        let left: Vec<&str> = all.keys().map(::http::HeaderName::as_str).collect();
        assert_eq!(left.len(), 3, "{left:?}");
        assert_eq!(all["te"], "trailers");
        assert!(all.contains_key("a") && all.contains_key("x-forwarded-for"));
        let mut other = headers(&[("te", "gzip")]);
        strip_hop_by_hop(&mut other, false);
        assert!(other.is_empty());
    }

    #[test]
    fn request_ids_are_random_uuids() {
        let id = request_id();
        let text = id.to_str().unwrap();
        assert_eq!(text.len(), 36);
        assert_eq!((&text[14..15], text.matches('-').count()), ("4", 4));
        assert_ne!(id, request_id());
    }

    #[test]
    fn internal_networks_are_those_that_are_stated() {
        assert!(
            is_internal(&[], "10.1.2.3".parse().unwrap()) && !is_internal(&[], "8.8.8.8".parse().unwrap())
        );
        let stated = [("8.8.0.0".parse().unwrap(), 16)];
        assert!(is_internal(&stated, "8.8.8.8".parse().unwrap()));
        assert!(!is_internal(&stated, "10.1.2.3".parse().unwrap()));
    }
}
