//! Servers of the Gateways that a workload runs, with names resolved (translation-spec §5.2, §5.3).

use std::sync::Arc;

use meshc_api::Resource;
use meshc_api::istio::{Gateway, Server, ServerTlsMode, ServerTlsSettings};
use meshc_model::Protocol;
use meshc_plan::RouteTableName;

use super::port_translation::listen_port;
use crate::context::ProxyContext;

/// One server of a Gateway on the port that the workload listens on.
#[derive(Debug, Clone)]
pub(super) struct GatewayServer {
    pub(super) gateway: Arc<Resource<Gateway>>,
    /// Index of the server in its Gateway.
    pub(super) index: usize,
    /// Port as the Gateway states it.
    pub(super) port: u16,
    /// Port that the workload listens on.
    pub(super) listen_port: u16,
    pub(super) protocol: Protocol,
    /// Hosts without `*/`, and with `./` replaced by the namespace of the Gateway.
    pub(super) hosts: Vec<String>,
}

impl GatewayServer {
    pub(super) fn server(&self) -> &Server {
        // The index comes from the list itself.
        &self.gateway.spec.servers[self.index]
    }

    /// `<namespace>/<name>` of the Gateway, as VirtualServices name it.
    pub(super) fn gateway_name(&self) -> String {
        format!("{}/{}", self.gateway.namespace(), self.gateway.name())
    }

    pub(super) fn bind(&self) -> Option<&str> {
        self.server().bind.as_deref().filter(|bind| !bind.is_empty())
    }

    pub(super) fn tls(&self) -> Option<&ServerTlsSettings> {
        self.server().tls.as_ref()
    }

    pub(super) fn tls_mode(&self) -> Option<ServerTlsMode> {
        self.tls().map(|tls| tls.mode.unwrap_or(ServerTlsMode::Passthrough))
    }

    /// Whether TLS goes through without being terminated.
    pub(super) fn passes_through(&self) -> bool {
        matches!(self.tls_mode(), Some(ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough))
    }

    /// Whether requests are routed: plain HTTP, or HTTPS that is terminated.
    pub(super) fn is_http(&self) -> bool {
        self.protocol.is_http()
            || (self.protocol == Protocol::Https && self.tls().is_some() && !self.passes_through())
    }

    /// Whether connections are told by server name.
    pub(super) fn is_tls(&self) -> bool {
        self.tls().is_some() && !self.protocol.is_http()
    }

    /// Whether plain HTTP is answered with a redirect to HTTPS.
    pub(super) fn redirects_to_https(&self) -> bool {
        self.tls().is_some_and(|tls| tls.https_redirect == Some(true))
    }

    /// Server names of the hosts, sorted.
    pub(super) fn server_names(&self) -> Vec<String> {
        let name = |host: &String| host.split_once('/').map_or(host.as_str(), |(_, name)| name).to_owned();
        let mut names: Vec<String> = self.hosts.iter().map(name).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Hosts whose routes may come from a namespace, without it.
    pub(super) fn hosts_for(&self, namespace: &str) -> Vec<&str> {
        let host = |host: &'_ String| match host.split_once('/') {
            Some((owner, _)) if owner != namespace && owner != "*" => None,
            Some((owner, _)) => Some(owner.len() + 1),
            None => Some(0),
        };
        self.hosts.iter().filter_map(|text| text.get(host(text)?..)).collect()
    }

    /// The table that routes the requests; `None` where requests are not routed.
    pub(super) fn route_table(&self) -> Option<RouteTableName> {
        let bind = self.bind().map(str::to_owned);
        if self.protocol.is_http() {
            return Some(RouteTableName::GatewayHttp { port: self.listen_port, bind });
        }
        self.is_http().then(|| RouteTableName::GatewayHttps {
            port: self.port,
            port_name: self.port_name().to_owned(),
            gateway: self.gateway.name().to_owned(),
            namespace: self.gateway.namespace().to_owned(),
            bind,
        })
    }

    pub(super) fn port_name(&self) -> &str {
        self.server().port.as_ref().and_then(|port| port.name.as_deref()).unwrap_or_default()
    }

    /// Where the server stands in its Gateway.
    pub(super) fn path(&self) -> String {
        format!("spec.servers[{}]", self.index)
    }
}

/// All servers of a workload, in the order of Gateways and of their servers.
pub(super) fn servers(cx: &ProxyContext<'_>) -> Vec<GatewayServer> {
    let mut servers = Vec::new();
    for gateway in cx.mesh.gateways_for(cx.workload) {
        for (index, server) in gateway.spec.servers.iter().enumerate() {
            let Some(stated) = &server.port else { continue };
            let Some(port) = stated.number.and_then(|number| u16::try_from(number).ok()) else { continue };
            let namespace = gateway.namespace();
            servers.push(GatewayServer {
                index,
                port,
                listen_port: listen_port(cx, port),
                protocol: stated.protocol.as_deref().map_or(Protocol::Unsupported, Protocol::parse),
                hosts: server.hosts.iter().map(|host| sanitized(host, namespace)).collect(),
                gateway: Arc::clone(&gateway),
            });
        }
    }
    servers
}

fn sanitized(host: &str, namespace: &str) -> String {
    match host.split_once('/') {
        Some((".", name)) => format!("{namespace}/{name}"),
        Some(("*", name)) => name.to_owned(),
        _ => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_of_hosts_are_resolved() {
        assert_eq!(sanitized("./a.example", "ns"), "ns/a.example");
        assert_eq!(sanitized("*/a.example", "ns"), "a.example");
        assert_eq!(sanitized("*/*", "ns"), "*");
        assert_eq!(sanitized("other/*", "ns"), "other/*");
        assert_eq!(sanitized("a.example", "ns"), "a.example");
    }
}
