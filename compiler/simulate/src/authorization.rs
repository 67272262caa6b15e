//! Authorization filters.

use std::net::IpAddr;

use meshc_contract::traffic::authorization::{self, Decision, Facts};
use meshc_plan::AuthorizationFilter;
use serde_json::Value;

use crate::network::Connection;
use crate::request::HttpRequest;
use crate::tls::Transport;
use crate::trace::PolicyDecision;

/// What a filter decides of a connection, and of the request on it once there is one. Rules that are only a dry run, and audits,
/// change nothing. `remote` is the address of the client as trusted headers tell it.
pub(crate) fn decide<'p>(
    filter: &'p AuthorizationFilter,
    connection: Connection<'_>,
    request: Option<&HttpRequest>,
    remote: Option<IpAddr>,
    claims: Option<&Value>,
) -> PolicyDecision<'p> {
    let AuthorizationFilter { action, rules, dry_run: _, origin: _ } = filter;
    let call = connection.call;
    let peer = match connection.transport {
        Transport::Plain | Transport::Opaque => None,
        Transport::Terminated { mutual } => {
            let identity = call.identity.as_ref().filter(|_| mutual);
            Some(identity.map(ToString::to_string).unwrap_or_default())
        }
    };
    let facts = Facts {
        request,
        peer: peer.as_deref(),
        direct_remote: call.source,
        remote,
        destination: call.dialled.ip(),
        destination_port: call.port,
        server_name: &connection.inspected.server_name,
        claims,
    };
    let Decision { allowed, rule } = authorization::decide(*action, rules.as_deref(), &facts);
    PolicyDecision { filter, rule, allowed }
}
