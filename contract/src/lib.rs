//! What build time and run time agree on: names of workloads, services and identities, traffic values with the match
//! algorithm, the configuration of the bundled proxy, identity requests and the release manifest.
//!
//! Enters: nothing. Leaves: plain values with serde. Must not know: files, clocks, Kubernetes clients, Istio kinds,
//! Envoy messages, or any other crate of this workspace.

mod identity;
pub mod metadata;
mod names;
pub mod proxy;
mod release;
pub mod traffic;

pub use identity::{
    IDENTITY_REQUESTS_VERSION, IdentityRequest, IdentityRequests, Lifetime, LifetimeError, SecretRef,
};
pub use names::{ObjectRef, ServiceRef, SpiffeId, SpiffeIdError, WorkloadRef};
pub use release::{Phase, RELEASE_FILE, RELEASE_VERSION, Release, ReleaseObject, ReleasePhase};
