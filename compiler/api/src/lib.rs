//! Typed resources: Kubernetes and Istio objects as Rust values, with the place of every field.
//!
//! Enters: documents (span trees) of `meshc-source`. Leaves: a [`ResourceSet`] of validated, sorted resources, the mesh
//! configuration, and diagnostics about what cannot be read. Must not know: how objects refer to each other, what a
//! proxy is, Envoy, files.

mod admission;
mod closest;
mod duration;
mod embedded;
mod identity;
pub mod istio;
mod istiod_features;
mod kind;
mod known_kinds;
pub mod kubernetes;
mod lock;
pub mod mesh_config;
mod metadata;
mod null_default;
mod object;
mod precedence;
mod resource;
mod resource_set;
mod schema;
mod support;
mod survivors;
mod timestamp;

pub use admission::{Objection, Objector, Report};
pub use closest::closest;
pub use duration::Duration;
pub use istiod_features::{IstiodFeatures, RemoteJwks};
pub use kind::Kind;
pub use lock::{AddressRange, AddressRangeError, LOCK_FILE, Lock, Locked, LockedHost};
pub use precedence::Precedence;
pub use resource::{CreationKey, DEFAULT_NAMESPACE, Resource};
pub use resource_set::{ResourceSet, decode, published_schemas};
pub use schema::PublishedSchema;
pub use support::report_unsupported;
pub use timestamp::{Timestamp, TimestampError};
