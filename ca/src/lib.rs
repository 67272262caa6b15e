//! The certificate authority: a root, an intermediate, and the X.509-SVIDs that a compiled mesh asks for.
//!
//! Enters: identity requests of the contract, key protection (age recipients, or plaintext by name), the present
//! time as a parameter. Leaves: certificates and sealed keys in the file layout that Envoy's SDS files read. Must not
//! know: Istio or Envoy configuration, where requests come from, terminals, the clock.
//!
//! No certificate carries name constraints. RFC 5280 lets a URI constraint cover only the host, here the trust
//! domain, which every SVID validator compares anyway; and rustls refuses every chain that has one.

mod authority;
mod change;
mod error;
mod expiry;
mod files;
mod inspect;
mod issue;
mod issuer;
mod key;
mod moment;
mod name;
mod pem;
mod protect;
mod renewal;
mod requests;
mod rotation;
mod secret;
mod signing;
mod sops;
mod store;
mod stored;

pub use authority::{Authority, CaMaterial, InitOptions, init};
pub use error::CaError;
pub use expiry::{Expiry, ExpiryReport, ExpiryState, certificate_files, check_expiry};
pub use inspect::{CertificateFacts, inspect_certificate, inspect_pem};
pub use issue::{IssueOptions, Issued, issue, issue_all};
pub use issuer::Issuer;
pub use key::{KeyAlgorithm, PrivateKey, Signer};
pub use moment::{parse_rfc3339, rfc3339};
pub use protect::{AgeIdentities, AgeRecipients, KeyProtection};
pub use renewal::{Renewal, RenewalReason, StoredKeys, StoredLeaf, renewal, renewals};
pub use requests::parse_identity_requests;
pub use rotation::{
    Evidence, Gap, Rotation, RotationOptions, RotationPhase, Step, abort_rotation, add_root, remove_root,
    renew_intermediate, rotation, switch_root,
};
pub use store::{CaProtection, Existing, leaf_folder, load_issuer, write_ca, write_issued};
