//! The pods of a tree, whatever kind of object makes them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use meshc_api::kubernetes::{ObjectMeta, PodSpec, PodTemplateSpec};
use meshc_api::mesh_config::ProxyConfig;
use meshc_api::{Kind, Resource, ResourceSet};
use meshc_contract::{ObjectRef, WorkloadRef};
use meshc_diagnostics::{Diagnostic, Diagnostics, Origin, codes};

use super::proxy_settings::ProxySettings;

/// What the pods of one object are.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub(super) reference: WorkloadRef,
    pub(super) object: ObjectRef,
    pub(super) api_version: &'a str,
    pub(super) origin: Origin,
    pub(super) meta: &'a ObjectMeta,
    pub(super) spec: &'a PodSpec,
    pub(super) address: Option<IpAddr>,
    /// Number of pods, where the object states it or makes one.
    pub(super) replicas: Option<u32>,
    pub(super) proxy_config: ProxyConfig,
}

/// What a tree may tell of pods as they run.
#[derive(Debug, Clone, Copy, Default)]
struct Running {
    address: Option<IpAddr>,
    replicas: Option<u32>,
}

/// Collects the pods of all objects.
pub(super) struct Templates<'a, 'd> {
    settings: &'a ProxySettings<'a>,
    diagnostics: &'d mut Diagnostics,
    found: BTreeMap<WorkloadRef, Template<'a>>,
}

/// All pods of a tree by the name of their workload. Objects that something else owns are left to their owner.
pub(super) fn collect<'a>(
    resources: &'a ResourceSet,
    settings: &'a ProxySettings<'a>,
    diagnostics: &mut Diagnostics,
) -> Vec<Template<'a>> {
    let mut templates = Templates { settings, diagnostics, found: BTreeMap::new() };
    let deployments = by_name(&resources.deployments);
    let followed: Vec<_> =
        resources.rollouts.iter().filter_map(|rollout| followed(rollout, &deployments)).collect();
    for object in &resources.deployments {
        // Argo scales a Deployment to zero once a Rollout has taken its template over.
        if !followed.contains(&(object.namespace(), object.name())) {
            templates.add(object, &object.spec.template, object.spec.replicas);
        }
    }
    for object in &resources.rollouts {
        let borrowed = followed_template(object, &deployments);
        if let Some(template) = object.spec.template.as_ref().or(borrowed) {
            templates.add(object, template, object.spec.replicas);
        }
    }
    for object in &resources.stateful_sets {
        templates.add(object, &object.spec.template, object.spec.replicas);
    }
    resources.daemon_sets.iter().for_each(|object| templates.add(object, &object.spec.template, None));
    for object in resources.replica_sets.iter().filter(|object| is_free(&object.meta)) {
        if let Some(template) = &object.spec.template {
            templates.add(object, template, object.spec.replicas);
        }
    }
    for object in &resources.cron_jobs {
        let template = &object.spec.job_template.spec.template;
        templates.insert(
            object,
            &template.metadata,
            &template.spec,
            "spec.jobTemplate.spec.template.metadata",
            Running::default(),
        );
    }
    let jobs = resources.jobs.iter().filter(|object| is_free(&object.meta));
    jobs.for_each(|object| templates.add(object, &object.spec.template, None));
    for object in resources.pods.iter().filter(|object| is_free(&object.meta)) {
        let address = object.spec.status.pod_ip.as_ref().and_then(|ip| ip.parse().ok());
        templates.insert(
            object,
            &object.meta,
            &object.spec.spec,
            "metadata",
            Running { address, replicas: Some(1) },
        );
    }
    templates.found.into_values().collect()
}

fn name_taken<T: Kind>(resource: &Resource<T>, first: &Template<'_>, name: &str) -> Diagnostic {
    let message = format!("{} and {} have one name", first.object, resource.object_ref());
    Diagnostic::new(&codes::WORKLOAD_NAME_TAKEN, message)
        .at(resource.span(""), format!("the proxy of this one is called `{}.{name}`", resource.namespace()))
        .consequence("traffic is not affected: only the files of the proxy have the longer name")
        .related_origin(&first.origin, "keeps the name")
        .about(resource.object_ref(), "")
}

type Deployments<'a> = BTreeMap<(&'a str, &'a str), &'a Resource<meshc_api::kubernetes::Deployment>>;

fn by_name(deployments: &[Resource<meshc_api::kubernetes::Deployment>]) -> Deployments<'_> {
    deployments.iter().map(|object| ((object.namespace(), object.name()), object)).collect()
}

/// The Deployment whose template a Rollout uses.
fn followed<'a>(
    rollout: &'a Resource<meshc_api::kubernetes::Rollout>,
    deployments: &Deployments<'a>,
) -> Option<(&'a str, &'a str)> {
    let reference = rollout.spec.workload_ref.as_ref().filter(|_| rollout.spec.template.is_none())?;
    let named = reference.kind.as_deref() == Some("Deployment");
    let key = (rollout.namespace(), reference.name.as_deref()?);
    deployments.get_key_value(&key).filter(|_| named).map(|(key, _)| *key)
}

fn followed_template<'a>(
    rollout: &'a Resource<meshc_api::kubernetes::Rollout>,
    deployments: &Deployments<'a>,
) -> Option<&'a PodTemplateSpec> {
    followed(rollout, deployments).and_then(|key| deployments.get(&key)).map(|object| &object.spec.template)
}

/// Whether nothing owns an object.
fn is_free(meta: &ObjectMeta) -> bool {
    !meta.owner_references.iter().any(|owner| owner.controller)
}

impl<'a> Templates<'a, '_> {
    fn add<T: Kind>(
        &mut self,
        resource: &'a Resource<T>,
        template: &'a PodTemplateSpec,
        replicas: Option<i32>,
    ) {
        let running =
            Running { address: None, replicas: replicas.and_then(|count| u32::try_from(count).ok()) };
        self.insert(resource, &template.metadata, &template.spec, "spec.template.metadata", running);
    }

    fn insert<T: Kind>(
        &mut self,
        resource: &'a Resource<T>,
        meta: &'a ObjectMeta,
        spec: &'a PodSpec,
        path: &str,
        running: Running,
    ) {
        let Running { address, replicas } = running;
        let namespace = resource.namespace().to_owned();
        let mut reference = WorkloadRef { namespace, name: resource.name().to_owned() };
        if let Some(first) = self.found.get(&reference) {
            // Objects of two kinds may share a name, workloads may not.
            let name = format!("{}-{}", reference.name, T::KIND.to_lowercase());
            self.diagnostics.push(name_taken(resource, first, &name));
            reference.name = name;
        }
        let template = Template {
            reference: reference.clone(),
            object: resource.object_ref(),
            api_version: &resource.api_version,
            origin: resource.origin(""),
            meta,
            spec,
            address,
            replicas,
            proxy_config: self.settings.of(resource, &meta.labels, path, self.diagnostics),
        };
        self.found.insert(reference, template);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, resolve};

    fn object(api: &str, kind: &str, name: &str, spec: &str) -> String {
        format!(
            "---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, namespace: ns}}\nspec: {spec}\n"
        )
    }

    const TEMPLATE: &str = "{metadata: {labels: {app: a}}, spec: {containers: [{name: app}]}}";

    /// Names of workloads with the kind of their object.
    fn workloads(yaml: &str) -> Vec<String> {
        let fixture = resolve(yaml);
        let text = |workload: &std::sync::Arc<crate::Workload>| {
            format!("{} {}", workload.object.kind, workload.reference.name)
        };
        fixture.mesh.workloads.values().map(text).collect()
    }

    #[test]
    fn every_kind_of_pod_template_makes_a_workload() {
        let with_selector = format!("{{selector: {{matchLabels: {{app: a}}}}, template: {TEMPLATE}}}");
        let yaml = [
            object("apps/v1", "Deployment", "a", &with_selector),
            object("apps/v1", "StatefulSet", "b", &with_selector.replacen('{', "{serviceName: b, ", 1)),
            object("apps/v1", "DaemonSet", "c", &with_selector),
            object("apps/v1", "ReplicaSet", "d", &with_selector),
            object("batch/v1", "Job", "e", &format!("{{template: {TEMPLATE}}}")),
            object(
                "batch/v1",
                "CronJob",
                "f",
                &format!("{{schedule: '* * * * *', jobTemplate: {{spec: {{template: {TEMPLATE}}}}}}}"),
            ),
            object("v1", "Pod", "g", "{containers: [{name: app}]}"),
        ];
        assert_eq!(
            workloads(&yaml.concat()),
            ["Deployment a", "StatefulSet b", "DaemonSet c", "ReplicaSet d", "Job e", "CronJob f", "Pod g"]
        );
    }

    #[test]
    fn what_an_object_makes_is_its_workload() {
        let owned = "metadata: {name: web-1, namespace: ns, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: x, controller: true}]}";
        let pod = format!("---\napiVersion: v1\nkind: Pod\n{owned}\nspec: {{containers: [{{name: app}}]}}\n");
        assert_eq!(workloads(&(deployment("ns", "web") + &pod)), ["Deployment web"]);
    }

    #[test]
    fn a_rollout_takes_over_the_template_of_a_deployment() {
        let rollout = object(
            "argoproj.io/v1alpha1",
            "Rollout",
            "canary",
            "{workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}",
        );
        assert_eq!(workloads(&(deployment("ns", "web") + &rollout)), ["Rollout canary"]);
    }

    #[test]
    fn objects_of_two_kinds_with_one_name_are_two_workloads() {
        let yaml =
            deployment("ns", "web") + &object("batch/v1", "Job", "web", &format!("{{template: {TEMPLATE}}}"));
        assert_eq!(workloads(&yaml), ["Deployment web", "Job web-job"]);
        let fixture = resolve(&yaml);
        assert_eq!(
            fixture.texts(),
            ["Info workload-name-taken: Deployment ns/web and Job ns/web have one name; "]
        );
    }
}
