//! HTTP: the server side, filters in Istio's order, and the client side with its pools.
//!
//! Enters: a connection and the chain that took it. Leaves: responses, records and counts. Must not know: how connections are
//! accepted, how endpoints are found and picked, how TLS is done. What matches and what policies decide is the contract's.

mod body;
mod client_cert;
mod connection;
mod cors;
mod drive;
mod exchange;
mod fault;
mod flood;
mod forward;
mod hash;
mod header_operations;
mod jwt;
mod local_reply;
mod mirror;
mod names;
mod pool;
mod read;
mod respond;
mod response_body;
mod retry;
mod route;
mod sanitize;
mod server;
mod service;
mod strict;
mod upgrade;
mod watched;
mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::SpiffeId;

use crate::telemetry;
use crate::upstream::Upstream;

pub(crate) use connection::HttpConnection;
pub(crate) use route::RouteTable;
pub(crate) use server::serve;

/// What HTTP is compiled against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Build<'b> {
    /// Tables of routes that connections name; empty while tables themselves are compiled.
    pub(crate) tables: &'b BTreeMap<String, Arc<RouteTable>>,
    /// Destinations. One that is not there is answered with 503.
    pub(crate) upstreams: &'b BTreeMap<String, Arc<Upstream>>,
    /// Labels of metrics.
    pub(crate) labels: &'b Arc<telemetry::Labels>,
    /// The identity of this proxy (`By` in `x-forwarded-client-cert`).
    pub(crate) identity: &'b SpiffeId,
}
