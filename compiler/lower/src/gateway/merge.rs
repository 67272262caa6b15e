//! Which servers of several Gateways share a port (translation-spec §5.3).

use std::collections::{BTreeMap, BTreeSet};

use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::Protocol;

use super::servers::{GatewayServer, servers};
use crate::context::ProxyContext;

/// Servers of one protocol at one place.
#[derive(Debug)]
pub(super) struct ServerGroup {
    pub(super) listen_port: u16,
    pub(super) bind: Option<String>,
    pub(super) protocol: Protocol,
    pub(super) servers: Vec<GatewayServer>,
}

/// The servers that a gateway workload really runs.
#[derive(Debug, Default)]
pub(super) struct MergedServers {
    /// In the order of the first server of each.
    pub(super) groups: Vec<ServerGroup>,
}

/// Servers that can be told apart; the others are dropped, as istiod drops them, and reported. Older Gateways win.
pub(super) fn merged_servers(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> MergedServers {
    let mut merger = Merger::default();
    for server in servers(cx) {
        let server_of = server.clone();
        if let Err(reason) = merger.add(server) {
            diags.push(conflict(&server_of, reason));
        }
    }
    MergedServers { groups: merger.groups }
}

/// Why a server is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// Another TLS server of the port has one of its hosts.
    Host,
    /// Plain servers of the port speak something else, or cannot be told from it.
    Protocol,
    /// Another server of the port has its route table.
    RouteTable,
}

/// The first plain server of a port decides what may be beside it.
#[derive(Debug, Clone)]
struct Plain {
    protocol: Protocol,
    bind: Option<String>,
}

#[derive(Debug, Default)]
struct Merger {
    groups: Vec<ServerGroup>,
    /// Ports that some server has.
    ports: BTreeSet<u16>,
    plain: BTreeMap<u16, Plain>,
    /// Binds of the TLS servers that have a host on a port.
    tls_hosts: BTreeSet<(u16, Option<String>, String)>,
    tables: BTreeSet<meshc_plan::RouteTableName>,
}

impl Merger {
    fn add(&mut self, server: GatewayServer) -> Result<(), Reason> {
        let port = server.listen_port;
        let bind = server.bind().map(str::to_owned);
        if server.tls().is_some() {
            self.claim_hosts(&server)?;
        }
        let table = server.route_table();
        if self.ports.insert(port) {
            if !server.is_tls() {
                self.plain.insert(port, Plain { protocol: server.protocol, bind });
            }
            self.tables.extend(table);
            self.push(server);
            return Ok(());
        }
        match self.plain.get(&port) {
            Some(plain) => {
                let same_place = plain.bind == bind;
                if same_place && !(plain.protocol.is_http() && server.protocol.is_http()) {
                    return Err(Reason::Protocol);
                }
                let protocol = plain.protocol;
                self.tables.extend(table);
                if same_place {
                    self.push_as(server, protocol);
                } else {
                    self.push(server);
                }
            }
            None => {
                if server.is_http() && table.is_some_and(|table| !self.tables.insert(table)) {
                    return Err(Reason::RouteTable);
                }
                if !server.is_tls() {
                    self.plain.insert(port, Plain { protocol: server.protocol, bind });
                }
                self.push(server);
            }
        }
        Ok(())
    }

    /// Envoy picks a TLS server by name, so a name may stand at one server of a place only.
    fn claim_hosts(&mut self, server: &GatewayServer) -> Result<(), Reason> {
        let key = |host: &String| (server.listen_port, server.bind().map(str::to_owned), host.clone());
        if server.hosts.iter().any(|host| self.tls_hosts.contains(&key(host))) {
            return Err(Reason::Host);
        }
        self.tls_hosts.extend(server.hosts.iter().map(key));
        Ok(())
    }

    fn push(&mut self, server: GatewayServer) {
        let protocol = server.protocol;
        self.push_as(server, protocol);
    }

    fn push_as(&mut self, server: GatewayServer, protocol: Protocol) {
        let bind = server.bind().map(str::to_owned);
        let listen_port = server.listen_port;
        let mut groups = self.groups.iter_mut();
        let same = groups.find(|group| {
            group.listen_port == listen_port && group.bind == bind && group.protocol == protocol
        });
        match same {
            Some(group) => group.servers.push(server),
            None => self.groups.push(ServerGroup { listen_port, bind, protocol, servers: vec![server] }),
        }
    }
}

fn conflict(server: &GatewayServer, reason: Reason) -> Diagnostic {
    let (path, why, help) = match reason {
        Reason::Host => (
            format!("{}.hosts", server.path()),
            "an older TLS server of the port has one of its hosts",
            "let every host stand at one server of a port",
        ),
        Reason::Protocol => (
            format!("{}.port", server.path()),
            "an older server of the port is plain and speaks another protocol",
            "give it a port of its own",
        ),
        Reason::RouteTable => (
            format!("{}.port.name", server.path()),
            "an older server has the same port name",
            "give every HTTPS server of a Gateway a port name of its own",
        ),
    };
    let message = format!("the server is left out: {why}");
    Diagnostic::new(&codes::GATEWAY_SERVER_CONFLICT, message)
        .at(server.gateway.span(&path), "")
        .consequence("requests to its hosts get what the older server does with them")
        .help(help)
        .about(server.gateway.object_ref(), path)
}
