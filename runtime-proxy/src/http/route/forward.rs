//! How a request is forwarded: destinations with their weights, rewrites, time.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, StatusCode};
use meshc_contract::proxy::{self, RegexRewrite, WeightedUpstream};
use meshc_contract::traffic::path_normalization::without_query;
use meshc_contract::traffic::{Fraction, HashPolicy, Pattern, RouteMatch};

use super::super::Build;
use super::super::header_operations::HeaderOperations;
use super::super::names::{ENVOY_ORIGINAL_PATH, FORWARDED_HOST};
use super::super::read::Head;
use super::super::retry::Retry;
use crate::config::ConfigError;
use crate::telemetry::{PeerId, TargetId};
use crate::upstream::{Upstream, random};

/// Time for a whole response where the route says nothing.
const TIMEOUT: Duration = Duration::from_secs(15);

/// How a request is forwarded.
#[derive(Debug)]
pub(crate) struct Forward {
    targets: Vec<Target>,
    total: u64,
    /// Time for the whole response.
    pub(crate) timeout: Option<Duration>,
    /// The same as `x-envoy-expected-rq-timeout-ms` says it.
    pub(crate) timeout_header: Option<HeaderValue>,
    /// Retries.
    pub(crate) retry: Option<Retry>,
    /// Copies.
    pub(crate) mirrors: Vec<Mirror>,
    /// What picks the endpoint.
    pub(crate) hash_policies: Vec<HashPolicy>,
    /// Status where the destination does not exist.
    pub(crate) unknown_upstream: StatusCode,
    prefix_rewrite: Option<String>,
    regex_rewrite: Option<(Pattern, String)>,
    host_rewrite: Option<HeaderValue>,
    append_forwarded_host: bool,
}

/// A destination.
#[derive(Debug)]
pub(crate) struct Target {
    /// Name of the upstream.
    pub(crate) name: Arc<str>,
    /// The upstream, if there is one of the name.
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// The service, for metrics.
    pub(crate) service: TargetId,
    /// The workload, for metrics, if just one is behind it.
    pub(crate) workload: PeerId,
    weight: u64,
    headers: HeaderOperations,
    host_rewrite: Option<HeaderValue>,
}

/// A copy of requests.
#[derive(Debug)]
pub(crate) struct Mirror {
    /// The upstream; a copy for one that does not exist is none.
    pub(crate) upstream: Option<Arc<Upstream>>,
    /// Share of requests.
    pub(crate) fraction: Fraction,
}

impl Forward {
    pub(super) fn compile(source: &proxy::RouteForward, build: Build<'_>) -> Result<Self, ConfigError> {
        let proxy::RouteForward {
            upstreams,
            timeout,
            retry,
            prefix_rewrite,
            regex_rewrite,
            host_rewrite,
            append_forwarded_host,
            mirrors,
            hash_policies,
            unknown_upstream_is_500,
        } = source;
        let mut targets = Vec::new();
        for (at, target) in upstreams.iter().enumerate() {
            let target = Target::compile(target, build);
            targets.push(target.map_err(|error| error.under(format!("upstreams[{at}]")))?);
        }
        let timeout = timeout.map_or(Some(TIMEOUT), |timeout| (!timeout.is_zero()).then_some(timeout));
        let milliseconds = |timeout: Duration| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let regex_rewrite = regex_rewrite.as_ref().map(|RegexRewrite { pattern, substitution }| {
            if pattern.is_readable() {
                Ok((pattern.clone(), substitution.clone()))
            } else {
                Err(ConfigError::new(
                    "regexRewrite.pattern",
                    format!("`{}` is no expression", pattern.as_str()),
                ))
            }
        });
        Ok(Self {
            total: targets.iter().map(|target| target.weight).sum(),
            targets,
            timeout,
            timeout_header: timeout.map(|timeout| HeaderValue::from(milliseconds(timeout))),
            retry: retry.as_ref().filter(|retry| retry.attempts > 0).map(Retry::compile),
            mirrors: mirrors
                .iter()
                .map(|proxy::Mirror { upstream, fraction }| Mirror {
                    upstream: build.upstreams.get(upstream).cloned(),
                    fraction: *fraction,
                })
                .collect(),
            hash_policies: hash_policies.clone(),
            unknown_upstream: if *unknown_upstream_is_500 {
                StatusCode::INTERNAL_SERVER_ERROR
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            },
            prefix_rewrite: prefix_rewrite.clone(),
            regex_rewrite: regex_rewrite.transpose()?,
            host_rewrite: host_rewrite.as_deref().map(host).transpose()?,
            append_forwarded_host: *append_forwarded_host,
        })
    }

    /// One of the destinations, by weight; `None` if there is none that has a weight.
    pub(crate) fn target(&self) -> Option<&Target> {
        match self.targets.as_slice() {
            [] => None,
            [one] => Some(one),
            several => {
                let mut at = random() % self.total.max(1);
                several.iter().find(|target| {
                    let here = at < target.weight;
                    at = at.saturating_sub(target.weight);
                    here
                })
            }
        }
    }

    /// Whether paths are rewritten.
    pub(crate) fn rewrites_path(&self) -> bool {
        self.prefix_rewrite.is_some() || self.regex_rewrite.is_some()
    }

    /// Rewrites path and host.
    pub(crate) fn rewrite(
        &self,
        matches: &RouteMatch,
        target: &Target,
        head: &mut Head,
        suppress_envoy: bool,
    ) {
        if let Some(host) = target.host_rewrite.as_ref().or(self.host_rewrite.as_ref()) {
            if self.append_forwarded_host {
                head.parts.headers.append(FORWARDED_HOST, head.authority.clone());
            }
            head.authority = host.clone();
        }
        if !self.rewrites_path() {
            return;
        }
        let before = head.path();
        let path = without_query(before);
        let query = &before[path.len()..];
        let mut replaced = match (&self.prefix_rewrite, &self.regex_rewrite) {
            (Some(prefix), _) => matches.path.replace(prefix, path),
            (None, Some((pattern, substitution))) => pattern.replace_all(path, substitution).into_owned(),
            (None, None) => return,
        };
        replaced.push_str(query);
        if !suppress_envoy && let Ok(original) = HeaderValue::from_str(before) {
            head.parts.headers.insert(ENVOY_ORIGINAL_PATH, original);
        }
        head.set_path(replaced);
    }
}

impl Target {
    pub(super) fn compile(source: &WeightedUpstream, build: Build<'_>) -> Result<Self, ConfigError> {
        let WeightedUpstream { upstream: name, weight, headers, host_rewrite } = source;
        let upstream = build.upstreams.get(name).cloned();
        let destination = upstream.as_ref().and_then(|upstream| upstream.source.destination.as_ref());
        Ok(Self {
            name: Arc::from(name.as_str()),
            service: build.labels.target(destination),
            workload: build.labels.workload(destination),
            upstream,
            weight: weight.map_or(1, u64::from),
            headers: HeaderOperations::compile(headers).map_err(|error| error.under("headers"))?,
            host_rewrite: host_rewrite.as_deref().map(host).transpose()?,
        })
    }

    /// Header operations of this destination.
    pub(crate) fn headers(&self) -> &HeaderOperations {
        &self.headers
    }
}

fn host(text: &str) -> Result<HeaderValue, ConfigError> {
    HeaderValue::from_str(text).map_err(|_| ConfigError::new("hostRewrite", format!("`{text}` is no host")))
}
