//! Access logs, traces and metrics of connections, as the mesh configuration describes them (translation-spec §6.6–§6.8).

mod access_log;
mod check;
mod provider;
mod stats;
mod tracing;

pub(crate) use access_log::{connection_logs, listener_logs, log_files, request_logs};
pub(crate) use check::check;
pub(crate) use provider::collector_services;
pub(crate) use stats::stats_filter;
pub(crate) use tracing::tracing;
