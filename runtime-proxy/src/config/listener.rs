//! Listeners as they are in force.

use std::sync::Arc;

use meshc_contract::proxy;

use super::Chain;

/// A listener as it is in force.
#[derive(Debug)]
pub(crate) struct Listener {
    /// What the file says.
    pub(crate) source: proxy::Listener,
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its chains, in the order of the file.
    pub(crate) chains: Vec<Chain>,
    /// The chain for what no other matches.
    pub(crate) default_chain: Option<Chain>,
}
