//! HTTP: the server side, filters in Istio's order, and the client side with its pools.
//!
//! Enters: a connection and the chain that took it. Leaves: responses, records and counts. Must not know: how connections are
//! accepted, how endpoints are found and picked, how TLS is done. What matches and what policies decide is the contract's.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use meshc_contract::SpiffeId;
use meshc_contract::proxy::{self, Direction};

use crate::config::{ChainRef, ConfigError};
use crate::connection::Connection;
use crate::stream::Stream;
use crate::upstream::Upstream;
use crate::{drain, telemetry};

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

/// How HTTP is spoken on a chain.
#[derive(Debug)]
pub(crate) struct HttpConnection {}

/// A table of routes.
#[derive(Debug)]
pub(crate) struct RouteTable {}

impl HttpConnection {
    /// Makes it ready.
    ///
    /// # Errors
    /// If a table, an operator of a log or a header, or a key set cannot be used; paths are relative to the connection.
    pub(crate) fn compile(
        source: &proxy::HttpConnection,
        direction: Direction,
        build: Build<'_>,
    ) -> Result<Self, ConfigError> {
        let _ = (source, direction, build);
        Ok(Self {})
    }
}

impl RouteTable {
    /// Makes it ready.
    ///
    /// # Errors
    /// If an expression or an operator cannot be used; paths are relative to the table.
    pub(crate) fn compile(source: &proxy::RouteTable, build: Build<'_>) -> Result<Self, ConfigError> {
        let _ = (source, build);
        Ok(Self {})
    }
}

/// Speaks HTTP on a connection until it ends. Runs on a `LocalSet` (or local runtime), whose tasks it uses.
pub(crate) async fn serve(stream: Stream, connection: Rc<Connection>, chain: ChainRef, drain: drain::Watch) {
    let _ = (stream, connection, chain, drain);
}
