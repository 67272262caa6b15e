//! Which policies count for a workload (translation-spec §7.0, §7.6).

use std::collections::BTreeMap;
use std::sync::Arc;

use meshc_api::istio::{AuthorizationPolicy, PolicySelector, PolicyTargetReference, RequestAuthentication};
use meshc_api::{Kind, Resource};

use crate::labels::selects;
use crate::{Mesh, Workload};

/// Label of the pods that Istio makes for a Gateway of the Gateway API.
const GATEWAY_NAME: &str = "gateway.networking.k8s.io/gateway-name";

/// Policies of one kind by namespace, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct PolicyIndex<T> {
    namespaces: BTreeMap<String, Vec<Arc<Resource<T>>>>,
}

impl<T> Default for PolicyIndex<T> {
    fn default() -> Self {
        Self { namespaces: BTreeMap::new() }
    }
}

impl<T: Kind> PolicyIndex<T> {
    /// Indexes policies in the order of creation.
    pub(crate) fn new(policies: &[Arc<Resource<T>>]) -> Self {
        let mut namespaces: BTreeMap<String, Vec<Arc<Resource<T>>>> = BTreeMap::new();
        for policy in policies {
            namespaces.entry(policy.namespace().to_owned()).or_default().push(Arc::clone(policy));
        }
        Self { namespaces }
    }
}

/// How a policy says which workloads it is for.
trait Attachment {
    fn selector(&self) -> Option<&PolicySelector>;
    fn target_refs(&self) -> &[PolicyTargetReference];
    fn target_ref(&self) -> Option<&PolicyTargetReference>;
}

macro_rules! attachment {
    ($($policy:ident)*) => {
        $(impl Attachment for $policy {
            fn selector(&self) -> Option<&PolicySelector> {
                self.selector.as_ref()
            }

            fn target_refs(&self) -> &[PolicyTargetReference] {
                &self.target_refs
            }

            fn target_ref(&self) -> Option<&PolicyTargetReference> {
                self.target_ref.as_ref()
            }
        })*
    };
}

attachment! { AuthorizationPolicy RequestAuthentication }

fn attaches(policy: &Resource<impl Kind + Attachment>, workload: &Workload) -> bool {
    let spec = &policy.spec;
    let single = spec.target_ref().filter(|_| spec.target_refs().is_empty());
    let mut targets = spec.target_refs().iter().chain(single).peekable();
    if targets.peek().is_none() {
        return spec.selector().is_none_or(|selector| selects(&selector.match_labels, &workload.labels));
    }
    let Some(gateway) = workload.labels.get(GATEWAY_NAME) else { return false };
    policy.namespace() == workload.namespace()
        && targets.any(|target| {
            let here = target.namespace.as_deref().is_none_or(|namespace| namespace == workload.namespace());
            let named = target.name.as_ref() == Some(gateway);
            let kind = target.kind.as_deref() == Some("Gateway");
            here && named && kind && target.group.as_deref() == Some("gateway.networking.k8s.io")
        })
}

fn attached<T: Kind + Attachment>(
    index: &PolicyIndex<T>,
    namespaces: [&str; 2],
    workload: &Workload,
) -> Vec<Arc<Resource<T>>> {
    let [first, second] = namespaces;
    let both = [Some(first), (second != first).then_some(second)];
    let lists = both.into_iter().flatten().filter_map(|namespace| index.namespaces.get(namespace));
    lists.flatten().filter(|policy| attaches(policy, workload)).map(Arc::clone).collect()
}

impl Mesh {
    /// AuthorizationPolicies for a workload: those of the root namespace, then those of its own, each oldest first.
    #[must_use]
    pub fn authorization_policies_for(&self, workload: &Workload) -> Vec<Arc<Resource<AuthorizationPolicy>>> {
        let namespaces = [self.config.root_namespace.as_str(), workload.namespace()];
        attached(&self.index.authorization_policies, namespaces, workload)
    }

    /// RequestAuthentications for a workload: those of its own namespace, then those of the root namespace, each oldest
    /// first.
    #[must_use]
    pub fn request_authentications_for(
        &self,
        workload: &Workload,
    ) -> Vec<Arc<Resource<RequestAuthentication>>> {
        let namespaces = [workload.namespace(), self.config.root_namespace.as_str()];
        attached(&self.index.request_authentications, namespaces, workload)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve};

    fn names(kind: &str) -> Vec<String> {
        let policy = |namespace: &str, name: &str, spec: &str| istio("security", kind, namespace, name, spec);
        let target = "{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]}";
        let fixture = resolve(
            &[
                deployment("shop", "web"),
                policy("shop", "b-all", "{}"),
                policy("shop", "a-web", "{selector: {matchLabels: {app: web}}}"),
                policy("shop", "other", "{selector: {matchLabels: {app: other}}}"),
                policy("shop", "gateway", target),
                policy("istio-system", "root", "{}"),
                policy("elsewhere", "far", "{}"),
            ]
            .concat(),
        );
        let workload = fixture.workload("shop.web");
        if kind == "AuthorizationPolicy" {
            fixture
                .mesh
                .authorization_policies_for(workload)
                .iter()
                .map(|policy| policy.name().to_owned())
                .collect()
        } else {
            fixture
                .mesh
                .request_authentications_for(workload)
                .iter()
                .map(|policy| policy.name().to_owned())
                .collect()
        }
    }

    #[test]
    fn policies_of_the_root_come_first_for_authorization_and_last_for_tokens() {
        assert_eq!(names("AuthorizationPolicy"), ["root", "a-web", "b-all"]);
        assert_eq!(names("RequestAuthentication"), ["a-web", "b-all", "root"]);
    }
}
