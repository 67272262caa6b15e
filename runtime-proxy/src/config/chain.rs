//! Filter chains as they are in force, and the way of an open connection to the newest version of its chain.

use std::cell::RefCell;
use std::sync::Arc;

use meshc_contract::proxy;
use meshc_contract::traffic::ChainMatch;

use super::{Config, Shared};
use crate::telemetry::AccessLog;
use crate::{drain, http, tls};

/// A filter chain as it is in force.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    /// What the file says.
    pub(crate) source: Arc<proxy::FilterChain>,
    /// Its name.
    pub(crate) name: Option<Arc<str>>,
    /// TLS that is terminated.
    pub(crate) acceptor: Option<Arc<tls::Acceptor>>,
    /// What takes its connections.
    pub(crate) handler: Handler,
    /// Ends its connections once a reload has removed or changed it.
    pub(crate) drain: Arc<drain::Signal>,
}

/// What takes a connection.
#[derive(Debug, Clone)]
pub(crate) enum Handler {
    /// HTTP.
    Http(Arc<http::HttpConnection>),
    /// Bytes.
    Tcp(Arc<TcpChain>),
}

/// How bytes are passed on.
#[derive(Debug)]
pub(crate) struct TcpChain {
    /// What the file says.
    pub(crate) source: proxy::TcpProxy,
    /// Logs.
    pub(crate) access_logs: Vec<AccessLog>,
}

impl AsRef<ChainMatch> for Chain {
    fn as_ref(&self) -> &ChainMatch {
        &self.source.matches
    }
}

impl Chain {
    /// Whether connections of an earlier version may go on with this one. HTTP asks for what is in force for every request, so that
    /// only another transport ends it; bytes go where they once went, so that nothing of their chain may change but its logs.
    pub(super) fn continues(earlier: &proxy::FilterChain, later: &proxy::FilterChain) -> bool {
        let proxy::FilterChain { name: _, matches, tls, handshake_timeout: _, authorization, handler } =
            earlier;
        let alike = *matches == later.matches && *tls == later.tls && *authorization == later.authorization;
        alike
            && match (handler, &later.handler) {
                (proxy::Handler::Http(_), proxy::Handler::Http(_)) => true,
                (proxy::Handler::Tcp(earlier), proxy::Handler::Tcp(later)) => {
                    earlier.upstreams == later.upstreams
                }
                (proxy::Handler::Http(_), proxy::Handler::Tcp(_))
                | (proxy::Handler::Tcp(_), proxy::Handler::Http(_)) => false,
            }
    }
}

/// What a chain is known by over reloads: the name of its listener and what it matches; `None` is the default chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainKey {
    /// Name of the listener.
    pub(crate) listener: Arc<str>,
    /// What it matches.
    pub(crate) matches: Option<ChainMatch>,
}

/// The chain of an open connection. What handles the connection asks for the newest version for every request, so that a reload
/// acts on open connections.
#[derive(Debug)]
pub(crate) struct ChainRef {
    shared: Arc<Shared>,
    key: ChainKey,
    seen: RefCell<Current>,
}

/// What a request is handled by. All of it belongs together.
#[derive(Debug, Clone)]
pub(crate) struct Current {
    /// The configuration, for route tables and upstreams.
    pub(crate) config: Arc<Config>,
    /// How HTTP is spoken.
    pub(crate) http: Arc<http::HttpConnection>,
}

impl ChainRef {
    /// The chain of a connection that arrived while a configuration was in force.
    pub(crate) fn new(shared: Arc<Shared>, key: ChainKey, now: Current) -> Self {
        Self { shared, key, seen: RefCell::new(now) }
    }

    /// What is in force now. Where the newest configuration has the chain no more, it is what was in force last: the connection
    /// is draining then.
    pub(crate) fn current(&self) -> Current {
        let newest = self.shared.load();
        let mut seen = self.seen.borrow_mut();
        if !Arc::ptr_eq(&newest, &seen.config)
            && let Some(Handler::Http(http)) = newest.chain(&self.key).map(|chain| &chain.handler)
        {
            *seen = Current { config: Arc::clone(&newest), http: Arc::clone(http) };
        }
        seen.clone()
    }
}
