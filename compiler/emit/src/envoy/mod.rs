//! Envoy v3 configuration: static bootstraps and the resources in them.
//!
//! Enters: a plan and what the user chose about his Envoy. Leaves: files, each a pure function of both. Names, order and
//! defaults are Istio's; one feature has one file here, named as in the plan.
//!
//! Two sets are emitted. `bootstrap/<proxy>/` is one static bootstrap with the descriptions of its secrets, in the layout that
//! the proxy has below `/etc/meshc`. `xds/<proxy>/` is the part of it that the plan makes, as protojson arrays:
//! `listeners.json` and `clusters.json` hold those resources as they stand in the bootstrap. A static bootstrap has no route
//! resources: a table that istiod would serve over RDS stands inside of each connection manager that names it. `routes.json`
//! lists these tables once more, for readers and for tools that look for them there.

mod access_log;
mod alpn;
mod authorization;
mod bootstrap;
mod chain;
mod check;
mod cluster;
mod connection_pool;
mod cors;
mod discovery;
mod downstream_tls;
mod emitted_proxy;
mod emitter;
mod endpoints;
mod fault;
mod findings;
mod hash_policy;
mod headers;
mod http_connection;
mod http_filter;
mod jwt;
mod listener;
mod listener_filters;
mod load_balancing;
mod metadata;
mod metadata_exchange;
mod mirror;
pub mod names;
mod network_filter;
mod options;
mod outlier;
mod probe;
mod redirect;
mod references;
mod resource_list;
mod retry;
mod route;
mod route_match;
mod secrets;
mod stateful_session;
mod stats;
mod tracer;
mod tracing;
mod upstream_tls;
mod values;
mod xds;

pub use emitted_proxy::EmittedProxy;
pub use emitter::Emitter;
pub use options::{EnvoyFlavor, EnvoyOptions, EnvoySets, EnvoyVersion};
pub use probe::probe_path;
pub use references::UsedUpstreams;
pub(crate) use references::named_by;
pub use resource_list::{ResourceKind, ResourceList};
pub use secrets::{CONFIG_DIRECTORY, CREDENTIALS_DIRECTORY, CredentialMount, IDENTITY_DIRECTORY};
pub use tracing::{CANONICAL_REVISION, CANONICAL_SERVICE};
