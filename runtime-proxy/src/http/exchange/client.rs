//! The client side of a connection.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use ::http::HeaderValue;

use super::super::HttpConnection;
use super::super::client_cert::Spelled;
use crate::config::ChainRef;
use crate::connection::Connection;
use crate::drain;
use crate::telemetry::PeerId;

/// The client side of a connection: what all its requests share.
#[derive(Debug)]
pub(in super::super) struct Client {
    pub(in super::super) connection: Rc<Connection>,
    pub(in super::super) chain: ChainRef,
    pub(in super::super) drain: drain::Watch,
    /// The workload of the client, for metrics.
    pub(in super::super) peer: PeerId,
    /// Requests that are on their way.
    pub(in super::super) active: Cell<u32>,
    /// Address of the client as headers have it.
    pub(in super::super) address: HeaderValue,
    /// What is forwarded of its certificate.
    pub(in super::super) spelled: Spelled,
    /// When the last of them ended.
    pub(in super::super) last: Cell<Instant>,
    pub(super) texts: Texts,
}

/// Texts of the connection for logs.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) server_name: Arc<str>,
    pub(super) peer_uri: Arc<str>,
    pub(super) peer_subject: Arc<str>,
    pub(super) tls: Option<(Arc<str>, Arc<str>)>,
}

impl Client {
    pub(in super::super) fn new(
        connection: Rc<Connection>,
        chain: ChainRef,
        drain: drain::Watch,
        http: &HttpConnection,
    ) -> Self {
        let peer = connection.peer.as_ref();
        let text = |text: Option<&String>| Arc::from(text.map(String::as_str).unwrap_or_default());
        Self {
            peer: http.labels.peer(peer.map(|peer| peer.uri.as_str())),
            address: HeaderValue::from_str(&connection.remote.ip().to_canonical().to_string())
                .unwrap_or(HeaderValue::from_static("")),
            active: Cell::new(0),
            spelled: Spelled::default(),
            last: Cell::new(Instant::now()),
            texts: Texts {
                server_name: Arc::from(connection.inspected.server_name.as_str()),
                peer_uri: text(peer.map(|peer| &peer.uri)),
                peer_subject: text(peer.map(|peer| &peer.subject)),
                tls: peer.map(|peer| (Arc::from(peer.version), Arc::from(peer.cipher))),
            },
            connection,
            chain,
            drain,
        }
    }
}
