//! Which pods have a proxy, and of what kind (dataplane §4.3, translation-spec §0.8).

use meshc_api::kubernetes::PodSpec;

use super::surroundings::Surroundings;
use crate::labels::Labels;
use crate::{Inject, WorkloadRole};

/// Label and annotation that ask for a sidecar (`true`) or refuse one (`false`).
const INJECT: &str = "sidecar.istio.io/inject";
/// Label and annotation that name the injection templates.
const TEMPLATES: &str = "inject.istio.io/templates";
/// Label of the revision of the control plane that injects.
const REVISION: &str = "istio.io/rev";
/// Label that takes pods into ambient mode.
const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";
/// Namespaces that Istio's injector leaves alone whatever their labels say.
const IGNORED_NAMESPACES: [&str; 4] = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];
/// Ends of the label `istio` by which people name the gateways of Istio's charts.
const GATEWAY_LABELS: [&str; 3] = ["ingressgateway", "egressgateway", "eastwestgateway"];

/// What the decision depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pods<'a> {
    pub(super) namespace: &'a str,
    pub(super) labels: &'a Labels,
    pub(super) annotations: &'a Labels,
    pub(super) spec: &'a PodSpec,
}

impl Pods<'_> {
    /// The kind of proxy that the pods have, `None` without one.
    pub(super) fn proxy(self, inject: Inject, surroundings: &Surroundings<'_>) -> Option<WorkloadRole> {
        if self.is_gateway() {
            return Some(WorkloadRole::Gateway);
        }
        let injected = !self.spec.host_network
            && !IGNORED_NAMESPACES.contains(&self.namespace)
            && !self.is_ambient(surroundings)
            && self.wants_sidecar(inject, surroundings);
        injected.then_some(WorkloadRole::Sidecar)
    }

    /// Whether the pods are a gateway, which runs the proxy as its application.
    fn is_gateway(self) -> bool {
        if self.labels.get(DATAPLANE_MODE).is_some_and(|mode| mode == "ambient") {
            return false;
        }
        let has_template = |values: &Labels| {
            let names = values.get(TEMPLATES).into_iter().flat_map(|names| names.split(','));
            names.into_iter().any(|name| name.trim() == "gateway")
        };
        let chart = self
            .labels
            .get("istio")
            .is_some_and(|value| GATEWAY_LABELS.iter().any(|end| value.ends_with(end)));
        let router = self.spec.containers.iter().any(|container| {
            container.name == "istio-proxy" && container.args.iter().any(|argument| argument == "router")
        });
        self.labels.contains_key("gateway.networking.k8s.io/gateway-name")
            || has_template(self.labels)
            || has_template(self.annotations)
            || chart
            || router
    }

    /// Whether traffic of the pods is handled by a node proxy instead.
    fn is_ambient(self, surroundings: &Surroundings<'_>) -> bool {
        let own = self.labels.get(DATAPLANE_MODE).map(String::as_str);
        let mode = own.or_else(|| surroundings.namespace_label(self.namespace, DATAPLANE_MODE));
        mode == Some("ambient")
    }

    fn wants_sidecar(self, inject: Inject, surroundings: &Surroundings<'_>) -> bool {
        let label = self.labels.get(INJECT).map(String::as_str);
        let annotation = self.annotations.get(INJECT).map(String::as_str);
        let stated = label.or(annotation).and_then(read_bool);
        let namespace = |label| surroundings.namespace_label(self.namespace, label);
        let of_namespace = namespace("istio-injection");
        match inject {
            Inject::All => stated.unwrap_or(of_namespace != Some("disabled")),
            // A namespace that says "disabled" never reaches the injector, whatever its pods say.
            Inject::Labelled => match of_namespace {
                Some("enabled") => stated != Some(false),
                Some(_) => false,
                None if namespace(REVISION).is_some() => stated != Some(false),
                None => match self.labels.contains_key(REVISION) {
                    true => stated != Some(false),
                    false => label.and_then(read_bool) == Some(true),
                },
            },
        }
    }
}

/// A boolean as the injector reads it.
fn read_bool(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" | "on" | "1" | "enabled" => Some(true),
        "n" | "no" | "false" | "off" | "0" | "disabled" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, resolve_with};
    use crate::{Inject, Options, WorkloadRole};

    fn namespace(labels: &str) -> String {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: ns, labels: {{{labels}}}}}\n")
    }

    /// Roles when labels decide, and when everything is injected.
    fn roles(namespace_labels: &str, pod: &str) -> (Option<WorkloadRole>, Option<WorkloadRole>) {
        let yaml = namespace(namespace_labels) + pod;
        let role = |inject| {
            let fixture = resolve_with(&yaml, Options { inject, ..Options::default() });
            fixture.workload("ns.w").proxy
        };
        (role(Inject::Labelled), role(Inject::All))
    }

    fn pod(labels: &str) -> String {
        deployment("ns", "w").replace("labels: {app: w", &format!("labels: {{{labels} app: w"))
    }

    const SIDECAR: Option<WorkloadRole> = Some(WorkloadRole::Sidecar);
    const GATEWAY: Option<WorkloadRole> = Some(WorkloadRole::Gateway);
    const YES: &str = "sidecar.istio.io/inject: 'true',";
    const NO: &str = "sidecar.istio.io/inject: 'false',";

    #[test]
    fn namespaces_ask_for_sidecars_and_pods_refuse_them() {
        assert_eq!(roles("", &pod("")), (None, SIDECAR));
        assert_eq!(roles("istio-injection: enabled", &pod("")), (SIDECAR, SIDECAR));
        assert_eq!(roles("istio.io/rev: canary", &pod("")), (SIDECAR, SIDECAR));
        assert_eq!(roles("istio-injection: enabled", &pod(NO)), (None, None));
        assert_eq!(roles("istio-injection: disabled", &pod("")), (None, None));
    }

    #[test]
    fn pods_ask_for_sidecars_where_their_namespace_says_nothing() {
        assert_eq!(roles("", &pod(YES)), (SIDECAR, SIDECAR));
        assert_eq!(roles("istio-injection: disabled", &pod(YES)), (None, SIDECAR));
        assert_eq!(roles("", &pod("istio.io/rev: canary,")), (SIDECAR, SIDECAR));
    }

    #[test]
    fn the_network_of_the_node_and_ambient_mode_exclude_a_sidecar() {
        let host =
            pod("").replace("spec: {serviceAccountName", "spec: {hostNetwork: true, serviceAccountName");
        assert_eq!(roles("istio-injection: enabled", &host), (None, None));
        assert_eq!(roles("istio.io/dataplane-mode: ambient", &pod("")), (None, None));
        assert_eq!(
            roles("istio.io/dataplane-mode: ambient", &pod("istio.io/dataplane-mode: none,")),
            (None, SIDECAR)
        );
    }

    #[test]
    fn gateways_are_known_by_template_label_or_argument() {
        assert_eq!(roles("", &pod("inject.istio.io/templates: gateway,")), (GATEWAY, GATEWAY));
        assert_eq!(roles("", &pod("istio: team-ingressgateway,")), (GATEWAY, GATEWAY));
        let router = pod("").replace("{name: app, image: app,", "{name: istio-proxy, args: [proxy, router],");
        assert_eq!(roles("", &router), (GATEWAY, GATEWAY));
    }
}
