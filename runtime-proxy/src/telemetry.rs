//! What the proxy says about traffic: access logs and Prometheus metrics with Istio's names and labels.
//!
//! Enters: one [`Record`] for each request or connection that ended, and counts. Leaves: lines in log files and the text of a
//! scrape. Must not know: how HTTP or TCP is proxied.

mod access_log;
mod flags;
mod format;
mod histogram;
mod labels;
mod metrics;
mod operator;
mod prometheus;
mod record;
mod sink;
mod time;

pub(crate) use access_log::AccessLog;
pub(crate) use flags::Flags;
pub(crate) use format::Format;
pub(crate) use labels::{Labels, Outside, PeerId, Protocol, Security, TargetId};
pub(crate) use metrics::{Metrics, Outcome, Series, TcpSeries};
pub(crate) use record::{HttpRecord, Record, UpstreamRecord};
pub(crate) use sink::flush as flush_access_logs;
