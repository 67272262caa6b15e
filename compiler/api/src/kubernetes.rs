//! Kinds of Kubernetes, one file each. They hold the fields that meshc reads; everything else of an object stays in
//! its document, from which manifests are emitted.

mod config_map;
mod container;
mod cron_job;
mod daemon_set;
mod deployment;
mod endpoint_slice;
mod endpoints;
mod ingress;
mod ingress_class;
mod int_or_string;
mod job;
mod label_selector;
mod namespace;
mod node;
mod object_meta;
mod pod;
mod pod_template;
mod probe;
mod replica_set;
mod rollout;
mod secret;
mod service;
mod service_account;
mod stateful_set;
mod volume;

pub use config_map::ConfigMap;
pub use container::{
    Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, ObjectFieldSelector, Protocol,
    ResourceRequirements, SecurityContext,
};
pub use cron_job::{CronJob, JobTemplateSpec};
pub use daemon_set::DaemonSet;
pub use deployment::Deployment;
pub use endpoint_slice::{Endpoint, EndpointConditions, EndpointSlice};
pub use endpoints::{EndpointAddress, EndpointPort, EndpointSubset, Endpoints, ObjectReference};
pub use ingress::{
    HttpIngressPath, HttpIngressRuleValue, Ingress, IngressBackend, IngressRule, IngressServiceBackend,
    IngressTls, PathType, ServiceBackendPort,
};
pub use ingress_class::IngressClass;
pub use int_or_string::{IntOrString, Quantity};
pub use job::Job;
pub use label_selector::{LabelSelector, LabelSelectorOperator, LabelSelectorRequirement};
pub use namespace::Namespace;
pub use node::{Node, NodeAddress, NodeStatus};
pub use object_meta::{ObjectMeta, OwnerReference};
pub use pod::{Pod, PodIp, PodStatus};
pub use pod_template::{LocalObjectReference, PodSecurityContext, PodSpec, PodTemplateSpec, Sysctl};
pub use probe::{
    ExecAction, GrpcAction, HttpGetAction, HttpHeader, Lifecycle, LifecycleHandler, Probe, SleepAction,
    TcpSocketAction,
};
pub use replica_set::ReplicaSet;
pub use rollout::{Rollout, WorkloadRef};
pub use secret::Secret;
pub use service::{
    LoadBalancerIngress, LoadBalancerStatus, Service, ServicePort, ServiceStatus, ServiceType,
};
pub use service_account::ServiceAccount;
pub use stateful_set::StatefulSet;
pub use volume::{Volume, VolumeMount};

use crate::Kind;

macro_rules! kinds {
    ($($type:ident: $group:literal $version:literal $plural:literal $namespaced:literal;)*) => {
        $(impl Kind for $type {
            const GROUP: &'static str = $group;
            const KIND: &'static str = stringify!($type);
            const PLURAL: &'static str = $plural;
            const VERSIONS: &'static [&'static str] = &[$version];
            const NAMESPACED: bool = $namespaced;
        })*
    };
}

kinds! {
    // type: group, version, plural, whether it lives in a namespace
    ConfigMap: "" "v1" "configmaps" true;
    CronJob: "batch" "v1" "cronjobs" true;
    DaemonSet: "apps" "v1" "daemonsets" true;
    Deployment: "apps" "v1" "deployments" true;
    EndpointSlice: "discovery.k8s.io" "v1" "endpointslices" true;
    Endpoints: "" "v1" "endpoints" true;
    Ingress: "networking.k8s.io" "v1" "ingresses" true;
    IngressClass: "networking.k8s.io" "v1" "ingressclasses" false;
    Job: "batch" "v1" "jobs" true;
    Namespace: "" "v1" "namespaces" false;
    Node: "" "v1" "nodes" false;
    Pod: "" "v1" "pods" true;
    ReplicaSet: "apps" "v1" "replicasets" true;
    Rollout: "argoproj.io" "v1alpha1" "rollouts" true;
    Secret: "" "v1" "secrets" true;
    Service: "" "v1" "services" true;
    ServiceAccount: "" "v1" "serviceaccounts" true;
    StatefulSet: "apps" "v1" "statefulsets" true;
}
