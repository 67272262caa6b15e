//! Access logs, traces and metrics of connections, as the mesh configuration describes them (translation-spec §6.6–§6.8).

mod access_log;
mod stats;
mod tracing;

pub(crate) use access_log::{connection_logs, listener_logs, request_logs};
pub(crate) use stats::stats_filter;
pub(crate) use tracing::tracing;
