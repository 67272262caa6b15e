//! Emitters: what a plan is in the words of a target.
//!
//! Enters: a plan. Leaves: an [`ArtifactSet`] of files, and diagnostics about resources that Envoy would refuse. Must not know:
//! Istio or Kubernetes input kinds, the mesh model, how the plan was made; and it touches no file, clock or environment.

pub mod artifact;
pub mod envoy;
mod hash;
pub mod identities;
pub mod json;
pub mod kubernetes;
mod providers;
pub mod proxy;
mod release;
mod steps;
mod target;
pub mod yaml;

pub use artifact::{ArtifactPath, ArtifactSet, Content};
pub use steps::{OneByOne, Steps};
pub use target::{Emitted, Emitters, TargetChoice, emit};
