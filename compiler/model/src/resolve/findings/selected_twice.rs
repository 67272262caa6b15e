//! Sidecars and PeerAuthentications that select a workload which an earlier one selects already: only the first one counts for it
//! (translation-spec §2.2.1, §4.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::istio::{PeerAuthentication, Sidecar};
use meshc_api::{Kind, Precedence, Resource};
use meshc_diagnostics::{Diagnostic, Diagnostics, codes};

use crate::labels::{Labels, selects};
use crate::scope::select;
use crate::{Mesh, Workload, WorkloadRole, mutual_tls};

/// Reports those that state something else than the first one.
pub(super) fn report(mesh: &Mesh, diagnostics: &mut Diagnostics) {
    let restricted = |workload: &&Arc<Workload>| workload.proxy == Some(WorkloadRole::Sidecar);
    Selection {
        path: "spec.workloadSelector",
        consequence: "what the proxy listens on and sees is decided by",
        labels: select::selector,
        without_selector: |sidecar| Sidecar { workload_selector: None, ..sidecar.clone() },
    }
    .report(&mesh.sidecars, mesh.workloads.values().filter(restricted), diagnostics);
    // In the root namespace, a policy with a selector counts nowhere.
    let root = &mesh.config.root_namespace;
    let accepting = |workload: &&Arc<Workload>| workload.proxy.is_some() && workload.namespace() != root;
    Selection {
        path: "spec.selector",
        consequence: "what the workload accepts is decided by",
        labels: mutual_tls::selector,
        without_selector: |policy| PeerAuthentication { selector: None, ..policy.clone() },
    }
    .report(&mesh.peer_authentications, mesh.workloads.values().filter(accepting), diagnostics);
}

/// How objects of a kind select workloads of their namespace.
struct Selection<T> {
    /// Where the selector stands.
    path: &'static str,
    /// What the first object decides.
    consequence: &'static str,
    /// The labels that select; `None` where the object is for all workloads.
    labels: fn(&T) -> Option<&Labels>,
    /// What the object says of the workloads that it selects.
    without_selector: fn(&T) -> T,
}

impl<T: Kind + PartialEq> Selection<T> {
    /// Reports each pair of objects once, with the first workload that both select.
    fn report<'a>(
        &self,
        objects: &[Arc<Resource<T>>],
        workloads: impl Iterator<Item = &'a Arc<Workload>>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut reported: BTreeMap<(usize, usize), &Arc<Workload>> = BTreeMap::new();
        for workload in workloads {
            let mut selecting = objects.iter().enumerate().filter(|(_, object)| {
                object.namespace() == workload.namespace()
                    && (self.labels)(&object.spec).is_some_and(|labels| selects(labels, &workload.labels))
            });
            let Some((winner, _)) = selecting.next() else { continue };
            for (other, _) in selecting {
                reported.entry((winner, other)).or_insert(workload);
            }
        }
        for ((winner, other), workload) in reported {
            let (Some(winner), Some(other)) = (objects.get(winner), objects.get(other)) else { continue };
            if (self.without_selector)(&winner.spec) != (self.without_selector)(&other.spec) {
                diagnostics.push(self.finding(workload, winner, other));
            }
        }
    }

    fn finding(&self, workload: &Workload, winner: &Resource<T>, other: &Resource<T>) -> Diagnostic {
        let precedence = Precedence::of(winner.creation_key(), other.creation_key());
        let message =
            format!("{} and {} both select {}", winner.object_ref(), other.object_ref(), workload.object);
        Diagnostic::new(&codes::SUPERSEDED, message)
            .at(other.span(self.path), "has no effect on workloads that both select")
            .related(winner.span(self.path), format!("this one counts: {}", precedence.reason()))
            .consequence(format!("{} {}", self.consequence, winner.object_ref()))
            .help(precedence.help("let the selectors match different workloads, or keep one of them"))
            .about(other.object_ref(), self.path)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve};

    const STRICT: &str = "{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}";
    const DISABLE: &str = "{selector: {matchLabels: {version: v1}}, mtls: {mode: DISABLE}}";

    fn policies(first: &str, second: &str) -> String {
        let policy = |name, spec| istio("security", "PeerAuthentication", "shop", name, spec);
        deployment("shop", "web") + &policy("a", first) + &policy("b", second)
    }

    #[test]
    fn the_first_policy_that_selects_a_workload_counts() {
        let fixture = resolve(&policies(STRICT, DISABLE));
        assert_eq!(
            fixture.texts(),
            [
                "Warning superseded: PeerAuthentication shop/a and PeerAuthentication shop/b both select Deployment shop/web; let the \
              selectors match different workloads, or keep one of them; or state `metadata.creationTimestamp` in both, so that \
              their age decides"
            ]
        );
        assert_eq!(fixture.findings[0].related[0].message, "this one counts: its name sorts first");
    }

    #[test]
    fn policies_that_say_the_same_or_meet_in_no_workload_are_no_news() {
        let same = "{selector: {matchLabels: {version: v1}}, mtls: {mode: STRICT}}";
        let elsewhere = "{selector: {matchLabels: {app: other}}, mtls: {mode: DISABLE}}";
        let namespace = "{mtls: {mode: DISABLE}}";
        for other in [same, elsewhere, namespace] {
            assert_eq!(resolve(&policies(STRICT, other)).texts(), Vec::<String>::new(), "{other}");
        }
    }

    #[test]
    fn the_age_that_objects_state_decides() {
        let aged = |yaml: &str, name: &str, time: &str| {
            let head = format!("metadata: {{name: {name},");
            yaml.replace(&head, &format!("metadata: {{creationTimestamp: '{time}', name: {name},"))
        };
        let yaml = aged(&policies(STRICT, DISABLE), "a", "2024-02-01T00:00:00Z");
        let fixture = resolve(&aged(&yaml, "b", "2024-01-01T00:00:00Z"));
        assert_eq!(fixture.findings[0].related[0].message, "this one counts: it is older");
        assert_eq!(fixture.findings[0].object.as_ref().map(|object| object.name.as_str()), Some("a"));
    }

    #[test]
    fn the_first_sidecar_that_selects_a_workload_counts() {
        let sidecar = |name, labels: &str, hosts: &str| {
            let spec =
                format!("{{workloadSelector: {{labels: {labels}}}, egress: [{{hosts: ['{hosts}']}}]}}");
            istio("networking", "Sidecar", "shop", name, &spec)
        };
        let two = deployment("shop", "web")
            + &sidecar("a", "{app: web}", "./*")
            + &sidecar("b", "{version: v1}", "*/*");
        let [finding] = &resolve(&two).findings[..] else { panic!("one finding") };
        assert_eq!(
            finding.consequence.as_deref(),
            Some("what the proxy listens on and sees is decided by Sidecar shop/a")
        );
    }
}
