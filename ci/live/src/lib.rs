//! The live harness: a mesh on one machine, without Kubernetes. It compiles a scenario with the real `meshc`, starts every
//! pod of the emitted manifests as a kubelet would (network namespace, mounted volumes, capture rules, the real
//! Envoy, our echo application), makes the calls of `traffic.yaml` and holds what happened against it.
//!
//! Enters: a scenario folder (`mesh/`, `traffic.yaml`), the `meshc` binary, an Envoy binary. Leaves: a [`Report`].
//! Must not know: the compiler's insides. What the compiler says reaches it through the emitted manifests and
//! `identities.yaml` only, so that a scenario passes only if those are right.
//!
//! Every namespace is anonymous and lives as long as the processes in it, and every process ends when its parent's pipe
//! closes: a killed run leaves nothing behind but an empty folder, which the next run removes.

mod compile;
mod credentials;
mod dns;
mod duration;
mod echo;
mod error;
mod exchange;
mod kubernetes;
mod node;
mod pod;
mod program;
mod report;
mod requirements;
mod run;
mod traffic;
mod verdict;

pub use echo::{EchoConfig, EchoFault, EchoPath, EchoPort, EchoProtocol, EchoTls};
pub use error::LiveError;
pub use exchange::{Answer, Echo, Exchange, Failure, FailureKind, Outcome, UpstreamExchange};
pub use program::{Program, main};
pub use report::{CallReport, Report};
pub use requirements::{Requirements, envoy_binary};
pub use run::{Input, RunOptions, run};
pub use traffic::Traffic;
