//! Typed resources: Kubernetes and Istio objects as Rust values, with the place of every field.
//!
//! Enters: documents (span trees) of `meshc-source`. Leaves: a [`ResourceSet`] of validated, sorted resources, the mesh
//! configuration, and diagnostics about what cannot be read. Must not know: how objects refer to each other, what a
//! proxy is, Envoy, files.

mod duration;
pub mod istio;
mod kind;
pub mod kubernetes;
mod null_default;

pub use duration::Duration;
pub use kind::Kind;
