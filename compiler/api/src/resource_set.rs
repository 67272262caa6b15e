//! All objects of the input, by kind.

use std::sync::Arc;

use meshc_contract::ObjectRef;
use meshc_diagnostics::Diagnostics;
use meshc_source::Document;

use crate::identity::Identity;
use crate::istio::{
    AuthorizationPolicy, DestinationRule, EnvoyFilter, Gateway, PeerAuthentication, ProxyConfig,
    RequestAuthentication, ServiceEntry, Sidecar, Telemetry, TrafficExtension, VirtualService, WasmPlugin,
    WorkloadEntry, WorkloadGroup,
};
use crate::kubernetes::{
    ConfigMap, CronJob, DaemonSet, Deployment, EndpointSlice, Endpoints, Ingress, IngressClass, Job,
    Namespace, Node, Pod, ReplicaSet, Rollout, Secret, Service, ServiceAccount, StatefulSet,
};
use crate::object::{self, Body};
use crate::schema::{self, PublishedSchema, Validators};
use crate::{Kind, Resource, known_kinds, mesh_config, survivors};

macro_rules! resource_set {
    ($($(#[$doc:meta])* $field:ident: $type:ident $body:ident;)*) => {
        /// All objects of the input, each list in the order of [`Resource::creation_key`].
        #[derive(Debug, Clone, Default)]
        pub struct ResourceSet {
            $($(#[$doc])* pub $field: Vec<Resource<$type>>,)*
            /// Objects of all other kinds, in the order of the input. They are emitted as they are.
            pub passthrough: Vec<Arc<Document>>,
        }

        impl ResourceSet {
            fn add(
                &mut self,
                identity: &Identity,
                document: &Arc<Document>,
                validators: &mut Validators,
                diagnostics: &mut Diagnostics,
            ) {
                match (identity.object.group.as_str(), identity.object.kind.as_str()) {
                    $((<$type as Kind>::GROUP, <$type as Kind>::KIND) => {
                        let object = (identity, document);
                        self.$field.extend(object::read::<$type>(Body::$body, object, validators, diagnostics));
                    })*
                    _ => {
                        if known_kinds::check(identity, document, diagnostics) {
                            self.passthrough.push(Arc::clone(document));
                        }
                    }
                }
            }

            /// All objects of kinds that have a type, by kind, with their documents.
            pub fn typed_objects(&self) -> impl Iterator<Item = (ObjectRef, &Arc<Document>)> {
                std::iter::empty()$(.chain(
                    self.$field.iter().map(|resource| (resource.object_ref(), &resource.document)),
                ))*
            }

            /// The objects of namespaces that exist, as `exists` says of their names, and those of the cluster. Namespaces
            /// themselves count as objects of the cluster.
            #[must_use]
            pub fn within(&self, exists: &dyn Fn(&str) -> bool) -> Self {
                let mut within = self.clone();
                $(within.$field.retain(|resource| {
                    !<$type as Kind>::NAMESPACED || exists(resource.namespace())
                });)*
                within
            }

            fn sort(&mut self) {
                $(self.$field.sort_by(|a, b| a.creation_key().cmp(&b.creation_key()));)*
            }
        }

        /// Schemas of all kinds that have a type, and of the mesh configuration, in the order of their paths.
        #[must_use]
        pub fn published_schemas() -> Vec<PublishedSchema> {
            let mut schemas = mesh_config::published_schemas();
            $(schemas.extend(schema::publish::<$type>(Body::$body));)*
            schemas.sort_by(|a, b| a.path.cmp(&b.path));
            schemas
        }

        /// Kinds that have a type: group, kind, the preferred version, and whether objects live in a namespace.
        pub(crate) const TYPED_KINDS: &[(&str, &str, &str, bool)] = &[
            $((<$type as Kind>::GROUP, <$type as Kind>::KIND, <$type as Kind>::VERSIONS[0], <$type as Kind>::NAMESPACED),)*
        ];
    };
}

resource_set! {
    /// Namespaces.
    namespaces: Namespace Object;
    /// Services.
    services: Service Spec;
    /// Service accounts.
    service_accounts: ServiceAccount Object;
    /// Secrets.
    secrets: Secret Object;
    /// ConfigMaps.
    config_maps: ConfigMap Object;
    /// Nodes.
    nodes: Node Object;
    /// Pods that stand alone.
    pods: Pod Object;
    /// Deployments.
    deployments: Deployment Spec;
    /// StatefulSets.
    stateful_sets: StatefulSet Spec;
    /// DaemonSets.
    daemon_sets: DaemonSet Spec;
    /// ReplicaSets.
    replica_sets: ReplicaSet Spec;
    /// Jobs.
    jobs: Job Spec;
    /// CronJobs.
    cron_jobs: CronJob Spec;
    /// Rollouts of Argo Rollouts.
    rollouts: Rollout Spec;
    /// Endpoints that are written by hand.
    endpoints: Endpoints Object;
    /// EndpointSlices that are written by hand.
    endpoint_slices: EndpointSlice Object;
    /// Ingress objects.
    ingresses: Ingress Spec;
    /// Ingress classes.
    ingress_classes: IngressClass Spec;
    /// VirtualServices.
    virtual_services: VirtualService OptionalSpec;
    /// DestinationRules.
    destination_rules: DestinationRule OptionalSpec;
    /// Gateways of Istio.
    gateways: Gateway OptionalSpec;
    /// ServiceEntries.
    service_entries: ServiceEntry OptionalSpec;
    /// WorkloadEntries.
    workload_entries: WorkloadEntry OptionalSpec;
    /// WorkloadGroups.
    workload_groups: WorkloadGroup OptionalSpec;
    /// Sidecars.
    sidecars: Sidecar OptionalSpec;
    /// PeerAuthentications.
    peer_authentications: PeerAuthentication OptionalSpec;
    /// AuthorizationPolicies.
    authorization_policies: AuthorizationPolicy OptionalSpec;
    /// RequestAuthentications.
    request_authentications: RequestAuthentication OptionalSpec;
    /// ProxyConfigs.
    proxy_configs: ProxyConfig OptionalSpec;
    /// Telemetry objects.
    telemetries: Telemetry OptionalSpec;
    /// EnvoyFilters.
    envoy_filters: EnvoyFilter OptionalSpec;
    /// WasmPlugins.
    wasm_plugins: WasmPlugin OptionalSpec;
    /// TrafficExtensions.
    traffic_extensions: TrafficExtension OptionalSpec;
}

/// Reads all documents. What the API server would refuse becomes an error and is left out; of two documents for the same
/// object, the later one counts, as with `kubectl apply`.
#[must_use]
pub fn decode(documents: &[Arc<Document>], diagnostics: &mut Diagnostics) -> ResourceSet {
    let mut set = ResourceSet::default();
    let mut validators = Validators::default();
    for (identity, document) in survivors::survivors(documents, diagnostics) {
        set.add(&identity, document, &mut validators, diagnostics);
    }
    for service in &mut set.services {
        match service.document.deserialize_at("status") {
            Ok(status) => service.spec.status = status.unwrap_or_default(),
            Err(error) => diagnostics.push(object::misfit(service.object_ref(), &service.document, error)),
        }
    }
    set.sort();
    set
}
