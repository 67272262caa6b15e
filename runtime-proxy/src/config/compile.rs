//! Makes a configuration ready: everything that can be wrong is found here, before anything of it is in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_contract::proxy::{self, Direction, ProxyConfig};

use super::{Chain, ChainKey, Config, ConfigError, Handler, Listener, Source, TcpChain};
use crate::telemetry::{AccessLog, Labels, Metrics};
use crate::upstream::Upstream;
use crate::{drain, http, tls};

/// Makes a configuration ready. What did not change since the previous one is taken over with its state. Files that are named are
/// read.
///
/// # Errors
/// The first thing that is wrong, with its JSON path. An upstream that a route names and that does not exist is no error: its
/// requests are answered with 503, as in Envoy.
pub(crate) fn compile(
    source: Source,
    previous: Option<&Config>,
    metrics: &Arc<Metrics>,
) -> Result<Config, ConfigError> {
    let Source { config: source, digest } = source;
    let store = previous.map_or_else(|| tls::Store::new(&source), |previous| previous.tls.next(&source));
    let labels = Arc::new(Labels::new(&source, metrics));
    let upstreams = upstreams(&source, previous, &store)?;
    let no_tables = BTreeMap::new();
    let build = http::Build {
        tables: &no_tables,
        upstreams: &upstreams,
        labels: &labels,
        identity: &source.node.identity,
    };
    let mut tables = BTreeMap::new();
    for (name, table) in &source.route_tables {
        let compiled = http::RouteTable::compile(table, build)
            .map_err(|error| error.under(format!("routeTables[\"{name}\"]")))?;
        tables.insert(name.clone(), Arc::new(compiled));
    }
    let build = http::Build { tables: &tables, ..build };
    let mut listeners = BTreeMap::new();
    let (mut bound, mut handovers) = (BTreeMap::new(), BTreeMap::new());
    for (at, listener) in source.listeners.iter().enumerate() {
        let compiled = ListenerBuild { listener, previous, build, store: &store }
            .compile()
            .map_err(|error| error.under(format!("listeners[{at}]")))?;
        let compiled = Arc::new(compiled);
        for (index, bind) in listener.bind.iter().enumerate() {
            let taken = compiled.binds() && bound.insert(bind.clone(), Arc::clone(&compiled)).is_some();
            let key = (listener.direction, bind.clone());
            if taken || (compiled.takes_captured() && handovers.insert(key, Arc::clone(&compiled)).is_some())
            {
                let problem = "another listener has this address already";
                return Err(ConfigError::new(format!("listeners[{at}].bind[{index}]"), problem));
            }
        }
        if listeners.insert(Arc::clone(&compiled.name), compiled).is_some() {
            let problem = format!("there are two listeners `{}`", listener.name);
            return Err(ConfigError::new(format!("listeners[{at}].name"), problem));
        }
    }
    Ok(Config { digest, listeners, bound, handovers, upstreams, labels, tls: store, source })
}

fn upstreams(
    source: &ProxyConfig,
    previous: Option<&Config>,
    store: &tls::Store,
) -> Result<BTreeMap<String, Arc<Upstream>>, ConfigError> {
    let one = |(name, settings): (&String, &proxy::Upstream)| {
        let before = previous.and_then(|previous| previous.upstreams.get(name));
        let compiled = Upstream::compile(name, settings, before, store);
        let compiled = compiled.map_err(|error| error.under(format!("upstreams[\"{name}\"]")))?;
        Ok((name.clone(), compiled))
    };
    source.upstreams.iter().map(one).collect()
}

struct ListenerBuild<'b> {
    listener: &'b proxy::Listener,
    previous: Option<&'b Config>,
    build: http::Build<'b>,
    store: &'b tls::Store,
}

impl ListenerBuild<'_> {
    /// Makes a listener ready.
    fn compile(&self) -> Result<Listener, ConfigError> {
        let listener = self.listener;
        let name: Arc<str> = listener.name.as_str().into();
        let mut chains: Vec<Chain> = Vec::new();
        for (at, chain) in listener.chains.iter().enumerate() {
            if let Some(twin) = chains.iter().position(|other| other.source.matches == chain.matches) {
                let problem = format!("it matches the same connections as chains[{twin}]");
                return Err(ConfigError::new(format!("chains[{at}].matches"), problem));
            }
            let key = ChainKey { listener: Arc::clone(&name), matches: Some(chain.matches.clone()) };
            let compiled = self.chain(chain, &key).map_err(|error| error.under(format!("chains[{at}]")))?;
            chains.push(compiled);
        }
        let key = ChainKey { listener: Arc::clone(&name), matches: None };
        let default_chain = listener.default_chain.as_ref();
        let default_chain = default_chain.map(|chain| self.chain(chain, &key)).transpose();
        let default_chain = default_chain.map_err(|error| error.under("defaultChain"))?;
        let access_logs = access_logs(&listener.access_logs)?;
        Ok(Listener { source: listener.clone(), name, chains, default_chain, access_logs })
    }

    fn chain(&self, chain: &proxy::FilterChain, key: &ChainKey) -> Result<Chain, ConfigError> {
        let acceptor =
            chain.tls.as_ref().map(|settings| tls::Acceptor::compile(settings, self.store)).transpose();
        let acceptor = acceptor.map_err(|error| ConfigError::new("tls", error))?.map(Arc::new);
        let handler = self.handler(&chain.handler, self.listener.direction)?;
        let before = self.previous.and_then(|previous| previous.chain(key));
        let before = before.filter(|before| Chain::continues(&before.source, chain));
        let drain = before.map_or_else(|| Arc::new(drain::Signal::new()), |before| Arc::clone(&before.drain));
        let name = chain.name.as_deref().map(Into::into);
        Ok(Chain { source: Arc::new(chain.clone()), name, acceptor, handler, drain })
    }

    fn handler(&self, handler: &proxy::Handler, direction: Direction) -> Result<Handler, ConfigError> {
        match handler {
            proxy::Handler::Http(source) => {
                let compiled = http::HttpConnection::compile(source, direction, self.build);
                let compiled = compiled.map_err(|error| error.under("handler.http"))?;
                Ok(Handler::Http(Arc::new(compiled)))
            }
            proxy::Handler::Tcp(source) => {
                let access_logs =
                    access_logs(&source.access_logs).map_err(|error| error.under("handler.tcp"))?;
                if source.upstreams.is_empty() {
                    return Err(ConfigError::new("handler.tcp.upstreams", "bytes need a destination"));
                }
                Ok(Handler::Tcp(Arc::new(TcpChain { source: source.clone(), access_logs })))
            }
        }
    }
}

fn access_logs(logs: &[proxy::AccessLog]) -> Result<Vec<AccessLog>, ConfigError> {
    let one = |(at, log)| {
        AccessLog::compile(log).map_err(|problem| ConfigError::new(format!("accessLogs[{at}]"), problem))
    };
    logs.iter().enumerate().map(one).collect()
}
