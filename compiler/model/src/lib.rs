//! The mesh: what the input means once every name is resolved, independent of who looks.
//!
//! Enters: typed resources of `meshc-api`, and options. Leaves: a [`Mesh`] with services, workloads and the configuration
//! objects in the order of istiod, and answers to the questions that one proxy asks of it (its scope, the
//! DestinationRule of a host, the mTLS mode of a port). Must not know: the plan, Envoy, files, clocks, or YAML.

mod addresses;
mod by_visibility;
mod destination_rule;
mod endpoint;
#[cfg(test)]
mod fixture;
mod gateways;
pub mod graph;
mod host_index;
mod hosts;
mod index;
mod labels;
mod locking;
mod mesh;
mod mutual_tls;
mod networks;
mod options;
mod policies;
mod protocol;
mod providers;
mod resolve;
mod scope;
mod service;
mod virtual_services;
mod visibility;
mod workload;

pub use destination_rule::ResolvedDestinationRule;
pub use endpoint::{EndpointFact, EndpointPlace};
pub use graph::ServiceGraph;
pub use hosts::{
    host_matches, host_subset_of, is_wildcard, most_specific_first, resolve_gateway, resolve_host,
};
pub use locking::{Given, LockChange, imported, locked};
pub use mesh::Mesh;
pub use mutual_tls::{InboundMtls, MtlsMode};
pub use networks::{NetworkGateway, Networks, Reach};
pub use options::{Inject, Options};
pub use protocol::Protocol;
pub use resolve::{discovered, resolve};
pub use scope::{EgressScope, OutboundPolicy, Scope};
pub use service::{Registry, Resolution, Service, ServiceAddress, ServicePort, TargetPort};
pub use workload::{ContainerPort, Interception, ServiceTarget, Workload, WorkloadRole};
