//! The ALPN by which Istio's sidecars tell what a connection carries, and how a stock Envoy writes it.
//!
//! Istio's clients offer `istio-http/1.1` or `istio-h2` for a request and `istio` for bytes, and the server picks its filter
//! chain by that. In Istio's build the HTTP filter `istio.alpn` puts the offer of a request in place of the one of the cluster.
//! A stock Envoy does the same with its filter state `envoy.network.application_protocols`: the filter keeps its name and its
//! place, and it offers only the marker. No `http/1.1` or `h2` stands in the offer, so none is agreed upon, and the server reads
//! from the first bytes which of the two it is. So ports whose protocol is not declared work too.

use std::collections::BTreeMap;

use meshc_plan::UpstreamTlsChoice;

use super::EnvoyFlavor;
use super::xds::{self, Any};

/// Name of the filter, in either build.
pub(super) const FILTER: &str = "istio.alpn";

/// Clients and servers of Istio's build exchange metadata over connections with this ALPN. A stock Envoy cannot, and would
/// hand the exchanged bytes to the application.
const METADATA_EXCHANGE: &str = "istio-peer-exchange";

/// The filter that marks requests.
pub(super) fn filter(flavor: EnvoyFlavor) -> Any {
    match flavor {
        EnvoyFlavor::IstioProxy => Any::IstioAlpn(xds::IstioAlpn {
            alpn_override: vec![
                offer(None, ["istio-http/1.0", "istio", "http/1.0"]),
                offer(Some(xds::AlpnProtocol::Http11), ["istio-http/1.1", "istio", "http/1.1"]),
                offer(Some(xds::AlpnProtocol::Http2), ["istio-h2", "istio", "h2"]),
            ],
        }),
        EnvoyFlavor::Stock => Any::SetFilterState(xds::SetFilterState {
            on_request_headers: vec![xds::FilterStateValue {
                object_key: "envoy.network.application_protocols",
                format_string: Some(xds::SubstitutionFormat {
                    json_format: None,
                    text_format_source: Some(xds::DataSource::text("istio-http/1.1,istio".to_owned())),
                    ..xds::SubstitutionFormat::default()
                }),
            }],
        }),
    }
}

fn offer(upstream_protocol: Option<xds::AlpnProtocol>, protocols: [&'static str; 3]) -> xds::AlpnOverride {
    xds::AlpnOverride { upstream_protocol, alpn_override: protocols.to_vec() }
}

/// Whether the ALPN of an upstream must not be replaced: its TLS is the user's own, and its server need not know Istio.
/// Istio's build reads that from the metadata of the cluster, a stock Envoy is told by the routes.
pub(super) fn is_kept(tls: &UpstreamTlsChoice) -> bool {
    match tls {
        UpstreamTlsChoice::Always(tls) => !tls.istio_mutual,
        UpstreamTlsChoice::Withheld => true,
        UpstreamTlsChoice::None | UpstreamTlsChoice::Auto(_) => false,
    }
}

/// Turns the filter off for one route or one destination.
pub(super) fn off(keep: bool) -> BTreeMap<&'static str, Any> {
    let off = || (FILTER, Any::RouteFilterConfig(xds::RouteFilterConfig { disabled: true }));
    keep.then(off).into_iter().collect()
}

/// ALPN of a TLS context, client or server.
pub(super) fn protocols(alpn: &[String], flavor: EnvoyFlavor) -> Vec<String> {
    let keeps = |protocol: &&String| flavor == EnvoyFlavor::IstioProxy || *protocol != METADATA_EXCHANGE;
    alpn.iter().filter(keeps).cloned().collect()
}
