//! Tracing of HTTP connections.

use meshc_plan::{CustomTag, TagSource, Tracing, WorkloadLabels};

use super::tracer;
use super::xds::{self, Empty, Percent};

/// Variable of the environment with the canonical name of the workload, as Istio's injection calls it.
pub const CANONICAL_SERVICE: &str = "CANONICAL_SERVICE";

/// Variable of the environment with the canonical revision of the workload.
pub const CANONICAL_REVISION: &str = "CANONICAL_REVISION";

/// How a proxy learns what its workload is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum CanonicalNames<'p> {
    /// Its configuration says so, which is therefore that of one workload.
    Stated(&'p WorkloadLabels),
    /// From its environment.
    Environment,
}

/// Tracing of a connection. Istio samples by the random share alone; the two other shares never reduce it.
pub(super) fn tracing(tracing: &Tracing, names: CanonicalNames<'_>) -> xds::Tracing {
    let Tracing { random_sampling, max_path_tag_length, custom_tags, provider, spawn_upstream_span } =
        tracing;
    xds::Tracing {
        client_sampling: Some(Percent::new(100.0)),
        random_sampling: Some(Percent::new(*random_sampling)),
        overall_sampling: Some(Percent::new(100.0)),
        max_path_tag_length: *max_path_tag_length,
        custom_tags: custom_tags.iter().map(|tag| custom_tag(tag, names)).collect(),
        provider: provider.as_ref().map(tracer::tracer),
        spawn_upstream_span: spawn_upstream_span.then_some(true),
    }
}

fn custom_tag(tag: &CustomTag, names: CanonicalNames<'_>) -> xds::CustomTag {
    let CustomTag { name, source } = tag;
    let mut result = xds::CustomTag { tag: name.clone(), ..xds::CustomTag::default() };
    match source {
        TagSource::Literal(value) => result.literal = Some(xds::TagLiteral { value: value.clone() }),
        TagSource::CanonicalService => match names {
            CanonicalNames::Stated(labels) => {
                result.literal = Some(xds::TagLiteral { value: labels.canonical_service.clone() });
            }
            CanonicalNames::Environment => {
                result.environment = Some(with_default(CANONICAL_SERVICE, "unknown"));
            }
        },
        TagSource::CanonicalRevision => match names {
            CanonicalNames::Stated(labels) => {
                result.literal = Some(xds::TagLiteral { value: labels.canonical_revision.clone() });
            }
            CanonicalNames::Environment => {
                result.environment = Some(with_default(CANONICAL_REVISION, "latest"));
            }
        },
        TagSource::Environment { name, default } => {
            result.environment = Some(with_default(name, default));
        }
        TagSource::RequestHeader { name, default } => {
            result.request_header = Some(with_default(name, default));
        }
        TagSource::AuthorizationMetadata(key) => {
            result.metadata = Some(xds::TagMetadata {
                kind: Some(xds::MetadataKind { request: Some(Empty {}) }),
                metadata_key: Some(xds::MetadataKey {
                    key: "envoy.filters.http.rbac",
                    path: vec![xds::PathSegment { key: key.clone() }],
                }),
            });
        }
    }
    result
}

fn with_default(name: &str, default: &str) -> xds::TagWithDefault {
    xds::TagWithDefault { name: name.to_owned(), default_value: default.to_owned() }
}

/// Whether tags of a connection say what the workload of the proxy is called.
pub(super) fn names_workload(tracing: &Tracing) -> bool {
    let sources = tracing.custom_tags.iter().map(|tag| &tag.source);
    sources
        .into_iter()
        .any(|source| matches!(source, TagSource::CanonicalService | TagSource::CanonicalRevision))
}
