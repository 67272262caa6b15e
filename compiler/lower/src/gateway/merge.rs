//! Which servers of several Gateways share a port (translation-spec §5.3).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use meshc_api::istio::Gateway;
use meshc_api::{Precedence, Resource};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_model::Protocol;

use super::servers::{GatewayServer, servers};
use super::{port_translation, reserved};
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

/// Servers that can be told apart; the others are dropped, as istiod drops them, and reported. Older Gateways win, then those
/// whose name sorts first. Those on ports of the proxy itself are dropped, too.
pub(super) fn merged_servers(cx: &ProxyContext<'_>, diags: &mut Diagnostics) -> MergedServers {
    let mut merger = Merger::default();
    let servers = servers(cx);
    port_translation::report_order(cx, &servers, diags);
    for server in servers {
        let place = Place::of(&server);
        if let Err(conflict) = merger.add(server) {
            diags.push(conflict.about(&place));
        }
    }
    let (taken, groups): (Vec<_>, Vec<_>) =
        merger.groups.into_iter().partition(|group| reserved::is_taken(cx, group));
    taken.iter().flat_map(|group| &group.servers).for_each(|server| diags.push(reserved::finding(server)));
    MergedServers { groups }
}

/// Where a server stands.
#[derive(Debug, Clone)]
struct Place {
    gateway: Arc<Resource<Gateway>>,
    /// Path of the server in its Gateway.
    path: String,
}

impl Place {
    fn of(server: &GatewayServer) -> Self {
        Self { gateway: Arc::clone(&server.gateway), path: server.path() }
    }
}

/// Why a server is dropped, and for which other one.
#[derive(Debug, Clone)]
struct Conflict {
    reason: Reason,
    winner: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    /// Another TLS server of the port has one of its hosts, namely this one.
    Host(String),
    /// A plain server of the port speaks this; only HTTP can be told from HTTP.
    Protocol(Protocol),
    /// Another server of the port has its route table.
    RouteTable,
}

/// The first plain server of a port decides what may be beside it.
#[derive(Debug, Clone)]
struct Plain {
    protocol: Protocol,
    bind: Option<String>,
    place: Place,
}

#[derive(Debug, Default)]
struct Merger {
    groups: Vec<ServerGroup>,
    /// Ports that some server has.
    ports: BTreeSet<u16>,
    plain: BTreeMap<u16, Plain>,
    /// Which TLS server has a host at a bind of a port.
    tls_hosts: BTreeMap<(u16, Option<String>, String), Place>,
    tables: BTreeMap<meshc_plan::RouteTableName, Place>,
}

impl Merger {
    fn add(&mut self, server: GatewayServer) -> Result<(), Conflict> {
        let port = server.listen_port;
        let bind = server.bind().map(str::to_owned);
        if server.tls().is_some() {
            self.claim_hosts(&server)?;
        }
        let place = Place::of(&server);
        let table = server.route_table();
        if self.ports.insert(port) {
            if !server.is_tls() {
                self.plain.insert(port, Plain { protocol: server.protocol, bind, place: place.clone() });
            }
            self.tables.extend(table.map(|table| (table, place)));
            self.push(server);
            return Ok(());
        }
        match self.plain.get(&port) {
            Some(plain) => {
                let same_place = plain.bind == bind;
                if same_place && !(plain.protocol.is_http() && server.protocol.is_http()) {
                    return Err(Conflict {
                        reason: Reason::Protocol(plain.protocol),
                        winner: plain.place.clone(),
                    });
                }
                let protocol = plain.protocol;
                self.claim_table(table, place);
                if same_place {
                    self.push_as(server, protocol);
                } else {
                    self.push(server);
                }
            }
            None => {
                if server.is_http()
                    && let Some(winner) = self.claim_table(table, place.clone())
                {
                    return Err(Conflict { reason: Reason::RouteTable, winner });
                }
                if !server.is_tls() {
                    self.plain.insert(port, Plain { protocol: server.protocol, bind, place });
                }
                self.push(server);
            }
        }
        Ok(())
    }

    /// Envoy picks a TLS server by name, so a name may stand at one server of a place only.
    fn claim_hosts(&mut self, server: &GatewayServer) -> Result<(), Conflict> {
        let key = |host: &String| (server.listen_port, server.bind().map(str::to_owned), host.clone());
        let taken = server.hosts.iter().find_map(|host| Some((host, self.tls_hosts.get(&key(host))?)));
        if let Some((host, winner)) = taken {
            return Err(Conflict { reason: Reason::Host(host.clone()), winner: winner.clone() });
        }
        self.tls_hosts.extend(server.hosts.iter().map(|host| (key(host), Place::of(server))));
        Ok(())
    }

    /// Takes a route table; where another server has it, says which one.
    fn claim_table(&mut self, table: Option<meshc_plan::RouteTableName>, place: Place) -> Option<Place> {
        match self.tables.entry(table?) {
            Entry::Occupied(taken) => Some(taken.get().clone()),
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        }
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

impl Conflict {
    /// The finding about the server that is left out.
    fn about(self, loser: &Place) -> Diagnostic {
        let Self { reason, winner } = self;
        let same_gateway = Arc::ptr_eq(&winner.gateway, &loser.gateway);
        let whose =
            if same_gateway { "its Gateway".to_owned() } else { winner.gateway.object_ref().to_string() };
        let (field, why, help) = match reason {
            Reason::Host(host) => (
                "hosts",
                format!("{whose} has `{host}` at another TLS server of the port"),
                "let every host stand at one server of a port",
            ),
            Reason::Protocol(protocol) => (
                "port",
                format!(
                    "{whose} has a plain {} server on the port, and only HTTP can share one",
                    protocol.name()
                ),
                "give it a port of its own",
            ),
            Reason::RouteTable => (
                "port.name",
                format!("{whose} has another server with the same port name"),
                "give every HTTPS server of a Gateway a port name of its own",
            ),
        };
        let (because, help) = if same_gateway {
            ("it comes first", help.to_owned())
        } else {
            let precedence = Precedence::of(winner.gateway.creation_key(), loser.gateway.creation_key());
            (precedence.reason(), precedence.help(help))
        };
        let path = format!("{}.{field}", loser.path);
        Diagnostic::new(&codes::GATEWAY_SERVER_CONFLICT, format!("the server is left out: {why}"))
            .at(loser.gateway.span(&path), "has no effect")
            .related(
                winner.gateway.span(&format!("{}.{field}", winner.path)),
                format!("this one counts: {because}"),
            )
            .consequence(format!("requests to its hosts get what that server of {whose} does with them"))
            .help(help)
            .about(loser.gateway.object_ref(), path)
    }
}
