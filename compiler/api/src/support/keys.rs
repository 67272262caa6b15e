//! Annotations and labels of Istio, and what becomes of them.

use meshc_contract::ObjectRef;
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};
use meshc_source::{NodeRef, push_key};

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has Istio's effect.
    Supported,
    /// A controller writes it for itself; nobody asks for anything by it.
    Note,
    /// It has no effect, with the reason; told wherever it stands.
    Ignored(&'static str),
    /// It has no effect, with the reason; told by injection, for pods that get a proxy.
    ToldByInjection(&'static str),
    /// No pass acts on it yet; told wherever it stands.
    NotYet,
}

/// An annotation or a label.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// Kinds of objects that it stands on.
    pub(super) on: &'static str,
    pub(super) fate: Fate,
}

use Fate::{Ignored, NotYet, Note, Supported, ToldByInjection};

const NO_AGENT: &str = "no agent of Istio runs beside the proxy";
const NO_ISTIOD: &str = "no istiod runs";
const NO_METRICS_MERGE: &str = "metrics of the application are not merged with those of the proxy";

const fn key(name: &'static str, on: &'static str, fate: Fate) -> Key {
    Key { name, on, fate }
}

/// Annotations, sorted.
pub(super) const ANNOTATIONS: &[Key] = &[
    key("alpha.istio.io/canonical-serviceaccounts", "Service", Supported),
    key("alpha.istio.io/kubernetes-serviceaccounts", "Service", Supported),
    key("ambient.istio.io/bypass-inbound-capture", "Pod", NotYet),
    key("ambient.istio.io/dns-capture", "Pod", NotYet),
    key("ambient.istio.io/redirection", "Pod", Note),
    key("ambient.istio.io/waypoint-inbound-binding", "GatewayClass, Gateway", NotYet),
    key("ambient.istio.io/xfcc-include-client-identity", "Gateway", NotYet),
    key("envoyfilter.istio.io/referenced-services", "EnvoyFilter", NotYet),
    key("galley.istio.io/analyze-suppress", "any", Ignored("findings are silenced with `meshc` itself")),
    key("gateway.istio.io/agentgatewayImage", "Gateway", NotYet),
    key("gateway.istio.io/controller-version", "any", Note),
    key("gateway.istio.io/name-override", "Gateway", NotYet),
    key("gateway.istio.io/service-account", "Gateway", NotYet),
    key("inject.istio.io/templates", "Pod", Supported),
    key("istio.io/autoRegistrationGroup", "WorkloadEntry", Note),
    key("istio.io/connect-strategy", "ServiceEntry", Supported),
    key("istio.io/connectedAt", "WorkloadEntry", Note),
    key("istio.io/disconnectedAt", "WorkloadEntry", Note),
    key("istio.io/dry-run", "AuthorizationPolicy", Supported),
    key("istio.io/reroute-virtual-interfaces", "Pod", Supported),
    key("istio.io/rev", "Pod", Note),
    key("istio.io/use-waypoint-canary-weight", "Service, ServiceEntry, Namespace", NotYet),
    key("istio.io/workloadController", "WorkloadEntry", Note),
    key("kubernetes.io/ingress.class", "Ingress", Supported),
    key("networking.istio.io/address-type", "Gateway", NotYet),
    key("networking.istio.io/exportTo", "Service", Supported),
    key("networking.istio.io/service-type", "Gateway", NotYet),
    key("networking.istio.io/traffic-distribution", "Namespace, Service, ServiceEntry", Supported),
    key("prometheus.istio.io/merge-metrics", "Pod", ToldByInjection(NO_METRICS_MERGE)),
    key("prometheus.istio.io/scrape-targets", "Pod", Ignored(NO_METRICS_MERGE)),
    key("prometheus.istio.io/secure-port", "Pod", Ignored(NO_METRICS_MERGE)),
    key("proxy.istio.io/config", "Pod", Supported),
    key("proxy.istio.io/health-checks-enabled", "WorkloadEntry", Note),
    key("proxy.istio.io/overrides", "Pod", ToldByInjection("it is a note of Istio's injector to itself")),
    key("readiness.status.sidecar.istio.io/applicationPorts", "Pod", Ignored(NO_AGENT)),
    key("readiness.status.sidecar.istio.io/failureThreshold", "Pod", Supported),
    key("readiness.status.sidecar.istio.io/initialDelaySeconds", "Pod", Supported),
    key("readiness.status.sidecar.istio.io/periodSeconds", "Pod", Supported),
    key("resource.opentelemetry.io/service.name", "Pod", Supported),
    key("sidecar.istio.io/agentLogLevel", "Pod", ToldByInjection(NO_AGENT)),
    key(
        "sidecar.istio.io/bootstrapOverride",
        "Pod",
        ToldByInjection("the bootstrap is compiled; other bootstraps are not laid over it yet"),
    ),
    key("sidecar.istio.io/componentLogLevel", "Pod", Supported),
    key("sidecar.istio.io/discoveryAddress", "Pod", Ignored(NO_ISTIOD)),
    key("sidecar.istio.io/enableCoreDump", "Pod", ToldByInjection("the proxy writes no core dumps")),
    key("sidecar.istio.io/extraStatTags", "Pod", Supported),
    key("sidecar.istio.io/inject", "Pod", Supported),
    key("sidecar.istio.io/interceptionMode", "Pod", Supported),
    key("sidecar.istio.io/logLevel", "Pod", Supported),
    key("sidecar.istio.io/nativeSidecar", "Pod", ToldByInjection("the proxy always is a native sidecar")),
    key("sidecar.istio.io/proxyCPU", "Pod", Supported),
    key("sidecar.istio.io/proxyCPULimit", "Pod", Supported),
    key("sidecar.istio.io/proxyImage", "Pod", Supported),
    key(
        "sidecar.istio.io/proxyImageType",
        "Pod",
        Ignored("images of the proxy are named in full; state `sidecar.istio.io/proxyImage`"),
    ),
    key("sidecar.istio.io/proxyMemory", "Pod", Supported),
    key("sidecar.istio.io/proxyMemoryLimit", "Pod", Supported),
    key("sidecar.istio.io/rewriteAppHTTPProbers", "Pod", Supported),
    key("sidecar.istio.io/statsCompression", "Pod", Supported),
    key("sidecar.istio.io/statsEvictionInterval", "Pod", Supported),
    key("sidecar.istio.io/statsFlushInterval", "Pod", Supported),
    key("sidecar.istio.io/statsHistogramBins", "Pod", Supported),
    key("sidecar.istio.io/statsHistogramBuckets", "Pod", Supported),
    key("sidecar.istio.io/statsInclusionPrefixes", "Pod", Supported),
    key("sidecar.istio.io/statsInclusionRegexps", "Pod", Supported),
    key("sidecar.istio.io/statsInclusionSuffixes", "Pod", Supported),
    key("sidecar.istio.io/status", "Pod", Note),
    key("sidecar.istio.io/userVolume", "Pod", Supported),
    key("sidecar.istio.io/userVolumeMount", "Pod", Supported),
    key("status.sidecar.istio.io/port", "Pod", Supported),
    key("topology.istio.io/controlPlaneClusters", "Namespace", Ignored(NO_ISTIOD)),
    key("traffic.istio.io/nodeSelector", "Service", Supported),
    key("traffic.sidecar.istio.io/excludeInboundPorts", "Pod", Supported),
    key("traffic.sidecar.istio.io/excludeInterfaces", "Pod", Supported),
    key("traffic.sidecar.istio.io/excludeOutboundIPRanges", "Pod", Supported),
    key("traffic.sidecar.istio.io/excludeOutboundPorts", "Pod", Supported),
    key("traffic.sidecar.istio.io/includeInboundPorts", "Pod", Supported),
    key("traffic.sidecar.istio.io/includeOutboundIPRanges", "Pod", Supported),
    key("traffic.sidecar.istio.io/includeOutboundPorts", "Pod", Supported),
    key("traffic.sidecar.istio.io/kubevirtInterfaces", "Pod", Supported),
];

/// Labels, sorted.
pub(super) const LABELS: &[Key] = &[
    key("experimental.istio.io/disable-gateway-port-translation", "Service", Supported),
    key("gateway.istio.io/defaults-for-class", "ConfigMap", NotYet),
    key("gateway.istio.io/managed", "Deployment, Service, ServiceAccount", Note),
    key("gateway.networking.k8s.io/gateway-class-name", "Deployment, Service, ServiceAccount", Note),
    key("gateway.networking.k8s.io/gateway-name", "Deployment, Service, ServiceAccount", Supported),
    key("istio-injection", "Namespace, Pod", Supported),
    key("istio.io/dataplane-mode", "Pod, Namespace", Supported),
    key("istio.io/ingress-use-waypoint", "Service, ServiceEntry, Namespace", NotYet),
    key("istio.io/persistent-session", "Service, ServiceEntry", Supported),
    key("istio.io/persistent-session-header", "Service, ServiceEntry", Supported),
    key("istio.io/rev", "Namespace, Gateway, Pod", Supported),
    key("istio.io/tag", "MutatingWebhookConfiguration", Note),
    key("istio.io/use-waypoint", "Pod, WorkloadEntry, Service, ServiceEntry, Namespace", NotYet),
    key("istio.io/use-waypoint-canary", "Service, ServiceEntry, Namespace", NotYet),
    key("istio.io/use-waypoint-canary-namespace", "Service, ServiceEntry, Namespace", NotYet),
    key("istio.io/use-waypoint-namespace", "Pod, WorkloadEntry, Service, ServiceEntry, Namespace", NotYet),
    key("istio.io/waypoint-for", "GatewayClass, Gateway", NotYet),
    key("networking.istio.io/enable-autoallocate-ip", "ServiceEntry", Supported),
    key("networking.istio.io/gatewayPort", "Service", Supported),
    key("networking.istio.io/tunnel", "Pod, WorkloadEntry", Supported),
    key("operator.istio.io/component", "any", Note),
    key("operator.istio.io/managed", "any", Note),
    key("operator.istio.io/version", "any", Note),
    key("security.istio.io/tlsMode", "Pod, WorkloadEntry", Supported),
    key("service.istio.io/canonical-name", "Pod", Supported),
    key("service.istio.io/canonical-revision", "Pod", Supported),
    key("service.istio.io/workload-name", "Pod, WorkloadEntry", Supported),
    key("sidecar.istio.io/inject", "Pod", Supported),
    key("topology.istio.io/cluster", "Pod", Supported),
    key("topology.istio.io/locality", "Pod", Supported),
    key("topology.istio.io/network", "Namespace, Pod, Service", Supported),
    key("topology.istio.io/subzone", "Node", Supported),
];

/// Where an object or the pods in it have metadata.
const PLACES: [&[&str]; 3] = [
    &["metadata"],
    &["spec", "template", "metadata"],
    &["spec", "jobTemplate", "spec", "template", "metadata"],
];

/// Reports annotations and labels of an object that have no effect.
pub(super) fn report(object: &ObjectRef, root: NodeRef<'_>, diagnostics: &mut Diagnostics) {
    for place in PLACES {
        let Some(metadata) = place.iter().try_fold(root, |node, field| node.get(field)) else { continue };
        for (field, keys) in [("annotations", ANNOTATIONS), ("labels", LABELS)] {
            let entries = metadata.get(field).into_iter().flat_map(|node| node.entries());
            for entry in entries {
                let Ok(index) = keys.binary_search_by(|known| known.name.cmp(entry.key)) else { continue };
                let Some(key) = keys.get(index) else { continue };
                let Some(finding) = finding(key) else { continue };
                let mut path = format!("{}.{field}", place.join("."));
                push_key(&mut path, entry.key);
                diagnostics.push(finding.at(entry.key_span, "").about(object.clone(), path));
            }
        }
    }
}

fn finding(key: &Key) -> Option<Diagnostic> {
    let Key { name, on, fate } = key;
    match fate {
        Supported | Note | ToldByInjection(_) => None,
        Ignored(reason) => Some(
            Diagnostic::new(&codes::FIELD_WITHOUT_EFFECT, format!("`{name}` has no effect"))
                .consequence(*reason),
        ),
        NotYet => Some(
            Diagnostic::new(&codes::NOT_SUPPORTED_YET, format!("`{name}` is not supported yet"))
                .consequence("the rest of the object has its effect; this key has none")
                .help(format!("Istio reads it on: {on}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/annotations.md");

    const INTRODUCTION: &str = "\
# Annotations and labels of Istio

<!-- Generated from compiler/api/src/support/keys.rs: `BLESS=1 cargo test -p meshc-api --lib`. -->

What becomes of each key. *Not supported yet* is said as `not-supported-yet` (MC2110) wherever the key stands, *no effect* as
`field-without-effect` (MC2111) with the reason given here. A *note* is what a controller writes down for itself.
";

    fn fate(fate: Fate) -> String {
        match fate {
            Supported => "supported".to_owned(),
            Note => "note".to_owned(),
            Ignored(reason) | ToldByInjection(reason) => format!("no effect: {reason}"),
            NotYet => "not supported yet".to_owned(),
        }
    }

    fn page() -> String {
        let mut page = INTRODUCTION.to_owned();
        for (title, keys) in [("Annotations", ANNOTATIONS), ("Labels", LABELS)] {
            let _ = writeln!(page, "\n## {title}\n\n| key | on | |\n|---|---|---|");
            for key in keys {
                let _ = writeln!(page, "| `{}` | {} | {} |", key.name, key.on, fate(key.fate));
            }
        }
        page
    }

    #[test]
    fn keys_are_sorted_and_stand_once() {
        for keys in [ANNOTATIONS, LABELS] {
            assert!(keys.is_sorted_by(|a, b| a.name < b.name));
        }
    }

    /// `BLESS=1 cargo test -p meshc-api --lib` writes it.
    #[test]
    fn the_page_of_keys_is_current() {
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(Path::new(PAGE), page()).unwrap();
        }
        assert!(std::fs::read_to_string(PAGE).unwrap_or_default() == page(), "{PAGE}: BLESS=1 writes it");
    }

    #[test]
    fn what_has_no_effect_is_told_where_it_stands() {
        let text = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {operator.istio.io/version: '1'}}
spec:
  template:
    metadata:
      labels: {istio.io/use-waypoint: way}
      annotations: {sidecar.istio.io/discoveryAddress: there, sidecar.istio.io/logLevel: debug}
";
        let mut findings = Diagnostics::new();
        let inputs = vec![meshc_source::InputFile::new("web.yaml", text.as_bytes())];
        let sources = meshc_source::load(inputs, &mut findings);
        let object = ObjectRef {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        };
        report(&object, sources.documents[0].root(), &mut findings);
        let told: Vec<_> =
            findings.iter().map(|finding| (finding.code.number, finding.path.as_deref())).collect();
        assert_eq!(
            told,
            [
                (2111, Some("spec.template.metadata.annotations[\"sidecar.istio.io/discoveryAddress\"]")),
                (2110, Some("spec.template.metadata.labels[\"istio.io/use-waypoint\"]")),
            ]
        );
    }
}
