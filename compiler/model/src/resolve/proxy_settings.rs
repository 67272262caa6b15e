//! ProxyConfig in effect for a pod (translation-spec §8.2).

use std::collections::BTreeMap;

use meshc_api::mesh_config::{MeshConfig, ProxyConfig, ProxyImage};
use meshc_api::{Kind, Resource, ResourceSet, istio};
use meshc_diagnostics::Diagnostics;

use crate::labels::{Labels, selects};

/// Annotation of a pod with settings of its proxy.
const ANNOTATION: &str = "proxy.istio.io/config";

/// ProxyConfig objects by where they count.
#[derive(Debug)]
pub(super) struct ProxySettings<'a> {
    /// Those of the mesh and of the root namespace.
    base: ProxyConfig,
    root: &'a str,
    /// The oldest object without a selector, by namespace.
    namespaces: BTreeMap<&'a str, &'a istio::ProxyConfig>,
    /// Objects with a selector, by namespace, oldest first.
    selecting: BTreeMap<&'a str, Vec<(&'a Labels, &'a istio::ProxyConfig)>>,
}

impl<'a> ProxySettings<'a> {
    pub(super) fn new(resources: &'a ResourceSet, config: &'a MeshConfig) -> Self {
        let mut namespaces = BTreeMap::new();
        let mut selecting: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for object in &resources.proxy_configs {
            match &object.spec.selector {
                None => {
                    namespaces.entry(object.namespace()).or_insert(&object.spec);
                }
                Some(selector) if selector.match_labels.is_empty() => {}
                Some(selector) => {
                    let list = selecting.entry(object.namespace()).or_default();
                    list.push((&selector.match_labels, &object.spec));
                }
            }
        }
        let root = config.root_namespace.as_str();
        let mut base = config.default_config.clone();
        if let Some(object) = namespaces.get(root) {
            lay_over(&mut base, object);
        }
        Self { base, root, namespaces, selecting }
    }

    /// The settings for pods of an object: those of the mesh, of the root namespace, of the namespace, of the
    /// annotation, of the object that selects the pods, the later ones over the earlier ones. The path is that of
    /// the pods' `metadata`.
    pub(super) fn of<T: Kind>(
        &self,
        resource: &Resource<T>,
        labels: &Labels,
        path: &str,
        diagnostics: &mut Diagnostics,
    ) -> ProxyConfig {
        let namespace = resource.namespace();
        let mut settings = self.base.clone();
        if let Some(object) = self.namespaces.get(namespace).filter(|_| namespace != self.root) {
            lay_over(&mut settings, object);
        }
        let path = format!("{path}.annotations[\"{ANNOTATION}\"]");
        settings =
            settings.overlay_annotation(&resource.document, &path, &resource.object_ref(), diagnostics);
        let mut selecting = self.selecting.get(namespace).into_iter().flatten();
        if let Some((_, object)) = selecting.find(|(selector, _)| selects(selector, labels)) {
            lay_over(&mut settings, object);
        }
        settings
    }
}

fn lay_over(settings: &mut ProxyConfig, object: &istio::ProxyConfig) {
    let istio::ProxyConfig { selector: _, concurrency, environment_variables, image } = object;
    if concurrency.is_some() {
        settings.concurrency = *concurrency;
    }
    settings.proxy_metadata.extend(environment_variables.clone());
    if let Some(image_type) = image.as_ref().and_then(|image| image.image_type.clone()) {
        settings.image = Some(ProxyImage { image_type });
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{deployment, istio, resolve};

    #[test]
    fn later_settings_win_mesh_root_namespace_annotation_workload() {
        let object = |namespace: &str, selector: &str, value: &str| {
            let spec = format!("{{{selector} environmentVariables: {{{value}: {value}, LAST: {value}}}}}");
            istio("networking", "ProxyConfig", namespace, &value.to_lowercase(), &spec)
                .replace(".io/v1\n", ".io/v1beta1\n")
        };
        let annotation = "annotations: {proxy.istio.io/config: '{concurrency: 3, proxyMetadata: {ANNOTATION: x, LAST: ANNOTATION}}'}, labels: {app";
        let yaml = [
            object("istio-system", "", "ROOT"),
            object("ns", "", "NAMESPACE"),
            deployment("ns", "a"),
            deployment("ns", "b").replace("labels: {app: b,", &format!("{annotation}: b,")),
            deployment("ns", "c").replace("labels: {app: c,", &format!("{annotation}: c,")),
            object("ns", "selector: {matchLabels: {app: c}},", "WORKLOAD"),
        ];
        let fixture = resolve(&yaml.concat());
        let last = |name: &str| {
            let settings = &fixture.workload(name).proxy_config;
            (
                settings.concurrency,
                settings.proxy_metadata.get("LAST").cloned().unwrap_or_default(),
                settings.proxy_metadata.len(),
            )
        };
        assert_eq!(last("ns.a"), (None, "NAMESPACE".to_owned(), 3));
        assert_eq!(last("ns.b"), (Some(3), "ANNOTATION".to_owned(), 4));
        assert_eq!(last("ns.c"), (Some(3), "WORKLOAD".to_owned(), 5));
    }
}
