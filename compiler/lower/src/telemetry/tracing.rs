//! Traces.

use std::collections::BTreeMap;

use meshc_api::mesh_config::CustomTag as ConfiguredTag;
use meshc_plan::{CustomTag, TagSource, Tracing};

use crate::context::ProxyContext;
use crate::workload_labels;

/// Tracing of an HTTP connection; `None` when the mesh turns it off.
///
/// Without a Telemetry object, `enableTracing` alone decides: Envoy samples and propagates even if the bootstrap names no
/// collector.
pub(crate) fn tracing(cx: &ProxyContext<'_>) -> Option<Tracing> {
    if !cx.mesh.config.enable_tracing {
        return None;
    }
    let configured = cx.workload.proxy_config.tracing.as_ref();
    let max_path_tag_length =
        configured.map(|tracing| tracing.max_path_tag_length).filter(|length| *length > 0);
    Some(Tracing {
        random_sampling: sampling(cx),
        max_path_tag_length,
        custom_tags: tags(cx),
        provider: None,
        spawn_upstream_span: false,
    })
}

/// Share of requests in percent. istiod replaces a share above 100 by 1.
fn sampling(cx: &ProxyContext<'_>) -> f64 {
    let stated = cx.workload.proxy_config.tracing.as_ref().map_or(0.0, |tracing| tracing.sampling);
    match stated {
        0.0 => cx.mesh.features.trace_sampling,
        above if above > 100.0 => 1.0,
        share => share,
    }
}

fn tags(cx: &ProxyContext<'_>) -> Vec<CustomTag> {
    let configured = cx.workload.proxy_config.tracing.as_ref();
    let mut tags: BTreeMap<String, TagSource> = BTreeMap::new();
    if configured.and_then(|tracing| tracing.enable_istio_tags).unwrap_or(true) {
        tags.extend(istio_tags(cx));
    }
    let custom = configured.map(|tracing| &tracing.custom_tags).into_iter().flatten();
    tags.extend(custom.filter_map(|(name, tag)| Some((name.clone(), source(tag)?))));
    tags.into_iter().map(|(name, source)| CustomTag { name, source }).collect()
}

/// Tags by which Istio's dashboards find the workload, and what a dry run of authorization would have said.
fn istio_tags(cx: &ProxyContext<'_>) -> Vec<(String, TagSource)> {
    let label =
        |key: &str, default: &str| cx.workload.labels.get(key).map_or(default, String::as_str).to_owned();
    let canonical = workload_labels::of(cx.mesh, cx.workload);
    let unless = |label: String, known: &str, source: TagSource| match label == known {
        true => source,
        false => TagSource::Literal(label),
    };
    let revision = label("service.istio.io/canonical-revision", "latest");
    let service = label("service.istio.io/canonical-name", "unknown");
    let workload = [
        (
            "istio.canonical_revision",
            unless(revision, &canonical.canonical_revision, TagSource::CanonicalRevision),
        ),
        (
            "istio.canonical_service",
            unless(service, &canonical.canonical_service, TagSource::CanonicalService),
        ),
    ];
    let literals = [
        // Injection sets MESH_ID to the trust domain.
        ("istio.mesh_id", cx.mesh.config.trust_domain.clone()),
        ("istio.namespace", cx.workload.namespace().to_owned()),
        ("istio.cluster_id", cx.mesh.options.cluster_id.clone()),
    ];
    let dry_run = [
        ("allow_policy.name", "istio_dry_run_allow_shadow_effective_policy_id"),
        ("allow_policy.result", "istio_dry_run_allow_shadow_engine_result"),
        ("deny_policy.name", "istio_dry_run_deny_shadow_effective_policy_id"),
        ("deny_policy.result", "istio_dry_run_deny_shadow_engine_result"),
    ];
    let literals = literals.map(|(name, value)| (name, TagSource::Literal(value)));
    let literals = workload.into_iter().chain(literals).map(|(name, source)| (name.to_owned(), source));
    let dry_run = dry_run.map(|(suffix, key)| {
        (format!("istio.authorization.dry_run.{suffix}"), TagSource::AuthorizationMetadata(key.to_owned()))
    });
    literals.chain(dry_run).collect()
}

fn source(tag: &ConfiguredTag) -> Option<TagSource> {
    if let Some(literal) = &tag.literal {
        return Some(TagSource::Literal(literal.value.clone()));
    }
    if let Some(environment) = &tag.environment {
        let (name, default) = (environment.name.clone(), environment.default_value.clone());
        return Some(TagSource::Environment { name, default });
    }
    let header = tag.header.as_ref()?;
    Some(TagSource::RequestHeader { name: header.name.clone(), default: header.default_value.clone() })
}
