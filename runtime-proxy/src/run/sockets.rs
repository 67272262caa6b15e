//! What is bound, over reloads.

use std::collections::BTreeMap;

use meshc_contract::proxy::{Bind, Capture};

use super::worker::{Command, Worker};
use crate::config::{Config, ConfigError};
use crate::listener::{self, Bound};

/// Everything that is bound, and the threads that have it.
#[derive(Debug)]
pub(crate) struct Sockets {
    workers: Vec<Worker>,
    bound: Vec<Bind>,
}

/// Sockets that a configuration needs and those that it needs no more. Dropped, it changes nothing.
#[derive(Debug)]
pub(crate) struct Change {
    open: BTreeMap<Bind, Vec<Bound>>,
    close: Vec<Bind>,
}

impl Sockets {
    /// Nothing is bound yet.
    pub(super) fn new(workers: Vec<Worker>) -> Self {
        Self { workers, bound: Vec::new() }
    }

    /// Binds what a configuration needs and nobody has bound yet. Connections wait until it is applied.
    ///
    /// # Errors
    /// The first address that cannot be bound. Nothing is changed then.
    pub(crate) fn prepare(&self, config: &Config) -> Result<Change, ConfigError> {
        let mut open = BTreeMap::new();
        for (at, listener) in config.source.listeners.iter().enumerate() {
            let binds = listener.capture != Capture::ByOriginalDestination;
            for (index, bind) in listener.bind.iter().enumerate().filter(|_| binds) {
                if self.bound.contains(bind) {
                    continue;
                }
                let bound = listener::bind(bind, listener.capture, self.workers.len()).map_err(|error| {
                    let problem = format!("{} cannot be bound: {error}", spelled(bind));
                    ConfigError::new(format!("listeners[{at}].bind[{index}]"), problem)
                })?;
                open.insert(bind.clone(), bound);
            }
        }
        let close = self.bound.iter().filter(|bind| !config.bound.contains_key(bind)).cloned().collect();
        Ok(Change { open, close })
    }

    /// Begins to accept connections of what was bound, and ends to where it is needed no more.
    pub(crate) async fn apply(&mut self, change: Change) {
        let Change { open, close } = change;
        for (bind, sockets) in open {
            for (worker, bound) in self.workers.iter().zip(sockets) {
                worker.tell(Command::Listen { bind: bind.clone(), bound }).await;
            }
            self.bound.push(bind);
        }
        for bind in close {
            for worker in &self.workers {
                worker.tell(Command::Stop { bind: bind.clone() }).await;
            }
            self.bound.retain(|other| *other != bind);
        }
    }
}

fn spelled(bind: &Bind) -> String {
    match bind {
        Bind::Ip(ip, port) => std::net::SocketAddr::new(*ip, *port).to_string(),
        Bind::Unix(path) => path.clone(),
    }
}
