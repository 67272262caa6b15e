//! TLS on both sides, and the files that it needs.
//!
//! Enters: the contract's TLS settings, PEM files, bare streams. Leaves: encrypted streams with what is known of their peers. Must
//! not know: HTTP, upstreams, listeners.
//!
//! Settings are compiled once; certificates, roots and revocation lists are read through cells that [`Store`] fills again when the
//! files change. A handshake takes what the cells hold at its time, so that rotation touches no open connection. There are no
//! session tickets and no resumption: a resumed session would skip the verification of the peer after roots or revocation
//! lists changed.

mod acceptor;
mod alpn;
mod connector;
mod error;
mod info;
mod peer;
mod store;

pub(crate) use acceptor::Acceptor;
pub(crate) use alpn::Alpn;
pub(crate) use connector::Connector;
pub(crate) use error::TlsError;
pub(crate) use info::{CertificateInfo, CertificateSummary};
pub(crate) use peer::Peer;
pub(crate) use store::Store;
