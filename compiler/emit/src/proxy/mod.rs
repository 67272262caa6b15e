//! Configuration of the bundled proxy, `meshc-proxy`: one file, `proxy.json`, in the types of `meshc-contract`.
//!
//! Enters: a plan. Leaves: a file for each proxy that runs `meshc-proxy`, a pure function of the plan, and findings about what
//! only Envoy does. Names are Istio's, as with Envoy; one feature has one file here, named as in the plan.
//!
//! Nothing of the plan is dropped in silence. A field is taken over, or it has no meaning for this proxy (a statistic of Envoy's,
//! a name in traces), or it is one of the [`features`](feature) that the proxy lacks: then the build fails, or warns where
//! traffic goes the same way without it.

mod access_log;
mod authorization;
mod chain;
mod connection_pool;
mod discovery;
mod downstream_tls;
mod emitted_config;
mod emitter;
pub(crate) mod feature;
mod findings;
mod http_connection;
mod http_filter;
mod jwt;
mod key_material;
mod listener;
mod load_balancing;
mod network_filter;
mod node;
mod outlier;
mod peers;
mod route;
mod upstream;
mod upstream_tls;

pub use emitted_config::{CONFIG_FILE, EmittedConfig};
pub use emitter::Emitter;
