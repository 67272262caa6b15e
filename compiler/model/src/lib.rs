//! The mesh: what the input means once every name is resolved, independent of who looks.
//!
//! Enters: typed resources of `meshc-api`, and options. Leaves: a [`Mesh`] with services, workloads and the configuration
//! objects in the order of istiod, and answers to the questions that one proxy asks of it (its scope, the
//! DestinationRule of a host, the mTLS mode of a port). Must not know: the plan, Envoy, files, clocks, or YAML.

mod endpoint;
mod mesh;
mod options;
mod protocol;
mod service;
mod workload;

pub use endpoint::{EndpointFact, EndpointPlace};
pub use mesh::Mesh;
pub use options::{Inject, Options};
pub use protocol::Protocol;
pub use service::{Registry, Resolution, Service, ServicePort, TargetPort};
pub use workload::{ContainerPort, Interception, ServiceTarget, Workload, WorkloadRole};
