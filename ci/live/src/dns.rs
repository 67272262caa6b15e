//! A DNS server that answers as a cluster's does: Services by name, their ready pods where they are headless, everything else
//! NXDOMAIN. It is authoritative and never asks anyone.

mod message;
mod zone;

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use tokio::net::UdpSocket;

use crate::LiveError;
pub(crate) use zone::Zone;

/// Address of the server within a cluster, as kubeadm gives it.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);

/// Largest request that is read.
const LARGEST_REQUEST: usize = 4096;

/// Opens the server's socket.
pub(crate) async fn bind() -> Result<UdpSocket, LiveError> {
    UdpSocket::bind((ADDRESS, 53))
        .await
        .map_err(|error| LiveError::Scenario(format!("cannot listen on {ADDRESS}:53: {error}")))
}

/// Answers for good from a zone that changes as pods become ready.
pub(crate) async fn serve(socket: UdpSocket, zone: Rc<RefCell<Zone>>) {
    let mut buffer = [0; LARGEST_REQUEST];
    loop {
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
        let Some(question) = message::Question::parse(&buffer[..length]) else { continue };
        let answer = message::answer(&question, zone.borrow().lookup(&question.name));
        // A client that does not take its answer asks again.
        let _ = socket.send_to(&answer, client).await;
    }
}
