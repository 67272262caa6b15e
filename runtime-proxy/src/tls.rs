//! TLS on both sides, and the files that it needs.
//!
//! Enters: the contract's TLS settings, PEM files, bare streams. Leaves: encrypted streams with what is known of their peers. Must
//! not know: HTTP, upstreams, listeners.
//!
//! Settings are compiled once; certificates, roots and revocation lists are read through cells that [`Store`] fills again when the
//! files change. A handshake takes what the cells hold at its time, so that rotation touches no open connection. Where a peer
//! is verified there are no session tickets and no resumption: a resumed session would skip the verification after roots or
//! revocation lists changed.

mod acceptor;
mod alpn;
mod cell;
mod cipher;
mod connector;
mod error;
mod info;
mod key_pair;
mod names;
mod peer;
mod pem;
mod provider;
mod revocations;
mod roots;
mod store;
mod subject;
#[cfg(test)]
pub(crate) mod tests;
mod verify;

pub(crate) use acceptor::Acceptor;
pub(crate) use alpn::Alpn;
pub(crate) use connector::Connector;
pub(crate) use error::TlsError;
pub(crate) use info::CertificateInfo;
pub(crate) use peer::Peer;
pub(crate) use store::Store;
