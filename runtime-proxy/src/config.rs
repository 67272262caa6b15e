//! The configuration that is in force, compiled from the file.

mod chain;
mod compile;
mod error;
mod listener;
mod place;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use meshc_contract::proxy::{Bind, Direction, ProxyConfig};

pub(crate) use chain::{Chain, ChainKey, ChainRef, Current, Handler, TcpChain};
pub(crate) use compile::compile;
pub(crate) use error::ConfigError;
pub(crate) use listener::Listener;
pub(crate) use read::{Source, read};

use crate::telemetry::Labels;
use crate::{tls, upstream};

/// The configuration that is in force. It never changes; a reload puts another one in its place.
#[derive(Debug)]
pub(crate) struct Config {
    /// What the file says.
    pub(crate) source: ProxyConfig,
    /// SHA-256 of the file, lower-case hex.
    pub(crate) digest: String,
    /// Listeners by name.
    pub(crate) listeners: BTreeMap<Arc<str>, Arc<Listener>>,
    /// Listeners by what they bind.
    pub(crate) bound: BTreeMap<Bind, Arc<Listener>>,
    /// Listeners by direction and by the address whose captured connections are theirs.
    pub(crate) handovers: BTreeMap<(Direction, Bind), Arc<Listener>>,
    /// Destinations by name. One that did not change is the same as before a reload, with its connections and ejections.
    pub(crate) upstreams: BTreeMap<String, Arc<upstream::Upstream>>,
    /// Labels of metrics.
    pub(crate) labels: Arc<Labels>,
    /// Key material.
    pub(crate) tls: tls::Store,
}

/// The configuration in force, wherever it is needed.
pub(crate) type Shared = ArcSwap<Config>;

impl Config {
    /// A chain by what it is known by over reloads.
    pub(crate) fn chain(&self, key: &ChainKey) -> Option<&Chain> {
        let listener = self.listeners.get(&key.listener)?;
        match &key.matches {
            Some(matches) => listener.chains.iter().find(|chain| chain.source.matches == *matches),
            None => listener.default_chain.as_ref(),
        }
    }

    /// All chains.
    pub(crate) fn chains(&self) -> impl Iterator<Item = &Chain> {
        self.listeners.values().flat_map(|listener| listener.chains.iter().chain(&listener.default_chain))
    }
}
